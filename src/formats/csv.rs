//! Comma-separated values, written only.

use super::raw;
use crate::tensor::Tensor;

/// Writes `tensor` without a heading: a line for each row, which is what the last axis holds. A
/// vector is one value a line, a scalar one value; further leading axes are rows one after the
/// other. Floats are the shortest text that reads back to the same `f32`.
pub fn write(tensor: &Tensor) -> String {
    let row = match tensor.shape() {
        [] | [_] => 1,
        [.., last] => *last,
    };
    let mut text = String::new();
    let mut column = 0;
    raw::for_each_text(tensor, |value| {
        text.push_str(value);
        column += 1;
        if column == row {
            column = 0;
            text.push('\n');
        } else {
            text.push(',');
        }
    });
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn writes_a_line_for_each_row() {
        let numbers = |shape: &[usize]| {
            let count = shape.iter().product::<usize>() as i64;
            write(&Tensor::from_i64(shape, (0..count).collect()).unwrap())
        };
        assert_eq!(numbers(&[]), "0\n");
        assert_eq!(numbers(&[3]), "0\n1\n2\n");
        assert_eq!(numbers(&[2, 3]), "0,1,2\n3,4,5\n");
        assert_eq!(numbers(&[2, 1, 2]), "0,1\n2,3\n");
        assert_eq!(numbers(&[2, 0]), "");
    }

    #[test]
    fn writes_floats_that_read_back_the_same() {
        let values = vec![0.1, -0.0, 1.0, f32::MIN_POSITIVE, f32::MAX, 1e-45];
        let text = write(&Tensor::from_f32(&[1, 6], values.clone()).unwrap());
        assert_eq!(text, "0.1,-0.0,1.0,1.1754944e-38,3.4028235e38,1e-45\n");
        let back: Vec<f32> = text.trim().split(',').map(|v| v.parse().unwrap()).collect();
        assert_eq!(back, values);
        let odd = Tensor::from_f32(&[2], vec![f32::NAN, f32::NEG_INFINITY]).unwrap();
        assert_eq!(write(&odd), "NaN\n-inf\n");
    }
}

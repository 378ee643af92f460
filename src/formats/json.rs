//! JSON, written only.

use std::fmt::Write;

use super::raw;
use crate::tensor::Tensor;

/// Writes `tensor` as nested arrays, one level an axis; a scalar is a number. Floats are the
/// shortest text that reads back to the same `f32`, and always have a point or an exponent, so
/// that they are told from integers. JSON has no number for them, so `"NaN"`, `"Infinity"` and
/// `"-Infinity"` are strings, as in Protocol Buffers' JSON. A tensor without an element is `[]`, whatever its
/// axes. Ends without a line break.
pub fn write(tensor: &Tensor) -> String {
    let shape = tensor.shape();
    if tensor.is_empty() {
        // The axes before the empty one may be of any size, which no text should have.
        return "[]".to_owned();
    }
    let mut text = String::new();
    // How many values each axis, from the last, groups.
    let groups: Vec<usize> = shape
        .iter()
        .rev()
        .scan(1, |group, &size| {
            *group *= size;
            Some(*group)
        })
        .collect();
    let mut index = 0;
    raw::for_each_text(tensor, |value| {
        let opened = groups.iter().filter(|&&group| index % group == 0).count();
        if index > 0 {
            text.push(',');
        }
        text.extend(std::iter::repeat_n('[', opened));
        match value {
            "NaN" => text.push_str("\"NaN\""),
            "inf" => text.push_str("\"Infinity\""),
            "-inf" => text.push_str("\"-Infinity\""),
            number => text.push_str(number),
        }
        index += 1;
        let closed = groups.iter().filter(|&&group| index % group == 0).count();
        text.extend(std::iter::repeat_n(']', closed));
    });
    text
}

/// Writes an object that has each tensor under its name, in the order given, one a line.
pub fn write_named(tensors: &[(&str, &Tensor)]) -> String {
    let mut text = String::from("{");
    for (i, (name, tensor)) in tensors.iter().enumerate() {
        let name = serde_json::Value::from(*name);
        let comma = if i == 0 { "" } else { "," };
        // Writing to a string does not fail.
        let _ = write!(text, "{comma}\n{name}: {}", write(tensor));
    }
    text.push_str("\n}\n");
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nests_as_the_axes_do() {
        let numbers = |shape: &[usize]| {
            let count = shape.iter().product::<usize>() as i64;
            write(&Tensor::from_i64(shape, (0..count).collect()).unwrap())
        };
        assert_eq!(numbers(&[]), "0");
        assert_eq!(numbers(&[2]), "[0,1]");
        assert_eq!(numbers(&[2, 1]), "[[0],[1]]");
        assert_eq!(numbers(&[1, 2, 2]), "[[[0,1],[2,3]]]");
        assert_eq!(numbers(&[0]), "[]");
        assert_eq!(numbers(&[2, 0, 3]), "[]");
        assert_eq!(numbers(&[1 << 40, 0]), "[]");
    }

    #[test]
    fn is_read_back_by_a_json_reader() {
        let values = vec![0.1, 1.0, f32::MAX, 1e-45, f32::NAN, f32::NEG_INFINITY];
        let tensor = Tensor::from_f32(&[6], values.clone()).unwrap();
        let text = write_named(&[("a \"b\"", &tensor), ("c", &tensor)]);
        let json: serde_json::Value = serde_json::from_str(&text).unwrap();
        let list = json["a \"b\""].as_array().unwrap();
        for (value, read) in values.iter().zip(list).take(4) {
            assert_eq!(read.as_f64().unwrap() as f32, *value);
        }
        assert_eq!(list[1].to_string(), "1.0");
        assert_eq!(list[4], "NaN");
        assert_eq!(list[5], "-Infinity");
        assert_eq!(json["c"], json["a \"b\""]);
        assert_eq!(write_named(&[]), "{\n}\n");
    }
}

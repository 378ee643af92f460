//! The way back from a pool.

use rayon::prelude::*;

use crate::kernels::window::Layout;
use crate::kernels::worth_threads;

/// Puts each value where its index says, as [`max_pool`](super::max_pool) gives them, and 0
/// everywhere else; the last of several for one place stays. `from` and `to` are the pixels of a
/// plane before and after. An index beyond the plane, which no pool gives, is left out.
pub fn max_unpool(
    layout: Layout,
    batch: usize,
    channels: usize,
    [from, to]: [usize; 2],
    values: &[f32],
    indices: &[i64],
    output: &mut [f32],
) {
    assert_eq!(
        values.len(),
        batch * channels * from,
        "values are [batch, channels × from]"
    );
    assert_eq!(values.len(), indices.len(), "an index a value");
    assert_eq!(
        output.len(),
        batch * channels * to,
        "output is [batch, channels × to]"
    );
    // Independent planes, whose pixels are a lane wide.
    let lane = match layout {
        Layout::ChannelsFirst => 1,
        Layout::ChannelsLast => channels,
    };
    if values.is_empty() || output.is_empty() {
        return output.fill(0.0);
    }
    let plane = |((x, at), y): ((&[f32], &[i64]), &mut [f32])| {
        y.fill(0.0);
        for (x, at) in x.chunks_exact(lane).zip(at.chunks_exact(lane)) {
            for (channel, (&x, &at)) in x.iter().zip(at).enumerate() {
                let pixel = usize::try_from(at).ok().filter(|&pixel| pixel < to);
                if let Some(pixel) = pixel {
                    y[pixel * lane + channel] = x;
                }
            }
        }
    };
    let (small, large) = (from * lane, to * lane);
    if worth_threads(output.len()) {
        let inputs = values
            .par_chunks_exact(small)
            .zip(indices.par_chunks_exact(small));
        inputs
            .zip(output.par_chunks_exact_mut(large))
            .for_each(plane);
    } else {
        let inputs = values.chunks_exact(small).zip(indices.chunks_exact(small));
        inputs.zip(output.chunks_exact_mut(large)).for_each(plane);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernels::pool::max_pool;
    use crate::kernels::reference::{Random, element, random_window};

    #[test]
    fn undoes_what_a_pool_did() {
        let mut random = Random::new(23);
        for i in 0..120 {
            let layout = [Layout::ChannelsFirst, Layout::ChannelsLast][i / 3 % 2];
            let mut w = random_window(&mut random, i % 3 + 1, layout);
            if i >= 114 {
                w.batch = 60;
            }
            let channels = random.size(1, 9);
            let (from, to) = (w.output_pixels(), w.input_pixels());
            let input = random.floats(w.batch * channels * to);
            let mut values = vec![0.0; w.batch * channels * from];
            let mut indices = vec![0; values.len()];
            max_pool(&w, channels, &input, &mut values, Some(&mut indices));
            let mut output = vec![f32::NAN; input.len()];
            let sizes = [from, to];
            max_unpool(
                layout,
                w.batch,
                channels,
                sizes,
                &values,
                &indices,
                &mut output,
            );
            let mut want = vec![0.0; input.len()];
            for image in 0..w.batch {
                for c in 0..channels {
                    for pixel in 0..from {
                        let at = element(layout, image, c, pixel, channels, from);
                        let place = indices[at] as usize;
                        want[element(layout, image, c, place, channels, to)] = values[at];
                    }
                }
            }
            assert_eq!(output, want, "{w:?}");
        }
    }

    #[test]
    fn an_index_beyond_the_plane_writes_nothing() {
        let mut output = [f32::NAN; 2];
        let indices = [-1, i64::MAX, 1];
        let layout = Layout::ChannelsLast;
        max_unpool(
            layout,
            1,
            1,
            [3, 2],
            &[1.0, 2.0, 3.0],
            &indices,
            &mut output,
        );
        assert_eq!(output, [0.0, 3.0]);
    }
}

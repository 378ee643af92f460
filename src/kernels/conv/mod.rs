//! Convolution (cross-correlation, as every framework has it).
//!
//! Both layouts are matrix products over the tiles of `simd`, without an im2col of
//! the image. Channels last, a tile's rows are pixels, read where they lie (`last`). Channels
//! first, a tile's rows are filters and its columns are pixels, packed a panel at a time (`first`).
//! Either reads a *band*: the input rows under some output rows, copied with their padding to where
//! they stay in the cache, or the image itself where there is no padding. What has too little to sum
//! for a matrix product is computed row by row (`direct`).

mod band;
mod direct;
mod first;
mod last;

use std::sync::Mutex;

use super::window::{Layout, Window};
use band::Bands;

/// What every method needs to know.
#[derive(Clone, Debug)]
struct Geometry {
    window: Window,
    groups: usize,
    in_channels: usize,
    filters: usize,
}

impl Geometry {
    /// Input channels of a group.
    fn group_inputs(&self) -> usize {
        self.in_channels / self.groups
    }

    /// Filters of a group.
    fn group_filters(&self) -> usize {
        self.filters / self.groups
    }

    /// Multiply-adds of the whole convolution.
    fn work(&self) -> usize {
        (self.window.batch * self.window.output_pixels() * self.filters)
            .saturating_mul(self.group_inputs() * self.window.taps())
    }

    /// Whether there is enough to do for several threads.
    fn worth_threads(&self) -> bool {
        super::worth_threads(self.work() / 10)
    }
}

#[derive(Clone, Debug)]
enum Method {
    Last(last::Last),
    First(first::First),
    Direct(direct::Direct),
}

/// A convolution whose weights are packed for one geometry.
#[derive(Clone, Debug)]
pub struct PackedConv {
    geometry: Geometry,
    method: Method,
    bias: Vec<f32>,
}

/// Above this much padding around the image, per thread, a band is not worth its copy: only a
/// dilation or a padding far larger than the image leads here.
const LARGEST_BAND: usize = 1 << 26;

impl PackedConv {
    /// Packs `weight`, `[filters, in_channels / groups, kd, kh, kw]` row-major, and `bias`,
    /// `[filters]`. `groups` divides both channel counts.
    pub fn new(
        window: Window,
        groups: usize,
        in_channels: usize,
        filters: usize,
        weight: &[f32],
        bias: Option<&[f32]>,
    ) -> PackedConv {
        assert!(
            groups > 0 && in_channels.is_multiple_of(groups) && filters.is_multiple_of(groups),
            "groups divide the channels"
        );
        let depth = in_channels / groups * window.taps();
        assert_eq!(
            weight.len(),
            filters * depth,
            "weight is [filters, in / groups, kernel]"
        );
        assert!(bias.is_none_or(|b| b.len() == filters), "bias is [filters]");
        let geometry = Geometry {
            window,
            groups,
            in_channels,
            filters,
        };
        let bands = Bands::new(&geometry);
        // A group with a single input or a single filter leaves most of a tile idle.
        let thin = groups > 1 && (geometry.group_inputs() == 1 || geometry.group_filters() == 1);
        let method = if thin || bands.scratch() > LARGEST_BAND {
            Method::Direct(direct::Direct::new(&geometry, weight))
        } else {
            match window.layout {
                Layout::ChannelsLast => Method::Last(last::Last::new(&geometry, bands, weight)),
                Layout::ChannelsFirst => Method::First(first::First::new(&geometry, bands, weight)),
            }
        };
        PackedConv {
            geometry,
            method,
            bias: bias.map_or_else(|| vec![0.0; filters], <[f32]>::to_vec),
        }
    }

    /// How many `f32` of scratch [`run`](PackedConv::run) needs, for all threads.
    pub fn scratch(&self) -> usize {
        self.threads() * self.scratch_a_thread()
    }

    fn scratch_a_thread(&self) -> usize {
        match &self.method {
            Method::Last(method) => method.scratch(),
            Method::First(method) => method.scratch(),
            Method::Direct(_) => 0,
        }
    }

    fn threads(&self) -> usize {
        if self.geometry.worth_threads() {
            rayon::current_num_threads()
        } else {
            1
        }
    }

    /// Computes `output`, `[batch, filters, …]` or `[batch, …, filters]`, from `input`,
    /// `[batch, in_channels, …]` or `[batch, …, in_channels]`, as the window's layout says.
    /// `scratch` holds at least [`scratch`](PackedConv::scratch) elements of any value, or at least
    /// one thread's share of them.
    pub fn run(&self, input: &[f32], output: &mut [f32], scratch: &mut [f32]) {
        let Geometry {
            window,
            in_channels,
            filters,
            ..
        } = &self.geometry;
        let (from, to) = (window.input_pixels(), window.output_pixels());
        assert_eq!(
            input.len(),
            window.batch * in_channels * from,
            "input is as the window says"
        );
        assert_eq!(
            output.len(),
            window.batch * filters * to,
            "output is as the window says"
        );
        let share = self.scratch_a_thread();
        assert!(
            scratch.len() >= share,
            "scratch is at least a thread's share"
        );
        if output.is_empty() {
            return;
        }
        let scratch = Slots::new(scratch, share);
        match &self.method {
            Method::Last(method) => method.run(&self.geometry, &self.bias, input, output, &scratch),
            Method::First(method) => {
                method.run(&self.geometry, &self.bias, input, output, &scratch)
            }
            Method::Direct(method) => method.run(&self.geometry, &self.bias, input, output),
        }
    }
}

/// Scratch memory in equal shares, one a thread. A task holds its share's lock while it computes and
/// never waits for another task meanwhile.
struct Slots<'a>(Vec<Mutex<&'a mut [f32]>>);

impl<'a> Slots<'a> {
    fn new(scratch: &'a mut [f32], share: usize) -> Slots<'a> {
        if share == 0 {
            let none = (0..rayon::current_num_threads()).map(|_| Mutex::new(Default::default()));
            return Slots(none.collect());
        }
        Slots(scratch.chunks_exact_mut(share).map(Mutex::new).collect())
    }

    /// Calls `f` with the calling thread's share.
    fn with<R>(&self, f: impl FnOnce(&mut [f32]) -> R) -> R {
        let slot = rayon::current_thread_index().unwrap_or(0) % self.0.len();
        // A panic elsewhere leaves nothing in the scratch that a task would rely on.
        let mut share = self.0[slot]
            .lock()
            .unwrap_or_else(|poisoned| poisoned.into_inner());
        f(&mut share)
    }
}

#[cfg(test)]
mod tests;

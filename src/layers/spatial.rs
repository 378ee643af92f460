//! Windows that slide over spatial axes: the rules that convolutions and pools share.

use std::ops::Range;

use super::args::{Padding, Sizes};
use super::def::{ArgDef, ArgKind, Default, Field, FieldAxis, TensorType};
use super::error::{Blame, Claim, LayerError, Obligation, Problem, Side};
use super::kernel::KernelCx;
use super::rules;
use crate::kernels::window::Window;
use crate::shape::{Dim, DimError, Env, EvalError, Shape};
use crate::tensor::Layout;

/// The largest kernel, stride, dilation or padding. The cells of a window over three axes, and every
/// position that a kernel computes, stay far below 2⁶⁴, and a loop over the cells of a window ends
/// soon.
pub const LIMIT: i128 = 1 << 20;

/// The `padding` argument.
pub const PADDING: ArgDef = ArgDef {
    name: "padding",
    kind: ArgKind::Padding,
    default: Default::Choice("valid"),
    doc: "cells added around the spatial axes",
};

/// The `dilation` argument.
pub const DILATION: ArgDef = ArgDef {
    name: "dilation",
    kind: ArgKind::Sizes { min: 1 },
    default: Default::Int(1),
    doc: "steps from one cell of a window to the next",
};

/// The `kernel` argument of a convolution.
pub const KERNEL: ArgDef = ArgDef {
    name: "kernel",
    kind: ArgKind::Sizes { min: 1 },
    default: Default::Required,
    doc: "cells of the window",
};

/// The `stride` argument of a convolution.
pub const STRIDE: ArgDef = ArgDef {
    name: "stride",
    kind: ArgKind::Sizes { min: 1 },
    default: Default::Int(1),
    doc: "cells from one window to the next",
};

/// The `groups` argument of a convolution.
pub const GROUPS: ArgDef = ArgDef {
    name: "groups",
    kind: ArgKind::Int { min: 1 },
    default: Default::Int(1),
    doc: "parts of the channels that do not see each other",
};

/// The spatial axes of a tensor with `rank` axes, at least 2.
pub fn spatial_axes(layout: Layout, rank: usize) -> Range<usize> {
    match layout {
        Layout::ChannelsFirst => 2..rank,
        Layout::ChannelsLast => 1..rank - 1,
    }
}

/// Input 0, which must be `f32` with a batch, 1 to 3 spatial axes and channels.
pub fn image(inputs: &[TensorType], layout: Layout) -> Result<&Shape, LayerError> {
    let expected = match layout {
        Layout::ChannelsFirst => "3, 4 or 5 axes: batch, channels, 1 to 3 spatial axes",
        Layout::ChannelsLast => "3, 4 or 5 axes: batch, 1 to 3 spatial axes, channels",
    };
    let input = rules::float(inputs, 0)?;
    rules::rank_between(inputs, 0, 3, 5, expected)?;
    Ok(&input.shape)
}

/// `input` with other spatial sizes and channels.
pub fn with_sizes(input: &Shape, layout: Layout, sizes: Vec<Dim>, channels: Dim) -> Shape {
    let mut shape = input.clone();
    shape.0.splice(spatial_axes(layout, input.rank()), sizes);
    shape.0[layout.channel_axis(input.rank())] = channels;
    shape
}

/// How the windows of a layer slide, for any number of spatial axes. Kernel and padding may be
/// symbolic.
#[derive(Clone, Debug)]
pub struct Windows {
    /// The layer's name.
    pub layer: &'static str,
    /// Where the channels are.
    pub layout: Layout,
    /// The name of the argument that gives `kernel`.
    pub argument: &'static str,
    /// Cells of a window.
    pub kernel: Sizes,
    /// Cells from one window to the next.
    pub stride: Sizes<i64>,
    /// Padding at both ends.
    pub padding: Padding,
    /// Steps from one cell of a window to the next.
    pub dilation: Sizes<i64>,
    /// Whether a last window may reach beyond the padded input.
    pub ceil: bool,
    /// Whether every window must see a cell of the input: padding has no value in a pool.
    pub sees_input: bool,
}

/// How windows slide along one axis.
#[derive(Clone, Debug)]
pub struct Slide {
    /// The axis.
    pub axis: usize,
    /// Cells of a window.
    pub kernel: Dim,
    /// Cells from one window to the next.
    pub stride: i128,
    /// Steps from one cell of a window to the next.
    pub dilation: i128,
    /// `(before, after)`; `None` is `same`.
    pub padding: Option<(Dim, Dim)>,
}

impl Windows {
    /// The windows along each spatial axis of a shape with `rank` axes.
    pub fn slides(&self, rank: usize) -> Result<Vec<Slide>, LayerError> {
        let axes = spatial_axes(self.layout, rank);
        let kernel = self.kernel.for_rank(self.argument, axes.len())?;
        let stride = self.stride.for_rank("stride", axes.len())?;
        let dilation = self.dilation.for_rank("dilation", axes.len())?;
        let padding = self.padding.for_rank("padding", axes.len())?;
        axes.zip(kernel)
            .zip(stride.into_iter().zip(dilation))
            .zip(padding)
            .map(|(((axis, kernel), (stride, dilation)), padding)| {
                let slide = Slide {
                    axis,
                    kernel,
                    stride: stride.into(),
                    dilation: dilation.into(),
                    padding,
                };
                slide.within_limits(self.argument)?;
                Ok(slide)
            })
            .collect()
    }

    /// The spatial sizes of the result, and what must hold for them.
    pub fn infer(&self, input: &Shape) -> Result<(Vec<Dim>, Vec<Obligation>), LayerError> {
        let slides = self.slides(input.rank())?;
        let mut sizes = Vec::new();
        let mut obligations = self.symbolic_arguments(&slides);
        for slide in slides {
            let size = &input[slide.axis];
            sizes.push(slide.output(size, self.ceil).map_err(|error| {
                match error {
                    SlideError::Dim(error) => LayerError::from(error),
                    SlideError::Symbol(value) => {
                        LayerError::new(Blame::Arg(self.argument), Problem::Symbol { value })
                            .note("whether `ceil` drops the last window depends on it")
                    }
                }
            })?);
            obligations.extend(self.fits(&slide, size)?);
            if self.sees_input {
                obligations.extend(self.sees(&slide, size)?);
            }
        }
        Ok((sizes, obligations))
    }

    /// That symbolic kernels and paddings are in range; each is said once, however many axes it is
    /// for.
    pub fn symbolic_arguments(&self, slides: &[Slide]) -> Vec<Obligation> {
        let mut amounts = Vec::new();
        for slide in slides {
            amounts.push((self.argument, &slide.kernel, 1));
            if let Some((before, after)) = &slide.padding {
                amounts.extend([("padding", before, 0), ("padding", after, 0)]);
            }
        }
        let fresh = |at: usize| !amounts[..at].contains(&amounts[at]);
        (0..amounts.len())
            .filter(|at| fresh(*at))
            .filter_map(|at| {
                let (name, value, low) = amounts[at];
                rules::argument_at_least(self.layer, name, value, low)
            })
            .collect()
    }

    /// That there is a window at all: the whole of it is in the padded input or, with `ceil`, a
    /// part.
    fn fits(&self, slide: &Slide, size: &Dim) -> Result<Option<Obligation>, LayerError> {
        let Some((before, after)) = &slide.padding else {
            return Ok(None);
        };
        let mut low = slide.extent()?.sub(before)?.sub(after)?;
        if self.ceil {
            low = low.minus(slide.stride - 1)?;
        }
        // A size that is not known is at least 1, as every size.
        let (of, low) = match low.as_const() {
            Some(low) if size.as_const().unwrap_or(1) >= low => return Ok(None),
            Some(low) => (Side::axis(0, slide.axis, size), low),
            None => {
                let what = format!("axis {} and its padding, less a window,", slide.axis);
                (Side::other(what, size.sub(&low)?), 0)
            }
        };
        let (argument, kernel) = (self.argument, &slide.kernel);
        let reach = match slide.dilation {
            1 => format!("`{argument}` is {kernel}"),
            dilation => format!(
                "`{argument}` {kernel} with `dilation` {dilation} reaches over {} cells",
                slide.extent()?
            ),
        };
        let rule = if self.ceil {
            format!(
                "a window of `{}` must begin to fit into the padded input: {reach}",
                self.layer
            )
        } else {
            format!(
                "a window of `{}` must fit into the padded input: {reach}",
                self.layer
            )
        };
        Ok(Some(Obligation {
            claim: Claim::AtLeast { of, low },
            rule: rule.into(),
            blame: Blame::Arg(self.argument),
        }))
    }

    /// That no window sees padding only: each end's padding is smaller than a window, and the
    /// cells of a dilated one do not step over the whole input.
    fn sees(&self, slide: &Slide, size: &Dim) -> Result<Vec<Obligation>, LayerError> {
        let layer = self.layer;
        let mut obligations = Vec::new();
        let extent = slide.extent()?;
        if let Some((before, after)) = &slide.padding {
            let ends = if before == after {
                vec![before]
            } else {
                vec![before, after]
            };
            for amount in ends {
                let left = extent.sub(amount)?;
                match left.as_const() {
                    Some(left) if left >= 1 => {}
                    Some(_) => {
                        return Err(LayerError::new(
                            Blame::Arg("padding"),
                            Problem::Range(format!(
                                "the padding of `{layer}` must be smaller than its window of \
                                 {extent} cells, and it is {amount}: a window would see padding only"
                            )),
                        ));
                    }
                    None => obligations.push(Obligation {
                        claim: Claim::AtLeast {
                            of: Side::other("a window less the padding", left),
                            low: 1,
                        },
                        rule: format!("the padding of `{layer}` must be smaller than its window")
                            .into(),
                        blame: Blame::Arg("padding"),
                    }),
                }
            }
        }
        let known = size.as_const().unwrap_or(1);
        if known < slide.dilation && slide.is_padded() {
            obligations.push(Obligation {
                claim: Claim::AtLeast {
                    of: Side::axis(0, slide.axis, size),
                    low: slide.dilation,
                },
                rule: format!(
                    "a padded window of `{layer}` must see the input: its cells are `dilation` {} \
                     apart",
                    slide.dilation
                )
                .into(),
                blame: Blame::Arg("dilation"),
            });
        }
        Ok(obligations)
    }

    /// The same with every symbol replaced by its number.
    pub fn bind(&self, env: &Env) -> Result<Windows, EvalError> {
        Ok(Windows {
            kernel: self.kernel.try_map(|size| rules::bound(size, env))?,
            padding: self.padding.try_map(|amount| rules::bound(amount, env))?,
            ..self.clone()
        })
    }

    /// The slides for types that [`Windows::infer`] has accepted.
    pub fn accepted(&self, rank: usize) -> Vec<Slide> {
        self.slides(rank)
            .expect("the shape rule has accepted this rank")
    }

    /// How far a result sees.
    pub fn field(&self, input: &Shape) -> Result<Field, DimError> {
        self.accepted(input.rank())
            .iter()
            .map(|slide| {
                Ok(FieldAxis {
                    extent: slide.extent()?,
                    stride: Dim::constant(slide.stride),
                })
            })
            .collect::<Result<_, _>>()
            .map(Field::Window)
    }

    /// Cells of one window over all axes.
    pub fn cells(&self, rank: usize) -> Result<Dim, DimError> {
        let slides = self.accepted(rank);
        Dim::product(slides.iter().map(|slide| &slide.kernel))
    }

    /// The arithmetic behind `axis` of the result, if it is a spatial one.
    pub fn arithmetic(&self, input: &Shape, axis: usize) -> Option<String> {
        self.accepted(input.rank())
            .iter()
            .find(|slide| slide.axis == axis)
            .map(|slide| slide.arithmetic(&input[axis], self.ceil))
    }

    /// The windows on concrete sizes, when every symbol is bound.
    pub fn window(&self, cx: &KernelCx) -> Window {
        let (input, output) = (&cx.inputs[0].shape, &cx.outputs[0].shape);
        let slides = self.accepted(input.len());
        let mut window = Window {
            layout: self.layout,
            batch: input[0],
            input: [1; 3],
            output: [1; 3],
            kernel: [1; 3],
            stride: [1; 3],
            dilation: [1; 3],
            before: [0; 3],
        };
        let leading = 3 - slides.len();
        for (at, slide) in (leading..).zip(&slides) {
            window.input[at] = input[slide.axis];
            window.output[at] = output[slide.axis];
            window.kernel[at] = number(&slide.kernel);
            window.stride[at] = slide.stride as usize;
            window.dilation[at] = slide.dilation as usize;
            window.before[at] = match &slide.padding {
                Some((before, _)) => number(before),
                None => slide.same_total(input[slide.axis], output[slide.axis]) / 2,
            };
        }
        window
    }

    /// The padding after each axis, as [`Windows::window`] orders them.
    pub fn after(&self, cx: &KernelCx) -> [usize; 3] {
        let (input, output) = (&cx.inputs[0].shape, &cx.outputs[0].shape);
        let slides = self.accepted(input.len());
        let mut all = [0; 3];
        let leading = 3 - slides.len();
        for (at, slide) in (leading..).zip(&slides) {
            all[at] = match &slide.padding {
                Some((_, after)) => number(after),
                None => slide
                    .same_total(input[slide.axis], output[slide.axis])
                    .div_ceil(2),
            };
        }
        all
    }
}

/// A bound size that is within the limit of [`Slide::within_limits`].
pub fn number(dim: &Dim) -> usize {
    dim.as_const()
        .and_then(|n| usize::try_from(n).ok())
        .expect("the operation is bound and its sizes were checked")
}

/// Why a slide has no output.
#[derive(Debug)]
enum SlideError {
    /// A size is beyond what can be computed.
    Dim(DimError),
    /// The case depends on the sign of this difference.
    Symbol(Dim),
}

impl From<DimError> for SlideError {
    fn from(error: DimError) -> SlideError {
        SlideError::Dim(error)
    }
}

impl Slide {
    fn within_limits(&self, argument: &'static str) -> Result<(), LayerError> {
        let constant = |name, dim: &Dim| dim.as_const().map(|n| (name, n));
        let (before, after) = match &self.padding {
            Some((before, after)) => (constant("padding", before), constant("padding", after)),
            None => (None, None),
        };
        let sizes = [
            constant(argument, &self.kernel),
            Some(("stride", self.stride)),
            Some(("dilation", self.dilation)),
            before,
            after,
        ];
        match sizes.into_iter().flatten().find(|(_, n)| *n > LIMIT) {
            None => Ok(()),
            Some((name, n)) => Err(LayerError::new(
                Blame::Arg(name),
                Problem::Range(format!("`{name}` must be at most {LIMIT}, and it is {n}")),
            )),
        }
    }

    /// Cells from the first to the last of a window: dilation · (kernel − 1) + 1.
    pub fn extent(&self) -> Result<Dim, DimError> {
        self.kernel.minus(1)?.times(self.dilation)?.plus(1)
    }

    fn is_padded(&self) -> bool {
        match &self.padding {
            None => !self.kernel.is_const(1),
            Some((before, after)) => !(before.is_const(0) && after.is_const(0)),
        }
    }

    /// How many windows there are over `size` cells.
    ///
    /// * `same`: ⌈size / stride⌉
    /// * else ⌊(size + before + after − extent) / stride⌋ + 1
    /// * with `ceil` the same rounded up, but no window begins after the input and the padding
    ///   before it: min(⌈(size + before + after − extent + stride) / stride⌉,
    ///   ⌈(size + before) / stride⌉). The divisor is one and the same, so the smaller dividend
    ///   gives the smaller quotient, and which one that is does not depend on the size.
    fn output(&self, size: &Dim, ceil: bool) -> Result<Dim, SlideError> {
        let Some((before, after)) = &self.padding else {
            return Ok(size.ceil_div(self.stride)?);
        };
        let reach = size.add(before)?;
        if !ceil {
            let room = reach.add(after)?.sub(&self.extent()?)?;
            return Ok(room.floor_div(self.stride)?.plus(1)?);
        }
        let beyond = self.beyond(after)?;
        match beyond.as_const() {
            None => Err(SlideError::Symbol(self.kernel.clone())),
            Some(n) => Ok(reach.plus(n.min(0))?.ceil_div(self.stride)?),
        }
    }

    /// By how much the dividend without dropping exceeds the one that drops a last window beyond
    /// the input.
    fn beyond(&self, after: &Dim) -> Result<Dim, DimError> {
        after.sub(&self.extent()?)?.plus(self.stride)
    }

    /// Padding at both ends together that gives `same` on concrete sizes:
    /// max((output − 1) · stride + extent − input, 0). The odd cell goes to the end.
    pub fn same_total(&self, input: usize, output: usize) -> usize {
        let extent = (number(&self.kernel) - 1) * self.dilation as usize + 1;
        (output.saturating_sub(1) * self.stride as usize + extent).saturating_sub(input)
    }

    /// The formula of [`Slide::output`] with its numbers: `(28 + 2·0 − 5)/1 + 1`.
    fn arithmetic(&self, size: &Dim, ceil: bool) -> String {
        let stride = self.stride;
        let size_text = term(size);
        let Some((before, after)) = &self.padding else {
            return format!("⌈{size_text}/{stride}⌉");
        };
        let dropped = ceil
            && self
                .beyond(after)
                .ok()
                .and_then(|beyond| beyond.as_const())
                .is_some_and(|beyond| beyond > 0);
        if dropped {
            return format!("⌈({size_text} + {})/{stride}⌉", term(before));
        }
        let padding = if before == after {
            format!("2·{}", term(before))
        } else {
            format!("{} + {}", term(before), term(after))
        };
        let window = match self.dilation {
            1 => term(&self.kernel),
            dilation => format!("{dilation}·({} − 1) − 1", self.kernel),
        };
        let quotient = format!("({size_text} + {padding} − {window})/{stride}");
        if ceil && stride > 1 {
            return format!("⌈{quotient}⌉ + 1");
        }
        let exact = stride == 1 || self.divides_exactly(size, before, after).unwrap_or(false);
        if exact {
            format!("{quotient} + 1")
        } else {
            format!("⌊{quotient}⌋ + 1")
        }
    }

    /// Whether nothing is rounded, when the sizes are numbers.
    fn divides_exactly(&self, size: &Dim, before: &Dim, after: &Dim) -> Option<bool> {
        let room = size.add(before).ok()?.add(after).ok()?;
        let room = room.sub(&self.extent().ok()?).ok()?.as_const()?;
        Some(room % self.stride == 0)
    }
}

/// A size as part of a formula.
pub fn term(dim: &Dim) -> String {
    let text = dim.to_string();
    if text.contains(' ') || text.starts_with('-') {
        format!("({text})")
    } else {
        text
    }
}

#[cfg(test)]
mod tests;

//! Activations: functions of one element. What they make of NaN, of infinities and of large numbers
//! is what PyTorch's make of them; a `0 · ∞` in a formula is NaN in both.

use super::elementwise::map_in_place;
use super::math;

/// `min(max(x, 0), 6)`; NaN stays NaN.
#[inline(always)]
fn six(x: f32) -> f32 {
    let x = if x < 0.0 { 0.0 } else { x };
    if x > 6.0 { 6.0 } else { x }
}

/// `min(max(x, 0), 6)`.
pub fn relu6(data: &mut [f32]) {
    map_in_place(data, six);
}

/// `x` where it is positive, else `alpha * (e^x - 1)`.
pub fn elu(data: &mut [f32], alpha: f32) {
    map_in_place(
        data,
        move |x| if x > 0.0 { x } else { alpha * math::exp_m1(x) },
    );
}

/// [`elu`] with the `alpha` and times the scale that keep mean 0 and variance 1 (Klambauer et al.
/// 2017, "Self-Normalizing Neural Networks", eq. 14).
pub fn selu(data: &mut [f32]) {
    const SCALE: f32 = 1.050_701;
    const SCALED_ALPHA: f32 = 1.758_099_3;
    map_in_place(data, |x| {
        if x > 0.0 {
            SCALE * x
        } else {
            SCALED_ALPHA * math::exp_m1(x)
        }
    });
}

/// `x · Φ(x)`, see [`math::gelu`].
pub fn gelu(data: &mut [f32]) {
    map_in_place(data, math::gelu);
}

/// Its approximation by a hyperbolic tangent, see [`math::gelu_tanh`].
pub fn gelu_tanh(data: &mut [f32]) {
    map_in_place(data, math::gelu_tanh);
}

/// `x / (1 + e^-x)`.
pub fn silu(data: &mut [f32]) {
    map_in_place(data, |x| x * math::sigmoid(x));
}

/// `x · tanh(ln(1 + e^x))`, which is `x · (e² + 2e) / (e² + 2e + 2)` with `e = e^x`.
pub fn mish(data: &mut [f32]) {
    map_in_place(data, |x| {
        // From 20 on the quotient is 1.
        let e = math::exp(x.min(20.0));
        let n = e * (e + 2.0);
        x * (n / (n + 2.0))
    });
}

/// `min(max(x + 3, 0), 6) / 6`.
pub fn hard_sigmoid(data: &mut [f32]) {
    map_in_place(data, |x| six(x + 3.0) / 6.0);
}

/// `x · min(max(x + 3, 0), 6) / 6`.
pub fn hard_swish(data: &mut [f32]) {
    map_in_place(data, |x| x * (six(x + 3.0) / 6.0));
}

/// `ln(1 + e^x)`, as `max(x, 0) + ln(1 + e^-|x|)`, which cannot overflow.
pub fn softplus(data: &mut [f32]) {
    map_in_place(data, |x| {
        let positive = if x > 0.0 { x } else { 0.0 };
        positive + math::ln_1p(math::exp(-x.abs()))
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    type Function = fn(&mut [f32]);

    /// `f` of one number.
    fn of(f: Function, x: f32) -> f32 {
        let mut data = [x];
        f(&mut data);
        data[0]
    }

    #[test]
    fn agree_with_their_formulas_in_double_precision() {
        type Exact = fn(f64) -> f64;
        let functions: [(&str, Function, Exact); 8] = [
            ("relu6", relu6, |x| x.clamp(0.0, 6.0)),
            (
                "elu",
                |data| elu(data, 0.7),
                |x| {
                    if x > 0.0 { x } else { 0.7 * x.exp_m1() }
                },
            ),
            ("selu", selu, |x| {
                let inner = if x > 0.0 {
                    x
                } else {
                    1.673_263_242_354_377_2 * x.exp_m1()
                };
                1.050_700_987_355_480_5 * inner
            }),
            ("silu", silu, |x| x / (1.0 + (-x).exp())),
            ("mish", mish, |x| x * x.exp().ln_1p().tanh()),
            ("hard_sigmoid", hard_sigmoid, |x| {
                (x + 3.0).clamp(0.0, 6.0) / 6.0
            }),
            ("hard_swish", hard_swish, |x| {
                x * (x + 3.0).clamp(0.0, 6.0) / 6.0
            }),
            ("softplus", softplus, |x| {
                x.max(0.0) + (-x.abs()).exp().ln_1p()
            }),
        ];
        for (name, f, exact) in functions {
            for step in -4000..=4000 {
                let x = step as f32 * 0.02;
                let (got, want) = (f64::from(of(f, x)), exact(f64::from(x)));
                let error = (got - want).abs() / want.abs().max(1e-30);
                // Near its left edge a hard function takes the rounding of x + 3.
                let limit = if name.starts_with("hard") { 1e-4 } else { 1e-6 };
                assert!(error <= limit, "{name}({x}) is {got}, not {want}");
            }
        }
    }

    #[test]
    fn edges_are_those_of_pytorch() {
        let (inf, nan) = (f32::INFINITY, f32::NAN);
        let functions: [(Function, [f32; 4]); 10] = [
            // At -∞, -1e30, 1e30 and ∞.
            (relu6, [0.0, 0.0, 6.0, 6.0]),
            (|data| elu(data, 2.0), [-2.0, -2.0, 1e30, inf]),
            (selu, [-1.758_099_3, -1.758_099_3, 1.050_701e30, inf]),
            (gelu, [nan, 0.0, 1e30, inf]),
            (gelu_tanh, [nan, 0.0, 1e30, inf]),
            (silu, [nan, 0.0, 1e30, inf]),
            (mish, [nan, 0.0, 1e30, inf]),
            (hard_sigmoid, [0.0, 0.0, 1.0, 1.0]),
            (hard_swish, [nan, 0.0, 1e30, inf]),
            (softplus, [0.0, 0.0, 1e30, inf]),
        ];
        for (at, (f, want)) in functions.into_iter().enumerate() {
            for (x, want) in [-inf, -1e30, 1e30, inf].into_iter().zip(want) {
                let got = of(f, x);
                let same = got == want || (got.is_nan() && want.is_nan());
                assert!(same, "function {at} of {x} is {got}, not {want}");
            }
            assert!(of(f, nan).is_nan(), "function {at} of NaN");
        }
    }
}

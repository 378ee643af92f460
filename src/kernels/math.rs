//! Elementary functions of one `f32`, free of branches and calls, so that a loop over them
//! vectorises. Plain multiplies and adds (no fused ones): the same bits on every machine.

const LOG2_E: f32 = std::f32::consts::LOG2_E;
/// `ln 2` in two parts; the first has few enough bits that `n * LN2_HI` is exact.
const LN2_HI: f32 = 0.693_359_4;
const LN2_LO: f32 = -2.121_944_4e-4;
/// Adding 1.5 · 2²³ rounds to an integer, which is then in the sum's low bits.
const ROUND: f32 = 12_582_912.0;

/// `2^n` for `n` in `-126..=127`.
#[inline(always)]
fn power_of_two(n: i32) -> f32 {
    f32::from_bits(((n + 127) << 23) as u32)
}

/// `(e^r - 1 - r) / r²` for `|r| ≤ ln 2 / 2`: the minimax polynomial of Cephes `expf`.
#[inline(always)]
fn exp_polynomial(r: f32) -> f32 {
    let mut p = 1.987_569_1e-4;
    p = p * r + 1.398_199_9e-3;
    p = p * r + 8.333_452e-3;
    p = p * r + 4.166_579_6e-2;
    p = p * r + 1.666_666_5e-1;
    p * r + 0.5
}

/// `e^x`, relative error at most 2e-7 where the result is a normal number; infinity above 88.73,
/// 0 below -104, NaN of NaN. Reduction to `|r| ≤ ln 2 / 2`, then a
/// polynomial.
#[inline(always)]
pub fn exp(x: f32) -> f32 {
    let clamped = x.clamp(-105.0, 89.0);
    let shifted = clamped * LOG2_E + ROUND;
    let n = shifted - ROUND;
    let r = clamped - n * LN2_HI - n * LN2_LO;
    let p = exp_polynomial(r) * (r * r) + r + 1.0;
    // 2^n in two factors, since n reaches from -151 to 128.
    let n = (shifted.to_bits() as i32).wrapping_sub(ROUND.to_bits() as i32);
    let n = n.clamp(-152, 130);
    let half = n >> 1;
    let result = p * power_of_two(half) * power_of_two(n - half);
    if x.is_nan() { x } else { result }
}

/// `1 / (1 + e^-x)`, relative error at most 4e-7.
#[inline(always)]
pub fn sigmoid(x: f32) -> f32 {
    let e = exp(-x.abs());
    let numerator = if x < 0.0 { e } else { 1.0 };
    numerator / (1.0 + e)
}

/// The hyperbolic tangent, relative error at most 4e-7: Cephes' polynomial below 0.625, else by
/// `exp`.
#[inline(always)]
pub fn tanh(x: f32) -> f32 {
    let size = x.abs();
    let z = x * x;
    let mut p = -5.704_988_7e-3;
    p = p * z + 2.063_909e-2;
    p = p * z - 5.373_971_5e-2;
    p = p * z + 1.333_144_2e-1;
    p = p * z - 3.333_328e-1;
    let small = p * z * x + x;
    let large = (1.0 - 2.0 / (exp(2.0 * size) + 1.0)).copysign(x);
    if size < 0.625 { small } else { large }
}

/// `e^x - 1` for `x` at most 0, relative error at most 4e-7; NaN of NaN. The reduction and the
/// polynomial of [`exp`], without adding the 1 that the subtraction would take away again.
#[inline(always)]
pub fn exp_m1(x: f32) -> f32 {
    let clamped = x.clamp(-30.0, 0.0);
    let shifted = clamped * LOG2_E + ROUND;
    let n = shifted - ROUND;
    let r = clamped - n * LN2_HI - n * LN2_LO;
    let q = exp_polynomial(r) * (r * r) + r;
    let scale = power_of_two((shifted.to_bits() as i32).wrapping_sub(ROUND.to_bits() as i32));
    let result = scale * q + (scale - 1.0);
    if x.is_nan() { x } else { result }
}

/// `ln(1 + f) - f` for `1 + f` between √½ and √2: the polynomial of Cephes `logf`.
#[inline(always)]
fn ln_rest(f: f32) -> f32 {
    let z = f * f;
    let mut p = 7.037_683_6e-2;
    p = p * f - 1.151_461e-1;
    p = p * f + 1.167_699_9e-1;
    p = p * f - 1.242_014_1e-1;
    p = p * f + 1.424_932_3e-1;
    p = p * f - 1.666_805_8e-1;
    p = p * f + 2.000_071_5e-1;
    p = p * f - 2.499_999_4e-1;
    p = p * f + 3.333_333e-1;
    p * f * z - 0.5 * z
}

/// The natural logarithm, relative error at most 2e-7; -∞ of 0, NaN of what is negative, ∞ of ∞.
#[inline(always)]
pub fn ln(x: f32) -> f32 {
    // A subnormal number is made normal first.
    let tiny = x < f32::MIN_POSITIVE;
    let scaled = if tiny { x * 33_554_432.0 } else { x };
    let bits = scaled.to_bits() as i32;
    // x = 2^n · m, m between √½ and √2.
    let n = bits.wrapping_sub(std::f32::consts::FRAC_1_SQRT_2.to_bits() as i32) >> 23;
    let m = f32::from_bits(bits.wrapping_sub(n << 23) as u32);
    let n = n as f32 - if tiny { 25.0 } else { 0.0 };
    let f = m - 1.0;
    let result = (ln_rest(f) + n * LN2_LO) + f + n * LN2_HI;
    let finite = if x > 0.0 { result } else { f32::NAN };
    let above = if x == 0.0 { f32::NEG_INFINITY } else { finite };
    if x == f32::INFINITY { x } else { above }
}

/// `ln(1 + x)` for `x` in 0 ..= 1, relative error at most 2e-7; NaN of NaN.
#[inline(always)]
pub fn ln_1p(x: f32) -> f32 {
    // Above √2 - 1 it is ln 2 + ln((1 + x) / 2), whose argument less 1 is exact.
    let above = x > 0.414;
    let f = if above { 0.5 * (x - 1.0) } else { x };
    let n = if above { 1.0 } else { 0.0 };
    (ln_rest(f) + n * LN2_LO) + f + n * LN2_HI
}

/// `x · Φ(x)`, Φ being the distribution function of the standard normal distribution, relative
/// error at most 1e-6 from -12.5 on. `Φ(-x) = ½ erfc(x/√2)` by the Chebyshev fit of Press et al.,
/// "Numerical Recipes" (`erfcc`): `erfc(z) = t · e^(P(t) - z²)` with `t = 1/(1 + z/2)`. Left of 0
/// that loses nothing, where `1 + erf` would cancel.
#[inline(always)]
pub fn gelu(x: f32) -> f32 {
    let size = x.abs().min(20.0);
    let t = 1.0 / (1.0 + (0.5 * std::f32::consts::FRAC_1_SQRT_2) * size);
    let mut p = 0.170_872_77;
    p = p * t - 0.822_152_23;
    p = p * t + 1.488_515_9;
    p = p * t - 1.135_204;
    p = p * t + 0.278_868_07;
    p = p * t - 0.186_288_06;
    p = p * t + 0.096_784_18;
    p = p * t + 0.374_091_96;
    p = p * t + 1.000_023_7;
    p = p * t - 1.265_512_2;
    // x² in two parts, the first exact: its rounding would show in the exponential.
    let high = f32::from_bits(size.to_bits() & 0xffff_f000);
    let low = (size - high) * (size + high);
    let tail = 0.5 * t * exp(-0.5 * high * high) * exp(p - 0.5 * low);
    x * if x > 0.0 { 1.0 - tail } else { tail }
}

/// `x / 2 · (1 + tanh(√(2/π) · (x + 0.044715 x³)))`, the approximation of [`gelu`] by Hendrycks
/// and Gimpel, "Gaussian Error Linear Units"; `(1 + tanh u)/2` is the logistic function of `2u`.
#[inline(always)]
pub fn gelu_tanh(x: f32) -> f32 {
    // 2 · √(2/π)
    const SCALE: f32 = 1.595_769;
    x * sigmoid(SCALE * (x + 0.044_715 * (x * x * x)))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The largest error of `f` against `exact` over ±`range`, relative or absolute.
    fn worst(f: fn(f32) -> f32, exact: fn(f64) -> f64, range: f32, relative: bool) -> f64 {
        let steps = 400_001;
        (0..steps)
            .map(|i| {
                let x = -range + 2.0 * range * i as f32 / (steps - 1) as f32;
                let (got, want) = (f64::from(f(x)), exact(f64::from(x)));
                let scale = if relative { want.abs().max(1e-37) } else { 1.0 };
                (got - want).abs() / scale
            })
            .fold(0.0, f64::max)
    }

    #[test]
    fn exp_is_within_two_ten_millionths() {
        assert!(worst(exp, f64::exp, 85.0, true) <= 2e-7);
        assert_eq!(exp(0.0), 1.0);
        assert_eq!(exp(f32::NEG_INFINITY), 0.0);
        assert_eq!(exp(f32::INFINITY), f32::INFINITY);
        assert_eq!(exp(200.0), f32::INFINITY);
        assert!(exp(f32::NAN).is_nan());
        assert!(exp(88.7) < f32::INFINITY);
    }

    #[test]
    fn sigmoid_is_accurate_on_both_sides() {
        let exact = |x: f64| 1.0 / (1.0 + (-x).exp());
        assert!(worst(sigmoid, exact, 80.0, true) <= 4e-7);
        assert_eq!(sigmoid(f32::INFINITY), 1.0);
        assert_eq!(sigmoid(f32::NEG_INFINITY), 0.0);
        assert!(sigmoid(f32::NAN).is_nan());
    }

    #[test]
    fn tanh_is_accurate_near_zero_and_far() {
        assert!(worst(tanh, f64::tanh, 1.0, true) <= 4e-7);
        assert!(worst(tanh, f64::tanh, 60.0, true) <= 4e-7);
        assert_eq!(tanh(f32::INFINITY), 1.0);
        assert_eq!(tanh(f32::NEG_INFINITY), -1.0);
        assert!(tanh(f32::NAN).is_nan());
    }

    /// The largest relative error of `f` against `exact` for `x` from `low` to `high`.
    fn between(f: fn(f32) -> f32, exact: impl Fn(f64) -> f64, low: f32, high: f32) -> f64 {
        let steps = 400_001;
        (0..steps)
            .map(|i| low + (high - low) * i as f32 / (steps - 1) as f32)
            .map(|x| {
                let want = exact(f64::from(x));
                (f64::from(f(x)) - want).abs() / want.abs().max(1e-37)
            })
            .fold(0.0, f64::max)
    }

    #[test]
    fn exp_m1_does_not_cancel() {
        assert!(between(exp_m1, f64::exp_m1, -40.0, 0.0) <= 4e-7);
        assert!(between(exp_m1, f64::exp_m1, -1e-3, 0.0) <= 2e-7);
        assert_eq!((exp_m1(-1e-30), exp_m1(f32::NEG_INFINITY)), (-1e-30, -1.0));
        assert!(exp_m1(f32::NAN).is_nan());
    }

    #[test]
    fn ln_is_accurate_around_one_and_far_away() {
        assert!(between(ln, f64::ln, 0.5, 2.0) <= 2e-7);
        assert!(between(ln, f64::ln, 1e-6, 1e6) <= 2e-7);
        assert!(between(ln, f64::ln, 1e-45, 1e-37) <= 2e-7);
        assert!(between(ln, f64::ln, 1e30, 3e38) <= 2e-7);
        assert_eq!((ln(0.0), ln(1.0)), (f32::NEG_INFINITY, 0.0));
        assert_eq!(ln(f32::INFINITY), f32::INFINITY);
        for x in [-1.0, -1e-40, f32::NEG_INFINITY, f32::NAN] {
            assert!(ln(x).is_nan(), "{x}");
        }
        assert!(between(ln_1p, f64::ln_1p, 0.0, 1.0) <= 2e-7);
        assert!(between(ln_1p, f64::ln_1p, 0.0, 1e-6) <= 2e-7);
        assert!(ln_1p(f32::NAN).is_nan());
    }

    #[test]
    fn gelu_keeps_its_left_tail() {
        /// ½ erfc(-x/√2): the Taylor series of erf near 0, Laplace's continued fraction further on.
        fn normal_cdf(x: f64) -> f64 {
            let z = x.abs() * std::f64::consts::FRAC_1_SQRT_2;
            let erfc = if z < 1.5 {
                let (mut term, mut sum) = (z, z);
                for n in 1..60 {
                    term *= -z * z / f64::from(n);
                    sum += term / f64::from(2 * n + 1);
                }
                1.0 - sum * std::f64::consts::FRAC_2_SQRT_PI
            } else {
                let fraction = (1..200).rev().fold(z, |k, n| z + 0.5 * f64::from(n) / k);
                0.5 * std::f64::consts::FRAC_2_SQRT_PI * (-z * z).exp() / fraction
            };
            if x < 0.0 {
                0.5 * erfc
            } else {
                1.0 - 0.5 * erfc
            }
        }
        let error = between(gelu, |x| x * normal_cdf(x), -12.5, 12.5);
        assert!(error <= 1e-6, "{error}");
        let scale = (2.0 / std::f64::consts::PI).sqrt();
        let exact = |x: f64| x / (1.0 + (-2.0 * scale * (x + 0.044715 * x.powi(3))).exp());
        let error = between(gelu_tanh, exact, -8.0, 8.0);
        assert!(error <= 1e-5, "{error}");
        for f in [gelu, gelu_tanh] {
            assert_eq!(
                (f(1e30), f(-1e30), f(f32::INFINITY)),
                (1e30, 0.0, f32::INFINITY)
            );
            assert!(f(f32::NAN).is_nan() && f(f32::NEG_INFINITY).is_nan());
        }
    }
}

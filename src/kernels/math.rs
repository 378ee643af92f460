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

/// `e^x`, relative error at most 2e-7 where the result is a normal number; infinity above 88.73,
/// 0 below -104, NaN of NaN. Reduction to `|r| ≤ ln 2 / 2` and the minimax polynomial of Cephes
/// `expf`.
#[inline(always)]
pub fn exp(x: f32) -> f32 {
    let clamped = x.clamp(-105.0, 89.0);
    let shifted = clamped * LOG2_E + ROUND;
    let n = shifted - ROUND;
    let r = clamped - n * LN2_HI - n * LN2_LO;
    let mut p = 1.987_569_1e-4;
    p = p * r + 1.398_199_9e-3;
    p = p * r + 8.333_452e-3;
    p = p * r + 4.166_579_6e-2;
    p = p * r + 1.666_666_5e-1;
    p = p * r + 0.5;
    let p = p * (r * r) + r + 1.0;
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

/// The error function, absolute error at most 4e-7: Abramowitz and Stegun 7.1.26's form with the
/// Taylor series below 0.5, where the former cancels.
#[inline(always)]
pub fn erf(x: f32) -> f32 {
    let size = x.abs();
    let z = x * x;
    // 2/√π · (1 - z/3 + z²/10 - z³/42 + z⁴/216 - z⁵/1320 + z⁶/9360)
    let mut s = 1.0 / 9360.0;
    s = s * z - 1.0 / 1320.0;
    s = s * z + 1.0 / 216.0;
    s = s * z - 1.0 / 42.0;
    s = s * z + 0.1;
    s = s * z - 1.0 / 3.0;
    let small = std::f32::consts::FRAC_2_SQRT_PI * (x + x * z * s);
    let t = 1.0 / (1.0 + 0.327_591_1 * size);
    let mut p = 1.061_405_4;
    p = p * t - 1.453_152;
    p = p * t + 1.421_413_7;
    p = p * t - 0.284_496_74;
    p = p * t + 0.254_829_6;
    let large = (1.0 - p * t * exp(-z)).copysign(x);
    if size < 0.5 { small } else { large }
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

    #[test]
    fn erf_agrees_with_its_series() {
        /// The Taylor series in `f64`, which converges for every x; good to 1e-12 below 4.
        fn exact(x: f64) -> f64 {
            let (mut term, mut sum) = (x, x);
            for n in 1..120 {
                term *= -x * x / f64::from(n);
                sum += term / f64::from(2 * n + 1);
            }
            sum * std::f64::consts::FRAC_2_SQRT_PI
        }
        let error = worst(erf, exact, 4.0, false);
        assert!(error <= 4e-7, "{error}");
        assert_eq!(erf(f32::INFINITY), 1.0);
        assert_eq!(erf(f32::NEG_INFINITY), -1.0);
        assert!(erf(f32::NAN).is_nan());
    }
}

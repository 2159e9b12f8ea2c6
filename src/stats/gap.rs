//! Means and the gap between two groups, with 95 % intervals that hold for small groups.
//!
//! In: values, or counts of yes. Out: estimates and bounds. Sources: Student (1908) for a mean, Welch (1947) for two means of
//! unequal spread, Newcombe (1998), method 10, for two shares; the t distribution after Abramowitz and Stegun 26.7.3–4.

use super::interval::wilson;

/// An estimate and its interval; none where the values do not tell one (a single value, or all the same).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Estimate {
    /// The estimate.
    pub value: f64,
    /// Its 95 % interval.
    pub interval: Option<(f64, f64)>,
}

/// The probability that |T| is below `t`, for whole degrees of freedom from 1.
fn within(t: f64, df: u32) -> f64 {
    let nu = f64::from(df);
    let theta = (t / nu.sqrt()).atan();
    let (sin, cos) = (theta.sin(), theta.cos());
    let odd = df % 2 == 1;
    // Odd: cos + 2/3 cos³ + …; even: 1 + 1/2 cos² + …, both up to the power df - 2.
    let (mut term, mut power) = if odd { (cos, 1_u32) } else { (1.0, 0) };
    let mut sum = 0.0;
    while power + 2 <= df {
        sum += term;
        let k = f64::from(power);
        term *= cos * cos * (k + 1.0) / (k + 2.0);
        power += 2;
    }
    if odd { (theta + sin * sum) * std::f64::consts::FRAC_2_PI } else { sin * sum }
}

/// The 97.5 % quantile of Student's t for whole degrees of freedom from 1.
///
/// ```
/// use onefunnel::stats::gap::t_quantile;
/// assert!((t_quantile(1) - 12.706_205).abs() < 1e-5 && (t_quantile(10) - 2.228_139).abs() < 1e-5);
/// ```
pub fn t_quantile(df: u32) -> f64 {
    let df = df.clamp(1, 100_000);
    let (mut low, mut high) = (1.9, 13.0);
    for _ in 0..64 {
        let middle = f64::midpoint(low, high);
        if within(middle, df) < 0.95 { low = middle } else { high = middle }
    }
    f64::midpoint(low, high)
}

/// Mean and variance of the mean (of the sample's, divided by n); the latter needs two values.
#[allow(clippy::cast_precision_loss)] // counts
fn moments(values: &[f64]) -> Option<(f64, Option<f64>)> {
    let n = values.len() as f64;
    if values.is_empty() {
        return None;
    }
    // Where all are the same, rounding of their sum is no spread.
    let same = values.iter().all(|v| v.to_bits() == values[0].to_bits());
    let mean = if same { values[0] } else { values.iter().sum::<f64>() / n };
    let squares: f64 = if same { 0.0 } else { values.iter().map(|v| (v - mean).powi(2)).sum() };
    Some((mean, (values.len() > 1).then(|| squares / (n - 1.0) / n)))
}

/// The mean of a group; no interval where all values are the same, as nothing then says how they vary.
///
/// ```
/// use onefunnel::stats::gap::mean;
/// let found = mean(&[1.0, 2.0, 3.0]).unwrap();
/// // 2 ± 4.302653 · 1/√3
/// assert!(found.value == 2.0 && (found.interval.unwrap().0 + 0.484_138).abs() < 1e-5);
/// assert_eq!(mean(&[]), None);
/// ```
pub fn mean(values: &[f64]) -> Option<Estimate> {
    let (value, variance) = moments(values)?;
    let df = u32::try_from(values.len()).unwrap_or(u32::MAX).saturating_sub(1);
    let interval = variance.filter(|v| *v > 0.0).map(|v| {
        let half = t_quantile(df) * v.sqrt();
        (value - half, value + half)
    });
    Some(Estimate { value, interval })
}

/// How much greater the mean of the first group is than that of the second. Degrees of freedom are rounded down.
#[allow(clippy::cast_precision_loss, clippy::cast_possible_truncation, clippy::cast_sign_loss)] // counts
pub fn means(a: &[f64], b: &[f64]) -> Option<Estimate> {
    let ((mean_a, var_a), (mean_b, var_b)) = (moments(a)?, moments(b)?);
    let value = mean_a - mean_b;
    let interval = var_a.zip(var_b).filter(|(a, b)| a + b > 0.0).map(|(u, v)| {
        let df = (u + v).powi(2) / (u * u / (a.len() as f64 - 1.0) + v * v / (b.len() as f64 - 1.0));
        let half = t_quantile(df.floor().max(1.0) as u32) * (u + v).sqrt();
        (value - half, value + half)
    });
    Some(Estimate { value, interval })
}

/// How much greater the share of the first group, `k` of `n`, is than that of the second.
///
/// ```
/// use onefunnel::stats::gap::shares;
/// // Newcombe (1998), table II, (a): 56/70 and 48/80 give 0.0524 to 0.3339.
/// let (low, high) = shares((56.0, 70.0), (48.0, 80.0)).unwrap().interval.unwrap();
/// assert!((low - 0.0524).abs() < 5e-5 && (high - 0.3339).abs() < 5e-5);
/// ```
pub fn shares(first: (f64, f64), second: (f64, f64)) -> Option<Estimate> {
    let ((low_a, high_a), (low_b, high_b)) = (wilson(first.0, first.1)?, wilson(second.0, second.1)?);
    let (share_a, share_b) = (first.0 / first.1, second.0 / second.1);
    let value = share_a - share_b;
    let low = value - (share_a - low_a).hypot(high_b - share_b);
    let high = value + (high_a - share_a).hypot(share_b - low_b);
    Some(Estimate { value, interval: Some((low, high)) })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The probability that |T| is below `t`, by adding up the density (Simpson's rule), which is scaled to 1.
    #[allow(clippy::cast_lossless)]
    fn by_density(t: f64, df: u32) -> f64 {
        let nu = f64::from(df);
        // x = tan(u) makes the tails finite: (1 + x²/ν)^(-(ν+1)/2) dx.
        let density = |u: f64| (1.0 + u.tan().powi(2) / nu).powf(-(nu + 1.0) / 2.0) / u.cos().powi(2);
        let simpson = |to: f64| {
            let (steps, mut sum) = (20_000_u32, 0.0);
            let h = to / f64::from(steps);
            for i in 0..=steps {
                let weight = if i == 0 || i == steps {
                    1.0
                } else if i % 2 == 1 {
                    4.0
                } else {
                    2.0
                };
                sum += weight * density(f64::from(i) * h);
            }
            sum * h / 3.0
        };
        simpson(t.atan()) / simpson(std::f64::consts::FRAC_PI_2 - 1e-9)
    }

    #[test]
    fn quantiles_are_those_of_the_density_and_of_the_printed_tables() {
        for df in [1, 2, 3, 4, 7, 12, 35, 101] {
            assert!((by_density(t_quantile(df), df) - 0.95).abs() < 1e-6, "{df}");
        }
        for (df, printed) in [(1, 12.706), (2, 4.303), (4, 2.776), (13, 2.160), (21, 2.080), (30, 2.042), (120, 1.980)]
        {
            assert!((t_quantile(df) - printed).abs() < 5e-4, "{df}");
        }
        assert!((t_quantile(1_000_000) - 1.959_96).abs() < 1e-3);
    }

    #[test]
    fn the_same_values_tell_no_interval() {
        assert_eq!(mean(&[0.4; 6]), Some(Estimate { value: 0.4, interval: None }));
        assert_eq!(mean(&[4.0]), Some(Estimate { value: 4.0, interval: None }));
        assert_eq!(means(&[1.0, 1.0], &[2.0, 2.0]), Some(Estimate { value: -1.0, interval: None }));
        assert!(means(&[1.0, 1.0], &[2.0, 3.0]).unwrap().interval.is_some());
        assert_eq!(means(&[], &[2.0]), None);
        assert_eq!(shares((0.0, 0.0), (1.0, 2.0)), None);
    }

    #[test]
    fn two_means_agree_with_a_calculation_by_hand() {
        // Means 3 and 7, variances of the mean 2.5/5 = 0.5 and 10/5 = 2: df = 2.5² / (0.25/4 + 4/4) = 5.88, taken as 5.
        let found = means(&[1.0, 2.0, 3.0, 4.0, 5.0], &[3.0, 5.0, 7.0, 9.0, 11.0]).unwrap();
        let half = 2.570_582 * 2.5_f64.sqrt();
        let (low, high) = found.interval.unwrap();
        assert_eq!(found.value, -4.0);
        assert!((low + 4.0 + half).abs() < 1e-5 && (high + 4.0 - half).abs() < 1e-5, "{low} {high}");
    }

    #[test]
    fn a_gap_of_shares_stays_within_one_and_turns_with_its_sides() {
        for (a, b) in [((0.0, 5.0), (5.0, 5.0)), ((1.0, 6.0), (20.0, 22.0)), ((3.0, 7.0), (3.0, 7.0))] {
            let (one, other) = (shares(a, b).unwrap(), shares(b, a).unwrap());
            let ((low, high), (turned_low, turned_high)) = (one.interval.unwrap(), other.interval.unwrap());
            assert!(low >= -1.0 && high <= 1.0 && low <= one.value && one.value <= high, "{one:?}");
            assert!((low + turned_high).abs() < 1e-12 && (high + turned_low).abs() < 1e-12);
        }
    }
}

//! Quantiles of whole days.
//!
//! In: days in any order. Out: quantiles by linear interpolation between order statistics (type 7 of Hyndman and Fan
//! 1996, the default of R, NumPy and polars).

/// The `q` quantile (0 to 1) of the days; `None` without any. Sorts the slice.
///
/// ```
/// use onefunnel::stats::quantile::quantile;
/// assert_eq!(quantile(&mut [1, 2, 3, 10], 0.5), Some(2.5));
/// assert_eq!(quantile(&mut [], 0.5), None);
/// ```
pub fn quantile(days: &mut [i32], q: f64) -> Option<f64> {
    days.sort_unstable();
    let last = days.len().checked_sub(1)?;
    #[allow(clippy::cast_precision_loss, clippy::cast_possible_truncation, clippy::cast_sign_loss)]
    // fewer than 2^52 days
    let (below, share) = {
        let at = q.clamp(0.0, 1.0) * last as f64;
        (at.floor() as usize, at - at.floor())
    };
    let (low, high) = (f64::from(days[below]), f64::from(days[(below + 1).min(last)]));
    Some(low + (high - low) * share)
}

/// The same of any numbers. Sorts the slice.
///
/// ```
/// use onefunnel::stats::quantile::quantile_of;
/// assert_eq!(quantile_of(&mut [0.5, 0.0, 1.0, 0.25], 0.5), Some(0.375));
/// assert_eq!(quantile_of(&mut [], 0.5), None);
/// ```
pub fn quantile_of(numbers: &mut [f64], q: f64) -> Option<f64> {
    numbers.sort_unstable_by(f64::total_cmp);
    let last = numbers.len().checked_sub(1)?;
    #[allow(clippy::cast_precision_loss, clippy::cast_possible_truncation, clippy::cast_sign_loss)]
    // fewer than 2^52 numbers
    let (below, share) = {
        let at = q.clamp(0.0, 1.0) * last as f64;
        (at.floor() as usize, at - at.floor())
    };
    let (low, high) = (numbers[below], numbers[(below + 1).min(last)]);
    Some(low + (high - low) * share)
}

#[cfg(test)]
mod tests {
    use super::quantile;

    #[test]
    fn agrees_with_numpys_default() {
        // numpy.quantile([-2, 5, 7, 14, 90], [0, .25, .5, .9, 1]) = [-2, 5, 7, 59.6, 90]
        let mut days = [14, -2, 90, 5, 7];
        for (q, expected) in [(0.0, -2.0), (0.25, 5.0), (0.5, 7.0), (0.9, 59.6), (1.0, 90.0)] {
            let value = quantile(&mut days, q).unwrap();
            assert!((value - expected).abs() < 1e-9, "{q}: {value}");
        }
    }
}

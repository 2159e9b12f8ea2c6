//! What a list of days looks like: how many, how many below 0, mean and quantiles.
//!
//! In: days in any order. Out: a [`Summary`], or nothing where there is no day. Negative days are kept: they are in
//! every figure, and counted apart.

use super::quantile::quantile;

/// Days in figures. Quantiles are those of [`quantile`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Summary {
    /// How many.
    pub n: u64,
    /// Of them, those below 0.
    pub negative: u64,
    /// The shortest.
    pub low: i32,
    /// The longest.
    pub high: i32,
    /// The arithmetic mean.
    pub mean: f64,
    /// The lower quartile.
    pub p25: f64,
    /// The median.
    pub median: f64,
    /// The upper quartile.
    pub p75: f64,
    /// Nine of ten are not longer.
    pub p90: f64,
}

/// The days in figures; `None` without any. Sorts the slice.
///
/// ```
/// use onefunnel::stats::summary::summary;
/// let days = summary(&mut [10, -1, 3]).unwrap();
/// assert_eq!((days.n, days.negative, days.mean, days.median, days.p75), (3, 1, 4.0, 3.0, 6.5));
/// assert_eq!(summary(&mut []), None);
/// ```
#[allow(clippy::cast_precision_loss)] // sums of days stay far below 2^53
pub fn summary(days: &mut [i32]) -> Option<Summary> {
    let median = quantile(days, 0.5)?;
    let sum: i64 = days.iter().map(|d| i64::from(*d)).sum();
    let mut at = |q| quantile(days, q).unwrap_or(median);
    let (p25, p75, p90) = (at(0.25), at(0.75), at(0.9));
    Some(Summary {
        n: days.len() as u64,
        negative: days.partition_point(|d| *d < 0) as u64,
        low: *days.first()?,
        high: *days.last()?,
        mean: sum as f64 / days.len() as f64,
        p25,
        median,
        p75,
        p90,
    })
}

#[cfg(test)]
mod tests {
    use super::summary;

    #[test]
    fn one_day_is_every_quantile() {
        let one = summary(&mut [-2]).unwrap();
        assert_eq!((one.n, one.negative, one.low, one.high), (1, 1, -2, -2));
        assert_eq!([one.mean, one.p25, one.median, one.p75, one.p90], [-2.0; 5]);
    }

    #[test]
    fn agrees_with_numpy() {
        // numpy.quantile([-2, 5, 7, 14, 90], [.25, .5, .75, .9]) = [5, 7, 14, 59.6], mean 22.8
        let all = summary(&mut [14, -2, 90, 5, 7]).unwrap();
        assert_eq!((all.n, all.negative, all.low, all.high), (5, 1, -2, 90));
        assert_eq!((all.p25, all.median, all.p75), (5.0, 7.0, 14.0));
        assert!((all.p90 - 59.6).abs() < 1e-9 && (all.mean - 22.8).abs() < 1e-9);
    }
}

//! How evenly things came.
//!
//! In: counts of equal spans. Out: their coefficient of variation, and that of chance.

/// How much counts vary.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Spread {
    /// Number of counts.
    pub n: u64,
    /// Their mean.
    pub mean: f64,
    /// Standard deviation (with n − 1) over the mean: 0 when all are equal.
    pub variation: f64,
    /// The same of things that come independently of each other at an even rate (Poisson): 1 / √mean.
    pub by_chance: f64,
}

/// The spread of at least two counts that are not all 0; `None` otherwise.
///
/// ```
/// use onefunnel::stats::spread::spread;
/// let even = spread(&[5, 5, 5, 5]).unwrap();
/// assert_eq!((even.mean, even.variation), (5.0, 0.0));
/// assert_eq!(spread(&[0, 0]), None);
/// ```
#[allow(clippy::cast_precision_loss)] // counts stay far below 2^53
pub fn spread(counts: &[u64]) -> Option<Spread> {
    let n = counts.len() as u64;
    let sum: u64 = counts.iter().sum();
    if n < 2 || sum == 0 {
        return None;
    }
    let mean = sum as f64 / n as f64;
    let squares: f64 = counts.iter().map(|c| (*c as f64 - mean).powi(2)).sum();
    let deviation = (squares / (n - 1) as f64).sqrt();
    Some(Spread { n, mean, variation: deviation / mean, by_chance: 1.0 / mean.sqrt() })
}

#[cfg(test)]
mod tests {
    use super::spread;

    #[test]
    fn agrees_with_numpy() {
        // numpy: a = [3, 7, 2, 12]; a.std(ddof=1) / a.mean() = 0.7576767609436587
        let got = spread(&[3, 7, 2, 12]).unwrap();
        assert!(
            (got.variation - 0.757_676_760_943_658_7).abs() < 1e-12
                && (got.by_chance - 0.408_248_290_463_863).abs() < 1e-12
        );
        assert_eq!((got.n, got.mean), (4, 6.0));
        assert_eq!((spread(&[]), spread(&[4])), (None, None));
    }
}

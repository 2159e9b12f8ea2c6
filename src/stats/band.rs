//! Where a number may lie if it is like those before it.
//!
//! In: the numbers before, and how many standard deviations are allowed. Out: a [`Band`].

/// Mean and band of some numbers.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Band {
    /// Number of numbers.
    pub n: usize,
    /// Their mean.
    pub mean: f64,
    /// The mean less so many standard deviations (with n − 1).
    pub low: f64,
    /// The mean and so many standard deviations.
    pub high: f64,
}

/// The band of at least two numbers; `None` otherwise.
///
/// ```
/// use onefunnel::stats::band::band;
/// let b = band(&[2.0, 4.0, 6.0], 2.0).unwrap();
/// assert_eq!((b.n, b.mean, b.low, b.high), (3, 4.0, 0.0, 8.0));
/// assert_eq!(band(&[1.0], 2.0), None);
/// ```
#[allow(clippy::cast_precision_loss)] // a few periods
pub fn band(numbers: &[f64], wide: f64) -> Option<Band> {
    let n = numbers.len();
    if n < 2 {
        return None;
    }
    let mean = numbers.iter().sum::<f64>() / n as f64;
    let squares: f64 = numbers.iter().map(|x| (x - mean).powi(2)).sum();
    let reach = wide * (squares / (n - 1) as f64).sqrt();
    Some(Band { n, mean, low: mean - reach, high: mean + reach })
}

#[cfg(test)]
mod tests {
    use super::band;

    #[test]
    fn is_the_mean_and_the_standard_deviation() {
        let got = band(&[0.3, 0.25, 0.41, 0.38], 1.0).unwrap();
        let sd = ((0.035_f64.powi(2) + 0.085_f64.powi(2) + 0.075_f64.powi(2) + 0.045_f64.powi(2)) / 3.0).sqrt();
        assert!((got.mean - 0.335).abs() < 1e-12 && (got.high - 0.335 - sd).abs() < 1e-12);
        let flat = band(&[5.0, 5.0, 5.0, 5.0], 2.0).unwrap();
        assert_eq!((flat.low, flat.high), (5.0, 5.0));
    }
}

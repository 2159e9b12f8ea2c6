//! Intervals for shares.
//!
//! In: counts. Out: bounds. Source: Wilson (1927), as given by Brown, Cai and DasGupta (2001), eq. 4.

/// The 97.5 % quantile of the normal distribution.
const Z: f64 = 1.959_963_984_540_054;

/// Wilson's 95 % interval for `k` of `n`; `None` without any `n`, or when `k` is not within it.
///
/// ```
/// use onefunnel::stats::interval::wilson;
/// let (low, high) = wilson(10.0, 100.0).unwrap();
/// assert!((low - 0.055_229).abs() < 1e-6 && (high - 0.174_366).abs() < 1e-6);
/// ```
pub fn wilson(k: f64, n: f64) -> Option<(f64, f64)> {
    if !(n > 0.0 && (0.0..=n).contains(&k)) {
        return None;
    }
    let (p, z2) = (k / n, Z * Z);
    let centre = (p + z2 / (2.0 * n)) / (1.0 + z2 / n);
    let half = Z / (1.0 + z2 / n) * (p * (1.0 - p) / n + z2 / (4.0 * n * n)).sqrt();
    // At the ends the bound is exact, whatever the rounding.
    let low = if k == 0.0 { 0.0 } else { centre - half };
    let high = if k >= n { 1.0 } else { centre + half };
    Some((low.max(0.0), high.min(1.0)))
}

#[cfg(test)]
mod tests {
    use super::wilson;

    #[test]
    fn bounds_solve_wilsons_equation() {
        // The bounds are the p for which |k/n - p| = z sqrt(p(1-p)/n): a second route, by bisection.
        for (k, n) in [(1.0, 10.0), (5.0, 10.0), (842.0, 8000.0), (12.0, 20.0), (19.0, 20.0)] {
            let gap = |p: f64| (k / n - p).abs() - 1.959_963_984_540_054 * (p * (1.0 - p) / n).sqrt();
            let bisect = |mut inside: f64, mut outside: f64| {
                for _ in 0..200 {
                    let middle = f64::midpoint(inside, outside);
                    if gap(middle) < 0.0 { inside = middle } else { outside = middle }
                }
                inside
            };
            let (low, high) = wilson(k, n).unwrap();
            assert!((low - bisect(k / n, 0.0)).abs() < 1e-12, "{k}/{n} {low}");
            assert!((high - bisect(k / n, 1.0)).abs() < 1e-12, "{k}/{n} {high}");
        }
    }

    #[test]
    fn nothing_has_no_interval_and_ends_are_exact() {
        assert_eq!(wilson(0.0, 0.0), None);
        assert_eq!(wilson(3.0, 2.0), None);
        assert_eq!(wilson(0.0, 5.0).map(|(low, _)| low), Some(0.0));
        assert_eq!(wilson(5.0, 5.0).map(|(_, high)| high), Some(1.0));
    }
}

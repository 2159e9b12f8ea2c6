//! How far two yes-or-no judgements of the same things agree.
//!
//! In: the four counts of a two-by-two table. Out: observed and expected agreement, and Cohen's κ with its interval.
//! Sources: Cohen (1960); the standard error is that of Fleiss, Cohen and Everitt (1969), eq. 13.

/// The 97.5 % quantile of the normal distribution.
const Z: f64 = 1.959_963_984_540_054;

/// How two judgements of the same things met.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Pair {
    /// Both said yes.
    pub both: u64,
    /// Only the first did.
    pub first: u64,
    /// Only the second did.
    pub second: u64,
    /// Both said no.
    pub neither: u64,
}

/// Agreement corrected for chance.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Kappa {
    /// The share judged alike.
    pub observed: f64,
    /// The share that would be, if the two judged independently, each saying yes as often as it did.
    pub expected: f64,
    /// Cohen's κ: 1 is full agreement, 0 is what chance gives; `None` where chance alone gives full agreement.
    pub kappa: Option<f64>,
    /// 95 % interval of κ, for large counts; within -1 to 1. `None` where one of the two says the same of everybody.
    pub interval: Option<(f64, f64)>,
}

impl Pair {
    /// Adds one thing and what the two said of it.
    pub fn add(&mut self, first: bool, second: bool) {
        match (first, second) {
            (true, true) => self.both += 1,
            (true, false) => self.first += 1,
            (false, true) => self.second += 1,
            (false, false) => self.neither += 1,
        }
    }

    /// Number of things judged.
    pub fn n(self) -> u64 {
        self.both + self.first + self.second + self.neither
    }

    /// Agreement; `None` without anything judged.
    ///
    /// ```
    /// use onefunnel::stats::agreement::Pair;
    /// // Viera and Garrett (2005), table 2: kappa 0.57.
    /// let kappa = Pair { both: 15, first: 10, second: 5, neither: 70 }.kappa().unwrap();
    /// assert!((kappa.observed - 0.85).abs() < 1e-12 && (kappa.kappa.unwrap() - 0.571_428_57).abs() < 1e-8);
    /// ```
    #[allow(clippy::cast_precision_loss)] // counts stay far below 2^53
    pub fn kappa(self) -> Option<Kappa> {
        if self.n() == 0 {
            return None;
        }
        let n = self.n() as f64;
        let [both, first, second, neither] = [self.both, self.first, self.second, self.neither].map(|c| c as f64 / n);
        let (a, b) = (both + first, both + second);
        let observed = both + neither;
        let expected = a * b + (1.0 - a) * (1.0 - b);
        // Both always say yes, or both always no: by counts, as the sum of shares need not be exactly 1.
        let constant = self.first == 0 && self.second == 0 && (self.both == 0 || self.neither == 0);
        if constant {
            return Some(Kappa { observed, expected, kappa: None, interval: None });
        }
        let kappa = (observed - expected) / (1.0 - expected);
        let alike =
            both * (1.0 - (a + b) * (1.0 - kappa)).powi(2) + neither * (1.0 - (2.0 - a - b) * (1.0 - kappa)).powi(2);
        let unlike = (1.0 - kappa).powi(2) * (first * (b + 1.0 - a).powi(2) + second * (a + 1.0 - b).powi(2));
        let variance = (alike + unlike - (kappa - expected * (1.0 - kappa)).powi(2)) / (n * (1.0 - expected).powi(2));
        let half = Z * variance.max(0.0).sqrt();
        // One of the two says the same of everybody: by counts, there is nothing that could vary.
        let one_sided =
            [self.both + self.first, self.both + self.second].iter().any(|yes| *yes == 0 || *yes == self.n());
        let interval = (!one_sided).then(|| ((kappa - half).max(-1.0), (kappa + half).min(1.0)));
        Some(Kappa { observed, expected, kappa: Some(kappa), interval })
    }
}

#[cfg(test)]
mod tests {
    use super::Pair;

    /// The script beside the fixture says where its figures come from. The first rows are known from print: 0.4 (Cohen's kappa of
    /// 20, 5, 10, 15), 0.57 (Viera and Garrett 2005), 0.130 and 0.259 (same agreement, other margins).
    #[test]
    fn agrees_with_statsmodels() {
        let mut tables = 0;
        for line in include_str!("../../testdata/statistics/kappa.csv").lines().skip(1) {
            let cells: Vec<f64> = line.split(',').map(|cell| cell.parse().unwrap()).collect();
            #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // counts
            let count = |i: usize| cells[i] as u64;
            let pair = Pair { both: count(0), first: count(1), second: count(2), neither: count(3) };
            let found = pair.kappa().unwrap();
            let (low, high) = found.interval.unwrap();
            for (ours, theirs) in [(found.kappa.unwrap(), cells[4]), (low, cells[5]), (high, cells[6])] {
                assert!((ours - theirs).abs() < 1e-9, "{line}: {ours}");
            }
            tables += 1;
        }
        assert_eq!(tables, 9);
    }

    #[test]
    fn nothing_to_agree_on_has_no_kappa() {
        assert_eq!(Pair::default().kappa(), None);
        for all_alike in [Pair { both: 4, ..Pair::default() }, Pair { neither: 4, ..Pair::default() }] {
            let found = all_alike.kappa().unwrap();
            assert_eq!((found.kappa, found.interval), (None, None));
            assert!((found.observed - 1.0).abs() < 1e-12);
        }
        // One says always yes, the other never: no agreement, and none expected.
        let found = Pair { first: 4, ..Pair::default() }.kappa().unwrap();
        assert!(found.observed.abs() < 1e-12 && found.kappa.is_some_and(|k| k.abs() < 1e-12));
        assert_eq!(found.interval, None);
        assert_eq!(Pair { both: 3, first: 47, ..Pair::default() }.kappa().unwrap().interval, None);
    }
}

//! Rules: credit by the position of a touch in its path.
//!
//! In: a rule, the number of touches, and the positions of the milestones. Out: whole weights, which are exact: a touch has
//! the share `weight / total`. A touch that holds two positions has the sum of their shares. A milestone that is not in the
//! path leaves its share to all others in proportion, and where no touch is in between, so does the rest.

/// A rule by position.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rule {
    /// All to the first touch.
    First,
    /// All to the last.
    Last,
    /// The same to each.
    Linear,
    /// U-shaped: first touch 50, lead creation 50.
    UFirstLead,
    /// U-shaped: first touch 40, last touch 40, the others 20 together; of two touches, each half.
    UFirstLast,
    /// W-shaped: first touch, lead creation and opportunity creation 30 each, the others 10 together.
    W,
    /// Full path: first touch, lead creation, opportunity creation and close 22.5 each, the others 10 together.
    FullPath,
}

impl Rule {
    /// All of them.
    pub const ALL: [Self; 7] =
        [Self::First, Self::Last, Self::Linear, Self::UFirstLead, Self::UFirstLast, Self::W, Self::FullPath];
}

/// Positions of the milestones in a path, from 0; `None` for one that is not in it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Milestones {
    /// The touch that made the lead.
    pub lead: Option<usize>,
    /// The touch that made the opportunity.
    pub opportunity: Option<usize>,
    /// The touch that closed the deal.
    pub close: Option<usize>,
}

/// The weights of `n` touches, put into `out`, and their sum. No touch, no weight.
///
/// ```
/// use onefunnel::stats::attribution::rules::{Milestones, Rule, weights};
/// let mut out = Vec::new();
/// let total = weights(Rule::UFirstLast, 4, Milestones::default(), &mut out);
/// assert_eq!((out.clone(), total), (vec![800, 200, 200, 800], 2000)); // 40, 10, 10, 40 %
/// let total = weights(Rule::UFirstLast, 2, Milestones::default(), &mut out);
/// assert_eq!((out, total), (vec![400, 400], 800)); // 50, 50 %
/// ```
pub fn weights(rule: Rule, n: usize, at: Milestones, out: &mut Vec<u64>) -> u64 {
    out.clear();
    if n == 0 {
        return 0;
    }
    let (first, last) = (Some(0), Some(n - 1));
    // In tenths of a percent.
    let (named, rest): (&[(Option<usize>, u64)], u64) = match rule {
        Rule::First => (&[(first, 1000)], 0),
        Rule::Last => (&[(last, 1000)], 0),
        Rule::Linear => (&[], 1000),
        Rule::UFirstLead => (&[(first, 500), (at.lead, 500)], 0),
        Rule::UFirstLast => (&[(first, 400), (last, 400)], 200),
        Rule::W => (&[(first, 300), (at.lead, 300), (at.opportunity, 300)], 100),
        Rule::FullPath => (&[(first, 225), (at.lead, 225), (at.opportunity, 225), (at.close, 225)], 100),
    };
    out.resize(n, 0);
    let held = |position: Option<usize>| position.filter(|p| *p < n);
    for (position, share) in named {
        if let Some(p) = held(*position) {
            out[p] += share;
        }
    }
    let between = out.iter().filter(|w| **w == 0).count() as u64;
    if between > 0 {
        // A share of rest ÷ between each, and everything times `between`.
        for weight in out.iter_mut() {
            *weight = if *weight == 0 { rest } else { *weight * between };
        }
    }
    out.iter().sum()
}

/// Weights that halve with every half-life before the last touch, exactly: half a half-life is not rounded down to none.
/// Times and half-life in the same unit; the last touch has the weight 1.
///
/// ```
/// use onefunnel::stats::attribution::rules::decay;
/// let mut out = Vec::new();
/// decay(&[0.0, 7.0, 14.0], 7.0, &mut out);
/// assert_eq!(out, [0.25, 0.5, 1.0]);
/// ```
pub fn decay(times: &[f64], half_life: f64, out: &mut Vec<f64>) {
    out.clear();
    let last = times.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    out.extend(times.iter().map(|time| (-(last - time) / half_life).exp2()));
}

#[cfg(test)]
mod tests {
    use super::super::split;
    use super::*;
    use proptest::prelude::*;

    fn shares(rule: Rule, n: usize, at: Milestones) -> Vec<f64> {
        let mut out = Vec::new();
        let total = weights(rule, n, at, &mut out);
        #[allow(clippy::cast_precision_loss)]
        out.iter().map(|w| *w as f64 / total as f64 * 100.0).collect()
    }

    fn at(lead: usize, opportunity: usize, close: usize) -> Milestones {
        Milestones { lead: Some(lead), opportunity: Some(opportunity), close: Some(close) }
    }

    #[test]
    fn the_weights_are_those_of_the_definitions() {
        assert_eq!(shares(Rule::W, 5, at(1, 3, 4)), [30.0, 30.0, 5.0, 30.0, 5.0]);
        assert_eq!(shares(Rule::FullPath, 6, at(1, 3, 5)), [22.5, 22.5, 5.0, 22.5, 5.0, 22.5]);
        assert_eq!(shares(Rule::UFirstLead, 4, at(2, 3, 3)), [50.0, 0.0, 50.0, 0.0]);
        assert_eq!(shares(Rule::UFirstLast, 5, at(0, 0, 0)), [40.0, 20.0 / 3.0, 20.0 / 3.0, 20.0 / 3.0, 40.0]);
        assert_eq!(shares(Rule::Linear, 4, at(0, 0, 0)), [25.0; 4]);
    }

    #[test]
    fn a_touch_with_two_positions_has_both_shares() {
        assert_eq!(shares(Rule::UFirstLead, 3, at(0, 1, 2)), [100.0, 0.0, 0.0]);
        // First and lead on one touch: 60, 30, and 10 in between.
        assert_eq!(shares(Rule::W, 3, at(0, 2, 2)), [60.0, 10.0, 30.0]);
    }

    #[test]
    fn what_is_missing_is_left_to_the_others_in_proportion() {
        let none = Milestones { lead: None, ..at(0, 2, 3) };
        // 30 and 30 and 10 of 70.
        let w = shares(Rule::W, 4, none);
        assert!((w[0] - 300.0 / 7.0).abs() < 1e-9 && (w[1] - 50.0 / 7.0).abs() < 1e-9, "{w:?}");
        // Nobody in between: 30, 30, 30 of 90.
        assert!(shares(Rule::W, 3, at(1, 2, 2)).iter().all(|s| (s - 100.0 / 3.0).abs() < 1e-9));
        assert_eq!(shares(Rule::UFirstLast, 2, at(0, 0, 0)), [50.0, 50.0]);
        // A position outside of the path is not in it.
        assert_eq!(shares(Rule::UFirstLead, 2, at(7, 0, 0)), [100.0, 0.0]);
    }

    #[test]
    fn one_touch_has_everything_and_none_has_nothing() {
        for rule in Rule::ALL {
            assert_eq!(shares(rule, 1, at(0, 0, 0)), [100.0], "{rule:?}");
            assert_eq!(shares(rule, 1, Milestones::default()), [100.0], "{rule:?}");
            assert_eq!(weights(rule, 0, at(0, 0, 0), &mut vec![1]), 0);
        }
    }

    proptest! {
        /// Whatever the path and its milestones: a deal's credit is the deal, to the last minor unit.
        #[test]
        fn credit_is_conserved(
            amount in -10_000_000_000_i64..10_000_000_000,
            n in 1_usize..60,
            at in prop::collection::vec(prop::option::of(0_usize..70), 3),
            times in prop::collection::vec(-1e10_f64..0.0, 60),
        ) {
            let at = Milestones { lead: at[0], opportunity: at[1], close: at[2] };
            let (mut out, mut parts) = (Vec::new(), Vec::new());
            for rule in Rule::ALL {
                let total = weights(rule, n, at, &mut out);
                prop_assert_eq!(out.iter().sum::<u64>(), total);
                split::exact(amount, &out, total, &mut parts);
                prop_assert_eq!(parts.iter().sum::<i64>(), amount);
                prop_assert_eq!(parts.len(), n);
            }
            let mut real = Vec::new();
            decay(&times[..n], 7.0 * 86_400_000.0, &mut real);
            split::real(amount, &real, &mut parts);
            prop_assert_eq!(parts.iter().sum::<i64>(), amount);
        }
    }

    #[test]
    fn decay_is_exact_between_half_lives() {
        let mut out = Vec::new();
        decay(&[0.0, 3.5], 7.0, &mut out);
        assert!((out[0] - 0.5_f64.sqrt()).abs() < 1e-15);
        // Years ago is next to nothing, and never not a number.
        decay(&[-1e6, 0.0], 7.0, &mut out);
        assert_eq!(out, [0.0, 1.0]);
    }
}

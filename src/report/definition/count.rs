//! The counting: sets, regions, agreement and exclusions, per period and in all.
//!
//! In: [`Sets`]. Out: [`Counts`]. The eight regions make up everybody who was asked; the exclusions in order and the
//! qualified do so too.

use super::sets::{Maturity, Sets, Tallies};
use crate::calendar::Periods;
use crate::journey::Journeys;
use crate::stats::agreement::Pair;

/// The pairs of words that are compared: ids of the first and the second.
pub const PAIRS: [(&str, &str); 3] = [("marketing", "sales"), ("marketing", "definition"), ("sales", "definition")];

/// What one rule did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Excluded {
    /// Came through all rules before it.
    pub entering: u64,
    /// It said yes.
    pub passed: u64,
    /// It said no.
    pub failed: u64,
    /// It could not tell.
    pub unknown: u64,
    /// Whomever it would say no to on its own.
    pub failed_alone: u64,
    /// Whom it could not tell of, on its own.
    pub unknown_alone: u64,
    /// Excluded by it and by no other rule.
    pub only_this: u64,
}

/// All counts. What is per period has one entry per period and the total at the end.
pub struct Counts {
    /// Everybody who is asked.
    pub universe: Tallies,
    /// Marketing's, sales' and the definition's, by the day of those who are asked.
    pub sets: [Tallies; 3],
    /// By bits: 4 marketing, 2 sales, 1 definition.
    pub regions: Vec<Tallies>,
    /// Marketing's and sales', by the day on which each said so.
    pub said: [Tallies; 2],
    /// Of these, without a known day in the range.
    pub said_elsewhere: [u64; 2],
    /// By pair of [`PAIRS`].
    pub pairs: [Vec<Pair>; 3],
    /// By rule.
    pub rules: Vec<Vec<Excluded>>,
    /// What became of those whom each rule excluded, in order.
    pub excluded: Vec<Tallies>,
}

impl Counts {
    /// Counts everybody once.
    pub fn of(sets: &Sets, journeys: &Journeys, periods: &Periods, maturity: Maturity) -> Self {
        let (all, rules) = (periods.all.len(), sets.verdicts.len());
        let none = || Tallies::new(periods);
        let pairs = || vec![Pair::default(); all + 1];
        let mut counts = Self {
            universe: none(),
            sets: [none(), none(), none()],
            regions: vec![none(); 8],
            said: [none(), none()],
            said_elsewhere: [0, 0],
            pairs: [pairs(), pairs(), pairs()],
            rules: vec![vec![Excluded::default(); all + 1]; rules],
            excluded: vec![none(); rules],
        };
        for (at, period) in sets.asked() {
            let when = (sets.day[at], period);
            let says = [sets.marketing[at], sets.sales[at], sets.qualified[at]];
            counts.universe.add(journeys, at, when, maturity);
            for (set, _) in counts.sets.iter_mut().zip(says).filter(|(_, yes)| *yes) {
                set.add(journeys, at, when, maturity);
            }
            let region = says.iter().fold(0, |bits, yes| bits * 2 + usize::from(*yes));
            counts.regions[region].add(journeys, at, when, maturity);
            let [marketing, sales, definition] = says;
            let met = [(marketing, sales), (marketing, definition), (sales, definition)];
            for (pair, (first, second)) in counts.pairs.iter_mut().zip(met) {
                pair[period].add(first, second);
                pair[all].add(first, second);
            }
            counts.ask(sets, at, period, all);
            if let Some((rule, _)) = sets.decided(at) {
                counts.excluded[rule].add(journeys, at, when, maturity);
            }
        }
        counts.say(sets, journeys, periods, maturity);
        counts
    }

    fn ask(&mut self, sets: &Sets, at: usize, period: usize, all: usize) {
        let decided = sets.decided(at).map_or(usize::MAX, |(rule, _)| rule);
        let no = sets.asks(at).filter(|(_, verdict)| *verdict != Some(true)).count();
        for (r, verdict) in sets.asks(at) {
            for row in [period, all] {
                let row = &mut self.rules[r][row];
                row.failed_alone += u64::from(verdict == Some(false));
                row.unknown_alone += u64::from(verdict.is_none());
                row.only_this += u64::from(verdict != Some(true) && no == 1);
                if r <= decided {
                    row.entering += 1;
                    row.passed += u64::from(verdict == Some(true));
                    row.failed += u64::from(verdict == Some(false));
                    row.unknown += u64::from(verdict.is_none());
                }
            }
        }
    }

    /// Those whom a team called qualified in the period, whenever they were asked.
    fn say(&mut self, sets: &Sets, journeys: &Journeys, periods: &Periods, maturity: Maturity) {
        for (team, stage) in [sets.stages.0, sets.stages.1].into_iter().enumerate() {
            let said = &journeys.shown[stage];
            for at in (0..journeys.len()).filter(|at| sets.kept[*at] && said[*at]) {
                let day = journeys.stages[stage][at].day();
                match day.and_then(|day| periods.index(day).map(|period| (day, period))) {
                    Some(when) => self.said[team].add(journeys, at, when, maturity),
                    None => self.said_elsewhere[team] += 1,
                }
            }
        }
    }
}

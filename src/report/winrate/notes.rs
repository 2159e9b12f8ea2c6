//! What a reader of win rates has to know: what is young, what is few, and what the exports leave out.
//!
//! In: the counts and which processes count. Out: one sentence each.

use std::collections::BTreeMap;

use super::View;
use super::count::{FEW, Key, NOTHING, Rate, Why};
use super::layout::{FEW_MARK, YOUNG};
use crate::journey::{NO_DAY, Outcome};
use crate::output::number;
use crate::report::Unit;
use crate::tables::{Kind, NO_MONEY};

impl View<'_> {
    pub fn notes(&self, condition: Option<&str>, keep: &[bool]) -> Vec<String> {
        let mut notes = vec![
            "Spread is the distance between the highest and the lowest rate of a line: who quotes one of them should say which.".to_string(),
        ];
        if let Some((points, high, low)) = self.spread((None, None)).filter(|(points, ..)| *points > 0.0) {
            notes.push(format!(
                "Over all days the flattering one is `{}`, and the sober one `{}`: {} apart.",
                high.title(),
                low.title(),
                number::people(points, Unit::Points).trim_start_matches('+')
            ));
        }
        let lines = self.lines();
        if lines.iter().any(|(_, key)| self.rises(Rate::Close, *key)) {
            let young = self.mature_after.map_or_else(String::new, |days| format!(" and younger than {days} days"));
            notes.push(format!(
                "Of a close rate marked {YOUNG} some deals are open{young}: it will still rise, and is in no spread."
            ));
        }
        for rate in Rate::ALL {
            let mut reasons: Vec<Why> =
                lines.iter().filter_map(|(_, key)| self.figure(rate, *key).value.err()).collect();
            reasons.retain(|why| *why != NOTHING);
            reasons.sort_unstable();
            reasons.dedup();
            notes.extend(reasons.iter().map(|(_, why)| format!("Without a value: `{}`, because {why}.", rate.title())));
        }
        let few = |key: Key| {
            Rate::ALL.iter().any(|r| {
                let figure = self.figure(*r, key);
                figure.value.is_ok() && figure.n < FEW
            })
        };
        if lines.iter().any(|(_, key)| few(*key)) {
            notes.push(format!(
                "Rates marked {FEW_MARK} are of fewer than {FEW} deals: they say little, and are in no spread."
            ));
        }
        notes.extend(self.decisions(keep));
        notes.extend(self.left_out(keep));
        if let Some(condition) = condition {
            let kept = keep.iter().filter(|k| **k).count();
            notes.push(format!("Only processes where {condition}: {kept} of {}.", self.data.journeys.len()));
        }
        notes
    }

    /// The deals that count and closed within the days shown.
    fn closed<'k>(&'k self, keep: &'k [bool]) -> impl Iterator<Item = usize> + 'k {
        let closed = &self.data.journeys.closed;
        let shown = |at: &usize| closed[*at] != NO_DAY && self.periods.index(closed[*at]).is_some();
        (0..closed.len()).filter(|at| keep[*at]).filter(shown)
    }

    /// Which lost deals are taken as ended without a decision.
    fn decisions(&self, keep: &[bool]) -> Option<String> {
        let journeys = &self.data.journeys;
        if !self.known.reasons {
            let lost = self.closed(keep).any(|at| journeys.outcome[at] == Outcome::Lost);
            return lost.then(|| {
                "No export says why deals were lost, so those that ended without a decision are among the lost: `Narrow` equals `Broad`.".into()
            });
        }
        let reasons = self.data.tables.get(Kind::Deals).codes("lost_reason");
        let mut found: BTreeMap<&str, u64> = BTreeMap::new();
        for at in self.closed(keep).filter(|at| journeys.outcome[*at] == Outcome::Derailed) {
            let reason = reasons.get(journeys.deal[at] as usize).and_then(|code| self.data.tables.names.text(*code));
            *found.entry(reason.unwrap_or_default()).or_default() += 1;
        }
        let list: Vec<String> = found.iter().map(|(reason, n)| format!("{n} × {reason}")).collect();
        Some(match list.len() {
            0 => "No lost reason means that there was no decision (no_decision in the contract).".into(),
            _ => format!("Ended without a decision, by the lost reason: {}.", list.join(", ")),
        })
    }

    /// Closed deals that some rate lacks.
    fn left_out(&self, keep: &[bool]) -> Vec<String> {
        let journeys = &self.data.journeys;
        let mut notes = Vec::new();
        let decided = |at: usize| matches!(journeys.outcome[at], Outcome::Won | Outcome::Lost | Outcome::Derailed);
        let lost = |at: usize| matches!(journeys.outcome[at], Outcome::Lost | Outcome::Derailed);
        let counted = |test: &dyn Fn(usize) -> bool| self.closed(keep).filter(|at| test(*at)).count() as u64;
        let no_amount = counted(&|at| decided(at) && journeys.amount[at] == NO_MONEY);
        if no_amount > 0 && self.known.amounts {
            let one = "closed deal has no amount: it is not in the rate by amount";
            let many = "closed deals have no amount: they are not in the rate by amount";
            notes.push(format!("{}.", number::of(no_amount, one, many)));
        }
        let zero = counted(&|at| lost(at) && journeys.amount[at] == 0);
        if zero > 0 {
            let (one, many) = ("lost deal has the amount 0", "lost deals have the amount 0");
            notes.push(format!("{}, which lifts the rate by amount.", number::of(zero, one, many)));
        }
        // Nobody knows in which period they closed: those that were created later, or before, are not of these days.
        let created = |at: usize| journeys.created[at];
        let of_days = |at: usize| created(at) == NO_DAY || self.periods.index(created(at)).is_some();
        let undated = (0..journeys.len())
            .filter(|at| keep[*at] && decided(*at) && journeys.closed[*at] == NO_DAY && of_days(*at))
            .count() as u64;
        if undated > 0 {
            let (one, many) = ("closed deal has no close date", "closed deals have no close date");
            notes.push(format!(
                "{}: no period counts {}.",
                number::of(undated, one, many),
                if undated == 1 { "it" } else { "them" }
            ));
        }
        notes
    }
}

//! What a reader of the hand-off has to know.
//!
//! In: the sums and the agreement. Out: one sentence each.

use std::fmt::Write as _;

use super::count::Figures;
use super::layout::{FEW, View};
use crate::contract::Owner;
use crate::output::number;
use crate::report::Unit;

impl View<'_> {
    pub fn notes(&self, condition: Option<&str>, keep: &[bool]) -> Vec<String> {
        let contract = &self.data.session.contract;
        let agreed = self.agreed();
        let none = Figures::default();
        let all = self.figures(None).unwrap_or(&none);
        let title = |stage: usize| contract.stages[stage].title.as_str();
        let mut notes = Vec::new();
        let who = match agreed.first_touch_by {
            Owner::Sales => "sales",
            Owner::Marketing => "marketing",
            Owner::Both => "either team",
        };
        let zone = agreed.timezone.as_deref().unwrap_or(&contract.timezone.value);
        let holidays = match agreed.holidays.len() {
            0 => String::new(),
            n => format!(", {n} holidays left out"),
        };
        let by_whom = if agreed.agreed { "by the contract" } else { "assumed, as the contract has no [handoff]" };
        notes.push(format!(
            "Agreement ({by_whom}): the first touch by {who} within {} in {zone}{holidays}, counted from {}; {} says that a lead was accepted. All times are hours of that clock.",
            self.agreement(), title(self.stages.0), title(self.stages.1)
        ));
        if self.handed.touches {
            notes.push(format!(
                "{} qualified here: {} whose time is over were touched within it, {} later or never{}, {} still have time and are neither.",
                all.qualified,
                all.kept,
                all.broken,
                if all.unknown > 0 { format!(", of {} only days are known that leave it open", all.unknown) } else { String::new() },
                all.open
            ));
            notes.push(
                "Median and `90 % by` are estimated for everybody (Kaplan and Meier): who was never touched has waited until as-of, and counts as waiting for so long. A dash: so many were not touched, or too few are left to tell.".into(),
            );
        } else {
            notes.push(format!(
                "No export has a touch by {who} that could count: how soon they were in touch, and who was left alone, is not known. {} of {} have no decision.",
                all.qualified - all.decided(), all.qualified
            ));
        }
        let mut first = String::from("First disposition, so that the parts add up.");
        if all.accepted_inferred > 0 {
            let _ = write!(
                first,
                " Of those accepted, {} have no record of {}: a later stage shows that they were.",
                all.accepted_inferred,
                title(self.stages.1)
            );
        }
        notes.push(first);
        if all.undated > 0 {
            notes.push(format!(
                "Turned down or sent back on a day that no export tells: {}. Their records say so now; it may have been after {}.",
                all.undated, self.data.session.as_of
            ));
        }
        notes.push(
            "Owners are those of the records now: a lead that became a deal has that of its contact, so whoever works deals seems to lose no lead.".into(),
        );
        if all.before > 0 {
            notes.push(format!("{} had been touched before they qualified, which does not count.", all.before));
        }
        if all.decided_untouched > 0 {
            notes.push(format!("{} were decided about without any touch on record.", all.decided_untouched));
        }
        if all.days_only > 0 {
            notes.push(format!(
                "Of {} only the day is known: they are in no hours, and within the time only if that is certain.",
                all.days_only
            ));
        }
        if self.counted.inferred > 0 {
            notes.push(format!(
                "Left out: {} that passed {} without a record of it; nobody handed them over.",
                self.counted.inferred,
                title(self.stages.0)
            ));
        }
        if !self.handed.undated.is_empty() {
            notes.push(format!(
                "Left out: {} that reached {} on a day nobody knows.",
                self.handed.undated.len(),
                title(self.stages.0)
            ));
        }
        if self.counted.outside > 0 {
            notes.push(format!("{} qualified outside of the days shown.", self.counted.outside));
        }
        notes.push(self.money_note());
        self.rejection_note(all, &mut notes);
        let few = self.counted.figures.iter().filter(|((_, period), f)| period.is_none() && f.qualified < FEW).count();
        if few > 0 {
            notes.push(format!("{few} groups have fewer than {FEW} leads: their shares say little."));
        }
        if let Some(condition) = condition {
            let kept = keep.iter().filter(|k| **k).count();
            notes.push(format!("Only processes where {condition}: {kept} of {}.", keep.len()));
        }
        notes
    }

    pub fn money_note(&self) -> String {
        let (n, minor) = self.judge.old_enough;
        let (value, days) = match (self.judge.value(), self.judge.mature_after) {
            (Ok(value), Some(days)) => (value, days),
            (Err(why), _) => return format!("At stake is missing: {why}."),
            (Ok(_), None) => return "At stake is missing: no win tells how long one takes.".into(),
        };
        #[allow(clippy::cast_precision_loss)]
        let total = minor as f64 / self.minor();
        let money = |v: f64| number::people(v, Unit::Money);
        let (valued, won) = self.judge.won;
        let without = if valued < won {
            format!(" {} of the {won} deals won have no amount.", won - valued)
        } else {
            String::new()
        };
        format!(
            "At stake = leaked × {} {}: what leads that qualified at least {days} days before as-of ({n}) brought in by now ({}), leaked ones among them, per lead.{without}",
            money(value / self.minor()),
            self.data.session.contract.currency,
            money(total)
        )
    }

    pub fn rejection_note(&self, all: &Figures, notes: &mut Vec<String>) {
        let rejected: u64 = self.counted.reasons.values().sum();
        if rejected == 0 {
            return;
        }
        if !self.handed.reasons {
            notes.push(format!("No export has a reason for the {} that were turned down.", all.rejected_ever));
            return;
        }
        let without = self.counted.reasons.get("").copied().unwrap_or(0);
        notes.push(format!("{} of {rejected} that were turned down have a reason.", rejected - without));
    }
}

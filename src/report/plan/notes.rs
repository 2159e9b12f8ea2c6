//! What the figures of a plan mean, and what they do not know.

use super::Base;
use super::count::{PACE_DAYS, sale};
use super::layout::leads;
use super::timed::{Timed, of, shown};
use crate::cli::PlanArgs;
use crate::contract::{Aim, Goal};
use crate::journey::How;
use crate::output::number;
use crate::report::Unit;

/// Won deals below which a note says that there are few.
const FEW: usize = 30;

impl Base<'_> {
    /// One sentence each.
    pub fn notes(&self, timed: &[Timed], coming: &[Goal], nothing: Option<&str>, args: &PlanArgs) -> Vec<String> {
        let mut notes = Vec::new();
        if let Some(why) = nothing {
            notes.push(format!("No plan can be made: {why}."));
        }
        if nothing.is_none() && self.deal.is_none() && coming.iter().any(|goal| goal.aim == Aim::WonRevenue) {
            notes.push(
                "Revenue cannot be planned: no won deal has an amount. --assume average_deal=75000 says one, or plan for \
                 deals_won."
                    .into(),
            );
        }
        for goal in self.asked.goals.iter().filter(|goal| goal.period.end <= self.as_of) {
            let (value, came) = (goal.value, of(goal.aim, self.already(goal.period.start, goal.period.end)));
            notes.push(format!(
                "{} in {} is over: {} came of {} ({}).",
                goal.aim.id(),
                goal.period.label,
                number::people(came, Unit::Count),
                number::people(value, Unit::Count),
                number::people(came / value, Unit::Share)
            ));
        }
        for one in timed {
            notes.extend(self.reach_of(one));
        }
        if nothing.is_none() {
            notes.extend(self.measured_notes(timed, args));
        }
        if !self.asked.assumed.is_empty() {
            let changed = if (self.factor - 1.0).abs() > 1e-12 {
                format!(
                    " An assumed rate changes how many new leads reach the stage it leads to, and every stage after it, \
                     their wins by {}; how long things take, those in hand and deals without a lead stay as measured.",
                    number::people(self.factor - 1.0, Unit::Change)
                )
            } else {
                String::new()
            };
            notes.push(format!("Assumed: {}.{changed}", args.assume.join(", ")));
            let vain = self.assumed_in_vain();
            if !vain.is_empty() {
                notes.push(format!(
                    "In the plain division only: {}, as nobody was seen to take that step.",
                    vain.join(", ")
                ));
            }
        }
        if let Some(condition) = &args.condition {
            notes.push(format!("Only processes where {condition}; targets of the contract are for all, and left out."));
            let by: Vec<String> = Vec::new();
            notes.extend(self.data.as_they_are_now(&by, Some(condition)));
        }
        notes
    }

    /// What cannot be reached any more.
    fn reach_of(&self, one: &Timed) -> Option<String> {
        let first = self.title(0).to_lowercase();
        let name = Self::called(one);
        if one.gap <= 0.0 {
            return Some(format!(
                "{name}: what is won and in hand is expected to be enough; no new {first} is needed."
            ));
        }
        let per_deal = if one.goal.aim == Aim::WonRevenue { self.deal.unwrap_or(0.0) } else { 1.0 };
        let before = one.gap / (one.eventual * per_deal);
        let before = before.is_finite().then(|| {
            format!("It would have needed {} new buyers more, early enough before {}", leads(before), shown(self.as_of))
        });
        let before = before.unwrap_or_else(|| "No new buyer was ever seen to be won".into());
        match (one.leads, one.last_useful) {
            (None, _) => Some(format!(
                "{name} cannot be reached by new leads any more: of those who arrive after {}, less than one in {} (as \
                 many as were ever followed) is won by {}. Without them it is reached in {} of the draws. {before}.",
                shown(self.as_of),
                number::whole(self.followed() as u64),
                shown(one.goal.period.end),
                number::people(one.likely_without, Unit::Share)
            )),
            (Some(_), Some(day)) if day <= self.as_of => Some(format!(
                "{name}: the last useful day to arrive was {}, and fewer than {} of the wins of those who come now are in \
                 time. {before}.",
                shown(day),
                number::people(self.asked.quantile, Unit::Share)
            )),
            (Some(needed), _) if self.pace[0] > 0.0 && needed > 5.0 * self.pace[0] * super::layout::MONTH => {
                Some(format!(
                    "{name} is out of reach at anything like the present pace: it takes {:.0} times as many new buyers.",
                    needed / (self.pace[0] * super::layout::MONTH)
                ))
            }
            (Some(_), Some(day)) if day < one.goal.period.end => Some(format!(
                "{name}: new buyers are planned as many in each month; those who come after {} bring only {} of the wins \
                 that it needs.",
                shown(day),
                number::people(1.0 - one.useful.1, Unit::Share)
            )),
            _ => None,
        }
    }

    /// Who is out, and who is nobody's work.
    fn gone(&self) -> Vec<String> {
        let handoff = &self.data.session.contract.handoff;
        let mut notes = Vec::new();
        let out: u64 = self.m.turned_down.iter().sum();
        if out > 0 {
            notes.push(format!(
                "Not open: {}, turned down ([handoff] rejected: {}). They left on that day, so the chances of those still \
                 open are of people who are not turned down.",
                number::of(out, "person", "people"),
                handoff.rejected.join(", ")
            ));
        }
        let waiting: u64 = self.m.waiting.iter().sum();
        if waiting > self.m.down_undated {
            notes.push(format!(
                "Sent back: {} ([handoff] recycled: {}), with the chance of everybody at their stage, as such people come \
                 again.",
                number::of(waiting - self.m.down_undated, "person", "people"),
                handoff.recycled.join(", ")
            ));
        }
        if self.m.down_undated > 0 {
            notes.push(format!(
                "Among those sent back: {} turned down on a day that no export tells. They stay in the curves up to {}, and \
                 so have a part in the chance.",
                number::of(self.m.down_undated, "person", "people"),
                shown(self.as_of)
            ));
        }
        if self.m.apart > 0 {
            let own = |place: &usize| self.m.stays.iter().any(|stay| stay.stage == 2 * place + 1);
            let titles: Vec<&str> = (0..self.m.stages.len()).filter(own).map(|place| self.title(place)).collect();
            notes.push(format!(
                "{} began later than at {}: enough to measure their chances apart from those of leads ({}).",
                number::of(self.m.apart, "process", "processes"),
                self.title(0),
                titles.join(", ")
            ));
        } else if self.m.came.iter().any(|came| came.stage > 0) {
            notes.push(format!(
                "Who began later than at {} is too few to have chances apart: that they came in otherwise is taken to say \
                 nothing.",
                self.title(0)
            ));
        }
        notes
    }

    /// That stages are paced by what is recorded, where more is known to have reached them.
    fn recorded(&self) -> Option<String> {
        let contract = &self.data.session.contract;
        let paced =
            |stage: &&usize| contract.targets.iter().any(|t| t.stage.value == contract.stages[**stage].id.value);
        let skipped = |stage: &usize| {
            let reached = &self.data.journeys.stages[*stage];
            let n = reached.iter().filter(|r| r.how == How::Inferred).count();
            (n > 0).then(|| {
                let all = reached.iter().filter(|r| r.day().is_some()).count();
                format!(
                    "{} {} of {}",
                    contract.stages[*stage].title,
                    number::whole(n as u64),
                    number::whole(all as u64)
                )
            })
        };
        let skipped: Vec<String> = self.m.stages.iter().filter(paced).filter_map(skipped).collect();
        (!skipped.is_empty() && self.whole).then(|| {
            format!(
                "Pacing counts who is recorded at a stage; the months and the work of sales also count who skipped it: {}.",
                skipped.join(", ")
            )
        })
    }

    fn measured_notes(&self, timed: &[Timed], args: &PlanArgs) -> Vec<String> {
        let contract = &self.data.session.contract;
        let won = &contract.stages[sale(&contract.stages)].title;
        let mut notes = vec![format!(
            "Chances: for each stage, what became of everybody who was there for so many days (Aalen–Johansen: later \
             stages, {won} and losses compete), from then on through the later stages. How long somebody took to reach a \
             stage is taken to say nothing about how it goes on. {} won deals are in the curves{}.",
            self.m.wins(),
            self.asked
                .from
                .map_or_else(String::new, |from| format!(", of those who began on {} or later", shown(from)))
        )];
        if self.m.wins() < FEW {
            notes.push(format!(
                "Few: only {} behind the curves, so the intervals are wide, and still too narrow for what has not been \
                 seen yet.",
                number::of(self.m.wins() as u64, "won deal stands", "won deals stand")
            ));
        }
        let unknown: Vec<String> = (0..self.m.stages.len())
            .map(|stage| {
                let curve = &self.model.curves[2 * stage];
                let (title, days) = (self.title(stage), curve.len().saturating_sub(1));
                if curve.is_empty() {
                    format!("{title} (too few)")
                } else {
                    format!("{title} {days} d ({})", number::people(curve.unknown(), Unit::Share))
                }
            })
            .collect();
        notes.push(format!(
            "Nobody, or too few, were followed at a stage for longer than this, and what becomes of those still there then \
             is in no figure: {}.",
            unknown.join(", ")
        ));
        notes.extend(self.gone());
        notes.extend(self.recorded());
        let old: u64 = timed.first().map_or(0, |one| one.hand.iter().map(|hand| hand.unknown).sum());
        if old > 0 {
            notes.push(format!(
                "Too old: {old} are open for longer than anybody was followed; no chance is given to them."
            ));
        }
        if self.m.open_undated + self.m.won_unseen > 0 {
            notes.push(format!(
                "In no curve: {} open and {} won without a stage on a known day.",
                self.m.open_undated, self.m.won_unseen
            ));
        }
        notes.push(format!(
            "At present: new buyers of the {} days up to {}, per month of 30.4 days. Without a lead: deals that begin \
             later than {}; they go on at their present pace.",
            number::people(self.m.pace_days, Unit::Count),
            shown(self.m.known),
            self.title(0)
        ));
        debug_assert!(self.m.pace_days <= f64::from(PACE_DAYS));
        if let Some(deal) = self.deal {
            let how = if self.asked.deal().is_some() { "assumed" } else { "the mean of what was won" };
            notes.push(format!(
                "Amounts: an open deal counts with its own amount, as the exports hold it ({} have none); whoever has no \
                 deal yet counts with {} ({how}).",
                number::of(self.m.without_amount, "open deal", "open deals"),
                number::people(deal, Unit::Money)
            ));
            if timed.iter().any(|one| one.goal.aim == Aim::WonRevenue) {
                notes.push(format!(
                    "The deals of the target and of the gap are amounts divided by {}; those won and in hand are counted, \
                     and have amounts of their own: the column of deals does not add up.",
                    number::people(deal, Unit::Money)
                ));
            }
        }
        if let Some(cost) = &self.cost_of {
            notes.push(format!(
                "Cost per lead: marketing's spend of {} to {}, {}, by {} new buyers of those days.",
                shown(cost.from),
                shown(cost.to),
                number::people(cost.spend.round(), Unit::Count),
                number::whole(cost.leads)
            ));
        } else if let Err(why) = &self.cost
            && !timed.is_empty()
        {
            notes.push(format!("Spend is missing: {why}."));
        }
        notes.push(intervals(self, args));
        notes
    }
}

/// How the intervals are made.
pub fn intervals(base: &Base<'_>, args: &PlanArgs) -> String {
    format!(
        "Intervals: 80 %, from {} resamples of {} clusters (seed {}); the people and deals of one of {} accounts stay \
         together. In hand and at the end they hold chance too; of the leads needed, what is uncertain in the rates and in \
         what is in hand.",
        args.samples,
        number::whole(base.m.clusters as u64),
        args.seed,
        number::whole(base.m.accounts as u64)
    )
}

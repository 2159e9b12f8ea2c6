//! Stages and order in time: skipped, undated, out of order, moved back, and spans that are less than nothing.
//!
//! In: the processes and the history of stages. Out: [`Check`]s.

use std::collections::{BTreeMap, HashMap};

use super::check::{Check, Rule, Tally, View, Weight, Why};
use crate::journey::{How, NO_DAY, Outcome};
use crate::tables::{Kind, NONE, Origin};
use crate::time::Stamp;

const SKIPPED: Rule = ("skipped_stage", Weight::Medium, "dated by the earliest later stage; median days leave it out");
const UNDATED: Rule = ("undated_stage", Weight::High, "no period counts it");
const ORDER: Rule = ("stage_out_of_order", Weight::Medium, "less than no days to the next stage: medians are too low");
const BACK: Rule = ("moved_back", Weight::Low, "counts once, from its first time in each stage");
const CLOSED: Rule = ("closed_before_created", Weight::High, "a sales cycle below zero: the median is too low");
const WON: Rule = ("won_before_contact", Weight::High, "a creation cycle below zero: the median is too low");
const CONVERTED: Rule =
    ("converted_before_created", Weight::Medium, "one of the two dates is wrong, and with it the cohort");

/// Every check of this group.
pub fn checks(view: &View<'_>) -> Vec<Check> {
    let mut checks = reached(view);
    checks.extend([("people", "person_id"), ("deals", "deal_id")].map(|(of, id)| moved_back(view, of, id)));
    checks.extend(negative(view));
    checks
}

/// A row that stands for each process: its deal, else its first person.
fn homes(view: &View<'_>) -> Vec<Option<Origin>> {
    let journeys = &view.data.journeys;
    let mut homes = vec![None; journeys.len()];
    let people = view.table(Kind::People);
    for (row, process) in journeys.of_person.iter().enumerate() {
        homes[*process as usize].get_or_insert(people.origin[row]);
    }
    for (home, deal) in homes.iter_mut().zip(&journeys.deal).filter(|(_, deal)| **deal != NONE) {
        *home = Some(view.table(Kind::Deals).origin[*deal as usize]);
    }
    homes
}

fn reached(view: &View<'_>) -> Vec<Check> {
    let journeys = &view.data.journeys;
    let homes = homes(view);
    let stages = &view.data.session.contract.stages;
    let count = |s: usize, seen: &dyn Fn(usize) -> Option<bool>| -> Result<Tally, Why> {
        if !journeys.seen[s] {
            return Err(Why::Other(format!("no export shows when {} is reached", stages[s].title)));
        }
        let mut tally = Tally::new();
        for (at, home) in homes.iter().enumerate() {
            if let (Some(home), Some(found)) = (home, seen(at)) {
                view.add(&mut tally, *home, journeys.stages[s][at].day(), found);
            }
        }
        Ok(tally)
    };
    // The earliest recorded day of any later stage, by process.
    let mut later = vec![NO_DAY; journeys.len()];
    let mut out_of_order = Vec::new();
    for s in (0..stages.len()).rev() {
        let stage = &journeys.stages[s];
        let recorded = |at: usize| stage[at].how == How::Recorded;
        out_of_order.push(count(s, &|at| recorded(at).then_some(later[at] != NO_DAY && later[at] < stage[at].day)));
        for (at, later) in later.iter_mut().enumerate().filter(|(at, _)| recorded(*at)) {
            *later = if *later == NO_DAY { stage[at].day } else { stage[at].day.min(*later) };
        }
    }
    out_of_order.reverse();
    let mut checks = Vec::new();
    for (s, order) in out_of_order.into_iter().enumerate() {
        let stage = &journeys.stages[s];
        let (id, title) = (&stages[s].id.value, &stages[s].title);
        let of = |how: How| move |at: usize| stage[at].is().then_some(stage[at].how == how);
        let skipped = count(s, &of(How::Inferred));
        let undated = count(s, &of(How::Undated));
        checks.push(Check::new(SKIPPED, "processes", format!("Skipped the stage {title}"), skipped).about(id));
        checks.push(Check::new(UNDATED, "processes", format!("Reached {title} on an unknown day"), undated).about(id));
        checks.push(Check::new(ORDER, "processes", format!("Reached {title} after a later stage"), order).about(id));
    }
    checks
}

/// One record's values of one field, in order: when, row of `stage_changes`, old value, new value.
type History = Vec<(Stamp, usize, u32, u32)>;

/// Changes to a value that, in most records that had both, comes before the one that was left.
///
/// The order is that of the history itself, so it holds for any names in any language. Of two values each of which comes
/// first as often, neither is before the other.
fn moved_back(view: &View<'_>, of: &'static str, id: &str) -> Check {
    let counted = view.needs(&[(Kind::StageChanges, &[id])]).map(|()| {
        let changes = view.table(Kind::StageChanges);
        let (who, at, field) = (changes.codes(id), changes.times("at"), changes.codes("field"));
        let (old, new) = (changes.codes("old"), changes.codes("new"));
        let mut histories: BTreeMap<(u32, u32), History> = BTreeMap::new();
        for row in (0..changes.len()).filter(|row| who[*row] != NONE && new[*row] != NONE) {
            histories.entry((who[row], field[row])).or_default().push((at[row], row, old[row], new[row]));
        }
        for history in histories.values_mut() {
            history.sort_unstable_by_key(|(at, row, ..)| (*at, *row));
            for i in 1..history.len() {
                if history[i].2 == NONE {
                    history[i].2 = history[i - 1].3;
                }
            }
        }
        let mut before: HashMap<(u32, u32), u32> = HashMap::new();
        for history in histories.values() {
            let mut seen: Vec<u32> = Vec::new();
            for value in history.iter().take(1).map(|h| h.2).chain(history.iter().map(|h| h.3)) {
                if value != NONE && !seen.contains(&value) {
                    for earlier in &seen {
                        *before.entry((*earlier, value)).or_default() += 1;
                    }
                    seen.push(value);
                }
            }
        }
        let often = |a: u32, b: u32| before.get(&(a, b)).copied().unwrap_or(0);
        let mut seen: Vec<Option<bool>> = vec![None; changes.len()];
        for (_, row, from, to) in histories.values().flatten().filter(|(_, _, from, to)| *from != NONE && from != to) {
            seen[*row] = Some(often(*to, *from) > often(*from, *to));
        }
        view.count(Kind::StageChanges, view.days(Kind::StageChanges), |row| seen[row])
    });
    let title = format!("Changes of {of} back to an earlier stage or status");
    Check::new(BACK, "stage_changes", title, counted).about(of)
}

fn negative(view: &View<'_>) -> Vec<Check> {
    let journeys = &view.data.journeys;
    let deals = view.table(Kind::Deals);
    let (created, closed) = (deals.times("created_at"), deals.times("closed_at"));
    let days: Vec<Option<i32>> = closed.iter().map(|at| view.day(*at)).collect();
    let ended = |row: usize| (journeys.outcome[row] != Outcome::Open).then_some(());
    let before = view.needs(&[(Kind::Deals, &["created_at"]), (Kind::Deals, &["closed_at"])]).map(|()| {
        let below = |row: usize| Some(days[row]? < view.day(created[row])?);
        view.count(Kind::Deals, &days, |row| ended(row).and_then(|()| below(row)))
    });
    let won = view.needs(&[(Kind::Deals, &["closed_at"])]).map(|()| {
        view.count(Kind::Deals, &days, |row| {
            (journeys.outcome[row] == Outcome::Won).then(|| journeys.days_to_won(row)).flatten().map(|days| days < 0)
        })
    });
    let people = view.table(Kind::People);
    let converted = view.needs(&[(Kind::People, &["converted_at"]), (Kind::People, &["created_at"])]).map(|()| {
        let (made, became) = (people.times("created_at"), people.times("converted_at"));
        let days: Vec<Option<i32>> = became.iter().map(|at| view.day(*at)).collect();
        view.count(Kind::People, &days, |row| Some(days[row]? < view.day(made[row])?))
    });
    vec![
        Check::new(CLOSED, "deals", "Deals that closed before they were created", before),
        Check::new(WON, "deals", "Won before the first recorded contact", won),
        Check::new(CONVERTED, "people", "Leads converted before they were created", converted),
    ]
}

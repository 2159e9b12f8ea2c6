//! What a reader of a funnel has to know: how it was counted, and what it leaves out.
//!
//! In: a [`Side`] and the processes that are kept. Out: one sentence each.

use super::Side;
use super::count::{Counts, Kept};
use crate::cli::{Basis, Entry, Skips};
use crate::journey::{How, NO_DAY, Spell};
use crate::output::number;
use crate::report::Unit;
use crate::session::Data;

/// How a side counts, in words.
pub fn how_counted(side: &Side<'_>) -> String {
    let policy = side.entries.policy();
    let basis = match (side.basis, side.horizon) {
        (Basis::Horizon, Some(days)) => format!("basis horizon of {days} days"),
        (basis, _) => format!("basis {}", basis.id()),
    };
    let entry = match policy.entry {
        Entry::First => "the first entry of each stage",
        Entry::Last => "the last entry of each stage",
        Entry::Each => "each entry of a stage on its own",
    };
    let skips = match policy.skips {
        Skips::Inferred => "inferred",
        Skips::Strict => "not reached (strict)",
    };
    format!("{basis}, {entry}, skipped stages {skips}")
}

/// Below this many a share says little.
const FEW: u64 = 5;

/// The stages of which so few are counted that their share says little.
pub fn few(side: &Side<'_>, counts: &Counts) -> Option<String> {
    let rows = counts.get(None, None)?.iter().enumerate();
    let few = rows.filter(|(at, row)| at + 1 < side.len() && (1..FEW).contains(&side.base(row)));
    let titles: Vec<&str> = few.map(|(at, _)| side.title(at)).collect();
    (!titles.is_empty()).then(|| format!("Shares of fewer than {FEW} say little: {}.", titles.join(", ")))
}

/// What the spells of all processes that are kept come to.
#[derive(Default)]
struct Sums {
    counted: usize,
    outside: usize,
    never: usize,
    later_start: usize,
    inferred: usize,
    undated: usize,
    immature: usize,
    backward: usize,
    returned: usize,
    returns: usize,
    skipped: usize,
}

fn sums(side: &Side<'_>, kept: &Kept<'_>) -> Sums {
    let mut sums = Sums::default();
    let mut spells: Vec<Vec<Spell>> = Vec::new();
    for at in (0..side.journeys.len()).filter(|at| kept.keep[*at]) {
        side.entries.spells(at, &mut spells);
        let all = || spells.iter().flatten();
        let mut began = all().map(|s| s.began).filter(|day| *day != NO_DAY).peekable();
        match (began.peek().is_some(), began.any(|day| side.periods.index(day).is_some())) {
            (false, _) => sums.never += 1,
            (true, true) => sums.counted += 1,
            (true, false) => sums.outside += 1,
        }
        // Only of those that are counted: of the days shown.
        let counted = |s: &&Spell| side.anchor(s).is_some_and(|day| side.periods.index(day).is_some());
        let here = all().any(|s| counted(&s));
        sums.later_start += usize::from(spells.first().is_some_and(Vec::is_empty) && here);
        sums.inferred += all().filter(counted).filter(|s| s.here.how == How::Inferred).count();
        sums.undated += all().filter(|s| s.here.how == How::Undated).count();
        let in_days = |s: &&Spell| s.here.day().is_some_and(|day| side.periods.index(day).is_some());
        sums.immature += all().filter(in_days).filter(|s| !side.observed(s.here.day)).count();
        let backward = |s: &&Spell| s.next.day().is_some_and(|day| day < s.here.day);
        sums.backward += all().filter(in_days).filter(|s| side.observed(s.here.day)).filter(backward).count();
        let skipped = |(spells, s): (&Vec<Spell>, &usize)| spells.is_empty() && side.journeys.stages[*s][at].is();
        let missed = spells.iter().zip(side.entries.shown()).filter(|pair| skipped(*pair)).count();
        sums.skipped += if here { missed } else { 0 };
        let again = all().filter(counted).filter(|s| s.again).count();
        sums.returned += usize::from(again > 0);
        sums.returns += again;
    }
    sums
}

/// The notes of a funnel.
pub fn notes(data: &Data, side: &Side<'_>, counts: &Counts, kept: &Kept<'_>, condition: Option<&str>) -> Vec<String> {
    let sums = sums(side, kept);
    let all = kept.keep.iter().filter(|keep| **keep).count();
    let mut notes = vec![format!("Counted: {}.", how_counted(side))];
    match side.basis {
        Basis::Cohort => {
            let Sums { counted, outside, never, .. } = sums;
            notes.push(format!(
                "{all} buying processes = {counted} counted here + {outside} that began outside of the days shown + {never} without a day on which they reached any stage."
            ));
            if sums.later_start > 0 {
                let (one, many) = ("process began", "processes began");
                let began = number::of(sums.later_start as u64, one, many);
                notes.push(format!("{began} at a later stage than the first: not in `Of first`."));
            }
            if let Some(days) = side.mature_after {
                notes.push(format!(
                    "A period is mature {days} days after its end; younger ones will still convert, and the share beside them began that long ago."
                ));
                if let Some(old) = counts.get(None, None).and_then(|rows| side.observed_share(rows)) {
                    notes.push(format!(
                        "Of all who are counted, {} began that long ago: of the others not all is known yet.",
                        number::people(old, Unit::Share)
                    ));
                }
            }
            if side.len() > 1 {
                notes.push(
                    "`To next` is of the same processes. `Next ÷ this` sets those that reached the next stage on these days against those that reached this one: other people, so it can exceed 100 %."
                        .into(),
                );
            }
        }
        Basis::Period => {
            notes.push(
                "Each row counts other processes: those that reached the stage in the period. A rate can exceed 100 %."
                    .into(),
            );
        }
        Basis::Horizon => {
            let days = side.horizon.unwrap_or_default();
            notes.push(format!(
                "Each row counts those that reached the stage in the period. Of those observed for {days} days: the share that reached the next stage, and of the first stage this one, 0 to {days} days later."
            ));
            let (one, many) = ("entry of a stage is", "entries of a stage are");
            let young = number::of(sums.immature as u64, one, many);
            notes.push(format!("{young} less than {days} days old: in no rate, whatever followed."));
            if sums.backward > 0 {
                let (one, many) = ("entry has", "entries have");
                let backward = number::of(sums.backward as u64, one, many);
                notes.push(format!("{backward} a next stage of an earlier day: counted, but not as gone on."));
            }
            if sums.undated > 0 {
                let undated = number::of(sums.undated as u64, "entry is", "entries are");
                notes.push(format!("{undated} of an unknown day: in no period."));
            }
        }
    }
    match side.entries.policy().entry {
        Entry::First => {}
        Entry::Last => notes.push(
            "Of a stage that was left and reached again, the last entry counts, and what followed it; a return within a day is none."
                .into(),
        ),
        Entry::Each => notes.push(format!(
            "{} back to a stage, {} in all: each time is a row of its own, with what followed before the next; a return within a day is none, and the deal's value counts once.",
            number::of(sums.returned as u64, "process came", "processes came"),
            number::of(sums.returns as u64, "time", "times")
        )),
    }
    match side.entries.policy().skips {
        Skips::Inferred if sums.inferred > 0 => notes.push(format!(
            "{} dated by the earliest later evidence; median days leave {} out.",
            number::of(sums.inferred as u64, "skipped stage is", "skipped stages are"),
            if sums.inferred == 1 { "it" } else { "them" }
        )),
        Skips::Inferred => {}
        Skips::Strict => {
            let (one, many) = ("skipped stage is not reached: it has", "skipped stages are not reached: they have");
            notes.push(format!("{} no record of their own.", number::of(sums.skipped as u64, one, many)));
        }
    }
    notes.extend(few(side, counts));
    if side.len() < side.contract.stages.len() {
        notes.extend(data.unseen_stages());
        notes.push(
            "A stage that no export shows has no figures, and no 0: the shares of the one before it go to the next stage that is \
             shown, or are missing where none is."
                .into(),
        );
    }
    if let Some(condition) = condition {
        notes.push(format!("Only processes where {condition}: {all} of {}.", side.journeys.len()));
    }
    notes
}

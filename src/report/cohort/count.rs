//! How long everybody was followed and how it ended, and that by cohort and segment.
//!
//! In: the buying processes and two stages. Out: one [`Followed`] per process, and a [`Group`] per cohort and segment.

use std::collections::BTreeMap;

use crate::calendar::Periods;
use crate::journey::{How, Journeys, NO_DAY, Outcome};
use crate::stats::survival::{Event, Incidence, incidence};

/// One process from its first stage on, in days since then.
#[derive(Debug, Clone, Copy)]
pub struct Followed {
    /// Index among the processes.
    pub at: usize,
    /// Index of the cohort.
    pub period: usize,
    /// The day of its event; negative for one that came before the first stage.
    pub day: i32,
    /// What happened then.
    pub event: Event,
    /// The last day on which it is known what became of it.
    pub known: i32,
}

impl Followed {
    /// Whether it reached the second stage.
    pub fn converted(&self) -> bool {
        self.event == Event::Win
    }

    /// Whether it did so before the first one.
    pub fn converted_before(&self) -> bool {
        self.converted() && self.day < 0
    }
}

/// Those who are not followed, by why; and those who are, with a doubt.
#[derive(Debug, Default)]
pub struct LeftOut {
    /// The first stage was reached outside of the days shown.
    pub outside: u64,
    /// It was not reached.
    pub never: u64,
    /// It was, on an unknown day.
    pub undated_start: u64,
    /// The second was, on an unknown day.
    pub undated_end: u64,
    /// Followed, and lost on an unknown day.
    pub undated_losses: u64,
    /// Followed, and closed in an unknown way.
    pub unclear: u64,
}

impl LeftOut {
    /// How many are not followed.
    pub fn total(&self) -> u64 {
        self.outside + self.never + self.undated_start + self.undated_end
    }
}

/// Follows everybody of `keep` from one stage to another.
pub fn follow(
    journeys: &Journeys,
    keep: &[bool],
    (start, end): (usize, usize),
    as_of: i32,
    periods: &Periods,
) -> (Vec<Followed>, LeftOut) {
    let (mut all, mut out) = (Vec::new(), LeftOut::default());
    for at in (0..journeys.len()).filter(|at| keep[*at]) {
        let (from, to) = (journeys.stages[start][at], journeys.stages[end][at]);
        let Some(began) = from.day() else {
            *(if from.how == How::No { &mut out.never } else { &mut out.undated_start }) += 1;
            continue;
        };
        let Some(period) = periods.index(began) else {
            out.outside += 1;
            continue;
        };
        let known = as_of - began;
        let closed = journeys.closed[at];
        // Who reached the second stage converted, also where the deal was lost before or later.
        let (day, event, known) = match (to.how, to.day(), journeys.outcome[at]) {
            (How::No, _, Outcome::Lost | Outcome::Derailed) if closed == NO_DAY => {
                out.undated_losses += 1;
                (known, Event::Censored, known)
            }
            (How::No, _, Outcome::Lost | Outcome::Derailed) => (closed - began, Event::Lost, known),
            (How::No, _, Outcome::Unclear) => {
                out.unclear += 1;
                let until = if closed == NO_DAY { known } else { closed - began };
                (until, Event::Censored, until)
            }
            // Also who is won: a stage that follows the sale may still be reached.
            (How::No, _, Outcome::Open | Outcome::NoDeal | Outcome::Won) => (known, Event::Censored, known),
            (_, Some(reached), _) => (reached - began, Event::Win, known),
            (_, None, _) => {
                out.undated_end += 1;
                continue;
            }
        };
        all.push(Followed { at, period, day, event, known });
    }
    (all, out)
}

/// The oldest whole age that anybody reached.
pub fn ages(all: &[Followed], length: i32, max: Option<u32>) -> usize {
    let longest = all.iter().map(|one| whole_ages(one.known, length)).max().unwrap_or(0);
    longest.min(max.map_or(usize::MAX, |max| max as usize))
}

fn whole_ages(days: i32, length: i32) -> usize {
    usize::try_from(days / length).unwrap_or(0)
}

/// What was seen of one age of a group.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Aged {
    /// Those followed for so long.
    pub observed: u64,
    /// Of them, converted by then.
    pub converted: u64,
    /// Of them, lost by then.
    pub lost: u64,
}

/// One cohort, or all of them, in one segment, or in all of them.
pub struct Group {
    /// Everybody.
    pub n: u64,
    /// Converted so far.
    pub converted: u64,
    /// Lost so far.
    pub lost: u64,
    /// Converted before they began.
    pub before: u64,
    /// By age: the first is one length after the beginning.
    pub ages: Vec<Aged>,
    /// The estimate.
    pub curve: Incidence,
}

/// Segment and cohort; `None` is all of them.
pub type Key = (Option<usize>, Option<usize>);

/// Everybody by cohort and segment, and each of their totals.
pub fn groups(all: &[Followed], segment_of: Option<&[usize]>, length: i32, max: Option<u32>) -> BTreeMap<Key, Group> {
    let mut members: BTreeMap<Key, Vec<Followed>> = BTreeMap::from([((None, None), Vec::new())]);
    for one in all {
        let segments = [Some(None), segment_of.map(|of| Some(of[one.at]))];
        for segment in segments.into_iter().flatten() {
            for period in [None, Some(one.period)] {
                members.entry((segment, period)).or_default().push(*one);
            }
        }
    }
    members.into_iter().map(|(key, members)| (key, group(&members, length, max))).collect()
}

fn group(members: &[Followed], length: i32, max: Option<u32>) -> Group {
    let count = |what: &dyn Fn(&Followed) -> bool| members.iter().filter(|one| what(one)).count() as u64;
    let days: Vec<i32> = members.iter().map(|one| one.day).collect();
    let events: Vec<Event> = members.iter().map(|one| one.event).collect();
    let mut ages = vec![Aged::default(); ages(members, length, max)];
    // Who has converted counts from the first age that includes the day, up to the last that was seen: the differences
    // are noted at both ends and summed.
    let mut ends = vec![Aged::default(); ages.len() + 1];
    for one in members {
        let seen = whole_ages(one.known, length).min(ages.len());
        if seen == 0 {
            continue;
        }
        ages[0].observed += 1;
        ends[seen].observed += 1;
        let first = usize::try_from((one.day - 1).max(0) / length).unwrap_or(0);
        if first >= seen {
            continue;
        }
        match one.event {
            Event::Win => {
                ages[first].converted += 1;
                ends[seen].converted += 1;
            }
            Event::Lost => {
                ages[first].lost += 1;
                ends[seen].lost += 1;
            }
            Event::Censored => {}
        }
    }
    let mut so_far = Aged::default();
    for (age, end) in ages.iter_mut().zip(&ends) {
        so_far.observed = so_far.observed + age.observed - end.observed;
        so_far.converted = so_far.converted + age.converted - end.converted;
        so_far.lost = so_far.lost + age.lost - end.lost;
        *age = so_far;
    }
    Group {
        n: members.len() as u64,
        converted: count(&|one| one.converted()),
        lost: count(&|one| one.event == Event::Lost),
        before: count(&Followed::converted_before),
        ages,
        curve: incidence(&days, &events),
    }
}

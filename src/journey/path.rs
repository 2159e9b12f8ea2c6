//! Paths: which touches led up to a moment of a buying process, in order.
//!
//! In: the touches, who is the same, the processes, and a label per touch that the caller chooses. Out: [`Paths`]: of each
//! process its touches by time, of which any part up to a moment is a slice; and the moments of a deal ([`Moments`]).
//!
//! A touch is of the deal it is about; one about no deal is of every deal in which the human it reached has part, also a
//! later one, and of that human's own process where there is none. A plain day begins with its first instant; touches at one
//! instant stay in the order of the files.

use rayon::prelude::*;

use super::{Journeys, Reach, touch_times};
use crate::identity::Identity;
use crate::tables::{Kind, NONE, Tables};
use crate::time::{Stamp, Zone};

const DAY_MS: i64 = 86_400_000;

/// One touch of a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Step {
    /// When.
    pub at: Stamp,
    /// Row in `touches`.
    pub row: u32,
    /// What the caller called it.
    pub label: u32,
}

/// The touches of every process, by time.
pub struct Paths {
    /// Where the steps of each process begin, and the end of the last.
    from: Vec<usize>,
    steps: Vec<Step>,
    /// Touches that are of more than one deal.
    pub shared: u64,
    /// Touches of nobody in the exports, or without a time.
    pub of_nobody: u64,
}

impl Paths {
    /// All touches of a process.
    pub fn all(&self, process: usize) -> &[Step] {
        &self.steps[self.from[process]..self.from[process + 1]]
    }

    /// The touches of a process within a span of time.
    pub fn within(&self, process: usize, span: Span) -> &[Step] {
        let all = self.all(process);
        let end = all.partition_point(|step| step.at.utc_ms() <= span.until);
        let begin = all[..end].partition_point(|step| step.at.utc_ms() < span.since);
        &all[begin..end]
    }
}

/// From and to, in milliseconds since 1970 UTC, both included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    /// The first millisecond.
    pub since: i64,
    /// The last one.
    pub until: i64,
}

impl Span {
    /// Up to a moment, from so many days before it. A plain day counts to its end, and days are counted back from it; from an
    /// instant, a day is 24 hours.
    pub fn up_to(moment: Stamp, look_back: Option<i32>, home: &Zone) -> Self {
        let until = end_of(moment, home);
        let since = match (look_back, home.day(moment)) {
            (Some(days), Some(day)) if moment.is_date() => home.date(day - days).utc_ms(),
            (Some(days), _) => until - i64::from(days) * DAY_MS,
            (None, _) => i64::MIN,
        };
        Self { since, until }
    }

    /// Whether a moment lies in it.
    pub fn contains(self, utc_ms: i64) -> bool {
        (self.since..=self.until).contains(&utc_ms)
    }
}

/// The last millisecond of a moment: of a plain day its last, of an instant itself.
pub fn end_of(moment: Stamp, home: &Zone) -> i64 {
    match home.day(moment).filter(|_| moment.is_date()) {
        Some(day) => home.date(day + 1).utc_ms() - 1,
        None => moment.utc_ms(),
    }
}

/// The touches of every process; `labels` has one entry per row of `touches`, and a touch without a label ([`NONE`]) is left
/// out.
#[allow(clippy::cast_possible_truncation)] // tables have fewer than 2^32 rows
pub fn paths(tables: &Tables, who: &Identity, journeys: &Journeys, labels: &[u32]) -> Paths {
    let touches = tables.get(Kind::Touches);
    let (at, reach) = (touch_times(touches), Reach::new(tables, who));
    let deals = tables.get(Kind::Deals).len();
    // The deals of each human.
    let mut from = vec![0_u32; who.humans as usize + 1];
    let parts = |count: &mut dyn FnMut(u32, u32)| {
        for deal in 0..deals as u32 {
            who.parts.of(deal).iter().for_each(|human| count(*human, deal));
        }
    };
    parts(&mut |human, _| from[human as usize + 1] += 1);
    for human in 0..who.humans as usize {
        from[human + 1] += from[human];
    }
    let (mut next, mut of_human) = (from.clone(), vec![0_u32; from.last().copied().unwrap_or(0) as usize]);
    parts(&mut |human, deal| {
        let place = &mut next[human as usize];
        of_human[*place as usize] = deal;
        *place += 1;
    });
    // Of each touch the one process it is of, or else the human whose deals it is of.
    let goal = |row: usize| {
        if labels[row] == NONE || at[row].is_none() || journeys.touch_of[row] == NONE {
            return (NONE, NONE);
        }
        if reach.deal(row) == NONE
            && let Some(human) = reach.human(row)
            && from[human as usize] < from[human as usize + 1]
        {
            return (NONE, human);
        }
        (journeys.touch_of[row], NONE)
    };
    let goals: Vec<(u32, u32)> = (0..touches.len()).into_par_iter().map(goal).collect();
    let each = |one: &(u32, u32), place: &mut dyn FnMut(u32)| match *one {
        (NONE, NONE) => {}
        (NONE, human) => {
            of_human[from[human as usize] as usize..from[human as usize + 1] as usize].iter().for_each(|d| place(*d));
        }
        (process, _) => place(process),
    };
    let mut begins = vec![0_usize; journeys.len() + 1];
    let (mut shared, mut of_nobody) = (0, 0);
    for (row, one) in goals.iter().enumerate() {
        let mut n = 0;
        each(one, &mut |process| {
            begins[process as usize + 1] += 1;
            n += 1;
        });
        shared += u64::from(n > 1);
        of_nobody += u64::from(n == 0 && labels[row] != NONE);
    }
    for process in 0..journeys.len() {
        begins[process + 1] += begins[process];
    }
    let empty = Step { at: Stamp::NONE, row: 0, label: 0 };
    let mut steps = vec![empty; begins.last().copied().unwrap_or(0)];
    let mut next = begins.clone();
    for (row, one) in goals.iter().enumerate() {
        each(one, &mut |process| {
            let place = &mut next[process as usize];
            steps[*place] = Step { at: at[row], row: row as u32, label: labels[row] };
            *place += 1;
        });
    }
    drop(goals);
    let mut rest = &mut steps[..];
    let mut slices = Vec::with_capacity(journeys.len());
    for process in 0..journeys.len() {
        let (mine, others) = rest.split_at_mut(begins[process + 1] - begins[process]);
        slices.push(mine);
        rest = others;
    }
    // Stable: what is at one instant stays in the order of the files.
    slices.into_par_iter().with_min_len(256).for_each(|steps| {
        if !steps.is_sorted_by_key(|step| step.at) {
            steps.sort_by_key(|step| step.at);
        }
    });
    Paths { from: begins, steps, shared, of_nobody }
}

/// The moments of the deals, by row in `deals`.
pub struct Moments {
    /// When the first record of any of its people was created.
    pub lead: Vec<Stamp>,
    /// When the deal was created.
    pub created: Vec<Stamp>,
    /// When it closed, or is expected to.
    pub closed: Vec<Stamp>,
}

/// The moments of the deals.
#[allow(clippy::cast_possible_truncation)] // tables have fewer than 2^32 rows
pub fn moments(tables: &Tables, who: &Identity) -> Moments {
    let mut known = vec![Stamp::NONE; who.humans as usize];
    for (human, created) in who.human.iter().zip(tables.get(Kind::People).times("created_at").iter()) {
        let known = &mut known[*human as usize];
        *known = known.earlier(*created);
    }
    let deals = tables.get(Kind::Deals);
    let lead = |deal| who.parts.of(deal).iter().fold(Stamp::NONE, |first, human| first.earlier(known[*human as usize]));
    Moments {
        lead: (0..deals.len() as u32).map(lead).collect(),
        created: deals.times("created_at").into_owned(),
        closed: deals.times("closed_at").into_owned(),
    }
}

/// The last touch at or before a moment; where there is none, `None`.
pub fn last_by(path: &[Step], moment: i64) -> Option<usize> {
    path.partition_point(|step| step.at.utc_ms() <= moment).checked_sub(1)
}

//! Counting a funnel: what one process adds to it, and the sums by segment and period.
//!
//! In: a [`Side`] and the processes that are kept. Out: [`Counts`]. What a process adds is the same list that the
//! comparison of two funnels looks at, so that the records explain the figures.

use super::Side;
use crate::cli::Basis;
use crate::facts::Segment;
use crate::journey::{How, NO_DAY, Outcome, Spell};
use crate::stats::interval::wilson;
use crate::tables::NO_MONEY;

/// Which processes count, and what they are broken down by.
pub struct Kept<'a> {
    pub segments: &'a [Segment],
    pub segment_of: &'a [usize],
    pub keep: &'a [bool],
    pub by: &'a [String],
}

/// One stage of one funnel.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Row {
    /// Entries of the stage.
    pub volume: u64,
    /// Those with which a process began.
    pub entered: u64,
    /// Whose day is recorded.
    pub recorded: u64,
    /// Whose day is that of later evidence.
    pub inferred: u64,
    /// Whose day nobody knows.
    pub undated: u64,
    /// Cohort: those observed for long enough to be complete. Horizon: those observed for the horizon.
    pub observed: u64,
    /// Of those with which a process began, the observed ones.
    pub entered_observed: u64,
    /// Cohort: those that the next stage followed. Period: all that reached the next stage in the period. Horizon: the
    /// observed ones that the next stage followed within it.
    pub next: u64,
    /// Cohort: those that followed the first stage. Horizon: the observed ones of the first stage that this one followed
    /// within it.
    pub from_first: u64,
    /// Days to the next stage, where both are recorded.
    pub days: Vec<i32>,
    /// Sum of the deals' amounts, in minor units.
    pub value: i64,
    /// Deals with an amount.
    pub valued: u64,
}

/// What a process adds to a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum What {
    Volume { starts: bool, how: How, observed: bool, first_time: bool },
    Next,
    FromFirst,
    Days(i32),
}

/// Something that a process adds, to which stage (by position) and in which period.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hit {
    pub stage: usize,
    pub period: usize,
    pub what: What,
}

impl Side<'_> {
    /// The day by which an entry falls into a period.
    pub fn anchor(&self, spell: &Spell) -> Option<i32> {
        let day = if self.basis == Basis::Cohort { spell.began } else { spell.here.day };
        (day != NO_DAY).then_some(day)
    }

    /// All that a process adds; `spells` are its entries.
    pub fn hits(&self, spells: &[Vec<Spell>], hits: &mut Vec<Hit>) {
        hits.clear();
        let all = spells.iter().enumerate().flat_map(|(stage, spells)| spells.iter().map(move |spell| (stage, spell)));
        for (stage, spell) in all {
            let days = match (spell.here.how, spell.next.how) {
                (How::Recorded, How::Recorded) => Some(spell.next.day - spell.here.day),
                _ => None,
            };
            let mut add = |stage: usize, period: Option<usize>, what: What| {
                hits.extend(period.map(|period| Hit { stage, period, what }));
            };
            let anchor = self.anchor(spell);
            let period = anchor.and_then(|day| self.periods.index(day));
            let observed = anchor.is_some_and(|day| self.observed(day));
            add(
                stage,
                period,
                What::Volume { starts: spell.starts, how: spell.here.how, observed, first_time: !spell.again },
            );
            match self.basis {
                Basis::Cohort => {
                    if spell.next.is() {
                        add(stage, period, What::Next);
                    }
                    if spell.first.is() {
                        add(stage, period, What::FromFirst);
                    }
                    if let Some(days) = days {
                        add(stage, period, What::Days(days));
                    }
                }
                Basis::Period => {
                    if let Some(before) = stage.checked_sub(1) {
                        add(before, period, What::Next);
                    }
                    // Those of who arrived at the next stage in the period.
                    if let Some(days) = days {
                        add(stage, self.periods.index(spell.next.day), What::Days(days));
                    }
                }
                Basis::Horizon => {
                    if observed && self.within(spell.here.day, spell.next.day) {
                        add(stage, period, What::Next);
                        if let Some(days) = days {
                            add(stage, period, What::Days(days));
                        }
                    }
                    if let Some(first) = spell.first.day()
                        && self.observed(first)
                        && self.within(first, spell.here.day)
                    {
                        add(stage, self.periods.index(first), What::FromFirst);
                    }
                }
            }
        }
    }

    /// Whether a day is at most the horizon after another, and not before it.
    pub fn within(&self, from: i32, day: i32) -> bool {
        day != NO_DAY && from != NO_DAY && self.horizon.is_some_and(|h| (0..=h).contains(&(day - from)))
    }

    /// Of how many the next stage is a share.
    pub fn base(&self, row: &Row) -> u64 {
        if self.basis == Basis::Horizon { row.observed } else { row.volume }
    }

    /// The share that went on to the next stage.
    #[allow(clippy::cast_precision_loss)] // counts stay far below 2^53
    pub fn conversion(&self, row: &Row, stage: usize) -> Option<f64> {
        let base = self.base(row);
        (stage + 1 < self.len() && base > 0).then(|| row.next as f64 / base as f64)
    }

    /// Its Wilson interval, where it is a share of the same processes.
    #[allow(clippy::cast_precision_loss)]
    pub fn interval(&self, row: &Row, stage: usize) -> Option<(f64, f64)> {
        let known = self.basis != Basis::Period && self.conversion(row, stage).is_some();
        if known { wilson(row.next as f64, self.base(row) as f64) } else { None }
    }

    /// The share of the first stage that came as far as a stage.
    #[allow(clippy::cast_precision_loss)]
    pub fn of_first(&self, rows: &[Row], stage: usize) -> Option<f64> {
        let first = self.base(rows.first()?);
        (self.basis != Basis::Period && first > 0).then(|| rows[stage].from_first as f64 / first as f64)
    }

    /// Of a period's beginners the share observed for long enough; on the horizon basis, of those who reached the first
    /// stage.
    #[allow(clippy::cast_precision_loss)]
    pub fn observed_share(&self, rows: &[Row]) -> Option<f64> {
        let (observed, all) = match self.basis {
            Basis::Horizon => rows.first().map(|r| (r.observed, r.volume))?,
            _ => (rows.iter().map(|r| r.entered_observed).sum(), rows.iter().map(|r| r.entered).sum::<u64>()),
        };
        (self.mature_after.is_some() && all > 0).then(|| observed as f64 / all as f64)
    }
}

impl Row {
    fn add(&mut self, what: What, amount: Option<i64>) {
        match what {
            What::Volume { starts, how, observed, first_time } => {
                self.volume += 1;
                self.entered += u64::from(starts);
                self.observed += u64::from(observed);
                self.entered_observed += u64::from(starts && observed);
                match how {
                    How::Recorded => self.recorded += 1,
                    How::Inferred => self.inferred += 1,
                    How::Undated => self.undated += 1,
                    How::No => {}
                }
                // Coming back brings no second amount.
                if let Some(amount) = amount.filter(|_| first_time) {
                    self.value += amount;
                    self.valued += 1;
                }
            }
            What::Next => self.next += 1,
            What::FromFirst => self.from_first += 1,
            What::Days(days) => self.days.push(days),
        }
    }
}

/// Rows of every stage, by segment and period.
pub struct Counts {
    periods: usize,
    rows: Vec<Option<Vec<Row>>>,
}

impl Counts {
    fn slot(&self, segment: Option<usize>, period: Option<usize>) -> usize {
        segment.map_or(0, |s| s + 1) * (self.periods + 1) + period.map_or(0, |p| p + 1)
    }

    /// The rows of a segment and a period, or of all; `None` where nothing was counted.
    pub fn get(&self, segment: Option<usize>, period: Option<usize>) -> Option<&[Row]> {
        self.rows.get(self.slot(segment, period))?.as_deref()
    }
}

/// Counts the processes that are kept.
pub fn count(side: &Side<'_>, kept: &Kept<'_>) -> Counts {
    let journeys = side.journeys;
    let by = !kept.by.is_empty();
    let periods = side.periods.all.len();
    let groups = if by { kept.segments.len() + 1 } else { 1 };
    let mut counts = Counts { periods, rows: vec![None; groups * (periods + 1)] };
    let (mut spells, mut hits) = (Vec::new(), Vec::new());
    for at in (0..journeys.len()).filter(|at| kept.keep[*at]) {
        side.entries.spells(at, &mut spells);
        side.hits(&spells, &mut hits);
        let amount = Some(journeys.amount[at]).filter(|a| *a != NO_MONEY && journeys.outcome[at] != Outcome::NoDeal);
        let segments = [None, by.then(|| kept.segment_of[at])];
        for segment in &segments[..if by { 2 } else { 1 }] {
            for hit in &hits {
                for period in [None, Some(hit.period)] {
                    let slot = counts.slot(*segment, period);
                    let rows = counts.rows[slot].get_or_insert_with(|| vec![Row::default(); side.len()]);
                    rows[hit.stage].add(hit.what, amount);
                }
            }
        }
    }
    counts
}

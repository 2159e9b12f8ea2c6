//! `funnel`: volume, conversion, velocity and value per stage.
//!
//! In: the command line. Out: a [`Report`]: one table of all periods together, one of the periods side by side, and the
//! tidy one.
//!
//! On the cohort basis the rows follow the same processes: those that began in the period, whatever became of
//! them by as-of. On the period basis each row counts those that reached its stage in the period: different people in
//! every row, so a rate can exceed 100 % and has no interval; the days to the next stage are those of the processes that
//! arrived there in the period.

use std::collections::BTreeMap;

use anyhow::Result;

use super::scorecard::heading;
use super::{Audience, Cell, Column, Report, Table, Unit};
use crate::Env;
use crate::calendar::{Fiscal, Periods};
use crate::cli::{Basis, FunnelArgs};
use crate::evaluate::segment_text;
use crate::facts::Segment;
use crate::journey::{How, Journeys, Outcome};
use crate::output::number;
use crate::session::{Data, Session};
use crate::stats::interval::wilson;
use crate::stats::quantile::quantile;
use crate::tables::NO_MONEY;
use crate::time::{date_of, day_of};

/// The tidy columns: the same whatever the data.
const TIDY: [&str; 27] = [
    "period",
    "period_start",
    "period_end",
    "segment",
    "stage_id",
    "stage_order",
    "stage_title",
    "owner",
    "volume",
    "entered_here",
    "recorded",
    "inferred",
    "undated",
    "next_reached",
    "conversion_to_next",
    "ci_low",
    "ci_high",
    "from_first",
    "conversion_from_first",
    "median_days_to_next",
    "days_n",
    "value",
    "mature",
    "basis",
    "as_of",
    "currency",
    "contract_hash",
];

/// Periods shown to people; machines get all.
const SHOWN: usize = 8;

/// One stage of one funnel.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Row {
    /// Processes that reached it.
    pub volume: u64,
    /// Those that began here.
    pub entered: u64,
    /// Whose day is recorded.
    pub recorded: u64,
    /// Whose day is that of later evidence.
    pub inferred: u64,
    /// Whose day nobody knows.
    pub undated: u64,
    /// Cohort: those that also reached the next stage. Period: all that reached the next stage in the period.
    pub next: u64,
    /// Cohort: those that also reached the first stage.
    pub from_first: u64,
    /// Days to the next stage, where both are recorded.
    pub days: Vec<i32>,
    /// Sum of the deals' amounts, in minor units.
    pub value: i64,
    /// Deals with an amount.
    pub valued: u64,
}

/// Builds the report.
///
/// # Errors
/// Whatever the rooms on the way report; a column or condition that does not exist.
pub fn build(args: &FunnelArgs, env: &mut Env<'_>) -> Result<Report> {
    let data = Session::open(&args.input, env)?.load(&args.output, env)?;
    let (from, to) = data.days(&args.slice)?;
    let contract = &data.session.contract;
    let fiscal = Fiscal { start: contract.fiscal_year_start, label: contract.fiscal_year_label };
    let periods = Periods::covering(args.slice.period, from, to, fiscal);
    let facts = data.facts();
    let by = args.slice.columns();
    facts.check_by(&by)?;
    data.not_too_many(&by, periods.all.len() * contract.stages.len())?;
    let (segments, segment_of) = facts.segments(&by)?;
    let keep = facts.journey_mask(args.slice.condition.as_deref())?;
    let stages: Vec<usize> = (0..contract.stages.len()).filter(|s| data.journeys.seen[*s]).collect();
    let view = View { data: &data, periods: &periods, basis: args.basis, by: &by, segments: &segments, stages };
    let rows = view.count(&segment_of, &keep);

    let title = match args.basis {
        Basis::Cohort => "Funnel: what became of those who began",
        Basis::Period => "Funnel: what happened in the period",
    };
    let mut report = data.report("funnel", title);
    report.tables.push(view.stages(&rows));
    if by.is_empty() {
        report.tables.push(view.periods_table(&rows));
    }
    report.tables.push(view.tidy(&rows));
    report.notes = view.notes(args.slice.condition.as_deref(), &keep);
    report.notes.extend((args.basis == Basis::Period).then(|| data.outside((from, to))).flatten());
    report.notes.extend(data.notes());
    Ok(report)
}

/// Counts by (segment, period); `None` is all segments, all periods.
type Counts = BTreeMap<(Option<usize>, Option<usize>), Vec<Row>>;

struct View<'a> {
    data: &'a Data,
    periods: &'a Periods,
    basis: Basis,
    by: &'a [String],
    segments: &'a [Segment],
    /// The stages that some export shows, by index.
    stages: Vec<usize>,
}

/// Adds one process to a cohort's funnel.
fn add_to_cohort(rows: &mut [Row], stages: &[usize], journeys: &Journeys, at: usize) {
    let first_reached = stages.first().is_some_and(|s| journeys.stages[*s][at].is());
    let entry = journeys.entry(at);
    for (i, row) in rows.iter_mut().enumerate() {
        let s = stages[i];
        let here = journeys.stages[s][at];
        if !here.is() {
            continue;
        }
        row.volume += 1;
        row.entered += u64::from(entry == Some(s));
        row.from_first += u64::from(first_reached);
        note(row, journeys, s, at);
        if let Some(next) = stages.get(i + 1) {
            let next = journeys.stages[*next][at];
            row.next += u64::from(next.is());
            if let (How::Recorded, How::Recorded) = (here.how, next.how) {
                row.days.push(next.day - here.day);
            }
        }
    }
}

fn note(row: &mut Row, journeys: &Journeys, stage: usize, at: usize) {
    match journeys.stages[stage][at].how {
        How::Recorded => row.recorded += 1,
        How::Inferred => row.inferred += 1,
        How::Undated => row.undated += 1,
        How::No => {}
    }
    if journeys.amount[at] != NO_MONEY && journeys.outcome[at] != Outcome::NoDeal {
        row.value += journeys.amount[at];
        row.valued += 1;
    }
}

impl View<'_> {
    fn count(&self, segment_of: &[usize], keep: &[bool]) -> Counts {
        let journeys = &self.data.journeys;
        let stages = self.stages.len();
        let mut counts = Counts::new();
        let by = !self.by.is_empty();
        for at in (0..journeys.len()).filter(|at| keep[*at]) {
            let segments = [None, by.then(|| segment_of[at])];
            for segment in segments.iter().take(if by { 2 } else { 1 }) {
                match self.basis {
                    Basis::Cohort => {
                        let Some(period) = journeys.entered(at).and_then(|day| self.periods.index(day)) else {
                            continue;
                        };
                        for period in [None, Some(period)] {
                            let rows = counts.entry((*segment, period)).or_insert_with(|| vec![Row::default(); stages]);
                            add_to_cohort(rows, &self.stages, journeys, at);
                        }
                    }
                    Basis::Period => self.add_to_periods(&mut counts, *segment, at),
                }
            }
        }
        if self.basis == Basis::Period {
            for rows in counts.values_mut() {
                for s in 0..rows.len().saturating_sub(1) {
                    rows[s].next = rows[s + 1].volume;
                }
            }
        }
        counts
    }

    fn add_to_periods(&self, counts: &mut Counts, segment: Option<usize>, at: usize) {
        let journeys = &self.data.journeys;
        let entry = journeys.entry(at);
        for (i, s) in self.stages.iter().copied().enumerate() {
            let here = journeys.stages[s][at];
            let Some(period) = here.day().and_then(|day| self.periods.index(day)) else { continue };
            for period in [None, Some(period)] {
                let rows = counts.entry((segment, period)).or_insert_with(|| vec![Row::default(); self.stages.len()]);
                rows[i].volume += 1;
                rows[i].entered += u64::from(entry == Some(s));
                note(&mut rows[i], journeys, s, at);
                if i > 0 {
                    let before = journeys.stages[self.stages[i - 1]][at];
                    if let (How::Recorded, How::Recorded) = (before.how, here.how) {
                        rows[i - 1].days.push(here.day - before.day);
                    }
                }
            }
        }
    }

    fn conversion(&self, row: &Row, stage: usize) -> Option<f64> {
        let last = stage + 1 == self.stages.len();
        #[allow(clippy::cast_precision_loss)] // counts stay far below 2^53
        (!last && row.volume > 0).then(|| row.next as f64 / row.volume as f64)
    }

    #[allow(clippy::cast_precision_loss)]
    fn interval(&self, row: &Row, stage: usize) -> Option<(f64, f64)> {
        let cohort = self.basis == Basis::Cohort && self.conversion(row, stage).is_some();
        if cohort { wilson(row.next as f64, row.volume as f64) } else { None }
    }

    #[allow(clippy::cast_precision_loss)]
    fn of_first(&self, rows: &[Row], stage: usize) -> Option<f64> {
        let first = rows.first()?.volume;
        (self.basis == Basis::Cohort && first > 0).then(|| rows[stage].from_first as f64 / first as f64)
    }

    #[allow(clippy::cast_precision_loss)]
    fn money(&self, row: &Row) -> Cell {
        if row.valued == 0 {
            return Cell::Missing("no deal with an amount".into());
        }
        Cell::Number(row.value as f64 / self.data.facts().minor_per_major(), Unit::Money)
    }

    fn stages(&self, counts: &Counts) -> Table {
        let next = if self.basis == Basis::Cohort { "To next" } else { "Next ÷ this" };
        let mut columns = vec![
            Column::left("stage", "Stage"),
            Column::right("volume", "Reached"),
            Column::right("conversion_to_next", next),
        ];
        if self.basis == Basis::Cohort {
            columns.push(Column::right("interval", "95 % interval"));
            columns.push(Column::right("conversion_from_first", "Of first"));
        }
        columns.push(Column::right("median_days_to_next", "Median days"));
        columns.push(Column::right("value", "Deal value"));
        let mut table_rows = Vec::new();
        let mut keys: Vec<Option<usize>> = vec![None];
        keys.extend((0..self.segments.len()).map(Some).filter(|_| !self.by.is_empty()));
        for key in keys {
            let Some(rows) = counts.get(&(key, None)) else { continue };
            if !self.by.is_empty() {
                let name = key.map_or_else(|| "All".to_string(), |k| segment_text(self.by, &self.segments[k]));
                table_rows.push(heading(&name, columns.len()));
            }
            for (s, row) in rows.iter().enumerate() {
                let mut cells = vec![
                    Cell::text(&self.data.session.contract.stages[self.stages[s]].title),
                    Cell::count(row.volume),
                    share(self.conversion(row, s)),
                ];
                if self.basis == Basis::Cohort {
                    let interval = self.interval(row, s);
                    cells.push(interval.map_or_else(Cell::none, |(l, h)| Cell::text(number::interval(l, h))));
                    cells.push(share(self.of_first(rows, s)));
                }
                let median = quantile(&mut row.days.clone(), 0.5);
                cells.push(median.map_or_else(Cell::none, |d| Cell::Number(d, Unit::Days)));
                cells.push(self.money(row));
                table_rows.push(cells);
            }
        }
        let (from, to) = (date_of(self.periods.from), date_of(self.periods.to));
        let title = match self.basis {
            Basis::Cohort => format!("Began from {from} to {to}, seen on {}", self.data.session.as_of),
            Basis::Period => format!("Reached from {from} to {to}"),
        };
        Table { id: "funnel".into(), title, audience: Audience::People, columns, rows: table_rows }
    }

    fn periods_table(&self, counts: &Counts) -> Table {
        let stages: Vec<_> = self.stages.iter().map(|s| &self.data.session.contract.stages[*s]).collect();
        let kind = self.periods.kind.id();
        let mut columns = vec![Column::left("period", "Period")];
        columns.extend(stages.iter().map(|s| Column::right(s.id.value.clone(), s.title.clone())));
        let cohort = self.basis == Basis::Cohort;
        if cohort {
            columns.push(Column::right("conversion", "First to last"));
            columns.push(Column::left("mature", "Mature"));
        }
        let with_rows: Vec<usize> =
            (0..self.periods.all.len()).filter(|p| counts.contains_key(&(None, Some(*p)))).collect();
        let mut rows = Vec::new();
        for period in &with_rows[with_rows.len().saturating_sub(SHOWN)..] {
            let Some(counted) = counts.get(&(None, Some(*period))) else { continue };
            let mut row = vec![Cell::text(&self.periods.all[*period].label)];
            row.extend(counted.iter().map(|r| Cell::count(r.volume)));
            if cohort {
                row.push(share(counted.len().checked_sub(1).and_then(|last| self.of_first(counted, last))));
                row.push(
                    self.mature(Some(*period))
                        .map_or_else(Cell::none, |m| Cell::text(if m { "yes" } else { "not yet" })),
                );
            }
            rows.push(row);
        }
        let hidden = with_rows.len().saturating_sub(SHOWN);
        let more = if hidden > 0 { format!("; {hidden} earlier in machine formats") } else { String::new() };
        Table { id: "periods".into(), title: format!("By {kind}{more}"), audience: Audience::People, columns, rows }
    }

    fn mature(&self, period: Option<usize>) -> Option<bool> {
        let end = period.map_or(self.periods.to, |p| self.periods.all[p].end);
        let as_of = day_of(self.data.session.as_of);
        self.data.mature_after().filter(|_| self.basis == Basis::Cohort).map(|days| as_of - end >= days)
    }

    fn tidy(&self, counts: &Counts) -> Table {
        let columns = TIDY.iter().map(|id| Column::left(*id, *id)).collect();
        let contract = &self.data.session.contract;
        let mature: Vec<Option<bool>> = (0..self.periods.all.len()).map(|p| self.mature(Some(p))).collect();
        let total = self.mature(None);
        let mut rows = Vec::new();
        let none = vec![Row::default(); self.stages.len()];
        let mut keys: Vec<Option<usize>> = vec![None];
        keys.extend((0..self.segments.len()).map(Some).filter(|_| !self.by.is_empty()));
        for key in keys {
            for period in (0..self.periods.all.len()).map(Some).chain([None]) {
                let counted = counts.get(&(key, period)).unwrap_or(&none);
                let (label, start, end) = period.map_or(("total", self.periods.from, self.periods.to), |p| {
                    let p = &self.periods.all[p];
                    (p.label.as_str(), p.start, p.end)
                });
                let is_mature = period.map_or(total, |p| mature[p]);
                for (s, row) in counted.iter().enumerate() {
                    let stage = &contract.stages[self.stages[s]];
                    let plain = |v: Option<f64>| v.map_or_else(Cell::none, |v| Cell::Number(v, Unit::Number));
                    let last = s + 1 == counted.len();
                    let interval = self.interval(row, s);
                    let cohort = self.basis == Basis::Cohort;
                    let count = |n: u64, known: bool| if known { Cell::count(n) } else { Cell::none() };
                    rows.push(vec![
                        Cell::text(label),
                        Cell::Date(date_of(start)),
                        Cell::Date(date_of(end)),
                        Cell::text(key.map_or_else(String::new, |k| segment_text(self.by, &self.segments[k]))),
                        Cell::text(&stage.id.value),
                        Cell::count(s as u64 + 1),
                        Cell::text(&stage.title),
                        Cell::text(stage.owner.id()),
                        Cell::count(row.volume),
                        Cell::count(row.entered),
                        Cell::count(row.recorded),
                        Cell::count(row.inferred),
                        Cell::count(row.undated),
                        count(row.next, !last),
                        plain(self.conversion(row, s)),
                        plain(interval.map(|(low, _)| low)),
                        plain(interval.map(|(_, high)| high)),
                        count(row.from_first, cohort),
                        plain(self.of_first(counted, s)),
                        plain(quantile(&mut row.days.clone(), 0.5)),
                        count(row.days.len() as u64, !last),
                        self.money(row),
                        is_mature.map_or_else(Cell::none, Cell::Flag),
                        Cell::text(self.basis.id()),
                        Cell::Date(self.data.session.as_of),
                        Cell::text(&contract.currency),
                        Cell::text(contract.short_hash()),
                    ]);
                }
            }
        }
        Table { id: "funnel_tidy".into(), title: String::new(), audience: Audience::Machines, columns, rows }
    }

    fn notes(&self, condition: Option<&str>, keep: &[bool]) -> Vec<String> {
        let journeys = &self.data.journeys;
        let mut notes = Vec::new();
        let kept: Vec<usize> = (0..journeys.len()).filter(|at| keep[*at]).collect();
        match self.basis {
            Basis::Cohort => {
                let never = kept.iter().filter(|at| journeys.entered(**at).is_none()).count();
                let outside = kept
                    .iter()
                    .filter(|at| journeys.entered(**at).is_some_and(|d| self.periods.index(d).is_none()))
                    .count();
                let counted = kept.len() - never - outside;
                notes.push(format!(
                    "{} buying processes = {counted} counted here + {outside} that began outside of the days shown + {never} without a day on which they reached any stage.",
                    kept.len()
                ));
                let later: usize = kept
                    .iter()
                    .filter(|at| journeys.entry(**at).is_some_and(|s| Some(&s) > self.stages.first()))
                    .count();
                if later > 0 {
                    notes.push(format!(
                        "{later} processes began at a later stage than the first: `Of first` leaves them out."
                    ));
                }
                if let Some(days) = self.data.mature_after() {
                    notes.push(format!(
                        "A period is mature {days} days after its end; younger ones will still convert."
                    ));
                }
            }
            Basis::Period => {
                notes.push("Each row counts other processes: those that reached the stage in the period. A rate can exceed 100 %.".into());
            }
        }
        let inferred: usize =
            journeys.stages.iter().map(|stage| kept.iter().filter(|at| stage[**at].how == How::Inferred).count()).sum();
        if inferred > 0 {
            notes.push(format!(
                "{inferred} skipped stages are dated by the earliest later evidence; median days leave them out."
            ));
        }
        notes.extend(self.data.unseen_stages());
        if let Some(condition) = condition {
            notes.push(format!("Only processes where {condition}: {} of {}.", kept.len(), journeys.len()));
        }
        notes
    }
}

fn share(value: Option<f64>) -> Cell {
    value.map_or_else(Cell::none, |v| Cell::Number(v, Unit::Share))
}

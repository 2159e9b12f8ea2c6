//! A funnel as tables: one for people of all periods together, one of the periods side by side, and the tidy one.
//!
//! In: a [`Side`] and its [`Counts`]. Out: [`Table`]s.

use super::count::{Counts, Row};
use super::{Audience, Cell, Column, Side, Table, Unit, share};
use crate::cli::Basis;
use crate::evaluate::segment_text;
use crate::facts::Segment;
use crate::output::number;
use crate::report::scorecard::heading;
use crate::session::Data;
use crate::stats::quantile::quantile;
use crate::time::date_of;

/// The tidy columns: the same whatever the data.
const TIDY: [&str; 33] = [
    "period",
    "period_start: date",
    "period_end: date",
    "segment",
    "stage_id",
    "stage_order: number",
    "stage_title",
    "owner",
    "volume: number",
    "entered_here: number",
    "recorded: number",
    "inferred: number",
    "undated: number",
    "next_reached: number",
    "conversion_to_next: number",
    "ci_low: number",
    "ci_high: number",
    "from_first: number",
    "conversion_from_first: number",
    "median_days_to_next: number",
    "days_n: number",
    "value: number",
    "mature: flag",
    "observed: number",
    "observed_share: number",
    "basis",
    "horizon_days: number",
    "entry",
    "skips",
    "as_of: date",
    "currency",
    "contract_hash",
    "partial: flag",
];

/// How many columns are figures of a stage, and which one says whether the period is mature.
const FIGURES: usize = 17;
const MATURE: usize = 22;

/// Periods shown to people; machines get all.
const SHOWN: usize = 8;

/// What the tables are of.
pub struct View<'a> {
    pub data: &'a Data,
    pub side: &'a Side<'a>,
    pub by: &'a [String],
    pub segments: &'a [Segment],
}

impl View<'_> {
    /// The total and then the segments.
    fn groups(&self) -> Vec<Option<usize>> {
        let segments = if self.by.is_empty() { 0 } else { self.segments.len() };
        std::iter::once(None).chain((0..segments).map(Some)).collect()
    }

    #[allow(clippy::cast_precision_loss)]
    fn money(&self, row: &Row) -> Cell {
        if row.valued == 0 {
            return Cell::Missing("no deal with an amount".into());
        }
        Cell::Number(row.value as f64 / self.data.facts().minor_per_major(), Unit::Money)
    }

    /// All periods together; on the cohort basis beside the rates of `by_period`, the same days on the period basis.
    pub fn stages(&self, counts: &Counts, by_period: Option<(&Side<'_>, &Counts)>) -> Table {
        let side = self.side;
        let next = match (side.basis, side.horizon) {
            (Basis::Horizon, Some(days)) => format!("In {days} days"),
            (Basis::Period, _) => "Next ÷ this".to_string(),
            _ => "To next".to_string(),
        };
        let horizon = side.basis == Basis::Horizon;
        let mut columns = vec![Column::left("stage", "Stage"), Column::right("volume", "Reached")];
        if horizon {
            columns.push(Column::right("observed", "Observed"));
        }
        columns.push(Column::right("conversion_to_next", next));
        if side.basis != Basis::Period {
            columns.push(Column::right("interval", "95 % interval"));
            let of = side.cut()[0].map_or("Of first".into(), |title| format!("Of {title}"));
            columns.push(Column::right("conversion_from_first", of));
        }
        if by_period.is_some() {
            columns.push(Column::right("period_rate", "Next ÷ this"));
        }
        columns.push(Column::right("median_days_to_next", "Median days"));
        if !horizon {
            columns.push(Column::right("value", "Deal value"));
        }
        let mut table_rows = Vec::new();
        for key in self.groups() {
            let Some(rows) = counts.get(key, None) else { continue };
            if !self.by.is_empty() {
                let name = key.map_or_else(|| "All".to_string(), |k| segment_text(self.by, &self.segments[k]));
                table_rows.push(heading(&name, columns.len()));
            }
            for (stage, at) in side.all() {
                let title = Cell::text(&side.contract.stages[stage].title);
                let Some((s, row)) = at.map(|s| (s, &rows[s])) else {
                    let mut cells = vec![side.unseen(stage); columns.len()];
                    cells[0] = title;
                    table_rows.push(cells);
                    continue;
                };
                let mut cells = vec![title, Cell::count(row.volume)];
                if horizon {
                    cells.push(Cell::count(row.observed));
                }
                cells.push(share(side.conversion(row, s)));
                if side.basis != Basis::Period {
                    let interval = side.interval(row, s);
                    cells.push(interval.map_or_else(Cell::none, |(l, h)| Cell::text(number::interval(l, h))));
                    cells.push(share(side.of_first(rows, s)));
                }
                // A next stage of which nobody's day is known has no day to count on.
                let no_day = rows.get(s + 1).is_some_and(|next| next.volume > 0 && next.undated == next.volume);
                if by_period.is_some() && no_day {
                    cells.push(Cell::Missing("nobody's day of the next stage is known".into()));
                } else if let Some((side, counts)) = by_period {
                    cells.push(share(counts.get(key, None).and_then(|rows| side.conversion(rows.get(s)?, s))));
                }
                let median = quantile(&mut row.days.clone(), 0.5);
                cells.push(median.map_or_else(Cell::none, |d| Cell::Number(d, Unit::Days)));
                if !horizon {
                    cells.push(self.money(row));
                }
                table_rows.push(cells);
            }
        }
        let (from, to) = (date_of(side.periods.from), date_of(side.periods.to));
        let title = match side.basis {
            Basis::Cohort => format!("Began from {from} to {to}, seen on {}", self.data.session.as_of),
            Basis::Period => format!("Reached from {from} to {to}"),
            Basis::Horizon => format!(
                "Reached from {from} to {to}, and what followed within {} days",
                side.horizon.unwrap_or_default()
            ),
        };
        Table { id: "funnel".into(), title, audience: Audience::People, columns, rows: table_rows }
    }

    /// The periods side by side: how many reached each stage; on the horizon basis, how many of the first stage's.
    pub fn periods_table(&self, counts: &Counts) -> Table {
        let side = self.side;
        let kind = side.periods.kind.id();
        let horizon = side.basis == Basis::Horizon;
        let mut columns = vec![Column::left("period", "Period")];
        for (stage, at) in side.all() {
            let stage = &side.contract.stages[stage];
            columns.push(Column::right(&stage.id.value, &stage.title));
            if horizon && at == Some(0) {
                columns.push(Column::right("observed", "Observed"));
            }
        }
        if side.basis == Basis::Cohort {
            let whole = side.cut() == [None; 2];
            let ends = || format!("{} to {}", side.title(0), side.title(side.len().saturating_sub(1)));
            columns.push(Column::right("conversion", if whole { "First to last".into() } else { ends() }));
        }
        if side.basis != Basis::Period {
            columns.push(Column::left("mature", "Mature"));
        }
        let with_rows: Vec<usize> =
            (0..side.periods.all.len()).filter(|p| counts.get(None, Some(*p)).is_some()).collect();
        let mut rows = Vec::new();
        for period in &with_rows[with_rows.len().saturating_sub(SHOWN)..] {
            let Some(counted) = counts.get(None, Some(*period)) else { continue };
            let mut row = vec![Cell::text(side.periods.label(*period))];
            for (stage, at) in side.all() {
                match at.map(|s| (s, &counted[s])) {
                    None => row.push(side.unseen(stage)),
                    Some((0, r)) if horizon => row.extend([Cell::count(r.volume), Cell::count(r.observed)]),
                    Some((s, _)) if horizon => row.push(share(side.of_first(counted, s))),
                    Some((_, r)) => row.push(Cell::count(r.volume)),
                }
            }
            if side.basis == Basis::Cohort {
                row.push(share(counted.len().checked_sub(1).and_then(|last| side.of_first(counted, last))));
            }
            if side.basis != Basis::Period {
                row.push(self.maturity(*period, counted));
            }
            rows.push(row);
        }
        let hidden = with_rows.len().saturating_sub(SHOWN);
        let more = if hidden > 0 { format!("; {hidden} earlier in machine formats") } else { String::new() };
        let what = match side.horizon {
            Some(days) => format!(": of the first stage's observed, who came this far within {days} days"),
            None => String::new(),
        };
        let title = format!("By {kind}{what}{more}");
        Table { id: "periods".into(), title, audience: Audience::People, columns, rows }
    }

    /// `yes`, or the share of the cohort that was observed for long enough.
    fn maturity(&self, period: usize, rows: &[Row]) -> Cell {
        match (self.side.mature(Some(period)), self.side.observed_share(rows)) {
            (Some(true), _) => Cell::text("yes"),
            (Some(false), Some(part)) => share(Some(part)),
            (Some(false), None) => Cell::text("no"),
            (None, _) => Cell::none(),
        }
    }

    /// Every segment, period and stage.
    pub fn tidy(&self, counts: &Counts) -> Table {
        let columns = TIDY.iter().map(|c| Column::tidy(c)).collect();
        let (side, contract) = (self.side, self.side.contract);
        let policy = side.entries.policy();
        let mut rows = Vec::new();
        let none = vec![Row::default(); side.len()];
        for key in self.groups() {
            for period in (0..side.periods.all.len()).map(Some).chain([None]) {
                let counted = counts.get(key, period).unwrap_or(&none);
                let (label, start, end) = period.map_or(("total", side.periods.from, side.periods.to), |p| {
                    let p = &side.periods.all[p];
                    (p.label.as_str(), p.start, p.end)
                });
                let mature = side.mature(period);
                for (index, at) in side.all() {
                    let stage = &contract.stages[index];
                    let mut cells = vec![
                        Cell::text(label),
                        Cell::Date(date_of(start)),
                        Cell::Date(date_of(end)),
                        Cell::text(key.map_or_else(String::new, |k| segment_text(self.by, &self.segments[k]))),
                        Cell::text(&stage.id.value),
                        Cell::count(index as u64 + 1),
                        Cell::text(&stage.title),
                        Cell::text(stage.owner.id()),
                    ];
                    match at {
                        Some(s) => cells.extend(self.figures(counted, s)),
                        None => cells.resize(cells.len() + FIGURES, side.unseen(index)),
                    }
                    cells[MATURE] = mature.map_or_else(Cell::none, Cell::Flag);
                    cells.extend([
                        Cell::text(side.basis.id()),
                        side.horizon.map_or_else(Cell::none, |days| Cell::Number(f64::from(days), Unit::Days)),
                        Cell::text(policy.entry.id()),
                        Cell::text(policy.skips.id()),
                        Cell::Date(self.data.session.as_of),
                        Cell::text(&contract.currency),
                        Cell::text(contract.short_hash()),
                        Cell::Flag(period.is_some_and(|p| side.periods.is_partial(p))),
                    ]);
                    rows.push(cells);
                }
            }
        }
        Table { id: "funnel_tidy".into(), title: String::new(), audience: Audience::Machines, columns, rows }
    }

    /// The figures of a stage, from `volume` to `observed_share`; whether it is mature is the period's.
    fn figures(&self, counted: &[Row], s: usize) -> [Cell; FIGURES] {
        let (side, row) = (self.side, &counted[s]);
        let plain = |v: Option<f64>| v.map_or_else(Cell::none, |v| Cell::Number(v, Unit::Number));
        let last = s + 1 == counted.len();
        let interval = side.interval(row, s);
        let cohort = side.basis != Basis::Period;
        let observed = cohort && side.mature_after.is_some();
        let count = |n: u64, known: bool| if known { Cell::count(n) } else { Cell::none() };
        [
            Cell::count(row.volume),
            Cell::count(row.entered),
            Cell::count(row.recorded),
            Cell::count(row.inferred),
            Cell::count(row.undated),
            count(row.next, !last),
            plain(side.conversion(row, s)),
            plain(interval.map(|(low, _)| low)),
            plain(interval.map(|(_, high)| high)),
            count(row.from_first, cohort),
            plain(side.of_first(counted, s)),
            plain(quantile(&mut row.days.clone(), 0.5)),
            count(row.days.len() as u64, !last),
            self.money(row),
            Cell::none(),
            count(row.observed, observed),
            plain(part(row.observed, row.volume).filter(|_| observed)),
        ]
    }
}

#[allow(clippy::cast_precision_loss)] // counts stay far below 2^53
fn part(some: u64, all: u64) -> Option<f64> {
    (all > 0).then(|| some as f64 / all as f64)
}

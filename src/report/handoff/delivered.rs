//! Delivered against needed: as many qualified leads as were agreed, and how evenly they came.
//!
//! In: the processes, the contract's targets. Out: a table for people, one for machines, notes.

use crate::calendar::{Fiscal, PeriodKind, Periods};
use crate::contract::Target;
use crate::journey::How;
use crate::output::number;
use crate::report::scorecard::heading;
use crate::report::{Audience, Cell, Column, Table, Unit};
use crate::session::Data;
use crate::stats::spread::{Spread, spread};
use crate::time::{date_of, day_of};

/// The tidy columns: the same whatever the data.
const TIDY: [&str; 20] = [
    "stage_id",
    "per",
    "period",
    "period_start: date",
    "period_end: date",
    "partial: flag",
    "needed: number",
    "delivered: number",
    "attainment: number",
    "cumulative_needed: number",
    "cumulative_delivered: number",
    "cumulative_attainment: number",
    "weeks: number",
    "weekly_variation: number",
    "variation_by_chance: number",
    "last_week: number",
    "last_week_share: number",
    "last_week_share_if_even: number",
    "as_of: date",
    "contract_hash",
];

/// Periods shown to people; machines get all.
const SHOWN: usize = 8;

/// One period of one stage.
#[derive(Debug, Clone, PartialEq)]
struct Line {
    label: String,
    start: i32,
    end: i32,
    /// Days of it are still to come, or were cut off.
    partial: bool,
    /// Of the days that count; `None` where no target holds on any.
    needed: Option<f64>,
    delivered: u64,
    /// Since the first target, with this one.
    so_far: Option<(f64, u64)>,
    weeks: Option<Spread>,
    last_week: Option<u64>,
}

/// One stage.
struct Part {
    stage: usize,
    per: PeriodKind,
    lines: Vec<Line>,
    total: Line,
}

pub struct Delivered<'a> {
    data: &'a Data,
    parts: Vec<Part>,
    /// Only some processes are counted, and targets are for all.
    some: bool,
}

impl<'a> Delivered<'a> {
    /// Every stage that some export shows with a target, and the one that leads are handed over from. `keep` are the
    /// processes that count, where these are not all.
    pub fn of(data: &'a Data, periods: &Periods, fiscal: Fiscal, keep: Option<&Vec<bool>>, from_stage: usize) -> Self {
        let contract = &data.session.contract;
        let mut wanted: Vec<(usize, PeriodKind)> = Vec::new();
        for (index, stage) in contract.stages.iter().enumerate() {
            let target = contract.targets.iter().find(|t| t.stage.value == stage.id.value);
            if data.journeys.seen[index] && (target.is_some() || index == from_stage) {
                wanted.push((index, target.map_or(periods.kind, |t| t.per)));
            }
        }
        let parts = wanted.into_iter().map(|(stage, per)| {
            let id = &contract.stages[stage].id.value;
            // A target is that of everybody: part of them has none.
            let of_all = contract.targets.iter().filter(|_| keep.is_none());
            let mut targets: Vec<&Target> = of_all.filter(|t| t.stage.value == *id).collect();
            targets.sort_by_key(|t| t.from);
            let periods = Periods::covering(per, periods.from, periods.to, fiscal);
            let reached = data.journeys.stages[stage].iter().enumerate();
            let counts = |at: usize| keep.is_none_or(|keep| keep[at]);
            let mut days: Vec<i32> =
                reached.filter(|(at, r)| counts(*at) && r.how == How::Recorded).map(|(_, r)| r.day).collect();
            days.sort_unstable();
            part(stage, &periods, &targets, &days)
        });
        Self { data, parts: parts.collect(), some: keep.is_some() }
    }
}

/// How many of the sorted days lie between two, both included.
fn between(days: &[i32], from: i32, to: i32) -> u64 {
    (days.partition_point(|d| *d <= to) - days.partition_point(|d| *d < from)) as u64
}

/// What the targets need of the days from `from` to `to` of a period: each day its share of the volume that holds on it.
pub fn needed(targets: &[&Target], (start, end): (i32, i32), from: i32, to: i32) -> Option<f64> {
    let begins: Vec<i32> = targets.iter().map(|t| t.from.map_or(i32::MIN, day_of)).collect();
    let mut sum = None;
    for (i, target) in targets.iter().enumerate() {
        let last = begins.get(i + 1).map_or(to, |next| to.min(next - 1));
        let first = from.max(begins[i]);
        if first <= last {
            let share = f64::from(last - first + 1) / f64::from(end - start + 1);
            sum = Some(sum.unwrap_or(0.0) + target.volume * share);
        }
    }
    sum
}

fn part(stage: usize, periods: &Periods, targets: &[&Target], days: &[i32]) -> Part {
    let mut lines: Vec<Line> = Vec::new();
    let mut so_far: Option<(f64, u64)> = None;
    for period in &periods.all {
        let (from, to) = (period.start.max(periods.from), period.end.min(periods.to));
        let partial = (from, to) != (period.start, period.end);
        let needed = needed(targets, (period.start, period.end), from, to);
        let delivered = between(days, from, to);
        if let Some(needed) = needed {
            let (before, came) = so_far.unwrap_or((0.0, 0));
            so_far = Some((before + needed, came + delivered));
        }
        // Weeks of seven days, counted back from the end; the days left over at the beginning are in none.
        let weeks = (period.end - period.start + 1) / 7;
        let counts: Vec<u64> =
            (0..weeks).rev().map(|w| between(days, period.end - 7 * w - 6, period.end - 7 * w)).collect();
        lines.push(Line {
            label: period.label.clone(),
            start: period.start,
            end: period.end,
            partial,
            needed,
            delivered,
            so_far: so_far.filter(|_| needed.is_some()),
            weeks: if partial { None } else { spread(&counts) },
            last_week: counts.last().copied().filter(|_| !partial && weeks > 1),
        });
    }
    // Over all days: the calendar's weeks, whole ones only.
    let monday = periods.from + (4 - periods.from).rem_euclid(7);
    let weeks = (periods.to - monday + 1).max(0) / 7;
    let counts: Vec<u64> = (0..weeks).map(|w| between(days, monday + 7 * w, monday + 7 * w + 6)).collect();
    let total = Line {
        label: "total".into(),
        start: periods.from,
        end: periods.to,
        partial: false,
        needed: so_far.map(|(needed, _)| needed),
        delivered: between(days, periods.from, periods.to),
        so_far,
        weeks: spread(&counts),
        last_week: None,
    };
    Part { stage, per: periods.kind, lines, total }
}

#[allow(clippy::cast_precision_loss)] // counts stay far below 2^53
fn ratio(top: u64, bottom: f64) -> Option<f64> {
    (bottom > 0.0).then(|| top as f64 / bottom)
}

fn number(value: Option<f64>, unit: Unit) -> Cell {
    value.map_or_else(Cell::none, |v| Cell::Number(v, unit))
}

impl Line {
    /// Of the periods that a target holds in: what came in a total is what came in those.
    fn attainment(&self) -> Option<f64> {
        let came = if self.label == "total" { self.so_far.map(|(_, came)| came) } else { Some(self.delivered) };
        ratio(came?, self.needed?)
    }

    #[allow(clippy::cast_precision_loss)]
    fn last_week_share(&self) -> Option<f64> {
        ratio(self.last_week?, self.delivered as f64)
    }
}

impl Delivered<'_> {
    /// The table for people.
    pub fn people(&self) -> Option<Table> {
        let columns = vec![
            Column::left("period", "Period"),
            Column::right("needed", "Needed"),
            Column::right("delivered", "Delivered"),
            Column::right("attainment", "Attained"),
            Column::right("cumulative", "So far"),
            Column::right("weekly_variation", "Weekly CV"),
            Column::right("last_week_share", "Last week"),
        ];
        let mut rows = Vec::new();
        for part in &self.parts {
            if self.parts.len() > 1 {
                rows.push(heading(&self.data.session.contract.stages[part.stage].title, columns.len()));
            }
            let hidden = part.lines.len().saturating_sub(SHOWN);
            for line in part.lines.iter().skip(hidden).chain([&part.total]) {
                let label = match (line.label.as_str(), line.partial) {
                    ("total", _) => "All".to_string(),
                    (label, true) => format!("{label} part"),
                    (label, false) => label.to_string(),
                };
                let why = if self.some {
                    "a target is for all, and these are some"
                } else {
                    "the contract has no [[target]] for it"
                };
                let no_target = || Cell::Missing(why.into());
                let needed = line.needed.map_or_else(no_target, |v| Cell::Number(v, Unit::Count));
                rows.push(vec![
                    Cell::text(label),
                    needed,
                    Cell::count(line.delivered),
                    number(line.attainment(), Unit::Share),
                    number(line.so_far.and_then(|(needed, came)| ratio(came, needed)), Unit::Share),
                    number(line.weeks.map(|w| w.variation), Unit::Share),
                    number(line.last_week_share(), Unit::Share),
                ]);
            }
        }
        let title = "Delivered against needed".to_string();
        (!rows.is_empty()).then_some(Table { id: "delivered".into(), title, audience: Audience::People, columns, rows })
    }

    /// The table for machines.
    pub fn tidy(&self) -> Table {
        let columns = TIDY.iter().map(|c| Column::tidy(c)).collect();
        let mut rows = Vec::new();
        let plain = |value: Option<f64>| number(value, Unit::Number);
        for part in &self.parts {
            for line in part.lines.iter().chain([&part.total]) {
                let even = 7.0 / f64::from(line.end - line.start + 1);
                rows.push(vec![
                    Cell::text(&self.data.session.contract.stages[part.stage].id.value),
                    Cell::text(part.per.id()),
                    Cell::text(&line.label),
                    Cell::Date(date_of(line.start)),
                    Cell::Date(date_of(line.end)),
                    Cell::Flag(line.partial),
                    plain(line.needed),
                    Cell::count(line.delivered),
                    plain(line.attainment()),
                    plain(line.so_far.map(|(needed, _)| needed)),
                    line.so_far.map_or_else(Cell::none, |(_, came)| Cell::count(came)),
                    plain(line.so_far.and_then(|(needed, came)| ratio(came, needed))),
                    line.weeks.map_or_else(Cell::none, |w| Cell::count(w.n)),
                    plain(line.weeks.map(|w| w.variation)),
                    plain(line.weeks.map(|w| w.by_chance)),
                    line.last_week.map_or_else(Cell::none, Cell::count),
                    plain(line.last_week_share()),
                    plain(line.last_week.map(|_| even)),
                    Cell::Date(self.data.session.as_of),
                    Cell::text(self.data.session.contract.short_hash()),
                ]);
            }
        }
        Table { id: "handoff_delivered".into(), title: String::new(), audience: Audience::Machines, columns, rows }
    }

    /// What the figures mean.
    pub fn notes(&self) -> Vec<String> {
        let mut notes = Vec::new();
        if self.parts.iter().any(|part| part.lines.iter().any(|line| line.needed.is_some())) {
            notes.push(
                "Needed: of a period that is not over or was cut, the share of its days; a target that changes within one counts by days. So far: since the first of the days shown on which a target holds."
                    .into(),
            );
        }
        if self.some && !self.data.session.contract.targets.is_empty() {
            notes.push(
                "Needed is missing: a target is for all leads, and the condition leaves some of them out.".into(),
            );
        }
        let total = self.parts.first().and_then(|part| part.total.weeks);
        if let Some(weeks) = total {
            notes.push(format!(
                "Weekly CV: standard deviation of the weeks' numbers over their mean; {} weeks of {} on average would vary by {} by chance alone. Weeks of a period are counted back from its end, and days left over at its beginning are in none. Last week: the share of a period's leads that came in its last seven days.",
                weeks.n,
                number::people(weeks.mean, Unit::Count),
                number::people(weeks.by_chance, Unit::Share)
            ));
        }
        notes
    }
}

//! `scorecard`: every metric per period, its change, both sides of every ratio, and what is missing for the rest.
//!
//! In: the command line. Out: a [`Report`] with tables for people and one tidy table for machines.

mod benchmarks;
pub mod picture;

use std::collections::BTreeMap;

use anyhow::Result;

use super::{Audience, Cell, Column, Report, Table, Unit};
use crate::Env;
use crate::calendar::{Fiscal, Period, Periods};
use crate::catalogue::{Catalogue, Metric};
use crate::cli::ScorecardArgs;
use crate::evaluate::{self, Score, Scores, Slice, segment_text};
use crate::facts::Segment;
use crate::issue::{Issue, Issues, Place, did_you_mean};
use crate::output::number;
use crate::session::{Data, Session};
use crate::time::{date_of, day_of};

/// The tidy columns: the same whatever the data.
pub const TIDY: [&str; 18] = [
    "metric_id",
    "period",
    "period_start: date",
    "period_end: date",
    "segment",
    "value: number",
    "unit",
    "numerator: number",
    "denominator: number",
    "n: number",
    "ci_low: number",
    "ci_high: number",
    "mature: flag",
    "status",
    "basis",
    "as_of: date",
    "currency",
    "contract_hash",
];

pub use benchmarks::compared;

/// Headings of the groups, in the catalogue's order.
const GROUPS: [(&str, &str); 6] = [
    ("scorecard", "Customer-creation scorecard"),
    ("conversion", "From qualified lead to revenue"),
    ("deals", "Deals closed"),
    ("pipeline", "Demand and pipeline"),
    ("spend", "Spend"),
    ("own", "From the contract"),
];

/// Periods shown to people at 80 columns, and the columns that one more takes; machines get all periods.
const SHOWN: usize = 2;
const PERIOD_WIDTH: usize = 11;

/// Marks a rate that will still rise.
const YOUNG: &str = "*";

/// Builds the report.
///
/// # Errors
/// Whatever the rooms on the way report; a metric or a column that does not exist.
pub fn build(args: &ScorecardArgs, env: &mut Env<'_>) -> Result<Report> {
    let session = Session::open(&args.input, env)?;
    let catalogue = Catalogue::new(&session.contract)?;
    wanted(&catalogue, &args.metric)?;
    let data = session.load(&args.output, env)?;
    tell(&data, args, env.width.unwrap_or(80))
}

/// The report of what was loaded.
///
/// # Errors
/// As [`build`], after loading.
pub fn tell(data: &Data, args: &ScorecardArgs, width: usize) -> Result<Report> {
    let catalogue = Catalogue::new(&data.session.contract)?;
    let wanted = wanted(&catalogue, &args.metric)?;
    let (from, to) = data.days(&args.slice)?;
    let contract = &data.session.contract;
    let fiscal = Fiscal { start: contract.fiscal_year_start, label: contract.fiscal_year_label };
    let periods = Periods::covering(args.slice.period, from, to, fiscal);
    let slice = Slice { by: args.slice.columns(), condition: args.slice.condition.clone() };
    data.not_too_many(&slice.by, periods.all.len() * wanted.len())?;
    let scores = evaluate::evaluate(&data.facts(), &catalogue, &wanted, &periods, &slice)?;
    let room = SHOWN + width.saturating_sub(80) / PERIOD_WIDTH;
    let mature_after = data.mature_after();
    let view = View {
        data,
        scores: &scores,
        periods: &periods,
        wanted: &wanted,
        mature_after,
        room,
        catalogue: &catalogue,
        last_day: data.last_day(),
        known: data.known_until(),
    };

    let mut report = data.report("scorecard", "Customer-creation scorecard");
    let shown = view.shown();
    if slice.by.is_empty() {
        report.tables.push(view.overview(&shown));
        if let Some(last) = shown.last() {
            report.tables.extend(view.makeup(*last));
        }
    } else {
        report.tables.push(view.by_segment(&shown));
    }
    report.tables.extend(view.missing(&shown));
    report.tables.push(view.tidy());
    report.notes = view.notes(&slice);
    report.notes.extend(data.outside((from, to)));
    report.notes.extend(data.notes());
    if args.benchmarks {
        view.add_benchmarks(&mut report);
    }
    if slice.by.is_empty() {
        report.tiles = view.tiles();
        report.charts = view.charts();
        if args.benchmarks {
            report.charts.extend(picture::beside(&report));
        }
    }
    Ok(report)
}

/// The metrics asked for, or all.
fn wanted<'c>(catalogue: &'c Catalogue, ids: &[String]) -> Result<Vec<&'c Metric>, Issues> {
    let mut issues = Vec::new();
    let mut found: Vec<&Metric> = Vec::new();
    for id in ids.iter().map(|id| id.trim()) {
        match catalogue.metrics.get(id) {
            Some(metric) => found.push(metric),
            None => issues.push(
                Issue::usage(Place::file("--metric"), format!("no metric is called `{id}`"))
                    .hint(did_you_mean(id, catalogue.metrics.keys().map(String::as_str))),
            ),
        }
    }
    Issues(issues).into_result()?;
    Ok(if ids.is_empty() { catalogue.metrics.values().collect() } else { found })
}

struct View<'a> {
    data: &'a Data,
    catalogue: &'a Catalogue,
    scores: &'a Scores,
    periods: &'a Periods,
    wanted: &'a [&'a Metric],
    mature_after: Option<i32>,
    room: usize,
    /// The last day of anything in the exports.
    last_day: Option<i32>,
    /// The last day of which the exports can know anything.
    known: i32,
}

impl View<'_> {
    fn as_of(&self) -> i32 {
        day_of(self.data.session.as_of)
    }

    /// A period of which days are still to come, are not known, or were cut off by --from or --to.
    fn is_partial(&self, period: &Period) -> bool {
        period.end > self.periods.to.min(self.known) || period.start < self.periods.from
    }

    /// The last periods of which every day counts; if there is none, the last one.
    fn shown(&self) -> Vec<usize> {
        let whole = self.periods.whole(self.last_day, self.known);
        whole[whole.len().saturating_sub(self.room)..].to_vec()
    }

    /// Whether a period begins before the exports end: after that, nothing is known.
    fn begins(&self, period: usize) -> bool {
        self.last_day.is_none_or(|last| self.periods.all[period].start <= last)
    }

    fn groups(&self) -> Vec<(&'static str, Vec<&Metric>)> {
        GROUPS
            .iter()
            .map(|(id, title)| (*title, self.wanted.iter().copied().filter(|m| m.group == *id).collect::<Vec<_>>()))
            .filter(|(_, metrics)| !metrics.is_empty())
            .collect()
    }

    fn mature(&self, metric: &Metric, end: i32) -> Option<bool> {
        if metric.basis != "cohort" {
            return None;
        }
        self.mature_after.map(|days| self.as_of() - end >= days)
    }

    fn title(metric: &Metric) -> String {
        if metric.label == "IDC" { format!("{} (IDC)", metric.title) } else { metric.title.clone() }
    }

    fn value(metric: &Metric, score: &Score) -> Cell {
        match &score.value {
            Ok(value) => Cell::Number(*value, metric.unit),
            Err(why) => Cell::Missing(why.reason.clone()),
        }
    }

    /// Change of the last shown period against the one before it.
    fn change(metric: &Metric, before: &Score, after: &Score) -> Cell {
        match (&before.value, &after.value) {
            (Ok(a), Ok(b)) if metric.unit == Unit::Share => Cell::Number(b - a, Unit::Points),
            (Ok(a), Ok(b)) if *a != 0.0 => Cell::Number(b / a - 1.0, Unit::Change),
            _ => Cell::Missing("one of the two periods has no value".into()),
        }
    }

    fn heading(&self, period: &Period) -> String {
        if self.is_partial(period) { format!("{} part", period.label) } else { period.label.clone() }
    }

    fn period_columns(&self, shown: &[usize]) -> Vec<Column> {
        let mut columns: Vec<Column> = shown
            .iter()
            .map(|i| &self.periods.all[*i])
            .map(|p| Column::right(p.label.clone(), self.heading(p)))
            .collect();
        if shown.len() > 1 {
            columns.push(Column::right("change", "Change"));
        }
        columns.push(Column::right("total", "All days"));
        columns
    }

    fn period_cells(&self, metric: &Metric, segment: &Segment, shown: &[usize]) -> Vec<Cell> {
        let scores: Vec<Score> = shown.iter().map(|i| self.scores.score(metric, segment, Some(*i))).collect();
        let young = |i: &usize| {
            metric.formula.ratio().is_some() && self.mature(metric, self.periods.all[*i].end) == Some(false)
        };
        let mut cells: Vec<Cell> = scores
            .iter()
            .zip(shown)
            .map(|(score, i)| match (&score.value, young(i)) {
                (Ok(value), true) => Cell::text(format!("{}{YOUNG}", number::people(*value, metric.unit))),
                _ => Self::value(metric, score),
            })
            .collect();
        if let [.., before, after] = &scores[..] {
            // A cohort that is still converting looks worse than the one before it, whatever it will come to.
            let immature = shown.last().is_some_and(young);
            cells.push(if immature { Cell::Missing("not mature".into()) } else { Self::change(metric, before, after) });
        }
        cells.push(Self::value(metric, &self.scores.score(metric, segment, None)));
        cells
    }

    fn overview(&self, shown: &[usize]) -> Table {
        let mut columns = vec![Column::left("metric", "Metric")];
        columns.extend(self.period_columns(shown));
        let mut rows = Vec::new();
        for (title, metrics) in self.groups() {
            rows.push(heading(title, columns.len()));
            for metric in metrics {
                let mut row = vec![Cell::text(Self::title(metric))];
                row.extend(self.period_cells(metric, &Vec::new(), shown));
                rows.push(row);
            }
        }
        let (from, to) = (date_of(self.periods.from), date_of(self.periods.to));
        let title = format!("By {}, and all days from {from} to {to}", self.periods.kind.id());
        Table { id: "scorecard".into(), title, audience: Audience::People, columns, rows }
    }

    /// Both sides of every ratio in one period.
    fn makeup(&self, period: usize) -> Option<Table> {
        let columns = vec![
            Column::left("metric", "Metric"),
            Column::right("numerator", "Numerator"),
            Column::right("denominator", "Denominator"),
            Column::right("n", "Rows"),
            Column::right("interval", "95 % interval"),
        ];
        let mut rows = Vec::new();
        for (title, metrics) in self.groups() {
            let mut group = Vec::new();
            for metric in metrics.iter().filter(|m| m.formula.ratio().is_some()) {
                let score = self.scores.score(metric, &Vec::new(), Some(period));
                if score.value.is_err() {
                    continue;
                }
                let interval =
                    score.interval.map_or_else(Cell::none, |(low, high)| Cell::text(number::interval(low, high)));
                let (top, bottom) = (self.side_unit(metric, true), self.side_unit(metric, false));
                let with = |value: Option<f64>, unit: Option<Unit>| {
                    value.map_or_else(Cell::none, |v| Cell::Number(v, unit.unwrap_or(Unit::Number)))
                };
                group.push(vec![
                    Cell::text(Self::title(metric)),
                    with(score.numerator, top),
                    with(score.denominator, bottom),
                    Cell::count(score.n),
                    interval,
                ]);
            }
            if !group.is_empty() {
                rows.push(heading(title, columns.len()));
                rows.append(&mut group);
            }
        }
        let title = format!("What the ratios of {} are made of", self.periods.all[period].label);
        (!rows.is_empty()).then_some(Table { id: "makeup".into(), title, audience: Audience::People, columns, rows })
    }

    /// The unit of one side of a ratio: that of its measures.
    fn side_unit(&self, metric: &Metric, top: bool) -> Option<Unit> {
        let (numerator, denominator) = metric.formula.ratio()?;
        let side = if top { numerator } else { denominator };
        let mut units = side.uses.iter().filter_map(|id| self.scores.unit(id));
        units.next().filter(|first| units.all(|u| u == *first))
    }

    fn by_segment(&self, shown: &[usize]) -> Table {
        let mut columns = vec![Column::left("segment", self.scores.by.join(", "))];
        columns.extend(self.period_columns(shown));
        let mut rows = Vec::new();
        for metric in self.wanted {
            let known =
                |segment: &&Segment| shown.iter().any(|i| self.scores.score(metric, segment, Some(*i)).value.is_ok());
            let segments: Vec<&Segment> = self.scores.segments.iter().filter(known).collect();
            // A metric that cannot be broken down stands among the missing, not among the segments.
            if !segments.iter().any(|s| !s.is_empty()) {
                continue;
            }
            rows.push(heading(&Self::title(metric), columns.len()));
            for segment in segments {
                let words: Vec<&str> = segment.iter().map(|v| v.as_deref().unwrap_or("(blank)")).collect();
                let name = if segment.is_empty() { "All".to_string() } else { words.join(", ") };
                let mut row = vec![Cell::text(name)];
                row.extend(self.period_cells(metric, segment, shown));
                rows.push(row);
            }
        }
        let title = format!("By {} and {}", self.scores.by.join(", "), self.periods.kind.id());
        Table { id: "scorecard".into(), title, audience: Audience::People, columns, rows }
    }

    /// Metrics without a value in any shown period, by what is missing.
    fn missing(&self, shown: &[usize]) -> Option<Table> {
        let mut reasons: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for metric in self.wanted {
            // Without any segment, a breakdown was not possible for any metric: one that cannot be says why.
            let unknown = [vec![None; self.scores.by.len()]];
            let broken: Vec<&Segment> =
                self.scores.segments.iter().filter(|s| s.is_empty() == self.scores.by.is_empty()).collect();
            let segments = if broken.is_empty() { unknown.iter().collect() } else { broken };
            let segments = segments.into_iter();
            let scores: Vec<Score> = segments
                .flat_map(|s| shown.iter().map(|i| Some(*i)).chain([None]).map(|i| self.scores.score(metric, s, i)))
                .collect();
            if !scores.is_empty()
                && scores.iter().all(|s| s.value.is_err())
                && let Some(Err(why)) = scores.last().map(|s| &s.value)
            {
                reasons.entry(why.reason.clone()).or_default().push(metric.title.clone());
            }
        }
        if reasons.is_empty() {
            return None;
        }
        let columns = vec![Column::left("metrics", "Without a value"), Column::left("missing", "Because")];
        let rows =
            reasons.into_iter().map(|(why, metrics)| vec![Cell::text(metrics.join(", ")), Cell::text(why)]).collect();
        Some(Table { id: "missing".into(), title: "What is missing".into(), audience: Audience::People, columns, rows })
    }

    fn tidy(&self) -> Table {
        let columns = TIDY.iter().map(|c| Column::tidy(c)).collect();
        let mut rows = Vec::new();
        for metric in self.wanted {
            for segment in &self.scores.segments {
                for period in (0..self.periods.all.len()).map(Some).chain([None]) {
                    rows.push(self.tidy_row(metric, segment, period));
                }
            }
        }
        Table { id: "scorecard_tidy".into(), title: String::new(), audience: Audience::Machines, columns, rows }
    }

    fn tidy_row(&self, metric: &Metric, segment: &Segment, period: Option<usize>) -> Vec<Cell> {
        let score = self.scores.score(metric, segment, period);
        let number = |value: Option<f64>| value.map_or_else(Cell::none, |v| Cell::Number(v, Unit::Number));
        let (label, start, end, partial) = match period {
            Some(i) => {
                let p = &self.periods.all[i];
                (p.label.clone(), p.start, p.end, self.is_partial(p))
            }
            None => ("total".to_string(), self.periods.from, self.periods.to, false),
        };
        let status = match &score.value {
            Ok(_) if partial => "partial",
            Ok(_) => "ok",
            Err(why) => why.status,
        };
        let contract = &self.data.session.contract;
        vec![
            Cell::text(&metric.id),
            Cell::text(label),
            Cell::Date(date_of(start)),
            Cell::Date(date_of(end)),
            Cell::text(segment_text(&self.scores.by, segment)),
            Self::value(metric, &score),
            Cell::text(metric.unit.id()),
            number(score.numerator),
            number(score.denominator),
            Cell::count(score.n),
            number(score.interval.map(|(low, _)| low)),
            number(score.interval.map(|(_, high)| high)),
            self.mature(metric, end).map_or_else(Cell::none, Cell::Flag),
            Cell::text(status),
            Cell::text(&metric.basis),
            Cell::Date(self.data.session.as_of),
            Cell::text(&contract.currency),
            Cell::text(contract.short_hash()),
        ]
    }

    fn notes(&self, slice: &Slice) -> Vec<String> {
        let mut notes = Vec::new();
        let as_of = self.data.session.as_of;
        let cut: Vec<&str> = self.periods.all.iter().filter(|p| self.is_partial(p)).map(|p| p.label.as_str()).collect();
        if !cut.is_empty() {
            let (from, to) = (date_of(self.periods.from), date_of(self.periods.to.min(self.known)));
            let only = if self.known < self.periods.to { "at most" } else { "only" };
            notes.push(format!(
                "Of {} {only} a part lies within {from} to {to}: machine formats have it, with status `partial`.",
                cut.join(" and ")
            ));
        }
        if let Some(days) = self.mature_after
            && self.wanted.iter().any(|m| m.basis == "cohort")
        {
            let how = if self.data.session.contract.mature_after_days.is_some() {
                "by the contract"
            } else {
                "when 90 % of wins had come"
            };
            notes.push(format!(
                "Conversion and yield count what became, by {as_of}, of those who began in the period. A period is mature {days} days after its end ({how}); those marked {YOUNG} are younger and will still rise."
            ));
        }
        if let Some(last) = self.last_day.filter(|last| self.as_of() - last > 31 && self.data.ends_early().is_none()) {
            notes.push(format!(
                "The exports end on {}: later periods are empty because nothing is known of them. --as-of, or as_of in the contract, says when they were taken.",
                date_of(last)
            ));
        }
        notes.extend(self.data.unseen_stages());
        if let Some(condition) = &slice.condition {
            let met = self.data.facts().journey_mask(Some(condition)).map_or(0, |m| m.iter().filter(|m| **m).count());
            notes.push(format!("Only the {met} of {} buying processes where {condition}.", self.data.journeys.len()));
        }
        if self.wanted.iter().any(|m| m.formula.uses.iter().any(|u| u.starts_with("mql"))) {
            notes.extend(self.data.inferred("mql"));
        }
        for measure in self.catalogue.measures.values().filter(|m| m.replaces) {
            let line = measure.place.as_ref().and_then(|p| p.line).unwrap_or(0);
            notes.push(format!(
                "The measure {} is replaced, by {} line {line}, and with it every metric that uses it.",
                measure.id, self.data.session.contract.source_name
            ));
        }
        for metric in self.wanted.iter().filter(|m| m.place.is_some()) {
            let line = metric.place.as_ref().and_then(|p| p.line).unwrap_or(0);
            let what = if metric.replaces { "replaces the built-in metric" } else { "is added" };
            notes.push(format!("{} {what}, by {} line {line}.", metric.id, self.data.session.contract.source_name));
        }
        notes
    }
}

/// A heading row for people: its first cell alone.
pub fn heading(title: &str, columns: usize) -> Vec<Cell> {
    let mut row = vec![Cell::text(title)];
    row.resize(columns, Cell::none());
    row
}

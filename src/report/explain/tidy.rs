//! The explanation for machines: columns that never depend on the data.
//!
//! In: the [`View`]. Out: one table of the figure, of its measures, of where the rows went, and of the records that count.

use super::account::code;
use super::rows::{Line, gives};
use super::{Part, View};
use crate::evaluate::{Fate, Input};
use crate::output::number;
use crate::report::{Audience, Cell, Column, Table, Unit};
use crate::time::date_of;

const FIGURE: [&str; 24] = [
    "metric_id",
    "title",
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
    "status",
    "reason",
    "formula",
    "formula_with_numbers",
    "definition",
    "basis",
    "label",
    "source",
    "defined",
    "as_of: date",
    "contract_hash",
];

const MEASURES: [&str; 13] = [
    "metric_id",
    "measure",
    "value: number",
    "unit",
    "n: number",
    "table_name",
    "at",
    "condition",
    "aggregate",
    "row_gives",
    "adds_up: flag",
    "status",
    "reason",
];

const ACCOUNT: [&str; 5] = ["measure", "table_name", "step", "reason", "rows: number"];

/// The columns of one record.
pub const RECORD: [&str; 12] = [
    "row: number",
    "record",
    "part",
    "record_id",
    "label",
    "file",
    "line: number",
    "day: date",
    "contribution: number",
    "contribution_text",
    "counts: flag",
    "reason",
];

fn table(id: &str, columns: &[&str], rows: Vec<Vec<Cell>>) -> Table {
    let columns = columns.iter().map(|column| Column::tidy(column)).collect();
    Table { id: id.into(), title: String::new(), audience: Audience::Machines, columns, rows }
}

fn some(text: &str) -> Cell {
    if text.is_empty() { Cell::none() } else { Cell::text(text) }
}

impl View<'_> {
    /// The tables for machines.
    pub fn machines(&self) -> Vec<Table> {
        let steps = self.steps().into_iter().map(|step| {
            vec![
                some(&step.measure),
                Cell::text(step.kind),
                Cell::text(step.code),
                Cell::text(step.text),
                Cell::count(step.rows),
            ]
        });
        vec![
            table("explain_tidy", &FIGURE, vec![self.figure()]),
            table("explain_measures", &MEASURES, self.parts.iter().map(|p| self.measure(p)).collect()),
            table("explain_account", &ACCOUNT, steps.collect()),
            self.records_table(),
        ]
    }

    fn figure(&self) -> Vec<Cell> {
        let (metric, score, contract) = (self.metric, &self.score, &self.data.session.contract);
        let plain = |value: Option<f64>| value.map_or_else(Cell::none, |v| Cell::Number(v, Unit::Number));
        let why = score.value.as_ref().err();
        let (from, to) = match self.period {
            Some(at) => (self.periods.all[at].start, self.periods.all[at].end),
            None => (self.periods.from, self.periods.to),
        };
        let partial = self.period.is_some_and(|at| self.periods.is_partial(at));
        let ok = if partial { "partial" } else { "ok" };
        let machine = |value: f64| number::machine(value).unwrap_or_default();
        vec![
            Cell::text(&metric.id),
            Cell::text(&metric.title),
            Cell::text(self.period_label()),
            Cell::Date(date_of(from)),
            Cell::Date(date_of(to)),
            Cell::text(self.segment_text()),
            match &score.value {
                Ok(value) => Cell::Number(*value, metric.unit),
                Err(why) => Cell::Missing(why.reason.clone()),
            },
            Cell::text(metric.unit.id()),
            plain(score.numerator),
            plain(score.denominator),
            Cell::count(score.n),
            plain(score.interval.map(|(low, _)| low)),
            plain(score.interval.map(|(_, high)| high)),
            Cell::text(why.map_or(ok, |why| why.status)),
            why.map_or_else(Cell::none, |why| Cell::text(&why.reason)),
            Cell::text(&metric.text),
            Cell::text(self.with_numbers(&machine, "null")),
            Cell::text(&metric.definition),
            Cell::text(&metric.basis),
            some(&metric.label),
            Cell::text(&metric.source),
            Cell::text(crate::report::metrics::origin(metric, contract)),
            Cell::Date(self.data.session.as_of),
            Cell::text(contract.short_hash()),
        ]
    }

    fn measure(&self, part: &Part<'_>) -> Vec<Cell> {
        let (measure, figure) = (part.measure, &part.figure);
        let why = figure.value.as_ref().err();
        vec![
            Cell::text(&self.metric.id),
            Cell::text(&measure.id),
            match &figure.value {
                Ok(value) => Cell::Number(*value, measure.unit),
                Err(why) => Cell::Missing(why.reason.clone()),
            },
            Cell::text(measure.unit.id()),
            Cell::count(figure.n),
            Cell::text(&measure.table),
            Cell::text(&measure.at),
            measure.condition.as_ref().map_or_else(Cell::none, Cell::text),
            Cell::text(&measure.value),
            part.trace.as_ref().map_or_else(Cell::none, |t| some(&t.of)),
            part.trace.as_ref().map_or_else(Cell::none, |t| Cell::Flag(t.adds)),
            Cell::text(why.map_or("ok", |why| why.status)),
            why.map_or_else(Cell::none, |why| Cell::text(&why.reason)),
        ]
    }

    fn records_table(&self) -> Table {
        let columns: Vec<&str> = std::iter::once("measure").chain(RECORD).collect();
        let mut rows = Vec::new();
        for part in self.parts.iter().filter(|_| self.all_rows) {
            let counted = View::rows_of(part, |fate| fate == Fate::Counted);
            for line in self.lines(&self.records(&part.measure.table, &counted)) {
                let mut row = vec![Cell::text(&part.measure.id)];
                row.extend(self.record(part, &line));
                rows.push(row);
            }
        }
        table("explain_rows", &columns, rows)
    }

    /// One record, in the columns of [`RECORD`].
    pub fn record(&self, part: &Part<'_>, line: &Line) -> Vec<Cell> {
        let record = line.record;
        let trace = part.trace.as_ref();
        let fate = trace.map_or(Fate::NoDay, |t| t.fates[record.row]);
        let counts = fate == Fate::Counted;
        let input = if record.main { gives(part, record.row) } else { Input::Missing };
        let nothing = || Cell::Missing("gives nothing".into());
        let [contribution, words] = match input {
            Input::Number(value) => [Cell::Number(value, part.measure.unit), Cell::none()],
            Input::Text(text) => [Cell::none(), Cell::Text(text)],
            Input::Missing => [nothing(), nothing()],
        };
        let mut reason = code(fate);
        if counts && record.main && trace.is_some_and(|t| t.inputs[record.row] == Input::Missing) {
            reason = "counted_without_value";
        }
        vec![
            Cell::count(record.row as u64 + 1),
            Cell::text(record.kind.id()),
            Cell::text(if record.main { "first" } else { "further" }),
            some(&line.id),
            some(&line.label),
            some(&line.file),
            line.line.map_or_else(|| Cell::Missing("the file cannot be read again".into()), Cell::count),
            trace.and_then(|t| t.days[record.row]).map_or_else(Cell::none, |day| Cell::Date(date_of(day))),
            contribution,
            words,
            Cell::Flag(counts),
            Cell::text(reason),
        ]
    }
}

//! A figure taken apart, for machines: columns that never depend on the data.
//!
//! In: the [`View`]. Out: a table of the figure, of its parts, of where the records went, and of the records.

use super::super::layout::exact;
use super::{Placed, View, Which, ask};
use crate::output::number;
use crate::report::behind::Behind;
use crate::report::{Audience, Cell, Column, Table, Unit};
use crate::time::date_of;

const FIGURE: [&str; 30] = [
    "figure_id",
    "title",
    "report",
    "part",
    "item",
    "row",
    "period",
    "period_start: date",
    "period_end: date",
    "segment",
    "value: number",
    "unit",
    "ci_low: number",
    "ci_high: number",
    "ci_level: number",
    "numerator: number",
    "denominator: number",
    "n: number",
    "records: number",
    "given: number",
    "status",
    "reason",
    "assumed",
    "definition",
    "worked_out",
    "formula",
    "formula_with_numbers",
    "printed_by",
    "as_of: date",
    "contract_hash",
];

const PARTS: [&str; 14] = [
    "figure_id",
    "part",
    "place",
    "value: number",
    "unit",
    "ci_low: number",
    "ci_high: number",
    "n: number",
    "given: number",
    "in_formula: flag",
    "assumed: flag",
    "status",
    "reason",
    "taken_apart_by",
];

const ACCOUNT: [&str; 5] = ["measure", "table_name", "step", "reason", "rows: number"];

/// The columns of one record.
pub const RECORD: [&str; 20] = [
    "gives_to",
    "row: number",
    "record",
    "part",
    "record_id",
    "label",
    "file",
    "line: number",
    "stage",
    "began",
    "day: date",
    "days: number",
    "lag",
    "outcome",
    "chance: number",
    "amount: number",
    "contribution: number",
    "counts: flag",
    "reason",
    "team",
];

fn table(id: &str, columns: &[&str], rows: Vec<Vec<Cell>>) -> Table {
    let columns = columns.iter().map(|column| Column::tidy(column)).collect();
    Table { id: id.into(), title: String::new(), audience: Audience::Machines, columns, rows }
}

fn some(text: impl AsRef<str>) -> Cell {
    let text = text.as_ref();
    if text.is_empty() { Cell::none() } else { Cell::text(text) }
}

fn plain(value: Option<f64>) -> Cell {
    value.filter(|v| v.is_finite()).map_or_else(Cell::none, |v| Cell::Number(v, Unit::Number))
}

/// Whether a record counts.
fn counts(behind: &Behind) -> bool {
    behind.gives.is_some() || matches!(behind.reason, "counted" | "counted_without_value" | "followed" | "used")
}

impl View<'_> {
    /// The tables.
    pub fn machines(&self) -> Vec<Table> {
        let steps = self.found.account.iter().map(|(text, n)| {
            let step = if text.starts_with("out") {
                "out"
            } else if text.starts_with("in") {
                "in"
            } else {
                "of"
            };
            vec![Cell::none(), Cell::text(self.figure.report.id()), Cell::text(step), Cell::text(text), Cell::count(*n)]
        });
        vec![
            table("explain_figure", &FIGURE, vec![self.figure_row()]),
            table("explain_parts", &PARTS, self.parts.iter().map(|part| self.part_row(part)).collect()),
            table("explain_account", &ACCOUNT, steps.collect()),
            table("explain_records", &RECORD, if self.all_rows { self.record_rows() } else { Vec::new() }),
        ]
    }

    fn figure_row(&self) -> Vec<Cell> {
        let (figure, row) = (self.figure, self.row());
        let contract = &self.data.session.contract;
        let machine = |value: f64| number::machine(value).unwrap_or_else(|_| exact(value));
        let (value, why) = match self.value() {
            Ok(value) => (Cell::Number(value, self.unit()), String::new()),
            Err(why) => (Cell::Missing(why.clone()), why),
        };
        let band = ask::band(figure.report, row);
        let day = |day: Option<i32>| day.map_or_else(Cell::none, |day| Cell::Date(date_of(day)));
        let keys =
            self.chosen.keys.iter().filter(|(key, text)| !text.is_empty() && !["period", "segment"].contains(key));
        let keys: Vec<String> = keys.map(|(key, text)| format!("{key}={text}")).collect();
        vec![
            Cell::text(&figure.id),
            Cell::text(&figure.title),
            Cell::text(figure.report.id()),
            Cell::text(&figure.part),
            Cell::text(&figure.item),
            some(keys.join(";")),
            some(row.text("period")),
            day(self.chosen.days.map(|days| days.0)),
            day(self.chosen.days.map(|days| days.1)),
            some(self.segment()),
            value,
            Cell::text(self.unit().id()),
            plain(band.map(|band| band.0)),
            plain(band.map(|band| band.1)),
            plain(band.map(|_| self.told.level)),
            plain(row.number("numerator")),
            plain(row.number("denominator")),
            plain(row.number("n")),
            Cell::count(self.found.records.len() as u64),
            plain(self.given("value")),
            Cell::text(if why.is_empty() && row.text("status").is_empty() { "ok" } else { row.text("status") }),
            some(why),
            Cell::text(self.assumed()),
            Cell::text(&figure.means),
            Cell::text(&figure.how),
            some(&figure.text),
            self.with_numbers(&machine, "null").map_or_else(Cell::none, Cell::text),
            Cell::text(self.command()),
            Cell::Date(self.data.session.as_of),
            Cell::text(contract.short_hash()),
        ]
    }

    fn part_row(&self, part: &super::Part) -> Vec<Cell> {
        let why = part.value.as_ref().err();
        vec![
            Cell::text(&self.figure.id),
            Cell::text(&part.name),
            Cell::text(&part.place),
            match &part.value {
                Ok(value) => Cell::Number(*value, part.unit),
                Err(why) => Cell::Missing(why.clone()),
            },
            Cell::text(part.unit.id()),
            plain(part.band.map(|band| band.0)),
            plain(part.band.map(|band| band.1)),
            plain(part.n),
            plain(self.given(if part.side.is_empty() { &part.name } else { part.side })),
            Cell::Flag(part.in_formula),
            Cell::Flag(part.assumed),
            Cell::text(why.map_or("ok", |_| "missing")),
            why.map_or_else(Cell::none, Cell::text),
            some(&part.explained_by),
        ]
    }

    fn record_rows(&self) -> Vec<Vec<Cell>> {
        let all: Vec<&Behind> = self.found.records.iter().collect();
        self.record_cells(&all, 0)
    }

    /// Records in the columns of [`RECORD`], the first of them being the one of that number.
    pub fn record_cells(&self, records: &[&Behind], first: usize) -> Vec<Vec<Cell>> {
        let placed = self.placed(records, true);
        placed.iter().enumerate().flat_map(|(at, placed)| self.cells(placed, first + at + 1)).collect()
    }

    fn cells(&self, placed: &Placed<'_>, number: usize) -> Vec<Vec<Cell>> {
        let behind = placed.behind;
        if let Which::Line(line, team) = behind.of {
            let file = self.answers.map_or("", |answers| answers.input.path.as_str());
            return vec![self.one(behind, number, ["answers", "first", "", "", file], Some(line), team)];
        }
        let one = |listed: &super::Listed| {
            let part = if listed.record.main { "first" } else { "further" };
            let words = [listed.record.kind.id(), part, &listed.id, &listed.label, &listed.file];
            self.one(behind, number, words, listed.line, "")
        };
        placed.listed.iter().map(one).collect()
    }

    #[allow(clippy::unused_self)] // the columns of one row, beside the others
    fn one(&self, behind: &Behind, number: usize, words: [&str; 5], line: Option<u64>, team: &str) -> Vec<Cell> {
        let [record, part, id, label, file] = words;
        // A process gives once: by its first record.
        let gives = behind.gives.filter(|_| part == "first");
        vec![
            some(behind.to),
            Cell::count(number as u64),
            Cell::text(record),
            Cell::text(part),
            some(id),
            some(label),
            some(file),
            line.map_or_else(|| Cell::Missing("the file cannot be read again".into()), Cell::count),
            some(&behind.stage),
            some(&behind.began),
            behind.day.map_or_else(Cell::none, |day| Cell::Date(date_of(day))),
            plain(behind.days.map(f64::from)),
            some(&behind.lag),
            some(&behind.outcome),
            plain(behind.chance),
            plain(behind.amount),
            gives.map_or_else(|| Cell::Missing("gives nothing".into()), |v| Cell::Number(v, Unit::Number)),
            Cell::Flag(counts(behind)),
            Cell::text(behind.reason),
            some(team),
        ]
    }
}

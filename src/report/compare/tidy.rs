//! `compare` for machines: metrics and measures, causes, records, rows.
//!
//! In: [`Compared`]. Out: tidy tables whose columns never depend on the data. The effects of one figure and period add up to
//! its difference; the differences of the records of one measure, period and cause add up to that cause's effect.

use std::collections::BTreeMap;

use super::cause::Cause;
use super::count::Compared;
use super::effects::{Line, Point};
use super::records::Record;
use super::{Cell, Table, Unit, machines, number};
use crate::ingest;
use crate::session::Data;
use crate::tables::{Kind, NONE, Origin};
use crate::time::date_of;

const METRICS: [&str; 24] = [
    "level",
    "id",
    "period",
    "period_start: date",
    "period_end: date",
    "unit",
    "value_a: number",
    "value_b: number",
    "difference: number",
    "numerator_a: number",
    "numerator_b: number",
    "denominator_a: number",
    "denominator_b: number",
    "n_a: number",
    "n_b: number",
    "status_a",
    "status_b",
    "largest_cause",
    "records: number",
    "as_of_a: date",
    "as_of_b: date",
    "currency",
    "contract_hash_a",
    "contract_hash_b",
];

const CAUSES: [&str; 18] = [
    "level",
    "id",
    "period",
    "period_start: date",
    "period_end: date",
    "unit",
    "step: number",
    "cause",
    "records: number",
    "effect: number",
    "numerator_effect: number",
    "denominator_effect: number",
    "value_after: number",
    "status",
    "as_of_a: date",
    "as_of_b: date",
    "contract_hash_a",
    "contract_hash_b",
];

const RECORDS: [&str; 18] = [
    "record",
    "id_a",
    "id_b",
    "measure_id",
    "metric_ids",
    "period",
    "cause",
    "changed",
    "unit",
    "before: number",
    "after: number",
    "difference: number",
    "file_a",
    "line_a: number",
    "file_b",
    "line_b: number",
    "as_of_a: date",
    "as_of_b: date",
];

const ROWS: [&str; 10] = [
    "source_table",
    "rows_a: number",
    "rows_b: number",
    "same: number",
    "changed: number",
    "new: number",
    "late: number",
    "gone: number",
    "as_of_a: date",
    "as_of_b: date",
];

/// All tables for machines; `places` are those of the records.
pub fn tables(compared: &Compared<'_>, places: &[Places]) -> Vec<Table> {
    vec![
        machines("compare_metrics", &METRICS, metrics(compared)),
        machines("compare_causes", &CAUSES, causes(compared)),
        machines("compare_records", &RECORDS, records(compared, places)),
        machines("compare_rows", &ROWS, rows(compared)),
    ]
}

impl Compared<'_> {
    /// Label, first and last day of a period.
    pub fn period(&self, period: Option<usize>) -> (String, i32, i32) {
        period.map_or_else(
            || ("total".to_string(), self.periods.from, self.periods.to),
            |at| {
                let period = &self.periods.all[at];
                (period.label.clone(), period.start, period.end)
            },
        )
    }

    fn as_of(&self) -> [Cell; 2] {
        [&self.sides.a, &self.sides.b].map(|side| Cell::Date(side.data.session.as_of))
    }

    fn hashes(&self) -> [Cell; 2] {
        [&self.sides.a, &self.sides.b].map(|side| Cell::text(side.data.session.contract.short_hash()))
    }

    fn key(&self, line: &Line) -> Vec<Cell> {
        let figure = &self.figures[line.figure];
        let (label, start, end) = self.period(line.period);
        vec![
            Cell::text(if figure.is_metric { "metric" } else { "measure" }),
            Cell::text(&figure.id),
            Cell::text(label),
            Cell::Date(date_of(start)),
            Cell::Date(date_of(end)),
            Cell::text(figure.unit.id()),
        ]
    }
}

/// A value, or why there is none.
pub fn value(value: &Point, unit: Unit) -> Cell {
    match &value.value {
        Ok(value) => Cell::Number(*value, unit),
        Err(why) => Cell::Missing(why.reason.clone()),
    }
}

fn status(value: &Point) -> Cell {
    Cell::text(value.value.as_ref().err().map_or("ok", |why| why.status))
}

fn metrics(compared: &Compared<'_>) -> Vec<Vec<Cell>> {
    let row = |line: &Line| {
        let figure = &compared.figures[line.figure];
        let [top, bottom] = figure.sides;
        let mut row = compared.key(line);
        row.extend([value(&line.then, figure.unit), value(&line.now, figure.unit)]);
        row.push(number(line.difference, figure.unit, "one of the two has no value"));
        row.extend([line.then.numerator, line.now.numerator].map(|n| number(n, top, "")));
        row.extend([line.then.denominator, line.now.denominator].map(|n| number(n, bottom, "")));
        row.extend([Cell::count(line.then.n), Cell::count(line.now.n)]);
        row.extend([status(&line.then), status(&line.now)]);
        row.push(line.largest().map_or_else(Cell::none, |effect| Cell::text(effect.cause.id())));
        row.push(Cell::count(line.effects.iter().map(|effect| effect.records).sum()));
        row.extend(compared.as_of());
        row.push(Cell::text(&compared.sides.b.data.session.contract.currency));
        row.extend(compared.hashes());
        row
    };
    compared.lines.iter().map(row).collect()
}

fn causes(compared: &Compared<'_>) -> Vec<Vec<Cell>> {
    let mut rows = Vec::new();
    for line in &compared.lines {
        let figure = &compared.figures[line.figure];
        let [top, bottom] = figure.sides;
        for effect in &line.effects {
            let mut row = compared.key(line);
            row.extend([Cell::count(u64::from(effect.cause.step()) + 1), Cell::text(effect.cause.id())]);
            row.push(Cell::count(effect.records));
            let why = "no value at this step, or at an end: the next cause has the effect of both";
            row.push(number(effect.by, figure.unit, why));
            row.push(number(effect.numerator, top, ""));
            row.push(number(effect.denominator.filter(|_| line.then.denominator.is_some()), bottom, ""));
            row.extend([value(&effect.after, figure.unit), status(&effect.after)]);
            row.extend(compared.as_of());
            row.extend(compared.hashes());
            rows.push(row);
        }
    }
    rows
}

/// A row of one side as a record of its file.
#[derive(Debug, Clone, Default)]
pub struct Place {
    /// `deal`, `person` or the table.
    pub record: String,
    /// Its id; empty for rows without one.
    pub id: String,
    /// Its file.
    pub file: Option<String>,
    /// Its line.
    pub line: Option<u64>,
}

/// A record's place in A, its place in B, and that of the person it is about, or of the record that it was merged into.
pub type Places = [Option<Place>; 3];

/// What a row is called, its id, and where it comes from.
type Named = Option<(String, String, Option<Origin>)>;

/// A process that has a deal on one side only is told by that deal: on the other side, the deal is not there.
fn same_kind([a, b]: [Named; 2]) -> [Named; 2] {
    let is_deal = |named: &Named| named.as_ref().is_some_and(|(record, ..)| record == "deal");
    match (is_deal(&a), is_deal(&b)) {
        (true, false) => [a, None],
        (false, true) => [None, b],
        _ => [a, b],
    }
}

/// Names the records of one side.
struct Names<'d> {
    data: &'d Data,
    first: &'d [u32],
    /// Headcounts are counted by month, each from the first of its rows.
    heads: Vec<Origin>,
}

impl<'d> Names<'d> {
    fn new(data: &'d Data, first: &'d [u32]) -> Self {
        let facts = data.facts();
        let heads = facts.counted(Kind::Headcount.id()).map(|table| table.origin.clone()).unwrap_or_default();
        Self { data, first, heads }
    }

    fn of(&self, table: &str, row: u32) -> Named {
        if row == NONE {
            return None;
        }
        if let Some(kind) = Kind::named(table) {
            let origins = if kind == Kind::Headcount { &self.heads } else { &self.data.tables.get(kind).origin };
            return Some((table.to_string(), String::new(), origins.get(row as usize).copied()));
        }
        let deal = self.data.journeys.deal[row as usize];
        if deal != NONE {
            return self.record(Kind::Deals, deal);
        }
        self.record(Kind::People, self.first[row as usize])
    }

    fn record(&self, kind: Kind, row: u32) -> Named {
        if row == NONE {
            return None;
        }
        let table = self.data.tables.get(kind);
        let (record, id) = if kind == Kind::Deals { ("deal", "deal_id") } else { ("person", "person_id") };
        let text = |name: &str| self.data.tables.names.text(table.codes(name)[row as usize]).map(str::to_string);
        let id = text(id).or_else(|| text("email")).unwrap_or_default();
        Some((record.to_string(), id, table.origin.get(row as usize).copied()))
    }
}

impl Compared<'_> {
    /// Every record's [`Places`], in the order of the records.
    pub fn places(&self) -> Vec<Places> {
        let under = self.sides.under();
        let datas = [&self.sides.a.data, under, &self.sides.b.data];
        let names = [0, 1, 2].map(|i| Names::new(datas[i], &self.first[i]));
        let named: Vec<[(usize, Named); 3]> = self
            .records
            .iter()
            .map(|record| {
                let b = if record.cause == Cause::Definition { 2 } else { 1 };
                let person = match record.person {
                    _ if record.into.is_some() => (1, record.into.and_then(|(kind, row)| names[1].record(kind, row))),
                    [NONE, NONE] => (0, None),
                    [NONE, there] => (1, names[1].record(Kind::People, there)),
                    [here, _] => (0, names[0].record(Kind::People, here)),
                };
                let [here, there] =
                    same_kind([names[0].of(&record.table, record.rows[0]), names[b].of(&record.table, record.rows[1])]);
                [(0, here), (b, there), person]
            })
            .collect();
        let mut lines: BTreeMap<(usize, u32, u64), Option<u64>> = BTreeMap::new();
        for (side, data) in datas.into_iter().enumerate() {
            let of_side = named.iter().flatten().filter(|(of, _)| *of == side);
            let mut wanted: Vec<(u32, u64)> =
                of_side.filter_map(|(_, named)| named.as_ref()?.2).map(|o| (o.file(), o.offset())).collect();
            wanted.sort_unstable();
            wanted.dedup();
            let origins: Vec<Origin> = wanted.iter().map(|(file, offset)| Origin::new(*file, *offset)).collect();
            let found = ingest::lines(&data.files, &origins);
            lines.extend(wanted.into_iter().zip(found).map(|((file, offset), line)| ((side, file, offset), line)));
        }
        let place = |(side, named): (usize, Named)| {
            let (record, id, origin) = named?;
            let file = origin.and_then(|o| datas[side].files.get(o.file() as usize)).map(|f| f.input.path.clone());
            let line = origin.and_then(|o| lines.get(&(side, o.file(), o.offset())).copied().flatten());
            Some(Place { record, id, file, line })
        };
        named.into_iter().map(|of| of.map(place)).collect()
    }

    /// What a record contributes, in major units where the measure is money.
    pub fn major(&self, measure: &str, value: f64) -> f64 {
        if self.unit(measure) == Unit::Money { value / self.scale } else { value }
    }

    /// What a measure counts.
    pub fn unit(&self, measure: &str) -> Unit {
        self.figures.iter().find(|f| !f.is_metric && f.id == measure).map_or(Unit::Number, |f| f.unit)
    }

    /// By how much a record changes its measure, in minor units of money; `None` for a measure that does not add up.
    pub fn change(&self, record: &Record) -> Option<f64> {
        let [before, after] = [record.before, record.after].map(|value| value.unwrap_or(0.0));
        self.adds_up.contains(&record.measure).then_some(after - before)
    }
}

/// What changed in a record, in words; amounts as `say` says them.
pub fn changed_words(record: &Record, person: Option<&Place>, say: fn(f64, Unit) -> String) -> String {
    let mut parts: Vec<String> = Vec::new();
    if let Some(person) = person {
        let what = if record.into.is_some() { "merged into" } else { "person" };
        parts.push(format!("{what} {}", person.id));
    }
    let word = |cell: &Cell| match cell {
        Cell::Missing(_) => "nothing".to_string(),
        Cell::Number(value, unit) => say(*value, *unit),
        other => crate::output::number::cell(other),
    };
    let both = |(name, from, to): &(String, Cell, Cell)| format!("{name} {} → {}", word(from), word(to));
    parts.extend(record.changed.iter().map(both));
    parts.join("; ")
}

fn records(compared: &Compared<'_>, places: &[Places]) -> Vec<Vec<Cell>> {
    let mut rows: Vec<Vec<Cell>> = Vec::with_capacity(compared.records.len());
    for (record, [a, b, person]) in compared.records.iter().zip(places) {
        let unit = compared.unit(&record.measure);
        let major = |value: Option<f64>| value.map(|value| compared.major(&record.measure, value));
        let kind = b.as_ref().or(a.as_ref()).map(|place| place.record.clone()).unwrap_or_default();
        let id = |place: &Option<Place>| {
            let id = place.as_ref().map(|p| p.id.clone()).filter(|id| !id.is_empty());
            id.map_or_else(|| Cell::Missing("not there, or without an id".into()), Cell::Text)
        };
        let file = |place: &Option<Place>| {
            let file = place.as_ref().and_then(|p| p.file.clone());
            file.map_or_else(|| Cell::Missing("not there".into()), Cell::Text)
        };
        let line = |place: &Option<Place>| {
            let line = place.as_ref().and_then(|p| p.line);
            line.map_or_else(|| Cell::Missing("not known".into()), Cell::count)
        };
        let metrics = compared.used_by.get(&record.measure).map(|ids| ids.join(";")).unwrap_or_default();
        let mut row = vec![Cell::text(kind), id(a), id(b), Cell::text(&record.measure), Cell::text(metrics)];
        row.push(Cell::text(compared.period(Some(record.period)).0));
        row.push(Cell::text(record.cause.id()));
        row.push(Cell::text(changed_words(record, person.as_ref(), |value, _| value.to_string())));
        row.push(Cell::text(unit.id()));
        row.extend([record.before, record.after].map(|value| number(major(value), unit, "not counted")));
        row.push(number(major(compared.change(record)), unit, "the contributions to this measure do not add up"));
        row.extend([file(a), line(a), file(b), line(b)]);
        row.extend(compared.as_of());
        rows.push(row);
    }
    rows
}

fn rows(compared: &Compared<'_>) -> Vec<Vec<Cell>> {
    let row = |(kind, account): &(Kind, super::rows::Account)| {
        let mut row = vec![Cell::text(kind.id())];
        let [a, b] = account.rows;
        row.extend([a, b, account.same, account.changed, account.new, account.late, account.gone].map(Cell::count));
        row.extend(compared.as_of());
        row
    };
    compared.accounts.iter().map(row).collect()
}

//! The verdicts as tables.
//!
//! In: [`Verdict`]s. Out: a table for people, one for machines whose columns never depend on the data, notes.

use super::judge::{Outcome, Verdict};
use crate::contract::Subject;
use crate::output::number;
use crate::report::{Audience, Cell, Column, Table, Unit};
use crate::session::Data;
use crate::time::date_of;

const TIDY: [&str; 33] = [
    "check: number",
    "title",
    "result",
    "why",
    "severity",
    "allow_missing: flag",
    "asked",
    "metric_id",
    "table_name",
    "where",
    "period",
    "period_start: date",
    "period_end: date",
    "value: number",
    "unit",
    "n: number",
    "at_least: number",
    "at_most: number",
    "of_target: number",
    "target: number",
    "change_at_least: number",
    "change_at_most: number",
    "before: number",
    "change: number",
    "within_band: number",
    "band_low: number",
    "band_high: number",
    "minimum_n: number",
    "within_days: number",
    "newest: date",
    "line: number",
    "as_of: date",
    "contract_hash",
];

/// `5 checks: 3 passed, 1 failed, 1 warned`
fn summary(verdicts: &[Verdict<'_>]) -> String {
    let counts = [Outcome::Passed, Outcome::Failed, Outcome::Warned, Outcome::Missing].map(|outcome| {
        let n = verdicts.iter().filter(|v| v.result == outcome).count();
        (n, outcome)
    });
    let parts: Vec<String> =
        counts.into_iter().filter(|(n, _)| *n > 0).map(|(n, outcome)| format!("{n} {}", outcome.id())).collect();
    format!("{}: {}", number::of(verdicts.len() as u64, "check", "checks"), parts.join(", "))
}

/// One row per gate, in the contract's order.
pub fn people(verdicts: &[Verdict<'_>]) -> Table {
    let columns = vec![
        Column::left("result", "Result"),
        Column::left("check", "Check"),
        Column::right("n", "n"),
        Column::left("why", "Why"),
    ];
    let rows = verdicts
        .iter()
        .map(|v| vec![Cell::text(v.result.id()), Cell::text(&v.title), Cell::count(v.n), Cell::text(v.why())]);
    let rows = rows.collect();
    Table { id: "check".into(), title: summary(verdicts), audience: Audience::People, columns, rows }
}

/// The same for machines, with every limit and number.
pub fn tidy(data: &Data, verdicts: &[Verdict<'_>]) -> Table {
    let columns = TIDY.iter().map(|column| Column::tidy(column)).collect();
    let rows = (1..).zip(verdicts).map(|(order, v)| row(data, order, v)).collect();
    Table { id: "check_tidy".into(), title: String::new(), audience: Audience::Machines, columns, rows }
}

fn row(data: &Data, order: u64, v: &Verdict<'_>) -> Vec<Cell> {
    let contract = &data.session.contract;
    let some = |value: Option<f64>, unit: Unit| value.map_or_else(Cell::none, |v| Cell::Number(v, unit));
    let plain = |value: Option<f64>| some(value, Unit::Number);
    let day = |day: Option<i32>| day.map_or_else(Cell::none, |day| Cell::Date(date_of(day)));
    let text = |text: Option<&str>| text.map_or_else(Cell::none, Cell::text);
    let (gate, table, within) = match &v.check.subject {
        Subject::Figure(gate) => (Some(gate), None, None),
        Subject::Fresh { table, within_days } => (None, Some(table.id()), Some(f64::from(*within_days))),
    };
    let of = |pick: fn(&crate::contract::Gate) -> Option<f64>| gate.and_then(|gate| pick(gate));
    let numbers = &v.numbers;
    vec![
        Cell::count(order),
        Cell::text(&v.title),
        Cell::text(v.result.id()),
        Cell::text(v.why()),
        Cell::text(if v.check.warns { "warn" } else { "fail" }),
        Cell::Flag(v.check.allow_missing),
        Cell::text(v.asked()),
        text(gate.map(|gate| gate.metric.value.as_str())),
        text(table),
        text(gate.and_then(|gate| gate.condition.as_ref()).map(|said| said.value.as_str())),
        text(v.period.as_ref().map(|(label, ..)| label.as_str())),
        day(v.period.as_ref().map(|(_, start, _)| *start)),
        day(v.period.as_ref().map(|(_, _, end)| *end)),
        numbers.value.map_or_else(|| Cell::Missing(v.why()), |value| Cell::Number(value, v.unit)),
        Cell::text(v.unit.id()),
        Cell::count(v.n),
        plain(of(|g| g.at_least)),
        plain(of(|g| g.at_most)),
        plain(gate.and_then(|g| g.of_target.as_ref()).map(|said| said.value)),
        plain(numbers.target),
        plain(of(|g| g.change_at_least)),
        plain(of(|g| g.change_at_most)),
        plain(numbers.before),
        plain(numbers.change),
        plain(of(|g| g.within_band)),
        plain(numbers.band.map(|b| b.low)),
        plain(numbers.band.map(|b| b.high)),
        gate.and_then(|g| g.minimum_n).map_or_else(Cell::none, Cell::count),
        plain(within),
        day(numbers.newest),
        v.check.place.line.map_or_else(Cell::none, Cell::count),
        Cell::Date(data.session.as_of),
        Cell::text(contract.short_hash()),
    ]
}

/// What a reader has to know.
pub fn notes(verdicts: &[Verdict<'_>]) -> Vec<String> {
    let mut notes = Vec::new();
    if verdicts.iter().any(|v| v.period.is_some()) {
        notes.push(
            "Checks look at the last whole period; at the newest mature one of a conversion that still rises. A check that asks for several things holds when all of them do."
                .into(),
        );
    }
    let of_target = |v: &Verdict<'_>| matches!(&v.check.subject, Subject::Figure(gate) if gate.of_target.is_some());
    if verdicts.iter().any(of_target) {
        notes.push(
            "Targets are held against the metric, which counts skipped stages too; `handoff` counts recorded ones."
                .into(),
        );
    }
    if verdicts.iter().any(|v| v.result == Outcome::Missing) {
        notes.push("Missing: it cannot be computed, which the check allows (allow_missing).".into());
    }
    notes
}

//! Checks → tables: laid out for people, and tidy for machines.
//!
//! In: [`Check`]s. Out: the tables and notes of a [`Report`]. Sums over periods and files are sums of whole rows: each row
//! is in one file and one period.

use std::collections::BTreeMap;

use anyhow::Result;

use super::check::{Check, Count, Outcome, Tally, View, Weight, When, Why, first_places};
use super::times;
use crate::ingest;
use crate::issue::{Issue, Place};
use crate::report::scorecard::heading;
use crate::report::{Audience, Cell, Column, Report, Table, Unit};
use crate::tables::Origin;
use crate::time::date_of;

/// The tidy columns: the same whatever the data.
const TIDY: [&str; 20] = [
    "check",
    "item",
    "severity",
    "status",
    "table_id",
    "file",
    "period",
    "period_start: date",
    "period_end: date",
    "count: number",
    "of: number",
    "share: number",
    "unit",
    "example_1",
    "example_2",
    "example_3",
    "effect",
    "reason",
    "as_of: date",
    "contract_hash",
];

/// Periods shown to people; machines get all.
const SHOWN: usize = 6;

/// More rows than this fill the memory, and no reader needs them.
const LIMIT: usize = 2_000_000;

/// One cell of the result: a check, in one file or in all, in one period or in all.
struct Row {
    check: usize,
    file: Option<u32>,
    /// `None` is all periods together.
    when: Option<When>,
    /// Rows, or days.
    found: u64,
    of: Option<u64>,
    places: Vec<Origin>,
}

/// Adds tables and notes to the report.
///
/// # Errors
/// A usage issue when there are too many rows.
pub fn fill(report: &mut Report, view: &View<'_>, checks: &[Check]) -> Result<()> {
    let rows = rows(view, checks)?;
    let lines = lines(view, &rows);
    report.tables.push(findings(checks));
    report.tables.push(places(view, checks, &rows, &lines));
    report.tables.push(by_period(view, checks));
    report.tables.push(freshness(view));
    report.tables.push(not_checked(checks));
    report.tables.retain(|table| !table.rows.is_empty() || table.id == "findings");
    report.tables.push(tidy(view, checks, &rows, &lines));
    report.notes = notes(checks);
    Ok(())
}

/// The files whose rows a check counts.
fn files_of(view: &View<'_>, check: &Check, tally: &Tally) -> Vec<u32> {
    let files = view.data.files.iter().enumerate();
    let counted = |at: u32| tally.range((at, When::Period(0))..=(at, When::Undated)).next().is_some();
    let own = |table: Option<&str>| match check.rows {
        "processes" => matches!(table, Some("people" | "deals")),
        kind => table == Some(kind),
    };
    let numbered = files.map(|(at, file)| (u32::try_from(at).unwrap_or(u32::MAX), file.input.table.as_deref()));
    numbered.filter(|(at, table)| own(*table) || counted(*at)).map(|(at, _)| at).collect()
}

fn rows(view: &View<'_>, checks: &[Check]) -> Result<Vec<Row>> {
    let mut whens: Vec<Option<When>> = (0..view.periods.all.len()).map(|p| Some(When::Period(p))).collect();
    whens.extend([Some(When::Later), Some(When::Undated), None]);
    let mut rows = Vec::new();
    for (at, check) in checks.iter().enumerate() {
        match &check.outcome {
            Outcome::NotChecked(_) => {
                rows.push(Row { check: at, file: None, when: None, found: 0, of: None, places: Vec::new() });
            }
            Outcome::Days(days) => rows.extend(days.iter().map(|(file, days)| Row {
                check: at,
                file: Some(*file),
                when: None,
                found: *days,
                of: None,
                places: Vec::new(),
            })),
            Outcome::Counted(tally) => {
                let files = files_of(view, check, tally);
                // What the account of a file says is of no day.
                let whens = if check.rows == "files" { &whens[whens.len() - 1..] } else { &whens[..] };
                if rows.len() + (files.len() + 1) * whens.len() > LIMIT {
                    let what = format!("{} periods in {} files are more than {LIMIT} rows", whens.len(), files.len());
                    return Err(Issue::usage(Place::file("--period"), what).hint("choose a longer period").into());
                }
                rows.extend(whens.iter().map(|when| cell(at, tally, &files, None, *when)));
                for file in files {
                    rows.extend(whens.iter().map(|when| cell(at, tally, &[file], Some(file), *when)));
                }
            }
        }
    }
    Ok(rows)
}

/// Adds up the cells of these files.
fn cell(check: usize, tally: &Tally, files: &[u32], file: Option<u32>, when: Option<When>) -> Row {
    let cells: Vec<(u32, &Count)> = files
        .iter()
        .flat_map(|file| {
            let (first, last) = when.map_or((When::Period(0), When::Undated), |when| (when, when));
            tally.range((*file, first)..=(*file, last)).map(|((file, _), count)| (*file, count))
        })
        .collect();
    let found = cells.iter().map(|(_, c)| c.found).sum();
    let of = cells.iter().map(|(_, c)| c.of).sum();
    Row { check, file, when, found, of: Some(of), places: first_places(&cells) }
}

/// The line of every place that is shown.
fn lines(view: &View<'_>, rows: &[Row]) -> BTreeMap<(u32, u64), Option<u64>> {
    let mut wanted: Vec<(u32, u64)> = rows.iter().flat_map(|r| &r.places).map(|o| (o.file(), o.offset())).collect();
    wanted.sort_unstable();
    wanted.dedup();
    let origins: Vec<Origin> = wanted.iter().map(|(file, offset)| Origin::new(*file, *offset)).collect();
    wanted.into_iter().zip(ingest::lines(&view.data.files, &origins)).collect()
}

#[allow(clippy::cast_precision_loss)] // counts stay far below 2^53
fn share(found: u64, of: u64, unit: Unit) -> Cell {
    if of == 0 { Cell::Missing("nothing to check".into()) } else { Cell::Number(found as f64 / of as f64, unit) }
}

/// Indices of the checks that found something, the weightiest first.
fn found(checks: &[Check]) -> Vec<(usize, Count)> {
    let total = |at: usize| checks[at].total().filter(|count| count.found > 0).map(|count| (at, count));
    let mut found: Vec<(usize, Count)> = (0..checks.len()).filter_map(total).collect();
    found.sort_by_key(|(at, _)| checks[*at].weight);
    found
}

fn findings(checks: &[Check]) -> Table {
    let columns = vec![
        Column::left("finding", "Finding"),
        Column::right("count", "Count"),
        Column::right("of", "Of"),
        Column::right("share", "Share"),
        Column::left("effect", "What it does to the metrics"),
    ];
    let mut rows = Vec::new();
    let mut weight = None;
    for (at, count) in found(checks) {
        let check = &checks[at];
        if weight != Some(check.weight) {
            rows.push(heading(check.weight.title(), columns.len()));
            weight = Some(check.weight);
        }
        rows.push(vec![
            Cell::text(&check.title),
            Cell::count(count.found),
            Cell::count(count.of),
            share(count.found, count.of, Unit::Share),
            Cell::text(check.effect),
        ]);
    }
    table("findings", "Findings", columns, rows)
}

fn table(id: &str, title: &str, columns: Vec<Column>, rows: Vec<Vec<Cell>>) -> Table {
    Table { id: id.into(), title: title.into(), audience: Audience::People, columns, rows }
}

type Lines = BTreeMap<(u32, u64), Option<u64>>;

fn places(view: &View<'_>, checks: &[Check], rows: &[Row], lines: &Lines) -> Table {
    let columns = vec![
        Column::left("finding", "Finding"),
        Column::left("file", "File"),
        Column::right("count", "Count"),
        Column::left("lines", "First lines"),
    ];
    let mut of_check: BTreeMap<usize, Vec<&Row>> = BTreeMap::new();
    for row in rows.iter().filter(|r| r.file.is_some() && r.when.is_none() && r.found > 0) {
        of_check.entry(row.check).or_default().push(row);
    }
    let mut table_rows = Vec::new();
    for (at, _) in found(checks).into_iter().filter(|(at, _)| checks[*at].weight != Weight::Fact) {
        for (i, row) in of_check.get(&at).into_iter().flatten().enumerate() {
            let line = |o: &Origin| lines.get(&(o.file(), o.offset())).copied().flatten().map(|line| line.to_string());
            let first: Vec<String> = row.places.iter().filter_map(line).collect();
            table_rows.push(vec![
                Cell::text(if i == 0 { checks[at].title.as_str() } else { "" }),
                Cell::text(row.file.map_or("", |file| path(view, file))),
                Cell::count(row.found),
                if first.is_empty() { Cell::Missing("not known".into()) } else { Cell::text(first.join(", ")) },
            ]);
        }
    }
    table("places", "Where", columns, table_rows)
}

fn path<'v>(view: &'v View<'_>, file: u32) -> &'v str {
    view.data.files.get(file as usize).map_or("", |f| f.input.path.as_str())
}

fn by_period(view: &View<'_>, checks: &[Check]) -> Table {
    let all = view.periods.all.len();
    let shown = all.saturating_sub(SHOWN)..all;
    let mut columns = vec![Column::left("finding", "Finding")];
    columns.extend(shown.clone().map(|p| Column::right(&view.periods.all[p].label, &view.periods.all[p].label)));
    let mut rows = Vec::new();
    for (at, _) in found(checks).into_iter().filter(|(at, _)| checks[*at].weight <= Weight::Medium) {
        let Outcome::Counted(tally) = &checks[at].outcome else { continue };
        let in_period = |period: usize| {
            tally.iter().filter(|((_, when), _)| *when == When::Period(period)).map(|(_, c)| c.found).sum::<u64>()
        };
        let counts: Vec<u64> = shown.clone().map(in_period).collect();
        if counts.iter().any(|n| *n > 0) {
            let cells = counts.into_iter().map(Cell::count);
            rows.push(std::iter::once(Cell::text(&checks[at].title)).chain(cells).collect());
        }
    }
    let hidden = if shown.start > 0 { format!("; {} earlier in machine formats", shown.start) } else { String::new() };
    table("periods", &format!("By {}{hidden}", view.periods.kind.id()), columns, rows)
}

fn freshness(view: &View<'_>) -> Table {
    let columns = vec![
        Column::left("file", "File"),
        Column::left("last", "Last date"),
        Column::right("days", "Days before as-of"),
    ];
    let rows = times::last_days(view)
        .into_iter()
        .map(|(file, day)| {
            let days = u64::from(view.as_of.abs_diff(day));
            vec![Cell::text(path(view, file)), Cell::Date(date_of(day)), Cell::count(days)]
        })
        .collect();
    table("freshness", "How fresh", columns, rows)
}

fn not_checked(checks: &[Check]) -> Table {
    let columns = vec![Column::left("reason", "There is"), Column::left("what", "So not checked")];
    let mut tables: Vec<(String, Vec<String>)> = Vec::new();
    let mut put = |reason: String, what: String| match tables.iter_mut().find(|(known, _)| *known == reason) {
        Some((_, all)) if all.contains(&what) => {}
        Some((_, all)) => all.push(what),
        None => tables.push((reason, vec![what])),
    };
    for check in checks {
        match &check.outcome {
            Outcome::NotChecked(Why::NoColumn(kind, column)) => {
                put(format!("no export of {} with", kind.id()), column.clone());
            }
            Outcome::NotChecked(why) => put(why.to_string(), check.id.to_string()),
            _ => {}
        }
    }
    let rows = tables.into_iter().map(|(why, all)| vec![Cell::text(why), Cell::text(all.join(", "))]).collect();
    table("not_checked", "Not checked", columns, rows)
}

fn tidy(view: &View<'_>, checks: &[Check], rows: &[Row], lines: &Lines) -> Table {
    let columns = TIDY.iter().map(|c| Column::tidy(c)).collect();
    let session = &view.data.session;
    let rows = rows
        .iter()
        .map(|row| {
            let check = &checks[row.check];
            let (status, reason) = match &check.outcome {
                Outcome::NotChecked(why) => ("not_checked", why.to_string()),
                _ => (if row.found > 0 { "found" } else { "none" }, String::new()),
            };
            let (label, days) = match row.when {
                Some(When::Period(p)) => {
                    let period = &view.periods.all[p];
                    (period.label.as_str(), Some((period.start, period.end)))
                }
                Some(When::Later) => ("later", None),
                Some(When::Undated) => ("undated", None),
                None => ("total", Some((view.periods.from, view.periods.to))),
            };
            let day = |day: Option<i32>| day.map_or_else(Cell::none, |day| Cell::Date(date_of(day)));
            let place = |at: usize| {
                let Some(origin) = row.places.get(at) else { return Cell::none() };
                let path = path(view, origin.file());
                Cell::Text(match lines.get(&(origin.file(), origin.offset())).copied().flatten() {
                    Some(line) => format!("{path}:{line}"),
                    None => path.to_string(),
                })
            };
            let counted = !matches!(check.outcome, Outcome::NotChecked(_));
            vec![
                Cell::text(check.id),
                Cell::text(&check.item),
                Cell::text(check.weight.id()),
                Cell::text(status),
                Cell::text(check.rows),
                Cell::text(row.file.map_or("", |file| path(view, file))),
                Cell::text(label),
                day(days.map(|(start, _)| start)),
                day(days.map(|(_, end)| end)),
                if counted { Cell::count(row.found) } else { Cell::Missing(reason.clone()) },
                row.of.map_or_else(Cell::none, Cell::count),
                row.of.map_or_else(Cell::none, |of| share(row.found, of, Unit::Number)),
                Cell::text(check.unit),
                place(0),
                place(1),
                place(2),
                Cell::text(check.effect),
                Cell::text(reason),
                Cell::Date(session.as_of),
                Cell::text(session.contract.short_hash()),
            ]
        })
        .collect();
    Table { id: "quality_tidy".into(), title: String::new(), audience: Audience::Machines, columns, rows }
}

fn notes(checks: &[Check]) -> Vec<String> {
    let counted: Vec<Count> = checks.iter().filter_map(Check::total).collect();
    let clean = counted.iter().filter(|count| count.found == 0).count();
    let not = checks.iter().filter(|c| matches!(c.outcome, Outcome::NotChecked(_))).count();
    vec![
        format!("{clean} of {} checks found nothing; {not} more could not be made.", counted.len()),
        format!(
            "Many in one minute: at least {} rows and {} % of the column's times; on one day: at least {} rows and {} % of \
             a column that spans more than {} days.",
            times::SPIKE,
            times::MINUTE_PERCENT,
            times::SPIKE,
            times::DAY_PERCENT,
            times::SPAN_DAYS
        ),
        "Back to an earlier stage: most records that had both came through it before the one that was left.".into(),
    ]
}

//! `inspect`: what each file is and why, how it was read, and where every row went.
//!
//! In: the command line. Out: a [`Report`] with one row per file, and one table of particulars per file.

use std::fmt::Write;

use anyhow::Result;

use super::{Audience, Cell, Column, Report, Table};
use crate::Env;
use crate::cli::InspectArgs;
use crate::ingest::FileFacts;
use crate::issue::{Issue, Issues, Place};
use crate::session::{Data, Session};
use crate::time::date_of;

/// Builds the report.
///
/// # Errors
/// Whatever the rooms on the way report.
pub fn build(args: &InspectArgs, env: &mut Env<'_>) -> Result<(Report, Issues)> {
    let data = Session::open(&args.input, env)?.load(&args.output, env)?;
    let mut report = data.report("inspect", "What was read");
    report.tables.push(overview(&data));
    report.tables.extend(data.files.iter().map(|file| particulars(&data, file)));
    let reasons = reasons(&data);
    report.tables.push(if args.reasons { reasons_tidy(&reasons, &data) } else { tidy(&data) });
    report.notes = data.notes();
    let complaints = if args.strict { complaints(&reasons) } else { Issues(Vec::new()) };
    Ok((report, complaints))
}

/// Something that was read and does not count, or not as it stands.
struct Reason {
    /// The file; empty for what shows only when all files are put together.
    file: String,
    what: String,
    count: u64,
    allowed: bool,
}

/// Every reason, file by file, and those of the links between files.
fn reasons(data: &Data) -> Vec<Reason> {
    let allowed = |what: &str| {
        data.session.contract.allowed_reasons.iter().any(|reason| match reason.strip_suffix('*') {
            Some(start) => what.starts_with(start),
            None => what == reason,
        })
    };
    let mut reasons = Vec::new();
    let mut add = |file: &str, what: String, count: u64| {
        let allowed = allowed(&what);
        reasons.push(Reason { file: file.into(), what, count, allowed });
    };
    for file in &data.files {
        let path = &file.input.path;
        file.input.set_aside.iter().for_each(|(reason, n)| add(path, reason.clone(), *n));
        file.nulled.iter().for_each(|(header, n)| add(path, format!("unreadable and taken as missing: {header}"), *n));
        file.no_numbers.iter().for_each(|(column, n)| add(path, format!("no number, taken as missing: {column}"), *n));
        if file.short_rows > 0 {
            add(path, "fewer cells than the header".into(), file.short_rows);
        }
    }
    data.who.refused.iter().for_each(|(what, n)| add("", format!("not linked: {what}"), *n));
    data.journeys.oddities.iter().for_each(|(what, n)| add("", (*what).to_string(), *n));
    reasons
}

fn complaints(reasons: &[Reason]) -> Issues {
    let of = |reason: &Reason| {
        let place = if reason.file.is_empty() { Place::default() } else { Place::file(&reason.file) };
        Issue::data(place, format!("{} × {}", reason.count, reason.what))
            .hint("mend it; or, where it is meant to be, add these words to the contract's allowed_reasons")
    };
    Issues(reasons.iter().filter(|reason| !reason.allowed).map(of).collect())
}

fn reasons_tidy(reasons: &[Reason], data: &Data) -> Table {
    let columns = ["file", "reason", "count: number", "allowed: flag", "as_of: date", "contract_hash"];
    let rows = reasons
        .iter()
        .map(|r| {
            vec![
                if r.file.is_empty() { Cell::none() } else { Cell::text(&r.file) },
                Cell::text(&r.what),
                Cell::count(r.count),
                Cell::Flag(r.allowed),
                Cell::Date(data.session.as_of),
                Cell::text(data.session.contract.short_hash()),
            ]
        })
        .collect();
    let columns = columns.iter().map(|c| Column::tidy(c)).collect();
    Table { id: "reasons".into(), title: String::new(), audience: Audience::Machines, columns, rows }
}

fn known_as(file: &FileFacts) -> String {
    match (&file.input.preset, &file.input.table) {
        (Some(preset), _) => preset.clone(),
        (None, Some(_)) => "contract".into(),
        (None, None) => "not recognised".into(),
    }
}

fn aside(file: &FileFacts) -> u64 {
    file.input.set_aside.iter().map(|(_, n)| n).sum()
}

fn overview(data: &Data) -> Table {
    let columns = vec![
        Column::left("file", "File"),
        Column::left("table", "Table"),
        Column::right("rows_read", "Read"),
        Column::right("rows_used", "Used"),
        Column::right("rows_set_aside", "Set aside"),
    ];
    let rows = data
        .files
        .iter()
        .map(|f| {
            vec![
                Cell::text(&f.input.path),
                Cell::text(f.input.table.as_deref().unwrap_or("not used")),
                Cell::count(f.input.rows_read),
                Cell::count(f.input.rows_used),
                Cell::count(aside(f)),
            ]
        })
        .collect();
    Table { id: "files".into(), title: "Files".into(), audience: Audience::People, columns, rows }
}

fn days(data: &Data, file: &FileFacts) -> Option<(jiff::civil::Date, jiff::civil::Date)> {
    let (first, last) = file.range?;
    let home = &data.session.home;
    Some((date_of(home.day(first)?), date_of(home.day(last)?)))
}

fn particulars(data: &Data, file: &FileFacts) -> Table {
    let mut rows: Vec<(&str, String)> = vec![("Known as", format!("{}: {}", known_as(file), file.why))];
    if let Some(evidence) = file.evidence {
        rows.push(("Evidence", format!("its headers: {evidence}")));
    }
    let mut form = format!("{}, separated by {}", file.encoding, file.delimiter);
    if file.preamble > 0 {
        let _ = write!(form, ", {} lines above the header", file.preamble);
    }
    rows.push(("Text", form));
    if !file.date_forms.is_empty() {
        rows.push(("Dates", file.date_forms.join("; ")));
    }
    if let Some(order) = &file.date_order {
        rows.push(("Date order", order.clone()));
    }
    rows.push(("Time zone", format!("{} for times without an offset", file.zone)));
    if let Some((first, last)) = days(data, file) {
        rows.push(("Days", format!("{first} to {last}")));
    }
    for (reason, n) in &file.input.set_aside {
        rows.push(("Set aside", format!("{n} × {reason}")));
    }
    for (column, n) in &file.no_numbers {
        rows.push(("No number", format!("{n} × in column {column}: taken as missing")));
    }
    for (header, n) in &file.nulled {
        rows.push(("Taken as missing", format!("{n} × unreadable in column {header}")));
    }
    if file.short_rows > 0 {
        rows.push((
            "Short rows",
            format!("{} × fewer cells than the header; the missing ones are missing values", file.short_rows),
        ));
    }
    if !file.duplicates.is_empty() {
        rows.push(("Twice in header", format!("{}; the first is used", file.duplicates.join(", "))));
    }
    rows.extend(file.notes.iter().map(|note| ("Note", note.clone())));
    let mapped: Vec<String> = file.mapped.iter().map(|(name, header)| format!("{name} ← {header}")).collect();
    if !mapped.is_empty() {
        rows.push(("Columns", mapped.join("; ")));
    }
    if !file.unmapped.is_empty() {
        rows.push(("Not used", file.unmapped.join("; ")));
    }
    let rows = rows.into_iter().map(|(name, text)| vec![Cell::text(name), Cell::text(text)]).collect();
    let columns = vec![Column::left("what", "What"), Column::left("how", "How")];
    Table {
        id: format!("file {}", file.input.path),
        title: file.input.path.clone(),
        audience: Audience::People,
        columns,
        rows,
    }
}

fn tidy(data: &Data) -> Table {
    const TIDY: [&str; 20] = [
        "file",
        "sha256",
        "preset",
        "goes_to",
        "why",
        "evidence",
        "rows_read: number",
        "rows_used: number",
        "rows_set_aside: number",
        "set_aside",
        "first_day: date",
        "last_day: date",
        "encoding",
        "delimiter",
        "date_forms",
        "date_order",
        "timezone",
        "columns_mapped",
        "columns_unmapped",
        "as_of: date",
    ];
    let columns = TIDY.iter().map(|c| Column::tidy(c)).collect();
    let some = |text: Option<&str>| text.map_or_else(Cell::none, Cell::text);
    let rows = data
        .files
        .iter()
        .map(|f| {
            let range = days(data, f);
            let reasons: Vec<String> = f.input.set_aside.iter().map(|(reason, n)| format!("{reason}={n}")).collect();
            let mapped: Vec<String> = f.mapped.iter().map(|(name, header)| format!("{name}={header}")).collect();
            vec![
                Cell::text(&f.input.path),
                Cell::text(&f.input.sha256),
                some(f.input.preset.as_deref()),
                some(f.input.table.as_deref()),
                Cell::text(&f.why),
                some(f.evidence),
                Cell::count(f.input.rows_read),
                Cell::count(f.input.rows_used),
                Cell::count(aside(f)),
                Cell::text(reasons.join(";")),
                range.map_or_else(Cell::none, |(first, _)| Cell::Date(first)),
                range.map_or_else(Cell::none, |(_, last)| Cell::Date(last)),
                Cell::text(&f.encoding),
                Cell::text(f.delimiter),
                Cell::text(f.date_forms.join(";")),
                some(f.date_order.as_deref()),
                Cell::text(&f.zone),
                Cell::text(mapped.join(";")),
                Cell::text(f.unmapped.join(";")),
                Cell::Date(data.session.as_of),
            ]
        })
        .collect();
    Table { id: "files_tidy".into(), title: String::new(), audience: Audience::Machines, columns, rows }
}

//! `--rows`: every row of the measures' tables as CSV, with the records it is made of.
//!
//! In: the [`View`], and what was set aside while reading. Out: the file's bytes. What a row gives is filled only where it counts, so
//! that the column adds up to the measure wherever the measure is a sum.

use std::collections::BTreeSet;
use std::io::Write;

use anyhow::Result;

use super::tidy::RECORD;
use super::{View, kinds};
use crate::output::number;
use crate::report::Cell;
use crate::session::ROWS;

/// Writes the list.
///
/// # Errors
/// Those of the disk.
pub fn write(view: &View<'_>, out: &mut dyn Write) -> Result<()> {
    let mut writer = csv::WriterBuilder::new().terminator(csv::Terminator::Any(b'\n')).from_writer(out);
    let plain = |column: &'static str| column.split(':').next().unwrap_or(column);
    let header =
        ROWS.into_iter().chain(["period", "segment"]).chain(RECORD.map(plain)).chain(["as_of", "contract_hash"]);
    writer.write_record(header)?;
    let (period, segment) = (view.period_label().to_string(), view.segment_text());
    let (as_of, hash) = (view.data.session.as_of.to_string(), view.data.session.contract.short_hash());
    for part in &view.parts {
        let first = [view.metric.id.as_str(), &part.measure.id, &period, &segment];
        let all = View::rows_of(part, |_| true);
        // In portions, as each record takes some room and there may be millions.
        for rows in all.chunks(1_000_000) {
            for line in view.lines(&view.records(&part.measure.table, rows)) {
                for text in first {
                    writer.write_field(text)?;
                }
                for cell in View::record(part, &line) {
                    writer.write_field(field(&cell)?)?;
                }
                writer.write_record([as_of.as_str(), hash])?;
            }
        }
        for (file, line, reason) in set_aside(view, &part.measure.table) {
            let line = line.map_or_else(String::new, |n| n.to_string());
            let (kind, reason) = (kind_of(view, &file), format!("set_aside: {reason}"));
            let cells = ["", kind, "", "", "", &file, &line, "", "", "", "false", &reason];
            writer.write_record(first.into_iter().chain(cells).chain([as_of.as_str(), hash]))?;
        }
    }
    Ok(writer.flush()?)
}

fn kind_of<'v>(view: &'v View<'_>, file: &str) -> &'v str {
    let facts = view.data.files.iter().find(|f| f.input.path == file);
    facts.and_then(|f| f.input.table.as_deref()).unwrap_or_default()
}

/// A cell as the file has it.
///
/// # Errors
/// A number that is none.
pub fn field(cell: &Cell) -> Result<String> {
    Ok(match cell {
        Cell::Missing(_) => String::new(),
        Cell::Text(text) => text.clone(),
        Cell::Number(value, _) => number::machine(*value)?,
        Cell::Date(date) => date.to_string(),
        Cell::Flag(flag) => flag.to_string(),
    })
}

/// The records of a measure's table that were set aside while reading, each once.
fn set_aside(view: &View<'_>, table: &str) -> Vec<(String, Option<u64>, String)> {
    let kinds = kinds(table);
    let is_of = |file: &str| kinds.iter().any(|kind| kind.id() == kind_of(view, file));
    let mut seen = BTreeSet::new();
    let mut found = Vec::new();
    for reject in &view.data.rejects {
        let Some(file) = reject.place.file.clone() else { continue };
        // A cell that was taken as missing leaves its row where it was.
        let kept = reject.reason.starts_with("taken as missing");
        if !kept && is_of(&file) && seen.insert((file.clone(), reject.place.line)) {
            found.push((file, reject.place.line, reject.reason.clone()));
        }
    }
    found
}

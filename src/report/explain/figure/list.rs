//! `--rows` of a figure: every record behind it as CSV.
//!
//! In: the [`View`]. Out: the file's bytes. The column of what each gives adds up to the figure, or to the part of its formula that
//! the record names, wherever it is a sum.

use std::io::Write;

use anyhow::Result;

use super::super::list::field;
use super::View;
use super::tidy::RECORD;
use crate::report::behind::Behind;
use crate::session::ROWS;

/// Records placed at once, as each takes some room.
const PORTION: usize = 1_000_000;

/// Writes the list.
///
/// # Errors
/// Those of the disk.
pub fn write(view: &View<'_>, out: &mut dyn Write) -> Result<()> {
    let mut writer = csv::WriterBuilder::new().terminator(csv::Terminator::Any(b'\n')).from_writer(out);
    let plain = |column: &'static str| column.split(':').next().unwrap_or(column);
    // A list begins as every list of rows does, so that a later run does not take it for an export.
    let header = ROWS.into_iter().chain(RECORD[1..].iter().copied().map(plain)).chain(["as_of", "contract_hash"]);
    writer.write_record(header)?;
    let (as_of, hash) = (view.data.session.as_of.to_string(), view.data.session.contract.short_hash());
    for (at, portion) in view.found.records.chunks(PORTION).enumerate() {
        let records: Vec<&Behind> = portion.iter().collect();
        for cells in view.record_cells(&records, at * PORTION) {
            writer.write_field(&view.figure.id)?;
            for cell in cells {
                writer.write_field(field(&cell)?)?;
            }
            writer.write_record([as_of.as_str(), hash])?;
        }
    }
    Ok(writer.flush()?)
}

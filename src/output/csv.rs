//! CSV and TSV: the tables for machines, as RFC 4180 says, with line feeds.
//!
//! In: a checked report. Out: one header of column ids and one record per row; several tables one after another,
//! an empty line between them. Missing is empty, numbers are plain, days are ISO, flags are `true` and `false`.

use anyhow::{Context, Result};
use csv::{QuoteStyle, Terminator, WriterBuilder};

use super::number;
use crate::report::{Cell, Report, Table};

/// The machine tables of `report`, fields separated by `delimiter`.
///
/// # Errors
/// A number that is not finite.
pub fn render(report: &Report, delimiter: u8) -> Result<Vec<u8>> {
    let mut out = Vec::new();
    for (i, table) in super::for_machines(report).enumerate() {
        if i > 0 {
            out.push(b'\n');
        }
        write_table(table, delimiter, &mut out).with_context(|| format!("table `{}`", table.id))?;
    }
    Ok(out)
}

fn write_table(table: &Table, delimiter: u8, out: &mut Vec<u8>) -> Result<()> {
    let mut writer = WriterBuilder::new()
        .delimiter(delimiter)
        .terminator(Terminator::Any(b'\n'))
        .quote_style(QuoteStyle::Necessary)
        .from_writer(out);
    writer.write_record(table.columns.iter().map(|c| c.id.as_str()))?;
    for row in &table.rows {
        for cell in row {
            writer.write_field(field(cell)?)?;
        }
        writer.write_record(None::<&[u8]>)?;
    }
    writer.flush()?;
    Ok(())
}

fn field(cell: &Cell) -> Result<String> {
    Ok(match cell {
        Cell::Missing(_) => String::new(),
        Cell::Text(text) => text.clone(),
        Cell::Number(value, _) => number::machine(*value)?,
        Cell::Date(date) => date.to_string(),
        Cell::Flag(flag) => flag.to_string(),
    })
}

#[cfg(test)]
mod tests {
    use super::super::sample::sample;
    use super::*;
    use crate::report::{Audience, Column};

    #[test]
    fn golden_csv() {
        let expected = "\
metric,value,numerator,since,ok
leads,8000,,2026-01-01,true
\"conversion, MQL to \"\"won\"\"\",0.0015,12,,false
\"two
lines\",-0.5,0,2026-06-30,
Zoë | 東京,1234567.89,,,true
";
        assert_eq!(String::from_utf8(render(&sample(), b',').unwrap()).unwrap(), expected);
    }

    #[test]
    fn golden_tsv() {
        let expected = "\
metric\tvalue\tnumerator\tsince\tok
leads\t8000\t\t2026-01-01\ttrue
\"conversion, MQL to \"\"won\"\"\"\t0.0015\t12\t\tfalse
\"two
lines\"\t-0.5\t0\t2026-06-30\t
Zoë | 東京\t1234567.89\t\t\ttrue
";
        assert_eq!(String::from_utf8(render(&sample(), b'\t').unwrap()).unwrap(), expected);
    }

    #[test]
    fn several_tables_are_separated_by_an_empty_line() {
        let mut report = sample();
        report.tables.push(Table {
            id: "second".into(),
            title: String::new(),
            audience: Audience::Both,
            columns: vec![Column::left("only", "Only")],
            rows: vec![vec![Cell::none()], vec![Cell::text("x")]],
        });
        let text = String::from_utf8(render(&report, b',').unwrap()).unwrap();
        assert!(text.ends_with("Zoë | 東京,1234567.89,,,true\n\nonly\n\"\"\nx\n"), "{text}");
    }

    #[test]
    fn undefined_numbers_are_refused() {
        let mut report = sample();
        report.tables[1].rows[0][1] = Cell::Number(f64::NAN, crate::report::Unit::Share);
        assert!(format!("{:#}", render(&report, b',').unwrap_err()).starts_with("table `tidy`: the number NaN"));
    }
}

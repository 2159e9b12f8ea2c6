//! CSV and TSV: the tables for machines, as RFC 4180 says, with line feeds.
//!
//! In: a checked report. Out: one header of column ids and one record per row; several tables one after another,
//! an empty line between them. Missing is empty, numbers are plain, days are ISO, flags are `true` and `false`.
//!
//! For Excel: a byte order mark, as it would take UTF-8 for its old code page; CRLF; and `'` before words that it would
//! take for a formula.

use anyhow::{Context, Result};
use csv::{QuoteStyle, Terminator, WriterBuilder};

use super::number;
use crate::report::{Cell, Report, Table};

/// The machine tables of `report`, fields separated by `delimiter`; `excel` makes it open right by double click.
///
/// # Errors
/// A number that is not finite.
pub fn render(report: &Report, delimiter: u8, excel: bool) -> Result<Vec<u8>> {
    let tables: Vec<&Table> = super::for_machines(report).collect();
    render_tables(&tables, delimiter, excel)
}

/// These tables, one after another.
///
/// # Errors
/// A number that is not finite.
pub fn render_tables(tables: &[&Table], delimiter: u8, excel: bool) -> Result<Vec<u8>> {
    let mut out = if excel { "\u{feff}".as_bytes().to_vec() } else { Vec::new() };
    for (i, table) in tables.iter().enumerate() {
        if i > 0 {
            out.extend_from_slice(if excel { b"\r\n" } else { b"\n" });
        }
        write_table(table, delimiter, excel, &mut out).with_context(|| format!("table `{}`", table.id))?;
    }
    Ok(out)
}

fn write_table(table: &Table, delimiter: u8, excel: bool, out: &mut Vec<u8>) -> Result<()> {
    let mut writer = WriterBuilder::new()
        .delimiter(delimiter)
        .terminator(if excel { Terminator::CRLF } else { Terminator::Any(b'\n') })
        .quote_style(QuoteStyle::Necessary)
        .from_writer(out);
    writer.write_record(table.columns.iter().map(|c| c.id.as_str()))?;
    for row in &table.rows {
        for cell in row {
            match cell {
                Cell::Text(text) if excel && is_risky(text) => writer.write_field(format!("'{text}"))?,
                cell => writer.write_field(field(cell)?)?,
            }
        }
        writer.write_record(None::<&[u8]>)?;
    }
    writer.flush()?;
    Ok(())
}

/// Whether a spreadsheet would take words for a formula or a command.
pub(super) fn is_risky(text: &str) -> bool {
    text.starts_with(['=', '+', '-', '@', '\t', '\r'])
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
        assert_eq!(String::from_utf8(render(&sample(), b',', false).unwrap()).unwrap(), expected);
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
        assert_eq!(String::from_utf8(render(&sample(), b'\t', false).unwrap()).unwrap(), expected);
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
        let text = String::from_utf8(render(&report, b',', false).unwrap()).unwrap();
        assert!(text.ends_with("Zoë | 東京,1234567.89,,,true\n\nonly\n\"\"\nx\n"), "{text}");
    }

    #[test]
    fn excel_gets_a_mark_crlf_and_no_formula() {
        let mut report = sample();
        let hostile = ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", " =1", "a=1", "'=1", "", "x\ny"];
        report.tables.push(Table {
            id: "second".into(),
            title: String::new(),
            audience: Audience::Machines,
            columns: vec![Column::tidy("only"), Column::tidy("n: number")],
            rows: hostile
                .iter()
                .map(|h| vec![Cell::text(*h), Cell::Number(-1.5, crate::report::Unit::Count)])
                .collect(),
        });
        let plain = String::from_utf8(render(&report, b',', false).unwrap()).unwrap();
        let text = String::from_utf8(render(&report, b',', true).unwrap()).unwrap();
        let text = text.strip_prefix('\u{feff}').unwrap();
        let (first, second) = text.split_once("\r\n\r\n").unwrap();
        assert_eq!(first.replace("\r\n", "\n"), plain.split_once("\n\n").unwrap().0, "only the line ends differ");
        let mut reader = csv::Reader::from_reader(second.as_bytes());
        let read: Vec<(String, String)> = reader.deserialize().map(Result::unwrap).collect();
        for (read, given) in read.iter().zip(hostile) {
            let guarded = if is_risky(given) { format!("'{given}") } else { given.to_owned() };
            assert_eq!((read.0.as_str(), read.1.as_str()), (guarded.as_str(), "-1.5"), "numbers stay numbers");
        }
        assert_eq!(read.len(), hostile.len());
        assert_eq!(second.matches("\r\n").count(), hostile.len() + 1, "every record ends in CRLF");
    }

    #[test]
    fn undefined_numbers_are_refused() {
        let mut report = sample();
        report.tables[1].rows[0][1] = Cell::Number(f64::NAN, crate::report::Unit::Share);
        assert!(format!("{:#}", render(&report, b',', false).unwrap_err()).starts_with("table `tidy`: the number NaN"));
    }
}

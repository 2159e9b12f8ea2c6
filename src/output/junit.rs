//! JUnit XML: verdicts as test cases, for schedulers that know nothing else.
//!
//! In: a checked report with the table `check_tidy`. Out: one suite of one case per check, in the order of the table: failed is
//! a failure, missing is skipped, a warning passes and says so. As nothing here reads a clock, the time stamp is as-of.

use anyhow::{Context, Result};
use quick_xml::events::{BytesDecl, BytesEnd, BytesStart, BytesText, Event};
use quick_xml::writer::Writer;

use super::number;
use crate::report::{Cell, Report, Table};

const VERDICTS: &str = "check_tidy";

/// The suite.
///
/// # Errors
/// A report without verdicts: a defect.
pub fn render(report: &Report) -> Result<Vec<u8>> {
    let table = report.tables.iter().find(|t| t.id == VERDICTS).context("there is no table of verdicts")?;
    let count = |wanted: &str| table.rows.iter().filter(|row| text(table, row, "result") == wanted).count().to_string();
    let (all, failed, skipped) = (table.rows.len().to_string(), count("failed"), count("missing"));
    let mut writer = Writer::new_with_indent(Vec::new(), b' ', 2);
    writer.write_event(Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), None)))?;
    let counts =
        [("tests", all.as_str()), ("failures", &failed), ("errors", "0"), ("skipped", &skipped), ("time", "0")];
    let suites = element("testsuites", &[("name", "onefunnel check")], &counts);
    writer.write_event(Event::Start(suites))?;
    let stamp = report.as_of.map(|day| format!("{day}T00:00:00")).unwrap_or_default();
    let named = [("name", report.contract.as_str()), ("timestamp", &stamp), ("hostname", "localhost")];
    writer.write_event(Event::Start(element("testsuite", &named, &counts)))?;
    writer.write_event(Event::Start(BytesStart::new("properties")))?;
    let as_of = report.as_of.map(|day| day.to_string()).unwrap_or_default();
    for (name, value) in [("as_of", as_of.as_str()), ("contract_hash", &report.contract_hash)] {
        writer.write_event(Event::Empty(element("property", &[("name", name), ("value", value)], &[])))?;
    }
    writer.write_event(Event::End(BytesEnd::new("properties")))?;
    for row in &table.rows {
        case(&mut writer, table, row)?;
    }
    writer.write_event(Event::End(BytesEnd::new("testsuite")))?;
    writer.write_event(Event::End(BytesEnd::new("testsuites")))?;
    let mut out = writer.into_inner();
    out.push(b'\n');
    Ok(out)
}

fn case(writer: &mut Writer<Vec<u8>>, table: &Table, row: &[Cell]) -> Result<()> {
    let of = |column: &str| text(table, row, column);
    let (title, why, asked, result) = (of("title"), of("why"), of("asked"), of("result"));
    let subject = if of("metric_id").is_empty() { of("table_name") } else { of("metric_id") };
    let class = format!("onefunnel.check.{subject}");
    let case = element("testcase", &[("name", &title), ("classname", &class), ("time", "0")], &[]);
    let inside = match result.as_str() {
        "failed" => Some(element("failure", &[("message", &why), ("type", &asked)], &[])),
        "missing" => Some(element("skipped", &[("message", &why)], &[])),
        _ => None,
    };
    writer.write_event(Event::Start(case))?;
    if let Some(inside) = inside {
        writer.write_event(Event::Empty(inside))?;
    }
    let said = if result == "warned" { format!("warning: {why}") } else { why };
    writer.write_event(Event::Start(BytesStart::new("system-out")))?;
    writer.write_event(Event::Text(BytesText::new(&said)))?;
    writer.write_event(Event::End(BytesEnd::new("system-out")))?;
    writer.write_event(Event::End(BytesEnd::new("testcase")))?;
    Ok(())
}

/// An element with attributes, escaped.
fn element<'a>(name: &'a str, attributes: &[(&'a str, &str)], more: &[(&'a str, &str)]) -> BytesStart<'a> {
    let mut element = BytesStart::new(name);
    for (key, value) in attributes.iter().chain(more) {
        element.push_attribute((*key, *value));
    }
    element
}

/// A cell by its column's id, on one line: control characters are not allowed in XML.
fn text(table: &Table, row: &[Cell], column: &str) -> String {
    let at = table.columns.iter().position(|c| c.id == column);
    match at.and_then(|at| row.get(at)) {
        None | Some(Cell::Missing(_)) => String::new(),
        Some(cell) => number::cell(cell),
    }
}

#[cfg(test)]
mod tests {
    use super::super::sample::sample;
    use super::*;
    use crate::report::{Audience, Column};

    #[test]
    fn every_verdict_is_a_case_and_what_is_written_is_escaped() {
        let mut report = sample();
        let ids = ["title", "result", "why", "asked", "metric_id", "table_name"];
        let row = |cells: [&str; 6]| cells.map(|c| if c.is_empty() { Cell::none() } else { Cell::text(c) }).to_vec();
        report.tables.push(Table {
            id: VERDICTS.into(),
            title: String::new(),
            audience: Audience::Machines,
            columns: ids.iter().map(|id| Column::left(*id, *id)).collect(),
            rows: vec![
                row(["Win <rate> & \"more\"", "failed", "3 is below 5", "at least 5", "win_rate", ""]),
                row(["Fresh", "missing", "no people\u{1}\nsource", "3 days", "", "people"]),
                row(["Warn", "warned", "1 < 2", "at least 2", "x", ""]),
            ],
        });
        let out = String::from_utf8(render(&report).unwrap()).unwrap();
        assert!(out.starts_with("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"onefunnel check\" tests=\"3\" failures=\"1\" errors=\"0\" skipped=\"1\" time=\"0\">\n"), "{out}");
        for part in [
            "<testcase name=\"Win &lt;rate&gt; &amp; &quot;more&quot;\" classname=\"onefunnel.check.win_rate\" time=\"0\">",
            "<failure message=\"3 is below 5\" type=\"at least 5\"/>",
            "<skipped message=\"no people source\"/>",
            "<system-out>warning: 1 &lt; 2</system-out>",
        ] {
            assert!(out.contains(part), "{part} in {out}");
        }
        assert!(render(&sample()).is_err());
    }
}

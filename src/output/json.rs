//! JSON and JSON Lines: the tables for machines, with or without all that has to be known about them.
//!
//! In: a checked report. Out: one envelope with a stable order of keys, or one object per row. Missing is `null`,
//! whole numbers have no fraction, days are ISO text.

use anyhow::Result;
use serde::ser::{SerializeMap, SerializeSeq};
use serde::{Serialize, Serializer};

use super::number;
use crate::report::chart::{Chart, Shape};
use crate::report::{Audience, Cell, Column, Input, Report, Section, Table, Unit};

/// Version of the envelope and of the column ids: raised when a key changes its meaning or goes away.
pub const SCHEMA_VERSION: u32 = 1;

#[derive(Serialize)]
struct Envelope<'a> {
    schema_version: u32,
    tool: Tool,
    report: &'a str,
    title: &'a str,
    as_of: Option<String>,
    /// Only where something was asked for.
    #[serde(flatten)]
    asked: Asked<'a>,
    company: &'a str,
    currency: &'a str,
    contract: Contract<'a>,
    inputs: Vec<Source<'a>>,
    tables: Vec<Sheet<'a>>,
    notes: &'a [String],
    /// Only in a report that has them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    charts: Vec<Picture<'a>>,
    /// Only in a report that has several parts; their tables stand among the others, here are their ids.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    sections: Vec<Part<'a>>,
}

/// What was asked for: each key only where it was.
#[derive(Serialize)]
pub struct Asked<'a> {
    #[serde(rename = "where", skip_serializing_if = "Option::is_none")]
    condition: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    from: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    to: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    period: Option<&'a str>,
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    by: &'a [String],
}

#[derive(Serialize)]
struct Part<'a> {
    id: &'a str,
    title: &'a str,
    finding: &'a str,
    tables: Vec<&'a str>,
    charts: Vec<Picture<'a>>,
    notes: &'a [String],
}

#[derive(Serialize)]
struct Picture<'a> {
    id: &'a str,
    title: &'a str,
    description: &'a str,
    shape: &'static str,
    unit: &'static str,
    axis: &'a str,
    labels: &'a [String],
    series: Vec<Line<'a>>,
}

#[derive(Serialize)]
struct Line<'a> {
    name: &'a str,
    values: Vec<Point>,
    low: Vec<Point>,
    high: Vec<Point>,
    provisional: &'a [bool],
}

/// A number of a chart, written as one of a table is.
struct Point(Option<f64>);

#[derive(Serialize)]
struct Tool {
    name: &'static str,
    version: &'static str,
}

#[derive(Serialize)]
struct Contract<'a> {
    source: &'a str,
    hash: &'a str,
}

#[derive(Serialize)]
struct Source<'a> {
    path: &'a str,
    sha256: &'a str,
    preset: Option<&'a str>,
    table: Option<&'a str>,
    rows_read: u64,
    rows_used: u64,
    set_aside: Vec<SetAside<'a>>,
}

#[derive(Serialize)]
struct SetAside<'a> {
    reason: &'a str,
    rows: u64,
}

#[derive(Serialize)]
struct Sheet<'a> {
    id: &'a str,
    columns: Vec<&'a str>,
    /// What each column holds where it is not missing, whatever the data.
    types: Vec<&'static str>,
    #[serde(serialize_with = "rows")]
    rows: &'a Table,
}

/// One row as an object, with the table's id as its first key when one is given.
struct Row<'a> {
    table: Option<&'a str>,
    columns: &'a [Column],
    cells: &'a [Cell],
}

struct Value<'a>(&'a Cell);

/// The envelope, indented by two spaces.
///
/// # Errors
/// A number that is not finite.
pub fn render(report: &Report) -> Result<Vec<u8>> {
    let envelope = Envelope {
        schema_version: SCHEMA_VERSION,
        tool: Tool { name: "onefunnel", version: env!("CARGO_PKG_VERSION") },
        report: &report.id,
        title: &report.title,
        as_of: report.as_of.map(|day| day.to_string()),
        asked: asked(report),
        company: &report.company,
        currency: &report.currency,
        contract: Contract { source: &report.contract, hash: &report.contract_hash },
        inputs: report.inputs.iter().map(source).collect(),
        tables: super::for_machines(report)
            .map(|table| Sheet {
                id: &table.id,
                columns: table.columns.iter().map(|c| c.id.as_str()).collect(),
                types: table.columns.iter().map(|c| c.kind.id()).collect(),
                rows: table,
            })
            .collect(),
        notes: &report.notes,
        charts: report.charts.iter().map(picture).collect(),
        sections: report.sections.iter().map(part).collect(),
    };
    let mut out = serde_json::to_vec_pretty(&envelope)?;
    out.push(b'\n');
    Ok(out)
}

/// One object per line and row; the key `table` comes first, always.
///
/// # Errors
/// A number that is not finite.
pub fn render_lines(report: &Report) -> Result<Vec<u8>> {
    lines(super::for_machines(report))
}

/// The rows of these tables, one object per line.
///
/// # Errors
/// A number that is not finite.
pub fn lines<'a>(tables: impl Iterator<Item = &'a Table>) -> Result<Vec<u8>> {
    let mut out = Vec::new();
    for table in tables {
        for cells in &table.rows {
            let row = Row { table: Some(&table.id), columns: &table.columns, cells };
            serde_json::to_writer(&mut out, &row)?;
            out.push(b'\n');
        }
    }
    Ok(out)
}

/// The rows of one table as a list of objects.
///
/// # Errors
/// A number that is not finite.
pub fn list(table: &Table) -> Result<Vec<u8>> {
    struct List<'a>(&'a Table);
    impl Serialize for List<'_> {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            rows(self.0, serializer)
        }
    }
    let mut out = serde_json::to_vec_pretty(&List(table))?;
    out.push(b'\n');
    Ok(out)
}

/// What was asked for, as keys.
pub fn asked(report: &Report) -> Asked<'_> {
    let asked = &report.asked;
    Asked {
        condition: asked.condition.as_deref(),
        from: asked.from.as_deref(),
        to: asked.to.as_deref(),
        period: asked.period.as_deref(),
        by: &asked.by,
    }
}

/// The account of the input files, on one line.
///
/// # Errors
/// None in practice.
pub fn inputs(report: &Report) -> Result<String> {
    Ok(serde_json::to_string(&report.inputs.iter().map(source).collect::<Vec<_>>())?)
}

fn part(section: &Section) -> Part<'_> {
    Part {
        id: &section.id,
        title: &section.title,
        finding: &section.finding,
        tables: section.tables.iter().filter(|t| t.audience != Audience::People).map(|t| t.id.as_str()).collect(),
        charts: section.charts.iter().map(picture).collect(),
        notes: &section.notes,
    }
}

fn picture(chart: &Chart) -> Picture<'_> {
    Picture {
        id: &chart.id,
        title: &chart.title,
        description: &chart.description,
        shape: match chart.shape {
            Shape::Columns => "columns",
            Shape::Stacked => "stacked",
            Shape::Bars => "bars",
            Shape::Lines => "lines",
        },
        unit: chart.unit.id(),
        axis: &chart.axis,
        labels: &chart.labels,
        series: chart
            .series
            .iter()
            .map(|series| Line {
                name: &series.name,
                values: series.values.iter().map(|v| Point(*v)).collect(),
                low: series.band.iter().map(|b| Point(b.map(|(low, _)| low))).collect(),
                high: series.band.iter().map(|b| Point(b.map(|(_, high)| high))).collect(),
                provisional: &series.provisional,
            })
            .collect(),
    }
}

fn source(input: &Input) -> Source<'_> {
    Source {
        path: &input.path,
        sha256: &input.sha256,
        preset: input.preset.as_deref(),
        table: input.table.as_deref(),
        rows_read: input.rows_read,
        rows_used: input.rows_used,
        set_aside: input.set_aside.iter().map(|(reason, rows)| SetAside { reason, rows: *rows }).collect(),
    }
}

fn rows<S: Serializer>(table: &Table, serializer: S) -> Result<S::Ok, S::Error> {
    let mut list = serializer.serialize_seq(Some(table.rows.len()))?;
    for cells in &table.rows {
        list.serialize_element(&Row { table: None, columns: &table.columns, cells })?;
    }
    list.end()
}

impl Serialize for Row<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut object = serializer.serialize_map(None)?;
        if let Some(table) = self.table {
            object.serialize_entry("table", table)?;
        }
        for (column, cell) in self.columns.iter().zip(self.cells) {
            object.serialize_entry(&column.id, &Value(cell))?;
        }
        object.end()
    }
}

impl Serialize for Point {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let cell = self.0.map_or_else(Cell::none, |value| Cell::Number(value, Unit::Number));
        Value(&cell).serialize(serializer)
    }
}

impl Serialize for Value<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            Cell::Missing(_) => serializer.serialize_none(),
            Cell::Text(text) => serializer.serialize_str(text),
            Cell::Number(value, _) => {
                // serde_json would write NaN as null, which is how a missing value looks.
                let text = number::machine(*value).map_err(serde::ser::Error::custom)?;
                match text.parse::<i64>() {
                    Ok(whole) => serializer.serialize_i64(whole),
                    Err(_) => serializer.serialize_f64(*value),
                }
            }
            Cell::Date(date) => serializer.serialize_str(&date.to_string()),
            Cell::Flag(flag) => serializer.serialize_bool(*flag),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::sample::sample;
    use super::*;

    #[test]
    fn golden_json() {
        let expected = r#"{
  "schema_version": 1,
  "tool": {
    "name": "onefunnel",
    "version": "VERSION"
  },
  "report": "scorecard",
  "title": "Scorecard",
  "as_of": "2026-06-30",
  "company": "Acme \"East\"",
  "currency": "USD",
  "contract": {
    "source": "acme/onefunnel.toml",
    "hash": "1a2b3c4d5e6f"
  },
  "inputs": [
    {
      "path": "exports/leads|1.csv",
      "sha256": "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff",
      "preset": "salesforce_leads",
      "table": "people",
      "rows_read": 20183,
      "rows_used": 20102,
      "set_aside": [
        {
          "reason": "no date",
          "rows": 1
        },
        {
          "reason": "no id",
          "rows": 80
        }
      ]
    },
    {
      "path": "exports/notes.csv",
      "sha256": "ffeeddccbbaa99887766554433221100ffeeddccbbaa99887766554433221100",
      "preset": null,
      "table": null,
      "rows_read": 0,
      "rows_used": 0,
      "set_aside": []
    }
  ],
  "tables": [
    {
      "id": "tidy",
      "columns": [
        "metric",
        "value",
        "numerator",
        "since",
        "ok"
      ],
      "types": [
        "text",
        "number",
        "number",
        "date",
        "flag"
      ],
      "rows": [
        {
          "metric": "leads",
          "value": 8000,
          "numerator": null,
          "since": "2026-01-01",
          "ok": true
        },
        {
          "metric": "conversion, MQL to \"won\"",
          "value": 0.0015,
          "numerator": 12,
          "since": null,
          "ok": false
        },
        {
          "metric": "two\nlines",
          "value": -0.5,
          "numerator": 0,
          "since": "2026-06-30",
          "ok": null
        },
        {
          "metric": "Zoë | 東京",
          "value": 1234567.89,
          "numerator": null,
          "since": null,
          "ok": true
        }
      ]
    }
  ],
  "notes": [
    "Spend is missing for 2 of 6 months, so every ratio with spend in it is missing there and is not shown as 0.",
    "A | B"
  ]
}
"#
        .replace("VERSION", env!("CARGO_PKG_VERSION"));
        assert_eq!(String::from_utf8(render(&sample()).unwrap()).unwrap(), expected);
    }

    #[test]
    fn golden_json_lines() {
        let expected = r#"{"table":"tidy","metric":"leads","value":8000,"numerator":null,"since":"2026-01-01","ok":true}
{"table":"tidy","metric":"conversion, MQL to \"won\"","value":0.0015,"numerator":12,"since":null,"ok":false}
{"table":"tidy","metric":"two\nlines","value":-0.5,"numerator":0,"since":"2026-06-30","ok":null}
{"table":"tidy","metric":"Zoë | 東京","value":1234567.89,"numerator":null,"since":null,"ok":true}
"#;
        assert_eq!(String::from_utf8(render_lines(&sample()).unwrap()).unwrap(), expected);
    }

    #[test]
    fn numbers_keep_their_value() {
        let json = |value| serde_json::to_string(&Value(&Cell::Number(value, Unit::Money))).map_err(|e| e.to_string());
        assert_eq!(json(1.0), Ok("1".to_owned()));
        assert_eq!(json(-0.0), Ok("0".to_owned()));
        assert_eq!(json(9_007_199_254_740_992.0), Ok("9007199254740992".to_owned()));
        assert_eq!(json(0.1 + 0.2), Ok("0.30000000000000004".to_owned()));
        assert!(json(f64::NAN).unwrap_err().contains("missing cell"));
    }
}

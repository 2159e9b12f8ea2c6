//! JSON and JSON Lines: the tables for machines, with or without all that has to be known about them.
//!
//! In: a checked report. Out: one envelope with a stable order of keys, or one object per row. Missing is `null`,
//! whole numbers have no fraction, days are ISO text.

use anyhow::Result;
use serde::ser::{SerializeMap, SerializeSeq};
use serde::{Serialize, Serializer};

use super::number;
use crate::report::{Cell, Column, Input, Report, Table};

/// Version of the envelope and of the column ids: raised when a key changes its meaning or goes away.
pub const SCHEMA_VERSION: u32 = 1;

#[derive(Serialize)]
struct Envelope<'a> {
    schema_version: u32,
    tool: Tool,
    report: &'a str,
    title: &'a str,
    as_of: Option<String>,
    company: &'a str,
    currency: &'a str,
    contract: Contract<'a>,
    inputs: Vec<Source<'a>>,
    tables: Vec<Sheet<'a>>,
    notes: &'a [String],
}

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
    let mut out = Vec::new();
    for table in super::for_machines(report) {
        for cells in &table.rows {
            let row = Row { table: Some(&table.id), columns: &table.columns, cells };
            serde_json::to_writer(&mut out, &row)?;
            out.push(b'\n');
        }
    }
    Ok(out)
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
    use crate::report::Unit;

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

//! JSON Schema (draft 2020-12) of what the reports write as JSON and JSON Lines.
//!
//! In: `columns.json`: every table for machines of every report, with what each column holds. It is made from the reports
//! themselves; a test tells when it is out of date, and how to make it again. Out: a schema as a JSON value.

use serde_json::{Map, Value, json};

use super::SCHEMA_VERSION;

/// Report, table, column, type; made by `ONEFUNNEL_BLESS=1 cargo test --release --test it reference_pages`.
const COLUMNS: &str = include_str!("columns.json");

fn columns() -> Map<String, Value> {
    serde_json::from_str(COLUMNS).unwrap_or_default()
}

/// The reports that write JSON.
pub fn reports() -> Vec<String> {
    columns().keys().cloned().collect()
}

/// The tables of one report, or of all, by id. Reports that share a table have the same one.
fn tables(report: Option<&str>) -> Vec<(String, Map<String, Value>)> {
    let mut found: Vec<(String, Map<String, Value>)> = Vec::new();
    for (name, tables) in columns() {
        let Value::Object(tables) = tables else { continue };
        for (id, columns) in tables {
            let wanted = report.is_none_or(|report| report == name) && found.iter().all(|(known, _)| *known != id);
            if let (true, Value::Object(columns)) = (wanted, columns) {
                found.push((id, columns));
            }
        }
    }
    found
}

/// A value of a column: missing is `null`, always.
fn cell(kind: &Value) -> Value {
    match kind.as_str() {
        Some("number") => json!({ "type": ["number", "null"] }),
        Some("flag") => json!({ "type": ["boolean", "null"] }),
        Some("date") => json!({ "type": ["string", "null"], "format": "date" }),
        _ => json!({ "type": ["string", "null"] }),
    }
}

/// An object that has these keys and no others, each of them always.
fn object(properties: &Map<String, Value>) -> Value {
    let required: Vec<&String> = properties.keys().collect();
    json!({ "type": "object", "required": required, "additionalProperties": false, "properties": properties })
}

fn exact(properties: &Value) -> Value {
    properties.as_object().map_or(Value::Null, object)
}

fn row(columns: &Map<String, Value>, first: Option<(&str, Value)>) -> Value {
    let first = first.into_iter().map(|(key, value)| (key.to_string(), value));
    object(&first.chain(columns.iter().map(|(id, kind)| (id.clone(), cell(kind)))).collect())
}

fn sheet(id: &str, columns: &Map<String, Value>) -> Value {
    let ids: Vec<&String> = columns.keys().collect();
    let types: Vec<&Value> = columns.values().collect();
    exact(&json!({
        "id": { "const": id },
        "columns": { "const": ids },
        "types": { "const": types },
        "rows": { "type": "array", "items": row(columns, None) },
    }))
}

fn head(title: &str, name: Option<&str>, more: Value) -> Value {
    let id = name.map_or_else(String::new, |name| format!(":{name}"));
    let mut schema = json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": format!("urn:onefunnel:{title}:{SCHEMA_VERSION}{id}"),
        "title": match name {
            Some(name) => format!("onefunnel {name}: {title}"),
            None => format!("onefunnel: {title}"),
        },
    });
    if let (Value::Object(schema), Value::Object(more)) = (&mut schema, more) {
        schema.extend(more);
    }
    schema
}

/// One of the tables; each stands in `$defs` under its id.
fn any_of(tables: &[(String, Map<String, Value>)]) -> Value {
    let refs: Vec<Value> = tables.iter().map(|(id, _)| json!({ "$ref": format!("#/$defs/{id}") })).collect();
    json!({ "anyOf": refs })
}

/// The schema of `-f json`: of one report, or of any.
pub fn envelope(report: Option<&str>) -> Value {
    let tables = tables(report);
    let text = json!({ "type": "string" });
    let count = json!({ "type": "integer", "minimum": 0 });
    let source = exact(&json!({
        "path": text,
        "sha256": { "type": "string", "pattern": "^([0-9a-f]{64})?$" },
        "preset": { "type": ["string", "null"] },
        "table": { "type": ["string", "null"] },
        "rows_read": count,
        "rows_used": count,
        "set_aside": { "type": "array", "items": exact(&json!({ "reason": text, "rows": count })) },
    }));
    let properties = json!({
        "schema_version": { "const": SCHEMA_VERSION },
        "tool": exact(&json!({ "name": { "const": "onefunnel" }, "version": text })),
        "report": report.map_or_else(|| json!({ "enum": reports() }), |name| json!({ "const": name })),
        "title": text,
        "as_of": { "type": ["string", "null"], "format": "date" },
        "company": text,
        "currency": { "type": "string", "pattern": "^[A-Z]{3}$" },
        "contract": exact(&json!({ "source": text, "hash": { "type": "string", "pattern": "^[0-9a-f]{12}$" } })),
        "inputs": { "type": "array", "items": source },
        "tables": { "type": "array", "items": any_of(&tables) },
        "notes": { "type": "array", "items": text },
    });
    let Value::Object(mut properties) = properties else { return Value::Null };
    let required: Vec<String> = properties.keys().cloned().collect();
    // Only where they were asked for.
    let day = json!({ "type": "string", "format": "date" });
    for (key, kind) in [("where", &text), ("from", &day), ("to", &day), ("period", &text)] {
        properties.insert(key.into(), kind.clone());
    }
    properties.insert("by".into(), json!({ "type": "array", "minItems": 1, "items": text }));
    // Only in a report that has them.
    properties.insert("tiles".into(), json!({ "type": "array", "items": { "type": "object" } }));
    properties.insert("charts".into(), json!({ "type": "array", "items": { "$ref": "#/$defs/.chart" } }));
    properties.insert("sections".into(), json!({ "type": "array", "items": { "$ref": "#/$defs/.section" } }));
    let mut defs: Map<String, Value> = tables.iter().map(|(id, columns)| (id.clone(), sheet(id, columns))).collect();
    let numbers = json!({ "type": "array", "items": { "type": ["number", "null"] } });
    let series = json!({
        "type": "object",
        "required": ["name", "values"],
        "properties": { "name": text, "values": numbers, "low": numbers, "high": numbers },
    });
    defs.insert(
        ".chart".into(),
        json!({
            "type": "object",
            "required": ["id", "title", "labels", "series"],
            "properties": {
                "id": text,
                "title": text,
                "labels": { "type": "array", "items": text },
                "series": { "type": "array", "items": series },
            },
        }),
    );
    defs.insert(
        ".section".into(),
        json!({
            "type": "object",
            "required": ["id", "title", "finding"],
            "properties": {
                "id": text,
                "title": text,
                "finding": text,
                "charts": { "type": "array", "items": { "$ref": "#/$defs/.chart" } },
                "notes": { "type": "array", "items": text },
            },
        }),
    );
    let body = json!({
        "type": "object",
        "required": required,
        "additionalProperties": false,
        "properties": properties,
        "$defs": defs,
    });
    head("json", report, body)
}

/// The schema of one line of `-f jsonl`: of one report, or of any.
pub fn line(report: Option<&str>) -> Value {
    let tables = tables(report);
    let defs: Map<String, Value> = tables
        .iter()
        .map(|(id, columns)| (id.clone(), row(columns, Some(("table", json!({ "const": id }))))))
        .collect();
    let Value::Object(mut body) = any_of(&tables) else { return Value::Null };
    body.insert("$defs".into(), Value::Object(defs));
    head("jsonl", report, Value::Object(body))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_report_has_tables_and_every_column_a_type() {
        assert!(serde_json::from_str::<Map<String, Value>>(COLUMNS).is_ok());
        let names = reports();
        assert!(names.len() >= 17, "{names:?}");
        for name in &names {
            let tables = tables(Some(name));
            assert!(!tables.is_empty(), "{name}");
            for (id, columns) in tables {
                let known = |kind: &Value| matches!(kind.as_str(), Some("text" | "number" | "date" | "flag"));
                assert!(!columns.is_empty() && columns.values().all(known), "{name} {id}");
            }
        }
    }
}

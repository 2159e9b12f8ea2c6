//! What is made from the program and kept beside it: the columns of every table for machines, of which `schema` is made, and
//! a page of reference per command. A stale one fails here; `ONEFUNNEL_BLESS=1` mends it. And the schema itself.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::Path;

use serde_json::{Map, Value, json};

use crate::behaviour::{ACME, REPORTS};
use crate::common::{command, root, stdout};

/// Tables that no line of [`REPORTS`] prints.
const MORE: [&[&str]; 7] = [
    &["inspect", ACME, "--reasons"],
    &["definition", ACME, "--against", ACME],
    &["funnel", ACME, "--compare", "cohort,horizon", "--horizon", "90d"],
    &["journey", ACME, "--grain", "account"],
    &["presets", "--contract", ACME],
    &["metrics", "new_mqls", "--contract", ACME],
    &["presets", "salesforce_lead", "--contract", ACME],
];

const BLESS: &str = "ONEFUNNEL_BLESS=1 cargo test --release --locked --test it reference_pages";

fn lines() -> impl Iterator<Item = &'static [&'static str]> {
    REPORTS.iter().chain(&MORE).copied()
}

fn envelope(line: &[&str]) -> Value {
    serde_json::from_str(&stdout(&[line, &["-f", "json"]].concat())).unwrap()
}

/// The verdicts on a contract that has a gate.
fn verdicts() -> Value {
    let dir = tempfile::tempdir().unwrap();
    let acme = root().join(ACME);
    let contract = std::fs::read_to_string(acme.join("onefunnel.toml")).unwrap();
    let exports = format!("path = \"{}/exports/", acme.display());
    let gate = "\n[[check]]\nmetric = \"won_revenue\"\nat_least = 0\n";
    std::fs::write(dir.path().join("onefunnel.toml"), contract.replace("path = \"exports/", &exports) + gate).unwrap();
    envelope(&["check", dir.path().to_str().unwrap()])
}

/// What each line prints, with the line.
fn envelopes() -> impl Iterator<Item = (&'static [&'static str], Value)> {
    let gate: &[&str] = &["check"];
    lines().map(|line| (line, envelope(line))).chain(std::iter::once_with(move || (gate, verdicts())))
}

type Tables = BTreeMap<String, Map<String, Value>>;

/// Report → table → column → type, as the reports print it.
fn columns() -> BTreeMap<String, Tables> {
    let mut found: BTreeMap<String, Tables> = BTreeMap::new();
    for (line, envelope) in envelopes() {
        let report = found.entry(envelope["report"].as_str().unwrap().to_string()).or_default();
        for table in envelope["tables"].as_array().unwrap() {
            let list = |key: &str| table[key].as_array().unwrap().clone();
            let columns: Map<String, Value> =
                list("columns").iter().map(|c| c.as_str().unwrap().to_string()).zip(list("types")).collect();
            let id = table["id"].as_str().unwrap();
            let known = report.entry(id.to_string()).or_insert_with(|| columns.clone());
            assert!(*known == columns, "{line:?}: the columns of {id} depend on the data or on flags");
        }
    }
    let mut all: BTreeMap<&String, &Map<String, Value>> = BTreeMap::new();
    for (id, columns) in found.values().flatten() {
        assert_eq!(*all.entry(id).or_insert(columns), columns, "two reports have a table {id}, with other columns");
    }
    found
}

/// The file has this text, or gets it.
fn same(path: &Path, text: &str) -> Option<String> {
    let shown = path.strip_prefix(root()).unwrap().display().to_string();
    if std::fs::read_to_string(path).is_ok_and(|old| old == text) {
        return None;
    }
    if std::env::var_os("ONEFUNNEL_BLESS").is_some() {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    Some(shown)
}

/// What a command says of itself, its tables, and the beginning of what it prints for the example.
fn page(name: &str, report: &Tables) -> String {
    let mut page = format!("# `onefunnel {name}`\n\n");
    let help = command(&[name, "--help"]).env_remove("COLUMNS").output().unwrap();
    let help = String::from_utf8(help.stdout).unwrap();
    // What the command says of itself is wrapped, and ends where an empty line or the usage begins.
    let said: Vec<&str> = help.lines().collect();
    let end = said.iter().position(|l| l.trim().is_empty() || l.starts_with("Usage:")).unwrap();
    let about = said[..end].iter().map(|line| line.trim()).collect::<Vec<_>>().join(" ");
    let trimmed: Vec<&str> = said[end..].iter().map(|line| line.trim_end()).collect();
    let _ = write!(page, "{about}\n\n## Flags\n\n```text\n{}\n```\n", trimmed.join("\n").trim());
    if !report.is_empty() {
        page.push_str("\n## Tables for machines\n\nThe columns do not depend on the data. Missing is empty in CSV, and `null` in JSON.\n");
    }
    for (id, columns) in report {
        let _ = write!(page, "\n### `{id}`\n\n| column | holds |\n|---|---|\n");
        for (column, kind) in columns {
            let _ = writeln!(page, "| `{column}` | {} |", kind.as_str().unwrap());
        }
    }
    if let Some(line) = lines().find(|line| line[0] == name) {
        let printed = stdout(line);
        let rows: Vec<&str> = printed.lines().collect();
        let shown = rows.len().min(25);
        let _ = write!(page, "\n## Example\n\n```text\n$ onefunnel {}\n{}\n", line.join(" "), rows[..shown].join("\n"));
        page.push_str(if shown < rows.len() { "…\n```\n" } else { "```\n" });
    }
    page
}

/// What is said of a command on its page is what the list of commands says.
#[test]
fn the_first_sentence_of_a_page_is_whole() {
    for name in commands() {
        let text = page(&name, &Tables::new());
        let about = text.lines().nth(2).unwrap();
        let list = command(&["--help"]).env("COLUMNS", "400").output().unwrap();
        let list = String::from_utf8(list.stdout).unwrap();
        let squeezed = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(squeezed(&list).contains(&squeezed(&format!("{name} {about}"))), "{name}: {about}");
    }
}

/// The commands, as `--help` lists them.
fn commands() -> Vec<String> {
    let help = stdout(&["--help"]);
    let list = help.split("Commands:\n").nth(1).unwrap().split("\n\n").next().unwrap();
    let names = list.lines().filter(|l| l.starts_with("  ") && !l.starts_with("   "));
    names.map(|line| line.split_whitespace().next().unwrap().to_string()).collect()
}

#[test]
fn the_reference_is_that_of_the_program() {
    let columns = columns();
    let file = serde_json::to_string_pretty(&json!(columns)).unwrap() + "\n";
    let mut stale = Vec::from_iter(same(&root().join("src/output/columns.json"), &file));
    let folder = root().join("examples/reference");
    let none = Tables::new();
    let commands = commands();
    assert!(commands.len() >= 20, "{commands:?}");
    for name in &commands {
        let text = page(name, columns.get(name).unwrap_or(&none));
        stale.extend(same(&folder.join(format!("{name}.md")), &text));
    }
    let known: BTreeSet<String> = commands.iter().map(|name| format!("{name}.md")).collect();
    for entry in std::fs::read_dir(&folder).into_iter().flatten() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        if !known.contains(&name) {
            stale.push(format!("examples/reference/{name} (no such command: remove it)"));
        }
    }
    assert!(columns.keys().all(|report| commands.contains(report)), "a report that is no command: {columns:?}");
    let blessed = std::env::var_os("ONEFUNNEL_BLESS").is_some();
    assert!(blessed || stale.is_empty(), "out of date: {}; to mend: {BLESS}", stale.join(", "));
}

fn schema(args: &[&str]) -> Value {
    serde_json::from_str(&stdout(&[&["schema"], args].concat())).unwrap()
}

#[test]
fn outputs_are_as_the_schema_says_and_broken_ones_are_not() {
    type Breaks = fn(&mut Value);
    let any = schema(&[]);
    assert!(jsonschema::meta::is_valid(&any), "no JSON Schema");
    let any = jsonschema::draft202012::options().should_validate_formats(true).build(&any).unwrap();
    let mut validators = BTreeMap::new();
    for (line, printed) in envelopes() {
        let name = printed["report"].as_str().unwrap().to_string();
        let own = validators.entry(name.clone()).or_insert_with(|| {
            let schema = schema(&[&name]);
            assert!(jsonschema::meta::is_valid(&schema), "{name}");
            jsonschema::draft202012::options().should_validate_formats(true).build(&schema).unwrap()
        });
        let wrong: Vec<String> = own.iter_errors(&printed).map(|e| format!("{} {e}", e.instance_path())).collect();
        assert!(wrong.is_empty(), "{line:?}: {wrong:?}");
        assert!(any.is_valid(&printed), "{line:?}");

        let broken: [Breaks; 9] = [
            |v| v["schema_version"] = json!(2),
            |v| drop(v.as_object_mut().unwrap().remove("as_of")),
            |v| drop(v.as_object_mut().unwrap().insert("more".into(), json!(1))),
            |v| v["report"] = json!("nothing"),
            |v| v["contract"]["hash"] = json!("x"),
            |v| v["as_of"] = json!("tomorrow"),
            |v| v["tables"][0]["id"] = json!("nothing"),
            |v| v["tables"][0]["types"][0] = json!("nothing"),
            |v| drop(v["tables"][0]["columns"].as_array_mut().unwrap().pop()),
        ];
        for (at, breaks) in broken.iter().enumerate() {
            let mut bad = printed.clone();
            breaks(&mut bad);
            assert!(bad != printed && !own.is_valid(&bad) && !any.is_valid(&bad), "{line:?}: broken {at} is valid");
        }
        // Every cell: another type, a column more, a column less.
        for (table, sheet) in printed["tables"].as_array().unwrap().iter().enumerate() {
            let Some(first) = sheet["rows"].get(0) else { continue };
            for (column, kind) in sheet["columns"].as_array().unwrap().iter().zip(sheet["types"].as_array().unwrap()) {
                let column = column.as_str().unwrap();
                let mut bad = printed.clone();
                bad["tables"][table]["rows"][0][column] = if kind == "text" { json!(1) } else { json!("word") };
                assert!(!own.is_valid(&bad), "{line:?}: {column} is {kind}, and may be anything");
            }
            let mut bad = printed.clone();
            bad["tables"][table]["rows"][0]
                .as_object_mut()
                .unwrap()
                .remove(first.as_object().unwrap().keys().next().unwrap());
            assert!(!own.is_valid(&bad), "{line:?}: a column less");
        }
    }
}

#[test]
fn what_was_asked_for_is_in_the_schema() {
    let asked = ["--where", "amount > 1000", "--from", "2025-01-01", "--to", "2026-03-31", "--period", "year"];
    let printed = envelope(&[&["scorecard", ACME, "--by", "lead_source"][..], &asked].concat());
    for schema in [schema(&["scorecard"]), schema(&[])] {
        let validator = jsonschema::draft202012::options().should_validate_formats(true).build(&schema).unwrap();
        let wrong: Vec<String> = validator.iter_errors(&printed).map(|e| e.to_string()).collect();
        assert!(wrong.is_empty(), "{wrong:?}");
        for (key, bad) in
            [("where", json!(1)), ("from", json!("x")), ("to", json!(null)), ("period", json!(1)), ("by", json!([]))]
        {
            assert!(printed.get(key).is_some(), "{key}");
            let mut broken = printed.clone();
            broken[key] = bad;
            assert!(!validator.is_valid(&broken), "{key}");
        }
    }
}

#[test]
fn lines_are_as_the_schema_says() {
    for name in ["scorecard", "journey", "metrics"] {
        let schema = schema(&[name, "--lines"]);
        assert!(jsonschema::meta::is_valid(&schema), "{name}");
        let validator = jsonschema::draft202012::new(&schema).unwrap();
        let args: &[&str] = if name == "metrics" { &["metrics"] } else { &[name, ACME] };
        let text = stdout(&[args, &["-f", "jsonl"]].concat());
        for line in text.lines() {
            let mut row: Value = serde_json::from_str(line).unwrap();
            assert!(validator.is_valid(&row), "{name}: {line}");
            row["table"] = json!("nothing");
            assert!(!validator.is_valid(&row), "{name}: {line}");
        }
    }
}

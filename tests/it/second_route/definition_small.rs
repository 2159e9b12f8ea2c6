//! `definition` and `score` on companies of a few rows, whose right figures can be seen at a glance.

use std::collections::BTreeMap;

use super::raw::{Record, parse};
use crate::common::command;

const CONTRACT: &str = r#"as_of = "2026-06-30"
mature_after = "90d"

[[source]]
path = "people.csv"
table = "people"
columns = { person_id = "id", created_at = "created", mql_at = "mql", status = "status", country = "country", score = { header = "score", kind = "number" } }

[[source]]
path = "deals.csv"
table = "deals"
columns = { deal_id = "deal", person_id = "id", created_at = "created", closed_at = "closed", is_won = "won", amount = "amount" }

[[stage]]
id = "lead"
owner = "marketing"
reached = [ { people = "created_at" } ]

[[stage]]
id = "mql"
owner = "marketing"
reached = [ { people = "mql_at" } ]

[[stage]]
id = "sal"
owner = "sales"
reached = [ { status = ["Working"] } ]

[[stage]]
id = "opportunity"
owner = "sales"
reached = [ { deal = "created_at" } ]

[qualified]
version = "1"

[[qualified.rule]]
name = "market"
when = "country = 'US'"

[[qualified.rule]]
name = "interest"
when = "score >= 50"
"#;

const PEOPLE: &str = "id,created,mql,status,country,score\n";
const DEALS: &str = "deal,id,created,closed,won,amount\n";

/// Sales works on a and b, and nobody wrote since when; c has a deal that skipped both; d has no score; e no country.
const FIVE: &str = "a,2026-01-05,2026-01-10,Working,US,70\n\
    b,2026-01-06,,Working,US,20\n\
    c,2026-01-07,,,US,50\n\
    d,2026-05-08,2026-05-09,,US,\n\
    e,2026-05-09,2026-05-10,,,90\n";
const TWO: &str = "D1,a,2026-02-01,2026-03-01,true,100.00\nD2,c,2026-02-02,,false,\n";

fn run(report: &str, people: &str, deals: &str, args: &[&str]) -> (i32, String, String) {
    let folder = tempfile::tempdir().unwrap();
    let files = [("onefunnel.toml", CONTRACT), ("people.csv", people), ("deals.csv", deals)];
    for (name, text) in files {
        std::fs::write(folder.path().join(name), text).unwrap();
    }
    let all = [&[report, folder.path().to_str().unwrap()], args].concat();
    let output = command(&all).output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
}

fn total(report: &str, people: &str, deals: &str, args: &[&str]) -> BTreeMap<(String, String), Record> {
    let (code, stdout, stderr) = run(report, people, deals, &[args, &["-f", "csv"]].concat());
    assert_eq!(code, 0, "{stderr}");
    let rows = parse(&stdout).into_iter().filter(|r| r.get("period").is_none_or(|p| p == "total"));
    rows.map(|r| ((r["row"].clone(), r["id"].clone()), r)).collect()
}

fn five(report: &str, args: &[&str]) -> BTreeMap<(String, String), Record> {
    total(report, &format!("{PEOPLE}{FIVE}"), &format!("{DEALS}{TWO}"), args)
}

fn cells<'a>(rows: &'a BTreeMap<(String, String), Record>, row: &str, id: &str, keys: &[&str]) -> Vec<&'a str> {
    let found = rows.get(&(row.to_owned(), id.to_owned())).unwrap_or_else(|| panic!("no {row} {id}"));
    keys.iter().map(|key| found[*key].as_str()).collect()
}

#[test]
fn a_stage_is_said_where_it_is_shown_and_not_where_it_was_skipped() {
    let rows = five("definition", &[]);
    let outcome = ["n", "deals", "won", "revenue", "mature_n"];
    assert_eq!(cells(&rows, "universe", "universe", &outcome), ["5", "2", "1", "100", "3"]);
    assert_eq!(cells(&rows, "set", "marketing", &outcome), ["3", "1", "1", "100", "1"]);
    // Sales took on a and b; of a, who has a deal since, the day is that of the deal, and b's nobody knows. c skipped it.
    assert_eq!(cells(&rows, "set", "sales", &outcome), ["2", "1", "1", "100", "2"]);
    assert_eq!(cells(&rows, "said", "sales", &["n", "won"]), ["1", "1"]);
    // a and c are in the market and interested.
    assert_eq!(cells(&rows, "set", "definition", &outcome), ["2", "2", "1", "100", "2"]);
    assert_eq!(cells(&rows, "region", "marketing_sales_definition", &["n", "conversion"]), ["1", "1"]);
    assert_eq!(cells(&rows, "region", "sales", &["n", "conversion"]), ["1", "0"]);
    assert_eq!(cells(&rows, "region", "definition", &["n", "won"]), ["1", "0"]);
    assert_eq!(cells(&rows, "region", "none", &["n", "conversion"]), ["0", ""]);
}

#[test]
fn a_missing_value_is_neither_yes_nor_no() {
    let rows = five("definition", &[]);
    let rule = ["entering", "passed", "failed", "unknown", "failed_alone", "unknown_alone", "only_this"];
    assert_eq!(cells(&rows, "excluded_by", "market", &rule), ["5", "4", "0", "1", "0", "1", "1"]);
    assert_eq!(cells(&rows, "excluded_by", "interest", &rule), ["4", "2", "1", "1", "1", "1", "2"]);
    let bands = five("score", &["--bands", "50,80"]);
    let keys = ["n", "won", "lift"];
    assert_eq!(cells(&bands, "band", "below", &keys), ["1", "0", "0"]);
    // One of two, where one of four is the base.
    assert_eq!(cells(&bands, "band", "from_50", &keys), ["2", "1", "2"]);
    assert_eq!(cells(&bands, "band", "from_80", &keys), ["1", "0", "0"]);
    assert_eq!(cells(&bands, "band", "missing", &keys), ["1", "0", "0"]);
    // 70 is above 20 and 50, and below 90.
    assert_eq!(cells(&bands, "auc", "all", &["n"]), ["4"]);
    assert!((cells(&bands, "auc", "all", &["auc"])[0].parse::<f64>().unwrap() - 2.0 / 3.0).abs() < 1e-12);
}

#[test]
fn kappa_of_five() {
    let rows = five("definition", &[]);
    let pair = ["both", "only_first", "only_second", "neither", "of_first", "of_second"];
    // Marketing a d e, sales a b, definition a c.
    assert_eq!(cells(&rows, "agreement", "sales_definition", &pair), ["1", "1", "1", "2", "0.5", "0.5"]);
    let alike: f64 = cells(&rows, "agreement", "sales_definition", &["agreement"])[0].parse().unwrap();
    assert!((alike - 0.6).abs() < 1e-12, "{alike}");
    let kappa: f64 = cells(&rows, "agreement", "marketing_sales", &["kappa"])[0].parse().unwrap();
    // Alike 2 of 5; by chance 0.6 · 0.4 + 0.4 · 0.6 = 0.48.
    assert!((kappa - (0.4 - 0.48) / 0.52).abs() < 1e-12, "{kappa}");
}

#[test]
fn nothing_is_missing_and_not_zero() {
    let empty = total("definition", PEOPLE, DEALS, &[]);
    let keys = ["n", "conversion", "ci_low"];
    assert_eq!(cells(&empty, "universe", "universe", &keys), ["0", "", ""]);
    assert_eq!(cells(&empty, "agreement", "marketing_sales", &["n", "agreement", "kappa"]), ["0", "", ""]);
    for format in ["table", "md", "json", "jsonl", "tsv"] {
        assert_eq!(run("definition", PEOPLE, DEALS, &["-f", format]).0, 0, "{format}");
    }
    // Nobody has a score: there is no such column.
    let (code, stdout, stderr) = run("score", PEOPLE, DEALS, &[]);
    assert_eq!((code, stdout.as_str()), (2, ""));
    assert!(stderr.contains("no export has a column of numbers called `score`"), "{stderr}");
    let one = format!("{PEOPLE}a,2026-01-05,2026-01-10,,US,70\n");
    let rows = total("score", &one, DEALS, &[]);
    assert_eq!(cells(&rows, "auc", "all", &["n", "auc"]), ["", ""]);
    assert_eq!(cells(&rows, "band", "from_70", &["n"]), ["1"]);
    for format in ["table", "md", "json"] {
        assert_eq!(run("score", &one, DEALS, &["-f", format]).0, 0, "{format}");
    }
    // Without any deals, nobody knows who was won.
    assert_eq!(cells(&rows, "band", "from_70", &["won", "conversion", "revenue"]), ["", "", ""]);
}

#[test]
fn capacity_picks_the_lowest_score_that_fits() {
    let ids = ["--bands", "0", "--from", "2026-01-01", "--to", "2026-06-30", "--capacity"];
    let threshold = |capacity: &str| {
        let rows = five("score", &[&ids[..], &[capacity]].concat());
        rows.get(&("threshold".to_owned(), "capacity".to_owned())).map(|r| r["score_from"].clone())
    };
    // Six months: 70, 50 and 20; of the one with 90 nobody knows the market, which the definition asks for, too.
    assert_eq!(threshold("0.1/month"), None);
    assert_eq!(threshold("0.17/month").as_deref(), Some("70"));
    assert_eq!(threshold("0.5/month").as_deref(), Some("20"));
    assert_eq!(threshold("1/quarter").as_deref(), Some("50"));
    assert_eq!(threshold("100/week").as_deref(), Some("20"));
}

/// Another contract may have other stages instead of another definition: then the same processes are asked, and the teams
/// say something else.
#[test]
fn other_stages_and_the_same_definition() {
    let folder = tempfile::tempdir().unwrap();
    let stages = CONTRACT.split_once("[[stage]]").and_then(|(_, rest)| rest.split_once("[qualified]")).unwrap().0;
    let other = format!("[[stage]]{}", stages.replace("[\"Working\"]", "[\"Nurturing\"]"));
    let people = format!("{PEOPLE}{FIVE}");
    let deals = format!("{DEALS}{TWO}");
    let files = [("onefunnel.toml", CONTRACT), ("people.csv", &people), ("deals.csv", &deals), ("other.toml", &other)];
    for (name, text) in files {
        std::fs::write(folder.path().join(name), text).unwrap();
    }
    let other = folder.path().join("other.toml");
    let args = ["definition", folder.path().to_str().unwrap(), "--against", other.to_str().unwrap(), "-f", "csv"];
    let output = command(&args).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let (figures, moved) = text.split_once("\n\n").unwrap();
    let figures = parse(figures);
    let n = |side: &str, set: &str| {
        let is = |r: &&Record| r["period"] == "total" && r["side"] == side && r["set"] == set;
        figures.iter().find(is).unwrap()["n"].clone()
    };
    assert_eq!([n("this", "marketing"), n("other", "marketing")], ["3", "3"]);
    // No record has the other contract's word of sales: what sales said is not known, and not 0.
    assert_eq!([n("this", "sales"), n("other", "sales")], ["2", ""]);
    assert_eq!([n("this", "definition"), n("other", "definition")], ["2", "2"]);
    assert_eq!(parse(moved).len(), 0);
}

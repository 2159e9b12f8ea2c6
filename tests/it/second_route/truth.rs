//! The example company: the program's figures against the truth that was planted in it, where both count the same.

use std::collections::BTreeMap;

use serde_json::Value;

use super::acme::{AS_OF, exports};
use super::raw::{civil, date, records};
use crate::common::{root, stdout};

fn truth() -> Value {
    let text = std::fs::read_to_string(root().join("examples/acme/truth.json")).unwrap();
    serde_json::from_str(&text).unwrap()
}

/// The rows of a report's only table.
fn rows(args: &[&str]) -> Vec<Value> {
    let report: Value = serde_json::from_str(&stdout(args)).unwrap();
    report["tables"][0]["rows"].as_array().unwrap().clone()
}

fn text<'a>(row: &'a Value, key: &str) -> &'a str {
    row[key].as_str().unwrap_or_else(|| panic!("{key} of {row}"))
}

/// Which cell of the scorecard is a planted figure, and how many of its units are one of ours.
const SCORECARD: [(&str, &str, &str, f64); 13] = [
    ("won", "deals_won", "value", 1.0),
    ("won_cents", "won_revenue", "value", 100.0),
    ("deals_created", "deals_opened", "value", 1.0),
    ("pipeline_created_cents", "pipeline_created", "value", 100.0),
    ("spend_cents_marketing", "sales_to_marketing_spend_ratio", "denominator", 100.0),
    ("spend_cents_sales", "sales_to_marketing_spend_ratio", "numerator", 100.0),
    ("spend_cents_marketing_for_sales", "sales_support_share", "numerator", 100.0),
    ("revenue_cents", "combined_budget_ratio", "denominator", 100.0),
    ("revenue_cents", "marketing_budget_ratio", "denominator", 100.0),
    ("spend_cents_marketing", "marketing_budget_ratio", "numerator", 100.0),
    ("spend_cents_sales", "sales_spend_per_sales_head", "numerator", 100.0),
    ("spend_cents_marketing", "awareness_share", "denominator", 100.0),
    ("won", "average_deal", "denominator", 1.0),
];

/// The figures of one grain, by the key that the truth gives the period.
fn check_grain(period: &str, group: &str, key: impl Fn(&Value) -> String) {
    let truth = truth();
    let mut found: BTreeMap<(String, String), Value> = BTreeMap::new();
    for row in rows(&["scorecard", "examples/acme", "--period", period, "-f", "json"]) {
        let of = if text(&row, "period") == "total" { "total".to_owned() } else { key(&row) };
        assert!(found.insert((text(&row, "metric_id").to_owned(), of), row).is_none(), "a line twice");
    }
    let planted = |figure: &str| -> BTreeMap<String, f64> {
        let by_period = truth[group][figure].as_object().unwrap_or_else(|| panic!("{group}.{figure}"));
        let mut all: BTreeMap<String, f64> = by_period.iter().map(|(k, v)| (k.clone(), v.as_f64().unwrap())).collect();
        all.insert("total".to_owned(), truth["totals"][figure].as_f64().unwrap());
        all
    };
    let cell = |metric: &str, of: &str, column: &str| {
        let row = found.get(&(metric.to_owned(), of.to_owned())).unwrap_or_else(|| panic!("no {metric} of {of}"));
        row[column].as_f64().unwrap_or_else(|| panic!("no {column} in {row}"))
    };
    let same = |ours: f64, theirs: f64| (ours - theirs).abs() <= 1e-9 * theirs.abs().max(1.0);

    for (figure, metric, column, units) in SCORECARD {
        for (of, planted) in planted(figure) {
            let ours = cell(metric, &of, column);
            assert!(same(ours * units, planted), "{metric} {column} of {of}: {ours}, planted {planted}");
        }
    }
    // A deal is won or lost: the narrow rate stands on all that closed.
    let lost = planted("lost");
    for (of, won) in planted("won") {
        let closed = cell("win_rate_narrow", &of, "denominator");
        assert!(same(closed, won + lost[&of]), "closed in {of}: {closed}, planted {won} + {}", lost[&of]);
    }
    // An average headcount is the sum over the months, in tenths, by their number.
    for (figure, metric, column) in [
        ("head_tenths_sales", "sales_to_marketing_staff_ratio", "numerator"),
        ("head_tenths_marketing", "sales_to_marketing_staff_ratio", "denominator"),
        ("head_tenths_sales", "marketing_investment_per_sales_head", "denominator"),
        ("head_tenths_marketing", "program_spend_per_marketing_head", "denominator"),
    ] {
        for (of, tenths) in planted(figure) {
            let ours = cell(metric, &of, column);
            let months = months(&found[&(metric.to_owned(), of.clone())]);
            assert!(same(ours * 10.0 * months, tenths), "{metric} {column} of {of}: {ours}, planted {tenths}");
        }
    }
    assert_eq!(found.keys().filter(|(metric, _)| metric == "deals_won").count(), lost.len(), "periods of {period}");
}

/// How many months of the history are in the period of a row.
fn months(row: &Value) -> f64 {
    let first = date(text(row, "period_start")).unwrap().max(date("2024-01-01").unwrap());
    let last = date(text(row, "period_end")).unwrap().min(date(AS_OF).unwrap());
    let number = |day: i64| {
        let (year, month, _) = civil(day);
        year * 12 + month
    };
    f64::from(i32::try_from(number(last) - number(first) + 1).unwrap())
}

#[test]
fn planted_months() {
    check_grain("month", "by_month", |row| text(row, "period").to_owned());
}

#[test]
fn planted_calendar_quarters() {
    check_grain("quarter", "by_calendar_quarter", |row| text(row, "period").to_owned());
}

#[test]
fn planted_fiscal_quarters() {
    // The truth names a fiscal quarter by its first month.
    check_grain("fiscal-quarter", "by_fiscal_quarter_starting", |row| text(row, "period_start")[..7].to_owned());
}

#[test]
fn planted_open_deals() {
    let truth = truth();
    let found = rows(&["scorecard", "examples/acme", "-f", "json"]);
    let total = |metric: &str, column: &str| {
        let row = found.iter().find(|r| text(r, "metric_id") == metric && text(r, "period") == "total");
        row.unwrap()[column].as_f64().unwrap()
    };
    let totals = |figure: &str| truth["totals"][figure].as_f64().unwrap();
    assert_eq!(total("deals_opened", "value"), totals("deals"));
    assert_eq!(total("deals_won", "value"), totals("deals_won"));
    assert_eq!(total("win_rate_narrow", "denominator"), totals("deals_won") + totals("deals_lost"));
    let open = total("deals_opened", "value") - total("win_rate_narrow", "denominator");
    assert_eq!(open, totals("deals_open"));
    // What is open is what was created and neither won nor lost.
    let open = total("pipeline_created", "value") - total("win_rate_amount", "denominator");
    assert_eq!(open * 100.0, totals("open_pipeline_cents"));
}

/// Stages with a recorded day, where the truth counts people and the funnel processes: in the example nobody who qualified
/// or was accepted shares a first deal with another who did.
#[test]
fn planted_stages() {
    let truth = truth();
    let stages = [("mql", "mqls"), ("sal", "sals"), ("opportunity", "deals_created"), ("won", "won")];
    let found = rows(&["funnel", "examples/acme", "--basis", "period", "--period", "month", "-f", "json"]);
    let mut compared = 0;
    for row in &found {
        let (stage, period) = (text(row, "stage_id"), text(row, "period"));
        let planted = match stages.iter().find(|(id, _)| *id == stage) {
            Some((_, figure)) if period == "total" => &truth["totals"][figure],
            Some((_, figure)) => &truth["by_month"][figure][period],
            None if stage == "proposal" && period == "total" => &truth["totals"]["deals_that_reached_proposal"],
            None => continue,
        };
        assert_eq!(row["recorded"].as_f64(), planted.as_f64(), "{stage} in {period}");
        compared += 1;
    }
    assert_eq!(compared, 31 * stages.len() + 1);
}

#[test]
fn every_row_of_the_exports_is_used_or_set_aside() {
    let truth = truth();
    let report: Value = serde_json::from_str(&stdout(&["inspect", "examples/acme", "-f", "json"])).unwrap();
    let inputs = report["inputs"].as_array().unwrap();
    let planted = truth["rows"].as_object().unwrap();
    assert_eq!(inputs.len(), planted.len(), "files");

    let mut used = BTreeMap::new();
    let mut aside: BTreeMap<(&str, &str), u64> = BTreeMap::new();
    for input in inputs {
        let path = text(input, "path");
        let file = path.rsplit('/').next().unwrap();
        let read = input["rows_read"].as_u64().unwrap();
        let mut sum = input["rows_used"].as_u64().unwrap();
        used.insert(file, sum);
        for reason in input["set_aside"].as_array().unwrap() {
            let rows = reason["rows"].as_u64().unwrap();
            assert!(rows > 0, "{path}: {reason}");
            aside.insert((file, text(reason, "reason")), rows);
            sum += rows;
        }
        assert_eq!(read, sum, "{path}: read = used + set aside");

        let physical = records(&exports().join(path.strip_prefix("exports/").unwrap()));
        assert_eq!(read, physical.len() as u64, "{path}: records of the file");
        assert_eq!(Some(read), planted[path]["records"].as_u64(), "{path}: records planted");
        let blank = physical.iter().filter(|r| r.values().all(String::is_empty)).count() as u64;
        assert_eq!(blank, aside.get(&(file, "blank row")).copied().unwrap_or(0), "{path}: blank rows");
        assert_eq!(Some(blank), planted[path]["blank"].as_u64(), "{path}: blank rows planted");
    }

    let totals = |figure: &str| truth["totals"][figure].as_u64().unwrap();
    let deleted = "deleted in the source system";
    // Merged ones are deleted too, and their ids lead to the record that they became.
    assert_eq!(aside[&("Lead.csv", deleted)], totals("deleted_leads"));
    assert_eq!(aside[&("Lead.csv", "merged into another record")], totals("merged_leads"));
    assert_eq!(aside[&("Opportunity.csv", deleted)], totals("deleted_deals"));
    assert_eq!(aside[&("Task.csv", deleted)], totals("deleted_tasks"));
    assert_eq!(aside[&("Task.csv", "planned or not answered, so no touch")], totals("open_tasks"));
    assert_eq!(aside[&("Event.csv", "dated after as-of")], totals("planned_meetings"));
    assert_eq!(used["CampaignMember.csv"], totals("marketing_touches"));
    assert_eq!(used["Task.csv"] + used["Event.csv"], totals("sales_touches"));
    assert_eq!(used["Opportunity.csv"], totals("deals"));
    assert_eq!(used["Account.csv"], totals("accounts"));
}

//! `explain`: what it says of figures that are there and of figures that are not, and its manners.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::behaviour::{ACME, folder, run_in, with};
use crate::common::{run, stdout};

fn json(dir: &std::path::Path, args: &[&str]) -> Value {
    let out = run_in(dir, &with(args, &["-f", "json"]));
    assert!(out.status.success(), "{args:?}: {}", String::from_utf8_lossy(&out.stderr));
    serde_json::from_slice(&out.stdout).unwrap()
}

fn rows<'v>(report: &'v Value, id: &str) -> &'v Vec<Value> {
    let table = report["tables"].as_array().unwrap().iter().find(|t| t["id"] == id).unwrap();
    table["rows"].as_array().unwrap()
}

/// Step → rows, of one measure.
fn account(report: &Value, measure: &str) -> BTreeMap<String, u64> {
    let of = rows(report, "explain_account").iter().filter(|r| r["measure"] == measure);
    of.map(|r| (r["step"].as_str().unwrap().to_string(), r["rows"].as_u64().unwrap())).collect()
}

const PEOPLE: &str = "id,seen,country\np1,2026-01-05,US\np2,2026-02-03,\np3,2026-05-04,DE\np4,2026-05-05,US\n";
const DEALS: &str = "id,person,opened,closed,won,worth\n\
    d1,p1,2026-01-20,2026-04-10,yes,1000.50\nd2,p2,2026-02-20,2026-05-11,yes,\nd3,p3,2026-05-20,2026-06-12,no,300\n\
    d4,,2026-05-21,2026-06-13,yes,200\n";
const CONTRACT: &str = r#"currency = "USD"
as_of = "2026-06-30"
[[source]]
path = "people.csv"
table = "people"
columns = { person_id = "id", created_at = "seen", country = "country" }
[[source]]
path = "deals.csv"
table = "deals"
columns = { deal_id = "id", person_id = "person", created_at = "opened", closed_at = "closed", is_won = "won", amount = "worth" }
constants = { is_closed = "yes" }
"#;

fn company() -> tempfile::TempDir {
    folder(&[("people.csv", PEOPLE), ("deals.csv", DEALS), ("onefunnel.toml", CONTRACT)])
}

#[test]
fn a_small_company_is_explained_to_the_last_row() {
    let dir = company();
    let report = json(dir.path(), &["explain", "won_revenue", "--period", "2026-Q2"]);
    assert_eq!(report["report"], "explain");
    let figure = &rows(&report, "explain_tidy")[0];
    assert_eq!((&figure["value"], &figure["formula_with_numbers"]), (&Value::from(1200.5), &Value::from("1200.5")));
    // Four processes with a deal and p4 without one: p4 never closed, d3 is lost.
    let account = account(&report, "won_amount");
    let expected = [("rows", 5), ("no_day", 1), ("condition_not_met", 1), ("counted", 3), ("without_value", 1)];
    assert_eq!(account, expected.map(|(step, n)| (step.to_string(), n)).into());
    let list: Vec<String> = rows(&report, "explain_rows")
        .iter()
        .map(|r| {
            let part = |k: &str| r[k].to_string().trim_matches('"').to_string();
            ["record_id", "part", "file", "line", "day", "contribution", "reason"].map(part).join(" ")
        })
        .collect();
    assert_eq!(
        list,
        [
            "d1 first deals.csv 2 2026-04-10 1000.5 counted",
            "p1 further people.csv 2 2026-04-10 null counted",
            "d2 first deals.csv 3 2026-05-11 null counted_without_value",
            "p2 further people.csv 3 2026-05-11 null counted",
            "d4 first deals.csv 5 2026-06-13 200 counted",
        ]
    );
}

#[test]
fn a_condition_that_nobody_can_tell_is_not_one_that_is_not_met() {
    let dir = company();
    let asked = ["explain", "deals_won", "--period", "total", "--where", "country = 'US'"];
    let account = account(&json(dir.path(), &asked), "won_deals");
    // d2's person has no country, nor has d4 a person; d3 is lost before that is asked.
    let expected = [("rows", 5), ("no_day", 1), ("condition_not_met", 1), ("where_unknown", 2), ("counted", 1)];
    assert_eq!(account, expected.map(|(step, n)| (step.to_string(), n)).into());
    let blank = ["explain", "deals_won", "--period", "total", "--segment", "country=(blank)"];
    assert_eq!(rows(&json(dir.path(), &blank), "explain_tidy")[0]["value"], 2);
}

#[test]
fn what_is_missing_is_explained_too() {
    let dir = company();
    let cases = [
        (vec!["explain", "combined_budget_ratio"], "no spend source: add one", "no_source"),
        (
            vec!["explain", "average_deal", "--period", "2026-Q1"],
            "nothing to divide by in this period",
            "zero_denominator",
        ),
        (vec!["explain", "sales_cycle", "--period", "2026-Q1"], "nothing in this period", "no_data"),
        (
            vec!["explain", "marketing_sourced_pipeline_share"],
            "no export says which team a deal came from (touches, or [teams] sources)",
            "no_source",
        ),
    ];
    for (args, reason, status) in cases {
        let report = json(dir.path(), &args);
        let figure = &rows(&report, "explain_tidy")[0];
        assert_eq!(
            (&figure["value"], &figure["reason"], &figure["status"]),
            (&Value::Null, &reason.into(), &status.into())
        );
        let out = run_in(dir.path(), &args);
        let text = String::from_utf8(out.stdout).unwrap();
        assert!(out.status.success() && text.contains("missing: "), "{args:?}: {text}");
    }
    // The rows are there, and it is said which they are.
    let report = json(dir.path(), &["explain", "marketing_sourced_pipeline_share", "--period", "2026-Q2"]);
    assert_eq!(account(&report, "pipeline_amount")["counted"], 2);
    let weeks = stdout(&["explain", "combined_budget_ratio", ACME, "--period", "2026-W20", "-f", "md"]);
    assert!(weeks.contains("ledger has months, and this cuts one"), "{weeks}");
    let ledger = stdout(&["explain", "combined_budget_ratio", ACME, "--segment", "lead_source=Webinar", "-f", "md"]);
    assert!(ledger.contains("has no column lead_source"), "{ledger}");
}

#[test]
fn without_a_period_it_is_the_one_that_the_scorecard_shows_last() {
    for (kind, period) in [
        (None, "2026-Q2"),
        (Some("month"), "2026-06"),
        (Some("fiscal-quarter"), "FY2027-Q1"),
        (Some("week"), "2026-W26"),
    ] {
        let mut args = vec!["explain", "deals_won", ACME, "-f", "csv"];
        args.extend(kind.iter().flat_map(|kind| ["--period-kind", *kind]));
        let text = stdout(&args);
        assert!(text.lines().nth(1).unwrap().contains(&format!(",{period},")), "{text}");
    }
}

#[test]
fn two_counts_of_a_month_give_half_each() {
    let spend = "date,team,category,amount\n2026-05-01,marketing,people,1000\n";
    let heads = "date,team,role,heads\n2026-05-01,sales,Rep,4\n2026-05-20,sales,Rep,6\n2026-05-31,sales,Lead,1\n";
    let dir = folder(&[("spend.csv", spend), ("headcount.csv", heads)]);
    let args = ["explain", "marketing_investment_per_sales_head", ".", "--as-of", "2026-05-31", "--period", "2026-05"];
    let report = json(dir.path(), &args);
    let figure = &rows(&report, "explain_tidy")[0];
    assert_eq!((figure["denominator"].as_f64(), figure["value"].as_f64()), (Some(6.0), Some(1000.0 / 6.0)));
    let of_heads = rows(&report, "explain_rows").iter().filter(|r| r["measure"] == "sales_heads");
    let gives: Vec<(u64, f64)> =
        of_heads.map(|r| (r["line"].as_u64().unwrap(), r["contribution"].as_f64().unwrap())).collect();
    assert_eq!(gives, [(2, 2.0), (3, 3.0), (4, 1.0)]);
}

#[test]
fn the_list_has_what_was_set_aside_and_is_no_export_itself() {
    let people = format!("{PEOPLE}p5,2026-09-01,US\n,2026-03-01,US\n");
    let dir = folder(&[("people.csv", &people), ("deals.csv", DEALS), ("onefunnel.toml", CONTRACT)]);
    let args = ["explain", "new_leads", "--period", "total", "--rows", "rows.csv", "-q", "--max-bad-rows", "50%"];
    let mut lists = Vec::new();
    for _ in 0..2 {
        let out = run_in(dir.path(), &args);
        assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
        lists.push(std::fs::read_to_string(dir.path().join("rows.csv")).unwrap());
    }
    assert_eq!(lists[0], lists[1]);
    let list: Vec<BTreeMap<String, String>> =
        csv::Reader::from_reader(lists[0].as_bytes()).deserialize().map(Result::unwrap).collect();
    let aside: Vec<String> = list
        .iter()
        .filter(|r| r["reason"].starts_with("set_aside"))
        .map(|r| format!("{}:{} {}", r["file"], r["line"], r["reason"]))
        .collect();
    assert_eq!(aside, ["people.csv:6 set_aside: dated after as-of", "people.csv:7 set_aside: no person_id or email"]);
    assert_eq!(list.len(), 4 + 6, "every record of both files");
}

#[test]
fn a_list_in_a_folder_of_exports_is_no_export() {
    let dir = folder(&[("Opportunity.csv", crate::behaviour::DEALS)]);
    let args = ["explain", "deals_won", ".", "--as-of", "2026-06-30", "--rows", "rows.csv", "-f", "json"];
    let once = run_in(dir.path(), &args);
    let again = run_in(dir.path(), &args);
    assert!(once.status.success() && again.status.success(), "{}", String::from_utf8_lossy(&again.stderr));
    assert!(once.stdout == again.stdout, "the list of the first run was read by the second");
}

#[test]
fn redacted_output_has_no_address_and_no_id() {
    let dir = tempfile::tempdir().unwrap();
    let list = dir.path().join("rows.csv");
    for metric in ["new_leads", "new_mqls", "won_revenue"] {
        let args = ["explain", metric, ACME, "--redact", "--period", "total", "--rows", list.to_str().unwrap(), "-f"];
        for format in ["json", "csv", "table", "md"] {
            let mut text = stdout(&with(&args, &[format]));
            text += &std::fs::read_to_string(&list).unwrap();
            assert!(!text.contains("00QHs") && !text.contains("006Hs") && !text.contains("003Hs"), "{metric} {format}");
            let address = text
                .split(['"', ',', ' ', '\n'])
                .find(|word| word.contains('@') && word.contains('.') && !word.contains('{'));
            assert_eq!(address, None, "{metric} {format}");
        }
    }
    let plain = stdout(&["explain", "won_revenue", ACME, "-f", "csv"]);
    assert!(plain.contains("006Hs"));
}

#[test]
fn companies_with_next_to_nothing() {
    let none = "date,team,category,amount\n";
    let one = "date,team,category,amount\n2026-05-01,marketing,people,1000\n";
    let two = folder(&[("spend.csv", one)]);
    let report = json(two.path(), &["explain", "marketing_budget_ratio", "spend.csv", "--as-of", "2026-06-30"]);
    assert_eq!(account(&report, "marketing_spend")["counted"], 1);
    assert_eq!(rows(&report, "explain_tidy")[0]["status"], "no_source");
    let empty = folder(&[("spend.csv", none)]);
    let out = run_in(empty.path(), &["explain", "deals_won", "spend.csv", "--as-of", "2026-06-30"]);
    let text = String::from_utf8_lossy(&out.stdout).into_owned() + &String::from_utf8_lossy(&out.stderr);
    assert!([Some(0), Some(3)].contains(&out.status.code()) && !text.contains("panicked"), "{text}");
}

#[test]
fn the_first_rows_are_shown_and_all_are_counted() {
    let text = stdout(&["explain", "new_leads", ACME]);
    assert!(text.contains("Records that count: 20 of 321; all in machine formats and with --rows"), "{text}");
    let out = run(&["explain", "new_leads", ACME, "--period", "total", "-o", "/dev/full"]);
    assert_eq!(out.status.code(), Some(1));
}

#[test]
fn one_measure_alone_does_not_stand_beside_itself_and_a_median_has_its_middle() {
    let dir = company();
    let text = |args: &[&str]| String::from_utf8(run_in(dir.path(), args).stdout).unwrap();
    let won = text(&["explain", "won_revenue", "--period", "2026-Q2"]);
    assert!(won.contains("won_amount = 1,200.5\n"), "{won}");
    // d1 took 80 days, d2 80, d4 23.
    let cycle = text(&["explain", "sales_cycle", "--period", "2026-Q2"]);
    assert!(cycle.contains("days_of_sale = 80 d\n"), "{cycle}");
    assert!(cycle.contains("In the middle     80 of d1 (deals.csv:2)\n"), "{cycle}");
    // Of an even number it is two.
    let cycle = text(&["explain", "sales_cycle", "--period", "2026-05"]);
    assert!(cycle.contains("80 of d2 (deals.csv:3)\n"), "{cycle}");
    let two = text(&["explain", "sales_cycle", "--period", "2026-Q2", "--where", "deal_days > 79 OR amount > 100"]);
    assert!(two.contains("In the middle"), "{two}");
}

#[test]
fn nobody_is_suggested_where_names_are_hidden() {
    for args in [
        &["explain", "won_revenue", ACME, "--segment", "owner=x"][..],
        &["explain", "horizon.mqls", ACME, "--segment", "owner=x"],
    ] {
        let open = run(args);
        assert!(String::from_utf8_lossy(&open.stderr).contains("Dana Whitfield"), "{args:?}");
        let hidden = run(&with(args, &["--redact"]));
        let said = String::from_utf8_lossy(&hidden.stderr).into_owned();
        assert_eq!(hidden.status.code(), Some(2));
        assert!(!said.contains("Whitfield") && said.contains("not said with --redact"), "{said}");
        assert!(hidden.stdout.is_empty());
    }
}

#[test]
fn an_export_with_a_header_alone_is_no_missing_source() {
    let header = crate::behaviour::DEALS.lines().next().unwrap().to_string() + "\n";
    let dir = folder(&[("Opportunity.csv", &header)]);
    let out = run_in(dir.path(), &["explain", "deals_won", "Opportunity.csv", "--as-of", "2026-06-30"]);
    let text = String::from_utf8(out.stdout).unwrap();
    assert!(text.contains("no row of deals can be used: see `onefunnel inspect`"), "{text}");
    assert!(!text.contains("add one"), "{text}");
}

#[test]
fn the_list_names_metrics_and_figures() {
    let list = stdout(&["explain", "--list", "--contract", ACME, "-f", "csv"]);
    for id in
        ["scorecard,won_revenue,", "plan,plan.leads_per_month,", "horizon,horizon.yield,", "survey,survey.follow_up,"]
    {
        assert!(list.lines().any(|line| line.starts_with(id)), "{id}");
    }
    // Every id of the list but those of a survey, which need answers, is explained.
    let (mut explained, mut without) = (0, Vec::new());
    for line in list.lines().skip(1).filter(|line| line.starts_with("horizon,") || line.starts_with("plan,")) {
        let id = line.split(',').nth(1).unwrap();
        let more: &[&str] = match id {
            id if id.starts_with("plan.ahead") => &["--leads", "100/month", "--samples", "50"],
            id if id.starts_with("plan.pacing") => &["--target", "deals_won=100@2026", "--samples", "50"],
            id if id.starts_with("plan") => &["--samples", "50"],
            _ => &[],
        };
        let out = run(&[&["explain", id, ACME][..], more].concat());
        explained += u32::from(out.status.success());
        let text = String::from_utf8_lossy(&out.stdout);
        if !out.status.success() || !text.contains("Figure ") || text.contains("NaN") {
            without.push(format!("{id}: {}", String::from_utf8_lossy(&out.stderr)));
        }
        for line in text.lines() {
            assert!(line.chars().count() <= 80, "{id}: {line}");
        }
    }
    assert!(explained > 50 && without.is_empty(), "{without:?}");
}

#[test]
fn figures_of_companies_with_next_to_nothing() {
    let dir = company();
    // Nobody qualified, one deal won in the first quarter of the exports, no spend.
    for (args, needle) in [
        (&["explain", "horizon.revenue_by_lag", "--period", "2026-Q2", "--at", "lag=1"][..], "won_at_lag / won"),
        (&["explain", "horizon.mqls"], "missing"),
        (&["explain", "horizon.revenue_per_spend"], "missing"),
        (&["explain", "plan.won_so_far", "--target", "won_revenue=9000@2026"], "3 records that add up to 1,200.5"),
        (&["explain", "plan.average_deal", "--target", "won_revenue=9000@2026"], "1,200.5 / 2 = 600.25"),
        (&["explain", "plan.cost_per_lead", "--target", "won_revenue=9000@2026"], "missing: no spend source"),
        (&["explain", "plan.spend", "--target", "won_revenue=9000@2026"], "missing"),
    ] {
        let out = run_in(dir.path(), args);
        let text = String::from_utf8_lossy(&out.stdout).into_owned() + &String::from_utf8_lossy(&out.stderr);
        assert!(out.status.success() && text.contains(needle) && !text.contains("NaN"), "{args:?}: {text}");
    }
    let answers = "team,follow_up\nsales,yes\nsales,maybe\nmarketing,no\n";
    std::fs::write(dir.path().join("answers.csv"), answers).unwrap();
    let args = ["explain", "survey.follow_up", "--answers", "answers.csv"];
    let report = json(dir.path(), &args);
    let figure = &rows(&report, "explain_figure")[0];
    assert_eq!((&figure["value"], &figure["status"]), (&Value::Null, &"suppressed".into()));
    // Only the line that was set aside, with its reason.
    let list: Vec<(u64, &str)> = rows(&report, "explain_records")
        .iter()
        .map(|r| (r["line"].as_u64().unwrap(), r["reason"].as_str().unwrap()))
        .collect();
    assert_eq!(list, [(3, "neither yes nor no")]);
    let text = String::from_utf8(run_in(dir.path(), &args).stdout).unwrap();
    assert!(text.contains("Fewer than 5 of sales answered this"), "{text}");
}

#[test]
fn the_records_of_a_figure_add_up_in_the_file_too() {
    let dir = tempfile::tempdir().unwrap();
    let list = dir.path().join("rows.csv");
    for (id, more, value) in [
        ("plan.in_hand", &[][..], "value"),
        ("horizon.revenue", &["--period", "2025-Q4", "--at", "lag=2"], "value"),
        ("plan.average_deal", &[], "won_amount"),
    ] {
        let args = [&["explain", id, ACME, "-f", "json", "--rows", list.to_str().unwrap()][..], more].concat();
        let report: Value = serde_json::from_str(&stdout(&args)).unwrap();
        let rows_of: Vec<BTreeMap<String, String>> =
            csv::Reader::from_path(&list).unwrap().deserialize().map(Result::unwrap).collect();
        let mine = rows_of.iter().filter(|r| r["measure"] == value);
        let sum: f64 = mine.filter_map(|r| r["contribution"].parse::<f64>().ok()).sum();
        let wanted = match value {
            "value" => rows(&report, "explain_figure")[0]["value"].as_f64(),
            name => rows(&report, "explain_parts").iter().find(|p| p["part"] == name).unwrap()["value"].as_f64(),
        };
        assert!((sum / wanted.unwrap() - 1.0).abs() < 1e-9, "{id}: {sum} {wanted:?}");
        assert!(rows_of.iter().all(|r| r["metric_id"] == id && !r["contract_hash"].is_empty()));
        assert_eq!(rows_of.len(), rows(&report, "explain_records").len());
    }
}

//! `plan` of small companies whose right figures can be worked out by hand, and what must hold for any.

use serde_json::Value;

use crate::behaviour::ACME;
use crate::common::{command, stdout};

const CONTRACT: &str = r#"
as_of = "2026-03-01"
[[source]]
path = "people.csv"
table = "people"
columns = { person_id = "id", created_at = "made", mql_at = "mql" }
[[source]]
path = "deals.csv"
table = "deals"
columns = { deal_id = "deal", person_id = "person", created_at = "made", closed_at = "closed", is_won = "won", is_closed = "ended", amount = "amount" }
"#;
const TWO: &str = "[[stage]]\nid = \"lead\"\nowner = \"marketing\"\nreached = [ { people = \"created_at\" } ]\n\
                   [[stage]]\nid = \"won\"\nowner = \"both\"\nreached = [ { deal = \"closed_at\", when = \"is_won\" } ]\n";
const KELLOGG: &str = "[[stage]]\nid = \"mql\"\nowner = \"marketing\"\nreached = [ { people = \"mql_at\" } ]\n\
                       [[stage]]\nid = \"opportunity\"\nowner = \"sales\"\nreached = [ { deal = \"created_at\" } ]\n\
                       [[stage]]\nid = \"won\"\nowner = \"both\"\nreached = [ { deal = \"closed_at\", when = \"is_won\" } ]\n";

fn run(contract: &str, people: &str, deals: &str, args: &[&str]) -> Value {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: String| std::fs::write(folder.path().join(name), text).unwrap();
    write("onefunnel.toml", format!("{CONTRACT}\n{contract}"));
    write("people.csv", format!("id,made,mql\n{people}"));
    write("deals.csv", format!("deal,person,made,closed,won,ended,amount\n{deals}"));
    let args = [&["plan", folder.path().to_str().unwrap(), "-f", "json"], args].concat();
    let output = command(&args).output().unwrap();
    assert!(output.status.success(), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(!text.contains("NaN") && !text.contains("inf"), "{text}");
    serde_json::from_str(&text).unwrap()
}

fn acme(args: &[&str]) -> Value {
    serde_json::from_str(&stdout(&[&["plan", ACME, "-f", "json"], args].concat())).unwrap()
}

fn lines(report: &Value) -> &Vec<Value> {
    let tables = report["tables"].as_array().unwrap();
    tables.iter().find(|t| t["id"] == "plan_tidy").unwrap()["rows"].as_array().unwrap()
}

fn find<'r>(report: &'r Value, part: &str, item: &str, stage: &str) -> &'r Value {
    let is = |row: &&Value| {
        row["part"] == part && row["item"] == item && (row["stage_id"].as_str().unwrap_or_default() == stage)
    };
    lines(report).iter().find(is).unwrap_or_else(|| panic!("no {part} {item} {stage}"))
}

fn value(report: &Value, part: &str, item: &str, stage: &str) -> f64 {
    find(report, part, item, stage)["value"].as_f64().unwrap_or_else(|| panic!("{part} {item} {stage} is missing"))
}

fn notes(report: &Value) -> String {
    report["notes"].as_array().unwrap().iter().map(|n| n.as_str().unwrap()).collect::<Vec<_>>().join("\n")
}

/// Ten leads of 1 January: two won and three lost after 30 days. Six of 20 February.
fn company() -> (String, String) {
    let old = (0..10).map(|i| format!("p{i},2026-01-01,\n"));
    let young = (10..16).map(|i| format!("p{i},2026-02-20,\n"));
    let deal = |i: usize| {
        let won = if i < 2 { "yes" } else { "no" };
        format!("d{i},p{i},2026-01-01,2026-01-31,{won},yes,{}\n", 1000 * (i + 1))
    };
    (old.chain(young).collect(), (0..5).map(deal).collect())
}

#[test]
fn a_chance_that_can_be_worked_out_by_hand() {
    let (people, deals) = company();
    let report = run(TWO, &people, &deals, &["--target", "deals_won=4@2026-Q1"]);
    // On day 30 ten were at risk: 2 won. The six young ones reach that day on 22 March; the five old ones are past it.
    assert!((value(&report, "in_hand", "deals", "lead") - 6.0 * 0.2).abs() < 1e-9);
    assert_eq!(value(&report, "in_hand", "open", "lead"), 11.0);
    assert_eq!(value(&report, "answer", "won_so_far", ""), 2.0);
    assert!((value(&report, "answer", "gap", "") - 0.8).abs() < 1e-9);
    // Who comes on 1 March or before can be won by the 31st: of one a month nobody of 2 March or later but on the 1st.
    assert_eq!(find(&report, "answer", "leads_per_month", "")["value"], Value::Null);
    assert!(notes(&report).contains("cannot be reached by new leads any more"), "{}", notes(&report));
    assert!(notes(&report).contains("It would have needed 4.0 new buyers more"), "{}", notes(&report));
    // To the end of April it can: those of 2 to 31 March are won 30 days later, with a chance of 0.2.
    let report = run(TWO, &people, &deals, &["--target", "deals_won=4@2026-04"]);
    // The young of February are won in March. One a month is 30/31 from 2 to 31 March, all of them won on 1 to 30 April.
    let expected = 4.0 / (0.2 * 30.0 / 31.0);
    assert!((value(&report, "answer", "leads_per_month", "") / expected - 1.0).abs() < 1e-9);
    let revenue = run(TWO, &people, &deals, &["--target", "won_revenue=6000@2026-04"]);
    // A deal is worth 1,500.
    assert!((value(&revenue, "answer", "leads_per_month", "") / expected - 1.0).abs() < 1e-9);
}

#[test]
fn the_published_inverted_funnel_comes_out_unrounded() {
    let args = [
        "--target",
        "won_revenue=2000000@2026-Q4",
        "--assume",
        "average_deal=75000,opportunity_to_won=0.2,mql_to_opportunity=0.1",
    ];
    // Nothing is won: all is assumed.
    let report = run(KELLOGG, "p1,2026-01-01,2026-01-02\n", "d1,p1,2026-01-05,,,,\n", &args);
    let needed = |stage| value(&report, "funnel", "needed", stage);
    assert_eq!(
        [needed("won"), needed("opportunity"), needed("mql")],
        [2_000_000.0 / 75_000.0, 2_000_000.0 / 75_000.0 / 0.2, 2_000_000.0 / 75_000.0 / 0.2 / 0.1]
    );
    assert!((needed("won") - 26.0 - 2.0 / 3.0).abs() < 1e-12 && (needed("opportunity") - 400.0 / 3.0).abs() < 1e-9);
    assert_eq!(find(&report, "funnel", "rate", "opportunity")["assumed"], true);
    assert!(notes(&report).contains("No plan can be made: no deal has been won by 2026-03-01"));
}

#[test]
fn nobody_nothing_won_and_one_won_are_said_in_words() {
    let target = ["--target", "won_revenue=9000@2026-Q2", "--leads", "10/month"];
    let nobody = run(TWO, "", "", &target);
    assert!(notes(&nobody).contains("No plan can be made"), "{}", notes(&nobody));
    let (people, _) = company();
    let none = run(TWO, &people, "", &target);
    assert!(notes(&none).contains("no deal has been won by 2026-03-01, so no chance can be measured"));
    let one = run(TWO, &people, "d0,p0,2026-01-01,2026-01-31,yes,yes,1000\n", &target);
    assert!(notes(&one).contains("Few: only 1 won deal stands behind"), "{}", notes(&one));
    let row = find(&one, "answer", "leads_per_month", "");
    // In more than a third of the resamples nobody is won: no upper bound.
    assert!(row["value"].as_f64().unwrap() > 0.0 && row["high"].is_null(), "{row}");
    let amounts = run(TWO, &people, "d0,p0,2026-01-01,2026-01-31,yes,yes,\n", &target);
    assert!(notes(&amounts).contains("Revenue cannot be planned"), "{}", notes(&amounts));
}

#[test]
fn parts_add_up_and_more_needs_more() {
    let report = acme(&["--target", "won_revenue=2000000@2026-Q4"]);
    let of = |item: &str| {
        let rows = lines(&report).iter().filter(|r| r["part"] == "in_hand" && r["item"] == item);
        let (all, stages): (Vec<&Value>, Vec<&Value>) = rows.partition(|r| r["stage_id"].is_null());
        let sum = |rows: &[&Value]| rows.iter().map(|r| r["value"].as_f64().unwrap()).sum::<f64>();
        assert_eq!((all.len(), stages.len()), (1, 5));
        (sum(&all), sum(&stages))
    };
    for item in ["open", "open_too_old", "deals", "amount"] {
        let (all, stages) = of(item);
        assert!((all - stages).abs() < 1e-6 * (1.0 + all), "{item}: {all} {stages}");
    }
    let parts = ["won_so_far", "in_hand", "without_lead", "gap"].map(|item| value(&report, "answer", item, ""));
    assert!((parts.iter().sum::<f64>() - 2_000_000.0).abs() < 1e-6);
    let needed: Vec<f64> = ["1000000", "1500000", "2000000"]
        .iter()
        .map(|n| value(&acme(&["--target", &format!("won_revenue={n}@2026-Q4")]), "answer", "leads_per_month", ""))
        .collect();
    assert!(needed.is_sorted_by(|a, b| a < b) && needed[0] > 0.0, "{needed:?}");
    for row in lines(&report).iter().filter(|r| !r["low"].is_null() && !r["high"].is_null()) {
        assert!(row["low"].as_f64() <= row["high"].as_f64(), "{row}");
    }
}

#[test]
fn the_leads_that_are_needed_bring_what_is_asked_for() {
    let plan = acme(&["--target", "deals_won=30@2026-Q4"]);
    let leads = value(&plan, "answer", "leads_per_month", "");
    let ahead = acme(&["--leads", &format!("{leads}/month"), "--until", "2026-12-31"]);
    let rows =
        lines(&ahead).iter().filter(|r| r["part"] == "ahead" && r["period"] == "2026-Q4" && r["item"] == "deals");
    let deals: Vec<f64> = rows.map(|r| r["value"].as_f64().unwrap()).collect();
    assert_eq!(deals.len(), 1);
    assert!((deals[0] - 30.0).abs() < 1e-6, "{deals:?}");
    // And so do the months.
    let won = lines(&plan).iter().filter(|r| r["part"] == "month" && r["item"] == "won");
    let last: f64 = won.filter(|r| r["period"].as_str() > Some("2026-09")).map(|r| r["value"].as_f64().unwrap()).sum();
    assert!((last - 30.0).abs() < 1e-6, "{last}");
}

#[test]
fn the_seed_alone_decides_the_intervals() {
    let run = |seed: &str| acme(&["--target", "deals_won=30@2026-Q4", "--seed", seed, "--samples", "80"]);
    let (a, b, c) = (run("1"), run("1"), run("2"));
    assert_eq!(lines(&a), lines(&b));
    let band = |report: &Value| find(report, "answer", "leads_per_month", "")["low"].clone();
    assert_ne!(band(&a), band(&c));
    let value = |report: &Value| find(report, "answer", "leads_per_month", "")["value"].clone();
    assert_eq!(value(&a), value(&c));
}

#[test]
fn the_contracts_targets_are_planned_and_paced() {
    let (people, deals) = company();
    let targets = "[[target]]\nmetric = \"deals_won\"\nvalue = 8\nperiod = \"2026-Q1\"\n\
                   [[target]]\nmetric = \"deals_won\"\nvalue = 4\nperiod = \"2026-01\"\n\
                   [[target]]\nstage = \"lead\"\nper = \"month\"\nvolume = 31\n";
    let report = run(&format!("{TWO}{targets}"), &people, &deals, &[]);
    // 60 of 90 days; 2 of 8 by then.
    let paced = |item: &str| value(&report, "pacing", item, "");
    assert!((paced("needed_to_date") - 8.0 * 60.0 / 90.0).abs() < 1e-9);
    assert!((paced("end_by_days") - 3.0).abs() < 1e-9);
    assert_eq!(paced("delivered"), 2.0);
    assert!((value(&report, "pacing", "needed_to_date", "lead") - 1.0).abs() < 1e-9);
    assert!(notes(&report).contains("deals_won in 2026-01 is over: 2 came of 4 (50.0%)."), "{}", notes(&report));
}

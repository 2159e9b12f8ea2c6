//! `plan` of small companies whose right figures can be worked out by hand, and what must hold for any.

use serde_json::Value;

use crate::behaviour::{ACME, folder};
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

fn text(contract: &str, people: &str, deals: &str, args: &[&str]) -> String {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: String| std::fs::write(folder.path().join(name), text).unwrap();
    write("onefunnel.toml", format!("{CONTRACT}\n{contract}"));
    write("people.csv", format!("id,made,mql\n{people}"));
    write("deals.csv", format!("deal,person,made,closed,won,ended,amount\n{deals}"));
    let args = [&["plan", folder.path().to_str().unwrap()], args].concat();
    let output = command(&args).output().unwrap();
    assert!(output.status.success(), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(!text.contains("NaN") && !text.contains("inf"), "{text}");
    text
}

fn run(contract: &str, people: &str, deals: &str, args: &[&str]) -> Value {
    serde_json::from_str(&text(contract, people, deals, &[args, &["-f", "json"]].concat())).unwrap()
}

fn acme(args: &[&str]) -> Value {
    serde_json::from_str(&stdout(&[&["plan", ACME, "-f", "json"], args].concat())).unwrap()
}

fn lines(report: &Value) -> &Vec<Value> {
    let tables = report["tables"].as_array().unwrap();
    tables.iter().find(|t| t["id"] == "plan_tidy").unwrap()["rows"].as_array().unwrap()
}

/// The values of an item of a part, in order of the rows for which `of` holds.
fn all(report: &Value, part: &str, item: &str, of: impl Fn(&Value) -> bool) -> Vec<f64> {
    let is = |row: &&Value| row["part"] == part && row["item"] == item && of(row);
    lines(report).iter().filter(is).map(|row| row["value"].as_f64().unwrap()).collect()
}

fn near(a: f64, b: f64) -> bool {
    (a - b).abs() <= 1e-9 * (1.0 + a.abs().max(b.abs()))
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

/// A line of each.
fn each(range: std::ops::Range<usize>, line: impl Fn(usize) -> String) -> String {
    range.map(line).collect::<Vec<String>>().concat()
}

const HANDED: &str = "[[stage]]\nid = \"lead\"\nowner = \"marketing\"\nreached = [ { people = \"created_at\" } ]\n\
                      [[stage]]\nid = \"mql\"\nowner = \"marketing\"\nreached = [ { people = \"mql_at\" } ]\n\
                      [[stage]]\nid = \"opportunity\"\nowner = \"sales\"\nreached = [ { deal = \"created_at\" } ]\n\
                      [[stage]]\nid = \"won\"\nowner = \"both\"\nreached = [ { deal = \"closed_at\", when = \"is_won\" } ]\n\
                      [handoff]\nwithin = \"2d\"\n";

/// Twenty leads of 1 January, of which every second qualifies after ten days.
fn qualifying() -> String {
    each(0..20, |i| format!("p{i},2026-01-01,{}\n", if i % 2 == 0 { "2026-01-11" } else { "" }))
}

#[test]
fn capacity_is_told_of_the_leads_that_are_given_even_where_nothing_is_won() {
    let people = qualifying();
    let args = ["--leads", "31/month", "--until", "2026-05-31", "--capacity", "10/month"];
    let report = run(HANDED, &people, "", &args);
    let may = |item: &str| all(&report, "capacity", item, |row| row["period"] == "2026-05");
    // 31/30 a day come in April, and one in May; half of them qualify ten days later.
    let [demand, over] = [may("to_be_worked")[0], may("too_many")[0]];
    assert!(near(demand, 0.5 * (10.0 * 31.0 / 30.0 + 21.0)) && near(over, demand - 10.0), "{demand} {over}");
    assert!(near(may("capacity")[0], 10.0) && near(may("new_leads")[0], 31.0));
    assert!(lines(&report).iter().filter(|r| r["part"] == "capacity").all(|row| row["scenario"] == "given"));
    let table = text(HANDED, &people, "", &args);
    let title = table.lines().nth(3).unwrap();
    assert_eq!(title, "No plan can be made", "{table}");
    // Without any number the present pace: 20 in the 60 days up to 1 March.
    let present = run(HANDED, &people, "", &["--capacity", "10/month", "--until", "2026-05-31"]);
    let row = lines(&present)
        .iter()
        .find(|r| r["part"] == "capacity" && r["item"] == "new_leads" && r["period"] == "2026-05");
    let row = row.unwrap();
    assert!(near(row["value"].as_f64().unwrap(), 31.0 * 20.0 / 60.0) && row["scenario"] == "present", "{row}");
    // No stage hands leads over: it is said that the flag was of no use.
    let (people, deals) = company();
    let none = run(TWO, &people, &deals, &["--capacity", "10/month"]);
    assert!(notes(&none).contains("No use of --capacity: no stage hands leads over"), "{}", notes(&none));
}

#[test]
fn capacity_has_a_scenario_for_the_target_and_one_for_the_leads() {
    let report = acme(&["--leads", "120/month", "--until", "2027-06-30"]);
    let of = |scenario: &str, item: &str| all(&report, "capacity", item, |row| row["scenario"] == scenario);
    assert_eq!((of("needed", "to_be_worked").len(), of("given", "to_be_worked").len()), (6, 12));
    assert!(near(of("given", "leads_per_month")[0], 120.0));
    assert!(near(of("needed", "leads_per_month")[0], value(&report, "answer", "leads_per_month", "")));
    // The same flow as the months of the target.
    let months = all(&report, "month", "reached", |row| row["stage_id"] == "mql");
    assert!(months.iter().zip(of("needed", "to_be_worked")).all(|(a, b)| near(*a, b)));
    // More leads, more work; and more than sales has worked.
    let given = of("given", "to_be_worked");
    assert!(given.iter().zip(&months).all(|(more, less)| more > less), "{given:?} {months:?}");
    assert!(of("given", "too_many").last() > Some(&0.0) && of("needed", "too_many").iter().all(|n| *n == 0.0));
    // A target that cannot be reached: those in hand, and who comes at present, still want work.
    let late = acme(&["--as-of", "2026-02-15", "--target", "won_revenue=9000000@2026-Q1"]);
    assert!(!all(&late, "capacity", "to_be_worked", |row| row["scenario"] == "present").is_empty());
}

#[test]
fn an_assumed_rate_counts_from_the_stage_it_leads_to() {
    let target = |n: &str, period: &str, more: &[&str]| {
        acme(&[&["--samples", "50", "--target", &format!("deals_won={n}@{period}")], more].concat())
    };
    let assume = ["--assume", "lead_to_mql=0.2,sal_to_opportunity=0.6"];
    // What the plan brings is what it was made to bring.
    let plan = target("30", "2026-Q4", &assume);
    let won: f64 = all(&plan, "month", "won", |row| row["period"].as_str() > Some("2026-09")).iter().sum();
    assert!(near(won, 30.0), "{won}");
    let begun = target("40", "2026-Q2", &["--assume", "lead_to_mql=0.4", "--as-of", "2026-04-02"]);
    let won: f64 = all(&begun, "month", "won", |_| true).iter().sum();
    assert!(near(won + value(&begun, "answer", "won_so_far", ""), 40.0), "{won}");
    // A target of revenue: the deals of all parts, each as it is counted.
    let revenue = acme(&["--samples", "50", "--target", "won_revenue=2000000@2026-Q4", "--assume", "lead_to_mql=0.2"]);
    let of = |item: &str| value(&revenue, "answer", item, "");
    let parts = of("in_hand_deals") + (of("without_lead") + of("gap")) / (of("gap") / of("gap_deals"));
    let won: f64 = all(&revenue, "month", "won", |row| row["period"].as_str() > Some("2026-09")).iter().sum();
    assert!(near(won, parts), "{won} {parts}");
    // Beyond what those in hand and without a lead bring, each lead brings to a stage the assumed share instead of the
    // measured one, from that stage on.
    let plain = target("30", "2026-Q4", &[]);
    let nobody = target("0.001", "2026-Q4", &[]);
    assert_eq!(value(&nobody, "answer", "leads_per_month", ""), 0.0);
    let rate = |stage: &str| value(&plain, "funnel", "rate", stage);
    let each = |report: &Value, stage: &str| {
        let sum = |report: &Value| {
            let item = if stage == "won" { "won" } else { "reached" };
            all(report, "month", item, |row| stage == "won" || row["stage_id"] == stage).iter().sum::<f64>()
        };
        (sum(report) - sum(&nobody)) / value(report, "answer", "leads_per_month", "")
    };
    let (mql, opportunity) = (0.2 / rate("lead"), 0.6 / rate("sal"));
    let changes = [("lead", 1.0), ("mql", mql), ("sal", mql), ("opportunity", mql * opportunity)];
    for (stage, change) in changes.into_iter().chain([("proposal", mql * opportunity), ("won", mql * opportunity)]) {
        let (with, without) = (each(&plan, stage), each(&plain, stage));
        assert!((with / without / change - 1.0).abs() < 1e-6, "{stage}: {with} {without} {change}");
    }
    // Sales' work is that of the months.
    let months = all(&plan, "month", "reached", |row| row["stage_id"] == "mql");
    let work = all(&plan, "capacity", "to_be_worked", |_| true);
    assert!(months.len() == 6 && months.iter().zip(&work).all(|(a, b)| near(*a, *b)));
}

#[test]
fn exports_that_end_before_as_of_are_no_zero() {
    let now = acme(&["--target", "won_revenue=700000@2026-Q3"]);
    let late = acme(&["--target", "won_revenue=700000@2026-Q3", "--as-of", "2026-08-15"]);
    let said = "The newest record of people is of 2026-06-";
    assert!(notes(&late).contains(said) && notes(&late).contains("say --as-of 2026-06-"), "{}", notes(&late));
    assert!(!notes(&now).contains(said));
    let pace = |report: &Value| value(report, "answer", "leads_per_month_present", "");
    assert!((pace(&late) / pace(&now) - 1.0).abs() < 0.02, "{} {}", pace(&late), pace(&now));
    let paced =
        lines(&late).iter().find(|r| r["part"] == "pacing" && r["stage_id"] == "mql" && r["item"] == "delivered");
    let paced = paced.unwrap();
    assert!(paced["value"].is_null() && paced["status"] == "the exports end before it", "{paced}");
    assert!(find(&late, "answer", "won_so_far", "")["value"].is_null());
    for report in ["scorecard", "funnel", "velocity"] {
        assert!(stdout(&[report, ACME, "--as-of", "2026-08-15"]).contains("The newest record of people"), "{report}");
    }
}

#[test]
fn who_is_open_is_who_velocity_calls_open() {
    for as_of in ["2026-06-30", "2025-09-30"] {
        let plan = acme(&["--as-of", as_of, "--target", "deals_won=20@2026-Q4", "--samples", "50"]);
        let velocity: Value =
            serde_json::from_str(&stdout(&["velocity", ACME, "--as-of", as_of, "-f", "json"])).unwrap();
        let tables = velocity["tables"].as_array().unwrap();
        let rows = tables.iter().find(|t| t["id"] == "velocity_tidy").unwrap()["rows"].as_array().unwrap();
        for stage in ["lead", "mql", "sal", "opportunity", "proposal"] {
            let is = |r: &&Value| r["section"] == "time_in_stage" && r["item"] == stage && r["state"] == "open";
            let row = rows.iter().find(|r| is(r) && r["period"] == "total").unwrap_or_else(|| panic!("{stage}"));
            let of = |item: &str| value(&plan, "in_hand", item, stage);
            assert_eq!(Some(of("open")), row["n"].as_f64(), "{stage} on {as_of}");
            assert_eq!(Some(of("sent_back") + of("turned_down")), row["turned_down"].as_f64(), "{stage} on {as_of}");
        }
        assert!(value(&plan, "in_hand", "turned_down", "lead") > 50.0);
    }
}

#[test]
fn who_was_turned_down_leaves_and_changes_the_chance_of_those_who_stay() {
    let contract = format!(
        "{TWO}[[source]]\npath = \"changes.csv\"\ntable = \"stage_changes\"\n\
         columns = {{ person_id = \"id\", at = \"at\", field = \"field\", new = \"new\" }}\n"
    );
    // Twenty of 1 January: eight turned down after ten days, six won after thirty. Five of 14 February, 15 days old.
    let status = |i: usize| if (6..14).contains(&i) { "Unqualified" } else { "Open" };
    let people = each(0..25, |i| format!("p{i},2026-{},{}\n", if i < 20 { "01-01" } else { "02-14" }, status(i)));
    let changes: String = each(6..14, |i| format!("p{i},2026-01-11,Status,Unqualified\n"));
    let deals: String = each(0..6, |i| format!("d{i},p{i},2026-01-01,2026-01-31,yes,yes,1000\n"));
    let plan = |changes: &str| {
        let contract = format!("{CONTRACT}\n{contract}").replace("mql_at = \"mql\"", "status = \"mql\"");
        let files = [
            ("onefunnel.toml", contract.as_str()),
            ("people.csv", &format!("id,made,mql\n{people}")),
            ("deals.csv", &format!("deal,person,made,closed,won,ended,amount\n{deals}")),
            ("changes.csv", &format!("id,at,field,new\n{changes}")),
        ];
        let dir = folder(&files);
        let args = ["plan", dir.path().to_str().unwrap(), "--target", "deals_won=40@2026-Q1", "-f", "json"];
        serde_json::from_str::<Value>(&stdout(&args)).unwrap()
    };
    let dated = plan(&changes);
    // On day 30 twelve are left, and six of them are won: so is half of those who are past day ten.
    let of = |report: &Value, item: &str| value(report, "in_hand", item, "lead");
    assert_eq!(["open", "sent_back", "turned_down"].map(|item| of(&dated, item)), [11.0, 0.0, 8.0]);
    assert!(near(of(&dated, "deals"), 5.0 * 0.5), "{}", of(&dated, "deals"));
    assert!(notes(&dated).contains("Not open: 8 people, turned down"), "{}", notes(&dated));
    // Nobody knows when: they stay in the curve, in which 6 of 20 are won, and are told apart.
    let undated = plan("");
    assert_eq!(["open", "sent_back", "turned_down"].map(|item| of(&undated, item)), [11.0, 8.0, 0.0]);
    assert!(near(of(&undated, "deals"), 5.0 * 0.3), "{}", of(&undated, "deals"));
    assert!(notes(&undated).contains("8 people turned down on a day that no export tells"), "{}", notes(&undated));
}

#[test]
fn segments_together_need_what_all_need() {
    let report = acme(&["--by", "lead_source"]);
    let sum: f64 = all(&report, "segment", "leads_per_month", |_| true).iter().sum();
    let answer = value(&report, "answer", "leads_per_month", "");
    assert!((sum / answer - 1.0).abs() < 0.03, "{sum} {answer}");
    // The chance of a new lead is that of leads: 104 of 2,139 of the two years that are mature are won.
    let end = value(&report, "answer", "eventual_conversion", "");
    assert!((end - 104.0 / 2139.0).abs() < 0.002, "{end}");
    assert!(notes(&report).contains("began later than at Lead"), "{}", notes(&report));
}

#[test]
fn a_target_out_of_reach_says_how_often_it_needs_nobody() {
    let report = acme(&["--as-of", "2026-02-15", "--target", "won_revenue=700000@2026-Q1"]);
    let row = find(&report, "answer", "leads_per_month", "");
    assert!(row["value"].is_null() && row["low"] == 0.0 && row["high"].is_null(), "{row}");
    let without = value(&report, "answer", "likely_without_new_leads", "");
    assert!(without > 0.1 && without <= value(&report, "answer", "likely_at_present_pace", "") + 1e-9, "{without}");
    assert!(notes(&report).contains("Without them it is reached in"), "{}", notes(&report));
    let table = stdout(&["plan", ACME, "--as-of", "2026-02-15", "--target", "won_revenue=700000@2026-Q1"]);
    assert!(table.contains("0 to no limit"), "{table}");
}

#[test]
fn the_leads_after_the_last_useful_day_are_told() {
    let (people, deals) = company();
    let report = run(TWO, &people, &deals, &["--target", "deals_won=4@2026-04"]);
    // Thirty days before the end of April; one a month is one in 31 on each of 30 days, and nobody later is won in time.
    let n = value(&report, "answer", "leads_per_month", "");
    assert!(near(value(&report, "answer", "leads_to_last_useful_day", ""), n * 30.0 / 31.0));
    assert!(near(value(&report, "answer", "wins_of_leads_to_last_useful_day", ""), 1.0));
    assert!(
        notes(&report).contains("those who come after 2026-03-31 bring only 0.0% of the wins"),
        "{}",
        notes(&report)
    );
}

#[test]
fn words_fit_one_and_few() {
    let (people, deals) = company();
    let one = text(TWO, &people, &deals, &["--target", "deals_won=1@2026-04"]);
    assert!(one.contains("\n1 deal won in 2026-04: what is there"), "{one}");
    let tested = acme(&["--backtest", "--samples", "50"]);
    assert!(notes(&tested).contains("6 periods are few to judge intervals by"), "{}", notes(&tested));
    let revenue = acme(&[]);
    assert!(notes(&revenue).contains("the column of deals does not add up"), "{}", notes(&revenue));
    assert!(notes(&revenue).contains("Pacing counts who is recorded at a stage"), "{}", notes(&revenue));
}

const THREE: &str = "[[stage]]\nid = \"lead\"\nowner = \"marketing\"\nreached = [ { people = \"created_at\" } ]\n\
                     [[stage]]\nid = \"opportunity\"\nowner = \"sales\"\nreached = [ { deal = \"created_at\" } ]\n\
                     [[stage]]\nid = \"won\"\nowner = \"both\"\nreached = [ { deal = \"closed_at\", when = \"is_won\" } ]\n";

#[test]
fn deals_without_a_lead_have_chances_apart_where_enough_were_followed() {
    // Forty leads of 1 January have a deal on the 6th, and a quarter is won on the 26th. Of the deals without a lead three
    // quarters are won, ten days after they began. One of each kind began on 25 February.
    let people: String = each(0..40, |i| format!("p{i},2026-01-01,\n")) + "q,2026-02-20,\n";
    let ended = |n: usize| -> String {
        let leads = (0..40).map(|i| {
            let won = if i % 4 == 0 { "yes" } else { "no" };
            format!("d{i},p{i},2026-01-06,2026-01-26,{won},yes,1000\n")
        });
        let others = (0..n).map(|i| {
            let won = if i % 4 == 0 { "no" } else { "yes" };
            format!("e{i},,2026-01-06,2026-01-16,{won},yes,1000\n")
        });
        leads.chain(others).collect::<String>() + "f,q,2026-02-25,,,,1000\ng,,2026-02-25,,,,1000\n"
    };
    let args = ["--target", "deals_won=90@2026-Q1"];
    let many = run(THREE, &people, &ended(40), &args);
    assert!(near(value(&many, "answer", "eventual_conversion", ""), 0.25));
    assert!(near(value(&many, "in_hand", "deals", "opportunity"), 0.25 + 0.75));
    assert!(near(value(&many, "funnel", "rate", "opportunity"), 0.25));
    assert!(notes(&many).contains("41 processes began later than at Lead: enough"), "{}", notes(&many));
    // Eight are too few: everybody has the chances of all. On day ten six of 48 are won and two lost, on day twenty ten.
    let few = run(THREE, &people, &ended(8), &args);
    assert!(near(value(&few, "answer", "eventual_conversion", ""), 16.0 / 48.0));
    assert!(notes(&few).contains("too few to have chances apart"), "{}", notes(&few));
}

//! What the exports cannot show is missing, in the tables and in the sentences, and never 0.

use serde_json::Value;

use crate::behaviour::{ACME, DEALS, folder, run_in};
use crate::common::stdout;

const LEADS: &str = "examples/acme/exports/salesforce/Lead.csv";
const OPPORTUNITIES: &str = "examples/acme/exports/salesforce/Opportunity.csv";
const DAY: [&str; 3] = ["--as-of", "2026-06-30", "-f"];

fn json(args: &[&str]) -> Value {
    serde_json::from_str(&stdout(args)).unwrap()
}

fn pack(args: &[&str]) -> Value {
    json(&[&["report"][..], args, &["-f", "json"]].concat())
}

fn list<'v>(value: &'v Value, key: &str) -> &'v [Value] {
    value[key].as_array().unwrap_or_else(|| panic!("no list `{key}`"))
}

fn finding<'v>(pack: &'v Value, id: &str) -> &'v str {
    let section = list(pack, "sections").iter().find(|s| s["id"] == id).unwrap_or_else(|| panic!("no section {id}"));
    section["finding"].as_str().unwrap()
}

/// The rows of a table that have these words.
fn rows<'v>(report: &'v Value, table: &str, wanted: &[(&str, &str)]) -> Vec<&'v Value> {
    let table = list(report, "tables").iter().find(|t| t["id"] == table).unwrap_or_else(|| panic!("no table {table}"));
    list(table, "rows").iter().filter(|row| wanted.iter().all(|(key, word)| row[*key] == *word)).collect()
}

fn of_json(text: &[u8]) -> Value {
    serde_json::from_slice(text).unwrap()
}

#[test]
fn a_stage_that_no_export_can_show_has_no_figures() {
    for basis in [&["cohort"][..], &["period"], &["horizon", "--horizon", "30d"]] {
        let report = json(&[&["funnel", LEADS][..], &DAY, &["json", "--basis"], basis].concat());
        let figures = ["volume", "next_reached", "conversion_to_next", "conversion_from_first", "value", "observed"];
        for stage in ["opportunity", "won"] {
            let found = rows(&report, "funnel_tidy", &[("stage_id", stage)]);
            assert_eq!(found.len(), 11, "ten quarters and all of them");
            for row in found {
                assert!(figures.iter().all(|figure| row[*figure].is_null()), "{basis:?} {row}");
            }
        }
        let last = rows(&report, "funnel_tidy", &[("stage_id", "sql"), ("period", "total")])[0];
        assert!(last["conversion_to_next"].is_null() && last["volume"].is_number(), "{basis:?} {last}");
        let shown = stdout(&[&["funnel", LEADS][..], &DAY[..2], &["--basis"], basis].concat());
        let line = shown.lines().find(|line| line.starts_with("Customer")).unwrap();
        assert!(line.split_whitespace().skip(1).all(|cell| cell == "–"), "{line}");
        assert!(shown.contains("Opportunity,") && shown.contains("No export shows when these stages"), "{shown}");
    }
}

/// The leads of this file say that they are qualified, and not since when: no day has any of them.
#[test]
fn a_next_stage_without_a_day_is_no_zero() {
    let shown = stdout(&[&["funnel", LEADS][..], &DAY[..2]].concat());
    let line = shown.lines().find(|line| line.starts_with("Lead")).unwrap();
    let cells: Vec<&str> = line.split_whitespace().collect();
    assert_eq!(cells[cells.len() - 4..], ["100.0%", "–", "–", "–"], "{line}");
}

#[test]
fn what_became_of_leads_without_deals_is_not_known() {
    let pack = pack(&[LEADS, "--as-of", "2026-06-30"]);
    let said = finding(&pack, "funnel");
    assert!(said.ends_with("No export shows when these were reached: Opportunity, Customer."), "{said}");
    assert!(said.contains("87 (4.2%) have come to Sales qualified") && !said.contains("0.0%"), "{said}");
    assert_eq!(
        finding(&pack, "cohort"),
        "How many have converted is not known: no export shows when Customer was reached."
    );
    let cohorts = rows(&pack, "cohort_tidy", &[("age", "eventual")]);
    for row in &cohorts {
        assert_eq!(row["status"], "no_source");
        for figure in ["converted", "lost", "open", "share", "cif", "at_risk", "median_days"] {
            assert!(row[figure].is_null(), "{figure} {row}");
        }
    }
    let total = cohorts.iter().find(|row| row["cohort"] == "total").unwrap();
    let began = rows(&pack, "funnel_tidy", &[("stage_id", "lead"), ("period", "total")])[0]["volume"].as_u64();
    assert_eq!(total["n"].as_u64(), began);
    assert!(finding(&pack, "handoff").starts_with("When leads were handed over is not known"));
    assert!(finding(&pack, "scorecard").contains("New buying processes 2,068"), "{}", finding(&pack, "scorecard"));
}

#[test]
fn a_stage_that_could_be_shown_and_that_nobody_reached_is_0() {
    let open = "Id,Name,StageName,CloseDate,IsWon,IsClosed,Amount,CreatedDate\n\
        006gL0000000003QAA,Three,Prospecting,2026-12-01,false,false,,2026-05-05T10:00:00.000Z\n";
    let dir = folder(&[("deals.csv", open)]);
    let said = run_in(dir.path(), &[&["funnel", "deals.csv"][..], &DAY, &["json"]].concat());
    let report = of_json(&said.stdout);
    let total = |stage| rows(&report, "funnel_tidy", &[("stage_id", stage), ("period", "total")])[0].clone();
    assert_eq!(
        (total("won")["volume"].as_u64(), total("opportunity")["conversion_to_next"].as_f64()),
        (Some(0), Some(0.0))
    );
    assert!(total("lead")["volume"].is_null(), "no export has people");
}

#[test]
fn a_rule_of_origin_that_says_nothing_of_any_deal_is_missing() {
    let alone = pack(&[OPPORTUNITIES, "--as-of", "2026-06-30"]);
    assert_eq!(finding(&alone, "sourced"), "No deal of these days has a known origin.");
    for row in rows(&alone, "sourced_tidy", &[]) {
        let all = row["part"] == "all";
        assert_eq!((row["value"].is_null(), row["share"].is_null(), row["status"] == "ok"), (!all, !all, all), "{row}");
    }
    assert!(rows(&alone, "sourced_deals", &[]).iter().all(|row| row["influenced"].is_null()));
    // Lead sources and no touches: one rule is left, and nobody knows whom marketing touched.
    let leads = pack(&[OPPORTUNITIES, LEADS, "--contract", "examples/acme/onefunnel.toml", "--as-of", "2026-06-30"]);
    assert_eq!(
        finding(&leads, "sourced"),
        "Marketing sourced 72.8% of the pipeline and 72.1% of the won revenue, by lead source, the one rule that the \
         exports allow."
    );
    let status = |rule, part| {
        let found = rows(&leads, "sourced_tidy", &[("rule", rule), ("part", part), ("measure", "deals")]);
        found[0]["status"].as_str().unwrap().to_string()
    };
    let wanted = [
        ("lead_source", "sourced", "ok"),
        ("lead_source", "untouched", "no_source"),
        ("first_touch", "sourced", "no_data"),
    ];
    for (rule, part, word) in wanted {
        assert_eq!(status(rule, part), word, "{rule} {part}");
    }
    // Touches and no [teams]: the two rules of touches are left, and only one of their ranges is a range.
    let touched = pack(&["examples/acme/exports/salesforce", "--as-of", "2026-06-30"]);
    let said = finding(&touched, "sourced");
    assert!(
        said.starts_with("Marketing sourced 72.1% to 72.5% of the pipeline, depending on the rule, and 74.9%"),
        "{said}"
    );
    assert!(said.contains("whichever rule is taken; 34 of 521 deals created have no touch of marketing"), "{said}");
    assert!(
        finding(&touched, "handoff").contains("(the built-in default: the contract has no [handoff])"),
        "{}",
        finding(&touched, "handoff")
    );
}

#[test]
fn nothing_is_said_of_spend_that_is_not_there() {
    for args in [&[OPPORTUNITIES, "--as-of", "2026-06-30"][..], &[ACME, "--where", "lead_source = 'Outbound'"]] {
        let pack = pack(args);
        assert!(!finding(&pack, "horizon").contains("spend"), "{}", finding(&pack, "horizon"));
        let mut command = vec!["horizon"];
        command.extend(args);
        let shown = stdout(&command).split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(!shown.contains("within, "), "{shown}");
        assert!(shown.contains("Marketing spend is missing here:"), "{shown}");
        // The filter leaves nobody of marketing's; the exports do show origins.
        assert_eq!(shown.contains("as no export shows the origin"), args[0] == OPPORTUNITIES, "{shown}");
    }
}

#[test]
fn without_a_whole_period_the_scorecard_says_what_is_known_of_all_days() {
    let pack = pack(&[ACME, "--from", "2026-05-01"]);
    let said = finding(&pack, "scorecard");
    let total =
        |id| rows(&pack, "scorecard_tidy", &[("metric_id", id), ("period", "total")])[0]["value"].as_f64().unwrap();
    let begin = format!(
        "No whole period lies in these days; of all days from 2026-05-01 to 2026-06-30: sales and marketing together cost \
         {:.1}% of revenue; {} deals were won, worth ",
        total("combined_budget_ratio") * 100.0,
        total("deals_won")
    );
    assert!(said.starts_with(&begin), "{said}");
    let worth: String = said[begin.len()..].chars().filter(char::is_ascii_digit).collect();
    assert_eq!(worth, total("won_revenue").to_string());
}

#[test]
fn the_finding_of_win_rates_is_their_spread() {
    let cases = [
        &[][..],
        &["--from", "2026-05-01"],
        &["--as-of", "2024-07-01"],
        &["--from", "2025-01-01", "--to", "2025-12-31"],
    ];
    for args in cases {
        let pack = pack(&[&[ACME][..], args].concat());
        let spread = rows(&pack, "winrate_tidy", &[("rate", "spread"), ("period", "total"), ("segment", "")])[0];
        let ends: Vec<&str> = spread["basis"].as_str().unwrap().split('-').collect();
        let share = |rate: &str| {
            let found = rows(&pack, "winrate_tidy", &[("rate", rate), ("period", "total"), ("segment", "")]);
            format!("{:.1}%", found[0]["value"].as_f64().unwrap() * 100.0)
        };
        let tail = format!("the lowest is {} and the highest {}.", share(ends[1]), share(ends[0]));
        assert!(finding(&pack, "winrate").ends_with(&tail), "{tail} {}", finding(&pack, "winrate"));
    }
}

#[test]
fn one_is_said_in_the_singular() {
    let dir = folder(&[("deals.csv", DEALS)]);
    let said = run_in(dir.path(), &["report", "deals.csv", "--as-of", "2026-06-30", "-f", "json"]);
    let pack = of_json(&said.stdout);
    assert!(
        finding(&pack, "velocity").starts_with("The one won deal closed within "),
        "{}",
        finding(&pack, "velocity")
    );
    assert!(
        finding(&pack, "quality").starts_with("Of all 3 rows read, none was set aside"),
        "{}",
        finding(&pack, "quality")
    );
}

/// Of whom each section takes its share of wins, by figures of two of them.
#[test]
fn the_bases_are_those_that_the_pack_says() {
    let pack = pack(&[ACME]);
    let agreed = list(&pack, "sections").iter().find(|s| s["id"] == "agreed").unwrap();
    let note = agreed["notes"][0].as_str().unwrap();
    assert!(note.starts_with("The sections take shares of wins of one period of different people"), "{note}");
    let of = |table, wanted: &[(&str, &str)], column: &str| -> f64 {
        rows(&pack, table, wanted).iter().filter_map(|row| row[column].as_f64()).sum()
    };
    let quarter = ("period", "2025-Q4");
    let metric = |id| of("scorecard_tidy", &[("metric_id", id), quarter], "denominator");
    let began = of("funnel_tidy", &[quarter, ("segment", "")], "entered_here");
    let lead = of("funnel_tidy", &[quarter, ("segment", ""), ("stage_id", "lead")], "volume");
    let cohort = of("cohort_tidy", &[("cohort", "2025-Q4"), ("segment", ""), ("age", "eventual")], "n");
    let mqls = of("horizon_tidy", &[quarter, ("segment", ""), ("section", "mql_yield"), ("item", "mqls")], "value");
    assert_eq!((metric("inquiry_to_revenue_conversion"), lead), (began, cohort));
    assert_eq!(metric("mql_to_revenue_conversion"), mqls);
    assert!(lead < began, "{lead} {began}");
}

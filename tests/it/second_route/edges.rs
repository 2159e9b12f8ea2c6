//! Small companies with a stage after the sale, with few, with one kind of outcome only, and seen before anything happened:
//! the right figures of `cohort`, `funnel`, `velocity` and `winrate` can be seen at a glance.

use std::fmt::Write as _;

use super::check::number;
use super::raw::{Record, date, iso, parse};
use super::velocity::same_days;
use crate::common::command;

const CONTRACT: &str = r#"currency = "USD"
as_of = "2026-01-01"
mature_after = "90d"
[[source]]
path = "people.csv"
table = "people"
columns = { person_id = "person", created_at = "seen", live_at = { header = "live", kind = "time" }, status = "status", deal_ids = "deal" }
[[source]]
path = "deals.csv"
table = "deals"
columns = { deal_id = "deal", created_at = "opened", closed_at = "closed", is_closed = "over", is_won = "won", amount = "worth", lost_reason = "why" }
[[stage]]
id = "lead"
title = "Lead"
owner = "marketing"
reached = [ { people = "created_at" } ]
[[stage]]
id = "opportunity"
title = "Opportunity"
owner = "sales"
reached = [ { deal = "created_at" } ]
[[stage]]
id = "won"
title = "Won"
owner = "both"
reached = [ { deal = "closed_at", when = "is_won" } ]
"#;

const LIVE: &str =
    "[[stage]]\nid = \"live\"\ntitle = \"Live\"\nowner = \"both\"\nreached = [ { people = \"live_at\" } ]\n";

/// A company of these people (person, seen, live, status, deal) and deals (deal, opened, closed, over, won, worth, why).
pub struct Small(tempfile::TempDir);

impl Small {
    pub fn new(contract: &str, people: &str, deals: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
        write("onefunnel.toml", contract);
        write("people.csv", &format!("person,seen,live,status,deal\n{people}"));
        write("deals.csv", &format!("deal,opened,closed,over,won,worth,why\n{deals}"));
        Self(folder)
    }

    /// What a command prints.
    pub fn text(&self, args: &[&str]) -> String {
        let all = [&[args[0], self.0.path().to_str().unwrap()], &args[1..]].concat();
        let output = command(&all).output().unwrap();
        assert!(output.status.success(), "{all:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    }

    /// The same with every run of spaces as one.
    pub fn said(&self, args: &[&str]) -> String {
        self.text(args).split_whitespace().collect::<Vec<_>>().join(" ")
    }

    pub fn lines(&self, args: &[&str]) -> Vec<Record> {
        parse(&self.text(&[args, &["-f", "csv"]].concat()))
    }
}

pub fn line<'a>(lines: &'a [Record], keys: &[(&str, &str)]) -> &'a Record {
    let mut found = lines.iter().filter(|r| keys.iter().all(|(column, value)| r[*column] == *value));
    found.next().unwrap_or_else(|| panic!("no line of {keys:?}"))
}

fn day(first: &str, more: i64) -> String {
    iso(date(first).unwrap() + more)
}

/// Forty leads of as many days, each with a deal after 5 days that closed after 30; 20 are won, and 5 of them live after 60.
fn with_live() -> Small {
    let (mut people, mut deals) = (String::new(), String::new());
    for i in 0..40 {
        let at = |more: i64| day("2025-01-01", i + more);
        let live = if i < 5 { at(60) } else { String::new() };
        writeln!(people, "P{i},{},{live},,D{i}", at(0)).unwrap();
        writeln!(deals, "D{i},{},{},1,{},100,", at(5), at(30), u8::from(i < 20)).unwrap();
    }
    Small::new(&format!("{CONTRACT}{LIVE}"), &people, &deals)
}

#[test]
fn who_is_won_may_still_reach_what_follows() {
    let company = with_live();
    for (start, share) in [("lead", 5.0 / 40.0), ("won", 5.0 / 20.0)] {
        let lines = company.lines(&["cohort", "--start", start, "--end", "live"]);
        let all = line(&lines, &[("cohort", "total"), ("age", "eventual")]);
        assert!((number(all, "cif").unwrap() - share).abs() < 1e-12, "from {start}: {all:?}");
        let year = line(&lines, &[("cohort", "total"), ("age", "9")]);
        assert!((number(year, "share").unwrap() - share).abs() < 1e-12, "from {start}: {year:?}");
        let said = company.said(&["cohort", "--start", start, "--end", "live"]);
        assert!(!said.contains("no export says whether as won"), "{said}");
    }
}

#[test]
fn a_stage_after_the_sale_does_not_end_with_it() {
    let lines = with_live().lines(&["velocity"]);
    let stage =
        |id, state| line(&lines, &[("section", "time_in_stage"), ("item", id), ("state", state), ("period", "total")]);
    same_days("won", stage("won", "completed"), &[30; 5]);
    let ages: Vec<i64> = (5..20).map(|i| 365 - i - 30).collect();
    same_days("won", stage("won", "open"), &ages);
    same_days("live", stage("live", "completed"), &[]);
    let ages: Vec<i64> = (0..5).map(|i| 365 - i - 60).collect();
    same_days("live", stage("live", "open"), &ages);
    // Of the lost ones nothing is left open.
    same_days("opportunity", stage("opportunity", "completed"), &[25; 40]);
    same_days("opportunity", stage("opportunity", "open"), &[]);
}

#[test]
fn before_anything_happened_every_stage_is_there() {
    let company = with_live();
    for lines in [company.lines(&["funnel", "--as-of", "2024-12-31"]), Small::new(CONTRACT, "", "").lines(&["funnel"])]
    {
        assert!(lines.iter().any(|r| r["stage_id"] == "lead"), "{lines:?}");
    }
    let said = company.said(&["cohort", "--as-of", "2024-12-31"]);
    assert!(said.contains("Cohorts: from Lead to Live"), "{said}");
    assert!(!said.contains("No export shows"), "{said}");
}

/// Deals that closed on one day with an outcome, an amount and a reason: (won, worth, why).
fn closed_deals(contract: &str, deals: &[(bool, &str, &str)]) -> Small {
    let rows: Vec<String> = deals
        .iter()
        .enumerate()
        .map(|(i, (won, worth, why))| format!("D{i},2025-02-01,2025-03-15,1,{},{worth},{why}\n", u8::from(*won)))
        .collect();
    Small::new(contract, "", &rows.concat())
}

fn rate<'a>(lines: &'a [Record], rate: &str) -> [&'a str; 3] {
    let line = line(lines, &[("rate", rate), ("period", "total")]);
    [&line["value"], &line["n"], &line["status"]]
}

#[test]
fn won_deals_without_amounts_are_not_worth_nothing() {
    let one = closed_deals(CONTRACT, &[(true, "", ""), (false, "100", "")]);
    assert_eq!(rate(&one.lines(&["winrate"]), "amount"), ["", "1", "no_won_amount"]);
    let said = one.said(&["winrate"]);
    assert!(said.contains("`By amount`, because no won deal has an amount, so 0 % would say nothing."), "{said}");
    assert!(said.contains("1 closed deal has no amount: it is not in the rate by amount."), "{said}");
    let lines = one.lines(&["velocity"]);
    let line = line(&lines, &[("item", "won_a_day"), ("period", "2025-Q1")]);
    assert_eq!([&line["value"], &line["numerator"], &line["status"]], ["", "", "no_data"]);

    // Of eleven an amount is known, of five not.
    let mut deals = vec![(false, "100", "Price"); 10];
    deals.extend([(true, "", ""); 5]);
    deals.push((true, "50", ""));
    let lines = closed_deals(CONTRACT, &deals).lines(&["winrate"]);
    let [value, n, status] = rate(&lines, "amount");
    assert!((value.parse::<f64>().unwrap() - 50.0 / 1050.0).abs() < 1e-12);
    assert_eq!([n, status], ["11", "ok"]);
}

#[test]
fn what_is_no_decision_is_agreed() {
    let reasons = [
        "No Decision",
        "No Decision / Non-Responsive",
        "No decision made",
        "Went dark",
        "Status quo",
        "Price",
        "Competitor",
        "no budget",
        "",
        "Lost to No Decision",
    ];
    let mut deals: Vec<(bool, &str, &str)> = reasons.iter().map(|why| (false, "100", *why)).collect();
    deals.extend([(true, "100", ""); 6]);
    let company = closed_deals(CONTRACT, &deals);
    let lines = company.lines(&["winrate"]);
    assert_eq!(rate(&lines, "narrow")[..2], ["0.6", "10"]);
    assert_eq!(rate(&lines, "broad")[..2], ["0.375", "16"]);
    let said = company.said(&["winrate"]);
    assert!(
        said.contains("by the lost reason: 1 × Lost to No Decision, 1 × No Decision, 1 × No Decision / Non-"),
        "{said}"
    );
    let own = closed_deals(&format!("no_decision = [\"no BUDGET\", \"comp*\"]\n{CONTRACT}"), &deals);
    assert_eq!(rate(&own.lines(&["winrate"]), "narrow")[1], "14");
    let scores = own.lines(&["scorecard"]);
    for (metric, n) in [("win_rate_narrow", "14"), ("win_rate_broad", "16")] {
        assert_eq!(line(&scores, &[("metric_id", metric), ("period", "total")])["denominator"], n, "{metric}");
    }
}

#[test]
fn without_reasons_narrow_is_broad() {
    let company = closed_deals(CONTRACT, &[[(false, "100", ""); 6], [(true, "100", ""); 6]].concat());
    let lines = company.lines(&["winrate"]);
    assert_eq!([rate(&lines, "narrow"), rate(&lines, "broad")], [["0.5", "12", "ok"]; 2]);
    let said = company.said(&["winrate"]);
    assert!(said.contains("`Narrow` equals `Broad`."), "{said}");
    // All rates are one: none flatters.
    let spread = line(&lines, &[("rate", "spread"), ("period", "total")]);
    assert_eq!([&spread["value"], &spread["basis"]], ["0", ""]);
    assert!(!said.contains("flattering"), "{said}");
    let scores = company.lines(&["scorecard"]);
    assert_eq!(line(&scores, &[("metric_id", "win_rate_broad"), ("period", "total")])["value"], "0.5");
}

#[test]
fn a_close_rate_is_young_while_young_deals_are_open() {
    let rows: Vec<String> =
        (0..10).map(|i| format!("D{i},2025-11-01,2025-12-01,1,{},100,\n", u8::from(i < 4))).collect();
    let mut deals = rows.concat();
    let done = Small::new(CONTRACT, "", &deals);
    assert!(!done.said(&["winrate"]).contains("40.0%*"), "everything created is decided");
    let lines = done.lines(&["winrate"]);
    assert_eq!(line(&lines, &[("rate", "close_rate"), ("period", "total")])["open_young"], "0");
    // Closed, and nobody says how: in no rate.
    deals.push_str("D10,2025-11-02,2025-12-01,1,,100,\n");
    assert_eq!(rate(&Small::new(CONTRACT, "", &deals).lines(&["winrate"]), "close_rate")[..2], ["0.4", "10"]);
    deals.push_str("D11,2025-11-03,,0,0,100,\n");
    let open = Small::new(CONTRACT, "", &deals);
    let said = open.said(&["winrate"]);
    assert!(said.contains("36.4%*"), "{said}");
    assert!(said.contains("some deals are open and younger than 90 days"), "{said}");
    // An open one that is old is no reason to wait.
    let old = deals.replace("D11,2025-11-03", "D11,2025-01-03");
    assert!(!Small::new(CONTRACT, "", &old).said(&["winrate"]).contains("36.4%*"));
}

#[test]
fn a_rate_of_few_makes_no_spread() {
    let company = closed_deals(CONTRACT, &[[(false, "100", ""); 2], [(true, "900", ""); 2]].concat());
    assert_eq!(line(&company.lines(&["winrate"]), &[("rate", "spread"), ("period", "total")])["value"], "");
}

#[test]
fn the_last_periods_are_all_shown_and_parts_say_so() {
    let company = closed_deals(CONTRACT, &[[(false, "100", ""); 8], [(true, "100", ""); 8]].concat());
    for report in ["winrate", "velocity", "funnel"] {
        let said = company.said(&[report]);
        assert!(said.contains("2025-Q1 part"), "{report}: {said}");
    }
    let said = company.said(&["winrate", "--period", "month"]);
    assert!(said.contains("4 earlier in machine formats"), "{said}");
    let said = company.said(&["velocity", "--period", "month"]);
    assert!(said.contains("6 earlier in machine formats"), "{said}");
    let lines = company.lines(&["funnel"]);
    for r in &lines {
        // From the first month of the data to the first day of the next year.
        let part = ["2025-Q1", "2026-Q1"].contains(&r["period"].as_str());
        assert_eq!(r["partial"], part.to_string(), "{r:?}");
    }
    let cohorts = Small::new(CONTRACT, "P1,2025-12-05,,,\nP2,2026-01-01,,,\n", "");
    assert!(cohorts.said(&["cohort"]).contains("2026-01 part"));
}

/// Thirty-one leads of one month; the oldest of them is won on the last day, when nobody else was followed so long.
fn tail() -> Small {
    let people: Vec<String> = (1..=31).map(|d| format!("P{d},2025-01-{d:02},,,D{d}\n")).collect();
    let contract = CONTRACT.replace("2026-01-01", "2025-06-30").replace("90d", "180d");
    Small::new(&contract, &people.concat(), "D1,2025-03-01,2025-06-30,1,1,100,\n")
}

#[test]
fn the_end_of_a_curve_rests_on_more_than_one() {
    let company = tail();
    let lines = company.lines(&["cohort"]);
    let end = line(&lines, &[("cohort", "2025-01"), ("age", "eventual")]);
    assert_eq!([&end["age_days"], &end["cif"], &end["status"]], ["176", "0", "young"]);
    let old = line(&lines, &[("cohort", "2025-01"), ("age", "6")]);
    assert_eq!([&old["observed"], &old["cif"], &old["status"]], ["1", "", "not_followed_so_long"]);
    assert_eq!(old["share"], "1", "the plain share stays where machines look for it");
    let said = company.said(&["cohort"]);
    assert!(!said.contains("100.0%") && said.contains("0.0%*"), "{said}");
}

/// The cells of a Markdown table's rows below a heading that begins so.
fn md_rows(text: &str, title: &str) -> Vec<Vec<String>> {
    let table = text.split("\n\n").skip_while(|part| !part.contains(title)).skip(usize::from(!text.is_empty()));
    let table = table.into_iter().find(|part| part.trim_start().starts_with('|')).unwrap();
    table.lines().skip(2).map(|l| l.trim_matches('|').split('|').map(|c| c.trim().to_string()).collect()).collect()
}

#[test]
fn the_triangle_never_falls_and_says_what_is_estimated() {
    let text = crate::common::stdout(&["cohort", "examples/acme", "-f", "md", "--period", "quarter"]);
    let lines = parse(&crate::common::stdout(&["cohort", "examples/acme", "-f", "csv", "--period", "quarter"]));
    let rows = md_rows(&text, "Share that reached");
    assert!(rows.len() > 8, "{text}");
    let (mut estimated, mut plain) = (0, 0);
    for row in &rows {
        let mut before = 0.0;
        for (age, cell) in ["1", "2", "3", "6", "9", "12", "18", "24"].iter().zip(&row[2..]) {
            let cohort = if row[0] == "All" { "total" } else { row[0].trim_end_matches(" part") };
            let Some(shown) = cell.trim_end_matches(['*', '\\', '%']).parse::<f64>().ok() else { continue };
            let r = line(&lines, &[("cohort", cohort), ("age", age)]);
            let exact = if cell.contains('*') { &r["cif"] } else { &r["share"] };
            assert_eq!(r["whole_cohort_observed"], (!cell.contains('*')).to_string(), "{row:?}");
            assert!((exact.parse::<f64>().unwrap() * 100.0 - shown).abs() < 0.051, "{row:?} {r:?}");
            assert!(shown >= before, "{row:?}");
            before = shown;
            *(if cell.contains('*') { &mut estimated } else { &mut plain }) += 1;
        }
    }
    assert!(estimated > 5 && plain > 20, "{estimated} {plain}");
}

#[test]
fn few_are_marked() {
    let people = "P1,2025-01-05,,,\nP2,2025-02-05,,,\n";
    let said = Small::new(CONTRACT, people, "").said(&["cohort"]);
    assert!(said.contains("0.0%†"), "{said}");
    let one = Small::new(CONTRACT, "P1,2025-01-05,,,\n", "").said(&["cohort"]);
    assert!(one.contains("1 cohort has fewer than 5 processes"), "{one}");

    // One won and nine lost: the win rate stands on ten, the rest on one.
    let mut deals = vec![(false, "100", ""); 9];
    deals.push((true, "100", ""));
    let said = closed_deals(CONTRACT, &deals).said(&["velocity"]);
    assert!(said.contains("100.00† 10.0% 42 d†"), "{said}");
    let one = closed_deals(CONTRACT, &[(true, "100", ""), (false, "100", "")]).said(&["velocity"]);
    assert!(one.contains("50.0%†"), "{one}");
}

#[test]
fn notes_are_of_the_days_shown() {
    let people = "P1,2025-01-05,,,D1\nP2,2025-08-05,,,D2\n";
    let deals = "D1,2025-02-01,2025-03-01,1,1,,\nD2,2025-09-01,2025-10-01,1,1,,\nD3,2025-02-01,2025-04-01,1,0,0,\n\
                 D4,2025-09-01,2025-11-01,1,0,0,\nD5,2025-09-01,2025-11-01,1,0,10,\n";
    let company = Small::new(CONTRACT, people, deals);
    let said = |report, from| company.said(&[report, "--from", from]);
    assert!(said("funnel", "2025-01-01").contains("3 processes began at a later stage than the first"));
    assert!(said("funnel", "2025-07-01").contains("2 processes began at a later stage than the first"));
    assert!(said("winrate", "2025-01-01").contains("2 closed deals have no amount"));
    assert!(said("winrate", "2025-07-01").contains("1 closed deal has no amount: it is not in the rate by amount."));
    assert!(said("winrate", "2025-01-01").contains("2 lost deals have the amount 0"));
    assert!(said("winrate", "2025-07-01").contains("1 lost deal has the amount 0"));
}

#[test]
fn skipped_stages_are_those_of_the_days_shown() {
    // A deal that a lead became without a day of its own in between: proposals are skipped.
    let contract = CONTRACT.replace(
        "[[stage]]\nid = \"won\"",
        "[[stage]]\nid = \"trial\"\nowner = \"sales\"\nreached = [ { people = \"live_at\" } ]\n[[stage]]\nid = \"won\"",
    );
    let people = "P1,2025-01-05,,,D1\nP2,2025-08-05,,,D2\nP3,2025-08-05,2025-09-01,,D3\n";
    let deals = "D1,2025-02-01,2025-03-01,1,1,1,\nD2,2025-09-01,2025-10-01,1,1,1,\nD3,2025-09-01,2025-10-01,1,1,1,\n";
    let company = Small::new(&contract, people, deals);
    let said = |from| company.said(&["funnel", "--from", from]);
    assert!(said("2025-01-01").contains("2 skipped stages are dated by the earliest later evidence"));
    assert!(said("2025-07-01").contains("1 skipped stage is dated by the earliest later evidence"));
}

#[test]
fn the_period_rate_stands_beside_the_cohorts() {
    let of = |args: &[&str], column: usize| -> Vec<String> {
        let text = crate::common::stdout(&[&["funnel", "examples/acme", "-f", "md"], args].concat());
        let title = if args.is_empty() { "Began from" } else { "Reached from" };
        md_rows(&text, title).into_iter().map(|row| row[column].clone()).collect()
    };
    for slice in [&[][..], &["--from", "2025-07-01"]] {
        let text = crate::common::stdout(&[&["funnel", "examples/acme", "-f", "md"], slice].concat());
        let cohort: Vec<String> = md_rows(&text, "Began from").into_iter().map(|row| row[5].clone()).collect();
        assert_eq!(cohort, of(&[&["--basis", "period"], slice].concat(), 2));
        assert!(text.contains("Of all who are counted, "), "{text}");
    }
}

#[test]
fn records_of_a_comparison_are_of_every_reason() {
    let args = ["funnel", "examples/acme", "-f", "md", "--compare", "cohort,period", "--from", "2025-07-01"];
    let rows = md_rows(&crate::common::stdout(&args), "Records counted otherwise");
    let mut of: std::collections::BTreeMap<(&str, &str), usize> = std::collections::BTreeMap::new();
    for row in &rows {
        *of.entry((&row[1], &row[4])).or_default() += 1;
    }
    assert!(of.len() > 3 && of.values().all(|n| *n <= 3), "{of:?}");
}

#[test]
fn who_was_turned_down_is_not_open() {
    let people = "P1,2025-01-05,,Recycled,\nP2,2025-01-05,,Working,\nP3,2025-01-05,,unqualified,\nP4,2025-01-05,,Unqualified,D4\n";
    let company = Small::new(CONTRACT, people, "D4,2025-02-05,,0,0,100,\n");
    let lines = company.lines(&["velocity"]);
    let lead = line(&lines, &[("section", "time_in_stage"), ("item", "lead"), ("state", "open")]);
    same_days("lead", lead, &[361]);
    assert_eq!(lead["turned_down"], "2");
    let said = company.said(&["velocity"]);
    assert!(said.contains("2 stays are of people turned down or sent back"), "{said}");
    let one = Small::new(&CONTRACT.replace("[[stage]]\nid = \"lead\"", "[handoff]\nfrom = \"lead\"\naccepted = \"opportunity\"\nwithin = \"24h\"\nrejected = [\"Working\"]\nrecycled = [\"Back\"]\n[[stage]]\nid = \"lead\""), people, "");
    assert!(one.said(&["velocity"]).contains("1 stay is of somebody turned down"));
}

#[test]
fn a_stage_of_a_later_day_is_blank() {
    let winrate = |extra: &[&str]| {
        let args = ["winrate", "examples/acme", "--as-of", "2025-06-30", "--by", "stage"];
        crate::common::stdout(&[&args[..], extra].concat())
    };
    let lines = parse(&winrate(&["-f", "csv"]));
    let lost = |rate| line(&lines, &[("rate", rate), ("period", "total"), ("segment", "stage=Closed Lost")]);
    // Nobody is in a stage that is closed without being so.
    assert_eq!(lost("close_rate")["n"], lost("narrow")["n"]);
    assert_eq!(lost("close_rate")["open_young"], "0");
    let said = winrate(&[]).split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(said.contains("stage: as the exports of 2026-06-30 hold it, not as of 2025-06-30"), "{said}");
}

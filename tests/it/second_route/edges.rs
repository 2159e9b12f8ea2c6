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

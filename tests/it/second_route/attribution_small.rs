//! `attribution` and `sourced` of companies small enough to see the right figures at a glance.

use std::collections::BTreeMap;

use super::raw::{Record, parse};
use crate::common::command;

const CONTRACT: &str = r#"timezone = "America/New_York"
[[source]]
path = "people.csv"
table = "people"
columns = { person_id = "person", created_at = "seen", lead_source = "source" }
[[source]]
path = "deals.csv"
table = "deals"
columns = { deal_id = "deal", person_id = "person", created_at = "opened", closed_at = "closed", is_closed = "over", is_won = "won", amount = "worth" }
[[source]]
path = "touches.csv"
table = "touches"
columns = { touch_id = "touch", person_id = "person", about_id = "deal", at = "at", channel = "channel", kind = "kind", team = "team" }
[[source]]
path = "spend.csv"
table = "spend"
columns = { date = "date", team = "team", channel = "channel", amount = "amount" }
[[stage]]
id = "won"
owner = "both"
reached = [ { deal = "closed_at", when = "is_won" } ]
[teams.marketing]
sources = ["Web"]
[teams.sales]
sources = ["Cold call"]
"#;

const SPEND: &str = "date,team,channel,amount\n2026-01-05,marketing,SEARCH,50\n2026-01-06,marketing,Radio,30\n\
    2026-01-07,marketing,,20\n2026-01-08,sales,Search,999\n2027-01-01,marketing,Search,1\n";

struct Company(tempfile::TempDir);

impl Company {
    fn new(people: &str, deals: &str, touches: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
        write("onefunnel.toml", CONTRACT);
        write("people.csv", &format!("person,seen,source\n{people}"));
        write("deals.csv", &format!("deal,person,opened,closed,over,won,worth\n{deals}"));
        write("touches.csv", &format!("touch,person,deal,at,channel,kind,team\n{touches}"));
        write("spend.csv", SPEND);
        Self(folder)
    }

    fn text(&self, args: &[&str]) -> String {
        let folder = self.0.path().to_str().unwrap();
        let output =
            command(&[&[args[0], folder, "--as-of", "2026-12-31", "-q"], &args[1..]].concat()).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    }

    fn rows(&self, args: &[&str]) -> Vec<Record> {
        let text = self.text(&[&[args[0], "-f", "csv"], &args[1..]].concat());
        parse(text.split("\n\n").next().unwrap())
    }

    /// Key → credit.
    fn credit(&self, model: &str, goal: &str, args: &[&str]) -> BTreeMap<String, String> {
        let rows = self.rows(&[&["attribution", "--model", model], args].concat());
        let of = rows.into_iter().filter(|r| r["goal"] == goal && !r["credit"].is_empty() && r["credit"] != "0");
        of.map(|r| (r["key"].clone(), r["credit"].clone())).collect()
    }
}

fn credit<const N: usize>(of: [(&str, &str); N]) -> BTreeMap<String, String> {
    of.into_iter().map(|(k, v)| (k.to_string(), v.to_string())).collect()
}

const ADA: &str = "ada,2026-01-10T12:00:00Z,Web\n";
const DEAL: &str = "d1,ada,2026-02-01T12:00:00Z,2026-03-01,1,1,100.01\n";
/// Three touches up to the close, one on its last evening, one after it, and one that came after the creation.
const TOUCHES: &str = "1,ada,,2026-01-10,Search,form,marketing\n\
    2,ada,,2026-01-20T15:00:00Z,,call,sales\n\
    3,ada,d1,2026-03-02T04:59:59Z,Event,form,marketing\n\
    4,ada,,2026-03-02T05:00:00Z,Late,form,marketing\n";

#[test]
fn touches_up_to_the_close_count_and_no_later() {
    let company = Company::new(ADA, DEAL, TOUCHES);
    // The close is a plain day of New York: it lasts until 5:00 of the next in UTC.
    let last = company.credit("last", "conversions", &[]);
    assert_eq!(last, credit([("Event", "1"), ("total", "1")]));
    let first = company.credit("first", "revenue", &[]);
    assert_eq!(first, credit([("Search", "100.01"), ("total", "100.01")]));
    // Largest remainder, the first of equals: 33.34, 33.34, 33.33.
    let linear = company.credit("linear", "revenue", &[]);
    assert_eq!(linear, credit([("Search", "33.34"), ("call", "33.34"), ("Event", "33.33"), ("total", "100.01")]));
    let pipeline = company.credit("last", "pipeline", &[]);
    assert_eq!(pipeline, credit([("call", "100.01"), ("total", "100.01")]));
}

#[test]
fn milestones_are_the_last_touch_by_then() {
    let company = Company::new(ADA, DEAL, TOUCHES);
    // First and lead are the search, the opportunity the call, the close the event: 45, 22.5, 22.5 of 90.
    let full = company.credit("full_path", "conversions", &[]);
    assert_eq!(full, credit([("Search", "0.5"), ("call", "0.25"), ("Event", "0.25"), ("total", "1")]));
    // First, lead 60, opportunity 30, the rest 10.
    let w = company.credit("w", "conversions", &[]);
    assert_eq!(w, credit([("Search", "0.6"), ("call", "0.3"), ("Event", "0.1"), ("total", "1")]));
    let lead = company.credit("u_first_lead", "conversions", &[]);
    assert_eq!(lead, credit([("Search", "1"), ("total", "1")]));
    // Nothing was there when the lead was made: the first touch after it made it.
    let early = Company::new("ada,2026-01-09T12:00:00Z,Web\n", DEAL, TOUCHES);
    assert_eq!(early.credit("u_first_lead", "conversions", &[]), lead);
}

#[test]
fn looking_back_leaves_out_what_is_older() {
    let company = Company::new(ADA, DEAL, TOUCHES);
    // 2026-03-01 less 40 days is 2026-01-20.
    let linear = company.credit("linear", "conversions", &["--look-back", "40d"]);
    assert_eq!(linear, credit([("call", "0.5"), ("Event", "0.5"), ("total", "1")]));
    let linear = company.credit("linear", "conversions", &["--look-back", "39"]);
    assert_eq!(linear, credit([("Event", "1"), ("total", "1")]));
    // The lead was made before that: a position that is not there.
    let w = company.credit("w", "conversions", &["--look-back", "39d"]);
    assert_eq!(w, credit([("Event", "1"), ("total", "1")]));
}

#[test]
fn time_decay_halves_exactly() {
    let touches = "1,ada,,2026-02-15T12:00:00Z,A,form,marketing\n2,ada,,2026-02-22T12:00:00Z,B,form,marketing\n";
    let company = Company::new(ADA, DEAL, touches);
    let decay = company.credit("time_decay", "revenue", &[]);
    assert_eq!(decay, credit([("A", "33.34"), ("B", "66.67"), ("total", "100.01")]));
    let slow = company.rows(&["attribution", "--model", "time_decay", "--half-life", "14"]);
    let share: f64 = slow.iter().find(|r| r["key"] == "A").unwrap()["share"].parse().unwrap();
    assert!((share - 0.5_f64.sqrt() / (1.0 + 0.5_f64.sqrt())).abs() < 1e-12);
}

#[test]
fn ties_are_broken_by_the_order_of_the_file() {
    let touches =
        |a: &str, b: &str| format!("1,ada,,2026-01-20,{a},form,marketing\n2,ada,,2026-01-20,{b},form,marketing\n");
    for (a, b) in [("A", "B"), ("B", "A")] {
        let company = Company::new(ADA, DEAL, &touches(a, b));
        assert_eq!(company.credit("first", "conversions", &[]), credit([(a, "1"), ("total", "1")]));
        assert_eq!(company.credit("last", "conversions", &[]), credit([(b, "1"), ("total", "1")]));
    }
}

#[test]
fn a_deal_that_nobody_touched_is_unattributed_under_every_model() {
    let deals = format!("{DEAL}d2,,2026-02-01T12:00:00Z,2026-03-05,1,1,50\n");
    let company = Company::new(ADA, &deals, TOUCHES);
    let rows = company.rows(&["attribution"]);
    for row in rows.iter().filter(|r| r["row"] == "unattributed") {
        let expected = if ["conversions", "opportunities"].contains(&row["goal"].as_str()) { "1" } else { "50" };
        assert_eq!(row["credit"], expected, "{row:?}");
    }
    assert_eq!(rows.iter().filter(|r| r["row"] == "unattributed").count(), 40);
}

#[test]
fn spend_that_no_touch_has_is_unallocated() {
    let company = Company::new(ADA, DEAL, TOUCHES);
    let rows = company.rows(&["attribution", "--model", "first", "--to", "2026-12-31"]);
    let of = |row: &str, goal: &str| {
        let found = rows.iter().find(|r| (r["row"] == row || r["key"] == row) && r["goal"] == goal).unwrap();
        [&found["spend"], &found["spend_per_credit"], &found["credit_per_spend"]].map(Clone::clone)
    };
    assert_eq!(of("Search", "conversions"), ["50", "50", ""]);
    assert_eq!(of("Search", "revenue"), ["50", "", "2.0002"]);
    // No spend is missing, not 0.
    assert_eq!(of("Event", "revenue"), ["", "", ""]);
    assert_eq!(of("unallocated", "revenue"), ["50", "", ""]);
    assert_eq!(of("total", "opportunities"), ["100", "100", ""]);
    let text = company.text(&["attribution", "--model", "first"]);
    assert!(text.contains("In the ledger and in no touch: Radio."), "{text}");
}

#[test]
fn a_buyers_later_deal_has_their_touches_too() {
    let deals = format!("{DEAL}d2,ada,2026-05-01T12:00:00Z,2026-06-01,1,1,10\n");
    let company = Company::new(ADA, &deals, TOUCHES);
    let first = company.credit("first", "conversions", &[]);
    assert_eq!(first, credit([("Search", "2"), ("total", "2")]));
    // The event was about the first deal, and is of no other.
    let last = company.credit("last", "conversions", &[]);
    assert_eq!(last, credit([("Event", "1"), ("Late", "1"), ("total", "2")]));
    let text = company.text(&["attribution", "--model", "first"]);
    assert!(text.replace("\n      ", " ").contains("3 touches are of several deals of one person"), "{text}");
}

#[test]
fn no_deal_and_no_touch_at_all() {
    let nothing = Company::new(ADA, "", "");
    let rows = nothing.rows(&["attribution"]);
    assert!(rows.iter().all(|r| r["credit"].is_empty() && r["status"] != "ok"), "{rows:?}");
    assert!(nothing.text(&["attribution"]).contains("No deal was won in the days shown"));
    let untouched = Company::new(ADA, DEAL, "");
    assert_eq!(untouched.credit("linear", "conversions", &[]), credit([("(unattributed)", "1"), ("total", "1")]));
    // A deal without a touch is nobody's under every model.
    for model in ["markov", "shapley"] {
        assert_eq!(untouched.credit(model, "conversions", &[]), credit([("(unattributed)", "1"), ("total", "1")]));
    }
    let rows = nothing.rows(&["sourced"]);
    assert!(rows.iter().all(|r| r["share"].is_empty() && r["status"] != "ok"), "{rows:?}");
}

#[test]
fn who_never_bought_counts_for_markov_and_shapley() {
    // A is in every deal won and in nothing else; B is in as many, and in ten journeys that came to nothing.
    let mut people = ADA.to_string();
    let mut touches = "1,ada,,2026-01-10,A,form,marketing\n2,ada,,2026-01-11,B,form,marketing\n".to_string();
    for i in 0..10 {
        people += &format!("p{i},2026-01-10T12:00:00Z,Web\n");
        touches += &format!("1{i},p{i},,2026-01-12,B,form,marketing\n");
    }
    let company = Company::new(&people, DEAL, &touches);
    assert_eq!(company.credit("linear", "conversions", &[])["A"], "0.5");
    let shapley = company.credit("shapley", "conversions", &[]);
    // v(A) = 0, v(B) = 0 of 10, v(AB) = 1 of 11: half each. With A alone winning once it is more.
    assert_eq!(shapley, credit([("A", "0.5"), ("B", "0.5"), ("total", "1")]));
    let deals = format!("{DEAL}d2,eve,2026-02-01T12:00:00Z,2026-03-01,1,1,1\n");
    let company = Company::new(
        &format!("{people}eve,2026-01-10,Web\n"),
        &deals,
        &format!("{touches}99,eve,,2026-01-12,A,form,marketing\n"),
    );
    // v(A) = 1, v(B) = 0, v(AB) = 2 of 12: A would be worth (1 + 1/6) / 2, B (0 − 5/6) / 2 of 1/6: 350 % and −250 %. One journey
    // decides that, so nothing is said.
    assert!(company.credit("shapley", "conversions", &[]).is_empty());
    let said = company.text(&["attribution", "--model", "shapley"]).split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(said.contains("one share would be -250.0%, another 350.0%"), "{said}");
    let markov = company.rows(&["attribution", "--model", "markov"]);
    let of = |key: &str| markov.iter().find(|r| r["key"] == key).unwrap()["credit"].parse::<f64>().unwrap();
    assert!(of("A") > of("B"), "{markov:?}");
}

#[test]
fn many_keys_are_drawn_with_bounds_and_a_seed() {
    let touch = |i: i32| format!("{i},ada,,2026-01-{:02},C{i:02},form,marketing\n", i + 1);
    let touches = (0..20).map(touch).collect::<Vec<_>>().concat();
    let company = Company::new(
        &format!("{ADA}bob,2026-01-02,Web\n"),
        DEAL,
        &format!("{touches}50,bob,,2026-01-03,C00,form,marketing\n"),
    );
    let run = |seed: &str| {
        company.text(&["attribution", "--model", "shapley", "-f", "csv", "--samples", "50", "--seed", seed])
    };
    assert_eq!(run("7"), run("7"));
    assert_ne!(run("7"), run("8"));
    let rows = parse(&run("7"));
    let keys: Vec<&Record> = rows.iter().filter(|r| r["row"] == "key" && r["goal"] == "revenue").collect();
    assert_eq!(keys.len(), 20);
    let sum: f64 = keys.iter().map(|r| r["credit"].parse::<f64>().unwrap()).sum();
    assert!((sum - 100.01).abs() < 1e-9);
    for row in keys {
        let [low, share, high] = ["share_low", "share", "share_high"].map(|c| row[c].parse::<f64>().unwrap());
        assert!(low <= share + 1e-3 && share <= high + 1e-3, "{row:?}");
        assert_eq!([&row["shapley_samples"], &row["shapley_seed"]], ["50", "7"]);
    }
}

#[test]
fn three_rules_of_who_brought_a_deal_in() {
    let sourced = |people: &str, touches: &str| {
        let company = Company::new(people, DEAL, touches);
        let text = company.text(&["sourced", "-f", "csv"]);
        let list = parse(text.split_once("\n\n").unwrap().1);
        ["lead_source", "first_touch", "before_sales", "scorecard", "influenced", "rules_differ"]
            .map(|c| list[0][c].clone())
    };
    let cold = ADA.replace("Web", "Cold call");
    let none = ADA.replace("Web", "Trade press");
    let yes = "marketing";
    let no = "not marketing";
    assert_eq!(sourced(ADA, TOUCHES), [yes, yes, yes, yes, "true", "false"]);
    assert_eq!(sourced(&cold, TOUCHES), [no, yes, yes, no, "true", "true"]);
    // A call of somebody of no team came first: not marketing's, and before sales was marketing all the same.
    let of_none = format!("{TOUCHES}9,ada,,2026-01-02,,call,\n");
    assert_eq!(sourced(&none, &of_none), ["unknown", no, yes, yes, "true", "true"]);
    // A response on the day of a call: nobody can say who was first.
    let one_day = "1,ada,,2026-01-10,Search,form,marketing\n2,ada,,2026-01-10T15:00:00Z,,call,sales\n";
    assert_eq!(sourced(&none, one_day), ["unknown", "unknown", "unknown", "unknown", "true", "false"]);
    // Marketing came after the deal was created: it influenced, and brought nothing in.
    let after = "1,ada,,2026-02-10,Search,form,marketing\n";
    assert_eq!(sourced(&none, after), ["unknown", "unknown", no, "unknown", "true", "false"]);
    // Without any touch of marketing in the exports nobody knows what it influenced.
    assert_eq!(sourced(&none, ""), ["unknown", "unknown", "unknown", "unknown", "", "false"]);
}

/// What came after the close never counts, also where the deal was recorded only later.
#[test]
fn a_deal_recorded_after_its_close() {
    let deal = "d1,ada,2026-03-10T12:00:00Z,2026-03-01,1,1,100\n";
    let company = Company::new(ADA, deal, "1,ada,,2026-02-10,A,form,marketing\n2,ada,,2026-03-04,B,form,marketing\n");
    for goal in ["conversions", "opportunities"] {
        assert_eq!(company.credit("last", goal, &[])["A"], "1", "{goal}");
    }
}

/// A won deal of nothing, and more keys than are looked at in all combinations.
#[test]
fn a_deal_of_nothing_with_many_keys() {
    let touch = |i: i32| format!("{i},ada,,2026-01-{:02},C{i:02},form,marketing\n", i + 1);
    let touches = (0..20).map(touch).collect::<Vec<_>>().concat();
    let company = Company::new(ADA, &DEAL.replace(",100.01\n", ",0\n"), &touches);
    assert_eq!(company.credit("linear", "conversions", &[])["C01"], "0.05");
    let rows = company.rows(&["attribution"]);
    let total = rows.iter().find(|r| r["model"] == "shapley" && r["goal"] == "revenue" && r["row"] == "total").unwrap();
    assert_eq!((total["credit"].as_str(), total["share_low"].as_str()), ("0", ""));
}

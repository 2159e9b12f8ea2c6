//! `journey` of small companies, written here, whose right figures can be seen at a glance; and one buyer of the example.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::common::{command, root, stdout};

const CONTRACT: &str = r#"
as_of = "2026-06-30"
[[source]]
path = "people.csv"
table = "people"
columns = { person_id = "id", email = "mail", created_at = "made", mql_at = "mql" }
[[source]]
path = "deals.csv"
table = "deals"
columns = { deal_id = "id", person_id = "person", created_at = "opened", closed_at = "closed", is_closed = "over", is_won = "won", amount = "worth" }
currency = "USD"
[[source]]
path = "touches.csv"
table = "touches"
columns = { person_id = "person", about_id = "about", at = "at", kind = "kind" }
[[stage]]
id = "lead"
owner = "marketing"
reached = [ { people = "created_at" } ]
[[stage]]
id = "mql"
owner = "marketing"
reached = [ { people = "mql_at" } ]
[[stage]]
id = "opportunity"
owner = "sales"
reached = [ { deal = "created_at" } ]
[[stage]]
id = "won"
owner = "both"
reached = [ { deal = "closed_at", when = "is_won" } ]
[teams.marketing]
kinds = ["form"]
[teams.sales]
kinds = ["call"]
"#;

const PEOPLE: &str = "id,mail,made,mql\n";
const DEALS: &str = "id,person,opened,closed,over,won,worth\n";
const TOUCHES: &str = "person,about,at,kind\n";

const ANN: &str = "a,Ann@one.example,2026-01-05T10:00:00Z,2026-01-10T10:00:00Z\n";
const WON: &str = "D1,a,2026-01-20T10:00:00Z,2026-02-01,1,1,1000\n";
const STORY: &str = "a,,2026-01-04T09:00:00Z,form
a,,2026-01-05,form
a,,2026-01-07T09:00:00Z,gift
a,,2026-01-10T09:00:00Z,call
a,,2026-01-10T11:00:00Z,form
a,,2026-01-13T09:00:00Z,call
a,,2026-01-20,form
a,,2026-02-01T12:00:00Z,call
a,,2026-02-02T09:00:00Z,form
";

fn try_run(people: &str, deals: &str, touches: &str, args: &[&str]) -> (i32, String, String) {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: String| std::fs::write(folder.path().join(name), text).unwrap();
    write("onefunnel.toml", CONTRACT.to_owned());
    write("people.csv", format!("{PEOPLE}{people}"));
    write("deals.csv", format!("{DEALS}{deals}"));
    write("touches.csv", format!("{TOUCHES}{touches}"));
    let all = [&["journey", folder.path().to_str().unwrap(), "-f", "json"], args].concat();
    let output = command(&all).output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
}

fn run(people: &str, deals: &str, touches: &str, args: &[&str]) -> Value {
    let (code, stdout, stderr) = try_run(people, deals, touches, args);
    assert_eq!(code, 0, "{stderr}");
    serde_json::from_str(&stdout).unwrap()
}

fn rows<'r>(report: &'r Value, table: &str) -> &'r Vec<Value> {
    let of = |t: &&Value| t["id"] == table;
    report["tables"].as_array().unwrap().iter().find(of).unwrap()["rows"].as_array().unwrap()
}

/// Value, numerator and denominator of a figure over all days, as text.
fn figure(report: &Value, section: &str, item: &str, name: &str) -> [String; 3] {
    let is = |r: &&Value| {
        r["section"] == section
            && r["item"] == item
            && r["figure"] == name
            && r["period"] == "total"
            && r["segment"] == ""
    };
    let row = rows(report, "journey_tidy").iter().find(is).unwrap_or_else(|| panic!("no {section} {item} {name}"));
    ["value", "numerator", "denominator"].map(|c| row[c].to_string())
}

fn value(report: &Value, section: &str, item: &str, name: &str) -> String {
    figure(report, section, item, name)[0].clone()
}

#[test]
fn one_won_deal_touch_by_touch() {
    let others = "b,b@two.example,2026-01-06,\nc,c@three.example,2026-01-08T09:00:00Z,\n";
    let touches = format!("{STORY}c,,2026-01-09T09:00:00Z,call\n");
    let report = run(&format!("{ANN}{others}"), WON, &touches, &[]);
    for (item, expected) in [
        ("before", ["1", "0", "0"]),
        ("lead", ["1", "2", "1"]),
        ("mql", ["1", "1", "0"]),
        ("opportunity", ["1", "1", "0"]),
        ("journey", ["4", "4", "1"]),
        ("after_close", ["1", "0", "0"]),
    ] {
        let found = ["marketing", "sales", "no_team"].map(|team| value(&report, "touches", item, team));
        assert_eq!(found, expected, "{item}");
    }
    let reached = |item: &str| {
        ["marketing_only", "sales_only", "both", "neither"].map(|t| figure(&report, "reached", item, t)[1].clone())
    };
    assert_eq!(reached("lead"), ["0", "1", "1", "1"]);
    assert_eq!(reached("mql"), ["0", "0", "1", "0"]);
    assert_eq!(reached("journey"), ["0", "1", "1", "1"]);
    // Lead: 1 to 2 is a gap of a third; the other two stages have none.
    assert_eq!(value(&report, "overlap", "journey", "overlap_index")[..8], *"0.888888");
    assert_eq!(figure(&report, "quoted", "marketing_after_deal", "touches"), ["0.25", "1", "4"]);
    assert_eq!(figure(&report, "quoted", "sales_before_handoff", "touches")[1..], ["1", "3"]);
    assert_eq!(figure(&report, "quoted", "sales_before_handoff", "processes"), ["1", "1", "1"]);
    assert_eq!(figure(&report, "nurture", "marketing", "touches")[1..], ["2", "5"]);
    assert_eq!(value(&report, "hand_offs", "won", "median"), "5");
    assert_eq!(figure(&report, "hand_offs", "won", "ping_pong"), ["1", "1", "1"]);
    assert_eq!(figure(&report, "hand_off_distribution", "5", "won_deals"), ["1", "1", "1"]);
    assert_eq!(value(&report, "hand_offs", "won", "order_unknown"), "0");
    assert_eq!(value(&report, "silence", "won", "median"), "3");
    assert_eq!(value(&report, "pre_sales", "won", "median")[..8], (6.0_f64 / 28.0).to_string()[..8]);
    assert_eq!(value(&report, "teams", "both", "won_revenue"), "1000");
    assert_eq!(value(&report, "teams", "sales_only", "processes"), "1");
    // No deal is lost: a rate of 100 % would say nothing.
    assert_eq!(value(&report, "teams", "both", "win_rate"), "null");
}

#[test]
fn paths_are_folded_and_the_outcome_is_no_step() {
    let report = run(ANN, WON, STORY, &["--variants"]);
    let path = |report: &Value| rows(report, "journey_variants_tidy")[0]["path"].as_str().unwrap().to_owned();
    assert_eq!(
        path(&report),
        "m:form > lead > m:form > ?:gift > s:call > mql > m:form > s:call > opportunity > m:form > s:call"
    );
    assert_eq!(rows(&report, "journey_variants_tidy")[0]["conversion"], 1);
    let args = |more: &[&'static str]| [&["--variants=1"], more].concat();
    assert_eq!(path(&run(ANN, WON, STORY, &args(&["--steps", "stages"]))), "lead > mql > opportunity");
    let twice = "a,,2026-01-06,form\na,,2026-01-07,form\na,,2026-01-12,call\n";
    assert_eq!(path(&run(ANN, "", twice, &args(&[]))), "lead > m:form ×2 > mql > s:call");
    assert_eq!(path(&run(ANN, "", twice, &args(&["--depth", "2"]))), "lead > m:form ×2");
    assert_eq!(path(&run(ANN, "", twice, &args(&["--steps", "teams"]))), "lead > marketing ×2 > mql > sales");
}

#[test]
fn an_order_that_nobody_knows_makes_the_fewest_hand_offs() {
    let changes = |touches: &str| {
        let report = run(ANN, WON, touches, &[]);
        ["median", "order_unknown"].map(|f| value(&report, "hand_offs", "won", f))
    };
    // By the days alone it could be one change or three.
    assert_eq!(
        changes("a,,2026-01-06,form\na,,2026-01-07,form\na,,2026-01-07T12:00:00Z,call\na,,2026-01-08,call\n"),
        ["1", "1"]
    );
    assert_eq!(changes("a,,2026-01-07,form\na,,2026-01-07,call\n"), ["1", "1"]);
    assert_eq!(changes("a,,2026-01-07,form\na,,2026-01-07,call\na,,2026-01-08,form\n"), ["1", "1"]);
    assert_eq!(changes("a,,2026-01-06,call\na,,2026-01-07,form\na,,2026-01-07,call\na,,2026-01-08,call\n"), ["2", "1"]);
    assert_eq!(changes("a,,2026-01-06,call\n"), ["0", "0"]);
    // A touch of no team is in no run, and a deal without a touch of a team has no number.
    assert_eq!(changes("a,,2026-01-06,gift\n"), ["null", "0"]);
}

#[test]
fn what_cannot_be_divided_is_counted_apart() {
    let counts = |touches: &str| {
        let report = run(ANN, WON, touches, &[]);
        ["n", "sales_first", "one_team_or_none", "no_time_to_divide"].map(|f| value(&report, "pre_sales", "won", f))
    };
    assert_eq!(counts("a,,2026-01-06,form\na,,2026-01-06T12:00:00Z,call\n"), ["1", "0", "0", "0"]);
    assert_eq!(counts("a,,2026-01-06T13:00:00Z,form\na,,2026-01-06T12:00:00Z,call\n"), ["0", "1", "0", "0"]);
    assert_eq!(counts("a,,2026-01-06,form\na,,2026-02-02,call\n"), ["0", "0", "1", "0"]);
    assert_eq!(counts("a,,2026-02-01,form\na,,2026-02-01,call\n"), ["0", "0", "0", "1"]);
}

#[test]
fn silence_is_that_of_everybody_between_the_two_teams() {
    let silence = |touches: &str| {
        let report = run(ANN, WON, touches, &[]);
        ["n", "no_sales_touch_after", "not_handed_over", "high"].map(|f| value(&report, "silence", "won", f))
    };
    // From the 6th to the 17th, and a gift on the 14th breaks it.
    assert_eq!(silence("a,,2026-01-06,form\na,,2026-01-17,call\n"), ["1", "0", "0", "11"]);
    assert_eq!(silence("a,,2026-01-06,form\na,,2026-01-14,gift\na,,2026-01-17,call\n"), ["1", "0", "0", "8"]);
    // Without marketing it begins with the hand-off; a call an hour before it is not after it.
    assert_eq!(silence("a,,2026-01-17,call\n"), ["1", "0", "0", "7"]);
    assert_eq!(silence("a,,2026-01-10T09:00:00Z,call\n"), ["0", "1", "0", "null"]);
}

#[test]
fn nothing_is_not_zero() {
    let report = run(ANN, WON, "", &[]);
    assert_eq!(value(&report, "touches", "lead", "marketing"), "null");
    assert_eq!(value(&report, "hand_offs", "won", "won_deals"), "null");
    assert_eq!(value(&report, "origin", "unknown", "processes"), "1");
    let report = run("", "", "", &[]);
    assert_eq!(value(&report, "origin", "marketing", "won"), "null");
    assert_eq!(rows(&run("", "", "", &["--variants"]), "journey_variants_tidy").len(), 0);
}

#[test]
fn a_story_has_every_event_with_its_file_and_line() {
    let report = run(ANN, WON, STORY, &["--buyer", "a"]);
    let story: Vec<[String; 4]> = rows(&report, "journey_buyer_tidy")
        .iter()
        .map(|r| {
            ["day", "event", "file", "line"].map(|c| r[c].as_str().map_or_else(|| r[c].to_string(), str::to_owned))
        })
        .map(|[day, event, file, line]| [day, event, file.rsplit('/').next().unwrap().to_owned(), line])
        .collect();
    let expected = [
        ["2026-01-04", "touch", "touches.csv", "2"],
        ["2026-01-05", "created", "people.csv", "2"],
        ["2026-01-05", "stage", "people.csv", "2"],
        ["2026-01-05", "touch", "touches.csv", "3"],
        ["2026-01-07", "touch", "touches.csv", "4"],
        ["2026-01-10", "touch", "touches.csv", "5"],
        ["2026-01-10", "qualified", "people.csv", "2"],
        ["2026-01-10", "stage", "people.csv", "2"],
        ["2026-01-10", "touch", "touches.csv", "6"],
        ["2026-01-13", "touch", "touches.csv", "7"],
        ["2026-01-20", "deal_created", "deals.csv", "2"],
        ["2026-01-20", "stage", "deals.csv", "2"],
        ["2026-01-20", "touch", "touches.csv", "8"],
        ["2026-02-01", "deal_closed", "deals.csv", "2"],
        ["2026-02-01", "stage", "deals.csv", "2"],
        ["2026-02-01", "touch", "touches.csv", "9"],
        ["2026-02-02", "touch", "touches.csv", "10"],
    ];
    assert_eq!(story, expected.map(|row| row.map(str::to_owned)));
    // The same story by the deal and by the address; and nothing of later days.
    for id in ["D1", "ANN@ONE.EXAMPLE", "person:a", "deal:D1"] {
        let other = run(ANN, WON, STORY, &["--buyer", id]);
        assert_eq!(rows(&other, "journey_buyer_tidy"), rows(&report, "journey_buyer_tidy"), "{id}");
    }
    let early = run(ANN, WON, STORY, &["--buyer", "a", "--as-of", "2026-01-12"]);
    assert_eq!(rows(&early, "journey_buyer_tidy").len(), 9);
}

#[test]
fn touches_about_another_deal_are_said_to_be() {
    let deals = format!("{WON}D2,a,2026-03-01T10:00:00Z,2026-04-01,0,0,500\n");
    let touches = "a,,2026-01-06,form\na,D2,2026-03-02,call\n";
    let parts = |id: &str| -> BTreeMap<(String, String), usize> {
        let report = run(ANN, &deals, touches, &["--buyer", id]);
        let mut parts = BTreeMap::new();
        for r in rows(&report, "journey_buyer_tidy").iter().filter(|r| r["event"] == "touch") {
            let text = |c: &str| r[c].as_str().unwrap().to_owned();
            *parts.entry((text("part"), text("deal_id"))).or_default() += 1;
        }
        parts
    };
    let part = |part: &str, deal: &str| ((part.to_owned(), deal.to_owned()), 1);
    let (this, other) = ("this process", "another process");
    assert_eq!(parts("a"), BTreeMap::from([part(this, "D1"), part(other, "D2")]));
    assert_eq!(parts("D2"), BTreeMap::from([part(other, "D1"), part(this, "D2")]));
}

#[test]
fn who_is_not_known_or_not_clear_is_an_error() {
    let deals = WON.replace("D1", "a");
    let (code, _, stderr) = try_run(ANN, &deals, STORY, &["--buyer", "a"]);
    assert_eq!(code, 2);
    assert_eq!(
        stderr,
        "error: --buyer: `a` is the id of a person and of a deal\n  help: say which: --buyer person:a or --buyer deal:a\n"
    );
    // Whoever comes only later than as-of is nobody yet.
    let (code, _, stderr) = try_run(ANN, WON, STORY, &["--buyer", "D1", "--as-of", "2026-01-12"]);
    assert_eq!(code, 2);
    assert!(stderr.starts_with("error: --buyer: nobody up to 2026-01-12 has the id or address `D1`\n"), "{stderr}");
}

/// Every touch of a buyer of the example stands at the line that its story names.
#[test]
fn lines_of_the_example_are_those_of_its_files() {
    let report = |id: &str| -> Value {
        serde_json::from_str(&stdout(&["journey", "examples/acme", "--buyer", id, "-f", "json"])).unwrap()
    };
    let story = report("00QHs000000000WMAQ");
    for id in ["00QHs000000000W", "priya.gomez@juniper-water.example", "006Hs0000000006"] {
        let other = report(id);
        assert_eq!(rows(&other, "journey_buyer_tidy"), rows(&story, "journey_buyer_tidy"), "{id}");
    }
    let mut touches = 0;
    for r in rows(&story, "journey_buyer_tidy").iter().filter(|r| r["event"] == "touch") {
        let text = std::fs::read_to_string(root().join("examples/acme").join(r["file"].as_str().unwrap())).unwrap();
        let line = usize::try_from(r["line"].as_u64().unwrap()).unwrap();
        let line = text.lines().nth(line - 1).unwrap();
        let ids = ["00QHs000000000W", "003Hs000000000A", "006Hs0000000006"];
        assert!(ids.iter().any(|id| line.contains(id)), "{r}: {line}");
        touches += 1;
    }
    assert_eq!(touches, 15);
}

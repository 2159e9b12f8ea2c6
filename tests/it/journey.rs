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
    try_run_with(CONTRACT, people, deals, touches, args)
}

fn try_run_with(contract: &str, people: &str, deals: &str, touches: &str, args: &[&str]) -> (i32, String, String) {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: String| std::fs::write(folder.path().join(name), text).unwrap();
    write("onefunnel.toml", contract.to_owned());
    write("people.csv", format!("{PEOPLE}{people}"));
    write("deals.csv", format!("{DEALS}{deals}"));
    write("touches.csv", format!("{TOUCHES}{touches}"));
    let format: &[&str] = if args.contains(&"-f") { &[] } else { &["-f", "json"] };
    let all = [&["journey", folder.path().to_str().unwrap()], format, args].concat();
    let output = command(&all).output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
}

fn run(people: &str, deals: &str, touches: &str, args: &[&str]) -> Value {
    run_with(CONTRACT, people, deals, touches, args)
}

fn run_with(contract: &str, people: &str, deals: &str, touches: &str, args: &[&str]) -> Value {
    let (code, stdout, stderr) = try_run_with(contract, people, deals, touches, args);
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
    // From the day after the first record: not the form of that day.
    assert_eq!(figure(&report, "nurture", "marketing", "touches")[1..], ["1", "4"]);
    assert_eq!(figure(&report, "quoted", "sales_before_or_without_handoff", "touches")[1..], ["2", "4"]);
    // The two forms without a time could have come before the lead, and before the deal.
    assert_eq!(figure(&report, "touches", "lead", "marketing_share_by_start_of_day")[1..], ["0", "2"]);
    assert_eq!(figure(&report, "touches", "mql", "marketing_share_by_start_of_day")[1..], ["2", "3"]);
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
        ["n", "sales_first", "one_team_or_none", "no_time_to_divide", "order_unknown"]
            .map(|f| value(&report, "pre_sales", "won", f))
    };
    assert_eq!(counts("a,,2026-01-06,form\na,,2026-01-06T12:00:00Z,call\n"), ["0", "0", "0", "0", "1"]);
    assert_eq!(counts("a,,2026-01-06T11:00:00Z,form\na,,2026-01-06T12:00:00Z,call\n"), ["1", "0", "0", "0", "0"]);
    assert_eq!(counts("a,,2026-01-06T13:00:00Z,form\na,,2026-01-06T12:00:00Z,call\n"), ["0", "1", "0", "0", "0"]);
    // An earlier touch without a time may have been before both.
    let three = "a,,2026-01-06,form\na,,2026-01-06T13:00:00Z,form\na,,2026-01-06T12:00:00Z,call\n";
    assert_eq!(counts(three), ["0", "0", "0", "0", "1"]);
    assert_eq!(counts("a,,2026-01-06,form\na,,2026-02-02,call\n"), ["0", "0", "1", "0", "0"]);
    assert_eq!(counts("a,,2026-02-01,form\na,,2026-02-01,call\n"), ["0", "0", "0", "1", "0"]);
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

/// What nobody can see of a deal is not that nobody did it.
#[test]
fn a_deal_without_people_of_its_own_is_of_no_team() {
    let deals =
        format!("{WON}D2,a,2026-03-01T10:00:00Z,2026-04-01,1,1,500\nD3,,2026-03-01T10:00:00Z,2026-04-01,1,0,500\n");
    let touches = "a,,2026-01-06,form\na,,2026-01-12,call\na,D2,2026-03-02,call\n,D3,2026-03-02,call\n";
    let report = run(ANN, &deals, touches, &[]);
    for (item, n) in [("sales_only", "0"), ("both", "1"), ("no_person", "2")] {
        assert_eq!(value(&report, "teams", item, "processes"), n, "{item}");
    }
    assert_eq!(["no_person", "median"].map(|f| value(&report, "hand_offs", "won", f)), ["1", "1"]);
    assert_eq!(value(&report, "pre_sales", "won", "one_team_or_none"), "0");
    assert_eq!(figure(&report, "quoted", "marketing_after_deal", "processes"), ["0", "0", "1"]);
    assert_eq!(["processes", "no_person"].map(|f| value(&report, "reached", "opportunity", f)), ["1", "2"]);
    let text = report["notes"].to_string();
    assert!(text.contains("2 deals have no person of their own: nobody is linked to 1, and the people of 1"), "{text}");
    let (code, story, stderr) = try_run(ANN, &deals, touches, &["--buyer", "D2", "-f", "md"]);
    assert_eq!(code, 0, "{stderr}");
    assert!(story.contains("1 about the deal itself, 1 of them by sales; 0 after it"), "{story}");
    assert!(story.contains("[counted with deal D1]"), "{story}");
}

/// A stage that only the close shows was never where the deal stood.
#[test]
fn a_stage_that_was_skipped_at_the_close_is_not_one_it_was_in() {
    let contract = CONTRACT.replace(
        "[[stage]]\nid = \"won\"",
        "[[stage]]\nid = \"proposal\"\nowner = \"sales\"\nreached = [ { touch = [\"quote\"] } ]\n[[stage]]\nid = \"won\"",
    );
    let deals = format!("{WON}D2,b,2026-01-20T10:00:00Z,2026-02-01,1,1,1000\n");
    let people = format!("{ANN}b,b@two.example,2026-01-06,\n");
    let report = run_with(&contract, &people, &deals, "a,,2026-01-25T10:00:00Z,quote\n", &[]);
    assert_eq!(value(&report, "reached", "proposal", "processes"), "1");
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

#[test]
fn people_see_missing_where_machines_do() {
    let markdown = |people: &str, deals: &str, touches: &str| {
        let (code, stdout, stderr) = try_run(people, deals, touches, &["-f", "md"]);
        assert_eq!(code, 0, "{stderr}");
        stdout
    };
    // Without touches: only who brought the buyers.
    let text = markdown(ANN, WON, "");
    let of_teams = text.lines().find(|line| line.starts_with("| Neither")).unwrap();
    assert!(!of_teams.contains(|c: char| c.is_ascii_digit()), "{of_teams}");
    assert!(text.contains("Nothing is known of touches") && !text.contains("| Lead | 0"), "{text}");
    assert_eq!(text.contains('†'), text.contains("marked †"), "{text}");
    let (_, story, _) = try_run(ANN, WON, "", &["--buyer", "a", "-f", "md"]);
    assert!(!story.contains("0 by marketing"), "{story}");
    // Without deals: nothing of what came after one.
    let text = markdown(ANN, "", STORY);
    let after = text.lines().find(|line| line.contains("after the deal was created")).unwrap();
    assert!(!after.contains(|c: char| c.is_ascii_digit()), "{after}");
    assert!(text.contains("Nothing is known of deals"), "{text}");
    assert_eq!(text.contains('†'), text.contains("marked †"), "{text}");
    assert!(!text.contains("| Opportunity | 0"), "{text}");
    let report = run(ANN, "", STORY, &[]);
    for (section, item, name) in [
        ("reached", "opportunity", "processes"),
        ("quoted", "marketing_after_deal", "touches"),
        ("nurture", "marketing", "touches"),
        ("hand_offs", "won", "won_deals"),
        ("touches", "after_close", "marketing"),
    ] {
        assert_eq!(value(&report, section, item, name), "null", "{section} {item}");
    }
}

#[test]
fn a_hand_off_that_nobody_sees_is_not_one_that_nobody_agreed() {
    let contract = format!("{CONTRACT}[handoff]\nfrom = \"mql\"\nwithin = \"24h\"\n");
    let note = |contract: &str, people: &str| {
        let report = run_with(contract, people, WON, STORY, &[]);
        report["notes"].to_string()
    };
    let nobody = ANN.replace("2026-01-10T10:00:00Z", "");
    let text = note(&contract, &nobody);
    assert!(text.contains("Leads are handed over at") && text.contains("which no export shows"), "{text}");
    assert!(!text.contains("No stage hands leads over"), "{text}");
    // Known by today's status alone: nobody says when.
    let contract = contract
        .replace("mql_at = \"mql\"", "status = \"mql\"")
        .replace("reached = [ { people = \"mql_at\" } ]", "reached = [ { status = [\"MQL\"] } ]");
    let two = format!("{}b,b@two.example,2026-01-06,MQL\n", ANN.replace("2026-01-10T10:00:00Z", "MQL"));
    let text = note(&contract, &two);
    assert!(text.contains("No export says when these stages were reached"), "{text}");
    assert!(text.contains("and no export says when that was"), "{text}");
    let report = run_with(&contract, &ANN.replace("2026-01-10T10:00:00Z", "MQL"), "", STORY, &[]);
    assert_eq!(value(&report, "touches", "mql", "sales"), "null");
    assert_eq!(value(&report, "reached", "mql", "processes"), "null");
}

#[test]
fn paths_can_be_sorted_and_a_hint_says_where_the_won_deals_are() {
    let people = format!("{ANN}b,b@two.example,2026-01-06,\nc,c@three.example,2026-01-07,\n");
    let report = |args: &[&str]| run(&people, WON, STORY, &[&["--variants=1"], args].concat());
    let first = |report: &Value| rows(report, "journey_variants_tidy")[0]["won"].to_string();
    let count = report(&[]);
    assert_eq!(first(&count), "0");
    let notes = count["notes"].to_string();
    assert!(notes.contains("The paths shown hold 0 of 1 won deals"), "{notes}");
    assert!(notes.contains("try --steps stages or --depth 2 or --sort won"), "{notes}");
    assert!(notes.contains("2 buyers have no deal yet"), "{notes}");
    for sort in ["won", "value"] {
        let sorted = report(&["--sort", sort]);
        assert_eq!(first(&sorted), "1");
        assert!(!sorted["notes"].to_string().contains("The paths shown hold"));
    }
    // What is open on other days is not counted here.
    let deals = format!("{WON}D2,b,2026-03-01T10:00:00Z,2026-09-01,0,0,500\n");
    let open = |args: &[&str]| run(&people, &deals, STORY, args)["notes"].to_string();
    assert!(open(&["--variants"]).contains("1 deal of these buyers is still open, and 1 buyer has no deal yet"));
    let later = open(&["--variants", "--from", "2026-01-07"]);
    assert!(later.contains("0 deals of these buyers are still open, and 1 buyer has no deal yet"), "{later}");
}

/// The id of a record that was merged away leads to the record that it became; and a change of owner is told once.
#[test]
fn a_merged_record_of_the_example_has_the_story_of_the_one_it_became() {
    let report = |id: &str| -> Value {
        serde_json::from_str(&stdout(&["journey", "examples/acme", "--buyer", id, "-f", "json"])).unwrap()
    };
    let (merged, master) = (report("00QHs000000000lMAA"), report("00QHs000000000kMAA"));
    assert_eq!(rows(&merged, "journey_buyer_tidy"), rows(&master, "journey_buyer_tidy"));
    let story = report("006Hs000000000XIAQ");
    let owners: Vec<&Value> = rows(&story, "journey_buyer_tidy").iter().filter(|r| r["event"] == "owner").collect();
    assert_eq!(owners.len(), 1, "{owners:?}");
    assert_eq!(owners[0]["what"], "Owner: West Inbound Queue → Tariq Price");
}

#[test]
fn stages_of_one_moment_stand_in_their_order() {
    let one = ANN.replace("2026-01-10T10:00:00Z", "2026-01-05T10:00:00Z");
    let deal = WON.replace("2026-01-20", "2026-01-05");
    let report = run(&one, &deal, "", &["--buyer", "a"]);
    let stages: Vec<&str> = rows(&report, "journey_buyer_tidy")
        .iter()
        .filter_map(|r| r["stage"].as_str().filter(|stage| !stage.is_empty()))
        .collect();
    assert_eq!(stages, ["lead", "mql", "opportunity", "won"]);
}

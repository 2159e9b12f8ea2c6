//! `handoff` of small companies, written here, whose right figures can be seen at a glance.

use serde_json::Value;

use crate::common::command;

const PEOPLE: &str = "id,made,mql,sql,status,reason,owner,src\n";
const TOUCHES: &str = "person,at,kind,team\n";
const CONTRACT: &str = r#"
timezone = "America/New_York"
as_of = "2026-06-30"
mature_after = "30d"
[[source]]
path = "people.csv"
table = "people"
columns = { person_id = "id", created_at = "made", mql_at = "mql", sql_at = "sql", status = "status", rejected_reason = "reason", owner = "owner", lead_source = "src" }
[[source]]
path = "touches.csv"
table = "touches"
columns = { person_id = "person", at = "at", kind = "kind", team = "team" }
"#;

/// A touch of sales with somebody else: so there are some.
const SOMEBODY: &str = "z,2026-05-01T12:00:00Z,call,sales\n";

fn print(agreement: &str, people: &str, touches: &str, args: &[&str]) -> String {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: String| std::fs::write(folder.path().join(name), text).unwrap();
    write("onefunnel.toml", format!("{CONTRACT}\n{agreement}"));
    write("people.csv", format!("{PEOPLE}{people}"));
    write("touches.csv", format!("{TOUCHES}{touches}"));
    let args = [&["handoff", folder.path().to_str().unwrap()], args].concat();
    let output = command(&args).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

fn run(agreement: &str, people: &str, touches: &str, args: &[&str]) -> Value {
    serde_json::from_str(&print(agreement, people, touches, &[&["-f", "json"], args].concat())).unwrap()
}

fn rows<'r>(report: &'r Value, table: &str) -> &'r Vec<Value> {
    let of = |t: &&Value| t["id"] == table;
    report["tables"].as_array().unwrap().iter().find(of).unwrap()["rows"].as_array().unwrap()
}

fn total(report: &Value) -> &Value {
    rows(report, "handoff_tidy").iter().find(|r| r["dimension"] == "all" && r["period"] == "total").unwrap()
}

/// Some columns of the total, as text.
fn cells<const N: usize>(report: &Value, columns: [&str; N]) -> [String; N] {
    columns.map(|c| total(report)[c].to_string())
}

const KEPT: [&str; 4] = ["within", "late_or_never", "undecided", "window_open"];
const FATES: [&str; 6] = ["accepted", "rejected", "recycled", "in_work", "waiting", "leaked"];

#[test]
fn a_week_end_a_holiday_and_the_last_second() {
    let agreement = "[handoff]\nwithin = \"1d\"\nbusiness_hours = \"Mon-Fri 09:00-17:00\"\nholidays = [\"2026-05-25\"]";
    // Friday at four: one hour of that day, Monday is a holiday, seven hours of Tuesday.
    let people = "a,2026-05-01,2026-05-22T16:00:00-04:00,,,,,\nb,2026-05-01,2026-05-22T16:00:00-04:00,,,,,\n";
    let touches = "a,2026-05-26T16:00:00-04:00,call,sales\nb,2026-05-26T16:00:01-04:00,call,sales\n";
    let report = run(agreement, people, touches, &[]);
    assert_eq!(cells(&report, KEPT), ["1", "1", "0", "0"]);
    assert_eq!(cells(&report, ["median_hours", "p90_hours", "median_days"]), ["8", "8.000277777777777", "4"]);
    // Whoever qualifies on a Saturday has all of Monday, and a touch on Sunday took no working time.
    let people = "a,2026-05-01,2026-06-13T12:00:00-04:00,,,,,\nb,2026-05-01,2026-06-13T12:00:00-04:00,,,,,\n";
    let touches = "a,2026-06-14T16:00:00-04:00,call,sales\nb,2026-06-15T17:30:00-04:00,call,sales\n";
    let report = run(agreement, people, touches, &[]);
    assert_eq!(cells(&report, KEPT), ["2", "0", "0", "0"]);
    assert_eq!(cells(&report, ["median_hours", "p90_hours"]), ["0", "8"]);
}

#[test]
fn the_agreement_has_a_zone_of_its_own() {
    // 15:00 to 18:00 in New York is 21:00 to 24:00 in Berlin.
    let people = "a,2026-05-01,2026-06-16T15:00:00-04:00,,,,,\n";
    let touches = "a,2026-06-16T18:00:00-04:00,call,sales\n";
    let hours = |zone: &str| {
        let agreement = format!("[handoff]\nwithin = \"2h\"\nbusiness_hours = \"Mon-Fri 09:00-17:00\"\n{zone}");
        cells(&run(&agreement, people, touches, &[]), ["median_hours", "within"])
    };
    assert_eq!(hours(""), ["2", "1"]);
    assert_eq!(hours("timezone = \"Europe/Berlin\""), ["0", "1"]);
    assert_eq!(hours("timezone = \"America/Los_Angeles\""), ["3", "0"]);
}

#[test]
fn a_day_of_23_hours_has_23() {
    // The clocks went forward in the night to 2026-03-08.
    let people = "a,2026-03-01,2026-03-07T12:00:00-05:00,,,,,\nb,2026-03-01,2026-03-07T12:00:00-05:00,,,,,\n";
    let touches = "a,2026-03-08T13:00:00-04:00,call,sales\nb,2026-03-08T13:00:01-04:00,call,sales\n";
    let report = run("[handoff]\nwithin = \"24h\"", people, touches, &[]);
    assert_eq!(cells(&report, KEPT), ["1", "1", "0", "0"]);
    let report = run("[handoff]\nwithin = \"1d\"\nbusiness_hours = \"Mon-Sun 00:00-24:00\"", people, touches, &[]);
    assert_eq!(cells(&report, KEPT), ["1", "1", "0", "0"]);
}

#[test]
fn machines_and_marketing_and_what_came_before_are_no_touch() {
    let people = "a,2026-05-01,2026-05-04T12:00:00Z,,,,,\n";
    let no = [
        "a,2026-05-04T11:59:59Z,call,sales\n",
        "a,2026-05-05T12:00:00Z,Marketing Email,sales\n",
        "a,2026-05-05T12:00:00Z,call,marketing\n",
        "a,2026-07-01T12:00:00Z,call,sales\n",
    ];
    for (touch, before) in no.iter().zip(["1", "0", "0", "0"]) {
        let report = run("", people, &format!("{touch}{SOMEBODY}"), &[]);
        assert_eq!(cells(&report, ["touched", "touched_before", "leaked"]), ["0", before, "1"], "{touch}");
        assert_eq!(cells(&report, ["median_hours"]), ["null"]);
    }
    let yes = run("", people, "a,2026-05-04T12:00:00Z,email,sales\n", &[]);
    assert_eq!(cells(&yes, ["touched", "in_work", "median_hours"]), ["1", "1", "0"]);
    let either = run("[handoff]\nwithin = \"30m\"\nfirst_touch_by = \"both\"", people, no[2], &[]);
    assert_eq!(cells(&either, ["touched", "within", "late_or_never"]), ["1", "0", "1"]);
    let own = run("[handoff]\nwithin = \"2d\"\nautomated = [\"call\"]", people, no[1], &[]);
    assert_eq!(cells(&own, ["touched", "within"]), ["1", "1"]);
}

#[test]
fn what_is_still_possible_is_neither_kept_nor_broken() {
    // as-of ends at midnight in New York, 24 hours after the first and one second more after the second.
    let people = "a,2026-06-01,2026-06-30T00:00:00-04:00,,,,,\nb,2026-06-01,2026-06-29T23:59:59-04:00,,,,,\n";
    let report = run("", people, SOMEBODY, &[]);
    assert_eq!(
        (cells(&report, KEPT), cells(&report, FATES)[4..].join(" ")),
        (["0", "1", "0", "1"].map(String::from), "1 1".into())
    );
    assert_eq!(
        rows(&report, "handoff_leaked").iter().map(|r| r["person_id"].to_string()).collect::<Vec<_>>(),
        ["\"b\""]
    );
    // Over a week-end the clock of the agreement stands still: on Sunday nothing of Friday evening is late yet.
    let agreement = "[handoff]\nwithin = \"1h\"\nbusiness_hours = \"Mon-Fri 09:00-17:00\"";
    let people = "a,2026-06-01,2026-06-26T16:00:00-04:00,,,,,\nb,2026-06-01,2026-06-26T15:59:59-04:00,,,,,\n";
    let report = run(agreement, people, SOMEBODY, &["--as-of", "2026-06-28"]);
    assert_eq!(cells(&report, ["waiting", "leaked"]), ["1", "1"]);
}

/// Where no export has a touch that could count, nobody knows who was left alone: that is missing, and not everybody.
#[test]
fn without_touches_nothing_is_late_or_leaked() {
    let people = "a,2026-05-01,2026-05-04T12:00:00Z,,,,,\nb,2026-05-01,2026-05-04T12:00:00Z,,Unqualified,,,\n";
    for touches in ["", "a,2026-05-05T12:00:00Z,call,marketing\n", "a,2026-05-05T12:00:00Z,Marketing Email,sales\n"] {
        let report = run("", people, touches, &[]);
        for column in
            ["touched", "within", "late_or_never", "window_open", "in_work", "waiting", "leaked", "share_leaked"]
        {
            assert_eq!(cells(&report, [column]), ["null"], "{column} {touches}");
        }
        assert_eq!(cells(&report, ["qualified", "rejected", "money_at_stake"]), ["2", "1", "null"]);
        assert!(rows(&report, "handoff_leaked").is_empty());
        assert!(report["notes"].to_string().contains("1 of 2 have no decision"), "{}", report["notes"]);
    }
}

/// Five are left at the time by which a share was touched, or nobody was lost from sight before: else nobody knows.
#[test]
fn a_median_does_not_hang_on_a_few() {
    let lead = |id: usize, at: &str| format!("{id},2026-05-01,{at},,,,,\n");
    let mut people: String = (0..4).map(|id| lead(id, "2026-06-30T20:00:00Z")).collect();
    people += &lead(4, "2026-06-01T12:00:00Z");
    let touch = "4,2026-06-02T12:00:00Z,call,sales\n";
    assert_eq!(cells(&run("", &people, touch, &[]), ["touched", "median_hours"]), ["1", "null"]);
    assert_eq!(cells(&run("", &lead(4, "2026-06-01T12:00:00Z"), touch, &[]), ["touched", "median_hours"]), ["1", "24"]);
}

#[test]
fn of_a_plain_day_only_what_is_certain_counts() {
    let people = "a,2026-05-01,2026-05-20,,,,,\n";
    let kept = |within: &str, touch: &str| {
        let touches = format!("a,{touch},call,sales\n");
        let report = run(&format!("[handoff]\nwithin = \"{within}\""), people, &touches, &[]);
        assert_eq!(cells(&report, ["days_only", "hours_n", "median_hours", "touched"]), ["1", "0", "null", "1"]);
        cells(&report, KEPT)[..3].join(" ")
    };
    // Ten in the morning of the next day: at least 10 hours later, at most 34.
    assert_eq!(kept("34h", "2026-05-21T10:00:00-04:00"), "1 0 0");
    assert_eq!(kept("33h", "2026-05-21T10:00:00-04:00"), "0 0 1");
    assert_eq!(kept("10h", "2026-05-21T10:00:00-04:00"), "0 0 1");
    assert_eq!(kept("9h", "2026-05-21T10:00:00-04:00"), "0 1 0");
    // Two plain days: of one and the same it may be at once, or nearly 24 hours.
    assert_eq!(kept("24h", "2026-05-20"), "1 0 0");
    assert_eq!(kept("23h", "2026-05-20"), "0 0 1");
    assert_eq!(kept("24h", "2026-05-21"), "0 0 1");
    assert_eq!(kept("24h", "2026-05-23"), "0 1 0");
}

#[test]
fn every_lead_has_one_fate() {
    let at = "2026-05-04T12:00:00Z";
    let people = [
        format!("a,2026-05-01,{at},2026-05-10,Open,,,"),
        // Turned down: by the status now, or by a reason alone; accepted first, and turned down later.
        format!("b,2026-05-01,{at},,Unqualified,Budget,,"),
        format!("c,2026-05-01,{at},,Open,No reply,,"),
        format!("d,2026-05-01,{at},2026-05-10,Disqualified,,,"),
        format!("e,2026-05-01,{at},,Nurture,,,"),
        format!("f,2026-05-01,{at},,Open,,,"),
        format!("g,2026-05-01,{at},,Open,,,"),
        // Passed the stage without a record of it, or never came to it.
        "h,2026-05-01,,2026-05-10,Open,,,".into(),
        "i,2026-05-01,,,Open,,,".into(),
    ];
    let report = run("", &(people.join("\n") + "\n"), "f,2026-05-05T12:00:00Z,call,sales\n", &[]);
    assert_eq!(cells(&report, FATES), ["2", "2", "1", "1", "0", "1"]);
    assert_eq!(cells(&report, ["qualified", "rejected_ever", "decided_untouched"]), ["7", "3", "5"]);
    let notes = report["notes"].to_string();
    for note in ["Left out: 1 that passed", "2 of 3 that were turned down have a reason", "by the contract"] {
        assert_eq!(notes.contains(note), note != "by the contract", "{note}: {notes}");
    }
}

#[test]
fn what_leaks_is_worth_what_others_brought_in() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
    // Four are 30 days old by as-of, and one of them brought in 1,000; the fifth is too young to say, and leaks too.
    let people = "id,made,mql\na,2026-01-01,2026-02-01T12:00:00Z\nb,2026-01-01,2026-02-02T12:00:00Z\n\
        c,2026-01-01,2026-02-03T12:00:00Z\nd,2026-01-01,2026-05-31T12:00:00Z\ne,2026-01-01,2026-06-01T12:00:00Z\n";
    write("people.csv", people);
    write(
        "deals.csv",
        "id,person,made,closed,won,amount\nx,a,2026-03-01,2026-04-01,yes,1000\ny,e,2026-06-10,2026-06-20,yes,9000\n",
    );
    write(
        "onefunnel.toml",
        "as_of = \"2026-06-30\"\nmature_after = \"30d\"\n[[source]]\npath = \"people.csv\"\ntable = \"people\"\n\
         columns = { person_id = \"id\", created_at = \"made\", mql_at = \"mql\" }\n[[source]]\npath = \"deals.csv\"\n\
         table = \"deals\"\ncolumns = { deal_id = \"id\", person_id = \"person\", created_at = \"made\", closed_at = \"closed\", is_won = \"won\", amount = \"amount\" }\n\
         [[source]]\npath = \"touches.csv\"\ntable = \"touches\"\ncolumns = { person_id = \"person\", at = \"at\", kind = \"kind\", team = \"team\" }\n",
    );
    write("touches.csv", &format!("{TOUCHES}{SOMEBODY}"));
    let report = || -> Value {
        let output = command(&["handoff", folder.path().to_str().unwrap(), "-f", "json"]).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        serde_json::from_slice(&output.stdout).unwrap()
    };
    let columns = ["leaked", "revenue_per_lead", "revenue_per_lead_n", "money_at_stake"];
    assert_eq!(cells(&report(), columns), ["3", "250", "4", "750"]);
    // Won without an amount: what a lead brings in is not known, and not 0.
    write("deals.csv", "id,person,made,closed,won,amount\nx,a,2026-03-01,2026-04-01,yes,\n");
    assert_eq!(cells(&report(), columns), ["3", "null", "4", "null"]);
}

#[test]
fn a_target_that_changes_within_a_month_counts_by_days() {
    let days = [("2026-03-02", 3), ("2026-03-31", 1), ("2026-04-10", 2), ("2026-04-30", 6)];
    let mut people = String::new();
    for (day, n) in days {
        for i in 0..n {
            people += &format!("{day}-{i},2026-03-01,{day}T15:00:00Z,,,,,\n");
        }
    }
    let targets = "[[target]]\nstage = \"mql\"\nper = \"month\"\nvolume = 31\nfrom = \"2026-03-01\"\n\
        [[target]]\nstage = \"mql\"\nper = \"month\"\nvolume = 60\nfrom = \"2026-04-16\"\n";
    let report = run(targets, &people, "", &["--as-of", "2026-05-10", "--from", "2026-02-01"]);
    let lines: Vec<[String; 9]> = rows(&report, "handoff_delivered")
        .iter()
        .map(|r| {
            let columns = [
                "period",
                "partial",
                "needed",
                "delivered",
                "cumulative_delivered",
                "weeks",
                "last_week",
                "weekly_variation",
                "cumulative_needed",
            ];
            columns.map(|c| r[c].to_string())
        })
        .collect();
    let line = |cells: [&str; 9]| cells.map(String::from);
    assert_eq!(lines[0], line(["\"2026-02\"", "false", "null", "0", "null", "null", "0", "null", "null"]));
    // Weeks of March from the 4th on: 0, 0, 0 and 1, whose standard deviation is twice their mean.
    assert_eq!(lines[1], line(["\"2026-03\"", "false", "31", "4", "4", "4", "1", "2", "31"]));
    // Half of April at 31, half at 60.
    assert_eq!(lines[2][..7], line(["\"2026-04\"", "false", "45.5", "8", "12", "4", "6", "", ""])[..7]);
    // Ten of 31 days of May at 60.
    assert_eq!(lines[3][1], "true");
    assert!((lines[3][2].parse::<f64>().unwrap() - 600.0 / 31.0).abs() < 1e-9);
    assert_eq!((lines[3][5].as_str(), lines[4][0].as_str(), lines[4][3].as_str()), ("null", "\"total\"", "12"));
}

#[test]
fn nobody_qualified_is_no_error() {
    for people in ["", "a,2026-05-01,,,,,,\n", "a,2026-05-01,2026-05-04T12:00:00Z,,,,,\n"] {
        let report = run("", people, "", &[]);
        assert_eq!(total(&report)["qualified"].to_string(), people.matches("05-04").count().to_string());
        for format in ["table", "md", "csv", "tsv", "jsonl"] {
            let text = print("", people, "", &["-f", format]);
            assert!(text.contains("ualified") && !text.contains("NaN") && !text.contains("inf\n"), "{text}");
        }
    }
}

#[test]
fn a_queue_is_who_had_the_lead_before_a_rep() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
    write(
        "Lead.csv",
        "Id,IsConverted,Status,CreatedDate,OwnerId\n00Q000000000001,false,MQL,2026-01-01T09:00:00Z,005000000000001\n\
         00Q000000000002,false,MQL,2026-01-01T09:00:00Z,00G000000000001\n00Q000000000003,false,MQL,2026-01-01T09:00:00Z,005000000000001\n",
    );
    let status = |n: u8| format!("{n},00Q00000000000{n},2026-02-02T15:00:00Z,Status,Open,MQL\n");
    let owners = "4,00Q000000000001,2026-02-02T16:00:00Z,Owner,00G000000000001,005000000000001\n\
        5,00Q000000000001,2026-02-02T16:00:00Z,Owner,East Queue,Ann Bell\n\
        6,00Q000000000003,2026-01-20T16:00:00Z,Owner,00G000000000001,005000000000001\n\
        7,00Q000000000003,2026-01-20T16:00:00Z,Owner,East Queue,Ann Bell\n";
    let history =
        format!("Id,LeadId,CreatedDate,Field,OldValue,NewValue\n{}{}{}{owners}", status(1), status(2), status(3));
    write("LeadHistory.csv", &history);
    write("User.csv", "Id,FirstName,LastName,IsActive,Department,Username\n005000000000001,Ann,Bell,1,Sales,ann\n");
    let output =
        command(&["handoff", folder.path().to_str().unwrap(), "-f", "json", "--as-of", "2026-03-31"]).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    let of = |dimension: &str| -> Vec<String> {
        let rows = rows(&report, "handoff_tidy").iter().filter(|r| r["dimension"] == dimension);
        rows.map(|r| format!("{} {}", r["value"].as_str().unwrap(), r["qualified"])).collect()
    };
    // The first was in it when it qualified, the second still is; the third had left it before.
    assert_eq!(of("queue"), [" 1", "East Queue 2"]);
    assert_eq!(of("rep"), ["Ann Bell 2", "East Queue 1"]);
}

/// A target is that of everybody: some of them have none. What is left out is of the days and processes shown.
#[test]
fn a_condition_has_no_target_and_counts_its_own() {
    let people = "a,2026-05-01,2026-05-04T12:00:00Z,,,,,Web\nb,2026-05-01,2026-05-04T12:00:00Z,,,,,Fair\n\
        c,2026-05-01,,2026-05-10,,,,Web\nd,2026-05-01,,2026-06-10,,,,Fair\n";
    let target = "[[target]]\nstage = \"mql\"\nper = \"month\"\nvolume = 10\n";
    let line = |args: &[&str]| {
        let report = run(target, people, SOMEBODY, &[&["--from", "2026-05-01"], args].concat());
        let may = rows(&report, "handoff_delivered").iter().find(|r| r["period"] == "2026-05").unwrap().clone();
        let notes = report["notes"].to_string();
        let left = notes.split("Left out: ").nth(1).map(|rest| rest.chars().take_while(char::is_ascii_digit).collect());
        ([may["needed"].to_string(), may["delivered"].to_string()], left.unwrap_or(String::from("none")))
    };
    assert_eq!(line(&[]), (["10".into(), "2".into()], "2".into()));
    assert_eq!(line(&["--where", "lead_source = 'Web'"]), (["null".into(), "1".into()], "1".into()));
    assert_eq!(line(&["--to", "2026-05-31"]), (["10".into(), "2".into()], "1".into()));
}

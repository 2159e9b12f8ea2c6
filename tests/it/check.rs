//! `check`: every kind of gate on figures that can be seen at a glance, the same gates computed again from the scorecard,
//! exit codes, and what schedulers read.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::behaviour::{ACME, folder, run_in};
use crate::common::{root, stdout};

type Row = BTreeMap<String, String>;

/// Won per quarter: 2025-Q1 2, Q2 2, Q3 4, Q4 4, 2026-Q1 3, Q2 6; each is worth 100.
fn deals() -> String {
    let mut text = String::from("id,opened,closed,won,worth\n");
    let quarters = [("2025-01", 2), ("2025-05", 2), ("2025-08", 4), ("2025-11", 4), ("2026-02", 3), ("2026-05", 6)];
    for (month, n) in quarters {
        for i in 1..=n {
            text += &format!("{month}-{i},{month}-0{i},{month}-1{i},yes,100\n");
        }
    }
    text + "open,2026-06-20,,no,50\n"
}

const CONTRACT: &str = r#"currency = "USD"
as_of = "2026-06-30"
mature_after = "90d"
[[source]]
path = "deals.csv"
table = "deals"
columns = { deal_id = "id", created_at = "opened", closed_at = "closed", is_won = "won", amount = "worth" }
[[stage]]
id = "opportunity"
owner = "sales"
reached = [ { deal = "created_at" } ]
[[stage]]
id = "won"
owner = "both"
reached = [ { deal = "closed_at", when = "is_won" } ]
[measure.opps]
table = "journeys"
at = "opportunity_on"
value = "COUNT(*)"
unit = "count"
[metric.new_opps]
formula = "opps"
unit = "count"
definition = "Who became an opportunity"
[[target]]
stage = "opportunity"
per = "month"
volume = 2
[[target]]
stage = "opportunity"
per = "month"
volume = 3
from = "2026-06-01"
"#;

fn company(checks: &str) -> tempfile::TempDir {
    folder(&[("deals.csv", &deals()), ("onefunnel.toml", &format!("{CONTRACT}{checks}"))])
}

/// The rows of `check -f csv`, the exit code and what stderr says.
fn check(checks: &str) -> (Vec<Row>, i32, String) {
    let dir = company(checks);
    let out = run_in(dir.path(), &["check", "-f", "csv", "-q"]);
    let rows = csv::Reader::from_reader(out.stdout.as_slice()).deserialize().map(Result::unwrap).collect();
    (rows, out.status.code().unwrap(), String::from_utf8(out.stderr).unwrap())
}

#[test]
fn every_gate_says_both_numbers() {
    for (gate, result, why) in [
        ("metric = \"deals_won\"\nat_least = 6", "passed", "2026-Q2: 6 (n 6) is at least 6"),
        ("metric = \"deals_won\"\nat_least = 7", "failed", "2026-Q2: 6 (n 6) is below 7"),
        ("metric = \"deals_won\"\nat_most = 5", "failed", "2026-Q2: 6 (n 6) is above 5"),
        (
            "metric = \"won_revenue\"\nat_least = 600\nat_most = 600",
            "passed",
            "2026-Q2: 600.00 (n 6) is at least 600.00; 600.00 (n 6) is at most 600.00",
        ),
        ("metric = \"won_revenue\"\nat_most = 599.999", "failed", "2026-Q2: 600 (n 6) is above 599.999"),
        ("metric = \"deals_won\"\nminimum_n = 7", "failed", "2026-Q2: 6 rows, and at least 7 are asked for"),
        ("metric = \"deals_won\"\nminimum_n = 6", "passed", "2026-Q2: 6 rows, and at least 6 are asked for"),
        (
            "metric = \"deals_won\"\nchange_at_least = 1",
            "passed",
            "2026-Q2: 6 (n 6) against 3 in 2026-Q1 is a relative change of +100.0%: at least +100.0%",
        ),
        (
            "metric = \"deals_won\"\nchange_at_most = 0.5",
            "failed",
            "2026-Q2: 6 (n 6) against 3 in 2026-Q1 is a relative change of +100.0%: more than +50.0%",
        ),
        // The periods before: 2, 2, 4, 4, 3: mean 3, deviation 1.
        (
            "metric = \"deals_won\"\nwithin_band = 3",
            "passed",
            "2026-Q2: 6 (n 6) lies within 0 to 6, 3 sd around 3, the mean of 5 periods before",
        ),
        (
            "metric = \"deals_won\"\nwithin_band = 2.9",
            "failed",
            "2026-Q2: 6 (n 6) lies above 0.1 to 5.9, 2.9 sd around 3, the mean of 5 periods before",
        ),
        // 2 a month in April and May, 3 in June: 7; seven began, one of them open.
        (
            "metric = \"new_opps\"\nof_target = 1",
            "passed",
            "2026-Q2: 7 (n 7) is 100.0% of the target, 7: at least 100.0%",
        ),
        (
            "metric = \"new_opps\"\nof_target = 1.1",
            "failed",
            "2026-Q2: 7 (n 7) is 100.0% of the target, 7: less than 110.0%",
        ),
        (
            "metric = \"new_opps\"\nof_target = 0.5\nperiod = \"month\"",
            "failed",
            "2026-06: 1 (n 1) is 33.3% of the target, 3: less than 50.0%",
        ),
        (
            "fresh = \"deals\"\nwithin_days = 10",
            "passed",
            "the newest record of deals is of 2026-06-20, 10 days before 2026-06-30: at most 10 days",
        ),
        (
            "fresh = \"deals\"\nwithin_days = 9",
            "failed",
            "the newest record of deals is of 2026-06-20, 10 days before 2026-06-30: more than 9 days",
        ),
        // Who is in nobody's filter passes no gate, whichever way it is written.
        (
            "metric = \"deals_won\"\nwhere = \"amount > 1000\"\nat_most = 5",
            "failed",
            "no buying process is one where amount > 1000; asked: at most 5",
        ),
        (
            "metric = \"deals_won\"\nwhere = \"outcome = 'won' AND closed_on < DATE '2026-01-01'\"\nat_least = 1",
            "failed",
            "2026-Q2: 0 (n 0) is below 1",
        ),
        (
            "metric = \"win_rate_narrow\"\nat_least = 0.1",
            "failed",
            "2026-Q2 has no value: no deal in the exports is lost, so 100 % would say nothing; asked: at least 10.0%",
        ),
        (
            "metric = \"win_rate_narrow\"\nat_least = 0.1\nallow_missing = true",
            "missing",
            "2026-Q2 has no value: no deal in the exports is lost, so 100 % would say nothing; asked: at least 10.0%",
        ),
        ("metric = \"deals_won\"\nat_least = 7\nseverity = \"warn\"", "warned", "2026-Q2: 6 (n 6) is below 7"),
        (
            "fresh = \"people\"\nwithin_days = 9\nallow_missing = true",
            "missing",
            "no people source: add one; asked: newest record at most 9 days old",
        ),
        (
            "metric = \"deals_won\"\nperiod = \"fiscal-year\"\nwithin_band = 2",
            "failed",
            "0 of the 8 periods before FY2025 are known, and a band needs 4; asked: within 2 sd of the 8 periods before",
        ),
        (
            "metric = \"deals_won\"\nwithin_band = 1\nband_periods = 4",
            "failed",
            "2026-Q2: 6 (n 6) lies above 2.3 to 4.2, 1 sd around 3.3, the mean of 4 periods before",
        ),
        (
            "metric = \"inquiry_to_revenue_conversion\"\nchange_at_least = 0\nallow_missing = true",
            "passed",
            "2026-Q1: 100.0% (n 3) against 100.0% in 2025-Q4 is a relative change of 0.0%: at least 0.0%",
        ),
        (
            "metric = \"inquiry_to_revenue_conversion\"\nat_least = 0.9",
            "passed",
            "2026-Q1: 100.0% (n 3) is at least 90.0%",
        ),
        // Six of seven have become customers in 2026-Q2 so far, which is no verdict on it.
        ("metric = \"inquiry_to_revenue_conversion\"\nat_most = 0.9", "failed", "2026-Q1: 100.0% (n 3) is above 90.0%"),
    ] {
        let (rows, code, stderr) = check(&format!("[[check]]\n{gate}\n"));
        assert_eq!((rows.len(), rows[0]["result"].as_str(), rows[0]["why"].as_str()), (1, result, why), "{gate}");
        let failed = result == "failed";
        assert_eq!(code, if failed { 4 } else { 0 }, "{gate}");
        assert_eq!(stderr.is_empty(), !failed, "{gate}: {stderr}");
        assert!(!failed || stderr == format!("error: 1 of 1 check failed: {}\n", rows[0]["title"]), "{stderr}");
    }
}

#[test]
fn no_whole_period_is_nobodys_verdict() {
    let dir = company("[[check]]\nmetric = \"deals_won\"\nperiod = \"year\"\nat_least = 1\n");
    let out = run_in(dir.path(), &["check", "--as-of", "2025-06-30", "-f", "csv", "-q"]);
    let text = String::from_utf8(out.stdout).unwrap();
    assert_eq!(out.status.code(), Some(4));
    assert!(text.contains("no whole year is in the data yet; asked: at least 1"), "{text}");
}

#[test]
fn a_conversion_that_still_rises_has_no_verdict_before_a_period_is_mature() {
    let dir = company("[[check]]\nmetric = \"inquiry_to_revenue_conversion\"\nat_least = 0.5\n");
    let on = |day: &str| {
        let out = run_in(dir.path(), &["check", "--as-of", day, "-f", "csv", "-q"]);
        let rows = csv::Reader::from_reader(out.stdout.as_slice()).into_deserialize::<Row>();
        let rows: Vec<Row> = rows.map(Result::unwrap).collect();
        (rows[0]["why"].clone(), out.status.code())
    };
    let young = "no whole quarter is mature yet: 2025-Q1 is on 2025-06-29; asked: at least 50.0%";
    assert_eq!(on("2025-06-28"), (young.into(), Some(4)));
    assert_eq!(on("2025-06-29"), ("2025-Q1: 100.0% (n 2) is at least 50.0%".into(), Some(0)));
}

#[test]
fn a_target_of_a_metric_is_for_its_period() {
    let goal = |metric: &str, value: u32, period: &str| {
        format!("[[target]]\nmetric = \"{metric}\"\nvalue = {value}\nperiod = \"{period}\"\n")
    };
    let gate = |metric: &str, share: &str, period: &str| {
        format!("[[check]]\nmetric = \"{metric}\"\nof_target = {share}\nperiod = \"{period}\"\n")
    };
    let quarters: String = (1..=4).map(|q| goal("won_revenue", 250, &format!("2025-Q{q}"))).collect();
    let [one, two] = [1, 2].map(|q| goal("deals_won", 5, &format!("2026-0{}", q + 3)));
    for (text, result, why) in [
        (
            goal("won_revenue", 500, "2026-Q2") + &gate("won_revenue", "1.2", "quarter"),
            "passed",
            "2026-Q2: 600.00 (n 6) is 120.0% of the target, 500.00: at least 120.0%",
        ),
        (
            goal("won_revenue", 500, "2026-Q2") + &gate("won_revenue", "1.21", "quarter"),
            "failed",
            "2026-Q2: 600.00 (n 6) is 120.0% of the target, 500.00: less than 121.0%",
        ),
        // Four quarters are a year.
        (
            quarters.clone() + &gate("won_revenue", "1", "year"),
            "passed",
            "2025: 1,200 (n 12) is 120.0% of the target, 1,000: at least 100.0%",
        ),
        // A target of the year itself holds, whatever its quarters say.
        (
            quarters + &goal("won_revenue", 2400, "2025") + &gate("won_revenue", "1", "year"),
            "failed",
            "2025: 1,200 (n 12) is 50.0% of the target, 2,400: less than 100.0%",
        ),
        // The quarter that has a target is not over.
        (
            goal("won_revenue", 500, "2026-Q4")
                + &goal("won_revenue", 500, "2026-Q3")
                + &gate("won_revenue", "1", "quarter"),
            "missing",
            "the [[target]] is for 2026-Q3, which is not over; asked: at least 100.0% of the target",
        ),
        // Two of three months are not a quarter.
        (
            one + &two + &gate("deals_won", "1", "quarter"),
            "failed",
            "no [[target]] holds for all of 2026-Q2; asked: at least 100.0% of the target",
        ),
    ] {
        let (rows, code, _) = check(&text);
        assert_eq!((rows[0]["result"].as_str(), rows[0]["why"].as_str()), (result, why), "{text}");
        assert_eq!(code, if result == "failed" { 4 } else { 0 }, "{text}");
    }
}

#[test]
fn a_period_that_the_exports_do_not_know_has_no_verdict() {
    let dir = company("[[check]]\nmetric = \"deals_won\"\nat_least = 1\n");
    let on = |day: &str| {
        let out = run_in(dir.path(), &["check", "--as-of", day, "-f", "csv", "-q"]);
        let rows = csv::Reader::from_reader(out.stdout.as_slice()).into_deserialize::<Row>();
        let rows: Vec<Row> = rows.map(Result::unwrap).collect();
        (rows[0]["why"].clone(), out.status.code())
    };
    // Of 2026-Q3 nothing is known; Q4 2025 has begun and Q2 2026 is not over on the other days.
    assert_eq!(
        on("2026-10-02"),
        ("2026-Q3 is over, and the exports end on 2026-06-20; asked: at least 1".into(), Some(4))
    );
    assert_eq!(on("2026-07-02"), ("2026-Q2: 6 (n 6) is at least 1".into(), Some(0)));
    let out = run_in(dir.path(), &["check", "--as-of", "2026-10-02"]);
    let text = String::from_utf8(out.stdout).unwrap();
    assert!(text.contains("The newest record of deals is of 2026-06-20"), "{text}");
    // In the scorecard a quarter of which days are not known is a part, with what is known of it.
    let quarter = |day: &str, quarter: &str| {
        let args = ["scorecard", "--metric", "deals_won", "--as-of", day, "-f", "csv", "-q"];
        let out = run_in(dir.path(), &args);
        let mut rows = csv::Reader::from_reader(out.stdout.as_slice()).into_deserialize::<Row>().map(Result::unwrap);
        let row = rows.find(|row| row["period"] == quarter).unwrap();
        ["value", "status"].map(|column| row[column].clone())
    };
    assert_eq!(quarter("2026-10-02", "2026-Q1"), ["3", "ok"]);
    assert_eq!(quarter("2026-10-02", "2026-Q2"), ["6", "partial"]);
    assert_eq!(quarter("2026-10-02", "2026-Q3")[1], "partial");
    assert_eq!(quarter("2026-06-30", "2026-Q2"), ["6", "ok"]);
}

#[test]
fn one_stale_system_does_not_hide_behind_another() {
    let contract = "currency = \"USD\"\nas_of = \"2026-06-30\"\n\
        [[source]]\npath = \"old.csv\"\ntable = \"people\"\n\
        columns = { person_id = \"id\", created_at = \"on\" }\n\
        [[source]]\npath = \"new.csv\"\ntable = \"people\"\n\
        columns = { person_id = \"id\", created_at = \"on\" }\n\
        [[check]]\nfresh = \"people\"\nwithin_days = 3\n\
        [[check]]\nfresh = \"people\"\nwithin_days = 3\nevery_system = true\n\
        [[check]]\nfresh = \"people\"\nwithin_days = 91\nevery_system = true\n";
    let files =
        [("old.csv", "id,on\na,2026-03-31\n"), ("new.csv", "id,on\nb,2026-06-30\n"), ("onefunnel.toml", contract)];
    let dir = folder(&files);
    let out = run_in(dir.path(), &["check", "-f", "csv", "-q"]);
    let rows: Vec<Row> =
        csv::Reader::from_reader(out.stdout.as_slice()).into_deserialize().map(Result::unwrap).collect();
    let said: Vec<(&str, &str)> = rows.iter().map(|row| (row["result"].as_str(), row["why"].as_str())).collect();
    let stale = "newest of source old.csv: 2026-03-31, 91 days before";
    let expected = [
        (
            "passed",
            format!("the newest record of people is of 2026-06-30, 0 days before 2026-06-30: at most 3 days; {stale}"),
        ),
        (
            "failed",
            format!(
                "the newest record of people is of 2026-03-31, 91 days before 2026-06-30: more than 3 days; {stale}"
            ),
        ),
        ("passed", "the newest record of people is of 2026-03-31, 91 days before 2026-06-30: at most 91 days".into()),
    ];
    let expected: Vec<(&str, &str)> = expected.iter().map(|(result, why)| (*result, why.as_str())).collect();
    assert_eq!((said, out.status.code()), (expected, Some(4)));
}

const MIXED: &str = "[[check]]\ntitle = \"Wins, <many> & \\\"more\\\"\"\nmetric = \"deals_won\"\nat_least = 7\n\
    [[check]]\nmetric = \"deals_won\"\nat_least = 1\n\
    [[check]]\nfresh = \"people\"\nwithin_days = 3\nallow_missing = true\n\
    [[check]]\nmetric = \"deals_won\"\nat_most = 5\nseverity = \"warn\"\n";

#[test]
fn the_report_is_complete_before_the_run_fails() {
    let dir = company(MIXED);
    for (format, ending) in
        [("table", "txt"), ("json", "json"), ("junit", "xml"), ("csv", "csv"), ("md", "md"), ("html", "html")]
    {
        let file = format!("out.{ending}");
        let to_file = run_in(dir.path(), &["check", "-o", &file, "-q", "-f", format]);
        let plain = run_in(dir.path(), &["check", "-f", format, "-q"]);
        assert_eq!((to_file.status.code(), plain.status.code()), (Some(4), Some(4)), "{format}");
        assert_eq!(std::fs::read(dir.path().join(&file)).unwrap(), plain.stdout, "{format}");
        assert!(!plain.stdout.is_empty());
        let said = String::from_utf8(plain.stderr).unwrap();
        assert_eq!(said, "error: 1 of 4 checks failed: Wins, <many> & \"more\"\n", "{format}");
    }
    let table = String::from_utf8(run_in(dir.path(), &["check"]).stdout).unwrap();
    assert!(table.contains("4 checks: 1 passed, 1 failed, 1 warned, 1 missing"), "{table}");
    let results: Vec<&str> = table
        .lines()
        .filter_map(|l| l.split_whitespace().next())
        .filter(|w| ["passed", "failed", "warned", "missing"].contains(w))
        .collect();
    assert_eq!(results, ["failed", "passed", "missing", "warned"], "in the contract's order");
    let json: Value = serde_json::from_slice(&run_in(dir.path(), &["check", "-f", "json"]).stdout).unwrap();
    assert_eq!((&json["report"], &json["tables"][0]["id"]), (&"check".into(), &"check_tidy".into()));
    // Who closes the pipe passes no gate.
    #[cfg(unix)]
    {
        let line = format!("'{}' check -q 2>/dev/null | true; echo ${{PIPESTATUS[0]}}", crate::common::bin());
        let out = std::process::Command::new("bash").args(["-c", &line]).current_dir(dir.path()).output().unwrap();
        assert_eq!(String::from_utf8(out.stdout).unwrap().trim(), "4");
    }
}

#[test]
fn schedulers_can_read_the_verdicts() {
    let dir = company(MIXED);
    let xml = String::from_utf8(run_in(dir.path(), &["check", "-f", "junit"]).stdout).unwrap();
    let mut reader = quick_xml::Reader::from_str(&xml);
    let (mut open, mut cases, mut failures, mut skipped) = (Vec::new(), 0, 0, 0);
    loop {
        use quick_xml::events::Event;
        match reader.read_event().unwrap() {
            Event::Start(e) => {
                let name = e.name().as_ref().to_string();
                cases += usize::from(name == "testcase");
                open.push(name);
            }
            Event::Empty(e) => match e.name().as_ref() {
                "failure" => failures += 1,
                "skipped" => skipped += 1,
                _ => {}
            },
            Event::End(e) => assert_eq!(open.pop().unwrap(), e.name().as_ref()),
            Event::Eof => break,
            _ => {}
        }
    }
    assert_eq!((cases, failures, skipped, open.len()), (4, 1, 1, 0), "{xml}");
    assert!(xml.contains("tests=\"4\" failures=\"1\" errors=\"0\" skipped=\"1\""), "{xml}");
    assert!(xml.contains("name=\"Wins, &lt;many&gt; &amp; &quot;more&quot;\""), "{xml}");
    assert!(xml.contains("<system-out>warning: 2026-Q2: 6 (n 6) is above 5</system-out>"), "{xml}");
}

/// The values of one metric by quarter, from the scorecard.
fn quarters(metric: &str) -> Vec<(String, Option<f64>, String)> {
    let text = stdout(&["scorecard", ACME, "--metric", metric, "-f", "csv"]);
    let rows = csv::Reader::from_reader(text.as_bytes()).into_deserialize::<Row>().map(Result::unwrap);
    rows.filter(|r| r["period"] != "total")
        .map(|r| (r["period"].clone(), r["value"].parse().ok(), r["n"].clone()))
        .collect()
}

/// Changes, bands and targets of the example company, computed again from the lines of the scorecard.
#[test]
fn changes_bands_and_targets_are_those_of_the_scorecard() {
    let contract = std::fs::read_to_string(root().join(ACME).join("onefunnel.toml")).unwrap();
    let exports = root().join(ACME).join("exports");
    let mut text = contract.replace("\"exports/", &format!("\"{}/", exports.display()));
    let own = contract.matches("\n[[check]]").count();
    let metrics = [
        "won_revenue",
        "win_rate_narrow",
        "pipeline_created",
        "combined_budget_ratio",
        "sales_cycle",
        "average_deal",
        "new_mqls",
    ];
    for metric in metrics {
        text += &format!(
            "\n[[check]]\nmetric = \"{metric}\"\nchange_at_least = -0.05\nwithin_band = 1.5\nband_periods = 6\nseverity = \"warn\"\n"
        );
    }
    text += "\n[[check]]\nmetric = \"new_mqls\"\nof_target = 0.9\n";
    let dir = folder(&[("onefunnel.toml", &text)]);
    let out = run_in(dir.path(), &["check", "-f", "csv", "-q"]);
    let rows: Vec<Row> = csv::Reader::from_reader(out.stdout.as_slice()).deserialize().map(Result::unwrap).collect();
    let rows = &rows[own..];
    let number = |row: &Row, column: &str| row[column].parse::<f64>().unwrap_or_else(|_| panic!("{column}: {row:?}"));
    let close = |a: f64, b: f64| (a - b).abs() <= 1e-9 * a.abs().max(1.0);
    for (row, metric) in rows.iter().zip(metrics) {
        let quarters = quarters(metric);
        let last = quarters.len() - 1;
        let (now, before) = (quarters[last].1.unwrap(), quarters[last - 1].1.unwrap());
        assert_eq!((&row["period"], &row["n"]), (&quarters[last].0, &quarters[last].2), "{metric}");
        assert!(close(number(row, "value"), now) && close(number(row, "before"), before), "{metric}");
        assert!(close(number(row, "change"), now / before - 1.0), "{metric}");
        let six: Vec<f64> = quarters[last - 6..last].iter().map(|q| q.1.unwrap()).collect();
        let mean = six.iter().sum::<f64>() / 6.0;
        let sd = (six.iter().map(|x| (x - mean) * (x - mean)).sum::<f64>() / 5.0).sqrt();
        assert!(
            close(number(row, "band_low"), mean - 1.5 * sd) && close(number(row, "band_high"), mean + 1.5 * sd),
            "{metric}"
        );
        let holds = now / before - 1.0 >= -0.05 && (now - mean).abs() <= 1.5 * sd;
        assert_eq!(row["result"], if holds { "passed" } else { "warned" }, "{metric}: {row:?}");
    }
    let target = rows.last().unwrap();
    let mqls = quarters("new_mqls").last().unwrap().1.unwrap();
    assert!(close(number(target, "target"), 3.0 * 55.0) && close(number(target, "value"), mqls));
    assert_eq!(target["result"], if mqls >= 0.9 * 165.0 { "passed" } else { "failed" });
}

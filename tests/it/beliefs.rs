//! What the teams believe, and figures of others: every figure by a second route, and what must never be shown.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::behaviour::{ACME, folder, run_in};
use crate::common::{root, run, stdout};

const ANSWERS: &str = "examples/acme/survey.csv";
const FEW: usize = 5;

type Row = BTreeMap<String, String>;

fn rows(text: &str) -> Vec<Row> {
    csv::Reader::from_reader(text.as_bytes()).deserialize().map(Result::unwrap).collect()
}

/// The first table of a CSV output.
fn first(args: &[&str]) -> Vec<Row> {
    let text = stdout(&[args, &["-f", "csv"]].concat());
    rows(text.split("\n\n").next().unwrap())
}

fn number(row: &Row, column: &str) -> Option<f64> {
    row[column].parse().ok()
}

#[allow(clippy::cast_precision_loss)] // a few answers
fn count(values: &[f64]) -> f64 {
    values.len() as f64
}

fn near(a: f64, b: f64) -> bool {
    (a - b).abs() <= 1e-9 * a.abs().max(b.abs()).max(1.0)
}

fn find<'r>(all: &'r [Row], topic: &str, who: &str) -> &'r Row {
    all.iter().find(|r| r["topic"] == topic && r["who"] == who).unwrap()
}

/// What an answer is worth, by the scale, for the forms that the example has.
fn value(scale: &str, text: &str) -> Option<f64> {
    match scale {
        "share" => text.strip_suffix('%')?.parse::<f64>().ok().map(|p| p / 100.0),
        "agree" => text.parse().ok().filter(|v| (1.0..=5.0).contains(v)).map(|v: f64| f64::from(u8::from(v >= 4.0))),
        "yes_no" => Some(f64::from(u8::from(text == "yes"))),
        _ => text.trim_end_matches(":1").parse().ok(),
    }
}

#[test]
fn means_shares_and_gaps_by_plain_loops() {
    let tidy = first(&["survey", ANSWERS, ACME]);
    let file = std::fs::read_to_string(root().join(ANSWERS)).unwrap();
    let answers = rows(&file);
    let topics: BTreeSet<String> = tidy.iter().map(|r| r["topic"].clone()).collect();
    assert_eq!(topics.len(), 18);
    let (mut shown, mut hidden) = (0, 0);
    for topic in &topics {
        let mut of_team = Vec::new();
        for team in ["marketing", "sales"] {
            let row = find(&tidy, topic, team);
            let values: Vec<f64> =
                answers.iter().filter(|a| a["team"] == team).filter_map(|a| value(&row["scale"], &a[topic])).collect();
            if values.len() < FEW {
                hidden += 1;
                assert_eq!((row["status"].as_str(), row["value"].as_str(), row["n"].as_str()), ("suppressed", "", ""));
                continue;
            }
            shown += 1;
            let mut sum = 0.0;
            for v in &values {
                sum += v;
            }
            let mean = sum / count(&values);
            assert_eq!(row["n"], values.len().to_string(), "{topic} {team}");
            assert!(near(number(row, "value").unwrap(), mean), "{topic} {team}: {row:?} is {mean}");
            let (low, high) = (number(row, "ci_low").unwrap(), number(row, "ci_high").unwrap());
            assert!(low <= mean && mean <= high && low < high && low >= 0.0, "{topic} {team}");
            of_team.push((mean, values));
        }
        let gap = find(&tidy, topic, "gap");
        let [(first, of_first), (second, of_second)] = &of_team[..] else {
            assert_eq!((gap["status"].as_str(), gap["value"].as_str()), ("suppressed", ""), "{topic}");
            continue;
        };
        let gap_of_means = first - second;
        assert!(near(number(gap, "value").unwrap(), gap_of_means), "{topic}");
        let (low, high) = (number(gap, "ci_low").unwrap(), number(gap, "ci_high").unwrap());
        if matches!(gap["scale"].as_str(), "agree" | "yes_no") {
            // Newcombe's interval, from Wilson's as the other rows print them.
            let bound = |team: &str, column: &str| number(find(&tidy, topic, team), column).unwrap();
            let (la, ua, lb, ub) = (
                bound("marketing", "ci_low"),
                bound("marketing", "ci_high"),
                bound("sales", "ci_low"),
                bound("sales", "ci_high"),
            );
            assert!(near(low, gap_of_means - ((first - la).powi(2) + (ub - second).powi(2)).sqrt()), "{topic}");
            assert!(near(high, gap_of_means + ((ua - first).powi(2) + (second - lb).powi(2)).sqrt()), "{topic}");
        } else {
            // Welch's: the half width is a t quantile, between 1.96 and 2.78, times the standard error.
            let variance = |mean: f64, values: &[f64]| {
                let mut squares = 0.0;
                for v in values {
                    squares += (v - mean) * (v - mean);
                }
                squares / (count(values) - 1.0) / count(values)
            };
            let error = (variance(*first, of_first) + variance(*second, of_second)).sqrt();
            let quantile = (high - low) / 2.0 / error;
            let middle = f64::midpoint(low, high);
            assert!(near(middle, gap_of_means) && (1.96..2.78).contains(&quantile), "{topic}: t {quantile}");
        }
    }
    assert!(shown >= 30 && hidden >= 1, "{shown} shown, {hidden} hidden");
}

#[test]
fn measured_figures_are_those_of_the_scorecard_and_the_handoff() {
    let tidy = first(&["survey", ANSWERS, ACME]);
    let mut checked = BTreeSet::new();
    for row in tidy.iter().filter(|r| r["who"] == "measured" && r["status"] == "ok") {
        let (report, what) = row["source"].split_once(' ').unwrap();
        let (from, to) = (row["from"].as_str(), row["to"].as_str());
        let (what, condition) = what.split_once(" --where ").unwrap_or((what, "TRUE"));
        let other = first(&[report, ACME, "--from", from, "--to", to, "--where", condition]);
        let (cell, n) = if report == "scorecard" {
            let found = other.iter().find(|r| r["metric_id"] == what && r["period"] == "total").unwrap();
            (&found["value"], &found["numerator"])
        } else {
            let found = other.iter().find(|r| r["dimension"] == "all" && r["period"] == "total").unwrap();
            (&found[what], &found["qualified"])
        };
        assert_eq!(row["value"], *cell, "{row:?}");
        if report == "scorecard" && !row["numerator"].is_empty() {
            assert_eq!(row["numerator"], *n, "{row:?}");
        }
        checked.insert(row["topic"].clone());
    }
    assert!(checked.len() >= 12, "{checked:?}");
    // Twelve whole months up to as-of; cohorts 180 days earlier, so that they are mature.
    let days = |topic: &str| {
        let row = find(&tidy, topic, "measured");
        (row["from"].as_str(), row["to"].as_str(), row["still_rising"].as_str())
    };
    assert_eq!(days("combined_budget_ratio"), ("2025-07-01", "2026-06-30", "false"));
    assert_eq!(days("follow_up"), ("2025-07-01", "2026-06-30", "false"));
    assert_eq!(days("inquiry_to_revenue_conversion"), ("2025-01-01", "2025-12-31", "false"));
    // What is asked of leads is measured on leads: as many as the funnel has at its first stage, of which as many are won.
    let row = find(&tidy, "inquiry_to_revenue_conversion", "measured");
    let funnel = first(&["funnel", ACME, "--from", "2025-01-01", "--to", "2025-12-31", "--where", "lead_reached"]);
    let of = |stage: &str| funnel.iter().find(|r| r["stage_id"] == stage && r["period"] == "total").unwrap();
    assert_eq!([&row["numerator"], &row["denominator"]], [&of("won")["from_first"], &of("lead")["volume"]]);
    assert_eq!([row["numerator"].as_str(), row["denominator"].as_str()], ["43", "1047"]);
    let none: Vec<&str> =
        tidy.iter().filter(|r| r["who"] == "measured" && r["status"] != "ok").map(|r| r["topic"].as_str()).collect();
    assert_eq!(none, ["shared_definition", "relationship", "aligned", "same_numbers"]);
    // Days of one's own are taken, and what is young is said to rise.
    let young = first(&["survey", ANSWERS, ACME, "--from", "2026-01-01"]);
    let row = find(&young, "inquiry_to_revenue_conversion", "measured");
    assert_eq!((row["from"].as_str(), row["still_rising"].as_str()), ("2026-01-01", "true"));
    let year = find(&young, "marketing_investment_per_sales_head", "measured");
    assert_eq!((year["status"].as_str(), year["value"].as_str()), ("missing", ""));
}

fn long(team: &str, topic: &str, answers: &[&str]) -> String {
    answers.iter().fold(String::new(), |lines, answer| lines + team + "," + topic + "," + answer + "\n")
}

#[test]
fn four_answers_are_never_shown_and_five_are() {
    let sales = long("sales", "follow_up_share", &["80%", "81%", "82%", "83%", "84%"]);
    let of = |marketing: &[&str]| {
        let text = format!("team,topic,answer\n{}{sales}", long("marketing", "follow_up_share", marketing));
        let dir = folder(&[("a.csv", &text)]);
        let path = dir.path().join("a.csv");
        let path = path.to_str().unwrap();
        let all: String = ["table", "csv", "json", "md"].map(|f| stdout(&["survey", path, "-f", f])).concat();
        (first(&["survey", path]), all)
    };
    let (four, printed) = of(&["41%", "43%", "43%", "45%"]);
    let row = find(&four, "follow_up_share", "marketing");
    assert_eq!((row["status"].as_str(), row["value"].as_str(), row["n"].as_str()), ("suppressed", "", ""));
    assert_eq!(find(&four, "follow_up_share", "gap")["value"], "");
    assert!(!printed.contains("43.0%") && !printed.contains("0.43") && printed.contains("<5"), "{printed}");
    let (five, printed) = of(&["41%", "43%", "43%", "45%", "43%"]);
    assert!(near(number(find(&five, "follow_up_share", "marketing"), "value").unwrap(), 0.43));
    assert!(near(number(find(&five, "follow_up_share", "gap"), "value").unwrap(), 0.43 - 0.82));
    assert!(printed.contains("43.0%") && !printed.contains("<5"), "{printed}");
    // A topic that nobody answered is no topic with few answers.
    assert_eq!(find(&five, "aligned", "sales")["status"], "no_answers");
}

#[test]
fn nobody_is_named_and_no_text_is_printed() {
    for format in ["table", "csv", "tsv", "json", "jsonl", "md", "html"] {
        let text = stdout(&["survey", ANSWERS, ACME, "-f", format, "-q"]);
        for secret in
            ["depends", "talk more", "soon", "r01,", "r12,", "r12\t", "\"r12\"", ">r12<", "comment", "finance,"]
        {
            assert!(!text.contains(secret), "{format} says {secret}");
        }
    }
}

#[test]
fn rows_read_are_rows_used_and_set_aside() {
    let json: Value = serde_json::from_str(&stdout(&["survey", ANSWERS, ACME, "-f", "json"])).unwrap();
    let input = &json["inputs"][0];
    assert_eq!(input["path"], ANSWERS);
    let count = |value: &Value| value.as_u64().unwrap();
    let aside: u64 = input["set_aside"].as_array().unwrap().iter().map(|r| count(&r["rows"])).sum();
    assert_eq!((count(&input["rows_read"]), count(&input["rows_used"]), aside), (38, 37, 1));
    let text = stdout(&["survey", ANSWERS, ACME, "-f", "csv"]);
    let listed = rows(text.split("\n\n").nth(1).unwrap());
    let said: Vec<[&str; 4]> =
        listed.iter().map(|r| ["line", "column", "value", "reason"].map(|c| r[c].as_str())).collect();
    assert_eq!(
        said,
        [
            ["7", "sales_support_share", "0.3", "fraction or percent"],
            ["13", "hours_to_first_touch", "(text of 4 characters)", "no number"],
            ["22", "lead_quality", "7", "not on the scale from 1 to 5"],
            ["39", "team", "(text of 7 characters)", "team is neither marketing nor sales"],
        ]
    );
}

/// The example's answers with one answer per row, last row first.
fn turned() -> String {
    let answers = rows(&std::fs::read_to_string(root().join(ANSWERS)).unwrap());
    let mut text = String::from("answer,topic,team,respondent\n");
    for row in answers.iter().rev() {
        for (topic, answer) in
            row.iter().filter(|(k, _)| !["team", "respondent", "date", "comment"].contains(&k.as_str()))
        {
            text += &format!("{answer},{topic},{},{}\n", row["team"], row["respondent"]);
        }
    }
    text
}

#[test]
fn the_form_and_order_of_the_file_change_nothing() {
    let dir = folder(&[("long.csv", &turned()), ("semicolon.csv", &turned().replace(',', ";"))]);
    let wide = first(&["survey", ANSWERS, ACME]);
    for name in ["long.csv", "semicolon.csv"] {
        let long = first(&["survey", dir.path().join(name).to_str().unwrap(), ACME]);
        for (a, b) in wide.iter().zip(&long) {
            for (column, text) in a {
                assert_eq!(*text, b[column], "{name}: {column} of {a:?}");
            }
        }
    }
}

#[test]
fn the_last_answer_of_a_respondent_counts_and_none_after_as_of() {
    let mut text = String::from("team,topic,answer,respondent,date\n");
    for (who, answer, day) in [
        ("a", "10%", "2026-05-01"),
        ("b", "20%", "2026-05-01"),
        ("c", "30%", "2026-05-01"),
        ("d", "40%", "2026-05-01"),
        ("e", "90%", "2026-05-03"),
        ("e", "50%", "2026-05-04"),
        ("e", "80%", "2026-05-02"),
        ("f", "100%", "2026-07-01"),
        ("g", "100%", "tomorrow"),
    ] {
        text += &format!("sales,follow_up_share,{answer},{who},{day}\n");
    }
    let dir = folder(&[("a.csv", &text)]);
    let path = dir.path().join("a.csv");
    let args = ["survey", path.to_str().unwrap(), "--as-of", "2026-06-30"];
    let row = find(&first(&args), "follow_up_share", "sales").clone();
    assert_eq!((row["n"].as_str(), number(&row, "value").map(|v| near(v, 0.3))), ("5", Some(true)));
    let json: Value = serde_json::from_str(&stdout(&[&args[..], &["-f", "json"]].concat())).unwrap();
    let input = &json["inputs"][0];
    let aside: Vec<String> =
        input["set_aside"].as_array().unwrap().iter().map(|r| format!("{} {}", r["rows"], r["reason"])).collect();
    assert_eq!(aside, ["1 \"after as-of\"", "2 \"answered again\"", "1 \"date cannot be read\""]);
    assert_eq!((&input["rows_read"], &input["rows_used"]), (&9.into(), &5.into()));
    let later = find(&first(&[args[0], args[1], "--as-of", "2026-07-01"]), "follow_up_share", "sales").clone();
    assert_eq!(later["n"], "6");
}

#[test]
fn without_exports_there_are_perceptions_and_gaps_alone() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::copy(root().join(ANSWERS), dir.path().join("survey.csv")).unwrap();
    let out = run_in(dir.path(), &["survey", "survey.csv", "-f", "csv"]);
    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
    let text = String::from_utf8(out.stdout).unwrap();
    let alone = rows(text.split("\n\n").next().unwrap());
    let with = first(&["survey", ANSWERS, ACME]);
    for (a, b) in alone.iter().zip(&with) {
        if a["who"] == "measured" {
            assert_eq!((a["value"].as_str(), a["status"].as_str()), ("", "missing"));
        } else {
            assert_eq!((&a["value"], &a["ci_low"], &a["n"]), (&b["value"], &b["ci_low"], &b["n"]));
        }
    }
    let said = String::from_utf8(run_in(dir.path(), &["survey", "survey.csv"]).stdout).unwrap();
    assert!(said.contains("no exports were given"), "{said}");
}

#[test]
fn an_empty_file_of_answers_is_no_report_of_zeros() {
    let dir = folder(&[("a.csv", "team,topic,answer\n"), ("b.csv", "team,aligned\nsales,\nmarketing,n/a\n")]);
    for name in ["a.csv", "b.csv"] {
        let tidy = first(&["survey", dir.path().join(name).to_str().unwrap()]);
        assert_eq!(tidy.len(), 72);
        assert!(tidy.iter().all(|r| r["value"].is_empty() && r["status"] != "ok"), "{name}");
    }
}

#[test]
fn the_questionnaire_is_a_file_that_can_be_filled_in_and_read() {
    let text = stdout(&["survey", "--questionnaire", "-f", "csv"]);
    let mut writer = csv::Writer::from_writer(Vec::new());
    let form: Vec<Row> = rows(&text);
    let header: Vec<&str> = text.lines().next().unwrap().split(',').collect();
    assert_eq!(header[..5], ["team", "topic", "answer", "respondent", "date"]);
    writer.write_record(&header).unwrap();
    for person in 0..6 {
        for row in &form {
            let answer = match row["scale"].as_str() {
                "share" => "40%",
                "agree" => "4",
                "yes_no" => "yes",
                _ => "12",
            };
            let team = if person % 2 == 0 { "Sales" } else { " sales" };
            let fill = |column: &&str| match *column {
                "team" => team.to_string(),
                "answer" => answer.to_string(),
                "respondent" => format!("p{person}"),
                other => row[other].clone(),
            };
            writer.write_record(header.iter().map(fill)).unwrap();
        }
    }
    let filled = String::from_utf8(writer.into_inner().unwrap()).unwrap();
    let dir = folder(&[("filled.csv", &filled)]);
    let tidy = first(&["survey", dir.path().join("filled.csv").to_str().unwrap()]);
    for row in tidy.iter().filter(|r| r["who"] == "sales") {
        let expected = match row["scale"].as_str() {
            "share" => 0.4,
            "number" => 12.0,
            _ => 1.0,
        };
        assert_eq!((number(row, "value"), row["n"].as_str()), (Some(expected), "6"), "{row:?}");
    }
    for format in ["table", "md", "html"] {
        let text = stdout(&["survey", "--questionnaire", "-f", format]);
        assert!(form.iter().all(|row| text.contains(&row["topic"])), "{format}");
    }
}

#[test]
fn the_answers_are_no_export() {
    let json: Value = serde_json::from_str(&stdout(&["scorecard", ACME, "-f", "json"])).unwrap();
    let inputs = json["inputs"].as_array().unwrap();
    assert!(inputs.iter().all(|i| !i["path"].as_str().unwrap().contains("survey")), "{inputs:?}");
    // In a folder without a contract they are read by nobody, and the run says so.
    let dir = folder(&[("survey.csv", &std::fs::read_to_string(root().join(ANSWERS)).unwrap())]);
    for name in ["spend.csv", "revenue.csv"] {
        std::fs::copy(root().join(ACME).join("exports/finance").join(name), dir.path().join(name)).unwrap();
    }
    std::fs::write(
        dir.path().join("onefunnel.toml"),
        "[[source]]\npath = \"*e*n*.csv\"\n[[rate]]\ncurrency = \"EUR\"\nrate = 1.1\n",
    )
    .unwrap();
    let path = dir.path().to_str().unwrap();
    let json: Value = serde_json::from_str(&stdout(&["scorecard", path, "-f", "json"])).unwrap();
    assert!(json["inputs"].as_array().unwrap().iter().all(
        |i| i["path"].as_str().unwrap().ends_with("nd.csv") || i["path"].as_str().unwrap().ends_with("revenue.csv")
    ));
    std::fs::remove_file(dir.path().join("onefunnel.toml")).unwrap();
    let said = stdout(&["scorecard", path]);
    assert!(said.contains("survey.csv was not used"), "{said}");
    let out = run_in(dir.path(), &["init", ".", "-o", "-"]);
    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
    // With the survey itself they are read once, as answers.
    let json: Value =
        serde_json::from_str(&stdout(&["survey", dir.path().join("survey.csv").to_str().unwrap(), path, "-f", "json"]))
            .unwrap();
    let named =
        json["inputs"].as_array().unwrap().iter().filter(|i| i["path"].as_str().unwrap().ends_with("survey.csv"));
    assert_eq!(named.count(), 1);
}

/// Takes out of a text what stands from one mark up to another.
fn without(text: &str, from: &str, to: &str) -> String {
    let start = text.find(from).unwrap_or_else(|| panic!("no {from}"));
    let end = start + text[start..].find(to).unwrap_or_else(|| panic!("no {to} after {from}"));
    format!("{}{}", &text[..start], &text[end..])
}

#[test]
fn benchmarks_come_only_when_asked_for_and_change_no_other_byte() {
    let survey = ["survey", ANSWERS, ACME];
    for args in [&["scorecard", ACME][..], &["scorecard", ACME, "--by", "lead_source"], &survey] {
        let flagged = [args, &["--benchmarks"]].concat();
        for format in ["table", "csv", "tsv", "jsonl", "md", "html"] {
            let text = stdout(&[args, &["-f", format]].concat());
            for word in ["IDC, Customer", "LeanData", "Benchmarks are", "Gartner, as"] {
                assert!(!text.contains(word), "{args:?} {format} says {word}");
            }
        }
        let (plain, more) =
            (stdout(&[args, &["-f", "csv"]].concat()), stdout(&[&flagged[..], &["-f", "csv"]].concat()));
        assert!(more.starts_with(&plain) && more[plain.len()..].starts_with('\n'), "{args:?}");
        let json =
            |args: &[&str]| -> Value { serde_json::from_str(&stdout(&[args, &["-f", "json"]].concat())).unwrap() };
        let (plain, mut more) = (json(args), json(&flagged));
        more["tables"]
            .as_array_mut()
            .unwrap()
            .retain(|t| !["benchmarks", "survey_benchmarks", "others"].contains(&t["id"].as_str().unwrap()));
        if let Some(charts) = more.get_mut("charts").and_then(Value::as_array_mut) {
            charts.retain(|chart| chart["id"] != "benchmarks_shares");
        }
        let notes = more["notes"].as_array_mut().unwrap();
        let from = notes.iter().position(|n| n.as_str().unwrap().starts_with("Benchmarks are")).unwrap();
        notes.truncate(from);
        assert_eq!(plain, more, "{args:?}");
        let cut = without(&stdout(&flagged), "Beside figures of others", "Note: ");
        let cut = without(&cut, "Note: Benchmarks are", "\n1");
        let cut = cut.replace("\n\n\n", "\n\n");
        assert_eq!(cut, stdout(args), "{args:?}");
    }
}

#[test]
fn own_figures_beside_those_of_others_are_the_scorecards() {
    let text = stdout(&["scorecard", ACME, "--benchmarks", "-f", "csv"]);
    let mut tables = text.split("\n\n").map(rows);
    let (scores, besides) = (tables.next().unwrap(), tables.next().unwrap());
    let key = |r: &Row| ["metric_id", "period", "segment"].map(|c| r[c].clone());
    let scores: BTreeMap<_, &Row> = scores.iter().map(|r| (key(r), r)).collect();
    assert!(besides.len() > 80, "{}", besides.len());
    let mut positions = BTreeSet::new();
    for row in &besides {
        let score = scores[&key(row)];
        let columns = [("own", "value"), ("own_low", "ci_low"), ("own_high", "ci_high"), ("unit", "unit")];
        for (a, b) in columns {
            assert_eq!(row[a], score[b], "{row:?}");
        }
        let expected = match (number(row, "own"), number(row, "low"), number(row, "high")) {
            (None, ..) => "",
            (Some(own), Some(low), _) if own < low => "below",
            (Some(own), _, Some(high)) if own > high => "above",
            _ => "within",
        };
        assert_eq!(row["position"], expected, "{row:?}");
        positions.insert(expected);
    }
    assert!(positions.is_superset(&["above", "below", "within"].into()), "{positions:?}");
    for word in ["good", "bad", "worse", "better", "target"] {
        assert!(besides.iter().all(|r| !r["position"].contains(word)));
    }
}

#[test]
fn a_contract_adds_figures_of_its_own() {
    let contract = std::fs::read_to_string(root().join(ACME).join("onefunnel.toml")).unwrap();
    let exports = root().join(ACME).join("exports");
    let own = "\n[[benchmark]]\nmetric = \"win_rate_narrow\"\nlow = \"20%\"\nhigh = 0.3\nyear = 2025\n\
               population = \"our trade\"\nsource = \"its yearbook\"\nnote = \"of members only\"\n";
    let dir = folder(&[("onefunnel.toml", &(contract.replace("exports/", &format!("{}/", exports.display())) + own))]);
    let path = dir.path().join("onefunnel.toml");
    let text =
        stdout(&["scorecard", path.to_str().unwrap(), "--benchmarks", "--metric", "win_rate_narrow", "-f", "csv"]);
    let besides = rows(text.split("\n\n").nth(1).unwrap());
    let row = besides.last().unwrap();
    assert_eq!((row["period"].as_str(), row["low"].as_str(), row["high"].as_str()), ("total", "0.2", "0.3"));
    assert_eq!((row["population"].as_str(), row["warning"].as_str()), ("our trade", "of members only"));
    assert!(row["written_in"].contains("onefunnel.toml:"), "{}", row["written_in"]);
    let said = run(&["scorecard", path.to_str().unwrap(), "--metric", "win_rate_narrow"]);
    assert!(!String::from_utf8_lossy(&said.stdout).contains("our trade"));
}

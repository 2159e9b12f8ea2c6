//! The board pack: its sections are what the single commands print, and its sentences and pictures say what its tables say.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::behaviour::{ACME, DEALS, folder, run_in};
use crate::common::{command, run, stdout};

fn json(args: &[&str]) -> Value {
    serde_json::from_str(&stdout(args)).unwrap()
}

fn pack() -> Value {
    json(&["report", ACME, "-f", "json"])
}

fn list<'v>(value: &'v Value, key: &str) -> &'v Vec<Value> {
    value[key].as_array().unwrap_or_else(|| panic!("no list `{key}` in {value}"))
}

fn section<'v>(pack: &'v Value, id: &str) -> &'v Value {
    list(pack, "sections").iter().find(|s| s["id"] == id).unwrap_or_else(|| panic!("no section {id}"))
}

fn rows<'v>(report: &'v Value, table: &str) -> &'v Vec<Value> {
    list(list(report, "tables").iter().find(|t| t["id"] == table).unwrap_or_else(|| panic!("no table {table}")), "rows")
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

/// The words of a command line as a shell would split it.
fn words(line: &str) -> Vec<String> {
    let shell = std::process::Command::new("sh").args(["-c", &format!("printf '%s\\n' {line}")]).output().unwrap();
    String::from_utf8(shell.stdout).unwrap().lines().map(str::to_string).collect()
}

#[test]
fn every_section_is_what_the_command_that_it_names_prints() {
    let asked = ["--survey", "examples/acme/survey.csv", "--benchmarks"];
    for (args, sections) in [
        (&["report", ACME][..], 14),
        (&["report", ACME, "--from", "2025-01-01", "--where", "region <> 'it''s'"], 14),
        (&[&["report", ACME][..], &asked].concat(), 16),
        (&[&["report", ACME, "--period", "month", "--to", "2026-05-31"][..], &asked].concat(), 16),
    ] {
        let pack = json(&[args, &["-f", "json"]].concat());
        let mut compared = 0;
        assert_eq!(list(&pack, "sections").len(), sections);
        for section in list(&pack, "sections").iter().filter(|s| s["id"] != "agreed") {
            let line = text(&section["notes"][0]).strip_prefix("The same alone: onefunnel ").unwrap();
            let mut command: Vec<String> = words(line);
            command.extend(["-f".into(), "json".into()]);
            let alone = json(&command.iter().map(String::as_str).collect::<Vec<_>>());
            assert!(!list(section, "tables").is_empty(), "{line}");
            for id in list(section, "tables") {
                assert_eq!(rows(&pack, text(id)), rows(&alone, text(id)), "{line}");
                compared += rows(&pack, text(id)).len();
            }
            let charts = |of: &Value| of.get("charts").and_then(Value::as_array).cloned().unwrap_or_default();
            // How one compares is a part of the scorecard that has it.
            let mut wanted = charts(&alone);
            wanted.retain(|chart| section["id"] != "benchmarks" || chart["id"] == "benchmarks_shares");
            assert_eq!(charts(section), wanted, "{line}");
        }
        assert!(compared > 10_000, "{compared} rows");
    }
}

#[test]
fn the_findings_of_the_example() {
    let pack = pack();
    let said: BTreeMap<&str, &str> =
        list(&pack, "sections").iter().map(|s| (text(&s["id"]), text(&s["finding"]))).collect();
    let expected = [
        (
            "scorecard",
            "In 2026-Q2 sales and marketing together cost 31.2% of revenue (-0.77 pp against the period before); 12 deals \
             were won, worth 519,000; 6.1% of the qualified leads of 2025-Q4 became customers.",
        ),
        (
            "funnel",
            "Of 2,757 that reached Lead, 107 (3.9%) have come to Customer so far, and 25 more that began at a later stage; the \
             narrowest step is from Proposal to Customer: 34.0% (132 of 388). 77.7% of those that reached Lead began long \
             enough ago to tell.",
        ),
        (
            "cohort",
            "107 of 2,757 (3.9%) have converted so far; by day 908 it will be 5.0% (95 %: 4.1–6.0%) if the young ones do as \
             the old ones did; after 180 days mature cohorts lie between 1.3% (2025-Q3) and 4.9% (2024-Q3).",
        ),
        (
            "winrate",
            "132 of 448 deals that were won or lost were won (29.5%, 95 %: 25.4–33.8%); of the 3 win rates that no longer \
             rise, the lowest is 28.5% and the highest 29.5%.",
        ),
        (
            "velocity",
            "Half of the 132 won deals closed within 100.5 days of their creation; the longest stage is Proposal: a median of \
             50 days for the 343 whose stay ended.",
        ),
        (
            "definition",
            "Marketing and sales say the same of 80.6% of 2,822 buyers; 433 are qualified to marketing alone, 115 to sales \
             alone.",
        ),
        (
            "handoff",
            "Sales touched 934 of 1,268 qualified leads whose time is up (73.7%) within 24h of Mon-Fri 09:00-17:00; 122 of all 1,286 (9.5%) \
             were followed up by nobody.",
        ),
        (
            "horizon",
            "3.8% of won revenue is of buyers first met in the same period; 0.93% of marketing spend pays within its own \
             period (95 %: 0.13–6.3%), if it works when its buyers enter; MQL volume rose while their yield fell beyond chance in 1 of the 7 \
             periods that can be compared, first in 2025-Q3.",
        ),
        (
            "journey",
            "46.3% of the 13,078 touches up to the close are marketing's; both teams touched 1,449 of 2,757 buyers (52.6%); at \
             least half of the won deals changed hands 6 times or more.",
        ),
        (
            "attribution",
            "Of the credit for 132 won deals, email (kind) gets between 2.3% (by first) and 28.8% (by last): nothing else \
             depends so much on the model.",
        ),
        (
            "sourced",
            "Marketing sourced 72.1% to 72.8% of the pipeline and 72.1% to 74.9% of the won revenue, depending on the rule; 34 \
             of 521 deals created have no touch of marketing at all.",
        ),
        (
            "plan",
            "The target of 700,000 (won revenue, 2026-Q4) takes 59 new buyers a month (80 %: 0 to 154), and 104 come at present.",
        ),
        (
            "quality",
            "Of all 28,653 rows read, 606 were set aside, each with its reason; 2 findings make figures wrong or incomplete: deals \
             unlinked, no person (34), closed before created (3).",
        ),
    ];
    for (id, sentence) in expected {
        assert_eq!(said.get(id), Some(&sentence), "{id}");
    }
}

/// Every number of a section's tables as people see it: whole, with a decimal or two, in percent, in points.
fn shown(pack: &Value, section: &Value) -> BTreeSet<String> {
    let grouped = |value: f64, places: usize| {
        let text = format!("{:.places$}", value.abs());
        let (whole, rest) = text.split_once('.').map_or((text.as_str(), String::new()), |(w, r)| (w, format!(".{r}")));
        let mut out = String::new();
        for (at, digit) in whole.chars().enumerate() {
            if at > 0 && (whole.len() - at).is_multiple_of(3) {
                out.push(',');
            }
            out.push(digit);
        }
        out + &rest
    };
    let mut found = BTreeSet::new();
    for table in list(section, "tables") {
        for value in rows(pack, text(table)).iter().flat_map(|row| row.as_object().unwrap().values()) {
            if let Some(value) = value.as_f64() {
                for places in 0..3 {
                    found.insert(grouped(value, places));
                    found.insert(format!("{}%", grouped(value * 100.0, places)));
                    found.insert(grouped(value * 100.0, places));
                }
            }
            let words = value.as_str().unwrap_or_default().split(|c: char| !(c.is_ascii_digit() || c == '.'));
            found.extend(words.map(str::to_string));
        }
    }
    found
}

/// The pack with all that is in it only when it is asked for.
fn full() -> Value {
    json(&["report", ACME, "--survey", "examples/acme/survey.csv", "--benchmarks", "-f", "json"])
}

#[test]
fn what_the_teams_believe_and_how_we_compare_are_there_when_they_are_asked_for() {
    let (plain, full) = (pack(), full());
    let ids = |pack: &Value| list(pack, "sections").iter().map(|s| text(&s["id"]).to_string()).collect::<Vec<_>>();
    let more: Vec<String> = ids(&full).into_iter().filter(|id| !ids(&plain).contains(id)).collect();
    assert_eq!(more, ["survey", "benchmarks"]);
    assert!(!plain.to_string().contains("LeanData") && !plain.to_string().contains("survey_tidy"));
    // The rest is what it was.
    for id in ids(&plain).iter().filter(|id| *id != "agreed") {
        assert_eq!(section(&plain, id)["finding"], section(&full, id)["finding"], "{id}");
        assert_eq!(section(&plain, id)["tables"], section(&full, id)["tables"], "{id}");
    }
    let survey = section(&full, "survey");
    assert_eq!(survey["title"], "What the teams believe");
    let finding = text(&survey["finding"]);
    assert!(finding.starts_with("60.9% of sales say that sales always follows up; measured: 72.1%"), "{finding}");
    assert!(!list(survey, "notes").iter().any(|note| text(note) == finding), "said twice");
    let compared = section(&full, "benchmarks");
    assert_eq!(compared["title"], "How we compare");
    assert!(list(compared, "notes").iter().any(|note| text(note).contains("no targets")));
    // The sentence is counted again, from the last period that is whole and mature, by hand.
    let all = rows(&full, "benchmarks");
    let mut ids: Vec<&str> = all.iter().map(|r| text(&r["benchmark_id"])).collect();
    ids.dedup();
    let mut places: BTreeMap<&str, u32> = BTreeMap::new();
    for id in ids {
        let known = |row: &&Value| {
            text(&row["benchmark_id"]) == id
                && row["period"] != "total"
                && row["own"].is_number()
                && row["mature"] != false
                && text(&row["period_end"]) <= "2026-06-30"
        };
        if let Some(row) = all.iter().rfind(known) {
            *places.entry(text(&row["position"])).or_default() += 1;
        }
    }
    let sum: u32 = places.values().sum();
    let n = |place: &str| places.get(place).copied().unwrap_or(0);
    let said = format!(
        "Beside {sum} published figures of other companies, none of them a target, the own one is higher than {}, lower than {}, and \
         within {}",
        n("above"),
        n("below"),
        n("within")
    );
    assert!(text(&compared["finding"]).starts_with(&said), "{} / {said}", compared["finding"]);
    let html = command(&["report", ACME, "--survey", "examples/acme/survey.csv", "--benchmarks", "-f", "html"])
        .output()
        .unwrap();
    assert!(html.status.success() && html.stdout.len() < 400_000, "{} bytes", html.stdout.len());
    // The answers are an input, with their account.
    assert!(list(&full, "inputs").iter().any(|i| text(&i["path"]) == "examples/acme/survey.csv"), "{}", full["inputs"]);
}

#[test]
fn a_finding_has_no_number_that_its_tables_have_not() {
    let pack = pack();
    let sum = |key: &str| list(&pack, "inputs").iter().map(|i| i[key].as_u64().unwrap()).sum::<u64>();
    let total = rows(&pack, "handoff_tidy").iter().find(|r| r["dimension"] == "all" && r["period"] == "total").unwrap();
    let due = total["within"].as_u64().unwrap() + total["late_or_never"].as_u64().unwrap();
    // What the findings add up themselves, and how many rates there are.
    let own = [sum("rows_read"), sum("rows_read") - sum("rows_used"), due];
    let own = own.map(|n| if n < 1000 { n.to_string() } else { format!("{},{:03}", n / 1000, n % 1000) });
    let ratio = |quarter: &str| {
        let all = rows(&pack, "scorecard_tidy").iter();
        let mut all = all.filter(|r| r["metric_id"] == "combined_budget_ratio" && r["period"] == quarter);
        all.next().unwrap()["value"].as_f64().unwrap()
    };
    let points = format!("{:.2}", (ratio("2026-Q1") - ratio("2026-Q2")) * 100.0);
    let own = [own.to_vec(), vec![points]].concat();
    for section in list(&pack, "sections").iter().filter(|s| s["id"] != "agreed") {
        let finding = text(&section["finding"]);
        let shown = shown(&pack, section);
        let numbers = finding.split(|c: char| !(c.is_ascii_digit() || ".,%".contains(c)));
        let numbers = numbers.map(|n| n.trim_matches(['.', ','])).filter(|n| n.contains(|c: char| c.is_ascii_digit()));
        for number in numbers.filter(|n| !["4", "80", "95"].contains(n)) {
            let known = shown.contains(number) || own.iter().any(|o| o == number);
            assert!(known, "{}: {number} is in no table: {finding}", section["id"]);
        }
    }
}

fn chart<'v>(section: &'v Value, id: &str) -> &'v Value {
    list(section, "charts").iter().find(|c| c["id"] == id).unwrap_or_else(|| panic!("no chart {id}"))
}

fn values(chart: &Value, series: usize) -> Vec<Option<f64>> {
    list(&chart["series"][series], "values").iter().map(Value::as_f64).collect()
}

#[test]
fn charts_show_what_the_tables_say() {
    let pack = pack();
    let column = |table: &str, wanted: &[(&str, &str)], column: &str| -> Vec<Option<f64>> {
        let is = |row: &&Value| wanted.iter().all(|(key, value)| text(&row[*key]) == *value);
        rows(&pack, table).iter().filter(is).map(|row| row[column].as_f64()).collect()
    };
    let funnel = section(&pack, "funnel");
    let total = [("period", "total"), ("segment", "")];
    assert_eq!(values(chart(funnel, "funnel_reached"), 0), column("funnel_tidy", &total, "volume"));
    assert_eq!(
        values(chart(funnel, "funnel_conversion"), 0),
        column("funnel_tidy", &[("stage_id", "won"), ("segment", "")], "conversion_from_first")[..10]
    );
    let handoff = section(&pack, "handoff");
    let by_period = |name: &str| {
        let mut all = column("handoff_tidy", &[("dimension", "all")], name);
        all.pop();
        all
    };
    assert_eq!(values(chart(handoff, "handoff_speed"), 0), by_period("share_within"));
    for (at, fate) in ["accepted", "in_work", "waiting", "rejected", "recycled", "leaked"].into_iter().enumerate() {
        assert_eq!(values(chart(handoff, "handoff_fates"), at), by_period(fate), "{fate}");
    }
    // What became of the leads makes all of them.
    let parts = (0..6).map(|at| values(chart(handoff, "handoff_fates"), at)[0].unwrap()).sum::<f64>();
    assert_eq!(Some(parts), by_period("qualified")[0]);
    let scorecard = section(&pack, "scorecard");
    let metric = |id| column("scorecard_tidy", &[("metric_id", id)], "value")[..10].to_vec();
    assert_eq!(values(chart(scorecard, "scorecard_won"), 0), metric("won_revenue"));
    assert_eq!(values(chart(scorecard, "scorecard_won"), 1), metric("pipeline_created"));
    let reached = chart(section(&pack, "journey"), "journey_reached");
    for stage in 0..values(reached, 0).len() {
        let sum: f64 = (0..4).map(|at| values(reached, at)[stage].unwrap()).sum();
        assert!((sum - 1.0).abs() < 1e-9, "stage {stage}: the parts make {sum}");
    }
    for section in list(&pack, "sections") {
        for chart in section["charts"].as_array().into_iter().flatten() {
            let known = list(chart, "series").iter().any(|s| list(s, "values").iter().any(Value::is_number));
            assert!(known, "{}: nothing is drawn", chart["id"]);
            assert!(!text(&chart["title"]).is_empty() && text(&chart["description"]).len() > 20, "{}", chart["id"]);
        }
    }
}

#[test]
fn a_part_that_the_contract_does_not_allow_says_so() {
    let dir = folder(&[("deals.csv", DEALS)]);
    let output = run_in(dir.path(), &["report", "deals.csv", "--as-of", "2026-06-30", "-f", "json"]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let pack: Value = serde_json::from_slice(&output.stdout).unwrap();
    let definition = section(&pack, "definition");
    assert!(text(&definition["finding"]).starts_with("Not in this pack: "), "{definition}");
    assert!(!list(definition, "notes").is_empty(), "what to do is said: {definition}");
    // One won, one lost, one open.
    assert_eq!(
        section(&pack, "winrate")["finding"],
        "1 of 2 deals that were won or lost were won (50.0%, 95 %: 9.5–90.5%)."
    );
    assert_eq!(section(&pack, "journey")["finding"], "The exports have no touch of these buyers.");
    for section in list(&pack, "sections") {
        let finding = text(&section["finding"]);
        assert!(!finding.is_empty() && !finding.contains("NaN") && !finding.contains("inf%"), "{finding}");
    }
}

#[test]
fn nothing_known_is_said_in_words() {
    let dir = folder(&[("deals.csv", DEALS)]);
    let output = run_in(dir.path(), &["report", "deals.csv", "--as-of", "2025-01-01", "-f", "json"]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let pack: Value = serde_json::from_slice(&output.stdout).unwrap();
    for section in list(&pack, "sections") {
        let finding = text(&section["finding"]);
        assert!(finding.ends_with('.') && !finding.contains("NaN") && !finding.contains("  "), "{finding}");
    }
}

#[test]
fn what_is_wrong_with_all_of_it_stops_it() {
    for (args, needle) in [
        (&["--where", "regon = 'EMEA'"][..], "regon"),
        (&["--from", "2026-13-01"], "is not a day"),
        (&["--from", "2027-01-01"], "is after"),
    ] {
        let output = run(&[&["report", ACME][..], args].concat());
        assert_eq!(output.status.code(), Some(2));
        assert!(output.stdout.is_empty());
        assert!(String::from_utf8_lossy(&output.stderr).contains(needle));
    }
}

#[test]
fn one_page_that_fits_into_a_mail() {
    let html = command(&["report", ACME, "-f", "html"]).output().unwrap();
    assert!(html.status.success());
    assert!(html.stdout.len() < 400_000, "{} bytes", html.stdout.len());
    let text = String::from_utf8(html.stdout).unwrap();
    let page = text.replace("http://www.w3.org/2000/svg", "").replace("http://www.w3.org/1999/xhtml", "");
    // Sources of metrics are named with their addresses as plain words; nothing is fetched or linked.
    for forbidden in [" src=", "href=\"http", "url(", "@import", "<iframe", "<img"] {
        assert!(!page.contains(forbidden), "{forbidden}");
    }
    // The one link says that there is no icon to ask for.
    assert_eq!(page.matches("<link").count(), page.matches("<link rel=\"icon\" href=\"data:,\"").count());
    assert!(text.matches("<svg class=\"chart\"").count() >= 14);
    assert!(text.contains("Aalen–Johansen"));
}

/// The text of all cells of a sheet, row by row.
fn sheet(path: &std::path::Path, name: &str) -> Vec<Vec<String>> {
    let mut book: calamine::Xlsx<_> = calamine::open_workbook(path).unwrap();
    let range = calamine::Reader::worksheet_range(&mut book, name).unwrap();
    range.rows().map(|row| row.iter().map(ToString::to_string).collect()).collect()
}

#[test]
fn what_was_asked_for_stands_in_every_format() {
    let part = "lead_source = 'Outbound' AND '</style>' <> '_x_'";
    let flags = ["--where", part, "--from", "2025-01-01", "--to", "2026-03-31", "--period", "month"];
    let dir = tempfile::tempdir().unwrap();
    let at = |name: &str| dir.path().join(name).to_str().unwrap().to_owned();
    let said = format!(
        "As of 2026-06-30 · only where {part} · from 2025-01-01 · to 2026-03-31 · period month · USD · contract {ACME}"
    );
    for command in ["report", "scorecard", "funnel", "handoff"] {
        let with = |more: &[&str]| stdout(&[&[command, ACME][..], &flags, more].concat());
        let plain = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(plain(&with(&[])).contains(&said), "{command}");
        let escaped = said.replace('<', "\\<").replace("_x_", "\\_x\\_");
        assert!(with(&["-f", "md"]).contains(&escaped), "{command}");
        let page = with(&["-f", "html"]);
        let shown = said.replace('<', "&#60;").replace('>', "&#62;").replace('\'', "&#39;");
        assert!(page.contains(&format!("<p class=\"meta\">{shown}")), "{command}");
        assert!(page.contains("<dt>Only where</dt>") && page.contains("@page{@top-left{content:"), "{command}");
        assert_eq!(page.matches("</style>").count(), 1, "{command}: the condition ends the style sheet");
        let json: Value = serde_json::from_str(&with(&["-f", "json"])).unwrap();
        let csv = at(&format!("{command}/"));
        with(&["-f", "csv", "-o", &csv, "-q"]);
        let index: Value = serde_json::from_str(&std::fs::read_to_string(format!("{csv}index.json")).unwrap()).unwrap();
        for json in [&json, &index] {
            let asked = ["where", "from", "to", "period"].map(|key| text(&json[key]));
            assert_eq!(asked, [part, "2025-01-01", "2026-03-31", "month"], "{command}");
            assert!(json.get("by").is_none(), "{command}");
        }
        let book = at(&format!("{command}.xlsx"));
        with(&["-o", &book, "-q"]);
        let summary = sheet(std::path::Path::new(&book), "Summary");
        for row in [["Only where", part], ["From", "2025-01-01"], ["To", "2026-03-31"], ["Period", "month"]] {
            assert!(summary.iter().any(|cells| cells[..2] == row), "{command}: {row:?} is not in {summary:?}");
        }
    }
    let pack = json(&[&["report", ACME][..], &flags, &["-f", "json"]].concat());
    let agreed = text(&section(&pack, "agreed")["finding"]);
    let quoted = "--where 'lead_source = '\\''Outbound'\\'' AND";
    assert!(agreed.contains("the same exports, the same hash and asks the same (--where '"), "{agreed}");
    assert!(agreed.contains(quoted) && agreed.contains(" --to 2026-03-31 --period month) gets the same"), "{agreed}");
    let by = json(&["scorecard", ACME, "--by", "lead_source,region", "--metric", "deals_won", "-f", "json"]);
    assert_eq!(by["by"], serde_json::json!(["lead_source", "region"]));
}

#[test]
fn where_nothing_was_asked_for_nothing_is_said() {
    for command in ["report", "scorecard", "attribution", "quality"] {
        let json = json(&[command, ACME, "-f", "json"]);
        for key in ["where", "from", "to", "period", "by"] {
            assert!(json.get(key).is_none(), "{command}: {key}");
        }
        let head = stdout(&[command, ACME]);
        let line = head.lines().nth(1).unwrap();
        assert!(line.starts_with("As of 2026-06-30 · USD · contract "), "{command}: {line}");
        assert!(!stdout(&[command, ACME, "-f", "html"]).contains("@top-left"), "{command}");
    }
    let pack = pack();
    let agreed = text(&section(&pack, "agreed")["finding"]);
    assert!(
        agreed.ends_with("has the same exports, the same hash and asks the same gets the same numbers."),
        "{agreed}"
    );
    // Another day than the contract's is asked for, too, and so is what the environment says.
    let day = json(&["report", ACME, "--as-of", "2026-03-31", "-f", "json"]);
    let agreed = text(&section(&day, "agreed")["finding"]);
    assert!(agreed.contains("asks the same (--as-of 2026-03-31) gets"), "{agreed}");
    let output = command(&["scorecard", ACME, "-f", "json"]).env("ONEFUNNEL_PERIOD", "year").output().unwrap();
    let output: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(output["period"], "year");
}

#[test]
fn the_chart_of_cohorts_draws_those_that_the_finding_names() {
    let pack = pack();
    let cohort = section(&pack, "cohort");
    let curves = chart(cohort, "cohort_curves");
    let names: Vec<&str> = list(curves, "series").iter().map(|s| text(&s["name"])).collect();
    assert_eq!(names, ["All", "2024-Q3", "2025-Q3"]);
    assert!(names[1..].iter().all(|name| text(&cohort["finding"]).contains(&format!("({name})"))));
}

/// No row of numbers is taken for the heading of a group, and every stage has its name.
#[test]
fn charts_of_the_page_are_whole() {
    let page = stdout(&["report", ACME, "-f", "html"]);
    let figures: Vec<&str> = page.split("<figure>").skip(1).map(|f| f.split("</figure>").next().unwrap()).collect();
    assert!(figures.len() >= 14);
    assert!(figures.iter().all(|figure| !figure.contains("class=\"gh\"")));
    let touches = figures.iter().find(|f| f.contains("<figcaption>Touches by stage and team")).unwrap();
    let drawn = touches.split("</svg>").next().unwrap();
    for word in ["Lead", "Marketing", "qualified", "Sales accepted", "Opportunity", "Proposal"] {
        assert!(drawn.contains(&format!(">{word}</text>")), "{word}");
    }
    let trends = page.split("The numbers of these trends").nth(1).unwrap().split("</thead>").next().unwrap();
    let heads: Vec<&str> = trends.split("<th scope=\"col\">").skip(2).map(|t| t.split('<').next().unwrap()).collect();
    assert!(heads.len() >= 8 && heads.is_sorted(), "{heads:?}");
    // 13 of 253 against 13 of 252, and 12 deals against 11.
    for id in ["Inquiry-to-revenue conversion", "Deals won"] {
        let tile =
            page.split(&format!("<span class=\"name\">{id}</span>")).nth(1).unwrap().split("</li>").next().unwrap();
        assert!(!tile.contains("better") && !tile.contains("worse"), "{tile}");
    }
}

//! `definition` and `score`: the example company by plain loops over the raw exports, and against what was planted in it; small
//! random companies; what must always add up.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::acme::{AS_OF, HUBSPOT, company, exports};
use super::company::{self as small, PLAIN, Random, Times, generate};
use super::process::{Process, Reach, processes};
use super::raw::{date, new_york, quarter, records};
use crate::common::{root, stdout};

/// The rows of one table of a report.
fn rows(args: &[&str], table: usize) -> Vec<Value> {
    let all = [args, &["-f", "json"]].concat();
    let report: Value = serde_json::from_str(&stdout(&all)).unwrap();
    report["tables"][table]["rows"].as_array().unwrap().clone()
}

fn text<'a>(row: &'a Value, key: &str) -> &'a str {
    row[key].as_str().unwrap_or_else(|| panic!("{key} of {row}"))
}

fn count(row: &Value, key: &str) -> u64 {
    row[key].as_u64().unwrap_or_else(|| panic!("{key} of {row}"))
}

fn find<'a>(rows: &'a [Value], period: &str, kind: &str, id: &str) -> &'a Value {
    let is = |r: &&Value| text(r, "period") == period && text(r, "row") == kind && text(r, "id") == id;
    rows.iter().find(is).unwrap_or_else(|| panic!("no {kind} {id} in {period}"))
}

/// The example's contract with another definition.
fn contract(folder: &Path, name: &str, qualified: &str) -> PathBuf {
    let text = std::fs::read_to_string(root().join("examples/acme/onefunnel.toml")).unwrap();
    let (before, rest) = text.split_once("[qualified]").unwrap();
    let (_, after) = rest.split_once("[teams.marketing]").unwrap();
    let text = format!("{before}{qualified}\n[teams.marketing]{after}");
    let text = text.replace("\"exports/", &format!("\"{}/", exports().to_str().unwrap()));
    let path = folder.join(name);
    std::fs::write(&path, text).unwrap();
    path
}

const TWO_RULES: &str = "[qualified]\nversion = \"1\"\n\
    [[qualified.rule]]\nname = \"channel\"\nwhen = \"lead_source <> 'Webinar'\"\n\
    [[qualified.rule]]\nname = \"interest\"\nwhen = \"score >= 65\"\n";

/// What the second route knows of one process.
struct Asked {
    process: Process,
    score: Option<f64>,
}

impl Asked {
    fn recorded(&self, stage: usize) -> bool {
        matches!(self.process.stages[stage], Reach::Recorded(_))
    }

    fn channel(&self) -> Option<bool> {
        (!self.process.source.is_empty()).then(|| self.process.source != "Webinar")
    }

    fn interest(&self, least: f64) -> Option<bool> {
        self.score.map(|s| s >= least)
    }
}

/// The score of a process is that of the person known first who has one.
fn example() -> Vec<Asked> {
    let mut scores = BTreeMap::new();
    for r in records(&exports().join(HUBSPOT)) {
        if let Ok(score) = r["HubSpot Score"].parse::<f64>() {
            let created = new_york(&r["Create Date"]).map_or(i64::MAX, |m| m.at);
            scores.insert(format!("hubspot {}", r["Record ID"]), (created, score));
        }
    }
    let of = |process: Process| {
        let score = process.people.iter().filter_map(|id| scores.get(id)).min_by_key(|(at, _)| *at).map(|(_, s)| *s);
        Asked { process, score }
    };
    processes(&company()).into_iter().filter(|p| p.entered().is_some()).map(of).collect()
}

#[derive(Debug, Default, PartialEq, Clone, Copy)]
struct Became {
    n: u64,
    deals: u64,
    won: u64,
    cents: i64,
    mature: u64,
}

impl Became {
    fn add(&mut self, p: &Process) {
        self.n += 1;
        self.deals += u64::from(p.deal.is_some());
        self.won += u64::from(p.won);
        self.cents += if p.won { p.amount.unwrap_or(0) } else { 0 };
        self.mature += u64::from(date(AS_OF).unwrap() - p.entered().unwrap() >= 180);
    }

    #[allow(clippy::cast_possible_truncation)] // whole cents
    fn of(row: &Value) -> Self {
        let cents = (row["revenue"].as_f64().unwrap() * 100.0).round() as i64;
        let [n, deals, won, mature] = ["n", "deals", "won", "mature_n"].map(|key| count(row, key));
        Self { n, deals, won, cents, mature }
    }
}

const WORDS: [&str; 3] = ["marketing", "sales", "definition"];

fn region(says: [bool; 3]) -> String {
    let said: Vec<&str> = WORDS.iter().zip(says).filter(|(_, yes)| *yes).map(|(word, _)| *word).collect();
    if said.is_empty() { "none".into() } else { said.join("_") }
}

#[test]
fn the_example_by_plain_loops() {
    let folder = tempfile::tempdir().unwrap();
    let path = contract(folder.path(), "onefunnel.toml", TWO_RULES);
    let found = rows(&["definition", path.to_str().unwrap()], 0);
    let mut groups: BTreeMap<(String, &str, String), Became> = BTreeMap::new();
    let mut rules: BTreeMap<(String, &str), [u64; 5]> = BTreeMap::new();
    for one in example() {
        for period in [quarter(one.process.entered().unwrap()), "total".to_owned()] {
            let verdicts = [("channel", one.channel()), ("interest", one.interest(65.0))];
            let qualified = verdicts.iter().all(|(_, v)| *v == Some(true));
            let says = [one.recorded(1), one.recorded(2), qualified];
            let mut add = |kind, id: &str| {
                groups.entry((period.clone(), kind, id.to_owned())).or_default().add(&one.process);
            };
            add("universe", "universe");
            add("region", &region(says));
            for (word, _) in WORDS.iter().zip(says).filter(|(_, yes)| *yes) {
                add("set", word);
            }
            if let Some((rule, _)) = verdicts.iter().find(|(_, v)| *v != Some(true)) {
                add("excluded_by", rule);
            }
            let mut came = true;
            let no = verdicts.iter().filter(|(_, v)| *v != Some(true)).count();
            for (rule, verdict) in verdicts {
                let row = rules.entry((period.clone(), rule)).or_default();
                row[0] += u64::from(came);
                row[1] += u64::from(came && verdict == Some(false));
                row[2] += u64::from(came && verdict.is_none());
                row[3] += u64::from(verdict == Some(false));
                row[4] += u64::from(verdict != Some(true) && no == 1);
                came &= verdict == Some(true);
            }
        }
    }
    assert!(rules.values().any(|r| r[2] > 0), "nobody without a score: the test would miss it");
    let mut compared = 0;
    for row in &found {
        let (period, kind, id) = (text(row, "period").to_owned(), text(row, "row"), text(row, "id").to_owned());
        if ["universe", "set", "region", "excluded_by"].contains(&kind) {
            let kind = ["universe", "set", "region", "excluded_by"].into_iter().find(|k| *k == kind).unwrap();
            let expected = groups.get(&(period.clone(), kind, id.clone())).copied().unwrap_or_default();
            assert_eq!(Became::of(row), expected, "{period} {kind} {id}");
            compared += 1;
        }
        if kind == "excluded_by" {
            let keys = ["entering", "failed", "unknown", "failed_alone", "only_this"];
            let id = ["channel", "interest"].into_iter().find(|r| *r == id).unwrap();
            assert_eq!(keys.map(|k| count(row, k)), rules[&(period.clone(), id)], "{period} {id}");
        }
        if kind == "agreement" {
            kappa_again(row, &groups, &period, &id);
        }
    }
    assert_eq!(compared, 11 * (1 + 3 + 8 + 2));
}

/// κ from the regions of the second route.
#[allow(clippy::cast_precision_loss)] // small counts
fn kappa_again(row: &Value, groups: &BTreeMap<(String, &str, String), Became>, period: &str, id: &str) {
    let (first, second) = id.split_once('_').unwrap();
    let mut cells = [[0_u64; 2]; 2];
    for bits in 0..8_u8 {
        let says = [bits & 4 > 0, bits & 2 > 0, bits & 1 > 0];
        let of = |word: &str| says[WORDS.iter().position(|w| *w == word).unwrap()];
        let n = groups.get(&(period.to_owned(), "region", region(says))).map_or(0, |b| b.n);
        cells[usize::from(!of(first))][usize::from(!of(second))] += n;
    }
    let keys = [["both", "only_first"], ["only_second", "neither"]];
    assert_eq!(keys.map(|line| line.map(|key| count(row, key))), cells, "{period} {id}");
    let n: u64 = cells.iter().flatten().sum();
    let share = |k: u64| k as f64 / n as f64;
    let alike = share(cells[0][0] + cells[1][1]);
    let (a, b) = (share(cells[0][0] + cells[0][1]), share(cells[0][0] + cells[1][0]));
    let chance = a * b + (1.0 - a) * (1.0 - b);
    let kappa = (alike - chance) / (1.0 - chance);
    assert!((row["kappa"].as_f64().unwrap() - kappa).abs() < 1e-9, "{period} {id}: {row}");
}

fn truth() -> Value {
    serde_json::from_str(&std::fs::read_to_string(root().join("examples/acme/truth.json")).unwrap()).unwrap()
}

/// Everybody is judged by the version of their day.
#[test]
fn versions_by_plain_loops() {
    const VERSIONS: &str = "[[qualified]]\nversion = \"a\"\nfrom = \"2024-03-01\"\nwhen = \"score >= 80\"\n\
        [[qualified]]\nversion = \"b\"\nfrom = \"2025-07-15\"\n\
        [[qualified.rule]]\nname = \"channel\"\nwhen = \"lead_source <> 'Webinar'\"\n\
        [[qualified.rule]]\nname = \"interest\"\nwhen = \"score >= 65\"\n";
    let folder = tempfile::tempdir().unwrap();
    let contract = contract(folder.path(), "onefunnel.toml", VERSIONS);
    let found = rows(&["definition", contract.to_str().unwrap()], 0);
    let all = example();
    let (first, second) = (date("2024-03-01").unwrap(), date("2025-07-15").unwrap());
    let mut expected: BTreeMap<(String, &str), u64> = BTreeMap::new();
    for one in &all {
        let day = one.process.entered().unwrap();
        if day < first {
            continue;
        }
        let rules: &[(&str, Option<bool>)] = if day < second {
            &[("when", one.interest(80.0))]
        } else {
            &[("channel", one.channel()), ("interest", one.interest(65.0))]
        };
        let fate = rules.iter().find(|(_, yes)| *yes != Some(true)).map_or("definition", |(rule, _)| rule);
        for period in [quarter(day), "total".into()] {
            *expected.entry((period.clone(), "universe")).or_default() += 1;
            *expected.entry((period, fate)).or_default() += 1;
        }
    }
    let mut rows = 0;
    for row in &found {
        let id = match text(row, "row") {
            "universe" => "universe",
            "set" if text(row, "id") == "definition" => "definition",
            "excluded_by" => text(row, "id"),
            _ => continue,
        };
        let is = expected.iter().find(|((period, what), _)| period == text(row, "period") && *what == id);
        assert_eq!(count(row, "n"), is.map_or(0, |(_, n)| *n), "{row}");
        rows += 1;
    }
    assert_eq!(rows, 11 * 5);
    let version = |period: &str| text(find(&found, period, "universe", "universe"), "definition_version").to_owned();
    assert_eq!(["2024-Q1", "2025-Q2", "2025-Q3", "2026-Q1"].map(version), ["a", "a", "a, b", "b"]);
    let said = stdout(&["definition", contract.to_str().unwrap()]);
    let said = said.split_whitespace().collect::<Vec<_>>().join(" ");
    let before = all.iter().filter(|o| o.process.entered().unwrap() < first).count();
    assert!(said.contains(&format!("+ {before} before the first version")), "{said}");
    assert!(said.contains("the version of their day: a from 2024-03-01, b from 2025-07-15"), "{said}");
}

/// From 2025-07-01 a lower score made an MQL: more of them, and fewer won.
#[test]
fn the_planted_change_of_the_definition_shows_by_month() {
    let truth = truth();
    let converted = ["--where", "link = 'converted lead'"];
    let found = rows(&["definition", "examples/acme", "--period", "month"], 0);
    let with_lead = rows(&[&["definition", "examples/acme", "--period", "month"], &converted[..]].concat(), 0);
    let mut sums: BTreeMap<&str, [u64; 3]> = BTreeMap::new();
    for row in found.iter().filter(|r| text(r, "row") == "said" && text(r, "id") == "marketing") {
        let period = text(row, "period");
        if period == "total" {
            assert_eq!(row["n"], truth["totals"]["mqls"]);
            continue;
        }
        assert_eq!(row["n"], truth["by_month"]["mqls"][period], "{period}");
        let linked = find(&with_lead, period, "said", "marketing");
        let sum = sums.entry(if period < "2025-07" { "old" } else { "new" }).or_default();
        for (slot, n) in sum.iter_mut().zip([count(row, "n"), count(linked, "deals"), count(linked, "won")]) {
            *slot += n;
        }
    }
    for (definition, [mqls, deals, won]) in &sums {
        let planted = |figure: &str| truth["by_group"][figure][definition].as_u64().unwrap();
        assert_eq!(*mqls, planted("mqls_by_definition"), "{definition}");
        assert_eq!(*deals, planted("mqls_with_deal_by_definition"), "{definition}");
        assert_eq!(*won, planted("mqls_won_by_definition"), "{definition}");
    }
    // Volume a month is up, yield is down, in months that are mature too.
    let months = |from: &str, to: &str, key: &str| -> u64 {
        let of = |r: &&Value| text(r, "row") == "said" && text(r, "id") == "marketing";
        let inside = |r: &&Value| (from..=to).contains(&text(r, "period"));
        found.iter().filter(of).filter(inside).map(|r| count(r, key)).sum()
    };
    let (before, after) = (("2024-09", "2024-12"), ("2025-09", "2025-12"));
    let of = |(from, to): (&str, &str)| (months(from, to, "n"), months(from, to, "won"));
    let ((n, won), (n_after, won_after)) = (of(before), of(after));
    assert!(n_after > n && won_after * n < won * n_after, "{n} {won} {n_after} {won_after}");
    // The report says itself where marketing's word changed.
    let said = stdout(&["definition", "examples/acme", "--period", "month"]);
    let (_, shifts) = said.split_once("Where a word changed most").unwrap();
    let line = shifts.lines().find(|line| line.starts_with("Marketing: Marketing qualified")).unwrap();
    assert!(line.contains(" 2025-07 "), "{line}");
}

#[test]
fn another_definition_of_the_example_by_plain_loops() {
    let folder = tempfile::tempdir().unwrap();
    let this = contract(folder.path(), "this.toml", TWO_RULES);
    let other = folder.path().join("other.toml");
    std::fs::write(&other, "[qualified]\nversion = \"2\"\nwhen = \"score >= 50 AND lead_source <> 'Paid Search'\"\n")
        .unwrap();
    let args = ["definition", this.to_str().unwrap(), "--against", other.to_str().unwrap()];
    let (figures, moved) = (rows(&args, 0), rows(&args, 1));
    let mut expected: BTreeMap<(bool, String), u64> = BTreeMap::new();
    let mut volume = [Became::default(), Became::default()];
    for one in example() {
        let this = one.channel() == Some(true) && one.interest(65.0) == Some(true);
        let source = &one.process.source;
        let other = one.interest(50.0) == Some(true) && !source.is_empty() && source != "Paid Search";
        for (became, yes) in volume.iter_mut().zip([this, other]) {
            if yes {
                became.add(&one.process);
            }
        }
        if this != other {
            *expected.entry((other, one.process.deal.clone().unwrap_or_default())).or_default() += 1;
        }
    }
    for (side, expected) in ["this", "other"].into_iter().zip(volume) {
        let is = |r: &&Value| text(r, "period") == "total" && text(r, "side") == side && text(r, "set") == "definition";
        assert_eq!(Became::of(figures.iter().find(is).unwrap()), expected, "{side}");
    }
    let mut found: BTreeMap<(bool, String), u64> = BTreeMap::new();
    for row in &moved {
        let into = text(row, "direction") == "in";
        let deal = row["deal_id"].as_str().unwrap_or_default().chars().take(15).collect();
        *found.entry((into, deal)).or_default() += 1;
        let rule = text(row, "rule");
        assert!(if into { ["channel", "interest"].contains(&rule) } else { rule == "when" }, "{row}");
        assert!(row["line"].as_u64().is_some_and(|line| line > 1), "{row}");
    }
    assert_eq!(found, expected);
    assert!(found.keys().any(|(into, _)| *into) && found.keys().any(|(into, _)| !into), "moves one way only");
    // Work for sales: by average heads of the quarter.
    let truth = truth();
    for row in figures.iter().filter(|r| text(r, "period") == "2025-Q4") {
        let heads: f64 = ["2025-10", "2025-11", "2025-12"]
            .iter()
            .map(|m| truth["by_month"]["head_tenths_sales"][m].as_f64().unwrap() / 30.0)
            .sum();
        assert!((row["sales_heads"].as_f64().unwrap() - heads).abs() < 1e-9);
        let per_head = row["n"].as_f64().unwrap() / heads;
        assert!((row["n_per_sales_head"].as_f64().unwrap() - per_head).abs() < 1e-9);
    }
}

#[test]
#[allow(clippy::cast_precision_loss)] // small counts
fn the_score_of_the_example_by_plain_loops() {
    let folder = tempfile::tempdir().unwrap();
    let contract = contract(folder.path(), "onefunnel.toml", TWO_RULES);
    let args = ["score", contract.to_str().unwrap(), "--bands", "10,40,65,80", "--capacity", "20/month"];
    let found = rows(&args, 0);
    let all = example();
    let band = |least: f64, below: f64| {
        let mut became = Became::default();
        all.iter().filter(|o| o.score.is_some_and(|s| s >= least && s < below)).for_each(|o| became.add(&o.process));
        became
    };
    let row = |kind: &str, id: &str| found.iter().find(|r| text(r, "row") == kind && text(r, "id") == id).unwrap();
    let edges = [f64::MIN, 10.0, 40.0, 65.0, 80.0, f64::MAX];
    for (id, pair) in ["below", "from_10", "from_40", "from_65", "from_80"].into_iter().zip(edges.windows(2)) {
        assert_eq!(Became::of(row("band", id)), band(pair[0], pair[1]), "{id}");
    }
    let mut missing = Became::default();
    all.iter().filter(|o| o.score.is_none()).for_each(|o| missing.add(&o.process));
    assert_eq!(Became::of(row("band", "missing")), missing);
    assert!(missing.n > 0);

    let scored: Vec<(f64, &Process)> = all.iter().filter_map(|o| o.score.map(|s| (s, &o.process))).collect();
    let (mut twice, mut pairs) = (0_u64, 0_u64);
    for (high, _) in scored.iter().filter(|(_, p)| p.won) {
        for (low, _) in scored.iter().filter(|(_, p)| !p.won) {
            pairs += 1;
            twice += if high > low { 2 } else { u64::from(high.to_bits() == low.to_bits()) };
        }
    }
    let auc = twice as f64 / (2 * pairs) as f64;
    assert!((row("auc", "all")["auc"].as_f64().unwrap() - auc).abs() < 1e-12, "{auc}");

    let won = scored.iter().filter(|(_, p)| p.won).count() as f64;
    let mut thresholds = 0;
    for row in found.iter().filter(|r| text(r, "row") == "threshold") {
        let least = row["score_from"].as_f64().unwrap();
        let reach: Vec<_> = scored.iter().filter(|(s, _)| *s >= least).collect();
        let hits = reach.iter().filter(|(_, p)| p.won).count();
        assert_eq!((count(row, "n"), count(row, "won")), (reach.len() as u64, hits as u64), "{least}");
        if !reach.is_empty() {
            assert!((row["precision"].as_f64().unwrap() - hits as f64 / reach.len() as f64).abs() < 1e-12);
        }
        assert!((row["recall"].as_f64().unwrap() - hits as f64 / won).abs() < 1e-12);
        assert_eq!(row["in_force"].as_bool(), Some((least - 65.0).abs() < 1e-9), "{least}");
        thresholds += 1;
    }
    assert!(thresholds > 50);
    // Thirty whole months, twenty a month: the lowest score that at most 600 reach of those whom the other rule lets through.
    let of_channel = |p: &Process| !p.source.is_empty() && p.source != "Webinar";
    let qualified = |least: f64| scored.iter().filter(|(s, p)| *s >= least && of_channel(p)).count();
    let fits = |least: f64| qualified(least) <= 600;
    for row in found.iter().filter(|r| text(r, "row") == "threshold") {
        let least = row["score_from"].as_f64().unwrap();
        assert_eq!(count(row, "volume_qualified"), qualified(least) as u64, "{least}");
    }
    for row in found.iter().filter(|r| text(r, "row") == "period") {
        let of = |p: &Process| p.entered().is_some_and(|day| quarter(day) == text(row, "id"));
        let above = scored.iter().filter(|(s, p)| *s >= 65.0 && of(p));
        assert_eq!(count(row, "n"), above.clone().count() as u64, "{row}");
        assert_eq!(count(row, "won"), above.filter(|(_, p)| p.won).count() as u64, "{row}");
    }
    let lowest = scored.iter().map(|(s, _)| *s).filter(|s| fits(*s)).min_by(f64::total_cmp).unwrap();
    assert_eq!(row("threshold", "capacity")["score_from"].as_f64(), Some(lowest));
}

/// Small companies: the regions make up everybody, whatever the definition; the order of rows does not matter; nothing is
/// known of what comes after as-of.
#[test]
fn small_companies_add_up_in_any_order_and_know_nothing_of_later() {
    const QUALIFIED: &str = "\n[qualified]\nversion = \"1\"\n[[qualified.rule]]\nname = \"source\"\nwhen = \"lead_source = 'Web'\"\n\
        [[qualified.rule]]\nname = \"worth\"\nwhen = \"amount > 300\"\n[[qualified.rule]]\nname = \"people\"\nwhen = \"people > 0 OR score > 3\"\n";
    const OTHER: &str = "[qualified]\nversion = \"2\"\nwhen = \"amount > 100\"\nstage = \"opportunity\"\n";
    for seed in 0..24 {
        let sheets = generate(seed, if seed % 2 == 0 { Times::Distinct } else { Times::Days });
        let print = |sheets: &[small::Sheet], as_of: &str, against: bool| {
            let folder = tempfile::tempdir().unwrap();
            small::write(folder.path(), sheets, PLAIN);
            let path = folder.path().join("onefunnel.toml");
            let text = std::fs::read_to_string(&path).unwrap();
            std::fs::write(&path, text + QUALIFIED).unwrap();
            let other = folder.path().join("other.toml");
            std::fs::write(&other, OTHER).unwrap();
            let input = folder.path().to_str().unwrap().to_owned();
            let mut args = vec!["definition", &input, "--as-of", as_of, "--period", "month", "-f", "json"];
            if against {
                args.extend(["--against", other.to_str().unwrap()]);
            }
            let report: Value = serde_json::from_str(&stdout(&args)).unwrap();
            report["tables"].clone()
        };
        let tables = print(&sheets, small::AS_OF, false);
        let rows = tables[0]["rows"].as_array().unwrap();
        let periods: BTreeSet<&str> = rows.iter().map(|r| text(r, "period")).collect();
        for period in periods {
            for key in ["n", "deals", "won", "open", "lost", "mature_n"] {
                let sum = |kind: &str| -> u64 {
                    let of = rows.iter().filter(|r| text(r, "period") == period && text(r, "row") == kind);
                    of.map(|r| count(r, key)).sum()
                };
                let asked = count(find(rows, period, "universe", "universe"), key);
                assert_eq!(sum("region"), asked, "company {seed}, {period}: {key} of the regions");
                let defined = count(find(rows, period, "set", "definition"), key);
                assert_eq!(sum("excluded_by") + defined, asked, "company {seed}, {period}: {key} of the rules");
            }
        }
        let mut shuffled = sheets.clone();
        for sheet in &mut shuffled {
            Random::new(seed).shuffle(&mut sheet.rows);
        }
        assert_eq!(tables, print(&shuffled, small::AS_OF, false), "company {seed}, shuffled");
        for as_of in ["2025-08-20", "2025-03-31"] {
            for table in
                [print(&sheets, as_of, false), print(&sheets, as_of, true)].iter().flat_map(|t| t.as_array().unwrap())
            {
                for row in table["rows"].as_array().unwrap() {
                    let later = |key: &str| row.get(key).and_then(Value::as_str).is_some_and(|day| day > as_of);
                    assert!(!later("period_start") && !later("asked_on"), "company {seed} on {as_of}: {row}");
                }
            }
        }
    }
}

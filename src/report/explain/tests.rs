//! What is listed adds up to what the scorecard prints: of every metric, over periods, segments and conditions.
//!
//! The aggregates are computed again from the list, in plain loops, and the formulas by a small calculator of their own.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use clap::Parser;

use super::*;
use crate::cli::{Cli, Command};
use crate::report::{Cell, Table, scorecard};

pub(super) fn acme() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/acme")
}

fn parsed(args: &[&str]) -> Command {
    Cli::try_parse_from(std::iter::once("onefunnel").chain(args.iter().copied())).unwrap().command
}

pub(super) fn explain_args(args: &[&str]) -> ExplainArgs {
    match parsed(args) {
        Command::Explain(args) => args,
        other => panic!("{other:?}"),
    }
}

/// Everything of a folder, and what was set aside.
pub(super) fn load(folder: &str) -> Data {
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let mut env = Env {
        now: "2026-07-01T00:00:00Z".parse().unwrap(),
        stdout: &mut out,
        stderr: &mut err,
        began: std::time::Instant::now(),
        stdout_is_terminal: false,
        stderr_is_terminal: false,
        width: None,
        utf8: true,
        no_color: true,
        force_color: false,
        log: crate::log::LogFormat::Text,
        asked: crate::report::asked::Asked::default(),
        lock: None,
        progress: crate::progress::Progress::default(),
        shown: None,
    };
    let args = explain_args(&["explain", "deals_won", folder]);
    let mut session = Session::open(&args.input, &env).unwrap();
    session.rows = Some(PathBuf::from("/dev/null"));
    session.load(&args.output, &mut env).unwrap()
}

pub(super) type Row = BTreeMap<String, Cell>;

fn rows(table: &Table) -> Vec<Row> {
    let ids = || table.columns.iter().map(|c| c.id.clone());
    table.rows.iter().map(|row| ids().zip(row.iter().cloned()).collect()).collect()
}

pub(super) fn table(report: &Report, id: &str) -> Vec<Row> {
    rows(report.tables.iter().find(|t| t.id == id).unwrap())
}

pub(super) fn text(cell: &Cell) -> &str {
    match cell {
        Cell::Text(text) => text,
        _ => "",
    }
}

pub(super) fn number(cell: &Cell) -> Option<f64> {
    match cell {
        Cell::Number(value, _) => Some(*value),
        _ => None,
    }
}

pub(super) fn close(a: f64, b: f64) -> bool {
    (a - b).abs() <= 1e-9 * a.abs().max(b.abs()).max(1.0)
}

pub(super) fn count(n: usize) -> f64 {
    f64::from(u32::try_from(n).unwrap())
}

/// One measure from its listed rows: those that count, each first record with what it gives.
fn again(aggregate: &str, list: &[&Row]) -> Option<f64> {
    let mut numbers: Vec<f64> = list.iter().filter_map(|r| number(&r["contribution"])).collect();
    let sum: f64 = numbers.iter().sum();
    let (rows, known) = (count(list.len()), count(numbers.len()));
    numbers.sort_by(f64::total_cmp);
    let some = (!numbers.is_empty()).then_some(());
    match aggregate {
        "COUNT(*)" => Some(rows),
        "SUM(amount)" if numbers.is_empty() && rows > 0.0 => None,
        "SUM(amount) - 2 * COUNT(amount)" => Some(sum),
        text if text.starts_with("COUNT(DISTINCT ") => {
            let words: BTreeSet<&str> =
                list.iter().map(|r| self::text(&r["contribution_text"])).filter(|w| !w.is_empty()).collect();
            Some(count(words.len()))
        }
        text if text.starts_with("COUNT(") => Some(sum),
        "SUM(heads) / COUNT(DISTINCT date)" => {
            let months: BTreeSet<String> = list
                .iter()
                .filter_map(|r| match &r["day"] {
                    Cell::Date(day) => Some(day.to_string()[..7].to_string()),
                    _ => None,
                })
                .collect();
            some.map(|()| sum / count(months.len()))
        }
        "SUM(amount) / COUNT(*)" => Some(sum / rows),
        text if text.starts_with("SUM(") && text.ends_with(')') => Some(sum),
        text if text.starts_with("AVG(") => some.map(|()| sum / known),
        text if text.starts_with("MAX(") => numbers.last().copied(),
        text if text.starts_with("MEDIAN(") => {
            let half = numbers.len() / 2;
            some.map(|()| {
                if numbers.len() % 2 == 1 { numbers[half] } else { f64::midpoint(numbers[half - 1], numbers[half]) }
            })
        }
        other => panic!("no second way for {other}"),
    }
}

/// Computes `(a + b) / c`; a quotient over nothing is nothing.
pub(super) struct Calculator<'a> {
    pub rest: &'a str,
    pub values: &'a BTreeMap<String, Option<f64>>,
}

impl Calculator<'_> {
    fn peek(&mut self) -> Option<char> {
        self.rest = self.rest.trim_start();
        self.rest.chars().next()
    }

    fn take(&mut self, wanted: char) -> bool {
        let found = self.peek() == Some(wanted);
        if found {
            self.rest = &self.rest[wanted.len_utf8()..];
        }
        found
    }

    pub fn sum(&mut self) -> Option<f64> {
        let mut value = self.product();
        loop {
            if self.take('+') {
                value = value.zip(self.product()).map(|(a, b)| a + b);
            } else if self.take('-') {
                value = value.zip(self.product()).map(|(a, b)| a - b);
            } else {
                return value;
            }
        }
    }

    fn product(&mut self) -> Option<f64> {
        let mut value = self.one();
        loop {
            if self.take('*') {
                value = value.zip(self.one()).map(|(a, b)| a * b);
            } else if self.take('/') {
                value = value.zip(self.one().filter(|b| *b != 0.0)).map(|(a, b)| a / b);
            } else {
                return value;
            }
        }
    }

    fn one(&mut self) -> Option<f64> {
        if self.take('(') {
            let value = self.sum();
            assert!(self.take(')'), "{}", self.rest);
            return value;
        }
        self.peek();
        let end = self.rest.find(|c: char| !(c.is_alphanumeric() || c == '_' || c == '.')).unwrap_or(self.rest.len());
        let (word, rest) = self.rest.split_at(end);
        self.rest = rest;
        word.parse().ok().or_else(|| self.values[word])
    }
}

/// Holds one explanation against a row of the scorecard, and its parts against each other. `true` when there is a value.
fn hold(report: &Report, wanted: &Row) -> bool {
    let of = format!("{} {} {}", text(&wanted["metric_id"]), text(&wanted["period"]), text(&wanted["segment"]));
    let figure = &table(report, "explain_tidy")[0];
    for column in
        ["value", "n", "numerator", "denominator", "ci_low", "status", "period_start", "period_end", "segment"]
    {
        assert_eq!(figure[column], wanted[column], "{of}: {column}");
    }
    let (measures, list) = (table(report, "explain_measures"), table(report, "explain_rows"));
    let account = table(report, "explain_account");
    let mut values = BTreeMap::new();
    for measure in &measures {
        let id = text(&measure["measure"]);
        let mine = |r: &&Row| text(&r["measure"]) == id;
        let counted: Vec<&Row> = list.iter().filter(mine).filter(|r| text(&r["part"]) == "first").collect();
        assert!(counted.iter().all(|r| r["counts"] == Cell::Flag(true)), "{of}");
        let step = |wanted: &str| {
            let steps = account.iter().filter(mine).filter(|r| text(&r["step"]) == wanted);
            steps.filter_map(|r| number(&r["rows"])).sum::<f64>()
        };
        let out: f64 = [
            "no_day",
            "outside_period",
            "condition_not_met",
            "condition_unknown",
            "where_not_met",
            "where_unknown",
            "other_segment",
        ]
        .into_iter()
        .map(step)
        .sum();
        assert!(close(step("rows"), out + step("counted")), "{of}: {account:?}");
        assert!(close(step("counted"), count(counted.len())), "{of}: {id}");
        let value = number(&measure["value"]);
        if let Some(value) = value {
            assert_eq!(number(&measure["n"]), Some(count(counted.len())), "{of}: n of {id}");
            let again = again(text(&measure["aggregate"]), &counted);
            assert!(again.is_some_and(|again| close(again, value)), "{of}: {id} is {value}, its rows say {again:?}");
            if measure["adds_up"] == Cell::Flag(true) {
                let sum = list.iter().filter(mine).filter_map(|r| number(&r["contribution"])).sum();
                assert!(close(sum, value), "{of}: {id} is {value}, its rows add up to {sum}");
            }
        } else {
            assert!(!text(&measure["reason"]).is_empty(), "{of}: {id} is missing without a reason");
        }
        values.insert(id.to_string(), value);
    }
    for scope in account.iter().filter(|r| text(&r["measure"]).is_empty() && text(&r["step"]) == "read") {
        let kind = text(&scope["table_name"]);
        let step = |wanted: &str| {
            let steps = account.iter().filter(|r| text(&r["measure"]).is_empty() && text(&r["table_name"]) == kind);
            steps.filter(|r| text(&r["step"]) == wanted).filter_map(|r| number(&r["rows"])).sum::<f64>()
        };
        assert!(close(step("read"), step("set_aside") + step("used")), "{of}: {kind}");
    }
    let mut calculator = Calculator { rest: text(&figure["formula"]), values: &values };
    let computed = calculator.sum();
    assert_eq!(calculator.rest.trim(), "", "{of}");
    match (computed, number(&figure["value"])) {
        (Some(a), Some(b)) => assert!(close(a, b), "{of}: the formula gives {a}, the report says {b}"),
        (a, b) => assert_eq!(a, b, "{of}"),
    }
    let with = text(&figure["formula_with_numbers"]);
    assert_eq!(with.contains("null"), values.values().any(Option::is_none), "{of}: {with}");
    computed.is_some()
}

/// Every line of the scorecard that a wish lets through, explained and held; how many there are, and how many have a value.
fn hold_all(data: &Data, folder: &str, slice: &[&str], wish: impl Fn(&Row) -> bool) -> (usize, usize) {
    let scorecard = match parsed(&[&["scorecard", folder], slice].concat()) {
        Command::Scorecard(args) => scorecard::tell(data, &args, 80).unwrap(),
        other => panic!("{other:?}"),
    };
    let kept: Vec<&str> =
        slice.chunks(2).filter(|pair| !["--by", "--period"].contains(&pair[0])).flatten().copied().collect();
    let kind: Vec<&str> =
        slice.chunks(2).filter(|pair| pair[0] == "--period").flat_map(|pair| ["--period-kind", pair[1]]).collect();
    let (mut all, mut known) = (0, 0);
    for wanted in table(&scorecard, "scorecard_tidy").iter().filter(|row| wish(row)) {
        let (metric, period, segment) = (text(&wanted["metric_id"]), text(&wanted["period"]), text(&wanted["segment"]));
        let mut args = vec!["explain", metric, folder, "-f", "json", "--period", period];
        args.extend(&kept);
        args.extend(&kind);
        if !segment.is_empty() {
            args.extend(["--segment", segment]);
        }
        let report = tell(data, &explain_args(&args)).unwrap();
        all += 1;
        known += usize::from(hold(&report, wanted));
    }
    (all, known)
}

fn of(periods: &'static [&'static str]) -> impl Fn(&Row) -> bool {
    move |row| periods.contains(&text(&row["period"]))
}

#[test]
fn what_is_listed_adds_up_to_the_scorecard() {
    let folder = acme();
    let folder = folder.to_str().unwrap();
    let data = load(folder);
    let segments = ["", "lead_source=Outbound", "lead_source=Paid Search", "lead_source=Webinar"];
    let some = |row: &Row| of(&["2025-Q3", "total"])(row) && segments.contains(&text(&row["segment"]));
    let (all, known) = hold_all(&data, folder, &["--by", "lead_source"], some);
    assert!(all > 200 && known > 80, "{all} {known}");
    for (slice, periods, least) in [
        (&["--period", "quarter"][..], &["2024-Q1", "2026-Q1", "2026-Q2", "total"][..], 90),
        (&["--period", "month"], &["2024-01", "2026-06"], 40),
        (&["--period", "week"], &["2026-W05", "2026-W20"], 10),
        (&["--period", "fiscal-year"], &["FY2026", "FY2027"], 45),
        (&["--where", "amount > 30000 AND has_deal"], &["2026-Q1", "total"], 20),
        (&["--from", "2025-02-10", "--to", "2026-03-15"], &["2025-Q1", "2026-Q1", "total"], 40),
    ] {
        let (all, known) = hold_all(&data, folder, slice, of(periods));
        assert!(all >= 27 * periods.len() && known >= least, "{slice:?}: {all} {known}");
    }
}

#[test]
fn measures_of_the_contract_are_explained_too() {
    let own = r#"
[measure.mean_won]
table = "journeys"
at = "closed_on"
value = "AVG(amount)"
where = "is_won"
unit = "money"

[measure.owners_of_won]
table = "journeys"
at = "closed_on"
value = "COUNT(DISTINCT owner)"
where = "is_won"

[measure.largest]
table = "journeys"
at = "closed_on"
value = "MAX(amount)"
where = "is_won OR amount > 10000"
unit = "money"

[measure.per_deal]
table = "journeys"
at = "created_on"
value = "SUM(amount) / COUNT(*)"
where = "has_deal"
unit = "money"

[measure.less_two_cents]
table = "journeys"
at = "created_on"
value = "SUM(amount) - 2 * COUNT(amount)"
where = "has_deal"
unit = "money"

[measure.calls]
table = "touches"
at = "on"
value = "COUNT(*)"
where = "team = 'sales'"

[metric.owners_and_calls]
formula = "(owners_of_won + 3) * calls - mean_won / largest"
unit = "number"
definition = "nothing that anybody wants to know"

[metric.each]
formula = "per_deal / less_two_cents"
unit = "number"
definition = "nothing either"
"#;
    let folder = tempfile::tempdir().unwrap();
    let contract = std::fs::read_to_string(acme().join("onefunnel.toml")).unwrap();
    let contract = contract.replace("\"exports/", &format!("\"{}/exports/", acme().display()));
    std::fs::write(folder.path().join("onefunnel.toml"), contract + own).unwrap();
    let folder = folder.path().to_str().unwrap();
    let data = load(folder);
    let is_own = |row: &Row| ["owners_and_calls", "each"].contains(&text(&row["metric_id"]));
    let (all, known) = hold_all(&data, folder, &["--by", "lead_source"], is_own);
    assert!(all > 100 && known > 20, "{all} {known}");
}

#[test]
fn the_file_has_every_row_that_was_read_and_adds_up() {
    let folder = acme();
    let folder = folder.to_str().unwrap();
    let data = load(folder);
    let catalogue = Catalogue::new(&data.session.contract).unwrap();
    for metric in
        ["marketing_investment_per_sales_head", "mql_to_revenue_yield", "win_rate_amount", "combined_budget_ratio"]
    {
        for period in ["2026-Q1", "total"] {
            let args = explain_args(&["explain", metric, folder, "-f", "json", "--period", period]);
            let view = View::new(&data, &catalogue, &args).unwrap();
            let mut bytes = Vec::new();
            list::write(&view, &mut bytes).unwrap();
            let mut reader = csv::Reader::from_reader(bytes.as_slice());
            let header: Vec<String> = reader.headers().unwrap().iter().map(String::from).collect();
            let rows: Vec<BTreeMap<String, String>> = reader
                .records()
                .map(|r| header.iter().cloned().zip(r.unwrap().iter().map(String::from)).collect())
                .collect();
            for part in &view.parts {
                let id = part.measure.id.as_str();
                let mine = || rows.iter().filter(|r| r["measure"] == id);
                let kinds = kinds(&part.measure.table);
                let files =
                    data.files.iter().filter(|f| kinds.iter().any(|k| f.input.table.as_deref() == Some(k.id())));
                let read: u64 = files.map(|f| f.input.rows_read).sum();
                assert_eq!(mine().count() as u64, read, "{metric} {period} {id}: every record once");
                let places: BTreeSet<(&str, &str)> = mine().map(|r| (r["file"].as_str(), r["line"].as_str())).collect();
                assert_eq!(places.len(), mine().count(), "{metric} {period} {id}: two records at one place");
                let first = |r: &&BTreeMap<String, String>| r["counts"] == "true" && r["part"] == "first";
                assert_eq!(mine().filter(first).count() as u64, part.figure.n, "{metric} {period} {id}");
                if part.trace.as_ref().is_some_and(|t| t.adds) {
                    let sum: f64 = mine().filter_map(|r| r["contribution"].parse::<f64>().ok()).sum();
                    let value = part.figure.value.clone().unwrap();
                    assert!(close(sum, value), "{metric} {period} {id}: {sum} {value}");
                }
            }
        }
    }
}

#[test]
fn nothing_personal_is_left_when_it_is_redacted() {
    let folder = acme();
    let folder = folder.to_str().unwrap();
    let data = load(folder);
    let catalogue = Catalogue::new(&data.session.contract).unwrap();
    let mut secret: BTreeSet<String> = BTreeSet::new();
    for kind in [Kind::People, Kind::Deals, Kind::Accounts, Kind::Users] {
        let table = data.tables.get(kind);
        for column in
            ["person_id", "deal_id", "account_id", "email", "name", "first_name", "last_name", "company", "website"]
        {
            secret
                .extend(table.codes(column).iter().filter_map(|code| data.tables.names.text(*code)).map(String::from));
        }
    }
    // Words that are names and something else as well.
    secret.retain(|text| text.chars().count() > 8);
    assert!(secret.len() > 5000);
    for metric in ["new_leads", "win_rate_narrow"] {
        let known = data.facts().segments(&["owner".to_string()]).unwrap().0;
        let segment = known.first().and_then(|s| s[0].clone()).map(|name| format!("owner={name}"));
        for segment in [None, segment] {
            let mut args = vec!["explain", metric, folder, "-f", "json", "--redact", "--period", "total"];
            args.extend(segment.iter().flat_map(|s| ["--segment", s.as_str()]));
            let args = explain_args(&args);
            let view = View::new(&data, &catalogue, &args).unwrap();
            let mut bytes = Vec::new();
            list::write(&view, &mut bytes).unwrap();
            let report = view.report();
            let cells = report.tables.iter().flat_map(|t| t.rows.iter().flatten()).map(|cell| text(cell).to_string());
            let fields = csv::Reader::from_reader(bytes.as_slice())
                .into_records()
                .flat_map(|r| r.unwrap().iter().map(String::from).collect::<Vec<_>>());
            for cell in cells.chain(fields) {
                assert!(!secret.contains(&cell), "{metric}: {cell}");
                let value = segment.as_deref().and_then(|s| s.split_once('=')).map(|(_, value)| value);
                assert!(value.is_none_or(|value| !cell.contains(value)), "{metric}: {cell}");
            }
        }
    }
    assert_eq!(hash("a"), hash("a"));
    assert_ne!(hash("a"), hash("b"));
}

//! The example company: the program's figures against those of the second route.

use std::collections::{BTreeMap, BTreeSet};

use super::acme::{AS_OF, STAGES, company, ledgers};
use super::figures::{Days, Figure, finance, funnel, journeys, wilson};
use super::process::{Process, processes};
use super::raw::{Record, date, iso, parse, quarter, quarter_days};
use crate::common::stdout;

/// A cell that is a number, or empty.
fn number(record: &Record, column: &str) -> Option<f64> {
    let cell = &record[column];
    (!cell.is_empty()).then(|| cell.parse().unwrap_or_else(|_| panic!("{column} is no number: {cell}")))
}

fn same(a: Option<f64>, b: Option<f64>) -> bool {
    match (a, b) {
        (None, None) => true,
        (Some(a), Some(b)) => (a - b).abs() <= 1e-9 * a.abs().max(b.abs()).max(1e-3),
        _ => false,
    }
}

fn bounds(interval: Option<(f64, f64)>) -> [Option<f64>; 2] {
    [interval.map(|i| i.0), interval.map(|i| i.1)]
}

/// Every quarter of the example, and `total`.
fn periods() -> Vec<(String, Days)> {
    let first = date("2024-01-01").unwrap();
    let last = date(AS_OF).unwrap();
    let labels: BTreeSet<String> = (first..=last).map(quarter).collect();
    let mut all: Vec<(String, Days)> = labels.into_iter().map(|l| (l.clone(), quarter_days(&l))).collect();
    all.push(("total".to_owned(), (first, last)));
    all
}

/// A cohort is mature 180 days after its last day.
fn mature(days: Days) -> String {
    (days.1 + 180 <= date(AS_OF).unwrap()).to_string()
}

/// The segments of the processes: none, and each lead source.
fn segments(all: &[Process], by_source: bool) -> Vec<(String, Vec<&Process>)> {
    let mut segments = vec![(String::new(), all.iter().collect())];
    if by_source {
        let sources: BTreeSet<&str> = all.iter().map(|p| p.source.as_str()).collect();
        for source in sources {
            segments.push((format!("lead_source={source}"), all.iter().filter(|p| p.source == source).collect()));
        }
    }
    segments
}

fn check_lines(key: &[&str], records: &[Record], expected: &BTreeSet<Vec<String>>) {
    let found: BTreeSet<Vec<String>> = records.iter().map(|r| key.iter().map(|k| r[*k].clone()).collect()).collect();
    assert_eq!(found.len(), records.len(), "a line twice");
    assert_eq!(&found, expected, "lines of the report");
}

fn scorecard(by_source: bool) {
    let mut args = vec!["scorecard", "examples/acme", "-f", "csv"];
    if by_source {
        args.extend(["--by", "lead_source"]);
    }
    let records = parse(&stdout(&args));
    let all = processes(&company());
    let ledgers = ledgers();
    let mql = STAGES.iter().position(|s| *s == "mql").unwrap();
    let cohort =
        ["inquiry_to_revenue_conversion", "mql_to_revenue_conversion", "mql_to_revenue_yield", "new_leads", "new_mqls"];

    let mut expected: BTreeMap<Vec<String>, (Figure, Days, bool)> = BTreeMap::new();
    for (segment, part) in segments(&all, by_source) {
        for (period, days) in periods() {
            for (metric, figure) in journeys(&part, mql, days) {
                expected.insert(vec![metric.to_owned(), period.clone(), segment.clone()], (figure, days, true));
            }
            for (metric, figure) in finance(&ledgers, days) {
                let of_all = segment.is_empty();
                expected.insert(vec![metric.to_owned(), period.clone(), segment.clone()], (figure, days, of_all));
            }
        }
    }
    let key = ["metric_id", "period", "segment"];
    check_lines(&key, &records, &expected.keys().cloned().collect());

    let mut wrong = Vec::new();
    for record in &records {
        let (figure, days, known) = &expected[&key.map(|k| record[k].clone()).to_vec()];
        let [low, high] = bounds(figure.interval);
        let mut cells = vec![("value", figure.value), ("ci_low", low), ("ci_high", high)];
        if *known {
            cells.extend([("numerator", figure.numerator), ("denominator", figure.denominator)]);
            cells.push(("n", Some(figure.n)));
        } else {
            // A ledger says nothing of a lead source.
            cells[0].1 = None;
        }
        let differs: Vec<&str> =
            cells.iter().filter(|(column, value)| !same(number(record, column), *value)).map(|(c, _)| *c).collect();
        let status = if cells[0].1.is_some() { record["status"] == "ok" } else { record["status"] != "ok" };
        let is_cohort = cohort.contains(&record["metric_id"].as_str());
        let maturity = if is_cohort { mature(*days) } else { String::new() };
        let dates = record["period_start"] == iso(days.0) && record["period_end"] == iso(days.1);
        if !differs.is_empty() || !status || record["mature"] != maturity || !dates {
            wrong.push(format!("{differs:?} {record:?}\n  expected {figure:?}"));
        }
    }
    assert!(wrong.is_empty(), "{} of {} lines differ:\n{}", wrong.len(), records.len(), wrong.join("\n"));
}

#[test]
fn scorecard_of_the_example() {
    scorecard(false);
}

#[test]
fn scorecard_of_the_example_by_lead_source() {
    scorecard(true);
}

/// Days to the next stage are compared apart where the basis is the period.
#[derive(PartialEq)]
enum Columns {
    All,
    WithoutDays,
    Days,
}

fn funnel_of(cohort: bool, by_source: bool, columns: &Columns) {
    let mut args = vec!["funnel", "examples/acme", "-f", "csv", "--basis", if cohort { "cohort" } else { "period" }];
    if by_source {
        args.extend(["--by", "lead_source"]);
    }
    let records = parse(&stdout(&args));
    let all = processes(&company());
    let mut expected = BTreeMap::new();
    for (segment, part) in segments(&all, by_source) {
        for (period, days) in periods() {
            for (stage, row) in STAGES.iter().zip(funnel(&part, days, cohort)) {
                expected.insert(vec![period.clone(), segment.clone(), (*stage).to_owned()], (row, days));
            }
        }
    }
    let key = ["period", "segment", "stage_id"];
    check_lines(&key, &records, &expected.keys().cloned().collect());

    let float = |count: usize| f64::from(u32::try_from(count).unwrap());
    let over = |a: Option<usize>, b: usize| a.filter(|_| b > 0).map(|a| float(a) / float(b));
    let mut wrong = Vec::new();
    for record in &records {
        let key = key.map(|k| record[k].clone()).to_vec();
        let (row, days) = &expected[&key];
        let first = expected[&[&key[..2], &[STAGES[0].to_owned()]].concat()].0.volume;
        let interval = row.next_reached.filter(|_| cohort).and_then(|k| wilson(float(k), float(row.volume)));
        let [low, high] = bounds(interval);
        let cells = [
            ("volume", Some(float(row.volume))),
            ("entered_here", Some(float(row.entered_here))),
            ("recorded", Some(float(row.recorded))),
            ("inferred", Some(float(row.inferred))),
            ("undated", Some(0.0)),
            ("next_reached", row.next_reached.map(float)),
            ("conversion_to_next", over(row.next_reached, row.volume)),
            ("ci_low", low),
            ("ci_high", high),
            ("from_first", row.from_first.map(float)),
            ("conversion_from_first", over(row.from_first, first)),
            ("median_days_to_next", row.median),
            ("days_n", row.days_n.map(float)),
            ("value", row.value),
        ];
        let of_days = |column: &str| ["median_days_to_next", "days_n"].contains(&column);
        let wanted = cells
            .iter()
            .filter(|(column, _)| *columns == Columns::All || of_days(column) == (*columns == Columns::Days));
        let differs: Vec<&str> =
            wanted.filter(|(c, value)| !same(number(record, c), *value)).map(|(c, _)| *c).collect();
        let maturity = if cohort { mature(*days) } else { String::new() };
        let dates = record["period_start"] == iso(days.0) && record["period_end"] == iso(days.1);
        if !differs.is_empty() || record["mature"] != maturity || !dates {
            wrong.push(format!("{differs:?} {record:?}\n  expected {row:?}"));
        }
    }
    assert!(wrong.is_empty(), "{} of {} lines differ:\n{}", wrong.len(), records.len(), wrong.join("\n"));
}

#[test]
fn funnel_of_those_who_began() {
    funnel_of(true, false, &Columns::All);
}

#[test]
fn funnel_of_those_who_began_by_lead_source() {
    funnel_of(true, true, &Columns::All);
}

#[test]
fn funnel_of_what_was_reached_in_the_period() {
    funnel_of(false, false, &Columns::WithoutDays);
}

#[test]
fn funnel_of_what_was_reached_in_the_period_by_lead_source() {
    funnel_of(false, true, &Columns::WithoutDays);
}

/// "Each row counts those that reached its stage in the period": the days from there to the next stage are theirs.
#[test]
fn days_to_the_next_stage_of_those_who_reached_a_stage_in_the_period() {
    funnel_of(false, false, &Columns::Days);
}

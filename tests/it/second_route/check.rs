//! Lines of a report against expected figures.

use std::collections::{BTreeMap, BTreeSet};

use super::figures::{Days, Figure, Row, wilson};
use super::process::Process;
use super::raw::{Record, iso};

/// When the report was made, and when a cohort is mature.
#[derive(Debug, Clone, Copy)]
pub struct When {
    pub as_of: i64,
    pub mature_after: i64,
}

impl When {
    fn mature(self, days: Days) -> String {
        (days.1 + self.mature_after <= self.as_of).to_string()
    }
}

/// What a line of a report is about: metric or stage, period, segment.
pub type Key = (String, String, String);

/// The expected figures of a scorecard; a ledger's figures are not known of a segment.
pub type Scorecard = BTreeMap<Key, (Figure, Days, Known)>;

/// Whether a figure can be told apart by segment.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Known {
    Yes,
    NotBySegment,
}

/// The expected rows of a funnel.
pub type Funnel = BTreeMap<Key, (Row, Days)>;

/// Which columns of a funnel to compare.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Columns {
    All,
    WithoutDays,
    Days,
}

const OF_COHORTS: [&str; 5] =
    ["inquiry_to_revenue_conversion", "mql_to_revenue_conversion", "mql_to_revenue_yield", "new_leads", "new_mqls"];

/// A cell that is a number, or empty.
pub fn number(record: &Record, column: &str) -> Option<f64> {
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

/// The segments of the processes: none, and each lead source.
pub fn segments(all: &[Process], by_source: bool) -> Vec<(String, Vec<&Process>)> {
    let mut segments = vec![(String::new(), all.iter().collect())];
    if by_source {
        let sources: BTreeSet<&str> = all.iter().map(|p| p.source.as_str()).collect();
        for source in sources {
            let name = if source.is_empty() { "(blank)" } else { source };
            segments.push((format!("lead_source={name}"), all.iter().filter(|p| p.source == source).collect()));
        }
    }
    segments
}

/// The lines by what they are about: the expected ones, each once.
fn lines<'a, T>(records: &'a [Record], id: &str, expected: &'a BTreeMap<Key, T>) -> Vec<(&'a Record, &'a T)> {
    let key = |r: &Record| (r[id].clone(), r["period"].clone(), r["segment"].clone());
    let found: BTreeSet<Key> = records.iter().map(key).collect();
    assert_eq!(found.len(), records.len(), "a line twice");
    assert_eq!(found, expected.keys().cloned().collect(), "lines of the report");
    records.iter().map(|r| (r, &expected[&key(r)])).collect()
}

fn differing<'a>(record: &Record, cells: &[(&'a str, Option<f64>)]) -> Vec<&'a str> {
    cells.iter().filter(|(column, value)| !same(number(record, column), *value)).map(|(column, _)| *column).collect()
}

fn conclude(about: &str, wrong: &[String], lines: usize) {
    assert!(lines > 0, "{about}: no lines");
    let some = wrong.iter().take(5).cloned().collect::<Vec<_>>().join("\n");
    assert!(wrong.is_empty(), "{about}: {} of {lines} lines differ:\n{some}", wrong.len());
}

/// Compares a scorecard.
pub fn scorecard(about: &str, records: &[Record], expected: &Scorecard, when: When) {
    let mut wrong = Vec::new();
    for (record, (figure, days, known)) in lines(records, "metric_id", expected) {
        let [low, high] = bounds(figure.interval);
        let mut cells = vec![("value", figure.value), ("ci_low", low), ("ci_high", high)];
        match known {
            Known::Yes => cells.extend([
                ("numerator", figure.numerator),
                ("denominator", figure.denominator),
                ("n", Some(figure.n)),
            ]),
            Known::NotBySegment => cells[0].1 = None,
        }
        let mut differs = differing(record, &cells);
        if cells[0].1.is_some() != ["ok", "partial"].contains(&record["status"].as_str()) {
            differs.push("status");
        }
        let of_cohort = OF_COHORTS.contains(&record["metric_id"].as_str());
        if record["mature"] != if of_cohort { when.mature(*days) } else { String::new() } {
            differs.push("mature");
        }
        if record["period_start"] != iso(days.0) || record["period_end"] != iso(days.1) {
            differs.push("days");
        }
        if !differs.is_empty() {
            wrong.push(format!("{differs:?} of {record:?}\n  expected {figure:?}"));
        }
    }
    conclude(about, &wrong, records.len());
}

/// Compares a funnel; `first` is the id of its first stage.
pub fn funnel(about: &str, records: &[Record], expected: &Funnel, first: &str, columns: Columns, when: When) {
    let float = |count: usize| f64::from(u32::try_from(count).unwrap());
    let over = |a: Option<usize>, b: usize| a.filter(|_| b > 0).map(|a| float(a) / float(b));
    let mut wrong = Vec::new();
    for (record, (row, days)) in lines(records, "stage_id", expected) {
        let cohort = row.from_first.is_some();
        let began = expected[&(first.to_owned(), record["period"].clone(), record["segment"].clone())].0.volume;
        let interval = row.next_reached.filter(|_| cohort).and_then(|k| wilson(float(k), float(row.volume)));
        let [low, high] = bounds(interval);
        let mut cells = vec![
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
            ("conversion_from_first", over(row.from_first, began)),
            ("median_days_to_next", row.median),
            ("days_n", row.days_n.map(float)),
            ("value", row.value),
        ];
        cells.retain(|(column, _)| {
            let of_days = ["median_days_to_next", "days_n"].contains(column);
            columns == Columns::All || of_days == (columns == Columns::Days)
        });
        let mut differs = differing(record, &cells);
        if record["mature"] != if cohort { when.mature(*days) } else { String::new() } {
            differs.push("mature");
        }
        if record["period_start"] != iso(days.0) || record["period_end"] != iso(days.1) {
            differs.push("days");
        }
        if !differs.is_empty() {
            wrong.push(format!("{differs:?} of {record:?}\n  expected {row:?}"));
        }
    }
    conclude(about, &wrong, records.len());
}

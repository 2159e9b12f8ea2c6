//! The example company: the program's figures against those of the second route.

use std::collections::BTreeSet;

use super::acme::{AS_OF, STAGES, company, ledgers, of_marketing};
use super::check::{Columns, Funnel, Known, Scorecard, When, funnel, scorecard, segments};
use super::figures::{self, Days, Terms};
use super::process::processes;
use super::raw::{date, parse, quarter, quarter_days};
use crate::common::stdout;

/// Every quarter of the example, and `total`.
fn periods() -> Vec<(String, Days)> {
    let first = date("2024-01-01").unwrap();
    let last = date(AS_OF).unwrap();
    let labels: BTreeSet<String> = (first..=last).map(quarter).collect();
    let mut all: Vec<(String, Days)> = labels.into_iter().map(|l| (l.clone(), quarter_days(&l))).collect();
    all.push(("total".to_owned(), (first, last)));
    all
}

fn when() -> When {
    When { as_of: date(AS_OF).unwrap(), mature_after: 180 }
}

fn compare_scorecard(by_source: bool) {
    let mut args = vec!["scorecard", "examples/acme", "-f", "csv"];
    if by_source {
        args.extend(["--by", "lead_source"]);
    }
    let all = processes(&company());
    let ledgers = ledgers();
    let terms = Terms { mql: 1, of_marketing, lost: true, lost_amounts: true };
    assert_eq!(STAGES[terms.mql], "mql");
    let mut expected = Scorecard::new();
    for (segment, part) in segments(&all, by_source) {
        let known = if segment.is_empty() { Known::Yes } else { Known::NotBySegment };
        for (period, days) in periods() {
            let key = |metric: &str| (metric.to_owned(), period.clone(), segment.clone());
            for (metric, figure) in figures::journeys(&part, &terms, days) {
                expected.insert(key(metric), (figure, days, Known::Yes));
            }
            for (metric, figure) in figures::finance(&ledgers, days) {
                expected.insert(key(metric), (figure, days, known));
            }
        }
    }
    scorecard("the example", &parse(&stdout(&args)), &expected, when());
}

#[test]
fn scorecard_of_the_example() {
    compare_scorecard(false);
}

#[test]
fn scorecard_of_the_example_by_lead_source() {
    compare_scorecard(true);
}

fn compare_funnel(basis: &str, by_source: bool, columns: Columns) {
    let mut args = vec!["funnel", "examples/acme", "-f", "csv", "--basis", basis];
    if by_source {
        args.extend(["--by", "lead_source"]);
    }
    let all = processes(&company());
    let mut expected = Funnel::new();
    for (segment, part) in segments(&all, by_source) {
        for (period, days) in periods() {
            for (stage, row) in STAGES.iter().zip(figures::funnel(&part, days, basis == "cohort")) {
                expected.insert(((*stage).to_owned(), period.clone(), segment.clone()), (row, days));
            }
        }
    }
    funnel("the example", &parse(&stdout(&args)), &expected, STAGES[0], columns, when());
}

#[test]
fn funnel_of_those_who_began() {
    compare_funnel("cohort", false, Columns::All);
}

#[test]
fn funnel_of_those_who_began_by_lead_source() {
    compare_funnel("cohort", true, Columns::All);
}

#[test]
fn funnel_of_what_was_reached_in_the_period() {
    compare_funnel("period", false, Columns::WithoutDays);
}

#[test]
fn funnel_of_what_was_reached_in_the_period_by_lead_source() {
    compare_funnel("period", true, Columns::WithoutDays);
}

/// The days to the next stage are those of the processes that arrived there in the period.
#[test]
fn days_to_the_next_stage_of_those_who_arrived_there_in_the_period() {
    compare_funnel("period", false, Columns::Days);
}

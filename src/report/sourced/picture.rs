//! What the rules of origin look like, and what they say in one sentence.
//!
//! In: the finished report. Out: a chart and a finding made from its tidy table.

use crate::output::number::{people, whole};
use crate::report::chart::{Chart, Series, Shape};
use crate::report::read::{Row, rows};
use crate::report::{Report, Unit};

const RULES: [(&str, &str); 3] =
    [("lead_source", "Lead source"), ("first_touch", "First touch"), ("before_sales", "Before sales")];
const PARTS: [(&str, &str); 3] =
    [("sourced", "Sourced"), ("influenced_only", "Influenced only"), ("untouched", "Untouched")];

fn find<'a>(all: &[Row<'a>], rule: &str, part: &str, measure: &str) -> Option<Row<'a>> {
    all.iter().copied().find(|row| row.is(&[("rule", rule), ("part", part), ("measure", measure)]))
}

/// The parts of the pipeline under each rule.
pub fn charts(report: &Report) -> Vec<Chart> {
    let all = rows(report, "sourced_tidy");
    let share = |rule: &str, part: &str| find(&all, rule, part, "pipeline").and_then(|row| row.number("share"));
    let series: Vec<Series> = PARTS
        .iter()
        .map(|(part, name)| Series::plain(*name, RULES.iter().map(|(rule, _)| share(rule, part)).collect()))
        .collect();
    if series.iter().all(|s| s.values.iter().all(Option::is_none)) {
        return Vec::new();
    }
    vec![Chart {
        id: "sourced_rules".into(),
        title: "Marketing's part of the pipeline, by rule".into(),
        description:
            "One column per rule: the shares of the pipeline that marketing sourced, only influenced, or did not \
                      touch."
                .into(),
        shape: Shape::Stacked,
        unit: Unit::Share,
        axis: "Rule".into(),
        labels: RULES.iter().map(|(_, name)| (*name).to_string()).collect(),
        series,
    }]
}

/// How far the rules are apart, and what nobody in marketing touched.
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // counts
pub fn finding(report: &Report) -> String {
    let all = rows(report, "sourced_tidy");
    let sourced = |measure: &str| {
        let share = |rule: &str| find(&all, rule, "sourced", measure)?.number("share");
        let shares: Vec<(&str, f64)> = RULES.iter().filter_map(|(rule, name)| Some((*name, share(rule)?))).collect();
        let values = || shares.iter().map(|(_, share)| *share);
        let (low, high) = (values().reduce(f64::min)?, values().reduce(f64::max)?);
        let (low, high) = (people(low, Unit::Share), people(high, Unit::Share));
        Some(match &shares[..] {
            [(rule, _)] => (low, format!("by {}, the one rule that the exports allow", rule.to_lowercase())),
            _ if low == high => (low, "whichever rule is taken".to_string()),
            _ => (format!("{low} to {high}"), "depending on the rule".to_string()),
        })
    };
    let (first, of) = match (sourced("pipeline"), sourced("deals")) {
        (Some(range), _) => (range, "pipeline"),
        (None, Some(range)) => (range, "deals"),
        (None, None) => return "No deal of these days has a known origin.".into(),
    };
    // Each part says for itself whether it depends on the rule, unless both do, or neither does.
    let mut said = match (first, sourced("revenue")) {
        ((part, tail), None) => format!("Marketing sourced {part} of the {of}, {tail}"),
        ((part, tail), Some((revenue, same))) if tail == same => {
            format!("Marketing sourced {part} of the {of} and {revenue} of the won revenue, {tail}")
        }
        ((part, tail), Some((revenue, other))) => {
            format!("Marketing sourced {part} of the {of}, {tail}, and {revenue} of the won revenue, {other}")
        }
    };
    // A deal can have a source of marketing's and no touch: each deal is asked, not the parts.
    let deals = rows(report, "sourced_deals");
    let known = |deal: &&Row<'_>| deal.says("influenced") || deal.denies("influenced");
    let created: Vec<&Row<'_>> = deals.iter().filter(|deal| deal.says("created")).filter(known).collect();
    let untouched = created.iter().filter(|deal| deal.denies("influenced")).count();
    if !created.is_empty() {
        let (n, of) = (whole(untouched as u64), whole(created.len() as u64));
        let have = if created.len() == 1 { "deal created has" } else { "deals created have" };
        said.push_str(&format!("; {n} of {of} {have} no touch of marketing at all"));
    }
    said + "."
}

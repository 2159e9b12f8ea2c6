//! What win rates look like, and what they say in one sentence.
//!
//! In: the finished report. Out: a chart and a finding made from its tidy table.

use super::count::Rate;
use crate::output::number::{interval, people, whole};
use crate::report::chart::{Chart, Series, Shape};
use crate::report::read::{Row, rows};
use crate::report::velocity::picture::sentence;
use crate::report::{Report, Unit};

fn of<'a>(report: &'a Report, rate: &str) -> Vec<Row<'a>> {
    rows(report, "winrate_tidy").into_iter().filter(|row| row.is(&[("rate", rate), ("segment", "")])).collect()
}

/// The narrow win rate by period, with its interval.
pub fn charts(report: &Report) -> Vec<Chart> {
    let narrow: Vec<Row<'_>> = of(report, "narrow").into_iter().filter(|row| row.text("period") != "total").collect();
    if narrow.len() < 2 || narrow.iter().all(|row| row.number("value").is_none()) {
        return Vec::new();
    }
    vec![Chart {
        id: "winrate_narrow".into(),
        title: "Win rate by when deals closed".into(),
        description: "Per period, won deals of those that were won or lost, with the 95 % interval.".into(),
        shape: Shape::Lines,
        unit: Unit::Share,
        axis: "Closed in".into(),
        labels: narrow.iter().map(|row| row.text("period").to_string()).collect(),
        series: vec![Series {
            name: "Win rate, narrow".into(),
            values: narrow.iter().map(|row| row.number("value")).collect(),
            band: narrow.iter().map(|row| row.band("ci_low", "ci_high")).collect(),
            provisional: Vec::new(),
        }],
    }]
}

/// The win rate with both of its sides, and how far the others are from it.
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // counts
pub fn finding(report: &Report) -> String {
    let total = |rate: &str| of(report, rate).into_iter().find(|row| row.text("period") == "total");
    let mut said = Vec::new();
    if let Some(row) = total("narrow")
        && let (Some(value), Some(won), Some(n)) =
            (row.number("value"), row.number("numerator"), row.number("denominator"))
    {
        let band =
            row.band("ci_low", "ci_high").map_or_else(String::new, |(l, h)| format!(", 95 %: {}", interval(l, h)));
        said.push(format!(
            "{} of {} deals that were won or lost were won ({}{band})",
            whole(won as u64),
            whole(n as u64),
            people(value, Unit::Share)
        ));
    }
    // As in the table's spread: a rate of few deals, and a close rate that will still rise, say nothing of the others.
    let known: Vec<Row<'_>> = Rate::ALL.iter().filter_map(|rate| total(rate.id())).collect();
    let known: Vec<Row<'_>> = known.into_iter().filter(|row| row.number("value").is_some()).collect();
    let few = |row: &Row<'_>| row.text("status") == "few";
    let rises = |row: &Row<'_>| row.number("open_young").is_some_and(|n| n > 0.0);
    let which = match (known.iter().any(&rises), known.iter().any(few)) {
        (false, false) => "in use",
        (true, false) => "that no longer rise",
        (false, true) => "that are of five deals or more",
        (true, true) => "that no longer rise and are of five deals or more",
    };
    let kept = known.iter().filter(|row| !few(row) && !rises(row));
    let rates: Vec<f64> = kept.filter_map(|row| row.number("value")).collect();
    let (low, high) = (rates.iter().copied().reduce(f64::min), rates.iter().copied().reduce(f64::max));
    if let (Some(low), Some(high)) = (low, high)
        && rates.len() > 1
        && low < high
    {
        said.push(format!(
            "of the {} win rates {which}, the lowest is {} and the highest {}",
            rates.len(),
            people(low, Unit::Share),
            people(high, Unit::Share)
        ));
    }
    sentence(&said).unwrap_or_else(|| "No win rate is known: see the reasons below.".into())
}

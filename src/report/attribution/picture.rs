//! What attribution looks like, and what it says in one sentence.
//!
//! In: the finished report. Out: a chart and a finding made from its tidy table.

use crate::output::number::{people, whole};
use crate::report::chart::{Chart, Series, Shape};
use crate::report::read::{Row, each, rows};
use crate::report::{Report, Unit};

/// The models that are drawn: the two that people quote, one that shares out by place, one by what changes without.
const DRAWN: [(&str, &str); 4] = [("first", "First"), ("last", "Last"), ("w", "W"), ("markov", "Markov")];
/// Keys that are drawn, the largest first.
const KEYS: usize = 12;

fn of<'a>(report: &'a Report, goal: &str) -> Vec<Row<'a>> {
    let all = rows(report, "attribution_tidy").into_iter();
    all.filter(|row| row.is(&[("goal", goal), ("row", "key")]) && row.number("share").is_some()).collect()
}

/// The shares of each key under four models.
pub fn charts(report: &Report) -> Vec<Chart> {
    let rows = of(report, "conversions");
    let share = |key: &str, model: &str| {
        rows.iter().find(|row| row.is(&[("key", key), ("model", model)])).and_then(|row| row.number("share"))
    };
    let most = |key: &str| DRAWN.iter().filter_map(|(model, _)| share(key, model)).fold(0.0, f64::max);
    let mut keys = each(&rows, "key");
    keys.sort_by(|a, b| most(b).total_cmp(&most(a)));
    keys.truncate(KEYS);
    let series: Vec<Series> = DRAWN
        .iter()
        .map(|(model, name)| Series::plain(*name, keys.iter().map(|key| share(key, model)).collect()))
        .filter(|series| series.values.iter().any(Option::is_some))
        .collect();
    if keys.is_empty() || series.is_empty() {
        return Vec::new();
    }
    let dimension = rows.first().map_or("", |row| row.text("dimension"));
    vec![Chart {
        id: "attribution_models".into(),
        title: format!("Credit for won deals, by {dimension} and model"),
        description:
            "One group of bars per row of the table: its share of the credit under each of four models. Where the \
                      bars of one group differ, the answer depends on the model."
                .into(),
        shape: Shape::Bars,
        unit: Unit::Share,
        axis: dimension.to_string(),
        labels: keys.into_iter().map(str::to_string).collect(),
        series,
    }]
}

/// Where the models agree least.
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // counts
pub fn finding(report: &Report) -> String {
    let rows = of(report, "conversions");
    let Some(deals) = rows.iter().find_map(|row| row.number("deals")) else {
        return "No won deal can be credited to anybody.".into();
    };
    let range = |key: &str| {
        let shares = rows.iter().filter(|row| row.text("key") == key);
        let shares = shares.filter_map(|row| Some((row.text("model"), row.number("share")?)));
        let shares: Vec<(&str, f64)> = shares.collect();
        let low = shares.iter().copied().min_by(|a, b| a.1.total_cmp(&b.1))?;
        let high = shares.iter().rev().copied().max_by(|a, b| a.1.total_cmp(&b.1))?;
        Some((low, high))
    };
    let ranges: Vec<_> = each(&rows, "key").into_iter().filter_map(|key| Some((key, range(key)?))).collect();
    let spread = |((_, low), (_, high)): &((&str, f64), (&str, f64))| high - low;
    let widest = ranges.iter().rev().max_by(|a, b| spread(&a.1).total_cmp(&spread(&b.1)));
    let deals = whole(deals as u64);
    let Some((key, (low, high))) = widest else { return format!("Nobody has credit for {deals} won deals.") };
    let (least, most) = (people(low.1, Unit::Share), people(high.1, Unit::Share));
    if least == most {
        return format!("All models give about the same credit for {deals} won deals.");
    }
    // Of two keys the shares mirror each other, and others can tie: then it is one of several.
    let widths = ranges.iter().map(|(_, range)| spread(range));
    let alone = widths.filter(|width| (width - spread(&(*low, *high))).abs() < 1e-9).count() == 1;
    let tail = if alone { ": nothing else depends so much on the model" } else { "" };
    format!(
        "Of the credit for {deals} won deals, {key} gets between {least} (by {}) and {most} (by {}){tail}.",
        low.0, high.0
    )
}

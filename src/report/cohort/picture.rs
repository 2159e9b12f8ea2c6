//! What the cohorts look like, and what they say in one sentence.
//!
//! In: the finished report. Out: a chart and a finding made from its tidy table.

use crate::output::number::{interval, people, whole};
use crate::report::chart::{Chart, Series, Shape};
use crate::report::read::{Row, each, rows};
use crate::report::{Report, Unit};
use crate::stats::survival::MIN_N;

/// Cohorts drawn beside the total: more lines than that are a tangle.
const LINES: usize = 4;
/// Ages drawn at most.
const POINTS: usize = 16;

fn of<'a>(report: &'a Report, cohort: &str) -> Vec<Row<'a>> {
    let all = rows(report, "cohort_tidy").into_iter();
    all.filter(|row| row.is(&[("cohort", cohort), ("segment", "")])).collect()
}

/// The curve of all with its band, and those of the last cohorts.
pub fn charts(report: &Report) -> Vec<Chart> {
    let by_age = |row: &Row<'_>| row.number("cif").is_some() && row.text("age") != "eventual";
    let total: Vec<Row<'_>> = of(report, "total").into_iter().filter(by_age).collect();
    let ages: Vec<f64> = total.iter().filter_map(|row| row.number("age_days")).collect();
    let Some(longest) = ages.iter().copied().reduce(f64::max) else { return Vec::new() };
    let mut ages: Vec<f64> = ages.into_iter().filter(|age| *age > 0.0).collect();
    ages.sort_by(f64::total_cmp);
    ages.dedup();
    while ages.len() > POINTS {
        let kept = ages.iter().enumerate().filter(|(at, age)| at % 2 == 1 || **age == longest);
        ages = kept.map(|(_, age)| *age).collect();
    }
    let line = |name: String, rows: &[Row<'_>], banded: bool| {
        let at = |age: &f64| rows.iter().find(|row| row.number("age_days") == Some(*age) && by_age(row));
        Series {
            name,
            values: ages.iter().map(|age| at(age).and_then(|row| row.number("cif"))).collect(),
            band: if banded {
                ages.iter().map(|age| at(age).and_then(|row| row.band("ci_low", "ci_high"))).collect()
            } else {
                Vec::new()
            },
            // Beyond the day for which everybody was followed, the curve is an estimate.
            provisional: ages.iter().map(|age| at(age).is_some_and(|row| !row.says("whole_cohort_observed"))).collect(),
        }
    };
    let mut series = vec![line("All".into(), &total, true)];
    let all = rows(report, "cohort_tidy");
    let cohorts: Vec<&str> = each(&all, "cohort").into_iter().filter(|name| *name != "total").collect();
    #[allow(clippy::cast_precision_loss)] // five
    let big = |name: &&&str| {
        let rows = of(report, name);
        let known = rows.iter().filter(|row| row.number("cif").is_some()).count();
        rows.first().and_then(|row| row.number("n")).is_some_and(|n| n >= MIN_N as f64) && known >= 3
    };
    let named = extremes(report);
    let drawn: Vec<&str> = if let Some(Extremes { lowest, highest, .. }) = &named {
        // In the order of time.
        cohorts.iter().filter(|name| [lowest.0, highest.0].contains(name)).copied().collect()
    } else {
        let mut last: Vec<&str> = cohorts.iter().rev().filter(big).take(LINES).copied().collect();
        last.reverse();
        last
    };
    series.extend(drawn.into_iter().map(|name| line(name.to_string(), &of(report, name), false)));
    let beside = if named.is_some() {
        "one for the mature cohort that came to the least and one for that which came to the most at the age at which all \
         of them can be compared"
    } else {
        "one for each of the last cohorts old enough for three ages"
    };
    vec![Chart {
        id: "cohort_curves".into(),
        title: "Share that has converted, by days since the start".into(),
        description: format!(
            "One line for all, with its 95 % band, and {beside}. Dashed: an estimate, as not everybody has been followed for \
             so long yet."
        ),
        shape: Shape::Lines,
        unit: Unit::Share,
        axis: "Days since the start".into(),
        labels: ages.iter().map(|age| format!("{age:.0}")).collect(),
        series,
    }]
}

/// The row of a cohort that says what it comes to.
fn eventual<'a>(rows: &[Row<'a>]) -> Option<Row<'a>> {
    rows.iter().find(|row| row.text("age") == "eventual").copied()
}

/// What has converted, what will, and how far the mature cohorts are apart.
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // counts
pub fn finding(report: &Report) -> String {
    let Some(total) = eventual(&of(report, "total")) else { return "Nobody can be followed.".into() };
    if total.text("status") == "no_source" {
        return format!("How many have converted is not known: {}.", total.why("converted"));
    }
    let n = total.number("n").unwrap_or(0.0);
    if n == 0.0 {
        return "Nobody reached the first stage in these days.".into();
    }
    let converted = total.number("converted").unwrap_or(0.0);
    let mut said = format!(
        "{} of {} ({}) have converted so far",
        whole(converted as u64),
        whole(n as u64),
        people(converted / n, Unit::Share)
    );
    // Where nobody has converted or no interval is known, an estimate would be a guess with a number.
    let bounds = total.band("ci_low", "ci_high").filter(|_| converted > 0.0);
    if let (Some(share), Some((low, high))) = (total.number("cif"), bounds) {
        said.push_str(&format!(
            "; by day {} it will be {} (95 %: {}) if the young ones do as the old ones did",
            total.number("age_days").unwrap_or(0.0),
            people(share, Unit::Share),
            interval(low, high)
        ));
    }
    if let Some(Extremes { age, lowest: (worst, low), highest: (best, high) }) = extremes(report) {
        let (low, high) = (people(low, Unit::Share), people(high, Unit::Share));
        said.push_str(&format!("; after {age} days mature cohorts lie between {low} ({worst}) and {high} ({best})"));
    }
    said + "."
}

/// The mature cohorts that came to the least and to the most, at the age at which they are compared.
struct Extremes<'a> {
    age: f64,
    lowest: (&'a str, f64),
    highest: (&'a str, f64),
}

/// `None` where fewer than two can be compared, or where they do not differ.
fn extremes(report: &Report) -> Option<Extremes<'_>> {
    // Cohorts are compared at the last age that every mature one has seen as a whole: an older one has had more time.
    let all = rows(report, "cohort_tidy");
    #[allow(clippy::cast_precision_loss)] // five
    let counts = |row: &Row<'_>| {
        row.says("mature") && !row.says("partial") && row.number("n").is_some_and(|n| n >= MIN_N as f64)
    };
    let names = each(&all, "cohort").into_iter().filter(|name| *name != "total");
    let mature: Vec<(&str, Vec<Row<'_>>)> = names
        .map(|name| (name, of(report, name)))
        .filter(|(_, rows)| eventual(rows).as_ref().is_some_and(counts))
        .collect();
    let seen = |row: &&Row<'_>| row.says("whole_cohort_observed") && row.text("age") != "eventual";
    let oldest = |rows: &[Row<'_>]| rows.iter().filter(seen).filter_map(|row| row.number("age_days")).reduce(f64::max);
    let age = mature.iter().map(|(_, rows)| oldest(rows).unwrap_or(0.0)).reduce(f64::min).filter(|age| *age > 0.0);
    let at_age = |rows: &[Row<'_>]| {
        rows.iter().filter(seen).find(|row| row.number("age_days") == age).and_then(|row| row.number("share"))
    };
    let shares: Vec<(&str, f64)> = mature.iter().filter_map(|(name, rows)| Some((*name, at_age(rows)?))).collect();
    let lowest = shares.iter().min_by(|a, b| a.1.total_cmp(&b.1));
    // The first of several that are the highest, as with the lowest.
    let highest = shares.iter().rev().max_by(|a, b| a.1.total_cmp(&b.1));
    let (age, lowest, highest) = (age?, *lowest?, *highest?);
    (lowest.1 < highest.1).then_some(Extremes { age, lowest, highest })
}

//! What a verdict says, in one sentence with both numbers.
//!
//! In: the numbers. Out: sentences without a full stop. Two numbers that would look the same after rounding are written in full.

use jiff::civil::Date;

use super::bounds::Figure;
use crate::contract::{Check, Subject};
use crate::output::number;
use crate::report::Unit;
use crate::stats::band::Band;
use crate::tables::Kind;
use crate::time::date_of;

/// What a check without a title is called.
pub fn title(check: &Check, asked: &str) -> String {
    match &check.subject {
        Subject::Fresh { table, .. } => format!("{}: {asked}", table.id()),
        Subject::Figure(gate) => match &gate.condition {
            Some(condition) => format!("{} where {}: {asked}", gate.metric.value, condition.value),
            None => format!("{}: {asked}", gate.metric.value),
        },
    }
}

/// A limit of a metric.
pub fn limit(unit: Unit, value: f64) -> String {
    number::people(value, unit)
}

/// A share.
pub fn percent(share: f64) -> String {
    number::people(share, Unit::Share)
}

/// A relative change.
pub fn signed(change: f64) -> String {
    number::people(change, Unit::Change)
}

/// A number as it was written.
pub fn plain(value: f64) -> String {
    number::machine(value).unwrap_or_default()
}

/// So many days.
pub fn days(n: i64) -> String {
    if n == 1 { "1 day".into() } else { format!("{n} days") }
}

/// Both, written in full where they would look the same and are not.
fn both(unit: Unit, a: f64, b: f64) -> (String, String) {
    let short = (limit(unit, a), limit(unit, b));
    #[allow(clippy::float_cmp)] // the same number or not
    if short.0 != short.1 || a == b { short } else { (plain(a), plain(b)) }
}

fn n_of(figure: &Figure<'_>) -> String {
    format!("n {}", number::whole(figure.n()))
}

/// `2026-Q2: 30.8% (n 39) is at least 20.0%`
pub fn absolute(figure: &Figure<'_>, value: f64, bound: f64, lowest: bool, held: bool) -> String {
    let (value, bound) = both(figure.metric.unit, value, bound);
    let is = match (lowest, held) {
        (true, true) => "is at least",
        (true, false) => "is below",
        (false, true) => "is at most",
        (false, false) => "is above",
    };
    format!("{}: {value} ({}) {is} {bound}", figure.label(), n_of(figure))
}

/// `2026-Q2: 214 (n 214) is 129.7% of the target, 165, and 90.0% was asked`
pub fn target(figure: &Figure<'_>, value: f64, needed: f64, share: f64, held: bool) -> String {
    let (value_text, needed_text) = both(figure.metric.unit, value, needed);
    let (label, n) = (figure.label(), n_of(figure));
    if needed == 0.0 {
        return format!("{label}: {value_text} ({n}), and the target is 0");
    }
    let (found, asked) = both(Unit::Share, value / needed, share);
    let is = if held { "at least" } else { "less than" };
    format!("{label}: {value_text} ({n}) is {found} of the target, {needed_text}: {is} {asked}")
}

/// `2026-Q2: 519,000 (n 12) against 456,300 in 2026-Q1 is a relative change of +13.7%: at least -25.0%`
pub fn change(
    figure: &Figure<'_>,
    (label, before): (&str, f64),
    value: f64,
    change: f64,
    bound: f64,
    lowest: bool,
    held: bool,
) -> String {
    let (value, before) = both(figure.metric.unit, value, before);
    let (found, asked) = both(Unit::Change, change, bound);
    let is = match (lowest, held) {
        (true, true) => "at least",
        (true, false) => "less than",
        (false, true) => "at most",
        (false, false) => "more than",
    };
    format!(
        "{}: {value} ({}) against {before} in {label} is a relative change of {found}: {is} {asked}",
        figure.label(),
        n_of(figure)
    )
}

/// `2026-Q2: 30.8% (n 39) lies within 14.1% to 45.6%, 2 sd around the mean of 8 periods`
pub fn band(figure: &Figure<'_>, value: f64, band: &Band, wide: f64, held: bool) -> String {
    let unit = figure.metric.unit;
    let where_to = match held {
        true => "lies within",
        false if value < band.low => "lies below",
        false => "lies above",
    };
    let near = if value < band.mean { band.low } else { band.high };
    let (value, near_text) = both(unit, value, near);
    let exact = near_text == plain(near) && near_text != limit(unit, near);
    let text = |v: f64| if exact { plain(v) } else { limit(unit, v) };
    format!(
        "{}: {value} ({}) {where_to} {} to {}, {} sd around {}, the mean of {} periods before",
        figure.label(),
        n_of(figure),
        text(band.low),
        text(band.high),
        plain(wide),
        text(band.mean),
        band.n
    )
}

/// `2026-Q2: 39 rows, and at least 30 were asked`
pub fn rows(figure: &Figure<'_>, fewest: u64) -> String {
    let (n, fewest) = (figure.n(), number::whole(fewest));
    let rows = if n == 1 { "row" } else { "rows" };
    format!("{}: {} {rows}, and at least {fewest} are asked for", figure.label(), number::whole(n))
}

/// `the newest record of people is of 2026-06-29, 1 day before 2026-06-30: at most 3 days`
pub fn fresh(kind: Kind, found: Option<(i32, i32)>, within: u32, as_of: Date, missing: &str) -> String {
    let asked = days(i64::from(within));
    match found {
        None => format!("{missing}; asked: newest record at most {asked} old"),
        Some((day, age)) => {
            let is = if i64::from(age) <= i64::from(within) { "at most" } else { "more than" };
            let age = days(i64::from(age));
            format!("the newest record of {} is of {}, {age} before {as_of}: {is} {asked}", kind.id(), date_of(day))
        }
    }
}

//! What is to be won by when: a `[[target]]` with a metric.
//!
//! In: one table under `target`, or what `--target` says. Out: a [`Goal`].

use std::collections::BTreeMap;

use super::Said;
use super::read::{Fields, Reader};
use crate::calendar::{Fiscal, Period};
use crate::issue::{Place, did_you_mean};

/// What a goal counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Aim {
    /// The amount of deals won, by the day they closed.
    WonRevenue,
    /// Their number.
    DealsWon,
}

impl Aim {
    /// The metrics that can be planned for.
    pub const ALL: [(&'static str, Self); 2] = [("won_revenue", Self::WonRevenue), ("deals_won", Self::DealsWon)];

    /// The metric's id.
    pub fn id(self) -> &'static str {
        match self {
            Self::WonRevenue => "won_revenue",
            Self::DealsWon => "deals_won",
        }
    }
}

/// So much of a metric in a period.
#[derive(Debug, Clone, PartialEq)]
pub struct Goal {
    /// Which metric.
    pub aim: Aim,
    /// How much: deals, or major units of the reporting currency.
    pub value: f64,
    /// By when.
    pub period: Period,
    /// Where it is said.
    pub place: Place,
}

/// How a period may be written.
pub const PERIODS: &str = "write it as 2026-Q4, 2026-11, 2026, 2026-W05, FY2026-Q1 or FY2026";

/// The keys of a `[[target]]` that make it a goal.
pub(super) const KEYS: [&str; 3] = ["metric", "value", "period"];

/// Reads a `[[target]]` with a metric, and notes a second one for the same metric and period.
pub(super) fn goal(
    r: &mut Reader<'_>,
    fields: &Fields<'_, '_>,
    fiscal: Fiscal,
    seen: &mut BTreeMap<(Aim, String), Place>,
) -> Option<Goal> {
    let other: Vec<&str> = ["stage", "per", "volume", "from"].into_iter().filter(|key| fields.has(key)).collect();
    if !other.is_empty() {
        let what = format!("[[target]] has `{}` beside `metric`, `value` or `period`", other.join("` and `"));
        let hint =
            "a target is of a stage (stage, per, volume, from) or of a metric (metric, value, period): write two";
        r.fault(fields.place.clone(), what, hint);
        return None;
    }
    r.missing(fields, "metric", "say what is to be reached: `metric = \"won_revenue\"`");
    let aim = r.choice(fields, "metric", &Aim::ALL);
    r.missing(fields, "value", "say how much: `value = 2000000`");
    let value = r.number(fields, "value");
    r.missing(fields, "period", "say by when: `period = \"2026-Q4\"`");
    let period = r.text_like(fields, "period", "a period such as \"2026-Q4\"");
    let period = period.and_then(|Said { value, place }| {
        let found = Period::named(&value, fiscal);
        if found.is_none() {
            r.fault(place, format!("`period` is `{value}`, which is no period"), PERIODS);
        }
        found
    });
    if let Some(value) = value.as_ref().filter(|v| !(v.value.is_finite() && v.value > 0.0)) {
        r.fault(value.place.clone(), format!("`value` is {}, which is no target", value.value), "write more than 0");
        return None;
    }
    let (aim, value, period) = (aim?, value?, period?);
    let place = fields.place.clone();
    if let Some(first) = seen.get(&(aim.value, period.label.clone())) {
        let what = format!("a second target for {} in {}", aim.value.id(), period.label);
        r.fault(place, what, format!("the other one is at {first}; keep one of them"));
        return None;
    }
    seen.insert((aim.value, period.label.clone()), place.clone());
    Some(Goal { aim: aim.value, value: value.value, period, place })
}

impl Goal {
    /// Reads `won_revenue=2000000@2026-Q4`.
    ///
    /// # Errors
    /// What is wrong, and what to do.
    pub fn read(text: &str, place: Place, fiscal: Fiscal) -> Result<Self, (String, String)> {
        let shape = || {
            let what = format!("`{text}` is not a metric, a value and a period");
            (what, "write it as won_revenue=2000000@2026-Q4 or deals_won=40@2026-Q4".to_string())
        };
        let (metric, rest) = text.split_once('=').ok_or_else(shape)?;
        let (value, period) = rest.split_once('@').ok_or_else(shape)?;
        let metric = metric.trim();
        let Some((_, aim)) = Aim::ALL.iter().find(|(name, _)| *name == metric) else {
            let names = Aim::ALL.map(|(name, _)| name);
            return Err((format!("`{metric}` cannot be planned for"), did_you_mean(metric, names)));
        };
        let plain = value.trim().replace('_', "");
        let number = plain.parse().ok().filter(|n: &f64| n.is_finite() && *n > 0.0);
        let digits = plain.bytes().all(|b| b.is_ascii_digit() || b == b'.');
        let Some(value) = number.filter(|_| digits) else {
            return Err((format!("`{value}` is not a number above 0"), "write it without separators: 2000000".into()));
        };
        let Some(period) = Period::named(period.trim(), fiscal) else {
            return Err((format!("`{period}` is no period"), PERIODS.into()));
        };
        Ok(Self { aim: *aim, value, period, place })
    }
}

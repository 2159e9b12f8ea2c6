//! A figure of both sides, and its difference by cause.
//!
//! In: the figure at A, after each cause, and at B. Out: [`Effect`]s that add up to the difference: where the figure has no
//! value after a cause, the next one has the effect of both.

use super::cause::Cause;
use super::count::{Figure, Told};
use crate::catalogue::formula::Formula;
use crate::evaluate::{Scores, Why};
use crate::report::Unit;

/// A figure at one point of the way from A to B.
#[derive(Debug, Clone, PartialEq)]
pub struct Point {
    /// The value, or why there is none.
    pub value: Result<f64, Why>,
    /// Both sides of a ratio; the value alone for anything else.
    pub numerator: Option<f64>,
    /// See `numerator`.
    pub denominator: Option<f64>,
    /// Rows behind it.
    pub n: u64,
}

/// What one cause does to a figure.
#[derive(Debug, Clone, PartialEq)]
pub struct Effect {
    /// The cause.
    pub cause: Cause,
    /// The figure after it and all before it.
    pub after: Point,
    /// By how much it changes the figure; `None` where the figure has no value then, and the next cause has the effect
    /// of both.
    pub by: Option<f64>,
    /// The same of the numerator.
    pub numerator: Option<f64>,
    /// The same of the denominator.
    pub denominator: Option<f64>,
    /// How many records it moves.
    pub records: u64,
}

/// A figure of one period, or of all.
pub struct Line {
    /// Index among the figures.
    pub figure: usize,
    /// Index among the periods; `None` for all.
    pub period: Option<usize>,
    /// Of A.
    pub then: Point,
    /// Of B.
    pub now: Point,
    /// B's less A's.
    pub difference: Option<f64>,
    /// The causes that change anything, in order.
    pub effects: Vec<Effect>,
}

impl Line {
    /// The cause with the largest effect in the direction of the difference; where no effect can be told, that of the most
    /// records.
    pub fn largest(&self) -> Option<&Effect> {
        let way = self.difference.filter(|by| *by != 0.0).map(f64::signum);
        let size = |e: &Effect| e.by.map_or(0.0, |by| way.map_or(by.abs(), |way| by * way));
        // The first of several that are as large.
        self.effects.iter().rev().max_by(|a, b| size(a).total_cmp(&size(b)).then(a.records.cmp(&b.records)))
    }

    /// Whether A and B say the same.
    pub fn is_same(&self) -> bool {
        self.then.value.as_ref().ok() == self.now.value.as_ref().ok()
    }
}

/// Whether a formula of a metric gives whole minor units.
fn is_exact(formula: &Formula, scores: &Scores) -> bool {
    formula.is_sum() && formula.uses.iter().all(|id| scores.unit(id) == Some(Unit::Money))
}

/// Differences of figures, in whole minor units where the figures are.
pub struct Cents {
    scale: f64,
    value: bool,
    top: bool,
    bottom: bool,
}

impl Cents {
    /// Which parts of a figure are whole minor units; `scale` of them are a major unit.
    pub fn new(figure: &Figure, told: &Told<'_>, scale: f64) -> Self {
        let metric = told.catalogue.metrics.get(&figure.id).filter(|_| figure.is_metric);
        let Some(metric) = metric else {
            let money = figure.unit == Unit::Money;
            return Self { scale, value: money, top: money, bottom: money };
        };
        let value = is_exact(&metric.formula, &told.scores);
        let sides = metric.formula.ratio();
        let (top, bottom) = sides
            .map_or((value, value), |(top, bottom)| (is_exact(&top, &told.scores), is_exact(&bottom, &told.scores)));
        Self { scale, value, top, bottom }
    }

    /// The difference of the figure.
    pub fn difference(&self, from: f64, to: f64) -> f64 {
        self.less(self.value, from, to)
    }

    fn less(&self, exact: bool, from: f64, to: f64) -> f64 {
        let less = to - from;
        if exact { (less * self.scale).round() / self.scale } else { less }
    }
}

/// The effects of a chain of values that begins at A's: each cause, the figure after it, and how many records it moves.
pub fn effects(cents: &Cents, then: &Point, chain: Vec<(Cause, Point, u64)>) -> Vec<Effect> {
    let mut last = [then.value.as_ref().ok().copied(), then.numerator, then.denominator];
    let mut before = then.value.clone();
    let mut effects = Vec::new();
    for (cause, after, records) in chain {
        let now = [after.value.as_ref().ok().copied(), after.numerator, after.denominator];
        let exact = [cents.value, cents.top, cents.bottom];
        let by: Vec<Option<f64>> = (0..3)
            .map(|part| {
                let from = if last[part].is_none() && now[part].is_none() { return None } else { last[part] };
                from.zip(now[part]).map(|(from, to)| cents.less(exact[part], from, to))
            })
            .collect();
        for part in 0..3 {
            last[part] = now[part].or(last[part]);
        }
        let changes = by.iter().flatten().any(|by| *by != 0.0) || before.is_ok() != after.value.is_ok();
        before.clone_from(&after.value);
        if changes || records > 0 {
            effects.push(Effect { cause, after, by: by[0], numerator: by[1], denominator: by[2], records });
        }
    }
    effects
}

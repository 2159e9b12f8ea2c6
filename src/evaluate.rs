//! Measures, then metrics: per period and segment, and again for each total.
//!
//! In: [`Facts`], the catalogue, the periods, the columns to break down by and a condition. Out: [`Scores`]. A total is
//! computed over its own rows, never added up or averaged from its parts. A figure that cannot be had is missing with
//! its reason, never 0.

mod rows;
pub mod steps;
mod trace;

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, Result};
use polars::prelude::*;

use crate::calendar::Periods;
use crate::catalogue::formula::{self, Formula, Offered, Undefined};
use crate::catalogue::{Catalogue, Empty, Measure, Metric, problems_at};
use crate::contract::Said;
use crate::facts::{Facts, Segment, sort_segments};
use crate::issue::{Issue, Issues, Place, did_you_mean};
use crate::report::Unit;
use crate::stats::interval::wilson;
use crate::tables::Type;
use crate::time::date_of;

use rows::PERIOD;
pub use rows::{Fate, Input, Rows};
pub use trace::{Trace, trace};

/// Why a figure is missing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Why {
    /// For machines: `no_source`, `no_data`, `zero_denominator`, `not_by_segment`, `too_fine`.
    pub status: &'static str,
    /// For people: one clause.
    pub reason: String,
}

impl Why {
    fn new(status: &'static str, reason: impl Into<String>) -> Self {
        Self { status, reason: reason.into() }
    }
}

/// One measure in one period and segment.
#[derive(Debug, Clone, PartialEq)]
pub struct Figure {
    /// The value, or why there is none.
    pub value: Result<f64, Why>,
    /// Rows it was computed from.
    pub n: u64,
}

/// One metric in one period and segment.
#[derive(Debug, Clone, PartialEq)]
pub struct Score {
    /// The value, or why there is none.
    pub value: Result<f64, Why>,
    /// Both sides of a ratio; the numerator alone for anything else.
    pub numerator: Option<f64>,
    /// See `numerator`.
    pub denominator: Option<f64>,
    /// Rows behind the denominator, or behind the value.
    pub n: u64,
    /// Wilson's 95 % interval, for a share of counted things.
    pub interval: Option<(f64, f64)>,
}

type Key = (Segment, Option<usize>);

/// All figures.
#[derive(Debug, Clone)]
pub struct Scores {
    /// The columns that were broken down by.
    pub by: Vec<String>,
    /// The total first (no value), then every segment in order of its text.
    pub segments: Vec<Segment>,
    measures: BTreeMap<String, BTreeMap<Key, Figure>>,
    absent: BTreeMap<String, Why>,
    no_segments: BTreeMap<String, Why>,
    empty: BTreeMap<String, Empty>,
    units: BTreeMap<String, Unit>,
    /// Minor units in one major unit of the reporting currency.
    scale: f64,
    /// Measures of ledgers that have months and nothing finer.
    monthly: BTreeSet<String>,
    periods: Periods,
    as_of: i32,
}

/// What to break down by and what to leave out.
#[derive(Debug, Clone, Default)]
pub struct Slice {
    /// Columns of `journeys`.
    pub by: Vec<String>,
    /// A condition on the rows.
    pub condition: Option<String>,
}

/// Computes the wanted metrics' measures.
///
/// # Errors
/// [`Issues`] for a column or a condition that does not exist; otherwise a defect.
pub fn evaluate(
    facts: &Facts<'_>,
    catalogue: &Catalogue,
    wanted: &[&Metric],
    periods: &Periods,
    slice: &Slice,
) -> Result<Scores> {
    facts.check_by(&slice.by)?;
    // Computed once for its problems, before any measure is.
    facts.journey_mask(slice.condition.as_deref())?;
    let measures: BTreeSet<&str> = wanted.iter().flat_map(|m| m.formula.uses.iter().map(String::as_str)).collect();
    let mut scores = Scores {
        by: slice.by.clone(),
        segments: vec![Vec::new()],
        measures: BTreeMap::new(),
        absent: BTreeMap::new(),
        no_segments: BTreeMap::new(),
        empty: BTreeMap::new(),
        units: BTreeMap::new(),
        scale: facts.minor_per_major(),
        monthly: BTreeSet::new(),
        periods: periods.clone(),
        as_of: facts.as_of,
    };
    let mut passes: BTreeMap<(&str, &str, Option<&str>), Vec<&Measure>> = BTreeMap::new();
    let mut issues = Vec::new();
    for id in measures {
        let Some(measure) = catalogue.measures.get(id) else { continue };
        scores.empty.insert(id.to_string(), measure.empty);
        scores.units.insert(id.to_string(), measure.unit);
        if facts.is_monthly(&measure.table) {
            scores.monthly.insert(id.to_string());
        }
        match check(facts, measure, periods, slice) {
            Ok(None) => passes
                .entry((measure.table.as_str(), measure.at.as_str(), measure.condition.as_deref()))
                .or_default()
                .push(measure),
            Ok(Some(why)) => {
                scores.absent.insert(id.to_string(), why);
            }
            Err(mut problems) => issues.append(&mut problems),
        }
    }
    issues.dedup();
    Issues(issues).into_result()?;
    for ((table, at, condition), measures) in passes {
        let offered = facts.offered(table);
        let has = |name: &String| speaks_of(table, &offered, name);
        let lacking: Vec<&str> = slice.by.iter().filter(|b| !has(b)).map(String::as_str).collect();
        if !lacking.is_empty() {
            for measure in &measures {
                let why = Why::new("not_by_segment", format!("{table} has no column {}", lacking.join(", ")));
                scores.no_segments.insert(measure.id.clone(), why);
            }
        }
        pass(facts, table, at, condition, &measures, periods, slice, &mut scores)
            .with_context(|| format!("computing the measures of {table} by {at}"))?;
    }
    let mut segments: Vec<Segment> =
        scores.measures.values().flat_map(|m| m.keys().map(|(segment, _)| segment.clone())).collect();
    sort_segments(&mut segments);
    scores.segments.extend(segments.into_iter().filter(|s| !s.is_empty()));
    Ok(scores)
}

/// The columns of ledgers that mean the same as those of processes, so that a breakdown holds for both.
const SHARED: [&str; 1] = ["campaign"];

/// Whether a table has a column in the sense of `--by` and `--where`, which speak of processes.
fn speaks_of(table: &str, offered: &[Offered], column: &str) -> bool {
    (table == "journeys" || SHARED.contains(&column)) && offered.iter().any(|(name, _)| name == column)
}

/// `None` when a measure can be computed, otherwise why it is missing.
fn check(facts: &Facts<'_>, measure: &Measure, periods: &Periods, slice: &Slice) -> Result<Option<Why>, Vec<Issue>> {
    if let Some(reason) = facts.no_table(&measure.table) {
        return Ok(Some(Why::new("no_source", reason)));
    }
    let offered = facts.offered(&measure.table);
    let names: Vec<&str> = offered.iter().map(|(n, _)| n.as_str()).collect();
    let said = |text: &str, place: &Place| Said { value: text.to_string(), place: place.clone() };
    if !names.contains(&measure.at.as_str()) {
        let stage = measure.at.strip_suffix("_on").filter(|_| measure.table == "journeys");
        return match (stage, &measure.place) {
            (Some(stage), None) => Ok(Some(Why::new("no_stage", format!("no stage `{stage}` in the contract")))),
            _ => Err(vec![
                Issue::usage(
                    measure.written.at.clone(),
                    format!(
                        "measure `{}` counts by `{}`, and {} has no such column",
                        measure.id, measure.at, measure.table
                    ),
                )
                .hint(did_you_mean(&measure.at, names)),
            ]),
        };
    }
    if measure.table == "journeys"
        && let Some(stage) = measure.at.strip_suffix("_on")
        && facts.unseen(stage)
    {
        return Ok(Some(Why::new("no_source", format!("no export shows when stage `{stage}` was reached"))));
    }
    let mut issues = Vec::new();
    if let Some(condition) = &measure.condition
        && let Err(problems) = formula::predicate(condition, &offered)
    {
        issues.extend(problems_at(&said(condition, &measure.written.condition), problems));
    }
    if let Err(problems) = formula::aggregate(&measure.value, &offered) {
        issues.extend(problems_at(&said(&measure.value, &measure.written.value), problems));
    }
    let amounts = money_of(&measure.value, &offered);
    if measure.place.is_some() && !amounts.is_empty() && !matches!(measure.unit, Unit::Money | Unit::Count) {
        let what =
            format!("measure `{}` adds up `{}`, which is money, and says no unit", measure.id, amounts.join("`, `"));
        issues.push(
            Issue::usage(measure.written.value.clone(), what).hint("add unit = \"money\" (or \"count\" if it counts)"),
        );
    }
    if !issues.is_empty() {
        return Err(issues);
    }
    if let Some(condition) = &slice.condition {
        let unknown: Vec<String> =
            formula::uses(condition).into_iter().filter(|n| !speaks_of(&measure.table, &offered, n)).collect();
        if !unknown.is_empty() {
            let reason = format!("{} cannot be filtered by {}", measure.table, unknown.join(", "));
            return Ok(Some(Why::new("not_by_segment", reason)));
        }
    }
    if facts.is_monthly(&measure.table) && periods.kind == crate::calendar::PeriodKind::Week {
        return Ok(Some(Why::new("too_fine", too_fine(&measure.table))));
    }
    for column in &measure.needs {
        if !facts.fills(&measure.table, column) {
            return Ok(Some(Why::new("no_source", lacking(column))));
        }
    }
    Ok(None)
}

/// The amounts that an aggregate uses.
fn money_of(value: &str, offered: &[Offered]) -> Vec<String> {
    let money = |name: &String| offered.iter().any(|(n, kind)| n == name && *kind == Type::Money);
    formula::uses(value).into_iter().filter(money).collect()
}

fn too_fine(table: &str) -> String {
    format!("the {table} ledger has months, and this cuts one")
}

/// What the exports lack, as one clause.
fn lacking(column: &str) -> String {
    match column {
        "lost_deals" => "no deal in the exports is lost, so 100 % would say nothing".into(),
        "lost_amount" => "no lost deal has an amount, so 100 % would say nothing".into(),
        other => format!("no export says {}", needed(other)),
    }
}

fn needed(column: &str) -> &str {
    match column {
        "amount" => "what the deals are worth (amount)",
        "created_on" => "when the deals were created (created_at)",
        "has_deal" => "anything about deals",
        "lost_reason" => "why deals were lost (lost_reason)",
        "deal_origin" => "which team a deal came from (touches, or [teams] sources)",
        other => other,
    }
}

const NOTHING: &str = "nothing in this period";
const ROWS: &str = "__rows";
const FILLED: &str = "__filled";

fn broken(problems: Vec<formula::Problem>) -> anyhow::Error {
    anyhow::anyhow!("{}", problems.into_iter().map(|p| p.what).collect::<Vec<_>>().join("; "))
}

/// The rows, and of each measure its value and how many rows fill it.
fn aggregates(measures: &[&Measure], offered: &[Offered]) -> Result<Vec<Expr>> {
    let mut aggregates: Vec<Expr> = vec![len().cast(DataType::Float64).alias(ROWS)];
    for measure in measures {
        let value = formula::aggregate(&measure.value, offered).map_err(broken)?;
        aggregates.push(value.cast(DataType::Float64).alias(measure.id.as_str()));
        // A sum over amounts of which none is known is not 0.
        let bare = formula::is_bare_sum(&measure.value);
        let amounts = if bare { money_of(&measure.value, offered) } else { Vec::new() };
        let filled = amounts.iter().map(|a| col(a.as_str()).count().cast(DataType::Float64)).reduce(|a, b| a + b);
        aggregates
            .push(filled.unwrap_or_else(|| len().cast(DataType::Float64)).alias(format!("{}{FILLED}", measure.id)));
    }
    Ok(aggregates)
}

#[allow(clippy::too_many_arguments)] // one call; a struct for it would only rename the arguments
fn pass(
    facts: &Facts<'_>,
    table: &str,
    at: &str,
    condition: Option<&str>,
    measures: &[&Measure],
    periods: &Periods,
    slice: &Slice,
    scores: &mut Scores,
) -> Result<()> {
    let offered = facts.offered(table);
    let values = measures.iter().map(|m| m.value.as_str());
    let rows = Rows::select(facts, (table, at, condition), values, periods, slice)?;
    let by = rows.by.clone();
    let frame = rows.counted()?;
    drop(rows);
    let aggregates = aggregates(measures, &offered)?;
    let mut groupings: Vec<(Vec<String>, bool)> = vec![(Vec::new(), false), (Vec::new(), true)];
    if !by.is_empty() {
        groupings.extend([(by.clone(), false), (by, true)]);
    }
    for (by, per_period) in groupings {
        let mut keys: Vec<Expr> = by.iter().map(|b| col(b.as_str())).collect();
        if per_period {
            keys.push(col(PERIOD));
        }
        let lazy = frame.clone().lazy();
        let out =
            if keys.is_empty() { lazy.select(&aggregates) } else { lazy.group_by(keys).agg(&aggregates) }.collect()?;
        store(&out, &by, per_period, measures, facts, scores)?;
    }
    Ok(())
}

fn store(
    out: &DataFrame,
    by: &[String],
    per_period: bool,
    measures: &[&Measure],
    facts: &Facts<'_>,
    scores: &mut Scores,
) -> Result<()> {
    let scale = facts.minor_per_major();
    let words: Vec<Column> = by.iter().map(|b| out.column(b)?.cast(&DataType::String)).collect::<PolarsResult<_>>()?;
    let words: Vec<&StringChunked> = words.iter().map(|w| w.str()).collect::<PolarsResult<_>>()?;
    let rows = out.column(ROWS)?.f64()?;
    for measure in measures {
        let values = out.column(&measure.id)?.f64()?;
        let filled = out.column(&format!("{}{FILLED}", measure.id))?.f64()?;
        let figures = scores.measures.entry(measure.id.clone()).or_default();
        for row in 0..out.height() {
            let period = if per_period {
                Some(usize::try_from(out.column(PERIOD)?.i32()?.get(row).unwrap_or(0))?)
            } else {
                None
            };
            let segment: Segment = words.iter().map(|w| w.get(row).map(str::to_string)).collect();
            #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // a count
            let n = rows.get(row).unwrap_or(0.0) as u64;
            let value = values.get(row).filter(|v| v.is_finite() && n > 0);
            let value = value.map(|v| if measure.unit == Unit::Money { v / scale } else { v });
            let value = match value {
                Some(_) if filled.get(row) == Some(0.0) => {
                    Err(Why::new("no_data", "no row of this period has an amount"))
                }
                Some(value) => Ok(value),
                None => Err(Why::new("no_data", NOTHING)),
            };
            figures.insert((segment, period), Figure { value, n });
        }
    }
    Ok(())
}

impl Scores {
    /// One measure; `period` is `None` for all periods together.
    pub fn figure(&self, measure: &str, segment: &Segment, period: Option<usize>) -> Figure {
        if let Some(why) = self.absent.get(measure) {
            return Figure { value: Err(why.clone()), n: 0 };
        }
        if !segment.is_empty()
            && let Some(why) = self.no_segments.get(measure)
        {
            return Figure { value: Err(why.clone()), n: 0 };
        }
        if self.monthly.contains(measure) && self.cuts_a_month(period) {
            let table = if measure.ends_with("_heads") { "headcount" } else { "finance" };
            return Figure { value: Err(Why::new("too_fine", too_fine(table))), n: 0 };
        }
        let found = self.measures.get(measure).and_then(|m| m.get(&(segment.clone(), period)));
        match (found, self.empty.get(measure)) {
            (Some(figure), _) if figure.n > 0 => figure.clone(),
            (_, Some(Empty::Zero)) => Figure { value: Ok(0.0), n: 0 },
            _ => Figure { value: Err(Why::new("no_data", NOTHING)), n: 0 },
        }
    }

    /// Whether a period, as far as it counts, begins or ends within a month; as-of may end it anywhere.
    fn cuts_a_month(&self, period: Option<usize>) -> bool {
        let (from, to) = (self.periods.from, self.periods.to);
        let (start, end) = period.map_or((from, to), |p| {
            let period = &self.periods.all[p];
            (period.start.max(from), period.end.min(to))
        });
        // Nothing after as-of is in the ledger.
        let end = end.min(self.as_of);
        let first_of_month = |day: i32| date_of(day).day() == 1;
        !first_of_month(start) || (end != self.as_of && !first_of_month(end + 1))
    }

    /// What a measure counts.
    pub fn unit(&self, measure: &str) -> Option<Unit> {
        self.units.get(measure).copied()
    }

    /// One metric; `period` is `None` for all periods together.
    pub fn score(&self, metric: &Metric, segment: &Segment, period: Option<usize>) -> Score {
        let figure = |name: &str| self.figure(name, segment, period);
        let compute = |formula: &Formula| {
            let value = formula.value(&|name| figure(name).value.map_err(|why| why.reason))?;
            // Sums of whole cents are whole cents: what binary fractions add to them is no figure.
            let money = formula.uses.iter().all(|name| self.unit(name) == Some(Unit::Money));
            Ok(if money && formula.is_sum() { (value * self.scale).round() / self.scale } else { value })
        };
        let value = compute(&metric.formula).map_err(|undefined| match undefined {
            Undefined::Missing(_) => metric
                .formula
                .uses
                .iter()
                .find_map(|name| figure(name).value.err())
                .unwrap_or_else(|| Why::new("no_data", NOTHING)),
            Undefined::ZeroDenominator => Why::new("zero_denominator", "nothing to divide by in this period"),
            Undefined::NotFinite => Why::new("not_finite", "the formula has no finite value here"),
        });
        let (numerator, denominator, behind) = match metric.formula.ratio() {
            Some((top, bottom)) => (compute(&top).ok(), compute(&bottom).ok(), bottom.uses),
            None => (value.as_ref().ok().copied(), None, metric.formula.uses.clone()),
        };
        let n = behind.iter().map(|name| figure(name).n).sum();
        let interval = match (metric.proportion, numerator, denominator) {
            (true, Some(k), Some(n)) if n > 0.0 => wilson(k, n),
            _ => None,
        };
        Score { value, numerator, denominator, n, interval }
    }
}

/// The text of a segment: `lead_source=Web;region=EMEA`; empty for the total, `(blank)` for no value.
pub fn segment_text(by: &[String], segment: &Segment) -> String {
    by.iter()
        .zip(segment)
        .map(|(name, value)| format!("{name}={}", value.as_deref().unwrap_or("(blank)")))
        .collect::<Vec<_>>()
        .join(";")
}

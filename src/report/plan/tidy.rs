//! The one machine table of `plan`: a row per figure.

use super::Base;
use crate::calendar::Period;
use crate::report::{Audience, Cell, Column, Table, Unit};
use crate::time::date_of;

/// The tidy columns: the same whatever the data.
const TIDY: [&str; 19] = [
    "part",
    "target",
    "scenario",
    "item",
    "stage_id",
    "period",
    "period_start: date",
    "period_end: date",
    "segment",
    "value: number",
    "unit",
    "low: number",
    "high: number",
    "n: number",
    "status",
    "assumed: flag",
    "as_of: date",
    "currency",
    "contract_hash",
];

/// One figure.
#[derive(Debug, Clone)]
pub struct Line {
    /// Which table it is of.
    pub part: &'static str,
    /// The target, as it is written on the command line.
    pub target: String,
    /// With which new leads it comes: `needed` for the target, `given` by --leads, or at the `present` pace; else empty.
    pub scenario: &'static str,
    /// What it is.
    pub item: String,
    /// Of which stage.
    pub stage: String,
    /// Of which period: name, first and last day.
    pub period: Option<(String, i32, i32)>,
    /// Of which segment.
    pub segment: String,
    /// The value, or why there is none.
    pub value: Result<f64, String>,
    /// What it counts.
    pub unit: Unit,
    /// Its 80 % interval; an upper bound that is not finite is missing.
    pub band: Option<(f64, f64)>,
    /// How many it stands on.
    pub n: Option<u64>,
    /// It is assumed, or rests on an assumption.
    pub assumed: bool,
}

impl Line {
    /// A figure of a part.
    pub fn new(part: &'static str, item: impl Into<String>, value: f64, unit: Unit) -> Self {
        Self {
            part,
            target: String::new(),
            scenario: "",
            item: item.into(),
            stage: String::new(),
            period: None,
            segment: String::new(),
            value: Ok(value),
            unit,
            band: None,
            n: None,
            assumed: false,
        }
    }

    /// A figure that is missing, and why.
    pub fn missing(part: &'static str, item: impl Into<String>, why: impl Into<String>, unit: Unit) -> Self {
        Self { value: Err(why.into()), ..Self::new(part, item, 0.0, unit) }
    }

    /// Of a target.
    #[must_use]
    pub fn target(mut self, target: &str) -> Self {
        self.target = target.into();
        self
    }

    /// With these new leads.
    #[must_use]
    pub fn scenario(mut self, scenario: &'static str) -> Self {
        self.scenario = scenario;
        self
    }

    /// Of a period.
    #[must_use]
    pub fn period(mut self, period: &Period) -> Self {
        self.period = Some((period.label.clone(), period.start, period.end));
        self
    }

    /// With its interval.
    #[must_use]
    pub fn band(mut self, band: (f64, f64)) -> Self {
        self.band = Some(band);
        self
    }
}

impl Base<'_> {
    /// The table.
    pub fn tidy(&self, lines: Vec<Line>) -> Table {
        let columns = TIDY.iter().map(|id| Column::tidy(id)).collect();
        let contract = &self.data.session.contract;
        let words = |text: String| if text.is_empty() { Cell::none() } else { Cell::text(text) };
        let plain = |value: Option<f64>| match value.filter(|v| v.is_finite()) {
            Some(value) => Cell::Number(value, Unit::Number),
            None => Cell::none(),
        };
        let rows = lines.into_iter().map(|line| {
            let day = |day: Option<i32>| day.map_or_else(Cell::none, |day| Cell::Date(date_of(day)));
            let (label, start, end) = line.period.map_or((None, None, None), |(l, s, e)| (Some(l), Some(s), Some(e)));
            let (value, status) = match line.value {
                Ok(value) if value.is_finite() => (Cell::Number(value, Unit::Number), "ok".to_string()),
                Ok(_) => (Cell::Missing("not a number".into()), "not a number".to_string()),
                Err(why) => (Cell::Missing(why.clone()), why),
            };
            vec![
                Cell::text(line.part),
                words(line.target),
                words(line.scenario.to_string()),
                Cell::text(line.item),
                words(line.stage),
                words(label.unwrap_or_default()),
                day(start),
                day(end),
                words(line.segment),
                value,
                Cell::text(line.unit.id()),
                plain(line.band.map(|band| band.0)),
                plain(line.band.map(|band| band.1)),
                line.n.map_or_else(Cell::none, Cell::count),
                words(status),
                Cell::Flag(line.assumed),
                Cell::Date(self.data.session.as_of),
                Cell::text(&contract.currency),
                Cell::text(contract.short_hash()),
            ]
        });
        let rows = rows.collect();
        Table { id: "plan_tidy".into(), title: String::new(), audience: Audience::Machines, columns, rows }
    }
}

//! `[[benchmark]]`: figures of others that the company wants to see beside its own.
//!
//! In: the tables under `benchmark`. Out: [`BenchmarkDef`]s with a value or a band, a year, who it is about and who says
//! so. Whether the metric exists and the unit is its own is checked by the catalogue.

use super::Said;
use super::read::{Fields, Reader, Value};
use toml::de::DeValue;

/// A figure as it was written: a number in the metric's own unit, or a text with a unit such as `10.6%`.
#[derive(Debug, Clone, PartialEq)]
pub enum Quoted {
    /// In the unit of the metric, as machine formats write it.
    Number(f64),
    /// With its unit.
    Text(String),
}

/// One `[[benchmark]]`.
#[derive(Debug, Clone, PartialEq)]
pub struct BenchmarkDef {
    /// The metric it stands beside.
    pub metric: Said<String>,
    /// One figure; then there is neither `low` nor `high`.
    pub value: Option<Said<Quoted>>,
    /// Where a band begins.
    pub low: Option<Said<Quoted>>,
    /// Where it ends.
    pub high: Option<Said<Quoted>>,
    /// The year it is of.
    pub year: i16,
    /// Whom it is about.
    pub population: String,
    /// Who says so.
    pub source: String,
    /// What a reader has to know.
    pub note: Option<String>,
}

fn quoted(r: &mut Reader<'_>, fields: &Fields<'_, '_>, key: &str) -> Option<Said<Quoted>> {
    let value: &Value<'_> = fields.get(key)?;
    if matches!(value.get_ref(), DeValue::String(_)) {
        return r.text(fields, key).map(|said| Said { value: Quoted::Text(said.value), place: said.place });
    }
    if !matches!(value.get_ref(), DeValue::Integer(_) | DeValue::Float(_)) {
        r.wrong(&format!("`{key}`"), value, "a number such as 0.106, or a text with its unit such as \"10.6%\"");
        return None;
    }
    let said = r.number(fields, key)?;
    if !said.value.is_finite() {
        r.fault(said.place, format!("`{key}` is {}, which is no figure", said.value), "write a number");
        return None;
    }
    Some(Said { value: Quoted::Number(said.value), place: said.place })
}

/// Reads `[[benchmark]]`.
pub(super) fn benchmarks(r: &mut Reader<'_>, top: &Fields<'_, '_>) -> Vec<BenchmarkDef> {
    const KNOWN: [&str; 8] = ["metric", "value", "low", "high", "year", "population", "source", "note"];
    let mut benchmarks = Vec::new();
    for fields in r.tables(top, "benchmark", &KNOWN) {
        let before = r.issues.len();
        let hint = "say which metric it stands beside: `metric = \"combined_budget_ratio\"`";
        let metric = r.need_text(&fields, "metric", hint);
        let [value, low, high] = ["value", "low", "high"].map(|key| quoted(r, &fields, key));
        let band = fields.has("low") || fields.has("high");
        if fields.has("value") && band {
            let what = "[[benchmark]] has a `value` and a band";
            r.fault(fields.place.clone(), what, "keep `value`, or `low` and `high`");
        } else if !fields.has("value") && !band && !fields.mistyped() {
            let hint = "write `value = \"10.6%\"`, or `low = \"5%\"` and `high = \"10%\"`";
            r.fault(fields.place.clone(), "[[benchmark]] has no figure", hint);
        }
        r.missing(&fields, "year", "say of which year it is: `year = 2025`");
        let year = r.number(&fields, "year").and_then(|said| {
            #[allow(clippy::cast_possible_truncation)] // within 1900 and 2199
            if said.value.fract() == 0.0 && (1900.0..2200.0).contains(&said.value) {
                return Some(said.value as i16);
            }
            r.fault(said.place, format!("`year` is {}, which is no year", said.value), "write it as `year = 2025`");
            None
        });
        let population = r.need_text(&fields, "population", "say whom it is about: `population = \"our industry\"`");
        let source = r.need_text(&fields, "source", "say who says so, best with its address");
        let note = r.text(&fields, "note").map(|said| said.value);
        if let (Some(metric), Some(year), Some(population), Some(source)) = (metric, year, population, source)
            && r.issues.len() == before
        {
            let (population, source) = (population.value, source.value);
            benchmarks.push(BenchmarkDef { metric, value, low, high, year, population, source, note });
        }
    }
    benchmarks
}

//! Measures and metrics as data.
//!
//! In: the built-in `metrics.toml` and what the contract adds or replaces. Out: a [`Catalogue`] whose metrics all name
//! measures that exist. Which columns a measure may use depends on the data, so `evaluate` checks that.

pub mod benchmark;
pub mod figures;
pub mod formula;
pub mod parts;
mod sorts;
pub mod survey;

use indexmap::IndexMap;
use serde::Deserialize;

use crate::contract::{Contract, MeasureDef, MetricDef, Said};
use crate::issue::{Issue, Issues, Place, did_you_mean};
use crate::report::Unit;
use benchmark::Benchmark;
use formula::{Formula, Problem, Undefined};

/// The built-in catalogue, as TOML.
pub const BUILTIN: &str = include_str!("metrics.toml");

/// What no row at all means for a measure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Empty {
    /// Nothing happened: 0.
    Zero,
    /// Nothing is known.
    Missing,
}

/// Something counted or summed over the rows of one table.
#[derive(Debug, Clone, PartialEq)]
pub struct Measure {
    /// snake_case name.
    pub id: String,
    /// `journeys`, `touches`, `spend`, `headcount` or `revenue`.
    pub table: String,
    /// The day a row counts on.
    pub at: String,
    /// SQL aggregate.
    pub value: String,
    /// SQL condition on a row.
    pub condition: Option<String>,
    /// What it counts.
    pub unit: Unit,
    /// What no row means.
    pub empty: Empty,
    /// Columns that some row must fill.
    pub needs: Vec<String>,
    /// One line for people.
    pub about: String,
    /// Where the contract wrote it; `None` for a built-in one.
    pub place: Option<Place>,
    /// Where the contract wrote its value and its condition.
    pub written: Written,
    /// It replaces a built-in one.
    pub replaces: bool,
}

/// Places of a measure's parts in the contract.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Written {
    /// Of `at`.
    pub at: Place,
    /// Of `value`.
    pub value: Place,
    /// Of `where`.
    pub condition: Place,
}

/// Which direction is good.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Better {
    /// More is better.
    Higher,
    /// Less is better.
    Lower,
    /// It depends.
    Neither,
}

/// Arithmetic on measures.
#[derive(Debug, Clone)]
pub struct Metric {
    /// snake_case name.
    pub id: String,
    /// Name for people.
    pub title: String,
    /// The formula, as written.
    pub text: String,
    /// The formula.
    pub formula: Formula,
    /// What it counts.
    pub unit: Unit,
    /// Which direction is good.
    pub better: Better,
    /// `cohort`, `period` or `ledger`, or the contract's own words.
    pub basis: String,
    /// `IDC`, `scorecard` or nothing: whose indicator it is.
    pub label: String,
    /// Which part of the report it belongs to.
    pub group: String,
    /// Numerator counts a part of what the denominator counts, so an interval can be given.
    pub proportion: bool,
    /// What it means.
    pub definition: String,
    /// Where the definition comes from.
    pub source: String,
    /// A worked example: measures, and `value`.
    pub example: IndexMap<String, f64>,
    /// Where the contract wrote it; `None` for a built-in one.
    pub place: Option<Place>,
    /// It replaces a built-in one.
    pub replaces: bool,
}

/// All measures and metrics, in the order of the file and then of the contract.
#[derive(Debug, Clone)]
pub struct Catalogue {
    /// Measures by id.
    pub measures: IndexMap<String, Measure>,
    /// Metrics by id.
    pub metrics: IndexMap<String, Metric>,
    /// Figures of others that stand beside metrics: the built-in ones, then those of the contract.
    pub benchmarks: Vec<Benchmark>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    measure: IndexMap<String, MeasureEntry>,
    metric: IndexMap<String, MetricEntry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct MeasureEntry {
    table: String,
    at: String,
    value: String,
    #[serde(rename = "where")]
    condition: Option<String>,
    unit: String,
    empty: Empty,
    #[serde(default)]
    needs: Vec<String>,
    about: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct MetricEntry {
    title: String,
    formula: String,
    unit: String,
    better: Better,
    basis: String,
    #[serde(default)]
    label: String,
    group: String,
    #[serde(default)]
    proportion: bool,
    definition: String,
    source: String,
    example: IndexMap<String, f64>,
}

/// The units that a measure or metric may have, by name.
pub const UNITS: [(&str, Unit); 7] = [
    ("count", Unit::Count),
    ("ratio", Unit::Share),
    ("x:1", Unit::Times),
    ("days", Unit::Days),
    ("money", Unit::Money),
    ("heads", Unit::Heads),
    ("number", Unit::Number),
];

fn unit(name: &str) -> Option<Unit> {
    UNITS.iter().find(|(id, _)| *id == name).map(|(_, unit)| *unit)
}

/// The tables that a measure may count.
pub const TABLES: [&str; 5] = ["journeys", "touches", "spend", "headcount", "revenue"];

impl Catalogue {
    /// Whether any measure of a table speaks of a column.
    pub fn uses(&self, table: &str, column: &str) -> bool {
        self.measures.values().filter(|m| m.table == table).any(|m| {
            let texts = [Some(m.at.as_str()), Some(m.value.as_str()), m.condition.as_deref()];
            let spoken = |text: &str| formula::uses(text).iter().any(|name| name == column);
            m.needs.iter().any(|name| name == column) || texts.into_iter().flatten().any(spoken)
        })
    }

    /// The built-in catalogue and what the contract says.
    ///
    /// # Errors
    /// [`Issues`]: every unknown table, unit, measure and every formula that is none, at its place in the contract.
    pub fn new(contract: &Contract) -> Result<Self, Issues> {
        let builtin = Place::file("metrics.toml (built in)");
        let file: File = toml::from_str(BUILTIN)
            .map_err(|e| Issues::from(Issue::usage(builtin.clone(), format!("is not a catalogue: {e}"))))?;
        let mut issues = Vec::new();
        let mut measures: IndexMap<String, Measure> = file
            .measure
            .into_iter()
            .map(|(id, m)| {
                let unit = unit(&m.unit).unwrap_or(Unit::Number);
                let MeasureEntry { table, at, value, condition, empty, needs, about, .. } = m;
                let (place, written, replaces) = (None, Written::default(), false);
                let measure = Measure {
                    id: id.clone(),
                    table,
                    at,
                    value,
                    condition,
                    unit,
                    empty,
                    needs,
                    about,
                    place,
                    written,
                    replaces,
                };
                (id, measure)
            })
            .collect();
        for def in &contract.measures {
            if let Some(mut measure) = own_measure(def, &mut issues) {
                measure.replaces = measures.contains_key(&measure.id);
                measures.insert(measure.id.clone(), measure);
            }
        }
        // A measure with problems of its own is not also unknown.
        let mut known: Vec<&str> = measures.keys().map(String::as_str).collect();
        known.extend(contract.measures.iter().map(|m| m.id.value.as_str()).filter(|id| !measures.contains_key(*id)));
        let mut metrics = IndexMap::new();
        for (id, m) in file.metric {
            match Formula::new(&m.formula, &known) {
                Ok(formula) => {
                    let metric = Metric {
                        id: id.clone(),
                        title: m.title,
                        text: m.formula,
                        formula,
                        unit: unit(&m.unit).unwrap_or(Unit::Number),
                        better: m.better,
                        basis: m.basis,
                        label: m.label,
                        group: m.group,
                        proportion: m.proportion,
                        definition: m.definition,
                        source: m.source,
                        example: m.example,
                        place: None,
                        replaces: false,
                    };
                    metrics.insert(id, metric);
                }
                Err(problems) => issues.extend(problems.into_iter().map(|p| at_formula(&builtin, p))),
            }
        }
        for def in &contract.metrics {
            if let Some(metric) = own_metric(def, &known, &metrics, &mut issues) {
                metrics.insert(metric.id.clone(), metric);
            }
        }
        let benchmarks = benchmark::of_metrics(&contract.benchmarks, &metrics, &contract.metrics, &mut issues);
        Issues(issues).into_result()?;
        Ok(Self { measures, metrics, benchmarks })
    }
}

fn at_formula(place: &Place, problem: Problem) -> Issue {
    // A formula stands in quotes: its first character is one column after the value's place.
    let mut place = place.clone();
    if let (Some(column), Some(at)) = (place.column, problem.at) {
        place.column = Some(column + 1 + at);
    }
    Issue::usage(place, problem.what).hint(problem.hint)
}

/// Problems of a formula as issues at the place where it is written.
pub fn problems_at(said: &Said<String>, problems: Vec<Problem>) -> Vec<Issue> {
    problems.into_iter().map(|p| at_formula(&said.place, p)).collect()
}

fn one_of<'a>(said: &Said<String>, what: &str, known: impl IntoIterator<Item = &'a str> + Clone) -> Issue {
    Issue::usage(said.place.clone(), format!("no {what} is called `{}`", said.value))
        .hint(did_you_mean(&said.value, known))
}

fn own_measure(def: &MeasureDef, issues: &mut Vec<Issue>) -> Option<Measure> {
    let before = issues.len();
    if !TABLES.contains(&def.table.value.as_str()) {
        issues.push(one_of(&def.table, "table of measures", TABLES));
    }
    let unit = match &def.unit {
        None => Some(Unit::Number),
        Some(said) => {
            let found = unit(&said.value);
            if found.is_none() {
                issues.push(one_of(said, "unit", UNITS.map(|(id, _)| id)));
            }
            found
        }
    };
    let ledger = matches!(def.table.value.as_str(), "spend" | "headcount" | "revenue");
    let zero = !ledger && parts::is_zero_of_nothing(&def.value.value);
    let measure = Measure {
        id: def.id.value.clone(),
        table: def.table.value.clone(),
        at: def.at.value.clone(),
        value: def.value.value.clone(),
        condition: def.when.as_ref().map(|w| w.value.clone()),
        unit: unit?,
        empty: if zero { Empty::Zero } else { Empty::Missing },
        needs: Vec::new(),
        about: String::from("from the contract"),
        place: Some(def.id.place.clone()),
        written: Written {
            at: def.at.place.clone(),
            value: def.value.place.clone(),
            condition: def.when.as_ref().map(|w| w.place.clone()).unwrap_or_default(),
        },
        replaces: false,
    };
    (issues.len() == before).then_some(measure)
}

fn own_metric(
    def: &MetricDef,
    measures: &[&str],
    metrics: &IndexMap<String, Metric>,
    issues: &mut Vec<Issue>,
) -> Option<Metric> {
    let before = issues.len();
    let unit = unit(&def.unit.value);
    if unit.is_none() {
        issues.push(one_of(&def.unit, "unit", UNITS.map(|(id, _)| id)));
    }
    let formula = match Formula::new(&def.formula.value, measures) {
        Ok(formula) => Some(formula),
        Err(problems) => {
            issues.extend(problems_at(&def.formula, problems));
            None
        }
    };
    let mut example = IndexMap::new();
    for (name, value) in def.example.iter().flatten() {
        let number = value.as_float().or_else(|| {
            #[allow(clippy::cast_precision_loss)] // an example's figures are small
            value.as_integer().map(|i| i as f64)
        });
        match number {
            Some(number) if name == "value" || measures.contains(&name.as_str()) => {
                example.insert(name.clone(), number);
            }
            _ => issues.push(
                Issue::usage(def.id.place.clone(), format!("the example of `{}` has `{name} = {value}`", def.id.value))
                    .hint("an example gives each measure of the formula a number, and `value` the result"),
            ),
        }
    }
    if issues.len() > before {
        return None;
    }
    let replaced = metrics.get(&def.id.value);
    let metric = Metric {
        id: def.id.value.clone(),
        title: def.title.clone().or_else(|| replaced.map(|m| m.title.clone())).unwrap_or_else(|| words(&def.id.value)),
        text: def.formula.value.clone(),
        formula: formula?,
        unit: unit?,
        better: match def.better.as_deref() {
            Some("higher") => Better::Higher,
            Some("lower") => Better::Lower,
            _ => Better::Neither,
        },
        basis: def.basis.clone().unwrap_or_else(|| "own".into()),
        label: String::new(),
        group: replaced.map_or_else(|| "own".into(), |m| m.group.clone()),
        proportion: false,
        definition: def.definition.clone(),
        source: def.source.clone().unwrap_or_else(|| "the contract".into()),
        example,
        place: Some(def.id.place.clone()),
        replaces: replaced.is_some(),
    };
    if let Some(Err(problem)) = check_example(&metric) {
        issues
            .push(Issue::usage(def.id.place.clone(), problem).hint("mend the formula or the example: they must agree"));
        return None;
    }
    Some(metric)
}

fn words(id: &str) -> String {
    let mut text = id.replace('_', " ");
    if let Some(first) = text.get_mut(..1) {
        first.make_ascii_uppercase();
    }
    text
}

/// Computes a metric's worked example; `None` when it has none.
pub fn check_example(metric: &Metric) -> Option<Result<f64, String>> {
    let expected = *metric.example.get("value")?;
    let value = metric
        .formula
        .value(&|name| metric.example.get(name).copied().ok_or_else(|| format!("the example has no `{name}`")));
    Some(match value {
        Ok(value) if (value - expected).abs() <= 1e-9 * expected.abs().max(1.0) => Ok(value),
        Ok(value) => Err(format!("the example of `{}` says {expected}, and its formula gives {value}", metric.id)),
        Err(Undefined::Missing(why)) => Err(format!("the example of `{}` cannot be computed: {why}", metric.id)),
        Err(Undefined::ZeroDenominator | Undefined::NotFinite) => {
            Err(format!("the example of `{}` cannot be computed: it divides by zero", metric.id))
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn builtin() -> Catalogue {
        Catalogue::new(&Contract::builtin()).unwrap()
    }

    #[test]
    fn every_worked_example_comes_out() {
        for metric in builtin().metrics.values() {
            let outcome = check_example(metric).unwrap_or_else(|| panic!("{} has no example", metric.id));
            assert!(outcome.is_ok(), "{outcome:?}");
        }
    }

    #[test]
    fn every_ratio_over_nothing_is_missing_and_never_zero() {
        for metric in builtin().metrics.values() {
            let value = metric.formula.value(&|_| Ok(0.0));
            if metric.formula.ratio().is_some() {
                assert_eq!(value, Err(Undefined::ZeroDenominator), "{}", metric.id);
            } else {
                assert_eq!(value, Ok(0.0), "{}", metric.id);
            }
        }
    }

    #[test]
    fn every_unit_group_and_measure_is_used_and_known() {
        let text: toml::Table = toml::from_str(BUILTIN).unwrap();
        for kind in ["measure", "metric"] {
            for (id, entry) in text[kind].as_table().unwrap() {
                assert!(unit(entry["unit"].as_str().unwrap()).is_some(), "{id}");
            }
        }
        let catalogue = builtin();
        // One is for formulas of contracts: where no export has reasons, every built-in metric would lack it.
        for measure in catalogue.measures.keys().filter(|id| *id != "derailed_deals") {
            let used = catalogue.metrics.values().any(|m| m.formula.uses.contains(measure));
            assert!(used, "no metric uses {measure}");
        }
        for metric in catalogue.metrics.values() {
            assert!(["cohort", "period", "ledger"].contains(&metric.basis.as_str()), "{}", metric.id);
            assert!(!metric.proportion || metric.formula.ratio().is_some(), "{}", metric.id);
        }
    }

    #[test]
    fn the_scorecard_has_eight_rows_of_which_three_are_idcs() {
        let catalogue = builtin();
        let labels: Vec<&str> =
            catalogue.metrics.values().filter(|m| m.group == "scorecard").map(|m| m.label.as_str()).collect();
        assert_eq!(labels, ["IDC", "IDC", "IDC", "scorecard", "scorecard", "scorecard", "scorecard", "scorecard"]);
    }

    #[test]
    fn a_contract_adds_and_replaces_and_is_told_of_every_mistake() {
        let text = "[metric.won_revenue]\nformula = \"won_amount - lost_amount\"\nunit = \"money\"\ndefinition = \"net\"\n\
            example = { won_amount = 5, lost_amount = 2, value = 3 }\n";
        let contract = Contract::parse(text, "c.toml", ".".into()).unwrap();
        let catalogue = Catalogue::new(&contract).unwrap();
        let metric = &catalogue.metrics["won_revenue"];
        assert!(metric.replaces);
        assert_eq!(metric.place.as_ref().and_then(|p| p.line), Some(1));

        let wrong = text.replace("value = 3", "value = 4").replace("lost_amount\"", "lost_amont\"");
        let contract = Contract::parse(&wrong, "c.toml", ".".into()).unwrap();
        let issues = Catalogue::new(&contract).unwrap_err().to_string();
        assert!(issues.contains("c.toml:2:25: no measure is called `lost_amont`"), "{issues}");
        assert!(issues.contains("did you mean `lost_amount`?"), "{issues}");
        let wrong = text.replace("value = 3", "value = 4");
        let contract = Contract::parse(&wrong, "c.toml", ".".into()).unwrap();
        let issues = Catalogue::new(&contract).unwrap_err().to_string();
        assert!(issues.contains("says 4, and its formula gives 3"), "{issues}");
    }
}

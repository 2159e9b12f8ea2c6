//! Figures of others, as data: what was published, of which year, about whom, and what to beware of.
//!
//! In: the built-in `benchmarks.toml` and the `[[benchmark]]` tables of a contract. Out: [`Benchmark`]s in the unit of what
//! they stand beside. They are shown when asked for, and are never targets.

use indexmap::IndexMap;
use serde::Deserialize;

use super::Metric;
use super::survey::Topic;
use crate::contract::{BenchmarkDef, MetricDef, Quoted, Said};
use crate::issue::{Issue, Place, did_you_mean};
use crate::report::Unit;

/// The built-in figures, as TOML.
pub const BUILTIN: &str = include_str!("benchmarks.toml");

/// Days of a month, on average.
const MONTH: f64 = 365.25 / 12.0;

/// A figure of others.
#[derive(Debug, Clone, PartialEq)]
pub struct Benchmark {
    /// snake_case name; that of a contract's own is `own_1`, `own_2`, …
    pub id: String,
    /// The metric or the topic it stands beside.
    pub of: String,
    /// Whose answer it was; empty for a metric, and where it is not said.
    pub team: String,
    /// Where the band begins, in the unit of the metric; open where there is none. A single figure is a band of no width.
    pub low: Option<f64>,
    /// Where it ends.
    pub high: Option<f64>,
    /// The year it is of, where it is known.
    pub year: Option<i16>,
    /// Whom it is about.
    pub population: String,
    /// Who says so.
    pub source: String,
    /// Where that can be read; empty where no address is known.
    pub address: String,
    /// Why it may not be comparable; empty where a contract says nothing.
    pub warning: String,
    /// Where the contract wrote it; `None` for a built-in one.
    pub place: Option<Place>,
}

/// How a figure stands to a band: no judgement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Position {
    /// Less than the band.
    Below,
    /// Neither less nor more.
    Within,
    /// More than the band.
    Above,
}

impl Position {
    /// For machines and people.
    pub fn id(self) -> &'static str {
        match self {
            Self::Below => "below",
            Self::Within => "within",
            Self::Above => "above",
        }
    }
}

impl Benchmark {
    /// How a figure stands to the band; its ends belong to it.
    pub fn position(&self, value: f64) -> Position {
        if self.low.is_some_and(|low| value < low) {
            Position::Below
        } else if self.high.is_some_and(|high| value > high) {
            Position::Above
        } else {
            Position::Within
        }
    }

    /// Whether an interval has a part of the band.
    pub fn is_reached_by(&self, (low, high): (f64, f64)) -> bool {
        self.low.is_none_or(|begin| high >= begin) && self.high.is_none_or(|end| low <= end)
    }
}

/// A figure with its unit: `10.6%`, `4:1`, `120d`, `120 days`, `19 months`, `42h`; and plain numbers, without one.
///
/// ```
/// use onefunnel::catalogue::benchmark::figure;
/// use onefunnel::report::Unit;
/// assert_eq!(figure("10.6 %"), Some((0.106, Some(Unit::Share))));
/// assert_eq!(figure("4:1"), Some((4.0, Some(Unit::Times))));
/// assert_eq!(figure("19 months"), Some((578.3125, Some(Unit::Days))));
/// assert_eq!(figure("many"), None);
/// ```
pub fn figure(text: &str) -> Option<(f64, Option<Unit>)> {
    let text = text.trim();
    let number = |part: &str| part.trim().parse::<f64>().ok().filter(|n| n.is_finite());
    if let Some((left, right)) = text.split_once(':') {
        return (right.trim() == "1").then(|| number(left)).flatten().map(|n| (n, Some(Unit::Times)));
    }
    let units = [
        ("%", Unit::Share, 0.01),
        ("months", Unit::Days, MONTH),
        ("days", Unit::Days, 1.0),
        ("hours", Unit::Hours, 1.0),
        ("d", Unit::Days, 1.0),
        ("h", Unit::Hours, 1.0),
    ];
    for (ending, unit, size) in units {
        if let Some(rest) = text.strip_suffix(ending) {
            // 10.6 / 100 is 0.106, which 10.6 * 0.01 is not.
            let scaled = |n: f64| if unit == Unit::Share { n / 100.0 } else { n * size };
            return number(rest).map(|n| (scaled(n), Some(unit)));
        }
    }
    number(text).map(|n| (n, None))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    benchmark: Vec<Entry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    id: String,
    metric: Option<String>,
    topic: Option<String>,
    #[serde(default)]
    team: String,
    value: Option<String>,
    low: Option<String>,
    high: Option<String>,
    year: Option<i16>,
    population: String,
    source: String,
    #[serde(default)]
    address: String,
    warning: String,
}

impl Entry {
    /// The figure in a unit; `None` when it has another one, which a test of the file rules out.
    fn read(self, unit: Unit) -> Option<Benchmark> {
        let Self { id, metric, topic, team, value, low, high, year, population, source, address, warning } = self;
        let read = |text: Option<String>| match text {
            None => Some(None),
            Some(text) => match figure(&text)? {
                (value, Some(of)) if of == unit => Some(Some(value)),
                _ => None,
            },
        };
        let (value, low, high) = (read(value)?, read(low)?, read(high)?);
        Some(Benchmark {
            id,
            of: metric.or(topic)?,
            team,
            low: value.or(low),
            high: value.or(high),
            year,
            population,
            source,
            address,
            warning,
            place: None,
        })
    }
}

fn entries() -> Vec<Entry> {
    // A test keeps the file free of problems.
    toml::from_str::<File>(BUILTIN).map(|file| file.benchmark).unwrap_or_default()
}

/// The figures beside metrics: the built-in ones of metrics that exist with their own unit, then the contract's.
pub(super) fn of_metrics(
    own: &[BenchmarkDef],
    metrics: &IndexMap<String, Metric>,
    broken: &[MetricDef],
    issues: &mut Vec<Issue>,
) -> Vec<Benchmark> {
    let builtin = entries().into_iter().filter_map(|entry| {
        let metric = metrics.get(entry.metric.as_deref()?)?;
        // What replaces a metric may count something else in the same unit.
        if metric.replaces { None } else { entry.read(metric.unit) }
    });
    let mut benchmarks: Vec<Benchmark> = builtin.collect();
    for (at, def) in own.iter().enumerate() {
        let Some(metric) = metrics.get(&def.metric.value) else {
            // A metric with problems of its own is not also unknown.
            if !broken.iter().any(|m| m.id.value == def.metric.value) {
                let what = format!("no metric is called `{}`", def.metric.value);
                let hint = did_you_mean(&def.metric.value, metrics.keys().map(String::as_str));
                issues.push(Issue::usage(def.metric.place.clone(), what).hint(hint));
            }
            continue;
        };
        benchmarks.extend(of_contract(at, def, metric, issues));
    }
    benchmarks
}

fn of_contract(at: usize, def: &BenchmarkDef, metric: &Metric, issues: &mut Vec<Issue>) -> Option<Benchmark> {
    let before = issues.len();
    let [value, low, high] = [&def.value, &def.low, &def.high]
        .map(|said| said.as_ref().and_then(|said| in_unit(said, metric).map_err(|issue| issues.push(issue)).ok()));
    if issues.len() > before {
        return None;
    }
    if let (Some(low), Some(high), Some(said)) = (low, high, &def.high)
        && low > high
    {
        let issue = Issue::usage(said.place.clone(), "the band ends below its beginning");
        issues.push(issue.hint("`low` is the smaller figure, `high` the larger one"));
        return None;
    }
    Some(Benchmark {
        id: format!("own_{}", at + 1),
        of: metric.id.clone(),
        team: String::new(),
        low: value.or(low),
        high: value.or(high),
        year: Some(def.year),
        population: def.population.clone(),
        source: def.source.clone(),
        address: String::new(),
        warning: def.note.clone().unwrap_or_default(),
        place: Some(def.metric.place.clone()),
    })
}

/// How a figure of a unit is written.
fn written(unit: Unit) -> &'static str {
    match unit {
        Unit::Share => "\"10.6%\" or 0.106",
        Unit::Times => "\"4:1\" or 4",
        Unit::Days => "\"120d\", \"19 months\" or 120",
        Unit::Hours => "\"42h\" or 42",
        _ => "a plain number such as 1200",
    }
}

/// A contract's figure in the unit of its metric.
fn in_unit(said: &Said<Quoted>, metric: &Metric) -> Result<f64, Issue> {
    let wrong = |what: String| Issue::usage(said.place.clone(), what);
    let write = || format!("`{}` counts {}: write {}", metric.id, metric.unit.id(), written(metric.unit));
    match &said.value {
        Quoted::Number(n) if metric.unit == Unit::Share && n.abs() > 1.0 => {
            let what = format!("{n} as a ratio is {}%, which is hardly meant", n * 100.0);
            Err(wrong(what).hint(format!("write \"{n}%\"; or \"{}%\" if it is", n * 100.0)))
        }
        Quoted::Number(n) => Ok(*n),
        Quoted::Text(text) => match figure(text) {
            Some((value, Some(unit))) if unit == metric.unit => Ok(value),
            Some((value, None)) if metric.unit != Unit::Share || value.abs() <= 1.0 => Ok(value),
            Some((_, Some(unit))) => {
                Err(wrong(format!("`{text}` counts {}, and `{}` does not", unit.id(), metric.id)).hint(write()))
            }
            _ => Err(wrong(format!("`{text}` is no figure of `{}`", metric.id)).hint(write())),
        },
    }
}

/// The built-in figures beside what teams believe.
pub fn of_topics(topics: &[Topic]) -> Vec<Benchmark> {
    let read = |entry: Entry| {
        let topic = topics.iter().find(|topic| Some(topic.id.as_str()) == entry.topic.as_deref())?;
        entry.read(topic.unit())
    };
    entries().into_iter().filter_map(read).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalogue::{Catalogue, survey};
    use crate::contract::Contract;

    #[test]
    fn every_figure_of_the_file_is_read_and_says_who_says_so() {
        let file: File = toml::from_str(BUILTIN).unwrap();
        let catalogue = Catalogue::new(&Contract::builtin()).unwrap();
        let topics = survey::topics();
        let read = [catalogue.benchmarks.clone(), of_topics(&topics)].concat();
        assert_eq!(read.len(), file.benchmark.len());
        for entry in &file.benchmark {
            let id = &entry.id;
            assert_eq!(file.benchmark.iter().filter(|other| other.id == *id).count(), 1, "{id}");
            assert!(entry.metric.is_some() != entry.topic.is_some(), "{id}");
            assert!(entry.value.is_some() != (entry.low.is_some() || entry.high.is_some()), "{id}");
            assert!(entry.address.is_empty() || entry.address.starts_with("https://"), "{id}");
            let words = [&entry.warning, &entry.population, &entry.source];
            assert!(words.iter().all(|text| !text.trim().is_empty() && !text.ends_with('.')), "{id}");
            assert!(["", "marketing", "sales"].contains(&entry.team.as_str()), "{id}");
            assert!(entry.year.is_some() || entry.warning.contains("year not said"), "{id}");
        }
    }

    #[test]
    fn figures_are_in_the_unit_of_their_metric() {
        let catalogue = Catalogue::new(&Contract::builtin()).unwrap();
        let of = |id: &str| catalogue.benchmarks.iter().find(|b| b.id == id).map(|b| (b.low, b.high)).unwrap();
        assert_eq!(of("idc_2012_combined_budget_ratio"), (Some(0.106), Some(0.106)));
        assert_eq!(of("idc_2012_target_to_deal"), (Some(0.0015), Some(0.0015)));
        assert_eq!(of("forrester_enterprise_direct_sourced"), (None, Some(0.1)));
        assert_eq!(of("openview_2021_sales_and_marketing_of_arr"), (Some(0.15), Some(0.45)));
        // 19 months of 30.4375 days.
        assert_eq!(of("idc_2012_customer_creation_cycle"), (Some(578.3125), Some(578.3125)));
    }

    #[test]
    fn the_ends_belong_to_the_band_and_an_open_side_has_none() {
        let mut band = Catalogue::new(&Contract::builtin()).unwrap().benchmarks[0].clone();
        (band.low, band.high) = (Some(0.25), Some(0.5));
        let at = |band: &Benchmark, value| band.position(value).id();
        assert_eq!([0.2, 0.25, 0.5, 0.51].map(|v| at(&band, v)), ["below", "within", "within", "above"]);
        assert!(band.is_reached_by((0.1, 0.25)) && !band.is_reached_by((0.1, 0.24)) && !band.is_reached_by((0.6, 0.7)));
        (band.low, band.high) = (None, Some(0.5));
        assert_eq!([-1.0, 0.5, 0.6].map(|v| at(&band, v)), ["within", "within", "above"]);
        (band.low, band.high) = (Some(0.25), None);
        assert_eq!([0.0, 9.0].map(|v| at(&band, v)), ["below", "within"]);
        assert!(band.is_reached_by((0.0, 0.25)) && band.is_reached_by((7.0, 8.0)));
    }

    #[test]
    fn what_replaces_a_metric_has_no_published_figure() {
        let text =
            "[metric.combined_budget_ratio]\nformula = \"sales_spend / revenue\"\nunit = \"ratio\"\ndefinition = \"d\"";
        let catalogue = Catalogue::new(&Contract::parse(text, "c.toml", ".".into()).unwrap()).unwrap();
        assert!(catalogue.benchmarks.iter().all(|b| b.of != "combined_budget_ratio"));
        assert!(catalogue.benchmarks.iter().any(|b| b.of == "sales_to_marketing_spend_ratio"));
    }

    #[test]
    fn a_contract_adds_its_own_and_is_told_what_does_not_fit() {
        let entry = |rest: &str| format!("[[benchmark]]\nyear = 2025\npopulation = \"p\"\nsource = \"s\"\n{rest}\n");
        let read = |rest: &str| Catalogue::new(&Contract::parse(&entry(rest), "c.toml", ".".into()).unwrap());
        let good = read("metric = \"win_rate_narrow\"\nlow = 0.2\nhigh = \"30%\"").unwrap();
        let own = good.benchmarks.last().unwrap();
        assert_eq!((own.id.as_str(), own.low, own.high, own.year), ("own_1", Some(0.2), Some(0.3), Some(2025)));
        for (rest, expected) in [
            ("metric = \"win_rate\"\nvalue = 0.2", "c.toml:5:10: no metric is called `win_rate`"),
            (
                "metric = \"win_rate_narrow\"\nvalue = \"20d\"",
                "c.toml:6:9: `20d` counts days, and `win_rate_narrow` does not",
            ),
            ("metric = \"win_rate_narrow\"\nvalue = \"4:1\"", "`4:1` counts x:1, and `win_rate_narrow` does not"),
            ("metric = \"win_rate_narrow\"\nvalue = 20", "c.toml:6:9: 20 as a ratio is 2000%, which is hardly meant"),
            ("metric = \"win_rate_narrow\"\nvalue = \"20\"", "`20` is no figure of `win_rate_narrow`"),
            ("metric = \"win_rate_narrow\"\nvalue = \"a lot\"", "`a lot` is no figure of `win_rate_narrow`"),
            (
                "metric = \"win_rate_narrow\"\nlow = 0.4\nhigh = \"30%\"",
                "c.toml:7:8: the band ends below its beginning",
            ),
            ("metric = \"won_revenue\"\nvalue = \"20%\"", "`20%` counts ratio, and `won_revenue` does not"),
        ] {
            let said = read(rest).unwrap_err().to_string();
            assert!(said.contains(expected) && said.contains("help: "), "{said}");
        }
    }
}

//! `metrics`: the catalogue, or one metric with its definition, formula, source and worked example.
//!
//! In: the command line and, where there is one, a contract. Out: a [`Report`].

use anyhow::Result;

use super::{Audience, Cell, Column, Report, Table, Unit};
use crate::catalogue::{Better, Catalogue, Metric};
use crate::cli::MetricsArgs;
use crate::contract::Contract;
use crate::issue::{Issue, Place, did_you_mean};

/// Builds the report.
///
/// # Errors
/// A contract with problems; a metric that does not exist.
pub fn build(args: &MetricsArgs) -> Result<Report> {
    let contract = super::contract(args.contract.as_deref())?;
    let catalogue = Catalogue::new(&contract)?;
    let mut report = super::without_inputs("metrics", "Metrics", &contract);
    match &args.metric {
        None => report.tables = vec![list(&catalogue), tidy(catalogue.metrics.values(), &contract)],
        Some(id) => {
            let Some(metric) = catalogue.metrics.get(id) else {
                let known = catalogue.metrics.keys().map(String::as_str);
                return Err(Issue::usage(Place::default(), format!("no metric is called `{id}`"))
                    .hint(did_you_mean(id, known))
                    .into());
            };
            report.title.clone_from(&metric.title);
            report.tables = vec![one(metric, &contract), measures(metric, &catalogue), tidy([metric], &contract)];
        }
    }
    Ok(report)
}

fn better(metric: &Metric) -> &'static str {
    match metric.better {
        Better::Higher => "higher",
        Better::Lower => "lower",
        Better::Neither => "neither",
    }
}

pub(super) fn origin(metric: &Metric, contract: &Contract) -> String {
    match &metric.place {
        None => "built in".into(),
        Some(place) => {
            let what = if metric.replaces { "replaces the built-in one, in" } else { "added in" };
            format!("{what} {} line {}", contract.source_name, place.line.unwrap_or(0))
        }
    }
}

fn list(catalogue: &Catalogue) -> Table {
    let columns = vec![
        Column::left("metric_id", "Metric"),
        Column::left("unit", "Unit"),
        Column::left("definition", "Definition"),
    ];
    let rows = catalogue
        .metrics
        .values()
        .map(|m| vec![Cell::text(&m.id), Cell::text(m.unit.id()), Cell::text(&m.definition)])
        .collect();
    Table { id: "metrics".into(), title: String::new(), audience: Audience::People, columns, rows }
}

fn one(metric: &Metric, contract: &Contract) -> Table {
    let example: Vec<String> = metric
        .example
        .iter()
        .filter(|(name, _)| *name != "value")
        .map(|(name, v)| format!("{name} = {}", number(*v)))
        .collect();
    let value = metric.example.get("value").map(|v| number(*v)).unwrap_or_default();
    let label = if metric.label.is_empty() { "onefunnel's own set".to_string() } else { metric.label.clone() };
    let rows = [
        ("Id", metric.id.clone()),
        ("Definition", metric.definition.clone()),
        ("Formula", metric.text.clone()),
        ("Unit", metric.unit.id().into()),
        ("Better", better(metric).into()),
        ("Basis", basis(&metric.basis)),
        ("Indicator of", label),
        ("Source", metric.source.clone()),
        (
            "Worked example",
            if example.is_empty() { "none".into() } else { format!("{} gives {value}", example.join(", ")) },
        ),
        ("Defined", origin(metric, contract)),
    ];
    let rows = rows.into_iter().map(|(name, text)| vec![Cell::text(name), Cell::text(text)]).collect();
    let columns = vec![Column::left("property", "Property"), Column::left("value", "Value")];
    Table { id: "metric".into(), title: String::new(), audience: Audience::People, columns, rows }
}

pub(super) fn basis(basis: &str) -> String {
    match basis {
        "cohort" => "cohort: counted by the day the buyer entered; what became of it, by as-of".into(),
        "period" => "period: counted by the day the thing itself happened".into(),
        "ledger" => "ledger: counted by finance's day or month".into(),
        own => own.into(),
    }
}

fn number(value: f64) -> String {
    crate::output::number::people(value, Unit::Number)
}

fn measures(metric: &Metric, catalogue: &Catalogue) -> Table {
    let columns = vec![
        Column::left("measure", "Measure"),
        Column::left("value", "Counts"),
        Column::left("condition", "Where"),
        Column::left("at", "By the day of"),
    ];
    let rows = metric
        .formula
        .uses
        .iter()
        .filter_map(|id| catalogue.measures.get(id))
        .map(|m| {
            let condition = m.condition.as_ref().map_or_else(Cell::none, Cell::text);
            vec![Cell::text(&m.id), Cell::text(format!("{} of {}", m.value, m.table)), condition, Cell::text(&m.at)]
        })
        .collect();
    Table { id: "measures".into(), title: "Its measures".into(), audience: Audience::People, columns, rows }
}

fn tidy<'m>(metrics: impl IntoIterator<Item = &'m Metric>, contract: &Contract) -> Table {
    const TIDY: [&str; 10] =
        ["metric_id", "title", "group", "label", "unit", "better", "basis", "formula", "definition", "defined"];
    let columns = TIDY.iter().map(|c| Column::tidy(c)).collect();
    let rows = metrics
        .into_iter()
        .map(|m| {
            let cells: [&str; 9] =
                [&m.id, &m.title, &m.group, &m.label, m.unit.id(), better(m), &m.basis, &m.text, &m.definition];
            cells.into_iter().map(Cell::text).chain([Cell::text(origin(m, contract))]).collect()
        })
        .collect();
    Table { id: "metrics_tidy".into(), title: String::new(), audience: Audience::Machines, columns, rows }
}

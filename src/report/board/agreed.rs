//! What marketing and sales agreed on: the last section of the board pack.
//!
//! In: the contract, the catalogue and what was asked for. Out: the stages with owner and evidence, and every metric with its formula.

use anyhow::Result;

use crate::catalogue::Catalogue;
use crate::report::asked::Asked;
use crate::report::{Audience, Cell, Column, Section, Table};
use crate::session::Data;

/// The section.
///
/// # Errors
/// A catalogue with problems.
pub fn section(data: &Data, asked: &Asked) -> Result<Section> {
    let contract = &data.session.contract;
    let catalogue = Catalogue::new(contract)?;
    let tables = vec![stages(data), terms(data, asked), metrics(&catalogue)];
    // The contract's own day is in its hash.
    let as_of = (contract.as_of != Some(data.session.as_of)).then(|| format!("--as-of {}", data.session.as_of));
    let flags: Vec<String> = as_of.into_iter().chain(asked.flags(super::quoted)).collect();
    let flags = if flags.is_empty() { String::new() } else { format!(" ({})", flags.join(" ")) };
    let finding = format!(
        "These numbers follow {}, whose hash is {}; whoever has the same exports, the same hash and asks the same{flags} gets \
         the same numbers.",
        contract.source_name,
        contract.short_hash()
    );
    Ok(Section {
        id: "agreed".into(),
        title: "What marketing and sales agreed on".into(),
        finding,
        tiles: Vec::new(),
        charts: Vec::new(),
        tables,
        notes: vec![bases(data, &catalogue)],
    })
}

/// Of whom each section takes its share of wins: why the shares of one period differ.
fn bases(data: &Data, catalogue: &Catalogue) -> String {
    let contract = &data.session.contract;
    let is = |id: &str, formula: &str| catalogue.metrics.get(id).is_some_and(|metric| metric.text == formula);
    let mut parts = Vec::new();
    if is("inquiry_to_revenue_conversion", "entries_won / entries") {
        parts.push("inquiry-to-revenue conversion of all who began in it, at whatever stage".to_string());
    }
    if let Some(first) = data.journeys.seen.iter().position(|seen| *seen) {
        let title = &contract.stages[first].title;
        parts.push(format!("the funnel of those who began in it and reached {title}"));
        parts.push(format!("the cohorts of those who reached {title} in it"));
    }
    if contract.stages.iter().any(|stage| stage.id.value == "mql") {
        if is("mql_to_revenue_conversion", "mqls_won / mqls") {
            parts.push("MQL-to-revenue conversion of those who qualified in it, whenever they began".into());
        }
        if let Some(days) = data.mature_after() {
            parts.push(format!("the horizon's yield of MQLs of the same, counting wins within {days} days alone"));
        }
    }
    if contract.qualified.is_some() {
        parts.push(
            "the definition of those of whom a record itself says so, without those who skipped the stage".into(),
        );
    }
    parts.push("win rates of deals closed in it, and the close rate of deals created in it".into());
    format!("The sections take shares of wins of one period of different people, so they differ: {}.", parts.join("; "))
}

fn stages(data: &Data) -> Table {
    let columns = vec![
        Column::left("stage", "Stage"),
        Column::left("title", "Name"),
        Column::left("owner", "Owner"),
        Column::left("shown", "Shown by the exports"),
    ];
    let stages = data.session.contract.stages.iter().zip(&data.journeys.seen);
    let rows = stages.map(|(stage, seen)| {
        vec![Cell::text(&stage.id.value), Cell::text(&stage.title), Cell::text(stage.owner.id()), Cell::Flag(*seen)]
    });
    Table {
        id: "agreed_stages".into(),
        title: "Stages, in order".into(),
        audience: Audience::People,
        columns,
        rows: rows.collect(),
    }
}

/// The agreements that a sentence can say.
fn terms(data: &Data, asked: &Asked) -> Table {
    let contract = &data.session.contract;
    let mut rows = vec![
        ("Reporting currency", contract.currency.clone()),
        ("Time zone", contract.timezone.value.clone()),
        ("As of", data.session.as_of.to_string()),
    ];
    rows.extend(asked.facts());
    if let Some(days) = data.mature_after() {
        let how = if contract.mature_after_days.is_some() { "by the contract" } else { "when 90 % of wins had come" };
        rows.push(("A period is mature", format!("{days} days after its end ({how})")));
    }
    if let Some(qualified) = &contract.qualified {
        rows.push(("Qualified lead", format!("{}, version {}", qualified.title, qualified.label())));
        rows.extend(qualified.rules.iter().map(|rule| ("… is one of whom", rule.when.value.clone())));
    }
    let rows = rows.into_iter().map(|(what, how)| vec![Cell::text(what), Cell::text(how)]).collect();
    let columns = vec![Column::left("term", "Term"), Column::left("agreed", "Agreed")];
    Table { id: "agreed_terms".into(), title: "Terms".into(), audience: Audience::People, columns, rows }
}

fn metrics(catalogue: &Catalogue) -> Table {
    let columns = vec![
        Column::left("metric", "Metric"),
        Column::left("formula", "Formula"),
        Column::left("definition", "Definition"),
        Column::left("source", "Source"),
    ];
    let rows = catalogue.metrics.values().map(|metric| {
        vec![
            Cell::text(&metric.title),
            Cell::text(&metric.text),
            Cell::text(&metric.definition),
            if metric.source.is_empty() { Cell::none() } else { Cell::text(&metric.source) },
        ]
    });
    Table {
        id: "agreed_metrics".into(),
        title: "Metrics".into(),
        audience: Audience::People,
        columns,
        rows: rows.collect(),
    }
}

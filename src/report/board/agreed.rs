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
        notes: Vec::new(),
    })
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

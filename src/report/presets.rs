//! `presets`: the kinds of export that are known, or one of them in full.
//!
//! In: the command line and, where there is one, a contract with presets of its own. Out: a [`Report`].

use anyhow::Result;

use super::{Audience, Cell, Column, Report, Table};
use crate::cli::PresetsArgs;
use crate::contract::Contract;
use crate::ingest::preset::{self, Preset};
use crate::issue::{Issue, Place, nearest};

/// Builds the report.
///
/// # Errors
/// A contract with problems; a preset that does not exist.
pub fn build(args: &PresetsArgs) -> Result<Report> {
    let contract = super::contract(args.contract.as_deref())?;
    let presets = preset::with_own(&contract)?;
    let mut report = super::without_inputs("presets", "Presets", &contract);
    match &args.preset {
        None => report.tables = vec![list(&presets), tidy(presets.iter(), &contract)],
        Some(id) => {
            let Some(preset) = presets.iter().find(|p| p.id == *id) else {
                let hint = match nearest(id, presets.iter().map(|p| p.id.as_str())) {
                    Some(near) => format!("did you mean `{near}`?"),
                    None => "`onefunnel presets` lists them".into(),
                };
                return Err(Issue::usage(Place::default(), format!("no preset is called `{id}`")).hint(hint).into());
            };
            report.title.clone_from(&preset.title);
            report.tables = vec![one(preset), columns(preset), tidy([preset], &contract)];
        }
    }
    Ok(report)
}

/// Where its rows go, or why they go nowhere.
fn goes_to(preset: &Preset) -> String {
    match (preset.table, &preset.refused) {
        (Some(kind), _) => kind.id().into(),
        (None, Some(_)) => "refused".into(),
        (None, None) => "not needed".into(),
    }
}

fn why_not(preset: &Preset) -> Option<&str> {
    preset.not_needed.as_deref().or(preset.refused.as_ref().map(|(why, _)| why.as_str()))
}

fn signatures(preset: &Preset) -> String {
    let one = |s: &preset::Signature| {
        let none = if s.none.is_empty() { String::new() } else { format!(" without {}", s.none.join(", ")) };
        format!("{}{none}", s.all.join(", "))
    };
    preset.signatures.iter().map(one).collect::<Vec<_>>().join("; or ")
}

fn list(presets: &[Preset]) -> Table {
    let columns =
        vec![Column::left("preset", "Preset"), Column::left("table", "Table"), Column::left("evidence", "Evidence")];
    let rows = presets
        .iter()
        .map(|p| {
            let evidence = format!("{:?}", p.evidence);
            vec![Cell::text(&p.id), Cell::text(goes_to(p)), Cell::text(evidence)]
        })
        .collect();
    Table { id: "presets".into(), title: String::new(), audience: Audience::People, columns, rows }
}

fn one(preset: &Preset) -> Table {
    let mut rows = vec![
        ("Id", preset.id.clone()),
        ("System", preset.system.clone()),
        ("Table", goes_to(preset)),
        ("Evidence", format!("{:?}: {}", preset.evidence, preset.evidence.about())),
        ("Recognised by", signatures(preset)),
        ("Time zone", preset.timezone.clone().unwrap_or_else(|| "the contract's, for times without an offset".into())),
    ];
    rows.extend(why_not(preset).map(|why| ("Why", why.to_string())));
    rows.extend(preset.refused.as_ref().map(|(_, help)| ("Instead", help.clone())));
    if !preset.nulls.is_empty() {
        rows.push(("Means nothing", preset.nulls.join(", ")));
    }
    if let Some(only) = &preset.only {
        rows.push(("Only rows", format!("{} is {}; the others: {}", only.column, only.values.join(", "), only.reason)));
    }
    for except in &preset.except {
        let values = if except.blank { "empty".into() } else { except.values.join(", ") };
        rows.push(("Set aside", format!("{} is {values}: {}", except.column, except.reason)));
    }
    rows.extend(preset.docs.clone().map(|docs| ("Note", docs)));
    let rows = rows.into_iter().map(|(name, text)| vec![Cell::text(name), Cell::text(text)]).collect();
    let columns = vec![Column::left("what", "What"), Column::left("how", "How")];
    Table { id: "preset".into(), title: String::new(), audience: Audience::People, columns, rows }
}

/// Which canonical column is read from which headers.
fn columns(preset: &Preset) -> Table {
    let rows = sources(preset).into_iter().map(|(name, from)| vec![Cell::text(name), Cell::text(from)]).collect();
    let columns = vec![Column::left("column", "Column"), Column::left("from", "From, best first")];
    Table { id: "columns".into(), title: "Columns".into(), audience: Audience::People, columns, rows }
}

fn sources(preset: &Preset) -> Vec<(String, String)> {
    let mut sources: Vec<(String, String)> =
        preset.constants.iter().map(|(n, t)| (n.clone(), format!("\"{t}\""))).collect();
    for (name, headers) in &preset.columns {
        let mut from = headers.join(", ");
        if let Some(fallback) = preset.fallback.get(name) {
            from = format!("{from}; where empty {}", fallback.join(", "));
        }
        if let Some(parts) = preset.joined.get(name) {
            from = format!("{from}; else {}", parts.join(" + "));
        }
        sources.push((name.clone(), from));
    }
    let only_joined = preset.joined.iter().filter(|(name, _)| !preset.columns.contains_key(*name));
    sources.extend(only_joined.map(|(name, parts)| (name.clone(), parts.join(" + "))));
    sources.extend(preset.stage_columns.iter().map(|s| ("stage".to_string(), s.header.clone())));
    sources
}

fn tidy<'p>(presets: impl IntoIterator<Item = &'p Preset>, contract: &Contract) -> Table {
    const TIDY: [&str; 11] = [
        "preset",
        "system",
        "title",
        "goes_to",
        "why_not",
        "evidence",
        "timezone",
        "recognised_by",
        "columns",
        "docs",
        "contract_hash",
    ];
    let some = |text: Option<&str>| text.map_or_else(Cell::none, Cell::text);
    let rows = presets
        .into_iter()
        .map(|p| {
            let columns: Vec<String> = sources(p).into_iter().map(|(name, from)| format!("{name}={from}")).collect();
            vec![
                Cell::text(&p.id),
                Cell::text(&p.system),
                Cell::text(&p.title),
                Cell::text(goes_to(p)),
                some(why_not(p)),
                Cell::text(format!("{:?}", p.evidence)),
                some(p.timezone.as_deref()),
                Cell::text(signatures(p)),
                Cell::text(columns.join(" | ")),
                some(p.docs.as_deref()),
                Cell::text(contract.short_hash()),
            ]
        })
        .collect();
    let columns = TIDY.iter().map(|c| Column::tidy(c)).collect();
    Table { id: "presets_tidy".into(), title: String::new(), audience: Audience::Machines, columns, rows }
}

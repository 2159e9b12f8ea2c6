//! What can be explained, and what was meant by a name that cannot.
//!
//! In: the catalogue of metrics and that of figures. Out: a list, or a problem with a suggestion.

use anyhow::Result;

use crate::catalogue::Catalogue;
use crate::catalogue::figures::figures;
use crate::cli::ExplainArgs;
use crate::issue::{Issue, Place, nearest};
use crate::report::{Audience, Cell, Column, Report, Table, contract, without_inputs};

/// A name that nothing has.
pub fn unknown(catalogue: &Catalogue, id: &str) -> Issue {
    let all = figures();
    let names = catalogue.metrics.keys().map(String::as_str).chain(all.iter().map(|figure| figure.id.as_str()));
    let mut hint = nearest(id, names).map_or_else(
        || "`onefunnel explain --list` names every metric and figure".to_string(),
        |near| format!("did you mean `{near}`?"),
    );
    // The last word alone: `gap` is plan.gap.
    let ends = |figure: &&crate::catalogue::figures::FigureDef| figure.id.rsplit('.').next() == Some(id);
    if let Some(figure) = all.iter().find(ends) {
        hint = format!("did you mean `{}`?", figure.id);
    }
    if catalogue.measures.contains_key(id) {
        let of = catalogue.metrics.values().filter(|m| m.formula.uses.iter().any(|name| name == id));
        let of: Vec<&str> = of.map(|m| m.id.as_str()).collect();
        if !of.is_empty() {
            hint = format!("it is a measure, of {}", of.join(", "));
        }
    }
    let what = if id.contains('.') { "figure" } else { "metric" };
    Issue::usage(Place::default(), format!("no {what} is called `{id}`")).hint(hint)
}

/// Every metric and every figure.
///
/// # Errors
/// A contract with problems.
pub fn list(args: &ExplainArgs) -> Result<Report> {
    let contract = contract(args.input.contract.as_deref())?;
    let catalogue = Catalogue::new(&contract)?;
    let mut report = without_inputs("explain", "What can be explained", &contract);
    let metrics = catalogue.metrics.values().map(|m| ["scorecard", &m.id, &m.title, &m.definition].map(Cell::text));
    let all = figures();
    let others = all.iter().map(|f| [f.report.id(), &f.id, &f.title, &f.means].map(Cell::text));
    let rows: Vec<Vec<Cell>> = metrics.chain(others).map(Vec::from).collect();
    let people = rows.iter().map(|row| vec![row[0].clone(), row[1].clone(), row[3].clone()]).collect();
    let columns = vec![
        Column::left("report", "Report"),
        Column::left("id", "Metric or figure"),
        Column::left("definition", "Definition"),
    ];
    report.tables.push(Table {
        id: "known".into(),
        title: String::new(),
        audience: Audience::People,
        columns,
        rows: people,
    });
    let columns = ["report", "id", "title", "definition"].map(Column::tidy).to_vec();
    report.tables.push(Table {
        id: "explain_list".into(),
        title: String::new(),
        audience: Audience::Machines,
        columns,
        rows,
    });
    Ok(report)
}

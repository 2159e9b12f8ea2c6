//! What the quality of the exports comes to in one sentence.
//!
//! In: the finished report. Out: a finding made from its tidy table.

use crate::output::number::whole;
use crate::report::Report;
use crate::report::read::{Row, rows};

/// How many rows were set aside, and the findings by which figures are wrong.
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // counts
pub fn finding(report: &Report) -> String {
    let sum = |of: fn(&crate::report::Input) -> u64| report.inputs.iter().map(of).sum::<u64>();
    let (read, used) = (sum(|i| i.rows_read), sum(|i| i.rows_used));
    if read == 0 {
        return "The exports have no rows.".into();
    }
    let mut said = match (read, read - used) {
        (1, 0) => "The one row read was not set aside".into(),
        (1, _) => "The one row read was set aside, with its reason".into(),
        (_, 0) => format!("Of all {} rows read, none was set aside", whole(read)),
        (_, 1) => format!("Of all {} rows read, 1 was set aside, with its reason", whole(read)),
        (_, n) => format!("Of all {} rows read, {} were set aside, each with its reason", whole(read), whole(n)),
    };
    let all = rows(report, "quality_tidy");
    let found = |row: &&Row<'_>| {
        row.is(&[("period", "total"), ("file", ""), ("severity", "high"), ("status", "found")])
            && row.number("count").is_some_and(|n| n > 0.0)
    };
    let high: Vec<String> = all
        .iter()
        .filter(found)
        .map(|row| {
            let name = row.text("check").replace('_', " ");
            let item = row.text("item");
            let item = if item.is_empty() { String::new() } else { format!(", {item}") };
            format!("{name}{item} ({})", whole(row.number("count").unwrap_or(0.0) as u64))
        })
        .collect();
    match high.len() {
        0 => said.push_str("; no finding by which figures are wrong"),
        1 => said.push_str(&format!("; one finding makes figures wrong or incomplete: {}", high[0])),
        n => said.push_str(&format!("; {n} findings make figures wrong or incomplete: {}", high.join(", "))),
    }
    said + "."
}

//! What the definitions of a qualified lead look like, and what they say in one sentence.
//!
//! In: the finished report. Out: a chart and a finding made from its tidy table.

use crate::output::number::{people, whole};
use crate::report::chart::{Chart, Series, Shape};
use crate::report::read::{Row, rows};
use crate::report::velocity::picture::sentence;
use crate::report::{Report, Unit};

fn total<'a>(report: &'a Report, row: &str) -> Vec<Row<'a>> {
    rows(report, "definition_tidy").into_iter().filter(|r| r.is(&[("period", "total"), ("row", row)])).collect()
}

/// Whom each side calls qualified, and how many of those were won.
pub fn charts(report: &Report) -> Vec<Chart> {
    let sets = total(report, "set");
    if sets.is_empty() {
        return Vec::new();
    }
    let labels: Vec<String> = sets.iter().map(|row| row.text("title").to_string()).collect();
    vec![Chart {
        id: "definition_won".into(),
        title: "Share won of those called qualified, by who says so".into(),
        description:
            "One bar for marketing's stage, one for sales' and one for the contract's definition: the share of those \
                      called qualified that was won, with its 95 % interval."
                .into(),
        shape: Shape::Bars,
        unit: Unit::Share,
        axis: "Called qualified by".into(),
        labels,
        series: vec![Series {
            name: "Won".into(),
            values: sets.iter().map(|row| row.number("conversion")).collect(),
            band: sets.iter().map(|row| row.band("ci_low", "ci_high")).collect(),
            provisional: Vec::new(),
        }],
    }]
}

/// How often marketing and sales agree.
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // counts
pub fn finding(report: &Report) -> String {
    let mut said = Vec::new();
    if let Some(row) = total(report, "agreement").into_iter().find(|row| row.text("id") == "marketing_sales")
        && let (Some(alike), Some(n)) = (row.number("agreement"), row.number("n"))
    {
        said.push(format!(
            "marketing and sales say the same of {} of {} buyers",
            people(alike, Unit::Share),
            whole(n as u64)
        ));
        if let (Some(first), Some(second)) = (row.number("only_first"), row.number("only_second")) {
            said.push(format!(
                "{} are qualified to marketing alone, {} to sales alone",
                whole(first as u64),
                whole(second as u64)
            ));
        }
    }
    sentence(&said).unwrap_or_else(|| {
        "What the two teams call qualified cannot be compared here: the tables say what is missing.".into()
    })
}

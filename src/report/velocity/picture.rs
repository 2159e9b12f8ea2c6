//! What velocity looks like, and what it says in one sentence.
//!
//! In: the finished report. Out: charts and a finding made from its tidy table.

use crate::output::number::{people, whole};
use crate::report::chart::{Chart, Series, Shape};
use crate::report::read::{Row, rows};
use crate::report::{Report, Unit};
use crate::stats::survival::MIN_N;

fn stays<'a>(report: &'a Report, state: &str) -> Vec<Row<'a>> {
    let wanted = [("section", "time_in_stage"), ("period", "total"), ("segment", ""), ("state", state)];
    rows(report, "velocity_tidy").into_iter().filter(|row| row.is(&wanted)).collect()
}

/// Won deals by the period of their close; the last period may not be over.
fn cycles(report: &Report) -> Vec<Row<'_>> {
    let wanted = [("section", "cycle"), ("item", "sales_cycle_won"), ("segment", "")];
    rows(report, "velocity_tidy").into_iter().filter(|row| row.is(&wanted) && row.text("period") != "total").collect()
}

/// Days in each stage, and the sales cycle by period.
pub fn charts(report: &Report) -> Vec<Chart> {
    let stays = stays(report, "completed");
    let column = |name| stays.iter().map(|row| row.number(name)).collect();
    let mut charts = vec![Chart {
        id: "velocity_stages".into(),
        title: "Days in each stage, of those that left it".into(),
        description: "Per stage, the days after which half and three quarters of those that went on had done so."
            .into(),
        shape: Shape::Bars,
        unit: Unit::Days,
        axis: "Stage".into(),
        labels: stays.iter().map(|row| row.text("title").to_string()).collect(),
        series: vec![Series::plain("Median", column("median")), Series::plain("Three quarters", column("p75"))],
    }];
    let cycles = cycles(report);
    if cycles.len() > 1 {
        let as_of = report.as_of.map(|day| day.to_string()).unwrap_or_default();
        charts.push(Chart {
            id: "velocity_cycle".into(),
            title: "Sales cycle of won deals, by when they closed".into(),
            description: "The median days from the creation of a deal to its win, by the period of the win.".into(),
            shape: Shape::Columns,
            unit: Unit::Days,
            axis: "Closed in".into(),
            labels: cycles.iter().map(|row| row.text("period").to_string()).collect(),
            series: vec![Series {
                name: "Median days".into(),
                values: cycles.iter().map(|row| row.number("median")).collect(),
                band: Vec::new(),
                provisional: cycles.iter().map(|row| row.day("period_end") > as_of).collect(),
            }],
        });
    }
    charts
}

/// The sales cycle against the whole, and the stage that takes longest.
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // counts
pub fn finding(report: &Report) -> String {
    let days = |value| people(value, Unit::Days).replace(" d", "");
    let n = |row: &Row<'_>| row.number("n").unwrap_or(0.0);
    let wanted = [("section", "cycle"), ("item", "sales_cycle_won"), ("segment", ""), ("period", "total")];
    let total = rows(report, "velocity_tidy").into_iter().find(|row| row.is(&wanted));
    let mut said = Vec::new();
    if let Some((row, median)) = total.and_then(|row| Some((row, row.number("median")?))) {
        let (won, within) = (whole(n(&row) as u64), days(median));
        said.push(if won == "1" {
            format!("the one won deal closed within {within} days of its creation")
        } else {
            format!("half of the {won} won deals closed within {within} days of their creation")
        });
    }
    #[allow(clippy::cast_precision_loss)] // five
    let stays = stays(report, "completed").into_iter().filter(|row| n(row) >= MIN_N as f64);
    let longest = stays.filter_map(|row| Some((row, row.number("median")?))).max_by(|a, b| a.1.total_cmp(&b.1));
    if let Some((row, median)) = longest {
        said.push(format!(
            "the longest stage is {}: a median of {} days for the {} whose stay ended",
            row.text("title"),
            days(median),
            whole(n(&row) as u64)
        ));
    }
    sentence(&said)
        .unwrap_or_else(|| "No won deal of these days has a known cycle, and no stage was left by five or more.".into())
}

/// Clauses as one sentence.
pub fn sentence(clauses: &[String]) -> Option<String> {
    let text = clauses.join("; ");
    let mut chars = text.chars();
    chars.next().map(|first| first.to_uppercase().chain(chars).collect::<String>() + ".")
}

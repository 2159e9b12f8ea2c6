//! What a plan looks like, and what it says in one sentence.
//!
//! In: the finished report. Out: charts and a finding made from its tidy table.

use crate::output::number::{people, whole};
use crate::report::chart::{Chart, Series, Shape};
use crate::report::read::{Row, each, rows};
use crate::report::{Report, Unit};

fn part<'a>(report: &'a Report, part: &str) -> Vec<Row<'a>> {
    rows(report, "plan_tidy").into_iter().filter(|row| row.text("part") == part).collect()
}

fn find<'a>(rows: &[Row<'a>], item: &str) -> Option<Row<'a>> {
    rows.iter().find(|row| row.text("item") == item).copied()
}

/// What comes, period by period, from whom; and the leads that are needed, month by month, for the first target.
pub fn charts(report: &Report) -> Vec<Chart> {
    let mut charts = Vec::new();
    let ahead = part(report, "ahead");
    let labels: Vec<String> = each(&ahead, "period").into_iter().map(str::to_string).collect();
    if !labels.is_empty() {
        let series = [
            ("From those who are open", "deals_from_open"),
            ("From new leads", "deals_from_new_leads"),
            ("Deals without a lead", "deals_without_lead"),
        ];
        let values = |item: &str| {
            let of = ahead.iter().filter(|row| row.text("item") == item);
            of.map(|row| row.number("value")).collect::<Vec<_>>()
        };
        charts.push(Chart {
            id: "plan_ahead".into(),
            title: "Deals expected to be won".into(),
            description:
                "Per period, the wins expected from those who are open now, from new leads, and from deals that \
                          begin without a lead."
                    .into(),
            shape: Shape::Stacked,
            unit: Unit::Number,
            axis: "Period".into(),
            labels,
            series: series.map(|(name, item)| Series::plain(name, values(item))).into(),
        });
    }
    let months = part(report, "month");
    let target = months.first().map_or("", |row| row.text("target"));
    let months: Vec<Row<'_>> = months.iter().filter(|row| row.text("target") == target).copied().collect();
    let labels: Vec<String> = each(&months, "period").into_iter().map(str::to_string).collect();
    if !labels.is_empty() {
        let values = |item: &str| {
            let of = months.iter().filter(|row| row.text("item") == item);
            of.map(|row| row.number("value")).collect::<Vec<_>>()
        };
        charts.push(Chart {
            id: "plan_months".into(),
            title: format!("Wins expected if the needed leads come: {target}"),
            description:
                "Per month until the end of the target's period, the wins of those who are open and of all who \
                          come in."
                    .into(),
            shape: Shape::Columns,
            unit: Unit::Number,
            axis: "Month".into(),
            labels,
            series: vec![Series::plain("Won", values("won"))],
        });
    }
    charts
}

fn band(row: Row<'_>, unit: Unit) -> String {
    let text =
        |value: f64| if unit == Unit::Money { people(value.round(), Unit::Count) } else { people(value, Unit::Number) };
    row.band("low", "high").map_or_else(String::new, |(low, high)| format!(" (80 %: {} to {})", text(low), text(high)))
}

/// The leads that the first target needs, or what comes next.
pub fn finding(report: &Report) -> String {
    let answer = part(report, "answer");
    if let Some(row) = find(&answer, "leads_per_month") {
        let metric = row.text("target").split('=').next().unwrap_or_default().replace('_', " ");
        let goal = find(&answer, "target").and_then(|row| row.number("value")).unwrap_or(0.0);
        let target = format!("{} ({metric}, {})", people(goal, Unit::Count), row.text("period"));
        let Some(needed) = row.number("value") else {
            return format!("The target of {target} has no number of new buyers: {}.", row.text("status"));
        };
        let present = find(&answer, "leads_per_month_present").and_then(|row| row.number("value")).unwrap_or(0.0);
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // leads
        let leads = |n: f64| whole(n.round() as u64);
        return format!(
            "The target of {target} takes {} new buyers a month{}, and {} come at present.",
            leads(needed),
            row.band("low", "high").map_or_else(String::new, |(low, high)| format!(
                " (80 %: {} to {})",
                leads(low),
                leads(high)
            )),
            leads(present)
        );
    }
    let ahead = part(report, "ahead");
    let Some(row) = find(&ahead, "deals") else {
        return "Nothing can be looked ahead to: of these buyers no deal was won.".into();
    };
    let mut said = format!(
        "{} deals are expected in {}{}",
        people(row.number("value").unwrap_or(0.0), Unit::Count),
        row.text("period"),
        band(row, Unit::Number)
    );
    if let Some(row) = find(&ahead, "amount") {
        let value = people(row.number("value").unwrap_or(0.0).round(), Unit::Count);
        said.push_str(&format!(", worth {value}{}", band(row, Unit::Money)));
    }
    said + " at the present pace."
}

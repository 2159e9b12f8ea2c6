//! What the journey looks like, and what it says in one sentence.
//!
//! In: the finished report and the contract's stages. Out: charts and a finding made from its tidy table.

use crate::contract::Contract;
use crate::output::number::{people, whole};
use crate::report::chart::{Chart, Series, Shape};
use crate::report::read::{Row, rows};
use crate::report::velocity::picture::sentence;
use crate::report::{Report, Unit};

fn figures<'a>(report: &'a Report, section: &str) -> Vec<Row<'a>> {
    let wanted = [("section", section), ("period", "total"), ("segment", "")];
    rows(report, "journey_tidy").into_iter().filter(|row| row.is(&wanted)).collect()
}

/// Touches of both teams by stage, and whom each team touched there.
pub fn charts(report: &Report, contract: &Contract) -> Vec<Chart> {
    let touches = figures(report, "touches");
    let reached = figures(report, "reached");
    let value = |rows: &[Row<'_>], item: &str, figure: &str| {
        rows.iter().find(|row| row.is(&[("item", item), ("figure", figure)])).and_then(|row| row.number("value"))
    };
    let stages: Vec<(&str, &str)> = contract
        .stages
        .iter()
        .map(|stage| (stage.id.value.as_str(), stage.title.as_str()))
        .filter(|(id, _)| value(&touches, id, "all").is_some())
        .collect();
    let chart = |id: &str, title: &str, description: &str, unit, series| Chart {
        id: id.into(),
        title: title.into(),
        description: description.into(),
        shape: Shape::Stacked,
        unit,
        axis: "Stage at the touch".into(),
        labels: stages.iter().map(|(_, title)| (*title).to_string()).collect(),
        series,
    };
    let of = |rows: &[Row<'_>], name: &str, figure: &str| {
        Series::plain(name, stages.iter().map(|(id, _)| value(rows, id, figure)).collect())
    };
    let mut teams = vec![of(&touches, "Marketing", "marketing"), of(&touches, "Sales", "sales")];
    let nobodys = of(&touches, "No team", "no_team");
    if nobodys.values.iter().flatten().any(|n| *n > 0.0) {
        teams.push(nobodys);
    }
    vec![
        chart(
            "journey_touches",
            "Touches by stage and team",
            "Per stage that the buyer had reached, how many touches came from marketing and how many from sales.",
            Unit::Count,
            teams,
        ),
        chart(
            "journey_reached",
            "Buyers in each stage, by who touched them there",
            "Per stage, which share of its buyers was touched there by both teams, by one alone, or by neither.",
            Unit::Share,
            vec![
                of(&reached, "Both", "both"),
                of(&reached, "Marketing alone", "marketing_only"),
                of(&reached, "Sales alone", "sales_only"),
                of(&reached, "Neither", "neither"),
            ],
        ),
    ]
}

fn find<'a>(rows: &[Row<'a>], item: &str, figure: &str) -> Option<Row<'a>> {
    rows.iter().find(|row| row.is(&[("item", item), ("figure", figure)])).copied()
}

/// Who touches whom, and how often a won deal changes hands.
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // counts
pub fn finding(report: &Report) -> String {
    let touches = figures(report, "touches");
    let mut said = Vec::new();
    let sum = |figure: &str| find(&touches, "journey", figure).and_then(|row| row.number("value"));
    if let (Some(marketing), Some(all)) = (sum("marketing"), sum("all"))
        && all > 0.0
    {
        said.push(format!(
            "{} of the {} touches up to the close are marketing's",
            people(marketing / all, Unit::Share),
            whole(all as u64)
        ));
    }
    if let Some(row) = find(&figures(report, "reached"), "journey", "both")
        && let Some((part, whole_)) = row.number("numerator").zip(row.number("denominator")).filter(|(_, n)| *n > 0.0)
    {
        said.push(format!(
            "both teams touched {} of {} buyers ({})",
            whole(part as u64),
            whole(whole_ as u64),
            people(part / whole_, Unit::Share)
        ));
    }
    if let Some(row) = find(&figures(report, "hand_offs"), "won", "median")
        && let Some(median) = row.number("value")
    {
        said.push(format!(
            "at least half of the won deals changed hands {} times or more",
            people(median, Unit::Count)
        ));
    }
    sentence(&said).unwrap_or_else(|| "The exports have no touch of these buyers.".into())
}

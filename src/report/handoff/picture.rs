//! What the hand-off looks like, and what it says in one sentence.
//!
//! In: the finished report, and the data for why it has no lead. Out: charts and a finding made from its tidy tables.

use crate::journey::How;
use crate::output::number::{self, people, whole};
use crate::report::chart::{Chart, Series, Shape};
use crate::report::read::{Row, rows};
use crate::report::velocity::picture::sentence;
use crate::report::{Report, Unit};
use crate::session::Data;

fn all(report: &Report) -> Vec<Row<'_>> {
    rows(report, "handoff_tidy").into_iter().filter(|row| row.text("dimension") == "all").collect()
}

/// Touched in time by period, what became of the leads, and deliveries against what was needed.
pub fn charts(report: &Report) -> Vec<Chart> {
    let periods: Vec<Row<'_>> = all(report).into_iter().filter(|row| row.text("period") != "total").collect();
    let labels: Vec<String> = periods.iter().map(|row| row.text("period").to_string()).collect();
    let column = |name: &str| periods.iter().map(|row| row.number(name)).collect::<Vec<_>>();
    let mut charts = Vec::new();
    if column("share_within").iter().any(Option::is_some) {
        charts.push(Chart {
            id: "handoff_speed".into(),
            title: "Leads that were touched in time".into(),
            description: "Per period of the hand-off, the share touched by sales within the agreement, with its 95 % \
                          interval. Leads whose time is not up are left out."
                .into(),
            shape: Shape::Lines,
            unit: Unit::Share,
            axis: "Handed over in".into(),
            labels: labels.clone(),
            series: vec![Series {
                name: "Within the agreement".into(),
                values: column("share_within"),
                band: periods.iter().map(|row| row.band("ci_low", "ci_high")).collect(),
                provisional: Vec::new(),
            }],
        });
    }
    let fates = [
        ("Accepted", "accepted"),
        ("In work", "in_work"),
        ("Waiting", "waiting"),
        ("Turned down", "rejected"),
        ("Sent back", "recycled"),
        ("Leaked", "leaked"),
    ];
    charts.push(Chart {
        id: "handoff_fates".into(),
        title: "What became of the leads handed over".into(),
        description:
            "Per period of the hand-off, how many leads were accepted, are in work or waiting, were turned down \
                      or sent back, and how many nobody followed up."
                .into(),
        shape: Shape::Stacked,
        unit: Unit::Count,
        axis: "Handed over in".into(),
        labels,
        series: fates.iter().map(|(name, id)| Series::plain(*name, column(id))).collect(),
    });
    charts
}

/// How many were touched in time, and how many nobody followed up.
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // counts
pub fn finding(report: &Report, data: &Data) -> String {
    let Some(total) = all(report).into_iter().find(|row| row.text("period") == "total") else {
        return "No lead was handed over.".into();
    };
    let count = |name: &str| total.number(name).filter(|n| *n > 0.0).map(|n| whole(n as u64));
    let Some(qualified) = count("qualified") else { return nobody(data) };
    let handed = if qualified == "1" { "1 lead was".to_string() } else { format!("{qualified} leads were") };
    let agreed = data.session.contract.handoff.agreed;
    let assumed = if agreed { "" } else { " (the built-in default: the contract has no [handoff])" };
    let mut said = Vec::new();
    let judged = total.number("share_within").zip(total.number("within")).zip(total.number("late_or_never"));
    said.push(match (judged, total.text("agreement")) {
        (Some(((share, within), late)), agreement) => format!(
            "sales touched {} of {} qualified leads whose time is up ({}) within {agreement}{assumed}",
            whole(within as u64),
            whole((within + late) as u64),
            people(share, Unit::Share)
        ),
        (None, "") => {
            format!("{handed} handed over, and no agreement says how soon they are to be touched")
        }
        (None, agreement) => {
            format!("{handed} handed over; of none can it be told whether it was touched within {agreement}{assumed}")
        }
    });
    if let (Some(leaked), Some(share)) = (total.number("leaked"), total.number("share_leaked")) {
        let (leaked, share) = (whole(leaked as u64), people(share, Unit::Share));
        said.push(format!("{leaked} of all {qualified} ({share}) were followed up by nobody"));
    }
    sentence(&said).unwrap_or_else(|| "No lead was handed over.".into())
}

/// Why no lead was handed over in the days shown.
fn nobody(data: &Data) -> String {
    const NONE: &str = "No lead was handed over in these days.";
    let (contract, journeys) = (&data.session.contract, &data.journeys);
    let Ok((from, _)) = contract.handoff_stages() else { return NONE.into() };
    let title = &contract.stages[from].title;
    if !journeys.seen[from] {
        return format!("No export shows when {title} was reached, so no hand-over is known.");
    }
    let reached: Vec<_> = journeys.stages[from].iter().filter(|reached| reached.is()).collect();
    if reached.is_empty() {
        return format!("No lead was handed over: nobody has reached {title}.");
    }
    if reached.iter().all(|reached| reached.how != How::Recorded) {
        let n = number::of(reached.len() as u64, "lead that reached", "leads that reached");
        return format!(
            "When leads were handed over is not known: no export tells the day for any of the {n} {title}."
        );
    }
    NONE.into()
}

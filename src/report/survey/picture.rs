//! What the survey looks like, and what it says in one sentence.
//!
//! In: the finished report. Out: charts and a finding made from its tidy table.

use crate::output::number::people;
use crate::report::chart::{Chart, Series, Shape};
use crate::report::read::{Row, each, rows};
use crate::report::velocity::picture::sentence;
use crate::report::{Report, Unit};

use super::layout::GROUPS;

/// The rows of one topic by who says it.
fn who<'a>(all: &[Row<'a>], topic: &str, who: &str) -> Option<Row<'a>> {
    all.iter().copied().find(|row| row.is(&[("topic", topic), ("who", who)]))
}

/// Per group, what both believe of every share, beside what is measured.
pub fn charts(report: &Report) -> Vec<Chart> {
    let all = rows(report, "survey_tidy");
    let mut charts = Vec::new();
    for (group, title) in GROUPS {
        let of_group: Vec<Row<'_>> = all.iter().copied().filter(|row| row.text("topic_group") == group).collect();
        let shares = each(&of_group, "topic").into_iter().filter(|topic| {
            let said = ["marketing", "sales"].map(|w| who(&all, topic, w));
            said.iter().flatten().any(|row| row.text("unit") == Unit::Share.id() && row.number("value").is_some())
        });
        let topics: Vec<&str> = shares.collect();
        if topics.is_empty() {
            continue;
        }
        let series = |id: &str, name: &str| Series {
            name: name.into(),
            values: topics.iter().map(|t| who(&all, t, id).and_then(|row| row.number("value"))).collect(),
            band: topics.iter().map(|t| who(&all, t, id).and_then(|row| row.band("ci_low", "ci_high"))).collect(),
            provisional: Vec::new(),
        };
        let label = |topic: &&str| who(&all, topic, "measured").map_or("", |row| row.text("topic_title")).to_string();
        charts.push(Chart {
            id: format!("survey_{group}"),
            title: format!("{title}: believed and measured"),
            description:
                "Per topic, what marketing believes, what sales believes, and what is measured, where it is. What \
                          fewer than five have answered is not drawn."
                    .into(),
            shape: Shape::Bars,
            unit: Unit::Share,
            axis: "Topic".into(),
            labels: topics.iter().map(label).collect(),
            series: vec![series("marketing", "Marketing"), series("sales", "Sales"), series("measured", "Measured")],
        });
    }
    charts
}

/// What sales says of its follow-up beside what is measured, and on which share the teams differ most.
pub fn finding(report: &Report) -> String {
    let all = rows(report, "survey_tidy");
    let share = |value: f64| people(value, Unit::Share);
    let mut said = Vec::new();
    let value = |topic: &str, name: &str| who(&all, topic, name).and_then(|row| row.number("value"));
    if let Some(sales) = value("follow_up", "sales") {
        let measured = value("follow_up", "measured").map_or_else(
            || "which nothing here measures".to_string(),
            |m| format!("measured: {} of the qualified leads were touched in time", share(m)),
        );
        said.push(format!("{} of sales say that sales always follows up; {measured}", share(sales)));
    } else if let (Some(sales), Some(m)) = (value("follow_up_share", "sales"), value("follow_up_share", "measured")) {
        said.push(format!(
            "sales believes that it follows up {} of the qualified leads in time; measured: {}",
            share(sales),
            share(m)
        ));
    }
    let clear = |row: &&Row<'_>| {
        let band = row.band("ci_low", "ci_high");
        row.text("unit") == Unit::Points.id() && band.is_some_and(|(low, high)| low > 0.0 || high < 0.0)
    };
    let gaps = all.iter().filter(|row| row.text("who") == "gap").filter(clear);
    let widest = gaps.max_by(|a, b| {
        let size = |row: &Row<'_>| row.number("value").map_or(0.0, f64::abs);
        // Of two that are equal the first counts.
        size(a).total_cmp(&size(b)).then(std::cmp::Ordering::Greater)
    });
    let widest = widest.and_then(|row| {
        let of = |name: &str| value(row.text("topic"), name);
        Some(format!(
            "the teams differ most on \u{201c}{}\u{201d}: {} of marketing's view against {} of sales'",
            row.text("topic_title"),
            share(of("marketing")?),
            share(of("sales")?)
        ))
    });
    let heard = all.iter().any(|row| row.text("who") == "gap" && row.number("value").is_some());
    said.extend(widest.or_else(|| heard.then(|| "on no share do the teams differ by more than chance".to_string())));
    sentence(&said).unwrap_or_else(|| "Too few have answered to say what the teams believe.".into())
}

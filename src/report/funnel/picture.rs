//! What the funnel looks like, and what it says in one sentence.
//!
//! In: the finished report. Out: charts and a finding made from its tidy table.

use crate::output::number::{people, whole};
use crate::report::chart::{Chart, Series, Shape};
use crate::report::read::{Row, rows};
use crate::report::{Report, Unit};
use crate::stats::survival::MIN_N;

/// The stages of all periods together: those that some export shows, and the others.
fn total(report: &Report) -> (Vec<Row<'_>>, Vec<Row<'_>>) {
    let all = rows(report, "funnel_tidy").into_iter().filter(|row| row.is(&[("period", "total"), ("segment", "")]));
    all.partition(|row| row.number("volume").is_some())
}

/// Who reached each stage, and conversion from the first to the last stage by period.
pub fn charts(report: &Report) -> Vec<Chart> {
    let (stages, _) = total(report);
    let Some((first, last)) = stages.first().zip(stages.last()) else { return Vec::new() };
    let reached = Chart {
        id: "funnel_reached".into(),
        title: "How many reached each stage".into(),
        description: format!(
            "One bar per stage, from {} to {}: how many buying processes reached it.",
            first.text("stage_title"),
            last.text("stage_title")
        ),
        shape: Shape::Bars,
        unit: Unit::Count,
        axis: "Stage".into(),
        labels: stages.iter().map(|s| s.text("stage_title").to_string()).collect(),
        series: vec![Series::plain("Reached", stages.iter().map(|s| s.number("volume")).collect())],
    };
    let by_period: Vec<Row<'_>> = rows(report, "funnel_tidy")
        .into_iter()
        .filter(|row| row.text("segment").is_empty() && row.text("period") != "total")
        .filter(|row| row.text("stage_id") == last.text("stage_id") && !row.says("partial"))
        .collect();
    if by_period.len() < 2 || last.text("basis") != "cohort" {
        return vec![reached];
    }
    let conversion = Chart {
        id: "funnel_conversion".into(),
        title: format!("From {} to {}, by when they began", first.text("stage_title"), last.text("stage_title")),
        description:
            "One point per period: the share of those who began in it that has come to the last stage so far. \
                      Dashed periods are too young: more of theirs will still come."
                .into(),
        shape: Shape::Lines,
        unit: Unit::Share,
        axis: "Began in".into(),
        labels: by_period.iter().map(|row| row.text("period").to_string()).collect(),
        series: vec![Series {
            name: format!("Reached {}", last.text("stage_title")),
            values: by_period.iter().map(|row| row.number("conversion_from_first")).collect(),
            band: Vec::new(),
            provisional: by_period.iter().map(|row| !row.says("mature")).collect(),
        }],
    };
    vec![reached, conversion]
}

/// How many came through, and the narrowest step.
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // counts
pub fn finding(report: &Report) -> String {
    let (stages, unseen) = total(report);
    let Some((first, last)) = stages.first().zip(stages.last()) else {
        return "No stage is shown by any export.".into();
    };
    let count = |row: &Row<'_>, column: &str| whole(row.number(column).unwrap_or(0.0) as u64);
    let later = last.number("volume").zip(last.number("from_first")).map_or(0.0, |(all, from)| all - from);
    let mut said = match last.number("conversion_from_first") {
        Some(share) => format!(
            "Of {} that reached {}, {} ({}) have come to {} so far",
            count(first, "volume"),
            first.text("stage_title"),
            count(last, "from_first"),
            people(share, Unit::Share),
            last.text("stage_title")
        ),
        None => format!("{} reached {}", count(first, "volume"), first.text("stage_title")),
    };
    if later > 0.0 {
        said.push_str(&format!(", and {} more that began at a later stage", whole(later as u64)));
    }
    #[allow(clippy::cast_precision_loss)] // five
    let enough = |row: &&Row<'_>| row.number("volume").is_some_and(|n| n >= MIN_N as f64);
    // While most are too young to tell, the step that is narrow now is merely the last.
    let old = first.number("observed_share");
    let told = old.is_none_or(|share| share >= 0.5);
    let steps =
        stages.iter().filter(|_| told).filter(enough).filter_map(|row| Some((row, row.number("conversion_to_next")?)));
    if let Some((row, share)) = steps.min_by(|a, b| a.1.total_cmp(&b.1)) {
        let next = stages.iter().skip_while(|s| s.text("stage_id") != row.text("stage_id")).nth(1);
        let next = next.map_or("the next stage", |s| s.text("stage_title"));
        said.push_str(&format!(
            "; the narrowest step is from {} to {next}: {} ({} of {})",
            row.text("stage_title"),
            people(share, Unit::Share),
            count(row, "next_reached"),
            count(row, "volume")
        ));
    }
    said.push('.');
    if let Some(old) = old.filter(|share| *share < 1.0) {
        let (old, first) = (people(old, Unit::Share), first.text("stage_title"));
        said.push_str(&format!(" {old} of those that reached {first} began long enough ago to tell."));
    }
    if !unseen.is_empty() {
        let titles: Vec<&str> = unseen.iter().map(|row| row.text("stage_title")).collect();
        said.push_str(&format!(" No export shows when these were reached: {}.", titles.join(", ")));
    }
    said
}

//! What is measured of each topic, as the other reports print it.
//!
//! In: what was loaded, and the topics. Out: one [`Figure`] per topic, read from the tidy tables that `scorecard` and `handoff`
//! make for the same days, or why there is none.

use anyhow::{Error, Result};
use clap::Parser;
use jiff::civil::Date;

use crate::calendar::PeriodKind;
use crate::catalogue::Catalogue;
use crate::catalogue::survey::{Measured, Topic};
use crate::cli::{Cli, Command, SliceArgs, SurveyArgs};
use crate::issue::{Issue, Issues};
use crate::report::read::{Row, rows};
use crate::report::{Report, handoff, scorecard};
use crate::session::Data;
use crate::time::{date_of, day_of};

/// One measured figure.
#[derive(Debug, Clone, PartialEq)]
pub struct Figure {
    /// The value, or why there is none.
    pub value: Result<f64, String>,
    /// Its 95 % interval, where the other report has one.
    pub interval: Option<(f64, f64)>,
    /// Both sides of a share, where the other report has them.
    pub sides: Option<(f64, f64)>,
    /// The days it is measured over.
    pub days: Option<(Date, Date)>,
    /// Whether it may still rise, as those it counts are young.
    pub rising: bool,
    /// `scorecard combined_budget_ratio`, `handoff share_within`; empty where nothing is measured.
    pub source: String,
}

impl Figure {
    fn missing(source: String, why: impl Into<String>) -> Self {
        Self { value: Err(why.into()), interval: None, sides: None, days: None, rising: false, source }
    }
}

/// The condition that leaves out who begins later than at the first stage that any export shows.
fn only_leads(data: &Data) -> Option<String> {
    let first = data.journeys.seen.iter().position(|seen| *seen)?;
    Some(format!("{}_reached", data.session.contract.stages[first].id.value))
}

fn source(topic: &Topic) -> String {
    match &topic.measured {
        Measured::Metric(id) => format!("scorecard {id}"),
        Measured::Handoff(column) => format!("handoff {column}"),
        Measured::Nothing => String::new(),
    }
}

/// Nothing is measured where there are no exports.
pub fn none(topics: &[Topic]) -> Vec<Figure> {
    let why = |topic: &Topic| match topic.measured {
        Measured::Nothing => topic.about.clone(),
        _ => "no exports were given: name them after the answers".into(),
    };
    topics.iter().map(|topic| Figure::missing(source(topic), why(topic))).collect()
}

/// The first and last day of something measured.
type Days = (Date, Date);

/// Whole months that lie in twelve of them.
fn twelve_months(to: Date) -> Result<Days> {
    let end = if to == to.last_of_month() { to } else { to.first_of_month().yesterday()? };
    Ok((end.tomorrow()?.checked_sub(jiff::Span::new().months(12))?, end))
}

/// The days for what happened in a period, and for cohorts, which have to be mature.
fn windows(data: &Data, args: &SurveyArgs) -> Result<[Days; 2]> {
    let all = SliceArgs {
        period: PeriodKind::Quarter,
        from: args.from.clone(),
        to: args.to.clone(),
        by: Vec::new(),
        condition: None,
    };
    let (first, last) = data.days(&all)?;
    if args.from.is_some() || args.to.is_some() {
        return Ok([(date_of(first), date_of(last)); 2]);
    }
    let as_of = day_of(data.session.as_of);
    // Where the exports were taken long before as-of, nothing is known of what came after.
    let known = data.last_day().filter(|last| as_of - last > 31).unwrap_or(as_of);
    let within = |to: i32| -> Result<Days> {
        let (from, to) = twelve_months(date_of(to))?;
        let from = from.max(date_of(first));
        // So little is known that there are no twelve months: then all of it.
        Ok(if from > to { (date_of(first), date_of(last)) } else { (from, to) })
    };
    let young = data.mature_after().unwrap_or(0);
    Ok([within(known)?, within((as_of - young).min(known))?])
}

/// The words of a command, so that its own code fills in what is not said here.
fn command(
    name: &str,
    (from, to): Days,
    args: &SurveyArgs,
    leads: Option<&String>,
    more: &[String],
) -> Result<Command> {
    let mut line = vec!["onefunnel".to_string(), name.to_string(), "--period=quarter".into()];
    line.extend([format!("--from={from}"), format!("--to={to}")]);
    let conditions: Vec<String> =
        args.condition.iter().chain(leads).map(|condition| format!("({condition})")).collect();
    line.extend((!conditions.is_empty()).then(|| format!("--where={}", conditions.join(" AND "))));
    line.extend(more.iter().cloned());
    Ok(Cli::try_parse_from(line)?.command)
}

fn told_scorecard(data: &Data, days: Days, args: &SurveyArgs, leads: Option<&String>, ids: &[&str]) -> Result<Report> {
    let metric = format!("--metric={}", ids.join(","));
    match command("scorecard", days, args, leads, &[metric])? {
        Command::Scorecard(scorecard) => scorecard::tell(data, &scorecard, 80),
        _ => anyhow::bail!("`scorecard` is another command now"),
    }
}

fn told_handoff(data: &Data, days: Days, args: &SurveyArgs) -> Result<Report> {
    match command("handoff", days, args, None, &[])? {
        Command::Handoff(handoff) => handoff::tell(data, &handoff),
        _ => anyhow::bail!("`handoff` is another command now"),
    }
}

/// The figures of all topics.
///
/// # Errors
/// A wrong day or condition; a defect of the other reports.
pub fn figures(data: &Data, args: &SurveyArgs, topics: &[Topic]) -> Result<Vec<Figure>> {
    let catalogue = Catalogue::new(&data.session.contract)?;
    let [period, cohort] = windows(data, args)?;
    let basis = |id: &str| catalogue.metrics.get(id).map_or("", |m| m.basis.as_str());
    let ids = |cohorts: bool| -> Vec<&str> {
        let of_topic = |topic: &'_ Topic| match &topic.measured {
            Measured::Metric(id) => catalogue.metrics.get_key_value(id.as_str()).map(|(id, _)| id.as_str()),
            _ => None,
        };
        topics.iter().filter_map(of_topic).filter(|id| (basis(id) == "cohort") == cohorts).collect()
    };
    let of_period = told_scorecard(data, period, args, None, &ids(false))?;
    let of_cohort = told_scorecard(data, cohort, args, None, &ids(true))?;
    let only = only_leads(data);
    let asked_of_leads = |topic: &&Topic| topic.leads_only && only.is_some();
    let mut of_leads = Vec::new();
    for topic in topics.iter().filter(asked_of_leads) {
        if let Measured::Metric(id) = &topic.measured
            && catalogue.metrics.contains_key(id)
        {
            let days = if basis(id) == "cohort" { cohort } else { period };
            of_leads.push((&topic.id, told_scorecard(data, days, args, only.as_ref(), &[id])?));
        }
    }
    let handed = match told_handoff(data, period, args) {
        Ok(report) => Ok(report),
        Err(error) => Err(cannot(error)?),
    };
    let figure = |topic: &Topic| match &topic.measured {
        Measured::Nothing => Figure::missing(String::new(), &topic.about),
        Measured::Metric(id) => {
            let (report, days) = if basis(id) == "cohort" { (&of_cohort, cohort) } else { (&of_period, period) };
            let unit = catalogue.metrics.get(id).map(|m| m.unit);
            if unit != Some(topic.unit()) {
                return Figure::missing(source(topic), "the contract's metric of this name counts something else");
            }
            if topic.per_year && !is_a_year(days) {
                return Figure::missing(source(topic), "asked for a year, and these are not twelve whole months");
            }
            match of_leads.iter().find(|(id, _)| **id == topic.id) {
                None => of_scorecard(topic, id, report, days),
                Some((_, report)) => {
                    let source = format!("{} --where {}", source(topic), only.as_deref().unwrap_or_default());
                    Figure { source, ..of_scorecard(topic, id, report, days) }
                }
            }
        }
        Measured::Handoff(column) => match &handed {
            Ok(report) => of_handoff(topic, column, report, period),
            Err(why) => Figure::missing(source(topic), why),
        },
    };
    Ok(topics.iter().map(figure).collect())
}

fn is_a_year((from, to): Days) -> bool {
    let year = from.checked_add(jiff::Span::new().months(12)).ok();
    from.day() == 1 && to.tomorrow().ok() == year
}

/// Why the hand-off cannot be told, where that is no defect.
fn cannot(error: Error) -> Result<String> {
    let what = match (error.downcast_ref::<Issues>(), error.downcast_ref::<Issue>()) {
        (Some(issues), _) => issues.0.first().map(|issue| issue.what.clone()),
        (None, Some(issue)) => Some(issue.what.clone()),
        (None, None) => None,
    };
    what.ok_or(error)
}

fn of_scorecard(topic: &Topic, id: &str, report: &Report, days: Days) -> Figure {
    let found = rows(report, "scorecard_tidy")
        .into_iter()
        .find(|row| row.is(&[("metric_id", id), ("period", "total"), ("segment", "")]));
    let Some(row) = found else { return Figure::missing(source(topic), "the scorecard has no such metric") };
    let sides = row.number("numerator").zip(row.number("denominator"));
    let rising = row.text("basis") == "cohort" && row.is_no("mature") && sides.is_some();
    Figure { rising, ..figure(topic, row, "value", sides, row.band("ci_low", "ci_high"), days) }
}

fn of_handoff(topic: &Topic, column: &str, report: &Report, days: Days) -> Figure {
    let total = |row: &Row<'_>| row.is(&[("dimension", "all"), ("period", "total")]);
    let Some(row) = rows(report, "handoff_tidy").into_iter().find(total) else {
        return Figure::missing(source(topic), "no lead was handed over");
    };
    let both = |k: &str, n: f64| row.number(k).map(|k| (k, n));
    let qualified = row.number("qualified").unwrap_or(0.0);
    let sides = match column {
        "share_within" => row.number("within").zip(row.number("late_or_never")).map(|(k, l)| (k, k + l)),
        "share_leaked" => both("leaked", qualified),
        "share_accepted" => both("accepted", qualified),
        _ => None,
    };
    let interval = if column == "share_within" { row.band("ci_low", "ci_high") } else { None };
    figure(topic, row, column, sides, interval, days)
}

fn figure(
    topic: &Topic,
    row: Row<'_>,
    column: &str,
    sides: Option<(f64, f64)>,
    interval: Option<(f64, f64)>,
    days: Days,
) -> Figure {
    let why = |why: &str| if why.is_empty() { "nothing to measure in these days".to_string() } else { why.to_string() };
    let value = row.number(column).ok_or_else(|| why(row.why(column)));
    let known = value.is_ok();
    Figure {
        interval: interval.filter(|_| known),
        sides: sides.filter(|_| known),
        value,
        days: Some(days),
        rising: false,
        source: source(topic),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    #[test]
    fn twelve_months_are_whole_ones() {
        assert_eq!(twelve_months(date(2026, 6, 30)).unwrap(), (date(2025, 7, 1), date(2026, 6, 30)));
        assert_eq!(twelve_months(date(2026, 6, 29)).unwrap(), (date(2025, 6, 1), date(2026, 5, 31)));
        assert_eq!(twelve_months(date(2024, 3, 1)).unwrap(), (date(2023, 3, 1), date(2024, 2, 29)));
        assert!(is_a_year((date(2025, 7, 1), date(2026, 6, 30))) && is_a_year((date(2023, 3, 1), date(2024, 2, 29))));
        assert!(!is_a_year((date(2025, 7, 2), date(2026, 7, 1))) && !is_a_year((date(2025, 7, 1), date(2026, 7, 31))));
    }
}

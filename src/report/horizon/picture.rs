//! What the horizon looks like, and what it says in one sentence.
//!
//! In: the finished report. Out: charts and a finding made from its tidy table.

use crate::output::number::{interval, people, whole};
use crate::report::chart::{Chart, Series, Shape};
use crate::report::read::{Row, each, rows};
use crate::report::velocity::picture::sentence;
use crate::report::{Report, Unit};

/// Lags with a colour of their own.
const LAGS: usize = 4;

fn of<'a>(report: &'a Report, section: &str, item: &str) -> Vec<Row<'a>> {
    let all = rows(report, "horizon_tidy").into_iter();
    all.filter(|row| row.is(&[("section", section), ("item", item), ("segment", "")])).collect()
}

/// The labels of the periods, without the total.
fn labels<'a>(all: &[Row<'a>]) -> Vec<&'a str> {
    each(all, "period").into_iter().filter(|label| *label != "total").collect()
}

/// Revenue of each period by lag, and volume beside yield.
pub fn charts(report: &Report) -> Vec<Chart> {
    let mut charts = Vec::new();
    charts.extend(by_lag(report));
    charts.extend(volume(report));
    charts.extend(yields(report));
    charts
}

fn by_lag(report: &Report) -> Option<Chart> {
    let all = of(report, "revenue_by_lag", "revenue_share");
    let all: Vec<Row<'_>> = all.into_iter().filter(|row| row.text("anchor") == "first_contact").collect();
    let periods = labels(&all);
    let lags: Vec<&str> = each(&all, "lag").into_iter().filter(|lag| *lag != "all").collect();
    let money = |period: &str, lag: &str| {
        let row = all.iter().find(|row| row.is(&[("period", period), ("lag", lag)]))?;
        // Nothing was won, or so long ago nobody can be seen to have begun.
        row.number("value").and(row.number("numerator"))
    };
    let sum = |period: &str, lags: &[&str]| {
        let known: Vec<f64> = lags.iter().filter_map(|lag| money(period, lag)).collect();
        (!known.is_empty()).then(|| known.iter().sum())
    };
    let is_number = |lag: &&&str| lag.parse::<usize>().is_ok();
    let numbers: Vec<&str> = lags.iter().filter(is_number).copied().collect();
    let others: Vec<&str> = lags.iter().filter(|lag| !is_number(lag)).copied().collect();
    let mut parts: Vec<(String, Vec<&str>)> = Vec::new();
    for (at, lag) in numbers.iter().take(LAGS).enumerate() {
        parts.push((if at == 0 { "Same period".into() } else { format!("{at} before") }, vec![*lag]));
    }
    if numbers.len() > LAGS {
        parts.push((format!("{LAGS} or more before"), numbers[LAGS..].to_vec()));
    }
    parts.push(("Unclear".into(), others));
    let series = parts
        .into_iter()
        .map(|(name, lags)| Series::plain(name, periods.iter().map(|period| sum(period, &lags)).collect()));
    let series: Vec<Series> = series.filter(|s| s.values.iter().flatten().any(|v| *v > 0.0)).collect();
    (periods.len() > 1 && !series.is_empty()).then(|| Chart {
        id: "horizon_revenue_by_lag".into(),
        title: "Won revenue by when its buyer began".into(),
        description:
            "Per period of the close, the won amount by how many periods before it the first contact with the \
                      buyer was recorded."
                .into(),
        shape: Shape::Stacked,
        unit: Unit::Money,
        axis: "Won in".into(),
        labels: periods.iter().map(|p| (*p).to_string()).collect(),
        series,
    })
}

fn volume(report: &Report) -> Option<Chart> {
    let all = of(report, "mql_yield", "mqls");
    let periods: Vec<Row<'_>> = all.into_iter().filter(|row| row.text("period") != "total").collect();
    let known = periods.iter().any(|row| row.number("value").is_some_and(|v| v > 0.0));
    (periods.len() > 1 && known).then(|| Chart {
        id: "horizon_mqls".into(),
        title: "MQLs by when they qualified".into(),
        description: "Per period, how many became marketing qualified.".into(),
        shape: Shape::Lines,
        unit: Unit::Count,
        axis: "Qualified in".into(),
        labels: periods.iter().map(|row| row.text("period").to_string()).collect(),
        series: vec![Series {
            name: "MQLs".into(),
            values: periods.iter().map(|row| row.number("value")).collect(),
            band: Vec::new(),
            provisional: periods.iter().map(|row| row.text("status") == "partial").collect(),
        }],
    })
}

fn yields(report: &Report) -> Option<Chart> {
    let all = of(report, "mql_yield", "conversion_within");
    let periods: Vec<Row<'_>> = all.into_iter().filter(|row| row.text("period") != "total").collect();
    let known = periods.iter().filter(|row| row.number("value").is_some()).count();
    (known > 1).then(|| Chart {
        id: "horizon_mql_yield".into(),
        title: "Share of MQLs that was won in time".into(),
        description:
            "Per period in which they qualified, the share won within the days after which a period is mature, with \
                      the 95 % interval. Younger periods are left out."
                .into(),
        shape: Shape::Lines,
        unit: Unit::Share,
        axis: "Qualified in".into(),
        labels: periods.iter().map(|row| row.text("period").to_string()).collect(),
        series: vec![Series {
            name: "Won in time".into(),
            values: periods.iter().map(|row| row.number("value")).collect(),
            band: periods.iter().map(|row| row.band("ci_low", "ci_high")).collect(),
            provisional: Vec::new(),
        }],
    })
}

/// How much of the revenue began in its own period, how much spend pays within it, and whether the alarm rings.
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // counts
pub fn finding(report: &Report) -> String {
    let mut said = Vec::new();
    let share = of(report, "revenue_by_lag", "revenue_share").into_iter();
    let mut share = share.filter(|row| row.is(&[("anchor", "first_contact"), ("lag", "0"), ("period", "total")]));
    if let Some(value) = share.next().and_then(|row| row.number("value")) {
        said.push(format!("{} of won revenue is of buyers first met in the same period", people(value, Unit::Share)));
    }
    let payoff = of(report, "spend_payoff", "by_wins").into_iter();
    let mut payoff = payoff.filter(|row| row.is(&[("lag", "within"), ("period", "total")]));
    // Without spend nothing pays, and a share of it is of nothing.
    if let Some(row) = payoff.next().filter(|row| row.number("value").is_some())
        && let Some((share, spent)) =
            row.number("numerator").zip(row.number("denominator").filter(|spent| *spent > 0.0))
    {
        let band = row.band("ci_low", "ci_high").map(|(low, high)| interval(low / spent, high / spent));
        let what = "marketing spend pays within its own period";
        let part = people(share, Unit::Share);
        let paid = match band {
            Some(band) => format!("{part} of {what} (95 %: {band})"),
            None if share > 0.0 => format!("{part} of {what} (too few wins for an interval)"),
            None => format!("no {what}, as nobody who was followed was won in the period of entry"),
        };
        said.push(format!("{paid}, if it works when its buyers enter"));
    }
    let tests = of(report, "mql_yield", "z");
    let alarms: Vec<&str> =
        tests.iter().filter(|row| row.text("status") == "alarm").map(|row| row.text("period")).collect();
    let tested = tests.iter().filter(|row| row.number("value").is_some()).count();
    match alarms.first() {
        Some(first) if tested == 1 => said.push(format!(
            "MQL volume rose while their yield fell beyond chance in the one period that can be compared, {first}"
        )),
        Some(first) => said.push(format!(
            "MQL volume rose while their yield fell beyond chance in {} of the {} periods that can be compared, first in {first}",
            whole(alarms.len() as u64),
            whole(tested as u64)
        )),
        None if tested == 1 => said.push(
            "in the one period that can be compared MQL volume did not rise while their yield fell beyond chance".into(),
        ),
        None if tested > 0 => {
            said.push(format!(
                "in none of the {} periods that can be compared did MQL volume rise while their yield fell beyond chance",
                whole(tested as u64)
            ));
        }
        None => {}
    }
    sentence(&said).unwrap_or_else(|| "Nothing was won, and no period of MQLs can be compared.".into())
}

//! The scorecard at a glance: tiles with their trend and what moved them, and spend beside revenue.
//!
//! In: the view of the evaluated scores. Out: tiles, charts, and the sentence that the board pack opens with.

use super::benchmarks::CHART;
use super::{Metric, Score, View, YOUNG};
use crate::catalogue::Better;
use crate::output::number::people;
use crate::report::chart::{Chart, Series, Shape, Tile};
use crate::report::read::{Row, rows};
use crate::report::{Cell, Report, Unit};

/// Periods in a trend.
const TREND: usize = 8;
/// Figures that a sentence names where it has none of its own.
const SAID: usize = 3;
/// The groups that have tiles.
const TILES: [&str; 2] = ["scorecard", "conversion"];
/// Metrics of other groups that have one.
const MORE: [&str; 3] = ["won_revenue", "deals_won", "pipeline_created"];

impl View<'_> {
    /// The period that a single figure is shown of: the last whole one that is mature, else the last whole one, else the last.
    pub fn latest(&self, metric: &Metric) -> Option<usize> {
        let whole = self.whole();
        let mature = whole.iter().rfind(|p| !self.young(metric, **p));
        mature.or(whole.last()).copied().or_else(|| self.periods.all.len().checked_sub(1))
    }

    /// Every whole period that begins before the exports end.
    fn whole(&self) -> Vec<usize> {
        let all = 0..self.periods.all.len();
        all.filter(|i| !self.is_partial(&self.periods.all[*i]) && self.begins(*i)).collect()
    }

    /// `Quarter`
    fn axis(&self) -> String {
        let kind = self.periods.kind.id();
        let mut letters = kind.chars();
        letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
    }

    pub fn young(&self, metric: &Metric, period: usize) -> bool {
        metric.formula.ratio().is_some() && self.mature(metric, self.periods.all[period].end) == Some(false)
    }

    /// The figures at a glance: each of the last whole period, or of the last one that is mature where the figure still rises.
    pub fn tiles(&self) -> Vec<Tile> {
        let chosen = |m: &&&Metric| TILES.contains(&m.group.as_str()) || MORE.contains(&m.id.as_str());
        let chosen: Vec<&Metric> = self.wanted.iter().filter(chosen).copied().collect();
        let whole = self.whole();
        let at = |metric: &Metric| {
            let mature = whole.iter().rposition(|p| !self.young(metric, *p));
            mature.or_else(|| whole.len().checked_sub(1))
        };
        let ends = chosen.iter().filter_map(|metric| at(metric));
        // Trends beside each other must have the same periods.
        let Some((first, last)) = ends.clone().min().zip(ends.max()) else { return Vec::new() };
        let shown = &whole[(first + 1).saturating_sub(TREND)..=last];
        chosen.into_iter().filter_map(|metric| Some(self.tile(metric, &whole, at(metric)?, shown))).collect()
    }

    /// The tile of a metric at one of the whole periods, with its trend over some of them: nothing is drawn after its own.
    fn tile(&self, metric: &Metric, whole: &[usize], at: usize, shown: &[usize]) -> Tile {
        let score = |period: usize| self.scores.score(metric, &Vec::new(), Some(period));
        let (period, before) = (whole[at], at.checked_sub(1).map(|b| whole[b]));
        let now = score(period);
        let change = before.map_or_else(Cell::none, |b| Self::change(metric, &score(b), &now));
        let judged = before.is_some_and(|b| beyond_chance(metric.unit, &score(b), &now));
        let better = match (&change, metric.better) {
            _ if !judged => None,
            (Cell::Number(value, _), Better::Higher) if *value != 0.0 => Some(*value > 0.0),
            (Cell::Number(value, _), Better::Lower) if *value != 0.0 => Some(*value < 0.0),
            _ => None,
        };
        let young: Vec<bool> = shown.iter().map(|p| self.young(metric, *p)).collect();
        let trend = Chart {
            id: format!("trend_{}", metric.id),
            title: Self::title(metric),
            description: metric.definition.clone(),
            shape: Shape::Lines,
            unit: metric.unit,
            axis: self.axis(),
            labels: shown.iter().map(|p| self.periods.all[*p].label.clone()).collect(),
            series: vec![Series {
                name: Self::title(metric),
                values: shown.iter().map(|p| score(*p).value.ok().filter(|_| *p <= period)).collect(),
                band: Vec::new(),
                provisional: if young.contains(&true) { young } else { Vec::new() },
            }],
        };
        Tile {
            id: metric.id.clone(),
            title: Self::title(metric),
            period: format!(
                "{}{}",
                self.periods.all[period].label,
                if self.young(metric, period) { YOUNG } else { "" }
            ),
            value: Self::value(metric, &now),
            change,
            better,
            moved: before.map_or_else(String::new, |b| self.moved(metric, b, period)),
            trend,
        }
    }

    /// `sales spend +3.1%, revenue +4.6%`: the change of each measure behind a ratio.
    fn moved(&self, metric: &Metric, before: usize, after: usize) -> String {
        if metric.formula.ratio().is_none() {
            return String::new();
        }
        let measures = metric.formula.uses.iter().filter_map(|id| {
            let figure = |period| self.scores.figure(id, &Vec::new(), Some(period)).value.ok();
            let (was, is) = (figure(before)?, figure(after)?);
            let name = id.replace('_', " ");
            Some(if was == is {
                format!("{name} unchanged")
            } else if was == 0.0 {
                let unit = self.scores.unit(id).unwrap_or(Unit::Number);
                format!("{name} from 0 to {}", people(is, unit))
            } else {
                format!("{name} {}", people(is / was - 1.0, Unit::Change))
            })
        });
        measures.collect::<Vec<_>>().join(", ")
    }

    /// What both teams spend beside revenue, and what was won.
    pub fn charts(&self) -> Vec<Chart> {
        let whole = self.whole();
        let labels: Vec<String> = whole.iter().map(|p| self.periods.all[*p].label.clone()).collect();
        let of = |measure: &str, name: &str| {
            let figure = |p: &usize| self.scores.figure(measure, &Vec::new(), Some(*p)).value.ok();
            Series::plain(name, whole.iter().map(figure).collect())
        };
        let known = |series: &Series| series.values.iter().any(Option::is_some);
        let asked = |id: &str| self.wanted.iter().any(|m| m.formula.uses.iter().any(|u| u == id));
        let chart = |id: &str, title: &str, description: &str, names: &[(&str, &str)]| {
            let series: Vec<Series> = names.iter().filter(|(m, _)| asked(m)).map(|(m, name)| of(m, name)).collect();
            let series: Vec<Series> = series.into_iter().filter(known).collect();
            (!series.is_empty() && labels.len() > 1).then(|| Chart {
                id: id.into(),
                title: title.into(),
                description: description.into(),
                shape: Shape::Columns,
                unit: Unit::Money,
                axis: self.axis(),
                labels: labels.clone(),
                series,
            })
        };
        let spend = chart(
            "scorecard_spend",
            "What both teams spend, beside revenue",
            "Per period, sales spend, marketing spend and finance's total revenue.",
            &[("sales_spend", "Sales spend"), ("marketing_spend", "Marketing spend"), ("revenue", "Total revenue")],
        );
        let won = chart(
            "scorecard_won",
            "Revenue won and pipeline created",
            "Per period, the amount of the deals won in it, and of the deals created in it.",
            &[("won_amount", "Won revenue"), ("pipeline_amount", "Pipeline created")],
        );
        spend.into_iter().chain(won).collect()
    }
}

/// Whether two values differ by more than chance makes of the same: shares whose 95 % intervals do not overlap, counts
/// beyond 1.96 standard errors of the difference of two Poisson counts. Of amounts and days nobody knows their chance here.
fn beyond_chance(unit: Unit, before: &Score, after: &Score) -> bool {
    match (before.interval, after.interval, &before.value, &after.value) {
        (Some((a_low, a_high)), Some((b_low, b_high)), ..) => a_high < b_low || b_high < a_low,
        (_, _, Ok(a), Ok(b)) if unit == Unit::Count => (a - b).abs() > 1.96 * (a + b).sqrt(),
        _ => true,
    }
}

/// What the scorecard says in one sentence, made from its tiles.
pub fn finding(report: &Report) -> String {
    let tile = |id: &str| report.tiles.iter().find(|tile| tile.id == id);
    let value = |tile: &Tile| match &tile.value {
        Cell::Number(value, unit) => Some(people(*value, *unit)),
        _ => None,
    };
    let mut said = Vec::new();
    if let Some((tile, value)) = tile("combined_budget_ratio").and_then(|t| Some((t, value(t)?))) {
        let change = match &tile.change {
            Cell::Number(change, unit) => format!(" ({} against the period before)", people(*change, *unit)),
            _ => String::new(),
        };
        said.push(format!("In {} sales and marketing together cost {value} of revenue{change}", tile.period));
    }
    let (revenue, deals) = (tile("won_revenue"), tile("deals_won"));
    if let (Some((a, revenue)), Some((b, deals))) =
        (revenue.and_then(|t| Some((t, value(t)?))), deals.and_then(|t| Some((t, value(t)?))))
        && a.period == b.period
    {
        let begin = if said.is_empty() { format!("In {} ", a.period) } else { String::new() };
        let plural = if deals == "1" { "deal was" } else { "deals were" };
        said.push(format!("{begin}{deals} {plural} won, worth {revenue}"));
    }
    if let Some((tile, value)) = tile("mql_to_revenue_conversion").and_then(|t| Some((t, value(t)?)))
        && !tile.period.ends_with(YOUNG)
    {
        said.push(format!("{value} of the qualified leads of {} became customers", tile.period));
    }
    if said.is_empty() {
        return all_days(report);
    }
    said.join("; ") + "."
}

/// What is known of all days together, where the last whole period says nothing or there is none.
fn all_days(report: &Report) -> String {
    let all = rows(report, "scorecard_tidy").into_iter();
    let known: Vec<Row<'_>> =
        all.filter(|row| row.is(&[("period", "total"), ("segment", "")]) && row.number("value").is_some()).collect();
    let Some(any) = known.first() else {
        return "None of the scorecard's figures is known: what is missing stands below.".into();
    };
    let begin = match report.tiles.first() {
        None => "No whole period lies in these days",
        Some(_) => "Of the last whole period neither the cost nor the wins are known",
    };
    let find = |id: &str| known.iter().find(|row| row.text("metric_id") == id).and_then(|row| row.shown("value"));
    let mut said = Vec::new();
    if let Some(value) = find("combined_budget_ratio") {
        said.push(format!("sales and marketing together cost {value} of revenue"));
    }
    if let Some((revenue, deals)) = find("won_revenue").zip(find("deals_won")) {
        let plural = if deals == "1" { "deal was" } else { "deals were" };
        said.push(format!("{deals} {plural} won, worth {revenue}"));
    }
    if said.is_empty() {
        // The names that people see, and what is known of them.
        let shown = rows(report, "scorecard");
        let named = shown.iter().filter_map(|row| Some(format!("{} {}", row.text("metric"), row.shown("total")?)));
        said.push(named.take(SAID).collect::<Vec<_>>().join(", "));
    }
    let days = format!("from {} to {}", any.day("period_start"), any.day("period_end"));
    format!("{begin}; of all days {days}: {}.", said.join("; "))
}

/// One row for each figure of others: of its last period that is whole and mature, else of its last whole one.
fn latest<'r>(all: &[Row<'r>]) -> Vec<Row<'r>> {
    let total: Vec<Row<'r>> = all.iter().copied().filter(|row| row.text("period") == "total").collect();
    let one = |of: &Row<'r>| {
        let (from, to) = (of.day("period_start"), of.day("period_end"));
        let mine = all.iter().filter(|row| {
            row.text("benchmark_id") == of.text("benchmark_id")
                && row.text("segment") == of.text("segment")
                && row.text("period") != "total"
                && row.number("own").is_some()
        });
        let whole: Vec<&Row<'r>> =
            mine.filter(|row| row.day("period_start") >= from && row.day("period_end") <= to).collect();
        whole.iter().rfind(|row| !row.is_no("mature")).or(whole.last()).map_or(*of, |row| **row)
    };
    total.iter().filter(|row| row.text("segment").is_empty()).map(one).collect()
}

/// Own shares beside those of others.
pub fn beside(report: &Report) -> Option<Chart> {
    let all = rows(report, "benchmarks");
    let shares: Vec<Row<'_>> = latest(&all)
        .into_iter()
        .filter(|row| row.text("unit") == Unit::Share.id() && row.number("own").is_some())
        .collect();
    let label = |row: &Row<'_>| {
        let year = row.number("year").map_or_else(String::new, |year| format!(" {year:.0}"));
        let source = row.text("source").split(',').next().unwrap_or_default();
        format!("{}, {source}{year}", row.text("metric_id").replace('_', " "))
    };
    let of = |column: &str| shares.iter().map(|row| row.number(column)).collect();
    let own = Series {
        name: "Own".into(),
        values: of("own"),
        band: shares.iter().map(|row| row.band("own_low", "own_high")).collect(),
        provisional: Vec::new(),
    };
    (!shares.is_empty()).then(|| Chart {
        id: CHART.into(),
        title: "Own shares beside those of others".into(),
        description:
            "Per published share, the own one of its last whole and mature period, and where the published band begins \
                      and ends. They are figures of other companies, and no targets."
                .into(),
        shape: Shape::Bars,
        unit: Unit::Share,
        axis: "Metric".into(),
        labels: shares.iter().map(label).collect(),
        series: vec![own, Series::plain("Others, from", of("low")), Series::plain("Others, to", of("high"))],
    })
}

/// Where the own figures lie, in one sentence: a place, and no judgement.
pub fn compared(report: &Report) -> String {
    let all = rows(report, "benchmarks");
    let latest = latest(&all);
    if latest.is_empty() {
        return "No figure of others stands beside the scorecard's metrics.".into();
    }
    let at = |position: &str| latest.iter().filter(|row| row.text("position") == position).count();
    let known = latest.iter().filter(|row| row.number("own").is_some()).count();
    let missing = latest.len() - known;
    if known == 0 {
        return "None of the own figures beside which others have published theirs is known.".into();
    }
    let rest =
        if missing > 0 { format!("; {missing} more have no own figure to set beside them") } else { String::new() };
    format!(
        "Beside {known} published figures of other companies, none of them a target, the own one is higher than {}, lower than {}, \
         and within {}{rest}.",
        at("above"),
        at("below"),
        at("within")
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::interval::wilson;

    fn score(value: f64, interval: Option<(f64, f64)>) -> Score {
        Score { value: Ok(value), numerator: None, denominator: None, n: 1, interval }
    }

    #[test]
    fn chance_is_not_judged() {
        let share = |k: f64, n: f64| score(k / n, wilson(k, n));
        let differs = |unit, a: Score, b: Score| beyond_chance(unit, &a, &b);
        assert!(!differs(Unit::Share, share(13.0, 252.0), share(13.0, 253.0)));
        assert!(differs(Unit::Share, share(50.0, 1000.0), share(120.0, 1000.0)));
        assert!(differs(Unit::Share, share(120.0, 1000.0), share(50.0, 1000.0)));
        let count = |n: f64| score(n, None);
        assert!(!differs(Unit::Count, count(11.0), count(12.0)) && !differs(Unit::Count, count(0.0), count(0.0)));
        // 100 against 130: 30 are more than 1.96 √230 = 29.7; 129 are not.
        assert!(differs(Unit::Count, count(100.0), count(130.0)) && !differs(Unit::Count, count(129.0), count(100.0)));
        assert!(differs(Unit::Money, count(100.0), count(101.0)), "amounts are judged as they are");
    }
}

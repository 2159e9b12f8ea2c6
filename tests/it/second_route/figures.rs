//! Processes and ledgers → the figures of the scorecard and the funnel, in plain loops.

use std::collections::BTreeMap;

use super::acme::{Ledgers, Spend};
use super::process::{Process, Reach};

/// One figure; what is missing is `None`.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Figure {
    pub value: Option<f64>,
    pub numerator: Option<f64>,
    pub denominator: Option<f64>,
    pub n: f64,
    pub interval: Option<(f64, f64)>,
}

/// Something counted or summed, and the rows behind it.
#[derive(Debug, Clone, Copy)]
struct Measure {
    value: Option<f64>,
    rows: f64,
}

/// From the first to the last day.
pub type Days = (i64, i64);

fn within(days: Days, day: Option<i64>) -> bool {
    day.is_some_and(|d| days.0 <= d && d <= days.1)
}

fn float(whole: i64) -> f64 {
    i32::try_from(whole).map_or_else(|_| whole.to_string().parse().unwrap(), f64::from)
}

fn count(rows: usize) -> f64 {
    float(i64::try_from(rows).unwrap())
}

fn major(cents: i64) -> f64 {
    float(cents) / 100.0
}

/// The middle one, or the middle between the two in the middle.
pub fn median(mut days: Vec<i64>) -> Option<f64> {
    days.sort_unstable();
    let half = days.len() / 2;
    let upper = float(*days.get(half)?);
    Some(if days.len() % 2 == 1 { upper } else { f64::midpoint(float(days[half - 1]), upper) })
}

/// Wilson's interval for `k` of `n`: the shares from which `k / n` is 1.96 standard errors away, found by halving rather
/// than by the formula.
pub fn wilson(k: f64, n: f64) -> Option<(f64, f64)> {
    if n == 0.0 {
        return None;
    }
    let share = k / n;
    let away = |p: f64| (share - p).abs() - 1.959_963_984_540_054 * (p * (1.0 - p) / n).sqrt();
    let search = |mut inner: f64, mut outer: f64| {
        for _ in 0..200 {
            let middle = f64::midpoint(inner, outer);
            if away(middle) < 0.0 { inner = middle } else { outer = middle }
        }
        outer
    };
    Some((if k == 0.0 { 0.0 } else { search(share, 0.0) }, if k == n { 1.0 } else { search(share, 1.0) }))
}

fn of_rows(processes: &[&Process], value: impl Fn(&[&Process]) -> Option<f64>) -> Measure {
    Measure { value: value(processes), rows: count(processes.len()) }
}

fn counted(processes: &[&Process]) -> Measure {
    of_rows(processes, |p| Some(count(p.len())))
}

/// The sum of the amounts: 0 of no row at all, and not known where no row has one.
fn amount(processes: &[&Process]) -> Measure {
    let known: Vec<i64> = processes.iter().filter_map(|p| p.amount).collect();
    let value = (processes.is_empty() || !known.is_empty()).then(|| major(known.iter().sum()));
    Measure { value, rows: count(processes.len()) }
}

fn plus(a: Measure, b: Measure) -> Measure {
    Measure { value: a.value.zip(b.value).map(|(a, b)| a + b), rows: a.rows + b.rows }
}

fn ratio(above: Measure, below: Measure) -> Figure {
    let value = match (above.value, below.value) {
        (Some(a), Some(b)) if b != 0.0 => Some(a / b),
        _ => None,
    };
    Figure { value, numerator: above.value, denominator: below.value, n: below.rows, interval: None }
}

fn share(above: Measure, below: Measure) -> Figure {
    let interval = below.value.and_then(|n| wilson(above.value.unwrap(), n));
    Figure { interval, ..ratio(above, below) }
}

fn alone(measure: Measure) -> Figure {
    Figure { value: measure.value, numerator: measure.value, denominator: None, n: measure.rows, interval: None }
}

/// What the metrics of the journeys need to know of a company.
pub struct Terms {
    /// The stage of that name.
    pub mql: usize,
    /// Whether the contract gives a lead source to marketing.
    pub of_marketing: fn(&str) -> bool,
    /// Whether any deal of the company is lost, and any of them has an amount other than 0.
    pub lost: bool,
    pub lost_amounts: bool,
}

/// Metrics of the journeys, by their names in the catalogue.
pub fn journeys(processes: &[&Process], terms: &Terms, days: Days) -> BTreeMap<&'static str, Figure> {
    let when = |day: &dyn Fn(&Process) -> Option<i64>, only: &dyn Fn(&Process) -> bool| -> Vec<&Process> {
        processes.iter().copied().filter(|p| within(days, day(p)) && only(p)).collect()
    };
    let all = |_: &Process| true;
    let won = |p: &Process| p.won;
    let entered = |p: &Process| p.entered();
    let qualified = |p: &Process| p.stages[terms.mql].day();
    let created = |p: &Process| p.created;
    let closed = |p: &Process| p.closed;

    let entries = when(&entered, &all);
    let entries_won = when(&entered, &won);
    let mqls = when(&qualified, &all);
    let mqls_won = when(&qualified, &won);
    let made = when(&created, &|p| p.deal.is_some());
    let won = when(&closed, &won);
    let lost = when(&closed, &|p| p.lost);
    let over: Vec<&Process> = won.iter().chain(&lost).copied().collect();
    let decided: Vec<&Process> = over.iter().copied().filter(|p| !p.derailed).collect();
    let of_marketing = when(&created, &|p| p.deal.is_some() && (terms.of_marketing)(&p.source));
    let with_amount = of_rows(&won, |p| Some(count(p.iter().filter(|p| p.amount.is_some()).count())));
    let mut cycle = Vec::new();
    let mut sale = Vec::new();
    for p in &won {
        cycle.extend(p.first_contact.map(|first| p.closed.unwrap() - first));
        sale.extend(p.created.map(|made| p.closed.unwrap() - made));
    }
    let days_of = |days: Vec<i64>| of_rows(&won, |_| median(days.clone()));

    let mut figures = BTreeMap::new();
    figures.insert("marketing_sourced_pipeline_share", ratio(amount(&of_marketing), amount(&made)));
    figures.insert("inquiry_to_revenue_conversion", share(counted(&entries_won), counted(&entries)));
    figures.insert("customer_creation_cycle", alone(days_of(cycle)));
    figures.insert("mql_to_revenue_conversion", share(counted(&mqls_won), counted(&mqls)));
    figures.insert("mql_to_revenue_yield", ratio(amount(&mqls_won), counted(&mqls)));
    // Where no deal of the whole company is lost, a win rate would say nothing.
    let won_alone = |above: Measure| Figure { numerator: above.value, n: count(won.len()), ..Figure::default() };
    let narrow = share(counted(&won), counted(&decided));
    figures.insert("win_rate_narrow", if terms.lost { narrow } else { won_alone(counted(&won)) });
    let by_amount = ratio(amount(&won), plus(amount(&won), amount(&lost)));
    figures.insert("win_rate_amount", if terms.lost_amounts { by_amount } else { won_alone(amount(&won)) });
    figures.insert("won_revenue", alone(amount(&won)));
    figures.insert("deals_won", alone(counted(&won)));
    figures.insert("average_deal", ratio(amount(&won), with_amount));
    figures.insert("sales_cycle", alone(days_of(sale)));
    figures.insert("pipeline_created", alone(amount(&made)));
    figures.insert("deals_opened", alone(counted(&made)));
    figures.insert("new_leads", alone(counted(&entries)));
    figures.insert("new_mqls", alone(counted(&mqls)));
    let upper = Figure { numerator: Some(count(won.len())), n: count(over.len()), ..Figure::default() };
    figures.insert("win_rate_broad", if terms.lost { share(counted(&won), counted(&over)) } else { upper });
    figures
}

/// Metrics of finance's ledgers.
pub fn finance(ledgers: &Ledgers, days: Days) -> BTreeMap<&'static str, Figure> {
    let spent = |team: &[&str], counts: &dyn Fn(&Spend) -> bool| {
        let rows: Vec<&Spend> =
            ledgers.spend.iter().filter(|s| within(days, Some(s.day)) && team.contains(&s.team.as_str())).collect();
        let sum = rows.iter().filter(|s| counts(s)).map(|s| s.amount).sum();
        Measure { value: Some(sum).filter(|_| !rows.is_empty()).map(major), rows: count(rows.len()) }
    };
    let heads = |team: &str| {
        let mut by_day: BTreeMap<i64, f64> = BTreeMap::new();
        let mut rows = 0.0;
        for (day, of, heads) in &ledgers.heads {
            if within(days, Some(*day)) && of == team {
                *by_day.entry(*day).or_default() += heads;
                rows += 1.0;
            }
        }
        let days = count(by_day.len());
        Measure { value: Some(by_day.values().sum::<f64>() / days).filter(|_| days > 0.0), rows }
    };
    let income: Vec<i64> = ledgers.revenue.iter().filter(|(d, _)| within(days, Some(*d))).map(|(_, a)| *a).collect();
    let revenue = Measure { value: Some(major(income.iter().sum())), rows: count(income.len()) };

    let any = |_: &Spend| true;
    let both = ["marketing", "sales"];
    let marketing = spent(&["marketing"], &any);
    let sales = spent(&["sales"], &any);
    let all = spent(&both, &any);
    let programs = spent(&["marketing"], &|s| ["programs", "awareness"].contains(&s.category.as_str()));
    let support = spent(&["marketing"], &|s| ["sales-support", "enablement"].contains(&s.tag.as_str()));
    let common = spent(&both, &|s| ["lead-management", "crm-data", "enablement"].contains(&s.tag.as_str()));

    let mut figures = BTreeMap::new();
    figures.insert("combined_budget_ratio", ratio(all, revenue));
    figures.insert("sales_to_marketing_spend_ratio", ratio(sales, marketing));
    figures.insert("marketing_investment_per_sales_head", ratio(marketing, heads("sales")));
    figures.insert("sales_to_marketing_staff_ratio", ratio(heads("sales"), heads("marketing")));
    figures.insert("sales_support_share", ratio(support, marketing));
    figures.insert("marketing_budget_ratio", ratio(marketing, revenue));
    figures.insert("awareness_share", ratio(spent(&["marketing"], &|s| s.category == "awareness"), marketing));
    figures.insert("program_to_people_ratio", ratio(programs, spent(&["marketing"], &|s| s.category == "people")));
    figures.insert("program_spend_per_marketing_head", ratio(programs, heads("marketing")));
    figures.insert("intersection_cost_share", ratio(common, all));
    figures.insert("sales_spend_per_sales_head", ratio(sales, heads("sales")));
    figures
}

/// One stage of a funnel.
#[derive(Debug, Default, PartialEq)]
pub struct Row {
    pub volume: usize,
    pub entered_here: usize,
    pub recorded: usize,
    pub inferred: usize,
    pub next_reached: Option<usize>,
    pub from_first: Option<usize>,
    pub median: Option<f64>,
    pub days_n: Option<usize>,
    pub value: Option<f64>,
}

/// A funnel of those who began in the days (cohort), or of what was reached in them (period).
pub fn funnel(processes: &[&Process], days: Days, cohort: bool) -> Vec<Row> {
    let stages = processes.first().map_or(0, |p| p.stages.len());
    let in_row = |p: &Process, s: usize| {
        let day = p.stages[s].day();
        day.is_some() && within(days, if cohort { p.entered() } else { day })
    };
    let mut rows = Vec::new();
    for s in 0..stages {
        let here: Vec<&Process> = processes.iter().copied().filter(|p| in_row(p, s)).collect();
        let last = s + 1 == stages;
        let next = if cohort {
            here.iter().filter(|p| p.stages[s + 1..].first().is_some_and(|n| n.day().is_some())).count()
        } else {
            processes.iter().filter(|p| !last && in_row(p, s + 1)).count()
        };
        let mut lengths = Vec::new();
        // Of a cohort, the days of those who reached the stage; of a period, of those who arrived at the next one in it.
        let arrived: Vec<&Process> = if cohort {
            here.clone()
        } else {
            processes.iter().copied().filter(|p| !last && in_row(p, s + 1)).collect()
        };
        for p in &arrived {
            if let [Reach::Recorded(from), Reach::Recorded(to), ..] = p.stages[s..] {
                lengths.push(to - from);
            }
        }
        let amounts: Vec<i64> = here.iter().filter_map(|p| p.amount).collect();
        rows.push(Row {
            volume: here.len(),
            entered_here: here.iter().filter(|p| p.first() == Some(s)).count(),
            recorded: here.iter().filter(|p| matches!(p.stages[s], Reach::Recorded(_))).count(),
            inferred: here.iter().filter(|p| matches!(p.stages[s], Reach::Inferred(_))).count(),
            next_reached: (!last).then_some(next),
            from_first: cohort.then(|| here.iter().filter(|p| p.stages[0].day().is_some()).count()),
            days_n: (!last).then_some(lengths.len()),
            median: median(lengths),
            value: Some(major(amounts.iter().sum())).filter(|_| !amounts.is_empty()),
        });
    }
    rows
}

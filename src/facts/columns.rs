//! The columns of tables and processes, as polars has them.
//!
//! In: a table or the processes, and the name of a column. Out: that column; an amount twice, in minor and in major units.

use polars::prelude::*;

use super::Facts;
use crate::catalogue::formula::{MAJOR, Offered};
use crate::journey::{How, NO_DAY, Outcome, Side, Touched};
use crate::tables::{NO_FLAG, NO_MONEY, Table, Tables, Type, Values};
use crate::time::{Stamp, Zone};

impl Facts<'_> {
    /// A column of the processes; none for a name that they do not have.
    pub(super) fn journey_column(&self, name: &str) -> Vec<Column> {
        let j = self.journeys;
        let all = 0..j.len();
        let some = |day: i32| (day != NO_DAY).then_some(day);
        let touch =
            |of: &[Touched], pick: fn(&Touched) -> Stamp| dates(name, of.iter().map(|t| self.home.day(pick(t))));
        let is = |test: fn(Outcome) -> bool| flags(name, j.outcome.iter().map(|o| Some(test(*o))));
        let one = match name {
            "entered_on" => dates(name, all.map(|at| j.entered(at))),
            "first_contact_on" => dates(name, j.first_contact.iter().map(|d| some(*d))),
            "created_on" => dates(name, j.created.iter().map(|d| some(*d))),
            "closed_on" => dates(name, j.closed.iter().map(|d| some(*d))),
            "first_marketing_on" => touch(&j.marketing, |t| t.first),
            "last_marketing_on" => touch(&j.marketing, |t| t.last),
            "first_sales_on" => touch(&j.sales, |t| t.first),
            "last_sales_on" => touch(&j.sales, |t| t.last),
            "has_deal" => is(|o| o != Outcome::NoDeal),
            "is_won" => is(|o| o == Outcome::Won),
            "is_lost" => is(|o| matches!(o, Outcome::Lost | Outcome::Derailed)),
            "is_derailed" => is(|o| o == Outcome::Derailed),
            "is_open" => is(|o| o == Outcome::Open),
            "amount" => return money_pair(name, &j.amount, self.minor_per_major()),
            "days_to_won" => whole(name, all.map(|at| j.days_to_won(at).map(i64::from))),
            "deal_days" => whole(name, all.map(|at| j.deal_days(at).map(i64::from))),
            "people" => whole(name, j.people.iter().map(|n| Some(i64::from(*n)))),
            "marketing_touches" => whole(name, j.marketing.iter().map(|t| Some(i64::from(t.count)))),
            "sales_touches" => whole(name, j.sales.iter().map(|t| Some(i64::from(t.count)))),
            "outcome" => text(name, j.outcome.iter().map(|o| Some(outcome_id(*o)))),
            "origin" => text(name, j.origin.iter().map(|s| s.map(Side::id))),
            "deal_origin" => {
                let origin = |(side, outcome): (&Option<Side>, &Outcome)| side.filter(|_| *outcome != Outcome::NoDeal);
                text(name, j.origin.iter().zip(&j.outcome).map(|pair| origin(pair).map(Side::id)))
            }
            "entry_stage" => text(name, all.map(|at| j.entry(at).map(|s| self.contract.stages[s].id.value.as_str()))),
            "link" => text(name, j.deal.iter().map(|d| self.who.method.get(*d as usize).map(|m| m.id()))),
            _ => {
                let stage = |suffix: &str| {
                    let id = name.strip_suffix(suffix)?;
                    self.contract.stages.iter().position(|s| s.id.value == id)
                };
                if let Some(s) = stage("_on") {
                    dates(name, j.stages[s].iter().map(|r| r.day()))
                } else if let Some(s) = stage("_reached") {
                    flags(name, j.stages[s].iter().map(|r| Some(r.is())))
                } else if let Some(s) = stage("_recorded") {
                    flags(name, j.stages[s].iter().map(|r| Some(r.how == How::Recorded)))
                } else if let Some(codes) = j.segments.get(name) {
                    text(name, codes.iter().map(|c| self.tables.names.text(*c)))
                } else if let Some(values) = j.numbers.get(name) {
                    numbers(name, values)
                } else {
                    return Vec::new();
                }
            }
        };
        vec![one]
    }
}

/// For machines and conditions.
pub fn outcome_id(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::NoDeal => "no_deal",
        Outcome::Open => "open",
        Outcome::Won => "won",
        Outcome::Lost => "lost",
        Outcome::Derailed => "derailed",
        Outcome::Unclear => "unclear",
    }
}

pub(super) fn table_columns(table: &Table) -> Vec<Offered> {
    let mut columns: Vec<Offered> = table
        .kind
        .fields()
        .iter()
        .filter(|f| !matches!(f.kind, Type::Ids | Type::Key))
        .map(|f| (f.name.to_string(), f.kind))
        .collect();
    for name in table.columns.keys() {
        if table.kind.field(name).is_none()
            && let Some(kind) = table.kind_of(name)
        {
            columns.push((name.clone(), kind));
        }
    }
    columns
}

pub(super) fn table_column(tables: &Tables, table: &Table, name: &str, home: &Zone, scale: f64) -> Vec<Column> {
    let missing;
    let values = if let Some(values) = table.columns.get(name) {
        values
    } else {
        let Some(field) = table.kind.field(name) else { return Vec::new() };
        missing = Values::missing(field.kind, table.len());
        &missing
    };
    vec![match values {
        Values::Id(v) | Values::Text(v) => text(name, v.iter().map(|c| tables.names.text(*c))),
        Values::Time(v) => dates(name, v.iter().map(|at| home.day(*at))),
        Values::Money(v) => return money_pair(name, v, scale),
        Values::Number(v) => numbers(name, v),
        Values::Flag(v) => flags(name, v.iter().map(|f| (*f != NO_FLAG).then_some(*f == 1))),
        Values::Ids(_) | Values::Key(_) => return Vec::new(),
    }]
}

pub(super) fn text<'a>(name: &str, values: impl Iterator<Item = Option<&'a str>>) -> Column {
    Column::new(name.into(), values.collect::<Vec<_>>())
}

pub(super) fn numbers(name: &str, values: &[f64]) -> Column {
    Column::new(name.into(), values.iter().map(|x| (!x.is_nan()).then_some(*x)).collect::<Vec<_>>())
}

pub(super) fn flags(name: &str, values: impl Iterator<Item = Option<bool>>) -> Column {
    Column::new(name.into(), values.collect::<Vec<_>>())
}

pub(super) fn whole(name: &str, values: impl Iterator<Item = Option<i64>>) -> Column {
    Column::new(name.into(), values.collect::<Vec<_>>())
}

pub(super) fn dates(name: &str, values: impl Iterator<Item = Option<i32>>) -> Column {
    let days = Int32Chunked::from_iter_options(name.into(), values);
    days.into_date().into_column()
}

/// Minor units in one major unit of a currency.
pub(super) fn minor_per_major(currency: &str) -> f64 {
    10_f64.powi(crate::ingest::cell::minor_exponent(currency).map_or(2, |digits| digits.try_into().unwrap_or(2)))
}

pub(super) fn money_pair(name: &str, values: &[i64], scale: f64) -> Vec<Column> {
    let some = || values.iter().map(|v| (*v != NO_MONEY).then_some(*v));
    #[allow(clippy::cast_precision_loss)] // amounts stay below 2^53 minor units
    let major: Vec<Option<f64>> = some().map(|v| v.map(|v| v as f64 / scale)).collect();
    vec![whole(name, some()), Column::new(format!("{name}{MAJOR}").into(), major)]
}

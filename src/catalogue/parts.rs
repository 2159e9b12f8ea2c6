//! What one row gives to an aggregate.
//!
//! In: a measure's `value`, such as `SUM(CASE WHEN … THEN amount ELSE 0 END)`. Out: a [`RowValue`]: an expression on one row,
//! and whether the measure is the sum of it over the rows. Of any other aggregate it is what goes into the first one.

use std::ops::ControlFlow;

use polars::prelude::Expr as PolarsExpr;
use sqlparser::ast::{
    BinaryOperator, DuplicateTreatment, Expr, Function, FunctionArg, FunctionArgExpr, FunctionArguments, UnaryOperator,
    Value, visit_expressions,
};

use super::formula::{self, Offered, Problem};

/// What one row gives.
#[derive(Debug, Clone)]
pub struct RowValue {
    /// On the row's own columns; amounts are minor units.
    pub expr: PolarsExpr,
    /// The measure is the sum of it over the rows that count.
    pub adds: bool,
    /// The same, as SQL.
    pub text: String,
}

/// What one row gives to an aggregate; `None` where it cannot be told.
///
/// # Errors
/// As [`formula::aggregate`].
pub fn row_value(text: &str, columns: &[Offered]) -> Result<Option<RowValue>, Vec<Problem>> {
    let _ = formula::aggregate(text, columns)?;
    let expr = formula::parse(text).map_err(|p| vec![p])?;
    let (row, adds) = match (linear(&expr, true), first(&expr)) {
        (Some(row), _) => (row, true),
        (None, Some(row)) => (row, false),
        (None, None) => return Ok(None),
    };
    Ok(Some(RowValue { expr: formula::on_minor_units(&row, columns)?, adds, text: row }))
}

/// Whether an aggregate of no row at all is 0: it only counts and sums. Any other one, such as a mean, is then not known.
pub fn is_zero_of_nothing(text: &str) -> bool {
    fn zero(expr: &Expr) -> bool {
        match expr {
            Expr::Nested(inner) | Expr::UnaryOp { expr: inner, .. } => zero(inner),
            Expr::BinaryOp { left, op: BinaryOperator::Plus | BinaryOperator::Minus, right } => {
                zero(left) && zero(right)
            }
            Expr::BinaryOp { left, op: BinaryOperator::Multiply, right } => zero(left) || zero(right),
            Expr::BinaryOp { left, op: BinaryOperator::Divide, right } => zero(left) && number(right),
            Expr::Function(function) => ["sum", "count"].contains(&function.name.to_string().to_lowercase().as_str()),
            _ => false,
        }
    }
    formula::parse(text).is_ok_and(|expr| zero(&expr))
}

/// The function, when it is an aggregate without anything that changes what it sees.
fn plain(expr: &Expr) -> Option<(&Function, String)> {
    let Expr::Function(function) = expr else { return None };
    let name = function.name.to_string().to_lowercase();
    let bare = function.filter.is_none() && function.over.is_none() && function.within_group.is_empty();
    (bare && formula::AGGREGATES.contains(&name.as_str())).then_some((function, name))
}

/// The first argument of a function, and whether only different values count; `None` for `*`.
fn argument(function: &Function) -> (Option<String>, bool) {
    let FunctionArguments::List(list) = &function.args else { return (None, false) };
    let distinct = list.duplicate_treatment == Some(DuplicateTreatment::Distinct);
    match list.args.first() {
        Some(FunctionArg::Unnamed(FunctionArgExpr::Expr(expr))) => (Some(expr.to_string()), distinct),
        _ => (None, distinct),
    }
}

/// The expression that adds up to the aggregate, where it only sums and counts. `alone` is false inside of a sum with others.
fn linear(expr: &Expr, alone: bool) -> Option<String> {
    match expr {
        Expr::Nested(inner) => linear(inner, alone).map(|row| format!("({row})")),
        Expr::UnaryOp { op: UnaryOperator::Plus, expr } => linear(expr, alone),
        Expr::UnaryOp { op: UnaryOperator::Minus, expr } => linear(expr, false).map(|row| format!("(0 - ({row}))")),
        Expr::BinaryOp { left, op: op @ (BinaryOperator::Plus | BinaryOperator::Minus), right } => {
            Some(format!("({}) {op} ({})", linear(left, false)?, linear(right, false)?))
        }
        Expr::BinaryOp { left, op: op @ (BinaryOperator::Multiply | BinaryOperator::Divide), right }
            if number(right) =>
        {
            Some(format!("({}) {op} {right}", linear(left, alone)?))
        }
        Expr::BinaryOp { left, op: op @ BinaryOperator::Multiply, right } if number(left) => {
            Some(format!("{left} {op} ({})", linear(right, alone)?))
        }
        _ => {
            let (function, name) = plain(expr)?;
            match (name.as_str(), argument(function)) {
                ("count", (None, false)) => Some("1".into()),
                ("count", (Some(of), false)) => Some(format!("CASE WHEN ({of}) IS NOT NULL THEN 1 ELSE 0 END")),
                ("sum", (Some(of), false)) if alone => Some(of),
                ("sum", (Some(of), false)) => Some(format!("CASE WHEN ({of}) IS NULL THEN 0 ELSE ({of}) END")),
                _ => None,
            }
        }
    }
}

fn number(expr: &Expr) -> bool {
    matches!(expr, Expr::Value(v) if matches!(&v.value, Value::Number(n, _) if n.parse().is_ok_and(|n: f64| n != 0.0)))
}

/// What goes into the first aggregate.
fn first(expr: &Expr) -> Option<String> {
    let found = visit_expressions(expr, |e| match plain(e) {
        Some((function, _)) => ControlFlow::Break(argument(function).0),
        None => ControlFlow::Continue(()),
    });
    match found {
        ControlFlow::Break(of) => Some(of.unwrap_or_else(|| "1".into())),
        ControlFlow::Continue(()) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tables::Type;

    #[test]
    fn sums_and_counts_are_told_from_other_aggregates() {
        let columns: Vec<Offered> = [
            ("amount", Type::Money),
            ("n", Type::Number),
            ("on", Type::Time),
            ("owner", Type::Text),
            ("won", Type::Flag),
        ]
        .map(|(name, kind)| (name.to_string(), kind))
        .to_vec();
        let of = |text: &str| row_value(text, &columns).unwrap().map(|v| (v.text, v.adds)).unwrap();
        for (text, row) in [
            ("COUNT(*)", "1"),
            ("SUM(amount)", "amount"),
            ("(SUM(n))", "(n)"),
            ("SUM(CASE WHEN won THEN amount ELSE 0 END)", "CASE WHEN won THEN amount ELSE 0 END"),
            ("COUNT(amount)", "CASE WHEN (amount) IS NOT NULL THEN 1 ELSE 0 END"),
            ("2 * COUNT(*)", "2 * (1)"),
            ("SUM(n) / 100", "(n) / 100"),
            (
                "SUM(n) - COUNT(owner)",
                "(CASE WHEN (n) IS NULL THEN 0 ELSE (n) END) - (CASE WHEN (owner) IS NOT NULL THEN 1 ELSE 0 END)",
            ),
        ] {
            assert_eq!(of(text), (row.to_string(), true), "{text}");
        }
        for (text, row) in [
            ("MEDIAN(n)", "n"),
            ("AVG(amount)", "amount"),
            ("COUNT(DISTINCT owner)", "owner"),
            ("SUM(n) / COUNT(DISTINCT on)", "n"),
            ("SUM(n) * SUM(n)", "n"),
            ("SUM(n) + 1", "n"),
            ("MAX(on)", "on"),
        ] {
            assert_eq!(of(text), (row.to_string(), false), "{text}");
        }
        for text in ["COUNT(*)", "SUM(n) - COUNT(DISTINCT owner)", "2 * COUNT(*)", "SUM(amount) / 100"] {
            assert!(is_zero_of_nothing(text), "{text}");
        }
        for text in ["AVG(n)", "MEDIAN(n)", "SUM(n) / COUNT(*)", "MAX(on)", "SUM(n) + MAX(n)", "n +"] {
            assert!(!is_zero_of_nothing(text), "{text}");
        }
        assert!(row_value("amount", &columns).is_err() && row_value("SUM(amont)", &columns).is_err());
    }
}

//! Text → something that can be computed: the only file that speaks SQL.
//!
//! In: what a catalogue or a contract wrote, and the names it may use. Out: a checked polars expression for a
//! predicate or an aggregate, or a [`Formula`] over measures that is computed here in plain numbers.
//!
//! Names are checked here, before anything runs: polars would only fail late, and a formula over measures must not
//! aggregate, must not turn `0/0` into a number, and must keep numerator and denominator apart.

use std::ops::ControlFlow;

use polars::prelude::{DataType, Expr as PolarsExpr, NULL, Operator, col, lit, when};
use polars::sql::sql_expr;
use sqlparser::ast::{BinaryOperator, Expr, UnaryOperator, Value, visit_expressions};
use sqlparser::dialect::GenericDialect;
use sqlparser::parser::Parser;

mod arithmetic;

pub use arithmetic::{Formula, Undefined};

use super::sorts;
use crate::issue::did_you_mean;
use crate::tables::Type;

/// A column that a table offers, and what it holds.
pub type Offered = (String, Type);

/// A problem in a formula: what, what to do, and the character (from 0) where it stands, when known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// What was seen.
    pub what: String,
    /// What to do.
    pub hint: String,
    /// Character in the text, from 0.
    pub at: Option<u64>,
}

/// Suffix of the column with an amount in major units, which predicates compare; measures sum exact minor units.
pub const MAJOR: &str = "__major";

pub(super) const AGGREGATES: [&str; 14] = [
    "sum",
    "count",
    "avg",
    "mean",
    "min",
    "max",
    "median",
    "quantile_cont",
    "quantile_disc",
    "stddev",
    "variance",
    "first",
    "last",
    "count_if",
];

pub(super) fn parse(text: &str) -> Result<Expr, Problem> {
    if text.trim().is_empty() {
        let hint = "write one SQL expression, such as score >= 65, or leave it out".to_string();
        return Err(Problem { what: "the condition is empty".into(), hint, at: None });
    }
    let syntax = |what: String| Problem {
        what: format!("`{text}` is not a formula: {}", plainly(&what)),
        hint: "write one SQL expression, such as score >= 65 AND country IN ('US', 'CA')".into(),
        at: None,
    };
    let mut parser = Parser::new(&GenericDialect {}).try_with_sql(text).map_err(|e| syntax(e.to_string()))?;
    let expr = parser.parse_expr().map_err(|e| syntax(e.to_string()))?;
    let rest = parser.peek_token();
    if rest.token == sqlparser::tokenizer::Token::EOF {
        Ok(expr)
    } else {
        Err(Problem {
            at: Some(rest.span.start.column.saturating_sub(1)),
            ..syntax(format!("`{}` is one too many", rest.token))
        })
    }
}

/// The parser's message without its own name, and without `EOF` for the end of the text.
fn plainly(message: &str) -> String {
    message.trim_start_matches("sql parser error: ").replace("found: EOF", "and it ends here").clone()
}

/// Every name and every aggregate function in an expression, with the character where it stands.
fn names(expr: &Expr) -> (Vec<(String, u64)>, Vec<String>, bool) {
    let (mut names, mut aggregates, mut subquery) = (Vec::new(), Vec::new(), false);
    let _ = visit_expressions(expr, |e| {
        match e {
            Expr::Identifier(ident) => names.push((ident.value.clone(), ident.span.start.column.saturating_sub(1))),
            Expr::CompoundIdentifier(parts) => {
                let name = parts.iter().map(|p| p.value.as_str()).collect::<Vec<_>>().join(".");
                names.push((name, parts.first().map_or(0, |p| p.span.start.column.saturating_sub(1))));
            }
            Expr::Function(function) => {
                let name = function.name.to_string().to_lowercase();
                if AGGREGATES.contains(&name.as_str()) {
                    aggregates.push(name);
                }
            }
            Expr::Subquery(_) | Expr::Exists { .. } | Expr::InSubquery { .. } => subquery = true,
            _ => {}
        }
        ControlFlow::<()>::Continue(())
    });
    (names, aggregates, subquery)
}

fn check(text: &str, allowed: &[&str], what: &str) -> Result<(Expr, Vec<String>), Vec<Problem>> {
    let expr = parse(text).map_err(|p| vec![p])?;
    let (names, aggregates, subquery) = names(&expr);
    let mut problems: Vec<Problem> = names
        .iter()
        .filter(|(name, _)| !allowed.contains(&name.as_str()))
        .map(|(name, at)| Problem {
            what: format!("no {what} is called `{name}`"),
            hint: if text.contains(&format!("\"{name}\"")) {
                format!("words stand in single quotes: '{name}'")
            } else {
                did_you_mean(name, allowed.iter().copied())
            },
            at: Some(*at),
        })
        .collect();
    if subquery {
        problems.push(Problem { what: "a query inside a formula".into(), hint: "use columns only".into(), at: None });
    }
    if problems.is_empty() { Ok((expr, aggregates)) } else { Err(problems) }
}

fn compile(text: &str) -> Result<PolarsExpr, Vec<Problem>> {
    sql_expr(text).map_err(|e| {
        vec![Problem {
            what: format!("`{text}` cannot be computed: {e}"),
            hint: "see `onefunnel metrics` for examples".into(),
            at: None,
        }]
    })
}

/// A condition on the columns of one table, for the rows where it is true. Amounts are compared in major units.
///
/// # Errors
/// Every unknown column, aggregates, window functions, subqueries, comparisons of unlike things, syntax errors.
pub fn predicate(text: &str, columns: &[Offered]) -> Result<PolarsExpr, Vec<Problem>> {
    let names: Vec<&str> = columns.iter().map(|(name, _)| name.as_str()).collect();
    let (expr, aggregates) = check(text, &names, "column")?;
    if let Some(name) = aggregates.first() {
        return Err(vec![Problem {
            what: format!("`{name}` aggregates, and a condition is about one row"),
            hint: "compare the row's own columns".into(),
            at: None,
        }]);
    }
    sorts::condition(&expr, columns).map_err(|p| vec![p])?;
    let expr = compile(text)?;
    Ok(expr.map_expr(|e| plain_dates(major(e, columns))))
}

/// Reads amounts in major units.
fn major(expr: PolarsExpr, columns: &[Offered]) -> PolarsExpr {
    match expr {
        PolarsExpr::Column(name) if is_money(&name, columns) => col(format!("{name}{MAJOR}")),
        other => other,
    }
}

fn is_money(name: &str, columns: &[Offered]) -> bool {
    columns.iter().any(|(n, kind)| n == name && *kind == Type::Money)
}

/// `DATE '2026-01-31'` is a cast from text, which polars warns about on stderr: it becomes the day itself. A quotient over
/// zero is no number.
fn plain_dates(expr: PolarsExpr) -> PolarsExpr {
    match &expr {
        PolarsExpr::Cast { expr: inner, dtype, .. } if dtype.as_literal() == Some(&DataType::Date) => {
            let text = match inner.as_ref() {
                PolarsExpr::Literal(value) => value.extract_str().map(str::to_string),
                _ => None,
            };
            match text.and_then(|t| t.parse().ok()) {
                Some(date) => lit(crate::time::day_of(date)).cast(DataType::Date),
                None => expr,
            }
        }
        PolarsExpr::BinaryExpr {
            op: Operator::TrueDivide | Operator::RustDivide | Operator::FloorDivide,
            right,
            ..
        } => {
            let over_zero = right.as_ref().clone().eq(lit(0));
            when(over_zero).then(lit(NULL)).otherwise(expr)
        }
        _ => expr,
    }
}

/// An aggregate over the columns of one table: `SUM(…)`, `COUNT(*)`, `MEDIAN(…)`.
///
/// # Errors
/// Every unknown column, a formula that does not aggregate, subqueries, syntax errors.
pub fn aggregate(text: &str, columns: &[Offered]) -> Result<PolarsExpr, Vec<Problem>> {
    let names: Vec<&str> = columns.iter().map(|(name, _)| name.as_str()).collect();
    let (_, aggregates) = check(text, &names, "column")?;
    if aggregates.is_empty() {
        return Err(vec![Problem {
            what: format!("`{text}` does not aggregate, and a measure is one number per group"),
            hint: "use SUM, COUNT, AVG, MEDIAN, MIN or MAX".into(),
            at: None,
        }]);
    }
    on_minor_units(text, columns)
}

/// Sums are of exact minor units; what is compared inside of them is major units, as in conditions.
pub(super) fn on_minor_units(text: &str, columns: &[Offered]) -> Result<PolarsExpr, Vec<Problem>> {
    Ok(compile(text)?.map_expr(|e| match e {
        PolarsExpr::BinaryExpr { left, op, right } if op.is_comparison() => {
            let side = |e: &PolarsExpr| e.clone().map_expr(|e| major(e, columns));
            PolarsExpr::BinaryExpr { left: side(&left).into(), op, right: side(&right).into() }
        }
        other => plain_dates(other),
    }))
}

/// Whether an aggregate is the sum of one column, and nothing else.
pub fn is_bare_sum(text: &str) -> bool {
    let Ok(Expr::Function(function)) = parse(text) else { return false };
    let argument = function.args.to_string();
    let name = argument.trim_start_matches('(').trim_end_matches(')').trim();
    function.name.to_string().eq_ignore_ascii_case("sum") && name.chars().all(|c| c.is_alphanumeric() || c == '_')
}

/// Whether an aggregate over all rows is the sum of itself over parts of them: a sum or a count, and not of distinct values.
pub fn adds_up(text: &str) -> bool {
    let Ok(Expr::Function(function)) = parse(text) else { return false };
    let name = function.name.to_string().to_lowercase();
    let argument = function.args.to_string().to_lowercase();
    matches!(name.as_str(), "sum" | "count") && !argument.trim_start_matches('(').trim_start().starts_with("distinct")
}

/// The names that an expression uses; none when it is not one.
pub fn uses(text: &str) -> Vec<String> {
    parse(text).map(|expr| names(&expr).0.into_iter().map(|(name, _)| name).collect()).unwrap_or_default()
}

/// The least value of a column that a condition lets through, where it says so plainly: `score >= 65`, alone or joined by
/// AND to whatever else. The highest of several.
pub fn at_least(text: &str, column: &str) -> Option<f64> {
    let expr = parse(text).ok()?;
    conjuncts(&expr).into_iter().filter_map(|part| least(part, column)).reduce(f64::max)
}

/// What a condition asks besides `column >= number`, each part for itself.
pub fn besides(text: &str, column: &str) -> Vec<String> {
    let Ok(expr) = parse(text) else { return Vec::new() };
    conjuncts(&expr).into_iter().filter(|part| least(part, column).is_none()).map(ToString::to_string).collect()
}

/// The parts of a condition that must all hold.
fn conjuncts(expr: &Expr) -> Vec<&Expr> {
    match expr {
        Expr::Nested(inner) if matches!(**inner, Expr::BinaryOp { op: BinaryOperator::And, .. }) => conjuncts(inner),
        Expr::BinaryOp { left, op: BinaryOperator::And, right } => [conjuncts(left), conjuncts(right)].concat(),
        other => vec![other],
    }
}

/// The number of `column >= number`, written either way round.
fn least(expr: &Expr, column: &str) -> Option<f64> {
    fn number(expr: &Expr) -> Option<f64> {
        match expr {
            Expr::Value(v) => match &v.value {
                Value::Number(text, _) => text.parse().ok(),
                _ => None,
            },
            Expr::UnaryOp { op: UnaryOperator::Minus, expr } => number(expr).map(|n| -n),
            Expr::Nested(inner) => number(inner),
            _ => None,
        }
    }
    let is = |e: &Expr| matches!(e, Expr::Identifier(ident) if ident.value == column);
    match expr {
        Expr::Nested(inner) => least(inner, column),
        Expr::BinaryOp { left, op: BinaryOperator::GtEq, right } if is(left) => number(right),
        Expr::BinaryOp { left, op: BinaryOperator::LtEq, right } if is(right) => number(left),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_measure_must_aggregate_and_a_condition_must_not() {
        let columns = columns();
        assert!(aggregate("amount", &columns).is_err());
        assert!(aggregate("SUM(amount)", &columns).is_ok());
        assert!(predicate("SUM(amount) > 1", &columns).is_err());
        assert!(predicate("amount > 1 AND name LIKE 'A%'", &columns).is_ok());
        assert!(predicate("amount > (SELECT 1)", &columns).is_err());
        assert!(predicate("amont > 1", &columns).unwrap_err()[0].hint.contains("amount"));
    }

    fn columns() -> Vec<Offered> {
        [("amount", Type::Money), ("name", Type::Text), ("won", Type::Flag), ("on", Type::Time), ("n", Type::Number)]
            .map(|(name, kind)| (name.to_string(), kind))
            .to_vec()
    }

    #[test]
    fn a_condition_compares_like_with_like() {
        let columns = columns();
        for text in [
            "won",
            "NOT won OR amount >= 10.5",
            "on >= DATE '2026-01-31' AND on < DATE '2026-02-28'",
            "name IN ('A', 'B') AND name IS NOT NULL",
            "n BETWEEN 1 AND 5",
            "(n + 1) * 2 > 3 AND won = TRUE",
            "LOWER(name) = 'x'",
            "CASE WHEN won THEN n > 1 ELSE n > 2 END",
        ] {
            assert!(predicate(text, &columns).is_ok(), "{text}: {:?}", predicate(text, &columns));
        }
        for text in [
            "won = 'yes'",
            "won > 5",
            "on > 20260115",
            "on >= '2026-01-31'",
            "n > 'x'",
            "name = 3",
            "amount + 1",
            "name",
            "n IN ('a')",
            "n BETWEEN 'a' AND 'b'",
            "ROW_NUMBER() OVER () > 1",
            "won AND name",
        ] {
            let problems = predicate(text, &columns).expect_err(text);
            assert!(!problems[0].what.contains("__"), "{problems:?}");
        }
    }

    #[test]
    fn a_bare_sum_is_told_from_any_other_aggregate() {
        assert!(is_bare_sum("SUM(amount)") && is_bare_sum(" sum( own_amount ) "));
        for text in [
            "COUNT(amount)",
            "SUM(CASE WHEN won THEN amount ELSE 0 END)",
            "SUM(amount) / COUNT(*)",
            "SUM(a + b)",
            "amount",
        ] {
            assert!(!is_bare_sum(text), "{text}");
        }
    }

    #[test]
    fn sums_and_counts_add_up_and_nothing_else_does() {
        for text in ["SUM(amount)", "count(*)", "COUNT(amount)", "SUM(CASE WHEN won THEN amount ELSE 0 END)"] {
            assert!(adds_up(text), "{text}");
        }
        for text in ["COUNT(DISTINCT name)", "MEDIAN(n)", "SUM(n) / COUNT(*)", "SUM(n) + 1", "AVG(n)", "n", "(("] {
            assert!(!adds_up(text), "{text}");
        }
    }
}

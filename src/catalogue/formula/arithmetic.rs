//! Arithmetic over measures, in plain numbers.
//!
//! In: a formula such as `won / (won + lost)`, and the value of each measure. Out: its value, or why it has none; numerator and
//! denominator apart.

use std::ops::ControlFlow;

use sqlparser::ast::{BinaryOperator, Expr, Ident, UnaryOperator, Value, visit_expressions_mut};

use super::{Problem, check, names};

/// Why a formula has no value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Undefined {
    /// One of its measures is missing, with that measure's reason.
    Missing(String),
    /// A denominator is zero.
    ZeroDenominator,
    /// The result is not finite.
    NotFinite,
}

/// Arithmetic over measures: `+ - * / ( )`, numbers and names.
#[derive(Debug, Clone)]
pub struct Formula {
    expr: Expr,
    /// The measures it uses, in order of appearance, once each.
    pub uses: Vec<String>,
}

impl Formula {
    /// Checks a formula against the measures there are.
    ///
    /// # Errors
    /// Every unknown measure, aggregates (`SUM(won)` would be the grand total), and anything but arithmetic.
    pub fn new(text: &str, measures: &[&str]) -> Result<Self, Vec<Problem>> {
        let (expr, aggregates) = check(text, measures, "measure")?;
        if let Some(name) = aggregates.first() {
            return Err(vec![Problem {
                what: format!("`{name}` aggregates, and a metric is arithmetic on measures"),
                hint: "put the aggregate into a [measure.…] and use its name here".into(),
                at: None,
            }]);
        }
        arithmetic_only(&expr).map_err(|p| vec![p])?;
        let mut uses: Vec<String> = Vec::new();
        for (name, _) in names(&expr).0 {
            if !uses.contains(&name) {
                uses.push(name);
            }
        }
        Ok(Self { expr, uses })
    }

    /// A formula over whatever names it has; `None` where it is not arithmetic.
    pub fn any(text: &str) -> Option<Self> {
        let names = super::uses(text);
        Self::new(text, &names.iter().map(String::as_str).collect::<Vec<_>>()).ok()
    }

    /// The two sides of a ratio, when the formula is one at its outermost.
    pub fn ratio(&self) -> Option<(Self, Self)> {
        let mut expr = &self.expr;
        while let Expr::Nested(inner) = expr {
            expr = inner;
        }
        let Expr::BinaryOp { left, op: BinaryOperator::Divide, right } = expr else { return None };
        let side = |expr: &Expr| {
            let mut uses = Vec::new();
            for (name, _) in names(expr).0 {
                if !uses.contains(&name) {
                    uses.push(name);
                }
            }
            Self { expr: expr.clone(), uses }
        };
        Some((side(left), side(right)))
    }

    /// The formula with other words in place of its names.
    pub fn with(&self, words: &dyn Fn(&str) -> String) -> String {
        let mut expr = self.expr.clone();
        let _ = visit_expressions_mut(&mut expr, |e| {
            if let Expr::Identifier(ident) = e {
                *e = Expr::Identifier(Ident::new(words(&ident.value)));
            }
            ControlFlow::<()>::Continue(())
        });
        expr.to_string()
    }

    /// Whether it only adds and subtracts measures, so that sums of whole cents give whole cents.
    pub fn is_sum(&self) -> bool {
        sums_only(&self.expr)
    }

    /// Computes it.
    ///
    /// # Errors
    /// [`Undefined`] when a measure is missing or a denominator is zero: never 0, never infinite.
    pub fn value(&self, measure: &dyn Fn(&str) -> Result<f64, String>) -> Result<f64, Undefined> {
        let value = value(&self.expr, measure)?;
        if value.is_finite() { Ok(value) } else { Err(Undefined::NotFinite) }
    }
}

fn arithmetic_only(expr: &Expr) -> Result<(), Problem> {
    match expr {
        Expr::Identifier(_) => Ok(()),
        Expr::Value(v) if matches!(v.value, Value::Number(..)) => Ok(()),
        Expr::Nested(inner) | Expr::UnaryOp { op: UnaryOperator::Minus | UnaryOperator::Plus, expr: inner } => {
            arithmetic_only(inner)
        }
        Expr::BinaryOp {
            left,
            op: BinaryOperator::Plus | BinaryOperator::Minus | BinaryOperator::Multiply | BinaryOperator::Divide,
            right,
        } => {
            arithmetic_only(left)?;
            arithmetic_only(right)
        }
        other => Err(Problem {
            what: format!("`{other}` is not arithmetic on measures"),
            hint: "use + - * / ( ), numbers and the names of measures; conditions belong into a measure".into(),
            at: None,
        }),
    }
}

fn sums_only(expr: &Expr) -> bool {
    match expr {
        Expr::Identifier(_) => true,
        Expr::Nested(inner) | Expr::UnaryOp { expr: inner, .. } => sums_only(inner),
        Expr::BinaryOp { left, op: BinaryOperator::Plus | BinaryOperator::Minus, right } => {
            sums_only(left) && sums_only(right)
        }
        _ => false,
    }
}

fn value(expr: &Expr, measure: &dyn Fn(&str) -> Result<f64, String>) -> Result<f64, Undefined> {
    match expr {
        Expr::Identifier(ident) => measure(&ident.value).map_err(Undefined::Missing),
        Expr::Value(v) => match &v.value {
            Value::Number(n, _) => n.parse().map_err(|_| Undefined::NotFinite),
            _ => Err(Undefined::NotFinite),
        },
        Expr::Nested(inner) | Expr::UnaryOp { op: UnaryOperator::Plus, expr: inner } => value(inner, measure),
        Expr::UnaryOp { op: UnaryOperator::Minus, expr: inner } => Ok(-value(inner, measure)?),
        Expr::BinaryOp { left, op, right } => {
            let (a, b) = (value(left, measure)?, value(right, measure)?);
            match op {
                BinaryOperator::Plus => Ok(a + b),
                BinaryOperator::Minus => Ok(a - b),
                BinaryOperator::Multiply => Ok(a * b),
                BinaryOperator::Divide if b == 0.0 => Err(Undefined::ZeroDenominator),
                BinaryOperator::Divide => Ok(a / b),
                _ => Err(Undefined::NotFinite),
            }
        }
        _ => Err(Undefined::NotFinite),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn compute(text: &str) -> Result<f64, Undefined> {
        let formula = Formula::new(text, &["won", "lost", "none"]).unwrap();
        formula.value(&|name| match name {
            "won" => Ok(0.0),
            "lost" => Ok(2.0),
            other => Err(format!("no {other}")),
        })
    }

    #[test]
    fn counts_can_be_subtracted_and_nothing_divides_by_zero() {
        assert_eq!(compute("won - lost"), Ok(-2.0));
        assert_eq!(compute("won / won"), Err(Undefined::ZeroDenominator));
        assert_eq!(compute("lost / won"), Err(Undefined::ZeroDenominator));
        assert_eq!(compute("won / (won + lost)"), Ok(0.0));
        assert_eq!(compute("lost * 3 - -1 / 2"), Ok(6.5));
        assert_eq!(compute("won + none"), Err(Undefined::Missing("no none".into())));
    }

    #[test]
    fn a_metric_may_not_aggregate_nor_use_unknown_names() {
        let problems = Formula::new("SUM(won)", &["won"]).unwrap_err();
        assert!(problems[0].what.contains("aggregates"), "{problems:?}");
        let problems = Formula::new("won / losst", &["won", "lost"]).unwrap_err();
        assert_eq!(problems[0].what, "no measure is called `losst`");
        assert_eq!(problems[0].hint, "did you mean `lost`?");
        assert_eq!(problems[0].at, Some(6));
        for text in
            ["won; DROP TABLE x", "SELECT 1", "(SELECT won)", "won AND lost", "CASE WHEN won THEN 1 END", "won +"]
        {
            assert!(Formula::new(text, &["won", "lost", "x"]).is_err(), "{text}");
        }
    }

    #[test]
    fn both_sides_of_a_ratio_are_known() {
        let formula = Formula::new("((won + lost) / lost)", &["won", "lost"]).unwrap();
        let (top, bottom) = formula.ratio().unwrap();
        assert_eq!(top.uses, ["won", "lost"]);
        assert_eq!(bottom.uses, ["lost"]);
        let formula = Formula::new("won - lost / (2 * won)", &["won", "lost"]).unwrap();
        assert!(formula.ratio().is_none());
        assert_eq!(formula.with(&|name| format!("<{name}>")), "<won> - <lost> / (2 * <won>)");
    }
}

//! What sort of thing each part of a condition is, so that only like is compared with like.
//!
//! In: a parsed condition and the sorts of its columns. Out: nothing, or the first comparison that makes no sense. Without
//! this, `is_won = 'yes'` would quietly hold for no row.

use sqlparser::ast::{BinaryOperator, Expr, UnaryOperator, Value};

use super::formula::{Offered, Problem};
use crate::tables::Type;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Sort {
    Truth,
    Number,
    Words,
    Day,
    /// NULL, or the result of a function: goes with everything.
    Any,
}

impl Sort {
    fn words(self) -> &'static str {
        match self {
            Self::Truth => "yes or no",
            Self::Number => "a number",
            Self::Words => "words",
            Self::Day => "a day",
            Self::Any => "unknown",
        }
    }

    fn goes_with(self, other: Self) -> bool {
        self == other || self == Self::Any || other == Self::Any
    }
}

/// Checks that an expression is a condition.
///
/// # Errors
/// The first part that is compared with something unlike, a window function, or an expression that is no condition.
pub fn condition(expr: &Expr, columns: &[Offered]) -> Result<(), Problem> {
    let sort = sort(expr, columns)?;
    if sort.goes_with(Sort::Truth) {
        return Ok(());
    }
    Err(Problem {
        what: format!("`{expr}` is {}, and no condition", sort.words()),
        hint: "compare it with something, such as amount > 1000".into(),
        at: None,
    })
}

fn sort(expr: &Expr, columns: &[Offered]) -> Result<Sort, Problem> {
    let of = |e: &Expr| sort(e, columns);
    Ok(match expr {
        Expr::Identifier(ident) => match columns.iter().find(|(name, _)| *name == ident.value).map(|(_, kind)| kind) {
            Some(Type::Flag) => Sort::Truth,
            Some(Type::Number | Type::Money) => Sort::Number,
            Some(Type::Time) => Sort::Day,
            Some(Type::Id | Type::Ids | Type::Key | Type::Text | Type::Email) => Sort::Words,
            None => Sort::Any,
        },
        Expr::Value(value) => match &value.value {
            Value::Number(..) => Sort::Number,
            Value::SingleQuotedString(_) => Sort::Words,
            Value::Boolean(_) => Sort::Truth,
            _ => Sort::Any,
        },
        Expr::TypedString(_) => Sort::Day,
        Expr::Nested(inner) => of(inner)?,
        Expr::UnaryOp { op: UnaryOperator::Not, expr: inner } => {
            expect(inner, of(inner)?, Sort::Truth)?;
            Sort::Truth
        }
        Expr::UnaryOp { expr: inner, .. } => of(inner)?,
        Expr::IsNull(inner) | Expr::IsNotNull(inner) => {
            of(inner)?;
            Sort::Truth
        }
        Expr::IsTrue(inner) | Expr::IsNotTrue(inner) | Expr::IsFalse(inner) | Expr::IsNotFalse(inner) => {
            expect(inner, of(inner)?, Sort::Truth)?;
            Sort::Truth
        }
        Expr::InList { expr: inner, list, .. } => {
            let left = of(inner)?;
            for item in list {
                alike(inner, left, item, of(item)?)?;
            }
            Sort::Truth
        }
        Expr::Between { expr: inner, low, high, .. } => {
            let left = of(inner)?;
            alike(inner, left, low, of(low)?)?;
            alike(inner, left, high, of(high)?)?;
            Sort::Truth
        }
        Expr::Like { expr: inner, pattern, .. } | Expr::ILike { expr: inner, pattern, .. } => {
            expect(inner, of(inner)?, Sort::Words)?;
            expect(pattern, of(pattern)?, Sort::Words)?;
            Sort::Truth
        }
        Expr::BinaryOp { left, op, right } => return binary(left, op, right, columns),
        Expr::Case { conditions, else_result, .. } => {
            let mut result = Sort::Any;
            for when in conditions {
                result = of(&when.result)?;
            }
            if let Some(other) = else_result {
                let other = of(other)?;
                result = if result == Sort::Any { other } else { result };
            }
            result
        }
        Expr::Function(function) if function.over.is_some() => {
            return Err(Problem {
                what: format!("`{expr}` looks at other rows, and a condition is about one"),
                hint: "compare the row's own columns".into(),
                at: None,
            });
        }
        _ => Sort::Any,
    })
}

fn binary(left: &Expr, op: &BinaryOperator, right: &Expr, columns: &[Offered]) -> Result<Sort, Problem> {
    use BinaryOperator as B;
    let (a, b) = (sort(left, columns)?, sort(right, columns)?);
    match op {
        B::And | B::Or | B::Xor => {
            expect(left, a, Sort::Truth)?;
            expect(right, b, Sort::Truth)?;
            Ok(Sort::Truth)
        }
        B::Eq | B::NotEq => {
            alike(left, a, right, b)?;
            Ok(Sort::Truth)
        }
        B::Lt | B::LtEq | B::Gt | B::GtEq => {
            alike(left, a, right, b)?;
            for (expr, sort) in [(left, a), (right, b)] {
                if sort == Sort::Truth {
                    return Err(Problem {
                        what: format!("`{expr}` is yes or no, and neither is larger"),
                        hint: format!("write {expr} or NOT {expr}"),
                        at: None,
                    });
                }
            }
            Ok(Sort::Truth)
        }
        B::Plus | B::Minus | B::Multiply | B::Divide | B::Modulo => {
            expect(left, a, Sort::Number)?;
            expect(right, b, Sort::Number)?;
            Ok(Sort::Number)
        }
        _ => Ok(Sort::Any),
    }
}

fn expect(expr: &Expr, found: Sort, wanted: Sort) -> Result<(), Problem> {
    if found.goes_with(wanted) {
        return Ok(());
    }
    Err(Problem {
        what: format!("`{expr}` is {}, where {} is needed", found.words(), wanted.words()),
        hint: hint(found, wanted),
        at: None,
    })
}

fn alike(left: &Expr, a: Sort, right: &Expr, b: Sort) -> Result<(), Problem> {
    if a.goes_with(b) {
        return Ok(());
    }
    Err(Problem {
        what: format!("`{left}` is {}, and `{right}` is {}", a.words(), b.words()),
        hint: hint(b, a),
        at: None,
    })
}

fn hint(found: Sort, wanted: Sort) -> String {
    match (found, wanted) {
        (_, Sort::Truth) | (Sort::Truth, _) => "a column of yes or no stands alone: is_won, or NOT is_won".into(),
        (_, Sort::Day) | (Sort::Day, _) => "write days as DATE '2026-01-31'".into(),
        _ => "compare words with words in single quotes, and numbers with numbers without quotes".into(),
    }
}

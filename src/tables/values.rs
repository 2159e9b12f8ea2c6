//! The values of one column.
//!
//! In: typed vectors. Out: [`Values`], which can be padded, appended and filtered whatever its type.

use super::{NO_FLAG, NO_MONEY, NONE, Type};
use crate::time::Stamp;

/// The values of one column; see the module's note for how each says *missing*.
#[derive(Debug, Clone, PartialEq)]
pub enum Values {
    /// [`Type::Id`] and [`Type::Email`]: codes in [`Names`].
    Id(Vec<u32>),
    /// [`Type::Ids`].
    Ids(Vec<Vec<u32>>),
    /// [`Type::Key`]: fingerprints; 0 when missing.
    Key(Vec<u128>),
    /// [`Type::Text`]: codes in [`Names`].
    Text(Vec<u32>),
    /// [`Type::Time`].
    Time(Vec<Stamp>),
    /// [`Type::Money`]: minor units of the reporting currency.
    Money(Vec<i64>),
    /// [`Type::Number`].
    Number(Vec<f64>),
    /// [`Type::Flag`]: 1, 0 or [`NO_FLAG`].
    Flag(Vec<i8>),
}

impl Values {
    /// An all-missing column.
    pub fn missing(kind: Type, len: usize) -> Self {
        match kind {
            Type::Id | Type::Email => Self::Id(vec![NONE; len]),
            Type::Ids => Self::Ids(vec![Vec::new(); len]),
            Type::Key => Self::Key(vec![0; len]),
            Type::Text => Self::Text(vec![NONE; len]),
            Type::Time => Self::Time(vec![Stamp::NONE; len]),
            Type::Money => Self::Money(vec![NO_MONEY; len]),
            Type::Number => Self::Number(vec![f64::NAN; len]),
            Type::Flag => Self::Flag(vec![NO_FLAG; len]),
        }
    }

    /// Makes room for `rows` more.
    pub fn reserve(&mut self, rows: usize) {
        match self {
            Self::Id(v) | Self::Text(v) => v.reserve_exact(rows),
            Self::Ids(v) => v.reserve_exact(rows),
            Self::Key(v) => v.reserve_exact(rows),
            Self::Time(v) => v.reserve_exact(rows),
            Self::Money(v) => v.reserve_exact(rows),
            Self::Number(v) => v.reserve_exact(rows),
            Self::Flag(v) => v.reserve_exact(rows),
        }
    }

    /// Adds missing values up to `len` rows.
    pub fn pad(&mut self, len: usize) {
        match self {
            Self::Id(v) | Self::Text(v) => v.resize(len, NONE),
            Self::Ids(v) => v.resize(len, Vec::new()),
            Self::Key(v) => v.resize(len, 0),
            Self::Time(v) => v.resize(len, Stamp::NONE),
            Self::Money(v) => v.resize(len, NO_MONEY),
            Self::Number(v) => v.resize(len, f64::NAN),
            Self::Flag(v) => v.resize(len, NO_FLAG),
        }
    }

    /// Adds the rows of another column of the same type; `false` when the types differ.
    pub fn append(&mut self, other: Self) -> bool {
        match (self, other) {
            (Self::Id(a), Self::Id(mut b)) | (Self::Text(a), Self::Text(mut b)) => a.append(&mut b),
            (Self::Ids(a), Self::Ids(mut b)) => a.append(&mut b),
            (Self::Key(a), Self::Key(mut b)) => a.append(&mut b),
            (Self::Time(a), Self::Time(mut b)) => a.append(&mut b),
            (Self::Money(a), Self::Money(mut b)) => a.append(&mut b),
            (Self::Number(a), Self::Number(mut b)) => a.append(&mut b),
            (Self::Flag(a), Self::Flag(mut b)) => a.append(&mut b),
            _ => return false,
        }
        true
    }

    /// Keeps the rows marked `true`.
    pub fn keep(&mut self, keep: &[bool]) {
        fn kept<T>(values: &mut Vec<T>, keep: &[bool]) {
            let mut row = 0;
            values.retain(|_| {
                row += 1;
                keep[row - 1]
            });
        }
        match self {
            Self::Id(v) | Self::Text(v) => kept(v, keep),
            Self::Ids(v) => kept(v, keep),
            Self::Key(v) => kept(v, keep),
            Self::Time(v) => kept(v, keep),
            Self::Money(v) => kept(v, keep),
            Self::Number(v) => kept(v, keep),
            Self::Flag(v) => kept(v, keep),
        }
    }

    /// Whether any row has a value.
    pub fn any(&self) -> bool {
        match self {
            Self::Id(v) | Self::Text(v) => v.iter().any(|x| *x != NONE),
            Self::Ids(v) => v.iter().any(|x| !x.is_empty()),
            Self::Key(v) => v.iter().any(|x| *x != 0),
            Self::Time(v) => v.iter().any(|x| !x.is_none()),
            Self::Money(v) => v.iter().any(|x| *x != NO_MONEY),
            Self::Number(v) => v.iter().any(|x| !x.is_nan()),
            Self::Flag(v) => v.iter().any(|x| *x != NO_FLAG),
        }
    }
}

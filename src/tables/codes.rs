//! Sets and maps of codes, as plain tables: ten million look-ups without hashing.
//!
//! In: codes of a dictionary. Out: [`CodeSet`] and [`CodeMap`], in which [`NONE`](super::NONE) is never.

use super::Names;

/// A set of codes.
#[derive(Debug, Clone, Default)]
pub struct CodeSet(Vec<bool>);

impl CodeSet {
    /// The texts of `columns` that `wanted` takes.
    pub fn of(names: &Names, columns: &[&[u32]], wanted: impl Fn(&str) -> bool) -> Self {
        let mut seen = Self(vec![false; names.len()]);
        for code in columns.iter().flat_map(|column| column.iter()) {
            if let Some(seen) = seen.0.get_mut(*code as usize) {
                *seen = true;
            }
        }
        for (code, seen) in (0..).zip(&mut seen.0).filter(|(_, seen)| **seen) {
            *seen = names.text(code).is_some_and(&wanted);
        }
        seen
    }

    /// Whether a code is in it.
    pub fn contains(&self, code: u32) -> bool {
        self.0.get(code as usize).copied().unwrap_or(false)
    }
}

/// A map from codes to small values.
#[derive(Debug, Clone)]
pub struct CodeMap<T>(Vec<Option<T>>);

impl<T> Default for CodeMap<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T: Copy> CodeMap<T> {
    /// The value of a code.
    pub fn get(&self, code: u32) -> Option<T> {
        self.0.get(code as usize).copied().flatten()
    }

    /// Gives a code its value; [`NONE`](super::NONE) gets none.
    pub fn insert(&mut self, code: u32, value: T) {
        if code != super::NONE {
            let at = code as usize;
            if self.0.len() <= at {
                self.0.resize(at + 1, None);
            }
            self.0[at] = Some(value);
        }
    }

    /// Gives a code its value unless it has one.
    pub fn insert_first(&mut self, code: u32, value: T) {
        if self.get(code).is_none() {
            self.insert(code, value);
        }
    }

    /// Makes room for all codes below `len`.
    pub fn reserve(&mut self, len: usize) {
        if self.0.len() < len {
            self.0.resize(len, None);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::NONE;
    use super::*;

    #[test]
    fn none_is_in_nothing() {
        let mut names = Names::default();
        let (a, b, c) = (names.code("Call"), names.code("Email"), names.code("call"));
        let set = CodeSet::of(&names, &[&[a, NONE], &[b]], |text| text.eq_ignore_ascii_case("call"));
        assert_eq!([a, b, c, NONE].map(|code| set.contains(code)), [true, false, false, false]);
        let mut map = CodeMap::default();
        map.insert(b, 7);
        map.insert(NONE, 9);
        map.insert_first(b, 8);
        map.insert_first(a, 1);
        assert_eq!([a, b, c, NONE].map(|code| map.get(code)), [Some(1), Some(7), None, None]);
    }
}

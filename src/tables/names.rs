//! The dictionary of ids and words.
//!
//! In: texts. Out: [`Names`]: a code per distinct text, and its text again. Texts of up to 23 bytes, which is nearly every
//! id, are compared inside the hash table itself: a look-up is one or two cache misses, not four.

use std::hash::{BuildHasher, Hasher};

use foldhash::fast::FixedState;
use hashbrown::HashTable;

/// The dictionary of all ids and words: a code per distinct text. Codes depend on the order of reading, so nothing
/// that is printed may be sorted by them.
#[derive(Debug, Clone, Default)]
pub struct Names {
    short: HashTable<(Short, u32)>,
    long: HashTable<u32>,
    /// All texts, one after another.
    text: String,
    /// Where each ends.
    ends: Vec<usize>,
}

/// A text of up to 23 bytes, zeros behind it, and its length.
type Short = [u64; 3];

const SHORT: usize = 23;
const HASHER: FixedState = FixedState::with_seed(0x6f6e_6566_756e_6e65);

fn short(text: &[u8]) -> Short {
    let mut bytes = [0_u8; 24];
    bytes[..text.len()].copy_from_slice(text);
    // At most 23.
    bytes[23] = u8::try_from(text.len()).unwrap_or(u8::MAX);
    let word = |at: usize| {
        let mut word = [0; 8];
        word.copy_from_slice(&bytes[at..at + 8]);
        u64::from_ne_bytes(word)
    };
    [word(0), word(8), word(16)]
}

fn hash_short(key: &Short) -> u64 {
    let mut hasher = HASHER.build_hasher();
    key.iter().for_each(|word| hasher.write_u64(*word));
    hasher.finish()
}

fn hash_long(text: &str) -> u64 {
    HASHER.hash_one(text)
}

impl Names {
    /// The code of a text, new or known.
    pub fn code(&mut self, text: &str) -> u32 {
        if text.len() <= SHORT {
            let key = short(text.as_bytes());
            let hash = hash_short(&key);
            if let Some((_, code)) = self.short.find(hash, |(other, _)| *other == key) {
                return *code;
            }
            let code = self.push(text);
            self.short.insert_unique(hash, (key, code), |(key, _)| hash_short(key));
            return code;
        }
        let hash = hash_long(text);
        if let Some(code) = self.long.find(hash, |code| self.text(*code) == Some(text)) {
            return *code;
        }
        let code = self.push(text);
        let Self { long, text, ends, .. } = self;
        long.insert_unique(hash, code, |code| hash_long(slice(text, ends, *code).unwrap_or_default()));
        code
    }

    #[allow(clippy::cast_possible_truncation)] // 4 billion distinct texts do not fit in memory
    fn push(&mut self, text: &str) -> u32 {
        self.text.push_str(text);
        self.ends.push(self.text.len());
        self.ends.len() as u32 - 1
    }

    /// The code of a text, if it is known.
    pub fn known(&self, text: &str) -> Option<u32> {
        if text.len() <= SHORT {
            let key = short(text.as_bytes());
            return self.short.find(hash_short(&key), |(other, _)| *other == key).map(|(_, code)| *code);
        }
        self.long.find(hash_long(text), |code| self.text(*code) == Some(text)).copied()
    }

    /// The text of a code; `None` for [`NONE`](super::NONE).
    pub fn text(&self, code: u32) -> Option<&str> {
        slice(&self.text, &self.ends, code)
    }

    /// Number of texts.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }
}

fn slice<'t>(text: &'t str, ends: &[usize], code: u32) -> Option<&'t str> {
    let at = code as usize;
    let end = *ends.get(at)?;
    let start = if at == 0 { 0 } else { ends[at - 1] };
    text.get(start..end)
}

#[cfg(test)]
mod tests {
    use super::super::NONE;
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn short_and_long_texts_have_codes_of_their_own() {
        let mut names = Names::default();
        let texts = ["", "a", "a\0", "b", "12345678901234567890123", "123456789012345678901234", "é", "a much longer text than that"];
        for (code, text) in (0..).zip(texts) {
            assert_eq!(names.known(text), None, "{text:?}");
            assert_eq!(names.code(text), code, "{text:?}");
        }
        for (code, text) in (0..).zip(texts) {
            assert_eq!((names.code(text), names.known(text), names.text(code)), (code, Some(code), Some(text)));
        }
        assert_eq!((names.len(), names.text(NONE)), (texts.len(), None));
    }

    proptest! {
        #[test]
        fn codes_are_those_of_a_plain_list(texts in proptest::collection::vec("[ab\0é]{0,30}", 0..200)) {
            let (mut names, mut list) = (Names::default(), Vec::<String>::new());
            for text in texts {
                let at = list.iter().position(|t| *t == text).unwrap_or_else(|| {
                    list.push(text.clone());
                    list.len() - 1
                });
                prop_assert_eq!(names.code(&text) as usize, at);
                prop_assert_eq!(names.text(names.code(&text)), Some(text.as_str()));
            }
            prop_assert_eq!(names.len(), list.len());
        }
    }
}

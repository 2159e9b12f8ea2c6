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
    /// Texts that were asked for lately, each in the one place its bytes lead to: most cells repeat another near them.
    lately: Vec<(Short, u32)>,
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

/// Built of whole words: bytes that were written one by one could not be loaded as words at once.
fn short(text: &[u8]) -> Short {
    let len = text.len();
    let mark = (len as u64) << 56;
    // The last word overlaps the one before it; what was there already is shifted out.
    match len {
        16..=SHORT => {
            let rest = if len == 16 { 0 } else { word(&text[len - 8..]) >> (8 * (24 - len)) };
            [word(text), word(&text[8..]), rest | mark]
        }
        8..16 => {
            let rest = if len == 8 { 0 } else { word(&text[len - 8..]) >> (8 * (16 - len)) };
            [word(text), rest, mark]
        }
        _ => [text.iter().rev().fold(0, |word, byte| (word << 8) | u64::from(*byte)), 0, mark],
    }
}

/// The first eight bytes.
fn word(text: &[u8]) -> u64 {
    text.first_chunk().copied().map_or(0, u64::from_le_bytes)
}

/// How many texts are kept at hand: they stay in the nearest cache.
const LATELY: usize = 2048;

#[allow(clippy::cast_possible_truncation)] // the upper bits
fn place(key: &Short) -> usize {
    let mixed = key[0] ^ key[1].rotate_left(21) ^ key[2].rotate_left(42);
    (mixed.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 53) as usize
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
            let place = place(&key);
            if let Some((other, code)) = self.lately.get(place)
                && *other == key
            {
                return *code;
            }
            let hash = hash_short(&key);
            let known = self.short.find(hash, |(other, _)| *other == key).map(|(_, code)| *code);
            let code = known.unwrap_or_else(|| {
                let code = self.push(text);
                self.short.insert_unique(hash, (key, code), |(key, _)| hash_short(key));
                code
            });
            if self.lately.is_empty() {
                // A length that no text has.
                self.lately.resize(LATELY, ([u64::MAX; 3], 0));
            }
            self.lately[place] = (key, code);
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
        let texts = [
            "",
            "a",
            "a\0",
            "b",
            "12345678901234567890123",
            "123456789012345678901234",
            "é",
            "a much longer text than that",
        ];
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
                let code = names.code(&text);
                prop_assert_eq!(names.text(code), Some(text.as_str()));
            }
            prop_assert_eq!(names.len(), list.len());
        }
    }
}

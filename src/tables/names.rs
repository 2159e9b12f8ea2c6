//! The dictionary of ids and words.
//!
//! In: texts. Out: [`Names`]: a code per distinct text, and its text again. Texts of up to 23 bytes, which is nearly every
//! id, are compared inside the hash table itself: a look-up is one or two cache misses, not four. A dictionary is divided
//! into [`SHARDS`] by the texts' hashes, so that several can be put together on all cores.

use std::hash::{BuildHasher, Hasher};

use foldhash::fast::FixedState;
use hashbrown::HashTable;
use rayon::prelude::*;

/// The dictionary of all ids and words: a code per distinct text. Codes depend on the order of reading, so nothing
/// that is printed may be sorted by them.
#[derive(Debug, Clone, Default)]
pub struct Names {
    /// Texts that were asked for lately, each in the one place its bytes lead to: most cells repeat another near them.
    lately: Vec<(Short, u32)>,
    shards: [Shard; SHARDS],
}

/// How many parts a dictionary has. The lowest bits of a code say in which one its text is.
pub const SHARDS: usize = 16;

/// How far a dictionary had grown: the number of texts in each shard.
pub type Mark = [u32; SHARDS];

#[derive(Debug, Clone, Default)]
struct Shard {
    short: HashTable<(Short, u32)>,
    long: HashTable<u32>,
    /// All texts, one after another.
    text: Vec<u8>,
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
    for word in key {
        hasher.write_u64(*word);
    }
    hasher.finish()
}

fn hash_long(text: &[u8]) -> u64 {
    HASHER.hash_one(text)
}

/// Bits that a hash table uses neither for places nor for tags.
#[allow(clippy::cast_possible_truncation)] // four bits
fn shard_of(hash: u64) -> usize {
    (hash >> 40) as usize % SHARDS
}

#[allow(clippy::cast_possible_truncation)] // 4 billion distinct texts do not fit in memory
fn code_of(shard: usize, at: u32) -> u32 {
    at * SHARDS as u32 + shard as u32
}

impl Shard {
    /// The place of a short text, new or known.
    fn short(&mut self, key: &Short, hash: u64, text: &[u8]) -> u32 {
        if let Some((_, at)) = self.short.find(hash, |(other, _)| other == key) {
            return *at;
        }
        let at = self.push(text);
        self.short.insert_unique(hash, (*key, at), |(key, _)| hash_short(key));
        at
    }

    /// The place of a long text, new or known.
    fn long(&mut self, hash: u64, text: &[u8]) -> u32 {
        if let Some(at) = self.long.find(hash, |at| self.text(*at) == Some(text)) {
            return *at;
        }
        let at = self.push(text);
        let Self { long, text, ends, .. } = self;
        long.insert_unique(hash, at, |at| hash_long(slice(text, ends, *at).unwrap_or_default()));
        at
    }

    #[allow(clippy::cast_possible_truncation)] // 4 billion distinct texts do not fit in memory
    fn push(&mut self, text: &[u8]) -> u32 {
        self.text.extend_from_slice(text);
        self.ends.push(self.text.len());
        self.ends.len() as u32 - 1
    }

    fn text(&self, at: u32) -> Option<&[u8]> {
        slice(&self.text, &self.ends, at)
    }
}

fn slice<'t>(text: &'t [u8], ends: &[usize], at: u32) -> Option<&'t [u8]> {
    let at = at as usize;
    let end = *ends.get(at)?;
    let start = if at == 0 { 0 } else { ends[at - 1] };
    text.get(start..end)
}

impl Names {
    /// The code of a text, new or known.
    pub fn code(&mut self, text: &str) -> u32 {
        self.code_of_bytes(text.as_bytes())
    }

    /// The code of a text that is known to be UTF-8.
    pub fn code_of_bytes(&mut self, text: &[u8]) -> u32 {
        if text.len() > SHORT {
            let hash = hash_long(text);
            let shard = shard_of(hash);
            return code_of(shard, self.shards[shard].long(hash, text));
        }
        let key = short(text);
        let place = place(&key);
        if let Some((other, code)) = self.lately.get(place)
            && *other == key
        {
            return *code;
        }
        let hash = hash_short(&key);
        let shard = shard_of(hash);
        let code = code_of(shard, self.shards[shard].short(&key, hash, text));
        if self.lately.is_empty() {
            // A length that no text has.
            self.lately.resize(LATELY, ([u64::MAX; 3], 0));
        }
        self.lately[place] = (key, code);
        code
    }

    /// The code of a text, if it is known.
    pub fn known(&self, text: &str) -> Option<u32> {
        let text = text.as_bytes();
        if text.len() > SHORT {
            let hash = hash_long(text);
            let shard = &self.shards[shard_of(hash)];
            return shard.long.find(hash, |at| shard.text(*at) == Some(text)).map(|at| code_of(shard_of(hash), *at));
        }
        let key = short(text);
        let hash = hash_short(&key);
        let found = self.shards[shard_of(hash)].short.find(hash, |(other, _)| *other == key);
        found.map(|(_, at)| code_of(shard_of(hash), *at))
    }

    /// The text of a code; `None` for [`NONE`](super::NONE).
    pub fn text(&self, code: u32) -> Option<&str> {
        let text = self.shards[code as usize % SHARDS].text(code / u32::try_from(SHARDS).unwrap_or(1))?;
        std::str::from_utf8(text).ok()
    }

    /// One above the highest code there may be.
    pub fn bound(&self) -> usize {
        self.shards.iter().map(|shard| shard.ends.len()).max().unwrap_or(0) * SHARDS
    }

    /// How far it has grown.
    #[allow(clippy::cast_possible_truncation)] // 4 billion distinct texts do not fit in memory
    pub fn mark(&self) -> Mark {
        std::array::from_fn(|shard| self.shards[shard].ends.len() as u32)
    }

    /// Adds the texts of other dictionaries, in the order of the given spans (which dictionary, from where, to where). Gives,
    /// for each dictionary, the codes that its codes have become here; [`NONE`](super::NONE) for those in no span.
    pub fn take_in(&mut self, others: &[Self], spans: &[(usize, Mark, Mark)]) -> Vec<Vec<u32>> {
        let by_shard: Vec<Vec<Vec<u32>>> = self
            .shards
            .par_iter_mut()
            .enumerate()
            .map(|(number, shard)| {
                let len = |other: &Self| other.shards[number].ends.len();
                let mut codes: Vec<Vec<u32>> = others.iter().map(|other| vec![super::NONE; len(other)]).collect();
                for (other, from, to) in spans {
                    for at in from[number]..to[number] {
                        let text = others[*other].shards[number].text(at).unwrap_or_default();
                        let here = if text.len() > SHORT {
                            shard.long(hash_long(text), text)
                        } else {
                            let key = short(text);
                            shard.short(&key, hash_short(&key), text)
                        };
                        codes[*other][at as usize] = code_of(number, here);
                    }
                }
                codes
            })
            .collect();
        let flat = |(index, other): (usize, &Self)| {
            let code = |at: usize| by_shard[at % SHARDS][index].get(at / SHARDS).copied().unwrap_or(super::NONE);
            (0..other.bound()).map(code).collect()
        };
        others.par_iter().enumerate().map(|(index, other)| flat((index, other))).collect()
    }
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
            "1234567",
            "12345678",
            "123456789",
            "1234567890123456",
            "12345678901234567",
            "12345678901234567890123",
            "123456789012345678901234",
            "é",
            "a much longer text than that",
        ];
        let codes = texts.map(|text| {
            assert_eq!(names.known(text), None, "{text:?}");
            names.code(text)
        });
        for (text, code) in texts.into_iter().zip(codes) {
            assert_eq!((names.code(text), names.known(text), names.text(code)), (code, Some(code), Some(text)));
            assert!((code as usize) < names.bound());
        }
        let distinct: std::collections::BTreeSet<u32> = codes.into_iter().collect();
        assert_eq!((distinct.len(), names.text(NONE)), (texts.len(), None));
    }

    proptest! {
        #[test]
        fn a_text_has_one_code_whichever_dictionary_it_was_in(
            texts in proptest::collection::vec("[ab\0é]{0,30}", 0..200), cut in 0_usize..200
        ) {
            let mut others = [Names::default(), Names::default()];
            let (mut spans, mut read) = (Vec::new(), Vec::new());
            for (at, chunk) in texts.chunks(7).enumerate() {
                let of = usize::from(at > cut / 7 || at % 3 == 0);
                let from = others[of].mark();
                read.extend(chunk.iter().map(|text| (of, others[of].code(text), text)));
                spans.push((of, from, others[of].mark()));
            }
            let mut all = Names::default();
            let codes = all.take_in(&others, &spans);
            let mut known = std::collections::BTreeMap::new();
            for (of, code, text) in read {
                let code = codes[of][code as usize];
                prop_assert_eq!(all.text(code), Some(text.as_str()));
                prop_assert_eq!(*known.entry(text).or_insert(code), code);
            }
        }
    }
}

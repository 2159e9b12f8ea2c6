//! Where a record stands in its file, as a person would look it up.
//!
//! In: what is known of the files, and records by file and byte offset in the file's decoded text. Out: line numbers. Each
//! file is read once more, up to its last wanted record; what cannot be read again (a pipe, a file that has gone) has no lines.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufRead, BufReader};

use sha2::{Digest, Sha256};

use super::container::{self, Member};
use super::open::hex;
use super::{FileFacts, decode, records};
use crate::tables::Origin;

/// Places that are remembered for each reason for which rows of a file are set aside.
pub const EXAMPLES: usize = 3;

/// Offsets of the first records that were set aside, by reason.
pub type AsideAt = BTreeMap<String, Vec<u64>>;

/// Remembers the place of a record that was set aside, if it is among the first.
pub fn remember(places: &mut AsideAt, reason: &str, offset: u64) {
    match places.get_mut(reason) {
        Some(first) => keep_smallest(first, offset),
        None => drop(places.insert(reason.to_string(), vec![offset])),
    }
}

/// Keeps the [`EXAMPLES`] smallest offsets, in order, each once.
pub fn keep_smallest(first: &mut Vec<u64>, offset: u64) {
    if first.len() == EXAMPLES && first.last().is_some_and(|last| *last <= offset) {
        return;
    }
    if let Err(at) = first.binary_search(&offset) {
        first.insert(at, offset);
        first.truncate(EXAMPLES);
    }
}

/// The line, from 1, on which each record starts; `None` where the file cannot be read again.
pub fn lines(files: &[FileFacts], origins: &[Origin]) -> Vec<Option<u64>> {
    let mut wanted: BTreeMap<u32, Vec<(u64, usize)>> = BTreeMap::new();
    for (at, origin) in origins.iter().enumerate() {
        wanted.entry(origin.file()).or_default().push((origin.offset(), at));
    }
    let mut lines = vec![None; origins.len()];
    for (file, mut of_file) in wanted {
        let Some(facts) = files.get(file as usize) else { continue };
        of_file.sort_unstable();
        let offsets: Vec<u64> = of_file.iter().map(|(offset, _)| *offset).collect();
        for ((_, at), line) in of_file.iter().zip(of_one(facts, &offsets).unwrap_or_default()) {
            lines[*at] = line;
        }
    }
    lines
}

/// The line of one record; `None` where the file cannot be read again.
pub fn line(facts: &FileFacts, offset: u64) -> Option<u64> {
    of_one(facts, &[offset])?.first().copied().flatten()
}

/// The lines of one file's records, whose offsets are in order.
fn of_one(facts: &FileFacts, offsets: &[u64]) -> Option<Vec<Option<u64>>> {
    // A pipe gives its bytes once, and opening it again could wait forever.
    if !std::fs::metadata(&facts.path).ok()?.is_file() {
        return None;
    }
    let mut reader = BufReader::with_capacity(1 << 16, File::open(&facts.path).ok()?);
    if facts.encoding == "UTF-8" && !container::is_packed(reader.fill_buf().ok()?) {
        return of_utf8(reader, offsets);
    }
    drop(reader);
    let text = text(facts)?;
    let mut lines = records::Lines::of(&text);
    Some(offsets.iter().map(|offset| (*offset < text.len() as u64).then(|| lines.at(*offset))).collect())
}

/// A file's decoded text, read again; `None` where it cannot be.
fn text(facts: &FileFacts) -> Option<Vec<u8>> {
    if !std::fs::metadata(&facts.path).ok()?.is_file() {
        return None;
    }
    let bytes = std::fs::read(&facts.path).ok()?;
    let limit = (bytes.len() as u64).saturating_mul(100).max(1 << 28);
    let held = container::open(&bytes, limit).ok()?.members.into_iter();
    let same = |m: &Member<'_>| m.name.is_empty() || hex(&Sha256::digest(&m.bytes)) == facts.input.sha256;
    let member = held.into_iter().find(same)?;
    let sheet = member.note.is_some_and(|note| note.starts_with("sheet"));
    let decoded = match facts.said_encoding.as_ref().filter(|_| !sheet) {
        Some(label) => decode::decode_as(&member.bytes, label),
        None => decode::decode(&member.bytes),
    };
    decoded.ok().map(|decoded| decoded.text.into_owned())
}

/// What a file says, whatever its line ends, encoding and packing: the hash of its text with line feeds.
pub fn content(facts: &FileFacts) -> Option<String> {
    let text = text(facts)?;
    let mut sha = Sha256::new();
    let mut rest = text.as_slice();
    while let Some(at) = memchr::memmem::find(rest, b"\r\n") {
        sha.update(&rest[..at]);
        rest = &rest[at + 1..];
    }
    sha.update(rest.trim_ascii_end());
    Some(hex(&sha.finalize()))
}

/// Counts lines without holding the file: its text is its bytes, but for the byte-order mark.
fn of_utf8(mut reader: impl BufRead, offsets: &[u64]) -> Option<Vec<Option<u64>>> {
    let mark = reader.fill_buf().ok()?.starts_with(b"\xef\xbb\xbf");
    if mark {
        reader.consume(3);
    }
    let mut counter = Counter { reader, position: 0, feeds: 0, returns: 0 };
    let mut lines = Vec::with_capacity(offsets.len());
    for offset in offsets {
        lines.push(counter.line(*offset).ok()?);
    }
    Some(lines)
}

struct Counter<R> {
    reader: R,
    position: u64,
    feeds: u64,
    returns: u64,
}

impl<R: BufRead> Counter<R> {
    fn line(&mut self, offset: u64) -> std::io::Result<Option<u64>> {
        while self.position < offset {
            let chunk = self.reader.fill_buf()?;
            if chunk.is_empty() {
                return Ok(None);
            }
            let rest = usize::try_from(offset - self.position).unwrap_or(usize::MAX);
            let len = chunk.len().min(rest);
            self.feeds += memchr::memchr_iter(b'\n', &chunk[..len]).count() as u64;
            self.returns += memchr::memchr_iter(b'\r', &chunk[..len]).count() as u64;
            self.reader.consume(len);
            self.position += len as u64;
        }
        // A record's offset may stand before the blank lines above it.
        loop {
            match self.reader.fill_buf()?.first() {
                Some(b'\n') => self.feeds += 1,
                Some(b'\r') => self.returns += 1,
                Some(_) => break,
                None => return Ok(None),
            }
            self.reader.consume(1);
            self.position += 1;
        }
        Ok(Some(1 + if self.feeds > 0 { self.feeds } else { self.returns }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn lines_are_those_that_an_editor_shows() {
        let text = "\u{feff}id,note\n1,a\n2,\"two\nlines\"\n\n3,c\n";
        let body = text.trim_start_matches('\u{feff}');
        let at = |what: &str| body.find(what).unwrap() as u64;
        let offsets = [at("1,a"), at("2,"), at("\n3,c"), at("3,c")];
        let lines = of_utf8(text.as_bytes(), &offsets).unwrap();
        assert_eq!(lines, [Some(2), Some(3), Some(6), Some(6)]);
        assert_eq!(of_utf8(text.as_bytes(), &[10_000]).unwrap(), [None]);
    }

    #[test]
    fn the_lines_of_an_old_macintosh_count_too() {
        assert_eq!(of_utf8(&b"id\r1\r2\r"[..], &[3, 5]).unwrap(), [Some(2), Some(3)]);
    }

    #[test]
    fn only_the_first_places_are_remembered() {
        let mut places = AsideAt::new();
        for offset in [50, 10, 40, 10, 30, 20] {
            remember(&mut places, "no deal_id", offset);
        }
        assert_eq!(places["no deal_id"], [10, 20, 30]);
    }

    proptest! {
        #[test]
        fn counting_in_chunks_is_counting_at_once(
            text in proptest::collection::vec(proptest::sample::select(b"ab,\n\n".to_vec()), 1..200),
            chunk in 1..20_usize,
        ) {
            let offsets: Vec<u64> = (0..text.len() as u64)
                .filter(|at| text[usize::try_from(*at).unwrap()..].iter().any(|b| !matches!(b, b'\n' | b'\r')))
                .collect();
            let lines = of_utf8(BufReader::with_capacity(chunk.max(3), &text[..]), &offsets).unwrap();
            for (offset, line) in offsets.iter().zip(lines) {
                prop_assert_eq!(line, Some(records::line_at(&text, *offset)));
            }
        }
    }
}

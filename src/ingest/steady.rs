//! What can be wrong with a file besides what it says: it changes under the reader, or has no end of line.
//!
//! In: paths and open files. Out: [`Seen`], to tell whether a file is still the one that was opened; bytes that are held only
//! while they look like lines.

use std::fs;
use std::io::{Error, Read};
use std::path::Path;
use std::time::SystemTime;

use super::container;
use crate::issue::{Issue, Place};

/// No record is longer: without a limit, one quote that is never closed takes in all of a file that no memory holds.
pub const RECORD: usize = 64 << 20;

/// A file as it was before it was read.
#[derive(Debug, PartialEq, Eq)]
pub struct Seen {
    len: u64,
    modified: Option<SystemTime>,
    /// Device and inode: another file may have taken the name.
    identity: (u64, u64),
}

impl Seen {
    /// `None` for what is no file that could be read twice.
    pub fn of(path: &Path) -> Option<Self> {
        let about = fs::metadata(path).ok().filter(fs::Metadata::is_file)?;
        #[cfg(unix)]
        let identity = {
            use std::os::unix::fs::MetadataExt;
            (about.dev(), about.ino())
        };
        #[cfg(not(unix))]
        let identity = (0, 0);
        Some(Self { len: about.len(), modified: about.modified().ok(), identity })
    }

    /// What is to be said when a file is no longer the one that it was.
    pub fn changed(&self, path: &Path, shown: &str) -> Option<Issue> {
        let what = match Self::of(path) {
            Some(now) if now == *self => return None,
            Some(now) if now.identity != self.identity => "was replaced by another file while it was read",
            Some(_) => "changed while it was read",
            None => "was taken away while it was read",
        };
        Some(Issue::run(Place::file(shown), what).hint(
            "run again when nothing writes to it; an export that is written under another name and then renamed is \
             never seen half",
        ))
    }
}

/// Why bytes were not read to their end.
#[derive(Debug)]
pub enum Halt {
    /// The system's reason.
    Io(Error),
    /// This line is longer than [`RECORD`].
    TooLong(u64),
}

/// Reads to the end, behind what is in `bytes` already; stops where text goes on and on without the end of a line.
pub fn read_on(mut file: impl Read, bytes: &mut Vec<u8>) -> Result<(), Halt> {
    const CHUNK: u64 = 8 << 20;
    let mut feed = memchr::memrchr2(b'\n', b'\r', bytes).map_or(0, |at| at + 1);
    loop {
        let before = bytes.len();
        if file.by_ref().take(CHUNK).read_to_end(bytes).map_err(Halt::Io)? == 0 {
            return Ok(());
        }
        if let Some(at) = memchr::memrchr2(b'\n', b'\r', &bytes[before..]) {
            feed = before + at + 1;
        } else if bytes.len() - feed > RECORD && !container::is_packed(bytes) {
            return Err(Halt::TooLong(1 + memchr::memchr_iter(b'\n', &bytes[..feed]).count() as u64));
        }
    }
}

/// The same, said.
pub fn too_long(shown: &str, line: Option<u64>) -> Issue {
    let place = Place { file: Some(shown.to_string()), line, column: None };
    let what = format!("the record that begins here is longer than {} MiB", RECORD >> 20);
    Issue::data(place, what)
        .hint("close the quote in which it begins, or export the file again: no row of an export is that long")
}

/// Follows quotes through text by the rules of the `csv` crate, piece by piece.
#[derive(Debug, Clone, Copy)]
pub struct Quotes {
    delimiter: u8,
    inside: bool,
    /// At the beginning of a cell: only there a quote opens.
    start: bool,
    /// Behind a quote inside quotes, which another one makes a character.
    closing: bool,
}

impl Quotes {
    /// At the beginning of a record.
    pub fn new(delimiter: u8) -> Self {
        Self { delimiter, inside: false, start: true, closing: false }
    }

    /// The first end of a record in the next piece of text: the position behind it.
    pub fn end(&mut self, text: &[u8]) -> Option<usize> {
        let mut at = 0;
        while at < text.len() {
            if self.inside && !self.closing {
                let quote = memchr::memchr(b'"', &text[at..])?;
                at += quote + 1;
                self.closing = true;
                continue;
            }
            let byte = text[at];
            at += 1;
            if self.closing {
                self.closing = false;
                if byte == b'"' {
                    continue;
                }
                self.inside = false;
            }
            if byte == b'\n' || byte == b'\r' {
                self.start = true;
                return Some(at);
            }
            self.inside = self.start && byte == b'"';
            self.start = byte == self.delimiter;
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    #[test]
    fn a_file_is_told_from_what_it_becomes() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.csv");
        let said = |seen: &Seen| seen.changed(&path, "a.csv").map(|issue| (issue.fault.code(), issue.what));
        fs::write(&path, "a\n").unwrap();
        let seen = Seen::of(&path).unwrap();
        assert_eq!(said(&seen), None);
        fs::OpenOptions::new().append(true).open(&path).unwrap().write_all(b"b\n").unwrap();
        assert_eq!(said(&seen), Some((1, "changed while it was read".into())));
        let seen = Seen::of(&path).unwrap();
        fs::write(folder.path().join("b.csv"), "a\nb\n").unwrap();
        fs::rename(folder.path().join("b.csv"), &path).unwrap();
        assert_eq!(said(&seen), Some((1, "was replaced by another file while it was read".into())));
        let seen = Seen::of(&path).unwrap();
        fs::remove_file(&path).unwrap();
        assert_eq!(said(&seen), Some((1, "was taken away while it was read".into())));
        assert_eq!(Seen::of(folder.path()), None);
    }

    #[test]
    fn text_without_the_end_of_a_line_is_not_held() {
        let mut bytes = b"head\nrow\n".to_vec();
        assert!(matches!(read_on(std::io::repeat(0), &mut bytes), Err(Halt::TooLong(3))));
        assert!(bytes.len() < RECORD + (32 << 20));
        let mut bytes = b"\x1f\x8b\x08".to_vec();
        let packed = std::io::repeat(0).take(80 << 20);
        assert!(read_on(packed, &mut bytes).is_ok() && bytes.len() == (80 << 20) + 3);
        let mut bytes = Vec::new();
        let lines = std::io::repeat(b'\n').take(80 << 20);
        assert!(read_on(lines, &mut bytes).is_ok() && bytes.len() == 80 << 20);
    }

    #[test]
    fn records_end_where_the_csv_crate_says() {
        for text in
            ["a,b\nc\n", "\"a\nb\",c\nd\n", "5\" pipe,x\ny\n", "\"a\"\"\nb\",c\nd", "\"a\"b\"\nc\n", ",\"\n\"\nx"]
        {
            let mut reader = csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(text.as_bytes());
            let mut record = csv::ByteRecord::new();
            assert!(reader.read_byte_record(&mut record).unwrap());
            let end = usize::try_from(reader.position().byte()).unwrap();
            for cut in 0..text.len() {
                let mut quotes = Quotes::new(b',');
                let found = quotes
                    .end(&text.as_bytes()[..cut])
                    .or_else(|| quotes.end(&text.as_bytes()[cut..]).map(|at| at + cut));
                assert_eq!(found, Some(end), "{text:?} cut at {cut}");
            }
        }
        assert_eq!(Quotes::new(b',').end(b"\"never closed\n\n"), None);
    }
}

//! A file's text, in memory or left on the disk.
//!
//! In: the file. Out: [`Body`], from which the text is taken in [`Block`]s of a few mebibytes that begin and end with a
//! record. A file in UTF-8, however large, is never in memory as a whole; what has to be unpacked or decoded is.

use std::borrow::Cow;
use std::fs::File;
use std::io::{Error, ErrorKind, Read, Result, Seek, SeekFrom};
use std::time::SystemTime;

use super::steady::{Quotes, RECORD};

/// Where the text is.
pub enum Body {
    /// Decoded, in memory.
    Memory(Vec<u8>),
    /// UTF-8 in a file, behind a byte-order mark if there is one.
    Disk {
        /// The file, open.
        file: File,
        /// Bytes before the text.
        skip: u64,
        /// Bytes of text.
        len: u64,
        /// When it was last changed.
        modified: Option<SystemTime>,
    },
}

/// How much is taken at once.
pub const BLOCK: usize = 4 << 20;

/// A piece of text that begins with a record and ends behind one.
pub struct Block<'b> {
    /// Its bytes.
    pub text: &'b [u8],
    /// It is the last one.
    pub last: bool,
}

impl Body {
    /// Bytes of text.
    pub fn len(&self) -> u64 {
        match self {
            Self::Memory(text) => text.len() as u64,
            Self::Disk { len, .. } => *len,
        }
    }

    /// The block that begins at `at`, where a record begins; of at least `size` bytes, unless it is the last. A block grows
    /// until a record ends in it. `buf` holds what comes from the disk.
    ///
    /// # Errors
    /// A file that cannot be read, or that has become shorter or was written to meanwhile; [`ErrorKind::FileTooLarge`] for a
    /// record that does not end, [`ErrorKind::InvalidData`] for one that does so only by the rules of the careful reader.
    pub fn block<'b>(&'b self, at: u64, size: usize, delimiter: u8, buf: &'b mut Vec<u8>) -> Result<Block<'b>> {
        let mut size = size as u64;
        // The end of a file stays in one piece: a report's footer is looked for there.
        let tail = size / 16;
        loop {
            let left = self.len() - at;
            let take = if left < size.saturating_add(tail) { left } else { size };
            let last = take == left;
            let text = self.bytes(at, take, buf)?;
            let end = if last { Some(text.len()) } else { end_of_records(text) };
            if let Some(end) = end {
                if last {
                    self.unchanged()?;
                }
                // Asked for again, as the borrow above ends with the loop.
                let text = match self {
                    Self::Memory(text) => &text[usize_of(at)..],
                    Self::Disk { .. } => buf.as_slice(),
                };
                return Ok(Block { text: &text[..end], last });
            }
            if size >= RECORD as u64 {
                // Quotes that are malformed hide the ends of records.
                let hidden = Quotes::new(delimiter).end(text).is_some();
                return Err(if hidden { ErrorKind::InvalidData } else { ErrorKind::FileTooLarge }.into());
            }
            size = size.saturating_mul(4);
        }
    }

    /// Where, from `at` on, a record begins that does not end within [`RECORD`] bytes, by the rules of the careful reader.
    ///
    /// # Errors
    /// A file that cannot be read.
    pub fn endless(&self, at: u64, delimiter: u8) -> Result<Option<u64>> {
        let (mut at, mut begins) = (at, at);
        let mut quotes = Quotes::new(delimiter);
        let mut buf = Vec::new();
        while at < self.len() {
            let take = (self.len() - at).min(BLOCK as u64);
            let mut text = self.bytes(at, take, &mut buf)?;
            while let Some(end) = quotes.end(text) {
                text = &text[end..];
                begins = at + take - text.len() as u64;
            }
            at += take;
            if at - begins > RECORD as u64 {
                return Ok(Some(begins));
            }
        }
        Ok(None)
    }

    fn bytes<'b>(&'b self, at: u64, take: u64, buf: &'b mut Vec<u8>) -> Result<&'b [u8]> {
        match self {
            Self::Memory(text) => Ok(&text[usize_of(at)..usize_of(at + take)]),
            Self::Disk { file, skip, .. } => {
                buf.resize(usize_of(take), 0);
                let mut file = file;
                file.seek(SeekFrom::Start(skip + at))?;
                file.read_exact(buf).map_err(|error| match error.kind() {
                    ErrorKind::UnexpectedEof => Error::other("became shorter while it was read"),
                    _ => error,
                })?;
                Ok(buf)
            }
        }
    }

    fn unchanged(&self) -> Result<()> {
        let Self::Disk { file, skip, len, modified } = self else { return Ok(()) };
        let now = file.metadata()?;
        let same = now.len() == skip + len && now.modified().ok() == *modified;
        if same { Ok(()) } else { Err(Error::other("was written to while it was read")) }
    }

    /// The whole text.
    ///
    /// # Errors
    /// A file that cannot be read.
    pub fn all(&self) -> Result<Cow<'_, [u8]>> {
        match self {
            Self::Memory(text) => Ok(Cow::Borrowed(text)),
            Self::Disk { len, .. } => {
                let mut buf = Vec::new();
                self.bytes(0, *len, &mut buf)?;
                Ok(Cow::Owned(buf))
            }
        }
    }
}

/// Behind the last newline that an even number of quotes stands before, counted from the beginning, where a record begins.
/// That is the end of a record in well-formed text; any other is found malformed there, and read in one piece.
fn end_of_records(text: &[u8]) -> Option<usize> {
    let mut quotes = memchr::memchr_iter(b'"', text).count();
    for at in memchr::memrchr2_iter(b'"', b'\n', text) {
        if text[at] == b'"' {
            quotes -= 1;
        } else if quotes.is_multiple_of(2) {
            return Some(at + 1);
        }
    }
    None
}

fn usize_of(n: u64) -> usize {
    usize::try_from(n).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    fn disk(bytes: &[u8], skip: u64) -> Body {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(bytes).unwrap();
        let modified = file.metadata().unwrap().modified().ok();
        Body::Disk { file, skip, len: bytes.len() as u64 - skip, modified }
    }

    fn blocks(body: &Body, at: u64, size: usize) -> Vec<(u64, Vec<u8>, bool)> {
        let (mut at, mut out) = (at, Vec::new());
        loop {
            let mut buf = Vec::new();
            let block = body.block(at, size, b',', &mut buf).unwrap();
            out.push((at, block.text.to_vec(), block.last));
            at += block.text.len() as u64;
            if block.last {
                return out;
            }
        }
    }

    #[test]
    fn blocks_cover_the_text_and_end_with_records() {
        let row = "id,\"a text with, a \"\"quote\"\" and\na newline\",7\n";
        let text = format!("\u{feff}head\n{}", row.repeat(20_000)).into_bytes();
        let memory = Body::Memory(text[3..].to_vec());
        for body in [disk(&text, 3), memory] {
            let found = blocks(&body, 5, 1000);
            assert!(found.len() > 300, "{}", found.len());
            let mut at = 5;
            for (start, block, last) in &found {
                assert_eq!(*start, at);
                at += block.len() as u64;
                assert_eq!(block.len() % row.len(), 0);
                assert_eq!(*last, at == body.len());
            }
            assert_eq!(body.all().unwrap().len(), text.len() - 3);
        }
    }

    #[test]
    fn a_block_grows_until_a_record_ends() {
        let long = format!("\"{}\",1\n", "x\n".repeat(300_000));
        let text = format!("{long}{}", "a,b\n".repeat(200_000));
        let found = blocks(&disk(text.as_bytes(), 0), 0, 64);
        assert!(found[0].1.starts_with(long.as_bytes()));
        assert_eq!(found.iter().map(|(_, block, _)| block.len()).sum::<usize>(), text.len());
    }

    #[test]
    fn a_file_that_changes_is_an_error() {
        let Body::Disk { file, skip, len, modified } = disk(&b"a,b\n".repeat(10), 0) else { panic!() };
        file.set_len(8).unwrap();
        let body = Body::Disk { file, skip, len, modified };
        let error = body.block(0, BLOCK, b',', &mut Vec::new()).err().unwrap();
        assert_eq!(error.to_string(), "became shorter while it was read");
        let Body::Disk { mut file, skip, len, .. } = body else { panic!() };
        file.seek(SeekFrom::End(0)).unwrap();
        file.write_all(&b"c,d\n".repeat(20)).unwrap();
        let body = Body::Disk { file, skip, len, modified: None };
        let error = body.block(0, BLOCK, b',', &mut Vec::new()).err().unwrap();
        assert_eq!(error.to_string(), "was written to while it was read");
    }
}

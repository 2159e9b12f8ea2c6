//! All files' text → parts: the walk over every byte, once, on all cores.
//!
//! In: opened files. Out: [`Walked`]: for each file its [`Part`]s in order, or what stopped it, and the dictionaries of
//! their codes. The files are one long row of blocks. Each thread takes the next block (reading and hashing it is a matter
//! of one thread at a time), turns its records into a part, and comes back for another: no thread waits for the
//! largest file, and what is in memory at once is one block per thread and the columns.
//!
//! A thread's blocks are in order. So the texts that are new to a thread in a block hold all texts that are new to the files
//! there, and giving out final codes block by block (in `merge`) makes them the same in every run. That goes for every
//! block that was read, also of a file that has to be read again: a later block may have its texts, too.

use std::io::ErrorKind;
use std::ops::Range;
use std::sync::Mutex;

use sha2::{Digest, Sha256};

use super::BadRows;
use super::body::{BLOCK, Body};
use super::decode;
use super::open::{Opened, Use};
use super::part::Part;
use super::read::Reader;
use super::records::{self, Trouble};
use crate::progress::Progress;
use crate::tables::{Mark, Names};

/// What one file's text gave.
#[derive(Default)]
pub struct OfFile {
    /// Its parts, in order; none of a file that is only counted.
    pub parts: Vec<Part>,
    /// Records of a file that is only counted.
    pub counted: u64,
    /// Byte offset of each row after the data, and why it is no data.
    pub footer: Vec<(u64, &'static str)>,
    /// SHA-256 of a file that came from the disk, in hex.
    pub sha256: Option<String>,
    /// What stopped it.
    pub trouble: Option<Stop>,
}

/// What stops the reading of a file.
#[derive(Debug)]
pub enum Stop {
    /// Its records: read it again in one piece, or a quote that is never closed.
    Records(Trouble),
    /// It is not UTF-8 throughout: read it again, decoded in memory.
    NotUtf8,
    /// It cannot be read.
    Io(std::io::Error),
    /// The record at this byte offset does not end.
    TooLong(u64),
}

/// What all files' text gave.
#[derive(Default)]
pub struct Walked {
    /// One per file, in their order.
    pub files: Vec<OfFile>,
    /// The dictionaries of the parts.
    pub names: Vec<Names>,
    /// For every block, in order, what it added to which dictionary.
    pub spans: Vec<Span>,
}

/// Which dictionary grew in a block, from where and to where.
pub type Span = (usize, Mark, Mark);

/// Where the next block begins.
struct Next<'f> {
    files: std::iter::Peekable<std::iter::Enumerate<std::slice::Iter<'f, Opened>>>,
    at: u64,
    sha: Sha256,
}

struct Shared<'f> {
    next: Mutex<Next<'f>>,
    done: Mutex<Walked>,
    /// Spans with the index of the file and the byte offset of the block.
    spans: Mutex<Vec<(usize, u64, Span)>>,
    bad: BadRows,
    progress: &'f Progress,
}

/// Reads all files. `dictionaries` is how many there are already; parts count theirs from there.
pub fn walk(files: &[Opened], bad: BadRows, dictionaries: usize, progress: &Progress) -> Walked {
    let shared = Shared {
        next: Mutex::new(Next { files: files.iter().enumerate().peekable(), at: 0, sha: Sha256::new() }),
        done: Mutex::new(Walked {
            files: files.iter().map(|_| OfFile::default()).collect(),
            names: Vec::new(),
            spans: Vec::new(),
        }),
        spans: Mutex::new(Vec::new()),
        bad,
        progress,
    };
    let size: u64 = files.iter().map(|f| f.body.len()).sum();
    progress.expect(size);
    let threads = if size < 1 << 20 { 1 } else { rayon::current_num_threads() };
    rayon::scope(|scope| {
        for thread in 0..threads {
            let shared = &shared;
            scope.spawn(move |_| shared.work(dictionaries + thread, dictionaries));
        }
    });
    let mut walked = shared.done.into_inner().unwrap_or_default();
    for file in &mut walked.files {
        file.parts.sort_by_key(|part| part.at);
    }
    let mut spans = shared.spans.into_inner().unwrap_or_default();
    spans.sort_by_key(|(file, at, _)| (*file, *at));
    walked.spans = spans.into_iter().map(|(_, _, span)| span).collect();
    walked
}

/// A block that a thread has taken.
struct Taken<'f> {
    index: usize,
    file: &'f Opened,
    at: u64,
    text: Range<usize>,
    last: bool,
}

impl<'f> Shared<'f> {
    fn work(&self, dictionary: usize, first: usize) {
        let mut names = Names::default();
        let mut buf = Vec::new();
        let mut rows = 0;
        while let Some(taken) = self.take(&mut buf) {
            let text: &[u8] = match &taken.file.body {
                Body::Memory(text) => &text[taken.text.clone()],
                Body::Disk { .. } => &buf[taken.text.clone()],
            };
            let before = names.mark();
            let outcome = read_block(&taken, text, self.bad, &mut names, rows);
            if let Ok(mut spans) = self.spans.lock() {
                spans.push((taken.index, taken.at, (dictionary, before, names.mark())));
            }
            let Ok(mut done) = self.done.lock() else { return };
            let file = &mut done.files[taken.index];
            match outcome {
                Ok((part, counted, footer)) => {
                    file.counted += counted;
                    if taken.last {
                        file.footer = footer;
                    }
                    if let Some(mut part) = part {
                        rows = part.offsets.len();
                        part.dictionary = dictionary;
                        file.parts.push(part);
                    }
                }
                Err(stop) => file.trouble = Some(stop),
            }
        }
        if let Ok(mut done) = self.done.lock() {
            let at = dictionary - first;
            let len = done.names.len().max(at + 1);
            done.names.resize_with(len, Names::default);
            done.names[at] = names;
        }
    }

    /// The next block, with its text in `buf` where it comes from the disk.
    fn take(&self, buf: &mut Vec<u8>) -> Option<Taken<'f>> {
        let mut next = self.next.lock().ok()?;
        loop {
            let (index, file) = *next.files.peek()?;
            let start = file.data_at as u64;
            if next.at < start {
                next.at = start;
                next.sha = Sha256::new();
                if let Some(head) = &file.head {
                    next.sha.update(head);
                }
            }
            let at = next.at;
            let size = if file.careful { usize::MAX } else { BLOCK };
            let endless = if file.careful { file.body.endless(at, file.delimiter) } else { Ok(None) };
            let block = match endless {
                Ok(None) => file.body.block(at, size, file.delimiter, buf).map_err(|error| match error.kind() {
                    ErrorKind::FileTooLarge => Stop::TooLong(at),
                    ErrorKind::InvalidData => Stop::Records(Trouble::Malformed),
                    _ => Stop::Io(error),
                }),
                Ok(Some(begins)) => Err(Stop::TooLong(begins)),
                Err(error) => Err(Stop::Io(error)),
            };
            let (text, last, hash) = match block {
                Ok(block) => {
                    if file.head.is_some() {
                        next.sha.update(block.text);
                    }
                    let begin = if file.head.is_some() { 0 } else { usize::try_from(at).unwrap_or(usize::MAX) };
                    (begin..begin + block.text.len(), block.last, file.head.is_some())
                }
                Err(stop) => {
                    self.stop(index, stop);
                    next.at = 0;
                    next.files.next();
                    continue;
                }
            };
            next.at += text.len() as u64;
            self.progress.done(text.len() as u64);
            if last {
                if hash {
                    let digest = std::mem::take(&mut next.sha).finalize();
                    if let Ok(mut done) = self.done.lock() {
                        done.files[index].sha256 = Some(super::open::hex(&digest));
                    }
                }
                next.at = 0;
                next.files.next();
            }
            return Some(Taken { index, file, at, text, last });
        }
    }

    fn stop(&self, index: usize, stop: Stop) {
        if let Ok(mut done) = self.done.lock() {
            done.files[index].trouble = Some(stop);
        }
    }
}

type OfBlock = (Option<Part>, u64, Vec<(u64, &'static str)>);

fn read_block(taken: &Taken<'_>, text: &[u8], bad: BadRows, names: &mut Names, rows: usize) -> Result<OfBlock, Stop> {
    let file = taken.file;
    if file.head.is_some() && (std::str::from_utf8(text).is_err() || memchr::memchr(0, text).is_some()) {
        return Err(Stop::NotUtf8);
    }
    let each = |text: &[u8], visit: &mut dyn FnMut(u64, records::Record<'_>)| {
        if file.careful {
            records::careful(text, file.delimiter, visit)
        } else {
            records::plain(text, file.delimiter, visit)
        }
    };
    let Use::Rows(plan) = &file.used else {
        let mut counted = 0;
        // An open quote is no matter in a file that is not used.
        let trouble = each(text, &mut |_, _| counted += 1);
        return match trouble {
            Err(Trouble::Malformed) => Err(Stop::Records(Trouble::Malformed)),
            _ => Ok((None, counted, Vec::new())),
        };
    };
    let mut end = text.len();
    let mut footer = Vec::new();
    if taken.last {
        let found = decode::footer(text, 0, file.delimiter, plan.header.len());
        end = found.data_end;
        footer = found.rows.into_iter().map(|(at, why)| (taken.at + at, why)).collect();
    }
    let mut reader = Reader::new(plan, names, bad, taken.at, rows);
    each(&text[..end], &mut |at, record| reader.record(taken.at + at, &record)).map_err(Stop::Records)?;
    Ok((Some(reader.finish()), 0, footer))
}

//! The records that a row of a measure's table is made of.
//!
//! In: what was loaded, and a measure row by row. Out: [`Listed`] records: one for each record, with its file and line. A buying process is
//! its deal and the people whose first deal it is; the first of them carries what the process gives.

use crate::evaluate::{Fate, Input};
use crate::ingest;
use crate::tables::{Kind, NONE, Origin};

use super::{Part, View, hash};
use crate::session::Data;

/// The people of each buying process, the one known first first.
pub struct Makeup {
    /// Where each process's people begin, and the end of the last.
    from: Vec<usize>,
    people: Vec<u32>,
}

impl Makeup {
    /// Of all processes; of none where no row is one.
    pub fn new(data: &Data, wanted: bool) -> Self {
        if !wanted {
            return Self { from: Vec::new(), people: Vec::new() };
        }
        let of = &data.journeys.of_person;
        let mut from = vec![0; data.journeys.len() + 1];
        for process in of {
            from[*process as usize + 1] += 1;
        }
        for at in 1..from.len() {
            from[at] += from[at - 1];
        }
        let mut next = from.clone();
        let mut people = vec![0; of.len()];
        for row in &data.who.known_first {
            let place = &mut next[of[*row as usize] as usize];
            people[*place] = *row;
            *place += 1;
        }
        Self { from, people }
    }

    fn of(&self, process: usize) -> &[u32] {
        &self.people[self.from[process]..self.from[process + 1]]
    }

    /// The records of a process: its deal, if it has one, and its people.
    pub fn records(&self, data: &Data, process: usize) -> Vec<Record> {
        let deal = data.journeys.deal[process];
        let deal = (deal != NONE).then_some((Kind::Deals, deal));
        let people = self.of(process).iter().map(|at| (Kind::People, *at));
        let all = deal.into_iter().chain(people).enumerate();
        all.map(|(place, (kind, at))| Record { row: process, kind, at: at as usize, main: place == 0 }).collect()
    }
}

/// One record of a row.
#[derive(Clone, Copy)]
pub struct Record {
    /// The row of the measure's table, from 0.
    pub row: usize,
    /// Which table the record is in.
    pub kind: Kind,
    /// Which row of that table.
    at: usize,
    /// It carries what the row gives; the others are further records of the same process.
    pub main: bool,
}

/// A record as it is printed.
pub struct Listed {
    /// Which record of which row.
    pub record: Record,
    /// Its id; empty where it has none.
    pub id: String,
    /// What it is called; empty where it has no name, or none that may be shown.
    pub label: String,
    /// Its file.
    pub file: String,
    /// The line on which it begins; `None` where the file cannot be read again.
    pub line: Option<u64>,
}

impl View<'_> {
    /// The rows of a part that meet a wish, by index.
    pub fn rows_of(part: &Part<'_>, wish: impl Fn(Fate) -> bool) -> Vec<usize> {
        let fates = part.trace.as_ref().map(|t| t.fates.as_slice()).unwrap_or_default();
        (0..fates.len()).filter(|row| wish(fates[*row])).collect()
    }

    /// All records of some rows of a measure's table.
    pub fn records(&self, table: &str, rows: &[usize]) -> Vec<Record> {
        if table != "journeys" {
            let Some(kind) = Kind::named(table) else { return Vec::new() };
            return rows.iter().map(|row| Record::of_row(kind, *row)).collect();
        }
        rows.iter().flat_map(|row| self.makeup.records(self.data, *row)).collect()
    }

    /// Where records stand, and what they are called.
    pub fn lines(&self, records: &[Record]) -> Vec<Listed> {
        lines(self.data, self.redact, records)
    }
}

impl Record {
    /// A row of a table that is no process.
    pub fn of_row(kind: Kind, row: usize) -> Self {
        Self { row, kind, at: row, main: true }
    }
}

/// Where records stand, and what they are called.
pub fn lines(data: &Data, redact: bool, records: &[Record]) -> Vec<Listed> {
    let (tables, files) = (&data.tables, &data.files);
    let origins: Vec<Origin> = records.iter().map(|r| tables.get(r.kind).origin[r.at]).collect();
    let lines = ingest::lines(files, &origins);
    let used = Kind::ALL.into_iter().filter(|kind| records.iter().any(|r| r.kind == *kind));
    let columns: Vec<(Kind, Names<'_>)> = used.map(|kind| (kind, Names::of(data, kind))).collect();
    let names = |kind: Kind| columns.iter().find(|(k, _)| *k == kind).map(|(_, names)| names);
    let line = |((record, origin), line): ((&Record, &Origin), Option<u64>)| {
        let of = names(record.kind);
        let id = of.map(|names| names.id(record.at)).unwrap_or_default();
        Listed {
            record: *record,
            id: if redact && !id.is_empty() { hash(&id) } else { id },
            label: of.map(|names| names.label(record.at, redact)).unwrap_or_default(),
            file: files.get(origin.file() as usize).map(|f| f.input.path.clone()).unwrap_or_default(),
            line,
        }
    };
    records.iter().zip(&origins).zip(lines).map(line).collect()
}

/// The columns that say which record it is.
struct Names<'a> {
    data: &'a Data,
    id: Vec<std::borrow::Cow<'a, [u32]>>,
    /// Joined by a comma where they are no names of somebody; else the first that is there.
    label: Vec<std::borrow::Cow<'a, [u32]>>,
    personal: bool,
}

impl<'a> Names<'a> {
    fn of(data: &'a Data, kind: Kind) -> Self {
        let (id, label): (&[&str], &[&str]) = match kind {
            Kind::People => (&["person_id", "email"], &["name", "first_name", "email", "company"]),
            Kind::Deals => (&["deal_id"], &["name", "account_name"]),
            Kind::Touches => (&[], &["kind", "channel"]),
            Kind::Spend => (&[], &["team", "category", "tag", "channel"]),
            Kind::Headcount => (&[], &["team", "role"]),
            Kind::Revenue => (&[], &["kind"]),
            _ => (&[], &[]),
        };
        let table = data.tables.get(kind);
        let personal = matches!(kind, Kind::People | Kind::Deals);
        let [id, label] = [id, label].map(|names| names.iter().map(|name| table.codes(name)).collect());
        Self { data, id, label, personal }
    }

    fn text(&self, codes: &[u32], at: usize) -> Option<&str> {
        self.data.tables.names.text(codes[at])
    }

    fn id(&self, at: usize) -> String {
        self.id.iter().find_map(|codes| self.text(codes, at)).unwrap_or_default().to_string()
    }

    fn label(&self, at: usize, redact: bool) -> String {
        let mut texts = self.label.iter().filter_map(|codes| self.text(codes, at));
        match self.personal {
            true if redact => String::new(),
            true => texts.next().unwrap_or_default().to_string(),
            false => texts.collect::<Vec<_>>().join(", "),
        }
    }
}

/// What a row gives, where it counts.
pub fn gives(part: &Part<'_>, row: usize) -> Input {
    match &part.trace {
        Some(trace) if trace.fates[row] == Fate::Counted => trace.inputs[row].clone(),
        _ => Input::Missing,
    }
}

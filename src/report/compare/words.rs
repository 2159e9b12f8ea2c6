//! The same words in two dictionaries.
//!
//! In: the loaded data of both sides. Out: for each code of one side the code of the same text on the other, and by them
//! the row of the same person or deal there.

use rayon::prelude::*;

use crate::session::Data;
use crate::tables::{CodeMap, Kind, NONE, Names};

/// A row on the other side.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Found {
    /// The row.
    pub row: u32,
    /// It has the same id; else that id was merged into it.
    pub exact: bool,
}

/// The other side's code of each code; [`NONE`] for a text that it does not have.
pub struct Codes(Vec<u32>);

impl Codes {
    /// Looks every text of one dictionary up in the other.
    pub fn new(from: &Names, to: &Names) -> Self {
        let bound = u32::try_from(from.bound()).unwrap_or(NONE);
        let known = |code| from.text(code).and_then(|text| to.known(text)).unwrap_or(NONE);
        Self((0..bound).into_par_iter().map(known).collect())
    }

    /// The other side's code of a code.
    pub fn get(&self, code: u32) -> u32 {
        self.0.get(code as usize).copied().unwrap_or(NONE)
    }
}

/// From one side to the other.
pub struct There<'d> {
    codes: &'d Codes,
    here: &'d Data,
    there: &'d Data,
    /// Rows of people there that have an address and no id.
    by_email: CodeMap<u32>,
}

impl<'d> There<'d> {
    /// Looks every text of `here` up in `there`.
    pub fn new(here: &'d Data, there: &'d Data, codes: &'d Codes) -> Self {
        let people = there.tables.get(Kind::People);
        let (ids, emails) = (people.codes("person_id"), people.codes("email"));
        let mut by_email: CodeMap<u32> = CodeMap::default();
        for (row, email) in (0..).zip(emails.iter()) {
            if ids[row as usize] == NONE {
                by_email.insert_first(*email, row);
            }
        }
        Self { codes, here, there, by_email }
    }

    /// By row of `people` here, the row there.
    pub fn people(&self) -> Vec<Option<Found>> {
        let [ours, theirs] = [self.here, self.there].map(|data| data.tables.get(Kind::People));
        let (ids, emails, their_ids) = (ours.codes("person_id"), ours.codes("email"), theirs.codes("person_id"));
        let of = |row: usize| {
            if ids[row] == NONE {
                let row = self.by_email.get(self.codes.get(emails[row]))?;
                return Some(Found { row, exact: true });
            }
            let id = self.codes.get(ids[row]);
            found(id, self.there.who.person_row.get(id), &their_ids)
        };
        (0..ours.len()).map(of).collect()
    }

    /// By row of `deals` here, the row there.
    pub fn deals(&self) -> Vec<Option<Found>> {
        let [ours, theirs] = [self.here, self.there].map(|data| data.tables.get(Kind::Deals).codes("deal_id"));
        let of = |id: &u32| {
            let id = self.codes.get(*id);
            found(id, self.there.who.deal_row.get(id), &theirs)
        };
        ours.iter().map(of).collect()
    }
}

fn found(code: u32, row: u32, ids: &[u32]) -> Option<Found> {
    (code != NONE && row != NONE).then(|| Found { row, exact: ids[row as usize] == code })
}

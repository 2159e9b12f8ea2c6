//! Whom a touch reached and which deal it is about.
//!
//! In: the touch table, who is the same. Out: the human and the row in `deals` of each touch, [`NONE`] where nobody or
//! nothing is known.

use std::borrow::Cow;

use crate::identity::Identity;
use crate::tables::{CodeMap, Kind, NONE, Tables};

/// Looks up the person and the deal of touches.
pub struct Reach<'t> {
    who: &'t Identity,
    ids: [Cow<'t, [u32]>; 2],
    emails: Cow<'t, [u32]>,
    about: Cow<'t, [u32]>,
    names: Cow<'t, [u32]>,
    deal_names: Cow<'t, [u32]>,
    was: CodeMap<u32>,
}

impl<'t> Reach<'t> {
    /// Gets ready.
    pub fn new(tables: &'t Tables, who: &'t Identity) -> Self {
        let touches = tables.get(Kind::Touches);
        // A conversion moves a lead's touches to the contact it becomes. Where that contact is in no export, or only later
        // than as-of, they are the lead's still.
        let people = tables.get(Kind::People);
        let mut was: CodeMap<u32> = CodeMap::default();
        for (row, contact) in (0..).zip(people.codes("converted_person_id").iter()) {
            if who.person_row.get(*contact) == NONE {
                was.insert_first(*contact, row);
            }
        }
        Self {
            who,
            ids: [touches.codes("person_id"), touches.codes("person_id_2")],
            emails: touches.codes("email"),
            about: touches.codes("about_id"),
            names: touches.codes("person_name"),
            deal_names: touches.codes("deal_name"),
            was,
        }
    }

    /// The deal that a row of `touches` is about.
    pub fn deal(&self, row: usize) -> u32 {
        match self.who.deal_row.get(self.about[row]) {
            NONE => self.who.deal_by_name.get(self.deal_names[row]).unwrap_or(NONE),
            deal => deal,
        }
    }

    /// The human whom a row of `touches` reached.
    pub fn human(&self, row: usize) -> u32 {
        let known = |id: u32| match self.who.person_row.get(id) {
            NONE => self.was.get(id).unwrap_or(NONE),
            row => row,
        };
        let person = self.ids.iter().map(|ids| known(ids[row])).find(|person| *person != NONE);
        let human = person.map(|person| self.who.human[person as usize]);
        let by_email = human.or_else(|| self.who.human_by_email.get(self.emails[row]));
        by_email.or_else(|| self.who.human_by_name.get(self.names[row])).unwrap_or(NONE)
    }
}

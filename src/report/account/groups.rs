//! Buying groups and personas, for people.
//!
//! In: the sums. Out: tables of how complete buying groups are, of personas, and of the words that no persona takes.

use std::collections::BTreeMap;

use super::count::Fate;
use super::layout::{SHOWN, View, missing, share, share_cells};
use crate::report::scorecard::heading;
use crate::report::{Audience, Cell, Column, Table, Unit};
use crate::tables::NONE;

/// What a person is taken for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum As {
    /// A persona of the contract, by index.
    Persona(usize),
    /// Their title or role is none that a persona takes.
    NoneFits,
    /// They have no title and no role.
    Silent,
}

impl As {
    pub const OTHERS: [(&str, Self); 2] = [("(none fits)", Self::NoneFits), ("(no title or role)", Self::Silent)];
}

impl View<'_> {
    /// Accounts, those with an open deal, won and lost deals that had so many of the required personas; `None`: those of
    /// which nobody is known.
    pub fn by_present(&self, present: Option<u32>) -> [u64; 4] {
        let counted = self.counted;
        let had = |group: u32, personas: u64| (group > 0).then(|| counted.present(personas)) == present;
        let mut n = [0; 4];
        for (_, account) in self.kept().filter(|(_, a)| had(a.group, a.personas)) {
            n[0] += 1;
            n[1] += u64::from(account.deals[Fate::Open as usize] > 0);
        }
        for deal in counted.deals.iter().filter(|deal| had(deal.group, deal.personas)) {
            n[2] += u64::from(deal.fate == Fate::Won);
            n[3] += u64::from(deal.fate == Fate::Lost);
        }
        n
    }

    pub fn completeness(&self) -> Option<Table> {
        if self.no.group.is_some() || self.no.people.is_some() || self.no.accounts.is_some() {
            return None;
        }
        let columns = vec![
            Column::left("present", "Required personas"),
            Column::right("accounts", "Accounts"),
            Column::right("open", "Open deal"),
            Column::right("won", "Won deals"),
            Column::right("lost", "Lost deals"),
            Column::right("win_rate", "Win rate"),
            Column::right("interval", "95 % interval"),
        ];
        let required = self.counted.required.count_ones();
        let mut all = [0; 4];
        let mut rows = Vec::new();
        for present in 0..=required {
            let n = self.by_present(Some(present));
            all.iter_mut().zip(n).for_each(|(sum, n)| *sum += n);
            rows.push(self.present_row(format!("{present} of {required}"), n));
        }
        let nobody = self.by_present(None);
        let any = nobody.iter().any(|n| *n > 0);
        rows.push(self.present_row(if any { "All of these" } else { "All" }.into(), all));
        if any {
            let mut row = self.present_row("Nobody known".into(), nobody);
            row.truncate(5);
            row.resize(columns.len(), Cell::Missing("nobody is known, so no persona is either".into()));
            rows.push(row);
        }
        let title = "Buying groups: today, and of deals on the day they closed".to_string();
        Some(Table { id: "completeness".into(), title, audience: Audience::People, columns, rows })
    }

    fn present_row(&self, name: String, n: [u64; 4]) -> Vec<Cell> {
        let mut row = vec![Cell::text(name)];
        row.extend(
            n.iter()
                .zip([None, self.no.deals.as_ref(), self.no.deals.as_ref(), self.no.deals.as_ref()])
                .map(|(n, no)| missing(no).unwrap_or_else(|| Cell::count(*n))),
        );
        row.extend(share_cells(n[2], n[2] + n[3]));
        row
    }

    /// People, engaged people and accounts of a persona; open, won and lost deals that had it. Without one, only people.
    pub fn of_persona(&self, persona: As) -> [u64; 6] {
        let bit = if let As::Persona(at) = persona { 1_u64 << at } else { 0 };
        let personas = &self.data.journeys.personas;
        let is = |human: u32| match (personas.of(human), personas.speaks(human)) {
            (Some(at), _) => As::Persona(at),
            (None, true) => As::NoneFits,
            (None, false) => As::Silent,
        };
        let mut n = [0; 6];
        for (human, account) in self.counted.matched.account.iter().enumerate() {
            let kept = self.counted.keep.get(*account as usize) == Some(&true);
            let human_id = u32::try_from(human).unwrap_or(NONE);
            if kept && is(human_id) == persona {
                n[0] += 1;
                n[1] += u64::from(self.counted.engaged[human]);
            }
        }
        n[2] = self.kept().filter(|(_, account)| account.personas & bit != 0).count() as u64;
        for deal in self.counted.deals.iter().filter(|deal| deal.personas & bit != 0) {
            n[3 + deal.fate as usize] += 1;
        }
        n
    }

    pub fn personas(&self) -> Option<Table> {
        let personas = &self.data.session.contract.personas;
        if personas.is_empty() || self.no.people.is_some() || self.no.accounts.is_some() {
            return None;
        }
        let columns = vec![
            Column::left("persona", "Persona"),
            Column::left("required", "Required"),
            Column::right("people", "People"),
            Column::right("engaged", "Engaged"),
            Column::right("accounts", "Accounts"),
            Column::right("share", "Share"),
            Column::right("open", "Open"),
            Column::right("won", "Won"),
            Column::right("lost", "Lost"),
        ];
        let accounts = self.kept().count() as u64;
        let row = |name: &str, required: Cell, n: [u64; 6]| {
            let mut row = vec![Cell::text(name), required.clone(), Cell::count(n[0])];
            row.push(missing(self.no.touches.as_ref()).unwrap_or_else(|| Cell::count(n[1])));
            if matches!(required, Cell::Missing(_)) {
                row.resize(columns.len(), Cell::none());
                return row;
            }
            row.push(Cell::count(n[2]));
            row.push(share(n[2], accounts).map_or_else(Cell::none, |v| Cell::Number(v, Unit::Share)));
            row.extend(n[3..].iter().map(|n| missing(self.no.deals.as_ref()).unwrap_or_else(|| Cell::count(*n))));
            row
        };
        let rows = personas.iter().enumerate();
        let mut rows: Vec<Vec<Cell>> =
            rows.map(|(at, p)| row(&p.name.value, Cell::Flag(p.required), self.of_persona(As::Persona(at)))).collect();
        for (name, others) in As::OTHERS {
            let n = self.of_persona(others);
            if n[0] > 0 {
                rows.push(row(name, Cell::none(), n));
            }
        }
        let title = "Personas: people, and accounts and deals that have one".to_string();
        Some(Table { id: "personas".into(), title, audience: Audience::People, columns, rows })
    }

    /// Titles of people whom no persona takes, the most frequent first.
    pub fn untaken(&self) -> Vec<(&str, u64)> {
        let personas = &self.data.journeys.personas;
        let mut titles: BTreeMap<&str, u64> = BTreeMap::new();
        for (human, title) in (0..).zip(&personas.title) {
            if let (None, Some(title)) = (personas.of(human), self.data.tables.names.text(*title)) {
                *titles.entry(title).or_default() += 1;
            }
        }
        let mut titles: Vec<(&str, u64)> = titles.into_iter().collect();
        titles.sort_by_key(|(title, n)| (std::cmp::Reverse(*n), *title));
        titles
    }

    /// Contact roles that no persona takes, and how many people have them, the most frequent first.
    pub fn untaken_roles(&self) -> Vec<(&str, u64)> {
        let mut roles: BTreeMap<&str, u64> = BTreeMap::new();
        for (_, role) in &self.data.journeys.personas.untaken {
            if let Some(role) = self.data.tables.names.text(*role) {
                *roles.entry(role).or_default() += 1;
            }
        }
        let mut roles: Vec<(&str, u64)> = roles.into_iter().collect();
        roles.sort_by_key(|(role, n)| (std::cmp::Reverse(*n), *role));
        roles
    }

    /// Titles and roles that no persona takes.
    pub fn unknown_words(&self) -> Vec<Table> {
        let titles =
            Self::words(("titles", "What the title map does not know"), "Title that no persona takes", &self.untaken());
        let what = ("roles", "Contact roles that the personas do not know");
        let roles = Self::words(what, "Role that no persona takes", &self.untaken_roles());
        titles.into_iter().chain(roles).collect()
    }

    fn words((id, title): (&str, &str), column: &str, titles: &[(&str, u64)]) -> Option<Table> {
        if titles.is_empty() {
            return None;
        }
        let columns = vec![Column::left(id.trim_end_matches('s'), column), Column::right("people", "People")];
        let mut rows: Vec<Vec<Cell>> =
            titles.iter().take(SHOWN).map(|(title, n)| vec![Cell::text(*title), Cell::count(*n)]).collect();
        if titles.len() > SHOWN {
            rows.push(heading(&format!("… and {} more in machine formats", titles.len() - SHOWN), columns.len()));
        }
        Some(Table { id: id.into(), title: title.into(), audience: Audience::People, columns, rows })
    }
}

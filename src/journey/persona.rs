//! Which persona a human is: by contact role, else by job title.
//!
//! In: people, contact roles, the contract's personas. Out: [`Personas`]. Of several personas that fit, the first of the
//! contract is taken.
//!
//! The role in the deal in question says more than a role in another deal, and any role more than a title, which is that of
//! the record known first that has one. Of two roles in one deal the one given first counts, one without a day before all.

use super::NO_DAY;
use crate::contract::{Contract, Persona, matches};
use crate::identity::Identity;
use crate::tables::{CodeMap, Kind, NONE, Tables};
use crate::time::Zone;

/// The personas of all humans; empty where the contract has none.
#[derive(Debug, Clone, Default)]
pub struct Personas {
    of: Vec<u32>,
    by_title: Vec<u32>,
    /// Sorted by human.
    roles: Vec<Role>,
    /// Code of each human's title; [`NONE`] without one.
    pub title: Vec<u32>,
    /// Humans and codes of their contact roles that no persona takes, sorted, each once.
    pub untaken: Vec<(u32, u32)>,
}

/// A contact role that is a persona.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Role {
    human: u32,
    day: i32,
    persona: u32,
    deal: u32,
}

/// The first persona that takes each of the words that occur.
fn first_matches(tables: &Tables, codes: &[u32], personas: &[Persona], of: fn(&Persona) -> &[String]) -> CodeMap<u32> {
    let mut found = CodeMap::default();
    let mut words: Vec<u32> = codes.iter().copied().filter(|code| *code != NONE).collect();
    words.sort_unstable();
    words.dedup();
    for code in words {
        let Some(text) = tables.names.text(code) else { continue };
        let persona = (0..).zip(personas).find(|(_, p)| of(p).iter().any(|form| matches(form, text)));
        if let Some((at, _)) = persona {
            found.insert(code, at);
        }
    }
    found
}

impl Personas {
    /// Asks every human.
    pub fn new(tables: &Tables, who: &Identity, contract: &Contract, home: &Zone) -> Self {
        let personas = &contract.personas;
        if personas.is_empty() {
            return Self::default();
        }
        let titles = tables.get(Kind::People).codes("title");
        let mut title = vec![NONE; who.humans as usize];
        for row in who.known_first.iter().map(|row| *row as usize) {
            let of = &mut title[who.human[row] as usize];
            if *of == NONE {
                *of = titles[row];
            }
        }
        let persona = first_matches(tables, &titles, personas, |p| &p.titles);
        let by_title: Vec<u32> = title.iter().map(|code| persona.get(*code).unwrap_or(NONE)).collect();
        let table = tables.get(Kind::Roles);
        let words = table.codes("role");
        let persona = first_matches(tables, &words, personas, |p| &p.roles);
        let (deals, people, given) = (table.codes("deal_id"), table.codes("person_id"), table.times("created_at"));
        let (mut roles, mut untaken) = (Vec::new(), Vec::new());
        for row in 0..table.len() {
            let (deal, person) = (who.deal_row.get(deals[row]), who.person_row.get(people[row]));
            if deal == NONE || person == NONE {
                continue;
            }
            let human = who.human[person as usize];
            match persona.get(words[row]) {
                Some(persona) => {
                    let day = home.day(given[row]).unwrap_or(NO_DAY);
                    roles.push(Role { human, day, persona, deal });
                }
                None if words[row] != NONE => untaken.push((human, words[row])),
                None => {}
            }
        }
        roles.sort_unstable();
        untaken.sort_unstable();
        untaken.dedup();
        let mut all = Self { of: Vec::new(), by_title, roles, title, untaken };
        all.of = (0..who.humans).zip(&who.deal_of).map(|(human, deal)| all.among(human, *deal, i32::MAX)).collect();
        all
    }

    fn among(&self, human: u32, deal: u32, until: i32) -> u32 {
        let from = self.roles.partition_point(|role| role.human < human);
        let roles = self.roles[from..].iter().take_while(|role| role.human == human && role.day <= until);
        let mut first = NONE;
        for role in roles {
            if role.deal == deal {
                return role.persona;
            }
            if first == NONE {
                first = role.persona;
            }
        }
        if first == NONE { self.by_title[human as usize] } else { first }
    }

    /// The persona of a human, as an index into the contract's: by the role in the deal their process leads to.
    pub fn of(&self, human: u32) -> Option<usize> {
        self.of.get(human as usize).filter(|persona| **persona != NONE).map(|persona| *persona as usize)
    }

    /// Whether anything is known of a human that a persona could be taken from: a job title or a contact role.
    pub fn speaks(&self, human: u32) -> bool {
        let at = self.untaken.partition_point(|(other, _)| *other < human);
        self.of(human).is_some()
            || self.title.get(human as usize).is_some_and(|title| *title != NONE)
            || self.untaken.get(at).is_some_and(|(other, _)| *other == human)
    }

    /// The persona of a human in a deal, by the roles that had been given by a day. A title has no day: today's is taken.
    pub fn by(&self, human: u32, deal: u32, day: i32) -> Option<usize> {
        let persona = if self.of.is_empty() { NONE } else { self.among(human, deal, day) };
        (persona != NONE).then_some(persona as usize)
    }
}

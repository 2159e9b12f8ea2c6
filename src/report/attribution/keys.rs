//! Whom credit goes to: the channel, campaign, team or kind of each touch, or the persona of whom it reached.
//!
//! In: touches, campaigns and personas. Out: [`Keys`]: the names in order, and one of them per touch. Words that differ only in
//! capitals are one.

use std::collections::BTreeMap;

use rayon::prelude::*;

use crate::cli::Dimension;
use crate::journey::{Reach, Side};
use crate::session::Data;
use crate::tables::{CodeMap, Kind, NONE, Names, Tables};

/// What has no word.
const NO_WORD: &str = "(none)";

/// The names that credit goes to.
pub struct Keys {
    /// In order.
    pub names: Vec<String>,
    /// Of each row of `touches`, one of them.
    pub of_touch: Vec<u32>,
    /// By the lower case of the word, for what is looked up in the ledger.
    by_word: BTreeMap<String, u32>,
}

/// Campaigns by id and by name.
pub struct Campaigns {
    name_of: CodeMap<u32>,
    type_of: CodeMap<u32>,
    type_by_name: CodeMap<u32>,
}

impl Campaigns {
    /// Of the table of campaigns.
    pub fn of(tables: &Tables) -> Self {
        let campaigns = tables.get(Kind::Campaigns);
        let (ids, names, types) = (campaigns.codes("campaign_id"), campaigns.codes("name"), campaigns.codes("type"));
        let mut found =
            Self { name_of: CodeMap::default(), type_of: CodeMap::default(), type_by_name: CodeMap::default() };
        for row in 0..campaigns.len() {
            if names[row] != NONE {
                found.name_of.insert_first(ids[row], names[row]);
            }
            if types[row] != NONE {
                found.type_of.insert_first(ids[row], types[row]);
                found.type_by_name.insert_first(names[row], types[row]);
            }
        }
        found
    }

    /// The name of a campaign: as it is written, else that of its id, else the id.
    pub fn name(&self, written: u32, id: u32) -> u32 {
        if written == NONE { self.name_of.get(id).unwrap_or(id) } else { written }
    }

    /// The type of a campaign, by id, else by name.
    pub fn kind(&self, written: u32, id: u32) -> u32 {
        self.type_of.get(id).or_else(|| self.type_by_name.get(written)).unwrap_or(NONE)
    }
}

/// A word, and whether it is only the kind of a touch that has no channel: a sales e-mail is not the channel E-mail.
type Word = (u32, bool);

impl Keys {
    /// The keys of a dimension.
    pub fn of(data: &Data, by: Dimension) -> Self {
        match by {
            Dimension::Team => return Self::of_teams(data),
            Dimension::Persona => return Self::of_personas(data),
            Dimension::Channel | Dimension::Campaign | Dimension::Kind => {}
        }
        let touches = data.tables.get(Kind::Touches);
        let (kind, channel) = (touches.codes("kind"), touches.codes("channel"));
        let (campaign, id) = (touches.codes("campaign"), touches.codes("campaign_id"));
        let campaigns = Campaigns::of(&data.tables);
        let word = |row: usize| -> Word {
            match by {
                Dimension::Kind => (kind[row], false),
                Dimension::Campaign => (campaigns.name(campaign[row], id[row]), false),
                Dimension::Channel | Dimension::Team | Dimension::Persona => {
                    let of_campaign = || campaigns.kind(campaign[row], id[row]);
                    let word = if channel[row] == NONE { of_campaign() } else { channel[row] };
                    if word == NONE { (kind[row], true) } else { (word, false) }
                }
            }
        };
        let words: Vec<Word> = (0..touches.len()).into_par_iter().map(word).collect();
        Self::numbered(&data.tables.names, &words)
    }

    fn of_teams(data: &Data) -> Self {
        let names = vec![Side::Marketing.id().to_string(), Side::Sales.id().to_string(), "(no team)".to_string()];
        let of = |side: &Option<Side>| match side {
            Some(Side::Marketing) => 0,
            Some(Side::Sales) => 1,
            None => 2,
        };
        let of_touch: Vec<u32> = data.journeys.touch_side.iter().map(of).collect();
        let by_word = names.iter().cloned().zip(0..).collect();
        let names = if of_touch.contains(&2) { names } else { names[..2].to_vec() };
        Self { names, of_touch, by_word }
    }

    /// The personas of the contract, in its order, then those who are none, and touches of nobody who is known.
    fn of_personas(data: &Data) -> Self {
        let mut names: Vec<String> =
            data.session.contract.personas.iter().map(|persona| persona.name.value.clone()).collect();
        let none = u32::try_from(names.len()).unwrap_or(NONE);
        let reach = Reach::new(&data.tables, &data.who);
        let personas = &data.journeys.personas;
        let of = |row: usize| {
            let persona = reach.human(row).and_then(|human| personas.of(human));
            persona.and_then(|at| u32::try_from(at).ok()).unwrap_or(none)
        };
        let of_touch: Vec<u32> = (0..data.tables.get(Kind::Touches).len()).into_par_iter().map(of).collect();
        if of_touch.contains(&none) {
            names.push("(no persona)".to_string());
        }
        Self { names, of_touch, by_word: BTreeMap::new() }
    }

    /// Numbers the words in order of their text.
    fn numbered(names: &Names, words: &[Word]) -> Self {
        let mut seen = [CodeMap::default(), CodeMap::default()];
        let mut any_without = false;
        let mut distinct: Vec<Word> = Vec::new();
        for (code, plain) in words {
            if *code == NONE {
                any_without = true;
            } else if seen[usize::from(*plain)].get(*code).is_none() {
                seen[usize::from(*plain)].insert(*code, ());
                distinct.push((*code, *plain));
            }
        }
        let text = |code: u32| names.text(code).unwrap_or_default();
        // By lower case; of several spellings the first in order is shown.
        let mut shown: BTreeMap<(String, bool), &str> = BTreeMap::new();
        for (code, plain) in &distinct {
            let shown = shown.entry((text(*code).to_lowercase(), *plain)).or_insert(text(*code));
            *shown = (*shown).min(text(*code));
        }
        let mut all: Vec<(String, (String, bool))> = shown
            .iter()
            .map(|((low, plain), text)| {
                let clash = *plain && shown.contains_key(&(low.clone(), false));
                (if clash { format!("{text} (kind)") } else { (*text).to_string() }, (low.clone(), *plain))
            })
            .collect();
        all.sort();
        let place: BTreeMap<&(String, bool), u32> = all.iter().zip(0..).map(|((_, key), at)| (key, at)).collect();
        let mut of_word = [CodeMap::default(), CodeMap::default()];
        for (code, plain) in &distinct {
            if let Some(at) = place.get(&(text(*code).to_lowercase(), *plain)) {
                of_word[usize::from(*plain)].insert(*code, *at);
            }
        }
        let by_word = all
            .iter()
            .zip(0..)
            .filter(|((_, (_, plain)), _)| !plain)
            .map(|((_, (low, _)), at)| (low.clone(), at))
            .collect();
        let mut names: Vec<String> = all.iter().map(|(shown, _)| shown.clone()).collect();
        let without = u32::try_from(names.len()).unwrap_or(NONE);
        if any_without {
            names.push(NO_WORD.to_string());
        }
        let of_touch =
            words.par_iter().map(|(code, plain)| of_word[usize::from(*plain)].get(*code).unwrap_or(without)).collect();
        Self { names, of_touch, by_word }
    }

    /// The key of a word of the ledger.
    pub fn find(&self, word: &str) -> Option<usize> {
        self.by_word.get(&word.to_lowercase()).map(|at| *at as usize)
    }
}

//! What the touches of a path are called.
//!
//! In: the touches, and how fine steps are to be. Out: [`Labels`].

use std::collections::HashMap;

use crate::cli::Steps;
use crate::journey::mix::{Mix, team};
use crate::session::Data;
use crate::tables::{Kind, NONE, Tables};

/// The steps that touches are: by row of `touches`, and what each is called, in order of the names.
pub struct Labels {
    pub of: Vec<u32>,
    pub names: Vec<String>,
}

impl Labels {
    /// Names every touch.
    pub fn new(tables: &Tables, mix: &Mix<'_>, data: &Data, steps: Steps) -> Self {
        const TEAMS: [&str; 3] = ["m", "s", "?"];
        let touches = tables.get(Kind::Touches);
        let (kind, channel, campaign) = (touches.codes("kind"), touches.codes("channel"), touches.codes("campaign_id"));
        let campaigns = tables.get(Kind::Campaigns);
        let mut type_of: HashMap<u32, u32, foldhash::fast::FixedState> = HashMap::default();
        for (id, of) in campaigns.codes("campaign_id").iter().zip(campaigns.codes("type").iter()) {
            type_of.entry(*id).or_insert(*of);
        }
        let pair = |row: usize| {
            let of_campaign = type_of.get(&campaign[row]).copied().filter(|_| campaign[row] != NONE).unwrap_or(NONE);
            let word = [channel[row], of_campaign, kind[row]].into_iter().find(|c| *c != NONE).unwrap_or(NONE);
            (team(data.journeys.touch_side[row]), if steps == Steps::Kinds { word } else { NONE })
        };
        let pairs: Vec<(usize, u32)> = (0..mix.at.len()).map(pair).collect();
        let mut distinct = pairs.clone();
        distinct.sort_unstable();
        distinct.dedup();
        let name = |(team, word): (usize, u32)| match (steps, tables.names.text(word)) {
            (Steps::Kinds, Some(word)) => format!("{}:{word}", TEAMS[team]),
            (Steps::Kinds, None) => format!("{}:touch", TEAMS[team]),
            _ => ["marketing", "sales", "no team"][team].to_string(),
        };
        let mut named: Vec<(String, (usize, u32))> = distinct.into_iter().map(|pair| (name(pair), pair)).collect();
        named.sort_unstable();
        let mut index: HashMap<(usize, u32), u32, foldhash::fast::FixedState> = HashMap::default();
        let mut names: Vec<String> = Vec::new();
        for (name, pair) in named {
            // Two words that are written alike are one step.
            if names.last() != Some(&name) {
                names.push(name);
            }
            index.insert(pair, u32::try_from(names.len() - 1).unwrap_or(NONE));
        }
        Self { of: pairs.iter().map(|pair| index.get(pair).copied().unwrap_or(NONE)).collect(), names }
    }
}

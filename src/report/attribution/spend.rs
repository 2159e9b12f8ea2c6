//! What each key cost, by the spend ledger.
//!
//! In: the ledger's rows of the days shown. Out: [`Ledger`]: spend per key, and what belongs to none.
//!
//! Channels and campaigns are of marketing's spend; a row without a channel has the type of its campaign. By team each team
//! has its own. What is spent on a channel that no touch has, or on none, is not shared out: it stays apart.

use std::collections::BTreeMap;

use super::keys::{Campaigns, Keys};
use crate::cli::Dimension;
use crate::session::Data;
use crate::tables::{Kind, NO_MONEY, NONE};

/// Spend, in minor units.
#[derive(Debug, Clone, Default)]
pub struct Ledger {
    /// By key; `None` where the ledger has nothing for it.
    pub of_key: Vec<Option<i64>>,
    /// What no key has.
    pub unallocated: i64,
    /// The same by the word that no touch has; empty for rows without one.
    pub unknown: BTreeMap<String, i64>,
    /// Everything.
    pub total: Option<i64>,
    /// Rows in months, of which the days shown cut one.
    pub cut: bool,
}

impl Ledger {
    /// Nothing.
    pub fn none(keys: &Keys) -> Self {
        Self { of_key: vec![None; keys.names.len()], ..Self::default() }
    }

    /// The spend of the days shown; nothing where there is no ledger, or it says nothing by this dimension.
    pub fn of(data: &Data, keys: &Keys, by: Dimension, (from, to): (i32, i32)) -> Self {
        let mut ledger = Self::none(keys);
        let spend = data.tables.get(Kind::Spend);
        let names = &data.tables.names;
        if spend.is_empty() || matches!(by, Dimension::Kind | Dimension::Persona) {
            return ledger;
        }
        let (dates, team, amount) = (spend.times("date"), spend.codes("team"), spend.money("amount"));
        let (channel, campaign, id) = (spend.codes("channel"), spend.codes("campaign"), spend.codes("campaign_id"));
        let campaigns = Campaigns::of(&data.tables);
        for row in 0..spend.len() {
            let day = data.session.home.day(dates[row]).filter(|day| (from..=to).contains(day));
            let (Some(_), Some(of)) = (day, names.text(team[row])) else { continue };
            let counts = of == "marketing" || (by == Dimension::Team && of == "sales");
            if !counts || amount[row] == NO_MONEY {
                continue;
            }
            let code = match by {
                Dimension::Team => team[row],
                Dimension::Campaign => campaigns.name(campaign[row], id[row]),
                Dimension::Channel | Dimension::Kind | Dimension::Persona if channel[row] != NONE => channel[row],
                Dimension::Channel | Dimension::Kind | Dimension::Persona => campaigns.kind(campaign[row], id[row]),
            };
            let word = names.text(code).unwrap_or_default();
            *ledger.total.get_or_insert(0) += amount[row];
            if let Some(key) = keys.find(word) {
                *ledger.of_key[key].get_or_insert(0) += amount[row];
            } else {
                ledger.unallocated += amount[row];
                *ledger.unknown.entry(word.to_string()).or_default() += amount[row];
            }
        }
        let first_of_month = |day: i32| crate::time::date_of(day).day() == 1;
        ledger.cut = spend.monthly && (!first_of_month(from) || !first_of_month(to + 1));
        ledger
    }
}

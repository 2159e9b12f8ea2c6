//! What no export says outright and its words imply: names of stages, outcomes, users, and words of a ledger.
//!
//! In: the tables. Out: the tables, with columns written over.

use std::collections::HashMap;

use crate::tables::{Kind, NO_FLAG, NONE, Tables, Values};

/// Ids of stages in deals and histories become what the look-up calls them.
pub fn name_stages(tables: &mut Tables) {
    let stages = tables.get(Kind::Stages);
    if stages.is_empty() {
        return;
    }
    let (ids, labels) = (stages.codes("stage_id"), stages.codes("label"));
    let (won, closed) = (stages.flags("is_won"), stages.flags("is_closed"));
    let row_of: HashMap<u32, usize> = ids.iter().enumerate().map(|(row, id)| (*id, row)).collect();
    let label_of: HashMap<u32, u32> =
        row_of.iter().filter(|(_, row)| labels[**row] != NONE).map(|(id, row)| (*id, labels[*row])).collect();
    let outcomes: HashMap<u32, (i8, i8)> = row_of.iter().map(|(id, row)| (*id, (won[*row], closed[*row]))).collect();
    let deals = tables.get(Kind::Deals);
    let (stage, mut is_won, mut is_closed) =
        (deals.codes("stage").into_owned(), deals.flags("is_won").into_owned(), deals.flags("is_closed").into_owned());
    for (row, (won, closed)) in stage.iter().enumerate().filter_map(|(row, id)| Some((row, *outcomes.get(id)?))) {
        for (flag, said) in [(&mut is_won[row], won), (&mut is_closed[row], closed)] {
            if *flag == NO_FLAG {
                *flag = said;
            }
        }
    }
    if !deals.is_empty() {
        let deals = tables.get_mut(Kind::Deals);
        deals.columns.insert("is_won".into(), Values::Flag(is_won));
        deals.columns.insert("is_closed".into(), Values::Flag(is_closed));
    }
    for (kind, column) in [(Kind::Deals, "stage"), (Kind::StageChanges, "old"), (Kind::StageChanges, "new")] {
        if let Some(Values::Text(codes)) = tables.get_mut(kind).columns.get_mut(column) {
            for code in codes {
                *code = label_of.get(code).copied().unwrap_or(*code);
            }
        }
    }
}

/// Ledgers are typed by people: `Marketing` and `marketing ` are one team, `Lead management` is the tag lead-management.
pub fn fold_ledger_words(tables: &mut Tables) {
    for kind in [Kind::Spend, Kind::Headcount] {
        for name in ["team", "category", "tag"] {
            let codes = tables.get(kind).codes(name).into_owned();
            let mut folded: HashMap<u32, u32> = HashMap::new();
            let mut words: Vec<u32> = codes.iter().copied().filter(|c| *c != NONE).collect();
            words.sort_unstable();
            words.dedup();
            for code in words {
                let low = tables.names.text(code).unwrap_or_default().to_lowercase();
                let low = if name == "tag" { low.replace([' ', '_'], "-") } else { low };
                folded.insert(code, tables.names.code(&low));
            }
            if let Some(Values::Text(codes)) = tables.get_mut(kind).columns.get_mut(name) {
                codes.iter_mut().filter(|c| **c != NONE).for_each(|c| *c = folded[c]);
            }
        }
    }
}

/// Won and closed, by a stage's name in small letters and without signs.
fn named(stage: &str) -> Option<(i8, i8)> {
    match stage {
        "won" | "closedwon" | "gewonnen" => Some((1, 1)),
        "lost" | "closedlost" | "verloren" => Some((0, 1)),
        // With a reason behind it: Closed Lost to Competition.
        _ if stage.starts_with("closedwon") => Some((1, 1)),
        _ if stage.starts_with("closedlost") => Some((0, 1)),
        _ => None,
    }
}

/// A deal that does not say whether it was won says so by its stage's name.
pub fn derive_outcome(tables: &mut Tables) {
    let deals = tables.get(Kind::Deals);
    let squeezed: HashMap<u32, String> = deals
        .codes("stage")
        .iter()
        .filter_map(|code| tables.names.text(*code).map(|text| (*code, text)))
        .map(|(code, text)| (code, text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()))
        .collect();
    // Stage names that are not understood mean "open" only beside some that are: in another language they mean nothing.
    let understood = squeezed.values().any(|name| named(name).is_some_and(|(_, closed)| closed == 1));
    let (mut won, mut closed) = (deals.flags("is_won").into_owned(), deals.flags("is_closed").into_owned());
    for (row, stage) in deals.codes("stage").iter().enumerate() {
        let named = squeezed.get(stage).and_then(|name| named(name).or(understood.then_some((0, 0))));
        let (is_won, is_closed) = (&mut won[row], &mut closed[row]);
        if let Some((by_name_won, by_name_closed)) = named {
            // A closed deal in a stage that is not understood is neither won nor lost.
            if *is_won == NO_FLAG && (*is_closed != 1 || by_name_closed == 1) {
                *is_won = if *is_closed == 0 { 0 } else { by_name_won };
            }
            if *is_closed == NO_FLAG {
                *is_closed = by_name_closed.max(*is_won);
            }
        }
        if *is_closed == NO_FLAG && *is_won == 1 {
            *is_closed = 1;
        }
        if *is_won == NO_FLAG && *is_closed == 0 {
            *is_won = 0;
        }
    }
    let deals = tables.get_mut(Kind::Deals);
    if !deals.is_empty() {
        deals.columns.insert("is_won".into(), Values::Flag(won));
        deals.columns.insert("is_closed".into(), Values::Flag(closed));
    }
}

/// Exports of users often have first and last name only.
pub fn derive_user_names(tables: &mut Tables) {
    let users = tables.get(Kind::Users);
    let (mut names, first, last) =
        (users.codes("name").into_owned(), users.codes("first_name"), users.codes("last_name"));
    let joined: Vec<Option<String>> = (0..users.len())
        .map(|row| {
            let parts: Vec<&str> = [first[row], last[row]].into_iter().filter_map(|c| tables.names.text(c)).collect();
            (names[row] == NONE && !parts.is_empty()).then(|| parts.join(" "))
        })
        .collect();
    for (name, joined) in names.iter_mut().zip(joined) {
        if let Some(joined) = joined {
            *name = tables.names.code(&joined);
        }
    }
    let users = tables.get_mut(Kind::Users);
    if !users.is_empty() {
        users.columns.insert("name".into(), Values::Text(names));
    }
}

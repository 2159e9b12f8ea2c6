//! Rows that a file gave and that do not count: dated after as-of, planned, merged into another record, there twice.
//!
//! In: the tables. Out: the tables without them; each is counted with its reason against its file.

use std::collections::{BTreeMap, HashMap, HashSet};

use rayon::prelude::*;

use super::Loaded;
use super::lines::{keep_smallest, remember};
use crate::issue::{Issue, Issues, Place};
use crate::tables::{CHANGED_LATER, Kind, NONE, Origin, Tables, Values};
use crate::time::Zone;

/// Drops rows and counts each against its file under `reason`.
fn drop_rows(loaded: &mut Loaded, kind: Kind, keep: &[bool], reason: &str) {
    let table = loaded.tables.get_mut(kind);
    let mut dropped: BTreeMap<u32, (u64, Vec<u64>)> = BTreeMap::new();
    for (origin, _) in table.origin.iter().zip(keep).filter(|(_, keep)| !**keep) {
        let (rows, first) = dropped.entry(origin.file()).or_default();
        *rows += 1;
        keep_smallest(first, origin.offset());
    }
    if let Some(list) = &mut loaded.dropped {
        // Rows that stage columns made are no records of their file.
        let is_record = |o: &Origin| loaded.files[o.file() as usize].input.table.as_deref() == Some(kind.id());
        let gone = table.origin.iter().zip(keep).filter(|(origin, keep)| !**keep && is_record(origin));
        list.extend(gone.map(|(origin, _)| (*origin, reason.to_string())));
    }
    table.keep(keep);
    for (file, (rows, first)) in dropped {
        let facts = &mut loaded.files[file as usize];
        // Rows that stage columns made are no records of their file.
        if facts.input.table.as_deref() != Some(kind.id()) {
            continue;
        }
        match facts.input.set_aside.iter_mut().find(|(r, _)| r == reason) {
            Some((_, n)) => *n += rows,
            None => facts.input.set_aside.push((reason.to_string(), rows)),
        }
        facts.input.set_aside.sort();
        for offset in first {
            remember(&mut facts.aside_at, reason, offset);
        }
    }
}

pub fn set_aside_later(loaded: &mut Loaded, home: &Zone, as_of: i32) {
    for kind in Kind::ALL {
        let table = loaded.tables.get(kind);
        let times = table.began();
        // A deal may have been recorded long after it closed: what happened by as-of counts. One without a creation date
        // that ended after as-of may not have been there yet: nothing of it counts.
        let deals = kind == Kind::Deals;
        let closed = if deals { table.times("closed_at").into_owned() } else { Vec::new() };
        let ended = if deals { table.flags("is_closed").into_owned() } else { Vec::new() };
        let later = |row: usize| {
            let closed = closed.get(row).and_then(|c| home.day(*c));
            match home.day(times[row]) {
                Some(day) => day > as_of && closed.is_none_or(|d| d > as_of),
                None => deals && ended[row] == 1 && closed.is_some_and(|d| d > as_of),
            }
        };
        let keep: Vec<bool> = (0..table.len()).map(|row| !later(row)).collect();
        if kind == Kind::StageChanges {
            note_changed_later(&mut loaded.tables, &keep);
        }
        drop_rows(loaded, kind, &keep, "dated after as-of");
    }
}

/// Whose status or stage changed after as-of: what it is now says nothing about that day.
fn note_changed_later(tables: &mut Tables, keep: &[bool]) {
    for (kind, id) in [(Kind::People, "person_id"), (Kind::Deals, "deal_id")] {
        let changed: HashSet<u32> = {
            let changes = tables.get(Kind::StageChanges);
            let (codes, field) = (changes.codes(id), changes.codes("field"));
            // Another owner is no other status.
            let stage = |row: &usize| !tables.names.text(field[*row]).is_some_and(|f| f.eq_ignore_ascii_case("owner"));
            (0..keep.len())
                .filter(|row| !keep[*row])
                .filter(stage)
                .map(|row| codes[row])
                .filter(|id| *id != NONE)
                .collect()
        };
        if changed.is_empty() {
            continue;
        }
        let flags: Vec<i8> = tables.get(kind).codes(id).iter().map(|id| i8::from(changed.contains(id))).collect();
        tables.get_mut(kind).columns.insert(CHANGED_LATER.into(), Values::Flag(flags));
    }
}

pub fn set_aside_planned(loaded: &mut Loaded) {
    let keep: Vec<bool> = loaded.tables.get(Kind::Touches).flags("is_done").iter().map(|f| *f != 0).collect();
    drop_rows(loaded, Kind::Touches, &keep, "planned or not answered, so no touch");
}

/// Records that the source system merged into another: their ids lead to the survivor.
pub fn unite_merged(loaded: &mut Loaded) {
    for (kind, id) in [(Kind::People, "person_id"), (Kind::Accounts, "account_id"), (Kind::Deals, "deal_id")] {
        let table = loaded.tables.get(kind);
        let (ids, masters, lists) = (table.codes(id), table.codes("master_id"), table.lists("merged_ids"));
        let mut pairs = Vec::new();
        let mut keep = vec![true; table.len()];
        for row in 0..table.len() {
            if masters[row] != NONE && masters[row] != ids[row] {
                pairs.push((ids[row], masters[row]));
                keep[row] = false;
            }
            pairs.extend(lists[row].iter().filter(|loser| **loser != ids[row]).map(|loser| (*loser, ids[row])));
        }
        // The row of a loser that is only named in its winner's list persists in some exports.
        let mut winners: HashMap<u32, u32> = HashMap::new();
        for (loser, winner) in pairs {
            // Records that list each other: the first to say so survives.
            if winners.get(&winner) != Some(&loser) {
                winners.insert(loser, winner);
            }
        }
        let ids = ids.into_owned();
        for (row, keep) in keep.iter_mut().enumerate() {
            *keep = ids[row] == NONE || !winners.contains_key(&ids[row]);
        }
        let mut pairs: Vec<(Kind, u32, u32)> =
            winners.into_iter().map(|(loser, winner)| (kind, loser, winner)).collect();
        pairs.sort_unstable();
        loaded.merged.extend(pairs);
        drop_rows(loaded, kind, &keep, "merged into another record");
    }
}

/// The tables whose rows are records with an id of their own.
const KEYED: [(Kind, &str); 6] = [
    (Kind::People, "person_id"),
    (Kind::Accounts, "account_id"),
    (Kind::Deals, "deal_id"),
    (Kind::Campaigns, "campaign_id"),
    (Kind::Users, "user_id"),
    (Kind::Stages, "stage_id"),
];

/// Two systems that number their records alike: 1 is not 1.
pub fn one_system_per_id(loaded: &Loaded) -> Result<(), Issues> {
    let mut issues = Vec::new();
    for (kind, id) in KEYED {
        let table = loaded.tables.get(kind);
        if loaded.files.iter().filter(|f| f.input.table.as_deref() == Some(kind.id())).count() < 2 {
            continue;
        }
        let mut first: Vec<u32> = vec![NONE; loaded.tables.names.bound()];
        let system = |file: u32| loaded.files[file as usize].system.as_str();
        let clash =
            table.codes(id).iter().zip(&table.origin).filter(|(code, _)| **code != NONE).find_map(|(code, origin)| {
                let seen = &mut first[*code as usize];
                if *seen == NONE {
                    *seen = origin.file();
                }
                (system(*seen) != system(origin.file())).then_some((*code, *seen, origin.file()))
            });
        if let Some((code, one, other)) = clash {
            let path = |file: u32| loaded.files[file as usize].input.path.clone();
            let text = loaded.tables.names.text(code).unwrap_or_default();
            let what = format!("{id} `{text}` is also in {}, which another system wrote", path(one));
            issues.push(Issue::data(Place::file(path(other)), what).hint(
                "two systems number their records alike, so one of two rows would be dropped: read these records from one of \
                 them, or give one system's ids a prefix",
            ));
        }
    }
    Issues(issues).into_result()
}

/// One row per id: the one that was modified last, else the one read last (the newer of two exports, by file name).
pub fn one_row_per_id(loaded: &mut Loaded) {
    for (kind, id) in KEYED {
        let table = loaded.tables.get(kind);
        let (codes, modified) = (table.codes(id), table.times("modified_at"));
        let mut best: Vec<u32> = vec![NONE; loaded.tables.names.bound()];
        for (row, code) in codes.iter().enumerate().filter(|(_, code)| **code != NONE) {
            let best = &mut best[*code as usize];
            if *best == NONE || modified[row] >= modified[*best as usize] {
                *best = u32::try_from(row).unwrap_or(NONE);
            }
        }
        let keep: Vec<bool> =
            codes.iter().enumerate().map(|(row, code)| *code == NONE || best[*code as usize] as usize == row).collect();
        drop_rows(loaded, kind, &keep, &format!("same {id} as a newer row"));
    }
}

/// One row per touch of a system: the first.
pub fn one_row_per_touch(loaded: &mut Loaded) {
    let table = loaded.tables.get(Kind::Touches);
    let keys = table.keys("touch_id");
    // Nearly all touches are there once: only the keys that a part of one is seen twice of are looked at whole.
    #[allow(clippy::cast_possible_truncation)] // half of the fingerprint
    let half = |key: u128| key as u64;
    let mut halves: Vec<u64> = keys.par_iter().filter(|key| **key != 0).map(|key| half(*key)).collect();
    halves.par_sort_unstable();
    let twice: Vec<u64> = halves.windows(2).filter(|pair| pair[0] == pair[1]).map(|pair| pair[0]).collect();
    drop(halves);
    if twice.is_empty() {
        return;
    }
    let mut systems: Vec<&str> = loaded.files.iter().map(|f| f.system.as_str()).collect();
    systems.sort_unstable();
    systems.dedup();
    let system: Vec<usize> =
        loaded.files.iter().map(|f| systems.binary_search(&f.system.as_str()).unwrap_or_default()).collect();
    let mut seen: HashSet<(usize, u128), foldhash::fast::FixedState> = HashSet::default();
    let keep: Vec<bool> = keys
        .iter()
        .zip(&table.origin)
        .map(|(key, origin)| {
            let once = *key == 0 || twice.binary_search(&half(*key)).is_err();
            once || seen.insert((system[origin.file() as usize], *key))
        })
        .collect();
    drop_rows(loaded, Kind::Touches, &keep, "same touch_id as an earlier row");
}

/// Two exports of the same ad spend: what the later file says holds. Rows of one file stand beside each other, as an export may
/// divide a day by more than it shows.
pub fn one_export_per_spend(loaded: &mut Loaded, home: &Zone) {
    let table = loaded.tables.get(Kind::Spend);
    let (keys, dates) = (table.keys("spend_id"), table.times("date"));
    let key = |row: usize| {
        let file = table.origin[row].file();
        (loaded.files[file as usize].system.as_str(), keys[row], home.day(dates[row]))
    };
    let mut last: HashMap<(&str, u128, Option<i32>), u32, foldhash::fast::FixedState> = HashMap::default();
    for row in (0..table.len()).filter(|row| keys[*row] != 0) {
        let of_file = table.origin[row].file();
        let file = last.entry(key(row)).or_insert(of_file);
        *file = (*file).max(of_file);
    }
    let keep: Vec<bool> =
        (0..table.len()).map(|row| keys[row] == 0 || last.get(&key(row)) == Some(&table.origin[row].file())).collect();
    drop_rows(loaded, Kind::Spend, &keep, "same day and campaign in a later export");
}

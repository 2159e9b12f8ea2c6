//! Which row of B's tables is which of A's.
//!
//! In: the loaded data of both sides. Out: for any table its rows in pairs, and how many are the same, changed, new and
//! gone ([`Account`]). Rows with an id are paired by it; rows without one (ledgers, touches, changes) by what they say: all
//! alike first, then those that differ only in what a ledger corrects.

use std::hash::{BuildHasher, Hasher};

use foldhash::fast::FixedState;
use rayon::prelude::*;

use super::cause::Cause;
use super::words::Codes;
use crate::evaluate::steps::{Pair, SAME};
use crate::tables::{CHANGED_LATER, Kind, NONE, Table, Values};
use crate::time::Zone;

/// The column with a record's own id, where it has one.
fn id_of(kind: Kind) -> Option<&'static str> {
    Some(match kind {
        Kind::People => "person_id",
        Kind::Accounts => "account_id",
        Kind::Deals => "deal_id",
        Kind::Campaigns => "campaign_id",
        Kind::Users => "user_id",
        Kind::Stages => "stage_id",
        Kind::StageChanges | Kind::Touches | Kind::Roles | Kind::Spend | Kind::Headcount | Kind::Revenue => {
            return None;
        }
    })
}

/// Which columns of a row, in a round of pairing.
enum Round {
    All,
    Without(&'static [&'static str]),
    Only(&'static [&'static str]),
}

/// The rounds in which rows without an id are paired.
fn rounds(kind: Kind) -> &'static [Round] {
    match kind {
        Kind::Spend => &[Round::All, Round::Without(&["amount"]), Round::Without(&["team", "category", "tag"])],
        Kind::Revenue => &[Round::All, Round::Without(&["amount"]), Round::Without(&["kind"])],
        Kind::Headcount => &[Round::All, Round::Without(&["heads"]), Round::Without(&["role"])],
        Kind::Touches => &[
            Round::All,
            Round::Only(&["person_id", "person_id_2", "email", "person_name", "at", "fallback_at", "about_id"]),
        ],
        Kind::Roles => &[Round::All, Round::Only(&["deal_id", "person_id"])],
        _ => &[Round::All],
    }
}

/// Where the rows of a table went.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Account {
    /// Rows of A and of B.
    pub rows: [u64; 2],
    /// In both, alike.
    pub same: u64,
    /// In both, and something is another value.
    pub changed: u64,
    /// In B only, dated after A was taken or not at all.
    pub new: u64,
    /// In B only, dated before.
    pub late: u64,
    /// In A only.
    pub gone: u64,
}

/// The rows of one table in pairs.
pub struct Rows {
    /// A's in A's order, then those of B alone.
    pub pairs: Vec<Pair>,
    /// How many of which kind.
    pub account: Account,
}

const SEEDS: [u64; 2] = [0x636f_6d70, 0x6172_6521];

/// A fingerprint of each row: what the columns of a round say, in B's codes.
struct Prints<'t> {
    names: Vec<&'t String>,
}

impl<'t> Prints<'t> {
    fn new(tables: [&'t Table; 2], round: &Round) -> Self {
        let wanted = |name: &&String| {
            *name != CHANGED_LATER
                && match round {
                    Round::All => true,
                    Round::Without(columns) => !columns.contains(&name.as_str()),
                    Round::Only(columns) => columns.contains(&name.as_str()),
                }
        };
        let mut names: Vec<&String> = tables.iter().flat_map(|table| table.columns.keys()).filter(wanted).collect();
        names.sort();
        names.dedup();
        Self { names }
    }

    /// By row; `codes` lead to B's codes where the table is A's.
    fn of(&self, table: &Table, codes: Option<&Codes>) -> Vec<u128> {
        let columns: Vec<Option<&Values>> = self.names.iter().map(|name| table.columns.get(*name)).collect();
        let word = |code: u32| match codes.map(|codes| codes.get(code)) {
            _ if code == NONE => 0,
            // A text that B does not have.
            Some(NONE) => (u64::from(code) + 1) << 32,
            Some(other) => u64::from(other) + 1,
            None => u64::from(code) + 1,
        };
        let print = |row: usize| {
            let mut hashers = SEEDS.map(|seed| FixedState::with_seed(seed).build_hasher());
            for (number, column) in columns.iter().enumerate() {
                let Some(values) = column else { continue };
                let mut add = |value: u64| {
                    for hasher in &mut hashers {
                        hasher.write_usize(number);
                        hasher.write_u64(value);
                    }
                };
                match values {
                    // A missing value is as good as a missing column.
                    Values::Id(v) | Values::Text(v) if v[row] != NONE => add(word(v[row])),
                    Values::Ids(v) => v[row].iter().for_each(|code| add(word(*code))),
                    Values::Key(v) if v[row] != 0 => {
                        #[allow(clippy::cast_possible_truncation)] // both halves
                        [v[row] as u64, (v[row] >> 64) as u64].into_iter().for_each(&mut add);
                    }
                    Values::Time(v) if !v[row].is_none() => {
                        #[allow(clippy::cast_sign_loss)] // a fingerprint
                        add(v[row].utc_ms() as u64);
                        add(u64::from(v[row].is_date()));
                    }
                    #[allow(clippy::cast_sign_loss)] // a fingerprint
                    Values::Money(v) if v[row] != crate::tables::NO_MONEY => add(v[row] as u64),
                    Values::Number(v) if !v[row].is_nan() => add(v[row].to_bits()),
                    #[allow(clippy::cast_sign_loss)] // a fingerprint
                    Values::Flag(v) if v[row] != crate::tables::NO_FLAG => add(v[row] as u64),
                    _ => {}
                }
            }
            let [high, low] = hashers.map(|hasher| hasher.finish());
            (u128::from(high) << 64) | u128::from(low)
        };
        (0..table.len()).into_par_iter().map(print).collect()
    }
}

/// Pairs rows with the same fingerprint, in the order of their rows; those that have a partner are left out.
fn meet(prints: [&[u128]; 2], b_of: &mut [u32], a_of: &mut [u32]) {
    let free = |prints: &[u128], of: &[u32]| {
        let rows = (0..).zip(prints).filter(|(row, _)| of[*row as usize] == NONE);
        let mut rows: Vec<(u128, u32)> = rows.map(|(row, print)| (*print, row)).collect();
        rows.par_sort_unstable();
        rows
    };
    let (of_a, of_b) = (free(prints[0], b_of), free(prints[1], a_of));
    let (mut i, mut j) = (0, 0);
    while let (Some((print_a, a)), Some((print_b, b))) = (of_a.get(i), of_b.get(j)) {
        if print_a == print_b {
            (b_of[*a as usize], a_of[*b as usize]) = (*b, *a);
        }
        i += usize::from(print_a <= print_b);
        j += usize::from(print_b <= print_a);
    }
}

impl Rows {
    /// Pairs the rows of two tables of one kind; `taken` is the day on which A was taken, since 1970.
    pub fn new(tables: [&Table; 2], codes: &Codes, home: &Zone, taken: i32) -> Self {
        let [a, b] = tables;
        let (mut b_of, mut a_of) = (vec![NONE; a.len()], vec![NONE; b.len()]);
        let whole = Prints::new(tables, &Round::All);
        let prints = [whole.of(a, Some(codes)), whole.of(b, None)];
        if let Some(id) = id_of(a.kind) {
            let mut by_id: std::collections::BTreeMap<u32, u32> = std::collections::BTreeMap::new();
            for (row, code) in (0..).zip(b.codes(id).iter()).filter(|(_, code)| **code != NONE) {
                by_id.entry(*code).or_insert(row);
            }
            for (row, code) in (0..).zip(a.codes(id).iter()) {
                if let Some(other) = by_id.get(&codes.get(*code)).filter(|other| a_of[**other as usize] == NONE) {
                    b_of[row as usize] = *other;
                    a_of[*other as usize] = row;
                }
            }
        }
        for round in rounds(a.kind) {
            if matches!(round, Round::All) {
                meet([&prints[0], &prints[1]], &mut b_of, &mut a_of);
            } else {
                let part = Prints::new(tables, round);
                meet([&part.of(a, Some(codes)), &part.of(b, None)], &mut b_of, &mut a_of);
            }
        }
        let mut account = Account { rows: [a.len() as u64, b.len() as u64], ..Account::default() };
        let mut pairs = Vec::with_capacity(a.len());
        for (row, other) in (0..).zip(b_of) {
            let step = match other {
                NONE => {
                    account.gone += 1;
                    Cause::Deleted.step()
                }
                other if prints[0][row as usize] == prints[1][other as usize] => {
                    account.same += 1;
                    SAME
                }
                _ => {
                    account.changed += 1;
                    SAME
                }
            };
            pairs.push(Pair { a: row, b: other, step });
        }
        let began = b.began();
        for (row, _) in (0..).zip(&a_of).filter(|(_, other)| **other == NONE) {
            let late = home.day(began[row as usize]).is_some_and(|day| day <= taken);
            *(if late { &mut account.late } else { &mut account.new }) += 1;
            let cause = if late { Cause::Late } else { Cause::New };
            pairs.push(Pair { a: NONE, b: row, step: cause.step() });
        }
        Self { pairs, account }
    }
}

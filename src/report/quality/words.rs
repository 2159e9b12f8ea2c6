//! Words: placeholders that stand for nothing, and one word written in several ways.
//!
//! In: the columns that figures are broken down by. Out: [`Check`]s.

use std::collections::{BTreeMap, HashMap, HashSet};

use super::check::{Check, Rule, View, Weight};
use super::records::capital;
use crate::tables::{Kind, NONE};

const PLACEHOLDER: Rule =
    ("placeholder", Weight::Medium, "a segment of its own instead of missing: see nulls in [[source]]");
const VARIANT: Rule = ("spelling_variant", Weight::Medium, "splits a segment in two: see values in [[source]]");

/// The columns of categories.
pub const CATEGORIES: [(Kind, &str); 26] = [
    (Kind::People, "lead_source"),
    (Kind::People, "source_detail"),
    (Kind::People, "campaign"),
    (Kind::People, "status"),
    (Kind::People, "lifecycle_stage"),
    (Kind::People, "industry"),
    (Kind::People, "country"),
    (Kind::People, "region"),
    (Kind::Accounts, "industry"),
    (Kind::Accounts, "country"),
    (Kind::Accounts, "region"),
    (Kind::Accounts, "type"),
    (Kind::Deals, "lead_source"),
    (Kind::Deals, "source_detail"),
    (Kind::Deals, "campaign"),
    (Kind::Deals, "stage"),
    (Kind::Deals, "deal_type"),
    (Kind::Deals, "industry"),
    (Kind::Deals, "country"),
    (Kind::Deals, "region"),
    (Kind::Deals, "product"),
    (Kind::Deals, "lost_reason"),
    (Kind::Touches, "kind"),
    (Kind::Touches, "channel"),
    (Kind::Spend, "channel"),
    (Kind::Spend, "vendor"),
];

/// What people and forms write when there is nothing to say: small letters, without spaces, signs at the ends left out.
const NOTHING: [&str; 20] = [
    "",
    "unknown",
    "unspecified",
    "undefined",
    "select",
    "selectone",
    "pleaseselect",
    "choose",
    "na",
    "n/a",
    "n.a",
    "none",
    "null",
    "nil",
    "notset",
    "notapplicable",
    "notavailable",
    "tbd",
    "test",
    "xxx",
];

/// A word without case, spaces, hyphens and underscores.
pub fn folded(text: &str) -> String {
    text.chars().filter(|c| !c.is_whitespace() && !matches!(c, '-' | '_')).flat_map(char::to_lowercase).collect()
}

/// Whether a word stands for nothing: `Unknown`, `-- Select --`, `n/a`, `(none)`, `-`, `test`.
pub fn is_placeholder(text: &str) -> bool {
    let low = folded(text);
    NOTHING.contains(&low.trim_matches(|c: char| !c.is_alphanumeric()))
}

/// Every check of this group.
pub fn checks(view: &View<'_>) -> Vec<Check> {
    let mut checks = Vec::new();
    for (kind, column) in CATEGORIES {
        checks.extend(of_column(view, kind, column));
    }
    checks
}

fn of_column(view: &View<'_>, kind: Kind, column: &'static str) -> [Check; 2] {
    let possible = view.needs(&[(kind, &[column])]);
    let codes = view.table(kind).codes(column);
    let mut uses: HashMap<u32, u64> = HashMap::new();
    let mut distinct: Vec<u32> = Vec::new();
    for code in codes.iter().filter(|code| **code != NONE) {
        let n = uses.entry(*code).or_default();
        if *n == 0 {
            distinct.push(*code);
        }
        *n += 1;
    }
    let text = |code: u32| view.data.tables.names.text(code).unwrap_or_default();
    let placeholders: HashSet<u32> = distinct.iter().copied().filter(|code| is_placeholder(text(*code))).collect();
    let mut groups: BTreeMap<String, Vec<u32>> = BTreeMap::new();
    for code in distinct {
        groups.entry(folded(text(code))).or_default().push(code);
    }
    // Of one word's spellings the most frequent is right; of two as frequent, the first by its letters.
    let mut rarer: HashSet<u32> = HashSet::new();
    for group in groups.values_mut().filter(|group| group.len() > 1) {
        group.sort_by_key(|code| (std::cmp::Reverse(uses[code]), text(*code)));
        rarer.extend(&group[1..]);
    }
    let days = view.days(kind);
    let among = |of: &HashSet<u32>| {
        possible.clone().map(|()| view.count(kind, days, |row| (codes[row] != NONE).then(|| of.contains(&codes[row]))))
    };
    let name = capital(kind.id());
    [
        Check::new(PLACEHOLDER, kind.id(), format!("{name}: placeholder as {column}"), among(&placeholders))
            .about(column),
        Check::new(VARIANT, kind.id(), format!("{name}: {column} in another spelling"), among(&rarer)).about(column),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn placeholders_are_what_stands_for_nothing() {
        for text in [
            "Unknown",
            "-- Select --",
            "Select",
            "n/a",
            "N/A",
            "N.A.",
            "(none)",
            "--None--",
            "-",
            "—",
            "test",
            "Not Set",
            "(not set)",
            "NULL",
            " ",
            "Please select...",
            "Not Applicable",
            "[TBD]",
            "???",
        ] {
            assert!(is_placeholder(text), "{text}");
        }
        for text in
            ["Google", "Testing Inc", "Nonesuch", "Unknown Pleasures", "NA West", "Selected partners", "Other", "0"]
        {
            assert!(!is_placeholder(text), "{text}");
        }
    }

    #[test]
    fn a_folded_word_has_no_case_and_no_spaces() {
        assert_eq!(folded("GTX Pro"), folded("GTXPro"));
        assert_eq!(folded("e-Mail "), folded("EMAIL"));
        assert_ne!(folded("Google"), folded("Googles"));
    }
}

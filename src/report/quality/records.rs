//! Rows that are lost, double, or lack what a figure needs.
//!
//! In: the account of every file, and the tables. Out: [`Check`]s.

use super::check::{Check, Count, Rule, Tally, View, Weight, When};
use crate::ingest::FileFacts;
use crate::journey::{Outcome, Side};
use crate::tables::{Kind, NO_MONEY, NONE};

const LOST: &str = "in no figure: the row was set aside";
const KEY: Rule = ("missing_key", Weight::High, LOST);
const UNREADABLE: Rule = ("unreadable_row", Weight::High, LOST);
const SHORT: Rule = ("short_row", Weight::Low, "its last cells count as missing values");
const NO_NUMBER: Rule = ("no_number", Weight::Low, "the value counts as missing");
const NULLED: Rule = ("unreadable_cell", Weight::Medium, "the value counts as missing, as --on-bad-row null says");
const TWICE: Rule = ("duplicate_id", Weight::Medium, "one row counts, the others are set aside");
const SAME_FILE: Rule = ("duplicate_file", Weight::Medium, "the file counts once");
const MERGED: Rule = ("merged_record", Weight::Low, "its history counts for the record it went into");
const DELETED: Rule = ("deleted_record", Weight::Low, "in no figure, as in the source system");
const LATER: Rule = ("row_after_as_of", Weight::Low, "in no figure as of that day");
const UNKNOWN_FILE: Rule = ("unrecognised_file", Weight::Medium, "none of its rows is in any figure");

const CREATED_PERSON: Rule = ("missing_created", Weight::High, "in no cohort, unless a later stage dates it");
const CREATED_DEAL: Rule = ("missing_created", Weight::High, "in no period of created pipeline, and without a cycle");
const CLOSED: Rule = ("missing_close", Weight::High, "in no period of wins and losses");
const FALLBACK: Rule = ("touch_dated_by_record", Weight::Low, "stands on the day it was recorded");
const WON_AMOUNT: Rule = ("missing_amount", Weight::High, "won revenue and the average deal lack it");
const OPEN_AMOUNT: Rule = ("missing_amount", Weight::Medium, "pipeline lacks it");
const LOST_AMOUNT: Rule = ("missing_amount", Weight::Medium, "the win rate by amount lacks it: it looks better");
const UNCLEAR: Rule = ("unclear_outcome", Weight::High, "in no win rate");
const SOURCE: Rule = ("missing_source", Weight::Medium, "its origin rests on touches alone");
const CAMPAIGN: Rule = ("missing_campaign", Weight::Low, "no campaign is named for it");

/// Every check of this group.
pub fn checks(view: &View<'_>) -> Vec<Check> {
    let mut checks = accounts(view);
    checks.extend(dates(view));
    checks.extend(amounts(view));
    for kind in [Kind::People, Kind::Deals] {
        let columns: &[&str] = &["lead_source"];
        let counted = view.needs(&[(kind, columns)]).map(|()| {
            let source = view.table(kind).codes("lead_source");
            view.count(kind, view.days(kind), |row| Some(source[row] == NONE))
        });
        checks.push(Check::new(SOURCE, kind.id(), format!("{} without a lead source", capital(kind.id())), counted));
    }
    checks.push(campaigns(view, Kind::Deals, "Deals without a campaign", |_| true));
    let side = &view.data.journeys.touch_side;
    let marketing = |row: usize| side[row] == Some(Side::Marketing);
    checks.push(campaigns(view, Kind::Touches, "Touches of marketing without a campaign", marketing));
    checks
}

fn campaigns(view: &View<'_>, kind: Kind, title: &str, of: impl Fn(usize) -> bool) -> Check {
    let columns: &[&str] = &["campaign", "campaign_id"];
    let counted = view.needs(&[(kind, columns)]).map(|()| {
        let (name, id) = (view.table(kind).codes("campaign"), view.table(kind).codes("campaign_id"));
        view.count(kind, view.days(kind), |row| of(row).then(|| name[row] == NONE && id[row] == NONE))
    });
    Check::new(CAMPAIGN, kind.id(), title, counted)
}

/// `stage_changes` → `Stage changes`.
pub fn capital(text: &str) -> String {
    let text = text.replace('_', " ");
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}

/// The reasons for which rows without a key are set aside.
fn keyless(reason: &str) -> bool {
    let groups = Kind::ALL.iter().flat_map(|kind| kind.keys());
    reason == "no value in any mapped column"
        || groups.map(|group| format!("no {}", group.join(" or "))).any(|no| no == reason)
}

/// What the account of each file says.
fn accounts(view: &View<'_>) -> Vec<Check> {
    let aside = |of: fn(&str) -> bool| {
        per_file(view, move |file| {
            let found = file.input.set_aside.iter().filter(|(reason, _)| of(reason)).map(|(_, n)| n).sum();
            let mut first: Vec<u64> =
                file.aside_at.iter().filter(|(reason, _)| of(reason)).flat_map(|(_, at)| at.clone()).collect();
            first.sort_unstable();
            first.truncate(crate::ingest::EXAMPLES);
            (found, first)
        })
    };
    let same_content = |reason: &str| reason.starts_with("same content as ");
    let twice = |reason: &str| reason.starts_with("same ") && !reason.starts_with("same content as ");
    let unreadable = |reason: &str| reason == "a cell could not be read" || reason.starts_with("more cells than");
    let account = |rule: Rule, title: &str, tally: Tally| Check::new(rule, "files", title, Ok(tally));
    vec![
        account(KEY, "Rows without a key", aside(keyless)),
        account(UNREADABLE, "Rows with a cell that could not be read", aside(unreadable)),
        account(TWICE, "Rows whose id another row has", aside(twice)),
        account(SAME_FILE, "Rows of a file that was read already", aside(same_content)),
        account(MERGED, "Records merged into another", aside(|r| r == "merged into another record")),
        account(DELETED, "Records deleted in their system", aside(|r| r == "deleted in the source system")),
        account(LATER, "Rows dated after as-of", aside(|r| r == "dated after as-of")),
        account(
            UNKNOWN_FILE,
            "Rows of files that are not recognised",
            aside(|r| r == "file not recognised" || r.starts_with("refused: ")),
        ),
        account(SHORT, "Rows with fewer cells than the header", per_file(view, |f| (f.short_rows, vec![]))),
        account(
            NO_NUMBER,
            "Cells of number columns without a number",
            per_file(view, |f| (f.no_numbers.iter().map(|(_, n)| n).sum(), vec![])),
        )
        .of("cells"),
        account(
            NULLED,
            "Unreadable cells taken as missing",
            per_file(view, |f| (f.nulled.iter().map(|(_, n)| n).sum(), vec![])),
        )
        .of("cells"),
    ]
}

/// One count per file, of the rows that were read. Rows that are set aside have no day any more.
fn per_file(view: &View<'_>, found: impl Fn(&FileFacts) -> (u64, Vec<u64>)) -> Tally {
    let files = view.data.files.iter().enumerate();
    files
        .map(|(at, file)| {
            let (found, first) = found(file);
            let at = u32::try_from(at).unwrap_or(u32::MAX);
            ((at, When::Undated), Count { found, of: file.input.rows_read, first })
        })
        .collect()
}

fn dates(view: &View<'_>) -> Vec<Check> {
    let mut checks = Vec::new();
    for (kind, rule) in [(Kind::People, CREATED_PERSON), (Kind::Deals, CREATED_DEAL)] {
        let counted = view.needs(&[(kind, &["created_at"])]).map(|()| {
            let created = view.table(kind).times("created_at");
            // A row without this day may have another one to stand on.
            let other = if kind == Kind::Deals { "closed_at" } else { "mql_at" };
            let other = view.table(kind).times(other);
            let days: Vec<Option<i32>> =
                created.iter().zip(other.iter()).map(|(c, o)| view.day(c.some().unwrap_or(*o))).collect();
            view.count(kind, &days, |row| Some(created[row].is_none()))
        });
        checks.push(Check::new(rule, kind.id(), format!("{} without a creation date", capital(kind.id())), counted));
    }
    let deals = view.table(Kind::Deals);
    let counted = view.needs(&[(Kind::Deals, &["closed_at"])]).map(|()| {
        let (closed, won, ended) = (deals.times("closed_at"), deals.flags("is_won"), deals.flags("is_closed"));
        let days: Vec<Option<i32>> =
            closed.iter().zip(view.days(Kind::Deals)).map(|(at, created)| view.day(*at).or(*created)).collect();
        view.count(Kind::Deals, &days, |row| (won[row] == 1 || ended[row] == 1).then_some(closed[row].is_none()))
    });
    checks.push(Check::new(CLOSED, "deals", "Closed deals without a close date", counted));
    let counted = view.needs(&[(Kind::Touches, &["at"]), (Kind::Touches, &["fallback_at"])]).map(|()| {
        let at = view.table(Kind::Touches).times("at");
        view.count(Kind::Touches, view.days(Kind::Touches), |row| Some(at[row].is_none()))
    });
    checks.push(Check::new(FALLBACK, "touches", "Touches without their own time", counted));
    checks
}

/// The day a deal counts on: its close where it is closed, else its creation.
fn deal_days(view: &View<'_>) -> Vec<Option<i32>> {
    let journeys = &view.data.journeys;
    let known = |day: i32| (day != crate::journey::NO_DAY).then_some(day);
    (0..view.table(Kind::Deals).len())
        .map(|row| known(journeys.closed[row]).or_else(|| known(journeys.created[row])))
        .collect()
}

fn amounts(view: &View<'_>) -> Vec<Check> {
    let mut checks = Vec::new();
    let outcome = &view.data.journeys.outcome;
    let groups: [(&str, Rule, &[Outcome]); 3] = [
        ("won", WON_AMOUNT, &[Outcome::Won]),
        ("open", OPEN_AMOUNT, &[Outcome::Open]),
        ("lost", LOST_AMOUNT, &[Outcome::Lost, Outcome::Derailed, Outcome::Unclear]),
    ];
    for (item, rule, of) in groups {
        let counted = view.needs(&[(Kind::Deals, &["amount"])]).map(|()| {
            let amount = view.table(Kind::Deals).money("amount");
            view.count(Kind::Deals, &deal_days(view), |row| {
                of.contains(&outcome[row]).then_some(amount[row] == NO_MONEY)
            })
        });
        let title = format!("{} deals without an amount", capital(item));
        checks.push(Check::new(rule, "deals", title, counted).about(item));
    }
    let counted = view.needs(&[(Kind::Deals, &[])]).map(|()| {
        view.count(Kind::Deals, &deal_days(view), |row| {
            (outcome[row] != Outcome::Open).then_some(outcome[row] == Outcome::Unclear)
        })
    });
    checks.push(Check::new(UNCLEAR, "deals", "Closed deals, neither won nor lost", counted));
    checks
}

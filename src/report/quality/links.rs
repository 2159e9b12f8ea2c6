//! Links: how deals found their people, what leads nowhere, who is there twice, and who owns what.
//!
//! In: the tables, identity and the processes. Out: [`Check`]s.

use std::collections::{HashMap, HashSet};

use super::check::{Check, Rule, Tally, View, Weight, Why};
use super::records::capital;
use crate::identity::{Method, Rows, is_shared_mailbox};
use crate::ingest::cell;
use crate::tables::{Kind, NONE};

const LINKED: Rule = ("deals_linked", Weight::Fact, "their history is that of these people");
const LATER: Rule = ("deals_linked", Weight::Fact, "a process of its own: the people's history is their first deal's");
const UNLINKED: Rule =
    ("deals_unlinked", Weight::High, "begins with the deal: no leads, touches or origin of people; cycles look short");
const NOWHERE: Rule = ("dead_link", Weight::Medium, "the link is not used");
const TOUCH: Rule = ("touch_of_nobody", Weight::Medium, "in no process: first touches and hand-offs do not see it");
const TEAMLESS: Rule = ("touch_of_no_team", Weight::Medium, "counts for neither team");
const CHANGE: Rule = ("change_of_nobody", Weight::Medium, "dates no stage");
const ORIGIN: Rule = ("unknown_origin", Weight::Medium, "in no team's share of pipeline and revenue");
const NO_EMAIL: Rule = ("missing_email", Weight::Medium, "not linked to records of other systems");
const FREE: Rule = ("free_mail", Weight::Low, "its domain names no company, so it leads to no account");
const SHARED: Rule = ("shared_mailbox", Weight::Low, "not taken for one person, and not linked by it");
const TEST: Rule = ("test_person", Weight::Medium, "counts as a real lead");
const TWICE: Rule = ("same_email_in_file", Weight::Medium, "counts as one person; raw row counts are too high");
const ACROSS: Rule = ("same_email_across_files", Weight::Fact, "linked: one person seen in several exports");
const OWNER: Rule = ("unknown_owner", Weight::Medium, "no department, so no team by its owner");

/// Every check of this group.
pub fn checks(view: &View<'_>) -> Vec<Check> {
    let mut checks = methods(view);
    checks.extend(dead_links(view));
    checks.extend(nobody(view));
    checks.extend(emails(view));
    checks.extend([Kind::People, Kind::Accounts, Kind::Deals, Kind::Touches].map(|kind| owners(view, kind)));
    checks
}

fn methods(view: &View<'_>) -> Vec<Check> {
    let of = view.data.who.method_of();
    let days = view.days(Kind::Deals);
    let by = |method: Method| {
        view.needs(&[(Kind::Deals, &[])]).map(|()| view.count(Kind::Deals, days, |row| Some(of[row] == method)))
    };
    Method::ALL
        .into_iter()
        .map(|method| {
            let (rule, title) = match method {
                Method::Nobody => (UNLINKED, "Deals without a person".to_string()),
                Method::Later => (LATER, format!("Deals of {}", method.id())),
                other => (LINKED, format!("Deals linked by {}", other.id())),
            };
            Check::new(rule, "deals", title, by(method)).about(method.id())
        })
        .collect()
}

/// A column of ids, and the records that they are of.
type Target<'r> = (&'static str, Kind, &'r Rows);

/// Rows that name a record which is in no export.
fn dead_links(view: &View<'_>) -> Vec<Check> {
    let who = &view.data.who;
    let (person, deal, account) = (&who.person_row, &who.deal_row, &who.account_row);
    let groups: [(Kind, Vec<Target<'_>>); 3] = [
        (
            Kind::People,
            vec![
                ("converted_person_id", Kind::People, person),
                ("converted_deal_id", Kind::Deals, deal),
                ("deal_ids", Kind::Deals, deal),
                ("account_id", Kind::Accounts, account),
                ("account_ids", Kind::Accounts, account),
                ("converted_account_id", Kind::Accounts, account),
            ],
        ),
        (
            Kind::Deals,
            vec![
                ("person_id", Kind::People, person),
                ("person_ids", Kind::People, person),
                ("account_id", Kind::Accounts, account),
                ("account_ids", Kind::Accounts, account),
            ],
        ),
        (Kind::Roles, vec![("deal_id", Kind::Deals, deal), ("person_id", Kind::People, person)]),
    ];
    let mut checks = Vec::new();
    for (kind, columns) in groups {
        let table = view.table(kind);
        let days = view.days(kind);
        for (column, to, rows) in columns {
            let counted = view.needs(&[(kind, &[column]), (to, &[])]).map(|()| {
                let (one, many) = (table.codes(column), table.lists(column));
                view.count(kind, days, |row| {
                    let ids = std::iter::once(one[row]).chain(many[row].iter().copied()).filter(|id| *id != NONE);
                    ids.fold(None, |found, id| Some(found.unwrap_or(false) || rows.get(id) == NONE))
                })
            });
            let title = format!("{}: {column} of a record that is in no export", capital(kind.id()));
            checks.push(Check::new(NOWHERE, kind.id(), title, counted).about(column));
        }
    }
    checks
}

fn nobody(view: &View<'_>) -> Vec<Check> {
    let journeys = &view.data.journeys;
    let who = &view.data.who;
    let days = view.days(Kind::Touches);
    let touched = view
        .needs(&[(Kind::Touches, &[])])
        .map(|()| view.count(Kind::Touches, days, |row| Some(journeys.touch_of[row] == NONE)));
    let teamless = view
        .needs(&[(Kind::Touches, &[])])
        .map(|()| view.count(Kind::Touches, days, |row| Some(journeys.touch_side[row].is_none())));
    let changes = view.table(Kind::StageChanges);
    let (people, deals) = (changes.codes("person_id"), changes.codes("deal_id"));
    let changed = view.needs(&[(Kind::StageChanges, &[])]).map(|()| {
        let nobody = |row: usize| who.person_row.get(people[row]) == NONE && who.deal_row.get(deals[row]) == NONE;
        view.count(Kind::StageChanges, view.days(Kind::StageChanges), |row| Some(nobody(row)))
    });
    let origins = view.needs(&[(Kind::Deals, &[])]).and_then(|()| {
        let known = (0..view.table(Kind::Deals).len()).any(|row| journeys.origin[row].is_some());
        let counted = || view.count(Kind::Deals, view.days(Kind::Deals), |row| Some(journeys.origin[row].is_none()));
        if known {
            Ok(counted())
        } else {
            Err(Why::Other("no deal has an origin: see [teams] sources in the contract".into()))
        }
    });
    vec![
        Check::new(TOUCH, "touches", "Touches of nobody in the exports", touched),
        Check::new(TEAMLESS, "touches", "Touches of neither team", teamless),
        Check::new(CHANGE, "stage_changes", "Stage changes of nobody in the exports", changed),
        Check::new(ORIGIN, "deals", "Deals of unknown origin", origins),
    ]
}

/// An address that only testers have.
fn is_test(email: &str) -> bool {
    let (mailbox, domain) = email.split_once('@').unwrap_or((email, ""));
    let plain = mailbox.split('+').next().unwrap_or_default().trim_end_matches(|c: char| c.is_ascii_digit());
    plain == "test" || matches!(domain, "test.com" | "example.com" | "example.org" | "example.net")
}

fn emails(view: &View<'_>) -> Vec<Check> {
    let people = view.table(Kind::People);
    let names = &view.data.tables.names;
    let emails = people.codes("email");
    let days = view.days(Kind::People);
    let text = |row: usize| names.text(emails[row]);
    let count = |seen: &dyn Fn(usize) -> Option<bool>| -> Result<Tally, Why> {
        view.needs(&[(Kind::People, &["email"])]).map(|()| view.count(Kind::People, days, seen))
    };
    let mut first: HashMap<u32, u32> = HashMap::new();
    let mut in_file: HashSet<(u32, u32)> = HashSet::new();
    let (mut twice, mut across) = (vec![false; people.len()], vec![false; people.len()]);
    for (row, email) in emails.iter().enumerate() {
        if text(row).is_none_or(is_shared_mailbox) {
            continue;
        }
        let file = people.origin[row].file();
        let since = *first.entry(*email).or_insert(file);
        twice[row] = !in_file.insert((file, *email));
        across[row] = since != file && !twice[row];
    }
    let own = |row: usize| text(row).filter(|e| !is_shared_mailbox(e));
    let free = |row: usize| text(row).map(|e| cell::domain(e).is_some_and(|domain| cell::is_free_mail(&domain)));
    vec![
        Check::new(NO_EMAIL, "people", "People without an e-mail address", count(&|row| Some(emails[row] == NONE))),
        Check::new(
            TWICE,
            "people",
            "People whose address an earlier row of the file has",
            count(&|row| own(row).map(|_| twice[row])),
        ),
        Check::new(
            ACROSS,
            "people",
            "People whose address another export has too",
            count(&|row| own(row).map(|_| across[row])),
        ),
        Check::new(TEST, "people", "People with a tester's address", count(&|row| text(row).map(is_test))),
        Check::new(SHARED, "people", "People with a shared mailbox", count(&|row| text(row).map(is_shared_mailbox))),
        Check::new(FREE, "people", "People with free mail", count(&free)),
    ]
}

fn owners(view: &View<'_>, kind: Kind) -> Check {
    let (table, users) = (view.table(kind), view.table(Kind::Users));
    let wanted: &[&str] = if kind.field("owner").is_some() { &["owner_id", "owner"] } else { &["owner_id"] };
    let counted = view.needs(&[(kind, wanted), (Kind::Users, &[])]).map(|()| {
        let known: HashSet<u32> = users.codes("user_id").iter().copied().collect();
        let named: HashSet<u32> = users.codes("name").iter().copied().filter(|code| *code != NONE).collect();
        let (ids, owners) = (table.codes("owner_id"), table.codes("owner"));
        view.count(kind, view.days(kind), |row| match (ids[row], owners[row]) {
            (NONE, NONE) => None,
            (NONE, name) => Some(!named.contains(&name)),
            (id, _) => Some(!known.contains(&id)),
        })
    });
    Check::new(OWNER, kind.id(), format!("{} whose owner is no known user", capital(kind.id())), counted)
}

#[cfg(test)]
mod tests {
    use super::is_test;

    #[test]
    fn testers_addresses() {
        for email in ["test@acme.com", "test12@acme.com", "test+form@acme.com", "ada@test.com", "ada@example.com"] {
            assert!(is_test(email), "{email}");
        }
        for email in ["tester@acme.com", "attest@acme.com", "ada@contest.com", "ada@firm.example", "12@acme.com"] {
            assert!(!is_test(email), "{email}");
        }
    }
}

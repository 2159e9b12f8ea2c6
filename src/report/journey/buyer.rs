//! `journey --buyer`: one buyer's whole story, both teams, with the file and line of every event.
//!
//! In: an id or an e-mail address. Out: a [`Report`]: who it is, and everything that happened up to as-of, in order.

use anyhow::Result;

use super::story::{Event, Story};
use crate::facts::outcome_id;
use crate::identity::Identity;
use crate::ingest::{self, cell};
use crate::issue::{Issue, Place as Where, nearest};
use crate::journey::mix::Mix;
use crate::report::{Audience, Cell, Column, Report, Table, Unit};
use crate::session::Data;
use crate::tables::{Kind, NO_MONEY, NONE, Origin, Tables};
use crate::time::date_of;

const FLAG: &str = "--buyer";

const TIDY: [&str; 17] = [
    "order: number",
    "day: date",
    "time",
    "event",
    "team",
    "what",
    "by",
    "of",
    "person_id",
    "deal_id",
    "part",
    "stage",
    "evidence",
    "file",
    "line: number",
    "as_of: date",
    "contract_hash",
];

/// Whom an id names.
enum Named {
    /// A human.
    Human(u32),
    /// A row of `deals`.
    Deal(u32),
}

/// Builds the report.
///
/// # Errors
/// A usage issue for an id that nobody has, or that does not say whom it means.
pub fn build(id: &str, data: &Data, mix: &Mix<'_>) -> Result<Report> {
    let (process, humans) = match find(id, data)? {
        Named::Human(human) => {
            let process = process_of(data, human);
            (process, with_others(data, process, human))
        }
        Named::Deal(deal) => (deal, people_of(data, deal)),
    };
    let story = Story::new(data, mix, process, &humans);
    let events = story.events();
    let origins: Vec<Origin> = events.iter().filter_map(|event| event.origin).collect();
    let mut lines = ingest::lines(&data.files, &origins).into_iter();
    let lines: Vec<Option<u64>> = events.iter().map(|e| e.origin.and_then(|_| lines.next().flatten())).collect();

    let mut report = data.report("journey", &format!("The story of {}", id.trim()));
    report.tables = vec![who(&story), people(&story, &events, &lines), tidy(data, &events, &lines)];
    report.notes = notes(data, &story, &events, &lines);
    Ok(report)
}

/// The process that a human's history belongs to: that of any record of theirs.
fn process_of(data: &Data, human: u32) -> u32 {
    let row = data.who.human.iter().position(|h| *h == human);
    row.map_or(NONE, |row| data.journeys.of_person[row])
}

/// The humans of a process: those whose first deal it is, and all others who have part in it.
fn people_of(data: &Data, process: u32) -> Vec<u32> {
    let rows = data.journeys.of_person.iter().zip(&data.who.human);
    let mut humans: Vec<u32> = rows.filter(|(of, _)| **of == process).map(|(_, human)| *human).collect();
    humans.extend(data.who.parts.of(process));
    humans.sort_unstable();
    humans.dedup();
    humans
}

fn with_others(data: &Data, process: u32, human: u32) -> Vec<u32> {
    let mut humans = people_of(data, process);
    humans.push(human);
    humans.sort_unstable();
    humans.dedup();
    humans
}

/// The code of an id as the exports have it.
fn code_of(tables: &Tables, id: &str) -> Option<u32> {
    let mut buffer: cell::IdBuffer = [0; 36];
    let full = cell::id(id.as_bytes(), &mut buffer).and_then(|id| std::str::from_utf8(id).ok());
    tables.names.known(full?)
}

/// Whom an id or an e-mail address names.
fn find(text: &str, data: &Data) -> Result<Named, Issue> {
    let (tables, who) = (&data.tables, &data.who);
    let text = text.trim();
    let (kind, id) = match text.split_once(':') {
        Some((kind @ ("person" | "deal"), id)) => (Some(kind), id.trim()),
        _ => (None, text),
    };
    let (person, deal) =
        code_of(tables, id).map_or((NONE, NONE), |code| (who.person_row.get(code), who.deal_row.get(code)));
    let person = if kind == Some("deal") { NONE } else { person };
    let deal = if kind == Some("person") { NONE } else { deal };
    let issue = |what: String| Issue::usage(Where::file(FLAG), what);
    match (person, deal) {
        (NONE, NONE) => {}
        (person, NONE) => return Ok(Named::Human(who.human[person as usize])),
        (NONE, deal) => return Ok(Named::Deal(deal)),
        _ => {
            return Err(issue(format!("`{id}` is the id of a person and of a deal"))
                .hint(format!("say which: --buyer person:{id} or --buyer deal:{id}")));
        }
    }
    if kind != Some("deal") {
        match by_address(id, tables, who)[..] {
            [] => {}
            [human] => return Ok(Named::Human(human)),
            ref many => {
                return Err(issue(format!("`{id}` is the address of {} people", many.len()))
                    .hint("it is a mailbox that many read: name the person by an id"));
            }
        }
    }
    Err(unknown(text, id, data))
}

/// Everybody with an e-mail address.
fn by_address(id: &str, tables: &Tables, who: &Identity) -> Vec<u32> {
    let Some(code) = tables.names.known(&id.to_lowercase()) else { return Vec::new() };
    let emails = tables.get(Kind::People).codes("email");
    let rows = emails.iter().zip(&who.human).filter(|(email, _)| **email == code);
    let mut humans: Vec<u32> = rows.map(|(_, human)| *human).collect();
    humans.sort_unstable();
    humans.dedup();
    humans
}

fn unknown(text: &str, id: &str, data: &Data) -> Issue {
    let (people, deals) = (data.tables.get(Kind::People), data.tables.get(Kind::Deals));
    let names = &data.tables.names;
    let columns = [people.codes("person_id"), deals.codes("deal_id"), people.codes("email")];
    let near = nearest(id, columns.iter().flat_map(|c| c.iter()).filter_map(|code| names.text(*code)));
    let looked =
        format!("looked through ids and e-mail addresses: {} of people, {} of deals", people.len(), deals.len());
    let hint = near.map_or_else(|| looked.clone(), |near| format!("{looked}; did you mean `{near}`?"));
    let what = format!("nobody up to {} has the id or address `{text}`", data.session.as_of);
    Issue::usage(Where::file(FLAG), what).hint(hint)
}

fn words(tables: &Tables, code: u32) -> Option<&str> {
    tables.names.text(code)
}

/// Who it is: one line each.
fn who(story: &Story<'_>) -> Table {
    let data = story.data;
    let (tables, journeys, at) = (&data.tables, &data.journeys, story.process as usize);
    let people = tables.get(Kind::People);
    let (ids, emails) = (people.codes("person_id"), people.codes("email"));
    let list = |codes: &[u32]| {
        let mut texts: Vec<&str> = story.people.iter().filter_map(|row| words(tables, codes[*row as usize])).collect();
        texts.sort_unstable();
        texts.dedup();
        texts.join(", ")
    };
    let or_none = |text: String, why: &str| if text.is_empty() { Cell::Missing(why.into()) } else { Cell::Text(text) };
    let mut rows = vec![
        vec![Cell::text("Records of people"), or_none(list(&ids), "no person")],
        vec![Cell::text("E-mail"), or_none(list(&emails), "no address")],
    ];
    let mut line = |title: &str, cell: Cell| rows.push(vec![Cell::text(title), cell]);
    let deal = journeys.deal[at];
    line("Deal", or_none(if deal == NONE { String::new() } else { story.deal_name(deal) }, "no deal"));
    line("Outcome", Cell::text(outcome_id(journeys.outcome[at]).replace('_', " ")));
    if deal != NONE {
        let none = || Cell::Missing("no amount".into());
        let scale = data.facts().minor_per_major();
        #[allow(clippy::cast_precision_loss)] // amounts stay below 2^53 minor units
        let amount = Some(journeys.amount[at]).filter(|a| *a != NO_MONEY).map(|a| a as f64 / scale);
        line("Amount", amount.map_or_else(none, |a| Cell::Number(a, Unit::Money)));
        line("Found its people by", Cell::text(data.who.method_of()[deal as usize].id()));
    }
    line(
        "Brought by",
        journeys.origin[at].map_or_else(|| Cell::Missing("nobody can tell".into()), |s| Cell::text(s.id())),
    );
    let told = &story.told;
    let [marketing, sales, none] = told.journey;
    let after: u32 = told.touches[story.mix.index(crate::journey::mix::Place::After)].iter().sum();
    let seen = story.mix.has_people(at);
    let touches = if seen {
        format!("{marketing} by marketing, {sales} by sales, {none} of no team; {after} after it")
    } else {
        let all: u32 = told.journey.iter().sum();
        format!(
            "{all} about the deal itself, {sales} of them by sales; {after} after it; what else its people were touched by is not known, or counts with their first deal"
        )
    };
    let touches = data.facts().no_table("touches").map_or_else(|| Cell::text(touches), Cell::Missing);
    line("Touches up to the close", touches);
    let changes = match told.changes {
        _ if !seen => Cell::Missing("the deal has no person of its own".into()),
        None => Cell::Missing("no touch of a team".into()),
        Some(changes) => Cell::count(u64::from(changes)),
    };
    line("Hand-offs between the teams", changes);
    let columns = vec![Column::left("field", "Buyer"), Column::left("value", "")];
    Table { id: "buyer".into(), title: String::new(), audience: Audience::People, columns, rows }
}

fn place(story: &Story<'_>, event: &Event, line: Option<u64>) -> Option<String> {
    let file = &story.data.files.get(event.origin?.file() as usize)?.input.path;
    Some(line.map_or_else(|| file.clone(), |line| format!("{file}:{line}")))
}

const DERIVED: &str = "follows from other records";

fn people(story: &Story<'_>, events: &[Event], lines: &[Option<u64>]) -> Table {
    let columns = vec![
        Column::left("when", "When"),
        Column::left("team", "Team"),
        Column::left("what", "What"),
        Column::left("place", "File:line"),
    ];
    let rows = events.iter().zip(lines).map(|(event, line)| {
        let when = match (event.day, &event.time) {
            (None, _) => Cell::Missing("no known day".into()),
            (Some(day), None) => Cell::text(date_of(day).to_string()),
            (Some(day), Some(time)) => Cell::text(format!("{}\u{a0}{time}", date_of(day))),
        };
        let mut what = event.what.clone();
        if !event.by.is_empty() {
            what = format!("{what}, by {}", event.by);
        }
        if event.other {
            what = format!("{what} [{}]", story.other_part(event));
        }
        let file = place(story, event, *line).map_or_else(|| Cell::Missing(DERIVED.into()), Cell::Text);
        let team = if event.team.is_empty() { Cell::none() } else { Cell::text(event.team) };
        vec![when, team, Cell::Text(what), file]
    });
    let title = format!("Everything up to {}, {} time", story.data.session.as_of, story.data.session.home.name);
    Table { id: "story".into(), title, audience: Audience::People, columns, rows: rows.collect() }
}

fn tidy(data: &Data, events: &[Event], lines: &[Option<u64>]) -> Table {
    let columns = TIDY.iter().map(|c| Column::tidy(c)).collect();
    let or_none = |text: &str| if text.is_empty() { Cell::none() } else { Cell::text(text) };
    let rows = (1..).zip(events.iter().zip(lines)).map(|(order, (event, line))| {
        let file = event.origin.and_then(|o| data.files.get(o.file() as usize)).map(|f| f.input.path.as_str());
        vec![
            Cell::count(order),
            event.day.map_or_else(|| Cell::Missing("no known day".into()), |d| Cell::Date(date_of(d))),
            event.time.as_deref().map_or_else(|| Cell::Missing("no time of day".into()), Cell::text),
            Cell::text(event.kind),
            or_none(event.team),
            Cell::text(&event.what),
            or_none(&event.by),
            or_none(&event.of),
            or_none(words(&data.tables, event.person).unwrap_or_default()),
            or_none(words(&data.tables, event.deal).unwrap_or_default()),
            Cell::text(if event.other { "another process" } else { "this process" }),
            or_none(&event.stage),
            or_none(event.evidence),
            file.map_or_else(|| Cell::Missing(DERIVED.into()), Cell::text),
            line.map_or_else(|| Cell::Missing("the file cannot be read again".into()), Cell::count),
            Cell::Date(data.session.as_of),
            Cell::text(data.session.contract.short_hash()),
        ]
    });
    let rows = rows.collect();
    Table { id: "journey_buyer_tidy".into(), title: String::new(), audience: Audience::Machines, columns, rows }
}

fn notes(data: &Data, story: &Story<'_>, events: &[Event], lines: &[Option<u64>]) -> Vec<String> {
    let touches = events.iter().filter(|e| e.kind == "touch");
    let (other, mine): (Vec<&Event>, Vec<&Event>) = touches.partition(|e| e.other);
    let mut notes = vec![format!(
        "{} touches of this buying process{}. Nothing after {} is here; times are those of {}.",
        mine.len(),
        if other.is_empty() {
            String::new()
        } else {
            format!(", and {} of the same people that count with another deal", other.len())
        },
        data.session.as_of,
        data.session.home.name
    )];
    notes.push("A touch without a time of day stands at the end of its day, a stage before it. Statuses and owners are the changes that the exports record; what a record says today is not shown.".into());
    if events.iter().any(|e| e.kind == "stage" && e.evidence == "inferred") {
        notes.push("Inferred: the stage was skipped, and is dated by the earliest later evidence.".into());
    }
    if events.iter().zip(lines).any(|(e, line)| e.origin.is_some() && line.is_none()) {
        notes.push("A file that cannot be read again (a pipe, one that has gone) has no lines.".into());
    }
    if story.people.is_empty() {
        notes.push("The deal has no person in the exports.".into());
    }
    notes
}

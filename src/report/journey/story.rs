//! The events of one buyer, from every table, in order.
//!
//! In: a process and its people. Out: [`Event`]s, each with the record that it comes from.

use std::collections::{BTreeSet, HashMap};

use crate::contract::Evidence;
use crate::journey::mix::{Mix, Told};
use crate::journey::{How, NO_DAY, Outcome, Reach, Side};
use crate::output::number;
use crate::report::Unit;
use crate::session::Data;
use crate::tables::{Kind, NO_MONEY, NONE, Origin, Table};
use crate::time::{Stamp, day_of};

/// Something that happened, or that follows from what happened.
pub struct Event {
    /// Where it stands: moment, rank among those of one moment.
    key: (i64, u8),
    at: Stamp,
    /// Day in the contract's zone, and hour and minute, where they are known.
    pub day: Option<i32>,
    pub time: Option<String>,
    /// `created`, `status`, `owner`, `touch`, `stage`, `deal_created`, `deal_closed`, …
    pub kind: &'static str,
    /// `marketing`, `sales`, or empty.
    pub team: &'static str,
    pub what: String,
    /// Who did it.
    pub by: String,
    /// Whom it is about, by name.
    pub of: String,
    /// Ids, as codes.
    pub person: u32,
    pub deal: u32,
    /// It belongs to another buying process of the same people.
    pub other: bool,
    /// A touch that is about no deal, and counts with one because of whom it reached.
    by_person: bool,
    /// Whom a change of owner gave it to, by name; among what happened at one moment, the number of the stage.
    to: String,
    rank: usize,
    /// Id of the stage that was reached, and how that is known.
    pub stage: String,
    pub evidence: &'static str,
    /// The record; `None` where no one record says it.
    pub origin: Option<Origin>,
}

/// When, of whom, and by which record: its file and offset.
type Said = (i64, u32, Option<(u32, u64)>);

impl Event {
    fn said(&self) -> Said {
        (self.at.utc_ms(), self.person, self.origin.map(|origin| (origin.file(), origin.offset())))
    }
}

/// One buyer.
pub struct Story<'a> {
    pub data: &'a Data,
    pub mix: &'a Mix<'a>,
    pub process: u32,
    /// Rows of `people`.
    pub people: Vec<u32>,
    /// Rows of `deals`: the process's own, and those that the people have part in too.
    deals: Vec<u32>,
    pub told: Told,
    /// Names of users by the code of their id.
    users: HashMap<u32, u32, foldhash::fast::FixedState>,
}

/// Whether a text is an id of a record rather than a name.
fn is_id(text: &str) -> bool {
    text.chars().any(|c| c.is_ascii_digit()) && text.chars().all(|c| c.is_ascii_alphanumeric())
}

impl<'a> Story<'a> {
    /// The story of a process and of some humans.
    #[allow(clippy::cast_possible_truncation)] // tables have fewer than 2^32 rows
    pub fn new(data: &'a Data, mix: &'a Mix<'a>, process: u32, humans: &[u32]) -> Self {
        let who = &data.who;
        let is = |human: &u32| humans.binary_search(human).is_ok();
        let people = (0..).zip(&who.human).filter(|(_, human)| is(human)).map(|(row, _)| row).collect();
        let count = data.tables.get(Kind::Deals).len() as u32;
        let deals = (0..count).filter(|deal| *deal == process || who.parts.of(*deal).iter().any(is)).collect();
        let table = data.tables.get(Kind::Users);
        let mut users = HashMap::default();
        for (id, name) in table.codes("user_id").iter().zip(table.codes("name").iter()).filter(|(_, n)| **n != NONE) {
            users.entry(*id).or_insert(*name);
        }
        Self { data, mix, process, people, deals, told: mix.tell(process as usize), users }
    }

    fn text(&self, code: u32) -> &'a str {
        self.data.tables.names.text(code).unwrap_or_default()
    }

    /// A user's name, or what the export calls them.
    fn user(&self, code: u32) -> String {
        self.text(self.users.get(&code).copied().unwrap_or(code)).to_string()
    }

    /// A person's name, address or id.
    fn person_name(&self, row: u32) -> String {
        let people = self.data.tables.get(Kind::People);
        let text = |column: &str| self.text(people.codes(column)[row as usize]);
        let whole = [text("first_name"), text("last_name")].join(" ");
        [text("name"), whole.trim(), text("email"), text("person_id")]
            .into_iter()
            .find(|t| !t.is_empty())
            .unwrap_or_default()
            .to_string()
    }

    /// A deal's name and id.
    pub fn deal_name(&self, row: u32) -> String {
        let deals = self.data.tables.get(Kind::Deals);
        let text = |column: &str| self.text(deals.codes(column)[row as usize]);
        match (text("name"), text("deal_id")) {
            ("", id) => id.to_string(),
            (name, id) => format!("{name} ({id})"),
        }
    }

    /// What an event of another process is about.
    pub fn other_part(&self, event: &Event) -> String {
        match event.deal {
            NONE => "of another buying process".to_string(),
            deal if event.by_person => format!("counted with deal {}", self.text(deal)),
            deal => format!("about deal {}", self.text(deal)),
        }
    }

    /// An event that a record says; `None` for one later than as-of, or of no time.
    fn event(&self, kind: &'static str, at: Stamp, what: String, origin: Option<Origin>) -> Option<Event> {
        let home = &self.data.session.home;
        let day = home.day(at).filter(|day| *day <= day_of(self.data.session.as_of))?;
        let (hours, minutes) = {
            let of_day = home.to_civil(at.utc_ms()).rem_euclid(86_400_000) / 60_000;
            (of_day / 60, of_day % 60)
        };
        Some(Event {
            key: (at.utc_ms(), 1),
            at,
            day: Some(day),
            time: (!at.is_date()).then(|| format!("{hours:02}:{minutes:02}")),
            kind,
            team: "",
            what,
            by: String::new(),
            of: String::new(),
            person: NONE,
            deal: NONE,
            other: false,
            by_person: false,
            to: String::new(),
            rank: 0,
            stage: String::new(),
            evidence: "",
            origin,
        })
    }

    /// Everything up to as-of, in order.
    pub fn events(&self) -> Vec<Event> {
        let mut events = Vec::new();
        self.of_people(&mut events);
        self.of_deals(&mut events);
        let tables = &self.data.tables;
        self.changes(&mut events, tables.get(Kind::StageChanges), "status");
        self.changes(&mut events, &tables.owner_changes, "owner");
        self.touches(&mut events);
        let mut stages = self.stages(&events);
        events.append(&mut stages);
        events.sort_by(|a, b| {
            let key = |e: &Event| (e.day.is_none(), e.key, e.kind, e.rank);
            key(a)
                .cmp(&key(b))
                .then_with(|| (&a.what, &a.by, self.text(a.person)).cmp(&(&b.what, &b.by, self.text(b.person))))
        });
        // Where a record's column says the same as a change that was made of it, the change is enough.
        let changed: BTreeSet<Said> = events.iter().filter(|e| e.kind == "status").map(Event::said).collect();
        events.retain(|e| e.kind != "qualified" || !changed.contains(&e.said()));
        // A history has a change of owner twice: by id and by name, of which the name, that is no id, says more.
        let of = |e: &Event| (e.at.utc_ms(), e.person, e.deal, e.to.clone());
        let named: BTreeSet<_> = events.iter().filter(|e| e.kind == "owner" && e.rank == 0).map(of).collect();
        let mut seen = BTreeSet::new();
        events.retain(|e| e.kind != "owner" || ((e.rank == 0 || !named.contains(&of(e))) && seen.insert(of(e))));
        events
    }

    fn of_people(&self, events: &mut Vec<Event>) {
        const TIMES: [(&str, &str, &str); 4] = [
            ("created_at", "created", "Record created"),
            ("mql_at", "qualified", "Marketing qualified, as the record says"),
            ("sql_at", "qualified", "Sales qualified, as the record says"),
            ("converted_at", "converted", "Lead converted"),
        ];
        let people = self.data.tables.get(Kind::People);
        let (ids, sources, kinds) = (people.codes("person_id"), people.codes("lead_source"), people.codes("kind"));
        for (column, kind, title) in TIMES {
            let times = people.times(column);
            for row in self.people.iter().map(|row| *row as usize) {
                let words = [self.text(kinds[row]), self.text(sources[row])];
                let about: Vec<&str> = words.into_iter().filter(|w| !w.is_empty()).collect();
                let what = if kind == "created" && !about.is_empty() {
                    format!("{title}: {}", about.join(", "))
                } else {
                    title.to_string()
                };
                let Some(mut event) = self.event(kind, times[row], what, Some(people.origin[row])) else { continue };
                event.person = ids[row];
                event.of = self.person_name(u32::try_from(row).unwrap_or(NONE));
                event.other = self.data.journeys.of_person[row] != self.process;
                events.push(event);
            }
        }
    }

    fn of_deals(&self, events: &mut Vec<Event>) {
        let deals = self.data.tables.get(Kind::Deals);
        let (ids, created, closed) = (deals.codes("deal_id"), deals.times("created_at"), deals.times("closed_at"));
        let owners = [deals.codes("owner_id"), deals.codes("owner")];
        let journeys = &self.data.journeys;
        for deal in &self.deals {
            let row = *deal as usize;
            let name = self.deal_name(*deal);
            let mut add = |kind, at, what: String| {
                let Some(mut event) = self.event(kind, at, what, Some(deals.origin[row])) else { return };
                event.deal = ids[row];
                event.other = *deal != self.process;
                event.by = owners.iter().map(|c| self.user(c[row])).find(|t| !t.is_empty()).unwrap_or_default();
                events.push(event);
            };
            add("deal_created", created[row], format!("Deal created: {name}"));
            let how = match journeys.outcome[row] {
                Outcome::Won => "won",
                Outcome::Lost => "lost",
                Outcome::Derailed => "ended without a decision",
                Outcome::Unclear => "closed",
                Outcome::Open | Outcome::NoDeal => continue,
            };
            if journeys.closed[row] == NO_DAY {
                continue;
            }
            #[allow(clippy::cast_precision_loss)] // amounts stay below 2^53 minor units
            let amount = Some(journeys.amount[row]).filter(|a| *a != NO_MONEY).map(|minor| {
                let major = minor as f64 / self.data.facts().minor_per_major();
                format!(", {} {}", number::people(major, Unit::Money), self.data.session.contract.currency)
            });
            add("deal_closed", closed[row], format!("Deal {how}: {name}{}", amount.unwrap_or_default()));
        }
    }

    /// Changes of statuses and stages, or of owners.
    fn changes(&self, events: &mut Vec<Event>, table: &Table, kind: &'static str) {
        let who = &self.data.who;
        let (people, deals) = (table.codes("person_id"), table.codes("deal_id"));
        let (at, field, old, new) = (table.times("at"), table.codes("field"), table.codes("old"), table.codes("new"));
        for row in 0..table.len() {
            let (person, deal) = (who.person_row.get(people[row]), who.deal_row.get(deals[row]));
            let mine = person != NONE && self.people.binary_search(&person).is_ok();
            if !mine && (deal == NONE || self.deals.binary_search(&deal).is_err()) {
                continue;
            }
            let shown = |code: u32| Some(self.user(code)).filter(|t| !t.is_empty()).unwrap_or("nothing".into());
            let field = Some(self.text(field[row])).filter(|f| !f.is_empty());
            let title = field.unwrap_or(if person == NONE { "Stage" } else { "Status" });
            let what = if old[row] == NONE && new[row] == NONE {
                title.to_string()
            } else if old[row] == NONE {
                format!("{title}: {}", shown(new[row]))
            } else {
                format!("{title}: {} → {}", shown(old[row]), shown(new[row]))
            };
            let kind = if kind == "status" && person == NONE { "deal_stage" } else { kind };
            let Some(mut event) = self.event(kind, at[row], what, Some(table.origin[row])) else { continue };
            let of = if person == NONE { deal } else { self.data.journeys.of_person[person as usize] };
            event.person = people[row];
            event.deal = deals[row];
            if kind == "owner" {
                event.to = shown(new[row]);
                event.rank = usize::from(
                    old[row] != NONE && is_id(self.text(old[row])) && shown(old[row]) == self.text(old[row]),
                );
            }
            event.other = of != self.process;
            if person != NONE {
                event.of = self.person_name(person);
            }
            events.push(event);
        }
    }

    fn touches(&self, events: &mut Vec<Event>) {
        let (data, tables) = (self.data, &self.data.tables);
        let table = tables.get(Kind::Touches);
        let ids = [table.codes("person_id"), table.codes("person_id_2")];
        let (about, owner) = (table.codes("about_id"), table.codes("owner_id"));
        let words = ["kind", "channel", "subject"].map(|column| table.codes(column));
        let (campaign, campaign_id) = (table.codes("campaign"), table.codes("campaign_id"));
        let campaigns = tables.get(Kind::Campaigns);
        let names = campaigns.codes("campaign_id").iter().zip(campaigns.codes("name").iter()).fold(
            HashMap::<u32, u32, foldhash::fast::FixedState>::default(),
            |mut names, (id, name)| {
                names.entry(*id).or_insert(*name);
                names
            },
        );
        let (emails, reach) = (table.codes("email"), Reach::new(tables, &data.who));
        let mine = |row: usize| {
            let by_id = ids.iter().map(|c| data.who.person_row.get(c[row])).find(|person| *person != NONE);
            by_id.or_else(|| {
                let human = data.who.human_by_email.get(emails[row])?;
                self.people.iter().copied().find(|person| data.who.human[*person as usize] == human)
            })
        };
        for row in 0..table.len() {
            let process = data.journeys.touch_of[row];
            let person = mine(row).filter(|person| self.people.binary_search(person).is_ok());
            if process != self.process && person.is_none() {
                continue;
            }
            let name = match names.get(&campaign_id[row]).filter(|_| campaign_id[row] != NONE) {
                Some(name) => self.text(*name),
                None => self.text(campaign[row]),
            };
            let mut parts: Vec<&str> = words.iter().map(|c| self.text(c[row])).chain([name]).collect();
            parts.retain(|part| !part.is_empty());
            parts.dedup_by(|b, a| a.eq_ignore_ascii_case(b));
            let what = if parts.is_empty() { "touch".to_string() } else { parts.join(", ") };
            let at = self.mix.at[row];
            let Some(mut event) = self.event("touch", at, what, Some(table.origin[row])) else { continue };
            event.key = (self.mix.last(at), 2);
            event.team = data.journeys.touch_side[row].map_or("", Side::id);
            event.by = self.user(owner[row]);
            event.other = process != self.process;
            if let Some(person) = person {
                event.person = tables.get(Kind::People).codes("person_id")[person as usize];
                event.of = self.person_name(person);
            }
            let deal = data.who.deal_row.get(about[row]);
            event.by_person = reach.deal(row) == NONE;
            event.deal = match (deal, data.journeys.deal.get(process as usize)) {
                (NONE, Some(of)) if *of != NONE => tables.get(Kind::Deals).codes("deal_id")[*of as usize],
                (NONE, _) => NONE,
                (deal, _) => tables.get(Kind::Deals).codes("deal_id")[deal as usize],
            };
            events.push(event);
        }
    }

    /// The stages that the process reached; one that is recorded has the place of the record that says so.
    fn stages(&self, events: &[Event]) -> Vec<Event> {
        let (contract, journeys) = (&self.data.session.contract, &self.data.journeys);
        let mut stages = Vec::new();
        for (rank, (stage, reached)) in contract.stages.iter().zip(&journeys.stages).enumerate() {
            let reached = reached[self.process as usize];
            let evidence = match reached.how {
                How::No => continue,
                How::Recorded => "recorded",
                How::Inferred => "inferred",
                How::Undated => "undated",
            };
            let recorded = reached.how == How::Recorded;
            let record =
                stage.reached.iter().filter(|_| recorded).find_map(|e| self.record(&e.value, reached.at, events));
            let what = format!("Reached {} ({evidence})", stage.title);
            let dated = self.event("stage", reached.at, what.clone(), record);
            let Some(mut event) = dated.or_else(|| self.undated(what)) else { continue };
            // After the record that says so; a touch that does stands at the end of a day that has no time.
            let says = events.iter().filter(|e| record.is_some() && e.origin == record && e.at == reached.at);
            event.key = (says.map(|e| e.key.0).max().unwrap_or(event.key.0), 3);
            event.rank = rank;
            event.stage.clone_from(&stage.id.value);
            event.evidence = evidence;
            stages.push(event);
        }
        stages
    }

    /// The record that shows a stage, by one kind of evidence.
    fn record(&self, evidence: &Evidence, at: Stamp, events: &[Event]) -> Option<Origin> {
        let of_kind = |kinds: &[&str]| {
            let found = events.iter().filter(|e| e.at == at && !e.other && kinds.contains(&e.kind));
            found.min_by_key(|e| kinds.iter().position(|kind| *kind == e.kind)).and_then(|e| e.origin)
        };
        match evidence {
            Evidence::Column { table: Kind::Deals, column, .. } => {
                let deals = self.data.tables.get(Kind::Deals);
                let row = self.process as usize;
                (deals.times(&column.value).get(row) == Some(&at)).then(|| deals.origin[row])
            }
            Evidence::Column { column, .. } => {
                let people = self.data.tables.get(Kind::People);
                let times = people.times(&column.value);
                let mine = |row: &&u32| self.data.journeys.of_person[**row as usize] == self.process;
                let row = self.people.iter().filter(mine).find(|row| times[**row as usize] == at)?;
                Some(people.origin[*row as usize])
            }
            Evidence::Status { .. } => of_kind(&["status", "created"]),
            Evidence::DealStage { .. } => of_kind(&["deal_stage", "deal_created"]),
            Evidence::Touch { .. } => of_kind(&["touch"]),
        }
    }

    /// A stage that was reached on an unknown day.
    fn undated(&self, what: String) -> Option<Event> {
        let event = self.event("stage", Stamp::date(0), what, None)?;
        Some(Event { key: (i64::MAX, 3), at: Stamp::NONE, day: None, time: None, ..event })
    }
}

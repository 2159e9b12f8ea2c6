//! The tables for people, and the notes.
//!
//! In: the sums. Out: tables for people, one sentence per thing that a reader has to know.

use std::collections::BTreeMap;

use super::count::{Account, Counted, Fate, Match};
use crate::calendar::Periods;
use crate::facts::Segment;
use crate::identity::matched::{By, Why};
use crate::journey::NO_DAY;
use crate::output::number;
use crate::report::scorecard::heading;
use crate::report::{Audience, Cell, Column, Table, Unit};
use crate::session::Data;
use crate::stats::interval::wilson;
use crate::tables::{Kind, NONE};

/// Periods, segments and titles shown to people; machines get all.
const SHOWN: usize = 8;
/// Below this many, a share says little.
pub const FEW: u64 = 5;

/// Why something cannot be counted at all.
pub struct No {
    pub accounts: Option<String>,
    pub people: Option<String>,
    pub touches: Option<String>,
    pub deals: Option<String>,
    /// No persona is required, or there is none.
    pub group: Option<String>,
    pub target: Option<String>,
}

impl No {
    pub fn of(data: &Data) -> Self {
        let facts = data.facts();
        let table = |kind: Kind| facts.no_table(kind.id());
        let contract = &data.session.contract;
        let group = match &contract.personas[..] {
            [] => Some("the contract has no [[persona]]"),
            all if all.iter().any(|p| p.required) => None,
            _ => Some("no [[persona]] of the contract is required"),
        };
        let target = contract.accounts.target_when.is_none().then_some("[accounts] has no target_when");
        Self {
            accounts: table(Kind::Accounts),
            people: table(Kind::People),
            touches: table(Kind::Touches),
            deals: table(Kind::Deals),
            group: group.map(String::from),
            target: target.map(String::from),
        }
    }
}

/// One figure about accounts: how many of them have something.
pub struct Figure {
    pub id: &'static str,
    pub title: String,
    /// Why it is not known.
    pub no: Option<String>,
    pub has: fn(&View<'_>, &Account) -> bool,
}

pub struct View<'a> {
    pub data: &'a Data,
    pub periods: &'a Periods,
    pub counted: &'a Counted,
    pub by: &'a [String],
    pub segments: &'a [Segment],
    pub segment_of: &'a [usize],
    pub no: No,
}

#[allow(clippy::cast_precision_loss)] // counts stay far below 2^53
pub fn share(k: u64, n: u64) -> Option<f64> {
    (n > 0).then(|| k as f64 / n as f64)
}

#[allow(clippy::cast_precision_loss)]
pub fn bounds(k: u64, n: u64) -> Option<(f64, f64)> {
    wilson(k as f64, n as f64)
}

fn share_cells(k: u64, n: u64) -> [Cell; 2] {
    let value = share(k, n).map_or_else(Cell::none, |v| Cell::Number(v, Unit::Share));
    [value, bounds(k, n).map_or_else(Cell::none, |(low, high)| Cell::text(number::interval(low, high)))]
}

fn missing(reason: Option<&String>) -> Option<Cell> {
    reason.map(|why| Cell::Missing(why.clone()))
}

impl View<'_> {
    pub fn kept(&self) -> impl Iterator<Item = (usize, &Account)> {
        self.counted.accounts.iter().enumerate().filter(|(at, _)| self.counted.keep[*at])
    }

    /// The figures about accounts, the first being their number.
    pub fn figures(&self) -> Vec<Figure> {
        let terms = &self.data.session.contract.accounts;
        let days = terms.engaged_within;
        let no = |reason: &Option<String>| self.no.accounts.clone().or_else(|| reason.clone());
        let (people, deals) = (no(&self.no.people), no(&self.no.deals));
        let touches = people.clone().or_else(|| self.no.touches.clone());
        let group = people.clone().or_else(|| self.no.group.clone());
        let one = |id, title: String, no: &Option<String>, has| Figure { id, title, no: no.clone(), has };
        vec![
            one("accounts", "Accounts".into(), &no(&None), |_, _| true),
            one("with_people", "with people".into(), &people, |_, a| a.people > 0),
            one("with_engaged", "with engaged people".into(), &touches, |_, a| a.engagement.people > 0),
            one("complete", "complete buying group".into(), &group, |view, a| view.counted.is_complete(a.personas)),
            one("open_deal", "with an open deal".into(), &deals, |_, a| a.deals[Fate::Open as usize] > 0),
            one("recent", format!("recent: a touch in {days} d"), &touches, |_, a| a.engagement.touches > 0),
            one("deep", format!("deep: {} touches in {days} d", terms.qualified_touches), &touches, |view, a| {
                a.engagement.touches >= view.data.session.contract.accounts.qualified_touches
            }),
            one("broad", format!("broad: {} people engaged", terms.qualified_people), &touches, |view, a| {
                a.engagement.people >= view.data.session.contract.accounts.qualified_people
            }),
            one("mqa", "qualified: all of these".into(), &touches, |_, a| a.engagement.qualified),
            one("mqa_ever", "qualified at some time".into(), &touches, |_, a| a.engagement.since != NO_DAY),
        ]
    }

    /// Of all accounts, and then of each segment: by figure, how many accounts it is about, and how many targets.
    pub fn tallies(&self, figures: &[Figure]) -> Vec<Vec<[u64; 2]>> {
        let mut tallies = vec![vec![[0; 2]; figures.len()]; self.segments.len() + 1];
        for (at, account) in self.kept() {
            let is_target = u64::from(self.counted.is_target(at));
            for (f, _) in figures.iter().enumerate().filter(|(_, figure)| (figure.has)(self, account)) {
                for group in [0, self.segment_of[at] + 1] {
                    tallies[group][f][0] += 1;
                    tallies[group][f][1] += is_target;
                }
            }
        }
        tallies
    }

    pub fn headline(&self) -> Table {
        let columns = vec![
            Column::left("figure", "Accounts"),
            Column::right("all", "All"),
            Column::right("share", "Share"),
            Column::right("interval", "95 % interval"),
            Column::right("target", "Target"),
            Column::right("target_share", "Share"),
            Column::right("target_interval", "95 % interval"),
        ];
        let figures = self.figures();
        let all = self.tallies(&figures).swap_remove(0);
        let of = all[0];
        let mut rows = Vec::new();
        for (figure, counts) in figures.iter().zip(&all) {
            if figure.id == "recent" {
                rows.push(heading("Marketing-qualified", columns.len()));
            }
            let mut row = vec![Cell::text(&figure.title)];
            for (k, n) in counts.iter().zip(of) {
                let no =
                    if row.len() > 1 { self.no.target.as_ref().or(figure.no.as_ref()) } else { figure.no.as_ref() };
                if let Some(cell) = missing(no) {
                    row.extend([cell, Cell::none(), Cell::none()]);
                    continue;
                }
                row.push(Cell::count(*k));
                row.extend(if figure.id == "accounts" { [Cell::none(), Cell::none()] } else { share_cells(*k, n) });
            }
            rows.push(row);
        }
        let title = "What companies have, and which are targets".to_string();
        Table { id: "accounts".into(), title, audience: Audience::People, columns, rows }
    }

    pub fn segment_name(&self, segment: usize) -> String {
        let words = self.segments[segment].iter().map(|word| word.as_deref().unwrap_or("(none)"));
        words.collect::<Vec<_>>().join(" / ")
    }

    /// The largest segments.
    pub fn by_segment(&self) -> Option<Table> {
        if self.by.is_empty() || self.no.accounts.is_some() {
            return None;
        }
        let figures = self.figures();
        let tallies = self.tallies(&figures);
        let mut sizes: Vec<(u64, usize)> = (0..self.segments.len()).map(|s| (tallies[s + 1][0][0], s)).collect();
        sizes.retain(|(n, _)| *n > 0);
        sizes.sort_by_key(|(n, segment)| (std::cmp::Reverse(*n), *segment));
        let columns = vec![
            Column::left("segment", self.by.join(" / ")),
            Column::right("accounts", "Accounts"),
            Column::right("with_people", "People"),
            Column::right("with_engaged", "Engaged"),
            Column::right("complete", "Complete"),
            Column::right("mqa", "Qualified"),
            Column::right("share", "Share"),
            Column::right("interval", "95 % interval"),
        ];
        let mut rows: Vec<Vec<Cell>> = Vec::new();
        for (n, segment) in sizes.iter().take(SHOWN) {
            let mut row = vec![Cell::text(self.segment_name(*segment)), Cell::count(*n)];
            let mut mqa = None;
            for id in ["with_people", "with_engaged", "complete", "mqa"] {
                let Some(at) = figures.iter().position(|f| f.id == id) else { continue };
                row.push(missing(figures[at].no.as_ref()).unwrap_or_else(|| {
                    let k = tallies[segment + 1][at][0];
                    mqa = (id == "mqa").then_some(k);
                    Cell::count(k)
                }));
            }
            row.extend(mqa.map_or([Cell::none(), Cell::none()], |k| share_cells(k, *n)));
            rows.push(row);
        }
        if sizes.len() > SHOWN {
            rows.push(heading(&format!("… and {} more in machine formats", sizes.len() - SHOWN), columns.len()));
        }
        let title = "Accounts that have each, and the share that is qualified".to_string();
        Some(Table { id: "segments".into(), title, audience: Audience::People, columns, rows })
    }

    /// Accounts, those with an open deal, won and lost deals that had so many of the required personas.
    pub fn by_present(&self, present: u32) -> [u64; 4] {
        let counted = self.counted;
        let mut n = [0; 4];
        for (_, account) in self.kept().filter(|(_, a)| counted.present(a.personas) == present) {
            n[0] += 1;
            n[1] += u64::from(account.deals[Fate::Open as usize] > 0);
        }
        for deal in counted.deals.iter().filter(|deal| counted.present(deal.personas) == present) {
            n[2] += u64::from(deal.fate == Fate::Won);
            n[3] += u64::from(deal.fate == Fate::Lost);
        }
        n
    }

    pub fn completeness(&self) -> Option<Table> {
        if self.no.group.is_some() || self.no.people.is_some() {
            return None;
        }
        let columns = vec![
            Column::left("present", "Required personas"),
            Column::right("accounts", "Accounts"),
            Column::right("open", "Open deal"),
            Column::right("won", "Won deals"),
            Column::right("lost", "Lost deals"),
            Column::right("win_rate", "Win rate"),
            Column::right("interval", "95 % interval"),
        ];
        let required = self.counted.required.count_ones();
        let mut all = [0; 4];
        let mut rows = Vec::new();
        for present in 0..=required {
            let n = self.by_present(present);
            all.iter_mut().zip(n).for_each(|(sum, n)| *sum += n);
            rows.push(self.present_row(format!("{present} of {required}"), n));
        }
        rows.push(self.present_row("All".into(), all));
        let title = "Buying groups: today, and of deals on the day they closed".to_string();
        Some(Table { id: "completeness".into(), title, audience: Audience::People, columns, rows })
    }

    fn present_row(&self, name: String, n: [u64; 4]) -> Vec<Cell> {
        let mut row = vec![Cell::text(name)];
        row.extend(
            n.iter()
                .zip([None, self.no.deals.as_ref(), self.no.deals.as_ref(), self.no.deals.as_ref()])
                .map(|(n, no)| missing(no).unwrap_or_else(|| Cell::count(*n))),
        );
        row.extend(share_cells(n[2], n[2] + n[3]));
        row
    }

    /// People, engaged people and accounts of a persona; open, won and lost deals that had it. Without one, only people.
    pub fn of_persona(&self, persona: Option<usize>) -> [u64; 6] {
        let bit = persona.map_or(0, |at| 1_u64 << at);
        let mut n = [0; 6];
        for (human, account) in self.counted.matched.account.iter().enumerate() {
            let kept = self.counted.keep.get(*account as usize) == Some(&true);
            let human_id = u32::try_from(human).unwrap_or(NONE);
            if kept && self.data.journeys.personas.of(human_id) == persona {
                n[0] += 1;
                n[1] += u64::from(self.counted.engaged[human]);
            }
        }
        n[2] = self.kept().filter(|(_, account)| account.personas & bit != 0).count() as u64;
        for deal in self.counted.deals.iter().filter(|deal| deal.personas & bit != 0) {
            n[3 + deal.fate as usize] += 1;
        }
        n
    }

    pub fn personas(&self) -> Option<Table> {
        let personas = &self.data.session.contract.personas;
        if personas.is_empty() || self.no.people.is_some() {
            return None;
        }
        let columns = vec![
            Column::left("persona", "Persona"),
            Column::left("required", "Required"),
            Column::right("people", "People"),
            Column::right("engaged", "Engaged"),
            Column::right("accounts", "Accounts"),
            Column::right("share", "Share"),
            Column::right("open", "Open"),
            Column::right("won", "Won"),
            Column::right("lost", "Lost"),
        ];
        let accounts = self.kept().count() as u64;
        let row = |name: &str, required: Cell, n: [u64; 6]| {
            let mut row = vec![Cell::text(name), required.clone(), Cell::count(n[0])];
            row.push(missing(self.no.touches.as_ref()).unwrap_or_else(|| Cell::count(n[1])));
            if matches!(required, Cell::Missing(_)) {
                row.resize(columns.len(), Cell::none());
                return row;
            }
            row.push(Cell::count(n[2]));
            row.push(share(n[2], accounts).map_or_else(Cell::none, |v| Cell::Number(v, Unit::Share)));
            row.extend(n[3..].iter().map(|n| missing(self.no.deals.as_ref()).unwrap_or_else(|| Cell::count(*n))));
            row
        };
        let rows = personas.iter().enumerate();
        let mut rows: Vec<Vec<Cell>> =
            rows.map(|(at, p)| row(&p.name.value, Cell::Flag(p.required), self.of_persona(Some(at)))).collect();
        let others = self.of_persona(None);
        if others[0] > 0 {
            rows.push(row("(none of them)", Cell::none(), others));
        }
        let title = "Personas: people, and accounts and deals that have one".to_string();
        Some(Table { id: "personas".into(), title, audience: Audience::People, columns, rows })
    }

    pub fn matches(&self) -> Table {
        let columns = vec![
            Column::left("period", "Created"),
            Column::right("people", "People"),
            Column::right("by_id", "By id"),
            Column::right("by_domain", "Domain"),
            Column::right("by_deal", "Deal"),
            Column::right("by_name", "Name"),
            Column::right("matched", "Matched"),
            Column::right("interval", "95 % interval"),
            Column::right("without_id", "No id"),
        ];
        let no = self.no.accounts.as_ref().or(self.no.people.as_ref());
        let row = |name: &str, m: &Match| {
            let mut row = vec![Cell::text(name)];
            row.push(missing(self.no.people.as_ref()).unwrap_or_else(|| Cell::count(m.people())));
            if let Some(cell) = missing(no) {
                row.extend(vec![cell; 7]);
                return row;
            }
            row.extend(m.by.map(Cell::count));
            row.extend(share_cells(m.matched(), m.people()));
            let others = m.matched() - m.by[By::Id as usize];
            row.push(share(others, m.without_id()).map_or_else(Cell::none, |v| Cell::Number(v, Unit::Share)));
            row
        };
        let with: Vec<usize> = (0..self.periods.all.len()).filter(|p| self.counted.matches[*p].people() > 0).collect();
        let hidden = with.len().saturating_sub(SHOWN);
        let mut rows: Vec<Vec<Cell>> =
            with[hidden..].iter().map(|p| row(&self.periods.all[*p].label, &self.counted.matches[*p])).collect();
        rows.push(row("All", &self.counted.all));
        let more = if hidden > 0 { format!("; {hidden} earlier in machine formats") } else { String::new() };
        let title = format!("People that found their account, by {} of creation{more}", self.periods.kind.id());
        Table { id: "matches".into(), title, audience: Audience::People, columns, rows }
    }

    /// Why people have no account.
    pub fn unmatched(&self) -> Option<Table> {
        let all = &self.counted.all;
        let n = all.people() - all.matched();
        if n == 0 || self.no.accounts.is_some() {
            return None;
        }
        let columns = vec![
            Column::left("reason", "No account because"),
            Column::right("people", "People"),
            Column::right("share", "Share"),
        ];
        let with = Why::ALL.iter().zip(all.why).filter(|(_, k)| *k > 0);
        let rows = with.map(|(why, k)| {
            let part = share(k, n).map_or_else(Cell::none, |v| Cell::Number(v, Unit::Share));
            vec![Cell::text(why.id()), Cell::count(k), part]
        });
        let rows = rows.collect();
        let title = format!("The {} people without an account", number::whole(n));
        Some(Table { id: "unmatched".into(), title, audience: Audience::People, columns, rows })
    }

    /// Titles of people whom no persona takes, the most frequent first.
    pub fn untaken(&self) -> Vec<(&str, u64)> {
        let personas = &self.data.journeys.personas;
        let mut titles: BTreeMap<&str, u64> = BTreeMap::new();
        for (human, title) in (0..).zip(&personas.title) {
            if let (None, Some(title)) = (personas.of(human), self.data.tables.names.text(*title)) {
                *titles.entry(title).or_default() += 1;
            }
        }
        let mut titles: Vec<(&str, u64)> = titles.into_iter().collect();
        titles.sort_by_key(|(title, n)| (std::cmp::Reverse(*n), *title));
        titles
    }

    pub fn titles(&self) -> Option<Table> {
        let titles = self.untaken();
        if titles.is_empty() {
            return None;
        }
        let columns = vec![Column::left("title", "Title that no persona takes"), Column::right("people", "People")];
        let mut rows: Vec<Vec<Cell>> =
            titles.iter().take(SHOWN).map(|(title, n)| vec![Cell::text(*title), Cell::count(*n)]).collect();
        if titles.len() > SHOWN {
            rows.push(heading(&format!("… and {} more in machine formats", titles.len() - SHOWN), columns.len()));
        }
        let title = "What the title map does not know".to_string();
        Some(Table { id: "titles".into(), title, audience: Audience::People, columns, rows })
    }

    pub fn notes(&self, condition: Option<&str>) -> Vec<String> {
        let contract = &self.data.session.contract;
        let (terms, counted) = (&contract.accounts, self.counted);
        let mut notes = Vec::new();
        if let Some(why) = &self.no.accounts {
            return vec![format!("Nothing can be said about accounts: {why}.")];
        }
        let by_whom = if terms.agreed { "by the contract" } else { "assumed, as the contract has no [accounts]" };
        let kinds = match &terms.engaged_kinds[..] {
            [] => "touches of any kind and either team, which are no proof that anybody answered: \
                [accounts] engaged_kinds says which kinds count"
                .to_string(),
            kinds => format!("touches of the kinds {}, of either team", kinds.join(", ")),
        };
        notes.push(format!(
            "Engaged ({by_whom}): a person with {} or more touches within the {} days that end on as-of; {kinds}.",
            terms.engaged_touches, terms.engaged_within
        ));
        notes.push(format!(
            "Marketing-qualified: {} or more such touches of the account's people (depth) and {} or more of them engaged \
             (breadth), all within the same {} days (recency). `At some time`: on any day up to as-of, each with the days \
             before it; {} became so and are not today.",
            terms.qualified_touches,
            terms.qualified_people,
            terms.engaged_within,
            self.kept().filter(|(_, a)| a.engagement.since != NO_DAY && !a.engagement.qualified).count()
        ));
        match &terms.target_when {
            None => notes.push("Targets are missing: say which accounts are, in [accounts] target_when.".into()),
            Some(when) => {
                let unknown = counted.target.iter().flatten().zip(&counted.keep);
                let unknown = unknown.filter(|(says, keep)| says.is_none() && **keep).count();
                let of = if unknown > 0 {
                    format!(" {unknown} accounts lack a value that this asks for: they are not among the targets.")
                } else {
                    String::new()
                };
                notes.push(format!("Target accounts: where {}.{of}", when.value));
            }
        }
        self.group_notes(&mut notes);
        notes.push(
            "People belong to the account whose id a record has, else that of their e-mail domain, else that of their deal, \
             else that of exactly their company's name; the last two count in this report only. Free-mail domains, and \
             domains and names that several accounts share, match nothing. `No id`: the matched share of those without an id."
                .into(),
        );
        let more = [
            (counted.outside[0], "people were created outside of the days shown, and are in no match rate"),
            (counted.outside[1], "people without a creation date are in no match rate"),
            (counted.touches_of_nobody, "touches are of no account"),
            (counted.deals_of_nobody, "deals have no account"),
        ];
        notes.extend(more.iter().filter(|(n, _)| *n > 0).map(|(n, what)| format!("{} {what}.", number::whole(*n))));
        self.small_note(&mut notes);
        if let Some(condition) = condition {
            notes.push(format!(
                "Only accounts where {condition}: {} of {}; the match rate is of everybody.",
                self.kept().count(),
                counted.keep.len()
            ));
        }
        notes
    }

    fn group_notes(&self, notes: &mut Vec<String>) {
        if let Some(why) = &self.no.group {
            notes.push(format!("Buying groups are missing: {why}."));
            return;
        }
        let (contract, counted) = (&self.data.session.contract, self.counted);
        let required = contract.personas.iter().filter(|p| p.required).map(|p| p.name.value.as_str());
        notes.push(format!(
            "Required in a buying group: {}. A person is the persona of their contact role in the deal (for an account: in \
             the deal that their process leads to), else in another deal, else of the title of their record known first \
             that has one; of several personas that fit, the first of the contract.",
            required.collect::<Vec<_>>().join(", ")
        ));
        notes.push(
            "A buying group is the account's people and everybody with part in the deal. At the close of a deal only those \
             count whose record, first touch or contact role is dated by then, and roles given by then; titles have no \
             date, today's is taken. Win rate: won of won and lost, also to nobody."
                .into(),
        );
        notes.push(
            "Survivorship: a deal that lives longer collects more people, and buyers who mean it bring their colleagues. \
             That complete groups win more does not say that adding people wins deals."
                .into(),
        );
        let [undated, outside] = counted.left_out;
        let more = [
            (undated, "closed deals without a close date are left out there"),
            (outside, "deals closed outside of the days shown are left out there"),
            (counted.undated, "people without any date are in no group at a close"),
            (counted.undated_roles, "contact roles do not say when they were given: taken as given from the beginning"),
        ];
        notes.extend(more.iter().filter(|(n, _)| *n > 0).map(|(n, what)| format!("{} {what}.", number::whole(*n))));
    }

    fn small_note(&self, notes: &mut Vec<String>) {
        let few = |n: u64| n > 0 && n < FEW;
        let mut groups = self.counted.matches.iter().filter(|m| few(m.people())).count();
        if self.no.group.is_none() {
            let rows = (0..=self.counted.required.count_ones()).map(|present| self.by_present(present));
            groups += rows.filter(|n| few(n[2] + n[3])).count();
        }
        if groups > 0 {
            notes.push(format!("{groups} rows count fewer than {FEW}: their shares say little."));
        }
    }
}

//! The tables for people.
//!
//! In: the sums. Out: tables for people.

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
use crate::tables::Kind;

/// Periods, segments and titles shown to people; machines get all.
pub const SHOWN: usize = 8;
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
    /// The figure that it is a share of.
    pub of: &'static str,
}

fn closed(account: &Account) -> bool {
    account.deals[Fate::Won as usize] + account.deals[Fate::Lost as usize] > 0
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

pub fn share_cells(k: u64, n: u64) -> [Cell; 2] {
    let value = share(k, n).map_or_else(Cell::none, |v| Cell::Number(v, Unit::Share));
    [value, bounds(k, n).map_or_else(Cell::none, |(low, high)| Cell::text(number::interval(low, high)))]
}

pub fn missing(reason: Option<&String>) -> Option<Cell> {
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
        let one = |id, title: String, no: &Option<String>, has| {
            let of = match id {
                "won_deal" => "closed_deal",
                "mqa_before_deal" => "mqa_ever",
                _ => "accounts",
            };
            Figure { id, title, no: no.clone(), has, of }
        };
        let both = touches.clone().or_else(|| self.no.deals.clone());
        vec![
            one("accounts", "Accounts".into(), &no(&None), |_, _| true),
            one("with_people", "with people".into(), &people, |_, a| a.people > 0),
            one("with_engaged", "with engaged people".into(), &touches, |_, a| a.engagement.people > 0),
            one("complete", "complete buying group".into(), &group, |view, a| view.counted.is_complete(a.personas)),
            one("open_deal", "with an open deal".into(), &deals, |_, a| a.deals[Fate::Open as usize] > 0),
            one("closed_deal", "with a closed deal".into(), &deals, |_, a| closed(a)),
            one("won_deal", "… won one, of those".into(), &deals, |_, a| a.deals[Fate::Won as usize] > 0),
            one("recent", format!("recent: a touch in {days} d"), &touches, |_, a| a.engagement.touches > 0),
            one("deep", format!("deep: {} touches in {days} d", terms.qualified_touches), &touches, |view, a| {
                a.engagement.touches >= view.data.session.contract.accounts.qualified_touches
            }),
            one("broad", format!("broad: {} people engaged", terms.qualified_people), &touches, |view, a| {
                a.engagement.people >= view.data.session.contract.accounts.qualified_people
            }),
            one("mqa", "qualified: all of these".into(), &touches, |_, a| a.engagement.qualified),
            one("mqa_ever", "qualified at some time".into(), &touches, |_, a| a.engagement.since != NO_DAY),
            one("mqa_before_deal", "… before its first deal".into(), &both, |_, a| {
                a.engagement.since != NO_DAY && a.first_deal != NO_DAY && a.engagement.since < a.first_deal
            }),
        ]
    }

    /// Where the figure stands that another is a share of.
    pub fn of(figures: &[Figure], figure: &Figure) -> usize {
        figures.iter().position(|other| other.id == figure.of).unwrap_or(0)
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
        let mut rows = Vec::new();
        for (figure, counts) in figures.iter().zip(&all) {
            if figure.id == "recent" {
                rows.push(heading("Marketing-qualified", columns.len()));
            }
            let mut row = vec![Cell::text(&figure.title)];
            for (k, n) in counts.iter().zip(all[Self::of(&figures, figure)]) {
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
        let words = self.segments[segment].iter().map(|word| word.as_deref().unwrap_or("(blank)"));
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
}

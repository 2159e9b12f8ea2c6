//! The tables for machines.
//!
//! In: the sums. Out: one row per account, per deal, per figure, per number of personas, per persona, per period of
//! creation, and per title and per contact role that no persona takes. Their columns never depend on the data.

use super::count::Match;
use super::groups::As;
use super::layout::{View, bounds, share};
use crate::identity::matched::{By, Why};
use crate::ingest::lines;
use crate::journey::NO_DAY;
use crate::report::{Audience, Cell, Column, Table, Unit};
use crate::tables::{Kind, NONE, Origin};
use crate::time::date_of;

const ACCOUNTS: [&str; 29] = [
    "account_id",
    "name",
    "segment",
    "target: flag",
    "people: number",
    "buying_group: number",
    "engaged_people: number",
    "engaging_touches: number",
    "personas",
    "required_present: number",
    "required: number",
    "completeness: number",
    "marketing_touches: number",
    "sales_touches: number",
    "other_touches: number",
    "last_touch_on: date",
    "mqa: flag",
    "mqa_on: date",
    "open_deals: number",
    "open_amount: number",
    "won_deals: number",
    "won_amount: number",
    "lost_deals: number",
    "lost_amount: number",
    "file",
    "line: number",
    "as_of: date",
    "currency",
    "contract_hash",
];
const DEALS: [&str; 14] = [
    "deal_id",
    "account_id",
    "outcome",
    "on: date",
    "people: number",
    "personas",
    "required_present: number",
    "required: number",
    "completeness: number",
    "amount: number",
    "file",
    "line: number",
    "as_of: date",
    "contract_hash",
];
const FIGURES: [&str; 12] = [
    "segment",
    "figure",
    "group",
    "n: number",
    "of: number",
    "share: number",
    "ci_low: number",
    "ci_high: number",
    "within_days: number",
    "target_when",
    "as_of: date",
    "contract_hash",
];
const PRESENT: [&str; 11] = [
    "required_present: number",
    "required: number",
    "accounts: number",
    "accounts_with_open_deal: number",
    "won: number",
    "lost: number",
    "win_rate: number",
    "ci_low: number",
    "ci_high: number",
    "as_of: date",
    "contract_hash",
];
const PERSONAS: [&str; 14] = [
    "persona",
    "required: flag",
    "people: number",
    "engaged_people: number",
    "accounts: number",
    "of_accounts: number",
    "share_of_accounts: number",
    "ci_low: number",
    "ci_high: number",
    "open_deals: number",
    "won_deals: number",
    "lost_deals: number",
    "as_of: date",
    "contract_hash",
];
const MATCHES: [&str; 23] = [
    "period",
    "period_start: date",
    "period_end: date",
    "people: number",
    "matched: number",
    "share: number",
    "ci_low: number",
    "ci_high: number",
    "by_account_id: number",
    "by_domain: number",
    "by_deal: number",
    "by_name: number",
    "without_id: number",
    "matched_without_id: number",
    "share_without_id: number",
    "no_lost_id: number",
    "no_shared_domain: number",
    "no_shared_name: number",
    "no_such_account: number",
    "no_free_mail: number",
    "no_company: number",
    "as_of: date",
    "contract_hash",
];

fn table(id: &str, columns: &[&str], rows: Vec<Vec<Cell>>) -> Table {
    let columns = columns.iter().map(|c| Column::tidy(c)).collect();
    Table { id: id.into(), title: String::new(), audience: Audience::Machines, columns, rows }
}

fn plain(value: Option<f64>) -> Cell {
    value.map_or_else(Cell::none, |v| Cell::Number(v, Unit::Number))
}

fn or(no: Option<&String>, cell: Cell) -> Cell {
    no.map_or(cell, |why| Cell::Missing(why.clone()))
}

fn day(day: i32) -> Cell {
    if day == NO_DAY { Cell::none() } else { Cell::Date(date_of(day)) }
}

/// Share and bounds of `k` of `n`.
fn shares(k: u64, n: u64) -> [Cell; 3] {
    let interval = bounds(k, n);
    [share(k, n), interval.map(|i| i.0), interval.map(|i| i.1)].map(plain)
}

/// All of them.
pub fn tables(view: &View<'_>) -> Vec<Table> {
    let places = Places::of(view);
    vec![
        accounts(view, &places),
        deals(view, &places),
        figures(view),
        present(view),
        personas(view),
        matches(view),
        titles(view),
        words(view, "account_roles", "role", view.untaken_roles()),
    ]
}

/// File and line of accounts and deals, by row.
struct Places {
    accounts: Vec<[Cell; 2]>,
    deals: Vec<[Cell; 2]>,
}

impl Places {
    fn of(view: &View<'_>) -> Self {
        let (tables, files) = (&view.data.tables, &view.data.files);
        let accounts = &tables.get(Kind::Accounts).origin;
        let origins: Vec<Origin> = accounts.iter().chain(&tables.get(Kind::Deals).origin).copied().collect();
        let places = lines(files, &origins).into_iter().zip(&origins).map(|(line, origin)| {
            let file = files.get(origin.file() as usize);
            [file.map_or_else(Cell::none, |f| Cell::text(&f.input.path)), line.map_or_else(Cell::none, Cell::count)]
        });
        let mut places: Vec<[Cell; 2]> = places.collect();
        let deals = places.split_off(accounts.len());
        Self { accounts: places, deals }
    }
}

impl View<'_> {
    fn ends(&self) -> [Cell; 2] {
        let session = &self.data.session;
        [Cell::Date(session.as_of), Cell::text(session.contract.short_hash())]
    }

    fn text(&self, code: u32) -> Cell {
        self.data.tables.names.text(code).map_or_else(Cell::none, Cell::text)
    }

    #[allow(clippy::cast_precision_loss)] // amounts stay below 2^53 minor units
    fn money(&self, minor: Option<i64>) -> Cell {
        let scale = self.data.facts().minor_per_major();
        minor.map_or_else(Cell::none, |minor| Cell::Number(minor as f64 / scale, Unit::Money))
    }

    /// Names of personas, and how many of the required ones they are.
    fn group(&self, group: u32, personas: u64) -> [Cell; 4] {
        let all = &self.data.session.contract.personas;
        let names = all.iter().enumerate().filter(|(at, _)| personas & (1 << at) != 0).map(|(_, p)| &*p.name.value);
        let (n, of) = (u64::from(self.counted.present(personas)), u64::from(self.counted.required.count_ones()));
        let no = self.no.people.as_ref().or(self.no.group.as_ref());
        let nobody = (group == 0).then(|| "nobody is known".to_string());
        let no = no.or(nobody.as_ref());
        let none = if all.is_empty() { no } else { nobody.as_ref() };
        [
            or(none, Cell::text(names.collect::<Vec<_>>().join("; "))),
            or(no, Cell::count(n)),
            or(self.no.people.as_ref().or(self.no.group.as_ref()), Cell::count(of)),
            or(no, plain(share(n, of))),
        ]
    }
}

fn accounts(view: &View<'_>, places: &Places) -> Table {
    let (source, counted, no) = (view.data.tables.get(Kind::Accounts), view.counted, &view.no);
    let (ids, names) = (source.codes("account_id"), source.codes("name"));
    let text = |code: u32| view.data.tables.names.text(code).unwrap_or_default();
    let mut order: Vec<usize> = view.kept().map(|(at, _)| at).collect();
    order.sort_by_cached_key(|at| (text(ids[*at]), text(names[*at]), *at));
    let touches = no.people.as_ref().or(no.touches.as_ref());
    let rows = order.into_iter().map(|at| {
        let account = &counted.accounts[at];
        let target = match counted.target.as_ref().map(|target| target[at]) {
            None => or(no.target.as_ref(), Cell::none()),
            Some(None) => Cell::Missing("a value of the condition is missing".into()),
            Some(Some(is)) => Cell::Flag(is),
        };
        let segment = if view.by.is_empty() { String::new() } else { view.segment_name(view.segment_of[at]) };
        let n = |n: u32| Cell::count(u64::from(n));
        let mut row = vec![view.text(ids[at]), view.text(names[at]), Cell::text(segment), target];
        row.extend([n(account.people), n(account.group)].map(|cell| or(no.people.as_ref(), cell)));
        let engagement = &account.engagement;
        row.extend([n(engagement.people), n(engagement.touches)].map(|cell| or(touches, cell)));
        row.extend(view.group(account.group, account.personas));
        row.extend(account.touches.map(|k| or(no.touches.as_ref(), n(k))));
        row.push(day(account.last_touch));
        row.push(or(touches, Cell::Flag(engagement.qualified)));
        row.push(day(engagement.since));
        for (k, amount) in account.deals.iter().zip(account.amounts) {
            row.extend([or(no.deals.as_ref(), n(*k)), view.money(amount)]);
        }
        row.extend(places.accounts[at].clone());
        let [as_of, hash] = view.ends();
        row.extend([as_of, Cell::text(&view.data.session.contract.currency), hash]);
        row
    });
    table("account_tidy", &ACCOUNTS, rows.collect())
}

fn deals(view: &View<'_>, places: &Places) -> Table {
    let tables = &view.data.tables;
    let (ids, account_ids) = (tables.get(Kind::Deals).codes("deal_id"), tables.get(Kind::Accounts).codes("account_id"));
    let mut order: Vec<_> = view.counted.deals.iter().collect();
    order.sort_by_cached_key(|deal| (tables.names.text(ids[deal.row as usize]), deal.row));
    let rows = order.into_iter().map(|deal| {
        let at = deal.row as usize;
        let account = account_ids.get(deal.account as usize).copied().unwrap_or(NONE);
        let mut row = vec![view.text(ids[at]), view.text(account), Cell::text(deal.fate.id()), day(deal.day)];
        row.push(or(view.no.people.as_ref(), Cell::count(u64::from(deal.group))));
        row.extend(view.group(deal.group, deal.personas));
        let amount = view.data.journeys.amount[at];
        row.push(view.money((amount != crate::tables::NO_MONEY).then_some(amount)));
        row.extend(places.deals[at].clone());
        row.extend(view.ends());
        row
    });
    table("account_deals", &DEALS, rows.collect())
}

fn figures(view: &View<'_>) -> Table {
    let contract = &view.data.session.contract;
    let when = contract.accounts.target_when.as_ref();
    let segments = if view.by.is_empty() { 0 } else { view.segments.len() };
    let mut rows = Vec::new();
    let all = view.figures();
    let tallies = view.tallies(&all);
    for (at, tally) in tallies.iter().enumerate().take(segments + 1) {
        if at > 0 && tally[0][0] == 0 {
            continue;
        }
        for (which, group) in ["all", "target"].into_iter().enumerate() {
            for (figure, counts) in all.iter().zip(tally) {
                let of = tally[View::of(&all, figure)][which];
                let no = figure.no.as_ref().or_else(|| view.no.target.as_ref().filter(|_| group == "target"));
                let k = counts[which];
                let mut row = vec![
                    Cell::text(at.checked_sub(1).map_or_else(String::new, |s| view.segment_name(s))),
                    Cell::text(figure.id),
                    Cell::text(group),
                    or(no, Cell::count(k)),
                    or(no, Cell::count(of)),
                ];
                let itself = figure.id == "accounts";
                row.extend(shares(k, of).map(|cell| if itself { Cell::none() } else { or(no, cell) }));
                row.push(Cell::Number(f64::from(contract.accounts.engaged_within), Unit::Days));
                row.push(when.map_or_else(Cell::none, |said| Cell::text(&said.value)));
                row.extend(view.ends());
                rows.push(row);
            }
        }
    }
    table("account_figures", &FIGURES, rows)
}

fn present(view: &View<'_>) -> Table {
    let required = view.counted.required.count_ones();
    let rows = if view.no.group.is_some() { 0..0 } else { 0..required + 1 };
    // The last row is of the accounts and deals of which nobody is known.
    let last = view.no.group.is_none().then_some(None);
    let rows = rows.map(Some).chain(last).map(|present| {
        let n = view.by_present(present);
        let first = present.map_or_else(|| Cell::Missing("nobody is known".into()), |n| Cell::count(u64::from(n)));
        let people = view.no.people.as_ref();
        let (accounts, deals) = (people.or(view.no.accounts.as_ref()), people.or(view.no.deals.as_ref()));
        let mut row = vec![first, Cell::count(u64::from(required)), or(accounts, Cell::count(n[0]))];
        row.push(or(accounts.or(deals), Cell::count(n[1])));
        row.extend(n[2..].iter().map(|n| or(deals, Cell::count(*n))));
        let rate = shares(n[2], n[2] + n[3]);
        row.extend(rate.map(|cell| if present.is_some() { or(deals, cell) } else { Cell::none() }));
        row.extend(view.ends());
        row
    });
    table("account_completeness", &PRESENT, rows.collect())
}

fn personas(view: &View<'_>) -> Table {
    let accounts = view.kept().count() as u64;
    let all = &view.data.session.contract.personas;
    // The last rows are of the people who are none of them.
    let others = As::OTHERS.map(|(name, of)| (Cell::text(name), Cell::none(), of));
    let named =
        (0..all.len()).map(|at| (Cell::text(&all[at].name.value), Cell::Flag(all[at].required), As::Persona(at)));
    let no = view.no.people.as_ref().or(view.no.accounts.as_ref());
    let rows = named.chain(others.into_iter().filter(|_| !all.is_empty())).map(|(name, required, at)| {
        let n = view.of_persona(at);
        let mut row = vec![name, required];
        row.push(or(no, Cell::count(n[0])));
        row.push(or(no.or(view.no.touches.as_ref()), Cell::count(n[1])));
        if matches!(at, As::Persona(_)) {
            row.extend([Cell::count(n[2]), Cell::count(accounts)].map(|cell| or(no, cell)));
            row.extend(shares(n[2], accounts));
            row.extend(n[3..].iter().map(|n| or(view.no.deals.as_ref(), Cell::count(*n))));
        } else {
            row.resize(PERSONAS.len() - 2, Cell::none());
        }
        row.extend(view.ends());
        row
    });
    table("account_personas", &PERSONAS, rows.collect())
}

fn matches(view: &View<'_>) -> Table {
    let no = view.no.accounts.as_ref().or(view.no.people.as_ref());
    let row = |label: &str, start: i32, end: i32, m: &Match| {
        let mut row = vec![Cell::text(label), day(start), day(end)];
        row.push(or(view.no.people.as_ref(), Cell::count(m.people())));
        let others = m.matched() - m.by[By::Id as usize];
        let mut figures = vec![Cell::count(m.matched())];
        figures.extend(shares(m.matched(), m.people()));
        figures.extend(By::ALL.map(|by| Cell::count(m.by[by as usize])));
        figures.extend([Cell::count(m.without_id()), Cell::count(others), plain(share(others, m.without_id()))]);
        figures.extend(Why::ALL.map(|why| Cell::count(m.why[why as usize])));
        row.extend(figures.into_iter().map(|cell| or(no, cell)));
        row.extend(view.ends());
        row
    };
    let periods = view.periods.all.iter().zip(&view.counted.matches);
    let mut rows: Vec<Vec<Cell>> = periods.map(|(p, m)| row(&p.label, p.start, p.end, m)).collect();
    rows.push(row("total", view.periods.from, view.periods.to, &view.counted.all));
    table("account_match", &MATCHES, rows)
}

fn titles(view: &View<'_>) -> Table {
    words(view, "account_titles", "title", view.untaken())
}

fn words(view: &View<'_>, id: &str, column: &str, words: Vec<(&str, u64)>) -> Table {
    let rows = words.into_iter().map(|(title, n)| {
        let mut row = vec![Cell::text(title), Cell::count(n)];
        row.extend(view.ends());
        row
    });
    table(id, &[column, "people: number", "as_of: date", "contract_hash"], rows.collect())
}

#[cfg(test)]
mod tests {
    use super::{By, Why};
    use crate::report::account::count::Fate;

    #[test]
    fn the_orders_that_columns_stand_in() {
        assert_eq!(By::ALL.map(|by| by as usize), [0, 1, 2, 3]);
        assert_eq!(Why::ALL.map(|why| why as usize), [0, 1, 2, 3, 4, 5]);
        assert_eq!([Fate::Open, Fate::Won, Fate::Lost].map(Fate::id), ["open", "won", "lost"]);
    }
}

//! The processes that move: which rule moves how many, and every one of them.
//!
//! In: both definitions and what moves. Out: tables for people, rows for machines.

use std::collections::BTreeMap;

use super::{Both, Moved};
use crate::facts::outcome_id;
use crate::ingest;
use crate::report::definition::layout::table;
use crate::report::{Audience, Cell, Column, Table, Unit};
use crate::tables::{Kind, NO_MONEY, NONE, Origin};
use crate::time::date_of;

/// Moved processes shown to people; machines get all.
const SHOWN: usize = 20;

const MOVED: [&str; 17] = [
    "direction",
    "deal_id",
    "person_id",
    "rule",
    "why",
    "condition",
    "period",
    "asked_on: date",
    "marketing: flag",
    "sales: flag",
    "outcome",
    "amount: number",
    "file",
    "line: number",
    "as_of: date",
    "currency",
    "contract_hash",
];

impl Both<'_> {
    fn rule(&self, moved: &Moved) -> (&str, &'static str, &str) {
        let excluding = &self.sides[usize::from(!moved.into)];
        match moved.rule {
            Some((rule, unknown)) => {
                let rule = &excluding.qualified.rules[rule];
                (&rule.name.value, if unknown { "no value" } else { "fails" }, &rule.when.value)
            }
            None => ("stage", "not asked", ""),
        }
    }

    /// How many each rule moves.
    pub fn deciding(&self) -> Option<Table> {
        let mut counts: BTreeMap<(bool, &str, &str, &str), u64> = BTreeMap::new();
        for moved in self.moved {
            let (rule, why, condition) = self.rule(moved);
            *counts.entry((moved.into, rule, why, condition)).or_default() += 1;
        }
        let columns = vec![
            Column::left("direction", "Moves"),
            Column::left("rule", "By rule"),
            Column::left("of", "Of version"),
            Column::left("why", "Which"),
            Column::left("condition", "Condition"),
            Column::right("n", "Processes"),
        ];
        let names = self.names();
        let rows: Vec<_> = counts
            .into_iter()
            .map(|((into, rule, why, condition), n)| {
                let [direction, rule, why] = [if into { "in" } else { "out" }, rule, why].map(Cell::text);
                vec![
                    direction,
                    rule,
                    Cell::text(&names[usize::from(!into)]),
                    why,
                    Cell::text(condition),
                    Cell::count(n),
                ]
            })
            .collect();
        (!rows.is_empty()).then(|| table("deciding", "The rule that excludes them on one side", columns, rows))
    }

    /// Every moved process, in the order of processes.
    #[allow(clippy::cast_precision_loss)] // amounts stay below 2^53 minor units
    pub fn records(&self) -> Vec<Vec<Cell>> {
        let data = self.view.data;
        let (journeys, names) = (&data.journeys, &data.tables.names);
        let (deals, people) = (data.tables.get(Kind::Deals), data.tables.get(Kind::People));
        let (deal_ids, person_ids) = (deals.codes("deal_id"), people.codes("person_id"));
        let mut person_of = vec![NONE; journeys.len()];
        for row in &data.who.known_first {
            let first = &mut person_of[journeys.of_person[*row as usize] as usize];
            if *first == NONE {
                *first = *row;
            }
        }
        let origin = |at: usize| -> Option<Origin> {
            match (journeys.deal[at], person_of[at]) {
                (NONE, NONE) => None,
                (NONE, person) => Some(people.origin[person as usize]),
                (deal, _) => Some(deals.origin[deal as usize]),
            }
        };
        let origins: Vec<Option<Origin>> = self.moved.iter().map(|m| origin(m.at)).collect();
        let known: Vec<Origin> = origins.iter().copied().flatten().collect();
        let mut lines = ingest::lines(&data.files, &known).into_iter();
        let scale = data.facts().minor_per_major();
        let contract = &data.session.contract;
        let mut rows = Vec::new();
        for (moved, origin) in self.moved.iter().zip(origins) {
            let (rule, why, condition) = self.rule(moved);
            let (day, period) = self.place(moved);
            let at = moved.at;
            let id = |ids: &[u32], row: u32| {
                let text = ids.get(row as usize).and_then(|code| names.text(*code));
                text.map_or_else(|| Cell::Missing("none known".into()), Cell::text)
            };
            let amount = journeys.amount[at];
            let sets = self.sides[usize::from(moved.into)].sets;
            let line = origin.and_then(|_| lines.next().flatten());
            let file = origin.and_then(|o| data.files.get(o.file() as usize));
            rows.push(vec![
                Cell::text(if moved.into { "in" } else { "out" }),
                id(&deal_ids, journeys.deal[at]),
                id(&person_ids, person_of[at]),
                Cell::text(rule),
                Cell::text(why),
                Cell::text(condition),
                Cell::text(self.view.period(period).0),
                Cell::Date(date_of(day)),
                Cell::Flag(sets.marketing[at]),
                Cell::Flag(sets.sales[at]),
                Cell::text(outcome_id(journeys.outcome[at])),
                if amount == NO_MONEY {
                    Cell::Missing("no amount".into())
                } else {
                    Cell::Number(amount as f64 / scale, Unit::Money)
                },
                file.map_or_else(Cell::none, |f| Cell::text(&f.input.path)),
                line.map_or_else(Cell::none, Cell::count),
                Cell::Date(data.session.as_of),
                Cell::text(&contract.currency),
                Cell::text(contract.short_hash()),
            ]);
        }
        rows
    }

    /// The first of them, for people.
    pub fn sample(records: &[Vec<Cell>]) -> Option<Table> {
        let columns = vec![
            Column::left("direction", "Moves"),
            Column::left("deal_id", "Deal"),
            Column::left("person_id", "Person"),
            Column::left("rule", "By rule"),
            Column::left("asked_on", "Asked on"),
            Column::left("outcome", "Outcome"),
            Column::right("amount", "Amount"),
        ];
        let ids: Vec<&str> = columns.iter().map(|c| c.id.as_str()).collect();
        let picked: Vec<usize> =
            ids.iter().filter_map(|id| MOVED.iter().position(|m| m.split(": ").next() == Some(id))).collect();
        let rows: Vec<Vec<Cell>> =
            records.iter().take(SHOWN).map(|r| picked.iter().map(|i| r[*i].clone()).collect()).collect();
        let more = records.len().saturating_sub(SHOWN);
        let more =
            if more > 0 { format!(" {SHOWN} of {}; all in machine formats", records.len()) } else { String::new() };
        (!rows.is_empty()).then(|| table("moved", format!("Who moves{}", more.replacen(' ', ": ", 1)), columns, rows))
    }

    /// All of them, for machines.
    pub fn all(records: Vec<Vec<Cell>>) -> Table {
        let columns = MOVED.iter().map(|c| Column::tidy(c)).collect();
        let (id, title) = ("definition_moved".into(), String::new());
        Table { id, title, audience: Audience::Machines, columns, rows: records }
    }
}

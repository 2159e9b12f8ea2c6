//! The table for machines: one row per goal, model and key.
//!
//! In: what was counted. Out: a [`Table`] whose columns never depend on the data.

use super::count::Goal;
use super::layout::{BOTH, UNALLOCATED, UNATTRIBUTED, View, What};
use super::major;
use crate::cli::Model;
use crate::report::{Audience, Cell, Column, Table, Unit};
use crate::time::date_of;

/// The tidy columns: the same whatever the data.
const TIDY: [&str; 31] = [
    "dimension",
    "row",
    "key",
    "model",
    "goal",
    "credit: number",
    "unit",
    "share: number",
    "share_low: number",
    "share_high: number",
    "rank: number",
    "deals_with_key: number",
    "touches: number",
    "deals: number",
    "lost_journeys: number",
    "journeys_without_deal: number",
    "spend: number",
    "spend_per_credit: number",
    "credit_per_spend: number",
    "status",
    "period_start: date",
    "period_end: date",
    "team",
    "look_back_days: number",
    "half_life_days: number",
    "markov_order: number",
    "shapley_samples: number",
    "shapley_seed",
    "as_of: date",
    "currency",
    "contract_hash",
];

/// What one row of the tidy table is about.
struct Line {
    goal: Goal,
    what: What,
    model: Model,
    whole: Option<f64>,
}

impl View<'_> {
    /// All rows.
    pub fn tidy(&self) -> Table {
        let active = self.active();
        let mut rows = Vec::new();
        for goal in Goal::ALL {
            let of = self.goal(goal);
            for what in BOTH {
                let whole = self.whole(goal, what);
                for model in &self.asked.models {
                    let said = self.said(goal, *model);
                    let ranks = self.ranks(goal, what, *model, &active);
                    let line = Line { goal, what, model: *model, whole };
                    for (at, key) in active.iter().enumerate() {
                        let credit = said.map(|s| self.value(s.credit[*key], what));
                        // Of the touched deals alone; the same of all deals.
                        let touched = whole.filter(|w| *w != 0.0).map(|w| 1.0 - self.value(of.untouched, what) / w);
                        let bounds = said.ok().and_then(|s| s.bounds.as_ref()).map(|b| b[*key]).zip(touched);
                        let bounds = bounds.map(|((low, high), touched)| (low * touched, high * touched));
                        let rank = ranks.as_ref().map(|r| r[at]);
                        let name = self.keys.names[*key].as_str();
                        let with = Some((of.of_key[*key], of.touches[*key]));
                        rows.push(self.row(&line, ("key", name), credit, bounds, rank, with, self.ledger.of_key[*key]));
                    }
                    let untouched = said.map(|_| self.value(of.untouched, what));
                    rows.push(self.row(&line, ("unattributed", UNATTRIBUTED), untouched, None, None, None, None));
                    if self.ledger.total.is_some() {
                        let spend = Some(self.ledger.unallocated);
                        rows.push(self.row(
                            &line,
                            ("unallocated", UNALLOCATED),
                            Err("no_credit"),
                            None,
                            None,
                            None,
                            spend,
                        ));
                    }
                    let all = said.and(whole.ok_or("no deal"));
                    rows.push(self.row(&line, ("total", "total"), all, None, None, None, self.ledger.total));
                }
            }
        }
        let columns = TIDY.iter().map(|c| Column::tidy(c)).collect();
        Table { id: "attribution_tidy".into(), title: String::new(), audience: Audience::Machines, columns, rows }
    }

    #[allow(clippy::too_many_arguments)] // one row
    fn row(
        &self,
        line: &Line,
        (row, key): (&str, &str),
        credit: Result<f64, &str>,
        bounds: Option<(f64, f64)>,
        rank: Option<usize>,
        with: Option<(u64, u64)>,
        spend: Option<i64>,
    ) -> Vec<Cell> {
        let Line { goal, what, model, whole } = *line;
        let (of, asked, contract) = (self.goal(goal), self.asked, &self.data.session.contract);
        let unit = if what == What::Deals { "count" } else { "money" };
        let credit = if whole.is_none() { Err("no_data") } else { credit };
        let plain = |value: Option<f64>, why: &str| {
            value.map_or_else(|| Cell::Missing(why.into()), |v| Cell::Number(v, Unit::Number))
        };
        let count = |n: Option<u64>| n.map_or_else(Cell::none, Cell::count);
        let per = self.per(what, credit.ok(), spend);
        let why = credit.err().unwrap_or("");
        let share = credit.ok().zip(whole).map(|(c, w)| c / w).filter(|s| s.is_finite());
        let per_cell = |of: What| if of == what { plain(per, "no credit or no spend") } else { Cell::none() };
        let days = |days: Option<i32>| days.map_or_else(Cell::none, |d| plain(Some(f64::from(d)), ""));
        let team = self.args.team.map_or("both", |team| match team {
            crate::cli::TeamArg::Marketing => "marketing",
            crate::cli::TeamArg::Sales => "sales",
        });
        let drawn = bounds.is_some();
        vec![
            Cell::text(self.args.by.id()),
            Cell::text(row),
            Cell::text(key),
            Cell::text(model.id()),
            Cell::text(goal.ids()[usize::from(what == What::Money)]),
            plain(credit.ok(), why),
            Cell::text(unit),
            plain(share, if why.is_empty() { "nothing to share out" } else { why }),
            plain(bounds.map(|b| b.0), "not drawn"),
            plain(bounds.map(|b| b.1), "not drawn"),
            rank.filter(|_| credit.is_ok()).map_or_else(Cell::none, |r| Cell::count(r as u64)),
            count(with.map(|w| w.0)),
            count(with.map(|w| w.1)),
            Cell::count(of.deals),
            Cell::count(of.lost),
            Cell::count(of.people),
            spend.map_or_else(|| Cell::Missing("not in the ledger".into()), |s| plain(Some(major(self.data, s)), "")),
            per_cell(What::Deals),
            per_cell(What::Money),
            Cell::text(match credit {
                Ok(_) => "ok",
                Err("no_credit") => "no_credit",
                Err("no_data") => "no_data",
                Err(_) => "not_computed",
            }),
            Cell::Date(date_of(asked.period.0)),
            Cell::Date(date_of(asked.period.1)),
            Cell::text(team),
            days(asked.look_back),
            if model == Model::TimeDecay { days(Some(asked.half_life)) } else { Cell::none() },
            count((model == Model::Markov).then_some(u64::from(asked.order))),
            count(drawn.then_some(u64::from(asked.samples))),
            if drawn { Cell::text(asked.seed.to_string()) } else { Cell::none() },
            Cell::Date(self.data.session.as_of),
            Cell::text(&contract.currency),
            Cell::text(contract.short_hash()),
        ]
    }
}

//! The score for machines: bands, thresholds, periods and the order's figures in one table.
//!
//! In: the scored processes, bands, thresholds. Out: a table whose columns never depend on the data.

use super::layout::{Band, NOBODY, auc_cells};
use super::{EVERY, View};
use crate::report::definition::cells::{OUTCOMES, ratio, some};
use crate::report::{Audience, Cell, Column, Table, Unit};
use crate::time::date_of;

const FIRST: [&str; 7] = [
    "row",
    "id",
    "score_from: number",
    "score_below: number",
    "in_force: flag",
    "n: number",
    "share_of_scored: number",
];
const AFTER: [&str; 20] = [
    "lift: number",
    "revenue_share: number",
    "precision: number",
    "recall: number",
    "volume_per_period: number",
    "volume_qualified: number",
    "auc: number",
    "auc_low: number",
    "auc_high: number",
    "auc_won: number",
    "auc_not_won: number",
    "column",
    "threshold: number",
    "capacity: number",
    "capacity_per",
    "from: date",
    "to: date",
    "as_of: date",
    "currency",
    "contract_hash",
];

impl View<'_> {
    pub fn tidy(&self, bands: &[Band]) -> Table {
        let columns = FIRST.iter().chain(&OUTCOMES).chain(&AFTER).map(|c| Column::tidy(c)).collect();
        let plain = |v: Option<f64>| some(v, Unit::Number, NOBODY);
        let known = self.scored.maturity.after.is_some();
        let with = self.scored.with;
        let mut rows = Vec::new();
        let all = [("scored", with, None), ("all", self.scored.total, None)];
        let lines = bands.iter().map(|b| (b.id.as_str(), b.tally, Some(b))).chain(all);
        for (id, tally, band) in lines {
            let mut row = vec![
                Cell::text(if band.is_some() { "band" } else { "total" }),
                Cell::text(id),
                plain(band.and_then(|b| b.from)),
                plain(band.and_then(|b| b.below)),
                Cell::none(),
                Cell::count(tally.n),
                if id == "missing" || id == "all" { Cell::none() } else { plain(ratio(tally.n, with.n)) },
            ];
            row.extend(self.outcomes.machines(&tally, known));
            row.push(plain(self.lift(&tally)));
            #[allow(clippy::cast_precision_loss)] // amounts stay below 2^53 minor units
            let revenue =
                (self.scored.total.revenue != 0).then(|| tally.revenue as f64 / self.scored.total.revenue as f64);
            row.push(plain(revenue));
            row.resize_with(FIRST.len() + OUTCOMES.len() + 6, Cell::none);
            row.extend(vec![Cell::none(); 5]);
            rows.push(self.close(row));
        }
        let mut every = self.scored.thresholds();
        let shown = self.shown();
        if every.len() > EVERY {
            every.clear();
        }
        let known_scores: Vec<f64> = every.iter().map(|(t, ..)| *t).collect();
        every.extend(shown.into_iter().filter(|t| !known_scores.contains(t)).map(|t| {
            let (n, won) = self.at(t);
            (t, n, won)
        }));
        every.sort_by(|a, b| b.0.total_cmp(&a.0));
        for (t, n, won) in every {
            let mut row = vec![
                Cell::text("threshold"),
                Cell::text(if self.is_match(t) { "capacity" } else { "" }),
                Cell::Number(t, Unit::Number),
                Cell::none(),
                Cell::Flag(self.is_in_force(t)),
                Cell::count(n),
                plain(ratio(n, with.n)),
                Cell::none(),
                Cell::none(),
                self.outcomes.count(won),
                Cell::none(),
                self.outcomes.share(won, n, Unit::Number),
            ];
            row.extend(self.outcomes.bounds(won, n));
            row.resize_with(FIRST.len() + OUTCOMES.len(), Cell::none);
            let base = ratio(with.won, with.n).filter(|b| *b > 0.0);
            row.push(plain(ratio(won, n).zip(base).map(|(share, base)| share / base)));
            row.push(Cell::none());
            row.push(self.outcomes.share(won, n, Unit::Number));
            row.push(self.outcomes.share(won, with.won, Unit::Number));
            row.push(plain(self.per_period(t)));
            row.push(if self.has_rules { Cell::count(self.qualified(t)) } else { Cell::none() });
            row.extend(vec![Cell::none(); 5]);
            rows.push(self.close(row));
        }
        for (period, (above, below, auc)) in self.periods.all.iter().zip(self.by_period()) {
            let mut row = vec![
                Cell::text("period"),
                Cell::text(&period.label),
                plain(self.threshold.as_ref().map(|t| t.score)),
                Cell::none(),
                Cell::Flag(self.threshold.is_some()),
                Cell::count(above.n),
                plain(ratio(above.n, above.n + below.n)),
            ];
            row.extend(self.outcomes.machines(&above, known));
            row.resize_with(FIRST.len() + OUTCOMES.len() + 6, Cell::none);
            row.extend(auc_cells(auc));
            rows.push(self.close(row));
        }
        for (id, auc) in [("all", self.auc), ("mature", self.mature_auc)] {
            let mut row = vec![Cell::text("auc"), Cell::text(id)];
            row.resize_with(5, Cell::none);
            row.push(auc.map_or_else(Cell::none, |a| Cell::count(a.positive + a.negative)));
            row.resize_with(FIRST.len() + OUTCOMES.len() + 6, Cell::none);
            row.extend(auc_cells(auc));
            rows.push(self.close(row));
        }
        Table { id: "score_tidy".into(), title: String::new(), audience: Audience::Machines, columns, rows }
    }

    /// Adds what every row ends in.
    pub fn close(&self, mut row: Vec<Cell>) -> Vec<Cell> {
        let contract = &self.data.session.contract;
        row.extend([
            Cell::text(self.column),
            some(self.threshold.as_ref().map(|t| t.score), Unit::Number, "no threshold is known"),
            some(self.capacity.as_ref().map(|c| c.leads), Unit::Number, "no --capacity"),
            self.capacity.as_ref().map_or_else(|| Cell::Missing("no --capacity".into()), |c| Cell::text(c.per.id())),
            Cell::Date(date_of(self.periods.from)),
            Cell::Date(date_of(self.periods.to)),
            Cell::Date(self.data.session.as_of),
            Cell::text(&contract.currency),
            Cell::text(contract.short_hash()),
        ]);
        row
    }
}

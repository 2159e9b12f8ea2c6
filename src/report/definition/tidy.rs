//! The table for machines: one row per period and group, pair or rule; the columns never depend on the data.
//!
//! In: the counts. Out: a [`Table`].

use super::View;
use super::cells::{OUTCOMES, Outcomes, ratio, some};
use super::count::{Counts, Excluded, PAIRS};
use super::layout::{SAME, region_id};
use super::sets::Tally;
use crate::report::{Audience, Cell, Column, Table, Unit};
use crate::stats::agreement::Pair;
use crate::time::date_of;

const FIRST: [&str; 11] = [
    "period",
    "period_start: date",
    "period_end: date",
    "row",
    "id",
    "title",
    "definition_version",
    "dated_by",
    "n: number",
    "of: number",
    "share: number",
];

const AFTER: [&str; 22] = [
    "mature: flag",
    "entering: number",
    "passed: number",
    "failed: number",
    "unknown: number",
    "failed_alone: number",
    "unknown_alone: number",
    "only_this: number",
    "both: number",
    "only_first: number",
    "only_second: number",
    "neither: number",
    "agreement: number",
    "expected_agreement: number",
    "kappa: number",
    "kappa_low: number",
    "kappa_high: number",
    "of_first: number",
    "of_second: number",
    "as_of: date",
    "currency",
    "contract_hash",
];

/// What a row is of.
struct Head<'a> {
    period: Option<usize>,
    row: &'a str,
    id: &'a str,
    title: &'a str,
    dated_by: &'a str,
}

/// All rows.
pub fn table(view: &View<'_>, counts: &Counts, outcomes: &Outcomes) -> Table {
    let columns = FIRST.iter().chain(&OUTCOMES).chain(&AFTER).map(|c| Column::tidy(c)).collect();
    let mut rows = Vec::new();
    let own = [view.sets.stages.0, view.sets.stages.1]
        .map(|s| format!("{}_on", view.data.session.contract.stages[s].id.value));
    let dated_by = view.sets.dated_by.as_str();
    let all = view.periods.all.len();
    for period in (0..all).map(Some).chain([None]) {
        let asked = counts.universe.get(period).n;
        let mut group = |row: &str, id: &str, title: &str, by: &str, tally: &Tally, of: Option<u64>| {
            let head = Head { period, row, id, title, dated_by: by };
            rows.push(view.row(&head, outcomes, Some((tally, of)), None, None));
        };
        group("universe", "universe", &view.title_of(""), dated_by, counts.universe.get(period), Some(asked));
        for (set, id) in counts.sets.iter().zip(["marketing", "sales", "definition"]) {
            group("set", id, &view.title_of(id), dated_by, set.get(period), Some(asked));
        }
        for (bits, region) in counts.regions.iter().enumerate().rev() {
            group("region", &region_id(bits), "", dated_by, region.get(period), Some(asked));
        }
        for ((said, id), by) in counts.said.iter().zip(["marketing", "sales"]).zip(&own) {
            group("said", id, &view.title_of(id), by, said.get(period), None);
        }
        let index = period.unwrap_or(all);
        for ((rule, counted), excluded) in view.qualified.rules.iter().zip(&counts.rules).zip(&counts.excluded) {
            let (id, title) = (&rule.name.value, &rule.when.value);
            let head = Head { period, row: "excluded_by", id, title, dated_by };
            let tally = Some((excluded.get(period), Some(asked)));
            rows.push(view.row(&head, outcomes, tally, Some(&counted[index]), None));
        }
        for ((first, second), met) in PAIRS.iter().zip(&counts.pairs) {
            let id = format!("{first}_{second}");
            let head = Head { period, row: "agreement", id: &id, title: "", dated_by };
            rows.push(view.row(&head, outcomes, None, None, Some(&met[index])));
        }
    }
    Table { id: "definition_tidy".into(), title: String::new(), audience: Audience::Machines, columns, rows }
}

impl View<'_> {
    fn row(
        &self,
        head: &Head<'_>,
        outcomes: &Outcomes,
        tally: Option<(&Tally, Option<u64>)>,
        rule: Option<&Excluded>,
        pair: Option<&Pair>,
    ) -> Vec<Cell> {
        let (label, start, end) = self.period(head.period);
        let number = |v: Option<f64>| some(v, Unit::Number, "nobody to divide by");
        let contract = &self.data.session.contract;
        let mut cells = vec![
            Cell::text(label),
            Cell::Date(date_of(start)),
            Cell::Date(date_of(end)),
            Cell::text(head.row),
            Cell::text(head.id),
            Cell::text(head.title),
            Cell::text(self.versions(start, end)),
            Cell::text(head.dated_by),
        ];
        let known = cells.len();
        match (tally, pair) {
            (Some((tally, of)), _) => {
                cells.push(Cell::count(tally.n));
                cells.push(of.map_or_else(Cell::none, Cell::count));
                cells.push(of.map_or_else(Cell::none, |of| number(ratio(tally.n, of))));
                cells.extend(outcomes.machines(tally, self.maturity.after.is_some()));
            }
            (None, pair) => {
                cells.push(pair.map_or_else(Cell::none, |p| Cell::count(p.n())));
                cells.resize_with(FIRST.len() + OUTCOMES.len(), Cell::none);
            }
        }
        cells.push(self.maturity.is(end).map_or_else(Cell::none, Cell::Flag));
        let counted = |pick: fn(&Excluded) -> u64| rule.map_or_else(Cell::none, |r| Cell::count(pick(r)));
        cells.extend([
            counted(|r| r.entering),
            counted(|r| r.passed),
            counted(|r| r.failed),
            counted(|r| r.unknown),
            counted(|r| r.failed_alone),
            counted(|r| r.unknown_alone),
            counted(|r| r.only_this),
        ]);
        let no_kappa = PAIRS.iter().zip(&self.sets.no_kappa).find(|((a, b), _)| format!("{a}_{b}") == head.id);
        cells.extend(agreement(pair, no_kappa.and_then(|(_, why)| why.as_deref())));
        let words = head.id.split('_').filter(|_| matches!(head.row, "set" | "region" | "said" | "agreement"));
        if let Some(why) = words.into_iter().find_map(|word| self.unknown(word)) {
            cells[known..].fill(Cell::Missing(why.into()));
        }
        cells.extend([
            Cell::Date(self.data.session.as_of),
            Cell::text(&contract.currency),
            Cell::text(contract.short_hash()),
        ]);
        cells
    }

    /// Label, first and last day of a period, or of all together.
    pub fn period(&self, period: Option<usize>) -> (&str, i32, i32) {
        period.map_or(("total", self.periods.from, self.periods.to), |p| {
            let p = &self.periods.all[p];
            (p.label.as_str(), p.start, p.end)
        })
    }
}

fn agreement(pair: Option<&Pair>, no_kappa: Option<&str>) -> Vec<Cell> {
    let Some(pair) = pair else { return vec![Cell::none(); 11] };
    let kappa = pair.kappa();
    let nobody = "nobody was asked";
    let why = no_kappa.unwrap_or(if kappa.is_some() { SAME } else { nobody });
    let shown = kappa.filter(|_| no_kappa.is_none());
    let plain = |v: Option<f64>, why: &str| some(v, Unit::Number, why);
    vec![
        Cell::count(pair.both),
        Cell::count(pair.first),
        Cell::count(pair.second),
        Cell::count(pair.neither),
        plain(kappa.map(|k| k.observed), nobody),
        plain(kappa.map(|k| k.expected), nobody),
        plain(shown.and_then(|k| k.kappa), why),
        plain(shown.and_then(|k| k.interval).map(|i| i.0), why),
        plain(shown.and_then(|k| k.interval).map(|i| i.1), why),
        plain(ratio(pair.both, pair.both + pair.first), nobody),
        plain(ratio(pair.both, pair.both + pair.second), nobody),
    ]
}

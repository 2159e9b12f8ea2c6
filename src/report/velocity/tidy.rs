//! Counted days and pipelines as the tidy table.
//!
//! In: a [`View`]. Out: one [`Table`] for machines.

use super::count::{Item, Time};
use super::layout::CYCLES;
use super::{FEW, View};
use crate::evaluate::segment_text;
use crate::journey::spells::Variant;
use crate::report::{Audience, Cell, Column, Table, Unit};
use crate::stats::interval::wilson;
use crate::stats::summary::{Summary, summary};
use crate::time::date_of;

/// The tidy columns: the same whatever the data.
const TIDY: [&str; 31] = [
    "section",
    "period",
    "period_start: date",
    "period_end: date",
    "segment",
    "item",
    "item_order: number",
    "title",
    "entry",
    "state",
    "n: number",
    "negative: number",
    "unknown: number",
    "value: number",
    "unit",
    "mean: number",
    "low: number",
    "p25: number",
    "median: number",
    "p75: number",
    "p90: number",
    "high: number",
    "numerator: number",
    "denominator: number",
    "ci_low: number",
    "ci_high: number",
    "status",
    "as_of: date",
    "currency",
    "contract_hash",
    "turned_down: number",
];

/// Id, title, value, unit, n, numerator and denominator of a line about a pipeline.
type Line<'a> = (&'a str, &'a str, Option<f64>, &'a str, u64, [Option<f64>; 2]);

impl View<'_> {
    pub fn tidy(&self) -> Table {
        let columns = TIDY.iter().map(|c| Column::tidy(c)).collect();
        let mut rows = Vec::new();
        let periods = || (0..self.periods.all.len()).map(Some).chain([None]);
        for key in self.keys() {
            for period in periods() {
                for (order, stage) in self.stages.iter().enumerate() {
                    let stage_of = &self.data.session.contract.stages[*stage];
                    let about = ["time_in_stage", &stage_of.id.value, &stage_of.title, Variant::First.id()];
                    self.tidy_times(&mut rows, key, period, Item::of(*stage), about, order);
                }
                for variant in [Variant::Latest, Variant::Cumulative] {
                    for (order, name) in self.names.iter().enumerate() {
                        let about = ["time_in_deal_stage", name, name, variant.id()];
                        self.tidy_times(&mut rows, key, period, Item::of_deal(order, variant), about, order);
                    }
                }
                for (order, (item, id, title)) in CYCLES.iter().enumerate() {
                    self.tidy_times(&mut rows, key, period, *item, ["cycle", id, title, ""], order);
                }
                if let Some(period) = period {
                    self.tidy_pipeline(&mut rows, key, period);
                }
            }
        }
        Table { id: "velocity_tidy".into(), title: String::new(), audience: Audience::Machines, columns, rows }
    }

    fn tidy_times(
        &self,
        rows: &mut Vec<Vec<Cell>>,
        key: Option<usize>,
        period: Option<usize>,
        item: Item,
        about: [&str; 4],
        order: usize,
    ) {
        let none = Time::default();
        let time = self.time(key, period, item).unwrap_or(&none);
        let stays = matches!(item, Item::Stage(_) | Item::DealStage(..));
        let mut states = vec![("completed", &time.completed, period.is_none().then_some(time.unknown), None)];
        // What is open is open on as-of, in no period.
        if period.is_none() && stays {
            states.push(("open", &time.open, None, Some(time.turned_down)));
        }
        for (state, list, unknown, turned_down) in states {
            let found = summary(&mut list.clone());
            let of = |pick: fn(&Summary) -> f64| found.as_ref().map(pick);
            let figures = [
                of(|s| s.mean),
                of(|s| f64::from(s.low)),
                of(|s| s.p25),
                of(|s| s.median),
                of(|s| s.p75),
                of(|s| s.p90),
                of(|s| f64::from(s.high)),
            ];
            let counts = [Some(list.len() as u64), Some(found.map_or(0, |s| s.negative)), unknown, turned_down];
            let status = self.status(list.len() as u64, period, found.is_some());
            rows.push(self.tidy_row(
                key,
                period,
                about,
                order,
                state,
                counts,
                of(|s| s.median),
                "days",
                figures,
                [None; 2],
                None,
                status,
            ));
        }
    }

    fn status(&self, n: u64, period: Option<usize>, known: bool) -> &'static str {
        match (known, period) {
            (false, _) => "no_data",
            (true, Some(p)) if self.periods.is_partial(p) => "partial",
            (true, _) if n < FEW => "few",
            (true, _) => "ok",
        }
    }

    #[allow(clippy::cast_precision_loss)] // counts and cents stay far below 2^53
    fn tidy_pipeline(&self, rows: &mut Vec<Vec<Cell>>, key: Option<usize>, period: usize) {
        let pipeline = &self.pipeline[&(key, period)];
        let f = self.factors(pipeline, period);
        let amount = pipeline.amount as f64 / self.data.facts().minor_per_major();
        let (won, decided) = (pipeline.won as f64, (pipeline.won + pipeline.lost) as f64);
        let opportunities = (pipeline.open_at_start + pipeline.created).unsigned_abs();
        let cycles = pipeline.cycle.len() as u64;
        let (start, made) = (pipeline.open_at_start as f64, pipeline.created as f64);
        let lines: [Line<'_>; 8] = [
            (
                "open_at_start",
                "Deals open at the start",
                Some(start),
                "count",
                pipeline.open_at_start.unsigned_abs(),
                [None; 2],
            ),
            ("created", "Deals created", Some(made), "count", pipeline.created.unsigned_abs(), [None; 2]),
            (
                "opportunities",
                "Opportunities: open at the start, and created",
                Some(f.opportunities),
                "count",
                opportunities,
                [None; 2],
            ),
            (
                "average_deal",
                "Mean amount of won deals",
                f.deal.value.ok(),
                "money",
                pipeline.with_amount,
                [Some(amount), Some(pipeline.with_amount as f64)],
            ),
            (
                "win_rate_narrow",
                "Win rate, narrow",
                f.win_rate.value.ok(),
                "ratio",
                pipeline.won + pipeline.lost,
                [Some(won), Some(decided)],
            ),
            ("cycle", "Median days from created to won", f.cycle.value.ok(), "days", cycles, [None; 2]),
            (
                "pipeline_velocity",
                "Pipeline velocity, a day",
                f.velocity.value.ok(),
                "money",
                opportunities,
                [
                    f.deal.value.ok().zip(f.win_rate.value.ok()).map(|(d, r)| f.opportunities * d * r),
                    f.cycle.value.ok(),
                ],
            ),
            (
                "won_a_day",
                "Amount won, a day",
                f.won_a_day.ok(),
                "money",
                pipeline.won,
                [f.won_a_day.ok().map(|_| amount), Some(self.length(period))],
            ),
        ];
        for (order, (id, title, value, unit, n, sides)) in lines.into_iter().enumerate() {
            let counted = ["open_at_start", "created", "opportunities", "won_a_day"].contains(&id);
            let basis = if id == "pipeline_velocity" { f.velocity.n } else { n };
            let status = match self.status(if counted { FEW } else { basis }, Some(period), value.is_some()) {
                "ok" | "partial" | "few" if value.is_none() => "no_data",
                status => status,
            };
            let about = ["pipeline_velocity", id, title, ""];
            let interval = f.win_rate.value.ok().filter(|_| id == "win_rate_narrow").and_then(|_| wilson(won, decided));
            let counts = [Some(n), None, None, None];
            let row = self.tidy_row(
                key,
                Some(period),
                about,
                order,
                "",
                counts,
                value,
                unit,
                [None; 7],
                sides,
                interval,
                status,
            );
            rows.push(row);
        }
    }

    #[allow(clippy::too_many_arguments)] // the cells of a row; a struct for them would only rename them
    fn tidy_row(
        &self,
        key: Option<usize>,
        period: Option<usize>,
        about: [&str; 4],
        order: usize,
        state: &str,
        counts: [Option<u64>; 4],
        value: Option<f64>,
        unit: &str,
        figures: [Option<f64>; 7],
        sides: [Option<f64>; 2],
        interval: Option<(f64, f64)>,
        status: &str,
    ) -> Vec<Cell> {
        let (label, start, end) = period.map_or(("total", self.periods.from, self.periods.to), |p| {
            let p = &self.periods.all[p];
            (p.label.as_str(), p.start, p.end)
        });
        let contract = &self.data.session.contract;
        let plain = |v: Option<f64>| v.map_or_else(Cell::none, |v| Cell::Number(v, Unit::Number));
        let [section, item, title, entry] = about;
        let mut row = vec![
            Cell::text(section),
            Cell::text(label),
            Cell::Date(date_of(start)),
            Cell::Date(date_of(end)),
            Cell::text(key.map_or_else(String::new, |k| segment_text(self.by, &self.segments[k]))),
            Cell::text(item),
            Cell::count(order as u64 + 1),
            Cell::text(title),
            Cell::text(entry),
            Cell::text(state),
        ];
        let [n, negative, unknown, turned_down] = counts.map(|n| n.map_or_else(Cell::none, Cell::count));
        row.extend([n, negative, unknown]);
        row.extend([plain(value), Cell::text(unit)]);
        row.extend(figures.map(plain));
        row.extend(sides.map(plain));
        row.extend([interval.map(|(low, _)| low), interval.map(|(_, high)| high)].map(plain));
        row.extend([
            Cell::text(status),
            Cell::Date(self.data.session.as_of),
            Cell::text(&contract.currency),
            Cell::text(contract.short_hash()),
            turned_down,
        ]);
        row
    }
}

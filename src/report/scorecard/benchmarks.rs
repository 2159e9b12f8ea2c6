//! The scorecard beside figures of others, when that is asked for.
//!
//! In: the view of the evaluated scores. Out: two tables and the warnings, added to a report that is complete without them.

use super::{Metric, View, YOUNG};
use crate::catalogue::benchmark::Benchmark;
use crate::evaluate::segment_text;
use crate::facts::Segment;
use crate::report::benchmarks::{Beside, COLUMNS, WARNING, notes, table};
use crate::report::{Audience, Cell, Column, Report, Table};
use crate::time::date_of;

/// The columns for machines, before those that every figure of others has.
const HEAD: [&str; 6] = ["metric_id", "period", "period_start: date", "period_end: date", "segment", "mature: flag"];

/// Leaves of a scorecard with benchmarks what is about them: the section of the board pack.
pub fn compared(report: &mut Report) {
    report.title = "How we compare".into();
    report.tables.retain(|table| ["others", "benchmarks"].contains(&table.id.as_str()));
    report.charts.retain(|chart| chart.id == CHART);
    report.tiles.clear();
    let from = report.notes.iter().position(|note| note == WARNING).unwrap_or(report.notes.len());
    report.notes.drain(..from);
}

/// The chart of both.
pub const CHART: &str = "benchmarks_shares";

impl View<'_> {
    /// Adds what others have to what the report has.
    pub fn add_benchmarks(&self, report: &mut Report) {
        let all: Vec<(&Metric, &Benchmark)> = self
            .wanted
            .iter()
            .flat_map(|metric| self.catalogue.benchmarks.iter().map(move |b| (*metric, b)))
            .filter(|(metric, benchmark)| metric.id == benchmark.of)
            .collect();
        let mut shown: Vec<Beside<'_>> = Vec::new();
        for (metric, benchmark) in all.iter().copied() {
            let period = self.latest(metric);
            shown.push(self.beside(metric, &Vec::new(), period, benchmark));
        }
        if shown.is_empty() {
            report.notes.push("No figure of others stands beside these metrics.".into());
        } else {
            report.tables.push(table("Metric", "In", &shown));
            report.notes.extend(notes(&shown));
        }
        report.tables.push(self.benchmarks(&all));
    }

    fn beside<'b>(
        &self,
        metric: &Metric,
        segment: &Segment,
        period: Option<usize>,
        benchmark: &'b Benchmark,
    ) -> Beside<'b> {
        let score = self.scores.score(metric, segment, period);
        let rising = period.is_some_and(|p| self.young(metric, p));
        Beside {
            title: Self::title(metric),
            own: score.value.map_err(|why| why.reason),
            interval: score.interval,
            mark: if rising { YOUNG } else { "" },
            of: period.map_or_else(|| "all days".into(), |p| self.heading(&self.periods.all[p])),
            unit: metric.unit,
            benchmark,
        }
    }

    /// Every period and segment, for machines.
    fn benchmarks(&self, all: &[(&Metric, &Benchmark)]) -> Table {
        let as_of = self.data.session.as_of;
        let contract = &self.data.session.contract;
        let columns =
            HEAD.iter().chain(&COLUMNS).chain(&["currency", "contract_hash"]).map(|c| Column::tidy(c)).collect();
        let mut rows = Vec::new();
        for (metric, benchmark) in all {
            for segment in &self.scores.segments {
                for period in (0..self.periods.all.len()).map(Some).chain([None]) {
                    let (label, start, end) = period.map_or(("total", self.periods.from, self.periods.to), |p| {
                        let p = &self.periods.all[p];
                        (p.label.as_str(), p.start, p.end)
                    });
                    let mut row = vec![
                        Cell::text(&metric.id),
                        Cell::text(label),
                        Cell::Date(date_of(start)),
                        Cell::Date(date_of(end)),
                        Cell::text(segment_text(&self.scores.by, segment)),
                        self.mature(metric, end).map_or_else(Cell::none, Cell::Flag),
                    ];
                    row.extend(self.beside(metric, segment, period, benchmark).machine(as_of));
                    row.extend([Cell::text(&contract.currency), Cell::text(contract.short_hash())]);
                    rows.push(row);
                }
            }
        }
        Table { id: "benchmarks".into(), title: String::new(), audience: Audience::Machines, columns, rows }
    }
}

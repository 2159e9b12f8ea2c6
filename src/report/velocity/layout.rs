//! Counted days → tables.

use super::count::{Item, Pipeline, Time};
use super::{FEW, View};
use crate::evaluate::segment_text;
use crate::journey::spells::Variant;
use crate::output::number;
use crate::report::scorecard::heading;
use crate::report::{Audience, Cell, Column, Table, Unit};
use crate::stats::interval::wilson;
use crate::stats::quantile::quantile;
use crate::stats::summary::{Summary, summary};
use crate::time::date_of;

/// The tidy columns: the same whatever the data.
const TIDY: [&str; 30] = [
    "section",
    "period",
    "period_start",
    "period_end",
    "segment",
    "item",
    "item_order",
    "title",
    "entry",
    "state",
    "n",
    "negative",
    "unknown",
    "value",
    "unit",
    "mean",
    "low",
    "p25",
    "median",
    "p75",
    "p90",
    "high",
    "numerator",
    "denominator",
    "ci_low",
    "ci_high",
    "status",
    "as_of",
    "currency",
    "contract_hash",
];

/// Periods shown to people; machines get all.
const SHOWN: usize = 6;

/// Marks a figure of few.
pub const FEW_MARK: &str = "†";

/// Id, title, value, unit, n, numerator and denominator of a line about a pipeline.
type Line<'a> = (&'a str, &'a str, Option<f64>, &'a str, u64, [Option<f64>; 2]);

/// The four factors, what they make, and what was won.
struct Factors {
    opportunities: f64,
    deal: Result<f64, &'static str>,
    win_rate: Result<f64, &'static str>,
    cycle: Result<f64, &'static str>,
    velocity: Result<f64, &'static str>,
    won_a_day: f64,
    /// The fewest deals that a factor stands on.
    few: bool,
}

fn days(value: f64, few: bool) -> Cell {
    if few {
        return marked(value, Unit::Days);
    }
    Cell::Number(value, Unit::Days)
}

/// A figure of few, in one piece: words wrap, and a number must not.
fn marked(value: f64, unit: Unit) -> Cell {
    Cell::text(format!("{}{FEW_MARK}", number::people(value, unit).replace(' ', "\u{a0}")))
}

/// Number, median, p75 and p90 for people.
fn figures(list: &[i32]) -> Vec<Cell> {
    let mut cells = vec![Cell::count(list.len() as u64)];
    match summary(&mut list.to_vec()) {
        Some(s) => cells.extend([s.median, s.p75, s.p90].map(|d| days(d, s.n < FEW))),
        None => cells.extend([Cell::none(), Cell::none(), Cell::none()]),
    }
    cells
}

/// Both sides of a table of stays.
fn both(time: Option<&Time>) -> Vec<Cell> {
    let none = Time::default();
    let time = time.unwrap_or(&none);
    [figures(&time.completed), figures(&time.open)].concat()
}

fn stay_columns(first: &str) -> Vec<Column> {
    vec![
        Column::left("stage", first),
        Column::right("completed", "Ended"),
        Column::right("median", "Median"),
        Column::right("p75", "p75"),
        Column::right("p90", "p90"),
        Column::right("open", "Open"),
        Column::right("open_median", "Median age"),
        Column::right("open_p75", "p75"),
        Column::right("open_p90", "p90"),
    ]
}

const CYCLES: [(Item, &str, &str); 3] = [
    (Item::Won, "sales_cycle_won", "Sales cycle of won deals, from created to won"),
    (Item::Lost, "sales_cycle_lost", "Sales cycle of lost deals, from created to lost"),
    (Item::Customer, "customer_creation_cycle", "Customer creation, from the first contact to won"),
];

impl View<'_> {
    pub fn time(&self, segment: Option<usize>, period: Option<usize>, item: Item) -> Option<&Time> {
        self.times.get(&(segment, period, item))
    }

    /// Everything together first, then each segment.
    fn keys(&self) -> impl Iterator<Item = Option<usize>> + use<'_> {
        std::iter::once(None).chain((0..self.segments.len()).map(Some).filter(|_| !self.by.is_empty()))
    }

    /// A segment as a heading.
    fn segment(&self, key: Option<usize>) -> String {
        key.map_or_else(|| "All".to_string(), |k| segment_text(self.by, &self.segments[k]))
    }

    /// A segment in a column that says what it is by.
    fn words(&self, key: Option<usize>) -> String {
        let words = |k: usize| self.segments[k].iter().map(|v| v.as_deref().unwrap_or("(blank)")).collect::<Vec<_>>();
        key.map_or_else(|| "All".to_string(), |k| words(k).join(", "))
    }

    /// Whether a segment has any stay of some items.
    fn has(&self, key: Option<usize>, mut items: impl Iterator<Item = Item>) -> bool {
        key.is_none() || items.any(|item| self.time(key, None, item).is_some())
    }

    /// Lengths below 0: of stays in a stage, and of sales cycles.
    pub fn negative(&self) -> [u64; 2] {
        let below = |list: &[i32]| list.iter().filter(|d| **d < 0).count() as u64;
        let mut found = [0; 2];
        for ((segment, period, item), time) in self.times {
            let n = below(&time.completed) + below(&time.open);
            match (segment, period, item) {
                (None, None, Item::Stage(_) | Item::DealStage(_, Variant::Latest)) => found[0] += n,
                (None, None, Item::Won | Item::Lost | Item::Customer) => found[1] += n,
                _ => {}
            }
        }
        found
    }

    /// Whether any figure that people see stands on few.
    pub fn few(&self) -> bool {
        let few = |list: &[i32]| (1..FEW).contains(&(list.len() as u64));
        let shown = self.shown();
        let seen = |period: &Option<usize>| period.is_none_or(|p| shown.contains(&p) && self.by.is_empty());
        let times = self.times.iter().filter(|((_, period, _), _)| seen(period));
        times.into_iter().any(|(_, time)| few(&time.completed) || few(&time.open))
            || self.keys().any(|key| shown.iter().any(|p| self.factors(&self.pipeline[&(key, *p)], *p).few))
    }

    fn is_partial(&self, period: usize) -> bool {
        let period = &self.periods.all[period];
        period.end > self.periods.to || period.start < self.periods.from
    }

    /// The last whole periods; where there is none, the last one.
    fn shown(&self) -> Vec<usize> {
        let whole: Vec<usize> = (0..self.periods.all.len()).filter(|p| !self.is_partial(*p)).collect();
        if whole.is_empty() {
            return self.periods.all.len().checked_sub(1).into_iter().collect();
        }
        whole[whole.len().saturating_sub(SHOWN)..].to_vec()
    }

    fn label(&self, period: usize) -> String {
        let label = &self.periods.all[period].label;
        if self.is_partial(period) { format!("{label} part") } else { label.clone() }
    }

    /// All tables, for people and for machines.
    pub fn tables(&self) -> Vec<Table> {
        let mut tables = vec![self.stages_table()];
        if !self.names.is_empty() {
            tables.push(self.deal_stages_table());
        }
        if !self.pipeline.is_empty() && self.data.journeys.deal.iter().any(|d| *d != crate::tables::NONE) {
            tables.push(self.cycles_table());
            tables.push(self.pipeline_table());
        }
        tables.push(self.tidy());
        tables
    }

    fn days_shown(&self) -> String {
        format!("{} to {}", date_of(self.periods.from), date_of(self.periods.to))
    }

    fn stages_table(&self) -> Table {
        let columns = stay_columns("Stage");
        let mut rows = Vec::new();
        for key in self.keys() {
            if !self.has(key, self.stages.iter().map(|s| Item::of(*s))) {
                continue;
            }
            if !self.by.is_empty() {
                rows.push(heading(&self.segment(key), columns.len()));
            }
            for stage in &self.stages {
                let title = &self.data.session.contract.stages[*stage].title;
                rows.push([vec![Cell::text(title)], both(self.time(key, None, Item::of(*stage)))].concat());
            }
        }
        let title = format!("Days in stage: ended {}, and open on {}", self.days_shown(), self.data.session.as_of);
        Table { id: "time_in_stage".into(), title, audience: Audience::People, columns, rows }
    }

    fn deal_stages_table(&self) -> Table {
        let columns = stay_columns("Stage");
        let mut rows = Vec::new();
        for key in self.keys() {
            if !self.has(key, (0..self.names.len()).map(|s| Item::of_deal(s, Variant::Latest))) {
                continue;
            }
            // By segment the latest spells are enough to read; machines get both.
            let both_shown = self.again > 0 && self.by.is_empty();
            for variant in [Variant::Latest, Variant::Cumulative] {
                if variant == Variant::Cumulative && !both_shown {
                    continue;
                }
                match (variant, both_shown) {
                    (Variant::Cumulative, _) => rows.push(heading("All spells of a deal together", columns.len())),
                    (_, true) => rows.push(heading("Latest spell of a deal", columns.len())),
                    (_, false) if !self.by.is_empty() => rows.push(heading(&self.segment(key), columns.len())),
                    _ => {}
                }
                for (stage, name) in self.names.iter().enumerate() {
                    rows.push(
                        [vec![Cell::text(name)], both(self.time(key, None, Item::of_deal(stage, variant)))].concat(),
                    );
                }
            }
        }
        let latest = if self.again > 0 && !self.by.is_empty() { ", latest spell" } else { "" };
        let title = format!("Days of deals in the CRM's own stages{latest}");
        Table { id: "time_in_deal_stage".into(), title, audience: Audience::People, columns, rows }
    }

    fn cycles_table(&self) -> Table {
        let columns = vec![
            Column::left("of", if self.by.is_empty() { "Closed in".to_string() } else { self.by.join(", ") }),
            Column::right("n", "Deals"),
            Column::right("median", "Median"),
            Column::right("p75", "p75"),
            Column::right("p90", "p90"),
            Column::right("mean", "Mean"),
            Column::right("negative", "Below 0"),
        ];
        let mut rows = Vec::new();
        for (item, _, title) in CYCLES {
            rows.push(heading(title, columns.len()));
            let lines: Vec<(String, Option<&Time>)> = if self.by.is_empty() {
                let shown = self.shown().into_iter().map(|p| (self.label(p), self.time(None, Some(p), item)));
                shown.chain([("All days".to_string(), self.time(None, None, item))]).collect()
            } else {
                let known = |key: &Option<usize>| self.has(*key, std::iter::once(item));
                self.keys().filter(known).map(|key| (self.words(key), self.time(key, None, item))).collect()
            };
            for (name, time) in lines {
                let list = time.map_or(&[][..], |t| &t.completed);
                let mut row = [vec![Cell::text(name)], figures(list)].concat();
                match summary(&mut list.to_vec()) {
                    Some(s) => row.extend([days((s.mean * 10.0).round() / 10.0, s.n < FEW), Cell::count(s.negative)]),
                    None => row.extend([Cell::none(), Cell::none()]),
                }
                rows.push(row);
            }
        }
        let title = format!("Cycles of deals closed {}", self.days_shown());
        Table { id: "cycles".into(), title, audience: Audience::People, columns, rows }
    }

    /// Days of a period that lie within the days shown.
    fn length(&self, period: usize) -> f64 {
        let period = &self.periods.all[period];
        f64::from(period.end.min(self.periods.to) - period.start.max(self.periods.from) + 1)
    }

    #[allow(clippy::cast_precision_loss)] // counts and cents stay far below 2^53
    fn factors(&self, pipeline: &Pipeline, period: usize) -> Factors {
        let scale = self.data.facts().minor_per_major();
        let opportunities = (pipeline.open_at_start + pipeline.created) as f64;
        let amount = pipeline.amount as f64 / scale;
        let deal = if pipeline.with_amount > 0 {
            Ok(amount / pipeline.with_amount as f64)
        } else {
            Err("no won deal with an amount")
        };
        let win_rate = if self.data.journeys.only_won() {
            Err("no deal in the exports is lost")
        } else if pipeline.won + pipeline.lost == 0 {
            Err("no deal was won or lost")
        } else {
            Ok(pipeline.won as f64 / (pipeline.won + pipeline.lost) as f64)
        };
        let cycle = quantile(&mut pipeline.cycle.clone(), 0.5).ok_or("no won deal with a beginning");
        let velocity = match (deal, win_rate, cycle) {
            (Ok(deal), Ok(rate), Ok(cycle)) if cycle > 0.0 => Ok(opportunities * deal * rate / cycle),
            (Ok(_), Ok(_), Ok(_)) => Err("a cycle of no days has no speed"),
            (deal, rate, cycle) => Err(deal.err().or(rate.err()).or(cycle.err()).unwrap_or("a factor is missing")),
        };
        Factors {
            opportunities,
            deal,
            win_rate,
            cycle,
            velocity,
            won_a_day: amount / self.length(period),
            few: (1..FEW).contains(&pipeline.won),
        }
    }

    fn pipeline_table(&self) -> Table {
        let shown = self.shown();
        let by = !self.by.is_empty();
        let columns = vec![
            Column::left("of", if by { self.by.join(", ") } else { "Period".to_string() }),
            Column::right("opportunities", "Opportunities"),
            Column::right("average_deal", "× average deal"),
            Column::right("win_rate", "× win rate"),
            Column::right("cycle", "÷ cycle"),
            Column::right("velocity", "= a day"),
            Column::right("won_a_day", "Won a day"),
        ];
        let lines: Vec<(String, Option<usize>, usize)> = if by {
            let last = shown.last().copied();
            let any = |key: &Option<usize>| last.is_some_and(|p| self.pipeline[&(*key, p)] != Pipeline::default());
            let keys = self.keys().filter(|key| key.is_none() || any(key));
            keys.filter_map(|key| last.map(|p| (self.words(key), key, p))).collect()
        } else {
            shown.iter().map(|p| (self.label(*p), None, *p)).collect()
        };
        let mut rows = Vec::new();
        for (name, key, period) in lines {
            let f = self.factors(&self.pipeline[&(key, period)], period);
            let cell = |value: Result<f64, &str>, unit: Unit| match value {
                Ok(v) if f.few => marked(v, unit),
                Ok(v) => Cell::Number(v, unit),
                Err(why) => Cell::Missing(why.into()),
            };
            rows.push(vec![
                Cell::text(name),
                Cell::Number(f.opportunities, Unit::Count),
                cell(f.deal, Unit::Money),
                cell(f.win_rate, Unit::Share),
                cell(f.cycle, Unit::Days),
                cell(f.velocity, Unit::Money),
                Cell::Number(f.won_a_day, Unit::Money),
            ]);
        }
        let of = shown.last().filter(|_| by).map_or_else(String::new, |p| format!(" of {}", self.label(*p)));
        let title = format!("Pipeline velocity{of}, {} a day", self.data.session.contract.currency);
        Table { id: "pipeline_velocity".into(), title, audience: Audience::People, columns, rows }
    }

    fn tidy(&self) -> Table {
        let columns = TIDY.iter().map(|id| Column::left(*id, *id)).collect();
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
        let mut states = vec![("completed", &time.completed, period.is_none().then_some(time.unknown))];
        // What is open is open on as-of, in no period.
        if period.is_none() && stays {
            states.push(("open", &time.open, None));
        }
        for (state, list, unknown) in states {
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
            let counts = [Some(list.len() as u64), Some(found.map_or(0, |s| s.negative)), unknown];
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
            (true, Some(p)) if self.is_partial(p) => "partial",
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
                f.deal.ok(),
                "money",
                pipeline.with_amount,
                [Some(amount), Some(pipeline.with_amount as f64)],
            ),
            (
                "win_rate_narrow",
                "Win rate, narrow",
                f.win_rate.ok(),
                "ratio",
                pipeline.won + pipeline.lost,
                [Some(won), Some(decided)],
            ),
            ("cycle", "Median days from created to won", f.cycle.ok(), "days", cycles, [None; 2]),
            (
                "pipeline_velocity",
                "Pipeline velocity, a day",
                f.velocity.ok(),
                "money",
                opportunities,
                [f.deal.ok().zip(f.win_rate.ok()).map(|(d, r)| f.opportunities * d * r), f.cycle.ok()],
            ),
            (
                "won_a_day",
                "Amount won, a day",
                Some(f.won_a_day),
                "money",
                pipeline.won,
                [Some(amount), Some(self.length(period))],
            ),
        ];
        for (order, (id, title, value, unit, n, sides)) in lines.into_iter().enumerate() {
            let counted = ["open_at_start", "created", "opportunities", "won_a_day"].contains(&id);
            let basis = if id == "pipeline_velocity" { pipeline.won } else { n };
            let status = match self.status(if counted { FEW } else { basis }, Some(period), value.is_some()) {
                "ok" | "partial" | "few" if value.is_none() => "no_data",
                status => status,
            };
            let about = ["pipeline_velocity", id, title, ""];
            let interval = f.win_rate.ok().filter(|_| id == "win_rate_narrow").and_then(|_| wilson(won, decided));
            let counts = [Some(n), None, None];
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
        counts: [Option<u64>; 3],
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
        row.extend(counts.map(|n| n.map_or_else(Cell::none, Cell::count)));
        row.extend([plain(value), Cell::text(unit)]);
        row.extend(figures.map(plain));
        row.extend(sides.map(plain));
        row.extend([interval.map(|(low, _)| low), interval.map(|(_, high)| high)].map(plain));
        row.extend([
            Cell::text(status),
            Cell::Date(self.data.session.as_of),
            Cell::text(&contract.currency),
            Cell::text(contract.short_hash()),
        ]);
        row
    }
}

//! Counted days → tables for people.

use super::count::{Item, Pipeline, Time};
use super::factors::Factor;
use super::{FEW, View};
use crate::evaluate::segment_text;
use crate::journey::spells::Variant;
use crate::output::number;
use crate::report::scorecard::heading;
use crate::report::{Audience, Cell, Column, Table, Unit};
use crate::stats::summary::summary;
use crate::time::date_of;

/// Periods shown to people; machines get all.
const SHOWN: usize = 6;

/// Marks a figure of few.
pub const FEW_MARK: &str = "†";

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

pub const CYCLES: [(Item, &str, &str); 3] = [
    (Item::Won, "sales_cycle_won", "Sales cycle of won deals, from created to won"),
    (Item::Lost, "sales_cycle_lost", "Sales cycle of lost deals, from created to lost"),
    (Item::Customer, "customer_creation_cycle", "Customer creation, from the first contact to won"),
];

impl View<'_> {
    pub fn time(&self, segment: Option<usize>, period: Option<usize>, item: Item) -> Option<&Time> {
        self.times.get(&(segment, period, item))
    }

    /// Everything together first, then each segment.
    pub fn keys(&self) -> impl Iterator<Item = Option<usize>> + use<'_> {
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
            || self.keys().any(|key| shown.iter().any(|p| self.factors(&self.pipeline[&(key, *p)], *p).few()))
    }

    /// Number of periods that only machines see.
    fn hidden(&self) -> usize {
        self.periods.all.len().saturating_sub(SHOWN)
    }

    /// The last periods, whole or not.
    fn shown(&self) -> Vec<usize> {
        (self.hidden()..self.periods.all.len()).collect()
    }

    /// The last whole period; where there is none, the last.
    fn last_whole(&self) -> Option<usize> {
        let whole = (0..self.periods.all.len()).rfind(|p| !self.periods.is_partial(*p));
        whole.or(self.periods.all.len().checked_sub(1))
    }

    fn more(&self) -> String {
        match (self.by.is_empty(), self.hidden()) {
            (true, 0) => String::new(),
            (true, hidden) => format!("; {hidden} earlier in machine formats"),
            (false, _) => format!("; every {} in machine formats", self.periods.kind.id()),
        }
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
                let shown = self.shown().into_iter().map(|p| (self.periods.label(p), self.time(None, Some(p), item)));
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
        let title = format!("Cycles of deals closed {}{}", self.days_shown(), self.more());
        Table { id: "cycles".into(), title, audience: Audience::People, columns, rows }
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
            let last = self.last_whole();
            let any = |key: &Option<usize>| last.is_some_and(|p| self.pipeline[&(*key, p)] != Pipeline::default());
            let keys = self.keys().filter(|key| key.is_none() || any(key));
            keys.filter_map(|key| last.map(|p| (self.words(key), key, p))).collect()
        } else {
            shown.iter().map(|p| (self.periods.label(*p), None, *p)).collect()
        };
        let mut rows = Vec::new();
        for (name, key, period) in lines {
            let f = self.factors(&self.pipeline[&(key, period)], period);
            let cell = |factor: &Factor, unit: Unit| match factor.value {
                Ok(v) if factor.is_few() => marked(v, unit),
                Ok(v) => Cell::Number(v, unit),
                Err(why) => Cell::Missing(why.into()),
            };
            rows.push(vec![
                Cell::text(name),
                Cell::Number(f.opportunities, Unit::Count),
                cell(&f.deal, Unit::Money),
                cell(&f.win_rate, Unit::Share),
                cell(&f.cycle, Unit::Days),
                cell(&f.velocity, Unit::Money),
                f.won_a_day.map_or_else(|why| Cell::Missing(why.into()), |v| Cell::Number(v, Unit::Money)),
            ]);
        }
        let of =
            self.last_whole().filter(|_| by).map_or_else(String::new, |p| format!(" of {}", self.periods.label(p)));
        let title = format!("Pipeline velocity{of}, {} a day{}", self.data.session.contract.currency, self.more());
        Table { id: "pipeline_velocity".into(), title, audience: Audience::People, columns, rows }
    }
}

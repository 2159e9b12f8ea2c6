//! The hand-off for people.
//!
//! In: the sums. Out: tables.

use std::collections::BTreeMap;

use super::count::{Counted, Dimension, Fate, Figures, Judge};
use crate::calendar::Periods;
use crate::journey::handoff::HandedOver;
use crate::output::number;
use crate::report::scorecard::heading;
use crate::report::{Audience, Cell, Column, Table, Unit};
use crate::session::Data;
use crate::stats::censored::quantile;
use crate::stats::interval::wilson;

/// Periods and groups shown to people; machines get all.
const SHOWN: usize = 8;
/// Below this many, a share says little.
pub const FEW: u64 = 5;
const HOUR_MS: f64 = 3_600_000.0;
const NO_TOUCH: &str = "no export has a touch that could count";
/// Hours of arrival are shown to people in blocks of so many.
const BLOCK: i64 = 3;

pub struct View<'a> {
    pub data: &'a Data,
    pub handed: &'a HandedOver,
    pub judge: &'a Judge<'a>,
    pub periods: &'a Periods,
    pub counted: &'a Counted,
    pub stages: (usize, usize),
}

#[allow(clippy::cast_precision_loss)] // counts stay far below 2^53
pub fn share(k: u64, n: u64) -> Option<f64> {
    (n > 0).then(|| k as f64 / n as f64)
}

#[allow(clippy::cast_precision_loss)]
pub fn within_interval(f: &Figures) -> Option<(f64, f64)> {
    wilson(f.kept as f64, f.judged() as f64)
}

/// A quantile of waits that does not hang on a few whom nobody knows the end of.
pub fn wait(waits: &[(i64, bool)], q: f64) -> Option<i64> {
    let found = quantile(&mut waits.to_vec(), q)?;
    (found.unseen == 0 || found.at_risk as u64 >= FEW).then_some(found.time)
}

#[allow(clippy::cast_precision_loss)] // waits stay far below 2^53 ms
pub fn hours(waits: &[(i64, bool)], q: f64) -> Option<f64> {
    wait(waits, q).map(|ms| ms as f64 / HOUR_MS)
}

pub fn of_touched(waits: &[(i64, bool)]) -> Vec<(i64, bool)> {
    waits.iter().copied().filter(|(_, touched)| *touched).collect()
}

impl View<'_> {
    /// A figure that needs touches: missing where no export has one that could count.
    pub fn if_touches(&self, cell: Cell) -> Cell {
        if self.handed.touches { cell } else { Cell::Missing(NO_TOUCH.into()) }
    }

    pub fn if_deals(&self, cell: Cell) -> Cell {
        self.data.facts().no_table("deals").map_or(cell, Cell::Missing)
    }

    pub fn agreed(&self) -> &crate::contract::Handoff {
        &self.data.session.contract.handoff
    }

    /// `24h of Mon-Fri 09:00-17:00`
    pub fn agreement(&self) -> String {
        let agreed = self.agreed();
        let hours = agreed.hours.as_ref().map_or("around the clock".to_string(), |h| format!("of {}", h.text));
        format!("{} {hours}", agreed.within)
    }

    pub fn figures(&self, period: Option<usize>) -> Option<&Figures> {
        self.counted.figures.get(&((Dimension::All, 0, String::new()), period))
    }

    /// Periods with leads, the last ones, and how many earlier ones there are.
    fn shown(&self) -> (Vec<usize>, usize) {
        let with: Vec<usize> = (0..self.periods.all.len()).filter(|p| self.figures(Some(*p)).is_some()).collect();
        let hidden = with.len().saturating_sub(SHOWN);
        (with[hidden..].to_vec(), hidden)
    }

    /// One row per period shown, and one of all.
    fn by_period(&self, id: &str, title: &str, columns: Vec<Column>, row: impl Fn(&Figures) -> Vec<Cell>) -> Table {
        let (shown, hidden) = self.shown();
        let none = Figures::default();
        let mut rows = Vec::new();
        for period in shown {
            let mut cells = vec![Cell::text(&self.periods.all[period].label)];
            cells.extend(row(self.figures(Some(period)).unwrap_or(&none)));
            rows.push(cells);
        }
        let mut cells = vec![Cell::text("All")];
        cells.extend(row(self.figures(None).unwrap_or(&none)));
        rows.push(cells);
        let more = if hidden > 0 { format!("; {hidden} earlier in machine formats") } else { String::new() };
        let title = format!("{title}, by {} of qualification{more}", self.periods.kind.id());
        Table { id: id.into(), title, audience: Audience::People, columns, rows }
    }

    fn within_cells(&self, f: &Figures) -> [Cell; 2] {
        let missing = || Cell::Missing("nobody's time is over".into());
        let value = share(f.kept, f.judged()).map_or_else(missing, |v| Cell::Number(v, Unit::Share));
        let interval = within_interval(f).map_or_else(Cell::none, |(l, h)| Cell::text(number::interval(l, h)));
        [value, interval].map(|cell| self.if_touches(cell))
    }

    fn hours_cell(&self, waits: &[(i64, bool)], q: f64) -> Cell {
        let why = if waits.is_empty() { "only days are known" } else { "fewer were touched by then" };
        self.if_touches(hours(waits, q).map_or_else(|| Cell::Missing(why.into()), |h| Cell::Number(h, Unit::Hours)))
    }

    pub fn speed(&self) -> Table {
        let within = format!("Within {}", self.agreed().within);
        let columns = vec![
            Column::left("period", "Period"),
            Column::right("qualified", "Qualified"),
            Column::right("touched", "Touched"),
            Column::right("share_within", within),
            Column::right("interval", "95 % interval"),
            Column::right("median_hours", "Median"),
            Column::right("p90_hours", "90 % by"),
        ];
        self.by_period("speed", "How soon sales was in touch", columns, |f| {
            let mut cells = vec![Cell::count(f.qualified), self.if_touches(Cell::count(f.touched))];
            cells.extend(self.within_cells(f));
            cells.push(self.hours_cell(&f.waits, 0.5));
            cells.push(self.hours_cell(&f.waits, 0.9));
            cells
        })
    }

    pub fn fates(&self) -> Table {
        let columns = vec![
            Column::left("period", "Period"),
            Column::right("accepted", "Accepted"),
            Column::right("rejected", "Rejected"),
            Column::right("recycled", "Recycled"),
            Column::right("in_work", "In work"),
            Column::right("waiting", "Waiting"),
            Column::right("leaked", "Leaked"),
            Column::right("share_leaked", "Share"),
            Column::right("money_at_stake", "At stake"),
        ];
        self.by_period("fates", "What sales decided first", columns, |f| {
            let mut cells = self.fate_cells(f);
            let leaked = f.fate(Fate::Leaked);
            let part = share(leaked, f.qualified).map_or_else(Cell::none, |v| Cell::Number(v, Unit::Share));
            cells.extend([self.if_touches(part), self.at_stake(leaked)]);
            cells
        })
    }

    /// By [`Fate::ALL`]: without touches nobody knows where those are whom nobody decided about.
    pub fn fate_cells(&self, f: &Figures) -> Vec<Cell> {
        let cell = |(fate, n): (&Fate, u64)| match fate {
            Fate::Accepted | Fate::Rejected | Fate::Recycled => Cell::count(n),
            Fate::InWork | Fate::Waiting | Fate::Leaked => self.if_touches(Cell::count(n)),
        };
        Fate::ALL.iter().zip(f.fates).map(cell).collect()
    }

    /// What went wrong or back at any time, whatever came first.
    pub fn back(&self) -> Option<Table> {
        let all = self.figures(None)?;
        if all.rejected_ever + all.recycled_ever == 0 {
            return None;
        }
        let columns = vec![
            Column::left("period", "Period"),
            Column::right("decided", "Decided"),
            Column::right("rejected_ever", "Turned down"),
            Column::right("share_rejected", "Share"),
            Column::right("recycled_ever", "Sent back"),
            Column::right("qualified_again", "Qualified again"),
            Column::right("recycled_won", "Won after it"),
            Column::right("recycled_revenue", "Revenue"),
        ];
        Some(self.by_period("back", "Turned down or sent back at any time", columns, |f| {
            let part = share(f.rejected_ever, f.decided());
            vec![
                Cell::count(f.decided()),
                Cell::count(f.rejected_ever),
                part.map_or_else(Cell::none, |v| Cell::Number(v, Unit::Share)),
                Cell::count(f.recycled_ever),
                Cell::count(f.again),
                self.if_deals(Cell::count(f.recycled_won)),
                self.recycled_revenue(f),
            ]
        }))
    }

    #[allow(clippy::cast_precision_loss)] // amounts stay below 2^53 minor units
    pub fn recycled_revenue(&self, f: &Figures) -> Cell {
        if f.recycled_won > 0 && f.recycled_valued == 0 {
            return Cell::Missing("no deal that they won has an amount".into());
        }
        self.if_deals(Cell::Number(f.recycled_value as f64 / self.minor(), Unit::Money))
    }

    pub fn minor(&self) -> f64 {
        self.data.facts().minor_per_major()
    }

    #[allow(clippy::cast_precision_loss)]
    pub fn at_stake(&self, leaked: u64) -> Cell {
        let money = |value: f64| Cell::Number(leaked as f64 * value / self.minor(), Unit::Money);
        self.if_touches(self.judge.value().map_or_else(|why| Cell::Missing(why.into()), money))
    }

    /// A table of groups: reps, queues, sources, hours and days of the week; and the columns of `--by`.
    pub fn where_it_differs(&self) -> Option<Table> {
        let columns = vec![
            Column::left("group", "Group"),
            Column::right("qualified", "Qualified"),
            Column::right("share_within", format!("Within {}", self.agreed().within)),
            Column::right("interval", "95 % interval"),
            Column::right("median_hours", "Median"),
            Column::right("rejected_ever", "Turned down"),
            Column::right("leaked", "Leaked"),
        ];
        let titles = [
            (Dimension::By, "By the columns asked for"),
            (Dimension::Rep, "Owner of the record now"),
            (Dimension::Queue, "Queue it was in"),
            (Dimension::Source, "Lead source"),
            (Dimension::Hour, "Hour of qualification"),
            (Dimension::Weekday, "Day of qualification"),
        ];
        let mut rows = Vec::new();
        for (dimension, title) in titles {
            let groups = self.groups(dimension);
            if groups.is_empty() || groups.iter().all(|(name, _)| name.is_empty()) {
                continue;
            }
            rows.push(heading(title, columns.len()));
            let shown = if matches!(dimension, Dimension::Hour | Dimension::Weekday) { groups.len() } else { SHOWN };
            for (name, f) in groups.iter().take(shown) {
                let mut row = vec![
                    Cell::text(if name.is_empty() { "(none)".into() } else { name.replace(';', "; ") }),
                    Cell::count(f.qualified),
                ];
                row.extend(self.within_cells(f));
                row.push(self.hours_cell(&f.waits, 0.5));
                row.extend([Cell::count(f.rejected_ever), self.if_touches(Cell::count(f.fate(Fate::Leaked)))]);
                rows.push(row);
            }
            if groups.len() > shown {
                rows.push(heading(&format!("… and {} more in machine formats", groups.len() - shown), columns.len()));
            }
        }
        let title = "Where it differs, all days".to_string();
        (!rows.is_empty()).then_some(Table { id: "groups".into(), title, audience: Audience::People, columns, rows })
    }

    /// The groups of a dimension as people see them: the largest first, hours in blocks, days in order.
    fn groups(&self, dimension: Dimension) -> Vec<(String, Figures)> {
        let all = self.counted.figures.iter().filter(|(((d, _, _), period), _)| *d == dimension && period.is_none());
        if dimension == Dimension::Hour {
            let mut blocks: BTreeMap<i64, Figures> = BTreeMap::new();
            for (((_, hour, _), _), f) in all {
                let block = blocks.entry(hour / BLOCK).or_default();
                block.qualified += f.qualified;
                block.kept += f.kept;
                block.broken += f.broken;
                block.rejected_ever += f.rejected_ever;
                block.waits.extend(&f.waits);
                block.fates.iter_mut().zip(f.fates).for_each(|(sum, n)| *sum += n);
            }
            let name = |block: i64| {
                if block * BLOCK == 24 {
                    String::new()
                } else {
                    format!("{:02}:00–{:02}:59", block * BLOCK, block * BLOCK + BLOCK - 1)
                }
            };
            return blocks.into_iter().map(|(block, f)| (name(block), f)).collect();
        }
        let mut groups: Vec<(String, Figures)> = all.map(|(((_, _, name), _), f)| (name.clone(), f.clone())).collect();
        if dimension != Dimension::Weekday {
            groups.sort_by(|(a, f), (b, g)| (g.qualified, a).cmp(&(f.qualified, b)));
        }
        groups
    }

    /// Why leads were turned down.
    pub fn reasons(&self) -> Option<Table> {
        let rejected: u64 = self.counted.reasons.values().sum();
        if rejected == 0 || !self.handed.reasons {
            return None;
        }
        let columns = vec![
            Column::left("reason", "Turned down because"),
            Column::right("leads", "Leads"),
            Column::right("share", "Share"),
        ];
        let mut reasons: Vec<(&String, &u64)> = self.counted.reasons.iter().collect();
        reasons.sort_by_key(|(name, n)| (name.is_empty(), std::cmp::Reverse(**n)));
        let rows = reasons.into_iter().map(|(name, n)| {
            let name = if name.is_empty() { "(no reason given)" } else { name };
            let part = share(*n, rejected).map_or_else(Cell::none, |v| Cell::Number(v, Unit::Share));
            vec![Cell::text(name), Cell::count(*n), part]
        });
        let rows = rows.collect();
        let title = "Reasons, of all that were turned down at any time".to_string();
        Some(Table { id: "reasons".into(), title, audience: Audience::People, columns, rows })
    }
}

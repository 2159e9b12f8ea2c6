//! The tables and notes of the hand-off.
//!
//! In: the sums. Out: tables for people, the tidy table, the list of leaked leads, notes.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::count::{Counted, Dimension, Fate, Figures, Group, Judge};
use crate::calendar::Periods;
use crate::contract::Owner;
use crate::journey::handoff::HandedOver;
use crate::output::number;
use crate::report::scorecard::heading;
use crate::report::{Audience, Cell, Column, Table, Unit};
use crate::session::Data;
use crate::stats::censored::quantile;
use crate::stats::interval::wilson;
use crate::tables::{Kind, NONE};
use crate::time::date_of;

/// The tidy columns: the same whatever the data.
const TIDY: [&str; 47] = [
    "dimension",
    "value",
    "period",
    "period_start",
    "period_end",
    "qualified",
    "days_only",
    "touched",
    "touched_before",
    "window_open",
    "within",
    "late_or_never",
    "undecided",
    "share_within",
    "ci_low",
    "ci_high",
    "median_hours",
    "p90_hours",
    "hours_n",
    "median_hours_of_touched",
    "median_days",
    "accepted",
    "rejected",
    "recycled",
    "in_work",
    "waiting",
    "leaked",
    "share_accepted",
    "share_rejected_of_decided",
    "share_leaked",
    "accepted_recorded",
    "rejected_ever",
    "recycled_ever",
    "qualified_again",
    "recycled_won",
    "recycled_revenue",
    "decided_untouched",
    "revenue_per_lead",
    "revenue_per_lead_n",
    "money_at_stake",
    "agreement",
    "from_stage",
    "accepted_stage",
    "basis",
    "as_of",
    "currency",
    "contract_hash",
];

/// Periods and groups shown to people; machines get all.
const SHOWN: usize = 8;
/// Below this many, a share says little.
const FEW: u64 = 5;
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
fn share(k: u64, n: u64) -> Option<f64> {
    (n > 0).then(|| k as f64 / n as f64)
}

fn plain(value: Option<f64>) -> Cell {
    value.map_or_else(Cell::none, |v| Cell::Number(v, Unit::Number))
}

#[allow(clippy::cast_precision_loss)]
fn within_interval(f: &Figures) -> Option<(f64, f64)> {
    wilson(f.kept as f64, f.judged() as f64)
}

/// A quantile of waits that does not hang on a few whom nobody knows the end of.
fn wait(waits: &[(i64, bool)], q: f64) -> Option<i64> {
    let found = quantile(&mut waits.to_vec(), q)?;
    (found.unseen == 0 || found.at_risk as u64 >= FEW).then_some(found.time)
}

#[allow(clippy::cast_precision_loss)] // waits stay far below 2^53 ms
fn hours(waits: &[(i64, bool)], q: f64) -> Option<f64> {
    wait(waits, q).map(|ms| ms as f64 / HOUR_MS)
}

fn of_touched(waits: &[(i64, bool)]) -> Vec<(i64, bool)> {
    waits.iter().copied().filter(|(_, touched)| *touched).collect()
}

impl View<'_> {
    /// A figure that needs touches: missing where no export has one that could count.
    fn if_touches(&self, cell: Cell) -> Cell {
        if self.handed.touches { cell } else { Cell::Missing(NO_TOUCH.into()) }
    }

    fn if_deals(&self, cell: Cell) -> Cell {
        self.data.facts().no_table("deals").map_or(cell, Cell::Missing)
    }

    fn agreed(&self) -> &crate::contract::Handoff {
        &self.data.session.contract.handoff
    }

    /// `24h of Mon-Fri 09:00-17:00`
    fn agreement(&self) -> String {
        let agreed = self.agreed();
        let hours = agreed.hours.as_ref().map_or("around the clock".to_string(), |h| format!("of {}", h.text));
        format!("{} {hours}", agreed.within)
    }

    fn figures(&self, period: Option<usize>) -> Option<&Figures> {
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
    fn fate_cells(&self, f: &Figures) -> Vec<Cell> {
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
    fn recycled_revenue(&self, f: &Figures) -> Cell {
        if f.recycled_won > 0 && f.recycled_valued == 0 {
            return Cell::Missing("no deal that they won has an amount".into());
        }
        self.if_deals(Cell::Number(f.recycled_value as f64 / self.minor(), Unit::Money))
    }

    fn minor(&self) -> f64 {
        self.data.facts().minor_per_major()
    }

    #[allow(clippy::cast_precision_loss)]
    fn at_stake(&self, leaked: u64) -> Cell {
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

    pub fn tidy(&self) -> Table {
        let columns = TIDY.iter().map(|id| Column::left(*id, *id)).collect();
        let none = Figures::default();
        let mut rows = Vec::new();
        let all: Group = (Dimension::All, 0, String::new());
        let mut keys: Vec<&Group> = self.counted.figures.keys().map(|(group, _)| group).collect();
        keys.push(&all);
        keys.sort();
        keys.dedup();
        for group in keys {
            let by_period = matches!(group.0, Dimension::All | Dimension::By);
            let periods = (0..if by_period { self.periods.all.len() } else { 0 }).map(Some).chain([None]);
            for period in periods {
                let figures = self.counted.figures.get(&(group.clone(), period)).unwrap_or(&none);
                rows.push(self.row(group, period, figures));
            }
        }
        Table { id: "handoff_tidy".into(), title: String::new(), audience: Audience::Machines, columns, rows }
    }

    #[allow(clippy::cast_precision_loss)]
    fn row(&self, group: &Group, period: Option<usize>, f: &Figures) -> Vec<Cell> {
        let contract = &self.data.session.contract;
        let (label, start, end) = period.map_or(("total", self.periods.from, self.periods.to), |p| {
            let p = &self.periods.all[p];
            (p.label.as_str(), p.start, p.end)
        });
        let interval = within_interval(f);
        let leaked = f.fate(Fate::Leaked);
        #[allow(clippy::cast_precision_loss)]
        let days = wait(&f.days, 0.5).map(|d| d as f64);
        let mut cells = vec![
            Cell::text(group.0.id()),
            Cell::text(&group.2),
            Cell::text(label),
            Cell::Date(date_of(start)),
            Cell::Date(date_of(end)),
        ];
        cells.extend([Cell::count(f.qualified), Cell::count(f.days_only)]);
        let counts = [f.touched, f.before, f.open, f.kept, f.broken, f.unknown];
        let mut of_touches: Vec<Cell> = counts.map(Cell::count).into();
        of_touches.extend([share(f.kept, f.judged()), interval.map(|i| i.0), interval.map(|i| i.1)].map(plain));
        of_touches.extend([hours(&f.waits, 0.5), hours(&f.waits, 0.9)].map(plain));
        of_touches.push(Cell::count(f.waits.len() as u64));
        of_touches.extend([hours(&of_touched(&f.waits), 0.5), days].map(plain));
        cells.extend(of_touches.into_iter().map(|cell| self.if_touches(cell)));
        cells.extend(self.fate_cells(f));
        cells.extend([share(f.fate(Fate::Accepted), f.qualified), share(f.rejected_ever, f.decided())].map(plain));
        cells.push(self.if_touches(plain(share(leaked, f.qualified))));
        cells.extend([f.accepted_recorded, f.rejected_ever, f.recycled_ever, f.again].map(Cell::count));
        cells.extend([self.if_deals(Cell::count(f.recycled_won)), self.recycled_revenue(f)]);
        cells.push(self.if_touches(Cell::count(f.decided_untouched)));
        let value = |v: f64| Cell::Number(v / self.minor(), Unit::Money);
        cells.push(self.judge.value().map_or_else(|why| Cell::Missing(why.into()), value));
        cells.push(Cell::count(self.judge.old_enough.0));
        cells.extend([
            self.at_stake(leaked),
            Cell::text(self.agreement()),
            Cell::text(&contract.stages[self.stages.0].id.value),
            Cell::text(&contract.stages[self.stages.1].id.value),
            Cell::text("cohort"),
            Cell::Date(self.data.session.as_of),
            Cell::text(&contract.currency),
            Cell::text(contract.short_hash()),
        ]);
        cells
    }

    /// Every leaked lead, for machines: the id of its record, when it qualified, and who should have been in touch.
    pub fn leaked(&self) -> Table {
        let ids = [
            "person_id",
            "file",
            "qualified_on",
            "days_since",
            "owner_now",
            "queue",
            "lead_source",
            "as_of",
            "contract_hash",
        ];
        let columns = ids.iter().map(|id| Column::left(*id, *id)).collect();
        let (tables, journeys) = (&self.data.tables, &self.data.journeys);
        let people = tables.get(Kind::People);
        let person_id = people.codes("person_id");
        let missing = vec![NONE; journeys.len()];
        let source = journeys.segments.get("lead_source").unwrap_or(&missing);
        let text = |code: u32| tables.names.text(code).map_or_else(Cell::none, Cell::text);
        let as_of = crate::time::day_of(self.data.session.as_of);
        let mut rows: Vec<(i32, String, Vec<Cell>)> = Vec::new();
        for lead in self.counted.leaked.iter().map(|at| &self.handed.all[*at]) {
            let (id, file) = if lead.person == NONE {
                (Cell::none(), Cell::none())
            } else {
                let row = lead.person as usize;
                let file = self.data.files.get(people.origin[row].file() as usize);
                (text(person_id[row]), file.map_or_else(Cell::none, |f| Cell::text(&f.input.path)))
            };
            let key = if let Cell::Text(id) = &id { id.clone() } else { String::new() };
            let cells = vec![
                id,
                file,
                Cell::Date(date_of(lead.day)),
                Cell::Number(f64::from(as_of - lead.day), Unit::Days),
                text(lead.owner),
                text(lead.queue),
                text(source[lead.process as usize]),
                Cell::Date(self.data.session.as_of),
                Cell::text(self.data.session.contract.short_hash()),
            ];
            rows.push((lead.day, key, cells));
        }
        rows.sort_by(|a, b| (a.0, &a.1).cmp(&(b.0, &b.1)));
        let rows = rows.into_iter().map(|(_, _, cells)| cells).collect();
        Table { id: "handoff_leaked".into(), title: String::new(), audience: Audience::Machines, columns, rows }
    }

    pub fn notes(&self, condition: Option<&str>, keep: &[bool]) -> Vec<String> {
        let contract = &self.data.session.contract;
        let agreed = self.agreed();
        let none = Figures::default();
        let all = self.figures(None).unwrap_or(&none);
        let title = |stage: usize| contract.stages[stage].title.as_str();
        let mut notes = Vec::new();
        let who = match agreed.first_touch_by {
            Owner::Sales => "sales",
            Owner::Marketing => "marketing",
            Owner::Both => "either team",
        };
        let zone = agreed.timezone.as_deref().unwrap_or(&contract.timezone.value);
        let holidays = match agreed.holidays.len() {
            0 => String::new(),
            n => format!(", {n} holidays left out"),
        };
        let by_whom = if agreed.agreed { "by the contract" } else { "assumed, as the contract has no [handoff]" };
        notes.push(format!(
            "Agreement ({by_whom}): the first touch by {who} within {} in {zone}{holidays}, counted from {}; {} says that a lead was accepted. All times are hours of that clock.",
            self.agreement(), title(self.stages.0), title(self.stages.1)
        ));
        if self.handed.touches {
            notes.push(format!(
                "{} qualified here: {} whose time is over were touched within it, {} later or never{}, {} still have time and are neither.",
                all.qualified,
                all.kept,
                all.broken,
                if all.unknown > 0 { format!(", of {} only days are known that leave it open", all.unknown) } else { String::new() },
                all.open
            ));
            notes.push(
                "Median and `90 % by` are estimated for everybody (Kaplan and Meier): who was never touched has waited until as-of, and counts as waiting for so long. A dash: so many were not touched, or too few are left to tell.".into(),
            );
        } else {
            notes.push(format!(
                "No export has a touch by {who} that could count: how soon they were in touch, and who was left alone, is not known. {} of {} have no decision.",
                all.qualified - all.decided(), all.qualified
            ));
        }
        let mut first = String::from("First disposition, so that the parts add up.");
        if all.accepted_inferred > 0 {
            let _ = write!(
                first,
                " Of those accepted, {} have no record of {}: a later stage shows that they were.",
                all.accepted_inferred,
                title(self.stages.1)
            );
        }
        notes.push(first);
        if all.undated > 0 {
            notes.push(format!(
                "Turned down or sent back on a day that no export tells: {}. Their records say so now; it may have been after {}.",
                all.undated, self.data.session.as_of
            ));
        }
        notes.push(
            "Owners are those of the records now: a lead that became a deal has that of its contact, so whoever works deals seems to lose no lead.".into(),
        );
        if all.before > 0 {
            notes.push(format!("{} had been touched before they qualified, which does not count.", all.before));
        }
        if all.decided_untouched > 0 {
            notes.push(format!("{} were decided about without any touch on record.", all.decided_untouched));
        }
        if all.days_only > 0 {
            notes.push(format!(
                "Of {} only the day is known: they are in no hours, and within the time only if that is certain.",
                all.days_only
            ));
        }
        if self.counted.inferred > 0 {
            notes.push(format!(
                "Left out: {} that passed {} without a record of it; nobody handed them over.",
                self.counted.inferred,
                title(self.stages.0)
            ));
        }
        if !self.handed.undated.is_empty() {
            notes.push(format!(
                "Left out: {} that reached {} on a day nobody knows.",
                self.handed.undated.len(),
                title(self.stages.0)
            ));
        }
        if self.counted.outside > 0 {
            notes.push(format!("{} qualified outside of the days shown.", self.counted.outside));
        }
        notes.push(self.money_note());
        self.rejection_note(all, &mut notes);
        let few = self.counted.figures.iter().filter(|((_, period), f)| period.is_none() && f.qualified < FEW).count();
        if few > 0 {
            notes.push(format!("{few} groups have fewer than {FEW} leads: their shares say little."));
        }
        if let Some(condition) = condition {
            let kept = keep.iter().filter(|k| **k).count();
            notes.push(format!("Only processes where {condition}: {kept} of {}.", keep.len()));
        }
        notes
    }

    fn money_note(&self) -> String {
        let (n, minor) = self.judge.old_enough;
        let (value, days) = match (self.judge.value(), self.judge.mature_after) {
            (Ok(value), Some(days)) => (value, days),
            (Err(why), _) => return format!("At stake is missing: {why}."),
            (Ok(_), None) => return "At stake is missing: no win tells how long one takes.".into(),
        };
        #[allow(clippy::cast_precision_loss)]
        let total = minor as f64 / self.minor();
        let money = |v: f64| number::people(v, Unit::Money);
        let (valued, won) = self.judge.won;
        let without = if valued < won {
            format!(" {} of the {won} deals won have no amount.", won - valued)
        } else {
            String::new()
        };
        format!(
            "At stake = leaked × {} {}: what leads that qualified at least {days} days before as-of ({n}) brought in by now ({}), leaked ones among them, per lead.{without}",
            money(value / self.minor()),
            self.data.session.contract.currency,
            money(total)
        )
    }

    fn rejection_note(&self, all: &Figures, notes: &mut Vec<String>) {
        let rejected: u64 = self.counted.reasons.values().sum();
        if rejected == 0 {
            return;
        }
        if !self.handed.reasons {
            notes.push(format!("No export has a reason for the {} that were turned down.", all.rejected_ever));
            return;
        }
        let without = self.counted.reasons.get("").copied().unwrap_or(0);
        notes.push(format!("{} of {rejected} that were turned down have a reason.", rejected - without));
    }
}

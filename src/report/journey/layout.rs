//! Counts → tables for people.

use super::count::{Began, Group, Reach, Won};
use super::tidy::{QUANTILES, distribution};
use super::{FEW, View};
use crate::contract::{Evidence, Said};
use crate::evaluate::segment_text;
use crate::journey::mix::Place;
use crate::output::number;
use crate::report::scorecard::heading;
use crate::report::{Audience, Cell, Column, Table, Unit};
use crate::stats::interval::wilson;
use crate::stats::quantile::quantile_of;
use crate::stats::summary::summary;
use crate::tables::Kind;
use crate::time::date_of;

/// Marks a figure of few.
pub const FEW_MARK: &str = "†";

fn marked(value: f64, unit: Unit, n: u64) -> Cell {
    if n < FEW {
        return Cell::text(format!("{}{FEW_MARK}", number::people(value, unit).replace(' ', "\u{a0}")));
    }
    Cell::Number(value, unit)
}

#[allow(clippy::cast_precision_loss)] // counts stay far below 2^53
fn share(k: u64, n: u64) -> Cell {
    if n == 0 { Cell::Missing("nothing to divide by".into()) } else { marked(k as f64 / n as f64, Unit::Share, n) }
}

#[allow(clippy::cast_precision_loss)]
fn interval(k: u64, n: u64) -> Cell {
    let bounds = wilson(k as f64, n as f64);
    bounds.map_or_else(|| Cell::Missing("nothing to divide by".into()), |(l, h)| Cell::text(number::interval(l, h)))
}

fn table(id: &str, title: String, columns: Vec<Column>, rows: Vec<Vec<Cell>>) -> Table {
    Table { id: id.into(), title, audience: Audience::People, columns, rows }
}

const TEAM_TITLES: [&str; 5] = ["Marketing alone", "Sales alone", "Both", "Neither", "No person of its own"];

/// Whether any figure is marked as one of few.
pub fn has_few(tables: &[Table]) -> bool {
    let marked = |cell: &Cell| matches!(cell, Cell::Text(text) if text.ends_with(FEW_MARK));
    tables.iter().flat_map(|table| &table.rows).any(|row| row.iter().skip(1).any(marked))
}

/// The same rows with nothing known in them.
fn unknown(mut table: Table, why: Option<&String>) -> Table {
    let Some(why) = why else { return table };
    let is_heading = |row: &[Cell]| row[1..].iter().all(|cell| *cell == Cell::none());
    for row in table.rows.iter_mut().filter(|row| !is_heading(row)) {
        row[1..].iter_mut().for_each(|cell| *cell = Cell::Missing(why.clone()));
    }
    table
}

/// Why nothing is known of a stage.
const UNDATED: &str = "no export says when it was reached";

impl View<'_> {
    /// Everything together first, then each segment.
    pub fn keys(&self) -> impl Iterator<Item = Option<usize>> + use<'_> {
        std::iter::once(None).chain((0..self.segments.len()).map(Some).filter(|_| !self.by.is_empty()))
    }

    /// Whether a place is a stage of which no export says when anybody reached it.
    pub fn is_undated(&self, place: usize) -> bool {
        place.checked_sub(1).is_some_and(|stage| self.undated.get(stage) == Some(&true))
    }

    /// Why nothing is known of a stage.
    pub fn no_stage(&self, place: usize) -> Option<String> {
        if self.is_undated(place) {
            return Some(UNDATED.to_string());
        }
        let stage = self.data.session.contract.stages.get(place.checked_sub(1)?)?;
        let of_deals = |e: &Said<Evidence>| {
            matches!(&e.value, Evidence::Column { table: Kind::Deals, .. } | Evidence::DealStage { .. })
        };
        self.no_deals().filter(|_| stage.reached.iter().all(of_deals))
    }

    /// The places that are shown: index, id and title.
    pub fn places(&self) -> Vec<(usize, String, String)> {
        let (contract, ends) = (&self.data.session.contract, &self.mix.ends);
        let named = |place: Place, id: &str, title: &str| (self.mix.index(place), id.to_string(), title.to_string());
        let mut places = vec![named(Place::Before, "before", "Before the first stage")];
        let shown = (0..ends.len()).filter(|s| !ends[*s] && self.data.journeys.seen[*s]);
        places.extend(shown.map(|s| named(Place::Stage(s), &contract.stages[s].id.value, &contract.stages[s].title)));
        places.push(named(Place::Unknown, "unknown", "No stage of a known day"));
        places.push(named(Place::After, "after_close", "After the close"));
        places
    }

    /// 1 − the mean gap between the teams' shares of touches over the stages with touches, and the number of stages.
    #[allow(clippy::cast_precision_loss)] // stages
    pub fn overlap(&self, began: &Began) -> (Option<f64>, u64) {
        let ends = &self.mix.ends;
        let gaps: Vec<f64> = (0..ends.len())
            .filter(|s| !ends[*s])
            .filter_map(|s| began.places.get(self.mix.index(Place::Stage(s)))?.gap())
            .collect();
        let sum: f64 = gaps.iter().sum();
        ((!gaps.is_empty()).then(|| 1.0 - sum / gaps.len() as f64), gaps.len() as u64)
    }

    fn words(&self, key: Option<usize>) -> String {
        let words = |k: usize| self.segments[k].iter().map(|v| v.as_deref().unwrap_or("(blank)")).collect::<Vec<_>>();
        key.map_or_else(|| "All".to_string(), |k| words(k).join(", "))
    }

    fn days(&self) -> String {
        format!("{} to {}", date_of(self.periods.from), date_of(self.periods.to))
    }

    /// What began, by segment; those of which nothing did are left out.
    fn began(&self) -> Vec<(Option<usize>, &Began)> {
        self.keys().filter_map(|key| Some((key, self.counts.began.get(&(key, None))?))).collect()
    }

    fn won(&self) -> Vec<(Option<usize>, &Won)> {
        self.keys().filter_map(|key| Some((key, self.counts.won.get(&(key, None))?))).collect()
    }

    fn heading(&self, rows: &mut Vec<Vec<Cell>>, key: Option<usize>, columns: usize) {
        if !self.by.is_empty() {
            let title = key.map_or_else(|| "All".to_string(), |k| segment_text(self.by, &self.segments[k]));
            rows.push(heading(&title, columns));
        }
    }

    /// All tables for people.
    pub fn tables(&self) -> Vec<Table> {
        let (no_touches, no_deals) = (self.no_touches(), self.no_deals());
        let no_won = no_deals.as_ref();
        let mut tables = vec![self.touches(), self.reached(), self.figures(), unknown(self.hand_offs(), no_won)];
        if self.by.is_empty() {
            tables.push(unknown(self.distribution(), no_won));
        }
        tables.push(unknown(self.pre_sales(), no_won));
        tables.push(
            self.groups("teams", "Touched before the close by", |began| began.teams.iter().zip(TEAM_TITLES).collect()),
        );
        let mut tables: Vec<Table> = tables.into_iter().map(|table| unknown(table, no_touches.as_ref())).collect();
        let origin = self.groups("origin", "Brought by", |began| {
            began.origin.iter().zip(["Marketing", "Sales", "Nobody can tell"]).collect()
        });
        tables.insert(tables.len() - 1, origin);
        tables
    }

    /// Why nothing can be said of touches.
    pub fn no_touches(&self) -> Option<String> {
        self.data.facts().no_table("touches")
    }

    /// Why nothing can be said of deals.
    pub fn no_deals(&self) -> Option<String> {
        self.data.facts().no_table("deals")
    }

    fn touches(&self) -> Table {
        let columns = vec![
            Column::left("stage", "Stage at the touch"),
            Column::right("marketing", "Marketing"),
            Column::right("sales", "Sales"),
            Column::right("no_team", "No team"),
            Column::right("marketing_share", "Marketing's share"),
        ];
        let mut rows = Vec::new();
        for (key, began) in self.began() {
            self.heading(&mut rows, key, columns.len());
            let mut add = |title: &str, reach: &Reach, no: Option<&str>| {
                let mut row = vec![Cell::text(title)];
                if let Some(why) = no {
                    row.extend(std::iter::repeat_n(Cell::Missing(why.into()), 4));
                } else {
                    row.extend(reach.touches.map(Cell::count));
                    row.push(share(reach.touches[0], reach.of_teams()));
                }
                rows.push(row);
            };
            let no_deals = self.no_deals();
            let (inside, after): (Vec<_>, Vec<_>) =
                self.places().into_iter().partition(|(_, id, _)| id != "after_close");
            for (place, id, title) in inside {
                let reach = began.places.get(place).copied().unwrap_or_default();
                if id != "unknown" || reach != Reach::default() {
                    add(&title, &reach, self.no_stage(place).as_deref());
                }
            }
            add("Up to the close", &began.journey, None);
            for (place, _, title) in after {
                add(&title, &began.places.get(place).copied().unwrap_or_default(), no_deals.as_deref());
            }
        }
        let title = format!("Touches of buyers that began {}", self.days());
        table("touches_by_stage", title, columns, rows)
    }

    fn reached(&self) -> Table {
        let mut columns = vec![Column::left("stage", "Stage"), Column::right("processes", "Buyers")];
        let ids = ["marketing_only", "sales_only", "both", "neither"];
        columns.extend(ids.iter().zip(TEAM_TITLES).map(|(id, title)| Column::right(*id, title)));
        columns.push(Column::right("both_interval", "Both, 95%"));
        let mut rows = Vec::new();
        for (key, began) in self.began() {
            self.heading(&mut rows, key, columns.len());
            let mut add = |title: &str, reach: &Reach, no: Option<&str>| {
                let n = reach.processes();
                let mut row = vec![Cell::text(title)];
                if let Some(why) = no {
                    row.extend(std::iter::repeat_n(Cell::Missing(why.into()), 6));
                } else {
                    row.push(Cell::count(n));
                    row.extend(reach.by.map(|k| share(k, n)));
                    row.push(interval(reach.by[2], n));
                }
                rows.push(row);
            };
            let stages = self
                .places()
                .into_iter()
                .filter(|(_, id, _)| !["before", "unknown", "after_close"].contains(&id.as_str()));
            for (place, _, title) in stages {
                let no = self.no_stage(place);
                add(&title, &began.places.get(place).copied().unwrap_or_default(), no.as_deref());
            }
            add("Up to the close", &began.journey, None);
        }
        table("reached_by_stage", "Buyers in each stage, by who touched them there".into(), columns, rows)
    }

    /// The title of the stage that hands over.
    pub fn handoff_title(&self) -> Option<&str> {
        self.handoff.stage().map(|s| self.data.session.contract.stages[s].title.as_str())
    }

    fn figures(&self) -> Table {
        let columns = vec![
            Column::left("figure", "Figure"),
            Column::right("n", "Number"),
            Column::right("of", "Of"),
            Column::right("share", "Share"),
            Column::right("interval", "95%"),
        ];
        let mut rows = Vec::new();
        for (key, began) in self.began() {
            self.heading(&mut rows, key, columns.len());
            let mut add = |title: &str, k: u64, n: u64, counted: bool, no: Option<&String>| {
                if let Some(why) = no {
                    let mut row = vec![Cell::Missing(why.clone()); 5];
                    row[0] = Cell::text(title);
                    rows.push(row);
                    return;
                }
                let last =
                    if counted { interval(k, n) } else { Cell::Missing("touches of one buyer hang together".into()) };
                rows.push(vec![Cell::text(title), Cell::count(k), Cell::count(n), share(k, n), last]);
            };
            let (since, no_deals) = (&began.since_deal, self.no_deals());
            let no = no_deals.as_ref();
            let title = "Marketing's touches after the deal was created";
            add(title, since.touches[0], began.journey.touches[0], false, no);
            let touched = since.by[0] + since.by[2];
            add("Deals that marketing touched after that", touched, since.processes(), true, no);
            if let Some(title) = self.handoff_title() {
                let (before, of) = (&began.before_handoff, began.of_handed[1]);
                let buyers = before.by[1] + before.by[2];
                add(
                    &format!("Sales touches before {title}, of buyers that became it"),
                    before.touches[1],
                    of,
                    false,
                    None,
                );
                add(&format!("Buyers that sales touched before {title}"), buyers, before.processes(), true, None);
                let (early, all) = (began.unhanded[1], began.journey.touches[1]);
                add(&format!("All sales touches before {title} or without it"), early, all, false, None);
            }
            let [marketing, sales, _] = began.nurture.touches;
            let title = "Nurture by marketing, from the day after the first record to the deal";
            add(title, marketing, marketing + sales, false, no);
            add("Nurture by sales", sales, marketing + sales, false, no);
            if let Some(won) = self.counts.won.get(&(key, None)) {
                let returned = won.changes.iter().filter(|changes| **changes > 1).count() as u64;
                add("Won deals that came back (ping-pong)", returned, won.changes.len() as u64, true, no);
            }
            let mut last = vec![Cell::text("Overlap index (ours)")];
            let (index, stages) = self.overlap(began);
            let index = index.map_or_else(
                || Cell::Missing("no touch of a team in a stage".into()),
                |v| Cell::Number(v, Unit::Number),
            );
            last.extend([Cell::none(), Cell::count(stages), index, Cell::none()]);
            rows.push(last);
        }
        table("figures", "Who does what where".into(), columns, rows)
    }

    fn hand_offs(&self) -> Table {
        let columns = vec![
            Column::left("of", if self.by.is_empty() { "Of" } else { "Of won deals" }),
            Column::right("n", "Deals"),
            Column::right("median", "Median"),
            Column::right("p75", "p75"),
            Column::right("p90", "p90"),
            Column::right("high", "Most"),
        ];
        let mut rows = Vec::new();
        let mut add = |title: String, list: &[i32], unit: Unit| {
            let mut row = vec![Cell::text(title), Cell::count(list.len() as u64)];
            match summary(&mut list.to_vec()) {
                Some(s) => row.extend([s.median, s.p75, s.p90, f64::from(s.high)].map(|v| marked(v, unit, s.n))),
                None => row.extend(std::iter::repeat_n(Cell::Missing("nobody".into()), 4)),
            }
            rows.push(row);
        };
        if self.by.is_empty() {
            for (_, won) in self.won() {
                let returns: Vec<i32> = won.changes.iter().map(|c| (c - 1).max(0)).collect();
                add("Hand-offs per won deal".into(), &won.changes, Unit::Number);
                add("Returns per won deal (ping-pong)".into(), &returns, Unit::Number);
                if self.handoff.stage().is_some() {
                    add("Longest silence around the hand-off".into(), &won.silence.days, Unit::Days);
                }
            }
            if self.handoff.stage().is_some() {
                for (_, began) in self.began() {
                    add("The same of everybody handed over".into(), &began.silence.days, Unit::Days);
                }
            }
        } else {
            for (key, won) in self.won() {
                let name = key.map_or_else(|| "All".to_string(), |k| segment_text(self.by, &self.segments[k]));
                add(format!("{name}: hand-offs"), &won.changes, Unit::Number);
                if self.handoff.stage().is_some() {
                    add(format!("{name}: silence"), &won.silence.days, Unit::Days);
                }
            }
        }
        let title = format!("Hand-offs and silences of deals won {}", self.days());
        table("hand_offs", title, columns, rows)
    }

    fn distribution(&self) -> Table {
        let columns = vec![
            Column::left("hand_offs", "Hand-offs"),
            Column::right("won_deals", "Won deals"),
            Column::right("share", "Share"),
            Column::right("interval", "95%"),
        ];
        let mut rows = Vec::new();
        for (_, won) in self.won() {
            let all = won.changes.len() as u64;
            let counts = distribution(&won.changes);
            // The long tail is one line; machines get every number.
            let (head, tail) = counts.split_at(counts.len().min(6));
            for (_, name, deals) in head {
                rows.push(vec![Cell::text(name), Cell::count(*deals), share(*deals, all), interval(*deals, all)]);
            }
            let more: u64 = tail.iter().map(|(.., deals)| deals).sum();
            if more > 0 {
                rows.push(vec![Cell::text("6 or more"), Cell::count(more), share(more, all), interval(more, all)]);
            }
        }
        table("hand_off_distribution", "Won deals by number of hand-offs".into(), columns, rows)
    }

    fn pre_sales(&self) -> Table {
        let mut columns = vec![
            Column::left("of", if self.by.is_empty() { "Won deals".to_string() } else { self.by.join(", ") }),
            Column::right("n", "Counted"),
        ];
        columns.extend(QUANTILES.iter().map(|(id, _)| Column::right(*id, if *id == "median" { "Median" } else { id })));
        columns.push(Column::right("sales_first", "Sales first"));
        columns.push(Column::right("one_team", "One team or none"));
        let mut rows = Vec::new();
        for (key, won) in self.won() {
            let n = won.pre_sales.len() as u64;
            let mut row = vec![Cell::text(self.words(key)), Cell::count(n)];
            row.extend(QUANTILES.iter().map(|(_, q)| {
                let value = quantile_of(&mut won.pre_sales.clone(), *q);
                value.map_or_else(|| Cell::Missing("nobody".into()), |v| marked(v, Unit::Share, n))
            }));
            row.extend([Cell::count(won.sales_first), Cell::count(won.one_team)]);
            rows.push(row);
        }
        table("pre_sales", "Share of the journey before the first sales touch".into(), columns, rows)
    }

    fn groups<'b>(
        &'b self,
        id: &str,
        title: &str,
        pick: impl Fn(&'b Began) -> Vec<(&'b Group, &'static str)>,
    ) -> Table {
        let columns = vec![
            Column::left("team", "Team"),
            Column::right("processes", "Buyers"),
            Column::right("share", "Share"),
            Column::right("deals", "Deals"),
            Column::right("won", "Won"),
            Column::right("win_rate", "Win rate"),
            Column::right("average_won_amount", "Average won"),
            Column::right("median_days_to_won", "Days to won"),
        ];
        let (no_deals, scale) = (self.no_deals(), self.data.facts().minor_per_major());
        let mut rows = Vec::new();
        for (key, began) in self.began() {
            self.heading(&mut rows, key, columns.len());
            let shown = |group: &Group, name: &str| name != TEAM_TITLES[4] || group.n > 0;
            for (group, name) in pick(began).into_iter().filter(|(group, name)| shown(group, name)) {
                let mut row = vec![Cell::text(name), Cell::count(group.n), share(group.n, began.n)];
                if let Some(why) = &no_deals {
                    row.extend(std::iter::repeat_n(Cell::Missing(why.clone()), 5));
                    rows.push(row);
                    continue;
                }
                row.extend([Cell::count(group.deals), Cell::count(group.won)]);
                row.push(if self.data.journeys.only_won() {
                    Cell::Missing("no deal in the exports is lost".into())
                } else {
                    share(group.won, group.won + group.lost)
                });
                #[allow(clippy::cast_precision_loss)] // amounts stay below 2^53 minor units
                let average = (group.valued > 0).then(|| group.amount as f64 / scale / group.valued as f64);
                let none = || Cell::Missing("no won deal".into());
                row.push(average.map_or_else(none, |v| marked(v, Unit::Money, group.valued)));
                let days = summary(&mut group.days.clone());
                row.push(days.map_or_else(none, |d| marked(d.median, Unit::Days, d.n)));
                rows.push(row);
            }
        }
        let title = format!("{title}, and what became of those that began {}", self.days());
        table(id, title, columns, rows)
    }
}

//! Counts → tables for people, and notes.

use super::count::{Began, Group, Reach, Won};
use super::tidy::{QUANTILES, distribution};
use super::{FEW, View};
use crate::evaluate::segment_text;
use crate::journey::Side;
use crate::journey::mix::Place;
use crate::output::number;
use crate::report::scorecard::heading;
use crate::report::{Audience, Cell, Column, Table, Unit};
use crate::stats::interval::wilson;
use crate::stats::quantile::quantile_of;
use crate::stats::summary::summary;
use crate::time::date_of;

/// Marks a figure of few.
const FEW_MARK: &str = "†";

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

const TEAM_TITLES: [&str; 4] = ["Marketing alone", "Sales alone", "Both", "Neither"];

impl View<'_> {
    /// Everything together first, then each segment.
    pub fn keys(&self) -> impl Iterator<Item = Option<usize>> + use<'_> {
        std::iter::once(None).chain((0..self.segments.len()).map(Some).filter(|_| !self.by.is_empty()))
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

    /// 1 − the mean gap between the teams' shares of touches over the stages with touches; the sum of the gaps and the
    /// number of stages.
    #[allow(clippy::cast_precision_loss)] // stages
    pub fn overlap(&self, began: &Began) -> (Option<f64>, f64, u64) {
        let ends = &self.mix.ends;
        let gaps: Vec<f64> = (0..ends.len())
            .filter(|s| !ends[*s])
            .filter_map(|s| began.places.get(self.mix.index(Place::Stage(s)))?.gap())
            .collect();
        let sum: f64 = gaps.iter().sum();
        ((!gaps.is_empty()).then(|| 1.0 - sum / gaps.len() as f64), sum, gaps.len() as u64)
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
        let mut tables = vec![self.touches(), self.reached(), self.figures(), self.hand_offs()];
        if self.by.is_empty() {
            tables.push(self.distribution());
        }
        tables.push(self.pre_sales());
        tables.push(self.groups("origin", "Brought by", |began| {
            began.origin.iter().zip(["Marketing", "Sales", "Nobody can tell"]).collect()
        }));
        tables.push(
            self.groups("teams", "Touched before the close by", |began| began.teams.iter().zip(TEAM_TITLES).collect()),
        );
        tables
    }

    /// Why nothing can be said of touches.
    pub fn no_touches(&self) -> Option<String> {
        self.data.facts().no_table("touches")
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
            let mut add = |title: &str, reach: &Reach| {
                let mut row = vec![Cell::text(title)];
                row.extend(reach.touches.map(Cell::count));
                row.push(share(reach.touches[0], reach.of_teams()));
                rows.push(row);
            };
            let (inside, after): (Vec<_>, Vec<_>) =
                self.places().into_iter().partition(|(_, id, _)| id != "after_close");
            for (place, id, title) in inside {
                let reach = began.places.get(place).copied().unwrap_or_default();
                if id != "unknown" || reach != Reach::default() {
                    add(&title, &reach);
                }
            }
            add("Up to the close", &began.journey);
            for (place, _, title) in after {
                add(&title, &began.places.get(place).copied().unwrap_or_default());
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
            let mut add = |title: &str, reach: &Reach| {
                let n = reach.processes();
                let mut row = vec![Cell::text(title), Cell::count(n)];
                row.extend(reach.by.map(|k| share(k, n)));
                row.push(interval(reach.by[2], n));
                rows.push(row);
            };
            let stages = self
                .places()
                .into_iter()
                .filter(|(_, id, _)| !["before", "unknown", "after_close"].contains(&id.as_str()));
            for (place, _, title) in stages {
                add(&title, &began.places.get(place).copied().unwrap_or_default());
            }
            add("Up to the close", &began.journey);
        }
        table("reached_by_stage", "Buyers in each stage, by who touched them there".into(), columns, rows)
    }

    fn handoff_title(&self) -> Option<&str> {
        self.handoff.map(|s| self.data.session.contract.stages[s].title.as_str())
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
            let mut add = |title: &str, k: u64, n: u64, counted: bool| {
                let last =
                    if counted { interval(k, n) } else { Cell::Missing("touches of one buyer hang together".into()) };
                rows.push(vec![Cell::text(title), Cell::count(k), Cell::count(n), share(k, n), last]);
            };
            let since = &began.since_deal;
            add("Marketing's touches after the deal was created", since.touches[0], began.journey.touches[0], false);
            add("Deals that marketing touched after that", since.by[0] + since.by[2], since.processes(), true);
            if let Some(title) = self.handoff_title() {
                let (before, of) = (&began.before_handoff, began.of_handed[1]);
                add(&format!("Sales touches before {title}"), before.touches[1], of, false);
                let buyers = before.by[1] + before.by[2];
                add(&format!("Buyers that sales touched before {title}"), buyers, before.processes(), true);
            }
            let [marketing, sales, _] = began.nurture.touches;
            add("Nurture by marketing, from the first stage to the deal", marketing, marketing + sales, false);
            add("Nurture by sales", sales, marketing + sales, false);
            let mut last = vec![Cell::text("Overlap index (ours)")];
            let (index, _, stages) = self.overlap(began);
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
                if self.handoff.is_some() {
                    add("Longest silence around the hand-off".into(), &won.silence.days, Unit::Days);
                }
            }
            if self.handoff.is_some() {
                for (_, began) in self.began() {
                    add("The same of everybody handed over".into(), &began.silence.days, Unit::Days);
                }
            }
        } else {
            for (key, won) in self.won() {
                add(format!("{}: hand-offs", self.words(key)), &won.changes, Unit::Number);
                if self.handoff.is_some() {
                    add(format!("{}: silence", self.words(key)), &won.silence.days, Unit::Days);
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
        let facts = self.data.facts();
        let (no_deals, scale) = (facts.no_table("deals"), facts.minor_per_major());
        let mut rows = Vec::new();
        for (key, began) in self.began() {
            self.heading(&mut rows, key, columns.len());
            for (group, name) in pick(began) {
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

impl View<'_> {
    /// What was decided, and what is in no figure.
    pub fn notes(&self, condition: Option<&str>, keep: &[bool]) -> Vec<String> {
        let (data, counts) = (self.data, self.counts);
        let (none, no_win) = (Began::default(), Won::default());
        let (began, won) =
            (counts.began.get(&(None, None)).unwrap_or(&none), counts.won.get(&(None, None)).unwrap_or(&no_win));
        let kept = keep.iter().filter(|k| **k).count();
        if let Some(why) = self.no_touches() {
            return vec![
                format!("Nothing is known of touches, so only who brought the buyers can be said: {why}."),
                format!(
                    "{kept} buying processes = {} that began in the days shown + {} that began outside of them + {} without a day on which they reached any stage.",
                    began.n, counts.outside, counts.undated
                ),
            ];
        }
        let mut notes = vec![
            format!("{kept} buying processes = {} that began in the days shown + {} that began outside of them + {} without a day on which they reached any stage. Touches and buyers are of those that began, whatever became of them by {}; hand-offs, their silences and the share before sales are of the {} deals won in the days shown.", began.n, counts.outside, counts.undated, data.session.as_of, won.n),
            "A touch lies in the furthest stage reached at or before it; where only the day of one of them is known, the stage counts as reached on that day. Touches after the close are in no other figure; the day of a close without a time still belongs to the journey.".to_string(),
        ];
        if began.by_day > 0 {
            notes.push(format!(
                "{} touches without a time of day fell on the day of a stage: they lie after it, and could have come before.",
                began.by_day
            ));
        }
        notes.push("Buyers in a stage are those who were in it at some moment: one who skipped it, or passed it at once, is not. Shares of touches have no interval: touches of one buyer hang together.".into());
        notes.push(format!(
            "Overlap index, a figure of ours: 1 − the mean over stages of |marketing's share of touches − sales' share|, over {} stages with touches of a team. 0: each stage has one team; 1: both touch as much everywhere.",
            self.overlap(began).2
        ));
        notes.push("A hand-off is a change of team in the order of touches up to the close; every one after the first is a return (ping-pong). Where the order within a day is not known, the one with the fewest changes is taken: it is at least so many.".into());
        if won.untouched > 0 {
            notes.push(format!("{} won deals have no touch of a team, and so no number of hand-offs.", won.untouched));
        }
        if won.unordered > 0 {
            notes.push(format!("Of {} won deals the order of touches is not known on some day.", won.unordered));
        }
        match self.handoff_title() {
            Some(title) => {
                notes.push(format!("Silence around the hand-off: from marketing's last touch on or before the day of {title} (else from that day) to the first sales touch at or after it, the longest run of calendar days from one touch, of anybody, to the next."));
                for (of, s) in [("won deals", &won.silence), ("buyers that began", &began.silence)] {
                    if s.no_sales + s.not_handed > 0 {
                        notes.push(format!(
                            "In no silence, of the {of}: {} that sales did not touch after {title}, and {} without a record of {title} before the close.",
                            s.no_sales, s.not_handed
                        ));
                    }
                }
            }
            None => notes.push("No stage hands leads over, so there is no silence around the hand-off: say it in the contract, [handoff] from = \"mql\".".into()),
        }
        notes.push(format!(
            "Share before sales = (first sales touch − first marketing touch) ÷ (close − first marketing touch), in calendar days, of the {} won deals that marketing touched first and sales too. Counted apart: {} that sales touched first, {} touched by one team or none, {} won on the day of marketing's first touch. Only recorded touches are seen: it is no figure to hold against anybody else's.",
            won.pre_sales.len(), won.sales_first, won.one_team, won.no_time
        ));
        if counts.won_outside > 0 {
            notes.push(format!("{} deals were won outside of the days shown, or on no known day.", counts.won_outside));
        }
        notes.push("What differs between journeys of one team and of both proves nothing (survivorship): a journey that lives longer collects more touches of both, a buyer who answers gets more of them, and a deal is worked because it looks good.".into());
        for (side, name) in [(Side::Marketing, "marketing"), (Side::Sales, "sales")] {
            if !data.journeys.touch_side.contains(&Some(side)) {
                notes.push(format!("No export has a touch of {name}: it looks absent everywhere because nobody recorded it, or because [teams] does not name its kinds."));
            }
        }
        if self.few() {
            notes.push(format!("Figures marked {FEW_MARK} are of fewer than {FEW}: they say little."));
        }
        if let Some(condition) = condition {
            notes.push(format!("Only processes where {condition}: {kept} of {}.", data.journeys.len()));
        }
        notes
    }

    /// Whether any figure that people see may stand on few.
    fn few(&self) -> bool {
        let few = |n: u64| (1..FEW).contains(&n);
        let stages = |b: &Began| b.places.iter().any(|r| few(r.processes()) || few(r.of_teams()));
        let groups = |b: &Began| b.origin.iter().chain(&b.teams).any(|g| few(g.won) || few(g.won + g.lost));
        self.began().iter().any(|(_, b)| few(b.n) || stages(b) || groups(b) || few(b.silence.days.len() as u64))
            || self
                .won()
                .iter()
                .any(|(_, w)| [w.pre_sales.len(), w.changes.len(), w.silence.days.len()].iter().any(|n| few(*n as u64)))
    }
}

//! The table for machines: one row per figure, period and segment; the columns never depend on the data.
//!
//! In: the counts. Out: a [`Table`].

use super::count::{Began, Group, Reach, Silences, Won};
use super::{FEW, Handoff, View};
use crate::evaluate::segment_text;
use crate::report::{Audience, Cell, Column, Table, Unit};
use crate::stats::interval::wilson;
use crate::stats::quantile::quantile_of;
use crate::stats::summary::summary;
use crate::time::date_of;

const TIDY: [&str; 19] = [
    "section",
    "period",
    "period_start: date",
    "period_end: date",
    "segment",
    "item",
    "item_order: number",
    "figure",
    "value: number",
    "unit",
    "numerator: number",
    "denominator: number",
    "ci_low: number",
    "ci_high: number",
    "n: number",
    "status",
    "as_of: date",
    "currency",
    "contract_hash",
];

/// The teams of [`Reach::by`], for machines, and last the processes without people of their own.
pub const TEAMS: [&str; 5] = ["marketing_only", "sales_only", "both", "neither", "no_person"];

/// Where processes came from, for machines.
pub const ORIGINS: [&str; 3] = ["marketing", "sales", "unknown"];

/// One figure.
struct Figure<'a> {
    section: &'a str,
    item: &'a str,
    order: usize,
    name: &'a str,
    value: Result<f64, &'a str>,
    unit: Unit,
    /// What it was divided of.
    ratio: Option<(f64, f64)>,
    /// Whether it is a share of counted processes, which has an interval.
    interval: bool,
    n: u64,
}

impl<'a> Figure<'a> {
    /// Not known, whatever was counted.
    fn missing(&mut self, why: &'a str) {
        self.value = Err(why);
        self.ratio = None;
    }
}

/// Figures of one section, period and segment.
struct Figures<'a> {
    rows: Vec<Figure<'a>>,
    /// Why nothing is known of deals.
    no_deals: Option<&'a str>,
    only_won: bool,
    scale: f64,
}

const NOTHING: &str = "nothing to divide by";

#[allow(clippy::cast_precision_loss)] // counts stay far below 2^53
impl<'a> Figures<'a> {
    fn count(&mut self, about: (&'a str, &'a str, usize), figure: &'a str, value: u64) {
        self.plain(about, figure, Ok(value as f64), Unit::Count, value);
    }

    fn share(
        &mut self,
        (section, item, order): (&'a str, &'a str, usize),
        figure: &'a str,
        k: u64,
        n: u64,
        interval: bool,
    ) {
        let ratio = (k as f64, n as f64);
        let value = if n > 0 { Ok(ratio.0 / ratio.1) } else { Err(NOTHING) };
        let ratio = Some(ratio);
        self.rows.push(Figure { section, item, order, name: figure, value, unit: Unit::Share, ratio, interval, n });
    }

    fn plain(
        &mut self,
        (section, item, order): (&'a str, &'a str, usize),
        figure: &'a str,
        value: Result<f64, &'a str>,
        unit: Unit,
        n: u64,
    ) {
        self.rows.push(Figure { section, item, order, name: figure, value, unit, ratio: None, interval: false, n });
    }

    fn place(&mut self, item: &'a str, order: usize, reach: &Reach, early: Option<[u64; 3]>) {
        let touches = ("touches", item, order);
        let all: u64 = reach.touches.iter().sum();
        for (team, n) in ["marketing", "sales", "no_team"].into_iter().zip(reach.touches) {
            self.count(touches, team, n);
        }
        self.count(touches, "all", all);
        self.share(touches, "marketing_share", reach.touches[0], reach.of_teams(), false);
        self.share(touches, "sales_share", reach.touches[1], reach.of_teams(), false);
        if let Some([marketing, sales, _]) = early {
            self.share(touches, "marketing_share_by_start_of_day", marketing, marketing + sales, false);
        }
        let reached = ("reached", item, order);
        self.count(reached, "processes", reach.processes());
        for (team, n) in TEAMS.into_iter().zip(reach.by) {
            self.share(reached, team, n, reach.processes(), true);
        }
        self.count(reached, "no_person", reach.no_person);
    }

    fn group(&mut self, about: (&'a str, &'a str, usize), group: &Group, all: u64) {
        self.count(about, "processes", group.n);
        self.share(about, "share", group.n, all, true);
        let start = self.rows.len();
        for (figure, n) in
            [("deals", group.deals), ("won", group.won), ("lost", group.lost), ("derailed", group.derailed)]
        {
            self.count(about, figure, n);
        }
        self.share(about, "win_rate", group.won, group.won + group.lost, true);
        if self.only_won
            && let Some(rate) = self.rows.last_mut()
        {
            rate.missing("no deal in the exports is lost");
        }
        let none = if group.won > 0 { "no won deal with an amount" } else { "no won deal" };
        let amount = group.amount as f64 / self.scale;
        let revenue = if group.won == 0 || group.valued > 0 { Ok(amount) } else { Err(none) };
        self.plain(about, "won_revenue", revenue, Unit::Money, group.valued);
        let average = if group.valued > 0 { Ok(amount / group.valued as f64) } else { Err(none) };
        self.plain(about, "average_won_amount", average, Unit::Money, group.valued);
        let days = summary(&mut group.days.clone());
        let median = days.map(|d| d.median).ok_or("no won deal with a beginning");
        self.plain(about, "median_days_to_won", median, Unit::Days, group.days.len() as u64);
        if let Some(why) = self.no_deals {
            self.rows[start..].iter_mut().for_each(|row| row.missing(why));
        }
    }

    fn silence(&mut self, item: &'a str, order: usize, silences: &Silences) {
        let about = ("silence", item, order);
        let n = silences.days.len() as u64;
        self.count(about, "n", n);
        self.count(about, "no_sales_touch_after", silences.no_sales);
        self.count(about, "not_handed_over", silences.not_handed);
        let found = summary(&mut silences.days.clone());
        let none = "nobody was handed over and touched by sales after it";
        for (figure, pick) in [
            ("median", found.map(|s| s.median)),
            ("p75", found.map(|s| s.p75)),
            ("p90", found.map(|s| s.p90)),
            ("high", found.map(|s| f64::from(s.high))),
        ] {
            self.plain(about, figure, pick.ok_or(none), Unit::Days, n);
        }
    }

    fn won(&mut self, won: &Won, changes: &'a [(i32, String, u64)]) {
        let about = ("hand_offs", "won", 0);
        self.count(about, "won_deals", won.n);
        self.count(about, "no_person", won.no_person);
        self.count(about, "without_a_touch", won.untouched);
        self.count(about, "order_unknown", won.unordered);
        let n = won.changes.len() as u64;
        let found = summary(&mut won.changes.clone());
        let none = "no won deal with a touch of a team";
        for (figure, pick) in [
            ("mean", found.map(|s| s.mean)),
            ("median", found.map(|s| s.median)),
            ("p75", found.map(|s| s.p75)),
            ("p90", found.map(|s| s.p90)),
            ("high", found.map(|s| f64::from(s.high))),
        ] {
            self.plain(about, figure, pick.ok_or(none), Unit::Number, n);
        }
        let returned = won.changes.iter().filter(|c| **c > 1).count() as u64;
        self.share(about, "ping_pong", returned, n, true);
        for (order, (_, item, deals)) in changes.iter().enumerate() {
            self.share(("hand_off_distribution", item, order), "won_deals", *deals, n, true);
        }
        let about = ("pre_sales", "won", 0);
        let n = won.pre_sales.len() as u64;
        self.count(about, "n", n);
        self.count(about, "one_team_or_none", won.one_team);
        self.count(about, "sales_first", won.sales_first);
        self.count(about, "order_unknown", won.no_order);
        self.count(about, "no_time_to_divide", won.no_time);
        for (figure, q) in QUANTILES {
            let value = quantile_of(&mut won.pre_sales.clone(), q);
            self.plain(about, figure, value.ok_or("no won deal of both teams, marketing first"), Unit::Share, n);
        }
    }
}

/// Quantiles of shares.
pub const QUANTILES: [(&str, f64); 5] = [("p10", 0.1), ("p25", 0.25), ("median", 0.5), ("p75", 0.75), ("p90", 0.9)];

impl View<'_> {
    /// All rows.
    pub fn tidy(&self) -> Table {
        let columns = TIDY.iter().map(|c| Column::tidy(c)).collect();
        let facts = self.data.facts();
        let (no_deals, no_touches) = (facts.no_table("deals"), self.no_touches());
        let names: Vec<(String, usize)> = self.places().iter().map(|(place, id, _)| (id.clone(), *place)).collect();
        let unknown: Vec<Option<String>> = names.iter().map(|(_, place)| self.no_stage(*place)).collect();
        let mut rows = Vec::new();
        let (none, no_win) = (Began::default(), Won::default());
        for segment in self.keys() {
            for period in (0..self.periods.all.len()).map(Some).chain([None]) {
                let began = self.counts.began.get(&(segment, period)).unwrap_or(&none);
                let won = self.counts.won.get(&(segment, period)).unwrap_or(&no_win);
                let mut figures = Figures {
                    rows: Vec::new(),
                    no_deals: no_deals.as_deref(),
                    only_won: self.data.journeys.only_won(),
                    scale: facts.minor_per_major(),
                };
                for (order, (item, place)) in names.iter().enumerate() {
                    let early = began.early.get(*place).copied().unwrap_or_default();
                    let start = figures.rows.len();
                    figures.place(item, order, &began.places.get(*place).copied().unwrap_or_default(), Some(early));
                    let after = no_deals.as_deref().filter(|_| item == "after_close");
                    if let Some(why) = after.or(unknown[order].as_deref()) {
                        figures.rows[start..].iter_mut().for_each(|row| row.missing(why));
                    }
                }
                figures.place("journey", names.len(), &began.journey, None);
                let (index, stages) = self.overlap(began);
                figures.plain(
                    ("overlap", "journey", 0),
                    "overlap_index",
                    index.ok_or("no touch of a team in a stage"),
                    Unit::Number,
                    stages,
                );
                if let (Some(last), Some(index)) = (figures.rows.last_mut(), index) {
                    #[allow(clippy::cast_precision_loss)] // stages
                    let of = stages as f64;
                    last.ratio = Some((index * of, of));
                }
                self.quoted(&mut figures, began);
                for (order, (item, group)) in ORIGINS.iter().zip(&began.origin).enumerate() {
                    figures.group(("origin", item, order), group, began.n);
                }
                let [marketing, sales, no_team] = began.nurture.touches;
                for (order, (item, n)) in [("marketing", marketing), ("sales", sales)].into_iter().enumerate() {
                    figures.share(("nurture", item, order), "touches", n, marketing + sales, false);
                }
                figures.count(("nurture", "no_team", 2), "touches", no_team);
                for (order, (item, group)) in TEAMS.iter().zip(&began.teams).enumerate() {
                    figures.group(("teams", item, order), group, began.n);
                }
                figures.silence("won", 0, &won.silence);
                figures.silence("all", 1, &began.silence);
                let changes = distribution(&won.changes);
                let start = figures.rows.len();
                figures.won(won, &changes);
                if let Some(why) = &no_deals {
                    let of_won = ["hand_offs", "hand_off_distribution", "pre_sales"];
                    figures.rows[start..]
                        .iter_mut()
                        .filter(|f| of_won.contains(&f.section))
                        .for_each(|f| f.missing(why));
                    let of_deals = |f: &&mut Figure<'_>| {
                        f.section == "nurture"
                            || (f.section == "silence" && f.item == "won")
                            || (f.section == "quoted" && f.item == "marketing_after_deal")
                    };
                    figures.rows.iter_mut().filter(of_deals).for_each(|f| f.missing(why));
                }
                if let Some(why) = &no_touches {
                    let of_touches = figures.rows.iter_mut().filter(|figure| figure.section != "origin");
                    of_touches.for_each(|figure| figure.missing(why));
                }
                let words = segment.map_or_else(String::new, |s| segment_text(self.by, &self.segments[s]));
                rows.extend(figures.rows.iter().map(|figure| self.row(figure, period, &words)));
            }
        }
        Table { id: "journey_tidy".into(), title: String::new(), audience: Audience::Machines, columns, rows }
    }

    /// The figures that people quote.
    fn quoted(&self, figures: &mut Figures<'_>, began: &Began) {
        let since = &began.since_deal;
        let about = ("quoted", "marketing_after_deal", 0);
        figures.share(about, "touches", since.touches[0], began.journey.touches[0], false);
        figures.share(about, "processes", since.by[0] + since.by[2], since.processes(), true);
        let before = &began.before_handoff;
        let about = ("quoted", "sales_before_handoff", 1);
        let start = figures.rows.len();
        figures.share(about, "touches", before.touches[1], began.of_handed[1], false);
        figures.share(about, "processes", before.by[1] + before.by[2], before.processes(), true);
        let unhanded = ("quoted", "sales_before_or_without_handoff", 2);
        figures.share(unhanded, "touches", began.unhanded[1], began.journey.touches[1], false);
        let why = match self.handoff {
            Handoff::At(_) => return,
            Handoff::None => "no stage hands leads over",
            Handoff::Unseen(_) => "no export shows the stage that hands leads over",
            Handoff::Undated(_) => "no export says when the stage that hands leads over was reached",
        };
        figures.rows[start..].iter_mut().for_each(|row| row.missing(why));
    }

    fn row(&self, figure: &Figure<'_>, period: Option<usize>, segment: &str) -> Vec<Cell> {
        let (label, start, end) = period.map_or(("total", self.periods.from, self.periods.to), |p| {
            let p = &self.periods.all[p];
            (p.label.as_str(), p.start, p.end)
        });
        let number = |v: Option<f64>| v.map_or_else(Cell::none, |v| Cell::Number(v, Unit::Number));
        let bounds = figure.ratio.filter(|_| figure.interval && figure.value.is_ok()).and_then(|(k, n)| wilson(k, n));
        let counted = figure.unit == Unit::Count;
        let status = match figure.value {
            Err(_) => "missing",
            Ok(_) if !counted && figure.n < FEW => "few",
            Ok(_) => "ok",
        };
        vec![
            Cell::text(figure.section),
            Cell::text(label),
            Cell::Date(date_of(start)),
            Cell::Date(date_of(end)),
            Cell::text(segment),
            Cell::text(figure.item),
            Cell::count(figure.order as u64),
            Cell::text(figure.name),
            figure.value.map_or_else(|why| Cell::Missing(why.into()), |v| Cell::Number(v, Unit::Number)),
            Cell::text(figure.unit.id()),
            number(figure.ratio.map(|r| r.0)),
            number(figure.ratio.map(|r| r.1)),
            number(bounds.map(|b| b.0)),
            number(bounds.map(|b| b.1)),
            Cell::count(figure.n),
            Cell::text(status),
            Cell::Date(self.data.session.as_of),
            Cell::text(&self.data.session.contract.currency),
            Cell::text(self.data.session.contract.short_hash()),
        ]
    }
}

/// How many deals there are of each number, from 0 to the highest: the number, its name, the deals.
pub fn distribution(numbers: &[i32]) -> Vec<(i32, String, u64)> {
    let high = numbers.iter().max().copied();
    let mut counts: Vec<(i32, String, u64)> =
        high.map_or_else(Vec::new, |high| (0..=high).map(|n| (n, n.to_string(), 0)).collect());
    for n in numbers {
        if let Some(count) = usize::try_from(*n).ok().and_then(|at| counts.get_mut(at)) {
            count.2 += 1;
        }
    }
    counts
}

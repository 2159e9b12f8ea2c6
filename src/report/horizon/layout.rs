//! The tables for people.
//!
//! In: a [`View`]. Out: [`Table`]s: revenue by lag, what entrants bring by age, the lag curve, what spend pays when, days, and
//! volume against yield.

use super::count::{Anchor, Buyers, Cohort, Group, Lag, Span, Sum};
use super::curve::{share, waits};
use super::volume::LAGS;
use super::{FEW, View};
use crate::calendar::PeriodKind;
use crate::output::number::{self, interval};
use crate::report::scorecard::heading;
use crate::report::{Audience, Cell, Column, Table, Unit};
use crate::stats::correlation::MIN_PAIRS;
use crate::stats::lag::Share;
use crate::time::date_of;

/// Periods shown to people; machines get all.
const SHOWN: usize = 8;

/// Lags with a column of their own, and ages; the others are together in the last one.
const COLUMNS: usize = 4;
const AGES: usize = 5;

/// Ages of the lag curve that people see.
const CURVE: usize = 12;

/// Marks what will still change, and what is of few.
pub const YOUNG: &str = "*";
pub const FEW_MARK: &str = "†";

/// One line for people: its name, its group, and its period or all.
type Line = (String, usize, Option<usize>);

fn table(id: &str, title: String, columns: Vec<Column>, rows: Vec<Vec<Cell>>) -> Table {
    Table { id: id.into(), title, audience: Audience::People, columns, rows }
}

fn some(value: Option<f64>, unit: Unit, why: &str) -> Cell {
    value.map_or_else(|| Cell::Missing(why.into()), |value| Cell::Number(value, unit))
}

fn bounds(band: Option<(f64, f64)>) -> Cell {
    band.map_or_else(Cell::none, |(low, high)| Cell::text(interval(low, high)))
}

/// `quarter`, `quarters`: what people call periods of a kind.
pub fn word(kind: PeriodKind) -> &'static str {
    match kind {
        PeriodKind::Week => "week",
        PeriodKind::Month => "month",
        PeriodKind::Quarter => "quarter",
        PeriodKind::FiscalQuarter => "fiscal quarter",
        PeriodKind::Year => "year",
        PeriodKind::FiscalYear => "fiscal year",
    }
}

impl View<'_> {
    pub fn tables(&self) -> Vec<Table> {
        let mut tables = vec![self.by_lag()];
        if self.by.is_empty() {
            tables.push(self.yields_table());
        }
        tables.extend(self.curve_table());
        if self.by.is_empty() {
            tables.push(self.payoff());
        }
        tables.extend([self.days_table(), self.mql_table()]);
        if self.by.is_empty() {
            tables.push(self.correlation_table());
        }
        tables
    }

    pub fn word(&self) -> &'static str {
        word(self.time.shown.kind)
    }

    fn hidden(&self) -> usize {
        self.time.shown.all.len().saturating_sub(SHOWN)
    }

    /// The periods that people see.
    fn shown(&self) -> std::ops::Range<usize> {
        self.hidden()..self.time.shown.all.len()
    }

    fn segment(&self, group: usize) -> String {
        let words = |s: usize| self.segments[s].iter().map(|v| v.as_deref().unwrap_or("(blank)")).collect::<Vec<_>>();
        group.checked_sub(1).map_or_else(|| "All".into(), |s| words(s).join(", "))
    }

    /// The last periods and all days, or the segments of all days.
    fn lines(&self) -> Vec<Line> {
        if self.by.is_empty() {
            let label = |p: usize| (self.time.shown.label(p), 0, Some(p));
            return self.shown().map(label).chain([("All days".into(), 0, None)]).collect();
        }
        (0..self.groups.len()).map(|group| (self.segment(group), group, None)).collect()
    }

    fn first_column(&self, title: &str) -> Column {
        Column::left("of", if self.by.is_empty() { title.to_string() } else { self.by.join(", ") })
    }

    fn more(&self) -> String {
        let kind = self.word();
        match (self.by.is_empty(), self.hidden()) {
            (true, 0) => String::new(),
            (true, hidden) => format!("; {hidden} earlier in machine formats"),
            (false, _) => format!("; every {kind} in machine formats"),
        }
    }

    pub fn range(&self) -> String {
        format!("{} to {}", date_of(self.time.shown.from), date_of(self.time.shown.to))
    }

    /// Whose curve and days people see: with segments there is no spend, and everybody's are shown.
    pub fn followed(&self) -> Buyers {
        if self.by.is_empty() { self.buyers } else { Buyers::All }
    }

    /// Whose revenue is set against spend, in words.
    pub fn whose(buyers: Buyers) -> &'static str {
        match buyers {
            Buyers::All => "all buyers",
            Buyers::Marketing => "buyers of marketing origin",
        }
    }

    fn by_lag(&self) -> Table {
        let mut columns =
            vec![self.first_column("Won in"), Column::right("deals", "Deals"), Column::right("revenue", "Revenue")];
        columns.extend((0..COLUMNS).map(|n| Column::right(format!("lag_{n}"), n.to_string())));
        columns.push(Column::right("more", format!("{COLUMNS}+")));
        columns.push(Column::right("unclear", "Unclear"));
        let mut rows = Vec::new();
        for (anchor, title) in
            [(Anchor::Contact, "From the first recorded contact"), (Anchor::Deal, "From the deal's creation")]
        {
            rows.push(heading(title, columns.len()));
            for (name, group, period) in self.lines() {
                rows.push(self.lag_row(name, &self.groups[group], anchor, period));
            }
        }
        let kind = self.word();
        let title = format!(
            "Won revenue of {} by how many {kind}s earlier its buyer began, as shares{}",
            self.range(),
            self.more()
        );
        table("revenue_by_lag", title, columns, rows)
    }

    fn lag_row(&self, name: String, group: &Group, anchor: Anchor, period: Option<usize>) -> Vec<Cell> {
        let at = |lag: Lag| Self::at_lag(group, anchor, period, Some(lag));
        let all = Self::at_lag(group, anchor, period, None);
        let amounts = self.known.deals && self.known.amounts;
        let money = |sum: Sum| self.major(sum.money);
        let part = |sum: Sum, unseen: bool| {
            if !amounts {
                return Cell::Missing("no export says what the deals are worth".into());
            }
            if unseen && sum.n == 0 {
                return Cell::Missing("the exports begin later".into());
            }
            some((money(all) > 0.0).then(|| money(sum) / money(all)), Unit::Share, "nothing was won")
        };
        let mut row = vec![
            Cell::text(name),
            if self.known.deals { Cell::count(all.n) } else { Cell::Missing("no export has deals".into()) },
            some(amounts.then(|| money(all)), Unit::Money, "no export says what the deals are worth"),
        ];
        for n in 0..COLUMNS {
            let lag = Lag::Periods(n);
            row.push(part(at(lag), self.before_exports(period, lag)));
        }
        let more = group.won.iter().filter(|((a, p, lag), _)| {
            *a == anchor && period.is_none_or(|period| period == *p) && matches!(lag, Lag::Periods(n) if *n >= COLUMNS)
        });
        let more = more.fold(Sum::default(), |sum, (_, one)| sum.and(*one));
        row.push(part(more, self.before_exports(period, Lag::Periods(COLUMNS))));
        row.push(part(at(Lag::After).and(at(Lag::Unknown)), false));
        row
    }

    fn yields_table(&self) -> Table {
        let mut columns = vec![
            Column::left("entered", "Entered in"),
            Column::right("entrants", "Entrants"),
            Column::right("spend", "Spend"),
        ];
        columns.extend((0..AGES).map(|age| Column::right(format!("age_{age}"), age.to_string())));
        columns.push(Column::right("so_far", "So far"));
        let with_spend = self.spend.of.iter().any(Result::is_ok);
        let nobody = Cohort::default();
        let mut rows = Vec::new();
        for (won, title) in [(false, "Pipeline created"), (true, "Revenue won")] {
            rows.push(heading(title, columns.len()));
            for period in self.shown() {
                let cohort = self.groups[0].cohorts.get(&(self.buyers, period)).unwrap_or(&nobody);
                let spend = &self.spend.of[period];
                let known = self.known.amounts && if won { self.known.deals } else { self.known.created };
                let (over, begun) = self.time.ages(period);
                let cell = |age: usize| {
                    if !known {
                        return Cell::Missing("no export has the deals, or what they are worth".into());
                    }
                    if age > begun {
                        return Cell::Missing("not over yet".into());
                    }
                    let brought = Self::brought(if won { &cohort.won } else { &cohort.created }, age);
                    let money = self.major(brought.money);
                    let (value, unit) = match spend {
                        Ok(spend) if *spend > 0.0 => (money / spend, Unit::Number),
                        Ok(_) => return Cell::Missing("nothing was spent".into()),
                        Err(why) if with_spend => return Cell::Missing(why.clone()),
                        Err(_) => (money, Unit::Money),
                    };
                    if over.is_some_and(|over| age <= over) {
                        Cell::Number(value, unit)
                    } else {
                        Cell::text(format!("{}{YOUNG}", number::people(value, unit)))
                    }
                };
                let mut row = vec![Cell::text(self.time.shown.label(period)), Cell::count(cohort.entrants)];
                row.push(
                    spend.as_ref().map_or_else(|why| Cell::Missing(why.clone()), |s| Cell::Number(*s, Unit::Money)),
                );
                row.extend((0..AGES).map(cell));
                row.push(cell(begun));
                rows.push(row);
            }
        }
        let kind = self.word();
        let what = if with_spend { " per unit of its marketing spend" } else { "" };
        let title = format!(
            "What the entrants of a {kind} brought{what}, by {kind}s since: {}{}",
            View::whose(self.buyers),
            self.more()
        );
        table("cohort_yield", title, columns, rows)
    }

    fn age_name(&self, age: usize) -> String {
        if age == 0 { format!("Same {}", self.word()) } else { format!("{age} later") }
    }

    /// The curve of those whose revenue is set against spend; with segments, the share within the first period of each.
    fn curve_table(&self) -> Option<Table> {
        let mut columns = vec![
            if self.by.is_empty() { Column::left("age", "Comes") } else { self.first_column("") },
            Column::right("open", "Followed"),
            Column::right("won", "Won"),
            Column::right("wins", "Wins"),
            Column::right("wins_so_far", "So far"),
            Column::right("wins_interval", "95 % interval"),
            Column::right("revenue", "Revenue"),
            Column::right("revenue_so_far", "So far"),
        ];
        let cells = |shares: Option<&Vec<Share>>, at: usize| {
            let share = shares.and_then(|s| s.get(at));
            let before = at.checked_sub(1).and_then(|at| shares.and_then(|s| s.get(at))).map_or(0.0, |s| s.value);
            let missing = || Cell::Missing("nobody who was followed was won, or too few were followed".into());
            let number = |v: f64| Cell::Number(v, Unit::Share);
            (
                share.map_or_else(missing, |s| number(s.value - before)),
                share.map_or_else(missing, |s| number(s.value)),
                bounds(share.and_then(|s| s.interval)),
            )
        };
        let kind = self.word();
        if !self.by.is_empty() {
            columns.truncate(1);
            columns.extend([
                Column::right("followed", "Followed"),
                Column::right("won", "Won"),
                Column::right("wins", "Wins within"),
                Column::right("wins_interval", "95 % interval"),
                Column::right("revenue", "Revenue within"),
                Column::right("horizon", "Horizon"),
            ]);
            let rows = (0..self.groups.len()).map(|group| {
                let curve = self.curve(self.followed(), group);
                let (wins, _, interval) = cells(curve.wins.as_ref(), 0);
                let (revenue, ..) = cells(curve.revenue.as_ref().filter(|_| self.known.amounts), 0);
                let won = curve.ages.iter().map(|age| age.wins).sum();
                let last = curve.ages.len().checked_sub(1).map_or_else(Cell::none, |last| Cell::count(last as u64));
                vec![
                    Cell::text(self.segment(group)),
                    Cell::count(curve.n),
                    Cell::count(won),
                    wins,
                    interval,
                    revenue,
                    last,
                ]
            });
            let title = format!(
                "Share that comes within the {kind} of entry, of all that comes by the horizon (in {kind}s): {}",
                View::whose(self.followed())
            );
            return Some(table("lag_curve", title, columns, rows.collect()));
        }
        let curve = self.curve(self.followed(), 0);
        let last = curve.ages.len().checked_sub(1)?;
        let mut rows = Vec::new();
        for (at, age) in curve.ages.iter().enumerate().take(CURVE) {
            let (wins, so_far, interval) = cells(curve.wins.as_ref(), at);
            let (revenue, revenue_so_far, _) = cells(curve.revenue.as_ref().filter(|_| self.known.amounts), at);
            let followed = Cell::count(age.at_risk);
            let won = Cell::count(age.wins);
            rows.push(vec![
                Cell::text(self.age_name(at)),
                followed,
                won,
                wins,
                so_far,
                interval,
                revenue,
                revenue_so_far,
            ]);
        }
        let more = if last >= CURVE { "; later ones in machine formats" } else { "" };
        let title = format!(
            "When what entrants bring comes, of all that comes within {}: {}{more}",
            number::of(last as u64 + 1, kind, &format!("{kind}s")),
            View::whose(self.followed())
        );
        Some(table("lag_curve", title, columns, rows))
    }

    fn payoff(&self) -> Table {
        let kind = self.word();
        let columns = vec![
            Column::left("period", "Spent in"),
            Column::right("spend", "Spend"),
            Column::right("within", format!("Pays in the {kind}")),
            Column::right("interval", "95 % interval"),
            Column::right("beyond", "Pays beyond"),
            Column::right("by_revenue", "Within, by revenue"),
        ];
        let (wins, revenue) = (self.within(false), self.within(true));
        let why = "nobody who was followed was won, or too few were followed";
        let rows = self.lines().into_iter().map(|(name, _, period)| {
            let spend = period.map_or(&self.spend.total, |p| &self.spend.of[p]);
            let Ok(spend) = spend else {
                let missing = Cell::Missing(spend.as_ref().err().cloned().unwrap_or_default());
                return [vec![Cell::text(name)], vec![missing; 5]].concat();
            };
            let money = |share: Option<f64>| some(share.map(|s| s * spend), Unit::Money, why);
            let people = |v: f64| number::people(v * spend, Unit::Money);
            let band = wins.and_then(|s| s.interval).map(|(low, high)| format!("{}–{}", people(low), people(high)));
            vec![
                Cell::text(name),
                Cell::Number(*spend, Unit::Money),
                money(wins.map(|s| s.value)),
                band.map_or_else(Cell::none, Cell::text),
                money(wins.map(|s| 1.0 - s.value)),
                money(revenue.map(|s| s.value)),
            ]
        });
        // Without spend there is nothing to be a share of.
        let spent = self.spend.total.as_ref().is_ok_and(|spend| *spend > 0.0);
        let share = wins.filter(|_| spent).map_or_else(String::new, |s| {
            format!(
                ": {} within, {} beyond",
                number::people(s.value, Unit::Share),
                number::people(1.0 - s.value, Unit::Share)
            )
        });
        let title = format!("Marketing spend by when it pays, if it works when its buyers enter{share}{}", self.more());
        table("spend_payoff", title, columns, rows.collect())
    }

    fn days_table(&self) -> Table {
        let mut columns = vec![
            Column::left("of", "From – to"),
            Column::right("followed", "Followed"),
            Column::right("came", "Came"),
            Column::right("median", "Median"),
            Column::right("p25", "Came: p25"),
            Column::right("observed", "Median"),
            Column::right("p75", "p75"),
        ];
        if !self.by.is_empty() {
            columns[0] = self.first_column("");
        }
        let mut rows = Vec::new();
        for span in Span::ALL {
            if !self.by.is_empty() {
                rows.push(heading(span.names()[1], columns.len()));
            }
            for group in 0..self.groups.len() {
                let all = self.groups[group].days.get(&(self.followed(), span)).map_or(&[][..], |days| days);
                let found = waits(all);
                let few = if found.came.is_some_and(|came| came.n < FEW) { FEW_MARK } else { "" };
                let days = |value: Option<f64>| match value {
                    Some(value) if few.is_empty() => Cell::Number(value, Unit::Days),
                    Some(value) => Cell::text(format!("{}{few}", number::people(value, Unit::Days))),
                    None => Cell::Missing("it came for nobody, or too few were followed".into()),
                };
                let name = if self.by.is_empty() { span.names()[1].to_string() } else { self.segment(group) };
                rows.push(vec![
                    Cell::text(name),
                    Cell::count(found.n),
                    Cell::count(found.came.map_or(0, |came| came.n)),
                    days(found.median.map(f64::from)),
                    days(found.came.map(|came| came.p25)),
                    days(found.came.map(|came| came.median)),
                    days(found.came.map(|came| came.p75)),
                ]);
            }
        }
        let title = format!("Days from one to the next, begun {}: {}", self.range(), View::whose(self.followed()));
        table("lag_days", title, columns, rows)
    }

    fn mql_table(&self) -> Table {
        let within = self.mature_after.map_or_else(|| "Won in time".to_string(), |days| format!("In {days} d"));
        let mut columns = vec![
            self.first_column("Qualified"),
            Column::right("mqls", "MQLs"),
            Column::right("won", "Won"),
            Column::right("within", within),
            Column::right("interval", "95 % interval"),
            Column::right("revenue", "Per MQL"),
            Column::right("volume", "Volume"),
            Column::right("yield", "Yield"),
            Column::left("alarm", "Alarm"),
        ];
        // Changes are of periods.
        if !self.by.is_empty() {
            columns.truncate(columns.len() - 3);
        }
        let width = columns.len();
        let rows = self.lines().into_iter().map(|(name, group, period)| {
            let group = &self.groups[group];
            let mqls = Self::mqls(group, period);
            let missing = || match &self.mql {
                Err(why) => Cell::Missing(why.clone()),
                Ok(_) => Cell::Missing("no export has the deals, or what they are worth".into()),
            };
            if self.mql.is_err() {
                return [vec![Cell::text(name)], vec![missing(); width - 1]].concat();
            }
            let young = period.is_some_and(|p| self.mature(p) == Some(false));
            let old = if period.is_some() { mqls } else { self.mature_mqls(group) };
            let soon = share(old.soon, old.n).filter(|_| self.mature_after.is_some() && !young && self.known.deals);
            let against = period.and_then(|p| self.against(group, p));
            let mark = if young { YOUNG } else { "" };
            let count =
                |n: u64| if self.known.deals { Cell::text(format!("{}{mark}", number::whole(n))) } else { missing() };
            #[allow(clippy::cast_precision_loss)] // counts stay far below 2^53
            let each = (mqls.n > 0).then(|| self.major(mqls.money) / mqls.n as f64);
            let each = match each {
                _ if !(self.known.deals && self.known.amounts) => missing(),
                Some(each) if young => Cell::text(format!("{}{YOUNG}", number::people(each, Unit::Money))),
                each => some(each, Unit::Money, "there were none"),
            };
            let alarm = match &against {
                Some(against) if against.alarm() => Cell::text("yes"),
                Some(against) if against.z.is_none() => Cell::text("too few"),
                Some(_) => Cell::text("no"),
                None => Cell::Missing("too young, not whole, or nothing to set it beside".into()),
            };
            let mut row = vec![
                Cell::text(name),
                Cell::count(mqls.n),
                count(mqls.won),
                some(soon.map(|s| s.0), Unit::Share, "too young"),
                bounds(soon.and_then(|s| s.1)),
                each,
                some(against.and_then(|a| a.volume), Unit::Change, "nothing to set it beside"),
                some(against.and_then(|a| a.yields), Unit::Points, "nothing to set it beside"),
                alarm,
            ];
            row.truncate(width);
            row
        });
        let against = format!("; changes against the year before the {}", self.word());
        let against = if self.by.is_empty() { against.as_str() } else { "" };
        let title = format!("MQL volume against yield{against}{}", self.more());
        table("mql_yield", title, columns, rows.collect())
    }

    fn correlation_table(&self) -> Table {
        let kind = self.word();
        let columns = vec![
            Column::left("lag", "Revenue won"),
            Column::right("rho", "Rank correlation"),
            Column::left("interval", "95 % interval"),
            Column::right("n", format!("Pairs of {kind}s")),
        ];
        let rows = (0..=LAGS).map(|lag| {
            let (n, found) = self.correlation(&self.groups[0], lag);
            let signed = |v: f64| format!("{v:+.2}");
            let band = match found.and_then(|f| f.interval) {
                Some((low, high)) => Cell::text(format!("{} to {}", signed(low), signed(high))),
                None if n < MIN_PAIRS => Cell::text(format!("too few {kind}s")),
                None => Cell::none(),
            };
            let rho = found.map_or_else(
                || Cell::Missing("too few, or one of the two never varies or is not known".into()),
                |f| Cell::text(signed(f.rho)),
            );
            vec![Cell::text(self.age_name(lag)), rho, band, Cell::count(n as u64)]
        });
        let title = format!("Does MQL volume go with won revenue? Spearman, whole {kind}s");
        table("correlation", title, columns, rows.collect())
    }
}

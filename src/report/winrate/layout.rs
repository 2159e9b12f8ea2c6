//! Win rates as tables: the rates, what they are made of, what each means, and the tidy one.
//!
//! In: a [`View`]. Out: [`Table`]s.

use super::View;
use super::count::{FEW, Key, Rate};
use crate::evaluate::segment_text;
use crate::output::number;
use crate::report::scorecard::heading;
use crate::report::{Audience, Cell, Column, Table, Unit};
use crate::time::date_of;

/// The tidy columns: the same whatever the data.
const TIDY: [&str; 24] = [
    "rate",
    "period",
    "period_start: date",
    "period_end: date",
    "segment",
    "value: number",
    "unit",
    "numerator: number",
    "denominator: number",
    "n: number",
    "ci_low: number",
    "ci_high: number",
    "won: number",
    "lost: number",
    "derailed: number",
    "open: number",
    "mature: flag",
    "mature_share: number",
    "status",
    "basis",
    "as_of: date",
    "currency",
    "contract_hash",
    "open_young: number",
];

/// Periods shown to people; machines get all.
const SHOWN: usize = 8;

/// Marks a rate that will still change, and one of few deals.
pub const YOUNG: &str = "*";
pub const FEW_MARK: &str = "†";

impl View<'_> {
    fn keys(&self) -> impl Iterator<Item = Option<usize>> + use<'_> {
        std::iter::once(None).chain((0..self.segments.len()).map(Some).filter(|_| !self.by.is_empty()))
    }

    /// A segment in a column that says what it is by.
    fn segment(&self, key: Option<usize>) -> String {
        let words = |k: usize| self.segments[k].iter().map(|v| v.as_deref().unwrap_or("(blank)")).collect::<Vec<_>>();
        key.map_or_else(|| "All".to_string(), |k| words(k).join(", "))
    }

    /// Number of periods that only machines see.
    fn hidden(&self) -> usize {
        self.periods.all.len().saturating_sub(SHOWN)
    }

    fn label(&self, period: Option<usize>) -> String {
        period.map_or_else(|| "All days".into(), |p| self.periods.label(p))
    }

    /// The lines that people see: the last periods and all, or the segments of all days.
    pub fn lines(&self) -> Vec<(String, Key)> {
        if self.by.is_empty() {
            let shown = (self.hidden()..self.periods.all.len()).map(Some).chain([None]);
            shown.map(|period| (self.label(period), (None, period))).collect()
        } else {
            let any = |key: &Option<usize>| key.is_none() || self.counts.contains_key(&(*key, None));
            self.keys().filter(any).map(|key| (self.segment(key), (key, None))).collect()
        }
    }

    fn marks(&self, rate: Rate, key: Key, n: u64) -> String {
        format!("{}{}", if self.rises(rate, key) { YOUNG } else { "" }, if n < FEW { FEW_MARK } else { "" })
    }

    pub fn tables(&self) -> Vec<Table> {
        vec![self.rates(), self.makeup(), Self::meaning(), self.tidy()]
    }

    fn rates(&self) -> Table {
        let first = if self.by.is_empty() { "Period".to_string() } else { self.by.join(", ") };
        let mut columns = vec![Column::left("of", first), Column::right("closed", "Closed")];
        columns.extend(Rate::ALL[..3].iter().map(|r| Column::right(r.id(), r.title())));
        columns.extend([
            Column::right("created", "Created"),
            Column::right("close_rate", "Close rate"),
            Column::right("spread", "Spread"),
        ]);
        let mut rows = Vec::new();
        for (name, key) in self.lines() {
            let both = self.both(key);
            let cell = |rate: Rate| {
                let figure = self.figure(rate, key);
                match figure.value {
                    Ok(value) => {
                        let marks = self.marks(rate, key, figure.n);
                        let shown = || Cell::text(format!("{}{marks}", number::people(value, Unit::Share)));
                        if marks.is_empty() { Cell::Number(value, Unit::Share) } else { shown() }
                    }
                    Err((_, why)) => Cell::Missing(why.into()),
                }
            };
            let spread = self.spread(key).map_or_else(
                || Cell::Missing("fewer than two rates that say something".into()),
                // A distance has no sign.
                |(points, ..)| Cell::text(number::people(points, Unit::Points).trim_start_matches('+')),
            );
            rows.push(vec![
                Cell::text(name),
                Cell::count(both.closed.decided()),
                cell(Rate::Narrow),
                cell(Rate::Broad),
                cell(Rate::Amount),
                Cell::count(both.created.all),
                cell(Rate::Close),
                spread,
            ]);
        }
        let (from, to) = (date_of(self.periods.from), date_of(self.periods.to));
        let more = match (self.by.is_empty(), self.hidden()) {
            (true, 0) => String::new(),
            (true, hidden) => format!("; {hidden} earlier in machine formats"),
            (false, _) => format!("; every {} in machine formats", self.periods.kind.id()),
        };
        let title = format!("Win rates of deals closed, and close rate of deals created, {from} to {to}{more}");
        Table { id: "rates".into(), title, audience: Audience::People, columns, rows }
    }

    /// Both sides of every rate: of the last whole period with deals and of all days, or of each segment.
    fn makeup(&self) -> Table {
        let columns = vec![
            Column::left("rate", "Rate"),
            Column::right("numerator", "Numerator"),
            Column::right("denominator", "Denominator"),
            Column::right("n", "Deals"),
            Column::right("interval", "95 % interval"),
        ];
        let mut rows = Vec::new();
        let lines = self.lines();
        let of = || {
            lines.iter().filter_map(|(_, (_, period))| *period).filter(|p| self.counts.contains_key(&(None, Some(*p))))
        };
        let last = of().rfind(|p| !self.periods.is_partial(*p)).or(of().next_back());
        let wanted = |(_, (_, period)): &&(String, Key)| period.is_none() || *period == last;
        for (name, key) in lines.iter().filter(wanted) {
            rows.push(heading(name, columns.len()));
            for rate in Rate::ALL {
                let figure = self.figure(rate, *key);
                let unit = if rate == Rate::Amount { Unit::Money } else { Unit::Count };
                let interval = figure.interval.map(|(low, high)| Cell::text(number::interval(low, high)));
                rows.push(vec![
                    Cell::text(rate.title()),
                    Cell::Number(figure.numerator, unit),
                    figure.denominator.map_or_else(Cell::none, |d| Cell::Number(d, unit)),
                    Cell::count(figure.n),
                    interval.unwrap_or_else(Cell::none),
                ]);
            }
        }
        Table {
            id: "makeup".into(),
            title: "What the rates are made of".into(),
            audience: Audience::People,
            columns,
            rows,
        }
    }

    fn meaning() -> Table {
        let columns = vec![Column::left("rate", "Rate"), Column::left("meaning", "What it counts")];
        let rows = Rate::ALL.iter().map(|r| vec![Cell::text(r.title()), Cell::text(r.about())]).collect();
        Table { id: "meaning".into(), title: "What they mean".into(), audience: Audience::People, columns, rows }
    }

    fn tidy(&self) -> Table {
        let columns = TIDY.iter().map(|c| Column::tidy(c)).collect();
        let mut rows = Vec::new();
        for segment in self.keys() {
            for period in (0..self.periods.all.len()).map(Some).chain([None]) {
                for rate in Rate::ALL {
                    rows.push(self.tidy_row(rate, (segment, period)));
                }
                rows.push(self.tidy_spread((segment, period)));
            }
        }
        Table { id: "winrate_tidy".into(), title: String::new(), audience: Audience::Machines, columns, rows }
    }

    fn when(&self, id: &str, (segment, period): Key) -> Vec<Cell> {
        let (label, start, end) = period.map_or(("total", self.periods.from, self.periods.to), |p| {
            let p = &self.periods.all[p];
            (p.label.as_str(), p.start, p.end)
        });
        vec![
            Cell::text(id),
            Cell::text(label),
            Cell::Date(date_of(start)),
            Cell::Date(date_of(end)),
            Cell::text(segment.map_or_else(String::new, |k| segment_text(self.by, &self.segments[k]))),
        ]
    }

    fn end(&self, status: &str, basis: &str) -> Vec<Cell> {
        let contract = &self.data.session.contract;
        vec![
            Cell::text(status),
            Cell::text(basis),
            Cell::Date(self.data.session.as_of),
            Cell::text(&contract.currency),
            Cell::text(contract.short_hash()),
        ]
    }

    #[allow(clippy::cast_precision_loss)] // counts stay far below 2^53
    fn tidy_row(&self, rate: Rate, key: Key) -> Vec<Cell> {
        let figure = self.figure(rate, key);
        let plain = |v: Option<f64>| v.map_or_else(Cell::none, |v| Cell::Number(v, Unit::Number));
        let both = self.both(key);
        let deals = if rate == Rate::Close { &both.created } else { &both.closed };
        let close = |cell: Cell| if rate == Rate::Close { cell } else { Cell::none() };
        let share = (deals.all > 0 && self.mature_after.is_some()).then(|| deals.mature as f64 / deals.all as f64);
        let status = match figure.value {
            Err((status, _)) => status,
            Ok(_) if key.1.is_some_and(|p| self.periods.is_partial(p)) => "partial",
            Ok(_) if figure.n < FEW => "few",
            Ok(_) => "ok",
        };
        let mut row = self.when(rate.id(), key);
        row.extend([
            match figure.value {
                Ok(value) => Cell::Number(value, Unit::Share),
                Err((_, why)) => Cell::Missing(why.into()),
            },
            Cell::text(Unit::Share.id()),
            plain(Some(figure.numerator)),
            plain(figure.denominator),
            Cell::count(figure.n),
            plain(figure.interval.map(|(low, _)| low)),
            plain(figure.interval.map(|(_, high)| high)),
            Cell::count(deals.won),
            Cell::count(deals.lost),
            Cell::count(deals.derailed),
            close(Cell::count(deals.open)),
            close(self.mature(key.1).map_or_else(Cell::none, Cell::Flag)),
            close(plain(share)),
        ]);
        row.extend(self.end(status, rate.basis()));
        row.push(close(Cell::count(deals.young)));
        row
    }

    fn tidy_spread(&self, key: Key) -> Vec<Cell> {
        let spread = self.spread(key);
        let mut row = self.when("spread", key);
        row.push(spread.map_or_else(Cell::none, |(points, ..)| Cell::Number(points, Unit::Points)));
        row.push(Cell::text(Unit::Points.id()));
        row.resize(TIDY.len() - 6, Cell::none());
        // Which two it lies between.
        let between = spread
            .filter(|(_, high, low)| high != low)
            .map_or_else(String::new, |(_, high, low)| format!("{}-{}", high.id(), low.id()));
        let partial = key.1.is_some_and(|p| self.periods.is_partial(p));
        let status = match spread {
            Some(_) if partial => "partial",
            Some(_) => "ok",
            None => "no_data",
        };
        row.extend(self.end(status, &between));
        row.push(Cell::none());
        row
    }
}

//! Periods: months, quarters, weeks, years and fiscal ones, with their labels.
//!
//! In: which kind, the fiscal year's start, and a range of days. Out: [`Periods`], which says in which period a day falls.

pub mod hours;

use jiff::ToSpan;
use jiff::civil::{Date, Weekday};

use crate::contract::FiscalLabel;
use crate::time::{date_of, day_of};

/// The kinds of periods.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum PeriodKind {
    /// Calendar months.
    Month,
    /// Calendar quarters.
    Quarter,
    /// Calendar years.
    Year,
    /// ISO weeks, Monday to Sunday.
    Week,
    /// Quarters of the contract's fiscal year.
    FiscalQuarter,
    /// The contract's fiscal years.
    FiscalYear,
}

impl PeriodKind {
    /// For people and machines.
    pub fn id(self) -> &'static str {
        match self {
            Self::Month => "month",
            Self::Quarter => "quarter",
            Self::Year => "year",
            Self::Week => "week",
            Self::FiscalQuarter => "fiscal-quarter",
            Self::FiscalYear => "fiscal-year",
        }
    }
}

/// The contract's calendar.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fiscal {
    /// Month and day on which a fiscal year begins.
    pub start: (u8, u8),
    /// Which calendar year names it.
    pub label: FiscalLabel,
}

/// One period.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Period {
    /// `2026-03`, `2026-Q1`, `2026`, `2026-W05`, `FY2026-Q1`, `FY2026`.
    pub label: String,
    /// First day, since 1970.
    pub start: i32,
    /// Last day, since 1970.
    pub end: i32,
}

impl Period {
    /// The period of that name.
    ///
    /// ```
    /// use onefunnel::calendar::{Fiscal, Period};
    /// use onefunnel::contract::FiscalLabel;
    /// let fiscal = Fiscal { start: (2, 1), label: FiscalLabel::End };
    /// let quarter = Period::named("2026-Q4", fiscal).unwrap();
    /// assert_eq!(quarter.end - quarter.start + 1, 92);
    /// assert_eq!(Period::named("FY2027-Q1", fiscal).unwrap().start, Period::named("2026-02", fiscal).unwrap().start);
    /// assert_eq!(Period::named("2026-Q5", fiscal), None);
    /// ```
    pub fn named(text: &str, fiscal: Fiscal) -> Option<Self> {
        let (kind, digits) = match (text.strip_prefix("FY"), text.as_bytes().get(4..6)) {
            (Some(rest), _) if rest.len() == 4 => (PeriodKind::FiscalYear, rest),
            (Some(rest), _) => (PeriodKind::FiscalQuarter, rest),
            (None, None) => (PeriodKind::Year, text),
            (None, Some(b"-Q")) => (PeriodKind::Quarter, text),
            (None, Some(b"-W")) => (PeriodKind::Week, text),
            (None, Some(_)) => (PeriodKind::Month, text),
        };
        let year: i16 = digits.get(..4)?.parse().ok().filter(|year| (1900..2200).contains(year))?;
        let (first, last) = (Date::new(year - 1, 1, 1).ok()?, Date::new(year + 1, 12, 31).ok()?);
        let all = Periods::covering(kind, day_of(first), day_of(last), fiscal).all;
        all.into_iter().find(|period| period.label == text)
    }
}

/// Consecutive periods.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Periods {
    /// Their kind.
    pub kind: PeriodKind,
    /// In order, without gaps.
    pub all: Vec<Period>,
    /// Only days from here count, also in the first period.
    pub from: i32,
    /// Only days up to here count, also in the last period.
    pub to: i32,
}

/// First day of the period that a date falls into.
fn start_of(kind: PeriodKind, date: Date, fiscal: Fiscal) -> Date {
    match kind {
        PeriodKind::Month => date.first_of_month(),
        PeriodKind::Quarter => Date::new(date.year(), (date.month() - 1) / 3 * 3 + 1, 1).unwrap_or(date),
        PeriodKind::Year => date.first_of_year(),
        PeriodKind::Week => {
            let back = date.weekday().since(Weekday::Monday);
            date.saturating_sub(i32::from(back).days())
        }
        PeriodKind::FiscalYear => fiscal_year(date, fiscal),
        PeriodKind::FiscalQuarter => {
            let year = fiscal_year(date, fiscal);
            (0..4).map(|q| year.saturating_add((3 * q).months())).filter(|start| *start <= date).max().unwrap_or(year)
        }
    }
}

fn fiscal_year(date: Date, fiscal: Fiscal) -> Date {
    let (month, day) = (i8::try_from(fiscal.start.0).unwrap_or(1), i8::try_from(fiscal.start.1).unwrap_or(1));
    let this = Date::new(date.year(), month, day).unwrap_or(date);
    if this <= date { this } else { Date::new(date.year() - 1, month, day).unwrap_or(date) }
}

fn next(kind: PeriodKind, start: Date) -> Date {
    match kind {
        PeriodKind::Month => start.saturating_add(1.month()),
        PeriodKind::Quarter | PeriodKind::FiscalQuarter => start.saturating_add(3.months()),
        PeriodKind::Year | PeriodKind::FiscalYear => start.saturating_add(1.year()),
        PeriodKind::Week => start.saturating_add(7.days()),
    }
}

fn label(kind: PeriodKind, start: Date, fiscal: Fiscal) -> String {
    let fiscal_label = |year: Date| {
        let last = year.saturating_add(1.year()).saturating_sub(1.day());
        match fiscal.label {
            FiscalLabel::Start => year.year(),
            FiscalLabel::End => last.year(),
        }
    };
    match kind {
        PeriodKind::Month => format!("{:04}-{:02}", start.year(), start.month()),
        PeriodKind::Quarter => format!("{:04}-Q{}", start.year(), (start.month() - 1) / 3 + 1),
        PeriodKind::Year => format!("{:04}", start.year()),
        PeriodKind::Week => {
            let week = start.iso_week_date();
            format!("{:04}-W{:02}", week.year(), week.week())
        }
        PeriodKind::FiscalYear => format!("FY{:04}", fiscal_label(start)),
        PeriodKind::FiscalQuarter => {
            let year = fiscal_year(start, fiscal);
            let quarter = (0..4).filter(|q| year.saturating_add((3 * q).months()) <= start).count();
            format!("FY{:04}-Q{quarter}", fiscal_label(year))
        }
    }
}

impl Periods {
    /// The periods that cover the days from `from` to `to`, both included.
    pub fn covering(kind: PeriodKind, from: i32, to: i32, fiscal: Fiscal) -> Self {
        let mut all = Vec::new();
        let mut start = start_of(kind, date_of(from), fiscal);
        while day_of(start) <= to {
            let after = next(kind, start);
            all.push(Period { label: label(kind, start, fiscal), start: day_of(start), end: day_of(after) - 1 });
            if after <= start {
                break;
            }
            start = after;
        }
        Self { kind, all, from, to }
    }

    /// Index of the period that a day falls into; `None` outside of the range.
    pub fn index(&self, day: i32) -> Option<usize> {
        if day < self.from || day > self.to {
            return None;
        }
        let after = self.all.partition_point(|p| p.start <= day);
        after.checked_sub(1).filter(|at| self.all[*at].end >= day)
    }

    /// Whether some days of a period do not count.
    pub fn is_partial(&self, period: usize) -> bool {
        self.all.get(period).is_some_and(|p| p.end > self.to || p.start < self.from)
    }

    /// The periods of which every day counts, that begin by the day of the last record, and of which the exports can know
    /// every day, `known` being the last one; if there is none, the last period.
    pub fn whole(&self, last_day: Option<i32>, known: i32) -> Vec<usize> {
        let begins = |at: &usize| {
            let period = &self.all[*at];
            period.end <= known && last_day.is_none_or(|last| period.start <= last)
        };
        let whole: Vec<usize> = (0..self.all.len()).filter(|at| !self.is_partial(*at)).filter(begins).collect();
        if whole.is_empty() { self.all.len().checked_sub(1).into_iter().collect() } else { whole }
    }

    /// What people call a period; one of which some days do not count is a part.
    pub fn label(&self, period: usize) -> String {
        let label = self.all.get(period).map_or("", |p| p.label.as_str());
        if self.is_partial(period) { format!("{label} part") } else { label.to_string() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    const FEBRUARY: Fiscal = Fiscal { start: (2, 1), label: FiscalLabel::End };

    fn labels(kind: PeriodKind, from: Date, to: Date, fiscal: Fiscal) -> Vec<String> {
        Periods::covering(kind, day_of(from), day_of(to), fiscal).all.into_iter().map(|p| p.label).collect()
    }

    #[test]
    fn labels_are_those_that_people_use() {
        let (from, to) = (date(2025, 12, 30), date(2026, 2, 1));
        assert_eq!(labels(PeriodKind::Month, from, to, FEBRUARY), ["2025-12", "2026-01", "2026-02"]);
        assert_eq!(labels(PeriodKind::Quarter, from, to, FEBRUARY), ["2025-Q4", "2026-Q1"]);
        assert_eq!(labels(PeriodKind::Year, from, to, FEBRUARY), ["2025", "2026"]);
        assert_eq!(labels(PeriodKind::Week, from, date(2026, 1, 5), FEBRUARY), ["2026-W01", "2026-W02"]);
        assert_eq!(labels(PeriodKind::FiscalYear, from, to, FEBRUARY), ["FY2026", "FY2027"]);
        assert_eq!(labels(PeriodKind::FiscalQuarter, from, to, FEBRUARY), ["FY2026-Q4", "FY2027-Q1"]);
        let start = Fiscal { label: FiscalLabel::Start, ..FEBRUARY };
        assert_eq!(labels(PeriodKind::FiscalQuarter, from, to, start), ["FY2025-Q4", "FY2026-Q1"]);
        let calendar = Fiscal { start: (1, 1), label: FiscalLabel::End };
        assert_eq!(labels(PeriodKind::FiscalYear, from, to, calendar), ["FY2025", "FY2026"]);
    }

    #[test]
    fn every_day_falls_into_exactly_its_period() {
        let (from, to) = (day_of(date(2023, 11, 15)), day_of(date(2026, 7, 3)));
        let kinds =
            [PeriodKind::Month, PeriodKind::Quarter, PeriodKind::Year, PeriodKind::Week, PeriodKind::FiscalQuarter];
        for kind in kinds {
            let periods = Periods::covering(kind, from, to, FEBRUARY);
            for day in from..=to {
                let inside: Vec<usize> = (0..periods.all.len())
                    .filter(|i| (periods.all[*i].start..=periods.all[*i].end).contains(&day))
                    .collect();
                assert_eq!(inside.len(), 1, "{kind:?} {}", date_of(day));
                assert_eq!(periods.index(day), Some(inside[0]));
            }
            assert_eq!(periods.index(from - 1), None);
            assert_eq!(periods.index(to + 1), None);
        }
    }
}

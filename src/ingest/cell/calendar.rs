//! The calendar, and the order of day and month in dates like 03/04/2026.
//!
//! In: years, months and days as written. Out: days since 1970-01-01, and the one [`Order`] that all dates of a file
//! agree on: decided per file, never per cell.

pub(super) const DAY_MS: i64 = 86_400_000;

/// Days since 1970-01-01 of a date in the proleptic Gregorian calendar. The date is not checked: see [`is_date`].
///
/// ```
/// use onefunnel::ingest::cell::days_from_civil;
/// assert_eq!(days_from_civil(1970, 1, 1), 0);
/// assert_eq!(days_from_civil(2026, 3, 1), 20_513);
/// ```
pub fn days_from_civil(year: i32, month: u8, day: u8) -> i64 {
    // Years are counted from 1 March, so that the leap day is the last of its year; 146 097 days are 400 years.
    let (month, day) = (i64::from(month), i64::from(day));
    let year = i64::from(year) - i64::from(month <= 2);
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719_468
}

/// The date (year, month, day) of a day since 1970-01-01. Days more than a million years away are held at that.
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // months and days are small, years are held in range
pub fn civil_from_days(days: i64) -> (i32, u8, u8) {
    let days = days.clamp(-365_000_000, 365_000_000) + 719_468;
    let era = days.div_euclid(146_097);
    let day_of_era = days.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    (year as i32, month as u8, day as u8)
}

/// Whether there is such a date, in the years 1900 to 2199.
pub(super) fn is_date(year: i32, month: u8, day: u8) -> bool {
    let last = match month {
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        4 | 6 | 9 | 11 => 30,
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        _ => return false,
    };
    (1900..=2199).contains(&year) && (1..=last).contains(&day)
}

/// Which of two numbers of a date is the day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Order {
    /// 31/12/2026.
    DayFirst,
    /// 12/31/2026.
    MonthFirst,
}

/// Why a file's dates do not settle their order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum OrderProblem {
    /// All numbers are 12 or less, and either order would do.
    Ambiguous,
    /// Some dates can only be day-month, others only month-day.
    Contradiction,
}

/// What the dates of one file say about their order; merged over its pieces.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct OrderVotes {
    /// The first number is above 12: day first.
    pub first_above_12: u64,
    /// The second number is above 12: month first.
    pub second_above_12: u64,
    /// Two different numbers up to 12: either order.
    pub either: u64,
    /// The same number twice: the same date in either order.
    pub same: u64,
}

impl OrderVotes {
    /// Counts one date's two numbers.
    pub fn see(&mut self, a: u8, b: u8) {
        match (a > 12, b > 12) {
            (true, false) => self.first_above_12 += 1,
            (false, true) => self.second_above_12 += 1,
            (false, false) if a == b => self.same += 1,
            (false, false) => self.either += 1,
            (true, true) => {} // no date at all; `time` never gives one
        }
    }

    /// Adds the votes of another piece of the same file.
    pub fn merge(&mut self, other: &Self) {
        self.first_above_12 += other.first_above_12;
        self.second_above_12 += other.second_above_12;
        self.either += other.either;
        self.same += other.same;
    }

    /// The file's order; `None` when it has no such dates.
    ///
    /// # Errors
    /// When nothing settles it, or when the dates contradict each other.
    pub fn settle(&self) -> Result<Option<Order>, OrderProblem> {
        match (self.first_above_12 > 0, self.second_above_12 > 0) {
            (true, true) => Err(OrderProblem::Contradiction),
            (true, false) => Ok(Some(Order::DayFirst)),
            (false, true) => Ok(Some(Order::MonthFirst)),
            (false, false) if self.either > 0 => Err(OrderProblem::Ambiguous),
            (false, false) if self.same > 0 => Ok(Some(Order::DayFirst)),
            (false, false) => Ok(None),
        }
    }
}

/// The wall-clock time, in milliseconds since 1970-01-01T00:00, of a date whose order is now known; `None` when there
/// is no such date in this order.
pub fn resolve(a: u8, b: u8, year: i32, ms_of_day: i32, order: Order) -> Option<i64> {
    let (day, month) = match order {
        Order::DayFirst => (a, b),
        Order::MonthFirst => (b, a),
    };
    is_date(year, month, day).then(|| days_from_civil(year, month, day) * DAY_MS + i64::from(ms_of_day))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_days() {
        for (date, days) in [
            ((1970, 1, 1), 0),
            ((1969, 12, 31), -1),
            ((2000, 2, 29), 11_016),
            ((2000, 3, 1), 11_017),
            ((1900, 1, 1), -25_567),
            ((2026, 2, 28), 20_512),
            ((2026, 3, 1), 20_513),
        ] {
            let (y, m, d) = date;
            assert_eq!(days_from_civil(y, m, d), days, "{date:?}");
            assert_eq!(civil_from_days(days), date);
        }
    }

    #[test]
    fn every_day_from_1900_to_2199_goes_there_and_back() {
        let mut days = days_from_civil(1900, 1, 1);
        let mut count = 0;
        for year in 1900..=2199 {
            for month in 1..=12 {
                for day in (1..=31).filter(|d| is_date(year, month, *d)) {
                    assert_eq!(days_from_civil(year, month, day), days);
                    assert_eq!(civil_from_days(days), (year, month, day));
                    days += 1;
                    count += 1;
                }
            }
        }
        // 300 years with 75 years divisible by four, of which 1900, 2100 are no leap years.
        assert_eq!(count, 300 * 365 + 75 - 2);
    }

    #[test]
    fn far_days_do_not_overflow() {
        assert_eq!(civil_from_days(i64::MAX), civil_from_days(365_000_000));
        assert_eq!(civil_from_days(i64::MIN), civil_from_days(-365_000_000));
    }

    #[test]
    fn leap_days() {
        assert!(is_date(2000, 2, 29) && is_date(2024, 2, 29) && is_date(2096, 2, 29));
        assert!(!is_date(1900, 2, 29) && !is_date(2100, 2, 29) && !is_date(2026, 2, 29) && !is_date(2026, 2, 30));
        assert!(!is_date(1899, 12, 31) && !is_date(2200, 1, 1) && !is_date(2026, 13, 1) && !is_date(2026, 0, 1));
    }

    fn votes(dates: &[(u8, u8)]) -> OrderVotes {
        let mut votes = OrderVotes::default();
        for (a, b) in dates {
            votes.see(*a, *b);
        }
        votes
    }

    #[test]
    fn one_number_above_12_settles_the_file() {
        assert_eq!(votes(&[(1, 2), (3, 3), (13, 12)]).settle(), Ok(Some(Order::DayFirst)));
        assert_eq!(votes(&[(1, 2), (12, 13)]).settle(), Ok(Some(Order::MonthFirst)));
        assert_eq!(votes(&[(1, 2), (3, 3)]).settle(), Err(OrderProblem::Ambiguous));
        assert_eq!(votes(&[(1, 1), (3, 3)]).settle(), Ok(Some(Order::DayFirst)));
        assert_eq!(votes(&[]).settle(), Ok(None));
        let mut both = votes(&[(31, 1)]);
        both.merge(&votes(&[(1, 31), (2, 3), (4, 4)]));
        assert_eq!(both, OrderVotes { first_above_12: 1, second_above_12: 1, either: 1, same: 1 });
        assert_eq!(both.settle(), Err(OrderProblem::Contradiction));
    }

    #[test]
    fn an_order_gives_the_day() {
        let noon = 43_200_000;
        assert_eq!(resolve(3, 4, 2026, noon, Order::DayFirst), Some(days_from_civil(2026, 4, 3) * DAY_MS + 43_200_000));
        assert_eq!(resolve(3, 4, 2026, 0, Order::MonthFirst), Some(days_from_civil(2026, 3, 4) * DAY_MS));
        assert_eq!(resolve(31, 4, 2026, 0, Order::DayFirst), None);
        assert_eq!(resolve(13, 1, 2026, 0, Order::MonthFirst), None);
    }
}

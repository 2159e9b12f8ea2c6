//! Days and clock times of the company: New York wall time in, the three spellings of the exports out.
//!
//! A moment is a whole number of seconds of New York wall clock since 2024-01-01 00:00 ("local seconds"). No moment
//! is ever placed before six in the morning, so none falls into the doubled or the missing hour of a clock change.

use anyhow::{Context as _, Result};
use jiff::{civil::Date, tz::TimeZone};

use crate::rng::Rng;

/// Seconds of a day.
pub const DAY: i64 = 86_400;
/// The last day of the history, 2026-06-30, counted from 2024-01-01 as day 0.
pub const LAST_DAY: i64 = 911;
/// The last moment of the history.
pub const END: i64 = (LAST_DAY + 1) * DAY - 1;
/// The day from which the changed definition of a marketing qualified lead is in force, 2025-07-01.
pub const NEW_DEFINITION: i64 = 547;
/// Months of the history, 2024-01 … 2026-06.
pub const MONTHS: usize = 30;

/// How far back and ahead of the history there are dates.
const MARGIN: i64 = 400;
/// How many leads come in a calendar month, relative to the others: the season.
const SEASON: [i64; 12] = [92, 100, 126, 106, 122, 104, 66, 62, 124, 138, 112, 48];

struct DayRow {
    text: [u8; 10],
    utc_offset: i64,
    month: i64,
    weekday: i64,
}

/// Dates, worked out once.
pub struct Calendar {
    days: Vec<DayRow>,
    season_total: u64,
    season_upto: Vec<u64>,
}

impl Calendar {
    /// Works out the days around the history.
    pub fn new() -> Result<Self> {
        let zone = TimeZone::get("America/New_York").context("no time zone America/New_York")?;
        let mut date = jiff::civil::date(2024, 1, 1).checked_sub(jiff::Span::new().days(MARGIN))?;
        let mut days = Vec::new();
        for _ in 0..(LAST_DAY + 2 * MARGIN) {
            let noon = date.at(12, 0, 0, 0).to_zoned(zone.clone())?;
            days.push(DayRow {
                text: text(date),
                utc_offset: i64::from(noon.offset().seconds()),
                month: (i64::from(date.year()) - 2024) * 12 + i64::from(date.month()) - 1,
                weekday: i64::from(date.weekday().to_monday_zero_offset()),
            });
            date = date.tomorrow()?;
        }
        let mut calendar = Self { days, season_total: 0, season_upto: Vec::new() };
        for day in 0..=LAST_DAY {
            let weekday = if calendar.weekday(day) < 5 { 10 } else { 3 };
            let month = SEASON[usize::try_from(calendar.day(day).month.rem_euclid(12)).unwrap_or(0)];
            // A fifth more at the end of the history than at its start.
            let weight = month * weekday * (LAST_DAY * 5 + day);
            calendar.season_total += u64::try_from(weight).unwrap_or(0);
            calendar.season_upto.push(calendar.season_total);
        }
        Ok(calendar)
    }

    fn day(&self, day: i64) -> &DayRow {
        let last = self.days.len() - 1;
        &self.days[usize::try_from(day + MARGIN).unwrap_or(0).min(last)]
    }

    /// `YYYY-MM-DD` of a day.
    pub fn date(&self, day: i64) -> &str {
        std::str::from_utf8(&self.day(day).text).unwrap_or_default()
    }

    /// Months since 2024-01, of a day.
    pub fn month(&self, day: i64) -> i64 {
        self.day(day).month
    }

    /// 0 for Monday … 6 for Sunday.
    pub fn weekday(&self, day: i64) -> i64 {
        self.day(day).weekday
    }

    /// `YYYY-MM` of a month counted from 2024-01.
    pub fn month_name(month: usize) -> String {
        format!("{}-{:02}", 2024 + month / 12, month % 12 + 1)
    }

    /// `YYYY-QN` of the calendar quarter of a month counted from 2024-01.
    pub fn quarter_name(month: usize) -> String {
        format!("{}-Q{}", 2024 + month / 12, month % 12 / 3 + 1)
    }

    /// A day of the history, by season, growth and day of the week.
    pub fn season_day(&self, rng: &mut Rng) -> i64 {
        let at = rng.below(self.season_total);
        i64::try_from(self.season_upto.partition_point(|upto| *upto <= at)).unwrap_or(0)
    }

    /// The first moment of office hours (Monday to Friday, 9 to 17) at or after `t`, give or take half an hour.
    pub fn office(&self, rng: &mut Rng, t: i64) -> i64 {
        let mut day = t.div_euclid(DAY);
        let mut second = t.rem_euclid(DAY);
        if second >= 17 * 3600 {
            day += 1;
            second = 0;
        }
        while self.weekday(day) > 4 {
            day += 1;
            second = 0;
        }
        if second < 9 * 3600 {
            second = 9 * 3600 + rng.range(0, 1799);
        }
        day * DAY + second
    }

    /// Seconds of the day of a moment in UTC, and its day.
    fn utc(&self, t: i64) -> (i64, i64) {
        let u = t - self.day(t.div_euclid(DAY)).utc_offset;
        (u.div_euclid(DAY), u.rem_euclid(DAY))
    }

    /// `2025-03-04T12:34:56Z`, as an API export writes it.
    pub fn iso(&self, t: i64, out: &mut Vec<u8>) {
        let (day, second) = self.utc(t);
        out.extend_from_slice(&self.day(day).text);
        out.push(b'T');
        clock(second, true, out);
        out.push(b'Z');
    }

    /// `2025-03-04 12:34:56` in GMT, as the weekly export writes it.
    pub fn weekly(&self, t: i64, out: &mut Vec<u8>) {
        let (day, second) = self.utc(t);
        out.extend_from_slice(&self.day(day).text);
        out.push(b' ');
        clock(second, true, out);
    }

    /// `2025-03-04 07:34` in New York, as HubSpot's export page writes it.
    pub fn wall(&self, t: i64, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.day(t.div_euclid(DAY)).text);
        out.push(b' ');
        clock(t.rem_euclid(DAY), false, out);
    }
}

fn text(date: Date) -> [u8; 10] {
    let mut text = [0; 10];
    text.copy_from_slice(date.to_string().as_bytes());
    text
}

fn clock(second: i64, with_seconds: bool, out: &mut Vec<u8>) {
    let mut two = |n: i64, before: &[u8]| {
        let n = u8::try_from(n).unwrap_or(0);
        out.extend_from_slice(before);
        out.extend_from_slice(&[b'0' + n / 10, b'0' + n % 10]);
    };
    two(second / 3600, b"");
    two(second / 60 % 60, b":");
    if with_seconds {
        two(second % 60, b":");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_three_spellings_agree_on_the_moment() {
        let calendar = Calendar::new().unwrap();
        let mut out = Vec::new();
        // 2024-01-01 21:30:05 in New York is 02:30:05 of the next day in UTC (winter: five hours).
        calendar.iso(21 * 3600 + 1805, &mut out);
        assert_eq!(String::from_utf8(out.clone()).unwrap(), "2024-01-02T02:30:05Z");
        out.clear();
        // 2024-07-01 (day 182) 10:00 in New York is 14:00 UTC (summer: four hours).
        calendar.weekly(182 * DAY + 36_000, &mut out);
        assert_eq!(String::from_utf8(out.clone()).unwrap(), "2024-07-01 14:00:00");
        out.clear();
        calendar.wall(182 * DAY + 36_000, &mut out);
        assert_eq!(String::from_utf8(out).unwrap(), "2024-07-01 10:00");
    }

    #[test]
    fn days_and_months_are_counted_from_2024() {
        let calendar = Calendar::new().unwrap();
        assert_eq!(calendar.date(LAST_DAY), "2026-06-30");
        assert_eq!(calendar.date(NEW_DEFINITION), "2025-07-01");
        assert_eq!(calendar.month(LAST_DAY), 29);
        assert_eq!(calendar.date(-1), "2023-12-31");
        assert_eq!(Calendar::quarter_name(29), "2026-Q2");
        assert_eq!(Calendar::month_name(29), "2026-06");
    }

    #[test]
    fn office_hours_skip_the_week_end() {
        let calendar = Calendar::new().unwrap();
        // 2024-01-06 (day 5) is a Saturday: Monday the 8th (day 7), from nine o'clock.
        let t = calendar.office(&mut Rng::new(1), 5 * DAY + 40_000);
        assert_eq!(t.div_euclid(DAY), 7);
        assert!((9 * 3600..9 * 3600 + 1800).contains(&t.rem_euclid(DAY)));
    }
}

//! One cell → a day, an instant or a month.
//!
//! In: trimmed bytes. Out: a [`TimeCell`]: the wall-clock time as written, before a zone is applied, and, for dates like
//! 03/04/2026, before the file has settled their order. Dates that do not exist are refused.

use super::calendar::{DAY_MS, days_from_civil, is_date};
use super::clock::{Tail, digit_run, one_or_two, tail};
use super::number::{skip_spaces, space};

/// The time in one cell, before zone and day/month order are applied.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TimeCell {
    /// A day or an instant whose reading is certain.
    Known {
        /// Milliseconds from 1970-01-01T00:00 to the wall-clock time as written.
        civil_ms: i64,
        /// Seconds that the written zone is ahead of UTC; 0 for `Z`; `None` when no zone is written.
        offset_s: Option<i32>,
        /// No time of day is written.
        is_date: bool,
    },
    /// A date of two numbers and a year, whose order only the file can settle. At most one of them is above 12.
    Order {
        /// The first number.
        a: u8,
        /// The second number.
        b: u8,
        /// The year, four digits.
        year: i32,
        /// Milliseconds since midnight.
        ms_of_day: i32,
        /// Seconds that the written zone is ahead of UTC; `None` when no zone is written.
        offset_s: Option<i32>,
        /// No time of day is written.
        is_date: bool,
    },
    /// A month without a day, as ledgers have it.
    Month {
        /// The year.
        year: i32,
        /// 1 to 12.
        month: u8,
    },
}

/// Reads a day, an instant or a month; `None` when the cell is nothing of the kind, or names a date that does not exist.
///
/// - year first: `2026-04-15`, `2026/4/15`, `2026.04.15`, `20260415`; a month: `2026-04`, `Apr 2026`
/// - two numbers, order open: `15/04/2026`, `4-15-26`, `15.4.2026`; years of two digits are 1970 to 2069
/// - English month names, whole or three letters: `15 Apr, 2021`, `Apr 1, 2026`, `15-Apr-21`
/// - any of these days with a time: ` 9:30`, `T09:30:00.123Z`, ` 9:30 PM`, ` 09:30:00 +0200`
/// - milliseconds (13 digits) or seconds (10 digits) since 1970 UTC
///
/// Years run from 1900 to 2199. A leap second is read as second 59. Serial numbers of spreadsheets are read by
/// [`excel_serial`] only, as they are plain numbers.
pub fn time(cell: &[u8]) -> Option<TimeCell> {
    iso(cell).or_else(|| any(cell))
}

fn any(cell: &[u8]) -> Option<TimeCell> {
    match digit_run(cell) {
        4 => year_first(cell),
        1 | 2 => number_first(cell),
        0 => month_first(cell),
        8 => {
            let year = i32::try_from(number(&cell[..4])).ok()?;
            known(year, two(&cell[4..6]), two(&cell[6..8]), &tail(&cell[8..])?)
        }
        13 if cell.len() == 13 => epoch(number(cell), 1),
        10 if cell.len() == 10 => epoch(number(cell), 1000),
        _ => None,
    }
}

/// The form that nearly all exports have, in one go: `2026-04-15`, and behind it ` 09:30:00`, `T09:30:00Z` or
/// `T09:30:00.000Z`. `None` says only that it is another form.
fn iso(cell: &[u8]) -> Option<TimeCell> {
    let (day, rest) = cell.split_first_chunk::<10>()?;
    if day[4] != b'-' || day[7] != b'-' {
        return None;
    }
    let two = |a: u8, b: u8| {
        let (a, b) = (a.wrapping_sub(b'0'), b.wrapping_sub(b'0'));
        (a < 10 && b < 10).then_some(a * 10 + b)
    };
    let (century, year) = (two(day[0], day[1])?, two(day[2], day[3])?);
    let (year, month, of_month) =
        (i32::from(century) * 100 + i32::from(year), two(day[5], day[6])?, two(day[8], day[9])?);
    let mut ms = 0;
    let mut offset_s = None;
    if let Some((clock, rest)) = rest.split_first_chunk::<9>() {
        if !matches!(clock[0], b' ' | b'T') || clock[3] != b':' || clock[6] != b':' {
            return None;
        }
        let (hour, minute, second) = (two(clock[1], clock[2])?, two(clock[4], clock[5])?, two(clock[7], clock[8])?);
        if hour > 23 || minute > 59 || second > 59 {
            return None;
        }
        ms = (i64::from(hour) * 3600 + i64::from(minute) * 60 + i64::from(second)) * 1000;
        match rest {
            [] => {}
            b"Z" | b".000Z" => offset_s = Some(0),
            _ => return None,
        }
    } else if !rest.is_empty() {
        return None;
    }
    let civil_ms = is_date(year, month, of_month).then(|| days_from_civil(year, month, of_month) * DAY_MS + ms)?;
    Some(TimeCell::Known { civil_ms, offset_s, is_date: rest.is_empty() })
}

/// A spreadsheet's serial day (1 to 5 digits, optional fraction; 20000 to 79999, years 1954 to 2119) as wall-clock
/// milliseconds since 1970, to the nearest second, and whether it is a whole day. In the 1900 system: 25569 is
/// 1970-01-01.
pub fn excel_serial(cell: &[u8]) -> Option<(i64, bool)> {
    const DIGITS: usize = 12;
    let whole = digit_run(cell);
    let days = i64::try_from(number(cell.get(..whole).filter(|d| d.len() <= 5)?)).ok()?;
    if !(20_000..80_000).contains(&days) {
        return None;
    }
    let midnight = (days - 25_569) * DAY_MS;
    let fraction = match cell.get(whole..)? {
        [] => return Some((midnight, true)),
        [b'.', fraction @ ..] if !fraction.is_empty() && digit_run(fraction) == fraction.len() => fraction,
        _ => return None,
    };
    let fraction = &fraction[..fraction.len().min(DIGITS)];
    let unit = 10_i64.pow(u32::try_from(fraction.len()).ok()?);
    let seconds = (i64::try_from(number(fraction)).ok()? * 86_400 + unit / 2) / unit;
    Some((midnight + seconds * 1000, seconds == 0))
}

fn epoch(value: u64, to_ms: i64) -> Option<TimeCell> {
    let civil_ms = i64::try_from(value).ok()?.checked_mul(to_ms)?;
    (1_000_000_000_000..4_102_444_800_000).contains(&civil_ms).then_some(TimeCell::Known {
        civil_ms,
        offset_s: Some(0),
        is_date: false,
    })
}

/// `2026-04-15…`, `2026-04`.
fn year_first(cell: &[u8]) -> Option<TimeCell> {
    let year = i32::try_from(number(&cell[..4])).ok()?;
    let separator = *cell.get(4).filter(|b| is_separator(**b))?;
    let (month, rest) = one_or_two(&cell[5..])?;
    if rest.is_empty() {
        let is_month = separator == b'-' && cell.len() == 7 && is_date(year, month, 1);
        return is_month.then_some(TimeCell::Month { year, month });
    }
    let (day, rest) = one_or_two(rest.strip_prefix(&[separator])?)?;
    known(year, month, day, &tail(rest)?)
}

/// `15/04/2026…` in either order, or `15 Apr 2026…`.
fn number_first(cell: &[u8]) -> Option<TimeCell> {
    let (a, rest) = one_or_two(cell)?;
    let separator = *rest.first()?;
    if is_separator(separator) && rest.get(1).is_some_and(u8::is_ascii_digit) {
        let (b, rest) = one_or_two(&rest[1..])?;
        let (year, rest) = year(rest.strip_prefix(&[separator])?)?;
        let tail = tail(rest)?;
        if !(is_date(year, b, a) || is_date(year, a, b)) {
            return None;
        }
        let Tail { ms_of_day, offset_s, is_date } = tail;
        return Some(TimeCell::Order { a, b, year, ms_of_day, offset_s, is_date });
    }
    let rest = rest.strip_prefix(b".").unwrap_or(rest);
    let (month, rest) = month_name(gap(rest)?)?;
    let (year, rest) = year(gap(rest)?)?;
    known(year, month, a, &tail(rest)?)
}

/// `Apr 1, 2026…`, `April 2026`.
fn month_first(cell: &[u8]) -> Option<TimeCell> {
    let (month, rest) = month_name(cell)?;
    let rest = gap(rest)?;
    if digit_run(rest) == 4 {
        let (year, rest) = year(rest)?;
        return (rest.is_empty() && is_date(year, month, 1)).then_some(TimeCell::Month { year, month });
    }
    let (day, rest) = one_or_two(rest)?;
    let (year, rest) = year(gap(rest)?)?;
    known(year, month, day, &tail(rest)?)
}

fn known(year: i32, month: u8, day: u8, tail: &Tail) -> Option<TimeCell> {
    is_date(year, month, day).then(|| TimeCell::Known {
        civil_ms: days_from_civil(year, month, day) * DAY_MS + i64::from(tail.ms_of_day),
        offset_s: tail.offset_s,
        is_date: tail.is_date,
    })
}

const MONTHS: [&[u8]; 12] = [
    b"january",
    b"february",
    b"march",
    b"april",
    b"may",
    b"june",
    b"july",
    b"august",
    b"september",
    b"october",
    b"november",
    b"december",
];

/// An English month, whole or its first three letters (or `Sept`), with an optional full stop after the short form.
fn month_name(cell: &[u8]) -> Option<(u8, &[u8])> {
    let length = cell.iter().take_while(|b| b.is_ascii_alphabetic()).count();
    let (word, rest) = cell.split_at(length);
    let is = |name: &[u8]| word.eq_ignore_ascii_case(name) || word.eq_ignore_ascii_case(&name[..3]);
    let found = MONTHS.iter().zip(1..).find(|(name, _)| is(name)).map(|(_, month)| month);
    let month = found.or_else(|| word.eq_ignore_ascii_case(b"sept").then_some(9))?;
    Some((month, rest.strip_prefix(b".").unwrap_or(rest)))
}

/// What stands between day, month name and year: an optional comma, then spaces, or one hyphen or slash.
fn gap(rest: &[u8]) -> Option<&[u8]> {
    match rest {
        [b'-' | b'/', rest @ ..] => Some(rest),
        [b',', rest @ ..] | rest if space(rest) > 0 => Some(skip_spaces(rest)),
        _ => None,
    }
}

/// A year of two or four digits.
fn year(rest: &[u8]) -> Option<(i32, &[u8])> {
    let length = digit_run(rest);
    let (digits, rest) = rest.split_at(length);
    let value = i32::try_from(number(digits)).ok()?;
    match length {
        4 => Some((value, rest)),
        2 if value < 70 => Some((2000 + value, rest)),
        2 => Some((1900 + value, rest)),
        _ => None,
    }
}

fn is_separator(byte: u8) -> bool {
    matches!(byte, b'-' | b'/' | b'.')
}

/// The value of at most 19 digits.
fn number(digits: &[u8]) -> u64 {
    digits.iter().fold(0, |value: u64, digit| value.wrapping_mul(10).wrapping_add(u64::from(digit - b'0')))
}

fn two(digits: &[u8]) -> u8 {
    digits.iter().fold(0, |value: u8, digit| value.wrapping_mul(10).wrapping_add(digit - b'0'))
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: i64 = 3_600_000;

    #[allow(clippy::unnecessary_wraps)] // compared with what `time` gives
    fn day(days: i64) -> Option<TimeCell> {
        Some(TimeCell::Known { civil_ms: days * 86_400_000, offset_s: None, is_date: true })
    }

    #[allow(clippy::unnecessary_wraps)] // compared with what `time` gives
    fn at(days: i64, ms: i64, offset_s: Option<i32>) -> Option<TimeCell> {
        Some(TimeCell::Known { civil_ms: days * 86_400_000 + ms, offset_s, is_date: false })
    }

    #[allow(clippy::unnecessary_wraps)] // compared with what `time` gives
    fn order(a: u8, b: u8, year: i32, ms_of_day: i32, is_date: bool) -> Option<TimeCell> {
        Some(TimeCell::Order { a, b, year, ms_of_day, offset_s: None, is_date })
    }

    // 2026-02-28 is day 20 512 since 1970, 2021-04-15 day 18 732, 2000-01-01 day 10 957.

    proptest::proptest! {
        #[test]
        fn the_short_way_leads_to_the_same(cell in "[12][0-9]{3}-[01][0-9]-[0-3][0-9]([ T][0-2][0-9]:[0-6][0-9]:[0-6][0-9](Z|.000Z|)|)") {
            if let Some(time) = iso(cell.as_bytes()) {
                proptest::prop_assert_eq!(any(cell.as_bytes()), Some(time));
            }
        }
    }

    #[test]
    fn days_with_the_year_first() {
        assert_eq!(iso(b"2026-02-28 04:30:21"), at(20_512, 4 * HOUR + 1_821_000, None));
        for text in ["2026-02-28", "2026/02/28", "2026.02.28", "20260228", "2026-2-28"] {
            assert_eq!(time(text.as_bytes()), day(20_512), "{text}");
        }
        for text in ["2026-02-30", "2026-02-29", "2026-13-01", "2026-00-10", "2026-01-00", "2026-02/28", "20260230"] {
            assert_eq!(time(text.as_bytes()), None, "{text}");
        }
        for text in ["1899-12-31", "2200-01-01", "18991231", "2026", "2026-", "2026-2-", "202602281", "2026-02-281"] {
            assert_eq!(time(text.as_bytes()), None, "{text}");
        }
        assert_eq!(time(b"2024-02-29"), day(19_782));
        assert_eq!(time(b"1900-01-01"), day(-25_567));
        assert_eq!(time(b"2199-12-31"), day(84_005));
    }

    #[test]
    fn days_with_a_time() {
        for text in ["2026-02-28 4:30:21", "20260228T04:30:21", "2026/2/28 04:30:21.000", "2026-02-28, 4:30:21 AM"] {
            assert_eq!(time(text.as_bytes()), at(20_512, 4 * HOUR + 1_821_000, None), "{text}");
        }
        assert_eq!(time(b"2026-02-28T04:30:21.123Z"), at(20_512, 4 * HOUR + 1_821_123, Some(0)));
        assert_eq!(time(b"2026-02-28T04:30:21-0330"), at(20_512, 4 * HOUR + 1_821_000, Some(-12_600)));
        assert_eq!(time(b"2026-02-28 24:00"), None);
        assert_eq!(time(b"2026-02-30 10:00"), None);
    }

    #[test]
    fn dates_whose_order_is_open() {
        assert_eq!(time(b"03/04/2026"), order(3, 4, 2026, 0, true));
        assert_eq!(time(b"20-10-2016"), order(20, 10, 2016, 0, true));
        assert_eq!(time(b"31.1.2026"), order(31, 1, 2026, 0, true));
        assert_eq!(time(b"2/26/2018 19:58"), order(2, 26, 2018, 71_880_000, false));
        assert_eq!(time(b"02/23/26 08:55 PM"), order(2, 23, 2026, 75_300_000, false));
        assert_eq!(time(b"9/1/2026, 3:04 PM"), order(9, 1, 2026, 54_240_000, false));
        assert_eq!(time(b"1/1/00"), order(1, 1, 2000, 0, true));
        assert_eq!(time(b"1/1/69"), order(1, 1, 2069, 0, true));
        assert_eq!(time(b"1/1/70"), order(1, 1, 1970, 0, true));
        assert_eq!(time(b"29/02/24"), order(29, 2, 2024, 0, true));
        for text in ["13/13/2026", "0/1/2026", "31/2/2026", "29/02/23", "1/2/026", "1/2", "1-2/2026", "1/2/20266"] {
            assert_eq!(time(text.as_bytes()), None, "{text}");
        }
        assert_eq!(
            time(b"31/12/2026 10:00:00 +01:00"),
            Some(TimeCell::Order {
                a: 31,
                b: 12,
                year: 2026,
                ms_of_day: 36_000_000,
                offset_s: Some(3600),
                is_date: false
            })
        );
    }

    #[test]
    fn month_names() {
        assert_eq!(time(b"15 Apr, 2021 00:03:00"), at(18_732, 180_000, None));
        for text in ["15 April 2021", "15-Apr-21", "15-APR-2021", "apr 15, 2021", "April 15 2021", "15. Apr. 2021"] {
            assert_eq!(time(text.as_bytes()), day(18_732), "{text}");
        }
        assert_eq!(time(b"Apr 15, 2021, 3:04 PM"), at(18_732, 15 * HOUR + 240_000, None));
        assert_eq!(time(b"Jan 1, 2000"), day(10_957));
        assert_eq!(time(b"Sept 1, 2026"), time(b"2026-09-01"));
        assert_eq!(time(b"1 September 2026"), time(b"2026-09-01"));
        for text in
            ["30 Feb 2021", "Apr 31, 2026", "Mar-26", "Mar 26", "Marc 1, 2026", "15 2021", "Select", "ma 1, 2026"]
        {
            assert_eq!(time(text.as_bytes()), None, "{text}");
        }
    }

    #[test]
    fn months() {
        for text in ["2026-03", "Mar 2026", "March 2026", "mar-2026"] {
            assert_eq!(time(text.as_bytes()), Some(TimeCell::Month { year: 2026, month: 3 }), "{text}");
        }
        for text in ["2026-13", "2026-00", "2026-3", "2026/03", "2026.03", "1899-12", "Mar 2200"] {
            assert_eq!(time(text.as_bytes()), None, "{text}");
        }
    }

    #[test]
    fn seconds_and_milliseconds_since_1970() {
        assert_eq!(time(b"1772236800000"), at(20_512, 0, Some(0)));
        assert_eq!(time(b"1772236800"), at(20_512, 0, Some(0)));
        assert_eq!(time(b"1000000000000"), time(b"1000000000"));
        assert_eq!(time(b"4102444799999"), at(47_481, 24 * HOUR - 1, Some(0)));
        for text in ["0999999999999", "4102444800000", "4102444800", "0999999999", "17722368000", "-1772236800"] {
            assert_eq!(time(text.as_bytes()), None, "{text}");
        }
    }

    #[test]
    fn serial_days_only_where_they_are_asked_for() {
        assert_eq!(time(b"46081"), None);
        assert_eq!(excel_serial(b"46081"), Some((20_512 * 86_400_000, true)));
        assert_eq!(excel_serial(b"46081.0"), Some((20_512 * 86_400_000, true)));
        assert_eq!(excel_serial(b"25569.5"), Some((12 * HOUR, false)));
        assert_eq!(excel_serial(b"46081.33333"), Some((20_512 * 86_400_000 + 8 * HOUR, false)));
        assert_eq!(excel_serial(b"46081.333333333333333333"), Some((20_512 * 86_400_000 + 8 * HOUR, false)));
        assert_eq!(excel_serial(b"25569.999999"), Some((24 * HOUR, false)));
        for text in ["", "19999", "80000", "046081", "46081.", "46081.x", "-46081", "46,081", "x"] {
            assert_eq!(excel_serial(text.as_bytes()), None, "{text}");
        }
    }
}

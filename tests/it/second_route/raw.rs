//! Raw files and days: as little as these very exports need, and nothing of the program.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read;
use std::path::Path;

/// One record: cells by header; of two columns with the same header the first is kept.
pub type Record = BTreeMap<String, String>;

/// Every record of a file, blank ones too.
pub fn records(path: &Path) -> Vec<Record> {
    let mut bytes = Vec::new();
    File::open(path).and_then(|mut f| f.read_to_end(&mut bytes)).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    // ISO-8859-1 where it is not UTF-8: every byte is the character of that number.
    let text = String::from_utf8(bytes).unwrap_or_else(|e| e.as_bytes().iter().map(|b| char::from(*b)).collect());
    let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
    parse(text)
}

/// Every record of a text with a header.
pub fn parse(text: &str) -> Vec<Record> {
    let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(text.as_bytes());
    let header = reader.headers().unwrap().clone();
    let mut all = Vec::new();
    for record in reader.records() {
        let record = record.unwrap();
        let mut cells = Record::new();
        for (name, cell) in header.iter().zip(record.iter()) {
            cells.entry(name.to_owned()).or_insert_with(|| cell.to_owned());
        }
        all.push(cells);
    }
    all
}

/// Days since 1970-01-01 (Hinnant's civil calendar).
pub fn day(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let of_era = year - era * 400;
    let shifted = (month + 9) % 12;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + (153 * shifted + 2) / 5 + day - 1 - 719_468
}

/// Year, month and day.
pub fn civil(days: i64) -> (i64, i64, i64) {
    let z = days + 719_468;
    let era = z.div_euclid(146_097);
    let doe = z - era * 146_097;
    let yoe = (doe - doe / 1460 + doe / 36_524 - doe / 146_096) / 365;
    let doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    let mp = (5 * doy + 2) / 153;
    let month = if mp < 10 { mp + 3 } else { mp - 9 };
    (yoe + era * 400 + i64::from(month <= 2), month, doy - (153 * mp + 2) / 5 + 1)
}

/// `YYYY-MM-DD` of a day.
pub fn iso(days: i64) -> String {
    let (y, m, d) = civil(days);
    format!("{y:04}-{m:02}-{d:02}")
}

/// `2025-Q3` of a day.
pub fn quarter(days: i64) -> String {
    let (y, m, _) = civil(days);
    format!("{y}-Q{}", (m + 2) / 3)
}

/// First and last day of a quarter by its label.
pub fn quarter_days(label: &str) -> (i64, i64) {
    let year: i64 = label[..4].parse().unwrap();
    let first = (label[6..].parse::<i64>().unwrap() - 1) * 3 + 1;
    let next = if first == 10 { day(year + 1, 1, 1) } else { day(year, first + 3, 1) };
    (day(year, first, 1), next - 1)
}

/// The day that a cell begins with: `2025-04-03`, whatever follows; `2025-04` is the first of the month.
pub fn date(cell: &str) -> Option<i64> {
    if cell.is_empty() {
        return None;
    }
    let part = |range: std::ops::Range<usize>| cell[range].parse().unwrap_or_else(|_| panic!("no date: {cell}"));
    Some(day(part(0..4), part(5..7), if cell.len() < 10 { 1 } else { part(8..10) }))
}

/// A moment: seconds since 1970 in UTC for putting things in order, and the day it belongs to in New York.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Moment {
    pub at: i64,
    pub day: i64,
}

/// `2025-02-06T16:29:51Z`, or `2025-02-06 16:29:51` of a file whose times are in GMT.
pub fn utc(cell: &str) -> Option<Moment> {
    let at = seconds(cell)?;
    Some(Moment { at, day: (at + new_york_offset(at)).div_euclid(86_400) })
}

/// `2025-02-06 11:37` as the clocks of New York showed it.
pub fn new_york(cell: &str) -> Option<Moment> {
    let local = seconds(cell)?;
    // The hour that clocks show twice is taken as the first of the two.
    let summer = local + 4 * 3600;
    let at = if new_york_offset(summer) == -4 * 3600 { summer } else { local + 5 * 3600 };
    Some(Moment { at, day: local.div_euclid(86_400) })
}

/// A plain day.
pub fn plain(cell: &str) -> Option<Moment> {
    date(cell).map(|day| Moment { at: day * 86_400, day })
}

fn seconds(cell: &str) -> Option<i64> {
    let days = date(cell)?;
    let part = |range: std::ops::Range<usize>| cell[range].parse::<i64>().unwrap_or_else(|_| panic!("no time: {cell}"));
    let second = if cell.len() >= 19 { part(17..19) } else { 0 };
    Some(days * 86_400 + part(11..13) * 3600 + part(14..16) * 60 + second)
}

/// The two rules of daylight saving time since 2007: from the second Sunday of March, 2:00, to the first of November, 2:00.
fn new_york_offset(at: i64) -> i64 {
    let (year, _, _) = civil(at.div_euclid(86_400));
    // 1970-01-01 was a Thursday: days since then plus 4, modulo 7, is 0 on Sundays.
    let sunday_from = |days: i64| days + (7 - (days + 4).rem_euclid(7)) % 7;
    let starts = sunday_from(day(year, 3, 8)) * 86_400 + 7 * 3600;
    let ends = sunday_from(day(year, 11, 1)) * 86_400 + 6 * 3600;
    if (starts..ends).contains(&at) { -4 * 3600 } else { -5 * 3600 }
}

/// Cents of an amount with at most two decimals; a missing amount is not 0.
pub fn cents(cell: &str) -> Option<i64> {
    if cell.is_empty() {
        return None;
    }
    let (whole, part) = cell.split_once('.').unwrap_or((cell, ""));
    assert!(part.len() <= 2, "more than cents: {cell}");
    let part: i64 = format!("{part:0<2}").parse().unwrap();
    let whole: i64 = whole.parse().unwrap();
    Some(whole * 100 + part)
}

#[test]
fn days_are_the_calendars() {
    assert_eq!(day(1970, 1, 1), 0);
    assert_eq!(day(2024, 3, 1) - day(2024, 2, 28), 2);
    for d in (-800_000..800_000).step_by(37) {
        let (y, m, dd) = civil(d);
        assert_eq!(day(y, m, dd), d);
    }
    assert_eq!(quarter_days("2025-Q4"), (day(2025, 10, 1), day(2025, 12, 31)));
    // Clocks went forward on 2025-03-09 and back on 2025-11-02.
    assert_eq!(iso(utc("2025-03-09T04:59:59Z").unwrap().day), "2025-03-08");
    assert_eq!(iso(utc("2025-03-10T03:59:59Z").unwrap().day), "2025-03-09");
    assert_eq!(iso(utc("2025-03-10T04:00:00Z").unwrap().day), "2025-03-10");
    assert_eq!(iso(utc("2025-11-03T04:30:00Z").unwrap().day), "2025-11-02");
    assert_eq!(new_york("2025-07-01 00:30"), utc("2025-07-01T04:30:00Z"));
    assert_eq!(new_york("2025-12-01 00:30"), utc("2025-12-01T05:30:00Z"));
}

//! A cell's number → text: plain decimals, dates, times.
//!
//! In: the number as the workbook has it, and its number format. Out: text that reads the same in every place.

use std::borrow::Cow;

/// What a number format shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Format {
    /// A number.
    #[default]
    Plain,
    /// A day.
    Date,
    /// A day and a time.
    DateTime,
    /// A time of day.
    Time,
    /// A span of time, in hours, minutes or seconds.
    Duration,
}

impl Format {
    /// The format that every workbook knows by this number.
    pub fn built_in(number: u32) -> Self {
        match number {
            // Those from 27 on are days (or times) in East Asian settings.
            14..=17 | 27..=31 | 36 | 50..=54 | 57 | 58 => Self::Date,
            18..=21 | 32..=35 | 45 | 47 | 55 | 56 => Self::Time,
            22 => Self::DateTime,
            46 => Self::Duration,
            _ => Self::Plain,
        }
    }

    /// The format that this code describes, such as `yyyy\-mm\-dd hh:mm`.
    pub fn of_code(code: &str) -> Self {
        let (mut day, mut clock, mut month) = (false, false, false);
        let mut chars = code.chars().peekable();
        let mut section = String::new();
        while let Some(c) = chars.next() {
            match c {
                // Only the first section counts: the others are for negative numbers, zero and text.
                ';' => break,
                '\\' | '_' | '*' => drop(chars.next()),
                '"' => drop(chars.by_ref().find(|c| *c == '"')),
                '[' => {
                    let inside: String = chars.by_ref().take_while(|c| *c != ']').collect();
                    let low = inside.to_ascii_lowercase();
                    // [h], [mm]: counts on beyond a day. Others are colours, conditions and languages.
                    if !low.is_empty()
                        && ["h", "m", "s"].iter().any(|unit| low.trim_matches(|c| unit.contains(c)).is_empty())
                    {
                        return Self::Duration;
                    }
                }
                _ => section.push(c.to_ascii_lowercase()),
            }
        }
        // Words of their own, with letters that would mean something else.
        let section = section.replace("general", "").replace("am/pm", "h").replace("a/p", "h");
        let mut before = ' ';
        for c in section.chars() {
            match c {
                'y' | 'd' => day = true,
                // The year in East Asian settings, but `0.00E+00` is a number.
                'e' if !matches!(before, '0' | '#' | '?' | '.') => day = true,
                'h' | 's' => clock = true,
                'm' => month = true,
                _ => {}
            }
            before = c;
        }
        // A lone m is a month, and minutes next to hours or seconds; mmm is always a month.
        day |= (month && !clock) || section.contains("mmm");
        match (day, clock) {
            (true, true) => Self::DateTime,
            (true, false) => Self::Date,
            (false, true) => Self::Time,
            (false, false) => Self::Plain,
        }
    }
}

/// A number as text. `since_1904`: the workbook counts days from 1904.
pub fn text(raw: &str, format: Format, since_1904: bool) -> Cow<'_, str> {
    let moment = match format {
        Format::Plain => None,
        format => raw.trim().parse().ok().and_then(|serial| moment(serial, format, since_1904)),
    };
    moment.map_or_else(|| plain(raw), Cow::Owned)
}

/// A number in plain decimal digits; what is no number stays as it is.
pub fn plain(raw: &str) -> Cow<'_, str> {
    let trimmed = raw.trim();
    let digits = trimmed.strip_prefix('-').unwrap_or(trimmed);
    // Digits are kept one by one: an id may have more of them than a float.
    if !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit()) {
        return Cow::Borrowed(if digits.bytes().all(|b| b == b'0') { digits } else { trimmed });
    }
    match trimmed.parse::<f64>() {
        Ok(0.0) => Cow::Borrowed("0"),
        // Display never writes an exponent, and as few digits as tell the number from its neighbours.
        Ok(number) if number.is_finite() => Cow::Owned(number.to_string()),
        _ => Cow::Borrowed(raw),
    }
}

/// Whether a whole number has more digits than a spreadsheet program keeps.
pub fn is_long(plain: &str) -> bool {
    let digits = plain.strip_prefix('-').unwrap_or(plain);
    digits.len() > 15 && digits.bytes().all(|b| b.is_ascii_digit())
}

const DAY_MS: i64 = 86_400_000;
/// The last day that spreadsheet programs know, 9999-12-31.
const LAST: i64 = 2_958_465;
/// The day before the first in 1904, counted as days are from 1900.
const DAYS_TO_1904: i64 = 1462;

/// A day, a time, or both; `None` where the number stands for neither.
fn moment(serial: f64, format: Format, since_1904: bool) -> Option<String> {
    #[allow(clippy::cast_precision_loss)]
    let within = serial.abs() < (LAST + 1) as f64;
    if !within || (serial < 0.0 && format != Format::Duration) {
        return None;
    }
    // Within 2.6e14 milliseconds, which a float counts exactly.
    #[allow(clippy::cast_possible_truncation, clippy::cast_precision_loss)]
    let total = (serial * DAY_MS as f64).round() as i64;
    if format == Format::Duration {
        let sign = if total < 0 { "-" } else { "" };
        return Some(format!("{sign}{}", clock(total.abs())));
    }
    if serial < 1.0 && (format == Format::Time || !since_1904) {
        // Day 0 is no day, but what an empty date becomes in a formula.
        let no_date = total == 0 && format != Format::Time;
        return (!no_date).then(|| clock(total.min(DAY_MS - 1)));
    }
    let (mut day, time) = (total.div_euclid(DAY_MS), total.rem_euclid(DAY_MS));
    if since_1904 {
        day += DAYS_TO_1904;
    }
    let since_1970 = match day {
        // The 29th of February 1900 never was: days before it are counted from one day later.
        60 => return None,
        ..60 => day - 25_568,
        61..=LAST => day - 25_569,
        _ => return None,
    };
    let date = date(since_1970);
    Some(if time == 0 && format == Format::Date { date } else { format!("{date}T{}", clock(time)) })
}

fn clock(ms: i64) -> String {
    let (seconds, rest) = (ms / 1000, ms % 1000);
    let text = format!("{:02}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60);
    if rest == 0 { text } else { format!("{text}.{rest:03}") }
}

/// Year, month and day of a day number that counts from 1970-01-01 (Howard Hinnant's `civil_from_days`).
fn date(since_1970: i64) -> String {
    let days = since_1970 + 719_468;
    let era = days.div_euclid(146_097);
    let of_era = days.rem_euclid(146_097);
    let year_of_era = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * of_year + 2) / 153;
    let day = of_year - (153 * shifted + 2) / 5 + 1;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    format!("{year:04}-{month:02}-{day:02}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formats_by_their_code() {
        for (code, format) in [
            ("General", Format::Plain),
            ("0.00E+00", Format::Plain),
            ("#,##0.00\\ [$€-407]", Format::Plain),
            ("0\" days\"", Format::Plain),
            ("[Red]-0", Format::Plain),
            ("@", Format::Plain),
            ("_-* #,##0.00_-;dd", Format::Plain),
            ("yyyy\\-mm\\-dd", Format::Date),
            ("[$-409]mmm\\-yy;@", Format::Date),
            ("m/d", Format::Date),
            ("mmmm", Format::Date),
            ("yyyy-mm-dd hh:mm", Format::DateTime),
            ("m/d/yy h:mm AM/PM", Format::DateTime),
            ("h:mm AM/PM", Format::Time),
            ("mm:ss", Format::Time),
            ("hh:mm:ss.000", Format::Time),
            ("[h]:mm:ss", Format::Duration),
            ("[mm]:ss", Format::Duration),
            ("\"unclosed", Format::Plain),
            ("[h", Format::Duration),
            ("\\", Format::Plain),
        ] {
            assert_eq!(Format::of_code(code), format, "{code}");
        }
    }

    #[test]
    fn numbers_are_plain_decimals() {
        for (raw, text) in [
            ("1", "1"),
            ("-0", "0"),
            ("1.0", "1"),
            ("1.1000000000000001", "1.1"),
            ("-2.5E-3", "-0.0025"),
            ("1E21", "1000000000000000000000"),
            ("1.2345678901234567E+19", "12345678901234567000"),
            ("12345678901234567891", "12345678901234567891"),
            ("0.30000000000000004", "0.30000000000000004"),
            ("nan", "nan"),
            ("1e999", "1e999"),
            ("what", "what"),
            ("", ""),
            ("-", "-"),
        ] {
            assert_eq!(plain(raw), text, "{raw}");
        }
        assert!(is_long("1234567890123456") && is_long("-1234567890123456"));
        assert!(!is_long("123456789012345") && !is_long("0.30000000000000004"));
    }

    #[test]
    fn days_and_times_in_both_systems() {
        for (raw, format, since_1904, expected) in [
            ("46127", Format::Date, false, "2026-04-15"),
            ("46127", Format::DateTime, false, "2026-04-15T00:00:00"),
            ("46127.395833333336", Format::DateTime, false, "2026-04-15T09:30:00"),
            ("46127.395833333336", Format::Date, false, "2026-04-15T09:30:00"),
            ("46127.395839120371", Format::DateTime, false, "2026-04-15T09:30:00.500"),
            ("46127.999999999", Format::DateTime, false, "2026-04-16T00:00:00"),
            ("44665", Format::Date, true, "2026-04-15"),
            ("0", Format::Date, true, "1904-01-01"),
            ("0.5", Format::DateTime, true, "1904-01-01T12:00:00"),
            ("0.5", Format::Time, true, "12:00:00"),
            ("0.39583333333333331", Format::Time, false, "09:30:00"),
            ("0.5", Format::DateTime, false, "12:00:00"),
            ("0.9999999999", Format::Time, false, "23:59:59.999"),
            ("46127.5", Format::Time, false, "2026-04-15T12:00:00"),
            ("0", Format::Time, false, "00:00:00"),
            ("0", Format::Date, false, "0"),
            ("1", Format::Date, false, "1900-01-01"),
            ("59", Format::Date, false, "1900-02-28"),
            ("60", Format::Date, false, "60"),
            ("61", Format::Date, false, "1900-03-01"),
            ("2958465", Format::Date, false, "9999-12-31"),
            ("2958466", Format::Date, false, "2958466"),
            ("2958465", Format::Date, true, "2958465"),
            ("-1", Format::Date, false, "-1"),
            ("1.5", Format::Duration, false, "36:00:00"),
            ("-0.25", Format::Duration, false, "-06:00:00"),
            ("nan", Format::Date, false, "nan"),
            ("1e300", Format::Duration, false, &format!("1{}", "0".repeat(300))),
        ] {
            assert_eq!(text(raw, format, since_1904), expected, "{raw} {format:?}");
        }
    }
}

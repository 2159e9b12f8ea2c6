//! The time of day after a date, and its zone.
//!
//! In: the bytes that follow a date. Out: [`Tail`]: milliseconds since midnight and the offset, or that there is none.

use super::number::{skip_spaces, space};

/// What follows a date.
pub(super) struct Tail {
    /// Milliseconds since midnight.
    pub ms_of_day: i32,
    /// Seconds that the written zone is ahead of UTC.
    pub offset_s: Option<i32>,
    /// No time is written.
    pub is_date: bool,
}

/// Reads what follows a date: nothing, or a time with or without AM or PM and a zone. `None` when it is anything else.
pub(super) fn tail(rest: &[u8]) -> Option<Tail> {
    let rest = match rest {
        [] => {
            return Some(Tail { ms_of_day: 0, offset_s: None, is_date: true });
        }
        [b'T' | b't', rest @ ..] => rest,
        [b',', after @ ..] if space(after) > 0 => skip_spaces(after),
        _ if space(rest) > 0 => skip_spaces(rest),
        _ => return None,
    };
    let (hour, rest) = one_or_two(rest)?;
    let (minute, rest) = exactly_two(rest.strip_prefix(b":")?)?;
    let (mut second, mut ms, mut rest) = (0, 0, rest);
    if let [b':', after @ ..] = rest {
        (second, rest) = exactly_two(after)?;
        if let [b'.' | b',', after @ ..] = rest {
            let length = digit_run(after);
            // Milliseconds are kept, and what is finer is cut off: 12:00:00.9999 is not yet 12:00:01.
            let unit = [100, 10, 1];
            ms = after[..length].iter().zip(unit).map(|(digit, unit)| i32::from(digit - b'0') * unit).sum();
            rest = after.get(length..).filter(|_| length > 0)?;
        }
    }
    let (hour, rest) = half_day(hour, skip_spaces(rest))?;
    let offset_s = offset(skip_spaces(rest))?;
    if hour > 23 || minute > 59 || second > 60 {
        return None;
    }
    let seconds = i32::from(hour) * 3600 + i32::from(minute) * 60 + i32::from(second.min(59));
    Some(Tail { ms_of_day: seconds * 1000 + ms, offset_s, is_date: false })
}

/// Turns 12-hour clock into 24-hour clock where AM or PM is written.
fn half_day(hour: u8, rest: &[u8]) -> Option<(u8, &[u8])> {
    match rest {
        [half @ (b'a' | b'A' | b'p' | b'P'), b'm' | b'M', rest @ ..] => {
            let afternoon = if half.eq_ignore_ascii_case(&b'p') { 12 } else { 0 };
            (1..=12).contains(&hour).then_some((hour % 12 + afternoon, rest))
        }
        _ => Some((hour, rest)),
    }
}

/// The zone's offset: outer `None` when what stands there is no zone.
#[allow(clippy::option_option)] // no zone is fine, a zone that cannot be read is not
fn offset(rest: &[u8]) -> Option<Option<i32>> {
    let (sign, digits) = match rest {
        [] => return Some(None),
        [b'Z' | b'z'] | b"UTC" | b"GMT" => return Some(Some(0)),
        [b'+', digits @ ..] => (1, digits),
        [b'-', digits @ ..] => (-1, digits),
        _ => return None,
    };
    let (hours, rest) = exactly_two(digits)?;
    let minutes = match rest {
        [] => 0,
        [b':', rest @ ..] | rest => exactly_two(rest).filter(|(_, end)| end.is_empty())?.0,
    };
    let seconds = i32::from(hours) * 3600 + i32::from(minutes) * 60;
    (minutes < 60 && seconds <= 14 * 3600).then_some(Some(sign * seconds))
}

pub(super) fn digit_run(cell: &[u8]) -> usize {
    cell.iter().take_while(|b| b.is_ascii_digit()).count()
}

pub(super) fn one_or_two(rest: &[u8]) -> Option<(u8, &[u8])> {
    match rest {
        [a @ b'0'..=b'9', b @ b'0'..=b'9', rest @ ..] => Some(((a - b'0') * 10 + (b - b'0'), rest)),
        [a @ b'0'..=b'9', rest @ ..] => Some((a - b'0', rest)),
        _ => None,
    }
}

fn exactly_two(rest: &[u8]) -> Option<(u8, &[u8])> {
    match rest {
        [a @ b'0'..=b'9', b @ b'0'..=b'9', rest @ ..] => Some(((a - b'0') * 10 + (b - b'0'), rest)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: i32 = 60_000;
    const HOUR: i32 = 60 * MINUTE;

    fn read(text: &str) -> Option<(i32, Option<i32>)> {
        tail(text.as_bytes()).map(|t| {
            assert_eq!(t.is_date, text.is_empty());
            (t.ms_of_day, t.offset_s)
        })
    }

    #[test]
    fn times_of_day() {
        for (text, ms) in [
            ("", 0),
            (" 00:00:00", 0),
            (" 4:30", 4 * HOUR + 30 * MINUTE),
            (" 04:30:21", 4 * HOUR + 30 * MINUTE + 21_000),
            ("T23:59:59.999", 24 * HOUR - 1),
            ("t23:59:59.999999999", 24 * HOUR - 1),
            (" 23:59:60", 24 * HOUR - 1000),
            (" 12:00:00.5", 12 * HOUR + 500),
            (" 12:00:00,05", 12 * HOUR + 50),
            (" 12:00 AM", 0),
            (" 12:30 pm", 12 * HOUR + 30 * MINUTE),
            (", 1:05:09PM", 13 * HOUR + 5 * MINUTE + 9000),
            (" 11:59\u{202f}PM", 23 * HOUR + 59 * MINUTE),
            ("  11:00", 11 * HOUR),
        ] {
            assert_eq!(read(text), Some((ms, None)), "{text}");
        }
        for text in [
            " 24:00",
            " 12:60",
            " 12:00:61",
            " 13:00 PM",
            " 0:15 AM",
            " 12",
            " 12:0",
            "T",
            "T12:00:00.",
            " 12:00 XM",
            "x12:00",
            " 12:00 AM x",
            ",12:00",
            " ",
        ] {
            assert_eq!(read(text), None, "{text}");
        }
    }

    #[test]
    fn zones() {
        for (text, offset) in [
            ("T14:06:20Z", 0),
            ("T14:06:20.000+0000", 0),
            (" 14:06:20 UTC", 0),
            (" 14:06:20 GMT", 0),
            ("T14:06:20+00:00", 0),
            ("T14:06:20+00", 0),
            ("T14:06:20+05:30", 19_800),
            ("T14:06:20-0330", -12_600),
            (" 14:06:20 -08", -28_800),
            (" 2:06:20 PM +14:00", 50_400),
        ] {
            assert_eq!(read(text), Some((14 * HOUR + 6 * MINUTE + 20_000, Some(offset))), "{text}");
        }
        for zone in ["+15:00", "+5", "+05:3", "+05:60", "+05:300", "EST", "+", "Z0", "+14:01"] {
            assert_eq!(read(&format!("T14:06:20{zone}")), None, "{zone}");
        }
    }
}

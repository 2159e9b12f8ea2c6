//! Numbers and cells as text: once for people, once for machines.
//!
//! In: a value and its unit. Out: text. People get rounding, units and thousands separators; machines get the value
//! itself. Rounding is half away from zero on the shortest decimal form, as in a spreadsheet: 2.675 is 2.68.

use anyhow::{Result, bail};

use crate::report::{Cell, Unit};

/// What people see where a value is missing.
pub const MISSING: &str = "–";

/// The plain value for machines: the shortest decimal that reads back as the same number, never with an exponent.
///
/// ```
/// use onefunnel::output::number::machine;
/// assert_eq!(machine(8000.0).ok(), Some("8000".to_owned()));
/// assert_eq!(machine(0.000_015).ok(), Some("0.000015".to_owned()));
/// ```
///
/// # Errors
/// A value that is not finite: undefined results must have become missing cells before.
pub fn machine(value: f64) -> Result<String> {
    if !value.is_finite() {
        bail!("the number {value} cannot be written: an undefined result must be a missing cell");
    }
    Ok(if value == 0.0 { "0".to_owned() } else { value.to_string() })
}

/// A number as people read it, with its unit.
///
/// | unit | example | rule |
/// |---|---|---|
/// | count, heads | `8,000`, `12.5` | one decimal only when not whole |
/// | share | `10.5%`, `0.15%` | one decimal, two below 1 % |
/// | points | `+1.2 pp`, `-0.04 pp` | signed; one decimal, two below 1 |
/// | change | `+12.3%` | signed; one decimal |
/// | times | `3.2 : 1`, `0.35 : 1` | one decimal, two below 1 |
/// | days | `14 d`, `48.4 d` | one decimal only when not whole |
/// | money | `2,815,000`, `12.50` | two decimals below 1,000, otherwise none |
/// | hours | `13.8 h`, `0.25 h` | one decimal, two below 1 |
/// | number | `12.35`, `12,346` | four significant digits, but never a rounded-off whole part |
///
/// A value that is not finite is shown as missing.
#[must_use]
pub fn people(value: f64, unit: Unit) -> String {
    if !value.is_finite() {
        return MISSING.to_owned();
    }
    match unit {
        Unit::Count | Unit::Heads => whole_or_tenths(value),
        Unit::Share => format!("{}%", finer_below_one(value, 2)),
        Unit::Points => format!("{} pp", signed(value, finer_below_one(value, 2))),
        Unit::Change => format!("{}%", signed(value, decimal(value, 2, 1))),
        Unit::Times => format!("{} : 1", finer_below_one(value, 0)),
        Unit::Days => format!("{} d", whole_or_tenths(value)),
        Unit::Money => {
            if value == 0.0 {
                return "0".to_owned();
            }
            let cents = decimal(value, 0, 2);
            let whole_part = cents.trim_start_matches('-').split('.').next().unwrap_or_default();
            if whole_part.contains(',') { decimal(value, 0, 0) } else { cents }
        }
        Unit::Number => significant(value),
        Unit::Hours => format!("{} h", finer_below_one(value, 0)),
    }
}

/// So many things, with the words for one or for several: `1 deal has`, `2 deals have`.
#[must_use]
pub fn of(n: u64, one: &str, many: &str) -> String {
    format!("{n} {}", if n == 1 { one } else { many })
}

/// An interval of shares as people read it: `48.5–54.6%`.
#[must_use]
pub fn interval(low: f64, high: f64) -> String {
    let (low, high) = (people(low, Unit::Share), people(high, Unit::Share));
    format!("{}–{high}", low.trim_end_matches('%'))
}

/// A cell as people read it; control characters and line breaks are made single spaces.
#[must_use]
pub fn cell(cell: &Cell) -> String {
    match cell {
        Cell::Missing(_) => MISSING.to_owned(),
        Cell::Text(text) => plain(text),
        Cell::Number(value, unit) => people(*value, *unit),
        Cell::Date(date) => date.to_string(),
        Cell::Flag(true) => "yes".to_owned(),
        Cell::Flag(false) => "no".to_owned(),
    }
}

/// Text on one line: each run of control characters (line breaks, tabs, terminal escapes) becomes one space.
#[must_use]
pub fn plain(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut in_run = false;
    for c in text.chars() {
        if c.is_control() {
            if !in_run {
                out.push(' ');
            }
            in_run = true;
        } else {
            out.push(c);
            in_run = false;
        }
    }
    out
}

/// A whole number with thousands separators: `20,183`.
#[must_use]
pub fn whole(n: u64) -> String {
    group(&n.to_string())
}

fn whole_or_tenths(value: f64) -> String {
    decimal(value, 0, usize::from(value.fract() != 0.0))
}

/// One decimal, or two where one would say too little: below 1 after rounding, and not exactly 0.
fn finer_below_one(value: f64, shift: i32) -> String {
    let fine = decimal(value, shift, 2);
    if value != 0.0 && fine.trim_start_matches('-').starts_with("0.") { fine } else { decimal(value, shift, 1) }
}

fn signed(value: f64, text: String) -> String {
    if value > 0.0 && text.bytes().any(|b| (b'1'..=b'9').contains(&b)) { format!("+{text}") } else { text }
}

/// Four significant digits; trailing zeros of the fraction dropped; the whole part always complete.
fn significant(value: f64) -> String {
    let (_, point) = digits(value);
    let places = usize::try_from((4 - point).max(0)).unwrap_or(0);
    let text = decimal(value, 0, places);
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text }
}

/// The shortest decimal digits of `|value|`, and how many of them stand before the point (0 or less for fractions).
fn digits(value: f64) -> (Vec<u8>, i32) {
    let text = format!("{:e}", value.abs());
    let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    let digits = mantissa.bytes().filter(u8::is_ascii_digit).collect();
    (digits, exponent.parse::<i32>().unwrap_or(0) + 1)
}

/// `value · 10^shift` with `places` decimals and thousands separators. The shift moves the point in the text: no float
/// multiplication, so 0.145 is 14.5 and not 14.499999999999998. Nothing is left of a `-` before zeros.
fn decimal(value: f64, shift: i32, places: usize) -> String {
    let (digits, point) = digits(value);
    let keep = i64::from(point) + i64::from(shift) + i64::try_from(places).unwrap_or(0);
    let mut kept: Vec<u8> = Vec::new();
    if let Ok(keep) = usize::try_from(keep) {
        kept = digits.iter().copied().chain(std::iter::repeat(b'0')).take(keep).collect();
        if digits.get(keep).is_some_and(|d| *d >= b'5') {
            round_up(&mut kept);
        }
    }
    let missing = (places + 1).saturating_sub(kept.len());
    kept.splice(0..0, std::iter::repeat_n(b'0', missing));
    let zero = kept.iter().all(|d| *d == b'0');
    let text: String = kept.iter().copied().map(char::from).collect();
    let (whole, fraction) = text.split_at(text.len() - places);
    let mut out = String::new();
    if value < 0.0 && !zero {
        out.push('-');
    }
    let whole = whole.trim_start_matches('0');
    out.push_str(&group(if whole.is_empty() { "0" } else { whole }));
    if places > 0 {
        out.push('.');
        out.push_str(fraction);
    }
    out
}

fn round_up(digits: &mut Vec<u8>) {
    for digit in digits.iter_mut().rev() {
        if *digit < b'9' {
            *digit += 1;
            return;
        }
        *digit = b'0';
    }
    digits.insert(0, b'1');
}

fn group(whole: &str) -> String {
    let mut out = String::with_capacity(whole.len() + whole.len() / 3);
    for (i, c) in whole.chars().enumerate() {
        if i > 0 && (whole.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(c);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn machines_get_the_plain_value() {
        for (value, expected) in [
            (0.0, "0"),
            (-0.0, "0"),
            (8000.0, "8000"),
            (-2.0, "-2"),
            (0.1, "0.1"),
            (0.105_000_000_000_000_01, "0.10500000000000001"),
            (1e21, "1000000000000000000000"),
            (1.5e-7, "0.00000015"),
            (1_234_567.89, "1234567.89"),
        ] {
            assert_eq!(machine(value).unwrap(), expected);
        }
        for value in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
            assert!(machine(value).unwrap_err().to_string().contains("missing cell"));
        }
    }

    #[test]
    fn people_see_units() {
        use Unit::{Change, Count, Days, Heads, Money, Number, Points, Share, Times};
        for (value, unit, expected) in [
            (8000.0, Count, "8,000"),
            (0.0, Count, "0"),
            (-1_234_567.0, Count, "-1,234,567"),
            (0.105, Share, "10.5%"),
            (0.1045, Share, "10.5%"),
            (0.0015, Share, "0.15%"),
            (0.0, Share, "0.0%"),
            (0.009_96, Share, "1.0%"),
            (0.009_94, Share, "0.99%"),
            (0.999_96, Share, "100.0%"),
            (-0.000_000_1, Share, "0.00%"),
            (12.5, Share, "1,250.0%"),
            (0.012, Points, "+1.2 pp"),
            (-0.0004, Points, "-0.04 pp"),
            (0.000_000_1, Points, "0.00 pp"),
            (0.0, Points, "0.0 pp"),
            (0.1234, Change, "+12.3%"),
            (-0.1235, Change, "-12.4%"),
            (-0.0001, Change, "0.0%"),
            (0.0001, Change, "0.0%"),
            (3.24, Times, "3.2 : 1"),
            (0.35, Times, "0.35 : 1"),
            (4.0, Times, "4.0 : 1"),
            (14.0, Days, "14 d"),
            (48.35, Days, "48.4 d"),
            (-0.04, Days, "0.0 d"),
            (1460.0, Days, "1,460 d"),
            (2_815_000.0, Money, "2,815,000"),
            (2_815_000.5, Money, "2,815,001"),
            (12.5, Money, "12.50"),
            (2.675, Money, "2.68"),
            (999.994, Money, "999.99"),
            (999.996, Money, "1,000"),
            (-1000.0, Money, "-1,000"),
            (-0.001, Money, "0.00"),
            (12.0, Heads, "12"),
            (12.25, Heads, "12.3"),
            (12.345_6, Number, "12.35"),
            (12_345.678, Number, "12,346"),
            (9.999_96, Number, "10"),
            (0.5, Number, "0.5"),
            (0.001_234_56, Number, "0.001235"),
            (0.0, Number, "0"),
            (-0.0, Number, "0"),
            (-1.5, Number, "-1.5"),
            (f64::NAN, Number, "–"),
        ] {
            assert_eq!(people(value, unit), expected, "{value} as {unit:?}");
        }
    }

    #[test]
    fn text_stays_on_its_line() {
        assert_eq!(plain("a\r\nb\tc"), "a b c");
        assert_eq!(plain("\u{1b}[31mred"), " [31mred");
        assert_eq!(plain("Zoë, 東京"), "Zoë, 東京");
    }

    #[test]
    fn cells_of_every_kind() {
        assert_eq!(cell(&Cell::Missing("no spend ledger".into())), "–");
        assert_eq!(cell(&Cell::Flag(true)), "yes");
        assert_eq!(cell(&Cell::Flag(false)), "no");
        assert_eq!(cell(&Cell::Date(jiff::civil::date(2026, 6, 30))), "2026-06-30");
        assert_eq!(cell(&Cell::count(20_183)), "20,183");
        assert_eq!(whole(1_000), "1,000");
        assert_eq!(whole(999), "999");
    }

    proptest::proptest! {
        #[test]
        fn machine_reads_back(value in proptest::num::f64::NORMAL | proptest::num::f64::SUBNORMAL) {
            let text = machine(value).unwrap();
            proptest::prop_assert!(!text.contains(['e', 'E']));
            proptest::prop_assert_eq!(text.parse::<f64>().unwrap().to_bits(), value.to_bits());
        }

        #[test]
        fn people_stay_within_half_a_step(value in -1e9_f64..1e9) {
            let text = people(value, Unit::Count).replace(',', "");
            let places = text.split_once('.').map_or(0, |(_, f)| f.len());
            let step = if places == 0 { 1.0 } else { 0.1 };
            proptest::prop_assert!((text.parse::<f64>().unwrap() - value).abs() <= step / 2.0 + 1e-6);
        }
    }
}

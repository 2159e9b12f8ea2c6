//! Digits and marks → an exact decimal number.
//!
//! In: bytes from the first digit or mark to the last digit. Out: [`Digits`]: whole and fraction, still in place, and
//! what the marks say about the file's decimal mark. Grouping is checked: `1,23` is no way to write 123.

use super::amount::Decimal;

/// A number's digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Digits<'a> {
    /// Digits before the decimal mark, with the marks between their groups.
    whole: &'a [u8],
    /// Digits after the decimal mark.
    fraction: &'a [u8],
    /// The decimal mark that this number can only have; `None` when it could have either.
    pub says: Option<Decimal>,
}

/// More digits after the decimal mark than this do not change any rounding to minor units.
const FRACTION: usize = 18;

impl Digits<'_> {
    /// The digits as one integer, and how many of them stand after the decimal mark. `None` when too large for money.
    pub fn mantissa(&self) -> Option<(i128, u32)> {
        let mut mantissa: i128 = 0;
        for digit in self.whole.iter().filter(|b| b.is_ascii_digit()) {
            mantissa = mantissa * 10 + i128::from(digit - b'0');
            if mantissa > i128::from(u64::MAX) {
                return None;
            }
        }
        let fraction = &self.fraction[..self.fraction.len().min(FRACTION)];
        for digit in fraction {
            mantissa = mantissa * 10 + i128::from(digit - b'0');
        }
        u32::try_from(fraction.len()).ok().map(|length| (mantissa, length))
    }

    /// The nearest `f64` to the number divided by ten to the power of `shift`.
    pub fn nearest(&self, shift: usize) -> Option<f64> {
        // Integers below 2^53 and powers of ten up to 10^22 are exact, so that one division rounds once.
        const TEN: [f64; 23] = [
            1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18,
            1e19, 1e20, 1e21, 1e22,
        ];
        if self.whole.len() + self.fraction.len() <= 15 {
            let digits = self.whole.iter().chain(self.fraction).filter(|b| b.is_ascii_digit());
            let value = digits.fold(0.0, |value: f64, digit| value * 10.0 + f64::from(digit - b'0'));
            return TEN.get(self.fraction.len() + shift).map(|ten| value / ten);
        }
        let mut text = [0; 80];
        let mut length = 0;
        let mut push = |byte: u8| -> Option<()> {
            *text.get_mut(length)? = byte;
            length += 1;
            Some(())
        };
        self.whole.iter().filter(|b| b.is_ascii_digit()).try_for_each(|b| push(*b))?;
        push(b'.')?;
        self.fraction.iter().take(30).try_for_each(|b| push(*b))?;
        if shift == 2 {
            b"e-2".iter().try_for_each(|b| push(*b))?;
        }
        std::str::from_utf8(&text[..length]).ok()?.parse().ok()
    }
}

/// The fast path: an optional minus, digits, at most one point, and no doubt about it.
pub(super) fn plain(cell: &[u8]) -> Option<(bool, Digits<'_>)> {
    let (negative, body) = match cell {
        [b'-', body @ ..] => (true, body),
        _ => (false, cell),
    };
    let whole = body.iter().take_while(|b| b.is_ascii_digit()).count();
    if whole == 0 {
        return None;
    }
    let (whole, rest) = body.split_at(whole);
    match rest {
        [] => Some((negative, Digits { whole, fraction: rest, says: None })),
        [b'.', fraction @ ..] if !fraction.is_empty() && fraction.iter().all(u8::is_ascii_digit) => {
            if could_be_group(whole, fraction) {
                return None;
            }
            Some((negative, Digits { whole, fraction, says: Some(Decimal::Point) }))
        }
        _ => None,
    }
}

/// `1,234`: what stands around a single mark could be a group of thousands as well as a fraction.
fn could_be_group(whole: &[u8], fraction: &[u8]) -> bool {
    fraction.len() == 3 && (1..=3).contains(&whole.len()) && whole[0] != b'0'
}

/// Takes a number apart; `decimal` decides only where the number itself does not. `None` when it is no number.
pub(super) fn digits(body: &[u8], decimal: Decimal) -> Option<Digits<'_>> {
    let alone = |mark: u8, at: usize| memchr::memchr(mark, body) == Some(at);
    let last = |mark: u8| body.iter().rposition(|b| *b == mark);
    let other = |one: u8| if one == b'.' { b',' } else { b'.' };
    let says = |mark: u8| if mark == b'.' { Decimal::Point } else { Decimal::Comma };
    // The decimal mark and where it is; what it says about the file.
    let (at, says) = match (last(b'.'), last(b',')) {
        (None, None) => (None, None),
        (Some(point), Some(comma)) => {
            let at = point.max(comma);
            (alone(body[at], at)).then_some((Some(at), Some(says(body[at]))))?
        }
        (Some(at), None) | (None, Some(at)) => {
            let mark = body[at];
            let fraction = &body[at + 1..];
            if !alone(mark, at) {
                (None, Some(says(other(mark))))
            } else if body[..at].iter().all(u8::is_ascii_digit) && could_be_group(&body[..at], fraction) {
                ((says(mark) == decimal).then_some(at), None)
            } else {
                (Some(at), Some(says(mark)))
            }
        }
    };
    let (whole, fraction) = match at {
        Some(at) => (&body[..at], &body[at + 1..]),
        None => (body, &body[body.len()..]),
    };
    let fraction_fine = fraction.iter().all(u8::is_ascii_digit) && (at.is_none() || !fraction.is_empty());
    (fraction_fine && (whole.is_empty() || is_grouped(whole))).then_some(Digits { whole, fraction, says })
}

/// Digits alone, or in groups of three, or, as in India, of two before a last group of three; one kind of mark between.
fn is_grouped(whole: &[u8]) -> bool {
    let mut rest = whole;
    let mut mark = None;
    let (mut groups, mut first, mut threes, mut twos) = (0, 0, 0, 0);
    let last = loop {
        let length = rest.iter().take_while(|b| b.is_ascii_digit()).count();
        rest = &rest[length..];
        groups += 1;
        if groups == 1 {
            first = length;
        } else if !rest.is_empty() {
            threes += usize::from(length == 3);
            twos += usize::from(length == 2);
        }
        let next = match rest {
            [] => break length,
            [mark @ (b'.' | b',' | b'\''), ..] => (*mark, 1),
            [0xe2, 0x80, 0x99, ..] => (b'\'', 3),
            _ => match space(rest) {
                0 => return false,
                width => (b' ', width),
            },
        };
        if *mark.get_or_insert(next.0) != next.0 {
            return false;
        }
        rest = &rest[next.1..];
    };
    if groups == 1 {
        return first > 0;
    }
    let between = groups - 2;
    last == 3 && (((1..=3).contains(&first) && threes == between) || ((1..=2).contains(&first) && twos == between))
}

/// Digits, optionally a point and digits, then E and an exponent.
pub(super) fn is_scientific(body: &[u8]) -> bool {
    let Some(at) = body.iter().position(|b| matches!(b, b'e' | b'E')) else {
        return false;
    };
    let (mantissa, exponent) = (&body[..at], &body[at + 1..]);
    let exponent = exponent.strip_prefix(b"+").or_else(|| exponent.strip_prefix(b"-")).unwrap_or(exponent);
    let all_digits = |b: &[u8]| !b.is_empty() && b.iter().all(u8::is_ascii_digit);
    let mut parts = mantissa.splitn(2, |b| *b == b'.');
    all_digits(exponent) && parts.next().is_some_and(all_digits) && parts.next().is_none_or(all_digits)
}

/// Length of the space at the start: also those that do not break.
pub(super) fn space(rest: &[u8]) -> usize {
    match rest {
        [b' ' | b'\t', ..] => 1,
        [0xc2, 0xa0, ..] => 2,
        [0xe2, 0x80, 0x87 | 0x89 | 0xaf, ..] => 3,
        _ => 0,
    }
}

pub(super) fn skip_spaces(mut rest: &[u8]) -> &[u8] {
    loop {
        match space(rest) {
            0 => return rest,
            width => rest = &rest[width..],
        }
    }
}

pub(super) fn trim_spaces(mut rest: &[u8]) -> &[u8] {
    loop {
        rest = match rest {
            [rest @ .., b' ' | b'\t'] | [rest @ .., 0xc2, 0xa0] | [rest @ .., 0xe2, 0x80, 0x87 | 0x89 | 0xaf] => rest,
            _ => return rest,
        }
    }
}

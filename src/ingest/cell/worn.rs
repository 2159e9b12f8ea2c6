//! A number and what it wears: sign, parentheses, currency, percent, K, M or B.
//!
//! In: one cell. Out: [`Worn`]: the bare digits with their marks, and what stood around them. Currencies are known by
//! their ISO code in capitals (`5 all` is no amount in Albanian lek), by a symbol, or by whose dollar it is.

use super::amount::MoneyProblem;
use super::currency::minor_exponent;
use super::number::{skip_spaces, trim_spaces};

/// A number and all that it wears.
pub(super) struct Worn<'a> {
    /// From the first digit or mark to the last digit.
    pub body: &'a [u8],
    pub negative: bool,
    pub percent: bool,
    /// Power of ten of K, M or B.
    pub scale: u32,
    pub currency: Option<[u8; 3]>,
    pub has_currency: bool,
}

/// Symbols of one currency. `$` and `¥` belong to several and name none.
const SYMBOLS: [(&str, Option<&[u8; 3]>); 11] = [
    ("$", None),
    ("€", Some(b"EUR")),
    ("£", Some(b"GBP")),
    ("¥", None),
    ("￥", None),
    ("₹", Some(b"INR")),
    ("₩", Some(b"KRW")),
    ("₺", Some(b"TRY")),
    ("₪", Some(b"ILS")),
    ("₫", Some(b"VND")),
    ("₴", Some(b"UAH")),
];

/// Whose dollar.
const DOLLARS: [(&[u8], &[u8; 3]); 12] = [
    (b"US", b"USD"),
    (b"A", b"AUD"),
    (b"AU", b"AUD"),
    (b"C", b"CAD"),
    (b"CA", b"CAD"),
    (b"NZ", b"NZD"),
    (b"HK", b"HKD"),
    (b"S", b"SGD"),
    (b"SG", b"SGD"),
    (b"NT", b"TWD"),
    (b"MX", b"MXN"),
    (b"R", b"BRL"),
];

impl<'a> Worn<'a> {
    fn currency(&mut self, code: Option<&[u8; 3]>) -> Result<(), MoneyProblem> {
        self.has_currency = true;
        match (self.currency, code) {
            (Some(one), Some(other)) if one != *other => Err(MoneyProblem::TwoCurrencies),
            (None, Some(code)) => {
                self.currency = Some(*code);
                Ok(())
            }
            _ => Ok(()),
        }
    }

    fn dollar(&mut self, whose: &[u8]) -> Result<(), MoneyProblem> {
        match DOLLARS.iter().find(|(prefix, _)| *prefix == whose) {
            Some((_, code)) => self.currency(Some(code)),
            None if whose.len() == 3 && whose.ends_with(b"D") => self.iso(whose),
            None => Err(MoneyProblem::UnknownCurrency),
        }
    }

    fn iso(&mut self, letters: &[u8]) -> Result<(), MoneyProblem> {
        let code = <&[u8; 3]>::try_from(letters).map_err(|_| MoneyProblem::NotANumber)?;
        let known = std::str::from_utf8(code).ok().and_then(minor_exponent).is_some();
        if known { self.currency(Some(code)) } else { Err(MoneyProblem::UnknownCurrency) }
    }

    fn minus(&mut self, signed: &mut bool, negative: bool) -> Result<(), MoneyProblem> {
        self.negative |= negative;
        if std::mem::replace(signed, true) { Err(MoneyProblem::NotANumber) } else { Ok(()) }
    }

    /// A currency symbol in front or behind; gives what is left of `rest`.
    fn symbol(&mut self, rest: &'a [u8], at_end: bool) -> Result<&'a [u8], MoneyProblem> {
        for (symbol, code) in SYMBOLS {
            let left = if at_end { rest.strip_suffix(symbol.as_bytes()) } else { rest.strip_prefix(symbol.as_bytes()) };
            if let Some(left) = left {
                self.currency(code)?;
                return Ok(left);
            }
        }
        Err(MoneyProblem::NotANumber)
    }
}

/// Takes off signs, parentheses, currency, percent and K, M, B.
pub(super) fn peel(cell: &[u8]) -> Result<Worn<'_>, MoneyProblem> {
    let mut worn = Worn { body: cell, negative: false, percent: false, scale: 0, currency: None, has_currency: false };
    let (mut signed, mut opened, mut closed) = (false, false, false);
    let mut rest = cell;
    loop {
        rest = skip_spaces(rest);
        rest = match rest {
            [b'0'..=b'9' | b'.' | b',', ..] => break,
            [b'(', rest @ ..] if !opened => {
                opened = true;
                worn.minus(&mut signed, true)?;
                rest
            }
            [b'-', rest @ ..] | [0xe2, 0x88, 0x92, rest @ ..] => {
                worn.minus(&mut signed, true)?;
                rest
            }
            [b'+', rest @ ..] => {
                worn.minus(&mut signed, false)?;
                rest
            }
            [letter, ..] if letter.is_ascii_alphabetic() => {
                let letters = rest.iter().take_while(|b| b.is_ascii_alphabetic()).count();
                let (letters, after) = rest.split_at(letters);
                if let [b'$', after @ ..] = after {
                    worn.dollar(letters)?;
                    after
                } else {
                    worn.iso(letters)?;
                    after
                }
            }
            _ => worn.symbol(rest, false)?,
        };
    }
    loop {
        rest = trim_spaces(rest);
        rest = match rest {
            [.., b'0'..=b'9'] => break,
            [rest @ .., b')'] if opened && !closed => {
                closed = true;
                rest
            }
            [rest @ .., b'-'] => {
                worn.minus(&mut signed, true)?;
                rest
            }
            [rest @ .., b'%'] if !worn.percent && worn.scale == 0 => {
                worn.percent = true;
                rest
            }
            [.., last] if last.is_ascii_alphabetic() => {
                let letters = rest.iter().rev().take_while(|b| b.is_ascii_alphabetic()).count();
                let (left, letters) = rest.split_at(rest.len() - letters);
                match letters {
                    [b'K' | b'k'] if worn.scale == 0 && !worn.percent => worn.scale = 3,
                    [b'M' | b'm'] if worn.scale == 0 && !worn.percent => worn.scale = 6,
                    [b'B' | b'b'] if worn.scale == 0 && !worn.percent => worn.scale = 9,
                    [_] => return Err(MoneyProblem::NotANumber),
                    _ => worn.iso(letters)?,
                }
                left
            }
            [before @ .., b'$'] => {
                let letters = before.iter().rev().take_while(|b| b.is_ascii_uppercase()).count();
                let (left, letters) = before.split_at(before.len() - letters);
                if letters.is_empty() {
                    worn.currency(None)?;
                } else {
                    worn.dollar(letters)?;
                }
                left
            }
            _ => worn.symbol(rest, true)?,
        };
    }
    if opened != closed {
        return Err(MoneyProblem::NotANumber);
    }
    worn.body = rest;
    Ok(worn)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn body(cell: &str) -> Result<(&str, bool, u32), MoneyProblem> {
        peel(cell.as_bytes()).map(|w| (std::str::from_utf8(w.body).unwrap(), w.negative, w.scale))
    }

    #[test]
    fn everything_around_the_digits_comes_off() {
        for (cell, expected) in [
            ("5", ("5", false, 0)),
            ("( US$ 1,2 K )", ("1,2", true, 3)),
            ("USD\u{202f}5M", ("5", false, 6)),
            ("5b \u{a0}EUR", ("5", false, 9)),
            (".5-", (".5", true, 0)),
            ("£+5", ("5", false, 0)),
        ] {
            assert_eq!(body(cell), Ok(expected), "{cell}");
        }
        assert!(peel(b"5 %").unwrap().percent && !peel(b"5").unwrap().percent);
        assert!(peel(b"$5").unwrap().has_currency && !peel(b"5").unwrap().has_currency);
    }

    #[test]
    fn nothing_comes_off_twice() {
        for cell in ["((5))", "5%%", "5KK", "5K%", "+-5", "-5)", "5,", "5.", ",", ""] {
            assert_eq!(body(cell), Err(MoneyProblem::NotANumber), "{cell}");
        }
    }
}

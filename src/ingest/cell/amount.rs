//! One cell → an amount of money or a plain number.
//!
//! In: trimmed bytes, and the file's decimal mark. Out: money in minor units by exact integer arithmetic, or the nearest
//! `f64`. Most cells say themselves which of their marks is the decimal one (`1,234.50`, `1.234,5`, `1 234,50`); only a
//! single mark with exactly three digits after it (`1,234`) is left to the file's [`Decimal`].

use super::number::{Digits, digits, is_scientific, plain};
use super::worn::peel;

/// The mark between whole and fraction.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Decimal {
    /// 1234.5
    #[default]
    Point,
    /// 1234,5
    Comma,
}

/// Why a file's decimal mark cannot be told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DecimalProblem {
    /// Some numbers have a decimal point, others a decimal comma.
    Contradiction,
    /// Amounts such as `12.500` may be twelve and a half or twelve thousand five hundred, and no number settles which.
    Ambiguous,
}

/// What the numbers of one file say about their decimal mark; merged over its pieces.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct DecimalVotes {
    /// Numbers that can only have a decimal point.
    pub point: u64,
    /// Numbers that can only have a decimal comma.
    pub comma: u64,
    /// Amounts with one point and three digits after it: hardly ever a fraction of money.
    pub either: u64,
}

impl DecimalVotes {
    /// Counts one cell; whatever is no number does not vote.
    pub fn see(&mut self, cell: &[u8]) {
        if memchr::memchr2(b'.', b',', cell).is_none() {
            return;
        }
        let vote = match plain(cell) {
            Some((_, digits)) => digits.says,
            None => peel(cell).ok().and_then(|worn| digits(worn.body, Decimal::Point)).and_then(|d| d.says),
        };
        match vote {
            Some(Decimal::Point) => self.point += 1,
            Some(Decimal::Comma) => self.comma += 1,
            None => {}
        }
    }

    /// Counts one cell of money.
    pub fn see_money(&mut self, cell: &[u8]) {
        let before = (self.point, self.comma);
        self.see(cell);
        let undecided = (self.point, self.comma) == before;
        if undecided && memchr::memchr(b'.', cell).is_some() && memchr::memchr(b',', cell).is_none() {
            let numeric = match plain(cell) {
                Some(_) => true,
                None => peel(cell).is_ok_and(|worn| digits(worn.body, Decimal::Point).is_some()),
            };
            self.either += u64::from(numeric);
        }
    }

    /// Adds the votes of another piece of the same file.
    pub fn merge(&mut self, other: &Self) {
        self.point += other.point;
        self.comma += other.comma;
        self.either += other.either;
    }

    /// The file's decimal mark: a point unless its numbers say comma. Where nothing tells, `1,234` is a thousand and
    /// more, and `1.234` is little more than one.
    ///
    /// # Errors
    /// When some numbers say point and others comma, or when there are only amounts that could be read either way.
    pub fn settle(&self) -> Result<Decimal, DecimalProblem> {
        match (self.point > 0, self.comma > 0) {
            (true, true) => Err(DecimalProblem::Contradiction),
            (false, true) => Ok(Decimal::Comma),
            (false, false) if self.either > 0 => Err(DecimalProblem::Ambiguous),
            (_, false) => Ok(Decimal::Point),
        }
    }
}

/// An amount.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MoneyCell {
    /// The amount times ten to the power of the exponent that was asked for.
    pub minor: i64,
    /// The ISO code that the cell itself names; `$` and `¥` name none.
    pub currency: Option<[u8; 3]>,
}

/// Why a cell is no amount.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum MoneyProblem {
    /// Not a number with, at most, a currency and K, M or B.
    NotANumber,
    /// A percentage.
    Percent,
    /// Scientific notation: a spreadsheet has rounded the amount away.
    Scientific,
    /// Letters that are no ISO code of a currency.
    UnknownCurrency,
    /// Two different currencies.
    TwoCurrencies,
    /// More than 64 bits of minor units.
    Overflow,
}

impl std::fmt::Display for MoneyProblem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::NotANumber => "not an amount",
            Self::Percent => "a percentage, not an amount",
            Self::Scientific => "in scientific notation, which has lost digits",
            Self::UnknownCurrency => "not an amount in a known currency",
            Self::TwoCurrencies => "an amount with two currencies",
            Self::Overflow => "too large an amount",
        })
    }
}

/// Reads an amount: sign before or after it or parentheses, a currency before or after it, grouped digits, K, M or B.
///
/// `minor` is the amount times ten to the power of `exponent`, whatever the currency in the cell; digits beyond that are
/// rounded half away from zero. See [`minor_exponent`](super::minor_exponent) for a currency's own exponent.
///
/// # Errors
/// [`MoneyProblem`] when it is no amount, or none that fits.
pub fn money(cell: &[u8], exponent: u32, decimal: Decimal) -> Result<MoneyCell, MoneyProblem> {
    if let Some((negative, digits)) = plain(cell) {
        return Ok(MoneyCell { minor: minor(&digits, exponent, negative)?, currency: None });
    }
    let worn = peel(cell)?;
    if worn.percent {
        return Err(MoneyProblem::Percent);
    }
    let Some(digits) = digits(worn.body, decimal) else {
        let scientific = is_scientific(worn.body);
        return Err(if scientific { MoneyProblem::Scientific } else { MoneyProblem::NotANumber });
    };
    let minor = minor(&digits, exponent.saturating_add(worn.scale), worn.negative)?;
    Ok(MoneyCell { minor, currency: worn.currency })
}

/// Reads a plain number, grouped or not; a percentage is divided by 100. No currency, no K, M or B. Scientific notation
/// is read, as a number need not be exact. The result is finite and the nearest `f64` to what is written.
pub fn number(cell: &[u8], decimal: Decimal) -> Option<f64> {
    if let Some((negative, digits)) = plain(cell) {
        return digits.nearest(0).map(|value| if negative { -value } else { value });
    }
    let worn = peel(cell).ok().filter(|worn| worn.scale == 0 && !worn.has_currency)?;
    let value = match digits(worn.body, decimal) {
        Some(digits) => digits.nearest(if worn.percent { 2 } else { 0 })?,
        None if is_scientific(worn.body) && !worn.percent => {
            std::str::from_utf8(worn.body).ok()?.parse().ok().filter(|value: &f64| value.is_finite())?
        }
        None => return None,
    };
    Some(if worn.negative { -value } else { value })
}

fn minor(digits: &Digits<'_>, power: u32, negative: bool) -> Result<i64, MoneyProblem> {
    let (mantissa, fraction) = digits.mantissa().ok_or(MoneyProblem::Overflow)?;
    let ten = |power: u32| 10_i128.checked_pow(power);
    let units = if mantissa == 0 {
        Some(0)
    } else if power >= fraction {
        ten(power - fraction).and_then(|factor| mantissa.checked_mul(factor))
    } else {
        ten(fraction - power).map(|unit| mantissa / unit + i128::from(mantissa % unit >= unit / 2))
    };
    let minor = units.and_then(|units| i64::try_from(units).ok()).ok_or(MoneyProblem::Overflow)?;
    Ok(if negative { -minor } else { minor })
}

#[cfg(test)]
mod tests {
    use super::*;
    use Decimal::{Comma, Point};
    use MoneyProblem::{NotANumber, Overflow, Percent, Scientific, TwoCurrencies, UnknownCurrency};

    fn cents(text: &str, decimal: Decimal) -> Result<i64, MoneyProblem> {
        money(text.as_bytes(), 2, decimal).map(|m| m.minor)
    }

    fn code(text: &str) -> Option<String> {
        money(text.as_bytes(), 2, Point).unwrap().currency.map(|c| String::from_utf8(c.to_vec()).unwrap())
    }

    #[test]
    fn an_amount_of_three_digits_after_a_point_is_not_guessed() {
        let settle = |cells: &[&str]| {
            let mut votes = DecimalVotes::default();
            for cell in cells {
                votes.see_money(cell.as_bytes());
            }
            votes.settle()
        };
        assert_eq!(settle(&["12.500", "48.000"]), Err(DecimalProblem::Ambiguous));
        assert_eq!(settle(&["12.500", "48.5"]), Ok(Decimal::Point));
        assert_eq!(settle(&["12.500", "1.250,75"]), Ok(Decimal::Comma));
        assert_eq!(settle(&["12,500", "48,000", "700"]), Ok(Decimal::Point));
        assert_eq!(settle(&["700", "v1.234"]), Ok(Decimal::Point));
    }

    #[test]
    fn clear_amounts_are_the_same_under_both_marks() {
        for (text, expected) in [
            ("0", 0),
            ("15", 1500),
            ("468.0", 46_800),
            ("-12.5", -1250),
            ("1054", 105_400),
            ("1,234.50", 123_450),
            ("1.234,50", 123_450),
            ("1 234,50", 123_450),
            ("1'234.50", 123_450),
            ("1’234.50", 123_450),
            ("1\u{a0}234,50", 123_450),
            ("1\u{202f}234\u{202f}567,5", 123_456_750),
            ("1,234,567", 123_456_700),
            ("1.234.567", 123_456_700),
            ("1,23,45,678.90", 1_234_567_890),
            ("0,125", 13),
            ("1,23", 123),
            ("1234,567", 123_457),
            ("1 234", 123_400),
            ("1 234.567", 123_457),
            (",5", 50),
            (".5", 50),
            ("$22,700.00", 2_270_000),
            ("$342.09K", 34_209_000),
            ("$1,117.10K", 111_710_000),
            ("1.5M", 150_000_000),
            ("€2,5b", 250_000_000_000),
            ("(1,234.50)", -123_450),
            ("($12.00)", -1200),
            ("$(12.00)", -1200),
            ("-$12.00", -1200),
            ("$-12.00", -1200),
            ("12.00-", -1200),
            ("12.00 €-", -1200),
            ("\u{2212}12", -1200),
            ("+12", 1200),
            ("-0.00", 0),
            ("EUR 12,50", 1250),
            ("12.50\u{a0}EUR", 1250),
            ("007", 700),
        ] {
            assert_eq!(cents(text, Point), Ok(expected), "{text}");
            assert_eq!(cents(text, Comma), Ok(expected), "{text}");
        }
    }

    #[test]
    fn a_single_mark_before_three_digits_is_the_files_to_settle() {
        for (text, point, comma) in [
            ("1,234", 123_400, 123),
            ("1.234", 123, 123_400),
            ("-$12,345", -1_234_500, -1235),
            ("123.456 EUR", 12_346, 12_345_600),
            ("1.234K", 123_400, 123_400_000),
        ] {
            assert_eq!(cents(text, Point), Ok(point), "{text}");
            assert_eq!(cents(text, Comma), Ok(comma), "{text}");
        }
    }

    #[test]
    fn rounding_is_half_away_from_zero_and_exact() {
        for (text, exponent, expected) in [
            ("2815000.005", 2, 281_500_001),
            ("-2815000.005", 2, -281_500_001),
            ("2815000.00499999999999999999999", 2, 281_500_000),
            ("0.005", 2, 1),
            ("0.0049", 2, 0),
            ("1.005", 2, 101),
            ("0.5", 0, 1),
            ("0.49", 0, 0),
            ("1500", 0, 1500),
            ("1.2345", 3, 1235),
            ("92233720368547758.07", 2, i64::MAX),
            ("-92233720368547758.07", 2, -i64::MAX),
        ] {
            assert_eq!(money(text.as_bytes(), exponent, Point).map(|m| m.minor), Ok(expected), "{text}");
        }
    }

    #[test]
    fn what_does_not_fit_is_a_problem_and_never_wraps() {
        for text in ["92233720368547758.08", "-92233720368547758.08", "99999999999999999999999999", "99999999999B"] {
            assert_eq!(cents(text, Point), Err(Overflow), "{text}");
        }
        assert_eq!(money(b"1", u32::MAX, Point), Err(Overflow));
        assert_eq!(money(b"0", u32::MAX, Point), Ok(MoneyCell { minor: 0, currency: None }));
        assert_eq!(cents(&"0".repeat(100), Point), Ok(0));
    }

    #[test]
    fn what_is_no_amount() {
        for (text, problem) in [
            ("2.51%", Percent),
            ("1.2E+11", Scientific),
            ("1.5E7", Scientific),
            ("12.34.5", NotANumber),
            ("1,2345,678", NotANumber),
            ("1,234 567", NotANumber),
            ("1.234,567,890.12", NotANumber),
            ("--5", NotANumber),
            ("(-5)", NotANumber),
            ("(5", NotANumber),
            ("5)", NotANumber),
            ("-5-", NotANumber),
            ("12.", NotANumber),
            ("12 34", NotANumber),
            ("-", NotANumber),
            ("--", NotANumber),
            ("$", NotANumber),
            ("null", NotANumber),
            ("5KM", NotANumber),
            ("5K M", NotANumber),
            ("5X", NotANumber),
            ("5 all", UnknownCurrency),
            ("5 XYZ", UnknownCurrency),
            ("Z$5", UnknownCurrency),
            ("€5 USD", TwoCurrencies),
            ("2026-01-01", NotANumber),
            ("", NotANumber),
            ("12:30", NotANumber),
        ] {
            assert_eq!(cents(text, Point), Err(problem), "{text}");
        }
    }

    #[test]
    fn currencies() {
        for (text, expected) in [
            ("€5", Some("EUR")),
            ("5 €", Some("EUR")),
            ("£5", Some("GBP")),
            ("$5", None),
            ("¥5", None),
            ("5", None),
            ("US$5", Some("USD")),
            ("A$ 5", Some("AUD")),
            ("5 US$", Some("USD")),
            ("$5 CAD", Some("CAD")),
            ("CAD$5", Some("CAD")),
            ("€5 EUR", Some("EUR")),
            ("JPY 1500", Some("JPY")),
            ("5KWD", Some("KWD")),
            ("₹1,00,000", Some("INR")),
        ] {
            assert_eq!(code(text).as_deref(), expected, "{text}");
        }
        assert_eq!(cents("₹1,00,000", Point), Ok(10_000_000));
    }

    #[test]
    fn numbers() {
        for (text, expected) in [
            ("0", 0.0),
            ("65", 65.0),
            ("-3.25", -3.25),
            ("0.1", 0.1),
            ("1,033.33", 1033.33),
            ("1.033,33", 1033.33),
            ("2.51%", 0.0251),
            ("50 %", 0.5),
            ("-5%", -0.05),
            ("(5)", -5.0),
            ("1.2E+11", 1.2e11),
            ("-1.5e-3", -0.0015),
            ("123456789012345678", 123_456_789_012_345_678.0),
            ("0.30000000000000004", 0.300_000_000_000_000_04),
            ("12345678901234568.0%", 123_456_789_012_345.68),
        ] {
            assert_eq!(number(text.as_bytes(), Point), Some(expected), "{text}");
        }
        assert_eq!(number(b"1,234", Point), Some(1234.0));
        assert_eq!(number(b"1,234", Comma), Some(1.234));
        assert_eq!(number(b"1.234", Point), Some(1.234));
        assert_eq!(number(b"1.234", Comma), Some(1234.0));
        for none in ["$5", "5K", "5 EUR", "NaN", "inf", "1e999", "abc", "-", "--", "5%%", "1:30", "1e5%", "0x10", ""] {
            assert_eq!(number(none.as_bytes(), Point), None, "{none}");
        }
    }

    fn votes(cells: &[&str]) -> DecimalVotes {
        let mut votes = DecimalVotes::default();
        for cell in cells {
            votes.see(cell.as_bytes());
        }
        votes
    }

    #[test]
    fn the_files_numbers_settle_its_decimal_mark() {
        let silent = votes(&["1,234", "1.234", "-$12,345", "15", "1 234", "1.2.3", "2026.01.02", "a,b", "12.34.5", ""]);
        assert_eq!(silent, DecimalVotes::default());
        assert_eq!(silent.settle(), Ok(Decimal::Point));
        assert_eq!(
            votes(&["1.234,50", "2,5", "1.234.567", "0,125", "€ 1 234,5", "3,5%"]),
            DecimalVotes { point: 0, comma: 6, either: 0 }
        );
        assert_eq!(
            votes(&["1,234.50", "2.5", "1,234,567", "0.125", "$342.09K", "1'234.5"]),
            DecimalVotes { point: 6, comma: 0, either: 0 }
        );
        assert_eq!(votes(&["1,234", "2,5"]).settle(), Ok(Decimal::Comma));
        let mut both = votes(&["2.5"]);
        both.merge(&votes(&["2,5"]));
        assert_eq!(both.settle(), Err(DecimalProblem::Contradiction));
    }
}

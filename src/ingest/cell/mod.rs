//! One cell → one value: the hot path of reading.
//!
//! In: the trimmed bytes of one unescaped, non-empty cell. Out: a time ([`time()`]), an amount ([`money`]), a number
//! ([`number`]), yes or no ([`flag`]), an id ([`id`]), an e-mail address ([`email`]). What a cell cannot settle alone is
//! settled by its whole file: the order of day and month ([`OrderVotes`]) and the decimal mark ([`DecimalVotes`]).
//!
//! Nothing here allocates but [`domain`]. A cell that is not plainly a value of its kind is `None` or a problem, never a
//! guess.

mod amount;
mod calendar;
mod clock;
mod contact;
mod currency;
mod number;
mod time;
mod worn;

pub use amount::{Decimal, DecimalProblem, DecimalVotes, MoneyCell, MoneyProblem, money, number};
pub use calendar::{Order, OrderProblem, OrderVotes, civil_from_days, days_from_civil, resolve};
pub use contact::{domain, email, is_free_mail};
pub use currency::{currencies, minor_exponent};
pub use time::{TimeCell, excel_serial, time};

/// Yes or no: `true`/`false`, `t`/`f`, `yes`/`no`, `y`/`n`, `1`/`0`, `1.0`/`0.0`, `completed` and `done`, in any case.
///
/// Their opposites (`open`, `not started`, `undone`) say what a task is, not that it is not done for good: no flags.
pub fn flag(cell: &[u8]) -> Option<bool> {
    const YES: [&[u8]; 8] = [b"1", b"true", b"yes", b"1.0", b"t", b"y", b"completed", b"done"];
    const NO: [&[u8]; 6] = [b"0", b"false", b"no", b"0.0", b"f", b"n"];
    match cell {
        [b'1'] => return Some(true),
        [b'0'] => return Some(false),
        _ => {}
    }
    if YES.iter().any(|word| cell.eq_ignore_ascii_case(word)) {
        return Some(true);
    }
    NO.iter().any(|word| cell.eq_ignore_ascii_case(word)).then_some(false)
}

/// First three characters of the Salesforce ids that occur in the tables we read.
const SALESFORCE_PREFIXES: [&[u8; 3]; 11] =
    [b"00Q", b"003", b"001", b"006", b"008", b"701", b"00v", b"005", b"00T", b"00U", b"00K"];

/// The 18-character form of a 15-character Salesforce id. Its last three characters say which of the others are
/// upper-case, so that ids which differ only in case stay apart in programs that ignore it.
///
/// ```
/// use onefunnel::ingest::cell::salesforce_18;
/// assert_eq!(&salesforce_18(b"001bm00001ZL8U9"), b"001bm00001ZL8U9AAL");
/// ```
pub fn salesforce_18(id: &[u8; 15]) -> [u8; 18] {
    const SUFFIX: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ012345";
    let mut out = [0; 18];
    out[..15].copy_from_slice(id);
    for (chunk, last) in id.chunks_exact(5).zip(&mut out[15..]) {
        let upper = chunk.iter().enumerate().fold(0, |bits, (i, b)| bits | (usize::from(b.is_ascii_uppercase()) << i));
        *last = SUFFIX[upper];
    }
    out
}

/// Room for the longest id that is rewritten: a GUID.
pub type IdBuffer = [u8; 36];

/// An id as it is compared and joined: Salesforce ids in their 18-character form, GUIDs in small letters and without
/// braces, Zoho's without `zcrm_`, everything else as written. `None` for Salesforce's null look-ups
/// (`000000000000000AAA`), which would join all records without one to each other.
pub fn id<'a>(cell: &'a [u8], buf: &'a mut IdBuffer) -> Option<&'a [u8]> {
    match cell.len() {
        15 | 18 if cell == b"000000000000000AAA" || cell == b"000000000000000" => return None,
        15 => {}
        36 | 38 => return Some(guid(cell, buf).unwrap_or(cell)),
        _ => return Some(cell.strip_prefix(b"zcrm_").filter(|rest| is_number(rest)).unwrap_or(cell)),
    }
    if let Ok(short) = <&[u8; 15]>::try_from(cell)
        && short.iter().all(u8::is_ascii_alphanumeric)
        && SALESFORCE_PREFIXES.iter().any(|prefix| short.starts_with(*prefix))
    {
        buf[..18].copy_from_slice(&salesforce_18(short));
        return Some(&buf[..18]);
    }
    Some(cell)
}

fn is_number(text: &[u8]) -> bool {
    !text.is_empty() && text.iter().all(u8::is_ascii_digit)
}

/// `{6F9619FF-8B86-D011-B42D-00CF4FC964FF}` in small letters, without braces; `None` for what only looks like it.
fn guid<'b>(cell: &[u8], buf: &'b mut IdBuffer) -> Option<&'b [u8]> {
    let bare = match cell {
        [b'{', bare @ .., b'}'] => bare,
        bare => bare,
    };
    if bare.len() != buf.len() {
        return None;
    }
    for (at, (byte, to)) in bare.iter().zip(buf.iter_mut()).enumerate() {
        let fits = if matches!(at, 8 | 13 | 18 | 23) { *byte == b'-' } else { byte.is_ascii_hexdigit() };
        if !fits {
            return None;
        }
        *to = byte.to_ascii_lowercase();
    }
    Some(buf)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn flags() {
        for yes in ["1", "true", "TRUE", "True", "t", "1.0", "yes", "Yes", "Y", "Completed", "done"] {
            assert_eq!(flag(yes.as_bytes()), Some(true), "{yes}");
        }
        for no in ["0", "false", "FALSE", "f", "F", "0.0", "no", "No", "n"] {
            assert_eq!(flag(no.as_bytes()), Some(false), "{no}");
        }
        for neither in ["", "undone", "Not Started", "open", "2", "01", "null", "-", "10", "true "] {
            assert_eq!(flag(neither.as_bytes()), None, "{neither}");
        }
    }

    // 15- and 18-character forms as the Salesforce sample data has them.
    #[test]
    fn salesforce_suffixes() {
        for full in ["003bm00000zapthAAA", "001bm00001ZL8U9AAL", "006bm00000LKJNNAA5", "008bm00000UoqOjAAJ"] {
            let short: [u8; 15] = full.as_bytes()[..15].try_into().unwrap();
            assert_eq!(&salesforce_18(&short), full.as_bytes());
        }
        assert_eq!(&salesforce_18(b"000000000000000"), b"000000000000000AAA");
        assert_eq!(&salesforce_18(b"ABCDEabcdeABCDE"), b"ABCDEabcdeABCDE5A5");
    }

    #[test]
    fn ids() {
        let mut buf = [0; 36];
        assert_eq!(id(b"000000000000000AAA", &mut buf), None);
        assert_eq!(id(b"000000000000000", &mut buf), None);
        assert_eq!(id(b"001bm00001ZL8U9", &mut buf), Some(&b"001bm00001ZL8U9AAL"[..]));
        assert_eq!(id(b"001bm00001ZL8U9AAL", &mut buf), Some(&b"001bm00001ZL8U9AAL"[..]));
        assert_eq!(id(b"zcrm_4150868000000", &mut buf), Some(&b"4150868000000"[..]));
        for guid in ["{6F9619FF-8B86-D011-B42D-00CF4FC964FF}", "6f9619ff-8b86-d011-b42d-00cf4fc964ff"] {
            assert_eq!(id(guid.as_bytes(), &mut buf), Some(&b"6f9619ff-8b86-d011-b42d-00cf4fc964ff"[..]), "{guid}");
        }
        for as_it_is in [
            "zcrm_Leads",
            "{6F9619FF-8B86-D011-B42D_00CF4FC964FF}",
            "6f9619ff-8b86-d011-b42d-00cf4fc964fg",
            "28317294014",
            "ABCbm00001ZL8U9",
            "001bm00001ZL-U9",
            "00123",
            "{8F-1}",
        ] {
            assert_eq!(id(as_it_is.as_bytes(), &mut buf), Some(as_it_is.as_bytes()), "{as_it_is}");
        }
    }

    #[test]
    fn ids_that_differ_in_case_stay_apart() {
        let (mut one, mut two) = ([0; 36], [0; 36]);
        let a = id(b"003bm00000zaptH", &mut one).unwrap().to_ascii_lowercase();
        let b = id(b"003bm00000zapth", &mut two).unwrap().to_ascii_lowercase();
        assert_ne!(a, b);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(4000))]
        #[test]
        fn no_cell_makes_a_reader_panic(cell in proptest::collection::vec(any::<u8>(), 0..60), exponent in any::<u32>()) {
            all(&cell, exponent);
        }

        #[test]
        fn no_plausible_cell_makes_a_reader_panic(
            cell in proptest::collection::vec(proptest::sample::select(b"0123459 .,-/:()'$%+TZAPMKeJan\xc2\xa0@".to_vec()), 0..30),
            exponent in 0_u32..6,
        ) {
            all(&cell, exponent);
        }
    }

    fn all(cell: &[u8], exponent: u32) {
        let mut votes = DecimalVotes::default();
        votes.see(cell);
        for decimal in [Decimal::Point, Decimal::Comma] {
            let _ = money(cell, exponent, decimal);
            if let Some(value) = number(cell, decimal) {
                assert!(value.is_finite());
            }
        }
        if let Some(TimeCell::Order { a, b, year, ms_of_day, .. }) = time(cell) {
            let one = resolve(a, b, year, ms_of_day, Order::DayFirst);
            assert!(one.or(resolve(a, b, year, ms_of_day, Order::MonthFirst)).is_some());
        }
        let _ = excel_serial(cell);
        let _ = flag(cell);
        let _ = id(cell, &mut [0; 36]);
        let _ = email(cell, &mut Vec::new());
        let _ = domain(&String::from_utf8_lossy(cell));
    }
}

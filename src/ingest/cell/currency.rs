//! ISO 4217: how many digits a currency has after the decimal mark.
//!
//! In: a currency code. Out: its number of decimals, or `None` for a code that is no currency.

/// No decimals.
const NONE: &[&str] = &[
    "BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "UYI", "VND", "VUV", "XAF", "XOF",
    "XPF",
];
/// Three decimals.
const THREE: &[&str] = &["BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"];
/// Four decimals: units of account.
const FOUR: &[&str] = &["CLF", "UYW"];
/// Two decimals. Codes withdrawn since 2020 (ANG, BGN, CUC, HRK, SLL, ZWL) stay: older rows carry them.
#[rustfmt::skip]
const TWO: &[&str] = &[
    "AED", "AFN", "ALL", "AMD", "ANG", "AOA", "ARS", "AUD", "AWG", "AZN", "BAM", "BBD", "BDT", "BGN", "BMD", "BND",
    "BOB", "BOV", "BRL", "BSD", "BTN", "BWP", "BYN", "BZD", "CAD", "CDF", "CHE", "CHF", "CHW", "CNY", "COP", "COU",
    "CRC", "CUC", "CUP", "CVE", "CZK", "DKK", "DOP", "DZD", "EGP", "ERN", "ETB", "EUR", "FJD", "FKP", "GBP", "GEL",
    "GHS", "GIP", "GMD", "GTQ", "GYD", "HKD", "HNL", "HRK", "HTG", "HUF", "IDR", "ILS", "INR", "IRR", "JMD", "KES",
    "KGS", "KHR", "KPW", "KYD", "KZT", "LAK", "LBP", "LKR", "LRD", "LSL", "MAD", "MDL", "MGA", "MKD", "MMK", "MNT",
    "MOP", "MRU", "MUR", "MVR", "MWK", "MXN", "MXV", "MYR", "MZN", "NAD", "NGN", "NIO", "NOK", "NPR", "NZD", "PAB",
    "PEN", "PGK", "PHP", "PKR", "PLN", "QAR", "RON", "RSD", "RUB", "SAR", "SBD", "SCR", "SDG", "SEK", "SGD", "SHP",
    "SLE", "SLL", "SOS", "SRD", "SSP", "STN", "SVC", "SYP", "SZL", "THB", "TJS", "TMT", "TOP", "TRY", "TTD", "TWD",
    "TZS", "UAH", "USD", "USN", "UYU", "UZS", "VED", "VES", "WST", "XAD", "XCD", "XCG", "YER", "ZAR", "ZMW", "ZWG",
    "ZWL",
];

/// Digits after the decimal mark of a currency, by its ISO 4217 code in capitals: 2 for USD, 0 for JPY, 3 for KWD.
/// `None` for anything else, metals and test codes among them.
pub fn minor_exponent(iso: &str) -> Option<u32> {
    let listed = |codes: &[&str]| codes.binary_search(&iso).is_ok();
    if listed(TWO) {
        Some(2)
    } else if listed(NONE) {
        Some(0)
    } else if listed(THREE) {
        Some(3)
    } else if listed(FOUR) {
        Some(4)
    } else {
        None
    }
}

/// Every currency's code.
pub fn currencies() -> impl Iterator<Item = &'static str> {
    [TWO, NONE, THREE, FOUR].into_iter().flatten().copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_currencies() {
        for (code, digits) in [
            ("USD", 2),
            ("EUR", 2),
            ("GBP", 2),
            ("JPY", 0),
            ("KRW", 0),
            ("KWD", 3),
            ("TND", 3),
            ("CLF", 4),
            ("AED", 2),
            ("ZWL", 2),
            ("HUF", 2),
            ("CLP", 0),
        ] {
            assert_eq!(minor_exponent(code), Some(digits), "{code}");
        }
        for none in ["", "usd", "US", "USDX", "XAU", "XTS", "XXX", "BTC", "$", "ÄÖ"] {
            assert_eq!(minor_exponent(none), None, "{none}");
        }
    }

    #[test]
    fn lists_are_sorted_and_share_no_code() {
        let mut all: Vec<&str> = Vec::new();
        for codes in [NONE, TWO, THREE, FOUR] {
            assert!(codes.is_sorted_by(|a, b| a < b));
            all.extend(codes);
        }
        let count = all.len();
        all.sort_unstable();
        all.dedup();
        assert_eq!(all.len(), count);
        assert!(all.iter().all(|c| c.len() == 3 && c.bytes().all(|b| b.is_ascii_uppercase())));
    }
}

//! Amounts → the reporting currency.
//!
//! In: a file's parts, with amounts in whatever currency their rows name. Out: the same parts in minor units of the
//! reporting currency, or one problem per currency that has no rate. Two currencies are never added up.

use std::collections::BTreeMap;

use super::cell;
use super::file::Text;
use super::part::Part;
use super::plan::Plan;
use crate::contract::{Contract, Source};
use crate::issue::Issue;
use crate::tables::{NO_MONEY, NONE, Names, Type, Values};
use crate::time::{Stamp, date_of};

/// Digits beyond the reporting currency's own that amounts are read with, so that converting one loses nothing.
pub const SPARE: u32 = 3;

/// The columns that date an amount, best first.
const DATED_BY: [&str; 5] = ["closed_at", "date", "at", "starts_at", "created_at"];

/// Converts every amount. The rate is that of the day the amount belongs to: a deal's close, a ledger row's date.
pub fn convert(
    parts: &mut [Part],
    plan: &Plan,
    source: Option<&Source>,
    contract: &Contract,
    text: &Text<'_>,
    names: &[Names],
) -> Vec<Issue> {
    let amounts: Vec<usize> =
        plan.columns.iter().enumerate().filter(|(_, c)| c.kind == Type::Money).map(|(i, _)| i).collect();
    if amounts.is_empty() {
        return Vec::new();
    }
    let constant = plan.constants.iter().find(|(name, _)| name == "currency").map(|(_, text)| text.as_str());
    let default =
        constant.or(source.and_then(|s| s.currency.as_ref()).map(|c| c.value.as_str())).unwrap_or(&contract.currency);
    let mut missing: BTreeMap<String, (u64, Option<jiff::civil::Date>, u64)> = BTreeMap::new();
    for part in parts {
        let own: BTreeMap<(u32, u32), [u8; 3]> =
            part.currencies.iter().map(|(row, column, code)| ((*row, *column), *code)).collect();
        let column: Vec<u32> = match part.column(plan, "currency") {
            Some(Values::Text(codes)) => codes.clone(),
            _ => Vec::new(),
        };
        let dates: Vec<Vec<Stamp>> = DATED_BY
            .iter()
            .filter_map(|name| match part.column(plan, name) {
                Some(Values::Time(times)) => Some(times.clone()),
                _ => None,
            })
            .collect();
        for &amount in &amounts {
            let Values::Money(values) = &mut part.columns[amount] else { continue };
            for (row, value) in values.iter_mut().enumerate().filter(|(_, v)| **v != NO_MONEY) {
                let at = (u32::try_from(row).unwrap_or(NONE), u32::try_from(amount).unwrap_or(NONE));
                let named = own.get(&at).map(|c| String::from_utf8_lossy(c).into_owned());
                let named = named.or_else(|| {
                    column.get(row).and_then(|code| names[part.dictionary].text(*code)).map(str::to_ascii_uppercase)
                });
                let currency = named.as_deref().unwrap_or(default);
                if currency == contract.currency {
                    *value = rounded(*value);
                    continue;
                }
                let day = dates.iter().map(|d| d[row]).find_map(|at| plan.home.day(at));
                let on = day.map_or(jiff::civil::Date::MAX, date_of);
                if let Some(rate) = contract.rate(currency, on) {
                    *value = scale(*value, rate);
                } else {
                    let seen = missing.entry(currency.to_string()).or_insert((part.offsets[row], day.map(date_of), 0));
                    seen.2 += 1;
                }
            }
        }
    }
    missing
        .into_iter()
        .map(|(currency, (offset, day, rows))| {
            let place = text.place(offset, None);
            if cell::minor_exponent(&currency).is_none() {
                return Issue::data(place, format!("`{currency}` is no currency code ({rows} × in this file)"))
                    .hint("use three-letter ISO 4217 codes such as USD or EUR");
            }
            let on = day.map_or_else(String::new, |d| format!(" on {d}"));
            let amounts = if rows == 1 { "amount is" } else { "amounts are" };
            let what = format!("{rows} {amounts} in {currency}, and the contract has no rate for it{on}");
            Issue::data(place, what).hint(format!(
                "add to the contract: [[rate]] currency = \"{currency}\", rate = <{} for 1 {currency}>; amounts in two \
                 currencies are never added up",
                contract.currency
            ))
        })
        .collect()
}

/// An amount without its spare digits, rounded half away from zero.
fn rounded(spare: i64) -> i64 {
    let unit = 10_i64.pow(SPARE);
    let half = if spare < 0 { -unit / 2 } else { unit / 2 };
    spare.saturating_add(half) / unit
}

/// An amount at a rate and without its spare digits, rounded half away from zero.
#[allow(clippy::cast_possible_truncation, clippy::cast_precision_loss)] // amounts stay far below 2^53
fn scale(spare: i64, rate: f64) -> i64 {
    (spare as f64 * rate / f64::from(10_u32.pow(SPARE))).round() as i64
}

#[cfg(test)]
mod tests {
    use super::{rounded, scale};

    #[test]
    fn amounts_round_half_away_from_zero() {
        assert_eq!(rounded(2_815_000_005), 2_815_000);
        assert_eq!([rounded(1_499), rounded(1_500), rounded(-1_499), rounded(-1_500)], [1, 2, -1, -2]);
        assert_eq!(scale(100_000_000, 1.08), 108_000);
        assert_eq!([scale(1_000, 0.5), scale(-1_000, 0.5), scale(333_000, 1.0845)], [1, -1, 361]);
    }

    #[test]
    fn cents_of_another_currency_survive_until_they_are_converted() {
        // 12.50 EUR at 160 JPY: read with 0 + 3 digits as 12500, and 2000 JPY; 13 EUR would be 2080.
        assert_eq!(scale(12_500, 160.0), 2_000);
    }
}

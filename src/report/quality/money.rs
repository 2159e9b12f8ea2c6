//! Amounts: in which currency, of whose word, and none that is no amount.
//!
//! In: the tables with money. Out: [`Check`]s.

use std::collections::{BTreeSet, HashMap};

use super::check::{Check, Rule, View, Weight};
use super::records::capital;
use crate::tables::{Kind, NO_MONEY, NONE};

const ASSUMED: Rule =
    ("currency_assumed", Weight::Medium, "taken as the contract's currency: say it in [[source]] if it is another");
const CONVERTED: Rule =
    ("amount_converted", Weight::Fact, "converted at the contract's [[rate]]: another rate, another sum");
const SEEN: Rule = ("currency_seen", Weight::Fact, "amounts in this currency");
const ZERO: Rule = ("zero_amount", Weight::Low, "counts as an amount of nothing: averages are lower than without it");
const NEGATIVE: Rule = ("negative_amount", Weight::Low, "is taken off the sum");

/// Every check of this group.
pub fn checks(view: &View<'_>) -> Vec<Check> {
    let tables =
        [(Kind::Deals, "amount"), (Kind::Spend, "amount"), (Kind::Revenue, "amount"), (Kind::Campaigns, "cost")];
    tables.into_iter().flat_map(|(kind, column)| of_table(view, kind, column)).collect()
}

fn of_table(view: &View<'_>, kind: Kind, column: &'static str) -> Vec<Check> {
    let possible = view.needs(&[(kind, &[column])]);
    let (table, days) = (view.table(kind), view.days(kind));
    let (amounts, codes) = (table.money(column), table.codes("currency"));
    let home = view.data.session.contract.currency.as_str();
    let said: Vec<Option<&str>> = view.data.files.iter().map(|f| f.said_currency.as_deref()).collect();
    let upper: HashMap<u32, String> = {
        let distinct: BTreeSet<u32> = codes.iter().copied().filter(|code| *code != NONE).collect();
        let text = |code: u32| view.data.tables.names.text(code).unwrap_or_default().to_ascii_uppercase();
        distinct.into_iter().map(|code| (code, text(code))).collect()
    };
    let named = |row: usize| {
        let own = upper.get(&codes[row]).map(String::as_str);
        own.or_else(|| said.get(table.origin[row].file() as usize).copied().flatten())
    };
    let count = |seen: &dyn Fn(usize) -> bool| {
        possible.clone().map(|()| view.count(kind, days, |row| (amounts[row] != NO_MONEY).then(|| seen(row))))
    };
    let name = capital(kind.id());
    let mut checks = vec![
        Check::new(
            ASSUMED,
            kind.id(),
            format!("{name}: amounts that name no currency"),
            count(&|row| named(row).is_none()),
        ),
        Check::new(
            CONVERTED,
            kind.id(),
            format!("{name}: amounts in another currency"),
            count(&|row| named(row).is_some_and(|code| code != home)),
        ),
        Check::new(ZERO, kind.id(), format!("{name}: amounts of 0"), count(&|row| amounts[row] == 0)),
        Check::new(NEGATIVE, kind.id(), format!("{name}: amounts below 0"), count(&|row| amounts[row] < 0)),
    ];
    let with_amount = (0..table.len()).filter(|row| amounts[*row] != NO_MONEY);
    let mut seen: BTreeSet<&str> = with_amount.map(|row| named(row).unwrap_or(home)).collect();
    seen.insert(home);
    for code in seen {
        let counted = count(&|row| named(row).unwrap_or(home) == code);
        checks.push(Check::new(SEEN, kind.id(), format!("{name}: amounts in {code}"), counted).about(code));
    }
    checks
}

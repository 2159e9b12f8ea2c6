//! Dates: loaded in bulk, after as-of, overdue, and stale.
//!
//! In: the tables. Out: [`Check`]s.

use std::collections::{BTreeMap, HashMap};

use super::check::{Check, Count, Outcome, Rule, Tally, View, Weight, When, Why};
use super::records::capital;
use crate::journey;
use crate::tables::Kind;
use crate::time::Stamp;

const MINUTE: Rule = ("bulk_minute", Weight::Medium, "dated by a load, not by what happened: periods and days are off");
const DAY: Rule = ("bulk_day", Weight::Medium, "dated by a load, not by what happened: periods and days are off");
const TOUCHED: Rule = ("bulk_minute", Weight::Low, "a mailing, or a load: then first touches and days are off");
const STALE: Rule = ("stale_file", Weight::Medium, "the periods since then lack what this export would have");
const SINCE: Rule = ("days_since_last_date", Weight::Fact, "the last days before as-of may lack what this export has");
const UNTOUCHED: Rule = ("open_deal_unchanged", Weight::Medium, "open pipeline may hold what is dead");
const OVERDUE: Rule =
    ("open_deal_overdue", Weight::Medium, "open, though it should have closed: win rates leave it out");
const FUTURE: Rule = ("date_after_as_of", Weight::Low, "does not count yet on that day");

/// An open deal that was not changed for longer than this is taken note of.
pub const UNCHANGED_DAYS: i32 = 90;
/// An export whose last date is older than this is taken note of: ledgers of months are a month behind at most.
pub const STALE_DAYS: u64 = 35;
/// So many rows on one minute or one day are at least needed for a spike.
pub const SPIKE: u64 = 20;
/// One minute with this share of a column's times, in percent, is a spike.
pub const MINUTE_PERCENT: u64 = 1;
/// One day with this share of a column's days, in percent, is a spike ...
pub const DAY_PERCENT: u64 = 20;
/// ... if the column spans more days than this.
pub const SPAN_DAYS: i32 = 90;

/// The columns that are dated by what happened, unless a load has overwritten them.
const LOADED: [(Kind, &str); 10] = [
    (Kind::People, "created_at"),
    (Kind::People, "mql_at"),
    (Kind::People, "sql_at"),
    (Kind::People, "converted_at"),
    (Kind::Accounts, "created_at"),
    (Kind::Deals, "created_at"),
    (Kind::Deals, "closed_at"),
    (Kind::StageChanges, "at"),
    (Kind::Touches, "at"),
    (Kind::Touches, "fallback_at"),
];

/// Every check of this group.
pub fn checks(view: &View<'_>) -> Vec<Check> {
    let mut checks = Vec::new();
    for (kind, column) in LOADED {
        checks.extend(bulk(view, kind, column));
    }
    checks.extend(stale(view));
    checks.extend(open_deals(view));
    checks.extend(
        [
            (Kind::People, "mql_at"),
            (Kind::People, "sql_at"),
            (Kind::People, "converted_at"),
            (Kind::Deals, "created_at"),
            (Kind::Deals, "closed_at"),
        ]
        .map(|(kind, column)| future(view, kind, column)),
    );
    checks
}

fn bulk(view: &View<'_>, kind: Kind, column: &'static str) -> [Check; 2] {
    let possible = view.needs(&[(kind, &[column])]);
    let times = view.table(kind).times(column);
    let days: Vec<Option<i32>> = times.iter().map(|at| view.day(*at)).collect();
    let known = || days.iter().copied().flatten();
    let span = known().max().unwrap_or(0) - known().min().unwrap_or(0);
    let by_minute = possible.clone().map(|()| {
        let minutes: Vec<Option<i64>> = times.iter().map(|at| minute(view, *at)).collect();
        let spikes = spikes(&minutes, MINUTE_PERCENT);
        view.count(kind, &days, |row| minutes[row].map(|m| spikes(&m)))
    });
    let by_day = possible.and_then(|()| {
        if span <= SPAN_DAYS {
            return Err(Why::Other(format!("{column} of {} spans {SPAN_DAYS} days or less", kind.id())));
        }
        let spikes = spikes(&days, DAY_PERCENT);
        Ok(view.count(kind, &days, |row| days[row].map(|d| spikes(&d))))
    });
    let rule = if kind == Kind::Touches { TOUCHED } else { MINUTE };
    let name = capital(kind.id());
    [
        Check::new(rule, kind.id(), format!("{name}: many {column} in one minute"), by_minute).about(column),
        Check::new(DAY, kind.id(), format!("{name}: many {column} on one day"), by_day).about(column),
    ]
}

/// The minute of an instant. Midnight is how days are often written, and says nothing.
fn minute(view: &View<'_>, at: Stamp) -> Option<i64> {
    const DAY_MS: i64 = 86_400_000;
    let ms = at.some().filter(|at| !at.is_date())?.utc_ms();
    let midnight = ms % DAY_MS == 0 || view.data.session.home.to_civil(ms) % DAY_MS == 0;
    (!midnight).then_some(ms.div_euclid(60_000))
}

/// Which values are had by [`SPIKE`] rows and `percent` of all that have one, at least.
fn spikes<T: Copy + Eq + std::hash::Hash>(values: &[Option<T>], percent: u64) -> impl Fn(&T) -> bool {
    let mut counts: HashMap<T, u64> = HashMap::new();
    let mut all = 0;
    for value in values.iter().flatten() {
        *counts.entry(*value).or_default() += 1;
        all += 1;
    }
    move |value| counts.get(value).is_some_and(|n| *n >= SPIKE && n * 100 >= all * percent)
}

/// The last day up to as-of of each file, and how long ago it is.
pub fn last_days(view: &View<'_>) -> BTreeMap<u32, i32> {
    let mut last: BTreeMap<u32, i32> = BTreeMap::new();
    for kind in Kind::ALL {
        let table = view.table(kind);
        let (began, modified) = (table.began(), table.times("modified_at"));
        let (closed, won, ended) = (table.times("closed_at"), table.flags("is_won"), table.flags("is_closed"));
        for (row, origin) in table.origin.iter().enumerate() {
            // The close of an open deal is a plan, and no sign of life.
            let close = if won[row] == 1 || ended[row] == 1 { closed[row] } else { Stamp::NONE };
            let days = [began[row], modified[row], close].into_iter().filter_map(|at| view.day(at));
            if let Some(day) = days.filter(|day| *day <= view.as_of).max() {
                let last = last.entry(origin.file()).or_insert(day);
                *last = day.max(*last);
            }
        }
    }
    last
}

fn stale(view: &View<'_>) -> [Check; 2] {
    let since: BTreeMap<u32, u64> =
        last_days(view).into_iter().map(|(file, day)| (file, u64::from(view.as_of.abs_diff(day)))).collect();
    let behind = |days: u64| Count { found: u64::from(days > STALE_DAYS), of: 1, first: Vec::new() };
    let counted = since.iter().map(|(file, days)| ((*file, When::Undated), behind(*days))).collect();
    let title = format!("Exports whose last date is more than {STALE_DAYS} days old");
    let mut days = Check::new(SINCE, "files", "Days from the last date to as-of", Ok(Tally::new())).of("days");
    days.outcome = Outcome::Days(since);
    [days, Check::new(STALE, "files", title, Ok(counted)).of("files")]
}

fn open_deals(view: &View<'_>) -> Vec<Check> {
    let deals = view.table(Kind::Deals);
    let (closes, modified) = (deals.times("closed_at"), deals.times("modified_at"));
    let days = view.days(Kind::Deals);
    let open = |row: usize| view.data.journeys.outcome[row] == journey::Outcome::Open;
    let older = |at: Stamp, than: i32| view.day(at).map(|day| day < than);
    let unchanged =
        view.needs(&[(Kind::Deals, &["modified_at"])]).map(|()| {
            view.count(Kind::Deals, days, |row| {
                if open(row) { older(modified[row], view.as_of - UNCHANGED_DAYS) } else { None }
            })
        });
    let overdue = view
        .needs(&[(Kind::Deals, &["closed_at"])])
        .map(|()| view.count(Kind::Deals, days, |row| if open(row) { older(closes[row], view.as_of) } else { None }));
    vec![
        Check::new(UNTOUCHED, "deals", "Open deals unchanged for 90 days", unchanged),
        Check::new(OVERDUE, "deals", "Open deals whose close date has passed", overdue),
    ]
}

/// Dates after as-of in rows that count. An open deal closes in the future, as it should.
fn future(view: &View<'_>, kind: Kind, column: &'static str) -> Check {
    let counted = view.needs(&[(kind, &[column])]).map(|()| {
        let times = view.table(kind).times(column);
        let ended = view.table(kind).flags("is_closed");
        let won = view.table(kind).flags("is_won");
        let days: Vec<Option<i32>> = times.iter().map(|at| view.day(*at)).collect();
        let counts = |row: usize| column != "closed_at" || ended[row] == 1 || won[row] == 1;
        view.count(kind, view.days(kind), |row| Some(days[row].filter(|_| counts(row))? > view.as_of))
    });
    let title = format!("{}: {column} after as-of", capital(kind.id()));
    Check::new(FUTURE, kind.id(), title, counted).about(column)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `n` rows of value 0 and `others` rows that each have one of their own; and one that has none.
    fn spike(n: u32, others: u32, percent: u64) -> bool {
        let mut values: Vec<Option<u32>> = (0..n).map(|_| Some(0)).chain((1..=others).map(Some)).collect();
        values.push(None);
        let spikes = spikes(&values, percent);
        assert!(!(1..=others).any(|value| spikes(&value)));
        spikes(&0)
    }

    #[test]
    fn a_spike_is_twenty_rows_and_its_percent_of_all() {
        assert!(!spike(19, 0, MINUTE_PERCENT));
        assert!(spike(20, 0, MINUTE_PERCENT));
        assert!(spike(20, 1980, MINUTE_PERCENT));
        assert!(!spike(20, 1981, MINUTE_PERCENT));
        assert!(spike(200, 800, DAY_PERCENT));
        assert!(!spike(200, 801, DAY_PERCENT));
    }
}

//! What each rule says of each deal.
//!
//! In: paths and lead sources. Out: [`Deal`]s: those created or won in the days shown, with a [`Verdict`] per rule.

use crate::journey::path::{self, Paths, Span, Step};
use crate::journey::{NO_DAY, Outcome, Side, account_of, by_source};
use crate::session::Data;
use crate::tables::NONE;
use crate::time::{Stamp, Zone, day_of};

/// Who brought a deal in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Marketing.
    Marketing,
    /// Not marketing.
    Other,
    /// Nothing says so.
    Unknown,
}

impl Verdict {
    /// For machines and people.
    pub fn id(self) -> &'static str {
        match self {
            Self::Marketing => "marketing",
            Self::Other => "not marketing",
            Self::Unknown => "unknown",
        }
    }
}

impl From<Option<Side>> for Verdict {
    fn from(side: Option<Side>) -> Self {
        match side {
            Some(Side::Marketing) => Self::Marketing,
            Some(Side::Sales) => Self::Other,
            None => Self::Unknown,
        }
    }
}

/// The rules, and the scorecard's.
pub const RULES: [(&str, &str); 4] = [
    ("lead_source", "Lead source"),
    ("first_touch", "First touch"),
    ("before_sales", "Before sales"),
    ("scorecard", "Scorecard's"),
];

/// One deal.
pub struct Deal {
    /// Its process, which is also its row in `deals`.
    pub at: usize,
    /// By rule.
    pub says: [Verdict; 4],
    /// Any marketing touch up to its close, or by as-of; `None` where no export has a touch of marketing at all.
    pub influenced: Option<bool>,
    /// Created in the days shown.
    pub created: bool,
    /// Won in the days shown.
    pub won: bool,
}

impl Deal {
    /// Whether those of the three rules that say something of any deal disagree about marketing.
    pub fn differs(&self, blind: [bool; 4]) -> bool {
        let say: Vec<bool> =
            (0..3).filter(|rule| !blind[*rule]).map(|rule| self.says[rule] == Verdict::Marketing).collect();
        say.contains(&true) && say.contains(&false)
    }
}

/// Which rules say nothing of any of the deals: what they would call marketing's is not known.
pub fn blind(deals: &[Deal]) -> [bool; 4] {
    let says = |rule: usize| deals.iter().any(|deal| deal.says[rule] != Verdict::Unknown);
    [0, 1, 2, 3].map(|rule| !deals.is_empty() && !says(rule))
}

/// Labels of touches.
const MARKETING: u32 = 1;
const SALES: u32 = 2;

/// Of one team after the other: the earlier of two first touches; `None` where they fall on one day and one has no time.
fn earlier(marketing: Stamp, sales: Stamp, home: &Zone) -> Option<Side> {
    match (marketing.some(), sales.some()) {
        (Some(m), Some(s)) if (m.is_date() || s.is_date()) && home.day(m) == home.day(s) => None,
        (Some(m), Some(s)) => Some(if m <= s { Side::Marketing } else { Side::Sales }),
        (Some(_), None) => Some(Side::Marketing),
        (None, Some(_)) => Some(Side::Sales),
        (None, None) => None,
    }
}

fn first_of(path: &[Step], label: u32) -> Stamp {
    path.iter().find(|step| step.label == label).map_or(Stamp::NONE, |step| step.at)
}

/// The deals that were created or won in the days shown.
pub fn verdicts(data: &Data, keep: &[bool], (from, to): (i32, i32)) -> Vec<Deal> {
    let (journeys, home) = (&data.journeys, &data.session.home);
    let label = |side: &Option<Side>| match side {
        Some(Side::Marketing) => MARKETING,
        Some(Side::Sales) => SALES,
        None => 0,
    };
    // Where nothing shows what marketing does, a deal without a touch of marketing's tells nothing.
    let shown = journeys.touch_side.contains(&Some(Side::Marketing));
    let labels: Vec<u32> = journeys.touch_side.iter().map(label).collect();
    let paths = path::paths(&data.tables, &data.who, journeys, &labels);
    let moments = path::moments(&data.tables, &data.who);
    let sources = by_source(&data.tables, &data.session.contract, journeys);
    let accounts = account_of(&data.who, journeys);
    let of_account = first_by_account(data, &paths, &accounts);
    let within = |day: i32| day != NO_DAY && (from..=to).contains(&day);
    let last = path::end_of(home.date(day_of(data.session.as_of)), home);
    let deals = (0..journeys.len()).filter(|at| keep[*at] && journeys.outcome[*at] != Outcome::NoDeal);
    deals
        .filter_map(|at| {
            let created = within(journeys.created[at]);
            let won = journeys.outcome[at] == Outcome::Won && within(journeys.closed[at]);
            if !created && !won {
                return None;
            }
            let close = if journeys.closed[at] == NO_DAY { Stamp::NONE } else { moments.closed[at] };
            let end = if close.is_none() { last } else { path::end_of(close, home) };
            // What came after the deal was created brought nobody in.
            let until = moments.created[at].some().map_or(end, |m| path::end_of(m, home));
            let up_to = |until: i64| paths.within(at, Span { since: i64::MIN, until });
            let before = up_to(until);
            let first = first_touch(before, home);
            let [marketing, sales] = match accounts[at] {
                NONE => [MARKETING, SALES].map(|label| first_of(paths.all(at), label)),
                account => of_account[account as usize],
            };
            let in_time = marketing.some().is_some_and(|m| m.utc_ms() <= until);
            let before_sales = match earlier(marketing, sales, home) {
                Some(Side::Marketing) if in_time => Verdict::Marketing,
                None if in_time => Verdict::Unknown,
                None if marketing.is_none() && sales.is_none() => Verdict::Unknown,
                _ => Verdict::Other,
            };
            let influenced = shown.then(|| up_to(end).iter().any(|step| step.label == MARKETING));
            let says = [sources[at].into(), first, before_sales, journeys.origin[at].into()];
            Some(Deal { at, says, influenced, created, won })
        })
        .collect()
}

/// The team of the first touch; a touch of no team is not marketing's.
fn first_touch(path: &[Step], home: &Zone) -> Verdict {
    let Some(first) = path.first() else { return Verdict::Unknown };
    // Of two teams on one day, one of them without a time, nobody can say who came first.
    let other = path[1..].iter().take_while(|step| home.day(step.at) == home.day(first.at));
    let tied = |step: &Step| step.label != first.label && (step.at.is_date() || first.at.is_date());
    if other.into_iter().any(tied) {
        return Verdict::Unknown;
    }
    if first.label == MARKETING { Verdict::Marketing } else { Verdict::Other }
}

/// The first touches of marketing and of sales with anybody of each account.
fn first_by_account(data: &Data, paths: &Paths, accounts: &[u32]) -> Vec<[Stamp; 2]> {
    let count = data.tables.get(crate::tables::Kind::Accounts).len();
    let mut first = vec![[Stamp::NONE; 2]; count];
    for (at, account) in accounts.iter().enumerate().filter(|(_, account)| **account != NONE) {
        for (first, label) in first[*account as usize].iter_mut().zip([MARKETING, SALES]) {
            *first = first.earlier(first_of(paths.all(at), label));
        }
    }
    first
}

//! `[[check]]`, the gates that figures and exports have to pass.
//!
//! In: the tables under `check`. Out: [`Check`]s, of which only what the catalogue and the data know is not checked yet: the
//! metric, and the columns of `where`.

use super::Said;
use super::handoff::PERIODS;
use super::read::{Fields, Reader};
use crate::calendar::PeriodKind;
use crate::issue::{Place, did_you_mean};
use crate::tables::Kind;

/// One gate.
#[derive(Debug, Clone, PartialEq)]
pub struct Check {
    /// Where it was written.
    pub place: Place,
    /// What it is called; left out, what it asks for.
    pub title: Option<String>,
    /// What it looks at.
    pub subject: Subject,
    /// Whether it only warns.
    pub warns: bool,
    /// Whether it lets pass what cannot be computed.
    pub allow_missing: bool,
}

/// What a gate looks at.
#[derive(Debug, Clone, PartialEq)]
pub enum Subject {
    /// A metric of the catalogue.
    Figure(Box<Gate>),
    /// How old the newest record of a table may be, in days up to as-of.
    Fresh {
        /// A table whose records have a day.
        table: Kind,
        /// 0 or more.
        within_days: u32,
        /// Whether every system that the table is read from has to be fresh; else the freshest of them decides.
        every_system: bool,
    },
}

/// What is asked of a metric in the last whole period; at least one of the bounds is there.
#[derive(Debug, Clone, PartialEq)]
pub struct Gate {
    /// Its id.
    pub metric: Said<String>,
    /// Length of a period.
    pub period: PeriodKind,
    /// Condition on the rows, as `--where`; its columns are checked with the data.
    pub condition: Option<Said<String>>,
    /// Lowest value.
    pub at_least: Option<f64>,
    /// Highest value.
    pub at_most: Option<f64>,
    /// Lowest share of the `[[target]]`, above 0.
    pub of_target: Option<Said<f64>>,
    /// Lowest relative change against the period before: -0.1 is a tenth less.
    pub change_at_least: Option<f64>,
    /// Highest relative change.
    pub change_at_most: Option<f64>,
    /// Standard deviations that it may lie from the mean of the periods before, above 0.
    pub within_band: Option<f64>,
    /// How many periods before make the band, at least [`Gate::FEWEST`].
    pub band_periods: u32,
    /// Fewest rows behind the figure.
    pub minimum_n: Option<u64>,
}

impl Gate {
    /// Known periods without which a band says nothing.
    pub const FEWEST: u32 = 4;
    const BAND: u32 = 8;
}

const BOUNDS: [&str; 7] =
    ["at_least", "at_most", "of_target", "change_at_least", "change_at_most", "within_band", "minimum_n"];
const KNOWN: [&str; 17] = [
    "title",
    "metric",
    "period",
    "where",
    "at_least",
    "at_most",
    "of_target",
    "change_at_least",
    "change_at_most",
    "within_band",
    "band_periods",
    "minimum_n",
    "fresh",
    "within_days",
    "every_system",
    "allow_missing",
    "severity",
];

/// Reads `[[check]]`.
pub(super) fn checks(r: &mut Reader<'_>, top: &Fields<'_, '_>) -> Vec<Check> {
    let tables = r.tables(top, "check", &KNOWN);
    tables.into_iter().filter_map(|fields| check(r, &fields)).collect()
}

fn check(r: &mut Reader<'_>, fields: &Fields<'_, '_>) -> Option<Check> {
    let before = r.issues.len();
    let title = r.text(fields, "title").map(|said| said.value);
    let allow_missing = r.flag(fields, "allow_missing").unwrap_or(false);
    let warns = r.choice(fields, "severity", &[("fail", false), ("warn", true)]).is_some_and(|said| said.value);
    let subject = match (fields.has("metric"), fields.has("fresh")) {
        (true, true) => {
            let hint = "write a second [[check]] for the other one";
            r.fault(fields.place.clone(), "[[check]] has `metric` and `fresh`, which are two checks", hint);
            None
        }
        (false, false) => {
            if !fields.mistyped() {
                let hint = "say what it looks at: `metric = \"win_rate_narrow\"`, or `fresh = \"people\"`";
                r.fault(fields.place.clone(), "[[check]] has neither `metric` nor `fresh`", hint);
            }
            None
        }
        (true, false) => {
            others(r, fields, &["within_days", "every_system"], "`fresh`", "this one is about a metric");
            gate(r, fields).map(|gate| Subject::Figure(Box::new(gate)))
        }
        (false, true) => {
            let of_metrics: Vec<&str> = BOUNDS.into_iter().chain(["period", "where", "band_periods"]).collect();
            others(r, fields, &of_metrics, "`metric`", "this one is about how fresh a table is");
            fresh(r, fields)
        }
    };
    let place = fields.place.clone();
    let subject = subject.filter(|_| r.issues.len() == before)?;
    Some(Check { place, title, subject, warns, allow_missing })
}

/// Notes keys that belong to a check of the other sort.
fn others(r: &mut Reader<'_>, fields: &Fields<'_, '_>, keys: &[&str], belongs: &str, this: &str) {
    for key in keys {
        if let Some(value) = fields.get(key) {
            let place = r.place(&value.span());
            r.fault(place, format!("`{key}` goes with {belongs}, and {this}"), format!("leave `{key}` out"));
        }
    }
}

fn fresh(r: &mut Reader<'_>, fields: &Fields<'_, '_>) -> Option<Subject> {
    r.missing(fields, "within_days", "say how old the newest record may be: `within_days = 3`");
    let within_days = whole(r, fields, "within_days", 0, 36_500, "days");
    let said = r.text(fields, "fresh")?;
    let known: Vec<Kind> = Kind::ALL.into_iter().filter(|kind| !kind.dated_by().is_empty()).collect();
    let Some(table) = known.iter().find(|kind| kind.id() == said.value) else {
        let ids: Vec<&str> = known.iter().map(|kind| kind.id()).collect();
        let what = match Kind::named(&said.value) {
            Some(kind) => format!("the records of `{}` have no day", kind.id()),
            None => format!("no table is called `{}`", said.value),
        };
        r.fault(said.place, what, did_you_mean(&said.value, ids));
        return None;
    };
    let every_system = r.flag(fields, "every_system").unwrap_or(false);
    Some(Subject::Fresh { table: *table, within_days: u32::try_from(within_days?).ok()?, every_system })
}

/// A whole number between two, both included.
fn whole(r: &mut Reader<'_>, fields: &Fields<'_, '_>, key: &str, low: u32, high: u32, of: &str) -> Option<u64> {
    let said = r.number(fields, key)?;
    if said.value.fract() == 0.0 && (f64::from(low)..=f64::from(high)).contains(&said.value) {
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // looked at above
        return Some(said.value as u64);
    }
    let what = format!("`{key}` is {}, which is not a number of {of}", said.value);
    r.fault(said.place, what, format!("write a whole number from {low} to {high}"));
    None
}

/// A number that is one, and above 0 where it has to be.
fn bound(r: &mut Reader<'_>, fields: &Fields<'_, '_>, key: &str, above_zero: Option<&str>) -> Option<Said<f64>> {
    let said = r.number(fields, key)?;
    if said.value.is_finite() && (above_zero.is_none() || said.value > 0.0) {
        return Some(said);
    }
    let hint = above_zero.map_or_else(
        || "write a number, such as 0.2".to_string(),
        |example| format!("write a number above 0, such as {example}"),
    );
    r.fault(said.place, format!("`{key}` is {}, which nothing can be held against", said.value), hint);
    None
}

fn gate(r: &mut Reader<'_>, fields: &Fields<'_, '_>) -> Option<Gate> {
    let metric = r.text(fields, "metric");
    let period = r.choice(fields, "period", &PERIODS).map_or(PeriodKind::Quarter, |said| said.value);
    let condition = r.text(fields, "where");
    let [at_least, at_most, change_at_least, change_at_most] =
        ["at_least", "at_most", "change_at_least", "change_at_most"].map(|key| bound(r, fields, key, None));
    for (low, high, names) in [
        (&at_least, &at_most, ["at_least", "at_most"]),
        (&change_at_least, &change_at_most, ["change_at_least", "change_at_most"]),
    ] {
        if let (Some(low), Some(high)) = (low, high)
            && low.value > high.value
        {
            let [a, b] = names;
            let what = format!("`{a}` is {}, which is more than `{b}`, {}: nothing can be both", low.value, high.value);
            r.fault(high.place.clone(), what, "change one of them");
        }
    }
    let of_target = bound(r, fields, "of_target", Some("0.9"));
    if let (Some(said), Some(condition)) = (&of_target, &condition) {
        let what = format!("`of_target` is for everybody, and `where` leaves some out: {}", condition.value);
        r.fault(said.place.clone(), what, "leave one of them out, or write two checks");
    }
    let within_band = bound(r, fields, "within_band", Some("2"));
    let band_periods = whole(r, fields, "band_periods", Gate::FEWEST, 200, "periods that make a band");
    if let Some(value) = fields.get("band_periods").filter(|_| !fields.has("within_band")) {
        let place = r.place(&value.span());
        r.fault(place, "`band_periods` without `within_band`", "say how wide the band is: `within_band = 2`");
    }
    let minimum_n = whole(r, fields, "minimum_n", 1, u32::MAX, "rows");
    if BOUNDS.iter().all(|key| !fields.has(key)) && !fields.mistyped() {
        let hint = format!("give it one of {}", BOUNDS.join(", "));
        r.fault(fields.place.clone(), "[[check]] asks nothing of its metric", hint);
    }
    let plain = |said: Option<Said<f64>>| said.map(|said| said.value);
    Some(Gate {
        metric: metric?,
        period,
        condition,
        at_least: plain(at_least),
        at_most: plain(at_most),
        of_target,
        change_at_least: plain(change_at_least),
        change_at_most: plain(change_at_most),
        within_band: plain(within_band),
        band_periods: band_periods.and_then(|n| u32::try_from(n).ok()).unwrap_or(Gate::BAND),
        minimum_n,
    })
}

//! `[handoff]`, what sales promises for the leads that marketing qualifies, and `[[target]]`, how many marketing promises.
//!
//! In: the tables under `handoff` and `target`, and the stages. Out: a [`Handoff`] and [`Target`]s.

use std::collections::BTreeMap;

use jiff::civil::Date;

use super::parse::plain;
use super::read::{Fields, Reader};
use super::{Contract, Owner, Said, Stage};
use crate::calendar::PeriodKind;
use crate::calendar::hours::Hours;
use crate::issue::{Issue, Place, did_you_mean};

/// The agreement on qualified leads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Handoff {
    /// Whether the contract has it, or only the built-in one holds.
    pub agreed: bool,
    /// The stage whose leads are handed over; left out, the one before the first that sales owns.
    pub from: Option<Said<String>>,
    /// The stage that says that sales took the lead on; left out, the one after `from`.
    pub accepted: Option<Said<String>>,
    /// Whose touch is the first one: [`Owner::Both`] takes either team's.
    pub first_touch_by: Owner,
    /// Working time that may pass before it, in milliseconds.
    pub within_ms: i64,
    /// The same as it was written.
    pub within: String,
    /// Around the clock without any.
    pub hours: Option<Hours>,
    /// IANA name; left out, that of the contract.
    pub timezone: Option<String>,
    /// Days that are no working days.
    pub holidays: Vec<Date>,
    /// Statuses of a lead that sales turned down.
    pub rejected: Vec<String>,
    /// Statuses of a lead that went back to marketing.
    pub recycled: Vec<String>,
    /// Kinds of touches that no human made.
    pub automated: Vec<String>,
}

/// How many processes are to reach a stage in each period.
#[derive(Debug, Clone, PartialEq)]
pub struct Target {
    /// Id of a stage.
    pub stage: Said<String>,
    /// Length of a period.
    pub per: PeriodKind,
    /// How many.
    pub volume: f64,
    /// The first day it holds; without one it holds until a dated one begins.
    pub from: Option<Date>,
}

const DAY_MS: i64 = 86_400_000;
const REJECTED: [&str; 5] = ["Unqualified", "Disqualified", "Rejected", "Not Qualified", "Closed - Not Converted"];
const RECYCLED: [&str; 5] = ["Recycled", "Recycle", "Nurture", "Nurturing", "Returned to Marketing"];
const AUTOMATED: [&str; 13] = [
    "marketing email",
    "email_marketing",
    "email sent",
    "email open",
    "email click",
    "list email",
    "newsletter",
    "auto reply",
    "automated email",
    "campaign",
    "form",
    "page view",
    "ad click",
];
/// Lengths of a period, by name.
pub(super) const PERIODS: [(&str, PeriodKind); 6] = [
    ("week", PeriodKind::Week),
    ("month", PeriodKind::Month),
    ("quarter", PeriodKind::Quarter),
    ("year", PeriodKind::Year),
    ("fiscal-quarter", PeriodKind::FiscalQuarter),
    ("fiscal-year", PeriodKind::FiscalYear),
];

impl Default for Handoff {
    fn default() -> Self {
        let words = |list: &[&str]| list.iter().map(ToString::to_string).collect();
        Self {
            agreed: false,
            from: None,
            accepted: None,
            first_touch_by: Owner::Sales,
            within_ms: DAY_MS,
            within: "24h".into(),
            hours: None,
            timezone: None,
            holidays: Vec::new(),
            rejected: words(&REJECTED),
            recycled: words(&RECYCLED),
            automated: words(&AUTOMATED),
        }
    }
}

impl Contract {
    /// The stages between which leads are handed over, by index: the one they come from, and the one that accepts them.
    ///
    /// # Errors
    /// When `[handoff]` names none and the owners of the stages do not tell.
    pub fn handoff_stages(&self) -> Result<(usize, usize), Issue> {
        let of = |said: &Option<Said<String>>| {
            said.as_ref().and_then(|said| self.stages.iter().position(|stage| stage.id.value == said.value))
        };
        let first_of_sales = || self.stages.iter().position(|stage| stage.owner == Owner::Sales);
        let from = of(&self.handoff.from).or_else(|| first_of_sales()?.checked_sub(1));
        let no = |what: &str| {
            Issue::usage(Place::file(&self.source_name), what)
                .hint("say it in the contract: [handoff] from = \"mql\", accepted = \"sql\" (two ids of stages)")
        };
        let from = from.ok_or_else(|| {
            no("no stage hands leads over: [handoff] names none, and none stands before a stage that sales owns")
        })?;
        let accepted = of(&self.handoff.accepted).unwrap_or(from + 1);
        if accepted >= self.stages.len() || accepted <= from {
            return Err(no("no stage after the one that hands leads over says that they were accepted"));
        }
        Ok((from, accepted))
    }
}

/// Reads `[handoff]`.
pub(super) fn handoff(r: &mut Reader<'_>, top: &Fields<'_, '_>, stages: &[Stage]) -> Handoff {
    const KNOWN: [&str; 10] = [
        "from",
        "accepted",
        "first_touch_by",
        "within",
        "business_hours",
        "timezone",
        "holidays",
        "rejected",
        "recycled",
        "automated",
    ];
    let mut handoff = Handoff::default();
    let Some(fields) = top.get("handoff").and_then(|value| r.open("[handoff]", value, &KNOWN)) else {
        return handoff;
    };
    handoff.agreed = true;
    let [from, accepted] = ["from", "accepted"].map(|key| r.text(&fields, key).and_then(|said| stage(r, said, stages)));
    let place = |said: &Option<Said<String>>| {
        said.as_ref().and_then(|said| stages.iter().position(|stage| stage.id.value == said.value))
    };
    if let (Some(first), Some(second), Some(said)) = (place(&from), place(&accepted), &accepted)
        && second <= first
    {
        let what = format!("`accepted` is `{}`, which does not come after `{}`", said.value, stages[first].id.value);
        r.fault(said.place.clone(), what, "name a stage further down the funnel");
    }
    (handoff.from, handoff.accepted) = (from, accepted);
    let teams = [("marketing", Owner::Marketing), ("sales", Owner::Sales), ("both", Owner::Both)];
    if let Some(by) = r.choice(&fields, "first_touch_by", &teams) {
        handoff.first_touch_by = by.value;
    }
    if let Some(said) = r.text_like(&fields, "business_hours", "days and hours such as \"Mon-Fri 09:00-17:00\"") {
        match Hours::parse(&said.value) {
            Ok(hours) => handoff.hours = Some(hours),
            Err(wrong) => r.fault(said.place, format!("in `business_hours`, {}", wrong.what), wrong.hint),
        }
    }
    r.missing(&fields, "within", "say how soon sales answers: `within = \"24h\"`");
    let hours_unread = fields.has("business_hours") && handoff.hours.is_none();
    if let Some(said) = r.text_like(&fields, "within", "a time such as \"24h\"")
        && let Some(ms) = within(r, &said, handoff.hours.as_ref(), hours_unread)
    {
        (handoff.within_ms, handoff.within) = (ms, said.value.trim().to_string());
    }
    handoff.timezone = r.text(&fields, "timezone").and_then(|said| r.timezone(said)).map(|said| said.value);
    handoff.holidays = holidays(r, &fields);
    let [rejected, recycled, automated] = ["rejected", "recycled", "automated"].map(|key| r.texts(&fields, key));
    for text in recycled.iter().flatten() {
        let same = |other: &&Said<String>| other.value.trim().to_lowercase() == text.value.trim().to_lowercase();
        if let Some(first) = rejected.iter().flatten().find(same) {
            let what = format!("`{}` is both rejected and recycled", text.value);
            r.fault(text.place.clone(), what, format!("the other one is at {}; keep one of them", first.place));
        }
    }
    let lists = [&mut handoff.rejected, &mut handoff.recycled, &mut handoff.automated];
    for (list, said) in lists.into_iter().zip([rejected, recycled, automated]) {
        if let Some(said) = said {
            *list = plain(said);
        }
    }
    handoff
}

/// The id of a stage; notes one that does not exist.
fn stage(r: &mut Reader<'_>, said: Said<String>, stages: &[Stage]) -> Option<Said<String>> {
    if stages.iter().any(|stage| stage.id.value == said.value) {
        return Some(said);
    }
    let known: Vec<&str> = stages.iter().map(|stage| stage.id.value.as_str()).collect();
    r.fault(said.place, format!("no stage is called `{}`", said.value), did_you_mean(&said.value, known));
    None
}

/// Working time in milliseconds: minutes, hours, or days, which with business hours are working days.
fn within(r: &mut Reader<'_>, said: &Said<String>, hours: Option<&Hours>, hours_unread: bool) -> Option<i64> {
    let text = said.value.trim();
    let unit = text.chars().last().filter(char::is_ascii_alphabetic);
    let number = unit.and_then(|unit| text.strip_suffix(unit)).filter(|n| n.bytes().all(|b| b.is_ascii_digit()));
    let number: Option<i64> = number.and_then(|n| n.parse().ok()).filter(|n| (1..=100_000).contains(n));
    let (Some(number), Some(unit @ ('m' | 'h' | 'd'))) = (number, unit) else {
        let what = format!("`within` is `{}`, not a time", said.value);
        r.fault(said.place.clone(), what, "write minutes, hours or days, such as \"30m\", \"24h\" or \"2d\"");
        return None;
    };
    let unit_ms = match (unit, hours) {
        ('m', _) => 60_000,
        ('h', _) => 3_600_000,
        (_, None) => DAY_MS,
        (_, Some(hours)) => {
            let Some(seconds) = hours.day_seconds() else {
                let what = format!("`within` is `{}`, and the working days differ in length", said.value);
                r.fault(said.place.clone(), what, "write hours, such as \"16h\"");
                return None;
            };
            seconds * 1000
        }
    };
    (!hours_unread || unit != 'd').then_some(number * unit_ms)
}

fn holidays(r: &mut Reader<'_>, fields: &Fields<'_, '_>) -> Vec<Date> {
    let mut days: BTreeMap<Date, Place> = BTreeMap::new();
    for said in r.texts(fields, "holidays").unwrap_or_default() {
        let day = Some(&said.value).filter(|t| t.len() == 10).and_then(|t| t.parse::<Date>().ok());
        let Some(day) = day else {
            let hint = "write a day that exists as YYYY-MM-DD, such as \"2026-01-01\"";
            r.fault(said.place, format!("`{}` in `holidays` is not a date", said.value), hint);
            continue;
        };
        if let Some(first) = days.get(&day) {
            let hint = format!("the other one is at {first}; keep one of them");
            r.fault(said.place, format!("{day} stands in `holidays` twice"), hint);
        } else {
            days.insert(day, said.place);
        }
    }
    days.into_keys().collect()
}

/// Reads `[[target]]`.
pub(super) fn targets(r: &mut Reader<'_>, top: &Fields<'_, '_>, stages: &[Stage]) -> Vec<Target> {
    let mut seen: BTreeMap<(String, Option<Date>), Place> = BTreeMap::new();
    let mut lengths: BTreeMap<String, (PeriodKind, Place)> = BTreeMap::new();
    let mut targets = Vec::new();
    for fields in r.tables(top, "target", &["stage", "per", "volume", "from"]) {
        let id = r.need_text(&fields, "stage", "say which stage is to be reached: `stage = \"mql\"`");
        let id = id.and_then(|said| stage(r, said, stages));
        r.missing(&fields, "per", "say how long a period is: `per = \"month\"`");
        let per = r.choice(&fields, "per", &PERIODS);
        r.missing(&fields, "volume", "say how many: `volume = 120`");
        let volume = r.number(&fields, "volume");
        let from = r.date(&fields, "from");
        let bad_from = fields.has("from") && from.is_none();
        if let Some(volume) = volume.as_ref().filter(|v| !(v.value.is_finite() && v.value >= 0.0)) {
            r.fault(
                volume.place.clone(),
                format!("`volume` is {}, which is not a number of leads", volume.value),
                "write 0 or more",
            );
        }
        let (Some(stage), Some(per), Some(volume), false) = (id, per, volume, bad_from) else { continue };
        if let Some((kind, first)) = lengths.get(&stage.value)
            && *kind != per.value
        {
            let what =
                format!("`{}` has a target per {} here, and per {} elsewhere", stage.value, per.value.id(), kind.id());
            r.fault(
                per.place,
                what,
                format!("the other one is at {first}; all targets of a stage need the same period"),
            );
            continue;
        }
        lengths.entry(stage.value.clone()).or_insert_with(|| (per.value, per.place.clone()));
        let from = from.map(|said| said.value);
        if let Some(first) = seen.get(&(stage.value.clone(), from)) {
            let when = from.map_or("without `from`".to_owned(), |day| format!("from {day}"));
            let hint = format!("the other one is at {first}; keep one of them");
            r.fault(fields.place.clone(), format!("a second target for `{}` {when}", stage.value), hint);
        } else {
            seen.insert((stage.value.clone(), from), fields.place.clone());
            targets.push(Target { stage, per: per.value, volume: volume.value, from });
        }
    }
    targets
}

//! The top level of the contract: calendar, currency, rates, teams, measures and metrics.
//!
//! In: the text of a contract. Out: a [`Contract`], or every problem in it, in the order of the text.

use std::collections::BTreeMap;
use std::path::PathBuf;

use jiff::civil::Date;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::read::{Fields, Reader, Value};
use super::{
    Contract, FiscalLabel, MeasureDef, MetricDef, Rate, Said, Team, Teams, benchmark, check, handoff, persona,
    qualified, sha256, source, stage,
};
use crate::calendar::Fiscal;
use crate::issue::{Issue, Issues, Place};

const TOP: &[&str] = &[
    "name",
    "currency",
    "timezone",
    "fiscal_year_start",
    "fiscal_year_label",
    "as_of",
    "mature_after",
    "allowed_reasons",
    "no_decision",
    "source",
    "stage",
    "teams",
    "rate",
    "measure",
    "metric",
    "preset",
    "handoff",
    "target",
    "qualified",
    "persona",
    "accounts",
    "check",
    "benchmark",
];
/// Keys that, written below the first table, have slipped into that table (`name` more likely means a title there).
const SLIPPED: &[&str] = &[
    "currency",
    "timezone",
    "fiscal_year_start",
    "fiscal_year_label",
    "as_of",
    "mature_after",
    "allowed_reasons",
    "no_decision",
];

/// Reads and checks a contract. Where it has no sources, stages or teams it takes those of `fallback`.
pub(super) fn contract(
    text: &str,
    shown: &str,
    root: PathBuf,
    fallback: Option<&Contract>,
) -> Result<Contract, Issues> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text).replace("\r\n", "\n");
    let mut reader = Reader::new(shown, &text, SLIPPED);
    let (document, errors) = DeTable::parse_recoverable(&text);
    if !errors.is_empty() {
        return Err(syntax(&reader, &errors));
    }
    let r = &mut reader;
    let top = r.fields(document.get_ref(), Place::at(shown, 1, 1), "at the top of the file", TOP);

    let mut contract = Contract { hash: sha256(&text), text: text.clone(), ..Contract::empty(shown, root) };
    if let Some(fallback) = fallback {
        contract.stages.clone_from(&fallback.stages);
        contract.teams.clone_from(&fallback.teams);
    }
    if let Some(name) = r.text(&top, "name") {
        contract.name = name.value;
    }
    let currency = r.text(&top, "currency").and_then(|said| r.currency(said));
    let currency_unread = top.has("currency") && currency.is_none();
    if let Some(currency) = currency {
        contract.currency = currency.value;
    }
    let timezone = r.text(&top, "timezone").and_then(|said| r.timezone(said));
    if let Some(timezone) = timezone {
        contract.timezone = timezone;
    }
    if let Some(start) = fiscal_year_start(r, &top) {
        contract.fiscal_year_start = start;
    }
    let labels = [("start", FiscalLabel::Start), ("end", FiscalLabel::End)];
    if let Some(label) = r.choice(&top, "fiscal_year_label", &labels) {
        contract.fiscal_year_label = label.value;
    }
    contract.as_of = r.date(&top, "as_of").map(|said| said.value);
    contract.mature_after_days = days(r, &top, "mature_after", "180d");
    contract.allowed_reasons = super::parse::plain(r.texts(&top, "allowed_reasons").unwrap_or_default());
    match (r.texts(&top, "no_decision"), fallback) {
        (Some(said), _) => contract.no_decision = plain(said),
        (None, Some(fallback)) => contract.no_decision.clone_from(&fallback.no_decision),
        (None, None) => {}
    }
    contract.sources = source::sources(r, &top);
    if let Some(fallback) = fallback.filter(|_| !top.has("source")) {
        contract.sources.clone_from(&fallback.sources);
    }
    let before = r.issues.len();
    if top.has("stage") {
        contract.stages = stage::stages(r, &top, &contract.sources);
    }
    let stages_read = r.issues.len() == before;
    if let Some(value) = top.get("teams") {
        contract.teams = teams(r, value);
    }
    // A currency that could not be read is no reason to judge the rates by the default one.
    let reporting = if currency_unread { "the reporting currency" } else { &contract.currency };
    contract.rates = rates(r, &top, reporting);
    contract.measures = measures(r, &top);
    contract.metrics = metrics(r, &top, &contract.measures);
    contract.presets = presets(r, &top);
    contract.handoff = handoff::handoff(r, &top, &contract.stages);
    let fiscal = Fiscal { start: contract.fiscal_year_start, label: contract.fiscal_year_label };
    (contract.targets, contract.goals) = handoff::targets(r, &top, &contract.stages, fiscal);
    contract.qualified = qualified::qualified(r, &top, &contract.stages, stages_read);
    contract.personas = persona::personas(r, &top);
    contract.accounts = persona::accounts(r, &top);
    contract.checks = check::checks(r, &top);
    contract.benchmarks = benchmark::benchmarks(r, &top);

    let mut issues = reader.issues;
    issues.sort_by(|a, b| a.place.cmp(&b.place));
    Issues(issues).into_result().map(|()| contract)
}

/// Syntax errors in the order of the text: only the first of a line, and only the first duplicate key, as the others
/// usually follow from it (all keys of a table that is there twice).
fn syntax(reader: &Reader<'_>, errors: &[toml::de::Error]) -> Issues {
    const TWICE: &str = "duplicate key";
    let first = errors.iter().filter(|e| e.message() == TWICE).map(|e| e.span().unwrap_or_default().start).min();
    let mut issues = Vec::new();
    for e in errors {
        let span = e.span().unwrap_or_default();
        let mut what = format!("not valid TOML: {}", e.message());
        if e.message() == TWICE {
            if Some(span.start) != first {
                continue;
            }
            what = format!("{what} `{}`", reader.raw(&span));
        }
        issues.push(Issue::usage(reader.place(&span), what));
    }
    issues.sort_by(|a, b| a.place.cmp(&b.place));
    issues.dedup_by_key(|issue| issue.place.line);
    Issues(issues)
}

fn fiscal_year_start(r: &mut Reader<'_>, top: &Fields<'_, '_>) -> Option<(u8, u8)> {
    let said = r.text_like(top, "fiscal_year_start", "a month and a day such as \"02-01\"")?;
    let two = |part: &str| part.parse::<u8>().ok().filter(|_| part.len() == 2 && !part.starts_with('+'));
    let parts = said.value.split_once('-').and_then(|(month, day)| Some((two(month)?, two(day)?)));
    let what = format!("`fiscal_year_start` is `{}`", said.value);
    match parts {
        Some((1..=12, 1..=28)) => return parts,
        Some((1..=12, 29..=31)) => {
            let hint = "write a day from 01 to 28: later ones do not exist in every month and year";
            r.fault(said.place, format!("{what}, a day that not every year has"), hint);
        }
        _ => {
            let hint = "write MM-DD, such as \"02-01\" for a year that begins on 1 February";
            r.fault(said.place, format!("{what}, not a month and a day"), hint);
        }
    }
    None
}

/// A number of days such as `180d`.
pub(super) fn days(r: &mut Reader<'_>, fields: &Fields<'_, '_>, key: &str, example: &str) -> Option<u32> {
    let said = r.text_like(fields, key, &format!("a number of days such as \"{example}\""))?;
    let number = said.value.strip_suffix('d').filter(|n| n.bytes().all(|b| b.is_ascii_digit()));
    let days = number.and_then(|n| n.parse().ok()).filter(|days| (1..=36_500).contains(days));
    if days.is_none() {
        let what = format!("`{key}` is `{}`, not a number of days", said.value);
        r.fault(said.place, what, format!("write whole days from 1d to 36500d, such as \"{example}\""));
    }
    days
}

fn rates(r: &mut Reader<'_>, top: &Fields<'_, '_>, reporting: &str) -> Vec<Rate> {
    let mut seen: BTreeMap<(String, Option<Date>), Place> = BTreeMap::new();
    let mut rates = Vec::new();
    for fields in r.tables(top, "rate", &["currency", "rate", "from"]) {
        let currency = r.need_text(&fields, "currency", "say whose rate this is: `currency = \"EUR\"`");
        let currency = currency.and_then(|said| r.currency(said));
        r.missing(&fields, "rate", &format!("say what 1 unit is worth in {reporting}: `rate = 1.08`"));
        let rate = r.number(&fields, "rate");
        let from = r.date(&fields, "from");
        let bad_from = fields.has("from") && from.is_none();
        if let Some(rate) = rate.as_ref().filter(|rate| !(rate.value.is_finite() && rate.value > 0.0)) {
            let hint = format!("write what 1 unit is worth in {reporting}, a number above 0");
            r.fault(rate.place.clone(), format!("`rate` is {}, which is not a rate", rate.value), hint);
        }
        let Some(currency) = currency else { continue };
        if currency.value == reporting {
            let what = format!("{reporting} is the reporting currency: its rate is always 1");
            r.fault(currency.place, what, "leave this [[rate]] out");
            continue;
        }
        if bad_from {
            continue;
        }
        let from = from.map(|said| said.value);
        if let Some(first) = seen.get(&(currency.value.clone(), from)) {
            let when = from.map_or("without `from`".to_owned(), |day| format!("from {day}"));
            let hint = format!("the other one is at {first}; keep one of them");
            r.fault(fields.place.clone(), format!("a second rate for {} {when}", currency.value), hint);
        } else {
            seen.insert((currency.value.clone(), from), fields.place.clone());
        }
        if let Some(rate) = rate {
            rates.push(Rate { currency: currency.value, rate: rate.value, from, place: fields.place });
        }
    }
    rates
}

fn teams(r: &mut Reader<'_>, value: &Value<'_>) -> Teams {
    let Some(fields) = r.open("[teams]", value, &["marketing", "sales"]) else {
        return Teams::default();
    };
    let mut both = [("marketing", Vec::new()), ("sales", Vec::new())];
    for (name, lists) in &mut both {
        r.missing(&fields, name, &format!("say who belongs to it: `{name} = {{ kinds = [\"…\"] }}`"));
        if let Some(value) = fields.get(name) {
            *lists = team(r, name, value);
        }
    }
    let [(_, marketing), (_, sales)] = both;
    for ((key, ours), (_, theirs)) in marketing.iter().zip(&sales) {
        for text in theirs {
            let same = |other: &&Said<String>| other.value.trim().to_lowercase() == text.value.trim().to_lowercase();
            if let Some(first) = ours.iter().find(same) {
                let what = format!("`{}` stands in the {key} of both teams", text.value);
                r.fault(text.place.clone(), what, format!("the other one is at {}; keep one of them", first.place));
            }
        }
    }
    Teams { marketing: plain_team(marketing), sales: plain_team(sales) }
}

const TEAM: [&str; 4] = ["kinds", "sources", "owners", "departments"];

/// The four lists of a team, in the order of [`TEAM`].
type Lists = Vec<(&'static str, Vec<Said<String>>)>;

fn team(r: &mut Reader<'_>, name: &str, value: &Value<'_>) -> Lists {
    let Some(fields) = r.open(&format!("team `{name}`"), value, &TEAM) else {
        return Vec::new();
    };
    if !fields.mistyped() && TEAM.iter().all(|key| !fields.has(key)) {
        let what = format!("team `{name}` does not say who belongs to it");
        r.fault(fields.place.clone(), what, format!("give it one of {}", TEAM.join(", ")));
    }
    TEAM.iter().map(|key| (*key, r.texts(&fields, key).unwrap_or_default())).collect()
}

fn plain_team(lists: Lists) -> Team {
    let mut lists = lists.into_iter().map(|(_, said)| plain(said));
    let mut next = || lists.next().unwrap_or_default();
    Team { kinds: next(), sources: next(), owners: next(), departments: next() }
}

/// The values without their places.
pub(super) fn plain(said: Vec<Said<String>>) -> Vec<String> {
    said.into_iter().map(|said| said.value).collect()
}

/// The tables `[section.<id>]`, their ids checked.
fn named<'t, 'i>(
    r: &mut Reader<'_>,
    top: &Fields<'t, 'i>,
    section: &str,
    known: &[&'static str],
) -> Vec<(Said<String>, Fields<'t, 'i>)> {
    let Some(value) = top.get(section) else {
        return Vec::new();
    };
    let expected = format!("a table such as [{section}.my_{section}]");
    let entries = r.entries(&format!("`{section}`"), value, &expected);
    let opened = entries.into_iter().filter_map(|(id, value)| {
        r.snake_case(section, &id);
        r.open(&format!("[{section}.{}]", id.value), value, known).map(|fields| (id, fields))
    });
    opened.collect()
}

fn measures(r: &mut Reader<'_>, top: &Fields<'_, '_>) -> Vec<MeasureDef> {
    let mut measures = Vec::new();
    for (id, fields) in named(r, top, "measure", &["table", "at", "value", "where", "unit"]) {
        let table = r.need_text(&fields, "table", "say what it counts: `table = \"deals\"`");
        let at = r.need_text(&fields, "at", "say which date puts a row into a period: `at = \"closed_at\"`");
        let value = r.need_text(&fields, "value", "say how rows are counted: `value = \"COUNT(*)\"`");
        let (when, unit) = (r.text(&fields, "where"), r.text(&fields, "unit"));
        if let (Some(table), Some(at), Some(value)) = (table, at, value) {
            measures.push(MeasureDef { id, table, at, value, when, unit });
        }
    }
    measures
}

fn metrics(r: &mut Reader<'_>, top: &Fields<'_, '_>, measures: &[MeasureDef]) -> Vec<MetricDef> {
    let known = ["title", "formula", "unit", "better", "definition", "basis", "source", "example"];
    let better = [("higher", "higher"), ("lower", "lower"), ("neither", "neither")];
    let mut metrics = Vec::new();
    for (id, fields) in named(r, top, "metric", &known) {
        if let Some(measure) = measures.iter().find(|m| m.id.value == id.value) {
            let hint = format!("the measure is at {}; formulas need two names", measure.id.place);
            r.fault(id.place.clone(), format!("`{}` is both a measure and a metric", id.value), hint);
        }
        let formula = r.need_text(&fields, "formula", "say how it is computed: `formula = \"won / leads\"`");
        let unit = r.need_text(&fields, "unit", "say what it counts: `unit = \"ratio\"`");
        let definition = r.need_text(&fields, "definition", "say in words what it means, for both teams to agree on");
        let better = r.choice(&fields, "better", &better).map(|said| said.value.to_owned());
        let [title, basis, source] =
            ["title", "basis", "source"].map(|key| r.text(&fields, key).map(|said| said.value));
        let example = fields.get("example").and_then(|value| owned(r, "`example`", value));
        if let (Some(formula), Some(unit), Some(definition)) = (formula, unit, definition) {
            let definition = definition.value;
            metrics.push(MetricDef { id, title, formula, unit, better, definition, basis, source, example });
        }
    }
    metrics
}

/// The user's presets as TOML texts of their own; what they say is checked where the built-in ones are.
fn presets(r: &mut Reader<'_>, top: &Fields<'_, '_>) -> Vec<(String, Place)> {
    let Some(value) = top.get("preset") else {
        return Vec::new();
    };
    let DeValue::Array(items) = value.get_ref() else {
        r.wrong("`preset`", value, "a list of tables");
        return Vec::new();
    };
    if items.is_empty() {
        r.empty_list("preset", value);
    }
    let mut presets = Vec::new();
    for item in items {
        let place = r.place(&item.span());
        let Some(table) = owned(r, "[[preset]]", item) else {
            continue;
        };
        match toml::to_string(&table) {
            Ok(text) => presets.push((text, place)),
            Err(e) => r.fault(place, format!("[[preset]] cannot be read: {e}"), "mend or leave out this value"),
        }
    }
    presets
}

/// A table as it is, without places.
fn owned(r: &mut Reader<'_>, name: &str, value: &Value<'_>) -> Option<toml::Table> {
    let DeValue::Table(table) = value.get_ref() else {
        r.wrong(name, value, "a table");
        return None;
    };
    let spanned = Spanned::new(value.span(), table.clone());
    match serde::Deserialize::deserialize(toml::de::Deserializer::from(spanned)) {
        Ok(table) => Some(table),
        Err(e) => {
            let place = r.place(&e.span().unwrap_or(value.span()));
            r.fault(place, format!("{name} cannot be read: {}", e.message()), "mend or leave out this value");
            None
        }
    }
}

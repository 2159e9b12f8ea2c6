//! `[[stage]]`: the funnel, in order, and what shows that each stage was reached.
//!
//! In: the tables under `stage`, and the sources, as they may add time columns. Out: [`Stage`]s.

use std::collections::BTreeMap;

use toml::de::DeValue;

use super::parse::plain;
use super::read::{Fields, Reader, Value};
use super::{Evidence, Owner, Said, Source, Stage};
use crate::issue::{Place, did_you_mean};
use crate::tables::{Kind, Type};

const OWNERS: [(&str, Owner); 3] = [("marketing", Owner::Marketing), ("sales", Owner::Sales), ("both", Owner::Both)];
const EVIDENCE: [&str; 5] = ["status", "people", "deal", "deal_stage", "touch"];

/// Ids whose `_on` column every buying process has anyway.
const RESERVED: [&str; 8] =
    ["entered", "first_contact", "created", "closed", "first_marketing", "last_marketing", "first_sales", "last_sales"];

pub(super) fn stages(r: &mut Reader<'_>, top: &Fields<'_, '_>, sources: &[Source]) -> Vec<Stage> {
    let mut seen: BTreeMap<String, Place> = BTreeMap::new();
    let mut stages = Vec::new();
    for fields in r.tables(top, "stage", &["id", "title", "owner", "reached"]) {
        let id = r.need_text(&fields, "id", "name it for formulas and reports: `id = \"mql\"`");
        if let Some(id) = &id {
            r.snake_case("stage id", id);
            if RESERVED.contains(&id.value.as_str()) {
                let what = format!(
                    "a stage cannot be called `{}`: `{}_on` is a column of every buying process",
                    id.value, id.value
                );
                r.fault(id.place.clone(), what, format!("call it `{}_stage`", id.value));
            }
            if let Some(first) = seen.get(&id.value) {
                let hint = format!("the other one is at {first}; every stage needs an id of its own");
                r.fault(id.place.clone(), format!("a second stage `{}`", id.value), hint);
            } else {
                seen.insert(id.value.clone(), id.place.clone());
            }
        }
        let title = r.text(&fields, "title");
        r.missing(&fields, "owner", "say who answers for it: `owner = \"marketing\"`, \"sales\" or \"both\"");
        let owner = r.choice(&fields, "owner", &OWNERS);
        r.missing(&fields, "reached", "say what shows that it was reached: `reached = [ { status = [\"MQL\"] } ]`");
        let reached = fields.get("reached").map(|value| reached(r, value, sources));
        if let (Some(id), Some(owner), Some(reached)) = (id, owner, reached) {
            let title = title.map_or_else(|| title_of(&id.value), |said| said.value);
            stages.push(Stage { id, title, owner: owner.value, reached });
        }
    }
    stages
}

/// `sales_accepted` → `Sales accepted`
fn title_of(id: &str) -> String {
    if matches!(id, "aql" | "mql" | "rql" | "sal" | "sao" | "sql" | "tal" | "tql" | "hql" | "pql") {
        return id.to_uppercase();
    }
    let words = id.replace('_', " ");
    let mut rest = words.chars();
    rest.next().map_or_else(String::new, |first| first.to_uppercase().chain(rest).collect())
}

fn reached(r: &mut Reader<'_>, value: &Value<'_>, sources: &[Source]) -> Vec<Said<Evidence>> {
    let DeValue::Array(items) = value.get_ref() else {
        r.wrong("`reached`", value, "a list such as [ { status = [\"MQL\"] } ]");
        return Vec::new();
    };
    if items.is_empty() {
        let hint = "say what shows that it was reached: `reached = [ { status = [\"MQL\"] } ]`";
        r.fault(r.place(&value.span()), "a stage without evidence is never reached", hint);
    }
    items.iter().filter_map(|item| evidence(r, item, sources)).collect()
}

fn evidence(r: &mut Reader<'_>, value: &Value<'_>, sources: &[Source]) -> Option<Said<Evidence>> {
    let known = ["status", "people", "deal", "deal_stage", "touch", "when"];
    if !matches!(value.get_ref(), DeValue::Table(_)) {
        r.wrong("evidence", value, "a table such as { status = [\"MQL\"] }");
        return None;
    }
    let fields = r.open("evidence", value, &known)?;
    let given: Vec<&str> = EVIDENCE.into_iter().filter(|key| fields.has(key)).collect();
    let [key] = given[..] else {
        if !given.is_empty() {
            let names: Vec<String> = given.iter().map(|key| format!("`{key}`")).collect();
            let what = format!("evidence with {} at once", names.join(" and "));
            r.fault(fields.place.clone(), what, "write one entry for each: either is enough to reach the stage");
        } else if !fields.mistyped() {
            let hint = format!("name one of {}", EVIDENCE.join(", "));
            r.fault(fields.place.clone(), "evidence that names nothing to look at", hint);
        }
        return None;
    };
    if fields.has("when") && !matches!(key, "people" | "deal") {
        let place = fields.get("when").map_or(fields.place.clone(), |when| r.place(&when.span()));
        let hint = "`when` goes with a date column: `people = \"…\"` or `deal = \"…\"`";
        r.fault(place, format!("`when` does not go with `{key}`"), hint);
    }
    let found = match key {
        "status" => Evidence::Status { values: plain(r.texts(&fields, key)?) },
        "deal_stage" => Evidence::DealStage { values: plain(r.texts(&fields, key)?) },
        "touch" => Evidence::Touch { kinds: plain(r.texts(&fields, key)?) },
        _ => {
            let table = if key == "people" { Kind::People } else { Kind::Deals };
            let column = r.text(&fields, key);
            let when = r.text(&fields, "when");
            let column = column.filter(|column| is_time(r, table, column, sources))?;
            Evidence::Column { table, column, when }
        }
    };
    Some(Said { value: found, place: fields.place })
}

/// Whether the column holds days or instants; notes the problem when it does not.
fn is_time(r: &mut Reader<'_>, table: Kind, column: &Said<String>, sources: &[Source]) -> bool {
    let name = column.value.as_str();
    let own = sources
        .iter()
        .filter(|source| source.table.as_ref().is_none_or(|said| said.value == table))
        .filter_map(|source| source.columns.get(name))
        .map(|rule| rule.kind.unwrap_or(Type::Text));
    let times = || table.fields().iter().filter(|f| f.kind == Type::Time).map(|f| f.name);
    let (is_time, is_own) = match table.field(name) {
        Some(field) => (field.kind == Type::Time, false),
        None => (own.clone().any(|kind| kind == Type::Time), own.count() > 0),
    };
    if is_time {
        return true;
    }
    let (what, hint) = if is_own {
        let what = format!("column `{name}` of {} is not read as a date", table.id());
        (what, format!("in its [[source]], write `{name} = {{ header = \"…\", kind = \"time\" }}`"))
    } else if table.field(name).is_some() {
        let what = format!("column `{name}` of {} is not a date", table.id());
        (what, format!("evidence needs one of {}", times().collect::<Vec<_>>().join(", ")))
    } else {
        (format!("{} has no column `{name}`", table.id()), did_you_mean(name, times().collect::<Vec<_>>()))
    };
    r.fault(column.place.clone(), what, hint);
    false
}

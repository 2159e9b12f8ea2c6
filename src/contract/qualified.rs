//! `[qualified]`: the one definition of a qualified lead, with its version, that marketing and sales both answer for.
//!
//! In: the table or its versions, and the stages of the contract. Out: a [`Qualified`]; whether the columns of its conditions exist is
//! checked with the data.

use std::collections::BTreeMap;

use toml::de::DeValue;

use super::read::{Fields, Reader};
use super::{Owner, Qualified, QualifiedRule, QualifiedVersion, Said, Stage};
use crate::issue::{Place, did_you_mean};

const KEYS: [&str; 8] = ["version", "from", "title", "when", "rule", "stage", "marketing", "sales"];

/// What the definition is called where it has no title.
const TITLE: &str = "Qualified lead";

/// Reads `[qualified]` or `[[qualified]]`; `stages_read` is false when the stages themselves have problems, which would only
/// be repeated.
pub(super) fn qualified(
    r: &mut Reader<'_>,
    top: &Fields<'_, '_>,
    stages: &[Stage],
    stages_read: bool,
) -> Option<Qualified> {
    let value = top.get("qualified")?;
    let tables: Vec<Fields<'_, '_>> = if let DeValue::Array(items) = value.get_ref() {
        if items.is_empty() {
            r.empty_list("qualified", value);
        }
        items.iter().filter_map(|item| r.open("[[qualified]]", item, &KEYS)).collect()
    } else {
        r.open("[qualified]", value, &KEYS).into_iter().collect()
    };
    // Versions differ in their rules; what the words mean is said once.
    for fields in tables.iter().skip(1) {
        for key in ["title", "stage", "marketing", "sales"].into_iter().filter(|key| fields.has(key)) {
            let hint = "all versions are asked of the same people and set beside the same words";
            r.fault(fields.place.clone(), format!("`{key}` belongs to the first [[qualified]]"), hint);
        }
    }
    let fields = tables.first()?;
    let title = r.text(fields, "title").map_or_else(|| TITLE.to_owned(), |said| said.value);
    let (versions, rules) = versions(r, &tables);
    let stage = known_stage(r, fields, "stage", stages, stages_read);
    let first_of_sales = stages.iter().position(|s| s.owner == Owner::Sales);
    let of_marketing =
        stages[..first_of_sales.unwrap_or(stages.len())].iter().rposition(|s| s.owner == Owner::Marketing);
    let mut word = |key: &str, team: &str, default: Option<usize>| {
        let said = known_stage(r, fields, key, stages, stages_read);
        if said.is_some() || fields.has(key) {
            return said.map(|said| said.value);
        }
        if default.is_none() && stages_read && !fields.mistyped() {
            let hint = format!(
                "say which stage {team} calls qualified: `{key} = \"{}\"`",
                if key == "sales" { "sal" } else { "mql" }
            );
            r.fault(
                fields.place.clone(),
                format!("no stage belongs to {team} alone, so [qualified] needs `{key}`"),
                hint,
            );
        }
        default.map(|s| stages[s].id.value.clone())
    };
    let marketing = word("marketing", "marketing", of_marketing);
    let sales = word("sales", "sales", first_of_sales);
    if let (Some(marketing), Some(sales)) = (&marketing, &sales)
        && marketing == sales
    {
        let hint = "name the stage at which marketing hands over, and the one at which sales accepts";
        r.fault(fields.place.clone(), format!("`marketing` and `sales` are both the stage `{sales}`"), hint);
    }
    let place = fields.place.clone();
    (!versions.is_empty()).then_some(Qualified {
        place,
        versions,
        title,
        rules,
        stage,
        marketing: marketing?,
        sales: sales?,
    })
}

/// The versions, each with its first day, and the rules of all of them.
fn versions(r: &mut Reader<'_>, tables: &[Fields<'_, '_>]) -> (Vec<QualifiedVersion>, Vec<QualifiedRule>) {
    let (mut versions, mut all) = (Vec::<QualifiedVersion>::new(), Vec::new());
    for fields in tables {
        r.missing(fields, "version", "say which version of the definition it is: `version = \"2026-02\"`");
        let name = r.text_like(fields, "version", "a text such as \"2026-02\"");
        let from = r.date(fields, "from");
        let version = versions.len();
        let rules = rules(r, fields, version);
        if version > 0 && !fields.has("from") && !fields.mistyped() {
            let hint = "say from which day on it holds: `from = \"2026-02-01\"`";
            r.fault(fields.place.clone(), "a later [[qualified]] has no `from`", hint);
        }
        let last = versions.iter().rev().find_map(|version| version.from.map(|from| (version, from)));
        if let (Some(from), Some((last, began))) = (&from, last)
            && began >= from.value
        {
            let hint = "write the versions in their order, the earliest first";
            let what = format!("version `{}` does not begin before {}", last.name.value, from.value);
            r.fault(from.place.clone(), what, hint);
        }
        let Some(name) = name else { continue };
        if versions.iter().any(|known| known.name.value == name.value) {
            let what = format!("a second version `{}`", name.value);
            r.fault(name.place.clone(), what, "give every version a name of its own");
        }
        versions.push(QualifiedVersion { name, from: from.map(|said| said.value) });
        all.extend(rules);
    }
    (versions, all)
}

/// A stage's id that exists.
fn known_stage(
    r: &mut Reader<'_>,
    fields: &Fields<'_, '_>,
    key: &str,
    stages: &[Stage],
    stages_read: bool,
) -> Option<Said<String>> {
    let said = r.text(fields, key)?;
    if !stages_read || stages.iter().any(|s| s.id.value == said.value) {
        return Some(said);
    }
    let hint = did_you_mean(&said.value, stages.iter().map(|s| s.id.value.as_str()).collect::<Vec<_>>());
    r.fault(said.place, format!("no stage is called `{}`", said.value), hint);
    None
}

/// One condition in `when`, or a list of named ones.
fn rules(r: &mut Reader<'_>, fields: &Fields<'_, '_>, version: usize) -> Vec<QualifiedRule> {
    let when = r.text(fields, "when");
    let Some(value) = fields.get("rule") else {
        if !fields.has("when") && !fields.mistyped() {
            let hint = "write `when = \"score >= 65\"`, or one [[qualified.rule]] for each condition";
            r.fault(fields.place.clone(), "[qualified] does not say who is qualified", hint);
        }
        let name = |when: &Said<String>| Said { value: "when".to_owned(), place: when.place.clone() };
        return when.map(|when| QualifiedRule { version, name: name(&when), when }).into_iter().collect();
    };
    if fields.has("when") {
        let hint = "make the condition of `when` one more [[qualified.rule]]: all of them must hold";
        r.fault(fields.place.clone(), "[qualified] has both `when` and rules", hint);
    }
    let DeValue::Array(items) = value.get_ref() else {
        r.wrong("`qualified.rule`", value, "a list of tables");
        return Vec::new();
    };
    if items.is_empty() {
        r.empty_list("rule", value);
    }
    let mut seen: BTreeMap<String, Place> = BTreeMap::new();
    let mut rules = Vec::new();
    for item in items {
        let Some(rule) = r.open("[[qualified.rule]]", item, &["name", "when"]) else { continue };
        let name = r.need_text(&rule, "name", "name it, so that what it excludes can be counted: `name = \"fit\"`");
        let when = r.need_text(&rule, "when", "say what must hold: `when = \"score >= 65\"`");
        if let Some(name) = &name {
            r.snake_case("rule name", name);
            if let Some(first) = seen.get(&name.value) {
                let hint = format!("the other one is at {first}; every rule needs a name of its own");
                r.fault(name.place.clone(), format!("a second rule `{}`", name.value), hint);
            } else {
                seen.insert(name.value.clone(), name.place.clone());
            }
        }
        if let (Some(name), Some(when)) = (name, when) {
            rules.push(QualifiedRule { version, name, when });
        }
    }
    rules
}

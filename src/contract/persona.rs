//! `[[persona]]`, who plays which part when a company buys, and `[accounts]`, when an account is a target, engaged or
//! qualified.
//!
//! In: the tables under `persona` and `accounts`. Out: [`Persona`]s and [`Accounts`]; whether the columns of the condition
//! exist is checked with the data.

use std::collections::BTreeMap;

use super::Said;
use super::parse::{days, plain};
use super::read::{Fields, Reader};
use crate::issue::Place;

/// A part that somebody plays in a purchase, by job title or by contact role.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Persona {
    /// What it is called; unique, case ignored.
    pub name: Said<String>,
    /// Job titles; `*` stands for anything, case does not matter.
    pub titles: Vec<String>,
    /// Contact roles, in the same form.
    pub roles: Vec<String>,
    /// Whether a buying group is incomplete without it.
    pub required: bool,
}

/// When an account is a target, is engaged, is qualified.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Accounts {
    /// Whether the contract has `[accounts]`, or only the built-in figures hold.
    pub agreed: bool,
    /// SQL condition on the columns of accounts: which ones are targets.
    pub target_when: Option<Said<String>>,
    /// Touches that make a person engaged.
    pub engaged_touches: u32,
    /// Days within which they took place.
    pub engaged_within: u32,
    /// Kinds of touches that count; all where there is none.
    pub engaged_kinds: Vec<String>,
    /// Engaged people that a qualified account has.
    pub qualified_people: u32,
    /// Touches that a qualified account has within the same days.
    pub qualified_touches: u32,
}

impl Default for Accounts {
    fn default() -> Self {
        Self {
            agreed: false,
            target_when: None,
            engaged_touches: 2,
            engaged_within: 90,
            engaged_kinds: Vec::new(),
            qualified_people: 2,
            qualified_touches: 5,
        }
    }
}

/// Presence of personas is kept in 64 bits.
const MOST: usize = 64;

/// Whether a text is of a form in which `*` stands for anything; case and outer blanks do not matter.
///
/// ```
/// use onefunnel::contract::matches;
/// assert!(matches("VP *", "vp Finance") && matches("*Manager", "IT Manager") && matches("CFO", " cfo "));
/// assert!(!matches("VP *", "SVP Finance") && !matches("CFO", "CFO office"));
/// ```
pub fn matches(form: &str, text: &str) -> bool {
    let (form, text) = (form.trim().to_lowercase(), text.trim().to_lowercase());
    let Some((first, rest)) = form.split_once('*') else { return form == text };
    let Some(mut text) = text.strip_prefix(first) else { return false };
    let mut parts: Vec<&str> = rest.split('*').collect();
    let last = parts.pop().unwrap_or_default();
    for part in parts {
        // The earliest place leaves most of the text for the parts to come.
        let Some(at) = text.find(part) else { return false };
        text = &text[at + part.len()..];
    }
    text.ends_with(last)
}

/// Reads `[[persona]]`.
pub(super) fn personas(r: &mut Reader<'_>, top: &Fields<'_, '_>) -> Vec<Persona> {
    let mut personas: Vec<Persona> = Vec::new();
    let mut names: BTreeMap<String, Place> = BTreeMap::new();
    let mut taken: BTreeMap<(&str, String), (String, Place)> = BTreeMap::new();
    for fields in r.tables(top, "persona", &["name", "titles", "roles", "required"]) {
        let name = r.need_text(&fields, "name", "say what it is called: `name = \"Economic buyer\"`");
        let (titles, roles) = (r.texts(&fields, "titles"), r.texts(&fields, "roles"));
        let required = r.flag(&fields, "required").unwrap_or(false);
        if !fields.has("titles") && !fields.has("roles") && !fields.mistyped() {
            let hint = "write `titles = [\"CFO\", \"VP *\"]`, `roles = [\"Decision Maker\"]`, or both";
            r.fault(fields.place.clone(), "[[persona]] does not say who it is", hint);
        }
        let shown = name.as_ref().map_or("this one", |said| said.value.as_str()).to_owned();
        for (what, list) in [("title", &titles), ("role", &roles)] {
            for said in list.iter().flatten() {
                let key = (what, said.value.trim().to_lowercase());
                if let Some((of, first)) = taken.get(&key) {
                    let fault = format!("the {what} `{}` is already that of `{of}`", said.value);
                    r.fault(said.place.clone(), fault, format!("the other one is at {first}; keep one of them"));
                } else {
                    taken.insert(key, (shown.clone(), said.place.clone()));
                }
            }
        }
        let Some(name) = name else { continue };
        if let Some(first) = names.get(&name.value.trim().to_lowercase()) {
            let hint = format!("the other one is at {first}; make them one, or give this another name");
            r.fault(name.place, format!("a second persona `{}`", name.value), hint);
            continue;
        }
        names.insert(name.value.trim().to_lowercase(), name.place.clone());
        if personas.len() == MOST {
            r.fault(name.place, format!("more than {MOST} personas"), "join those that are treated alike");
            break;
        }
        let [titles, roles] = [titles, roles].map(|list| plain(list.unwrap_or_default()));
        personas.push(Persona { name, titles, roles, required });
    }
    personas
}

/// Reads `[accounts]`.
pub(super) fn accounts(r: &mut Reader<'_>, top: &Fields<'_, '_>) -> Accounts {
    const KNOWN: [&str; 6] =
        ["target_when", "engaged_touches", "engaged_within", "engaged_kinds", "qualified_people", "qualified_touches"];
    let mut accounts = Accounts::default();
    let Some(fields) = top.get("accounts").and_then(|value| r.open("[accounts]", value, &KNOWN)) else {
        return accounts;
    };
    accounts.agreed = true;
    accounts.target_when = r.text_like(&fields, "target_when", "a condition such as \"employees >= 500\"");
    let counts = [
        ("engaged_touches", &mut accounts.engaged_touches),
        ("qualified_people", &mut accounts.qualified_people),
        ("qualified_touches", &mut accounts.qualified_touches),
    ];
    for (key, count) in counts {
        let Some(said) = r.number(&fields, key) else { continue };
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // within 1 and 1000
        if said.value.fract() == 0.0 && (1.0..=1000.0).contains(&said.value) {
            *count = said.value as u32;
        } else {
            let what = format!("`{key}` is {}, not a whole number from 1 to 1000", said.value);
            r.fault(said.place, what, format!("write how many are needed, such as `{key} = 2`"));
        }
    }
    if let Some(within) = days(r, &fields, "engaged_within", "90d") {
        accounts.engaged_within = within;
    }
    accounts.engaged_kinds = plain(r.texts(&fields, "engaged_kinds").unwrap_or_default());
    accounts
}

//! What two contracts say differently.
//!
//! In: the texts of two contracts. Out: each key with another value, as it is written in both.

use std::collections::BTreeMap;

use toml::{Table, Value};

/// A key, what the first contract says, and what the second one says; `None` where it says nothing.
pub type Difference = (String, Option<String>, Option<String>);

/// What names an entry of a list, the first that it has.
const NAMES: [&str; 8] = ["id", "title", "metric", "fresh", "stage", "path", "name", "currency"];

fn value(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// Every key below the top with its value; lists of tables are told apart by what names their entries.
fn keys(text: &str) -> Vec<(String, String)> {
    let Ok(top) = text.parse::<Table>() else { return Vec::new() };
    let mut keys = Vec::new();
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    for (name, of) in &top {
        match of {
            Value::Array(list) if !list.is_empty() && list.iter().all(Value::is_table) => {
                for entry in list.iter().filter_map(Value::as_table) {
                    let own = NAMES.iter().find_map(|key| entry.get(*key)?.as_str()).unwrap_or("");
                    let mut path = if own.is_empty() { name.clone() } else { format!("{name} {own}") };
                    let times = seen.entry(path.clone()).or_default();
                    *times += 1;
                    if *times > 1 {
                        path += &format!(" ({times})");
                    }
                    below(&path, entry, &mut keys);
                }
            }
            Value::Table(table) => below(name, table, &mut keys),
            leaf => keys.push((name.clone(), value(leaf))),
        }
    }
    keys
}

fn below(path: &str, table: &Table, keys: &mut Vec<(String, String)>) {
    for (name, of) in table {
        let path = format!("{path}.{name}");
        match of {
            Value::Table(table) => below(&path, table, keys),
            leaf => keys.push((path, value(leaf))),
        }
    }
}

/// The keys of which two contracts say something else, in the order of the first, then those that only the second has.
///
/// ```
/// use onefunnel::contract::keys::differences;
/// let a = "currency = \"EUR\"\n[[stage]]\nid = \"mql\"\nowner = \"marketing\"";
/// let b = "currency = \"EUR\"\n[[stage]]\nid = \"mql\"\nowner = \"sales\"\n[teams]\nsources = 1";
/// let text = |text: &str| Some(text.to_string());
/// assert_eq!(differences(a, b), [
///     ("stage mql.owner".into(), text("marketing"), text("sales")),
///     ("teams.sources".into(), None, text("1")),
/// ]);
/// ```
pub fn differences(a: &str, b: &str) -> Vec<Difference> {
    let [a, b] = [keys(a), keys(b)];
    let there: BTreeMap<&str, &str> = b.iter().map(|(key, value)| (key.as_str(), value.as_str())).collect();
    let here: BTreeMap<&str, &str> = a.iter().map(|(key, value)| (key.as_str(), value.as_str())).collect();
    let text = |text: &&str| (*text).to_string();
    let mut found: Vec<Difference> = a
        .iter()
        .map(|(key, value)| (key.clone(), Some(value.clone()), there.get(key.as_str()).map(text)))
        .filter(|(_, from, to)| from != to)
        .collect();
    let new = b.iter().filter(|(key, _)| !here.contains_key(key.as_str()));
    found.extend(new.map(|(key, value)| (key.clone(), None, Some(value.clone()))));
    found
}

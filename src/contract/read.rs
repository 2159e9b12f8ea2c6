//! Typed values out of TOML tables, with every problem noted and its place kept.
//!
//! In: the spanned tables of the `toml` crate. Out: [`Said`] values; a getter that found a problem notes it in
//! [`Reader::issues`] and returns `None`, so that reading goes on to the next problem.

use std::borrow::Cow;
use std::ops::Range;

use jiff::civil::Date;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::Said;
use crate::ingest::cell::minor_exponent;
use crate::issue::{Issue, Place, did_you_mean, nearest};

/// One value and where it is.
pub(super) type Value<'i> = Spanned<DeValue<'i>>;

/// Turns byte spans into places, and collects problems.
pub(super) struct Reader<'a> {
    file: &'a str,
    text: &'a str,
    /// Byte offset of every line's first byte.
    lines: Vec<usize>,
    /// Keys of the top level that may have slipped into a table below it.
    top: &'static [&'static str],
    pub issues: Vec<Issue>,
}

/// One table under reading.
pub(super) struct Fields<'t, 'i> {
    table: &'t DeTable<'i>,
    pub place: Place,
    /// How messages call it, such as `[[source]]`.
    what: String,
    /// Known keys that a mistyped one probably meant: not missing then, only mistyped.
    meant: Vec<&'static str>,
}

impl<'t, 'i> Fields<'t, 'i> {
    pub fn get(&self, key: &str) -> Option<&'t Value<'i>> {
        self.table.get(key)
    }

    pub fn has(&self, key: &str) -> bool {
        self.table.contains_key(key)
    }

    /// Whether a key was mistyped, whatever it meant.
    pub fn mistyped(&self) -> bool {
        !self.meant.is_empty()
    }
}

impl<'a> Reader<'a> {
    pub fn new(file: &'a str, text: &'a str, top: &'static [&'static str]) -> Self {
        let lines = std::iter::once(0).chain(text.match_indices('\n').map(|(i, _)| i + 1)).collect();
        Self { file, text, lines, top, issues: Vec::new() }
    }

    /// Line and column of a span's first character; columns count characters.
    pub fn place(&self, span: &Range<usize>) -> Place {
        let line = self.lines.partition_point(|start| *start <= span.start);
        let start = line.checked_sub(1).and_then(|i| self.lines.get(i)).copied().unwrap_or(0);
        let column = self.text.get(start..span.start).map_or(0, |before| before.chars().count());
        Place::at(self.file, line as u64, column as u64 + 1)
    }

    /// The text of a span, as written.
    pub fn raw(&self, span: &Range<usize>) -> &'a str {
        self.text.get(span.clone()).unwrap_or_default()
    }

    /// Notes a problem and what to do about it.
    pub fn fault(&mut self, place: Place, what: impl Into<String>, hint: impl Into<String>) {
        self.issues.push(Issue::usage(place, what).hint(hint));
    }

    /// Opens a table and notes its unknown keys.
    pub fn fields<'t, 'i>(
        &mut self,
        table: &'t DeTable<'i>,
        place: Place,
        what: &str,
        known: &[&'static str],
    ) -> Fields<'t, 'i> {
        let mut meant = Vec::new();
        for key in table.keys() {
            let name: &str = key.get_ref();
            if known.contains(&name) {
                continue;
            }
            let near = nearest(name, known.iter().copied());
            meant.push(known.iter().copied().find(|k| Some(*k) == near).unwrap_or_default());
            let hint = if self.top.contains(&name) {
                format!("`{name}` belongs to the top of the file, above the first [table]")
            } else {
                did_you_mean(name, known.iter().copied())
            };
            self.fault(self.place(&key.span()), format!("unknown key `{name}` {what}"), hint);
        }
        let what = what.trim_start_matches("in ").to_owned();
        Fields { table, place, what, meant }
    }

    /// Opens a value that must be a table.
    pub fn open<'t, 'i>(&mut self, name: &str, value: &'t Value<'i>, known: &[&'static str]) -> Option<Fields<'t, 'i>> {
        let DeValue::Table(table) = value.get_ref() else {
            self.wrong(name, value, "a table");
            return None;
        };
        Some(self.fields(table, self.place(&value.span()), &format!("in {name}"), known))
    }

    /// Notes a value of the wrong type. What `expected` says after "such as" goes to the hint alone.
    pub fn wrong(&mut self, name: &str, value: &Value<'_>, expected: &str) {
        let raw = self.raw(&value.span());
        let found = match value.get_ref() {
            DeValue::String(_) => format!("the string {raw}"),
            DeValue::Integer(_) | DeValue::Float(_) => format!("the number {raw}"),
            DeValue::Boolean(yes) => yes.to_string(),
            DeValue::Datetime(_) => format!("the date {raw}"),
            DeValue::Array(_) => "a list".to_owned(),
            DeValue::Table(_) => "a table".to_owned(),
        };
        let key = name.trim_matches('`');
        let scalar = !matches!(value.get_ref(), DeValue::Array(_) | DeValue::Table(_));
        let hint = match expected {
            "a string" if scalar => format!("put it in quotes: \"{raw}\""),
            "a string" => "write one text in quotes".to_owned(),
            "a list of strings" if matches!(value.get_ref(), DeValue::String(_)) => {
                format!("put it in brackets: [{raw}]")
            }
            "a list of strings" => format!("write `{key} = [\"…\", \"…\"]`"),
            "a list of tables" => format!("begin each with a line [[{key}]]"),
            "a table" => "write it as { key = \"value\" }".to_owned(),
            "a table of strings" => "write it as { name = \"text\" }".to_owned(),
            "true or false" => "write it without quotes".to_owned(),
            "a number" => "write it without quotes, with a decimal point".to_owned(),
            example => format!("write {example}"),
        };
        let short = expected.split_once(" such as ").map_or(expected, |(short, _)| short);
        self.fault(self.place(&value.span()), format!("{name} must be {short}, not {found}"), hint);
    }

    /// Notes a required key that is not there, unless it was only mistyped.
    pub fn missing(&mut self, fields: &Fields<'_, '_>, key: &str, hint: &str) {
        if !fields.has(key) && !fields.meant.contains(&key) {
            self.fault(fields.place.clone(), format!("{} has no `{key}`", fields.what), hint);
        }
    }

    /// A string that is not blank.
    pub fn string(&mut self, name: &str, value: &Value<'_>) -> Option<Said<String>> {
        let place = self.place(&value.span());
        let DeValue::String(text) = value.get_ref() else {
            self.wrong(name, value, "a string");
            return None;
        };
        if text.trim().is_empty() {
            self.fault(place, format!("{name} is empty"), "write a text, or leave it out");
            return None;
        }
        Some(Said { value: text.to_string(), place })
    }

    pub fn text(&mut self, fields: &Fields<'_, '_>, key: &str) -> Option<Said<String>> {
        self.string(&format!("`{key}`"), fields.get(key)?)
    }

    pub fn need_text(&mut self, fields: &Fields<'_, '_>, key: &str, hint: &str) -> Option<Said<String>> {
        self.missing(fields, key, hint);
        self.text(fields, key)
    }

    /// A text of a form that needs an example.
    pub fn text_like(&mut self, fields: &Fields<'_, '_>, key: &str, expected: &str) -> Option<Said<String>> {
        let value = fields.get(key)?;
        if matches!(value.get_ref(), DeValue::String(_)) {
            return self.text(fields, key);
        }
        self.wrong(&format!("`{key}`"), value, expected);
        None
    }

    /// A list of strings, none of them blank, at least one.
    pub fn texts(&mut self, fields: &Fields<'_, '_>, key: &str) -> Option<Vec<Said<String>>> {
        let value = fields.get(key)?;
        let name = format!("`{key}`");
        let DeValue::Array(items) = value.get_ref() else {
            self.wrong(&name, value, "a list of strings");
            return None;
        };
        if items.is_empty() {
            self.empty_list(key, value);
            return None;
        }
        let of = format!("a value of {name}");
        let read: Vec<_> = items.iter().map(|item| self.string(&of, item)).collect();
        read.into_iter().collect()
    }

    pub fn empty_list(&mut self, key: &str, value: &Value<'_>) {
        let hint = format!("name at least one, or leave `{key}` out");
        self.fault(self.place(&value.span()), format!("`{key}` is an empty list"), hint);
    }

    /// The tables of `[[key]]`.
    pub fn tables<'t, 'i>(
        &mut self,
        fields: &Fields<'t, 'i>,
        key: &str,
        known: &[&'static str],
    ) -> Vec<Fields<'t, 'i>> {
        let Some(value) = fields.get(key) else {
            return Vec::new();
        };
        let DeValue::Array(items) = value.get_ref() else {
            self.wrong(&format!("`{key}`"), value, "a list of tables");
            return Vec::new();
        };
        if items.is_empty() {
            self.empty_list(key, value);
        }
        let name = format!("[[{key}]]");
        items.iter().filter_map(|item| self.open(&name, item, known)).collect()
    }

    /// The entries of a table whose keys are the user's own.
    pub fn entries<'t, 'i>(
        &mut self,
        name: &str,
        value: &'t Value<'i>,
        expected: &str,
    ) -> Vec<(Said<String>, &'t Value<'i>)> {
        let DeValue::Table(table) = value.get_ref() else {
            self.wrong(name, value, expected);
            return Vec::new();
        };
        let said = |key: &Spanned<_>| Said { value: Cow::to_string(key.get_ref()), place: self.place(&key.span()) };
        table.iter().map(|(key, value)| (said(key), value)).collect()
    }

    pub fn flag(&mut self, fields: &Fields<'_, '_>, key: &str) -> Option<bool> {
        let value = fields.get(key)?;
        if let DeValue::Boolean(yes) = value.get_ref() {
            return Some(*yes);
        }
        self.wrong(&format!("`{key}`"), value, "true or false");
        None
    }

    /// A whole or decimal number.
    pub fn number(&mut self, fields: &Fields<'_, '_>, key: &str) -> Option<Said<f64>> {
        let value = fields.get(key)?;
        let place = self.place(&value.span());
        let parsed = match value.get_ref() {
            DeValue::Integer(n) if n.radix() == 10 => n.as_str().parse().ok(),
            DeValue::Float(n) => n.as_str().parse().ok(),
            _ => None,
        };
        if parsed.is_none() {
            self.wrong(&format!("`{key}`"), value, "a number");
        }
        parsed.map(|value| Said { value, place })
    }

    /// One of a few words.
    pub fn choice<T: Copy>(
        &mut self,
        fields: &Fields<'_, '_>,
        key: &str,
        options: &[(&'static str, T)],
    ) -> Option<Said<T>> {
        let said = self.text(fields, key)?;
        if let Some((_, value)) = options.iter().find(|(name, _)| *name == said.value) {
            return Some(Said { value: *value, place: said.place });
        }
        let names: Vec<_> = options.iter().map(|(name, _)| *name).collect();
        self.fault(said.place, format!("`{key}` cannot be `{}`", said.value), did_you_mean(&said.value, names));
        None
    }

    /// A day: `"2026-06-30"`, with or without quotes.
    pub fn date(&mut self, fields: &Fields<'_, '_>, key: &str) -> Option<Said<Date>> {
        let value = fields.get(key)?;
        let place = self.place(&value.span());
        let text = match value.get_ref() {
            DeValue::String(text) => text.to_string(),
            DeValue::Datetime(day) => day.to_string(),
            _ => {
                self.wrong(&format!("`{key}`"), value, "a day such as \"2026-06-30\"");
                return None;
            }
        };
        // jiff also takes 20260630 and days with a time, which would drop the time without a word.
        let day = Some(&text).filter(|t| t.len() == 10).and_then(|t| t.parse::<Date>().ok());
        if day.is_none() {
            let hint = "write a day that exists as YYYY-MM-DD, such as \"2026-06-30\"";
            self.fault(place.clone(), format!("`{key}` is `{text}`, which is not a date"), hint);
        }
        day.map(|value| Said { value, place })
    }

    /// An ISO 4217 code.
    pub fn currency(&mut self, said: Said<String>) -> Option<Said<String>> {
        if minor_exponent(&said.value).is_some() {
            return Some(said);
        }
        let upper = said.value.trim().to_uppercase();
        let hint = if minor_exponent(&upper).is_some() {
            format!("did you mean `{upper}`?")
        } else {
            "write its ISO 4217 code, such as USD or EUR".to_owned()
        };
        self.fault(said.place, format!("unknown currency `{}`", said.value), hint);
        None
    }

    /// A name of the time zone database.
    pub fn timezone(&mut self, said: Said<String>) -> Option<Said<String>> {
        if jiff::tz::TimeZone::get(&said.value).is_ok() {
            return Some(said);
        }
        let known = jiff::tz::TimeZoneDatabase::bundled();
        let mut names: Vec<String> = known.available().map(|name| name.to_string()).collect();
        names.sort_unstable();
        let hint = match nearest(&said.value, names.iter().map(String::as_str)) {
            Some(near) => format!("did you mean `{near}`?"),
            None => "write a name of the time zone database, such as America/New_York or UTC".to_owned(),
        };
        self.fault(said.place, format!("unknown timezone `{}`", said.value), hint);
        None
    }

    /// Notes an id that is not `snake_case`.
    pub fn snake_case(&mut self, kind: &str, id: &Said<String>) -> bool {
        if is_snake_case(&id.value) {
            return true;
        }
        let words = id.value.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
        let better = words.collect::<Vec<_>>().join("_").to_ascii_lowercase();
        let rule = "lower-case letters, digits and `_`, beginning with a letter";
        let hint = if is_snake_case(&better) { format!("write `{better}`: {rule}") } else { format!("write {rule}") };
        self.fault(id.place.clone(), format!("{kind} `{}` is not snake_case", id.value), hint);
        false
    }
}

/// Lower-case letters, digits and `_`, beginning with a letter.
pub(super) fn is_snake_case(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_lowercase())
        && text.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
}

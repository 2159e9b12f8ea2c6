//! `[[source]]`: which files there are, and how to read those that need to be told.
//!
//! In: the tables under `source`. Out: [`Source`]s, whose columns are canonical ones or clearly the user's own.

use indexmap::IndexMap;
use toml::de::DeValue;

use super::parse::plain;
use super::read::{Fields, Reader, Value, is_snake_case};
use super::{ColumnRule, DateOrder, Said, Source};
use crate::ingest::cell::Decimal;
use crate::issue::{did_you_mean, nearest};
use crate::tables::{Field, Kind, Type};

const KEYS: &[&str] = &[
    "path",
    "preset",
    "table",
    "columns",
    "constants",
    "timezone",
    "date_order",
    "encoding",
    "delimiter",
    "decimal",
    "currency",
    "nulls",
    "values",
    "optional",
];

const TYPES: [(&str, Type); 8] = [
    ("id", Type::Id),
    ("ids", Type::Ids),
    ("text", Type::Text),
    ("email", Type::Email),
    ("time", Type::Time),
    ("money", Type::Money),
    ("number", Type::Number),
    ("flag", Type::Flag),
];

/// What the tables are called elsewhere; the nearest name would mislead (`leads` is two edits from `deals`).
const ELSEWHERE: &[(&str, &str)] = &[
    ("lead", "people"),
    ("contact", "people"),
    ("prospect", "people"),
    ("opportunity", "deals"),
    ("opportunities", "deals"),
    ("company", "accounts"),
    ("companies", "accounts"),
    ("activity", "touches"),
    ("activities", "touches"),
    ("task", "touches"),
    ("event", "touches"),
    ("cost", "spend"),
];

pub(super) fn sources(r: &mut Reader<'_>, top: &Fields<'_, '_>) -> Vec<Source> {
    let tables = r.tables(top, "source", KEYS);
    tables.iter().filter_map(|fields| source(r, fields)).collect()
}

fn source(r: &mut Reader<'_>, fields: &Fields<'_, '_>) -> Option<Source> {
    let path = r.need_text(fields, "path", "say which files: `path = \"exports/Lead*.csv\"`");
    if let Some(path) = &path {
        pattern(r, path);
    }
    let preset = r.text(fields, "preset");
    let table = table(r, fields);
    if let (Some(preset), true) = (&preset, fields.has("table")) {
        let what = "a source with both `preset` and `table`";
        r.fault(
            preset.place.clone(),
            what,
            "keep `preset` for a known export, or `table` and `columns` for another one",
        );
    }
    let kind = table.as_ref().map(|said| said.value);
    let columns = columns(r, fields, kind);
    let constants = constants(r, fields, kind, &columns);
    if let (Some(said), true) = (&table, preset.is_none()) {
        complete(r, fields, said, &columns, &constants);
    }
    let values = values(r, fields, kind, &columns);
    let timezone = r.text(fields, "timezone").and_then(|said| r.timezone(said));
    let currency = r.text(fields, "currency").and_then(|said| r.currency(said));
    let date_order = r.choice(fields, "date_order", &[("dmy", DateOrder::Dmy), ("mdy", DateOrder::Mdy)]);
    let decimal = r.choice(fields, "decimal", &[("point", Decimal::Point), ("comma", Decimal::Comma)]);
    let encoding = r.text(fields, "encoding").and_then(|said| encoding(r, said));
    let delimiter = delimiter(r, fields);
    let nulls = plain(r.texts(fields, "nulls").unwrap_or_default());
    let optional = r.flag(fields, "optional").unwrap_or(false);
    Some(Source {
        path: path?,
        preset,
        table,
        columns,
        constants,
        timezone,
        date_order: date_order.map(|said| said.value),
        encoding,
        delimiter,
        decimal: decimal.map(|said| said.value),
        currency,
        nulls,
        values,
        optional,
    })
}

fn pattern(r: &mut Reader<'_>, path: &Said<String>) {
    if let Err(e) = glob::Pattern::new(&path.value) {
        let what = format!("`path` is `{}`, not a file or glob: {}", path.value, e.msg);
        r.fault(path.place.clone(), what, "write * for any part of a name, and [*] for a star itself");
    }
}

fn table(r: &mut Reader<'_>, fields: &Fields<'_, '_>) -> Option<Said<Kind>> {
    let said = r.text(fields, "table")?;
    if let Some(value) = Kind::named(&said.value) {
        return Some(Said { value, place: said.place });
    }
    let lower = said.value.to_lowercase();
    let known = Kind::ALL.map(Kind::id);
    let elsewhere = ELSEWHERE.iter().find(|(name, _)| lower == *name || lower.strip_suffix('s') == Some(*name));
    let hint = match elsewhere {
        Some((_, ours)) => format!("that table is called `{ours}` here"),
        None => did_you_mean(&said.value, known),
    };
    r.fault(said.place, format!("unknown table `{}`", said.value), hint);
    None
}

fn columns(r: &mut Reader<'_>, fields: &Fields<'_, '_>, kind: Option<Kind>) -> IndexMap<String, ColumnRule> {
    let Some(value) = fields.get("columns") else {
        return IndexMap::new();
    };
    let entries = r.entries("`columns`", value, "a table such as { created_at = \"Created Date\" }");
    let mut columns = IndexMap::new();
    for (name, value) in entries {
        column_name(r, &name, kind);
        if let Some(rule) = rule(r, &name, value, kind) {
            columns.insert(name.value, rule);
        }
    }
    columns
}

/// `"Header"` or `{ header = "Header", kind = "number" }`
fn rule(r: &mut Reader<'_>, name: &Said<String>, value: &Value<'_>, table: Option<Kind>) -> Option<ColumnRule> {
    let called = format!("column `{}`", name.value);
    if !matches!(value.get_ref(), DeValue::Table(_)) {
        return r.string(&called, value).map(|header| ColumnRule { header, kind: None });
    }
    let fields = r.open(&called, value, &["header", "kind"])?;
    let header = r.need_text(&fields, "header", "say which column of the file it is: `header = \"…\"`");
    let kind = r.choice(&fields, "kind", &TYPES);
    if let (Some(kind), Some((table, field))) = (&kind, table.and_then(|t| t.field(&name.value).map(|f| (t, f))))
        && kind.value != field.kind
    {
        let what = format!("{called} of {} is always {}, not {}", table.id(), type_id(field.kind), type_id(kind.value));
        r.fault(kind.place.clone(), what, "leave `kind` out, or give a column of your own another name");
    }
    Some(ColumnRule { header: header?, kind: kind.map(|said| said.value) })
}

fn type_id(kind: Type) -> &'static str {
    TYPES.iter().find(|(_, t)| *t == kind).map_or("text", |(id, _)| *id)
}

fn constants(
    r: &mut Reader<'_>,
    fields: &Fields<'_, '_>,
    kind: Option<Kind>,
    columns: &IndexMap<String, ColumnRule>,
) -> IndexMap<String, Said<String>> {
    let Some(value) = fields.get("constants") else {
        return IndexMap::new();
    };
    let mut constants = IndexMap::new();
    for (name, value) in r.entries("`constants`", value, "a table of strings") {
        column_name(r, &name, kind);
        if columns.contains_key(&name.value) {
            let what = format!("column `{}` is both in `columns` and in `constants`", name.value);
            r.fault(name.place.clone(), what, "keep the header or the constant");
        }
        if let Some(text) = r.string(&format!("constant `{}`", name.value), value) {
            constants.insert(name.value, text);
        }
    }
    constants
}

fn values(
    r: &mut Reader<'_>,
    fields: &Fields<'_, '_>,
    kind: Option<Kind>,
    columns: &IndexMap<String, ColumnRule>,
) -> IndexMap<String, IndexMap<String, String>> {
    let Some(value) = fields.get("values") else {
        return IndexMap::new();
    };
    let mut values = IndexMap::new();
    for (name, map) in r.entries("`values`", value, "a table such as { status = { \"Hot\" = \"MQL\" } }") {
        // A file that a preset reads has the preset's columns as well as those written here.
        let preset = if kind.is_none() { Kind::ALL.as_slice() } else { &[] };
        let ours = preset.iter().flat_map(|k| k.fields()).map(|f| f.name);
        let known: Vec<&str> = columns.keys().map(String::as_str).chain(ours).collect();
        if !known.is_empty() && !known.contains(&name.value.as_str()) {
            let what = format!("`values` for the column `{}`, which is not read", name.value);
            let near = nearest(&name.value, known.iter().copied());
            let hint = near.map_or("add it to `columns`".to_owned(), |near| format!("did you mean `{near}`?"));
            r.fault(name.place.clone(), what, hint);
        }
        let mut pairs = IndexMap::new();
        for (from, to) in r.entries(&format!("values of `{}`", name.value), map, "a table of strings") {
            if let DeValue::String(to) = to.get_ref() {
                pairs.insert(from.value, to.to_string());
            } else {
                r.wrong(&format!("`{}`", from.value), to, "a string");
            }
        }
        values.insert(name.value, pairs);
    }
    values
}

/// A source that names its table must say where that table's key columns come from.
fn complete(
    r: &mut Reader<'_>,
    fields: &Fields<'_, '_>,
    table: &Said<Kind>,
    columns: &IndexMap<String, ColumnRule>,
    constants: &IndexMap<String, Said<String>>,
) {
    let id = table.value.id();
    if !fields.has("columns") {
        let what = format!("a source with `table = \"{id}\"` but no `columns`");
        let key = table.value.keys().first().and_then(|group| group.first()).copied().unwrap_or("name");
        r.fault(table.place.clone(), what, format!("say which column is what: `columns = {{ {key} = \"…\" }}`"));
        return;
    }
    let given = |name: &&str| columns.contains_key(*name) || constants.contains_key(*name);
    let misspelt = |name: &&str| columns.keys().any(|own| near_miss(own, name));
    for group in table.value.keys() {
        if !group.iter().any(|name| given(name) || misspelt(name)) {
            let names: Vec<String> = group.iter().map(|name| format!("`{name}`")).collect();
            let what = format!("table `{id}` needs the column {}", names.join(" or "));
            r.fault(table.place.clone(), what, "add it to `columns`: rows without it cannot be used");
        }
    }
}

/// The known columns: of one table, or of all where the header decides the table.
fn fields_of(kind: Option<Kind>) -> impl Iterator<Item = &'static Field> {
    Kind::ALL.into_iter().filter(move |k| kind.is_none_or(|kind| kind == *k)).flat_map(Kind::fields)
}

/// Notes a name that was probably meant to be one of ours; any other is a column of the user's own.
fn column_name(r: &mut Reader<'_>, name: &Said<String>, kind: Option<Kind>) {
    if fields_of(kind).any(|f| f.name == name.value) {
        return;
    }
    if let Some(near) = fields_of(kind).find(|f| near_miss(&name.value, f.name)) {
        let of = kind.map_or(String::new(), |kind| format!(" of {}", kind.id()));
        let what = format!("unknown column `{}`{of}", name.value);
        let hint = format!("did you mean `{}`? a column of your own needs a name less like it", near.name);
        r.fault(name.place.clone(), what, hint);
    } else if !is_snake_case(&name.value) {
        r.snake_case("column", name);
    }
}

/// The same letters written otherwise, or one edit apart. More would take `created_by` for `created_at`.
fn near_miss(own: &str, ours: &str) -> bool {
    let letters = |text: &str| -> String { text.to_lowercase().chars().filter(char::is_ascii_alphanumeric).collect() };
    let edits = strsim::damerau_levenshtein(&own.to_lowercase(), ours);
    own != ours && (letters(own) == letters(ours) || (edits == 1 && own.len().min(ours.len()) > 3))
}

fn encoding(r: &mut Reader<'_>, said: Said<String>) -> Option<Said<String>> {
    if encoding_rs::Encoding::for_label(said.value.as_bytes()).is_some() {
        return Some(said);
    }
    let known = ["utf-8", "windows-1252", "iso-8859-1", "utf-16le", "utf-16be", "shift_jis", "gb18030"];
    r.fault(said.place, format!("unknown encoding `{}`", said.value), did_you_mean(&said.value, known));
    None
}

/// One mark, or the word `tab`.
fn delimiter(r: &mut Reader<'_>, fields: &Fields<'_, '_>) -> Option<u8> {
    // A tab as such would be a blank text, which every other key refuses.
    if matches!(fields.get("delimiter")?.get_ref(), DeValue::String(text) if text == "\t") {
        return Some(b'\t');
    }
    let said = r.text(fields, "delimiter")?;
    match said.value.as_bytes() {
        b"tab" => Some(b'\t'),
        [mark] if mark.is_ascii_punctuation() && *mark != b'"' => Some(*mark),
        _ => {
            let what = format!("`delimiter` is `{}`, which cannot separate fields", said.value);
            r.fault(said.place, what, "write one of \",\", \";\", \"|\" or \"tab\"");
            None
        }
    }
}

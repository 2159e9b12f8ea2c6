//! How a file's records become rows: the preset or the contract's own mapping, as a [`Plan`].
//!
//! In: a file's header, its source and the presets. Out: a [`Plan`], or every problem of the mapping at its place in the
//! contract.

use indexmap::IndexMap;

use super::cell::{self, Decimal, TimeCell};
use super::file::shorten;
use super::open::Context;
use super::preset::{Mapping, Preset, StageCell};
use super::recognise::{self, Miss};
use super::{FileFacts, Found};
use crate::contract::Source;
use crate::issue::{Issue, Place, did_you_mean};
use crate::tables::{Kind, Type};
use crate::time::{Stamp, Zone};

/// One canonical column and the cell it comes from.
pub struct PlanColumn {
    /// Canonical name, or the user's own.
    pub name: String,
    /// How its cells are read.
    pub kind: Type,
    /// Index of the cell in the record.
    pub index: usize,
    /// Exact cell text → canonical text; `*` is any other.
    pub values: Option<IndexMap<String, String>>,
    /// A time that is a day, whatever time of day the export writes behind it.
    pub day: bool,
    /// A day that stands for its month.
    pub month: bool,
    /// Read only where this column (its place in the plan) has nothing: it stands in for it.
    pub instead_of: Option<usize>,
    /// More cells, and what they are for.
    pub more: More,
    /// The power of ten that a number is multiplied with.
    pub scale: i32,
}

/// What a column's other cells are for.
#[derive(Default)]
pub enum More {
    /// There is no other.
    #[default]
    Nothing,
    /// They stand in, one after another, where the column's own is empty.
    Fallback(Vec<usize>),
    /// They are joined by a space; the column's own is among them.
    Joined(Vec<usize>),
}

impl PlanColumn {
    /// All cells that the column reads.
    pub fn cells(&self) -> impl Iterator<Item = usize> + '_ {
        let more: &[usize] = match &self.more {
            More::Nothing => &[],
            More::Fallback(more) | More::Joined(more) => more,
        };
        std::iter::once(self.index).chain(more.iter().copied())
    }
}

/// Rows that are set aside by what stands in a cell.
pub struct Aside {
    /// The cell.
    pub index: usize,
    /// Texts, in any case; one that ends in `*` stands for all that begin so.
    pub values: Vec<String>,
    /// An empty cell.
    pub blank: bool,
    /// Why.
    pub reason: String,
}

impl Aside {
    /// Whether a cell says that its row is set aside.
    pub fn is(&self, cell: &[u8]) -> bool {
        let fits = |value: &String| match value.strip_suffix('*') {
            Some(start) => cell.get(..start.len()).is_some_and(|c| c.eq_ignore_ascii_case(start.as_bytes())),
            None => cell.eq_ignore_ascii_case(value.as_bytes()),
        };
        if cell.is_empty() { self.blank } else { self.values.iter().any(fits) }
    }
}

/// How the records of one file become rows.
pub struct Plan {
    /// The table they go to.
    pub kind: Kind,
    /// The mapped columns.
    pub columns: Vec<PlanColumn>,
    /// Columns with the same text in every row.
    pub constants: Vec<(String, String)>,
    /// Cells whose header names a stage.
    pub stages: Vec<StageCell>,
    /// The rows that are used: cell index, allowed texts, and the reason for the others.
    pub only: Option<(usize, Vec<String>, String)>,
    /// Rows that are not used, by what stands in a cell.
    pub except: Vec<Aside>,
    /// Two cells that are equal in every row, or the rows are sums over several days.
    pub same: Option<(usize, usize)>,
    /// Cells that mean nothing.
    pub nulls: Vec<String>,
    /// The header, to recognise when it is repeated.
    pub header: Vec<String>,
    /// Zone of instants written without an offset.
    pub zone: Zone,
    /// The contract's zone, in which days are days.
    pub home: Zone,
    /// Digits after the decimal mark that amounts are read with.
    pub exponent: u32,
    /// The file's decimal mark.
    pub decimal: Decimal,
    /// The file's delimiter.
    pub delimiter: u8,
}

impl Plan {
    pub(super) fn stamp(&self, civil_ms: i64, offset_s: Option<i32>, is_date: bool) -> Stamp {
        match (is_date, offset_s) {
            (true, _) => Stamp::date(self.home.to_utc(civil_ms)),
            (false, Some(offset)) => Stamp::instant(civil_ms - i64::from(offset) * 1000),
            (false, None) => Stamp::instant(self.zone.to_utc(civil_ms)),
        }
    }

    pub(super) fn is_ledger(&self) -> bool {
        matches!(self.kind, Kind::Spend | Kind::Headcount | Kind::Revenue)
    }

    /// Which plan columns must not all be missing, and the reason when they are.
    pub(super) fn keys(&self) -> Vec<(Vec<usize>, String)> {
        let constant = |name: &str| self.constants.iter().any(|(n, _)| n == name);
        self.kind
            .keys()
            .iter()
            .filter(|group| !group.iter().any(|name| constant(name)))
            .map(|group| {
                let at = self.columns.iter().enumerate().filter(|(_, c)| group.contains(&c.name.as_str()));
                (at.map(|(i, _)| i).collect(), format!("no {}", group.join(" or ")))
            })
            .collect()
    }
}

/// Index of a header, exactly or else ignoring case.
pub fn position(header: &[String], name: &str) -> Option<usize> {
    header.iter().position(|h| h == name).or_else(|| header.iter().position(|h| h.eq_ignore_ascii_case(name)))
}

/// A constant column's value, where it is no text.
pub enum Constant {
    /// Yes or no.
    Flag(i8),
    /// A number.
    Number(f64),
    /// A day or an instant.
    Time(Stamp),
}

impl Constant {
    /// Reads a constant; `None` for words and ids, which stand for themselves, and for what cannot be read.
    pub fn read(kind: Type, text: &str, plan: &Plan) -> Option<Self> {
        match kind {
            Type::Flag => cell::flag(text.as_bytes()).map(|flag| Self::Flag(i8::from(flag))),
            Type::Number => cell::number(text.as_bytes(), Decimal::Point).map(Self::Number),
            Type::Time => match cell::time(text.as_bytes()) {
                Some(TimeCell::Known { civil_ms, offset_s, is_date }) => {
                    Some(Self::Time(plan.stamp(civil_ms, offset_s, is_date)))
                }
                _ => None,
            },
            Type::Id | Type::Ids | Type::Key | Type::Email | Type::Text | Type::Money => None,
        }
    }
}

/// The preset, or the contract's own mapping, that reads a file.
pub struct Chosen<'p> {
    pub preset: Option<&'p Preset>,
    pub kind: Option<Kind>,
    pub why: String,
}

/// Finds the preset, or takes the contract's mapping.
pub fn choose<'p>(
    found: &Found<'_>,
    context: &Context<'p>,
    header: &[String],
    header_line: u64,
) -> Result<(Chosen<'p>, Mapping), Vec<Issue>> {
    let place = Place { file: Some(found.shown.clone()), line: Some(header_line), column: None };
    if let Some(source) = found.source {
        if let Some(table) = &source.table {
            let why = format!("table = \"{}\" in the contract", table.value.id());
            return Ok((Chosen { preset: None, kind: Some(table.value), why }, Mapping::default()));
        }
        if let Some(name) = &source.preset {
            let preset = context.presets.iter().find(|p| p.id == name.value).ok_or_else(|| {
                let ids = context.presets.iter().map(|p| p.id.as_str()).collect::<Vec<_>>();
                vec![
                    Issue::usage(name.place.clone(), format!("no preset is called `{}`", name.value))
                        .hint(did_you_mean(&name.value, ids)),
                ]
            })?;
            let mapping = preset.map(header);
            return Ok((
                Chosen { preset: Some(preset), kind: preset.table, why: "named in the contract".into() },
                mapping,
            ));
        }
    }
    if let Some(preset) =
        context.forced.filter(|_| found.source.is_none()).and_then(|name| context.presets.iter().find(|p| p.id == name))
    {
        let why = "named by --preset".into();
        return Ok((Chosen { preset: Some(preset), kind: preset.table, why }, preset.map(header)));
    }
    match recognise::recognise(header, context.presets) {
        Ok(hit) => {
            let mapping = hit.preset.map(header);
            Ok((Chosen { preset: Some(hit.preset), kind: hit.preset.table, why: hit.why }, mapping))
        }
        Err(Miss::Ambiguous(ids)) => Err(vec![
            Issue::data(place, format!("the header fits several presets: {}", ids.join(", ")))
                .hint("say which: --preset NAME, or in the contract: [[source]] preset = \"…\""),
        ]),
        Err(Miss::Unknown { nearest }) => {
            let shown = shorten(&header.join(", "));
            let issue = Issue::data(place, format!("no preset knows this header: {shown}"));
            let own = "describe the file in the contract: [[source]] with table = \"…\" and columns = { … }";
            Err(vec![match nearest {
                Some((id, title, missing)) => {
                    issue.hint(format!("nearest is {id} ({title}), which also needs: {}; or {own}", missing.join(", ")))
                }
                None => issue.hint(own),
            }])
        }
    }
}

#[allow(clippy::too_many_arguments)] // one call; a struct for it would only rename the arguments
/// Makes the plan and notes in `facts` what is mapped.
pub fn plan(
    found: &Found<'_>,
    context: &Context<'_>,
    chosen: &Chosen<'_>,
    kind: Kind,
    mapping: Mapping,
    header: &[String],
    delimiter: u8,
    facts: &mut FileFacts,
) -> Result<Plan, Vec<Issue>> {
    let mut issues = Vec::new();
    let preset = chosen.preset;
    let mut mapping = mapping;
    if !mapping.currencies.is_empty() && !own(found, "amount") {
        let place = Place::file(&found.shown);
        let what = format!("amounts in several currencies: {}", mapping.currencies.join(", "));
        issues.push(
            Issue::data(place, what)
                .hint("say which in the contract's [[source]]: columns = { amount = \"…\" } and currency = \"…\""),
        );
    }
    let mut columns: Vec<PlanColumn> = Vec::new();
    for (name, index) in &mapping.columns {
        let type_ = kind.field(name).map_or(Type::Text, |f| f.kind);
        let values = preset.and_then(|p| p.values.get(name)).cloned();
        let day = preset.is_some_and(|p| p.is_day(&header[*index]));
        let more = match (mapping.joined.remove(name), mapping.fallback.remove(name)) {
            (Some(joined), _) => More::Joined(joined),
            (None, Some(fallback)) => More::Fallback(fallback),
            (None, None) => More::Nothing,
        };
        let scale = preset.and_then(|p| p.scale.get(name)).copied().unwrap_or(0);
        let month = preset.is_some_and(|p| p.months.iter().any(|m| m.eq_ignore_ascii_case(header[*index].trim())));
        columns.push(PlanColumn {
            name: name.clone(),
            kind: type_,
            index: *index,
            values,
            day,
            month,
            instead_of: None,
            more,
            scale,
        });
    }
    let source = found.source;
    if let Some(source) = source {
        own_columns(source, preset, kind, header, &mut columns, &mut issues);
    }
    let mut constants: Vec<(String, String)> =
        preset.into_iter().flat_map(|p| p.constants.iter().map(|(k, v)| (k.clone(), v.clone()))).collect();
    if let Some(code) = mapping.currency.filter(|_| !own(found, "amount")) {
        constants.push(("currency".into(), code));
    }
    for (name, text) in source.into_iter().flat_map(|s| &s.constants) {
        constants.retain(|(n, _)| n != name);
        columns.retain(|c| c.name != *name);
        constants.push((name.clone(), text.value.clone()));
    }
    for group in kind.keys() {
        let has = |name: &&str| columns.iter().any(|c| c.name == *name) || constants.iter().any(|(n, _)| n == name);
        if !group.iter().any(has) {
            issues.push(match (source, preset) {
                (None, Some(preset)) => {
                    let reads = preset.headers_of(group).join(", ");
                    let what =
                        format!("preset `{}` finds no column for {}: it reads {reads}", preset.id, group.join(" or "));
                    let place = Place::file(&found.shown);
                    let issue =
                        if context.forced.is_some() { Issue::usage(place, what) } else { Issue::data(place, what) };
                    issue.hint(format!("the file has: {}", shorten_list(header)))
                }
                _ => Issue::usage(
                    source.map_or_else(|| Place::file(&found.shown), |s| s.path.place.clone()),
                    format!("`{}` has no column for {} of table {}", found.shown, group.join(" or "), kind.id()),
                )
                .hint(format!("add it to `columns`; the file has: {}", shorten_list(header))),
            });
        }
    }
    if !issues.is_empty() {
        return Err(issues);
    }
    // What stands in for another column is read behind it.
    columns.sort_by_key(|c| c.name == "fallback_at");
    let zone_name = source
        .and_then(|s| s.timezone.as_ref())
        .map(|z| z.value.clone())
        .or_else(|| preset.and_then(|p| p.timezone.clone()));
    let zone = match &zone_name {
        Some(name) => Zone::named(name).map_err(|e| vec![Issue::usage(Place::file(&found.shown), e.to_string())])?,
        None => context.home.clone(),
    };
    facts.zone.clone_from(&zone.name);
    let only = preset
        .and_then(|p| p.only.as_ref())
        .and_then(|only| position(header, &only.column).map(|index| (index, only.values.clone(), only.reason.clone())));
    let except = preset
        .into_iter()
        .flat_map(|p| &p.except)
        .filter_map(|e| {
            let index = position(header, &e.column)?;
            Some(Aside { index, values: e.values.clone(), blank: e.blank, reason: e.reason.clone() })
        })
        .collect();
    let same = match preset.map(|p| p.same.as_slice()) {
        Some([one, other]) => position(header, one).zip(position(header, other)),
        _ => None,
    };
    let mut nulls: Vec<String> = preset.map(|p| p.nulls.clone()).unwrap_or_default();
    nulls.extend(source.into_iter().flat_map(|s| s.nulls.iter().cloned()));
    let headers_of = |c: &PlanColumn| {
        let (separator, cells) = match &c.more {
            More::Joined(joined) => (" + ", joined.clone()),
            _ => (", else ", c.cells().collect()),
        };
        cells.iter().map(|i| header[*i].as_str()).collect::<Vec<_>>().join(separator)
    };
    facts.mapped = columns.iter().map(|c| (c.name.clone(), headers_of(c))).collect();
    facts.mapped.extend(mapping.stages.iter().map(|s| (format!("stage: {}", s.stage), header[s.index].clone())));
    let used =
        |i: usize| columns.iter().any(|c| c.cells().any(|at| at == i)) || mapping.stages.iter().any(|s| s.index == i);
    facts.unmapped =
        header.iter().enumerate().filter(|(i, h)| !used(*i) && !h.is_empty()).map(|(_, h)| h.clone()).collect();
    // They are known, and not read.
    columns.retain(|c| c.kind != Type::Text || !context.unused.contains(&(kind, c.name.clone())));
    let at = columns.iter().position(|c| c.name == "at");
    columns.iter_mut().filter(|c| c.name == "fallback_at").for_each(|c| c.instead_of = at);
    facts.duplicates = duplicates(header);
    let plan = Plan {
        kind,
        columns,
        constants,
        stages: mapping.stages,
        only,
        except,
        same,
        nulls,
        header: header.to_vec(),
        zone,
        home: context.home.clone(),
        exponent: context.exponent + super::convert::SPARE,
        decimal: Decimal::Point,
        delimiter,
    };
    let unread = source.into_iter().flat_map(|s| &s.constants).filter(|(name, said)| {
        let kind = plan.kind.field(name).map_or(Type::Text, |f| f.kind);
        let typed = matches!(kind, Type::Flag | Type::Number | Type::Time | Type::Money);
        typed && Constant::read(kind, &said.value, &plan).is_none()
    });
    let issues: Vec<Issue> = unread
        .map(|(name, said)| {
            let hint = match plan.kind.field(name).map(|f| f.kind) {
                Some(Type::Flag) => "write \"true\" or \"false\"",
                Some(Type::Time) => "write a day as \"2026-03-31\"",
                Some(Type::Money) => "an amount cannot be the same in every row: name the column that has it",
                _ => "write a plain number",
            };
            Issue::usage(said.place.clone(), format!("`{}` cannot be the {name} of every row", said.value)).hint(hint)
        })
        .collect();
    if issues.is_empty() { Ok(plan) } else { Err(issues) }
}

/// Whether the contract maps this column itself.
fn own(found: &Found<'_>, column: &str) -> bool {
    found.source.is_some_and(|s| s.columns.contains_key(column))
}

fn duplicates(header: &[String]) -> Vec<String> {
    let mut twice: Vec<String> = header
        .iter()
        .enumerate()
        .filter(|(i, h)| !h.is_empty() && header[..*i].contains(h))
        .map(|(_, h)| h.clone())
        .collect();
    twice.sort();
    twice.dedup();
    twice
}

fn shorten_list(header: &[String]) -> String {
    let mut shown = header.iter().filter(|h| !h.is_empty()).take(12).cloned().collect::<Vec<_>>().join(", ");
    if header.len() > 12 {
        shown.push_str(", …");
    }
    shown
}

/// Columns that reports make themselves.
const OURS: [&str; 22] = [
    "outcome",
    "origin",
    "deal_origin",
    "entry_stage",
    "link",
    "has_deal",
    "is_lost",
    "is_derailed",
    "is_open",
    "people",
    "days_to_won",
    "deal_days",
    "marketing_touches",
    "sales_touches",
    "entered_on",
    "first_contact_on",
    "created_on",
    "closed_on",
    "first_marketing_on",
    "last_marketing_on",
    "first_sales_on",
    "last_sales_on",
];

fn own_columns(
    source: &Source,
    preset: Option<&Preset>,
    kind: Kind,
    header: &[String],
    columns: &mut Vec<PlanColumn>,
    issues: &mut Vec<Issue>,
) {
    for (name, rule) in &source.columns {
        if kind.field(name).is_none() && OURS.contains(&name.as_str()) {
            issues.push(
                Issue::usage(
                    rule.header.place.clone(),
                    format!("`{name}` is a column that every buying process has anyway"),
                )
                .hint(format!("call this one otherwise, such as `own_{name}`")),
            );
        }
        let Some(index) = position(header, &rule.header.value) else {
            issues.push(
                Issue::usage(rule.header.place.clone(), format!("the file has no column `{}`", rule.header.value))
                    .hint(did_you_mean(&rule.header.value, header.iter().map(String::as_str))),
            );
            continue;
        };
        let kind = rule.kind.or_else(|| kind.field(name).map(|f| f.kind)).unwrap_or(Type::Text);
        // What a preset knows of the column and of the header holds on.
        let replaced = columns.iter().position(|c| c.name == *name).map(|at| columns.remove(at));
        let values = replaced.and_then(|c| c.values);
        let day = preset.is_some_and(|p| p.is_day(&header[index]));
        let more = More::Nothing;
        columns.push(PlanColumn {
            name: name.clone(),
            kind,
            index,
            values,
            day,
            month: false,
            instead_of: None,
            more,
            scale: 0,
        });
    }
    for (name, values) in &source.values {
        match columns.iter_mut().find(|c| c.name == *name) {
            Some(column) => column.values = Some(values.clone()),
            None => issues.push(
                Issue::usage(
                    source.path.place.clone(),
                    format!("`values.{name}` is about a column that is not mapped"),
                )
                .hint(did_you_mean(name, columns.iter().map(|c| c.name.as_str()))),
            ),
        }
    }
}

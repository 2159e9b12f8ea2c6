//! A preset as TOML spells it.
//!
//! In: what serde reads. Out: [`Raw`], with the places of all that `check` may object to, and the [`Preset`] it becomes.

use std::fmt;

use indexmap::IndexMap;
use serde::de::value::MapAccessDeserializer;
use serde::de::{MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use toml::Spanned;

use super::{Evidence, Except, Only, Preset, Signature, StageColumn, Subject};
use crate::tables::Kind;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Raw {
    pub(super) id: Spanned<String>,
    pub(super) title: String,
    pub(super) system: String,
    pub(super) table: Option<Spanned<String>>,
    pub(super) not_needed: Option<Spanned<String>>,
    pub(super) refused: Option<Spanned<String>>,
    pub(super) help: Option<Spanned<String>>,
    pub(super) evidence: Evidence,
    pub(super) timezone: Option<String>,
    #[serde(default)]
    pub(super) nulls: Vec<String>,
    #[serde(default)]
    pub(super) days: Vec<String>,
    #[serde(default)]
    pub(super) months: Vec<String>,
    pub(super) same: Option<Spanned<Vec<String>>>,
    pub(super) docs: Option<String>,
    pub(super) signature: Spanned<OneOrMore>,
    #[serde(default)]
    pub(super) constants: IndexMap<Spanned<String>, String>,
    #[serde(default)]
    pub(super) columns: IndexMap<Spanned<String>, Vec<String>>,
    #[serde(default)]
    pub(super) fallback: IndexMap<Spanned<String>, Vec<String>>,
    #[serde(default)]
    pub(super) joined: IndexMap<Spanned<String>, Vec<String>>,
    #[serde(default)]
    pub(super) scale: IndexMap<Spanned<String>, i32>,
    #[serde(default)]
    pub(super) unless: IndexMap<Spanned<String>, Vec<String>>,
    #[serde(default)]
    pub(super) values: IndexMap<Spanned<String>, IndexMap<String, Spanned<String>>>,
    #[serde(default)]
    pub(super) stage_columns: Vec<RawStage>,
    pub(super) only: Option<RawOnly>,
    #[serde(default)]
    pub(super) except: Vec<RawExcept>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawStage {
    pub(super) header: Spanned<String>,
    pub(super) stage: Option<String>,
    pub(super) subject: Spanned<Subject>,
    pub(super) field: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawOnly {
    pub(super) column: Spanned<String>,
    pub(super) values: Vec<String>,
    pub(super) reason: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawExcept {
    pub(super) column: Spanned<String>,
    #[serde(default)]
    pub(super) values: Vec<String>,
    #[serde(default)]
    pub(super) blank: bool,
    pub(super) reason: String,
}

/// `[signature]` or `[[signature]]`. Written out because an untagged enum would lose the places of mistakes.
pub(super) struct OneOrMore(pub(super) Vec<Signature>);

impl<'de> Deserialize<'de> for OneOrMore {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Either;
        impl<'de> Visitor<'de> for Either {
            type Value = OneOrMore;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a table with `all` and `none`, or several of them")
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<OneOrMore, A::Error> {
                Signature::deserialize(MapAccessDeserializer::new(map)).map(|one| OneOrMore(vec![one]))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<OneOrMore, A::Error> {
                let mut more = Vec::new();
                while let Some(one) = seq.next_element()? {
                    more.push(one);
                }
                Ok(OneOrMore(more))
            }
        }
        deserializer.deserialize_any(Either)
    }
}

impl Raw {
    /// The preset as it says, once it is known to be right; `table` is the one that it names.
    pub(super) fn into_preset(self, table: Option<Kind>) -> Preset {
        fn plain<T>(map: IndexMap<Spanned<String>, T>) -> IndexMap<String, T> {
            map.into_iter().map(|(name, value)| (name.into_inner(), value)).collect()
        }
        let words =
            |map: IndexMap<String, Spanned<String>>| map.into_iter().map(|(k, v)| (k, v.into_inner())).collect();
        Preset {
            id: self.id.into_inner(),
            title: self.title,
            system: self.system,
            table,
            not_needed: self.not_needed.map(Spanned::into_inner),
            refused: self.refused.zip(self.help).map(|(why, help)| (why.into_inner(), help.into_inner())),
            evidence: self.evidence,
            timezone: self.timezone,
            nulls: self.nulls,
            days: self.days,
            months: self.months,
            same: self.same.map(Spanned::into_inner).unwrap_or_default(),
            docs: self.docs,
            signatures: self.signature.into_inner().0,
            constants: plain(self.constants),
            columns: plain(self.columns),
            fallback: plain(self.fallback),
            joined: plain(self.joined),
            scale: plain(self.scale),
            unless: plain(self.unless),
            values: self.values.into_iter().map(|(name, map)| (name.into_inner(), words(map))).collect(),
            stage_columns: self
                .stage_columns
                .into_iter()
                .map(|s| StageColumn {
                    header: s.header.into_inner(),
                    stage: s.stage,
                    subject: s.subject.into_inner(),
                    field: s.field,
                })
                .collect(),
            only: self.only.map(|o| Only { column: o.column.into_inner(), values: o.values, reason: o.reason }),
            except: self
                .except
                .into_iter()
                .map(|e| Except { column: e.column.into_inner(), values: e.values, blank: e.blank, reason: e.reason })
                .collect(),
        }
    }
}

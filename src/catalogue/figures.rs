//! The figures of reports that are no metrics, as data: what `explain` knows of `plan`, `horizon` and `survey`.
//!
//! In: the built-in `figures.toml` and the topics of the survey. Out: [`FigureDef`]s, in the order of the file, and the items
//! that explain themselves.

use indexmap::IndexMap;
use serde::Deserialize;

use super::formula::Formula;
use super::survey::topics;

/// The built-in figures, as TOML.
pub const BUILTIN: &str = include_str!("figures.toml");

/// The reports with such figures.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Of {
    /// `plan`
    Plan,
    /// `horizon`
    Horizon,
    /// `survey`
    Survey,
}

impl Of {
    /// The command.
    pub fn id(self) -> &'static str {
        match self {
            Self::Plan => "plan",
            Self::Horizon => "horizon",
            Self::Survey => "survey",
        }
    }

    fn named(id: &str) -> Option<Self> {
        [Self::Plan, Self::Horizon, Self::Survey].into_iter().find(|of| of.id() == id)
    }

    /// What may stand behind its figures: the words that the report's own code knows.
    pub fn records(self) -> &'static [&'static str] {
        match self {
            Self::Plan => &["open", "won", "won_measured", "came", "pace", "cost", "stays", "delivered"],
            Self::Horizon => &["won_at_lag", "cohort", "followed", "days", "mqls"],
            Self::Survey => &["lines"],
        }
    }
}

/// One figure.
#[derive(Debug, Clone)]
pub struct FigureDef {
    /// Its name, such as `plan.gap`.
    pub id: String,
    /// The report that prints it.
    pub report: Of,
    /// Where it stands in the report's tidy table.
    pub part: String,
    /// Its item there.
    pub item: String,
    /// Other places with the same figure: `part.item`.
    pub also: Vec<String>,
    /// Name for people.
    pub title: String,
    /// The definition.
    pub means: String,
    /// The way to it, in words.
    pub how: String,
    /// The formula as it is written; empty where it is none of arithmetic.
    pub text: String,
    /// The same, read.
    pub formula: Option<Formula>,
    /// Names of the formula that stand elsewhere: `part.item`, or `part.item@before`.
    pub from: IndexMap<String, String>,
    /// Which of several rows, where nobody says: column and value.
    pub at: IndexMap<String, String>,
    /// What is listed; empty for nothing.
    pub records: String,
    /// Figures that have more to tell.
    pub made_of: Vec<String>,
}

/// Items that explain themselves.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Plain {
    /// The report.
    pub report: String,
    /// The part.
    pub part: String,
    /// Its items; `*` for all.
    pub items: Vec<String>,
    /// Why.
    pub why: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    figure: Vec<Entry>,
    plain: Vec<Plain>,
}

#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    id: String,
    report: String,
    part: String,
    item: Option<String>,
    #[serde(default)]
    items: IndexMap<String, String>,
    #[serde(default)]
    also: Vec<String>,
    title: String,
    means: String,
    how: String,
    #[serde(default)]
    formula: String,
    #[serde(default)]
    from: IndexMap<String, String>,
    #[serde(default)]
    at: IndexMap<String, String>,
    #[serde(default)]
    records: String,
    #[serde(default)]
    made_of: Vec<String>,
}

impl Entry {
    /// The figures that it stands for.
    fn read(self) -> Vec<Option<FigureDef>> {
        if self.report == Of::Survey.id() {
            return topics()
                .into_iter()
                .map(|topic| {
                    let put = |text: &str| {
                        let text = text.replace("{item}", &topic.id).replace("{of}", &topic.title);
                        text.replace("{question}", &topic.question)
                    };
                    self.one(self.item.clone()?, &put)
                })
                .collect();
        }
        match (&self.item, self.items.is_empty()) {
            (Some(item), true) => vec![self.one(item.clone(), &|text: &str| text.to_string())],
            (None, false) => {
                let one = |(item, words): (&String, &String)| {
                    self.one(item.clone(), &|text: &str| text.replace("{item}", item).replace("{of}", words))
                };
                self.items.iter().map(one).collect()
            }
            _ => vec![None],
        }
    }

    fn one(&self, item: String, put: &dyn Fn(&str) -> String) -> Option<FigureDef> {
        let report = Of::named(&self.report)?;
        let formula = match self.formula.as_str() {
            "" => None,
            text => Some(Formula::any(text)?),
        };
        let known = self.records.is_empty() || report.records().contains(&self.records.as_str());
        known.then(|| FigureDef {
            id: put(&self.id),
            report,
            part: put(&self.part),
            item,
            also: self.also.clone(),
            title: put(&self.title),
            means: put(&self.means),
            how: put(&self.how),
            text: self.formula.clone(),
            formula,
            from: self.from.clone(),
            at: self.at.clone(),
            records: self.records.clone(),
            made_of: self.made_of.clone(),
        })
    }
}

fn file() -> Option<File> {
    // A test keeps the file free of problems.
    toml::from_str(BUILTIN).ok()
}

/// All figures.
pub fn figures() -> Vec<FigureDef> {
    file().map_or_else(Vec::new, |file| file.figure.into_iter().flat_map(Entry::read).flatten().collect())
}

/// The items that explain themselves.
pub fn plain() -> Vec<Plain> {
    file().map_or_else(Vec::new, |file| file.plain)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_figure_is_read_and_names_what_exists() {
        let file: File = toml::from_str(BUILTIN).unwrap();
        let read: Vec<Option<FigureDef>> = file.figure.into_iter().flat_map(Entry::read).collect();
        assert!(read.iter().all(Option::is_some), "{read:?}");
        let all = figures();
        let ids: BTreeSet<&str> = all.iter().map(|f| f.id.as_str()).collect();
        assert_eq!(ids.len(), all.len());
        assert!(all.len() > 70, "{}", all.len());
        for figure in &all {
            assert!(figure.id.starts_with(&format!("{}.", figure.report.id())), "{}", figure.id);
            assert!(!figure.id.contains('{') && !figure.means.contains('{'), "{}", figure.id);
            for other in &figure.made_of {
                assert!(ids.contains(other.as_str()) && *other != figure.id, "{} is made of {other}", figure.id);
            }
            let uses = figure.formula.as_ref().map_or(&[][..], |f| f.uses.as_slice());
            assert!(figure.from.keys().all(|name| uses.contains(name)), "{}: a part that no formula uses", figure.id);
            // Somebody who asks gets further.
            let further = !uses.is_empty() || !figure.records.is_empty() || !figure.made_of.is_empty();
            assert!(further || figure.how.contains("nothing is computed"), "{}", figure.id);
        }
    }

    #[test]
    fn what_explains_itself_says_why() {
        for plain in plain() {
            assert!(Of::named(&plain.report).is_some() && !plain.items.is_empty() && plain.why.len() > 20, "{plain:?}");
        }
    }
}

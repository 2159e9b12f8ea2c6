//! What the teams are asked, as data: topics, their questions and scales, and what is measured of each.
//!
//! In: the built-in `survey.toml`. Out: [`Topic`]s, in the order of the file.

use serde::Deserialize;

use super::UNITS;
use crate::ingest::survey::Scale;
use crate::report::Unit;

/// The built-in topics, as TOML.
pub const BUILTIN: &str = include_str!("survey.toml");

/// What stands beside the answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Measured {
    /// A metric of the scorecard.
    Metric(String),
    /// A column of the hand-off's tidy table.
    Handoff(String),
    /// Nothing.
    Nothing,
}

/// One topic.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Topic {
    /// snake_case name, as the answers write it.
    pub id: String,
    /// `scorecard` or `together`.
    pub group: String,
    /// Name for people.
    pub title: String,
    /// What is asked.
    pub question: String,
    /// How it is answered.
    pub scale: Scale,
    /// What is measured of it.
    pub measured: Measured,
    /// What that is in words, or why there is none.
    pub about: String,
    /// Whether it grows with the days it is measured over, so that it is asked and measured for twelve months.
    pub per_year: bool,
    /// Whether it is asked of leads, and so measured without the processes that begin later than at the first stage.
    pub leads_only: bool,
}

impl Topic {
    /// What a perception of it counts: the mean of shares and numbers, the share of those who agree or say yes.
    pub fn unit(&self) -> Unit {
        match self.scale {
            Scale::Number(unit) => unit,
            Scale::Share | Scale::Agree | Scale::YesNo => Unit::Share,
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    topic: Vec<Entry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    id: String,
    group: String,
    title: String,
    question: String,
    scale: String,
    unit: Option<String>,
    metric: Option<String>,
    handoff: Option<String>,
    measured: String,
    #[serde(default)]
    per_year: bool,
    #[serde(default)]
    leads_only: bool,
}

fn unit(name: &str) -> Option<Unit> {
    let known = UNITS.iter().copied().chain([(Unit::Hours.id(), Unit::Hours)]);
    known.into_iter().find(|(id, _)| *id == name).map(|(_, unit)| unit)
}

fn read(entry: Entry) -> Option<Topic> {
    let Entry { id, group, title, question, scale, unit: name, metric, handoff, .. } = entry;
    let (about, per_year, leads_only) = (entry.measured, entry.per_year, entry.leads_only);
    let scale = match (scale.as_str(), name) {
        ("share", None) => Scale::Share,
        ("agree", None) => Scale::Agree,
        ("yes_no", None) => Scale::YesNo,
        ("number", Some(name)) => Scale::Number(unit(&name)?),
        _ => return None,
    };
    let measured = match (metric, handoff) {
        (Some(metric), None) => Measured::Metric(metric),
        (None, Some(column)) => Measured::Handoff(column),
        (None, None) => Measured::Nothing,
        (Some(_), Some(_)) => return None,
    };
    Some(Topic { id, group, title, question, scale, measured, about, per_year, leads_only })
}

/// The topics.
pub fn topics() -> Vec<Topic> {
    // A test keeps the file free of problems.
    toml::from_str::<File>(BUILTIN)
        .map_or_else(|_| Vec::new(), |file| file.topic.into_iter().filter_map(read).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalogue::Catalogue;
    use crate::contract::Contract;

    #[test]
    fn every_topic_is_read_and_measures_what_exists_in_its_unit() {
        let file: File = toml::from_str(BUILTIN).unwrap();
        let topics = topics();
        assert_eq!(topics.len(), file.topic.len());
        let catalogue = Catalogue::new(&Contract::builtin()).unwrap();
        for topic in &topics {
            let same = |other: &&Topic| other.id == topic.id || other.question == topic.question;
            assert_eq!(topics.iter().filter(same).count(), 1, "{}", topic.id);
            assert!(["scorecard", "together"].contains(&topic.group.as_str()), "{}", topic.id);
            if let Measured::Metric(id) = &topic.measured {
                assert_eq!(catalogue.metrics[id].unit, topic.unit(), "{id}");
            }
        }
    }

    #[test]
    fn the_scorecard_topics_are_its_eight_metrics() {
        let catalogue = Catalogue::new(&Contract::builtin()).unwrap();
        let metrics = catalogue.metrics.values().filter(|m| m.group == "scorecard").map(|m| m.id.clone());
        let topics = topics().into_iter().filter(|t| t.group == "scorecard");
        let measured = topics.map(|t| if let Measured::Metric(id) = t.measured { id } else { String::new() });
        assert_eq!(measured.collect::<Vec<_>>(), metrics.collect::<Vec<_>>());
    }
}

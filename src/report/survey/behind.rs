//! The lines behind a topic of the survey.
//!
//! In: the answers and a topic. Out: [`Found`]: the lines whose answer counts, by team, and those that were set aside with the
//! reason; never an answer beside a line, and nothing of a team of which fewer than [`FEW`] answered.

use super::FEW;
use super::count::{Hidden, count};
use crate::catalogue::survey::topics;
use crate::ingest::survey::{Answers, TEAMS};
use crate::report::behind::{Behind, Found, Of};

/// What stands behind a topic.
pub fn behind(answers: &Answers, id: &str) -> Found {
    let topics = topics();
    let Some(topic) = topics.iter().position(|topic| topic.id == id) else { return Found::default() };
    let counted = count(&answers.answers, &topics);
    let mut records = Vec::new();
    let mut account = vec![("rows of the file of answers".to_string(), answers.input.rows_read)];
    let mut notes = Vec::new();
    for (team, name) in TEAMS.iter().enumerate() {
        match counted[topic].beliefs[team] {
            Ok(belief) => {
                let of = answers.answers.iter().filter(|a| a.topic == topic && a.team == team);
                records.extend(of.map(|a| Behind { reason: "used", ..Behind::new(Of::Line(a.line, name)) }));
                account.push((format!("in: answers of {name}"), belief.n));
            }
            Err(Hidden::Few) => {
                notes
                    .push(format!("Fewer than {FEW} of {name} answered this: nothing of theirs is listed or counted."));
            }
            Err(Hidden::Nobody) => account.push((format!("in: answers of {name}"), 0)),
        }
    }
    let aside: Vec<Behind> = (answers.aside.iter().filter(|aside| aside.topic == Some(topic)))
        .map(|aside| Behind { reason: aside.reason, to: "", ..Behind::new(Of::Line(aside.line, "")) })
        .collect();
    account.push(("out: set aside, with the reason".to_string(), aside.len() as u64));
    records.extend(aside);
    records.sort_by_key(|record| record.of);
    notes.push("A line says that somebody's answer was used, never what it was; rows without an answer to this topic are not listed.".into());
    Found { records, account, adds_up: false, notes }
}

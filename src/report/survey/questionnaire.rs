//! The questionnaire: what is asked, how it is answered, and the file to write the answers into.
//!
//! In: the contract's currency, and the topics. Out: a [`Report`]; its table for machines is a file that `survey` reads once
//! `team` and `answer` are filled in.

use super::layout::GROUPS;
use super::tidy::scale;
use crate::catalogue::survey::Topic;
use crate::contract::Contract;
use crate::ingest::survey::Scale;
use crate::report::scorecard::heading;
use crate::report::{Audience, Cell, Column, Report, Table, Unit};

/// How a topic is answered, in words.
fn answer(topic: &Topic, currency: &str) -> String {
    match topic.scale {
        Scale::Share => "percent from 0 to 100, such as 40%".into(),
        Scale::Agree => "1 (strongly disagree) to 5 (strongly agree)".into(),
        Scale::YesNo => "yes or no".into(),
        Scale::Number(Unit::Times) => "a number, such as 4".into(),
        Scale::Number(Unit::Money) => format!("an amount in {currency}, such as 1200"),
        Scale::Number(Unit::Days) => "days, such as 90".into(),
        Scale::Number(Unit::Hours) => "working hours, such as 6".into(),
        Scale::Number(_) => "a number, such as 10".into(),
    }
}

/// The questionnaire.
pub fn report(contract: &Contract, topics: &[Topic]) -> Report {
    let mut report = crate::report::without_inputs("survey", "What do you believe?", contract);
    report.tables = vec![questions(contract, topics), file(), to_fill(contract, topics)];
    report.notes = vec![
        "Answer by what you believe, without looking it up. A question you cannot answer stays blank.".into(),
        "Answers are shown by team, from five of a team on; nobody's answer is shown alone, and what else is written is not read."
            .into(),
        "`onefunnel survey --questionnaire -f csv -o answers.csv` writes a file to fill in; `onefunnel survey answers.csv FOLDER` \
         sets the answers beside what is measured."
            .into(),
    ];
    report
}

fn questions(contract: &Contract, topics: &[Topic]) -> Table {
    let columns = vec![
        Column::left("question", "Question"),
        Column::left("answer", "Answer with"),
        Column::left("topic", "Topic in the file"),
    ];
    let mut rows = Vec::new();
    for (group, title) in GROUPS {
        rows.push(heading(title, columns.len()));
        for topic in topics.iter().filter(|topic| topic.group == group) {
            rows.push(vec![
                Cell::text(&topic.question),
                Cell::text(answer(topic, &contract.currency)),
                Cell::text(&topic.id),
            ]);
        }
    }
    let title = "Your team: marketing or sales?".into();
    Table { id: "questions".into(), title, audience: Audience::People, columns, rows }
}

/// The columns of the file to fill in.
fn file() -> Table {
    let columns = vec![Column::left("column", "Column"), Column::left("holds", "What stands in it")];
    let rows = [
        ("team", "marketing or sales"),
        ("topic", "the topic, as above"),
        ("answer", "the answer; blank where there is none"),
        ("respondent", "any word that tells people apart; may be left out"),
        ("date", "the day of the answer, such as 2026-06-30; may be left out"),
    ];
    let rows = rows.map(|(column, holds)| vec![Cell::text(column), Cell::text(holds)]).to_vec();
    let title =
        "The file: team,topic,answer,respondent,date with one answer per row, or team and one column per topic".into();
    Table { id: "columns".into(), title, audience: Audience::People, columns, rows }
}

fn to_fill(contract: &Contract, topics: &[Topic]) -> Table {
    let columns = ["team", "topic", "answer", "respondent", "date", "question", "scale", "answer_with"];
    let columns = columns.map(Column::tidy).to_vec();
    let row = |topic: &Topic| {
        vec![
            Cell::none(),
            Cell::text(&topic.id),
            Cell::none(),
            Cell::none(),
            Cell::none(),
            Cell::text(&topic.question),
            Cell::text(scale(topic.scale)),
            Cell::text(answer(topic, &contract.currency)),
        ]
    };
    let rows = topics.iter().map(row).collect();
    Table { id: "questionnaire".into(), title: String::new(), audience: Audience::Machines, columns, rows }
}

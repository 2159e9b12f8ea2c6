//! What a reader of the survey has to know.
//!
//! In: what was read, counted and measured. Out: sentences. None of them names anybody or repeats what somebody wrote.

use super::count::Hidden;
use super::layout::YOUNG;
use super::{FEW, View};
use crate::cli::SurveyArgs;
use crate::output::number::of;

impl View<'_> {
    pub fn notes(&self, args: &SurveyArgs) -> Vec<String> {
        let answers = self.answers;
        let mut notes = vec![
            "A perception is the mean of what was answered in percent or as a number, the share of 4 and 5 where agreement is \
             asked, and the share of yes. The gap is marketing less sales; where its interval has both signs, it may be chance."
                .to_string(),
        ];
        let used = answers.answers.len() as u64;
        let aside = answers.aside.len() as u64;
        let rows = if answers.wide { "one respondent per row" } else { "one answer per row" };
        notes.push(format!(
            "{} of {} ({rows}): {} used, {} left blank or not known, {} set aside.",
            of(answers.input.rows_read, "row", "rows"),
            answers.input.path,
            of(used, "answer", "answers"),
            answers.blank,
            of(aside, "problem", "problems"),
        ));
        let hidden = self.counted.iter().flat_map(|c| &c.beliefs).filter(|b| **b == Err(Hidden::Few)).count();
        if hidden > 0 {
            notes.push(format!(
                "<{FEW}: of fewer than {FEW} answers of a team nothing is shown, so that nobody's answer can be told. {hidden} \
                 perceptions are hidden."
            ));
        }
        if answers.answers.is_empty() {
            notes.push("No answer could be used.".into());
        }
        let twice = "The file does not tell respondents apart: whoever answered twice counts twice.";
        notes.extend((!answers.respondents && used > 0).then(|| twice.to_string()));
        if answers.unread > 0 {
            let columns = of(answers.unread as u64, "column", "columns");
            notes.push(format!("{columns} of {} not read, and never printed.", answers.input.path));
        }
        if self.data.is_some() {
            let rule = if args.from.is_some() || args.to.is_some() {
                "Measured over the days of --from and --to"
            } else {
                "Measured over the last twelve whole months; of cohorts, over the last twelve that are mature"
            };
            notes.push(format!(
                "{rule}, by the code of `scorecard` and `handoff`, which print the same for the same days."
            ));
            let like =
                "A share of people who agree is no share of leads: what is asked in percent is like what is measured.";
            notes.push(like.into());
        } else {
            notes.push("Nothing is measured, as no exports were given: name them after the file of answers.".into());
        }
        if self.figures.iter().any(|f| f.rising) {
            notes.push(format!("{YOUNG} counts some that are young: it will still rise."));
        }
        if let Some(condition) = &args.condition {
            notes.push(format!("Measured of the buying processes where {condition}; the answers are those of all."));
        }
        notes
    }
}

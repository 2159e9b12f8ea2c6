//! What a reader of the horizon has to know.
//!
//! In: a [`View`]. Out: one sentence each.

use super::View;
use super::count::Buyers;
use super::layout::{FEW_MARK, YOUNG};
use crate::output::number;
use crate::time::date_of;

impl View<'_> {
    pub fn notes(&self) -> Vec<String> {
        let kind = self.word();
        let begins = date_of(self.time.begins);
        let mut notes = vec![
            format!(
                "Won revenue counts in the {kind} of the close. Unclear: the beginning is unknown, or after the close. A dash \
                 lies before {begins}, where the exports begin: who began earlier cannot be seen, so the first {kind}s look quicker than they were."
            ),
            format!(
                "Ages are whole {kind}s: 0 is the {kind} of entry (the first stage, other than the win itself). Later ones are not over \
                 yet, and missing; {YOUNG} marks one that is not over."
            ),
            self.of_spend(),
            format!(
                "The lag curve follows everybody who entered in a whole {kind} to the last {kind} that is over: who is open counts as \
                 long as seen, losses compete (Aalen–Johansen; of revenue the same with amounts). It says what comes if the young do as \
                 the old did, and nothing of what comes later. Bounds: delta method, logit, as if buyers were independent; none where nothing came, or fewer than five won."
            ),
            format!(
                "Days: the first median is of all who were followed, by then half have it of those who get it at all; the other figures \
                 are of those for whom it came, and look short while the young are waiting. Who entered with a deal has no days from entry to \
                 deal.{}",
                if self.few_days() { format!(" {FEW_MARK} marks those of few.") } else { String::new() }
            ),
        ];
        notes.extend(self.of_mqls());
        notes.push(format!(
            "Rank correlation: Spearman, ties at their mean rank; bounds after Bonett and Wright, as if {kind}s were independent. Two \
             rows that both grow go together without a cause, and five lags are five chances to see something."
        ));
        notes.extend(self.oddities());
        notes
    }

    fn of_spend(&self) -> String {
        let known = self.data.journeys.origin.iter().any(Option::is_some);
        let unknown = match (self.buyers, known) {
            (Buyers::Marketing, _) => "",
            (Buyers::All, false) => ", as no export shows the origin of buyers",
            (Buyers::All, true) => ", as none of these buyers is known to be of marketing origin",
        };
        if let Err(why) = &self.spend.total {
            return format!(
                "Marketing spend is missing here: {why}. What entrants brought is that of {} who entered in a {}{unknown}.",
                View::whose(self.buyers),
                self.word()
            );
        }
        format!(
            "Spend has no link to buyers: a {}'s marketing spend is set against {} who entered in it{unknown}. That spend works when its \
             buyers enter is an assumption. It is not split by category: no category says whom it reached.",
            self.word(),
            View::whose(self.buyers)
        )
    }

    fn of_mqls(&self) -> Vec<String> {
        let kind = self.word();
        let mut notes = Vec::new();
        if let Err(why) = &self.mql {
            return vec![format!("MQLs are missing: {why}.")];
        }
        match self.mature_after {
            None => notes.push(
                "Nobody was won, and the contract has no mature_after: no period of MQLs is known to be old enough to be compared.".into(),
            ),
            Some(days) => notes.push(format!(
                "MQLs count in the {kind} they qualified. Won is by as-of; the share is of those won within {days} days, so that no \
                 {kind} has more time than another, of {kind}s that ended {days} days ago ({YOUNG}: younger). Each is set against the whole \
                 and mature ones of the year before it, together. Alarm: volume above their mean, and a share below theirs by more than 1.96 \
                 standard errors (two proportions, pooled; 95 %, each {kind} alone); too few: of an outcome fewer than five are expected."
            )),
        }
        notes.extend(self.data.inferred(super::MQL));
        notes
    }

    fn few_days(&self) -> bool {
        use super::count::Span;
        use super::curve::waits;
        let all = self.groups.iter().flat_map(|group| Span::ALL.map(|span| group.days.get(&(self.followed(), span))));
        all.flatten().any(|days| waits(days).came.is_some_and(|came| came.n < super::FEW))
    }

    fn oddities(&self) -> Vec<String> {
        let odd = self.odd;
        let mut notes = Vec::new();
        let mut say = |n: u64, one: &str, many: &str, what: &str| {
            if n > 0 {
                notes.push(format!("{} {what}.", number::of(n, one, many)));
            }
        };
        let (one, many) = ("won deal has", "won deals have");
        say(odd.no_amount, one, many, "no amount: counted, and in no revenue");
        let what = "seen at the win: in no cohort, and of unknown entry";
        say(odd.began_with_the_win, "won deal is first", "won deals are first", what);
        say(odd.won_before, "was won", "were won", "before entering: kept, at age 0");
        say(odd.undated_wins, "was won", "were won", "on an unknown day: among the entrants, and in no curve");
        let what = format!("in a {} that is not over or not whole: not in the lag curve", self.word());
        say(odd.in_parts, "process entered", "processes entered", &what);
        notes
    }
}

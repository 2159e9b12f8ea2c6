//! What was decided, and what is not in the figures.
//!
//! In: what was counted. Out: sentences.

use super::count::Goal;
use super::layout::{UNALLOCATED, UNATTRIBUTED, View, header};
use crate::cli::{Dimension, Model};
use crate::output::number;
use crate::report::Unit;

impl View<'_> {
    /// What was decided, and what is not in the figures.
    pub fn notes(&self) -> Vec<String> {
        let (won, created) = (self.goal(Goal::Won), self.goal(Goal::Created));
        let asked = |model: Model| self.asked.models.contains(&model);
        let mut notes = Vec::new();
        let goal = if won.deals > 0 { Goal::Won } else { Goal::Created };
        notes.extend(self.disagreement(goal, &self.in_order()));
        for (of, what) in [(won, "won"), (created, "created")] {
            if of.deals == 0 {
                notes.push(format!("No deal was {what} in the days shown: there is nothing to share out."));
            }
            if of.untouched.deals > 0.0 {
                let such =
                    if self.args.team.is_some() || self.asked.look_back.is_some() { "such touch" } else { "touch" };
                notes.push(format!(
                    "{} of {} deals {what} have no {such} before: they are {UNATTRIBUTED} under every model.",
                    of.untouched.deals, of.deals
                ));
            }
            if of.deals > 0 && of.without_amount > 0 {
                notes.push(format!(
                    "{} of {} deals {what} have no amount: they count as deals only.",
                    of.without_amount, of.deals
                ));
            }
        }
        let team = self.args.team.map_or("touches of both teams and of none", |team| match team {
            crate::cli::TeamArg::Marketing => "marketing's touches",
            crate::cli::TeamArg::Sales => "sales' touches",
        });
        let window = self.asked.look_back.map_or_else(
            || "however long before (--look-back narrows it)".to_string(),
            |days| format!("of the last {days} days before that"),
        );
        notes.push(format!(
            "Counted are {team} ({} before {} won deals, {} before {} opportunities), up to a won deal's close and an opportunity's creation, never later, {window}: those about the deal, and those about no deal of anybody who has part in it. {} touches are of several deals of one person.",
            number::whole(won.touches.iter().sum()),
            number::whole(won.deals),
            number::whole(created.touches.iter().sum()),
            number::whole(created.deals),
            number::whole(self.paths.shared)
        ));
        notes.push("A plain day begins with its first instant and, as a close or a creation, lasts to its end; touches at one instant stay in the order of the files.".into());
        if [Model::UFirstLead, Model::W, Model::FullPath].into_iter().any(asked) {
            notes.push(format!(
                "The touch that made the lead is the last one by the day the first record of the deal's people was created, else the first after it; the opportunity's is the last one by the deal's creation, the close's the last of all. A missing one leaves its share to the others in proportion ({} of {} deals lack the first, {} the second); one touch with two positions has both shares.",
                won.no_lead, won.deals, won.no_opportunity
            ));
        }
        let u = match (asked(Model::UFirstLead), asked(Model::UFirstLast)) {
            (true, true) => {
                "U lead is first touch 50, lead creation 50 (as Adobe documents it); U last is first touch 40, last touch 40, the others 20, and 50/50 of two (as HubSpot and Salesforce do)."
            }
            (true, false) => "U lead is first touch 50, lead creation 50 (as Adobe documents it).",
            (false, true) => {
                "U last is first touch 40, last touch 40, the others 20, and 50/50 of two (as HubSpot and Salesforce do)."
            }
            (false, false) => "",
        };
        notes.extend((!u.is_empty()).then(|| u.to_string()));
        if asked(Model::TimeDecay) {
            notes.push(format!(
                "Decay halves a touch's weight with every {} days before the last touch, exactly.",
                self.asked.half_life
            ));
        }
        for (one, other) in self.alike() {
            notes.push(format!(
                "{} and {} give the same everywhere: here no deal tells them apart.",
                header(one),
                header(other)
            ));
        }
        notes.extend(self.about_models());
        notes.extend(self.about_spend());
        notes
    }

    fn about_models(&self) -> Vec<String> {
        let (won, created) = (self.goal(Goal::Won), self.goal(Goal::Created));
        let asked = |model: Model| self.asked.models.contains(&model);
        let mut notes = Vec::new();
        if (asked(Model::Markov) || asked(Model::Shapley)) && self.asked.no_journeys.is_none() {
            let young = match (created.young, self.data.mature_after()) {
                (1.., Some(days)) => format!(
                    " {} people without a deal who began less than {days} days before as-of are left out: one may come yet.",
                    number::whole(created.young)
                ),
                _ => String::new(),
            };
            notes.push(format!(
                "Markov and Shapley also see the journeys that came to nothing: {} lost deals and {} people without a deal. Of {} deals that were open at the end of the days shown, or closed nobody knows how, the end is not known: they are left out.{young} For opportunities only people without a deal came to nothing ({}).",
                number::whole(won.lost), number::whole(won.people), number::whole(won.open), number::whole(created.people)
            ));
        }
        if asked(Model::Markov) && self.asked.no_journeys.is_none() {
            let chain = won.chain.map(|(p, states)| {
                format!(
                    " Of journeys to a won deal it has {states} states and converts {}.",
                    number::people(p, Unit::Share)
                )
            });
            notes.push(format!(
                "Markov: absorbing chain of order {}, repeats kept; credit by normalised removal effect, the same shares for deals and amounts.{}",
                self.asked.order,
                chain.unwrap_or_default()
            ));
        }
        if asked(Model::Shapley) && self.asked.no_journeys.is_none() {
            let drawn = self.goals.iter().flat_map(|g| &g.said).any(|s| s.as_ref().is_ok_and(|s| s.bounds.is_some()));
            let how = if drawn {
                format!(
                    "over {} orders drawn at random (seed {}; machine formats have the 95 % interval of the drawing alone)",
                    self.asked.samples, self.asked.seed
                )
            } else {
                "exact over all combinations".to_string()
            };
            notes.push(format!("Shapley: a combination is worth the conversion rate of the journeys that needed nothing else; {how}. A share below 0 is one of combinations that convert less with it than without."));
        }
        if let Some(why) = self.asked.no_journeys.filter(|_| asked(Model::Markov) || asked(Model::Shapley)) {
            notes.push(format!("Markov and Shapley are missing: {why}."));
            return notes;
        }
        for (goal, what) in [(Goal::Won, "won deals"), (Goal::Created, "opportunities")] {
            for model in &self.asked.models {
                if let (Err(why), true) = (self.said(goal, *model), self.goal(goal).deals > 0) {
                    notes.push(format!("{} of {what} is missing: {why}.", header(*model)));
                }
            }
        }
        notes
    }

    fn about_spend(&self) -> Vec<String> {
        let ledger = self.ledger;
        if let Some(why) = self.no_costs {
            return vec![format!("Costs are missing: {why}.")];
        }
        if ledger.total.is_none() {
            return match self.args.by {
                Dimension::Persona => vec!["The spend ledger knows no personas: costs are missing.".into()],
                Dimension::Kind => vec!["The spend ledger knows no kinds of touches: costs are missing.".into()],
                _ => Vec::new(),
            };
        }
        let mut notes = vec![format!(
            "Spend is {} of the same days, matched by name whatever the capitals; what no touch has is {UNALLOCATED} and shared out to nobody.",
            if self.args.by == Dimension::Team { "each team's" } else { "marketing's" }
        )];
        let named: Vec<&str> = ledger.unknown.keys().filter(|w| !w.is_empty()).map(String::as_str).collect();
        if !named.is_empty() {
            let more = if named.len() > 5 { format!(" and {} more", named.len() - 5) } else { String::new() };
            notes.push(format!("In the ledger and in no touch: {}{more}.", named[..named.len().min(5)].join(", ")));
        }
        if ledger.cut {
            notes.push("The ledger has months: of one that the days shown cut, all counts on its first day.".into());
        }
        notes
    }
}

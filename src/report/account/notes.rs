//! What a reader of `account` has to know, one sentence each.
//!
//! In: the sums. Out: notes.

use super::layout::{FEW, View, share};
use crate::journey::NO_DAY;
use crate::output::number;
use crate::report::Unit;

impl View<'_> {
    pub fn notes(&self, condition: Option<&str>) -> Vec<String> {
        let contract = &self.data.session.contract;
        let (terms, counted) = (&contract.accounts, self.counted);
        let mut notes = Vec::new();
        if let Some(why) = &self.no.accounts {
            return vec![format!("Nothing can be said about accounts: {why}.")];
        }
        let by_whom = if terms.agreed { "by the contract" } else { "assumed, as the contract has no [accounts]" };
        let kinds = match &terms.engaged_kinds[..] {
            [] => "touches of any kind and either team, which are no proof that anybody answered: \
                [accounts] engaged_kinds says which kinds count"
                .to_string(),
            kinds => format!("touches of the kinds {}, of either team", kinds.join(", ")),
        };
        notes.push(format!(
            "Engaged ({by_whom}): a person with {} or more touches within the {} days that end on as-of; {kinds}.",
            terms.engaged_touches, terms.engaged_within
        ));
        notes.push(format!(
            "Marketing-qualified: {} or more such touches of the account's people (depth) and {} or more of them engaged \
             (breadth), all within the same {} days (recency). `At some time`: on any day up to as-of, each with the days \
             before it; {} became so and are not today.",
            terms.qualified_touches,
            terms.qualified_people,
            terms.engaged_within,
            self.kept().filter(|(_, a)| a.engagement.since != NO_DAY && !a.engagement.qualified).count()
        ));
        match &terms.target_when {
            None => notes.push("Targets are missing: say which accounts are, in [accounts] target_when.".into()),
            Some(when) => {
                let unknown = counted.target.iter().flatten().zip(&counted.keep);
                let unknown = unknown.filter(|(says, keep)| says.is_none() && **keep).count();
                let of = if unknown > 0 {
                    format!(" {unknown} accounts lack a value that this asks for: they are not among the targets.")
                } else {
                    String::new()
                };
                notes.push(format!("Target accounts: where {}.{of}", when.value));
            }
        }
        self.group_notes(&mut notes);
        notes.push(
            "People belong to the account whose id a record has, else that of their e-mail domain, else that of their deal, \
             else that of exactly their company's name; the last two count in this report only. Free-mail domains, and \
             domains and names that several accounts share, match nothing. `No id`: the matched share of those without an id."
                .into(),
        );
        let more = [
            (counted.outside[0], "people were created outside of the days shown, and are in no match rate"),
            (counted.outside[1], "people without a creation date are in no match rate"),
            (counted.deals_of_nobody, "deals have no account"),
        ];
        notes.extend(more.iter().filter(|(n, _)| *n > 0).map(|(n, what)| format!("{} {what}.", number::whole(*n))));
        self.outside_accounts(&mut notes);
        self.small_note(&mut notes);
        if let Some(condition) = condition {
            notes.push(format!(
                "Only accounts where {condition}: {} of {}; the match rate is of everybody.",
                self.kept().count(),
                counted.keep.len()
            ));
        }
        notes
    }

    fn group_notes(&self, notes: &mut Vec<String>) {
        if let Some(why) = &self.no.group {
            notes.push(format!("Buying groups are missing: {why}."));
            return;
        }
        let (contract, counted) = (&self.data.session.contract, self.counted);
        let required = contract.personas.iter().filter(|p| p.required).map(|p| p.name.value.as_str());
        notes.push(format!(
            "Required in a buying group: {}. A person is the persona of their contact role in the deal (for an account: in \
             the deal that their process leads to), else in another deal, else of the title of their record known first \
             that has one; of several personas that fit, the first of the contract.",
            required.collect::<Vec<_>>().join(", ")
        ));
        notes.push(
            "A buying group is the account's people and everybody with part in the deal. At the close of a deal only those \
             count whose record, first touch or contact role is dated by then, and roles given by then; titles have no \
             date, today's is taken. Win rate: won of won and lost, also to nobody."
                .into(),
        );
        let known: Vec<u32> =
            self.kept().filter(|(_, a)| a.group > 0).map(|(_, a)| counted.present(a.personas)).collect();
        let (n, of) = (known.len() as u64, u64::from(counted.required.count_ones()));
        let present = known.iter().map(|n| u64::from(*n)).sum();
        let others = self.kept().count() as u64 - n;
        if let (Some(mean), None) = (share(present, n * of), &self.no.people) {
            notes.push(format!(
                "Mean completeness of the {} accounts with a known person: {}. The {} others are in no row of personas present: of whom nobody is known, nobody is known to be missing.",
                number::whole(n),
                number::people(mean, Unit::Share),
                number::whole(others)
            ));
        }
        notes.push(
            "Survivorship: a deal that lives longer collects more people, and buyers who mean it bring their colleagues. \
             That complete groups win more does not say that adding people wins deals."
                .into(),
        );
        let [undated, outside] = counted.left_out;
        let more = [
            (undated, "closed deals without a close date are left out there"),
            (outside, "deals closed outside of the days shown are left out there"),
            (counted.undated, "people without any date are in no group at a close"),
            (counted.undated_roles, "contact roles do not say when they were given: taken as given from the beginning"),
        ];
        notes.extend(more.iter().filter(|(n, _)| *n > 0).map(|(n, what)| format!("{} {what}.", number::whole(*n))));
    }

    /// Engagement that no account's figures have, and what engages nobody.
    fn outside_accounts(&self, notes: &mut Vec<String>) {
        let counted = self.counted;
        let percent = |k, n| share(k, n).map_or_else(String::new, |v| format!(" ({})", number::people(v, Unit::Share)));
        if counted.touches_of_nobody > 0 {
            let of = percent(counted.touches_of_nobody, counted.touches);
            notes.push(format!("{} touches are of no account{of}.", number::whole(counted.touches_of_nobody)));
        }
        let with = counted.engaged.iter().filter(|engaged| **engaged).count() as u64;
        if counted.engaged_elsewhere > 0 {
            let all = with + counted.engaged_elsewhere;
            notes.push(format!(
                "Of {} people engaged by the rule above, {}{} have no account: they are in no figure about accounts.",
                number::whole(all),
                number::whole(counted.engaged_elsewhere),
                percent(counted.engaged_elsewhere, all)
            ));
        }
        for kind in &counted.strange_kinds {
            notes.push(format!(
                "[accounts] engaged_kinds names `{kind}`, and no touch is of that kind: it engages nobody. Kinds in the exports: {}.",
                counted.kinds.join(", ")
            ));
        }
    }

    fn small_note(&self, notes: &mut Vec<String>) {
        let few = |n: u64| n > 0 && n < FEW;
        let mut groups = self.counted.matches.iter().filter(|m| few(m.people())).count();
        if self.no.group.is_none() {
            let rows = (0..=self.counted.required.count_ones()).map(|present| self.by_present(Some(present)));
            groups += rows.filter(|n| few(n[2] + n[3])).count();
        }
        if groups > 0 {
            notes.push(format!("{groups} rows count fewer than {FEW}: their shares say little."));
        }
    }
}

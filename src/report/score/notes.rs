//! What a reader of the score has to know.
//!
//! In: the scored processes, bands, thresholds. Out: one sentence each.

use super::layout::{Band, FEW, score};
use super::{EVERY, View};
use crate::output::number;
use crate::report::Unit;
use crate::report::definition::cells::ratio;
use crate::report::definition::observed_note;
use crate::time::date_of;

impl View<'_> {
    pub fn notes(&self, bands: &[Band]) -> Vec<String> {
        let (scored, column) = (self.scored, self.column);
        let mut notes = vec![format!(
            "{} buying processes = {} with a {column} + {} without one, a band of its own + {} that began outside of the days shown + {} without a known day.",
            scored.total.n + scored.outside + scored.undated,
            scored.with.n,
            scored.without.n,
            scored.outside,
            scored.undated
        )];
        notes.push(format!(
            "The {column} is what the exports hold now: it may have risen because somebody bought. Lift is the share won over that of all with a {column}; AUC is the share of pairs of one won and one not in which the won one has the higher {column}, ties counted half."
        ));
        let no_deals = self.data.facts().no_table("deals").is_some();
        match &self.threshold {
            Some(t) => {
                let (n, won) = self.at(t.score);
                let rest = (scored.with.n - n, scored.with.won - won);
                let part = |(n, won): (u64, u64), where_to: &str| match ratio(won, n).filter(|_| !no_deals) {
                    Some(share) => format!(
                        "of the {} {where_to}, {} are won",
                        number::whole(n),
                        number::people(share, Unit::Share)
                    ),
                    None => format!("{} are {where_to}", number::whole(n)),
                };
                notes.push(format!(
                    "In force: {} and more ({}): {}; {}.",
                    score(t.score),
                    t.said_by,
                    part((n, won), "from there on"),
                    part(rest, "below")
                ));
            }
            None => notes.push(
                "No threshold could be read: --threshold says it, or a rule of [qualified] in the form score >= 65."
                    .into(),
            ),
        }
        if self.has_rules {
            notes.push(format!(
                "Qualified: those who meet what [qualified] asks besides the {column}, too; what a capacity asks for counts them alone."
            ));
        }
        if scored.without.n > 0 && self.capacity.is_some() {
            notes.push(format!(
                "{} without a {column} are in no volume; whoever works them has that much less room.",
                number::whole(scored.without.n)
            ));
        }
        if let (Some(capacity), Some(found)) = (&self.capacity, &self.matching) {
            let per = capacity.per.id();
            let plural = if found.periods == 1 { "" } else { "s" };
            let room = format!(
                "{} a {per} over {} whole {per}{plural} ({} to {})",
                score(capacity.leads),
                found.periods,
                date_of(found.from),
                date_of(found.to)
            );
            notes.push(match &found.score {
                Ok(t) => {
                    let average = self.per_period(*t).unwrap_or(0.0);
                    format!(
                        "Capacity of {room}: {} is the lowest {column} that fits, with {} in all, {average:.1} a {per} on average; a single {per} can have more.",
                        score(*t),
                        found.volume
                    )
                }
                Err(why) => format!("Capacity of {room}: no {column} fits, as {why}."),
            });
        }
        if scored.thresholds().len() > EVERY {
            notes.push(format!("More than {EVERY} different scores: machine formats have the thresholds shown here."));
        }
        if !no_deals {
            notes.extend(observed_note(self.data, scored.maturity, &scored.with));
        }
        let small: Vec<&str> =
            bands.iter().filter(|b| (1..FEW).contains(&b.tally.n)).map(|b| b.title.as_str()).collect();
        if !small.is_empty() {
            notes.push(format!("Fewer than {FEW}, too few for a share to mean much: {}.", small.join(", ")));
        }
        notes
    }
}

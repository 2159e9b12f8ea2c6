//! What a reader of `journey` has to know, one sentence each.
//!
//! In: the counts. Out: notes: what was decided, and what is in no figure.

use super::count::{Began, Won};
use super::layout::FEW_MARK;
use super::{FEW, Handoff, View};
use crate::journey::Side;
use crate::output::number;
use crate::report::Unit;

/// A number of things, in words.
pub fn things(n: u64, one: &str, many: &str) -> String {
    format!("{} {}", number::whole(n), if n == 1 { one } else { many })
}

impl View<'_> {
    /// What was decided, and what is in no figure.
    pub fn notes(&self, condition: Option<&str>, keep: &[bool], few: bool) -> Vec<String> {
        let (data, counts) = (self.data, self.counts);
        let (none, no_win) = (Began::default(), Won::default());
        let (began, won) =
            (counts.began.get(&(None, None)).unwrap_or(&none), counts.won.get(&(None, None)).unwrap_or(&no_win));
        let kept = keep.iter().filter(|k| **k).count();
        let processes = things(kept as u64, "buying process", "buying processes");
        let mut ends = Vec::new();
        if few {
            ends.push(format!("Figures marked {FEW_MARK} are of fewer than {FEW}: they say little."));
        }
        if let Some(condition) = condition {
            ends.push(format!("Only processes where {condition}: {kept} of {}.", data.journeys.len()));
        }
        if let Some(why) = self.no_touches() {
            let mut notes = vec![
                format!("Nothing is known of touches, so only who brought the buyers can be said: {why}."),
                format!(
                    "{processes} = {} that began in the days shown + {} that began outside of them + {} without a day on which they reached any stage.",
                    number::whole(began.n),
                    number::whole(counts.outside),
                    number::whole(counts.undated)
                ),
            ];
            notes.extend(self.no_deals().map(|why| format!("Nothing is known of deals: {why}.")));
            notes.extend(ends);
            return notes;
        }
        let mut notes = vec![
            format!("{processes} = {} that began in the days shown + {} that began outside of them + {} without a day on which they reached any stage. Touches and buyers are of those that began, whatever became of them by {}; hand-offs, their silences and the share before sales are of the {} deals won in the days shown.", number::whole(began.n), number::whole(counts.outside), number::whole(counts.undated), data.session.as_of, number::whole(won.n)),
            "A touch lies in the furthest stage reached at or before it; where only the day of one of them is known, the stage counts as reached on that day. Touches after the close are in no other figure; the day of a close without a time still belongs to the journey.".to_string(),
        ];
        if let Some(why) = self.no_deals() {
            notes.push(format!("Nothing is known of deals, nor of what came after a close: {why}."));
        }
        notes.extend(self.undated_touches(began));
        self.undated_stages(&mut notes);
        Self::no_person(began, won, &mut notes);
        notes.push("Buyers in a stage are those who were in it at some moment: one who skipped it, or passed it at once, is not. Shares of touches have no interval: touches of one buyer hang together.".into());
        notes.push(format!(
            "Overlap index, a figure of ours: 1 − the mean over stages of |marketing's share of touches − sales' share|, over {} stages with touches of a team. 0: each stage has one team; 1: both touch as much everywhere.",
            self.overlap(began).1
        ));
        notes.push("A hand-off is a change of team in the order of touches up to the close; every one after the first is a return (ping-pong). Where the order within a day is not known, the one with the fewest changes is taken: it is at least so many.".into());
        if won.untouched > 0 {
            notes.push(format!("{} won deals have no touch of a team, and so no number of hand-offs.", won.untouched));
        }
        if won.unordered > 0 {
            notes.push(format!("Of {} won deals the order of touches is not known on some day.", won.unordered));
        }
        match self.handoff_title() {
            Some(title) => {
                notes.push(format!("Silence around the hand-off: from marketing's last touch on or before the day of {title} (else from that day) to the first sales touch at or after it, the longest run of calendar days from one touch, of anybody, to the next."));
                for (of, s) in [("won deals", &won.silence), ("buyers that began", &began.silence)] {
                    if s.no_sales + s.not_handed > 0 {
                        notes.push(format!(
                            "In no silence, of the {of}: {} that sales did not touch after {title}, and {} without a record of {title} before the close.",
                            s.no_sales, s.not_handed
                        ));
                    }
                }
            }
            None => notes.push(self.no_handoff()),
        }
        notes.push(format!(
            "Share before sales = (first sales touch − first marketing touch) ÷ (close − first marketing touch), in calendar days, of the {} won deals that marketing touched first and sales too. Counted apart: {} that sales touched first, {} of which nobody knows (both teams' first touches on one day, one without a time), {} touched by one team or none, {} won on the day of marketing's first touch. Only recorded touches are seen: it is no figure to hold against anybody else's.",
            won.pre_sales.len(), won.sales_first, won.no_order, won.one_team, won.no_time
        ));
        if counts.won_outside > 0 {
            notes.push(format!("{} deals were won outside of the days shown, or on no known day.", counts.won_outside));
        }
        notes.push("What differs between journeys of one team and of both proves nothing (survivorship): a journey that lives longer collects more touches of both, a buyer who answers gets more of them, and a deal is worked because it looks good.".into());
        for (side, name) in [(Side::Marketing, "marketing"), (Side::Sales, "sales")] {
            if !data.journeys.touch_side.contains(&Some(side)) {
                notes.push(format!("No export has a touch of {name}: it looks absent everywhere because nobody recorded it, or because [teams] does not name its kinds."));
            }
        }
        notes.extend(ends);
        notes
    }

    /// What is not known where a touch has no time of day, and what it would change.
    fn undated_touches(&self, began: &Began) -> Option<String> {
        let [marketing, sales, no_team] = began.by_day;
        if marketing + sales + no_team == 0 {
            return None;
        }
        let mut changed = Vec::new();
        for (place, _, title) in self.places() {
            let (Some(now), Some(early)) = (began.places.get(place), began.early.get(place)) else { continue };
            if now.touches != *early && !self.is_undated(place) {
                let share = |[marketing, sales, _]: [u64; 3]| {
                    let of = marketing + sales;
                    #[allow(clippy::cast_precision_loss)] // counts stay far below 2^53
                    let share = marketing as f64 / of as f64;
                    if of == 0 { "–".to_string() } else { number::people(share, Unit::Share) }
                };
                changed.push(format!("{title} {} and not {}", share(*early), share(now.touches)));
            }
        }
        Some(format!(
            "{} touches without a time of day fell on the day of a stage ({} by marketing, {} by sales, {} of no team): they lie after it, and could have come before. Then marketing's share would be: {}.",
            number::whole(marketing + sales + no_team),
            number::whole(marketing),
            number::whole(sales),
            number::whole(no_team),
            changed.join("; ")
        ))
    }

    /// Stages that today's status alone shows.
    fn undated_stages(&self, notes: &mut Vec<String>) {
        let stages = self.data.session.contract.stages.iter().zip(&self.undated);
        let titles: Vec<&str> =
            stages.filter(|(_, undated)| **undated).map(|(stage, _)| stage.title.as_str()).collect();
        if !titles.is_empty() {
            notes.push(format!(
                "No export says when these stages were reached, only that they were: {}. Touches in them are counted in the stage before.",
                titles.join(", ")
            ));
        }
    }

    /// Deals of which only the touches about themselves are seen.
    fn no_person(began: &Began, won: &Won, notes: &mut Vec<String>) {
        let n = began.teams[4].n;
        if n + won.no_person == 0 {
            return;
        }
        notes.push(format!(
            "{n} deals have no person of their own: nobody is linked to {}, and the people of {} began with an earlier deal, where their touches count. What marketing did for them cannot be seen, which is not that it did nothing: they are in no share of buyers touched, and the {} won ones in no number of hand-offs and no share before sales.",
            began.nobody,
            n - began.nobody,
            won.no_person
        ));
    }

    /// Why there is no silence around the hand-off.
    fn no_handoff(&self) -> String {
        let title = |stage: usize| self.data.session.contract.stages[stage].title.as_str();
        match self.handoff {
            Handoff::Unseen(stage) => format!(
                "Leads are handed over at {}, which no export shows, so there is no silence around the hand-off.",
                title(stage)
            ),
            Handoff::Undated(stage) => format!(
                "Leads are handed over at {}, and no export says when that was, so there is no silence around the hand-off.",
                title(stage)
            ),
            Handoff::None | Handoff::At(_) => "No stage hands leads over, so there is no silence around the hand-off: say it in the contract, [handoff] from = \"mql\".".into(),
        }
    }
}

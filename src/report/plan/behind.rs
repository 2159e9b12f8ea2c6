//! The records behind a figure of the plan.
//!
//! In: what was loaded, the flags, and which figure. Out: [`Found`]: whoever is open with age and chance, what was won, who came
//! in, what was spent; what each gives adds up to the figure that the report prints, as it is made of the same measured lists.

use anyhow::Result;

use super::Base;

use crate::cli::PlanArgs;
use crate::output::number;
use crate::report::behind::{Asked, Behind, Found, Of};
use crate::session::Data;
use crate::stats::plan::{End, span};
use crate::tables::Kind;

/// What stands behind a figure.
///
/// # Errors
/// As the report itself.
pub fn behind(data: &Data, args: &PlanArgs, asked: &Asked<'_>) -> Result<Found> {
    let base = Base::of(data, args)?;
    Ok(match asked.records {
        "open" => base.open_behind(asked),
        "won" => base.won_behind(asked),
        "won_measured" => base.amounts_behind(),
        "came" => base.came_behind(),
        "pace" => base.pace_behind(asked),
        "cost" => base.cost_behind(),
        "stays" => base.stays_behind(),
        "delivered" => base.delivered_behind(asked),
        _ => Found::default(),
    })
}

impl Base<'_> {
    /// The days that a figure is of, from as-of; of what is still to come, up to --until.
    fn days_of(&self, asked: &Asked<'_>) -> (u32, u32) {
        let (start, end) = asked.days.unwrap_or((self.as_of + 1, self.as_of + 1));
        let end =
            if asked.key("target").is_empty() { self.asked.until.map_or(end, |until| end.min(until)) } else { end };
        let from_as_of = |day: i32| u32::try_from((day - self.as_of).max(0)).unwrap_or(0);
        (from_as_of(start).max(1), from_as_of(end))
    }

    /// The id of the stage that a stage of the model is.
    fn stage_id(&self, stage: usize) -> &str {
        &self.data.session.contract.stages[self.m.stages[stage / 2]].id.value
    }

    /// The same, told apart where those who begin later have it for themselves.
    fn stage_words(&self, stage: usize) -> String {
        let own = if stage % 2 == 1 { " (began later)" } else { "" };
        format!("{}{own}", self.stage_id(stage))
    }

    /// Who is open, with the chance to be won in the days asked for.
    fn open_behind(&self, asked: &Asked<'_>) -> Found {
        if asked.item == "turned_down" {
            return self.down_behind(asked);
        }
        let window = self.days_of(asked);
        let won_by = self.model.won_by(window.1 as usize);
        let (mut records, mut too_old) = (Vec::new(), 0);
        let of_stage = |stage: usize| [self.stage_id(stage), ""].contains(&asked.key("stage_id"));
        for one in self.m.open.iter().filter(|one| of_stage(one.stage)) {
            let chance = self.model.chance(&won_by, one.stage, one.age, window);
            too_old += u64::from(chance.is_none());
            let amount = one.amount.or(self.deal);
            let gives = match asked.item {
                "open" => (!one.waiting).then_some(1.0),
                "sent_back" => one.waiting.then_some(1.0),
                "open_too_old" => chance.is_none().then_some(1.0),
                _ if asked.money => chance.map(|chance| chance * amount.unwrap_or(0.0)),
                _ => chance,
            };
            records.push(Behind {
                stage: self.stage_words(one.stage),
                days: i32::try_from(one.age).ok(),
                chance,
                amount,
                gives,
                reason: match (gives, chance) {
                    (Some(_), _) => "counted",
                    (None, _) if asked.item == "open" => "sent_back",
                    (None, _) if asked.item == "sent_back" => "not_sent_back",
                    (None, None) => "too_old",
                    (None, Some(_)) => "not_too_old",
                },
                ..Behind::new(Of::Process(one.at))
            });
        }
        records.sort_by_key(|record| record.of);
        let all = self.data.journeys.len() as u64;
        let open = self.m.open.len() as u64;
        let undated = self.m.open_undated;
        let account = vec![
            ("buying processes".to_string(), all),
            ("out: not open on as-of, or not in the condition".to_string(), all - open - undated),
            ("of them turned down: they have no chance any more".to_string(), self.m.turned_down.iter().sum()),
            ("out: open, with no stage on a known day".to_string(), undated),
            ("out: at another stage".to_string(), open - records.len() as u64),
            ("in: open".to_string(), records.len() as u64),
            ("of them open for longer than anybody was followed: no chance is given to them".to_string(), too_old),
        ];
        let own = self.m.open.iter().filter(|one| one.amount.is_some()).count() as u64;
        let mut notes = vec![format!(
            "Chance: of the curve of its stage, for somebody who has been there for so many days, to be won from day {} to day \
             {} after as-of.",
            window.0, window.1
        )];
        if let Some(deal) = self.deal.filter(|_| asked.money) {
            notes.push(format!(
                "Amount: the deal's own ({} of {open}); whoever has none counts with {}, which `explain plan.average_deal` takes \
                 apart.",
                number::whole(own),
                number::people(deal, crate::report::Unit::Money)
            ));
        }
        Found { records, account, adds_up: true, notes }
    }

    /// Who was turned down on a known day.
    fn down_behind(&self, asked: &Asked<'_>) -> Found {
        let of_stage = |place: usize| [self.stage_id(2 * place), ""].contains(&asked.key("stage_id"));
        let down = self.m.down.iter().filter(|(_, place, _)| of_stage(*place));
        let records = down.map(|(at, place, day)| Behind {
            stage: self.stage_id(2 * place).to_string(),
            day: Some(*day),
            gives: Some(1.0),
            ..Behind::new(Of::Process(*at))
        });
        let records: Vec<Behind> = records.collect();
        let account = vec![
            ("turned down on a known day".to_string(), self.m.down.len() as u64),
            ("out: at another stage".to_string(), (self.m.down.len() - records.len()) as u64),
            ("in".to_string(), records.len() as u64),
        ];
        Found { records, account, adds_up: true, notes: Vec::new() }
    }

    /// What was won in the days of the target.
    fn won_behind(&self, asked: &Asked<'_>) -> Found {
        let (from, to) = asked.days.unwrap_or((self.as_of, self.as_of));
        let records: Vec<Behind> =
            self.won_in(from, to).map(|won| Self::won_one(won.at, won.day, won.amount, asked.money)).collect();
        let account = self.account_of_won(records.len() as u64, "out: won on other days");
        Found { records, account, adds_up: true, notes: Vec::new() }
    }

    fn won_one(at: usize, day: i32, amount: Option<f64>, money: bool) -> Behind {
        let gives = if money { amount } else { Some(1.0) };
        let reason = if gives.is_some() { "counted" } else { "counted_without_value" };
        Behind { day: Some(day), amount, gives, reason, ..Behind::new(Of::Process(at)) }
    }

    fn account_of_won(&self, listed: u64, out: &str) -> Vec<(String, u64)> {
        let won = self.m.won.len() as u64;
        vec![("deals won on a known day".to_string(), won), (out.to_string(), won - listed), ("in".to_string(), listed)]
    }

    /// Every won deal whose amount is in the mean.
    fn amounts_behind(&self) -> Found {
        if self.asked.deal().is_some() {
            let notes = vec!["It is assumed, by --assume average_deal: no record stands behind it.".to_string()];
            return Found { notes, ..Found::default() };
        }
        let measured = self.m.won.iter().filter(|won| won.measured);
        let records =
            measured.map(|won| Behind { to: "won_amount", ..Self::won_one(won.at, won.day, won.amount, true) });
        let records: Vec<Behind> = records.collect();
        let account = self.account_of_won(records.len() as u64, "out: began before --from");
        Found { records, account, adds_up: true, notes: Vec::new() }
    }

    /// Who came in during the days of the pace, at the first stage.
    fn came_behind(&self) -> Found {
        let came = self.m.lately().filter(|came| came.stage == 0);
        let records: Vec<Behind> = came
            .map(|came| Behind {
                to: "new_buyers_of_late",
                stage: self.stage_id(0).to_string(),
                day: Some(came.day),
                gives: Some(1.0),
                ..Behind::new(Of::Process(came.at))
            })
            .collect();
        let account = self.account_of_came(records.len() as u64);
        Found { records, account, adds_up: true, notes: vec![self.window_of_late()] }
    }

    fn window_of_late(&self) -> String {
        let (from, to) = (self.m.pace_from(), self.m.known);
        format!(
            "Of late: the {} days from {} to {}.",
            number::people(self.m.pace_days, crate::report::Unit::Count),
            super::timed::shown(from),
            super::timed::shown(to)
        )
    }

    fn account_of_came(&self, listed: u64) -> Vec<(String, u64)> {
        let all = self.m.came.len() as u64;
        vec![
            ("buying processes that came in on a known day".to_string(), all),
            ("out: on earlier days, or at another stage".to_string(), all - listed),
            ("in".to_string(), listed),
        ]
    }

    /// Who came in of late, with what as many again will bring in the days asked for: at the first stage where the figure is of
    /// new leads, else at the later ones.
    fn pace_behind(&self, asked: &Asked<'_>) -> Found {
        if self.pace.is_empty() {
            return Found::default();
        }
        let new = matches!(asked.item, "from_new_leads_at_pace" | "deals_from_new_leads" | "amount_from_new_leads");
        if new && self.asked.leads.is_some() && asked.key("target").is_empty() {
            let notes = vec!["The leads are those of --leads: no record stands behind them.".to_string()];
            return Found { notes, ..Found::default() };
        }
        let window = self.days_of(asked);
        let every = Self::every_day(window.1 as usize);
        let won_by = self.model.won_by(window.1 as usize);
        let per_deal = if asked.money { self.deal.unwrap_or(0.0) } else { 1.0 };
        // One that came in so many days stands for as many a day.
        let each: Vec<f64> = won_by.iter().map(|won| span(won, &every, window) / self.m.pace_days).collect();
        let came = self.m.lately().filter(|came| (came.stage == 0) == new);
        let records: Vec<Behind> = came
            .map(|came| {
                let factor = if new { self.factor } else { 1.0 };
                Behind {
                    stage: self.stage_words(came.stage),
                    day: Some(came.day),
                    chance: Some(factor * each[came.stage]),
                    amount: asked.money.then_some(per_deal),
                    gives: Some(factor * each[came.stage] * per_deal),
                    ..Behind::new(Of::Process(came.at))
                }
            })
            .collect();
        let account = self.account_of_came(records.len() as u64);
        let told = "Each stands for one more in as many days from as-of on; its chance is what such will have won in the days asked \
                    for. It is no forecast of the buyer who is listed.";
        Found { records, account, adds_up: true, notes: vec![self.window_of_late(), told.to_string()] }
    }

    /// Marketing's spend of the whole periods that the cost of a lead is measured on, and who came in then.
    fn cost_behind(&self) -> Found {
        let Some(cost) = &self.cost_of else {
            let why = if self.asked.cost().is_some() {
                "It is assumed, by --assume cost_per_lead: no record stands behind it."
            } else {
                "It is not known."
            };
            return Found { notes: vec![why.to_string()], ..Found::default() };
        };
        let spend = self.data.tables.get(Kind::Spend);
        let (dates, amount) = (spend.times("date"), spend.money("amount"));
        let scale = self.data.facts().minor_per_major();
        #[allow(clippy::cast_precision_loss)] // cents stay far below 2^53
        let mut records: Vec<Behind> = (cost.rows.iter())
            .map(|row| Behind {
                to: "spend_of_cost",
                day: self.data.session.home.day(dates[*row]),
                gives: Some(amount[*row] as f64 / scale),
                ..Behind::new(Of::Row(Kind::Spend, *row))
            })
            .collect();
        let paid = records.len() as u64;
        let came = self.m.came.iter().filter(|came| came.stage == 0 && (cost.from..=cost.to).contains(&came.day));
        records.extend(came.map(|came| Behind {
            to: "new_buyers_of_cost",
            day: Some(came.day),
            gives: Some(1.0),
            ..Behind::new(Of::Process(came.at))
        }));
        let rows = spend.len() as u64;
        let account = vec![
            ("rows of spend".to_string(), rows),
            ("out: not marketing's, of other days, or without an amount".to_string(), rows - paid),
            ("in".to_string(), paid),
            ("new buyers of those days".to_string(), cost.leads),
        ];
        Found { records, account, adds_up: true, notes: Vec::new() }
    }

    /// Every stay in a stage that the curves are made of.
    fn stays_behind(&self) -> Found {
        let records = self.m.stays.iter().zip(&self.m.of).map(|(stay, at)| Behind {
            stage: self.stage_words(stay.stage),
            days: i32::try_from(stay.days).ok(),
            outcome: match stay.end {
                End::To(next) => format!("to {}", self.stage_words(next)),
                End::Won => "won".into(),
                End::Lost => "lost".into(),
                End::Open => "open".into(),
            },
            reason: "followed",
            ..Behind::new(Of::Process(*at as usize))
        });
        let records: Vec<Behind> = records.collect();
        let account = vec![("stays in a stage".to_string(), records.len() as u64)];
        let told = "Listed is every stay that the curves are made of: the stage, the days until it ended or was last seen, and in \
                    what it ended. The figure is their Aalen–Johansen estimate, and no sum of them.";
        Found { records, account, adds_up: false, notes: vec![told.to_string()] }
    }

    /// What was delivered by as-of of a target whose period has begun.
    fn delivered_behind(&self, asked: &Asked<'_>) -> Found {
        let stage = asked.key("stage_id");
        let stages = &self.data.session.contract.stages;
        let Some(index) = stages.iter().position(|s| s.id.value == stage) else {
            return self.won_behind(asked);
        };
        let (from, _) = asked.days.unwrap_or((self.as_of, self.as_of));
        let days = &self.data.journeys.stages[index];
        let records: Vec<Behind> = self
            .recorded_in(index, from, self.as_of)
            .map(|at| Behind {
                stage: stage.to_string(),
                day: days[at].day(),
                gives: Some(1.0),
                ..Behind::new(Of::Process(at))
            })
            .collect();
        let all = self.data.journeys.len() as u64;
        let listed = records.len() as u64;
        let account = vec![
            ("buying processes".to_string(), all),
            ("out: no export itself says that they reached the stage in these days".to_string(), all - listed),
            ("in".to_string(), listed),
        ];
        Found { records, account, adds_up: true, notes: Vec::new() }
    }
}

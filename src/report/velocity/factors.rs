//! Pipeline velocity: its four factors and what they make.
//!
//! In: what was counted of one period. Out: [`Factors`], each with the number of deals it stands on.

use super::count::Pipeline;
use super::{FEW, View};
use crate::stats::quantile::quantile;

/// One figure, or why there is none, and how many deals it stands on.
pub struct Factor {
    pub value: Result<f64, &'static str>,
    pub n: u64,
}

impl Factor {
    pub fn is_few(&self) -> bool {
        self.value.is_ok() && self.n < FEW
    }
}

/// The four factors, what they make, and what was won.
pub struct Factors {
    pub opportunities: f64,
    pub deal: Factor,
    pub win_rate: Factor,
    pub cycle: Factor,
    /// Stands on as few as the factor that stands on the fewest.
    pub velocity: Factor,
    pub won_a_day: Result<f64, &'static str>,
}

impl Factors {
    /// Whether any of them stands on few.
    pub fn few(&self) -> bool {
        [&self.deal, &self.win_rate, &self.cycle, &self.velocity].into_iter().any(Factor::is_few)
    }
}

impl View<'_> {
    /// Days of a period that lie within the days shown.
    pub fn length(&self, period: usize) -> f64 {
        let period = &self.periods.all[period];
        f64::from(period.end.min(self.periods.to) - period.start.max(self.periods.from) + 1)
    }

    #[allow(clippy::cast_precision_loss)] // counts and cents stay far below 2^53
    pub fn factors(&self, pipeline: &Pipeline, period: usize) -> Factors {
        let scale = self.data.facts().minor_per_major();
        let opportunities = (pipeline.open_at_start + pipeline.created) as f64;
        let amount = pipeline.amount as f64 / scale;
        let deal = if pipeline.with_amount > 0 {
            Ok(amount / pipeline.with_amount as f64)
        } else {
            Err("no won deal with an amount")
        };
        let win_rate = if self.data.journeys.only_won() {
            Err("no deal in the exports is lost")
        } else if pipeline.won + pipeline.lost == 0 {
            Err("no deal was won or lost")
        } else {
            Ok(pipeline.won as f64 / (pipeline.won + pipeline.lost) as f64)
        };
        let cycle = quantile(&mut pipeline.cycle.clone(), 0.5).ok_or("no won deal with a beginning");
        let velocity = match (deal, win_rate, cycle) {
            (Ok(deal), Ok(rate), Ok(cycle)) if cycle > 0.0 => Ok(opportunities * deal * rate / cycle),
            (Ok(_), Ok(_), Ok(_)) => Err("a cycle of no days has no speed"),
            (deal, rate, cycle) => Err(deal.err().or(rate.err()).or(cycle.err()).unwrap_or("a factor is missing")),
        };
        let won_a_day = if pipeline.won > 0 && pipeline.with_amount == 0 {
            Err("no won deal with an amount")
        } else {
            Ok(amount / self.length(period))
        };
        let (deals, decided, cycles) =
            (pipeline.with_amount, pipeline.won + pipeline.lost, pipeline.cycle.len() as u64);
        Factors {
            opportunities,
            deal: Factor { value: deal, n: deals },
            win_rate: Factor { value: win_rate, n: decided },
            cycle: Factor { value: cycle, n: cycles },
            velocity: Factor { value: velocity, n: deals.min(decided).min(cycles) },
            won_a_day,
        }
    }
}

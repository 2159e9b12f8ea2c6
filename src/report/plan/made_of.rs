//! What the answer is worked out from, as rows for machines: what `explain` puts into formulas.
//!
//! In: what is measured, and the targets worked backwards. Out: lines of the part `made_of`.

use super::Base;
use super::layout::MONTH;
use super::tidy::Line;
use super::timed::{Timed, of};
use crate::contract::Aim;
use crate::report::Unit;

const PART: &str = "made_of";

impl Base<'_> {
    /// The lines.
    #[allow(clippy::cast_precision_loss)] // counts stay far below 2^53
    pub fn made_of(&self, timed: &[Timed], lines: &mut Vec<Line>) {
        for one in timed {
            self.of_target(one, lines);
        }
        let mut add = |item: &str, value: Result<f64, String>, unit: Unit, n: Option<u64>, assumed: bool| {
            let line = match value {
                Ok(value) => Line::new(PART, item, value, unit),
                Err(why) => Line::missing(PART, item, why, unit),
            };
            lines.push(Line { n, assumed, ..line });
        };
        let came = self.came.iter().filter(|(_, stage)| *stage == 0).count();
        add("new_buyers_of_late", Ok(came as f64), Unit::Count, None, false);
        add("days_of_late", Ok(self.m.pace_days), Unit::Days, None, false);
        add("days_a_month", Ok(MONTH), Unit::Days, None, false);
        let (n, sum) = (self.amounts.len(), self.amounts.iter().map(|(_, amount)| amount).sum::<f64>());
        let assumed = self.asked.deal().is_some();
        let known = |value: f64| match n {
            _ if assumed => Err("the average deal is assumed".to_string()),
            0 => Err("no won deal has an amount".to_string()),
            _ => Ok(value),
        };
        add("won_amount", known(sum), Unit::Money, None, false);
        add("won_deals", known(n as f64), Unit::Count, None, false);
        let deal = self.deal.ok_or_else(|| "no won deal has an amount".to_string());
        add("average_deal", deal, Unit::Money, (!assumed).then_some(n as u64), assumed);
        let of_cost = self.cost_of.as_ref();
        let why = || match &self.cost {
            Err(why) => why.clone(),
            Ok(_) => "the cost of a lead is assumed".to_string(),
        };
        add("spend_of_cost", of_cost.map(|cost| cost.spend).ok_or_else(why), Unit::Money, None, false);
        add("new_buyers_of_cost", of_cost.map(|cost| cost.leads as f64).ok_or_else(why), Unit::Count, None, false);
        let n = of_cost.map(|cost| cost.leads);
        add("cost_per_lead", self.cost.clone(), Unit::Money, n, self.asked.cost().is_some());
    }

    /// What one target is worked out from.
    #[allow(clippy::cast_precision_loss)] // counts stay far below 2^53
    fn of_target(&self, one: &Timed, lines: &mut Vec<Line>) {
        let (aim, period) = (one.goal.aim, &one.goal.period);
        let revenue = aim == Aim::WonRevenue;
        let unit = if revenue { Unit::Money } else { Unit::Count };
        let deal = self.asked.deal().is_some();
        let mut add = |item: &str, value: f64, unit: Unit, assumed: bool| {
            let line = Line::new(PART, item, value, unit).target(&Self::name(one)).period(period);
            lines.push(Line { assumed, ..line });
        };
        add("months", one.months, Unit::Number, false);
        add("won_of_one_a_month", one.each, Unit::Count, self.factor != 1.0);
        add("counts_for", if revenue { self.deal.unwrap_or(f64::NAN) } else { 1.0 }, unit, revenue && deal);
        add("gap_to_close", one.gap.max(0.0), unit, false);
        add("from_new_leads_at_pace", of(aim, one.at_pace), unit, self.factor != 1.0 || (revenue && deal));
        add("days_to_end", f64::from(period.end - self.as_of), Unit::Days, false);
        if let Some(last) = one.last_useful {
            add("days_that_it_takes", f64::from(period.end - last), Unit::Days, false);
        }
        add("months_to_last_useful_day", one.useful.0, Unit::Number, false);
        let draws = self.samples as f64;
        add("draws", draws, Unit::Count, false);
        add("draws_that_reach_it", (one.likely * draws).round(), Unit::Count, false);
        add("draws_without_new_leads", (one.likely_without * draws).round(), Unit::Count, false);
    }
}

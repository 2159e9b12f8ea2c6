//! The plain inverted funnel: a target divided by rates, without time. Nothing is rounded in between.

use super::Base;
use super::count::sale;
use super::layout::table;
use super::tidy::Line;
use crate::contract::{Aim, Goal};
use crate::output::number;
use crate::report::scorecard::heading;
use crate::report::{Cell, Column, Table, Unit};

/// One step upwards.
struct Step {
    /// The stage, by its place in the contract.
    stage: usize,
    /// Share of it that reaches the step before.
    rate: Result<f64, String>,
    assumed: bool,
    needed: Result<f64, String>,
}

impl Base<'_> {
    /// The share of one stage that reaches a later one in the end, as far as anybody was followed: the steps between them
    /// multiplied. Both by their place in the contract.
    fn measured(&self, from: usize, to: usize) -> Option<f64> {
        let place = |stage: usize| self.m.stages.iter().position(|s| *s == stage);
        let won = to == sale(&self.data.session.contract.stages);
        let (first, last) = (place(from)?, if won { self.m.stages.len() } else { place(to)? });
        let step = |curve: &crate::stats::plan::Curve| {
            let further: f64 = curve.steps.iter().map(|step| step.2).sum();
            (!curve.is_empty() && further > 0.0).then_some(further)
        };
        // Every second curve is that of those who begin later.
        self.model.curves[2 * first..2 * last].iter().step_by(2).map(step).product()
    }

    /// Where rates are assumed: what the number of new leads that reach a stage is multiplied by, by its place, and what
    /// their wins are. An assumed rate over the measured one counts from the stage it leads to on.
    pub fn assumed_scales(&self) -> (Vec<f64>, f64) {
        let rates = self.asked.rates().into_iter();
        let changed = rates.filter_map(|(from, to, share)| Some((to, share / self.measured(from, to)?)));
        let changed: Vec<(usize, f64)> = changed.collect();
        let upto = |stage: usize| changed.iter().filter(|(to, _)| *to <= stage).map(|(_, change)| change).product();
        (self.m.stages.iter().map(|stage| upto(*stage)).collect(), upto(usize::MAX))
    }

    /// Assumed rates of steps that nobody was seen to take: they are in the plain division only.
    pub fn assumed_in_vain(&self) -> Vec<String> {
        let stages = &self.data.session.contract.stages;
        let unseen = self.asked.rates().into_iter().filter(|(from, to, _)| self.measured(*from, *to).is_none());
        unseen.map(|(from, to, _)| format!("{}_to_{}", stages[from].id.value, stages[to].id.value)).collect()
    }

    fn chain(&self, goal: &Goal) -> (Result<f64, String>, Vec<Step>) {
        let stages = &self.data.session.contract.stages;
        let no_deal = || "no won deal has an amount: assume average_deal".to_string();
        let deals = match goal.aim {
            Aim::DealsWon => Ok(goal.value),
            Aim::WonRevenue => self.deal.map(|deal| goal.value / deal).ok_or_else(no_deal),
        };
        let rates = self.asked.rates();
        let (mut at, mut needed) = (sale(stages), deals.clone());
        let mut steps = Vec::new();
        loop {
            let assumed = rates.iter().find(|rate| rate.1 == at);
            let known = |stage: &usize| self.m.stages.contains(stage) || rates.iter().any(|rate| rate.1 == *stage);
            let before = assumed.map(|rate| rate.0).or_else(|| (0..at).rev().find(known));
            let Some(before) = before else { return (deals, steps) };
            let rate = match assumed {
                Some(rate) => Ok(rate.2),
                None => self.measured(before, at).ok_or_else(|| {
                    let (from, to) = (&stages[before].id.value, &stages[at].id.value);
                    format!("nobody was seen to go on: assume {from}_to_{to}")
                }),
            };
            needed = match (&needed, &rate) {
                (Ok(needed), Ok(rate)) => Ok(needed / rate),
                (Err(why), _) | (_, Err(why)) => Err(why.clone()),
            };
            steps.push(Step { stage: before, rate, assumed: assumed.is_some(), needed: needed.clone() });
            at = before;
        }
    }

    /// The table for all targets that are still to come.
    pub fn plain_funnels(&self, goals: &[Goal], lines: &mut Vec<Line>) -> Option<Table> {
        let stages = &self.data.session.contract.stages;
        let columns = vec![
            Column::left("step", "Step"),
            Column::right("rate", "Rate"),
            Column::right("needed", "Needed"),
            Column::left("from", "Rate is"),
        ];
        let mut rows = Vec::new();
        let cell = |value: &Result<f64, String>, unit: Unit| match value {
            Ok(value) => Cell::Number(*value, unit),
            Err(why) => Cell::Missing(why.clone()),
        };
        for goal in goals {
            let name = format!("{}={}@{}", goal.aim.id(), goal.value, goal.period.label);
            rows.extend((goals.len() > 1).then(|| heading(&name, columns.len())));
            let (deals, steps) = self.chain(goal);
            let line = |item: &str, stage: &str, value: &Result<f64, String>, unit: Unit, assumed: bool| {
                let line = match value {
                    Ok(value) => Line::new("funnel", item, *value, unit),
                    Err(why) => Line::missing("funnel", item, why.clone(), unit),
                };
                Line { stage: stage.into(), assumed, ..line.target(&name).period(&goal.period) }
            };
            let from = |assumed: bool| Cell::text(if assumed { "assumed" } else { "measured" });
            if goal.aim == Aim::WonRevenue {
                let deal = self.deal.ok_or_else(|| "no won deal has an amount".to_string());
                let assumed = self.asked.deal().is_some();
                let text = deal.as_ref().map_or_else(
                    |_| "target".into(),
                    |d| {
                        format!(
                            "{} ÷ {} a deal",
                            number::people(goal.value, Unit::Count),
                            number::people(*d, Unit::Money)
                        )
                    },
                );
                rows.push(vec![
                    Cell::text(format!("Deals: {text}")),
                    Cell::none(),
                    cell(&deals, Unit::Number),
                    if deals.is_ok() { from(assumed) } else { Cell::none() },
                ]);
                lines.push(line("average_deal", "", &deal, Unit::Money, assumed));
            } else {
                rows.push(vec![Cell::text("Deals"), Cell::none(), cell(&deals, Unit::Number), Cell::none()]);
            }
            lines.push(line(
                "needed",
                &stages[sale(stages)].id.value,
                &deals,
                Unit::Number,
                self.asked.deal().is_some(),
            ));
            for step in &steps {
                let stage = &stages[step.stage];
                rows.push(vec![
                    Cell::text(&stage.title),
                    cell(&step.rate, Unit::Share),
                    cell(&step.needed, Unit::Number),
                    if step.rate.is_ok() { from(step.assumed) } else { Cell::none() },
                ]);
                lines.push(line("rate", &stage.id.value, &step.rate, Unit::Share, step.assumed));
                lines.push(line("needed", &stage.id.value, &step.needed, Unit::Number, step.assumed));
            }
            if let (Some(Ok(top)), Ok(cost)) = (steps.last().map(|step| step.needed.clone()), &self.cost) {
                let (spend, assumed) = (Ok(top * cost), self.asked.cost().is_some());
                let text = format!("Spend, at {} a lead", number::people(*cost, Unit::Money));
                rows.push(vec![Cell::text(text), Cell::none(), cell(&spend, Unit::Money), from(assumed)]);
                lines.push(line("spend", "", &spend, Unit::Money, assumed));
            }
        }
        table("plan_funnel", "The same by plain division: all from new leads, whenever they are won", columns, rows)
    }
}

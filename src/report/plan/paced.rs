//! Pacing: delivered against needed to date, with the end of the period that follows from it.

use super::Base;
use super::layout::{expected, interval, money, table};
use super::tidy::Line;
use super::timed::{Timed, of, shown};
use crate::calendar::{Period, Periods};
use crate::contract::Aim;
use crate::journey::How;
use crate::report::{Cell, Column, Table, Unit};

impl Base<'_> {
    /// The processes of which an export itself says that they reached a stage of the contract in these days.
    pub fn recorded_in(&self, stage: usize, from: i32, to: i32) -> impl Iterator<Item = usize> {
        let reached = self.data.journeys.stages[stage].iter().enumerate();
        reached.filter(move |(_, r)| r.how == How::Recorded && (from..=to).contains(&r.day)).map(|(at, _)| at)
    }

    /// Every target whose period has begun and is not over: of metrics, and of stages.
    #[allow(clippy::cast_precision_loss)] // counts stay far below 2^53
    pub fn pacing(&self, timed: &[Timed], lines: &mut Vec<Line>) -> Option<Table> {
        let columns = vec![
            Column::left("target", "Pacing"),
            Column::right("needed", "Target"),
            Column::right("to_date", "By now"),
            Column::right("delivered", "Delivered"),
            Column::right("attained", "Attained"),
            Column::right("by_days", "End by days"),
            Column::right("by_curve", "End by curve"),
            Column::right("interval", "80 % interval"),
        ];
        let mut rows = Vec::new();
        let known = self.m.known;
        // Nothing is known of a period that begins after the exports' end.
        let unknown = || "the exports end before it".to_string();
        let mut add = |name: String, item: &str, unit: Unit, target: f64, delivered: f64, period: &Period| {
            let cell = |value: f64| if unit == Unit::Money { money(value) } else { expected(value) };
            let days = f64::from(period.end - period.start + 1);
            let gone = f64::from((known - period.start + 1).max(0));
            let part = gone / days;
            let to_date = target * part;
            let over = |value: f64, by: f64| if part > 0.0 { Ok(value / by) } else { Err(unknown()) };
            let (delivered, attained, by_days) =
                (over(delivered, 1.0), over(delivered, to_date), over(delivered, part));
            let shown = |value: &Result<f64, String>, cell: &dyn Fn(f64) -> Cell| match value {
                Ok(value) => cell(*value),
                Err(why) => Cell::Missing(why.clone()),
            };
            rows.push(vec![
                Cell::text(name),
                cell(target),
                cell(to_date),
                shown(&delivered, &cell),
                shown(&attained, &|value| Cell::Number(value, Unit::Share)),
                shown(&by_days, &cell),
                Cell::Missing("a curve is of wins".into()),
                Cell::none(),
            ]);
            let line = |what: &str, value: Result<f64, String>, unit: Unit| match value {
                Ok(value) => Line::new("pacing", what, value, unit).target(item).period(period),
                Err(why) => Line::missing("pacing", what, why, unit).target(item).period(period),
            };
            vec![
                line("target", Ok(target), unit),
                line("needed_to_date", Ok(to_date), unit),
                line("delivered", delivered, unit),
                line("attained", attained, Unit::Share),
                line("end_by_days", by_days, unit),
                line("days_gone", Ok(gone), Unit::Days),
                line("days_of_period", Ok(days), Unit::Days),
            ]
        };
        let mut curves = Vec::new();
        for one in timed.iter().filter(|one| one.goal.period.start <= self.as_of) {
            let (period, aim) = (&one.goal.period, one.goal.aim);
            let unit = if aim == Aim::WonRevenue { Unit::Money } else { Unit::Count };
            let delivered = of(aim, one.already);
            let end = delivered + of(aim, one.in_hand) + of(aim, one.direct) + of(aim, one.at_pace);
            let name = format!("{} {}", aim.id(), period.label);
            lines.extend(add(name, &Self::name(one), unit, one.goal.value, delivered, period));
            let line = Line::new("pacing", "end_by_curve", end, unit).target(&Self::name(one)).period(period);
            lines.push(line.band(one.bands[3]));
            curves.push((curves.len(), end, one.bands[3], unit));
        }
        let contract = &self.data.session.contract;
        // A target is that of everybody: part of them has none.
        let all = self.m.came.len() as u64 + self.m.open_undated > 0 && self.whole;
        for (index, stage) in
            contract.stages.iter().enumerate().filter(|(index, _)| all && self.data.journeys.seen[*index])
        {
            let mut targets: Vec<_> = contract.targets.iter().filter(|t| t.stage.value == stage.id.value).collect();
            targets.sort_by_key(|t| t.from);
            let in_force = targets.iter().rev().find(|t| t.from.is_none_or(|from| from <= self.data.session.as_of));
            let Some(target) = in_force else { continue };
            let periods = Periods::covering(target.per, self.as_of, self.as_of, self.fiscal);
            let Some(period) = periods.all.first() else { continue };
            let delivered = self.recorded_in(index, period.start, self.as_of).count() as f64;
            let name = format!("{} {}", stage.id.value, period.label);
            let item = format!("{}={}@{}", stage.id.value, target.volume, period.label);
            if target.volume > 0.0 {
                let found = add(name, &item, Unit::Count, target.volume, delivered, period);
                lines.extend(found.into_iter().map(|line| Line { stage: stage.id.value.clone(), ..line }));
            }
        }
        for (row, end, band, unit) in curves {
            rows[row][6] = if unit == Unit::Money { money(end) } else { expected(end) };
            rows[row][7] = interval(band, unit);
        }
        let title = format!("Delivered by {} against what was needed by then", shown(known));
        table("plan_pacing", title, columns, rows)
    }
}

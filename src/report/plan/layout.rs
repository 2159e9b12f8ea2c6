//! The tables of a target for people: the answer first, then how it comes about.

use super::Base;
use super::tidy::Line;
use super::timed::{Band, Hand, Timed, of, shown};
use crate::contract::{Aim, Goal};
use crate::output::number;
use crate::report::scorecard::heading;
use crate::report::{Audience, Cell, Column, Table, Unit};

/// Months shown to people; machines get all.
const MONTHS: usize = 12;
/// Days of an average month, by which a pace per day is told per month.
pub const MONTH: f64 = 365.25 / 12.0;

/// A table for people.
pub fn table(id: &str, title: impl Into<String>, columns: Vec<Column>, rows: Vec<Vec<Cell>>) -> Option<Table> {
    let (id, title) = (id.to_string(), title.into());
    (!rows.is_empty()).then_some(Table { id, title, audience: Audience::People, columns, rows })
}

/// A number of things that are expected: to the tenth, as it is no count.
pub fn expected(value: f64) -> Cell {
    let text = if value.abs() < 999.95 { format!("{value:.1}") } else { number::people(value.round(), Unit::Count) };
    Cell::text(if text == "-0.0" { "0.0".into() } else { text })
}

/// The same, of leads: whole ones above 100.
pub fn leads(value: f64) -> String {
    if value >= 100.0 { number::people(value.round(), Unit::Count) } else { format!("{value:.1}") }
}

/// An amount without cents.
pub fn money(value: f64) -> Cell {
    Cell::text(number::people(value.round(), Unit::Count))
}

/// `8.0–17.0`; open above where the upper bound is not finite, and out of reach where the lower one is not either.
pub fn interval((low, high): Band, unit: Unit) -> Cell {
    let text = |value: f64| match unit {
        Unit::Money => number::people(value.round(), Unit::Count),
        _ => leads(value),
    };
    Cell::text(match (low.is_finite(), high.is_finite()) {
        (true, true) => format!("{}–{}", text(low), text(high)),
        // Nothing at all is no 0.0.
        (true, false) if low == 0.0 => "0 to no limit".into(),
        (true, false) => format!("{} to no limit", text(low)),
        _ => "out of reach".into(),
    })
}

impl Base<'_> {
    fn unit_of(aim: Aim) -> Unit {
        if aim == Aim::WonRevenue { Unit::Money } else { Unit::Count }
    }

    /// `won_revenue=2000000@2026-Q4`
    pub fn name(timed: &Timed) -> String {
        let goal = &timed.goal;
        format!("{}={}@{}", goal.aim.id(), goal.value, goal.period.label)
    }

    /// `Won revenue of 2,000,000 in 2026-Q4`
    pub fn called(timed: &Timed) -> String {
        let goal = &timed.goal;
        let value = number::people(goal.value, Unit::Count);
        match goal.aim {
            Aim::WonRevenue => format!("Revenue of {value} won in {}", goal.period.label),
            Aim::DealsWon if goal.value == 1.0 => format!("1 deal won in {}", goal.period.label),
            Aim::DealsWon => format!("{value} deals won in {}", goal.period.label),
        }
    }

    /// Said before anything else: that there is no plan, and why.
    pub fn no_plan(&self, nothing: Option<&str>, coming: &[Goal]) -> Option<Table> {
        let revenue = coming.iter().any(|goal| goal.aim == Aim::WonRevenue);
        let no_amount = "no won deal has an amount, and none is assumed: --assume average_deal=75000";
        let (why, title) = match nothing {
            Some(why) => (why, "No plan can be made"),
            None if revenue && self.deal.is_none() => (no_amount, "No revenue can be planned"),
            None => return None,
        };
        table("plan_none", title, vec![Column::left("why", "Why")], vec![vec![Cell::text(why)]])
    }

    /// The answer: what is there, what is missing, what it takes.
    pub fn answers(&self, timed: &[Timed], lines: &mut Vec<Line>) -> Vec<Table> {
        let (mut rows, mut takes) = (Vec::new(), Vec::new());
        let columns = vec![
            Column::left("what", "To reach it"),
            Column::right("deals", "Deals"),
            Column::right("amount", "Amount"),
            Column::right("interval", "80 % interval"),
        ];
        for one in timed {
            let (aim, unit) = (one.goal.aim, Self::unit_of(one.goal.aim));
            let revenue = aim == Aim::WonRevenue;
            let name = Self::name(one);
            if timed.len() > 1 {
                rows.push(heading(&Self::called(one), columns.len()));
            }
            let deal = self.deal.unwrap_or(f64::NAN);
            let in_deals = |value: f64| if revenue { value / deal } else { value };
            let amount = |value: f64| if self.deal.is_some() { money(value) } else { Cell::none() };
            let mut row = |what: &str, (wins, sum): (f64, f64), band: Option<Band>| {
                let band = band.map_or_else(Cell::none, |band| interval(band, unit));
                rows.push(vec![Cell::text(what), expected(wins), amount(sum), band]);
            };
            // Nothing is known of a period that begins after the exports' end.
            let unknown = one.goal.period.start > self.m.known;
            let target = (in_deals(one.goal.value), if revenue { one.goal.value } else { one.goal.value * deal });
            row("Target", target, None);
            let begun = one.goal.period.start <= self.as_of;
            if begun && !unknown {
                row("Won in it so far", one.already, None);
            }
            row("From buyers in hand", one.in_hand, Some(one.bands[0]));
            if one.direct.0 > 0.0 {
                row("From deals without a lead, at their pace", one.direct, Some(one.bands[1]));
            }
            let gap = (in_deals(one.gap), if revenue { one.gap } else { one.gap * deal });
            row(if one.gap > 0.0 { "Gap" } else { "Gap (none: more than asked for)" }, gap, Some(one.bands[2]));
            let mut add = |item: &str, value: f64, unit: Unit, band: Option<Band>| {
                let line = if item == "won_so_far" && begun && unknown {
                    Line::missing("answer", item, "the exports end before it", unit)
                } else {
                    Line::new("answer", item, value, unit)
                };
                lines.push(Line { band, ..line.target(&name).period(&one.goal.period) });
            };
            add("target", one.goal.value, unit, None);
            add("won_so_far", of(aim, one.already), unit, None);
            add("in_hand", of(aim, one.in_hand), unit, Some(one.bands[0]));
            add("in_hand_deals", one.in_hand.0, Unit::Count, None);
            add("without_lead", of(aim, one.direct), unit, Some(one.bands[1]));
            add("gap", one.gap, unit, Some(one.bands[2]));
            add("gap_deals", in_deals(one.gap), Unit::Count, None);
            self.takes(one, timed.len() > 1, &mut takes, lines);
        }
        let title = timed.first().filter(|_| timed.len() == 1).map_or_else(|| "The targets".to_string(), Self::called);
        let title = format!("{title}: what is there and what is missing");
        let mut tables: Vec<Table> = table("plan", title, columns, rows).into_iter().collect();
        let columns = vec![
            Column::left("what", "What it takes"),
            Column::right("value", "Value"),
            Column::right("interval", "80 % interval"),
            Column::left("beside", "Beside it"),
        ];
        // The answer is read first.
        let takes = table("plan_takes", "The answer", columns, takes);
        tables.splice(0..0, takes);
        tables
    }

    fn takes(&self, one: &Timed, several: bool, rows: &mut Vec<Vec<Cell>>, lines: &mut Vec<Line>) {
        let name = Self::name(one);
        if several {
            rows.push(heading(&Self::called(one), 4));
        }
        let end = shown(one.goal.period.end);
        let pace = self.pace[0] * MONTH;
        let add = |item: &str, value: Result<f64, String>, unit: Unit, band: Option<Band>| {
            let line = match value {
                Ok(value) => Line::new("answer", item, value, unit),
                Err(why) => Line::missing("answer", item, why, unit),
            };
            Line { band, ..line.target(&name).period(&one.goal.period) }
        };
        // Nothing of no limit is nothing.
        let times = |band: Band, by: f64| if by > 0.0 { (band.0 * by, band.1 * by) } else { (0.0, 0.0) };
        let none = "no_lead_is_won_in_time";
        let per_month = one.leads.ok_or_else(|| none.to_string());
        let beside = match one.leads {
            Some(n) if n > 0.0 && pace > 0.0 => format!("{:.1} × the present {}", n / pace, leads(pace)),
            _ => format!("at present {}", leads(pace)),
        };
        let value = one.leads.map_or_else(|| Cell::Missing(none.into()), |n| Cell::text(leads(n)));
        rows.push(vec![
            Cell::text("New buyers a month"),
            value,
            interval(one.leads_band, Unit::Count),
            Cell::text(beside),
        ]);
        lines.push(add("leads_per_month", per_month.clone(), Unit::Count, Some(one.leads_band)));
        lines.push(add("leads_per_month_present", Ok(pace), Unit::Count, None));
        let total = one.leads.map(|n| n * one.months);
        let all = times(one.leads_band, one.months);
        rows.push(vec![
            Cell::text(format!("All until {end}")),
            total.map_or_else(|| Cell::Missing(none.into()), |n| Cell::text(leads(n))),
            interval(all, Unit::Count),
            Cell::text(format!("in {:.1} months, as many in each", one.months)),
        ]);
        lines.push(add("leads", total.ok_or_else(|| none.into()), Unit::Count, Some(all)));
        let last = one.last_useful;
        rows.push(vec![
            Cell::text("Last useful day to arrive"),
            last.map_or_else(Cell::none, |day| Cell::text(shown(day))),
            Cell::none(),
            Cell::text(match last {
                Some(day) if day <= self.as_of => "is past: see the note".to_string(),
                _ => format!("then {} of wins are in time", number::people(self.asked.quantile, Unit::Share)),
            }),
        ]);
        let (by_then, theirs) = one.useful;
        let by_then = one.leads.filter(|n| *n > 0.0).map(|n| n * by_then);
        if let (Some(n), Some(_)) = (by_then, last) {
            rows.push(vec![
                Cell::text("New buyers up to it"),
                Cell::text(leads(n)),
                interval(times(one.leads_band, one.useful.0), Unit::Count),
                Cell::text(format!("they bring {} of the plan's wins", number::people(theirs, Unit::Share))),
            ]);
        }
        lines.push(add("leads_to_last_useful_day", by_then.ok_or_else(String::new), Unit::Count, None));
        lines.push(add("wins_of_leads_to_last_useful_day", Ok(theirs), Unit::Share, None));
        let late = last.map(|day| f64::from(day - self.as_of));
        lines.push(add("last_useful_day_from_as_of", late.ok_or_else(String::new), Unit::Days, None));
        let spend = match (&self.cost, total) {
            (Ok(cost), Some(total)) => Ok(cost * total),
            (Err(why), _) => Err(why.clone()),
            (_, None) => Err(none.into()),
        };
        let band = self.cost.as_ref().ok().map(|cost| times(all, *cost));
        rows.push(vec![
            Cell::text("Marketing spend"),
            spend.as_ref().map_or_else(|why| Cell::Missing(why.clone()), |spend| money(*spend)),
            band.map_or_else(Cell::none, |band| interval(band, Unit::Money)),
            Cell::text(self.cost.as_ref().map_or_else(
                |_| "cost per lead unknown".to_string(),
                |cost| format!("{} a lead", number::people(*cost, Unit::Money)),
            )),
        ]);
        let mut line = add("spend", spend, Unit::Money, band);
        line.assumed = self.asked.cost().is_some();
        lines.push(line);
        let aim = one.goal.aim;
        let unit = Self::unit_of(aim);
        let end = of(aim, one.already) + of(aim, one.in_hand) + of(aim, one.direct) + of(aim, one.at_pace);
        rows.push(vec![
            Cell::text(format!("{} at the present pace", if unit == Unit::Money { "Amount" } else { "Deals" })),
            if unit == Unit::Money { money(end) } else { expected(end) },
            interval(one.bands[3], unit),
            Cell::text(format!("reaches it in {} of draws", number::people(one.likely, Unit::Share))),
        ]);
        lines.push(add("end_at_present_pace", Ok(end), unit, Some(one.bands[3])));
        lines.push(add("likely_at_present_pace", Ok(one.likely), Unit::Share, None));
        lines.push(add("likely_without_new_leads", Ok(one.likely_without), Unit::Share, None));
        lines.push(add("eventual_conversion", Ok(one.eventual), Unit::Share, None));
    }

    /// In hand, by furthest stage.
    pub fn in_hand(&self, timed: &[Timed], lines: &mut Vec<Line>) -> Option<Table> {
        let columns = vec![
            Column::left("stage", "Furthest stage"),
            Column::right("open", "Open"),
            Column::right("waiting", "Sent back"),
            Column::right("unknown", "Too old"),
            Column::right("chance", "Chance"),
            Column::right("wins", "Deals"),
            Column::right("amount", "Amount"),
        ];
        let mut rows = Vec::new();
        for one in timed {
            let name = Self::name(one);
            rows.extend((timed.len() > 1).then(|| heading(&Self::called(one), columns.len())));
            #[allow(clippy::cast_precision_loss)] // counts
            let mut row = |title: &str, stage: &str, hand: &Hand| {
                let Hand { open, waiting, turned_down, unknown, wins, amount } = *hand;
                let chance = if open == 0 { Cell::none() } else { Cell::Number(wins / open as f64, Unit::Share) };
                let sum = if self.deal.is_some() { money(amount) } else { Cell::none() };
                rows.push(vec![
                    Cell::text(title),
                    Cell::count(open - waiting),
                    Cell::count(waiting),
                    Cell::count(unknown),
                    chance,
                    expected(wins),
                    sum,
                ]);
                let line = |item: &str, value: f64, unit: Unit| {
                    let line = Line::new("in_hand", item, value, unit).target(&name).period(&one.goal.period);
                    Line { stage: stage.into(), n: Some(open), ..line }
                };
                lines.push(line("open", (open - waiting) as f64, Unit::Count));
                lines.push(line("sent_back", waiting as f64, Unit::Count));
                lines.push(line("turned_down", turned_down as f64, Unit::Count));
                lines.push(line("open_too_old", unknown as f64, Unit::Count));
                lines.push(line("deals", wins, Unit::Count));
                lines.push(line("amount", amount, Unit::Money));
            };
            let mut all = Hand { wins: one.in_hand.0, amount: one.in_hand.1, ..Hand::default() };
            for (place, hand) in one.hand.iter().enumerate() {
                let id = &self.data.session.contract.stages[self.m.stages[place]].id.value;
                row(self.title(place), id, hand);
                all.open += hand.open;
                all.waiting += hand.waiting;
                all.turned_down += hand.turned_down;
                all.unknown += hand.unknown;
            }
            row("All in hand", "", &all);
        }
        let period = timed.first().filter(|_| timed.len() == 1).map_or("the period", |t| t.goal.period.label.as_str());
        table("plan_in_hand", format!("In hand, and the chance to be won in {period}"), columns, rows)
    }

    /// Month by month: who reaches each stage.
    pub fn months(&self, timed: &[Timed], lines: &mut Vec<Line>) -> Option<Table> {
        let stages = &self.data.session.contract.stages;
        let mut columns = vec![Column::left("month", "Month"), Column::right("leads", "New needed")];
        columns.extend(self.m.stages.iter().map(|s| Column::right(&stages[*s].id.value, &stages[*s].title)));
        columns.push(Column::right("won", "Won"));
        let mut rows = Vec::new();
        for one in timed.iter().filter(|one| one.leads.is_some()) {
            rows.extend((timed.len() > 1).then(|| heading(&Self::called(one), columns.len())));
            for step in one.steps.iter().take(MONTHS) {
                let part = if step.end - step.start < 27 { " part" } else { "" };
                let mut row = vec![Cell::text(format!("{}{part}", step.label)), expected(step.leads)];
                row.extend(step.reached.iter().chain([&step.won]).map(|n| expected(*n)));
                rows.push(row);
            }
            for step in &one.steps {
                let line = |item: &str, stage: &str, value: f64| Line {
                    stage: stage.into(),
                    period: Some((step.label.clone(), step.start, step.end)),
                    ..Line::new("month", item, value, Unit::Count).target(&Self::name(one)).scenario("needed")
                };
                lines.push(line("leads_needed", "", step.leads));
                for (stage, n) in step.reached.iter().enumerate() {
                    lines.push(line("reached", &stages[self.m.stages[stage]].id.value, *n));
                }
                lines.push(line("won", "", step.won));
            }
        }
        let title = "Expected to reach each stage if they come, of all who are open and come in";
        table("plan_months", title, columns, rows)
    }

    /// A tenth more or less.
    pub fn sensitivities(&self, timed: &[Timed], lines: &mut Vec<Line>) -> Option<Table> {
        let columns = vec![
            Column::left("of", "New buyers a month with"),
            Column::right("less", "10 % less"),
            Column::right("base", "As measured"),
            Column::right("more", "10 % more"),
        ];
        let mut rows = Vec::new();
        let cell =
            |n: Option<f64>| n.map_or_else(|| Cell::Missing("no lead is won in time".into()), |n| Cell::text(leads(n)));
        for one in timed {
            rows.extend((timed.len() > 1).then(|| heading(&Self::called(one), columns.len())));
            for row in &one.sensitivities {
                rows.push(vec![Cell::text(row.of), cell(row.less), cell(one.leads), cell(row.more)]);
                for (item, value) in [("less", row.less), ("more", row.more)] {
                    let item = format!("{} 10 % {item}", row.of.to_lowercase()).replace(" 10 % ", "_10_percent_");
                    let item = item.replace(' ', "_");
                    let line = match value {
                        Some(value) => Line::new("sensitivity", item, value, Unit::Count),
                        None => Line::missing("sensitivity", item, "no_lead_is_won_in_time", Unit::Count),
                    };
                    lines.push(line.target(&Self::name(one)).period(&one.goal.period));
                }
            }
        }
        table("plan_sensitivity", "What a tenth would change", columns, rows)
    }
}

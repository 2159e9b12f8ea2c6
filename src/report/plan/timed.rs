//! One target worked backwards: what is won, what is in hand, the gap, and the leads that it takes.
//!
//! In: what is measured and a target. Out: [`Timed`].

use super::Base;
use super::count::WonOne;
use crate::calendar::{Period, PeriodKind, Periods};
use crate::contract::{Aim, Goal};
use crate::report::plan::ask::Rate;
use crate::stats::plan::{Draw, Flow, Inflow, Model, Open, Part, Question, draws, span};
use crate::time::date_of;

/// Share of the draws below and above an interval: 80 % lie within.
const TAIL: f64 = 0.1;

/// Days after which nobody waits for a win: ten years.
const LONG: usize = 3653;

/// Low and high.
pub type Band = (f64, f64);

/// Those who are open at one stage.
#[derive(Debug, Clone, Default)]
pub struct Hand {
    /// How many.
    pub open: u64,
    /// Of them, in nobody's work: sent back, or turned down on a day that nobody knows.
    pub waiting: u64,
    /// Turned down on a known day: not among the open ones.
    pub turned_down: u64,
    /// Of them, at the stage for longer than anybody was followed: in no figure.
    pub unknown: u64,
    /// Wins expected in the period.
    pub wins: f64,
    /// Amount expected.
    pub amount: f64,
}

/// A figure and what it is with a tenth less and a tenth more of something.
#[derive(Debug, Clone, PartialEq)]
pub struct Sensitivity {
    /// Of what.
    pub of: &'static str,
    /// Leads a month with a tenth less of it; `None` where no number of leads does it.
    pub less: Option<f64>,
    /// With a tenth more.
    pub more: Option<f64>,
}

/// One month or other period of the way: who reaches each stage, and who is won.
#[derive(Debug, Clone)]
pub struct Step {
    /// Its name.
    pub label: String,
    /// First day that is still to come.
    pub start: i32,
    /// Last day.
    pub end: i32,
    /// New leads that are needed in it.
    pub leads: f64,
    /// By place of the stage, of all who are open or come in.
    pub reached: Vec<f64>,
    /// Won.
    pub won: f64,
}

/// A target, worked backwards.
pub struct Timed {
    /// The target.
    pub goal: Goal,
    /// Days of the period that are still to come, from as-of.
    pub window: (u32, u32),
    /// Won in the period so far.
    pub already: (f64, f64),
    /// By place of the furthest stage.
    pub hand: Vec<Hand>,
    /// All of them together.
    pub in_hand: (f64, f64),
    /// Who begin later than at the first stage, at the present pace.
    pub direct: (f64, f64),
    /// Leads at the present pace.
    pub at_pace: (f64, f64),
    /// What remains, in deals or money.
    pub gap: f64,
    /// Wins within the period of one new lead a month.
    pub each: f64,
    /// Months until the end of the period, as the leads of one a month.
    pub months: f64,
    /// New leads a month; `None` where no number of them does it.
    pub leads: Option<f64>,
    /// Its interval; the upper bound is infinite where resamples know no win in time.
    pub leads_band: Band,
    /// Intervals of in hand, of those beginning later, of the gap, and of the end at the present pace.
    pub bands: [Band; 4],
    /// Share of the draws that reach the target at the present pace.
    pub likely: f64,
    /// Share of them that reach it without any new lead.
    pub likely_without: f64,
    /// Month by month.
    pub steps: Vec<Step>,
    /// A tenth less and more.
    pub sensitivities: Vec<Sensitivity>,
    /// The last day to arrive, by the quantile asked for.
    pub last_useful: Option<i32>,
    /// Of one new lead a month: how many arrive by then, and the share of the wins in time that is theirs.
    pub useful: (f64, f64),
    /// Share of new leads that is won in the end, as far as anybody was followed.
    pub eventual: f64,
}

/// What a model expects of a period.
pub struct Outlook {
    hand: (f64, f64),
    direct: f64,
    each: f64,
}

/// The order statistics that hold the middle 80 %: never between two, so that infinity stays what it is.
#[allow(clippy::cast_precision_loss, clippy::cast_possible_truncation, clippy::cast_sign_loss)] // positions
pub fn band(values: impl Iterator<Item = f64>) -> Band {
    let mut all: Vec<f64> = values.collect();
    all.sort_unstable_by(f64::total_cmp);
    let last = all.len().saturating_sub(1) as f64;
    let at = |position: f64| all.get(position as usize).copied().unwrap_or(0.0);
    (at((TAIL * last).floor()), at(((1.0 - TAIL) * last).ceil()))
}

/// Deals or money.
pub fn of(aim: Aim, (wins, amount): (f64, f64)) -> f64 {
    match aim {
        Aim::WonRevenue => amount,
        Aim::DealsWon => wins,
    }
}

fn drawn(part: &Part) -> (f64, f64) {
    (part.wins, part.amount)
}

impl Base<'_> {
    /// New leads of one a month, by day.
    pub fn unit(&self, days: usize) -> Vec<f64> {
        Rate { n: 1.0, per: PeriodKind::Month }.daily(self.as_of, days, self.fiscal)
    }

    /// The same number on every day; day 0 has none.
    pub fn every_day(days: usize) -> Vec<f64> {
        std::iter::once(0.0).chain(std::iter::repeat_n(1.0, days)).collect()
    }

    /// Those who come in at the present pace: at the first stage, then at the later ones where anybody does.
    pub fn paced(&self, days: usize) -> Vec<Inflow> {
        let stages = (0..self.pace.len()).filter(|stage| *stage == 0 || self.pace[*stage] > 0.0);
        let inflow = |stage: usize| Inflow {
            stage,
            daily: Self::every_day(days),
            at_pace: true,
            factor: if stage == 0 { self.factor } else { 1.0 },
        };
        stages.map(inflow).collect()
    }

    /// Draws for these stretches of days.
    pub fn draws(&self, inflows: &[Inflow], windows: &[(u32, u32)]) -> Vec<Draw> {
        let question = Question {
            model: &self.model,
            stays: &self.m.stays,
            longest: self.m.longest,
            clusters: self.m.clusters,
            amounts: &self.amounts,
            came: &self.came,
            pace_days: self.m.pace_days,
            open: &self.groups,
            inflows,
            windows,
            deal: self.asked.deal(),
        };
        draws(&question, self.samples, self.seed)
    }

    /// What the open ones are expected to bring in a stretch of days, by place of their stage.
    #[allow(clippy::cast_precision_loss)] // counts
    pub fn hand(&self, model: &Model, won_by: &[Vec<f64>], window: (u32, u32)) -> Vec<Hand> {
        let one = |(waiting, out): (&u64, &u64)| Hand { waiting: *waiting, turned_down: *out, ..Hand::default() };
        let mut all: Vec<Hand> = self.m.waiting.iter().zip(&self.m.turned_down).map(one).collect();
        for group in &self.groups {
            let (row, n) = (&mut all[group.stage / 2], group.amounts.len());
            row.open += n as u64;
            let Some(chance) = model.chance(won_by, group.stage, group.age, window) else {
                row.unknown += n as u64;
                continue;
            };
            row.wins += chance * n as f64;
            row.amount += chance * group.amounts.iter().map(|a| a.or(self.deal).unwrap_or(0.0)).sum::<f64>();
        }
        all
    }

    fn outlook(&self, model: &Model, window: (u32, u32)) -> Outlook {
        let days = window.1 as usize;
        let won_by = model.won_by(days);
        let hand = self.hand(model, &won_by, window);
        let hand = hand.iter().fold((0.0, 0.0), |sum, row| (sum.0 + row.wins, sum.1 + row.amount));
        let every = Self::every_day(days);
        let direct = (1..self.pace.len()).map(|s| self.pace[s] * span(&won_by[s], &every, window)).sum();
        let each = self.factor * span(&won_by[0], &self.unit(days), window);
        Outlook { hand, direct, each }
    }

    /// New leads a month that close the gap.
    fn needed(gap: f64, each: f64, deal: f64) -> Option<f64> {
        if gap <= 0.0 {
            return Some(0.0);
        }
        let found = gap / (each * deal);
        found.is_finite().then_some(found)
    }

    /// Leads that were followed from the first stage on.
    pub fn followed(&self) -> usize {
        self.m.stays.iter().filter(|stay| stay.stage == 0).count()
    }

    /// Whether wins in time can be told from none: of as many leads as were ever followed at least one is expected. `each` is
    /// of one lead in each of so many months.
    #[allow(clippy::cast_precision_loss)] // a count
    pub fn can_tell(&self, each: f64, months: f64) -> bool {
        each * self.followed() as f64 >= months
    }

    /// Works a target backwards. Its period must not be over, and revenue needs the amount of a deal.
    pub fn timed(&self, goal: &Goal) -> Timed {
        let window = self.window(&goal.period);
        let days = window.1 as usize;
        let deal = self.deal.unwrap_or(0.0);
        // What a deal counts for in this target.
        let per_deal = if goal.aim == Aim::WonRevenue { deal } else { 1.0 };
        let already = self.already(goal.period.start, goal.period.end);
        let won_by = self.model.won_by(days);
        let hand = self.hand(&self.model, &won_by, window);
        let Outlook { hand: in_hand, direct, each } = self.outlook(&self.model, window);
        let gap_with = |hand: (f64, f64), direct: f64, deal: f64| {
            goal.value - of(goal.aim, already) - of(goal.aim, hand) - of(goal.aim, (direct, direct * deal))
        };
        let gap = gap_with(in_hand, direct, deal);
        let months: f64 = self.unit(days).iter().sum();
        let leads = Self::needed(gap, each, per_deal).filter(|_| gap <= 0.0 || self.can_tell(each, months));
        let mut inflows = vec![Inflow { stage: 0, daily: self.unit(days), at_pace: false, factor: self.factor }];
        inflows.extend(self.paced(days));
        let draws = self.draws(&inflows, &[window]);
        let sum = |draw: &Draw, from: usize| {
            let parts = draw.inflows[from..].iter().map(|windows| drawn(&windows[0]));
            parts.fold((0.0, 0.0), |sum, part| (sum.0 + part.0, sum.1 + part.1))
        };
        let aimed = |pair: (f64, f64)| of(goal.aim, pair);
        let left = |draw: &Draw| goal.value - aimed(already) - aimed(drawn(&draw.hand[0])) - aimed(sum(draw, 2));
        let end = |draw: &Draw| aimed(already) + aimed(drawn(&draw.hand[0])) + aimed(sum(draw, 1));
        let leads_of = |draw: &Draw| {
            let unit = &draw.inflows[0][0];
            let gain = if goal.aim == Aim::WonRevenue { unit.mean_amount } else { unit.mean };
            // Where no number of leads does it, some draws may still need none.
            let found = Self::needed(left(draw), gain, 1.0).filter(|n| leads.is_some() || *n <= 0.0);
            found.unwrap_or(f64::INFINITY)
        };
        let leads_band = band(draws.iter().map(leads_of));
        let bands = [
            band(draws.iter().map(|draw| aimed(drawn(&draw.hand[0])))),
            band(draws.iter().map(|draw| aimed(sum(draw, 2)))),
            band(draws.iter().map(left)),
            band(draws.iter().map(end)),
        ];
        #[allow(clippy::cast_precision_loss)] // counts
        let share = |n: usize| n as f64 / draws.len().max(1) as f64;
        let likely = share(draws.iter().filter(|draw| end(draw) >= goal.value).count());
        let likely_without = share(draws.iter().filter(|draw| left(draw) <= 0.0).count());
        let every = Self::every_day(days);
        let at_pace = self.factor * self.pace[0] * span(&won_by[0], &every, window);
        let with = |outlook: &Outlook, share: f64, deal: f64, own: f64| {
            let hand = (outlook.hand.0 * share, outlook.hand.1 * share * own);
            let per_deal = if goal.aim == Aim::WonRevenue { deal } else { 1.0 };
            let (gap, each) = (gap_with(hand, outlook.direct * share, deal), outlook.each * share);
            Self::needed(gap, each, per_deal).filter(|_| gap <= 0.0 || self.can_tell(each, months))
        };
        let base = Outlook { hand: in_hand, direct, each };
        let mut sensitivities = vec![Sensitivity {
            of: "Conversion",
            less: with(&base, 0.9, deal, 1.0),
            more: with(&base, 1.1, deal, 1.0),
        }];
        if goal.aim == Aim::WonRevenue {
            let (less, more) = (with(&base, 1.0, deal * 0.9, 0.9), with(&base, 1.0, deal * 1.1, 1.1));
            sensitivities.push(Sensitivity { of: "Deal size", less, more });
        }
        let lag = |factor: f64| with(&self.outlook(&self.model.stretched(factor), window), 1.0, deal, 1.0);
        sensitivities.push(Sensitivity { of: "Time it takes", less: lag(0.9), more: lag(1.1) });
        let (eventual, lag) = self.lag(self.asked.quantile);
        let last_useful = lag.map(|days| goal.period.end - days);
        Timed {
            useful: self.useful(&won_by[0], window, last_useful),
            window,
            already,
            hand,
            in_hand,
            direct: (direct, direct * deal),
            at_pace: (at_pace, at_pace * deal),
            gap,
            each,
            months,
            leads,
            leads_band,
            bands,
            likely,
            likely_without,
            steps: self.steps(goal, leads.unwrap_or(0.0)),
            sensitivities,
            last_useful,
            eventual,
            goal: goal.clone(),
        }
    }

    /// Deals won from one day to another, up to as-of.
    pub fn won_in(&self, from: i32, to: i32) -> impl Iterator<Item = &WonOne> {
        let days = from..=to.min(self.as_of);
        self.m.won.iter().filter(move |won| days.contains(&won.day))
    }

    /// The days of a period that are still to come, from as-of.
    pub fn window(&self, period: &Period) -> (u32, u32) {
        let as_u32 = |days: i32| u32::try_from(days.max(0)).unwrap_or(0);
        (as_u32(period.start - self.as_of).max(1), as_u32(period.end - self.as_of))
    }

    /// Of one new lead a month: how many arrive up to a day, and which share of the wins in time is theirs.
    fn useful(&self, won_by: &[f64], window: (u32, u32), last: Option<i32>) -> (f64, f64) {
        let mut daily = self.unit(window.1 as usize);
        let all = span(won_by, &daily, window);
        let keep = last.map_or(0, |last| usize::try_from(last - self.as_of).unwrap_or(0));
        daily.iter_mut().skip(keep + 1).for_each(|n| *n = 0.0);
        let share = if all > 0.0 { span(won_by, &daily, window) / all } else { 0.0 };
        (daily.iter().sum(), share)
    }

    /// Deals won from one day to another, up to as-of, and their amount.
    pub fn already(&self, from: i32, to: i32) -> (f64, f64) {
        self.won_in(from, to).fold((0.0, 0.0), |sum, won| (sum.0 + 1.0, sum.1 + won.amount.unwrap_or(0.0)))
    }

    /// The share of new leads that is won in the end, as far as anybody was followed, and the days by which `quantile` of
    /// them are.
    pub fn lag(&self, quantile: f64) -> (f64, Option<i32>) {
        let won_by = self.model.won_by(self.reach());
        let Some(all) = won_by.first().and_then(|won| won.last()).copied().filter(|all| *all > 0.0) else {
            return (0.0, None);
        };
        let day = won_by[0].iter().position(|won| *won >= quantile * all - 1e-12);
        (self.factor * all, day.and_then(|day| i32::try_from(day).ok()))
    }

    /// Days after which no curve knows anything of a new lead.
    pub fn reach(&self) -> usize {
        let own = self.model.curves.iter().step_by(2);
        own.map(|curve| curve.len().saturating_sub(1)).sum::<usize>().min(LONG)
    }

    /// Everybody who is open and comes in, with `new` leads by day from as-of, day by day and by place of the stage. Assumed
    /// rates are those of the new leads.
    pub fn flow(&self, new: &[f64]) -> Flow {
        let days = new.len().saturating_sub(1);
        #[allow(clippy::cast_precision_loss)] // counts
        let open = self.groups.iter().map(|g| Open { stage: g.stage, age: g.age, n: g.amounts.len() as f64 });
        let open: Vec<Open> = open.collect();
        let mut entries: Vec<Vec<f64>> =
            self.pace.iter().map(|pace| Self::every_day(days).iter().map(|n| n * pace).collect()).collect();
        entries[0] = vec![0.0; days + 1];
        let others = self.model.flow(&open, &entries, days);
        for entries in &mut entries {
            entries.fill(0.0);
        }
        entries[0].copy_from_slice(new);
        let leads = self.model.flow(&[], &entries, days);
        let sum = |a: &[f64], b: &[f64], scale: f64| a.iter().zip(b).map(|(a, b)| a + scale * b).collect::<Vec<f64>>();
        let pairs = others.reached.chunks(2).zip(leads.reached.chunks(2)).zip(&self.scales);
        let reached = pairs.map(|((others, leads), scale)| {
            let first = sum(&others[0], &leads[0], *scale);
            sum(&sum(&first, &others[1], 1.0), &leads[1], *scale)
        });
        Flow { reached: reached.collect(), won: sum(&others.won, &leads.won, self.factor) }
    }

    /// The flow by month.
    fn steps(&self, goal: &Goal, leads: f64) -> Vec<Step> {
        let days = usize::try_from(goal.period.end - self.as_of).unwrap_or(0);
        let new: Vec<f64> = self.unit(days).iter().map(|n| n * leads).collect();
        let flow = self.flow(&new);
        let months = Periods::covering(PeriodKind::Month, self.as_of + 1, goal.period.end, self.fiscal).all;
        let steps = months.into_iter().map(|month| {
            let (start, end) = (month.start.max(self.as_of + 1), month.end.min(goal.period.end));
            let at = |day: i32| usize::try_from(day - self.as_of).unwrap_or(0);
            let sum = |of: &[f64]| of[at(start)..=at(end)].iter().sum::<f64>();
            Step {
                label: month.label,
                start,
                end,
                leads: sum(&new),
                reached: flow.reached.iter().map(|of| sum(of)).collect(),
                won: sum(&flow.won),
            }
        });
        steps.collect()
    }
}

/// `2026-06-30`
pub fn shown(day: i32) -> String {
    date_of(day).to_string()
}

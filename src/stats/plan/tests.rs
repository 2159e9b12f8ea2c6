use proptest::prelude::*;

use super::{Draw, End, Group, Inflow, Model, Open, Part, Question, Stay, Tally, draws, span};
use crate::stats::random::Random;
use crate::stats::survival::{Event, incidence};

fn tally(stays: &[Stay], stages: usize) -> Tally {
    let longest = stays.iter().map(|stay| stay.days as usize + 1).max().unwrap_or(1);
    let mut tally = Tally::new(stages, longest);
    for stay in stays {
        tally.add(stay, 1);
    }
    tally
}

/// Stays of three stages, from small random numbers.
fn stays(raw: &[(usize, u32, usize)]) -> Vec<Stay> {
    let one = |(stage, days, end): &(usize, u32, usize)| {
        let end = match end {
            0 => End::Won,
            1 => End::Lost,
            2 => End::Open,
            _ if *stage < 2 => End::To(stage + 1 + (end % (2 - stage))),
            _ => End::Won,
        };
        Stay { stage: *stage, days: *days, end, cluster: 0 }
    };
    raw.iter().map(one).collect()
}

fn some_stays() -> impl Strategy<Value = Vec<Stay>> {
    proptest::collection::vec((0_usize..3, 0_u32..12, 0_usize..6), 0..120).prop_map(|raw| stays(&raw))
}

/// The same in plain loops: everybody is a mass at a stage and an age, and on every day each mass gives off what the hazards
/// of its next age say. Gives wins by day, and arrivals by stage and day.
fn by_hand(model: &Model, open: &[Open], entries: &[Vec<f64>], days: usize) -> (Vec<f64>, Vec<Vec<f64>>) {
    let stages = model.curves.len();
    let hazard = |stage: usize, age: usize, end: usize| {
        let curve = &model.curves[stage];
        let before = if age == 0 { 1.0 } else { curve.open.get(age - 1).copied().unwrap_or(0.0) };
        let step = curve.steps.iter().find(|step| step.0 as usize == age && step.1 == end);
        step.map_or(0.0, |step| step.2 / before)
    };
    // What is left after the day, of those who were there before it: lost ones are gone too.
    let stays = |stage: usize, age: usize| {
        let curve = &model.curves[stage];
        let of = |age: usize| curve.open.get(age).copied();
        let before = if age == 0 { Some(1.0) } else { of(age - 1) };
        match (before, of(age)) {
            (Some(before), Some(after)) if before > 0.0 => after / before,
            _ => 0.0,
        }
    };
    let mut mass: Vec<Vec<f64>> = vec![vec![0.0; 200]; stages];
    for one in open {
        if (one.age as usize) < model.curves[one.stage].len() {
            mass[one.stage][one.age as usize] += one.n;
        }
    }
    let (mut won, mut reached) = (vec![0.0; days + 1], vec![vec![0.0; days + 1]; stages]);
    for day in 1..=days {
        let mut next = vec![vec![0.0; 200]; stages];
        for stage in 0..stages {
            reached[stage][day] += entries[stage][day];
            // Those who were there yesterday are a day older; those who come today are of age 0.
            let come = reached[stage][day];
            let all: Vec<(usize, f64)> =
                std::iter::once((0, come)).chain((0..199).map(|age| (age + 1, mass[stage][age]))).collect();
            for (age, n) in all.into_iter().filter(|(_, n)| *n > 0.0) {
                for (to, reached) in reached.iter_mut().enumerate().skip(stage + 1) {
                    reached[day] += n * hazard(stage, age, to);
                }
                won[day] += n * hazard(stage, age, stages);
                next[stage][age] += n * stays(stage, age);
            }
        }
        mass = next;
    }
    (won, reached)
}

fn close(a: f64, b: f64) -> bool {
    (a - b).abs() < 1e-9 * (1.0 + a.abs().max(b.abs()))
}

proptest! {
    /// Of one stage the share won is the cumulative incidence, and ends where that does.
    #[test]
    fn one_stage_is_the_cumulative_incidence(raw in proptest::collection::vec((0_u32..30, 0_usize..3), 0..80)) {
        let all = stays(&raw.iter().map(|(days, end)| (2, *days, *end)).collect::<Vec<_>>());
        let all: Vec<Stay> = all.into_iter().map(|stay| Stay { stage: 0, ..stay }).collect();
        let model = Model::of(&tally(&all, 1), 1, None);
        let days: Vec<i32> = all.iter().map(|stay| i32::try_from(stay.days).unwrap()).collect();
        let events: Vec<Event> = all.iter().map(|stay| match stay.end {
            End::Won => Event::Win,
            End::Lost => Event::Lost,
            End::Open | End::To(_) => Event::Censored,
        }).collect();
        let curve = incidence(&days, &events);
        let won = model.won_by(40);
        let last = curve.last().map_or(-1, |(day, _)| day);
        for day in 0..=last {
            let at = usize::try_from(day).unwrap();
            prop_assert!(close(won[0][at], curve.at(day).unwrap().cif), "day {}", day);
        }
        let end = curve.last().map_or(0.0, |(_, estimate)| estimate.cif);
        prop_assert!(close(won[0][40], end));
    }

    /// The flow is what plain loops over every day, stage and age give; and so is the chance of each who is open.
    #[test]
    fn the_flow_is_that_of_plain_loops(
        all in some_stays(),
        raw in proptest::collection::vec((0_usize..3, 0_u32..15, 1_u32..5), 0..20),
        come in proptest::collection::vec(0_u32..4, 63),
        window in (1_u32..20, 0_u32..20),
    ) {
        let model = Model::of(&tally(&all, 3), 3, None);
        let open: Vec<Open> =
            raw.iter().map(|(stage, age, n)| Open { stage: *stage, age: *age, n: f64::from(*n) }).collect();
        let entries: Vec<Vec<f64>> =
            come.chunks(21).map(|days| std::iter::once(0.0).chain(days[1..].iter().map(|n| f64::from(*n))).collect()).collect();
        let flow = model.flow(&open, &entries, 20);
        let (won, reached) = by_hand(&model, &open, &entries, 20);
        for day in 0..=20 {
            prop_assert!(close(flow.won[day], won[day]), "won on {}: {} {}", day, flow.won[day], won[day]);
            for (stage, reached) in reached.iter().enumerate() {
                prop_assert!(close(flow.reached[stage][day], reached[day]), "stage {} on {}", stage, day);
            }
        }
        // Chances of those who are open, and the wins of those who come: together the same wins.
        let (from, to) = (window.0.min(20), (window.0 + window.1).min(20));
        let won_by = model.won_by(to as usize);
        let mut sum = 0.0;
        for one in &open {
            match model.chance(&won_by, one.stage, one.age, (from, to)) {
                Some(chance) => {
                    prop_assert!((0.0..=1.0).contains(&chance));
                    sum += one.n * chance;
                }
                None => prop_assert!(one.age as usize >= model.curves[one.stage].len()),
            }
        }
        for stage in 0..3 {
            sum += span(&won_by[stage], &entries[stage], (from, to));
        }
        let expected: f64 = won[from as usize..=to as usize].iter().sum();
        prop_assert!(close(sum, expected), "{} {}", sum, expected);
    }

    /// Nothing is won or lost by stretching, and a factor of one changes nothing.
    #[test]
    fn stretching_moves_and_keeps(all in some_stays()) {
        let model = Model::of(&tally(&all, 3), 3, None);
        for factor in [0.9, 1.0, 1.1, 2.0] {
            let other = model.stretched(factor);
            for (a, b) in model.curves.iter().zip(&other.curves) {
                let sum = |curve: &super::Curve| curve.steps.iter().map(|step| step.2).sum::<f64>();
                prop_assert!(close(sum(a), sum(b)));
                let mean = |curve: &super::Curve| curve.steps.iter().map(|s| f64::from(s.0) * s.2).sum::<f64>();
                prop_assert!(close(mean(a) * factor, mean(b)));
            }
            if factor == 1.0 {
                prop_assert_eq!(&other, &model);
            }
        }
    }
}

#[test]
fn without_anybody_nothing_is_known() {
    let model = Model::of(&Tally::new(2, 1), 2, None);
    assert!(model.curves.iter().all(super::Curve::is_empty));
    let won_by = model.won_by(10);
    assert!(won_by.iter().flatten().all(|share| *share == 0.0));
    assert_eq!(model.chance(&won_by, 0, 0, (1, 10)), None);
}

/// A company of which the truth is known: leads come at a steady pace, some become opportunities, some of those are won.
struct Company {
    random: Random,
    leads_a_day: f64,
    to_opportunity: f64,
    to_won: f64,
    /// Mean days of each stay that leads on.
    days: [f64; 2],
}

/// One lead: the day it came, the day it became an opportunity, how and when that ended.
struct Lead {
    came: i32,
    opportunity: Option<i32>,
    end: Option<(i32, bool)>,
    amount: f64,
}

impl Company {
    fn new(run: u64) -> Self {
        let mut random = Random::new(2026, run);
        let leads_a_day = 0.8 + 3.0 * random.unit();
        let (to_opportunity, to_won) = (0.15 + 0.3 * random.unit(), 0.2 + 0.3 * random.unit());
        let days = [5.0 + 40.0 * random.unit(), 20.0 + 60.0 * random.unit()];
        Self { random, leads_a_day, to_opportunity, to_won, days }
    }

    /// Days to something with that mean: the sum of two waits, so that nothing happens at once.
    #[allow(clippy::cast_possible_truncation)] // days
    fn wait(&mut self, mean: f64) -> i32 {
        let one = |random: &mut Random| -(1.0 - random.unit()).ln() * mean / 2.0;
        (one(&mut self.random) + one(&mut self.random)) as i32
    }

    fn leads(&mut self, days: i32) -> Vec<Lead> {
        let mut all = Vec::new();
        for day in 0..days {
            for _ in 0..self.random.poisson(self.leads_a_day) {
                let opportunity = (self.random.unit() < self.to_opportunity).then(|| day + self.wait(self.days[0]));
                let end = opportunity.map(|at| {
                    let won = self.random.unit() < self.to_won;
                    (at + self.wait(if won { self.days[1] } else { self.days[1] * 1.5 }), won)
                });
                let amount = 10_000.0 * (1.0 + 3.0 * self.random.unit().powi(3));
                all.push(Lead { came: day, opportunity, end, amount });
            }
        }
        all
    }
}

/// What is known of the leads on a day, and what comes of them and of later ones until another.
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_precision_loss)] // days and counts
fn forecast(leads: &[Lead], as_of: i32, ahead: i32, samples: u64, seed: u64) -> (Vec<Draw>, (f64, f64)) {
    let known = |day: i32| (day <= as_of).then_some(day);
    let (mut stays, mut groups, mut amounts, mut came) = (Vec::new(), Vec::<Group>::new(), Vec::new(), Vec::new());
    let mut actual = (0.0, 0.0);
    for (at, lead) in leads.iter().enumerate() {
        if let Some((day, true)) = lead.end
            && (as_of + 1..=as_of + ahead).contains(&day)
        {
            actual = (actual.0 + 1.0, actual.1 + lead.amount);
        }
        if lead.came > as_of {
            continue;
        }
        let cluster = at as u32;
        if lead.came > as_of - 180 {
            came.push((cluster, 0));
        }
        let mut stay = |stage: usize, from: i32, to: Option<(i32, End)>| {
            let (day, end) = to.unwrap_or((as_of, End::Open));
            stays.push(Stay { stage, days: (day - from) as u32, end, cluster });
            if end == End::Open {
                groups.push(Group { stage, age: (as_of - from) as u32, amounts: vec![None] });
            }
        };
        let opportunity = lead.opportunity.and_then(known);
        stay(0, lead.came, opportunity.map(|day| (day, End::To(1))));
        if let Some(from) = opportunity {
            let end = lead.end.filter(|(day, _)| *day <= as_of);
            stay(1, from, end.map(|(day, won)| (day, if won { End::Won } else { End::Lost })));
            if matches!(end, Some((_, true))) {
                amounts.push((cluster, lead.amount));
            }
        }
    }
    let tally = tally(&stays, 2);
    let model = Model::of(&tally, 2, None);
    let daily: Vec<f64> = (0..=ahead).map(|day| f64::from(u8::from(day > 0))).collect();
    let inflows = [Inflow { stage: 0, daily, at_pace: true, factor: 1.0 }];
    let question = Question {
        model: &model,
        stays: &stays,
        longest: stays.iter().map(|stay| stay.days as usize + 1).max().unwrap_or(1),
        clusters: leads.len(),
        amounts: &amounts,
        came: &came,
        pace_days: 180.0,
        open: &groups,
        inflows: &inflows,
        windows: &[(1, ahead as u32)],
        deal: None,
    };
    (draws(&question, samples, seed), actual)
}

fn inside(all: &[Draw], of: impl Fn(&Part) -> f64, actual: f64) -> bool {
    let mut values: Vec<f64> = all.iter().map(|draw| of(&draw.hand[0]) + of(&draw.inflows[0][0])).collect();
    values.sort_unstable_by(f64::total_cmp);
    let last = values.len() - 1;
    let (low, high) = (values[last / 10], values[last - last / 10]);
    (low..=high).contains(&actual)
}

/// Of forecasts of a quarter ahead for 200 companies whose truth differs, about 80 % of the 80 % intervals hold what came.
#[test]
fn eighty_percent_intervals_hold_what_comes_eighty_percent_of_the_time() {
    let runs = 200;
    let (mut wins, mut amounts, mut bias) = (0, 0, 0.0);
    for run in 0..runs {
        let mut company = Company::new(run);
        let leads = company.leads(540 + 90);
        let (all, actual) = forecast(&leads, 539, 90, 120, run);
        wins += u32::from(inside(&all, |part| part.wins, actual.0));
        amounts += u32::from(inside(&all, |part| part.amount, actual.1));
        #[allow(clippy::cast_precision_loss)]
        let mean = all.iter().map(|d| d.hand[0].mean + d.inflows[0][0].mean).sum::<f64>() / all.len() as f64;
        bias += (mean - actual.0) / 200.0;
    }
    let share = |n: u32| f64::from(n) / 200.0;
    assert!((0.72..=0.88).contains(&share(wins)), "wins: {}", share(wins));
    assert!((0.72..=0.88).contains(&share(amounts)), "amounts: {}", share(amounts));
    assert!(bias.abs() < 1.0, "{bias}");
}

#[test]
fn the_number_of_threads_changes_no_draw() {
    let leads = Company::new(7).leads(500);
    let all = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| forecast(&leads, 399, 90, 60, 5).0)
    };
    assert_eq!(all(1), all(4));
    assert_ne!(all(1), forecast(&leads, 399, 90, 60, 6).0);
}

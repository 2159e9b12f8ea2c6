//! lifelines' figures, plain loops, and a planted rate.

use std::path::Path;

use proptest::prelude::*;

use super::Event::{Censored, Lost, Win};
use super::*;

fn read(name: &str) -> Vec<Vec<String>> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/survival").join(name);
    let text = std::fs::read_to_string(path).unwrap();
    text.lines().skip(1).map(|line| line.split(',').map(str::to_owned).collect()).collect()
}

fn close(a: f64, b: f64) -> bool {
    (a - b).abs() < 1e-9
}

/// testdata/survival/make.py says how lifelines was asked.
#[test]
fn figures_are_those_of_lifelines() {
    let (mut compared, mut undefined) = (0, 0);
    for name in ["ten", "months", "weeks", "closed", "alone"] {
        let rows = read(&format!("{name}.csv"));
        let days: Vec<i32> = rows.iter().map(|r| r[0].parse().unwrap()).collect();
        let events: Vec<Event> = rows
            .iter()
            .map(|r| match r[1].as_str() {
                "win" => Win,
                "lost" => Lost,
                "censored" => Censored,
                other => panic!("{other}"),
            })
            .collect();
        let curve = incidence(&days, &events);
        let expected = read(&format!("{name}.lifelines.csv"));
        assert_eq!(curve.steps.len(), expected.len(), "{name}");
        for (step, row) in curve.steps.iter().zip(expected) {
            let about = format!("{name}, day {}: {step:?} {row:?}", step.day);
            let whole = [step.at_risk, step.wins, step.wins + step.lost].map(|n| n.to_string());
            assert_eq!((step.day.to_string(), &whole[..]), (row[0].clone(), &row[1..4]), "{about}");
            assert!(close(step.estimate.cif, row[4].parse().unwrap()), "{about}");
            let number = |cell: &str| (!cell.is_empty()).then(|| cell.parse::<f64>().unwrap());
            match (number(&row[5]), number(&row[6]), number(&row[7]), step.estimate.bounds()) {
                (Some(variance), Some(low), Some(high), Some((ours_low, ours_high))) => {
                    assert!(close(step.estimate.variance, variance), "{about}");
                    assert!(close(ours_low, low) && close(ours_high, high), "{about} {ours_low} {ours_high}");
                    compared += 1;
                }
                // Nobody has converted yet.
                (Some(variance), None, None, None) => {
                    assert!(step.estimate.cif == 0.0 && close(step.estimate.variance, variance), "{about}");
                }
                // lifelines divides by zero where everybody who is left has an event.
                (None, None, None, _) => {
                    assert_eq!(step.at_risk, step.wins + step.lost, "{about}");
                    undefined += 1;
                }
                other => panic!("{about}: {other:?}"),
            }
        }
    }
    assert!(compared > 250, "only {compared} variances compared");
    assert_eq!(undefined, 1);
}

/// The definition, one day at a time, counting everybody again for each.
#[allow(clippy::cast_precision_loss)]
fn naive(days: &[i32], events: &[Event], until: i32) -> (f64, f64) {
    let (mut open, mut cif) = (1.0, 0.0);
    for day in days.iter().min().copied().unwrap_or(0)..=until {
        let at_risk = days.iter().filter(|d| **d >= day).count() as f64;
        let on = |event: Event| days.iter().zip(events).filter(|(d, e)| **d == day && **e == event).count() as f64;
        if at_risk > 0.0 {
            cif += open * on(Win) / at_risk;
            open *= 1.0 - (on(Win) + on(Lost)) / at_risk;
        }
    }
    (cif, open)
}

fn somebody() -> impl Strategy<Value = (i32, Event)> {
    (-3_i32..40, prop_oneof![Just(Win), Just(Lost), Just(Censored)])
}

proptest! {
    #[test]
    fn the_curve_is_that_of_plain_loops(all in prop::collection::vec(somebody(), 5..60)) {
        let (days, events): (Vec<i32>, Vec<Event>) = all.into_iter().unzip();
        let curve = incidence(&days, &events);
        let swapped: Vec<Event> =
            events.iter().map(|e| match e { Win => Lost, Lost => Win, Censored => Censored }).collect();
        let other = incidence(&days, &swapped);
        let mut before = 0.0;
        for (step, lost) in curve.steps.iter().zip(&other.steps) {
            let (cif, open) = naive(&days, &events, step.day);
            prop_assert!((step.estimate.cif - cif).abs() < 1e-12 && (step.open - open).abs() < 1e-12);
            // Converted, lost and open are all there is.
            prop_assert!((step.estimate.cif + lost.estimate.cif + step.open - 1.0).abs() < 1e-12);
            prop_assert!(step.estimate.cif >= before);
            before = step.estimate.cif;
            prop_assert_eq!(curve.at_risk(step.day), days.iter().filter(|d| **d >= step.day).count() as u64);
            if let Some((low, high)) = step.estimate.bounds() {
                prop_assert!(0.0 <= low && low <= step.estimate.cif && step.estimate.cif <= high && high <= 1.0);
            }
        }
    }

    #[test]
    fn when_all_is_known_it_is_the_simple_share(
        all in prop::collection::vec((0_i32..30, prop::bool::ANY), 5..80)
    ) {
        let (days, won): (Vec<i32>, Vec<bool>) = all.into_iter().unzip();
        let events: Vec<Event> = won.iter().map(|won| if *won { Win } else { Lost }).collect();
        let curve = incidence(&days, &events);
        #[allow(clippy::cast_precision_loss)]
        for day in 0..30 {
            let by_then = days.iter().zip(&won).filter(|(d, w)| **d <= day && **w).count() as f64;
            let (n, estimate) = (days.len() as f64, curve.at(day).unwrap());
            let share = by_then / n;
            prop_assert!((estimate.cif - share).abs() < 1e-12);
            // Binomial.
            prop_assert!((estimate.variance - share * (1.0 - share) / n).abs() < 1e-12);
        }
    }

    #[test]
    fn order_does_not_matter(all in prop::collection::vec(somebody(), 0..40)) {
        let split = |all: &[(i32, Event)]| -> (Vec<i32>, Vec<Event>) { all.iter().copied().unzip() };
        let mut turned = all.clone();
        turned.reverse();
        let ((days, events), (d, e)) = (split(&all), split(&turned));
        prop_assert_eq!(incidence(&days, &events), incidence(&d, &e));
    }
}

#[test]
fn ends_and_small_numbers() {
    let nobody = incidence(&[], &[]);
    assert_eq!((nobody.last(), nobody.at(0), nobody.at_risk(0), nobody.quantile(0.5)), (None, None, 0, None));
    let few = incidence(&[1, 2, 3, 4], &[Win; 4]);
    assert_eq!((few.last(), few.at(2), few.quantile(0.5), few.quantile_of_converted(0.5)), (None, None, None, None));

    // One of thirty-one is left on the day it converts: of that day nothing is said.
    let mut events = [Censored; 31];
    events[30] = Win;
    let days: Vec<i32> = (150..=180).collect();
    let tail = incidence(&days, &events);
    assert_eq!((tail.last().map(|(day, e)| (day, e.cif)), tail.at(177)), (Some((176, 0.0)), None));
    assert!(!tail.is_closed() && tail.steps[30].open <= 0.0);
    // Where all who are gone had an event, four are enough: they stand for nobody else.
    let followed =
        incidence(&[1, 2, 3, 4, 400, 401, 402, 403], &[Win, Win, Lost, Win, Censored, Censored, Censored, Censored]);
    assert_eq!(followed.last().map(|(day, e)| (day, e.cif)), Some((402, 3.0 / 8.0)));

    // Everybody converted: the share is known for good, without bounds.
    let all = incidence(&[1, 2, 2, 3, 9], &[Win; 5]);
    assert_eq!(all.at(0).map(|e| (e.cif, e.bounds())), Some((0.0, None)));
    assert!(all.at(100).is_some_and(|e| close(e.cif, 1.0) && e.bounds().is_none()));
    assert_eq!((all.quantile(0.5), all.quantile_of_converted(0.5), all.quantile(0.2)), (Some(2), Some(2), Some(1)));

    // Nobody did, as far as was seen.
    let none = incidence(&[4; 6], &[Censored; 6]);
    assert_eq!((none.at(4).map(|e| e.cif), none.at(5)), (Some(0.0), None));
    assert_eq!((none.quantile(0.5), none.quantile_of_converted(0.5)), (None, None));

    // Two of ten convert: half of all never do, half of those who do have by day 3.
    let mut events = [Censored; 10];
    (events[0], events[1]) = (Win, Win);
    let some = incidence(&[3, 8, 9, 9, 9, 9, 9, 9, 9, 9], &events);
    assert_eq!((some.quantile(0.5), some.quantile_of_converted(0.5)), (None, Some(3)));
}

#[test]
fn events_come_before_censorings() {
    // Five are censored on the day of the win: all ten were at risk.
    let mut events = [Censored; 10];
    events[9] = Win;
    let curve = incidence(&[7, 7, 7, 7, 7, 8, 8, 8, 8, 7], &events);
    assert!(curve.at(7).is_some_and(|e| close(e.cif, 0.1)));
}

/// SplitMix64, as uniform numbers above 0 and up to 1.
struct Random(u64);

impl Random {
    #[allow(clippy::cast_precision_loss)]
    fn uniform(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (((z ^ (z >> 31)) >> 11) + 1) as f64 / (1_u64 << 53) as f64
    }
}

/// 30 times 4,000 leads over 18 months, of whom 20 % convert in the end, after 120 days on average, and 60 % are lost
/// after 60: what is known on the last day is what the estimate gets.
#[test]
#[allow(clippy::cast_possible_truncation, clippy::cast_precision_loss)]
fn a_planted_rate_is_recovered_and_censoring_losses_would_miss_it() {
    const RUNS: u32 = 30;
    let truth = 0.2 * (1.0 - (-361.0_f64 / 120.0).exp());
    let (mut sums, mut inside) = ([0.0; 4], 0);
    let mut random = Random(2026);
    for _ in 0..RUNS {
        let (mut days, mut events) = (Vec::new(), Vec::new());
        for _ in 0..4000 {
            let seen = (random.uniform() * 540.0) as i32;
            let fate = random.uniform();
            let after = |random: &mut Random, mean: f64| (-random.uniform().ln() * mean) as i32;
            let (day, event) = if fate < 0.2 {
                (after(&mut random, 120.0), Win)
            } else if fate < 0.8 {
                (after(&mut random, 60.0), Lost)
            } else {
                (i32::MAX, Censored)
            };
            days.push(day.min(seen));
            events.push(if day <= seen { event } else { Censored });
        }
        let estimate = incidence(&days, &events).at(360).unwrap();
        let (low, high) = estimate.bounds().unwrap();
        inside += u32::from(low <= truth && truth <= high);
        let ignored: Vec<Event> = events.iter().map(|e| if *e == Win { Win } else { Censored }).collect();
        let kaplan_meier = incidence(&days, &ignored).at(360).unwrap().cif;
        let of = |event: Event| events.iter().filter(|e| **e == event).count() as f64;
        let shares = [estimate.cif, kaplan_meier, of(Win) / 4000.0, of(Win) / (of(Win) + of(Lost))];
        for (sum, share) in sums.iter_mut().zip(shares) {
            *sum += share / f64::from(RUNS);
        }
    }
    let [ours, kaplan_meier, naive, decided] = sums;
    assert!((ours - truth).abs() < 0.003, "{ours} instead of {truth}");
    // 95 % bounds miss about 1.5 times in 30.
    assert!(inside >= 26, "the truth is within the bounds {inside} times of {RUNS}");
    assert!(kaplan_meier > truth + 0.12, "{kaplan_meier}");
    assert!(naive < truth - 0.02 && decided > truth + 0.01, "{naive} {decided}");
}

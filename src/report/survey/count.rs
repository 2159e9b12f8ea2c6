//! Answers → what each team believes, and the gap between the teams.
//!
//! In: answers, topics. Out: one [`Counted`] per topic. Perceptions of too few answers are suppressed here, so nothing to
//! the right can show them.

use super::FEW;
use crate::catalogue::survey::Topic;
use crate::ingest::survey::{Answer, Scale};
use crate::stats::gap::{self, Estimate};
use crate::stats::interval::wilson;

/// What a team believes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Belief {
    /// Mean of shares and numbers; share of those who agree (4 or 5) or say yes.
    pub value: f64,
    /// Its 95 % interval: Student's for a mean, Wilson's for a share.
    pub interval: Option<(f64, f64)>,
    /// Answers.
    pub n: u64,
    /// How many agree or say yes, where that is what is counted.
    pub agree: Option<u64>,
}

/// Why a perception is not shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hidden {
    /// Nobody of the team answered.
    Nobody,
    /// Fewer than [`FEW`] did.
    Few,
}

/// One topic.
#[derive(Debug, Clone, PartialEq)]
pub struct Counted {
    /// Marketing and sales.
    pub beliefs: [Result<Belief, Hidden>; 2],
    /// Marketing less sales; `None` where either is hidden.
    pub gap: Option<Estimate>,
}

/// Whether an answer counts as yes.
fn agrees(scale: Scale, value: f64) -> bool {
    match scale {
        Scale::Agree => value >= 4.0,
        _ => value > 0.5,
    }
}

#[allow(clippy::cast_precision_loss)] // counts
fn belief(values: &[f64], scale: Scale) -> Result<Belief, Hidden> {
    match values.len() {
        0 => return Err(Hidden::Nobody),
        few if few < FEW => return Err(Hidden::Few),
        _ => {}
    }
    let n = values.len() as u64;
    if matches!(scale, Scale::Agree | Scale::YesNo) {
        let agree = values.iter().filter(|v| agrees(scale, **v)).count() as u64;
        let interval = wilson(agree as f64, n as f64);
        return Ok(Belief { value: agree as f64 / n as f64, interval, n, agree: Some(agree) });
    }
    let mean = gap::mean(values).ok_or(Hidden::Nobody)?;
    // A share lies between none and all, and no number asked for is below 0.
    let top = if scale == Scale::Share { 1.0 } else { f64::INFINITY };
    let interval = mean.interval.map(|(low, high)| (low.max(0.0), high.min(top)));
    Ok(Belief { value: mean.value, interval, n, agree: None })
}

/// Counts the answers.
#[allow(clippy::cast_precision_loss)] // counts
pub fn count(answers: &[Answer], topics: &[Topic]) -> Vec<Counted> {
    let mut values = vec![[Vec::new(), Vec::new()]; topics.len()];
    for answer in answers {
        values[answer.topic][answer.team].push(answer.value);
    }
    // Sums of fractions depend on their order in the last digit, and figures must not depend on that of the rows.
    values.iter_mut().flatten().for_each(|list| list.sort_by(f64::total_cmp));
    let counted = topics.iter().zip(&values).map(|(topic, values)| {
        let beliefs = [belief(&values[0], topic.scale), belief(&values[1], topic.scale)];
        let gap = match &beliefs {
            [Ok(a), Ok(b)] => match (a.agree, b.agree) {
                (Some(k), Some(l)) => gap::shares((k as f64, a.n as f64), (l as f64, b.n as f64)),
                _ => gap::means(&values[0], &values[1]),
            },
            _ => None,
        };
        Counted { beliefs, gap }
    });
    counted.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalogue::survey::topics;

    fn answers(topic: usize, team: usize, values: &[f64]) -> Vec<Answer> {
        values.iter().map(|value| Answer { line: 0, topic, team, value: *value }).collect()
    }

    #[test]
    fn four_answers_are_hidden_and_five_are_not() {
        let topics = topics();
        let four = [answers(0, 0, &[0.1; 4]), answers(0, 1, &[0.2, 0.3, 0.2, 0.3, 0.25])].concat();
        let counted = count(&four, &topics);
        assert_eq!(counted[0].beliefs[0], Err(Hidden::Few));
        assert_eq!(counted[0].beliefs[1].map(|b| b.n), Ok(5));
        assert_eq!(counted[0].gap, None);
        assert_eq!(counted[1].beliefs, [Err(Hidden::Nobody); 2]);
        let five = [four, answers(0, 0, &[0.2])].concat();
        let counted = count(&five, &topics);
        assert!((counted[0].beliefs[0].unwrap().value - 0.12).abs() < 1e-12);
        assert!((counted[0].gap.unwrap().value - (0.12 - 0.25)).abs() < 1e-12);
    }

    #[test]
    fn who_agrees_says_four_or_five() {
        let topics = topics();
        let at = topics.iter().position(|t| t.scale == Scale::Agree).unwrap();
        let counted = count(&answers(at, 1, &[1.0, 2.0, 3.0, 4.0, 5.0, 4.0]), &topics);
        let belief = counted[at].beliefs[1].unwrap();
        assert_eq!((belief.agree, belief.n, belief.value), (Some(3), 6, 0.5));
        assert_eq!(belief.interval, wilson(3.0, 6.0));
    }
}

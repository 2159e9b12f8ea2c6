//! What a reader of `compare` has to know.
//!
//! In: [`Compared`]. Out: one sentence each.

use super::cause::Cause;
use super::count::Compared;
use super::sides::Side;
use crate::time::date_of;

/// The notes, in order.
pub fn notes(compared: &Compared<'_>) -> Vec<String> {
    let sides = compared.sides;
    let side = |letter: &str, side: &Side| {
        let contract = &side.data.session.contract;
        let as_of = side.data.session.as_of;
        format!("{letter}: {}, as of {as_of}, contract {} {}.", side.name, contract.source_name, contract.short_hash())
    };
    let mut notes = vec![side("A", &sides.a), side("B", &sides.b)];
    notes.extend(sides.notes.clone());
    let (_, from, to) = compared.period(None);
    let (from, to) = (date_of(from), date_of(to));
    notes.push(format!(
        "Compared are the days from {from} to {to}. Without --from and --to these are all up to the last whole period that both know."
    ));
    if sides.days {
        notes.push(
            "The exports are the same on both days: what they hold only as a current value (an amount, an owner) cannot have changed, and a record that was deleted is in neither. Compare two exports to see that."
                .into(),
        );
    }
    for (letter, side) in [("A", &sides.a), ("B", &sides.b)] {
        if side.by_clock {
            notes.push(format!(
                "Nobody said when {letter} was taken: its last record is of {}. as_of in the contract says it.",
                date_of(side.known)
            ));
        }
    }
    let order: Vec<&str> = Cause::ALL[..Cause::Other as usize].iter().map(|cause| cause.title()).collect();
    notes.push(format!(
        "Causes are taken in this order: {}, and changed definition last. Where several meet in one figure, the effect of each is on top of those before it; the sum does not depend on the order.",
        order.join(", ")
    ));
    notes.push(format!(
        "Records are new when they are dated after {}, and late when A could have had them.",
        date_of(sides.a.known)
    ));
    if sides.under.is_some() {
        notes.push(
            "The contracts differ: B's exports are counted under A's contract first, and what B's own then changes is changed definition. Which files there are, and how they are written ([[source]], [[preset]]), is B's on both."
                .into(),
        );
    }
    if sides.under.is_some() && compared.contracts.is_empty() {
        notes.push("Of the contracts only comments and layout differ.".into());
    }
    let young = [&sides.a, &sides.b].into_iter().filter_map(|side| side.data.mature_after()).max();
    if let Some(days) = young.filter(|_| compared.figures.iter().any(|figure| figure.rises)) {
        notes.push(format!(
            "Conversions of periods that ended less than {days} days before as-of still rise: there, a difference is also the time that has passed."
        ));
    }
    let other =
        compared.lines.iter().flat_map(|line| &line.effects).filter(|effect| effect.cause == Cause::Other).count();
    if other > 0 {
        notes.push(format!("{other} differences have a part without a cause, shown as other."));
    }
    let not_sums: Vec<&str> = compared
        .figures
        .iter()
        .filter(|figure| !figure.is_metric && !compared.adds_up.contains(&figure.id))
        .map(|figure| figure.id.as_str())
        .collect();
    if !not_sums.is_empty() {
        notes.push(format!(
            "Medians and averages ({}) are computed again after each cause: their causes add up, the records' own values do not.",
            not_sums.join(", ")
        ));
    }
    if let Some(condition) = &compared.condition {
        notes.push(format!("Only the buying processes where {condition}."));
    }
    notes
}

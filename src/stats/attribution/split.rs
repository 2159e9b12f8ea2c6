//! An amount in parts that add up to it, to the last minor unit.
//!
//! In: an amount in minor units and weights. Out: whole parts by largest remainder; of equal remainders the one that comes
//! first is rounded up.

/// Splits an amount by whole weights, whose sum is `total`, exactly. No weight, no parts.
///
/// ```
/// use onefunnel::stats::attribution::split::exact;
/// let mut parts = Vec::new();
/// exact(100, &[1, 1, 1], 3, &mut parts);
/// assert_eq!(parts, [34, 33, 33]);
/// ```
#[allow(clippy::cast_possible_truncation)] // a part is not larger than the whole
pub fn exact(amount: i64, weights: &[u64], total: u64, parts: &mut Vec<i64>) {
    parts.clear();
    if total == 0 {
        return;
    }
    let whole = i128::from(total);
    let mut left = amount;
    let mut remainders: Vec<(i128, usize)> = Vec::with_capacity(weights.len());
    let narrow = i64::try_from(total).ok();
    // Neighbours mostly have the same weight, and so the same part.
    let mut same: Option<(u64, i64, i128)> = None;
    for (at, weight) in weights.iter().enumerate() {
        let (part, remainder) = match same {
            Some((known, part, remainder)) if known == *weight => (part, remainder),
            _ => {
                // Nearly always 64 bits are enough, and several times as fast.
                let small = i64::try_from(*weight).ok().and_then(|w| amount.checked_mul(w)).zip(narrow);
                if let Some((product, total)) = small {
                    (product.div_euclid(total), i128::from(product.rem_euclid(total)))
                } else {
                    let product = i128::from(amount) * i128::from(*weight);
                    (product.div_euclid(whole) as i64, product.rem_euclid(whole))
                }
            }
        };
        same = Some((*weight, part, remainder));
        left -= part;
        parts.push(part);
        remainders.push((remainder, at));
    }
    let more = usize::try_from(left).unwrap_or(0);
    if more == 0 {
        return;
    }
    // Fewer are left than there are remainders above 0.
    remainders.select_nth_unstable_by(more - 1, |a, b| b.0.cmp(&a.0).then(a.1.cmp(&b.1)));
    for (_, at) in &remainders[..more] {
        parts[*at] += 1;
    }
}

/// Splits an amount by weights that are not whole; they may be negative, but not add up to 0 or less.
///
/// ```
/// use onefunnel::stats::attribution::split::real;
/// let mut parts = Vec::new();
/// real(101, &[0.25, 0.25, 0.5], &mut parts);
/// assert_eq!(parts, [25, 25, 51]);
/// ```
#[allow(clippy::cast_precision_loss, clippy::cast_possible_truncation)] // amounts are far below 2^53
pub fn real(amount: i64, weights: &[f64], parts: &mut Vec<i64>) {
    parts.clear();
    let total: f64 = weights.iter().sum();
    if weights.is_empty() || total.is_nan() || total <= 0.0 {
        return;
    }
    let mut remainders: Vec<(f64, usize)> = Vec::with_capacity(weights.len());
    let mut left = amount;
    for (at, weight) in weights.iter().enumerate() {
        let share = amount as f64 * (weight / total);
        let part = share.floor();
        left -= part as i64;
        parts.push(part as i64);
        remainders.push((share - part, at));
    }
    if left == 0 {
        return;
    }
    remainders.sort_unstable_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
    // Floating point may have rounded a share up to a whole one: then something is taken away again, from the smallest.
    let step = left.signum();
    if step < 0 {
        remainders.reverse();
    }
    for (_, at) in remainders.iter().cycle().take(usize::try_from(left.unsigned_abs()).unwrap_or(0)) {
        parts[*at] += step;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn parts_add_up(amount in -1_000_000_000_000_i64..1_000_000_000_000, weights in prop::collection::vec(0_u64..1000, 1..40)) {
            let total: u64 = weights.iter().sum();
            let mut parts = Vec::new();
            exact(amount, &weights, total, &mut parts);
            if total == 0 {
                prop_assert!(parts.is_empty());
            } else {
                prop_assert_eq!(parts.iter().sum::<i64>(), amount);
                for (part, weight) in parts.iter().zip(&weights) {
                    // Never further than one minor unit from the share itself.
                    let off = i128::from(*part) * i128::from(total) - i128::from(amount) * i128::from(*weight);
                    prop_assert!(off.abs() < i128::from(total));
                    prop_assert!(*weight > 0 || *part == 0);
                }
            }
        }

        #[test]
        fn real_parts_add_up(amount in -1_000_000_000_000_i64..1_000_000_000_000, weights in prop::collection::vec(-0.3_f64..1.0, 1..40)) {
            let mut parts = Vec::new();
            real(amount, &weights, &mut parts);
            if weights.iter().sum::<f64>() > 1e-3 {
                prop_assert_eq!(parts.iter().sum::<i64>(), amount);
            }
        }
    }

    #[test]
    fn huge_amounts_are_exact() {
        let mut parts = Vec::new();
        exact(i64::MAX, &[1_000_000, 1_000_000, 1_000_001], 3_000_001, &mut parts);
        assert_eq!(parts.iter().map(|p| i128::from(*p)).sum::<i128>(), i128::from(i64::MAX));
    }

    #[test]
    fn a_debit_is_split_like_a_credit() {
        let mut parts = Vec::new();
        exact(-100, &[1, 1, 1], 3, &mut parts);
        assert_eq!(parts, [-33, -33, -34]);
    }
}

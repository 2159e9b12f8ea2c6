//! Quantiles of waiting times of which some have not ended yet.
//!
//! In: times, and whether each ended then or was only seen to last that long. Out: quantiles of the product-limit
//! estimate (Kaplan and Meier 1958). What has not ended stays in: to leave it out would make every wait look short.

/// A quantile, and how many it rests on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Quantile {
    /// The time.
    pub time: i64,
    /// Not ended before it, and still seen then.
    pub at_risk: usize,
    /// Lost from sight before it; without any the quantile is that of plain shares.
    pub unseen: usize,
}

/// The smallest time by which a share `q` of all has ended; `None` when that share was never reached, or without any.
/// Of equal times the ended ones come first. Sorts the slice.
///
/// ```
/// use onefunnel::stats::censored::quantile;
/// // Three of five had ended by 7; half of all by 5.
/// let mut waits = [(2, true), (5, true), (5, true), (7, false), (9, false)];
/// assert_eq!(quantile(&mut waits, 0.5).map(|q| (q.time, q.at_risk, q.unseen)), Some((5, 4, 0)));
/// assert_eq!(quantile(&mut waits, 0.9), None);
/// ```
pub fn quantile(waits: &mut [(i64, bool)], q: f64) -> Option<Quantile> {
    // A product of many fractions must not miss the share by rounding.
    const SLACK: f64 = 1e-12;
    waits.sort_unstable_by_key(|(time, ended)| (*time, !ended));
    let (mut left, mut at, mut unseen) = (1.0, 0, 0);
    while at < waits.len() {
        let time = waits[at].0;
        let here = waits[at..].iter().take_while(|w| w.0 == time).count();
        let ended = waits[at..at + here].iter().filter(|w| w.1).count();
        #[allow(clippy::cast_precision_loss)] // counts stay far below 2^52
        let at_risk = (waits.len() - at) as f64;
        #[allow(clippy::cast_precision_loss)]
        if ended > 0 {
            left *= 1.0 - ended as f64 / at_risk;
            if 1.0 - left >= q - SLACK {
                return Some(Quantile { time, at_risk: waits.len() - at, unseen });
            }
        }
        at += here;
        unseen += here - ended;
    }
    None
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    fn quantile(waits: &mut [(i64, bool)], q: f64) -> Option<i64> {
        super::quantile(waits, q).map(|found| found.time)
    }

    /// Freireich et al. 1963, the 6-mercaptopurine arm: the textbook median is 23 weeks, and the upper quartile is reached
    /// by nobody.
    #[test]
    fn the_textbook_median_of_remissions() {
        let ended = [6, 6, 6, 7, 10, 13, 16, 22, 23].map(|t| (t, true));
        let open = [6, 9, 10, 11, 17, 19, 20, 25, 32, 32, 34, 35].map(|t| (t, false));
        let mut waits: Vec<_> = open.into_iter().chain(ended).collect();
        assert_eq!(quantile(&mut waits, 0.5), Some(23));
        assert_eq!(quantile(&mut waits, 0.25), Some(13));
        assert_eq!(quantile(&mut waits, 0.75), None);
    }

    #[test]
    fn nobody_and_nothing_ended_have_no_quantile() {
        assert_eq!(quantile(&mut [], 0.5), None);
        assert_eq!(quantile(&mut [(3, false), (4, false)], 0.5), None);
        assert_eq!(quantile(&mut [(3, true)], 0.9), Some(3));
    }

    proptest! {
        /// Where all that is open has been seen for longer than any wait that ended, the estimate is the plain share.
        #[test]
        fn is_the_share_where_everything_open_was_seen_to_the_end(
            ended in proptest::collection::vec(0_i64..50, 0..40), open in 0_usize..20, tenths in 1_u32..10
        ) {
            let mut waits: Vec<(i64, bool)> = ended.iter().map(|t| (*t, true)).collect();
            waits.extend((0..open).map(|_| (50, false)));
            let n = waits.len();
            let q = f64::from(tenths) / 10.0;
            // Exactly: the share is at least tenths / 10.
            let reached = |t: i64| ended.iter().filter(|e| **e <= t).count() * 10 >= tenths as usize * n;
            let expected = (0..50).find(|t| n > 0 && ended.contains(t) && reached(*t));
            prop_assert_eq!(quantile(&mut waits, q), expected);
        }
    }
}

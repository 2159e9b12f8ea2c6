//! Volume of MQLs against their yield, by period, and whether volume goes with revenue.
//!
//! In: a [`View`]. Out: figures of one group.

use super::View;
use super::count::{Anchor, Group, Mqls, Sum};
use super::curve::{Against, against, in_a_year};
use crate::stats::correlation::{Correlation, spearman};

/// The last lag at which volume is set beside revenue.
pub const LAGS: usize = 4;

impl View<'_> {
    /// The MQLs of a period, or of all.
    pub fn mqls(group: &Group, period: Option<usize>) -> Mqls {
        match period {
            Some(period) => group.mqls.get(&period).copied().unwrap_or_default(),
            None => group.mqls.values().copied().fold(Mqls::default(), Mqls::and),
        }
    }

    /// Whether a period is whole and mature, so that it can be set beside others.
    pub fn counts(&self, period: usize) -> bool {
        !self.time.shown.is_partial(period) && self.mature(period) == Some(true)
    }

    /// The MQLs of the whole and mature periods together.
    pub fn mature_mqls(&self, group: &Group) -> Mqls {
        let old = group.mqls.iter().filter(|(period, _)| self.counts(**period));
        old.fold(Mqls::default(), |sum, (_, one)| sum.and(*one))
    }

    /// A period against the year before it; `None` where it is too young or in parts, or nothing is before it.
    pub fn against(&self, group: &Group, period: usize) -> Option<Against> {
        if !self.counts(period) || !self.known.deals {
            return None;
        }
        let all: Vec<(Mqls, bool)> = (0..=period).map(|p| (Self::mqls(group, Some(p)), self.counts(p))).collect();
        against(&all, period, in_a_year(self.time.shown.kind))
    }

    /// Won deals of a period, whenever their buyer began.
    pub fn won(group: &Group, period: usize) -> Sum {
        let all = group.won.iter().filter(|((anchor, p, _), _)| *anchor == Anchor::Entry && *p == period);
        all.fold(Sum::default(), |sum, (_, one)| sum.and(*one))
    }

    /// The volume of each whole period and the revenue won so many periods later.
    pub fn pairs(&self, group: &Group, lag: usize) -> Vec<(f64, f64)> {
        let shown = self.time.shown;
        let whole: Vec<bool> = (0..shown.all.len()).map(|p| !shown.is_partial(p)).collect();
        let later = (lag..whole.len()).map(|p| (p - lag, p)).filter(|(from, to)| whole[*from] && whole[*to]);
        #[allow(clippy::cast_precision_loss)] // counts stay far below 2^53
        later
            .map(|(from, to)| (Self::mqls(group, Some(from)).n as f64, self.major(Self::won(group, to).money)))
            .collect()
    }

    /// Whether volume goes with the revenue won so many periods later: the number of pairs, and the correlation.
    pub fn correlation(&self, group: &Group, lag: usize) -> (usize, Option<Correlation>) {
        let pairs = self.pairs(group, lag);
        let known = self.known.deals && self.known.amounts && self.mql.is_ok();
        (pairs.len(), spearman(&pairs).filter(|_| known))
    }
}

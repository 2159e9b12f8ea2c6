//! How many will be won, and when: stays in stages, as a chain.
//!
//! In: for everybody, how long each stay in a stage lasted and what it ended in. Out: for each stage a [`Curve`] by the days
//! since it was reached (Aalen–Johansen, with the later stages, winning and losing as competing ends); all of them together,
//! a [`Model`] that says when those who are open now, and those who are still to come, reach later stages and are won;
//! and [`draws`], the same from resampled data with chance in it, for intervals.
//!
//! The chain of stages is semi-Markov: how it goes on from a stage depends on the days spent in it, and not on those before.
//! Nothing is extrapolated: what a curve does not show after its last day is in no figure.

mod curve;
mod flow;
mod resample;

pub use curve::{Curve, End, Stay, Tally};
pub use flow::{Flow, Model, Open};
pub use resample::{Draw, Group, Inflow, Part, Question, draws, span};

#[cfg(test)]
mod tests;

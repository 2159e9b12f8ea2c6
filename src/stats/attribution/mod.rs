//! Attribution: who gets which part of the credit for a deal.
//!
//! In: paths of touches as slices, milestones as positions in them, journeys as sets of channels. Out: weights, amounts in
//! whole minor units that add up exactly, removal effects, and Shapley values. Nothing here knows a deal or a channel's name.

pub mod markov;
pub mod rules;
pub mod shapley;
pub mod split;

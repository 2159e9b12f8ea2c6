//! Statistics: pure functions on plain numbers and slices.

pub mod interval;
pub mod quantile;
pub mod survival;

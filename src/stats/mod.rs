//! Statistics: pure functions on plain numbers and slices.

pub mod agreement;
pub mod interval;
pub mod quantile;
pub mod ranking;

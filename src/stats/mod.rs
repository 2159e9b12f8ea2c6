//! Statistics: pure functions on plain numbers and slices.

pub mod censored;
pub mod interval;
pub mod quantile;
pub mod summary;
pub mod spread;

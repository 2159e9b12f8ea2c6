//! Statistics: pure functions on plain numbers and slices.

pub mod agreement;
pub mod attribution;
pub mod censored;
pub mod interval;
pub mod plan;
pub mod quantile;
pub mod random;
pub mod ranking;
pub mod shift;
pub mod spread;
pub mod summary;
pub mod survival;

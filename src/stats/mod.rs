//! Statistics: pure functions on plain numbers and slices.

pub mod agreement;
pub mod attribution;
pub mod band;
pub mod censored;
pub mod correlation;
pub mod gap;
pub mod interval;
pub mod lag;
pub mod proportions;
pub mod quantile;
pub mod ranking;
pub mod shift;
pub mod spread;
pub mod summary;
pub mod survival;

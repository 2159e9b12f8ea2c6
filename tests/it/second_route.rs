//! A second, independent route to the figures: plain loops over the raw files, from the definitions alone.
//!
//! Nothing here was taken from the program: dates, time zone, identity, stages and metrics are written again from
//! `metrics.toml`, the example's contract and the glossary. Where the two routes differ, one of them is wrong.

mod account;
mod acme;
mod attribution;
mod attribution_small;
mod check;
mod cohort;
mod company;
mod compare;
mod definition;
mod definition_small;
mod edges;
mod entries;
mod explain;
mod figures;
mod handoff;
mod horizon;
mod journey;
mod later;
mod metamorphic;
mod planted;
mod process;
mod quality;
mod raw;
mod spells;
mod truth;
mod velocity;

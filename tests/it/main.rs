//! Tests of the whole program, as one binary.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stderr)]

mod account;
mod behaviour;
mod beliefs;
mod board;
mod check;
mod common;
mod compare;
mod containers;
mod cron;
mod errors;
mod explain;
mod formats;
mod handoff;
mod house;
mod journey;
mod output_files;
mod plan;
mod readme;
mod reference;
mod reference_pages;
mod second_route;
mod small;
mod traps;
mod trust;
mod unknown;

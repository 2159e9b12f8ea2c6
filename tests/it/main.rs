//! Tests of the whole program, as one binary.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stderr)]

mod account;
mod behaviour;
mod beliefs;
mod board;
mod common;
mod containers;
mod errors;
mod handoff;
mod house;
mod journey;
mod output_files;
mod readme;
mod reference;
mod second_route;
mod small;
mod traps;
mod trust;

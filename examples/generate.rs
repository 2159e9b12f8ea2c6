//! Writes the exports of an invented company, of any size, and `truth.json`: what a right answer about them is.
//!
//! In: how many people, a folder, a seed. Out: Salesforce, HubSpot and finance files below `exports/`, and
//! `truth.json` beside them. The same arguments give the same bytes.
//!
//! ```text
//! cargo run --release --example generate -- --people 3000 --seed 2026 --out examples/acme
//! ```

#![allow(clippy::doc_markdown, reason = "names of products, record types and files are words here, not code")]

#[path = "generate/calendar.rs"]
mod calendar;
#[path = "generate/csvout.rs"]
mod csvout;
#[path = "generate/deals.rs"]
mod deals;
#[path = "generate/definitions.rs"]
mod definitions;
#[path = "generate/finance.rs"]
mod finance;
#[path = "generate/headers.rs"]
mod headers;
#[path = "generate/names.rs"]
mod names;
#[path = "generate/people.rs"]
mod people;
#[path = "generate/records.rs"]
mod records;
#[path = "generate/rng.rs"]
mod rng;
#[path = "generate/touches.rs"]
mod touches;
#[path = "generate/truth.rs"]
mod truth;
#[path = "generate/world.rs"]
mod world;

use std::path::PathBuf;

use anyhow::{Context as _, Result};
use clap::Parser;

/// Writes the exports of an invented company, and what a right answer about them is.
#[derive(Parser)]
struct Arguments {
    /// How many people there are, about: companies are written until there are as many.
    #[arg(long, default_value_t = 3000, value_parser = clap::value_parser!(u64).range(50..=100_000_000))]
    people: u64,
    /// Where to write; made if it is not there.
    #[arg(long)]
    out: PathBuf,
    /// Another seed gives another company.
    #[arg(long, default_value_t = 2026)]
    seed: u64,
    /// How many touches a person has, about, on average.
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(i64).range(1..=100))]
    touches_per_person: i64,
}

fn main() -> Result<()> {
    generate(&Arguments::parse())
}

fn generate(a: &Arguments) -> Result<()> {
    // A campaign reaches a person once: more plans are needed than touches that come of them. Found by trial.
    let touch_scale = a.touches_per_person.min(5) * 200 + (a.touches_per_person - 5).max(0) * 373;
    let mut world = world::World::create(&a.out, a.seed, a.people, touch_scale)?;
    let wanted = i64::try_from(a.people)?;
    while world.truth.get("people") < wanted {
        people::company(&mut world)?;
    }
    finance::write(&mut world, a.people)?;
    let mut files = world.files.all();
    for file in &mut files {
        file.flush()?;
    }
    let made_with = [
        ("people", a.people.to_string()),
        ("seed", a.seed.to_string()),
        ("touches_per_person", a.touches_per_person.to_string()),
        ("as_of", "\"2026-06-30\"".into()),
        ("usd_per_eur", "1.10".into()),
    ];
    let text = world.truth.json(&made_with, &files)?;
    let path = a.out.join("truth.json");
    std::fs::write(&path, text).with_context(|| format!("{}", path.display()))
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::{Arguments, generate};

    fn files(folder: &Path, found: &mut Vec<std::path::PathBuf>) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() { files(&path, found) } else { found.push(path) }
        }
    }

    #[test]
    fn the_example_company_is_what_its_seed_makes() {
        let kept = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/acme");
        let made = tempfile::tempdir().unwrap();
        let out = made.path().to_path_buf();
        generate(&Arguments { people: 3000, out: out.clone(), seed: 2026, touches_per_person: 5 }).unwrap();
        let mut paths = Vec::new();
        files(&out, &mut paths);
        assert_eq!(paths.len(), 18, "{paths:?}");
        for path in paths {
            let name = path.strip_prefix(&out).unwrap();
            assert!(std::fs::read(&path).unwrap() == std::fs::read(kept.join(name)).unwrap(), "{}", name.display());
        }
    }
}

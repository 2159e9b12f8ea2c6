//! The package holds what its build and its tests need, and nothing that is made.

use std::collections::BTreeSet;
use std::process::Command;

use crate::common::root;

#[test]
fn the_package_holds_every_tracked_file_but_those_of_ci() {
    let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".into());
    let list = |program: &str, args: &[&str]| {
        let Ok(output) = Command::new(program).args(args).current_dir(root()).output() else { return BTreeSet::new() };
        let text = String::from_utf8(output.stdout).unwrap();
        text.lines().map(str::to_string).collect::<BTreeSet<String>>()
    };
    let packed = list(&cargo, &["package", "--list", "--locked", "--offline", "--allow-dirty"]);
    let needed =
        ["Cargo.toml", "Cargo.lock", "README.md", "LICENSE", "src/output/columns.json", "examples/acme/nightly.sh"];
    assert!(needed.iter().all(|name| packed.contains(*name)), "{packed:?}");
    let other = |name: &&String| name.starts_with("target") || name.starts_with(".ci");
    assert_eq!(packed.iter().filter(other).count(), 0);
    let size: u64 = packed.iter().filter_map(|name| root().join(name).metadata().ok()).map(|about| about.len()).sum();
    assert!(size < 40 << 20, "{} MB", size >> 20);
    let tracked = list("git", &["ls-files"]);
    if tracked.is_empty() {
        eprintln!("skipped: this is no checkout");
        return;
    }
    let missing: Vec<&String> =
        tracked.iter().filter(|name| !packed.contains(*name) && !name.starts_with(".ci/")).collect();
    assert!(missing.is_empty(), "not in the package: {missing:?}");
}

//! The house itself: which room may use which, what the dependencies contain, and that every export has its fixture.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::common::{root, run, stdout};

/// Each room may use the rooms on its own line and in the lines above; what all may use comes first.
const WALK: [&[&str]; 8] = [
    &["issue", "time", "calendar", "stats", "contract", "tables", "cli", "lock", "log", "progress"],
    &["ingest"],
    &["identity"],
    &["journey", "facts", "catalogue"],
    &["evaluate"],
    &["session"],
    &["report"],
    &["output"],
];

/// Arrows against the walk, each with its reason.
const EXCEPTIONS: [(&str, &str); 9] = [
    ("cli", "output"),       // the names of the formats
    ("cli", "ingest"),       // what becomes of a bad row, as a flag
    ("contract", "ingest"),  // currency codes and the decimal mark are facts of cells
    ("ingest", "report"),    // `Input`, the account of a file, is printed as it is
    ("catalogue", "report"), // `Unit`
    ("evaluate", "report"),  // `Unit`
    ("session", "report"),   // a report begins with what the session knows
    ("session", "output"),   // the list of rejects is written as safely as a report
    ("report", "output"),    // an interval is words in a cell
];

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|e| e == "rs") {
            found.push(path);
        }
    }
}

#[test]
fn data_walks_in_one_direction() {
    let src = root().join("src");
    let mut files = Vec::new();
    sources(&src, &mut files);
    let level: BTreeMap<&str, usize> =
        WALK.iter().enumerate().flat_map(|(i, rooms)| rooms.iter().map(move |r| (*r, i))).collect();
    let mut wrong = Vec::new();
    let mut arrows = 0;
    for file in files {
        let inside = file.strip_prefix(&src).unwrap();
        let room =
            inside.components().next().unwrap().as_os_str().to_str().unwrap().trim_end_matches(".rs").to_string();
        if room == "lib" || room == "main" {
            continue;
        }
        let from = *level.get(room.as_str()).unwrap_or_else(|| panic!("room {room} has no place in the walk"));
        let text = std::fs::read_to_string(&file).unwrap();
        let code = text.split("#[cfg(test)]").next().unwrap();
        for line in code.lines().filter(|l| !l.trim_start().starts_with("//")) {
            for part in line.split("crate::").skip(1) {
                let used: String = part.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
                let Some(to) = level.get(used.as_str()) else { continue };
                arrows += 1;
                let allowed =
                    EXCEPTIONS.contains(&(room.as_str(), used.as_str())) || (room == "session" && used == "cli");
                if *to > from && !allowed && !(room == "report" && used == "cli") {
                    wrong.push(format!("{}: {room} uses {used}", inside.display()));
                }
            }
        }
    }
    assert!(arrows > 100, "only {arrows} arrows seen: the test no longer reads the code");
    assert_eq!(wrong, Vec::<String>::new());
}

#[test]
fn there_is_no_network_client_in_the_program() {
    let tree = |package: &str| {
        let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".into());
        let output = Command::new(cargo)
            .args(["tree", "--locked", "--offline", "-e", "normal", "--prefix", "none", "-i", package])
            .current_dir(root())
            .output()
            .unwrap();
        String::from_utf8(output.stdout).unwrap()
    };
    assert!(tree("polars-core").contains("onefunnel"), "cargo tree does not work here, so the test would see nothing");
    for package in ["reqwest", "hyper", "h2", "rustls", "quinn", "object_store"] {
        assert_eq!(tree(package), "", "{package} is in the tree");
    }
}

#[test]
fn every_preset_has_a_fixture_that_it_reads() {
    let presets = root().join("src/ingest/presets");
    let mut ids: Vec<String> = std::fs::read_dir(presets)
        .unwrap()
        .map(|e| e.unwrap().path().file_stem().unwrap().to_str().unwrap().to_string())
        .collect();
    ids.sort();
    assert!(ids.len() >= 82, "{ids:?}");
    for id in ids {
        let fixture = format!("testdata/presets/{id}.csv");
        let contract = tempfile::Builder::new().suffix(".toml").tempfile().unwrap();
        // Fixtures name their own currencies, and some have dates that no value settles.
        let path = root().join(&fixture);
        let text = format!(
            "currency = \"USD\"\n[[source]]\npath = {:?}\n[[rate]]\ncurrency = \"EUR\"\nrate = 1.1\n[[rate]]\ncurrency = \"GBP\"\nrate = 1.3\n[[rate]]\ncurrency = \"AUD\"\nrate = 0.65\n",
            path.to_str().unwrap()
        );
        std::fs::write(contract.path(), text).unwrap();
        let preset = std::fs::read_to_string(root().join(format!("src/ingest/presets/{id}.toml"))).unwrap();
        let arguments = ["inspect", contract.path().to_str().unwrap(), "-f", "json"];
        if preset.lines().any(|line| line.starts_with("refused = ")) {
            let out = run(&arguments);
            assert_eq!(out.status.code(), Some(3), "{fixture}");
            assert!(String::from_utf8_lossy(&out.stderr).contains("and cannot be used"), "{fixture}");
            continue;
        }
        let out = stdout(&arguments);
        let json: serde_json::Value = serde_json::from_str(&out).unwrap();
        let input = &json["inputs"][0];
        assert_eq!(input["preset"], id.as_str(), "{fixture}");
        let aside: u64 = input["set_aside"].as_array().unwrap().iter().map(|r| r["rows"].as_u64().unwrap()).sum();
        let (read, used) = (input["rows_read"].as_u64().unwrap(), input["rows_used"].as_u64().unwrap());
        assert_eq!(read, used + aside, "{fixture}");
        assert!(read > 0 && (used > 0 || input["table"].is_null()), "{fixture}: {input}");
    }
}

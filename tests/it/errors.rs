//! The error catalogue: every message that a user can mend, word by word, with its exit code.
//!
//! In: `testdata/errors/<name>/`, each a folder with broken input and a `case.toml`. A case runs in a copy of its folder,
//! which it must leave as it was. A new case needs no code. `case.toml` says
//!
//! ```toml
//! args = ["scorecard", "spend.csv"]
//! code = 3
//! stderr = """
//! error: spend.csv: …
//! """
//! ```
//!
//! and, where a message is another library's own, `names = ["…"]` instead of `stderr`: what it must name.

use std::collections::BTreeMap;
use std::path::Path;

use crate::common::{command, root};

/// What must be said.
#[derive(Debug, PartialEq)]
enum Said {
    /// Exactly this.
    Text(String),
    /// At least these.
    Names(Vec<String>),
}

#[derive(Debug, PartialEq)]
struct Case {
    args: Vec<String>,
    code: i32,
    said: Said,
}

/// Reads the part of TOML that a case needs: lists of strings and a number on one line, and one text without escapes.
fn case(toml: &str) -> Result<Case, String> {
    let (mut args, mut code, mut said) = (None, None, None);
    let mut rest = toml;
    while !rest.is_empty() {
        let (line, after) = rest.split_once('\n').unwrap_or((rest, ""));
        rest = after;
        if line.trim().is_empty() || line.starts_with('#') {
            continue;
        }
        let strings = |value: &str| serde_json::from_str::<Vec<String>>(value).map_err(|e| format!("{line}: {e}"));
        match line.split_once(" = ") {
            Some(("args", value)) => args = Some(strings(value)?),
            Some(("code", value)) => code = Some(value.parse().map_err(|_| format!("{line}: not a number"))?),
            Some(("names", value)) if said.is_none() => {
                let names = strings(value)?;
                if names.is_empty() || names.iter().any(|n| n.trim().is_empty()) {
                    return Err("names must name something".into());
                }
                said = Some(Said::Names(names));
            }
            Some(("stderr", "\"\"\"")) if said.is_none() => {
                let (text, after) = rest.split_once("\"\"\"\n").ok_or("stderr does not end in a line of \"\"\"")?;
                if text.trim().is_empty() {
                    return Err("stderr is empty, and a broken input is answered".into());
                }
                if text.contains('\\') {
                    return Err("stderr has a backslash, which TOML reads as an escape".into());
                }
                said = Some(Said::Text(text.to_owned()));
                rest = after;
            }
            _ => return Err(format!("not understood: {line}")),
        }
    }
    match (args, code, said) {
        (Some(args), Some(code), Some(said)) => Ok(Case { args, code, said }),
        _ => Err("args, code, and stderr or names must all be there".into()),
    }
}

/// Every file below a folder, with its bytes.
fn files(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut open = vec![folder.to_path_buf()];
    while let Some(inside) = open.pop() {
        for entry in std::fs::read_dir(&inside).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                open.push(path);
            } else {
                let name = path.strip_prefix(folder).unwrap().to_string_lossy().into_owned();
                found.insert(name, std::fs::read(&path).unwrap());
            }
        }
    }
    found
}

/// The lines that differ: `-` is expected, `+` was printed.
fn difference(expected: &str, printed: &str) -> String {
    let (old, new): (Vec<&str>, Vec<&str>) = (expected.lines().collect(), printed.lines().collect());
    let start = old.iter().zip(&new).take_while(|(a, b)| a == b).count();
    let end = old[start..].iter().rev().zip(new[start..].iter().rev()).take_while(|(a, b)| a == b).count();
    let part =
        |sign: char, lines: &[&str]| lines.iter().fold(String::new(), |all, line| all + &format!("  {sign} {line}\n"));
    let text = part('-', &old[start..old.len() - end]) + &part('+', &new[start..new.len() - end]);
    if text.is_empty() { format!("  line ends: - {expected:?} + {printed:?}\n") } else { text }
}

/// What is wrong with one case; empty when nothing is.
fn run(folder: &Path) -> String {
    let before = files(folder);
    let case = match case(&String::from_utf8_lossy(&before["case.toml"]).replace("\r\n", "\n")) {
        Ok(case) => case,
        Err(problem) => return format!("  case.toml: {problem}\n"),
    };
    let copy = tempfile::tempdir().unwrap();
    for (name, bytes) in &before {
        let path = copy.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, bytes).unwrap();
    }
    let args: Vec<&str> = case.args.iter().map(String::as_str).collect();
    let output = command(&args).current_dir(copy.path()).output().unwrap();
    let stderr = String::from_utf8_lossy(&output.stderr);
    let mut wrong = String::new();
    if output.status.code() != Some(case.code) {
        wrong += &format!("  exit code {:?} instead of {}\n", output.status.code(), case.code);
    }
    match &case.said {
        Said::Text(text) if *text != stderr => wrong += &difference(text, &stderr),
        Said::Names(names) => {
            for name in names.iter().filter(|n| !stderr.contains(n.as_str())) {
                wrong += &format!("  does not name {name:?}: {}\n", stderr.trim_end());
            }
        }
        Said::Text(_) => {}
    }
    // What only a programmer would understand.
    for leak in ["panicked", "RUST_BACKTRACE", "__", "Some(", "Missing(", "Err(", "/src/"] {
        if stderr.contains(leak) {
            wrong += &format!("  speaks of its own inside, {leak:?}: {}\n", stderr.trim_end());
        }
    }
    if !output.stdout.is_empty() {
        wrong += &format!("  {} bytes on stdout\n", output.stdout.len());
    }
    let after = files(copy.path());
    for name in before.keys().chain(after.keys()).filter(|n| before.get(*n) != after.get(*n)) {
        wrong += &format!("  {name} was made, changed or removed\n");
    }
    wrong
}

#[test]
fn every_broken_input_is_answered_word_by_word() {
    let folder = root().join("testdata/errors");
    let mut names: Vec<_> = std::fs::read_dir(&folder).unwrap().map(|e| e.unwrap().path()).collect();
    names.retain(|path| path.is_dir());
    names.sort();
    assert!(names.len() >= 100, "only {} cases in {}", names.len(), folder.display());
    let mut wrong = String::new();
    let mut count = 0;
    for path in &names {
        let problem = run(path);
        if !problem.is_empty() {
            count += 1;
            wrong += &format!("{}\n{problem}", path.file_name().unwrap().to_string_lossy());
        }
    }
    assert!(wrong.is_empty(), "{count} of {} cases differ (- expected, + printed):\n{wrong}", names.len());
}

#[test]
fn a_case_that_checks_nothing_is_refused() {
    let good = "args = [\"a\"]\ncode = 2\nstderr = \"\"\"\nerror: x\n\"\"\"\n";
    let said = Said::Text("error: x\n".into());
    assert_eq!(case(good), Ok(Case { args: vec!["a".into()], code: 2, said }));
    let named = "# why\n\nargs = []\ncode = 3\nnames = [\"x\", \"y\"]\n";
    let said = Said::Names(vec!["x".into(), "y".into()]);
    assert_eq!(case(named), Ok(Case { args: Vec::new(), code: 3, said }));
    for bad in [
        "args = [\"a\"]\ncode = 2\n",
        "args = [\"a\"]\nstderr = \"\"\"\n\"\"\"\n",
        "code = 2\nnames = [\"x\"]\n",
        "args = [\"a\"]\ncode = two\nnames = [\"x\"]\n",
        "args = [\"a\"]\ncode = 2\nstderr = \"\"\"\nnever closed\n",
        "args = [\"a\"]\ncode = 2\nstdout = \"x\"\nnames = [\"x\"]\n",
        "args = []\ncode = 2\nnames = []\n",
        "args = []\ncode = 2\nnames = [\" \"]\n",
        "args = []\ncode = 2\nstderr = \"\"\"\n\"\"\"\n",
        "args = [\"a\"]\ncode = 2\nstderr = \"\"\"\na\\b\n\"\"\"\n",
    ] {
        assert!(case(bad).is_err(), "{bad}");
    }
    assert_eq!(difference("a\nb\nc\n", "a\nx\nc\n"), "  - b\n  + x\n");
}

//! The README is executed: every `console` block runs, and prints what the README says it prints.
//!
//! `cargo run --release --locked --` stands for the program itself. A block runs in a folder with a copy of `examples`.

use std::path::Path;
use std::process::Command;

use crate::common::{bin, root};

struct Step {
    line: usize,
    command: String,
    expected: String,
}

fn steps(readme: &str) -> Vec<Vec<Step>> {
    let mut blocks = Vec::new();
    let mut block: Option<Vec<Step>> = None;
    for (number, line) in readme.lines().enumerate() {
        match (&mut block, line) {
            (None, "```console") => block = Some(Vec::new()),
            (Some(_), "```") => blocks.extend(block.take()),
            (Some(steps), line) => {
                if let Some(command) = line.strip_prefix("$ ") {
                    steps.push(Step { line: number + 1, command: command.into(), expected: String::new() });
                } else if let Some(step) = steps.last_mut() {
                    step.expected.push_str(line);
                    step.expected.push('\n');
                }
            }
            (None, _) => {}
        }
    }
    blocks
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let target = to.join(path.file_name().unwrap());
        if path.is_dir() {
            copy(&path, &target);
        } else {
            std::fs::copy(&path, &target).unwrap();
        }
    }
}

#[test]
fn every_console_block_of_the_readme_runs_as_written() {
    let readme = std::fs::read_to_string(root().join("README.md")).unwrap();
    let blocks = steps(&readme);
    let count: usize = blocks.iter().map(Vec::len).sum();
    assert!(count >= 8, "only {count} commands found in the README");
    let folder = tempfile::tempdir().unwrap();
    copy(&root().join("examples/acme"), &folder.path().join("examples/acme"));
    let program = Path::new(bin());
    let path = format!("{}:{}", program.parent().unwrap().display(), std::env::var("PATH").unwrap_or_default());
    let mut wrong = String::new();
    for step in blocks.iter().flatten() {
        let command = step.command.replace("cargo run --release --locked -- ", "onefunnel ");
        let output = Command::new("sh")
            .args(["-c", &format!("{command} 2>&1")])
            .current_dir(folder.path())
            .env("PATH", &path)
            .env_remove("NO_COLOR")
            .env_remove("ONEFUNNEL_CONTRACT")
            .output()
            .unwrap();
        let printed = String::from_utf8_lossy(&output.stdout);
        if printed.trim_end() != step.expected.trim_end() {
            wrong.push_str(&format!("README.md:{}: $ {}\n{printed}\n", step.line, step.command));
        }
    }
    assert!(wrong.is_empty(), "these print something else than the README says; this is what they print:\n{wrong}");
}

#[test]
fn the_table_of_metrics_in_the_readme_is_that_of_the_program() {
    let readme = std::fs::read_to_string(root().join("README.md")).unwrap();
    let (from, to) = ("<!-- metrics -->\n", "<!-- /metrics -->");
    let start = readme.find(from).expect("the README marks its table of metrics") + from.len();
    let written = &readme[start..start + readme[start..].find(to).unwrap()];
    let csv = crate::common::stdout(&["metrics", "-f", "csv"]);
    let mut reader = csv::Reader::from_reader(csv.as_bytes());
    let mut table = String::from("| metric | unit | formula |\n|---|---|---|\n");
    for record in reader.records() {
        let record = record.unwrap();
        table.push_str(&format!("| `{}` | {} | `{}` |\n", &record[0], &record[4], &record[7]));
    }
    assert_eq!(written, table, "the README's table is out of date; this is the right one:\n{table}");
}

//! `init`: looks at exports and writes a commented contract that runs.
//!
//! In: files and folders. Out: `onefunnel.toml`, with a source per file, the stages for which there is evidence, and what
//! the exports say about statuses, currencies and teams as comments. What cannot be known is not guessed: it stands there as a
//! comment, and is named on stderr.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::{Component, Path, PathBuf};

use anyhow::Result;

use crate::Env;
use crate::cli::InitArgs;
use crate::contract::Contract;
use crate::identity;
use crate::ingest::{self, FileFacts, Given, Loaded, Unreadable};
use crate::issue::{Issue, Issues, Place};
use crate::journey::{self, Journeys};
use crate::output::Target;
use crate::tables::{Kind, NONE, Tables};
use crate::time::{Zone, day_of};

/// Writes the contract.
///
/// # Errors
/// A contract that is there already, files that are not, an output that cannot be written.
pub fn run(args: &InitArgs, env: &mut Env<'_>) -> Result<()> {
    let to_stdout = args.output == Path::new("-");
    let shown = args.output.display().to_string();
    if !to_stdout && args.output.exists() && !args.force {
        return Err(Issue::usage(Place::file(&shown), "is there already")
            .hint("write to another file with -o, print it with `-o -`, or replace it with --force")
            .into());
    }
    let target = if to_stdout { None } else { Some(Target::check(&args.output)?) };
    let mut given = Given::default();
    for path in &args.files {
        if path.is_dir() { given.folders.push(path.clone()) } else { given.files.push(path.clone()) }
    }
    let home = Zone::utc();
    let today = env.now.in_tz("UTC")?.date();
    let missing =
        args.files.iter().filter(|path| !path.exists()).map(|path| ingest::no_such_file(path, &path.to_string_lossy()));
    Issues(missing.collect()).into_result()?;
    if !to_stdout {
        let builtin = Contract::builtin();
        let inputs = ingest::find(&builtin, &given)?;
        crate::session::not_an_input(&args.output, inputs.iter().map(|f| f.path.as_path()))?;
    }
    let (loaded, problems) = ingest::look(&given, &home, day_of(today))?;
    let folder = args.output.parent().filter(|p| !to_stdout && !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let (text, open) = write_contract(&loaded, &problems, folder, &home, day_of(today));
    // The promise is a contract that can be read: held here, not only in tests.
    Contract::parse(&text, &shown, folder.to_path_buf())?;
    match target {
        None => {
            env.stdout.write_all(text.as_bytes())?;
            env.stdout.flush()?;
        }
        Some(target) => target.replace(|out| Ok(out.write_all(text.as_bytes())?))?,
    }
    if !args.quiet {
        let used = loaded.files.iter().filter(|f| f.input.table.is_some()).count();
        let total = loaded.files.len() + problems.len();
        let written = if to_stdout { String::new() } else { format!("; contract written to {shown}") };
        env.remark("info", &format!("{used} of {total} files recognised{written}"));
        for one in &open {
            env.remark("info", &format!("to do: {one}"));
        }
        if !to_stdout {
            let next = if used > 0 {
                format!("onefunnel scorecard {shown}")
            } else {
                format!("describe at least one file in {shown}")
            };
            env.remark("info", &format!("next: {next}"));
        }
    }
    Ok(())
}

/// The contract's text, and what its reader still has to settle.
fn write_contract(
    loaded: &Loaded,
    problems: &[Unreadable],
    folder: &Path,
    home: &Zone,
    as_of: i32,
) -> (String, Vec<String>) {
    let mut text = String::new();
    let mut open = Vec::new();
    let tables = &loaded.tables;
    let currencies =
        counted(tables, &[(Kind::Deals, "currency"), (Kind::Spend, "currency"), (Kind::Revenue, "currency")]);
    let most = currencies
        .iter()
        .max_by_key(|(code, n)| (*n, std::cmp::Reverse((*code).clone())))
        .map(|(code, _)| code.clone());
    let currency = most.filter(|c| ingest::cell::minor_exponent(c).is_some()).unwrap_or_else(|| "USD".into());
    let _ = write!(
        text,
        "# What marketing and sales agree on. Its hash is printed with every number.\n\
         # Written by `onefunnel init` from what the exports say: read it, and change what is not so in your company.\n\n\
         # name = \"Your company\"\n\
         currency = \"{currency}\"          # reporting currency; amounts in another one need a [[rate]]\n\
         timezone = \"UTC\"          # the zone in which your days begin, such as \"America/New_York\"\n\
         fiscal_year_start = \"01-01\" # month and day\n\
         # as_of = \"2026-06-30\"     # the day the exports were taken; without it, today\n\n"
    );
    text.push_str("# --- Sources: each file is recognised by its header -------------------------------------------------------\n\n");
    for (index, file) in loaded.files.iter().enumerate() {
        let foreign: Vec<String> = currencies_of(tables, index).into_iter().filter(|code| *code != currency).collect();
        source(&mut text, &mut open, file, folder, &foreign);
    }
    for (path, issues) in problems {
        let _ = writeln!(text, "# This file cannot be read as it is:");
        for issue in issues.iter().take(3) {
            let _ = writeln!(text, "#   {}", issue.to_string().replace('\n', "\n#   "));
        }
        let _ = writeln!(text, "# [[source]]\n# path = {}\n", quoted(&relative(path, folder)));
        open.push(format!("{path}: {}", issues.first().map(|i| i.what.clone()).unwrap_or_default()));
    }
    let others: Vec<&String> = currencies.keys().filter(|c| **c != currency).collect();
    if !others.is_empty() {
        text.push_str("# --- Rates: amounts in two currencies are never added up ----------------------------------------------\n\n");
        for other in others {
            let _ = write!(
                text,
                "# [[rate]]\n# currency = \"{other}\"\n# rate = ?            # {currency} for 1 {other}; the exports have {} amounts in it\n\n",
                currencies.get(other).copied().unwrap_or(0)
            );
        }
    }
    stages(&mut text, &mut open, loaded, home, as_of);
    teams(&mut text, tables);
    (text, open)
}

/// The currencies that one file's amounts name.
fn currencies_of(tables: &Tables, file: usize) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for kind in Kind::ALL {
        let table = tables.get(kind);
        for (code, origin) in table.codes("currency").iter().zip(&table.origin) {
            if origin.file() as usize == file {
                found.extend(tables.names.text(*code).map(str::to_ascii_uppercase));
            }
        }
    }
    found
}

fn source(text: &mut String, open: &mut Vec<String>, file: &FileFacts, folder: &Path, foreign: &[String]) {
    let path = quoted(&relative(&file.input.path, folder));
    let rows = file.input.rows_read;
    match (&file.input.preset, &file.input.table) {
        (Some(preset), Some(table)) if !foreign.is_empty() => {
            let _ = writeln!(
                text,
                "# {preset}: {rows} rows for {table}, some of them in {}. Fill in the [[rate]] below, then take this in:\n\
                 # [[source]]\n# path = {path}\n",
                foreign.join(", ")
            );
            open.push(format!(
                "{} is left out, and figures lack it: fill in the [[rate]] of {} and take in its [[source]] (remove the #)",
                file.input.path,
                foreign.join(", ")
            ));
        }
        (Some(preset), Some(table)) => {
            let _ = writeln!(text, "[[source]]                   # {preset}: {rows} rows for {table}\npath = {path}\n");
        }
        (Some(preset), None) => {
            let _ = writeln!(text, "# {path} is {preset}: known, and not needed\n");
        }
        _ => {
            let columns: Vec<String> = file.unmapped.iter().map(|c| c.replace('\n', " ")).collect();
            let _ = writeln!(
                text,
                "# No preset knows this file ({rows} rows). Say which table it is, and which of its columns is what:\n\
                 # [[source]]\n# path = {path}\n# table = \"people\"          # or deals, accounts, touches, spend, headcount, revenue\n\
                 # columns = {{ person_id = \"…\", created_at = \"…\" }}\n# its columns: {}\n",
                columns.join(" | ")
            );
            open.push(format!("{}: no preset knows it; describe it in the contract if it is needed", file.input.path));
        }
    }
}

fn stages(text: &mut String, open: &mut Vec<String>, loaded: &Loaded, home: &Zone, as_of: i32) {
    let tables = &loaded.tables;
    let contract = Contract::builtin();
    let who = identity::link(tables, &loaded.merged);
    let reached: Vec<usize> = match journey::build(tables, &who, &contract, home, as_of) {
        Ok(journeys) => recorded(&journeys),
        Err(_) => vec![1; contract.stages.len()],
    };
    text.push_str(
        "# --- Stages, in order: each with its owner and its evidence; the earliest evidence dates it ---------\n\n",
    );
    let seen = [
        ("Statuses of people", counted(tables, &[(Kind::People, "status"), (Kind::People, "lifecycle_stage")])),
        ("Statuses in their history", counted_changes(tables, "person_id")),
        ("Stages of deals", counted(tables, &[(Kind::Deals, "stage")])),
    ];
    for (what, values) in &seen {
        if !values.is_empty() {
            let list: Vec<String> = ranked(values).into_iter().take(12).map(|(v, n)| format!("{v} ({n})")).collect();
            let _ = writeln!(text, "# {what}: {}", list.join(", "));
        }
    }
    text.push('\n');
    for (block, (stage, n)) in stage_blocks().into_iter().zip(contract.stages.iter().zip(&reached)) {
        if *n > 0 {
            let _ = writeln!(text, "{block}\n");
        } else {
            let commented: String = block.lines().fold(String::new(), |all, line| all + "# " + line + "\n");
            let _ = writeln!(text, "# No export shows this stage; say what does, if you have it:\n{commented}");
            if loaded.files.iter().any(|f| f.input.table.is_some()) {
                open.push(format!("stage `{}`: no export shows it, so it is commented out", stage.id.value));
            }
        }
    }
}

/// The stages of the built-in contract, as they are written there.
fn stage_blocks() -> Vec<String> {
    let text = crate::contract::DEFAULT;
    let end = text.find("\n[teams.").unwrap_or(text.len());
    text[..end]
        .split("\n[[stage]]\n")
        .skip(1)
        .map(|block| {
            let lines: Vec<&str> = block.trim_end().lines().filter(|l| !l.starts_with('#')).collect();
            format!("[[stage]]\n{}", lines.join("\n").trim_end())
        })
        .collect()
}

fn recorded(journeys: &Journeys) -> Vec<usize> {
    let has = |how| matches!(how, journey::How::Recorded | journey::How::Undated);
    journeys.stages.iter().map(|stage| stage.iter().filter(|r| has(r.how)).count()).collect()
}

fn teams(text: &mut String, tables: &Tables) {
    text.push_str(
        "# --- Teams: whose touch is whose, and which lead sources a team brings in ---------------------------\n\n",
    );
    let seen = [
        ("Kinds of touches", counted(tables, &[(Kind::Touches, "kind")])),
        ("Lead sources", counted(tables, &[(Kind::People, "lead_source"), (Kind::Deals, "lead_source")])),
        ("Departments of users", counted(tables, &[(Kind::Users, "department")])),
    ];
    for (what, values) in &seen {
        if !values.is_empty() {
            let list: Vec<String> = ranked(values).into_iter().take(12).map(|(v, n)| format!("{v} ({n})")).collect();
            let _ = writeln!(text, "# {what}: {}", list.join(", "));
        }
    }
    let teams = crate::contract::DEFAULT.find("\n[teams.").map_or("", |at| &crate::contract::DEFAULT[at..]);
    text.push_str(teams);
}

/// How often each text stands in some columns.
fn counted(tables: &Tables, columns: &[(Kind, &str)]) -> BTreeMap<String, u64> {
    let mut counts = BTreeMap::new();
    for (kind, name) in columns {
        for code in tables.get(*kind).codes(name).iter().filter(|c| **c != NONE) {
            if let Some(value) = tables.names.text(*code) {
                *counts.entry(value.replace(['\n', '\r'], " ")).or_default() += 1;
            }
        }
    }
    counts
}

fn counted_changes(tables: &Tables, subject: &str) -> BTreeMap<String, u64> {
    let changes = tables.get(Kind::StageChanges);
    let (who, new) = (changes.codes(subject), changes.codes("new"));
    let mut counts = BTreeMap::new();
    for row in (0..changes.len()).filter(|row| who[*row] != NONE) {
        if let Some(value) = tables.names.text(new[row]) {
            *counts.entry(value.replace(['\n', '\r'], " ")).or_default() += 1;
        }
    }
    counts
}

fn ranked(counts: &BTreeMap<String, u64>) -> Vec<(&str, u64)> {
    let mut list: Vec<(&str, u64)> = counts.iter().map(|(v, n)| (v.as_str(), *n)).collect();
    list.sort_by_key(|(value, n)| (std::cmp::Reverse(*n), *value));
    list
}

fn quoted(text: &str) -> String {
    toml::Value::String(text.to_string()).to_string()
}

/// A path as seen from a folder, with `/` between its parts; glob characters in it are escaped.
fn relative(path: &str, folder: &Path) -> String {
    let absolute = |p: &Path| p.canonicalize().unwrap_or_else(|_| p.to_path_buf());
    let (path, folder) = (absolute(Path::new(path)), absolute(folder));
    let (from, to): (Vec<Component<'_>>, Vec<Component<'_>>) =
        (folder.components().collect(), path.components().collect());
    let same = from.iter().zip(&to).take_while(|(a, b)| a == b).count();
    let up = from.len() - same;
    // Far away, an absolute path says more than a ladder of dots.
    let shown: PathBuf = if up > 2 {
        path.clone()
    } else {
        std::iter::repeat_n(Component::ParentDir, up).chain(to[same..].iter().copied()).collect()
    };
    glob::Pattern::escape(&shown.to_string_lossy())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_built_in_stages_are_found_as_written() {
        let blocks = stage_blocks();
        assert_eq!(blocks.len(), Contract::builtin().stages.len());
        assert!(blocks[0].starts_with("[[stage]]\nid = \"lead\""), "{}", blocks[0]);
        let again = Contract::parse(&blocks.join("\n"), "x", ".".into()).unwrap();
        assert_eq!(again.stages.len(), blocks.len());
    }
}

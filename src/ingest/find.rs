//! Which files to read: the contract's sources, or what was named on the command line.
//!
//! In: the contract and the command line's inputs. Out: a list of [`Found`] files in a fixed order, each with the source
//! it belongs to.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use crate::contract::{Contract, Source};
use crate::issue::{Issue, Issues, Place};

/// One file to read.
#[derive(Debug, Clone)]
pub struct Found<'c> {
    /// Where it is.
    pub path: PathBuf,
    /// As the user or the contract named it.
    pub shown: String,
    /// The contract's source, when one names it.
    pub source: Option<&'c Source>,
    /// A file that was only seen in a folder may be unrecognised; one that was named may not.
    pub named: bool,
}

impl Found<'_> {
    /// Standard input, written `-`.
    pub fn is_stdin(&self) -> bool {
        is_stdin(&self.path)
    }
}

/// `-`, as standard input is written.
pub fn is_stdin(path: &Path) -> bool {
    path.as_os_str() == "-"
}

/// What was given on the command line besides a contract.
#[derive(Debug, Clone, Default)]
pub struct Given {
    /// The preset that reads these files, whatever their headers say.
    pub preset: Option<String>,
    /// Files named one by one.
    pub files: Vec<PathBuf>,
    /// Files that this run writes: where they lie in a folder that is read they are no exports.
    pub outputs: Vec<PathBuf>,
    /// Folders without a contract: every export in them is read.
    pub folders: Vec<PathBuf>,
}

const TEXTS: [&str; 3] = ["csv", "tsv", "txt"];

/// By the ending: a text, a workbook, an archive, or one of them packed (`Leads.csv.gz`).
fn looks_like_export(path: &Path) -> bool {
    let ending = |path: &Path| path.extension().and_then(|e| e.to_str()).map(str::to_ascii_lowercase);
    match ending(path).as_deref() {
        Some("zip" | "xlsx") => true,
        Some("gz" | "zst") => {
            let inner = ending(Path::new(path.file_stem().unwrap_or_default()));
            inner.is_none_or(|e| TEXTS.contains(&e.as_str()) || e == "xlsx")
        }
        Some(ending) => TEXTS.contains(&ending),
        None => false,
    }
}

/// Paths that a quoted pattern stands for, sorted; any other path as it is.
///
/// # Errors
/// A pattern that matches nothing.
pub fn expand(path: &Path) -> Result<Vec<PathBuf>, Issue> {
    let written = shown(path);
    if path.exists() || !written.contains(['*', '?', '[']) {
        return Ok(vec![path.to_path_buf()]);
    }
    let place = || Place::file(&written);
    let paths = glob::glob(&written).map_err(|error| {
        Issue::usage(place(), format!("is no path pattern: {}", error.msg)).hint("patterns know *, ?, [abc] and **")
    })?;
    let mut found: Vec<PathBuf> = paths.flatten().collect();
    found.sort();
    if found.is_empty() {
        return Err(Issue::usage(place(), "no file matches this pattern").hint("name the files, or a folder"));
    }
    Ok(found)
}

fn shown(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}

/// The files to read, sorted by path within each source.
///
/// # Errors
/// Every source that matches nothing, every file that two sources claim, every path that is not there.
pub fn find<'c>(contract: &'c Contract, given: &Given) -> Result<Vec<Found<'c>>, Issues> {
    let mut issues = Vec::new();
    let mut of_contract: Vec<Found<'c>> = Vec::new();
    let mut real: BTreeMap<PathBuf, usize> = BTreeMap::new();
    for source in &contract.sources {
        for path in matches(contract, source, &mut issues) {
            let at = *real.entry(path.canonicalize().unwrap_or_else(|_| path.clone())).or_insert(of_contract.len());
            if let Some(first) = of_contract.get(at) {
                let line = first.source.and_then(|s| s.path.place.line).unwrap_or(0);
                issues.push(
                    Issue::usage(
                        source.path.place.clone(),
                        format!("`{}` is already read by the source on line {line}", shown(&path)),
                    )
                    .hint("make the two paths exclude each other: a file is read once"),
                );
                continue;
            }
            let name = path.strip_prefix(&contract.root).unwrap_or(&path);
            of_contract.push(Found { shown: shown(name), path, source: Some(source), named: true });
        }
    }
    if given.files.is_empty() && given.folders.is_empty() {
        return if issues.is_empty() { Ok(of_contract) } else { Err(Issues(issues)) };
    }
    // Files named on the command line are read instead of the contract's; its settings still apply to those it knows.
    issues.clear();
    let mut found: Vec<Found<'c>> = Vec::new();
    let mut add = |path: PathBuf, named: bool| {
        // A path that is not there is the same as no other: each is reported when it is read.
        let real = path.canonicalize().ok();
        let same = |f: &&Found<'_>| real.is_some() && f.path.canonicalize().ok() == real;
        let known = of_contract.iter().find(same);
        let written_to = !named && given.outputs.iter().any(|o| real.is_some() && o.canonicalize().ok() == real);
        let twice = is_stdin(&path) && found.iter().any(Found::is_stdin);
        if found.iter().find(same).is_none() && !twice && !written_to {
            found.push(Found { shown: shown(&path), path, source: known.and_then(|f| f.source), named });
        }
    };
    for path in &given.files {
        add(path.clone(), true);
    }
    for folder in &given.folders {
        let mut inside = Vec::new();
        if let Err(error) = walk(folder, 0, &mut inside) {
            issues.push(Issue::usage(Place::file(shown(folder)), format!("cannot list the folder: {error}")));
        }
        inside.sort();
        if inside.is_empty() {
            issues.push(Issue::usage(Place::file(shown(folder)), "no contract and no export in this folder").hint(
                "put onefunnel.toml or exports there (.csv, .tsv, .txt, .xlsx, .zip, .gz, .zst), or name the files",
            ));
        }
        for path in inside {
            add(path, false);
        }
    }
    if issues.is_empty() { Ok(found) } else { Err(Issues(issues)) }
}

fn walk(folder: &Path, depth: usize, found: &mut Vec<PathBuf>) -> std::io::Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        let hidden = path.file_name().and_then(|n| n.to_str()).is_some_and(|n| n.starts_with('.'));
        if hidden {
            continue;
        }
        // Symbolic links to folders are not followed: they may lead in a circle.
        if path.is_dir() {
            if depth < 8 && !path.is_symlink() {
                walk(&path, depth + 1, found)?;
            }
        } else if looks_like_export(&path) && (path.is_file() || path.is_symlink()) {
            // A link that leads nowhere is said when it is opened; a pipe or a device in a folder is no export.
            found.push(path);
        }
    }
    Ok(())
}

fn matches(contract: &Contract, source: &Source, issues: &mut Vec<Issue>) -> Vec<PathBuf> {
    let written = &source.path.value;
    // The folder is taken literally; only what the contract wrote is a pattern.
    let root = glob::Pattern::escape(&contract.root.to_string_lossy());
    let pattern = if Path::new(written).is_absolute() || root.is_empty() {
        written.clone()
    } else {
        format!("{}/{written}", root.trim_end_matches('/'))
    };
    let paths = match glob::glob(&pattern) {
        Ok(paths) => paths,
        Err(error) => {
            issues.push(
                Issue::usage(source.path.place.clone(), format!("`{written}` is not a path pattern: {}", error.msg))
                    .hint("patterns know *, ?, [abc] and **"),
            );
            return Vec::new();
        }
    };
    let mut found: Vec<PathBuf> = Vec::new();
    let stopped = issues.len();
    for path in paths.flatten().filter(|path| !path.is_dir()) {
        if path.is_file() {
            found.push(path);
            continue;
        }
        // Links to folders that lead in a circle make names that are too long to follow: those of files that are there.
        let folder = path.parent().map(|folder| if folder.as_os_str().is_empty() { Path::new(".") } else { folder });
        let folder = folder.and_then(|folder| folder.canonicalize().ok());
        let real = folder.zip(path.file_name()).map(|(folder, name)| folder.join(name));
        if real.is_none_or(|real| real.is_file() || real.is_dir()) {
            continue;
        }
        let kind = if path.is_symlink() { "a symbolic link that leads nowhere" } else { "no regular file" };
        let name = path.strip_prefix(&contract.root).unwrap_or(&path);
        let what = format!("`{written}` matches `{}`, which is {kind}", shown(name));
        issues
            .push(Issue::usage(source.path.place.clone(), what).hint("take it away, or name the files that are meant"));
    }
    once(&mut found);
    if found.is_empty() && !source.optional && issues.len() == stopped {
        let folder = contract.root.join(written);
        let folder = folder.parent().unwrap_or(&contract.root);
        let mut issue = Issue::usage(source.path.place.clone(), format!("no file matches `{written}`"));
        issue = if folder.is_dir() || written.contains('*') {
            let names = near_files(folder);
            let wanted = Path::new(written).file_name().and_then(|n| n.to_str()).unwrap_or(written);
            match crate::issue::nearest(wanted, names.iter().map(String::as_str)) {
                Some(near) => {
                    issue.hint(format!("did you mean `{near}`? (`optional = true` allows a source without files)"))
                }
                None => issue.hint(
                    "paths are relative to the contract's folder; `optional = true` allows a source without files",
                ),
            }
        } else {
            issue.hint(format!("there is no folder `{}`", shown(folder)))
        };
        issues.push(issue);
    }
    found
}

/// Sorts, and keeps each file once: links to folders that lead in a circle give it many names, of which the shortest stays.
fn once(found: &mut Vec<PathBuf>) {
    found.sort_by_cached_key(|path| (path.components().count(), path.clone()));
    let mut seen = BTreeSet::new();
    found.retain(|path| path.canonicalize().map_or(true, |real| seen.insert(real)));
    found.sort();
}

fn near_files(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> = std::fs::read_dir(folder)
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|e| e.file_name().into_string().ok())
        .collect();
    names.sort();
    names
}

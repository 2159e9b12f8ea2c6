//! All files → the canonical tables.
//!
//! In: every file's typed columns. Out: [`Loaded`]. Here files meet: one dictionary, one row per id, merged records
//! under the id that survived, nothing after as-of. Every row that falls out is counted against its file.

use std::collections::{BTreeMap, HashMap};
use std::time::Instant;

use anyhow::{Result, bail};

use super::aside::{
    one_export_per_spend, one_row_per_id, one_row_per_touch, one_system_per_id, set_aside_later, set_aside_planned,
    unite_merged,
};
use super::derive::{derive_outcome, derive_user_names, fold_ledger_words, name_stages};
use super::file::{Content, FileRead};
use super::fill::{fill, stage_columns};
use super::lines::content;
use super::walk::Span;
use super::{FileFacts, Loaded};
use crate::issue::Issues;
use crate::tables::{Kind, Names, Tables};
use crate::time::Zone;

/// The dictionaries that files were read with, and what each block added to them, in the order of reading.
#[derive(Default)]
pub struct Words {
    pub names: Vec<Names>,
    pub spans: Vec<Span>,
}

/// Puts the files together; see the module's note. `words` are the dictionaries of the files' codes, `as_of` is a day
/// since 1970. With `list`, rows that are set aside here are kept in [`Loaded::dropped`].
///
/// # Errors
/// [`Issues`] for a column that two sources give different types; otherwise an account that does not balance: a defect.
pub fn merge(files: Vec<FileRead>, words: Words, home: &Zone, as_of: i32, list: bool) -> Result<Loaded> {
    let began = Instant::now();
    let mut tables = Tables::default();
    let mut facts: Vec<FileFacts> = Vec::with_capacity(files.len());
    let mut contents: Vec<(u32, Content)> = Vec::new();
    let mut rejects = Vec::new();
    let mut seen: HashMap<(String, Option<String>), String> = HashMap::new();
    // Codes are given out in the order of files and blocks, so that they are the same in every run.
    let codes = tables.names.take_in(&words.names, &words.spans);
    let said = what_they_say(&files);
    for (file, said) in files.into_iter().zip(said) {
        let FileRead { facts: mut about, content, rejects: mut of_file } = file;
        rejects.append(&mut of_file);
        let index = u32::try_from(facts.len()).unwrap_or(u32::MAX);
        // The same bytes may be read twice, into different tables.
        let same = (said.unwrap_or_else(|| about.input.sha256.clone()), about.input.table.clone());
        if let Some(content) = content {
            if let Some(first) = seen.get(&same) {
                about.input.set_aside = vec![(format!("same content as {first}"), about.input.rows_read)];
            } else {
                seen.insert(same, about.input.path.clone());
                contents.push((index, content));
            }
        }
        facts.push(about);
    }
    drop(words);
    let mut issues = Vec::new();
    let mut dated = Vec::new();
    for kind in Kind::ALL {
        let (of_kind, others) = contents.into_iter().partition(|(_, content)| content.plan.kind == kind);
        contents = others;
        issues.extend(fill(&mut tables, kind, of_kind, &codes, &mut facts, &mut dated));
    }
    Issues(issues).into_result()?;
    for (plan, stages) in dated {
        stage_columns(&mut tables, &plan, &stages);
    }
    let mut loaded = Loaded {
        tables,
        files: facts,
        merged: Vec::new(),
        rejects,
        dropped: list.then(Vec::new),
        notes: Vec::new(),
        steps: vec![("put together", began.elapsed())],
    };
    let began = Instant::now();
    fold_ledger_words(&mut loaded.tables);
    one_system_per_id(&loaded)?;
    name_stages(&mut loaded.tables);
    derive_outcome(&mut loaded.tables);
    derive_user_names(&mut loaded.tables);
    set_aside_later(&mut loaded, home, as_of);
    set_aside_planned(&mut loaded);
    unite_merged(&mut loaded);
    one_row_per_id(&mut loaded);
    one_row_per_touch(&mut loaded);
    // They have told what they can tell, and take the most room.
    loaded.tables.get_mut(Kind::Touches).columns.shift_remove("touch_id");
    one_export_per_spend(&mut loaded, home);
    count_used(&mut loaded)?;
    loaded.tables.part_owner_changes();
    loaded.steps.push(("set aside", began.elapsed()));
    Ok(loaded)
}

/// The content of those files that may be copies of each other with other line ends, encoding or packing: as many rows for
/// the same columns. Only they are read a second time.
fn what_they_say(files: &[FileRead]) -> Vec<Option<String>> {
    let mut alike: BTreeMap<_, Vec<usize>> = BTreeMap::new();
    for (index, file) in files.iter().enumerate().filter(|(_, file)| file.content.is_some()) {
        let about = &file.facts;
        let key = (&about.input.table, &about.input.preset, about.input.rows_read, &about.mapped);
        alike.entry(key).or_default().push(index);
    }
    let mut said = vec![None; files.len()];
    let differ = |of: &[usize]| of.iter().any(|i| files[*i].facts.input.sha256 != files[of[0]].facts.input.sha256);
    for index in alike.into_values().filter(|of| of.len() > 1 && differ(of)).flatten() {
        said[index] = content(&files[index].facts);
    }
    said
}

/// Counts the rows that are left, and holds the account against what was read.
fn count_used(loaded: &mut Loaded) -> Result<()> {
    let mut used = vec![0_u64; loaded.files.len()];
    for kind in Kind::ALL {
        for origin in &loaded.tables.get(kind).origin {
            let file = origin.file() as usize;
            if loaded.files[file].input.table.as_deref() == Some(kind.id()) {
                used[file] += 1;
            }
        }
    }
    for (facts, used) in loaded.files.iter_mut().zip(used) {
        facts.input.rows_used = used;
        let aside: u64 = facts.input.set_aside.iter().map(|(_, n)| n).sum();
        if facts.input.rows_read != used + aside {
            bail!(
                "{}: {} rows read, but {used} used and {aside} set aside: this is a defect of onefunnel, please report it",
                facts.input.path,
                facts.input.rows_read
            );
        }
    }
    Ok(())
}

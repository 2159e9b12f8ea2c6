//! What A and B are, and how each is read.
//!
//! In: the command line. Out: two [`Side`]s, and B's exports once more under A's contract where the contracts differ.
//!
//! A and B are two exports of the same systems, or two days on which the same exports are seen. A folder with a contract is
//! read under its own, one without under the other's; `--contract` goes before both.

use std::path::{Path, PathBuf};

use anyhow::Result;
use jiff::civil::Date;

use crate::Env;
use crate::cli::{CompareArgs, InputArgs};
use crate::contract::Contract;
use crate::ingest::{self, Given};
use crate::issue::{Issue, Issues, Place};
use crate::session::{CONTRACT_FILE, Data, Session};
use crate::time::{date_of, day_of};

/// One of the two.
pub struct Side {
    /// What the user wrote: a path or a day.
    pub name: String,
    /// What it holds.
    pub data: Data,
    /// The last day of which it can know, since 1970: as-of where somebody said it, else the last day of anything in it.
    pub known: i32,
    /// As-of is the clock's.
    pub by_clock: bool,
}

/// Both, ready to be compared.
pub struct Sides {
    /// The earlier one.
    pub a: Side,
    /// The later one.
    pub b: Side,
    /// B's exports under A's contract, where the contracts differ.
    pub under: Option<Data>,
    /// A and B are days, and the exports are the same.
    pub days: bool,
    /// How the contracts were chosen, for the notes.
    pub notes: Vec<String>,
}

/// A side before it is read.
struct Opened {
    name: String,
    session: Session,
    by_clock: bool,
}

/// Both sides before they are read.
pub struct Pair {
    sides: [Opened; 2],
    days: bool,
    notes: Vec<String>,
}

const EITHER: &str = "compare two folders, or two days (2026-03-31 2026-06-30) and then what to read";

fn usage(place: &str, what: impl Into<String>, hint: &str) -> anyhow::Error {
    Issues::from(Issue::usage(Place::file(place), what).hint(hint)).into()
}

/// A day, unless there is a file or folder of that name.
fn as_day(text: &str) -> Option<Date> {
    if Path::new(text).exists() { None } else { text.parse().ok() }
}

/// The contract of a path: its own, or itself.
fn own(path: &Path) -> Option<PathBuf> {
    let inside = path.join(CONTRACT_FILE);
    if inside.is_file() {
        return Some(inside);
    }
    path.extension().is_some_and(|e| e == "toml").then(|| path.to_path_buf())
}

/// A path read under a contract that is not its own: the sources of the contract, as files of the folder, where any is
/// there; else every export in it.
fn under(path: &Path, contract: &Path, input: &InputArgs, env: &Env<'_>) -> Result<Session> {
    let has_own = path.is_dir() && path.join(CONTRACT_FILE).is_file();
    let inputs = if has_own { Vec::new() } else { vec![path.to_path_buf()] };
    let input = InputArgs { inputs, contract: Some(contract.to_path_buf()), ..input.clone() };
    let mut session = Session::open(&input, env)?;
    if path.is_dir() {
        let mut moved = Contract { root: path.to_path_buf(), ..session.contract.clone() };
        for source in &mut moved.sources {
            source.optional = true;
        }
        let any = ingest::find(&moved, &Given::default()).is_ok_and(|found| !found.is_empty());
        if any || has_own {
            session.contract.root = path.to_path_buf();
            session.given = Given::default();
        }
    }
    Ok(session)
}

/// Problems of A's contract with B's exports, which neither has alone.
fn of_both(error: anyhow::Error) -> anyhow::Error {
    match error.downcast::<Issues>() {
        Ok(mut issues) => {
            for issue in &mut issues.0 {
                issue.what += ", in B's exports under A's contract";
            }
            issues.into()
        }
        Err(error) => error,
    }
}

impl Pair {
    /// Finds out what A and B are, and opens both.
    ///
    /// # Errors
    /// A day beside a path, a day that is none, B before A, `--rejects`; whatever a session reports.
    pub fn open(args: &CompareArgs, env: &Env<'_>) -> Result<Self> {
        if args.input.rejects.is_some() {
            return Err(usage(
                "--rejects",
                "two sets of exports are read",
                "list them with `onefunnel inspect --rejects`",
            ));
        }
        let days = [&args.a, &args.b].map(|text| as_day(text));
        let pair = match days {
            [Some(_), Some(_)] => Self::of_days(args, env)?,
            [None, None] if args.input.inputs.is_empty() => Self::of_paths(args, env)?,
            [None, None] => {
                let more = args.input.inputs.first().map(|path| path.to_string_lossy().into_owned());
                let what = format!("`{}` and `{}` are not days", args.a, args.b);
                return Err(usage(&more.unwrap_or_default(), format!("is one too many: {what}"), EITHER));
            }
            [a, _] => {
                let (day, path) = if a.is_some() { (&args.a, &args.b) } else { (&args.b, &args.a) };
                return Err(usage("", format!("`{day}` is a day and `{path}` is not"), EITHER));
            }
        };
        let [a, b] = [&pair.sides[0].session, &pair.sides[1].session];
        if b.as_of < a.as_of {
            let what = format!("A is of {} and B of {}, which is earlier", a.as_of, b.as_of);
            return Err(usage("", what, "name the earlier one first"));
        }
        if a.contract.currency != b.contract.currency {
            let what = format!("its currency is {}, and that of A is {}", b.contract.currency, a.contract.currency);
            return Err(usage(&b.contract.source_name, what, "compare contracts of one reporting currency"));
        }
        Ok(pair)
    }

    fn of_days(args: &CompareArgs, env: &Env<'_>) -> Result<Self> {
        if args.input.as_of.is_some() {
            return Err(usage(
                "--as-of",
                "A and B are days and say it already",
                "leave out --as-of, and unset ONEFUNNEL_AS_OF",
            ));
        }
        let open = |text: &String| -> Result<Opened> {
            let input = InputArgs { as_of: Some(text.clone()), ..args.input.clone() };
            Ok(Opened { name: text.clone(), session: Session::open(&input, env)?, by_clock: false })
        };
        Ok(Self { sides: [open(&args.a)?, open(&args.b)?], days: true, notes: Vec::new() })
    }

    fn of_paths(args: &CompareArgs, env: &Env<'_>) -> Result<Self> {
        let paths = [&args.a, &args.b].map(PathBuf::from);
        let here = PathBuf::from(CONTRACT_FILE);
        let owns = [own(&paths[0]), own(&paths[1])];
        let mut notes = Vec::new();
        let shared = match (&args.input.contract, &owns) {
            (Some(said), _) => Some(own(said).unwrap_or_else(|| said.clone())),
            (None, [Some(_), Some(_)]) => None,
            (None, [Some(one), None] | [None, Some(one)]) => Some(one.clone()),
            (None, [None, None]) => here.is_file().then_some(here),
        };
        if let Some(shared) = &shared {
            notes.push(format!("A and B are both read under {}.", shared.display()));
        }
        let open = |path: &PathBuf, own: &Option<PathBuf>| -> Result<Opened> {
            let session = match &shared {
                Some(shared) if own.as_ref() != Some(shared) => under(path, shared, &args.input, env)?,
                _ => {
                    let input = InputArgs { inputs: vec![path.clone()], contract: None, ..args.input.clone() };
                    Session::open(&input, env)?
                }
            };
            let by_clock = args.input.as_of.is_none() && session.contract.as_of.is_none();
            Ok(Opened { name: path.to_string_lossy().into_owned(), session, by_clock })
        };
        let [path_a, path_b] = &paths;
        Ok(Self { sides: [open(path_a, &owns[0])?, open(path_b, &owns[1])?], days: false, notes })
    }

    /// A's contract and B's.
    pub fn contracts(&self) -> [&Contract; 2] {
        [&self.sides[0].session.contract, &self.sides[1].session.contract]
    }

    /// Reads both, and B under A's contract where it has another.
    ///
    /// # Errors
    /// Whatever the rooms on the way report.
    pub fn load(self, args: &CompareArgs, env: &mut Env<'_>) -> Result<Sides> {
        let Self { sides: [a, b], days, notes } = self;
        let (ours, theirs) = (&a.session.contract, &b.session.contract);
        let under = (ours.hash != theirs.hash).then(|| {
            // Which files there are and how they are written is B's; everything that was agreed on is A's.
            let contract = Contract {
                root: theirs.root.clone(),
                sources: theirs.sources.clone(),
                presets: theirs.presets.clone(),
                as_of: theirs.as_of,
                ..ours.clone()
            };
            Session {
                contract,
                given: b.session.given.clone(),
                home: a.session.home.clone(),
                as_of: b.session.as_of,
                bad_rows: b.session.bad_rows,
                rejects: None,
                touch_words: false,
                rows: None,
            }
        });
        let load = |side: Opened, env: &mut Env<'_>| -> Result<Side> {
            let data = side.session.load(&args.output, env)?;
            let as_of = day_of(data.session.as_of);
            let known = if side.by_clock { data.last_day().unwrap_or(as_of) } else { as_of };
            Ok(Side { name: side.name, data, known, by_clock: side.by_clock })
        };
        let (a, b) = (load(a, env)?, load(b, env)?);
        let under = under.map(|session| session.load(&args.output, env)).transpose().map_err(of_both)?;
        Ok(Sides { a, b, under, days, notes })
    }
}

impl Sides {
    /// B under A's contract.
    pub fn under(&self) -> &Data {
        self.under.as_ref().unwrap_or(&self.b.data)
    }

    /// How a side is named in sentences: `march (as of 2026-03-31)`.
    pub fn named(&self, side: &Side) -> String {
        let as_of = side.data.session.as_of;
        if self.days {
            return as_of.to_string();
        }
        let known = if side.by_clock { format!("ends {}", date_of(side.known)) } else { format!("as of {as_of}") };
        format!("{} ({known})", side.name)
    }
}

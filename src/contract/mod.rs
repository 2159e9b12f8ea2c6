//! `onefunnel.toml`: what marketing and sales have agreed on.
//!
//! In: the text of a contract file, or none. Out: a [`Contract`] whose every part has been checked as far as that is
//! possible without the data, or all problems at once as [`Issues`], each with file, line and column. What the formulas
//! say is checked by the catalogue, and whether a preset exists by `ingest`; the [`Said`] parts keep their places for that.

mod benchmark;
mod check;
mod goal;
mod handoff;
pub mod keys;
mod parse;
mod persona;
mod qualified;
mod read;
mod source;
mod stage;
mod types;

#[cfg(test)]
mod fixtures;

use std::fmt::Write as _;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use jiff::civil::Date;
use sha2::{Digest, Sha256};

pub use benchmark::{BenchmarkDef, Quoted};
pub use check::{Check, Gate, Subject};
pub use goal::{Aim, Goal, PERIODS};
pub use handoff::{Handoff, Target};
pub use persona::{Accounts, Persona, matches};
pub use types::{
    ColumnRule, DateOrder, Evidence, FiscalLabel, MeasureDef, MetricDef, Owner, Qualified, QualifiedRule,
    QualifiedVersion, Rate, Said, Source, Stage, Team, Teams,
};

use crate::issue::{Issue, Issues, Place};

/// The contract that holds where there is none, with comments: a good start for a contract of one's own.
pub const DEFAULT: &str = include_str!("default.toml");

/// What the built-in contract is called in reports.
pub const BUILTIN: &str = "built-in defaults";

/// A checked contract.
#[derive(Debug, Clone, PartialEq)]
pub struct Contract {
    /// The file as the user named it, or [`BUILTIN`].
    pub source_name: String,
    /// The folder that the paths of sources are relative to.
    pub root: PathBuf,
    /// SHA-256 of the file's text without byte order mark and with CRLF as LF; 64 hex digits.
    pub hash: String,
    /// That text.
    pub text: String,
    /// Name of the company; may be empty.
    pub name: String,
    /// ISO 4217 code of the reporting currency.
    pub currency: String,
    /// IANA name of the zone in which days are counted.
    pub timezone: Said<String>,
    /// Month 1–12 and day 1–28 on which the fiscal year begins.
    pub fiscal_year_start: (u8, u8),
    /// Which calendar year names a fiscal year.
    pub fiscal_year_label: FiscalLabel,
    /// The day the exports were taken.
    pub as_of: Option<Date>,
    /// Days after which a cohort is complete (`mature_after = "180d"`).
    pub mature_after_days: Option<u32>,
    /// Reasons for which rows may be set aside or left out under `inspect --strict`; one that ends in `*` stands for all
    /// that begin so.
    pub allowed_reasons: Vec<String>,
    /// Lost reasons that mean that nobody won; `*` stands for anything. The built-in ones where the file has none.
    pub no_decision: Vec<String>,
    /// The exports, in the order written.
    pub sources: Vec<Source>,
    /// The stages, in funnel order; the built-in ones where the file has none.
    pub stages: Vec<Stage>,
    /// Who belongs to whom; the built-in teams where the file has none.
    pub teams: Teams,
    /// Exchange rates into the reporting currency.
    pub rates: Vec<Rate>,
    /// Measures of the user's own, `[measure.<id>]`.
    pub measures: Vec<MeasureDef>,
    /// Metrics of the user's own, `[metric.<id>]`.
    pub metrics: Vec<MetricDef>,
    /// Presets of the user's own: each `[[preset]]` as the TOML text of one preset file, and where it begins.
    pub presets: Vec<(String, Place)>,
    /// What sales promises for qualified leads; the built-in agreement where the file has none.
    pub handoff: Handoff,
    /// How many processes are to reach a stage, `[[target]]`.
    pub targets: Vec<Target>,
    /// What is to be won by when, `[[target]]` with a metric.
    pub goals: Vec<Goal>,
    /// The one definition of a qualified lead.
    pub qualified: Option<Qualified>,
    /// Who plays which part when a company buys, `[[persona]]`, in the order written.
    pub personas: Vec<Persona>,
    /// When an account is a target, is engaged, is qualified.
    pub accounts: Accounts,
    /// The gates of `onefunnel check`, `[[check]]`, in the order written.
    pub checks: Vec<Check>,
    /// Figures of others, `[[benchmark]]`, in the order written.
    pub benchmarks: Vec<BenchmarkDef>,
}

impl Contract {
    /// Reads and checks a contract file; `shown` is how the user named it. Sources are relative to the file's folder.
    ///
    /// # Errors
    /// All problems of the file at once, or the one that kept it from being read.
    pub fn load(path: &Path, shown: &str) -> Result<Self, Issues> {
        Self::load_over(path, shown, &Self::builtin())
    }

    /// Reads and checks a contract file that takes its sources, stages and teams from `base` where it has none.
    ///
    /// # Errors
    /// As [`Contract::load`].
    pub fn load_over(path: &Path, shown: &str, base: &Self) -> Result<Self, Issues> {
        let bytes = std::fs::read(path).map_err(|e| unreadable(path, shown, &e))?;
        let text = utf8(&bytes, shown)?;
        let root = match path.parent() {
            Some(folder) if !folder.as_os_str().is_empty() => folder.to_path_buf(),
            _ => PathBuf::from("."),
        };
        parse::contract(text, shown, root, Some(base))
    }

    /// The contract that holds where there is none: [`DEFAULT`], relative to the current folder.
    pub fn builtin() -> Self {
        // A test keeps DEFAULT free of problems, so the second arm never runs.
        parse::contract(DEFAULT, BUILTIN, PathBuf::from("."), None)
            .unwrap_or_else(|_| Self::empty(BUILTIN, PathBuf::from(".")))
    }

    /// Checks a contract's text; `shown` is how places name it, `root` the folder that sources are relative to.
    ///
    /// ```
    /// use onefunnel::contract::Contract;
    /// let contract = Contract::parse("name = \"Acme\"\ncurrency = \"EUR\"", "onefunnel.toml", ".".into()).unwrap();
    /// assert_eq!(contract.currency, "EUR");
    /// let issues = Contract::parse("curency = \"EUR\"", "onefunnel.toml", ".".into()).unwrap_err();
    /// assert!(issues.to_string().starts_with("error: onefunnel.toml:1:1: unknown key `curency`"));
    /// ```
    ///
    /// # Errors
    /// All problems at once, in the order of their places; only the syntax errors when there are any.
    pub fn parse(text: &str, shown: &str, root: PathBuf) -> Result<Self, Issues> {
        parse::contract(text, shown, root, Some(&Self::builtin()))
    }

    /// The first 12 digits of the hash.
    pub fn short_hash(&self) -> &str {
        self.hash.get(..12).unwrap_or(&self.hash)
    }

    /// Units of the reporting currency for 1 unit of `currency` on that day: the rate with the latest `from` up to it,
    /// else the one without `from`, else none. The reporting currency itself is 1.
    pub fn rate(&self, currency: &str, on: Date) -> Option<f64> {
        if currency == self.currency {
            return Some(1.0);
        }
        let of = self.rates.iter().filter(|r| r.currency == currency && r.from.is_none_or(|from| from <= on));
        of.max_by_key(|r| r.from).map(|r| r.rate)
    }

    /// A contract that says nothing.
    fn empty(shown: &str, root: PathBuf) -> Self {
        Self {
            source_name: shown.to_owned(),
            root,
            hash: String::new(),
            text: String::new(),
            name: String::new(),
            currency: "USD".to_owned(),
            timezone: Said { value: "UTC".to_owned(), place: Place::file(shown) },
            fiscal_year_start: (1, 1),
            fiscal_year_label: FiscalLabel::End,
            as_of: None,
            allowed_reasons: Vec::new(),
            mature_after_days: None,
            no_decision: Vec::new(),
            sources: Vec::new(),
            stages: Vec::new(),
            teams: Teams::default(),
            rates: Vec::new(),
            measures: Vec::new(),
            metrics: Vec::new(),
            presets: Vec::new(),
            handoff: Handoff::default(),
            targets: Vec::new(),
            goals: Vec::new(),
            qualified: None,
            personas: Vec::new(),
            accounts: Accounts::default(),
            checks: Vec::new(),
            benchmarks: Vec::new(),
        }
    }
}

/// SHA-256 in hex.
fn sha256(text: &str) -> String {
    Sha256::digest(text.as_bytes()).iter().fold(String::with_capacity(64), |mut hex, byte| {
        let _ = write!(hex, "{byte:02x}"); // writing to a String cannot fail
        hex
    })
}

fn unreadable(path: &Path, shown: &str, error: &std::io::Error) -> Issues {
    let place = Place::file(shown);
    let issue = match error.kind() {
        ErrorKind::NotFound => Issue::usage(place, "there is no such contract file").hint("check the path"),
        _ if path.is_dir() => {
            Issue::usage(place, "this is a folder, not a contract file").hint("name the file inside it")
        }
        _ => Issue::usage(place, format!("cannot read the contract: {error}")),
    };
    issue.into()
}

fn utf8<'b>(bytes: &'b [u8], shown: &str) -> Result<&'b str, Issues> {
    str::from_utf8(bytes).map_err(|e| {
        let (before, rest) = bytes.split_at(e.valid_up_to());
        let before = String::from_utf8_lossy(before);
        let line = before.matches('\n').count() as u64 + 1;
        let column = before.chars().rev().take_while(|c| *c != '\n').count() as u64 + 1;
        let what = format!("the contract is not UTF-8 text: byte 0x{:02X}", rest.first().copied().unwrap_or_default());
        Issue::usage(Place::at(shown, line, column), what).hint("save the file in the encoding UTF-8").into()
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ingest::cell::Decimal;
    use crate::tables::{Kind, Type};

    const FULL: &str = include_str!("../../testdata/contracts/full.toml");

    fn full() -> Contract {
        Contract::parse(FULL, "acme/onefunnel.toml", PathBuf::from("acme")).unwrap()
    }

    fn said<T>(value: T, line: u64, column: u64) -> Said<T> {
        Said { value, place: Place::at("acme/onefunnel.toml", line, column) }
    }

    fn owned(texts: &[&str]) -> Vec<String> {
        texts.iter().map(|t| (*t).to_owned()).collect()
    }

    #[test]
    fn the_top_level_is_read() {
        let c = full();
        assert_eq!(c.source_name, "acme/onefunnel.toml");
        assert_eq!(c.root, PathBuf::from("acme"));
        assert_eq!((c.name.as_str(), c.currency.as_str()), ("Größe & Co", "USD"));
        assert_eq!(c.timezone, said("America/New_York".to_owned(), 3, 12));
        assert_eq!((c.fiscal_year_start, c.fiscal_year_label), ((2, 1), FiscalLabel::Start));
        assert_eq!(c.as_of, Some(jiff::civil::date(2026, 6, 30)));
        assert_eq!(c.mature_after_days, Some(180));
    }

    #[test]
    fn sources_are_read() {
        let [leads, mqls, odd] = &full().sources[..] else { panic!("three sources") };
        assert_eq!(leads.path, said("exports/salesforce/Lead*.csv".to_owned(), 10, 8));
        assert_eq!((leads.optional, mqls.optional), (true, false));
        assert_eq!(leads.nulls, ["n/a", "-"]);
        assert_eq!(leads.values["lead_source"]["Select"], "");
        assert_eq!(leads.values["lead_source"]["Web"], "Website");
        assert_eq!((&leads.preset, &leads.table, leads.columns.len()), (&None, &None, 0));

        assert_eq!(mqls.table, Some(said(Kind::People, 17, 9)));
        assert_eq!(mqls.timezone, Some(said("Europe/Berlin".to_owned(), 18, 12)));
        assert_eq!(mqls.date_order, Some(DateOrder::Dmy));
        assert_eq!(mqls.encoding, Some(said("iso-8859-1".to_owned(), 20, 12)));
        assert_eq!((mqls.delimiter, mqls.decimal), (Some(b';'), Some(Decimal::Comma)));
        assert_eq!(mqls.currency, Some(said("EUR".to_owned(), 23, 12)));
        assert_eq!(mqls.constants["kind"], said("lead".to_owned(), 24, 22));
        assert_eq!(mqls.columns.keys().collect::<Vec<_>>(), ["person_id", "arr", "demo_at"]);
        assert_eq!(mqls.columns["person_id"], ColumnRule { header: said("mql_id".to_owned(), 26, 13), kind: None });
        let arr = ColumnRule { header: said("ARR__c".to_owned(), 27, 18), kind: Some(Type::Number) };
        assert_eq!(mqls.columns["arr"], arr);

        assert_eq!(odd.preset, Some(said("salesforce_lead".to_owned(), 32, 10)));
        assert_eq!(odd.delimiter, Some(b'\t'));
    }

    #[test]
    fn stages_and_teams_are_read() {
        let c = full();
        let [accepted, won] = &c.stages[..] else { panic!("two stages") };
        assert_eq!(accepted.id, said("sales_accepted".to_owned(), 36, 6));
        assert_eq!((accepted.title.as_str(), accepted.owner), ("Sales accepted", Owner::Sales));
        let demo = Evidence::Column { table: Kind::People, column: said("demo_at".to_owned(), 38, 24), when: None };
        let touch = Evidence::Touch { kinds: owned(&["demo", "call"]) };
        assert_eq!(accepted.reached, [said(demo, 38, 13), said(touch, 38, 37)]);
        assert_eq!((won.title.as_str(), won.owner), ("Customer", Owner::Both));
        let when = Some(said("is_won".to_owned(), 44, 42));
        let closed = Evidence::Column { table: Kind::Deals, column: said("closed_at".to_owned(), 44, 22), when };
        let stage = Evidence::DealStage { values: owned(&["Won"]) };
        let status = Evidence::Status { values: owned(&["Customer"]) };
        assert_eq!(won.reached, [said(closed, 44, 13), said(stage, 44, 54), said(status, 44, 80)]);
        let marketing = Team { kinds: owned(&["form"]), sources: owned(&["Web"]), ..Team::default() };
        let sales = Team { owners: owned(&["Ada"]), departments: owned(&["Sales"]), ..Team::default() };
        assert_eq!(c.teams, Teams { marketing, sales });
    }

    #[test]
    fn measures_metrics_and_presets_are_read() {
        let c = full();
        let [demos] = &c.measures[..] else { panic!("one measure") };
        assert_eq!(demos.id, said("demos".to_owned(), 64, 10));
        assert_eq!((demos.table.value.as_str(), demos.at.value.as_str()), ("touches", "at"));
        assert_eq!(demos.when, Some(said("kind = 'demo'".to_owned(), 68, 9)));
        assert_eq!(demos.unit, None);
        let [reach] = &c.metrics[..] else { panic!("one metric") };
        assert_eq!(reach.id, said("reach".to_owned(), 70, 9));
        assert_eq!(reach.formula, said("won / leads".to_owned(), 71, 11));
        assert_eq!((reach.better.as_deref(), reach.definition.as_str()), (Some("higher"), "Wins per lead"));
        assert_eq!(reach.example.as_ref().unwrap()["is"], toml::Value::Float(0.25));
        let [(text, place)] = &c.presets[..] else { panic!("one preset") };
        assert_eq!(text, "id = \"mine\"\ntable = \"people\"\n\n[signature]\nall = [\"Id\"]\n");
        assert_eq!(*place, Place::at("acme/onefunnel.toml", 86, 1));
    }

    #[test]
    fn benchmarks_are_read() {
        let [own] = &full().benchmarks[..] else { panic!("one benchmark") };
        assert_eq!(own.metric, said("win_rate_narrow".to_owned(), 78, 10));
        assert_eq!(own.low, Some(said(Quoted::Text("20%".to_owned()), 79, 7)));
        assert_eq!((&own.high, &own.value), (&Some(said(Quoted::Number(0.3), 80, 8)), &None));
        assert_eq!((own.year, own.population.as_str(), own.source.as_str()), (2025, "our trade", "its yearbook"));
        assert_eq!(own.note.as_deref(), Some("of members only"));
    }

    #[test]
    fn the_latest_rate_that_has_begun_holds() {
        let c = full();
        let on = |month, day| c.rate("EUR", jiff::civil::date(2026, month, day));
        assert_eq!(c.rate("EUR", jiff::civil::date(2025, 12, 31)), Some(1.0));
        assert_eq!((on(1, 1), on(3, 31), on(4, 1)), (Some(1.08), Some(1.08), Some(1.1)));
        assert_eq!(c.rate("USD", jiff::civil::date(1999, 1, 1)), Some(1.0));
        assert_eq!(c.rate("GBP", jiff::civil::date(2026, 1, 1)), None);
        let dated = "[[rate]]\ncurrency = \"EUR\"\nrate = 1.08\nfrom = \"2026-01-01\"";
        let dated = Contract::parse(dated, "c.toml", PathBuf::new()).unwrap();
        assert_eq!(dated.rate("EUR", jiff::civil::date(2025, 12, 31)), None);
    }

    #[test]
    fn the_hash_does_not_depend_on_line_ends_or_a_byte_order_mark() {
        // printf 'name = "Acme"\ncurrency = "EUR"\n' | sha256sum
        let lf = Contract::parse("name = \"Acme\"\ncurrency = \"EUR\"\n", "c.toml", PathBuf::new()).unwrap();
        let crlf = "\u{feff}name = \"Acme\"\r\ncurrency = \"EUR\"\r\n";
        let crlf = Contract::parse(crlf, "c.toml", PathBuf::new()).unwrap();
        assert_eq!(lf.hash, "f6958a12678fee573eee62e9ce8b60b5ef20a1b45fc8b7e21e103087c826a11f");
        assert_eq!(crlf.hash, lf.hash);
        assert_eq!(lf.short_hash(), "f6958a12678f");
        let other = Contract::parse("name = \"Acme\"\ncurrency = \"EUR\"", "c.toml", PathBuf::new()).unwrap();
        assert_ne!(other.hash, lf.hash);
    }

    #[test]
    fn what_is_left_out_comes_from_the_built_in_contract() {
        let builtin = Contract::builtin();
        assert_eq!(builtin.source_name, "built-in defaults");
        assert_eq!(builtin.hash.len(), 64);
        let ids: Vec<_> = builtin.stages.iter().map(|s| (s.id.value.as_str(), s.owner)).collect();
        let (marketing, sales) = (Owner::Marketing, Owner::Sales);
        let expected =
            [("lead", marketing), ("mql", marketing), ("sql", sales), ("opportunity", sales), ("won", Owner::Both)];
        assert_eq!(ids, expected);
        assert!(builtin.teams.sales.kinds.contains(&"call".to_owned()));
        let empty = Contract::parse("", "c.toml", PathBuf::new()).unwrap();
        assert_eq!((&empty.stages, &empty.teams), (&builtin.stages, &builtin.teams));
        assert_eq!((empty.currency.as_str(), empty.timezone.value.as_str()), ("USD", "UTC"));
        assert_eq!((empty.fiscal_year_start, empty.fiscal_year_label), ((1, 1), FiscalLabel::End));
        assert_eq!((empty.as_of, empty.mature_after_days, empty.sources.len()), (None, None, 0));
    }

    #[test]
    fn a_file_that_cannot_be_read_is_named() {
        let missing = Contract::load(Path::new("no/such/onefunnel.toml"), "onefunnel.toml").unwrap_err();
        assert_eq!(
            missing.to_string(),
            "error: onefunnel.toml: there is no such contract file\n  help: check the path"
        );
        assert_eq!(missing.code(), 2);
        let folder = Contract::load(&std::env::temp_dir(), "acme").unwrap_err();
        let expected = "error: acme: this is a folder, not a contract file\n  help: name the file inside it";
        assert_eq!(folder.to_string(), expected);
        let latin = utf8(b"# \xC3\xA4\nname = \"Gr\xF6\xDFe\"", "c.toml").unwrap_err();
        let expected = "error: c.toml:2:11: the contract is not UTF-8 text: byte 0xF6\n  help: save the file in the encoding UTF-8";
        assert_eq!(latin.to_string(), expected);
    }

    #[test]
    fn line_ends_do_not_move_places() {
        let issues =
            Contract::parse("\u{feff}name = \"ö\"\r\n\r\n  curency = 1\r\n", "c.toml", PathBuf::new()).unwrap_err();
        assert_eq!(issues.0[0].place, Place::at("c.toml", 3, 3));
    }
}

//! Every report in every format: the files are sound, and read back they hold what JSON holds.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Cursor;
use std::path::Path;
use std::process::Stdio;
use std::time::Instant;

use calamine::{Data, Reader, Xlsx};
use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::record::Field;
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::behaviour::{ACME, REPORTS, SPEND, folder, names, run_in, with};
use crate::common::{command, root, run, stdout};

/// The tables of a report as JSON has them, by id, in order.
fn tables(args: &[&str]) -> Vec<Value> {
    let json: Value = serde_json::from_str(&stdout(&with(args, &["-f", "json", "-q"]))).unwrap();
    json["tables"].as_array().unwrap().clone()
}

fn bytes(args: &[&str]) -> Vec<u8> {
    let output = run(args);
    assert_eq!(output.status.code(), Some(0), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
    output.stdout
}

/// Days since 1970, by counting.
fn day(text: &str) -> Option<i32> {
    let mut parts = text.split('-').map(|p| p.parse::<i32>().ok().filter(|_| p.len() == 2 || p.len() == 4));
    let (year, month, day) = (parts.next()??, parts.next()??, parts.next()??);
    if parts.next().is_some() || !(1800..2300).contains(&year) || text.len() != 10 {
        return None;
    }
    let leap = |y: i32| y % 4 == 0 && (y % 100 != 0 || y % 400 == 0);
    let lengths = [31, if leap(year) { 29 } else { 28 }, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    let years = (1970..year).map(|y| 365 + i32::from(leap(y))).sum::<i32>()
        - (year..1970).map(|y| 365 + i32::from(leap(y))).sum::<i32>();
    Some(years + lengths[..usize::try_from(month - 1).ok()?].iter().sum::<i32>() + day - 1)
}

/// LibreOffice opens the board pack's workbook and saves it again: the same sheets, with the same values in every cell. Where it
/// is not installed `ONEFUNNEL_SOFFICE` is not set, and nothing is checked; CI installs it.
#[test]
fn libreoffice_reads_the_same_values() {
    let Some(office) = std::env::var_os("ONEFUNNEL_SOFFICE") else { return };
    let dir = tempfile::tempdir().unwrap();
    let ours = dir.path().join("pack.xlsx");
    std::fs::write(&ours, bytes(&["report", ACME, "-f", "xlsx"])).unwrap();
    let saved = dir.path().join("saved");
    let home = format!("-env:UserInstallation=file://{}", dir.path().join("home").display());
    let output = std::process::Command::new(office)
        .args([home.as_str(), "--headless", "--convert-to", "xlsx:Calc MS Excel 2007 XML", "--outdir"])
        .args([&saved, &ours])
        .output()
        .unwrap();
    let theirs = saved.join("pack.xlsx");
    assert!(theirs.is_file(), "{}", String::from_utf8_lossy(&output.stderr));
    let read = |path: &std::path::Path| Xlsx::new(Cursor::new(std::fs::read(path).unwrap())).unwrap();
    let (mut ours, mut theirs) = (read(&ours), read(&theirs));
    assert_eq!(ours.sheet_names(), theirs.sheet_names());
    let (mut cells, mut numbers) = (0_u64, 0_u64);
    for name in ours.sheet_names() {
        let (a, b) = (ours.worksheet_range(&name).unwrap(), theirs.worksheet_range(&name).unwrap());
        for (row, column, cell) in a.used_cells() {
            let at =
                a.start().map(|(r, c)| (r + u32::try_from(row).unwrap(), c + u32::try_from(column).unwrap())).unwrap();
            let other = b.get_value(at).unwrap_or(&Data::Empty);
            let same = match (number_of(cell), number_of(other)) {
                (Some(x), Some(y)) => {
                    numbers += 1;
                    (x - y).abs() <= 1e-9 * x.abs().max(1.0)
                }
                _ => cell.to_string() == other.to_string(),
            };
            assert!(same, "{name} {at:?}: {cell:?} came back as {other:?}");
            cells += 1;
        }
    }
    assert!(cells > 50_000 && numbers > 10_000, "{cells} cells, {numbers} numbers");
}

/// A number as such; days are numbers in a workbook.
#[allow(clippy::cast_precision_loss)] // counts
fn number_of(cell: &Data) -> Option<f64> {
    match cell {
        Data::Float(value) => Some(*value),
        Data::Int(value) => Some(*value as f64),
        Data::DateTime(at) => Some(at.as_f64()),
        _ => None,
    }
}

#[test]
fn a_workbook_holds_every_cell() {
    let mut seen = BTreeMap::new();
    for report in REPORTS {
        let mut book = Xlsx::new(Cursor::new(bytes(&with(report, &["-f", "xlsx"])))).unwrap();
        let sheets = book.sheet_names();
        assert_eq!(sheets[0], "Summary");
        assert!(sheets.iter().any(|s| s == "Definitions"), "{report:?}");
        let unlike: BTreeSet<String> = sheets.iter().map(|s| s.to_lowercase()).collect();
        assert_eq!(unlike.len(), sheets.len(), "{report:?}: {sheets:?}");
        assert!(sheets.iter().all(|s| s.chars().count() <= 31 && !s.contains(['[', ']', ':', '*', '?', '/', '\\'])));
        let data: Vec<String> = sheets.into_iter().filter(|s| s.starts_with("data ")).collect();
        let tables = tables(report);
        assert_eq!(data.len(), tables.len(), "{report:?}");
        for (sheet, table) in data.iter().zip(&tables) {
            let range = book.worksheet_range(sheet).unwrap();
            let columns: Vec<&str> = table["columns"].as_array().unwrap().iter().map(|c| c.as_str().unwrap()).collect();
            let rows = table["rows"].as_array().unwrap();
            let cell = |row: usize, column: usize| {
                let at = (u32::try_from(row).unwrap(), u32::try_from(column).unwrap());
                range.get_value(at).cloned().unwrap_or(Data::Empty)
            };
            for (at, id) in columns.iter().enumerate() {
                assert_eq!(cell(0, at), Data::String((*id).to_owned()), "{report:?} {sheet}");
                for (row, object) in rows.iter().enumerate() {
                    let (expected, found) = (&object[*id], cell(row + 1, at));
                    let (kind, same) = match (expected, &found) {
                        (Value::Null, Data::Empty) => ("null", true),
                        (Value::String(text), Data::Empty) => ("empty text", text.is_empty()),
                        (Value::Bool(a), Data::Bool(b)) => ("flag", a == b),
                        (Value::Number(a), Data::Float(b)) => ("number", a.as_f64() == Some(*b)),
                        (Value::String(a), Data::DateTime(b)) => {
                            ("day", day(a).map(f64::from) == Some(b.as_f64() - 25_569.0))
                        }
                        (Value::String(a), Data::String(b)) => ("text", a.replace("\r\n", "\n") == *b),
                        _ => ("other", false),
                    };
                    assert!(same, "{report:?} {sheet} {id}, row {}: {expected} and {found:?}", row + 1);
                    *seen.entry(kind).or_insert(0_usize) += 1;
                }
            }
            assert_eq!(range.get_size().0, rows.len() + 1, "{report:?} {sheet}: rows of nothing");
        }
    }
    for kind in ["null", "flag", "number", "day", "text"] {
        assert!(seen.get(kind).is_some_and(|n| *n > 100), "{seen:?}");
    }
}

/// The columns of a Parquet file with their types.
fn schema(path: &Path) -> Vec<(String, String)> {
    let reader = SerializedFileReader::new(std::fs::File::open(path).unwrap()).unwrap();
    let fields = reader.metadata().file_metadata().schema().get_fields().to_vec();
    let kind = |f: &parquet::schema::types::Type| {
        format!("{} {:?}", f.get_physical_type(), f.get_basic_info().logical_type_ref())
    };
    fields.iter().map(|f| (f.name().to_owned(), kind(f))).collect()
}

#[test]
fn parquet_holds_every_cell_and_its_types_do_not_depend_on_the_data() {
    let dir = folder(&[("spend.csv", SPEND)]);
    let mut values = 0;
    let mut types: BTreeMap<String, Vec<(String, String)>> = BTreeMap::new();
    for (at, report) in REPORTS.iter().enumerate() {
        let out = dir.path().join(format!("{at}/"));
        bytes(&with(report, &["-f", "parquet", "-q", "-o", out.to_str().unwrap()]));
        for table in tables(report) {
            let id = table["id"].as_str().unwrap();
            let path = out.join(format!("{id}.parquet"));
            let known = types.entry(id.to_owned()).or_insert_with(|| schema(&path));
            assert_eq!(*known, schema(&path), "{report:?} {id}");
            let reader = SerializedFileReader::new(std::fs::File::open(&path).unwrap()).unwrap();
            let meta = reader.metadata().file_metadata();
            assert!(meta.key_value_metadata().unwrap().iter().any(|kv| kv.key == "onefunnel.schema_version"));
            let rows = table["rows"].as_array().unwrap();
            assert_eq!(meta.num_rows(), i64::try_from(rows.len()).unwrap(), "{report:?} {id}");
            for (object, row) in rows.iter().zip(reader.get_row_iter(None).unwrap()) {
                for (name, field) in row.unwrap().get_column_iter() {
                    let expected = &object[name];
                    let same = match (expected, field) {
                        (Value::Null, Field::Null) => true,
                        (Value::Bool(a), Field::Bool(b)) => a == b,
                        (Value::Number(a), Field::Double(b)) => a.as_f64() == Some(*b),
                        (Value::String(a), Field::Date(b)) => day(a) == Some(*b),
                        (Value::String(a), Field::Str(b)) => a == b,
                        _ => false,
                    };
                    assert!(same, "{report:?} {id} {name}: {expected} and {field:?}");
                    values += 1;
                }
            }
        }
    }
    assert!(values > 100_000, "{values}");
    // Hardly any data: the same columns of the same types.
    let spend = dir.path().join("spend.csv");
    let out = dir.path().join("small/");
    bytes(&["scorecard", spend.to_str().unwrap(), "-f", "parquet", "-q", "-o", out.to_str().unwrap()]);
    assert_eq!(types["scorecard_tidy"], schema(&out.join("scorecard_tidy.parquet")));
}

#[test]
fn one_parquet_file_is_the_first_table_and_says_what_it_leaves_out() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("handoff.parquet");
    let args = ["handoff", ACME, "-o", path.to_str().unwrap()];
    let output = run(&args);
    let said = String::from_utf8(output.stderr).unwrap();
    let first = "parquet holds one table per file: this is `handoff_tidy`, and 2 others are left out; `-o FOLDER/` \
                 writes all of them\n";
    assert!(said.starts_with(first) && said.contains(" rows read = "), "{said}");
    assert_eq!(schema(&path)[0].0, "dimension");
    assert!(run(&with(&args, &["-q"])).stderr.is_empty());
}

#[test]
fn every_page_is_sound_and_small() {
    for report in REPORTS {
        let page = stdout(&with(report, &["-f", "html"]));
        assert!(page.len() < 400_000, "{report:?}: {} bytes", page.len());
        let mut reader = quick_xml::Reader::from_str(&page);
        let mut ids = BTreeSet::new();
        let mut heads = 0;
        loop {
            match reader.read_event() {
                Ok(quick_xml::events::Event::Eof) => break,
                Ok(quick_xml::events::Event::Start(tag) | quick_xml::events::Event::Empty(tag)) => {
                    let attributes: BTreeMap<String, String> = tag
                        .attributes()
                        .map(|a| a.unwrap())
                        .map(|a| (a.key.as_ref().to_owned(), a.value.to_string()))
                        .collect();
                    if let Some(id) = attributes.get("id") {
                        assert!(ids.insert(id.clone()), "{report:?}: two ids {id}");
                    }
                    if tag.name().as_ref() == "th" {
                        heads += 1;
                        assert!(attributes.contains_key("scope"), "{report:?}: a th without scope");
                    }
                    assert!(!attributes.contains_key("style") && !attributes.contains_key("src"), "{report:?}");
                }
                Ok(_) => {}
                Err(error) => panic!("{report:?}: {error} at {}", reader.error_position()),
            }
        }
        assert!(heads > 0, "{report:?}");
        // Words of the catalogue may name a page; nothing leads there.
        let text = page.replace("xmlns=\"http://www.w3.org/", "");
        for leads in ["href=\"http", "src=\"", "url(", "@import", "xmlns=\"http"] {
            assert!(!text.contains(leads), "{report:?}: {leads}");
        }
    }
}

#[test]
fn csv_for_excel_is_the_same_with_a_mark_and_guards() {
    for report in REPORTS {
        let plain = stdout(&with(report, &["-f", "csv", "-q"]));
        let excel = stdout(&with(report, &["-f", "csv", "-q", "--excel"]));
        let excel = excel.strip_prefix('\u{feff}').expect("a byte order mark");
        let records = |text: &str| -> Vec<Vec<String>> {
            let mut reader = csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(text.as_bytes());
            reader.records().map(|r| r.unwrap().iter().map(str::to_owned).collect()).collect()
        };
        let (plain, guarded) = (records(&plain), records(excel));
        assert_eq!(plain.len(), guarded.len(), "{report:?}");
        for (plain, guarded) in plain.iter().flatten().zip(guarded.iter().flatten()) {
            let risky = plain.starts_with(['=', '+', '-', '@', '\t', '\r']) && plain.parse::<f64>().is_err();
            let expected = if risky { format!("'{plain}") } else { plain.clone() };
            assert_eq!(*guarded, expected, "{report:?}");
        }
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_terminal_gets_no_workbook() {
    let Ok(version) = std::process::Command::new("script").arg("--version").output() else { return };
    if !String::from_utf8_lossy(&version.stdout).contains("util-linux") {
        return;
    }
    for format in ["xlsx", "parquet"] {
        let line = format!("'{}' metrics -f {format}", crate::common::bin());
        let mut script = std::process::Command::new("script");
        let output = script.args(["-qec", &line, "/dev/null"]).current_dir(root()).output().unwrap();
        assert_eq!(output.status.code(), Some(2));
        let said = String::from_utf8_lossy(&output.stdout).replace('\r', "");
        let expected = format!(
            "error: `--format {format}` is nothing for a terminal\n  help: write it to a file: `-o FILE.{format}`\n"
        );
        assert_eq!(said, expected);
    }
}

/// Whether a folder is one whole set, as its index says.
fn is_whole(path: &Path) -> bool {
    let Ok(index) = std::fs::read(path.join("index.json")) else { return false };
    let index: Value = serde_json::from_slice(&index).unwrap();
    let files = index["files"].as_array().unwrap();
    let sound = files.iter().all(|file| {
        let bytes = std::fs::read(path.join(file["name"].as_str().unwrap())).unwrap_or_default();
        let hash = Sha256::digest(&bytes).iter().fold(String::new(), |hex, b| hex + &format!("{b:02x}"));
        file["sha256"] == hash.as_str()
    });
    sound && names(path).len() == files.len() + 1
}

#[cfg(unix)]
#[test]
fn a_killed_run_leaves_a_whole_folder() {
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().join("tables");
    let args = ["definition", ACME, "-q", "-f", "csv", "-o", out.to_str().unwrap()];
    let old = with(&args, &["--period", "year"]);
    std::fs::create_dir(&out).unwrap();
    bytes(&old);
    let began = Instant::now();
    bytes(&args);
    let whole_run = began.elapsed();
    assert!(is_whole(&out));
    let mut killed = 0;
    for attempt in 0..25_u32 {
        let old_or_new = if attempt % 2 == 0 { &args[..] } else { &old[..] };
        let mut child = command(old_or_new).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        std::thread::sleep(whole_run * attempt / 22);
        child.kill().unwrap();
        killed += u32::from(!child.wait().unwrap().success());
        // Between the two renamings there is none under its name, and the whole old one under another.
        let aside = dir.path().join(".tables.onefunnel-old");
        assert!(is_whole(&out) || (!out.exists() && is_whole(&aside)), "attempt {attempt}: {:?}", names(dir.path()));
    }
    assert!(killed > 3, "{killed} runs were killed in time");
    bytes(&args);
    assert!(is_whole(&out) && !dir.path().join(".tables.onefunnel-old").exists());
    assert!(names(dir.path()).iter().all(|n| n == "tables" || n.starts_with(".onefunnel-")));
}

#[test]
fn a_folder_of_somebody_else_is_left_alone() {
    let dir = folder(&[("spend.csv", SPEND)]);
    std::fs::create_dir(dir.path().join("mine")).unwrap();
    std::fs::write(dir.path().join("mine/notes.txt"), "mine").unwrap();
    for out in ["mine", "mine/"] {
        let output = run_in(dir.path(), &["scorecard", "spend.csv", "-f", "csv", "-o", out]);
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2));
        assert!(said.contains("what onefunnel did not write there: `notes.txt`"), "{said}");
        assert_eq!(names(&dir.path().join("mine")), ["notes.txt"]);
    }
    assert_eq!(names(dir.path()), ["mine", "spend.csv"]);
}

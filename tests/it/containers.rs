//! One company's exports in every form that a file may come in: the same figures come out of all, and a broken one says what
//! is wrong with it.

use std::io::{Cursor, Write};
use std::path::Path;
use std::process::Stdio;

use flate2::{Compression, write::GzEncoder};
use rust_xlsxwriter::{ExcelDateTime, Format, Workbook};
use zip::write::{SimpleFileOptions, ZipWriter};

use crate::common::command;
use crate::traps::{Folder, Ran, map};

/// Rows of cells; the first is the header.
type Rows = Vec<Vec<&'static str>>;

fn leads() -> Rows {
    vec![
        vec!["Id", "LastName", "Company", "Email", "Status", "LeadSource", "CreatedDate", "IsConverted"],
        vec![
            "00Qbm00000AAAA1",
            "Müller",
            "Nord, Süd & Co",
            "m@nord.example",
            "MQL",
            "Web",
            "2026-01-05T09:30:00.000Z",
            "true",
        ],
        vec![
            "00Qbm00000AAAA2",
            "Åkesson",
            "Söhne \"Ost\"",
            "a@ost.example",
            "Open",
            "Événement",
            "2026-02-06T23:30:00.000Z",
            "false",
        ],
        vec!["00Qbm00000AAAA3", "Peña", "West", "p@west.example", "Open", "Web", "2026-04-07T10:00:00.000Z", "false"],
    ]
}

fn deals() -> Rows {
    vec![
        vec!["Id", "Name", "StageName", "Amount", "CloseDate", "IsClosed", "IsWon", "CreatedDate"],
        vec![
            "006bm00000AAAA1",
            "Größe",
            "Closed Won",
            "1234.5",
            "2026-03-20",
            "true",
            "true",
            "2026-01-15T09:30:00.000Z",
        ],
        vec!["006bm00000AAAA2", "Two", "Closed Lost", "250", "2026-04-02", "true", "false", "2026-02-15T09:30:00.000Z"],
        vec!["006bm00000AAAA3", "Three", "Prospecting", "", "2026-12-01", "false", "false", "2026-05-15T09:30:00.000Z"],
    ]
}

fn text(rows: &Rows, delimiter: u8, ends: &str) -> String {
    let mut writer = csv::WriterBuilder::new().delimiter(delimiter).from_writer(Vec::new());
    for row in rows {
        writer.write_record(row).unwrap();
    }
    String::from_utf8(writer.into_inner().unwrap()).unwrap().replace('\n', ends)
}

/// As text with commas.
fn plain(rows: &Rows) -> Vec<u8> {
    text(rows, b',', "\n").into_bytes()
}

fn utf16(text: &str, mark: bool, bytes: fn(u16) -> [u8; 2]) -> Vec<u8> {
    let mark = if mark { "\u{feff}" } else { "" };
    mark.encode_utf16().chain(text.encode_utf16()).flat_map(bytes).collect()
}

/// All letters used here have the same number in Unicode.
fn latin1(text: &str) -> Vec<u8> {
    text.chars().map(|c| u8::try_from(u32::from(c)).unwrap()).collect()
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut packed = GzEncoder::new(Vec::new(), Compression::default());
    packed.write_all(bytes).unwrap();
    packed.finish().unwrap()
}

/// A frame of one block that is stored as it is.
fn zstd(bytes: &[u8]) -> Vec<u8> {
    let size = u32::try_from(bytes.len()).unwrap();
    // Magic; no checksum, one segment, four bytes of size; the size; the last block, raw, and its size.
    let mut frame = vec![0x28, 0xb5, 0x2f, 0xfd, 0b1010_0000];
    frame.extend(size.to_le_bytes());
    frame.extend(&(size << 3 | 1).to_le_bytes()[..3]);
    frame.extend(bytes);
    frame
}

fn zip(members: &[(&str, &[u8])]) -> Vec<u8> {
    let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in members {
        archive.start_file(*name, SimpleFileOptions::default()).unwrap();
        archive.write_all(bytes).unwrap();
    }
    archive.finish().unwrap().into_inner()
}

/// A workbook with real dates, numbers and booleans.
fn workbook(sheets: &[(&str, &Rows)]) -> Vec<u8> {
    let mut book = Workbook::new();
    let (day, time) = (Format::new().set_num_format("dd/mm/yyyy"), Format::new().set_num_format("m/d/yy h:mm AM/PM"));
    for (name, rows) in sheets {
        let sheet = book.add_worksheet().set_name(*name).unwrap();
        for (row, cells) in (0..).zip(rows.iter()) {
            for (column, cell) in (0..).zip(cells) {
                let date = || ExcelDateTime::parse_from_str(cell.trim_end_matches(".000Z")).unwrap();
                match (rows[0][usize::from(column)], row) {
                    (_, 0) => sheet.write_string(row, column, *cell),
                    _ if cell.is_empty() => continue,
                    ("CreatedDate", _) => sheet.write_datetime_with_format(row, column, date(), &time),
                    ("CloseDate", _) => sheet.write_datetime_with_format(row, column, date(), &day),
                    ("Amount", _) => sheet.write_number(row, column, cell.parse::<f64>().unwrap()),
                    _ if ["true", "false"].contains(cell) => sheet.write_boolean(row, column, *cell == "true"),
                    _ => sheet.write_string(row, column, *cell),
                }
                .unwrap();
            }
        }
    }
    book.save_to_buffer().unwrap()
}

/// A folder with these files.
fn folder(files: &[(&str, Vec<u8>)]) -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    for (name, bytes) in files {
        let path = dir.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, bytes).unwrap();
    }
    dir
}

/// The funnel and the scorecard for machines, which name no file.
fn figures(dir: &Path, inputs: &[&str]) -> [String; 2] {
    ["funnel", "scorecard"].map(|report| {
        let all = [&[report, "-f", "csv", "--as-of", "2026-06-30"], inputs].concat();
        Folder::at(dir).stdout(&all)
    })
}

fn expected() -> [String; 2] {
    let dir = folder(&[("Lead.csv", plain(&leads())), ("Opportunity.csv", plain(&deals()))]);
    figures(dir.path(), &["."])
}

#[test]
fn the_figures_are_those_of_the_rows() {
    // Three leads and three deals, of which one is won for 1,234.50; the one lost was 250, the open one has no amount.
    let dir = folder(&[("Lead.csv", plain(&leads())), ("Opportunity.csv", plain(&deals()))]);
    let here = Folder::at(dir.path());
    assert_eq!(here.volumes(), map(&[("lead", 3), ("mql", 1), ("opportunity", 3), ("won", 1)]));
    assert_eq!((here.total("won_revenue"), here.total("pipeline_created")), ("1234.5".into(), "1484.5".into()));
    assert_eq!(expected(), figures(dir.path(), &["Lead.csv", "Opportunity.csv"]));
}

#[test]
fn every_form_of_text_gives_the_same_figures() {
    type Form = (&'static str, &'static str, fn(&Rows) -> Vec<u8>);
    let forms: [Form; 17] = [
        ("commas, CRLF", "csv", |r| text(r, b',', "\r\n").into_bytes()),
        ("commas, CR", "csv", |r| text(r, b',', "\r").into_bytes()),
        ("no line end at the end", "csv", |r| text(r, b',', "\n").trim_end().as_bytes().to_vec()),
        ("a byte-order mark", "csv", |r| ["\u{feff}", &text(r, b',', "\n")].concat().into_bytes()),
        ("tabs", "tsv", |r| text(r, b'\t', "\n").into_bytes()),
        ("tabs in a .txt", "txt", |r| text(r, b'\t', "\n").into_bytes()),
        ("semicolons", "csv", |r| text(r, b';', "\n").into_bytes()),
        ("semicolons and decimal commas", "csv", |r| text(r, b';', "\n").replace("1234.5;", "1.234,50;").into_bytes()),
        ("bars", "csv", |r| text(r, b'|', "\n").into_bytes()),
        ("UTF-16 LE", "csv", |r| utf16(&text(r, b'\t', "\r\n"), true, u16::to_le_bytes)),
        ("UTF-16 BE", "csv", |r| utf16(&text(r, b',', "\n"), true, u16::to_be_bytes)),
        ("UTF-16 LE without a mark", "csv", |r| utf16(&text(r, b',', "\n"), false, u16::to_le_bytes)),
        ("windows-1252", "csv", |r| latin1(&text(r, b',', "\n"))),
        ("gzip", "csv.gz", |r| gzip(&plain(r))),
        ("gzip in two pieces", "csv.gz", |r| {
            let text = plain(r);
            [gzip(&text[..70]), gzip(&text[70..])].concat()
        }),
        ("zstd", "csv.zst", |r| zstd(&plain(r))),
        ("gzip of UTF-16", "txt.gz", |r| gzip(&utf16(&text(r, b'\t', "\n"), true, u16::to_le_bytes))),
    ];
    let expected = expected();
    for (name, ending, form) in forms {
        let files = [("Lead", leads()), ("Opportunity", deals())].map(|(name, rows)| (name, form(&rows)));
        let files = files.map(|(name, bytes)| (format!("{name}.{ending}"), bytes));
        let dir = folder(&files.each_ref().map(|(name, bytes)| (name.as_str(), bytes.clone())));
        assert_eq!(figures(dir.path(), &["."]), expected, "{name}, in a folder");
        let named: Vec<&str> = files.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(figures(dir.path(), &named), expected, "{name}, named");
        for account in Folder::at(dir.path()).accounts().values() {
            assert_eq!((account.read, account.used), (3, 3), "{name}");
        }
    }
}

#[test]
fn what_stands_around_the_rows_is_no_row() {
    let around = |rows: &Rows, delimiter: char| {
        let cells = rows[0].len() - 1;
        let mark = u8::try_from(delimiter).unwrap();
        let total = format!("Total{}\n", delimiter.to_string().repeat(cells));
        let blank = format!("{}\n", delimiter.to_string().repeat(cells));
        format!(
            "sep={delimiter}\nAll of them\n\"January 1, 2026 - June 30, 2026\"\n\n{}{total}{blank}\nWhat we sold\n\
             \"Copyright (c) 2000-2026 salesforce.com, inc. All rights reserved.\"\n\
             Confidential Information - Do Not Distribute\nGenerated By:  Ida Example 6/30/2026\nExample Organisation\n",
            text(rows, mark, "\n")
        )
    };
    for delimiter in [',', ';', '\t'] {
        let files = [("Lead.csv", leads()), ("Opportunity.csv", deals())];
        let dir = folder(&files.map(|(name, rows)| (name, around(&rows, delimiter).into_bytes())));
        assert_eq!(figures(dir.path(), &["."]), expected(), "{delimiter:?}");
        for account in Folder::at(dir.path()).accounts().values() {
            // Three rows; a total, a blank row, and five lines of a report.
            assert_eq!(account.aside(), [("blank row", 1), ("report footer", 5), ("totals row", 1)]);
            assert_eq!((account.read, account.used), (10, 3));
        }
    }
}

#[test]
fn an_archive_is_its_members() {
    let (lead, deal) = (plain(&leads()), plain(&deals()));
    let junk: [(&str, &[u8]); 4] = [
        ("read me.md", b"# x"),
        ("__MACOSX/._Lead.csv", b"\0\x05\x16\x07"),
        (".DS_Store", b"\0"),
        ("a/.hidden.csv", b"a,b\n1,2\n"),
    ];
    let members: [(&str, &[u8]); 2] = [("export/Opportunity.csv", &deal), ("export/Lead.csv", &lead)];
    let packed = [("Lead.csv.gz", gzip(&lead)), ("Opportunity.csv.zst", zstd(&deal))];
    let packed = packed.each_ref().map(|(name, bytes)| (*name, bytes.as_slice()));
    let book = workbook(&[("Lead", &leads()), ("Opportunity", &deals())]);
    for (name, bytes) in [
        ("two members", zip(&members)),
        ("what a Mac adds", zip(&[&junk[..], &members].concat())),
        ("packed members", zip(&packed)),
        ("a workbook", zip(&[("book.xlsx", &book)])),
        ("packed once more", gzip(&zip(&members))),
    ] {
        let ending = if name == "packed once more" { "exports.gz" } else { "exports.zip" };
        let dir = folder(&[(ending, bytes)]);
        assert_eq!(figures(dir.path(), &["."]), expected(), "{name}, in a folder");
        assert_eq!(figures(dir.path(), &[ending]), expected(), "{name}, named");
    }
    let dir = folder(&[("exports.zip", zip(&[&junk[..], &members].concat()))]);
    let here = Folder::at(dir.path());
    let files: Vec<String> = here.accounts().into_keys().collect();
    assert_eq!(files, ["exports.zip/export/Lead.csv", "exports.zip/export/Opportunity.csv"]);
    let said = here.stdout(&["inspect", "exports.zip"]);
    assert!(said.contains("`read me.md` in it is not read"), "{said}");
}

#[test]
fn a_workbook_is_its_sheets() {
    let sheets = [("Lead", &leads()), ("Opportunity", &deals())];
    let notes = vec![vec!["Notes"], vec!["made by Ida"]];
    for (name, bytes) in
        [("two sheets", workbook(&sheets)), ("a sheet of notes", workbook(&[sheets[0], ("Notes", &notes), sheets[1]]))]
    {
        let dir = folder(&[("book.xlsx", bytes.clone())]);
        assert_eq!(figures(dir.path(), &["."]), expected(), "{name}, in a folder");
        assert_eq!(figures(dir.path(), &["book.xlsx"]), expected(), "{name}, named");
        // What a file is, its first bytes say.
        let dir = folder(&[("book.csv", bytes)]);
        assert_eq!(figures(dir.path(), &["book.csv"]), expected(), "{name}, called .csv");
    }
    let dir = folder(&[("book.xlsx", workbook(&[sheets[0], ("Notes", &notes), sheets[1]]))]);
    let accounts = Folder::at(dir.path()).accounts();
    let of = |sheet: &str| (accounts[sheet].read, accounts[sheet].used);
    assert_eq!(of("book.xlsx/Lead"), (3, 3));
    assert_eq!(of("book.xlsx/Notes"), (1, 0));
    assert_eq!(of("book.xlsx/Opportunity"), (3, 3));
}

#[test]
fn a_cell_of_a_sheet_is_named_by_its_row_and_column() {
    let rows = deals();
    let mut book = Workbook::new();
    let sheet = book.add_worksheet().set_name("Deals").unwrap();
    for (row, cells) in (0..).zip(&rows) {
        for (column, cell) in (0..).zip(cells) {
            sheet.write_string(row, column, *cell).unwrap();
        }
    }
    sheet.write_string(2, 3, "much").unwrap();
    let dir = folder(&[("book.xlsx", book.save_to_buffer().unwrap())]);
    let refused = Folder::at(dir.path()).refused(&["scorecard", "book.xlsx"]);
    let expected = "error: book.xlsx/Deals:3:4: `much` in column `Amount` is not an amount such as 1234.50\n";
    assert!(refused.starts_with(expected), "{refused}");
}

#[test]
fn standard_input_is_a_file() {
    let dir = folder(&[("Lead.csv", plain(&leads()))]);
    for bytes in [plain(&deals()), gzip(&plain(&deals())), workbook(&[("Opportunity", &deals())])] {
        let run = |report: &str| {
            let mut child = command(&[report, "-", "Lead.csv", "-f", "csv", "--as-of", "2026-06-30"])
                .current_dir(dir.path())
                .stdin(Stdio::piped())
                .stdout(Stdio::piped())
                .stderr(Stdio::piped())
                .spawn()
                .unwrap();
            child.stdin.take().unwrap().write_all(&bytes).unwrap();
            let output = child.wait_with_output().unwrap();
            assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
            String::from_utf8(output.stdout).unwrap()
        };
        assert_eq!(["funnel", "scorecard"].map(run), expected());
    }
}

#[test]
fn a_quoted_pattern_is_the_files_that_match() {
    let (lead, deal) = (plain(&leads()), plain(&deals()));
    let other = b"date,team,amount\n2026-01-31,marketing,100\n".to_vec();
    let dir = folder(&[("a/Lead.csv", lead), ("b/Opportunity.csv.gz", gzip(&deal)), ("c/spend.csv", other)]);
    for pattern in ["[ab]/*", "?/[LO]*"] {
        assert_eq!(figures(dir.path(), &[pattern]), expected(), "{pattern}");
    }
    let none = Folder::at(dir.path()).run(&["scorecard", "*.tsv"]);
    let stderr = "error: *.tsv: no file matches this pattern\n  help: name the files, or a folder\n".to_string();
    assert_eq!(none, Ran { code: 2, stdout: String::new(), stderr });
}

#[test]
fn a_source_may_be_an_archive_or_a_workbook() {
    let (lead, deal) = (plain(&leads()), plain(&deals()));
    let files = [
        ("a.zip", zip(&[("Lead.csv", &lead), ("Opportunity.csv", &deal)])),
        ("a.xlsx", workbook(&[("Lead", &leads()), ("Opportunity", &deals())])),
    ];
    for (name, bytes) in files {
        let contract = format!("as_of = \"2026-06-30\"\n[[source]]\npath = \"{name}\"\n");
        let dir = folder(&[(name, bytes), ("onefunnel.toml", contract.into_bytes())]);
        let here = Folder::at(dir.path());
        assert_eq!(here.volumes(), map(&[("lead", 3), ("mql", 1), ("opportunity", 3), ("won", 1)]), "{name}");
        assert_eq!(here.total("won_revenue"), "1234.5", "{name}");
    }
}

#[test]
fn a_packed_copy_of_a_file_is_the_same_file() {
    // Ledgers have no ids: a copy is only known by what it says. Naive: by the hash of their bytes these are four files, and
    // 400 was spent.
    let ledger = "date,team,amount\n2026-01-31,marketing,100\n";
    let copies = [
        ("spend.csv", ledger.as_bytes().to_vec()),
        ("spend.csv.gz", gzip(ledger.as_bytes())),
        ("spend.zip", zip(&[("spend.csv", ledger.as_bytes())])),
        ("spend_utf16.csv", utf16(ledger, true, u16::to_le_bytes)),
        ("revenue.csv", b"date,amount\n2026-01,1000\n".to_vec()),
    ];
    let dir = folder(&copies);
    let ratio = Folder::at(dir.path()).metric("marketing_budget_ratio", "total", &[]);
    assert_eq!(ratio[..3], ["0.1", "100", "1000"]);
}

#[test]
fn a_large_file_is_read_in_blocks_as_if_in_one_piece() {
    // Rows of one or two lines; every thousandth, and no two alike, cannot be used: an amount, a blank row, a row too long.
    let header = "Id,Name,StageName,Amount,CloseDate,IsClosed,IsWon,CreatedDate\n";
    let (mut text, mut line, mut expected) = (header.to_string(), 2, Vec::new());
    for n in 0..90_000 {
        let row = format!("D{n},\"Deal, {n} \"\"x\"\"\",Closed Won,100,2026-02-10,true,true,2026-01-05\n");
        let row = match n % 3000 {
            999 => row.replace(",100,", ",much,"),
            1999 => ",,,,,,,\n".into(),
            2999 => row.replace('\n', ",more\n"),
            other if other % 5 == 0 => row.replace("\"Deal,", "\"a\nb,"),
            _ => row,
        };
        if n % 1000 == 999 {
            expected.push((line, if n % 3000 == 999 { "4" } else { "" }));
        }
        line += row.matches('\n').count();
        text += &row;
    }
    assert!(text.len() > 6 << 20, "{}", text.len());
    let latin = [text.as_bytes(), b"E1,Gr\xf6\xdfe,Closed Won,100,2026-02-10,true,true,2026-01-05\n"].concat();
    let forms = [
        ("a.csv", text.clone().into_bytes(), 0),
        ("a.csv.gz", gzip(text.as_bytes()), 0),
        ("cr.csv", text.replace('\n', "\r").into_bytes(), 0),
        ("footer.csv", [text.as_bytes(), b"Total,,,9,,,,\n"].concat(), 1),
        // Only its very last row shows that it is not UTF-8.
        ("latin.csv", latin, 1),
    ];
    for (name, bytes, more) in forms {
        let dir = folder(&[(name, bytes)]);
        let json = Folder::at(dir.path()).inspected(&[name, "--max-bad-rows", "1%", "--rejects", "list.txt"]);
        let account = &crate::traps::accounts(&json)[name];
        assert_eq!(account.read, 90_000 + more, "{name}");
        assert_eq!(account.used, 90_000 - 90 + u64::from(name == "latin.csv"), "{name}");
        let list = std::fs::read_to_string(dir.path().join("list.txt")).unwrap();
        let rows: Vec<csv::StringRecord> =
            csv::Reader::from_reader(list.as_bytes()).into_records().map(Result::unwrap).collect();
        let places: Vec<(usize, &str)> = rows.iter().map(|r| (r[1].parse().unwrap(), &r[2])).collect();
        // The totals row at the end is in the list, too.
        let expected: Vec<(usize, &str)> =
            expected.iter().copied().chain((name == "footer.csv").then_some((line, ""))).collect();
        assert_eq!(places, expected, "{name}");
    }
}

#[test]
fn zstd_as_its_own_program_packs_it() {
    let [packed, plain] = ["packed", "analytics"].map(|form| Folder::trap(&format!("18_zoho/{form}")));
    assert_eq!(figures(&packed.0, &["."]), figures(&plain.0, &["."]));
    assert_eq!(packed.total("won_revenue"), "1459190");
}

#[test]
fn broken_containers_say_what_is_wrong() {
    let deal = plain(&deals());
    let whole = gzip(&deal);
    let mut flipped = whole.clone();
    let at = flipped.len() - 8;
    flipped[at] ^= 0xff;
    let archive = zip(&[("Opportunity.csv", &deal)]);
    let mut locked = archive.clone();
    // Bit 0 of the flags of the member, and of its entry in the directory.
    locked[6] |= 1;
    let entry = locked.windows(4).position(|w| w == b"PK\x01\x02").unwrap();
    locked[entry + 8] |= 1;
    let empty: Rows = Vec::new();
    let old = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1".iter().copied().chain([0; 600]).collect::<Vec<u8>>();
    let unpack = "unpack it first, and name the files inside";
    let again = "copy or download it again: the end of it is missing";
    let endings = "exports inside end in .csv, .tsv, .txt, .xlsx, .gz or .zst";
    for (name, bytes, what, help) in [
        ("cut.csv.gz", whole[..whole.len() / 2].to_vec(), "is a gzip file that ends too early", again),
        ("cut.csv.gz", whole[..whole.len() - 3].to_vec(), "is a gzip file that ends too early", again),
        ("cut.csv.zst", zstd(&deal)[..90].to_vec(), "is a zstd file that ends too early", again),
        ("flipped.csv.gz", flipped, "is a gzip file that is broken: ", "copy or download it again, or export it again"),
        ("nothing.zip", zip(&[]), "is a zip archive with nothing inside", endings),
        ("notes.zip", zip(&[("notes.md", b"# x")]), "is a zip archive without an export inside: `notes.md`", endings),
        ("locked.zip", locked, "has `Opportunity.csv`, a member with a password", unpack),
        ("cut.zip", archive[..archive.len() - 30].to_vec(), "is a zip archive that", "copy or download it again"),
        (
            "empty.xlsx",
            workbook(&[("Sheet1", &empty)]),
            "is an Excel workbook without a sheet to read: `Sheet1`",
            "export it again",
        ),
        (
            "old.xls",
            old,
            "is an old Excel workbook (.xls), or one with a password, not a CSV file",
            "open it in a spreadsheet program and save it as \"CSV UTF-8\"",
        ),
    ] {
        let dir = folder(&[(name, bytes), ("Lead.csv", plain(&leads()))]);
        let refused = Folder::at(dir.path()).refused(&["scorecard", name, "Lead.csv"]);
        assert!(refused.starts_with(&format!("error: {name}: {what}")), "{refused}");
        assert!(refused.contains(&format!("\n  help: {help}")), "{refused}");
        assert_eq!(refused.lines().count(), 2, "{refused}");
    }
}

#[test]
fn what_holds_nothing_does_not_stop_a_folder() {
    let files = [("a.zip", zip(&[])), ("b.zip", zip(&[("notes.md", b"# x")])), ("Lead.csv", plain(&leads()))];
    let dir = folder(&files);
    let here = Folder::at(dir.path());
    let accounts = here.accounts();
    assert_eq!((accounts["Lead.csv"].used, accounts["a.zip"].read, accounts["b.zip"].read), (3, 0, 0));
    here.notes_say("a.zip was not used: is a zip archive with nothing inside.");
}

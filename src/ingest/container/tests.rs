use std::io::{Cursor, Write};
use std::sync::LazyLock;

use flate2::Compression;
use flate2::write::GzEncoder;
use proptest::prelude::*;
use rust_xlsxwriter::{ExcelDateTime, Format, Formula, Workbook};
use ruzstd::encoding::{CompressionLevel, compress_to_vec};
use zip::write::SimpleFileOptions;

use super::*;

const LIMIT: u64 = 1 << 24;
const CSV: &[u8] = b"id,name\n1,Ada\n2,Grace\n";

fn gz(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn zst(bytes: &[u8]) -> Vec<u8> {
    compress_to_vec(bytes, CompressionLevel::Fastest)
}

fn zip_of(members: &[(&str, &[u8])]) -> Vec<u8> {
    let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in members {
        let options = SimpleFileOptions::default();
        if name.ends_with('/') {
            zip.add_directory(*name, options).unwrap();
        } else {
            zip.start_file(*name, options).unwrap();
            zip.write_all(bytes).unwrap();
        }
    }
    zip.finish().unwrap().into_inner()
}

/// A workbook with this as the data of its only sheet, and these shared texts and number formats.
fn raw_book(sheet_data: &str, strings: &str, properties: &str, formats: &[&str]) -> Vec<u8> {
    let types = r#"<?xml version="1.0"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"/>"#;
    let kind = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
    let root = format!(
        r#"<Relationships><Relationship Id="r" Type="{kind}/officeDocument" Target="/xl/workbook.xml"/></Relationships>"#
    );
    let book =
        format!(r#"<workbook>{properties}<sheets><sheet name="A&amp;B" sheetId="1" r:id="a"/></sheets></workbook>"#);
    let relations = format!(
        r#"<Relationships><Relationship Id="a" Type="{kind}/worksheet" Target="worksheets/s.xml"/></Relationships>"#
    );
    let sheet = format!(r#"<?xml version="1.0"?><worksheet><sheetData>{sheet_data}</sheetData></worksheet>"#);
    let (mut own, mut cells) = (String::new(), String::new());
    for (number, code) in (164..).zip(formats) {
        write!(own, r#"<numFmt numFmtId="{number}" formatCode="{code}"/>"#).unwrap();
        write!(cells, r#"<xf numFmtId="{number}"/>"#).unwrap();
    }
    let styles = format!(
        r#"<styleSheet><numFmts>{own}</numFmts><cellStyleXfs><xf numFmtId="14"/></cellStyleXfs><cellXfs><xf numFmtId="0"/>{cells}</cellXfs></styleSheet>"#
    );
    let strings = format!("<sst uniqueCount=\"18446744073709551615\">{strings}</sst>");
    zip_of(&[
        ("[Content_Types].xml", types.as_bytes()),
        ("_rels/.rels", root.as_bytes()),
        ("xl/workbook.xml", book.as_bytes()),
        ("xl/_rels/workbook.xml.rels", relations.as_bytes()),
        ("xl/worksheets/s.xml", sheet.as_bytes()),
        ("xl/sharedStrings.xml", strings.as_bytes()),
        ("xl/styles.xml", styles.as_bytes()),
    ])
}

fn sheet(bytes: &[u8]) -> (String, String) {
    let opened = open(bytes, LIMIT).unwrap();
    assert_eq!(opened.members.len(), 1, "{:?}", opened.skipped);
    let member = &opened.members[0];
    (String::from_utf8(member.bytes.to_vec()).unwrap(), member.note.clone().unwrap())
}

fn raw_sheet(sheet_data: &str) -> (String, String) {
    sheet(&raw_book(sheet_data, "", "", &[]))
}

fn names(opened: &Opened<'_>) -> Vec<String> {
    opened.members.iter().map(|m| m.name.clone()).collect()
}

fn only(bytes: &[u8]) -> Vec<u8> {
    let opened = open(bytes, LIMIT).unwrap();
    assert_eq!(names(&opened), [""]);
    opened.members[0].bytes.to_vec()
}

fn problem(bytes: &[u8]) -> String {
    let problem = open(bytes, LIMIT).unwrap_err();
    assert!(!problem.hint().is_empty());
    problem.what()
}

#[test]
fn a_plain_file_passes_through() {
    for bytes in [CSV, b"", b"PK", b"\x1f", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"] {
        let opened = open(bytes, 0).unwrap();
        assert!(matches!(opened.members[0].bytes, Cow::Borrowed(_)));
        assert_eq!((&*opened.members[0].bytes, opened.members[0].name.as_str()), (bytes, ""));
    }
}

#[test]
fn gzip_in_one_or_more_pieces() {
    assert_eq!(only(&gz(CSV)), CSV);
    assert_eq!(only(&[gz(b"a,b\n"), gz(b""), gz(b"1,2\n")].concat()), b"a,b\n1,2\n");
    assert_eq!(only(&[gz(CSV), vec![0; 512]].concat()), CSV);
    assert_eq!(only(&gz(&gz(CSV))), CSV);
}

#[test]
fn broken_gzip() {
    let whole = gz(CSV);
    for end in [2, 10, whole.len() / 2, whole.len() - 1] {
        assert_eq!(problem(&whole[..end]), "is a gzip file that ends too early", "{end}");
    }
    let mut wrong = whole.clone();
    let at = wrong.len() - 8;
    wrong[at] ^= 1;
    assert!(problem(&wrong).starts_with("is a gzip file that is broken: "), "{}", problem(&wrong));
    let after = [whole, b"hello".to_vec()].concat();
    assert_eq!(problem(&after), "is a gzip file that is broken: 5 bytes after its end are something else");
}

#[test]
fn zstd_in_one_or_more_frames() {
    let empty_frame = b"\x53\x2a\x4d\x18\x03\0\0\0abc";
    assert_eq!(only(&zst(CSV)), CSV);
    assert_eq!(only(&[&empty_frame[..], &zst(b"a,b\n"), empty_frame, &zst(b"1,2\n")].concat()), b"a,b\n1,2\n");
    let large: Vec<u8> = CSV.iter().copied().cycle().take(3_000_000).collect();
    assert_eq!(only(&zst(&large)), large);
}

#[test]
fn broken_zstd() {
    let whole = zst(CSV);
    for end in [4, 6, whole.len() - 1] {
        assert_eq!(problem(&whole[..end]), "is a zstd file that ends too early", "{end}");
    }
    assert_eq!(problem(b"\x53\x2a\x4d\x18\xff\xff\xff\xffabc"), "is a zstd file that ends too early");
    // The encoder writes a checksum at the end.
    let mut wrong = whole.clone();
    let at = wrong.len() - 1;
    wrong[at] ^= 1;
    assert_eq!(problem(&wrong), "is a zstd file that is broken: its checksum does not match");
    assert!(problem(&[whole, b"hello".to_vec()].concat()).ends_with("are something else"));
}

#[test]
fn a_zip_archive_has_its_exports_in_name_order() {
    let book = book();
    let bytes = zip_of(&[
        ("b/Leads.CSV", CSV),
        ("b/", b""),
        ("readme.pdf", b"%PDF-"),
        ("a.txt.gz", &gz(CSV)),
        ("Z.tsv", b"a\tb\n"),
        ("__MACOSX/b/._Leads.csv", b"junk"),
        (".DS_Store", b"junk"),
        ("b/.hidden.csv", b"junk"),
        ("c.zst", &zst(CSV)),
        ("inner.csv", &zip_of(&[("x.csv", CSV)])),
        ("book.xlsx", &book),
        ("../out\u{1b}[31m.csv", CSV),
        ("deep.gz", &gz(&gz(CSV))),
    ]);
    let opened = open(&bytes, LIMIT).unwrap();
    assert_eq!(
        names(&opened),
        ["../out\u{fffd}[31m.csv", "Z.tsv", "a.txt.gz", "b/Leads.CSV", "book.xlsx/Leads", "book.xlsx/Plain", "c.zst"]
    );
    assert_eq!(&*opened.members[2].bytes, CSV);
    assert_eq!(&*opened.members[6].bytes, CSV);
    let skipped: Vec<&str> = opened.skipped.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(
        skipped,
        ["readme.pdf", "book.xlsx/Empty", "book.xlsx/Hidden", "book.xlsx/Very hidden", "deep.gz", "inner.csv"]
    );
}

#[test]
fn an_archive_without_an_export() {
    let bytes = zip_of(&[("a.pdf", b"x"), ("b.pdf", b"x"), ("c.pdf", b"x"), ("d.pdf", b"x")]);
    let why = "its name does not end like an export's";
    assert_eq!(
        problem(&bytes),
        format!(
            "is a zip archive without an export inside: `a.pdf` ({why}), `b.pdf` ({why}), `c.pdf` ({why}) and 1 more"
        )
    );
    assert_eq!(problem(&zip_of(&[])), "is a zip archive with nothing inside");
    assert_eq!(problem(&gz(&gz(&gz(CSV)))), "is a gzip file without an export inside: a gzip file inside two others");
    assert_eq!(
        problem(&zip_of(&[("mimetype", b"application/vnd.oasis.opendocument.spreadsheet"), ("content.xml", b"")])),
        "is an OpenDocument file (.ods), not a CSV file"
    );
    assert_eq!(
        problem(&zip_of(&[("a.xlsx", &zip_of(&[("xl/workbook.bin", b"")]))])),
        "has `a.xlsx`, a binary Excel workbook (.xlsb), not a CSV file"
    );
}

#[test]
fn a_broken_archive() {
    let whole = zip_of(&[("a.csv", CSV), ("b.csv", CSV)]);
    assert_eq!(problem(&whole[..whole.len() / 2]), "is a zip archive that ends too early");
    // One byte of the second member's packed data.
    let mut wrong = whole.clone();
    let at = wrong.windows(5).rposition(|w| w == b"b.csv").unwrap();
    let data = wrong.windows(5).position(|w| w == b"b.csv").unwrap();
    assert!(data < at);
    wrong[data + 10] ^= 0x55;
    assert!(problem(&wrong).starts_with("has `b.csv`, a member that is broken: "), "{}", problem(&wrong));
    // The flag that says that a member needs a password, in the table and where the member is.
    let mut locked = zip_of(&[("a.csv", CSV)]);
    let table = locked.windows(4).position(|w| w == b"PK\x01\x02").unwrap();
    locked[6] |= 1;
    locked[table + 8] |= 1;
    assert_eq!(problem(&locked), "has `a.csv`, a member with a password");
    let mut method = zip_of(&[("a.csv", CSV)]);
    method[8] = 9;
    method[table + 10] = 9;
    assert_eq!(problem(&method), "has `a.csv`, a member packed with Deflate64");
    assert_eq!(problem(&zip_of(&[("a.csv.gz", &gz(CSV)[..12])])), "has `a.csv.gz`, a gzip file that ends too early");
}

#[test]
fn what_unpacks_to_too_much() {
    let zeros = vec![b'0'; 1 << 20];
    let limit = (1 << 20) - 1;
    for (bytes, what) in [
        (gz(&zeros), "is a gzip file that unpacks to more than 1048575 bytes"),
        (zst(&zeros), "is a zstd file that unpacks to more than 1048575 bytes"),
        (zip_of(&[("a.csv", &zeros)]), "is a zip archive that unpacks to more than 1048575 bytes"),
        // Together they are too much.
        (
            zip_of(&[("a.csv", &zeros[..1 << 19]), ("b.csv", &zeros[..1 << 19])]),
            "is a zip archive that unpacks to more than 1048575 bytes",
        ),
    ] {
        assert_eq!(open(&bytes, limit).unwrap_err().what(), what);
        assert!(open(&bytes, limit + 1).is_ok());
    }
    assert_eq!(size(4 << 30), "4 GiB");
    assert_eq!(size(1536), "1536 bytes");
}

#[test]
fn a_workbook_that_unfolds_to_too_much() {
    // A long text in many cells: small when packed, and small as XML.
    let strings = format!("<si><t>{}</t></si>", "x".repeat(100_000));
    let cells = r#"<c t="s"><v>0</v></c>"#.repeat(1000);
    let bytes = raw_book(&format!("<row>{cells}</row>"), &strings, "", &[]);
    assert!(bytes.len() < 10_000);
    assert_eq!(problem(&bytes), "is an Excel workbook that unpacks to more than 16 MiB");
    // Every row as wide as the widest.
    let rows = r"<row><c><v>1</v></c></row>".repeat(5000);
    let bytes = raw_book(&format!(r#"{rows}<row><c r="XFD5001"><v>1</v></c></row>"#), "", "", &[]);
    assert_eq!(problem(&bytes), "is an Excel workbook that unpacks to more than 16 MiB");
}

/// Leads, an empty sheet, a hidden and a very hidden one, and one more.
fn book() -> Vec<u8> {
    let mut book = Workbook::new();
    let date = Format::new().set_num_format("yyyy-mm-dd");
    let moment = Format::new().set_num_format("dd/mm/yyyy hh:mm:ss.000");
    let clock = Format::new().set_num_format("hh:mm AM/PM");
    let span = Format::new().set_num_format("[h]:mm:ss");
    let money = Format::new().set_num_format("#,##0.00 [$€-407]");
    let leads = book.add_worksheet().set_name("Leads").unwrap();
    leads.write(0, 0, "Weekly report").unwrap();
    for (column, header) in ["id", "created", "seen", "at", "took", "amount", "won", "note"].iter().enumerate() {
        leads.write(2, u16::try_from(column).unwrap(), *header).unwrap();
    }
    leads.write(3, 0, 123_456_789_012_345_i64).unwrap();
    let day = ExcelDateTime::from_ymd(2026, 4, 15).unwrap();
    leads.write_with_format(3, 1, &day, &date).unwrap();
    leads.write_with_format(3, 2, day.clone().and_hms_milli(9, 30, 0, 250).unwrap(), &moment).unwrap();
    leads.write_with_format(3, 3, ExcelDateTime::from_hms(18, 5, 0).unwrap(), &clock).unwrap();
    leads.write_with_format(3, 4, 1.5, &span).unwrap();
    leads.write_with_format(3, 5, 1234.56, &money).unwrap();
    leads.write(3, 6, true).unwrap();
    leads.write(3, 7, "says \"hi\", twice\nand more").unwrap();
    leads.write(5, 0, " 00Q1 ").unwrap();
    leads.write_with_format(5, 2, day.and_hms(0, 0, 0).unwrap(), &moment).unwrap();
    leads.write(5, 5, 0.1).unwrap();
    leads.write(5, 6, false).unwrap();
    leads.write(5, 7, Formula::new("=A1").set_result("Zoë & Co <b>")).unwrap();
    book.add_worksheet().set_name("Empty").unwrap().write_blank(0, 0, &money).unwrap();
    book.add_worksheet().set_name("Hidden").unwrap().set_hidden(true).write(0, 0, "x").unwrap();
    book.add_worksheet().set_name("Very hidden").unwrap().set_very_hidden(true).write(0, 0, "x").unwrap();
    book.add_worksheet().set_name("Plain").unwrap().write(0, 0, "a").unwrap().write(1, 0, 1).unwrap();
    book.save_to_buffer().unwrap()
}

#[test]
fn a_workbook_becomes_one_text_for_each_sheet() {
    let bytes = book();
    let opened = open(&bytes, LIMIT).unwrap();
    assert_eq!(names(&opened), ["Leads", "Plain"]);
    let text = String::from_utf8(opened.members[0].bytes.to_vec()).unwrap();
    assert_eq!(
        text,
        "Weekly report,,,,,,,\n\
         \n\
         id,created,seen,at,took,amount,won,note\n\
         123456789012345,2026-04-15,2026-04-15T09:30:00.250,18:05:00,36:00:00,1234.56,true,\"says \"\"hi\"\", twice\nand more\"\n\
         \n \
         00Q1 ,,2026-04-15T00:00:00,,,0.1,false,Zoë & Co <b>\n"
    );
    assert_eq!(opened.members[0].note.as_deref(), Some("sheet of a workbook"));
    assert_eq!(&*opened.members[1].bytes, b"a\n1\n");
    let said = |name: &str, why: &str| (name.to_string(), why.to_string());
    assert_eq!(
        opened.skipped,
        [
            said("Empty", "an empty sheet"),
            said("Hidden", "a hidden sheet"),
            said("Very hidden", "a hidden sheet that only a program can show")
        ]
    );
    // What is packed once more is the same.
    assert_eq!(open(&gz(&bytes), LIMIT).unwrap(), opened);
}

#[test]
fn a_workbook_without_rows() {
    let mut book = Workbook::new();
    book.add_worksheet().set_name("One").unwrap();
    book.add_worksheet().set_name("Two").unwrap().set_hidden(true).write(0, 0, "x").unwrap();
    let bytes = book.save_to_buffer().unwrap();
    assert_eq!(
        problem(&bytes),
        "is an Excel workbook without a sheet to read: `One` (an empty sheet), `Two` (a hidden sheet)"
    );
    let opened = [("a.csv", CSV), ("b.xlsx", &bytes)];
    let opened = zip_of(&opened);
    let opened = open(&opened, LIMIT).unwrap();
    assert_eq!(names(&opened), ["a.csv"]);
    assert_eq!(opened.skipped.len(), 2);
}

#[test]
fn cells_as_they_are_written() {
    let (text, note) = raw_sheet(
        r#"<row r="2"><c r="B2" t="e"><v>#N/A</v></c><c r="C2" t="e"><v>#ERROR!</v></c><c r="D2" t="b"><v>1</v></c>
           <c r="E2" t="d"><v>2026-04-15T09:30:00Z</v></c></row>
           <row r="4" hidden="1"><c r="B4"><v>12345678901234567891</v></c><c r="C4"><v>1.2345678901234567E+19</v></c>
           <c r="D4"><f>B4+1</f></c><c r="E4" t="str"><f>A1</f><v></v></c></row>
           <row><c t="inlineStr"><is><r><t xml:space="preserve"> a</t></r><r><t>&lt;b&#x41;</t></r><rPh><t>no</t></rPh></is></c></row>
           <row r="9"/><row r="10"><c r="A10" s="3"/></row>"#,
    );
    assert_eq!(
        text,
        "\n,#N/A,#ERROR!,true,2026-04-15T09:30:00Z\n\n,12345678901234567891,12345678901234567000,,\n a<bA,,,,\n"
    );
    assert_eq!(
        note,
        "sheet of a workbook: 2 cells with a number of more than 15 digits, the first B4: spreadsheet programs keep 15, \
         so ids may have lost their last ones; 1 cell with a formula but no saved result, read as empty, the first D4: \
         open and save the workbook in a spreadsheet program; 1 hidden row is read too"
    );
}

#[test]
fn names_texts_and_days_from_1904() {
    let strings = "<si><t>x_x000D_\ny</t></si><si><r><t>é</t></r><r><t>&amp;</t></r></si><si/>";
    let data = r#"<row><c t="s"><v>1</v></c><c t="s"><v>0</v></c><c t="s"><v>2</v></c><c s="1"><v>44665</v></c><c s="9"><v>1</v></c></row>"#;
    let bytes = raw_book(data, strings, r#"<workbookPr date1904="1"/>"#, &["d.m.yyyy"]);
    let opened = open(&bytes, LIMIT).unwrap();
    assert_eq!(names(&opened), ["A&B"]);
    let (text, note) = sheet(&bytes);
    assert_eq!(text, "é&,\"x\r\ny\",,2026-04-15,1\n");
    assert_eq!(note, "sheet of a workbook: days are counted from 1904");
}

#[test]
fn prefixes_and_cells_out_of_order() {
    let (text, _) = raw_sheet(r#"<x:row r="1"><x:c r="C1"><x:v>3</x:v></x:c><x:c r="A1"><x:v>1</x:v></x:c></x:row>"#);
    assert_eq!(text, "1,,3\n");
    // Rows without a number, cells with a place.
    let (text, _) = raw_sheet(r#"<row><c r="A3"><v>1</v></c></row><row><c r="A4"><v>2</v></c></row>"#);
    assert_eq!(text, "\n\n1\n2\n");
}

#[test]
fn broken_sheets() {
    for (data, what) in [
        (r#"<row r="2"/><row r="2"/>"#, "row 2 comes after row 2"),
        (r#"<row r="1048577"/>"#, "row 1048577 is beyond the last"),
        (r#"<row r="1"><c r="A2"/></row>"#, "row 1 has a cell of row 2"),
        (r#"<row r="1"><c r="XFE1"/></row>"#, "row 1 has a cell without a place"),
        (r#"<row r="1"><c r="A1" t="s"><v>7</v></c></row>"#, "row 1 has a cell whose text is missing"),
        (r#"<row><c r="A1"><v>1</v></c><c r="A1"><v>1</v></c></row>"#, "row 1 has two cells in column A"),
        ("<row><c><v>1</v>", "XML: "),
    ] {
        let said = problem(&raw_book(data, "", "", &[]));
        assert!(said.starts_with(&format!("is an Excel workbook that is broken: sheet `A&B`: {what}")), "{said}");
    }
}

static SAMPLES: LazyLock<Vec<Vec<u8>>> = LazyLock::new(samples);

fn samples() -> Vec<Vec<u8>> {
    let raw = raw_book(
        r#"<row r="1"><c r="A1" t="s" s="1"><v>0</v></c><c r="B1" s="1"><v>46127.5</v></c></row>"#,
        "<si><t>a_x000D_&amp;</t></si>",
        "<workbookPr date1904=\"0\"/>",
        &["[h]:mm", "yyyy\\-mm"],
    );
    // Stored, so that a changed byte reaches the XML more often than the checksum of what is packed.
    let mut stored = zip::ZipWriter::new(Cursor::new(Vec::new()));
    let mut packed = zip::ZipArchive::new(Cursor::new(raw)).unwrap();
    for index in 0..packed.len() {
        let mut file = packed.by_index(index).unwrap();
        let options = SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored);
        stored.start_file(file.name().unwrap().into_owned(), options).unwrap();
        std::io::copy(&mut file, &mut stored).unwrap();
    }
    let stored = stored.finish().unwrap().into_inner();
    vec![
        gz(CSV),
        [zst(CSV), zst(CSV)].concat(),
        zip_of(&[("a.csv", CSV), ("b.gz", &gz(CSV)), ("c.zst", &zst(CSV))]),
        zip_of(&[("a.xlsx", &stored)]),
        stored,
        book(),
    ]
}

/// Sets bytes of one part of a stored archive and mends its checksum, so that the change is read.
fn mended(bytes: &[u8], changes: &[(usize, u8)]) -> Vec<u8> {
    let mut zip = zip::ZipArchive::new(Cursor::new(bytes)).unwrap();
    let mut parts = Vec::new();
    for index in 0..zip.len() {
        let mut file = zip.by_index(index).unwrap();
        let mut content = Vec::new();
        file.read_to_end(&mut content).unwrap();
        parts.push((file.name().unwrap().into_owned(), content));
    }
    for (at, byte) in changes {
        let count = parts.len();
        let content = &mut parts[at % count].1;
        let length = content.len().max(1);
        if let Some(target) = content.get_mut(at / count % length) {
            *target = *byte;
        }
    }
    let parts: Vec<(&str, &[u8])> = parts.iter().map(|(n, c)| (n.as_str(), c.as_slice())).collect();
    zip_of(&parts)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn any_bytes_are_opened_or_refused(
        bytes in prop::collection::vec(any::<u8>(), 0..200),
        magic in prop::sample::select(vec![&b""[..], b"\x1f\x8b\x08", b"\x28\xb5\x2f\xfd", b"PK\x03\x04", b"PK\x05\x06"]),
    ) {
        let _ = open(&[magic, &bytes].concat(), LIMIT);
    }

    #[test]
    fn changed_containers_are_opened_or_refused(
        which in 0_usize..6,
        changes in prop::collection::vec((any::<usize>(), any::<u8>()), 1..6),
        cut in prop::option::of(any::<usize>()),
        limit in prop::sample::select(vec![0, 100, LIMIT]),
    ) {
        let mut bytes = SAMPLES[which].clone();
        for (at, byte) in changes {
            let length = bytes.len();
            bytes[at % length] = byte;
        }
        if let Some(cut) = cut {
            bytes.truncate(cut % (bytes.len() + 1));
        }
        match open(&bytes, limit) {
            Ok(opened) => prop_assert!(!opened.members.is_empty()),
            Err(problem) => prop_assert!(!problem.what().is_empty() && !problem.hint().is_empty()),
        }
    }

    #[test]
    fn changed_workbooks_are_opened_or_refused(changes in prop::collection::vec((any::<usize>(), any::<u8>()), 1..4)) {
        let bytes = mended(&SAMPLES[4], &changes);
        if let Err(problem) = open(&bytes, LIMIT) {
            prop_assert!(!problem.what().chars().any(char::is_control));
        }
    }
}

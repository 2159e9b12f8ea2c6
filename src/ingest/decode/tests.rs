use super::*;
use proptest::prelude::*;

const ROWS: &str = "id,name\n1,Müller\n2,Peña\n";

fn text_of(bytes: &[u8]) -> String {
    String::from_utf8(decode(bytes).unwrap().text.into_owned()).unwrap()
}

fn utf16(text: &str, big: bool) -> Vec<u8> {
    text.encode_utf16().flat_map(|unit| if big { unit.to_be_bytes() } else { unit.to_le_bytes() }).collect()
}

fn latin1(text: &str) -> Vec<u8> {
    text.chars().map(|c| u8::try_from(u32::from(c)).unwrap()).collect()
}

#[test]
fn utf_8_is_borrowed_and_its_mark_dropped() {
    let plain = decode(ROWS.as_bytes()).unwrap();
    assert!(matches!(plain.text, Cow::Borrowed(_)));
    assert_eq!((plain.encoding, plain.note, plain.lossy), ("UTF-8", None, false));
    assert_eq!(text_of(format!("\u{feff}{ROWS}").as_bytes()), ROWS);
}

#[test]
fn utf_16_with_and_without_mark() {
    for (big, name) in [(false, "UTF-16LE"), (true, "UTF-16BE")] {
        let marked = utf16(&format!("\u{feff}{ROWS}"), big);
        let decoded = decode(&marked).unwrap();
        assert_eq!((&*decoded.text, decoded.encoding, decoded.note), (ROWS.as_bytes(), name, None));
        let unmarked = utf16(ROWS, big);
        let decoded = decode(&unmarked).unwrap();
        assert_eq!((&*decoded.text, decoded.encoding), (ROWS.as_bytes(), name));
        assert_eq!(decoded.note, Some(format!("read as {name} by the pattern of its bytes")));
    }
    let mut cut = utf16("\u{feff}a,b\n1,2\n", false);
    cut.pop();
    assert_eq!(decode(&cut), Err(DecodeProblem::Malformed { encoding: "UTF-16LE", line: 2 }));
}

#[test]
fn western_single_bytes_are_guessed_and_said() {
    let bytes = latin1("id,stage\n1,Negociación\n2,Müller\n");
    let decoded = decode(&bytes).unwrap();
    assert_eq!(&*decoded.text, "id,stage\n1,Negociación\n2,Müller\n".as_bytes());
    assert_eq!(decoded.encoding, "ISO-8859-1 / windows-1252");
    assert_eq!(
        decoded.note.as_deref(),
        Some("not UTF-8: guessed ISO-8859-1 / windows-1252; the first letter that depends on it is on line 2")
    );
    // 0x80 is the euro sign and 0x92 an apostrophe, in windows-1252 only.
    let decoded = decode(b"a,b\nDon\x92t,5 \x80\n").unwrap();
    assert_eq!((&*decoded.text, decoded.encoding), ("a,b\nDon’t,5 €\n".as_bytes(), "windows-1252"));
}

#[test]
fn western_names_of_many_languages_are_not_called_ambiguous() {
    for text in [
        "Société Générale,Hôtel à Orléans,Crème brûlée,reçu",
        "Jürgen Groß,Köln,Größe,Fußball,Übersicht,Ärzte",
        "São Paulo,Negociação,Prospecção,Conclusão,Não",
        "Señor Núñez,Málaga,Cotización,Año,Teléfono",
        "Åse Sørensen,Tromsø,Færøyene,Ålesund,Blåbær",
        "Göteborg,Malmö,Hörnström,Västerås,Förhandling",
        "Universitá,Perché,Città di Forlì,Società,Però",
    ] {
        let bytes = latin1(&format!("{text}\n").repeat(5));
        let decoded = decode(&bytes).unwrap_or_else(|problem| panic!("{text}: {}", problem.what()));
        assert_eq!(decoded.text, format!("{text}\n").repeat(5).as_bytes(), "{text}");
    }
}

#[test]
fn what_only_its_owner_knows_is_asked() {
    let cyrillic = "имя,город\nИван,Москва\nОльга,Казань\n".repeat(3);
    let (bytes, ..) = encoding_rs::WINDOWS_1251.encode(&cyrillic);
    let problem = decode(&bytes).unwrap_err();
    assert_eq!(problem, DecodeProblem::Ambiguous { choices: vec!["windows-1252", "windows-1251"], line: 1 });
    assert_eq!(problem.what(), "is not UTF-8, and line 1 could be windows-1252 or windows-1251");
    assert_eq!(
        problem.hint(),
        "say which in the contract's [[source]]: encoding = \"windows-1252\" or encoding = \"windows-1251\"; \
         or export it as UTF-8"
    );
    let decoded = decode_as(&bytes, "windows-1251").unwrap();
    assert_eq!((&*decoded.text, decoded.note, decoded.lossy), (cyrillic.as_bytes(), None, false));

    let (bytes, ..) = encoding_rs::MACINTOSH.encode("a,b\nCafé,Núñez\n");
    let problem = decode(&bytes).unwrap_err();
    assert_eq!(problem, DecodeProblem::Ambiguous { choices: vec!["windows-1252", "macintosh"], line: 2 });
}

#[test]
fn broken_utf_8_is_not_taken_for_something_else() {
    let mut bytes = "a,b\nMüller,Peña\nJosé,Łódź\n".as_bytes().to_vec();
    bytes.extend(b"cut \xc3");
    let problem = decode(&bytes).unwrap_err();
    assert_eq!(problem, DecodeProblem::Malformed { encoding: "UTF-8", line: 4 });
    assert_eq!(problem.what(), "is UTF-8 text, but broken on line 4");
    let decoded = decode_as(&bytes, "utf-8").unwrap();
    assert!(decoded.lossy && decoded.text.ends_with("cut \u{fffd}".as_bytes()));
    assert_eq!(
        decoded.note.as_deref(),
        Some("what means nothing in UTF-8 stands as \u{fffd} (1, the first on line 4)")
    );
}

#[test]
fn a_mark_outranks_the_name_and_the_note_says_so() {
    let marked = format!("\u{feff}{ROWS}");
    let decoded = decode_as(marked.as_bytes(), "latin1").unwrap();
    assert_eq!((&*decoded.text, decoded.encoding), (ROWS.as_bytes(), "UTF-8"));
    assert_eq!(decoded.note.as_deref(), Some("read as UTF-8, as its byte-order mark says, not as latin1"));
    assert_eq!(decode_as(b"a", "utf-99").unwrap_err(), DecodeProblem::UnknownEncoding("utf-99".into()));
    assert_eq!(decode_as(&latin1("a\né\n"), "iso-8859-1").unwrap().text, "a\né\n".as_bytes());
}

#[test]
fn a_break_far_behind_sound_text_is_still_a_break() {
    let mut bytes = "a,Müller\n".repeat(200_000).into_bytes();
    bytes.extend(latin1("b,Müller\n"));
    assert_eq!(decode(&bytes), Err(DecodeProblem::Malformed { encoding: "UTF-8", line: 200_001 }));
}

#[test]
fn other_files_are_named() {
    for (bytes, kind) in [
        (&b"PK\x03\x04\x14\0..[Content_Types].xml"[..], "an Excel workbook (.xlsx)"),
        (b"PK\x03\x04\x14\0..leads.csv", "a zip archive"),
        (b"\x1f\x8b\x08\0\0\0", "a gzip archive"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1\0", "an old Excel workbook (.xls), or one with a password"),
        (b"PAR1\x15\0\x15", "a Parquet file"),
        (b"%PDF-1.7\n", "a PDF file"),
        (b"\xef\xbb\xbf\n<HTML><table>", "a web page (some systems name it .xls or .csv)"),
        (b"a,b\n1,\0\n2,x\n", "a binary file (it has NUL bytes)"),
        (b"\x89\xff\0\0\x01\x02\0\0\0", "a binary file (it has NUL bytes)"),
    ] {
        assert_eq!(decode(bytes).unwrap_err().what(), format!("is {kind}, not a CSV file"));
        assert!(decode_as(bytes, "windows-1252").is_err());
    }
    assert!(decode(b"BZhours,PAR1\n1,2\n").is_ok());
    assert!(decode(b"PAR1,PK\n1,2\n").is_ok());
}

#[test]
fn nothing_is_empty() {
    for bytes in [&b""[..], b"\n\n\r\n", b"  \t\n", b"\xef\xbb\xbf", b"\xef\xbb\xbf\n", b"\xff\xfe", b"\xff\xfe\n\0"] {
        assert_eq!(decode(bytes), Err(DecodeProblem::Empty), "{bytes:?}");
    }
}

#[test]
fn carriage_returns_alone_become_line_feeds_only_where_there_are_none() {
    assert_eq!(text_of(b"a,b\r1,2\r"), "a,b\n1,2\n");
    assert_eq!(text_of(b"a,b\r\n1,\"x\ry\"\r\n"), "a,b\r\n1,\"x\ry\"\r\n");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4000))]
    #[test]
    fn any_bytes_become_clean_text_or_a_problem(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        for decoded in [decode(&bytes), decode_as(&bytes, "utf-8"), decode_as(&bytes, "utf-16le"), decode_as(&bytes, "gbk")] {
            match decoded {
                Ok(decoded) => prop_assert!(std::str::from_utf8(&decoded.text).is_ok() && !decoded.text.contains(&0)),
                Err(problem) => prop_assert!(!problem.what().is_empty() && !problem.hint().is_empty()),
            }
        }
    }

    #[test]
    fn utf_8_comes_out_as_it_went_in(text in "[a-zé€,\n]{1,80}[a-z]\n") {
        let decoded = decode(text.as_bytes()).unwrap();
        prop_assert_eq!(&*decoded.text, text.as_bytes());
    }
}

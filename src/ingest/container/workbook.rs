//! An Excel workbook (.xlsx) → its sheets.
//!
//! In: an open archive. Out: [`Book`]: every sheet that is shown and has a cell with a value, as CSV text.

use std::borrow::Cow;
use std::collections::HashMap;
use std::io::{BufReader, Read};

use quick_xml::Reader;
use quick_xml::XmlVersion;
use quick_xml::events::{BytesStart, Event};

use super::archive::Archive;
use super::sheet::{self, Shared};
use super::value::Format;
use super::{Budget, Counted, Fail, Member, printable};

/// The sheets of a workbook.
#[derive(Default)]
pub struct Book {
    /// Those to read, in the workbook's order.
    pub members: Vec<Member<'static>>,
    /// The others, and why.
    pub skipped: Vec<(String, String)>,
}

/// A part of a workbook as XML.
pub type Xml<'r> = Reader<BufReader<Box<dyn Read + 'r>>>;

/// Reads all sheets.
pub fn open(mut archive: Archive<'_>, budget: &Budget) -> Result<Book, Fail> {
    let path = workbook_path(&mut archive, budget)?;
    let Some((sheets, since_1904)) = part(&mut archive, &path, budget, contents)? else {
        return Err(Fail::Broken(format!("it has no part `{}`", printable(&path))));
    };
    let (folder, file) = path.rsplit_once('/').unwrap_or(("", &path));
    let related = format!("{folder}/_rels/{file}.rels");
    let relations = part(&mut archive, &related, budget, relations)?.unwrap_or_default();
    let named = |kind: &str, usual: &str| {
        let found = relations.iter().find(|r| r.kind == kind);
        found.map_or_else(|| resolve(folder, usual), |r| resolve(folder, &r.target))
    };
    let mut shared = Shared { since_1904, ..Shared::default() };
    if let Some((text, ends)) = part(&mut archive, &named("sharedStrings", "sharedStrings.xml"), budget, strings)? {
        (shared.text, shared.ends) = (text, ends);
    }
    if let Some(formats) = part(&mut archive, &named("styles", "styles.xml"), budget, styles)? {
        shared.formats = formats;
    }
    let mut book = Book::default();
    for listed in sheets {
        let name = printable(&listed.name);
        let relation = relations.iter().find(|r| r.id == listed.relation);
        let reason = match (listed.state.as_str(), relation) {
            ("veryHidden", _) => "a hidden sheet that only a program can show",
            ("hidden", _) => "a hidden sheet",
            (_, None) => return Err(Fail::Broken(format!("sheet `{name}` has no part"))),
            (_, Some(relation)) if relation.kind != "worksheet" => "no sheet with cells, but a chart or macros",
            (_, Some(relation)) => {
                let path = resolve(folder, &relation.target);
                let read = part(&mut archive, &path, budget, |xml| sheet::csv(xml, &shared, budget));
                let read = read.map_err(|fail| match fail {
                    Fail::Broken(detail) => Fail::Broken(format!("sheet `{name}`: {detail}")),
                    other => other,
                })?;
                match read {
                    None => return Err(Fail::Broken(format!("sheet `{name}` has no part `{}`", printable(&path)))),
                    Some(Some(text)) => {
                        let note = Some(text.note());
                        book.members.push(Member { name, bytes: Cow::Owned(text.bytes), note });
                        continue;
                    }
                    Some(None) => "an empty sheet",
                }
            }
        };
        book.skipped.push((name, reason.into()));
    }
    Ok(book)
}

/// Reads one part with `read`, and what follows, so that its checksum is tested; `None` when there is no such part.
fn part<T>(
    archive: &mut Archive<'_>,
    path: &str,
    budget: &Budget,
    read: impl FnOnce(&mut Xml<'_>) -> Result<T, Fail>,
) -> Result<Option<T>, Fail> {
    let Some(file) = archive.part(path)? else { return Ok(None) };
    let source: Box<dyn Read + '_> = Box::new(Counted { inner: file, budget });
    let mut xml = Reader::from_reader(BufReader::with_capacity(1 << 16, source));
    xml.config_mut().expand_empty_elements = true;
    let found = read(&mut xml)?;
    std::io::copy(xml.get_mut(), &mut std::io::sink())?;
    Ok(Some(found))
}

fn workbook_path(archive: &mut Archive<'_>, budget: &Budget) -> Result<String, Fail> {
    let found = part(archive, "_rels/.rels", budget, relations)?.unwrap_or_default();
    let document = found.into_iter().find(|r| r.kind == "officeDocument");
    let path = document.map(|r| resolve("", &r.target)).filter(|path| archive.has(path));
    Ok(path.unwrap_or_else(|| "xl/workbook.xml".into()))
}

/// Where a part is that another part in this folder points to.
fn resolve(folder: &str, target: &str) -> String {
    let target = target.replace('\\', "/");
    let mut path: Vec<&str> =
        if target.starts_with('/') { Vec::new() } else { folder.split('/').filter(|p| !p.is_empty()).collect() };
    for step in target.split('/') {
        match step {
            "" | "." => {}
            ".." => drop(path.pop()),
            step => path.push(step),
        }
    }
    path.join("/")
}

/// The value of an attribute, by its name without prefix.
pub fn attribute<'e>(element: &'e BytesStart<'_>, name: &str) -> Result<Option<Cow<'e, str>>, Fail> {
    for found in element.attributes().with_checks(false) {
        let found = found.map_err(|error| Fail::Broken(error.to_string()))?;
        if found.key.local_name().as_ref() == name {
            return Ok(Some(found.normalized_value(XmlVersion::Implicit1_0)?));
        }
    }
    Ok(None)
}

impl From<quick_xml::Error> for Fail {
    fn from(error: quick_xml::Error) -> Self {
        match error {
            quick_xml::Error::Io(error) => Self::Broken(error.to_string()),
            error => Self::Broken(format!("XML: {error}")),
        }
    }
}

/// What is missing when a part ends inside `element`.
pub fn early_end(element: &str) -> Fail {
    Fail::Broken(format!("XML: it ends before </{element}>"))
}

/// A sheet as the workbook lists it.
struct Listed {
    name: String,
    state: String,
    relation: String,
}

/// The list of sheets, and whether days are counted from 1904.
fn contents(xml: &mut Xml<'_>) -> Result<(Vec<Listed>, bool), Fail> {
    let (mut sheets, mut since_1904, mut buffer) = (Vec::new(), false, Vec::new());
    loop {
        buffer.clear();
        match xml.read_event_into(&mut buffer)? {
            Event::Start(e) if e.local_name().as_ref() == "workbookPr" => {
                since_1904 = attribute(&e, "date1904")?.is_some_and(|v| matches!(v.trim(), "1" | "true" | "on"));
            }
            Event::Start(e) if e.local_name().as_ref() == "sheet" => {
                let get = |name| attribute(&e, name).map(|v| v.unwrap_or_default().into_owned());
                sheets.push(Listed { name: get("name")?, state: get("state")?, relation: get("id")? });
            }
            Event::End(e) if e.local_name().as_ref() == "workbook" => return Ok((sheets, since_1904)),
            Event::Eof => return Err(early_end("workbook")),
            _ => {}
        }
    }
}

/// Where one part points to another.
struct Relation {
    id: String,
    /// The last word of its type: `worksheet`, `styles`.
    kind: String,
    target: String,
}

fn relations(xml: &mut Xml<'_>) -> Result<Vec<Relation>, Fail> {
    let (mut found, mut buffer) = (Vec::new(), Vec::new());
    loop {
        buffer.clear();
        match xml.read_event_into(&mut buffer)? {
            Event::Start(e) if e.local_name().as_ref() == "Relationship" => {
                let get = |name| attribute(&e, name).map(|v| v.unwrap_or_default().into_owned());
                let kind = get("Type")?;
                let kind = kind.rsplit('/').next().unwrap_or_default().to_string();
                found.push(Relation { id: get("Id")?, kind, target: get("Target")? });
            }
            Event::End(e) if e.local_name().as_ref() == "Relationships" => return Ok(found),
            Event::Eof => return Err(early_end("Relationships")),
            _ => {}
        }
    }
}

/// The number format of each cell style.
fn styles(xml: &mut Xml<'_>) -> Result<Vec<Format>, Fail> {
    let mut own: HashMap<u32, Format> = HashMap::new();
    let (mut formats, mut in_cells, mut buffer) = (Vec::new(), false, Vec::new());
    loop {
        buffer.clear();
        match xml.read_event_into(&mut buffer)? {
            Event::Start(e) => match e.local_name().as_ref() {
                "numFmt" => {
                    let number = attribute(&e, "numFmtId")?.and_then(|n| n.trim().parse().ok());
                    if let (Some(number), Some(code)) = (number, attribute(&e, "formatCode")?) {
                        own.insert(number, Format::of_code(&code));
                    }
                }
                "cellXfs" => in_cells = true,
                "xf" if in_cells => {
                    let number = attribute(&e, "numFmtId")?.and_then(|n| n.trim().parse().ok()).unwrap_or(0);
                    formats.push(own.get(&number).copied().unwrap_or_else(|| Format::built_in(number)));
                }
                _ => {}
            },
            Event::End(e) if e.local_name().as_ref() == "cellXfs" => in_cells = false,
            Event::End(e) if e.local_name().as_ref() == "styleSheet" => return Ok(formats),
            Event::Eof => return Err(early_end("styleSheet")),
            _ => {}
        }
    }
}

/// The texts that cells share: all in one, and where each ends.
fn strings(xml: &mut Xml<'_>) -> Result<(String, Vec<usize>), Fail> {
    let (mut text, mut ends, mut buffer, mut inner) = (String::new(), Vec::new(), Vec::new(), Vec::new());
    loop {
        buffer.clear();
        match xml.read_event_into(&mut buffer)? {
            Event::Start(e) if e.local_name().as_ref() == "si" => {
                rich_text(xml, "si", &mut text, &mut inner)?;
                ends.push(text.len());
            }
            Event::End(e) if e.local_name().as_ref() == "sst" => return Ok((text, ends)),
            Event::Eof => return Err(early_end("sst")),
            _ => {}
        }
    }
}

/// The text of all runs up to the end of `element`, without the reading aids (`rPh`) of Japanese.
pub fn rich_text(xml: &mut Xml<'_>, element: &str, text: &mut String, buffer: &mut Vec<u8>) -> Result<(), Fail> {
    let (mut in_text, mut aids) = (false, 0_usize);
    let start = text.len();
    loop {
        buffer.clear();
        match xml.read_event_into(buffer)? {
            Event::Start(e) => match e.local_name().as_ref() {
                "t" => in_text = true,
                "rPh" => aids += 1,
                _ => {}
            },
            Event::End(e) => match e.local_name().as_ref() {
                "t" => in_text = false,
                "rPh" => aids = aids.saturating_sub(1),
                name if name == element => {
                    unescape(text, start);
                    return Ok(());
                }
                _ => {}
            },
            Event::Eof => return Err(early_end(element)),
            event if in_text && aids == 0 => push_text(&event, text)?,
            _ => {}
        }
    }
}

/// Adds the characters that an event stands for.
pub fn push_text(event: &Event<'_>, text: &mut String) -> Result<(), Fail> {
    match event {
        Event::Text(t) => text.push_str(&t.xml10_content()),
        Event::CData(t) => text.push_str(&t.xml10_content()),
        Event::GeneralRef(r) => match r.resolve_char_ref()? {
            Some(c) => text.push(c),
            None => match &**r {
                "lt" => text.push('<'),
                "gt" => text.push('>'),
                "amp" => text.push('&'),
                "quot" => text.push('"'),
                "apos" => text.push('\''),
                other => return Err(Fail::Broken(format!("XML: what is `&{other};`?"))),
            },
        },
        _ => {}
    }
    Ok(())
}

/// Characters that XML cannot hold are written `_x000D_`, and `_x005F_` where that was meant literally.
pub fn unescape(text: &mut String, start: usize) {
    if !text[start..].contains("_x") {
        return;
    }
    let escaped = text.split_off(start);
    let mut rest = escaped.as_str();
    while let Some(at) = rest.find("_x") {
        text.push_str(&rest[..at]);
        rest = &rest[at..];
        let code = rest.get(2..6).filter(|code| code.bytes().all(|b| b.is_ascii_hexdigit()));
        let code = code.filter(|_| rest.as_bytes().get(6) == Some(&b'_'));
        // A NUL would make the whole text look like a binary file.
        let c =
            code.and_then(|code| u32::from_str_radix(code, 16).ok()).and_then(char::from_u32).filter(|c| *c != '\0');
        if let Some(c) = c {
            text.push(c);
            rest = &rest[7..];
        } else {
            text.push_str("_x");
            rest = &rest[2..];
        }
    }
    text.push_str(rest);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes() {
        for (from, to) in [
            ("a_x000D_b", "a\rb"),
            ("_x005F_x000D_", "_x000D_"),
            ("_x0000_", "_x0000_"),
            ("_xD83D_", "_xD83D_"),
            ("_x00", "_x00"),
            ("_x00éé_", "_x00éé_"),
            ("utm_xyz", "utm_xyz"),
        ] {
            let mut text = String::from("_x000D_") + from;
            unescape(&mut text, 7);
            assert_eq!(text, format!("_x000D_{to}"));
        }
    }

    #[test]
    fn targets() {
        assert_eq!(resolve("xl", "worksheets/sheet1.xml"), "xl/worksheets/sheet1.xml");
        assert_eq!(resolve("xl", "/xl/worksheets/sheet1.xml"), "xl/worksheets/sheet1.xml");
        assert_eq!(resolve("xl", "..\\a.xml"), "a.xml");
        assert_eq!(resolve("", "../../a.xml"), "a.xml");
    }
}

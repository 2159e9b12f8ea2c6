//! Cells of a workbook: what is written, and how it looks.
//!
//! In: cells of a report. Out: typed cells. People get the units and the rounding that they get everywhere, as number
//! formats over the values themselves.

use std::borrow::Cow;
use std::collections::BTreeMap;

use anyhow::Result;
use rust_xlsxwriter::{Color, Format, FormatAlign, FormatBorder, Note, Url, Worksheet};

use super::excel_day;
use crate::output::csv::is_risky;
use crate::output::number;
use crate::report::{Cell, Unit};

/// Characters of a cell, as Excel counts them.
const LONGEST: usize = 32_767;
/// And of a note, which begins with its author.
const LONGEST_NOTE: usize = 32_000;

/// How a cell looks.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
#[allow(clippy::struct_excessive_bools)] // each is a switch of its own
pub struct Face {
    bold: bool,
    dim: bool,
    large: bool,
    line: bool,
    wrap: bool,
    /// `None` as its type has it: words left, numbers right.
    align: Option<Side>,
    /// Words that a spreadsheet would take for a formula when they are edited.
    quoted: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Side {
    Left,
    Right,
}

impl Face {
    pub fn title() -> Self {
        Self { bold: true, large: true, ..Self::default() }
    }

    pub fn header() -> Self {
        Self { bold: true, line: true, ..Self::default() }
    }

    pub fn bold() -> Self {
        Self { bold: true, ..Self::default() }
    }

    pub fn dim() -> Self {
        Self { dim: true, ..Self::default() }
    }

    pub fn wrapped() -> Self {
        Self { wrap: true, ..Self::default() }
    }

    pub fn wrap(self) -> Self {
        Self { wrap: true, ..self }
    }

    pub fn left() -> Self {
        Self { align: Some(Side::Left), ..Self::default() }
    }

    pub fn right(self) -> Self {
        Self { align: Some(Side::Right), ..self }
    }
}

/// Writes cells and keeps their formats, as each is made once.
#[derive(Default)]
pub struct Pen {
    formats: BTreeMap<(Face, String), Format>,
    /// How many texts did not fit into their cell.
    pub cut: u64,
    /// The last row of the definitions.
    pub definitions: u32,
}

impl Pen {
    fn format(&mut self, face: Face, pattern: &str) -> &Format {
        self.formats.entry((face, pattern.to_owned())).or_insert_with(|| {
            let mut format = Format::new().set_align(FormatAlign::Top);
            if !pattern.is_empty() {
                format = format.set_num_format(pattern);
            }
            if face.bold {
                format = format.set_bold();
            }
            if face.large {
                format = format.set_font_size(14);
            }
            if face.dim {
                format = format.set_font_color(Color::RGB(0x57_60_6a));
            }
            if face.line {
                format = format.set_border_bottom(FormatBorder::Thin);
            }
            if face.wrap {
                format = format.set_text_wrap();
            }
            if face.quoted {
                format = format.set_quote_prefix();
            }
            match face.align {
                Some(Side::Left) => format.set_align(FormatAlign::Left),
                Some(Side::Right) => format.set_align(FormatAlign::Right),
                None => format,
            }
        })
    }

    /// Words on one line.
    pub fn text(&mut self, sheet: &mut Worksheet, row: u32, column: u16, text: &str, face: Face) -> Result<()> {
        self.words(sheet, row, column, &number::plain(text), face)
    }

    fn words(&mut self, sheet: &mut Worksheet, row: u32, column: u16, text: &str, face: Face) -> Result<()> {
        let text = clean(text);
        let fitting = cut(&text, LONGEST);
        self.cut += u64::from(fitting.len() < text.len());
        let face = Face { quoted: is_risky(fitting), ..face };
        if face == Face::default() {
            sheet.write_string(row, column, fitting)?;
        } else {
            sheet.write_string_with_format(row, column, fitting, self.format(face, ""))?;
        }
        Ok(())
    }

    /// A cell for people: a dash with its reason where nothing is known.
    pub fn value(&mut self, sheet: &mut Worksheet, row: u32, column: u16, cell: &Cell, face: Face) -> Result<()> {
        match cell {
            Cell::Missing(why) => {
                let face = Face { dim: true, ..face }.right();
                sheet.write_string_with_format(row, column, number::MISSING, self.format(face, ""))?;
                let why = clean(why);
                if !why.is_empty() {
                    let note = Note::new(cut(&why, LONGEST_NOTE)).set_author("onefunnel").add_author_prefix(false);
                    sheet.insert_note(row, column, &note)?;
                }
            }
            Cell::Text(text) => self.text(sheet, row, column, text, face)?,
            Cell::Number(value, unit) => {
                let (value, pattern) = pattern(*value, *unit);
                sheet.write_number_with_format(row, column, value, self.format(face, &pattern))?;
            }
            Cell::Date(day) => match excel_day(*day) {
                Some(day) => {
                    sheet.write_datetime_with_format(row, column, &day, self.format(face, "yyyy-mm-dd"))?;
                }
                None => self.text(sheet, row, column, &day.to_string(), face)?,
            },
            Cell::Flag(_) => self.text(sheet, row, column, &number::cell(cell), face)?,
        }
        Ok(())
    }

    /// Words in a column of numbers: a number where they are one with its unit or its mark, as they show it, so that it can
    /// be summed and sorted.
    pub fn number_in_words(
        &mut self,
        sheet: &mut Worksheet,
        row: u32,
        column: u16,
        text: &str,
        face: Face,
    ) -> Result<()> {
        match shown_number(text) {
            Some((value, pattern)) => {
                sheet.write_number_with_format(row, column, value, self.format(face, &pattern))?;
                Ok(())
            }
            None => self.text(sheet, row, column, text, face),
        }
    }

    /// A cell for machines: the value as it is, nothing where it is missing.
    pub fn plain(&mut self, sheet: &mut Worksheet, row: u32, column: u16, cell: &Cell) -> Result<()> {
        match cell {
            Cell::Missing(_) => {}
            Cell::Text(text) => self.words(sheet, row, column, text, Face::default())?,
            Cell::Number(value, _) => {
                sheet.write_number(row, column, value + 0.0)?;
            }
            Cell::Date(_) => self.value(sheet, row, column, cell, Face::default())?,
            Cell::Flag(flag) => {
                sheet.write_boolean(row, column, *flag)?;
            }
        }
        Ok(())
    }
}

/// A link to another sheet.
pub fn link(sheet: &mut Worksheet, row: u32, column: u16, name: &str) -> Result<()> {
    let place = format!("internal:'{}'!A1", name.replace('\'', "''"));
    sheet.write_url(row, column, Url::new(place).set_text(name))?;
    Ok(())
}

/// Words without the two characters that no XML file can hold.
pub fn clean(text: &str) -> Cow<'_, str> {
    let odd = ['\u{fffe}', '\u{ffff}'];
    if text.contains(odd) { text.replace(odd, "\u{fffd}").into() } else { text.into() }
}

/// As much of a text as fits, counted in UTF-16.
fn cut(text: &str, longest: usize) -> &str {
    if text.len() <= longest {
        return text;
    }
    let mut units = 0;
    let end = text.char_indices().find(|(_, c)| {
        units += c.len_utf16();
        units > longest
    });
    end.map_or(text, |(at, _)| &text[..at])
}

/// The number that words are, with a number format that shows them: `45.4%*`, `+8.5 pp`, `1,200*`, `19`. `None` for all else.
pub fn shown_number(text: &str) -> Option<(f64, String)> {
    const ENDS: [&str; 6] = ["%", " pp", " d", " h", " : 1", ""];
    let (rest, mark) = text.strip_suffix('*').map_or((text, ""), |rest| (rest, "*"));
    let end = ENDS.into_iter().find(|end| rest.ends_with(end))?;
    let digits = rest.strip_suffix(end)?;
    let (sign, digits) = match digits.as_bytes().first()? {
        b'-' => ("-", &digits[1..]),
        b'+' => ("+", &digits[1..]),
        _ => ("", digits),
    };
    let (whole, decimals) = digits.split_once('.').unwrap_or((digits, ""));
    let all_digits = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
    // Numbers are grouped by three, and begin with no 0: what does not is a name, or a version.
    let groups: Vec<&str> = whole.split(',').collect();
    let grouped = (1..=3).contains(&groups[0].len()) && groups[1..].iter().all(|group| group.len() == 3);
    let plain = groups.iter().all(|group| all_digits(group)) && (whole == "0" || !whole.starts_with('0'));
    if !grouped || !plain || !all_digits(decimals) || digits.ends_with('.') {
        return None;
    }
    let value: f64 = format!("{sign}{}.{decimals}0", groups.concat()).parse().ok()?;
    let value = if end == "%" { value / 100.0 } else { value };
    let digits = if decimals.is_empty() { "0".to_owned() } else { format!("0.{}", "0".repeat(decimals.len())) };
    let tail = match (end, mark) {
        ("%", "") => "%".to_owned(),
        ("%", mark) => format!("%\"{mark}\""),
        ("", "") => String::new(),
        (end, mark) => format!("\"{end}{mark}\""),
    };
    let pattern = match sign {
        "+" => format!("+#,##{digits}{tail};-#,##{digits}{tail};#,##{digits}{tail}"),
        _ => format!("#,##{digits}{tail}"),
    };
    Some((value, pattern))
}

/// The value to write, and the number format that shows it as every other format for people does.
pub fn pattern(value: f64, unit: Unit) -> (f64, String) {
    let text = number::people(value, unit);
    let decimals = text.split_once('.').map_or(0, |(_, rest)| rest.bytes().take_while(u8::is_ascii_digit).count());
    let digits = if decimals > 0 { format!("0.{}", "0".repeat(decimals)) } else { "0".to_owned() };
    let signed = |end: &str| format!("+{digits}{end};-{digits}{end};{digits}{end}");
    match unit {
        Unit::Count | Unit::Heads | Unit::Money | Unit::Number => (value, format!("#,##{digits}")),
        Unit::Share => (value, format!("#,##{digits}%")),
        // No format multiplies by a hundred without a percent sign.
        Unit::Points => (value * 100.0, signed("\" pp\"")),
        Unit::Change => (value, signed("%")),
        Unit::Times => (value, format!("#,##{digits}\" : 1\"")),
        Unit::Days => (value, format!("#,##{digits}\" d\"")),
        Unit::Hours => (value, format!("#,##{digits}\" h\"")),
    }
}

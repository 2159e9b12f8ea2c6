//! How wide each column of a terminal table is.
//!
//! In: a table and a width. Out: one width per column and the gap between them. Numbers, dates and flags are never
//! broken; words only where they must be.

use comfy_table::Table as Grid;

use super::number;
use crate::report::{Cell, Table};

/// Longer words may be broken when space is short.
const WORD: u16 = 20;
/// Spaces between columns: as they should be, and where space is short.
const GAPS: [u16; 2] = [2, 1];

/// How wide a column is in full, at least without breaking a word, and at least at all.
#[derive(Clone, Copy)]
struct Need {
    full: u16,
    words: u16,
    hard: u16,
}

/// Some columns of a table next to each other.
#[derive(Debug, PartialEq, Eq)]
pub struct Page {
    /// Which columns, by position.
    pub columns: Vec<usize>,
    /// The width of each of them.
    pub widths: Vec<u16>,
    /// Spaces between them.
    pub gap: u16,
}

/// The table as one page, or as several to be put below each other, each beginning with the first column.
pub fn plan(table: &Table, width: u16) -> Vec<Page> {
    let needs = needs(table);
    if needs.is_empty() {
        return Vec::new();
    }
    if let Some(page) = fit(&needs, (0..needs.len()).collect(), width) {
        return vec![page];
    }
    let mut pages = Vec::new();
    let mut next = 1;
    while next < needs.len() {
        let page = (next + 1..=needs.len())
            .map_while(|end| fit(&needs, std::iter::once(0).chain(next..end).collect(), width))
            .last()
            .unwrap_or_else(|| squeeze(&needs, vec![0, next], width));
        next += page.columns.len() - 1;
        pages.push(page);
    }
    if pages.is_empty() {
        pages.push(squeeze(&needs, vec![0], width));
    }
    pages
}

/// The columns side by side, if all words fit into `width`.
fn fit(needs: &[Need], columns: Vec<usize>, width: u16) -> Option<Page> {
    let least: Vec<u16> = columns.iter().map(|i| needs[*i].words).collect();
    let most: Vec<u16> = columns.iter().map(|i| needs[*i].full).collect();
    let fits = |gap: &u16| space(columns.len(), *gap, width).filter(|space| total(&least) <= u64::from(*space));
    let (gap, space) = GAPS.iter().find_map(|gap| fits(gap).map(|space| (*gap, space)))?;
    let widths = share(least, &most, space);
    Some(Page { columns, widths, gap })
}

/// The columns side by side with broken words; wider than `width` only when numbers alone are.
fn squeeze(needs: &[Need], columns: Vec<usize>, width: u16) -> Page {
    let gap = GAPS[GAPS.len() - 1];
    let least = columns.iter().map(|i| needs[*i].hard).collect();
    let most: Vec<u16> = columns.iter().map(|i| needs[*i].words).collect();
    let widths = share(least, &most, space(columns.len(), gap, width).unwrap_or(0));
    Page { columns, widths, gap }
}

/// What is left of `width` after the gaps.
fn space(columns: usize, gap: u16, width: u16) -> Option<u16> {
    let gaps = u16::try_from(columns.saturating_sub(1)).ok()?.checked_mul(gap)?;
    width.checked_sub(gaps)
}

/// Widens the narrowest column that still wants more, one by one, until the space is used up.
fn share(mut widths: Vec<u16>, most: &[u16], space: u16) -> Vec<u16> {
    for _ in total(&widths)..u64::from(space) {
        let wanting = (0..widths.len()).filter(|i| widths[*i] < most[*i]);
        let Some(i) = wanting.min_by_key(|i| widths[*i]) else {
            break;
        };
        widths[i] += 1;
    }
    widths
}

fn total(widths: &[u16]) -> u64 {
    widths.iter().copied().map(u64::from).sum()
}

/// Measures with the grid's own ruler, which knows wide and combining characters. Headings are not part of a column.
fn needs(table: &Table) -> Vec<Need> {
    let measure = |header: &dyn Fn(&str) -> String, cell: &dyn Fn(&Cell) -> String| {
        let mut grid = Grid::new();
        grid.set_header(table.columns.iter().map(|c| header(&number::plain(&c.title))).collect::<Vec<_>>());
        for row in table.rows.iter().filter(|row| !super::is_heading(row)) {
            grid.add_row(row.iter().map(cell).collect::<Vec<_>>());
        }
        grid.column_max_content_widths()
    };
    // The ruler takes each line for itself: a word per line gives the longest word.
    let stacked = |text: &str| text.replace(' ', "\n");
    let full = measure(&str::to_owned, &number::cell);
    let solid = measure(&|_| String::new(), &|cell| match cell {
        Cell::Text(_) => String::new(),
        other => number::cell(other),
    });
    let header_words = measure(&stacked, &|_| String::new());
    let text_words = measure(&|_| String::new(), &|cell| match cell {
        Cell::Text(text) => stacked(&number::plain(text)),
        _ => String::new(),
    });
    full.iter()
        .zip(solid)
        .zip(header_words.iter().zip(text_words))
        .map(|((full, solid), (header, text))| Need {
            full: *full,
            words: solid.max((*header).min(WORD)).max(text.min(WORD)),
            hard: solid.max(4.min(*full)),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::{Audience, Column, Unit};

    fn table(titles: &[&str], rows: Vec<Vec<Cell>>) -> Table {
        Table {
            id: "t".into(),
            title: String::new(),
            audience: Audience::Both,
            columns: titles.iter().map(|t| Column::left(*t, *t)).collect(),
            rows,
        }
    }

    fn page(columns: &[usize], widths: &[u16], gap: u16) -> Page {
        Page { columns: columns.to_vec(), widths: widths.to_vec(), gap }
    }

    #[test]
    fn columns_are_as_wide_as_what_they_hold() {
        let rows = vec![
            vec![Cell::text("東京"), Cell::Number(3.25, Unit::Times)],
            vec![Cell::text("a long heading"), Cell::none()],
        ];
        assert_eq!(plan(&table(&["a", "b"], rows), 80), [page(&[0, 1], &[4, 7], 2)]);
    }

    #[test]
    fn words_wrap_before_the_table_is_split() {
        // "one two three" is 13 wide, its longest word 5; the number is 9 wide and has to stay whole.
        let rows = vec![vec![Cell::text("one two three"), Cell::Number(2_815_000.0, Unit::Money)]];
        let table = table(&["a", "b"], rows);
        assert_eq!(plan(&table, 24), [page(&[0, 1], &[13, 9], 2)]);
        assert_eq!(plan(&table, 20), [page(&[0, 1], &[9, 9], 2)]);
        assert_eq!(plan(&table, 16), [page(&[0, 1], &[5, 9], 2)]);
        assert_eq!(plan(&table, 15), [page(&[0, 1], &[5, 9], 1)]);
        assert_eq!(plan(&table, 14), [page(&[0, 1], &[4, 9], 1)]);
        assert_eq!(plan(&table, 10), [page(&[0, 1], &[4, 9], 1)], "a number is not broken whatever happens");
    }

    #[test]
    fn what_does_not_fit_goes_on_below() {
        let amount = || Cell::Number(2_815_000.0, Unit::Money);
        let rows = vec![vec![Cell::text("name"), amount(), amount(), amount()]];
        let expected = [page(&[0, 1, 2], &[4, 9, 9], 2), page(&[0, 3], &[4, 9], 2)];
        assert_eq!(plan(&table(&["a", "b", "c", "d"], rows), 26), expected);
    }

    #[test]
    fn a_table_without_columns_has_no_page() {
        assert_eq!(plan(&table(&[], Vec::new()), 80), []);
    }
}

//! Parquet: one table for machines per file, columns with real types.
//!
//! In: a checked report and one of its tables. Out: the bytes of a Parquet file, Snappy-compressed. Words are UTF-8
//! strings, numbers doubles, days `DATE`, flags booleans, whatever the data; every column is optional and missing is
//! null. What has to be known about the report stands in the file's metadata under `onefunnel.…`.

use std::sync::Arc;

use anyhow::{Context, Result};
use parquet::basic::{Compression, LogicalType, Repetition, Type as Physical};
use parquet::data_type::{BoolType, ByteArray, ByteArrayType, DataType, DoubleType, Int32Type};
use parquet::file::metadata::KeyValue;
use parquet::file::properties::WriterProperties;
use parquet::file::writer::{SerializedFileWriter, SerializedRowGroupWriter};
use parquet::schema::types::Type as Node;

use super::json;
use crate::report::{Cell, Column, Report, Table, Type};

/// Rows of a row group, as many engines like them.
const GROUP: usize = 122_880;

/// One table as a Parquet file.
///
/// # Errors
/// A cell that its column cannot hold (a bug of the report).
pub fn render(report: &Report, table: &Table) -> Result<Vec<u8>> {
    let fields = table.columns.iter().map(|c| node(c).map(Arc::new)).collect::<Result<Vec<_>>>()?;
    let schema = Arc::new(Node::group_type_builder(&table.id).with_fields(fields).build()?);
    let properties = WriterProperties::builder()
        .set_compression(Compression::SNAPPY)
        .set_created_by(concat!("onefunnel version ", env!("CARGO_PKG_VERSION")).to_owned())
        .set_key_value_metadata(Some(metadata(report, table)?))
        .build();
    let mut writer = SerializedFileWriter::new(Vec::new(), schema, Arc::new(properties))?;
    for rows in table.rows.chunks(GROUP) {
        let mut group = writer.next_row_group()?;
        for (at, column) in table.columns.iter().enumerate() {
            let cells = rows.iter().map(|row| &row[at]);
            write_column(&mut group, column, cells).with_context(|| format!("column `{}`", column.id))?;
        }
        group.close()?;
    }
    Ok(writer.into_inner()?)
}

fn node(column: &Column) -> Result<Node> {
    let (physical, logical) = match column.kind {
        Type::Text => (Physical::BYTE_ARRAY, Some(LogicalType::String)),
        Type::Number => (Physical::DOUBLE, None),
        Type::Date => (Physical::INT32, Some(LogicalType::Date)),
        Type::Flag => (Physical::BOOLEAN, None),
    };
    let builder = Node::primitive_type_builder(&column.id, physical);
    Ok(builder.with_repetition(Repetition::OPTIONAL).with_logical_type(logical).build()?)
}

fn metadata(report: &Report, table: &Table) -> Result<Vec<KeyValue>> {
    let text = |key: &str, value: String| KeyValue::new(format!("onefunnel.{key}"), value);
    let asked = serde_json::to_value(json::asked(report))?;
    let asked = asked.as_object().is_some_and(|asked| !asked.is_empty()).then(|| text("asked", asked.to_string()));
    let mut all = vec![
        text("schema_version", json::SCHEMA_VERSION.to_string()),
        text("version", env!("CARGO_PKG_VERSION").to_owned()),
        text("report", report.id.clone()),
        text("title", report.title.clone()),
        text("table", table.id.clone()),
        text("as_of", report.as_of.map_or_else(String::new, |day| day.to_string())),
        text("company", report.company.clone()),
        text("currency", report.currency.clone()),
        text("contract", report.contract.clone()),
        text("contract_hash", report.contract_hash.clone()),
        text("inputs", json::inputs(report)?),
        text("notes", serde_json::to_string(&report.notes)?),
    ];
    all.extend(asked);
    Ok(all)
}

fn write_column<'a>(
    group: &mut SerializedRowGroupWriter<'_, Vec<u8>>,
    column: &Column,
    cells: impl Iterator<Item = &'a Cell>,
) -> Result<()> {
    match column.kind {
        Type::Text => put::<ByteArrayType>(group, cells, |cell| match cell {
            Cell::Text(text) => Some(ByteArray::from(text.as_bytes().to_vec())),
            _ => None,
        }),
        Type::Number => put::<DoubleType>(group, cells, |cell| match cell {
            // As in every other format: there is no -0.
            Cell::Number(value, _) => Some(value + 0.0),
            _ => None,
        }),
        Type::Date => put::<Int32Type>(group, cells, |cell| match cell {
            Cell::Date(day) => Some(crate::time::day_of(*day)),
            _ => None,
        }),
        Type::Flag => put::<BoolType>(group, cells, |cell| match cell {
            Cell::Flag(flag) => Some(*flag),
            _ => None,
        }),
    }
}

/// Writes the next column: its values, and for every row whether there is one.
fn put<'a, T: DataType>(
    group: &mut SerializedRowGroupWriter<'_, Vec<u8>>,
    cells: impl Iterator<Item = &'a Cell>,
    value: impl Fn(&Cell) -> Option<T::T>,
) -> Result<()> {
    let (mut values, mut there) = (Vec::new(), Vec::new());
    for cell in cells {
        let found = value(cell);
        anyhow::ensure!(
            found.is_some() || matches!(cell, Cell::Missing(_)),
            "{cell:?} does not fit the type of the column"
        );
        there.push(i16::from(found.is_some()));
        values.extend(found);
    }
    let mut writer = group.next_column()?.context("a column more than the schema has")?;
    writer.typed::<T>().write_batch(&values, Some(&there), None)?;
    writer.close()?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use parquet::file::reader::{FileReader, SerializedFileReader};
    use parquet::record::Field;
    use parquet::schema::printer::print_schema;

    use super::super::sample::{HOSTILE, pack, sample};
    use super::*;

    fn read(report: &Report, table: &Table) -> SerializedFileReader<std::fs::File> {
        use std::io::Write;
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(&render(report, table).unwrap()).unwrap();
        SerializedFileReader::new(file).unwrap()
    }

    #[test]
    fn types_are_real_and_the_metadata_says_what_it_is() {
        let report = sample();
        let reader = read(&report, &report.tables[1]);
        let meta = reader.metadata().file_metadata();
        let mut schema = Vec::new();
        print_schema(&mut schema, meta.schema());
        assert_eq!(
            String::from_utf8(schema).unwrap(),
            "message tidy {\n  OPTIONAL BYTE_ARRAY metric (STRING);\n  OPTIONAL DOUBLE value;\n  OPTIONAL DOUBLE numerator;\n  \
             OPTIONAL INT32 since (DATE);\n  OPTIONAL BOOLEAN ok;\n}\n"
        );
        let said = |key: &str| {
            let all = meta.key_value_metadata().unwrap();
            all.iter().find(|kv| kv.key == format!("onefunnel.{key}")).unwrap().value.clone().unwrap()
        };
        assert_eq!(said("schema_version"), "1");
        assert_eq!([said("as_of"), said("currency"), said("contract_hash")], ["2026-06-30", "USD", "1a2b3c4d5e6f"]);
        assert!(said("inputs").contains("\"rows_read\":20183"));
        let rows: Vec<Vec<Field>> = reader
            .get_row_iter(None)
            .unwrap()
            .map(|row| row.unwrap().get_column_iter().map(|(_, field)| field.clone()).collect())
            .collect();
        assert_eq!(rows.len(), 4);
        // 2026-01-01 is 20,454 days after 1970-01-01: 56 years and 14 leap days.
        let (null, text) = (Field::Null, |t: &str| Field::Str(t.into()));
        assert_eq!(
            rows[0],
            [text("leads"), Field::Double(8000.0), null.clone(), Field::Date(20_454), Field::Bool(true)]
        );
        assert_eq!(rows[3], [text("Zoë | 東京"), Field::Double(1_234_567.89), null.clone(), null, Field::Bool(true)]);
    }

    #[test]
    fn an_empty_table_has_its_columns_and_words_stay_words() {
        let report = pack();
        let empty = &report.sections[1].tables[0];
        assert_eq!(read(&report, empty).metadata().file_metadata().schema().get_fields().len(), 3);
        let words = read(&report, &report.sections[0].tables[1]);
        let found: Vec<Field> = words
            .get_row_iter(None)
            .unwrap()
            .map(|row| row.unwrap().get_column_iter().next().unwrap().1.clone())
            .collect();
        assert_eq!(found, HOSTILE.map(|words| Field::Str(words.into())));
    }

    #[test]
    fn a_cell_of_another_type_is_refused() {
        let mut report = sample();
        report.tables[1].rows[0][1] = Cell::text("many");
        let error = format!("{:#}", render(&report, &report.tables[1]).unwrap_err());
        assert!(error.starts_with("column `value`: ") && error.contains("does not fit"), "{error}");
    }
}

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
    Ok(vec![
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
    ])
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

//! From sqlx's rows to values.

use super::error::from_sqlx;
use crate::backend::sqlite::decode;
use crate::{Column, Result};
use rusqlite::types::ValueRef;
use sea_orm::Value;
use sea_orm::sqlx::sqlite::SqliteRow;
use sea_orm::sqlx::{Row, TypeInfo, ValueRef as _};

/// The values of a row that was selected by these columns.
pub(super) fn row(columns: &[&'static Column], row: &SqliteRow) -> Result<Vec<Value>> {
    let cells = columns.iter().enumerate();
    cells.map(|(at, column)| decode::cell(column, column.kind, stored(row, at)?)).collect()
}

/// What is stored in a cell, by its class.
pub(super) fn stored(row: &SqliteRow, at: usize) -> Result<ValueRef<'_>> {
    let raw = row.try_get_raw(at).map_err(from_sqlx)?;
    if raw.is_null() {
        return Ok(ValueRef::Null);
    }
    let class = raw.type_info().into_owned();
    let stored = match class.name() {
        "INTEGER" | "INT4" | "BOOLEAN" => row.try_get_unchecked(at).map(ValueRef::Integer),
        "REAL" => row.try_get_unchecked(at).map(ValueRef::Real),
        "BLOB" => row.try_get_unchecked(at).map(ValueRef::Blob),
        _ => row.try_get_unchecked(at).map(|text: &str| ValueRef::Text(text.as_bytes())),
    };
    stored.map_err(from_sqlx)
}

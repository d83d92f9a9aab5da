//! SQL of the caller's own.

use super::{compile, error};
use crate::{RawRow, Result, value};
use sea_orm::sqlx::sqlite::{SqliteConnection, SqliteRow};
use sea_orm::sqlx::{self, AssertSqlSafe, Column, Row, TypeInfo, ValueRef};
use sea_orm::{JsonValue, Value};

pub(super) async fn run(
    connection: &mut SqliteConnection,
    sql: &str,
    parameters: Vec<Value>,
) -> Result<Vec<RawRow>> {
    let rows = sqlx::query_with(AssertSqlSafe(sql), compile::arguments(parameters))
        .fetch_all(connection)
        .await
        .map_err(error::of_write)?;
    rows.iter().map(|row| raw_row(row).map_err(error::from_sqlx)).collect()
}

fn raw_row(row: &SqliteRow) -> Result<RawRow, sqlx::Error> {
    row.columns()
        .iter()
        .map(|column| Ok((column.name().to_owned(), cell(row, column.ordinal())?)))
        .collect()
}

/// A cell by its storage class; binary data in the form `\x0102`, as PostgREST gives it.
fn cell(row: &SqliteRow, at: usize) -> Result<JsonValue, sqlx::Error> {
    let raw = row.try_get_raw(at)?;
    if raw.is_null() {
        return Ok(JsonValue::Null);
    }
    let class = raw.type_info().name().to_owned();
    Ok(match class.as_str() {
        "INTEGER" | "INT4" | "BOOLEAN" => row.try_get_unchecked::<i64, _>(at)?.into(),
        "REAL" => row.try_get_unchecked::<f64, _>(at)?.into(),
        "BLOB" => value::to_text(&row.try_get_unchecked::<Vec<u8>, _>(at)?.into()).into(),
        _ => row.try_get_unchecked::<String, _>(at)?.into(),
    })
}

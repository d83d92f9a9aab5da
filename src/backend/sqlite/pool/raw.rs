//! SQL of the caller's own.

use super::error::of_write;
use super::{arguments, decode};
use crate::backend::sqlite::raw;
use crate::{RawRow, Result};
use sea_orm::Value;
use sea_orm::sqlx::sqlite::{SqliteConnection, SqliteRow};
use sea_orm::sqlx::{self, AssertSqlSafe, Column, Row};

pub(super) async fn run(
    connection: &mut SqliteConnection,
    sql: &str,
    parameters: Vec<Value>,
) -> Result<Vec<RawRow>> {
    let query = sqlx::query_with(AssertSqlSafe(sql), arguments(&parameters));
    let rows = query.fetch_all(connection).await.map_err(of_write)?;
    rows.iter().map(raw_row).collect()
}

fn raw_row(row: &SqliteRow) -> Result<RawRow> {
    let cells = row.columns().iter();
    cells
        .map(|column| {
            let stored = decode::stored(row, column.ordinal())?;
            Ok((column.name().to_owned(), raw::cell(stored)?))
        })
        .collect()
}

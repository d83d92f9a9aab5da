//! `chronicle outbox`: writes that wait for the server.

use crate::cli::{Globals, OutboxCommand};
use crate::config::Config;
use crate::database;
use crate::error::{Error, Result};
use crate::moment;
use crate::output::{self, Screen};
use crate::table::{Column, Table};
use chronicle::{RawRow, Sqlite, Store};
use chrono::{DateTime, Utc};
use sea_orm::JsonValue;
use serde_json::json;

/// How many are listed.
const MOST: u32 = 200;

pub(crate) async fn run(globals: &Globals, command: OutboxCommand) -> Result<()> {
    let sqlite = database::look(&Config::load(globals)?).await?;
    match command {
        OutboxCommand::List => list(globals, &sqlite).await,
        OutboxCommand::Show { id } => show(&sqlite, id).await,
    }
}

/// Whether the file has an outbox at all.
pub(crate) async fn is_there(sqlite: &Sqlite) -> Result<bool> {
    let sql = "select 1 as found from sqlite_schema where name = 'chronicle_outbox'";
    Ok(!database::rows(sqlite, sql).await?.is_empty())
}

async fn list(globals: &Globals, sqlite: &Sqlite) -> Result<()> {
    let rows = if is_there(sqlite).await? {
        let sql = format!(
            "select * from chronicle_outbox where reason is null order by sequence limit {MOST}"
        );
        database::rows(sqlite, &sql).await?
    } else {
        Vec::new()
    };
    if globals.json {
        return output::json(&rows.iter().map(to_json).collect::<Vec<_>>());
    }
    if rows.is_empty() {
        return output::text(&"nothing waits for the server\n");
    }
    let mut table = Table::new([
        Column::number("NUMBER"),
        Column::text("WAITING"),
        Column::text("TABLE"),
        Column::text("WRITE"),
        Column::long("ROW"),
        Column::number("TRIES"),
    ]);
    for row in &rows {
        table.row([
            number(row, "sequence").to_string().into(),
            queued(row)
                .map(|time| moment::long(chronicle::now() - time))
                .unwrap_or_default()
                .into(),
            text(row, "table_name").into(),
            text(row, "kind").into(),
            text(row, "row_key").into(),
            Some(number(row, "tries"))
                .filter(|tries| *tries > 0)
                .map(|tries| tries.to_string())
                .unwrap_or_default()
                .into(),
        ]);
    }
    output::text(&table.render(Screen::of(globals)))
}

async fn show(sqlite: &Sqlite, id: i64) -> Result<()> {
    let rows = if is_there(sqlite).await? {
        let sql = "select * from chronicle_outbox where sequence = $1";
        Store::from(sqlite).query_raw(sql, [id.into()]).await?
    } else {
        Vec::new()
    };
    let none = || {
        Error::Refused(format!(
            "nothing that waits has the number {id}: see `chronicle outbox list`"
        ))
    };
    let row = rows.first().ok_or_else(none)?;
    let mut document = to_json(row);
    if let (Some(members), Ok(body)) =
        (document.as_object_mut(), serde_json::from_str::<JsonValue>(&text(row, "body")))
    {
        members.insert("values".to_owned(), body);
    }
    output::json(&document)
}

fn to_json(row: &RawRow) -> JsonValue {
    json!({
        "id": number(row, "sequence"),
        "table": text(row, "table_name"),
        "key": text(row, "row_key"),
        "operation": text(row, "kind"),
        "queued_at": queued(row),
        "tries": number(row, "tries"),
    })
}

fn text(row: &RawRow, name: &str) -> String {
    row.get(name).and_then(JsonValue::as_str).unwrap_or_default().to_owned()
}

fn number(row: &RawRow, name: &str) -> i64 {
    row.get(name).and_then(JsonValue::as_i64).unwrap_or_default()
}

fn queued(row: &RawRow) -> Option<DateTime<Utc>> {
    DateTime::from_timestamp_millis(number(row, "queued_at"))
}

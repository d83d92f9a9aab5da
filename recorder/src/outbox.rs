//! `chronicle outbox`: writes that wait for the server.

use crate::cli::{Globals, OutboxArgs, OutboxCommand};
use crate::config::Config;
use crate::database::{self, Sends};
use crate::error::{Error, Result};
use crate::moment;
use crate::output::{self, Screen};
use crate::table::{Column, Table};
use chronicle::Store;
use chronicle::failover::{Failover, OutboxEntry};
use serde_json::{Value, json};

/// How many are listed.
const MOST: u32 = 200;

pub(crate) async fn run(globals: &Globals, args: OutboxArgs) -> Result<()> {
    let command = args.command.unwrap_or(OutboxCommand::List);
    let config = Config::load(globals)?;
    if database::has_no_server(&config).await? {
        return match command {
            OutboxCommand::List => list(globals, &[]),
            OutboxCommand::Show { id } => Err(none(id)),
        };
    }
    let pair = database::pair(&config, Sends::Nothing).await?;
    let done = answer(globals, &pair, command).await;
    Store::from(&pair).close().await?;
    done
}

async fn answer(globals: &Globals, pair: &Failover, command: OutboxCommand) -> Result<()> {
    match command {
        OutboxCommand::List => list(globals, &pair.outbox(MOST).await?),
        OutboxCommand::Show { id } => {
            let entry = pair.outbox_entry(id).await?.ok_or_else(|| none(id))?;
            let mut document = to_json(&entry);
            if let Some(members) = document.as_object_mut() {
                members.insert("values".to_owned(), entry.values);
            }
            output::json(&document)
        }
    }
}

fn none(id: i64) -> Error {
    Error::Refused(format!("nothing that waits has the number {id}: see `chronicle outbox list`"))
}

fn list(globals: &Globals, entries: &[OutboxEntry]) -> Result<()> {
    if globals.json {
        return output::json(&entries.iter().map(to_json).collect::<Vec<_>>());
    }
    if entries.is_empty() {
        return output::text(&"nothing waits for the server\n");
    }
    let mut table = Table::new([
        Column::number("NUMBER"),
        Column::text("WAITING"),
        Column::text("TABLE"),
        Column::text("WRITE"),
        Column::long("ROW"),
        Column::number("TRIES"),
        Column::text("BEHIND"),
    ]);
    for entry in entries {
        let tries = Some(entry.tries).filter(|tries| *tries > 0);
        table.row([
            entry.id.to_string().into(),
            moment::long(chronicle::now() - entry.queued_at).into(),
            entry.table.clone().into(),
            entry.operation.clone().into(),
            entry.key.clone().into(),
            tries.map(|tries| tries.to_string()).unwrap_or_default().into(),
            behind(entry).into(),
        ]);
    }
    output::text(&table.render(Screen::of(globals)))
}

/// What has to go before it.
fn behind(entry: &OutboxEntry) -> String {
    match (entry.waits_for, entry.is_held) {
        (None, _) => String::new(),
        (Some(before), false) => before.to_string(),
        (Some(before), true) => format!("{before}, refused"),
    }
}

fn to_json(entry: &OutboxEntry) -> Value {
    json!({
        "id": entry.id,
        "table": entry.table,
        "key": entry.key,
        "operation": entry.operation,
        "queued_at": entry.queued_at,
        "tries": entry.tries,
        "waits_for": entry.waits_for,
        "is_held": entry.is_held,
        "may_be_applied": entry.may_be_applied,
    })
}

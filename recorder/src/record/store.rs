//! Opening the file to write to it, with the server that it is sent to where there is one. No request is
//! made by it.

use crate::config::Config;
use crate::database;
use crate::error::{Error, Result};
use chronicle::failover::{FailoverOptions, WriteMode};
use chronicle::sqlite::SqliteOptions;
use chronicle::{ErrorKind, Store};
use chronicle_entity::{event, session, tool_event, unread_payload};
use std::time::Duration;

/// Hooks wait for each other's writes, but not for ever.
const BUSY: Duration = Duration::from_secs(4);

/// Opens the file, and makes it with its tables when it is missing. Whether it has all tables shows when it
/// is written to.
pub(crate) async fn open(config: &Config) -> Result<Store> {
    if !config.database.exists() {
        return migrated(config).await;
    }
    let opened = connect(config).await;
    if lacks_tables(&opened) { migrated(config).await } else { opened }
}

/// Brings the tables up to date, and opens the file.
pub(crate) async fn migrated(config: &Config) -> Result<Store> {
    let sqlite = options(config).open().await?;
    database::migrate(&sqlite).await?;
    Store::from(&sqlite).close().await?;
    connect(config).await
}

/// Whether something failed for want of a table or a column.
pub(crate) fn lacks_tables<T>(result: &Result<T>) -> bool {
    let lacks = |error: &Error| matches!(error, Error::Store(error) if error.kind() == ErrorKind::SchemaMismatch);
    result.as_ref().is_err_and(lacks)
}

async fn connect(config: &Config) -> Result<Store> {
    let Some(remote) = &config.remote else {
        // It refuses a file that belongs to a server: what is written past it would never get there.
        let alone = chronicle::Config::new().sqlite(options(config));
        return Ok(Store::connect(alone).await?);
    };
    let pair = FailoverOptions::new(options(config), remote.options()?)
        .mode(WriteMode::LocalFirst)
        .flush_on_close(Duration::ZERO)
        .adopt::<session::Model>()
        .adopt::<event::Model>()
        .adopt::<tool_event::Model>()
        .adopt::<unread_payload::Model>();
    Ok(pair.connect().await?.into())
}

fn options(config: &Config) -> SqliteOptions {
    SqliteOptions::new(&config.database).busy_timeout(BUSY)
}

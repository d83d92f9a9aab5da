//! Opening what was recorded: the file alone, or with the server that it is sent to.

use crate::config::Config;
use crate::error::{Error, Result};
use chronicle::failover::{Failover, FailoverOptions, WriteMode};
use chronicle::sqlite::SqliteOptions;
use chronicle::{RawRow, Sqlite};
use chronicle_entity::{event, session, tool_event, unread_payload};
use chronicle_migration::{Migrator, MigratorTrait};
use std::time::Duration;

/// Opens the file to look at it. Nothing is made where there is none.
pub(crate) async fn look(config: &Config) -> Result<Sqlite> {
    if !config.database.exists() {
        return Err(Error::Refused(format!(
            "nothing is recorded yet: there is no {} ({}). `chronicle install --agent …` begins",
            config.database.display(),
            config.database_by
        )));
    }
    let sqlite = SqliteOptions::new(&config.database).open().await?;
    migrate(&sqlite).await?;
    Ok(sqlite)
}

/// Brings the file's tables up to date.
pub(crate) async fn migrate(sqlite: &Sqlite) -> Result<()> {
    Migrator::up(sqlite.connection(), None)
        .await
        .map_err(|error| Error::Refused(format!("the file's tables are not up to date: {error}")))
}

/// The migrations that the file lacks.
pub(crate) async fn pending(sqlite: &Sqlite) -> Result<Vec<String>> {
    let pending = Migrator::get_pending_migrations_read_only(sqlite.connection()).await;
    let pending = pending.map_err(|error| Error::Refused(format!("the file's tables: {error}")))?;
    Ok(pending.iter().map(|migration| migration.name().to_owned()).collect())
}

/// What a command sends to the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sends {
    /// Nothing: it looks at the file, or changes it, and does not ask for the key.
    Nothing,
    /// Questions alone.
    Questions,
    /// What waits, behind what it does itself.
    Waiting,
}

/// Opens the file with its server. What it held before it had one is sent there.
pub(crate) async fn pair(config: &Config, sends: Sends) -> Result<Failover> {
    let Some(remote) = &config.remote else {
        return Err(Error::Refused(
            "no server is configured, so nothing is sent anywhere: set SUPABASE_URL and a key, or `[server]` in the \
             configuration file"
                .to_owned(),
        ));
    };
    let remote = match sends {
        Sends::Nothing => remote.options(),
        Sends::Questions | Sends::Waiting => remote.with_key()?.options(),
    };
    chronicle::Store::from(look(config).await?).close().await?;
    let mut options = FailoverOptions::new(SqliteOptions::new(&config.database), remote)
        .mode(WriteMode::LocalFirst)
        .adopt::<session::Model>()
        .adopt::<event::Model>()
        .adopt::<tool_event::Model>()
        .adopt::<unread_payload::Model>();
    if sends != Sends::Waiting {
        options = options.replay_behind(false).flush_on_close(Duration::ZERO);
    }
    Ok(options.connect().await?)
}

/// Whether the file has once been given a server.
pub(crate) async fn is_of_a_pair(sqlite: &Sqlite) -> Result<bool> {
    let sql = "select 1 as found from sqlite_schema where name = 'chronicle_failover'";
    Ok(!rows(sqlite, sql).await?.is_empty())
}

/// Runs SQL that only reads.
pub(crate) async fn rows(sqlite: &Sqlite, sql: &str) -> Result<Vec<RawRow>> {
    Ok(chronicle::Store::from(sqlite).query_raw(sql, []).await?)
}

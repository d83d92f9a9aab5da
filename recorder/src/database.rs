//! Opening what was recorded: the file alone, or with the server that it is sent to.

use crate::config::{Config, Remote};
use crate::error::{Error, Result};
use chronicle::failover::{Failover, FailoverOptions, WriteMode};
use chronicle::postgrest::PostgrestOptions;
use chronicle::sqlite::SqliteOptions;
use chronicle::{RawRow, Sqlite};
use chronicle_entity::{event, session, tool_event, unread_payload};
use chronicle_migration::{Migrator, MigratorTrait};
use std::time::Duration;

/// Opens the file to look at it. Nothing is made where there is none.
pub(crate) async fn look(config: &Config) -> Result<Sqlite> {
    if !config.database.exists() {
        return Err(Error::Refused(format!(
            "nothing is recorded yet: there is no {} ({}). The first hook makes it, of an agent that was installed with \
             `chronicle install --agent …`; `chronicle doctor` tells which are",
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

/// Whether nothing is sent anywhere, and nothing ever was.
pub(crate) async fn has_no_server(config: &Config) -> Result<bool> {
    if config.remote.is_some() {
        return Ok(false);
    }
    let sqlite = look(config).await?;
    let is_of_a_pair = is_of_a_pair(&sqlite).await;
    chronicle::Store::from(&sqlite).close().await?;
    Ok(!is_of_a_pair?)
}

/// Opens the file with its server. What it held before it had one is sent there.
pub(crate) async fn pair(config: &Config, sends: Sends) -> Result<Failover> {
    let remote = server(config)?;
    let remote = match sends {
        Sends::Nothing => remote.options(),
        Sends::Questions | Sends::Waiting => remote.with_key()?.options(),
    };
    let mut options = with_tables(config, remote).await?;
    if sends != Sends::Waiting {
        options = options.replay_behind(false).flush_on_close(Duration::ZERO);
    }
    Ok(options.connect().await?)
}

/// The same where the file may belong to another server, or to another key, and now belongs to this one.
pub(crate) async fn rebound(config: &Config) -> Result<Failover> {
    let remote = server(config)?.options_with_key()?;
    let options = with_tables(config, remote).await?.rebind();
    Ok(options.replay_behind(false).flush_on_close(Duration::ZERO).connect().await?)
}

/// The server that is configured.
pub(crate) fn server(config: &Config) -> Result<&Remote> {
    config.remote.as_ref().ok_or_else(|| {
        Error::Refused(
            "no server is configured, so nothing is sent anywhere: set SUPABASE_URL and a key, or `[server]` in the \
             configuration file"
                .to_owned(),
        )
    })
}

async fn with_tables(config: &Config, remote: PostgrestOptions) -> Result<FailoverOptions> {
    chronicle::Store::from(look(config).await?).close().await?;
    Ok(FailoverOptions::new(SqliteOptions::new(&config.database), remote)
        .mode(WriteMode::LocalFirst)
        .adopt::<session::Model>()
        .adopt::<event::Model>()
        .adopt::<tool_event::Model>()
        .adopt::<unread_payload::Model>())
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

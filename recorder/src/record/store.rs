//! Opening the file to write to it, with the server that it is sent to where there is one. No request is
//! made by it.

use crate::config::Config;
use crate::database;
use crate::error::{Error, Result};
use chronicle::failover::{FailoverOptions, WriteMode};
use chronicle::sqlite::SqliteOptions;
use chronicle::{ErrorKind, Store};
use chronicle_entity::{event, session, tool_event, unread_payload};
use std::mem::ManuallyDrop;
use std::time::Duration;

/// Hooks wait for each other's writes, but not for ever.
const BUSY: Duration = Duration::from_secs(4);

/// How long the log beside the file may become. Whoever opens the file reads it, and only a process that
/// stays open for two writes would begin it anew.
const LONGEST_LOG: u64 = 512 * 1024;

/// Waits for no reader: the next recorder tries again.
const SHORTEN: &str = "pragma busy_timeout = 20; pragma wal_checkpoint(truncate)";

/// How long the process goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Lives {
    /// As long as an agent waits: it makes no request by itself, however long the file is held up.
    AsLongAsAHook,
    /// Long enough to send what waits meanwhile.
    Long,
}

/// Opens the file, and makes it with its tables when it is missing. Whether it has all tables shows when it
/// is written to.
pub(crate) async fn open(config: &Config, lives: Lives) -> Result<Store> {
    if !config.database.exists() {
        return migrated(config, lives).await;
    }
    let opened = connect(config, lives).await;
    if lacks_tables(&opened) { migrated(config, lives).await } else { opened }
}

/// Brings the tables up to date, and opens the file.
pub(crate) async fn migrated(config: &Config, lives: Lives) -> Result<Store> {
    let sqlite = options(config, lives).open().await?;
    database::migrate(&sqlite).await?;
    Store::from(&sqlite).close().await?;
    connect(config, lives).await
}

/// Brings the log into the file, where it has become long.
pub(crate) async fn shorten_log(config: &Config) -> Result<()> {
    let mut log = config.database.as_os_str().to_owned();
    log.push("-wal");
    if std::fs::metadata(log).is_ok_and(|log| log.len() > LONGEST_LOG) {
        let sqlite = ManuallyDrop::new(options(config, Lives::AsLongAsAHook).open().await?);
        sqlite.execute_script(SHORTEN).await?;
    }
    Ok(())
}

/// Whether something failed for want of a table or a column.
pub(crate) fn lacks_tables<T>(result: &Result<T>) -> bool {
    let lacks = |error: &Error| matches!(error, Error::Store(error) if error.kind() == ErrorKind::SchemaMismatch);
    result.as_ref().is_err_and(lacks)
}

async fn connect(config: &Config, lives: Lives) -> Result<Store> {
    let Some(remote) = &config.remote else {
        let sqlite = options(config, lives).open().await?;
        if !database::is_of_a_pair(&sqlite).await? {
            return Ok(Store::from(&sqlite));
        }
        return Err(Error::Refused(format!(
            "{} is sent to a server, and none is configured: what is written past that would never get there. \
             Configure it, or name another file",
            config.database.display()
        )));
    };
    let pair = FailoverOptions::new(options(config, lives), remote.options())
        .mode(WriteMode::LocalFirst)
        .flush_on_close(Duration::ZERO)
        .replay_behind(lives == Lives::Long)
        .adopt::<session::Model>()
        .adopt::<event::Model>()
        .adopt::<tool_event::Model>()
        .adopt::<unread_payload::Model>();
    Ok(pair.connect().await?.into())
}

fn options(config: &Config, lives: Lives) -> SqliteOptions {
    let options = SqliteOptions::new(&config.database).busy_timeout(BUSY);
    match lives {
        // Its questions are few, and each thread that answered them would cost it some of its time.
        Lives::AsLongAsAHook => options.readers(0),
        Lives::Long => options,
    }
}

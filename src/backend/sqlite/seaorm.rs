//! SeaORM's own connection to a database that the store has opened.

use super::connect::Connector;
use super::options::Synchronous;
use super::place::Place;
use sea_orm::sqlx::ConnectOptions as _;
use sea_orm::sqlx::sqlite::{
    SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous,
};
use std::time::Duration;

/// A pool of one connection, which is opened when it is first used, and stays: opening one costs more
/// than keeping it.
pub(super) fn pool(connector: &Connector) -> SqlitePool {
    let options = SqliteConnectOptions::new()
        .busy_timeout(connector.busy_timeout)
        .foreign_keys(true)
        .synchronous(match connector.synchronous {
            Synchronous::Normal => SqliteSynchronous::Normal,
            Synchronous::Full => SqliteSynchronous::Full,
        })
        .disable_statement_logging();
    let options = match &connector.place {
        Place::File(path) => options.filename(path).journal_mode(SqliteJournalMode::Wal),
        Place::Memory(name) => {
            options.filename(name).vfs("memdb").journal_mode(SqliteJournalMode::Memory)
        }
    };
    // A writer inside this process may hold its connection for as long as another process.
    let longest_wait = connector.busy_timeout.max(Duration::from_secs(1)).saturating_mul(6);
    SqlitePoolOptions::new()
        .max_connections(1)
        .test_before_acquire(false)
        .idle_timeout(None)
        .max_lifetime(None)
        .acquire_timeout(longest_wait)
        .connect_lazy_with(options)
}

//! [`Connections`]: the connections to one database, and those of them that are free.
//!
//! A pool of sqlx's asks each connection that comes back whether it still works, and takes the one
//! that was free for longest. On a file neither is needed, and both cost more than a small statement
//! does: each is a way to SQLite's thread and back.

use sea_orm::sqlx::pool::PoolConnection;
use sea_orm::sqlx::sqlite::{SqliteConnectOptions, SqliteConnection, SqlitePool};
use sea_orm::sqlx::{self, ConnectOptions, Connection as _, Sqlite};
use std::fmt;
use std::ops::{Deref, DerefMut};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

#[derive(Clone)]
pub(crate) enum Connections {
    Own(Arc<Own>),
    /// A database in memory, or a connection of the caller's own.
    Pool(SqlitePool),
}

/// Connections to a file.
pub(crate) struct Own {
    options: SqliteConnectOptions,
    /// The one that was used last is used next: what it keeps in memory is the newest.
    idle: Mutex<Vec<SqliteConnection>>,
    most: u32,
    permits: Arc<Semaphore>,
    longest_wait: Duration,
}

/// A connection that is in use. It is free again when it is dropped.
pub(crate) enum Connection {
    Own(Lent),
    Pool(PoolConnection<Sqlite>),
}

pub(crate) struct Lent {
    connection: Option<SqliteConnection>,
    home: Arc<Own>,
    _permit: OwnedSemaphorePermit,
}

impl fmt::Debug for Connections {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Connections").finish_non_exhaustive()
    }
}

impl Connections {
    /// At most so many, each opened when it is needed.
    pub(super) fn to_file(
        options: SqliteConnectOptions,
        most: u32,
        longest_wait: Duration,
    ) -> Self {
        Self::Own(Arc::new(Own {
            options,
            idle: Mutex::default(),
            most,
            permits: Arc::new(Semaphore::new(most as usize)),
            longest_wait,
        }))
    }

    /// A free connection, once there is one.
    pub(crate) async fn acquire(&self) -> sqlx::Result<Connection> {
        let own = match self {
            Self::Own(own) => own,
            Self::Pool(pool) => return pool.acquire().await.map(Connection::Pool),
        };
        let permit = tokio::time::timeout(own.longest_wait, own.permits.clone().acquire_owned())
            .await
            .map_err(|_| sqlx::Error::PoolTimedOut)?
            .map_err(|_| sqlx::Error::PoolClosed)?;
        let idle = own.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let connection = match idle {
            Some(connection) => connection,
            None => own.options.connect().await?,
        };
        let (connection, home) = (Some(connection), own.clone());
        Ok(Connection::Own(Lent { connection, home, _permit: permit }))
    }

    /// Waits until all are free, and closes them.
    pub(super) async fn close(&self) {
        let own = match self {
            Self::Own(own) => own,
            Self::Pool(pool) => return pool.close().await,
        };
        let _all = own.permits.acquire_many(own.most).await;
        own.permits.close();
        let idle = std::mem::take(&mut *own.idle.lock().unwrap_or_else(PoisonError::into_inner));
        for connection in idle {
            // It is of no use whatever SQLite says of it.
            let _ = connection.close().await;
        }
    }
}

impl Connection {
    /// Closes it, so that another one takes its place. A database in memory would end with it, and
    /// the caller's own is the caller's: those stay.
    pub(crate) async fn discard(self) -> sqlx::Result<()> {
        match self {
            Self::Own(mut lent) => match lent.connection.take() {
                Some(connection) => connection.close().await,
                None => Ok(()),
            },
            Self::Pool(_) => Ok(()),
        }
    }
}

#[cfg(feature = "postgrest")]
impl Connection {
    /// Whether nobody else gives it pragmas.
    pub(crate) const fn is_own(&self) -> bool {
        matches!(self, Self::Own(_))
    }

    /// Lets it end by itself, soon: nobody else gets it.
    pub(crate) fn abandon(self) {
        match self {
            Self::Own(mut lent) => drop(lent.connection.take()),
            Self::Pool(mut connection) => connection.close_on_drop(),
        }
    }
}

impl Drop for Lent {
    fn drop(&mut self) {
        if let Some(connection) = self.connection.take() {
            self.home.idle.lock().unwrap_or_else(PoisonError::into_inner).push(connection);
        }
    }
}

impl Deref for Connection {
    type Target = SqliteConnection;

    #[allow(clippy::expect_used, reason = "it is taken by what ends it only")]
    fn deref(&self) -> &SqliteConnection {
        match self {
            Self::Own(lent) => lent.connection.as_ref().expect("a connection in use"),
            Self::Pool(connection) => connection,
        }
    }
}

impl DerefMut for Connection {
    #[allow(clippy::expect_used, reason = "it is taken by what ends it only")]
    fn deref_mut(&mut self) -> &mut SqliteConnection {
        match self {
            Self::Own(lent) => lent.connection.as_mut().expect("a connection in use"),
            Self::Pool(connection) => connection,
        }
    }
}

//! [`Database`]: a database that the store has opened itself, and the threads that work on it.

#[cfg(test)]
mod inline;

use super::changes::Changes;
use super::connect::Connector;
use super::place::Place;
use super::readers::{Readers, end_transaction};
use super::seaorm;
use super::write::{self, apply_returning, is_one_statement};
use super::writer::{Answer, Change, Commit, Once, Queue, Session, Urgency, caught, typed};
use super::{error, writer};
use crate::{BackendKind, Error, ErrorKind, Merge, Result, Write, Written};
use futures_util::stream::BoxStream;
use rusqlite::Connection;
use sea_orm::Value;
use sea_orm::{DatabaseConnection, SqlxSqliteConnector};
use std::fmt;
use std::path::Path;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

/// A database with the threads that work on it.
pub(super) struct Database {
    pub(super) location: String,
    threads: Threads,
    /// The connection for short questions. In memory it is opened at once: the database is there as
    /// long as a connection to it.
    asking: Mutex<Option<Connection>>,
    /// For migrations and SeaORM's own queries.
    seaorm: OnceLock<DatabaseConnection>,
    connector: Connector,
}

enum Threads {
    /// Without readers, and so in memory, the thread that writes reads as well.
    Own { writer: Arc<Queue>, readers: Option<Arc<Readers>>, changes: Arc<Changes> },
    /// All is done at once by whoever asks.
    #[cfg(test)]
    Inline { writer: Box<Mutex<Session>>, is_closed: std::sync::atomic::AtomicBool },
}

/// What the thread that writes tells when it has opened the database.
struct Opened {
    connector: Connector,
    readers: Option<Arc<Readers>>,
    changes: Arc<Changes>,
    asking: Option<Connection>,
}

impl fmt::Debug for Database {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_tuple("Database").field(&self.location).finish()
    }
}

impl Database {
    /// Opens the database on the thread that writes to it from then on.
    pub(super) async fn open(connector: Connector, most_readers: u32) -> Result<Self> {
        let queue = Arc::new(Queue::new());
        let (sender, answer) = Answer::new(error::thread_ended);
        let thread = std::thread::Builder::new().name("chronicle-write".to_owned());
        let shared = queue.clone();
        let work = move || match prepare(connector, most_readers) {
            Err(error) => drop(sender.send(Err(error))),
            Ok((session, opened)) => {
                let (connector, changes) = (opened.connector.clone(), opened.changes.clone());
                let readers = opened.readers.clone();
                // If nobody waits any more, nobody will close the queue either.
                if sender.send(Ok(opened)).is_ok() {
                    writer::serve(Some(session), &connector, &shared, readers, &changes);
                }
            }
        };
        thread.spawn(work).map_err(|error| {
            let message = format!("no thread can be started for the SQLite file: {error}");
            Error::new(ErrorKind::Unavailable, message).with_backend(BackendKind::Sqlite)
        })?;
        let Opened { connector, readers, changes, asking } = answer.await?;
        Ok(Self {
            location: connector.place.to_string(),
            threads: Threads::Own { writer: queue, readers, changes },
            asking: Mutex::new(asking),
            seaorm: OnceLock::new(),
            connector,
        })
    }

    pub(super) fn path(&self) -> Option<&Path> {
        match &self.connector.place {
            Place::File(path) => Some(path),
            Place::Memory(_) => None,
        }
    }

    /// As [`Sqlite::change`](super::Sqlite::change); without a `commit` the connection stays as it is.
    pub(super) fn change<T: Send + 'static>(
        &self,
        urgency: Urgency,
        commit: Option<Commit>,
        work: impl FnMut(&Connection) -> Result<T> + Send + 'static,
    ) -> Answer<T> {
        self.queue(urgency, commit, typed(false, work))
    }

    /// Makes a change, and says how many rows it touched.
    pub(super) fn write(&self, write: Write) -> Answer<Written> {
        let is_atomic = is_one_statement(&write);
        let change = typed(is_atomic, move |connection| apply_returning(connection, &write));
        self.queue(Urgency::Call, None, change)
    }

    /// Stores a row that is told from others by unique columns, and gives it back.
    pub(super) fn merge(&self, merge: Merge) -> Answer<Vec<Value>> {
        self.change(Urgency::Call, None, move |connection| write::merge(connection, &merge))
    }

    fn queue<T>(
        &self,
        urgency: Urgency,
        commit: Option<Commit>,
        (change, answer): (Box<dyn Change>, Answer<T>),
    ) -> Answer<T> {
        match &self.threads {
            Threads::Own { writer, .. } => writer.push_change(urgency, commit, change),
            #[cfg(test)]
            Threads::Inline { writer, .. } => match self.locked(writer) {
                Ok(mut session) => {
                    inline::inline_change(&mut session, commit, change);
                    return answer.after_others();
                }
                Err(error) => return Answer::refused(error),
            },
        }
        answer
    }

    pub(super) fn outside<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Connection) -> Result<T> + Send + 'static,
    ) -> Answer<T> {
        match &self.threads {
            Threads::Own { writer, .. } => {
                let (once, answer) = once(work, error::thread_ended_in_write);
                writer.push_once(once);
                answer
            }
            #[cfg(test)]
            Threads::Inline { writer, .. } => match self.locked(writer) {
                Ok(mut session) => {
                    let mut answer = None;
                    session.run_once(|connection| answer = Some(caught(|| work(connection))));
                    Answer::now(answer.unwrap_or_else(|| Err(error::closed())))
                }
                Err(error) => Answer::refused(error),
            },
        }
    }

    pub(super) fn look<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Connection) -> Result<T> + Send + 'static,
    ) -> Answer<T> {
        match &self.threads {
            Threads::Own { readers: Some(readers), .. } => {
                let (once, answer) = once(work, error::thread_ended);
                readers.push(once);
                answer
            }
            Threads::Own { .. } => self.outside(move |connection| {
                let answer = work(connection);
                end_transaction(connection);
                answer
            }),
            #[cfg(test)]
            Threads::Inline { .. } => {
                Answer::now(self.ask(|connection| caught(|| work(connection)))).after_others()
            }
        }
    }

    pub(super) fn ask<T>(&self, work: impl FnOnce(&Connection) -> Result<T>) -> Result<T> {
        let mut asking = self.asking.lock().unwrap_or_else(PoisonError::into_inner);
        // Not before: a connection that is opened after the end would keep the log beside the file.
        if self.is_closed() {
            return Err(error::closed());
        }
        // After a panic it is not put back: another one is opened.
        let connection = match asking.take() {
            Some(connection) => connection,
            None => self.connector.reader()?,
        };
        let answer = work(&connection);
        if end_transaction(&connection) {
            *asking = Some(connection);
        }
        answer
    }

    /// As [`Changes::since_now`].
    pub(super) fn changes(&self) -> Result<BoxStream<'static, ()>> {
        match &self.threads {
            Threads::Own { changes, .. } => changes.since_now(),
            #[cfg(test)]
            Threads::Inline { .. } => Err(error::closed()),
        }
    }

    /// Ends those streams, and nothing else.
    #[cfg(feature = "postgrest")]
    pub(super) fn end_changes(&self) {
        match &self.threads {
            Threads::Own { changes, .. } => changes.close(),
            #[cfg(test)]
            Threads::Inline { .. } => {}
        }
    }

    fn is_closed(&self) -> bool {
        match &self.threads {
            Threads::Own { writer, .. } => writer.is_closed(),
            #[cfg(test)]
            Threads::Inline { is_closed, .. } => {
                is_closed.load(std::sync::atomic::Ordering::Relaxed)
            }
        }
    }

    /// SeaORM's connection, made when it is first asked for.
    pub(super) fn seaorm(&self) -> &DatabaseConnection {
        self.seaorm.get_or_init(|| {
            let pool = seaorm::pool(&self.connector);
            if self.is_closed() {
                // It is marked as closed now; there is no connection whose end could be waited for.
                drop(pool.close());
            }
            SqlxSqliteConnector::from_sqlx_sqlite_pool(pool)
        })
    }

    pub(super) async fn close(&self) {
        self.stop();
        if let Some(seaorm) = self.seaorm.get() {
            seaorm.get_sqlite_connection_pool().close().await;
        }
        match &self.threads {
            Threads::Own { writer, .. } => writer.ended().await,
            #[cfg(test)]
            Threads::Inline { .. } => {}
        }
    }

    /// Takes no more work. The threads end when they have done what waits.
    fn stop(&self) {
        // The connection that writes has to be the last one: it alone can bring the log into the file.
        let mut asking = self.asking.lock().unwrap_or_else(PoisonError::into_inner);
        drop(asking.take());
        match &self.threads {
            Threads::Own { writer, readers, changes } => {
                // First: a read that fails because of the end finds its watch ended.
                changes.close();
                writer.close();
                if let Some(readers) = readers {
                    readers.close();
                }
            }
            #[cfg(test)]
            Threads::Inline { is_closed, .. } => {
                is_closed.store(true, std::sync::atomic::Ordering::Relaxed);
            }
        }
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        self.stop();
    }
}

/// What the thread does before it serves.
fn prepare(mut connector: Connector, most_readers: u32) -> Result<(Session, Opened)> {
    connector.place = connector.place.make()?;
    let session = Session::open(&connector)?;
    let (readers, asking) = match connector.place {
        Place::Memory(_) => (None, Some(connector.reader()?)),
        Place::File(_) if most_readers == 0 => (None, None),
        Place::File(_) => (Some(Arc::new(Readers::new(connector.clone(), most_readers))), None),
    };
    let changes = Arc::new(Changes::new(&connector));
    Ok((session, Opened { connector, readers, changes, asking }))
}

fn once<T: Send + 'static>(
    work: impl FnOnce(&Connection) -> Result<T> + Send + 'static,
    otherwise: fn() -> Error,
) -> (Once, Answer<T>) {
    let (caller, answer) = Answer::new(otherwise);
    let once = Box::new(move |connection: Result<&Connection>| {
        let result = connection.and_then(|connection| caught(|| work(connection)));
        // Nobody may wait any more.
        let _ = caller.send(result);
    });
    (once, answer)
}

//! [`File`]: the SQLite file of a failover store, with the failover's own tables beside the rows.
//!
//! Whatever belongs together is one transaction: a row and its entry, an acknowledgement and what it
//! sets free. What one process learns, the next one finds here.

mod acknowledge;
mod choose;
mod columns;
mod convert;
mod direct;
mod letters;
mod local_key;
mod mirror;
mod opened;
mod origins;
mod outbox;
mod relations;
mod state;
mod tables;
mod transaction;
mod waits;

pub(crate) use acknowledge::is_of_key;
pub(crate) use choose::Chosen;
pub(crate) use direct::DirectWork;
pub(crate) use letters::{Letter, Refusal};
pub(crate) use mirror::{Answer, is_of_row};
pub(crate) use outbox::{Bound as OutboxBound, Local, LocalTogether, Sent, version_of};
pub(crate) use relations::Relations;
pub(crate) use state::{Binding, EVERYTHING, Ghost, Kept, Origin, Pause, Stamp, State};
pub(crate) use transaction::{Transaction, internal};

use super::reserve::Reserve;
use super::rules::name::TableName;
use crate::backend::sqlite::{Commit, Urgency, from_rusqlite};
use crate::schema::{self, Purpose, two_schemas};
use crate::{BackendKind, Error, ErrorKind, Result, Sqlite, Table};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

/// What a change asks of its commit.
pub(crate) const DURABLE: Commit = Commit { foreign_keys: false, waits_for_disk: true };
/// What the loss of power takes of the mirror, the remote has.
pub(crate) const MIRROR: Commit = Commit { foreign_keys: false, waits_for_disk: false };
/// Deletes take the children along.
pub(crate) const DURABLE_DELETE: Commit = Commit { foreign_keys: true, waits_for_disk: true };

#[derive(Debug)]
pub(crate) struct File {
    sqlite: Sqlite,
    reserve: Option<Reserve>,
    relations: Mutex<Arc<Relations>>,
    /// The entities that this process has used, by their table.
    known: Mutex<HashMap<String, Vec<&'static Table>>>,
    /// Whom this process takes the file to belong to, once it has bound it: every look and every
    /// change finds it so, or fails.
    own: Mutex<Option<Arc<Binding>>>,
}

impl File {
    /// Makes the failover's tables where they are missing.
    pub(crate) async fn open(sqlite: Sqlite, reserve: Option<Reserve>) -> Result<Self> {
        // Short questions, here and below: a process that writes one row needs no thread that reads.
        let made = sqlite.ask(is_made)?;
        if !made {
            sqlite
                .change(Urgency::Call, DURABLE, |connection| {
                    connection.execute_batch(tables::SCHEMA).map_err(from_rusqlite)?;
                    let first = "insert into chronicle_failover (id, layout, state) \
                        values (1, ?1, '{}') on conflict do nothing";
                    connection.execute(first, [tables::LAYOUT]).map_err(from_rusqlite)?;
                    Ok(())
                })
                .await?;
        }
        let relations = sqlite.ask(Relations::read)?;
        Ok(Self {
            sqlite,
            reserve,
            relations: Mutex::new(Arc::new(relations)),
            known: Mutex::default(),
            own: Mutex::default(),
        })
    }

    pub(crate) const fn sqlite(&self) -> &Sqlite {
        &self.sqlite
    }

    /// Whom this process takes the file to belong to.
    pub(crate) fn own(&self) -> Option<Arc<Binding>> {
        self.own.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// From now on the file is expected to belong to these.
    pub(crate) fn expect(&self, binding: Binding) {
        *self.own.lock().unwrap_or_else(PoisonError::into_inner) = Some(Arc::new(binding));
    }

    /// A look at one state of the file, on the caller's own thread: for questions that take microseconds.
    pub(crate) fn ask<T>(&self, work: impl FnOnce(&Transaction<'_>) -> Result<T>) -> Result<T> {
        let own = self.own();
        self.sqlite.ask(|connection| {
            begin(connection)?;
            work(&Transaction::begin(connection, own.as_deref())?)
        })
    }

    /// A look at one state of the file, on a thread that reads.
    pub(crate) async fn look<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Transaction<'_>) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let own = self.own();
        self.sqlite
            .look(move |connection| {
                begin(connection)?;
                work(&Transaction::begin(connection, own.as_deref())?)
            })
            .await
    }

    /// A change of the file: whole or not at all, and never cancelled.
    pub(crate) fn change<T: Send + 'static>(
        &self,
        urgency: Urgency,
        commit: Commit,
        mut work: impl FnMut(&mut Transaction<'_>) -> Result<T> + Send + 'static,
    ) -> impl Future<Output = Result<T>> + Send + 'static {
        let own = self.own();
        self.sqlite.change(urgency, commit, move |connection| {
            let mut transaction = Transaction::begin(connection, own.as_deref())?;
            let answer = work(&mut transaction)?;
            transaction.finish()?;
            Ok(answer)
        })
    }

    /// A change that replay needs: on a full disk once more, in the room that is kept.
    pub(crate) async fn acknowledge<T: Send + 'static>(
        &self,
        commit: Commit,
        work: impl Fn(&mut Transaction<'_>) -> Result<T> + Send + Sync + 'static,
    ) -> Result<T> {
        let work = Arc::new(work);
        let again = work.clone();
        match self.change(Urgency::Call, commit, move |transaction| work(transaction)).await {
            Err(error) if self.free_room(&error) => {
                self.change(Urgency::Call, commit, move |transaction| again(transaction)).await
            }
            result => result,
        }
    }

    /// Fails while the disk is full: what is left is for acknowledgements.
    pub(crate) async fn room(&self) -> Result<()> {
        match &self.reserve {
            Some(reserve) if !reserve.hold().await => {
                let message = "the disk is full: what is left is kept for replay";
                Err(Error::new(ErrorKind::StorageFull, message)
                    .with_backend(BackendKind::Sqlite)
                    .with_hint("free some space; nothing was stored"))
            }
            _ => Ok(()),
        }
    }

    /// Gives up the room that is kept, if that may help against this error.
    pub(crate) fn free_room(&self, error: &Error) -> bool {
        error.kind() == ErrorKind::StorageFull && self.reserve.as_ref().is_some_and(Reserve::free)
    }

    /// The foreign keys of the file, as last read.
    pub(crate) fn relations(&self) -> Arc<Relations> {
        self.relations.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The foreign keys of the file, read anew where its tables have changed.
    pub(crate) fn refresh_relations(&self) -> Result<Arc<Relations>> {
        let known = self.relations();
        let changed = self.sqlite.ask(|connection| match known.are_of(connection)? {
            true => Ok(None),
            false => Relations::read(connection).map(Some),
        })?;
        let Some(changed) = changed.map(Arc::new) else { return Ok(known) };
        *self.relations.lock().unwrap_or_else(PoisonError::into_inner) = changed.clone();
        Ok(changed)
    }

    /// Sees to it that the file has the table of an entity with all its columns, and knows them, once
    /// a process.
    ///
    /// # Errors
    /// `SchemaMismatch` that names what is missing.
    pub(crate) async fn know(&self, table: &'static Table) -> Result<()> {
        if self.knows(table) {
            return Ok(());
        }
        self.check_schema(table)?;
        let missing = self.sqlite.ask(|connection| missing_of(connection, table))?;
        if let Some(missing) = missing {
            return Err(mismatch(missing).with_table(table.name));
        }
        self.learn(table).await
    }

    /// The same of a table that was [found fit](Self::fit).
    pub(crate) async fn know_fit(&self, table: &'static Table) -> Result<()> {
        if self.knows(table) {
            return Ok(());
        }
        self.check_schema(table)?;
        self.learn(table).await
    }

    fn knows(&self, table: &'static Table) -> bool {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let of_name = known.get(TableName::of(table).as_str());
        let is_it = |known: &&'static Table| std::ptr::eq(known.columns, table.columns);
        of_name.is_some_and(|known| known.iter().any(is_it))
    }

    /// SQLite has no schemas: of two tables of one name the file could hold but one.
    fn check_schema(&self, table: &'static Table) -> Result<()> {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let is_other =
            |known: &&&'static Table| known.name == table.name && known.schema != table.schema;
        match known.values().flatten().find(is_other) {
            Some(other) => Err(two_schemas(other, table)),
            None => Ok(()),
        }
    }

    async fn learn(&self, table: &'static Table) -> Result<()> {
        if !self.ask(|transaction| transaction.knows_columns(table))? {
            let note = move |transaction: &mut Transaction<'_>| transaction.note_columns(table);
            // A file that cannot be written fails what needs it, and nothing else: the columns are
            // noted with the first row that is stored.
            if let Err(error) = self.change(Urgency::Call, MIRROR, note).await {
                tracing::debug!(%error, table = table.name, "columns not noted yet");
            }
        }
        self.refresh_relations()?;
        let name = TableName::of(table).as_str().to_owned();
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.entry(name).or_default().push(table);
        Ok(())
    }

    /// Fails for a file that has no tables of anybody's: it was never migrated.
    pub(crate) fn check_migrated(&self) -> Result<()> {
        let tables = self
            .sqlite
            .ask(|connection| {
                let sql = "select count(*) from sqlite_schema where type = 'table' \
                    and name not like 'sqlite\\_%' escape '\\' and name not like 'chronicle\\_%' escape '\\'";
                connection.query_row(sql, [], |row| row.get::<_, i64>(0)).map_err(from_rusqlite)
            })?;
        if tables > 0 {
            return Ok(());
        }
        Err(mismatch("the file has no tables".to_owned()))
    }

    /// Sees to it that the file's tables are fit for these entities. The file remembers that they are
    /// until its tables change.
    ///
    /// # Errors
    /// `SchemaMismatch` that names all that is not.
    pub(crate) async fn fit(&self, tables: &[&'static Table], purpose: Purpose) -> Result<()> {
        if tables.is_empty() {
            return Ok(());
        }
        let mark = purpose.mark(tables)?;
        let (version, is_fit) = self.ask(|transaction| {
            let version = schema::version(transaction.connection)?;
            Ok((version, transaction.state.compared.covers(version, mark)))
        })?;
        if is_fit {
            return Ok(());
        }
        let version = match purpose {
            Purpose::Serve => {
                self.sqlite.check_served(tables)?;
                version
            }
            Purpose::Create => {
                for key in self.sqlite.create_tables(tables).await?.left_out {
                    tracing::warn!("the file has no foreign key of {key}");
                }
                self.sqlite.ask(schema::version)?
            }
        };
        let noted = self.change(Urgency::Call, DURABLE, move |transaction| {
            // Otherwise somebody has changed the tables since.
            if schema::version(transaction.connection)? == version {
                transaction.state.compared.note(version, mark);
            }
            Ok(())
        });
        if let Err(error) = noted.await {
            tracing::debug!(%error, "the next process compares the file's tables again");
        }
        Ok(())
    }

    /// The entity of a table, where this process has used it: of several the one with most columns.
    pub(crate) fn known(&self, table: &str) -> Option<&'static Table> {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.get(table)?.iter().max_by_key(|table| table.columns.len()).copied()
    }
}

/// All questions of a look see one state of the file; it ends with the look.
fn begin(connection: &rusqlite::Connection) -> Result<()> {
    let begun = connection.prepare_cached("begin").and_then(|mut begin| begin.execute([]));
    begun.map(drop).map_err(from_rusqlite)
}

fn is_made(connection: &rusqlite::Connection) -> Result<bool> {
    let table = "select 1 from sqlite_schema where name = 'chronicle_failover'";
    let is_there = connection.prepare(table).and_then(|mut table| table.exists([]));
    if !is_there.map_err(from_rusqlite)? {
        return Ok(false);
    }
    let layout =
        connection
            .query_row("select layout from chronicle_failover where id = 1", [], |row| row.get(0));
    match layout {
        Ok(tables::LAYOUT) => Ok(true),
        Err(rusqlite::Error::QueryReturnedNoRows) => Ok(false),
        Ok(other) => Err(other_layout(&format!("layout {other}"))),
        // An earlier state of the library had no such column.
        Err(rusqlite::Error::SqliteFailure(_, Some(words))) if words.contains("no such column") => {
            Err(other_layout("an earlier layout"))
        }
        Err(error) => Err(from_rusqlite(error)),
    }
}

fn other_layout(which: &str) -> Error {
    Error::new(
        ErrorKind::Unsupported,
        format!("the outbox in the file has {which}, not layout {}", tables::LAYOUT),
    )
    .with_hint("drain it with the version of the library that made it, or use another file")
}

fn mismatch(message: String) -> Error {
    Error::new(ErrorKind::SchemaMismatch, message)
        .with_backend(BackendKind::Sqlite)
        // SQLite's own, for a table or column that it does not know.
        .with_code(Some("1".to_owned()))
        .with_hint("migrate the file, or let `create_tables` make it: the pair needs it as soon as the remote is out of reach")
}

/// What the file lacks of a table, in words.
fn missing_of(connection: &rusqlite::Connection, table: &'static Table) -> Result<Option<String>> {
    let columns = connection
        .prepare_cached("select name from pragma_table_xinfo(?1)")
        .and_then(|mut columns| {
            columns
                .query_map([table.name], |row| row.get(0))?
                .collect::<rusqlite::Result<Vec<String>>>()
        })
        .map_err(from_rusqlite)?;
    if columns.is_empty() {
        return Ok(Some(format!("the file has no table `{}`", table.name)));
    }
    // SQLite's names have no case.
    let has = |name: &str| columns.iter().any(|column| column.eq_ignore_ascii_case(name));
    let missing: Vec<&str> =
        table.columns.iter().map(|column| column.name).filter(|name| !has(name)).collect();
    Ok((!missing.is_empty()).then(|| {
        format!("the file's table `{}` has no column `{}`", table.name, missing.join("`, `"))
    }))
}

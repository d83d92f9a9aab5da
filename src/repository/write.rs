//! The writes of a [`Repository`].

use super::{check_key, in_column};
use crate::find;
use crate::key::Key;
use crate::operation::{Duplicates, NewRow, Write, WriteKind, Written};
use crate::{
    Error, ErrorKind, Keyed, Kind, NewRecord, Record, Repository, Result, Values, Writable, value,
};
use sea_orm::Value;
use std::collections::HashMap;

impl<R: Writable> Repository<R> {
    /// Stores a new row, and gives it back as it is stored: with its key, `created_at` filled where
    /// the entity has it and none was given, times cut to microseconds, and what the database makes of it.
    /// That is asked for where the entity says that something is made: a column that a default or a
    /// trigger fills is `#[repository(server)]` or `#[repository(server_default)]`. A trigger that changes
    /// a column without that mark is not seen before the row is read.
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/doctest_setup.rs"));
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> chronicle::Result<()> {
    /// # let tasks = tasks().await?;
    /// let task = tasks.insert(NewTask::new("buy bread", 2)).await?;
    /// assert_eq!(tasks.get(task.id).await?, Some(task));
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// `Unique` when the key or another unique value is taken, `ForeignKey`, `NotNull`, `Check`,
    /// `InvalidInput`, `Denied` … as the database says. After `Timeout` the row may be stored:
    /// inserting the same row again is safe, and answers `Unique` if it is; where the database counts
    /// the key up it would be another row. What could not be read
    /// back or asked for is `InvalidInput` on every backend: a NUL character, JSON nested deeper than
    /// 125 arrays and objects, a key of text that takes more than 2,500 bytes in a URL.
    pub async fn insert(&self, row: impl Into<NewRecord<R>>) -> Result<R> {
        let row = prepare::<R>(row.into())?;
        let sent = row.clone();
        let written = self.write_rows(vec![row], Duplicates::Refuse).await?;
        decode_stored(sent, written)
    }

    /// Stores new rows, and gives back their keys in the order of the rows.
    ///
    /// On SQLite all rows are stored or none. PostgREST stores thousands of rows in several
    /// requests: if a later one is refused, [`Error::rows_stored`] tells how many rows, from the
    /// first on, are there already.
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/doctest_setup.rs"));
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> chronicle::Result<()> {
    /// # let tasks = tasks().await?;
    /// let keys = tasks.insert_many([NewTask::new("buy bread", 2), NewTask::new("sleep", 9)]).await?;
    /// assert_eq!(tasks.find().filter(Tasks::ID.is_in(keys)).count().await?, 2);
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// As [`insert`](Self::insert).
    pub async fn insert_many<N: Into<NewRecord<R>>>(
        &self,
        rows: impl IntoIterator<Item = N>,
    ) -> Result<Vec<R::Key>> {
        let rows = prepare_many(rows)?;
        let keys = rows.iter().map(|row| R::TABLE.key_of(row)).collect();
        let written = self.write_rows(rows, Duplicates::Refuse).await?;
        stored_keys::<R>(keys, written)
    }

    /// Stores a row unless its key is there already; `true` when it was stored. The row that is
    /// there stays as it is, so that repeating this is harmless. A row without its key, which the
    /// database counts up, is always a new one.
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/doctest_setup.rs"));
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> chronicle::Result<()> {
    /// # let tasks = tasks().await?;
    /// let task = NewTask::new("buy bread", 2);
    /// assert!(tasks.insert_if_absent(task.clone()).await?);
    /// assert!(!tasks.insert_if_absent(task).await?, "its key is there already");
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// As [`insert`](Self::insert), but `Unique` only for other columns than the key.
    pub async fn insert_if_absent(&self, row: impl Into<NewRecord<R>>) -> Result<bool> {
        let row = prepare::<R>(row.into())?;
        Ok(self.write_rows(vec![row], Duplicates::Ignore).await?.touched > 0)
    }

    /// Stores the rows whose key is not there yet, and says how many those were.
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/doctest_setup.rs"));
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> chronicle::Result<()> {
    /// # let tasks = tasks().await?;
    /// let new = [NewTask::new("buy bread", 2), NewTask::new("sleep", 9)];
    /// assert_eq!(tasks.insert_many_if_absent(new.clone()).await?, 2);
    /// assert_eq!(tasks.insert_many_if_absent(new).await?, 0);
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// As [`insert_if_absent`](Self::insert_if_absent) and [`insert_many`](Self::insert_many).
    pub async fn insert_many_if_absent<N: Into<NewRecord<R>>>(
        &self,
        rows: impl IntoIterator<Item = N>,
    ) -> Result<u64> {
        Ok(self.write_rows(prepare_many(rows)?, Duplicates::Ignore).await?.touched)
    }

    /// Stores a row, or gives all its values to the row with its key that is there already, and
    /// gives it back as it is stored. `created_at` is overwritten too; `updated_at` is set to the
    /// present time unless the row gives one.
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/doctest_setup.rs"));
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> chronicle::Result<()> {
    /// # let tasks = tasks().await?;
    /// let mut task = tasks.insert(NewTask::new("buy bread", 2)).await?;
    /// task.priority = 1;
    /// tasks.upsert(task).await?;
    /// assert_eq!(tasks.find().filter(Tasks::TITLE.eq("buy bread")).one().await?.priority, 1);
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// As [`insert`](Self::insert), but `Unique` only for other columns than the key.
    pub async fn upsert(&self, row: impl Into<NewRecord<R>>) -> Result<R> {
        let row = prepare_upsert::<R>(row.into())?;
        let sent = row.clone();
        let written = self.write_rows(vec![row], Duplicates::Replace).await?;
        decode_stored(sent, written)
    }

    /// [Upserts](Self::upsert) rows, and gives back their keys in the order of the rows. Of several
    /// rows with one key the last one counts.
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/doctest_setup.rs"));
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> chronicle::Result<()> {
    /// # let tasks = tasks().await?;
    /// let mut all = tasks.find().all().await?;
    /// all.iter_mut().for_each(|task| task.priority = 5);
    /// tasks.upsert_many(all).await?;
    /// assert_eq!(tasks.find().filter(Tasks::PRIORITY.eq(5)).count().await?, 3);
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// As [`upsert`](Self::upsert) and [`insert_many`](Self::insert_many).
    pub async fn upsert_many<N: Into<NewRecord<R>>>(
        &self,
        rows: impl IntoIterator<Item = N>,
    ) -> Result<Vec<R::Key>> {
        let table = R::TABLE;
        let mut keys = Vec::new();
        let mut last: HashMap<String, usize> = HashMap::new();
        let mut distinct: Vec<NewRow> = Vec::new();
        for row in rows {
            let row = prepare_upsert::<R>(row.into())?;
            let key = table.key_of(&row);
            if !row.has_key(table) {
                // Its key is counted up: it is no other row.
                distinct.push(row);
            } else if let Some(at) = last.get(&key.text()) {
                distinct[*at] = row;
            } else {
                last.insert(key.text(), distinct.len());
                distinct.push(row);
            }
            keys.push(key);
        }
        let is_distinct = distinct.len() == keys.len();
        let mut written = self.write_rows(distinct, Duplicates::Replace).await?;
        if !is_distinct {
            written.stored = None;
        }
        stored_keys::<R>(keys, written)
    }

    /// How many rows a write touches; none where there is nothing to write.
    pub(super) async fn touch(&self, write: Option<Write>) -> Result<u64> {
        match write {
            Some(write) => Ok(self.store.write(write).await?.touched),
            None => Ok(0),
        }
    }

    async fn write_rows(&self, rows: Vec<NewRow>, duplicates: Duplicates) -> Result<Written> {
        if rows.is_empty() {
            return Ok(Written::default());
        }
        self.store.write(Write::new(R::TABLE, WriteKind::Insert { rows, duplicates })).await
    }
}

/// The one row that was written, as it is stored where the backend tells.
///
/// # Errors
/// `SchemaMismatch` where the server has changed its key: it is stored, and the key that the caller
/// has is none.
fn decode_stored<R: Keyed>(sent: NewRow, written: Written) -> Result<R> {
    let Some(stored) = written.stored.and_then(|mut rows| rows.pop()) else {
        return find::decode(sent.into_values());
    };
    check_stored_key::<R>(&sent, &stored)?;
    find::decode(stored)
}

fn check_stored_key<R: Keyed>(sent: &NewRow, stored: &[Value]) -> Result<()> {
    let table = R::TABLE;
    let changed = table.key.iter().find(|at| {
        sent.gives(**at) && value::to_text(&sent[**at]) != value::to_text(&stored[**at])
    });
    let Some(at) = changed else { return Ok(()) };
    Err(Error::new(
        ErrorKind::SchemaMismatch,
        format!(
            "the database has changed the key: `{}` is {} there",
            table.columns[*at].name,
            value::to_text(&stored[*at])
        ),
    )
    .with_table(table.name)
    .with_rows_stored(1)
    .with_hint("mark the column `#[repository(server_default)]`, and let the database make it"))
}

/// The keys of the rows that were written: those that the backend tells, where the database makes
/// them.
fn stored_keys<R: Keyed>(keys: Vec<Key>, written: Written) -> Result<Vec<R::Key>> {
    let table = R::TABLE;
    let keys = match written.stored {
        Some(rows) if table.is_counted() => {
            if rows.len() != keys.len() {
                let message = "the database did not give back all rows that it was to store";
                return Err(Error::new(ErrorKind::SchemaMismatch, message)
                    .with_table(table.name)
                    .with_rows_stored(rows.len() as u64));
            }
            rows.iter().map(|row| table.key_of(row)).collect()
        }
        _ => keys,
    };
    keys.into_iter()
        .map(|key| R::key_from_values(Values::of_key(table, key.values().to_vec())))
        .collect()
}

/// The present time in a column that holds times; nothing of one that holds something else.
pub(super) fn now_of(kind: Kind) -> Option<Value> {
    match kind {
        Kind::Timestamp => Some(value::now().into()),
        Kind::DateTime => Some(value::now().naive_utc().into()),
        _ => None,
    }
}

/// Fills `created_at` or `updated_at` where the row has none.
fn fill_time<R: Record>(row: &mut NewRow, at: Option<usize>) {
    if let Some(at) = at
        && row.gives(at)
        && value::is_null(&row[at])
        && let Some(now) = now_of(R::TABLE.columns[at].kind)
    {
        row.values_mut()[at] = now;
    }
}

/// The values of a row as they are stored.
pub(crate) fn prepare<R: Record>(row: NewRecord<R>) -> Result<NewRow> {
    let mut row = row.into_row();
    fill_time::<R>(&mut row, R::TABLE.created_at);
    for (at, value) in row.values_mut().iter_mut().enumerate() {
        value::normalize(value).map_err(|error| in_column::<R>(at, &error))?;
    }
    check_key::<R>(R::TABLE.key.iter().map(|at| &row[*at]))?;
    Ok(row)
}

pub(super) fn refuse_append_only<R: Record>() -> Result<()> {
    if R::TABLE.conflict == crate::Conflict::AppendOnly {
        return Err(Error::new(
            crate::ErrorKind::Unsupported,
            "rows of an append-only entity never change: insert another one",
        )
        .with_table(R::TABLE.name));
    }
    Ok(())
}

pub(crate) fn prepare_upsert<R: Record>(row: NewRecord<R>) -> Result<NewRow> {
    refuse_append_only::<R>()?;
    let mut row = prepare(row)?;
    fill_time::<R>(&mut row, R::TABLE.updated_at);
    Ok(row)
}

fn prepare_many<R: Record, N: Into<NewRecord<R>>>(
    rows: impl IntoIterator<Item = N>,
) -> Result<Vec<NewRow>> {
    rows.into_iter().map(|row| prepare(row.into())).collect()
}

//! [`Repository`]: what users call.

use crate::filter::Node;
use crate::find::{self, Find};
use crate::operation::{Duplicates, Target, Write, WriteKind, Written};
use crate::order::Direction;
use crate::{Error, Filter, Operand, Order, Patch, Query, Record, Result, Store, Stored, value};
use sea_orm::Value;
use std::collections::HashMap;
use std::fmt;
use std::marker::PhantomData;

/// The rows of one table, typed as the record `R`.
///
/// `#[derive(Repository)]` makes a named one for each entity (`Events`), which has the columns and
/// finders besides everything here. Cloning is cheap.
///
/// ```
/// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/doctest_setup.rs"));
/// use chronicle::{Record, Repository};
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> chronicle::Result<()> {
/// # let tasks = tasks().await?;
/// /// Works for every entity.
/// async fn is_empty<R: Record>(rows: &Repository<R>) -> chronicle::Result<bool> {
///     Ok(!rows.find().exists().await?)
/// }
///
/// assert!(!is_empty(&tasks).await?);
/// # Ok(()) }
/// ```
pub struct Repository<R> {
    store: Store,
    record: PhantomData<fn() -> R>,
}

impl<R> Clone for Repository<R> {
    fn clone(&self) -> Self {
        Self { store: self.store.clone(), record: PhantomData }
    }
}

impl<R: Record> fmt::Debug for Repository<R> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Repository")
            .field("table", &R::TABLE.name)
            .field("store", &self.store)
            .finish()
    }
}

impl<R: Record> Repository<R> {
    /// The repository of `R` in a store or a backend.
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/doctest_setup.rs"));
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> chronicle::Result<()> {
    /// let sqlite = chronicle::Sqlite::memory().await?;
    /// let tasks: chronicle::Repository<task::Model> = chronicle::Repository::new(&sqlite);
    /// let tasks = Tasks::new(&sqlite); // the same, with the columns and finders
    /// # Ok(()) }
    /// ```
    pub fn new(store: impl Into<Store>) -> Self {
        Self { store: store.into(), record: PhantomData }
    }

    /// The store that the rows are in.
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/doctest_setup.rs"));
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> chronicle::Result<()> {
    /// # let tasks = tasks().await?;
    /// assert_eq!(tasks.store().kind(), chronicle::BackendKind::Sqlite);
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub const fn store(&self) -> &Store {
        &self.store
    }

    /// Stores a new row, and gives it back as it is stored: with its key, `created_at` filled where
    /// the entity has it and none was given, and times cut to microseconds.
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
    /// inserting the same row again is safe, and answers `Unique` if it is. What could not be read
    /// back or asked for is `InvalidInput` on every backend: a NUL character, JSON nested deeper than
    /// 125 arrays and objects, a key of text that takes more than 2,500 bytes in a URL.
    pub async fn insert(&self, row: impl Into<R>) -> Result<R> {
        let values = prepare(row.into())?;
        let sent = values.clone();
        let written = self.write_rows(vec![values], Duplicates::Refuse).await?;
        find::decode(stored_row(written).unwrap_or(sent))
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
    pub async fn insert_many<N: Into<R>>(
        &self,
        rows: impl IntoIterator<Item = N>,
    ) -> Result<Vec<R::Key>> {
        let (keys, values) = prepare_many(rows)?;
        self.write_rows(values, Duplicates::Refuse).await?;
        Ok(keys)
    }

    /// Stores a row unless its key is there already; `true` when it was stored. The row that is
    /// there stays as it is, so that repeating this is harmless.
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
    pub async fn insert_if_absent(&self, row: impl Into<R>) -> Result<bool> {
        let values = prepare(row.into())?;
        Ok(self.write_rows(vec![values], Duplicates::Ignore).await?.touched > 0)
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
    pub async fn insert_many_if_absent<N: Into<R>>(
        &self,
        rows: impl IntoIterator<Item = N>,
    ) -> Result<u64> {
        let (_, values) = prepare_many(rows)?;
        Ok(self.write_rows(values, Duplicates::Ignore).await?.touched)
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
    pub async fn upsert(&self, row: impl Into<R>) -> Result<R> {
        let values = prepare_upsert(row.into())?;
        let sent = values.clone();
        let written = self.write_rows(vec![values], Duplicates::Replace).await?;
        find::decode(stored_row(written).unwrap_or(sent))
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
    pub async fn upsert_many<N: Into<R>>(
        &self,
        rows: impl IntoIterator<Item = N>,
    ) -> Result<Vec<R::Key>> {
        let mut keys = Vec::new();
        let mut last: HashMap<String, usize> = HashMap::new();
        let mut values: Vec<Vec<Value>> = Vec::new();
        for row in rows {
            let row = row.into();
            keys.push(row.key().clone());
            let row = prepare_upsert(row)?;
            match last.entry(value::to_text(&row[R::TABLE.key])) {
                std::collections::hash_map::Entry::Occupied(at) => values[*at.get()] = row,
                std::collections::hash_map::Entry::Vacant(free) => {
                    free.insert(values.len());
                    values.push(row);
                }
            }
        }
        self.write_rows(values, Duplicates::Replace).await?;
        Ok(keys)
    }

    /// The row with this key, if there is one.
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/doctest_setup.rs"));
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> chronicle::Result<()> {
    /// # let tasks = tasks().await?;
    /// let task = tasks.insert(NewTask::new("buy bread", 2)).await?;
    /// assert_eq!(tasks.get(task.id).await?.map(|task| task.title), Some("buy bread".to_owned()));
    /// assert_eq!(tasks.get(TaskId::generate()).await?, None);
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// As [`Find::all`].
    pub async fn get(&self, key: impl Operand<R::Key>) -> Result<Option<R>> {
        find::by_key(self.store.clone(), key_value::<R>(key)?).first().await
    }

    /// A query of this table.
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/doctest_setup.rs"));
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> chronicle::Result<()> {
    /// # let tasks = tasks().await?;
    /// let urgent = tasks.find().filter(Tasks::PRIORITY.lt(3)).order_by(Tasks::PRIORITY.asc()).all().await?;
    /// assert_eq!(titles(&urgent), ["water the plants", "write the report"]);
    /// # Ok(()) }
    /// ```
    pub fn find(&self) -> Find<R> {
        Find::new(self.store.clone(), Query::new())
    }

    /// A query bound to this repository.
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/doctest_setup.rs"));
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> chronicle::Result<()> {
    /// # let tasks = tasks().await?;
    /// let open = Tasks::query().filter(Tasks::DONE_AT.is_null());
    /// assert_eq!(tasks.run(open).count().await?, 2);
    /// # Ok(()) }
    /// ```
    pub fn run(&self, query: Query<R>) -> Find<R> {
        Find::new(self.store.clone(), query)
    }

    /// A query of this table, newest first: by `created_at`, or by key where the entity has no
    /// `created_at` (UUID v7 keys sort by the time when they were made).
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/doctest_setup.rs"));
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> chronicle::Result<()> {
    /// # let tasks = tasks().await?;
    /// tasks.insert(NewTask::new("buy bread", 2)).await?;
    /// assert_eq!(titles(&tasks.list().limit(1).all().await?), ["buy bread"]);
    /// # Ok(()) }
    /// ```
    pub fn list(&self) -> Find<R> {
        let newest = R::TABLE.created_at.unwrap_or(R::TABLE.key);
        self.find().order_by(Order::new(newest, Direction::Descending))
    }

    /// Changes the row with this key, and says how many rows that were: 1, or 0 when there is no
    /// such row. `updated_at` is set to the present time where the entity has it and the patch does
    /// not set it. An empty patch changes nothing and answers 0 without asking the database.
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/doctest_setup.rs"));
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> chronicle::Result<()> {
    /// # let tasks = tasks().await?;
    /// let task = tasks.find().filter(Tasks::TITLE.eq("call home")).one().await?;
    /// let done = TaskPatch::new().done_at(chronicle::now());
    /// assert_eq!(tasks.update(task.id, done).await?, 1);
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// Those of the database's constraints, as [`insert`](Self::insert); `InvalidInput` when the
    /// patch would change the key.
    pub async fn update(
        &self,
        key: impl Operand<R::Key>,
        patch: impl Into<Patch<R>>,
    ) -> Result<u64> {
        self.write_update(Target::Key(key_value::<R>(key)?), patch.into()).await
    }

    /// Changes every row that matches, and says how many those were.
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/doctest_setup.rs"));
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> chronicle::Result<()> {
    /// # let tasks = tasks().await?;
    /// let open = Tasks::DONE_AT.is_null();
    /// assert_eq!(tasks.update_where(open, TaskPatch::new().priority(1)).await?, 2);
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// As [`update`](Self::update); `InvalidInput` when the filter matches every row by its form
    /// (use [`update_all`](Self::update_all)).
    pub async fn update_where(&self, filter: Filter<R>, patch: impl Into<Patch<R>>) -> Result<u64> {
        match target(filter, "update_all")? {
            Some(target) => self.write_update(target, patch.into()).await,
            None => Ok(0),
        }
    }

    /// Changes every row of the table, and says how many those were.
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/doctest_setup.rs"));
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> chronicle::Result<()> {
    /// # let tasks = tasks().await?;
    /// assert_eq!(tasks.update_all(TaskPatch::new().clear_done_at()).await?, 3);
    /// assert_eq!(tasks.find().filter(Tasks::DONE_AT.is_null()).count().await?, 3);
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// As [`update`](Self::update).
    pub async fn update_all(&self, patch: impl Into<Patch<R>>) -> Result<u64> {
        self.write_update(Target::All, patch.into()).await
    }

    /// Deletes the row with this key, and says how many rows that were: 1, or 0 when there is no
    /// such row.
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/doctest_setup.rs"));
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> chronicle::Result<()> {
    /// # let tasks = tasks().await?;
    /// let task = tasks.insert(NewTask::new("buy bread", 2)).await?;
    /// assert_eq!(tasks.delete(task.id).await?, 1);
    /// assert_eq!(tasks.delete(task.id).await?, 0, "it is gone");
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// `ForeignKey` when other rows refer to it and are not deleted with it; `Denied` …
    pub async fn delete(&self, key: impl Operand<R::Key>) -> Result<u64> {
        self.write_touching(WriteKind::Delete { target: Target::Key(key_value::<R>(key)?) }).await
    }

    /// Deletes every row that matches, and says how many those were.
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/doctest_setup.rs"));
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> chronicle::Result<()> {
    /// # let tasks = tasks().await?;
    /// assert_eq!(tasks.delete_where(Tasks::DONE_AT.is_not_null()).await?, 1);
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// As [`delete`](Self::delete); `InvalidInput` when the filter matches every row by its form
    /// (use [`delete_all`](Self::delete_all)).
    pub async fn delete_where(&self, filter: Filter<R>) -> Result<u64> {
        match target(filter, "delete_all")? {
            Some(target) => self.write_touching(WriteKind::Delete { target }).await,
            None => Ok(0),
        }
    }

    /// Deletes every row of the table, and says how many those were.
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/doctest_setup.rs"));
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> chronicle::Result<()> {
    /// # let tasks = tasks().await?;
    /// assert_eq!(tasks.delete_all().await?, 3);
    /// assert!(!tasks.find().exists().await?);
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// As [`delete`](Self::delete).
    pub async fn delete_all(&self) -> Result<u64> {
        self.write_touching(WriteKind::Delete { target: Target::All }).await
    }

    async fn write(&self, kind: WriteKind) -> Result<Written> {
        self.store.write(Write { table: R::TABLE, kind }).await
    }

    async fn write_touching(&self, kind: WriteKind) -> Result<u64> {
        Ok(self.write(kind).await?.touched)
    }

    async fn write_rows(&self, rows: Vec<Vec<Value>>, duplicates: Duplicates) -> Result<Written> {
        if rows.is_empty() {
            return Ok(Written::default());
        }
        self.write(WriteKind::Insert { rows, duplicates }).await
    }

    async fn write_update(&self, target: Target, patch: Patch<R>) -> Result<u64> {
        if patch.is_empty() {
            return Ok(0);
        }
        let table = R::TABLE;
        refuse_append_only::<R>()?;
        let mut assignments = patch.into_assignments();
        for (at, value) in &mut assignments {
            if *at == table.key {
                return Err(Error::invalid(
                    "a key never changes: insert a row with the new key and delete this one",
                )
                .with_table(table.name));
            }
            value::normalize(value).map_err(|error| in_column::<R>(*at, &error))?;
        }
        if let Some(updated_at) = table.updated_at
            && assignments.iter().all(|(at, _)| *at != updated_at)
        {
            assignments.push((updated_at, value::now().into()));
        }
        self.write_touching(WriteKind::Update { target, assignments }).await
    }
}

/// The one row that was written, where the backend tells how it is stored.
fn stored_row(written: Written) -> Option<Vec<Value>> {
    written.stored.and_then(|mut rows| rows.pop())
}

/// The values of a row as they are stored.
fn prepare<R: Record>(row: R) -> Result<Vec<Value>> {
    let mut values = row.into_values();
    if let Some(created_at) = R::TABLE.created_at
        && value::is_null(&values[created_at])
    {
        values[created_at] = value::now().into();
    }
    for (at, value) in values.iter_mut().enumerate() {
        value::normalize(value).map_err(|error| in_column::<R>(at, &error))?;
    }
    let key = R::TABLE.key;
    value::check_key(&values[key]).map_err(|error| in_column::<R>(key, &error))?;
    Ok(values)
}

fn refuse_append_only<R: Record>() -> Result<()> {
    if R::TABLE.conflict == crate::Conflict::AppendOnly {
        return Err(Error::new(
            crate::ErrorKind::Unsupported,
            "rows of an append-only entity never change: insert another one",
        )
        .with_table(R::TABLE.name));
    }
    Ok(())
}

fn prepare_upsert<R: Record>(row: R) -> Result<Vec<Value>> {
    refuse_append_only::<R>()?;
    let mut values = prepare(row)?;
    if let Some(updated_at) = R::TABLE.updated_at
        && value::is_null(&values[updated_at])
    {
        values[updated_at] = value::now().into();
    }
    Ok(values)
}

#[allow(clippy::type_complexity, reason = "two parallel lists, used at once by both callers")]
fn prepare_many<R: Record, N: Into<R>>(
    rows: impl IntoIterator<Item = N>,
) -> Result<(Vec<R::Key>, Vec<Vec<Value>>)> {
    let rows = rows.into_iter();
    let mut keys = Vec::with_capacity(rows.size_hint().0);
    let mut values = Vec::with_capacity(rows.size_hint().0);
    for row in rows {
        let row = row.into();
        keys.push(row.key().clone());
        values.push(prepare(row)?);
    }
    Ok((keys, values))
}

fn key_value<R: Record>(key: impl Operand<R::Key>) -> Result<Value> {
    let mut key = Stored::into_value(key.into_operand());
    value::normalize(&mut key)
        .and_then(|()| value::check_key(&key))
        .map_err(|error| in_column::<R>(R::TABLE.key, &error))?;
    Ok(key)
}

/// What a filter write is for; nothing when no row can match.
fn target<R: Record>(filter: Filter<R>, all: &str) -> Result<Option<Target>> {
    match filter.into_node().reduce().map_err(|error| error.with_table(R::TABLE.name))? {
        Node::Constant(false) => Ok(None),
        Node::Constant(true) => Err(Error::invalid(format!(
            "the filter matches every row: if that is meant, use `{all}`"
        ))
        .with_table(R::TABLE.name)),
        node => Ok(Some(Target::Filter(node))),
    }
}

fn in_column<R: Record>(at: usize, error: &Error) -> Error {
    let column = R::TABLE.columns[at].name;
    Error::new(error.kind(), format!("column `{column}`: {}", error.message()))
        .with_table(R::TABLE.name)
}

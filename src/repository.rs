//! [`Repository`]: what users call.

use crate::filter::Node;
use crate::find::{self, Find};
use crate::operation::{Duplicates, Target, Write, WriteKind};
use crate::query::{Direction, Order};
use crate::{Error, Filter, Operand, Patch, Query, Record, Result, Store, Stored, value};
use sea_orm::Value;
use std::collections::HashMap;
use std::fmt;
use std::marker::PhantomData;

/// The rows of one table, typed as the record `R`.
///
/// `#[derive(Repository)]` makes a named one for each entity (`Events`), which has the columns and
/// finders besides everything here. Cloning is cheap.
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
    pub fn new(store: impl Into<Store>) -> Self {
        Self { store: store.into(), record: PhantomData }
    }

    /// The store that the rows are in.
    #[must_use]
    pub const fn store(&self) -> &Store {
        &self.store
    }

    /// Stores a new row, and gives it back as it is stored: with its key, `created_at` filled where
    /// the entity has it and none was given, and times cut to microseconds.
    ///
    /// # Errors
    /// `Unique` when the key or another unique value is taken, `ForeignKey`, `NotNull`, `Check`,
    /// `InvalidInput`, `Denied` … as the database says. After `Timeout` the row may be stored:
    /// inserting the same row again is safe, and answers `Unique` if it is.
    pub async fn insert(&self, row: impl Into<R>) -> Result<R> {
        let values = prepare(row.into())?;
        let stored = values.clone();
        self.write_rows(vec![values], Duplicates::Refuse).await?;
        find::decode(stored)
    }

    /// Stores new rows, and gives back their keys in the order of the rows.
    ///
    /// On SQLite all rows are stored or none. PostgREST stores thousands of rows in several
    /// requests: if a later one is refused, [`Error::rows_stored`] tells how many rows, from the
    /// first on, are there already.
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
    /// # Errors
    /// As [`insert`](Self::insert), but `Unique` only for other columns than the key.
    pub async fn insert_if_absent(&self, row: impl Into<R>) -> Result<bool> {
        let values = prepare(row.into())?;
        Ok(self.write_rows(vec![values], Duplicates::Ignore).await? > 0)
    }

    /// Stores the rows whose key is not there yet, and says how many those were.
    ///
    /// # Errors
    /// As [`insert_if_absent`](Self::insert_if_absent) and [`insert_many`](Self::insert_many).
    pub async fn insert_many_if_absent<N: Into<R>>(
        &self,
        rows: impl IntoIterator<Item = N>,
    ) -> Result<u64> {
        let (_, values) = prepare_many(rows)?;
        self.write_rows(values, Duplicates::Ignore).await
    }

    /// Stores a row, or gives all its values to the row with its key that is there already, and
    /// gives it back as it is stored. `created_at` is overwritten too; `updated_at` is set to the
    /// present time unless the row gives one.
    ///
    /// # Errors
    /// As [`insert`](Self::insert), but `Unique` only for other columns than the key.
    pub async fn upsert(&self, row: impl Into<R>) -> Result<R> {
        let values = prepare_upsert(row.into())?;
        let stored = values.clone();
        self.write_rows(vec![values], Duplicates::Replace).await?;
        find::decode(stored)
    }

    /// [Upserts](Self::upsert) rows, and gives back their keys in the order of the rows. Of several
    /// rows with one key the last one counts.
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
    /// # Errors
    /// As [`Find::all`].
    pub async fn get(&self, key: impl Operand<R::Key>) -> Result<Option<R>> {
        find::by_key(self.store.clone(), key_value::<R>(key)?).first().await
    }

    /// A query of this table.
    pub fn find(&self) -> Find<R> {
        Find::new(self.store.clone(), Query::new())
    }

    /// A query bound to this repository.
    pub fn run(&self, query: Query<R>) -> Find<R> {
        Find::new(self.store.clone(), query)
    }

    /// A query of this table, newest first: by `created_at`, or by key where the entity has no
    /// `created_at` (UUID v7 keys sort by the time when they were made).
    pub fn list(&self) -> Find<R> {
        let newest = R::TABLE.created_at.unwrap_or(R::TABLE.key);
        self.find().order_by(Order::new(newest, Direction::Descending))
    }

    /// Changes the row with this key, and says how many rows that were: 1, or 0 when there is no
    /// such row. `updated_at` is set to the present time where the entity has it and the patch does
    /// not set it. An empty patch changes nothing and answers 0 without asking the database.
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
    /// # Errors
    /// As [`update`](Self::update).
    pub async fn update_all(&self, patch: impl Into<Patch<R>>) -> Result<u64> {
        self.write_update(Target::All, patch.into()).await
    }

    /// Deletes the row with this key, and says how many rows that were: 1, or 0 when there is no
    /// such row.
    ///
    /// # Errors
    /// `ForeignKey` when other rows refer to it and are not deleted with it; `Denied` …
    pub async fn delete(&self, key: impl Operand<R::Key>) -> Result<u64> {
        self.write(WriteKind::Delete { target: Target::Key(key_value::<R>(key)?) }).await
    }

    /// Deletes every row that matches, and says how many those were.
    ///
    /// # Errors
    /// As [`delete`](Self::delete); `InvalidInput` when the filter matches every row by its form
    /// (use [`delete_all`](Self::delete_all)).
    pub async fn delete_where(&self, filter: Filter<R>) -> Result<u64> {
        match target(filter, "delete_all")? {
            Some(target) => self.write(WriteKind::Delete { target }).await,
            None => Ok(0),
        }
    }

    /// Deletes every row of the table, and says how many those were.
    ///
    /// # Errors
    /// As [`delete`](Self::delete).
    pub async fn delete_all(&self) -> Result<u64> {
        self.write(WriteKind::Delete { target: Target::All }).await
    }

    async fn write(&self, kind: WriteKind) -> Result<u64> {
        self.store.write(Write { table: R::TABLE, kind }).await
    }

    async fn write_rows(&self, rows: Vec<Vec<Value>>, duplicates: Duplicates) -> Result<u64> {
        if rows.is_empty() {
            return Ok(0);
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
        self.write(WriteKind::Update { target, assignments }).await
    }
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
    value::normalize(&mut key).map_err(|error| in_column::<R>(R::TABLE.key, &error))?;
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

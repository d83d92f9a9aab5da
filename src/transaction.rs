//! [`Transaction`]: writes that are made together.

use crate::operation::{Duplicates, Target, Write, WriteKind};
use crate::repository::delete::remove;
use crate::repository::key_of;
use crate::repository::update::change;
use crate::repository::write::{prepare, prepare_upsert};
use crate::{
    Error, ErrorKind, HasRecord, NewRecord, Operand, Patch, Result, Store, Values, Writable,
};
use std::marker::PhantomData;
use std::ops::Deref;

/// The writes of one [`Store::transaction`], in their order.
///
/// ```
/// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/doctest_setup.rs"));
/// use chronicle::Transaction;
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> chronicle::Result<()> {
/// # let tasks = tasks().await?;
/// /// A part of a larger transaction.
/// fn split(writes: &mut Transaction, task: &task::Model) -> chronicle::Result<()> {
///     writes.of::<Tasks>().delete(task.id)?;
///     writes.of::<Tasks>().insert(NewTask::new(format!("{} (1)", task.title), 1))?;
///     writes.of::<Tasks>().insert(NewTask::new(format!("{} (2)", task.title), 2))?;
///     Ok(())
/// }
///
/// let task = tasks.find().filter(Tasks::TITLE.eq("call home")).one().await?;
/// tasks.store().transaction(|writes| split(writes, &task)).await?;
/// assert_eq!(tasks.find().filter(Tasks::TITLE.starts_with("call home (")).count().await?, 2);
/// # Ok(()) }
/// ```
#[derive(Debug, Default)]
pub struct Transaction {
    writes: Vec<Write>,
}

impl Transaction {
    /// The writes of one table, named by its repository.
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/doctest_setup.rs"));
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> chronicle::Result<()> {
    /// # let tasks = tasks().await?;
    /// let id = tasks.store().transaction(|writes| {
    ///     let mut tasks = writes.of::<Tasks>();
    ///     tasks.insert(NewTask::new("buy bread", 2))?;
    ///     tasks.insert(NewTask::new("sleep", 9))
    /// }).await?;
    /// assert_eq!(tasks.get(id).await?.map(|task| task.priority), Some(9));
    /// # Ok(()) }
    /// ```
    pub fn of<N>(&mut self) -> Writes<'_, <N::Target as HasRecord>::Record>
    where
        N: Deref<Target: HasRecord<Record: Writable>>,
    {
        Writes { writes: &mut self.writes, record: PhantomData }
    }
}

/// The writes of one table in a [`Transaction`]: what a [`Repository`](struct@crate::Repository) writes, but by
/// key alone. Each is checked at once, and made with all the others.
///
/// ```
/// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/doctest_setup.rs"));
/// use chronicle::Writes;
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> chronicle::Result<()> {
/// # let tasks = tasks().await?;
/// fn finish(writes: &mut Writes<'_, task::Model>, id: TaskId) -> chronicle::Result<()> {
///     writes.update(id, TaskPatch::new().done_at(chronicle::now()))
/// }
///
/// let open = tasks.find().filter(Tasks::DONE_AT.is_null()).all().await?;
/// tasks.store().transaction(|writes| {
///     open.iter().try_for_each(|task| finish(&mut writes.of::<Tasks>(), task.id))
/// }).await?;
/// assert!(!tasks.find().filter(Tasks::DONE_AT.is_null()).exists().await?);
/// # Ok(()) }
/// ```
#[derive(Debug)]
pub struct Writes<'t, R> {
    writes: &'t mut Vec<Write>,
    record: PhantomData<fn() -> R>,
}

impl<R: Writable> Writes<'_, R> {
    /// Stores a new row; its key, for rows that refer to it.
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/doctest_setup.rs"));
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> chronicle::Result<()> {
    /// # let tasks = tasks().await?;
    /// let new = NewTask::new("buy bread", 2);
    /// let id = tasks.store().transaction(|writes| writes.of::<Tasks>().insert(new)).await?;
    /// assert!(tasks.get(id).await?.is_some());
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// `InvalidInput` for what cannot be stored; `Unsupported` for a row whose key the database counts
    /// up: it is not known before.
    pub fn insert(&mut self, row: impl Into<NewRecord<R>>) -> Result<R::Key> {
        self.push_row(row.into(), Duplicates::Refuse)
    }

    /// Stores a row unless its key is there already.
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/doctest_setup.rs"));
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> chronicle::Result<()> {
    /// # let tasks = tasks().await?;
    /// let task = tasks.find().first().await?.unwrap();
    /// tasks.store().transaction(|writes| writes.of::<Tasks>().insert_if_absent(task)).await?;
    /// assert_eq!(tasks.find().count().await?, 3);
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// As [`insert`](Self::insert).
    pub fn insert_if_absent(&mut self, row: impl Into<NewRecord<R>>) -> Result<R::Key> {
        self.push_row(row.into(), Duplicates::Ignore)
    }

    /// Stores a row, or gives all its values to the row with its key that is there already.
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/doctest_setup.rs"));
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> chronicle::Result<()> {
    /// # let tasks = tasks().await?;
    /// let mut task = tasks.find().first().await?.unwrap();
    /// task.priority = 7;
    /// let id = tasks.store().transaction(|writes| writes.of::<Tasks>().upsert(task)).await?;
    /// assert_eq!(tasks.get(id).await?.map(|task| task.priority), Some(7));
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// As [`insert`](Self::insert); `Unsupported` where rows never change (append-only).
    pub fn upsert(&mut self, row: impl Into<NewRecord<R>>) -> Result<R::Key> {
        let row = prepare_upsert::<R>(row.into())?;
        self.push(row, Duplicates::Replace)
    }

    /// Changes the row with this key. Where it is not there, the transaction fails with `NotFound`.
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/doctest_setup.rs"));
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> chronicle::Result<()> {
    /// # let tasks = tasks().await?;
    /// let gone = TaskId::generate();
    /// let error = tasks.store().transaction(|writes| {
    ///     writes.of::<Tasks>().insert(NewTask::new("buy bread", 2))?;
    ///     writes.of::<Tasks>().update(gone, TaskPatch::new().priority(1))
    /// }).await.unwrap_err();
    /// assert_eq!(error.kind(), chronicle::ErrorKind::NotFound);
    /// assert_eq!(tasks.find().count().await?, 3, "nothing is stored");
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// As [`upsert`](Self::upsert).
    pub fn update(&mut self, key: impl Operand<R::Key>, patch: impl Into<Patch<R>>) -> Result<()> {
        let target = Target::Key(key_of::<R>(key)?);
        self.writes.extend(change::<R>(target, patch.into())?);
        Ok(())
    }

    /// Deletes the row with this key, if it is there; softly where the entity says so.
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/doctest_setup.rs"));
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> chronicle::Result<()> {
    /// # let tasks = tasks().await?;
    /// let all = tasks.find().all().await?;
    /// tasks.store().transaction(|writes| {
    ///     all.iter().try_for_each(|task| writes.of::<Tasks>().delete(task.id))
    /// }).await?;
    /// assert!(!tasks.find().exists().await?);
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// `InvalidInput` for a key that cannot be asked for.
    pub fn delete(&mut self, key: impl Operand<R::Key>) -> Result<()> {
        self.writes.extend(remove::<R>(Target::Key(key_of::<R>(key)?))?);
        Ok(())
    }

    fn push_row(&mut self, row: NewRecord<R>, duplicates: Duplicates) -> Result<R::Key> {
        let row = prepare::<R>(row)?;
        self.push(row, duplicates)
    }

    fn push(&mut self, row: crate::operation::NewRow, duplicates: Duplicates) -> Result<R::Key> {
        let table = R::TABLE;
        if !row.has_key(table) {
            let message = "its key is made by the database, and not known before the transaction";
            return Err(Error::new(ErrorKind::Unsupported, message)
                .with_table(table.name)
                .with_hint("give the row its key, or insert it outside of the transaction"));
        }
        let key = table.key_of(&row).values().to_vec();
        match self.writes.last_mut() {
            // Rows of one form travel together.
            Some(Write {
                table: last,
                kind: WriteKind::Insert { rows, duplicates: theirs },
                ..
            }) if std::ptr::eq(*last, table)
                && *theirs == duplicates
                && duplicates == Duplicates::Refuse =>
            {
                rows.push(row);
            }
            _ => self
                .writes
                .push(Write::new(table, WriteKind::Insert { rows: vec![row], duplicates })),
        }
        R::key_from_values(Values::of_key(table, key))
    }
}

impl Store {
    /// Makes several writes, all of them or none: one transaction. They are only gathered while the
    /// closure runs; what it gives comes back once they are made. It reads nothing: what is to be read
    /// is read before. Each names its row by the key: there are none by a condition, by another unique
    /// column, and no `restore` or `purge`.
    ///
    /// On SQLite it is one transaction of the file. Over PostgREST it is one call of the function
    /// `chronicle_apply`, which `cargo run -p chronicle-migration -- chronicle-apply up` installs; it runs
    /// with the rights of the caller, and Supabase's role `anon` may not call it (`Denied`). On a failover
    /// pair the writes are one group: made by the remote, or in the file and then replayed, refused and
    /// retried together.
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/doctest_setup.rs"));
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> chronicle::Result<()> {
    /// # let tasks = tasks().await?;
    /// let done = tasks.find().filter(Tasks::DONE_AT.is_not_null()).one().await?;
    /// let next = tasks.store().transaction(|writes| {
    ///     let mut tasks = writes.of::<Tasks>();
    ///     tasks.delete(done.id)?;
    ///     tasks.insert(NewTask::new("water the plants again", done.priority))
    /// }).await?;
    /// assert!(tasks.get(next).await?.is_some() && tasks.get(done.id).await?.is_none());
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// That of the closure; of the first write that the database refuses; `NotFound` for an update of a
    /// row that is not there; `Unsupported` where the function is not installed. Nothing of it is stored
    /// then. After `Timeout` all of it may be stored, or none.
    pub async fn transaction<T>(
        &self,
        write: impl FnOnce(&mut Transaction) -> Result<T>,
    ) -> Result<T> {
        let mut transaction = Transaction::default();
        let given = write(&mut transaction)?;
        if !transaction.writes.is_empty() {
            self.write_all(transaction.writes).await?;
        }
        Ok(given)
    }
}

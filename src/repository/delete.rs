//! The deletes of a [`Repository`].

use super::key_of;
use super::update::{all, change, target};
use super::write::now_of;
use crate::operation::{Target, Write, WriteKind};
use crate::{Filter, Operand, Patch, Repository, Result, SoftDelete, Writable, value};
use sea_orm::Value;

impl<R: Writable> Repository<R> {
    /// Deletes the row with this key, and says how many rows that were: 1, or 0 when there is no
    /// such row. Where the entity says `#[repository(soft_delete)]`, the row is only marked: queries leave
    /// it out from then on, updates leave it alone, and so do conditions on related rows.
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
        self.touch(remove::<R>(Target::Key(key_of::<R>(key)?))?).await
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
            Some(target) => self.touch(remove::<R>(target)?).await,
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
        self.touch(remove::<R>(all::<R>())?).await
    }

    /// Brings back the row with this key that is deleted softly, and says how many rows that were: 1, or 0
    /// when there is no such row. It is an update: `updated_at` is moved. Of a row that is not deleted, too,
    /// and the answer is 1 as well.
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/doctest_deleted.rs"));
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> chronicle::Result<()> {
    /// # let notes = notes().await?;
    /// notes.delete(1).await?;
    /// assert_eq!(notes.get(1).await?, None);
    /// assert_eq!(notes.restore(1).await?, 1);
    /// assert_eq!(notes.get(1).await?.map(|note| note.text), Some("buy bread".to_owned()));
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// As [`update`](Self::update).
    pub async fn restore(&self, key: impl Operand<R::Key>) -> Result<u64>
    where
        R: SoftDelete,
    {
        let target = Target::Key(key_of::<R>(key)?);
        let Some(at) = R::TABLE.soft_delete else { return Ok(0) };
        let change = change(target, deleted::<R>(at, R::TABLE.columns[at].kind.null()))?;
        self.touch(change.map(|change| Write { is_of_live: false, ..change })).await
    }

    /// Deletes the row with this key for good, whether or not it is deleted softly, and says how many rows
    /// that were: 1, or 0 when there is no such row.
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/doctest_deleted.rs"));
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> chronicle::Result<()> {
    /// # let notes = notes().await?;
    /// notes.delete(1).await?;
    /// assert_eq!(notes.purge(1).await?, 1);
    /// assert_eq!(notes.find().with_deleted().count().await?, 1);
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// `ForeignKey` when other rows refer to it and are not deleted with it; `Denied` …
    pub async fn purge(&self, key: impl Operand<R::Key>) -> Result<u64>
    where
        R: SoftDelete,
    {
        let target = Target::Key(key_of::<R>(key)?);
        self.touch(Some(Write::new(R::TABLE, WriteKind::Delete { target }))).await
    }
}

/// The delete of the rows of a target: for good, or by the time that is set.
pub(crate) fn remove<R: Writable>(target: Target) -> Result<Option<Write>> {
    let table = R::TABLE;
    let Some(at) = table.soft_delete else {
        return Ok(Some(Write::new(table, WriteKind::Delete { target })));
    };
    let now = now_of(table.columns[at].kind).unwrap_or_else(|| value::now().into());
    let change = change(target, deleted::<R>(at, now))?;
    Ok(change.map(|change| Write { is_soft_delete: true, ..change }))
}

fn deleted<R: Writable>(at: usize, time: Value) -> Patch<R> {
    let mut patch = Patch::new();
    patch.assign(at, time);
    patch
}

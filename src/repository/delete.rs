//! The deletes of a [`Repository`].

use super::key_of;
use super::update::target;
use crate::operation::{Target, WriteKind};
use crate::{Filter, Operand, Repository, Result, Writable};

impl<R: Writable> Repository<R> {
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
        self.write_touching(WriteKind::Delete { target: Target::Key(key_of::<R>(key)?) }).await
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
}

//! [`RowState`]: what has become of the writes of a row.

use super::DeadLetter;
use crate::key::Key;
use crate::repository::key_of;
use crate::{Keyed, Operand, Repository, Result};

/// What has become of the writes of a row: see [`Repository::state_of`](crate::Repository::state_of).
#[derive(Clone, Debug, PartialEq)]
pub enum RowState {
    /// Nothing of the row waits: all that was acknowledged is where it belongs. Whether there is such a
    /// row, a read tells.
    Stored,
    /// A write of the row is in the outbox, behind a dead letter of another row perhaps.
    Waiting,
    /// A write of the row was refused: its first dead letter. More of it may wait behind it.
    Refused(Box<DeadLetter>),
}

impl<R: Keyed> Repository<R> {
    /// What has become of the writes of these rows, in the order of the keys: stored, waiting in the
    /// outbox, or refused. On one database alone all that was acknowledged is stored.
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/doctest_setup.rs"));
    /// use chronicle::failover::RowState;
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> chronicle::Result<()> {
    /// # let tasks = tasks().await?;
    /// let task = tasks.insert(NewTask::new("buy bread", 2)).await?;
    /// for state in tasks.state_of([task.id]).await? {
    ///     match state {
    ///         RowState::Stored => println!("saved"),
    ///         RowState::Waiting => println!("saved here, and sent later"),
    ///         RowState::Refused(letter) => println!("refused: {}", letter.message),
    ///     }
    /// }
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// `InvalidInput` for a key that cannot be stored; when the file cannot be read.
    pub async fn state_of(
        &self,
        keys: impl IntoIterator<Item = impl Operand<R::Key>>,
    ) -> Result<Vec<RowState>> {
        let keys = keys.into_iter().map(key_of::<R>).collect::<Result<Vec<Key>>>()?;
        match self.store().failover() {
            None => Ok(vec![RowState::Stored; keys.len()]),
            Some(failover) => failover.engine.states_of(R::TABLE, keys).await,
        }
    }
}

//! The updates of a [`Repository`].

use super::write::{now_of, refuse_append_only};
use super::{in_column, key_of};
use crate::filter::Node;
use crate::operation::{Target, Write, WriteKind};
use crate::{
    Error, ErrorKind, Filter, Operand, Patch, Record, Repository, Result, Source, Writable, find,
    value,
};

impl<R: Writable> Repository<R> {
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
        self.touch(change(Target::Key(key_of::<R>(key)?), patch.into())?).await
    }

    /// Changes the row with this key, and gives it back as it is stored then, by triggers too; `None` when
    /// there is no such row. As [`update`](Self::update) otherwise; by an empty patch the row is only read.
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/doctest_setup.rs"));
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> chronicle::Result<()> {
    /// # let tasks = tasks().await?;
    /// let task = tasks.find().filter(Tasks::TITLE.eq("call home")).one().await?;
    /// let task = tasks.update_returning(task.id, TaskPatch::new().priority(1)).await?;
    /// assert_eq!(task.map(|task| (task.title, task.priority)), Some(("call home".to_owned(), 1)));
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// As [`update`](Self::update).
    pub async fn update_returning(
        &self,
        key: impl Operand<R::Key>,
        patch: impl Into<Patch<R>>,
    ) -> Result<Option<R>> {
        let key = key_of::<R>(key)?;
        let Some(change) = change(Target::Key(key.clone()), patch.into())? else {
            return find::by_key(self.store.clone(), &key).await;
        };
        let stored = self.store.write(change.read_back()).await?.stored;
        stored.and_then(|mut rows| rows.pop()).map(find::decode).transpose()
    }

    /// Makes of the row `before` the row `after`, and gives it back as it is stored. Only the columns that
    /// differ are sent ([`Patch::between`]), so that what others have changed in the rest of them stays.
    /// Where none differs, nothing is sent, and `after` comes back.
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/doctest_setup.rs"));
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> chronicle::Result<()> {
    /// # let tasks = tasks().await?;
    /// let before = tasks.find().filter(Tasks::TITLE.eq("call home")).one().await?;
    /// let mut after = before.clone();
    /// after.done_at = Some(chronicle::now());
    /// let stored = tasks.save(&before, after).await?;
    /// assert!(stored.done_at.is_some());
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// `InvalidInput` when the key differs, `NotFound` when there is no such row; as
    /// [`update`](Self::update) otherwise.
    pub async fn save(&self, before: &R, after: R) -> Result<R>
    where
        R: Clone,
    {
        refuse_append_only::<R>()?;
        let patch = Patch::between(before, &after);
        if patch.is_empty() {
            return Ok(after);
        }
        self.update_returning(before.key(), patch).await?.ok_or_else(find::not_found::<R>)
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
            Some(target) => self.touch(change(target, patch.into())?).await,
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
        self.touch(change(all::<R>(), patch.into())?).await
    }
}

/// What a patch makes of the rows; nothing where it is empty.
pub(crate) fn change<R: Writable>(target: Target, patch: Patch<R>) -> Result<Option<Write>> {
    if patch.is_empty() {
        return Ok(None);
    }
    let table = R::TABLE;
    refuse_append_only::<R>()?;
    let (mut assignments, mut additions) = patch.into_changes();
    for (at, value) in assignments.iter_mut().chain(&mut additions) {
        if table.is_key(*at) {
            return Err(Error::invalid(
                "a key never changes: insert a row with the new key and delete this one",
            )
            .with_table(table.name));
        }
        value::normalize(value).map_err(|error| in_column::<R>(*at, &error))?;
    }
    if let Some(updated_at) = table.updated_at
        && table.columns[updated_at].source == Source::Client
        && let Some(now) = now_of(table.columns[updated_at].kind)
        && assignments.iter().all(|(at, _)| *at != updated_at)
    {
        assignments.push((updated_at, now));
    }
    Ok(Some(Write::new(table, WriteKind::Update { target, assignments, additions }).of_live()))
}

/// What a filter write is for; nothing when no row can match.
pub(super) fn target<R: Record>(filter: Filter<R>, all: &str) -> Result<Option<Target>> {
    match filter.into_node().reduce().map_err(|error| error.with_table(R::TABLE.name))? {
        Node::Constant(false) => Ok(None),
        Node::Constant(true) => Err(Error::invalid(format!(
            "the filter matches every row: if that is meant, use `{all}`"
        ))
        .with_table(R::TABLE.name)),
        // Over PostgREST it would be one on what is given back, and not on what is changed.
        node if !node.related_tables().is_empty() => Err(Error::new(
            ErrorKind::Unsupported,
            "a write by a condition takes none on related rows",
        )
        .with_table(R::TABLE.name)
        .with_hint("find the rows first, and write them by their keys (`is_in`)")),
        node => Ok(Some(Target::Filter(node.of_live(R::TABLE)))),
    }
}

/// Every row of the table that is not deleted softly.
pub(super) fn all<R: Record>() -> Target {
    match Node::Constant(true).of_live(R::TABLE) {
        Node::Constant(_) => Target::All,
        live => Target::Filter(live),
    }
}

//! [`Repository`]: what users call.

pub(crate) mod delete;
mod unique;
pub(crate) mod update;
pub(crate) mod write;

pub use unique::UniqueColumns;

use crate::find::{self, Find};
use crate::key::Key;
use crate::order::Direction;
use crate::{Error, Keyed, Operand, Order, Query, Record, RecordKey, Result, Store, value};
use sea_orm::Value;
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
        let table = R::TABLE;
        let newest = table.created_at.or(table.key.first().copied());
        match newest {
            Some(newest) => self.find().order_by(Order::new(newest, Direction::Descending)),
            None => self.find(),
        }
    }
}

impl<R: Keyed> Repository<R> {
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
        find::by_key(self.store.clone(), &key_of::<R>(key)?).await
    }
}

/// The key as it is stored.
pub(crate) fn key_of<R: Keyed>(key: impl Operand<R::Key>) -> Result<Key> {
    let mut values = key.into_operand().into_values();
    for (value, at) in values.iter_mut().zip(R::TABLE.key) {
        value::normalize(value).map_err(|error| in_column::<R>(*at, &error))?;
    }
    check_key::<R>(values.iter())?;
    Ok(Key::new(values))
}

/// Refuses a key that no URL has room for.
fn check_key<'v, R: Record>(values: impl Iterator<Item = &'v Value>) -> Result<()> {
    value::check_key(values).map_err(|error| in_column::<R>(R::TABLE.key[0], &error))
}

fn in_column<R: Record>(at: usize, error: &Error) -> Error {
    let column = R::TABLE.columns[at].name;
    Error::new(error.kind(), format!("column `{column}`: {}", error.message()))
        .with_table(R::TABLE.name)
}

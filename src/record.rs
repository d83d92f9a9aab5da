//! [`Record`]: a row type, as the derive describes it.

use crate::{Column, Result, Scalar, Stored, Table};
use sea_orm::Value;

/// A row type that a repository can hold. Written by `#[derive(Repository)]`, not by hand.
///
/// ```
/// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/doctest_setup.rs"));
/// use chronicle::Record;
///
/// # fn main() -> chronicle::Result<()> {
/// /// Works for every entity.
/// fn column_names<R: Record>() -> Vec<&'static str> {
///     R::TABLE.columns.iter().map(|column| column.name).collect()
/// }
///
/// assert_eq!(column_names::<task::Model>()[..3], ["id", "title", "priority"]);
/// # Ok(()) }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` has no repository",
    note = "add `#[derive(chronicle::Repository)]` to the SeaORM model"
)]
pub trait Record: Sized + Send + Sync + 'static {
    /// The type of the key column.
    type Key: Scalar + Clone;
    /// The table and its columns.
    const TABLE: &'static Table;
    /// The key of this row.
    fn key(&self) -> &Self::Key;
    /// The values of this row in the order of [`Table::columns`].
    fn into_values(self) -> Vec<Value>;
    /// The row from its values in the order of [`Table::columns`].
    ///
    /// # Errors
    /// [`SchemaMismatch`](crate::ErrorKind::SchemaMismatch) when a value does not fit its field.
    fn from_values(values: Values) -> Result<Self>;
}

/// The values of one row, read one after the other by [`Record::from_values`].
///
/// ```
/// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/doctest_setup.rs"));
/// use chronicle::{Record, Values};
///
/// # fn main() -> chronicle::Result<()> {
/// let task = task::Model::from(NewTask::new("buy bread", 2));
/// let values = Values::new(task::Model::TABLE, task.clone().into_values());
/// assert_eq!(task::Model::from_values(values)?, task);
/// # Ok(()) }
/// ```
#[derive(Debug)]
pub struct Values {
    columns: std::slice::Iter<'static, Column>,
    values: std::vec::IntoIter<Value>,
}

impl Values {
    /// The values of one row of `table`, in the order of its columns.
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/doctest_setup.rs"));
    /// use chronicle::{Record, Values};
    ///
    /// # fn main() -> chronicle::Result<()> {
    /// let mut values = Values::new(task::Model::TABLE, vec![TaskId::generate().into(), "sleep".into()]);
    /// let id: TaskId = values.next()?;
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn new(table: &'static Table, values: Vec<Value>) -> Self {
        Self { columns: table.columns.iter(), values: values.into_iter() }
    }

    /// The field for the next column.
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/doctest_setup.rs"));
    /// use chronicle::{ErrorKind, Record, Values};
    ///
    /// # fn main() -> chronicle::Result<()> {
    /// let mut values = Values::new(task::Model::TABLE, vec!["not an id".into()]);
    /// let error = values.next::<i32>().unwrap_err();
    /// assert_eq!(error.kind(), ErrorKind::SchemaMismatch);
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// [`SchemaMismatch`](crate::ErrorKind::SchemaMismatch) when the value does not fit, or there is none.
    #[allow(clippy::should_implement_trait, reason = "an iterator has one type of item")]
    pub fn next<T: Stored>(&mut self) -> Result<T> {
        let column = self.columns.next().map_or("?", |column| column.name);
        let mismatch = |why: &str| {
            crate::Error::new(crate::ErrorKind::SchemaMismatch, format!("column `{column}`: {why}"))
        };
        let value = self.values.next().ok_or_else(|| mismatch("the database sent no value"))?;
        T::from_value(value).map_err(|error| mismatch(error.message()))
    }
}

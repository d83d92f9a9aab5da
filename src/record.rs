//! [`Record`]: a row type, as the derive describes it.

use crate::operation::NewRow;
use crate::{Column, Kind, RecordKey, Result, Table, value};
use sea_orm::Value;
use std::fmt;
use std::marker::PhantomData;

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
    /// The table and its columns.
    const TABLE: &'static Table;
    /// The values of this row in the order of [`Table::columns`].
    fn into_values(self) -> Vec<Value>;
    /// The row from its values in the order of [`Table::columns`].
    ///
    /// # Errors
    /// [`SchemaMismatch`](crate::ErrorKind::SchemaMismatch) when a value does not fit its field.
    fn from_values(values: Values) -> Result<Self>;
}

/// A row type with a key: all but those of `#[repository(no_key)]`.
///
/// ```
/// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/doctest_setup.rs"));
/// use chronicle::Keyed;
///
/// # fn main() -> chronicle::Result<()> {
/// let task = task::Model::from(NewTask::new("buy bread", 2));
/// assert_eq!(task.key(), task.id);
/// # Ok(()) }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` has no key",
    label = "of a table or view without a key, rows can be found and counted, and nothing else"
)]
pub trait Keyed: Record {
    /// The type of the key column, or a tuple of several.
    type Key: RecordKey;
    /// The key of this row.
    fn key(&self) -> Self::Key;
    /// The key from the values of the key columns, in the order of [`Table::key`].
    ///
    /// # Errors
    /// [`SchemaMismatch`](crate::ErrorKind::SchemaMismatch) when a value does not fit its field.
    fn key_from_values(values: Values) -> Result<Self::Key>;
}

/// A row type whose rows can be written: all but those of `#[repository(read_only)]` and
/// `#[repository(no_key)]`.
///
/// ```
/// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/doctest_setup.rs"));
/// # fn main() -> chronicle::Result<()> {
/// fn is_writable<R: chronicle::Writable>() {}
/// is_writable::<task::Model>();
/// # Ok(()) }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is read-only",
    label = "its rows can be read, and not written"
)]
pub trait Writable: Keyed {}

/// A record whose deletes only set a time, by `#[repository(soft_delete)]`.
///
/// ```
/// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/doctest_deleted.rs"));
/// fn is_soft<R: chronicle::SoftDelete>() {}
/// # fn main() {
/// is_soft::<note::Model>();
/// # }
/// ```
#[diagnostic::on_unimplemented(
    message = "the rows of `{Self}` are not deleted softly",
    label = "a deleted row is gone",
    note = "mark the column that tells when a row was deleted: `#[repository(soft_delete)] pub deleted_at: Option<DateTimeUtc>`"
)]
pub trait SoftDelete: Record {}

/// A row to insert: its values, some of which may be left to the database. Made of the generated
/// `New…`, or of a whole row.
///
/// ```
/// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/doctest_setup.rs"));
/// use chronicle::NewRecord;
///
/// # fn main() -> chronicle::Result<()> {
/// let new: NewRecord<task::Model> = NewTask::new("buy bread", 2).into();
/// # Ok(()) }
/// ```
pub struct NewRecord<R> {
    row: NewRow,
    record: PhantomData<fn() -> R>,
}

impl<R: Record> NewRecord<R> {
    /// The row with these values, in the order of the columns; `None` leaves one to the database, and
    /// so does NULL where the database has a default (`#[repository(server_default)]`): a row of which
    /// the server's value is not known yet does not overwrite it.
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/doctest_setup.rs"));
    /// use chronicle::{NewRecord, Record};
    ///
    /// # fn main() -> chronicle::Result<()> {
    /// let task = task::Model::from(NewTask::new("buy bread", 2));
    /// let new = NewRecord::<task::Model>::new(task.into_values().into_iter().map(Some));
    /// # Ok(()) }
    /// ```
    pub fn new(values: impl IntoIterator<Item = Option<Value>>) -> Self {
        Self { row: NewRow::sent(R::TABLE, values), record: PhantomData }
    }

    pub(crate) fn into_row(self) -> NewRow {
        self.row
    }
}

impl<R: Record> From<R> for NewRecord<R> {
    fn from(record: R) -> Self {
        Self::new(record.into_values().into_iter().map(Some))
    }
}

impl<R> Clone for NewRecord<R> {
    fn clone(&self) -> Self {
        Self { row: self.row.clone(), record: PhantomData }
    }
}

impl<R: Record> fmt::Debug for NewRecord<R> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let values = self.row.given().map(|(at, value)| (R::TABLE.columns[at].name, value));
        formatter.debug_map().entries(values).finish()
    }
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
    columns: Columns,
    values: std::vec::IntoIter<Value>,
    /// The first column of the key and its value, which names the row in an error.
    key: Option<(&'static str, Value)>,
}

/// The columns that values are of.
#[derive(Debug)]
enum Columns {
    All(std::slice::Iter<'static, Column>),
    /// Those at these positions.
    Some(std::slice::Iter<'static, usize>, &'static [Column]),
    Listed(std::vec::IntoIter<&'static Column>),
}

impl Iterator for Columns {
    type Item = &'static Column;
    fn next(&mut self) -> Option<&'static Column> {
        match self {
            Self::All(columns) => columns.next(),
            Self::Some(positions, columns) => positions.next().map(|at| &columns[*at]),
            Self::Listed(columns) => columns.next(),
        }
    }
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
    /// let id: TaskId = values.next(chronicle::Stored::from_value)?;
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn new(table: &'static Table, values: Vec<Value>) -> Self {
        let key = table
            .key
            .first()
            .and_then(|at| Some((table.columns[*at].name, values.get(*at)?.clone())));
        Self { columns: Columns::All(table.columns.iter()), values: values.into_iter(), key }
    }

    /// The values of the key columns of one row, in the order of [`Table::key`].
    pub(crate) fn of_key(table: &'static Table, values: Vec<Value>) -> Self {
        Self::of_columns(table, table.key, values)
    }

    /// The values of the columns at these positions, and perhaps more.
    pub(crate) fn of_columns(
        table: &'static Table,
        positions: &'static [usize],
        values: Vec<Value>,
    ) -> Self {
        let columns = Columns::Some(positions.iter(), table.columns);
        Self { columns, values: values.into_iter(), key: None }
    }

    /// The values of these columns.
    pub(crate) fn of_listed(columns: Vec<&'static Column>, values: Vec<Value>) -> Self {
        let columns = Columns::Listed(columns.into_iter());
        Self { columns, values: values.into_iter(), key: None }
    }

    /// The field for the next column.
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/doctest_setup.rs"));
    /// use chronicle::{ErrorKind, Record, Values};
    ///
    /// # fn main() -> chronicle::Result<()> {
    /// let mut values = Values::new(task::Model::TABLE, vec!["not an id".into()]);
    /// let error = values.next(<i32 as chronicle::Stored>::from_value).unwrap_err();
    /// assert_eq!(error.kind(), ErrorKind::SchemaMismatch);
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// [`SchemaMismatch`](crate::ErrorKind::SchemaMismatch) when the value does not fit, or there is none.
    #[allow(clippy::should_implement_trait, reason = "an iterator has one type of item")]
    pub fn next<T>(&mut self, from_value: impl FnOnce(Value) -> Result<T>) -> Result<T> {
        let column = self.columns.next().map_or("?", |column| column.name);
        let key = &self.key;
        let mismatch = |why: &str| {
            let row = key
                .as_ref()
                .map(|(name, key)| format!(" (row `{name}` = {})", value::to_text(key)));
            let message = format!("column `{column}`: {why}{}", row.unwrap_or_default());
            crate::Error::new(crate::ErrorKind::SchemaMismatch, message)
        };
        let value = self.values.next().ok_or_else(|| mismatch("the database sent no value"))?;
        from_value(value).map_err(|error| mismatch(error.message()))
    }
}

/// How the values of a field's type are stored. For generated code, which so names the bound of the
/// type once.
///
/// ```
/// use chronicle::{FieldType, Kind, Stored};
///
/// let count: FieldType<Option<i32>> = Stored::FIELD;
/// assert_eq!((count.kind, count.nullable), (Kind::I32, true));
/// assert_eq!((count.into_value)(Some(7)), 7.into());
/// ```
#[derive(Clone, Copy, Debug)]
pub struct FieldType<T> {
    /// How its values travel.
    pub kind: Kind,
    /// Whether it may be NULL.
    pub nullable: bool,
    /// The value to store.
    pub into_value: fn(T) -> Value,
    /// The field from a stored value.
    pub from_value: fn(Value) -> Result<T>,
}

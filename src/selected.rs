//! [`Selected`]: what a query gives for each row.

use crate::{Record, Repository, Result, Values};

/// What a query of the record `R` gives for each row: `R` itself, or a struct with some of its columns,
/// by the derive of the same name.
///
/// The names of the struct's fields are those of the record's, or are named by
/// `#[repository(field = "…")]`; the types are compared by the compiler.
///
/// ```
/// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/doctest_setup.rs"));
/// use chronicle::Selected;
///
/// #[derive(Debug, PartialEq, Selected)]
/// #[repository(of = "Tasks")]
/// struct Line {
///     title: String,
///     #[repository(field = "priority")]
///     stars: i32,
/// }
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> chronicle::Result<()> {
/// # let tasks = tasks().await?;
/// let line = tasks.find().order_by(Tasks::PRIORITY.desc()).select::<Line>().first().await?;
/// assert_eq!(line, Some(Line { title: "call home".to_owned(), stars: 3 }));
/// # Ok(()) }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no selection of the columns of `{R}`",
    label = "not a row of this query",
    note = "derive it: `#[derive(chronicle::Selected)]`, with `#[repository(of = \"…\")]` naming the repository"
)]
pub trait Selected<R: Record>: Sized + Send + 'static {
    /// The positions of its columns in the record's table; `None` for all.
    const COLUMNS: Option<&'static [usize]>;

    /// The row from its values, in the order of these columns.
    ///
    /// # Errors
    /// [`SchemaMismatch`](crate::ErrorKind::SchemaMismatch) when a value does not fit its field.
    fn from_selected(values: Values) -> Result<Self>;
}

impl<R: Record> Selected<R> for R {
    const COLUMNS: Option<&'static [usize]> = None;

    fn from_selected(values: Values) -> Result<Self> {
        R::from_values(values)
    }
}

/// The record that a repository is of. For generated code, which has the repository's name alone.
///
/// ```
/// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/doctest_setup.rs"));
/// use chronicle::{HasRecord, Record, Repository};
///
/// fn table_of<R: HasRecord>() -> &'static str {
///     R::Record::TABLE.name
/// }
/// # fn main() {
/// assert_eq!(table_of::<Repository<task::Model>>(), "tasks");
/// # }
/// ```
pub trait HasRecord {
    /// That record.
    type Record: Record;
}

impl<R: Record> HasRecord for Repository<R> {
    type Record = R;
}

//! [`Sorts`]: how columns sort, by their type or by the bytes of their text.

use super::{Ordered, Text};

/// How a column sorts, in the type of its [`Field`](crate::Field): [`ByType`], or [`ByBytes`].
///
/// ```
/// use chronicle::{ByBytes, ByType, Sorts};
///
/// fn sorts<S: Sorts<P>, P>() {}
/// sorts::<ByType, i32>();
/// sorts::<ByBytes, String>();
/// ```
#[diagnostic::on_unimplemented(
    message = "a column stored as `{P}` has no order that SQLite and Postgres share",
    label = "cannot be sorted or compared by `<`, `>`"
)]
pub trait Sorts<P>: Copy + Send + Sync + 'static {}

/// The order of a type that is [`Ordered`].
///
/// ```
/// use chronicle::{ByType, Sorts};
///
/// fn sorts<S: Sorts<P>, P>() {}
/// sorts::<ByType, chrono::NaiveDate>();
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ByType {}
impl<P: Ordered> Sorts<P> for ByType {}

/// The order of text by its bytes, which is that of Unicode's code points: of a field that is
/// `#[repository(collate = "C")]`.
///
/// SQLite sorts so by itself; at the server the column has the collation `"C"`, which
/// [`postgres_script`](crate::postgres_script) gives it. Over PostgREST the rows of each answer are
/// compared with their order and with what was asked of that column: an answer that another collation
/// made is a [`SchemaMismatch`](crate::ErrorKind::SchemaMismatch) that names it. What has no rows to look
/// at is not seen: rows that a `<` of the other collation leaves out, counts, smallest and largest
/// values, and which rows a write by a condition changes.
///
/// ```
/// mod word {
///     use sea_orm::entity::prelude::*;
///
///     #[derive(Clone, Debug, PartialEq, DeriveEntityModel, chronicle::Repository)]
///     #[sea_orm(table_name = "words")]
///     #[repository(name = "Word")]
///     pub struct Model {
///         #[sea_orm(primary_key, auto_increment = false)]
///         pub id: i32,
///         #[repository(collate = "C")]
///         pub word: String,
///     }
///
///     #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
///     pub enum Relation {}
///     impl ActiveModelBehavior for ActiveModel {}
/// }
/// use chronicle::Record;
/// use word::{NewWord, Words};
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> chronicle::Result<()> {
/// let sqlite = chronicle::Sqlite::memory().await?;
/// sqlite.create_tables(&[word::Model::TABLE]).await?;
/// let words = Words::new(&sqlite);
/// words.insert_many([NewWord::new(1, "a"), NewWord::new(2, "B"), NewWord::new(3, "ä")]).await?;
/// let sorted = words.find().filter(Words::WORD.lt("b")).order_by(Words::WORD.asc()).all().await?;
/// assert_eq!(sorted.iter().map(|row| row.word.as_str()).collect::<Vec<_>>(), ["B", "a"]);
/// assert_eq!(words.find().max(Words::WORD).await?, Some("ä".to_owned()));
/// # Ok(()) }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ByBytes {}
impl<P: Text> Sorts<P> for ByBytes {}

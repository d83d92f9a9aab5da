//! What the forms of a row take: [`IntoColumn`], and [`IntoNullable`] where NULL is a value too.

use super::{Number, Primitive, Scalar, Stored};

/// A value for a column of `T`: whatever turns [`into`](Into) it. It is what the setters and constructors
/// of new rows and patches take. A JSON document is taken as it is: there `into` makes one of anything, of
/// an `Option` too.
///
/// ```
/// use chronicle::IntoColumn;
///
/// let title: String = "buy bread".into_column();
/// let priority: i64 = 3_i32.into_column();
/// assert_eq!((title.as_str(), priority), ("buy bread", 3));
/// ```
#[diagnostic::on_unimplemented(
    message = "a column of `{T}` is not set to `{Self}`",
    label = "expected `{T}`, or what turns `into()` it",
    note = "no `Option` is taken by a column that cannot be NULL: give what is in it (`.unwrap_or_default()`), call the setter only `if let Some(value)`, or make the field of the entity an `Option`"
)]
pub trait IntoColumn<T> {
    /// The value of the column.
    fn into_column(self) -> T;
}

/// A value for a column of `Option<T>`: `T`, whatever turns [`into`](Into) it, or an `Option<T>`, of which
/// `None` is NULL. `F` tells the two apart, and the compiler finds it.
///
/// ```
/// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/doctest_setup.rs"));
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> chronicle::Result<()> {
/// # let tasks = tasks().await?;
/// let done = [Some(chronicle::now()), None].map(|time| TaskPatch::new().done_at(time));
/// let open = TaskPatch::new().done_at(None); // as `clear_done_at()`
/// let done = TaskPatch::new().done_at(chronicle::now());
/// # Ok(()) }
/// ```
#[diagnostic::on_unimplemented(
    message = "a column of `Option<{T}>` is not set to `{Self}`",
    label = "expected `{T}`, what turns `into()` it, or `Option<{T}>`",
    note = "what is in an `Option` is not turned into another type: write `.map(Into::into)`, of a `&str` `.map(str::to_owned)`"
)]
pub trait IntoNullable<T, F> {
    /// The value of the column, `None` for NULL.
    fn into_nullable(self) -> Option<T>;
}

/// What a patch makes of a column of `T`: a value for it ([`IntoColumn`]), or [`add`] of one. `F` tells the
/// two apart, and the compiler finds it.
///
/// ```
/// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/doctest_setup.rs"));
/// # fn main() -> chronicle::Result<()> {
/// let first = TaskPatch::new().priority(1);
/// let later = TaskPatch::new().priority(chronicle::add(1));
/// # Ok(()) }
/// ```
#[diagnostic::on_unimplemented(
    message = "a column of `{T}` is not set to `{Self}`",
    label = "expected `{T}`, what turns `into()` it, or of a number `add(…)`",
    note = "no `Option` is taken by a column that cannot be NULL: give what is in it (`.unwrap_or_default()`), call the setter only `if let Some(value)`, or make the field of the entity an `Option`"
)]
pub trait IntoChange<T, F> {
    /// The change of the column.
    fn into_change(self) -> ColumnChange<T>;
}

/// What a patch makes of a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ColumnChange<T> {
    /// It holds this.
    Set(T),
    /// It holds so much more.
    Add(T),
}

/// A difference: see [`add`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Add<V>(V);

/// So much more than what the column holds when the change is made, or less: both count where two add to
/// one column at once. Given to the setter of a [`Number`]; what [`Patch::add`](crate::Patch::add) says
/// holds for it.
///
/// ```
/// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/doctest_setup.rs"));
/// use chronicle::add;
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> chronicle::Result<()> {
/// # let tasks = tasks().await?;
/// let task = tasks.find().filter(Tasks::TITLE.eq("call home")).one().await?;
/// tasks.update(task.id, TaskPatch::new().priority(add(-2))).await?;
/// assert_eq!(tasks.get(task.id).await?.map(|task| task.priority), Some(1));
/// # Ok(()) }
/// ```
#[must_use]
pub const fn add<V>(difference: V) -> Add<V> {
    Add(difference)
}

/// The form of a difference.
#[doc(hidden)]
#[derive(Debug)]
pub enum Relative {}

/// The form of a value that is given as it is.
#[doc(hidden)]
#[derive(Debug)]
pub enum Plain {}

/// The form of a value that may be NULL.
#[doc(hidden)]
#[derive(Debug)]
pub enum Optional {}

/// How values of a type are given: by what turns into it, or only as it is.
#[derive(Debug)]
pub enum ByInto {}

/// See [`ByInto`].
#[derive(Debug)]
pub enum AsItIs {}

/// What is given for a `T` in the form `F`.
pub trait Gives<T, F> {
    fn give(self) -> T;
}

impl<T, V: Into<T>> Gives<T, ByInto> for V {
    fn give(self) -> T {
        self.into()
    }
}

impl<T> Gives<T, AsItIs> for T {
    fn give(self) -> T {
        self
    }
}

#[diagnostic::do_not_recommend]
impl<T, V> IntoColumn<T> for V
where
    T: Stored,
    V: Gives<T, <<T::Scalar as Scalar>::As as Primitive>::Form>,
{
    fn into_column(self) -> T {
        self.give()
    }
}

#[diagnostic::do_not_recommend]
impl<T, V: IntoColumn<T>> IntoChange<T, Plain> for V {
    fn into_change(self) -> ColumnChange<T> {
        ColumnChange::Set(self.into_column())
    }
}

impl<T, V> IntoChange<T, Relative> for Add<V>
where
    T: Scalar<As: Number>,
    V: IntoColumn<T>,
{
    fn into_change(self) -> ColumnChange<T> {
        ColumnChange::Add(self.0.into_column())
    }
}

#[diagnostic::do_not_recommend]
impl<T, V: IntoColumn<T>> IntoNullable<T, Plain> for V {
    fn into_nullable(self) -> Option<T> {
        Some(self.into_column())
    }
}

impl<T> IntoNullable<T, Optional> for Option<T> {
    fn into_nullable(self) -> Self {
        self
    }
}

//! [`Aggregate`]: a count, a sum, the smallest or the largest value of a column.

mod groups;
mod summary;

pub use groups::Groups;
pub use summary::Summary;

use crate::aggregation::Function;
use crate::{Error, ErrorKind, Field, Record, Result, Scalar, Sorts, Stored, Summable};
use sea_orm::Value;
use std::fmt;
use std::marker::PhantomData;

type As<T> = <<T as Stored>::Scalar as Scalar>::As;

/// What is made of the rows of the record `R`, or of each group of them: made by [`count`],
/// [`Field::sum`], [`Field::min`] and [`Field::max`], for [`Find::aggregate`](crate::Find::aggregate).
///
/// ```
/// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/doctest_setup.rs"));
/// use chronicle::{Aggregate, count};
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> chronicle::Result<()> {
/// # let tasks = tasks().await?;
/// let sum: Aggregate<task::Model, i64> = Tasks::PRIORITY.sum();
/// assert_eq!(tasks.find().aggregate((count(), sum)).one().await?, (3, 6));
/// # Ok(()) }
/// ```
pub struct Aggregate<R, O> {
    function: Function,
    decode: fn(Value) -> Result<O>,
    record: PhantomData<fn() -> R>,
}

impl<R, O> Clone for Aggregate<R, O> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<R, O> Copy for Aggregate<R, O> {}

impl<R, O> fmt::Debug for Aggregate<R, O> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.function.fmt(formatter)
    }
}

impl<R, O> Aggregate<R, O> {
    const fn new(function: Function, decode: fn(Value) -> Result<O>) -> Self {
        Self { function, decode, record: PhantomData }
    }
}

/// How many rows there are.
///
/// ```
/// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/doctest_setup.rs"));
/// use chronicle::count;
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> chronicle::Result<()> {
/// # let tasks = tasks().await?;
/// tasks.insert(NewTask::new("sleep", 3)).await?;
/// let by_priority = tasks.find().aggregate(count()).group_by(Tasks::PRIORITY).all().await?;
/// assert_eq!(by_priority, [(1, 1), (2, 1), (3, 2)]);
/// # Ok(()) }
/// ```
#[must_use]
pub fn count<R: Record>() -> Aggregate<R, u64> {
    Aggregate::new(Function::Count, counted)
}

fn counted(value: Value) -> Result<u64> {
    let count = i64::from_value(value)?;
    u64::try_from(count).map_err(|_| Error::new(ErrorKind::Internal, "a count below zero"))
}

fn summed<P: Summable>(value: Value) -> Result<P::Sum> {
    let Some(digits) = Option::<String>::from_value(value)? else { return Ok(P::Sum::default()) };
    P::sum_of(&digits).ok_or_else(|| {
        Error::invalid(format!(
            "the sum {digits} does not fit `{}`",
            std::any::type_name::<P::Sum>()
        ))
    })
}

impl<R: Record, T: Stored, S> Field<R, T, S> {
    /// How many rows have a value in this column, which is not NULL.
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/doctest_setup.rs"));
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> chronicle::Result<()> {
    /// # let tasks = tasks().await?;
    /// assert_eq!(tasks.find().aggregate(Tasks::DONE_AT.count()).one().await?, 1);
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn count(self) -> Aggregate<R, u64> {
        Aggregate::new(Function::CountOf(self.column()), counted)
    }

    /// The sum of the column's values; 0 where there is none. NULL adds nothing.
    ///
    /// That of integers is exact: an `i64`, of 64-bit ones an `i128`. That of decimals is exact, too. Of
    /// `f32` and `f64` it is an `f64`, whose last digits depend on the order in which a database adds.
    /// A sum that its type cannot hold is [`InvalidInput`](crate::ErrorKind::InvalidInput).
    ///
    /// There is no average: divide the sum by the [`count`](Self::count), in the type that you want.
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/doctest_setup.rs"));
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> chronicle::Result<()> {
    /// # let tasks = tasks().await?;
    /// let open = tasks.find().filter(Tasks::DONE_AT.is_null());
    /// assert_eq!(open.aggregate(Tasks::PRIORITY.sum()).one().await?, 5);
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn sum(self) -> Aggregate<R, <As<T> as Summable>::Sum>
    where
        As<T>: Summable,
    {
        Aggregate::new(Function::Sum(self.column()), summed::<As<T>>)
    }

    /// The smallest of the column's values; `None` where there is none. NULL is none.
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/doctest_setup.rs"));
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> chronicle::Result<()> {
    /// # let tasks = tasks().await?;
    /// assert_eq!(tasks.find().aggregate(Tasks::PRIORITY.min()).one().await?, Some(1));
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn min(self) -> Aggregate<R, Option<T::Scalar>>
    where
        S: Sorts<As<T>>,
    {
        Aggregate::new(Function::Least(self.column()), Option::from_value)
    }

    /// The largest of the column's values; `None` where there is none. NULL is none.
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/doctest_setup.rs"));
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> chronicle::Result<()> {
    /// # let tasks = tasks().await?;
    /// assert_eq!(tasks.find().aggregate(Tasks::PRIORITY.max()).one().await?, Some(3));
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn max(self) -> Aggregate<R, Option<T::Scalar>>
    where
        S: Sorts<As<T>>,
    {
        Aggregate::new(Function::Greatest(self.column()), Option::from_value)
    }
}

/// One [`Aggregate`], or two to eight as a tuple.
///
/// ```
/// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/doctest_setup.rs"));
/// use chronicle::{Aggregates, Record, count};
///
/// fn is_of<R: Record>(_: impl Aggregates<R>) {}
/// # fn main() {
/// is_of::<task::Model>((count(), Tasks::PRIORITY.sum(), Tasks::DONE_AT.max()));
/// # }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not made of the rows of `{R}`",
    note = "take `chronicle::count()`, and `sum()`, `min()`, `max()` or `count()` of a column, or a tuple of two to eight of them"
)]
pub trait Aggregates<R>: Clone + Send + Sync + 'static {
    /// What becomes of the rows.
    type Output: Send;
    #[doc(hidden)]
    fn functions(&self) -> Functions;
    #[doc(hidden)]
    fn decode(&self, values: &mut std::vec::IntoIter<Value>) -> Result<Self::Output>;
}

/// The functions of a query, for backends.
#[derive(Debug)]
pub struct Functions(pub(crate) Vec<Function>);

impl<R: 'static, O: Send + 'static> Aggregates<R> for Aggregate<R, O> {
    type Output = O;

    fn functions(&self) -> Functions {
        Functions(vec![self.function])
    }

    fn decode(&self, values: &mut std::vec::IntoIter<Value>) -> Result<O> {
        let value = values
            .next()
            .ok_or_else(|| Error::new(ErrorKind::SchemaMismatch, "the database sent no value"))?;
        (self.decode)(value).map_err(|error| match self.function.column() {
            Some(column) => {
                let message = format!("column `{}`: {}", column.name, error.message());
                Error::new(error.kind(), message)
            }
            None => error,
        })
    }
}

macro_rules! aggregates {
    ($($part:ident $at:tt),+) => {
        impl<R: 'static, $($part: Send + 'static),+> Aggregates<R> for ($(Aggregate<R, $part>,)+) {
            type Output = ($($part,)+);

            fn functions(&self) -> Functions {
                Functions(vec![$(self.$at.function),+])
            }

            fn decode(&self, values: &mut std::vec::IntoIter<Value>) -> Result<Self::Output> {
                Ok(($(self.$at.decode(values)?,)+))
            }
        }
    };
}
aggregates!(A 0, B 1);
aggregates!(A 0, B 1, C 2);
aggregates!(A 0, B 1, C 2, D 3);
aggregates!(A 0, B 1, C 2, D 3, E 4);
aggregates!(A 0, B 1, C 2, D 3, E 4, F 5);
aggregates!(A 0, B 1, C 2, D 3, E 4, F 5, G 6);
aggregates!(A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7);

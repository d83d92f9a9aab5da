//! [`Groups`]: the columns by which rows are grouped.

use super::As;
use crate::{Column, Exact, Field, Record, Result, Stored, Values};

/// What rows are grouped by: a column, or two or three of them as a tuple. Rows whose column is NULL are
/// a group, too.
///
/// ```
/// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/doctest_setup.rs"));
/// use chronicle::{Groups, Record};
///
/// fn is_of<R: Record>(_: impl Groups<R>) {}
/// # fn main() {
/// is_of::<task::Model>((Tasks::PRIORITY, Tasks::DONE_AT));
/// # }
/// ```
#[diagnostic::on_unimplemented(
    message = "the rows of `{R}` cannot be grouped by `{Self}`",
    note = "take a column that can be compared exactly (no `f32`, `f64`, bytes, documents or arrays), or a tuple of two or three of them"
)]
pub trait Groups<R>: GroupColumns<R> {
    /// What the rows of a group have in common.
    type Values: Send;
    #[doc(hidden)]
    fn decode(values: &mut Values) -> Result<Self::Values>;
}

/// The columns of [`Groups`], or none.
pub trait GroupColumns<R>: Clone + Send + Sync + 'static {
    #[doc(hidden)]
    fn columns(&self) -> Vec<&'static Column>;
}

impl<R> GroupColumns<R> for () {
    fn columns(&self) -> Vec<&'static Column> {
        Vec::new()
    }
}

impl<R: Record, T: Stored, S: 'static> GroupColumns<R> for Field<R, T, S>
where
    As<T>: Exact,
{
    fn columns(&self) -> Vec<&'static Column> {
        vec![self.column()]
    }
}

impl<R: Record, T: Stored, S: 'static> Groups<R> for Field<R, T, S>
where
    As<T>: Exact,
{
    type Values = T;

    fn decode(values: &mut Values) -> Result<T> {
        values.next(T::from_value)
    }
}

macro_rules! groups {
    ($($part:ident $sorts:ident $at:tt),+) => {
        impl<R: Record, $($part: Stored, $sorts: 'static),+> GroupColumns<R>
            for ($(Field<R, $part, $sorts>,)+)
        where
            $(As<$part>: Exact),+
        {
            fn columns(&self) -> Vec<&'static Column> {
                vec![$(self.$at.column()),+]
            }
        }

        impl<R: Record, $($part: Stored, $sorts: 'static),+> Groups<R>
            for ($(Field<R, $part, $sorts>,)+)
        where
            $(As<$part>: Exact),+
        {
            type Values = ($($part,)+);

            fn decode(values: &mut Values) -> Result<Self::Values> {
                Ok(($(values.next($part::from_value)?,)+))
            }
        }
    };
}
groups!(A S 0, B T 1);
groups!(A S 0, B T 1, C U 2);

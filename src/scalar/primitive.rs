//! [`Primitive`]: the types that both databases hold alike, and what each of them offers.

use super::Scalar;
use super::given::{AsItIs, ByInto};
use crate::Kind;
use chrono::{DateTime, NaiveDate, NaiveDateTime, NaiveTime, Utc};
use sea_orm::JsonValue;
use sea_orm::prelude::TextUuid;
use uuid::Uuid;

/// A type that both databases hold alike: what a [`Scalar`] is stored as. The list is closed.
///
/// ```
/// use chronicle::{Kind, Primitive};
///
/// assert_eq!(i64::KIND, Kind::I64);
/// assert_eq!(<serde_json::Value as Primitive>::KIND, Kind::Json);
/// ```
#[diagnostic::on_unimplemented(
    message = "no column is stored as `{Self}`",
    label = "not a type that SQLite and Postgres hold alike",
    note = "u64, usize and u128 have no column type: take i64, Decimal or String"
)]
pub trait Primitive: sealed::Sealed + 'static {
    /// How its values travel.
    const KIND: Kind;
    /// How forms take its values.
    #[doc(hidden)]
    type Form;
}

/// Types that can be compared by `eq`, `ne` and `is_in`: all but documents, arrays and
/// [`Opaque`](super::Opaque) ones.
///
/// ```
/// fn is_comparable<T: chronicle::Comparable>() {}
/// is_comparable::<String>();
/// ```
#[diagnostic::on_unimplemented(
    message = "a column stored as `{Self}` is not compared as a whole",
    label = "SQLite and Postgres compare it differently",
    note = "of JSON compare what is inside, such as `.key(\"name\").eq(\"text\")`; of an array ask `.has(element)`; of `Opaque` only `is_null`"
)]
pub trait Comparable: Primitive {}

/// Types whose equality is that of their text, so that an array can be asked for one of them by
/// [`has`](crate::Field::has), and rows are grouped by them: all that are [`Comparable`] but `f32` and `f64`.
///
/// ```
/// fn is_exact<T: chronicle::Exact>() {}
/// is_exact::<i32>();
/// ```
#[diagnostic::on_unimplemented(
    message = "values stored as `{Self}` have no exact equality",
    note = "rows are grouped by it, and arrays are asked for an element by it (`has`): numbers with a fraction have none (take `Decimal`), nor have documents"
)]
pub trait Exact: Comparable {}

/// Types whose order is the same on SQLite and Postgres, so that `<`, `between` and sorting are
/// offered: numbers, `bool` (`false` first), times and ids. Text is not: Postgres sorts it by the column's
/// collation, SQLite by bytes. A field of text that is `#[repository(collate = "C")]` sorts by bytes on both
/// ([`ByBytes`](crate::ByBytes)).
///
/// ```
/// /// Its columns have `lt`, `between`, `asc` …, since `i32` has.
/// #[derive(Clone, Debug, PartialEq, Eq, sea_orm::DeriveValueType, chronicle::Scalar)]
/// pub struct Stars(i32);
///
/// fn is_ordered<T: chronicle::Ordered>() {}
/// is_ordered::<i32>();
/// ```
#[diagnostic::on_unimplemented(
    message = "a column stored as `{Self}` has no order that SQLite and Postgres share",
    label = "cannot be sorted or compared by `<`, `>`",
    note = "text is sorted by collation on Postgres and by bytes on SQLite: mark its field `#[repository(collate = \"C\")]`, and give the server's column that collation",
    note = "or compare it with `eq`, `is_in` or `starts_with`, and sort rows in the program"
)]
pub trait Ordered: Comparable {}

/// Types whose values can be added up: numbers.
///
/// ```
/// /// Its columns have `sum`, which is an `i128`.
/// #[derive(Clone, Debug, PartialEq, Eq, sea_orm::DeriveValueType, chronicle::Scalar)]
/// pub struct Cents(i64);
///
/// fn is_summable<T: chronicle::Summable>() {}
/// is_summable::<i64>();
/// ```
#[diagnostic::on_unimplemented(
    message = "a column stored as `{Self}` has no sum",
    label = "not numbers"
)]
pub trait Summable: Primitive {
    /// What holds the sum of very many values, and all of its digits.
    type Sum: Default + Send + 'static;
    /// The sum that has these digits, if it can be held.
    #[doc(hidden)]
    fn sum_of(digits: &str) -> Option<Self::Sum>;
}

/// Types whose values can be added to in the database, by [`Patch::add`](crate::Patch::add): `i16`, `i32`,
/// `i64`, `f32`, `f64` and `Decimal`.
///
/// ```
/// fn is_number<T: chronicle::Number>() {}
/// is_number::<i64>();
/// ```
#[diagnostic::on_unimplemented(
    message = "nothing can be added to a column stored as `{Self}`",
    label = "not i16, i32, i64, f32, f64 or Decimal"
)]
pub trait Number: Ordered {}

/// Types stored as text: `contains`, `starts_with` and `ends_with` are offered.
///
/// ```
/// fn is_text<T: chronicle::Text>() {}
/// is_text::<String>();
/// ```
#[diagnostic::on_unimplemented(
    message = "a column stored as `{Self}` is not text",
    label = "text operations need a column of text"
)]
pub trait Text: Primitive {}

/// Types stored as JSON: paths into it are offered ([`Field::key`](crate::Field::key)).
///
/// ```
/// /// Its columns have `key` and `index`.
/// #[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize, sea_orm::FromJsonQueryResult, chronicle::Scalar)]
/// pub struct Address { city: String }
///
/// fn is_document<T: chronicle::JsonDocument>() {}
/// is_document::<serde_json::Value>();
/// ```
#[diagnostic::on_unimplemented(message = "a column stored as `{Self}` is not JSON")]
pub trait JsonDocument: Primitive {}

/// Types that an array may hold: a `Vec` of them is a column of its own, but for `Vec<u8>`, which is
/// bytes.
///
/// ```
/// fn is_element<T: chronicle::Element>() {}
/// is_element::<String>();
/// ```
#[diagnostic::on_unimplemented(
    message = "an array of a type stored as `{Self}` is no column",
    note = "arrays hold bool, i16, i32, i64, f32, f64, Decimal, String, Json, Uuid, dates and times"
)]
pub trait Element: Primitive {}

pub(super) mod sealed {
    /// Keeps the list of primitives closed.
    pub trait Sealed {}
}

macro_rules! primitives {
    ($form:ident: $($type:ty = $kind:ident: $($offer:ident),*;)+) => { $(
        impl sealed::Sealed for $type {}
        impl Primitive for $type {
            const KIND: Kind = Kind::$kind;
            type Form = $form;
        }
        impl Scalar for $type {
            type As = Self;
        }
        $(impl $offer for $type {})*
    )+ };
}

primitives! {
    ByInto:
    bool = Bool: Comparable, Exact, Ordered, Element;
    i8 = I8: Comparable, Exact, Ordered;
    i16 = I16: Comparable, Exact, Ordered, Number, Element;
    i32 = I32: Comparable, Exact, Ordered, Number, Element;
    i64 = I64: Comparable, Exact, Ordered, Number, Element;
    u8 = U8: Comparable, Exact, Ordered;
    u16 = U16: Comparable, Exact, Ordered;
    u32 = U32: Comparable, Exact, Ordered;
    f32 = F32: Comparable, Ordered, Number, Element;
    f64 = F64: Comparable, Ordered, Number, Element;
    String = Text: Comparable, Exact, Text, Element;
    Vec<u8> = Bytes: Comparable;
    NaiveDate = Date: Comparable, Exact, Ordered, Element;
    NaiveTime = Time: Comparable, Exact, Ordered, Element;
    NaiveDateTime = DateTime: Comparable, Exact, Ordered, Element;
    DateTime<Utc> = Timestamp: Comparable, Exact, Ordered, Element;
    Uuid = Uuid: Comparable, Exact, Ordered, Element;
}

primitives! {
    AsItIs:
    JsonValue = Json: JsonDocument, Element;
}

#[cfg(feature = "decimal")]
primitives! {
    ByInto:
    rust_decimal::Decimal = Decimal: Comparable, Exact, Ordered, Number, Element;
}

macro_rules! summable {
    ($($type:ty = $sum:ty: $of:expr;)+) => { $(
        impl Summable for $type {
            type Sum = $sum;
            fn sum_of(digits: &str) -> Option<$sum> {
                $of(digits)
            }
        }
    )+ };
}

summable! {
    i8 = i64: |digits: &str| digits.parse().ok();
    i16 = i64: |digits: &str| digits.parse().ok();
    i32 = i64: |digits: &str| digits.parse().ok();
    i64 = i128: |digits: &str| digits.parse().ok();
    u8 = i64: |digits: &str| digits.parse().ok();
    u16 = i64: |digits: &str| digits.parse().ok();
    u32 = i64: |digits: &str| digits.parse().ok();
    f32 = f64: finite;
    f64 = f64: finite;
}

fn finite(digits: &str) -> Option<f64> {
    digits.parse().ok().filter(|number: &f64| number.is_finite())
}

#[cfg(feature = "decimal")]
summable! {
    rust_decimal::Decimal = rust_decimal::Decimal: crate::value::decimal_of_digits;
}

/// What ids by `#[derive(chronicle::Id)]` are stored as: the text of UUIDs sorts as they do.
impl sealed::Sealed for TextUuid {}
impl Primitive for TextUuid {
    const KIND: Kind = Kind::Text;
    type Form = ByInto;
}
impl Comparable for TextUuid {}
impl Exact for TextUuid {}
impl Ordered for TextUuid {}
impl Element for TextUuid {}

//! [`Scalar`]: a type that a column may hold, and what may be compared how.

mod array;
mod given;
mod opaque;
mod primitive;
mod sorts;

pub use array::{Array, List};
pub use given::{Add, ColumnChange, IntoChange, IntoColumn, IntoNullable, add};
pub use opaque::Opaque;
pub use primitive::{
    Comparable, Element, Exact, JsonDocument, Number, Ordered, Primitive, Summable, Text,
};
pub use sorts::{ByBytes, ByType, Sorts};

use crate::value::text_of_enum;
use crate::{Error, ErrorKind, FieldType, Kind, Result};
use chrono::{DateTime, FixedOffset, NaiveDateTime, Utc};
use sea_orm::Value;
use sea_orm::sea_query::ValueType;
use uuid::Uuid;

/// A type that a column may hold.
///
/// Each is stored [as](Self::As) a [`Primitive`]: `bool`, the integers up to 64 bits (`u64` excepted:
/// neither database holds it), `f32`, `f64`, `Decimal` (feature `decimal`), `String`, `Vec<u8>`, JSON,
/// `NaiveDate`, `NaiveTime`, `NaiveDateTime`, `DateTime<Utc>`, `Uuid`, a `Vec` of these (an array at the
/// server), or [`Opaque`]. What may be done with a column follows from that type.
///
/// A newtype by `DeriveValueType`, an enum by `DeriveActiveEnum` or a document by
/// `FromJsonQueryResult` joins by the derive of the same name:
///
/// ```
/// #[derive(Clone, Debug, PartialEq, Eq, sea_orm::DeriveValueType, chronicle::Scalar)]
/// pub struct Branch(String);
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be a column of a repository",
    label = "not a column type that SQLite and Postgres hold alike",
    note = "use bool, i8 to i64, u8 to u32, f32, f64, Decimal, String, Vec<u8>, Json, Date, Time, DateTime, DateTimeUtc, Uuid, a Vec or an Option of these, or chronicle::Opaque",
    note = "a type of your own needs `#[derive(chronicle::Scalar)]`: a newtype over one of these, an enum, or a struct with named fields that is kept as JSON (a map is such a field, under `#[serde(transparent)]`)"
)]
pub trait Scalar: Into<Value> + ValueType + Send + Sync + 'static {
    /// The type that it is stored as.
    type As: Primitive;

    /// The value to store.
    #[must_use]
    fn encode(self) -> Value {
        text_of_enum(self.into())
    }

    /// The field from a stored value that is not NULL.
    ///
    /// # Errors
    /// [`ErrorKind::SchemaMismatch`] when the value is of another type, or none of this one.
    fn decode(value: Value) -> Result<Self> {
        let stored = crate::value::type_name(&value);
        <Self as ValueType>::try_from(value).map_err(|_| {
            let message = format!("{stored} is stored, which is no `{}`", Self::type_name());
            Error::new(ErrorKind::SchemaMismatch, message)
        })
    }
}

/// A time with an offset is kept as the instant: it comes back with the offset zero.
impl Scalar for DateTime<FixedOffset> {
    type As = DateTime<Utc>;
    fn encode(self) -> Value {
        self.to_utc().into()
    }
    fn decode(value: Value) -> Result<Self> {
        DateTime::<Utc>::decode(value).map(|time| time.fixed_offset())
    }
}

/// What a field of an entity may be: a [`Scalar`] or an `Option` of one.
///
/// ```
/// use chronicle::Stored;
///
/// # fn main() -> chronicle::Result<()> {
/// assert_eq!(Option::<i32>::KIND, i32::KIND);
/// assert_eq!(Option::<i32>::from_value(sea_orm::Value::Int(None))?, None);
/// assert!(i32::from_value(sea_orm::Value::Int(None)).is_err());
/// # Ok(()) }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be a column of a repository",
    label = "not a column type that SQLite and Postgres hold alike",
    note = "use bool, i8 to i64, u8 to u32, f32, f64, Decimal, String, Vec<u8>, Json, Date, Time, DateTime, DateTimeUtc, Uuid, a Vec or an Option of these, or chronicle::Opaque",
    note = "a type of your own needs `#[derive(chronicle::Scalar)]`: a newtype over one of these, an enum, or a struct with named fields that is kept as JSON (a map is such a field, under `#[serde(transparent)]`)"
)]
pub trait Stored: Sized + Send + Sync + 'static {
    /// The type without `Option`.
    type Scalar: Scalar;
    /// Whether the column may be NULL.
    const NULLABLE: bool;
    /// How values of this type travel.
    const KIND: Kind = <<Self::Scalar as Scalar>::As as Primitive>::KIND;
    /// How a field of this type is stored. For generated code, which so names the bound once.
    const FIELD: FieldType<Self> = FieldType {
        kind: Self::KIND,
        nullable: Self::NULLABLE,
        into_value: Self::into_value,
        from_value: Self::from_value,
    };
    /// The value to store.
    ///
    /// ```
    /// use chronicle::Stored;
    /// assert_eq!(Stored::into_value(None::<i32>), sea_orm::Value::Int(None));
    /// ```
    fn into_value(self) -> Value;
    /// The field from a stored value.
    ///
    /// # Errors
    /// [`ErrorKind::SchemaMismatch`] when the value is of another type, or NULL in a column that
    /// has no `Option`.
    ///
    /// ```
    /// use chronicle::Stored;
    /// assert_eq!(i32::from_value(7.into()).ok(), Some(7));
    /// ```
    fn from_value(value: Value) -> Result<Self>;
}

impl<T: Scalar> Stored for T {
    type Scalar = T;
    const NULLABLE: bool = false;
    fn into_value(self) -> Value {
        self.encode()
    }
    fn from_value(value: Value) -> Result<Self> {
        if crate::value::is_null(&value) {
            return Err(Error::new(
                ErrorKind::SchemaMismatch,
                "NULL is stored where the entity has no `Option`",
            ));
        }
        T::decode(value)
    }
}

impl<T: Scalar> Stored for Option<T> {
    type Scalar = T;
    const NULLABLE: bool = true;
    fn into_value(self) -> Value {
        self.map_or_else(|| Self::KIND.null(), Scalar::encode)
    }
    fn from_value(value: Value) -> Result<Self> {
        if crate::value::is_null(&value) { Ok(None) } else { T::decode(value).map(Some) }
    }
}

/// What a column of type `T` may be compared with: `T`, `&T`, and `&str` for `String`.
///
/// A trait of its own instead of `Into<T>`, which would let `i64` be compared with `bool`.
///
/// ```
/// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/doctest_setup.rs"));
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> chronicle::Result<()> {
/// # let tasks = tasks().await?;
/// let title = "call home".to_owned();
/// tasks.find().filter(Tasks::TITLE.eq(&title)).one().await?;
/// tasks.find().filter(Tasks::TITLE.eq("call home")).one().await?;
/// # Ok(()) }
/// ```
#[diagnostic::on_unimplemented(
    message = "a column of `{T}` cannot be compared with `{Self}`",
    label = "expected `{T}` or `&{T}`",
    note = "a value of another type is converted first, such as `Decimal::from(5)`; a row is named by its key: `row.id`",
    note = "nothing equals NULL, so that no `Option` is compared: ask `.is_null()` or `.is_not_null()`; a value that may be missing is matched first"
)]
pub trait Operand<T> {
    /// The value to compare with.
    ///
    /// ```
    /// use chronicle::Operand;
    /// let text: String = "call home".into_operand();
    /// ```
    fn into_operand(self) -> T;
}

impl<T: Scalar> Operand<T> for T {
    fn into_operand(self) -> T {
        self
    }
}

impl<T: Scalar + Clone> Operand<T> for &T {
    fn into_operand(self) -> T {
        self.clone()
    }
}

impl Operand<String> for &str {
    fn into_operand(self) -> String {
        self.to_owned()
    }
}

/// A key that the client makes before a row is sent, so that an insert can be repeated safely.
///
/// ```
/// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/doctest_setup.rs"));
/// use chronicle::GeneratedKey;
///
/// # fn main() -> chronicle::Result<()> {
/// let (earlier, later) = (TaskId::generate(), TaskId::generate());
/// assert!(earlier < later, "UUIDs of version 7 sort by time");
/// # Ok(()) }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot make a new key",
    note = "use an id by `#[derive(chronicle::Id)]`, or mark the key `#[repository(given)]`, so that the caller gives it"
)]
pub trait GeneratedKey: Scalar {
    /// A key that no other row has.
    fn generate() -> Self;
}

impl GeneratedKey for Uuid {
    fn generate() -> Self {
        Self::now_v7()
    }
}

/// The type of a `created_at` or `updated_at` column, which the library fills.
///
/// ```
/// use chronicle::Timestamp;
/// use chrono::{DateTime, Utc};
///
/// let updated_at: Option<DateTime<Utc>> = Timestamp::now();
/// assert!(updated_at.is_some());
/// ```
#[diagnostic::on_unimplemented(
    message = "the times that the library fills (`created_at`, `updated_at`, that of a soft delete) must be `DateTimeUtc`, `DateTimeWithTimeZone` or `DateTime`, not `{Self}`"
)]
pub trait Timestamp: Stored {
    /// The present time, cut to whole microseconds.
    fn now() -> Self;
}

impl Timestamp for DateTime<Utc> {
    fn now() -> Self {
        crate::now()
    }
}

impl Timestamp for DateTime<FixedOffset> {
    fn now() -> Self {
        crate::now().fixed_offset()
    }
}

/// The time in UTC.
impl Timestamp for NaiveDateTime {
    fn now() -> Self {
        crate::now().naive_utc()
    }
}

impl<T: Timestamp + Scalar> Timestamp for Option<T> {
    fn now() -> Self {
        Some(T::now())
    }
}

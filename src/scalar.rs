//! [`Scalar`]: a type that a column may hold, and what may be compared how.

use crate::value::text_of_enum;
use crate::{Error, ErrorKind, Kind, Result};
use chrono::{DateTime, NaiveDate, NaiveDateTime, Utc};
use sea_orm::sea_query::ValueType;
use sea_orm::{JsonValue, Value};
use uuid::Uuid;

/// A type that a column may hold.
///
/// Implemented for `bool`, the integers up to 64 bits (`u64` excepted: neither database holds it),
/// `f64`, `String`, `Vec<u8>`, JSON, `NaiveDate`, `NaiveDateTime`, `DateTime<Utc>` and `Uuid`. A
/// newtype by `DeriveValueType` or a string enum by `DeriveActiveEnum` joins with one line:
///
/// ```
/// #[derive(Clone, Debug, PartialEq, Eq, sea_orm::DeriveValueType)]
/// pub struct Branch(String);
/// impl chronicle::Scalar for Branch {}
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be a column of a repository",
    label = "not a column type that SQLite and Postgres hold alike",
    note = "use bool, i8 to i64, u8 to u32, f64, String, Vec<u8>, Json, DateTimeUtc, NaiveDateTime, NaiveDate, Uuid, an Option of these,",
    note = "or write `impl chronicle::Scalar for {Self} {{}}` for a newtype (`DeriveValueType`) or a string enum (`DeriveActiveEnum`)"
)]
pub trait Scalar: Into<Value> + ValueType + Send + Sync + 'static {
    /// How values of this type travel.
    #[must_use]
    fn kind() -> Kind {
        Kind::of(&Self::array_type())
    }
}

/// A type whose order is the same on SQLite and Postgres, so that `<`, `between` and sorting are
/// offered: numbers, times and ids. Text is not: Postgres sorts it by the database's collation,
/// SQLite by bytes.
///
/// ```
/// /// Now `Fields` of it have `lt`, `between`, `asc` …
/// #[derive(Clone, Debug, PartialEq, Eq, sea_orm::DeriveValueType)]
/// pub struct Stars(i32);
/// impl chronicle::Scalar for Stars {}
/// impl chronicle::Ordered for Stars {}
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` has no order that SQLite and Postgres share",
    label = "cannot be sorted or compared by `<`, `>`",
    note = "text is sorted by collation on Postgres and by bytes on SQLite: compare it with `eq`, `is_in` or `starts_with`, and sort rows in the program",
    note = "for a newtype over a number or a time write `impl chronicle::Ordered for {Self} {{}}`"
)]
pub trait Ordered: Scalar {}

/// A type stored as text: `contains`, `starts_with` and `ends_with` are offered.
///
/// ```
/// /// Now `Fields` of it have `contains`, `starts_with` and `ends_with`.
/// #[derive(Clone, Debug, PartialEq, Eq, sea_orm::DeriveValueType)]
/// pub struct Branch(String);
/// impl chronicle::Scalar for Branch {}
/// impl chronicle::Text for Branch {}
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not text",
    label = "text operations need a column of text",
    note = "for a newtype over `String` write `impl chronicle::Text for {Self} {{}}`"
)]
pub trait Text: Scalar {}

/// A type stored as JSON: paths into it are offered ([`Field::key`](crate::Field::key)).
///
/// ```
/// /// Now `Fields` of it have `key` and `index`.
/// #[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize, sea_orm::FromJsonQueryResult)]
/// pub struct Address { city: String }
/// impl chronicle::Scalar for Address {}
/// impl chronicle::JsonDocument for Address {}
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not JSON",
    note = "for a `FromJsonQueryResult` type write `impl chronicle::JsonDocument for {Self} {{}}`"
)]
pub trait JsonDocument: Scalar {}

macro_rules! scalar {
    ($($type:ty),*) => { $(impl Scalar for $type {})* };
}
macro_rules! ordered {
    ($($type:ty),*) => { $(impl Ordered for $type {})* };
}
scalar!(bool, i8, i16, i32, i64, u8, u16, u32, f64, String, Vec<u8>, JsonValue);
scalar!(NaiveDate, NaiveDateTime, DateTime<Utc>, Uuid);
ordered!(i8, i16, i32, i64, u8, u16, u32, f64, NaiveDate, NaiveDateTime, DateTime<Utc>, Uuid);
impl Text for String {}
impl JsonDocument for JsonValue {}

/// What a field of an entity may be: a [`Scalar`] or an `Option` of one.
///
/// ```
/// use chronicle::Stored;
///
/// # fn main() -> chronicle::Result<()> {
/// assert_eq!(Option::<i32>::kind(), i32::kind());
/// assert_eq!(Option::<i32>::from_value(sea_orm::Value::Int(None))?, None);
/// assert!(i32::from_value(sea_orm::Value::Int(None)).is_err());
/// # Ok(()) }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be a column of a repository",
    label = "not a column type that SQLite and Postgres hold alike",
    note = "use bool, i8 to i64, u8 to u32, f64, String, Vec<u8>, Json, DateTimeUtc, NaiveDateTime, NaiveDate, Uuid, an Option of these,",
    note = "or write `impl chronicle::Scalar for {Self} {{}}` for a newtype (`DeriveValueType`) or a string enum (`DeriveActiveEnum`)"
)]
pub trait Stored: Sized + Send + Sync + 'static {
    /// The type without `Option`.
    type Scalar: Scalar;
    /// Whether the column may be NULL.
    const NULLABLE: bool;
    /// How values of this type travel.
    #[must_use]
    fn kind() -> Kind {
        <Self::Scalar as Scalar>::kind()
    }
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
        text_of_enum(self.into())
    }
    fn from_value(value: Value) -> Result<Self> {
        if crate::value::is_null(&value) {
            return Err(Error::new(
                ErrorKind::SchemaMismatch,
                "NULL is stored where the entity has no `Option`",
            ));
        }
        Ok(<T as ValueType>::try_from(value)?)
    }
}

impl<T: Scalar> Stored for Option<T> {
    type Scalar = T;
    const NULLABLE: bool = true;
    fn into_value(self) -> Value {
        self.map_or_else(|| T::kind().null(), |value| text_of_enum(value.into()))
    }
    fn from_value(value: Value) -> Result<Self> {
        if crate::value::is_null(&value) {
            Ok(None)
        } else {
            Ok(Some(<T as ValueType>::try_from(value)?))
        }
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
    label = "expected `{T}` or `&{T}`"
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
    message = "`created_at` and `updated_at` are filled by the library and must be `DateTimeUtc`, not `{Self}`"
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

impl Timestamp for Option<DateTime<Utc>> {
    fn now() -> Self {
        Some(crate::now())
    }
}

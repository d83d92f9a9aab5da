//! [`Scalar`]: a type that a column may hold, and what may be compared how.

use crate::{Error, ErrorKind, Result};
use chrono::{DateTime, NaiveDate, NaiveDateTime, Utc};
use sea_orm::sea_query::{ArrayType, ValueType};
use sea_orm::{JsonValue, Value};
use uuid::Uuid;

/// How a column's values travel: the variant of [`sea_orm::Value`] that its type uses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
#[allow(missing_docs, reason = "each is the Rust type of the same name")]
pub enum Kind {
    Bool,
    I8,
    I16,
    I32,
    I64,
    U8,
    U16,
    U32,
    F64,
    Text,
    Bytes,
    Json,
    Date,
    DateTime,
    /// `DateTime<Utc>`, in whole microseconds.
    Timestamp,
    Uuid,
    /// A type that the two databases do not hold in the same way. Operations on it are refused
    /// with [`ErrorKind::Unsupported`].
    Unsupported,
}

impl Kind {
    fn of(array_type: &ArrayType) -> Self {
        match array_type {
            ArrayType::Bool => Self::Bool,
            ArrayType::TinyInt => Self::I8,
            ArrayType::SmallInt => Self::I16,
            ArrayType::Int => Self::I32,
            ArrayType::BigInt => Self::I64,
            ArrayType::TinyUnsigned => Self::U8,
            ArrayType::SmallUnsigned => Self::U16,
            ArrayType::Unsigned => Self::U32,
            ArrayType::Double => Self::F64,
            ArrayType::String | ArrayType::Enum(_) => Self::Text,
            ArrayType::Bytes => Self::Bytes,
            ArrayType::Json => Self::Json,
            ArrayType::ChronoDate => Self::Date,
            ArrayType::ChronoDateTime => Self::DateTime,
            ArrayType::ChronoDateTimeUtc => Self::Timestamp,
            ArrayType::Uuid => Self::Uuid,
            _ => Self::Unsupported,
        }
    }

    /// NULL of this kind.
    pub(crate) fn null(self) -> Value {
        match self {
            Self::Bool => Value::Bool(None),
            Self::I8 => Value::TinyInt(None),
            Self::I16 => Value::SmallInt(None),
            Self::I32 => Value::Int(None),
            Self::I64 => Value::BigInt(None),
            Self::U8 => Value::TinyUnsigned(None),
            Self::U16 => Value::SmallUnsigned(None),
            Self::U32 => Value::Unsigned(None),
            Self::F64 => Value::Double(None),
            Self::Text | Self::Unsupported => Value::String(None),
            Self::Bytes => Value::Bytes(None),
            Self::Json => Value::Json(None),
            Self::Date => Value::ChronoDate(None),
            Self::DateTime => Value::ChronoDateTime(None),
            Self::Timestamp => Value::ChronoDateTimeUtc(None),
            Self::Uuid => Value::Uuid(None),
        }
    }
}

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
#[diagnostic::on_unimplemented(
    message = "`{Self}` has no order that SQLite and Postgres share",
    label = "cannot be sorted or compared by `<`, `>`",
    note = "text is sorted by collation on Postgres and by bytes on SQLite: compare it with `eq`, `is_in` or `starts_with`, and sort rows in the program",
    note = "for a newtype over a number or a time write `impl chronicle::Ordered for {Self} {{}}`"
)]
pub trait Ordered: Scalar {}

/// A type stored as text: `contains`, `starts_with` and `ends_with` are offered.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not text",
    label = "text operations need a column of text",
    note = "for a newtype over `String` write `impl chronicle::Text for {Self} {{}}`"
)]
pub trait Text: Scalar {}

/// A type stored as JSON: paths into it are offered ([`Field::key`](crate::Field::key)).
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
    fn into_value(self) -> Value;
    /// The field from a stored value.
    ///
    /// # Errors
    /// [`ErrorKind::SchemaMismatch`] when the value is of another type, or NULL in a column that
    /// has no `Option`.
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

/// A native database enum travels as its text.
pub(crate) fn text_of_enum(value: Value) -> Value {
    match value {
        Value::Enum(value) => Value::String(match value {
            sea_orm::sea_query::OptionEnum::Some(value) => Some(value.value.into_owned()),
            sea_orm::sea_query::OptionEnum::None(_) => None,
        }),
        value => value,
    }
}

/// What a column of type `T` may be compared with: `T`, `&T`, and `&str` for `String`.
///
/// A trait of its own instead of `Into<T>`, which would let `i64` be compared with `bool`.
#[diagnostic::on_unimplemented(
    message = "a column of `{T}` cannot be compared with `{Self}`",
    label = "expected `{T}` or `&{T}`"
)]
pub trait Operand<T> {
    /// The value to compare with.
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
        Uuid::now_v7()
    }
}

/// The type of a `created_at` or `updated_at` column, which the library fills.
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

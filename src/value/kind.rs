//! [`Kind`]: how a column's values travel, and [`Content`]: what such a value holds.

use chrono::{DateTime, NaiveDate, NaiveDateTime, NaiveTime, Utc};
use sea_orm::{JsonValue, Value};
use uuid::Uuid;

/// The kinds, each with the variant of [`Value`] and what that holds. All else about them matches
/// [`Kind`] or [`Content`] without `_`, so that the compiler leads whoever adds one.
macro_rules! kinds {
    ($($(#[doc = $doc:literal])* $(#[cfg($cfg:meta)])? $kind:ident = $variant:ident($content:ty),)+) => {
        /// How a column's values travel: the variant of [`sea_orm::Value`] that its type uses.
        ///
        /// ```
        /// use chronicle::{Kind, Stored};
        ///
        /// assert_eq!(i64::KIND, Kind::I64);
        /// assert_eq!(Vec::<i64>::KIND, Kind::Array(&Kind::I64));
        /// ```
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        #[allow(missing_docs, reason = "each is the Rust type of the same name")]
        pub enum Kind {
            $($(#[doc = $doc])* $(#[cfg($cfg)])? $kind,)+
            /// An array, of elements of this kind. It travels as JSON.
            Array(&'static Kind),
            /// Text that only the server understands.
            Opaque,
        }

        impl Kind {
            /// NULL of this kind.
            pub(crate) const fn null(self) -> Value {
                match self {
                    $($(#[cfg($cfg)])? Self::$kind => Value::$variant(None),)+
                    Self::Array(_) => Value::Json(None),
                    Self::Opaque => Value::String(None),
                }
            }
        }

        /// What a value holds that is of a [`Kind`] and not NULL.
        #[derive(Clone, Copy)]
        pub(super) enum Content<'value> {
            $($(#[cfg($cfg)])? $kind(&'value $content),)+
        }

        impl<'value> Content<'value> {
            /// Nothing for NULL, which JSON's `null` is too.
            pub(super) fn of(value: &'value Value) -> Option<Self> {
                match value {
                    _ if is_null(value) => None,
                    $($(#[cfg($cfg)])? Value::$variant(content) => content.as_ref().map(|content| Self::$kind(content)),)+
                    _ => None,
                }
            }
        }

        /// Whether the value is of a type that is a [`Kind`].
        pub(super) fn has_kind(value: &Value) -> bool {
            match value {
                $($(#[cfg($cfg)])? Value::$variant(_) => true,)+
                _ => false,
            }
        }

        pub(crate) fn is_null(value: &Value) -> bool {
            match value {
                Value::Json(Some(document)) => document.is_null(),
                $($(#[cfg($cfg)])? Value::$variant(content) => content.is_none(),)+
                _ => false,
            }
        }

        /// What type of value it is, for messages.
        pub(crate) const fn type_name(value: &Value) -> &'static str {
            match value {
                $($(#[cfg($cfg)])? Value::$variant(_) => stringify!($content),)+
                _ => "a value of another type",
            }
        }
    };
}

kinds! {
    Bool = Bool(bool),
    I8 = TinyInt(i8),
    I16 = SmallInt(i16),
    I32 = Int(i32),
    I64 = BigInt(i64),
    U8 = TinyUnsigned(u8),
    U16 = SmallUnsigned(u16),
    U32 = Unsigned(u32),
    F32 = Float(f32),
    F64 = Double(f64),
    /// `rust_decimal::Decimal`, without zeros at its end.
    #[cfg(feature = "decimal")]
    Decimal = Decimal(rust_decimal::Decimal),
    Text = String(str),
    Bytes = Bytes([u8]),
    Json = Json(JsonValue),
    Date = ChronoDate(NaiveDate),
    Time = ChronoTime(NaiveTime),
    DateTime = ChronoDateTime(NaiveDateTime),
    /// `DateTime<Utc>`, in whole microseconds.
    Timestamp = ChronoDateTimeUtc(DateTime<Utc>),
    Uuid = Uuid(Uuid),
}

//! [`Kind`]: how a column's values travel, and [`Content`]: what such a value holds.

use chrono::{DateTime, NaiveDate, NaiveDateTime, Utc};
use sea_orm::sea_query::ArrayType;
use sea_orm::{JsonValue, Value};
use uuid::Uuid;

/// The kinds, each with the variant of [`Value`] and what that holds. All else about them matches
/// [`Kind`] or [`Content`] without `_`, so that the compiler leads whoever adds one.
macro_rules! kinds {
    ($($(#[$doc:meta])* $kind:ident = $variant:ident($content:ty),)+) => {
        /// How a column's values travel: the variant of [`sea_orm::Value`] that its type uses.
        ///
        /// ```
        /// use chronicle::{Kind, Scalar};
        ///
        /// assert_eq!(i64::kind(), Kind::I64);
        /// assert_eq!(<serde_json::Value as Scalar>::kind(), Kind::Json);
        /// ```
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        #[allow(missing_docs, reason = "each is the Rust type of the same name")]
        pub enum Kind {
            $($(#[$doc])* $kind,)+
            /// A type that the two databases do not hold in the same way. Operations on it are
            /// refused with [`ErrorKind::Unsupported`](crate::ErrorKind::Unsupported).
            Unsupported,
        }

        impl Kind {
            pub(crate) fn of(array_type: &ArrayType) -> Self {
                match array_type {
                    $(ArrayType::$variant => Self::$kind,)+
                    ArrayType::Enum(_) => Self::Text,
                    _ => Self::Unsupported,
                }
            }

            /// NULL of this kind.
            pub(crate) fn null(self) -> Value {
                match self {
                    $(Self::$kind => Value::$variant(None),)+
                    Self::Unsupported => Value::String(None),
                }
            }
        }

        /// What a value holds that is of a [`Kind`] and not NULL.
        #[derive(Clone, Copy)]
        pub(super) enum Content<'value> {
            $($kind(&'value $content),)+
        }

        impl<'value> Content<'value> {
            /// Nothing for NULL, which JSON's `null` is too.
            pub(super) fn of(value: &'value Value) -> Option<Self> {
                match value {
                    _ if is_null(value) => None,
                    $(Value::$variant(content) => content.as_ref().map(|content| Self::$kind(content)),)+
                    _ => None,
                }
            }
        }

        /// Whether the value is of a type that is a [`Kind`].
        pub(super) fn has_kind(value: &Value) -> bool {
            matches!(value, $(Value::$variant(_))|+)
        }

        pub(crate) fn is_null(value: &Value) -> bool {
            match value {
                Value::Json(Some(document)) => document.is_null(),
                $(Value::$variant(content) => content.is_none(),)+
                _ => false,
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
    F64 = Double(f64),
    Text = String(str),
    Bytes = Bytes([u8]),
    Json = Json(JsonValue),
    Date = ChronoDate(NaiveDate),
    DateTime = ChronoDateTime(NaiveDateTime),
    /// `DateTime<Utc>`, in whole microseconds.
    Timestamp = ChronoDateTimeUtc(DateTime<Utc>),
    Uuid = Uuid(Uuid),
}

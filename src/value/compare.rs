//! The order of values.

use super::kind::Content;
use super::text::of_content;
use sea_orm::Value;
use std::cmp::Ordering;

/// The order of two values of one column, NULL smallest: the order in which both databases sort
/// the [`Ordered`](crate::Ordered) types; text by its bytes. Other types compare by their text.
pub(crate) fn compare(left: &Value, right: &Value) -> Ordering {
    let (left, right) = match (Content::of(left), Content::of(right)) {
        (None, None) => return Ordering::Equal,
        (None, Some(_)) => return Ordering::Less,
        (Some(_), None) => return Ordering::Greater,
        (Some(left), Some(right)) => (left, right),
    };
    macro_rules! by {
        ($kind:ident, $order:expr) => {
            if let (Content::$kind(left), Content::$kind(right)) = (left, right) {
                return $order(left, right);
            }
        };
    }
    match left {
        Content::Bool(_) => by!(Bool, Ord::cmp),
        Content::I8(_) => by!(I8, Ord::cmp),
        Content::I16(_) => by!(I16, Ord::cmp),
        Content::I32(_) => by!(I32, Ord::cmp),
        Content::I64(_) => by!(I64, Ord::cmp),
        Content::U8(_) => by!(U8, Ord::cmp),
        Content::U16(_) => by!(U16, Ord::cmp),
        Content::U32(_) => by!(U32, Ord::cmp),
        // Both zeros are equal to a database. Neither value is NaN.
        Content::F32(_) => by!(F32, |left: &f32, right: &f32| {
            left.partial_cmp(right).unwrap_or(Ordering::Equal)
        }),
        Content::F64(_) => by!(F64, |left: &f64, right: &f64| {
            left.partial_cmp(right).unwrap_or(Ordering::Equal)
        }),
        #[cfg(feature = "decimal")]
        Content::Decimal(_) => by!(Decimal, Ord::cmp),
        Content::Date(_) => by!(Date, Ord::cmp),
        Content::Time(_) => by!(Time, Ord::cmp),
        Content::DateTime(_) => by!(DateTime, Ord::cmp),
        Content::Timestamp(_) => by!(Timestamp, Ord::cmp),
        Content::Uuid(_) => by!(Uuid, Ord::cmp),
        Content::Text(_) => by!(Text, Ord::cmp),
        Content::Bytes(_) | Content::Json(_) => {}
    }
    of_content(left).cmp(&of_content(right))
}

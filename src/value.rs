//! Values on their way to and from a database: the stored form, its text and its JSON.

#[cfg(feature = "sqlite")]
mod add;
mod compare;
mod from_json;
mod json;
mod kind;
mod normalize;
mod text;

#[cfg(feature = "sqlite")]
pub(crate) use add::add;
pub(crate) use compare::compare;
#[cfg(feature = "decimal")]
pub(crate) use from_json::decimal_of_digits;
pub(crate) use from_json::{from_json, parse};
pub(crate) use json::to_json;
#[cfg(feature = "postgrest")]
pub(crate) use json::write_json;
pub use kind::Kind;
pub(crate) use kind::{is_null, type_name};
#[cfg(feature = "postgrest")]
pub(crate) use normalize::url_length;
pub(crate) use normalize::{check_key, check_text, normalize, parameter, refused, text_of_enum};
pub(crate) use text::to_text;

use chrono::{DateTime, Utc};

/// The present time, cut to whole microseconds as both databases store it.
///
/// ```
/// assert_eq!(chronicle::now().timestamp_subsec_nanos() % 1_000, 0);
/// ```
#[must_use]
pub fn now() -> DateTime<Utc> {
    normalize::to_microseconds(Utc::now())
}

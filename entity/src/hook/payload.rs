//! [`Payload`]: what a hook was given, checked.

use super::{surrogates, unstorable};
use crate::session::SessionId;
use sea_orm::JsonValue;
use serde_json::Map;
use std::fmt;
use std::str::FromStr;
use uuid::Uuid;

/// A hook's payload: a JSON object that names its session and its hook.
///
/// ```
/// use chronicle_entity::hook::Payload;
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let text = r#"{"session_id":"0f0a6a52-77b1-4a55-9d1c-5b0a3d6c2f11","hook_event_name":"Stop"}"#;
/// let payload: Payload = text.parse()?;
/// assert_eq!(payload.hook_name(), "Stop");
/// # Ok(()) }
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Payload {
    session_id: SessionId,
    hook_name: String,
    members: Map<String, JsonValue>,
}

/// Why a text is not a hook's payload.
///
/// ```
/// use chronicle_entity::hook::{Payload, PayloadError};
///
/// assert_eq!("[]".parse::<Payload>(), Err(PayloadError::NotAnObject));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum PayloadError {
    /// It is not UTF-8, beyond this many bytes.
    NotUtf8(usize),
    /// It is not JSON; with the parser's reason and place.
    NotJson(String),
    /// It is JSON, but no object.
    NotAnObject,
    /// It has no member of this name, or one that is not text.
    Missing(&'static str),
    /// Its `session_id` is not a UUID.
    SessionIdNotUuid(String),
}

impl fmt::Display for PayloadError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotUtf8(valid) => write!(formatter, "not UTF-8 beyond its first {valid} bytes"),
            Self::NotJson(reason) => write!(formatter, "not JSON: {reason}"),
            Self::NotAnObject => formatter.write_str("not a JSON object"),
            Self::Missing(name) => write!(formatter, "no `{name}`, or not a text"),
            Self::SessionIdNotUuid(id) => {
                write!(formatter, "the `session_id` {id:?} is not a UUID")
            }
        }
    }
}

impl std::error::Error for PayloadError {}

impl FromStr for Payload {
    type Err = PayloadError;
    fn from_str(text: &str) -> Result<Self, PayloadError> {
        serde_json::from_str(text)
            .map(|document| (document, None))
            .or_else(|error| {
                // Half of a character, cut off where a text was too long, is no reason to lose an event.
                surrogates::mark(text)
                    .and_then(|(text, mark)| Some((serde_json::from_str(&text).ok()?, Some(mark))))
                    .ok_or_else(|| PayloadError::NotJson(error.to_string()))
            })
            .and_then(|(document, mark)| Self::of(document, mark))
    }
}

impl TryFrom<&[u8]> for Payload {
    type Error = PayloadError;
    fn try_from(bytes: &[u8]) -> Result<Self, PayloadError> {
        std::str::from_utf8(bytes)
            .map_err(|error| PayloadError::NotUtf8(error.valid_up_to()))?
            .parse()
    }
}

impl Payload {
    /// A payload from JSON. NUL characters in it are replaced, since Postgres cannot hold them, and
    /// noted ([`NUL_MARK`](super::NUL_MARK)), so that [`restore_nul`](super::restore_nul) gives back
    /// what was sent. Halves of characters, which only a text of JSON can have (`"\ud83d"`), are
    /// replaced and noted, too ([`SURROGATE_MARK`](super::SURROGATE_MARK)).
    ///
    /// ```
    /// # use chronicle_entity::hook::Payload;
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let payload = Payload::from_json(serde_json::json!({
    /// #     "session_id": "0f0a6a52-77b1-4a55-9d1c-5b0a3d6c2f11",
    /// #     "hook_event_name": "Stop",
    /// #     "stop_hook_active": true,
    /// #     "cwd": "/home/dev/shop",
    /// # }))?;
    /// assert_eq!(payload.hook_name(), "Stop");
    /// let error = Payload::from_json(serde_json::json!({})).unwrap_err();
    /// assert_eq!(error.to_string(), "no `session_id`, or not a text");
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// When it is no object, or does not name its session and its hook.
    pub fn from_json(document: JsonValue) -> Result<Self, PayloadError> {
        Self::of(document, None)
    }

    /// A payload in which this mark stands before the digits of a lone surrogate.
    fn of(document: JsonValue, surrogate: Option<char>) -> Result<Self, PayloadError> {
        let JsonValue::Object(mut members) = document else {
            return Err(PayloadError::NotAnObject);
        };
        unstorable::replace(&mut members, surrogate);
        let text = |name: &'static str| {
            members.get(name).and_then(JsonValue::as_str).ok_or(PayloadError::Missing(name))
        };
        let id = text("session_id")?;
        let session_id = Uuid::parse_str(id)
            .map(SessionId::from)
            .map_err(|_| PayloadError::SessionIdNotUuid(id.to_owned()))?;
        let hook_name = text("hook_event_name")?.to_owned();
        Ok(Self { session_id, hook_name, members })
    }

    /// The session that it belongs to.
    ///
    /// ```
    /// # use chronicle_entity::hook::Payload;
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let payload = Payload::from_json(serde_json::json!({
    /// #     "session_id": "0f0a6a52-77b1-4a55-9d1c-5b0a3d6c2f11",
    /// #     "hook_event_name": "Stop",
    /// #     "stop_hook_active": true,
    /// #     "cwd": "/home/dev/shop",
    /// # }))?;
    /// assert_eq!(payload.session_id().to_string(), "0f0a6a52-77b1-4a55-9d1c-5b0a3d6c2f11");
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub const fn session_id(&self) -> SessionId {
        self.session_id
    }

    /// The hook's name (`PostToolUse`).
    ///
    /// ```
    /// # use chronicle_entity::hook::Payload;
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let payload = Payload::from_json(serde_json::json!({
    /// #     "session_id": "0f0a6a52-77b1-4a55-9d1c-5b0a3d6c2f11",
    /// #     "hook_event_name": "Stop",
    /// #     "stop_hook_active": true,
    /// #     "cwd": "/home/dev/shop",
    /// # }))?;
    /// assert_eq!(payload.hook_name(), "Stop");
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn hook_name(&self) -> &str {
        &self.hook_name
    }

    /// The whole payload, as it is stored.
    ///
    /// ```
    /// # use chronicle_entity::hook::Payload;
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let payload = Payload::from_json(serde_json::json!({
    /// #     "session_id": "0f0a6a52-77b1-4a55-9d1c-5b0a3d6c2f11",
    /// #     "hook_event_name": "Stop",
    /// #     "stop_hook_active": true,
    /// #     "cwd": "/home/dev/shop",
    /// # }))?;
    /// assert_eq!(Payload::from_json(payload.to_json())?, payload);
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn to_json(&self) -> JsonValue {
        JsonValue::Object(self.members.clone())
    }

    /// A member of the payload.
    ///
    /// ```
    /// # use chronicle_entity::hook::Payload;
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let payload = Payload::from_json(serde_json::json!({
    /// #     "session_id": "0f0a6a52-77b1-4a55-9d1c-5b0a3d6c2f11",
    /// #     "hook_event_name": "Stop",
    /// #     "stop_hook_active": true,
    /// #     "cwd": "/home/dev/shop",
    /// # }))?;
    /// assert_eq!(payload.member("stop_hook_active"), Some(&true.into()));
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn member(&self, name: &str) -> Option<&JsonValue> {
        self.members.get(name)
    }

    /// A member of the payload that is text.
    ///
    /// ```
    /// # use chronicle_entity::hook::Payload;
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let payload = Payload::from_json(serde_json::json!({
    /// #     "session_id": "0f0a6a52-77b1-4a55-9d1c-5b0a3d6c2f11",
    /// #     "hook_event_name": "Stop",
    /// #     "stop_hook_active": true,
    /// #     "cwd": "/home/dev/shop",
    /// # }))?;
    /// assert_eq!(payload.text("cwd"), Some("/home/dev/shop"));
    /// assert_eq!(payload.text("stop_hook_active"), None, "it is no text");
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn text(&self, name: &str) -> Option<&str> {
        self.member(name).and_then(JsonValue::as_str)
    }
}

//! [`Payload`]: what a hook was given, checked.

use super::nul;
use crate::session::SessionId;
use sea_orm::JsonValue;
use serde_json::Map;
use std::fmt;
use std::str::FromStr;
use uuid::Uuid;

/// A hook's payload: a JSON object that names its session and its hook.
#[derive(Clone, Debug, PartialEq)]
pub struct Payload {
    session_id: SessionId,
    hook_name: String,
    members: Map<String, JsonValue>,
}

/// Why a text is not a hook's payload.
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
        let document =
            serde_json::from_str(text).map_err(|error| PayloadError::NotJson(error.to_string()))?;
        Self::from_json(document)
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
    /// what was sent.
    ///
    /// # Errors
    /// When it is no object, or does not name its session and its hook.
    pub fn from_json(document: JsonValue) -> Result<Self, PayloadError> {
        let JsonValue::Object(mut members) = document else {
            return Err(PayloadError::NotAnObject);
        };
        nul::replace(&mut members);
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
    #[must_use]
    pub const fn session_id(&self) -> SessionId {
        self.session_id
    }

    /// The hook's name (`PostToolUse`).
    #[must_use]
    pub fn hook_name(&self) -> &str {
        &self.hook_name
    }

    /// The whole payload, as it is stored.
    #[must_use]
    pub fn to_json(&self) -> JsonValue {
        JsonValue::Object(self.members.clone())
    }

    /// A member of the payload.
    #[must_use]
    pub fn member(&self, name: &str) -> Option<&JsonValue> {
        self.members.get(name)
    }

    /// A member of the payload that is text.
    #[must_use]
    pub fn text(&self, name: &str) -> Option<&str> {
        self.member(name).and_then(JsonValue::as_str)
    }
}

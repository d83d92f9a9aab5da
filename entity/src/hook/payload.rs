//! [`Payload`]: what a hook was given, checked.

use super::shape::{self, Hook, Members};
use super::{Sender, unstorable};
use crate::session::SessionId;
use sea_orm::JsonValue;
use sea_orm::prelude::DateTimeUtc;
use std::fmt;
use std::str::FromStr;
use uuid::Uuid;

/// Of what sessions are made whose agent gives them no UUID.
const NAMESPACE: Uuid = Uuid::from_u128(0x6f9c_1a52_3e0b_5d47_9a86_c1f2_7b04_e8d3);

/// A hook's payload: a JSON object that names its hook. What the agents call their members is known:
/// `session_id`, `sessionId` and `conversation_id` are one. The session is
/// - the one with the payload's id. One that is no UUID becomes one of version 5, of the agent and the id.
/// - without an id, that of the agent in its working folder and on that day.
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
    pub(super) hook: Hook,
    agent: Option<String>,
    pub(super) host: Option<String>,
    pub(super) members: Members,
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
    /// It has no member of this name, nor another that says the same, or one that is not text.
    Missing(&'static str),
}

impl fmt::Display for PayloadError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotUtf8(valid) => write!(formatter, "not UTF-8 beyond its first {valid} bytes"),
            Self::NotJson(reason) => write!(formatter, "not JSON: {reason}"),
            Self::NotAnObject => formatter.write_str("not a JSON object"),
            Self::Missing(name) => write!(formatter, "no `{name}`, or not a text"),
        }
    }
}

impl std::error::Error for PayloadError {}

impl FromStr for Payload {
    type Err = PayloadError;
    fn from_str(text: &str) -> Result<Self, PayloadError> {
        Sender::new().read(text.as_bytes())
    }
}

impl TryFrom<&[u8]> for Payload {
    type Error = PayloadError;
    fn try_from(bytes: &[u8]) -> Result<Self, PayloadError> {
        Sender::new().read(bytes)
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
    /// assert_eq!(error.to_string(), "no `hook_event_name`, or not a text");
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// When it is no object, or does not name its hook.
    pub fn from_json(document: JsonValue) -> Result<Self, PayloadError> {
        Self::of(document, None, &Sender::new())
    }

    /// A payload in which this mark stands before the digits of a lone surrogate.
    pub(super) fn of(
        document: JsonValue,
        surrogate: Option<char>,
        sender: &Sender,
    ) -> Result<Self, PayloadError> {
        let JsonValue::Object(members) = document else {
            return Err(PayloadError::NotAnObject);
        };
        let mut members = shape::unwrapped(members);
        unstorable::replace(&mut members, surrogate);
        let hook_name = shape::text(&members, shape::HOOK)
            .map(str::to_owned)
            .or_else(|| sender.event.clone())
            .or_else(|| shape::hook_name(&members))
            .ok_or(PayloadError::Missing("hook_event_name"))?;
        let agent =
            sender.agent.clone().or_else(|| shape::agent(&members, &hook_name).map(str::to_owned));
        let session_id = session_of(&members, agent.as_deref(), sender);
        let (hook, host) = (Hook::of(&hook_name), sender.host.clone());
        Ok(Self { session_id, hook_name, hook, agent, host, members })
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

    /// The agent that sent it, as the [`Sender`] says, or else as it looks.
    ///
    /// ```
    /// # use chronicle_entity::hook::Payload;
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let grok = r#"{"hookEventName": "post_tool_use", "sessionId": "a", "toolName": "bash"}"#;
    /// assert_eq!(grok.parse::<Payload>()?.agent(), Some("grok"));
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn agent(&self) -> Option<&str> {
        self.agent.as_deref()
    }

    /// When it happened, where the payload says it.
    ///
    /// ```
    /// # use chronicle_entity::hook::Payload;
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let sent = r#"{"session_id": "a", "hook_event_name": "AfterTool", "timestamp": "2026-11-01T08:00:00Z"}"#;
    /// assert_eq!(sent.parse::<Payload>()?.time().unwrap().timestamp(), 1_793_520_000);
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn time(&self) -> Option<DateTimeUtc> {
        shape::time(&self.members)
    }

    /// Whether the session ends with it.
    ///
    /// ```
    /// # use chronicle_entity::hook::Payload;
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// assert!(r#"{"session_id": "a", "hook_event_name": "SessionEnd"}"#.parse::<Payload>()?.ends_session());
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn ends_session(&self) -> bool {
        self.hook == Hook::SessionEnd
    }

    /// The payload's members, to be changed before they are stored: a secret taken out, a long text cut.
    /// Which session it is of, and which hook, was read before.
    ///
    /// ```
    /// # use chronicle_entity::hook::Payload;
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let sent = r#"{"session_id": "a", "hook_event_name": "Stop", "text": "long"}"#;
    /// let mut payload: Payload = sent.parse()?;
    /// payload.members_mut().insert("text".to_owned(), "l…".into());
    /// assert_eq!(payload.text("text"), Some("l…"));
    /// # Ok(()) }
    /// ```
    pub const fn members_mut(&mut self) -> &mut serde_json::Map<String, JsonValue> {
        &mut self.members
    }
}

/// The session that a payload belongs to.
fn session_of(members: &Members, agent: Option<&str>, sender: &Sender) -> SessionId {
    let agent = agent.unwrap_or("unknown");
    if let Some(id) = shape::text(members, shape::SESSION) {
        return Uuid::parse_str(id)
            .unwrap_or_else(|_| {
                Uuid::new_v5(&NAMESPACE, format!("session {id:?} of {agent}").as_bytes())
            })
            .into();
    }
    let day = |time: DateTimeUtc| time.format("%Y-%m-%d").to_string();
    let period = shape::time(members)
        .map(day)
        .or_else(|| sender.source.clone())
        .unwrap_or_else(|| day(chronicle::now()));
    let folder = shape::folder(members).unwrap_or_default();
    let name = format!("folder {folder:?} of {agent} in {period:?}");
    Uuid::new_v5(&NAMESPACE, name.as_bytes()).into()
}

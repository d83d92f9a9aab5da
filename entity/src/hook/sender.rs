//! [`Sender`]: who sends a payload, as far as that is known besides.

use super::payload::{Payload, PayloadError};
use super::surrogates;
use sea_orm::JsonValue;

/// Who sends a payload: what the payload itself may not say.
///
/// ```
/// use chronicle_entity::hook::Sender;
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let sender = Sender::new().agent("copilot").event("preToolUse").host("laptop");
/// let payload = sender.read(br#"{"sessionId": "s-1", "toolName": "bash", "toolArgs": "{}"}"#)?;
/// assert_eq!((payload.hook_name(), payload.agent()), ("preToolUse", Some("copilot")));
/// # Ok(()) }
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sender {
    pub(super) agent: Option<String>,
    pub(super) event: Option<String>,
    pub(super) host: Option<String>,
    pub(super) source: Option<String>,
}

impl Sender {
    /// Somebody of whom nothing is known.
    ///
    /// ```
    /// assert_eq!(chronicle_entity::hook::Sender::new(), Default::default());
    /// ```
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The agent's name. It stands above what the payload looks like.
    ///
    /// ```
    /// let sender = chronicle_entity::hook::Sender::new().agent("codex");
    /// ```
    #[must_use]
    pub fn agent(mut self, name: impl Into<String>) -> Self {
        self.agent = Some(name.into()).filter(|name| !name.is_empty());
        self
    }

    /// The hook's name, for payloads that do not have it.
    ///
    /// ```
    /// let sender = chronicle_entity::hook::Sender::new().event("sessionStart");
    /// ```
    #[must_use]
    pub fn event(mut self, name: impl Into<String>) -> Self {
        self.event = Some(name.into()).filter(|name| !name.is_empty());
        self
    }

    /// The name of the machine.
    ///
    /// ```
    /// let sender = chronicle_entity::hook::Sender::new().host("laptop");
    /// ```
    #[must_use]
    pub fn host(mut self, name: impl Into<String>) -> Self {
        self.host = Some(name.into()).filter(|name| !name.is_empty());
        self
    }

    /// The file that the payloads are in. Those without the id of a session and without a time are one
    /// session of this file, where they would be one of their day.
    ///
    /// ```
    /// let sender = chronicle_entity::hook::Sender::new().source("/var/log/hooks.jsonl");
    /// ```
    #[must_use]
    pub fn source(mut self, file: impl Into<String>) -> Self {
        self.source = Some(file.into());
        self
    }

    /// Reads a payload of theirs. One that stands inside another object, as its `input`, `payload`,
    /// `data` or `raw_input`, is taken out.
    ///
    /// ```
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let sender = chronicle_entity::hook::Sender::new();
    /// let payload = sender.read(br#"{"event": "Stop", "input": {"session_id": "s-1"}}"#)?;
    /// assert_eq!(payload.hook_name(), "Stop");
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// When it is not JSON, no object, or does not name its hook.
    pub fn read(&self, bytes: &[u8]) -> Result<Payload, PayloadError> {
        let text = std::str::from_utf8(bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes))
            .map_err(|error| PayloadError::NotUtf8(error.valid_up_to()))?;
        serde_json::from_str(text)
            .map(|document| (document, None))
            .or_else(|error| {
                // Half of a character, cut off where a text was too long, is no reason to lose an event.
                surrogates::mark(text)
                    .and_then(|(text, mark)| Some((serde_json::from_str(&text).ok()?, Some(mark))))
                    .ok_or_else(|| PayloadError::NotJson(error.to_string()))
            })
            .and_then(|(document, mark)| Payload::of(document, mark, self))
    }

    /// As [`read`](Self::read), of a document.
    ///
    /// ```
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let document = serde_json::json!({ "session_id": "s-1", "hook_event_name": "Stop" });
    /// let payload = chronicle_entity::hook::Sender::new().read_json(document)?;
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// As [`read`](Self::read).
    pub fn read_json(&self, document: JsonValue) -> Result<Payload, PayloadError> {
        Payload::of(document, None, self)
    }
}

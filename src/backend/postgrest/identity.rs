//! [`Identity`]: whom a key or a token stands for.

use base64::Engine as _;
use serde_json::{Map, Value};

/// The role of requests without a token, and of tokens that name none. A server may call it
/// otherwise; only that it is the same one matters here.
pub(crate) const ANONYMOUS: &str = "anon";

/// Whom requests are made as: the claims of a token, read without a look at its signature, which is
/// the server's business.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Identity {
    /// The user (`sub`).
    pub(crate) subject: Option<String>,
    pub(crate) role: String,
}

impl std::fmt::Display for Identity {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(&self.role)?;
        match &self.subject {
            Some(subject) => write!(formatter, " {subject}"),
            None => Ok(()),
        }
    }
}

impl Identity {
    pub(super) fn of_role(role: &str) -> Self {
        Self { subject: None, role: role.to_owned() }
    }

    pub(super) fn of_token(token: &str) -> Self {
        let claims: Map<String, Value> = token
            .split('.')
            .nth(1)
            .map(|part| part.trim_end_matches('='))
            .and_then(|part| base64::prelude::BASE64_URL_SAFE_NO_PAD.decode(part).ok())
            .and_then(|bytes| serde_json::from_slice(&bytes).ok())
            .unwrap_or_default();
        let claim = |name: &str| claims.get(name)?.as_str().map(str::to_owned);
        Self { subject: claim("sub"), role: claim("role").unwrap_or_else(|| ANONYMOUS.to_owned()) }
    }
}

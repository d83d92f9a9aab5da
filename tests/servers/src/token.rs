//! JSON web tokens as PostgREST reads them.

use std::time::{Duration, SystemTime};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Map, Value};
use sha2::Sha256;

/// The secret that every [`Postgrest`](crate::Postgrest) of this crate checks tokens against. It protects nothing.
pub const JWT_SECRET: &str = "chronicle-tests-share-this-secret-of-more-than-32-characters";

/// A JSON web token (HS256, RFC 7519) with the claims that PostgREST and Supabase look at.
///
/// ```
/// use chronicle_test_servers::Token;
/// use std::time::Duration;
///
/// let expired = Token::new("authenticated").subject("a-user").expired_since(Duration::from_secs(60)).sign();
/// assert_eq!(expired.split('.').count(), 3);
/// ```
#[derive(Debug, Clone)]
pub struct Token {
    claims: Map<String, Value>,
}

impl Token {
    /// A token for a database role, without an expiry.
    #[must_use]
    pub fn new(role: &str) -> Self {
        Self { claims: Map::new() }.claim("role", role)
    }

    /// Sets `sub`, the user's id.
    #[must_use]
    pub fn subject(self, subject: &str) -> Self {
        self.claim("sub", subject)
    }

    /// Sets `exp` to a time from now.
    #[must_use]
    pub fn expires_in(self, time: Duration) -> Self {
        let expiry = seconds_since_epoch().saturating_add(time.as_secs());
        self.claim("exp", expiry)
    }

    /// Sets `exp` to a time ago. PostgREST allows 30 seconds of clock skew, so less than that is not expired.
    #[must_use]
    pub fn expired_since(self, time: Duration) -> Self {
        let expiry = seconds_since_epoch().saturating_sub(time.as_secs());
        self.claim("exp", expiry)
    }

    /// Sets any claim.
    #[must_use]
    pub fn claim(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.claims.insert(name.to_owned(), value.into());
        self
    }

    /// Signs it with [`JWT_SECRET`].
    #[must_use]
    pub fn sign(&self) -> String {
        self.sign_with(JWT_SECRET)
    }

    /// Signs it with another secret, to make one that the server refuses.
    #[must_use]
    #[allow(
        clippy::expect_used,
        clippy::missing_panics_doc,
        reason = "HMAC takes keys of any length: RFC 2104, section 2"
    )]
    pub fn sign_with(&self, secret: &str) -> String {
        let header = URL_SAFE_NO_PAD.encode(r#"{"alg":"HS256","typ":"JWT"}"#);
        let claims = URL_SAFE_NO_PAD.encode(Value::Object(self.claims.clone()).to_string());
        let signed = format!("{header}.{claims}");
        let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes())
            .expect("HMAC takes keys of any length");
        mac.update(signed.as_bytes());
        format!("{signed}.{}", URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes()))
    }
}

fn seconds_since_epoch() -> u64 {
    SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

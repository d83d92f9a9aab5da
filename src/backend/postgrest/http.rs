//! [`Http`]: the HTTP client, made when the first request leaves.
//!
//! Making it reads the system's certificates, which takes milliseconds: too long for a process that
//! only writes to its file.

use crate::{Error, ErrorKind, Result};
use reqwest::header::HeaderValue;
use reqwest::redirect;
use std::sync::OnceLock;
use std::time::Duration;

/// Idle connections are closed before PostgREST closes them, which it does after 30 s.
const POOL_IDLE: Duration = Duration::from_secs(25);

pub(super) struct Http {
    user_agent: HeaderValue,
    connect_timeout: Duration,
    request_timeout: Duration,
    /// Whether the address is one of TLS, which needs certificates.
    is_secure: bool,
    client: OnceLock<reqwest::Client>,
}

impl Http {
    pub(super) fn new(
        address: &str,
        user_agent: &str,
        connect_timeout: Duration,
        request_timeout: Duration,
    ) -> Result<Self> {
        let user_agent = HeaderValue::from_str(user_agent)
            .map_err(|_| Error::invalid("the user agent makes no HTTP header"))?;
        let is_secure = address.starts_with("https:");
        let client = OnceLock::new();
        Ok(Self { user_agent, connect_timeout, request_timeout, is_secure, client })
    }

    /// The client, which is tried to be made each time until it can be.
    pub(super) fn client(&self) -> Result<&reqwest::Client> {
        if let Some(client) = self.client.get() {
            return Ok(client);
        }
        let client = match self.builder().build() {
            // A proxy for plain HTTP may have wanted the certificates; without them it says so itself.
            Err(_) if !self.is_secure => self.builder().tls_certs_only([]).build(),
            client => client,
        };
        let client = client.map_err(|error| {
            Error::new(
                ErrorKind::Unavailable,
                format!("the HTTP client cannot be made: {}", reasons(&error)),
            )
            .with_hint("`https` needs the certificates of the system (`ca-certificates`), and files that may be opened")
        })?;
        Ok(self.client.get_or_init(|| client))
    }

    fn builder(&self) -> reqwest::ClientBuilder {
        let client = reqwest::Client::builder()
            .user_agent(self.user_agent.clone())
            .connect_timeout(self.connect_timeout)
            .timeout(self.request_timeout)
            .pool_idle_timeout(POOL_IDLE)
            .redirect(redirect::Policy::none());
        #[cfg(any(target_os = "android", target_os = "fuchsia", target_os = "linux"))]
        let client = client.tcp_user_timeout(self.request_timeout);
        client
    }
}

/// Why, down to the first cause. Nothing of a request is in it: there is none yet.
fn reasons(error: &reqwest::Error) -> String {
    let mut source = std::error::Error::source(error);
    let mut reasons = Vec::new();
    while let Some(cause) = source {
        reasons.push(cause.to_string());
        source = cause.source();
    }
    reasons.dedup();
    if reasons.is_empty() { error.to_string() } else { reasons.join(": ") }
}

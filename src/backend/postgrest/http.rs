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
    client: OnceLock<reqwest::Client>,
}

impl Http {
    pub(super) fn new(
        user_agent: &str,
        connect_timeout: Duration,
        request_timeout: Duration,
    ) -> Result<Self> {
        let user_agent = HeaderValue::from_str(user_agent)
            .map_err(|_| Error::invalid("the user agent makes no HTTP header"))?;
        Ok(Self { user_agent, connect_timeout, request_timeout, client: OnceLock::new() })
    }

    pub(super) fn client(&self) -> Result<&reqwest::Client> {
        if let Some(client) = self.client.get() {
            return Ok(client);
        }
        let client = reqwest::Client::builder()
            .user_agent(self.user_agent.clone())
            .connect_timeout(self.connect_timeout)
            .timeout(self.request_timeout)
            .pool_idle_timeout(POOL_IDLE)
            .redirect(redirect::Policy::none());
        #[cfg(any(target_os = "android", target_os = "fuchsia", target_os = "linux"))]
        let client = client.tcp_user_timeout(self.request_timeout);
        let client = client.build().map_err(|_| {
            Error::new(ErrorKind::Internal, "the HTTP client cannot be made: TLS cannot be set up")
        })?;
        Ok(self.client.get_or_init(|| client))
    }
}

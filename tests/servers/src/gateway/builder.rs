//! How a gateway is configured and started.

use std::net::SocketAddr;
use std::sync::Arc;
use std::thread;

use tokio::sync::mpsc;

use super::access::Access;
use super::state::State;
use super::upstream::Upstream;
use super::{Gateway, listening};
use crate::{Error, Result, port};

/// Configures and starts a [`Gateway`]. By default it serves at `/` and wants no key.
#[derive(Debug, Clone)]
pub struct GatewayBuilder {
    upstream: String,
    prefix: String,
    access: Access,
}

impl GatewayBuilder {
    pub(super) fn new(upstream: &str) -> Self {
        Self { upstream: upstream.to_owned(), prefix: String::new(), access: Access::default() }
    }

    /// The path to serve at, such as `/rest/v1`; it is cut off before a request is forwarded. Other paths are answered with
    /// 404.
    #[must_use]
    pub fn prefix(mut self, prefix: &str) -> Self {
        prefix.trim_end_matches('/').clone_into(&mut self.prefix);
        self
    }

    /// Answers requests without the header `apikey` with 401, and those with a key that is neither a JSON web token nor
    /// one of the opaque keys. A bearer in `Authorization` must be a JSON web token then.
    #[must_use]
    pub fn require_api_key(mut self) -> Self {
        self.access.required = true;
        self
    }

    /// Takes `key` in the header `apikey`, and puts `jwt` into `Authorization` for it when the request has none.
    #[must_use]
    pub fn opaque_key(mut self, key: &str, jwt: &str) -> Self {
        self.access.opaque.insert(key.to_owned(), jwt.to_owned());
        self
    }

    /// Starts it.
    ///
    /// # Errors
    /// When the address of the upstream server is not `http://IP:PORT`, or no port is free.
    pub async fn start(self) -> Result<Gateway> {
        let address = self
            .upstream
            .strip_prefix("http://")
            .and_then(|rest| rest.trim_end_matches('/').parse().ok());
        let address: SocketAddr = address.ok_or_else(|| {
            Error::Invalid(format!(
                "the gateway forwards to http://IP:PORT, and {} is not such a URL",
                self.upstream
            ))
        })?;
        let upstream = Upstream { address, prefix: self.prefix.clone(), access: self.access };
        let state = Arc::new(State::default());

        let listener = port::listener()?;
        listener
            .set_nonblocking(true)
            .map_err(Error::io("make the gateway's listener asynchronous"))?;
        let port = listener.local_addr().map_err(Error::io("read the gateway's address"))?.port();
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(Error::io("start the gateway's runtime"))?;
        let (sender, commands) = mpsc::unbounded_channel();
        let shared = Arc::clone(&state);
        let thread = thread::Builder::new()
            .name("gateway".to_owned())
            .spawn(move || {
                runtime.block_on(listening::run(listener, Arc::new(upstream), shared, commands));
            })
            .map_err(Error::io("start the gateway's thread"))?;
        Ok(Gateway {
            port,
            prefix: self.prefix,
            state,
            commands: Some(sender),
            thread: Some(thread),
        })
    }
}

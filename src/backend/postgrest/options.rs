//! [`PostgrestOptions`]: where a server is and how it is asked.

use super::client::{Client, LONGEST_TIME};
use super::http::Http;
use super::key::Key;
use super::token::{Credentials, TokenSource};
use super::{Postgrest, select};
use crate::backend::changes;
use crate::{Error, Result};
use reqwest::Url;
use std::fmt;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::sync::Semaphore;

/// Where a PostgREST server is, and how it is asked.
///
/// ```
/// # fn main() -> chronicle::Result<()> {
/// use chronicle::postgrest::{Key, PostgrestOptions};
/// use std::time::Duration;
///
/// let postgrest = PostgrestOptions::new("https://project.supabase.co/rest/v1", Key::new("sb_secret_x"))
///     .schema("public")
///     .timeouts(Duration::from_secs(1), Duration::from_secs(5))
///     .connect()?;
/// # Ok(()) }
/// ```
#[derive(Clone)]
#[must_use = "options do nothing until `connect()`"]
pub struct PostgrestOptions {
    address: String,
    key: Key,
    key_source: Option<Arc<dyn TokenSource>>,
    token_source: Option<Arc<dyn TokenSource>>,
    schema: Option<String>,
    connect_timeout: Duration,
    request_timeout: Duration,
    deadline: Duration,
    attempts: u32,
    #[cfg(feature = "sqlite")]
    is_for_one: bool,
    page_size: u64,
    max_in_flight: usize,
    probe_table: Option<String>,
    watch_interval: Duration,
    user_agent: String,
}

impl fmt::Debug for PostgrestOptions {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The address is not checked yet, and may hold a password.
        formatter
            .debug_struct("PostgrestOptions")
            .field("key", &self.key)
            .field("schema", &self.schema)
            .field("connect_timeout", &self.connect_timeout)
            .field("request_timeout", &self.request_timeout)
            .field("deadline", &self.deadline)
            .field("attempts", &self.attempts)
            .field("page_size", &self.page_size)
            .field("max_in_flight", &self.max_in_flight)
            .field("probe_table", &self.probe_table)
            .field("watch_interval", &self.watch_interval)
            .finish_non_exhaustive()
    }
}

impl PostgrestOptions {
    /// The address, in the one form that all its spellings have, with the schema; and whom the key
    /// stands for: what a file is bound to.
    #[cfg(feature = "sqlite")]
    pub(crate) fn binding(&self) -> (String, String) {
        // An address that is none fails when it is connected to.
        let address = check_address(&self.address).unwrap_or_else(|_| self.address.clone());
        let schema = self.schema.as_deref().unwrap_or("the default schema");
        (format!("{address} ({schema})"), self.key.identity().to_string())
    }

    /// How often a watched query is asked again.
    #[cfg(feature = "sqlite")]
    pub(crate) const fn interval(&self) -> Duration {
        self.watch_interval
    }

    /// Whether a source says whom requests speak for, and not before it is asked.
    #[cfg(feature = "sqlite")]
    pub(crate) const fn has_source(&self) -> bool {
        self.token_source.is_some() || self.key_source.is_some()
    }

    /// All requests are made as one and the same user, or not at all.
    #[cfg(feature = "sqlite")]
    pub(crate) const fn for_one(mut self) -> Self {
        self.is_for_one = true;
        self
    }

    /// The server at an address, asked with a key.
    ///
    /// The address is the one below which the tables are: `https://project.supabase.co/rest/v1` on
    /// Supabase, `http://localhost:3000` for a PostgREST of your own.
    ///
    /// ```
    /// use chronicle::postgrest::{Key, PostgrestOptions};
    ///
    /// let options = PostgrestOptions::new("http://localhost:3000", Key::none());
    /// ```
    pub fn new(address: impl Into<String>, key: Key) -> Self {
        Self {
            address: address.into(),
            key,
            key_source: None,
            token_source: None,
            schema: None,
            connect_timeout: Duration::from_secs(2),
            request_timeout: Duration::from_secs(10),
            deadline: Duration::from_secs(30),
            attempts: 3,
            #[cfg(feature = "sqlite")]
            is_for_one: false,
            page_size: select::PAGE_SIZE,
            max_in_flight: 8,
            probe_table: None,
            watch_interval: changes::INTERVAL,
            user_agent: concat!("chronicle/", env!("CARGO_PKG_VERSION")).to_owned(),
        }
    }

    /// Where the token of the signed-in user comes from. Without a source, requests are the key's
    /// own; with one, they are never that.
    ///
    /// ```
    /// # use chronicle::postgrest::{Key, PostgrestOptions};
    /// # fn options() -> PostgrestOptions {
    /// PostgrestOptions::new("https://project.supabase.co/rest/v1", Key::new("sb_secret_x"))
    ///     .token_source(|_refused: Option<String>| async { Ok(Some("the user's token".to_owned())) })
    /// # }
    /// ```
    pub fn token_source(mut self, source: impl TokenSource) -> Self {
        self.token_source = Some(Arc::new(source));
        self
    }

    /// Where the key comes from, in place of the one that the options were made with: for a key that
    /// takes long to get, such as one that a program prints. The source gives the text that
    /// [`Key::new`] takes; it is asked when the first request is to be sent, and once more with a key
    /// that the server refused as expired or wrong.
    ///
    /// A [failover store](crate::failover) is opened, and with
    /// [`LocalFirst`](crate::failover::WriteMode::LocalFirst) written to, without it being asked. Whom
    /// the key stands for is compared with the file before anything is sent.
    ///
    /// ```
    /// # fn main() -> chronicle::Result<()> {
    /// use chronicle::postgrest::{Key, PostgrestOptions};
    ///
    /// let postgrest = PostgrestOptions::new("https://project.supabase.co/rest/v1", Key::none())
    ///     .key_source(|_refused: Option<String>| async { Ok(Some("sb_secret_x".to_owned())) })
    ///     .connect()?;
    /// # Ok(()) }
    /// ```
    pub fn key_source(mut self, source: impl TokenSource) -> Self {
        self.key_source = Some(Arc::new(source));
        self
    }

    /// The schema of tables whose entity names none. Default: the first that the server exposes.
    ///
    /// ```
    /// # use chronicle::postgrest::{Key, PostgrestOptions};
    /// # fn options() -> PostgrestOptions {
    /// PostgrestOptions::new("https://project.supabase.co/rest/v1", Key::new("sb_secret_x"))
    ///     .schema("shop")
    /// # }
    /// ```
    pub fn schema(mut self, schema: impl Into<String>) -> Self {
        self.schema = Some(schema.into());
        self
    }

    /// How long connecting may take (default 2 s), and how long one request may take in all
    /// (default 10 s). More than a day is taken as a day.
    ///
    /// ```
    /// # use chronicle::postgrest::{Key, PostgrestOptions};
    /// use std::time::Duration;
    ///
    /// # fn options() -> PostgrestOptions {
    /// PostgrestOptions::new("https://project.supabase.co/rest/v1", Key::new("sb_secret_x"))
    ///     .timeouts(Duration::from_secs(1), Duration::from_secs(5))
    /// # }
    /// ```
    pub const fn timeouts(mut self, connect: Duration, request: Duration) -> Self {
        self.connect_timeout = connect;
        self.request_timeout = request;
        self
    }

    /// How long a request may take with all its attempts and the waits between them. Default: 30 s.
    /// More than a day is taken as a day.
    ///
    /// ```
    /// # use chronicle::postgrest::{Key, PostgrestOptions};
    /// # fn options() -> PostgrestOptions {
    /// PostgrestOptions::new("https://project.supabase.co/rest/v1", Key::new("sb_secret_x"))
    ///     .deadline(std::time::Duration::from_secs(15))
    /// # }
    /// ```
    pub const fn deadline(mut self, deadline: Duration) -> Self {
        self.deadline = deadline;
        self
    }

    /// How often a request is sent at most, while that is safe and may help; 1 sends nothing again.
    /// Default: 3. The waits are random, up to 1 s and then 2 s, and no shorter than the server's
    /// `Retry-After`.
    ///
    /// ```
    /// # use chronicle::postgrest::{Key, PostgrestOptions};
    /// # fn options() -> PostgrestOptions {
    /// PostgrestOptions::new("https://project.supabase.co/rest/v1", Key::new("sb_secret_x"))
    ///     .attempts(1)
    /// # }
    /// ```
    pub const fn attempts(mut self, attempts: u32) -> Self {
        self.attempts = attempts;
        self
    }

    /// Rows per request of a long read. Default: 1,000. A server that gives fewer is no problem.
    ///
    /// ```
    /// # use chronicle::postgrest::{Key, PostgrestOptions};
    /// # fn options() -> PostgrestOptions {
    /// PostgrestOptions::new("https://project.supabase.co/rest/v1", Key::new("sb_secret_x"))
    ///     .page_size(500)
    /// # }
    /// ```
    pub const fn page_size(mut self, rows: u64) -> Self {
        self.page_size = rows;
        self
    }

    /// Requests under way at once; further ones wait. Default: 8. A server has few connections to
    /// its database, 10 by default, which all its clients share.
    ///
    /// ```
    /// # use chronicle::postgrest::{Key, PostgrestOptions};
    /// # fn options() -> PostgrestOptions {
    /// PostgrestOptions::new("https://project.supabase.co/rest/v1", Key::new("sb_secret_x"))
    ///     .max_in_flight(2)
    /// # }
    /// ```
    pub const fn max_in_flight(mut self, requests: usize) -> Self {
        self.max_in_flight = requests;
        self
    }

    /// The table that [`health`](crate::Backend::health) asks for. Default: the table of the last
    /// operation.
    ///
    /// ```
    /// # use chronicle::postgrest::{Key, PostgrestOptions};
    /// # fn options() -> PostgrestOptions {
    /// PostgrestOptions::new("https://project.supabase.co/rest/v1", Key::new("sb_secret_x"))
    ///     .probe_table("orders")
    /// # }
    /// ```
    pub fn probe_table(mut self, table: impl Into<String>) -> Self {
        self.probe_table = Some(table.into());
        self
    }

    /// How often a [watched](crate::Find::watch) query is asked again, since the server tells of no change.
    /// Default: 5 s.
    ///
    /// ```
    /// # use chronicle::postgrest::{Key, PostgrestOptions};
    /// # fn options() -> PostgrestOptions {
    /// PostgrestOptions::new("https://project.supabase.co/rest/v1", Key::new("sb_secret_x"))
    ///     .watch_interval(std::time::Duration::from_secs(30))
    /// # }
    /// ```
    pub const fn watch_interval(mut self, interval: Duration) -> Self {
        self.watch_interval = interval;
        self
    }

    /// The `User-Agent`. Default: `chronicle/` and its version. Supabase refuses secret keys from
    /// what looks like a browser.
    ///
    /// ```
    /// # use chronicle::postgrest::{Key, PostgrestOptions};
    /// # fn options() -> PostgrestOptions {
    /// PostgrestOptions::new("https://project.supabase.co/rest/v1", Key::new("sb_secret_x"))
    ///     .user_agent("shop/1.4")
    /// # }
    /// ```
    pub fn user_agent(mut self, user_agent: impl Into<String>) -> Self {
        self.user_agent = user_agent.into();
        self
    }

    /// Checks the options. No request is sent: [`health`](crate::Backend::health) does that.
    ///
    /// ```
    /// use chronicle::ErrorKind;
    /// use chronicle::postgrest::{Key, PostgrestOptions};
    ///
    /// let options = PostgrestOptions::new("ftp://localhost", Key::none());
    /// assert_eq!(options.connect().unwrap_err().kind(), ErrorKind::InvalidInput);
    /// ```
    ///
    /// # Errors
    /// `InvalidInput` for an address that is no `http` or `https` URL or holds a password, query or
    /// fragment, for a key that no header can hold, and for numbers that are zero.
    pub fn connect(self) -> Result<Postgrest> {
        let address = check_address(&self.address)?;
        for (name, is_zero) in [
            ("attempts", self.attempts == 0),
            ("page_size", self.page_size == 0),
            ("max_in_flight", self.max_in_flight == 0),
            ("deadline", self.deadline.is_zero()),
            ("watch_interval", self.watch_interval.is_zero()),
        ] {
            if is_zero {
                return Err(Error::invalid(format!("`{name}` must not be 0")));
            }
        }
        let connect_timeout = self.connect_timeout.min(LONGEST_TIME);
        let request_timeout = self.request_timeout.min(LONGEST_TIME);
        Ok(Postgrest::of(
            Client {
                http: Http::new(&address, &self.user_agent, connect_timeout, request_timeout)?,
                address,
                schema: self.schema,
                credentials: Credentials::new(
                    &self.key,
                    self.key_source,
                    self.token_source,
                    request_timeout,
                    #[cfg(feature = "sqlite")]
                    self.is_for_one,
                )?,
                slots: Semaphore::new(self.max_in_flight.min(Semaphore::MAX_PERMITS)),
                attempts: self.attempts,
                request_timeout,
                deadline: self.deadline.min(LONGEST_TIME),
                server: Mutex::new(None),
            },
            self.page_size,
            self.probe_table,
            self.watch_interval,
        ))
    }
}

/// The address as it is asked: with the host in lower case, and without a default port, `.` segments
/// and slashes at its end.
fn check_address(text: &str) -> Result<String> {
    let invalid = |why: &str| Err(Error::invalid(format!("the PostgREST address {why}")));
    let Ok(url) = Url::parse(text.trim()) else {
        return invalid("is no URL: it looks like `https://project.supabase.co/rest/v1`");
    };
    if !matches!(url.scheme(), "http" | "https") || !url.has_host() {
        return invalid("must start with `https://` or `http://`");
    }
    if !url.username().is_empty() || url.password().is_some() {
        return invalid("holds a user or password: give the key apart from it");
    }
    if url.query().is_some() || url.fragment().is_some() {
        return invalid("must have no `?` or `#`: give the key apart from it");
    }
    Ok(url.as_str().trim_end_matches('/').to_owned())
}

//! [`Request`]: what PostgREST is asked, without address and credentials.

use bytes::Bytes;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use std::fmt;

/// What may stand in a query as it is. Of the reserved characters, those that filters are full of
/// and that no server, proxy or URL parser treats specially there.
const QUERY: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~')
    .remove(b',')
    .remove(b'(')
    .remove(b')')
    .remove(b':')
    .remove(b'*');

const PATH: &AsciiSet =
    &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~').remove(b'/');

/// An HTTP method that PostgREST is asked with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Method {
    Get,
    Post,
    Patch,
    Delete,
}

impl Method {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
            Self::Patch => "PATCH",
            Self::Delete => "DELETE",
        }
    }
}

/// A request to PostgREST: method, path, parameters, headers and body, without the server's
/// address and without any key.
///
/// Its `Display` form is meant for people and for snapshot tests: the first line holds method, path
/// and parameters without percent-encoding, a line follows for each header, then the body.
/// [`url_path`](Self::url_path) is what is sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    method: Method,
    path: String,
    parameters: Vec<(String, String)>,
    headers: Vec<(&'static str, String)>,
    body: Option<Bytes>,
}

impl Request {
    pub(crate) fn new(method: Method, path: impl Into<String>) -> Self {
        Self { method, path: path.into(), parameters: Vec::new(), headers: Vec::new(), body: None }
    }

    pub(crate) fn parameter(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.parameters.push((name.into(), value.into()));
        self
    }

    pub(crate) fn with_parameters(
        mut self,
        parameters: impl IntoIterator<Item = (String, String)>,
    ) -> Self {
        self.parameters.extend(parameters);
        self
    }

    pub(crate) fn prefer(mut self, preferences: &str) -> Self {
        self.headers.push(("Prefer", preferences.to_owned()));
        self
    }

    /// Names the schema, where one is given: the first that the server exposes otherwise.
    pub(crate) fn schema(mut self, schema: Option<&str>) -> Self {
        if let Some(schema) = schema {
            let name = match self.method {
                Method::Get => "Accept-Profile",
                Method::Post | Method::Patch | Method::Delete => "Content-Profile",
            };
            self.headers.push((name, schema.to_owned()));
        }
        self
    }

    pub(crate) fn with_body(mut self, body: impl Into<Bytes>) -> Self {
        self.body = Some(body.into());
        self
    }

    pub(crate) fn take_body(&mut self) -> Option<Bytes> {
        self.body.take()
    }

    pub(crate) fn verb(&self) -> Method {
        self.method
    }

    /// The HTTP method: `GET`, `POST`, `PATCH` or `DELETE`.
    ///
    /// ```
    /// use chronicle::Query;
    /// use chronicle_entity::{Sessions, session};
    ///
    /// # fn main() -> chronicle::Result<()> {
    /// let query = Query::<session::Model>::new().order_by(Sessions::ID.asc()).limit(10);
    /// assert_eq!(query.to_request()?.method(), "GET");
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn method(&self) -> &'static str {
        self.method.name()
    }

    /// The path below the server's address, with its leading slash and not encoded: `/events`.
    ///
    /// ```
    /// use chronicle::Query;
    /// use chronicle_entity::{Sessions, session};
    ///
    /// # fn main() -> chronicle::Result<()> {
    /// let query = Query::<session::Model>::new().order_by(Sessions::ID.asc()).limit(10);
    /// assert_eq!(query.to_request()?.path(), "/sessions");
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn path(&self) -> &str {
        &self.path
    }

    /// The parameters in the order in which they are sent, not encoded. One name may stand several
    /// times.
    ///
    /// ```
    /// use chronicle::Query;
    /// use chronicle_entity::{Sessions, session};
    ///
    /// # fn main() -> chronicle::Result<()> {
    /// let query = Query::<session::Model>::new().order_by(Sessions::ID.asc()).limit(10);
    /// let request = query.to_request()?;
    /// assert!(request.parameters().contains(&("limit".to_owned(), "10".to_owned())));
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn parameters(&self) -> &[(String, String)] {
        &self.parameters
    }

    /// The headers that belong to the request itself: `Prefer` and the schema's profile.
    ///
    /// ```
    /// use chronicle::Query;
    /// use chronicle_entity::{Sessions, session};
    ///
    /// # fn main() -> chronicle::Result<()> {
    /// let query = Query::<session::Model>::new().order_by(Sessions::ID.asc()).limit(10);
    /// assert!(query.to_request()?.headers().iter().all(|(name, _)| *name != "Authorization"));
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn headers(&self) -> &[(&'static str, String)] {
        &self.headers
    }

    /// The body, JSON, of a write.
    ///
    /// ```
    /// use chronicle::Query;
    /// use chronicle_entity::{Sessions, session};
    ///
    /// # fn main() -> chronicle::Result<()> {
    /// let query = Query::<session::Model>::new().order_by(Sessions::ID.asc()).limit(10);
    /// assert_eq!(query.to_request()?.body(), None);
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn body(&self) -> Option<&[u8]> {
        self.body.as_deref()
    }

    /// Path and query as they are sent below the server's address, percent-encoded.
    ///
    /// ```
    /// use chronicle::Query;
    /// use chronicle_entity::{Sessions, session};
    ///
    /// # fn main() -> chronicle::Result<()> {
    /// let query = Query::<session::Model>::new().order_by(Sessions::ID.asc()).limit(10);
    /// assert!(query.to_request()?.url_path().ends_with("&order=id.asc&limit=10"));
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn url_path(&self) -> String {
        let mut text = utf8_percent_encode(&self.path, PATH).to_string();
        for (at, (name, value)) in self.parameters.iter().enumerate() {
            text.push(if at == 0 { '?' } else { '&' });
            text.extend(utf8_percent_encode(name, QUERY));
            text.push('=');
            text.extend(utf8_percent_encode(value, QUERY));
        }
        text
    }
}

impl fmt::Display for Request {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} {}", self.method.name(), self.path)?;
        for (at, (name, value)) in self.parameters.iter().enumerate() {
            let separator = if at == 0 { '?' } else { '&' };
            write!(formatter, "{separator}{name}={value}")?;
        }
        for (name, value) in &self.headers {
            write!(formatter, "\n{name}: {value}")?;
        }
        if let Some(body) = &self.body {
            write!(formatter, "\n{}", String::from_utf8_lossy(body))?;
        }
        Ok(())
    }
}

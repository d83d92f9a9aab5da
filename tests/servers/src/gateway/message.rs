//! Requests and answers.

/// How many bytes of a request's body are recorded.
pub const RECORDED_BODY_LIMIT: usize = 64 * 1024;

/// Header names and values in their order.
pub(super) type Headers = Vec<(String, String)>;

/// A request that arrived at a gateway.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// Such as `POST`.
    pub method: String,
    /// The path with its query, as the client sent it.
    pub path: String,
    /// Names and values in their order; names as the client wrote them.
    pub headers: Vec<(String, String)>,
    /// The length of the body, in bytes.
    pub body_length: usize,
    /// The body, up to [`RECORDED_BODY_LIMIT`].
    pub body: Vec<u8>,
    /// The number of the connection it came on, from 1.
    pub connection: u64,
}

impl Request {
    /// The first header of a name, in any case.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        find(&self.headers, name)
    }

    /// A copy with a body of bounded length.
    pub(super) fn to_record(&self) -> Self {
        let body = self.body[..self.body.len().min(RECORDED_BODY_LIMIT)].to_vec();
        Self {
            method: self.method.clone(),
            path: self.path.clone(),
            headers: self.headers.clone(),
            body_length: self.body_length,
            body,
            connection: self.connection,
        }
    }
}

/// An answer for [`Fault::respond`](super::Fault::respond).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Response {
    pub(super) status: u16,
    pub(super) headers: Headers,
    pub(super) body: Vec<u8>,
}

impl Response {
    /// An answer without a body.
    #[must_use]
    pub fn new(status: u16) -> Self {
        Self { status, headers: Vec::new(), body: Vec::new() }
    }

    /// Adds a header. `Content-Length` comes by itself.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Sets a body of a type.
    #[must_use]
    pub fn body(mut self, content_type: &str, body: impl Into<Vec<u8>>) -> Self {
        self.body = body.into();
        self.header("Content-Type", content_type)
    }

    /// Sets a JSON body, given as text.
    #[must_use]
    pub fn json(self, body: &str) -> Self {
        self.body("application/json; charset=utf-8", body)
    }

    /// Sets an HTML body.
    #[must_use]
    pub fn html(self, body: &str) -> Self {
        self.body("text/html; charset=utf-8", body)
    }

    /// Whether an answer of this status has no body, whatever its headers say (RFC 9112, section 6.3).
    pub(super) fn has_no_body(status: u16, method: &str) -> bool {
        method == "HEAD" || status == 204 || status == 304 || (100..200).contains(&status)
    }
}

/// The first header of a name, in any case.
pub(super) fn find<'a>(headers: &'a Headers, name: &str) -> Option<&'a str> {
    headers.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
}

/// Whether a header is about one connection, or about the framing of a body, and so is not passed on.
pub(super) fn is_of_the_connection(name: &str) -> bool {
    const NAMES: [&str; 8] = [
        "connection",
        "keep-alive",
        "proxy-connection",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
        "content-length",
    ];
    NAMES.iter().any(|known| name.eq_ignore_ascii_case(known))
}

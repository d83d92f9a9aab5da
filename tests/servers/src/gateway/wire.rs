//! HTTP/1.1 on a TCP connection (RFC 9112): heads, and bodies by length, in chunks, or until the connection closes.

use std::io::{self, ErrorKind};
use std::net::SocketAddr;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::message::{Headers, Request, Response, find, is_of_the_connection};

const LONGEST_HEAD: usize = 256 * 1024;
const MOST_HEADERS: usize = 128;

/// A connection with the bytes that were read from it and not yet used.
#[derive(Debug)]
pub(super) struct Wire {
    stream: TcpStream,
    buffer: Vec<u8>,
}

enum Framing {
    Length(usize),
    Chunked,
    UntilClosed,
}

impl Wire {
    pub(super) fn new(stream: TcpStream) -> io::Result<Self> {
        stream.set_nodelay(true)?;
        Ok(Self { stream, buffer: Vec::new() })
    }

    pub(super) async fn connect(address: SocketAddr) -> io::Result<Self> {
        Self::new(TcpStream::connect(address).await?)
    }

    /// The next request; `None` when the client closed the connection between two.
    pub(super) async fn read_request(&mut self, connection: u64) -> io::Result<Option<Request>> {
        let (method, path, headers) = loop {
            if let Some((length, head)) = parse_request(&self.buffer)? {
                self.buffer.drain(..length);
                break head;
            }
            if self.fill().await? == 0 {
                return if self.buffer.is_empty() {
                    Ok(None)
                } else {
                    Err(ErrorKind::UnexpectedEof.into())
                };
            }
        };
        if find(&headers, "expect").is_some_and(|value| value.eq_ignore_ascii_case("100-continue"))
        {
            self.stream.write_all(b"HTTP/1.1 100 Continue\r\n\r\n").await?;
        }
        let body = self.read_body(framing(&headers, Framing::Length(0))?).await?;
        Ok(Some(Request { method, path, headers, body_length: body.len(), body, connection }))
    }

    /// The answer to a request of `method`.
    pub(super) async fn read_response(&mut self, method: &str) -> io::Result<Response> {
        loop {
            let (status, headers) = loop {
                if let Some((length, head)) = parse_response(&self.buffer)? {
                    self.buffer.drain(..length);
                    break head;
                }
                if self.fill().await? == 0 {
                    return Err(ErrorKind::UnexpectedEof.into());
                }
            };
            if (100..200).contains(&status) {
                continue;
            }
            let body = if Response::has_no_body(status, method) {
                Vec::new()
            } else {
                self.read_body(framing(&headers, Framing::UntilClosed)?).await?
            };
            return Ok(Response { status, headers, body });
        }
    }

    /// Writes a request that asks for the connection to be closed after it.
    pub(super) async fn write_request(
        &mut self,
        method: &str,
        path: &str,
        headers: &Headers,
        body: &[u8],
    ) -> io::Result<()> {
        let mut head = format!("{method} {path} HTTP/1.1\r\n");
        for (name, value) in headers.iter().filter(|(name, _)| !is_of_the_connection(name)) {
            push_header(&mut head, name, value);
        }
        push_header(&mut head, "Connection", "close");
        if !body.is_empty() || matches!(method, "POST" | "PUT" | "PATCH") {
            push_header(&mut head, "Content-Length", &body.len().to_string());
        }
        self.write(head, body).await
    }

    /// Writes an answer, or only the first `limit` bytes of its body.
    pub(super) async fn write_response(
        &mut self,
        response: &Response,
        method: &str,
        limit: usize,
    ) -> io::Result<()> {
        let mut head = format!("HTTP/1.1 {} \r\n", response.status);
        for (name, value) in response.headers.iter().filter(|(name, _)| !is_of_the_connection(name))
        {
            push_header(&mut head, name, value);
        }
        if !Response::has_no_body(response.status, method) {
            push_header(&mut head, "Content-Length", &response.body.len().to_string());
            return self.write(head, &response.body[..limit.min(response.body.len())]).await;
        }
        if let Some(length) = find(&response.headers, "content-length").filter(|_| method == "HEAD")
        {
            push_header(&mut head, "Content-Length", length);
        }
        self.write(head, &[]).await
    }

    async fn write(&mut self, head: String, body: &[u8]) -> io::Result<()> {
        let mut bytes = head.into_bytes();
        bytes.extend_from_slice(b"\r\n");
        bytes.extend_from_slice(body);
        self.stream.write_all(&bytes).await?;
        self.stream.flush().await
    }

    /// Returns when the other side has closed the connection.
    pub(super) async fn closed(&mut self) {
        while !matches!(self.fill().await, Ok(0) | Err(_)) {}
    }

    /// Closes the connection in order (TCP FIN).
    pub(super) async fn close(mut self) -> io::Result<()> {
        self.stream.shutdown().await
    }

    /// Resets the connection (TCP RST).
    pub(super) fn reset(self) -> io::Result<()> {
        self.stream.set_zero_linger()
    }

    async fn fill(&mut self) -> io::Result<usize> {
        self.stream.read_buf(&mut self.buffer).await
    }

    async fn read_body(&mut self, framing: Framing) -> io::Result<Vec<u8>> {
        match framing {
            Framing::Length(length) => self.take(length).await,
            Framing::UntilClosed => {
                self.closed().await;
                Ok(std::mem::take(&mut self.buffer))
            }
            Framing::Chunked => {
                let mut body = Vec::new();
                loop {
                    let line = self.line().await?;
                    let size = line.split(';').next().unwrap_or_default().trim();
                    let size = usize::from_str_radix(size, 16)
                        .map_err(|_| malformed("the size of a chunk"))?;
                    if size == 0 {
                        // Trailers, up to an empty line.
                        while !self.line().await?.is_empty() {}
                        return Ok(body);
                    }
                    body.append(&mut self.take(size).await?);
                    self.take(2).await?;
                }
            }
        }
    }

    async fn take(&mut self, length: usize) -> io::Result<Vec<u8>> {
        while self.buffer.len() < length {
            if self.fill().await? == 0 {
                return Err(ErrorKind::UnexpectedEof.into());
            }
        }
        let rest = self.buffer.split_off(length);
        Ok(std::mem::replace(&mut self.buffer, rest))
    }

    async fn line(&mut self) -> io::Result<String> {
        loop {
            if let Some(end) = self.buffer.windows(2).position(|pair| pair == b"\r\n") {
                let line = self.take(end + 2).await?;
                return Ok(String::from_utf8_lossy(&line[..end]).into_owned());
            }
            if self.buffer.len() > LONGEST_HEAD {
                return Err(malformed("a line of a chunked body"));
            }
            if self.fill().await? == 0 {
                return Err(ErrorKind::UnexpectedEof.into());
            }
        }
    }
}

fn push_header(head: &mut String, name: &str, value: &str) {
    for part in [name, ": ", value, "\r\n"] {
        head.push_str(part);
    }
}

fn malformed(what: &str) -> io::Error {
    io::Error::new(ErrorKind::InvalidData, format!("{what} is malformed"))
}

fn framing(headers: &Headers, otherwise: Framing) -> io::Result<Framing> {
    if find(headers, "transfer-encoding")
        .is_some_and(|value| value.to_ascii_lowercase().contains("chunked"))
    {
        return Ok(Framing::Chunked);
    }
    match find(headers, "content-length") {
        None => Ok(otherwise),
        Some(length) => {
            length.trim().parse().map(Framing::Length).map_err(|_| malformed("Content-Length"))
        }
    }
}

fn owned(headers: &[httparse::Header<'_>]) -> Headers {
    let pair = |header: &httparse::Header<'_>| {
        (header.name.to_owned(), String::from_utf8_lossy(header.value).into_owned())
    };
    headers.iter().map(pair).collect()
}

type Parsed<T> = io::Result<Option<(usize, T)>>;

fn parse_request(bytes: &[u8]) -> Parsed<(String, String, Headers)> {
    let mut headers = [httparse::EMPTY_HEADER; MOST_HEADERS];
    let mut request = httparse::Request::new(&mut headers);
    let Some(length) = complete(request.parse(bytes), bytes)? else {
        return Ok(None);
    };
    let method = request.method.unwrap_or_default().to_owned();
    let path = request.path.unwrap_or_default().to_owned();
    Ok(Some((length, (method, path, owned(request.headers)))))
}

fn parse_response(bytes: &[u8]) -> Parsed<(u16, Headers)> {
    let mut headers = [httparse::EMPTY_HEADER; MOST_HEADERS];
    let mut response = httparse::Response::new(&mut headers);
    let Some(length) = complete(response.parse(bytes), bytes)? else {
        return Ok(None);
    };
    let status = response.code.unwrap_or_default();
    Ok(Some((length, (status, owned(response.headers)))))
}

fn complete(parsed: httparse::Result<usize>, bytes: &[u8]) -> io::Result<Option<usize>> {
    match parsed {
        Ok(httparse::Status::Complete(length)) => Ok(Some(length)),
        Ok(httparse::Status::Partial) if bytes.len() <= LONGEST_HEAD => Ok(None),
        Ok(httparse::Status::Partial) => Err(malformed("a head (it is too long)")),
        Err(error) => Err(malformed(&format!("a head ({error})"))),
    }
}

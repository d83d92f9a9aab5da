//! The smallest HTTP client that can ask a server whether it is ready.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::time::Duration;

/// An answer, as far as anybody here wants to know it.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    /// The `Server` header.
    pub(crate) server: Option<String>,
    pub(crate) body: String,
}

/// Asks a server on this machine; `None` when it does not answer within two seconds.
pub(crate) fn get(port: u16, path: &str, bearer: Option<&str>) -> Option<Answer> {
    let patience = Duration::from_secs(2);
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    let mut stream = TcpStream::connect_timeout(&address, patience).ok()?;
    stream.set_read_timeout(Some(patience)).ok()?;
    let authorization =
        bearer.map(|token| format!("Authorization: Bearer {token}\r\n")).unwrap_or_default();
    write!(
        stream,
        "GET {path} HTTP/1.1\r\nHost: {address}\r\n{authorization}Connection: close\r\n\r\n"
    )
    .ok()?;
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes).ok()?;
    let mut headers = [httparse::EMPTY_HEADER; 64];
    let mut response = httparse::Response::new(&mut headers);
    let httparse::Status::Complete(length) = response.parse(&bytes).ok()? else {
        return None;
    };
    let server = response.headers.iter().find(|header| header.name.eq_ignore_ascii_case("server"));
    Some(Answer {
        status: response.code?,
        server: server.map(|header| String::from_utf8_lossy(header.value).into_owned()),
        body: String::from_utf8_lossy(&bytes[length..]).into_owned(),
    })
}

//! Forwarding to the server behind the gateway.

use std::io;
use std::net::SocketAddr;

use super::access::Access;
use super::message::{Headers, Request, Response};
use super::wire::Wire;

/// The server behind the gateway, and what the gateway asks for before it forwards.
#[derive(Debug)]
pub(super) struct Upstream {
    pub(super) address: SocketAddr,
    /// The path that is served; empty for `/`.
    pub(super) prefix: String,
    pub(super) access: Access,
}

impl Upstream {
    /// The server's answer to a request, or the gateway's own when it refuses it or the server does not answer.
    pub(super) async fn answer(&self, request: &Request) -> Response {
        let Some(path) = self.path(&request.path) else {
            return Response::new(404).json(r#"{"message":"no Route matched with those values"}"#);
        };
        let headers = match self.access.check(request) {
            Ok(headers) => headers,
            Err(refusal) => return refusal,
        };
        self.forward(request, &path, headers).await.unwrap_or_else(|_| {
            Response::new(502)
                .json(r#"{"message":"An invalid response was received from the upstream server"}"#)
        })
    }

    /// The path without the prefix; `None` when it has another one.
    fn path(&self, path: &str) -> Option<String> {
        let rest = path.strip_prefix(&self.prefix)?;
        match rest.chars().next() {
            Some('/') => Some(rest.to_owned()),
            None | Some('?') => Some(format!("/{rest}")),
            Some(_) => None,
        }
    }

    async fn forward(
        &self,
        request: &Request,
        path: &str,
        mut headers: Headers,
    ) -> io::Result<Response> {
        headers.retain(|(name, _)| !name.eq_ignore_ascii_case("expect"));
        let mut wire = Wire::connect(self.address).await?;
        wire.write_request(&request.method, path, &headers, &request.body).await?;
        wire.read_response(&request.method).await
    }
}

//! What goes over the wire besides requests and rows: compression, and how much at once.
//!
//! HTTP/2 has no test here: it is agreed on in the TLS handshake (ALPN) alone, and the client takes
//! no certificate but those that the system trusts.

use crate::entry::{Entries, row};
use crate::server::Server;
use chronicle_test_servers::{Fault, Response};
use sea_orm::prelude::Uuid;
use std::time::Duration;

/// `[]`, by `gzip -9`.
const GZIP: &[u8] =
    b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\x03\x8b\x8e\x05\x00)\xbbL\r\x02\x00\x00\x00";

/// `[]`, by `brotli`.
const BROTLI: &[u8] = b"\x8b\x00\x80[]\x03";

#[tokio::test]
async fn compressed_answers_are_read() {
    let server = Server::start().await;
    server.entries().insert(row("x")).await.unwrap();
    let entries = server.entries();
    for (encoding, body) in [("gzip", GZIP), ("br", BROTLI)] {
        let answer = Response::new(200)
            .header("content-encoding", encoding)
            .header("content-range", "*/*")
            .body("application/json; charset=utf-8", body);
        server.gateway.fault(Fault::respond(answer));
        assert_eq!(entries.find().all().await.unwrap(), [], "{encoding}");
        let request = server.gateway.requests().pop().unwrap();
        let accepted = request.header("accept-encoding").unwrap();
        assert!(accepted.contains(encoding), "{accepted}");
    }
}

#[tokio::test]
async fn no_more_requests_at_once_than_the_options_say() {
    let server = Server::start().await;
    let entries = Entries::new(server.options().max_in_flight(2).connect().unwrap());
    server.gateway.fault(Fault::hold_until_released().times(6));
    let reads: Vec<_> = (0..6)
        .map(|number| {
            let entries = entries.clone();
            tokio::spawn(async move { entries.get(Uuid::from_u128(number)).await })
        })
        .collect();
    for answered in [0, 2, 4] {
        while server.gateway.held() < 2 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        // Time for a third one to arrive.
        tokio::time::sleep(Duration::from_millis(200)).await;
        assert_eq!(server.gateway.requests().len(), answered + 2);
        assert_eq!(server.gateway.release().await, 2);
    }
    for read in reads {
        assert_eq!(read.await.unwrap().unwrap(), None);
    }
}

//! What goes over the wire besides requests and rows: compression, and how much at once.
//!
//! HTTP/2 has no test here: it is agreed on in the TLS handshake (ALPN) alone, and the client takes
//! no certificate but those that the system trusts.

use crate::entry::{Entries, row};
use crate::server::Server;
use chronicle::ErrorKind;
use chronicle::postgrest::{Key, Postgrest};
use chronicle_test_servers::{Fault, Response, SECRET_KEY, until};
use sea_orm::prelude::Uuid;
use std::fs::File;
use std::process::Command;
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
        until("two are on hold", async || server.gateway.held() == 2).await;
        // Time for a third one to arrive.
        tokio::time::sleep(Duration::from_millis(200)).await;
        assert_eq!(server.gateway.requests().len(), answered + 2);
        assert_eq!(server.gateway.release().await, 2);
    }
    for read in reads {
        assert_eq!(read.await.unwrap().unwrap(), None);
    }
}

/// The address that a test gives this program, started once more for the named test.
const ADDRESS: &str = "CHRONICLE_TEST_ADDRESS";

/// This program, for one test that asks an address by itself.
fn child(test: &str, address: &str) -> Command {
    let mut command = Command::new("/bin/sh");
    command
        // So few files that all of them are soon open.
        .args(["-c", "ulimit -n 64; exec \"$@\"", "sh"])
        .arg(std::env::current_exe().unwrap())
        .args([test, "--exact", "--nocapture", "--test-threads=1"])
        .env(ADDRESS, address);
    command
}

async fn passes(mut command: Command) {
    let output = tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && text.contains("1 passed"), "{output:?}");
}

/// Elsewhere the system itself judges certificates, and has them.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn without_certificates() {
    if let Ok(address) = std::env::var(ADDRESS) {
        let plain = Postgrest::new(address, Key::new(SECRET_KEY)).unwrap();
        assert_eq!(Entries::new(plain).find().all().await.unwrap(), []);
        let safe = Postgrest::new("https://127.0.0.1:9", Key::new(SECRET_KEY)).unwrap();
        let error = Entries::new(safe).insert(row("x")).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unavailable, "{error}");
        assert!(error.message().contains("certificate"), "{error}");
        return;
    }
    let server = Server::start().await;
    let mut command = child("connection::without_certificates", &server.gateway.url());
    command.env("SSL_CERT_FILE", "/nowhere/file").env("SSL_CERT_DIR", "/nowhere");
    passes(command).await;
}

#[tokio::test]
async fn without_files_left_to_open() {
    if let Ok(address) = std::env::var(ADDRESS) {
        for address in ["https://127.0.0.1:9", address.as_str()] {
            let client = Postgrest::new(address, Key::new(SECRET_KEY)).unwrap();
            let entries = Entries::new(client);
            let open: Vec<File> = std::iter::from_fn(|| File::open("/dev/null").ok()).collect();
            let error = entries.insert(row("x")).await.unwrap_err();
            drop(open);
            assert_eq!(error.kind(), ErrorKind::Unavailable, "{error}");
            let reason = error.message().to_lowercase();
            assert!(reason.contains("open files") || reason.contains("certificate"), "{error}");
            if address.starts_with("http:") {
                entries.insert(row("x")).await.unwrap();
            }
        }
        return;
    }
    let server = Server::start().await;
    passes(child("connection::without_files_left_to_open", &server.gateway.url())).await;
    assert_eq!(server.rows().await, 1);
}

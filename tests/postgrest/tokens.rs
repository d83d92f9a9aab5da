//! Sources of tokens that have none.

use crate::entry::{Entries, row};
use crate::server::Server;
use chronicle::postgrest::{Key, PostgrestOptions, TokenSource};
use chronicle::{Error, ErrorKind};
use chronicle_test_servers::Token;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// A key that may do all; whoever is signed in may not.
fn entries(server: &Server, source: impl TokenSource) -> Entries {
    let options =
        PostgrestOptions::new(server.gateway.url(), Key::new(chronicle_test_servers::SECRET_KEY))
            .timeouts(Duration::from_millis(500), Duration::from_millis(500))
            .token_source(source);
    Entries::new(options.connect().unwrap())
}

async fn sends_nothing(server: &Server, entries: &Entries) -> Error {
    let error = entries.insert(row("x")).await.unwrap_err();
    for error in [&error, &entries.find().all().await.unwrap_err()] {
        assert_eq!(
            (error.kind(), error.code()),
            (ErrorKind::Unavailable, Some("NO_TOKEN")),
            "{error}"
        );
    }
    assert!(server.methods().is_empty());
    assert_eq!(server.rows().await, 0);
    error
}

#[tokio::test]
async fn nobody_signed_in_is_not_the_key() {
    let server = Server::start().await;
    let is_signed_in = Arc::new(AtomicBool::new(false));
    let signed_in = Arc::clone(&is_signed_in);
    let entries = entries(&server, move |_: Option<String>| {
        let signed_in = signed_in.load(Ordering::SeqCst);
        async move { Ok(signed_in.then(|| Token::new("service_role").sign())) }
    });
    let error = sends_nothing(&server, &entries).await;
    assert!(error.message().contains("signed out"), "{error}");
    // Whoever signs in later is noticed.
    is_signed_in.store(true, Ordering::SeqCst);
    entries.insert(row("x")).await.unwrap();
    assert_eq!(server.rows().await, 1);
}

#[tokio::test]
async fn signed_out_while_the_token_expires() {
    let server = Server::start().await;
    let entries = entries(&server, |refused: Option<String>| {
        let expired = Token::new("service_role").expired_since(Duration::from_secs(600)).sign();
        async move { Ok(refused.is_none().then_some(expired)) }
    });
    let error = entries.insert(row("x")).await.unwrap_err();
    assert_eq!((error.kind(), error.code()), (ErrorKind::Unavailable, Some("NO_TOKEN")), "{error}");
    assert_eq!(server.methods(), ["POST"], "the key is not tried");
}

#[tokio::test]
async fn a_source_that_fails_says_why() {
    let server = Server::start().await;
    let entries = entries(&server, |_: Option<String>| async {
        Err(Error::new(ErrorKind::Internal, "the sign-in service is down"))
    });
    let error = sends_nothing(&server, &entries).await;
    assert!(error.message().contains("the sign-in service is down"), "{error}");
}

#[tokio::test]
async fn a_source_that_hangs_takes_as_long_as_a_request_may() {
    let server = Server::start().await;
    let entries = entries(&server, |_: Option<String>| std::future::pending());
    let start = Instant::now();
    sends_nothing(&server, &entries).await;
    assert!(start.elapsed() < Duration::from_secs(5), "{:?}", start.elapsed());
}

#[tokio::test]
async fn a_source_that_panics_is_an_error() {
    let server = Server::start().await;
    let called = entries(&server, |refused: Option<String>| {
        assert!(refused.is_some(), "a mistake in the source");
        async { Ok(None) }
    });
    let polled = entries(&server, |refused: Option<String>| async move {
        assert!(refused.is_some(), "a mistake in the source");
        Ok(None)
    });
    for entries in [called, polled] {
        let error = sends_nothing(&server, &entries).await;
        assert!(error.message().contains("panicked"), "{error}");
        sends_nothing(&server, &entries).await;
    }
}

//! What requests are authorized with.

use crate::entry::{Entries, row};
use crate::server::Server;
use chronicle::ErrorKind;
use chronicle::postgrest::{Key, PostgrestOptions};
use chronicle_test_servers::{Gateway, PUBLISHABLE_KEY, SECRET_KEY, Token};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

#[tokio::test]
async fn opaque_keys_go_as_apikey_alone() {
    let server = Server::start().await;
    server.entries().insert(row("x")).await.unwrap();
    let request = server.gateway.requests().pop().unwrap();
    assert_eq!(request.header("apikey"), Some(SECRET_KEY));
    assert_eq!(request.header("authorization"), None);
    assert!(request.header("user-agent").unwrap().starts_with("chronicle/"));
}

#[tokio::test]
async fn tokens_go_as_both() {
    let server = Server::start().await;
    let token = server.postgrest.service_key();
    let options = PostgrestOptions::new(server.gateway.url(), Key::new(&*token));
    Entries::new(options.connect().unwrap()).insert(row("x")).await.unwrap();
    let request = server.gateway.requests().pop().unwrap();
    assert_eq!(request.header("apikey"), Some(&*token));
    assert_eq!(request.header("authorization"), Some(format!("Bearer {token}").as_str()));
}

#[tokio::test]
async fn servers_without_keys() {
    let server = Server::start().await;
    server.database.execute("grant select on entries to anon").await.unwrap();
    let gateway = Gateway::plain(&server.postgrest).await.unwrap();
    let options = PostgrestOptions::new(gateway.url(), Key::none());
    assert_eq!(Entries::new(options.connect().unwrap()).find().all().await.unwrap(), []);
    let request = gateway.requests().pop().unwrap();
    assert_eq!((request.header("apikey"), request.header("authorization")), (None, None));
}

#[tokio::test]
async fn an_expired_token_is_renewed_once() {
    let server = Server::start().await;
    let asked = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&asked);
    let options = PostgrestOptions::new(server.gateway.url(), Key::new(PUBLISHABLE_KEY))
        .token_source(move |refused: Option<String>| {
            count.fetch_add(1, Ordering::SeqCst);
            let token = Token::new("service_role");
            let token = match refused {
                None => token.expired_since(Duration::from_secs(600)),
                Some(_) => token.expires_in(Duration::from_secs(600)),
            };
            async move { Ok(Some(token.sign())) }
        });
    let entries = Entries::new(options.connect().unwrap());
    entries.insert(row("x")).await.unwrap();
    assert_eq!(server.methods(), ["POST", "POST"]);
    assert_eq!((asked.load(Ordering::SeqCst), server.rows().await), (2, 1));
    entries.find().limit(1).all().await.unwrap();
    assert_eq!(asked.load(Ordering::SeqCst), 2, "the token is kept");
    let request = server.gateway.requests().pop().unwrap();
    assert_eq!(request.header("apikey"), Some(PUBLISHABLE_KEY));
    assert!(request.header("authorization").is_some_and(|value| value.starts_with("Bearer ey")));
}

#[tokio::test]
async fn many_requests_renew_a_token_once() {
    let server = Server::start().await;
    let asked = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&asked);
    let options = server.options().token_source(move |refused: Option<String>| {
        count.fetch_add(1, Ordering::SeqCst);
        let token = Token::new("service_role");
        let token =
            if refused.is_none() { token.expired_since(Duration::from_secs(600)) } else { token };
        async move { Ok(Some(token.sign())) }
    });
    let entries = Entries::new(options.connect().unwrap());
    let tasks: Vec<_> = (0..20)
        .map(|number| {
            let entries = entries.clone();
            tokio::spawn(async move { entries.insert(row(number.to_string())).await.map(drop) })
        })
        .collect();
    for task in tasks {
        task.await.unwrap().unwrap();
    }
    assert_eq!((asked.load(Ordering::SeqCst), server.rows().await), (2, 20));
}

#[tokio::test]
async fn a_source_without_a_better_token_ends_it() {
    let server = Server::start().await;
    let expired = Token::new("service_role").expired_since(Duration::from_secs(600)).sign();
    let token = expired.clone();
    let options = server.options().token_source(move |_: Option<String>| {
        let token = token.clone();
        async move { Ok(Some(token)) }
    });
    let error = Entries::new(options.connect().unwrap()).find().all().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unauthenticated);
    assert!(!error.to_string().contains(&expired));
    assert_eq!(server.methods(), ["GET"]);
}

#[tokio::test]
async fn a_key_source_is_asked_by_the_first_request_and_again_when_its_key_is_refused() {
    let server = Server::start().await;
    let asked = Arc::new(std::sync::Mutex::new(Vec::new()));
    let log = Arc::clone(&asked);
    let options = PostgrestOptions::new(server.gateway.url(), Key::none()).key_source(
        move |refused: Option<String>| {
            let key = if refused.is_none() { "sb_secret_rotated" } else { SECRET_KEY };
            log.lock().unwrap().push(refused);
            async move { Ok(Some(format!("{key}\n"))) }
        },
    );
    let entries = Entries::new(options.connect().unwrap());
    assert_eq!(*asked.lock().unwrap(), []);
    entries.insert(row("x")).await.unwrap();
    assert_eq!(*asked.lock().unwrap(), [None, Some("sb_secret_rotated\n".to_owned())]);
    entries.find().limit(1).all().await.unwrap();
    assert_eq!(asked.lock().unwrap().len(), 2, "the key is kept");
    assert_eq!(
        (server.methods(), server.rows().await),
        (["POST", "POST", "GET"].map(str::to_owned).to_vec(), 1)
    );
    let request = server.gateway.requests().pop().unwrap();
    assert_eq!(request.header("apikey"), Some(SECRET_KEY));
    assert_eq!(request.header("authorization"), None);
}

#[tokio::test]
async fn a_key_source_without_a_key_sends_nothing() {
    let server = Server::start().await;
    let options = PostgrestOptions::new(server.gateway.url(), Key::none());
    let without = options.clone().key_source(|_: Option<String>| async { Ok(None) });
    let failing = options.key_source(|_: Option<String>| async {
        Err(chronicle::Error::new(ErrorKind::Unavailable, "the key ring is locked"))
    });
    for (options, words) in [
        (without, "the key source has no key"),
        (failing, "the key source failed: the key ring is locked"),
    ] {
        let error = Entries::new(options.connect().unwrap()).find().all().await.unwrap_err();
        assert_eq!((error.kind(), error.code()), (ErrorKind::Unavailable, Some("NO_TOKEN")));
        assert!(error.message().contains(words), "{error}");
    }
    assert_eq!(server.methods(), Vec::<String>::new());
}

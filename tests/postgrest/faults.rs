//! Answers that come late, broken, from somebody else, or never.

use crate::entry::{Entries, EntryPatch, row};
use crate::server::Server;
use chronicle::ErrorKind;
use chronicle_test_servers::{Fault, Response};
use std::time::{Duration, Instant};

#[tokio::test]
async fn throttled_requests_wait_as_long_as_they_are_told() {
    let server = Server::start().await;
    let entries = server.entries();
    let throttled = |wait: &str| {
        Fault::respond(
            Response::new(429).header("retry-after", wait).json(r#"{"message":"slow down"}"#),
        )
    };
    server.gateway.fault(throttled("2"));
    let start = Instant::now();
    entries.insert(row("x")).await.unwrap();
    assert!(start.elapsed() >= Duration::from_secs(2));
    assert_eq!(server.methods(), ["POST", "POST"]);

    // Longer than the deadline: no use to wait.
    server.gateway.fault(throttled("60").times(9));
    let start = Instant::now();
    let error = entries.find().all().await.unwrap_err();
    assert!(start.elapsed() < Duration::from_secs(5));
    assert_eq!(error.kind(), ErrorKind::Throttled);
    assert_eq!(error.retry_after(), Some(Duration::from_secs(60)));
}

#[tokio::test]
async fn times_without_end() {
    let server = Server::start().await;
    let options = server.options().deadline(Duration::MAX).timeouts(Duration::MAX, Duration::MAX);
    let entries = Entries::new(options.connect().unwrap());
    entries.insert(row("x")).await.unwrap();

    let entries = server.entries();
    for wait in ["18446744073709551615", "99999999999999999999999"] {
        let answer = Response::new(429).header("retry-after", wait).json("{}");
        server.gateway.fault(Fault::respond(answer));
        let error = entries.insert(row("y")).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Throttled);
        assert_eq!(error.retry_after(), Some(Duration::from_secs(24 * 60 * 60)), "{wait}");
    }
}

#[tokio::test]
async fn reads_are_sent_again() {
    let server = Server::start().await;
    server.fill(3).await;
    let entries = server.entries();
    for fault in [
        Fault::respond(Response::new(502).html("<html>Bad gateway</html>")),
        Fault::reset_before(),
        Fault::reset_after(),
        Fault::truncate(20),
    ] {
        server.gateway.clear_requests();
        server.gateway.fault(fault.clone().method("GET"));
        assert_eq!(entries.find().limit(3).all().await.unwrap().len(), 3, "{fault:?}");
        assert_eq!(server.methods(), ["GET", "GET"], "{fault:?}");
    }

    server.gateway.clear_requests();
    server.gateway.fault(Fault::respond(Response::new(502).html("<html>")).always());
    let error = entries.find().count().await.unwrap_err();
    assert_eq!((error.kind(), error.code()), (ErrorKind::Unavailable, Some("HTTP 502")));
    assert_eq!(server.methods().len(), 3);

    server.gateway.clear_requests();
    let once = Entries::new(server.options().attempts(1).connect().unwrap());
    assert_eq!(once.find().all().await.unwrap_err().kind(), ErrorKind::Unavailable);
    assert_eq!(server.methods().len(), 1);
}

#[tokio::test]
async fn writes_whose_answer_is_lost_are_not_sent_again() {
    let server = Server::start().await;
    let entries = server.entries();
    let entry = entries.insert(row("x")).await.unwrap();
    for fault in [
        Fault::reset_after(),
        Fault::respond_after(Response::new(502).html("<html>Bad gateway</html>")),
        Fault::respond_after(Response::new(504).html("<html>upstream request timeout")),
        Fault::respond_after(
            Response::new(400).json(r#"{"code":"","message":"","details":null,"hint":null}"#),
        ),
        Fault::respond_after(Response::new(201)),
        Fault::respond_after(Response::new(200).html("<html>Welcome to our hotel</html>")),
    ] {
        let rows = server.rows().await;
        server.gateway.clear_requests();
        server.gateway.fault(fault.clone());
        let error = entries.insert(row("y")).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Timeout, "{fault:?}: {error}");
        assert!(error.is_ambiguous());
        assert_eq!(server.methods(), ["POST"], "{fault:?}");
        assert_eq!(server.rows().await, rows + 1, "{fault:?}");

        server.gateway.fault(fault.clone());
        let error = entries.update(entry.id, EntryPatch::new().title("z")).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Timeout, "{fault:?}: {error}");
        server.gateway.fault(fault.clone());
        let error = entries.upsert(entry.clone()).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Timeout, "{fault:?}: {error}");
        assert_eq!(server.methods(), ["POST", "PATCH", "POST"], "{fault:?}");
    }
}

#[tokio::test]
async fn writes_that_were_not_executed_are_sent_again() {
    let server = Server::start().await;
    let entries = server.entries();
    for (status, code) in [(503, "PGRST000"), (503, "PGRST002"), (504, "PGRST003"), (503, "53300")]
    {
        server.gateway.clear_requests();
        let body = format!(r#"{{"code":"{code}","message":"m","details":null,"hint":null}}"#);
        let answer = Response::new(status).header("retry-after", "0").json(&body);
        server.gateway.fault(Fault::respond(answer));
        entries.insert(row("x")).await.unwrap();
        assert_eq!(server.methods(), ["POST", "POST"], "{code}");
    }
    assert_eq!(server.rows().await, 4);
}

#[tokio::test]
async fn inserts_that_pass_over_duplicates_are_sent_again() {
    let server = Server::start().await;
    let entries = server.entries();
    server.gateway.fault(Fault::reset_after());
    let rows = [row("a"), row("b")];
    entries.insert_many_if_absent(rows).await.unwrap();
    assert_eq!(server.methods(), ["POST", "POST"]);
    assert_eq!(server.rows().await, 2);

    // Whatever the later attempts answer, the first may have been executed.
    server.gateway.fault(Fault::reset_after());
    server
        .gateway
        .fault(Fault::respond(Response::new(401).json(r#"{"message":"Invalid API key"}"#)));
    let error = entries.insert_if_absent(row("c")).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Timeout);
    assert_eq!(server.rows().await, 3);
}

#[tokio::test]
async fn nobody_listens() {
    let server = Server::start().await;
    server.gateway.refuse().await.unwrap();
    let entries = Entries::new(server.options().attempts(2).connect().unwrap());
    for error in
        [entries.find().all().await.unwrap_err(), entries.insert(row("x")).await.unwrap_err()]
    {
        assert_eq!(error.kind(), ErrorKind::Unavailable, "{error}");
        assert!(!error.to_string().contains("entries?"), "{error}");
    }
    server.gateway.heal().await.unwrap();
    entries.insert(row("x")).await.unwrap();
}

#[tokio::test]
async fn nobody_answers() {
    let server = Server::start().await;
    let entries = Entries::new(server.hasty().connect().unwrap());
    server.gateway.fault(Fault::black_hole().always());
    let start = Instant::now();
    assert_eq!(entries.find().all().await.unwrap_err().kind(), ErrorKind::Unavailable);
    assert_eq!(entries.insert(row("x")).await.unwrap_err().kind(), ErrorKind::Timeout);
    assert!(start.elapsed() < Duration::from_secs(4), "{:?}", start.elapsed());

    // The deadline ends what many attempts would draw out.
    let options = server.hasty().attempts(100).deadline(Duration::from_secs(2));
    let entries = Entries::new(options.connect().unwrap());
    let start = Instant::now();
    assert_eq!(entries.find().all().await.unwrap_err().kind(), ErrorKind::Unavailable);
    assert!(start.elapsed() < Duration::from_secs(4), "{:?}", start.elapsed());
}

#[tokio::test]
async fn somebody_else_answers() {
    let server = Server::start().await;
    let entries = server.entries();
    for (answer, word) in [
        (Response::new(200).html("<html>Welcome to our hotel</html>"), "not PostgREST"),
        (Response::new(200).json(r#"{"welcome":"to our hotel"}"#), "not PostgREST"),
        (Response::new(404).html("<html>Tunnel not found</html>"), "404"),
        (
            Response::new(302).header("location", "https://hotel.example/login?secret"),
            "not followed",
        ),
    ] {
        server.gateway.clear_requests();
        server.gateway.fault(Fault::respond(answer.clone()));
        let error = entries.find().all().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unavailable, "{error}");
        assert!(error.message().contains(word), "{error}");
        assert!(!error.to_string().contains("secret"), "{error}");
        server.gateway.fault(Fault::respond(answer));
        let error = entries.find().count().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unavailable, "{error}");
        assert_eq!(server.methods().len(), 2, "sending again is of no use");
    }
}

#[tokio::test]
async fn a_closed_backend_sends_nothing() {
    let server = Server::start().await;
    let client = server.client();
    chronicle::Store::from(&client).close().await.unwrap();
    let error = Entries::new(&client).find().all().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable);
    assert!(server.methods().is_empty());
}

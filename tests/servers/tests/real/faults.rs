//! Each fault, as a client sees it, and what it leaves in the database.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use chronicle_test_servers::{Fault, Gateway, RECORDED_BODY_LIMIT, Response, until};
use reqwest::StatusCode;

use crate::Stack;

const SHORT: Duration = Duration::from_millis(300);

/// Whether the connection was reset or closed, as opposed to a timeout or an answer.
fn is_broken(error: &reqwest::Error) -> bool {
    !error.is_timeout()
        && !error.is_connect()
        && (error.is_request() || error.is_body() || error.is_decode())
}

/// Whether a cause of the error is a TCP reset.
fn is_reset(error: &reqwest::Error) -> bool {
    let mut cause: Option<&dyn std::error::Error> = Some(error);
    while let Some(error) = cause {
        if error
            .downcast_ref::<std::io::Error>()
            .is_some_and(|io| io.kind() == std::io::ErrorKind::ConnectionReset)
        {
            return true;
        }
        cause = error.source();
    }
    false
}

#[tokio::test]
async fn without_a_fault_everything_passes_and_is_recorded() {
    let stack = Stack::plain().await;
    assert_eq!(stack.insert(1).send().await.unwrap().status(), StatusCode::CREATED);
    let answer = stack.list().header("prefer", "count=exact").send().await.unwrap();
    assert_eq!(answer.headers()["content-range"], "0-0/1");
    assert_eq!(answer.text().await.unwrap(), r#"[{"id":1}]"#);
    let head = stack
        .client
        .head(format!("{}/note", stack.gateway.url()))
        .header("prefer", "count=exact")
        .send()
        .await;
    assert_eq!(head.unwrap().headers()["content-range"], "0-0/1");

    let requests = stack.gateway.requests();
    let seen: Vec<_> =
        requests.iter().map(|request| (request.method.as_str(), request.path.as_str())).collect();
    assert_eq!(seen, [("POST", "/note"), ("GET", "/note?select=id&order=id"), ("HEAD", "/note")]);
    assert_eq!(requests[0].body, br#"{"id":1,"text":"a note"}"#);
    assert_eq!(requests[0].body_length, 24);
    assert_eq!(requests[1].header("Prefer"), Some("count=exact"));
    // One kept-alive connection.
    assert_eq!((stack.gateway.connections(), requests[2].connection), (1, 1));
    stack.gateway.clear_requests();
    assert_eq!(stack.gateway.requests(), []);
}

#[tokio::test]
async fn large_and_chunked_bodies_pass() {
    let stack = Stack::plain().await;
    let large = "x".repeat(3_000_000);
    let body = format!(r#"{{"id":1,"text":"{large}"}}"#);
    assert_eq!(
        stack.insert(1).body(body.clone()).send().await.unwrap().status(),
        StatusCode::CREATED
    );
    let request = stack.gateway.requests().remove(0);
    assert_eq!((request.body_length, request.body.len()), (body.len(), RECORDED_BODY_LIMIT));
    let read =
        stack.client.get(format!("{}/note?select=text", stack.gateway.url())).send().await.unwrap();
    assert_eq!(read.text().await.unwrap(), format!(r#"[{{"text":"{large}"}}]"#));

    // A chunked request, in pieces, with `Expect: 100-continue`.
    let mut socket = TcpStream::connect(stack.gateway.url().trim_start_matches("http://")).unwrap();
    let key = stack.postgrest.service_key();
    write!(
        socket,
        "POST /note HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {key}\r\nContent-Type: application/json\r\n\
         Expect: 100-continue\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n"
    )
    .unwrap();
    let mut interim = [0; 25];
    socket.read_exact(&mut interim).unwrap();
    assert_eq!(&interim, b"HTTP/1.1 100 Continue\r\n\r\n");
    for piece in ["9;x=y\r\n{\"id\":2, ", "\r\nA\r\n\"text\":\"\"}", "\r\n0\r\nTrailer: x\r\n\r\n"]
    {
        socket.write_all(piece.as_bytes()).unwrap();
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let mut answer = String::new();
    socket.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 201"), "{answer}");
    assert_eq!(stack.stored().await, ["1", "2"]);
}

#[tokio::test]
async fn refuse_lasts_until_healed() {
    let stack = Stack::plain().await;
    stack.list().send().await.unwrap();
    stack.gateway.refuse().await.unwrap();
    // The first may be sent on the kept-alive connection before the client sees that it was closed.
    stack.list().send().await.unwrap_err();
    for _ in 0..2 {
        let error = stack.list().send().await.unwrap_err();
        assert!(error.is_connect(), "{error:?}");
    }
    stack.gateway.heal().await.unwrap();
    assert_eq!(stack.list().send().await.unwrap().status(), StatusCode::OK);
}

#[tokio::test]
async fn a_black_hole_never_answers() {
    let stack = Stack::plain().await;
    stack.gateway.fault(Fault::black_hole().always());
    for id in 1..3 {
        assert!(stack.insert(id).timeout(SHORT).send().await.unwrap_err().is_timeout());
    }
    stack.gateway.heal().await.unwrap();
    assert_eq!(stack.insert(3).send().await.unwrap().status(), StatusCode::CREATED);
    assert_eq!(stack.stored().await, ["3"]);
    assert_eq!(stack.gateway.requests().len(), 3);
}

#[tokio::test]
async fn a_delayed_request_is_given_up_with_its_client() {
    let stack = Stack::plain().await;
    stack.gateway.fault(Fault::delay(SHORT).times(2));
    let started = Instant::now();
    assert_eq!(stack.insert(1).send().await.unwrap().status(), StatusCode::CREATED);
    assert!(started.elapsed() >= SHORT);
    assert!(stack.insert(2).timeout(SHORT / 2).send().await.unwrap_err().is_timeout());
    tokio::time::sleep(SHORT * 2).await;
    assert_eq!(stack.stored().await, ["1"]);
}

#[tokio::test]
async fn a_delayed_answer_tells_of_the_past() {
    let stack = Stack::plain().await;
    stack.gateway.fault(Fault::delay_answer(SHORT * 4));
    let insert = tokio::spawn(stack.insert(1).send());
    until("it is stored", async || !stack.stored().await.is_empty()).await;
    assert!(!insert.is_finished());
    assert_eq!(insert.await.unwrap().unwrap().status(), StatusCode::CREATED);
}

#[tokio::test]
async fn a_held_request_is_delivered_without_its_client() {
    let stack = Stack::plain().await;
    stack.gateway.fault(Fault::hold(SHORT));
    assert!(stack.insert(1).timeout(SHORT / 2).send().await.unwrap_err().is_timeout());
    assert_eq!(stack.stored().await, Vec::<String>::new());
    tokio::time::sleep(SHORT * 2).await;
    assert_eq!(stack.stored().await, ["1"]);

    stack.gateway.fault(Fault::hold_until_released().times(2));
    assert!(stack.insert(2).timeout(SHORT).send().await.unwrap_err().is_timeout());
    let waiting = tokio::spawn(stack.insert(3).send());
    until("both are on hold", async || stack.gateway.held() == 2).await;
    assert_eq!(stack.stored().await, ["1"]);
    assert_eq!(stack.gateway.release().await, 2);
    assert_eq!(stack.stored().await, ["1", "2", "3"]);
    // The client that waited gets its answer.
    assert_eq!(waiting.await.unwrap().unwrap().status(), StatusCode::CREATED);
    assert_eq!((stack.gateway.held(), stack.gateway.release().await), (0, 0));
}

#[tokio::test]
async fn a_reset_before_stores_nothing_and_a_reset_after_stores() {
    let stack = Stack::plain().await;
    stack.gateway.fault(Fault::reset_before());
    let error = stack.insert(1).send().await.unwrap_err();
    assert!(is_broken(&error) && is_reset(&error), "{error:?}");
    assert_eq!(stack.stored().await, Vec::<String>::new());

    stack.gateway.fault(Fault::reset_after());
    let error = stack.insert(2).send().await.unwrap_err();
    assert!(is_broken(&error) && is_reset(&error), "{error:?}");
    assert_eq!(stack.stored().await, ["2"]);
    // Used up.
    assert_eq!(stack.insert(3).send().await.unwrap().status(), StatusCode::CREATED);
}

#[tokio::test]
async fn a_truncated_answer_announces_its_true_length() {
    let stack = Stack::plain().await;
    stack.insert(1).send().await.unwrap();
    stack.gateway.fault(Fault::truncate(5));
    let answer = stack.list().send().await.unwrap();
    assert_eq!((answer.status(), answer.content_length()), (StatusCode::OK, Some(10)));
    let error = answer.text().await.unwrap_err();
    assert!(is_broken(&error) && !is_reset(&error), "{error:?}");
    assert_eq!(stack.list().send().await.unwrap().text().await.unwrap(), r#"[{"id":1}]"#);
}

#[tokio::test]
async fn a_response_comes_without_the_server_or_after_it() {
    let stack = Stack::plain().await;
    stack.gateway.fault(Fault::respond(
        Response::new(429).header("Retry-After", "7").json(r#"{"message":"slow down"}"#),
    ));
    let answer = stack.insert(1).send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(answer.headers()["retry-after"], "7");
    assert_eq!(answer.headers()["content-type"], "application/json; charset=utf-8");
    assert_eq!(answer.text().await.unwrap(), r#"{"message":"slow down"}"#);
    assert_eq!(stack.stored().await, Vec::<String>::new());

    stack
        .gateway
        .fault(Fault::respond_after(Response::new(520).html("<html>web server error</html>")));
    let answer = stack.insert(2).send().await.unwrap();
    assert_eq!(answer.status().as_u16(), 520);
    assert_eq!(answer.text().await.unwrap(), "<html>web server error</html>");
    assert_eq!(stack.stored().await, ["2"]);

    stack.gateway.fault(Fault::respond(Response::new(204)));
    assert_eq!(stack.list().send().await.unwrap().status(), StatusCode::NO_CONTENT);
    assert_eq!(stack.gateway.connections(), 1, "the connection is kept alive");
}

#[tokio::test]
async fn a_script_picks_its_requests() {
    let stack = Stack::plain().await;
    let teapot = |status| Fault::respond(Response::new(status));
    stack.gateway.fault(teapot(418).method("POST").times(2));
    stack.gateway.fault(teapot(451).path_contains("order=id").after(1));
    let mut seen = Vec::new();
    for request in [
        stack.list(),
        stack.insert(1),
        stack.list(),
        stack.insert(2),
        stack.insert(3),
        stack.list(),
    ] {
        seen.push(request.send().await.unwrap().status().as_u16());
    }
    assert_eq!(seen, [200, 418, 451, 418, 201, 200]);
}

#[tokio::test]
async fn a_dead_server_is_a_bad_gateway() {
    let stack = Stack::plain().await;
    stack.postgrest.kill().await.unwrap();
    assert_eq!(stack.list().send().await.unwrap().status(), StatusCode::BAD_GATEWAY);
    stack.postgrest.restart().await.unwrap();
    assert_eq!(stack.list().send().await.unwrap().status(), StatusCode::OK);
}

#[tokio::test]
async fn a_dropped_gateway_is_gone_and_a_wrong_address_is_told() {
    let Stack { gateway, client, postgrest: _postgrest } = Stack::plain().await;
    let url = gateway.url();
    drop(gateway);
    assert!(client.get(url).send().await.unwrap_err().is_connect());
    let error = Gateway::builder("https://example.org").start().await.unwrap_err();
    assert!(error.to_string().contains("http://IP:PORT"), "{error}");
}

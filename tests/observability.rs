//! The documented spans and metrics, and what is not in them.
//!
//! Alone in its process: with one subscriber, `tracing` asks the thread that reaches a span first
//! whether anybody listens, so another test's thread would switch the span off for all.
#![cfg(feature = "postgrest")]
#![allow(clippy::panic, clippy::unwrap_used, reason = "a test fails by a panic")]

#[path = "postgrest/entry.rs"]
mod entry;
#[allow(dead_code, reason = "shared with the tests of the backend")]
#[path = "postgrest/server.rs"]
mod server;

use crate::entry::{Entries, row};
use crate::server::Server;
use chronicle::ErrorKind;
use chronicle::postgrest::{Key, PostgrestOptions};
use chronicle_test_servers::{Fault, PUBLISHABLE_KEY, Response, Token};
use metrics_util::MetricKind;
use metrics_util::debugging::{DebugValue, DebuggingRecorder, Snapshotter};
use std::collections::BTreeMap;
use std::io::{self, Write};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tracing::Level;
use tracing_subscriber::fmt::format::FmtSpan;

const WRONG_KEY: &str = "sb_secret_not_the_right_one";
const TITLE: &str = "nobody else's business";

/// Everything that is logged.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Log {
    fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }

    /// The library's own spans, with those around them, in the order of their ends.
    fn spans(&self) -> Vec<String> {
        let text = self.text();
        let lines = text.lines().filter_map(|line| {
            let (spans, event) = line.split_once(": ")?;
            (event.starts_with("chronicle") && event.ends_with(": close")).then_some(spans)
        });
        lines.map(str::to_owned).collect()
    }
}

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The library's metrics with their labels: the sum of a counter, how many values a histogram has.
fn metrics(snapshotter: &Snapshotter) -> BTreeMap<String, u64> {
    let snapshot = snapshotter.snapshot().into_vec().into_iter();
    snapshot
        .map(|(key, _, _, value)| {
            let (kind, key) = key.into_parts();
            let labels: Vec<String> =
                key.labels().map(|label| format!("{}={}", label.key(), label.value())).collect();
            let number = match (kind, value) {
                (MetricKind::Counter, DebugValue::Counter(sum)) => sum,
                (MetricKind::Histogram, DebugValue::Histogram(values)) => values.len() as u64,
                other => panic!("not documented: {other:?}"),
            };
            (format!("{} {}", key.name(), labels.join(" ")), number)
        })
        .collect()
}

#[tokio::test]
async fn spans_and_metrics_are_as_documented_and_hold_no_secret() {
    let server = Server::start().await;
    let expired = Token::new("service_role").expired_since(Duration::from_secs(600)).sign();
    let valid = Token::new("service_role").expires_in(Duration::from_secs(600)).sign();
    let tokens = [expired.clone(), valid.clone()];
    let options = PostgrestOptions::new(server.gateway.url(), Key::new(PUBLISHABLE_KEY))
        .token_source(move |refused: Option<String>| {
            let token = tokens[usize::from(refused.is_some())].clone();
            async move { Ok(Some(token)) }
        });
    let entries = Entries::new(options.connect().unwrap());
    let wrong = PostgrestOptions::new(server.gateway.url(), Key::new(WRONG_KEY));
    let wrong = Entries::new(wrong.connect().unwrap());

    let log = Log::default();
    let writer = log.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(Level::TRACE)
        .with_span_events(FmtSpan::CLOSE)
        .with_ansi(false)
        .without_time()
        .with_level(false)
        .with_writer(move || writer.clone())
        .finish();
    let _subscriber = tracing::subscriber::set_default(subscriber);
    let recorder = DebuggingRecorder::new();
    let snapshotter = recorder.snapshotter();
    let _recorder = metrics::set_default_local_recorder(&recorder);

    let busy = r#"{"code":"PGRST003","message":"no connection","details":null,"hint":null}"#;
    server.gateway.fault(Fault::respond(Response::new(504).json(busy)));
    entries.insert(row(TITLE)).await.unwrap();
    let found = entries.find().filter(Entries::TITLE.eq(TITLE)).limit(1).all().await.unwrap();
    assert_eq!(found.len(), 1);
    let error = wrong.find().filter(Entries::TITLE.eq(TITLE)).count().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unauthenticated);

    let operation = |operation: &str| {
        format!(r#"chronicle{{backend="postgrest" table="entries" operation="{operation}""#)
    };
    let (insert, find, count) = (operation("insert"), operation("find"), operation("count"));
    let request = |operation: &str, method: &str, attempt: u32, status: u16| {
        format!(r#"{operation}}}:request{{method="{method}" attempt={attempt} status="{status}"}}"#)
    };
    assert_eq!(
        log.spans(),
        [
            request(&insert, "POST", 1, 504),
            request(&insert, "POST", 2, 401),
            request(&insert, "POST", 2, 201),
            format!(r#"{insert} rows=1 outcome="ok"}}"#),
            request(&find, "GET", 1, 200),
            format!(r#"{find} rows=1 outcome="ok"}}"#),
            request(&count, "GET", 1, 401),
            format!(r#"{count} outcome="unauthenticated"}}"#),
        ]
    );

    let metrics = metrics(&snapshotter);
    let expected = [
        ("chronicle_operation_seconds", "table=entries operation=count", 1),
        ("chronicle_operation_seconds", "table=entries operation=find", 1),
        ("chronicle_operation_seconds", "table=entries operation=insert", 1),
        ("chronicle_operations_total", "table=entries operation=count outcome=unauthenticated", 1),
        ("chronicle_operations_total", "table=entries operation=find outcome=ok", 1),
        ("chronicle_operations_total", "table=entries operation=insert outcome=ok", 1),
        ("chronicle_requests_total", "method=GET status=200", 1),
        ("chronicle_requests_total", "method=GET status=401", 1),
        ("chronicle_requests_total", "method=POST status=201", 1),
        ("chronicle_requests_total", "method=POST status=401", 1),
        ("chronicle_requests_total", "method=POST status=504", 1),
        ("chronicle_retries_total", "reason=token", 1),
        ("chronicle_retries_total", "reason=unavailable", 1),
    ];
    let expected: BTreeMap<String, u64> = expected
        .into_iter()
        .map(|(name, labels, number)| (format!("{name} backend=postgrest {labels}"), number))
        .collect();
    assert_eq!(metrics, expected);

    // The other libraries log too: no key may be in what they say of a request.
    let (text, metrics) = (log.text(), format!("{metrics:?}"));
    for secret in [PUBLISHABLE_KEY, WRONG_KEY, &expired, &valid] {
        assert!(!text.contains(secret) && !metrics.contains(secret), "{text}");
    }
    let own: Vec<&str> = text.lines().filter(|line| line.contains(": chronicle::")).collect();
    assert_eq!(own.len(), log.spans().len() + 1, "the spans, and the wait before attempt 2");
    assert!(!own.iter().any(|line| line.contains(TITLE)), "{own:#?}");
}

//! The example of an outage: it ends by itself, and both databases hold the same rows.
#![cfg(all(feature = "sqlite", feature = "postgrest"))]
#![allow(clippy::unwrap_used, reason = "a test fails by a panic")]

#[path = "../examples/outage/main.rs"]
#[allow(dead_code, reason = "its `main` is not called")]
mod outage;

use std::time::{Duration, Instant};

#[tokio::test(flavor = "multi_thread")]
async fn it_ends_within_a_minute_with_the_same_rows_in_both_databases() {
    let start = Instant::now();
    let mut output = Vec::new();
    let equal = outage::run(&mut output).await.unwrap();
    let text = String::from_utf8(output).unwrap();
    assert!(start.elapsed() < Duration::from_secs(60), "{text}");
    assert!(equal, "{text}");

    let last: Vec<Vec<&str>> =
        text.lines().rev().take(4).map(|line| line.split_whitespace().collect()).collect();
    assert_eq!(last[0].join(" "), "Both databases hold the same rows.", "{text}");
    for (line, table) in last[1..].iter().zip(["tool_events", "events", "sessions"]) {
        let [name, file, remote, verdict] = line[..] else { panic!("{text}") };
        assert_eq!((name, verdict), (table, "equal"), "{text}");
        assert_eq!(file, remote, "{text}");
        assert_ne!(file, "0", "{text}");
    }
    // Both outages were met, and both were over at the end.
    let went = |place: &str| text.lines().filter(|line| line.ends_with(place)).count();
    assert!(went("  file") >= 9, "{text}");
    assert!(went("  remote") >= 4, "{text}");
    assert_eq!(text.matches("the remote serves again").count(), 2, "{text}");
    assert!(text.contains("healthy        0  dead letters: 0"), "{text}");
}

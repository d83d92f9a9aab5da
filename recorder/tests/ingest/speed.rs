//! How long an agent waits. Only a release build tells:
//! `cargo test --release -p chronicle-recorder --test ingest speed -- --ignored --nocapture`

use crate::claude;
use crate::file::{Folder, give};
use serde_json::json;
use std::sync::Mutex;
use std::time::{Duration, Instant};

const ROUNDS: usize = 250;

/// From start to exit, of so many at once: the median and the 99th percentile.
fn times(folder: &Folder, server: bool, at_once: usize) -> [Duration; 2] {
    let times = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for worker in 0..at_once {
            let times = &times;
            scope.spawn(move || {
                for round in 0..ROUNDS {
                    let call = format!("{at_once} {worker} {}", round / 2);
                    let (hook, answer) = match round % 2 {
                        0 => ("PreToolUse", json!(null)),
                        _ => ("PostToolUse", json!({"stdout": "x".repeat(2_000)})),
                    };
                    let more = json!({"tool_name": "Bash", "tool_use_id": call, "tool_input": {"command": "ls"}, "tool_response": answer});
                    let payload = claude(hook, more);
                    let mut program = folder.program();
                    program.arg("record");
                    if server {
                        // Nobody is there.
                        program.env("POSTGREST_URL", "http://127.0.0.1:9");
                    }
                    let start = Instant::now();
                    assert!(give(&mut program, payload.as_bytes()).status.success());
                    times.lock().unwrap().push(start.elapsed());
                }
            });
        }
    });
    let mut times = times.into_inner().unwrap();
    times.sort_unstable();
    [times[times.len() / 2], times[times.len() * 99 / 100]]
}

#[test]
#[ignore = "it measures"]
fn speed() {
    for server in [false, true] {
        let folder = Folder::new();
        times(&folder, server, 1);
        for at_once in [1, 8] {
            let [median, most] = times(&folder, server, at_once);
            println!("server: {server}, {at_once} at once: median {median:.1?}, 99 % {most:.1?}");
        }
        assert_eq!(folder.number("select count(*) from unread_payloads"), 0);
    }
}

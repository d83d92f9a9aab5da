//! `record` is killed at any moment, with others at work.

use crate::claude;
use crate::file::Folder;
use serde_json::json;
use std::io::Write;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

const KILLS: u64 = 200;
const AT_ONCE: u64 = 8;

/// What was acknowledged by exit 0 is there once; what was not is there once, or not at all.
#[test]
fn nothing_is_lost_and_nothing_is_there_twice() {
    let folder = Folder::new();
    folder.record(&[], claude("SessionStart", json!({})));
    let next = AtomicU64::new(0);
    let acknowledged = std::sync::Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for worker in 0..AT_ONCE {
            let (folder, next, acknowledged) = (&folder, &next, &acknowledged);
            scope.spawn(move || {
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    if number >= 2 * KILLS {
                        return;
                    }
                    let more = json!({"tool_name": "Bash", "tool_use_id": number.to_string(), "tool_input": {"n": number}});
                    let payload = claude("PreToolUse", more);
                    let mut child = folder.program().arg("record").spawn().unwrap();
                    let _ = child.stdin.take().unwrap().write_all(payload.as_bytes());
                    // Each second one is left alone.
                    if number % 2 == 0 {
                        let micros = (number * 7_919 + worker * 131) % 12_000;
                        std::thread::sleep(Duration::from_micros(micros));
                        let _ = child.kill();
                    }
                    let status = child.wait().unwrap();
                    if status.success() {
                        acknowledged.lock().unwrap().push(number);
                    } else {
                        assert_eq!(number % 2, 0, "it ends with 0 unless it is killed");
                    }
                }
            });
        }
    });
    let acknowledged = acknowledged.into_inner().unwrap();
    assert!(acknowledged.len() >= KILLS as usize);
    assert_eq!(folder.rows("pragma integrity_check"), ["ok"]);
    let count = "select count(*), count(distinct data ->> '$.tool_use_id') from events where hook_name = 'PreToolUse'";
    let counts = folder.rows(count);
    let (all, distinct) = counts[0].split_once(" | ").unwrap();
    assert_eq!(all, distinct, "nothing is there twice");
    for number in acknowledged {
        let one = format!("select (select count(*) from events where data ->> '$.tool_use_id' = '{number}')
                           + (select count(*) from tool_events where parameters ->> '$.n' = {number})");
        assert_eq!(folder.number(&one), 2, "{number} was acknowledged");
    }
    assert_eq!(folder.number("select count(*) from unread_payloads"), 0);
}

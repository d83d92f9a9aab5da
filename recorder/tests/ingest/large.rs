//! A large file, in bounded memory.

#![cfg(target_os = "linux")]

use crate::claude;
use crate::file::Folder;
use serde_json::json;
use std::io::{BufWriter, Write};

/// So many bytes; `CHRONICLE_TEST_IMPORT_BYTES` says otherwise.
const BYTES: usize = 100_000_000;
const MOST_KILOBYTES: u64 = 100_000;

#[test]
fn a_large_file_takes_little_memory() {
    let bytes = std::env::var("CHRONICLE_TEST_IMPORT_BYTES");
    let bytes = bytes.map_or(BYTES, |bytes| bytes.parse().unwrap());
    let folder = Folder::new();
    let path = folder.path().join("log.jsonl");
    let mut file = BufWriter::new(std::fs::File::create(&path).unwrap());
    let (mut written, mut number) = (0, 0_u64);
    while written < bytes {
        number += 1;
        let size = if number % 200 == 0 { 700_000 } else { 300 + (number % 7) as usize * 900 };
        let more = json!({"tool_name": "Read", "tool_use_id": number.to_string(), "tool_response": {"content": "x".repeat(size)}});
        let line = if number % 3 == 0 {
            claude("Notification", json!({"message": "y".repeat(size / 2)}))
        } else {
            claude("PostToolUse", more)
        };
        written += line.len() + 1;
        writeln!(file, "{line}").unwrap();
    }
    file.flush().unwrap();
    let script = "\"$0\" import \"$1\" & pid=$!; peak=0
        while kill -0 $pid 2>/dev/null; do
            now=$(grep -s VmHWM /proc/$pid/status | tr -dc 0-9); peak=${now:-$peak}; sleep 0.02
        done; wait $pid; echo \"$? $peak\"";
    let output = folder.shell(script).arg(&path).output().unwrap();
    let told = String::from_utf8(output.stdout).unwrap();
    let last = told.lines().last().unwrap();
    let (code, peak) = last.split_once(' ').unwrap();
    assert_eq!(code, "0", "{told} {}", String::from_utf8_lossy(&output.stderr));
    let peak: u64 = peak.parse().unwrap();
    assert!(peak > 0 && peak < MOST_KILOBYTES, "{peak} kB");
    assert_eq!(folder.number("select count(*) from events"), number);
}

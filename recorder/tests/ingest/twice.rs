//! A hook that is registered twice.

use crate::claude;
use crate::file::{Folder, give};
use serde_json::json;

#[test]
fn equal_payloads_at_once_are_one_event() {
    let folder = Folder::new();
    folder.record(&[], claude("SessionStart", json!({})));
    for round in 0..20 {
        let payload = claude("Notification", json!({"message": round}));
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    let output = give(folder.program().arg("record"), payload.as_bytes());
                    assert!(output.status.success());
                });
            }
        });
    }
    assert_eq!(folder.number("select count(*) from events where hook_name = 'Notification'"), 20);
}

#[test]
fn equal_payloads_with_time_between_are_two() {
    let folder = Folder::new();
    let stop = claude("Stop", json!({}));
    folder.record(&[], &stop);
    std::thread::sleep(std::time::Duration::from_millis(2_100));
    folder.record(&[], &stop);
    assert_eq!(folder.number("select count(*) from events"), 2);
}

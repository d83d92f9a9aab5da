//! The waits between attempts.

use super::super::client::wait;
use std::time::Duration;

#[test]
fn waits_double_and_are_random() {
    for (attempt, longest) in [(1, 1), (2, 2), (3, 4), (4, 8)] {
        let longest = Duration::from_secs(longest);
        let waits: Vec<Duration> = (0..200).map(|_| wait(attempt, None)).collect();
        assert!(waits.iter().all(|wait| *wait <= longest));
        assert!(waits.iter().any(|wait| *wait < longest / 4));
        assert!(waits.iter().any(|wait| *wait > longest / 2));
    }
    assert!(wait(u32::MAX, None) <= Duration::from_secs(1_024));
}

#[test]
fn the_server_sets_the_least() {
    let asked = Duration::from_secs(7);
    assert_eq!(wait(1, Some(asked)), asked);
    assert!((0..100).all(|_| wait(5, Some(asked)) >= asked));
}

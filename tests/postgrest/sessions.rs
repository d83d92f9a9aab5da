//! Servers whose sessions have another time zone, or write bytes in the older form.

use crate::entry::row;
use crate::server::Server;
use chrono::{DateTime, TimeZone, Utc};

fn times() -> Vec<DateTime<Utc>> {
    let at = |year, month, day, hour| Utc.with_ymd_and_hms(year, month, day, hour, 0, 0).unwrap();
    vec![
        at(1, 1, 1, 0),
        at(1, 1, 1, 23),
        at(1880, 6, 1, 12),
        at(1969, 12, 31, 23) + chrono::Duration::microseconds(999_999),
        at(2026, 7, 1, 0) + chrono::Duration::microseconds(100),
        at(9999, 12, 31, 23) + chrono::Duration::microseconds(3_599_999_999),
    ]
}

#[tokio::test]
async fn times_are_read_in_every_time_zone() {
    let server = Server::start().await;
    let entries = server.entries();
    let mut stored = Vec::new();
    for time in times() {
        stored.push(
            entries.insert(crate::entry::NewEntry::new("t", 0, time).kind("test")).await.unwrap(),
        );
    }
    let name = server.database.name();
    for zone in
        ["Europe/Amsterdam", "America/New_York", "Asia/Kolkata", "Pacific/Kiritimati", "UTC"]
    {
        server
            .database
            .execute(&format!("alter database {name} set timezone = '{zone}'"))
            .await
            .unwrap();
        server.postgrest.restart().await.unwrap();
        for entry in &stored {
            let found = entries.get(entry.id).await;
            assert_eq!(found.unwrap().as_ref(), Some(entry), "{zone}: {}", entry.seen_at);
            let found =
                entries.find().filter(crate::entry::Entries::SEEN_AT.eq(entry.seen_at)).one().await;
            assert_eq!(&found.unwrap(), entry, "{zone}");
        }
    }
}

#[tokio::test]
async fn bytes_are_read_in_the_older_form() {
    let server = Server::start().await;
    let name = server.database.name();
    server
        .database
        .execute(&format!("alter database {name} set bytea_output = 'escape'"))
        .await
        .unwrap();
    server.postgrest.restart().await.unwrap();
    let entries = server.entries();
    for bytes in [
        (0..=255).collect::<Vec<u8>>(),
        vec![],
        b"\\x41".to_vec(),
        b"\\".to_vec(),
        b"text".to_vec(),
    ] {
        let entry = entries.insert(row("x").payload(bytes.clone())).await.unwrap();
        assert_eq!(entries.get(entry.id).await.unwrap().unwrap().payload, Some(bytes));
    }
}

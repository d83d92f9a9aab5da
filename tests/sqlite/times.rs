//! Times that other programs have stored.

use crate::{event, session};
use chronicle::{ErrorKind, Sqlite};
use chronicle_entity::{Events, NewEvent, event as entity};
use chronicle_migration::{Migrator, MigratorTrait};

#[tokio::test]
async fn times_of_other_programs_are_told() {
    let sqlite = Sqlite::memory().await.unwrap();
    Migrator::up(sqlite.connection(), None).await.unwrap();
    let id = session(&sqlite).await;
    let events = Events::new(&sqlite);
    sqlite.check_times::<entity::Model>().await.unwrap();
    let stored = events.insert(event(id)).await.unwrap();
    sqlite.check_times::<entity::Model>().await.unwrap();
    for other in [
        "datetime('2026-01-02 03:04:05')",
        "'2026-01-02T03:04:05.000Z'",
        "'2026-01-02T03:04:05Z'",
        "'2026-01-02T04:04:05+01:00'",
        "'2026-01-02T03:04:05.000+00:00'",
        "'2026-01-02 03:04'",
    ] {
        let sql = format!("update events set timestamp = {other}");
        sqlite.execute_script(&sql).await.unwrap();
        let error = sqlite.check_times::<entity::Model>().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::SchemaMismatch, "{other}: {error}");
        assert_eq!(error.table(), Some("events"), "{other}");
        assert!(error.to_string().contains("`timestamp`"), "{other}: {error}");
        // What is read, and written again, is as it should be.
        let row = events.get(stored.id).await.unwrap().unwrap();
        let time = row.timestamp.to_rfc3339();
        assert!(time.starts_with("2026-01-02T03:04:0") && time.ends_with("+00:00"), "{other}");
        events.delete(row.id).await.unwrap();
        let again = NewEvent::new(id, "notification", row.timestamp).id(row.id);
        events.insert(again).await.unwrap();
        sqlite.check_times::<entity::Model>().await.unwrap();
    }
    // In a column of texts these are not even times.
    for other in ["julianday('now')", "unixepoch('now')", "'soon'"] {
        let sql = format!("update events set timestamp = {other}");
        sqlite.execute_script(&sql).await.unwrap();
        let error = sqlite.check_times::<entity::Model>().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::SchemaMismatch, "{other}: {error}");
    }
}

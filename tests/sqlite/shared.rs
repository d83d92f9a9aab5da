//! SeaORM's connection and the store's own threads on one database.

use crate::{event, migrated, session};
use chronicle::{Sqlite, Store};
use chronicle_entity::{Events, event as entity};
use chronicle_migration::{Migrator, MigratorTrait};
use sea_orm::{ConnectionTrait, EntityTrait, PaginatorTrait};

async fn both_see_each_other(sqlite: &Sqlite) {
    let id = session(sqlite).await;
    let (events, connection) = (Events::new(sqlite), sqlite.connection());
    let stored = events.insert(event(id)).await.unwrap();
    let found = entity::Entity::find_by_id(stored.id).one(connection).await.unwrap();
    assert_eq!(found, Some(stored));
    connection.execute_unprepared("update events set hook_name = 'changed'").await.unwrap();
    assert_eq!(events.find().filter(Events::HOOK_NAME.eq("changed")).count().await.unwrap(), 1);

    // Each waits for the other's lock.
    let writes = (0..8).map(|_| {
        let (events, sqlite) = (events.clone(), sqlite.clone());
        tokio::spawn(async move {
            for _ in 0..20 {
                events.insert(event(id)).await.unwrap();
                let sql = "update events set hook_name = coalesce(hook_name, '') || 'x'";
                sqlite.connection().execute_unprepared(sql).await.unwrap();
                events.find().count().await.unwrap();
            }
        })
    });
    for write in writes.collect::<Vec<_>>() {
        write.await.unwrap();
    }
    assert_eq!(entity::Entity::find().count(connection).await.unwrap(), 161);
    Store::from(sqlite).close().await.unwrap();
}

#[tokio::test]
async fn in_memory() {
    let sqlite = Sqlite::memory().await.unwrap();
    Migrator::up(sqlite.connection(), None).await.unwrap();
    both_see_each_other(&sqlite).await;
}

#[tokio::test]
async fn in_a_file() {
    let folder = tempfile::tempdir().unwrap();
    both_see_each_other(&migrated(&folder.path().join("chronicle.db")).await).await;
}

//! The schema on SQLite, on real files.

use chronicle_migration::{Dialect, Migrator, MigratorTrait, script};
use sea_orm_migration::sea_orm::DatabaseConnection;

use crate::file::{self, File};

#[tokio::test]
async fn up_makes_tables_and_indexes_and_again_changes_nothing() {
    let file = File::new();
    let db = file.open().await;
    Migrator::up(&db, None).await.unwrap();
    let schema = file::schema(&db).await;
    insta::assert_snapshot!(schema);

    Migrator::up(&db, None).await.unwrap();
    assert_eq!(file::schema(&db).await, schema);
    assert!(Migrator::get_pending_migrations_read_only(&db).await.unwrap().is_empty());
}

#[tokio::test]
async fn down_takes_everything_away_and_refresh_makes_it_anew() {
    let file = File::new();
    let db = file.open().await;
    Migrator::up(&db, None).await.unwrap();
    let schema = file::schema(&db).await;
    file::run(&db, "insert into sessions (id, status, created_at) values ('a', 'active', 'now')")
        .await;

    Migrator::refresh(&db).await.unwrap();
    assert_eq!(file::schema(&db).await, schema);
    assert_eq!(file::rows(&db, "select count(*) from sessions").await, ["0"]);

    Migrator::down(&db, None).await.unwrap();
    assert_eq!(
        file::rows(&db, "select name from sqlite_master where sql is not null").await,
        ["seaql_migrations"]
    );
    assert_eq!(Migrator::get_pending_migrations_read_only(&db).await.unwrap().len(), 2);

    Migrator::up(&db, None).await.unwrap();
    Migrator::fresh(&db).await.unwrap();
    assert_eq!(file::schema(&db).await, schema);
    Migrator::reset(&db).await.unwrap();
    assert_eq!(file::schema(&db).await, "");
}

/// A file of the version before, and its rows: they stay, there and back.
#[tokio::test]
async fn a_file_of_the_first_schema_is_brought_up_to_date() {
    let file = File::new();
    let db = file.open().await;
    Migrator::up(&db, Some(1)).await.unwrap();
    let first = file::schema(&db).await;
    file::run(
        &db,
        "insert into sessions (id, user_id, status, created_at) values ('a', 'ada', 'active', 'now');
         insert into events (id, session_id, event_type, data, timestamp, created_at) values ('b', 'a', 'x', '{}', 'now', 'now');
         insert into tool_events (id, session_id, tool_name, result, execution_time, status, timestamp, created_at)
             values ('c', 'a', 'x', '[1]', 1.5, 'success', 'now', 'now')",
    )
    .await;
    let rows = async || {
        let sessions =
            file::rows(&db, "select id, user_id, status, created_at from sessions").await;
        let events = file::rows(&db, "select id, session_id, data, timestamp from events").await;
        let calls = "select id, session_id, result, execution_time, status from tool_events";
        (sessions, events, file::rows(&db, calls).await)
    };
    let before = rows().await;
    Migrator::up(&db, None).await.unwrap();
    assert_eq!(rows().await, before);
    assert_eq!(
        file::rows(&db, "select agent, host, transcript_path from sessions").await,
        ["NULL|NULL|NULL"]
    );
    Migrator::down(&db, Some(1)).await.unwrap();
    assert_eq!(rows().await, before);
    assert_eq!(file::schema(&db).await, first);
}

#[tokio::test]
async fn a_migration_that_fails_halfway_leaves_nothing() {
    let file = File::new();
    let db = file.open().await;
    // The name of the last index is taken, so all statements but one succeed.
    file::run(
        &db,
        "create table other (x); create index idx_tool_events_created_at_id on other (x)",
    )
    .await;
    let before = file::schema(&db).await;

    let error = Migrator::up(&db, None).await.unwrap_err().to_string();
    assert!(error.contains("idx_tool_events_created_at_id"), "{error}");
    assert_eq!(file::schema(&db).await, before);
}

#[tokio::test]
async fn a_session_takes_its_events_with_it() {
    let file = File::new();
    let db = file.open().await;
    Migrator::up(&db, None).await.unwrap();
    file::run(
        &db,
        "insert into sessions (id, status, created_at) values ('a', 'active', 'now');
         insert into events (id, session_id, event_type, timestamp, created_at) values ('b', 'a', 'x', 'now', 'now');
         insert into tool_events (id, session_id, tool_name, status, timestamp, created_at)
             values ('c', 'a', 'x', 'ok', 'now', 'now');
         delete from sessions",
    )
    .await;
    assert_eq!(
        file::rows(&db, "select id from events union select id from tool_events").await,
        [""; 0]
    );
}

#[tokio::test]
async fn processes_that_migrate_at_once_all_succeed() {
    let file = File::new();
    let all = (0..8).map(|_| {
        let url = file.url();
        tokio::spawn(async move {
            let db = file::connect(&url).await;
            Migrator::up(&db, None).await
        })
    });
    for one in all.collect::<Vec<_>>() {
        one.await.unwrap().unwrap();
    }
    let db = file.open().await;
    assert_eq!(file::rows(&db, "select count(*) from seaql_migrations").await, ["2"]);
}

#[tokio::test]
async fn the_printed_script_makes_the_same_schema_and_up_knows_it() {
    let up_file = File::new();
    let by_up = up_file.open().await;
    Migrator::up(&by_up, None).await.unwrap();

    let file = File::new();
    let by_hand = file.open().await;
    file::run(&by_hand, &script(Dialect::Sqlite)).await;
    assert_eq!(shape(&by_hand).await, shape(&by_up).await);

    assert!(Migrator::get_pending_migrations_read_only(&by_hand).await.unwrap().is_empty());
    Migrator::up(&by_hand, None).await.unwrap();
}

/// What the columns, keys and indexes are, however the statements that made them are written.
async fn shape(db: &DatabaseConnection) -> [Vec<String>; 3] {
    let all = |pragma: &str| {
        format!(
            "select m.name as object, p.* from sqlite_master m, {pragma}(m.name) p order by 1, 2, 3"
        )
    };
    [
        file::rows(db, &all("pragma_table_info")).await,
        file::rows(db, &all("pragma_foreign_key_list")).await,
        file::rows(db, &all("pragma_index_info")).await,
    ]
}

/// The tables are dropped, and then a view stands where one is to be made.
#[tokio::test]
async fn fresh_that_fails_leaves_everything_as_it_was() {
    let file = File::new();
    let db = file.open().await;
    file::run(
        &db,
        "create table keep (x integer primary key, other integer references keep (x));
         insert into keep values (1, 2), (2, 1);
         create view sessions as select 1 as one",
    )
    .await;
    let before = file::schema(&db).await;

    let error = Migrator::fresh(&db).await.unwrap_err().to_string();
    assert!(error.contains("sessions"), "{error}");
    assert!(error.ends_with("The database was left unchanged"), "{error}");
    assert_eq!(file::schema(&db).await, before);
    assert_eq!(file::rows(&db, "select * from keep").await, ["1|2", "2|1"]);
    assert_eq!(file::rows(&db, "pragma_foreign_keys").await, ["1"]);

    file::run(&db, "drop view sessions").await;
    Migrator::fresh(&db).await.unwrap();
    assert!(!file::schema(&db).await.contains("keep"));
    assert_eq!(file::rows(&db, "pragma_foreign_keys").await, ["1"]);
}

#[tokio::test]
async fn fresh_drops_tables_in_any_order_of_their_keys() {
    let file = File::new();
    let db = file.open().await;
    Migrator::up(&db, None).await.unwrap();
    let schema = file::schema(&db).await;
    file::run(
        &db,
        r#"create table zebra (x integer primary key, ant integer references ant (x) deferrable initially deferred);
         create table ant (x integer primary key, zebra integer not null references zebra (x));
         create table note (session_id text not null references sessions (id) on delete set null);
         create table "a ""quoted"" name" (x);
         create virtual table words using fts5 (word);
         begin;
         insert into zebra values (1, 2);
         insert into ant values (2, 1);
         insert into sessions (id, status, created_at) values ('a', 'active', 'now');
         insert into note values ('a');
         commit;
         pragma foreign_keys = off;
         insert into note values ('lost');
         pragma foreign_keys = on"#,
    )
    .await;
    Migrator::fresh(&db).await.unwrap();
    assert_eq!(file::schema(&db).await, schema);
    assert_eq!(file::rows(&db, "select * from sessions").await, [""; 0]);
}

/// All is rolled back, and then the name of an index is taken by a table of somebody else.
#[tokio::test]
async fn refresh_and_reset_that_fail_leave_everything_as_it_was() {
    let file = File::new();
    let db = file.open().await;
    Migrator::up(&db, None).await.unwrap();
    file::run(
        &db,
        "insert into sessions (id, status, created_at) values ('a', 'active', 'now');
         drop index idx_tool_events_created_at_id;
         create table idx_tool_events_created_at_id (x)",
    )
    .await;
    let before = file::schema(&db).await;
    let error = Migrator::refresh(&db).await.unwrap_err().to_string();
    assert!(error.contains("idx_tool_events_created_at_id"), "{error}");
    assert_eq!(file::schema(&db).await, before);

    // The last table to be dropped is not there.
    file::run(&db, "drop table events; drop table tool_events; drop table sessions").await;
    file::run(&db, "create table tool_events (x); create table events (x)").await;
    let before = file::schema(&db).await;
    assert!(Migrator::reset(&db).await.is_err());
    assert_eq!(file::schema(&db).await, before);
    assert!(Migrator::down(&db, Some(1)).await.is_err());
    assert_eq!(file::schema(&db).await, before);
}

//! A file of the original Python design is taken over with all its rows.

use std::time::{Duration, Instant};

use chronicle_migration::{Migrator, MigratorTrait};
use sea_orm_migration::sea_orm::DatabaseConnection;

use crate::file::{self, File};

/// What the original design made.
const ORIGINAL: &str = "
    CREATE TABLE IF NOT EXISTS sessions (
        id TEXT PRIMARY KEY, user_id TEXT, project_path TEXT, git_branch TEXT, start_time TEXT, end_time TEXT,
        status TEXT, created_at TEXT, updated_at TEXT
    );
    CREATE TABLE IF NOT EXISTS events (
        id TEXT PRIMARY KEY, session_id TEXT, event_type TEXT, hook_name TEXT, data TEXT, timestamp TEXT, created_at TEXT,
        FOREIGN KEY (session_id) REFERENCES sessions(id)
    );
    CREATE TABLE IF NOT EXISTS tool_events (
        id TEXT PRIMARY KEY, session_id TEXT, tool_name TEXT, parameters TEXT, result TEXT, execution_time REAL,
        status TEXT, timestamp TEXT, created_at TEXT,
        FOREIGN KEY (session_id) REFERENCES sessions(id)
    );
    CREATE INDEX IF NOT EXISTS idx_events_session_id ON events(session_id);
    CREATE INDEX IF NOT EXISTS idx_events_timestamp ON events(timestamp);
    CREATE INDEX IF NOT EXISTS idx_tool_events_session_id ON tool_events(session_id);
    CREATE INDEX IF NOT EXISTS idx_tool_events_tool_name ON tool_events(tool_name);
";

const SESSION: &str = "00000000-0000-4000-8000-00000000000a";

/// A file with the original schema and these rows, which need not satisfy foreign keys.
async fn original(file: &File, rows: &str) -> DatabaseConnection {
    let db = file.open().await;
    file::run(&db, "pragma journal_mode = wal").await;
    file::run(&db, ORIGINAL).await;
    file::run(&db, "pragma foreign_keys = off").await;
    file::run(&db, rows).await;
    file::run(&db, "pragma foreign_keys = on").await;
    db
}

/// Takes the file over, and checks what must hold for every file.
async fn adopted(db: &DatabaseConnection) {
    Migrator::up(db, None).await.unwrap();
    let new_file = File::new();
    let new = new_file.open().await;
    Migrator::up(&new, None).await.unwrap();
    assert_eq!(file::schema(db).await, file::schema(&new).await);
    assert_eq!(file::rows(db, "select \"table\" from pragma_foreign_key_check").await, [""; 0]);
}

async fn refusal(rows: &str) -> String {
    let file = File::new();
    let db = original(&file, rows).await;
    let dump = async || {
        let sessions =
            file::rows(&db, "select quote(id), quote(git_branch), quote(end_time) from sessions")
                .await;
        let events = file::rows(&db, "select id, session_id, 'event' from events").await;
        let tool_events =
            file::rows(&db, "select id, session_id, execution_time from tool_events").await;
        (file::schema(&db).await, sessions, events, tool_events)
    };
    let before = dump().await;
    let error = Migrator::up(&db, None).await.unwrap_err().to_string();
    assert_eq!(dump().await, before);
    assert_eq!(file::rows(&db, "select * from pragma_legacy_alter_table").await, ["0"]);
    assert!(error.ends_with("The database was left unchanged"), "{error}");
    error
}

#[tokio::test]
async fn values_are_kept_and_brought_into_one_form() {
    let file = File::new();
    let db = original(
        &file,
        r#"
        insert into sessions values
            ('00000000-0000-4000-8000-00000000000A', 'ada', '/src', 'main', '2024-01-01T00:00:00.123456', '2024-01-01 01:00:00',
             'active', '2024-01-01T00:00:00.5+00:00', null),
            ('0000000000004000800000000000000b', null, null, null, null, null, null, null, null),
            ('00000000-0000-4000-8000-00000000000c', null, null, null, '2024-01-01T02:00:00.000001+02:00', null, '', null, ''),
            (null, null, null, null, null, null, 'completed', '2024-01-01T00:00:00Z', '2024-01-01T00:00:00.120Z');
        insert into events values
            ('10000000-0000-4000-8000-000000000001', '00000000-0000-4000-8000-00000000000A', 'tool_use', 'PostToolUse',
             '{"b": 1, "a": [1.0,  12345678901234567890]}', '2024-01-01T00:00:00.123456', '2024-01-01T00:00:01.123456'),
            ('10000000-0000-4000-8000-000000000002', '0000000000004000800000000000000B', null, null, 'plain text', null,
             '2024-01-01T00:00:02'),
            ('10000000-0000-4000-8000-000000000003', '00000000-0000-4000-8000-00000000000c', 'x', null, null,
             '2024-01-01T00:00:03', null),
            ('10000000-0000-4000-8000-000000000004', '00000000-0000-4000-8000-00000000000c', 'x', null, '', null, null);
        insert into tool_events values
            ('20000000-0000-4000-8000-000000000001', '00000000-0000-4000-8000-00000000000a', 'Bash', '{"command":"ls"}', 'null',
             12.5, 'ok', '2024-01-01T00:00:00', '2024-01-01T00:00:00'),
            ('20000000-0000-4000-8000-000000000002', '00000000-0000-4000-8000-00000000000a', null, '{"n": NaN}', x'7b7d',
             7, null, '2024-01-01T00:00:00', '2024-01-01T00:00:00');
        "#,
    )
    .await;
    adopted(&db).await;

    let sessions =
        file::rows(&db, "select * from sessions where status <> 'completed' order by id").await;
    assert_eq!(
        sessions,
        [
            "00000000-0000-4000-8000-00000000000a|ada|/src|main|2024-01-01T00:00:00.123456+00:00|2024-01-01T01:00:00+00:00|active|2024-01-01T00:00:00.500+00:00|NULL|NULL|NULL|NULL",
            "00000000-0000-4000-8000-00000000000b|NULL|NULL|NULL|NULL|NULL|unknown|1970-01-01T00:00:00+00:00|NULL|NULL|NULL|NULL",
            "00000000-0000-4000-8000-00000000000c|NULL|NULL|NULL|2024-01-01T00:00:00.000001+00:00|NULL||2024-01-01T00:00:00.000001+00:00|NULL|NULL|NULL|NULL",
        ]
    );
    let nameless =
        file::rows(&db, "select id, updated_at from sessions where status = 'completed'").await;
    let (id, updated_at) = nameless[0].split_once('|').unwrap();
    assert_eq!(updated_at, "2024-01-01T00:00:00.120+00:00");
    assert!(id.len() == 36 && id.as_bytes()[14] == b'4' && id == id.to_lowercase(), "{id}");
    assert_eq!(nameless.len(), 1);

    assert_eq!(
        file::rows(&db, "select * from events order by id").await,
        [
            r#"10000000-0000-4000-8000-000000000001|00000000-0000-4000-8000-00000000000a|tool_use|PostToolUse|{"b": 1, "a": [1.0,  12345678901234567890]}|2024-01-01T00:00:00.123456+00:00|2024-01-01T00:00:01.123456+00:00|NULL"#,
            r#"10000000-0000-4000-8000-000000000002|00000000-0000-4000-8000-00000000000b|unknown|NULL|"plain text"|2024-01-01T00:00:02+00:00|2024-01-01T00:00:02+00:00|NULL"#,
            r#"10000000-0000-4000-8000-000000000003|00000000-0000-4000-8000-00000000000c|x|NULL|NULL|2024-01-01T00:00:03+00:00|2024-01-01T00:00:03+00:00|NULL"#,
            r#"10000000-0000-4000-8000-000000000004|00000000-0000-4000-8000-00000000000c|x|NULL|""|1970-01-01T00:00:00+00:00|1970-01-01T00:00:00+00:00|NULL"#,
        ]
    );
    assert_eq!(
        file::rows(&db, "select * from tool_events order by id").await,
        [
            r#"20000000-0000-4000-8000-000000000001|00000000-0000-4000-8000-00000000000a|Bash|{"command":"ls"}|null|12.5|ok|2024-01-01T00:00:00+00:00|2024-01-01T00:00:00+00:00|NULL"#,
            r#"20000000-0000-4000-8000-000000000002|00000000-0000-4000-8000-00000000000a|unknown|"{\"n\": NaN}"|{}|7.0|unknown|2024-01-01T00:00:00+00:00|2024-01-01T00:00:00+00:00|NULL"#,
        ]
    );
}

#[tokio::test]
async fn events_without_a_session_get_one() {
    let file = File::new();
    let db = original(
        &file,
        "insert into events (id, session_id, timestamp) values
            ('10000000-0000-4000-8000-000000000001', '00000000-0000-4000-8000-0000000000FF', '2024-01-01T00:00:01'),
            ('10000000-0000-4000-8000-000000000002', '00000000-0000-4000-8000-0000000000ff', '2024-01-01T00:00:02'),
            ('10000000-0000-4000-8000-000000000003', null, '2024-01-01T00:00:03'),
            (null, null, '2024-01-01T00:00:04');
         insert into tool_events (id, session_id, timestamp) values
            ('20000000-0000-4000-8000-000000000001', null, '2024-01-01T00:00:05')",
    )
    .await;
    adopted(&db).await;

    assert_eq!(
        file::rows(&db, "select status, created_at from sessions order by created_at").await,
        ["unknown|2024-01-01T00:00:01+00:00", "unknown|2024-01-01T00:00:03+00:00"]
    );
    assert_eq!(
        file::rows(
            &db,
            "select s.created_at, substr(e.timestamp, 18, 2) as second from sessions s
             join (select session_id, timestamp from events union all select session_id, timestamp from tool_events) e
             on e.session_id = s.id order by second"
        )
        .await
        .iter()
        .map(|row| row.replace("2024-01-01T00:00:0", "").replace("+00:00", ""))
        .collect::<Vec<_>>(),
        ["1|01", "1|02", "3|03", "3|04", "3|05"]
    );
}

#[tokio::test]
async fn the_order_of_rows_and_views_on_them_survive() {
    let file = File::new();
    let db = original(
        &file,
        "insert into sessions (id, status, created_at) values
            ('00000000-0000-4000-8000-00000000000b', 'first', '2024-01-01'),
            ('00000000-0000-4000-8000-00000000000a', 'second', '2024-01-01');
         create view statuses as select status from sessions order by rowid",
    )
    .await;
    Migrator::up(&db, None).await.unwrap();
    assert_eq!(file::rows(&db, "select * from statuses").await, ["first", "second"]);
}

#[tokio::test]
async fn adopting_twice_changes_nothing() {
    let file = File::new();
    let db = original(&file, "insert into events (id) values (null)").await;
    adopted(&db).await;
    let before =
        file::rows(&db, "select * from events join sessions on sessions.id = session_id").await;
    adopted(&db).await;
    assert_eq!(
        file::rows(&db, "select * from events join sessions on sessions.id = session_id").await,
        before
    );
    assert_eq!(before.len(), 1);
}

#[tokio::test]
async fn an_empty_original_file_is_adopted() {
    let file = File::new();
    adopted(&original(&file, "").await).await;
}

#[tokio::test]
async fn an_id_that_is_no_uuid_is_refused() {
    let error = refusal("insert into sessions (id) values ('session-1')").await;
    assert!(error.contains("table sessions") && error.contains("\"session-1\""), "{error}");

    let error = refusal("insert into events (id, session_id) values (null, 'session-2')").await;
    assert!(
        error.contains("table events") && error.contains("session_id \"session-2\""),
        "{error}"
    );
}

#[tokio::test]
async fn two_forms_of_one_id_are_refused() {
    let error = refusal(&format!(
        "insert into sessions (id) values ('{SESSION}'), ('{}')",
        SESSION.to_uppercase()
    ))
    .await;
    assert!(error.contains("table sessions") && error.contains(SESSION), "{error}");
}

#[tokio::test]
async fn values_that_cannot_be_kept_are_refused() {
    let error =
        refusal(&format!("insert into sessions (id, end_time) values ('{SESSION}', 'yesterday')"))
            .await;
    assert!(error.contains("end_time \"yesterday\"") && error.contains(SESSION), "{error}");

    let error = refusal("insert into tool_events (execution_time) values ('fast')").await;
    assert!(error.contains("table tool_events: the execution_time"), "{error}");

    let error = refusal("insert into sessions (git_branch) values (x'ff')").await;
    assert!(error.contains("table sessions: the git_branch"), "{error}");
}

#[tokio::test]
async fn a_table_of_somebody_else_is_left_alone() {
    for table in ["events (id text, title text)", "sessions (id text not null)"] {
        let file = File::new();
        let db = file.open().await;
        file::run(&db, &format!("create table {table}")).await;
        let before = file::schema(&db).await;
        let error = Migrator::up(&db, None).await.unwrap_err().to_string();
        assert!(error.contains("is not of the original design"), "{error}");
        assert_eq!(file::schema(&db).await, before);
    }
}

#[tokio::test]
async fn a_hundred_thousand_rows_take_seconds() {
    let file = File::new();
    let db = original(
        &file,
        &format!(
            "insert into sessions (id) values ('{SESSION}');
             with recursive n (i) as (select 1 union all select i + 1 from n where i < 100000)
             insert into events select printf('10000000-0000-4000-8000-%012x', i), '{SESSION}', 'tool_use', 'PostToolUse',
                 json_object('i', i, 'text', '{}'), strftime('2024-01-01T%H:%M:%S', i, 'unixepoch') || '.123456',
                 strftime('2024-01-01T%H:%M:%S', i, 'unixepoch') || '.654321' from n",
            "x".repeat(200)
        ),
    )
    .await;
    let start = Instant::now();
    Migrator::up(&db, None).await.unwrap();
    let spent = start.elapsed();
    let wrong = "select id from events where timestamp not like '2024-01-01T__:__:__.123456+00:00'
                 or created_at not like '2024-01-01T__:__:__.654321+00:00' or not json_valid(data)";
    assert_eq!(
        file::rows(&db, &format!("select count(*), (select count(*) from ({wrong})) from events"))
            .await,
        ["100000|0"]
    );
    assert!(spent < Duration::from_secs(60), "{spent:?}");
}

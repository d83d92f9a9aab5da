//! The schema on Postgres.

use std::process::Command;

use chronicle_migration::{Dialect, Migrator, MigratorTrait, script};
use chronicle_test_servers::{Database, Postgres};
use sea_orm_migration::sea_orm::{ConnectOptions, DatabaseConnection};

pub(crate) async fn database() -> Database {
    Postgres::shared().await.unwrap().create_database().await.unwrap()
}

pub(crate) async fn connect(database: &Database) -> DatabaseConnection {
    let mut options = ConnectOptions::new(database.url());
    options.sqlx_logging(false).max_connections(2);
    sea_orm_migration::sea_orm::Database::connect(options).await.unwrap()
}

/// A database with the schema.
pub(crate) async fn migrated() -> Database {
    let database = database().await;
    let db = connect(&database).await;
    Migrator::up(&db, None).await.unwrap();
    db.close().await.unwrap();
    database
}

/// What there is in the schema `public`: columns, keys, indexes, policies, grants.
async fn schema(database: &Database) -> String {
    const PARTS: [&str; 6] = [
        "select table_name, column_name, data_type, is_nullable, column_default from information_schema.columns
         where table_schema = 'public' order by table_name, ordinal_position",
        "select conrelid::regclass, pg_get_constraintdef(oid) from pg_constraint
         where connamespace = 'public'::regnamespace and contype in ('p', 'f') order by 1, 2",
        "select indexdef from pg_indexes where schemaname = 'public' order by 1",
        r"select tablename, policyname, roles, cmd, regexp_replace(qual, '\s+', ' ', 'g'),
         regexp_replace(with_check, '\s+', ' ', 'g') from pg_policies order by 1, 2",
        "select relname, relrowsecurity from pg_class where relnamespace = 'public'::regnamespace and relkind = 'r'
         order by 1",
        "select table_name, grantee, string_agg(privilege_type, ', ' order by privilege_type)
         from information_schema.role_table_grants where table_schema = 'public' and grantee <> 'postgres'
         group by 1, 2 order by 1, 2",
    ];
    let mut schema = String::new();
    for part in PARTS {
        for row in database.query(part).await.unwrap() {
            let values = row.into_iter().map(|value| value.unwrap_or_else(|| "NULL".to_owned()));
            schema.push_str(&values.collect::<Vec<_>>().join(" | "));
            schema.push('\n');
        }
        schema.push('\n');
    }
    schema
}

#[tokio::test]
async fn up_makes_tables_policies_and_grants_and_again_changes_nothing() {
    let database = migrated().await;
    let made = schema(&database).await;
    insta::assert_snapshot!(made);

    let db = connect(&database).await;
    Migrator::up(&db, None).await.unwrap();
    assert_eq!(schema(&database).await, made);
    assert!(Migrator::get_pending_migrations_read_only(&db).await.unwrap().is_empty());
}

#[tokio::test]
async fn down_takes_everything_away_and_refresh_makes_it_anew() {
    let database = migrated().await;
    let made = schema(&database).await;
    let db = connect(&database).await;

    Migrator::refresh(&db).await.unwrap();
    assert_eq!(schema(&database).await, made);
    Migrator::fresh(&db).await.unwrap();
    assert_eq!(schema(&database).await, made);

    Migrator::down(&db, None).await.unwrap();
    let left = database.query("select relname from pg_class where relnamespace = 'public'::regnamespace and relkind = 'r'");
    assert_eq!(left.await.unwrap(), [[Some("seaql_migrations".to_owned())]]);
    Migrator::up(&db, None).await.unwrap();
    assert_eq!(schema(&database).await, made);
}

#[tokio::test]
async fn the_script_makes_the_same_schema_may_be_run_again_and_up_knows_it() {
    let database = database().await;
    database.execute(&script(Dialect::Postgres)).await.unwrap();
    let made = schema(&database).await;
    assert_eq!(made, schema(&migrated().await).await);

    database.execute("insert into sessions values (gen_random_uuid(), null, null, null, null, null, 'active', now())").await.unwrap();
    database.execute(&script(Dialect::Postgres)).await.unwrap();
    let db = connect(&database).await;
    Migrator::up(&db, None).await.unwrap();
    assert_eq!(schema(&database).await, made);
    assert_eq!(
        database.query("select count(*) from sessions").await.unwrap(),
        [[Some("1".to_owned())]]
    );
    assert_eq!(
        database.query("select count(*) from seaql_migrations").await.unwrap(),
        [[Some("2".to_owned())]]
    );
}

/// Rows of the version before stay, there and back.
#[tokio::test]
async fn a_database_of_the_first_schema_is_brought_up_to_date() {
    let database = database().await;
    let db = connect(&database).await;
    Migrator::up(&db, Some(1)).await.unwrap();
    let first = schema(&database).await;
    let insert = "insert into sessions values (gen_random_uuid(), 'ada', '/w', null, null, null, 'active', now());
                  insert into events select gen_random_uuid(), id, 'x', null, '{}'::jsonb, now(), now() from sessions";
    database.execute(insert).await.unwrap();
    let rows = "select s.id, user_id, project_path, e.id, data from sessions s join events e on s.id = session_id";
    let before = database.query(rows).await.unwrap();
    Migrator::up(&db, None).await.unwrap();
    assert_eq!(database.query(rows).await.unwrap(), before);
    Migrator::down(&db, Some(1)).await.unwrap();
    assert_eq!(database.query(rows).await.unwrap(), before);
    assert_eq!(schema(&database).await, first);
}

#[tokio::test]
async fn what_fails_halfway_leaves_nothing() {
    let database = database().await;
    database.execute("create table public.tool_events (title text)").await.unwrap();
    let before = schema(&database).await;
    let db = connect(&database).await;

    let error = Migrator::up(&db, None).await.unwrap_err().to_string();
    assert!(error.contains("tool_events"), "{error}");
    assert_eq!(schema(&database).await, before);

    assert!(database.execute(&script(Dialect::Postgres)).await.is_err());
    assert_eq!(schema(&database).await, before);
}

/// The tables are dropped, and then a view stands where one is to be made.
#[tokio::test]
async fn what_fails_after_dropping_leaves_everything_as_it_was() {
    let database = database().await;
    let views = "create view public.sessions as select 1 as one; create table public.keep (x int)";
    database.execute(views).await.unwrap();
    let before = schema(&database).await;
    let db = connect(&database).await;
    let error = Migrator::fresh(&db).await.unwrap_err().to_string();
    assert!(error.contains("sessions"), "{error}");
    assert_eq!(schema(&database).await, before);

    database.execute("drop view public.sessions").await.unwrap();
    Migrator::up(&db, None).await.unwrap();
    let index = "drop index idx_tool_events_created_at_id;
                 create table public.idx_tool_events_created_at_id (x int)";
    database.execute(index).await.unwrap();
    let before = schema(&database).await;
    let error = Migrator::refresh(&db).await.unwrap_err().to_string();
    assert!(error.contains("idx_tool_events_created_at_id"), "{error}");
    assert_eq!(schema(&database).await, before);

    // The last table to be dropped is not there.
    database.execute("alter table public.sessions rename to renamed").await.unwrap();
    let before = schema(&database).await;
    assert!(Migrator::reset(&db).await.is_err());
    assert_eq!(schema(&database).await, before);
    assert!(Migrator::down(&db, Some(1)).await.is_err());
    assert_eq!(schema(&database).await, before);
}

#[tokio::test]
async fn roles_that_a_server_lacks_are_left_out() {
    // A cluster of its own, since roles belong to the cluster.
    let database = Postgres::new().await.unwrap().create_database().await.unwrap();
    database
        .execute("drop role anon; drop role authenticated; drop role service_role")
        .await
        .unwrap();
    let db = connect(&database).await;
    Migrator::up(&db, None).await.unwrap();
    assert_eq!(database.query("select * from pg_policies").await.unwrap(), Vec::<Vec<_>>::new());
    chronicle_migration::execute_sql::up(&db).await.unwrap();
    assert_eq!(
        database.query("select rolname from pg_roles where rolname = 'anon'").await.unwrap(),
        Vec::<Vec<_>>::new()
    );
}

#[tokio::test]
async fn processes_that_migrate_at_once_all_succeed() {
    let database = database().await;
    let all = (0..8).map(|_| {
        let database = database.clone();
        tokio::spawn(async move { Migrator::up(&connect(&database).await, None).await })
    });
    for one in all.collect::<Vec<_>>() {
        one.await.unwrap().unwrap();
    }
    assert_eq!(
        database.query("select count(*) from seaql_migrations").await.unwrap(),
        [[Some("2".to_owned())]]
    );
}

#[tokio::test]
async fn the_program_migrates_and_installs_the_function() {
    let database = database().await;
    let url = database.url();
    let run = |arguments: &[&str]| {
        let output = Command::new(env!("CARGO_BIN_EXE_chronicle-migration"))
            .args(arguments)
            .args(["-u", &url])
            .output()
            .unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    };
    let applied = "m20260101_000001_create_tables applied\nm20261127_000002_add_agents applied\n";
    assert_eq!(run(&["up"]), applied);
    assert_eq!(run(&["status"]), applied);
    run(&["execute-sql", "up"]);
    let answer = database.query("select public.execute_sql('select 1 as one')").await.unwrap();
    assert_eq!(answer, [[Some(r#"[{"one": 1}]"#.to_owned())]]);
    run(&["chronicle-apply", "up"]);
    let answer = database.query("select public.chronicle_apply(null, '[]')").await.unwrap();
    assert_eq!(answer, [[Some(r#"{"applied" : true, "answers" : []}"#.to_owned())]]);
    run(&["chronicle-apply", "down"]);
    run(&["execute-sql", "down"]);
    assert!(database.query("select public.execute_sql('select 1 as one')").await.is_err());
    let one = "m20260101_000001_create_tables applied\nm20261127_000002_add_agents pending\n";
    assert_eq!(run(&["down"]), one, "the latest first");
    assert_eq!(run(&["down"]), one.replace("applied", "pending"));
}

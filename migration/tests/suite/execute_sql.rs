//! The function for free SQL.

use chronicle_migration::execute_sql;
use chronicle_test_servers::Database;

use crate::postgres::{connect, database, migrated};

async fn installed() -> Database {
    let database = migrated().await;
    execute_sql::up(&connect(&database).await).await.unwrap();
    database
}

/// What the function answers to a role.
async fn call(
    database: &Database,
    role: &str,
    query: &str,
    params: &str,
) -> Result<String, String> {
    let call = format!(
        "set role {role}; select execute_sql($query${query}$query$, $params${params}$params$)"
    );
    match database.query(&call).await {
        Ok(rows) => Ok(rows[0][0].clone().unwrap()),
        Err(error) => Err(format!("{error:?}")),
    }
}

#[tokio::test]
async fn only_service_role_may_call_it() {
    let database = installed().await;
    assert_eq!(
        call(&database, "service_role", "select 1 as one", "[]").await.unwrap(),
        r#"[{"one": 1}]"#
    );
    for role in ["anon", "authenticated"] {
        let error = call(&database, role, "select 1 as one", "[]").await.unwrap_err();
        assert!(error.contains("permission denied for function execute_sql"), "{role} {error}");
    }
    // It lends nobody the rights of its owner.
    let error =
        call(&database, "service_role", "select * from seaql_migrations", "[]").await.unwrap_err();
    assert!(error.contains("permission denied"), "{error}");
}

#[tokio::test]
async fn rows_come_as_objects_and_parameters_as_text() {
    let database = installed().await;
    for (query, params, expected) in [
        ("select * from sessions", "[]", "[]"),
        (
            "select cast($1 as uuid) as id, $2 as text, $3 as missing",
            r#"["00000000-0000-4000-8000-00000000000A", 7]"#,
            r#"[{"id": "00000000-0000-4000-8000-00000000000a", "text": "7", "missing": null}]"#,
        ),
        ("select cast($1 as jsonb) -> 'a' as a", r#"[{"a": [true]}]"#, r#"[{"a": [true]}]"#),
        ("values (1), (2);", "[]", r#"[{"column1": 1}, {"column1": 2}]"#),
        (
            "-- a comment\n/* and another */ select $16 as last",
            "[1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16]",
            r#"[{"last": "16"}]"#,
        ),
        (
            "insert into sessions (id, status, created_at) values (gen_random_uuid(), $1, now()) returning status",
            r#"["active"]"#,
            r#"[{"status": "active"}]"#,
        ),
        (
            "with changed as (update sessions set status = 'ended' returning status) select * from changed",
            "[]",
            r#"[{"status": "ended"}]"#,
        ),
        ("update sessions set status = $1", r#"["active"]"#, "[]"),
        ("select status from sessions", "[]", r#"[{"status": "active"}]"#),
        ("delete from sessions", "[]", "[]"),
        ("select count(*) as n from sessions", "[]", r#"[{"n": 0}]"#),
    ] {
        assert_eq!(
            call(&database, "service_role", query, params).await.unwrap(),
            expected,
            "{query}"
        );
    }
}

#[tokio::test]
async fn wrong_parameters_and_statements_are_told() {
    let database = installed().await;
    for (query, params, expected) in [
        ("select 1", "{}", "params must be a JSON array"),
        ("select 1", "[1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17]", "params holds 17 elements"),
        ("select nothing", "[]", "column \\\"nothing\\\" does not exist"),
    ] {
        let error = call(&database, "service_role", query, params).await.unwrap_err();
        assert!(error.contains(expected), "{query} {error}");
    }
}

#[tokio::test]
async fn it_is_installed_and_removed_any_number_of_times() {
    let database = database().await;
    let db = connect(&database).await;
    let there = "select count(*) from pg_proc where proname = 'execute_sql' and not prosecdef and proconfig is not null";
    for (install, expected) in [(true, "1"), (true, "1"), (false, "0"), (false, "0")] {
        if install {
            execute_sql::up(&db).await.unwrap();
        } else {
            execute_sql::down(&db).await.unwrap();
        }
        assert_eq!(database.query(there).await.unwrap(), [[Some(expected.to_owned())]]);
    }
    database.execute(&execute_sql::script()).await.unwrap();
    assert_eq!(database.query(there).await.unwrap(), [[Some("1".to_owned())]]);
}

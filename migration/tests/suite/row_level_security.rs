//! Who may see and change which rows on Postgres, asked as PostgREST asks: with `set local role` and the claims of the
//! token as a setting.

use chronicle_test_servers::Database;

use crate::postgres::migrated;

const ADA: &str = "00000000-0000-4000-8000-00000000000a";
const BOB: &str = "00000000-0000-4000-8000-00000000000b";
const NOBODY: &str = "00000000-0000-4000-8000-00000000000f";

/// A session of Ada, one of Bob and one of nobody, each with one event and one tool event, whose ids are the session's.
async fn three_sessions() -> Database {
    let database = migrated().await;
    database
        .execute(&format!(
            "insert into sessions (id, user_id, status, created_at)
                 values ('{ADA}', 'ada', 'active', now()), ('{BOB}', 'bob', 'active', now()), ('{NOBODY}', null, 'active', now());
             insert into events (id, session_id, event_type, timestamp, created_at) select id, id, 'x', now(), now() from sessions;
             insert into tool_events (id, session_id, tool_name, status, timestamp, created_at)
                 select id, id, 'x', 'ok', now(), now() from sessions;"
        ))
        .await
        .unwrap();
    database
}

/// What a statement answers to a role with the claims of a token, in a transaction that is rolled back.
async fn ask(
    database: &Database,
    role: &str,
    claims: &str,
    sql: &str,
) -> Result<Vec<String>, String> {
    let script = format!(
        "begin; set local role {role}; set local request.jwt.claims = '{claims}'; {sql}; reset role; rollback;"
    );
    match database.query(&script).await {
        Ok(rows) => Ok(rows.into_iter().map(|row| row[0].clone().unwrap_or_default()).collect()),
        Err(error) => Err(format!("{error:?}")),
    }
}

const TABLES: [&str; 3] = ["sessions", "events", "tool_events"];
const ADAS: (&str, &str) = ("authenticated", r#"{"sub": "ada", "role": "authenticated"}"#);
const ANON: (&str, &str) = ("anon", r#"{"role": "anon"}"#);

#[tokio::test]
async fn each_role_sees_its_own_rows() {
    let database = three_sessions().await;
    for table in TABLES {
        let select = format!("select id from {table} order by id");
        for ((role, claims), expected) in [
            (ADAS, vec![ADA]),
            (("authenticated", r#"{"sub": "eve"}"#), vec![]),
            (("authenticated", "{}"), vec![]),
            (("authenticated", ""), vec![]),
            (ANON, vec![NOBODY]),
            (("service_role", r#"{"role": "service_role"}"#), vec![ADA, BOB, NOBODY]),
        ] {
            assert_eq!(
                ask(&database, role, claims, &select).await.unwrap(),
                expected,
                "{role} {claims} {table}"
            );
        }
    }
}

#[tokio::test]
async fn each_role_changes_its_own_rows() {
    let database = three_sessions().await;
    for (table, change) in [
        ("sessions", "status = 'x'"),
        ("events", "hook_name = 'x'"),
        ("tool_events", "status = 'x'"),
    ] {
        let update = format!("update {table} set {change} returning id");
        assert_eq!(ask(&database, ADAS.0, ADAS.1, &update).await.unwrap(), [ADA], "{table}");
        assert_eq!(ask(&database, ANON.0, ANON.1, &update).await.unwrap(), [NOBODY], "{table}");
        assert_eq!(
            ask(&database, "service_role", "{}", &update).await.unwrap().len(),
            3,
            "{table}"
        );

        let delete = format!("delete from {table} returning id");
        assert_eq!(ask(&database, ADAS.0, ADAS.1, &delete).await.unwrap(), [ADA], "{table}");
        let error = ask(&database, ANON.0, ANON.1, &delete).await.unwrap_err();
        assert!(error.contains("permission denied"), "{error}");
        assert_eq!(
            ask(&database, "service_role", "{}", &delete).await.unwrap().len(),
            3,
            "{table}"
        );
    }
}

#[tokio::test]
async fn nobody_adds_rows_for_somebody_else() {
    let database = three_sessions().await;
    let session = |user: &str| {
        format!(
            "insert into sessions (id, user_id, status, created_at) values (gen_random_uuid(), {user}, 'active', now())
             returning status"
        )
    };
    let event = |session: &str| {
        format!(
            "insert into events (id, session_id, event_type, timestamp, created_at)
             values (gen_random_uuid(), '{session}', 'x', now(), now()) returning 'active'"
        )
    };
    let tool_event = |session: &str| {
        format!(
            "insert into tool_events (id, session_id, tool_name, status, timestamp, created_at)
             values (gen_random_uuid(), '{session}', 'x', 'ok', now(), now()) returning 'active'"
        )
    };
    for ((role, claims), own, others) in [
        (ADAS, ("'ada'", ADA), [("'bob'", BOB), ("null", NOBODY)]),
        (ANON, ("null", NOBODY), [("'bob'", BOB), ("'ada'", ADA)]),
    ] {
        for sql in [session(own.0), event(own.1), tool_event(own.1)] {
            assert_eq!(
                ask(&database, role, claims, &sql).await.unwrap(),
                ["active"],
                "{role} {sql}"
            );
        }
        for (user, id) in others {
            for sql in [session(user), event(id), tool_event(id)] {
                let error = ask(&database, role, claims, &sql).await.unwrap_err();
                assert!(error.contains("row-level security"), "{role} {sql} {error}");
            }
        }
    }
}

#[tokio::test]
async fn rows_cannot_be_given_to_somebody_else() {
    let database = three_sessions().await;
    for ((role, claims), sql) in [
        (ADAS, "update sessions set user_id = 'bob'".to_owned()),
        (ADAS, "update sessions set user_id = null".to_owned()),
        (ADAS, format!("update events set session_id = '{BOB}'")),
        (ANON, "update sessions set user_id = 'ada'".to_owned()),
        (ANON, format!("update tool_events set session_id = '{ADA}'")),
    ] {
        let error = ask(&database, role, claims, &sql).await.unwrap_err();
        assert!(error.contains("row-level security"), "{role} {sql} {error}");
    }
}

#[tokio::test]
async fn an_upsert_of_the_own_row_succeeds() {
    let database = three_sessions().await;
    for ((role, claims), id, user) in [(ADAS, ADA, "'ada'"), (ANON, NOBODY, "null")] {
        let upsert = format!(
            "insert into sessions (id, user_id, status, created_at) values ('{id}', {user}, 'ended', now())
             on conflict (id) do update set status = excluded.status returning status"
        );
        assert_eq!(ask(&database, role, claims, &upsert).await.unwrap(), ["ended"], "{role}");
    }
}

#[tokio::test]
async fn the_list_of_migrations_is_the_owners() {
    let database = three_sessions().await;
    for (role, claims) in [ADAS, ANON, ("service_role", "{}")] {
        let error =
            ask(&database, role, claims, "select version from seaql_migrations").await.unwrap_err();
        assert!(error.contains("permission denied"), "{role} {error}");
    }
}

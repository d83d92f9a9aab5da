//! The function for several changes in one transaction, asked as PostgREST asks.

use chronicle_migration::chronicle_apply;
use chronicle_test_servers::Database;

use crate::postgres::{connect, database, migrated};

const PARTS: &str = r#"
    create table parts (id int primary key, name text not null unique, stock int not null check (stock >= 0),
        owner text default current_user, note json, "Odd name" text);
    alter table parts enable row level security;
    create policy own on parts to authenticated using (owner = 'ada') with check (owner = 'ada');
    grant select, insert, update, delete on parts to authenticated, service_role;
    create policy service on parts to service_role using (true) with check (true);
    insert into parts (id, name, stock, owner) values (1, 'bolt', 10, 'ada'), (2, 'nut', 5, 'bob');
"#;

async fn installed() -> Database {
    let database = migrated().await;
    chronicle_apply::up(&connect(&database).await).await.unwrap();
    database.execute(PARTS).await.unwrap();
    database
}

/// What the function answers to a role.
async fn apply(
    database: &Database,
    role: &str,
    id: Option<u32>,
    operations: &str,
) -> Result<String, String> {
    let id = id.map_or("null".to_owned(), |id| format!("'{}'", uuid(id)));
    let call = format!(
        "set role {role}; select chronicle_apply({id}, $operations${operations}$operations$)"
    );
    match database.query(&call).await {
        Ok(rows) => Ok(rows[0][0].clone().unwrap()),
        Err(error) => Err(format!("{error:?}")),
    }
}

fn uuid(number: u32) -> String {
    format!("00000000-0000-4000-8000-{number:012}")
}

async fn parts(database: &Database) -> Vec<String> {
    let sql = "select id || ' ' || name || ' ' || stock from parts order by id";
    let rows = database.query(sql).await.unwrap();
    rows.into_iter().map(|row| row[0].clone().unwrap()).collect()
}

const TAKE_THREE: &str = r#"{"kind": "update", "table": "parts", "key": ["id"], "keys": [{"id": 1}],
    "columns": ["stock"], "added": ["stock"], "rows": {"stock": -3}}"#;

#[tokio::test]
async fn all_changes_are_made_or_none() {
    let database = installed().await;
    let operations = format!(
        r#"[{{"kind": "insert", "table": "parts", "key": ["id"], "columns": ["id", "name", "stock", "note", "Odd name"],
             "rows": [{{"id": 3, "name": "it's", "stock": 1, "note": {{"b" : 1, "a":2}}, "Odd name": "\"; drop"}}],
             "returning": ["id", "note", "Odd name"]}}, {TAKE_THREE},
            {{"kind": "delete", "schema": "public", "table": "parts", "key": ["id"], "keys": [{{"id": "2"}}, {{"id": 9}}]}}]"#
    );
    let answer = apply(&database, "service_role", Some(1), &operations).await.unwrap();
    insta::assert_snapshot!(answer);
    assert_eq!(parts(&database).await, ["1 bolt 7", "3 it's 1"]);
    // The last one is refused: nothing of it all is kept, and neither is its id.
    let refused = format!(
        r#"[{TAKE_THREE}, {{"kind": "insert", "table": "parts", "key": ["id"], "columns": ["id", "name", "stock"],
            "rows": [{{"id": 4, "name": "bolt", "stock": 1}}]}}]"#
    );
    let error = apply(&database, "service_role", Some(2), &refused).await.unwrap_err();
    assert!(error.contains("parts_name_key"), "{error}");
    assert_eq!(parts(&database).await, ["1 bolt 7", "3 it's 1"]);
    apply(&database, "service_role", Some(2), &format!("[{TAKE_THREE}]")).await.unwrap();
    assert_eq!(parts(&database).await, ["1 bolt 4", "3 it's 1"]);
}

#[tokio::test]
async fn what_was_applied_is_not_applied_again() {
    let database = installed().await;
    let once = format!("[{TAKE_THREE}]");
    apply(&database, "service_role", Some(1), &once).await.unwrap();
    let again = apply(&database, "service_role", Some(1), &once).await.unwrap();
    assert_eq!(again, r#"{"applied" : false, "touched" : null}"#);
    assert_eq!(parts(&database).await[0], "1 bolt 7");
    // An id can be taken without a change: what comes with it later does nothing.
    let taken = apply(&database, "service_role", Some(2), "[]").await.unwrap();
    assert_eq!(taken, r#"{"applied" : true, "answers" : []}"#);
    assert_eq!(
        apply(&database, "service_role", Some(2), "[]").await.unwrap(),
        r#"{"applied" : true, "touched" : -1}"#
    );
    let error = apply(&database, "service_role", Some(2), &once).await.unwrap_err();
    assert!(error.contains("CHR02"), "{error}");
    for of_each in [once.clone(), once.replace("update", "delete").replace(r#""rows""#, r#""x""#)] {
        let of_each = of_each.replacen('{', &format!(r#"{{"ids": ["{}"],"#, uuid(2)), 1);
        let error = apply(&database, "service_role", None, &of_each).await.unwrap_err();
        assert!(error.contains("CHR02"), "{error}");
    }
    assert_eq!(parts(&database).await[0], "1 bolt 7");
    // Each change with an id of its own.
    let (one, two, three) = (uuid(11), uuid(12), uuid(13));
    let rows = format!(
        r#"[{{"kind": "insert", "table": "parts", "key": ["id"], "columns": ["id", "name", "stock"], "ids": ["{one}", "{two}"],
            "rows": [{{"id": 11, "name": "a", "stock": 1}}, {{"id": 12, "name": "b", "stock": 2}}]}}]"#
    );
    apply(&database, "service_role", None, &rows).await.unwrap();
    let delete = format!(
        r#"[{{"kind": "delete", "table": "parts", "key": ["id"], "ids": ["{one}", "{three}"], "keys": [{{"id": 11}}, {{"id": 12}}]}}]"#
    );
    let answer = apply(&database, "service_role", None, &delete).await.unwrap();
    assert!(answer.contains(r#""touched" : 1, "left_out" : 1"#), "{answer}");
    assert_eq!(parts(&database).await, ["1 bolt 7", "2 nut 5", "11 a 1"]);
    let answer = apply(&database, "service_role", None, &rows).await.unwrap();
    assert!(answer.contains(r#""touched" : 2, "left_out" : 2"#), "{answer}");
    assert_eq!(parts(&database).await, ["1 bolt 7", "2 nut 5", "11 a 1"]);
    // One that found no row finds none later: who wants it goes by another id.
    let missing = TAKE_THREE.replace(r#""id": 1"#, r#""id": 7"#);
    let missing =
        format!("[{}]", missing.replacen('{', &format!(r#"{{"ids": ["{}"],"#, uuid(14)), 1));
    let answer = apply(&database, "service_role", None, &missing).await.unwrap();
    assert!(answer.contains(r#""touched" : 0"#), "{answer}");
    database
        .execute("insert into parts values (7, 'late', 5) on conflict do nothing")
        .await
        .unwrap();
    let error = apply(&database, "service_role", None, &missing).await.unwrap_err();
    assert!(error.contains("CHR03"), "{error}");
    let taken = apply(&database, "service_role", Some(14), "[]").await.unwrap();
    assert_eq!(taken, r#"{"applied" : true, "touched" : 0}"#);
    let found = missing.replace(&uuid(14), &uuid(15));
    for _ in 0..2 {
        let answer = apply(&database, "service_role", None, &found).await.unwrap();
        assert!(answer.contains(r#""touched" : 1"#), "{answer}");
    }
    assert_eq!(parts(&database).await[2], "7 late 2");
}

#[tokio::test]
async fn conflicts_conditions_and_missing_rows() {
    let database = installed().await;
    let insert = |on_conflict: &str| {
        format!(
            r#"[{{"kind": "insert", "table": "parts", "key": ["id"], "columns": ["id", "name", "stock"], "on_conflict": {on_conflict},
                "rows": [{{"id": 1, "name": "screw", "stock": 1}}]}}]"#
        )
    };
    let error = apply(&database, "service_role", None, &insert("null")).await.unwrap_err();
    assert!(error.contains("parts_pkey"), "{error}");
    let answer = apply(&database, "service_role", None, &insert(r#""ignore""#)).await.unwrap();
    assert!(answer.contains(r#""touched" : 0"#), "{answer}");
    apply(&database, "service_role", None, &insert(r#""replace""#)).await.unwrap();
    assert_eq!(parts(&database).await[0], "1 screw 1");
    let update = |value: &str, more: &str| {
        format!(
            r#"[{{"kind": "update", "table": "parts", "key": ["id"], "keys": [{{"id": 1}}], "columns": ["stock"],
                "rows": {{"stock": 8}}, "condition": {{"column": "note", "value": null}}{more}}},
                {{"kind": "update", "table": "parts", "key": ["id"], "keys": [{{"id": 1}}], "columns": ["name"],
                "rows": {{"name": "x"}}, "condition": {{"column": "stock", "value": "{value}"}}, "must_be_there": true}}]"#
        )
    };
    // A column of the type `json` has no equality: told, not passed over.
    let error = apply(&database, "service_role", None, &update("8", "")).await.unwrap_err();
    assert!(error.contains("operator does not exist"), "{error}");
    let update = |value: &str| {
        format!(
            r#"[{{"kind": "update", "table": "parts", "key": ["id"], "keys": [{{"id": 1}}], "columns": ["name"],
                "rows": {{"name": "x"}}, "condition": {{"column": "stock", "value": "{value}"}}, "must_be_there": true}}]"#
        )
    };
    let error = apply(&database, "service_role", None, &update("2")).await.unwrap_err();
    assert!(error.contains("CHR01"), "{error}");
    apply(&database, "service_role", None, &update("1")).await.unwrap();
    assert_eq!(parts(&database).await[0], "1 x 1");
}

/// A domain that allows no NULL, columns with the names that the function itself uses, and types whose name
/// has to be quoted or qualified.
#[tokio::test]
async fn columns_of_every_name_and_type() {
    let database = installed().await;
    let table = r#"
        create schema "Odd";
        create type "Odd"."Mood" as enum ('good', 'bad');
        create domain code as text not null check (value <> '');
        create table odd (k int primary key, t code, v code default 'v', written "Odd"."Mood",
            c numeric(6, 2) not null default 0, "one two" varchar(3)[]);
        grant usage on schema "Odd" to service_role;
        grant select, insert, update, delete on odd to service_role"#;
    database.execute(table).await.unwrap();
    let insert = r#"{"kind": "insert", "table": "odd", "key": ["k"], "columns": ["k", "t", "written", "one two"],
        "rows": [{"k": 1, "t": "a", "written": "good", "one two": ["x", "y"]}, {"k": 2, "t": "b"}],
        "returning": ["k", "t", "v", "written", "c", "one two"]}"#;
    let update = r#"{"kind": "update", "table": "odd", "key": ["k"], "keys": [{"k": 1}], "columns": ["t", "c"],
        "added": ["c"], "rows": {"t": "z", "c": 1.25}, "condition": {"column": "v", "value": "v"},
        "returning": ["t", "c"]}"#;
    let delete = r#"{"kind": "delete", "table": "odd", "key": ["k"], "keys": [{"k": 1}, {"k": 2}],
        "condition": {"column": "written", "value": null}}"#;
    let all = format!("[{insert}, {update}, {delete}]");
    let answer = apply(&database, "service_role", None, &all).await.unwrap();
    insta::assert_snapshot!(answer);
    let left = database.query("select k, t, c from odd").await.unwrap();
    let text = |text: &str| Some(text.to_owned());
    assert_eq!(left, [[text("1"), text("z"), text("1.25")]]);
    let empty = insert.replace(r#""t": "b""#, r#""t": null"#).replace(r#""k": 2"#, r#""k": 3"#);
    let error = apply(&database, "service_role", None, &format!("[{empty}]")).await.unwrap_err();
    assert!(error.contains("domain code does not allow null values"), "{error}");
}

#[tokio::test]
async fn the_rights_of_the_caller_hold() {
    let database = installed().await;
    let bobs = TAKE_THREE.replace(r#"[{"id": 1}]"#, r#"[{"id": 2}]"#);
    let answer =
        apply(&database, "authenticated", None, &format!("[{TAKE_THREE}, {bobs}]")).await.unwrap();
    assert!(
        answer.contains(r#"[{"touched" : 1, "left_out" : 0, "rows" : []},{"touched" : 0"#),
        "{answer}"
    );
    assert_eq!(parts(&database).await, ["1 bolt 7", "2 nut 5"]);
    let theft = r#"[{"kind": "insert", "table": "parts", "key": ["id"], "columns": ["id", "name", "stock", "owner"],
        "rows": [{"id": 3, "name": "c", "stock": 1, "owner": "bob"}]}]"#;
    let error = apply(&database, "authenticated", Some(7), theft).await.unwrap_err();
    assert!(error.contains("row-level security"), "{error}");
    let error = apply(&database, "anon", None, "[]").await.unwrap_err();
    assert!(error.contains("permission denied for function chronicle_apply"), "{error}");
    let system = r#"[{"kind": "delete", "table": "seaql_migrations", "key": ["version"], "keys": [{"version": "x"}]}]"#;
    let error = apply(&database, "authenticated", None, system).await.unwrap_err();
    assert!(error.contains("permission denied"), "{error}");
    // No id that was taken can be changed or removed.
    for sql in [
        "update chronicle_applied set id = id",
        "delete from chronicle_applied",
        "select applied_at from chronicle_applied",
    ] {
        let error = database.query(&format!("set role authenticated; {sql}")).await.unwrap_err();
        assert!(format!("{error:?}").contains("permission denied"), "{sql} {error:?}");
    }
}

#[tokio::test]
async fn it_is_installed_and_removed_any_number_of_times() {
    let database = database().await;
    let db = connect(&database).await;
    let there = "select count(*) from pg_proc where proname = 'chronicle_apply' and not prosecdef";
    for (install, expected) in [(true, "1"), (true, "1"), (false, "0"), (false, "0")] {
        if install {
            chronicle_apply::up(&db).await.unwrap();
        } else {
            chronicle_apply::down(&db).await.unwrap();
        }
        assert_eq!(database.query(there).await.unwrap(), [[Some(expected.to_owned())]]);
    }
    database.execute(&chronicle_apply::script()).await.unwrap();
    assert_eq!(database.query(there).await.unwrap(), [[Some("1".to_owned())]]);
}

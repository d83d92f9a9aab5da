//! Entities and migrations must describe the same tables, on either database.
#![allow(clippy::unwrap_used, reason = "a test fails by a panic")]

use chronicle::{Kind, Record, Table};
use chronicle_entity::{event, session, tool_event, unread_payload};
use chronicle_migration::{Migrator, MigratorTrait};
use sea_orm::{ConnectionTrait, Database, DatabaseConnection, DbBackend, EntityTrait, Statement};

const TABLES: [&Table; 4] = [
    session::Model::TABLE,
    event::Model::TABLE,
    tool_event::Model::TABLE,
    unread_payload::Model::TABLE,
];

/// A column: its name, its type in the database's own words, whether it may be NULL.
type Described = (String, String, bool);

fn described(table: &Table, name_of: fn(Kind, bool) -> &'static str) -> Vec<Described> {
    let mut columns: Vec<Described> = table
        .columns
        .iter()
        .map(|column| {
            // Ids travel as text, and are `uuid` in Postgres.
            let id = column.name == "id" || column.name.ends_with("_id");
            // Other systems' ids are any text.
            let id = id && !["agent_id", "user_id"].contains(&column.name);
            (column.name.to_owned(), name_of(column.kind, id).to_owned(), column.nullable)
        })
        .collect();
    columns.sort();
    columns
}

fn sqlite_type(kind: Kind, _: bool) -> &'static str {
    match kind {
        Kind::F64 => "REAL",
        _ => "TEXT",
    }
}

fn postgres_type(kind: Kind, id: bool) -> &'static str {
    match kind {
        Kind::F64 => "double precision",
        Kind::Json => "jsonb",
        Kind::Timestamp => "timestamp with time zone",
        Kind::Text if id => "uuid",
        _ => "text",
    }
}

async fn rows(connection: &DatabaseConnection, sql: &str) -> Vec<Described> {
    let backend = connection.get_database_backend();
    let mut rows: Vec<Described> = connection
        .query_all_raw(Statement::from_string(backend, sql))
        .await
        .unwrap()
        .iter()
        .map(|row| {
            (
                row.try_get_by_index::<String>(0).unwrap(),
                row.try_get_by_index::<String>(1).unwrap(),
                row.try_get_by_index::<String>(2).unwrap() == "YES",
            )
        })
        .collect();
    rows.sort();
    rows
}

#[tokio::test]
async fn sqlite_has_the_columns_of_the_entities() {
    let sqlite = chronicle_sqlite().await;
    assert_eq!(sqlite.get_database_backend(), DbBackend::Sqlite);
    for table in TABLES {
        // A text primary key needs NOT NULL of its own on SQLite; "pk" alone allows NULL.
        let sql = format!(
            r#"select name, type, case "notnull" when 1 then 'NO' else 'YES' end
               from pragma_table_info('{}')"#,
            table.name
        );
        assert_eq!(rows(&sqlite, &sql).await, described(table, sqlite_type), "{}", table.name);
    }
}

#[tokio::test]
async fn postgres_has_the_columns_of_the_entities() {
    let database =
        chronicle_test_servers::Postgres::shared().await.unwrap().create_database().await.unwrap();
    let postgres = Database::connect(database.url()).await.unwrap();
    Migrator::up(&postgres, None).await.unwrap();
    for table in TABLES {
        let sql = format!(
            "select column_name::text, data_type::text, is_nullable::text
             from information_schema.columns
             where table_schema = 'public' and table_name = '{}'",
            table.name
        );
        assert_eq!(rows(&postgres, &sql).await, described(table, postgres_type), "{}", table.name);
    }
    postgres.close().await.unwrap();
}

/// SeaORM, too, must find its columns: its names come from another derive than ours.
#[tokio::test]
async fn seaorm_and_the_repository_name_the_same_columns() {
    fn names<E: EntityTrait>() -> Vec<String> {
        use sea_orm::{IdenStatic, Iterable};
        E::Column::iter().map(|column| column.as_str().to_owned()).collect()
    }
    let ours = |table: &Table| -> Vec<String> {
        table.columns.iter().map(|column| column.name.to_owned()).collect()
    };
    assert_eq!(ours(session::Model::TABLE), names::<session::Entity>());
    assert_eq!(ours(event::Model::TABLE), names::<event::Entity>());
    assert_eq!(ours(tool_event::Model::TABLE), names::<tool_event::Entity>());

    let sqlite = chronicle_sqlite().await;
    assert!(session::Entity::find().all(&sqlite).await.unwrap().is_empty());
    assert!(event::Entity::find().all(&sqlite).await.unwrap().is_empty());
    assert!(tool_event::Entity::find().all(&sqlite).await.unwrap().is_empty());
}

async fn chronicle_sqlite() -> DatabaseConnection {
    let sqlite = Database::connect("sqlite::memory:").await.unwrap();
    Migrator::up(&sqlite, None).await.unwrap();
    sqlite
}

//! Each way in which a table is not as its entity says, and what is told of it.

use super::entities::{book, hen, ticket};
use super::sqlite::schema;
use chronicle::{ErrorKind, Record, Sqlite, Table};
use std::fmt::Write;

mod note {
    use chronicle::Repository;
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel, Repository)]
    #[sea_orm(table_name = "notes")]
    #[repository(name = "Note")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: String,
        #[sea_orm(unique)]
        pub title: String,
        pub stars: i32,
        pub weight: f64,
        pub data: Option<Json>,
        pub seen_at: Option<DateTimeUtc>,
        pub image: Option<Vec<u8>>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}
    impl ActiveModelBehavior for ActiveModel {}
}

const COLUMNS: &str = "id text primary key, title text not null unique, stars integer not null, \
                       weight real not null, data text, seen_at text, image blob";

async fn told(table: &'static Table, sql: &str) -> String {
    let sqlite = Sqlite::memory().await.unwrap();
    sqlite.execute_script(sql).await.unwrap();
    let before = schema(&sqlite).await;
    let error = sqlite.create_tables(&[table]).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::SchemaMismatch, "{error}");
    assert_eq!(error.table(), Some(table.name));
    assert_eq!(schema(&sqlite).await, before);
    let checked = sqlite.check_tables(&[table]).await.unwrap_err();
    assert_eq!(checked.kind(), ErrorKind::SchemaMismatch);
    error.message().to_owned()
}

#[tokio::test]
async fn each_difference_is_told_with_what_to_do() {
    let rows = "; insert into notes (id, title) values ('a', 'b')";
    let cases = [
        ("no key", COLUMNS.replace(" primary key", "")),
        (
            "another key",
            COLUMNS
                .replace("id text primary key", "id text")
                .replace("title text not null unique", "title text primary key"),
        ),
        ("a key of two columns", COLUMNS.replace(" primary key", "") + ", primary key (id, title)"),
        ("not nullable there", COLUMNS.replace("data text", "data text not null")),
        ("a text as a number", COLUMNS.replace("title text", "title string")),
        ("a number as a text", COLUMNS.replace("stars integer", "stars varchar(20)")),
        ("a whole number as a real one", COLUMNS.replace("stars integer", "stars double")),
        ("a real number as a text", COLUMNS.replace("weight real", "weight text")),
        ("an unknown column", format!("{COLUMNS}, owner text not null")),
        (
            "a computed column",
            COLUMNS.replace("stars integer not null", "stars integer not null as (1)"),
        ),
        (
            "several",
            COLUMNS
                .replace("data text", "data text not null")
                .replace("stars integer", "stars text"),
        ),
    ];
    let mut text = String::new();
    for (name, columns) in cases {
        let told = told(note::Model::TABLE, &format!("create table notes ({columns})")).await;
        let _ = writeln!(text, "{name}:\n    {told}");
    }
    let others: [(&str, &'static Table, String); 7] = [
        ("a missing column, and rows", note::Model::TABLE, "create table notes (id text primary key, title text not null unique)".to_owned() + rows),
        ("a missing key", note::Model::TABLE, format!("create table notes ({})", COLUMNS.replacen("id text primary key, ", "", 1))),
        ("a strict table", note::Model::TABLE, format!("create table notes ({}) strict", COLUMNS.replace("data text", "data blob"))),
        ("a view", note::Model::TABLE, "create view notes as select 1 as id, 2 as title".to_owned()),
        ("a key that is not counted", ticket::Model::TABLE, "create table tickets (id bigint primary key, user_id, token, state, seen)".to_owned()),
        ("no foreign key", hen::Model::TABLE, "create table eggs (id blob primary key); create table hens (id blob primary key, hatched_from blob)".to_owned()),
        ("a foreign key that does otherwise", book::Model::TABLE, "create table books (id text primary key, sequel_of text references books (id) on delete cascade)".to_owned()),
    ];
    for (name, table, sql) in others {
        let _ = writeln!(text, "{name}:\n    {}", told(table, &sql).await);
    }
    insta::assert_snapshot!(text);
}

/// Declared otherwise than the library would, and yet nothing is changed by it.
#[tokio::test]
async fn what_makes_no_difference_is_no_difference() {
    let fit = [
        COLUMNS.to_owned(),
        COLUMNS.to_uppercase(),
        COLUMNS.replace("title text not null", "title varchar(200)"),
        COLUMNS.replace("stars integer", "stars bigint").replace("weight real", "weight numeric"),
        COLUMNS.replace("data text", "data json").replace("seen_at text", "seen_at datetime"),
        COLUMNS.replace("image blob", "image").replace("weight real", "weight double precision"),
        format!(
            "{COLUMNS}, owner text, made text not null default 'x', twice integer as (stars * 2)"
        ),
        COLUMNS.replace(" unique", "") + ", unique (title)",
    ];
    for columns in fit {
        let sqlite = Sqlite::memory().await.unwrap();
        sqlite.execute_script(&format!("create table notes ({columns})")).await.unwrap();
        let before = schema(&sqlite).await;
        sqlite.check_tables(&[note::Model::TABLE]).await.unwrap();
        sqlite.create_tables(&[note::Model::TABLE]).await.unwrap();
        assert_eq!(schema(&sqlite).await, before);
        let note = note::NewNote::new("0012", "1e3", 3, 2.0)
            .data(serde_json::json!([1.5]))
            .seen_at(chronicle::now())
            .image(b"12".to_vec());
        let notes = note::Notes::new(&sqlite);
        let note = notes.insert(note).await.unwrap();
        assert_eq!(notes.get("0012").await.unwrap(), Some(note));
    }
}

/// Neither of them sees to it that texts are told apart as the server tells them.
#[tokio::test]
async fn an_index_of_some_rows_or_of_other_texts_is_not_unique() {
    for index in
        ["(title) where stars > 1", "(title collate nocase)", "(lower(title))", "(title, stars)"]
    {
        let sqlite = Sqlite::memory().await.unwrap();
        let columns = COLUMNS.replace(" unique", "");
        sqlite
            .execute_script(&format!(
                "create table notes ({columns}); create unique index i on notes {index}"
            ))
            .await
            .unwrap();
        let error = sqlite.check_tables(&[note::Model::TABLE]).await.unwrap_err();
        assert!(error.message().contains("(`title`) is unique"), "{error}");
        if index.contains("collate") {
            // It would refuse what the server takes.
            let error = sqlite.create_tables(&[note::Model::TABLE]).await.unwrap_err();
            assert!(error.message().contains("different texts in (`title`)"), "{error}");
            continue;
        }
        let report = sqlite.create_tables(&[note::Model::TABLE]).await.unwrap();
        assert_eq!(report.indexes, ["unique_notes_title"]);
        sqlite.check_tables(&[note::Model::TABLE]).await.unwrap();
    }
}

/// Ids are text in the file and plain UUIDs are bytes. A column takes both, and a row is found by
/// neither of the other.
#[tokio::test]
async fn rows_of_another_entity_are_told_by_what_is_stored() {
    use super::entities::{egg, hen};
    let sqlite = Sqlite::memory().await.unwrap();
    sqlite.create_tables(&[hen::Model::TABLE, egg::Model::TABLE]).await.unwrap();
    sqlite
        .execute_script("insert into hens (id) values ('0f0a6a52-77b1-4a55-9d1c-5b0a3d6c2f11')")
        .await
        .unwrap();
    for error in [
        sqlite.check_tables(&[hen::Model::TABLE]).await.unwrap_err(),
        sqlite.create_tables(&[hen::Model::TABLE, egg::Model::TABLE]).await.unwrap_err(),
    ] {
        assert_eq!(error.kind(), ErrorKind::SchemaMismatch, "{error}");
        assert!(
            error.message().contains("column `id`") && error.message().contains("text"),
            "{error}"
        );
    }
}

mod loose_egg {
    use sea_orm::entity::prelude::*;

    #[derive(chronicle::Id)]
    pub struct HenId(Uuid);

    /// Its parent has a plain UUID for a key.
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, chronicle::Repository)]
    #[sea_orm(table_name = "loose_eggs")]
    #[repository(name = "LooseEgg")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub laid_by: Option<HenId>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {
        #[sea_orm(
            belongs_to = "super::super::entities::hen::Entity",
            from = "Column::LaidBy",
            to = "super::super::entities::hen::Column::Id"
        )]
        Hen,
    }
    impl ActiveModelBehavior for ActiveModel {}
}

#[tokio::test]
async fn a_foreign_key_of_another_type_is_told() {
    use super::entities::{egg, hen};
    let sqlite = Sqlite::memory().await.unwrap();
    let tables = [hen::Model::TABLE, egg::Model::TABLE, loose_egg::Model::TABLE];
    let error = sqlite.create_tables(&tables).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidInput, "{error}");
    assert!(error.message().contains("`laid_by`"), "{error}");
}

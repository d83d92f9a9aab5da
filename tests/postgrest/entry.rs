//! The table of these tests.

use chronicle::Repository;
use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel, Repository)]
#[sea_orm(table_name = "entries")]
#[repository(name = "Entry")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub title: String,
    #[sea_orm(unique)]
    pub code: Option<String>,
    pub kind: Option<String>,
    pub stars: Option<i64>,
    pub parent: Option<Uuid>,
    pub data: Option<Json>,
    pub payload: Option<Vec<u8>>,
    #[sea_orm(column_name = "order")]
    pub position: i32,
    pub seen_at: DateTimeUtc,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}
impl ActiveModelBehavior for ActiveModel {}

/// `kind` is not null and `stars` is a smallint, which the entity does not know.
pub(crate) const SCHEMA: &str = r#"
    create table entries (
        id uuid primary key,
        title text not null,
        code text unique,
        kind text not null,
        stars smallint constraint entries_stars check (stars >= 0),
        parent uuid constraint entries_parent references entries,
        data jsonb,
        payload bytea,
        "order" integer not null,
        seen_at timestamptz not null
    );
    grant all on entries to service_role;
"#;

/// A row that the database takes.
pub(crate) fn row(title: impl Into<String>) -> NewEntry {
    NewEntry::new(title, 0, chronicle::now()).kind("test")
}

//! The entity that the tests of this backend share.

#[cfg(feature = "sqlite")]
mod changes;
mod error;
mod options;
mod request;
mod rows;
mod split;
mod versions;
mod wait;

pub(super) mod entry {
    use crate::Repository;
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel, Repository)]
    #[sea_orm(table_name = "entries")]
    #[repository(name = "Entry")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub title: String,
        pub note: Option<String>,
        #[sea_orm(column_name = "order")]
        pub position: i32,
        pub stars: Option<i64>,
        pub is_open: bool,
        pub data: Option<Json>,
        #[sea_orm(column_name = "seen at")]
        pub seen_at: DateTimeUtc,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}
    impl ActiveModelBehavior for ActiveModel {}
}

use entry::Entries;

/// The id with this number.
fn id(number: u128) -> uuid::Uuid {
    uuid::Uuid::from_u128(number)
}

/// 2026-01-02 03:04:05.678901 UTC.
fn time() -> chrono::DateTime<chrono::Utc> {
    chrono::DateTime::from_timestamp_micros(1_767_323_045_678_901).expect("in range")
}

fn table() -> &'static crate::Table {
    <entry::Model as crate::Record>::TABLE
}

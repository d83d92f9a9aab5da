//! Columns have the names that SeaORM gives them, whatever the fields are called.

/// Columns named by the rule.
mod plain {
    use chronicle::Repository;
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel, Repository)]
    #[sea_orm(table_name = "odd_names", schema_name = "app")]
    #[repository(name = "OddName")]
    pub struct Model {
        #[sea_orm(primary_key)]
        #[repository(given)]
        pub id: Uuid,
        pub r#type: String,
        pub sha256: String,
        pub field_1: i32,
        pub trailing_: i32,
        pub a1b2: i32,
        #[sea_orm(enum_name = "Renamed")]
        pub by_variant: i32,
        #[sea_orm(column_name = "Some Column", unique)]
        pub by_name: String,
        #[sea_orm(ignore)]
        pub not_stored: Vec<u64>,
    }

    #[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// Columns renamed all at once.
mod renamed {
    use chronicle::Repository;
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel, Repository)]
    #[sea_orm(table_name = "entity", rename_all = "camelCase")]
    #[repository(name = "Thing", repository = "Things")]
    pub(crate) struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub thing_id: i64,
        #[sea_orm(default_value = 3)]
        pub parts_left: i32,
        #[sea_orm(default_value = "en")]
        pub first_language: Option<String>,
        #[repository(default)]
        pub is_old: bool,
        #[repository(default = String::from("none"))]
        pub long_note: String,
        pub created_at: Option<DateTimeUtc>,
        pub updated_at: DateTimeUtc,
    }

    #[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

use chronicle::Record;
use sea_orm::prelude::Uuid;
use sea_orm::{IdenStatic, Iterable};

fn ours<R: Record>() -> Vec<&'static str> {
    R::TABLE.columns.iter().map(|column| column.name).collect()
}

fn sea_orm<C: Iterable + IdenStatic>() -> Vec<&'static str> {
    C::iter().map(|column| column.as_str()).collect()
}

fn main() {
    assert_eq!(ours::<plain::Model>(), sea_orm::<plain::Column>());
    assert_eq!(ours::<renamed::Model>(), sea_orm::<renamed::Column>());
    assert_eq!(plain::Model::TABLE.schema, Some("app"));

    let id = Uuid::nil();
    let row = plain::NewOddName::new(id, "type", "sha", 1, 2, 3, 4, "name");
    assert_eq!(plain::Model::from(row).r#type, "type");

    let thing = renamed::Model::from(renamed::NewThing::new(7));
    assert_eq!((thing.thing_id, thing.parts_left, thing.is_old), (7, 3, false));
    assert_eq!(thing.first_language.as_deref(), Some("en"));
    assert_eq!(thing.long_note, "none");
    assert_eq!(thing.created_at, None);
    let _query = renamed::Things::query();
}

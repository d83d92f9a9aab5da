//! The tables of the simulation. Every number in a row is of the call that wrote it, with its flaw.

use crate::failover::rules::name::{RowKey, RowName, TableName, key_columns};
use crate::key::Key;
use crate::{Column, Record, Table};
use sea_orm::Value;

mod parent {
    use crate::Repository;
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, Repository)]
    #[sea_orm(table_name = "parents")]
    #[repository(name = "Parent")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: String,
        /// Set by what makes the whole row.
        pub made: i64,
        pub a: i64,
        pub b: i64,
        /// Added to by the server's function.
        pub sum: i64,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}
    impl ActiveModelBehavior for ActiveModel {}
}

mod child {
    use crate::Repository;
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, Repository)]
    #[sea_orm(table_name = "children")]
    #[repository(name = "Child")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: String,
        pub parent_id: String,
        pub made: i64,
        pub a: i64,
        pub b: i64,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {
        #[sea_orm(
            belongs_to = "super::parent::Entity",
            from = "Column::ParentId",
            to = "super::parent::Column::Id"
        )]
        Parent,
    }
    impl ActiveModelBehavior for ActiveModel {}
}

/// Its foreign keys are the file's own: the entity does not tell of them. Its key has two columns,
/// which do not stand in the order of their names, as they do in the outbox.
mod grandchild {
    use crate::Repository;
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, Repository)]
    #[sea_orm(table_name = "grandchildren")]
    #[repository(name = "Grandchild")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub part: String,
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: String,
        pub child_id: String,
        /// Another row of the table.
        pub beside_id: Option<String>,
        pub beside_part: Option<String>,
        pub made: i64,
        pub a: i64,
        pub b: i64,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}
    impl ActiveModelBehavior for ActiveModel {}
}

mod unique {
    use crate::Repository;
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, Repository)]
    #[sea_orm(table_name = "uniques")]
    #[repository(name = "Unique")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: String,
        #[sea_orm(unique_key = "place")]
        pub zone: Option<String>,
        #[sea_orm(unique_key = "place")]
        pub code: Option<String>,
        pub made: i64,
        pub a: i64,
        pub b: i64,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}
    impl ActiveModelBehavior for ActiveModel {}
}

/// The server sets `updated_at` by a trigger.
mod versioned {
    use crate::Repository;
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, Repository)]
    #[sea_orm(table_name = "versioned")]
    #[repository(name = "Versioned", conflict = "remote_wins")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: String,
        pub made: i64,
        pub a: i64,
        pub b: i64,
        /// Added to by the server's function.
        pub sum: i64,
        pub updated_at: DateTimeUtc,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}
    impl ActiveModelBehavior for ActiveModel {}
}

/// Of another schema, by an earlier version of the program.
mod spot {
    use crate::Repository;
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, Repository)]
    #[sea_orm(schema_name = "other", table_name = "spots")]
    #[repository(name = "Spot")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: String,
        pub made: i64,
        pub a: i64,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}
    impl ActiveModelBehavior for ActiveModel {}
}

/// The same by a later version, with a column more.
mod wider_spot {
    use crate::Repository;
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, Repository)]
    #[sea_orm(schema_name = "other", table_name = "spots")]
    #[repository(name = "WiderSpot")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: String,
        pub made: i64,
        pub a: i64,
        pub b: Option<i64>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}
    impl ActiveModelBehavior for ActiveModel {}
}

pub(super) const PARENTS: &Table = <parent::Model as Record>::TABLE;
pub(super) const CHILDREN: &Table = <child::Model as Record>::TABLE;
pub(super) const GRANDCHILDREN: &Table = <grandchild::Model as Record>::TABLE;
pub(super) const UNIQUES: &Table = <unique::Model as Record>::TABLE;
pub(super) const VERSIONED: &Table = <versioned::Model as Record>::TABLE;
pub(super) const SPOTS: &Table = <spot::Model as Record>::TABLE;
pub(super) const WIDER_SPOTS: &Table = <wider_spot::Model as Record>::TABLE;

/// All of them, parents first, by the later version of the program.
pub(super) const ALL: [&Table; 6] =
    [PARENTS, CHILDREN, GRANDCHILDREN, UNIQUES, VERSIONED, WIDER_SPOTS];

/// The columns that hold a call's number.
pub(super) const NUMBERS: [&str; 3] = ["made", "a", "b"];

/// The columns that are unique together, and how many values each can have.
pub(super) const UNIQUE: [(&str, usize); 2] = [("zone", 2), ("code", 1)];

/// The column that is added to.
pub(super) const SUM: &str = "sum";

/// Whether rows of a table have a column that is added to.
pub(super) fn has_sum(table: &Table) -> bool {
    table.columns.iter().any(|column| column.name == SUM)
}

/// Whether a column is one of those that are unique together.
pub(super) fn is_unique(column: &str) -> bool {
    UNIQUE.iter().any(|(name, _)| *name == column)
}

/// How many rows each table can have: few, so that calls meet at one row.
pub(super) fn rows_of(table: &Table) -> usize {
    match table.name {
        "children" => 9,
        "grandchildren" => 8,
        _ => 5,
    }
}

/// A foreign key.
pub(super) struct ForeignKey {
    /// In the order of the names of the columns that they hold.
    pub(super) columns: &'static [&'static str],
    pub(super) parent: &'static Table,
    pub(super) is_optional: bool,
}

/// The foreign keys of a table.
pub(super) fn foreign_keys(table: &str) -> &'static [ForeignKey] {
    const PARENT: ForeignKey =
        ForeignKey { columns: &["parent_id"], parent: PARENTS, is_optional: false };
    const CHILD: ForeignKey =
        ForeignKey { columns: &["child_id"], parent: CHILDREN, is_optional: false };
    const BESIDE: ForeignKey = ForeignKey {
        columns: &["beside_id", "beside_part"],
        parent: GRANDCHILDREN,
        is_optional: true,
    };
    match table {
        "children" => &[PARENT],
        "grandchildren" => &[CHILD, BESIDE],
        _ => &[],
    }
}

/// The key of a row of a table. Some are long, and some are not fit for a URL as they are.
pub(super) fn key(table: &Table, number: usize) -> RowKey {
    let letter = table.name.chars().next().unwrap_or('x');
    let text = |number: usize| match number % 4 {
        2 => format!("{letter}{number}\"',(é)."),
        3 => format!("{letter}{number}{}", "~".repeat(700)),
        _ => format!("{letter}{number}"),
    };
    match table.key {
        [_] => key_of([text(number)]),
        _ => key_of([text(number / 2), format!("/{}", number % 2)]),
    }
}

/// The key with these texts, in the order of the names of its columns.
pub(super) fn key_of(texts: impl IntoIterator<Item = String>) -> RowKey {
    let values: Vec<Value> = texts.into_iter().map(Value::from).collect();
    RowKey::of_values(&values)
}

/// The columns of a table's key, each with what it holds.
pub(super) fn key_values(table: &Table, key: &RowKey) -> Vec<(String, String)> {
    key_columns(table).into_iter().zip(key.texts()).collect()
}

/// A key as a client gives it: in the order of the table's columns.
pub(super) fn given(table: &Table, key: &RowKey) -> Key {
    let values = key_values(table, key);
    let value = |column: &Column| {
        let known = values.iter().find(|(name, _)| name == column.name);
        Value::from(known.expect("a column of the key").1.clone())
    };
    Key::new(table.key_columns().map(value).collect::<Vec<_>>())
}

pub(super) fn row_name(table: &Table, key: &RowKey) -> RowName {
    RowName::new(TableName::of(table), key.clone())
}

/// The table with this name, schema included.
pub(super) fn named(name: &TableName) -> &'static Table {
    let found = ALL.into_iter().find(|table| TableName::of(table) == *name);
    found.unwrap_or_else(|| panic!("the simulation has no table {name}"))
}

/// A short form for people.
pub(super) fn short(row: &RowName) -> String {
    let texts = row.key.texts().into_iter();
    texts.map(|text| text.chars().take(2).collect::<String>()).collect()
}

/// All rows that there can be.
pub(super) fn all_rows() -> impl Iterator<Item = (&'static Table, RowName)> {
    ALL.into_iter().flat_map(|table| {
        (0..rows_of(table)).map(move |number| (table, row_name(table, &key(table, number))))
    })
}

/// The tables of a SQLite file. In it foreign keys are those of the server.
pub(super) fn schema(cascades: bool) -> String {
    let action = if cascades { "on delete cascade" } else { "" };
    format!(
        "create table parents (id text primary key not null, made integer not null, \
           a integer not null, b integer not null, sum integer not null default 0); \
         create table children (id text primary key not null, \
           parent_id text not null references parents (id) {action}, made integer not null, \
           a integer not null, b integer not null); \
         create table grandchildren (part text not null, id text not null, \
           child_id text not null references children (id) {action}, \
           beside_id text, beside_part text, made integer not null, \
           a integer not null, b integer not null, primary key (part, id), \
           foreign key (beside_part, beside_id) references grandchildren (part, id) {action}); \
         create table uniques (id text primary key not null, zone text, code text, \
           made integer not null, a integer not null, b integer not null, unique (zone, code)); \
         create table versioned (id text primary key not null, made integer not null, \
           a integer not null, b integer not null, sum integer not null default 0, \
           updated_at text not null); \
         create table spots (id text primary key not null, made integer not null, \
           a integer not null, b integer);"
    )
}

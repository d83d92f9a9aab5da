//! The tables of the simulation. Every number in a row is of the call that wrote it, with its flaw.

use crate::failover::rules::name::{RowKey, RowName, TableName};
use crate::{Record, Table};

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

/// Its foreign key is the file's own: the entity does not tell of it.
mod grandchild {
    use crate::Repository;
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, Repository)]
    #[sea_orm(table_name = "grandchildren")]
    #[repository(name = "Grandchild")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: String,
        pub child_id: String,
        /// Another row of the table.
        pub beside_id: Option<String>,
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
        #[sea_orm(unique)]
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

/// How many codes there are for the unique column.
pub(super) const CODES: usize = 4;

/// How many rows each table can have: few, so that calls meet at one row.
pub(super) fn rows_of(table: &Table) -> usize {
    match table.name {
        "children" => 9,
        "grandchildren" => 8,
        _ => 5,
    }
}

/// The foreign keys of a table: each column, with the table whose key it holds.
pub(super) fn foreign_keys(table: &str) -> &'static [(&'static str, &'static Table)] {
    match table {
        "children" => &[("parent_id", PARENTS)],
        "grandchildren" => &[("child_id", CHILDREN), ("beside_id", GRANDCHILDREN)],
        _ => &[],
    }
}

/// The key of a row of a table. Some are long, and some are not fit for a URL as they are.
pub(super) fn key(table: &Table, number: usize) -> String {
    let letter = table.name.chars().next().unwrap_or('x');
    match number % 4 {
        2 => format!("{letter}{number}\"',(é)."),
        3 => format!("{letter}{number}{}", "~".repeat(700)),
        _ => format!("{letter}{number}"),
    }
}

pub(super) fn row_name(table: &Table, key: &str) -> RowName {
    RowName::new(TableName::of(table), RowKey::of_values([&key.into()]))
}

/// The table with this name, schema included.
pub(super) fn named(name: &TableName) -> &'static Table {
    let found = ALL.into_iter().find(|table| TableName::of(table) == *name);
    found.unwrap_or_else(|| panic!("the simulation has no table {name}"))
}

/// A short form for people.
pub(super) fn short(row: &RowName) -> String {
    row.key.text().chars().take(2).collect()
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
           a integer not null, b integer not null); \
         create table children (id text primary key not null, \
           parent_id text not null references parents (id) {action}, made integer not null, \
           a integer not null, b integer not null); \
         create table grandchildren (id text primary key not null, \
           child_id text not null references children (id) {action}, \
           beside_id text references grandchildren (id) {action}, made integer not null, \
           a integer not null, b integer not null); \
         create table uniques (id text primary key not null, code text unique, \
           made integer not null, a integer not null, b integer not null); \
         create table versioned (id text primary key not null, made integer not null, \
           a integer not null, b integer not null, updated_at text not null); \
         create table spots (id text primary key not null, made integer not null, \
           a integer not null, b integer);"
    )
}

//! Two small tables. Every value is the number of the call that wrote it, negative for poison.

pub(super) mod parent {
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

pub(super) mod child {
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
            to = "super::parent::Column::Id",
            on_delete = "Cascade"
        )]
        Parent,
    }
    impl ActiveModelBehavior for ActiveModel {}
}

use crate::failover::entry::RowName;
use crate::{Record, Table};

pub(in crate::failover) const PARENTS: &Table = <parent::Model as Record>::TABLE;
pub(in crate::failover) const CHILDREN: &Table = <child::Model as Record>::TABLE;

pub(super) const COLUMNS: [&str; 3] = ["made", "a", "b"];

/// How many rows each table can have: few, so that calls meet at one row.
pub(super) const PARENT_KEYS: usize = 5;
pub(super) const CHILD_KEYS: usize = 10;

pub(super) fn table(name: &str) -> &'static Table {
    if name == PARENTS.name { PARENTS } else { CHILDREN }
}

pub(super) fn parent_name(number: usize) -> RowName {
    RowName(PARENTS.name.to_owned(), format!("p{number}"))
}

pub(super) fn child_name(number: usize) -> RowName {
    RowName(CHILDREN.name.to_owned(), format!("c{number}"))
}

/// The parent of a child: its key says it.
pub(super) fn parent_of(row: &RowName) -> Option<RowName> {
    let number: usize = row.1.strip_prefix('c')?.parse().ok()?;
    Some(parent_name(number % PARENT_KEYS))
}

pub(super) fn all_rows() -> impl Iterator<Item = RowName> {
    (0..PARENT_KEYS).map(parent_name).chain((0..CHILD_KEYS).map(child_name))
}

/// The tables of a SQLite file.
pub(in crate::failover) fn schema(cascade: bool) -> String {
    let action = if cascade { "on delete cascade" } else { "" };
    format!(
        "create table parents (id text primary key not null, made integer not null, \
         a integer not null, b integer not null); \
         create table children (id text primary key not null, \
         parent_id text not null references parents (id) {action}, made integer not null, \
         a integer not null, b integer not null);"
    )
}

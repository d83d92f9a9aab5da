//! A key of text that the caller gives, and timestamps of the other two types.

use chronicle::Repository;
use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, Repository)]
#[sea_orm(table_name = "words")]
#[repository(name = "Word")]
pub struct Model {
    #[sea_orm(primary_key)]
    pub word: String,
    /// The database checks that it is not negative.
    #[repository(default = 0)]
    pub stars: i32,
    pub created_at: Option<DateTimeUtc>,
    pub updated_at: DateTimeUtc,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

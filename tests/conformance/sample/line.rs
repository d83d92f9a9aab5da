//! A key of two columns, and two columns that are unique together.

use chronicle::Repository;
use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, Repository)]
#[sea_orm(table_name = "lines")]
#[repository(name = "Line")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub sheet: String,
    #[sea_orm(primary_key, auto_increment = false)]
    pub number: i32,
    /// No two lines of one color have the same place.
    #[sea_orm(unique_key = "place_of_color")]
    pub color: String,
    #[sea_orm(unique_key = "place_of_color")]
    pub place: Option<i32>,
    pub text: String,
    pub updated_at: DateTimeUtc,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

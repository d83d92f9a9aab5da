//! A key that the caller gives, and columns that may all be NULL: what filters and orders are tried on.

use chronicle::Repository;
use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel, Repository)]
#[sea_orm(table_name = "facts")]
#[repository(name = "Fact")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: i64,
    pub number: Option<i32>,
    pub text: Option<String>,
    pub flag: Option<bool>,
    pub real: Option<f64>,
    pub time: Option<DateTimeUtc>,
    pub data: Option<Json>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

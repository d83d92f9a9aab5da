//! Values that the database makes: the key, a default, a generated column, one that a trigger keeps.

use chronicle::Repository;
use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, Repository)]
#[sea_orm(table_name = "tickets")]
#[repository(name = "Ticket")]
pub struct Model {
    #[sea_orm(primary_key)]
    pub id: i64,
    pub points: i32,
    #[repository(server_default)]
    pub state: Option<String>,
    #[repository(server)]
    pub twice: Option<i32>,
    #[repository(server)]
    pub updated_at: Option<DateTimeUtc>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

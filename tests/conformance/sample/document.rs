//! A bare `Uuid` as key, and JSON.

use chronicle::Repository;
use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, Repository)]
#[sea_orm(table_name = "documents")]
#[repository(name = "Document")]
pub struct Model {
    #[sea_orm(primary_key)]
    pub id: Uuid,
    pub data: Json,
    pub extra: Option<Json>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

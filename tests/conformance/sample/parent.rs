//! Dense format, with a typed id, a unique column and both timestamps.

use chronicle::Repository;
use sea_orm::entity::prelude::*;

#[derive(chronicle::Id)]
pub struct ParentId(Uuid);

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, Repository)]
#[sea_orm(table_name = "parents")]
#[repository(name = "Parent")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: ParentId,
    #[sea_orm(unique)]
    pub name: String,
    pub note: Option<String>,
    pub weight: Option<i32>,
    pub created_at: DateTimeUtc,
    pub updated_at: Option<DateTimeUtc>,
    #[sea_orm(has_many)]
    pub children: HasMany<super::child::Entity>,
    #[sea_orm(has_many)]
    pub wards: HasMany<super::ward::Entity>,
}

impl ActiveModelBehavior for ActiveModel {}

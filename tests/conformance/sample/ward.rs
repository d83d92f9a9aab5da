//! Dense format; its rows keep their parent from being deleted, and may have none.

use super::ParentId;
use chronicle::Repository;
use sea_orm::entity::prelude::*;

#[derive(chronicle::Id)]
pub struct WardId(Uuid);

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, Repository)]
#[sea_orm(table_name = "wards")]
#[repository(name = "Ward")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: WardId,
    pub parent_id: Option<ParentId>,
    pub label: String,
    #[sea_orm(belongs_to, from = "parent_id", to = "id")]
    pub parent: HasOne<super::parent::Entity>,
}

impl ActiveModelBehavior for ActiveModel {}

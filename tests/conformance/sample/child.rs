//! Dense format; its rows are deleted with their parent. Without timestamps.

use super::ParentId;
use chronicle::Repository;
use sea_orm::entity::prelude::*;

#[derive(chronicle::Id)]
pub struct ChildId(Uuid);

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, Repository)]
#[sea_orm(table_name = "children")]
#[repository(name = "Child")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: ChildId,
    pub parent_id: ParentId,
    pub label: String,
    /// The database checks that it is not negative.
    #[sea_orm(indexed)]
    pub rank: i32,
    #[sea_orm(belongs_to, from = "parent_id", to = "id", on_delete = "Cascade")]
    pub parent: HasOne<super::parent::Entity>,
}

impl ActiveModelBehavior for ActiveModel {}

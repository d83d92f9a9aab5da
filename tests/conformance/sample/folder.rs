//! Dense format; a delete sets `removed_at`, which the struct names.

use chronicle::Repository;
use sea_orm::entity::prelude::*;

#[derive(chronicle::Id)]
pub struct FolderId(Uuid);

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, Repository)]
#[sea_orm(table_name = "folders")]
#[repository(name = "Folder", soft_delete = "removed_at")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: FolderId,
    pub name: String,
    pub removed_at: Option<DateTimeUtc>,
    #[sea_orm(has_many)]
    pub memos: HasMany<super::memo::Entity>,
}

impl ActiveModelBehavior for ActiveModel {}

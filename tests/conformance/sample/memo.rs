//! Dense format; a delete sets `deleted_at`, which is marked.

use super::FolderId;
use chronicle::Repository;
use sea_orm::entity::prelude::*;

#[derive(chronicle::Id)]
pub struct MemoId(Uuid);

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, Repository)]
#[sea_orm(table_name = "memos")]
#[repository(name = "Memo")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: MemoId,
    pub folder_id: Option<FolderId>,
    #[sea_orm(unique)]
    pub text: String,
    #[sea_orm(indexed)]
    pub stars: i32,
    pub updated_at: DateTimeUtc,
    #[repository(soft_delete)]
    pub deleted_at: Option<DateTimeUtc>,
    #[sea_orm(belongs_to, from = "folder_id", to = "id")]
    pub folder: HasOne<super::folder::Entity>,
}

impl ActiveModelBehavior for ActiveModel {}

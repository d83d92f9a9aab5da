//! Text that sorts by its bytes.

use chronicle::Repository;
use sea_orm::entity::prelude::*;

/// A newtype over text.
#[derive(Clone, Debug, PartialEq, Eq, DeriveValueType, chronicle::Scalar)]
pub struct Subtitle(pub String);

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, Repository)]
#[sea_orm(table_name = "titles")]
#[repository(name = "Title")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    #[repository(collate = "C")]
    pub title: String,
    #[repository(collate = "C")]
    pub subtitle: Option<Subtitle>,
    pub rank: Option<i32>,
    #[sea_orm(unique)]
    #[repository(collate = "C")]
    pub slug: Option<String>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

//! Authors: SeaORM's dense format, a generated key, no times.

use chronicle::Repository;
use sea_orm::entity::prelude::*;

/// The key of an author.
#[derive(chronicle::Id)]
pub struct AuthorId(Uuid);

/// One author.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, DeriveEntityModel, Repository)]
#[sea_orm(table_name = "authors")]
#[repository(name = "Author")]
pub struct Model {
    /// The key.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: AuthorId,
    /// The name, which no two authors share.
    #[sea_orm(unique)]
    pub name: String,
    /// The books.
    #[sea_orm(has_many)]
    pub books: HasMany<super::book::Entity>,
}

impl ActiveModelBehavior for ActiveModel {}

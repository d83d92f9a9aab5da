//! Books: renamed columns, a string enum, a newtype, a key that the caller gives, and times.

use super::author::AuthorId;
use chronicle::Repository;
use sea_orm::entity::prelude::*;

/// An International Standard Book Number.
#[derive(Clone, Debug, PartialEq, Eq, Hash, DeriveValueType, chronicle::Scalar)]
pub struct Isbn(pub String);

/// SeaORM asks this of every key: whether it can be made of a row's number. This one cannot.
impl sea_orm::TryFromU64 for Isbn {
    fn try_from_u64(_: u64) -> Result<Self, DbErr> {
        Err(DbErr::ConvertFromU64("Isbn"))
    }
}

/// How a book is bound.
#[derive(Clone, Debug, PartialEq, Eq, EnumIter, DeriveActiveEnum, chronicle::Scalar)]
#[sea_orm(rs_type = "String", db_type = "Text")]
pub enum Binding {
    /// Between boards.
    #[sea_orm(string_value = "hard-cover")]
    Hardcover,
    /// In paper.
    #[sea_orm(string_value = "paper back")]
    Paperback,
}

/// One book.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, DeriveEntityModel, Repository)]
#[sea_orm(table_name = "books on shelves")]
#[repository(name = "Book")]
pub struct Model {
    /// The key.
    #[sea_orm(primary_key, auto_increment = false)]
    #[repository(given)]
    pub isbn: Isbn,
    /// Who wrote it.
    pub author_id: AuthorId,
    /// The title.
    #[sea_orm(column_name = "order")]
    pub title: String,
    /// How it is bound.
    pub binding: Binding,
    /// How many pages it has.
    #[sea_orm(default_value = 0)]
    pub pages: i32,
    /// Whatever else is known.
    pub notes: Option<Json>,
    /// When the row was made.
    pub created_at: DateTimeUtc,
    /// When the row was last changed.
    pub updated_at: Option<DateTimeUtc>,
    /// Who wrote it.
    #[sea_orm(belongs_to, from = "author_id", to = "id")]
    pub author: HasOne<super::author::Entity>,
}

impl ActiveModelBehavior for ActiveModel {}

//! A key of three columns, two of which are the key of the line that it belongs to.

use chronicle::Repository;
use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, Repository)]
#[sea_orm(table_name = "marks")]
#[repository(name = "Mark")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub number: i32,
    #[sea_orm(primary_key, auto_increment = false)]
    pub sheet: String,
    #[sea_orm(primary_key, auto_increment = false)]
    pub at: Date,
    pub note: Option<String>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {
    #[sea_orm(
        belongs_to = "super::line::Entity",
        from = "(Column::Sheet, Column::Number)",
        to = "(super::line::Column::Sheet, super::line::Column::Number)",
        on_delete = "Cascade"
    )]
    Line,
}

impl ActiveModelBehavior for ActiveModel {}

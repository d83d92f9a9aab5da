//! Names of a table and of columns that mean something else to SQL, to URLs or to PostgREST.

use chronicle::Repository;
use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, Repository)]
#[sea_orm(table_name = "odd things")]
#[repository(name = "OddThing")]
pub struct Model {
    #[sea_orm(primary_key, column_name = "the key")]
    pub key: Uuid,
    pub select: i32,
    pub order: Option<i32>,
    pub limit: i32,
    pub and: String,
    pub r#type: String,
    #[sea_orm(column_name = "a.b")]
    pub dotted: String,
    #[sea_orm(column_name = "with space")]
    pub spaced: Option<String>,
    #[sea_orm(column_name = "Upper")]
    pub upper: String,
    #[sea_orm(column_name = "a,b")]
    pub comma: String,
    #[sea_orm(column_name = "naïve & 100%")]
    pub accented: String,
    #[sea_orm(column_name = "a(b)->c:d")]
    pub arrow: Json,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

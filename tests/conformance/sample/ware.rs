//! The kinds of columns that `Specimen` lacks: exact numbers, single ones, times of day, times with an
//! offset, arrays, and what only the server understands.

use chronicle::{Array, Opaque, Repository};
use sea_orm::entity::prelude::*;

#[derive(chronicle::Id)]
pub struct WareId(Uuid);

/// A newtype over an exact number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, DeriveValueType, chronicle::Scalar)]
pub struct Money(pub Decimal);

#[derive(Clone, Debug, PartialEq, DeriveEntityModel, Repository)]
#[sea_orm(table_name = "wares")]
#[repository(name = "Ware")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: WareId,
    pub price: Decimal,
    pub cost: Option<Money>,
    pub weight: f32,
    pub opens: Time,
    pub made: DateTimeWithTimeZone,
    pub tags: Vec<String>,
    pub sizes: Vec<i32>,
    pub counts: Vec<i64>,
    pub parts: Vec<Uuid>,
    pub prices: Vec<Decimal>,
    pub flags: Vec<bool>,
    pub weights: Vec<f64>,
    pub days: Vec<Date>,
    pub moments: Vec<DateTimeUtc>,
    pub documents: Vec<Json>,
    pub gaps: Array<String>,
    pub maybe_tags: Option<Vec<String>>,
    #[sea_orm(column_type = "custom(\"inet\")")]
    pub address: Option<Opaque>,
    #[sea_orm(column_type = "Char(Some(4))")]
    pub code: Option<Opaque>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

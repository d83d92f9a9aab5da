//! Compact format: a column of every kind.

use chronicle::Repository;
use sea_orm::entity::prelude::*;

#[derive(chronicle::Id)]
pub struct SpecimenId(Uuid);

#[derive(Clone, Debug, PartialEq, Eq, EnumIter, DeriveActiveEnum, chronicle::Scalar)]
#[sea_orm(rs_type = "String", db_type = "Text")]
pub enum Shade {
    #[sea_orm(string_value = "light")]
    Light,
    #[sea_orm(string_value = "very dark, indeed")]
    VeryDark,
}

/// An open set: a value that is not known is kept.
#[derive(Clone, Debug, PartialEq, Eq, DeriveValueType, chronicle::Scalar)]
#[sea_orm(value_type = "String")]
pub enum Species {
    Oak,
    Other(String),
}

impl std::fmt::Display for Species {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(match self {
            Self::Oak => "oak",
            Self::Other(text) => text,
        })
    }
}

impl std::str::FromStr for Species {
    type Err = std::convert::Infallible;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(match text {
            "oak" => Self::Oak,
            text => Self::Other(text.to_owned()),
        })
    }
}

#[derive(Clone, Debug, PartialEq, DeriveEntityModel, Repository)]
#[sea_orm(table_name = "specimens")]
#[repository(name = "Specimen")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: SpecimenId,
    pub flag: bool,
    pub tiny: i8,
    pub small: i16,
    pub medium: i32,
    pub large: i64,
    pub unsigned_tiny: u8,
    pub unsigned_small: u16,
    pub unsigned_medium: u32,
    pub real: f64,
    pub text: String,
    pub shade: Shade,
    pub species: Species,
    pub data: Json,
    pub bytes: Vec<u8>,
    pub date: Date,
    pub date_time: DateTime,
    pub time: DateTimeUtc,
    pub uuid: Uuid,
    pub maybe_flag: Option<bool>,
    pub maybe_small: Option<i16>,
    pub maybe_large: Option<i64>,
    pub maybe_unsigned: Option<u32>,
    pub maybe_real: Option<f64>,
    #[sea_orm(unique)]
    pub maybe_text: Option<String>,
    pub maybe_shade: Option<Shade>,
    pub maybe_species: Option<Species>,
    pub maybe_data: Option<Json>,
    pub maybe_bytes: Option<Vec<u8>>,
    pub maybe_date: Option<Date>,
    pub maybe_date_time: Option<DateTime>,
    pub maybe_time: Option<DateTimeUtc>,
    pub maybe_uuid: Option<Uuid>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

//! Types of columns, and enum types.

use super::quote::{qualified, run_if, text};
use super::{Entity, schema};
use crate::schema::entity::EntityColumn;
use crate::{Error, ErrorKind, Result};
use sea_orm::ColumnType;
use sea_orm::sea_query::StringLen;
use std::collections::BTreeMap;

/// The statements for the enum types of columns, each type once.
pub(super) fn enums(entities: &[Entity]) -> Vec<String> {
    let mut types: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for entity in entities {
        for column in &entity.columns {
            let mut column_type = &column.definition.column_type;
            while let ColumnType::Array(element) = column_type {
                column_type = element;
            }
            if let ColumnType::Enum { name, variants } = column_type {
                let variants = variants.iter().map(|variant| text(&variant.to_string())).collect();
                types.insert(qualified(schema(entity.table), &name.to_string()), variants);
            }
        }
    }
    let make = |(name, variants): (String, Vec<String>)| {
        run_if(
            &format!("to_regtype({}) is null", text(&name)),
            &format!("create type {name} as enum ({});", variants.join(", ")),
        )
    };
    types.into_iter().map(make).collect()
}

/// The type of a column.
pub(super) fn column_type(entity: &Entity, column: &EntityColumn) -> Result<String> {
    of(entity, &column.definition.column_type).ok_or_else(|| {
        Error::new(
            ErrorKind::Unsupported,
            format!(
                "the type {:?} of column `{}` is none of Postgres'",
                column.definition.column_type,
                column.name()
            ),
        )
        .with_table(entity.name())
    })
}

fn of(entity: &Entity, column_type: &ColumnType) -> Option<String> {
    let sized = |name: &str, size: &Option<u32>| match size {
        Some(size) => format!("{name}({size})"),
        None => name.to_owned(),
    };
    Some(match column_type {
        ColumnType::Char(size) => sized("char", size),
        ColumnType::String(StringLen::N(size)) => format!("varchar({size})"),
        ColumnType::String(_) | ColumnType::Text => "text".to_owned(),
        ColumnType::Blob | ColumnType::Binary(_) | ColumnType::VarBinary(_) => "bytea".to_owned(),
        ColumnType::TinyInteger
        | ColumnType::TinyUnsigned
        | ColumnType::SmallInteger
        | ColumnType::Year => "smallint".to_owned(),
        ColumnType::SmallUnsigned | ColumnType::Integer => "integer".to_owned(),
        ColumnType::Unsigned | ColumnType::BigInteger | ColumnType::BigUnsigned => {
            "bigint".to_owned()
        }
        ColumnType::Float => "real".to_owned(),
        ColumnType::Double => "double precision".to_owned(),
        ColumnType::Decimal(Some((precision, scale))) => format!("numeric({precision}, {scale})"),
        ColumnType::Decimal(None) => "numeric".to_owned(),
        ColumnType::DateTime | ColumnType::Timestamp => "timestamp".to_owned(),
        ColumnType::TimestampWithTimeZone => "timestamptz".to_owned(),
        ColumnType::Time => "time".to_owned(),
        ColumnType::Date => "date".to_owned(),
        ColumnType::Interval(..) => "interval".to_owned(),
        ColumnType::Bit(size) => sized("bit", size),
        ColumnType::VarBit(size) => format!("varbit({size})"),
        ColumnType::Boolean => "boolean".to_owned(),
        ColumnType::Money(_) => "money".to_owned(),
        // Other than `json` it can be compared.
        ColumnType::Json | ColumnType::JsonBinary => "jsonb".to_owned(),
        ColumnType::Uuid => "uuid".to_owned(),
        // SQL of the caller's own.
        ColumnType::Custom(name) => name.to_string(),
        ColumnType::Enum { name, .. } => qualified(schema(entity.table), &name.to_string()),
        ColumnType::Array(element) => format!("{}[]", of(entity, element)?),
        ColumnType::Vector(size) => sized("vector", size),
        ColumnType::Cidr => "cidr".to_owned(),
        ColumnType::Inet => "inet".to_owned(),
        ColumnType::MacAddr => "macaddr".to_owned(),
        ColumnType::LTree => "ltree".to_owned(),
        _ => return None,
    })
}

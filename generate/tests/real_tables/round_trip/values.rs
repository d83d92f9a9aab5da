//! The values of the rows.

use std::collections::HashMap;

use chronicle::{Column, Kind, Source, Table};
use chrono::{DateTime, NaiveDate, NaiveTime, TimeDelta};
use sea_orm::Value;
use sea_orm::prelude::{Decimal, Json, Uuid};
use serde_json::json;

use super::catalog::{Catalog, Described};
use cases::Row;

/// The key of the one row of each table outside of the file.
pub(crate) const OUTSIDE: Uuid = Uuid::from_u128(1);

/// The rows of other tables, by schema and name.
pub(crate) type Rows = HashMap<(Option<&'static str>, &'static str), Row>;

/// The values of a new row; `None` leaves one to the database. `gives_keys`: also those that are counted up.
///
/// # Errors
/// The name of the table whose row it needs and that has none.
pub(crate) fn of_row(
    table: &'static Table,
    tables: &[&'static Table],
    catalog: &Catalog,
    rows: &Rows,
    gives_keys: bool,
) -> Result<Vec<Option<Value>>, String> {
    let mut values: Vec<Option<Value>> = Vec::with_capacity(table.columns.len());
    for (at, column) in table.columns.iter().enumerate() {
        let described = catalog.column(table, column.name);
        let is_key = table.key.contains(&at);
        values.push(match column.source {
            Source::Server => None,
            Source::Default if is_key && !gives_keys => None,
            Source::Default if !is_key && described.is_nullable => None,
            Source::Default | Source::Client => Some(value(column, described, 1)),
        });
    }
    for parent in (table.parents)() {
        let position = |name: &String| table.columns.iter().position(|column| column.name == name);
        let Some(columns) = parent.columns.iter().map(position).collect::<Option<Vec<_>>>() else {
            continue;
        };
        let found = rows.iter().find(|((schema, name), _)| {
            *name == parent.table && schema.map(str::to_owned) == parent.schema
        });
        match found {
            Some(((_, name), row)) => {
                let is_it =
                    |one: &&&Table| one.name == *name && one.schema == parent.schema.as_deref();
                let other = tables.iter().find(is_it).expect("an entity");
                for (at, to) in columns.iter().zip(&parent.to) {
                    let to = other.columns.iter().position(|column| column.name == to);
                    let key = &row[to.expect("a column of the other table")];
                    values[*at] = Some(converted(key, table.columns[*at].kind));
                }
            }
            None if columns.iter().any(|at| table.columns[*at].nullable) => {
                for at in columns.into_iter().filter(|at| table.columns[*at].nullable) {
                    values[at] = Some(null(table.columns[at].kind));
                }
            }
            None => return Err(format!("it needs a row of `{}`", parent.table)),
        }
    }
    Ok(values)
}

/// What an update sets: the first column that may change freely.
pub(crate) fn change(table: &'static Table, catalog: &Catalog) -> Option<(usize, Value)> {
    let refers = |name: &str| {
        (table.parents)().iter().any(|parent| parent.columns.iter().any(|one| one == name))
    };
    let is_free = |(at, column): &(usize, &'static Column)| {
        column.source == Source::Client
            && !table.key.contains(at)
            && !column.unique
            && !refers(column.name)
            && !catalog.column(table, column.name).refers_outside
            && !table.unique.iter().any(|set| set.contains(at))
    };
    let (at, column) = table.columns.iter().enumerate().find(is_free)?;
    Some((at, value(column, catalog.column(table, column.name), 2)))
}

/// The value with this number. An update takes the second one.
fn value(column: &Column, described: &Described, number: i64) -> Value {
    if described.refers_outside {
        return OUTSIDE.into();
    }
    let label = usize::try_from(number - 1).unwrap_or_default();
    if let Some(label) = described.labels.get(label).or(described.labels.first()) {
        return label.as_str().into();
    }
    of_kind(column.kind, described, number)
}

fn of_kind(kind: Kind, described: &Described, number: i64) -> Value {
    let day = NaiveDate::from_ymd_opt(2026, 1, 1).expect("a day") + TimeDelta::days(number);
    let time = NaiveTime::from_hms_milli_opt(8, 30, 0, 500).expect("a time");
    match kind {
        Kind::Bool => (number == 1).into(),
        Kind::I16 => i16::try_from(number).unwrap_or_default().into(),
        Kind::I32 => i32::try_from(number).unwrap_or_default().into(),
        Kind::I64 => number.into(),
        Kind::F32 => Value::Float(Some(0.1)),
        Kind::F64 => (0.1 + number as f64).into(),
        Kind::Decimal => Decimal::new(number * 100 + 25, 2).into(),
        Kind::Text => format!("text {number}").into(),
        Kind::Bytes => vec![0_u8, 255].into(),
        Kind::Json => Json::from(json!({"number": number})).into(),
        Kind::Date => day.into(),
        Kind::Time => time.into(),
        Kind::DateTime => day.and_time(time).into(),
        Kind::Timestamp => DateTime::from_timestamp_millis(1_767_323_045_678 + number).into(),
        Kind::Uuid => Uuid::from_u128(u128::from(number.unsigned_abs()) << 64).into(),
        Kind::Array(kind) => {
            let element = of_kind(*kind, described, number);
            let element = match element {
                Value::String(Some(text)) => json!(format!("{text}, {{\"x\"}}")),
                Value::Int(number) => json!(number),
                Value::BigInt(number) => json!(number),
                Value::Double(number) => json!(number),
                Value::Uuid(Some(uuid)) => json!(uuid.to_string()),
                Value::Json(Some(document)) => *document,
                other => panic!("an array of {other:?}"),
            };
            json!([element]).into()
        }
        Kind::Opaque => opaque(&described.type_name).into(),
        other => panic!("a column of {other:?}"),
    }
}

/// Text that the server's type takes, as the server writes it.
fn opaque(type_name: &str) -> String {
    match type_name {
        "inet" => "10.1.2.3".to_owned(),
        "interval" => "1 day".to_owned(),
        "tsvector" => "'a' 'b'".to_owned(),
        name if name.starts_with("character") => {
            let length = name.trim_start_matches(|first: char| !first.is_ascii_digit());
            let length = length.trim_end_matches(')').parse().unwrap_or(1);
            format!("{:<length$}", "x")
        }
        name if name.ends_with("[]") => {
            r#"[{"file_name":"a","s3_path":"b","file_hash":"c"}]"#.to_owned()
        }
        _ => "[1,2]".to_owned(),
    }
}

/// A key of another table in the form of the column that refers to it.
fn converted(value: &Value, kind: Kind) -> Value {
    let number = match value {
        Value::SmallInt(Some(number)) => i64::from(*number),
        Value::Int(Some(number)) => i64::from(*number),
        Value::BigInt(Some(number)) => *number,
        other => return other.clone(),
    };
    match kind {
        Kind::I16 => i16::try_from(number).unwrap_or_default().into(),
        Kind::I32 => i32::try_from(number).unwrap_or_default().into(),
        _ => number.into(),
    }
}

pub(crate) fn null(kind: Kind) -> Value {
    match kind {
        Kind::Uuid => Value::Uuid(None),
        Kind::I16 => Value::SmallInt(None),
        Kind::I32 => Value::Int(None),
        Kind::I64 => Value::BigInt(None),
        _ => Value::String(None),
    }
}

//! The statements that make tables, columns and indexes.

use super::affinity::Class;
use super::default::Default;
use crate::Kind;
use crate::backend::sqlite::{Bound, quoted};
use crate::schema::definition::ForeignKey;
use crate::schema::entity::{Entity, EntityColumn};
use crate::schema::names::Names;
use rusqlite::ToSql;
use rusqlite::types::{ToSqlOutput, Value as Owned, ValueRef};
use sea_orm::Value;
use std::fmt::Write;

/// The table of an entity, with those of its foreign keys that there are tables for.
pub(super) fn table(entity: &Entity, foreign_keys: &[&ForeignKey]) -> String {
    let key = entity.key();
    let uniques = entity.uniques();
    let mut lines = Vec::new();
    for column in &entity.columns {
        let mut line = typed(entity, column);
        if let Some(default) = default(column) {
            let _ = write!(line, " default {default}");
        }
        if key == [column.name()] {
            line.push_str(" primary key");
            if entity.is_counted() {
                line.push_str(" autoincrement");
            }
        }
        if uniques.iter().any(|unique| unique.name.is_none() && unique.columns == [column.name()]) {
            line.push_str(" unique");
        }
        for key in foreign_keys.iter().filter(|key| key.columns == [column.name()]) {
            let _ = write!(line, " {}", references(key));
        }
        lines.push(line);
    }
    if key.len() > 1 {
        lines.push(format!("primary key ({})", list(&key)));
    }
    let mut names = Names::default();
    for unique in uniques {
        let Some(name) = unique.name else { continue };
        let name = quoted(&names.given(name, entity.name(), &unique.columns));
        lines.push(format!("constraint {name} unique ({})", list(&unique.columns)));
    }
    for key in foreign_keys.iter().filter(|key| key.columns.len() > 1) {
        lines.push(format!("foreign key ({}) {}", list(&key.columns), references(key)));
    }
    format!("create table {} (\n    {}\n)", quoted(entity.name()), lines.join(",\n    "))
}

/// A column that is added to a table; to one with rows, with a default that is a constant.
pub(super) fn added_column(
    entity: &Entity,
    column: &EntityColumn,
    foreign_key: Option<&ForeignKey>,
    is_empty: bool,
) -> String {
    let mut sql =
        format!("alter table {} add column {}", quoted(entity.name()), typed(entity, column));
    if (is_empty || matches!(Default::of(column), Default::Constant(_)))
        && let Some(default) = default(column)
    {
        let _ = write!(sql, " default {default}");
    }
    if let Some(key) = foreign_key {
        let _ = write!(sql, " {}", references(key));
    }
    sql
}

pub(super) fn index(name: &str, table: &str, columns: &[&str], is_unique: bool) -> String {
    let unique = if is_unique { "unique " } else { "" };
    format!("create {unique}index {} on {} ({})", quoted(name), quoted(table), list(columns))
}

fn typed(entity: &Entity, column: &EntityColumn) -> String {
    // What the server alone can make is not there before the server has answered.
    let may_be_null = column.is_nullable() || (column.may_lack() && default(column).is_none());
    let is_key = entity.key().contains(&column.name());
    let not_null = if may_be_null && !is_key { "" } else { " not null" };
    format!("{} {}{not_null}", quoted(column.name()), Class::of(column.kind()).name())
}

fn references(key: &ForeignKey) -> String {
    let mut sql = format!("references {} ({})", quoted(&key.table), list(&key.to));
    for (event, action) in [("delete", key.on_delete), ("update", key.on_update)] {
        if let Some(action) = action {
            let _ = write!(sql, " on {event} {action}");
        }
    }
    sql
}

pub(super) fn list<S: AsRef<str>>(columns: &[S]) -> String {
    columns.iter().map(|column| quoted(column.as_ref())).collect::<Vec<_>>().join(", ")
}

/// The default as SQLite computes it, in the form in which the library stores it.
pub(super) fn default(column: &EntityColumn) -> Option<String> {
    match Default::of(column) {
        Default::Constant(value) => literal(&value),
        Default::Now => now(column.kind()).map(str::to_owned),
        Default::None | Default::OfServer => None,
    }
}

fn literal(value: &Value) -> Option<String> {
    let text = |text: &str| Some(format!("'{}'", text.replace('\'', "''")));
    match Bound(value).to_sql().ok()? {
        ToSqlOutput::Borrowed(ValueRef::Integer(number)) => Some(number.to_string()),
        // With a fraction or an exponent: a real one.
        ToSqlOutput::Borrowed(ValueRef::Real(number)) => Some(format!("{number:?}")),
        ToSqlOutput::Borrowed(ValueRef::Text(bytes)) => text(std::str::from_utf8(bytes).ok()?),
        ToSqlOutput::Owned(Owned::Text(stored)) => text(&stored),
        ToSqlOutput::Borrowed(ValueRef::Blob(bytes)) => {
            let mut digits = String::with_capacity(bytes.len() * 2);
            for byte in bytes {
                let _ = write!(digits, "{byte:02x}");
            }
            Some(format!("x'{digits}'"))
        }
        _ => None,
    }
}

/// A fraction of no milliseconds is not written, as the library does not write it.
const fn now(kind: Kind) -> Option<&'static str> {
    match kind {
        Kind::Timestamp => {
            Some("(replace(strftime('%Y-%m-%dT%H:%M:%f+00:00', 'now'), '.000+', '+'))")
        }
        Kind::DateTime => Some(
            "(replace(replace(strftime('%Y-%m-%d %H:%M:%f', 'now') || '+', '.000+', ''), '+', ''))",
        ),
        Kind::Date => Some("current_date"),
        Kind::Time => Some("current_time"),
        _ => None,
    }
}

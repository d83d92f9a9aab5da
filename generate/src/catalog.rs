//! Reads the description of tables from the catalog of Postgres.
//!
//! All of it by five queries of its own. `SeaORM`'s discovery (`sea-schema`) reads the information schema, which shows a
//! role only what it owns, and knows neither identity and generated columns, nor domains, views, enums of other schemas,
//! partial indexes and triggers: the queries for these would be as many, and more than the rest.

mod rows;
mod types;

use std::collections::HashMap;

use serde::de::DeserializeOwned;
use sqlx::{Connection, Executor, PgConnection};

use crate::description::{
    Access, Description, ForeignKey, Hindrance, Table, TableName, Trigger, Unique,
};
use crate::error::Result;
use crate::report::{Note, Reason};
use rows::{ForeignKeyRow, IndexRow, TableRow, TriggerRow, TypeRow};
use types::Types;

/// The tables of `schemas` in the database at `url`.
pub(crate) async fn read(url: &str, schemas: &[String]) -> Result<Description> {
    let mut connection = PgConnection::connect(url).await?;
    // One snapshot for all queries; with an empty search path, names are printed with their schema, wherever it is read.
    connection
        .execute("begin isolation level repeatable read read only; set local search_path = ''")
        .await?;
    let types: Vec<TypeRow> = ask(&mut connection, include_str!("catalog/types.sql"), None).await?;
    let tables: Vec<TableRow> =
        ask(&mut connection, include_str!("catalog/tables.sql"), Some(schemas)).await?;
    let indexes = ask(&mut connection, include_str!("catalog/indexes.sql"), Some(schemas)).await?;
    let foreign_keys =
        ask(&mut connection, include_str!("catalog/foreign_keys.sql"), Some(schemas)).await?;
    let triggers =
        ask(&mut connection, include_str!("catalog/triggers.sql"), Some(schemas)).await?;
    connection.close().await?;

    let types = Types::new(types);
    let mut parts = Parts {
        indexes: by_table(indexes, |row: &IndexRow| row.table),
        foreign_keys: by_table(foreign_keys, |row: &ForeignKeyRow| row.table),
        triggers: by_table(triggers, |row: &TriggerRow| row.table),
    };
    let mut description = Description::default();
    for row in tables {
        match left_out(&row) {
            Some(reason) => {
                let (schema, table) = (row.schema, row.name);
                description.notes.push(Note { schema, table, column: None, reason });
            }
            None => description.tables.push(parts.table(row, &types)),
        }
    }
    description.enums.extend(types.enums());
    Ok(description)
}

async fn ask<T: DeserializeOwned>(
    connection: &mut PgConnection,
    query: &'static str,
    schemas: Option<&[String]>,
) -> Result<Vec<T>> {
    let mut query = sqlx::query_scalar::<_, String>(query);
    if let Some(schemas) = schemas {
        query = query.bind(schemas);
    }
    Ok(serde_json::from_str(&query.fetch_one(connection).await?)?)
}

fn by_table<R>(rows: Vec<R>, table: impl Fn(&R) -> i64) -> HashMap<i64, Vec<R>> {
    let mut found: HashMap<i64, Vec<R>> = HashMap::new();
    for row in rows {
        found.entry(table(&row)).or_default().push(row);
    }
    found
}

fn left_out(row: &TableRow) -> Option<Reason> {
    if let Some(of) = row.part_of.clone() {
        return Some(Reason::Partition { of });
    }
    row.extension.clone().map(|extension| Reason::OfExtension { extension })
}

/// What belongs to tables, by their number.
struct Parts {
    indexes: HashMap<i64, Vec<IndexRow>>,
    foreign_keys: HashMap<i64, Vec<ForeignKeyRow>>,
    triggers: HashMap<i64, Vec<TriggerRow>>,
}

impl Parts {
    fn table(&mut self, row: TableRow, types: &Types) -> Table {
        let access =
            if matches!(row.kind.as_str(), "v" | "m") { Access::View } else { Access::All };
        let mut table = Table {
            name: TableName { schema: row.schema, name: row.name },
            access,
            columns: row.columns.into_iter().map(|column| types.column(column)).collect(),
            key: Vec::new(),
            uniques: Vec::new(),
            indexed: Default::default(),
            foreign_keys: self
                .foreign_keys
                .remove(&row.oid)
                .unwrap_or_default()
                .into_iter()
                .map(foreign_key)
                .collect(),
            triggers: self
                .triggers
                .remove(&row.oid)
                .unwrap_or_default()
                .into_iter()
                .map(trigger)
                .collect(),
        };
        for index in self.indexes.remove(&row.oid).unwrap_or_default() {
            add_index(&mut table, index);
        }
        table
    }
}

fn add_index(table: &mut Table, index: IndexRow) {
    if index.is_primary {
        table.key = index.columns;
    } else if index.is_unique {
        let hindrance = if index.partial {
            Some(Hindrance::Partial)
        } else if index.expressions {
            Some(Hindrance::Expressions)
        } else {
            index.deferrable.then_some(Hindrance::Deferrable)
        };
        table.uniques.push(Unique { name: index.name, columns: index.columns, hindrance });
    } else if !index.partial
        && !index.expressions
        && let [column] = index.columns.as_slice()
    {
        table.indexed.insert(column.clone());
    }
}

fn foreign_key(row: ForeignKeyRow) -> ForeignKey {
    ForeignKey {
        name: row.name,
        columns: row.columns,
        to: TableName { schema: row.to_schema, name: row.to_table },
        to_columns: row.to_columns,
        on_delete: action(&row.on_delete),
        on_update: action(&row.on_update),
    }
}

/// `SeaORM`'s name of an action; none for "no action", which is the default of both.
fn action(letter: &str) -> Option<&'static str> {
    match letter {
        "c" => Some("Cascade"),
        "n" => Some("SetNull"),
        "d" => Some("SetDefault"),
        "r" => Some("Restrict"),
        _ => None,
    }
}

fn trigger(row: TriggerRow) -> Trigger {
    // Each argument ends in a NUL, which the catalog's text writes as `\000`.
    let arguments = row.arguments.split_terminator("\\000").map(str::to_owned).collect();
    Trigger {
        name: row.name,
        on_insert: row.on_insert,
        function: row.function,
        source: row.source,
        arguments,
    }
}

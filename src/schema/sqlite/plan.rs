//! [`Plan`]: the statements that make a file's tables as the entities say.

use super::SchemaReport;
use super::compare::{self, Known};
use super::difference::{Fix, refuse_unfixable};
use super::statements;
use crate::Result;
use crate::backend::sqlite::{from_rusqlite, quoted};
use crate::schema::entity::Entity;
use crate::schema::names::Names;
use rusqlite::Connection;

#[derive(Default)]
pub(super) struct Plan {
    tables: Vec<String>,
    columns: Vec<String>,
    indexes: Vec<String>,
    pub(super) report: SchemaReport,
}

impl Plan {
    /// # Errors
    /// `SchemaMismatch` for what no statement mends.
    pub(super) fn of(connection: &Connection, entities: &[Entity]) -> Result<Self> {
        let differences = compare::differences(connection, entities)?;
        refuse_unfixable(&differences)?;
        let mut plan = Self::default();
        plan.report.left_out = left_out(connection, entities)?;
        if differences.is_empty() {
            return Ok(plan);
        }
        let mut names = names(connection)?;
        for entity in entities {
            names.take(entity.name());
        }
        for difference in differences {
            let table = difference.table;
            match difference.fix {
                None => {}
                Some(Fix::Table { sql }) => {
                    plan.tables.push(sql);
                    plan.report.tables.push(table.to_owned());
                }
                Some(Fix::Column { name, sql }) => {
                    plan.columns.push(sql);
                    plan.report.columns.push(format!("{table}.{name}"));
                }
                Some(Fix::Index { name, columns, is_unique }) => {
                    let prefix = if is_unique { "unique" } else { "idx" };
                    let name = match name {
                        Some(name) => names.given(name, table, &columns),
                        None => names.free(prefix, table, &columns),
                    };
                    plan.indexes.push(statements::index(&name, table, &columns, is_unique));
                    if !plan.report.tables.iter().any(|made| made == table) {
                        plan.report.indexes.push(name);
                    }
                }
            }
        }
        Ok(plan)
    }

    pub(super) const fn is_empty(&self) -> bool {
        self.tables.is_empty() && self.columns.is_empty() && self.indexes.is_empty()
    }

    /// In a transaction of the caller's.
    pub(super) fn run(&self, connection: &Connection) -> Result<()> {
        for sql in self.tables.iter().chain(&self.columns).chain(&self.indexes) {
            connection.execute(sql, []).map_err(from_rusqlite)?;
        }
        Ok(())
    }
}

/// What is there under some name.
fn names(connection: &Connection) -> Result<Names> {
    let mut names = Names::default();
    let mut statement =
        connection.prepare_cached("select name from sqlite_schema").map_err(from_rusqlite)?;
    let mut rows = statement.raw_query();
    while let Some(row) = rows.next().map_err(from_rusqlite)? {
        names.take(&row.get::<_, String>(0).map_err(from_rusqlite)?);
    }
    Ok(names)
}

fn left_out(connection: &Connection, entities: &[Entity]) -> Result<Vec<String>> {
    let known = Known::read(connection, entities)?;
    let mut left_out = Vec::new();
    for entity in entities {
        for key in entity.foreign_keys() {
            if !known.has_parent(entity, key)? {
                left_out.push(format!(
                    "{} ({}) to {}, which is not there",
                    quoted(entity.name()),
                    statements::list(&key.columns),
                    quoted(&key.table)
                ));
            }
        }
    }
    Ok(left_out)
}

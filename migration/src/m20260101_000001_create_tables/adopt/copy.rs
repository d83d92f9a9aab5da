//! Copies the rows, some hundred at a time.

use std::collections::HashSet;

use sea_orm_migration::{
    DbErr, SchemaManagerConnection,
    sea_orm::{
        ConnectionTrait, DbBackend, QueryResult, Statement, TryGetable, Value,
        entity::prelude::{DateTimeUtc, Uuid},
    },
    sea_query::{Expr, InsertStatement, Query},
};

use super::{
    convert,
    error::AdoptionError,
    table::{Kind, Table},
};

/// How many rows are read and written at once. SQLite binds 32,766 values to a statement; a row has at most 9.
const ROWS: usize = 500;

/// What stands for a name or a status that is missing.
const UNKNOWN: &str = "unknown";

/// Copies the tables that were set aside, sessions first.
pub(super) struct Copier<'a> {
    db: &'a SchemaManagerConnection<'a>,
    sessions: HashSet<Uuid>,
    /// The session of all rows that name none.
    nameless: Option<Uuid>,
}

impl<'a> Copier<'a> {
    pub(super) fn new(db: &'a SchemaManagerConnection<'a>) -> Self {
        Self { db, sessions: HashSet::new(), nameless: None }
    }

    pub(super) async fn copy(&mut self, table: &'static Table) -> Result<(), DbErr> {
        let select = select(table);
        let mut ids = HashSet::new();
        let mut after = None;
        loop {
            let statement =
                Statement::from_sql_and_values(DbBackend::Sqlite, &select, [after.into()]);
            let rows = self.db.query_all_raw(statement).await?;
            let Some(last) = rows.last() else { break };
            after = Some(last.try_get::<i64>("", "rowid")?);

            let mut insert = into(table.name, table.columns.iter().map(|&(column, _)| column));
            for row in &rows {
                let row = Row { table, row };
                let mut values = Vec::with_capacity(table.columns.len());
                for &(column, kind) in table.columns {
                    let value = match kind {
                        Kind::Id => self.id(&row, column, &mut ids).await?.to_string().into(),
                        Kind::SessionId => self.session_id(&row, column).await?.to_string().into(),
                        Kind::Text => row.text(column)?.into(),
                        Kind::RequiredText => {
                            row.text(column)?.unwrap_or_else(|| UNKNOWN.to_owned()).into()
                        }
                        Kind::Json => row.text(column)?.map(convert::json).into(),
                        Kind::Number => row.get::<f64>(column)?.into(),
                        Kind::Time => row.time(column)?.into(),
                        Kind::RequiredTime { or } => row.required_time(column, or)?.into(),
                    };
                    values.push(Expr::value::<Value>(value));
                }
                add(&mut insert, values)?;
            }
            self.db.execute(&insert).await?;
        }
        if table.name == "sessions" {
            self.sessions = ids;
        }
        Ok(())
    }

    async fn id(
        &self,
        row: &Row<'_>,
        column: &'static str,
        ids: &mut HashSet<Uuid>,
    ) -> Result<Uuid, DbErr> {
        let id = match row.uuid(column)? {
            Some(id) => id,
            None => self.random_uuid().await?,
        };
        if ids.insert(id) {
            Ok(id)
        } else {
            Err(AdoptionError::SameId { table: row.table.name, id: id.to_string() }.into())
        }
    }

    /// The session of a row. One that does not exist is made, since every row must have one and none is to be lost.
    async fn session_id(&mut self, row: &Row<'_>, column: &'static str) -> Result<Uuid, DbErr> {
        let session = match (row.uuid(column)?, self.nameless) {
            (Some(session), _) | (None, Some(session)) => session,
            (None, None) => *self.nameless.insert(self.random_uuid().await?),
        };
        if self.sessions.insert(session) {
            let created_at: Value = row.required_time("created_at", "timestamp")?.into();
            let mut insert = into("sessions", ["id", "status", "created_at"]);
            add(
                &mut insert,
                [session.to_string().into(), UNKNOWN.into(), Expr::value(created_at)],
            )?;
            self.db.execute(&insert).await?;
        }
        Ok(session)
    }

    async fn random_uuid(&self) -> Result<Uuid, DbErr> {
        let statement =
            Statement::from_string(DbBackend::Sqlite, "select hex(randomblob(16)) as random");
        let random = match self.db.query_one_raw(statement).await? {
            Some(row) => row.try_get::<String>("", "random")?,
            None => String::new(),
        };
        convert::random_uuid(&random)
            .ok_or_else(|| DbErr::Migration("SQLite made no random bytes".to_owned()))
    }
}

fn add(insert: &mut InsertStatement, values: impl IntoIterator<Item = Expr>) -> Result<(), DbErr> {
    insert.values(values).map(drop).map_err(|error| DbErr::Migration(error.to_string()))
}

fn into(table: &'static str, columns: impl IntoIterator<Item = &'static str>) -> InsertStatement {
    Query::insert().into_table(table).columns(columns).to_owned()
}

/// The next rows of the table that was set aside, in the order in which they were inserted.
fn select(table: &Table) -> String {
    let columns = table.columns.iter().map(|(column, kind)| match kind {
        Kind::Number => (*column).to_owned(),
        _ => format!("cast({column} as text) as {column}"),
    });
    format!(
        "select rowid, {} from {} where rowid > ifnull(?, -9223372036854775808) order by rowid limit {ROWS}",
        columns.collect::<Vec<_>>().join(", "),
        table.aside
    )
}

/// A row of the original design.
struct Row<'a> {
    table: &'static Table,
    row: &'a QueryResult,
}

impl Row<'_> {
    fn get<T: TryGetable>(&self, column: &'static str) -> Result<Option<T>, DbErr> {
        match self.row.try_get("", column) {
            Ok(value) => Ok(value),
            Err(_) => {
                let rowid = self.row.try_get("", "rowid")?;
                Err(AdoptionError::Unreadable { table: self.table.name, column, rowid }.into())
            }
        }
    }

    fn text(&self, column: &'static str) -> Result<Option<String>, DbErr> {
        self.get(column)
    }

    fn uuid(&self, column: &'static str) -> Result<Option<Uuid>, DbErr> {
        let Some(value) = self.text(column)? else {
            return Ok(None);
        };
        match convert::uuid(&value) {
            Some(uuid) => Ok(Some(uuid)),
            None => Err(AdoptionError::NotUuid { table: self.table.name, column, value }.into()),
        }
    }

    /// The time of a column; none where it is empty text as well.
    fn time(&self, column: &'static str) -> Result<Option<DateTimeUtc>, DbErr> {
        let Some(value) = self.text(column)?.filter(|text| !text.is_empty()) else {
            return Ok(None);
        };
        match convert::time(&value) {
            Some(time) => Ok(Some(time)),
            None => {
                let id = self.text("id")?.unwrap_or_default();
                Err(AdoptionError::NotTime { table: self.table.name, column, id, value }.into())
            }
        }
    }

    fn required_time(&self, column: &'static str, or: &'static str) -> Result<DateTimeUtc, DbErr> {
        Ok(match self.time(column)? {
            Some(time) => time,
            None => self.time(or)?.unwrap_or(DateTimeUtc::UNIX_EPOCH),
        })
    }
}

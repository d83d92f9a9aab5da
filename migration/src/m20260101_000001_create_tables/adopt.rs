//! Takes over a SQLite file that the original Python design made.
//!
//! Its tables have the same names and columns, but every column may be NULL, ids are any text, and times are what
//! Python's `isoformat` gave: with or without an offset, a fraction, a `T`. They are set aside under another name, the
//! new tables are made, every row is copied with its values converted ([`convert`]), and the old tables are dropped. All
//! of it happens in the transaction of the migration: an error leaves the tables as they were.

mod convert;
mod copy;
mod error;
mod table;

use sea_orm_migration::{
    DbErr, SchemaManagerConnection,
    sea_orm::{ConnectionTrait, DbBackend, Statement},
};

use copy::Copier;
use error::AdoptionError;
use table::{TABLES, Table};

/// The tables of the original design that a file has, parents first.
#[derive(Default)]
pub(super) struct Original(Vec<&'static Table>);

/// Renames the tables of the original design.
pub(super) async fn set_aside(db: &SchemaManagerConnection<'_>) -> Result<Original, DbErr> {
    let mut original = Vec::new();
    for table in &TABLES {
        if is_original(db, table).await? {
            original.push(table);
        }
    }
    // Views name the tables: legacy_alter_table keeps their text as it is, to read the new tables afterwards.
    db.execute_unprepared("pragma legacy_alter_table = on").await?;
    let renamed = rename(db, &original).await;
    db.execute_unprepared("pragma legacy_alter_table = off").await?;
    renamed?;
    Ok(Original(original))
}

/// Copies the rows of the tables that were set aside into the new ones, then drops them.
pub(super) async fn take_over(
    db: &SchemaManagerConnection<'_>,
    Original(tables): Original,
) -> Result<(), DbErr> {
    let mut copier = Copier::new(db);
    for table in &tables {
        copier.copy(table).await?;
    }
    // Children first, since dropping a table deletes its rows.
    for table in tables.iter().rev() {
        db.execute_unprepared(&format!("drop table {}", table.aside)).await?;
    }
    Ok(())
}

async fn rename(
    db: &SchemaManagerConnection<'_>,
    original: &[&'static Table],
) -> Result<(), DbErr> {
    for table in original {
        db.execute_unprepared(&format!("alter table {} rename to {}", table.name, table.aside))
            .await?;
    }
    Ok(())
}

/// Whether the table is there in its original shape: these columns, all of them nullable.
async fn is_original(db: &SchemaManagerConnection<'_>, table: &Table) -> Result<bool, DbErr> {
    let sql = r#"select name, "notnull" as required from pragma_table_info(?)"#;
    let found = db
        .query_all_raw(Statement::from_sql_and_values(DbBackend::Sqlite, sql, [table.name.into()]))
        .await?
        .iter()
        .map(|row| Ok((row.try_get::<String>("", "name")?, row.try_get::<bool>("", "required")?)))
        .collect::<Result<Vec<_>, DbErr>>()?;
    if found.is_empty() {
        return Ok(false);
    }
    let original = found.len() == table.columns.len()
        && found.iter().all(|(name, required)| {
            !required && table.columns.iter().any(|(column, _)| column == name)
        });
    if original { Ok(true) } else { Err(AdoptionError::OtherTable { table: table.name }.into()) }
}

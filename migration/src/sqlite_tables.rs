//! The tables of a SQLite file.

use sea_orm_migration::{
    DbErr,
    sea_orm::{ConnectionTrait, DatabaseTransaction, DbBackend, Statement},
};

/// A table that no other one refers to; where there is none (they refer to each other), any.
const NEXT: &str = r#"
select tables.name
from pragma_table_list as tables
where tables.schema = 'main' and tables.type in ('table', 'virtual') and tables.name not like 'sqlite\_%' escape '\'
order by exists (
    select 1
    from pragma_table_list as child, pragma_foreign_key_list(child.name) as key
    where child.schema = 'main' and child.name <> tables.name and lower(key."table") = lower(tables.name)
)
limit 1
"#;

/// Drops all tables in the caller's transaction, children before their parents.
///
/// Dropping a table deletes its rows, and so acts on what refers to them. The usual way round it, `foreign_keys = off`,
/// does nothing within a transaction.
pub(crate) async fn drop_all(db: &DatabaseTransaction) -> Result<(), DbErr> {
    // Checks keys when the transaction ends: tables that refer to each other are gone by then.
    db.execute_unprepared("pragma defer_foreign_keys = on").await?;
    while let Some(row) = db.query_one_raw(Statement::from_string(DbBackend::Sqlite, NEXT)).await? {
        let name = row.try_get::<String>("", "name")?.replace('"', "\"\"");
        db.execute_unprepared(&format!("drop table \"{name}\"")).await?;
    }
    Ok(())
}

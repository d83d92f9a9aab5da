//! The tables of a SQLite file: made where they are missing, compared where they are there.

mod affinity;
mod compare;
#[cfg(feature = "postgrest")]
mod compared;
mod default;
mod difference;
mod file;
mod plan;
mod statements;

#[cfg(feature = "postgrest")]
pub(crate) use compared::{Compared, Purpose, version};

use super::entity::Entity;
use crate::backend::sqlite::{Commit, Urgency};
use crate::{Error, ErrorKind, Result, Sqlite, Table};
use difference::Weight;
use plan::Plan;

/// What the tables of a file are made with: they are there after a loss of power, or none is.
const COMMIT: Commit = Commit { foreign_keys: true, waits_for_disk: true };

/// What [`Sqlite::create_tables`] has made, and what it has left out.
///
/// ```
/// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/doctest_setup.rs"));
/// use chronicle::{Record, SchemaReport, Sqlite};
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> chronicle::Result<()> {
/// let sqlite = Sqlite::memory().await?;
/// let report = sqlite.create_tables(&[task::Model::TABLE]).await?;
/// assert_eq!(report.tables, ["tasks"]);
/// assert_eq!(sqlite.create_tables(&[task::Model::TABLE]).await?, SchemaReport::default());
/// # Ok(()) }
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct SchemaReport {
    /// The names of the tables that were made.
    pub tables: Vec<String>,
    /// The columns that were added to tables, each as `table.column`.
    pub columns: Vec<String>,
    /// The names of the indexes that were added to tables that were there.
    pub indexes: Vec<String>,
    /// The foreign keys that were left out because the file has no such table to refer to, in words.
    pub left_out: Vec<String>,
}

impl Sqlite {
    /// Makes the tables of these entities where they are missing, and adds what an existing one lacks:
    /// columns that may be NULL or have a constant default (any, while the table is empty), unique
    /// constraints and indexes. It is one transaction: all of it or nothing. Several processes may call
    /// it at once, and again at each start; where nothing is missing it only reads.
    ///
    /// Columns are of the types as which the library stores their values; the key, `unique`,
    /// `unique_key`, `indexed`, defaults that SQLite can compute and foreign keys are as the entity says.
    /// A foreign key to a table that is neither among these nor in the file is left out, and told.
    ///
    /// Of an entity that is read only, what is there stays as it is, a view as well. Where nothing is,
    /// it gets a table, in which a failover store keeps what it has read; the view of a file that has
    /// no remote comes first, by SQL.
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/doctest_setup.rs"));
    /// use chronicle::{Record, Sqlite};
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> chronicle::Result<()> {
    /// let sqlite = Sqlite::memory().await?;
    /// sqlite.create_tables(&[task::Model::TABLE]).await?;
    /// Tasks::new(&sqlite).insert(NewTask::new("water the plants", 1)).await?;
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// `SchemaMismatch` that names each table and column which differs in a way that SQLite cannot
    /// mend: a column of another type, key or nullability, one that may not be NULL and is missing on
    /// one side, a foreign key that a table lacks. Nothing is changed then. `Unsupported` for two
    /// tables that SQLite does not tell apart, and on a connection of SeaORM's; `InvalidInput` for a
    /// foreign key to columns that name no row, and for two entities of one table that differ; `Unique`
    /// where rows contradict a constraint that is added.
    pub async fn create_tables(&self, tables: &[&'static Table]) -> Result<SchemaReport> {
        let entities = entities(tables)?;
        refuse_two_of_one(&entities)?;
        let is_done = self.ask(|connection| Plan::of(connection, &entities));
        match is_done {
            Ok(plan) if plan.is_empty() => return Ok(plan.report),
            // What is wrong now may be mended by another process that makes tables at this moment.
            Ok(_) => {}
            Err(error) if error.kind() == ErrorKind::SchemaMismatch => {}
            Err(error) => return Err(error),
        }
        self.change(Urgency::Call, COMMIT, move |connection| {
            let plan = Plan::of(connection, &entities)?;
            plan.run(connection)?;
            Ok(plan.report)
        })
        .await
    }

    /// Compares the file's tables with these entities and changes nothing. An index that only makes
    /// queries faster may be missing.
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/doctest_setup.rs"));
    /// use chronicle::{ErrorKind, Record, Sqlite};
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> chronicle::Result<()> {
    /// let sqlite = Sqlite::memory().await?;
    /// sqlite.execute_script("create table tasks (id text primary key not null, title text not null)").await?;
    /// let error = sqlite.check_tables(&[task::Model::TABLE]).await.unwrap_err();
    /// assert_eq!(error.kind(), ErrorKind::SchemaMismatch);
    /// assert!(error.message().contains("the file's table `tasks` has no column `priority`"));
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// `SchemaMismatch` that names everything that differs: what
    /// [`create_tables`](Self::create_tables) would add as well. `Unsupported` as there.
    pub async fn check_tables(&self, tables: &[&'static Table]) -> Result<()> {
        let entities = entities(tables)?;
        self.ask(|connection| {
            let differences = compare::differences(connection, &entities)?;
            difference::refuse(differences, Weight::Looser)
        })
    }
}

/// The entities of tables, each once.
///
/// # Errors
/// `Unsupported` where SQLite would take two for one.
fn entities(tables: &[&'static Table]) -> Result<Vec<Entity>> {
    let mut entities: Vec<Entity> = Vec::new();
    for table in tables {
        let entity = Entity::of(table)?;
        let same = entities.iter().find(|known| known.name().eq_ignore_ascii_case(table.name));
        match same {
            Some(known) if known.name() != table.name => {
                return Err(Error::new(
                    ErrorKind::Unsupported,
                    format!("SQLite does not tell `{}` and `{}` apart", known.name(), table.name),
                )
                .with_hint("give each a file of its own"));
            }
            Some(known) if known.table.schema != table.schema => {
                return Err(two_schemas(known.table, table));
            }
            Some(_) if entities.iter().any(|known| std::ptr::eq(known.table, entity.table)) => {}
            // `Some` are two views of one table.
            None | Some(_) => entities.push(entity),
        }
    }
    Ok(entities)
}

/// A table can be made from one entity only.
fn refuse_two_of_one(entities: &[Entity]) -> Result<()> {
    for (at, entity) in entities.iter().enumerate() {
        let mut before = entities.iter().take(at);
        if before.any(|other| other.name() == entity.name()) {
            return Err(Error::invalid("two entities of one table differ")
                .with_table(entity.name())
                .with_hint("make the table from the one that has all of its columns"));
        }
    }
    Ok(())
}

/// SQLite has no schemas.
pub(crate) fn two_schemas(one: &Table, other: &Table) -> Error {
    Error::new(
        ErrorKind::Unsupported,
        format!(
            "tables `{}` of two schemas ({:?} and {:?}) cannot share one file",
            one.name, one.schema, other.schema
        ),
    )
    .with_hint("give each schema a file of its own")
}

//! What the command line offers, and doing it.

use std::{
    error::Error,
    io::{self, Write},
};

use chronicle_migration::{Dialect, Migrator, MigratorTrait, chronicle_apply, execute_sql, script};
use clap::{Parser, Subcommand, ValueEnum};
use sea_orm_migration::{MigrationStatus, sea_orm::DatabaseConnection};

use crate::connect::connect;

/// Makes the tables of Chronicle on SQLite or on Postgres, and takes them away.
///
/// A SQLite file that the original Python design made is taken over with all its rows.
#[derive(Debug, Parser)]
#[command(version)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    command: Command,

    /// The database: sqlite:chronicle.db?mode=rwc or postgres://user:password@host/database
    #[arg(short = 'u', long, global = true, env = "DATABASE_URL", hide_env_values = true)]
    database_url: Option<String>,
}

#[derive(Debug, Subcommand)]
enum Command {
    #[command(flatten)]
    Migrate(Migrate),
    /// Print SQL (postgres, sqlite, chronicle-apply or execute-sql) for an SQL editor, instead of running it; needs no database
    Sql {
        #[arg(value_enum)]
        what: Script,
    },
    /// Install (up) or remove (down) public.chronicle_apply, a Postgres function for transactions and exact replay
    ChronicleApply {
        #[arg(value_enum)]
        action: Action,
    },
    /// Install (up) or remove (down) public.execute_sql, a Postgres function that runs any SQL for service_role
    ExecuteSql {
        #[arg(value_enum)]
        action: Action,
    },
}

#[derive(Debug, Subcommand)]
enum Migrate {
    /// Apply the migrations that are not applied yet
    Up {
        /// How many of them [default: all]
        #[arg(short, long)]
        num: Option<u32>,
    },
    /// Roll back migrations, the latest first; their tables and rows are gone
    Down {
        /// How many of them
        #[arg(short, long, default_value_t = 1)]
        num: u32,
    },
    /// List the migrations and whether they are applied
    Status,
    /// Drop ALL tables of the database, Chronicle's and others', then apply all migrations
    Fresh,
    /// Roll back all migrations, then apply them again; all rows are gone
    Refresh,
    /// Roll back all migrations, and drop the list of them
    Reset,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Script {
    /// All migrations for Postgres; may be run again
    Postgres,
    /// All migrations for a new SQLite file
    Sqlite,
    /// The function public.chronicle_apply for Postgres
    ChronicleApply,
    /// The function public.execute_sql for Postgres
    ExecuteSql,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Action {
    /// Install it
    Up,
    /// Remove it
    Down,
}

impl Arguments {
    pub(crate) async fn run(self) -> Result<(), Box<dyn Error>> {
        let url = self.database_url.as_deref();
        match self.command {
            Command::Sql { what } => print(&match what {
                Script::Postgres => script(Dialect::Postgres),
                Script::Sqlite => script(Dialect::Sqlite),
                Script::ChronicleApply => chronicle_apply::script(),
                Script::ExecuteSql => execute_sql::script(),
            }),
            Command::ChronicleApply { action } => {
                let db = connect(url).await?;
                match action {
                    Action::Up => chronicle_apply::up(&db).await?,
                    Action::Down => chronicle_apply::down(&db).await?,
                }
                Ok(())
            }
            Command::ExecuteSql { action } => {
                let db = connect(url).await?;
                match action {
                    Action::Up => execute_sql::up(&db).await?,
                    Action::Down => execute_sql::down(&db).await?,
                }
                Ok(())
            }
            Command::Migrate(migrate) => {
                let db = connect(url).await?;
                match migrate {
                    Migrate::Up { num } => Migrator::up(&db, num).await?,
                    Migrate::Down { num } => Migrator::down(&db, Some(num)).await?,
                    Migrate::Status => {}
                    Migrate::Fresh => Migrator::fresh(&db).await?,
                    Migrate::Refresh => Migrator::refresh(&db).await?,
                    Migrate::Reset => Migrator::reset(&db).await?,
                }
                status(&db).await
            }
        }
    }
}

async fn status(db: &DatabaseConnection) -> Result<(), Box<dyn Error>> {
    for migration in Migrator::get_migration_with_status_read_only(db).await? {
        let status = match migration.status() {
            MigrationStatus::Applied => "applied",
            MigrationStatus::Pending => "pending",
        };
        print(&format!("{} {status}\n", migration.name()))?;
    }
    Ok(())
}

fn print(text: &str) -> Result<(), Box<dyn Error>> {
    let mut output = io::stdout();
    output.write_all(text.as_bytes())?;
    Ok(output.flush()?)
}

//! A SQLite file in a folder of its own.

use sea_orm_migration::sea_orm::{
    ConnectOptions, ConnectionTrait, Database, DatabaseConnection, DbBackend, Statement,
};
use tempfile::TempDir;

pub(crate) struct File(TempDir);

impl File {
    pub(crate) fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    pub(crate) fn path(&self) -> std::path::PathBuf {
        self.0.path().join("chronicle.db")
    }

    pub(crate) fn url(&self) -> String {
        format!("sqlite:{}?mode=rwc", self.path().display())
    }

    pub(crate) async fn open(&self) -> DatabaseConnection {
        connect(&self.url()).await
    }
}

pub(crate) async fn connect(url: &str) -> DatabaseConnection {
    let mut options = ConnectOptions::new(url);
    options.sqlx_logging(false);
    Database::connect(options).await.unwrap()
}

/// Runs statements; none may fail.
pub(crate) async fn run(db: &DatabaseConnection, sql: &str) {
    db.execute_unprepared(sql).await.unwrap();
}

/// The rows of a query, their values joined by `|`, as the program `sqlite3` prints them; NULL is `NULL`.
pub(crate) async fn rows(db: &DatabaseConnection, query: &str) -> Vec<String> {
    let columns = db
        .query_one_raw(Statement::from_string(
            DbBackend::Sqlite,
            format!("select * from ({query}) limit 1"),
        ))
        .await
        .unwrap()
        .map(|row| row.column_names())
        .unwrap_or_default();
    if columns.is_empty() {
        return Vec::new();
    }
    let values = columns.iter().map(|column| format!("ifnull(cast(\"{column}\" as text), 'NULL')"));
    let values = values.collect::<Vec<_>>().join("||'|'||");
    let all = format!("select {values} as line from ({query})");
    db.query_all_raw(Statement::from_string(DbBackend::Sqlite, all))
        .await
        .unwrap()
        .iter()
        .map(|row| row.try_get("", "line").unwrap())
        .collect()
}

/// Every statement of the schema, by name.
pub(crate) async fn schema(db: &DatabaseConnection) -> String {
    rows(db, "select sql from sqlite_master where sql is not null order by type desc, name")
        .await
        .join(";\n")
}

//! The three databases that a row goes through.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::time::{Duration, Instant};

use chronicle::failover::{Failover, FailoverOptions, Status};
use chronicle::postgrest::{Key, PostgrestOptions};
use chronicle::sqlite::SqliteOptions;
use chronicle::{Backend, Source, Sqlite, Store, Table};
use chronicle_test_servers::{Database, Gateway, Postgres, Postgrest};
use sea_orm::Value;

use super::catalog::Catalog;
use super::values::{self, OUTSIDE, Rows};
use super::{Failures, Name};
use crate::database::RealTables;
use cases::{Application, Row, Steps};

pub(crate) struct Servers {
    pub(crate) database: Database,
    postgrest: Postgrest,
}

impl Servers {
    pub(crate) async fn start(tables: &RealTables, schemas: &BTreeSet<String>) -> Self {
        let postgres = Postgres::shared().await.expect("a server");
        let database = postgres.create_database().await.expect("a database");
        for script in tables.scripts() {
            database.execute(&script).await.expect("the tables are made");
        }
        for outside in ["auth.users", "storage.objects"] {
            let row = format!("insert into {outside} (id) values ('{OUTSIDE}')");
            database.execute(&row).await.expect("a row");
        }
        let names: Vec<&str> = schemas.iter().map(String::as_str).collect();
        let builder = Postgrest::builder(&database).schemas(names);
        let postgrest = builder.start().await.expect("PostgREST");
        Self { database, postgrest }
    }

    fn options(&self, url: &str) -> PostgrestOptions {
        PostgrestOptions::new(url, Key::new(self.postgrest.service_key()))
    }

    /// The rows of tables go.
    async fn clear(&self, tables: &[&'static Table]) {
        let name = |table: &&'static Table| {
            format!("\"{}\".\"{}\"", table.schema.unwrap_or("public"), table.name)
        };
        let names: Vec<String> = tables.iter().map(name).collect();
        let script = format!("truncate {} restart identity cascade", names.join(", "));
        self.database.execute(&script).await.expect("the tables are empty");
    }
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum Side {
    File,
    Server,
    Pair,
}

impl Side {
    /// Takes a row of each table through, and tells what failed.
    pub(crate) async fn run(
        self,
        application: &Application,
        servers: &Servers,
        catalog: &Catalog,
    ) -> Failures {
        let mut failures = Failures::new();
        for tables in of_files(application) {
            failures.append(&mut self.run_tables(application, tables, servers, catalog).await);
        }
        failures
    }

    async fn run_tables(
        self,
        application: &Application,
        cases: Vec<&'static Table>,
        servers: &Servers,
        catalog: &Catalog,
    ) -> Failures {
        servers.clear(&cases).await;
        let mut trip = Trip {
            side: self,
            catalog,
            tables: cases.clone(),
            steps: application
                .cases
                .iter()
                .map(|case| (name(case.table), case.steps.as_deref()))
                .collect(),
            rows: Rows::new(),
            failures: Failures::new(),
        };
        for table in &cases {
            if trip.steps[&name(table)].is_none() {
                trip.fail(table, "no key: it can only be read");
            }
        }
        let result = match self {
            Self::File => trip.of_file(&cases).await,
            Self::Server => trip.of_server(&cases, servers).await,
            Self::Pair => trip.of_pair(&cases, servers).await,
        };
        if let Err(why) = result {
            for table in cases {
                trip.failures.entry(name(table)).or_insert(why.clone());
            }
        }
        trip.failures
    }
}

/// The tables of an application by the file that holds them: tables of one name, in two schemas, need two.
fn of_files(application: &Application) -> Vec<Vec<&'static Table>> {
    let tables = application.cases.iter().map(|case| case.table);
    let names: BTreeSet<&str> = tables.clone().map(|table| table.name).collect();
    if names.len() == application.cases.len() {
        return vec![tables.collect()];
    }
    let mut files: BTreeMap<Option<&str>, Vec<&'static Table>> = BTreeMap::new();
    for table in tables {
        files.entry(table.schema).or_default().push(table);
    }
    files.into_values().collect()
}

const fn name(table: &'static Table) -> Name {
    (table.schema, table.name)
}

struct Trip<'a> {
    side: Side,
    catalog: &'a Catalog,
    tables: Vec<&'static Table>,
    steps: HashMap<Name, Option<&'a dyn Steps>>,
    rows: Rows,
    failures: Failures,
}

impl Trip<'_> {
    async fn of_file(&mut self, tables: &[&'static Table]) -> Result<(), String> {
        let sqlite = Sqlite::memory().await.map_err(told)?;
        sqlite.create_tables(&keyed(tables)).await.map_err(told)?;
        let store = Store::new(sqlite);
        let order = parents_first(tables);
        self.insert(&store, &order, |_| true).await;
        self.change(&store, &order).await;
        self.delete(&store, &order).await;
        Ok(())
    }

    async fn of_server(
        &mut self,
        tables: &[&'static Table],
        servers: &Servers,
    ) -> Result<(), String> {
        let store = Store::new(servers.options(&servers.postgrest.url()).connect().map_err(told)?);
        let order = parents_first(tables);
        self.insert(&store, &order, |_| true).await;
        self.change(&store, &order).await;
        self.delete(&store, &order).await;
        Ok(())
    }

    async fn of_pair(
        &mut self,
        tables: &[&'static Table],
        servers: &Servers,
    ) -> Result<(), String> {
        let gateway = Gateway::plain(&servers.postgrest).await.map_err(told)?;
        let folder = tempfile::tempdir().map_err(told)?;
        let path = folder.path().join("pair.db");
        let reserve = std::fs::File::create(folder.path().join("pair.db-reserve")).map_err(told)?;
        reserve.set_len(8 * 1024 * 1024).map_err(told)?;
        let failover =
            FailoverOptions::new(SqliteOptions::new(path), servers.options(&gateway.url()))
                .settle(Duration::from_millis(20))
                .create_tables(&keyed(tables))
                .connect()
                .await
                .map_err(told)?;
        let store = Store::from(failover.clone());
        let remote = Store::new(servers.options(&servers.postgrest.url()).connect().map_err(told)?);
        let order = parents_first(tables);
        // A key that the server alone counts up can be given by nobody.
        let before = with_parents(&order, |table| {
            let is_counted = |at| self.catalog.column(table, at).is_always_counted;
            table.key.iter().any(|at| is_counted(table.columns[*at].name))
        });
        self.insert(&store, &order, |table| before.contains(&name(table))).await;

        gateway.refuse().await.map_err(told)?;
        self.insert(&store, &order, |table| !before.contains(&name(table))).await;
        self.change(&store, &order).await;
        gateway.heal().await.map_err(told)?;
        self.replayed(&failover, &order).await?;
        self.compare(&store, &remote, &order).await;

        gateway.refuse().await.map_err(told)?;
        self.delete(&store, &order).await;
        gateway.heal().await.map_err(told)?;
        self.replayed(&failover, &order).await?;
        for table in &order {
            let Some(row) = self.rows.get(&name(table)).cloned() else { continue };
            if let Some(steps) = self.steps[&name(table)]
                && steps.get(remote.clone(), row).await.map_err(told)?.is_some()
            {
                self.fail(table, "the server still has it");
            }
        }
        failover.close().await.map_err(told)
    }

    fn fail(&mut self, table: &'static Table, why: impl ToString) {
        let why: String = why.to_string().chars().take(300).collect();
        self.failures.entry(name(table)).or_insert(why);
    }

    /// A row of each, parents first.
    async fn insert(
        &mut self,
        store: &Store,
        tables: &[&'static Table],
        takes: impl Fn(&'static Table) -> bool,
    ) {
        for table in tables.iter().copied().filter(|table| takes(table)) {
            let Some(steps) = self.steps[&name(table)] else { continue };
            let counts = match self.side {
                Side::File | Side::Server => true,
                Side::Pair => table.key.iter().any(|at| {
                    self.catalog.column(table, table.columns[*at].name).is_always_counted
                }),
            };
            let values =
                match values::of_row(table, &self.tables, self.catalog, &self.rows, !counts) {
                    Ok(values) => values,
                    Err(why) => {
                        self.fail(table, why);
                        continue;
                    }
                };
            match steps.insert(store.clone(), values.clone()).await {
                Ok(row) => {
                    self.is_as_given(table, &values, &row, "insert");
                    self.reads_as(store, table, steps, &row).await;
                    self.rows.insert(name(table), row);
                }
                Err(error) => self.fail(table, format!("insert: {error}")),
            }
        }
    }

    fn is_as_given(
        &mut self,
        table: &'static Table,
        given: &[Option<Value>],
        row: &Row,
        what: &str,
    ) {
        for ((column, given), stored) in table.columns.iter().zip(given).zip(row) {
            if let Some(given) = given
                && column.source == Source::Client
                && !same(given, stored)
            {
                let name = column.name;
                self.fail(table, format!("{what}: `{name}` is {stored:?}, not {given:?}"));
            }
        }
    }

    async fn reads_as(
        &mut self,
        store: &Store,
        table: &'static Table,
        steps: &dyn Steps,
        row: &Row,
    ) {
        match steps.get(store.clone(), row.clone()).await {
            Ok(Some(read)) if read == *row => {}
            Ok(Some(read)) => {
                let at = (0..row.len()).find(|at| read[*at] != row[*at]).unwrap_or_default();
                let column = table.columns[at].name;
                self.fail(table, format!("read: `{column}` is {:?}, was {:?}", read[at], row[at]));
            }
            Ok(None) => self.fail(table, "read: no row"),
            Err(error) => self.fail(table, format!("read: {error}")),
        }
    }

    /// An update and an upsert of each.
    async fn change(&mut self, store: &Store, tables: &[&'static Table]) {
        for table in tables.iter().copied() {
            let (Some(steps), Some(row)) = (self.steps[&name(table)], self.rows.get(&name(table)))
            else {
                continue;
            };
            let mut row = row.clone();
            let change = values::change(table, self.catalog);
            if let Some((at, value)) = &change {
                match steps.update(store.clone(), row.clone(), vec![(*at, value.clone())]).await {
                    Ok(1) => {}
                    Ok(rows) => self.fail(table, format!("update: {rows} rows")),
                    Err(error) => self.fail(table, format!("update: {error}")),
                }
                match steps.get(store.clone(), row.clone()).await {
                    Ok(Some(read)) if same(&read[*at], value) => row = read,
                    Ok(read) => self.fail(table, format!("update: reads {read:?}")),
                    Err(error) => self.fail(table, format!("update: {error}")),
                }
            }
            let counted = table
                .key
                .iter()
                .any(|at| self.catalog.column(table, table.columns[*at].name).is_always_counted);
            if counted {
                // An upsert gives its key.
                self.rows.insert(name(table), row);
                continue;
            }
            let whole: Vec<Option<Value>> = row
                .iter()
                .zip(table.columns)
                .map(|(value, column)| (column.source != Source::Server).then(|| value.clone()))
                .collect();
            match steps.upsert(store.clone(), whole.clone()).await {
                Ok(stored) => {
                    self.is_as_given(table, &whole, &stored, "upsert");
                    self.reads_as(store, table, steps, &stored).await;
                    self.rows.insert(name(table), stored);
                }
                Err(error) => self.fail(table, format!("upsert: {error}")),
            }
        }
    }

    /// Children first.
    async fn delete(&mut self, store: &Store, tables: &[&'static Table]) {
        for table in tables.iter().rev().copied() {
            let (Some(steps), Some(row)) =
                (self.steps[&name(table)], self.rows.get(&name(table)).cloned())
            else {
                continue;
            };
            match steps.delete(store.clone(), row.clone()).await {
                Ok(1) => {}
                Ok(rows) => self.fail(table, format!("delete: {rows} rows")),
                Err(error) => self.fail(table, format!("delete: {error}")),
            }
            match steps.get(store.clone(), row).await {
                Ok(None) => {}
                Ok(Some(_)) => self.fail(table, "delete: it is still there"),
                Err(error) => self.fail(table, format!("delete: {error}")),
            }
        }
    }

    /// All that was queued is at the server.
    async fn replayed(
        &mut self,
        failover: &Failover,
        tables: &[&'static Table],
    ) -> Result<(), String> {
        let start = Instant::now();
        loop {
            let flushed = failover.flush(Duration::from_secs(5)).await.map_err(told)?;
            let letters = failover.dead_letters(1_000).await.map_err(told)?;
            if !letters.is_empty() {
                for letter in letters {
                    let table = tables.iter().copied().find(|table| {
                        letter.table == table.name
                            || letter.table.ends_with(&format!(".{}", table.name))
                    });
                    if let Some(table) = table {
                        self.fail(table, format!("letter: {}", letter.message));
                    }
                }
                return Ok(());
            }
            if flushed && failover.status() == Status::Healthy {
                return Ok(());
            }
            if start.elapsed() > Duration::from_secs(60) {
                let info = failover.failover_info().await;
                return Err(format!("not healthy: {flushed:?} {info:?}"));
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// The file and the server have the same rows.
    async fn compare(&mut self, store: &Store, remote: &Store, tables: &[&'static Table]) {
        for table in tables.iter().copied() {
            let (Some(steps), Some(row)) =
                (self.steps[&name(table)], self.rows.get(&name(table)).cloned())
            else {
                continue;
            };
            match steps.get(remote.clone(), row.clone()).await {
                Ok(Some(read)) => {
                    let made = |at: &usize| table.columns[*at].source != Source::Client;
                    let differs = (0..row.len()).find(|at| !made(at) && read[*at] != row[*at]);
                    if let Some(at) = differs {
                        let column = table.columns[at].name;
                        let (read, row) = (&read[at], &row[at]);
                        self.fail(table, format!("replay: `{column}` is {read:?}, was {row:?}"));
                    }
                    self.rows.insert(name(table), read);
                }
                Ok(None) => self.fail(table, "replay: no row"),
                Err(error) => self.fail(table, format!("replay: {error}")),
            }
        }
        let _ = store;
    }
}

fn keyed(tables: &[&'static Table]) -> Vec<&'static Table> {
    tables.iter().copied().filter(|table| !table.key.is_empty()).collect()
}

fn same(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::Json(one), Value::Json(other)) => one == other,
        // The texts of types that only the server understands come back in its own form.
        (Value::String(Some(one)), Value::String(Some(other))) => {
            one.trim_end() == other.trim_end()
        }
        (one, other) => one == other,
    }
}

fn told(error: impl ToString) -> String {
    error.to_string()
}

/// Parents before children, as far as there is such an order.
fn parents_first(tables: &[&'static Table]) -> Vec<&'static Table> {
    let mut left: Vec<&'static Table> = tables.to_vec();
    let mut sorted: Vec<&'static Table> = Vec::with_capacity(left.len());
    while !left.is_empty() {
        let is_free = |table: &&'static Table, strict: bool| {
            (table.parents)().iter().all(|parent| {
                let is_it = |one: &&'static Table| {
                    one.name == parent.table && one.schema == parent.schema.as_deref()
                };
                let needs = parent.columns.iter().all(|name| {
                    table.columns.iter().any(|column| column.name == name && !column.nullable)
                });
                parent.table == table.name || !left.iter().any(is_it) || (!strict && !needs)
            })
        };
        let at = left
            .iter()
            .position(|table| is_free(table, true))
            .or_else(|| left.iter().position(|table| is_free(table, false)))
            .unwrap_or(0);
        sorted.push(left.remove(at));
    }
    sorted
}

/// Those that are such, and what their rows refer to.
fn with_parents(
    parents_first: &[&'static Table],
    is_such: impl Fn(&'static Table) -> bool,
) -> BTreeSet<Name> {
    let mut found = BTreeSet::new();
    for table in parents_first.iter().rev().copied() {
        if found.contains(&name(table)) || is_such(table) {
            found.insert(name(table));
            for parent in (table.parents)() {
                let is_it = |one: &&&'static Table| {
                    one.name == parent.table && one.schema == parent.schema.as_deref()
                };
                found.extend(parents_first.iter().find(is_it).map(|table| name(table)));
            }
        }
    }
    found
}

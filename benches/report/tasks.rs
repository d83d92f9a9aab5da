//! Rows a second, by how many tasks insert them.

use crate::bare::Bare;
use crate::figures::{Figures, Unit, quantile};
use crate::measure::{Options, Result, events};
use crate::original::Original;
use crate::page::Page;
use crate::rows::new_session;
use crate::way::Way;
use crate::{file, prepared};
use chronicle::postgrest::Key;
use chronicle::sea_orm::sqlx::sqlite::SqliteSynchronous;
use chronicle::sea_orm::{ActiveModelTrait, DatabaseConnection, EntityTrait, IntoActiveModel};
use chronicle::sqlite::{SqliteOptions, Synchronous};
use chronicle::uuid::Uuid;
use chronicle::{Postgrest, Store};
use chronicle_entity::{Events, SessionId, event};
use chronicle_test_servers::Postgrest as Server;
use rusqlite::Connection;
use serde::Deserialize;
use serde_json::{Value, json};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use tokio::task::JoinSet;

const ON_SQLITE: &str = "## Tasks: SQLite

So many tasks insert rows one by one, each the next once the last has returned: every row is a transaction of its own.
The file is on a disk, in write-ahead mode. With `synchronous = NORMAL`, which is the default of Chronicle's SQLite
backend, a commit does not wait for the disk; with `FULL`, which a pair uses, it does.

- rusqlite: one connection behind a mutex, a prepared statement.
- SeaORM: `Entity::insert` on one connection that is never given up.
- The original sets no `synchronous`, and so has `FULL`. It is in the second table alone.
- Chronicle has a thread that writes, and rows that wait at the same moment share a commit. Handing a row to that thread
  and back costs one task something; many tasks gain by it.
";

const OVER_POSTGREST: &str = "## Tasks: PostgREST

The same over PostgREST, which has ten connections to its database. Server and clients share the machine, so
with many tasks the figure is that of all of them together.
";

const COUNTS: [usize; 7] = [1, 2, 4, 8, 16, 32, 64];

/// The tasks end with the first error, as text: it has to go from one thread to another.
type Done = std::result::Result<(), String>;

/// How long, and how often, each way is measured with each number of tasks.
fn times(options: Options) -> (Duration, usize) {
    (Duration::from_millis(options.size(700, 50) as u64), options.size(3, 1))
}

/// What the original prints.
#[derive(Deserialize)]
struct Rate {
    rate: f64,
}

/// One way that is ready to insert.
enum Inserter {
    Ours(Events),
    Rusqlite(Arc<Mutex<Connection>>),
    SeaOrm(DatabaseConnection),
    Reqwest(Arc<Bare>),
    /// What the program is told, without the number of tasks and the time.
    Original(Value),
}

impl Inserter {
    const fn way(&self) -> Way {
        match self {
            Self::Ours(_) => Way::Ours,
            Self::Rusqlite(_) => Way::Rusqlite,
            Self::SeaOrm(_) => Way::SeaOrm,
            Self::Reqwest(_) => Way::Reqwest,
            Self::Original(_) => Way::Original,
        }
    }

    /// Rows a second.
    async fn rate(
        &self,
        original: Option<&Original>,
        tasks: usize,
        time: Duration,
        session: Uuid,
    ) -> Result<f64> {
        let shape = (tasks, time, session);
        match self {
            Self::Ours(events) => {
                let insert = |events: Events, row| async move {
                    events.insert(row).await.map(drop).map_err(|error| error.to_string())
                };
                rate(shape, events, insert).await
            }
            Self::Rusqlite(connection) => {
                let insert = |connection: Arc<Mutex<Connection>>, row| async move {
                    let connection = connection.lock().unwrap_or_else(PoisonError::into_inner);
                    prepared::insert_one(&connection, &row).map_err(|error| error.to_string())
                };
                rate(shape, connection, insert).await
            }
            Self::SeaOrm(seaorm) => {
                let insert = |seaorm: DatabaseConnection, row: event::Model| async move {
                    let row = row.into_active_model().reset_all();
                    let inserted = event::Entity::insert(row).exec(&seaorm).await;
                    inserted.map(drop).map_err(|error| error.to_string())
                };
                rate(shape, seaorm, insert).await
            }
            Self::Reqwest(bare) => {
                let insert = |bare: Arc<Bare>, row| async move {
                    let request = bare.insert(&[row]).map_err(|error| error.to_string())?;
                    bare.send(request).await.map(drop).map_err(|error| error.to_string())
                };
                rate(shape, bare, insert).await
            }
            Self::Original(order) => {
                let mut order = order.clone();
                order["work"] = "tasks".into();
                order["session"] = session.to_string().into();
                order["tasks"] = tasks.into();
                order["seconds"] = time.as_secs_f64().into();
                Ok(original.ok_or("there is no original")?.run::<Rate>(&order)?.rate)
            }
        }
    }
}

/// Inserts in so many tasks for so long.
async fn rate<T, F>(
    (tasks, time, session): (usize, Duration, Uuid),
    with: &T,
    insert: impl Fn(T, event::Model) -> F + Copy + Send + 'static,
) -> Result<f64>
where
    T: Clone + Send + Sync + 'static,
    F: Future<Output = Done> + Send,
{
    let start = Instant::now();
    let end = start + time;
    let mut running = JoinSet::new();
    for _ in 0..tasks {
        let with = with.clone();
        running.spawn(async move {
            let mut count = 0_usize;
            while Instant::now() < end {
                let row = events(SessionId::from(session), 1).remove(0);
                insert(with.clone(), row).await?;
                count += 1;
            }
            Ok::<_, String>(count)
        });
    }
    let mut count = 0;
    while let Some(done) = running.join_next().await {
        count += done??;
    }
    Ok(count as f64 / start.elapsed().as_secs_f64())
}

/// All ways in turn, with each number of tasks.
async fn measure(
    options: Options,
    title: &'static str,
    original: Option<&Original>,
    inserters: &[Inserter],
    session: Uuid,
) -> Result<Figures> {
    let (time, rounds) = times(options);
    let mut lines = Vec::new();
    for tasks in COUNTS {
        let mut rates = vec![Vec::new(); inserters.len()];
        for _ in 0..rounds {
            for (inserter, rates) in inserters.iter().zip(&mut rates) {
                rates.push(inserter.rate(original, tasks, time, session).await?);
            }
        }
        lines.push((tasks, rates.into_iter().map(|rates| quantile(rates, 0.5)).collect()));
    }
    let ways = inserters.iter().map(Inserter::way).collect();
    Ok(Figures { title, by: "tasks", unit: Unit::Rate, ways, lines })
}

/// Opens a file of its own for each way.
async fn open(folder: &Path, full: bool) -> Result<(Store, Vec<Inserter>, Uuid)> {
    let empty = folder.join("empty.db");
    let session = Uuid::from(file::make_empty(&empty).await?);
    let path = |name: &str| -> Result<_> {
        let path = folder.join(name);
        file::copy(&empty, &path)?;
        Ok(path)
    };
    let (ours, seaorm, pragma) = if full {
        (Synchronous::Full, SqliteSynchronous::Full, "FULL")
    } else {
        (Synchronous::Normal, SqliteSynchronous::Normal, "NORMAL")
    };
    let ours = SqliteOptions::new(path("ours.db")?).synchronous(ours).open().await?;
    let store = Store::from(ours);
    let rusqlite = prepared::open(&path("rusqlite.db")?)?;
    rusqlite.pragma_update(None, "synchronous", pragma)?;
    let seaorm = file::open_seaorm(&path("seaorm.db")?, seaorm).await?;
    let inserters = vec![
        Inserter::Ours(Events::new(&store)),
        Inserter::Rusqlite(Arc::new(Mutex::new(rusqlite))),
        Inserter::SeaOrm(seaorm),
    ];
    Ok((store, inserters, session))
}

pub(crate) async fn on_sqlite(
    options: Options,
    page: &mut Page,
    original: Option<&Original>,
) -> Result<()> {
    let mut figures = Vec::new();
    for (title, name, full) in [
        ("synchronous = NORMAL", "Tasks that insert into SQLite (`NORMAL`)", false),
        ("synchronous = FULL", "Tasks that insert into SQLite (`FULL`)", true),
    ] {
        let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR"))?;
        let (store, mut inserters, session) = open(folder.path(), full).await?;
        if full && original.is_some() {
            let file = folder.path().join("original.db");
            inserters.push(Inserter::Original(json!({ "sqlite": file })));
        }
        figures.push((title, measure(options, name, original, &inserters, session).await?));
        drop(inserters);
        store.close().await?;
    }
    page.add(ON_SQLITE);
    page.figures("tasks-sqlite", &figures)
}

pub(crate) async fn over_postgrest(
    options: Options,
    page: &mut Page,
    original: Option<&Original>,
    server: &Server,
) -> Result<()> {
    let (url, key) = (server.url(), server.service_key());
    let session = new_session(server).await?;
    let store = Store::from(Postgrest::new(&url, Key::new(&key))?);
    let mut inserters = vec![
        Inserter::Ours(Events::new(&store)),
        Inserter::Reqwest(Arc::new(Bare::new(&url, &key)?)),
    ];
    if original.is_some() {
        inserters.push(Inserter::Original(json!({ "postgrest": url, "key": key })));
    }
    let title = "Tasks that insert over PostgREST";
    let figures = measure(options, title, original, &inserters, session).await?;
    page.add(OVER_POSTGREST);
    page.figures("tasks-postgrest", &[("PostgREST", figures)])
}

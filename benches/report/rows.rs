//! Time and memory by rows: each case in a process of its own.
#![allow(clippy::print_stderr, reason = "what goes wrong with a peer is said on the terminal")]

use crate::case::{Case, Cost, Place, Work};
use crate::figures::{Figures, Unit, quantile};
use crate::file;
use crate::measure::{Options, Result};
use crate::original::Original;
use crate::page::Page;
use crate::postgrest::ROWS_OF_REQUEST;
use crate::way::Way;
use chronicle::postgrest::Key;
use chronicle::sea_orm::Database;
use chronicle::uuid::Uuid;
use chronicle::{Postgrest as Server, Store};
use chronicle_entity::{NewSession, SessionStatus, Sessions};
use chronicle_migration::{Migrator, MigratorTrait};
use chronicle_test_servers::{Postgres, Postgrest};
use std::path::PathBuf;

const ON_SQLITE: &str = "## Rows: SQLite

The rows are made first. Then all of them are stored in a new file by one call, in one transaction; read into
a list, in the order of their keys; and read one after the other. Each is a process of its own; its
memory is the most it ever had, with the rows. Each has a file in write-ahead mode with
`synchronous = NORMAL` and with foreign keys enforced.

- rusqlite: one prepared statement. It makes and reads the text of ids, times and JSON, as Chronicle does.
- SeaORM: `insert_many` of 1,000 rows a statement, on one connection; `all`; `stream`.
- The original: `SQLiteClient.bulk_insert` and `select`, in a file of its own schema, whose two indexes
  on events are narrower than ours, with random keys, as it makes them. Its rows come newest first. It
  cannot read one after the other.
- Chronicle: `insert_many`, `find().all()`, `find().stream()`, which reads pages of 500 rows.
";

const OVER_POSTGREST: &str = "## Rows: PostgREST

The same over a PostgREST that gives 1,000 rows an answer at most, as Supabase's does. A million rows
are left out: it would take most of the run.

- reqwest: the requests that Chronicle sends, 1,000 rows each, made while the clock runs; pages by key, read into
  structs of ids, times and JSON.
- The original: `SupabaseClient.bulk_insert`, which sends all rows in one request. Its reads are not
  here: they end at the server's limit of 1,000 rows, without a word.
";

/// A server with the tables, which limits its answers as Supabase does.
pub(crate) async fn serve() -> Result<Postgrest> {
    let database = Postgres::new().await?.create_database().await?;
    let connection = Database::connect(database.url()).await?;
    Migrator::up(&connection, None).await?;
    connection.close().await?;
    let limit = ROWS_OF_REQUEST as u32;
    Ok(Postgrest::builder(&database).max_rows(limit).start().await?)
}

/// The costs of all ways, of each number of rows.
struct Costs {
    work: Work,
    ways: Vec<Way>,
    lines: Vec<(usize, Vec<Option<Cost>>)>,
}

impl Costs {
    fn new(work: Work, ways: &[Way], original: Option<&Original>) -> Self {
        let runs = |way: &Way| *way != Way::Original || original.is_some();
        Self { work, ways: ways.iter().copied().filter(runs).collect(), lines: Vec::new() }
    }

    /// Measures all ways in turn, each so many times.
    async fn measure(
        &mut self,
        (rows, rounds): (usize, usize),
        original: Option<&Original>,
        mut case: impl AsyncFnMut(Way) -> Result<Case>,
    ) -> Result<()> {
        let mut costs: Vec<Vec<Cost>> = vec![Vec::new(); self.ways.len()];
        for _ in 0..rounds {
            for (way, costs) in self.ways.iter().zip(&mut costs) {
                match case(*way).await?.measure(original) {
                    Ok(cost) => costs.push(cost),
                    // A peer that cannot do it has no figure.
                    Err(error) if *way == Way::Original => eprintln!("{rows} rows: {error}"),
                    Err(error) => return Err(error),
                }
            }
        }
        self.lines.push((rows, costs.iter().map(|costs| median(costs)).collect()));
        Ok(())
    }

    fn figures(&self, title: &'static str, unit: Unit) -> Figures {
        let figure = |way: &Way, cost: Cost| match unit {
            Unit::Megabytes => Some(cost.kilobytes as f64 / 1e3),
            _ => (*way != Way::Nothing).then_some(cost.seconds),
        };
        let shown = |way: &&Way| **way != Way::Nothing || unit == Unit::Megabytes;
        let lines = self.lines.iter().map(|(rows, costs)| {
            let costs = self.ways.iter().zip(costs).filter(|(way, _)| shown(way));
            (*rows, costs.map(|(way, cost)| cost.and_then(|cost| figure(way, cost))).collect())
        });
        let ways = self.ways.iter().filter(shown).copied().collect();
        Figures { title, by: "rows", unit, ways, lines: lines.collect() }
    }

    fn write(&self, page: &mut Page, name: &str, title: &'static str) -> Result<()> {
        page.add(&format!("### {title}\n"));
        let head = match self.work {
            Work::Insert => "Insert",
            Work::Read => "Read into a list",
            Work::Stream => "Read one by one",
        };
        let figures = [
            (head, self.figures(title, Unit::Seconds)),
            (head, self.figures(title, Unit::Megabytes)),
        ];
        page.figures(name, &figures)
    }
}

fn median(costs: &[Cost]) -> Option<Cost> {
    let seconds = quantile(costs.iter().map(|cost| cost.seconds), 0.5)?;
    let kilobytes = quantile(costs.iter().map(|cost| cost.kilobytes as f64), 0.5)? as u64;
    Some(Cost { seconds, kilobytes, rows: costs.first()?.rows })
}

/// How often a number of rows is measured.
fn rounds(options: Options, rows: usize) -> usize {
    let full = match rows {
        ..50_000 => 5,
        50_000..500_000 => 3,
        _ => 1,
    };
    options.size(full, 1)
}

pub(crate) async fn on_sqlite(
    options: Options,
    page: &mut Page,
    original: Option<&Original>,
) -> Result<()> {
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR"))?;
    let empty = folder.path().join("empty.db");
    let session = Uuid::from(file::make_empty(&empty).await?);
    let path = |way: Way| folder.path().join(format!("{way:?}.db"));
    let all = [Way::Ours, Way::Rusqlite, Way::SeaOrm, Way::Original, Way::Nothing];
    let mut insert = Costs::new(Work::Insert, &all, original);
    let mut read = Costs::new(Work::Read, &all[..4], original);
    let mut stream = Costs::new(Work::Stream, &all[..3], original);
    for rows in [1_000, 10_000, 100_000, 1_000_000] {
        let rows = options.size(rows, rows / 100);
        let times = (rows, rounds(options, rows));
        let case = |work: Work, way: Way, file: PathBuf| Case {
            way,
            work,
            place: Place::Sqlite(file),
            rows,
            session,
        };
        insert
            .measure(times, original, async |way| {
                let file = path(way);
                file::copy(&empty, &file)?;
                if way == Way::Original {
                    // It makes its tables itself.
                    std::fs::remove_file(&file)?;
                }
                Ok(case(Work::Insert, way, file))
            })
            .await?;
        for costs in [&mut read, &mut stream] {
            let work = costs.work;
            // All read the same file but the original, whose tables are others.
            let of = |way: Way| path(if way == Way::Original { way } else { Way::Ours });
            costs.measure(times, original, async |way| Ok(case(work, way, of(way)))).await?;
        }
    }
    page.add(ON_SQLITE);
    insert.write(page, "insert-sqlite", "Inserting into SQLite")?;
    read.write(page, "read-sqlite", "Reading from SQLite into a list")?;
    stream.write(page, "stream-sqlite", "Reading from SQLite one by one")
}

pub(crate) async fn over_postgrest(
    options: Options,
    page: &mut Page,
    original: Option<&Original>,
    server: &Postgrest,
) -> Result<()> {
    let session = new_session(server).await?;
    let place = Place::Postgrest { url: server.url(), key: server.service_key() };
    let all = [Way::Ours, Way::Reqwest, Way::Original, Way::Nothing];
    let mut insert = Costs::new(Work::Insert, &all, original);
    let mut read = Costs::new(Work::Read, &all[..2], original);
    let mut stream = Costs::new(Work::Stream, &all[..2], original);
    for rows in [1_000, 10_000, 100_000] {
        let rows = options.size(rows, rows / 10);
        let times = (rows, rounds(options, rows));
        let case = |work: Work, way: Way| Case { way, work, place: place.clone(), rows, session };
        let truncate = "truncate events";
        insert
            .measure(times, original, async |way| {
                server.database().execute(truncate).await?;
                Ok(case(Work::Insert, way))
            })
            .await?;
        server.database().execute(truncate).await?;
        case(Work::Insert, Way::Ours).measure(None)?;
        server.database().execute("analyze events").await?;
        for costs in [&mut read, &mut stream] {
            let work = costs.work;
            costs.measure(times, original, async |way| Ok(case(work, way))).await?;
        }
    }
    page.add(OVER_POSTGREST);
    insert.write(page, "insert-postgrest", "Inserting over PostgREST")?;
    read.write(page, "read-postgrest", "Reading over PostgREST into a list")?;
    stream.write(page, "stream-postgrest", "Reading over PostgREST one by one")
}

/// A session at the server.
pub(crate) async fn new_session(server: &Postgrest) -> Result<Uuid> {
    let store = Store::from(Server::new(server.url(), Key::new(server.service_key()))?);
    let session = NewSession::new(SessionStatus::Active);
    Ok(Sessions::new(&store).insert(session).await?.id.into())
}

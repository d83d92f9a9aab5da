//! The ways on SQLite: ours, rusqlite, SeaORM.

use crate::case::{Work, timed};
use crate::measure::Result;
use crate::way::Way;
use crate::{file, prepared};
use chronicle::futures::TryStreamExt;
use chronicle::sea_orm::sqlx::sqlite::SqliteSynchronous;
use chronicle::sea_orm::{
    ActiveModelTrait, EntityTrait, IntoActiveModel, QueryOrder, TransactionTrait,
};
use chronicle::{Sqlite, Store};
use chronicle_entity::{Events, event};
use std::path::Path;
use std::time::Duration;

/// Rows of one statement of SeaORM: SQLite takes 32,766 parameters.
const ROWS_OF_STATEMENT: usize = 1_000;

/// Does the work in a file that has the tables, and says how long it took and how many rows it had.
pub(crate) async fn run(
    way: Way,
    work: Work,
    file: &Path,
    rows: Vec<event::Model>,
) -> Result<(Duration, usize)> {
    match way {
        Way::Rusqlite => by_rusqlite(work, file, &rows).await,
        Way::SeaOrm => by_seaorm(work, file, rows).await,
        _ => by_ours(work, file, rows).await,
    }
}

async fn by_ours(work: Work, file: &Path, rows: Vec<event::Model>) -> Result<(Duration, usize)> {
    let sqlite = Sqlite::open(file).await?;
    let events = Events::new(&sqlite);
    let done = match work {
        Work::Insert => {
            let (spent, ids) = timed(events.insert_many(rows)).await?;
            (spent, ids.len())
        }
        Work::Read => {
            let (spent, found) = timed(events.find().all()).await?;
            (spent, found.len())
        }
        Work::Stream => timed(count(events.find().stream())).await?,
    };
    Store::from(sqlite).close().await?;
    Ok(done)
}

async fn by_rusqlite(work: Work, file: &Path, rows: &[event::Model]) -> Result<(Duration, usize)> {
    let mut connection = prepared::open(file)?;
    match work {
        Work::Insert => {
            let (spent, ()) = timed(async { prepared::insert(&mut connection, rows) }).await?;
            Ok((spent, rows.len()))
        }
        Work::Read => {
            let (spent, found) = timed(async {
                let mut found = Vec::new();
                prepared::all(&connection, |event| found.push(event))?;
                Result::Ok(found)
            })
            .await?;
            Ok((spent, found.len()))
        }
        Work::Stream => {
            timed(async {
                let mut count = 0;
                prepared::all(&connection, |_| count += 1)?;
                Ok(count)
            })
            .await
        }
    }
}

async fn by_seaorm(work: Work, file: &Path, rows: Vec<event::Model>) -> Result<(Duration, usize)> {
    let seaorm = file::open_seaorm(file, SqliteSynchronous::Normal).await?;
    let find = event::Entity::find().order_by_asc(event::Column::Id);
    match work {
        Work::Insert => {
            let count = rows.len();
            let rows: Vec<_> =
                rows.into_iter().map(|row| row.into_active_model().reset_all()).collect();
            let (spent, ()) = timed(async {
                let transaction = seaorm.begin().await?;
                let mut rows = rows.into_iter();
                loop {
                    let some: Vec<_> = rows.by_ref().take(ROWS_OF_STATEMENT).collect();
                    if some.is_empty() {
                        return transaction.commit().await;
                    }
                    let insert = event::Entity::insert_many(some);
                    insert.exec_without_returning(&transaction).await?;
                }
            })
            .await?;
            Ok((spent, count))
        }
        Work::Read => {
            let (spent, found) = timed(find.all(&seaorm)).await?;
            Ok((spent, found.len()))
        }
        Work::Stream => {
            let counted = timed(async { count(find.stream(&seaorm).await?).await }).await?;
            Ok(counted)
        }
    }
}

/// Reads a stream to its end.
pub(crate) async fn count<T, E>(
    mut rows: impl TryStreamExt<Ok = T, Error = E> + Unpin,
) -> std::result::Result<usize, E> {
    let mut count = 0;
    while rows.try_next().await?.is_some() {
        count += 1;
    }
    Ok(count)
}

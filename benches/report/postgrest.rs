//! The ways over PostgREST: ours, bare reqwest.

use crate::bare::{Bare, COLUMNS};
use crate::case::{Work, timed};
use crate::measure::Result;
use crate::sqlite::count;
use crate::way::Way;
use chronicle::postgrest::Key;
use chronicle::uuid::Uuid;
use chronicle::{Postgrest, Store};
use chronicle_entity::{Events, event};
use chrono::{DateTime, Utc};
use serde::Deserialize;
use std::time::Duration;

/// Rows of one request, and of one answer: what Supabase allows.
pub(crate) const ROWS_OF_REQUEST: usize = 1_000;

/// Does the work on a server, and says how long it took and how many rows it had.
pub(crate) async fn run(
    way: Way,
    work: Work,
    (url, key): (&str, &str),
    rows: Vec<event::Model>,
) -> Result<(Duration, usize)> {
    match way {
        Way::Reqwest => by_reqwest(work, &Bare::new(url, key)?, &rows).await,
        _ => by_ours(work, Postgrest::new(url, Key::new(key))?, rows).await,
    }
}

async fn by_ours(
    work: Work,
    postgrest: Postgrest,
    rows: Vec<event::Model>,
) -> Result<(Duration, usize)> {
    let store = Store::from(postgrest);
    let events = Events::new(&store);
    match work {
        Work::Insert => {
            let (spent, ids) = timed(events.insert_many(rows)).await?;
            Ok((spent, ids.len()))
        }
        Work::Read => {
            let (spent, found) = timed(events.find().all()).await?;
            Ok((spent, found.len()))
        }
        Work::Stream => Ok(timed(count(events.find().stream())).await?),
    }
}

async fn by_reqwest(work: Work, bare: &Bare, rows: &[event::Model]) -> Result<(Duration, usize)> {
    match work {
        Work::Insert => {
            let (spent, ()) = timed(async {
                for rows in rows.chunks(ROWS_OF_REQUEST) {
                    bare.send(bare.insert(rows)?).await?;
                }
                Result::Ok(())
            })
            .await?;
            Ok((spent, rows.len()))
        }
        Work::Read => {
            let (spent, found) = timed(async {
                let mut found: Vec<Row> = Vec::new();
                pages(bare, |page| found.extend(page)).await?;
                Result::Ok(found)
            })
            .await?;
            Ok((spent, found.len()))
        }
        Work::Stream => {
            timed(async {
                let mut count = 0;
                pages(bare, |page| count += page.len()).await?;
                Ok(count)
            })
            .await
        }
    }
}

/// A row as a program by hand reads it: ids, times and JSON are read, not only taken.
#[derive(Deserialize)]
#[allow(dead_code, reason = "it is read, and thrown away")]
struct Row {
    id: Uuid,
    session_id: Uuid,
    event_type: String,
    hook_name: Option<String>,
    data: Option<serde_json::Value>,
    timestamp: DateTime<Utc>,
    created_at: DateTime<Utc>,
    agent_id: Option<String>,
}

/// All rows by keyset pages, until one is not full.
async fn pages(bare: &Bare, mut each: impl FnMut(Vec<Row>)) -> Result<()> {
    let first = format!("/events?select={COLUMNS}&order=id.asc&limit={ROWS_OF_REQUEST}");
    let mut path = first.clone();
    loop {
        let page: Vec<Row> = serde_json::from_slice(&bare.send(bare.get(&path)?).await?)?;
        let last = page.last().map(|row| row.id).filter(|_| page.len() == ROWS_OF_REQUEST);
        each(page);
        match last {
            Some(id) => path = format!("{first}&id=gt.{id}"),
            None => return Ok(()),
        }
    }
}

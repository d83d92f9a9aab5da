//! A part of a table is kept in the file, as the remote has it.

use super::Engine;
use super::mirror::read_of_keys;
use crate::backend::sqlite::Urgency;
use crate::failover::PullProgress;
use crate::failover::environment::Moment;
use crate::failover::file::{Kept, MIRROR, version_of};
use crate::failover::rules::name::{RowKey, TableName};
use crate::filter::{Comparison, Node};
use crate::key::Key;
use crate::operation::{OrderTerm, Read, Selection, Target};
use crate::order::Direction;
use crate::query::keyset;
use crate::{Column, Error, ErrorKind, Result, Table, value};
use chrono::DateTime;
use sea_orm::Value;
use std::cmp::Ordering;
use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;
use uuid::Uuid;

/// Keys of one request.
const PAGE: u64 = 500;
/// Rows that are fetched by their keys; of more the whole page is.
const ROWS_OF_FETCH: usize = 100;
/// Rows from so long before the newest one are looked at again.
const OVERLAP: chrono::TimeDelta = chrono::TimeDelta::seconds(60);

/// Which rows are kept.
#[derive(Clone, Debug)]
pub(crate) struct Part {
    table: &'static Table,
    filter: Node,
}

impl Part {
    pub(crate) const fn new(table: &'static Table, filter: Node) -> Self {
        Self { table, filter }
    }

    pub(crate) const fn table(&self) -> &'static Table {
        self.table
    }

    /// What the file calls it: another one for each entity and each filter.
    fn name(&self) -> String {
        let text = format!("{} {:?}", version_of(self.table), self.filter);
        let filter = Uuid::new_v5(&Uuid::NAMESPACE_OID, text.as_bytes()).simple();
        format!("{} {filter}", TableName::of(self.table))
    }
}

/// What was looked at.
#[derive(Debug, Default)]
struct Looked {
    rows: HashSet<RowKey>,
    /// How many of them the file had otherwise.
    fetched: u64,
    newest: Option<Value>,
}

impl Engine {
    /// Fetches what has changed; or compares all rows, if they were not for so long.
    pub(crate) async fn keep_part(
        self: &Arc<Self>,
        part: &Part,
        compare_every: Duration,
    ) -> Result<PullProgress> {
        let table = part.table;
        if let Some(other) = part.filter.related_tables().first() {
            let message = format!("the file may lack rows of `{}` to compare with", other.name);
            return Err(Error::new(ErrorKind::Unsupported, message)
                .with_table(table.name)
                .with_hint("keep a part by the columns of its own rows"));
        }
        self.know_whole(table).await?;
        let (name, date) = (part.name(), self.environment.date());
        let (is_out_of_reach, kept) = self.file.ask(|transaction| {
            let state = &transaction.state;
            Ok((state.breaker.is_open(), state.kept.get(&name).cloned().unwrap_or_default()))
        })?;
        if is_out_of_reach {
            let message = "the remote is out of reach: the rows stay in the file as they are";
            return Err(Error::new(ErrorKind::Unavailable, message).with_table(table.name));
        }
        let age = u64::try_from(date - kept.compared_at);
        let is_due = age.is_ok_and(|age| age >= compare_every.as_millis() as u64);
        let column = table.updated_at.map(|at| &table.columns[at]);
        let since = match (column, &kept.newest) {
            (Some(column), Some(newest)) if age.is_ok() && !is_due => {
                let newest = value::from_json(column, newest.clone())?;
                overlapped(&newest).map(|since| (column, since))
            }
            _ => None,
        };
        let (looked, removed, compared_at) = match since {
            Some((column, since)) => {
                let is_since = Node::compare(column, Comparison::GreaterOrEqual, since);
                let filter = Node::All(vec![part.filter.clone(), is_since]);
                let mut order = vec![OrderTerm::new(column, Direction::Ascending)];
                order.extend(OrderTerm::of_key(table, Direction::Ascending));
                (self.look_over(table, filter, order).await?, 0, kept.compared_at)
            }
            None => {
                let (looked, removed) = self.compare(part).await?;
                (looked, removed, date)
            }
        };
        if let Some(newest) = looked.newest.and_then(|newest| not_after(&newest, date)) {
            self.note_kept(name, Kept { newest: Some(value::to_json(&newest)), compared_at })
                .await?;
        }
        Ok(PullProgress { pulled: looked.fetched, removed })
    }

    /// Compares all rows. Those of the file that are not among them are asked for by their keys: they may
    /// match no more, or are gone.
    async fn compare(self: &Arc<Self>, part: &Part) -> Result<(Looked, u64)> {
        let table = part.table;
        let target = match part.filter.clone().reduce()? {
            Node::Constant(true) => Target::All,
            filter => Target::Filter(filter),
        };
        let before = self.file.look(move |transaction| transaction.settled_keys(table, &target));
        let before = before.await?;
        let order = OrderTerm::of_key(table, Direction::Ascending);
        let looked = self.look_over(table, part.filter.clone(), order).await?;
        let is_left = |key: &Key| !looked.rows.contains(&RowKey::of(table, key));
        let left: Vec<Key> = before.into_iter().filter(is_left).collect();
        let mut removed = 0;
        for keys in left.chunks(ROWS_OF_FETCH) {
            let (rows, since) = self.read_as_of(read_of_keys(table, keys.to_vec())?).await?;
            let there: HashSet<RowKey> =
                rows.iter().map(|row| RowKey::of_row(table, row)).collect();
            self.store_read(table, rows, since).await?;
            let (relations, keys) = (self.file.relations(), keys.to_vec());
            removed += self
                .file
                .change(Urgency::Behind, MIRROR, move |transaction| {
                    let mut removed = 0;
                    let gone = keys.iter().filter(|key| !there.contains(&RowKey::of(table, key)));
                    for key in gone {
                        let forgotten = transaction.forget_row(&relations, table, key, since)?;
                        removed += u64::from(forgotten);
                    }
                    Ok(removed)
                })
                .await?;
        }
        Ok((looked, removed))
    }

    /// Looks at the keys and times of rows, and fetches those that the file has otherwise. Where rows have
    /// no time they are read whole.
    async fn look_over(
        self: &Arc<Self>,
        table: &'static Table,
        filter: Node,
        order: Vec<OrderTerm>,
    ) -> Result<Looked> {
        let mut looked = Looked::default();
        let (selection, limit) = (selection(table), Some(PAGE));
        let mut read =
            Read { table, selection, filter: filter.clone().reduce()?, order, limit, offset: 0 };
        while read.filter != Node::Constant(false) {
            let (rows, since) = self.read_as_of(read.clone()).await?;
            let Some(last) = rows.last() else { break };
            let columns = read.columns();
            let value = |column: &Column| {
                let at = columns.iter().position(|selected| *selected == column);
                at.map(|at| last[at].clone())
            };
            let place: Vec<Value> =
                read.order.iter().filter_map(|term| value(term.column)).collect();
            looked.rows.extend(rows.iter().map(|row| RowKey::of(table, &read.key_of(row))));
            if let Some(at) = table.updated_at {
                let times = columns.iter().position(|column| **column == table.columns[at]);
                let times = rows.iter().filter_map(|row| row.get(times?));
                let times = times.filter(|time| !value::is_null(time)).cloned();
                looked.newest = times.chain(looked.newest.take()).reduce(later);
            }
            let is_last = (rows.len() as u64) < PAGE;
            looked.fetched += self.take_page(&read, rows, since).await?;
            if is_last {
                break;
            }
            let behind = keyset::after(&read.order, &place);
            read.filter = Node::All(vec![filter.clone(), behind]).reduce()?;
        }
        Ok(looked)
    }

    /// Fetches those of a page that the file has otherwise, and says how many.
    async fn take_page(
        self: &Arc<Self>,
        read: &Read,
        rows: Vec<Vec<Value>>,
        since: i64,
    ) -> Result<u64> {
        let table = read.table;
        if read.selection == Selection::Rows {
            let rows = self.file.look(move |transaction| transaction.unlike(table, rows)).await?;
            let fetched = rows.len() as u64;
            self.store_read(table, rows, since).await?;
            return Ok(fetched);
        }
        let columns = read.columns();
        let page: Vec<(Key, Vec<Value>)> =
            rows.into_iter().map(|row| (read.key_of(&row), row)).collect();
        let keys =
            self.file.look(move |transaction| transaction.unlike_in(table, &columns, page)).await?;
        let fetched = keys.len();
        let whole = match fetched {
            0 => return Ok(0),
            1..=ROWS_OF_FETCH => read_of_keys(table, keys)?,
            _ => Read { selection: Selection::Rows, ..read.clone() },
        };
        let (rows, since) = self.read_as_of(whole).await?;
        self.store_read(table, rows, since).await?;
        Ok(fetched as u64)
    }

    async fn note_kept(self: &Arc<Self>, name: String, kept: Kept) -> Result<()> {
        if self.file.ask(|transaction| Ok(transaction.state.kept.get(&name) == Some(&kept)))? {
            return Ok(());
        }
        self.file
            .change(Urgency::Behind, MIRROR, move |transaction| {
                transaction.state.note_kept(name.clone(), kept.clone());
                Ok(())
            })
            .await
    }
}

/// The key and the time of each row; all of it where rows have no time.
fn selection(table: &'static Table) -> Selection {
    let Some(updated_at) = table.updated_at else { return Selection::Rows };
    let mut columns = table.key.to_vec();
    if !table.is_key(updated_at) {
        columns.push(updated_at);
    }
    Selection::Columns(columns)
}

fn later(one: Value, other: Value) -> Value {
    if value::compare(&one, &other) == Ordering::Less { other } else { one }
}

/// A time that is yet to come when rows are looked at is somebody's wrong clock: what is written from then
/// on has an earlier one, and would not be looked at.
fn not_after(newest: &Value, date: Moment) -> Option<Value> {
    let date = DateTime::from_timestamp_millis(date)?;
    Some(match newest {
        Value::ChronoDateTimeUtc(Some(time)) => (*time).min(date).into(),
        Value::ChronoDateTime(Some(time)) => (*time).min(date.naive_utc()).into(),
        _ => return None,
    })
}

/// Since when rows are looked at again.
fn overlapped(newest: &Value) -> Option<Value> {
    Some(match newest {
        Value::ChronoDateTimeUtc(Some(time)) => (*time - OVERLAP).into(),
        Value::ChronoDateTime(Some(time)) => (*time - OVERLAP).into(),
        _ => return None,
    })
}

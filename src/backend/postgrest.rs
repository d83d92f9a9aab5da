//! The PostgREST backend: repositories on Supabase's Data API, or on a PostgREST server of your own
//! (versions 12 to 14).
//!
//! - A read is complete whatever the server's limit of rows: it goes on in keyset pages. It is not
//!   one transaction, so rows written meanwhile may or may not be in it.
//! - A server does not say that it cut an answer off. So a read ends with one more request, whose
//!   answer is empty, unless all rows must have come: as many as the [`limit`](crate::Find::limit)
//!   asks for, or one for each key or unique value that the filter names. A small read that is to
//!   be one request gives such a limit.
//! - A long [`is_in`](crate::Field::is_in) list goes in several requests, each below the gateways'
//!   limit of URLs. Several requests of one update or delete are not atomic:
//!   [`Error::rows_stored`](crate::Error::rows_stored) tells how far it came. What such a read finds is
//!   put in the query's order here, but for keys of text, whose order is the server's: where a limit
//!   or a page needs it, the server is asked to sort them, by a hundred or so in a request. Read
//!   whole, they come by their bytes.
//! - Counts, sums, smallest and largest values ([`Find::aggregate`](crate::Find::aggregate)) are the
//!   server's where its `db-aggregates-enabled` is on; once it has said that it is off, the columns are
//!   read in pages of 1,000 rows and reckoned here, until the program ends.
//! - Bulk inserts go in requests of 1,000 rows or 1 MiB, each of which is one transaction.
//! - Requests are sent again, [three times](PostgrestOptions::attempts) in all and within a
//!   [deadline](PostgrestOptions::deadline), when that is safe: reads; and writes that were surely
//!   not executed, or that leave rows alone which are there. After another write whose answer got
//!   lost the error is [`Timeout`](crate::ErrorKind::Timeout): the write may be done, or may even be
//!   done later. Inserting the same row again is safe then.
//! - Inserts that leave rows alone which are there tell how many rows they stored; rows stored by an
//!   attempt whose answer got lost count as there already.
//! - An answer counts only with PostgREST's marks on it. A login page of a hotel's network is an
//!   outage, not an empty table. An answer of PostgREST's that holds what no value can hold (a number
//!   of 400 digits in a document) is a [`SchemaMismatch`](crate::ErrorKind::SchemaMismatch) that names
//!   the row, and no outage.
//! - Names of columns that would fill a URL (some 2,000 bytes) are left out of it: all columns of the
//!   table come then, for which the role needs the right.
//!
//! # Metrics
//! | name | kind | labels |
//! |---|---|---|
//! | `chronicle_requests_total` | counter | `backend`, `method`, `status` (`none` without an answer) |
//! | `chronicle_retries_total` | counter | `backend`, `reason` |

mod aggregate;
mod answer;
mod apply;
mod call;
mod client;
mod collation;
mod error;
mod failure;
mod filter;
mod health;
mod http;
#[cfg(feature = "sqlite")]
mod identity;
mod key;
mod merge;
#[cfg(feature = "sqlite")]
mod objects;
mod options;
mod raw;
mod read;
mod request;
mod returning;
mod rows;
mod select;
mod split;
#[cfg(test)]
mod tests;
mod to_request;
mod together;
mod token;
mod unique;
mod write;

pub(crate) use aggregate::aggregate_request;
pub(crate) use call::rows_of as rows_of_call;
#[cfg(feature = "sqlite")]
pub(crate) use identity::{ANONYMOUS, Identity};
pub use key::Key;
pub use options::PostgrestOptions;
pub use request::Request;
#[cfg(feature = "sqlite")]
pub(crate) use together::{Answer, FOUND_NO_ROW, ID_IS_TAKEN, NO_SUCH_ROW};
pub use token::TokenSource;

use crate::backend::changes;
use crate::change::Ids;
use crate::{
    Aggregation, Backend, BackendKind, Error, ErrorKind, Info, Merge, RawRow, Read, Result, Table,
    Write, Written,
};
use client::Client;
use futures_util::future::BoxFuture;
use futures_util::stream::BoxStream;
use sea_orm::Value;
use std::fmt;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::watch;

/// A PostgREST server. Cloning is cheap; clones share connections.
///
/// ```
/// # fn main() -> chronicle::Result<()> {
/// use chronicle::{Store, postgrest::{Key, Postgrest}};
///
/// let postgrest = Postgrest::new("https://project.supabase.co/rest/v1", Key::new("sb_secret_x"))?;
/// let store = Store::from(&postgrest);
/// # let _ = store;
/// # Ok(()) }
/// ```
#[derive(Clone)]
pub struct Postgrest {
    inner: Arc<Inner>,
}

struct Inner {
    client: Client,
    page_size: u64,
    probe_table: Option<String>,
    watch_interval: Duration,
    is_closed: watch::Sender<bool>,
    /// The table of the last operation.
    last_table: Mutex<Option<&'static Table>>,
    /// Whether the server has said so, once.
    has_no_aggregates: AtomicBool,
}

impl fmt::Debug for Postgrest {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Postgrest")
            .field("address", &self.inner.client.address)
            .field("schema", &self.inner.client.schema)
            .finish_non_exhaustive()
    }
}

impl Postgrest {
    /// The server at an address, with the default [options](PostgrestOptions). No request is sent.
    ///
    /// ```
    /// use chronicle::Postgrest;
    /// use chronicle::postgrest::Key;
    ///
    /// # fn main() -> chronicle::Result<()> {
    /// let remote = Postgrest::new("https://project.supabase.co/rest/v1", Key::new("sb_secret_x"))?;
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// As [`PostgrestOptions::connect`].
    pub fn new(address: impl Into<String>, key: Key) -> Result<Self> {
        PostgrestOptions::new(address, key).connect()
    }

    fn of(
        client: Client,
        page_size: u64,
        probe_table: Option<String>,
        watch_interval: Duration,
    ) -> Self {
        Self {
            inner: Arc::new(Inner {
                client,
                page_size,
                probe_table,
                watch_interval,
                is_closed: watch::Sender::new(false),
                last_table: Mutex::new(None),
                has_no_aggregates: AtomicBool::new(false),
            }),
        }
    }

    /// Whom the next request is made as; `None` while nobody is signed in. The code of an error is
    /// `NO_TOKEN`: the source of tokens failed.
    #[cfg(feature = "sqlite")]
    #[allow(dead_code, reason = "what a failover binds its file to")]
    pub(crate) async fn identity(&self) -> Result<Option<Identity>> {
        named(self.client().credentials.identity()).await
    }

    fn client(&self) -> &Client {
        &self.inner.client
    }

    fn page_size(&self) -> u64 {
        self.inner.page_size
    }

    fn probe_table(&self) -> Option<&str> {
        self.inner.probe_table.as_deref()
    }

    fn last_table(&self) -> Option<&'static Table> {
        *self.inner.last_table.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn uses(&self, table: &'static Table) {
        *self.inner.last_table.lock().unwrap_or_else(PoisonError::into_inner) = Some(table);
    }
}

/// Errors of this backend say so, also where it is one of two.
async fn named<T>(work: impl Future<Output = Result<T>>) -> Result<T> {
    work.await.map_err(|error| error.with_backend(BackendKind::Postgrest))
}

impl Backend for Postgrest {
    fn kind(&self) -> BackendKind {
        BackendKind::Postgrest
    }

    fn read<'a>(&'a self, read: &'a Read) -> BoxFuture<'a, Result<Vec<Vec<Value>>>> {
        self.uses(read.table);
        Box::pin(named(self.read_rows(read)))
    }

    fn count<'a>(&'a self, read: &'a Read) -> BoxFuture<'a, Result<u64>> {
        self.uses(read.table);
        Box::pin(named(self.count_rows(read.table, &read.filter)))
    }

    fn aggregate<'a>(
        &'a self,
        aggregation: &'a Aggregation,
    ) -> BoxFuture<'a, Result<Vec<Vec<Value>>>> {
        self.uses(aggregation.table());
        Box::pin(named(self.aggregate_rows(aggregation)))
    }

    fn write(&self, write: Write) -> BoxFuture<'_, Result<Written>> {
        self.uses(write.table);
        Box::pin(async move {
            if write.is_relative() {
                let ids = Ids::Whole(uuid::Uuid::now_v7());
                let written = named(self.write_together(&ids, &[write], false)).await?;
                let written = written.and_then(|mut written| written.pop());
                // Otherwise an earlier attempt of this very call has made it, without an answer.
                return Ok(written.unwrap_or_else(|| Written::touched(1)));
            }
            if !write.reads_back() {
                return named(self.write_rows(write)).await.map(Written::touched);
            }
            let (table, counts) = (write.table, write.leaves_key());
            let written = self.write_returning(write).await;
            written.map_err(|error| if counts { of_counted_key(error, table) } else { error })
        })
    }

    fn transaction(&self, writes: Vec<Write>) -> BoxFuture<'_, Result<()>> {
        if let Some(first) = writes.first() {
            self.uses(first.table);
        }
        Box::pin(async move {
            let ids = Ids::Whole(uuid::Uuid::now_v7());
            named(self.write_together(&ids, &writes, true)).await.map(drop)
        })
    }

    fn merge(&self, merge: Merge) -> BoxFuture<'_, Result<Vec<Value>>> {
        self.uses(merge.table);
        Box::pin(named(self.merge_row(merge)))
    }

    fn query_raw<'a>(
        &'a self,
        sql: &'a str,
        parameters: Vec<Value>,
    ) -> BoxFuture<'a, Result<Vec<RawRow>>> {
        Box::pin(named(self.execute_sql(sql, parameters)))
    }

    fn call<'a>(&'a self, function: &'a str, arguments: RawRow) -> BoxFuture<'a, Result<Vec<u8>>> {
        Box::pin(named(self.call_function(function, arguments)))
    }

    fn changes(&self) -> Result<BoxStream<'static, ()>> {
        let is_closed = self.inner.is_closed.subscribe();
        if *is_closed.borrow() {
            return Err(client::closed());
        }
        Ok(changes::every_until(self.inner.watch_interval, is_closed))
    }

    fn health(&self) -> BoxFuture<'_, Result<()>> {
        Box::pin(named(self.probe()))
    }

    fn info(&self) -> BoxFuture<'_, Info> {
        let client = self.client();
        let version = client.server.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let location = client.address.clone();
        Box::pin(
            async move { Info { kind: BackendKind::Postgrest, location, version, reason: None } },
        )
    }

    fn close(&self) -> BoxFuture<'_, Result<()>> {
        self.inner.is_closed.send_replace(true);
        self.client().slots.close();
        Box::pin(async { Ok(()) })
    }
}

/// The server has counted up to a key that somebody has given: its count does not follow those.
fn of_counted_key(error: Error, table: &Table) -> Error {
    let is_key = error.constraint().is_some_and(|name| name.ends_with("_pkey"));
    if error.kind() != ErrorKind::Unique || !is_key {
        return error;
    }
    let [key] = table.key else { return error };
    let (name, key) = (table.name, table.columns[*key].name);
    error.with_hint(format!(
        "the server's count is behind keys that were given; once, at the server: \
         select setval(pg_get_serial_sequence('{name}', '{key}'), (select max({key}) from {name}))"
    ))
}

//! [`Call`]: a function of the remote's database.

use super::Store;
use crate::backend::postgrest::rows_of_call;
use crate::{Error, ErrorKind, RawRow, Record, Result, find, value};
use sea_orm::Value;
use serde::de::DeserializeOwned;

/// A call of a function of the database behind PostgREST, made by [`Store::call`].
///
/// ```
/// # async fn discount(store: &chronicle::Store, order: i64) -> chronicle::Result<i64> {
/// store.call("discount").argument("order_id", order).argument("percent", 10).value().await
/// # }
/// # fn main() {}
/// ```
#[derive(Clone, Debug)]
#[must_use = "a function is called by `rows()`, `value()` or `run()`"]
pub struct Call {
    store: Store,
    function: String,
    arguments: Result<RawRow>,
}

impl Store {
    /// Calls a function of the database behind PostgREST (`POST /rpc/…`), with its named arguments, as the
    /// role of this store's key. SQLite has none: `Unsupported`. On a failover pair it needs the remote,
    /// and that nothing waits for it, which the function would not see (`Unavailable`). Dead letters and what
    /// they hold may be there: it does not see those. What a function changes comes to the file when it is read.
    ///
    /// A call that gets no answer is a `Timeout`: it may have been made. It is never sent twice.
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/doctest_setup.rs"));
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> chronicle::Result<()> {
    /// # let tasks = tasks().await?;
    /// let error = tasks.store().call("discount").run().await.unwrap_err();
    /// assert_eq!(error.kind(), chronicle::ErrorKind::Unsupported, "on SQLite");
    /// # Ok(()) }
    /// ```
    pub fn call(&self, function: impl Into<String>) -> Call {
        Call { store: self.clone(), function: function.into(), arguments: Ok(RawRow::new()) }
    }
}

impl Call {
    /// Gives the function an argument, by its name. An array is given as JSON.
    ///
    /// ```
    /// # async fn tag(store: &chronicle::Store, id: uuid::Uuid) -> chronicle::Result<()> {
    /// store.call("tag").argument("task", id).argument("tags", serde_json::json!(["new"])).run().await
    /// # }
    /// # use chronicle::uuid;
    /// # fn main() {}
    /// ```
    pub fn argument(mut self, name: impl Into<String>, given: impl Into<Value>) -> Self {
        let name = name.into();
        self.arguments = self.arguments.and_then(|mut arguments| {
            let given = value::parameter(given.into()).map_err(|error| {
                Error::new(error.kind(), format!("argument `{name}`: {}", error.message()))
            })?;
            arguments.insert(name, value::to_json(&given));
            Ok(arguments)
        });
        self
    }

    async fn answer(self) -> Result<Vec<u8>> {
        let Self { store, function, arguments } = self;
        let work = async { store.backend.call(&function, arguments?).await };
        store.observe("call", "", |_| 1, work).await
    }

    /// The rows that the function gives, one or many, as those of a table: `returns setof tasks`. The
    /// server's limit of rows (Supabase: 1,000) cuts longer answers off; a function that gives more takes
    /// the place to go on from as an argument.
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/doctest_setup.rs"));
    /// # async fn due(store: &chronicle::Store) -> chronicle::Result<Vec<task::Model>> {
    /// store.call("tasks_due").argument("within_days", 7).rows::<task::Model>().await
    /// # }
    /// # fn main() {}
    /// ```
    ///
    /// # Errors
    /// `SchemaMismatch` for a function that is not there, or whose answer is no rows of that table;
    /// `InvalidInput` for a name or an argument that cannot be sent;
    /// `Unsupported` on SQLite, `Unavailable` on a pair without its remote, and what the function raises.
    pub async fn rows<R: Record>(self) -> Result<Vec<R>> {
        let rows = rows_of_call(R::TABLE, &self.answer().await?)?;
        rows.into_iter().map(find::decode).collect()
    }

    /// What the function gives, as `serde` reads it from JSON: a number, a text, an object.
    ///
    /// ```
    /// # async fn open(store: &chronicle::Store) -> chronicle::Result<u64> {
    /// store.call("count_open").value().await
    /// # }
    /// # fn main() {}
    /// ```
    ///
    /// # Errors
    /// As [`rows`](Self::rows); `SchemaMismatch` for an answer of another type.
    pub async fn value<V: DeserializeOwned>(self) -> Result<V> {
        serde_json::from_slice(&self.answer().await?).map_err(|error| {
            let message = format!("the function's answer is of another type: {error}");
            Error::new(ErrorKind::SchemaMismatch, message)
        })
    }

    /// Calls the function for what it does.
    ///
    /// ```
    /// # async fn close(store: &chronicle::Store) -> chronicle::Result<()> {
    /// store.call("close_day").run().await
    /// # }
    /// # fn main() {}
    /// ```
    ///
    /// # Errors
    /// As [`rows`](Self::rows).
    pub async fn run(self) -> Result<()> {
        self.answer().await.map(drop)
    }
}

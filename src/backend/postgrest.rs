//! The PostgREST backend: repositories on Supabase's Data API or a PostgREST server of your own.

use crate::{Backend, BackendKind, Info, RawRow, Read, Result, Write};
use futures_util::future::BoxFuture;
use sea_orm::Value;
use std::fmt;

/// A PostgREST server.
#[derive(Clone, Debug)]
pub struct Postgrest {}
/// Settings.
#[derive(Clone, Debug)]
pub struct PostgrestOptions {}
/// A key.
#[derive(Clone, Debug)]
pub struct Key {}
/// A request.
#[derive(Clone, Debug)]
pub struct Request {}
impl fmt::Display for Request {
    fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
        Ok(())
    }
}
impl Key {
    /// A key.
    pub fn new(_text: impl Into<String>) -> Self {
        Self {}
    }
    /// No key.
    pub fn none() -> Self {
        Self {}
    }
}
impl Postgrest {
    /// Connects.
    ///
    /// # Errors
    /// Never.
    pub fn new(_url: &str, _key: Key) -> Result<Self> {
        Ok(Self {})
    }
}
pub(crate) fn first_request(_read: &Read) -> Result<Request> {
    Ok(Request {})
}
impl Backend for Postgrest {
    fn kind(&self) -> BackendKind {
        BackendKind::Postgrest
    }
    fn read<'a>(&'a self, _: &'a Read) -> BoxFuture<'a, Result<Vec<Vec<Value>>>> {
        Box::pin(async { Ok(vec![]) })
    }
    fn count<'a>(&'a self, _: &'a Read) -> BoxFuture<'a, Result<u64>> {
        Box::pin(async { Ok(0) })
    }
    fn write(&self, _: Write) -> BoxFuture<'_, Result<u64>> {
        Box::pin(async { Ok(0) })
    }
    fn query_raw<'a>(&'a self, _: &'a str, _: Vec<Value>) -> BoxFuture<'a, Result<Vec<RawRow>>> {
        Box::pin(async { Ok(vec![]) })
    }
    fn health(&self) -> BoxFuture<'_, Result<()>> {
        Box::pin(async { Ok(()) })
    }
    fn info(&self) -> BoxFuture<'_, Info> {
        Box::pin(async { Info { kind: BackendKind::Postgrest, location: String::new(), version: None } })
    }
    fn close(&self) -> BoxFuture<'_, Result<()>> {
        Box::pin(async { Ok(()) })
    }
}

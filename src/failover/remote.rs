//! [`Remote`]: what the failover asks of the authority.

use crate::change::Change;
use crate::{Backend, Postgrest, Result};
use futures_util::future::BoxFuture;

pub(crate) trait Remote: Backend {
    /// Makes a change that needs no Rust type, and says how many rows it touched.
    fn apply<'a>(&'a self, change: &'a Change) -> BoxFuture<'a, Result<u64>>;

    /// Asks a real table whether the server serves.
    fn probe(&self) -> BoxFuture<'_, Result<()>> {
        self.health()
    }
}

impl Remote for Postgrest {
    fn apply<'a>(&'a self, change: &'a Change) -> BoxFuture<'a, Result<u64>> {
        Box::pin(Self::apply(self, change))
    }
}

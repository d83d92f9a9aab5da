//! The decisions of the failover, each a pure function of what the file says: who serves, what an
//! entry waits for, what goes together in a request, and what an answer means.

pub(crate) mod batches;
pub(crate) mod breaker;
pub(crate) mod edges;
pub(crate) mod entry;
pub(crate) mod name;
pub(crate) mod route;
pub(crate) mod verdict;

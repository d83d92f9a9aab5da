//! [`Fixture`]: a store over empty tables of the samples, one constructor for each backend.

#[cfg(all(feature = "sqlite", feature = "postgrest"))]
pub(crate) mod failover;
#[cfg(feature = "postgrest")]
pub(crate) mod postgrest;
#[cfg(feature = "sqlite")]
pub(crate) mod sqlite;

use chronicle::{BackendKind, Capabilities, Store};

/// A store, what it is able to do, and what has to live as long as it.
pub(crate) struct Fixture {
    store: Store,
    capabilities: Capabilities,
    databases: &'static [BackendKind],
    random_filters: u32,
    place: Place,
}

/// What ends with the fixture.
enum Place {
    #[cfg(feature = "sqlite")]
    Memory,
    #[cfg(feature = "sqlite")]
    File(#[allow(dead_code, reason = "removed when it is dropped")] tempfile::TempDir),
    #[cfg(feature = "postgrest")]
    Server(postgrest::Server),
    #[cfg(all(feature = "sqlite", feature = "postgrest"))]
    Pair(failover::Pair),
}

impl Fixture {
    pub(crate) fn store(&self) -> &Store {
        &self.store
    }

    pub(crate) fn capabilities(&self) -> Capabilities {
        self.capabilities
    }

    /// What may answer, and is named by errors: of a failover pair the one that refused.
    pub(crate) fn databases(&self) -> &'static [BackendKind] {
        self.databases
    }

    /// Random filters to try.
    pub(crate) fn random_filters(&self) -> u32 {
        self.random_filters
    }

    #[cfg(feature = "postgrest")]
    pub(crate) fn server(&self) -> Option<&postgrest::Server> {
        match &self.place {
            Place::Server(server) => Some(server),
            #[cfg(feature = "sqlite")]
            Place::Memory | Place::File(_) => None,
            #[cfg(feature = "sqlite")]
            Place::Pair(_) => None,
        }
    }

    /// The test has passed: a server may serve the next one.
    pub(crate) async fn finish(self) {
        drop(self.store);
        match self.place {
            #[cfg(feature = "sqlite")]
            Place::Memory | Place::File(_) => {}
            #[cfg(feature = "postgrest")]
            Place::Server(server) => server.give_back(),
            #[cfg(all(feature = "sqlite", feature = "postgrest"))]
            Place::Pair(pair) => pair.finish().await,
        }
    }
}

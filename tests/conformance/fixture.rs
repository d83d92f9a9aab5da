//! [`Fixture`]: a store over empty tables of the samples, one constructor for each backend.

#[cfg(all(feature = "sqlite", feature = "postgrest"))]
pub(crate) mod failover;
#[cfg(feature = "postgrest")]
pub(crate) mod postgrest;
#[cfg(feature = "sqlite")]
pub(crate) mod sqlite;

use chronicle::{BackendKind, Store};

/// A store, what it is able to do, and what has to live as long as it.
pub(crate) struct Fixture {
    store: Store,
    capabilities: Capabilities,
    place: Place,
}

/// Where backends may differ. All else is the same on each.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Capabilities {
    /// The database refuses rows without their parent, and parents that have children.
    pub(crate) foreign_keys: Ability,
    /// `query_raw` works.
    pub(crate) query_raw: Ability,
    /// A bulk write of any size stores all of its rows or none.
    pub(crate) bulk_is_atomic: Ability,
    /// A condition may be of any length: it does not travel in a URL.
    pub(crate) long_conditions: Ability,
    /// What may answer, and is named by errors: of a failover pair the one that refused.
    pub(crate) databases: &'static [BackendKind],
    /// Random filters to try.
    pub(crate) random_filters: u32,
}

/// Whether a backend is able to do something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ability {
    Always,
    #[cfg_attr(not(feature = "postgrest"), allow(dead_code, reason = "SQLite can do all of it"))]
    Never,
    /// It depends on which of two databases serves.
    #[cfg_attr(
        not(all(feature = "sqlite", feature = "postgrest")),
        allow(dead_code, reason = "there are no two databases")
    )]
    Sometimes,
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

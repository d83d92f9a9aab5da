//! [`Fixture`]: a store over empty tables of the samples, one constructor for each backend.

#[cfg(feature = "postgrest")]
pub(crate) mod postgrest;
#[cfg(feature = "sqlite")]
pub(crate) mod sqlite;

use chronicle::Store;

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
    pub(crate) foreign_keys: bool,
    /// `query_raw` works.
    pub(crate) query_raw: bool,
    /// A bulk write of any size stores all of its rows or none.
    pub(crate) bulk_is_atomic: bool,
    /// A condition may be of any length: it does not travel in a URL.
    pub(crate) long_conditions: bool,
    /// Random filters to try.
    pub(crate) random_filters: u32,
}

/// What ends with the fixture.
enum Place {
    #[cfg(feature = "sqlite")]
    Memory,
    #[cfg(feature = "sqlite")]
    File(#[allow(dead_code, reason = "removed when it is dropped")] tempfile::TempDir),
    #[cfg(feature = "postgrest")]
    Server(postgrest::Server),
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
        }
    }

    /// The test has passed: a server may serve the next one.
    pub(crate) fn finish(self) {
        match self.place {
            #[cfg(feature = "sqlite")]
            Place::Memory | Place::File(_) => {}
            #[cfg(feature = "postgrest")]
            Place::Server(server) => server.give_back(),
        }
    }
}

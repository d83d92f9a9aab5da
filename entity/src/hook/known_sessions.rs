//! [`KnownSessions`]: sessions that need not be written again.

use crate::session::SessionId;
use std::collections::HashSet;

/// How many sessions are remembered at most. One that was forgotten costs a request that changes
/// nothing.
const CAPACITY: usize = 1_024;

/// The sessions that a recorder knows to be stored.
#[derive(Clone, Debug, Default)]
pub(super) struct KnownSessions(HashSet<SessionId>);

impl KnownSessions {
    pub(super) fn contains(&self, id: SessionId) -> bool {
        self.0.contains(&id)
    }

    pub(super) fn remember(&mut self, id: SessionId) {
        if self.0.len() >= CAPACITY {
            self.0.clear();
        }
        self.0.insert(id);
    }

    pub(super) fn forget(&mut self, id: SessionId) {
        self.0.remove(&id);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn they_never_become_more_than_the_capacity() {
        let mut known = KnownSessions::default();
        for _ in 0..3 * CAPACITY {
            let id = SessionId::generate();
            known.remember(id);
            assert!(known.contains(id));
            assert!(known.0.len() <= CAPACITY);
        }
    }
}

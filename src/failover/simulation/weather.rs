//! [`Weather`]: what is wrong with the network and the server at a time.

/// A state of things that begins and ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    /// Connections are refused.
    Refused,
    /// Nothing answers; what was sent may arrive much later.
    BlackHole,
    /// A gateway answers 502 or 503, whether or not it has passed the request on.
    Gateway,
    /// Writes are answered 504 by a gateway; reads pass.
    WritesOnly,
    /// 429.
    Throttled,
    /// The token has expired.
    TokenExpired,
    /// A standby: reads pass, writes are refused.
    ReadOnly,
    /// The server lacks the table of the children.
    Drift,
    /// The server has no connection to its database.
    NoConnections,
}

impl Fault {
    pub(super) const ALL: [Self; 9] = [
        Self::Refused,
        Self::BlackHole,
        Self::Gateway,
        Self::WritesOnly,
        Self::Throttled,
        Self::TokenExpired,
        Self::ReadOnly,
        Self::Drift,
        Self::NoConnections,
    ];
}

/// The faults of now. The same one may have begun twice.
#[derive(Debug, Default)]
pub(super) struct Weather {
    faults: Vec<Fault>,
}

impl Weather {
    pub(super) fn change(&mut self, fault: Fault, begins: bool) {
        if begins {
            self.faults.push(fault);
        } else if let Some(at) = self.faults.iter().position(|known| *known == fault) {
            self.faults.remove(at);
        }
    }

    pub(super) fn has(&self, fault: Fault) -> bool {
        self.faults.contains(&fault)
    }

    pub(super) fn clear(&mut self) {
        self.faults.clear();
    }
}

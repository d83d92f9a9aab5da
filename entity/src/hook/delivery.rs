//! [`Delivery`]: when a payload came, and what tells it from an equal one.

use sea_orm::prelude::DateTimeUtc;

/// When a payload was delivered, and which of several equal payloads it is.
///
/// Payloads carry neither a time nor, but for tool calls, an id: an agent that stops twice sends
/// the same bytes twice. What tells the two apart, and a repeated delivery from a new one, is
/// - for a payload that comes [live](Self::at): the time. Whoever delivers again says the same time.
/// - for one that a [hook](Self::of_hook) is given: the time as well, but equal ones within a second are
///   one, since a hook that is registered in two places is run twice.
/// - for one in a [file](Self::nth): the file's name, and the place among the equal ones in it, so
///   that a file may be read again.
///
/// A payload with a `tool_use_id` is told by that id and its hook's name alone.
///
/// ```
/// use chronicle_entity::hook::Delivery;
///
/// let now = chronicle::now();
/// assert_ne!(Delivery::nth(now, "payloads.jsonl", 0), Delivery::nth(now, "payloads.jsonl", 1));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Delivery<'source> {
    at: DateTimeUtc,
    identity: Identity<'source>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Identity<'source> {
    Time,
    Hook,
    Nth { source: &'source str, nth: u64 },
}

impl<'source> Delivery<'source> {
    /// A payload that came just now, or is delivered again with the time at which it came first.
    ///
    /// ```
    /// let now = chronicle::now();
    /// assert_eq!(chronicle_entity::hook::Delivery::at(now).time(), now);
    /// ```
    #[must_use]
    pub const fn at(time: DateTimeUtc) -> Self {
        Self { at: time, identity: Identity::Time }
    }

    /// A payload that a hook was given just now. An equal one of the same session, less than about a
    /// second before or after, is the same event.
    ///
    /// ```
    /// let now = chronicle::now();
    /// assert_eq!(chronicle_entity::hook::Delivery::of_hook(now).time(), now);
    /// ```
    #[must_use]
    pub const fn of_hook(time: DateTimeUtc) -> Self {
        Self { at: time, identity: Identity::Hook }
    }

    /// The `nth` (from 0) of equal payloads in the file `source`, taken to have happened at `time`.
    ///
    /// The source tells files apart: equal payloads in two files are two events. It is any text that
    /// stays the same when the file is read again, such as its path. A file that was given another
    /// name since is another file.
    ///
    /// ```
    /// use chronicle_entity::hook::Delivery;
    ///
    /// let second_of_two = Delivery::nth(chronicle::now(), "payloads.jsonl", 1);
    /// # let _ = second_of_two;
    /// ```
    #[must_use]
    pub const fn nth(time: DateTimeUtc, source: &'source str, nth: u64) -> Self {
        Self { at: time, identity: Identity::Nth { source, nth } }
    }

    /// When it happened.
    ///
    /// ```
    /// let now = chronicle::now();
    /// assert_eq!(chronicle_entity::hook::Delivery::nth(now, "payloads.jsonl", 0).time(), now);
    /// ```
    #[must_use]
    pub const fn time(&self) -> DateTimeUtc {
        self.at
    }

    /// What tells it from an equal payload.
    pub(super) fn distinction(&self) -> String {
        match self.identity {
            Identity::Time => format!("at {}", self.at.timestamp_micros()),
            Identity::Hook => within(self.at.timestamp()),
            Identity::Nth { source, nth } => format!("nth {nth} of {source:?}"),
        }
    }

    /// What tells those that are the same one, if they came within a second of it.
    pub(super) fn neighbours(&self) -> Vec<String> {
        match self.identity {
            Identity::Hook => {
                let second = self.at.timestamp();
                vec![within(second - 1), within(second + 1)]
            }
            Identity::Time | Identity::Nth { .. } => Vec::new(),
        }
    }
}

fn within(second: i64) -> String {
    format!("within {second}")
}

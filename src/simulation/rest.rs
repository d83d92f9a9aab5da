//! What holds at rest: faults over, no pause, nothing waiting but what letters hold, no new calls.

use super::coverage::Gap;
use super::history::CallId;
use super::invariants::Invariant;
use super::remote::Effect;
use super::statement::Row;
use super::tables;
use super::world::{Inner, World};
use crate::failover::rules::name::{RowName, TableName};

impl Inner {
    /// Nothing waits, nothing is under way, and nothing can arrive any more.
    pub(super) fn is_at_rest(&self) -> bool {
        self.snapshot.is_healthy()
            && self.snapshot.unsure.iter().all(|row| self.is_lawfully_unsure(row))
            && self.requests.is_empty()
            && self.settled_at < self.now
    }

    /// Whether the file cannot hold what the remote has of a row: an entry of the row waits, another
    /// one with an entry holds one of its unique values, or the remote has no such row and a letter
    /// refers to it.
    fn is_lawfully_unsure(&self, row: &RowName) -> bool {
        let code = self.database.rows.get(row).and_then(|row| row.get("code"));
        let rivals = self.snapshot.entries.values().filter(|entry| entry.row.table == row.table);
        self.snapshot.has_entry(row)
            || self.snapshot.entries.values().any(|entry| entry.refs.contains(row))
            || (!self.database.rows.contains_key(row) && self.is_kept_for_others(row))
            || (code.is_some_and(|code| !code.is_null()) && rivals.count() > 0)
    }

    /// Every acknowledged write is in exactly one place.
    pub(super) fn check_places(&mut self) {
        let acknowledged: Vec<(CallId, RowName)> = self
            .history
            .units
            .keys()
            .filter(|(call, _)| self.history.calls[call].acknowledged.is_some())
            .cloned()
            .collect();
        for (call, row) in acknowledged {
            let unit = self.history.unit(call, &row).clone();
            let waits =
                unit.sequences.iter().filter_map(|one| self.snapshot.entries.get(one)).count();
            // One statement may take along rows that it deletes anyway.
            let is_taken_along = self.history.row(&row).effects.contains(&(call, Effect::Cascaded));
            if !unit.is_done() && !unit.is_dropped && waits == 0 && !is_taken_along {
                let what = format!("call {call} is nowhere");
                self.violated(Invariant::NothingLost, Some(&row), what);
            }
        }
    }

    /// Whether an entry is of a row below this one, so that the file keeps this one.
    pub(super) fn is_kept_for_others(&self, row: &RowName) -> bool {
        // Who is below may have moved away; what is kept is looked at again when it is read.
        self.snapshot.entries.values().any(|entry| {
            let named = entry.refs.iter().chain([&entry.row]);
            named.clone().any(|one| self.history.lineage(one).contains(row))
        })
    }

    /// Whether the file may lawfully have a row otherwise than the remote.
    fn may_differ(&self, row: &RowName, is_pulled: bool) -> bool {
        let lineage = self.history.lineage(row);
        // A letter's change stays in the file.
        let waits = lineage.iter().any(|one| self.snapshot.has_entry(one));
        let known = |what: fn(&super::history::RowHistory) -> bool| {
            lineage.iter().any(|one| self.history.known(one).is_some_and(what))
        };
        waits
            || known(|known| known.is_local)
            || (!is_pulled && known(|known| known.is_foreign || known.is_pruned))
    }
}

impl World {
    /// The file has the rows as the remote has them.
    pub(super) fn check_equal(&self, is_pulled: bool) {
        for (_, row) in tables::all_rows() {
            let file = super::executor::lock(&self.file).row(&row);
            let mut world = self.lock();
            if world.may_differ(&row, is_pulled) {
                continue;
            }
            if world.snapshot.unsure.contains(&row) {
                world.gap(Gap::NotKnown);
                continue;
            }
            let remote = world.database.rows.get(&row).cloned();
            if alike(file.as_ref(), remote.as_ref()) {
                continue;
            }
            if remote.is_none() && world.is_kept_for_others(&row) {
                world.gap(Gap::KeptForLetters);
                continue;
            }
            let lineage = world.history.lineage(&row);
            let is_uncertain = lineage
                .iter()
                .any(|one| world.history.known(one).is_some_and(|known| known.is_uncertain));
            if is_uncertain && !is_pulled {
                world.gap(Gap::KilledUnderWay);
                continue;
            }
            // An earlier version of the program fetched it, which does not know all columns.
            if !is_pulled && row.table == TableName::of(tables::SPOTS) {
                let known = |values: &Row| {
                    let is_known =
                        |name: &str| tables::SPOTS.columns.iter().any(|column| column.name == name);
                    let mut values = values.clone();
                    values.retain(|name, _| is_known(name));
                    values
                };
                if file.as_ref().map(known) == remote.as_ref().map(known) {
                    world.gap(Gap::EarlierVersion);
                    continue;
                }
            }
            let pulled = if is_pulled { " after a pull" } else { "" };
            let what = format!("{file:?} in the file and {remote:?} at the remote{pulled}");
            world.violated(Invariant::Equal, Some(&row), what);
        }
    }
}

/// Times are written in more than one way.
fn alike(file: Option<&Row>, remote: Option<&Row>) -> bool {
    match (file, remote) {
        (None, None) => true,
        (Some(file), Some(remote)) => file.iter().all(|(name, value)| {
            let other = remote.get(name);
            if name != "updated_at" {
                return other == Some(value);
            }
            let time = |value: Option<&sea_orm::JsonValue>| {
                chrono::DateTime::parse_from_rfc3339(value?.as_str()?).ok()
            };
            time(Some(value)).is_some() && time(Some(value)) == time(other)
        }),
        _ => false,
    }
}

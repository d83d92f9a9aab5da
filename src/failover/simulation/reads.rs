//! What a read by key may find. (7)

use super::entities::{self, COLUMNS};
use super::history::{Call, CallId, Tick};
use super::world::Inner;
use crate::failover::entry::{EntryKind, RowName};
use sea_orm::Value;

impl Inner {
    pub(super) fn begin_read(&mut self) -> Tick {
        self.tick += 1;
        self.tick
    }

    /// Whatever was acknowledged before the read began is seen by it, unless something that was not
    /// finished by then has replaced it: by any process of the file, not only by its own.
    pub(super) fn check_get(
        &mut self,
        process: usize,
        row: &RowName,
        began: Tick,
        found: Option<&Vec<Value>>,
    ) {
        self.note(|_| format!("p{process} reads {row:?}: {found:?}"));
        let known = self.history.row(row).clone();
        let parent = entities::parent_of(row).map(|parent| self.history.row(&parent).clone());
        let is_exempt = known.had_letter()
            || known.is_foreign
            || known.differs.is_some()
            || parent.is_some_and(|parent| parent.had_letter() || parent.is_foreign);
        if is_exempt {
            return;
        }
        let history = &self.history;
        // Deletes of the parent take the row along.
        let parent = entities::parent_of(row);
        let own: Vec<(CallId, &Call)> = history.calls_of(row).collect();
        let deletes: Vec<&Call> = own
            .iter()
            .map(|(_, call)| *call)
            .chain(parent.iter().flat_map(|parent| history.calls_of(parent).map(|(_, call)| call)))
            .filter(|call| call.write.kind == EntryKind::Delete && !call.is_refused())
            .collect();
        let is_acknowledged = |id: CallId, call: &Call| {
            call.acknowledged.is_some_and(|tick| tick < began)
                && history.units.contains_key(&(id, row.clone()))
        };
        let mut broken = None;
        for (id, call) in &own {
            if !is_acknowledged(*id, call) {
                continue;
            }
            match (found, call.write.kind) {
                (None, EntryKind::Delete) => {}
                (None, _) => {
                    if !deletes.iter().any(|delete| !delete.precedes(call)) {
                        broken = Some(format!("{row:?} is not found, which call {id} wrote"));
                    }
                }
                (Some(values), kind) => {
                    let values = &values[values.len() - COLUMNS.len()..];
                    for (column, value) in COLUMNS.iter().zip(values) {
                        let Value::BigInt(Some(value)) = value else { continue };
                        let writer = &history.calls[&value.unsigned_abs()];
                        let is_older = writer.precedes(call)
                            && (kind == EntryKind::Delete || call.write.sets(column));
                        if is_older {
                            broken = Some(format!(
                                "column {column} of {row:?} is of call {value}, which was over \
                                 before {id} wrote it"
                            ));
                        }
                    }
                }
            }
        }
        if let Some(what) = broken {
            self.violated(7, what);
        }
    }
}

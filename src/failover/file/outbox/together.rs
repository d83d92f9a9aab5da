//! Entries that are made together, all or none. The last of them stands for all: it waits for whatever
//! one of them waits for, and the others wait for it.

use super::{Bound, Local, Sent};
use crate::change::Ids;
use crate::failover::environment::Moment;
use crate::failover::file::relations::Relations;
use crate::failover::file::transaction::{Transaction, internal};
use crate::failover::file::waits::Place;
use crate::failover::rules::batches::Item;
use crate::failover::rules::edges::{Cause, Hold, Wait, hold};
use crate::failover::rules::entry::EntryKind;
use crate::failover::rules::name::{RowKey, RowName, TableName};
use crate::operation::{Write, Written};
use crate::{Error, ErrorKind, Result};
use uuid::Uuid;

/// One of several entries that are made together.
pub(in crate::failover::file) struct Member {
    pub(in crate::failover::file) sequence: i64,
    pub(in crate::failover::file) row: RowName,
    pub(in crate::failover::file) kind: EntryKind,
    pub(in crate::failover::file) waits: Vec<Wait>,
}

/// What several writes did to the file.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum LocalTogether {
    Queued(Vec<Written>),
    /// As [`Local::Unknown`], of one of them.
    Unknown,
    /// As [`Local::InTheWay`], of one of them.
    InTheWay,
}

impl Transaction<'_> {
    /// Makes writes in the file, with entries that the remote's function makes once, by these ids: together,
    /// or each by itself.
    ///
    /// # Errors
    /// As [`write_and_queue`](Self::write_and_queue) of each; `Unsupported` where the remote is known to
    /// have no function for it.
    pub(crate) fn write_and_queue_together(
        &mut self,
        relations: &Relations,
        writes: &[Write],
        (sent, ids): (Sent, &Ids),
        bound: Bound,
        date: Moment,
    ) -> Result<LocalTogether> {
        let needs_function = matches!(ids, Ids::Whole(_)) || writes.iter().any(Write::is_relative);
        if needs_function && self.state.has_function == Some(false) {
            return Err(no_function());
        }
        let before = self.counts.sequence;
        let mut all = Vec::with_capacity(writes.len());
        for write in writes {
            match self.write_and_queue(relations, write, sent, bound, date)? {
                Local::Queued(written) => {
                    if written.touched == 0 && matches!(ids, Ids::Whole(_)) {
                        self.queue_delete_of_unseen(relations, write, sent, date)?;
                    }
                    all.push(written);
                }
                Local::Unknown => return Ok(LocalTogether::Unknown),
                Local::InTheWay => return Ok(LocalTogether::InTheWay),
            }
        }
        let queued: Vec<i64> = (before + 1..=self.counts.sequence).collect();
        match ids {
            Ids::Whole(id) => {
                self.bind_together(&queued)?;
                if let Some(last) = queued.last() {
                    self.set_id(*last, *id)?;
                }
            }
            // Of a row that is not there is none.
            Ids::Each(ids) if ids.len() == queued.len() => {
                for (sequence, id) in queued.iter().zip(ids) {
                    self.set_id(*sequence, *id)?;
                }
            }
            Ids::Each(_) => {}
        }
        Ok(LocalTogether::Queued(all))
    }

    /// No request with these entries can take effect any more: they have another id.
    pub(crate) fn never_sent(&self, item: &Item) -> Result<()> {
        for sequence in item.sequences() {
            let sql = "update chronicle_outbox set id = ?2, request = null where sequence = ?1";
            self.execute(sql, (sequence, Uuid::now_v7().to_string()))?;
        }
        Ok(())
    }

    fn set_id(&self, sequence: i64, id: Uuid) -> Result<()> {
        let sql = "update chronicle_outbox set id = ?2 where sequence = ?1";
        self.execute(sql, (sequence, id.to_string())).map(drop)
    }

    /// From now on these entries are made together.
    pub(in crate::failover::file) fn bind_together(&mut self, sequences: &[i64]) -> Result<()> {
        let [others @ .., last] = sequences else { return Ok(()) };
        if others.is_empty() {
            return Ok(());
        }
        let list = serde_json::to_string(sequences).map_err(internal)?;
        let sql = "update chronicle_outbox set together = ?1 \
            where sequence in (select value from json_each(?2))";
        self.execute(sql, (last, list))?;
        self.look_again(*last)?;
        others.iter().try_for_each(|other| self.look_again(*other))
    }

    /// The sequences of the entries that are made together with this one, its own among them.
    pub(in crate::failover::file) fn group_of(&self, sequence: i64) -> Result<Vec<i64>> {
        let sql = "select sequence from chronicle_outbox where together = \
              (select together from chronicle_outbox where sequence = ?1) order by sequence";
        let group = self.list(sql, [sequence], |row| row.get(0))?;
        Ok(if group.is_empty() { vec![sequence] } else { group })
    }

    /// Those that the last one of a group stands for.
    pub(in crate::failover::file) fn members(&self, last: i64) -> Result<Vec<Member>> {
        let sql = "select sequence, table_name, row_key, kind, waits from chronicle_outbox \
            where together = ?1 and sequence <> ?1 order by sequence";
        let members = self.list(sql, [last], |row| {
            let name = RowName::new(TableName::stored(row.get(1)?), RowKey::stored(row.get(2)?));
            Ok((row.get(0)?, name, row.get::<_, String>(3)?, row.get::<_, String>(4)?))
        })?;
        let member = |(sequence, row, kind, waits): (i64, RowName, String, String)| {
            let kind = EntryKind::named(&kind).unwrap_or(EntryKind::Update);
            let waits = serde_json::from_str(&waits).map_err(internal)?;
            Ok(Member { sequence, row, kind, waits })
        };
        members.into_iter().map(member).collect()
    }

    /// Where one stands that the last of its group stands for.
    pub(in crate::failover::file) fn place_behind(&self, last: i64) -> Result<Place> {
        let wait = Wait { before: last, cause: Cause::Together };
        let held = hold(self.standing_of(last)?, wait.cause) == Hold::Held;
        Ok(Place { wait: Some(wait), held, alone: false })
    }
}

/// The remote cannot make what is asked for.
fn no_function() -> Error {
    let message = "the server has no function `chronicle_apply`, by which several changes are made at \
                   once and columns are added to";
    Error::new(ErrorKind::Unsupported, message).with_hint(
        "install it: `cargo run -p chronicle-migration -- sql chronicle-apply` prints its SQL",
    )
}

//! Direct writes that have left for the remote, with the ids that its function knows them by: who finds
//! one of a process that ended can see to it that it does not arrive late.

use super::local_key;
use super::relations::Relations;
use super::state::{Ghost, Stamp};
use super::transaction::{Transaction, internal};
use crate::Result;
use crate::change::Ids;
use crate::failover::environment::Moment;
use crate::failover::rules::name::{RowKey, RowName, TableName};
use crate::failover::seam::{self, Met, Mutation};
use crate::key::Key;
use crate::operation::{Target, Write, WriteKind};
use rusqlite::types::Value as Stored;
use std::collections::BTreeSet;
use std::time::Duration;
use uuid::Uuid;

/// Most rows below a deleted one that are noted with it.
const MOST_BELOW: usize = 1_000;

/// A row that a direct write may change.
struct Direct {
    id: Uuid,
    row: RowName,
    local_key: Option<Stored>,
    is_delete: bool,
    process: String,
    stamp: Stamp,
}

impl Transaction<'_> {
    /// Notes that writes of rows that they name leave for the remote.
    pub(crate) fn note_direct(
        &self,
        relations: &Relations,
        writes: &[Write],
        ids: &Ids,
        process: &str,
        stamp: Stamp,
    ) -> Result<()> {
        if seam::breaks(Mutation::DirectNotNoted) {
            return Ok(());
        }
        let stamp = serde_json::to_string(&stamp).map_err(internal)?;
        let note = |id: &Uuid, row: &RowName, local_key: Stored, is_delete: bool| {
            let sql = "insert into chronicle_direct values (?1, ?2, ?3, ?4, ?5, ?6, ?7) \
                on conflict do nothing";
            let (table, key) = (row.table.as_str(), row.key.as_str());
            let id = id.to_string();
            self.execute(sql, (id, table, key, local_key, is_delete, process, &stamp)).map(drop)
        };
        let (ids, is_whole) = (ids.as_slice(), matches!(ids, Ids::Whole(_)));
        let mut next = 0;
        for write in writes {
            let table = write.table;
            let of_key = |key: &Key| (RowName::of(table, key), local_key::of_key(table, key));
            match &write.kind {
                WriteKind::Insert { rows, .. } => {
                    for row in rows {
                        if let Some(id) = ids.get(if is_whole { 0 } else { next })
                            && row.has_key(table)
                        {
                            let key = table.key_of(row);
                            let (row, local_key) = of_key(&key);
                            note(id, &row, local_key, false)?;
                        }
                        next += 1;
                    }
                }
                WriteKind::Update { target: Target::Key(key), .. }
                | WriteKind::Delete { target: Target::Key(key) } => {
                    if let Some(id) = ids.get(if is_whole { 0 } else { next }) {
                        let is_delete = matches!(write.kind, WriteKind::Delete { .. });
                        let (row, local_key) = of_key(key);
                        note(id, &row, local_key, is_delete)?;
                        if is_delete {
                            for below in self.below(relations, table, key, MOST_BELOW)? {
                                note(id, &below.row, below.local_key().clone(), true)?;
                            }
                        }
                    }
                    next += 1;
                }
                WriteKind::Update { .. } | WriteKind::Delete { .. } => {}
            }
        }
        Ok(())
    }

    /// The ids of direct writes that a write has to come after: those of its rows, and deletes by other
    /// processes that would take its rows along. Who asks has the rows' turn, so that none of them is under
    /// way in this process.
    pub(crate) fn direct_before(
        &self,
        relations: &Relations,
        write: &Write,
        process: &str,
    ) -> Result<BTreeSet<Uuid>> {
        let mut found = BTreeSet::new();
        if !self.has_direct()? {
            return Ok(found);
        }
        let all = self.direct()?;
        let table = write.table;
        let is_other = |direct: &&Direct| direct.process != process;
        let mut look = |row: &RowName, refs: &[RowName]| {
            let names = |direct: &&Direct| direct.row == *row;
            let takes_along = |direct: &&Direct| {
                direct.is_delete && is_other(direct) && refs.contains(&direct.row)
            };
            found.extend(all.iter().filter(|one| names(one) || takes_along(one)).map(|one| one.id));
        };
        match &write.kind {
            WriteKind::Insert { rows, .. } => {
                let parents = relations.of(table);
                for row in rows {
                    let refs = self.refs(relations, &parents, table, row.iter().enumerate())?;
                    look(&RowName::of_values(table, row), &refs);
                }
            }
            WriteKind::Update { target: Target::Key(key), .. }
            | WriteKind::Delete { target: Target::Key(key) } => {
                look(&RowName::of(table, key), &self.before(relations, table, key)?);
            }
            WriteKind::Update { .. } | WriteKind::Delete { .. } => {
                let name = TableName::of(table);
                let of_table = all.iter().filter(|one| one.row.table == name).filter(is_other);
                found.extend(of_table.map(|one| one.id));
            }
        }
        Ok(found)
    }

    /// The ids that replay has to take: of writes that entries have to come after, and of those whose
    /// process has not told for long what became of them. And how long until there is one of those.
    pub(crate) fn direct_to_take(&self, now: Moment) -> Result<(Vec<Uuid>, Option<Duration>)> {
        if !self.has_direct()? {
            return Ok((Vec::new(), None));
        }
        let (mut to_take, mut next) = (BTreeSet::new(), None);
        for direct in self.direct()? {
            let (table, key) = (direct.row.table.as_str(), direct.row.key.as_str());
            let waits = "select 1 from chronicle_outbox where table_name = ?1 and row_key = ?2 \
                union all select 1 from chronicle_refs where ?3 and table_name = ?1 and row_key = ?2";
            let rest = direct.stamp.rest(now);
            match rest {
                Some(rest) if !self.exists(waits, (table, key, direct.is_delete))? => {
                    next = Some(next.map_or(rest, |next: Duration| next.min(rest)));
                }
                _ => {
                    to_take.insert(direct.id);
                }
            }
        }
        Ok((to_take.into_iter().collect(), next))
    }

    /// What became of direct writes is known.
    pub(crate) fn forget_direct(&self, ids: &[Uuid]) -> Result<()> {
        for id in ids {
            self.execute("delete from chronicle_direct where id = ?1", [id.to_string()])?;
        }
        Ok(())
    }

    /// No request with these ids can take effect any more: what it has made is to be fetched. Where the
    /// function could not be asked for that, their rows are left alone for the time of `settle`.
    pub(crate) fn end_direct(&mut self, ids: &[Uuid], settle: Option<Stamp>) -> Result<()> {
        seam::met(Met::DirectTaken);
        for direct in self.direct()?.into_iter().filter(|direct| ids.contains(&direct.id)) {
            if !self.has_entry(&direct.row)? {
                self.doubt(&direct.row, direct.local_key)?;
            }
            if let Some(stamp) = settle {
                let key = Some(direct.row.key);
                let table = direct.row.table;
                self.state.ghosts.push(Ghost { table, key, parents: Vec::new(), stamp });
            }
        }
        self.forget_direct(ids)
    }

    fn has_direct(&self) -> Result<bool> {
        self.exists("select 1 from chronicle_direct limit 1", [])
    }

    fn direct(&self) -> Result<Vec<Direct>> {
        let sql = "select id, table_name, row_key, local_key, is_delete, process, stamp \
            from chronicle_direct";
        let read = |row: &rusqlite::Row<'_>| {
            let name = RowName::new(TableName::stored(row.get(1)?), RowKey::stored(row.get(2)?));
            let (id, stamp): (String, String) = (row.get(0)?, row.get(6)?);
            Ok((id, name, row.get(3)?, row.get(4)?, row.get(5)?, stamp))
        };
        let parsed =
            |(id, row, local_key, is_delete, process, stamp): (String, _, _, _, _, String)| {
                let id = id.parse().map_err(internal)?;
                let stamp = serde_json::from_str(&stamp).map_err(internal)?;
                Ok(Direct { id, row, local_key, is_delete, process, stamp })
            };
        self.list(sql, [], read)?.into_iter().map(parsed).collect()
    }
}

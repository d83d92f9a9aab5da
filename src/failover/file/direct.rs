//! Direct writes that have left for the remote, with the ids that its function knows them by: who finds
//! one of a process that ended can see to it that it does not arrive late.

use super::local_key;
use super::relations::Relations;
use super::state::{Ghost, Stamp};
use super::transaction::{Transaction, internal};
use crate::change::Ids;
use crate::failover::environment::{Moment, until};
use crate::failover::rules::name::{RowKey, RowName, TableName};
use crate::failover::seam::{self, Met, Mutation};
use crate::key::Key;
use crate::operation::{Target, Write, WriteKind};
use crate::{Result, Table};
use rusqlite::types::Value as Stored;
use std::collections::BTreeSet;
use std::time::Duration;
use uuid::Uuid;

/// A row that a direct write may change.
struct Direct {
    id: Uuid,
    row: RowName,
    local_key: Stored,
    is_delete: bool,
}

/// What replay has to do about direct writes.
#[derive(Debug, Default)]
pub(crate) struct DirectWork {
    /// Ids to take now.
    pub(crate) to_take: Vec<Uuid>,
    /// How long until there may be more.
    pub(crate) next: Option<Duration>,
}

impl Transaction<'_> {
    /// Notes that writes of rows that they name leave for the remote now, and for how long their process may
    /// take to tell what became of them.
    pub(crate) fn note_direct(
        &self,
        writes: &[Write],
        ids: &Ids,
        process: &str,
        (now, lasts): (Moment, Duration),
    ) -> Result<()> {
        if seam::breaks(Mutation::DirectNotNoted) {
            return Ok(());
        }
        let length = lasts.as_millis() as i64;
        let note = |id: &Uuid, table: &'static Table, key: &Key, is_delete: bool| {
            let sql = "insert into chronicle_direct (id, table_name, row_key, local_key, is_delete, \
                process, ends, length) values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8) on conflict do nothing";
            let row = RowName::of(table, key);
            let values = (
                id.to_string(),
                row.table.as_str(),
                row.key.as_str(),
                local_key::of_key(table, key),
                is_delete,
                process,
                now.saturating_add(length),
                length,
            );
            self.execute(sql, values).map(drop)
        };
        let mut each = ids.as_slice().iter();
        let mut next_id = || match ids {
            Ids::Whole(id) => Some(id),
            Ids::Each(_) => each.next(),
        };
        for write in writes {
            let table = write.table;
            match &write.kind {
                WriteKind::Insert { rows, .. } => {
                    for row in rows {
                        if let Some(id) = next_id()
                            && row.has_key(table)
                        {
                            note(id, table, &table.key_of(row), false)?;
                        }
                    }
                }
                WriteKind::Update { target: Target::Key(key), .. }
                | WriteKind::Delete { target: Target::Key(key) } => {
                    if let Some(id) = next_id() {
                        note(id, table, key, matches!(write.kind, WriteKind::Delete { .. }))?;
                    }
                }
                WriteKind::Update { .. } | WriteKind::Delete { .. } => {}
            }
        }
        Ok(())
    }

    /// The ids of direct writes that a write has to come after: those of its rows, and deletes by other
    /// processes that would take its rows along. Who asks has the rows' turn, so that no write of one of
    /// them is under way in this process.
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
        let table = write.table;
        self.deletes_above(&relations.above(table), process, &mut found)?;
        match &write.kind {
            WriteKind::Insert { rows, .. } => {
                for row in rows {
                    self.direct_of(&RowName::of_values(table, row), &mut found)?;
                }
            }
            WriteKind::Update { target: Target::Key(key), .. }
            | WriteKind::Delete { target: Target::Key(key) } => {
                self.direct_of(&RowName::of(table, key), &mut found)?;
            }
            WriteKind::Update { .. } | WriteKind::Delete { .. } => {
                self.direct_of_table(&TableName::of(table), process, &mut found)?;
            }
        }
        Ok(found)
    }

    fn direct_of(&self, row: &RowName, found: &mut BTreeSet<Uuid>) -> Result<()> {
        let sql = "select id from chronicle_direct where table_name = ?1 and row_key = ?2";
        self.collect_ids(sql, (row.table.as_str(), row.key.as_str()), found)
    }

    /// The deletes of other processes in tables that the write's rows refer to: which rows they take along
    /// the file may not know.
    fn deletes_above(
        &self,
        tables: &[TableName],
        process: &str,
        found: &mut BTreeSet<Uuid>,
    ) -> Result<()> {
        let sql =
            "select id from chronicle_direct where table_name = ?1 and is_delete and process <> ?2";
        tables.iter().try_for_each(|table| self.collect_ids(sql, (table.as_str(), process), found))
    }

    fn direct_of_table(
        &self,
        table: &TableName,
        process: &str,
        found: &mut BTreeSet<Uuid>,
    ) -> Result<()> {
        let sql = "select id from chronicle_direct where table_name = ?1 and process <> ?2";
        self.collect_ids(sql, (table.as_str(), process), found)
    }

    fn collect_ids(
        &self,
        sql: &str,
        values: impl rusqlite::Params,
        found: &mut BTreeSet<Uuid>,
    ) -> Result<()> {
        for id in self.list(sql, values, |row| row.get::<_, String>(0))? {
            found.insert(id.parse().map_err(internal)?);
        }
        Ok(())
    }

    /// The ids that replay has to take: of writes that entries have to come after, and of those whose
    /// process has not told for long what became of them; but for those that a ghost guards. Deletes of the
    /// asking `process` are of one that lives.
    pub(crate) fn direct_work(&self, process: &str, now: Moment) -> Result<DirectWork> {
        if !self.has_direct()? {
            return Ok(DirectWork::default());
        }
        // What ends further ahead than it ever lasts is of another clock.
        let sql = "select id, table_name, row_key, local_key, is_delete from chronicle_direct d \
            where ends <= ?1 or ends > ?1 + length \
              or exists (select 1 from chronicle_outbox o \
                where o.table_name = d.table_name and o.row_key = d.row_key) \
              or (is_delete and process <> ?2 and exists (select 1 from chronicle_outbox))";
        let ghosts: Vec<&Ghost> = self.state.live_ghosts(now).collect();
        let (mut to_take, mut next) = (BTreeSet::new(), None);
        for direct in self.direct(sql, (now, process))? {
            let guards = ghosts.iter().filter(|ghost| ghost.names(&direct.row));
            match guards.filter_map(|ghost| ghost.stamp.rest(now)).max() {
                Some(rest) => next = Some(next.map_or(rest, |next: Duration| next.min(rest))),
                None => drop(to_take.insert(direct.id)),
            }
        }
        let soonest =
            "select ends, length from chronicle_direct where ends > ?1 order by ends limit 1";
        let soonest = self.first(soonest, [now], |row| {
            Ok((row.get::<_, Moment>(0)?, row.get::<_, i64>(1)?.cast_unsigned()))
        })?;
        let soonest =
            soonest.and_then(|(ends, length)| until(ends, now, Duration::from_millis(length)));
        let next = [next, soonest].into_iter().flatten().min();
        Ok(DirectWork { to_take: to_take.into_iter().collect(), next })
    }

    /// What became of direct writes is known.
    pub(crate) fn forget_direct(&self, ids: &[Uuid]) -> Result<()> {
        for id in ids {
            self.execute("delete from chronicle_direct where id = ?1", [id.to_string()])?;
        }
        Ok(())
    }

    /// The file belongs to another remote now.
    pub(crate) fn forget_all_direct(&self) -> Result<()> {
        self.execute("delete from chronicle_direct", []).map(drop)
    }

    /// No request with these ids can take effect any more: what it has made is to be fetched.
    pub(crate) fn end_direct(&mut self, relations: &Relations, ids: &[Uuid]) -> Result<()> {
        if ids.is_empty() {
            return Ok(());
        }
        seam::met(Met::DirectTaken);
        for direct in self.direct_with(ids)? {
            if direct.is_delete {
                let key = direct.local_key.clone();
                for below in self.below_row(relations, &direct.row, key, usize::MAX)? {
                    self.doubt_unless_queued(&below.row, below.local_key().clone())?;
                }
            }
            self.doubt_unless_queued(&direct.row, direct.local_key)?;
        }
        self.forget_direct(ids)
    }

    /// It could not be seen to that requests with these ids take no effect any more: their rows are left
    /// alone until `stamp` is over.
    pub(crate) fn guard_direct(&mut self, ids: &[Uuid], stamp: Stamp) -> Result<()> {
        for Direct { row, local_key, .. } in self.direct_with(ids)? {
            self.doubt_unless_queued(&row, local_key)?;
            let RowName { table, key } = row;
            self.state.ghosts.push(Ghost { table, key: Some(key), parents: Vec::new(), stamp });
        }
        Ok(())
    }

    fn doubt_unless_queued(&mut self, row: &RowName, local_key: Stored) -> Result<()> {
        if self.has_entry(row)? { Ok(()) } else { self.doubt(row, Some(local_key)) }
    }

    fn has_direct(&self) -> Result<bool> {
        self.exists("select 1 from chronicle_direct limit 1", [])
    }

    fn direct_with(&self, ids: &[Uuid]) -> Result<Vec<Direct>> {
        let list: Vec<String> = ids.iter().map(Uuid::to_string).collect();
        let list = serde_json::to_string(&list).map_err(internal)?;
        let sql = "select id, table_name, row_key, local_key, is_delete from chronicle_direct \
            where id in (select value from json_each(?1))";
        self.direct(sql, [list])
    }

    fn direct(&self, sql: &str, values: impl rusqlite::Params) -> Result<Vec<Direct>> {
        let read = |row: &rusqlite::Row<'_>| {
            let name = RowName::new(TableName::stored(row.get(1)?), RowKey::stored(row.get(2)?));
            Ok((row.get::<_, String>(0)?, name, row.get(3)?, row.get(4)?))
        };
        let parsed = |(id, row, local_key, is_delete): (String, _, _, _)| {
            Ok(Direct { id: id.parse().map_err(internal)?, row, local_key, is_delete })
        };
        self.list(sql, values, read)?.into_iter().map(parsed).collect()
    }
}

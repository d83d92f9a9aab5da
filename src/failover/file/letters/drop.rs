//! A refused entry is forgotten.

use super::{Refused, no_letter};
use crate::failover::file::transaction::{Transaction, internal};
use crate::failover::rules::edges::{Cause, Wait};
use crate::failover::rules::entry::EntryKind;
use crate::failover::rules::name::{RowKey, RowName, TableName};
use crate::failover::seam::{self, Met, Mutation};
use crate::{Error, ErrorKind, Result};
use std::collections::HashSet;

impl Transaction<'_> {
    /// Forgets a letter, with those that it is made together with: each alone, or with what came by the
    /// row that it was to bring. What is left without an entry is fetched. How many entries have gone.
    pub(crate) fn drop_letter(&mut self, sequence: i64, is_settling: bool) -> Result<u64> {
        if !self.is_letter(sequence)? {
            return Err(no_letter(sequence));
        }
        let mut gone = 0;
        for sequence in self.group_of(sequence)? {
            // Another one of them may have taken it along.
            if gone == 0 || self.is_letter(sequence)? {
                gone += self.drop_one(sequence, is_settling)?;
            }
        }
        Ok(gone)
    }

    fn drop_one(&mut self, sequence: i64, is_settling: bool) -> Result<u64> {
        let Refused { row, kind, is_released, is_sent } = self.refused(sequence)?;
        if is_sent && is_settling {
            return Err(Error::new(
                ErrorKind::Busy,
                "a request with this write may still arrive at the remote",
            )
            .with_hint("drop it in half a minute"));
        }
        seam::met(Met::Dropped);
        let doomed = if kind.creates() && !is_released {
            self.came_by(sequence, &row)?
        } else {
            vec![sequence]
        };
        if doomed.len() > 1 {
            seam::met(Met::DroppedAlong);
        }
        let mut taken = Vec::new();
        for sequence in &doomed {
            // What a delete took along in the file is at the remote as ever, and refers to what it did.
            taken.extend(self.taken_along(*sequence)?);
            // A change may have moved its row below one that is deleted since: at the remote it is not there,
            // and nor is what is below it. Once the delete is made it is seen who has gone.
            for delete in self.deletes_that_took_the_row_of(*sequence)? {
                for row in self.taken_along(delete)? {
                    if !self.has_entry(&row)? {
                        taken.push(row);
                    }
                }
            }
        }
        let mut oldest_first = doomed.clone();
        oldest_first.sort_unstable();
        for sequence in oldest_first {
            self.pass_base_on(sequence)?;
        }
        let mut newest_first = doomed.clone();
        newest_first.sort_unstable_by(|one, other| other.cmp(one));
        for sequence in newest_first {
            self.bequeath(sequence)?;
        }
        // One with entries left is fetched once they have gone: the file has what was forgotten.
        for removed in self.remove(&doomed)?.into_values() {
            self.doubt(&removed.row, Some(removed.local_key))?;
        }
        for row in taken {
            self.doubt(&row, None)?;
        }
        Ok(doomed.len() as u64)
    }

    /// The rows that a delete takes along in the file, or that refer to none any more by it.
    fn taken_along(&self, delete: i64) -> Result<Vec<RowName>> {
        let taken = "select table_name, row_key from chronicle_tombstones where sequence = ?1 \
            union all select table_name, row_key from chronicle_unlinked where sequence = ?1";
        self.list(taken, [delete], |row| {
            Ok(RowName::new(TableName::stored(row.get(0)?), RowKey::stored(row.get(1)?)))
        })
    }

    /// The deletes after an entry that take its row along.
    fn deletes_that_took_the_row_of(&self, sequence: i64) -> Result<Vec<i64>> {
        if self.counts.tombstones == 0 {
            return Ok(Vec::new());
        }
        let sql = "select t.sequence from chronicle_outbox o join chronicle_tombstones t \
            on t.table_name = o.table_name and t.row_key = o.row_key and t.sequence > o.sequence \
            where o.sequence = ?1";
        self.list(sql, [sequence], |row| row.get(0))
    }

    /// Who waits for this entry as the newest of a row waits for the one before it once it is forgotten:
    /// that one may be a letter, or held by one, and is older.
    fn bequeath(&self, sequence: i64) -> Result<()> {
        let sql = "select table_name, row_key, waits from chronicle_outbox where sequence = ?1";
        let entry = self.first(sql, [sequence], |row| {
            Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?, row.get::<_, String>(2)?))
        })?;
        let Some((table, key, waits)) = entry else { return Ok(()) };
        let waits: Vec<Wait> = serde_json::from_str(&waits).map_err(internal)?;
        let Some(before) = waits.iter().find(|wait| wait.cause == Cause::Row) else {
            return Ok(());
        };
        let sql = "select sequence, waits from chronicle_outbox \
            where table_name = ?1 and row_key = ?2 and sequence > ?3 \
            union select o.sequence, o.waits from chronicle_refs r join chronicle_outbox o using (sequence) \
            where r.table_name = ?1 and r.row_key = ?2 and r.sequence > ?3";
        let followers = self.list(sql, (table, key, sequence), |row| {
            Ok((row.get::<_, i64>(0)?, row.get::<_, String>(1)?))
        })?;
        for (follower, waits) in followers {
            let mut waits: Vec<Wait> = serde_json::from_str(&waits).map_err(internal)?;
            let is_heir = |wait: &&Wait| {
                wait.before == sequence && matches!(wait.cause, Cause::Row | Cause::Parent)
            };
            let inherited: Vec<Wait> = waits
                .iter()
                .filter(is_heir)
                .map(|wait| Wait { before: before.before, cause: wait.cause })
                .collect();
            if inherited.is_empty() {
                continue;
            }
            seam::met(Met::WaitInherited);
            waits.extend(inherited);
            self.execute(
                "update chronicle_outbox set waits = ?2, alone = 0 where sequence = ?1",
                (follower, serde_json::to_string(&waits).map_err(internal)?),
            )?;
        }
        Ok(())
    }

    /// The letter, the updates of its row up to the next insert, upsert or delete, and the children
    /// that came by it, with theirs.
    fn came_by(&self, sequence: i64, row: &RowName) -> Result<Vec<i64>> {
        if seam::breaks(Mutation::DropAllThatWaits) {
            let sql = "with recursive d(s) as (select ?1 union \
                select o.sequence from d join chronicle_outbox o on o.waits_for = d.s) select s from d";
            return self.list(sql, [sequence], |row| row.get(0));
        }
        let mut doomed = vec![sequence];
        let mut known = HashSet::from([sequence]);
        let mut next = vec![(sequence, row.clone())];
        while let Some((sequence, row)) = next.pop() {
            let sql = "select sequence, kind from chronicle_outbox \
                where table_name = ?1 and row_key = ?2 and sequence > ?3 order by sequence";
            let later =
                self.list(sql, (row.table.as_str(), row.key.as_str(), sequence), |row| {
                    Ok((row.get::<_, i64>(0)?, row.get::<_, String>(1)?))
                })?;
            for (update, kind) in later {
                if kind != EntryKind::Update.name() {
                    break;
                }
                self.doom(update, &mut known, &mut doomed, &mut next)?;
            }
            // Those that wait for this very entry as their parent.
            let sql = "select o.sequence, o.table_name, o.row_key from chronicle_refs r \
                join chronicle_outbox o on o.sequence = r.sequence \
                where r.table_name = ?1 and r.row_key = ?2 and r.sequence > ?3 \
                and o.kind in ('insert', 'insert_if_absent', 'upsert') \
                and exists (select 1 from json_each(o.waits) w where w.value ->> 'before' = ?3 \
                  and w.value ->> 'cause' = 'parent')";
            let children =
                self.list(sql, (row.table.as_str(), row.key.as_str(), sequence), |row| {
                    row.get::<_, i64>(0)
                })?;
            for child in children {
                self.doom(child, &mut known, &mut doomed, &mut next)?;
            }
        }
        Ok(doomed)
    }

    /// An entry goes along, with those that it is made together with. What came by one of these is next.
    fn doom(
        &self,
        sequence: i64,
        known: &mut HashSet<i64>,
        doomed: &mut Vec<i64>,
        next: &mut Vec<(i64, RowName)>,
    ) -> Result<()> {
        for sequence in self.group_of(sequence)? {
            if !known.insert(sequence) {
                continue;
            }
            doomed.push(sequence);
            let sql = "select table_name, row_key from chronicle_outbox where sequence = ?1 \
                and kind in ('insert', 'insert_if_absent', 'upsert')";
            let row = self.first(sql, [sequence], |row| {
                Ok(RowName::new(TableName::stored(row.get(0)?), RowKey::stored(row.get(1)?)))
            })?;
            next.extend(row.map(|row| (sequence, row)));
        }
        Ok(())
    }
}

//! What an entry waits for, and what becomes of those that wait when it goes.
//!
//! An entry is *parked* at one of the entries that it waits for. When that one goes, or becomes a
//! letter, those parked at it are looked at again, a few hundred in a transaction: they are parked at
//! another one, or are ready. So each step costs by what it touches, also where 100,000 children
//! wait for one parent.

use super::opened::ALONE;
use super::outbox::{Member, Unique};
use super::relations::Relations;
use super::transaction::{Transaction, internal};
use crate::failover::environment::Moment;
use crate::failover::letter::DeadLetterReason;
use crate::failover::rules::edges::{Cause, Hold, Standing, Wait, hold};
use crate::failover::rules::entry::EntryKind;
use crate::failover::rules::name::{RowKey, RowName, TableName};
use crate::failover::rules::route::{FilterFacts, ReadFacts, RowFacts};
use crate::failover::seam::{self, Met, Mutation};
use crate::operation::{Target, Write, WriteKind};
use crate::{Result, Table};
use rusqlite::Row;

/// Where an entry stands among those that it waits for.
pub(super) struct Place {
    /// The one that it is parked at; `None` when it is ready.
    pub(super) wait: Option<Wait>,
    /// Whether a letter holds it.
    pub(super) held: bool,
    /// Whether it is ready as it is once the one that it is parked at has gone.
    pub(super) alone: bool,
}

impl Transaction<'_> {
    /// The entries below a sequence that a change of `row` has to wait for, but for children's.
    pub(super) fn edges(
        &self,
        row: &RowName,
        refs: &[RowName],
        uniques: &[Unique],
        below: i64,
    ) -> Result<Vec<Wait>> {
        let mut waits: Vec<Wait> = Vec::new();
        if self.counts.rows == 0 {
            return Ok(waits);
        }
        let mut add = |before: Option<i64>, cause: Cause, met: Met| {
            if let Some(before) = before {
                seam::met(met);
                waits.push(Wait { before, cause });
            }
        };
        if !seam::breaks(Mutation::NoRowEdge) {
            add(self.newest_of(row, below)?, Cause::Row, Met::WaitsForRow);
        }
        if !seam::breaks(Mutation::NoParentEdge) {
            for parent in refs {
                add(self.newest_that_decides(parent, below)?, Cause::Parent, Met::WaitsForParent);
            }
        }
        if !seam::breaks(Mutation::NoUniqueEdge) {
            for unique in uniques {
                for (holder, cause) in self.newest_holders(&row.table, unique, below)? {
                    add(Some(holder), cause, Met::WaitsForUnique);
                }
            }
        }
        // Of a row that a delete takes along, and of one that refers to such a row.
        for row in std::iter::once(row).chain(refs) {
            for delete in self.deletes_that_took(row)? {
                add(Some(delete), Cause::Cascade, Met::WaitsForCascade);
            }
        }
        Ok(waits)
    }

    /// The waiting deletes that took a row along in the file: one each time that it came back.
    pub(super) fn deletes_that_took(&self, row: &RowName) -> Result<Vec<i64>> {
        if self.counts.tombstones == 0 {
            return Ok(Vec::new());
        }
        let sql = "select sequence from chronicle_tombstones \
            where table_name = ?1 and row_key = ?2 order by sequence";
        self.list(sql, (row.table.as_str(), row.key.as_str()), |row| row.get(0))
    }

    fn newest_of(&self, row: &RowName, below: i64) -> Result<Option<i64>> {
        let sql = "select max(sequence) from chronicle_outbox \
            where table_name = ?1 and row_key = ?2 and sequence < ?3";
        let values = (row.table.as_str(), row.key.as_str(), below);
        Ok(self.first(sql, values, |row| row.get(0))?.flatten())
    }

    /// The newest entry that brings or removes a row.
    fn newest_that_decides(&self, row: &RowName, below: i64) -> Result<Option<i64>> {
        let sql = "select sequence from chronicle_outbox where table_name = ?1 and row_key = ?2 \
            and kind <> 'update' and sequence < ?3 order by sequence desc limit 1";
        self.first(sql, (row.table.as_str(), row.key.as_str(), below), |row| row.get(0))
    }

    /// The newest entry that holds a unique value, and the newest one that may hold any: that one does
    /// not wait for the first.
    fn newest_holders(
        &self,
        table: &TableName,
        unique: &Unique,
        below: i64,
    ) -> Result<Vec<(i64, Cause)>> {
        let read = |row: &Row<'_>| row.get::<_, Option<i64>>(0);
        let (table, columns) = (table.as_str(), unique.columns.as_str());
        let mut holders = Vec::new();
        let of_any = if let Some(value) = &unique.value {
            let sql = "select max(sequence) from chronicle_uniques where table_name = ?1 \
                and column_names = ?2 and value = ?3 and sequence < ?4";
            let newest = self.first(sql, (table, columns, value, below), read)?;
            holders.extend(newest.flatten().map(|holder| (holder, Cause::Unique)));
            "select max(sequence) from chronicle_uniques where table_name = ?1 \
                and column_names = ?2 and value is null and sequence < ?3"
        } else {
            "select max(sequence) from chronicle_uniques \
                where table_name = ?1 and column_names = ?2 and sequence < ?3"
        };
        let newest = self.first(of_any, (table, columns, below), read)?;
        holders.extend(newest.flatten().map(|holder| (holder, Cause::AnyUnique)));
        Ok(holders)
    }

    /// The newest entry below a sequence whose row refers to the deleted one, or to one that goes with
    /// it.
    fn newest_child(&self, row: &RowName, delete: i64, below: i64) -> Result<Option<i64>> {
        if seam::breaks(Mutation::NoChildEdge) {
            return Ok(None);
        }
        let sql = "select max(sequence) from chronicle_refs \
            where table_name = ?1 and row_key = ?2 and sequence < ?3";
        let own =
            self.first(sql, (row.table.as_str(), row.key.as_str(), below), |row| row.get(0))?;
        let mut newest: Option<i64> = own.flatten();
        if self.counts.tombstones > 0 {
            let sql = "select max(r.sequence) from chronicle_tombstones t join chronicle_refs r \
                on r.table_name = t.table_name and r.row_key = t.row_key \
                where t.sequence = ?1 and r.sequence < ?2";
            newest = newest.max(self.first(sql, (delete, below), |row| row.get(0))?.flatten());
        }
        Ok(newest)
    }

    pub(super) fn standing_of(&self, sequence: i64) -> Result<Option<Standing>> {
        let sql = "select reason, released, held, table_name from chronicle_outbox \
            where sequence = ?1";
        let row = self.first(sql, [sequence], |row| {
            Ok((
                row.get::<_, Option<String>>(0)?,
                row.get::<_, bool>(1)?,
                row.get::<_, bool>(2)?,
                row.get::<_, String>(3)?,
            ))
        })?;
        Ok(row.and_then(|(reason, released, held, table)| {
            let is_paused = || self.state.is_paused(&TableName::stored(table));
            match (reason.as_deref().map(DeadLetterReason::named), held) {
                (Some(_), _) if seam::breaks(Mutation::LettersHoldNothing) => None,
                (Some(Some(DeadLetterReason::MissingRow)), _) if released => {
                    Some(Standing::Missing)
                }
                (Some(_), _) => Some(Standing::Refused { released }),
                (None, true) => Some(Standing::Held),
                (None, false)
                    if seam::breaks(Mutation::PausedEntriesHoldNothing) && is_paused() =>
                {
                    None
                }
                (None, false) => Some(Standing::Queued),
            }
        }))
    }

    /// Where an entry with these waits stands now. The last one of a group waits for what the `others`
    /// wait for as well.
    pub(super) fn place(
        &self,
        row: &RowName,
        kind: EntryKind,
        sequence: i64,
        waits: &[Wait],
        others: &[Member],
    ) -> Result<Place> {
        let mut place = Place { wait: None, held: false, alone: false };
        if self.counts.rows == 0 {
            return Ok(place);
        }
        let mut waits = waits.to_vec();
        // Those that it goes together with are no hindrance.
        let below = others.iter().map(|other| other.sequence).min().unwrap_or(sequence);
        let mut asks_children = kind == EntryKind::Delete || waits.contains(&Wait::OF_CHILDREN);
        let mut children = Vec::new();
        let is_delete = kind == EntryKind::Delete && others.is_empty();
        if asks_children {
            let mut newest = self.newest_child(row, sequence, below)?;
            while let Some(child) = newest
                && is_delete
                && self.is_moot(child, sequence, row)?
            {
                newest = self.newest_child(row, sequence, child)?;
            }
            children.extend(newest);
        }
        for other in others {
            if other.kind == EntryKind::Delete || other.waits.contains(&Wait::OF_CHILDREN) {
                asks_children = true;
                children.extend(self.newest_child(&other.row, other.sequence, below)?);
            }
            waits.extend(&other.waits);
        }
        waits.retain(|wait| wait.before < below);
        let all = waits.len();
        for before in children {
            seam::met(Met::WaitsForChild);
            waits.push(Wait { before, cause: Cause::Child });
        }
        for wait in waits {
            match hold(self.standing_of(wait.before)?, wait.cause) {
                Hold::Free => {}
                Hold::Held if is_delete && self.is_moot(wait.before, sequence, row)? => {}
                Hold::Held => {
                    place = Place { wait: Some(wait), held: true, alone: false };
                    break;
                }
                Hold::Waits => {
                    // At the newest: the others have likely gone by then.
                    if place.wait.is_none_or(|known| known.before < wait.before) {
                        place.wait = Some(wait);
                    }
                }
            }
        }
        // Some have to wait for children besides, which are looked up.
        place.alone =
            place.wait.is_some() && !place.held && !asks_children && all == 1 && others.is_empty();
        Ok(place)
    }

    /// Those that are parked at an entry are to be looked at, if there are any.
    pub(super) fn followers_of(&self, sequence: i64) -> Result<()> {
        let sql = "insert or ignore into chronicle_rework (sequence) \
            select ?1 where exists (select 1 from chronicle_outbox where waits_for = ?1)";
        self.execute(sql, [sequence]).map(drop)
    }

    /// As [`followers_of`](Self::followers_of), of several, as a JSON list.
    pub(super) fn followers_of_all(&self, sequences: &str) -> Result<()> {
        let sql = "insert or ignore into chronicle_rework (sequence) \
            select distinct waits_for from chronicle_outbox \
            where waits_for in (select value from json_each(?1))";
        self.execute(sql, [sequences]).map(drop)
    }

    /// Looks at entries again that were parked at one which has gone or has become a letter: at most
    /// `most` of them. `true` when there are more.
    pub(crate) fn rework(&mut self, most: usize) -> Result<bool> {
        let mut left = most;
        loop {
            let next = "select sequence from chronicle_rework order by sequence limit 1";
            let Some(blocker) = self.first(next, [], |row| row.get::<_, i64>(0))? else {
                return Ok(false);
            };
            if left == 0 {
                return Ok(true);
            }
            let followers = match self.standing_of(blocker)? {
                None => {
                    let others = self.list(
                        "select sequence from chronicle_outbox where waits_for = ?1 and held = 1 \
                         union all select sequence from chronicle_outbox \
                           where waits_for = ?1 and held = 0 and alone = 0 limit ?2",
                        (blocker, left as i64),
                        |row| row.get::<_, i64>(0),
                    )?;
                    if others.len() < left && !self.open(blocker)? {
                        left -= self.free_followers(blocker, left - others.len())?;
                    }
                    others
                }
                Some(standing) => {
                    let freed =
                        serde_json::to_string(&standing.freed_causes()).map_err(internal)?;
                    self.list(
                        "select sequence from chronicle_outbox where waits_for = ?1 and held = ?2 \
                         union select sequence from chronicle_outbox where waits_for = ?1 \
                           and held in (0, 1) \
                           and waits_as in (select value from json_each(?3)) limit ?4",
                        (blocker, standing == Standing::Queued, freed, left as i64),
                        |row| row.get(0),
                    )?
                }
            };
            if followers.len() < left {
                self.execute("delete from chronicle_rework where sequence = ?1", [blocker])?;
            }
            left -= followers.len();
            for follower in followers {
                self.look_again(follower)?;
            }
        }
    }

    /// Of those that are parked at an entry which has gone, frees such as wait for nothing else, at
    /// most `most` of them: most entries are so, and there may be 100,000. How many those were.
    fn free_followers(&self, gone: i64, most: usize) -> Result<usize> {
        let sql = format!(
            "update chronicle_outbox set waits_for = null, waits_as = null, alone = 0 \
             where sequence in (select sequence from chronicle_outbox where {ALONE} limit ?2)"
        );
        self.execute(&sql, (gone, most as i64))
    }

    /// Parks an entry anew, or finds it ready.
    pub(super) fn look_again(&mut self, sequence: i64) -> Result<()> {
        let sql = "select table_name, row_key, kind, waits, held, together from chronicle_outbox \
            where sequence = ?1";
        let entry = self.first(sql, [sequence], |row| {
            Ok((
                row.get::<_, String>(0)?,
                row.get::<_, String>(1)?,
                row.get::<_, String>(2)?,
                row.get::<_, String>(3)?,
                row.get::<_, bool>(4)?,
                row.get::<_, Option<i64>>(5)?,
            ))
        })?;
        let Some((table, key, kind, waits, was_held, together)) = entry else { return Ok(()) };
        let row = RowName::new(TableName::stored(table), RowKey::stored(key));
        let waits: Vec<Wait> = serde_json::from_str(&waits).map_err(internal)?;
        // An entry of a kind of a newer version only waits for what is written with it.
        let kind = EntryKind::named(&kind).unwrap_or(EntryKind::Update);
        let place = match together {
            Some(last) if last != sequence && self.standing_of(last)?.is_some() => {
                self.place_behind(last)?
            }
            Some(last) => self.place(&row, kind, sequence, &waits, &self.members(last)?)?,
            None => self.place(&row, kind, sequence, &waits, &[])?,
        };
        self.execute(
            "update chronicle_outbox set waits_for = ?2, waits_as = ?3, held = ?4, alone = ?5 \
             where sequence = ?1",
            (
                sequence,
                place.wait.map(|wait| wait.before),
                place.wait.map(|wait| wait.cause.name()),
                place.held,
                place.alone,
            ),
        )?;
        if place.held != was_held {
            seam::met(if place.held { Met::HeldLater } else { Met::FreedLater });
            self.followers_of(sequence)?;
        }
        Ok(())
    }

    /// Puts an entry behind another one, which it did not wait for.
    pub(super) fn wait_after(&mut self, sequence: i64, before: i64) -> Result<()> {
        seam::met(Met::WaitsAfter);
        let sql = "select waits from chronicle_outbox where sequence = ?1";
        let waits = self.first(sql, [sequence], |row| row.get::<_, String>(0))?;
        let mut waits: Vec<Wait> =
            serde_json::from_str(waits.as_deref().unwrap_or("[]")).map_err(internal)?;
        waits.push(Wait { before, cause: Cause::After });
        self.execute(
            "update chronicle_outbox set waits = ?2 where sequence = ?1",
            (sequence, serde_json::to_string(&waits).map_err(internal)?),
        )?;
        self.look_again(sequence)
    }

    /// Whether an entry is in the way of a write of the rows that it names; what else the file says
    /// of it.
    pub(crate) fn facts_of_rows(
        &self,
        relations: &Relations,
        write: &Write,
        now: Moment,
    ) -> Result<RowFacts> {
        let table = write.table;
        let name = TableName::of(table);
        let is_delete = matches!(write.kind, WriteKind::Delete { .. });
        let mut facts = RowFacts {
            breaker_is_open: self.state.breaker.is_open(),
            is_paused: self.state.is_paused(&name),
            is_delete,
            is_settling: self.state.settling(now).is_some(),
            ..RowFacts::default()
        };
        let has_ghosts = self.state.live_ghosts(now).next().is_some();
        if self.counts.rows == 0 && !has_ghosts {
            return Ok(facts);
        }
        let parents = relations.of(table);
        let unique = relations.unique(table);
        // What a row held before is nobody else's: only values that it is given are waited for.
        let mut look = |row: RowName, refs: &[RowName], uniques: &[Unique]| -> Result<bool> {
            facts.is_ghost |=
                self.state.live_ghosts(now).any(|ghost| ghost.covers(&row, refs, is_delete));
            for wait in self.edges(&row, refs, uniques, i64::MAX)? {
                // Of a letter that may hold any value most likely another one is wanted.
                facts.waits |= wait.cause != Cause::AnyUnique
                    || hold(self.standing_of(wait.before)?, wait.cause) != Hold::Free;
            }
            Ok(facts.waits || facts.is_ghost)
        };
        match &write.kind {
            WriteKind::Insert { rows, duplicates } => {
                for row in rows {
                    let values = || row.iter().enumerate();
                    let mut refs = self.refs(relations, &parents, table, values())?;
                    let uniques = super::outbox::uniques_of(table, &unique, values());
                    if *duplicates == crate::operation::Duplicates::Replace {
                        refs.extend(self.before(relations, table, &table.key_of(row))?);
                    }
                    if look(RowName::of_values(table, row), &refs, &uniques)? {
                        break;
                    }
                }
            }
            WriteKind::Update { target: Target::Key(key), assignments, additions } => {
                // What the file has may be old, so that a sum is none of its errors.
                let made = self.with_sums(table, key, assignments, additions);
                let made = made.unwrap_or_else(|_| assignments.clone());
                let complete = self.complete(relations, table, key, &made)?;
                let values = || complete.iter().map(|(at, value)| (*at, value));
                let mut refs = self.before(relations, table, key)?;
                refs.extend(self.refs(relations, &parents, table, values())?);
                let uniques = super::outbox::uniques_of(table, &unique, values());
                let row = RowName::of(table, key);
                look(row.clone(), &refs, &uniques)?;
                let is_set =
                    |name: &str| made.iter().any(|(at, _)| table.columns[*at].name == name);
                if relations.is_referred_by(table, is_set) {
                    facts.waits |= self.newest_child(&row, i64::MAX, i64::MAX)?.is_some();
                }
            }
            WriteKind::Delete { target: Target::Key(key) } => {
                let refs = self.before(relations, table, key)?;
                look(RowName::of(table, key), &refs, &[])?;
                // Who refers to the row, or to one that goes with it, is to go before.
                facts.waits |= !seam::breaks(Mutation::NoChildEdge)
                    && self.counts.rows > 0
                    && self.need_of(relations, table, key)?.is_some();
            }
            WriteKind::Update { .. } | WriteKind::Delete { .. } => {}
        }
        Ok(facts)
    }

    /// What the file says of a write by a condition.
    pub(crate) fn facts_of_filter(
        &self,
        relations: &Relations,
        write: &Write,
        now: Moment,
    ) -> Result<FilterFacts> {
        let name = TableName::of(write.table);
        let is_delete = matches!(write.kind, WriteKind::Delete { .. });
        let is_ghost = self
            .state
            .live_ghosts(now)
            .any(|ghost| ghost.table == name || (is_delete && ghost.parents.contains(&name)));
        let mut facts = FilterFacts {
            breaker_is_open: self.state.breaker.is_open(),
            is_paused: self.state.is_paused(&name),
            is_ghost,
            is_delete,
            is_settling: self.state.settling(now).is_some(),
            ..FilterFacts::default()
        };
        if self.counts.rows == 0 {
            return Ok(facts);
        }
        // Letters wait for a hand: what the remote has of their rows, it judges.
        facts.table_has_entries = self.exists(
            "select 1 from chronicle_outbox where table_name = ?1 and reason is null limit 1",
            [name.as_str()],
        )?;
        if is_delete {
            let refs = "select 1 from chronicle_refs r join chronicle_outbox o using (sequence) \
                where r.table_name = ?1 and o.reason is null limit 1";
            for table in relations.with_below(write.table) {
                facts.children_have_entries |= self.exists(refs, [table.as_str()])?;
            }
        }
        for parent in relations.above(write.table) {
            facts.parent_is_deleted |=
                self.deletes_wait_in(&parent)? || self.deletes_are_held_in(&parent)?;
        }
        if let WriteKind::Update { assignments, .. } = &write.kind {
            let values = assignments.iter().map(|(at, value)| (*at, value));
            for parent in self.refs(relations, &relations.of(write.table), write.table, values)? {
                facts.parent_waits |= self.newest_that_decides(&parent, i64::MAX)?.is_some()
                    || !self.deletes_that_took(&parent)?.is_empty();
            }
        }
        Ok(facts)
    }

    /// What the file says of a table that is read.
    pub(crate) fn facts_of_read(
        &self,
        relations: &Relations,
        table: &'static Table,
    ) -> Result<ReadFacts> {
        let mut facts =
            ReadFacts { breaker_is_open: self.state.breaker.is_open(), ..ReadFacts::default() };
        if self.counts.rows == 0 || facts.breaker_is_open {
            return Ok(facts);
        }
        facts.table_waits = self.waits_unheld(&TableName::of(table))?;
        for parent in relations.above(table) {
            facts.delete_above |= self.deletes_wait_in(&parent)?;
        }
        Ok(facts)
    }

    fn deletes_wait_in(&self, table: &TableName) -> Result<bool> {
        self.exists(
            "select 1 from chronicle_outbox \
               where waits_for is null and reason is null and table_name = ?1 and kind = 'delete' \
             union all select 1 from chronicle_outbox \
               where waits_for is not null and held = 0 and table_name = ?1 and kind = 'delete' limit 1",
            [table.as_str()],
        )
    }

    fn deletes_are_held_in(&self, table: &TableName) -> Result<bool> {
        self.exists(
            "select 1 from chronicle_outbox \
             where waits_for is not null and held = 1 and table_name = ?1 and kind = 'delete' limit 1",
            [table.as_str()],
        )
    }

    /// Whether an entry of the table waits that no letter holds.
    pub(super) fn waits_unheld(&self, table: &TableName) -> Result<bool> {
        self.exists(
            "select 1 from chronicle_outbox \
               where waits_for is null and reason is null and table_name = ?1 \
             union all select 1 from chronicle_outbox \
               where waits_for is not null and held = 0 and table_name = ?1 limit 1",
            [table.as_str()],
        )
    }

    /// Whether entries are to be looked at again.
    pub(crate) fn is_rework_due(&self) -> Result<bool> {
        self.exists("select 1 from chronicle_rework limit 1", [])
    }

    /// Whether nothing waits but what letters hold.
    pub(crate) fn is_drained(&self) -> Result<bool> {
        if self.counts.rows == self.counts.refused {
            return Ok(true);
        }
        let ready = "select 1 from chronicle_outbox indexed by chronicle_outbox_ready \
            where waits_for is null and reason is null limit 1";
        Ok(!self.exists(ready, [])? && !self.has_opened()? && !self.is_rework_due()?)
    }
}

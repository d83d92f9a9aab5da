//! Which entries go next, and the mark that they have left.

use super::outbox::named;
use super::state::EVERYTHING;
use super::transaction::{Transaction, internal};
use crate::Result;
use crate::failover::environment::{Moment, until};
use crate::failover::rules::batches::{self, Batch, Item, MOST_FOLDED, MOST_ROWS, UnderWay};
use crate::failover::rules::edges::{Hold, Wait, hold};
use crate::failover::rules::entry::{Entry, EntryKind};
use crate::failover::rules::name::{RowKey, RowName, TableName};
use crate::failover::seam::{self, Met, Mutation};
use std::collections::BTreeMap;
use std::time::Duration;
use uuid::Uuid;

/// The longest that an entry which failed alone is left alone.
pub(super) const LONGEST_REST: Duration = Duration::from_secs(60);

/// What is read of an entry, and whether another one of its row comes after it.
const ENTRY: &str = "o.sequence, table_name, row_key, kind, key_columns, column_names, version, request, \
    waits, base, failures, bytes, waits_for, body, refs, made, added, id, together, exists (select 1 from chronicle_outbox n \
      where n.table_name = o.table_name and n.row_key = o.row_key and n.sequence > o.sequence)";

/// What may be sent now.
#[derive(Debug)]
pub(crate) enum Chosen {
    /// The requests that may be under way at once, all of one table and kind. Never empty.
    Batches(Vec<Batch>),
    /// Nothing, for so long; `None` when nothing waits for a time.
    Nothing(Option<Duration>),
}

/// Which ready entries are looked at.
#[derive(Clone, Copy)]
enum Turn {
    /// Those that are not left alone now.
    Due(Moment),
    /// Those that have not failed alone.
    Untried,
    /// Those that have, the one that failed longest ago first.
    Tried,
}

impl Transaction<'_> {
    /// The next requests, besides those that are under way.
    pub(crate) fn choose(&self, now: Moment, under_way: &UnderWay) -> Result<Chosen> {
        if self.state.pauses.contains_key(EVERYTHING) {
            return Ok(Chosen::Nothing(None));
        }
        let settling = self.state.settling(now).filter(|_| !seam::breaks(Mutation::NoSettle));
        let mut wait = self.state.live_ghosts(now).filter_map(|ghost| ghost.stamp.rest(now)).min();
        let groups = self.groups_in_turn()?;
        // What has failed alone comes after all else: it may be what the server never answers, and
        // to send it makes what waits until no request can arrive late wait again.
        let mut is_held_back = false;
        for turn in [Turn::Untried, Turn::Due(now)] {
            if is_held_back {
                break;
            }
            for (table, kind, _) in &groups {
                if self.state.is_paused(table) {
                    continue;
                }
                if settling.is_some() && !kind.is_insert() {
                    seam::met(Met::SettleHeldBack);
                    is_held_back = true;
                    wait = [wait, settling].into_iter().flatten().min();
                    continue;
                }
                let requests = under_way.room_for(*kind);
                if requests == 0 {
                    continue;
                }
                let most_rows = self.most_rows(table);
                let most = batches::most_candidates(*kind, requests, most_rows);
                let items = self.candidates(table, *kind, turn, now, under_way, most)?;
                if !items.is_empty() {
                    return Ok(Chosen::Batches(batches::requests(items, requests, most_rows)));
                }
                let rest = "select min(try_at) from chronicle_outbox where waits_for is null \
                    and reason is null and table_name = ?1 and kind = ?2 and try_at > ?3";
                let rest = self.first(rest, (table.as_str(), kind.name(), now), |row| {
                    row.get::<_, Option<Moment>>(0)
                })?;
                let rest = rest.flatten().and_then(|at| until(at, now, LONGEST_REST));
                wait = [wait, rest].into_iter().flatten().min();
            }
        }
        Ok(Chosen::Nothing(wait))
    }

    /// One ready entry of a table alone, paused or not, that is of none of the rows `besides`.
    pub(crate) fn choose_one(
        &self,
        table: &TableName,
        besides: &[RowName],
        now: Moment,
    ) -> Result<Option<Batch>> {
        let settling = self.state.settling(now).filter(|_| !seam::breaks(Mutation::NoSettle));
        // Those that have failed alone come last, or a few of them would be tried for ever.
        let (mut is_held_back, none) = (false, UnderWay::default());
        for turn in [Turn::Untried, Turn::Tried] {
            if is_held_back {
                break;
            }
            let mut first: Option<Item> = None;
            for kind in EntryKind::ALL {
                if settling.is_some() && !kind.is_insert() {
                    let ready = self.candidates(table, kind, turn, now, &none, 1)?;
                    is_held_back |= !ready.is_empty();
                    continue;
                }
                let items = self.candidates(table, kind, turn, now, &none, besides.len() + 1)?;
                let item = items.into_iter().find(|item| !besides.contains(&item.entry.row));
                if let Some(item) = item
                    && first.as_ref().is_none_or(|first| first.entry.sequence > item.entry.sequence)
                {
                    first = Some(item);
                }
            }
            if let Some(first) = first {
                return Ok(batches::requests(vec![first], 1, 1).pop());
            }
        }
        Ok(None)
    }

    fn most_rows(&self, table: &TableName) -> usize {
        let learned = self.state.learned.get(table.as_str());
        learned
            .and_then(|learned| learned.most_rows)
            .filter(|_| !seam::breaks(Mutation::LearnedForgotten))
            .map_or(MOST_ROWS, |rows| rows.clamp(1, MOST_ROWS))
    }

    /// The tables and kinds of which an entry is ready, in the order in which they go: a table that
    /// the server does not serve would stand in the way of the others.
    fn groups_in_turn(&self) -> Result<Vec<(TableName, EntryKind, i64)>> {
        let mut groups = self.groups()?;
        let unserved = |table: &TableName| {
            self.state.learned.get(table.as_str()).map_or(0, |learned| learned.unserved)
        };
        groups.sort_by_key(|(table, _, sequence)| (unserved(table), *sequence));
        Ok(groups)
    }

    /// The table of an entry, to ask the remote for.
    pub(crate) fn some_table(&self) -> Result<Option<TableName>> {
        if let Some((table, ..)) = self.groups_in_turn()?.into_iter().next() {
            return Ok(Some(table));
        }
        let sql = "select table_name from chronicle_outbox order by sequence limit 1";
        self.first(sql, [], |row| Ok(TableName::stored(row.get(0)?)))
    }

    /// The tables and kinds of which an entry is ready, each with the first one's sequence.
    pub(super) fn groups(&self) -> Result<Vec<(TableName, EntryKind, i64)>> {
        let mut groups = BTreeMap::new();
        let mut last = (String::new(), String::new());
        while let Some((table, kind, sequence)) =
            self.next_group("waits_for is null and reason is null", &last)?
        {
            last = (table, kind);
            groups.insert(last.clone(), sequence);
        }
        for (table, kind, sequence) in self.opened_groups()? {
            let first = groups.entry((table, kind)).or_insert(sequence);
            *first = sequence.min(*first);
        }
        let groups = groups.into_iter().filter_map(|((table, kind), sequence)| {
            // One of a newer version of the library waits for a process of that version.
            Some((TableName::stored(table), EntryKind::named(&kind)?, sequence))
        });
        Ok(groups.collect())
    }

    /// Of the entries for which a condition holds, the first one of the table and kind after these.
    /// There may be 1,000,000 of one table and kind, which the index passes over.
    pub(super) fn next_group(
        &self,
        condition: &str,
        (table, kind): &(String, String),
    ) -> Result<Option<(String, String, i64)>> {
        for after in ["table_name = ?1 and kind > ?2", "table_name > ?1 and ?2 is not null"] {
            let sql = format!(
                "select table_name, kind, sequence from chronicle_outbox \
                 where {condition} and {after} order by table_name, kind, sequence limit 1"
            );
            let read = |row: &rusqlite::Row<'_>| Ok((row.get(0)?, row.get(1)?, row.get(2)?));
            let found = self.first(&sql, (table, kind), read)?;
            if found.is_some() {
                return Ok(found);
            }
        }
        Ok(None)
    }

    /// Ready entries of one table and kind after a sequence, with what travels with them.
    fn candidates(
        &self,
        table: &TableName,
        kind: EntryKind,
        turn: Turn,
        present: Moment,
        under_way: &UnderWay,
        most: usize,
    ) -> Result<Vec<Item>> {
        let (from, to, order) = match turn {
            Turn::Due(now) => (Moment::MIN, now, "sequence"),
            Turn::Untried => (Moment::MIN, 0, "sequence"),
            Turn::Tried => (1, Moment::MAX, "try_at, sequence"),
        };
        // A time further ahead than an entry is ever left alone is of another clock.
        let latest = match turn {
            Turn::Due(now) => now.saturating_add(LONGEST_REST.as_millis() as Moment),
            Turn::Untried | Turn::Tried => Moment::MAX,
        };
        let sql = format!(
            "select {ENTRY} from chronicle_outbox o where waits_for is null and reason is null \
             and table_name = ?1 and kind = ?2 and sequence > ?6 \
             and (try_at between ?3 and ?4 or try_at > ?5) order by {order} limit ?7"
        );
        let after = under_way.last_of(table, kind);
        let values = (table.as_str(), kind.name(), from, to, latest, after, most as i64);
        let mut rows = self.list(&sql, values, read_entry)?;
        // What has failed is parked at nothing.
        if !matches!(turn, Turn::Tried) {
            let (group, most) = ((table, kind), most - rows.len());
            rows.extend(self.list_opened(
                ENTRY,
                group,
                under_way.last_opened(table, kind),
                most,
                read_entry,
            )?);
        }
        let ghosts: Vec<_> = self.state.live_ghosts(present).collect();
        let settling = self.state.settling(present);
        let mut items = Vec::with_capacity(rows.len());
        for row in rows {
            let Read { entry, refs, is_followed } = entry_of(row)?;
            if let Some(last) = entry.together {
                let members = self.in_the_way(last)?;
                let is_held_back =
                    settling.is_some() && members.iter().any(|(.., kind)| !kind.is_insert());
                let is_covered = members.iter().any(|(row, refs, kind)| {
                    let is_delete = *kind == EntryKind::Delete;
                    ghosts.iter().any(|ghost| ghost.covers(row, refs, is_delete))
                });
                if is_held_back || is_covered {
                    seam::met(Met::GhostHeldBack);
                    continue;
                }
            } else if !ghosts.is_empty() {
                let (refs, is_delete) = (named(&refs)?, kind == EntryKind::Delete);
                if ghosts.iter().any(|ghost| ghost.covers(&entry.row, &refs, is_delete)) {
                    seam::met(Met::GhostHeldBack);
                    continue;
                }
            }
            items.push(match entry.together {
                Some(last) => Item::of_group(entry, self.group(last)?),
                None => self.with_folded(entry, is_followed)?,
            });
        }
        Ok(items)
    }

    /// The rows of entries that are made together, what each refers to, and its kind.
    fn in_the_way(&self, last: i64) -> Result<Vec<(RowName, Vec<RowName>, EntryKind)>> {
        let sql =
            "select table_name, row_key, refs, kind from chronicle_outbox where together = ?1";
        let members = self.list(sql, [last], |row| {
            let name = RowName::new(TableName::stored(row.get(0)?), RowKey::stored(row.get(1)?));
            Ok((name, row.get::<_, String>(2)?, row.get::<_, String>(3)?))
        })?;
        let member = |(row, refs, kind): (RowName, String, String)| {
            let kind = EntryKind::stored(&kind)?;
            Ok((row, named(&refs)?, kind))
        };
        members.into_iter().map(member).collect()
    }

    /// The entries that are made together, in their order.
    fn group(&self, last: i64) -> Result<Vec<Entry>> {
        let sql = format!(
            "select {ENTRY} from chronicle_outbox o where together = ?1 order by o.sequence"
        );
        let rows = self.list(&sql, [last], read_entry)?;
        rows.into_iter().map(|row| Ok(entry_of(row)?.entry)).collect()
    }

    fn with_folded(&self, entry: Entry, mut is_followed: bool) -> Result<Item> {
        let mut item = Item::new(entry);
        let mut last = item.entry.sequence;
        let once = self.state.has_function == Some(true);
        while is_followed {
            let sql = format!(
                "select {ENTRY} from chronicle_outbox o \
                 where table_name = ?1 and row_key = ?2 and sequence > ?3 and reason is null \
                 order by sequence limit 1"
            );
            let row = (item.entry.row.table.as_str(), item.entry.row.key.as_str(), last);
            let Some(row) = self.first(&sql, row, read_entry)? else { break };
            if EntryKind::named(&row.0.3).is_none() {
                // One of a newer version travels with nothing.
                break;
            }
            let next = entry_of(row)?;
            let waits_for_else = self.waits_for_else(&item, &next.entry.waits)?;
            if item.folded.len() == MOST_FOLDED || !item.takes(&next.entry, waits_for_else, once) {
                item.version_column_behind = next.entry.base.map(|base| base.column);
                break;
            }
            seam::met(Met::Folded);
            last = next.entry.sequence;
            is_followed = next.is_followed;
            item.folded.push(next.entry);
        }
        Ok(item)
    }

    /// Whether one of these waits is for something that is there and not part of the item.
    fn waits_for_else(&self, item: &Item, waits: &[Wait]) -> Result<bool> {
        for wait in waits {
            let is_part = item.sequences().any(|sequence| sequence == wait.before);
            if !is_part && hold(self.standing_of(wait.before)?, wait.cause) != Hold::Free {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Whether all entries of a batch that was chosen before are there as they were, and not refused.
    pub(crate) fn may_still_go(&self, batch: &Batch) -> Result<bool> {
        let entries: Vec<(i64, &str)> = batch
            .items
            .iter()
            .flat_map(Item::entries)
            .map(|entry| (entry.sequence, entry.version.as_str()))
            .collect();
        let list = serde_json::to_string(&entries).map_err(internal)?;
        let sql = "select count(*) from json_each(?1) e \
            join chronicle_outbox o on o.sequence = e.value ->> 0 \
            where o.version = e.value ->> 1 and o.reason is null";
        let found: Option<i64> = self.first(sql, [list], |row| row.get(0))?;
        Ok(found == Some(entries.len() as i64))
    }

    /// Notes that a request with these entries is about to leave; its number.
    pub(crate) fn mark(&mut self, sequences: &[i64]) -> Result<i64> {
        self.counts.request += 1;
        let request = self.counts.request;
        if !seam::breaks(Mutation::NoMarkBeforeSend) {
            let list = serde_json::to_string(sequences).map_err(internal)?;
            self.execute(
                "insert into chronicle_sending (request, sequences) values (?1, ?2)",
                (request, list),
            )?;
        }
        Ok(request)
    }

    /// A request was answered.
    pub(crate) fn unmark(&mut self, request: i64) -> Result<()> {
        self.execute("delete from chronicle_sending where request = ?1", [request]).map(drop)
    }

    /// Nobody will hear what became of a request: its entries may have left in it.
    pub(crate) fn keep_mark(&mut self, request: i64, sequences: &[i64]) -> Result<()> {
        let list = serde_json::to_string(sequences).map_err(internal)?;
        self.execute(
            "update chronicle_outbox set request = ?1 \
             where sequence in (select value from json_each(?2))",
            (request, list),
        )?;
        self.unmark(request)
    }

    /// Whether a request may have left whose answer nobody has heard.
    pub(crate) fn has_sent(&self) -> Result<bool> {
        let sent = "select 1 from chronicle_outbox where request is not null and reason is null \
            union all select 1 from chronicle_sending limit 1";
        self.exists(sent, [])
    }

    /// Whether no request with a write has ever left for the remote that the file belongs to.
    pub(crate) fn has_sent_nothing(&self) -> Result<bool> {
        let sent = "select 1 from chronicle_outbox where request is not null or reason is not null \
            union all select 1 from chronicle_sending \
            union all select 1 from chronicle_direct limit 1";
        Ok(self.state.last_success.is_none()
            && self.state.ghosts.is_empty()
            && !self.exists(sent, [])?)
    }

    /// Whoever replayed before ended with requests under way. They may have left just now, however
    /// long ago that was noted: a process can be stopped between the two. `false` when there were
    /// none.
    pub(crate) fn take_over(&mut self) -> Result<bool> {
        let sending = self.list("select request, sequences from chronicle_sending", [], |row| {
            Ok((row.get::<_, i64>(0)?, row.get::<_, String>(1)?))
        })?;
        for (request, sequences) in &sending {
            let sequences: Vec<i64> = serde_json::from_str(sequences).map_err(internal)?;
            self.keep_mark(*request, &sequences)?;
        }
        let took_over = !sending.is_empty() || self.has_sent()?;
        if took_over {
            seam::met(Met::TookOver);
        }
        Ok(took_over)
    }
}

/// An entry as it was read.
struct Read {
    entry: Entry,
    /// The rows that it refers to, as the outbox has them.
    refs: String,
    /// Whether another entry of its row comes after it.
    is_followed: bool,
}

type Row = (
    (i64, String, String, String, String, String, String),
    (Option<i64>, String, Option<String>, u32, i64, Option<i64>),
    (String, String, String, bool),
    (String, String, Option<i64>),
);

fn read_entry(row: &rusqlite::Row<'_>) -> rusqlite::Result<Row> {
    Ok((
        (row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?, row.get(5)?, row.get(6)?),
        (row.get(7)?, row.get(8)?, row.get(9)?, row.get(10)?, row.get(11)?, row.get(12)?),
        (row.get(13)?, row.get(14)?, row.get(15)?, row.get(19)?),
        (row.get(16)?, row.get(17)?, row.get(18)?),
    ))
}

fn entry_of(row: Row) -> Result<Read> {
    let ((sequence, table, key, kind, key_columns, columns, version), state, rest, once) = row;
    let (request, waits, base, failures, bytes, opened_by) = state;
    let (body, refs, made, is_followed) = rest;
    let (added, id, together) = once;
    let entry = Entry {
        sequence,
        row: RowName::new(TableName::stored(table), RowKey::stored(key)),
        kind: EntryKind::stored(&kind)?,
        key_columns: serde_json::from_str(&key_columns).map_err(internal)?,
        columns,
        body: body.into(),
        made: serde_json::from_str(&made).map_err(internal)?,
        added: serde_json::from_str(&added).map_err(internal)?,
        id: Uuid::parse_str(&id).map_err(internal)?,
        together,
        version,
        request,
        waits: serde_json::from_str(&waits).map_err(internal)?,
        base: base.map(|base| serde_json::from_str(&base)).transpose().map_err(internal)?,
        failures,
        bytes: u64::try_from(bytes).unwrap_or(0),
        opened_by,
    };
    Ok(Read { entry, refs, is_followed })
}

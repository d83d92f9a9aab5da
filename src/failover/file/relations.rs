//! [`Relations`]: which tables of the file refer to which, by the entities and by the file's own
//! foreign keys.

use super::local_key;
use super::outbox::listed;
use super::transaction::Transaction;
use crate::backend::sqlite::{from_rusqlite, quoted};
use crate::failover::rules::name::{RowKey, RowName, TableName};
use crate::key::Key;
use crate::{Parent, Result, Table, value};
use rusqlite::Connection;
use rusqlite::types::Value as Stored;
use sea_orm::Value;
use std::collections::{BTreeMap, HashMap, HashSet};

/// Most rows that are looked through to see whether something waits below one that is to go.
pub(super) const MOST_BELOW: usize = 1_000;

/// Of `sqlite_schema m`: the tables that may be an entity's. Asking after the failover's own would be
/// most of the work, and a process that writes one row does it once.
const NOT_OWN: &str = "m.type = 'table' and m.name not in ('chronicle_failover', 'chronicle_outbox', \
    'chronicle_refs', 'chronicle_uniques', 'chronicle_tombstones', 'chronicle_unlinked', 'chronicle_columns', \
    'chronicle_rework', 'chronicle_opened', 'chronicle_sending', 'chronicle_direct', 'chronicle_written', \
    'chronicle_unsure', 'chronicle_local_rows')";

/// A foreign key in the file, to the key of another table, or to columns of it that are unique.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Foreign {
    child: String,
    /// In the order of [`to`](Self::to).
    columns: Vec<String>,
    parent: String,
    /// The names of the parent's columns, sorted.
    to: Vec<String>,
    on_delete: OnDelete,
}

/// What becomes of rows when the one that they refer to is deleted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum OnDelete {
    /// They go with it.
    Cascade,
    /// They refer to none then.
    SetNull,
    /// They are in its way.
    Nothing,
}

/// The keys, the foreign keys and the unique indexes of the file.
#[derive(Clone, Debug, Default)]
pub(crate) struct Relations {
    foreign: Vec<Foreign>,
    /// Of each table: the names of its key columns, sorted.
    keys: HashMap<String, Vec<String>>,
    /// Of each table: the columns of its unique indexes.
    unique: HashMap<String, Vec<Vec<String>>>,
    /// Of each table: the columns that the file makes itself.
    generated: HashMap<String, Vec<String>>,
    /// Of each table: the columns that hold bytes.
    bytes: HashMap<String, Vec<String>>,
    /// Of each table: how many columns the entities have that were used with the file.
    pub(super) columns: HashMap<String, usize>,
    /// Of each table: those of them that the database makes values of.
    made: HashMap<String, Vec<String>>,
    /// The number of entities ([`Counts::entities`](super::state::Counts)) when that was so.
    pub(super) entities: i64,
    /// `pragma schema_version` of the file that they were read from.
    version: i64,
}

/// What keeps a row in the file that the remote does not have, the stronger one last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Need {
    /// It never was at the remote, or refers to such a row.
    Local,
    /// An entry is about it, or refers to it.
    Waits,
}

/// A row that goes with the one that it refers to: its table, its key as the file holds it.
pub(crate) struct Below {
    pub(crate) row: RowName,
    table: String,
    local_key: Stored,
}

impl Below {
    pub(super) const fn local_key(&self) -> &Stored {
        &self.local_key
    }
}

impl Relations {
    pub(crate) fn read(connection: &Connection) -> Result<Self> {
        let version = connection
            .query_row("pragma schema_version", [], |row| row.get(0))
            .map_err(from_rusqlite)?;
        let mut relations = Self { version, ..Self::default() };
        let spelling = relations.read_known(connection)?;
        relations.read_columns(connection, &spelling)?;
        relations.read_unique(connection, &spelling)?;
        relations.read_foreign(connection, &spelling)?;
        relations.entities = entities(connection)?;
        Ok(relations)
    }

    /// The columns of a table that the database makes values of, of all entities.
    pub(super) fn made(&self, table: &TableName) -> &[String] {
        self.made.get(table.as_str()).map_or(&[], Vec::as_slice)
    }

    /// Whether other entities have such columns that this one lacks.
    pub(crate) fn makes_more(&self, table: &'static Table) -> bool {
        let is_own = |made: &String| table.columns.iter().any(|column| column.name == made);
        !self.made(&TableName::of(table)).iter().all(is_own)
    }

    /// The columns of the entities that were used with the file.
    fn read_known(&mut self, connection: &Connection) -> Result<Spelling> {
        let mut spelling = Spelling(HashMap::new());
        let sql = "select table_name, column_name, made, bytes from chronicle_columns";
        let mut statement = connection.prepare_cached(sql).map_err(from_rusqlite)?;
        let mut rows = statement.query([]).map_err(from_rusqlite)?;
        while let Some(row) = rows.next().map_err(from_rusqlite)? {
            let (table, column, made, bytes): (String, String, bool, bool) =
                row.try_into().map_err(from_rusqlite)?;
            spelling.add(table.clone(), column.clone());
            *self.columns.entry(table.clone()).or_default() += 1;
            if made {
                self.made.entry(table.clone()).or_default().push(column.clone());
            }
            if bytes {
                self.bytes.entry(table).or_default().push(column);
            }
        }
        Ok(spelling)
    }

    /// The keys of the tables, and what the file makes itself.
    fn read_columns(&mut self, connection: &Connection, spelling: &Spelling) -> Result<()> {
        let sql = format!(
            "select m.name, c.name, c.pk > 0, c.hidden in (2, 3) \
             from sqlite_schema m, pragma_table_xinfo(m.name) c \
             where {NOT_OWN} and (c.pk > 0 or c.hidden in (2, 3))"
        );
        let mut statement = connection.prepare_cached(&sql).map_err(from_rusqlite)?;
        let mut rows = statement.query([]).map_err(from_rusqlite)?;
        while let Some(row) = rows.next().map_err(from_rusqlite)? {
            let (table, column, is_of_key, is_generated): (String, String, bool, bool) =
                row.try_into().map_err(from_rusqlite)?;
            let (table, column) = spelling.of(table, column);
            if is_of_key {
                self.keys.entry(table.clone()).or_default().push(column.clone());
            }
            if is_generated {
                self.generated.entry(table).or_default().push(column);
            }
        }
        self.keys.values_mut().for_each(|columns| columns.sort_unstable());
        Ok(())
    }

    fn read_foreign(&mut self, connection: &Connection, spelling: &Spelling) -> Result<()> {
        /// The parent, and each of its columns with the child's.
        type Found = (String, OnDelete, Vec<(String, String)>);
        let mut statement = connection
            .prepare_cached(&format!(
                "select m.name, f.id, f.\"from\", f.\"table\", f.on_delete, f.\"to\", p.name \
                 from sqlite_schema m, pragma_foreign_key_list(m.name) f \
                 left join pragma_table_info(f.\"table\") p on p.pk = f.seq + 1 \
                 where {NOT_OWN}"
            ))
            .map_err(from_rusqlite)?;
        let mut found: BTreeMap<(String, i64), Found> = BTreeMap::new();
        let mut rows = statement.query([]).map_err(from_rusqlite)?;
        while let Some(row) = rows.next().map_err(from_rusqlite)? {
            let (child, id, column, parent, on_delete, to, key) =
                foreign_row(row).map_err(from_rusqlite)?;
            let entry = found.entry((child, id)).or_insert((parent, on_delete, Vec::new()));
            // Without a name it refers to the key, column by column.
            if let Some(to) = to.or(key) {
                entry.2.push((to, column));
            }
        }
        for ((child, _), (parent, on_delete, pairs)) in found {
            let pair = |(to, column)| {
                (spelling.of(parent.clone(), to).1, spelling.of(child.clone(), column).1)
            };
            let mut pairs: Vec<(String, String)> = pairs.into_iter().map(pair).collect();
            pairs.sort_unstable();
            let (child, parent) = (spelling.table(child), spelling.table(parent));
            let (to, columns): (Vec<String>, Vec<String>) = pairs.into_iter().unzip();
            if self.names_a_row(&parent, &to) {
                self.foreign.push(Foreign { child, columns, parent, to, on_delete });
            }
        }
        Ok(())
    }

    fn read_unique(&mut self, connection: &Connection, spelling: &Spelling) -> Result<()> {
        let sql = format!(
            "select m.name || char(0) || i.name, c.name \
             from sqlite_schema m, pragma_index_list(m.name) i, pragma_index_info(i.name) c \
             where {NOT_OWN} and i.\"unique\" = 1 and i.partial = 0 and i.origin <> 'pk' \
               and not exists (select 1 from pragma_index_info(i.name) e where e.name is null) \
             order by m.name, i.name, c.seqno"
        );
        let mut indexes: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for (index, column) in pairs(connection, &sql)? {
            indexes.entry(index).or_default().push(column);
        }
        for (index, columns) in indexes {
            let table = index.split('\0').next().unwrap_or_default().to_owned();
            let columns =
                columns.into_iter().map(|column| spelling.of(table.clone(), column).1).collect();
            self.unique.entry(spelling.table(table)).or_default().push(columns);
        }
        Ok(())
    }

    /// Whether rows of other tables refer to columns like these of a table, which are not its key.
    pub(super) fn is_referred_by(&self, table: &Table, is_it: impl Fn(&str) -> bool) -> bool {
        let key = self.key_of(table.name);
        self.foreign.iter().any(|foreign| {
            foreign.parent == table.name
                && foreign.to != key
                && foreign.to.iter().any(|name| is_it(name))
        })
    }

    /// Whether these columns of a table, sorted, are its key or unique.
    fn names_a_row(&self, table: &str, columns: &[String]) -> bool {
        let is_it = |set: &Vec<String>| {
            set.len() == columns.len() && set.iter().all(|column| columns.contains(column))
        };
        self.key_of(table) == columns || self.unique.get(table).into_iter().flatten().any(is_it)
    }

    /// The positions of columns of an entity's table that the file makes itself.
    pub(super) fn generated(&self, table: &'static Table) -> Vec<usize> {
        let Some(names) = self.generated.get(table.name) else { return Vec::new() };
        let is_generated = |at: &usize| names.iter().any(|name| name == table.columns[*at].name);
        (0..table.columns.len()).filter(is_generated).collect()
    }

    /// The positions of columns of an entity's table that are unique, one alone or several together:
    /// by the entity and by the file.
    pub(crate) fn unique(&self, table: &'static Table) -> Vec<Vec<usize>> {
        let mut unique: Vec<Vec<usize>> = table.unique.iter().map(|set| set.to_vec()).collect();
        for names in self.unique.get(table.name).into_iter().flatten() {
            let position = |name: &String| table.columns.iter().position(|one| one.name == name);
            let Some(set) = names.iter().map(position).collect::<Option<Vec<_>>>() else {
                continue;
            };
            let is_same = |known: &[usize]| {
                known.len() == set.len() && set.iter().all(|at| known.contains(at))
            };
            if !is_same(table.key) && !unique.iter().any(|known| is_same(known)) {
                unique.push(set);
            }
        }
        unique
    }

    /// Whether the file's tables are still those that these were read from.
    pub(crate) fn are_of(&self, connection: &Connection) -> Result<bool> {
        let mut statement =
            connection.prepare_cached("pragma schema_version").map_err(from_rusqlite)?;
        let version: i64 = statement.query_row([], |row| row.get(0)).map_err(from_rusqlite)?;
        Ok(version == self.version && entities(connection)? == self.entities)
    }

    /// The foreign keys of an entity's table: those of its relations, and those of the file.
    pub(crate) fn of(&self, table: &'static Table) -> Vec<Parent> {
        let mut parents = (table.parents)().to_vec();
        // Who refers to columns that are not unique names no row by them.
        parents.retain(|parent| {
            !self.keys.contains_key(&parent.table) || self.names_a_row(&parent.table, &parent.to)
        });
        for foreign in self.foreign.iter().filter(|foreign| foreign.child == table.name) {
            let is_known = parents
                .iter()
                .any(|known| (&known.columns, &known.table) == (&foreign.columns, &foreign.parent));
            if !is_known {
                parents.push(Parent {
                    columns: foreign.columns.clone(),
                    schema: table.schema.map(str::to_owned),
                    table: foreign.parent.clone(),
                    to: foreign.to.clone(),
                });
            }
        }
        parents
    }

    /// The tables above an entity's, through all levels; its own where it refers to itself.
    pub(crate) fn above(&self, table: &'static Table) -> Vec<TableName> {
        let mut found: Vec<(Option<String>, String)> =
            self.of(table).into_iter().map(|parent| (parent.schema, parent.table)).collect();
        let mut at = 0;
        while let Some((schema, name)) = found.get(at).cloned() {
            let above = self.foreign.iter().filter(|foreign| foreign.child == name);
            for parent in above.map(|foreign| (schema.clone(), foreign.parent.clone())) {
                if !found.contains(&parent) {
                    found.push(parent);
                }
            }
            at += 1;
        }
        found.iter().map(|(schema, name)| TableName::new(schema.as_deref(), name)).collect()
    }

    /// A table, and all whose rows refer to it, through all levels.
    pub(crate) fn with_below(&self, table: &'static Table) -> Vec<TableName> {
        let mut found = vec![table.name.to_owned()];
        let mut at = 0;
        while let Some(name) = found.get(at).cloned() {
            for foreign in self.foreign.iter().filter(|foreign| foreign.parent == name) {
                if !found.contains(&foreign.child) {
                    found.push(foreign.child.clone());
                }
            }
            at += 1;
        }
        found.iter().map(|name| TableName::new(table.schema, name)).collect()
    }

    /// Of the foreign keys of an entity's table, those by which a delete does this in the file.
    fn that(&self, table: &'static Table, on_delete: OnDelete) -> Vec<Parent> {
        let mut parents = self.of(table);
        parents.retain(|parent| {
            self.foreign.iter().any(|foreign| {
                (foreign.child.as_str(), &foreign.columns, &foreign.parent, foreign.on_delete)
                    == (table.name, &parent.columns, &parent.table, on_delete)
            })
        });
        parents
    }

    /// The names of a table's key columns in the file, sorted; none of a table without a key.
    fn key_of(&self, table: &str) -> &[String] {
        self.keys.get(table).map_or(&[], Vec::as_slice)
    }
}

impl Transaction<'_> {
    /// The rows that a row's values refer to by these foreign keys.
    pub(crate) fn refs<'v>(
        &self,
        relations: &Relations,
        parents: &[Parent],
        table: &'static Table,
        values: impl Iterator<Item = (usize, &'v Value)>,
    ) -> Result<Vec<RowName>> {
        let values: Vec<(usize, &Value)> = values.collect();
        let mut refs = Vec::new();
        for parent in parents {
            let named = |name: &String| {
                let mut values = values.iter();
                let value = values.find(|(at, _)| table.columns[*at].name == name)?.1;
                (!value::is_null(value)).then_some(value)
            };
            // Where one of several is NULL it refers to none.
            let Some(given) = parent.columns.iter().map(named).collect::<Option<Vec<_>>>() else {
                continue;
            };
            let key = relations.key_of(&parent.table);
            let row = if key.is_empty() || key == parent.to {
                let name = TableName::new(parent.schema.as_deref(), &parent.table);
                Some(RowName::new(name, RowKey::of_values(given)))
            } else {
                self.row_with(relations, parent, &given)?
            };
            refs.extend(row.filter(|row| !refs.contains(row)));
        }
        Ok(refs)
    }

    /// The row that has these unique values, or had them until an entry changed or removed it.
    fn row_with(
        &self,
        relations: &Relations,
        parent: &Parent,
        values: &[&Value],
    ) -> Result<Option<RowName>> {
        let key = relations.key_of(&parent.table);
        let sql = format!(
            "select {key} from {table} where {condition}",
            key = local_key::list(key),
            table = quoted(&parent.table),
            condition = local_key::condition(&parent.to, 1),
        );
        let stored = values.iter().map(|value| local_key::stored(value));
        let columns = key.len();
        let found = self.first(&sql, rusqlite::params_from_iter(stored), |row| {
            local_key::of_row(row, columns)
        })?;
        if let Some(local_key) = found {
            let schema = parent.schema.as_deref();
            return Ok(Some(row_of(relations, schema, &parent.table, &local_key)));
        }
        let sql = "select o.table_name, o.row_key from chronicle_uniques u \
            join chronicle_outbox o using (sequence) where u.table_name = ?1 \
              and u.column_names = ?2 and u.value = ?3 order by u.sequence desc limit 1";
        let name = TableName::new(parent.schema.as_deref(), &parent.table);
        let texts = values.iter().map(|value| value::to_text(value)).collect();
        self.first(sql, (name.as_str(), listed(parent.to.clone()), listed(texts)), |row| {
            let (table, key) = (row.get(0)?, row.get(1)?);
            Ok(RowName::new(TableName::stored(table), RowKey::stored(key)))
        })
    }

    /// The rows whose delete takes along who has these values.
    pub(super) fn cascading_refs<'v>(
        &self,
        relations: &Relations,
        table: &'static Table,
        values: impl Iterator<Item = (usize, &'v Value)>,
    ) -> Result<Vec<RowName>> {
        self.refs(relations, &relations.that(table, OnDelete::Cascade), table, values)
    }

    /// The rows whose delete leaves who has these values without a reference, each with the column.
    pub(super) fn unlinking_refs<'v>(
        &self,
        relations: &Relations,
        table: &'static Table,
        values: impl Iterator<Item = (usize, &'v Value)>,
    ) -> Result<Vec<(usize, RowName)>> {
        let values: Vec<(usize, &Value)> = values.collect();
        let mut refs = Vec::new();
        for parent in relations.that(table, OnDelete::SetNull) {
            let is_of_it =
                |at: &usize| parent.columns.iter().any(|one| one == table.columns[*at].name);
            let columns: Vec<usize> =
                values.iter().map(|(at, _)| *at).filter(|at| is_of_it(at)).collect();
            let parent = std::slice::from_ref(&parent);
            for row in self.refs(relations, parent, table, values.iter().copied())? {
                refs.extend(columns.iter().map(|at| (*at, row.clone())));
            }
        }
        Ok(refs)
    }

    /// What a foreign key's columns hold in the children of a row: its key, or its unique values.
    fn referred(
        &self,
        relations: &Relations,
        foreign: &Foreign,
        key: &Stored,
    ) -> Result<Vec<Stored>> {
        let columns = relations.key_of(&foreign.parent);
        let values = local_key::unpack(key, columns.len());
        if columns == foreign.to {
            return Ok(values);
        }
        let sql = format!(
            "select {to} from {parent} where {condition}",
            to = local_key::list(&foreign.to),
            parent = quoted(&foreign.parent),
            condition = local_key::condition(columns, 1),
        );
        let held = self.first(&sql, rusqlite::params_from_iter(values), |row| {
            (0..foreign.to.len()).map(|at| row.get(at)).collect::<rusqlite::Result<Vec<_>>>()
        })?;
        // Of a row that is not there nobody is known to be below; NULL equals nothing.
        Ok(held.unwrap_or_else(|| vec![Stored::Null; foreign.to.len()]))
    }

    /// The rows of the file that its foreign keys take along when this row is deleted, through all
    /// levels; at most `most`.
    pub(super) fn below(
        &self,
        relations: &Relations,
        table: &'static Table,
        key: &Key,
        most: usize,
    ) -> Result<Vec<Below>> {
        let row = RowName::of(table, key);
        self.below_row(relations, &row, local_key::of_key(table, key), most)
    }

    /// As [`below`](Self::below), by the key as the file holds it.
    pub(super) fn below_row(
        &self,
        relations: &Relations,
        row: &RowName,
        local_key: Stored,
        most: usize,
    ) -> Result<Vec<Below>> {
        let (schema, table) = row.table.parts();
        let mut found: Vec<Below> = Vec::new();
        let mut known = HashSet::from([row.clone()]);
        let mut next: Vec<(String, Stored)> = vec![(table, local_key)];
        while let Some((parent, key)) = next.pop() {
            let children = relations.foreign.iter().filter(|foreign| foreign.parent == parent);
            for foreign in children.filter(|foreign| foreign.on_delete == OnDelete::Cascade) {
                for local_key in self.keys_of_children(relations, foreign, &key, most)? {
                    let row = row_of(relations, schema.as_deref(), &foreign.child, &local_key);
                    if known.insert(row.clone()) {
                        next.push((foreign.child.clone(), local_key.clone()));
                        found.push(Below { row, table: foreign.child.clone(), local_key });
                    }
                }
            }
            if found.len() >= most {
                break;
            }
        }
        Ok(found)
    }

    /// Of rows that would go with another one: those below one that has an entry.
    pub(super) fn below_entries(
        &self,
        relations: &Relations,
        all: &[Below],
        most: usize,
    ) -> Result<HashSet<RowName>> {
        let mut found = HashSet::new();
        for below in all {
            if self.has_entry(&below.row)? {
                let key = below.local_key.clone();
                let under = self.below_row(relations, &below.row, key, most)?;
                found.extend(under.into_iter().map(|below| below.row));
            }
        }
        Ok(found)
    }

    /// The keys of the rows that refer by a foreign key to a row, as the file holds them; at most
    /// `most`.
    fn keys_of_children(
        &self,
        relations: &Relations,
        foreign: &Foreign,
        key: &Stored,
        most: usize,
    ) -> Result<Vec<Stored>> {
        let columns = relations.key_of(&foreign.child);
        if columns.is_empty() {
            // A table without a key cannot be named row by row.
            return Ok(Vec::new());
        }
        let sql = format!(
            "select {key} from {child} where {condition} limit {most}",
            key = local_key::list(columns),
            child = quoted(&foreign.child),
            condition = local_key::condition(&foreign.columns, 1),
            most = i64::try_from(most).unwrap_or(i64::MAX),
        );
        let values = rusqlite::params_from_iter(self.referred(relations, foreign, key)?);
        self.list(&sql, values, |row| local_key::of_row(row, columns.len()))
    }

    /// What the row, or one that would go with it, is needed for.
    pub(crate) fn need_of(
        &self,
        relations: &Relations,
        table: &'static Table,
        key: &Key,
    ) -> Result<Option<Need>> {
        self.need_of_row(relations, &RowName::of(table, key), local_key::of_key(table, key))
    }

    /// The same of a row that would go with another one.
    pub(super) fn need_of_below(
        &self,
        relations: &Relations,
        below: &Below,
    ) -> Result<Option<Need>> {
        self.need_of_row(relations, &below.row, below.local_key.clone())
    }

    fn need_of_row(
        &self,
        relations: &Relations,
        row: &RowName,
        local_key: Stored,
    ) -> Result<Option<Need>> {
        let mut need = self.own_need(row)?;
        if need == Some(Need::Waits) {
            return Ok(need);
        }
        let below = self.below_row(relations, row, local_key, MOST_BELOW)?;
        if below.len() >= MOST_BELOW {
            return Ok(Some(Need::Waits));
        }
        for below in &below {
            if need == Some(Need::Waits) {
                break;
            }
            need = need.max(self.own_need(&below.row)?);
        }
        Ok(need)
    }

    pub(super) fn own_need(&self, row: &RowName) -> Result<Option<Need>> {
        let values = (row.table.as_str(), row.key.as_str());
        let waits = "select 1 from chronicle_outbox where table_name = ?1 and row_key = ?2 \
             union all select 1 from chronicle_refs where table_name = ?1 and row_key = ?2";
        if self.counts.rows > 0 && self.exists(waits, values)? {
            return Ok(Some(Need::Waits));
        }
        Ok(self.is_local(row)?.then_some(Need::Local))
    }

    /// The rows of the file that refer to none any more when this row is deleted, or one of those
    /// that go with it.
    pub(super) fn unlinked_by(
        &self,
        relations: &Relations,
        row: &RowName,
        local_key: Stored,
        below: &[Below],
    ) -> Result<Vec<RowName>> {
        let (schema, table) = row.table.parts();
        let below = below.iter().map(|below| (below.table.clone(), below.local_key.clone()));
        let mut unlinked = Vec::new();
        for (parent, key) in std::iter::once((table, local_key)).chain(below) {
            let children = relations.foreign.iter().filter(|foreign| foreign.parent == parent);
            for foreign in children.filter(|foreign| foreign.on_delete == OnDelete::SetNull) {
                let keys = self.keys_of_children(relations, foreign, &key, usize::MAX)?;
                let row = |key| row_of(relations, schema.as_deref(), &foreign.child, key);
                unlinked.extend(keys.iter().map(row));
            }
        }
        Ok(unlinked)
    }

    /// Rows that stay when the one that they refer to goes refer to none, as at the remote.
    pub(super) fn unlink(
        &self,
        relations: &Relations,
        table: &str,
        local_key: &Stored,
    ) -> Result<()> {
        let children = relations.foreign.iter().filter(|foreign| foreign.parent == table);
        for foreign in children.filter(|foreign| foreign.on_delete == OnDelete::SetNull) {
            let nulls: Vec<String> =
                foreign.columns.iter().map(|column| format!("{} = null", quoted(column))).collect();
            let sql = format!(
                "update {child} set {nulls} where {condition}",
                child = quoted(&foreign.child),
                nulls = nulls.join(", "),
                condition = local_key::condition(&foreign.columns, 1),
            );
            let values = self.referred(relations, foreign, local_key)?;
            self.execute(&sql, rusqlite::params_from_iter(values))?;
        }
        Ok(())
    }

    /// Removes a row that went with another from the file.
    pub(super) fn remove_below(&self, relations: &Relations, below: &Below) -> Result<()> {
        self.unlink(relations, &below.table, &below.local_key)?;
        let key = relations.key_of(&below.table);
        self.remove_row(&below.table, key, &below.local_key).map(drop)
    }
}

/// The names of tables and columns as the entities have them that were used with the file: to SQLite
/// letters are the same in any case.
struct Spelling(HashMap<String, (String, HashMap<String, String>)>);

impl Spelling {
    fn add(&mut self, table: String, column: String) {
        let (_, table) = TableName::stored(table).parts();
        let known = self.0.entry(table.to_lowercase());
        let (_, columns) = known.or_insert_with(|| (table, HashMap::new()));
        columns.insert(column.to_lowercase(), column);
    }

    fn table(&self, name: String) -> String {
        self.0.get(&name.to_lowercase()).map_or(name, |(known, _)| known.clone())
    }

    /// A table and one of its columns.
    fn of(&self, table: String, column: String) -> (String, String) {
        match self.0.get(&table.to_lowercase()) {
            None => (table, column),
            Some((known, columns)) => {
                let column = columns.get(&column.to_lowercase()).cloned().unwrap_or(column);
                (known.clone(), column)
            }
        }
    }
}

fn entities(connection: &Connection) -> Result<i64> {
    let sql = "select entities from chronicle_failover where id = 1";
    let mut statement = connection.prepare_cached(sql).map_err(from_rusqlite)?;
    statement.query_row([], |row| row.get(0)).map_err(from_rusqlite)
}

/// A row of the file by its key there.
fn row_of(relations: &Relations, schema: Option<&str>, table: &str, key: &Stored) -> RowName {
    let name = TableName::new(schema, table);
    let columns = relations.key_of(table);
    let bytes = relations.bytes.get(name.as_str()).map_or(&[][..], Vec::as_slice);
    let values = local_key::unpack(key, columns.len());
    let values = values.iter().zip(columns);
    let values: Vec<Value> =
        values.map(|(value, column)| text_of(value, bytes.contains(column))).collect();
    RowName::new(name, RowKey::of_values(&values))
}

/// The rows of a statement that selects two names.
fn pairs(connection: &Connection, sql: &str) -> Result<Vec<(String, String)>> {
    let mut statement = connection.prepare_cached(sql).map_err(from_rusqlite)?;
    let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)));
    rows.and_then(Iterator::collect).map_err(from_rusqlite)
}

#[allow(clippy::type_complexity, reason = "the columns of one statement, taken apart at once")]
fn foreign_row(
    row: &rusqlite::Row<'_>,
) -> rusqlite::Result<(String, i64, String, String, OnDelete, Option<String>, Option<String>)> {
    let on_delete = match row.get_ref(4)?.as_str()? {
        "CASCADE" => OnDelete::Cascade,
        "SET NULL" => OnDelete::SetNull,
        _ => OnDelete::Nothing,
    };
    Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?, on_delete, row.get(5)?, row.get(6)?))
}

/// A key of the file as the value whose text names the row: UUIDs are 16 bytes there, as `bytes` may
/// be.
fn text_of(key: &Stored, is_bytes: bool) -> Value {
    match key {
        Stored::Null => Value::String(None),
        Stored::Integer(number) => Value::BigInt(Some(*number)),
        Stored::Real(number) => Value::Double(Some(*number)),
        Stored::Text(text) => Value::String(Some(text.clone())),
        Stored::Blob(bytes) => match sea_orm::prelude::Uuid::from_slice(bytes) {
            Ok(uuid) if !is_bytes => Value::Uuid(Some(uuid)),
            _ => Value::Bytes(Some(bytes.clone())),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::NOT_OWN;
    use crate::failover::file::tables::SCHEMA;

    #[test]
    fn all_own_tables_are_named() {
        let own: Vec<String> = SCHEMA
            .split("create table if not exists ")
            .skip(1)
            .map(|rest| format!("'{}'", rest.split_whitespace().next().unwrap_or_default()))
            .collect();
        assert_eq!(own.len(), NOT_OWN.matches("'chronicle_").count());
        assert!(own.iter().all(|name| NOT_OWN.contains(name.as_str())), "{own:?}");
    }
}

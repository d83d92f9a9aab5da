//! [`Entity`]: what the derive and SeaORM say of a table, side by side. What is made of tables is read
//! from here only.

use super::definition::{ColumnDefinition, Definition, ForeignKey};
use crate::{Column, Error, ErrorKind, Kind, Result, Source, Table};
use std::fmt::{self, Write};

pub(super) struct Entity {
    pub(super) table: &'static Table,
    pub(super) definition: &'static Definition,
    pub(super) columns: Vec<EntityColumn>,
}

#[derive(Clone, Copy)]
pub(super) struct EntityColumn {
    pub(super) column: &'static Column,
    pub(super) definition: &'static ColumnDefinition,
}

/// Columns whose values, together, no two rows share.
pub(super) struct Unique<'e> {
    /// As the entity names it; none for one column.
    pub(super) name: Option<&'e str>,
    pub(super) columns: Vec<&'e str>,
}

impl Entity {
    /// # Errors
    /// `SchemaMismatch` when SeaORM calls a column otherwise than the derive does.
    pub(super) fn of(table: &'static Table) -> Result<Self> {
        let definition = (table.definition)();
        let described = |column: &'static Column| {
            let known = definition.columns.iter().find(|known| known.name == column.name);
            known.map(|definition| EntityColumn { column, definition }).ok_or_else(|| {
                Error::new(
                    ErrorKind::SchemaMismatch,
                    format!("SeaORM knows no column `{}`", column.name),
                )
                .with_table(table.name)
                .with_hint("name the column by `#[sea_orm(column_name = \"…\")]`")
            })
        };
        let columns = table.columns.iter().map(described).collect::<Result<_>>()?;
        Ok(Self { table, definition, columns })
    }

    pub(super) const fn name(&self) -> &'static str {
        self.table.name
    }

    /// The names of the key's columns; none for what has no key.
    pub(super) fn key(&self) -> Vec<&'static str> {
        self.table
            .key
            .iter()
            .filter_map(|at| self.columns.get(*at))
            .map(EntityColumn::name)
            .collect()
    }

    pub(super) fn column(&self, name: &str) -> Option<&EntityColumn> {
        self.columns.iter().find(|column| column.name() == name)
    }

    /// Whether the database counts the key up.
    pub(super) fn is_counted(&self) -> bool {
        self.definition.is_counted
            && matches!(&self.key()[..], [key] if self.column(key).is_some_and(EntityColumn::is_integer))
    }

    pub(super) fn foreign_keys(&self) -> &'static [ForeignKey] {
        &self.definition.foreign_keys
    }

    /// What is unique besides the key.
    pub(super) fn uniques(&self) -> Vec<Unique<'static>> {
        let key = self.key();
        let columns = self.columns.iter().filter(|column| column.column.unique);
        let mut uniques: Vec<Unique<'static>> = columns
            .map(|column| Unique { name: None, columns: vec![column.name()] })
            .filter(|unique| unique.columns != key)
            .collect();
        for group in &self.definition.unique_groups {
            let columns = group.columns.iter().map(String::as_str).collect();
            uniques.push(Unique { name: Some(&group.name), columns });
        }
        uniques
    }

    /// The columns of each index: those marked so, and those of foreign keys, unless the key, a unique
    /// one or another begins with them.
    pub(super) fn indexes(&self) -> Vec<Vec<&'static str>> {
        let marked = self.columns.iter().filter(|column| column.column.indexed);
        let marked = marked.map(|column| vec![column.name()]);
        let foreign = self.foreign_keys().iter();
        let foreign = foreign.map(|key| key.columns.iter().map(String::as_str).collect());
        let mut covered = vec![self.key()];
        covered.extend(self.uniques().into_iter().map(|unique| unique.columns));
        let mut indexes: Vec<Vec<&'static str>> = Vec::new();
        for columns in marked.chain(foreign) {
            if covered.iter().chain(&indexes).all(|known| !known.starts_with(&columns)) {
                indexes.push(columns);
            }
        }
        indexes
    }

    /// Whether these columns name a row: the key, or what is unique.
    pub(super) fn names_a_row(&self, columns: &[String]) -> bool {
        let mut uniques = self.uniques().into_iter().map(|unique| unique.columns);
        is_same_set(&self.key(), columns) || uniques.any(|unique| is_same_set(&unique, columns))
    }

    /// A number for all that is said of the table: another one, surely enough, where anything differs.
    pub(super) fn fingerprint(&self) -> u64 {
        let mut hash = Fnv::of(self.name());
        // Hashing cannot fail.
        let _ = write!(
            hash,
            "{} {:?} {:?} {:?} {:?}",
            env!("CARGO_PKG_VERSION"),
            self.table.schema,
            self.key(),
            self.table.columns,
            self.definition
        );
        for column in &self.columns {
            let _ = write!(hash, " {:?} {}", column.kind(), column.may_lack());
        }
        hash.number()
    }
}

impl EntityColumn {
    pub(super) const fn name(&self) -> &'static str {
        self.column.name
    }

    pub(super) const fn kind(&self) -> Kind {
        self.column.kind
    }

    pub(super) const fn is_nullable(&self) -> bool {
        self.column.nullable
    }

    /// Whether a row may come without it: what the server makes, the file may not know yet.
    pub(super) const fn may_lack(&self) -> bool {
        !matches!(self.column.source, Source::Client)
    }

    /// Whether a text sorts by its bytes on the server, as it does in SQLite.
    pub(super) const fn sorts_by_bytes(&self) -> bool {
        self.column.sorts_by_bytes
    }

    fn is_integer(&self) -> bool {
        matches!(
            self.kind(),
            Kind::I8 | Kind::I16 | Kind::I32 | Kind::I64 | Kind::U8 | Kind::U16 | Kind::U32
        )
    }
}

/// Whether two lists hold the same names, in any order. SQLite's have no case, and Postgres' are told
/// apart elsewhere.
pub(super) fn is_same_set<A: AsRef<str>, B: AsRef<str>>(some: &[A], others: &[B]) -> bool {
    let has = |name: &str| others.iter().any(|other| other.as_ref().eq_ignore_ascii_case(name));
    some.len() == others.len() && some.iter().all(|name| has(name.as_ref()))
}

const FNV_OFFSET: u64 = 0xcbf2_9ce4_8422_2325;
const FNV_PRIME: u64 = 0x0100_0000_01b3;

/// The hash of Fowler, Noll and Vo: the same in every process and every version.
pub(super) struct Fnv(u64);

impl Fnv {
    pub(super) fn of(text: &str) -> Self {
        let mut hash = Self(FNV_OFFSET);
        let _ = hash.write_str(text);
        hash
    }

    pub(super) const fn number(&self) -> u64 {
        self.0
    }
}

impl Write for Fnv {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for byte in text.bytes() {
            self.0 = (self.0 ^ u64::from(byte)).wrapping_mul(FNV_PRIME);
        }
        Ok(())
    }
}

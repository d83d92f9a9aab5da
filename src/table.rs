//! [`Table`] and [`Column`]: what an entity says of its table, without its type.

use crate::key::Key;
use crate::{Kind, value};
use sea_orm::sea_query::TableRef;
use sea_orm::{EntityTrait, Iterable, RelationTrait, Value};
use std::any::TypeId;
use std::collections::BTreeMap;
use std::sync::{PoisonError, RwLock};

/// A table, as its entity describes it.
///
/// ```
/// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/doctest_setup.rs"));
/// use chronicle::Record;
///
/// # fn main() -> chronicle::Result<()> {
/// let table = task::Model::TABLE;
/// assert_eq!((table.name, table.schema, table.columns.len()), ("tasks", None, 6));
/// # Ok(()) }
/// ```
#[derive(Debug)]
pub struct Table {
    /// The name of the table, unquoted.
    pub name: &'static str,
    /// The schema, where the entity names one. PostgREST takes it as the profile; SQLite has none.
    pub schema: Option<&'static str>,
    /// The columns, in the order of the entity's fields.
    pub columns: &'static [Column],
    /// The positions of the key columns in [`columns`](Self::columns): several of a composite key,
    /// none of a table or view without a key.
    pub key: &'static [usize],
    /// The positions of columns that are unique: one alone, or several together. The key is not
    /// among them.
    pub unique: &'static [&'static [usize]],
    /// The position of `created_at`, if the entity has it.
    pub created_at: Option<usize>,
    /// The position of `updated_at`, if the entity has it.
    pub updated_at: Option<usize>,
    /// The position of the column that tells when a row was deleted, where deletes only set that
    /// (`#[repository(soft_delete)]`).
    pub soft_delete: Option<usize>,
    /// The foreign keys, from SeaORM's relations.
    pub parents: fn() -> &'static [Parent],
    /// What SeaORM says of it: the tables of files and the script for a server are made from that.
    pub definition: fn() -> &'static crate::Definition,
    /// What is done with a queued update of a row that somebody else has changed meanwhile.
    pub conflict: Conflict,
    /// Whether its rows can be written: not those of `#[repository(read_only)]` and
    /// `#[repository(no_key)]`.
    pub is_writable: bool,
}

/// What a failover store does with an update that waited, when somebody else has changed its row
/// meanwhile. What loses becomes a dead letter; nothing is dropped without a word.
///
/// ```
/// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/doctest_setup.rs"));
/// use chronicle::{Conflict, Record};
///
/// # fn main() -> chronicle::Result<()> {
/// assert_eq!(task::Model::TABLE.conflict, Conflict::LastWriteWins);
/// # Ok(()) }
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Conflict {
    /// Rows never change: updates and upserts are refused, on every backend.
    AppendOnly,
    /// The update that arrives last wins, column by column: it sets its own columns only.
    #[default]
    LastWriteWins,
    /// The remote's change wins: an update is applied only if `updated_at` is still what it was
    /// based on.
    RemoteWins,
}

/// A foreign key: columns that hold the key of another table's row.
///
/// ```
/// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/doctest_setup.rs"));
/// use chronicle::Record;
///
/// # fn main() -> chronicle::Result<()> {
/// let parents = (task::Model::TABLE.parents)();
/// assert!(parents.is_empty(), "a task belongs to no other row");
/// # Ok(()) }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parent {
    /// The names of the columns that hold the key, in the order of [`to`](Self::to).
    pub columns: Vec<String>,
    /// The schema of the table that the key belongs to, where its entity names one.
    pub schema: Option<String>,
    /// The name of that table.
    pub table: String,
    /// The names of that table's columns that they refer to, sorted.
    pub to: Vec<String>,
}

/// The foreign keys that SeaORM's relations of `E` tell of.
///
/// ```
/// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/doctest_setup.rs"));
/// # fn main() -> chronicle::Result<()> {
/// assert!(chronicle::parents_of::<task::Entity>().is_empty());
/// # Ok(()) }
/// ```
#[must_use]
pub fn parents_of<E: EntityTrait>() -> &'static [Parent] {
    // Every write of a failover store asks, and SeaORM makes its relations anew each time.
    static KNOWN: RwLock<BTreeMap<TypeId, &'static [Parent]>> = RwLock::new(BTreeMap::new());
    let entity = TypeId::of::<E>();
    if let Some(parents) = KNOWN.read().unwrap_or_else(PoisonError::into_inner).get(&entity) {
        return parents;
    }
    let mut known = KNOWN.write().unwrap_or_else(PoisonError::into_inner);
    known.entry(entity).or_insert_with(|| Vec::leak(made_parents_of::<E>()))
}

fn made_parents_of<E: EntityTrait>() -> Vec<Parent> {
    E::Relation::iter()
        .map(|relation| relation.def())
        // SeaORM calls the side that is referred to the owner.
        .filter(|relation| !relation.is_owner)
        .filter_map(|relation| {
            let TableRef::Table(table, _) = relation.to_tbl else { return None };
            let names = |columns: sea_orm::Identity| {
                columns.into_iter().map(|column| column.to_string()).collect::<Vec<_>>()
            };
            let mut pairs: Vec<(String, String)> =
                names(relation.to_col).into_iter().zip(names(relation.from_col)).collect();
            pairs.sort_unstable();
            let (to, columns) = pairs.into_iter().unzip();
            Some(Parent {
                columns,
                schema: table.0.as_ref().map(|schema| schema.1.to_string()),
                table: table.1.to_string(),
                to,
            })
        })
        .collect()
}

impl Table {
    /// The key columns.
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/doctest_setup.rs"));
    /// use chronicle::Record;
    ///
    /// # fn main() -> chronicle::Result<()> {
    /// let names: Vec<&str> = task::Model::TABLE.key_columns().map(|column| column.name).collect();
    /// assert_eq!(names, ["id"]);
    /// # Ok(()) }
    /// ```
    pub fn key_columns(&self) -> impl Iterator<Item = &'static Column> + use<> {
        let columns = self.columns;
        self.key.iter().map(|at| &columns[*at])
    }

    /// The columns that tell rows apart: the key, or the first column where there is none.
    pub(crate) fn naming_columns(&self) -> Vec<&'static Column> {
        match self.key {
            [] => self.columns.iter().take(1).collect(),
            _ => self.key_columns().collect(),
        }
    }

    /// The columns that end an order: the key, or all that can be sorted where there is none.
    pub(crate) fn ordering_columns(&self) -> Vec<&'static Column> {
        if !self.key.is_empty() {
            return self.key_columns().collect();
        }
        let sorts = |kind| !matches!(kind, Kind::Json | Kind::Array(_) | Kind::Opaque);
        self.columns.iter().filter(|column| sorts(column.kind)).collect()
    }

    /// Whether a row is deleted softly.
    pub(crate) fn is_deleted(&self, row: &[Value]) -> bool {
        self.soft_delete.is_some_and(|at| !value::is_null(&row[at]))
    }

    /// Whether the column at this position is one of the key.
    pub(crate) fn is_key(&self, at: usize) -> bool {
        self.key.contains(&at)
    }

    /// The key of a row.
    pub(crate) fn key_of(&self, row: &[Value]) -> Key {
        Key::new(self.key.iter().map(|at| row[*at].clone()).collect::<Vec<_>>())
    }

    /// Whether the server may store other values than those sent, so that they have to be asked for.
    pub(crate) fn has_made_values(&self) -> bool {
        self.columns.iter().any(Column::comes_back)
    }

    /// Whether its key is counted up by the database.
    pub(crate) fn is_counted(&self) -> bool {
        self.key.iter().any(|at| self.columns[*at].source != Source::Client)
    }

    /// Whether its rows have a version that tells who has changed them last: where the remote's
    /// changes win.
    pub(crate) const fn has_versions(&self) -> bool {
        matches!(self.conflict, Conflict::RemoteWins) && self.updated_at.is_some()
    }
}

/// Two tables are the same when they are the same entity's.
impl PartialEq for Table {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name && self.schema == other.schema
    }
}

/// A column, as its entity describes it.
///
/// ```
/// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/doctest_setup.rs"));
/// # fn main() -> chronicle::Result<()> {
/// let column = Tasks::TITLE.column();
/// assert_eq!((column.name, column.nullable), ("title", false));
/// # Ok(()) }
/// ```
#[derive(Debug)]
pub struct Column {
    /// The name of the column, unquoted.
    pub name: &'static str,
    /// How its values travel.
    pub kind: Kind,
    /// Whether it may be NULL.
    pub nullable: bool,
    /// Whether it is marked `unique`.
    pub unique: bool,
    /// Whether it is marked `indexed`.
    pub indexed: bool,
    /// Whether it is text that sorts by its bytes at the server, too: `#[repository(collate = "C")]`.
    pub sorts_by_bytes: bool,
    /// Who makes its values.
    pub source: Source,
}

/// Who makes the values of a column.
///
/// ```
/// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/doctest_setup.rs"));
/// # fn main() -> chronicle::Result<()> {
/// assert_eq!(Tasks::TITLE.column().source, chronicle::Source::Client);
/// # Ok(()) }
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Source {
    /// The program gives them.
    #[default]
    Client,
    /// The program may give them; where it does not, the database's default does
    /// (`#[repository(server_default)]`, and a key that is counted up).
    Default,
    /// The database does, always: a generated column, one that a trigger keeps
    /// (`#[repository(server)]`).
    Server,
}

impl Column {
    /// Whether the server may store another value than the one sent: it makes it, or its type does, as
    /// `numeric(10, 2)` rounds and `interval` has a form of its own.
    pub(crate) fn comes_back(&self) -> bool {
        self.is_made() || self.is_formed()
    }

    /// Whether the database makes its values, if only where none is given.
    pub(crate) fn is_made(&self) -> bool {
        self.source != Source::Client
    }

    /// Whether its type at the server has forms of its own. Those of numbers are lost in JSON that is
    /// read without knowing the column.
    pub(crate) const fn is_formed(&self) -> bool {
        const fn is_formed(kind: Kind) -> bool {
            match kind {
                #[cfg(feature = "decimal")]
                Kind::Decimal => true,
                Kind::Array(element) => is_formed(*element),
                kind => matches!(kind, Kind::Opaque),
            }
        }
        is_formed(self.kind)
    }
}

impl PartialEq for Column {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

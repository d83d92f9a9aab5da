//! [`Table`] and [`Column`]: what an entity says of its table, without its type.

use crate::Kind;
use sea_orm::sea_query::TableRef;
use sea_orm::{EntityTrait, Identity, Iterable, RelationTrait};
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
    /// The position of the key in [`columns`](Self::columns).
    pub key: usize,
    /// The position of `created_at`, if the entity has it.
    pub created_at: Option<usize>,
    /// The position of `updated_at`, if the entity has it.
    pub updated_at: Option<usize>,
    /// The foreign keys, from SeaORM's relations.
    pub parents: fn() -> &'static [Parent],
    /// What SeaORM says of it: the tables of files and the script for a server are made from that.
    pub definition: fn() -> &'static crate::Definition,
    /// What is done with a queued update of a row that somebody else has changed meanwhile.
    pub conflict: Conflict,
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

/// A foreign key: a column that holds the key of another table's row.
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
    /// The name of the column that holds the key.
    pub column: String,
    /// The schema of the table that the key belongs to, where its entity names one.
    pub schema: Option<String>,
    /// The name of that table.
    pub table: String,
}

/// The foreign keys of one column each that SeaORM's relations of `E` tell of.
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
            let (Identity::Unary(column), TableRef::Table(table, _)) =
                (relation.from_col, relation.to_tbl)
            else {
                return None;
            };
            let schema = table.0.as_ref().map(|schema| schema.1.to_string());
            Some(Parent { column: column.to_string(), schema, table: table.1.to_string() })
        })
        .collect()
}

impl Table {
    /// The key column.
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/doctest_setup.rs"));
    /// use chronicle::Record;
    ///
    /// # fn main() -> chronicle::Result<()> {
    /// assert_eq!(task::Model::TABLE.key_column().name, "id");
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub const fn key_column(&self) -> &'static Column {
        &self.columns[self.key]
    }

    /// Whether its rows have a version that tells who has changed them last: where the remote's
    /// changes win.
    #[cfg(feature = "postgrest")]
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
    pub kind: fn() -> Kind,
    /// Whether it may be NULL.
    pub nullable: bool,
    /// Whether it is marked `unique`.
    pub unique: bool,
    /// Whether it is marked `indexed`.
    pub indexed: bool,
}

impl Column {
    /// How its values travel.
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/doctest_setup.rs"));
    /// # fn main() -> chronicle::Result<()> {
    /// assert_eq!(Tasks::PRIORITY.column().kind(), chronicle::Kind::I32);
    /// assert_eq!(Tasks::ID.column().kind(), chronicle::Kind::Text, "ids are text wherever they go");
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn kind(&self) -> Kind {
        (self.kind)()
    }
}

impl PartialEq for Column {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

//! [`Record`]: what the derive tells about a table.

use crate::{Kind, Result, Scalar, Stored};
use sea_orm::sea_query::TableRef;
use sea_orm::{EntityTrait, Identity, Iterable, RelationTrait, Value};
use std::any::TypeId;
use std::collections::BTreeMap;
use std::sync::{PoisonError, RwLock};

/// A row type that a repository can hold. Written by `#[derive(Repository)]`, not by hand.
#[diagnostic::on_unimplemented(
    message = "`{Self}` has no repository",
    note = "add `#[derive(chronicle::Repository)]` to the SeaORM model"
)]
pub trait Record: Sized + Send + Sync + 'static {
    /// The type of the key column.
    type Key: Scalar + Clone;
    /// The table and its columns.
    const TABLE: &'static Table;
    /// The key of this row.
    fn key(&self) -> &Self::Key;
    /// The values of this row in the order of [`Table::columns`].
    fn into_values(self) -> Vec<Value>;
    /// The row from its values in the order of [`Table::columns`].
    ///
    /// # Errors
    /// [`SchemaMismatch`](crate::ErrorKind::SchemaMismatch) when a value does not fit its field.
    fn from_values(values: Values) -> Result<Self>;
}

/// A table, as its entity describes it.
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
    /// What is done with a queued update of a row that somebody else has changed meanwhile.
    pub conflict: Conflict,
}

/// What a failover store does with an update that waited, when somebody else has changed its row
/// meanwhile. What loses becomes a dead letter; nothing is dropped without a word.
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
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parent {
    /// The name of the column that holds the key.
    pub column: String,
    /// The name of the table that the key belongs to.
    pub table: String,
}

/// The foreign keys of one column each that SeaORM's relations of `E` tell of.
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
            Some(Parent { column: column.to_string(), table: table.1.to_string() })
        })
        .collect()
}

impl Table {
    /// The key column.
    #[must_use]
    pub const fn key_column(&self) -> &'static Column {
        &self.columns[self.key]
    }
}

/// Two tables are the same when they are the same entity's.
impl PartialEq for Table {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name && self.schema == other.schema
    }
}

/// A column, as its entity describes it.
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

/// The values of one row, read one after the other by [`Record::from_values`].
#[derive(Debug)]
pub struct Values {
    columns: std::slice::Iter<'static, Column>,
    values: std::vec::IntoIter<Value>,
}

impl Values {
    /// The values of one row of `table`, in the order of its columns.
    #[must_use]
    pub fn new(table: &'static Table, values: Vec<Value>) -> Self {
        Self { columns: table.columns.iter(), values: values.into_iter() }
    }

    /// The field for the next column.
    ///
    /// # Errors
    /// [`SchemaMismatch`](crate::ErrorKind::SchemaMismatch) when the value does not fit, or there is none.
    #[allow(clippy::should_implement_trait, reason = "an iterator has one type of item")]
    pub fn next<T: Stored>(&mut self) -> Result<T> {
        let column = self.columns.next().map_or("?", |column| column.name);
        let mismatch = |why: &str| {
            crate::Error::new(crate::ErrorKind::SchemaMismatch, format!("column `{column}`: {why}"))
        };
        let value = self.values.next().ok_or_else(|| mismatch("the database sent no value"))?;
        T::from_value(value).map_err(|error| mismatch(error.message()))
    }
}

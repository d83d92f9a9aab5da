//! [`Definition`]: what SeaORM says of an entity's table.

use sea_orm::sea_query::{Expr, ForeignKeyAction, TableRef};
use sea_orm::{
    ColumnTrait, ColumnType, DbBackend, EntityTrait, IdenStatic, Iterable, PrimaryKeyTrait,
    RelationDef, RelationTrait, Schema,
};
use std::any::TypeId;
use std::collections::BTreeMap;
use std::sync::{PoisonError, RwLock};

/// What SeaORM says of an entity's table: types, defaults, unique groups, foreign keys. The tables of
/// a file and the script for a server are made from it.
///
/// ```
/// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/doctest_setup.rs"));
/// use chronicle::Record;
///
/// # fn main() -> chronicle::Result<()> {
/// let definition = (task::Model::TABLE.definition)();
/// assert!(format!("{definition:?}").contains("priority"));
/// # Ok(()) }
/// ```
#[derive(Debug)]
pub struct Definition {
    pub(super) comment: Option<String>,
    pub(super) columns: Vec<ColumnDefinition>,
    /// Whether the database counts the key up, if that is an integer.
    pub(super) is_counted: bool,
    pub(super) unique_groups: Vec<UniqueGroup>,
    pub(super) foreign_keys: Vec<ForeignKey>,
}

#[derive(Debug)]
pub(super) struct ColumnDefinition {
    pub(super) name: String,
    pub(super) column_type: ColumnType,
    pub(super) default: Option<Expr>,
    pub(super) comment: Option<String>,
    /// SQL of the caller's own that ends the column's definition.
    pub(super) extra: Option<String>,
}

/// Columns that are unique together.
#[derive(Debug)]
pub(super) struct UniqueGroup {
    pub(super) name: String,
    pub(super) columns: Vec<String>,
}

#[derive(Debug, PartialEq)]
pub(super) struct ForeignKey {
    pub(super) columns: Vec<String>,
    pub(super) schema: Option<String>,
    pub(super) table: String,
    /// The columns there, in the order of `columns`.
    pub(super) to: Vec<String>,
    /// As SQL names it; `None` where the entity leaves it to the database.
    pub(super) on_delete: Option<&'static str>,
    pub(super) on_update: Option<&'static str>,
}

/// The definition of an entity's table, made once a process.
///
/// ```
/// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/doctest_setup.rs"));
/// # fn main() -> chronicle::Result<()> {
/// let definition = chronicle::definition_of::<task::Entity>();
/// assert!(std::ptr::eq(definition, chronicle::definition_of::<task::Entity>()));
/// # Ok(()) }
/// ```
#[must_use]
pub fn definition_of<E: EntityTrait>() -> &'static Definition {
    static KNOWN: RwLock<BTreeMap<TypeId, &'static Definition>> = RwLock::new(BTreeMap::new());
    let entity = TypeId::of::<E>();
    if let Some(definition) = KNOWN.read().unwrap_or_else(PoisonError::into_inner).get(&entity) {
        return definition;
    }
    let mut known = KNOWN.write().unwrap_or_else(PoisonError::into_inner);
    known.entry(entity).or_insert_with(|| Box::leak(Box::new(made_definition_of::<E>())))
}

fn made_definition_of<E: EntityTrait>() -> Definition {
    Definition {
        comment: E::default().comment().map(str::to_owned),
        columns: E::Column::iter().map(column::<E>).collect(),
        is_counted: E::PrimaryKey::auto_increment(),
        unique_groups: unique_groups::<E>(),
        foreign_keys: foreign_keys::<E>(),
    }
}

fn column<E: EntityTrait>(column: E::Column) -> ColumnDefinition {
    let name = column.as_str().to_owned();
    let definition = column.def();
    // Only this form of it tells comment and extra.
    let all = Schema::new(DbBackend::Postgres).get_column_def::<E>(column);
    let all = all.get_column_spec();
    ColumnDefinition {
        name,
        column_type: definition.get_column_type().clone(),
        default: definition.get_column_default().cloned(),
        comment: all.comment.clone(),
        extra: all.extra.clone(),
    }
}

/// SeaORM tells of them as indexes only, each named after the table and the group.
fn unique_groups<E: EntityTrait>() -> Vec<UniqueGroup> {
    let entity = E::default();
    let prefix = format!("idx-{}-", entity.table_name());
    let indexes = Schema::new(DbBackend::Postgres).create_index_from_entity(entity);
    let unique = indexes.iter().filter(|index| index.is_unique_key()).map(|index| {
        let index = index.get_index_spec();
        let name = index.get_name().unwrap_or_default();
        let name = name.strip_prefix(&prefix).unwrap_or(name).to_owned();
        UniqueGroup { name, columns: index.get_column_names() }
    });
    unique.collect()
}

fn foreign_keys<E: EntityTrait>() -> Vec<ForeignKey> {
    let mut keys = Vec::new();
    for relation in E::Relation::iter().map(|relation| relation.def()) {
        // SeaORM calls the side that is referred to the owner.
        if relation.is_owner || relation.skip_fk {
            continue;
        }
        keys.extend(foreign_key(&relation).filter(|key| !keys.contains(key)));
    }
    keys
}

fn foreign_key(relation: &RelationDef) -> Option<ForeignKey> {
    let TableRef::Table(table, _) = &relation.to_tbl else { return None };
    Some(ForeignKey {
        columns: relation.from_col.iter().map(ToString::to_string).collect(),
        schema: table.0.as_ref().map(|schema| schema.1.to_string()),
        table: table.1.to_string(),
        to: relation.to_col.iter().map(ToString::to_string).collect(),
        on_delete: relation.on_delete.as_ref().and_then(action),
        on_update: relation.on_update.as_ref().and_then(action),
    })
}

const fn action(action: &ForeignKeyAction) -> Option<&'static str> {
    match action {
        ForeignKeyAction::Restrict => Some("restrict"),
        ForeignKeyAction::Cascade => Some("cascade"),
        ForeignKeyAction::SetNull => Some("set null"),
        ForeignKeyAction::NoAction => Some("no action"),
        ForeignKeyAction::SetDefault => Some("set default"),
        _ => None,
    }
}

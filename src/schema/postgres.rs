//! [`postgres_script`]: the tables of entities as a script for Postgres.

mod access;
mod quote;
mod table;
mod types;

use super::definition::ForeignKey;
use super::entity::{Entity, EntityColumn};
use super::names::Names;
use crate::{Error, ErrorKind, Result, Table};
#[cfg(feature = "sqlite")]
pub(super) use quote::expression;
use quote::{identifier, qualified};
use std::collections::{BTreeSet, HashMap};

/// Where a table is whose entity names no schema: where PostgREST looks first by default.
const PUBLIC: &str = "public";

const HEAD: &str = "\
-- The tables of these entities, to be made by the role that shall own them (Supabase: in the SQL editor).
-- It is one transaction: an error leaves nothing behind. It may be run again: what is there stays as it is.
begin;
";

const TAIL: &str = "\
-- PostgREST reads the tables anew when this transaction commits.
notify pgrst, 'reload schema';

commit;
";

/// The script that makes the tables of these entities on a PostgreSQL server, to be read, completed and
/// run by hand or by a migration: enum types, tables with keys, defaults, unique constraints and foreign
/// keys, their indexes, and row level security with grants. PostgREST itself makes no tables.
///
/// Counted keys are identity columns, ids and `Uuid` are `uuid`, texts `text`, documents `jsonb`, times
/// with an offset `timestamptz`; of an [`Opaque`](crate::Opaque) it has to be said
/// (`#[sea_orm(column_type = "custom(\"inet\")")]`), or it is `text`. What the server makes
/// (`#[repository(server)]`, `server_default`) is a plain column where `default_expr` gives it no default,
/// to be completed; a comment names it. What is `read_only` or has no key is left out. A table whose entity names no schema is in `public`. Parents come before their children; a
/// table that is referred to and not among these has to be there already.
///
/// With row level security and without a policy, nobody but the owner and roles that bypass it (the
/// service's key on Supabase) sees a row. The script ends with a policy as a comment, to start from.
///
/// ```
/// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/doctest_setup.rs"));
/// use chronicle::Record;
///
/// # fn main() -> chronicle::Result<()> {
/// let script = chronicle::postgres_script(&[task::Model::TABLE])?;
/// assert!(script.contains(r#"create table if not exists "public"."tasks" ("#));
/// assert!(script.contains(r#""id" uuid not null primary key"#));
/// assert!(script.contains(r#"alter table "public"."tasks" enable row level security;"#));
/// # Ok(()) }
/// ```
///
/// # Errors
/// `InvalidInput` for a name that Postgres would cut (longer than 63 bytes), for two entities of one
/// table, and for a foreign key to columns that name no row; `Unsupported` for a type of column that
/// Postgres does not have.
pub fn postgres_script(tables: &[&'static Table]) -> Result<String> {
    let (entities, read_only): (Vec<Entity>, Vec<Entity>) =
        entities(tables)?.into_iter().partition(|entity| entity.table.is_writable);
    let entities = parents_first(entities);
    check_names(&entities)?;
    check_foreign_keys(&entities)?;
    let mut names = Names::default();
    for entity in &entities {
        names.take(entity.name());
    }
    let mut parts = vec![HEAD.to_owned()];
    parts.extend(read_only.iter().map(|entity| {
        format!("-- {} is read only, a view perhaps: it is made by hand.\n", name(entity))
    }));
    parts.extend(schemas(&entities));
    parts.extend(types::enums(&entities));
    let mut made = Vec::new();
    for entity in &entities {
        made.push(entity.table);
        let is_made = |key: &ForeignKey| {
            made.iter().any(|table| is_parent(key, table)) || is_elsewhere(&entities, key)
        };
        parts.push(table::create(entity, &mut names, is_made)?);
    }
    made.clear();
    for entity in &entities {
        made.push(entity.table);
        // Tables that refer to each other in a circle.
        for key in entity.foreign_keys() {
            if !made.iter().any(|table| is_parent(key, table)) && !is_elsewhere(&entities, key) {
                parts.push(table::add_foreign_key(entity, key, &mut names));
            }
        }
    }
    for entity in &entities {
        parts.extend(table::indexes(entity, &mut names));
        parts.extend(table::comments(entity));
    }
    parts.push(access::rights(&entities));
    parts.push(access::policies(&entities));
    parts.push(TAIL.to_owned());
    Ok(parts.join("\n"))
}

fn schema(table: &Table) -> &'static str {
    table.schema.unwrap_or(PUBLIC)
}

/// The table's name as SQL takes it.
fn name(entity: &Entity) -> String {
    qualified(schema(entity.table), entity.name())
}

/// The name of the table that a foreign key refers to.
fn parent_name(key: &ForeignKey) -> String {
    qualified(key.schema.as_deref().unwrap_or(PUBLIC), &key.table)
}

fn is_parent(key: &ForeignKey, table: &Table) -> bool {
    key.table == table.name && key.schema.as_deref().unwrap_or(PUBLIC) == schema(table)
}

fn is_elsewhere(entities: &[Entity], key: &ForeignKey) -> bool {
    entities.iter().all(|entity| !is_parent(key, entity.table))
}

fn entities(tables: &[&'static Table]) -> Result<Vec<Entity>> {
    let mut entities: Vec<Entity> = Vec::new();
    for table in tables {
        let entity = Entity::of(table)?;
        let is_same =
            |known: &&Entity| known.name() == table.name && schema(known.table) == schema(table);
        match entities.iter().find(is_same) {
            None => entities.push(entity),
            Some(known) if known.fingerprint() == entity.fingerprint() => {}
            Some(_) => {
                return Err(Error::invalid("two entities of one table differ")
                    .with_table(table.name)
                    .with_hint("make the table from the one that has all of its columns"));
            }
        }
    }
    Ok(entities)
}

/// No table before those that it refers to, as far as there is such an order.
fn parents_first(mut rest: Vec<Entity>) -> Vec<Entity> {
    let mut ordered = Vec::with_capacity(rest.len());
    while !rest.is_empty() {
        let is_free = |entity: &Entity| {
            entity.foreign_keys().iter().all(|key| {
                is_parent(key, entity.table)
                    || rest.iter().all(|other| !is_parent(key, other.table))
            })
        };
        let free = rest.iter().position(is_free);
        ordered.push(rest.remove(free.unwrap_or(0)));
    }
    ordered
}

fn check_names(entities: &[Entity]) -> Result<()> {
    const LONGEST: usize = 63;
    for entity in entities {
        let columns = entity.columns.iter().map(EntityColumn::name);
        for name in [entity.name(), schema(entity.table)].into_iter().chain(columns) {
            if name.len() > LONGEST || name.contains('\0') || name.is_empty() {
                return Err(Error::new(
                    ErrorKind::InvalidInput,
                    format!(
                        "`{name}` is no name for Postgres: 1 to {LONGEST} bytes, none of them zero"
                    ),
                )
                .with_table(entity.name()));
            }
        }
    }
    Ok(())
}

fn check_foreign_keys(entities: &[Entity]) -> Result<()> {
    let by_name: HashMap<(&str, &str), &Entity> =
        entities.iter().map(|entity| ((schema(entity.table), entity.name()), entity)).collect();
    for entity in entities {
        for key in entity.foreign_keys() {
            let parent = (key.schema.as_deref().unwrap_or(PUBLIC), key.table.as_str());
            if by_name.get(&parent).is_some_and(|parent| !parent.names_a_row(&key.to)) {
                return Err(Error::invalid(format!(
                    "the foreign key ({}) refers to {} ({}), which names no row: it is neither the key \
                     nor unique",
                    quote::list(&key.columns),
                    parent_name(key),
                    quote::list(&key.to)
                ))
                .with_table(entity.name())
                .with_hint("mark those columns `unique`, or the relation `skip_fk`"));
            }
        }
    }
    Ok(())
}

fn schemas(entities: &[Entity]) -> Option<String> {
    let schemas: BTreeSet<&str> = entities
        .iter()
        .map(|entity| schema(entity.table))
        .filter(|schema| *schema != PUBLIC)
        .collect();
    let lines =
        schemas.iter().map(|name| format!("create schema if not exists {};\n", identifier(name)));
    (!schemas.is_empty()).then(|| {
        "-- PostgREST serves them if its `db-schemas` (Supabase: Settings, API, Exposed schemas) names them.\n"
            .to_owned()
            + &lines.collect::<String>()
    })
}

//! A column as a field.

use super::enums::Enums;
use super::uniques::Uniqueness;
use super::{Field, Notes, Placed, entry};
use crate::default::{self, Default, now};
use crate::description::{Column, Made, Trigger};
use crate::kind::Kind;
use crate::report::Reason;
use crate::trigger::{Effect, effects};

pub(super) fn field(
    placed: &Placed,
    position: usize,
    unique: &Uniqueness,
    enums: &Enums,
    notes: &mut Notes,
) -> Field {
    let (column, kind, name) =
        (&placed.table.columns[position], &placed.kinds[position], &placed.fields[position]);
    let default = default::default(column.default.as_deref(), kind, |label| {
        enums.variant(column, kind, label)
    });
    let is_key = placed.key.marks(position);
    let is_now = default == Default::Now;
    let mut sea_orm = Vec::new();
    let mut initial = Initial::Required;
    if is_key {
        sea_orm.push("primary_key".to_owned());
        if placed.key.is_writable() {
            initial = key(placed, column, kind, &default, notes);
        }
        if initial != Initial::Counted {
            sea_orm.push("auto_increment = false".to_owned());
        }
    } else if placed.key.is_writable() {
        initial = value(placed, column, kind, name, default, notes);
    }

    sea_orm.extend(kind.column_type(&column.declared).map(|it| entry("column_type", &it)));
    if *name != column.name {
        sea_orm.push(entry("column_name", &column.name));
    }
    if unique.alone {
        sea_orm.push("unique".to_owned());
    } else if !placed.key.is_only(position)
        && kind.is_comparable()
        && (placed.table.indexed.contains(&column.name) || refers(placed, column))
    {
        sea_orm.push("indexed".to_owned());
    }
    sea_orm.extend(unique.together.as_ref().map(|name| entry("unique_key", name)));

    // What the server makes is absent until it was there.
    let is_optional = !is_key
        && (!column.not_null || matches!(initial, Initial::Server | Initial::ServerDefault));
    let repository = match initial {
        Initial::Required | Initial::Generated | Initial::Counted => None,
        Initial::Given => Some("given".to_owned()),
        Initial::Server => {
            // While the file serves, its own default gives the time.
            if is_now {
                sea_orm.push("default_expr = \"Expr::current_timestamp()\"".to_owned());
            }
            Some("server".to_owned())
        }
        Initial::ServerDefault => Some("server_default".to_owned()),
        Initial::Literal(literal) => {
            sea_orm.push(format!("default_value = {literal}"));
            None
        }
        Initial::Expression(expression) if is_optional => {
            Some(format!("default = Some({expression})"))
        }
        Initial::Expression(expression) => Some(format!("default = {expression}")),
    };
    let rust_type = kind.rust();
    let rust_type = if is_optional { format!("Option<{rust_type}>") } else { rust_type };
    let collate = column.sorts_by_bytes.then(|| entry("collate", "C"));
    let repository = repository.into_iter().chain(collate).collect();
    Field { name: name.clone(), rust_type, sea_orm, repository }
}

/// Whether it refers to another row, so that rows are looked for by it.
fn refers(placed: &Placed, column: &Column) -> bool {
    placed.table.foreign_keys.iter().any(|key| key.columns == [column.name.as_str()])
}

/// Where the value of a new row comes from.
#[derive(Debug, PartialEq, Eq)]
enum Initial {
    /// From the caller, or it is NULL.
    Required,
    /// A key that the client makes.
    Generated,
    /// A key that the server counts up.
    Counted,
    /// A key from the caller, where the derive would take it for one that the client makes.
    Given,
    Literal(String),
    Expression(String),
    ServerDefault,
    Server,
}

fn key(
    placed: &Placed,
    column: &Column,
    kind: &Kind,
    default: &Default,
    notes: &mut Notes,
) -> Initial {
    let table = &placed.table;
    for trigger in table.triggers.iter().filter(|trigger| trigger.on_insert) {
        if !matches!(effect([trigger], column), None | Some(Effect::Fills)) {
            notes.column(
                &table.name,
                column,
                Reason::KeyByTrigger { trigger: trigger.name.clone() },
            );
        }
    }
    let is_counted = matches!(column.made, Made::Counted | Made::AlwaysCounted);
    if placed.key.is_single() {
        if is_counted && kind.is_integer() {
            return Initial::Counted;
        }
        if *default == Default::Uuid {
            return Initial::Generated;
        }
    }
    if *default != Default::None || is_counted {
        let default = column.default.clone().unwrap_or_else(|| "(an identity)".to_owned());
        notes.column(&table.name, column, Reason::KeyDefault { default });
    }
    let is_plain = kind.is_integer() || *kind == Kind::Text || !placed.key.is_single();
    if is_plain { Initial::Required } else { Initial::Given }
}

fn value(
    placed: &Placed,
    column: &Column,
    kind: &Kind,
    name: &str,
    default: Default,
    notes: &mut Notes,
) -> Initial {
    let table = &placed.table;
    if column.made != Made::Client {
        return Initial::Server;
    }
    match effect(table.triggers.iter().filter(|trigger| trigger.on_insert), column) {
        Some(Effect::Sets) => return Initial::Server,
        Some(Effect::Fills) if default == Default::None => return Initial::ServerDefault,
        _ => {}
    }
    if kind.is_time() {
        // One that updates set anew, and inserts need not give, is the server's own affair.
        let is_kept = effect(&table.triggers, column) == Some(Effect::Sets);
        if is_kept && (!column.not_null || default != Default::None) {
            return Initial::Server;
        }
    } else {
        for trigger in &table.triggers {
            if !matches!(effect([trigger], column), None | Some(Effect::Fills)) {
                notes.column(
                    &table.name,
                    column,
                    Reason::ChangedByTrigger { trigger: trigger.name.clone() },
                );
            }
        }
    }
    let is_filled = (name == "created_at" || name == "updated_at") && column.not_null;
    match default {
        Default::None => Initial::Required,
        Default::Now if is_filled => Initial::Required,
        Default::Now => Initial::Expression(now(kind).to_owned()),
        Default::Uuid => Initial::Expression("Uuid::now_v7()".to_owned()),
        Default::Literal(literal) => Initial::Literal(literal),
        Default::Expression(expression) => Initial::Expression(expression),
        Default::Server => Initial::ServerDefault,
    }
}

/// What the triggers do to the column; of several effects that which leaves the least of what was sent.
fn effect<'a>(triggers: impl IntoIterator<Item = &'a Trigger>, column: &Column) -> Option<Effect> {
    let effects = triggers.into_iter().flat_map(effects).filter(|(name, _)| *name == column.name);
    effects.map(|(_, effect)| effect).max_by_key(|effect| match effect {
        Effect::Fills => 0,
        Effect::Changes => 1,
        Effect::Sets => 2,
    })
}

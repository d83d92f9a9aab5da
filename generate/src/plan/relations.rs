//! Foreign keys as relations.

use std::collections::{HashMap, HashSet};

use heck::ToUpperCamelCase;

use super::{Notes, Placed, Relation, entry, relative};
use crate::description::ForeignKey;
use crate::names;
use crate::report::Reason;

pub(super) fn relations(placed: &Placed, all: &[Placed], notes: &mut Notes) -> Vec<Relation> {
    let mut targets: Vec<(&ForeignKey, &Placed)> = Vec::new();
    for foreign_key in &placed.table.foreign_keys {
        let Some(target) = all.iter().find(|other| other.table.name == foreign_key.to) else {
            let to = format!("{}.{}", foreign_key.to.schema, foreign_key.to.name);
            notes.table(
                &placed.table.name,
                Reason::ForeignTable { name: foreign_key.name.clone(), to },
            );
            continue;
        };
        let same = |other: &ForeignKey| {
            other.columns == foreign_key.columns
                && other.to == foreign_key.to
                && other.to_columns == foreign_key.to_columns
        };
        if !targets.iter().any(|(other, _)| same(other)) {
            targets.push((foreign_key, target));
        }
    }

    let mut uses: HashMap<String, usize> = HashMap::new();
    for (_, target) in &targets {
        *uses.entry(names::relation(&target.names.module)).or_default() += 1;
    }
    let mut taken = HashSet::new();
    let relation = |(foreign_key, target): (&ForeignKey, &Placed)| {
        let from = columns(placed, &foreign_key.columns)?;
        let mut name = names::relation(&target.names.module);
        if uses.get(&name).is_some_and(|uses| *uses > 1) {
            name = format!("{name}By{}", from.concat());
        }
        let is_own = target.table.name == placed.table.name;
        let prefix = if is_own {
            String::new()
        } else {
            format!("{}::", relative(&placed.module(), &target.module()))
        };
        let to = columns(target, &foreign_key.to_columns)?;
        let mut sea_orm = vec![
            entry("belongs_to", &format!("{prefix}Entity")),
            entry("from", &list("Column::", &from)),
            entry("to", &list(&format!("{prefix}Column::"), &to)),
        ];
        sea_orm.extend(foreign_key.on_update.map(|action| entry("on_update", action)));
        sea_orm.extend(foreign_key.on_delete.map(|action| entry("on_delete", action)));
        Some(Relation { variant: names::unique(&name, "", &mut taken), sea_orm })
    };
    targets.into_iter().filter_map(relation).collect()
}

/// The variants of `SeaORM`'s enum `Column`.
fn columns(placed: &Placed, names: &[String]) -> Option<Vec<String>> {
    let variant = |name: &String| Some(placed.fields[placed.position(name)?].to_upper_camel_case());
    names.iter().map(variant).collect()
}

fn list(prefix: &str, columns: &[String]) -> String {
    let columns: Vec<_> = columns.iter().map(|column| format!("{prefix}{column}")).collect();
    match columns.as_slice() {
        [column] => column.clone(),
        columns => format!("({})", columns.join(", ")),
    }
}

//! The enums that columns are of.

use std::collections::{BTreeMap, BTreeSet};

use super::{Enum, Notes, entry, relative};
use crate::description::{Column, EnumName, Table};
use crate::kind::Kind;
use crate::names;
use crate::report::Reason;

/// Enums that are written, each in the module of its schema; those of other schemas in the first module.
pub(super) struct Enums(BTreeMap<EnumName, Written>);

struct Written {
    /// The path of the module that has the enums' module.
    path: Vec<String>,
    name: String,
    labels: Vec<String>,
    variants: Vec<String>,
}

impl Enums {
    pub(super) fn new(
        mut labels: BTreeMap<EnumName, Vec<String>>,
        tables: &[Table],
        paths: &[(String, Vec<String>)],
    ) -> Self {
        let mut homes: BTreeMap<&Vec<String>, BTreeSet<EnumName>> = BTreeMap::new();
        for name in tables
            .iter()
            .flat_map(|table| &table.columns)
            .filter_map(|column| column.enum_name.as_ref())
        {
            let home = paths.iter().find(|(schema, _)| *schema == name.schema).or(paths.first());
            if let Some((_, path)) = home {
                homes.entry(path).or_default().insert(name.clone());
            }
        }
        let mut written = BTreeMap::new();
        for (path, mut enums) in homes {
            enums.retain(|name| {
                labels.get(name).is_some_and(|labels| names::variants(labels).is_some())
            });
            for (enum_name, name) in names::enum_types(&enums) {
                let labels = labels.remove(&enum_name).unwrap_or_default();
                let variants = names::variants(&labels).unwrap_or_default();
                written.insert(enum_name, Written { path: path.clone(), name, labels, variants });
            }
        }
        Self(written)
    }

    /// The kind of a column of a table in the module `path`.
    pub(super) fn kind(&self, column: &Column, path: &[String]) -> Kind {
        let Some(enum_name) = &column.enum_name else { return Kind::of(&column.type_name) };
        let Some(written) = self.0.get(enum_name) else { return Kind::Opaque };
        let mut from = path.to_vec();
        from.push(String::new());
        let mut to = written.path.clone();
        to.push(names::ENUMS.to_owned());
        Kind::Enum(format!("{}::{}", relative(&from, &to), written.name))
    }

    /// The variant for a label of the column's enum, by its path.
    pub(super) fn variant(&self, column: &Column, kind: &Kind, label: &str) -> Option<String> {
        let written = self.0.get(column.enum_name.as_ref()?)?;
        let position = written.labels.iter().position(|other| other == label)?;
        let Kind::Enum(path) = kind else { return None };
        Some(format!("{path}::{}", written.variants[position]))
    }

    /// Notes columns whose values only the server understands.
    pub(super) fn note(&self, table: &Table, kinds: &[Kind], notes: &mut Notes) {
        for (column, kind) in table.columns.iter().zip(kinds) {
            if *kind == Kind::Opaque {
                let of = column.type_name.clone();
                let is_enum = column.enum_name.is_some();
                let reason =
                    if is_enum { Reason::EnumLabels { of } } else { Reason::Opaque { of } };
                notes.column(&table.name, column, reason);
            }
        }
    }

    /// What is written in each module.
    pub(super) fn into_modules(self) -> BTreeMap<Vec<String>, Vec<Enum>> {
        let mut modules: BTreeMap<Vec<String>, Vec<Enum>> = BTreeMap::new();
        for (enum_name, written) in self.0 {
            let sea_orm = vec![
                entry("rs_type", "String"),
                entry("db_type", "Enum"),
                entry("enum_name", &enum_name.name),
            ];
            let variants = written.variants.into_iter().zip(written.labels).collect();
            modules.entry(written.path).or_default().push(Enum {
                name: written.name,
                sea_orm,
                variants,
            });
        }
        modules
    }
}

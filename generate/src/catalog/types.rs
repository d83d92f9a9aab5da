//! Which type a column is of, below all domains.

use std::collections::HashMap;

use super::rows::{ColumnRow, TypeRow};
use crate::description::{Column, EnumName, Made};

/// Collations of which text sorts by its bytes in UTF-8.
const BY_BYTES: [&str; 3] = ["C", "POSIX", "ucs_basic"];

/// The domains and enums of a database.
pub(super) struct Types(HashMap<i64, TypeRow>);

impl Types {
    pub(super) fn new(rows: Vec<TypeRow>) -> Self {
        Self(rows.into_iter().map(|row| (row.oid, row)).collect())
    }

    pub(super) fn column(&self, row: ColumnRow) -> Column {
        let made = made(&row);
        let (mut oid, mut type_name, mut dimensions) =
            (row.type_oid, row.type_name, row.dimensions);
        let mut declared = row.declared;
        let (mut not_null, mut default) = (row.not_null, row.default);
        // A domain may be based on another.
        while let Some((domain, base)) = self.0.get(&oid).and_then(|row| Some((row, row.base?))) {
            oid = base;
            type_name = domain.base_name.clone().unwrap_or_default();
            declared = domain.base_declared.clone().unwrap_or_default();
            dimensions = dimensions.max(domain.dimensions);
            not_null |= domain.not_null;
            default = default.or_else(|| domain.default.clone());
        }
        if dimensions > 1 {
            // The catalog names an array alike, however many dimensions were declared.
            type_name = format!(
                "{}{}",
                type_name.trim_end_matches("[]"),
                "[]".repeat(usize::try_from(dimensions).unwrap_or(2))
            );
        }
        let sorts_by_bytes = matches!(type_name.as_str(), "text" | "character varying")
            && row.collation.is_some_and(|name| BY_BYTES.contains(&name.as_str()));
        Column {
            name: row.name,
            type_name,
            declared,
            enum_name: self.enum_name(oid),
            sorts_by_bytes,
            not_null,
            default,
            made,
        }
    }

    /// All enums with their labels.
    pub(super) fn enums(self) -> impl Iterator<Item = (EnumName, Vec<String>)> {
        self.0
            .into_values()
            .filter_map(|row| Some((EnumName { schema: row.schema, name: row.name }, row.labels?)))
    }

    fn enum_name(&self, oid: i64) -> Option<EnumName> {
        let row = self.0.get(&oid).filter(|row| row.labels.is_some())?;
        Some(EnumName { schema: row.schema.clone(), name: row.name.clone() })
    }
}

fn made(row: &ColumnRow) -> Made {
    let counted = row.default.as_ref().is_some_and(|default| default.starts_with("nextval("));
    match (row.identity.as_str(), row.generated.as_str()) {
        ("a", _) => Made::AlwaysCounted,
        ("d", _) => Made::Counted,
        (_, "") if counted => Made::Counted,
        (_, "") => Made::Client,
        _ => Made::Computed,
    }
}

use proc_macro2::Ident;
use syn::ext::IdentExt;
use syn::{DeriveInput, FieldsNamed, Path, Type, Visibility};

use super::errors::Errors;
use super::field_attributes::FieldAttributes;
use super::table_attributes::TableAttributes;
use super::{RelatedRows, names, types};

/// The foreign keys of a table, as its `ModelEx` describes them.
#[derive(Debug)]
pub(crate) struct Relations {
    pub(crate) visibility: Visibility,
    /// The repository; `None` if `Model` reports an error in its name.
    pub(crate) repository: Option<Ident>,
    pub(crate) parents: Vec<Parent>,
    pub(crate) related: Option<RelatedRows>,
}

/// A foreign key column for which `Model`, which does not know it as one, made no finder.
#[derive(Debug)]
pub(crate) struct Parent {
    /// The Rust field of the column.
    pub(crate) field: Ident,
    /// The type of a value that is not NULL.
    pub(crate) scalar: Type,
}

impl Relations {
    /// Mistakes are not reported: the same attributes stand on `Model`, and what is wrong in a relation is reported by
    /// `SeaORM`.
    pub(crate) fn parse(input: &DeriveInput, fields: &FieldsNamed) -> Self {
        let mut reported = Errors::default();
        let table = TableAttributes::parse(&input.attrs, &mut reported);
        let repository = table
            .table_name
            .and_then(|name| names::repository(table.repository.as_ref(), &name).ok());

        let mut columns = Vec::new();
        let mut foreign_keys = Vec::new();
        for field in &fields.named {
            let Some(ident) = &field.ident else { continue };
            let attributes = FieldAttributes::parse(field, &mut reported);
            if types::is_relation(&field.ty) {
                // In a `HasMany`, `from` is a relation of the junction table.
                if types::last_name(&field.ty) != "HasMany" {
                    foreign_keys.extend(attributes.from.and_then(|from| from.parse::<Path>().ok()));
                }
            } else if !attributes.ignore {
                let has_finder = attributes.primary_key || attributes.unique || attributes.indexed;
                columns.push((ident, &field.ty, has_finder));
            }
        }

        let is_foreign_key = |ident: &Ident| {
            foreign_keys.iter().any(|path| {
                // `session_id` or `Column::SessionId`
                path.segments
                    .last()
                    .is_some_and(|segment| variant(&segment.ident) == variant(ident))
            })
        };
        let parents = columns
            .into_iter()
            .filter(|(ident, _, has_finder)| !has_finder && is_foreign_key(ident))
            .map(|(ident, ty, _)| Parent {
                field: ident.clone(),
                scalar: types::option_inner(ty).unwrap_or(ty).clone(),
            })
            .collect();
        let related = repository
            .as_ref()
            .map(|repository| RelatedRows::of_fields(&input.vis, repository, fields));
        Self { visibility: input.vis.clone(), repository, parents, related }
    }
}

/// The name in `SeaORM`'s enum `Column`.
fn variant(ident: &Ident) -> String {
    heck::ToUpperCamelCase::to_upper_camel_case(ident.unraw().to_string().as_str())
}

use proc_macro2::Ident;
use syn::spanned::Spanned;
use syn::{DeriveInput, FieldsNamed, LitStr, Result, Visibility};

use super::column::Column;
use super::conflict::Conflict;
use super::errors::Errors;
use super::field_attributes::FieldAttributes;
use super::names::{self, Names};
use super::table_attributes::TableAttributes;
use super::{key, types};

/// A table, as its `Model` describes it.
#[derive(Debug)]
pub(crate) struct Table {
    pub(crate) visibility: Visibility,
    /// The struct itself.
    pub(crate) model: Ident,
    /// The name in the database.
    pub(crate) name: LitStr,
    pub(crate) schema: Option<LitStr>,
    /// The names of what is generated.
    pub(crate) names: Names,
    pub(crate) columns: Vec<Column>,
    /// The position of the key in `columns`.
    pub(crate) key: usize,
    pub(crate) conflict: Conflict,
    /// Fields that are not stored: `#[sea_orm(ignore)]`.
    pub(crate) ignored: Vec<Ident>,
}

impl Table {
    pub(crate) fn parse(input: &DeriveInput, fields: &FieldsNamed) -> Result<Self> {
        let mut errors = Errors::default();
        let attributes = TableAttributes::parse(&input.attrs, &mut errors);
        let named = Names::parse(&input.ident, &attributes, &mut errors);

        let mut columns = Vec::new();
        let mut keys = Vec::new();
        let mut ignored = Vec::new();
        for field in &fields.named {
            let Some(ident) = &field.ident else { continue };
            let found = FieldAttributes::parse(field, &mut errors);
            if types::is_relation(&field.ty) {
                errors.at(
                    field.ty.span(),
                    "a relation is not a column: put `#[sea_orm::model]` above the derives",
                );
            } else if found.ignore {
                if let Some(span) =
                    found.given.or(found.default.as_ref().map(|default| default.span))
                {
                    errors.at(span, "this field is ignored, not a column: remove one of the two");
                }
                ignored.push(ident.clone());
            } else {
                if found.primary_key {
                    keys.push((columns.len(), ident));
                    key::check(field, ident, &found, &mut errors);
                }
                columns.push(Column::new(field, ident, found, attributes.rename_all, &mut errors));
            }
        }

        if keys.is_empty() {
            errors.at(
                input.ident.span(),
                "no key: mark one column `#[sea_orm(primary_key, auto_increment = false)]`",
            );
        }
        for (_, ident) in keys.iter().skip(1) {
            errors.at(
                ident.span(),
                "a second key column: a repository needs one key column. Add an id of its own to this table, and \
                 keep the pair unique with `#[sea_orm(unique_key = \"...\")]`",
            );
        }
        let key = keys.first().map(|(position, _)| *position);
        names::check_columns(&columns, key, &mut errors);
        if let Some((Conflict::RemoteWins, span)) = attributes.conflict
            && columns.iter().all(|column| column.field != "updated_at")
        {
            errors.at(
                span,
                "`remote_wins` needs a column `updated_at`, by which changes are told apart",
            );
        }
        errors.finish()?;

        // What is missing here has been noted above.
        let incomplete = || syn::Error::new(input.ident.span(), "incomplete entity");
        Ok(Self {
            visibility: input.vis.clone(),
            model: input.ident.clone(),
            name: attributes.table_name.ok_or_else(incomplete)?,
            schema: attributes.schema_name,
            names: named.ok_or_else(incomplete)?,
            columns,
            key: key.ok_or_else(incomplete)?,
            conflict: attributes.conflict.map(|(conflict, _)| conflict).unwrap_or_default(),
            ignored,
        })
    }

    /// The position of the column of a field.
    pub(crate) fn position(&self, field: &str) -> Option<usize> {
        self.columns.iter().position(|column| column.field == field)
    }

    /// The columns that an update may change: all but the key.
    pub(crate) fn changeable(&self) -> impl Iterator<Item = &Column> {
        let key = self.key;
        self.columns
            .iter()
            .enumerate()
            .filter_map(move |(position, column)| (position != key).then_some(column))
    }

    /// The key, then the other columns, in the order of the struct.
    pub(crate) fn key_first(&self) -> impl Iterator<Item = &Column> {
        std::iter::once(&self.columns[self.key]).chain(self.changeable())
    }
}

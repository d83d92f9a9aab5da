use proc_macro2::Ident;
use syn::spanned::Spanned;
use syn::{DeriveInput, Field, FieldsNamed, LitBool, LitStr, Result, Visibility};

use super::column::{Column, Initial};
use super::conflict::Conflict;
use super::errors::Errors;
use super::field_attributes::FieldAttributes;
use super::names::{self, Names};
use super::table_attributes::{Access, TableAttributes};
use super::{key, soft_delete, types};

/// The most columns of a key: a tuple of more is no key.
const MOST_KEY_COLUMNS: usize = 6;

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
    /// The positions of the key in `columns`; none of a table without a key.
    pub(crate) key: Vec<usize>,
    /// The positions of columns that are unique: one alone, or several together.
    pub(crate) unique: Vec<Vec<usize>>,
    pub(crate) access: Access,
    pub(crate) conflict: Conflict,
    /// The position of the column that a delete sets, where it does no more.
    pub(crate) soft_delete: Option<usize>,
    /// Fields that are not stored: `#[sea_orm(ignore)]`.
    pub(crate) ignored: Vec<Ident>,
}

impl Table {
    pub(crate) fn parse(input: &DeriveInput, fields: &FieldsNamed) -> Result<Self> {
        let mut errors = Errors::default();
        let attributes = TableAttributes::parse(&input.attrs, &mut errors);
        let named = Names::parse(&input.ident, &attributes, &mut errors);

        let is_composite = 1 < fields.named.iter().filter(|field| is_key(field)).count();
        let mut columns = Vec::new();
        let mut keys = Vec::new();
        let mut marked = Vec::new();
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
                let mut found = found;
                if attributes.access == Access::ReadWithoutKey {
                    found.primary_key = false;
                }
                if found.primary_key {
                    keys.push(columns.len());
                    if is_composite {
                        key::check_composite(ident, &found, &mut errors);
                        found.auto_increment = Some(LitBool::new(false, ident.span()));
                        if found.made.is_none() {
                            found.given.get_or_insert(ident.span());
                        }
                    }
                    key::check(field, ident, &found, &mut errors);
                }
                marked.extend(found.soft_delete.map(|span| (columns.len(), span)));
                columns.push(Column::new(field, ident, found, attributes.rename_all, &mut errors));
            }
        }

        if keys.is_empty() && attributes.access != Access::ReadWithoutKey {
            errors.at(
                input.ident.span(),
                "no key: mark its columns `#[sea_orm(primary_key, auto_increment = false)]`. SeaORM wants one \
                 marked in any case: where none tells rows apart, write `#[repository(no_key)]` as well, and \
                 rows can only be read",
            );
        }
        if keys.len() > MOST_KEY_COLUMNS {
            errors.at(
                input.ident.span(),
                format!("a key of {} columns: {MOST_KEY_COLUMNS} are possible", keys.len()),
            );
        }
        names::check_columns(&columns, &keys, &mut errors);
        let soft_delete = soft_delete::position(&attributes, &marked, &columns, &keys, &mut errors);
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
            unique: unique(&columns, &keys),
            soft_delete,
            columns,
            key: keys,
            access: attributes.access,
            conflict: attributes.conflict.map(|(conflict, _)| conflict).unwrap_or_default(),
            ignored,
        })
    }

    /// The position of the column of a field.
    pub(crate) fn position(&self, field: &str) -> Option<usize> {
        self.columns.iter().position(|column| column.field == field)
    }

    /// The columns that an update may change: all but the key, and those that only the database makes.
    pub(crate) fn changeable(&self) -> impl Iterator<Item = (usize, &Column)> {
        let columns = self.columns.iter().enumerate();
        columns.filter(|(position, column)| !self.key.contains(position) && !column.is_made())
    }

    /// The columns by which rows are found but by their key.
    pub(crate) fn searchable(&self) -> impl Iterator<Item = &Column> {
        let is_key = |position| self.key == [position];
        let columns = self.columns.iter().enumerate();
        columns.filter(move |(position, _)| !is_key(*position)).map(|(_, column)| column)
    }

    /// The key, then the other columns, in the order of the struct.
    pub(crate) fn key_first(&self) -> impl Iterator<Item = &Column> {
        let others = self.columns.iter().enumerate();
        let others = others.filter(|(position, _)| !self.key.contains(position));
        self.key.iter().map(|at| &self.columns[*at]).chain(others.map(|(_, column)| column))
    }

    /// Whether the database makes any of its values.
    pub(crate) fn has_made_values(&self) -> bool {
        self.columns.iter().any(|column| matches!(column.initial, Initial::Made(_)))
    }
}

fn is_key(field: &Field) -> bool {
    FieldAttributes::parse(field, &mut Errors::default()).primary_key
}

/// The positions of columns that are unique: one alone, or several that share a `unique_key`.
fn unique(columns: &[Column], key: &[usize]) -> Vec<Vec<usize>> {
    let is_unique = |at: &usize| columns[*at].unique && key != [*at];
    let mut unique: Vec<Vec<usize>> =
        (0..columns.len()).filter(is_unique).map(|at| vec![at]).collect();
    let mut groups: Vec<(&str, Vec<usize>)> = Vec::new();
    for (at, column) in columns.iter().enumerate() {
        let Some(name) = column.unique_key.as_deref() else { continue };
        match groups.iter_mut().find(|(known, _)| *known == name) {
            Some((_, group)) => group.push(at),
            None => groups.push((name, vec![at])),
        }
    }
    unique.extend(groups.into_iter().map(|(_, group)| group).filter(|group| group != key));
    unique
}

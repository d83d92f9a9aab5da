//! The names of what is generated, and whether they collide.

use std::collections::HashSet;

use heck::{ToShoutySnakeCase, ToUpperCamelCase};
use quote::format_ident;
use syn::{Error, Ident, LitStr, Result};

use super::column::{Column, Initial};
use super::errors::Errors;
use super::table_attributes::TableAttributes;

/// The names of the generated types.
#[derive(Debug)]
pub(crate) struct Names {
    pub(crate) repository: Ident,
    pub(crate) new_row: Ident,
    /// The required columns of a new row.
    pub(crate) fields: Ident,
    pub(crate) patch: Ident,
}

/// Names that `SeaORM` generates in the module of an entity, and those of the prelude that columns are written with.
const TAKEN: [&str; 29] = [
    "Model",
    "ModelEx",
    "ActiveModel",
    "ActiveModelEx",
    "ActiveModelBehavior",
    "Entity",
    "EntityLoader",
    "EntityLoaderWith",
    "EntityLoaderTrait",
    "EntityReverse",
    "EntityName",
    "EntityTrait",
    "Column",
    "TypedColumn",
    "PrimaryKey",
    "Relation",
    "RelatedEntity",
    "Self",
    "Option",
    "String",
    "Vec",
    "Box",
    "Result",
    "Uuid",
    "Json",
    "DateTime",
    "Date",
    "Time",
    "Decimal",
];

impl Names {
    /// `None` where an error is noted.
    pub(crate) fn parse(
        model: &Ident,
        attributes: &TableAttributes,
        errors: &mut Errors,
    ) -> Option<Self> {
        let repository = if let Some(table) = &attributes.table_name {
            errors.keep(repository(attributes.repository.as_ref(), table))
        } else {
            errors.at(
                model.span(),
                "add `#[sea_orm(table_name = \"...\")]`: the name of the table, it names the repository too",
            );
            None
        };
        let row = if let Some(name) = &attributes.name {
            errors.keep(type_name(name, &name.value()))
        } else {
            errors.at(
                model.span(),
                "add `#[repository(name = \"...\")]`: the name of one row; it makes `New...` and `...Patch`",
            );
            None
        };
        let (repository, row) = (repository?, row?);
        let (new_row, fields) = (format_ident!("New{row}"), format_ident!("{row}Fields"));
        let patch = format_ident!("{row}Patch");
        if [&new_row, &fields, &patch].contains(&&repository) {
            errors.at(
                repository.span(),
                format!(
                    "the repository and a generated type would both be `{repository}`: name the repository with \
                     `#[repository(repository = \"...\")]`"
                ),
            );
            return None;
        }
        Some(Self { repository, new_row, fields, patch })
    }
}

/// The repository's name: its own, or the table's in upper camel case.
pub(crate) fn repository(own: Option<&LitStr>, table: &LitStr) -> Result<Ident> {
    let ident = match own {
        Some(name) => type_name(name, &name.value())?,
        None => type_name(table, &table.value().to_upper_camel_case())?,
    };
    if TAKEN.contains(&ident.to_string().as_str()) {
        return Err(Error::new(
            own.unwrap_or(table).span(),
            format!(
                "`{ident}` means something else in the module of an entity: name the repository with \
                 `#[repository(repository = \"...\")]`"
            ),
        ));
    }
    Ok(ident)
}

fn type_name(place: &LitStr, name: &str) -> Result<Ident> {
    match syn::parse_str::<Ident>(name) {
        Ok(mut ident) if name.starts_with(char::is_uppercase) && !name.contains('_') => {
            ident.set_span(place.span());
            Ok(ident)
        }
        _ => Err(Error::new(
            place.span(),
            format!(
                "`{name}` cannot name a type: write `name = \"...\"` (one row) and `repository = \"...\"` in \
                 `#[repository(...)]` in upper camel case, as in \"Event\" and \"Events\""
            ),
        )),
    }
}

/// The generated names of one namespace, each to be used once.
struct Claims<'a> {
    taken: HashSet<String>,
    errors: &'a mut Errors,
}

impl<'a> Claims<'a> {
    fn new(taken: &[&str], errors: &'a mut Errors) -> Self {
        Self { taken: taken.iter().map(ToString::to_string).collect(), errors }
    }

    /// Notes an error at the column's field if `name` is used already.
    fn claim(&mut self, column: &Column, name: String, what: &str) {
        if self.taken.contains(&name) {
            self.errors.at(
                column.field.span(),
                format!(
                    "`{name}`, {what} of this column, is also the name of something else that is generated: rename \
                     the field and keep the column with `#[sea_orm(column_name = \"{}\")]`",
                    column.name
                ),
            );
        } else {
            self.taken.insert(name);
        }
    }
}

/// Notes an error for each column whose generated names are those of another.
pub(crate) fn check_columns(columns: &[Column], key: &[usize], errors: &mut Errors) {
    let is_key = |position: usize| key.contains(&position);

    let mut stored = HashSet::new();
    for column in columns {
        if !stored.insert(column.name.as_str()) {
            errors.at(
                column.field.span(),
                format!("another field is stored in the column `{}` already", column.name),
            );
        }
    }

    let mut constants = Claims::new(&[], errors);
    for column in columns {
        constants.claim(column, column.plain_name().to_shouty_snake_case(), "the constant");
    }

    // The patch has the setters of all columns but the key, the new row that of a key which is not given.
    let mut setters = Claims::new(&["new"], errors);
    for (position, column) in columns.iter().enumerate() {
        if !is_key(position) || !matches!(column.initial, Initial::Argument) {
            setters.claim(column, column.plain_name(), "the setter");
        }
    }
    for (position, column) in columns.iter().enumerate() {
        if !is_key(position) && column.inner.is_some() {
            setters.claim(column, format!("clear_{}", column.plain_name()), "the setter");
        }
    }

    let mut finders = Claims::new(&[], errors);
    for (position, column) in columns.iter().enumerate() {
        if key != [position] && column.indexed && !column.unique {
            finders.claim(column, format!("find_by_{}", column.plain_name()), "the finder");
            finders.claim(column, format!("find_by_{}_in", column.plain_name()), "the finder");
        }
    }
}

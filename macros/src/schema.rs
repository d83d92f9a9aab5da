//! First pass: reads the item into a plain struct, and reports all its mistakes at once.

mod attributes;
mod case_style;
mod column;
mod conflict;
mod errors;
mod field_attributes;
mod id;
mod key;
mod names;
mod related;
mod relations;
mod scalar;
mod selected;
mod soft_delete;
mod table;
mod table_attributes;
mod types;

use quote::ToTokens;
use syn::{Data, DeriveInput, Error, FieldsNamed, Result};

pub(crate) use self::column::{Column, Initial};
pub(crate) use self::conflict::Conflict;
pub(crate) use self::field_attributes::Made;
pub(crate) use self::id::Id;
pub(crate) use self::related::{Related, RelatedRows};
pub(crate) use self::relations::{Parent, Relations};
pub(crate) use self::scalar::{Form, Scalar};
pub(crate) use self::selected::Selected;
pub(crate) use self::table::Table;
pub(crate) use self::table_attributes::Access;

/// What `#[derive(Repository)]` may stand on.
#[derive(Debug)]
pub(crate) enum Entity {
    /// `Model`: the table.
    Table(Box<Table>),
    /// `ModelEx`, which `SeaORM`'s dense format makes out of `Model`: the only place where relations are visible.
    Relations(Relations),
}

impl Entity {
    pub(crate) fn parse(input: &DeriveInput) -> Result<Self> {
        let what = "`Repository` stands on a struct with named fields, one for each column";
        let fields = named_fields(input, what)?;
        if input.ident == "Model" {
            Table::parse(input, fields).map(|table| Self::Table(Box::new(table)))
        } else if input.ident == "ModelEx" {
            Ok(Self::Relations(Relations::parse(input, fields)))
        } else {
            Err(Error::new(
                input.ident.span(),
                "`Repository` stands on a SeaORM entity: name this struct `Model`, in a module of its own",
            ))
        }
    }
}

fn named_fields<'i>(input: &'i DeriveInput, what: &str) -> Result<&'i FieldsNamed> {
    let generics = &input.generics;
    if !generics.params.is_empty() || generics.where_clause.is_some() {
        let place = if generics.params.is_empty() {
            generics.where_clause.to_token_stream()
        } else {
            generics.params.to_token_stream()
        };
        return Err(Error::new_spanned(
            place,
            "a row has no type parameters: write out the types of the columns",
        ));
    }
    if let Data::Struct(data) = &input.data
        && let syn::Fields::Named(fields) = &data.fields
    {
        return Ok(fields);
    }
    Err(Error::new(input.ident.span(), what))
}

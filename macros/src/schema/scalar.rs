use proc_macro2::Ident;
use quote::ToTokens;
use syn::{Attribute, Data, DeriveInput, Error, Fields, LitStr, Result, Type, parse_str};

use super::attributes::{skip, value};

/// A type of the user's own that a column may hold.
#[derive(Debug)]
pub(crate) struct Scalar {
    pub(crate) ident: Ident,
    pub(crate) form: Form,
}

/// How it is stored.
#[derive(Debug)]
pub(crate) enum Form {
    /// As what it holds.
    Newtype(Box<Type>),
    /// As the type that `#[sea_orm(value_type = "...")]` of `DeriveValueType` names.
    Converted(Box<Type>),
    /// As the type of its values: `DeriveActiveEnum`.
    Enum,
    /// As JSON: `FromJsonQueryResult`.
    Document,
}

impl Scalar {
    pub(crate) fn parse(input: &DeriveInput) -> Result<Self> {
        let generics = &input.generics;
        if !generics.params.is_empty() || generics.where_clause.is_some() {
            return Err(Error::new_spanned(
                generics.params.to_token_stream(),
                "a column's type has no type parameters: write a newtype for each",
            ));
        }
        let (mut converted, mut is_enum) = (None, false);
        for attribute in input.attrs.iter().filter(|attribute| is_sea_orm(attribute)) {
            attribute.parse_nested_meta(|meta| {
                if meta.path.is_ident("value_type") {
                    converted = Some(parse_str::<Type>(&value::<LitStr>(&meta)?.value())?);
                } else if meta.path.is_ident("rs_type") {
                    is_enum = true;
                    skip(&meta)?;
                } else {
                    skip(&meta)?;
                }
                Ok(())
            })?;
        }
        let form = match &input.data {
            _ if is_enum => Form::Enum,
            _ if converted.is_some() => {
                Form::Converted(Box::new(converted.ok_or_else(|| unfit(&input.ident))?))
            }
            Data::Struct(data) => match &data.fields {
                Fields::Unnamed(fields) => match fields.unnamed.first() {
                    Some(field) if fields.unnamed.len() == 1 => {
                        Form::Newtype(Box::new(field.ty.clone()))
                    }
                    _ => return Err(unfit(&input.ident)),
                },
                Fields::Named(_) => Form::Document,
                Fields::Unit => return Err(unfit(&input.ident)),
            },
            Data::Enum(_) => Form::Document,
            Data::Union(_) => return Err(unfit(&input.ident)),
        };
        Ok(Self { ident: input.ident.clone(), form })
    }
}

fn is_sea_orm(attribute: &Attribute) -> bool {
    attribute.path().is_ident("sea_orm")
}

fn unfit(ident: &Ident) -> Error {
    Error::new(
        ident.span(),
        "`Scalar` stands on a struct with one unnamed field (beside `DeriveValueType`), on an enum (beside \
         `DeriveActiveEnum`), or on a document (beside `FromJsonQueryResult`)",
    )
}

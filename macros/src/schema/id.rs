use proc_macro2::Ident;
use quote::ToTokens;
use syn::spanned::Spanned;
use syn::{Data, DeriveInput, Error, Fields, Result, Visibility};

use super::types;

/// A tuple struct that holds one `Uuid`.
#[derive(Debug)]
pub(crate) struct Id {
    pub(crate) visibility: Visibility,
    pub(crate) ident: Ident,
}

impl Id {
    pub(crate) fn parse(input: &DeriveInput) -> Result<Self> {
        let form = format!("write `struct {}(Uuid);`", input.ident);
        if !input.generics.params.is_empty() || input.generics.where_clause.is_some() {
            return Err(Error::new_spanned(
                input.generics.params.to_token_stream(),
                format!("an id has no type parameters: {form}"),
            ));
        }
        let fields = match &input.data {
            Data::Struct(data) => &data.fields,
            Data::Enum(_) | Data::Union(_) => {
                return Err(Error::new(input.ident.span(), format!("an id is a struct: {form}")));
            }
        };
        let Fields::Unnamed(fields) = fields else {
            return Err(Error::new(
                input.ident.span(),
                format!("an id holds one unnamed field: {form}"),
            ));
        };
        if fields.unnamed.len() != 1 {
            return Err(Error::new_spanned(
                fields,
                format!("an id holds one unnamed field: {form}"),
            ));
        }
        if let Some(field) = fields.unnamed.first()
            && types::last_name(&field.ty) != "Uuid"
        {
            return Err(Error::new(field.ty.span(), format!("an id holds a `uuid::Uuid`: {form}")));
        }
        Ok(Self { visibility: input.vis.clone(), ident: input.ident.clone() })
    }
}

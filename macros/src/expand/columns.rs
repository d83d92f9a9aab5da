use heck::ToShoutySnakeCase;
use proc_macro2::{Ident, TokenStream};
use quote::quote;
use syn::ext::IdentExt;

use super::generated;
use crate::schema::Table;

/// The constants of the repository, one for each column.
pub(crate) fn expand(table: &Table) -> impl Iterator<Item = TokenStream> {
    let Table { visibility, model, .. } = table;
    table.columns.iter().enumerate().map(move |(position, column)| {
        let (name, ty) = (constant(&column.field), &column.ty);
        let docs = &column.docs;
        let separator = (!docs.is_empty()).then(|| quote! { #[doc = ""] });
        let line = format!(" The column `{}`.", column.name);
        quote! {
            #(#docs)*
            #separator
            #[doc = #line]
            #visibility const #name: ::chronicle::Field<#model, #ty> = ::chronicle::Field::new(#position);
        }
    })
}

/// `SESSION_ID` for `session_id`.
pub(crate) fn constant(field: &Ident) -> Ident {
    let name = field.unraw().to_string().to_shouty_snake_case();
    generated(&Ident::new(&name, field.span()))
}

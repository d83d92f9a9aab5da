use heck::ToShoutySnakeCase;
use proc_macro2::{Ident, TokenStream};
use quote::{quote, quote_spanned};
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
        let (field, new) = match column.collate {
            // A type that is no text is reported at the attribute.
            Some(span) => (
                quote! { ::chronicle::Field<#model, #ty, ::chronicle::ByBytes> },
                quote_spanned! { span => ::chronicle::Field::sorted_by_bytes(#position) },
            ),
            None => (
                quote! { ::chronicle::Field<#model, #ty> },
                quote! { ::chronicle::Field::new(#position) },
            ),
        };
        quote! {
            #(#docs)*
            #separator
            #[doc = #line]
            #visibility const #name: #field = #new;
        }
    })
}

/// `SESSION_ID` for `session_id`.
pub(crate) fn constant(field: &Ident) -> Ident {
    let name = field.unraw().to_string().to_shouty_snake_case();
    generated(&Ident::new(&name, field.span()))
}

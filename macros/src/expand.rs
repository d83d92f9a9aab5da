//! Second pass: code out of the parsed item, one file for each generated thing.

mod columns;
mod finders;
mod given;
mod id;
mod new_row;
mod patch;
mod record;
mod related;
mod repository;
mod scalar;
mod selected;

use proc_macro2::{Ident, Span, TokenStream};
use quote::quote;

pub(crate) use self::id::id;
pub(crate) use self::related::related;
pub(crate) use self::scalar::scalar;
pub(crate) use self::selected::selected;
use crate::schema::{Access, Entity};

/// All code for one `#[derive(Repository)]`.
pub(crate) fn entity(entity: &Entity) -> TokenStream {
    match entity {
        Entity::Table(table) => {
            let record = record::expand(table);
            let repository = repository::expand(table);
            if table.access != Access::ReadAndWrite {
                return quote! { #record #repository };
            }
            let new_row = new_row::expand(table);
            let patch = patch::expand(table);
            quote! { #record #repository #new_row #patch }
        }
        Entity::Relations(relations) => {
            let finders = finders::by_parents(relations);
            let related = relations.related.as_ref().map(related);
            quote! { #finders #related }
        }
    }
}

/// `ident` as a generated name: it resolves like the user's own and errors still point at the user's field, but lints
/// take it for generated code.
fn generated(ident: &Ident) -> Ident {
    let mut ident = ident.clone();
    ident.set_span(Span::call_site().located_at(ident.span()));
    ident
}

/// `field` as the name of an argument, which has no place in the user's code.
fn argument(field: &Ident) -> Ident {
    let mut ident = field.clone();
    ident.set_span(Span::call_site());
    ident
}

use proc_macro2::TokenStream;
use quote::{format_ident, quote};

use super::columns::constant;
use crate::schema::RelatedRows;

/// The constants of a repository, one for each relation.
pub(crate) fn related(
    RelatedRows { visibility, repository, relations }: &RelatedRows,
) -> TokenStream {
    // Beside the enum, and beside `ModelEx`, stands the row itself, which SeaORM always calls `Model`.
    let model = format_ident!("Model");
    let constants = relations.iter().map(|relation| {
        let (name, entity, definition) =
            (constant(&relation.name), &relation.entity, &relation.definition);
        let ty = if relation.is_many {
            quote! { ToMany }
        } else {
            quote! { ToOne }
        };
        let docs = format!(" The relation `{}`.", relation.name);
        quote! {
            #[doc = #docs]
            #visibility const #name: ::chronicle::#ty<
                #model,
                <#entity as ::chronicle::sea_orm::EntityTrait>::Model,
            > = ::chronicle::#ty::new(|| #definition);
        }
    });
    if relations.is_empty() {
        return TokenStream::new();
    }
    quote! {
        impl #repository {
            #(#constants)*
        }
    }
}

use proc_macro2::TokenStream;
use quote::{format_ident, quote};

use super::columns::constant;
use crate::schema::{Related, RelatedRows};

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
        let made = match &relation.field {
            Some(field) => {
                let field = field.to_string();
                quote! { of_field(|| #definition, #field) }
            }
            None => quote! { new(|| #definition) },
        };
        quote! {
            #[doc = #docs]
            #visibility const #name: ::chronicle::#ty<
                #model,
                <#entity as ::chronicle::sea_orm::EntityTrait>::Model,
            > = ::chronicle::#ty::#made;
        }
    });
    let nests = nests(relations);
    if relations.is_empty() {
        return TokenStream::new();
    }
    quote! {
        impl #repository {
            #(#constants)*
        }
        #nests
    }
}

/// How related rows come into the fields of `ModelEx`.
fn nests(relations: &[Related]) -> TokenStream {
    let fields = relations.iter().filter_map(|relation| {
        let (field, entity) = (relation.field.as_ref()?, &relation.entity);
        let name = field.to_string();
        let take = format_ident!("{}", if relation.is_many { "__many" } else { "__one" });
        Some(quote! {
            #name => nested.#field = ::core::convert::From::from(::chronicle::#take::<#entity>(rows)),
        })
    });
    let fields: Vec<TokenStream> = fields.collect();
    if fields.is_empty() {
        return TokenStream::new();
    }
    let (model, nested) = (format_ident!("Model"), format_ident!("ModelEx"));
    quote! {
        #[automatically_derived]
        impl ::chronicle::Nests for #model {
            type Nested = #nested;
            fn put(
                nested: &mut #nested,
                field: &::core::primitive::str,
                rows: ::std::boxed::Box<dyn ::core::any::Any>,
            ) -> ::core::primitive::bool {
                match field {
                    #(#fields)*
                    _ => return false,
                }
                true
            }
        }
    }
}

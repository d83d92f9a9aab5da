use proc_macro2::TokenStream;
use quote::{format_ident, quote};
use syn::ext::IdentExt;

use super::columns::constant;
use super::given::Given;
use super::record;
use super::{argument, generated};
use crate::schema::{Column, Table};

/// `EventPatch`: what an update sets, clears, leaves alone.
pub(crate) fn expand(table: &Table) -> TokenStream {
    let Table { visibility, model, .. } = table;
    let patch = &table.names.patch;
    let docs = format!(
        " Changes to a row of `{}`: what is set, what is cleared; the rest is left alone.",
        table.name.value()
    );
    let setters = table.changeable().map(|(at, column)| setter(table, at, column));

    quote! {
        #[doc = #docs]
        #[derive(Clone, Debug, Default)]
        #[must_use = "changes are made by `update`"]
        #visibility struct #patch(::chronicle::Patch<#model>);

        impl #patch {
            /// No changes yet.
            #visibility fn new() -> Self {
                Self(::std::default::Default::default())
            }

            #(#setters)*
        }

        #[automatically_derived]
        impl ::std::convert::From<#patch> for ::chronicle::Patch<#model> {
            fn from(patch: #patch) -> Self {
                patch.0
            }
        }
    }
}

fn setter(table: &Table, at: usize, column: &Column) -> TokenStream {
    let Table { visibility, names, .. } = table;
    let repository = &names.repository;
    let (field, constant) = (&column.field, constant(&column.field));
    let (name, argument) = (generated(field), argument(field));
    let link = format!("[`{}`]({repository}::{constant})", column.name);
    let docs = format!(" Sets {link}.");
    let stored = record::stored(at);
    let assign = |value: TokenStream| {
        quote! { self.0.assign(#at, (#repository::#stored.into_value)(#value)) }
    };
    let (generics, bound, set) = if column.inner.is_some() {
        let Given { generics, bound, value } = Given::new(column, &argument);
        (generics, bound, assign(value))
    } else {
        let ty = column.scalar();
        let into_value = quote! { #repository::#stored.into_value };
        (
            quote! { <F> },
            quote! { ::chronicle::IntoChange<#ty, F> },
            quote! { self.0.change(#at, #into_value, #argument.into_change()) },
        )
    };
    let clear = column.inner.is_some().then(|| {
        let name = generated(&format_ident!("clear_{}", field.unraw()));
        let docs = format!(" Makes {link} NULL.");
        let clear = assign(quote! { ::std::option::Option::None });
        quote! {
            #[doc = #docs]
            #visibility fn #name(mut self) -> Self {
                #clear;
                self
            }
        }
    });
    quote! {
        #[doc = #docs]
        #visibility fn #name #generics(mut self, #argument: impl #bound) -> Self {
            #set;
            self
        }

        #clear
    }
}

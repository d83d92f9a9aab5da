use proc_macro2::TokenStream;
use quote::{format_ident, quote, quote_spanned};
use syn::ext::IdentExt;
use syn::spanned::Spanned;

use super::columns::constant;
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
    let setters = table.changeable().map(|column| setter(table, column));

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

fn setter(table: &Table, column: &Column) -> TokenStream {
    let Table { visibility, names, .. } = table;
    let repository = &names.repository;
    let (field, ty, constant) = (&column.field, column.scalar(), constant(&column.field));
    let (name, argument) = (generated(field), argument(field));
    let link = format!("[`{}`]({repository}::{constant})", column.name);
    let docs = format!(" Sets {link}.");
    // A type that cannot be stored is reported at the field.
    let place = column.ty.span();
    let column_constant = {
        let (mut repository, mut constant) = (repository.clone(), constant.clone());
        repository.set_span(place);
        constant.set_span(place);
        quote_spanned! { place => #repository::#constant }
    };
    let set = quote_spanned! { place => self.0.set(#column_constant, #argument.into()) };
    let clear = column.inner.is_some().then(|| {
        let name = generated(&format_ident!("clear_{}", field.unraw()));
        let docs = format!(" Makes {link} NULL.");
        let clear = quote_spanned! { place => self.0.clear(#column_constant) };
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
        #visibility fn #name(mut self, #argument: impl ::std::convert::Into<#ty>) -> Self {
            #set;
            self
        }

        #clear
    }
}

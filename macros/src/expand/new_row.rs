use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};
use syn::Lit;
use syn::spanned::Spanned;

use super::columns::constant;
use super::{argument, generated};
use crate::schema::{Column, Initial, Table};

/// The most arguments a function has before clippy calls them too many.
const MANY: usize = 7;

/// `NewEvent`: a constructor with the required columns, and setters for the others.
pub(crate) fn expand(table: &Table) -> TokenStream {
    let Table { visibility, model, ignored, .. } = table;
    let new_row = &table.names.new_row;
    let table_name = table.name.value();
    let docs = format!(" A new row of `{table_name}`, to be inserted.");
    let note = " Its fields are private, so that the table can get more columns.";

    let required: Vec<&Column> =
        table.key_first().filter(|column| matches!(column.initial, Initial::Argument)).collect();
    let arguments = required.iter().map(|column| {
        let (argument, ty) = (argument(&column.field), column.scalar());
        quote! { #argument: impl ::std::convert::Into<#ty> }
    });
    let constructor_docs = if required.is_empty() {
        format!(" A new row of `{table_name}`; no column is required.")
    } else {
        format!(" A new row of `{table_name}` with its required columns.")
    };
    let allow = (required.len() > MANY).then(|| {
        quote! { #[allow(clippy::too_many_arguments, reason = "one for each required column")] }
    });
    let fields = table.columns.iter().map(|column| {
        let field = &column.field;
        let initial = initial(column);
        quote! { #field: #initial }
    });
    let setters = table
        .columns
        .iter()
        .filter(|column| !matches!(column.initial, Initial::Argument))
        .map(|column| setter(table, column));
    let default = required.is_empty().then(|| {
        quote! {
            #[automatically_derived]
            impl ::std::default::Default for #new_row {
                fn default() -> Self {
                    Self::new()
                }
            }
        }
    });

    quote! {
        #[doc = #docs]
        #[doc = ""]
        #[doc = #note]
        #[derive(Clone, Debug)]
        #[must_use = "a new row is stored by `insert`"]
        #visibility struct #new_row(#model);

        impl #new_row {
            #[doc = #constructor_docs]
            #allow
            #visibility fn new(#(#arguments),*) -> Self {
                Self(#model {
                    #(#fields,)*
                    #(#ignored: ::std::default::Default::default(),)*
                })
            }

            #(#setters)*
        }

        #default

        #[automatically_derived]
        impl ::std::convert::From<#new_row> for #model {
            fn from(row: #new_row) -> Self {
                row.0
            }
        }
    }
}

fn initial(column: &Column) -> TokenStream {
    let ty = &column.ty;
    match &column.initial {
        Initial::Argument => {
            let argument = argument(&column.field);
            quote! { #argument.into() }
        }
        Initial::Generated => {
            quote_spanned! { ty.span() => <#ty as ::chronicle::GeneratedKey>::generate() }
        }
        Initial::Null => quote! { ::std::option::Option::None },
        Initial::Now => quote_spanned! { ty.span() => <#ty as ::chronicle::Timestamp>::now() },
        Initial::Default(span) => {
            quote_spanned! { *span => <#ty as ::std::default::Default>::default() }
        }
        Initial::Expression(expression) => quote! { #expression },
        Initial::Literal(literal) => {
            let value = match literal {
                Lit::Str(text) => {
                    quote_spanned! { text.span() => ::std::convert::Into::into(#text) }
                }
                literal => quote! { #literal },
            };
            if column.inner.is_some() {
                quote! { ::std::option::Option::Some(#value) }
            } else {
                value
            }
        }
    }
}

fn setter(table: &Table, column: &Column) -> TokenStream {
    let Table { visibility, names, .. } = table;
    let (field, ty) = (&column.field, column.scalar());
    let (name, argument) = (generated(field), argument(field));
    let docs = format!(" Sets [`{}`]({}::{}).", column.name, names.repository, constant(field));
    let value = if column.inner.is_some() {
        quote! { ::std::option::Option::Some(#argument.into()) }
    } else {
        quote! { #argument.into() }
    };
    quote! {
        #[doc = #docs]
        #visibility fn #name(mut self, #argument: impl ::std::convert::Into<#ty>) -> Self {
            self.0.#field = #value;
            self
        }
    }
}

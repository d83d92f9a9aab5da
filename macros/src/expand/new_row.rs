use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};
use syn::Lit;
use syn::spanned::Spanned;

use super::columns::constant;
use super::given::Given;
use super::record;
use super::{argument, generated};
use crate::schema::{Column, Initial, Made, Table};

/// The most arguments a function has before clippy calls them too many.
const MANY: usize = 7;

/// `NewEvent`: a constructor with the required columns, and setters for the others; `EventFields`: the required columns
/// by name.
pub(crate) fn expand(table: &Table) -> TokenStream {
    let Table { visibility, model, ignored, .. } = table;
    let (new_row, repository) = (&table.names.new_row, &table.names.repository);
    let table_name = table.name.value();
    let docs = format!(" A new row of `{table_name}`, to be inserted.");
    let note = " Its fields are private, so that the table can get more columns.";

    let required: Vec<&Column> =
        table.key_first().filter(|column| matches!(column.initial, Initial::Argument)).collect();
    let arguments = required.iter().map(|column| {
        let (argument, ty) = (argument(&column.field), column.scalar());
        quote! { #argument: impl ::chronicle::IntoColumn<#ty> }
    });
    let constructor_docs = if required.is_empty() {
        format!(" A new row of `{table_name}`; no column is required.")
    } else {
        format!(" A new row of `{table_name}` with its required columns.")
    };
    let allow = (required.len() > MANY).then(|| {
        quote! { #[allow(clippy::too_many_arguments, reason = "one for each required column")] }
    });
    let sent: Vec<&Column> = table.columns.iter().filter(|column| !column.is_made()).collect();
    let fields = sent.iter().map(|column| {
        let (field, ty) = (&column.field, &column.ty);
        if is_left_out(column) {
            quote! { #field: ::std::option::Option<::chronicle::sea_orm::Value> }
        } else {
            quote! { #field: #ty }
        }
    });
    let initials = sent.iter().map(|column| {
        let field = &column.field;
        let initial = initial(column);
        quote! { #field: #initial }
    });
    let initial = quote! { Self { #(#initials,)* } };
    let values = table.columns.iter().enumerate().map(|(at, column)| {
        let (field, stored) = (&column.field, record::stored(at));
        if column.is_made() {
            quote! { ::std::option::Option::None }
        } else if is_left_out(column) {
            quote! { row.#field }
        } else {
            quote! { ::std::option::Option::Some((#repository::#stored.into_value)(row.#field)) }
        }
    });
    // A row whose values the database makes is none before it is stored.
    let whole = (!table.has_made_values()).then(|| {
        let whole_fields = sent.iter().map(|column| {
            let field = &column.field;
            quote! { #field: row.#field, }
        });
        quote! {
            #[automatically_derived]
            impl ::std::convert::From<#new_row> for #model {
                fn from(row: #new_row) -> Self {
                    Self {
                        #(#whole_fields)*
                        #(#ignored: ::std::default::Default::default(),)*
                    }
                }
            }
        }
    });
    let setters = table
        .columns
        .iter()
        .enumerate()
        .filter(|(_, column)| !matches!(column.initial, Initial::Argument) && !column.is_made())
        .map(|(at, column)| setter(table, at, column));
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

    let new = if required.is_empty() {
        initial.clone()
    } else {
        let fields = &table.names.fields;
        let given = required.iter().map(|column| {
            let (field, argument) = (&column.field, argument(&column.field));
            quote! { #field: #argument.into_column() }
        });
        quote! { Self::from(#fields { #(#given,)* }) }
    };
    let named = (!required.is_empty()).then(|| named(table, &required, &initial));

    quote! {
        #[doc = #docs]
        #[doc = ""]
        #[doc = #note]
        #[derive(Clone, Debug)]
        #[must_use = "a new row is stored by `insert`"]
        #visibility struct #new_row {
            #(#fields,)*
        }

        impl #new_row {
            #[doc = #constructor_docs]
            #allow
            #visibility fn new(#(#arguments),*) -> Self {
                #new
            }

            #(#setters)*
        }

        #default
        #named

        #[automatically_derived]
        impl ::std::convert::From<#new_row> for ::chronicle::NewRecord<#model> {
            fn from(row: #new_row) -> Self {
                Self::new([#(#values),*])
            }
        }

        #whole
    }
}

/// `EventFields`: the required columns, each by its name.
fn named(table: &Table, required: &[&Column], initial: &TokenStream) -> TokenStream {
    let Table { visibility, model, names, .. } = table;
    let (fields, new_row) = (&names.fields, &names.new_row);
    let docs = format!(" The required columns of a new row of `{}`, by name.", table.name.value());
    let link =
        format!(" It becomes a [`{new_row}`], and what takes one of those takes this as well.");
    let columns = required.iter().map(|column| {
        let (field, ty, docs) = (&column.field, &column.ty, &column.docs);
        let line = format!(" The column `{}`.", column.name);
        let separator = (!docs.is_empty()).then(|| quote! { #[doc = ""] });
        quote! {
            #(#docs)*
            #separator
            #[doc = #line]
            #visibility #field: #ty
        }
    });
    quote! {
        #[doc = #docs]
        #[doc = ""]
        #[doc = #link]
        #[derive(Clone, Debug)]
        #visibility struct #fields {
            #(#columns,)*
        }

        #[automatically_derived]
        impl ::std::convert::From<#fields> for #new_row {
            fn from(fields: #fields) -> Self {
                #initial
            }
        }

        #[automatically_derived]
        impl ::std::convert::From<#fields> for ::chronicle::NewRecord<#model> {
            fn from(fields: #fields) -> Self {
                #new_row::from(fields).into()
            }
        }
    }
}

/// Whether the database makes its value unless one is given.
fn is_left_out(column: &Column) -> bool {
    matches!(column.initial, Initial::Made(Made::ByDefault))
}

fn initial(column: &Column) -> TokenStream {
    let ty = &column.ty;
    match &column.initial {
        Initial::Argument => {
            let field = &column.field;
            quote! { fields.#field }
        }
        Initial::Generated => {
            quote_spanned! { ty.span() => <#ty as ::chronicle::GeneratedKey>::generate() }
        }
        Initial::Made(_) | Initial::Null => quote! { ::std::option::Option::None },
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

fn setter(table: &Table, at: usize, column: &Column) -> TokenStream {
    let Table { visibility, names, .. } = table;
    let field = &column.field;
    let (name, argument) = (generated(field), argument(field));
    let docs = format!(" Sets [`{}`]({}::{}).", column.name, names.repository, constant(field));
    let Given { generics, bound, value } = Given::new(column, &argument);
    let value = if is_left_out(column) {
        let (repository, stored) = (&names.repository, record::stored(at));
        quote! { ::std::option::Option::Some((#repository::#stored.into_value)(#value)) }
    } else {
        value
    };
    quote! {
        #[doc = #docs]
        #visibility fn #name #generics(mut self, #argument: impl #bound) -> Self {
            self.#field = #value;
            self
        }
    }
}

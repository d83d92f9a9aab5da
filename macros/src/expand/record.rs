use proc_macro2::{Ident, TokenStream};
use quote::{format_ident, quote, quote_spanned};
use syn::spanned::Spanned;

use crate::schema::{Access, Column, Conflict, Initial, Made, Table};

/// `impl Record for Model`, and that it is keyed and writable where it is.
pub(crate) fn expand(table: &Table) -> TokenStream {
    let Table { model, name, key, unique, names, .. } = table;
    let repository = &names.repository;

    let schema = option(table.schema.as_ref());
    let created_at = option(table.position("created_at"));
    let updated_at = option(table.position("updated_at"));
    let soft_delete = option(table.soft_delete);
    let columns =
        table.columns.iter().enumerate().map(|(at, column)| description(table, at, column));
    let unique = unique.iter().map(|set| quote! { &[#(#set),*] });

    let values = table.columns.iter().enumerate().map(|(at, column)| {
        let (field, stored) = (&column.field, stored(at));
        quote! { (#repository::#stored.into_value)(self.#field) }
    });
    let fields = table.columns.iter().enumerate().map(|(at, column)| {
        let (field, stored) = (&column.field, stored(at));
        quote! { #field: values.next(#repository::#stored.from_value)? }
    });
    let ignored = &table.ignored;
    let conflict = match table.conflict {
        Conflict::AppendOnly => quote! { AppendOnly },
        Conflict::LastWriteWins => quote! { LastWriteWins },
        Conflict::RemoteWins => quote! { RemoteWins },
    };
    let is_writable = table.access == Access::ReadAndWrite;
    let keyed = (table.access != Access::ReadWithoutKey).then(|| keyed(table));
    let writable = is_writable.then(|| {
        quote! {
            #[automatically_derived]
            impl ::chronicle::Writable for #model {}
        }
    });

    let softly_deleted = table.soft_delete.map(|at| {
        let ty = &table.columns[at].ty;
        let check = quote_spanned! { ty.span() => <#ty as ::chronicle::Timestamp>::now };
        quote! {
            #[automatically_derived]
            impl ::chronicle::SoftDelete for #model {}

            const _: fn() -> #ty = #check;
        }
    });

    quote! {
        #[automatically_derived]
        impl ::chronicle::Record for #model {
            const TABLE: &'static ::chronicle::Table = &::chronicle::Table {
                name: #name,
                schema: #schema,
                columns: &[#(#columns),*],
                key: &[#(#key),*],
                unique: &[#(#unique),*],
                created_at: #created_at,
                updated_at: #updated_at,
                soft_delete: #soft_delete,
                parents: ::chronicle::parents_of::<Entity>,
                definition: ::chronicle::definition_of::<Entity>,
                conflict: ::chronicle::Conflict::#conflict,
                is_writable: #is_writable,
            };

            fn into_values(self) -> ::std::vec::Vec<::chronicle::sea_orm::Value> {
                ::std::vec::Vec::from([#(#values),*])
            }

            fn from_values(mut values: ::chronicle::Values) -> ::chronicle::Result<Self> {
                ::std::result::Result::Ok(Self {
                    #(#fields,)*
                    #(#ignored: ::std::default::Default::default(),)*
                })
            }
        }

        #keyed
        #writable
        #softly_deleted
    }
}

fn keyed(table: &Table) -> TokenStream {
    let Table { model, names, .. } = table;
    let repository = &names.repository;
    let columns: Vec<&Column> = table.key.iter().map(|at| &table.columns[*at]).collect();
    let types = columns.iter().map(|column| &column.ty);
    let parts = columns.iter().map(|column| {
        let field = &column.field;
        quote! { ::std::clone::Clone::clone(&self.#field) }
    });
    let values = table.key.iter().map(|at| {
        let stored = stored(*at);
        quote! { values.next(#repository::#stored.from_value) }
    });
    let (key, own, from_values) = if columns.len() == 1 {
        (quote! { #(#types)* }, quote! { #(#parts)* }, quote! { #(#values)* })
    } else {
        let from_values = quote! { ::std::result::Result::Ok((#(#values?),*)) };
        (quote! { (#(#types),*) }, quote! { (#(#parts),*) }, from_values)
    };
    quote! {
        #[automatically_derived]
        impl ::chronicle::Keyed for #model {
            type Key = #key;

            fn key(&self) -> Self::Key {
                #own
            }

            fn key_from_values(mut values: ::chronicle::Values) -> ::chronicle::Result<Self::Key> {
                #from_values
            }
        }
    }
}

/// How the fields' types are stored. A type that cannot be is reported here, and nowhere else.
pub(crate) fn types(table: &Table) -> impl Iterator<Item = TokenStream> {
    table.columns.iter().enumerate().map(|(at, column)| {
        let (ty, stored) = (&column.ty, stored(at));
        let value = quote_spanned! { ty.span() => <#ty as ::chronicle::Stored>::FIELD };
        quote! { const #stored: ::chronicle::FieldType<#ty> = #value; }
    })
}

/// The name of the constant that tells how the type of the field at a position is stored.
pub(crate) fn stored(at: usize) -> Ident {
    format_ident!("__COLUMN_{at}")
}

fn description(table: &Table, at: usize, column: &Column) -> TokenStream {
    let Column { name, unique, indexed, .. } = column;
    let repository = &table.names.repository;
    let stored = stored(at);
    let sorts_by_bytes = column.collate.is_some();
    let nullable = if column.nullable {
        quote! { true }
    } else {
        quote! { #repository::#stored.nullable }
    };
    let source = match column.initial {
        Initial::Made(Made::Always) => quote! { Server },
        Initial::Made(Made::ByDefault) => quote! { Default },
        _ => quote! { Client },
    };
    quote! {
        ::chronicle::Column {
            name: #name,
            kind: #repository::#stored.kind,
            nullable: #nullable,
            unique: #unique,
            indexed: #indexed,
            sorts_by_bytes: #sorts_by_bytes,
            source: ::chronicle::Source::#source,
        }
    }
}

fn option(value: Option<impl quote::ToTokens>) -> TokenStream {
    match value {
        Some(value) => quote! { ::std::option::Option::Some(#value) },
        None => quote! { ::std::option::Option::None },
    }
}

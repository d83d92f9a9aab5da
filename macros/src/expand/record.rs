use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};
use syn::spanned::Spanned;

use crate::schema::{Column, Conflict, Table};

/// `impl Record for Model`.
pub(crate) fn expand(table: &Table) -> TokenStream {
    let Table { model, name, key, .. } = table;
    let key_column = &table.columns[*key];
    let (key_field, key_type) = (&key_column.field, &key_column.ty);

    let schema = option(table.schema.as_ref());
    let created_at = option(table.position("created_at"));
    let updated_at = option(table.position("updated_at"));
    let columns = table.columns.iter().map(description);

    let values = table.columns.iter().map(|column| {
        let (field, ty) = (&column.field, &column.ty);
        quote_spanned! { ty.span() => <#ty as ::chronicle::Stored>::into_value(self.#field) }
    });
    let fields = table.columns.iter().map(|column| {
        let (field, ty) = (&column.field, &column.ty);
        let value = quote_spanned! { ty.span() => values.next()? };
        quote! { #field: #value }
    });
    let ignored = &table.ignored;
    let conflict = match table.conflict {
        Conflict::AppendOnly => quote! { AppendOnly },
        Conflict::LastWriteWins => quote! { LastWriteWins },
        Conflict::RemoteWins => quote! { RemoteWins },
    };

    quote! {
        #[automatically_derived]
        impl ::chronicle::Record for #model {
            type Key = #key_type;

            const TABLE: &'static ::chronicle::Table = &::chronicle::Table {
                name: #name,
                schema: #schema,
                columns: &[#(#columns),*],
                key: #key,
                created_at: #created_at,
                updated_at: #updated_at,
                parents: ::chronicle::parents_of::<Entity>,
                definition: ::chronicle::definition_of::<Entity>,
                conflict: ::chronicle::Conflict::#conflict,
            };

            fn key(&self) -> &#key_type {
                &self.#key_field
            }

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
    }
}

fn description(column: &Column) -> TokenStream {
    let Column { name, unique, indexed, .. } = column;
    let stored = stored(column);
    let nullable = if column.nullable {
        quote! { true }
    } else {
        quote! { #stored::NULLABLE }
    };
    quote! {
        ::chronicle::Column {
            name: #name,
            kind: #stored::kind,
            nullable: #nullable,
            unique: #unique,
            indexed: #indexed,
        }
    }
}

/// The column's type as a `Stored`, placed at the field: that is where a type that cannot be stored is reported.
fn stored(column: &Column) -> TokenStream {
    let ty = &column.ty;
    quote_spanned! { ty.span() => <#ty as ::chronicle::Stored> }
}

fn option(value: Option<impl quote::ToTokens>) -> TokenStream {
    match value {
        Some(value) => quote! { ::std::option::Option::Some(#value) },
        None => quote! { ::std::option::Option::None },
    }
}

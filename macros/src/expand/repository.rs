use proc_macro2::TokenStream;
use quote::quote;

use super::{columns, finders, record};
use crate::schema::Table;

/// The repository: a newtype over the library's, with the columns as constants and the finders as methods.
pub(crate) fn expand(table: &Table) -> TokenStream {
    let Table { visibility, model, .. } = table;
    let repository = &table.names.repository;
    let docs = format!(" Typed repository of the table `{}`.", table.name.value());
    let columns = columns::expand(table);
    let finders = finders::by_columns(table);
    let types = record::types(table);

    quote! {
        #[doc = #docs]
        #[derive(Clone, Debug)]
        #visibility struct #repository(::chronicle::Repository<#model>);

        impl #repository {
            #(#columns)*

            #(#types)*

            /// The repository in a store, or in anything that becomes [a store](::chronicle::Store).
            #visibility fn new(store: impl ::std::convert::Into<::chronicle::Store>) -> Self {
                Self(::chronicle::Repository::new(store))
            }

            /// A query that is not bound to a store: to be used again, and to be shown by `to_sql` and `to_request`.
            #[must_use]
            #visibility fn query() -> ::chronicle::Query<#model> {
                ::chronicle::Query::new()
            }

            #(#finders)*
        }

        #[automatically_derived]
        impl ::std::ops::Deref for #repository {
            type Target = ::chronicle::Repository<#model>;

            fn deref(&self) -> &Self::Target {
                &self.0
            }
        }
    }
}

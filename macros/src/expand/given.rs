use proc_macro2::{Ident, TokenStream};
use quote::quote;

use crate::schema::Column;

/// What a setter takes, and the value of the field that it makes of it.
pub(crate) struct Given {
    pub(crate) generics: TokenStream,
    pub(crate) bound: TokenStream,
    pub(crate) value: TokenStream,
}

impl Given {
    pub(crate) fn new(column: &Column, argument: &Ident) -> Self {
        let ty = column.scalar();
        if column.inner.is_some() {
            // Whether it is an `Option`.
            Self {
                generics: quote! { <F> },
                bound: quote! { ::chronicle::IntoNullable<#ty, F> },
                value: quote! { #argument.into_nullable() },
            }
        } else {
            Self {
                generics: TokenStream::new(),
                bound: quote! { ::chronicle::IntoColumn<#ty> },
                value: quote! { #argument.into_column() },
            }
        }
    }
}

use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};
use syn::spanned::Spanned;

use crate::schema::{Form, Scalar};

/// All code for one `#[derive(Scalar)]`.
pub(crate) fn scalar(Scalar { ident, form }: &Scalar) -> TokenStream {
    let stored_as = match form {
        Form::Newtype(ty) | Form::Converted(ty) => {
            quote_spanned! { ty.span() => <#ty as ::chronicle::Scalar>::As }
        }
        Form::Enum => quote! {
            <<#ident as ::chronicle::sea_orm::ActiveEnum>::Value as ::chronicle::Scalar>::As
        },
        Form::Document => quote! { ::chronicle::sea_orm::JsonValue },
    };
    // What it holds may be stored otherwise than SeaORM would.
    let conversions = match form {
        Form::Newtype(ty) => quote! {
            fn encode(self) -> ::chronicle::sea_orm::Value {
                <#ty as ::chronicle::Scalar>::encode(self.0)
            }

            fn decode(value: ::chronicle::sea_orm::Value) -> ::chronicle::Result<Self> {
                <#ty as ::chronicle::Scalar>::decode(value).map(Self)
            }
        },
        Form::Converted(_) | Form::Enum | Form::Document => TokenStream::new(),
    };
    quote! {
        #[automatically_derived]
        impl ::chronicle::Scalar for #ident {
            type As = #stored_as;

            #conversions
        }
    }
}

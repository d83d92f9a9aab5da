use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};
use syn::spanned::Spanned;

use super::columns::constant;
use crate::schema::Selected;

/// All code for one `#[derive(Selected)]`.
pub(crate) fn selected(Selected { ident, repository, columns }: &Selected) -> TokenStream {
    // A type that is not the column's is reported at the field's.
    let positions = columns.iter().map(|column| {
        let (ty, name) = (&column.ty, constant(&column.of));
        quote_spanned! { ty.span() =>
            ::chronicle::Field::<ChronicleRecord, #ty, _>::position(#repository::#name)
        }
    });
    let fields = columns.iter().map(|column| {
        let (field, ty) = (&column.field, &column.ty);
        quote! { #field: values.next(<#ty as ::chronicle::Stored>::FIELD.from_value)? }
    });
    quote! {
        const _: () = {
            type ChronicleRecord =
                <<#repository as ::std::ops::Deref>::Target as ::chronicle::HasRecord>::Record;

            #[automatically_derived]
            impl ::chronicle::Selected<ChronicleRecord> for #ident {
                const COLUMNS: ::std::option::Option<&'static [usize]> =
                    ::std::option::Option::Some(&[#(#positions),*]);

                fn from_selected(mut values: ::chronicle::Values) -> ::chronicle::Result<Self> {
                    ::std::result::Result::Ok(Self { #(#fields,)* })
                }
            }
        };
    }
}

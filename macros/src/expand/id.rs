use proc_macro2::TokenStream;
use quote::quote;

use crate::schema::Id;

/// All code for one `#[derive(Id)]`. What concerns text is `SeaORM`'s `TextUuid`, which `SQLite` stores as hyphenated
/// text.
pub(crate) fn id(id: &Id) -> TokenStream {
    let own = own(id);
    let comparison = comparison(id);
    let text = text(id);
    let storage = storage(id);
    quote! { #own #comparison #text #storage }
}

/// Its methods, and the conversions from and to `Uuid`.
fn own(Id { visibility, ident }: &Id) -> TokenStream {
    quote! {
        impl #ident {
            /// A new id: a UUID version 7, which sorts by the time when it was made.
            #[must_use]
            #visibility fn generate() -> Self {
                Self(::chronicle::uuid::Uuid::now_v7())
            }

            /// The id that is this UUID.
            #[must_use]
            #visibility const fn from_uuid(uuid: ::chronicle::uuid::Uuid) -> Self {
                Self(uuid)
            }

            /// The UUID of this id.
            #[must_use]
            #visibility const fn as_uuid(&self) -> &::chronicle::uuid::Uuid {
                &self.0
            }
        }

        #[automatically_derived]
        impl ::std::convert::From<::chronicle::uuid::Uuid> for #ident {
            fn from(uuid: ::chronicle::uuid::Uuid) -> Self {
                Self(uuid)
            }
        }

        #[automatically_derived]
        impl ::std::convert::From<#ident> for ::chronicle::uuid::Uuid {
            fn from(id: #ident) -> Self {
                id.0
            }
        }
    }
}

fn comparison(Id { ident, .. }: &Id) -> TokenStream {
    quote! {
        #[automatically_derived]
        impl ::std::clone::Clone for #ident {
            fn clone(&self) -> Self {
                *self
            }
        }

        #[automatically_derived]
        impl ::std::marker::Copy for #ident {}

        #[automatically_derived]
        impl ::std::cmp::PartialEq for #ident {
            fn eq(&self, other: &Self) -> bool {
                self.0 == other.0
            }
        }

        #[automatically_derived]
        impl ::std::cmp::Eq for #ident {}

        #[automatically_derived]
        impl ::std::cmp::PartialOrd for #ident {
            fn partial_cmp(&self, other: &Self) -> ::std::option::Option<::std::cmp::Ordering> {
                ::std::option::Option::Some(::std::cmp::Ord::cmp(self, other))
            }
        }

        #[automatically_derived]
        impl ::std::cmp::Ord for #ident {
            fn cmp(&self, other: &Self) -> ::std::cmp::Ordering {
                ::std::cmp::Ord::cmp(&self.0, &other.0)
            }
        }

        #[automatically_derived]
        impl ::std::hash::Hash for #ident {
            fn hash<H: ::std::hash::Hasher>(&self, state: &mut H) {
                ::std::hash::Hash::hash(&self.0, state);
            }
        }
    }
}

fn text(Id { ident, .. }: &Id) -> TokenStream {
    let debug = format!("{ident}({{}})");
    quote! {
        #[automatically_derived]
        impl ::std::fmt::Debug for #ident {
            fn fmt(&self, formatter: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                ::std::write!(formatter, #debug, self.0)
            }
        }

        #[automatically_derived]
        impl ::std::fmt::Display for #ident {
            fn fmt(&self, formatter: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                ::std::fmt::Display::fmt(&self.0, formatter)
            }
        }

        #[automatically_derived]
        impl ::std::str::FromStr for #ident {
            type Err = ::chronicle::uuid::Error;

            fn from_str(text: &str) -> ::std::result::Result<Self, Self::Err> {
                ::chronicle::uuid::Uuid::parse_str(text).map(Self)
            }
        }

        #[automatically_derived]
        impl ::chronicle::serde::Serialize for #ident {
            fn serialize<S: ::chronicle::serde::Serializer>(
                &self,
                serializer: S,
            ) -> ::std::result::Result<S::Ok, S::Error> {
                serializer.collect_str(&self.0)
            }
        }

        #[automatically_derived]
        impl<'de> ::chronicle::serde::Deserialize<'de> for #ident {
            fn deserialize<D: ::chronicle::serde::Deserializer<'de>>(
                deserializer: D,
            ) -> ::std::result::Result<Self, D::Error> {
                <::chronicle::sea_orm::prelude::TextUuid as ::chronicle::serde::Deserialize>::deserialize(deserializer)
                    .map(|uuid| Self(uuid.0))
            }
        }
    }
}

fn storage(Id { ident, .. }: &Id) -> TokenStream {
    let name = ident.to_string();
    let sea_orm = quote! { ::chronicle::sea_orm };
    let text_uuid = quote! { #sea_orm::prelude::TextUuid };
    let value_type = quote! { #sea_orm::sea_query::ValueType };
    quote! {
        #[automatically_derived]
        impl ::std::convert::From<#ident> for #sea_orm::Value {
            fn from(id: #ident) -> Self {
                #text_uuid(id.0).into()
            }
        }

        #[automatically_derived]
        impl #value_type for #ident {
            fn try_from(value: #sea_orm::Value) -> ::std::result::Result<Self, #sea_orm::sea_query::ValueTypeErr> {
                <#text_uuid as #value_type>::try_from(value).map(|uuid| Self(uuid.0))
            }

            fn type_name() -> ::std::string::String {
                ::std::string::String::from(#name)
            }

            fn array_type() -> #sea_orm::sea_query::ArrayType {
                <#text_uuid as #value_type>::array_type()
            }

            fn column_type() -> #sea_orm::sea_query::ColumnType {
                #sea_orm::sea_query::ColumnType::Uuid
            }
        }

        #[automatically_derived]
        impl #sea_orm::sea_query::Nullable for #ident {
            fn null() -> #sea_orm::Value {
                <#text_uuid as #sea_orm::sea_query::Nullable>::null()
            }
        }

        #[automatically_derived]
        impl #sea_orm::TryGetable for #ident {
            fn try_get_by<I: #sea_orm::ColIdx>(
                row: &#sea_orm::QueryResult,
                index: I,
            ) -> ::std::result::Result<Self, #sea_orm::TryGetError> {
                // `TextUuid` takes NULL for an error, also where an `Option` is asked for.
                let text = <::std::string::String as #sea_orm::TryGetable>::try_get_by(row, index)?;
                let id = ::std::str::FromStr::from_str(&text);
                id.map_err(|error: ::chronicle::uuid::Error| {
                    #sea_orm::DbErr::Type(::std::string::ToString::to_string(&error)).into()
                })
            }
        }

        #[automatically_derived]
        impl #sea_orm::TryFromU64 for #ident {
            fn try_from_u64(_: u64) -> ::std::result::Result<Self, #sea_orm::DbErr> {
                ::std::result::Result::Err(#sea_orm::DbErr::ConvertFromU64(#name))
            }
        }

        #[automatically_derived]
        impl #sea_orm::IntoActiveValue<#ident> for #ident {
            fn into_active_value(self) -> #sea_orm::ActiveValue<#ident> {
                #sea_orm::ActiveValue::Set(self)
            }
        }

        #[automatically_derived]
        impl ::chronicle::Scalar for #ident {
            type As = #text_uuid;
        }

        #[automatically_derived]
        impl ::chronicle::GeneratedKey for #ident {
            fn generate() -> Self {
                Self::generate()
            }
        }
    }
}

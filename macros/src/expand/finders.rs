use proc_macro2::{Ident, TokenStream};
use quote::{format_ident, quote};
use syn::ext::IdentExt;
use syn::{Type, Visibility};

use super::columns::constant;
use super::{argument, generated};
use crate::schema::{Column, Parent, Relations, Table};

/// Finders of `unique` and of `indexed` columns. The key has `get`.
pub(crate) fn by_columns(table: &Table) -> impl Iterator<Item = TokenStream> {
    table.searchable().filter_map(|column| {
        if column.unique {
            Some(get_by(&table.visibility, &table.model, column))
        } else if column.indexed {
            Some(find_by(&table.visibility, &table.model, &column.field, column.scalar()))
        } else {
            None
        }
    })
}

/// Finders of foreign key columns, in a block of their own.
pub(crate) fn by_parents(relations: &Relations) -> TokenStream {
    let Some(repository) = &relations.repository else {
        return TokenStream::new();
    };
    if relations.parents.is_empty() {
        return TokenStream::new();
    }
    // `ModelEx` stands beside the row itself, which SeaORM always calls `Model`.
    let model = format_ident!("Model");
    let finders = relations
        .parents
        .iter()
        .map(|Parent { field, scalar }| find_by(&relations.visibility, &model, field, scalar));
    quote! {
        impl #repository {
            #(#finders)*
        }
    }
}

fn get_by(visibility: &Visibility, model: &Ident, column: &Column) -> TokenStream {
    let (field, scalar) = (&column.field, column.scalar());
    let (constant, argument) = (constant(field), argument(field));
    let name = generated(&format_ident!("get_by_{}", field.unraw()));
    let docs = format!(" The row whose {} equals the value, if there is one.", link(&constant));
    let errors = failures();
    quote! {
        #[doc = #docs]
        #errors
        #visibility async fn #name(
            &self,
            #argument: impl ::chronicle::Operand<#scalar>,
        ) -> ::chronicle::Result<::std::option::Option<#model>> {
            self.0.find().filter(Self::#constant.eq(#argument)).optional().await
        }
    }
}

fn find_by(visibility: &Visibility, model: &Ident, field: &Ident, scalar: &Type) -> TokenStream {
    let (constant, argument) = (constant(field), argument(field));
    let name = generated(&format_ident!("find_by_{}", field.unraw()));
    let name_in = generated(&format_ident!("find_by_{}_in", field.unraw()));
    let docs = format!(" The rows whose {} equals the value.", link(&constant));
    let docs_in = format!(
        " The rows whose {} is one of the values: the children of a set of parents in one query.",
        link(&constant)
    );
    quote! {
        #[doc = #docs]
        #visibility fn #name(
            &self,
            #argument: impl ::chronicle::Operand<#scalar>,
        ) -> ::chronicle::Find<#model> {
            self.0.find().filter(Self::#constant.eq(#argument))
        }

        #[doc = #docs_in]
        #visibility fn #name_in<V: ::chronicle::Operand<#scalar>>(
            &self,
            values: impl ::std::iter::IntoIterator<Item = V>,
        ) -> ::chronicle::Find<#model> {
            self.0.find().filter(Self::#constant.is_in(values))
        }
    }
}

fn link(constant: &Ident) -> String {
    format!("[`{constant}`](Self::{constant})")
}

fn failures() -> TokenStream {
    quote! {
        ///
        /// # Errors
        /// What the store answers where it cannot read.
    }
}

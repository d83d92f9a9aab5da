use proc_macro2::Ident;
use syn::spanned::Spanned;
use syn::{Field, Type};

use super::errors::Errors;
use super::field_attributes::FieldAttributes;
use super::types::{is_integer, last_name, option_inner};

/// Whether the database counts the key up.
///
/// The rule is `SeaORM`'s (sea-orm-macros 2.0.4, `NOT_AUTO_INCRE_TYPE_SUFFIX`): it does unless `auto_increment = false`
/// is written or the type's name ends in `String` or `Uuid`. Here it is one for integers alone.
pub(crate) fn is_counted(ty: &Type, attributes: &FieldAttributes) -> bool {
    is_integer(ty) && attributes.auto_increment.as_ref().is_none_or(|literal| literal.value)
}

/// Notes an error where the key column `field` has a type or attributes that no key has.
pub(crate) fn check(
    field: &Field,
    ident: &Ident,
    attributes: &FieldAttributes,
    errors: &mut Errors,
) {
    if option_inner(&field.ty).is_some() {
        errors.at(field.ty.span(), "a key cannot be NULL: write its type without `Option`");
        return;
    }
    if is_integer(&field.ty) || attributes.made.is_some() {
        return;
    }
    let message = "only an integer is counted up: write `#[sea_orm(primary_key, auto_increment = false)]`, best with an \
                   id by `#[derive(chronicle::Id)]`";
    match &attributes.auto_increment {
        Some(literal) if literal.value => errors.at(literal.span(), message),
        Some(_) => {}
        None => {
            let name = last_name(&field.ty);
            if !name.ends_with("String") && !name.ends_with("Uuid") {
                errors.at(ident.span(), message);
            }
        }
    }
}

/// Notes an error where a column of a composite key says that it is counted up: `SeaORM` takes that of a single key
/// only.
pub(crate) fn check_composite(ident: &Ident, attributes: &FieldAttributes, errors: &mut Errors) {
    if let Some(literal) = attributes.auto_increment.as_ref().filter(|literal| literal.value) {
        errors.at(
            literal.span(),
            format!("`{ident}` is one of several key columns, and so not counted up: write `auto_increment = false`"),
        );
    }
}

use syn::spanned::Spanned;
use syn::{Field, Ident};

use super::errors::Errors;
use super::field_attributes::FieldAttributes;
use super::types::{last_name, option_inner};

/// Notes an error unless the value of the key column `field` is made by the client.
///
/// The rule is `SeaORM`'s (sea-orm-macros 2.0.4, `NOT_AUTO_INCRE_TYPE_SUFFIX`): the database counts a key up unless
/// `auto_increment = false` is written or the type's name ends in `String` or `Uuid`.
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
    let message = "the key is made by the client, not counted up by the database, so that an insert can be sent \
                   twice: write `#[sea_orm(primary_key, auto_increment = false)]`, best with an id by \
                   `#[derive(chronicle::Id)]`";
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

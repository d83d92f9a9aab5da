//! What a type's text tells. A macro sees no more than the text.

use syn::{GenericArgument, PathArguments, PathSegment, Type};

/// `Uuid` in `uuid::Uuid`.
pub(crate) fn last_segment(ty: &Type) -> Option<&PathSegment> {
    match ty {
        Type::Path(path) => path.path.segments.last(),
        Type::Group(group) => last_segment(&group.elem),
        Type::Paren(paren) => last_segment(&paren.elem),
        _ => None,
    }
}

/// The name of the last segment; empty for a type that is not a path.
pub(crate) fn last_name(ty: &Type) -> String {
    last_segment(ty).map(|segment| segment.ident.to_string()).unwrap_or_default()
}

/// `T` of `Option<T>`.
pub(crate) fn option_inner(ty: &Type) -> Option<&Type> {
    if last_name(ty) == "Option" { argument(ty) } else { None }
}

/// The one type in the angle brackets of the last segment.
pub(crate) fn argument(ty: &Type) -> Option<&Type> {
    let PathArguments::AngleBracketed(arguments) = &last_segment(ty)?.arguments else {
        return None;
    };
    let mut arguments = arguments.args.iter();
    match (arguments.next(), arguments.next()) {
        (Some(GenericArgument::Type(inner)), None) => Some(inner),
        _ => None,
    }
}

/// A relation of the dense format: not a column.
pub(crate) fn is_relation(ty: &Type) -> bool {
    ["BelongsTo", "HasOne", "HasMany"].contains(&last_name(ty).as_str())
}

pub(crate) fn is_integer(ty: &Type) -> bool {
    ["i8", "i16", "i32", "i64", "i128", "isize", "u8", "u16", "u32", "u64", "u128", "usize"]
        .contains(&last_name(ty).as_str())
}

/// Whether the type can be none of a time that the client fills, as far as its name tells.
pub(crate) fn is_no_time(ty: &Type) -> bool {
    is_integer(ty)
        || ["String", "Date", "NaiveDate", "Decimal", "f32", "f64", "bool", "Json", "Uuid"]
            .contains(&last_name(ty).as_str())
}

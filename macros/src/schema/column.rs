use heck::{ToSnakeCase, ToUpperCamelCase};
use proc_macro2::Span;
use syn::ext::IdentExt;
use syn::{Attribute, Expr, Field, Ident, Lit, Type};

use super::case_style::CaseStyle;
use super::errors::Errors;
use super::field_attributes::{FieldAttributes, Made};
use super::types::{is_integer, is_no_time, last_name, option_inner};

/// A field of `Model` that is a column.
#[derive(Debug)]
pub(crate) struct Column {
    /// The Rust field.
    pub(crate) field: Ident,
    pub(crate) ty: Type,
    /// `T` of `Option<T>`.
    pub(crate) inner: Option<Type>,
    /// The name in the database.
    pub(crate) name: String,
    pub(crate) docs: Vec<Attribute>,
    pub(crate) unique: bool,
    /// The name of the columns that are unique together with this one.
    pub(crate) unique_key: Option<String>,
    pub(crate) indexed: bool,
    /// `#[sea_orm(nullable)]`; an `Option` is nullable in any case.
    pub(crate) nullable: bool,
    /// Where `#[repository(collate = "C")]` stands.
    pub(crate) collate: Option<Span>,
    pub(crate) initial: Initial,
}

/// What the column holds in a new row.
#[derive(Debug)]
pub(crate) enum Initial {
    /// What the caller gave to the constructor.
    Argument,
    /// Nothing: the database makes it.
    Made(Made),
    /// A fresh key.
    Generated,
    /// NULL.
    Null,
    /// The present time.
    Now,
    /// The type's default; the span of the attribute that says so.
    Default(Span),
    /// The user's own expression.
    Expression(Expr),
    /// The literal of `#[sea_orm(default_value = ...)]`.
    Literal(Lit),
}

impl Column {
    /// The column of `field`, whose attributes were read before.
    pub(crate) fn new(
        field: &Field,
        ident: &Ident,
        attributes: FieldAttributes,
        rename_all: Option<CaseStyle>,
        errors: &mut Errors,
    ) -> Self {
        let name = column_name(ident, &attributes, rename_all);
        let initial = initial(ident, &field.ty, &attributes, errors);
        Self {
            field: ident.clone(),
            ty: field.ty.clone(),
            inner: option_inner(&field.ty).cloned(),
            name,
            docs: attributes.docs,
            unique: attributes.unique,
            unique_key: attributes.unique_key.map(|name| name.value()),
            indexed: attributes.indexed,
            nullable: attributes.nullable,
            collate: attributes.collate,
            initial,
        }
    }

    /// Whether only the database makes its values.
    pub(crate) const fn is_made(&self) -> bool {
        matches!(self.initial, Initial::Made(Made::Always))
    }

    /// The type of a value that is not NULL.
    pub(crate) fn scalar(&self) -> &Type {
        self.inner.as_ref().unwrap_or(&self.ty)
    }

    /// The field's name without `r#`.
    pub(crate) fn plain_name(&self) -> String {
        self.field.unraw().to_string()
    }
}

/// `SeaORM`'s rule (sea-orm-macros 2.0.4, `entity_model.rs` and `column.rs`): a variant of the enum `Column` in upper
/// camel case is made out of the field, and the column's name out of the variant.
fn column_name(
    ident: &Ident,
    attributes: &FieldAttributes,
    rename_all: Option<CaseStyle>,
) -> String {
    if let Some(name) = &attributes.column_name {
        return name.value();
    }
    let field = ident.unraw().to_string();
    let variant = field.to_upper_camel_case();
    if let Some(case) = rename_all {
        return case.apply(&variant);
    }
    if field != variant.to_snake_case() {
        return field.to_snake_case();
    }
    match &attributes.enum_name {
        Some(variant) => variant.unraw().to_string().to_snake_case(),
        None => field,
    }
}

fn initial(ident: &Ident, ty: &Type, attributes: &FieldAttributes, errors: &mut Errors) -> Initial {
    if let Some(span) = attributes.given
        && !attributes.primary_key
    {
        errors.at(
            span,
            "only the key can be `given`: remove this, a column without a default is an argument of the \
             constructor in any case",
        );
    }
    if let Some((made, span)) = attributes.made {
        if attributes.default.is_some() || attributes.given.is_some() {
            errors.at(span, "the database makes this value: remove `default` and `given`");
        }
        let has_default = attributes.default_value.is_some() || attributes.has_default_expression;
        if !attributes.primary_key && !has_default && option_inner(ty).is_none() {
            errors.at(
                span,
                "a file does not know this value before the server has made it: write `Option<...>`, or \
                 give the file a default by `#[sea_orm(default_expr = \"...\")]`",
            );
        }
        return Initial::Made(made);
    }
    if attributes.primary_key && super::key::is_counted(ty, attributes) {
        return Initial::Made(Made::ByDefault);
    }
    if let Some(default) = &attributes.default {
        if attributes.primary_key {
            errors.at(
                default.span,
                "a key has no default, since no two rows share it: remove this, or write `given` so that the \
                 caller gives the key",
            );
        }
        return match &default.expression {
            Some(expression) => Initial::Expression(expression.clone()),
            None => Initial::Default(default.span),
        };
    }
    if attributes.primary_key {
        let given = attributes.given.is_some() || is_integer(ty) || last_name(ty) == "String";
        return if given { Initial::Argument } else { Initial::Generated };
    }
    if let Some(literal) = &attributes.default_value {
        if !matches!(literal, Lit::Bool(_) | Lit::Int(_) | Lit::Float(_) | Lit::Str(_)) {
            errors.at(
                literal.span(),
                "this literal is no value of a row: add `#[repository(default = <expression>)]`",
            );
        }
        return Initial::Literal(literal.clone());
    }
    if option_inner(ty).is_some() {
        return Initial::Null;
    }
    if (ident == "created_at" || ident == "updated_at") && !is_no_time(ty) {
        return Initial::Now;
    }
    Initial::Argument
}

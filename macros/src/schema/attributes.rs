//! What the attributes of structs and of fields have in common.

use proc_macro2::TokenStream;
use strsim::osa_distance;
use syn::meta::ParseNestedMeta;
use syn::parse::Parse;
use syn::{DeriveInput, Expr, LitStr, Path, Result, Token, parenthesized, token};

use super::errors::Errors;

/// The value in `key = value`.
pub(crate) fn value<T: Parse>(meta: &ParseNestedMeta<'_>) -> Result<T> {
    meta.value()?.parse()
}

/// Passes over a key that means nothing to us, unless it looks like one of those that do: `SeaORM` passes
/// over what it does not know, so that a slip of the pen would be a column without its constraint.
pub(crate) fn skip_other(meta: &ParseNestedMeta<'_>, ours: &[&str]) -> Result<()> {
    const MOST_SLIPS: usize = 2;
    if let Some(written) = meta.path.get_ident().map(ToString::to_string) {
        let meant = ours.iter().min_by_key(|key| osa_distance(key, &written));
        if let Some(key) = meant.filter(|key| osa_distance(key, &written) <= MOST_SLIPS) {
            return Err(
                meta.error(format!("`{written}` is no key of SeaORM's: `{key}` is meant, perhaps"))
            );
        }
    }
    skip(meta)
}

/// Passes over a key that means nothing to us: `key`, `key = value` or `key(...)`.
pub(crate) fn skip(meta: &ParseNestedMeta<'_>) -> Result<()> {
    if meta.input.peek(Token![=]) {
        value::<Expr>(meta)?;
    } else if meta.input.peek(token::Paren) {
        let content;
        parenthesized!(content in meta.input);
        content.parse::<TokenStream>()?;
    }
    Ok(())
}

/// The repository that `of` names on an `owner`, an enum or a struct, of its `parts`.
pub(crate) fn repository_of(
    input: &DeriveInput,
    owner: &str,
    parts: &str,
    errors: &mut Errors,
) -> Path {
    let mut repository = None;
    for attribute in input.attrs.iter().filter(|one| one.path().is_ident("repository")) {
        errors.keep(attribute.parse_nested_meta(|meta| {
            if meta.path.is_ident("of") {
                repository = Some(value::<LitStr>(&meta)?.parse()?);
                return Ok(());
            }
            Err(meta.error(format!(
                "unknown key: the {owner} takes `of = \"...\"`, the name of the repository"
            )))
        }));
    }
    repository.unwrap_or_else(|| {
        errors.at(
            input.ident.span(),
            format!(
                "name the repository whose {parts} these are: `#[repository(of = \"Events\")]`"
            ),
        );
        input.ident.clone().into()
    })
}

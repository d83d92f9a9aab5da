use proc_macro2::Span;
use syn::spanned::Spanned;

use super::column::Column;
use super::conflict::Conflict;
use super::errors::Errors;
use super::table_attributes::TableAttributes;

/// The position of the column that tells when a row was deleted: the one that is marked, or that the struct names.
pub(crate) fn position(
    attributes: &TableAttributes,
    marked: &[(usize, Span)],
    columns: &[Column],
    key: &[usize],
    errors: &mut Errors,
) -> Option<usize> {
    let named = attributes.soft_delete.as_ref().map(|name| {
        let at = columns.iter().position(|column| column.plain_name() == name.value());
        if at.is_none() {
            errors.at(name.span(), format!("there is no field `{}`", name.value()));
        }
        (at, name.span())
    });
    let marked = marked.iter().map(|(at, span)| (Some(*at), *span));
    let mut found = marked.chain(named);
    let (at, span) = found.next()?;
    if let Some((_, span)) = found.next() {
        errors.at(span, "one column tells when a row was deleted: say it once");
    }
    if let Some((Conflict::AppendOnly, _)) = attributes.conflict {
        errors
            .at(span, "rows of an append-only entity never change, and so are not deleted softly");
    }
    let column = &columns[at?];
    if key.contains(&at?) || column.inner.is_none() || column.is_made() {
        errors.at(
            column.ty.span(),
            "the column that tells when a row was deleted is NULL until then, and set by the library: \
             `Option<DateTimeUtc>`, no key, and not made by the server",
        );
    }
    at
}

use proc_macro2::Ident;
use syn::{DeriveInput, LitStr, Path, Result, Type};

use super::attributes::{repository_of, value};
use super::errors::Errors;

/// A struct with some of a record's columns.
#[derive(Debug)]
pub(crate) struct Selected {
    pub(crate) ident: Ident,
    /// The repository whose record it is of.
    pub(crate) repository: Path,
    pub(crate) columns: Vec<SelectedColumn>,
}

#[derive(Debug)]
pub(crate) struct SelectedColumn {
    pub(crate) field: Ident,
    pub(crate) ty: Type,
    /// The name of the record's field.
    pub(crate) of: Ident,
}

impl Selected {
    pub(crate) fn parse(input: &DeriveInput) -> Result<Self> {
        let fields = super::named_fields(input, "`Selected` stands on a struct with named fields")?;
        let mut errors = Errors::default();
        let repository = repository_of(input, "struct", "columns", &mut errors);
        let mut columns = Vec::new();
        for field in &fields.named {
            let Some(name) = field.ident.clone() else { continue };
            let mut of = name.clone();
            for attribute in field.attrs.iter().filter(|one| one.path().is_ident("repository")) {
                errors.keep(attribute.parse_nested_meta(|meta| {
                    if meta.path.is_ident("field") {
                        of = value::<LitStr>(&meta)?.parse()?;
                        return Ok(());
                    }
                    Err(meta.error(
                        "unknown key: a field takes `field = \"...\"`, the name of the record's field",
                    ))
                }));
            }
            columns.push(SelectedColumn { field: name, ty: field.ty.clone(), of });
        }
        errors.finish()?;
        Ok(Self { ident: input.ident.clone(), repository, columns })
    }
}

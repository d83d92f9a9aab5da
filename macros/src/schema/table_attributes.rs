use syn::{Attribute, LitStr};

use super::attributes::{skip_other, value};
use super::case_style::CaseStyle;
use super::conflict::Conflict;
use super::errors::Errors;

/// The attributes of the struct, as written.
#[derive(Default)]
pub(crate) struct TableAttributes {
    pub(crate) table_name: Option<LitStr>,
    pub(crate) schema_name: Option<LitStr>,
    pub(crate) rename_all: Option<CaseStyle>,
    /// The name of one row.
    pub(crate) name: Option<LitStr>,
    /// The name of the repository, where the table's name does not do.
    pub(crate) repository: Option<LitStr>,
    /// What is done when two have changed a row, and where that is said.
    pub(crate) conflict: Option<(Conflict, proc_macro2::Span)>,
    pub(crate) access: Access,
    /// The field of the time at which a row was deleted.
    pub(crate) soft_delete: Option<LitStr>,
}

/// What may be done with the rows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Access {
    #[default]
    ReadAndWrite,
    /// `#[repository(read_only)]`.
    Read,
    /// `#[repository(no_key)]`: they are read, and have no key.
    ReadWithoutKey,
}

impl TableAttributes {
    pub(crate) fn parse(attributes: &[Attribute], errors: &mut Errors) -> Self {
        let mut found = Self::default();
        for attribute in attributes {
            let parsed = if attribute.path().is_ident("sea_orm") {
                found.sea_orm(attribute)
            } else if attribute.path().is_ident("repository") {
                found.repository(attribute)
            } else {
                Ok(())
            };
            errors.keep(parsed);
        }
        found
    }

    fn sea_orm(&mut self, attribute: &Attribute) -> syn::Result<()> {
        attribute.parse_nested_meta(|meta| {
            if meta.path.is_ident("table_name") {
                self.table_name = Some(value(&meta)?);
            } else if meta.path.is_ident("schema_name") {
                self.schema_name = Some(value(&meta)?);
            } else if meta.path.is_ident("rename_all") {
                self.rename_all = Some(CaseStyle::parse(&value(&meta)?)?);
            } else {
                skip_other(&meta, &["table_name", "schema_name", "rename_all"])?;
            }
            Ok(())
        })
    }

    fn repository(&mut self, attribute: &Attribute) -> syn::Result<()> {
        attribute.parse_nested_meta(|meta| {
            if meta.path.is_ident("name") {
                self.name = Some(value(&meta)?);
            } else if meta.path.is_ident("repository") {
                self.repository = Some(value(&meta)?);
            } else if meta.path.is_ident("conflict") {
                let text: LitStr = value(&meta)?;
                self.conflict = Some((Conflict::parse(&text)?, text.span()));
            } else if meta.path.is_ident("soft_delete") {
                self.soft_delete = Some(value(&meta)?);
            } else if meta.path.is_ident("read_only") {
                self.access = Access::Read;
            } else if meta.path.is_ident("no_key") {
                self.access = Access::ReadWithoutKey;
            } else {
                return Err(meta.error(
                    "unknown key: a struct takes `name = \"...\"` (the name of one row), `repository = \"...\"` \
                     (the name of the repository), `conflict = \"...\"` (what is done when two have changed a row), \
                     `soft_delete = \"...\"` (the field that a delete sets), `read_only` (a view) and `no_key` (a view \
                     or table without a key)",
                ));
            }
            Ok(())
        })
    }
}

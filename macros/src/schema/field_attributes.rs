use proc_macro2::Span;
use syn::spanned::Spanned;
use syn::{Attribute, Expr, Field, Ident, Lit, LitBool, LitStr, Token};

use super::attributes::{skip, skip_other, value};
use super::errors::Errors;

/// The keys of `#[sea_orm(...)]` that are read.
const KEYS: [&str; 11] = [
    "primary_key",
    "auto_increment",
    "column_name",
    "column_type",
    "unique",
    "unique_key",
    "indexed",
    "nullable",
    "ignore",
    "default_value",
    "default_expr",
];

/// The attributes of a field, as written.
#[derive(Default)]
pub(crate) struct FieldAttributes {
    pub(crate) docs: Vec<Attribute>,
    pub(crate) primary_key: bool,
    pub(crate) auto_increment: Option<LitBool>,
    pub(crate) column_name: Option<LitStr>,
    /// The column's name in `SeaORM`'s enum `Column`.
    pub(crate) enum_name: Option<Ident>,
    pub(crate) unique: bool,
    /// The name of the columns that are unique together with this one.
    pub(crate) unique_key: Option<LitStr>,
    pub(crate) indexed: bool,
    pub(crate) nullable: bool,
    pub(crate) ignore: bool,
    pub(crate) default_value: Option<Lit>,
    pub(crate) has_default_expression: bool,
    /// Of a relation: the foreign key column of this table.
    pub(crate) from: Option<LitStr>,
    /// Where `#[repository(given)]` stands.
    pub(crate) given: Option<Span>,
    pub(crate) default: Option<DefaultAttribute>,
    /// Where `#[repository(collate = "C")]` stands.
    pub(crate) collate: Option<Span>,
    /// Who makes the values, where `#[repository(server)]` or `#[repository(server_default)]` says.
    pub(crate) made: Option<(Made, Span)>,
    /// Where `#[repository(soft_delete)]` stands.
    pub(crate) soft_delete: Option<Span>,
}

/// How the database makes the values of a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Made {
    /// Always.
    Always,
    /// Where the program gives none.
    ByDefault,
}

/// `#[repository(default)]` or `#[repository(default = <expression>)]`.
pub(crate) struct DefaultAttribute {
    pub(crate) span: Span,
    pub(crate) expression: Option<Expr>,
}

impl FieldAttributes {
    pub(crate) fn parse(field: &Field, errors: &mut Errors) -> Self {
        let mut found = Self::default();
        for attribute in &field.attrs {
            let parsed = if attribute.path().is_ident("sea_orm") {
                found.sea_orm(attribute)
            } else if attribute.path().is_ident("repository") {
                found.repository(attribute)
            } else if attribute.path().is_ident("doc") {
                found.docs.push(attribute.clone());
                Ok(())
            } else {
                Ok(())
            };
            errors.keep(parsed);
        }
        found
    }

    fn sea_orm(&mut self, attribute: &Attribute) -> syn::Result<()> {
        attribute.parse_nested_meta(|meta| {
            if meta.path.is_ident("primary_key") {
                self.primary_key = true;
            } else if meta.path.is_ident("auto_increment") {
                self.auto_increment = Some(value(&meta)?);
            } else if meta.path.is_ident("column_name") {
                self.column_name = Some(value(&meta)?);
            } else if meta.path.is_ident("enum_name") {
                self.enum_name = Some(value::<LitStr>(&meta)?.parse()?);
            } else if meta.path.is_ident("unique") {
                self.unique = true;
            } else if meta.path.is_ident("unique_key") {
                self.unique_key = Some(value(&meta)?);
            } else if meta.path.is_ident("indexed") {
                self.indexed = true;
            } else if meta.path.is_ident("nullable") {
                self.nullable = true;
            } else if meta.path.is_ident("ignore") {
                self.ignore = true;
            } else if meta.path.is_ident("default_value") {
                self.default_value = Some(value(&meta)?);
            } else if meta.path.is_ident("column_type") {
                skip(&meta)?;
            } else if meta.path.is_ident("default_expr") {
                self.has_default_expression = true;
                skip(&meta)?;
            } else if meta.path.is_ident("from") {
                self.from = Some(value(&meta)?);
            } else if meta.path.is_ident("save_as") || meta.path.is_ident("select_as") {
                return Err(meta.error(
                    "a repository stores and reads a column as it is, on both databases, so without this cast: remove \
                     it, or give the column a type of its own (`DeriveValueType`)",
                ));
            } else {
                skip_other(&meta, &KEYS)?;
            }
            Ok(())
        })
    }

    fn repository(&mut self, attribute: &Attribute) -> syn::Result<()> {
        attribute.parse_nested_meta(|meta| {
            if meta.path.is_ident("given") {
                self.given = Some(meta.path.span());
            } else if meta.path.is_ident("default") {
                let expression = if meta.input.peek(Token![=]) {
                    Some(value(&meta)?)
                } else {
                    None
                };
                self.default = Some(DefaultAttribute { span: meta.path.span(), expression });
            } else if meta.path.is_ident("soft_delete") {
                self.soft_delete = Some(meta.path.span());
            } else if meta.path.is_ident("collate") {
                let collation: LitStr = value(&meta)?;
                if collation.value() != "C" {
                    return Err(syn::Error::new(
                        collation.span(),
                        "text sorts alike on SQLite and Postgres by its bytes only: `collate = \"C\"`",
                    ));
                }
                self.collate = Some(meta.path.span());
            } else if meta.path.is_ident("server") {
                self.made = Some((Made::Always, meta.path.span()));
            } else if meta.path.is_ident("server_default") {
                self.made = Some((Made::ByDefault, meta.path.span()));
            } else {
                return Err(meta.error(
                    "unknown key: a field takes `given` (on the key), `default`, `default = <expression>`, \
                     `collate = \"C\"` (text sorts by its bytes), `server` \
                     (only the database makes its values), `server_default` (the database does unless a value is \
                     given) and `soft_delete` (a delete sets this time)",
                ));
            }
            Ok(())
        })
    }
}

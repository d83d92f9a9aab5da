use heck::ToUpperCamelCase;
use proc_macro2::{Ident, TokenStream};
use quote::{ToTokens, format_ident, quote};
use syn::ext::IdentExt;
use syn::{Attribute, Data, DeriveInput, Error, FieldsNamed, LitStr, Path, Result, Visibility};

use super::attributes::{repository_of, skip, value};
use super::errors::Errors;
use super::types;

/// The relations of an entity that become constants of its repository.
#[derive(Debug)]
pub(crate) struct RelatedRows {
    pub(crate) visibility: Visibility,
    pub(crate) repository: Path,
    pub(crate) relations: Vec<Related>,
}

#[derive(Debug)]
pub(crate) struct Related {
    /// Its variant in `SeaORM`'s enum `Relation`, or its field.
    pub(crate) name: Ident,
    pub(crate) is_many: bool,
    /// `SeaORM`'s entity of the related rows.
    pub(crate) entity: TokenStream,
    /// What makes `SeaORM`'s `RelationDef`.
    pub(crate) definition: TokenStream,
    /// Its field in `ModelEx`.
    pub(crate) field: Option<Ident>,
}

impl RelatedRows {
    /// The enum `Relation` of the compact format.
    pub(crate) fn parse(input: &DeriveInput) -> Result<Self> {
        let Data::Enum(data) = &input.data else {
            return Err(Error::new(
                input.ident.span(),
                "`Relations` stands on the enum `Relation` of a SeaORM entity",
            ));
        };
        let mut errors = Errors::default();
        let repository = repository_of(input, "enum", "relations", &mut errors);
        let ident = &input.ident;
        let mut relations = Vec::new();
        for variant in &data.variants {
            let name = variant.ident.clone();
            if let Some(Some(target)) = errors.keep(target(&variant.attrs)) {
                let entity = target.entity.to_token_stream();
                let definition =
                    quote! { ::chronicle::sea_orm::RelationTrait::def(&#ident::#name) };
                relations.push(Related {
                    name,
                    is_many: target.is_many,
                    entity,
                    definition,
                    field: None,
                });
            }
        }
        errors.finish()?;
        Ok(Self { visibility: input.vis.clone(), repository, relations })
    }

    /// The fields of `ModelEx`, which `SeaORM`'s dense format makes.
    pub(crate) fn of_fields(
        visibility: &Visibility,
        repository: &Ident,
        fields: &FieldsNamed,
    ) -> Self {
        let relations = fields.named.iter().filter_map(of_field).collect();
        Self { visibility: visibility.clone(), repository: repository.clone().into(), relations }
    }
}

struct Target {
    is_many: bool,
    entity: Path,
}

/// What a variant of `Relation` refers to; none over a junction.
fn target(attributes: &[Attribute]) -> Result<Option<Target>> {
    let mut found = None;
    let mut is_direct = true;
    for attribute in attributes.iter().filter(|one| one.path().is_ident("sea_orm")) {
        attribute.parse_nested_meta(|meta| {
            let is_many = meta.path.is_ident("has_many");
            if is_many || meta.path.is_ident("belongs_to") || meta.path.is_ident("has_one") {
                let entity = value::<LitStr>(&meta)?.parse()?;
                found = Some(Target { is_many, entity });
            } else if meta.path.is_ident("via") {
                is_direct = false;
                skip(&meta)?;
            } else {
                skip(&meta)?;
            }
            Ok(())
        })?;
    }
    Ok(found.filter(|_| is_direct))
}

/// The relation of a field `HasOne<…>` or `HasMany<…>`; none over a junction.
fn of_field(field: &syn::Field) -> Option<Related> {
    let name = field.ident.clone()?;
    let is_many = match types::last_name(&field.ty).as_str() {
        "BelongsTo" | "HasOne" => false,
        "HasMany" => true,
        _ => return None,
    };
    let entity = types::argument(&field.ty)?;
    let entity = types::option_inner(entity).unwrap_or(entity);
    let (mut variant, mut is_direct, mut is_itself) = (None, true, false);
    for attribute in field.attrs.iter().filter(|one| one.path().is_ident("sea_orm")) {
        attribute
            .parse_nested_meta(|meta| {
                if meta.path.is_ident("relation_enum") {
                    variant = Some(value::<LitStr>(&meta)?.value());
                } else if meta.path.is_ident("via") {
                    is_direct = false;
                    skip(&meta)?;
                } else if meta.path.is_ident("self_ref") {
                    is_itself = true;
                    skip(&meta)?;
                } else {
                    skip(&meta)?;
                }
                Ok(())
            })
            .ok()?;
    }
    // The other end of a relation of the table to itself has no definition of its own.
    if !is_direct || (is_itself && is_many) {
        return None;
    }
    let definition = match variant {
        Some(variant) => {
            let variant = format_ident!("{}", variant.to_upper_camel_case(), span = name.span());
            quote! { ::chronicle::sea_orm::RelationTrait::def(&Relation::#variant) }
        }
        None => quote! { <Entity as ::chronicle::sea_orm::Related<#entity>>::to() },
    };
    let entity = quote! { #entity };
    Some(Related { name: name.unraw(), is_many, entity, definition, field: Some(name) })
}

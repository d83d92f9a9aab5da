use heck::{
    ToKebabCase, ToLowerCamelCase, ToShoutyKebabCase, ToShoutySnakeCase, ToSnakeCase, ToTitleCase,
    ToUpperCamelCase,
};
use syn::{Error, LitStr, Result};

/// How `#[sea_orm(rename_all = "...")]` writes column names; the values are `SeaORM`'s (sea-orm-macros 2.0.4,
/// `case_style.rs`).
#[derive(Clone, Copy, Debug)]
pub(crate) enum CaseStyle {
    LowerCamel,
    UpperCamel,
    Kebab,
    ShoutyKebab,
    Snake,
    ShoutySnake,
    Title,
    Lower,
    Upper,
}

impl CaseStyle {
    pub(crate) fn parse(text: &LitStr) -> Result<Self> {
        Ok(match text.value().as_str() {
            "camelCase" | "mixed_case" => Self::LowerCamel,
            "PascalCase" | "camel_case" => Self::UpperCamel,
            "kebab-case" | "kebab_case" => Self::Kebab,
            "SCREAMING-KEBAB-CASE" => Self::ShoutyKebab,
            "snake_case" | "snek_case" => Self::Snake,
            "SCREAMING_SNAKE_CASE" | "shouty_snake_case" | "shouty_snek_case" => Self::ShoutySnake,
            "title_case" => Self::Title,
            "lowercase" => Self::Lower,
            "UPPERCASE" => Self::Upper,
            _ => {
                return Err(Error::new(
                    text.span(),
                    "SeaORM knows no such case: use one of `camelCase`, `PascalCase`, `kebab-case`, `snake_case`, \
                     `SCREAMING_SNAKE_CASE`, `SCREAMING-KEBAB-CASE`, `lowercase`, `UPPERCASE`, `title_case`, \
                     `mixed_case`",
                ));
            }
        })
    }

    /// `variant` is the column's name in `SeaORM`'s enum `Column`.
    pub(crate) fn apply(self, variant: &str) -> String {
        match self {
            Self::LowerCamel => variant.to_lower_camel_case(),
            Self::UpperCamel => variant.to_upper_camel_case(),
            Self::Kebab => variant.to_kebab_case(),
            Self::ShoutyKebab => variant.to_shouty_kebab_case(),
            Self::Snake => variant.to_snake_case(),
            Self::ShoutySnake => variant.to_shouty_snake_case(),
            Self::Title => variant.to_title_case(),
            Self::Lower => variant.to_lowercase(),
            Self::Upper => variant.to_uppercase(),
        }
    }
}

//! Text of an open set: known values are variants, unknown ones survive.

/// Makes an enum whose known values are variants and whose unknown ones are kept in `Other`,
/// stored as text. (An unknown value of a SeaORM `DeriveActiveEnum` fails the whole read.)
macro_rules! open_set {
    ($(#[$meta:meta])* $name:ident { $($(#[$variant_meta:meta])* $variant:ident = $text:literal,)+ }) => {
        $(#[$meta])*
        #[derive(Clone, Debug, PartialEq, Eq, Hash, ::sea_orm::DeriveValueType)]
        #[sea_orm(value_type = "String")]
        pub enum $name {
            $($(#[$variant_meta])* $variant,)+
            /// A value that this version does not know, as it came.
            Other(String),
        }

        impl $name {
            /// The text that is stored.
            ///
            /// ```
            /// assert_eq!(chronicle_entity::SessionStatus::Active.as_str(), "active");
            /// ```
            #[must_use]
            pub fn as_str(&self) -> &str {
                match self {
                    $(Self::$variant => $text,)+
                    Self::Other(text) => text,
                }
            }
        }

        impl ::std::fmt::Display for $name {
            fn fmt(&self, formatter: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                formatter.pad(self.as_str())
            }
        }

        impl From<&str> for $name {
            fn from(text: &str) -> Self {
                match text {
                    $($text => Self::$variant,)+
                    text => Self::Other(text.to_owned()),
                }
            }
        }

        impl From<String> for $name {
            fn from(text: String) -> Self {
                Self::from(text.as_str())
            }
        }

        impl ::std::str::FromStr for $name {
            type Err = ::std::convert::Infallible;
            fn from_str(text: &str) -> Result<Self, Self::Err> {
                Ok(Self::from(text))
            }
        }

        impl ::chronicle::Scalar for $name {
            type As = ::std::string::String;
        }

        impl ::chronicle::Operand<$name> for &str {
            fn into_operand(self) -> $name {
                $name::from(self)
            }
        }
    };
}

pub(crate) use open_set;

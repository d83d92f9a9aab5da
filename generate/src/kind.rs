//! Which Rust type holds the values of a server's type.

/// The Rust type of a column that is not NULL.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Bool,
    I16,
    I32,
    I64,
    F32,
    F64,
    Decimal,
    Text,
    Uuid,
    Json,
    Date,
    Time,
    DateTime,
    DateTimeUtc,
    Bytes,
    Array(Box<Self>),
    /// The path of the Rust enum.
    Enum(String),
    Opaque,
}

impl Kind {
    /// The kind for a type as `format_type` names it.
    pub(crate) fn of(type_name: &str) -> Self {
        if let Some(element) = type_name.strip_suffix("[]") {
            return match Self::of(element) {
                // An array of arrays is named like one; `Vec<Vec<u8>>` is no column.
                Self::Opaque | Self::Array(_) | Self::Bytes => Self::Opaque,
                element => Self::Array(Box::new(element)),
            };
        }
        match type_name {
            "boolean" => Self::Bool,
            "smallint" => Self::I16,
            "integer" => Self::I32,
            "bigint" => Self::I64,
            "real" => Self::F32,
            "double precision" => Self::F64,
            "numeric" => Self::Decimal,
            "text" | "character varying" => Self::Text,
            "uuid" => Self::Uuid,
            "json" | "jsonb" => Self::Json,
            "date" => Self::Date,
            "time without time zone" => Self::Time,
            "timestamp without time zone" => Self::DateTime,
            "timestamp with time zone" => Self::DateTimeUtc,
            "bytea" => Self::Bytes,
            _ => Self::Opaque,
        }
    }

    /// The type as it is written where `SeaORM`'s prelude is imported.
    pub(crate) fn rust(&self) -> String {
        match self {
            Self::Bool => "bool".to_owned(),
            Self::I16 => "i16".to_owned(),
            Self::I32 => "i32".to_owned(),
            Self::I64 => "i64".to_owned(),
            Self::F32 => "f32".to_owned(),
            Self::F64 => "f64".to_owned(),
            Self::Decimal => "Decimal".to_owned(),
            Self::Text => "String".to_owned(),
            Self::Uuid => "Uuid".to_owned(),
            Self::Json => "Json".to_owned(),
            Self::Date => "Date".to_owned(),
            Self::Time => "Time".to_owned(),
            Self::DateTime => "DateTime".to_owned(),
            Self::DateTimeUtc => "DateTimeUtc".to_owned(),
            Self::Bytes => "Vec<u8>".to_owned(),
            Self::Array(element) => format!("Vec<{}>", element.rust()),
            Self::Enum(path) => path.clone(),
            Self::Opaque => "chronicle::Opaque".to_owned(),
        }
    }

    /// The `column_type` of `SeaORM` that says more than the Rust type does; `declared` is the type as
    /// `create table` has it.
    pub(crate) fn column_type(&self, declared: &str) -> Option<String> {
        let size = |name: &str| declared.strip_prefix(name)?.strip_suffix(')');
        match self {
            Self::Opaque => Some(format!("custom({declared:?})")),
            Self::Text => {
                size("character varying(").map(|size| format!("String(StringLen::N({size}))"))
            }
            Self::Decimal => {
                let (precision, scale) = size("numeric(")?.split_once(',')?;
                let scale: u32 = scale.parse().ok()?;
                Some(format!("Decimal(Some(({precision}, {scale})))"))
            }
            _ => None,
        }
    }

    pub(crate) fn is_integer(&self) -> bool {
        matches!(self, Self::I16 | Self::I32 | Self::I64)
    }

    pub(crate) fn is_time(&self) -> bool {
        matches!(self, Self::Date | Self::Time | Self::DateTime | Self::DateTimeUtc)
    }

    /// Whether rows can be found by a value of it.
    pub(crate) fn is_comparable(&self) -> bool {
        !matches!(self, Self::Json | Self::Array(_) | Self::Opaque)
    }

    /// Whether one row can be named by it: its text says exactly what is equal.
    pub(crate) fn names_a_row(&self) -> bool {
        self.is_comparable() && !matches!(self, Self::F32 | Self::F64 | Self::Bytes)
    }

    /// How well it stands for a key that is none; the least is the best.
    pub(crate) fn rank_as_key(&self) -> Option<u8> {
        match self {
            Self::Uuid => Some(0),
            Self::I16 | Self::I32 | Self::I64 => Some(1),
            Self::Text => Some(2),
            Self::Date
            | Self::Time
            | Self::DateTime
            | Self::DateTimeUtc
            | Self::Bool
            | Self::Decimal => Some(3),
            // `SeaORM` takes these for a key, and no others.
            Self::F32 | Self::F64 | Self::Bytes | Self::Json => Some(4),
            Self::Array(_) | Self::Enum(_) | Self::Opaque => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Kind;

    #[test]
    fn types_have_their_rust_type() {
        let rust = |name| Kind::of(name).rust();
        assert_eq!(rust("character varying"), "String");
        assert_eq!(rust("timestamp with time zone"), "DateTimeUtc");
        assert_eq!(rust("jsonb[]"), "Vec<Json>");
        assert_eq!(rust("bytea"), "Vec<u8>");
    }

    #[test]
    fn what_only_the_server_understands_is_opaque() {
        for name in [
            "inet",
            "character",
            "extensions.citext",
            "interval",
            "bytea[]",
            "text[][]",
            "public.pair[]",
            "\"char\"",
            "name",
            "timetz",
        ] {
            assert_eq!(Kind::of(name), Kind::Opaque, "{name}");
        }
    }
}

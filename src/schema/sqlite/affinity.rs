//! [`Class`] and [`Affinity`]: as what values are stored, and what a column makes of them.

use crate::Kind;

/// The class in which the library stores the values of a kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Class {
    Integer,
    Real,
    Text,
    Blob,
}

impl Class {
    pub(super) const fn of(kind: Kind) -> Self {
        match kind {
            Kind::Bool
            | Kind::I8
            | Kind::I16
            | Kind::I32
            | Kind::I64
            | Kind::U8
            | Kind::U16
            | Kind::U32 => Self::Integer,
            Kind::F32 | Kind::F64 => Self::Real,
            Kind::Text
            | Kind::Json
            | Kind::Date
            | Kind::Time
            | Kind::DateTime
            | Kind::Timestamp
            | Kind::Array(_)
            | Kind::Opaque => Self::Text,
            // In a form that sorts as the numbers do.
            #[cfg(feature = "decimal")]
            Kind::Decimal => Self::Text,
            Kind::Bytes | Kind::Uuid => Self::Blob,
        }
    }

    /// The type that a column of such values is declared with.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Integer => "integer",
            Self::Real => "real",
            Self::Text => "text",
            Self::Blob => "blob",
        }
    }
}

/// Whether the text of a value may look like a number, which a numeric column would make of it. A
/// document that is a number is read back as that.
const fn may_look_like_a_number(kind: Kind) -> bool {
    !matches!(
        kind,
        Kind::Json | Kind::Array(_) | Kind::Date | Kind::Time | Kind::DateTime | Kind::Timestamp
    )
}

/// What a column does to values (<https://sqlite.org/datatype3.html#determination_of_column_affinity>).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Affinity {
    Integer,
    Text,
    Blob,
    Real,
    Numeric,
}

impl Affinity {
    pub(super) fn of(declared: &str) -> Self {
        let declared = declared.to_uppercase();
        let has = |parts: &[&str]| parts.iter().any(|part| declared.contains(part));
        if has(&["INT"]) {
            Self::Integer
        } else if has(&["CHAR", "CLOB", "TEXT"]) {
            Self::Text
        } else if has(&["BLOB"]) || declared.is_empty() {
            Self::Blob
        } else if has(&["REAL", "FLOA", "DOUB"]) {
            Self::Real
        } else {
            Self::Numeric
        }
    }

    /// Whether a value that is stored is read back as the same one.
    pub(super) const fn keeps(self, class: Class, kind: Kind) -> bool {
        match (class, self) {
            // A whole number in place of 2.0 is read as that.
            (Class::Integer, Self::Integer | Self::Numeric | Self::Blob)
            | (Class::Real, Self::Real | Self::Integer | Self::Numeric | Self::Blob)
            | (Class::Text, Self::Text | Self::Blob)
            | (Class::Blob, _) => true,
            (Class::Text, Self::Integer | Self::Numeric | Self::Real) => {
                !may_look_like_a_number(kind)
            }
            (Class::Integer, Self::Real | Self::Text) | (Class::Real, Self::Text) => false,
        }
    }
}

/// Whether a column of a `strict` table takes values of the class.
pub(super) fn is_taken_by_strict(declared: &str, class: Class) -> bool {
    let takes: &[Class] = match declared.to_uppercase().as_str() {
        "ANY" => &[Class::Integer, Class::Real, Class::Text, Class::Blob],
        "INT" | "INTEGER" => &[Class::Integer],
        "REAL" => &[Class::Real],
        "TEXT" => &[Class::Text],
        "BLOB" => &[Class::Blob],
        _ => &[],
    };
    takes.contains(&class)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn affinities_are_those_of_sqlite() {
        let connection = rusqlite::Connection::open_in_memory().expect("a database");
        for declared in [
            "",
            "int",
            "BIGINT",
            "varchar(20)",
            "uuid_text",
            "uuid_blob",
            "blob",
            "real",
            "double",
            "float",
            "floating point",
            "numeric",
            "boolean",
            "date",
            "json",
            "string",
            "uuid",
            "charint",
        ] {
            let sql = format!(
                "create table t (c {declared}); insert into t values ('1.0'), (1), (x'31')"
            );
            connection.execute_batch(&sql).expect("a table");
            let classes: Vec<String> = connection
                .prepare("select typeof(c) from t order by rowid")
                .and_then(|mut rows| rows.query_map([], |row| row.get(0))?.collect())
                .expect("three rows");
            let expected = match Affinity::of(declared) {
                Affinity::Integer | Affinity::Numeric => ["integer", "integer", "blob"],
                Affinity::Text => ["text", "text", "blob"],
                Affinity::Blob => ["text", "integer", "blob"],
                Affinity::Real => ["real", "real", "blob"],
            };
            assert_eq!(classes, expected, "{declared}");
            connection.execute_batch("drop table t").expect("it is there");
        }
    }
}

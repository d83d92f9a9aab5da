//! What was left out, and why.

use std::{collections::BTreeMap, fmt};

/// What became of the tables: how many are written, and what of them is left out.
///
/// ```
/// use chronicle_generate::{Options, from_openapi};
///
/// # fn main() -> chronicle_generate::Result<()> {
/// let document = r#"{"definitions": {"hosts": {"required": ["id"], "properties": {
///     "id": {"format": "uuid", "description": "<pk/>"},
///     "address": {"format": "inet"}
/// }}}, "paths": {"/hosts": {"post": {}}}}"#;
/// let report = from_openapi(document, &Options::new())?.report;
/// assert_eq!(report.tables, 1);
/// let note = &report.notes[0];
/// assert_eq!((note.table.as_str(), note.column.as_deref()), ("hosts", Some("address")));
/// assert_eq!(note.reason.name(), "opaque");
/// # Ok(()) }
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Report {
    /// How many tables and views are written.
    pub tables: usize,
    /// What is left out, by table and column.
    pub notes: Vec<Note>,
    /// What the source of the description never tells.
    pub untold: Option<&'static str>,
}

impl Report {
    /// How often each reason occurs, by its [name](Reason::name).
    ///
    /// ```
    /// assert!(chronicle_generate::Report::default().counts().is_empty());
    /// ```
    #[must_use]
    pub fn counts(&self) -> BTreeMap<&'static str, usize> {
        let mut counts = BTreeMap::new();
        for note in &self.notes {
            *counts.entry(note.reason.name()).or_default() += 1;
        }
        counts
    }
}

/// A line for each note.
impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for note in &self.notes {
            writeln!(f, "{note}")?;
        }
        if let Some(untold) = self.untold {
            writeln!(f, "{untold}")?;
        }
        Ok(())
    }
}

/// Something of a table that the entity does not have, or has otherwise than the server.
///
/// ```
/// use chronicle_generate::{Note, Reason};
///
/// fn columns_that_only_the_server_understands(notes: &[Note]) -> usize {
///     notes.iter().filter(|note| matches!(note.reason, Reason::Opaque { .. })).count()
/// }
/// ```
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub struct Note {
    /// The schema of the table.
    pub schema: String,
    /// The table.
    pub table: String,
    /// The column, if it is about one.
    pub column: Option<String>,
    /// What and why.
    pub reason: Reason,
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.schema, self.table)?;
        if let Some(column) = &self.column {
            write!(f, ".{column}")?;
        }
        write!(f, ": {}", self.reason)
    }
}

macro_rules! reasons {
    ($($(#[$docs:meta])* $variant:ident $({ $($(#[$field_docs:meta])* $field:ident),* })? = $name:literal, $message:literal;)*) => {
        /// Why something is left out, or is not what it is at the server.
        ///
        /// ```
        /// use chronicle_generate::Reason;
        ///
        /// let reason = Reason::PartialUnique { name: "one_active".to_owned() };
        /// assert_eq!(reason.name(), "partial unique index");
        /// assert_eq!(reason.to_string(), "the unique index one_active holds for some rows only: it is left out");
        /// ```
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
        #[non_exhaustive]
        pub enum Reason {
            $($(#[$docs])* $variant $({ $($(#[$field_docs])* $field: String),* })?,)*
        }

        impl Reason {
            /// A short name of the kind of reason, to count by.
            ///
            /// ```
            /// assert_eq!(chronicle_generate::Reason::View.name(), "view");
            /// ```
            #[must_use]
            pub fn name(&self) -> &'static str {
                match self {
                    $(Self::$variant { .. } => $name,)*
                }
            }
        }

        impl fmt::Display for Reason {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                match self {
                    $(Self::$variant $({ $($field),* })? => write!(f, $message),)*
                }
            }
        }
    };
}

reasons! {
    /// A table without columns is not written.
    NoColumns = "no columns", "it has no columns: it is left out";
    /// A partition is written as part of its whole.
    Partition {
        /// The table that it is a part of.
        of
    } = "partition", "it is a part of {of}, which is written instead";
    /// A table that an extension made.
    OfExtension {
        /// The extension.
        extension
    } = "of an extension", "it belongs to the extension {extension}: it is left out";
    /// A view can only be read here.
    View = "view", "a view is read only, and has no key";
    /// A table without a key can only be read.
    NoKey = "no key", "without a key its rows can only be read, and not one by one";
    /// A key of a type that no row can be asked for by.
    KeyType {
        /// The type of a column, or the number of columns.
        of
    } = "type of the key", "rows cannot be asked for by a key of {of}: they can only be read";
    /// A part of a key that only the server can make.
    KeyMade = "key made by the server", "the server makes this part of the key: rows can only be read";
    /// A key with a default that the client does not know.
    KeyDefault {
        /// The server's expression.
        default
    } = "default of a key", "the caller gives the key; the server's default {default} is not used";
    /// A trigger makes the key, so that a key by the client is lost.
    KeyByTrigger {
        /// The trigger.
        trigger
    } = "key by a trigger", "the trigger {trigger} sets the key: one that the client gives is lost";
    /// `SeaORM` wants a key where there is none.
    StandIn = "stand-in for a key", "it stands for the key that SeaORM asks for, and is taken as never NULL";
    /// There is no column that could stand for a key.
    NoStandIn = "no column for a key", "no column of it can stand for the key that SeaORM asks for: it is left out";
    /// A column whose values are carried as text.
    Opaque {
        /// The type of the column.
        of
    } = "opaque", "only the server understands the type {of}: it is carried as text";
    /// The labels of an enum do not make different names.
    EnumLabels {
        /// The enum.
        of
    } = "labels of an enum", "the labels of the enum {of} do not make different names: it is carried as text";
    /// A column that a trigger may change after the client sent it.
    ChangedByTrigger {
        /// The trigger.
        trigger
    } = "changed by a trigger", "the trigger {trigger} changes what is sent";
    /// A unique index with a condition.
    PartialUnique {
        /// The index.
        name
    } = "partial unique index", "the unique index {name} holds for some rows only: it is left out";
    /// A unique index over expressions.
    ExpressionUnique {
        /// The index.
        name
    } = "unique index over expressions", "the unique index {name} is over expressions: it is left out";
    /// A unique constraint that is checked late.
    DeferrableUnique {
        /// The constraint.
        name
    } = "deferrable unique constraint", "the constraint {name} may be checked late, so nothing can be upserted by it: it is left out";
    /// Two unique constraints share a column.
    SharedUnique {
        /// The constraint.
        name
    } = "shared unique column", "a column of the constraint {name} is in another one already: it is left out";
    /// A unique constraint over a column that is not compared.
    UniqueType {
        /// The constraint.
        name
    } = "unique column that is not compared", "a column of the constraint {name} is not compared as a whole: it is left out";
    /// The table that a foreign key leads to is not written.
    ForeignTable {
        /// The foreign key.
        name,
        /// The table it leads to.
        to
    } = "foreign key to a table not written", "the foreign key {name} leads to {to}, which is not written: it is left out";
}

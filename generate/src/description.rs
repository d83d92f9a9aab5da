//! What is told of a database, whoever tells it.

use std::collections::{BTreeMap, BTreeSet};

use crate::report::{Note, Reason};

/// The tables of some schemas, in the order of their names.
#[derive(Debug, Default)]
pub(crate) struct Description {
    pub(crate) tables: Vec<Table>,
    pub(crate) enums: BTreeMap<EnumName, Vec<String>>,
    /// Of tables that are known and not described.
    pub(crate) notes: Vec<Note>,
    pub(crate) untold: Option<&'static str>,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct TableName {
    pub(crate) schema: String,
    pub(crate) name: String,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct EnumName {
    pub(crate) schema: String,
    pub(crate) name: String,
}

#[derive(Debug)]
pub(crate) struct Table {
    pub(crate) name: TableName,
    pub(crate) access: Access,
    pub(crate) columns: Vec<Column>,
    /// The columns of the key, in its order.
    pub(crate) key: Vec<String>,
    pub(crate) uniques: Vec<Unique>,
    /// Columns with an index of their own.
    pub(crate) indexed: BTreeSet<String>,
    pub(crate) foreign_keys: Vec<ForeignKey>,
    pub(crate) triggers: Vec<Trigger>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Access {
    All,
    /// The server lets nobody write it.
    Read,
    /// A view, of which it is not known what can be written.
    View,
}

#[derive(Debug)]
pub(crate) struct Column {
    pub(crate) name: String,
    /// As `format_type` names it, without its length; of a domain the type below it.
    pub(crate) type_name: String,
    /// The same as it is written in `create table`, with its length.
    pub(crate) declared: String,
    pub(crate) enum_name: Option<EnumName>,
    /// Whether it is text that sorts by its bytes.
    pub(crate) sorts_by_bytes: bool,
    pub(crate) not_null: bool,
    /// SQL.
    pub(crate) default: Option<String>,
    pub(crate) made: Made,
}

/// Who makes the value of a column in a new row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Made {
    /// The client, or the default.
    Client,
    /// The server counts it up unless the client gives it.
    Counted,
    /// The server counts it up and takes no other value.
    AlwaysCounted,
    /// The server computes it.
    Computed,
}

#[derive(Debug)]
pub(crate) struct Unique {
    pub(crate) name: String,
    pub(crate) columns: Vec<String>,
    /// Why it cannot be taken over.
    pub(crate) hindrance: Option<Hindrance>,
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum Hindrance {
    Partial,
    Expressions,
    Deferrable,
}

impl Hindrance {
    pub(crate) fn reason(self, name: String) -> Reason {
        match self {
            Self::Partial => Reason::PartialUnique { name },
            Self::Expressions => Reason::ExpressionUnique { name },
            Self::Deferrable => Reason::DeferrableUnique { name },
        }
    }
}

#[derive(Debug)]
pub(crate) struct ForeignKey {
    pub(crate) name: String,
    pub(crate) columns: Vec<String>,
    pub(crate) to: TableName,
    pub(crate) to_columns: Vec<String>,
    pub(crate) on_delete: Option<&'static str>,
    pub(crate) on_update: Option<&'static str>,
}

/// A trigger before the write of a row.
#[derive(Debug)]
pub(crate) struct Trigger {
    pub(crate) name: String,
    pub(crate) on_insert: bool,
    pub(crate) function: String,
    /// What `create function` has between its quotes.
    pub(crate) source: String,
    pub(crate) arguments: Vec<String>,
}

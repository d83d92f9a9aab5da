//! What the queries answer.

use serde::Deserialize;

#[derive(Debug, Deserialize)]
pub(super) struct TypeRow {
    pub(super) oid: i64,
    pub(super) schema: String,
    pub(super) name: String,
    /// Of a domain.
    pub(super) base: Option<i64>,
    pub(super) base_name: Option<String>,
    pub(super) base_declared: Option<String>,
    pub(super) dimensions: i64,
    pub(super) not_null: bool,
    pub(super) default: Option<String>,
    /// Of an enum.
    pub(super) labels: Option<Vec<String>>,
}

#[derive(Debug, Deserialize)]
pub(super) struct TableRow {
    pub(super) oid: i64,
    pub(super) schema: String,
    pub(super) name: String,
    pub(super) kind: String,
    pub(super) part_of: Option<String>,
    pub(super) extension: Option<String>,
    pub(super) columns: Vec<ColumnRow>,
}

#[derive(Debug, Deserialize)]
pub(super) struct ColumnRow {
    pub(super) name: String,
    #[serde(rename = "type")]
    pub(super) type_oid: i64,
    pub(super) type_name: String,
    pub(super) declared: String,
    pub(super) dimensions: i64,
    pub(super) not_null: bool,
    /// Of text.
    pub(super) collation: Option<String>,
    pub(super) identity: String,
    pub(super) generated: String,
    pub(super) default: Option<String>,
}

#[derive(Debug, Deserialize)]
pub(super) struct IndexRow {
    pub(super) table: i64,
    pub(super) name: String,
    pub(super) is_primary: bool,
    pub(super) is_unique: bool,
    pub(super) partial: bool,
    pub(super) expressions: bool,
    pub(super) deferrable: bool,
    pub(super) columns: Vec<String>,
}

#[derive(Debug, Deserialize)]
pub(super) struct ForeignKeyRow {
    pub(super) table: i64,
    pub(super) name: String,
    pub(super) columns: Vec<String>,
    pub(super) to_schema: String,
    pub(super) to_table: String,
    pub(super) to_columns: Vec<String>,
    pub(super) on_delete: String,
    pub(super) on_update: String,
}

#[derive(Debug, Deserialize)]
pub(super) struct TriggerRow {
    pub(super) table: i64,
    pub(super) name: String,
    pub(super) on_insert: bool,
    pub(super) function: String,
    pub(super) source: String,
    pub(super) arguments: String,
}

//! Entries of an earlier version of an entity get the form of this one.

use super::transaction::{Transaction, internal};
use crate::failover::rules::name::TableName;
use crate::{Error, ErrorKind, Result, Table};

impl Transaction<'_> {
    /// Gives the values of entries that an earlier version of the entity queued the form of this one.
    pub(crate) fn convert(
        &mut self,
        table: &'static Table,
        version: &str,
        change: &mut dyn FnMut(&mut serde_json::Map<String, serde_json::Value>),
    ) -> Result<u64> {
        let sql = "select sequence, body from chronicle_outbox \
            where table_name = ?1 and version <> ?2 and body <> ''";
        let name = TableName::of(table);
        let entries = self.list(sql, (name.as_str(), version), |row| {
            Ok((row.get::<_, i64>(0)?, row.get::<_, String>(1)?))
        })?;
        let converted = entries.len() as u64;
        for (sequence, body) in entries {
            let mut values = serde_json::from_str(&body).map_err(internal)?;
            change(&mut values);
            let columns: Vec<&String> = values.keys().collect();
            let is_known =
                |name: &&&String| table.columns.iter().all(|column| column.name != name.as_str());
            if let Some(unknown) = columns.iter().find(is_known) {
                return Err(Error::new(
                    ErrorKind::SchemaMismatch,
                    format!("`{unknown}` is no column of `{}`: nothing was converted", table.name),
                ));
            }
            let columns = serde_json::to_string(&columns).map_err(internal)?;
            let body = serde_json::to_string(&values).map_err(internal)?;
            self.execute(
                "update chronicle_outbox set body = ?2, column_names = ?3, version = ?4 where sequence = ?1",
                (sequence, body, columns, version),
            )?;
        }
        Ok(converted)
    }
}

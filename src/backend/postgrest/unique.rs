//! Rows that are told from others by unique columns beside their key.
//!
//! PostgREST's own way, `merge-duplicates`, would give the row that is there the key of the new one. So the
//! row is inserted where none is there, and else the one that is there is updated or read: each of the two
//! may be sent again.

use super::Postgrest;
use super::returning::Returning;
use crate::Result;
use crate::change::Change;
use crate::operation::{Duplicates, Merge, OrderTerm, Read, Selection};
use crate::order::Direction;
use sea_orm::Value;

/// How often it is tried: the row that is there may be deleted between the two requests.
const ATTEMPTS: u32 = 3;

impl Postgrest {
    pub(super) async fn merge_row(&self, merge: Merge) -> Result<Vec<Value>> {
        let table = merge.table;
        let returning = Returning::values(table, table.columns.iter().collect());
        for _ in 0..ATTEMPTS {
            for mut change in Change::inserts(table, Duplicates::Ignore, vec![merge.row.clone()]) {
                change.key = merge.unique.iter().map(|at| table.columns[*at].name.into()).collect();
                let (_, mut stored) = self.make(&change, &returning).await?;
                if let Some(row) = stored.pop() {
                    return Ok(row);
                }
            }
            let assignments = merge.assignments();
            let mut there = if assignments.is_empty() {
                let order = OrderTerm::of_key(table, Direction::Ascending);
                let (filter, selection) = (merge.condition(), Selection::Rows);
                let read = Read { table, selection, filter, order, limit: Some(1), offset: 0 };
                self.read_rows(&read).await?
            } else {
                self.update_where(table, &merge.condition(), assignments, &returning).await?.1
            };
            if let Some(row) = there.pop() {
                return Ok(row);
            }
        }
        Err(merge.not_found())
    }
}

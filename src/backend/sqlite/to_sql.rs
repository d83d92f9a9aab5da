//! [`Query::to_sql`]: the SQL that SQLite is given.

use super::compile::select;
use crate::{Query, Record, Result, Selected};
use sea_orm::Statement;

impl<R: Record, T: Selected<R>> Query<R, T> {
    /// The statement that SQLite is given for the rows.
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/doctest_setup.rs"));
    /// # fn main() -> chronicle::Result<()> {
    /// let statement = Tasks::query().filter(Tasks::TITLE.contains("plants")).to_sql()?;
    /// assert!(statement.sql.contains("FROM `tasks` WHERE instr(`title`, ?) > 0"));
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// [`InvalidInput`](crate::ErrorKind::InvalidInput) for a value that no database can hold (a
    /// NUL character), or a cursor of another order.
    pub fn to_sql(&self) -> Result<Statement> {
        Ok(select(&self.to_read(self.selection())?))
    }
}

//! [`Patch`]: what an update sets, clears and leaves alone.

use crate::{Field, Record, Scalar, Stored};
use sea_orm::Value;
use std::fmt;
use std::marker::PhantomData;

/// Changes to a row: the columns that are set or cleared. What is not named is left alone.
///
/// The derive makes a typed builder for each record (`EventPatch`); this is what it fills.
pub struct Patch<R> {
    assignments: Vec<(usize, Value)>,
    record: PhantomData<fn() -> R>,
}

impl<R> Default for Patch<R> {
    fn default() -> Self {
        Self { assignments: Vec::new(), record: PhantomData }
    }
}

impl<R> Clone for Patch<R> {
    fn clone(&self) -> Self {
        Self { assignments: self.assignments.clone(), record: PhantomData }
    }
}

impl<R: Record> fmt::Debug for Patch<R> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let columns = R::TABLE.columns;
        formatter
            .debug_map()
            .entries(self.assignments.iter().map(|(at, value)| (columns[*at].name, value)))
            .finish()
    }
}

impl<R: Record> Patch<R> {
    /// A patch that changes nothing.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets a column. The last call for a column counts.
    pub fn set<T: Stored>(&mut self, field: Field<R, T>, value: T::Scalar) {
        self.assign(field.position(), value.into_value());
    }

    /// Sets a column to NULL.
    pub fn clear<T: Scalar>(&mut self, field: Field<R, Option<T>>) {
        self.assign(field.position(), T::kind().null());
    }

    /// Whether the patch changes nothing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.assignments.is_empty()
    }

    fn assign(&mut self, position: usize, value: Value) {
        self.assignments.retain(|(at, _)| *at != position);
        self.assignments.push((position, value));
    }

    /// The assignments in the order of the table's columns, so that equal patches compile alike.
    pub(crate) fn into_assignments(mut self) -> Vec<(usize, Value)> {
        self.assignments.sort_by_key(|(at, _)| *at);
        self.assignments
    }
}

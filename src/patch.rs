//! [`Patch`]: what an update sets, clears and leaves alone.

use crate::operation::Assignments;
use crate::{ColumnChange, Field, Number, Record, Scalar, Source, Stored, value};
use sea_orm::Value;
use std::fmt;
use std::marker::PhantomData;

/// Changes to a row: the columns that are set, cleared or added to. What is not named is left alone.
///
/// The derive makes a typed builder for each record (`EventPatch`); this is what it fills.
///
/// ```
/// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/doctest_setup.rs"));
/// use chronicle::Patch;
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> chronicle::Result<()> {
/// # let tasks = tasks().await?;
/// let mut patch: Patch<task::Model> = TaskPatch::new().priority(1).into();
/// patch.clear(Tasks::DETAILS);
/// assert_eq!(tasks.update_all(patch).await?, 3);
/// # Ok(()) }
/// ```
pub struct Patch<R> {
    assignments: Vec<(usize, Value)>,
    additions: Vec<(usize, Value)>,
    record: PhantomData<fn() -> R>,
}

impl<R> Default for Patch<R> {
    fn default() -> Self {
        Self { assignments: Vec::new(), additions: Vec::new(), record: PhantomData }
    }
}

impl<R> Clone for Patch<R> {
    fn clone(&self) -> Self {
        let (assignments, additions) = (self.assignments.clone(), self.additions.clone());
        Self { assignments, additions, record: PhantomData }
    }
}

impl<R: Record> fmt::Debug for Patch<R> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let columns = R::TABLE.columns;
        let named = |(at, value): &(usize, Value)| (columns[*at].name, value.clone());
        formatter
            .debug_struct("Patch")
            .field("set", &self.assignments.iter().map(named).collect::<Vec<_>>())
            .field("add", &self.additions.iter().map(named).collect::<Vec<_>>())
            .finish()
    }
}

impl<R: Record> Patch<R> {
    /// A patch that changes nothing.
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/doctest_setup.rs"));
    /// # fn main() -> chronicle::Result<()> {
    /// let patch = chronicle::Patch::<task::Model>::new();
    /// assert!(patch.is_empty());
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// What differs of two states of a row, as values are stored: times in microseconds, for example.
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/doctest_setup.rs"));
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> chronicle::Result<()> {
    /// # let tasks = tasks().await?;
    /// let before = tasks.find().filter(Tasks::TITLE.eq("call home")).one().await?;
    /// let mut after = before.clone();
    /// after.priority = 1;
    /// let patch = chronicle::Patch::between(&before, &after);
    /// assert!(!patch.is_empty());
    /// assert_eq!(tasks.update(before.id, patch).await?, 1);
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn between(before: &R, after: &R) -> Self
    where
        R: Clone,
    {
        let mut patch = Self::new();
        let values = before.clone().into_values().into_iter().zip(after.clone().into_values());
        for (at, ((before, after), column)) in values.zip(R::TABLE.columns).enumerate() {
            if column.source != Source::Server && differ(before, after.clone()) {
                patch.assign(at, after);
            }
        }
        patch
    }

    /// Sets a column. The last call for a column counts.
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/doctest_setup.rs"));
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> chronicle::Result<()> {
    /// # let tasks = tasks().await?;
    /// let mut patch = chronicle::Patch::new();
    /// patch.set(Tasks::PRIORITY, 1);
    /// assert_eq!(tasks.update_where(Tasks::TITLE.eq("call home"), patch).await?, 1);
    /// # Ok(()) }
    /// ```
    pub fn set<T: Stored, S>(&mut self, field: Field<R, T, S>, value: T::Scalar) {
        self.assign(field.position(), value.into_value());
    }

    /// Sets a column to NULL.
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/doctest_setup.rs"));
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> chronicle::Result<()> {
    /// # let tasks = tasks().await?;
    /// let mut patch = chronicle::Patch::new();
    /// patch.clear(Tasks::DONE_AT);
    /// assert_eq!(tasks.update_where(Tasks::DONE_AT.is_not_null(), patch).await?, 1);
    /// # Ok(()) }
    /// ```
    pub fn clear<T: Scalar, S>(&mut self, field: Field<R, Option<T>, S>) {
        self.assign(field.position(), Option::<T>::KIND.null());
    }

    /// Adds to what a column holds, whatever that is when the change is made: both count where two add to
    /// one column at once. The last call for a column counts.
    ///
    /// Over PostgREST it needs the function `chronicle_apply`, and the key of the row; see
    /// [`Store::transaction`](crate::Store::transaction).
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/doctest_setup.rs"));
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> chronicle::Result<()> {
    /// # let tasks = tasks().await?;
    /// let mut patch = chronicle::Patch::new();
    /// patch.add(Tasks::PRIORITY, 2);
    /// tasks.update_where(Tasks::TITLE.eq("call home"), patch).await?;
    /// assert_eq!(tasks.find().filter(Tasks::TITLE.eq("call home")).one().await?.priority, 5);
    /// # Ok(()) }
    /// ```
    pub fn add<T: Scalar>(&mut self, field: Field<R, T>, difference: T)
    where
        T::As: Number,
    {
        self.assign_more(field.position(), difference.into_value());
    }

    /// Whether the patch changes nothing.
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/doctest_setup.rs"));
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> chronicle::Result<()> {
    /// # let tasks = tasks().await?;
    /// let patch = chronicle::Patch::new();
    /// assert!(patch.is_empty());
    /// assert_eq!(tasks.update_all(patch).await?, 0, "nothing is asked of the database");
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.assignments.is_empty() && self.additions.is_empty()
    }

    /// Sets the column at this position. For generated code.
    #[doc(hidden)]
    pub fn assign(&mut self, position: usize, value: Value) {
        self.leave(position);
        self.assignments.push((position, value));
    }

    /// Sets the column at this position, or adds to it. For generated code.
    #[doc(hidden)]
    pub fn change<T>(
        &mut self,
        position: usize,
        into_value: fn(T) -> Value,
        change: ColumnChange<T>,
    ) {
        match change {
            ColumnChange::Set(value) => self.assign(position, into_value(value)),
            ColumnChange::Add(difference) => self.assign_more(position, into_value(difference)),
        }
    }

    fn assign_more(&mut self, position: usize, difference: Value) {
        self.leave(position);
        self.additions.push((position, difference));
    }

    fn leave(&mut self, position: usize) {
        self.assignments.retain(|(at, _)| *at != position);
        self.additions.retain(|(at, _)| *at != position);
    }

    /// The assignments and the additions in the order of the table's columns, so that equal patches
    /// compile alike.
    pub(crate) fn into_changes(mut self) -> (Assignments, Assignments) {
        self.assignments.sort_by_key(|(at, _)| *at);
        self.additions.sort_by_key(|(at, _)| *at);
        (self.assignments, self.additions)
    }
}

/// Whether two values are stored as different ones. One that cannot be stored is sent, to be refused.
fn differ(mut before: Value, mut after: Value) -> bool {
    value::normalize(&mut before).is_err()
        || value::normalize(&mut after).is_err()
        || before != after
}

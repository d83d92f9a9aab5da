//! What other libraries have and this one has not: methods that cannot be called, so that the compiler
//! says what to write instead.

use crate::{Field, Filter, Find, Order, Record, Repository, Result};

/// Traits that no type has.
macro_rules! hints {
    ($($name:ident: $message:literal, $label:literal;)+) => { $(
        #[diagnostic::on_unimplemented(message = $message, label = $label)]
        pub trait $name {}
    )+ };
}

hints! {
    Like: "a column has no `like`: its patterns would mean another thing on each database",
        "write `.contains(…)`, `.starts_with(…)` or `.ends_with(…)`, or in any case `.contains_any_case(…)` and the like";
    Average: "there is no average: it is no exact number",
        "divide the sum by the count: `.aggregate((count(), Tasks::PRIORITY.sum()))`";
    OfQuery: "a repository is no query",
        "write `.find()` before it";
}

impl<R: Record, T, S> Field<R, T, S> {
    #[doc(hidden)]
    #[must_use]
    pub fn like(self, _: impl Into<String>) -> Filter<R>
    where
        Self: Like,
    {
        Filter::all([])
    }

    #[doc(hidden)]
    #[must_use]
    pub fn ilike(self, _: impl Into<String>) -> Filter<R>
    where
        Self: Like,
    {
        Filter::all([])
    }

    #[doc(hidden)]
    pub fn avg(self)
    where
        Self: Average,
    {
    }
}

impl<R: Record, T> Find<R, T> {
    #[doc(hidden)]
    pub fn avg<F, S>(self, _: Field<R, F, S>)
    where
        Self: Average,
    {
    }
}

impl<R: Record> Repository<R> {
    #[doc(hidden)]
    pub fn filter(&self, _: Filter<R>) -> Find<R>
    where
        Self: OfQuery,
    {
        self.find()
    }

    #[doc(hidden)]
    pub fn order_by(&self, _: Order<R>) -> Find<R>
    where
        Self: OfQuery,
    {
        self.find()
    }

    #[doc(hidden)]
    pub fn limit(&self, _: u64) -> Find<R>
    where
        Self: OfQuery,
    {
        self.find()
    }

    #[doc(hidden)]
    pub async fn all(&self) -> Result<Vec<R>>
    where
        Self: OfQuery,
    {
        self.find().all().await
    }
}

//! What other libraries have and this one has not: methods that cannot be called, so that the compiler
//! says what to write instead.

use crate::related::{ToMany, ToOne};
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
    OfOne: "a row has one of these, or none",
        "write `.is(…)`";
    OfMany: "a row may have many of these",
        "write `.any(…)`";
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

    #[doc(hidden)]
    pub async fn first(&self) -> Result<Option<R>>
    where
        Self: OfQuery,
    {
        self.find().first().await
    }

    #[doc(hidden)]
    pub async fn count(&self) -> Result<u64>
    where
        Self: OfQuery,
    {
        self.find().count().await
    }

    #[doc(hidden)]
    pub async fn exists(&self) -> Result<bool>
    where
        Self: OfQuery,
    {
        self.find().exists().await
    }

    #[doc(hidden)]
    pub fn sum<T, S>(&self, _: Field<R, T, S>)
    where
        Self: OfQuery,
    {
    }

    #[doc(hidden)]
    pub fn stream(&self)
    where
        Self: OfQuery,
    {
    }

    #[doc(hidden)]
    pub fn with<A>(&self, _: A)
    where
        Self: OfQuery,
    {
    }
}

impl<R: Record, T: Record> ToOne<R, T> {
    #[doc(hidden)]
    #[must_use]
    pub fn any(self, _: Filter<T>) -> Filter<R>
    where
        Self: OfOne,
    {
        Filter::all([])
    }
}

impl<R: Record, T: Record> ToMany<R, T> {
    #[doc(hidden)]
    #[must_use]
    pub fn is(self, _: Filter<T>) -> Filter<R>
    where
        Self: OfMany,
    {
        Filter::all([])
    }
}

//! [`Nested`]: rows as SeaORM's dense format has them, with what is related to them in their fields.

use super::find_with::{Beside, Relations};
use crate::{Record, Result, Store};
use futures_util::future::BoxFuture;
use sea_orm::{EntityTrait, Value};
use std::any::Any;

/// A record whose related rows have fields of their own: an entity in SeaORM's dense format, by the derive
/// [`Repository`](derive@crate::Repository).
///
/// ```
/// fn has_fields<R: chronicle::Nests>() {}
/// # mod tag {
/// #     use sea_orm::entity::prelude::*;
/// #     #[sea_orm::model]
/// #     #[derive(Clone, Debug, PartialEq, DeriveEntityModel, chronicle::Repository)]
/// #     #[sea_orm(table_name = "tags")]
/// #     #[repository(name = "Tag")]
/// #     pub struct Model {
/// #         #[sea_orm(primary_key, auto_increment = false)]
/// #         pub id: i32,
/// #         pub parent_id: Option<i32>,
/// #         #[sea_orm(self_ref, relation_enum = "Parent", from = "parent_id", to = "id")]
/// #         pub parent: HasOne<Entity>,
/// #     }
/// #     impl ActiveModelBehavior for ActiveModel {}
/// # }
/// # fn main() {
/// has_fields::<tag::Model>(); // a `#[sea_orm::model]` with a field `HasOne`
/// # }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` has no fields for related rows",
    note = "rows come as tuples; fields `HasOne`, `BelongsTo` and `HasMany` are those of SeaORM's dense format, `#[sea_orm::model]`"
)]
pub trait Nests: Record {
    /// SeaORM's `ModelEx`.
    type Nested: From<Self> + Send;
    #[doc(hidden)]
    fn put(nested: &mut Self::Nested, field: &str, rows: Box<dyn Any>) -> bool;
}

/// Relations whose rows go into the fields of SeaORM's `ModelEx`; made by
/// [`FindWith::nested`](crate::FindWith::nested).
#[derive(Clone, Copy, Debug)]
pub struct Nested<L>(pub(super) L);

impl<R: Nests, L: Relations<R>> Relations<R> for Nested<L> {
    type Row = R::Nested;

    fn read<'a>(
        &'a self,
        store: &'a Store,
        rows: &'a [Vec<Value>],
    ) -> BoxFuture<'a, Result<Vec<Beside>>> {
        self.0.read(store, rows)
    }

    fn decode(&self, rows: Vec<Vec<Value>>, beside: Vec<Beside>) -> Result<Vec<Self::Row>> {
        let rows = self.0.decode(rows, beside)?;
        rows.into_iter().map(|row| self.0.nest(row)).collect()
    }

    fn nest(&self, row: R::Nested) -> Result<R::Nested> {
        Ok(row)
    }
}

/// What a field for one row takes. Called by derived code.
#[doc(hidden)]
#[must_use]
pub fn one<E: EntityTrait>(row: Box<dyn Any>) -> Option<Box<E::ModelEx>>
where
    E::ModelEx: From<E::Model>,
    E::Model: 'static,
{
    let row = row.downcast::<Option<E::Model>>().ok()?;
    row.map(|row| Box::new(row.into()))
}

/// What a field for several rows takes. Called by derived code.
#[doc(hidden)]
#[must_use]
pub fn many<E: EntityTrait>(rows: Box<dyn Any>) -> Vec<E::ModelEx>
where
    E::ModelEx: From<E::Model>,
    E::Model: 'static,
{
    let rows = rows.downcast::<Vec<E::Model>>().map(|rows| *rows).unwrap_or_default();
    rows.into_iter().map(Into::into).collect()
}

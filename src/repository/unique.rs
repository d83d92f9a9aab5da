//! Writes of a [`Repository`] that tell rows by other unique columns than their key.

use super::write::{prepare, prepare_upsert};
use crate::operation::{Duplicates, Merge, NewRow};
use crate::{Error, Field, NewRecord, Record, Repository, Result, Table, Writable, find, value};

/// Unique columns of the record `R`: a column of the repository, or a tuple of two to four that are unique
/// together.
///
/// ```
/// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/doctest_setup.rs"));
/// fn are_columns(_: impl chronicle::UniqueColumns<task::Model>) {}
/// # fn main() {
/// are_columns(Tasks::TITLE);
/// are_columns((Tasks::TITLE, Tasks::PRIORITY));
/// # }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no column of `{R}`, nor a tuple of its columns",
    note = "write the unique column, such as `Users::EMAIL`, or a tuple of those that are unique together"
)]
pub trait UniqueColumns<R>: sealed::Sealed {
    #[doc(hidden)]
    fn positions(self) -> Vec<usize>;
}

mod sealed {
    pub trait Sealed {}
}

impl<R, T, S> sealed::Sealed for Field<R, T, S> {}
impl<R, T, S> UniqueColumns<R> for Field<R, T, S> {
    fn positions(self) -> Vec<usize> {
        vec![self.position()]
    }
}

macro_rules! tuples {
    ($($column:ident $sorts:ident $at:tt),+) => {
        impl<R, $($column, $sorts),+> sealed::Sealed for ($(Field<R, $column, $sorts>,)+) {}
        impl<R, $($column, $sorts),+> UniqueColumns<R> for ($(Field<R, $column, $sorts>,)+) {
            fn positions(self) -> Vec<usize> {
                vec![$(self.$at.position()),+]
            }
        }
    };
}
tuples!(A S 0, B T 1);
tuples!(A S 0, B T 1, C U 2);
tuples!(A S 0, B T 1, C U 2, D V 3);

impl<R: Writable> Repository<R> {
    /// Stores a row, or gives its values to the row that has the same ones in these unique columns, and gives
    /// that back as it is stored. A row that is there keeps its key and `created_at`; the key of the new row
    /// is not used then. `updated_at` is set as by [`upsert`](Self::upsert).
    ///
    /// A row that is deleted softly is there as well: it takes the values, and is back unless the new row
    /// gives the time of its delete.
    ///
    /// Over PostgREST it is two requests where the row is there already; it may be repeated when the second
    /// one got no answer. A failover pair needs the remote for it. Since it is not known before which row is
    /// changed, other writes to the table through this store wait until it is answered, as they do for a
    /// write by a condition.
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/doctest_unique.rs"));
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> chronicle::Result<()> {
    /// # let users = users().await?;
    /// let ada = users.upsert_on(Users::EMAIL, NewUser::new("ada@example.org", "Ada")).await?;
    /// let again = users.upsert_on(Users::EMAIL, NewUser::new("ada@example.org", "Ada L.")).await?;
    /// assert_eq!((again.id, again.name.as_str()), (ada.id, "Ada L."));
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// As [`insert`](Self::insert), but `Unique` only for other columns than these, the key among them.
    /// `InvalidInput` where the entity does not say that the columns are unique, or the row leaves one of
    /// them NULL. `Unsupported` while the file of a failover pair serves.
    pub async fn upsert_on(
        &self,
        unique: impl UniqueColumns<R>,
        row: impl Into<NewRecord<R>>,
    ) -> Result<R> {
        self.merge(unique, prepare_upsert::<R>(row.into())?, Duplicates::Replace).await
    }

    /// Stores a row unless there is one that has the same values in these unique columns, and gives back the
    /// row that is stored: the new one, or the one that was there, with its own key and as it is. That may be
    /// one that is deleted softly: look at the column with the time. On a failover pair it holds up other
    /// writes to the table as [`upsert_on`](Self::upsert_on) does.
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/doctest_unique.rs"));
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> chronicle::Result<()> {
    /// # let users = users().await?;
    /// let new = NewUser::new("ada@example.org", "somebody else");
    /// let user = users.insert_if_absent_on(Users::EMAIL, new).await?;
    /// assert_eq!(user.name, "Ada");
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// As [`upsert_on`](Self::upsert_on).
    pub async fn insert_if_absent_on(
        &self,
        unique: impl UniqueColumns<R>,
        row: impl Into<NewRecord<R>>,
    ) -> Result<R> {
        self.merge(unique, prepare::<R>(row.into())?, Duplicates::Ignore).await
    }

    async fn merge(
        &self,
        unique: impl UniqueColumns<R>,
        row: NewRow,
        duplicates: Duplicates,
    ) -> Result<R> {
        let unique = declared(R::TABLE, &unique.positions())?;
        check_given::<R>(&row, unique)?;
        find::decode(self.store.merge(Merge { table: R::TABLE, row, unique, duplicates }).await?)
    }
}

/// The columns as the entity says that they are unique.
fn declared(table: &'static Table, positions: &[usize]) -> Result<&'static [usize]> {
    let are_those = |set: &&&'static [usize]| {
        set.len() == positions.len() && positions.iter().all(|at| set.contains(at))
    };
    if let Some(unique) = table.unique.iter().find(are_those) {
        return Ok(unique);
    }
    let names = |positions: &[usize]| {
        let names = positions.iter().map(|at| format!("`{}`", table.columns[*at].name));
        names.collect::<Vec<_>>().join(" with ")
    };
    let unique: Vec<String> = table.unique.iter().map(|set| names(set)).collect();
    let error =
        Error::invalid(format!("{} is not unique, as far as the entity says", names(positions)))
            .with_table(table.name);
    Err(if table.key.len() == positions.len() && positions.iter().all(|at| table.is_key(*at)) {
        error.with_hint("it is the key: write `upsert` or `insert_if_absent`")
    } else if unique.is_empty() {
        error.with_hint(
            "mark the column `#[sea_orm(unique)]`, or several `#[sea_orm(unique_key = \"…\")]`",
        )
    } else {
        error.with_hint(format!("unique are {}", unique.join(", ")))
    })
}

/// Refuses a row by which none could be found.
fn check_given<R: Record>(row: &NewRow, unique: &[usize]) -> Result<()> {
    let lacks = |at: &&usize| !row.gives(**at) || value::is_null(&row[**at]);
    match unique.iter().find(lacks).map(|at| R::TABLE.columns[*at].name) {
        None => Ok(()),
        Some(name) => Err(Error::invalid(format!(
            "`{name}` is not given, or NULL, by which no row is told from others: insert it"
        ))
        .with_table(R::TABLE.name)),
    }
}

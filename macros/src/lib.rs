//! The derive macros of `chronicle`; use them through that crate, which re-exports them.
//!
//! Both work in two passes: `schema` reads the item into a plain struct and reports every mistake at its place,
//! `expand` turns that struct into code and cannot fail.

use proc_macro::TokenStream;
use syn::{DeriveInput, parse_macro_input};

mod expand;
mod schema;
#[cfg(test)]
mod tests;

/// Makes a typed repository out of a `SeaORM` 2 entity.
///
/// Put it into the derive list of `Model`, beside `DeriveEntityModel`. It works with the compact format, with
/// `#[sea_orm::model]` (dense) and with `#[sea_orm::compact_model]`.
///
/// For the table `events` and `#[repository(name = "Event")]` it makes
///
/// - `Events`, the repository: a constant for each column (`Events::SESSION_ID`), `new`, `query`, a `get_by_…` for each
///   `unique` column, a `find_by_…` and a `find_by_…_in` for each `indexed` column and, in the dense format, for each
///   foreign key;
/// - `NewEvent`, a row to insert: its constructor takes the required columns in the order of the struct, setters
///   give the others;
/// - `EventPatch`, the changes of an update: a setter for each column but the key, `clear_…` for those that may be NULL;
/// - the implementation of `chronicle::Record` for `Model`.
///
/// Required are all columns but: a generated key, `Option` columns, `created_at`, `updated_at` and those with a
/// default.
///
/// ```
/// mod note {
///     use sea_orm::entity::prelude::*;
///
///     #[derive(chronicle::Id)]
///     pub struct NoteId(Uuid);
///
///     #[derive(Clone, Debug, PartialEq, DeriveEntityModel, chronicle::Repository)]
///     #[sea_orm(table_name = "notes")]
///     #[repository(name = "Note")]
///     pub struct Model {
///         #[sea_orm(primary_key, auto_increment = false)]
///         pub id: NoteId,
///         pub text: String,
///         #[repository(default = 3)]
///         pub stars: i32,
///         pub read_at: Option<DateTimeUtc>,
///     }
///
///     #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
///     pub enum Relation {}
///     impl ActiveModelBehavior for ActiveModel {}
/// }
/// use note::{NewNote, NotePatch, Notes};
///
/// let note = note::Model::from(NewNote::new("buy bread"));
/// assert_eq!((note.stars, note.read_at), (3, None));
/// let patch = NotePatch::new().stars(5).clear_read_at();
/// let query = Notes::query().filter(Notes::STARS.ge(3));
/// ```
///
/// # Attributes
///
/// `#[sea_orm(...)]` is read as `SeaORM` reads it: `table_name`, `schema_name` and `rename_all` on the struct;
/// `primary_key`, `auto_increment`, `column_name`, `enum_name`, `unique`, `indexed`, `nullable`, `default_value` and
/// `ignore` on fields, `belongs_to` and `from` on relations. Its casts `save_as` and `select_as` are refused; its other
/// keys are passed over.
///
/// `#[repository(...)]` on the struct:
///
/// - `name = "Event"`: the name of one row, it makes `NewEvent` and `EventPatch`. Required.
/// - `repository = "Events"`: the name of the repository, where the table's name would not do.
/// - `conflict = "last_write_wins"`, `"remote_wins"` or `"append_only"`: what a failover pair does with a queued change
///   of a row that somebody else has changed meanwhile (`chronicle::Conflict`). The first one is the default;
///   `"remote_wins"` needs a column `updated_at`.
///
/// `#[repository(...)]` on a field:
///
/// - `given`, on the key: the caller gives the key, as the first argument of the constructor. `String` and integer
///   keys are given in any case; other keys are generated (`chronicle::GeneratedKey`).
/// - `default`, or `default = <expression>`: what a new row holds unless its setter is called.
///
/// # Errors
///
/// The key is one column whose value the client makes, so that an insert can be sent twice without harm. A composite
/// key and a key that the database counts up (`auto_increment`) do not compile.
#[proc_macro_derive(Repository, attributes(repository, sea_orm))]
pub fn derive_repository(input: TokenStream) -> TokenStream {
    let input = parse_macro_input!(input as DeriveInput);
    schema::Entity::parse(&input)
        .map_or_else(syn::Error::into_compile_error, |entity| expand::entity(&entity))
        .into()
}

/// Makes a type of your own one that a column may hold: a newtype beside `DeriveValueType`, an enum beside
/// `DeriveActiveEnum`, a document beside `FromJsonQueryResult`.
///
/// A newtype offers what the type in it offers: one over a number is ordered, one over text can be searched. It does not
/// compile over a type that no column has.
///
/// ```
/// use sea_orm::entity::prelude::*;
///
/// #[derive(Clone, Debug, PartialEq, Eq, DeriveValueType, chronicle::Scalar)]
/// pub struct Isbn(String);
///
/// #[derive(Clone, Debug, PartialEq, Eq, EnumIter, DeriveActiveEnum, chronicle::Scalar)]
/// #[sea_orm(rs_type = "String", db_type = "Text")]
/// pub enum Binding {
///     #[sea_orm(string_value = "hard")]
///     Hard,
///     #[sea_orm(string_value = "soft")]
///     Soft,
/// }
/// ```
#[proc_macro_derive(Scalar, attributes(sea_orm))]
pub fn derive_scalar(input: TokenStream) -> TokenStream {
    let input = parse_macro_input!(input as DeriveInput);
    schema::Scalar::parse(&input)
        .map_or_else(syn::Error::into_compile_error, |scalar| expand::scalar(&scalar))
        .into()
}

/// Makes a typed id out of a tuple struct that holds one `Uuid`: `#[derive(chronicle::Id)] pub struct EventId(Uuid);`
///
/// The id is text wherever it leaves the process: hyphenated and lower case in `SQLite`, in JSON and in `Display`.
///
/// It implements `Clone`, `Copy`, `PartialEq`, `Eq`, `PartialOrd`, `Ord`, `Hash`, `Debug`, `Display`, `FromStr`,
/// `From<Uuid>`, `Into<Uuid>`, serde's `Serialize` and `Deserialize`, what `SeaORM` asks of a column and of a key,
/// `chronicle::Scalar`, `chronicle::Ordered` and `chronicle::GeneratedKey`; so none of them is derived a second
/// time. There is no `Default`: a forgotten id must not be the nil UUID.
///
/// It has `generate()` (UUID version 7, [RFC 9562](https://www.rfc-editor.org/rfc/rfc9562)), `from_uuid` and `as_uuid`.
///
/// ```
/// #[derive(chronicle::Id)]
/// pub struct EventId(chronicle::uuid::Uuid);
///
/// let id: EventId = "0f0a6a52-77b1-4a55-9d1c-5b0a3d6c2f11".parse().unwrap();
/// assert_eq!(id.to_string(), "0f0a6a52-77b1-4a55-9d1c-5b0a3d6c2f11");
/// assert!(EventId::generate() < EventId::generate());
/// ```
#[proc_macro_derive(Id)]
pub fn derive_id(input: TokenStream) -> TokenStream {
    let input = parse_macro_input!(input as DeriveInput);
    schema::Id::parse(&input)
        .map_or_else(syn::Error::into_compile_error, |id| expand::id(&id))
        .into()
}

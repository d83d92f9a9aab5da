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
/// - `EventFields`, the required columns by their names, where there are any: it becomes a `NewEvent`, and `insert` takes
///   it as it is;
/// - `EventPatch`, the changes of an update: a setter for each column but the key, `clear_…` for those that may be NULL;
/// - the implementation of `chronicle::Record` for `Model`, and of `Keyed` and `Writable` where it is.
///
/// Required are all columns but: a key that is generated or counted up, `Option` columns, `created_at`, `updated_at`,
/// those with a default and those that the database makes.
///
/// Constructors and setters take whatever turns `into()` the column's type; those of a column that may be NULL take an
/// `Option` of that type as well. By the names of its columns a row is made of the fields' struct, where one that is
/// forgotten is an error of the compiler that names it, and two of one type are not mixed up:
/// `NewNote::from(NoteFields { text: "buy bread".to_owned() }).stars(5)`.
///
/// # Keys
///
/// - A `Uuid`, an id by `chronicle::Id`, or another `chronicle::GeneratedKey`: the client makes it, so that an insert
///   can be sent twice without harm.
/// - A `String`, an integer with `auto_increment = false`, or any with `#[repository(given)]`: the caller gives it.
/// - Several columns marked `primary_key`: a tuple in their order, `lines.get((order, 1))`; all of them are given.
/// - An integer with `#[sea_orm(primary_key)]` alone: the database counts it up, and `insert` gives the row back with
///   it. A setter gives it all the same. On a failover pair it needs the remote, or a given key.
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
/// use note::{NewNote, NoteFields, NotePatch, Notes};
///
/// let note = note::Model::from(NewNote::new("buy bread"));
/// assert_eq!((note.stars, note.read_at), (3, None));
/// let named = NewNote::from(NoteFields { text: "buy bread".to_owned() });
/// assert_eq!(note::Model::from(named).text, note.text);
/// let patch = NotePatch::new().stars(5).clear_read_at();
/// let patch = NotePatch::new().read_at(Some(chronicle::now())).read_at(None); // the last one counts
/// let query = Notes::query().filter(Notes::STARS.ge(3));
/// ```
///
/// # Attributes
///
/// `#[sea_orm(...)]` is read as `SeaORM` reads it: `table_name`, `schema_name` and `rename_all` on the struct;
/// `primary_key`, `auto_increment`, `column_name`, `enum_name`, `unique`, `unique_key`, `indexed`, `nullable`,
/// `default_value`, `default_expr` and `ignore` on fields, `belongs_to` and `from` on relations. Its casts `save_as` and
/// `select_as` are refused; its other keys are passed over.
///
/// `default_value = 3` is what a new row holds unless its setter is called; for what is no literal, a decimal too, say
/// `#[repository(default = …)]`. `default_expr = "…"` is the database's own default, for the tables that are made from the
/// entity: `Expr::current_timestamp()` in a file and at the server, SQL of Postgres alone
/// (`Expr::cust(\"auth.uid()\")`) at the server. Beside it stands `#[repository(server_default)]` or `server`.
///
/// `#[repository(...)]` on the struct:
///
/// - `name = "Event"`: the name of one row, it makes `NewEvent`, `EventFields` and `EventPatch`. Required.
/// - `repository = "Events"`: the name of the repository, where the table's name would not do.
/// - `conflict = "last_write_wins"`, `"remote_wins"` or `"append_only"`: what a failover pair does with a queued change
///   of a row that somebody else has changed meanwhile (`chronicle::Conflict`). The first one is the default;
///   `"remote_wins"` needs a column `updated_at`.
/// - `soft_delete = "deleted_at"`: the field that a delete sets; as `soft_delete` on that field.
/// - `read_only`: a view. Rows are read, by key too, and not written; no `New…` and no `…Patch` are made.
/// - `no_key`: a view or a table without a key. Rows are found and counted. `SeaORM` wants one column marked
///   `primary_key` nevertheless; which one means nothing here.
///
/// `#[repository(...)]` on a field:
///
/// - `given`, on the key: the caller gives the key, as the first argument of the constructor.
/// - `default`, or `default = <expression>`: what a new row holds unless its setter is called.
/// - `collate = "C"`, on text: it sorts by its bytes, on SQLite as at the server, where the column has that collation.
///   So it can be sorted and compared by `<` (`chronicle::ByBytes`).
/// - `server`: only the database makes the values: a generated column, one that a trigger keeps. They are never sent.
/// - `server_default`: the database makes the value unless a new row's setter gives one, as `auth.uid()`. On a key: the
///   server makes it.
/// - `soft_delete`, on an `Option<DateTimeUtc>`: `delete` and the like set this time, and the row stays. Queries, finders,
///   related rows and conditions on them leave it out from then on, updates leave it alone, and `with_deleted()` of a query
///   finds it; `restore` brings it back, `purge` deletes it for good. Its unique values stay taken, and rows that refer to
///   it stay as they are. For a failover pair it is an update like any other.
///
/// Of an entity with a column of `server` or `server_default`, and of one whose key is counted up, a write asks for the
/// row as it is stored, and that is what `insert` and `upsert` give back. While a failover pair's file serves, such a column is what the file's
/// own default gives, or NULL, so make it an `Option`; the server's values come with the replay.
///
/// ```
/// mod note {
///     use sea_orm::entity::prelude::*;
///
///     #[derive(Clone, Debug, PartialEq, DeriveEntityModel, chronicle::Repository)]
///     #[sea_orm(table_name = "notes")]
///     #[repository(name = "Note")]
///     pub struct Model {
///         #[sea_orm(primary_key)]
///         pub id: i64,
///         pub text: String,
///         #[repository(server_default)]
///         pub owner: Option<Uuid>,
///         #[repository(server)]
///         pub updated_at: Option<DateTimeUtc>,
///     }
///
///     #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
///     pub enum Relation {}
///     impl ActiveModelBehavior for ActiveModel {}
/// }
/// use note::NewNote;
///
/// let new = NewNote::new("buy bread"); // `id`, `owner` and `updated_at` are left to the database
/// ```
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

/// Makes constants of the repository out of the enum `Relation` of an entity in the compact format: `Orders::CUSTOMER` for
/// `belongs_to` and `has_one`, `Customers::ORDERS` for `has_many`. They are what `find().with(…)` takes. In the dense
/// format `Repository` makes them of the fields `HasOne` (beside `belongs_to`, too) and `HasMany`.
///
/// `#[repository(of = "Orders")]` names the repository. A relation over a junction (`via`) is left out.
///
/// ```
/// mod note {
///     use sea_orm::entity::prelude::*;
///
///     #[derive(Clone, Debug, PartialEq, DeriveEntityModel, chronicle::Repository)]
///     #[sea_orm(table_name = "notes")]
///     #[repository(name = "Note")]
///     pub struct Model {
///         #[sea_orm(primary_key, auto_increment = false)]
///         pub id: Uuid,
///         pub before_id: Option<Uuid>,
///     }
///
///     #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation, chronicle::Relations)]
///     #[repository(of = "Notes")]
///     pub enum Relation {
///         #[sea_orm(belongs_to = "Entity", from = "Column::BeforeId", to = "Column::Id")]
///         Before,
///     }
///     impl ActiveModelBehavior for ActiveModel {}
/// }
///
/// let relation = note::Notes::BEFORE;
/// ```
#[proc_macro_derive(Relations, attributes(repository, sea_orm))]
pub fn derive_relations(input: TokenStream) -> TokenStream {
    let input = parse_macro_input!(input as DeriveInput);
    schema::RelatedRows::parse(&input)
        .map_or_else(syn::Error::into_compile_error, |related| expand::related(&related))
        .into()
}

/// Makes a struct one that a query may give in place of whole rows: it has some of the record's columns.
///
/// `#[repository(of = "Tasks")]` names the repository, by a path. A field has the name of the record's field, or names it:
/// `#[repository(field = "title")]`. Its type is that of the column, which the compiler compares.
///
/// ```
/// mod note {
///     use sea_orm::entity::prelude::*;
///
///     #[derive(Clone, Debug, PartialEq, DeriveEntityModel, chronicle::Repository)]
///     #[sea_orm(table_name = "notes")]
///     #[repository(name = "Note")]
///     pub struct Model {
///         #[sea_orm(primary_key, auto_increment = false)]
///         pub id: Uuid,
///         pub text: String,
///         pub stars: i32,
///     }
///
///     #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
///     pub enum Relation {}
///     impl ActiveModelBehavior for ActiveModel {}
/// }
///
/// #[derive(chronicle::Selected)]
/// #[repository(of = "note::Notes")]
/// struct Line {
///     text: String,
///     #[repository(field = "stars")]
///     rank: i32,
/// }
///
/// let query = note::Notes::query().select::<Line>();
/// ```
#[proc_macro_derive(Selected, attributes(repository))]
pub fn derive_selected(input: TokenStream) -> TokenStream {
    let input = parse_macro_input!(input as DeriveInput);
    schema::Selected::parse(&input)
        .map_or_else(syn::Error::into_compile_error, |selected| expand::selected(&selected))
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

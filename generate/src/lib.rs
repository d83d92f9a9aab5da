//! Writes Chronicle's entities: a module for each table of a Postgres database, read from its catalog or from what a
//! PostgREST server tells of it, and a report of what the entities do not have.
//!
//! ```
//! use chronicle_generate::{Options, from_openapi};
//!
//! # fn main() -> chronicle_generate::Result<()> {
//! let document = r#"{"definitions": {"notes": {"required": ["id", "title"], "properties": {
//!     "id": {"format": "uuid", "default": "gen_random_uuid()", "description": "<pk/>"},
//!     "title": {"format": "text"}
//! }}}, "paths": {"/notes": {"get": {}, "post": {}}}}"#;
//! let generated = from_openapi(document, &Options::new())?;
//!
//! let notes = &generated.files["entity/notes.rs".as_ref() as &std::path::Path];
//! assert!(notes.contains(
//!     r#"#[sea_orm(table_name = "notes")]
//! #[repository(name = "Note")]
//! pub struct Model {
//!     #[sea_orm(primary_key, auto_increment = false)]
//!     pub id: Uuid,
//!     pub title: String,
//! }
//! "#
//! ));
//! # Ok(()) }
//! ```
//!
//! The program of this package does the same: `chronicle-generate --help`.

mod catalog;
mod default;
mod description;
mod error;
mod generated;
mod kind;
mod names;
mod openapi;
mod options;
mod plan;
mod render;
mod report;
mod trigger;

pub use error::{Error, Result};
pub use generated::Generated;
pub use options::Options;
pub use report::{Note, Reason, Report};

use description::Description;

/// The entities of a database, such as `postgres://user:password@host/database`, by its catalog: what any role may read.
///
/// # Errors
/// [`Error::Database`] where it cannot be read, [`Error::Invalid`] where the options do not fit, or a schema has no table.
///
/// ```no_run
/// use chronicle_generate::{Options, from_database};
///
/// # async fn generate() -> chronicle_generate::Result<()> {
/// let options = Options::new().module("public", "entity").module("shop", "shop");
/// let generated = from_database("postgres://postgres@localhost/app", &options).await?;
/// generated.write_to("src".as_ref())?;
/// println!("{}", generated.report);
/// # Ok(()) }
/// ```
pub async fn from_database(url: &str, options: &Options) -> Result<Generated> {
    let schemas = options.schemas();
    let description = catalog::read(url, &schemas).await?;
    let is_known = |schema: &&String| {
        description.tables.iter().any(|table| table.name.schema == **schema)
            || description.notes.iter().any(|note| note.schema == **schema)
    };
    // An empty module would be written over the files that are there.
    if let Some(schema) = schemas.iter().find(|schema| !is_known(schema)) {
        return Err(Error::Invalid(format!("there is no table in the schema `{schema}`")));
    }
    generated(description, options)
}

/// The entities of the schemas that a PostgREST server serves, such as `https://project.supabase.co/rest/v1`, by its
/// `OpenAPI` documents. Supabase gives them to a secret key only.
///
/// # Errors
/// [`Error::Request`] where the server does not answer, [`Error::Refused`] where it refuses, [`Error::Document`] where it
/// answers something else, and [`Error::Invalid`] where the options do not fit.
///
/// ```no_run
/// use chronicle_generate::{Options, from_postgrest};
///
/// # async fn generate(key: &str) -> chronicle_generate::Result<()> {
/// let generated =
///     from_postgrest("https://project.supabase.co/rest/v1", Some(key), &Options::new()).await?;
/// generated.write_to("src".as_ref())
/// # }
/// ```
pub async fn from_postgrest(url: &str, key: Option<&str>, options: &Options) -> Result<Generated> {
    let mut description = Description::default();
    for schema in options.schemas() {
        let document = openapi::fetch(url, key, options.named_schema(&schema)).await?;
        let part = openapi::read(&document, &schema)?;
        description.tables.extend(part.tables);
        description.enums.extend(part.enums);
        description.untold = part.untold;
    }
    generated(description, options)
}

/// The entities of the one schema that an `OpenAPI` document of a PostgREST server describes.
///
/// # Errors
/// [`Error::Document`] where it is no such document, and [`Error::Invalid`] where the options do not fit.
///
/// ```
/// use chronicle_generate::{Options, from_openapi};
///
/// let nothing = from_openapi(r#"{"definitions": {}, "paths": {}}"#, &Options::new())?;
/// assert_eq!(nothing.report.tables, 0);
/// # Ok::<(), chronicle_generate::Error>(())
/// ```
pub fn from_openapi(document: &str, options: &Options) -> Result<Generated> {
    let schemas = options.schemas();
    let [schema] = schemas.as_slice() else {
        return Err(Error::Invalid("one document describes one schema".to_owned()));
    };
    generated(openapi::read(document, schema)?, options)
}

fn generated(description: Description, options: &Options) -> Result<Generated> {
    let (modules, report) = plan::plan(description, options)?;
    Ok(Generated { files: render::render(&modules), report })
}

//! What is to be written, and where.

use std::collections::BTreeSet;

use crate::error::{Error, Result};
use crate::names;

/// Which tables become entities, and in which modules they are written.
///
/// ```
/// use chronicle_generate::{Options, from_openapi};
///
/// # fn main() -> chronicle_generate::Result<()> {
/// let document = r#"{"definitions": {"notes": {"properties": {
///     "id": {"format": "uuid", "description": "<pk/>"}
/// }}}, "paths": {}}"#;
/// let options = Options::new().module("public", "shop::entity");
/// let files = from_openapi(document, &options)?.files;
/// let paths: Vec<_> = files.keys().filter_map(|path| path.to_str()).collect();
/// assert_eq!(paths, ["shop/entity/notes.rs", "shop/entity.rs", "shop.rs"]);
/// # Ok(()) }
/// ```
#[derive(Clone, Debug)]
pub struct Options {
    modules: Vec<(String, String)>,
    tables: Option<BTreeSet<String>>,
    default_schema: String,
}

impl Default for Options {
    fn default() -> Self {
        Self::new()
    }
}

impl Options {
    /// The tables of the schema `public`, in the module `entity`, unless other schemas are given.
    ///
    /// ```
    /// let options = chronicle_generate::Options::new();
    /// ```
    #[must_use]
    pub fn new() -> Self {
        Self { modules: Vec::new(), tables: None, default_schema: "public".to_owned() }
    }

    /// Writes the tables of a schema into a module, such as `entity` or `entity::shop`.
    ///
    /// ```
    /// let options = chronicle_generate::Options::new().module("public", "entity").module("shop", "shop_entity");
    /// ```
    #[must_use]
    pub fn module(mut self, schema: impl Into<String>, module: impl Into<String>) -> Self {
        self.modules.push((schema.into(), module.into()));
        self
    }

    /// Writes only the tables of these names.
    ///
    /// ```
    /// let options = chronicle_generate::Options::new().tables(["orders", "customers"]);
    /// ```
    #[must_use]
    pub fn tables<T: Into<String>>(mut self, tables: impl IntoIterator<Item = T>) -> Self {
        self.tables = Some(tables.into_iter().map(Into::into).collect());
        self
    }

    /// The schema whose entities need not name it, which is that a PostgREST server serves first: `public`, unless another
    /// is set.
    ///
    /// ```
    /// let options = chronicle_generate::Options::new().module("api", "entity").default_schema("api");
    /// ```
    #[must_use]
    pub fn default_schema(mut self, schema: impl Into<String>) -> Self {
        self.default_schema = schema.into();
        self
    }

    pub(crate) fn schemas(&self) -> Vec<String> {
        if self.modules.is_empty() {
            return vec![self.default_schema.clone()];
        }
        self.modules.iter().map(|(schema, _)| schema.clone()).collect()
    }

    pub(crate) fn only_tables(&self) -> Option<&BTreeSet<String>> {
        self.tables.as_ref()
    }

    /// None for the default one.
    pub(crate) fn named_schema<'a>(&self, schema: &'a str) -> Option<&'a str> {
        (schema != self.default_schema).then_some(schema)
    }

    /// The schemas with the path of their module.
    pub(crate) fn module_paths(&self) -> Result<Vec<(String, Vec<String>)>> {
        if self.modules.is_empty() {
            return Ok(vec![(self.default_schema.clone(), vec!["entity".to_owned()])]);
        }
        let mut paths: Vec<(String, Vec<String>)> = Vec::new();
        for (schema, module) in &self.modules {
            let path: Vec<String> = module.split("::").map(str::to_owned).collect();
            if !path.iter().all(|name| names::is_module(name)) {
                return Err(Error::Invalid(format!(
                    "`{module}` cannot be the path of a module: write it in snake case"
                )));
            }
            if paths.iter().any(|(other, taken)| other == schema || *taken == path) {
                return Err(Error::Invalid(format!(
                    "the schema `{schema}` or its module `{module}` is there twice"
                )));
            }
            paths.push((schema.clone(), path));
        }
        Ok(paths)
    }
}

//! The parts of the document that are read.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::fmt;
use std::marker::PhantomData;

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::Value;

#[derive(Debug, serde::Deserialize)]
pub(super) struct Document {
    pub(super) definitions: Ordered<Definition>,
    /// The methods of each path.
    pub(super) paths: HashMap<String, BTreeMap<String, Value>>,
}

#[derive(Debug, serde::Deserialize)]
pub(super) struct Definition {
    /// The columns that are never NULL.
    #[serde(default)]
    pub(super) required: HashSet<String>,
    #[serde(default)]
    pub(super) properties: Ordered<Property>,
}

#[derive(Debug, serde::Deserialize)]
pub(super) struct Property {
    /// The type at the server.
    pub(super) format: String,
    #[serde(default)]
    pub(super) description: String,
    pub(super) default: Option<Value>,
    #[serde(rename = "enum")]
    pub(super) labels: Option<Vec<String>>,
}

/// The fields of an object in the order of the document, which is that of the columns.
#[derive(Debug)]
pub(super) struct Ordered<T>(pub(super) Vec<(String, T)>);

impl<T> Default for Ordered<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Ordered<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Fields(PhantomData))
    }
}

struct Fields<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for Fields<T> {
    type Value = Ordered<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut fields = Vec::new();
        while let Some(field) = map.next_entry()? {
            fields.push(field);
        }
        Ok(Ordered(fields))
    }
}

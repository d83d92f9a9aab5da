//! [`RecordKey`]: the type of a row's key, and [`Key`]: the key itself, without its type.

use crate::filter::{Comparison, Node};
use crate::{Column, Comparable, Operand, Scalar, Table, value};
use sea_orm::Value;

/// The key of a row: the type of the key column, or a tuple of several.
///
/// ```
/// fn is_key<K: chronicle::RecordKey>() {}
/// is_key::<String>();
/// is_key::<(chronicle::uuid::Uuid, i32)>();
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be a key",
    label = "not a type of keys",
    note = "a key is a column that can be compared, or a tuple of two to six of them"
)]
pub trait RecordKey: Operand<Self> + Clone + Send + Sync + 'static {
    /// The values of the key columns, in the order of [`Table::key`].
    fn into_values(self) -> Vec<Value>;
}

impl<T: Scalar + Clone> RecordKey for T
where
    T::As: Comparable,
{
    fn into_values(self) -> Vec<Value> {
        vec![self.encode()]
    }
}

macro_rules! composite {
    ($($part:ident $given:ident $at:tt),+) => {
        impl<$($part: Scalar + Clone),+> RecordKey for ($($part,)+)
        where
            $($part::As: Comparable),+
        {
            fn into_values(self) -> Vec<Value> {
                vec![$(self.$at.encode()),+]
            }
        }

        impl<$($part,)+ $($given: Operand<$part>),+> Operand<($($part,)+)> for ($($given,)+) {
            fn into_operand(self) -> ($($part,)+) {
                ($(self.$at.into_operand(),)+)
            }
        }

        impl<$($part: Scalar + Clone),+> Operand<($($part,)+)> for &($($part,)+) {
            fn into_operand(self) -> ($($part,)+) {
                self.clone()
            }
        }
    };
}
composite!(A X 0, B Y 1);
composite!(A X 0, B Y 1, C Z 2);
composite!(A X 0, B Y 1, C Z 2, D W 3);
composite!(A X 0, B Y 1, C Z 2, D W 3, E V 4);
composite!(A X 0, B Y 1, C Z 2, D W 3, E V 4, F U 5);

/// The values of a row's key columns, in the order of [`Table::key`].
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Key(Box<[Value]>);

impl Key {
    pub(crate) fn new(values: impl Into<Box<[Value]>>) -> Self {
        Self(values.into())
    }

    pub(crate) fn values(&self) -> &[Value] {
        &self.0
    }

    /// Its text, which is another one for each key of a table.
    pub(crate) fn text(&self) -> String {
        match &*self.0 {
            [value] => value::to_text(value),
            _ => serde_json::Value::from(self.texts()).to_string(),
        }
    }

    /// The texts of its values.
    pub(crate) fn texts(&self) -> Vec<String> {
        self.0.iter().map(value::to_text).collect()
    }

    /// The row that has it, as a condition.
    pub(crate) fn node(&self, table: &'static Table) -> Node {
        let parts = table.key_columns().zip(&self.0);
        let mut parts: Vec<Node> = parts
            .map(|(column, value)| Node::compare(column, Comparison::Equal, value.clone()))
            .collect();
        if parts.len() == 1 { parts.remove(0) } else { Node::All(parts) }
    }
}

/// One value, as the key of a table that has one key column.
impl From<Value> for Key {
    fn from(value: Value) -> Self {
        Self(Box::new([value]))
    }
}

/// The rows of several keys, as a condition.
pub(crate) fn any_of(table: &'static Table, mut keys: Vec<Key>) -> Node {
    match (table.key, keys.len()) {
        (_, 0) => Node::Constant(false),
        (_, 1) => keys.remove(0).node(table),
        ([at], _) => Node::In {
            expression: crate::filter::Expression::Column(&table.columns[*at]),
            values: keys.into_iter().flat_map(|key| key.0).collect(),
        },
        _ => Node::Keys { columns: table.key_columns().collect(), keys },
    }
}

/// The columns of a key.
pub(crate) type KeyColumns = Vec<&'static Column>;

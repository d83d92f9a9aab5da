//! Arrays: `Vec`, and [`Array`] where elements may be NULL.

use super::primitive::{Element, Primitive, sealed};
use super::{Scalar, Stored};
use crate::value::{self, is_null};
use crate::{Error, ErrorKind, Kind, Result};
use derive_more::{Deref, DerefMut, From, Into, IntoIterator};
use sea_orm::sea_query::{ArrayType, ColumnType, Nullable, ValueType, ValueTypeErr};
use sea_orm::{ColIdx, JsonValue, QueryResult, TryGetError, TryGetable, Value};
use std::sync::Arc;

/// A column that holds several values: it is asked by [`has`](crate::Field::has).
///
/// ```
/// fn element_of<L: chronicle::List>() -> &'static str {
///     std::any::type_name::<L::Item>()
/// }
/// assert_eq!(element_of::<Vec<i32>>(), "i32");
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no array",
    note = "`has` asks a `Vec` of values"
)]
pub trait List: Scalar {
    /// What it holds.
    type Item: Scalar;
}

impl<P: Primitive + Element> sealed::Sealed for Vec<P> {}
impl<P: Primitive + Element> Primitive for Vec<P> {
    const KIND: Kind = Kind::Array(&P::KIND);
    type Form = super::given::ByInto;
}

impl<T: Scalar> Scalar for Vec<T>
where
    T::As: Element,
    Self: Into<Value> + ValueType,
{
    type As = Vec<T::As>;
    fn encode(self) -> Value {
        document(self.into_iter().map(Scalar::encode), false)
    }
    fn decode(value: Value) -> Result<Self> {
        elements(value, <T as Stored>::KIND)?
            .map(|element| element.and_then(<T as Stored>::from_value))
            .collect()
    }
}

impl<T: Scalar> List for Vec<T>
where
    Self: Scalar,
{
    type Item = T;
}

/// An array whose elements may be NULL. Where they never are, a plain `Vec` does.
///
/// ```
/// use chronicle::Array;
///
/// let scores: Array<i32> = vec![Some(3), None].into();
/// assert_eq!(scores.iter().flatten().sum::<i32>(), 3);
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Deref, DerefMut, From, Into, IntoIterator)]
pub struct Array<T>(Vec<Option<T>>);

impl<T: Scalar> Scalar for Array<T>
where
    T::As: Element,
{
    type As = Vec<T::As>;
    fn encode(self) -> Value {
        document(self.0.into_iter().map(Stored::into_value), true)
    }
    fn decode(value: Value) -> Result<Self> {
        let elements = elements(value, <T as Stored>::KIND)?;
        elements
            .map(|element| element.and_then(<Option<T> as Stored>::from_value))
            .collect::<Result<_>>()
            .map(Self)
    }
}

impl<T: Scalar> List for Array<T>
where
    T::As: Element,
{
    type Item = T;
}

/// Arrays travel as JSON, with their elements in the form in which they are stored.
fn document(elements: impl Iterator<Item = Value>, may_be_null: bool) -> Value {
    let elements = elements.map(|mut element| {
        let is_document = matches!(element, Value::Json(_));
        value::normalize(&mut element)?;
        let element = value::to_json(&element);
        match element {
            JsonValue::Null if !may_be_null => Err(Error::invalid(
                "an element of the array is JSON null, which is stored as NULL: give the field the \
                 type `chronicle::Array`, or leave the element out",
            )),
            JsonValue::Array(_) if is_document => Err(Error::invalid(
                "an element of the array is an array itself, which Postgres takes for a dimension: \
                 put it into an object",
            )),
            element => Ok(element),
        }
    });
    match elements.collect::<Result<Vec<_>>>() {
        Ok(elements) => JsonValue::from(elements).into(),
        Err(error) => value::refused(&error),
    }
}

fn elements(value: Value, kind: Kind) -> Result<impl Iterator<Item = Result<Value>>> {
    let Value::Json(Some(document)) = value else {
        let message = format!("{} is stored, which is no array", value::type_name(&value));
        return Err(Error::new(ErrorKind::SchemaMismatch, message));
    };
    let JsonValue::Array(elements) = *document else {
        return Err(Error::new(ErrorKind::SchemaMismatch, "the document is no array"));
    };
    Ok(elements.into_iter().map(move |element| value::parse(kind, element)))
}

impl<T: Scalar> From<Array<T>> for Value
where
    T::As: Element,
{
    fn from(array: Array<T>) -> Self {
        array.encode()
    }
}

impl<T: Scalar> ValueType for Array<T>
where
    T::As: Element,
{
    fn try_from(value: Value) -> std::result::Result<Self, ValueTypeErr> {
        Self::decode(value).map_err(|_| ValueTypeErr)
    }
    fn type_name() -> String {
        format!("Array<{}>", T::type_name())
    }
    fn array_type() -> ArrayType {
        ArrayType::Json
    }
    fn column_type() -> ColumnType {
        ColumnType::Array(Arc::new(T::column_type()))
    }
}

impl<T> Nullable for Array<T> {
    fn null() -> Value {
        Value::Json(None)
    }
}

impl<T: Scalar> TryGetable for Array<T>
where
    T::As: Element,
{
    fn try_get_by<I: ColIdx>(
        row: &QueryResult,
        index: I,
    ) -> std::result::Result<Self, TryGetError> {
        let document = JsonValue::try_get_by(row, index)?;
        let value = Value::from(document);
        if is_null(&value) {
            return Err(TryGetError::Null("array".to_owned()));
        }
        Self::decode(value)
            .map_err(|error| TryGetError::DbErr(sea_orm::DbErr::Type(error.to_string())))
    }
}

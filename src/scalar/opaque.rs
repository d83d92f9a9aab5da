//! [`Opaque`]: a value that only the server understands.

use super::Scalar;
use super::primitive::{Primitive, sealed};
use crate::Kind;
use derive_more::{AsRef, Display, From, Into};
use sea_orm::DeriveValueType;

/// A value of a type that only the server understands, as its text: `inet`, `cidr`, `citext`,
/// `char(n)`, `interval`, ranges, vectors, shapes of PostGIS and the like.
///
/// It is carried as it is, into the file too. A query can ask whether it is NULL, and nothing else:
/// what is equal, or smaller, only the server knows.
///
/// ```
/// use chronicle::Opaque;
///
/// let address = Opaque::from("10.0.0.1/32");
/// assert_eq!(address.as_ref(), "10.0.0.1/32");
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash, Display, From, Into, AsRef, DeriveValueType)]
#[from(String, &str)]
#[as_ref(str)]
pub struct Opaque(String);

impl sealed::Sealed for Opaque {}
impl Primitive for Opaque {
    const KIND: Kind = Kind::Opaque;
    type Form = super::given::ByInto;
}
impl Scalar for Opaque {
    type As = Self;
}

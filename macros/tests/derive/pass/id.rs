//! What an id can do.

use chronicle::{GeneratedKey, Kind, Ordered, Scalar, Stored};
use sea_orm::Value;
use sea_orm::prelude::Uuid;
use std::collections::HashSet;

/// The id of a session.
#[derive(chronicle::Id)]
pub struct SessionId(Uuid);

fn ordered<T: GeneratedKey + Copy + Send + Sync>(_: T)
where
    <T as Scalar>::As: Ordered,
{
}

fn main() {
    const TEXT: &str = "018f2f3e-6f3d-7c44-8f5a-0123456789ab";
    const ID: SessionId = SessionId::from_uuid(Uuid::nil());

    let id: SessionId = TEXT.parse().expect("a UUID");
    assert_eq!(id.to_string(), TEXT);
    assert_eq!(format!("{id:?}"), format!("SessionId({TEXT})"));
    assert!("no uuid".parse::<SessionId>().is_err());
    assert_eq!(TEXT.to_uppercase().parse::<SessionId>(), Ok(id));
    assert_eq!(SessionId::from(Uuid::from(id)), id);
    assert!(ID < id && ID.as_uuid().is_nil());
    assert_eq!(HashSet::from([id, id, ID]).len(), 2);

    assert_eq!(Value::from(id), Value::String(Some(TEXT.to_owned())));
    assert_eq!(<SessionId as Stored>::KIND, Kind::Text);
    assert_eq!(<SessionId as Stored>::from_value(Value::from(TEXT)).expect("an id"), id);
    assert!(<SessionId as Stored>::from_value(Value::from("no uuid")).is_err());
    assert_eq!(<Option<SessionId> as Stored>::from_value(Value::String(None)).expect("NULL"), None);

    let made = SessionId::generate();
    assert_eq!(made.as_uuid().get_version_num(), 7);
    assert_ne!(made, SessionId::generate());
    ordered(made);

    let json = serde_json::to_string(&id).expect("text");
    assert_eq!(json, format!("\"{TEXT}\""));
    assert_eq!(serde_json::from_str::<SessionId>(&json).expect("an id"), id);
    assert!(serde_json::from_str::<SessionId>("\"no uuid\"").is_err());
}

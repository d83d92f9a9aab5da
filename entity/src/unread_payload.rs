//! Unread payloads: what a hook was given that is no payload, kept as it came.

use chronicle::Repository;
use sea_orm::entity::prelude::*;

/// The key of an unread payload.
///
/// ```
/// use chronicle_entity::UnreadPayloadId;
///
/// assert_ne!(UnreadPayloadId::generate(), UnreadPayloadId::generate());
/// ```
#[derive(chronicle::Id)]
pub struct UnreadPayloadId(Uuid);

/// One payload that could not be read.
///
/// ```
/// use chronicle_entity::{NewUnreadPayload, unread_payload};
///
/// let new = NewUnreadPayload::new(chronicle::now(), "not JSON", "{cut off").agent("codex");
/// assert_eq!(unread_payload::Model::from(new).payload, "{cut off");
/// ```
#[derive(Clone, Debug, PartialEq, DeriveEntityModel, Repository)]
#[sea_orm(table_name = "unread_payloads")]
#[repository(name = "UnreadPayload")]
pub struct Model {
    /// The key.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: UnreadPayloadId,
    /// Whose it is: the `sub` of a Supabase user, as in a session.
    pub user_id: Option<String>,
    /// When it came.
    pub received_at: DateTimeUtc,
    /// The agent that sent it, where that is known.
    pub agent: Option<String>,
    /// The hook, where that is known.
    pub event_name: Option<String>,
    /// The name of the machine that it came to.
    pub host: Option<String>,
    /// Why it could not be read.
    pub reason: String,
    /// What came.
    pub payload: String,
}

/// It refers to nothing.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

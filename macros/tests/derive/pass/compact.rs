//! The compact format, and what the derive makes out of it.
#![deny(missing_docs, unreachable_pub, missing_debug_implementations)]
#![deny(warnings, clippy::all, clippy::pedantic)]

use chronicle::{EventId, Record, SessionId};
use event::{EventPatch, Events, NewEvent};

/// The ids.
pub mod chronicle {
    pub use ::chronicle::Record;
    use ::chronicle::sea_orm::prelude::Uuid;

    /// The id of an event.
    #[derive(::chronicle::Id)]
    pub struct EventId(Uuid);

    /// The id of a session.
    #[derive(::chronicle::Id)]
    pub struct SessionId(pub Uuid);
}

/// The table `events`. The module above shadows the library's name: generated paths must start at the root.
pub mod event {
    use super::chronicle::{EventId, SessionId};
    use ::chronicle::Repository;
    use ::chronicle::sea_orm::entity::prelude::*;

    /// An event.
    #[derive(Clone, Debug, PartialEq, DeriveEntityModel, Repository)]
    #[sea_orm(table_name = "events")]
    #[repository(name = "Event")]
    pub struct Model {
        /// The key.
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: EventId,
        /// The session in which it happened.
        #[sea_orm(indexed)]
        pub session_id: SessionId,
        /// What happened.
        pub event_type: String,
        /// Which hook recorded it.
        pub hook_name: Option<String>,
        /// What else is known.
        pub data: Option<Json>,
        /// When it happened.
        pub timestamp: DateTimeUtc,
        /// When it was stored.
        pub created_at: DateTimeUtc,
    }

    /// No relations.
    #[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

fn main() {
    let session = SessionId::generate();
    let row = NewEvent::new(session, "tool_use", ::chronicle::now()).hook_name("PostToolUse");
    let model = event::Model::from(row);
    assert_eq!(model.session_id, session);
    assert_eq!(model.hook_name.as_deref(), Some("PostToolUse"));
    assert_eq!(model.data, None);

    let id = EventId::generate();
    let row = NewEvent::new(session, "stop", ::chronicle::now()).id(id);
    assert_eq!(::chronicle::Keyed::key(&event::Model::from(row)), id);

    let table = event::Model::TABLE;
    assert_eq!(table.name, "events");
    assert_eq!((table.key, table.created_at, table.updated_at), (&[0][..], Some(6), None));
    assert!(!table.columns[2].nullable && table.columns[3].nullable);
    assert_eq!(Events::SESSION_ID.name(), "session_id");

    let values = ::chronicle::Values::new(table, model.clone().into_values());
    assert_eq!(event::Model::from_values(values).expect("its own values"), model);

    let _query = Events::query().filter(Events::SESSION_ID.eq(session));
    let patch = ::chronicle::Patch::from(EventPatch::new().hook_name("Stop").clear_data());
    assert!(!patch.is_empty());
    assert!(::chronicle::Patch::from(EventPatch::default()).is_empty());
}

mod event {
    use chronicle::Repository;
    use sea_orm::entity::prelude::*;

    #[derive(chronicle::Id)]
    pub struct SessionId(Uuid);

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel, Repository)]
    #[sea_orm(table_name = "events")]
    #[repository(name = "Event")]
    pub struct Model {
        #[sea_orm(primary_key)]
        pub id: Uuid,
        #[sea_orm(indexed)]
        pub session_id: SessionId,
        pub event_type: String,
    }

    #[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

use event::{EventPatch, Events, NewEvent, SessionId};

fn finder(events: &Events) {
    // An id of another table.
    let _ = events.find_by_session_id(sea_orm::prelude::Uuid::nil());
}

fn main() {
    let _ = finder;
    // Text has no order that both databases share.
    let _ = Events::EVENT_TYPE.lt("stop");
    // A required column is missing.
    let _ = NewEvent::new(SessionId::generate());
    // Tuples of tuples.
    let _ = |events: &Events| {
        let ends = (Events::ID.min(), Events::ID.max());
        let _ = events.find().aggregate((chronicle::count(), ends));
        let _ = events.find().aggregate(chronicle::count()).group_by((Events::ID, (Events::ID, Events::SESSION_ID)));
    };
    // A column that cannot be NULL.
    let _ = EventPatch::new().clear_event_type();
}

//! `#[sea_orm::compact_model]`: relations are written by hand, beside a `ModelEx`.

use sea_orm::prelude::Uuid;

#[derive(chronicle::Id)]
pub struct SessionId(Uuid);

pub mod session {
    use super::SessionId;
    use chronicle::Repository;
    use sea_orm::entity::prelude::*;

    #[sea_orm::compact_model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, Repository)]
    #[sea_orm(table_name = "sessions")]
    #[repository(name = "Session")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: SessionId,
        pub events: HasMany<super::event::Entity>,
    }

    #[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {
        #[sea_orm(has_many = "super::event::Entity")]
        Events,
    }

    impl Related<super::event::Entity> for Entity {
        fn to() -> RelationDef {
            Relation::Events.def()
        }
    }

    impl ActiveModelBehavior for ActiveModel {}
}

pub mod event {
    use super::SessionId;
    use chronicle::Repository;
    use sea_orm::entity::prelude::*;

    #[sea_orm::compact_model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, Repository)]
    #[sea_orm(table_name = "events")]
    #[repository(name = "Event")]
    pub struct Model {
        #[sea_orm(primary_key)]
        pub id: Uuid,
        #[sea_orm(indexed)]
        pub session_id: SessionId,
        pub session: HasOne<super::session::Entity>,
    }

    #[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {
        #[sea_orm(
            belongs_to = "super::session::Entity",
            from = "Column::SessionId",
            to = "super::session::Column::Id"
        )]
        Session,
    }

    impl Related<super::session::Entity> for Entity {
        fn to() -> RelationDef {
            Relation::Session.def()
        }
    }

    impl ActiveModelBehavior for ActiveModel {}
}

fn finders(events: &event::Events, session: SessionId) {
    let _ = events.find_by_session_id(session);
}

fn main() {
    let _ = finders;
    let session = session::Model::from(session::NewSession::default());
    let event = event::Model::from(event::NewEvent::new(session.id));
    assert_eq!(event.session_id, session.id);
    assert_ne!(event.id, Uuid::nil());
}

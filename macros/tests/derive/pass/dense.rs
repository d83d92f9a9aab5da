//! The dense format: finders of parents come from the relations, which only `ModelEx` shows.

use sea_orm::prelude::Uuid;

#[derive(chronicle::Id)]
pub struct SessionId(Uuid);

#[derive(chronicle::Id)]
pub struct NoteId(Uuid);

pub mod session {
    use super::SessionId;
    use chronicle::Repository;
    use sea_orm::entity::prelude::*;

    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, Repository)]
    #[sea_orm(table_name = "sessions")]
    #[repository(name = "Session")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        #[repository(given)]
        pub id: SessionId,
        #[sea_orm(has_many)]
        pub notes: HasMany<super::note::Entity>,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

pub mod note {
    use super::{NoteId, SessionId};
    use chronicle::Repository;
    use sea_orm::entity::prelude::*;

    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, Repository)]
    #[sea_orm(table_name = "notes")]
    #[repository(name = "Note")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: NoteId,
        pub session_id: SessionId,
        #[sea_orm(indexed)]
        pub previous_id: Option<NoteId>,
        pub text: String,
        #[sea_orm(belongs_to, from = "session_id", to = "id")]
        pub session: HasOne<super::session::Entity>,
        #[sea_orm(self_ref, relation_enum = "Previous", from = "previous_id", to = "id")]
        pub previous: HasOne<Entity>,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

fn finders(notes: &note::Notes, sessions: &[SessionId], note: NoteId) {
    let _ = notes.find_by_session_id(sessions[0]);
    let _ = notes.find_by_session_id_in(sessions);
    let _ = notes.find_by_previous_id(note);
    let _ = notes.find_by_previous_id_in([note]);
}

fn main() {
    let _ = finders;
    let session = session::Model::from(session::NewSession::new(SessionId::generate()));
    let note = note::Model::from(note::NewNote::new(session.id, "text"));
    assert_eq!(note.session_id, session.id);
    assert_eq!(<note::Model as chronicle::Record>::TABLE.columns.len(), 4);
}

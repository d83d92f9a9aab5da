//! The tables beside Chronicle's own three: each has what one kind of defect needs.

/// A row that refers to nothing.
pub(crate) mod note {
    use chronicle::Repository;
    use sea_orm::entity::prelude::*;

    #[derive(chronicle::Id)]
    pub(crate) struct NoteId(Uuid);

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel, Repository)]
    #[sea_orm(table_name = "notes")]
    #[repository(name = "Note")]
    pub(crate) struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub(crate) id: NoteId,
        pub(crate) title: String,
        pub(crate) mood: Option<String>,
        pub(crate) data: Option<Json>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub(crate) enum Relation {}
    impl ActiveModelBehavior for ActiveModel {}
}

/// The same table, as an earlier version of the program knew it.
pub(crate) mod early_note {
    use super::note::NoteId;
    use chronicle::Repository;
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel, Repository)]
    #[sea_orm(table_name = "notes")]
    #[repository(name = "EarlyNote")]
    pub(crate) struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub(crate) id: NoteId,
        pub(crate) title: String,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub(crate) enum Relation {}
    impl ActiveModelBehavior for ActiveModel {}
}

/// Refers to a note by a foreign key of the databases, of which the entity says nothing.
pub(crate) mod tag {
    use super::note::NoteId;
    use chronicle::Repository;
    use sea_orm::entity::prelude::*;

    #[derive(chronicle::Id)]
    pub(crate) struct TagId(Uuid);

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel, Repository)]
    #[sea_orm(table_name = "tags")]
    #[repository(name = "Tag")]
    pub(crate) struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub(crate) id: TagId,
        pub(crate) note_id: NoteId,
        pub(crate) word: String,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub(crate) enum Relation {}
    impl ActiveModelBehavior for ActiveModel {}
}

/// A table of another schema than the default one, in which a table of its name stands too.
pub(crate) mod memo {
    use chronicle::Repository;
    use sea_orm::entity::prelude::*;

    #[derive(chronicle::Id)]
    pub(crate) struct MemoId(Uuid);

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel, Repository)]
    #[sea_orm(schema_name = "private", table_name = "memos")]
    #[repository(name = "Memo")]
    pub(crate) struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub(crate) id: MemoId,
        pub(crate) title: String,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub(crate) enum Relation {}
    impl ActiveModelBehavior for ActiveModel {}
}

/// Refers to a [`memo`] of its schema.
pub(crate) mod reply {
    use super::memo::MemoId;
    use chronicle::Repository;
    use sea_orm::entity::prelude::*;

    #[derive(chronicle::Id)]
    pub(crate) struct ReplyId(Uuid);

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel, Repository)]
    #[sea_orm(schema_name = "private", table_name = "replies")]
    #[repository(name = "Reply")]
    pub(crate) struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub(crate) id: ReplyId,
        pub(crate) memo_id: MemoId,
        pub(crate) title: String,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub(crate) enum Relation {
        #[sea_orm(
            belongs_to = "super::memo::Entity",
            from = "Column::MemoId",
            to = "super::memo::Column::Id",
            on_delete = "Cascade"
        )]
        Memo,
    }
    impl ActiveModelBehavior for ActiveModel {}
}

/// Of two changes of one row that of the remote wins.
pub(crate) mod ticket {
    use chronicle::Repository;
    use sea_orm::entity::prelude::*;

    #[derive(chronicle::Id)]
    pub(crate) struct TicketId(Uuid);

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel, Repository)]
    #[sea_orm(table_name = "tickets")]
    #[repository(name = "Ticket", conflict = "remote_wins")]
    pub(crate) struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub(crate) id: TicketId,
        pub(crate) title: String,
        pub(crate) updated_at: Option<DateTimeUtc>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub(crate) enum Relation {}
    impl ActiveModelBehavior for ActiveModel {}
}

/// A text of any length is the key.
pub(crate) mod label {
    use chronicle::Repository;
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel, Repository)]
    #[sea_orm(table_name = "labels")]
    #[repository(name = "Label")]
    pub(crate) struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub(crate) name: String,
        pub(crate) color: Option<String>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub(crate) enum Relation {}
    impl ActiveModelBehavior for ActiveModel {}
}

/// Holds a unique value.
pub(crate) mod person {
    use chronicle::Repository;
    use sea_orm::entity::prelude::*;

    #[derive(chronicle::Id)]
    pub(crate) struct PersonId(Uuid);

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel, Repository)]
    #[sea_orm(table_name = "people")]
    #[repository(name = "Person", repository = "People")]
    pub(crate) struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub(crate) id: PersonId,
        #[sea_orm(unique)]
        pub(crate) email: String,
        pub(crate) name: Option<String>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub(crate) enum Relation {}
    impl ActiveModelBehavior for ActiveModel {}
}

/// Goes with its note, and holds a unique value.
pub(crate) mod badge {
    use super::note::NoteId;
    use chronicle::Repository;
    use sea_orm::entity::prelude::*;

    #[derive(chronicle::Id)]
    pub(crate) struct BadgeId(Uuid);

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel, Repository)]
    #[sea_orm(table_name = "badges")]
    #[repository(name = "Badge")]
    pub(crate) struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub(crate) id: BadgeId,
        pub(crate) note_id: NoteId,
        #[sea_orm(unique)]
        pub(crate) number: i64,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub(crate) enum Relation {}
    impl ActiveModelBehavior for ActiveModel {}
}

/// Stays when its note goes, and refers to none then.
pub(crate) mod link {
    use super::note::NoteId;
    use chronicle::Repository;
    use sea_orm::entity::prelude::*;

    #[derive(chronicle::Id)]
    pub(crate) struct LinkId(Uuid);

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel, Repository)]
    #[sea_orm(table_name = "links")]
    #[repository(name = "Link")]
    pub(crate) struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub(crate) id: LinkId,
        pub(crate) note_id: Option<NoteId>,
        pub(crate) title: String,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub(crate) enum Relation {}
    impl ActiveModelBehavior for ActiveModel {}
}

/// The tables at the remote.
pub(crate) const REMOTE: &str = "
    create table notes (
        id uuid primary key,
        title text not null,
        mood text,
        data jsonb,
        -- Of which the entity knows nothing.
        writer text not null default current_user
    );
    create table tags (
        id uuid primary key,
        note_id uuid not null references notes (id) on delete cascade,
        word text not null
    );
    create table memos (id uuid primary key, title text not null);
    create schema private;
    create table private.memos (id uuid primary key, title text not null);
    create table private.replies (
        id uuid primary key,
        memo_id uuid not null references private.memos (id) on delete cascade,
        title text not null
    );
    create table tickets (id uuid primary key, title text not null, updated_at timestamptz);
    create table labels (name text primary key, color text);
    create table people (id uuid primary key, email text not null unique, name text);
    create table badges (
        id uuid primary key,
        note_id uuid not null references notes (id) on delete cascade,
        number bigint not null unique
    );
    create table links (
        id uuid primary key,
        note_id uuid references notes (id) on delete set null,
        title text not null
    );
    grant usage on schema public, private to service_role, authenticated, anon;
    grant all on all tables in schema private to service_role;
    grant all on notes, tags, memos, tickets, labels, people, badges, links to service_role;
    grant select, insert, update, delete on notes to authenticated, anon;
";

/// The tables in the file.
pub(crate) const FILE: &str = "
    create table notes (id text primary key not null, title text not null, mood text, data text);
    create table tags (
        id text primary key not null,
        note_id text not null references notes (id) on delete cascade,
        word text not null
    );
    create table memos (id text primary key not null, title text not null);
    create table replies (
        id text primary key not null,
        memo_id text not null references memos (id) on delete cascade,
        title text not null
    );
    create table tickets (id text primary key not null, title text not null, updated_at text);
    create table labels (name text primary key not null, color text);
    create table people (id text primary key not null, email text not null unique, name text);
    create table badges (
        id text primary key not null,
        note_id text not null references notes (id) on delete cascade,
        number integer not null unique
    );
    create table links (
        id text primary key not null,
        note_id text references notes (id) on delete set null,
        title text not null
    );
";

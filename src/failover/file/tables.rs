//! The failover's own tables in the file.

/// What `connect` makes where it is missing. A name of a table is its schema and name, a key the
/// JSON list of its columns in the order of their names; `local_key` is the key as the file holds it.
pub(super) const SCHEMA: &str = "
    create table if not exists chronicle_failover (
        id integer primary key check (id = 1),
        layout integer not null,
        state text not null,
        sequence integer not null default 0,
        request integer not null default 0,
        write integer not null default 0,
        row_count integer not null default 0,
        bytes integer not null default 0,
        refused integer not null default 0,
        parentless integer not null default 0,
        unsure integer not null default 0,
        tombstones integer not null default 0,
        entities integer not null default 0
    );
    create table if not exists chronicle_outbox (
        sequence integer primary key,
        table_name text not null,
        row_key text not null,
        local_key,
        key_columns text not null,
        kind text not null,
        column_names text not null,
        body text not null,
        made text not null,
        -- The columns that are added to instead of set, as a JSON list.
        added text not null default '[]',
        -- What the server's function knows it by.
        id text not null,
        -- The last one of those that go together.
        together integer,
        refs text not null,
        uniques text not null,
        base text,
        version text not null,
        brings_row integer not null,
        bytes integer not null,
        queued_at integer not null,
        waits text not null,
        waits_for integer,
        waits_as text,
        held integer not null default 0,
        alone integer not null default 0,
        request integer,
        failures integer not null default 0,
        tries integer not null default 0,
        accepted_before integer not null default -1,
        try_at integer not null default 0,
        reason text,
        released integer not null default 0,
        code text,
        message text
    );
    create index if not exists chronicle_outbox_row
        on chronicle_outbox (table_name, row_key, sequence);
    create index if not exists chronicle_outbox_ready
        on chronicle_outbox (table_name, kind, sequence)
        where waits_for is null and reason is null;
    create index if not exists chronicle_outbox_waiting
        on chronicle_outbox (waits_for, held, alone, table_name, kind) where waits_for is not null;
    create index if not exists chronicle_outbox_parked
        on chronicle_outbox (held, table_name, kind, sequence) where waits_for is not null;
    create index if not exists chronicle_outbox_letters
        on chronicle_outbox (reason, table_name, sequence) where reason is not null;
    create index if not exists chronicle_outbox_checked
        on chronicle_outbox (try_at) where reason is not null and released = 0;
    create index if not exists chronicle_outbox_resting
        on chronicle_outbox (try_at) where try_at > 0 and reason is null;
    create index if not exists chronicle_outbox_sent
        on chronicle_outbox (request) where request is not null;
    create index if not exists chronicle_outbox_together
        on chronicle_outbox (together) where together is not null;
    create table if not exists chronicle_refs (
        table_name text not null,
        row_key text not null,
        sequence integer not null,
        primary key (table_name, row_key, sequence)
    ) without rowid;
    create table if not exists chronicle_uniques (
        table_name text not null,
        column_names text not null,
        value text,
        sequence integer not null
    );
    create index if not exists chronicle_uniques_value
        on chronicle_uniques (table_name, column_names, value, sequence);
    create index if not exists chronicle_uniques_sequence on chronicle_uniques (sequence);
    create table if not exists chronicle_tombstones (
        table_name text not null,
        row_key text not null,
        sequence integer not null,
        primary key (table_name, row_key, sequence)
    ) without rowid;
    create index if not exists chronicle_tombstones_sequence on chronicle_tombstones (sequence);
    create table if not exists chronicle_unlinked (
        sequence integer not null,
        table_name text not null,
        row_key text not null,
        primary key (sequence, table_name, row_key)
    ) without rowid;
    create table if not exists chronicle_columns (
        table_name text not null,
        column_name text not null,
        -- The database makes its values.
        made integer not null,
        -- It holds bytes: the file itself does not tell those of 16 from a UUID.
        bytes integer not null,
        -- Rows and entries up to this one are from before an entity had the column.
        late integer,
        primary key (table_name, column_name)
    ) without rowid;
    create table if not exists chronicle_rework (
        sequence integer primary key
    );
    create table if not exists chronicle_opened (
        sequence integer primary key
    );
    create table if not exists chronicle_sending (
        request integer primary key,
        sequences text not null
    );
    -- Direct writes that have left for the remote, by the id that its function knows them by.
    create table if not exists chronicle_direct (
        id text not null,
        table_name text not null,
        row_key text not null,
        local_key,
        is_delete integer not null,
        process text not null,
        -- Until then its process may tell what became of it, and how long that is in all.
        ends integer not null,
        length integer not null,
        primary key (id, table_name, row_key)
    ) without rowid;
    create index if not exists chronicle_direct_row on chronicle_direct (table_name, row_key);
    create index if not exists chronicle_direct_ends on chronicle_direct (ends);
    create table if not exists chronicle_written (
        number integer primary key,
        table_name text not null,
        row_key text not null
    );
    create table if not exists chronicle_unsure (
        table_name text not null,
        row_key text not null,
        local_key,
        number integer not null,
        primary key (table_name, row_key)
    ) without rowid;
    create table if not exists chronicle_local_rows (
        table_name text not null,
        row_key text not null,
        primary key (table_name, row_key)
    ) without rowid;
";

/// The layout of these tables. A file of another one is not opened.
pub(super) const LAYOUT: i64 = 6;

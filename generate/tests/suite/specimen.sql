-- One table of each kind. Each shows something that the generator has to see.
create schema shop;
create schema auth;
create schema hidden;
create extension citext schema hidden;

create type mood as enum ('happy', 'so so', 'it''s complicated', '2bad');
create type shop.state as enum ('open', 'closed');
create type hidden.level as enum ('low', 'high');
create type unnameable as enum ('On', 'on');
create type point3 as (x int, y int, z int);
create domain email as text not null check (value like '%@%');
create domain short_email as email check (length(value) < 50);
create domain score as int default 7;
create function auth.uid() returns uuid language sql as 'select null::uuid';

create table customers (
    id uuid primary key default gen_random_uuid(),
    email short_email unique,
    name varchar(80) not null,
    mood mood not null default 'so so',
    level hidden.level,
    nameless unnameable,
    owner uuid not null default auth.uid(),
    created_at timestamptz not null default now(),
    updated_at timestamptz default now()
);
create index on customers (name);
create index on customers (lower(name));
create unique index one_owner on customers (owner) where mood = 'happy';
create unique index lower_name on customers (lower(name));

create table orders (
    id bigint generated always as identity primary key,
    number serial,
    customer_id uuid not null references customers on delete cascade,
    sold_by uuid references customers on delete set null on update cascade,
    follows bigint references orders,
    state shop.state not null default 'open',
    placed timestamp not null default now(),
    due date default current_date,
    total numeric(12, 2) not null default 0.00,
    label text generated always as ('no ' || total) stored,
    unique (customer_id, placed),
    unique (placed, number),
    unique (number) deferrable
);

create table order_items (
    order_id bigint references orders on delete cascade,
    position smallint default 1,
    code text not null,
    amount int not null default 1,
    primary key (order_id, position)
);

create table deliveries (
    id uuid primary key,
    order_id bigint,
    item smallint,
    day date not null,
    foreign key (order_id, item) references order_items on update cascade on delete restrict
);

create table shop."Product Groups" (
    "groupName" text primary key,
    "2nd name" text collate "C",
    "type" text,
    self text,
    new text,
    "userId" uuid references customers,
    "user_id" uuid,
    updated_at bigint,
    "naïve" boolean
);

create table defaults (
    id serial primary key,
    flag boolean default true,
    small smallint not null default '-3'::smallint,
    large bigint not null default 4280391411,
    ratio real not null default 1,
    precise double precision not null default 0.000001,
    price numeric default -1.50,
    title text not null default E'it''s a \\ "title"',
    document jsonb not null default '{}',
    list jsonb default '[]',
    settings json not null default '{"a": [1, "ä"]}',
    tags text[] not null default '{}',
    words text[] default array['a', 'b c'],
    numbers int[] not null default '{1,2}',
    day date not null default '2024-02-29',
    clock time not null default '08:30',
    at timestamptz not null default (now() at time zone 'utc'),
    later timestamptz not null default now() + interval '7 days',
    token uuid not null default gen_random_uuid(),
    fixed uuid not null default 'a0000000-aaaa-42a0-a0a0-00a000000a69',
    random text not null default md5(random()::text),
    bytes bytea not null default '',
    nothing text default null,
    points score
);

create table opaque (
    id uuid primary key default gen_random_uuid(),
    address inet not null,
    letters char(2),
    span interval default '1 day',
    range int4range,
    search tsvector,
    nick hidden.citext unique,
    pair point3,
    pairs point3[],
    moods mood[],
    grid int[][],
    blobs bytea[],
    clock timetz,
    document xml
);

create table articles (
    id text primary key default md5(random()::text),
    slug text not null,
    email text not null,
    search text not null,
    version int not null default 1,
    touched_at timestamptz not null,
    updated_at timestamptz not null default now()
);
create function prepare_article() returns trigger language plpgsql as $$
begin
    -- new.version := 0;
    if new.slug is null then
        new.slug := lower(new.id);
    end if;
    new.email = lower(new.email);
    new.search := new.slug || new.email;
    new.touched_at = now();
    return new;
end $$;
create function touch() returns trigger language plpgsql as $$
begin
    if new.version = old.version then
        new.version := old.version + 1;
    end if;
    new.updated_at = now();
    return new;
end $$;
create trigger prepare before insert on articles for each row execute function prepare_article();
create trigger touch before update on articles for each row execute function touch();

create table numbered (id text primary key, name text);
create function number() returns trigger language plpgsql as $$ begin new.id := 'n' || random(); return new; end $$;
create trigger number before insert on numbered for each row execute function number();

create table given (day date primary key, at timestamptz not null);
create table counted_part (tenant uuid, id bigint generated always as identity, primary key (tenant, id));
create table odd_key (address inet primary key, name text not null);
create table keyless (at timestamptz, message text);
create table without_columns ();
create table only_opaque (address inet);
create table parts (id bigint, day date, primary key (id, day)) partition by range (day);
create table parts_2024 partition of parts for values from ('2024-01-01') to ('2025-01-01');
create table auth.users (id uuid primary key);
create table profiles (id uuid primary key references auth.users on delete cascade, type text);
create table "Profiles" (id uuid primary key);
create table time (id uuid primary key, "err" text, "entity_name" text);

create view happy as select id, name from customers where mood = 'happy';
create materialized view totals as select state, count(*) as orders from orders group by state;

grant usage on schema public, shop to anon;
grant select, insert, update, delete on all tables in schema public, shop to anon;

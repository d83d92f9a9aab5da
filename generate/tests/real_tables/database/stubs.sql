-- What the tables of public applications refer to, and none of them makes.
create schema auth;
create schema storage;
create schema extensions;
create schema request;
create schema basejump;

grant usage on schema auth, storage, extensions, request, basejump to anon, authenticated, service_role;

create table auth.users (id uuid primary key);
create table storage.objects (id uuid primary key);

create function auth.uid() returns uuid language sql stable as 'select null::uuid';
create function request.user_id() returns int language sql stable as 'select 0';
create function basejump.generate_token(int) returns text language sql as 'select md5(random()::text)';
create function extensions.uuid_generate_v4() returns uuid language sql as 'select gen_random_uuid()';
create function extensions.gen_random_bytes(int) returns bytea language sql as 'select decode(md5(random()::text), ''hex'')';
create function public.uuid_generate_v4() returns uuid language sql as 'select gen_random_uuid()';
create function public.gen_random_uuid_v7() returns uuid language sql as 'select gen_random_uuid()';
create function public.now_ms() returns bigint language sql as 'select (extract(epoch from now()) * 1000)::bigint';
create function public.one_month_ahead() returns timestamptz language sql as 'select now() + interval ''1 month''';

create function public.touch() returns trigger language plpgsql as 'begin new.updated_at = now(); return new; end';

-- Types of extensions that are not there: types of their own, which are read and written as text is. (A domain over text
-- would be text to whoever looks below it.)
create type extensions.vector;
create function extensions.vector_in(cstring) returns extensions.vector language internal immutable strict as 'textin';
create function extensions.vector_out(extensions.vector) returns cstring language internal immutable strict as 'textout';
create type extensions.vector (input = extensions.vector_in, output = extensions.vector_out, like = text);
create type extensions.geography;
create function extensions.geography_in(cstring) returns extensions.geography language internal immutable strict as 'textin';
create function extensions.geography_out(extensions.geography) returns cstring language internal immutable strict as 'textout';
create type extensions.geography (input = extensions.geography_in, output = extensions.geography_out, like = text);
create type extensions.citext;
create function extensions.citext_in(cstring) returns extensions.citext language internal immutable strict as 'textin';
create function extensions.citext_out(extensions.citext) returns cstring language internal immutable strict as 'textout';
create type extensions.citext (input = extensions.citext_in, output = extensions.citext_out, like = text);

create type public.manifest_entry as (file_name text, s3_path text, file_hash text);

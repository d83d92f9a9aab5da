//! Changes on a genuine server.

use crate::change::{Change, ChangeKind};
use crate::operation::NewRow;
use crate::operation::{Duplicates, Write, WriteKind};
use crate::postgrest::{Key, Postgrest};
use crate::{Backend, ErrorKind, Kind, Record, Repository};
use chronicle_test_servers::{self as servers, Database, Gateway, Postgres, SECRET_KEY};
use sea_orm::Value;
use sea_orm::entity::prelude::*;
use serde_json::json;
use std::sync::Arc;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel, Repository)]
#[sea_orm(table_name = "notes")]
#[repository(name = "Note")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub name: String,
    pub text: Option<String>,
    pub price: f64,
    pub changed_at: DateTimeUtc,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}
impl ActiveModelBehavior for ActiveModel {}

/// A trigger sets the time, and prices are rounded. The key's constraint has a name of its own.
const SCHEMA: &str = "
    create table notes (
        name text constraint the_key_of_notes primary key,
        text text unique,
        price real not null,
        changed_at timestamptz(3) not null
    );
    create function touch() returns trigger language plpgsql as
        $$ begin new.changed_at = now(); return new; end $$;
    create trigger touch before insert or update on notes
        for each row execute function touch();
    create schema other;
    create table other.notes (like public.notes including all);
    grant usage on schema other to service_role;
    grant all on notes, other.notes to service_role;
";

struct Server {
    gateway: Gateway,
    _postgrest: servers::Postgrest,
    database: Database,
}

impl Server {
    async fn start() -> Self {
        let postgres = Postgres::shared().await.expect("a cluster");
        let database = postgres.create_database().await.expect("a database");
        database.execute(SCHEMA).await.expect("the tables");
        let builder = servers::Postgrest::builder(&database).schemas(["public", "other"]);
        let postgrest = builder.start().await.expect("a server");
        let gateway = Gateway::supabase(&postgrest).await.expect("a gateway");
        Self { gateway, _postgrest: postgrest, database }
    }

    fn client(&self) -> Postgrest {
        Postgrest::new(self.gateway.url(), Key::new(SECRET_KEY)).expect("valid")
    }

    /// The one text that a statement answers.
    async fn ask(&self, sql: &str) -> String {
        let mut rows = self.database.query(sql).await.expect("an answer");
        rows.remove(0).remove(0).unwrap_or_default()
    }
}

fn insert(duplicates: Duplicates, schema: Option<&str>, names: &[&str]) -> Change {
    let objects: Vec<Arc<str>> = names
        .iter()
        .map(|name| {
            json!({"name": name, "price": 0.1, "changed_at": crate::now()}).to_string().into()
        })
        .collect();
    Change::of_parts(
        schema.map(str::to_owned),
        "notes".to_owned(),
        vec!["name".to_owned()],
        ChangeKind::Insert(duplicates),
        ["name", "price", "changed_at"].map(str::to_owned).to_vec(),
        Vec::new(),
        &objects,
    )
}

fn of_keys(
    kind: ChangeKind,
    schema: Option<&str>,
    keys: Vec<String>,
    object: &[Arc<str>],
) -> Change {
    let keys = keys.into_iter().map(|key| vec![key]).collect();
    let columns = object.iter().map(|_| "text".to_owned()).collect();
    Change::of_parts(
        schema.map(str::to_owned),
        "notes".to_owned(),
        vec!["name".to_owned()],
        kind,
        columns,
        keys,
        object,
    )
}

#[tokio::test]
async fn go_to_the_schema_that_they_name() {
    let server = Server::start().await;
    let client = server.client();
    let both = "select (select count(*) from notes) || ' ' || (select count(*) from other.notes)";
    let change = insert(Duplicates::Refuse, Some("other"), &["a", "b"]);
    assert_eq!(client.apply(&change).await.expect("stored"), 2);
    assert_eq!(server.ask(both).await, "0 2");
    assert_eq!(client.apply(&insert(Duplicates::Refuse, None, &["a"])).await.expect("stored"), 1);

    let update = [json!({"text": "new"}).to_string().into()];
    let change = of_keys(ChangeKind::Update, Some("other"), vec!["a".into()], &update);
    assert_eq!(client.apply(&change).await.expect("updated"), 1);
    let texts = "select (select coalesce(max(text), '-') from notes) || ' ' || \
                 (select coalesce(max(text), '-') from other.notes)";
    assert_eq!(server.ask(texts).await, "- new");
    let change = of_keys(ChangeKind::Delete, Some("other"), vec!["a".into(), "b".into()], &[]);
    assert_eq!(client.apply(&change).await.expect("deleted"), 2);
    assert_eq!(server.ask(both).await, "1 0");
}

#[tokio::test]
async fn conditions_are_of_updates_and_deletes() {
    let server = Server::start().await;
    let client = server.client();
    client.apply(&insert(Duplicates::Refuse, None, &["a"])).await.expect("stored");
    let update = [json!({"text": "one"}).to_string().into()];
    for (kind, object, condition, touched) in [
        (ChangeKind::Update, &update[..], Some("none"), 0),
        (ChangeKind::Delete, &[][..], Some("none"), 0),
        (ChangeKind::Update, &update[..], None, 1),
        (ChangeKind::Delete, &[][..], None, 0),
        (ChangeKind::Delete, &[][..], Some("one"), 1),
    ] {
        let mut change = of_keys(kind, None, vec!["a".into()], object);
        change.condition = Some(("text".into(), condition.map(str::to_owned)));
        let answer = client.apply(&change).await.expect("an answer");
        assert_eq!(answer, touched, "{kind:?} if {condition:?}");
    }
}

#[tokio::test]
async fn keys_that_no_url_holds_go_in_several_requests() {
    let server = Server::start().await;
    let client = server.client();
    let keys: Vec<String> =
        (0..400).map(|number| format!("{number:03}{}", "é".repeat(30))).collect();
    let names: Vec<&str> = keys.iter().map(String::as_str).collect();
    client.apply(&insert(Duplicates::Refuse, None, &names)).await.expect("stored");
    let update = [json!({"price": 2.5}).to_string().into()];
    let update = Change::of_parts(
        None,
        "notes".into(),
        vec!["name".into()],
        ChangeKind::Update,
        vec!["price".into()],
        keys.iter().map(|key| vec![key.clone()]).collect(),
        &update,
    );
    let delete = of_keys(ChangeKind::Delete, None, keys.clone(), &[]);
    for change in [update, delete] {
        server.gateway.clear_requests();
        assert_eq!(client.apply(&change).await.expect("made"), 400, "{:?}", change.kind);
        let longest = server.gateway.requests().iter().map(|request| request.path.len()).max();
        assert!(longest.is_some_and(|longest| longest < 6_100), "{longest:?}");
        assert!(server.gateway.requests().len() > 1, "one URL holds all");
    }

    // One key that is too long by itself is refused before anything of it is sent.
    server.gateway.clear_requests();
    let change = of_keys(ChangeKind::Delete, None, vec!["é".repeat(2_000)], &[]);
    let error = client.apply(&change).await.expect_err("too long");
    assert_eq!(error.kind(), ErrorKind::InvalidInput, "{error}");
    assert!(server.gateway.requests().is_empty());
}

#[tokio::test]
async fn what_the_server_stored_comes_back() {
    let server = Server::start().await;
    let client = server.client();
    let stored =
        "select price || ' ' || (changed_at at time zone 'UTC') from notes where name = 'a'";
    let text = |row: &serde_json::Map<String, serde_json::Value>| {
        let time = row["changed_at"].as_str().expect("a time");
        format!("{} {}", row["price"], time.trim_end_matches("+00:00").replace('T', " "))
    };
    let columns = ["price", "changed_at"];
    let change = insert(Duplicates::Refuse, None, &["a", "b"]);
    let applied = client.apply_returning(&change, &columns).await.expect("stored");
    assert_eq!((applied.touched, applied.rows.len()), (2, 2));
    assert_eq!(applied.rows[0].len(), 2);
    assert_eq!(text(&applied.rows[0]), server.ask(stored).await);

    let change = insert(Duplicates::Ignore, None, &["a", "c"]);
    let applied = client.apply_returning(&change, &["name"]).await.expect("stored");
    let name = json!({"name": "c"}).as_object().cloned().expect("an object");
    assert_eq!((applied.touched, applied.rows), (1, vec![name]));

    let change = insert(Duplicates::Replace, None, &["a"]);
    let applied = client.apply_returning(&change, &columns).await.expect("stored");
    assert_eq!(applied.touched, 1);
    assert_eq!(text(&applied.rows[0]), server.ask(stored).await);

    let update = [json!({"text": "new"}).to_string().into()];
    let mut change = of_keys(ChangeKind::Update, None, vec!["a".into()], &update);
    let applied = client.apply_returning(&change, &columns).await.expect("updated");
    assert_eq!(applied.touched, 1);
    assert_eq!(text(&applied.rows[0]), server.ask(stored).await);
    change.condition = Some(("text".into(), None));
    let applied = client.apply_returning(&change, &columns).await.expect("an answer");
    assert_eq!((applied.touched, applied.rows), (0, vec![]));

    let change = of_keys(ChangeKind::Delete, None, vec!["b".into(), "c".into()], &[]);
    let applied = client.apply_returning(&change, &["name"]).await.expect("deleted");
    assert_eq!((applied.touched, applied.rows.len()), (2, 2));
}

/// `0.1`, as a column of four bytes holds it and tells it.
fn is_rounded(row: &[Value]) -> bool {
    let Value::ChronoDateTimeUtc(Some(time)) = row[3] else { return false };
    row[2] == Value::Double(Some(0.123_456_79))
        && time.timestamp_subsec_micros().is_multiple_of(1_000)
}

/// The rows of an answer, as they are stored.
fn rows_of(written: &crate::Written) -> &[Vec<Value>] {
    written.stored.as_deref().unwrap_or_default()
}

#[tokio::test]
async fn writes_give_back_rows_too() {
    let server = Server::start().await;
    let client = server.client();
    let notes = Notes::new(&client);
    let table = Model::TABLE;
    let row = |name: &str| {
        let row = NewNote::new(name, 0.123_456_789, crate::now());
        NewRow::whole(Model::from(row).into_values())
    };
    let insert =
        |rows: Vec<NewRow>, duplicates| Write::new(table, WriteKind::Insert { rows, duplicates });
    let rows: Vec<NewRow> = (0..1_200).map(|number| row(&format!("{number:04}"))).collect();
    let written = client.write_returning(insert(rows, Duplicates::Refuse)).await.expect("stored");
    assert_eq!((written.touched, rows_of(&written).len()), (1_200, 1_200));
    assert!(rows_of(&written).iter().all(|row| is_rounded(row)), "{:?}", rows_of(&written)[0]);
    assert_eq!(
        rows_of(&written)[7],
        notes.get("0007").await.expect("read").expect("there").into_values()
    );

    let again = insert(vec![row("0001"), row("new")], Duplicates::Ignore);
    let written = client.write_returning(again).await.expect("stored");
    assert_eq!((written.touched, rows_of(&written).len()), (1, 1));
    assert_eq!(rows_of(&written)[0][0], Value::from("new"));

    let assignments = vec![(2, Value::from(0.5))];
    let target = crate::operation::Target::Key(Value::from("0001").into());
    let update =
        Write::new(table, WriteKind::Update { target, assignments, additions: Vec::new() });
    let written = client.write_returning(update).await.expect("updated");
    assert_eq!(written.touched, 1);
    assert_eq!(
        rows_of(&written)[0],
        notes.get("0001").await.expect("read").expect("there").into_values()
    );

    let filter = Notes::NAME.starts_with("000").into_node().reduce().expect("valid");
    let target = crate::operation::Target::Filter(filter);
    let delete = Write::new(table, WriteKind::Delete { target });
    let written = client.write_returning(delete).await.expect("deleted");
    assert_eq!((written.touched, rows_of(&written).len()), (10, 10));
    assert_eq!(table.columns[0].kind, Kind::Text);
}

#[tokio::test]
async fn a_duplicate_of_the_key_is_told_whatever_its_constraint_is_called() {
    let server = Server::start().await;
    let client = server.client();
    client.apply(&insert(Duplicates::Refuse, None, &["a"])).await.expect("stored");
    let error = client.apply(&insert(Duplicates::Refuse, None, &["a"])).await.expect_err("there");
    assert_eq!((error.kind(), error.constraint()), (ErrorKind::Unique, Some("the_key_of_notes")));
    assert_eq!(error.is_key_conflict(&["name"]), Some(true));

    let notes = Notes::new(&client);
    let note = |name: &str| NewNote::new(name, 1.0, crate::now()).text("taken");
    notes.insert(note("b")).await.expect("stored");
    let error = notes.insert(note("c")).await.expect_err("taken");
    assert_eq!(error.is_key_conflict(&["name"]), Some(false), "{error}");

    // Under row level security the server does not tell which columns.
    server
        .database
        .execute(
            "alter table notes enable row level security;
             create policy all_rows on notes to authenticated using (true);
             grant all on notes to authenticated",
        )
        .await
        .expect("a policy");
    let token = servers::Token::new("authenticated").sign();
    let client = Postgrest::new(server.gateway.url(), Key::new(token)).expect("valid");
    let error = client.apply(&insert(Duplicates::Refuse, None, &["a"])).await.expect_err("there");
    assert_eq!(error.kind(), ErrorKind::Unique, "{error}");
    assert_eq!(error.is_key_conflict(&["name"]), None);
    client.health().await.expect("healthy");
}

#[tokio::test]
async fn what_is_stored_and_cannot_be_read_back_is_told() {
    let server = Server::start().await;
    let client = server.client();
    server
        .database
        .execute("alter table notes alter column price type numeric, alter column text type jsonb using null")
        .await
        .expect("other types");
    server
        .database
        .execute(
            "create function huge() returns trigger language plpgsql as
                 $$ begin new.text = '[1e400]'; return new; end $$;
             create trigger huge before insert on notes for each row execute function huge();
             notify pgrst, 'reload schema'",
        )
        .await
        .expect("a trigger");
    tokio::time::sleep(std::time::Duration::from_millis(500)).await;
    let change = insert(Duplicates::Refuse, None, &["a"]);
    let error = client.apply_returning(&change, &["text"]).await.expect_err("not readable");
    assert_eq!((error.kind(), error.rows_stored()), (ErrorKind::SchemaMismatch, 1), "{error}");
    assert_eq!(server.ask("select count(*) from notes").await, "1");
}

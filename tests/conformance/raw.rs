//! `query_raw`.

use crate::expected::refused;
use crate::fixture::Fixture;
use crate::sample::{Facts, NewFact};
use crate::texts::TEXTS;
use chronicle::{Ability, ErrorKind};
use sea_orm::Value;
use serde_json::json;

pub(crate) async fn rows_by_parameters(fixture: &Fixture) {
    let facts = Facts::new(fixture.store());
    let rows = (0..10).map(|id| NewFact::new(id).number(id).text(format!("text {id}")));
    facts.insert_many(rows).await.unwrap();
    let sql = "select id, text, number, real from facts \
               where number >= cast($1 as integer) and text <> $2 order by id limit 2";
    let answer = fixture.store().query_raw(sql, [7.into(), "text 8".into()]).await;
    let rows = match fixture.capabilities().query_raw {
        Ability::Always => answer.unwrap(),
        Ability::Never => {
            refused(answer, ErrorKind::Unavailable);
            return;
        }
        Ability::Sometimes => return,
    };
    let row = |id: i64| json!({"id": id, "text": format!("text {id}"), "number": id, "real": null});
    assert_eq!(rows.into_iter().map(serde_json::Value::from).collect::<Vec<_>>(), [row(7), row(9)]);

    let sql = "select count(*) as rows from facts where number = cast($1 as integer) or number = cast($1 as integer) + 1";
    let rows = fixture.store().query_raw(sql, [Value::from(3)]).await.unwrap();
    assert_eq!(rows[0]["rows"], 2);
    let none = fixture.store().query_raw("select id from facts where id < 0", []).await.unwrap();
    assert!(none.is_empty());
}

pub(crate) async fn writes_with_and_without_rows(fixture: &Fixture) {
    if fixture.capabilities().query_raw != Ability::Always {
        return;
    }
    let facts = Facts::new(fixture.store());
    let sql = "insert into facts (id, text) values (cast($1 as bigint), $2) returning id, text";
    let rows =
        fixture.store().query_raw(sql, [Value::from(1_i64 << 60), "a".into()]).await.unwrap();
    assert_eq!(serde_json::Value::from(rows[0].clone()), json!({"id": 1_i64 << 60, "text": "a"}));
    assert!(facts.get(1 << 60).await.unwrap().is_some());

    let sql = "update facts set number = cast($1 as integer), text = $2";
    let parameters = [Value::from(5), Value::String(None)];
    assert!(fixture.store().query_raw(sql, parameters).await.unwrap().is_empty());
    let fact = facts.get(1 << 60).await.unwrap().unwrap();
    assert_eq!((fact.number, fact.text), (Some(5), None));
    assert!(fixture.store().query_raw("delete from facts", []).await.unwrap().is_empty());
    assert_eq!(facts.find().count().await.unwrap(), 0);
    assert_eq!(facts.get(1 << 60).await.unwrap(), None);
}

pub(crate) async fn parameters_are_never_sql(fixture: &Fixture) {
    if fixture.capabilities().query_raw != Ability::Always {
        return;
    }
    for text in TEXTS {
        let rows = fixture
            .store()
            .query_raw("select cast($1 as text) as text", [(*text).into()])
            .await
            .unwrap();
        assert_eq!(rows[0]["text"], json!(text));
    }
}

pub(crate) async fn parameters_of_every_type(fixture: &Fixture) {
    if fixture.capabilities().query_raw != Ability::Always {
        return;
    }
    let time: chrono::DateTime<chrono::FixedOffset> =
        "2024-05-01T12:00:00.5+02:00".parse().unwrap();
    let utc = Some("2024-05-01T10:00:00.500+00:00");
    for (parameter, expected) in [
        (Value::from(5_u64), Some("5")),
        (Value::from(i64::MAX as u64), Some("9223372036854775807")),
        (Value::from(1.5_f32), Some("1.5")),
        (Value::from('x'), Some("x")),
        (Value::from(time), utc),
        (Value::from(time.with_timezone(&chrono::Local)), utc),
        (Value::from(time.to_utc()), utc),
        (Value::from(time.time()), Some("12:00:00.500")),
        (Value::from(None::<u64>), None),
        (Value::from(None::<f32>), None),
        (Value::from(None::<char>), None),
        (Value::Json(Some(Box::new(serde_json::Value::Null))), None),
    ] {
        let sql = "select cast($1 as text) as text";
        let rows = fixture.store().query_raw(sql, [parameter.clone()]).await.unwrap();
        assert_eq!(rows[0]["text"], json!(expected), "{parameter:?}");
    }
    for (parameter, kind) in [
        (Value::from(u64::MAX), ErrorKind::InvalidInput),
        (Value::from(f64::NAN), ErrorKind::InvalidInput),
        (Value::from(f32::INFINITY), ErrorKind::InvalidInput),
        (Value::from('\0'), ErrorKind::InvalidInput),
    ] {
        refused(fixture.store().query_raw("select $1", [parameter]).await, kind);
    }
}

pub(crate) async fn a_name_that_two_columns_have_is_the_last_ones(fixture: &Fixture) {
    if fixture.capabilities().query_raw != Ability::Always {
        return;
    }
    let rows = fixture.store().query_raw("select 1 as one, 2 as one", []).await.unwrap();
    assert_eq!(serde_json::Value::from(rows[0].clone()), json!({"one": 2}));
}

pub(crate) async fn more_rows_than_one_answer_holds(fixture: &Fixture) {
    if fixture.capabilities().query_raw != Ability::Always {
        return;
    }
    let facts = Facts::new(fixture.store());
    facts.insert_many((0..1_500).map(NewFact::new)).await.unwrap();
    let rows = fixture.store().query_raw("select id from facts order by id", []).await.unwrap();
    assert_eq!(rows.len(), 1_500);
    assert_eq!(rows[1_499]["id"], 1_499);
}

pub(crate) async fn mistakes(fixture: &Fixture) {
    if fixture.capabilities().query_raw != Ability::Always {
        return;
    }
    Facts::new(fixture.store()).insert(NewFact::new(1)).await.unwrap();
    for (sql, kind) in [
        ("select * from not_there", ErrorKind::SchemaMismatch),
        ("select colour from facts", ErrorKind::SchemaMismatch),
        ("selec 1", ErrorKind::InvalidInput),
        ("insert into facts (id) values (1)", ErrorKind::Unique),
        ("insert into drafts (id) values (1)", ErrorKind::NotNull),
        (
            "insert into words (word, stars, updated_at) values ('a', -1, '2024-01-01T00:00:00Z')",
            ErrorKind::Check,
        ),
    ] {
        let answer = fixture.store().query_raw(sql, []).await;
        let error = answer.expect_err(sql);
        assert_eq!(error.kind(), kind, "{sql}: {error}");
    }
}

//! What each query and each write becomes.

use super::super::apply;
use super::super::request::Request;
use super::super::returning::Returning;
use super::entry::Model;
use super::{Entries, id, table, time};
use crate::change::Change;
use crate::operation::{Duplicates, NewRow};
use crate::{Filter, Record};
use sea_orm::Value;

const START: &str = "GET /entries?select=id,title,note,\"order\",stars,is_open,data,\"seen at\"&";
const END: &str = "order=id.asc&limit=1000";

/// The parameters of a filter, as people read them.
fn parameters(filter: Filter<Model>) -> String {
    let request = Entries::query().filter(filter).to_request().expect("a request").to_string();
    let rest = request.strip_prefix(START).expect("the columns");
    rest.strip_suffix(END).expect("the order").trim_end_matches('&').to_owned()
}

#[test]
fn query_without_conditions() {
    let request = Entries::query().to_request().expect("a request");
    assert_eq!(request.to_string(), format!("{START}{END}"));
    assert_eq!(request.method(), "GET");
    assert_eq!(
        request.url_path(),
        "/entries?select=id,title,note,%22order%22,stars,is_open,data,%22seen%20at%22\
         &order=id.asc&limit=1000"
    );
}

#[test]
fn order_says_where_nulls_are() {
    let request = Entries::query()
        .order_by(Entries::STARS.asc())
        .order_by(Entries::SEEN_AT.desc())
        .limit(20)
        .offset(40)
        .to_request()
        .expect("a request");
    let expected = "order=stars.asc.nullsfirst,\"seen at\".desc,id.desc&limit=20&offset=40";
    assert_eq!(request.to_string(), format!("{START}{expected}"));
    let request = Entries::query().order_by(Entries::STARS.desc()).to_request().expect("a request");
    assert!(request.to_string().contains("order=stars.desc.nullslast,id.desc"), "{request}");
}

#[test]
fn comparisons_are_never_quoted_alone() {
    for (filter, expected) in [
        (Entries::TITLE.eq(r#"a,"b" (c)\d"#), r#"title=eq.a,"b" (c)\d"#),
        (Entries::TITLE.eq(""), "title=eq."),
        (Entries::TITLE.ne("null"), "title=neq.null"),
        (Entries::POSITION.lt(-3), r#""order"=lt.-3"#),
        (Entries::POSITION.le(3), r#""order"=lte.3"#),
        (Entries::STARS.gt(i64::MAX), "stars=gt.9223372036854775807"),
        (Entries::STARS.ge(0), "stars=gte.0"),
        (Entries::IS_OPEN.eq(true), "is_open=eq.true"),
        (Entries::SEEN_AT.ge(time()), r#""seen at"=gte.2026-01-02T03:04:05.678901+00:00"#),
        (Entries::NOTE.is_null(), "note=is.null"),
        (Entries::NOTE.is_not_null(), "note=not.is.null"),
        (!Entries::TITLE.eq("x"), "title=not.eq.x"),
    ] {
        assert_eq!(parameters(filter), expected);
    }
}

#[test]
fn reserved_bytes_are_encoded() {
    let request = Entries::query()
        .filter(Entries::TITLE.eq("a+b;c&d=é #%/?"))
        .to_request()
        .expect("a request");
    let path = request.url_path();
    assert!(path.contains("&title=eq.a%2Bb%3Bc%26d%3D%C3%A9%20%23%25%2F%3F&"), "{path}");
}

#[test]
fn lists_are_quoted() {
    let filter = Entries::TITLE.is_in(["a", "b,c", r#"d"e"#, r"f\g", ""]);
    assert_eq!(parameters(filter), r#"title=in.("a","b,c","d\"e","f\\g","")"#);
    assert_eq!(parameters(!Entries::STARS.is_in([1, 2])), r#"stars=not.in.("1","2")"#);
    assert_eq!(parameters(Entries::TITLE.is_in([""])), "title=eq.");
    assert_eq!(parameters(Entries::TITLE.is_in([] as [&str; 0])), "id=is.null");
}

#[test]
fn text_is_literal() {
    for (filter, expected) in [
        (Entries::TITLE.contains(r"100%_\"), r"title=like.*100\%\_\\*"),
        (Entries::TITLE.starts_with("a"), "title=like.a*"),
        (Entries::TITLE.ends_with("a"), "title=like.*a"),
        (Entries::TITLE.contains("a*b.c"), r"title=match.a\*b\.c"),
        (Entries::TITLE.starts_with("*(?i)"), r"title=match.^\*\(\?i\)"),
        (Entries::TITLE.ends_with("[*]"), r"title=match.\[\*\]$"),
        (!Entries::NOTE.contains("x"), "note=not.like.*x*"),
        (!Entries::NOTE.contains(""), "note=not.like.*"),
    ] {
        assert_eq!(parameters(filter), expected);
    }
}

#[test]
fn json_paths() {
    for (filter, expected) in [
        (Entries::DATA.key("a").key("b").eq("x"), "data->a->>b=eq.x"),
        (Entries::DATA.key("a b").key("0").eq("x"), r#"data->"a b"->>"0"=eq.x"#),
        (Entries::DATA.index(0).key("or").is_null(), "data->0->>or=is.null"),
        (Entries::DATA.key("a.or").ne("x"), r#"data->>"a.or"=neq.x"#),
        (Entries::DATA.key("a").is_in(["x", "y"]), r#"data->>a=in.("x","y")"#),
        (Entries::DATA.key("a").contains("x"), "data->>a=like.*x*"),
    ] {
        assert_eq!(parameters(filter), expected);
    }
}

#[test]
fn trees() {
    let a = || Entries::TITLE.eq(r#"a"b"#);
    let b = || Entries::NOTE.is_null();
    let c = || Entries::STARS.is_in([1, 2]);
    let d = || Entries::DATA.key("k y").starts_with("z");
    for (filter, expected) in [
        (a().and(b()).and(c()), r#"title=eq.a"b&note=is.null&stars=in.("1","2")"#),
        (a().or(b()), r#"or=(title.eq."a\"b",note.is.null)"#),
        (!a().or(b()), r#"not.or=(title.eq."a\"b",note.is.null)"#),
        (!a().and(b()), r#"not.and=(title.eq."a\"b",note.is.null)"#),
        (
            a().and(b().or(c().and(!d()))),
            concat!(
                r#"title=eq.a"b&or=(note.is.null,and(stars.in.("1","2"),"#,
                r#"data->>"k y".not.like."z*"))"#
            ),
        ),
        (
            b().or(!(a().and((!b()).or(c())))),
            concat!(
                r#"or=(note.is.null,not.and(title.eq."a\"b","#,
                r#"or(note.not.is.null,stars.in.("1","2"))))"#
            ),
        ),
    ] {
        assert_eq!(parameters(filter), expected);
    }
}

fn request(change: &Change, schema: Option<&str>) -> Request {
    apply::request(change, schema, &Returning::nothing())
}

fn rows(count: u128) -> Vec<NewRow> {
    (0..count)
        .map(|number| {
            let row = Model {
                id: id(number),
                title: "a \"b\"\n".into(),
                note: None,
                position: -1,
                stars: Some(i64::MIN),
                is_open: true,
                data: Some(serde_json::json!({"k": [1, "é"]})),
                seen_at: time(),
            };
            NewRow::whole(row.into_values())
        })
        .collect()
}

const COLUMNS: &str = "columns=id,title,note,\"order\",stars,is_open,data,\"seen at\"";
const ROW: &str = r#"{"id":"00000000-0000-0000-0000-000000000000","title":"a \"b\"\n","note":null,"order":-1,"stars":-9223372036854775808,"is_open":true,"data":{"k":[1,"é"]},"seen at":"2026-01-02T03:04:05.678901+00:00"}"#;

#[test]
fn inserts_name_their_columns() {
    for (duplicates, expected) in [
        (Duplicates::Refuse, format!("POST /entries?{COLUMNS}\nPrefer: return=minimal\n[{ROW}]")),
        (
            Duplicates::Ignore,
            format!(
                "POST /entries?{COLUMNS}&on_conflict=id\nPrefer: return=minimal,\
                 resolution=ignore-duplicates,count=exact\n[{ROW}]"
            ),
        ),
        (
            Duplicates::Replace,
            format!(
                "POST /entries?{COLUMNS}&on_conflict=id\nPrefer: return=minimal,\
                 resolution=merge-duplicates\n[{ROW}]"
            ),
        ),
    ] {
        let change = Change::inserts(table(), duplicates, rows(1)).next().expect("a change");
        assert_eq!(request(&change, None).to_string(), expected);
    }
}

#[test]
fn changes_of_one_row_go_by_its_key() {
    let key = crate::key::Key::from(Value::from(id(7)));
    let update = Change::update(table(), &key, &[(1, "x".into()), (3, 5.into())], &[]);
    assert_eq!(
        request(&update, Some("other")).to_string(),
        "PATCH /entries?id=eq.00000000-0000-0000-0000-000000000007&columns=title,\"order\"\n\
         Prefer: return=minimal,count=exact\nContent-Profile: other\n{\"title\":\"x\",\"order\":5}"
    );
    let delete = Change::delete(table(), &key);
    assert_eq!(
        request(&delete, None).to_string(),
        "DELETE /entries?id=eq.00000000-0000-0000-0000-000000000007\n\
         Prefer: return=minimal,count=exact"
    );
}

#[test]
fn only_updates_and_deletes_have_a_condition() {
    let key = crate::key::Key::from(Value::from(id(7)));
    for (value, expected) in [(Some("5".to_owned()), "&stars=eq.5"), (None, "&stars=is.null")] {
        let condition = Some(("stars".into(), value));
        for mut change in
            [Change::update(table(), &key, &[(1, "x".into())], &[]), Change::delete(table(), &key)]
        {
            change.condition.clone_from(&condition);
            let request = request(&change, None).to_string();
            let line = request.lines().next().expect("a line");
            let keys = format!("id=eq.{}{expected}", id(7));
            assert!(line.contains(&keys), "{line}");
        }
        let mut insert =
            Change::inserts(table(), Duplicates::Replace, rows(1)).next().expect("a change");
        insert.condition = condition;
        assert!(!request(&insert, None).to_string().contains("stars="));
    }
}

#[cfg(feature = "sqlite")]
#[test]
fn what_is_given_back_is_selected() {
    let insert = Change::inserts(table(), Duplicates::Ignore, rows(1)).next().expect("a change");
    let request = apply::request(&insert, None, &Returning::objects(&["id", "seen at"]));
    assert_eq!(
        request.to_string(),
        format!(
            "POST /entries?{COLUMNS}&on_conflict=id&select=id,\"seen at\"\nPrefer: \
             return=representation,resolution=ignore-duplicates,count=exact\n[{ROW}]"
        )
    );
    let delete = Change::delete(table(), &Value::from(id(7)).into());
    let key = Returning::values(table(), table().key_columns().collect());
    let request = apply::request(&delete, None, &key).to_string();
    assert!(request.contains("&select=id\nPrefer: return=representation,count=exact"), "{request}");
}

#[test]
fn lengths_in_urls_are_those_of_the_encoding() {
    for text in ["", "plain-._~,():*", "a b", "é", "日本", "100%", "a\"b\\", "\n", "#&;+=?/'"] {
        let value = super::super::filter::quoted(text);
        let sent = Request::new(super::super::request::Method::Get, "/t").parameter("k", value);
        let length = sent.url_path().len() - "/t?k=%22%22".len();
        assert_eq!(crate::value::url_length(text), length, "{text}");
    }
}

#[test]
fn bulk_inserts_are_cut_by_rows_and_by_bytes() {
    let lengths: Vec<u64> = Change::inserts(table(), Duplicates::Refuse, rows(2_001))
        .map(|change| change.len())
        .collect();
    assert_eq!(lengths, [1_000, 1_000, 1]);

    let mut large = rows(5);
    for row in &mut large {
        row.values_mut()[1] = "x".repeat(400 * 1024).into();
    }
    let lengths: Vec<u64> =
        Change::inserts(table(), Duplicates::Refuse, large).map(|change| change.len()).collect();
    assert_eq!(lengths, [2, 2, 1]);
}

#[test]
fn halves_are_whole_changes() {
    let whole = Change::inserts(table(), Duplicates::Ignore, rows(5)).next().expect("a change");
    let (first, second) = whole.clone().halves().expect("two halves");
    let parse = |change: &Change| -> Vec<serde_json::Value> {
        serde_json::from_slice(&change.body().expect("a body")).expect("JSON")
    };
    assert_eq!((first.len(), second.len()), (2, 3));
    assert_eq!([parse(&first), parse(&second)].concat(), parse(&whole));
    assert_eq!([first.keys.clone(), second.keys.clone()].concat(), whole.keys);
    let (_, last) = second.halves().expect("two halves").1.halves().expect("two halves");
    assert_eq!(parse(&last), parse(&whole)[4..]);
    assert!(last.halves().is_none());
    assert!(Change::delete(table(), &Value::from(id(1)).into()).halves().is_none());
}

//! JSON columns: what is stored, and paths into it.

use crate::expected::refused;
use crate::fixture::Fixture;
use crate::sample::{DocumentPatch, Documents, Facts, NewDocument, NewFact, ids};
use chronicle::{ErrorKind, Filter};
use serde_json::{Value as Json, json};

pub(crate) async fn documents_come_back_as_they_were(fixture: &Fixture) {
    let documents = Documents::new(fixture.store());
    for data in [
        json!({}),
        json!([]),
        json!(""),
        json!("text"),
        json!("null"),
        json!("\"quoted\""),
        json!(0),
        json!(-1),
        json!(true),
        json!(false),
        json!(1.5),
        json!(1e-7),
        json!(0.1 + 0.2),
        json!(1e15 + 0.3),
        json!(9_007_199_254_740_993_i64),
        json!(i64::MIN),
        json!(u64::MAX),
        json!([null]),
        json!([[], [null, {}]]),
        json!({"a": null, "b": {"c": null}}),
        json!({"": {"": ""}}),
        json!({"a b": 1, "a.b": 2, "a,b": 3, "a\"b": 4}),
        json!({"ключ": "значение", "鍵": "値", "😀": "👩\u{200d}👧", "e\u{301}": "é"}),
        json!({"\n": "\t\r\n\u{1f}\u{7f}", "\\": "\\\\", "/": "</script>"}),
        json!(["'", "--", "$1", "?", "%s", "{}"]),
        json!({"z": 1, "a": {"z": [3, 2, 1], "b": 2}}),
    ] {
        let row = NewDocument::new(data.clone()).extra(data.clone());
        let stored = documents.insert(row).await.unwrap();
        assert_eq!(stored.data, data);
        let found = documents.get(stored.id).await.unwrap().unwrap();
        assert_eq!((&found.data, found.extra.as_ref()), (&data, Some(&data)));
        documents.update(stored.id, DocumentPatch::new().data(json!([data]))).await.unwrap();
        assert_eq!(documents.get(stored.id).await.unwrap().unwrap().data, json!([data]));
    }
}

pub(crate) async fn json_null_is_null(fixture: &Fixture) {
    let documents = Documents::new(fixture.store());
    let stored = documents.insert(NewDocument::new(json!(1)).extra(Json::Null)).await.unwrap();
    assert_eq!(stored.extra, None);
    assert_eq!(documents.get(stored.id).await.unwrap(), Some(stored.clone()));
    let find = documents.find().filter(Documents::EXTRA.is_null());
    assert_eq!(find.one().await.unwrap(), stored);

    documents.update(stored.id, DocumentPatch::new().extra(json!({"a": null}))).await.unwrap();
    assert!(documents.find().filter(Documents::EXTRA.is_not_null()).exists().await.unwrap());
    documents.update(stored.id, DocumentPatch::new().extra(Json::Null)).await.unwrap();
    assert_eq!(documents.get(stored.id).await.unwrap().unwrap().extra, None);

    refused(documents.insert(NewDocument::new(Json::Null)).await, ErrorKind::NotNull);
    let patch = DocumentPatch::new().data(Json::Null);
    refused(documents.update(stored.id, patch).await, ErrorKind::NotNull);
}

pub(crate) async fn documents_of_a_megabyte(fixture: &Fixture) {
    let documents = Documents::new(fixture.store());
    let lines: Vec<Json> =
        (0..10_000).map(|at| json!({"line": at, "text": "\"é\\ ".repeat(15)})).collect();
    let data = json!({ "lines": lines });
    assert!(data.to_string().len() > 1_000_000);
    let stored = documents.insert(NewDocument::new(data.clone())).await.unwrap();
    assert_eq!(documents.get(stored.id).await.unwrap().unwrap().data, data);
    let line = Documents::DATA.key("lines").index(9_999).key("line").eq("9999");
    assert_eq!(documents.find().filter(line).count().await.unwrap(), 1);
    // More than one request may hold.
    let keys = documents
        .insert_many([&data, &data, &data].map(|data| NewDocument::new(data.clone())))
        .await
        .unwrap();
    assert_eq!(documents.get(keys[2]).await.unwrap().unwrap().data, data);
}

async fn store(fixture: &Fixture, documents: &[Json]) -> Facts {
    let facts = Facts::new(fixture.store());
    let rows = (0..).zip(documents).map(|(id, data)| NewFact::new(id).data(data.clone()));
    facts.insert_many(rows).await.unwrap();
    facts
}

async fn check(
    facts: &Facts,
    cases: impl IntoIterator<Item = (Filter<crate::sample::Fact>, Vec<i64>)>,
) {
    for (filter, expected) in cases {
        let found = facts.find().filter(filter.clone()).all().await;
        let found = found.unwrap_or_else(|error| panic!("{filter:?}: {error}"));
        assert_eq!(ids(&found), expected, "{filter:?}");
    }
}

pub(crate) async fn values_are_compared_as_text(fixture: &Fixture) {
    let facts = store(
        fixture,
        &[
            json!({"k": "text"}),
            json!({"k": 1}),
            json!({"k": "1"}),
            json!({"k": true}),
            json!({"k": "true"}),
            json!({"k": false}),
            json!({"k": null}),
            json!({}),
            Json::Null,
            json!({"k": 9_007_199_254_740_993_i64}),
            json!({"k": -1.5}),
            json!({"k": ""}),
            json!({"k": "null"}),
            json!({"k": 0}),
            json!("text"),
            json!(["k"]),
        ],
    )
    .await;
    let k = || Facts::DATA.key("k");
    check(
        &facts,
        [
            (k().eq("text"), vec![0]),
            (k().eq("1"), vec![1, 2]),
            (k().eq("true"), vec![3, 4]),
            (k().eq("false"), vec![5]),
            (k().eq("null"), vec![12]),
            (k().eq("9007199254740993"), vec![9]),
            (k().eq("-1.5"), vec![10]),
            (k().eq(""), vec![11]),
            (k().is_null(), vec![6, 7, 8, 14, 15]),
            (!k().is_null(), vec![0, 1, 2, 3, 4, 5, 9, 10, 11, 12, 13]),
            (k().ne("1"), vec![0, 3, 4, 5, 9, 10, 11, 12, 13]),
            (!k().eq("1"), vec![0, 3, 4, 5, 9, 10, 11, 12, 13]),
            (k().is_in(["1", "text", "no"]), vec![0, 1, 2]),
            (k().is_in(["text"; 1]), vec![0]),
            (k().is_in([""; 0]), vec![]),
            (k().starts_with("t"), vec![0, 3, 4]),
            (k().ends_with("e"), vec![3, 4, 5]),
            (k().contains("90071992"), vec![9]),
            (k().contains(""), vec![0, 1, 2, 3, 4, 5, 9, 10, 11, 12, 13]),
            (!k().starts_with("t"), vec![1, 2, 5, 9, 10, 11, 12, 13]),
            (k().eq("text").or(k().is_null().and(Facts::ID.eq(7))), vec![0, 7]),
            (Facts::DATA.index(0).eq("k"), vec![15]),
            (Facts::DATA.is_null(), vec![8]),
        ],
    )
    .await;
}

pub(crate) async fn numbers_without_an_exponent_have_one_text(fixture: &Fixture) {
    let numbers = [
        json!(0.00001),
        json!(0.1 + 0.2),
        json!(-0.5),
        json!(1.0),
        json!(0.0),
        json!(1e15),
        json!(9_007_199_254_740_994.0),
        json!(9_999_999_999_999_998.0),
        json!(i64::MIN),
        json!(u64::MAX),
    ];
    let documents: Vec<Json> = numbers.iter().map(|number| json!({"k": number})).collect();
    let facts = store(fixture, &documents).await;
    for (id, number) in (0..).zip(&numbers) {
        let text = number.to_string();
        assert!(!text.contains('e'), "{text}");
        check(&facts, [(Facts::DATA.key("k").eq(text), vec![id])]).await;
    }
}

pub(crate) async fn paths_lead_through_objects_and_arrays(fixture: &Fixture) {
    let facts = store(
        fixture,
        &[
            json!({"a": {"b": {"c": "deep"}}}),
            json!({"a": [{"b": "first"}, {"b": "second"}]}),
            json!([[1, 2], [3, ["inner"]]]),
            json!({"a": {"0": "key"}}),
            json!({"0": "key"}),
            json!({"a": "text"}),
            json!({"a": null}),
        ],
    )
    .await;
    let a = || Facts::DATA.key("a");
    check(
        &facts,
        [
            (a().key("b").key("c").eq("deep"), vec![0]),
            (a().index(1).key("b").eq("second"), vec![1]),
            (a().index(2).key("b").eq("second"), vec![]),
            (Facts::DATA.index(1).index(1).index(0).eq("inner"), vec![2]),
            (Facts::DATA.index(0).index(1).eq("2"), vec![2]),
            (a().key("0").eq("key"), vec![3]),
            (Facts::DATA.key("0").eq("key"), vec![4]),
            (a().index(0).eq("key"), vec![]),
            (Facts::DATA.index(0).eq("key"), vec![]),
            (a().key("b").key("c").is_null(), vec![1, 2, 3, 4, 5, 6]),
            (a().key("x").key("y").key("z").is_null(), vec![0, 1, 2, 3, 4, 5, 6]),
        ],
    )
    .await;
}

/// To Postgres a value that is neither an array nor an object is its own element 0.
pub(crate) async fn values_that_are_no_arrays_have_an_element_0(fixture: &Fixture) {
    let facts = store(
        fixture,
        &[
            json!("text"),
            json!(7),
            json!(true),
            Json::Null,
            json!({"k": "text"}),
            json!({"k": ["text"]}),
            json!({"k": [["text"]]}),
            json!(["text"]),
            json!([["text"]]),
            json!([]),
            json!({"k": null}),
            json!([{"k": 1}]),
            json!({"0": "text"}),
        ],
    )
    .await;
    let (data, k) = (|| Facts::DATA.index(0), || Facts::DATA.key("k"));
    check(
        &facts,
        [
            (data().eq("text"), vec![0, 7]),
            (data().eq("7"), vec![1]),
            (data().eq("true"), vec![2]),
            (data().is_null(), vec![3, 4, 5, 6, 9, 10, 12]),
            (data().index(0).eq("text"), vec![0, 7, 8]),
            (data().index(0).index(0).index(0).eq("text"), vec![0, 7, 8]),
            (Facts::DATA.index(1).is_null(), (0..13).collect()),
            (data().index(1).eq("text"), vec![]),
            (data().key("k").eq("1"), vec![11]),
            (k().eq("text"), vec![4]),
            (k().index(0).eq("text"), vec![4, 5]),
            (k().index(0).index(0).eq("text"), vec![4, 5, 6]),
            (k().index(0).starts_with("te"), vec![4, 5]),
            (!k().index(0).is_in(["other", "text"]), vec![6]),
        ],
    )
    .await;
}

pub(crate) async fn indexes_beyond_those_of_postgres_are_refused(fixture: &Fixture) {
    let facts = store(fixture, &[json!(["text"])]).await;
    let largest = 2_147_483_647;
    check(&facts, [(Facts::DATA.index(largest).eq("text"), vec![])]).await;
    for index in [largest + 1, u32::MAX] {
        let filter = Facts::DATA.index(index).is_null();
        let error = refused(facts.find().filter(filter).all().await, ErrorKind::InvalidInput);
        assert!(error.to_string().contains(&index.to_string()), "{error}");
    }
}

/// Keys that mean something to SQLite's paths or to PostgREST's grammar.
const KEYS: &[&str] = &[
    "a b", "a.b", "a,b", "a(b)", "a->b", "a->>b", "a:b", "a::text", "$", "$.a", "a[0]", "[0]", "*",
    "%", "a'b", "'", "-1", "a-b", "-", "007", "1e3", "#", "a&b", "a=b", "a;b", "a+b", "a/b", "?",
    "é", "e\u{301}", "日本", "😀", " ", " a ", "null", "select", "and", "or", "not.and", "A",
    "{a}", "a|b", "~", "!", "@", "`", "^", "<", ">",
];

pub(crate) async fn odd_keys(fixture: &Fixture) {
    let documents: Vec<Json> = KEYS.iter().map(|key| json!({*key: {*key: "here"}})).collect();
    let facts = store(fixture, &documents).await;
    for (id, key) in (0..).zip(KEYS) {
        check(
            &facts,
            [
                (Facts::DATA.key(*key).key(*key).eq("here"), vec![id]),
                (Facts::DATA.key(*key).key(*key).starts_with("h"), vec![id]),
                (!Facts::DATA.key(*key).key(*key).is_null(), vec![id]),
                (Facts::DATA.key(*key).key(*key).eq("here").or(Facts::ID.eq(-1)), vec![id]),
                (
                    !Facts::DATA
                        .key(*key)
                        .key(*key)
                        .ne("here")
                        .or(Facts::DATA.key(*key).key(*key).is_null()),
                    vec![id],
                ),
            ],
        )
        .await;
    }
}

pub(crate) async fn keys_that_no_path_can_name_are_refused(fixture: &Fixture) {
    let facts = Facts::new(fixture.store());
    for key in ["a\"b", "\"", "\\", "a\\b", "a\nb", "\u{1}"] {
        for filter in [
            Facts::DATA.key(key).eq("a"),
            Facts::DATA.key("a").key(key).is_null(),
            !Facts::DATA.key(key).contains("a"),
            Facts::ID.eq(1).or(Facts::DATA.index(0).key(key).is_in(["a", "b"])),
        ] {
            refused(facts.find().filter(filter.clone()).all().await, ErrorKind::InvalidInput);
            refused(facts.delete_where(filter).await, ErrorKind::InvalidInput);
        }
    }
}

pub(crate) async fn odd_texts_behind_a_path(fixture: &Fixture) {
    let documents: Vec<Json> = crate::texts::TEXTS.iter().map(|text| json!({"k": text})).collect();
    let facts = store(fixture, &documents).await;
    for (id, text) in (0..).zip(crate::texts::TEXTS) {
        let k = || Facts::DATA.key("k");
        check(
            &facts,
            [
                (k().eq(*text), vec![id]),
                (k().is_in([*text, "not there"]), vec![id]),
                (
                    k().starts_with(*text).and(k().ends_with(*text)).and(k().is_in([*text])),
                    vec![id],
                ),
                (Filter::any([k().eq(*text), Facts::ID.eq(-1)]), vec![id]),
                (!k().ne(*text), vec![id]),
            ],
        )
        .await;
    }
}

/// A document of so many arrays, one in the other.
fn nested(levels: usize) -> Json {
    (1..levels).fold(json!([]), |inner, _| json!([inner]))
}

pub(crate) async fn documents_too_deep_to_be_read_back_are_refused(fixture: &Fixture) {
    let documents = Documents::new(fixture.store());
    let stored = documents.insert(NewDocument::new(nested(125))).await.unwrap();
    assert_eq!(documents.get(stored.id).await.unwrap().unwrap().data, nested(125));
    for levels in [126, 127, 128, 200] {
        let row = || NewDocument::new(json!(1)).extra(nested(levels));
        let error = refused(documents.insert(row()).await, ErrorKind::InvalidInput);
        assert!(error.message().contains("125"), "{error}");
        refused(documents.insert_many([row()]).await, ErrorKind::InvalidInput);
        refused(documents.upsert(row()).await, ErrorKind::InvalidInput);
        let patch = DocumentPatch::new().data(nested(levels));
        refused(documents.update(stored.id, patch).await, ErrorKind::InvalidInput);
    }
    // Objects count like arrays.
    let objects = (0..126).fold(json!(1), |inner, _| json!({ "a": inner }));
    refused(documents.insert(NewDocument::new(objects)).await, ErrorKind::InvalidInput);
    assert_eq!(documents.find().count().await.unwrap(), 1);
    assert_eq!(documents.get(stored.id).await.unwrap(), Some(stored));
}

pub(crate) async fn places_beyond_every_array_are_refused(fixture: &Fixture) {
    let documents = Documents::new(fixture.store());
    documents.insert(NewDocument::new(json!([1]))).await.unwrap();
    for at in [i32::MAX as u32 + 1, u32::MAX] {
        for filter in [
            Documents::DATA.index(at).eq("1"),
            Documents::DATA.index(at).is_null(),
            Documents::DATA.key("a").index(at).contains("1"),
            !Documents::DATA.index(0).index(at).is_in(["1", "2"]),
        ] {
            let find = || documents.find().filter(filter.clone());
            refused(find().all().await, ErrorKind::InvalidInput);
            refused(find().count().await, ErrorKind::InvalidInput);
        }
    }
    let last = Documents::DATA.index(i32::MAX as u32).is_null();
    assert_eq!(documents.find().filter(last).count().await.unwrap(), 1);
}

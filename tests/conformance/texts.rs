//! Text is literal: whatever it holds, an operation finds the rows that it should and no other.

use crate::expected::refused;
use crate::fixture::Fixture;
use crate::oracle::{Condition, TextTest};
use crate::sample::{
    DocumentPatch, Documents, Fact, FactPatch, Facts, Labels, NewDocument, NewFact, NewLabel,
    NewWord, WordPatch, Words, ids,
};
use chronicle::{Ability, ErrorKind};

/// Texts that mean something to SQL, to `LIKE`, `GLOB` and regular expressions, to URLs, to JSON or
/// to PostgREST's grammar, and their like that differ by little.
pub(crate) const TEXTS: &[&str] = &[
    "",
    " ",
    "  ",
    "a",
    "A",
    "b",
    " a",
    "a ",
    " a ",
    "ab",
    "abc",
    "xabcx",
    "\n",
    "a\nb",
    "\t",
    "\r\n",
    "a\u{b}",
    "\u{1f}",
    "'",
    "''",
    "it's",
    "\"",
    "\"\"",
    "\"a\"",
    "\\\"",
    "\\",
    "\\\\",
    "a\\",
    "\\a",
    "\\n",
    "%",
    "%%",
    "%a%",
    "100%",
    "_",
    "a_c",
    "__",
    "*",
    "**",
    "***=a",
    "a*",
    "*a*",
    "a*c",
    "?",
    "a?c",
    ",",
    "a,b",
    "(",
    ")",
    "()",
    "(a)",
    "(a,b)",
    "{}",
    "{a,b}",
    "{\"a\"}",
    "[",
    "]",
    "[]",
    "[a-z]",
    "[^a]",
    "[*]",
    "^",
    "$",
    "^a$",
    ".",
    ".*",
    "a.c",
    "a|b",
    "+",
    "a+b",
    "a b",
    "a%20b",
    "%2B",
    "&",
    "a&b=c",
    "=",
    ";",
    "a;b",
    "#",
    "a#b",
    ":",
    "a:b",
    "::text",
    "/",
    "null",
    "NULL",
    "Null",
    "true",
    "is.null",
    "eq.a",
    "not.eq.a",
    "in.(a)",
    "and(a.eq.b)",
    "or",
    "a.eq.b,c.eq.d",
    "1",
    "01",
    "1.0",
    "0",
    "-1",
    "$1",
    "?1",
    ":a",
    "@a",
    "--",
    "a--b",
    "/* */",
    "; drop table facts",
    "é",
    "e\u{301}",
    "É",
    "ß",
    "ss",
    "ſ",
    "İ",
    "i",
    "日本語",
    "日本",
    "😀",
    "👩\u{200d}👩\u{200d}👧",
    "👩",
    "שלום",
    "مرحبا",
    "\u{202e}abc",
    "\u{feff}",
    "\u{a0}",
    "\u{200b}",
    "\u{ffff}",
    "\u{10ffff}",
    "\\u0041",
    "\\x41",
    "x'41'",
    "0x41",
    "2024-01-01",
];

async fn store(fixture: &Fixture) -> (Facts, Vec<Fact>) {
    let facts = Facts::new(fixture.store());
    facts
        .insert_many((0..).zip(TEXTS).map(|(id, text)| NewFact::new(id).text(*text)))
        .await
        .unwrap();
    facts.insert(NewFact::new(-1)).await.unwrap();
    let rows = facts.find().all().await.unwrap();
    assert_eq!(rows.len(), TEXTS.len() + 1);
    (facts, rows)
}

async fn check(facts: &Facts, rows: &[Fact], condition: Condition) {
    let found = facts.find().filter(condition.filter()).all().await;
    let found = found.unwrap_or_else(|error| panic!("{condition:?}: {error}"));
    assert_eq!(ids(&found), condition.finds(rows), "{condition:?}");
}

/// Each text through a test: alone, negated, and inside of `or`, `and` and `not`.
async fn each(fixture: &Fixture, test: fn(&str) -> TextTest) {
    let (facts, rows) = store(fixture).await;
    for text in TEXTS {
        let condition = || Condition::Text(test(text));
        check(&facts, &rows, condition()).await;
        check(&facts, &rows, !condition()).await;
        let other = Condition::Text(TextTest::Equal("a,b".to_owned()));
        let either = Condition::Any(vec![condition(), other.clone()]);
        check(&facts, &rows, either.clone()).await;
        check(&facts, &rows, !Condition::All(vec![either, !other])).await;
    }
}

pub(crate) async fn come_back_as_they_were(fixture: &Fixture) {
    let (facts, rows) = store(fixture).await;
    for (fact, text) in rows.iter().skip(1).zip(TEXTS) {
        assert_eq!(fact.text.as_deref(), Some(*text));
    }
    for (id, text) in (0..).zip(TEXTS.iter().rev()) {
        assert_eq!(facts.update(id, FactPatch::new().text(*text)).await.unwrap(), 1);
        assert_eq!(facts.get(id).await.unwrap().unwrap().text.as_deref(), Some(*text));
    }
}

pub(crate) async fn equal(fixture: &Fixture) {
    each(fixture, |text| TextTest::Equal(text.to_owned())).await;
}

pub(crate) async fn not_equal(fixture: &Fixture) {
    each(fixture, |text| TextTest::NotEqual(text.to_owned())).await;
}

pub(crate) async fn in_a_list(fixture: &Fixture) {
    each(fixture, |text| TextTest::In(vec![text.to_owned()])).await;
    let (facts, rows) = store_again(fixture).await;
    for pair in TEXTS.windows(2) {
        let texts = pair.iter().map(|text| (*text).to_owned()).collect();
        check(&facts, &rows, Condition::Text(TextTest::In(texts))).await;
    }
    // More than a statement has parameters for by itself.
    let all =
        || Condition::Text(TextTest::In(TEXTS.iter().map(|text| (*text).to_owned()).collect()));
    check(&facts, &rows, all()).await;
    check(&facts, &rows, !all()).await;
}

async fn store_again(fixture: &Fixture) -> (Facts, Vec<Fact>) {
    Facts::new(fixture.store()).delete_all().await.unwrap();
    store(fixture).await
}

pub(crate) async fn contained(fixture: &Fixture) {
    each(fixture, |text| TextTest::Contains(text.to_owned())).await;
}

pub(crate) async fn at_the_start(fixture: &Fixture) {
    each(fixture, |text| TextTest::StartsWith(text.to_owned())).await;
}

pub(crate) async fn at_the_end(fixture: &Fixture) {
    each(fixture, |text| TextTest::EndsWith(text.to_owned())).await;
}

/// Letters of several scripts, those whose other case is not one character, and those without any.
const LETTERS: [&str; 12] = [
    "Straße",
    "STRASSE",
    "ÉTÉ",
    "été",
    "ΟΔΌΣ",
    "οδός",
    "İstanbul",
    "istanbul",
    "ЖЁЛТЫЙ",
    "ﬁn",
    "ǆ",
    "\u{212a}elvin",
];

pub(crate) async fn in_any_case(fixture: &Fixture) {
    let (facts, rows) = store(fixture).await;
    for text in TEXTS {
        for test in [
            TextTest::ContainsAnyCase((*text).to_owned()),
            TextTest::StartsWithAnyCase(text.to_uppercase()),
            TextTest::EndsWithAnyCase(text.to_lowercase()),
            TextTest::EqualAnyCase(text.to_uppercase()),
        ] {
            check(&facts, &rows, Condition::Text(test)).await;
        }
    }
}

pub(crate) async fn letters_of_all_scripts_in_any_case(fixture: &Fixture) {
    let facts = Facts::new(fixture.store());
    let rows = LETTERS.iter().zip(0..).map(|(text, id)| NewFact::new(id).text(*text));
    facts.insert_many(rows).await.unwrap();
    let rows = facts.find().all().await.unwrap();
    let small = LETTERS.map(str::to_lowercase);
    let large = LETTERS.map(str::to_uppercase);
    for text in LETTERS.map(str::to_owned).into_iter().chain(small).chain(large) {
        check(&facts, &rows, Condition::Text(TextTest::EqualAnyCase(text.clone()))).await;
        check(&facts, &rows, Condition::Text(TextTest::ContainsAnyCase(text))).await;
    }
    let word = "KELVIN";
    assert_eq!(facts.find().filter(Facts::TEXT.eq_any_case(word)).count().await.unwrap(), 1);
    let long = facts.find().filter(Facts::TEXT.contains_any_case("σ".repeat(200)));
    assert_eq!(long.count().await.unwrap(), 0);
    let longer = facts.find().filter(Facts::TEXT.contains_any_case("a".repeat(201)));
    refused(longer.count().await, ErrorKind::InvalidInput);
}

pub(crate) async fn as_keys(fixture: &Fixture) {
    let labels = Labels::new(fixture.store());
    let keys = labels.insert_many(TEXTS.iter().map(|text| NewLabel::new(*text))).await.unwrap();
    assert_eq!(keys, TEXTS);
    for text in TEXTS {
        assert_eq!(labels.get(*text).await.unwrap().unwrap().label, *text);
        assert!(!labels.insert_if_absent(NewLabel::new(*text)).await.unwrap());
    }
    for text in TEXTS {
        assert_eq!(labels.delete(*text).await.unwrap(), 1, "{text:?}");
    }
    assert_eq!(labels.find().count().await.unwrap(), 0);
}

pub(crate) async fn very_long_texts(fixture: &Fixture) {
    let facts = Facts::new(fixture.store());
    let long = format!("start{}{}end", "é".repeat(30_000), "[*%_]\"\\,".repeat(125));
    // More than SQLite takes in a pattern.
    assert!(long.len() > 50_000);
    let almost = format!("{long}.");
    facts.insert(NewFact::new(1).text(long.clone())).await.unwrap();
    facts.insert(NewFact::new(2).text(almost.clone())).await.unwrap();
    assert_eq!(facts.get(1).await.unwrap().unwrap().text.as_deref(), Some(&*long));
    for (filter, found) in [
        (Facts::TEXT.starts_with("starté"), vec![1, 2]),
        (Facts::TEXT.ends_with("\\,end"), vec![1]),
        (Facts::TEXT.contains("é[*%_]"), vec![1, 2]),
    ] {
        assert_eq!(ids(&facts.find().filter(filter).all().await.unwrap()), found);
    }
    for (filter, found) in [
        (Facts::TEXT.eq(long.as_str()), vec![1]),
        (Facts::TEXT.ne(long.as_str()), vec![2]),
        (Facts::TEXT.is_in([&long]), vec![1]),
        (Facts::TEXT.starts_with(long.as_str()), vec![1, 2]),
        (Facts::TEXT.contains(long.as_str()), vec![1, 2]),
        (Facts::TEXT.ends_with(almost.as_str()), vec![2]),
    ] {
        let answer = facts.find().filter(filter).all().await;
        match fixture.capabilities().long_conditions {
            Ability::Always => assert_eq!(ids(&answer.unwrap()), found),
            Ability::Never => drop(refused(answer, ErrorKind::InvalidInput)),
            Ability::Sometimes => {}
        }
    }
}

pub(crate) async fn a_nul_is_refused(fixture: &Fixture) {
    let facts = Facts::new(fixture.store());
    facts.insert(NewFact::new(1).text("a")).await.unwrap();
    let nul = "a\0b";
    refused(facts.insert(NewFact::new(2).text(nul)).await, ErrorKind::InvalidInput);
    refused(facts.upsert(NewFact::new(1).text(nul)).await, ErrorKind::InvalidInput);
    refused(facts.insert_many([NewFact::new(2).text(nul)]).await, ErrorKind::InvalidInput);
    refused(facts.update(1, FactPatch::new().text(nul)).await, ErrorKind::InvalidInput);
    for filter in [
        Facts::TEXT.eq(nul),
        Facts::TEXT.is_in(["a", nul]),
        Facts::TEXT.contains(nul),
        !Facts::TEXT.starts_with("\0"),
        Facts::DATA.key("a").eq(nul),
        Facts::DATA.key(nul).eq("a"),
    ] {
        let find = || facts.find().filter(filter.clone());
        refused(find().all().await, ErrorKind::InvalidInput);
        refused(find().count().await, ErrorKind::InvalidInput);
        refused(facts.delete_where(filter.clone()).await, ErrorKind::InvalidInput);
    }
    refused(Labels::new(fixture.store()).get(nul).await, ErrorKind::InvalidInput);

    let documents = Documents::new(fixture.store());
    for data in [
        serde_json::json!(nul),
        serde_json::json!({"a": {"b": [1, nul]}}),
        serde_json::json!({"a": {nul: 1}}),
    ] {
        refused(documents.insert(NewDocument::new(data.clone())).await, ErrorKind::InvalidInput);
        let patch = DocumentPatch::new().extra(data);
        refused(documents.update(uuid::Uuid::nil(), patch).await, ErrorKind::InvalidInput);
    }
    assert_eq!(facts.find().count().await.unwrap(), 1);
    assert_eq!(documents.find().count().await.unwrap(), 0);
}

pub(crate) async fn keys_longer_than_a_url_are_refused(fixture: &Fixture) {
    let words = Words::new(fixture.store());
    // In a URL most signs take three bytes, and a quotation mark six.
    for (sign, most) in [("a", 2_500), ("é", 416), ("\"", 416), (" ", 833), ("日", 277)] {
        let longest = sign.repeat(most);
        let word = words.insert(NewWord::new(longest.as_str())).await.unwrap();
        assert_eq!(words.get(longest.as_str()).await.unwrap(), Some(word.clone()), "{sign}");
        let patch = WordPatch::new().stars(1);
        assert_eq!(words.update(longest.as_str(), patch).await.unwrap(), 1, "{sign}");
        let found = words.find().order_by(Words::STARS.desc()).page(1).await.unwrap();
        assert_eq!(found.rows.len(), 1, "{sign}");

        let longer = sign.repeat(most + 1);
        let row = || NewWord::new(longer.as_str());
        let error = refused(words.insert(row()).await, ErrorKind::InvalidInput);
        assert!(error.message().contains("URL"), "{error}");
        refused(words.insert_many([NewWord::new("short"), row()]).await, ErrorKind::InvalidInput);
        refused(words.insert_if_absent(row()).await, ErrorKind::InvalidInput);
        refused(words.upsert(row()).await, ErrorKind::InvalidInput);
        refused(words.get(longer.as_str()).await, ErrorKind::InvalidInput);
        let patch = WordPatch::new().stars(1);
        refused(words.update(longer.as_str(), patch).await, ErrorKind::InvalidInput);
        refused(words.delete(longer.as_str()).await, ErrorKind::InvalidInput);
        assert_eq!(words.delete(longest.as_str()).await.unwrap(), 1, "{sign}");
    }
    assert_eq!(words.find().count().await.unwrap(), 0);
}

//! Odd text through every operator, alone and inside of logic trees.

use crate::entry::{Entries, Model, row};
use crate::server::Server;
use chronicle::Filter;
use serde_json::json;

const TEXTS: &[&str] = &[
    "",
    " ",
    "plain",
    "null",
    "NULL",
    "true",
    "a,b",
    "(a)",
    "a)b",
    "{a,b}",
    "{}",
    "[a]",
    "a.b",
    "eq.a",
    "not.eq.a",
    "(any).a",
    "\"",
    "\"quoted\"",
    "a\"b",
    "'",
    "it's",
    "\\",
    "a\\b",
    "\\\"",
    "end\\",
    "\\x61",
    "%",
    "100%",
    "%41",
    "%2C",
    "_",
    "a_b",
    "a b",
    "*",
    "a*b",
    "**(?i)",
    "^a$",
    "a|b",
    "a+b",
    "+",
    "a;b",
    "a&b=c",
    "#a",
    "?a",
    "/a",
    "a:b",
    "->>a",
    "::text",
    "line\nbreak",
    "\ttab",
    "\r\n",
    "é",
    "日本語",
    "👩‍💻",
    "\u{202e}rtl",
    "\u{7f}",
    " surrounded ",
    "$1",
    "--",
];

fn titles(rows: &[Model]) -> Vec<&str> {
    rows.iter().map(|row| row.title.as_str()).collect()
}

#[tokio::test]
async fn odd_text_stays_as_it_is() {
    let server = Server::start().await;
    let entries = server.entries();
    let rows =
        TEXTS.iter().map(|text| row(*text).data(json!({"k": text, (*text): "v", "": {"0": text}})));
    entries.insert_many(rows).await.unwrap();

    let never = || Entries::POSITION.eq(-1);
    for text in TEXTS {
        let find = |filter: Filter<Model>| {
            let entries = entries.clone();
            async move { entries.find().filter(filter).order_by(Entries::SEEN_AT.asc()).all().await }
        };
        let list = || Entries::TITLE.is_in([*text, "no such text"]);
        for filter in [
            Entries::TITLE.eq(*text),
            Entries::TITLE.eq(*text).or(never()),
            list(),
            list().or(never()),
            Entries::DATA.key("k").eq(*text),
            Entries::DATA.key("k").is_in([*text, "no such text"]).or(never()),
            Entries::DATA.key("").key("0").eq(*text),
            !Entries::TITLE.ne(*text),
        ] {
            let found = find(filter.clone()).await.unwrap();
            assert_eq!(titles(&found), [*text], "{filter:?}");
            assert_eq!(found[0].data, Some(json!({"k": text, (*text): "v", "": {"0": text}})));
        }
        for (filter, holds) in [
            (Entries::TITLE.contains(*text), str::contains as fn(&str, &'static str) -> bool),
            (Entries::TITLE.starts_with(*text), |all, part| all.starts_with(part)),
            (Entries::TITLE.ends_with(*text), |all, part| all.ends_with(part)),
            (Entries::DATA.key("k").contains(*text), str::contains),
        ] {
            let mut expected: Vec<&str> =
                TEXTS.iter().copied().filter(|all| holds(all, text)).collect();
            expected.sort_unstable();
            for filter in [filter.clone(), filter.or(never())] {
                let found = find(filter.clone()).await.unwrap();
                let mut found = titles(&found);
                found.sort_unstable();
                assert_eq!(found, expected, "{filter:?}");
            }
        }
        // A quotation mark or a backslash in a JSON key is refused.
        if !text.chars().any(|c| c == '"' || c == '\\' || c.is_control()) {
            for filter in
                [Entries::DATA.key(*text).eq("v"), Entries::DATA.key(*text).eq("v").or(never())]
            {
                let found = find(filter.clone()).await;
                if text.is_empty() || *text == "k" {
                    continue;
                }
                assert_eq!(titles(&found.unwrap()), [*text], "{filter:?}");
            }
        }
    }
    let all =
        entries.find().filter(Entries::TITLE.is_in(TEXTS.iter().copied())).count().await.unwrap();
    assert_eq!(all, TEXTS.len() as u64);
}

#[tokio::test]
async fn bytes_numbers_and_times() {
    let server = Server::start().await;
    let entries = server.entries();
    let bytes: Vec<u8> = (0..=255).collect();
    let stored = entries
        .insert(row("x").payload(bytes.clone()).stars(i64::from(i16::MAX)).data(json!([
            1e300,
            u64::MAX,
            -0.5
        ])))
        .await
        .unwrap();
    assert_eq!(entries.get(stored.id).await.unwrap(), Some(stored.clone()));
    for filter in [
        Entries::PAYLOAD.eq(&bytes),
        Entries::PAYLOAD.eq(&bytes).or(Entries::POSITION.eq(-1)),
        Entries::PAYLOAD.is_in([bytes.clone(), vec![], vec![b'\\']]),
        Entries::SEEN_AT.between(stored.seen_at, stored.seen_at),
        Entries::SEEN_AT.eq(stored.seen_at).or(Entries::POSITION.eq(-1)),
        Entries::SEEN_AT.is_in([stored.seen_at, chronicle::now()]),
        Entries::ID.is_in([stored.id, sea_orm::prelude::Uuid::nil()]).or(Entries::POSITION.eq(-1)),
        Entries::DATA.index(2).eq("-0.5"),
        Entries::STARS.is_in([32_767, 1]),
    ] {
        let found = entries.find().filter(filter.clone()).all().await.unwrap();
        assert_eq!(found, std::slice::from_ref(&stored), "{filter:?}");
    }
}

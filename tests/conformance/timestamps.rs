//! `created_at` and `updated_at`.

use crate::fixture::Fixture;
use crate::sample::{NewParent, NewWord, ParentPatch, Parents, WordPatch, Words, time};
use chrono::{DateTime, Utc};
use std::time::Duration;

/// The clock of the library is that of this process: no tolerance is needed.
fn is_between(time: DateTime<Utc>, before: DateTime<Utc>) -> bool {
    (before..=chronicle::now()).contains(&time)
}

pub(crate) async fn an_insert_fills_them(fixture: &Fixture) {
    let before = chronicle::now();
    let parents = Parents::new(fixture.store());
    let parent = parents.insert(NewParent::new("a")).await.unwrap();
    assert!(is_between(parent.created_at, before));
    assert_eq!(parent.updated_at, None);
    assert_eq!(parents.get(parent.id).await.unwrap(), Some(parent));

    let words = Words::new(fixture.store());
    let word = words.insert(NewWord::new("a")).await.unwrap();
    assert!(is_between(word.created_at.unwrap(), before));
    assert!(is_between(word.updated_at, before));
    assert_eq!(words.get("a").await.unwrap(), Some(word));

    let keys = words.insert_many(["b", "c"].map(NewWord::new)).await.unwrap();
    for word in words.find().filter(Words::WORD.is_in(&keys)).all().await.unwrap() {
        assert!(is_between(word.created_at.unwrap(), before));
    }
}

pub(crate) async fn what_the_caller_gives_wins(fixture: &Fixture) {
    let (first, second) = (time("2001-02-03T04:05:06.000007Z"), time("2002-01-01T00:00:00Z"));
    let words = Words::new(fixture.store());
    let word = NewWord::new("a").created_at(first).updated_at(second);
    let word = words.insert(word).await.unwrap();
    assert_eq!((word.created_at, word.updated_at), (Some(first), second));
    assert_eq!(words.get("a").await.unwrap(), Some(word));
    let third = time("2003-01-01T00:00:00.5Z");
    words.update("a", WordPatch::new().updated_at(third).stars(1)).await.unwrap();
    let word = words.get("a").await.unwrap().unwrap();
    assert_eq!((word.created_at, word.updated_at), (Some(first), third));

    let parents = Parents::new(fixture.store());
    let parent = NewParent::new("a").created_at(first).updated_at(second);
    let parent = parents.insert(parent).await.unwrap();
    assert_eq!((parent.created_at, parent.updated_at), (first, Some(second)));
    parents.update(parent.id, ParentPatch::new().clear_updated_at()).await.unwrap();
    assert_eq!(parents.get(parent.id).await.unwrap().unwrap().updated_at, None);
}

pub(crate) async fn an_update_fills_updated_at(fixture: &Fixture) {
    let parents = Parents::new(fixture.store());
    let words = Words::new(fixture.store());
    let parent = parents.insert(NewParent::new("a")).await.unwrap();
    let word = words.insert(NewWord::new("a")).await.unwrap();
    tokio::time::sleep(Duration::from_millis(2)).await;

    let before = chronicle::now();
    parents.update(parent.id, ParentPatch::new().weight(1)).await.unwrap();
    let changed = parents.get(parent.id).await.unwrap().unwrap();
    assert_eq!(changed.created_at, parent.created_at);
    assert!(is_between(changed.updated_at.unwrap(), before));

    words.update_where(Words::STARS.eq(0), WordPatch::new().stars(1)).await.unwrap();
    let first = words.get("a").await.unwrap().unwrap();
    assert_eq!(first.created_at, word.created_at);
    assert!(is_between(first.updated_at, before));
    words.update_all(WordPatch::new().stars(2)).await.unwrap();
    assert!(words.get("a").await.unwrap().unwrap().updated_at >= first.updated_at);
}

pub(crate) async fn an_upsert_fills_both(fixture: &Fixture) {
    let before = chronicle::now();
    let parents = Parents::new(fixture.store());
    let parent = parents.upsert(NewParent::new("a")).await.unwrap();
    assert!(is_between(parent.created_at, before));
    assert!(is_between(parent.updated_at.unwrap(), before));
    assert_eq!(parents.get(parent.id).await.unwrap(), Some(parent.clone()));

    let given = time("2020-01-01T00:00:00Z");
    let again = NewParent::new("a").id(parent.id).created_at(given).updated_at(given);
    let again = parents.upsert(again).await.unwrap();
    assert_eq!((again.created_at, again.updated_at), (given, Some(given)));
    assert_eq!(parents.get(parent.id).await.unwrap(), Some(again));
}

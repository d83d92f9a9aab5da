//! `Store::transaction`: several writes, all of them or none; and columns that are added to.

use crate::expected::refused;
use crate::fixture::Fixture;
use crate::sample::child::ChildPatch;
use crate::sample::{
    Children, NewChild, NewParent, NewTicket, NewWord, ParentPatch, Parents, Tickets, WordPatch,
    Words, word,
};
use chronicle::{Error, ErrorKind, Patch};

pub(crate) async fn writes_of_several_tables_are_made_together(fixture: &Fixture) {
    let store = fixture.store();
    let (parents, children, words) = (Parents::new(store), Children::new(store), Words::new(store));
    words.insert_many([NewWord::new("kept"), NewWord::new("gone")]).await.unwrap();
    let (ada, first) = store
        .transaction(|writes| {
            let ada = writes.of::<Parents>().insert(NewParent::new("Ada"))?;
            let mut children = writes.of::<Children>();
            let first = children.insert(NewChild::new(ada, "first", 1))?;
            children.insert(NewChild::new(ada, "second", 2))?;
            children.update(first, ChildPatch::new().rank(7))?;
            let mut words = writes.of::<Words>();
            words.update("kept", WordPatch::new().stars(3))?;
            words.delete("gone")?;
            words.delete("never there")?;
            words.insert_if_absent(NewWord::new("kept").stars(9))?;
            words.upsert(NewWord::new("new").stars(4))?;
            Ok((ada, first))
        })
        .await
        .unwrap();
    assert_eq!(parents.get(ada).await.unwrap().unwrap().name, "Ada");
    assert_eq!(children.get(first).await.unwrap().unwrap().rank, 7);
    assert_eq!(children.find_by_parent_id(ada).count().await.unwrap(), 2);
    let stars = |word: Option<word::Model>| word.map(|word| word.stars);
    assert_eq!(stars(words.get("kept").await.unwrap()), Some(3));
    assert_eq!(stars(words.get("gone").await.unwrap()), None);
    assert_eq!(stars(words.get("new").await.unwrap()), Some(4));
}

pub(crate) async fn what_is_refused_takes_all_back(fixture: &Fixture) {
    let store = fixture.store();
    let (parents, children) = (Parents::new(store), Children::new(store));
    let ada = parents.insert(NewParent::new("Ada")).await.unwrap();
    let bob = NewParent::new("Bob");
    let error = store
        .transaction(|writes| {
            let id = writes.of::<Parents>().insert(bob.clone())?;
            writes.of::<Parents>().update(ada.id, ParentPatch::new().note("changed"))?;
            writes.of::<Children>().insert(NewChild::new(id, "bad", -1))
        })
        .await;
    refused(error, ErrorKind::Check);
    let error = store
        .transaction(|writes| {
            writes.of::<Parents>().update(ada.id, ParentPatch::new().note("changed"))?;
            writes.of::<Parents>().insert(NewParent::new("Ada"))
        })
        .await;
    refused(error, ErrorKind::Unique);
    assert_eq!(parents.find().all().await.unwrap(), [ada]);
    assert_eq!(children.find().count().await.unwrap(), 0);
    // The same again, without what was refused.
    store.transaction(|writes| writes.of::<Parents>().insert(bob)).await.unwrap();
    assert_eq!(parents.find().count().await.unwrap(), 2);
}

pub(crate) async fn an_update_has_to_find_its_row(fixture: &Fixture) {
    let store = fixture.store();
    let words = Words::new(store);
    let error = store
        .transaction(|writes| {
            writes.of::<Words>().insert(NewWord::new("a"))?;
            writes.of::<Words>().update("missing", WordPatch::new().stars(1))
        })
        .await
        .unwrap_err();
    assert_eq!((error.kind(), error.table()), (ErrorKind::NotFound, Some("words")), "{error}");
    assert_eq!(words.find().count().await.unwrap(), 0);
    // An empty patch asks for nothing.
    let empty =
        store.transaction(|writes| writes.of::<Words>().update("missing", WordPatch::new()));
    empty.await.unwrap();
}

pub(crate) async fn the_closure_decides(fixture: &Fixture) {
    let store = fixture.store();
    let words = Words::new(store);
    let error = store
        .transaction(|writes| -> chronicle::Result<()> {
            writes.of::<Words>().insert(NewWord::new("a"))?;
            Err(Error::new(ErrorKind::Conflict, "not today"))
        })
        .await
        .unwrap_err();
    assert_eq!((error.kind(), error.message()), (ErrorKind::Conflict, "not today"));
    let error = store.transaction(|writes| writes.of::<Words>().insert(NewWord::new("\0"))).await;
    assert_eq!(error.unwrap_err().kind(), ErrorKind::InvalidInput);
    let counted =
        store.transaction(|writes| writes.of::<Tickets>().insert(NewTicket::new(1))).await;
    let error = counted.unwrap_err();
    assert_eq!((error.kind(), error.table()), (ErrorKind::Unsupported, Some("tickets")), "{error}");
    assert_eq!(store.transaction(|_| Ok(7)).await.unwrap(), 7, "nothing is asked for");
    assert_eq!(words.find().count().await.unwrap(), 0);
}

pub(crate) async fn columns_are_added_to(fixture: &Fixture) {
    let store = fixture.store();
    let words = Words::new(store);
    words.insert_many([NewWord::new("a").stars(5), NewWord::new("b")]).await.unwrap();
    let add = |stars| {
        let mut patch = Patch::<word::Model>::new();
        patch.add(Words::STARS, stars);
        patch
    };
    assert_eq!(words.update("a", add(-2)).await.unwrap(), 1);
    assert_eq!(words.update("missing", add(1)).await.unwrap(), 0);
    store
        .transaction(|writes| {
            writes.of::<Words>().update("a", add(10))?;
            writes.of::<Words>().update("b", add(1))?;
            writes.of::<Words>().update("a", add(100))
        })
        .await
        .unwrap();
    let error = words.update("a", add(i32::MAX)).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidInput, "{error}");
    assert_eq!(words.get("a").await.unwrap().unwrap().stars, 113);
    assert_eq!(words.get("b").await.unwrap().unwrap().stars, 1);
}

//! `#[repository(soft_delete)]`: what a delete sets, who sees it, and what brings a row back.

use crate::expected::refused;
use crate::fixture::Fixture;
use crate::sample::{Folders, MemoId, MemoPatch, Memos, NewFolder, NewMemo, memo};
use chronicle::ErrorKind;

async fn memos(fixture: &Fixture, texts: &[&str]) -> (Memos, Vec<MemoId>) {
    let memos = Memos::new(fixture.store());
    let new = texts.iter().enumerate();
    let new = new.map(|(stars, text)| NewMemo::new(*text, i32::try_from(stars).unwrap()));
    let keys = memos.insert_many(new).await.unwrap();
    (memos, keys)
}

fn texts(mut memos: Vec<memo::Model>) -> Vec<String> {
    memos.sort_by_key(|memo| memo.stars);
    memos.into_iter().map(|memo| memo.text).collect()
}

pub(crate) async fn a_delete_hides_a_row(fixture: &Fixture) {
    let (memos, keys) = memos(fixture, &["a", "b", "c"]).await;
    let before = memos.get(keys[1]).await.unwrap().unwrap();
    assert_eq!(memos.delete(keys[1]).await.unwrap(), 1);

    assert_eq!(memos.get(keys[1]).await.unwrap(), None);
    assert_eq!(memos.get_by_text("b").await.unwrap(), None);
    assert_eq!(memos.find_by_stars(1).count().await.unwrap(), 0);
    assert_eq!(memos.find_by_stars_in([0, 1]).count().await.unwrap(), 1);
    assert_eq!(texts(memos.find().all().await.unwrap()), ["a", "c"]);
    assert_eq!(memos.list().count().await.unwrap(), 2);
    assert!(!memos.find().filter(Memos::ID.eq(keys[1])).exists().await.unwrap());
    assert_eq!(texts(memos.run(Memos::query()).all().await.unwrap()), ["a", "c"]);

    let deleted = memos.find().with_deleted().filter(Memos::DELETED_AT.is_not_null());
    let deleted = deleted.one().await.unwrap();
    assert_eq!(deleted.id, keys[1]);
    assert_eq!(deleted.text, "b");
    assert!(deleted.deleted_at.unwrap() >= before.updated_at);
    assert!(deleted.updated_at >= before.updated_at);

    // Once more changes nothing, not even the time.
    assert_eq!(memos.delete(keys[1]).await.unwrap(), 0);
    assert_eq!(memos.delete(MemoId::generate()).await.unwrap(), 0);
    let again = memos.find_by_stars(1).with_deleted().one().await.unwrap();
    assert_eq!(again, deleted);
}

pub(crate) async fn a_deleted_row_comes_back_or_goes(fixture: &Fixture) {
    let (memos, keys) = memos(fixture, &["a", "b"]).await;
    memos.delete(keys[0]).await.unwrap();
    assert_eq!(memos.restore(keys[0]).await.unwrap(), 1);
    let restored = memos.get(keys[0]).await.unwrap().unwrap();
    assert_eq!((restored.text.as_str(), restored.deleted_at), ("a", None));
    assert_eq!(memos.restore(MemoId::generate()).await.unwrap(), 0);

    memos.delete(keys[0]).await.unwrap();
    assert_eq!(memos.purge(keys[0]).await.unwrap(), 1);
    assert_eq!(memos.purge(keys[1]).await.unwrap(), 1, "it need not be deleted softly before");
    assert_eq!(memos.purge(keys[1]).await.unwrap(), 0);
    assert_eq!(memos.find().with_deleted().count().await.unwrap(), 0);
}

pub(crate) async fn deletes_by_a_condition(fixture: &Fixture) {
    let (memos, keys) = memos(fixture, &["a", "b", "c", "d"]).await;
    memos.delete(keys[1]).await.unwrap();
    assert_eq!(memos.delete_where(Memos::STARS.le(2)).await.unwrap(), 2);
    assert_eq!(texts(memos.find().all().await.unwrap()), ["d"]);
    assert_eq!(memos.delete_all().await.unwrap(), 1);
    assert_eq!(memos.delete_all().await.unwrap(), 0);
    assert_eq!(memos.find().count().await.unwrap(), 0);
    assert_eq!(memos.find().with_deleted().count().await.unwrap(), 4);
}

pub(crate) async fn updates_leave_deleted_rows_alone(fixture: &Fixture) {
    let (memos, keys) = memos(fixture, &["a", "b"]).await;
    let before = memos.get(keys[0]).await.unwrap().unwrap();
    memos.delete(keys[0]).await.unwrap();
    let patch = || MemoPatch::new().stars(7);
    assert_eq!(memos.update(keys[0], patch()).await.unwrap(), 0);
    assert_eq!(memos.update_returning(keys[0], patch()).await.unwrap(), None);
    assert_eq!(memos.update_returning(keys[0], MemoPatch::new()).await.unwrap(), None);
    let more = || MemoPatch::new().stars(chronicle::add(1));
    assert_eq!(memos.update_returning(keys[0], more()).await.unwrap(), None);
    assert_eq!(memos.update(keys[0], more()).await.unwrap(), 0);
    assert_eq!(memos.update_where(Memos::STARS.lt(5), patch()).await.unwrap(), 1);
    assert_eq!(memos.update_all(patch()).await.unwrap(), 1);
    let mut after = before.clone();
    after.stars = 9;
    refused(memos.save(&before, after).await, ErrorKind::NotFound);
    let deleted = memos.find_by_stars(0).with_deleted().one().await.unwrap();
    assert_eq!(deleted.id, keys[0]);
    assert_eq!(memos.get(keys[1]).await.unwrap().unwrap().stars, 7);
}

pub(crate) async fn inserts_beside_deleted_rows(fixture: &Fixture) {
    let (memos, keys) = memos(fixture, &["a"]).await;
    memos.delete(keys[0]).await.unwrap();
    refused(memos.insert(NewMemo::new("new", 1).id(keys[0])).await, ErrorKind::Unique);
    assert!(!memos.insert_if_absent(NewMemo::new("new", 1).id(keys[0])).await.unwrap());
    assert_eq!(memos.get(keys[0]).await.unwrap(), None);
    // All its values are given to the row, and none of them says that it is deleted.
    let stored = memos.upsert(NewMemo::new("new", 1).id(keys[0])).await.unwrap();
    assert_eq!(memos.get(keys[0]).await.unwrap(), Some(stored));
}

pub(crate) async fn several_writes_together(fixture: &Fixture) {
    let store = fixture.store();
    let (memos, keys) = memos(fixture, &["a", "b"]).await;
    store
        .transaction(|writes| {
            let mut memos = writes.of::<Memos>();
            memos.delete(keys[0])?;
            memos.delete(MemoId::generate())?;
            memos.update(keys[1], MemoPatch::new().stars(7))
        })
        .await
        .unwrap();
    assert_eq!(texts(memos.find().all().await.unwrap()), ["b"]);
    assert_eq!(memos.find().with_deleted().count().await.unwrap(), 2);
    // A row that is deleted is none that is there.
    let late = store.transaction(|writes| {
        let mut memos = writes.of::<Memos>();
        memos.update(keys[1], MemoPatch::new().stars(8))?;
        memos.update(keys[0], MemoPatch::new().stars(8))
    });
    refused(late.await, ErrorKind::NotFound);
    assert_eq!(memos.get(keys[1]).await.unwrap().unwrap().stars, 7);
}

pub(crate) async fn related_rows_that_are_deleted(fixture: &Fixture) {
    let folders = Folders::new(fixture.store());
    let memos = Memos::new(fixture.store());
    let folder = folders.insert(NewFolder::new("a")).await.unwrap();
    let other = folders.insert(NewFolder::new("b")).await.unwrap();
    for (stars, folder) in [(0, &folder), (1, &folder), (2, &other)] {
        let memo = NewMemo::new(format!("memo {stars}"), stars).folder_id(folder.id);
        memos.insert(memo).await.unwrap();
    }
    memos.delete_where(Memos::STARS.eq(1)).await.unwrap();
    let found =
        folders.find().order_by(Folders::ID.asc()).with(Folders::MEMOS).all().await.unwrap();
    let found: Vec<_> = found
        .into_iter()
        .map(|(folder, memos)| (folder.name, memos.into_iter().map(|memo| memo.stars).collect()))
        .collect();
    let mut expected: Vec<(String, Vec<i32>)> = vec![("a".into(), vec![0]), ("b".into(), vec![2])];
    if other.id < folder.id {
        expected.reverse();
    }
    assert_eq!(found, expected);

    // Soft deletes do not cascade: a memo outlives its folder, and has none.
    folders.delete(other.id).await.unwrap();
    let found = memos.find().order_by(Memos::STARS.asc()).with(Memos::FOLDER).all().await.unwrap();
    let found: Vec<_> = found
        .into_iter()
        .map(|(memo, folder)| (memo.stars, folder.map(|folder| folder.name)))
        .collect();
    assert_eq!(found, [(0, Some("a".to_owned())), (2, None)]);
    assert_eq!(folders.find().with(Folders::MEMOS).all().await.unwrap().len(), 1);
}

pub(crate) async fn conditions_on_related_rows_that_are_deleted(fixture: &Fixture) {
    let folders = Folders::new(fixture.store());
    let memos = Memos::new(fixture.store());
    let folder = folders.insert(NewFolder::new("a")).await.unwrap();
    let stored = memos.insert(NewMemo::new("one", 1).folder_id(folder.id)).await.unwrap();
    let count = async |filter| folders.find().filter(filter).count().await.unwrap();
    assert_eq!(count(Folders::MEMOS.exists()).await, 1);
    memos.delete(stored.id).await.unwrap();
    assert_eq!(count(Folders::MEMOS.exists()).await, 0);
    assert_eq!(count(Folders::MEMOS.any(Memos::STARS.ge(0))).await, 0);
    assert_eq!(count(!Folders::MEMOS.any(Memos::STARS.ge(0))).await, 1);
    memos.restore(stored.id).await.unwrap();
    assert_eq!(count(Folders::MEMOS.any(Memos::STARS.ge(0))).await, 1);

    let count = async |filter| memos.find().filter(filter).count().await.unwrap();
    assert_eq!(count(Memos::FOLDER.is(Folders::NAME.eq("a"))).await, 1);
    folders.delete(folder.id).await.unwrap();
    assert_eq!(count(Memos::FOLDER.is(Folders::NAME.eq("a"))).await, 0);
    assert_eq!(count(!Memos::FOLDER.exists()).await, 1);
    folders.restore(folder.id).await.unwrap();
    assert_eq!(count(Memos::FOLDER.exists()).await, 1);
}

#[derive(Debug, PartialEq, chronicle::Selected)]
#[repository(of = "Memos")]
struct Line {
    text: String,
}

pub(crate) async fn pages_and_some_columns(fixture: &Fixture) {
    let (memos, keys) = memos(fixture, &["a", "b", "c", "d", "e"]).await;
    memos.delete(keys[1]).await.unwrap();
    memos.delete(keys[3]).await.unwrap();
    let by_stars = || memos.find().order_by(Memos::STARS.asc());
    let page = by_stars().page(2).await.unwrap();
    assert_eq!(texts(page.rows), ["a", "c"]);
    let rest = by_stars().after(page.next.unwrap()).page(2).await.unwrap();
    assert_eq!((texts(rest.rows), rest.next), (vec!["e".to_owned()], None));
    let lines = by_stars().select::<Line>().all().await.unwrap();
    let lines: Vec<_> = lines.iter().map(|line| line.text.as_str()).collect();
    assert_eq!(lines, ["a", "c", "e"]);
    let all = by_stars().with_deleted().select::<Line>().all().await.unwrap();
    assert_eq!(all.len(), 5);
    assert_eq!(memos.find().sum(Memos::STARS).await.unwrap(), 6);
    assert_eq!(memos.find().with_deleted().sum(Memos::STARS).await.unwrap(), 10);
}

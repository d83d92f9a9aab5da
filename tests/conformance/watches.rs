//! Queries whose rows come again after each change.

use crate::fixture::Fixture;
use crate::sample::{
    Children, FactPatch, Facts, NewChild, NewFact, NewParent, ParentPatch, Parents,
};
use chronicle::futures::{BoxStream, StreamExt};
use chronicle::{ErrorKind, Result, Selected};
use std::fmt::Debug;
use std::time::Duration;

/// How long a change may take to be told.
const PATIENCE: Duration = Duration::from_secs(30);

/// What a watched query has given last.
struct Lists<T> {
    stream: BoxStream<'static, Result<Vec<T>>>,
    last: Option<Vec<T>>,
}

impl<T: Debug + PartialEq> Lists<T> {
    fn of(stream: BoxStream<'static, Result<Vec<T>>>) -> Self {
        Self { stream, last: None }
    }

    /// Waits for rows that are so. None come twice in a row.
    async fn until(&mut self, so: impl Fn(&[T]) -> bool) {
        loop {
            let next = tokio::time::timeout(PATIENCE, self.stream.next()).await;
            let next = next.unwrap_or_else(|_| panic!("no other rows than {:?}", self.last));
            let rows = next.expect("the stream goes on").unwrap();
            assert_ne!(self.last.as_ref(), Some(&rows), "nothing has changed");
            let is_so = so(&rows);
            self.last = Some(rows);
            if is_so {
                return;
            }
        }
    }

    async fn until_ended(&mut self) {
        let next = tokio::time::timeout(PATIENCE, self.stream.next()).await;
        assert!(next.expect("the stream ends").is_none());
    }
}

pub(crate) async fn rows_come_again_after_each_change(fixture: &Fixture) {
    let facts = Facts::new(fixture.store());
    let find = facts.find().filter(Facts::NUMBER.ge(5)).order_by(Facts::NUMBER.desc()).limit(2);
    let mut lists = Lists::of(find.watch());
    let ids = |expected: &'static [i64]| {
        move |rows: &[crate::sample::fact::Model]| {
            rows.iter().map(|fact| fact.id).eq(expected.iter().copied())
        }
    };
    lists.until(ids(&[])).await;
    facts.insert(NewFact::new(1).number(5)).await.unwrap();
    lists.until(ids(&[1])).await;
    // Not among what is asked for.
    facts.insert(NewFact::new(2).number(4)).await.unwrap();
    facts.insert_many([NewFact::new(3).number(7), NewFact::new(4).number(6)]).await.unwrap();
    lists.until(ids(&[3, 4])).await;
    facts.update(2, FactPatch::new().number(8)).await.unwrap();
    lists.until(ids(&[2, 3])).await;
    facts.update(3, FactPatch::new().text("seen")).await.unwrap();
    lists.until(|rows| rows[1].text.as_deref() == Some("seen")).await;
    facts.delete(2).await.unwrap();
    lists.until(ids(&[3, 4])).await;
    facts.delete_where(Facts::NUMBER.ge(0)).await.unwrap();
    lists.until(ids(&[])).await;
}

#[derive(Clone, Debug, PartialEq, Selected)]
#[repository(of = "Facts")]
struct Text {
    text: Option<String>,
}

pub(crate) async fn only_what_is_asked_for_is_compared(fixture: &Fixture) {
    let facts = Facts::new(fixture.store());
    facts.insert(NewFact::new(1).number(1).text("one")).await.unwrap();
    let mut lists = Lists::of(facts.find().select::<Text>().watch());
    lists.until(|rows| rows.len() == 1).await;
    facts.update(1, FactPatch::new().number(2)).await.unwrap();
    facts.update(1, FactPatch::new().text("two")).await.unwrap();
    lists.until(|rows| rows[0].text.as_deref() == Some("two")).await;
}

pub(crate) async fn related_rows_come_again_too(fixture: &Fixture) {
    let (parents, children) = (Parents::new(fixture.store()), Children::new(fixture.store()));
    let id = parents.insert(NewParent::new("ada")).await.unwrap().id;
    let mut lists = Lists::of(parents.find().with(Parents::CHILDREN).watch());
    lists.until(|rows| rows.len() == 1 && rows[0].1.is_empty()).await;
    let child = children.insert(NewChild::new(id, "a1", 5)).await.unwrap();
    lists.until(|rows| rows[0].1.len() == 1).await;
    parents.update(id, ParentPatch::new().name("eve")).await.unwrap();
    lists.until(|rows| rows[0].0.name == "eve").await;
    children.delete(child.id).await.unwrap();
    lists.until(|rows| rows[0].1.is_empty()).await;
}

pub(crate) async fn a_closed_store_ends_them(fixture: &Fixture) {
    let facts = Facts::new(fixture.store());
    let mut some = Lists::of(facts.find().watch());
    let mut others = Lists::of(facts.find().filter(Facts::ID.eq(1)).watch());
    some.until(<[_]>::is_empty).await;
    others.until(<[_]>::is_empty).await;
    let ending = async {
        tokio::time::sleep(Duration::from_millis(20)).await;
        fixture.store().close().await.unwrap();
    };
    tokio::join!(ending, some.until_ended());
    others.until_ended().await;
    let mut late = facts.find().watch();
    let error = late.next().await.unwrap().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable, "{error}");
}

//! Some columns of each row.

use crate::fixture::Fixture;
use crate::sample::{Facts, Line, Lines, NewFact, NewLine};
use chronicle::Selected;
use futures_util::TryStreamExt;

#[derive(Clone, Debug, PartialEq, Selected)]
#[repository(of = "Facts")]
struct Said {
    /// Not in the order of the record's fields, and under a name of its own.
    #[repository(field = "text")]
    words: Option<String>,
    number: Option<i32>,
}

async fn facts(fixture: &Fixture, rows: i64) -> Facts {
    let facts = Facts::new(fixture.store());
    let rows = (0..rows).map(|id| {
        let row = NewFact::new(id).number(i32::try_from(id % 7).unwrap());
        if id % 2 == 0 { row.text(format!("{id}")) } else { row }
    });
    facts.insert_many(rows).await.unwrap();
    facts
}

fn said(id: i64) -> Said {
    Said {
        words: (id % 2 == 0).then(|| id.to_string()),
        number: Some(i32::try_from(id % 7).unwrap()),
    }
}

pub(crate) async fn some_columns_of_each_row(fixture: &Fixture) {
    let facts = facts(fixture, 10).await;
    let find = || facts.find().select::<Said>();
    assert_eq!(find().all().await.unwrap(), (0..10).map(said).collect::<Vec<_>>());
    assert_eq!(find().filter(Facts::ID.eq(4)).one().await.unwrap(), said(4));
    let last = find().order_by(Facts::ID.desc());
    assert_eq!(last.clone().first().await.unwrap(), Some(said(9)));
    assert_eq!(last.limit(2).offset(1).all().await.unwrap(), [said(8), said(7)]);
    assert_eq!(find().filter(Facts::ID.eq(11)).optional().await.unwrap(), None);
    assert_eq!(find().count().await.unwrap(), 10);
    assert!(find().exists().await.unwrap());
}

/// The place of a page needs columns that were not asked for.
pub(crate) async fn pages_of_some_columns(fixture: &Fixture) {
    let facts = facts(fixture, 30).await;
    let mut sorted: Vec<i64> = (0..30).collect();
    sorted.sort_by_key(|id| (id % 7, *id));
    let find = || facts.find().order_by(Facts::NUMBER.asc()).select::<Said>();
    let expected: Vec<Said> = sorted.iter().copied().map(said).collect();
    let page = find().page(4).await.unwrap();
    assert_eq!(page.rows, expected[..4]);
    let cursor = page.next.unwrap();
    // It is the same place for whole rows.
    let whole = facts.find().order_by(Facts::NUMBER.asc()).after(cursor.clone());
    assert_eq!(whole.first().await.unwrap().unwrap().id, sorted[4]);
    let rest: Vec<Said> = find().after(cursor).stream().try_collect().await.unwrap();
    assert_eq!(rest, expected[4..]);
}

pub(crate) async fn some_columns_of_long_lists(fixture: &Fixture) {
    let facts = facts(fixture, 3_000).await;
    let list: Vec<i64> = (1_000..6_000).collect();
    let find = || facts.find().filter(Facts::ID.is_in(list.clone())).select::<Said>();
    let expected: Vec<Said> = (1_000..3_000).map(said).collect();
    assert_eq!(find().all().await.unwrap(), expected);
    assert_eq!(find().limit(10).offset(5).all().await.unwrap(), expected[5..15]);
}

#[derive(Clone, Debug, PartialEq, Eq, Selected)]
#[repository(of = "Lines")]
struct Part {
    number: i32,
}

pub(crate) async fn some_columns_below_a_key_of_several(fixture: &Fixture) {
    let lines = Lines::new(fixture.store());
    let rows = (0..5).map(|number| NewLine::new("sheet", number, "red", "text"));
    lines.insert_many(rows).await.unwrap();
    let parts = lines.find().select::<Part>().all().await.unwrap();
    assert_eq!(parts, (0..5).map(|number| Part { number }).collect::<Vec<_>>());
    let page = lines.find().select::<Part>().page(2).await.unwrap();
    let rest = lines.find().select::<Part>().after(page.next.unwrap()).all().await.unwrap();
    assert_eq!(rest.len(), 3);
    assert_eq!(
        lines.find().all().await.unwrap().iter().map(|line: &Line| line.number).max(),
        Some(4)
    );
}

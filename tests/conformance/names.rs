//! Names of tables and columns that mean something else elsewhere.

use crate::fixture::Fixture;
use crate::sample::{NewOddThing, OddThingPatch, OddThings};
use futures_util::TryStreamExt;
use serde_json::json;

fn row(at: i32) -> NewOddThing {
    let text = |name: &str| format!("{name} {at}");
    NewOddThing::new(
        at,
        at * 2,
        text("and"),
        text("type"),
        text("dotted"),
        text("upper"),
        text("comma"),
        text("accented"),
        json!({"k": text("arrow")}),
    )
    .spaced(text("spaced"))
}

pub(crate) async fn odd_names_in_every_operation(fixture: &Fixture) {
    let things = OddThings::new(fixture.store());
    let thing = things.insert(row(1).order(5)).await.unwrap();
    assert_eq!(things.get(thing.key).await.unwrap(), Some(thing.clone()));
    things.insert_many((2..5).map(row)).await.unwrap();
    assert!(!things.insert_if_absent(row(9).key(thing.key)).await.unwrap());
    let replaced = things.upsert(row(1).key(thing.key)).await.unwrap();
    assert_eq!(things.get(thing.key).await.unwrap(), Some(replaced));
    let patch = OddThingPatch::new()
        .select(7)
        .order(8)
        .limit(9)
        .and("and")
        .r#type("type")
        .dotted("dotted")
        .clear_spaced()
        .upper("upper")
        .comma("comma")
        .accented("accented")
        .arrow(json!({"k": "arrow"}));
    assert_eq!(things.update(thing.key, patch).await.unwrap(), 1);
    let changed = things.get(thing.key).await.unwrap().unwrap();
    assert_eq!((changed.select, changed.order, changed.limit), (7, Some(8), 9));
    assert_eq!((changed.spaced, changed.accented.as_str()), (None, "accented"));
    assert_eq!(things.delete_where(OddThings::DOTTED.eq("dotted 2")).await.unwrap(), 1);
    assert_eq!(things.delete(thing.key).await.unwrap(), 1);
    assert_eq!(things.delete_all().await.unwrap(), 2);
}

pub(crate) async fn odd_names_in_filters(fixture: &Fixture) {
    let things = OddThings::new(fixture.store());
    things.insert_many((0..4).map(row)).await.unwrap();
    for filter in [
        OddThings::SELECT.eq(2),
        OddThings::LIMIT.eq(4),
        OddThings::AND.eq("and 2"),
        OddThings::TYPE.eq("type 2"),
        OddThings::DOTTED.ends_with("2"),
        OddThings::SPACED.contains("d 2"),
        OddThings::UPPER.starts_with("upper 2"),
        OddThings::COMMA.is_in(["comma 2", "comma 7"]),
        OddThings::ACCENTED.eq("accented 2"),
        OddThings::ARROW.key("k").eq("arrow 2"),
    ] {
        for filter in [
            filter.clone(),
            filter.clone().or(OddThings::SELECT.eq(-1)),
            !(!filter.clone()).or(OddThings::ORDER.is_not_null()),
        ] {
            let found = things.find().filter(filter.clone()).one().await;
            let found = found.unwrap_or_else(|error| panic!("{filter:?}: {error}"));
            assert_eq!(found.select, 2, "{filter:?}");
        }
    }
    assert_eq!(things.find().filter(OddThings::ORDER.is_null()).count().await.unwrap(), 4);
}

pub(crate) async fn odd_names_in_orders_and_pages(fixture: &Fixture) {
    let things = OddThings::new(fixture.store());
    things
        .insert_many((0..9).map(|at| if at % 3 == 0 { row(at) } else { row(at).order(at % 2) }))
        .await
        .unwrap();
    let find = things.find().order_by(OddThings::ORDER.desc()).order_by(OddThings::SELECT.asc());
    let pages: Vec<_> = find.pages(2).try_collect().await.unwrap();
    let found: Vec<_> =
        pages.into_iter().flat_map(|page| page.rows).map(|row| row.select).collect();
    assert_eq!(found, [1, 5, 7, 2, 4, 8, 0, 3, 6]);
}

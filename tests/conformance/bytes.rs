//! Text that sorts by its bytes, on every backend.

use crate::fixture::Fixture;
use crate::sample::title::{Model as Title, Subtitle};
use crate::sample::{NewTitle, Titles};
use crate::texts::TEXTS;
use chronicle::{Filter, count};
use futures_util::TryStreamExt;

/// Texts that collations sort otherwise than bytes do, and odd ones; each once.
fn texts() -> Vec<String> {
    let more = [
        "a",
        "B",
        "b",
        "A",
        "ä",
        "Z",
        "z",
        "_",
        "-",
        "a b",
        "ab",
        "\u{10ffff}",
        "\u{ffff}",
        "é",
        "e\u{301}",
    ];
    let mut texts: Vec<String> = TEXTS.iter().chain(&more).map(|text| (*text).to_owned()).collect();
    texts.sort_unstable();
    texts.dedup();
    texts
}

/// Every text as a title; as subtitles those in turn, and NULL.
async fn titles(fixture: &Fixture) -> (Titles, Vec<Title>) {
    let titles = Titles::new(fixture.store());
    let texts = texts();
    let row = |(at, title): (usize, &String)| {
        let new = NewTitle::new(title.as_str()).rank(i32::try_from(at % 3).unwrap());
        match at % 4 {
            0 => new,
            _ => new.subtitle(Subtitle(texts[at * 7 % texts.len()].clone())),
        }
    };
    let rows: Vec<NewTitle> = texts.iter().enumerate().map(row).collect();
    let rows: Vec<Title> = rows.into_iter().map(Title::from).collect();
    // Not in their order.
    titles.insert_many(rows.iter().rev().cloned()).await.unwrap();
    (titles, rows)
}

fn subtitle(row: &Title) -> Option<&str> {
    row.subtitle.as_ref().map(|text| text.0.as_str())
}

pub(crate) async fn text_sorts_by_its_bytes(fixture: &Fixture) {
    let (titles, mut rows) = titles(fixture).await;
    assert_eq!(titles.find().all().await.unwrap(), rows);
    let found = titles.find().order_by(Titles::TITLE.desc()).limit(5).all().await.unwrap();
    assert_eq!(found, rows.iter().rev().take(5).cloned().collect::<Vec<_>>());

    rows.sort_by(|a, b| subtitle(a).cmp(&subtitle(b)).then(a.title.cmp(&b.title)));
    let find = titles.find().order_by(Titles::SUBTITLE.asc());
    assert_eq!(find.all().await.unwrap(), rows);
    rows.sort_by(|a, b| {
        let nulls = b.subtitle.is_none().cmp(&a.subtitle.is_none());
        nulls.then(subtitle(b).cmp(&subtitle(a))).then(b.title.cmp(&a.title))
    });
    let find = titles.find().order_by(Titles::SUBTITLE.desc().nulls_first());
    assert_eq!(find.clone().all().await.unwrap(), rows);
    let some = find.offset(3).limit(4).all().await.unwrap();
    assert_eq!(some, rows[3..7]);
}

pub(crate) async fn pages_of_sorted_text(fixture: &Fixture) {
    let (titles, mut rows) = titles(fixture).await;
    rows.sort_by(|a, b| {
        let nulls = a.subtitle.is_none().cmp(&b.subtitle.is_none());
        a.rank
            .cmp(&b.rank)
            .then(nulls)
            .then(subtitle(a).cmp(&subtitle(b)))
            .then(a.title.cmp(&b.title))
    });
    for size in [1, 3, 7, 100] {
        let find = titles.find().order_by(Titles::RANK.asc());
        let find = find.order_by(Titles::SUBTITLE.asc().nulls_last());
        let pages: Vec<_> = find.pages(size).try_collect().await.unwrap();
        let found: Vec<Title> = pages.into_iter().flat_map(|page| page.rows).collect();
        assert_eq!(found, rows, "pages of {size}");
    }
}

pub(crate) async fn comparisons_of_text(fixture: &Fixture) {
    let (titles, rows) = titles(fixture).await;
    let find = |filter: Filter<Title>| {
        let find = titles.find().filter(filter);
        async move { find.all().await.unwrap() }
    };
    let expected = |matches: &dyn Fn(&Title) -> bool| -> Vec<Title> {
        rows.iter().filter(|row| matches(row)).cloned().collect()
    };
    for text in ["B", "a", "ä", "\u{ffff}", "", "%", "m"] {
        let of = |row: &Title| row.title.as_str().cmp(text);
        assert_eq!(find(Titles::TITLE.lt(text)).await, expected(&|row| of(row).is_lt()), "{text}");
        assert_eq!(find(Titles::TITLE.le(text)).await, expected(&|row| of(row).is_le()), "{text}");
        assert_eq!(find(Titles::TITLE.gt(text)).await, expected(&|row| of(row).is_gt()), "{text}");
        assert_eq!(find(Titles::TITLE.ge(text)).await, expected(&|row| of(row).is_ge()), "{text}");
        let below = !Titles::SUBTITLE.ge(Subtitle(text.to_owned()));
        let is_below = |row: &Title| subtitle(row).is_some_and(|subtitle| subtitle < text);
        assert_eq!(find(below).await, expected(&is_below), "{text}");
        let either = Titles::TITLE.gt(text).or(Titles::SUBTITLE.is_null());
        let is_either = |row: &Title| of(row).is_gt() || row.subtitle.is_none();
        assert_eq!(find(either).await, expected(&is_either), "{text}");
        let count = titles.find().filter(Titles::TITLE.lt(text)).count().await.unwrap();
        assert_eq!(count, expected(&|row| of(row).is_lt()).len() as u64);
    }
    let between = find(Titles::TITLE.between("B", "a")).await;
    assert_eq!(between, expected(&|row| ("B"..="a").contains(&row.title.as_str())));
}

pub(crate) async fn the_first_and_the_last_text(fixture: &Fixture) {
    let (titles, rows) = titles(fixture).await;
    let first = rows.iter().filter_map(|row| row.subtitle.clone()).min_by(|a, b| a.0.cmp(&b.0));
    assert_eq!(titles.find().min(Titles::SUBTITLE).await.unwrap(), first);
    let last = rows.last().map(|row| row.title.clone());
    assert_eq!(titles.find().max(Titles::TITLE).await.unwrap(), last);
    let by_text =
        titles.find().aggregate((count(), Titles::TITLE.min())).group_by(Titles::SUBTITLE);
    let found = by_text.all().await.unwrap();
    assert!(found.is_sorted_by(|a, b| a.0.as_ref().map(|it| &it.0) < b.0.as_ref().map(|it| &it.0)));
    let of_none = rows.iter().filter(|row| row.subtitle.is_none()).count() as u64;
    assert_eq!((&found[0].0, found[0].1.0), (&None, of_none));
}

pub(crate) async fn long_lists_of_sorted_text(fixture: &Fixture) {
    let titles = Titles::new(fixture.store());
    let name = |number: usize| {
        let letter = char::from(b'a' + u8::try_from(number % 26).unwrap());
        let letter = if number.is_multiple_of(2) { letter } else { letter.to_ascii_uppercase() };
        format!("{letter}-{number:03}-of-the-titles")
    };
    let mut names: Vec<String> = (0..300).map(name).collect();
    titles.insert_many(names.iter().map(NewTitle::new)).await.unwrap();
    let of_all = Titles::TITLE.is_in(&names);
    names.sort_unstable();
    let find = titles.find().filter(of_all);
    let some = find.clone().offset(95).limit(20).all().await.unwrap();
    assert_eq!(
        some.iter().map(|row| &row.title).collect::<Vec<_>>(),
        names[95..115].iter().collect::<Vec<_>>()
    );
    let found: Vec<Title> = find.stream().try_collect().await.unwrap();
    assert_eq!(
        found.iter().map(|row| &row.title).collect::<Vec<_>>(),
        names.iter().collect::<Vec<_>>()
    );
}

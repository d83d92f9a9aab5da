//! Keys of several columns.

use crate::expected::refused;
use crate::fixture::Fixture;
use crate::sample::{LinePatch, Lines, MarkPatch, Marks, NewLine, NewMark};
use chronicle::futures::{StreamExt, TryStreamExt};
use chronicle::{Ability, ErrorKind};
use chrono::NaiveDate;

fn line(sheet: &str, number: i32) -> NewLine {
    NewLine::new(sheet, number, "red", format!("{sheet} {number}"))
}

fn keys(lines: &[crate::sample::Line]) -> Vec<(&str, i32)> {
    lines.iter().map(|line| (line.sheet.as_str(), line.number)).collect()
}

fn day(number: u32) -> NaiveDate {
    NaiveDate::from_ymd_opt(2026, 1, number).unwrap()
}

pub(crate) async fn rows_have_the_key_of_all_its_columns(fixture: &Fixture) {
    let lines = Lines::new(fixture.store());
    let stored = lines.insert(line("a", 1)).await.unwrap();
    let key = ("a".to_owned(), 1);
    assert_eq!(lines.get(&key).await.unwrap(), Some(stored.clone()));
    assert_eq!(lines.get(("a", 1)).await.unwrap(), Some(stored));
    assert_eq!(lines.get(("a", 2)).await.unwrap(), None);
    assert_eq!(lines.update(("a", 1), LinePatch::new().text("new")).await.unwrap(), 1);
    assert_eq!(lines.update(("b", 1), LinePatch::new().text("new")).await.unwrap(), 0);
    assert_eq!(lines.get(("a", 1)).await.unwrap().unwrap().text, "new");
    refused(lines.insert(line("a", 1)).await, ErrorKind::Unique);
    assert_eq!(lines.delete(("a", 2)).await.unwrap(), 0);
    assert_eq!(lines.delete(("a", 1)).await.unwrap(), 1);
    assert_eq!(lines.get(("a", 1)).await.unwrap(), None);
}

pub(crate) async fn one_part_alike_is_another_row(fixture: &Fixture) {
    let lines = Lines::new(fixture.store());
    lines.insert_many([line("a", 1), line("a", 2), line("b", 1), line("b", 2)]).await.unwrap();
    lines.update(("a", 2), LinePatch::new().text("x")).await.unwrap();
    lines.delete(("b", 1)).await.unwrap();
    let left = lines.find().order_by(Lines::NUMBER.asc()).all().await.unwrap();
    assert_eq!(keys(&left), [("a", 1), ("a", 2), ("b", 2)]);
    let changed = lines.find().filter(Lines::TEXT.eq("x")).all().await.unwrap();
    assert_eq!(keys(&changed), [("a", 2)]);
    let of_a_sheet = Lines::SHEET.eq("a");
    assert_eq!(lines.update_where(of_a_sheet, LinePatch::new().text("y")).await.unwrap(), 2);
    assert_eq!(lines.delete_where(Lines::NUMBER.eq(2)).await.unwrap(), 2);
    assert_eq!(lines.delete_all().await.unwrap(), 1);
}

pub(crate) async fn keys_of_many_rows(fixture: &Fixture) {
    let lines = Lines::new(fixture.store());
    let keys = lines.insert_many([line("b", 2), line("a", 1)]).await.unwrap();
    assert_eq!(keys, [("b".to_owned(), 2), ("a".to_owned(), 1)]);
    assert_eq!(lines.insert_many_if_absent([line("b", 2), line("b", 3)]).await.unwrap(), 1);
    let keys = lines.upsert_many([line("b", 3), line("c", 1), line("c", 1)]).await.unwrap();
    assert_eq!(keys.len(), 3);
    assert_eq!(lines.find().count().await.unwrap(), 4);
}

pub(crate) async fn many_keys_in_one_page_each(fixture: &Fixture) {
    let lines = Lines::new(fixture.store());
    let new = (0..1_300).map(|number| line(if number % 2 == 0 { "even" } else { "odd" }, number));
    lines.insert_many(new).await.unwrap();
    let all = lines.find().all().await.unwrap();
    assert_eq!(all.len(), 1_300);
    assert!(all.is_sorted_by_key(|line| (line.sheet.clone(), line.number)));
    assert_eq!(lines.update_all(LinePatch::new().text("x")).await.unwrap(), 1_300);
    assert_eq!(lines.find().filter(Lines::TEXT.eq("x")).count().await.unwrap(), 1_300);
}

pub(crate) async fn upserts_go_by_the_whole_key(fixture: &Fixture) {
    let lines = Lines::new(fixture.store());
    lines.insert_many([line("a", 1), line("a", 2)]).await.unwrap();
    let row = NewLine::new("a", 2, "blue", "replaced");
    let stored = lines.upsert(row).await.unwrap();
    assert_eq!(stored.color, "blue");
    lines.upsert(NewLine::new("b", 2, "blue", "new")).await.unwrap();
    let all = lines.find().all().await.unwrap();
    let texts: Vec<&str> = all.iter().map(|line| line.text.as_str()).collect();
    assert_eq!(texts, ["a 1", "replaced", "new"]);
}

pub(crate) async fn absence_is_of_the_whole_key(fixture: &Fixture) {
    let lines = Lines::new(fixture.store());
    assert!(lines.insert_if_absent(line("a", 1)).await.unwrap());
    assert!(!lines.insert_if_absent(line("a", 1).place(5)).await.unwrap());
    assert!(lines.insert_if_absent(line("b", 1)).await.unwrap());
    assert_eq!(lines.get(("a", 1)).await.unwrap().unwrap().place, None);
}

pub(crate) async fn pages_follow_the_whole_key(fixture: &Fixture) {
    let lines = Lines::new(fixture.store());
    let new = ["b", "a", "c"].into_iter().flat_map(|sheet| (1..=4).map(move |at| line(sheet, at)));
    lines.insert_many(new).await.unwrap();
    let mut seen = Vec::new();
    let mut pages = lines.find().pages(5);
    while let Some(page) = pages.next().await {
        seen.extend(page.unwrap().rows);
    }
    let all: Vec<(&str, i32)> =
        ["a", "b", "c"].into_iter().flat_map(|sheet| (1..=4).map(move |at| (sheet, at))).collect();
    assert_eq!(keys(&seen), all);
    let by_number = lines.find().order_by(Lines::NUMBER.desc());
    let seen: Vec<_> = by_number.pages(5).map_ok(|page| page.rows).try_concat().await.unwrap();
    assert_eq!(seen.len(), 12);
    assert!(seen.is_sorted_by_key(|line| (-line.number, std::cmp::Reverse(line.sheet.clone()))));
}

pub(crate) async fn children_of_a_key_of_several_columns(fixture: &Fixture) {
    let (lines, marks) = (Lines::new(fixture.store()), Marks::new(fixture.store()));
    lines.insert_many([line("a", 1), line("a", 2)]).await.unwrap();
    let mark = |number, sheet: &str, at| NewMark::new(number, sheet, day(at));
    marks.insert_many([mark(1, "a", 1), mark(1, "a", 2), mark(2, "a", 1)]).await.unwrap();
    if fixture.capabilities().foreign_keys == Ability::Always {
        refused(marks.insert(mark(3, "a", 1)).await, ErrorKind::ForeignKey);
    }
    let note = MarkPatch::new().note("x");
    assert_eq!(marks.update((1, "a", day(2)), note).await.unwrap(), 1);
    assert_eq!(marks.get((1, "a", day(2))).await.unwrap().unwrap().note.as_deref(), Some("x"));
    assert_eq!(lines.delete(("a", 1)).await.unwrap(), 1);
    let left = marks.find().all().await.unwrap();
    assert_eq!(left.iter().map(|mark| mark.number).collect::<Vec<_>>(), [2]);
}

pub(crate) async fn columns_unique_together(fixture: &Fixture) {
    let lines = Lines::new(fixture.store());
    let placed = |number, color: &str, place| NewLine::new("a", number, color, "t").place(place);
    lines
        .insert_many([placed(1, "red", 1), placed(2, "red", 2), placed(3, "blue", 1)])
        .await
        .unwrap();
    refused(lines.insert(placed(4, "red", 1)).await, ErrorKind::Unique);
    refused(lines.update(("a", 2), LinePatch::new().place(1)).await, ErrorKind::Unique);
    refused(lines.update(("a", 3), LinePatch::new().color("red")).await, ErrorKind::Unique);
    // NULL is equal to nothing.
    lines.insert_many([line("b", 1), line("b", 2)]).await.unwrap();
}

pub(crate) async fn places_are_swapped(fixture: &Fixture) {
    let lines = Lines::new(fixture.store());
    let placed = |number, place| NewLine::new("a", number, "red", "t").place(place);
    lines.insert_many([placed(1, 1), placed(2, 2)]).await.unwrap();
    for (number, place) in [(1, 9), (2, 1), (1, 2)] {
        lines.update(("a", number), LinePatch::new().place(place)).await.unwrap();
    }
    // The value of one that is gone, or has another color now, is free.
    lines.update(("a", 1), LinePatch::new().color("blue")).await.unwrap();
    lines.insert(placed(3, 2)).await.unwrap();
    lines.delete(("a", 2)).await.unwrap();
    lines.insert(placed(4, 1)).await.unwrap();
    let all = lines.find().order_by(Lines::NUMBER.asc()).all().await.unwrap();
    let places: Vec<_> = all.iter().map(|line| (line.number, line.place)).collect();
    assert_eq!(places, [(1, Some(2)), (3, Some(2)), (4, Some(1))]);
}

pub(crate) async fn keys_of_any_text(fixture: &Fixture) {
    let lines = Lines::new(fixture.store());
    let sheets =
        ["", "a,b", "(x)", "\"q\"", "back\\slash", "a.eq.b", "é 日本", "[\"a\",1]", "*", "null"];
    lines.insert_many(sheets.map(|sheet| line(sheet, 1))).await.unwrap();
    for sheet in sheets {
        assert_eq!(lines.get((sheet, 1)).await.unwrap().unwrap().text, format!("{sheet} 1"));
        let patch = LinePatch::new().text("x");
        assert_eq!(lines.update((sheet, 1), patch).await.unwrap(), 1, "{sheet}");
        assert_eq!(lines.delete((sheet, 1)).await.unwrap(), 1, "{sheet}");
    }
}

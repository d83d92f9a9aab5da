//! The same mistake is the same kind of error on every backend.

use crate::expected::refused;
use crate::fixture::Fixture;
use crate::sample::{
    Children, FactPatch, Facts, NewChild, NewFact, NewParent, NewWard, NewWord, ParentId,
    ParentPatch, Parents, WardPatch, Wards, WordPatch, Words, draft, loose_key, missing_column,
    missing_table, wrong_type,
};
use chronicle::{Ability, Error, ErrorKind};

fn check(error: &Error, fixture: &Fixture, table: &str) {
    let databases = fixture.databases();
    assert!(error.backend().is_some_and(|kind| databases.contains(&kind)), "{error}");
    assert_eq!(error.table(), Some(table), "{error}");
    assert!(error.code().is_some(), "{error}");
    assert!(!error.is_transient() && !error.is_ambiguous(), "{error}");
    assert!(error.to_string().contains(table), "{error}");
}

pub(crate) async fn unique(fixture: &Fixture) {
    let facts = Facts::new(fixture.store());
    facts.insert(NewFact::new(1)).await.unwrap();
    let error = refused(facts.insert(NewFact::new(1)).await, ErrorKind::Unique);
    check(&error, fixture, "facts");
    refused(facts.insert_many([2, 2].map(NewFact::new)).await, ErrorKind::Unique);

    let parents = Parents::new(fixture.store());
    let keys = parents.insert_many(["a", "b"].map(NewParent::new)).await.unwrap();
    let error = refused(parents.insert(NewParent::new("a")).await, ErrorKind::Unique);
    check(&error, fixture, "parents");
    assert!(error.constraint().unwrap().contains("name"), "{error}");
    let patch = || ParentPatch::new().name("a");
    refused(parents.update(keys[1], patch()).await, ErrorKind::Unique);
    refused(parents.update_all(patch()).await, ErrorKind::Unique);
    assert_eq!(parents.find().filter(Parents::NAME.eq("b")).count().await.unwrap(), 1);
}

pub(crate) async fn foreign_key(fixture: &Fixture) {
    let parents = Parents::new(fixture.store());
    let children = Children::new(fixture.store());
    let wards = Wards::new(fixture.store());
    let parent = parents.insert(NewParent::new("a")).await.unwrap().id;
    let ward = wards.insert(NewWard::new("ward").parent_id(parent)).await.unwrap().id;
    let foreign_keys = fixture.capabilities().foreign_keys;
    if foreign_keys == Ability::Sometimes {
        return;
    }
    let missing = ParentId::generate();
    let orphan = children.insert(NewChild::new(missing, "orphan", 1)).await;
    if foreign_keys == Ability::Never {
        orphan.unwrap();
        parents.insert(NewParent::new("late").id(missing)).await.unwrap();
        return;
    }
    check(&refused(orphan, ErrorKind::ForeignKey), fixture, "children");
    refused(
        children.upsert(NewChild::new(ParentId::generate(), "orphan", 1)).await,
        ErrorKind::ForeignKey,
    );
    let stray = WardPatch::new().parent_id(ParentId::generate());
    refused(wards.update(ward, stray).await, ErrorKind::ForeignKey);
    let error = refused(parents.delete(parent).await, ErrorKind::ForeignKey);
    check(&error, fixture, "parents");
    refused(parents.delete_all().await, ErrorKind::ForeignKey);
    wards.update(ward, WardPatch::new().clear_parent_id()).await.unwrap();
    assert_eq!(parents.delete(parent).await.unwrap(), 1);
}

pub(crate) async fn not_null(fixture: &Fixture) {
    use draft::{DraftPatch, Drafts, NewDraft};
    let drafts = Drafts::new(fixture.store());
    let error = refused(drafts.insert(NewDraft::new(1)).await, ErrorKind::NotNull);
    check(&error, fixture, "drafts");
    assert_eq!(error.constraint(), Some("drafts.title"), "{error}");
    drafts.insert(NewDraft::new(1).title("title")).await.unwrap();
    let cleared = drafts.update(1, DraftPatch::new().clear_title()).await;
    check(&refused(cleared, ErrorKind::NotNull), fixture, "drafts");
    refused(drafts.upsert(NewDraft::new(1)).await, ErrorKind::NotNull);
    let rows = [NewDraft::new(2).title("b"), NewDraft::new(3)];
    refused(drafts.insert_many(rows).await, ErrorKind::NotNull);
    assert_eq!(drafts.find().count().await.unwrap(), 1);
}

pub(crate) async fn check_constraint(fixture: &Fixture) {
    let words = Words::new(fixture.store());
    let error = refused(words.insert(NewWord::new("a").stars(-1)).await, ErrorKind::Check);
    check(&error, fixture, "words");
    assert_eq!(error.constraint(), Some("stars_not_negative"), "{error}");
    words.insert(NewWord::new("a").stars(1)).await.unwrap();
    refused(words.update("a", WordPatch::new().stars(-1)).await, ErrorKind::Check);
    refused(words.upsert(NewWord::new("a").stars(-1)).await, ErrorKind::Check);
    assert_eq!(words.get("a").await.unwrap().unwrap().stars, 1);
}

pub(crate) async fn a_rule_of_a_trigger(fixture: &Fixture) {
    let words = Words::new(fixture.store());
    let error = refused(words.insert(NewWord::new("refused").stars(1)).await, ErrorKind::Check);
    check(&error, fixture, "words");
    assert!(error.message().contains("a trigger refuses this word"), "{error}");
}

pub(crate) async fn a_key_that_the_table_does_not_have(fixture: &Fixture) {
    use loose_key::{LooseFacts, NewLooseFact};
    let rows = LooseFacts::new(fixture.store());
    let kind = ErrorKind::SchemaMismatch;
    let error = refused(rows.upsert(NewLooseFact::new(1)).await, kind);
    check(&error, fixture, "facts");
    assert!(error.hint().is_some(), "{error}");
    refused(rows.insert_if_absent(NewLooseFact::new(1)).await, kind);
    assert!(!rows.find().exists().await.unwrap());
}

pub(crate) async fn a_table_that_is_not_there(fixture: &Fixture) {
    use missing_table::{NewNotThere, NotTherePatch, NotThereRows};
    let rows = NotThereRows::new(fixture.store());
    let kind = ErrorKind::SchemaMismatch;
    let error = refused(rows.find().all().await, kind);
    check(&error, fixture, "not_there");
    assert!(error.hint().is_some(), "{error}");
    refused(rows.get(1).await, kind);
    refused(rows.find().count().await, kind);
    refused(rows.insert(NewNotThere::new(1)).await, kind);
    refused(rows.upsert(NewNotThere::new(1)).await, kind);
    refused(rows.insert_if_absent(NewNotThere::new(1)).await, kind);
    refused(rows.update(1, NotTherePatch::new().text("a")).await, kind);
    refused(rows.delete(1).await, kind);
    refused(rows.delete_all().await, kind);
}

pub(crate) async fn a_column_that_is_not_there(fixture: &Fixture) {
    use missing_column::{NewWideFact, WideFactPatch, WideFacts};
    Facts::new(fixture.store()).insert(NewFact::new(1)).await.unwrap();
    let rows = WideFacts::new(fixture.store());
    let kind = ErrorKind::SchemaMismatch;
    check(&refused(rows.get(1).await, kind), fixture, "facts");
    refused(rows.find().filter(WideFacts::COLOUR.eq("red")).count().await, kind);
    refused(rows.insert(NewWideFact::new(2).colour("red")).await, kind);
    refused(rows.upsert(NewWideFact::new(1)).await, kind);
    refused(rows.update(1, WideFactPatch::new().colour("red")).await, kind);
    refused(rows.delete_where(WideFacts::COLOUR.is_null()).await, kind);
    assert_eq!(Facts::new(fixture.store()).find().count().await.unwrap(), 1);
}

pub(crate) async fn a_column_of_another_type(fixture: &Fixture) {
    let facts = Facts::new(fixture.store());
    facts.insert(NewFact::new(1).text("text").number(1_000).real(0.5)).await.unwrap();
    macro_rules! check {
        ($($module:ident $repository:ident),*) => {$(
            let rows = wrong_type::$module::$repository::new(fixture.store());
            let error = rows.get(1).await.expect_err(stringify!($module));
            assert_eq!(error.kind(), ErrorKind::SchemaMismatch, "{error}");
            assert_eq!(error.table(), Some("facts"), "{error}");
            assert!(error.message().contains("column"), "{error}");
        )*};
    }
    check!(
        text_as_number TextAsNumber, text_as_real TextAsReal, text_as_flag TextAsFlag,
        text_as_time TextAsTime, text_as_uuid TextAsUuid, number_as_text NumberAsText,
        number_as_small NumberAsSmall, real_as_number RealAsNumber
    );
}

pub(crate) async fn what_is_not_there_is_no_error_of_the_database(fixture: &Fixture) {
    let facts = Facts::new(fixture.store());
    let error = refused(facts.find().one().await, ErrorKind::NotFound);
    assert_eq!((error.table(), error.code()), (Some("facts"), None));
    facts.insert_many([1, 2].map(NewFact::new)).await.unwrap();
    let error = refused(facts.find().one().await, ErrorKind::Conflict);
    assert_eq!((error.table(), error.code()), (Some("facts"), None));
}

pub(crate) async fn nothing_of_a_refused_write_is_stored(fixture: &Fixture) {
    let parents = Parents::new(fixture.store());
    let keys = parents.insert_many(["a", "b", "c"].map(NewParent::new)).await.unwrap();
    let wards = Wards::new(fixture.store());
    wards.insert(NewWard::new("ward").parent_id(keys[2])).await.unwrap();
    if fixture.capabilities().foreign_keys == Ability::Always {
        refused(parents.delete_all().await, ErrorKind::ForeignKey);
        assert_eq!(parents.find().count().await.unwrap(), 3);
    }
    let words = Words::new(fixture.store());
    let rows = [("a", 1), ("b", -1), ("c", 1)];
    let rows = rows.map(|(word, stars)| NewWord::new(word).stars(stars));
    refused(words.upsert_many(rows.clone()).await, ErrorKind::Check);
    refused(words.insert_many_if_absent(rows).await, ErrorKind::Check);
    assert_eq!(words.find().count().await.unwrap(), 0);
    let facts = Facts::new(fixture.store());
    assert_eq!(facts.update(1, FactPatch::new().number(1)).await.unwrap(), 0);
}

//! Keys and grants of a PostgREST server.

use crate::expected::refused;
use crate::fixture::Fixture;
use crate::sample::forbidden::{ForbiddenRows, NewForbidden};
use crate::sample::{Facts, NewFact, NewParent, Parents};
use chronicle::postgrest::Key;
use chronicle::{Error, ErrorKind, Store};
use chronicle_test_servers::{PUBLISHABLE_KEY, Token};
use std::time::Duration;

/// The part of a key that tells it from others.
const MARK: &str = "sb_secret_that_nobody_may_see";

fn store(fixture: &Fixture, key: Key) -> Store {
    fixture.server().unwrap().connect(key).into()
}

fn hides(error: &Error, secret: &str) {
    let (display, debug) = (error.to_string(), format!("{error:?}"));
    assert!(!display.contains(secret) && !debug.contains(secret), "{display}");
    // Nor the part of a token that grants everything to who knows it.
    let signature = secret.rsplit('.').next().unwrap();
    assert!(!display.contains(signature) && !debug.contains(signature), "{display}");
}

pub(crate) async fn a_table_without_grants_is_denied(fixture: &Fixture) {
    let rows = ForbiddenRows::new(fixture.store());
    let error = refused(rows.find().all().await, ErrorKind::Denied);
    assert_eq!((error.table(), error.code()), (Some("forbidden"), Some("42501")));
    refused(rows.get(1).await, ErrorKind::Denied);
    refused(rows.find().count().await, ErrorKind::Denied);
    refused(rows.insert(NewForbidden::new(1)).await, ErrorKind::Denied);
    refused(rows.upsert(NewForbidden::new(1)).await, ErrorKind::Denied);
    refused(rows.delete_all().await, ErrorKind::Denied);
}

pub(crate) async fn a_key_may_read_what_it_is_granted(fixture: &Fixture) {
    Parents::new(fixture.store()).insert(NewParent::new("a")).await.unwrap();
    let key = match fixture.server().unwrap().gateway() {
        Some(_) => Key::new(PUBLISHABLE_KEY),
        None => Key::new(fixture.server().unwrap().postgrest().anon_key()),
    };
    let anon = store(fixture, key);
    let parents = Parents::new(&anon);
    assert_eq!(parents.find().count().await.unwrap(), 1);
    refused(parents.insert(NewParent::new("b")).await, ErrorKind::Denied);
    refused(parents.delete_all().await, ErrorKind::Denied);
    refused(Facts::new(&anon).find().all().await, ErrorKind::Denied);
    refused(anon.query_raw("select 1 as one", []).await, ErrorKind::Denied);
}

pub(crate) async fn a_wrong_key_is_unauthenticated(fixture: &Fixture) {
    let forged = Token::new("service_role").sign_with("another secret, thirty-two bytes long");
    let expired = Token::new("service_role").expired_since(Duration::from_secs(3_600)).sign();
    let unknown = Token::new("no_such_role").sign();
    let mut keys = vec![forged, expired, unknown, "not.a.token".to_owned()];
    if fixture.server().unwrap().gateway().is_some() {
        keys.push(MARK.to_owned());
    }
    for secret in keys {
        let store = store(fixture, Key::new(secret.clone()));
        let facts = Facts::new(&store);
        let kind = ErrorKind::Unauthenticated;
        hides(&refused(facts.find().all().await, kind), &secret);
        hides(&refused(facts.insert(NewFact::new(1)).await, kind), &secret);
        hides(&refused(facts.delete_all().await, kind), &secret);
        hides(&refused(store.query_raw("select 1", []).await, kind), &secret);
        hides(&refused(store.health().await, kind), &secret);
        let shown = format!("{store:?} {facts:?} {:?}", store.info().await);
        assert!(!shown.contains(&secret), "{shown}");
    }
    assert_eq!(Facts::new(fixture.store()).find().count().await.unwrap(), 0);
}

pub(crate) async fn without_a_key(fixture: &Fixture) {
    let store = store(fixture, Key::none());
    let parents = Parents::new(&store);
    if fixture.server().unwrap().gateway().is_some() {
        refused(parents.find().all().await, ErrorKind::Unauthenticated);
    } else {
        // A PostgREST of one's own serves it as its anonymous role.
        assert!(parents.find().all().await.unwrap().is_empty());
        refused(parents.insert(NewParent::new("a")).await, ErrorKind::Denied);
    }
}

pub(crate) async fn no_error_holds_the_key(fixture: &Fixture) {
    let secret = match fixture.server().unwrap().gateway() {
        Some(_) => chronicle_test_servers::SECRET_KEY.to_owned(),
        None => fixture.server().unwrap().postgrest().service_key(),
    };
    let facts = Facts::new(fixture.store());
    facts.insert(NewFact::new(1)).await.unwrap();
    hides(&facts.insert(NewFact::new(1)).await.unwrap_err(), &secret);
    hides(&ForbiddenRows::new(fixture.store()).find().all().await.unwrap_err(), &secret);
    hides(&fixture.store().query_raw("selec", []).await.unwrap_err(), &secret);
    fixture.store().close().await.unwrap();
    hides(&facts.get(1).await.unwrap_err(), &secret);
    assert!(!format!("{:?}", fixture.store()).contains(&secret));
}

//! What is checked before the first request.

use crate::ErrorKind;
use crate::postgrest::{Key, Postgrest, PostgrestOptions};

#[test]
fn addresses_are_checked() {
    for address in [
        "",
        "project.supabase.co",
        "ftp://localhost",
        "https://user:hidden@localhost",
        "https://localhost/?apikey=hidden",
        "https://localhost/#hidden",
    ] {
        let error = Postgrest::new(address, Key::none()).expect_err("a bad address");
        assert_eq!(error.kind(), ErrorKind::InvalidInput, "{address}");
        assert!(!error.to_string().contains("hidden"), "{error}");
    }
    let postgrest = Postgrest::new("https://localhost/rest/v1/", Key::none()).expect("valid");
    let expected = r#"Postgrest { address: "https://localhost/rest/v1", schema: None, .. }"#;
    assert_eq!(format!("{postgrest:?}"), expected);
}

#[test]
fn keys_are_checked_and_hidden() {
    for key in ["", "  \n", "a\nb", "clé\u{0}"] {
        let error = Postgrest::new("https://localhost", Key::new(key)).expect_err("a bad key");
        assert_eq!(error.kind(), ErrorKind::InvalidInput, "{key:?}");
        assert!(key.trim().is_empty() || !error.to_string().contains(key), "{error}");
    }
    for key in ["sb_secret_hidden", "sb_publishable_hidden", "a.hidden.token"] {
        let options = PostgrestOptions::new("https://localhost", Key::new(format!(" {key}\n")));
        assert!(!format!("{options:?}").contains("hidden"));
        let postgrest = options.connect().expect("valid");
        assert!(!format!("{postgrest:?}").contains("hidden"));
    }
}

#[test]
fn opaque_keys_are_no_bearers() {
    let bearer = |key: &str| Key::new(key).headers().expect("headers").1.is_some();
    assert!(!bearer("sb_secret_x"));
    assert!(!bearer("sb_publishable_x"));
    assert!(bearer("sb_temp_x"));
    assert!(bearer("a.b.c"));
    let (apikey, authorization) = Key::new("a.b.c").headers().expect("headers");
    assert!(apikey.expect("a header").is_sensitive());
    assert!(authorization.expect("a header").is_sensitive());
    assert!(Key::none().headers().expect("headers").0.is_none());
}

#[test]
fn numbers_are_checked() {
    let options = || PostgrestOptions::new("https://localhost", Key::none());
    for options in [
        options().attempts(0),
        options().page_size(0),
        options().max_in_flight(0),
        options().deadline(std::time::Duration::ZERO),
        options().user_agent("a\nb"),
    ] {
        let error = options.connect().expect_err("invalid");
        assert_eq!(error.kind(), ErrorKind::InvalidInput, "{error}");
    }
}

#[test]
#[cfg(feature = "sqlite")]
fn one_address_has_one_name() {
    let binding = |address: &str| PostgrestOptions::new(address, Key::none()).binding().0;
    let name = "https://example.com/rest/v1 (the default schema)";
    for address in [
        "https://example.com/rest/v1",
        "https://example.com/rest/v1/",
        "https://EXAMPLE.com:443/rest/v1//",
        " HTTPS://example.com/./other/../rest/v1",
    ] {
        assert_eq!(binding(address), name, "{address}");
    }
    for address in ["http://example.com/rest/v1", "https://example.com:444/rest/v1"] {
        assert_ne!(binding(address), name, "{address}");
    }
    let other = PostgrestOptions::new("https://example.com/rest/v1", Key::none()).schema("other");
    assert_eq!(other.binding().0, "https://example.com/rest/v1 (other)");
}

#[tokio::test]
#[cfg(feature = "sqlite")]
async fn keys_and_tokens_tell_whom_they_stand_for() {
    use crate::backend::postgrest::Identity;
    use base64::Engine as _;

    let token = |claims: &str| {
        let claims = base64::prelude::BASE64_URL_SAFE_NO_PAD.encode(claims);
        format!("head.{claims}.signature")
    };
    let of_key = async |key: &str| {
        let client = Postgrest::new("https://localhost", Key::new(key)).expect("valid");
        client.identity().await.expect("known").expect("somebody")
    };
    let identity = |role: &str, subject: Option<&str>| Identity {
        role: role.to_owned(),
        subject: subject.map(str::to_owned),
    };
    for (key, expected) in [
        ("sb_secret_x", identity("service_role", None)),
        ("sb_publishable_x", identity("anon", None)),
        (&token(r#"{"role":"service_role","iat":1}"#), identity("service_role", None)),
        (&token(r#"{"role":"authenticated","sub":"é"}"#), identity("authenticated", Some("é"))),
        (&token(r#"{"sub":7}"#), identity("anon", None)),
        ("no token", identity("anon", None)),
    ] {
        assert_eq!(of_key(key).await, expected, "{key}");
    }

    let given = token(r#"{"role":"authenticated","sub":"ada"}"#);
    let client = PostgrestOptions::new("https://localhost", Key::new("sb_publishable_x"))
        .token_source(move |_| {
            let given = given.clone();
            async move { Ok(Some(given)) }
        })
        .connect()
        .expect("valid");
    let ada = client.identity().await.expect("known");
    assert_eq!(ada, Some(identity("authenticated", Some("ada"))));

    let options = || PostgrestOptions::new("https://localhost", Key::new("sb_secret_x"));
    let nobody = options().token_source(|_| async { Ok(None) }).connect().expect("valid");
    assert_eq!(nobody.identity().await.expect("known"), None);
    let failing = options()
        .token_source(|_| async { Err(crate::Error::invalid("no network")) })
        .connect()
        .expect("valid");
    let error = failing.identity().await.expect_err("not known");
    assert_eq!((error.kind(), error.code()), (ErrorKind::Unavailable, Some("NO_TOKEN")));
}

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

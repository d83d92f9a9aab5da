//! Who passes a gateway like Supabase's.

use chronicle_test_servers::{Gateway, PUBLISHABLE_KEY, Postgrest, SECRET_KEY, Token};
use reqwest::{RequestBuilder, StatusCode};

use crate::{client, notes};

async fn answer(request: RequestBuilder) -> (StatusCode, String) {
    let response = request.send().await.unwrap();
    (response.status(), response.text().await.unwrap())
}

async fn supabase() -> (Gateway, Postgrest) {
    let postgrest = Postgrest::start(&notes().await).await.unwrap();
    (Gateway::supabase(&postgrest).await.unwrap(), postgrest)
}

#[tokio::test]
async fn a_key_is_wanted() {
    let (gateway, _postgrest) = supabase().await;
    let get = || client().get(format!("{}/note", gateway.url()));
    assert!(gateway.url().ends_with("/rest/v1"));

    let (status, body) = answer(get()).await;
    assert_eq!(
        (status, body.contains("No API key found in request")),
        (StatusCode::UNAUTHORIZED, true),
        "{body}"
    );
    let (status, body) = answer(get().header("apikey", "sb_secret_unknown")).await;
    assert_eq!(
        (status, body.contains("Invalid API key")),
        (StatusCode::UNAUTHORIZED, true),
        "{body}"
    );
    assert_eq!(
        answer(get().header("apikey", PUBLISHABLE_KEY)).await,
        (StatusCode::OK, "[]".to_owned())
    );
    // A secret key is refused in a browser.
    let browser = get().header("apikey", SECRET_KEY).header("user-agent", "Mozilla/5.0");
    assert_eq!(answer(browser).await.0, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn an_opaque_key_stands_for_a_role_and_is_no_bearer() {
    let (gateway, postgrest) = supabase().await;
    let post = |id: u32| {
        let body = format!(r#"{{"id":{id},"text":"a"}}"#);
        client()
            .post(format!("{}/note", gateway.url()))
            .header("content-type", "application/json")
            .body(body)
    };
    assert_eq!(answer(post(1).header("apikey", PUBLISHABLE_KEY)).await.0, StatusCode::UNAUTHORIZED);
    assert_eq!(answer(post(1).header("apikey", SECRET_KEY)).await.0, StatusCode::CREATED);

    let (status, body) = answer(post(2).header("apikey", SECRET_KEY).bearer_auth(SECRET_KEY)).await;
    assert_eq!((status, body.contains("PGRST301")), (StatusCode::UNAUTHORIZED, true), "{body}");
    // A user's token wins over the key's role.
    let user = Token::new("authenticated").subject("somebody").sign();
    assert_eq!(
        answer(post(2).header("apikey", SECRET_KEY).bearer_auth(user)).await.0,
        StatusCode::FORBIDDEN
    );
    // A legacy key is a token; it counts only as a bearer.
    let legacy = postgrest.service_key();
    assert_eq!(answer(post(2).header("apikey", &legacy)).await.0, StatusCode::UNAUTHORIZED);
    assert_eq!(
        answer(post(2).header("apikey", &legacy).bearer_auth(&legacy)).await.0,
        StatusCode::CREATED
    );
}

#[tokio::test]
async fn only_the_prefix_is_served() {
    let (gateway, _postgrest) = supabase().await;
    let get = |path: String| client().get(path).header("apikey", SECRET_KEY);
    let origin = gateway.url().replace("/rest/v1", "");
    assert_eq!(answer(get(format!("{origin}/note"))).await.0, StatusCode::NOT_FOUND);
    assert_eq!(answer(get(format!("{origin}/rest/v1other"))).await.0, StatusCode::NOT_FOUND);
    assert_eq!(answer(get(format!("{origin}/rest/v1"))).await.0, StatusCode::OK);
    assert_eq!(answer(get(format!("{origin}/rest/v1/note?id=eq.1"))).await.0, StatusCode::OK);
}

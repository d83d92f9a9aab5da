//! Whoever is signed in: the token of each request, and a new one when the server refuses it.

use chronicle::futures::BoxFuture;
use chronicle::postgrest::TokenSource;
use chronicle::uuid::Uuid;
use chronicle::{Error, ErrorKind, Result};
use serde_json::{Value, json};
use std::sync::Arc;
use tokio::sync::Mutex;

#[derive(Clone)]
pub(crate) struct Session {
    auth: String,
    pub(crate) user: Uuid,
    tokens: Arc<Mutex<Tokens>>,
}

struct Tokens {
    access: String,
    refresh: String,
    /// How often they were refreshed.
    times: u32,
}

impl Session {
    pub(crate) async fn sign_in(auth: String, email: &str, password: &str) -> Result<Self> {
        let answer =
            ask(&auth, "password", &json!({ "email": email, "password": password })).await?;
        let user = Uuid::parse_str(&text(&answer["user"]["id"])).map_err(unavailable)?;
        let (access, refresh) = (text(&answer["access_token"]), text(&answer["refresh_token"]));
        let tokens = Arc::new(Mutex::new(Tokens { access, refresh, times: 0 }));
        Ok(Self { auth, user, tokens })
    }

    pub(crate) async fn times_refreshed(&self) -> u32 {
        self.tokens.lock().await.times
    }
}

impl TokenSource for Session {
    fn token<'a>(&'a self, refused: Option<&'a str>) -> BoxFuture<'a, Result<Option<String>>> {
        Box::pin(async move {
            let mut tokens = self.tokens.lock().await;
            if refused == Some(tokens.access.as_str()) {
                let body = json!({ "refresh_token": tokens.refresh });
                let answer = ask(&self.auth, "refresh_token", &body).await?;
                // A real application keeps the refresh token for its next start.
                tokens.access = text(&answer["access_token"]);
                tokens.refresh = text(&answer["refresh_token"]);
                tokens.times += 1;
            }
            Ok(Some(tokens.access.clone()))
        })
    }
}

/// Asks for tokens, as Supabase takes it.
async fn ask(auth: &str, grant_type: &str, body: &Value) -> Result<Value> {
    let answer = reqwest::Client::new()
        .post(format!("{auth}/auth/v1/token?grant_type={grant_type}"))
        .header("apikey", chronicle_test_servers::PUBLISHABLE_KEY)
        .header("content-type", "application/json")
        .body(body.to_string())
        .send()
        .await
        .and_then(reqwest::Response::error_for_status)
        .map_err(unavailable)?;
    let answer = answer.text().await.map_err(unavailable)?;
    serde_json::from_str(&answer).map_err(unavailable)
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

fn unavailable(error: impl std::fmt::Display) -> Error {
    Error::new(ErrorKind::Unavailable, error.to_string())
}

//! Asks a PostgREST server for the document.

use std::time::Duration;

use reqwest::Client;
use reqwest::header::{ACCEPT, AUTHORIZATION, HeaderMap, HeaderValue};

use crate::error::{Error, Result};

/// Large schemas take PostgREST seconds.
const PATIENCE: Duration = Duration::from_secs(60);

/// The document of `schema`, or of the server's first schema.
pub(crate) async fn fetch(url: &str, key: Option<&str>, schema: Option<&str>) -> Result<String> {
    let mut headers = HeaderMap::new();
    headers.insert(ACCEPT, HeaderValue::from_static("application/openapi+json"));
    if let Some(key) = key {
        // Supabase's gateway reads the first, PostgREST the second, which is only for tokens.
        headers.insert("apikey", secret(key)?);
        if !key.starts_with("sb_") {
            headers.insert(AUTHORIZATION, secret(&format!("Bearer {key}"))?);
        }
    }
    if let Some(schema) = schema {
        let schema = HeaderValue::from_str(schema).map_err(|_| {
            Error::Invalid(format!("PostgREST cannot be asked for the schema `{schema}`"))
        })?;
        headers.insert("accept-profile", schema);
    }
    let client = Client::builder().timeout(PATIENCE).build().map_err(Error::Request)?;
    let address = format!("{}/", url.trim_end_matches('/'));
    // The address may hold a password.
    let failed = |error: reqwest::Error| Error::Request(error.without_url());
    let answer = client.get(address).headers(headers).send().await.map_err(failed)?;
    let status = answer.status();
    let text = answer.text().await.map_err(failed)?;
    if status.is_success() {
        return Ok(text);
    }
    Err(Error::Refused { status: status.as_u16(), message: text.chars().take(500).collect() })
}

fn secret(text: &str) -> Result<HeaderValue> {
    let mut value = HeaderValue::from_str(text).map_err(|_| {
        Error::Invalid("the key has a character that no key has, such as a line break".to_owned())
    })?;
    value.set_sensitive(true);
    Ok(value)
}

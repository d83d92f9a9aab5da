//! Who may pass, as Supabase's gateway decides it.

use std::collections::HashMap;

use super::message::{Headers, Request, Response, find};

/// The opaque key that [`Gateway::supabase`](super::Gateway::supabase) takes for the role `anon`.
pub const PUBLISHABLE_KEY: &str = "sb_publishable_chronicle-tests-0000000000";

/// The opaque key that [`Gateway::supabase`](super::Gateway::supabase) takes for the role `service_role`.
pub const SECRET_KEY: &str = "sb_secret_chronicle-tests-000000000000000";

/// The keys.
#[derive(Debug, Clone, Default)]
pub(super) struct Access {
    pub(super) required: bool,
    /// Opaque keys, and the tokens that stand for them inside.
    pub(super) opaque: HashMap<String, String>,
}

impl Access {
    /// The headers to forward, or the answer that refuses the request.
    pub(super) fn check(&self, request: &Request) -> Result<Headers, Response> {
        let mut headers = request.headers.clone();
        let Some(key) = request.header("apikey") else {
            return if self.required { Err(no_key()) } else { Ok(headers) };
        };
        let token = self.opaque.get(key);
        if self.required && token.is_none() && !is_jwt(key) {
            return Err(invalid_key());
        }
        let browser =
            request.header("user-agent").is_some_and(|agent| agent.starts_with("Mozilla/"));
        if browser && key.starts_with("sb_secret_") {
            return Err(secret_in_browser());
        }
        let authorization = find(&headers, "authorization");
        if self.required && authorization.and_then(bearer).is_some_and(|bearer| !is_jwt(bearer)) {
            return Err(not_a_jwt());
        }
        if let (Some(token), None) = (token, authorization) {
            headers.push(("Authorization".to_owned(), format!("Bearer {token}")));
        }
        if self.required || token.is_some() {
            headers.retain(|(name, _)| !name.eq_ignore_ascii_case("apikey"));
        }
        Ok(headers)
    }
}

/// The token of `Authorization: Bearer …`.
fn bearer(authorization: &str) -> Option<&str> {
    let (scheme, token) = authorization.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then_some(token.trim())
}

fn is_jwt(text: &str) -> bool {
    let mut parts = text.split('.');
    parts.by_ref().take(3).filter(|part| !part.is_empty()).count() == 3 && parts.next().is_none()
}

fn no_key() -> Response {
    Response::new(401).json(
        r#"{"message":"No API key found in request","hint":"No `apikey` request header or url param was found."}"#,
    )
}

fn invalid_key() -> Response {
    Response::new(401).json(
        r#"{"message":"Invalid API key","hint":"Double check your Supabase `anon` or `service_role` API key."}"#,
    )
}

fn secret_in_browser() -> Response {
    Response::new(401).json(
        r#"{"message":"Forbidden use of secret API key in browser","hint":"Secret API keys can only be used in a protected environment."}"#,
    )
}

fn not_a_jwt() -> Response {
    Response::new(401).header("WWW-Authenticate", r#"Bearer error="invalid_token""#).json(
        r#"{"code":"PGRST301","details":null,"hint":null,"message":"Expected 3 parts in JWT; got 1"}"#,
    )
}

#[cfg(test)]
mod tests {
    use super::is_jwt;

    #[test]
    fn a_jwt_has_three_parts() {
        assert!(is_jwt("a.b.c"));
        for other in ["", "a", "a.b", "a.b.", "a.b.c.d", "sb_secret_x"] {
            assert!(!is_jwt(other), "{other}");
        }
    }
}

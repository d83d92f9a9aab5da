//! [`Key`] and [`TokenSource`]: who asks.

use crate::{Error, Result};
use futures_util::future::BoxFuture;
use reqwest::header::HeaderValue;
use std::fmt;
use std::future::Future;
use std::sync::Arc;
use tokio::sync::Mutex;

/// The key that a server is asked with. It shows in no `Debug`, message or log.
///
/// Supabase's keys of the new kind, `sb_publishable_…` and `sb_secret_…`, are no tokens and are
/// sent as `apikey` alone (<https://supabase.com/docs/guides/api/api-keys>). Everything else (a
/// legacy `anon` or `service_role` key, or a token for a PostgREST of your own) is a JSON web token
/// and is also sent as `Authorization: Bearer`.
#[derive(Clone)]
pub struct Key(Kind);

#[derive(Clone)]
enum Kind {
    None,
    Opaque(String),
    Token(String),
}

impl Key {
    /// A key or a token. White space around it, such as the end of a line in a file, is left out.
    #[must_use]
    pub fn new(text: impl Into<String>) -> Self {
        let text = text.into().trim().to_owned();
        if text.starts_with("sb_publishable_") || text.starts_with("sb_secret_") {
            Self(Kind::Opaque(text))
        } else {
            Self(Kind::Token(text))
        }
    }

    /// No key: a PostgREST of your own serves it as its anonymous role.
    #[must_use]
    pub const fn none() -> Self {
        Self(Kind::None)
    }

    /// Whom the key stands for, without the key: its role, and its user if it has one. Keys of one
    /// role are the same identity, however they are written.
    #[cfg(feature = "sqlite")]
    pub(crate) fn identity(&self) -> String {
        let token = match &self.0 {
            Kind::None => return "anon".to_owned(),
            Kind::Opaque(text) if text.starts_with("sb_secret_") => {
                return "service_role".to_owned();
            }
            Kind::Opaque(_) => return "anon".to_owned(),
            Kind::Token(token) => token,
        };
        use base64::Engine as _;
        let claims = token
            .split('.')
            .nth(1)
            .and_then(|part| base64::prelude::BASE64_URL_SAFE_NO_PAD.decode(part).ok())
            .and_then(|bytes| serde_json::from_slice::<serde_json::Value>(&bytes).ok())
            .unwrap_or_default();
        let claim = |name: &str| claims.get(name).and_then(|claim| claim.as_str());
        match (claim("role"), claim("sub")) {
            (Some(role), Some(user)) => format!("{role} {user}"),
            (Some(role), None) => role.to_owned(),
            (None, user) => format!("authenticated {}", user.unwrap_or_default()),
        }
    }

    /// The headers `apikey` and `Authorization`.
    pub(super) fn headers(&self) -> Result<(Option<HeaderValue>, Option<HeaderValue>)> {
        match &self.0 {
            Kind::None => Ok((None, None)),
            Kind::Opaque(text) => Ok((Some(secret(text)?), None)),
            Kind::Token(text) => Ok((Some(secret(text)?), Some(bearer(text)?))),
        }
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self.0 {
            Kind::None => "Key(none)",
            Kind::Opaque(_) => "Key(opaque)",
            Kind::Token(_) => "Key(token)",
        })
    }
}

fn secret(text: &str) -> Result<HeaderValue> {
    if text.is_empty() {
        return Err(Error::invalid(
            "the key is empty: use `Key::none()` for a server without keys",
        ));
    }
    let mut value = HeaderValue::from_str(text).map_err(|_| {
        Error::invalid("the key or token has characters that no HTTP header can hold")
    })?;
    value.set_sensitive(true);
    Ok(value)
}

fn bearer(token: &str) -> Result<HeaderValue> {
    if token.is_empty() {
        return secret(token);
    }
    secret(&format!("Bearer {token}"))
}

/// Where the token of a signed-in user comes from, sent as `Authorization: Bearer` in place of the
/// key's own.
///
/// It is asked once, and again with the token that the server refused as expired or wrong; then the
/// refused request, which was not executed, is sent once more. Closures are sources too.
///
/// Requests of the backend wait while its source is asked. So a source must not ask through the
/// backend that it is for, which would wait for itself until the
/// [deadline](super::PostgrestOptions::deadline).
///
/// ```
/// # fn main() -> chronicle::Result<()> {
/// use chronicle::postgrest::{Key, PostgrestOptions};
/// let postgrest = PostgrestOptions::new("https://project.supabase.co/rest/v1", Key::new("sb_publishable_x"))
///     .token_source(|_refused: Option<String>| async { Ok(Some("the user's token".to_owned())) })
///     .connect()?;
/// # Ok(()) }
/// ```
pub trait TokenSource: Send + Sync + 'static {
    /// The token to use from now on; `None` when nobody is signed in. `refused` is the last one,
    /// when the server did not take it.
    ///
    /// # Errors
    /// Why no token can be had; it becomes the error of the operation.
    fn token<'a>(&'a self, refused: Option<&'a str>) -> BoxFuture<'a, Result<Option<String>>>;
}

impl<F, Answer> TokenSource for F
where
    F: Fn(Option<String>) -> Answer + Send + Sync + 'static,
    Answer: Future<Output = Result<Option<String>>> + Send + 'static,
{
    fn token<'a>(&'a self, refused: Option<&'a str>) -> BoxFuture<'a, Result<Option<String>>> {
        Box::pin(self(refused.map(str::to_owned)))
    }
}

/// The headers of each request, and the token that is in use.
pub(super) struct Credentials {
    apikey: Option<HeaderValue>,
    authorization: Option<HeaderValue>,
    source: Option<Arc<dyn TokenSource>>,
    /// `None` until the source was asked.
    token: Mutex<Option<Option<String>>>,
}

/// What one request is sent with.
pub(super) struct Authorization {
    pub(super) apikey: Option<HeaderValue>,
    pub(super) bearer: Option<HeaderValue>,
    /// The source's token, when it is from there.
    pub(super) token: Option<String>,
}

impl Credentials {
    pub(super) fn new(key: &Key, source: Option<Arc<dyn TokenSource>>) -> Result<Self> {
        let (apikey, authorization) = key.headers()?;
        Ok(Self { apikey, authorization, source, token: Mutex::new(None) })
    }

    pub(super) async fn authorization(&self) -> Result<Authorization> {
        let token = match &self.source {
            None => None,
            Some(source) => {
                let mut cached = self.token.lock().await;
                match &*cached {
                    Some(token) => token.clone(),
                    None => {
                        let token = source.token(None).await?;
                        *cached = Some(token.clone());
                        token
                    }
                }
            }
        };
        let bearer = match &token {
            Some(token) => Some(bearer(token)?),
            None => self.authorization.clone(),
        };
        Ok(Authorization { apikey: self.apikey.clone(), bearer, token })
    }

    /// Whether there is another token than the refused one now. Of several requests that were
    /// refused with one token, the first asks the source.
    pub(super) async fn renew(&self, refused: &Authorization) -> Result<bool> {
        let Some(source) = &self.source else { return Ok(false) };
        let mut cached = self.token.lock().await;
        if cached.as_ref() == Some(&refused.token) {
            *cached = Some(source.token(refused.token.as_deref()).await?);
        }
        Ok(cached.as_ref() != Some(&refused.token))
    }
}

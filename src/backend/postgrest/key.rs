//! [`Key`]: what a server is asked with.

#[cfg(feature = "sqlite")]
use super::identity::{ANONYMOUS, Identity};
use crate::{Error, Result};
use reqwest::header::HeaderValue;
use std::fmt;

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
    ///
    /// ```
    /// use chronicle::postgrest::Key;
    ///
    /// let key = Key::new("sb_secret_x\n");
    /// assert!(!format!("{key:?}").contains("sb_secret_x"), "it is never printed");
    /// ```
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
    ///
    /// ```
    /// use chronicle::Postgrest;
    /// use chronicle::postgrest::Key;
    ///
    /// # fn main() -> chronicle::Result<()> {
    /// let remote = Postgrest::new("http://localhost:3000", Key::none())?;
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub const fn none() -> Self {
        Self(Kind::None)
    }

    /// Whom the key stands for. Keys of one role are the same identity, however they are written.
    #[cfg(feature = "sqlite")]
    pub(super) fn identity(&self) -> Identity {
        match &self.0 {
            Kind::Opaque(text) if text.starts_with("sb_secret_") => {
                Identity::of_role("service_role")
            }
            Kind::None | Kind::Opaque(_) => Identity::of_role(ANONYMOUS),
            Kind::Token(token) => Identity::of_token(token),
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

pub(super) fn bearer(token: &str) -> Result<HeaderValue> {
    if token.is_empty() {
        return secret(token);
    }
    secret(&format!("Bearer {token}"))
}

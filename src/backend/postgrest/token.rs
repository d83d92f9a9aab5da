//! [`TokenSource`]: who is signed in.

#[cfg(feature = "sqlite")]
use super::identity::Identity;
use super::key::{Key, bearer};
use crate::{Error, ErrorKind, Result};
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use reqwest::header::HeaderValue;
use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
#[cfg(feature = "sqlite")]
use std::sync::OnceLock;
use std::time::Duration;
use tokio::sync::Mutex;
use tokio::time::timeout;

/// The code of an error when there is no token to send a request with.
const NO_TOKEN: &str = "NO_TOKEN";

/// Where the token of a signed-in user comes from, sent as `Authorization: Bearer` in place of the
/// key's own.
///
/// It is asked once, and again with the token that the server refused as expired or wrong; then the
/// refused request, which was not executed, is sent once more. Closures are sources too.
///
/// While it has no token, requests are not sent, and so not made as the key's own role either: they
/// fail with [`Unavailable`](crate::ErrorKind::Unavailable) and the code `NO_TOKEN`. The same is true
/// when it fails, panics, or takes longer than a request [may](super::PostgrestOptions::timeouts).
/// The next request asks it again. For requests of nobody in particular make a second
/// [`Postgrest`](crate::Postgrest) without a source.
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
    /// Why no token can be had; its words are those of the operation's error.
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
    /// Whom the key stands for.
    #[cfg(feature = "sqlite")]
    identity: Identity,
    source: Option<Source>,
}

/// A source, and the token that it gave last.
struct Source {
    source: Arc<dyn TokenSource>,
    /// Longest time that it is waited for.
    patience: Duration,
    token: Mutex<Option<String>>,
    /// Whom all requests are made as, where that may not change: known from the first one.
    #[cfg(feature = "sqlite")]
    only: Option<OnceLock<Identity>>,
}

/// What one request is sent with.
pub(super) struct Authorization {
    pub(super) apikey: Option<HeaderValue>,
    pub(super) bearer: Option<HeaderValue>,
    /// The source's token, when it is from there.
    pub(super) token: Option<String>,
}

impl Credentials {
    pub(super) fn new(
        key: &Key,
        source: Option<Arc<dyn TokenSource>>,
        patience: Duration,
        #[cfg(feature = "sqlite")] is_for_one: bool,
    ) -> Result<Self> {
        let (apikey, authorization) = key.headers()?;
        let source = source.map(|source| Source {
            source,
            patience,
            token: Mutex::new(None),
            #[cfg(feature = "sqlite")]
            only: is_for_one.then(OnceLock::new),
        });
        Ok(Self {
            apikey,
            authorization,
            #[cfg(feature = "sqlite")]
            identity: key.identity(),
            source,
        })
    }

    pub(super) async fn authorization(&self) -> Result<Authorization> {
        let apikey = self.apikey.clone();
        let Some(source) = &self.source else {
            return Ok(Authorization { apikey, bearer: self.authorization.clone(), token: None });
        };
        let token = source.token().await?;
        #[cfg(feature = "sqlite")]
        source.check_identity(&token)?;
        Ok(Authorization { apikey, bearer: Some(bearer(&token)?), token: Some(token) })
    }

    /// Whether there is another token than the refused one now. Of several requests that were
    /// refused with one token, the first asks the source.
    pub(super) async fn renew(&self, refused: &Authorization) -> Result<bool> {
        match (&self.source, &refused.token) {
            (Some(source), Some(refused)) => source.renew(refused).await,
            _ => Ok(false),
        }
    }

    /// Whom the next request is made as; `None` when nobody is signed in.
    #[cfg(feature = "sqlite")]
    pub(super) async fn identity(&self) -> Result<Option<Identity>> {
        let Some(source) = &self.source else { return Ok(Some(self.identity.clone())) };
        let token = source.cached_or_asked().await?;
        Ok(token.as_deref().map(Identity::of_token))
    }
}

impl Source {
    /// Fails, with nothing sent, where the token is somebody else's than that of the first request.
    #[cfg(feature = "sqlite")]
    fn check_identity(&self, token: &str) -> Result<()> {
        let Some(only) = &self.only else { return Ok(()) };
        let identity = Identity::of_token(token);
        if *only.get_or_init(|| identity.clone()) == identity {
            return Ok(());
        }
        Err(Error::new(
            ErrorKind::Conflict,
            "somebody else is signed in than the one whom the file belongs to",
        )
        .with_hint("give each user a file of their own"))
    }

    async fn token(&self) -> Result<String> {
        self.cached_or_asked().await?.ok_or_else(signed_out)
    }

    async fn cached_or_asked(&self) -> Result<Option<String>> {
        self.within(async {
            let mut token = self.token.lock().await;
            if token.is_none() {
                *token = self.ask(None).await?;
            }
            Ok(token.clone())
        })
        .await
    }

    async fn renew(&self, refused: &str) -> Result<bool> {
        self.within(async {
            let mut token = self.token.lock().await;
            if token.as_deref() == Some(refused) {
                *token = self.ask(Some(refused)).await?;
            }
            let token = token.as_deref().ok_or_else(signed_out)?;
            Ok(token != refused)
        })
        .await
    }

    /// Asks the source, which is the user's code: its mistakes are errors of the operation.
    async fn ask(&self, refused: Option<&str>) -> Result<Option<String>> {
        AssertUnwindSafe(async { self.source.token(refused).await })
            .catch_unwind()
            .await
            .map_err(|_| no_token("the token source panicked"))?
            .map_err(|error| no_token(format!("the token source failed: {}", error.message())))
    }

    async fn within<T>(&self, work: impl Future<Output = Result<T>>) -> Result<T> {
        timeout(self.patience, work).await.unwrap_or_else(|_| {
            let seconds = self.patience.as_secs_f64();
            Err(no_token(format!("the token source did not answer within {seconds} s")))
        })
    }
}

fn signed_out() -> Error {
    no_token("signed out: the token source has no token")
}

/// Surely nothing was sent.
fn no_token(message: impl Into<String>) -> Error {
    Error::new(ErrorKind::Unavailable, message).with_code(Some(NO_TOKEN.to_owned()))
}

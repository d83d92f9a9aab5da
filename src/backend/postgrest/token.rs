//! [`TokenSource`]: who is signed in, or where the key is.

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
/// A source can give the [key](super::PostgrestOptions::key_source) as well, in place of a token: all
/// of this is true of it then.
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

/// What requests are sent with: the key, and the token of whoever is signed in.
pub(super) struct Credentials {
    key: KeptKey,
    user: Option<Source>,
    /// Whom all requests are made as, where that may not change: known from the first one.
    #[cfg(feature = "sqlite")]
    only: Option<OnceLock<Identity>>,
}

enum KeptKey {
    Given {
        headers: Headers,
        /// Whom the key stands for.
        #[cfg(feature = "sqlite")]
        identity: Identity,
    },
    Asked(Source),
}

/// The headers `apikey` and `Authorization`.
type Headers = (Option<HeaderValue>, Option<HeaderValue>);

/// A source, and what it gave last.
struct Source {
    source: Arc<dyn TokenSource>,
    kind: SourceKind,
    /// Longest time that it is waited for.
    patience: Duration,
    last: Mutex<Option<String>>,
}

#[derive(Clone, Copy)]
enum SourceKind {
    Token,
    Key,
}

impl SourceKind {
    const fn name(self) -> &'static str {
        match self {
            Self::Token => "the token source",
            Self::Key => "the key source",
        }
    }

    fn has_none(self) -> Error {
        no_token(match self {
            Self::Token => "signed out: the token source has no token",
            Self::Key => "the key source has no key",
        })
    }
}

/// What one request is sent with.
pub(super) struct Authorization {
    pub(super) apikey: Option<HeaderValue>,
    pub(super) bearer: Option<HeaderValue>,
    /// What the sources gave for it.
    key: Option<String>,
    token: Option<String>,
}

impl Credentials {
    pub(super) fn new(
        key: &Key,
        key_source: Option<Arc<dyn TokenSource>>,
        token_source: Option<Arc<dyn TokenSource>>,
        patience: Duration,
        #[cfg(feature = "sqlite")] is_for_one: bool,
    ) -> Result<Self> {
        let of = |kind| move |source| Source { source, kind, patience, last: Mutex::new(None) };
        let key = match key_source.map(of(SourceKind::Key)) {
            Some(source) => KeptKey::Asked(source),
            None => KeptKey::Given {
                headers: key.headers()?,
                #[cfg(feature = "sqlite")]
                identity: key.identity(),
            },
        };
        Ok(Self {
            key,
            user: token_source.map(of(SourceKind::Token)),
            #[cfg(feature = "sqlite")]
            only: is_for_one.then(OnceLock::new),
        })
    }

    pub(super) async fn authorization(&self) -> Result<Authorization> {
        let ((apikey, bearer_of_key), key) = match &self.key {
            KeptKey::Given { headers, .. } => (headers.clone(), None),
            KeptKey::Asked(source) => {
                let text = source.token().await?;
                (Key::new(&*text).headers()?, Some(text))
            }
        };
        let Some(user) = &self.user else {
            #[cfg(feature = "sqlite")]
            if let Some(key) = &key {
                self.check_identity(&Key::new(&**key).identity())?;
            }
            return Ok(Authorization { apikey, bearer: bearer_of_key, key, token: None });
        };
        let token = user.token().await?;
        #[cfg(feature = "sqlite")]
        self.check_identity(&Identity::of_token(&token))?;
        Ok(Authorization { apikey, bearer: Some(bearer(&token)?), key, token: Some(token) })
    }

    /// Whether there is another token or key than the refused one now. Of several requests that were
    /// refused with one, the first asks the source.
    pub(super) async fn renew(&self, refused: &Authorization, is_of_token: bool) -> Result<bool> {
        match (&self.user, &refused.token) {
            (Some(source), Some(token)) if is_of_token => return source.renew(token).await,
            _ => {}
        }
        match (&self.key, &refused.key) {
            (KeptKey::Asked(source), Some(key)) => source.renew(key).await,
            _ => Ok(false),
        }
    }

    /// Whom the next request is made as; `None` when nobody is signed in.
    #[cfg(feature = "sqlite")]
    pub(super) async fn identity(&self) -> Result<Option<Identity>> {
        if let Some(user) = &self.user {
            let token = user.cached_or_asked().await?;
            return Ok(token.as_deref().map(Identity::of_token));
        }
        match &self.key {
            KeptKey::Given { identity, .. } => Ok(Some(identity.clone())),
            // A key that cannot be had is no sign of anybody who has signed out.
            KeptKey::Asked(source) => Ok(Some(Key::new(source.token().await?).identity())),
        }
    }

    /// Fails, with nothing sent, where the request would be somebody else's than the first one.
    #[cfg(feature = "sqlite")]
    fn check_identity(&self, identity: &Identity) -> Result<()> {
        let Some(only) = &self.only else { return Ok(()) };
        if only.get_or_init(|| identity.clone()) == identity {
            return Ok(());
        }
        Err(Error::new(
            ErrorKind::Conflict,
            "somebody else is signed in than the one whom the file belongs to",
        )
        .with_hint("give each user a file of their own"))
    }
}

impl Source {
    async fn token(&self) -> Result<String> {
        self.cached_or_asked().await?.ok_or_else(|| self.kind.has_none())
    }

    async fn cached_or_asked(&self) -> Result<Option<String>> {
        self.within(async {
            let mut token = self.last.lock().await;
            if token.is_none() {
                *token = self.ask(None).await?;
            }
            Ok(token.clone())
        })
        .await
    }

    async fn renew(&self, refused: &str) -> Result<bool> {
        self.within(async {
            let mut token = self.last.lock().await;
            if token.as_deref() == Some(refused) {
                *token = self.ask(Some(refused)).await?;
            }
            let token = token.as_deref().ok_or_else(|| self.kind.has_none())?;
            Ok(token != refused)
        })
        .await
    }

    /// Asks the source, which is the user's code: its mistakes are errors of the operation.
    async fn ask(&self, refused: Option<&str>) -> Result<Option<String>> {
        AssertUnwindSafe(async { self.source.token(refused).await })
            .catch_unwind()
            .await
            .map_err(|_| no_token(format!("{} panicked", self.kind.name())))?
            .map_err(|error| no_token(format!("{} failed: {}", self.kind.name(), error.message())))
    }

    async fn within<T>(&self, work: impl Future<Output = Result<T>>) -> Result<T> {
        timeout(self.patience, work).await.unwrap_or_else(|_| {
            let seconds = self.patience.as_secs_f64();
            let name = self.kind.name();
            Err(no_token(format!("{name} did not answer within {seconds} s")))
        })
    }
}

/// Surely nothing was sent.
fn no_token(message: impl Into<String>) -> Error {
    Error::new(ErrorKind::Unavailable, message).with_code(Some(NO_TOKEN.to_owned()))
}

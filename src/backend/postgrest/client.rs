//! [`Client`]: sends requests, and sends them again where that is safe and may help.

use super::error;
use super::failure::{Failure, Purpose};
use super::http::Http;
use super::request::{Method, Request};
use super::token::{Authorization, Credentials};
use crate::{Error, ErrorKind, Result};
use reqwest::header::{
    ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue, RETRY_AFTER, SERVER,
};
use reqwest::{Body, StatusCode, Url};
use std::num::IntErrorKind;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::Semaphore;
use tokio::time::{Instant, sleep, timeout_at};
use tracing::Instrument;

/// The first wait before another attempt, at most; it doubles each time.
const FIRST_WAIT: Duration = Duration::from_secs(1);

/// Longest time that a server or an option can set; a longer one counts as this. A clock cannot
/// hold every time that a `Duration` can.
pub(super) const LONGEST_TIME: Duration = Duration::from_secs(24 * 60 * 60);

/// Most of a refusal's body that is read, in bytes.
const LONGEST_REFUSAL: usize = 64 * 1024;

pub(super) struct Client {
    pub(super) http: Http,
    /// Without a slash at its end.
    pub(super) address: String,
    pub(super) schema: Option<String>,
    pub(super) credentials: Credentials,
    /// One permit for each request in flight; closed with the backend.
    pub(super) slots: Semaphore,
    pub(super) attempts: u32,
    pub(super) request_timeout: Duration,
    pub(super) deadline: Duration,
    /// The `Server` header of the last answer.
    pub(super) server: Mutex<Option<String>>,
}

/// An answer with a status of success.
pub(super) struct Answer<'a> {
    pub(super) status: StatusCode,
    pub(super) headers: &'a HeaderMap,
    pub(super) body: &'a [u8],
}

impl Client {
    /// Sends the request until `accept` takes its answer, repeating it is of no use or could do
    /// harm, or the deadline is near.
    pub(super) async fn send<T>(
        &self,
        request: Request,
        purpose: Purpose,
        accept: impl Fn(&Answer<'_>) -> Result<T, Failure>,
    ) -> Result<T> {
        let deadline = Instant::now() + self.deadline;
        let request = self.prepare(request)?;
        let mut attempt = 1;
        let mut renewed = false;
        // An earlier attempt that may have been executed, whatever becomes of the later ones.
        let mut lost: Option<Error> = None;
        loop {
            let span = tracing::debug_span!(
                "request",
                method = request.method().as_str(),
                attempt,
                status = tracing::field::Empty
            );
            let tried = self.attempt(&request, purpose, deadline, &accept).instrument(span).await;
            let (failure, authorization) = match tried {
                Ok(Ok(answer)) => return Ok(answer),
                Ok(Err(failed)) => failed,
                Err(error) => return Err(lost.unwrap_or(error)),
            };
            // A gateway refuses a key in words of its own.
            let is_of_token = failure.is_token_refused;
            let is_refused = is_of_token || failure.error.kind() == ErrorKind::Unauthenticated;
            if is_refused && !renewed {
                renewed = true;
                let renewal = self.credentials.renew(&authorization, is_of_token);
                match self.within(deadline, renewal).await {
                    Ok(Ok(true)) => {
                        count_retry("token");
                        continue;
                    }
                    Ok(Ok(false)) => {}
                    Ok(Err(error)) | Err(error) => return Err(lost.unwrap_or(error)),
                }
            }
            let repeat = failure.repeat(purpose).filter(|_| attempt < self.attempts);
            let wait = wait(attempt, failure.error.retry_after());
            if failure.error.is_ambiguous() && lost.is_none() {
                lost = Some(failure.error.clone());
            }
            match repeat {
                Some(reason) if Instant::now() + wait < deadline => {
                    count_retry(reason);
                    tracing::debug!(reason, attempt, wait = wait.as_secs_f64(), "sending again");
                    sleep(wait).await;
                    attempt += 1;
                }
                _ => return Err(lost.unwrap_or(failure.error)),
            }
        }
    }

    /// One attempt. The outer error ends the operation: no request was sent.
    async fn attempt<T>(
        &self,
        request: &reqwest::Request,
        purpose: Purpose,
        deadline: Instant,
        accept: &impl Fn(&Answer<'_>) -> Result<T, Failure>,
    ) -> Result<Result<T, (Failure, Authorization)>> {
        if self.slots.is_closed() {
            return Err(closed());
        }
        // Asked for before a slot is taken, which would stand idle while the source works.
        let authorization = self.within(deadline, self.credentials.authorization()).await??;
        let _slot = self.within(deadline, self.slots.acquire()).await?.map_err(|_| closed())?;
        let mut request = request
            .try_clone()
            .ok_or_else(|| Error::new(ErrorKind::Internal, "the request cannot be repeated"))?;
        let headers = request.headers_mut();
        if let Some(apikey) = &authorization.apikey {
            headers.insert("apikey", apikey.clone());
        }
        if let Some(bearer) = &authorization.bearer {
            headers.insert(AUTHORIZATION, bearer.clone());
        }
        let rest = deadline.saturating_duration_since(Instant::now());
        *request.timeout_mut() = Some(self.request_timeout.min(rest));

        let method = method_label(&request);
        let http = self.http.client()?;
        let (status, answer) = self.exchange(http, request, purpose, accept).await;
        tracing::Span::current().record("status", status.as_str());
        metrics::counter!(
            "chronicle_requests_total",
            "backend" => "postgrest", "method" => method, "status" => status
        )
        .increment(1);
        Ok(answer.map_err(|failure| (failure, authorization)))
    }

    async fn exchange<T>(
        &self,
        http: &reqwest::Client,
        request: reqwest::Request,
        purpose: Purpose,
        accept: &impl Fn(&Answer<'_>) -> Result<T, Failure>,
    ) -> (String, Result<T, Failure>) {
        let mut response = match http.execute(request).await {
            Ok(response) => response,
            Err(error) => return ("none".to_owned(), Err(transport(&error, purpose))),
        };
        let status = response.status();
        self.remember_server(response.headers());
        let headers = response.headers().clone();
        let answer = if status.is_success() {
            match (response.bytes().await, purpose) {
                (Ok(body), _) => accept(&Answer { status, headers: &headers, body: &body }),
                (Err(error), Purpose::Read) => Err(transport(&error, purpose)),
                // The head of an answer proves that a write is done; its body is of no interest.
                (Err(error), _) => accept(&Answer { status, headers: &headers, body: &[] })
                    .map_err(|_| transport(&error, purpose)),
            }
        } else {
            let mut body = Vec::new();
            while body.len() < LONGEST_REFUSAL
                && let Ok(Some(part)) = response.chunk().await
            {
                body.extend_from_slice(&part);
            }
            Err(error::failure(status, &body, retry_after(&headers), purpose))
        };
        (status.as_u16().to_string(), answer)
    }

    fn prepare(&self, mut request: Request) -> Result<reqwest::Request> {
        let url = Url::parse(&format!("{}{}", self.address, request.url_path()))
            .map_err(|_| Error::invalid("the table's name makes no URL"))?;
        let method = match request.verb() {
            Method::Get => reqwest::Method::GET,
            Method::Post => reqwest::Method::POST,
            Method::Patch => reqwest::Method::PATCH,
            Method::Delete => reqwest::Method::DELETE,
        };
        let mut prepared = reqwest::Request::new(method, url);
        let json = HeaderValue::from_static("application/json");
        prepared.headers_mut().insert(ACCEPT, json.clone());
        for (name, value) in request.headers() {
            let value = HeaderValue::from_str(value)
                .map_err(|_| Error::invalid("the schema's name makes no HTTP header"))?;
            let name = HeaderName::from_bytes(name.as_bytes())
                .map_err(|_| Error::invalid("no HTTP header"))?;
            prepared.headers_mut().append(name, value);
        }
        if let Some(body) = request.take_body() {
            prepared.headers_mut().insert(CONTENT_TYPE, json);
            *prepared.body_mut() = Some(Body::from(body));
        }
        Ok(prepared)
    }

    async fn within<T>(&self, deadline: Instant, work: impl Future<Output = T>) -> Result<T> {
        timeout_at(deadline, work).await.map_err(|_| {
            Error::new(
                ErrorKind::Unavailable,
                "the deadline passed before a request could be sent: too many are in flight",
            )
        })
    }

    fn remember_server(&self, headers: &HeaderMap) {
        let Some(server) = headers.get(SERVER).and_then(|value| value.to_str().ok()) else {
            return;
        };
        let mut known = self.server.lock().unwrap_or_else(PoisonError::into_inner);
        if known.as_deref() != Some(server) {
            *known = Some(server.to_owned());
        }
    }
}

/// The wait behind the attempt with this number: full jitter, and no shorter than the server asks for.
pub(super) fn wait(attempt: u32, asked: Option<Duration>) -> Duration {
    let longest = FIRST_WAIT * 2_u32.saturating_pow(attempt.saturating_sub(1).min(10));
    longest.mul_f64(fastrand::f64()).max(asked.unwrap_or_default())
}

pub(super) fn closed() -> Error {
    Error::new(ErrorKind::Unavailable, "the PostgREST backend is closed")
}

fn method_label(request: &reqwest::Request) -> &'static str {
    match request.method().as_str() {
        "GET" => "GET",
        "POST" => "POST",
        "PATCH" => "PATCH",
        _ => "DELETE",
    }
}

fn count_retry(reason: &'static str) {
    metrics::counter!("chronicle_retries_total", "backend" => "postgrest", "reason" => reason)
        .increment(1);
}

/// What a failed exchange means. The error's own text is left out where it could hold the URL.
fn transport(error: &reqwest::Error, purpose: Purpose) -> Failure {
    let mut cause: &dyn std::error::Error = error;
    while let Some(source) = cause.source() {
        cause = source;
    }
    if error.is_connect() {
        let why =
            if error.is_timeout() { "it does not answer".to_owned() } else { cause.to_string() };
        let error =
            Error::new(ErrorKind::Unavailable, format!("cannot connect to the server: {why}"));
        return Failure::refused(error).repeatable(Some("connect"));
    }
    if error.is_timeout() {
        return Failure::lost(purpose, "the server did not answer in time", "timeout");
    }
    let why = if error.is_decode() || error.is_body() || error.is_request() {
        cause.to_string()
    } else {
        "no HTTP answer".to_owned()
    };
    Failure::lost(
        purpose,
        format!("the connection broke before the answer was complete: {why}"),
        "reset",
    )
}

/// `Retry-After` in seconds, a day at most. Its other form, a date, is not used by PostgREST or
/// Supabase.
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    let seconds = match text.parse::<u64>() {
        Ok(seconds) => seconds,
        Err(error) if *error.kind() == IntErrorKind::PosOverflow => u64::MAX,
        Err(_) => return None,
    };
    Some(Duration::from_secs(seconds).min(LONGEST_TIME))
}

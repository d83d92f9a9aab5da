//! The way to beat: a bare HTTP client that sends the bytes which the library sends.

use crate::measure::Result;
use chronicle_entity::event;
use chrono::{DateTime, SecondsFormat, Utc};
use reqwest::header::{ACCEPT, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use reqwest::{Client, Method, Request, Url, redirect};
use serde::Serialize;
use std::time::Duration;

/// Where PostgREST is told the columns of the rows.
pub(crate) const COLUMNS: &str =
    "id,session_id,event_type,hook_name,data,timestamp,created_at,agent_id";

pub(crate) struct Bare {
    http: Client,
    address: String,
    key: String,
}

impl Bare {
    /// A client with the library's settings.
    pub(crate) fn new(address: &str, key: &str) -> Result<Self> {
        let http = Client::builder()
            .user_agent(concat!("chronicle/", env!("CARGO_PKG_VERSION")))
            .connect_timeout(Duration::from_secs(2))
            .timeout(Duration::from_secs(10))
            .pool_idle_timeout(Duration::from_secs(25))
            .redirect(redirect::Policy::none())
            .build()?;
        Ok(Self { http, address: address.to_owned(), key: key.to_owned() })
    }

    /// The request that stores these rows.
    pub(crate) fn insert(&self, rows: &[event::Model]) -> Result<Request> {
        let rows: Vec<Row<'_>> = rows.iter().map(Row::of).collect();
        let mut request = self.post(&format!("/events?columns={COLUMNS}"), &rows)?;
        request.headers_mut().insert("prefer", HeaderValue::from_static("return=minimal"));
        Ok(request)
    }

    /// A request with a JSON document.
    pub(crate) fn post(&self, path: &str, body: &impl Serialize) -> Result<Request> {
        let mut request = self.request(Method::POST, path)?;
        let json = HeaderValue::from_static("application/json");
        request.headers_mut().insert(CONTENT_TYPE, json);
        *request.body_mut() = Some(serde_json::to_vec(body)?.into());
        Ok(request)
    }

    /// A request that reads.
    pub(crate) fn get(&self, path: &str) -> Result<Request> {
        self.request(Method::GET, path)
    }

    fn request(&self, method: Method, path: &str) -> Result<Request> {
        let url = Url::parse(&format!("{}{path}", self.address))?;
        let mut request = Request::new(method, url);
        let headers: &mut HeaderMap = request.headers_mut();
        headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
        headers.insert(HeaderName::from_static("apikey"), self.key.parse()?);
        headers.insert("authorization", format!("Bearer {}", self.key).parse()?);
        Ok(request)
    }

    /// The whole body of the answer.
    ///
    /// # Errors
    /// When there is no answer, or it is not one of success.
    pub(crate) async fn send(&self, request: Request) -> Result<Vec<u8>> {
        let answer = self.http.execute(request).await?.error_for_status()?;
        Ok(answer.bytes().await?.into())
    }
}

/// A row in the library's JSON.
#[derive(Serialize)]
struct Row<'a> {
    id: String,
    session_id: String,
    event_type: &'a str,
    hook_name: Option<&'a str>,
    data: &'a Option<serde_json::Value>,
    timestamp: String,
    created_at: String,
    agent_id: Option<&'a str>,
}

impl<'a> Row<'a> {
    fn of(event: &'a event::Model) -> Self {
        let text = |time: DateTime<Utc>| time.to_rfc3339_opts(SecondsFormat::AutoSi, false);
        Self {
            id: event.id.to_string(),
            session_id: event.session_id.to_string(),
            event_type: event.event_type.as_str(),
            hook_name: event.hook_name.as_deref(),
            data: &event.data,
            timestamp: text(event.timestamp),
            created_at: text(event.created_at),
            agent_id: event.agent_id.as_deref(),
        }
    }
}

/// What has to be the same of two lists of requests: everything but the order of headers.
pub(crate) fn comparable(
    requests: &[chronicle_test_servers::Request],
) -> Vec<(String, Vec<String>, usize, String)> {
    requests
        .iter()
        .map(|request| {
            let mut headers: Vec<String> = request
                .headers
                .iter()
                .map(|(name, value)| format!("{}: {value}", name.to_ascii_lowercase()))
                .collect();
            headers.sort();
            let line = format!("{} {}", request.method, request.path);
            let body = String::from_utf8_lossy(&request.body).into_owned();
            (line, headers, request.body_length, body)
        })
        .collect()
}

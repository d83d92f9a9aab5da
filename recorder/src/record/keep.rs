//! Keeping one payload: as an event, or, if it is none, among the unread ones.

use super::asked::Asked;
use super::lock::Lock;
use super::store::{self, Lives};
use crate::config::Config;
use crate::error::Result;
use crate::{cut, redact};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chronicle::{BackendKind, Store};
use chronicle_entity::hook::{Delivery, Payload, PayloadError, Recorder};
use chronicle_entity::{NewUnreadPayload, UnreadPayloads};
use std::mem::ManuallyDrop;
use std::time::Duration;

/// How long the end of a session may send what waits: its hooks have 1.5 s together.
const FLUSH: Duration = Duration::from_millis(700);

/// Keeps it in the file; says why it could not.
pub(super) fn keep(asked: &Asked, input: &[u8]) -> Result<(), String> {
    panic_if_asked_to();
    let config = Config::load_leniently(&asked.globals()).map_err(|error| error.to_string())?;
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    runtime.enable_time();
    if config.remote.is_some() {
        runtime.enable_io();
    }
    let runtime = runtime.build().map_err(|error| format!("no runtime: {error}"))?;
    // The file's threads end with the process: nothing is to be waited for.
    ManuallyDrop::new(runtime).block_on(keep_in(asked, input, &config))
}

/// What a mistake of ours would do, for the tests.
fn panic_if_asked_to() {
    let is_asked = cfg!(debug_assertions) && std::env::var_os("CHRONICLE_TEST_PANIC").is_some();
    assert!(!is_asked, "as it was asked to");
}

async fn keep_in(asked: &Asked, input: &[u8], config: &Config) -> Result<(), String> {
    let redacts = asked.redact && config.redact;
    let payload = asked.sender(&config.host).read(input).map(|mut payload| {
        if redacts {
            redact::payload(&mut payload);
        }
        cut::payload(&mut payload, config.payload_limit);
        payload
    });
    let store = store_in(asked, input, config, payload.as_ref()).await;
    // A close would wait for the log to be brought into the file, which some later process does.
    let store = ManuallyDrop::new(store.map_err(|error| error.to_string())?);
    if payload.is_ok_and(|payload| payload.ends_session())
        && let Some(failover) = store.failover()
    {
        // What it does not send now is sent later.
        let _ = tokio::time::timeout(FLUSH * 2, failover.flush(FLUSH)).await;
    }
    Ok(())
}

/// Writes it, and gives the store that it is in.
async fn store_in(
    asked: &Asked,
    input: &[u8],
    config: &Config,
    payload: Result<&Payload, &PayloadError>,
) -> Result<Store> {
    let store = Box::pin(store::open(config, Lives::AsLongAsAHook)).await?;
    let _lock = Lock::beside(&config.database);
    let kept = write(asked, input, config, &store, payload).await;
    let store = if store::lacks_tables(&kept) {
        let store = Box::pin(store::migrated(config, Lives::AsLongAsAHook)).await?;
        write(asked, input, config, &store, payload).await?;
        store
    } else {
        kept?;
        store
    };
    // It is kept already: a log that is left long is another one's work.
    let _ = Box::pin(store::shorten_log(config)).await;
    Ok(store)
}

async fn write(
    asked: &Asked,
    input: &[u8],
    config: &Config,
    store: &Store,
    payload: Result<&Payload, &PayloadError>,
) -> Result<()> {
    let now = chronicle::now();
    let reason = match payload {
        Ok(payload) => {
            let mut recorder = Recorder::new(store);
            let delivery = Delivery::of_hook(now);
            let recorded = if store.kind() == BackendKind::Sqlite {
                recorder.record_all(&[(payload, delivery)]).await.map(drop)
            } else {
                recorder.record(payload, delivery).await.map(drop)
            };
            match recorded {
                Err(error) if error.kind() == chronicle::ErrorKind::InvalidInput => {
                    error.to_string()
                }
                recorded => return Ok(recorded?),
            }
        }
        Err(reason) => reason.to_string(),
    };
    let redacts = asked.redact && config.redact;
    let input = if redacts { redact::bytes(input) } else { input.to_vec() };
    let (reason, text) = as_text(reason, &input);
    let mut unread = NewUnreadPayload::new(now, reason, text).host(&*config.host);
    if let Some(agent) = &asked.agent {
        unread = unread.agent(agent.as_str());
    }
    if let Some(event) = &asked.event {
        unread = unread.event_name(&**event);
    }
    UnreadPayloads::new(store).insert_if_absent(unread).await?;
    Ok(())
}

/// What a column of text can hold of it.
pub(super) fn as_text(reason: String, input: &[u8]) -> (String, String) {
    match std::str::from_utf8(input) {
        Ok(text) if !text.contains('\0') => (reason, text.to_owned()),
        _ => (format!("{reason} (the payload is in base64)"), STANDARD.encode(input)),
    }
}

//! Free ports.

use std::io;
use std::net::{Ipv4Addr, TcpListener};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::SystemTime;

use crate::{Error, Result};

/// Below the ports that Linux (32768 and up) and macOS (49152 and up) give to outgoing connections, so that a stopped
/// server's port is not taken by a client's connection before the server is started again.
const FIRST: u64 = 12_000;
const COUNT: u64 = 20_000;

/// A listener on a free port of 127.0.0.1.
pub(crate) fn listener() -> Result<TcpListener> {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    let time =
        SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).map_or(0, |since| since.as_secs());
    let start = u64::from(std::process::id()).wrapping_mul(7919).wrapping_add(time);
    for _ in 0..1000 {
        let candidate = FIRST + (start.wrapping_add(NEXT.fetch_add(1, Ordering::Relaxed))) % COUNT;
        let Ok(port) = u16::try_from(candidate) else {
            continue;
        };
        match TcpListener::bind((Ipv4Addr::LOCALHOST, port)) {
            Ok(listener) => return Ok(listener),
            Err(error) if error.kind() == io::ErrorKind::AddrInUse => {}
            Err(error) => return Err(Error::io(format!("listen on 127.0.0.1:{port}"))(error)),
        }
    }
    Err(Error::Invalid(format!(
        "no free port between {FIRST} and {}: end some servers",
        FIRST + COUNT
    )))
}

/// A port that was free just now. Another process may take it before the server does, so the caller tries again then.
pub(crate) fn free() -> Result<u16> {
    let address = listener()?.local_addr().map_err(Error::io("read the address of a listener"))?;
    Ok(address.port())
}

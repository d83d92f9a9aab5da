//! Each write through an outage: before it, in it, and after it.

use crate::bare::Bare;
use crate::chart::{self, Slowest, TimeLine};
use crate::figures::{NOISE, duration, quantile, thousands};
use crate::measure::{Options, Result, events};
use crate::original::Original;
use crate::page::Page;
use crate::rows::new_session;
use crate::servers::Servers;
use crate::way::Way;
use chronicle::Backend;
use chronicle::failover::{Failover, Status, WriteMode};
use chronicle::uuid::Uuid;
use chronicle_entity::{Events, NewSession, SessionId, SessionStatus, Sessions, event};
use serde_json::json;
use std::fmt::Write as _;
use std::io::{BufRead, BufReader, Read};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

const SAYS: &str = "## Through an outage

One event is written each 20 ms, the next one never before the last has returned. After some seconds the server's
address refuses connections; after some more it takes them again. Each way has an outage of its own, through
the same gateway. A dot is the slowest write of half a second, a cross that of one in which a write failed.

- Chronicle is a pair: the server, and a file on the disk with `synchronous = FULL`. In the outage it writes to the
  file. After it, writes go to the file as well until the server is found again and what waits has been replayed; the
  server is asked again at moments drawn at random, which grow rarer as the outage goes on. `LocalFirst` always
  writes to the file.
- reqwest sends the same requests, without a file and without a second try. One that the server takes while its
  connection is cut counts as failed, though it is stored.
- The original is its `DatabaseManager`, with its monitor, as its document has them. A write is tried three times, with
  a check of the server in between, which the client of Supabase repeats for some seconds by itself. A short
  outage is waited for in that. After a longer one every write fails, also when the server is back: its file is connected
  at the start only, and a server whose check has failed is never asked again.
";

/// How long the parts are: before, without the server, with it again.
struct Parts {
    gone: f64,
    back: f64,
    end: f64,
}

/// How often something is written, in seconds.
const EVERY: f64 = 0.02;
/// How long what a dot in the plot is for.
const DOT: f64 = 0.5;

/// One write.
struct Write {
    /// When it began, in seconds.
    at: f64,
    took: f64,
    taken: bool,
}

/// One way's outage.
struct Outage {
    way: Way,
    writes: Vec<Write>,
    /// Rows that the server had in the end.
    stored: usize,
    /// When the store was healthy again, where it tells.
    healthy: Option<f64>,
}

pub(crate) async fn measure(
    options: Options,
    page: &mut Page,
    original: Option<&Original>,
) -> Result<()> {
    let second = |full, quick| options.size(full, quick) as f64;
    let parts = Parts { gone: second(5, 1), back: second(15, 3), end: second(40, 8) };
    let servers = Servers::start().await?;
    let mut outages = Vec::new();
    for mode in [WriteMode::RemoteFirst, WriteMode::LocalFirst] {
        outages.push(of_pair(&servers, mode, &parts).await?);
    }
    outages.push(of_reqwest(&servers, &parts).await?);
    if let Some(original) = original {
        outages.push(of_original(&servers, original, &parts).await?);
    }
    write(page, &parts, &outages)
}

/// The server goes, and comes back.
async fn go_and_come(servers: &Servers, parts: &Parts, start: Instant) -> Result<()> {
    let until =
        |second: f64| tokio::time::sleep_until((start + Duration::from_secs_f64(second)).into());
    until(parts.gone).await;
    servers.gateway.refuse().await?;
    until(parts.back).await;
    Ok(servers.gateway.heal().await?)
}

/// Writes until the end.
async fn write_on(
    start: Instant,
    end: f64,
    session: Uuid,
    mut insert: impl AsyncFnMut(event::Model) -> bool,
) -> Result<Vec<Write>> {
    let mut writes = Vec::new();
    loop {
        let at = start.elapsed().as_secs_f64();
        if at >= end {
            return Ok(writes);
        }
        let row = events(SessionId::from(session), 1).remove(0);
        let began = Instant::now();
        let taken = insert(row).await;
        let took = began.elapsed().as_secs_f64();
        writes.push(Write { at, took, taken });
        tokio::time::sleep(Duration::from_secs_f64((EVERY - took).max(0.0))).await;
    }
}

async fn of_pair(servers: &Servers, mode: WriteMode, parts: &Parts) -> Result<Outage> {
    servers.gateway.heal().await?;
    let file = servers.empty_file("pair.db")?;
    let options = chronicle::failover::FailoverOptions::new(
        chronicle::sqlite::SqliteOptions::new(file),
        servers.patient(),
    );
    let failover: Failover = options.mode(mode).connect().await?;
    let session = Sessions::new(&failover).insert(NewSession::new(SessionStatus::Active)).await?;
    let session = Uuid::from(session.id);
    let repository = Events::new(&failover);
    let start = Instant::now();
    let mut healthy = None;
    let insert = async |row| {
        let taken = repository.insert(row).await.is_ok();
        let now = start.elapsed().as_secs_f64();
        if now > parts.back && healthy.is_none() && failover.status() == Status::Healthy {
            healthy = Some(now - parts.back);
        }
        taken
    };
    let writing = write_on(start, parts.end, session, insert);
    let (writes, ()) = tokio::try_join!(writing, go_and_come(servers, parts, start))?;
    if !failover.flush(Duration::from_secs(120)).await? {
        return Err("writes still wait".into());
    }
    failover.close().await?;
    let (way, healthy) = match mode {
        WriteMode::LocalFirst => (Way::LocalFirst, None),
        WriteMode::RemoteFirst => (Way::Ours, healthy),
    };
    Ok(Outage { way, writes, stored: stored(servers, session).await?, healthy })
}

async fn of_reqwest(servers: &Servers, parts: &Parts) -> Result<Outage> {
    servers.gateway.heal().await?;
    let session = new_session(&servers.server).await?;
    let bare = Bare::new(&servers.gateway.url(), &servers.server.service_key())?;
    let start = Instant::now();
    let insert = async |row| match bare.insert(&[row]) {
        Ok(request) => bare.send(request).await.is_ok(),
        Err(_) => false,
    };
    let writing = write_on(start, parts.end, session, insert);
    let (writes, ()) = tokio::try_join!(writing, go_and_come(servers, parts, start))?;
    let stored = stored(servers, session).await?;
    Ok(Outage { way: Way::Reqwest, writes, stored, healthy: None })
}

async fn of_original(servers: &Servers, original: &Original, parts: &Parts) -> Result<Outage> {
    servers.gateway.heal().await?;
    let session = new_session(&servers.server).await?;
    let order = json!({
        "work": "outage",
        "gateway": servers.gateway.url().trim_end_matches("/rest/v1"),
        "key": servers.server.service_key(),
        "sqlite": servers.path("original.db"),
        "session": session,
        "every": EVERY,
        "seconds": parts.end,
    });
    let mut child = original.command(&order).spawn()?;
    let mut output = BufReader::new(child.stdout.take().ok_or("no output")?);
    let (output, start, clock) = tokio::task::spawn_blocking(move || {
        let mut ready = String::new();
        output.read_line(&mut ready).map(|_| (output, Instant::now(), SystemTime::now()))
    })
    .await??;
    let reading = tokio::task::spawn_blocking(move || {
        let (mut output, mut text) = (output, String::new());
        output.read_to_string(&mut text).map(|_| text)
    });
    go_and_come(servers, parts, start).await?;
    let text = reading.await??;
    if !child.wait()?.success() {
        return Err("the original failed in the outage".into());
    }
    let clock = clock.duration_since(UNIX_EPOCH)?.as_secs_f64();
    let writes: Vec<(f64, f64, bool)> = serde_json::from_str(&text)?;
    let writes = writes.into_iter().map(|(began, took, taken)| Write {
        at: (began - clock).max(0.0),
        took,
        taken,
    });
    let stored = stored(servers, session).await?;
    Ok(Outage { way: Way::Original, writes: writes.collect(), stored, healthy: None })
}

/// How many events of a session the server has.
async fn stored(servers: &Servers, session: Uuid) -> Result<usize> {
    let count = format!("select count(*) from events where session_id = '{session}'");
    let rows = servers.server.database().query(&count).await?;
    Ok(rows.concat().pop().flatten().ok_or("no count")?.parse()?)
}

fn write(page: &mut Page, parts: &Parts, outages: &[Outage]) -> Result<()> {
    page.add(SAYS);
    let path = page.plot("outage", "The slowest writes of each way through an outage");
    let line = TimeLine {
        title: "slowest write in each half of a second, ms".to_owned(),
        outage: parts.gone..parts.back,
        end: parts.end,
        ways: outages.iter().map(|outage| (outage.way, outage.dots())).collect(),
    };
    chart::time_line(&path, &line)?;
    page.add(&parts_table(parts, outages)?);
    behind(page, parts, outages);
    page.add(&ends_table(outages)?);
    Ok(())
}

/// How long the writes of each part took.
fn parts_table(parts: &Parts, outages: &[Outage]) -> Result<String> {
    let mut table = "| | part | writes | failed | p50 | p99 | slowest |\n".to_owned();
    table.push_str("|---|---|---:|---:|---:|---:|---:|\n");
    let spans = [
        ("before", 0.0..parts.gone),
        ("the server is gone", parts.gone..parts.back),
        ("it is back", parts.back..f64::INFINITY),
    ];
    for outage in outages {
        for (part, span) in &spans {
            let writes = || outage.writes.iter().filter(|write| span.contains(&write.at));
            let took = |place| {
                let took = quantile(writes().map(|write| write.took), place);
                took.map_or_else(|| "–".to_owned(), duration)
            };
            let failed = writes().filter(|write| !write.taken).count();
            let name = outage.way.name();
            let (count, failed) = (thousands(writes().count()), thousands(failed));
            let (half, most, slowest) = (took(0.5), took(0.99), took(1.0));
            writeln!(
                table,
                "| {name} | {part} | {count} | {failed} | {half} | {most} | {slowest} |"
            )?;
        }
    }
    Ok(table)
}

/// Says where writes of a pair take longer than those of a way that also takes them.
fn behind(page: &mut Page, parts: &Parts, outages: &[Outage]) {
    for (part, span) in
        [("before an outage", 0.0..parts.gone), ("after an outage", parts.back..parts.end)]
    {
        let took = |way: Way| {
            let outage = outages.iter().find(|outage| outage.way == way)?;
            let writes = || outage.writes.iter().filter(|write| span.contains(&write.at));
            let failed = writes().filter(|write| !write.taken).count();
            let took = |place| quantile(writes().map(|write| write.took), place);
            (failed < 2).then_some([took(0.5)?, took(0.99)?, took(1.0)?])
        };
        let Some(ours) = took(Way::Ours) else { continue };
        for way in [Way::Reqwest, Way::Original] {
            let Some(other) = took(way) else { continue };
            let ratios = ["p50", "p99", "slowest"].iter().zip(ours).zip(other);
            let ratios: Vec<String> = ratios
                .map(|((name, ours), other)| (name, ours / other))
                .filter(|(_, ratio)| *ratio > NOISE)
                .map(|(name, ratio)| format!("{ratio:.2} at {name}"))
                .collect();
            if !ratios.is_empty() {
                let (name, ratios) = (way.name(), ratios.join(", "));
                page.behind(format!("A write of a pair {part}, beside {name}: {ratios}."));
            }
        }
    }
}

/// What became of the writes.
fn ends_table(outages: &[Outage]) -> Result<String> {
    let mut table = "| | taken | at the server in the end | healthy again after |\n".to_owned();
    table.push_str("|---|---:|---:|---:|\n");
    for outage in outages {
        let taken = outage.writes.iter().filter(|write| write.taken).count();
        let healthy = outage.healthy.map_or_else(|| "–".to_owned(), duration);
        let (name, taken, stored) = (outage.way.name(), thousands(taken), thousands(outage.stored));
        writeln!(table, "| {name} | {taken} | {stored} | {healthy} |")?;
    }
    Ok(table)
}

impl Outage {
    /// The slowest write of each short time, by when it began.
    fn dots(&self) -> Vec<Slowest> {
        let mut dots: Vec<Slowest> = Vec::new();
        for write in &self.writes {
            let second = (write.at / DOT).floor() * DOT;
            let milliseconds = write.took * 1e3;
            match dots.last_mut().filter(|dot| dot.second >= second) {
                Some(dot) => {
                    dot.milliseconds = dot.milliseconds.max(milliseconds);
                    dot.failed |= !write.taken;
                }
                None => dots.push(Slowest { second, milliseconds, failed: !write.taken }),
            }
        }
        dots
    }
}

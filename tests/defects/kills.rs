//! Processes that write to one file and are killed at random, while the network comes and goes: what
//! was acknowledged is at the remote once and in order, or a letter, and nothing is stuck.
//!
//! `CHRONICLE_KILLS` says how many are killed in each test; 40 without it.

mod history;

use crate::child;
use crate::fixture::{World, healed, info, options, postgrest};
use crate::tables::note::{NewNote, NoteId, NotePatch, Notes};
use chronicle::failover::WriteMode;
use chronicle::postgrest::Key;
use chronicle::sqlite::SqliteOptions;
use chronicle::{Backend, ErrorKind};
use chronicle_test_servers::{Fault, Gateway, Response, SECRET_KEY};
use history::{Diary, History, Kind, POISON};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

/// How many write at the same time.
const PROCESSES: usize = 8;

/// How long an abandoned request may still arrive here: the machine may be busy.
const SETTLE: Duration = Duration::from_secs(2);

#[tokio::test(flavor = "multi_thread")]
async fn services_that_are_killed_lose_nothing() {
    killed(WriteMode::RemoteFirst).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn hooks_that_are_killed_lose_nothing() {
    killed(WriteMode::LocalFirst).await;
}

async fn killed(mode: WriteMode) {
    let kills = std::env::var("CHRONICLE_KILLS").map_or(40, |number| number.parse().unwrap());
    let world = Arc::new(World::new().await);
    let history = History::begin(&world).await;
    let open = || world.options().settle(SETTLE).mode(mode).connect();
    let first = open().await.unwrap();
    let mut diary = Diary::of(&world.folder().join("first.log"));
    let mut shared = Vec::new();
    for number in 0..4 {
        let id = NoteId::generate();
        let title = format!("first-{number}");
        let row = NewNote::new(title.as_str()).id(id);
        let notes = Notes::new(&first);
        diary
            .write(Kind::Upsert, id, &title, async || notes.upsert(row.clone()).await.map(|_| 1))
            .await
            .unwrap();
        shared.push(id.to_string());
    }
    assert!(first.flush(Duration::from_secs(20)).await.unwrap());
    first.close().await.unwrap();
    drop(first);

    let start = Instant::now();
    let over = Arc::new(AtomicBool::new(false));
    let weather = tokio::spawn(weather(world.clone(), over.clone()));
    let started = Arc::new(AtomicUsize::new(0));
    let places = (0..PROCESSES).map(|_| {
        let place = Place {
            world: world.clone(),
            mode,
            shared: shared.join(","),
            kills,
            started: started.clone(),
        };
        tokio::spawn(place.kill_one_after_the_other())
    });
    let mut logs = vec![world.folder().join("first.log")];
    for place in futures_util::future::join_all(places).await {
        logs.extend(place.unwrap());
    }
    over.store(true, Ordering::Relaxed);
    weather.await.unwrap();
    let time = start.elapsed();

    let last = open().await.unwrap();
    last.resume().await.unwrap();
    // Each update is a request of its own; without that, what waits would count as lost.
    assert!(last.flush(Duration::from_secs(600)).await.unwrap(), "{:?}", info(&last).await);
    healed(&last).await;
    let letters = last.dead_letters(1_000).await.unwrap();
    let checked = history.check(&world, &logs, &letters).await;
    println!("{kills} kills in {time:?} ({mode:?}), {} letters: {checked:?}", letters.len());
    assert!(checked.acknowledged > kills, "{checked:?}");
}

/// Where one process after the other is killed.
struct Place {
    world: Arc<World>,
    mode: WriteMode,
    shared: String,
    kills: usize,
    /// How many were started at all places.
    started: Arc<AtomicUsize>,
}

impl Place {
    async fn kill_one_after_the_other(self) -> Vec<PathBuf> {
        let mut logs = Vec::new();
        loop {
            let number = self.started.fetch_add(1, Ordering::Relaxed);
            if number >= self.kills {
                return logs;
            }
            let log = self.world.folder().join(format!("child-{number}.log"));
            self.kill_one(number, &log).await;
            logs.push(log);
        }
    }

    async fn kill_one(&self, number: usize, log: &PathBuf) {
        use std::os::unix::process::ExitStatusExt;
        let (url, path) = (self.world.gateway.url(), self.world.path().display().to_string());
        let (log_path, mode) = (log.display().to_string(), format!("{:?}", self.mode));
        let number_text = number.to_string();
        let words = [&url, &path, &log_path, &mode, &number_text, &self.shared];
        let mut process = child::start("writer", &words.map(String::as_str));
        let told = || std::fs::read_to_string(log).unwrap_or_default();
        let start = Instant::now();
        while !told().contains("try") {
            assert_eq!(process.try_wait().unwrap(), None, "child {number} ended by itself");
            assert!(start.elapsed() < Duration::from_secs(30), "child {number} does nothing");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        let mut random = numbers(number as u64 + 1);
        tokio::time::sleep(Duration::from_millis(random() % 1_500)).await;
        process.start_kill().unwrap();
        let status = process.wait().await.unwrap();
        assert_eq!(status.signal(), Some(9), "child {number}, {status}: {}", told());
    }
}

/// What a child does: writes of all kinds, of rows of its own and of shared ones, until it is killed.
pub(crate) async fn write([url, path, log, mode, number, shared]: [&str; 6]) {
    let mode = match mode {
        "LocalFirst" => WriteMode::LocalFirst,
        _ => WriteMode::RemoteFirst,
    };
    let remote = postgrest(url, Key::new(SECRET_KEY));
    let options = options(SqliteOptions::new(path), remote).settle(SETTLE).mode(mode);
    let failover = options.connect().await.unwrap();
    let notes = Notes::new(&failover);
    let mut diary = Diary::of(log.as_ref());
    let mut random = numbers(number.parse::<u64>().unwrap() + 1_000);
    let shared: Vec<NoteId> = shared.split(',').map(|id| id.parse().unwrap()).collect();
    let mut own: Vec<NoteId> = Vec::new();
    for write in 0.. {
        let mut title = format!("{number}-{write}");
        let any_of = |ids: &[NoteId], at: u64| ids[at as usize % ids.len()];
        let draw = random() % 12;
        let id = match draw {
            0..4 => {
                if random().is_multiple_of(10) {
                    title = format!("{POISON}-{title}");
                }
                NoteId::generate()
            }
            4..8 if !own.is_empty() => any_of(&own, random()),
            _ => any_of(&shared, random()),
        };
        let row = NewNote::new(title.as_str()).id(id);
        let patch = NotePatch::new().title(title.as_str());
        let done = match draw {
            0..4 => {
                own.push(id);
                diary
                    .write(Kind::Insert, id, &title, async || notes.insert(row).await.map(|_| 1))
                    .await
            }
            4 | 5 | 8 | 9 => {
                diary.write(Kind::Update, id, &title, async || notes.update(id, patch).await).await
            }
            6 | 10 => {
                diary
                    .write(Kind::Upsert, id, &title, async || notes.upsert(row).await.map(|_| 1))
                    .await
            }
            _ => diary.write(Kind::Delete, id, &title, async || notes.delete(id).await).await,
        };
        if let Err(error) = done {
            let is_refused = error.kind() == ErrorKind::Check && title.starts_with(POISON);
            // Such a write was not acknowledged: the caller may try again.
            assert!(error.is_transient() || is_refused, "{error}");
        }
        // SQLite's lock is not fair: writers that never rest shut others out.
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// Faults of all kinds, one after the other, until it is over; then none.
async fn weather(world: Arc<World>, over: Arc<AtomicBool>) {
    let mut random = numbers(99);
    while !over.load(Ordering::Relaxed) {
        fault(&world.gateway, random() % 10).await;
        tokio::time::sleep(Duration::from_millis(100 + random() % 300)).await;
        // Another program may have the port for a moment.
        while world.gateway.heal().await.is_err() {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        tokio::time::sleep(Duration::from_millis(random() % 400)).await;
    }
}

async fn fault(gateway: &Gateway, kind: u64) {
    let database = r#"{"code":"PGRST002","message":"no database"}"#;
    gateway.fault(match kind {
        0..4 => return gateway.refuse().await.unwrap(),
        4 => Fault::reset_before().times(3),
        5 => Fault::reset_after().times(3),
        // It arrives when its client has given up, and before the time to settle is over.
        6 => Fault::hold(Duration::from_millis(1_700)).method("PATCH").times(3),
        7 => Fault::black_hole_after().times(2),
        8 => Fault::truncate(0).times(2),
        _ => Fault::respond(Response::new(503).json(database)).times(2),
    });
}

/// Numbers that look random, the same in each run (xorshift, Marsaglia 2003).
fn numbers(seed: u64) -> impl FnMut() -> u64 {
    let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state >> 8
    }
}

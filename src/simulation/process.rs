//! A simulated process: an engine on the shared file, a monitor that replays, and clients that call.
//! It can be killed, also inside a transaction, stopped for a time, and have its clock moved.

use super::executor::{Executor, Role, Spawned, lock};
use super::history::Tick;
use super::operation::{self, WriteCall};
use super::schedule::{self, Operation};
use super::tables;
use super::wire::{Client, SETTLE};
use super::world::{Event, Lock, Purpose, World};
use crate::failover::engine::Engine;
use crate::failover::engine::replay::{Progress, Replayer};
use crate::failover::environment::{self, Environment, Moment};
use crate::failover::file::{Binding, File, OutboxBound};
use crate::failover::options::{Present, Settings};
use crate::failover::{LetterFilter, WriteMode};
use crate::filter::Node;
use crate::{Result, Table};
use futures_util::future::{BoxFuture, Either, poll_fn, select};
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::task::Poll;
use std::time::Duration;
use tokio::sync::Mutex;

/// What the clocks show when the simulation begins.
const BEGIN: Moment = 1_750_000_000_000;
/// How soon a monitor sees what other processes do.
const LOOK: i64 = 1_000;

/// Lets others go first.
pub(super) async fn yield_now() {
    let mut is_first = true;
    poll_fn(|context| {
        if std::mem::take(&mut is_first) {
            context.waker().wake_by_ref();
            Poll::Pending
        } else {
            Poll::Ready(())
        }
    })
    .await;
}

/// The environment of one life of a process.
pub(super) struct Life {
    world: Arc<World>,
    process: usize,
    boot: String,
}

impl fmt::Debug for Life {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "process {}", self.process)
    }
}

fn sleep(world: &Arc<World>, milliseconds: i64) -> BoxFuture<'static, ()> {
    let world = world.clone();
    let until = world.lock().now + milliseconds;
    let mut sleeper = None;
    Box::pin(poll_fn(move |context| {
        let mut world = world.lock();
        if world.now >= until {
            return Poll::Ready(());
        }
        let waker = context.waker().clone();
        match sleeper {
            None => sleeper = Some(world.fall_asleep(until, waker)),
            Some(sleeper) => world.sleep_on(sleeper, waker),
        }
        Poll::Pending
    }))
}

impl Environment for Life {
    fn now(&self) -> Moment {
        let world = self.world.lock();
        world.now - world.booted
    }

    fn date(&self) -> Moment {
        let world = self.world.lock();
        BEGIN + world.now + world.processes[self.process].clock
    }

    fn boot(&self) -> &str {
        &self.boot
    }

    fn sleep(&self, time: Duration) -> BoxFuture<'static, ()> {
        // Timers are at least a millisecond late.
        sleep(&self.world, time.as_millis() as i64 + 1)
    }

    fn random(&self) -> f64 {
        self.world.lock().chance.fraction()
    }

    fn spawn(&self, work: BoxFuture<'static, ()>) {
        let mut world = self.world.lock();
        let purpose = world.purpose();
        let role = if matches!(purpose, Purpose::Call(_)) { Role::Write } else { Role::Other };
        world.spawned.push(Spawned { process: self.process, purpose, role, future: work });
    }

    fn spawn_behind(&self, work: BoxFuture<'static, ()>) {
        self.spawn(work);
    }

    fn try_lock(&self) -> environment::Lock {
        let mut world = self.world.lock();
        if world.lock.is_some() {
            return environment::Lock::Held;
        }
        world.next_lock += 1;
        let (number, process) = (world.next_lock, self.process);
        world.lock = Some(Lock { process, number });
        world.note(|_| format!("p{process} takes the lock"));
        drop(world);
        environment::Lock::Got(Box::new(Held { world: self.world.clone(), number }))
    }

    fn lock_holder(&self) -> Option<String> {
        self.world.lock().lock.as_ref().map(|lock| format!("p{}", lock.process))
    }
}

/// The operating system frees it with its process.
struct Held {
    world: Arc<World>,
    number: u64,
}

impl Drop for Held {
    fn drop(&mut self) {
        let mut world = self.world.lock();
        if world.lock.as_ref().is_some_and(|lock| lock.number == self.number) {
            world.lock = None;
            world.note(|_| "the lock is free".to_owned());
        }
    }
}

/// What one life of a process works with.
#[derive(Clone)]
struct Store {
    world: Arc<World>,
    process: usize,
    engine: Arc<Engine>,
    replayer: Arc<Mutex<Replayer>>,
}

/// Opens the file as `connect` does.
async fn open(
    world: &Arc<World>,
    process: usize,
    remote: &str,
    rebinds: bool,
) -> Result<Arc<Engine>> {
    let hooks = world.lock().processes[process].hooks.clone();
    let sqlite = lock(&world.file).open(&hooks);
    let file = File::open(sqlite, None).await?;
    let is_later = world.lock().processes[process].is_later;
    for table in tables::ALL {
        let is_spots = table.name == tables::SPOTS.name;
        file.know(if is_spots && !is_later { tables::SPOTS } else { table }).await?;
    }
    let boot = format!("started at {}", world.lock().booted);
    let environment = Arc::new(Life { world: world.clone(), process, boot });
    let client = Arc::new(Client { world: world.clone(), process });
    let (settings, binding, present) = {
        let mut world = world.lock();
        let profile = world.profile.clone();
        // Each program has its own opinion of how long a request may be late, none too short.
        let settle = if world.chance.happens(0.3) { 2 * SETTLE } else { SETTLE };
        let settings = Settings {
            mode: profile.mode,
            bound: OutboxBound { rows: profile.bound, bytes: 1 << 30 },
            settle: Duration::from_millis(settle.unsigned_abs()),
            watches_identity: profile.watches_identity,
            ..Settings::default()
        };
        let mode = match profile.mode {
            WriteMode::RemoteFirst => "remote first",
            WriteMode::LocalFirst => "local first",
        };
        let identity = (!profile.watches_identity).then(|| "me".to_owned());
        let binding = Binding { remote: remote.to_owned(), identity, mode: mode.to_owned() };
        let present: Vec<(&'static Table, Present)> = profile
            .present
            .iter()
            .map(|(table, present)| (tables::ALL[*table], *present))
            .collect();
        (settings, binding, present)
    };
    Engine::open(file, client, environment, settings, binding, rebinds, &present).await
}

/// A process from its start to its end.
async fn live(world: Arc<World>, process: usize) {
    world.lock().set_purpose(Purpose::Open);
    let rebinds = world.lock().profile.rebinds;
    let engine = match open(&world, process, "simulated", rebinds).await {
        Ok(engine) => engine,
        Err(error) => {
            let mut world = world.lock();
            world.note(|_| format!("p{process} cannot open the file: {error}"));
            world.check_error(&error);
            // The file is locked, or a fault befell it: it starts again.
            world.processes[process].is_ending = true;
            return;
        }
    };
    world.lock().set_purpose(Purpose::Replay);
    let store = Store {
        world: world.clone(),
        process,
        engine,
        replayer: Arc::new(Mutex::new(Replayer::default())),
    };
    let clients = world.lock().profile.clients;
    for _ in 0..clients {
        let work = clients_work(store.clone());
        let mut world = world.lock();
        world.clients += 1;
        world.spawned.push(Spawned {
            process,
            purpose: Purpose::Nobody,
            role: Role::Client,
            future: Box::pin(work),
        });
    }
    monitor(&store).await;
}

async fn monitor(store: &Store) {
    let Store { world, engine, replayer, .. } = store;
    let mut failures = 0;
    loop {
        let progress = engine.step(&mut *replayer.lock().await).await;
        let wait = match progress {
            Ok(Progress::Worked) => {
                failures = 0;
                yield_now().await;
                continue;
            }
            Ok(Progress::Wait(wait)) => (wait.as_millis() as i64).clamp(1, 30_000),
            Ok(Progress::Elsewhere) => LOOK,
            Ok(Progress::Idle) => 30_000,
            Err(error) => {
                failures += 1;
                let mut world = world.lock();
                world.note(|_| format!("replay cannot use the file: {error}"));
                world.check_error(&error);
                LOOK * failures.min(30)
            }
        };
        let end = world.lock().now + wait;
        while world.lock().now < end {
            let before = world.lock().snapshot.is_healthy();
            let rest = end - world.lock().now;
            let woken = std::pin::pin!(engine.woken.notified());
            match select(woken, sleep(world, rest.min(LOOK))).await {
                Either::Left(_) => break,
                Either::Right(_) => {}
            }
            if world.lock().snapshot.is_healthy() != before {
                break;
            }
        }
    }
}

/// One client of a process: it makes calls, one after the other.
async fn clients_work(store: Store) {
    let Store { world, process, .. } = &store;
    loop {
        let wait = {
            let mut world = world.lock();
            let pause = world.pause_of_client();
            world.chance.up_to(pause)
        };
        sleep(world, wait).await;
        let operation = {
            let mut world = world.lock();
            if world.is_over_for_clients() {
                world.clients -= 1;
                return;
            }
            world.calls_left = world.calls_left.saturating_sub(1);
            schedule::operation(&mut world, *process)
        };
        perform(&store, operation).await;
        let mut world = world.lock();
        world.set_purpose(Purpose::Nobody);
        if let Some(left) = &mut world.processes[*process].calls_to_live {
            *left = left.saturating_sub(1);
            if *left == 0 {
                world.processes[*process].is_ending = true;
            }
        }
    }
}

async fn perform(store: &Store, operation: Operation) {
    let Store { world, process, engine, replayer } = store;
    if !matches!(operation, Operation::Write(..)) {
        world.lock().note(|_| format!("p{process}: {}", operation.told()));
    }
    match operation {
        Operation::Write(write, patience) => make_write(store, write, patience).await,
        Operation::Get(table, row) => {
            let began: Tick = world.lock().tick;
            let read = operation::get(table, &row.key, 0);
            match engine.read(&read).await {
                Ok(rows) => {
                    world.lock().check_get(*process, table, &row, began, rows.first());
                }
                Err(error) => world.lock().check_error(&error),
            }
        }
        Operation::GetBehind(table, row) => {
            let read = operation::get(table, &row.key, 1);
            drop(engine.read(&read).await);
        }
        // A list that is answered is kept in the mirror.
        Operation::List(table) => drop(engine.read(&operation::list(table)).await),
        Operation::Count(table) => drop(engine.count(&operation::list(table)).await),
        Operation::Flush(patience) => {
            world.lock().set_purpose(Purpose::Replay);
            // No request of it is cut short.
            let end = world.lock().now + patience;
            loop {
                let mut replayer = replayer.lock().await;
                if world.lock().now >= end {
                    break;
                }
                let progress = engine.step(&mut replayer).await;
                drop(replayer);
                if !matches!(progress, Ok(Progress::Worked)) {
                    break;
                }
                yield_now().await;
            }
        }
        Operation::Retry(at) => {
            world.lock().set_purpose(Purpose::Retry);
            let letters = engine.letters(LetterFilter::all(), 50).await.unwrap_or_default();
            let done = match at {
                Some(at) if !letters.is_empty() => {
                    engine.retry(letters[at % letters.len()].id).await.map(|()| 1)
                }
                Some(_) => Ok(0),
                None => engine.retry_letters(LetterFilter::all()).await,
            };
            told(world, done);
        }
        Operation::Drop(at) => {
            world.lock().set_purpose(Purpose::Drop);
            let letters = engine.letters(LetterFilter::all(), 50).await.unwrap_or_default();
            let done = match at {
                Some(at) if !letters.is_empty() => {
                    engine.drop_letter(letters[at % letters.len()].id).await
                }
                Some(_) => Ok(0),
                None => engine.drop_letters(LetterFilter::all()).await,
            };
            told(world, done);
        }
        Operation::Resume => told(world, engine.resume().await),
        Operation::Pull(table) => told(world, engine.pull(table, |_| {}).await),
        Operation::Prune(table) => {
            world.lock().pruned(table);
            told(world, engine.prune(table, Node::Constant(true)).await);
        }
        Operation::Convert => told(world, engine.convert(tables::WIDER_SPOTS, |_| {}).await),
        Operation::Rebind => {
            // Another program takes the file for another remote for a while.
            let other = open(world, *process, "elsewhere", true).await;
            world.lock().note(|_| format!("rebound: {}", other.is_ok()));
            if other.is_ok() {
                drop(other);
                sleep(world, 3_000).await;
                while open(world, *process, "simulated", true).await.is_err() {
                    sleep(world, 500).await;
                }
            }
        }
        Operation::FullDisk(time) => {
            let full = |pages: &'static str| {
                engine.file.sqlite().outside(move |connection| {
                    connection.execute_batch(pages).map_err(crate::backend::sqlite::from_rusqlite)
                })
            };
            drop(full("pragma max_page_count = 1").await);
            sleep(world, time).await;
            drop(full("pragma max_page_count = 1000000").await);
        }
    }
}

fn told<T: fmt::Debug>(world: &Arc<World>, done: Result<T>) {
    let mut world = world.lock();
    world.note(|_| format!("by hand: {done:?}"));
    if let Err(error) = done {
        world.check_error(&error);
    }
}

async fn make_write(store: &Store, write: WriteCall, patience: Option<i64>) {
    let Store { world, process, engine, .. } = store;
    let (id, made) = {
        let mut world = world.lock();
        world.tick += 1;
        let now = world.tick;
        let id = world.history.begin(Some(*process), write.clone(), now);
        let called_at = world.now;
        world.history.calls.get_mut(&id).expect("a call").called_at = called_at;
        world.set_purpose(Purpose::Call(id));
        world.note(|_| format!("p{process} calls {id}: {write:?}"));
        let date = BEGIN + world.now + world.processes[*process].clock;
        (id, write.to_write(id, chrono::DateTime::from_timestamp_millis(date).unwrap_or_default()))
    };
    let call = engine.write(made);
    let answer = match patience {
        None => Some(call.await),
        Some(patience) => within(world, patience, call).await,
    };
    let mut world = world.lock();
    match answer {
        Some(answer) => world.call_answered(id, &answer.map(|written| written.touched)),
        None => world.note(|_| format!("p{process} drops call {id}")),
    }
}

/// The work's answer, or nothing where it takes longer: then it is dropped.
async fn within<T>(
    world: &Arc<World>,
    milliseconds: i64,
    work: impl Future<Output = T>,
) -> Option<T> {
    let work = std::pin::pin!(work);
    match select(work, sleep(world, milliseconds)).await {
        Either::Left((answer, _)) => Some(answer),
        Either::Right(_) => None,
    }
}

impl Executor {
    pub(super) fn start(&mut self, process: usize) {
        let work = live(self.world.clone(), process);
        let mut world = self.world.lock();
        if world.processes[process].is_alive {
            return;
        }
        world.processes[process].is_alive = true;
        let profile = world.profile.clone();
        let is_short = !world.is_healed && world.chance.happens(profile.short_lives);
        let calls = world.chance.below(4) as u32 + 1;
        world.processes[process].calls_to_live = is_short.then_some(calls);
        // In the end the later one runs: the earlier does not know what is to be fetched.
        let is_later = world.chance.happens(0.5);
        world.processes[process].is_later = is_later || world.is_healed;
        world.note(|_| format!("p{process} starts"));
        world.spawned.push(Spawned {
            process,
            purpose: Purpose::Open,
            role: Role::Other,
            future: Box::pin(work),
        });
    }

    pub(super) fn kill(&mut self, process: usize) {
        {
            let mut world = self.world.lock();
            if !world.processes[process].is_alive {
                return;
            }
            world.killed(process);
            let hooks = &world.processes[process].hooks;
            hooks.interrupt_after.store(-1, Relaxed);
            hooks.refuses_commit.store(false, Relaxed);
            // Its clients ended with it, and begin anew with it.
            let wait = world.chance.up_to(15_000);
            world.after(wait, Event::Start(process));
        }
        let clients = self.end_tasks(process);
        let mut world = self.world.lock();
        world.clients -= clients;
    }

    /// A process of its own fills the file from the remote.
    pub(super) fn spawn_pull(&mut self) {
        let world = self.world.clone();
        let work = async move {
            let pulled = async {
                let engine = open(&world, 0, "simulated", false).await?;
                for table in tables::ALL {
                    engine.pull(table, |_| {}).await?;
                }
                Ok(())
            };
            let pulled: Result<()> = pulled.await;
            told(&world, pulled.as_ref().map_err(Clone::clone).copied());
            let mut world = world.lock();
            world.is_pulled = true;
            if let Err(error) = pulled {
                let what = format!("the file cannot be filled: {error}");
                world.violated(super::invariants::Invariant::Equal, None, what);
            }
        };
        self.world.lock().spawned.push(Spawned {
            process: 0,
            purpose: Purpose::Nobody,
            role: Role::Other,
            future: Box::pin(work),
        });
    }

    /// What befalls the processes between two steps.
    pub(super) fn befall(&mut self) {
        let mut reboots = false;
        let fate = {
            let mut world = self.world.lock();
            if world.is_healed {
                return;
            }
            let most = world.processes.len();
            let process = world.chance.below(most);
            if !world.processes[process].is_alive {
                return;
            }
            let profile = world.profile.clone();
            if world.chance.happens(profile.stalls) && !world.is_stalled(process) {
                let longest = if world.chance.happens(0.3) { 60_000 } else { 3_000 };
                let time = world.chance.up_to(longest);
                let until = world.now + time;
                world.processes[process].stalled_until = Some(until);
                world.note(|_| format!("p{process} is stopped for {time} ms"));
                world.after(time, Event::GoOn(process));
            }
            if world.chance.happens(profile.file_faults) {
                let is_commit = world.chance.happens(0.3);
                let looks = world.chance.up_to(12);
                let dies = world.chance.happens(0.5);
                let one = &mut world.processes[process];
                if is_commit {
                    one.hooks.refuses_commit.store(true, Relaxed);
                } else {
                    one.hooks.interrupt_after.store(looks, Relaxed);
                }
                one.dies_of_fault = dies;
            }
            if world.chance.happens(profile.clock_jumps / 10.0) {
                reboots = true;
            }
            if world.chance.happens(profile.clock_jumps) {
                const DAY: i64 = 86_400_000;
                let jump = if world.chance.happens(0.5) { DAY } else { -DAY };
                world.processes[process].clock += jump;
                world.note(|_| format!("the clock of p{process} moves by {jump} ms"));
            }
            world.chance.happens(profile.kills).then_some(process)
        };
        if reboots {
            self.reboot();
        } else if let Some(process) = fate {
            self.kill(process);
        }
    }

    /// The machine ends with all of its processes, and starts anew.
    fn reboot(&mut self) {
        let alive: Vec<usize> = {
            let mut world = self.world.lock();
            world.booted = world.now;
            world.note(|_| "the machine starts anew".to_owned());
            (0..world.processes.len()).filter(|one| world.processes[*one].is_alive).collect()
        };
        for process in alive {
            self.kill(process);
        }
    }

    pub(super) fn happen(&mut self, event: Event) {
        match event {
            Event::Arrive(id) => self.world.lock().arrived(id),
            Event::Answer(id) => self.world.lock().answered(id),
            Event::GiveUp(id) => self.world.lock().waited_enough(id),
            Event::Start(process) => self.start(process),
            Event::GoOn(process) => {
                let mut world = self.world.lock();
                world.processes[process].stalled_until = None;
                world.note(|_| format!("p{process} goes on"));
            }
            Event::Weather(fault, begins) => {
                let mut world = self.world.lock();
                if !world.is_healed {
                    world.change_weather(fault, begins);
                }
            }
            Event::LockFile(begins) => {
                let is_healed = self.world.lock().is_healed;
                let file = lock(&self.world.file);
                if begins && !is_healed {
                    let is_locked = file.lock();
                    drop(file);
                    self.world.lock().note(|_| format!("the file is locked: {is_locked}"));
                } else {
                    file.unlock();
                }
            }
            Event::Foreigner => schedule::foreigner(&mut self.world.lock()),
        }
    }
}

impl super::world::Inner {
    /// A process has ended, with whatever it had under way.
    fn killed(&mut self, process: usize) {
        self.processes[process].is_alive = false;
        self.processes[process].stalled_until = None;
        self.processes[process].dies_of_fault = false;
        self.processes[process].clock = 0;
        self.note(|_| format!("p{process} is killed"));
        let calls: Vec<u64> = self
            .history
            .calls
            .iter()
            .filter(|(_, call)| {
                // What ended with the transaction that its process died in has told nobody.
                let has_just_ended = |at: u64| at + 1 >= self.tick;
                call.process == Some(process)
                    && call.finished.is_none_or(has_just_ended)
                    && call.answer.is_none()
            })
            .map(|(id, _)| *id)
            .collect();
        for id in calls {
            let call = self.history.calls.get_mut(&id).expect("a call");
            call.is_killed = true;
            call.killed_at = Some(self.tick);
            if !call.is_direct {
                continue;
            }
            let rows: Vec<_> = self
                .history
                .units_of(id)
                .filter(|(_, unit)| unit.was_direct)
                .map(|(row, _)| row.clone())
                .collect();
            for row in rows {
                self.uncertain(&row);
                self.gap(super::coverage::Gap::KilledUnderWay);
            }
        }
    }

    /// The file's copies of a table are removed by hand.
    fn pruned(&mut self, table: &'static Table) {
        for (_, row) in tables::all_rows().filter(|(one, _)| one.name == table.name) {
            self.history.row(&row).is_pruned = true;
        }
    }

    /// Nothing is to be done by clients any more.
    fn is_over_for_clients(&self) -> bool {
        self.calls_left == 0 && (!self.is_healed || self.healthy_at.is_some())
    }

    /// The longest pause of a client before its next call.
    fn pause_of_client(&self) -> i64 {
        if self.calls_left == 0 { 20_000 } else { self.profile.pause }
    }
}

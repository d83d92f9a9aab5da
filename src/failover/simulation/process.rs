//! A simulated process: an engine on the shared file, a monitor that replays, and clients that call.
//! It can be killed, stopped for a time, and have its clock moved at every step.

use super::executor::{Executor, Role, Spawned};
use super::mutations::Mutation;
use super::network::{Client, SETTLE};
use super::operation::{self, Operation};
use super::schedule;
use super::storage;
use super::world::{Event, Lock, World};
use crate::failover::Engine;
use crate::failover::environment::{Environment, Moment};
use crate::failover::file::File;
use crate::failover::options::Settings;
use crate::failover::outbox::Bound;
use crate::failover::replay::{Progress, Replayer};
use futures_util::future::{BoxFuture, Either, poll_fn, select};
use std::fmt;
use std::future::Future;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;
use tokio::sync::Mutex;

/// What the clocks show when the simulation begins.
const BEGIN: Moment = 1_750_000_000_000;
/// How soon a monitor sees what other processes do.
const LOOK: i64 = 1_000;
/// How long a lock is another's that is taken away by time.
const LEASE: i64 = 10_000;

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
        self.world.lock().random.f64()
    }

    fn spawn(&self, work: BoxFuture<'static, ()>) {
        let mut world = self.world.lock();
        let call = world.call();
        let role = if call.is_some() { Role::Write } else { Role::Other };
        world.spawned.push(Spawned { process: self.process, call, role, future: work });
    }

    fn try_lock(&self) -> Option<Box<dyn Send + Sync>> {
        let mut world = self.world.lock();
        let is_timed = world.mutation == Some(Mutation::TimedLock);
        let (now, process) = (world.now, self.process);
        if world.lock.as_ref().is_some_and(|lock| !(is_timed && now - lock.used > LEASE)) {
            return None;
        }
        world.next_lock += 1;
        let number = world.next_lock;
        world.lock = Some(Lock { process, number, used: now });
        world.note(|_| format!("p{process} takes the lock"));
        drop(world);
        Some(Box::new(Held { world: self.world.clone(), number }))
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

/// A process from its start to its end.
async fn live(world: Arc<World>, process: usize) {
    let file = {
        let _in_use = storage::enter();
        File::open(world.file()).await.expect("the file opens")
    };
    let boot = format!("started at {}", world.lock().booted);
    let environment = Arc::new(Life { world: world.clone(), process, boot });
    let client = Arc::new(Client { world: world.clone(), process });
    let settings = {
        let world = world.lock();
        let settle = match world.mutation {
            Some(Mutation::NoSettling) => 0,
            _ => SETTLE as u64,
        };
        Settings {
            mode: world.profile.mode,
            bound: Bound { rows: world.profile.bound, bytes: 1 << 30 },
            settle: Duration::from_millis(settle),
            mutation: world.mutation,
            ..Settings::default()
        }
    };
    let engine = {
        let _in_use = storage::enter();
        Engine::open(file, client, environment, settings).await.expect("the file opens")
    };
    let engine = Arc::new(engine);
    let replayer = Arc::new(Mutex::new(Replayer::default()));
    let clients = world.lock().profile.clients;
    for _ in 0..clients {
        let work = clients_work(world.clone(), engine.clone(), replayer.clone(), process);
        let mut world = world.lock();
        world.clients += 1;
        world.spawned.push(Spawned {
            process,
            call: None,
            role: Role::Client,
            future: Box::pin(work),
        });
    }
    monitor(&world, &engine, &replayer).await;
}

async fn monitor(world: &Arc<World>, engine: &Arc<Engine>, replayer: &Mutex<Replayer>) {
    loop {
        let progress = engine.step(&mut *replayer.lock().await).await;
        let wait = match progress.expect("the file can be used") {
            Progress::Worked => {
                yield_now().await;
                continue;
            }
            Progress::Wait(wait) => (wait.as_millis() as i64).clamp(1, 30_000),
            Progress::Elsewhere => LOOK,
            Progress::Idle => 30_000,
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
async fn clients_work(
    world: Arc<World>,
    engine: Arc<Engine>,
    replayer: Arc<Mutex<Replayer>>,
    process: usize,
) {
    loop {
        let wait = {
            let mut world = world.lock();
            let pause = world.profile.pause;
            world.up_to(pause)
        };
        sleep(&world, wait).await;
        let operation = {
            let mut world = world.lock();
            if world.calls_left == 0 {
                world.clients -= 1;
                return;
            }
            world.calls_left -= 1;
            schedule::operation(&mut world)
        };
        perform(&world, &engine, &replayer, process, operation).await;
        world.lock().set_call(None);
    }
}

async fn perform(
    world: &Arc<World>,
    engine: &Arc<Engine>,
    replayer: &Mutex<Replayer>,
    process: usize,
    operation: Operation,
) {
    match operation {
        Operation::Write(write, patience) => {
            let id = {
                let mut world = world.lock();
                world.tick += 1;
                let now = world.tick;
                let id = world.history.begin(Some(process), write.clone(), now);
                world.set_call(Some(id));
                world.note(|_| format!("p{process} calls {id}: {write:?}"));
                id
            };
            let call = engine.write(write.to_write(id));
            let answer = match patience {
                None => Some(call.await),
                Some(patience) => within(world, patience, call).await,
            };
            // What the call has committed is looked at between two steps.
            yield_now().await;
            let mut world = world.lock();
            match answer {
                Some(answer) => world.call_answered(id, answer.map_err(|error| error.kind())),
                None => world.note(|_| format!("p{process} drops call {id}")),
            }
        }
        Operation::Get(row) => {
            let read = operation::get(&row);
            let began = world.lock().begin_read();
            if let Ok(rows) = engine.read(&read).await {
                world.lock().check_get(process, &row, began, rows.first());
            }
        }
        // A list that is answered is kept in the mirror.
        Operation::List(table) => drop(engine.read(&operation::list(table)).await),
        Operation::Count(table) => drop(engine.count(&operation::list(table)).await),
        Operation::Flush(patience) => {
            world.lock().note(|_| format!("p{process} flushes for {patience} ms"));
            let flush = async {
                while let Ok(Progress::Worked) = engine.step(&mut *replayer.lock().await).await {
                    yield_now().await;
                }
            };
            let _ = within(world, patience, flush).await;
        }
    }
}

/// The work's answer, or nothing where it takes longer: then it is dropped, but not in the middle of
/// a use of the file, which is one step.
async fn within<T>(
    world: &Arc<World>,
    milliseconds: i64,
    work: impl Future<Output = T>,
) -> Option<T> {
    let mut work = std::pin::pin!(work);
    let mut sleep = sleep(world, milliseconds);
    poll_fn(|context| match work.as_mut().poll(context) {
        Poll::Ready(answer) => Poll::Ready(Some(answer)),
        Poll::Pending if storage::is_in_use() => Poll::Pending,
        Poll::Pending => sleep.as_mut().poll(context).map(|()| None),
    })
    .await
}

impl Executor {
    pub(super) fn start(&mut self, process: usize) {
        let work = live(self.world.clone(), process);
        let mut world = self.world.lock();
        if world.processes[process].is_alive {
            return;
        }
        world.processes[process].is_alive = true;
        world.processes[process].life += 1;
        world.note(|_| format!("p{process} starts"));
        world.spawned.push(Spawned {
            process,
            call: None,
            role: Role::Other,
            future: Box::pin(work),
        });
    }

    fn kill(&mut self, process: usize) {
        {
            let mut world = self.world.lock();
            world.processes[process].is_alive = false;
            world.processes[process].stalled_until = None;
            world.note(|_| format!("p{process} is killed"));
            // Its clients ended with it, and begin anew with it.
            let wait = world.up_to(15_000);
            world.after(wait, Event::Start(process));
        }
        let clients = self.end_tasks(process);
        self.world.lock().clients -= clients;
    }

    /// What befalls the processes between two steps.
    pub(super) fn befall(&mut self) {
        let mut reboots = false;
        let fate = {
            let mut world = self.world.lock();
            if world.is_healed {
                return;
            }
            let process = {
                let most = world.processes.len();
                world.random_below(most)
            };
            if !world.processes[process].is_alive {
                return;
            }
            let profile = world.profile.clone();
            if world.chance(profile.stalls) && !world.is_stalled(process) {
                let longest = if world.chance(0.3) { 60_000 } else { 3_000 };
                let time = world.up_to(longest);
                let until = world.now + time;
                world.processes[process].stalled_until = Some(until);
                world.note(|_| format!("p{process} is stopped for {time} ms"));
                world.after(time, Event::GoOn(process));
            }
            if world.chance(profile.clock_jumps / 10.0) {
                reboots = true;
            }
            if world.chance(profile.clock_jumps) {
                const DAY: i64 = 86_400_000;
                let jump = if world.chance(0.5) { DAY } else { -DAY };
                world.processes[process].clock += jump;
                world.note(|_| format!("the clock of p{process} moves by {jump} ms"));
            }
            world.chance(profile.kills).then_some(process)
        };
        if reboots {
            self.reboot();
        } else if let Some(process) = fate {
            self.kill(process);
        }
    }

    /// The machine ends with all of its processes, and starts anew.
    fn reboot(&mut self) {
        let alive = {
            let mut world = self.world.lock();
            world.booted = world.now;
            world.note(|_| "the machine starts anew".to_owned());
            (0..world.processes.len())
                .filter(|one| world.processes[*one].is_alive)
                .collect::<Vec<_>>()
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
                    world.weather.change(fault, begins);
                    world.note(|_| format!("{fault:?} {}", if begins { "begins" } else { "ends" }));
                }
            }
            Event::Foreigner => schedule::foreigner(&mut self.world.lock()),
        }
    }
}

//! [`Executor`]: one thread that runs the tasks of all simulated processes. A seed decides which of
//! the runnable ones goes next; time moves only when none is.

use super::storage;
use super::world::{Happening, World};
use futures_util::future::{BoxFuture, poll_fn};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Wake, Waker};
use std::thread::ThreadId;

type TaskId = u64;

/// A task, as it is handed to the executor.
pub(super) struct Spawned {
    pub(super) process: usize,
    pub(super) call: Option<u64>,
    pub(super) role: Role,
    pub(super) future: BoxFuture<'static, ()>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    /// A call's write ends with it.
    Write,
    Client,
    Other,
}

struct Task {
    spawned: Spawned,
    /// Only the waker of the last poll counts: an older one may be woken at any real time.
    poll: u64,
}

type Ready = Arc<Mutex<BTreeSet<(TaskId, u64)>>>;

struct TaskWaker {
    id: TaskId,
    poll: u64,
    home: ThreadId,
    ready: Ready,
    /// Wakes the thread itself, which waits while a task uses the file.
    thread: Waker,
}

impl Wake for TaskWaker {
    fn wake(self: Arc<Self>) {
        if std::thread::current().id() == self.home {
            lock(&self.ready).insert((self.id, self.poll));
        }
        self.thread.wake_by_ref();
    }
}

pub(super) fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

pub(super) struct Executor {
    pub(super) world: Arc<World>,
    pub(super) runtime: tokio::runtime::Runtime,
    tasks: BTreeMap<TaskId, Task>,
    ready: Ready,
    next: TaskId,
    pub(super) steps: u64,
}

impl Executor {
    pub(super) fn new(world: Arc<World>) -> Self {
        let runtime =
            tokio::runtime::Builder::new_current_thread().enable_time().build().expect("a runtime");
        Self { world, runtime, tasks: BTreeMap::new(), ready: Ready::default(), next: 0, steps: 0 }
    }

    /// Does one thing: polls a task, or lets time pass. `false` when nothing will happen any more.
    pub(super) fn step(&mut self) -> bool {
        self.adopt();
        let runnable = self.runnable();
        if runnable.is_empty() {
            return self.pass_time();
        }
        self.steps += 1;
        let at = self.world.lock().random_below(runnable.len());
        self.poll(runnable[at]);
        true
    }

    fn adopt(&mut self) {
        let spawned = std::mem::take(&mut self.world.lock().spawned);
        for spawned in spawned {
            lock(&self.ready).insert((self.next, 0));
            self.tasks.insert(self.next, Task { spawned, poll: 0 });
            self.next += 1;
        }
    }

    fn runnable(&self) -> Vec<TaskId> {
        let world = self.world.lock();
        let mut ready = lock(&self.ready);
        ready.retain(|(id, poll)| self.tasks.get(id).is_some_and(|task| task.poll == *poll));
        ready
            .iter()
            .map(|(id, _)| *id)
            .filter(|id| !world.is_stalled(self.tasks[id].spawned.process))
            .collect()
    }

    fn poll(&mut self, id: TaskId) {
        let Some(mut task) = self.tasks.remove(&id) else { return };
        lock(&self.ready).remove(&(id, task.poll));
        self.world.lock().begin_step(task.spawned.process, task.spawned.call);
        let future = &mut task.spawned.future;
        let (ready, home) = (&self.ready, std::thread::current().id());
        let poll = &mut task.poll;
        let is_done = self.runtime.block_on(poll_fn(|context| {
            *poll += 1;
            let waker = Arc::new(TaskWaker {
                id,
                poll: *poll,
                home,
                ready: ready.clone(),
                thread: context.waker().clone(),
            });
            match future.as_mut().poll(&mut Context::from_waker(&waker.into())) {
                Poll::Ready(()) => Poll::Ready(true),
                Poll::Pending if storage::is_in_use() => Poll::Pending,
                Poll::Pending => Poll::Ready(false),
            }
        }));
        let commits = storage::take_commits();
        if commits > 0 {
            let file = self.world.file();
            let snapshot = self.runtime.block_on(super::snapshot::Snapshot::take(&file));
            self.world.lock().seen(snapshot);
        }
        let mut world = self.world.lock();
        if storage::take_mirror_failures() > 0 {
            world.mirror_failed();
        }
        task.spawned.call = world.end_step();
        if is_done {
            if task.spawned.role == Role::Write {
                world.write_ended(task.spawned.call);
            }
            drop(world);
            let _context = self.runtime.enter();
            drop(task);
        } else {
            self.tasks.insert(id, task);
        }
    }

    fn pass_time(&mut self) -> bool {
        let happening = self.world.lock().next_happening();
        match happening {
            None => return false,
            Some(Happening::Wake(sleeper)) => {
                let waker = self.world.lock().wake_up(sleeper);
                if let Some(waker) = waker {
                    waker.wake();
                }
            }
            Some(Happening::Event(event)) => self.happen(event),
        }
        true
    }

    /// Ends all tasks of a process, as SIGKILL does, and says how many clients were among them.
    pub(super) fn end_tasks(&mut self, process: usize) -> u32 {
        self.adopt();
        let ended: Vec<TaskId> = self
            .tasks
            .iter()
            .filter(|(_, task)| task.spawned.process == process)
            .map(|(id, _)| *id)
            .collect();
        let _context = self.runtime.enter();
        let mut clients = 0;
        for id in ended {
            let task = self.tasks.remove(&id);
            clients += u32::from(task.is_some_and(|task| task.spawned.role == Role::Client));
        }
        // What their ends handed over dies too; it looks at the world when it does.
        loop {
            let mut world = self.world.lock();
            let spawned = std::mem::take(&mut world.spawned);
            let (doomed, others): (Vec<_>, Vec<_>) =
                spawned.into_iter().partition(|spawned| spawned.process == process);
            world.spawned = others;
            drop(world);
            if doomed.is_empty() {
                break;
            }
            drop(doomed);
        }
        clients
    }
}

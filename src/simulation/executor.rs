//! [`Executor`]: one thread that runs the tasks of all simulated processes. A seed decides which of
//! the runnable ones goes next; time moves only when none is.

use super::world::{Happening, Purpose, World};
use futures_util::future::BoxFuture;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::Ordering::Relaxed;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Wake};

type TaskId = u64;

/// A task, as it is handed to the executor.
pub(super) struct Spawned {
    pub(super) process: usize,
    pub(super) purpose: Purpose,
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
    /// Only the waker of the last poll counts.
    poll: u64,
}

type Ready = Arc<Mutex<BTreeSet<(TaskId, u64)>>>;

struct TaskWaker {
    id: TaskId,
    poll: u64,
    ready: Ready,
}

impl Wake for TaskWaker {
    fn wake(self: Arc<Self>) {
        lock(&self.ready).insert((self.id, self.poll));
    }
}

pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

pub(super) struct Executor {
    pub(super) world: Arc<World>,
    tasks: BTreeMap<TaskId, Task>,
    ready: Ready,
    next: TaskId,
    pub(super) steps: u64,
}

impl Executor {
    pub(super) fn new(world: Arc<World>) -> Self {
        Self { world, tasks: BTreeMap::new(), ready: Ready::default(), next: 0, steps: 0 }
    }

    /// Does one thing: polls a task, or lets time pass. `false` when nothing will happen any more.
    pub(super) fn step(&mut self) -> bool {
        self.adopt();
        let runnable = self.runnable();
        if runnable.is_empty() {
            return self.pass_time();
        }
        self.steps += 1;
        let at = self.world.lock().chance.below(runnable.len());
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
        let process = task.spawned.process;
        let hooks = {
            let mut world = self.world.lock();
            world.begin_step(process, task.spawned.purpose.clone());
            world.processes[process].hooks.clone()
        };
        task.poll += 1;
        let waker = Arc::new(TaskWaker { id, poll: task.poll, ready: self.ready.clone() });
        let polled = task.spawned.future.as_mut().poll(&mut Context::from_waker(&waker.into()));
        let is_done = polled == Poll::Ready(());
        if hooks.commits.swap(0, Relaxed) > 0 {
            let snapshot = lock(&self.world.file).snapshot();
            let most = hooks.most_entries.swap(0, Relaxed);
            self.world.lock().seen(snapshot, most);
        }
        let mut world = self.world.lock();
        task.spawned.purpose = world.end_step();
        let mut is_killed = false;
        if hooks.has_struck.swap(false, Relaxed) {
            is_killed = std::mem::take(&mut world.processes[process].dies_of_fault);
            world.note(|_| format!("a fault befalls a transaction of p{process}"));
        }
        let ends = std::mem::take(&mut world.processes[process].is_ending);
        if is_done {
            if task.spawned.role == Role::Write {
                world.write_ended(&task.spawned.purpose);
            }
            drop(world);
            drop(task);
        } else {
            self.tasks.insert(id, task);
            drop(world);
        }
        if is_killed || ends {
            self.kill(process);
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

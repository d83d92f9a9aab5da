//! What happens in a run, drawn from its seed: the profile of faults, and the calls.

use super::entities::{self, CHILDREN, PARENTS};
use super::operation::{Flaw, Operation, WriteCall};
use super::remote::{Effect, Statement};
use super::weather::Fault;
use super::world::{Event, Happening, Inner};
use crate::failover::WriteMode;
use crate::failover::entry::{EntryKind, RowName};

/// How likely what is in a run. Probabilities are for each request, call or step.
#[derive(Clone, Debug)]
pub(super) struct Profile {
    pub(super) name: &'static str,
    pub(super) mode: WriteMode,
    pub(super) processes: usize,
    /// Clients of each process.
    pub(super) clients: u32,
    /// Calls of all clients together.
    pub(super) calls: u32,
    /// The longest pause of a client between two calls, in milliseconds.
    pub(super) pause: i64,
    /// Most entries and letters.
    pub(super) bound: u64,
    /// Whether deletes take the children along, or are refused for their sake.
    pub(super) cascade: bool,
    /// Most rows of a replayed request before it takes the server too long.
    pub(super) most_rows: usize,
    /// Periods in which something is wrong.
    pub(super) outages: u32,
    pub(super) faults: &'static [Fault],
    pub(super) lost_request: f64,
    pub(super) lost_answer: f64,
    pub(super) late_request: f64,
    pub(super) conflicts: f64,
    pub(super) slow_reads: f64,
    pub(super) kills: f64,
    pub(super) stalls: f64,
    pub(super) clock_jumps: f64,
    pub(super) poison: f64,
    pub(super) unanswerable: f64,
    /// Callers that do not wait to the end.
    pub(super) impatient: f64,
    /// Writes of another machine.
    pub(super) foreigners: u32,
}

const CALM: Profile = Profile {
    name: "calm",
    mode: WriteMode::RemoteFirst,
    processes: 2,
    clients: 2,
    calls: 60,
    pause: 3_000,
    bound: 1_000,
    cascade: true,
    most_rows: 1_000,
    outages: 0,
    faults: &[],
    lost_request: 0.0,
    lost_answer: 0.0,
    late_request: 0.0,
    conflicts: 0.0,
    slow_reads: 0.0,
    kills: 0.0,
    stalls: 0.0,
    clock_jumps: 0.0,
    poison: 0.0,
    unanswerable: 0.0,
    impatient: 0.0,
    foreigners: 0,
};

const OUTAGES: &[Fault] = &[Fault::Refused, Fault::BlackHole, Fault::Gateway, Fault::NoConnections];

/// The profiles, one for each kind of trouble, and some with all of it.
const PROFILES: [Profile; 14] = [
    CALM,
    Profile { name: "outages", outages: 3, faults: OUTAGES, ..CALM },
    Profile {
        name: "lossy",
        lost_request: 0.08,
        lost_answer: 0.1,
        late_request: 0.08,
        conflicts: 0.03,
        ..CALM
    },
    Profile {
        name: "kills",
        outages: 2,
        faults: OUTAGES,
        lost_answer: 0.05,
        late_request: 0.05,
        kills: 0.004,
        ..CALM
    },
    Profile {
        name: "stalls",
        processes: 3,
        outages: 2,
        faults: OUTAGES,
        lost_answer: 0.05,
        late_request: 0.05,
        stalls: 0.01,
        ..CALM
    },
    Profile {
        name: "clocks",
        outages: 3,
        faults: OUTAGES,
        lost_answer: 0.05,
        late_request: 0.08,
        clock_jumps: 0.01,
        kills: 0.001,
        ..CALM
    },
    Profile {
        name: "poison",
        outages: 3,
        faults: &[Fault::Refused, Fault::BlackHole],
        poison: 0.12,
        most_rows: 4,
        ..CALM
    },
    Profile {
        name: "pauses",
        outages: 5,
        faults: &[
            Fault::Refused,
            Fault::TokenExpired,
            Fault::Drift,
            Fault::ReadOnly,
            Fault::Throttled,
        ],
        ..CALM
    },
    Profile {
        name: "foreigners",
        outages: 3,
        faults: OUTAGES,
        lost_answer: 0.05,
        late_request: 0.05,
        foreigners: 25,
        ..CALM
    },
    Profile {
        name: "slow reads",
        processes: 3,
        outages: 3,
        faults: &[Fault::Refused, Fault::NoConnections],
        slow_reads: 0.6,
        ..CALM
    },
    Profile {
        name: "local first",
        mode: WriteMode::LocalFirst,
        processes: 4,
        clients: 1,
        outages: 3,
        faults: &Fault::ALL,
        lost_answer: 0.05,
        late_request: 0.05,
        kills: 0.004,
        ..CALM
    },
    Profile {
        name: "small outbox",
        bound: 12,
        outages: 3,
        faults: OUTAGES,
        poison: 0.08,
        impatient: 0.1,
        ..CALM
    },
    Profile {
        name: "unanswerable",
        outages: 3,
        faults: &[Fault::Refused, Fault::BlackHole, Fault::WritesOnly],
        unanswerable: 0.02,
        ..CALM
    },
    Profile {
        name: "everything",
        processes: 4,
        outages: 5,
        faults: &Fault::ALL,
        lost_request: 0.03,
        lost_answer: 0.05,
        late_request: 0.05,
        conflicts: 0.02,
        slow_reads: 0.2,
        kills: 0.002,
        stalls: 0.003,
        clock_jumps: 0.002,
        poison: 0.04,
        impatient: 0.05,
        foreigners: 4,
        most_rows: 6,
        ..CALM
    },
];

impl Profile {
    /// The profile of a seed, with sizes of its own.
    pub(super) fn of_seed(seed: u64) -> Self {
        let mut random = fastrand::Rng::with_seed(seed ^ 0x5eed);
        let mut profile = PROFILES[seed as usize % PROFILES.len()].clone();
        profile.processes = random.usize(1..=profile.processes);
        profile.calls = random.u32(40..=100);
        profile.pause = if random.bool() { 3_000 } else { 600 };
        profile.cascade = random.u8(..10) < 7;
        profile
    }

    /// How long the faults go on, in milliseconds.
    fn length(&self) -> i64 {
        i64::from(self.calls) * self.pause / 2 / (self.processes as i64 * i64::from(self.clients))
            + 20_000
    }
}

impl Inner {
    /// Draws what will go wrong, and when.
    pub(super) fn plan(&mut self) {
        let profile = self.profile.clone();
        let length = profile.length();
        for _ in 0..profile.outages {
            let at = self.random_below(profile.faults.len());
            let fault = profile.faults[at];
            let begin = self.up_to(length);
            let longest = if self.chance(0.4) { 40_000 } else { 6_000 };
            let end = begin + self.up_to(longest);
            self.at(begin, Happening::Event(Event::Weather(fault, true)));
            self.at(end, Happening::Event(Event::Weather(fault, false)));
        }
        for _ in 0..profile.foreigners {
            let time = self.up_to(length);
            self.at(time, Happening::Event(Event::Foreigner));
        }
    }
}

/// What a client does next.
pub(super) fn operation(world: &mut Inner) -> Operation {
    let number = world.random_below(100);
    match number {
        0..70 => {
            let write = write(world);
            let impatient = world.profile.impatient;
            let patience = world.chance(impatient).then(|| world.up_to(200));
            Operation::Write(write, patience)
        }
        70..90 => Operation::Get(any_row(world)),
        90..95 => Operation::List(if world.chance(0.5) { PARENTS } else { CHILDREN }),
        95..97 => Operation::Count(CHILDREN),
        _ => Operation::Flush(world.up_to(12_000)),
    }
}

fn any_row(world: &mut Inner) -> RowName {
    let rows: Vec<RowName> = entities::all_rows().collect();
    let at = world.random_below(rows.len());
    rows[at].clone()
}

fn write(world: &mut Inner) -> WriteCall {
    let row = any_row(world);
    let is_there = world.snapshot.rows.contains_key(&row);
    let number = world.random_below(100);
    let kind = match (is_there, number) {
        (false, 0..70) => EntryKind::Insert,
        (false, 70..80) => EntryKind::InsertIfAbsent,
        (false, 80..90) => EntryKind::Upsert,
        (false, 90..95) => EntryKind::Update,
        (false, _) => EntryKind::Delete,
        (true, 0..5) => EntryKind::Insert,
        (true, 5..10) => EntryKind::InsertIfAbsent,
        (true, 10..20) => EntryKind::Upsert,
        (true, 20..80) => EntryKind::Update,
        (true, _) => EntryKind::Delete,
    };
    let columns = match world.random_below(3) {
        0 => vec!["a"],
        1 => vec!["b"],
        _ => vec!["a", "b"],
    };
    let (poison, unanswerable) = (world.profile.poison, world.profile.unanswerable);
    let flaw = if kind != EntryKind::Delete && world.chance(poison) {
        Flaw::Poison
    } else if kind != EntryKind::Delete && world.chance(unanswerable) {
        Flaw::Unanswerable
    } else {
        Flaw::None
    };
    let mut call = WriteCall { kind, rows: vec![row.clone()], children_of: None, columns, flaw };
    if kind == EntryKind::Insert && world.chance(0.15) {
        // Several rows of one table at once.
        for _ in 0..2 {
            let other = any_row(world);
            if other.0 == row.0
                && !call.rows.contains(&other)
                && !world.snapshot.rows.contains_key(&other)
            {
                call.rows.push(other);
            }
        }
    }
    let by_filter = matches!(kind, EntryKind::Update | EntryKind::Delete)
        && row.0 == CHILDREN.name
        && world.chance(0.15);
    if by_filter && let Some(parent) = entities::parent_of(&row) {
        call.rows = Inner::with_children(&parent).split_off(1);
        call.children_of = Some(parent);
    }
    call
}

/// Another machine writes straight to the remote.
pub(super) fn foreigner(world: &mut Inner) {
    let mut call = write(world);
    call.flaw = Flaw::None;
    let now = world.tick;
    let id = world.history.begin(None, call.clone(), now);
    let Ok(done) = world.database.run(&Statement::of_write(&call.to_write(id))) else { return };
    world.note(|_| format!("somebody else: {call:?}"));
    for (row, effect) in done.effects {
        if matches!(effect, Effect::LeftAlone | Effect::Absent) {
            continue;
        }
        world.history.row(&row).effects.push((id, effect));
        for row in Inner::with_children(&row) {
            world.history.row(&row).is_foreign = true;
        }
    }
}

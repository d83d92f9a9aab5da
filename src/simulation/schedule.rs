//! What happens in a run, drawn from its seed: the profile of faults, and the calls.

use super::chance::Chance;
use super::operation::{Aim, CallKind, Flaw, NewRow, WriteCall};
use super::remote::{Effect, refers};
use super::statement::{Row, Rows, Statement};
use super::tables;
use super::wire::Fault;
use super::world::{Event, Happening, Inner};
use crate::Table;
use crate::failover::WriteMode;
use crate::failover::options::Present;
use crate::failover::rules::name::{RowKey, RowName, TableName};
use crate::operation::Duplicates;

/// How likely what is in a run. Probabilities are for each request, call or step.
#[derive(Clone, Debug)]
pub(super) struct Profile {
    pub(super) name: &'static str,
    pub(super) mode: WriteMode,
    pub(super) processes: usize,
    /// Clients of each process.
    pub(super) clients: u32,
    /// Calls of all clients together, before the faults are over.
    pub(super) calls: u32,
    /// And after.
    pub(super) calls_after: u32,
    /// The longest pause of a client between two calls, in milliseconds.
    pub(super) pause: i64,
    /// Most entries and letters.
    pub(super) bound: u64,
    /// Whether deletes take the children along, or are refused for their sake.
    pub(super) cascades: bool,
    /// The tables that are written, by their numbers.
    pub(super) tables: &'static [usize],
    /// Periods in which something is wrong.
    pub(super) outages: u32,
    pub(super) faults: &'static [Fault],
    pub(super) lost_request: f64,
    pub(super) lost_answer: f64,
    pub(super) late_request: f64,
    pub(super) slow_reads: f64,
    /// Answers to writes that take seconds.
    pub(super) slow_writes: f64,
    pub(super) kills: f64,
    pub(super) stalls: f64,
    pub(super) clock_jumps: f64,
    /// Interrupted transactions and refused commits, half of which end their process.
    pub(super) file_faults: f64,
    /// Periods in which another program holds the file's write lock.
    pub(super) file_locks: u32,
    /// Calls that fill the disk for a while.
    pub(super) full_disks: f64,
    pub(super) flawed: f64,
    pub(super) flaws: &'static [Flaw],
    /// Callers that do not wait to the end.
    pub(super) impatient: f64,
    /// Writes of another machine.
    pub(super) foreigners: u32,
    /// Processes that live for a few calls only.
    pub(super) short_lives: f64,
    /// Calls that are an operation by hand.
    pub(super) by_hand: f64,
    pub(super) rebinds: bool,
    pub(super) watches_identity: bool,
    /// Whether the remote has the function `chronicle_apply`.
    pub(super) has_function: bool,
    /// Rows that are there before the remote, and what is done with them.
    pub(super) present: &'static [(usize, Present)],
}

const CALM: Profile = Profile {
    name: "calm",
    mode: WriteMode::RemoteFirst,
    processes: 2,
    clients: 2,
    calls: 60,
    calls_after: 16,
    pause: 3_000,
    bound: 1_000,
    cascades: true,
    tables: &[0, 1, 2, 3, 4, 5],
    outages: 0,
    faults: &[],
    lost_request: 0.0,
    lost_answer: 0.0,
    late_request: 0.0,
    slow_reads: 0.0,
    slow_writes: 0.0,
    kills: 0.0,
    stalls: 0.0,
    clock_jumps: 0.0,
    file_faults: 0.0,
    file_locks: 0,
    full_disks: 0.0,
    flawed: 0.0,
    flaws: &[],
    impatient: 0.0,
    foreigners: 0,
    short_lives: 0.0,
    by_hand: 0.0,
    rebinds: false,
    watches_identity: false,
    has_function: false,
    present: &[],
};

const OUTAGES: &[Fault] = &[Fault::Refused, Fault::BlackHole, Fault::Gateway, Fault::NoConnections];

const PAUSES: &[Fault] = &[
    Fault::Refused,
    Fault::TokenExpired,
    Fault::ReadOnly,
    Fault::Throttled,
    Fault::NoTable(0),
    Fault::NoTable(1),
    Fault::NoTable(2),
    Fault::NoTable(3),
    Fault::NoColumn(5),
    Fault::NoColumn(1),
    Fault::NoRight(0),
    Fault::NoRight(1),
    Fault::NoRight(3),
    Fault::NoRight(4),
    Fault::NoRight(5),
    Fault::Conflicts,
];

/// The profiles, one for each kind of trouble, and some with all of it.
const PROFILES: &[Profile] = &[
    Profile { name: "outages", outages: 3, faults: OUTAGES, ..CALM },
    Profile {
        name: "families",
        outages: 3,
        faults: OUTAGES,
        tables: &[0, 1, 1, 2],
        lost_answer: 0.05,
        late_request: 0.05,
        calls: 90,
        pause: 2_000,
        ..CALM
    },
    Profile {
        name: "lossy",
        lost_request: 0.08,
        lost_answer: 0.1,
        late_request: 0.08,
        outages: 1,
        faults: &[Fault::Conflicts, Fault::Refused],
        ..CALM
    },
    Profile {
        name: "kills",
        outages: 2,
        faults: OUTAGES,
        lost_answer: 0.05,
        late_request: 0.05,
        kills: 0.004,
        file_faults: 0.004,
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
        faults: &[Fault::Refused, Fault::BlackHole, Fault::Slow],
        flawed: 0.15,
        flaws: &[Flaw::Poison, Flaw::RowSecurity, Flaw::TooBig],
        tables: &[0, 1, 1, 2, 3, 4, 5],
        ..CALM
    },
    Profile {
        name: "unknown",
        outages: 3,
        faults: &[Fault::Refused, Fault::Slow],
        flawed: 0.06,
        flaws: &Flaw::ALL,
        short_lives: 0.3,
        ..CALM
    },
    Profile { name: "pauses", outages: 6, faults: PAUSES, processes: 2, calls: 90, ..CALM },
    Profile {
        name: "hand",
        outages: 4,
        faults: &[
            Fault::Refused,
            Fault::BlackHole,
            Fault::NoRight(0),
            Fault::NoRight(1),
            Fault::NoTable(3),
            Fault::InsertOnly(0),
            Fault::InsertOnly(5),
        ],
        lost_answer: 0.03,
        flawed: 0.12,
        flaws: &[Flaw::Poison, Flaw::RowSecurity],
        by_hand: 0.2,
        foreigners: 5,
        calls: 90,
        ..CALM
    },
    Profile {
        name: "letters",
        outages: 5,
        faults: &[Fault::Refused, Fault::BlackHole],
        tables: &[0, 0, 1, 3],
        flawed: 0.3,
        flaws: &[Flaw::Poison],
        by_hand: 0.2,
        foreigners: 5,
        calls: 120,
        pause: 1_500,
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
        slow_reads: 0.4,
        tables: &[0, 1, 3],
        pause: 1_000,
        calls: 120,
        ..CALM
    },
    Profile {
        name: "slow writes",
        processes: 3,
        outages: 6,
        faults: OUTAGES,
        slow_writes: 0.3,
        tables: &[0, 1, 1, 3],
        pause: 1_000,
        calls: 120,
        ..CALM
    },
    Profile {
        name: "moves",
        processes: 3,
        outages: 10,
        faults: &[Fault::Conflicts],
        slow_writes: 0.7,
        tables: &[0, 1],
        pause: 1_500,
        calls: 200,
        ..CALM
    },
    Profile {
        name: "file",
        outages: 3,
        faults: OUTAGES,
        lost_answer: 0.04,
        file_faults: 0.01,
        file_locks: 6,
        full_disks: 0.03,
        ..CALM
    },
    Profile {
        name: "tokens",
        outages: 5,
        faults: &[
            Fault::NoToken,
            Fault::OtherToken,
            Fault::NoToken,
            Fault::Refused,
            Fault::TokenExpired,
        ],
        watches_identity: true,
        short_lives: 0.2,
        ..CALM
    },
    Profile {
        name: "one table",
        outages: 4,
        faults: &[Fault::Refused, Fault::BlackHole, Fault::InsertOnly(0), Fault::WritesOnly],
        tables: &[0],
        lost_answer: 0.08,
        late_request: 0.05,
        calls: 90,
        pause: 1_500,
        ..CALM
    },
    Profile {
        name: "unique values",
        outages: 4,
        faults: OUTAGES,
        tables: &[3],
        lost_answer: 0.04,
        foreigners: 12,
        calls: 90,
        pause: 1_500,
        ..CALM
    },
    Profile {
        name: "remote wins",
        outages: 4,
        faults: OUTAGES,
        tables: &[4],
        lost_answer: 0.08,
        late_request: 0.04,
        foreigners: 6,
        ..CALM
    },
    Profile {
        name: "versions",
        outages: 4,
        faults: &[Fault::Refused, Fault::BlackHole, Fault::NoColumn(5), Fault::NoTable(5)],
        tables: &[5],
        kills: 0.002,
        short_lives: 0.5,
        by_hand: 0.05,
        ..CALM
    },
    Profile {
        name: "impatient",
        outages: 3,
        faults: OUTAGES,
        lost_answer: 0.05,
        late_request: 0.05,
        impatient: 0.4,
        ..CALM
    },
    Profile { name: "restrict", outages: 3, faults: OUTAGES, cascades: false, ..CALM },
    Profile {
        name: "bound",
        outages: 3,
        faults: OUTAGES,
        bound: 6,
        flawed: 0.05,
        flaws: &[Flaw::Poison],
        ..CALM
    },
    Profile {
        name: "present",
        outages: 2,
        faults: OUTAGES,
        kills: 0.002,
        present: &[
            (0, Present::Adopt),
            (1, Present::Adopt),
            (2, Present::Adopt),
            (3, Present::Waive),
            (5, Present::Adopt),
        ],
        ..CALM
    },
    Profile { name: "rebound", outages: 2, faults: OUTAGES, rebinds: true, by_hand: 0.1, ..CALM },
    Profile {
        name: "local first",
        mode: WriteMode::LocalFirst,
        outages: 3,
        faults: OUTAGES,
        lost_answer: 0.05,
        late_request: 0.05,
        kills: 0.002,
        short_lives: 0.3,
        flawed: 0.03,
        flaws: &[Flaw::Poison],
        ..CALM
    },
    Profile {
        name: "short lives",
        processes: 4,
        clients: 1,
        outages: 3,
        faults: PAUSES,
        lost_answer: 0.04,
        short_lives: 0.8,
        kills: 0.003,
        file_faults: 0.003,
        flawed: 0.05,
        flaws: &Flaw::ALL,
        ..CALM
    },
    Profile {
        name: "everything",
        processes: 3,
        outages: 6,
        faults: PAUSES,
        lost_request: 0.02,
        lost_answer: 0.04,
        late_request: 0.04,
        slow_reads: 0.1,
        kills: 0.001,
        stalls: 0.003,
        clock_jumps: 0.001,
        file_faults: 0.002,
        file_locks: 3,
        full_disks: 0.01,
        flawed: 0.05,
        flaws: &Flaw::ALL,
        impatient: 0.1,
        foreigners: 6,
        short_lives: 0.2,
        by_hand: 0.08,
        ..CALM
    },
];

impl Profile {
    pub(super) fn of_seed(seed: u64, chance: &mut Chance) -> Self {
        let mut profile = PROFILES[(seed % PROFILES.len() as u64) as usize].clone();
        // Some of each kind in a hurry: outages that touch many writes.
        if chance.happens(0.3) {
            profile.pause /= 4;
        }
        profile.has_function = chance.happens(0.5);
        profile
    }
}

/// What a client does.
#[derive(Clone, Debug)]
pub(super) enum Operation {
    Write(WriteCall, Option<i64>),
    Get(&'static Table, RowName),
    /// A read by key that skips the row.
    GetBehind(&'static Table, RowName),
    List(&'static Table),
    Count(&'static Table),
    Flush(i64),
    /// One letter, or all.
    Retry(Option<usize>),
    Drop(Option<usize>),
    Resume,
    Pull(&'static Table),
    Prune(&'static Table),
    Convert,
    Rebind,
    FullDisk(i64),
}

impl Operation {
    /// A short form for people.
    pub(super) fn told(&self) -> String {
        match self {
            Self::Get(_, row) | Self::GetBehind(_, row) => format!("get {}", tables::short(row)),
            Self::List(table) => format!("list {}", table.name),
            Self::Count(table) => format!("count {}", table.name),
            Self::Pull(table) => format!("pull {}", table.name),
            Self::Prune(table) => format!("prune {}", table.name),
            other => format!("{other:?}"),
        }
    }
}

impl Inner {
    /// What will befall the network and the file.
    pub(super) fn plan(&mut self) {
        let profile = self.profile.clone();
        let length = i64::from(profile.calls) * profile.pause
            / (2 * profile.processes as i64 * i64::from(profile.clients));
        for _ in 0..profile.outages {
            let fault = self.chance.one_of(profile.faults);
            let begin = self.chance.up_to(length);
            let longest = if self.chance.happens(0.3) { 90_000 } else { 25_000 };
            let end = begin + self.chance.up_to(longest);
            self.at(begin, Happening::Event(Event::Weather(fault, true)));
            self.at(end, Happening::Event(Event::Weather(fault, false)));
        }
        for _ in 0..profile.file_locks {
            let begin = self.chance.up_to(length);
            let end = begin + self.chance.up_to(4_000);
            self.at(begin, Happening::Event(Event::LockFile(true)));
            self.at(end, Happening::Event(Event::LockFile(false)));
        }
        for _ in 0..profile.foreigners {
            let at = self.chance.up_to(length);
            self.at(at, Happening::Event(Event::Foreigner));
        }
    }

    pub(super) fn change_weather(&mut self, fault: Fault, begins: bool) {
        if begins {
            self.weather.push(fault);
        } else if let Some(at) = self.weather.iter().position(|known| *known == fault) {
            self.weather.remove(at);
        }
        self.note(|_| format!("{fault:?} {}", if begins { "begins" } else { "ends" }));
    }

    fn table(&mut self, process: usize) -> &'static Table {
        let table = tables::ALL[self.chance.one_of(self.profile.tables)];
        if table.name == tables::SPOTS.name && !self.processes[process].is_later {
            return tables::SPOTS;
        }
        table
    }

    fn key(&mut self, table: &Table) -> RowKey {
        let number = self.chance.below(tables::rows_of(table));
        tables::key(table, number)
    }

    /// The key of a row that a foreign key can hold: most often of one that is there.
    fn parent_key(&mut self, table: &'static Table) -> RowKey {
        let there: Vec<RowKey> = self
            .database
            .rows
            .keys()
            .filter(|row| row.table == TableName::of(table))
            .map(|row| row.key.clone())
            .collect();
        if !there.is_empty() && self.chance.happens(0.6) {
            return self.chance.one_of(&there);
        }
        self.key(table)
    }

    /// Values for the columns without numbers.
    fn others(&mut self, table: &Table, is_whole: bool) -> Vec<(&'static str, Option<String>)> {
        let mut others = Vec::new();
        for foreign in tables::foreign_keys(table.name) {
            if foreign.is_optional && self.chance.happens(0.7) {
                if is_whole {
                    others.extend(foreign.columns.iter().map(|column| (*column, None)));
                }
                continue;
            }
            if is_whole || self.chance.happens(0.25) {
                let texts = self.parent_key(foreign.parent).texts().into_iter().map(Some);
                others.extend(foreign.columns.iter().copied().zip(texts));
            }
        }
        if table.name == tables::UNIQUES.name {
            for (name, values) in tables::UNIQUE {
                if is_whole || self.chance.happens(0.35) {
                    let value = format!("{name} {}", self.chance.below(values));
                    others.push((name, self.chance.happens(0.9).then_some(value)));
                }
            }
        }
        others
    }

    fn aim(&mut self, table: &Table) -> Aim {
        match table.name {
            "children" if self.chance.happens(0.15) => {
                Aim::Column("parent_id", self.key(tables::PARENTS).text())
            }
            "uniques" if self.chance.happens(0.1) => {
                let (name, values) = self.chance.one_of(&tables::UNIQUE);
                Aim::Column(name, format!("{name} {}", self.chance.below(values)))
            }
            _ if self.chance.happens(0.06) => Aim::All,
            _ => Aim::Key(self.key(table)),
        }
    }

    fn write_kind(&mut self, table: &Table) -> CallKind {
        match self.chance.below(20) {
            0..=8 => {
                let rows = if self.chance.happens(0.15) { 2 + self.chance.below(3) } else { 1 };
                let mut keys: Vec<RowKey> = (0..rows).map(|_| self.key(table)).collect();
                keys.sort();
                keys.dedup();
                let duplicates = match self.chance.below(10) {
                    0..=5 => Duplicates::Refuse,
                    6 => Duplicates::Ignore,
                    _ => Duplicates::Replace,
                };
                let mut taken = Vec::new();
                let rows = keys
                    .into_iter()
                    .map(|key| {
                        let mut others = self.others(table, true);
                        // Two rows of one call do not fight for a value.
                        let mine: Vec<_> = others
                            .iter()
                            .filter(|(name, _)| tables::is_unique(name))
                            .map(|(_, value)| value.clone())
                            .collect();
                        if taken.contains(&mine) {
                            others
                                .iter_mut()
                                .filter(|(name, _)| tables::is_unique(name))
                                .for_each(|(_, value)| *value = None);
                        }
                        taken.push(mine);
                        NewRow { key, others }
                    })
                    .collect();
                CallKind::Insert { duplicates, rows }
            }
            9..=16 => {
                let target = self.aim(table);
                let mut others = self.others(table, false);
                if !matches!(target, Aim::Key(_)) {
                    others.retain(|(name, _)| !tables::is_unique(name));
                }
                let has_b = table.columns.iter().any(|column| column.name == "b");
                let numbers = match self.chance.below(3) {
                    0 if has_b => vec!["b"],
                    1 if has_b => vec!["a", "b"],
                    _ => vec!["a"],
                };
                // What nobody has asked for yet is queued, and waits until the server has the function.
                let is_function_known =
                    self.profile.has_function || self.snapshot.state["has_function"] == false;
                let adds = matches!(target, Aim::Key(_))
                    && tables::has_sum(table)
                    && is_function_known
                    && self.chance.happens(0.4);
                CallKind::Update { target, numbers, others, adds }
            }
            _ => CallKind::Delete { target: self.aim(table) },
        }
    }
}

/// What a client does next.
pub(super) fn operation(world: &mut Inner, process: usize) -> Operation {
    let profile = world.profile.clone();
    let table = world.table(process);
    if world.chance.happens(profile.by_hand) && (!world.is_healed || world.calls_left > 0) {
        let one = world.chance.happens(0.6).then(|| world.chance.below(50));
        return match world.chance.below(14) {
            0..=3 => Operation::Retry(one),
            4..=6 => Operation::Drop(one),
            7 => Operation::Resume,
            8 | 9 => Operation::Pull(table),
            10 => Operation::Prune(table),
            11 | 12 if profile.rebinds && !world.is_healed => Operation::Rebind,
            _ => Operation::Convert,
        };
    }
    if !world.is_healed && world.chance.happens(profile.full_disks) {
        return Operation::FullDisk(world.chance.up_to(8_000));
    }
    let row = {
        let key = world.key(table);
        tables::row_name(table, &key)
    };
    match world.chance.below(20) {
        0..=4 => Operation::Get(table, row),
        5 => Operation::List(table),
        6 if world.chance.happens(0.5) => Operation::GetBehind(table, row),
        6 => Operation::Count(table),
        7 if world.chance.happens(0.3) => Operation::Flush(world.chance.up_to(5_000)),
        _ => {
            let kind = world.write_kind(table);
            let is_flawed = !world.is_healed && world.chance.happens(profile.flawed);
            let is_delete = matches!(kind, CallKind::Delete { .. });
            let flaw = if is_flawed && !is_delete {
                world.chance.one_of(profile.flaws)
            } else {
                Flaw::None
            };
            let patience = world.chance.happens(profile.impatient);
            let patience = patience.then(|| world.chance.up_to(300));
            Operation::Write(WriteCall { table, kind, flaw }, patience)
        }
    }
}

/// Another machine writes straight to the remote.
pub(super) fn foreigner(world: &mut Inner) {
    if world.is_healed {
        return;
    }
    let mut table = tables::ALL[world.chance.one_of(world.profile.tables)];
    let mut key = world.key(table);
    let mut choice = world.chance.below(4);
    if world.chance.happens(0.3) {
        // It brings a row that was refused to us.
        let letters: Vec<RowName> = world.snapshot.letters().map(|one| one.row.clone()).collect();
        if let Some(row) = (!letters.is_empty()).then(|| world.chance.one_of(&letters)) {
            let of_row = |known: &&&'static Table| TableName::of(known) == row.table;
            table = tables::ALL.iter().find(of_row).copied().unwrap_or(table);
            key = row.key.clone();
            choice = 3;
        }
    }
    let row = tables::row_name(table, &key);
    let target = Aim::Key(key.clone());
    let kind = match choice {
        0 => CallKind::Delete { target },
        1 | 2 => CallKind::Update { target, numbers: vec!["a"], others: Vec::new(), adds: false },
        _ => {
            let rows = vec![NewRow { key: key.clone(), others: Vec::new() }];
            CallKind::Insert { duplicates: Duplicates::Refuse, rows }
        }
    };
    let call = WriteCall { table, kind, flaw: Flaw::None };
    let tick = world.tick;
    let id = world.history.at_once(None, call, tick);
    let number = Flaw::None.number(id);
    let statement = match choice {
        0 => Statement::Delete {
            target: Rows::Named(TableName::of(table), vec![row]),
            condition: None,
        },
        1 | 2 => {
            let values: Row = [("a".to_owned(), number.into())].into_iter().collect();
            let target = Rows::Named(TableName::of(table), vec![row]);
            Statement::Update { target, values, additions: Row::new(), condition: None }
        }
        _ => {
            let mut values: Row =
                tables::NUMBERS.map(|name| (name.to_owned(), number.into())).into_iter().collect();
            values.extend(
                tables::key_values(table, &key).into_iter().map(|(name, it)| (name, it.into())),
            );
            for (name, value) in world.others(table, true) {
                values.insert(name.to_owned(), value.into());
            }
            Statement::Insert {
                table: TableName::of(table),
                duplicates: Duplicates::Refuse,
                columns: values.keys().cloned().chain(["updated_at".to_owned()]).collect(),
                rows: vec![(row, values)],
            }
        }
    };
    let now = world.now;
    let done = world.database.run(&statement, now);
    world.note(|_| format!("another machine: {statement:?} {done:?}"));
    for (row, effect) in done.map(|done| done.effects).unwrap_or_default() {
        if matches!(effect, Effect::Inserted | Effect::Updated | Effect::Deleted | Effect::Cascaded)
        {
            let stored = world.database.rows.get(&row);
            let parents: Vec<RowName> =
                stored.into_iter().flat_map(|stored| refers(&row, stored)).collect();
            let known = world.history.row(&row);
            known.parents.extend(parents);
            known.is_foreign = true;
            known.effects.push((id, effect));
        }
    }
}

//! What the killed processes told, against what the server did.

use crate::fixture::{World, until};
use crate::tables::note::NoteId;
use chronicle::Result;
use chronicle::failover::{DeadLetter, DeadLetterReason};
use std::collections::{HashMap, HashSet};
use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// Notes each effect at the server, in a table of its own.
const EFFECTS: &str = "
    create table effects (number bigserial primary key, kind text, id text, title text);
    create function note_effect() returns trigger language plpgsql security definer as $$
    begin
        insert into public.effects (kind, id, title)
        select lower(tg_op), (row).id, (row).title
        from (select case when tg_op = 'DELETE' then old else new end as row) as changed;
        return null;
    end $$;
    create trigger note_effect after insert or update or delete on notes
        for each row execute function note_effect();
    alter table notes add constraint no_poison check (title not like 'poison%');
";

/// Rows whose titles begin so are inserted by some, and refused.
pub(super) const POISON: &str = "poison";

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Insert,
    Update,
    Upsert,
    Delete,
}

impl Kind {
    const ALL: [Self; 4] = [Self::Insert, Self::Update, Self::Upsert, Self::Delete];

    fn name(self) -> String {
        format!("{self:?}")
    }
}

/// Where a process writes down what it does, before and after it does it.
pub(super) struct Diary(File);

impl Diary {
    pub(super) fn of(path: &Path) -> Self {
        Self(File::options().create(true).append(true).open(path).unwrap())
    }

    pub(super) async fn write(
        &mut self,
        kind: Kind,
        id: NoteId,
        title: &str,
        write: impl AsyncFnOnce() -> Result<u64>,
    ) -> Result<u64> {
        self.line(&format!("try {} {id} {title} {}", kind.name(), now()));
        let done = write().await;
        if let Ok(touched) = &done {
            self.line(&format!("ack {touched} - {title} {}", now()));
        }
        done
    }

    fn line(&mut self, line: &str) {
        self.0.write_all(format!("{line}\n").as_bytes()).unwrap();
    }
}

/// Processes of one machine agree about it.
fn now() -> u128 {
    SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_nanos()
}

/// A write that was tried.
#[derive(Debug)]
struct Tried {
    kind: Kind,
    tried: u128,
    /// When it was acknowledged as one that touched a row.
    acknowledged: Option<u128>,
}

impl Tried {
    /// Whether it was acknowledged before another one was tried.
    fn is_before(&self, other: &Self) -> bool {
        self.acknowledged.is_some_and(|time| time < other.tried)
    }
}

/// How much was checked.
#[derive(Debug, Default)]
pub(super) struct Checked {
    pub(super) acknowledged: usize,
    unacknowledged: usize,
    effects: usize,
    /// Rows that the file must hold as the remote does.
    equal: usize,
}

pub(super) struct History(());

impl History {
    /// From now on the server notes what it does.
    pub(super) async fn begin(world: &World) -> Self {
        world.sql(EFFECTS).await;
        Self(())
    }

    /// At rest: whether what was acknowledged has taken effect, once and in order, or has a letter.
    pub(super) async fn check(
        &self,
        world: &World,
        logs: &[PathBuf],
        letters: &[DeadLetter],
    ) -> Checked {
        let rows = told(logs);
        let mut effects: HashMap<String, Vec<(String, String)>> = HashMap::new();
        let database = world.server.database();
        let noted = "select id, kind, title from effects order by number";
        for row in database.query(noted).await.unwrap() {
            let [id, kind, title] = row.try_into().unwrap();
            effects.entry(id.unwrap()).or_default().push((kind.unwrap(), title.unwrap()));
        }
        let at_the_remote = titles(database.query("select id, title from notes").await.unwrap());
        let buried: HashSet<&str> = letters.iter().map(|letter| letter.key.as_str()).collect();
        for letter in letters {
            // A process that was killed may have changed the row without a word.
            let expected = [DeadLetterReason::MissingRow, DeadLetterReason::Conflict];
            let is_poisoned = rows[&letter.key].keys().any(|title| title.starts_with(POISON));
            assert!(is_poisoned || expected.contains(&letter.reason), "{letter:?}");
        }
        let mut checked = Checked::default();
        for (id, writes) in &rows {
            let effects = effects.remove(id).unwrap_or_default();
            in_order(id, writes, &effects);
            if !buried.contains(id.as_str()) {
                arrived(id, writes, &effects, at_the_remote.get(id));
            }
            checked.effects += effects.len();
            let done = writes.values().filter(|write| write.acknowledged.is_some()).count();
            checked.acknowledged += done;
            checked.unacknowledged += writes.len() - done;
        }
        assert!(effects.is_empty(), "rows that nobody wrote: {effects:?}");

        let known = |id: &str, writes: &HashMap<String, Tried>| {
            writes.values().all(|write| write.acknowledged.is_some()) && !buried.contains(id)
        };
        let known: Vec<&String> =
            rows.iter().filter(|(id, writes)| known(id, writes)).map(|(id, _)| id).collect();
        checked.equal = known.len();
        // What an answer left unsure is fetched first.
        until("the file is as the remote", async || {
            let file = in_the_file(world);
            known.iter().all(|id| file.get(*id) == at_the_remote.get(*id))
        })
        .await;
        checked
    }
}

fn in_the_file(world: &World) -> HashMap<String, String> {
    let file = rusqlite::Connection::open(world.path()).unwrap();
    let mut select = file.prepare("select id, title from notes").unwrap();
    let rows = select.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
    rows.map(std::result::Result::unwrap).collect()
}

fn titles(rows: Vec<Vec<Option<String>>>) -> HashMap<String, String> {
    rows.into_iter()
        .map(|row| {
            let [id, title] = row.try_into().unwrap();
            (id.unwrap(), title.unwrap())
        })
        .collect()
}

/// What was tried, by row and title.
fn told(logs: &[PathBuf]) -> HashMap<String, HashMap<String, Tried>> {
    let mut rows: HashMap<String, HashMap<String, Tried>> = HashMap::new();
    for log in logs {
        let text = std::fs::read_to_string(log).unwrap();
        let mut open: Option<(String, String)> = None;
        for line in text.lines() {
            let [word, what, id, title, time] = line.split(' ').collect::<Vec<_>>()[..] else {
                panic!("a line of {line:?}");
            };
            let time: u128 = time.parse().unwrap();
            if word == "try" {
                let kind = Kind::ALL.into_iter().find(|kind| kind.name() == what).unwrap();
                let write = Tried { kind, tried: time, acknowledged: None };
                let before = rows.entry(id.into()).or_default().insert(title.into(), write);
                assert!(before.is_none(), "{line} twice");
                open = Some((id.into(), title.into()));
            } else {
                let (id, tried) = open.take().unwrap();
                assert_eq!(tried, title);
                if what != "0" {
                    let write = rows.get_mut(&id).unwrap().get_mut(&tried).unwrap();
                    write.acknowledged = Some(time);
                }
            }
        }
    }
    rows
}

/// No write took effect after one that was tried when it had been acknowledged.
fn in_order(id: &str, writes: &HashMap<String, Tried>, effects: &[(String, String)]) {
    let mut newest: Option<&Tried> = None;
    for (kind, title) in effects.iter().filter(|effect| effect.0 != "delete") {
        let write = writes.get(title).unwrap_or_else(|| panic!("nobody asked for {kind} {title}"));
        if let Some(newest) = newest {
            assert!(
                !write.is_before(newest),
                "{id}: {title} took effect after what is newer: {effects:?}"
            );
        }
        if newest.is_none_or(|newest| newest.tried < write.tried) {
            newest = Some(write);
        }
    }
}

/// What was acknowledged has taken effect, or what is newer has.
fn arrived(
    id: &str,
    writes: &HashMap<String, Tried>,
    effects: &[(String, String)],
    now: Option<&String>,
) {
    let is = |write: &&Tried, kind: Kind| write.kind == kind;
    let inserts = effects.iter().filter(|effect| effect.0 == "insert").count();
    if writes.values().all(|write| write.kind != Kind::Upsert) {
        assert!(inserts <= 1, "{id} was inserted {inserts} times: {effects:?}");
    }
    let acknowledged = || writes.values().filter(|write| write.acknowledged.is_some());
    if acknowledged().any(|write| is(&write, Kind::Insert)) {
        assert!(inserts >= 1, "{id} is lost: {writes:?}");
    }
    match now {
        Some(title) => {
            let last = &writes[title];
            let lost = acknowledged().find(|write| last.is_before(write));
            assert!(lost.is_none(), "{id}: {lost:?} is lost, {title} is there: {effects:?}");
        }
        None => {
            let deletes = || writes.values().filter(|write| is(write, Kind::Delete));
            let lost = acknowledged()
                .filter(|write| matches!(write.kind, Kind::Insert | Kind::Upsert))
                .find(|write| deletes().all(|delete| delete.is_before(write)));
            assert!(lost.is_none(), "{id}: {lost:?} is lost, no row is there: {effects:?}");
        }
    }
}

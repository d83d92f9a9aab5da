//! What children told, against what the server did.

use crate::fixture::Fixture;
use chronicle::Repository;
use chronicle_entity::event;
use std::collections::{HashMap, HashSet};
use std::path::PathBuf;

/// Notes each effect at the server, in a table of its own.
const EFFECTS: &str = "
    create table effects (number bigserial primary key, kind text, id text, value bigint);
    create function note_effect() returns trigger language plpgsql security definer as $$
    begin
        if tg_op = 'INSERT' then
            insert into public.effects (kind, id, value) values ('insert', new.id, 0);
        else
            insert into public.effects (kind, id, value)
            values ('update', new.id, new.git_branch::bigint);
        end if;
        return null;
    end $$;
    create trigger note after insert on events for each row execute function note_effect();
    create trigger note after update on sessions for each row execute function note_effect();
";

pub(super) struct History(());

/// How much was checked.
#[derive(Debug, Default)]
pub(super) struct Checked {
    pub(super) acknowledged: u64,
    pub(super) unacknowledged: u64,
    /// Effects of writes that were not acknowledged.
    pub(super) silent_effects: u64,
    /// Effects of updates that were made once more.
    pub(super) repeated: u64,
}

type Name = (String, String, i64);

impl History {
    /// From now on the server notes what it does.
    pub(super) async fn begin(fixture: &Fixture) -> Self {
        fixture.server.database().execute(EFFECTS).await.unwrap();
        Self(())
    }

    /// At rest: what was acknowledged has taken effect, inserts once, and nothing over something newer.
    pub(super) async fn check(
        &self,
        fixture: &Fixture,
        logs: impl IntoIterator<Item = PathBuf>,
    ) -> Checked {
        let (tried, acknowledged) = told(logs);
        let effects = fixture.server.database();
        let effects = effects.query("select kind, id, value from effects order by number").await;
        let effects: Vec<Name> = effects
            .unwrap()
            .into_iter()
            .map(|row| {
                let mut row = row.into_iter().map(Option::unwrap);
                let mut next = || row.next().unwrap();
                (next(), next(), next().parse().unwrap())
            })
            .collect();
        let mut counts: HashMap<&Name, u64> = HashMap::new();
        let mut newest: HashMap<&str, i64> = HashMap::new();
        for effect in &effects {
            assert!(tried.contains(effect), "nobody asked for {effect:?}");
            *counts.entry(effect).or_default() += 1;
            let (kind, id, value) = effect;
            if kind == "update" {
                let newest = newest.entry(id).or_insert(*value);
                // What was acknowledged came before the newer one was asked for.
                assert!(
                    value >= newest || !acknowledged.contains(effect),
                    "{value} of {id} took effect after {newest}: {:?}",
                    effects
                        .iter()
                        .filter(|other| other.1 == *id)
                        .map(|other| other.2)
                        .collect::<Vec<_>>()
                );
                *newest = (*newest).max(*value);
            }
        }
        let mut checked = Checked::default();
        for write in &tried {
            let count = counts.get(write).copied().unwrap_or(0);
            let is_acknowledged = acknowledged.contains(write);
            // Updates of one row travel as one: the last one shows.
            let newest = newest.get(write.1.as_str()).copied().unwrap_or(-1);
            let is_within = write.0 == "update" && newest >= write.2;
            assert!(count > 0 || is_within || !is_acknowledged, "{write:?} is lost");
            assert!(count <= 1 || write.0 == "update", "{write:?} took effect {count} times");
            checked.repeated += count.saturating_sub(1);
            checked.silent_effects += u64::from(count > 0 && !is_acknowledged);
            checked.acknowledged += u64::from(is_acknowledged);
            checked.unacknowledged += u64::from(!is_acknowledged);
        }
        same_rows(fixture, &acknowledged).await;
        checked
    }
}

/// What was tried, and what of it was acknowledged.
fn told(logs: impl IntoIterator<Item = PathBuf>) -> (HashSet<Name>, HashSet<Name>) {
    let mut tried = HashSet::new();
    let mut acknowledged = HashSet::new();
    for log in logs {
        let text = std::fs::read_to_string(log).unwrap();
        for line in text.lines() {
            let [word, kind, id, value] = line.split(' ').collect::<Vec<_>>()[..] else {
                panic!("a line of {line:?}");
            };
            let name = (kind.to_owned(), id.to_owned(), value.parse().unwrap());
            let new = if word == "try" { tried.insert(name) } else { acknowledged.insert(name) };
            assert!(new, "{line} twice");
        }
    }
    (tried, acknowledged)
}

/// The file holds the acknowledged events as the remote does.
async fn same_rows(fixture: &Fixture, acknowledged: &HashSet<Name>) {
    let all = |mut rows: Vec<event::Model>| {
        rows.retain(|row| acknowledged.contains(&("insert".into(), row.id.to_string(), 0)));
        rows.sort_by_key(|row| row.id.to_string());
        rows
    };
    let file = Repository::<event::Model>::new(fixture.file().await).find().all().await.unwrap();
    let remote = Repository::<event::Model>::new(fixture.remote()).find().all().await.unwrap();
    assert_eq!(all(file), all(remote));
}

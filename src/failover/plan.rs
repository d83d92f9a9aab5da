//! Which entries go next, and together: a pure function of those that wait.
//!
//! - A row's entries keep their sequence.
//! - The insert of a row goes before the entries of its children, its delete after those that came
//!   before it, and before those that came after it: it takes the children along.
//! - After a request without answer only inserts go, until it can no longer arrive.
//! - Otherwise batches form by table, kind and columns, whatever stands between.

use super::entry::{Entry, EntryKind, RowName};
use std::collections::{HashMap, HashSet};

/// Most entries of one insert or upsert.
const MOST_ROWS: usize = 1_000;
/// Most JSON of one insert or upsert, in bytes.
const MOST_BYTES: u64 = 1024 * 1024;
/// Most inserts under way at once.
const MOST_INSERTS: usize = 4;
/// Most keys of one delete: they stand in the URL.
const MOST_DELETES: usize = 100;
/// Most updates under way at once, each a request of its own.
pub(crate) const MOST_UPDATES: usize = 8;

/// Entries that wait, by sequence.
#[derive(Clone, Debug, Default)]
pub(crate) struct Window {
    pub(crate) entries: Vec<Entry>,
    /// Rows that entries which are not here refer to: they may not be deleted yet.
    pub(crate) needed: HashSet<RowName>,
}

/// How often an entry may fail alone while the server serves otherwise.
pub(crate) const MOST_FAILURES: u32 = 5;

/// The entries of one request, or of a few requests under way at once. Never empty.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Batch {
    pub(crate) kind: EntryKind,
    /// Whether a request with them may have left before.
    pub(crate) is_sent: bool,
    pub(crate) items: Vec<Item>,
}

/// One row of a batch: an entry, and the updates of its row right behind it that travel with it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Item {
    pub(crate) entry: Entry,
    pub(crate) folded: Vec<Entry>,
}

impl Item {
    pub(crate) fn sequences(&self) -> impl Iterator<Item = i64> + '_ {
        std::iter::once(self.entry.sequence).chain(self.folded.iter().map(|entry| entry.sequence))
    }

    fn bytes(&self) -> u64 {
        self.entry.bytes + self.folded.iter().map(|entry| entry.bytes).sum::<u64>()
    }
}

impl Batch {
    pub(crate) fn sequences(&self) -> Vec<i64> {
        self.items.iter().flat_map(Item::sequences).collect()
    }

    /// The batch of each of its requests. They may be under way at once: no row of one needs another.
    pub(crate) fn requests(self) -> Vec<Self> {
        let (most_rows, most_bytes) = match self.kind {
            EntryKind::Update => (1, u64::MAX),
            EntryKind::Insert | EntryKind::InsertIfAbsent => (MOST_ROWS, MOST_BYTES),
            EntryKind::Upsert | EntryKind::Delete => return vec![self],
        };
        let mut requests: Vec<Self> = Vec::new();
        let mut bytes = 0;
        for item in self.items {
            match requests.last_mut() {
                Some(request)
                    if request.items.len() < most_rows && bytes + item.bytes() <= most_bytes =>
                {
                    bytes += item.bytes();
                    request.items.push(item);
                }
                _ => {
                    bytes = item.bytes();
                    requests.push(Self {
                        kind: self.kind,
                        is_sent: self.is_sent,
                        items: vec![item],
                    });
                }
            }
        }
        requests
    }

    /// What of it is done when its request has touched so many rows, and what is not: updates travel
    /// with the insert of a row that may be there already, and then were not made.
    pub(crate) fn done(&self, touched: u64) -> (Vec<i64>, Vec<i64>) {
        if self.kind != EntryKind::InsertIfAbsent || touched >= self.items.len() as u64 {
            return (self.sequences(), Vec::new());
        }
        let folded = self.items.iter().flat_map(|item| &item.folded);
        let rest = folded.map(|entry| entry.sequence).collect();
        (self.items.iter().map(|item| item.entry.sequence).collect(), rest)
    }

    /// Two batches of half as many rows; a single row is given back.
    pub(crate) fn halves(mut self) -> Result<(Self, Self), Self> {
        let middle = self.items.len() / 2;
        if middle == 0 {
            return Err(self);
        }
        let second =
            Self { kind: self.kind, is_sent: self.is_sent, items: self.items.split_off(middle) };
        Ok((self, second))
    }
}

/// The next batch of the entries that wait; `None` when none may go. `settled`: whether every request
/// that ever left has arrived by now, or never will.
pub(crate) fn next(window: &Window, settled: bool) -> Option<Batch> {
    let mut blocked = Blocked { referred: window.needed.iter().collect(), ..Blocked::default() };
    let mut batch: Option<Batch> = None;
    let mut bytes = 0;
    let mut at: HashMap<&RowName, usize> = HashMap::new();
    for entry in &window.entries {
        let fits = blocked.may_go(entry)
            && (settled || matches!(entry.kind, EntryKind::Insert | EntryKind::InsertIfAbsent))
            && match &batch {
                None => true,
                Some(batch) => joins(batch, bytes, entry),
            };
        if fits {
            bytes += entry.bytes;
            at.insert(&entry.row, batch.as_ref().map_or(0, |batch| batch.items.len()));
            let item = Item { entry: entry.clone(), folded: Vec::new() };
            match &mut batch {
                Some(batch) => batch.items.push(item),
                None => {
                    batch =
                        Some(Batch { kind: entry.kind, is_sent: entry.is_sent, items: vec![item] });
                }
            }
        } else if let (Some(batch), Some(place)) = (&mut batch, at.get(&entry.row))
            && folds(&batch.items[*place], entry)
            && !blocked.waits_for_parent(entry)
            && bytes + entry.bytes <= most(batch).1
        {
            bytes += entry.bytes;
            batch.items[*place].folded.push(entry.clone());
        } else {
            // What follows of this row is not right behind the item any more.
            at.remove(&entry.row);
        }
        blocked.add(entry);
    }
    batch
}

fn joins(batch: &Batch, bytes: u64, entry: &Entry) -> bool {
    let first = &batch.items[0].entry;
    let (most_rows, most_bytes) = most(batch);
    entry.kind == batch.kind
        && entry.is_sent == batch.is_sent
        && entry.row.0 == first.row.0
        // Updates are requests of their own, so their columns may differ.
        && (batch.kind == EntryKind::Update || entry.columns == first.columns)
        && batch.items.len() < most_rows
        && bytes + entry.bytes <= most_bytes
}

/// Most entries of a batch, and most of their bytes.
fn most(batch: &Batch) -> (usize, u64) {
    match batch.kind {
        EntryKind::Update => (MOST_UPDATES, MOST_BYTES),
        EntryKind::Delete => (MOST_DELETES, MOST_BYTES),
        // Where another column is unique, the rows must arrive in their sequence.
        EntryKind::Insert | EntryKind::InsertIfAbsent if !batch.items[0].entry.is_ordered => {
            (MOST_INSERTS * MOST_ROWS, MOST_INSERTS as u64 * MOST_BYTES)
        }
        _ => (MOST_ROWS, MOST_BYTES),
    }
}

/// Updates travel with the insert, upsert or update of their row right before them. What may have left
/// together leaves together again, so that none of it goes over the others; only an insert goes alone
/// then, since it changes nothing where its row is, and what never gets an answer.
fn folds(item: &Item, entry: &Entry) -> bool {
    entry.kind == EntryKind::Update
        && !entry.is_ordered
        && entry.base.is_none()
        && item.entry.failures < MOST_FAILURES
        && match item.entry.kind {
            EntryKind::Insert | EntryKind::InsertIfAbsent => !entry.is_sent && !item.entry.is_sent,
            EntryKind::Upsert | EntryKind::Update => entry.is_sent == item.entry.is_sent,
            EntryKind::Delete => false,
        }
}

/// What the entries before an entry forbid.
#[derive(Default)]
struct Blocked<'a> {
    rows: HashSet<&'a RowName>,
    /// Rows that an entry makes or removes.
    in_doubt: HashSet<&'a RowName>,
    /// Rows that a waiting entry refers to.
    referred: HashSet<&'a RowName>,
    ordered: HashMap<&'a str, (EntryKind, &'a str)>,
    broken: HashSet<&'a str>,
}

impl<'a> Blocked<'a> {
    fn may_go(&self, entry: &Entry) -> bool {
        let waits_for_own = self.rows.contains(&entry.row);
        let waits_for_parent = self.waits_for_parent(entry);
        let waits_for_children =
            entry.kind == EntryKind::Delete && self.referred.contains(&entry.row);
        let waits_for_table = entry.is_ordered && self.breaks_order(entry);
        !(waits_for_own || waits_for_parent || waits_for_children || waits_for_table)
    }

    fn waits_for_parent(&self, entry: &Entry) -> bool {
        entry.parents.iter().any(|parent| self.in_doubt.contains(parent))
    }

    /// Entries of an ordered table go in one request only as an unbroken run of one kind.
    fn breaks_order(&self, entry: &Entry) -> bool {
        let table = entry.row.0.as_str();
        self.broken.contains(table)
            || self.ordered.get(table).is_some_and(|(kind, columns)| {
                *kind == EntryKind::Update || *kind != entry.kind || *columns != entry.columns
            })
    }

    fn add(&mut self, entry: &'a Entry) {
        if entry.is_ordered {
            if self.rows.contains(&entry.row) || self.breaks_order(entry) {
                self.broken.insert(&entry.row.0);
            }
            self.ordered.entry(&entry.row.0).or_insert((entry.kind, &entry.columns));
        }
        self.rows.insert(&entry.row);
        if entry.kind != EntryKind::Update {
            self.in_doubt.insert(&entry.row);
        }
        self.referred.extend(&entry.parents);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(sequence: i64, kind: EntryKind, table: &str, key: &str) -> Entry {
        Entry {
            sequence,
            row: RowName(table.into(), key.into()),
            kind,
            key_column: "id".into(),
            columns: if kind == EntryKind::Delete { "[]".into() } else { "[\"a\"]".into() },
            parents: Vec::new(),
            is_ordered: false,
            is_sent: false,
            base: None,
            failures: 0,
            bytes: 10,
        }
    }

    fn child(sequence: i64, kind: EntryKind, key: &str, parent: &str) -> Entry {
        Entry {
            parents: vec![RowName("parents".into(), parent.into())],
            ..entry(sequence, kind, "children", key)
        }
    }

    fn parent(sequence: i64, kind: EntryKind, key: &str) -> Entry {
        entry(sequence, kind, "parents", key)
    }

    fn next(waiting: &[Entry], settled: bool) -> Option<Batch> {
        let window = Window { entries: waiting.to_vec(), needed: HashSet::new() };
        super::next(&window, settled)
    }

    /// Sends everything, and gives the sequences of each request.
    fn drain(mut waiting: Vec<Entry>) -> Vec<Vec<i64>> {
        let mut requests = Vec::new();
        while let Some(batch) = next(&waiting, true) {
            let sequences = batch.sequences();
            waiting.retain(|entry| !sequences.contains(&entry.sequence));
            requests.push(sequences);
        }
        assert!(waiting.is_empty(), "stuck: {waiting:?}");
        requests
    }

    use EntryKind::{Delete, Insert, InsertIfAbsent, Update, Upsert};

    #[test]
    fn inserts_of_one_table_go_together_whatever_stands_between() {
        let waiting = vec![
            parent(1, Insert, "p"),
            child(2, Insert, "a", "p"),
            parent(3, Insert, "q"),
            child(4, Insert, "b", "q"),
            child(5, Insert, "c", "p"),
        ];
        assert_eq!(drain(waiting), [vec![1, 3], vec![2, 4, 5]]);
    }

    #[test]
    fn a_rows_entries_keep_their_sequence() {
        let waiting = vec![
            parent(1, Update, "p"),
            parent(2, Delete, "p"),
            parent(3, Insert, "p"),
            parent(4, Update, "q"),
        ];
        assert_eq!(drain(waiting), [vec![1, 4], vec![2], vec![3]]);
    }

    #[test]
    fn a_delete_goes_after_the_entries_of_children() {
        let waiting =
            vec![child(1, Delete, "a", "p"), parent(2, Delete, "p"), parent(3, Delete, "q")];
        assert_eq!(drain(waiting), [vec![1], vec![2, 3]]);
    }

    #[test]
    fn a_delete_goes_after_the_entries_of_children_that_stand_still() {
        let window = Window {
            entries: vec![parent(1, Delete, "p"), parent(2, Insert, "p"), parent(3, Delete, "q")],
            needed: HashSet::from([RowName("parents".into(), "p".into())]),
        };
        assert_eq!(super::next(&window, true).expect("a batch").sequences(), [3]);
    }

    #[test]
    fn a_child_waits_for_the_delete_that_came_before_it() {
        let waiting = vec![
            parent(1, Delete, "p"),
            child(2, Insert, "a", "q"),
            child(3, Insert, "b", "p"),
            parent(4, Insert, "p"),
            child(5, Insert, "c", "p"),
        ];
        assert_eq!(drain(waiting), [vec![1], vec![2, 3], vec![4], vec![5]]);
    }

    #[test]
    fn updates_fold_into_an_insert_that_never_left() {
        let waiting = vec![
            parent(1, Insert, "p"),
            parent(2, Update, "p"),
            parent(3, Insert, "q"),
            parent(4, Update, "p"),
        ];
        let batch = next(&waiting, true).expect("a batch");
        assert_eq!(batch.items[0].sequences().collect::<Vec<_>>(), [1, 2, 4]);
        assert_eq!(batch.items[1].sequences().collect::<Vec<_>>(), [3]);

        let mut sent = waiting;
        sent[0].is_sent = true;
        assert_eq!(drain(sent), [vec![1], vec![2, 4], vec![3]]);

        let together = |is_sent| {
            let waiting = [parent(1, Upsert, "p"), parent(2, Update, "p"), parent(3, Update, "p")];
            waiting.map(|entry| Entry { is_sent: is_sent || entry.sequence < 3, ..entry }).to_vec()
        };
        assert_eq!(drain(together(true)), [vec![1, 2, 3]]);
        assert_eq!(drain(together(false)), [vec![1, 2], vec![3]]);
    }

    #[test]
    fn nothing_folds_over_another_kind_of_entry() {
        let waiting = vec![
            parent(1, Insert, "p"),
            parent(2, Update, "p"),
            parent(3, Delete, "p"),
            parent(4, InsertIfAbsent, "p"),
            parent(5, Update, "p"),
        ];
        assert_eq!(drain(waiting), [vec![1, 2], vec![3], vec![4, 5]]);
    }

    #[test]
    fn updates_that_travelled_with_an_insert_are_done_only_if_every_row_was_new() {
        let waiting = vec![
            parent(1, InsertIfAbsent, "p"),
            parent(2, InsertIfAbsent, "q"),
            parent(3, Update, "p"),
        ];
        let batch = next(&waiting, true).expect("a batch");
        assert_eq!(batch.done(2), (vec![1, 3, 2], vec![]));
        assert_eq!(batch.done(1), (vec![1, 2], vec![3]));
        let plain = next(&[parent(1, Insert, "p"), parent(2, Update, "p")], true).expect("a batch");
        assert_eq!(plain.done(1), (vec![1, 2], vec![]));
    }

    #[test]
    fn before_all_has_settled_only_inserts_go() {
        let waiting = vec![
            parent(1, Update, "p"),
            parent(2, Upsert, "q"),
            parent(3, Delete, "r"),
            parent(4, InsertIfAbsent, "s"),
            parent(5, Insert, "r"),
        ];
        let batch = next(&waiting, false).expect("a batch");
        assert_eq!(batch.sequences(), [4]);
        assert_eq!(next(&waiting[..3], false), None);
    }

    #[test]
    fn tables_with_another_unique_column_keep_their_sequence() {
        let ordered =
            |sequence, kind, key| Entry { is_ordered: true, ..parent(sequence, kind, key) };
        let waiting = vec![
            ordered(1, Insert, "p"),
            ordered(2, Insert, "q"),
            ordered(3, Delete, "p"),
            ordered(4, Insert, "r"),
            ordered(5, Update, "q"),
            ordered(6, Update, "r"),
        ];
        assert_eq!(drain(waiting), [vec![1, 2], vec![3], vec![4], vec![5], vec![6]]);
    }

    #[test]
    fn batches_are_bounded() {
        let lengths = |batches: Vec<Vec<i64>>| batches.iter().map(Vec::len).collect::<Vec<_>>();
        let many = |kind| (0..6_500).map(|n| parent(n, kind, &n.to_string())).collect::<Vec<_>>();
        assert_eq!(lengths(drain(many(Insert))), [4_000, 2_500]);
        assert_eq!(lengths(drain(many(Upsert))), [1_000, 1_000, 1_000, 1_000, 1_000, 1_000, 500]);
        let ordered = many(Insert).into_iter().map(|entry| Entry { is_ordered: true, ..entry });
        assert_eq!(lengths(drain(ordered.take(1_500).collect())), [1_000, 500]);
        let requests = |waiting: &[Entry]| {
            let requests = next(waiting, true).expect("a batch").requests();
            requests.iter().map(|batch| batch.items.len()).collect::<Vec<_>>()
        };
        assert_eq!(requests(&many(Insert)), [1_000, 1_000, 1_000, 1_000]);
        assert_eq!(requests(&many(Upsert)), [1_000]);
        assert_eq!(requests(&many(Update)[..3]), [1, 1, 1]);
        let large: Vec<_> =
            (0..7).map(|n| Entry { bytes: 700_000, ..parent(n, Insert, &n.to_string()) }).collect();
        assert_eq!(requests(&large), [1, 1, 1, 1, 1]);
        assert_eq!(lengths(drain(large)), [5, 2]);
        let deletes = (0..150).map(|n| parent(n, Delete, &n.to_string())).collect();
        assert_eq!(drain(deletes).iter().map(Vec::len).collect::<Vec<_>>(), [100, 50]);
    }
}

//! What goes together: entries of one row fold, and rows of one form share a request.

use super::entry::{Entry, EntryKind};
use super::name::TableName;
use crate::failover::seam::{self, Met, Mutation};
use std::collections::HashMap;

/// Most rows of one insert or upsert.
pub(crate) const MOST_ROWS: usize = 1_000;
/// Most JSON of one insert or upsert, in bytes, unless one row alone has more.
const MOST_BYTES: u64 = 1024 * 1024;
/// Most inserts under way at once.
const MOST_INSERTS: usize = 4;
/// Most keys of one delete: they stand in the URL.
const MOST_DELETES: usize = 100;
/// Most bytes of the keys of one delete, each three bytes in a URL at worst: gateways stop at 8 kB.
const MOST_KEY_BYTES: usize = 2_000;
/// Most updates under way at once, each a request of its own.
const MOST_UPDATES: usize = 8;
/// Most entries that travel with another.
pub(crate) const MOST_FOLDED: usize = 1_000;

/// One row of a request: an entry, and the updates of its row right behind it that travel with it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Item {
    pub(crate) entry: Entry,
    pub(crate) folded: Vec<Entry>,
    /// All entries that are made together with it, in their order; none of one that goes by itself.
    pub(crate) group: Vec<Entry>,
    /// The column that the entry behind these is judged by, where the remote's changes win.
    pub(crate) version_column_behind: Option<String>,
}

impl Item {
    pub(crate) const fn new(entry: Entry) -> Self {
        Self { entry, folded: Vec::new(), group: Vec::new(), version_column_behind: None }
    }

    /// The entries that are made together, of which `entry` is the last.
    pub(crate) const fn of_group(entry: Entry, group: Vec<Entry>) -> Self {
        Self { entry, folded: Vec::new(), group, version_column_behind: None }
    }

    /// Its entries, in their order.
    pub(crate) fn entries(&self) -> impl Iterator<Item = &Entry> + '_ {
        let own = self.group.is_empty().then_some(&self.entry);
        self.group.iter().chain(own).chain(&self.folded)
    }

    pub(crate) fn sequences(&self) -> impl Iterator<Item = i64> + '_ {
        self.entries().map(|entry| entry.sequence)
    }

    fn bytes(&self) -> u64 {
        self.entries().map(|entry| entry.bytes).sum()
    }

    /// Whether it goes by the server's function alone: with others, or since it adds to columns.
    pub(crate) fn needs_function(&self) -> bool {
        !self.group.is_empty() || !self.entry.added.is_empty()
    }

    /// The columns that it sets with what travels with it, sorted.
    pub(crate) fn columns(&self) -> Vec<String> {
        let entries = std::iter::once(&self.entry).chain(&self.folded);
        let mut columns: Vec<String> = entries
            .flat_map(|entry| {
                serde_json::from_str::<Vec<String>>(&entry.columns).unwrap_or_default()
            })
            .collect();
        columns.sort_unstable();
        columns.dedup();
        columns
    }

    /// Whether an update may travel with it: it is the next of the row, waits for nothing else, and
    /// neither has left before. What has left together leaves as the same whole; only an insert goes
    /// alone then, since it changes nothing where its row is, unless each goes `once`: the whole has one
    /// id. Where a row that is there is left alone, an update would not be known to be made.
    pub(crate) fn takes(&self, next: &Entry, waits_for_else: bool, once: bool) -> bool {
        if next.kind != EntryKind::Update
            || self.needs_function()
            || next.together.is_some()
            || !next.added.is_empty()
            || self.folded.len() >= MOST_FOLDED
            || next.version != self.entry.version && self.entry.kind == EntryKind::Upsert
            || (waits_for_else && !seam::breaks(Mutation::FoldOverOtherWaits))
        {
            return false;
        }
        let head = self.entry.request;
        let has_failed = self.entry.failures > 0 || next.failures > 0;
        // What has failed is looked at alone, but for what may be applied as a whole.
        if has_failed && (head.is_none() || head != next.request) {
            return false;
        }
        let takes = match self.entry.kind {
            EntryKind::Delete => false,
            EntryKind::InsertIfAbsent if once => false,
            EntryKind::Insert if once => head == next.request,
            EntryKind::Insert | EntryKind::InsertIfAbsent => {
                head.is_none() && next.request.is_none()
            }
            EntryKind::Upsert | EntryKind::Update => head == next.request,
        };
        takes || (seam::breaks(Mutation::FoldIntoSent) && self.entry.kind != EntryKind::Delete)
    }
}

/// The rows of one request.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Batch {
    pub(crate) table: TableName,
    pub(crate) kind: EntryKind,
    /// Whether a request with them may have left before.
    pub(crate) is_sent: bool,
    pub(crate) items: Vec<Item>,
}

/// Whether two rows may share a request: the columns after folding are alike, the entity's version,
/// and whether they may have left before.
fn are_of_one_form(one: &Item, other: &Item) -> bool {
    one.entry.version == other.entry.version
        && one.entry.request.is_some() == other.entry.request.is_some()
        // Of what has no list of columns nothing depends on them.
        && (matches!(one.entry.kind, EntryKind::Delete | EntryKind::Update)
            || have_the_same_columns(one, other))
}

fn have_the_same_columns(one: &Item, other: &Item) -> bool {
    let are_plain = one.folded.is_empty() && other.folded.is_empty();
    if are_plain || seam::breaks(Mutation::FoldOtherColumns) {
        return one.entry.columns == other.entry.columns;
    }
    one.columns() == other.columns()
}

impl Batch {
    fn of(item: Item) -> Self {
        Self {
            table: item.entry.row.table.clone(),
            kind: item.entry.kind,
            is_sent: item.entry.request.is_some(),
            items: vec![item],
        }
    }

    /// A batch of one entry.
    pub(crate) fn of_entry(entry: Entry) -> Self {
        Self::of(Item::new(entry))
    }

    /// Whether it may be sent while an earlier request may still arrive.
    pub(crate) fn is_insert(&self) -> bool {
        self.kind.is_insert() && self.group().iter().all(|entry| entry.kind.is_insert())
    }

    /// The entries that are made together, if it is one of those.
    pub(crate) fn group(&self) -> &[Entry] {
        self.items.first().map(|item| item.group.as_slice()).unwrap_or_default()
    }

    pub(crate) fn sequences(&self) -> Vec<i64> {
        self.items.iter().flat_map(Item::sequences).collect()
    }

    /// The column that tells versions of its rows apart, where the remote's changes win.
    /// The columns of its rows that are to be read back: the version, and what the database makes.
    pub(crate) fn columns_to_read(&self) -> Vec<String> {
        let made = self.items.first().map(|item| item.entry.made.clone()).unwrap_or_default();
        let version = self.version_column().filter(|column| made.iter().all(|one| one != column));
        version.map(str::to_owned).into_iter().chain(made).collect()
    }

    /// As [`columns_to_read`](Self::columns_to_read), and those of the key, which tells whose they are.
    pub(crate) fn columns_to_read_with_key(&self) -> Vec<String> {
        let mut columns = self.columns_to_read();
        if let Some(item) = self.items.first().filter(|_| !columns.is_empty()) {
            let keys = item.entry.key_columns.iter();
            let more: Vec<String> = keys.filter(|key| !columns.contains(key)).cloned().collect();
            columns.extend(more);
        }
        columns
    }

    pub(crate) fn version_column(&self) -> Option<&str> {
        self.items.iter().find_map(|item| {
            let own = item.entry.base.as_ref().map(|base| base.column.as_str());
            own.or(item.version_column_behind.as_deref())
        })
    }

    /// What of it is done when its request has touched so many rows, and what is not: updates travel
    /// with the insert of a row that may be there already, and then were not made.
    pub(crate) fn done(&self, touched: u64) -> Vec<i64> {
        let leaves_alone = match self.kind {
            EntryKind::InsertIfAbsent => true,
            EntryKind::Insert => self.is_sent,
            EntryKind::Upsert | EntryKind::Update | EntryKind::Delete => false,
        };
        if !leaves_alone || touched >= self.items.len() as u64 {
            return self.sequences();
        }
        self.items.iter().map(|item| item.entry.sequence).collect()
    }

    /// Two batches of half as many rows, else the row without what travels with it; a single entry
    /// is given back.
    pub(crate) fn split(mut self) -> Result<Vec<Self>, Self> {
        let middle = self.items.len() / 2;
        if middle > 0 {
            seam::met(Met::Halved);
            let second = Self { items: self.items.split_off(middle), ..self.clone_empty() };
            return Ok(vec![self, second]);
        }
        let folded = self.items.iter_mut().map(|item| std::mem::take(&mut item.folded).len());
        if folded.sum::<usize>() > 0 {
            seam::met(Met::Unfolded);
            return Ok(vec![self]);
        }
        Err(self)
    }

    fn clone_empty(&self) -> Self {
        Self {
            table: self.table.clone(),
            kind: self.kind,
            is_sent: self.is_sent,
            items: Vec::new(),
        }
    }
}

/// The requests for the first of these rows, all of one table and kind, at most `most` of them. What
/// has another form than the first row waits for another turn.
pub(crate) fn requests(items: Vec<Item>, most: usize, most_rows: usize) -> Vec<Batch> {
    let mut batches: Vec<Batch> = Vec::new();
    let mut size = Size::default();
    for item in items {
        let first = batches.first().and_then(|batch| batch.items.first());
        if first.is_some_and(|first| !are_of_one_form(first, &item)) {
            seam::met(Met::OtherForm);
            continue;
        }
        let has_room = batches.len() < most;
        match batches.last_mut() {
            Some(batch) if size.takes(batch, &item, most_rows) => batch.items.push(item),
            _ if has_room => {
                size = Size::of(&item);
                batches.push(Batch::of(item));
            }
            _ => break,
        }
    }
    batches
}

/// How large the last of the batches in the making is.
#[derive(Clone, Copy, Debug, Default)]
struct Size {
    bytes: u64,
    key_bytes: usize,
}

impl Size {
    /// Adds a row to the size of a batch, if the batch has room for it.
    fn takes(&mut self, batch: &Batch, item: &Item, most_rows: usize) -> bool {
        let is_conditional = |item: &Item| item.entry.base.is_some() && !batch.kind.is_insert();
        // Of an insert that may be there already the answer has to tell whether what travels with it was made.
        let is_folded_again = |item: &Item| {
            batch.kind.is_insert() && item.entry.request.is_some() && !item.folded.is_empty()
        };
        let one_each = batch.kind == EntryKind::Update
            || is_folded_again(item)
            || batch.items.first().is_some_and(is_folded_again)
            || item.needs_function()
            || batch.items.first().is_some_and(Item::needs_function)
            || is_conditional(item)
            || batch.items.first().is_some_and(is_conditional);
        let with_it = Self {
            bytes: self.bytes + item.bytes(),
            key_bytes: self.key_bytes + item.entry.row.key.as_str().len(),
        };
        let has_room = match batch.kind {
            EntryKind::Delete => {
                batch.items.len() < most_rows.min(MOST_DELETES)
                    && with_it.key_bytes <= MOST_KEY_BYTES
            }
            _ => batch.items.len() < most_rows && with_it.bytes <= MOST_BYTES,
        };
        if one_each || !has_room {
            return false;
        }
        *self = with_it;
        true
    }

    fn of(item: &Item) -> Self {
        Self { bytes: item.bytes(), key_bytes: item.entry.row.key.as_str().len() }
    }
}

/// How many requests of a kind may be under way at once.
const fn most_requests(kind: EntryKind) -> usize {
    match kind {
        EntryKind::Insert | EntryKind::InsertIfAbsent => MOST_INSERTS,
        EntryKind::Update => MOST_UPDATES,
        EntryKind::Upsert | EntryKind::Delete => 1,
    }
}

/// What has left in a round of requests, so that the next ones are others.
#[derive(Clone, Debug, Default)]
pub(crate) struct UnderWay {
    requests: usize,
    /// How many there have been.
    all: usize,
    /// The last entry of each table and kind.
    last: HashMap<(TableName, EntryKind), i64>,
    /// Of those that are ready as they are, with the gone entry that it was parked at: they leave in
    /// that order.
    last_opened: HashMap<(TableName, EntryKind), (i64, i64)>,
}

impl UnderWay {
    /// These requests have left.
    pub(crate) fn left<'b>(&mut self, batches: impl Iterator<Item = &'b Batch>) {
        for batch in batches {
            self.requests += 1;
            self.all += 1;
            let group = (batch.table.clone(), batch.kind);
            let last = self.last.entry(group.clone()).or_default();
            let last_opened = self.last_opened.entry(group).or_default();
            for Item { entry, .. } in &batch.items {
                match entry.opened_by {
                    None => *last = entry.sequence.max(*last),
                    Some(gone) => *last_opened = (gone, entry.sequence).max(*last_opened),
                }
            }
        }
    }

    /// One of them was answered.
    pub(crate) const fn answered(&mut self) {
        self.requests -= 1;
    }

    /// Whether a request had others beside it.
    pub(crate) const fn had_several(&self) -> bool {
        self.all > 1
    }

    /// Whether none has left yet.
    pub(crate) fn is_empty(&self) -> bool {
        self.last.is_empty()
    }

    /// How many requests of a kind may leave besides.
    pub(crate) const fn room_for(&self, kind: EntryKind) -> usize {
        most_requests(kind).saturating_sub(self.requests)
    }

    /// The last entry that has left of a table and kind; 0 for none.
    pub(crate) fn last_of(&self, table: &TableName, kind: EntryKind) -> i64 {
        self.last.get(&(table.clone(), kind)).copied().unwrap_or(0)
    }

    /// As [`last_of`](Self::last_of), of those that are ready as they are.
    pub(crate) fn last_opened(&self, table: &TableName, kind: EntryKind) -> (i64, i64) {
        self.last_opened.get(&(table.clone(), kind)).copied().unwrap_or_default()
    }
}

/// How many rows are worth a look for so many requests of a kind.
pub(crate) const fn most_candidates(kind: EntryKind, requests: usize, most_rows: usize) -> usize {
    match kind {
        EntryKind::Insert | EntryKind::InsertIfAbsent | EntryKind::Upsert => requests * most_rows,
        EntryKind::Update => requests,
        EntryKind::Delete => requests * MOST_DELETES,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::failover::rules::name::{RowKey, RowName};

    fn entry(sequence: i64, kind: EntryKind, key: &str, columns: &str) -> Entry {
        Entry {
            sequence,
            row: RowName::new(TableName::new(None, "parents"), RowKey::of_values([&key.into()])),
            kind,
            key_columns: vec!["id".into()],
            columns: columns.into(),
            version: "1".into(),
            request: None,
            waits: Vec::new(),
            base: None,
            failures: 0,
            bytes: 10,
            opened_by: None,
            body: "{}".into(),
            made: Vec::new(),
            added: Vec::new(),
            id: uuid::Uuid::nil(),
            together: None,
        }
    }

    fn sequences(batches: &[Batch]) -> Vec<Vec<i64>> {
        batches.iter().map(Batch::sequences).collect()
    }

    use EntryKind::{Delete, Insert, InsertIfAbsent, Update, Upsert};

    #[test]
    fn rows_of_one_form_share_a_request() {
        let mut other = entry(3, Insert, "c", r#"["a"]"#);
        other.version = "2".into();
        let items = [
            entry(1, Insert, "a", r#"["a"]"#),
            entry(2, Insert, "b", r#"["a","b"]"#),
            other,
            entry(4, Insert, "d", r#"["a"]"#),
        ];
        let batches = requests(items.map(Item::new).to_vec(), MOST_INSERTS, 1_000);
        assert_eq!(sequences(&batches), [vec![1, 4]]);
    }

    #[test]
    fn the_columns_of_a_request_are_those_after_folding() {
        let mut folded = Item::new(entry(1, Insert, "a", r#"["a"]"#));
        folded.folded.push(entry(2, Update, "a", r#"["b"]"#));
        let plain = Item::new(entry(3, Insert, "b", r#"["a"]"#));
        assert_eq!(folded.columns(), ["a", "b"]);
        assert_eq!(sequences(&requests(vec![folded, plain], MOST_INSERTS, 1_000)), [vec![1, 2]]);
    }

    #[test]
    fn only_updates_that_wait_for_nothing_else_fold_and_never_into_what_was_sent() {
        let head = |kind, request| Item::new(Entry { request, ..entry(1, kind, "a", "[]") });
        let update = |request| Entry { request, ..entry(2, Update, "a", "[]") };
        assert!(head(Insert, None).takes(&update(None), false, false));
        assert!(!head(Insert, None).takes(&update(None), true, false));
        assert!(
            !head(Insert, Some(7)).takes(&update(Some(7)), false, false),
            "an insert goes alone first"
        );
        assert!(!head(Update, Some(7)).takes(&update(None), false, false));
        // By the server's function a whole has one id.
        assert!(head(Insert, Some(7)).takes(&update(Some(7)), false, true), "the same whole");
        assert!(!head(Insert, Some(7)).takes(&update(None), false, true));
        assert!(!head(InsertIfAbsent, None).takes(&update(None), false, true));
        assert!(!head(Update, None).takes(&update(Some(7)), false, false));
        assert!(head(Update, Some(7)).takes(&update(Some(7)), false, false), "the same whole");
        let failed = |item: Item| Item::new(Entry { failures: 1, ..item.entry });
        assert!(
            failed(head(Update, Some(7))).takes(&update(Some(7)), false, false),
            "the same whole"
        );
        assert!(!failed(head(Update, None)).takes(&update(None), false, false));
        assert!(!head(Update, Some(7)).takes(&update(Some(8)), false, false));
        assert!(head(Upsert, None).takes(&update(None), false, false));
        assert!(!head(Delete, None).takes(&update(None), false, false));
        assert!(!head(Update, None).takes(&entry(2, Delete, "a", "[]"), false, false));
    }

    #[test]
    fn updates_and_conditional_changes_are_requests_of_their_own() {
        let items = (1..=9).map(|at| Item::new(entry(at, Update, &at.to_string(), "[]"))).collect();
        assert_eq!(requests(items, MOST_UPDATES, 1_000).len(), MOST_UPDATES);
    }

    #[test]
    fn keys_of_a_delete_fit_the_url() {
        let long = "x".repeat(600);
        let items =
            (1..=9).map(|at| Item::new(entry(at, Delete, &format!("{at}{long}"), "[]"))).collect();
        let batches = requests(items, 1, 1_000);
        assert_eq!(sequences(&batches), [vec![1, 2, 3]]);
    }

    #[test]
    fn what_leaves_besides_comes_after_what_has_left() {
        let table = TableName::new(None, "parents");
        let mut under_way = UnderWay::default();
        assert_eq!(under_way.room_for(Insert), MOST_INSERTS);
        assert_eq!(under_way.last_of(&table, Insert), 0);
        let items = [entry(7, Insert, "a", "[]"), entry(9, Insert, "b", "[]")];
        let batches = requests(items.map(Item::new).to_vec(), MOST_INSERTS, 1);
        under_way.left(batches.iter());
        assert_eq!(under_way.room_for(Insert), MOST_INSERTS - 2);
        assert_eq!(under_way.room_for(Upsert), 0);
        assert_eq!(under_way.last_of(&table, Insert), 9);
        assert_eq!(under_way.last_of(&table, Update), 0);
        under_way.answered();
        assert_eq!(under_way.room_for(Insert), MOST_INSERTS - 1);
        assert_eq!(under_way.last_of(&table, Insert), 9, "it is not sent again in this round");
    }

    #[test]
    fn it_is_split_down_to_one_entry() {
        let mut item = Item::new(entry(1, Insert, "a", "[]"));
        item.folded.push(entry(2, Update, "a", "[]"));
        let batch = requests(vec![item, Item::new(entry(3, Insert, "b", "[]"))], 1, 10).remove(0);
        let halves = batch.split().expect("halves");
        assert_eq!(sequences(&halves), [vec![1, 2], vec![3]]);
        let alone = halves[0].clone().split().expect("without what travelled with it");
        assert_eq!(sequences(&alone), [vec![1]]);
        assert!(alone[0].clone().split().is_err());
    }

    #[test]
    fn updates_that_travelled_with_an_insert_are_done_only_if_every_row_was_new() {
        let mut item = Item::new(entry(1, InsertIfAbsent, "a", "[]"));
        item.folded.push(entry(2, Update, "a", "[]"));
        let batch = requests(vec![item], 1, 10).remove(0);
        assert_eq!(batch.done(1), [1, 2]);
        assert_eq!(batch.done(0), [1]);
    }
}

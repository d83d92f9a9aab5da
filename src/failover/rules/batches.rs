//! What goes together: entries of one row fold, and rows of one form share a request.

use super::entry::{Entry, EntryKind};
use super::name::TableName;
use crate::failover::seam::{self, Met, Mutation};

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
}

impl Item {
    pub(crate) fn new(entry: Entry) -> Self {
        Self { entry, folded: Vec::new() }
    }

    pub(crate) fn sequences(&self) -> impl Iterator<Item = i64> + '_ {
        std::iter::once(self.entry.sequence).chain(self.folded.iter().map(|entry| entry.sequence))
    }

    fn bytes(&self) -> u64 {
        self.entry.bytes + self.folded.iter().map(|entry| entry.bytes).sum::<u64>()
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
    /// alone then, since it changes nothing where its row is.
    pub(crate) fn takes(&self, next: &Entry, waits_for_else: bool) -> bool {
        if next.kind != EntryKind::Update
            || self.folded.len() >= MOST_FOLDED
            || self.entry.failures > 0
            || next.failures > 0
            || next.version != self.entry.version && self.entry.kind == EntryKind::Upsert
            || (waits_for_else && !seam::breaks(Mutation::FoldOverOtherWaits))
        {
            return false;
        }
        let head = self.entry.request;
        let takes = match self.entry.kind {
            EntryKind::Delete => false,
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

/// What must be alike in one request: the columns after folding, the entity's version, and whether
/// it may have left before.
#[derive(PartialEq, Eq)]
struct Form {
    columns: Vec<String>,
    version: String,
    is_sent: bool,
}

impl Form {
    fn of(item: &Item) -> Self {
        // Of what has no list of columns nothing depends on them.
        let columns = match item.entry.kind {
            EntryKind::Delete | EntryKind::Update => Vec::new(),
            _ if seam::breaks(Mutation::FoldOtherColumns) => {
                serde_json::from_str(&item.entry.columns).unwrap_or_default()
            }
            EntryKind::Insert | EntryKind::InsertIfAbsent | EntryKind::Upsert => item.columns(),
        };
        Self { columns, version: item.entry.version.clone(), is_sent: item.entry.request.is_some() }
    }
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

    pub(crate) fn sequences(&self) -> Vec<i64> {
        self.items.iter().flat_map(Item::sequences).collect()
    }

    fn bytes(&self) -> u64 {
        self.items.iter().map(Item::bytes).sum()
    }

    fn key_bytes(&self) -> usize {
        self.items.iter().map(|item| item.entry.row.key.as_str().len()).sum()
    }

    /// Whether it has room for one more row.
    fn takes(&self, item: &Item, most_rows: usize) -> bool {
        let is_conditional = |item: &Item| item.entry.base.is_some() && !self.kind.is_insert();
        let one_each = self.kind == EntryKind::Update
            || is_conditional(item)
            || self.items.iter().any(is_conditional);
        if one_each {
            return false;
        }
        match self.kind {
            EntryKind::Delete => {
                self.items.len() < most_rows.min(MOST_DELETES)
                    && self.key_bytes() + item.entry.row.key.as_str().len() <= MOST_KEY_BYTES
            }
            _ => self.items.len() < most_rows && self.bytes() + item.bytes() <= MOST_BYTES,
        }
    }

    /// What of it is done when its request has touched so many rows, and what is not: updates travel
    /// with the insert of a row that may be there already, and then were not made.
    pub(crate) fn done(&self, touched: u64) -> Vec<i64> {
        if self.kind != EntryKind::InsertIfAbsent || touched >= self.items.len() as u64 {
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

/// The requests for the first of these rows, all of one table and kind: as many as may be under way
/// at once. What has another form than the first row waits for another turn.
pub(crate) fn requests(items: Vec<Item>, most_rows: usize) -> Vec<Batch> {
    let mut batches: Vec<Batch> = Vec::new();
    let mut form = None;
    for item in items {
        let own = Form::of(&item);
        if *form.get_or_insert(Form::of(&item)) != own {
            seam::met(Met::OtherForm);
            continue;
        }
        match batches.last_mut() {
            Some(batch) if batch.takes(&item, most_rows) => batch.items.push(item),
            _ => {
                let most = match item.entry.kind {
                    EntryKind::Insert | EntryKind::InsertIfAbsent => MOST_INSERTS,
                    EntryKind::Update => MOST_UPDATES,
                    EntryKind::Upsert | EntryKind::Delete => 1,
                };
                if batches.len() == most {
                    break;
                }
                batches.push(Batch::of(item));
            }
        }
    }
    batches
}

/// How many rows are worth a look for the next requests of this kind.
pub(crate) const fn most_candidates(kind: EntryKind, most_rows: usize) -> usize {
    match kind {
        EntryKind::Insert | EntryKind::InsertIfAbsent => MOST_INSERTS * most_rows,
        EntryKind::Upsert => most_rows,
        EntryKind::Update => MOST_UPDATES,
        EntryKind::Delete => MOST_DELETES,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::failover::rules::name::{RowKey, RowName};

    fn entry(sequence: i64, kind: EntryKind, key: &str, columns: &str) -> Entry {
        Entry {
            sequence,
            row: RowName::new(TableName::new(None, "parents"), RowKey::of(&key.into())),
            kind,
            key_column: "id".into(),
            columns: columns.into(),
            version: "1".into(),
            request: None,
            waits: Vec::new(),
            base: None,
            failures: 0,
            bytes: 10,
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
        let batches = requests(items.map(Item::new).to_vec(), 1_000);
        assert_eq!(sequences(&batches), [vec![1, 4]]);
    }

    #[test]
    fn the_columns_of_a_request_are_those_after_folding() {
        let mut folded = Item::new(entry(1, Insert, "a", r#"["a"]"#));
        folded.folded.push(entry(2, Update, "a", r#"["b"]"#));
        let plain = Item::new(entry(3, Insert, "b", r#"["a"]"#));
        assert_eq!(folded.columns(), ["a", "b"]);
        assert_eq!(sequences(&requests(vec![folded, plain], 1_000)), [vec![1, 2]]);
    }

    #[test]
    fn only_updates_that_wait_for_nothing_else_fold_and_never_into_what_was_sent() {
        let head = |kind, request| Item::new(Entry { request, ..entry(1, kind, "a", "[]") });
        let update = |request| Entry { request, ..entry(2, Update, "a", "[]") };
        assert!(head(Insert, None).takes(&update(None), false));
        assert!(!head(Insert, None).takes(&update(None), true));
        assert!(
            !head(Insert, Some(7)).takes(&update(Some(7)), false),
            "an insert goes alone first"
        );
        assert!(!head(Update, Some(7)).takes(&update(None), false));
        assert!(!head(Update, None).takes(&update(Some(7)), false));
        assert!(head(Update, Some(7)).takes(&update(Some(7)), false), "the same whole");
        assert!(!head(Update, Some(7)).takes(&update(Some(8)), false));
        assert!(head(Upsert, None).takes(&update(None), false));
        assert!(!head(Delete, None).takes(&update(None), false));
        assert!(!head(Update, None).takes(&entry(2, Delete, "a", "[]"), false));
    }

    #[test]
    fn updates_and_conditional_changes_are_requests_of_their_own() {
        let items = (1..=9).map(|at| Item::new(entry(at, Update, &at.to_string(), "[]"))).collect();
        assert_eq!(requests(items, 1_000).len(), MOST_UPDATES);
    }

    #[test]
    fn keys_of_a_delete_fit_the_url() {
        let long = "x".repeat(600);
        let items =
            (1..=9).map(|at| Item::new(entry(at, Delete, &format!("{at}{long}"), "[]"))).collect();
        let batches = requests(items, 1_000);
        assert_eq!(sequences(&batches), [vec![1, 2, 3]]);
    }

    #[test]
    fn it_is_split_down_to_one_entry() {
        let mut item = Item::new(entry(1, Insert, "a", "[]"));
        item.folded.push(entry(2, Update, "a", "[]"));
        let batch = requests(vec![item, Item::new(entry(3, Insert, "b", "[]"))], 10).remove(0);
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
        let batch = requests(vec![item], 10).remove(0);
        assert_eq!(batch.done(1), [1, 2]);
        assert_eq!(batch.done(0), [1]);
    }
}

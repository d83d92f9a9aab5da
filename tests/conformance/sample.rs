//! The sample entities: every kind of column, every kind of key, and what databases refuse.
#![allow(dead_code, unreachable_pub, reason = "entities are written as in a crate of their own")]

pub mod child;
pub mod document;
pub mod fact;
pub mod folder;
pub mod label;
pub mod line;
pub mod mark;
pub mod member;
pub mod memo;
mod mistaken;
pub mod odd_thing;
pub mod parent;
pub mod specimen;
pub mod ticket;
pub mod title;
pub mod ward;
pub mod ware;
pub mod word;

pub use child::{ChildFields, Children, NewChild};
pub use document::{DocumentPatch, Documents, NewDocument};
pub use fact::{FactPatch, Facts, Model as Fact, NewFact};
pub use folder::{FolderId, Folders, NewFolder};
pub use label::{Labels, NewLabel};
pub use line::{LinePatch, Lines, Model as Line, NewLine};
pub use mark::{MarkPatch, Marks, NewMark};
pub use member::{Members, NewMember};
pub use memo::{MemoId, MemoPatch, Memos, NewMemo};
#[cfg(feature = "postgrest")]
pub use mistaken::forbidden;
pub use mistaken::{draft, loose_key, missing_column, missing_table, wrong_type};
pub use odd_thing::{NewOddThing, OddThingPatch, OddThings};
pub use parent::{NewParent, ParentFields, ParentId, ParentPatch, Parents};
pub use specimen::{Model as Specimen, Shade, Species, SpecimenId, SpecimenPatch, Specimens};
pub use ticket::{NewTicket, TicketPatch, Tickets};
pub use title::{NewTitle, Titles};
pub use ward::{NewWard, WardPatch, Wards};
pub use ware::{Model as Ware, Money, WareId, WarePatch, Wares};
pub use word::{NewWord, WordPatch, Words};

use chrono::{DateTime, Utc};

/// A time by its text in RFC 3339.
pub fn time(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

/// The keys of facts, in their order.
pub fn ids(facts: &[Fact]) -> Vec<i64> {
    facts.iter().map(|fact| fact.id).collect()
}

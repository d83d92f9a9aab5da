//! Both compiled forms of every feature of a query, as snapshots.
#![cfg(all(feature = "sqlite", feature = "postgrest", feature = "decimal"))]
#![allow(clippy::unwrap_used, reason = "a test fails by a panic")]

use chronicle::{Cursor, ErrorKind, Filter, Query, Repository, Sqlite, count};
use chronicle_entity::{Events, Sessions, ToolEvents, event, session, tool_event};
use chrono::{DateTime, Utc};
use std::fmt::Write;
use uuid::Uuid;

type EventQuery = Query<event::Model>;

fn time(text: &str) -> DateTime<Utc> {
    DateTime::parse_from_rfc3339(text).unwrap().to_utc()
}

fn session_id(number: u128) -> session::SessionId {
    Uuid::from_u128(number).into()
}

/// The statement with its parameters, and the request; both as a database gets them.
fn forms<R: chronicle::Record, T: chronicle::Selected<R>>(query: &Query<R, T>) -> String {
    let sql = query.to_sql().unwrap();
    let columns: Vec<_> =
        R::TABLE.columns.iter().map(|column| format!("`{}`", column.name)).collect();
    let mut text = sql.sql.replace(&columns.join(", "), "…");
    for value in sql.values.unwrap().0 {
        let _ = write!(text, "\n    {value:?}");
    }
    let request = query.to_request().unwrap();
    let names: Vec<_> = R::TABLE.columns.iter().map(|column| column.name).collect();
    let request_text =
        request.to_string().replace(&format!("select={}", names.join(",")), "select=…");
    format!("{text}\n{request_text}")
}

macro_rules! snapshot {
    ($name:ident, $query:expr) => {
        #[test]
        fn $name() {
            insta::assert_snapshot!(forms(&$query));
        }
    };
}

fn events() -> EventQuery {
    Events::query()
}

snapshot!(all_rows, events());
snapshot!(every_column_is_named, {
    // The only snapshot that shows the whole list of columns.
    let query = events();
    let text = format!("{}\n{}", query.to_sql().unwrap().sql, query.to_request().unwrap());
    insta::assert_snapshot!("every_column_is_named_in_full", text);
    query
});
snapshot!(equal, events().filter(Events::SESSION_ID.eq(session_id(7))));
snapshot!(not_equal, events().filter(Events::HOOK_NAME.ne("Stop")));
snapshot!(less, events().filter(Events::TIMESTAMP.lt(time("2026-01-02T03:04:05.123456789Z"))));
snapshot!(less_or_equal, events().filter(Events::TIMESTAMP.le(time("2026-01-02T03:04:05Z"))));
snapshot!(greater, ToolEvents::query().filter(ToolEvents::EXECUTION_TIME.gt(1.5)));
snapshot!(greater_or_equal, ToolEvents::query().filter(ToolEvents::EXECUTION_TIME.ge(1e-7)));
snapshot!(
    between,
    events().filter(
        Events::TIMESTAMP.between(time("2026-01-01T00:00:00Z"), time("2026-02-01T01:00:00+01:00"))
    )
);
snapshot!(is_in, events().filter(Events::HOOK_NAME.is_in(["a", "b,c", "d\"e\\f", "a"])));
snapshot!(is_in_one, events().filter(Events::HOOK_NAME.is_in([""])));
snapshot!(is_in_none, events().filter(Events::HOOK_NAME.is_in([""; 0])));
snapshot!(is_in_many, events().filter(Events::SESSION_ID.is_in((0..70).map(session_id))));
snapshot!(is_null, Sessions::query().filter(Sessions::END_TIME.is_null()));
snapshot!(is_not_null, Sessions::query().filter(Sessions::END_TIME.is_not_null()));
snapshot!(contains, events().filter(Events::HOOK_NAME.contains("50%_\\ (of) \"all\", it's")));
snapshot!(contains_star, events().filter(Events::HOOK_NAME.contains("a*b.c[d]")));
snapshot!(contains_nothing, events().filter(Events::HOOK_NAME.contains("")));
snapshot!(starts_with, events().filter(Events::HOOK_NAME.starts_with("Pre[?]")));
snapshot!(starts_with_star, events().filter(Events::HOOK_NAME.starts_with("*Pre")));
snapshot!(ends_with, events().filter(Events::HOOK_NAME.ends_with("größe")));
snapshot!(ends_with_star, events().filter(Events::HOOK_NAME.ends_with("$*")));
snapshot!(
    text_of_an_open_set,
    ToolEvents::query().filter(ToolEvents::TOOL_NAME.starts_with("mcp__"))
);
snapshot!(json_key, events().filter(Events::DATA.key("tool_name").eq("Bash")));
snapshot!(
    json_path,
    events().filter(Events::DATA.key("tool_input").key("todo list").index(0).key("0").ne("a,b"))
);
snapshot!(json_in, events().filter(Events::DATA.index(3).is_in(["1", "true"])));
snapshot!(json_null, events().filter(Events::DATA.key("agent").is_null()));
snapshot!(json_contains, events().filter(Events::DATA.key("prompt").contains("coupon")));
snapshot!(
    and,
    events().filter(Events::HOOK_NAME.eq("Stop").and(Events::SESSION_ID.eq(session_id(1))))
);
snapshot!(or, events().filter(Events::HOOK_NAME.eq("a,b").or(Events::HOOK_NAME.is_null())));
snapshot!(not, events().filter(!Events::HOOK_NAME.eq("Stop")));
snapshot!(not_in, events().filter(!Events::HOOK_NAME.is_in(["a", "b"])));
snapshot!(
    not_nested,
    events().filter(!(Events::HOOK_NAME.eq("a").or(!Events::HOOK_NAME.contains("b"))))
);
snapshot!(
    nested,
    events().filter(Filter::any([
        Filter::all([Events::HOOK_NAME.eq("x(y)"), !Events::HOOK_NAME.is_in(["p", "q"])]),
        Events::DATA
            .key("k")
            .starts_with("v")
            .and(Events::HOOK_NAME.is_null().or(Events::HOOK_NAME.eq("{z}"))),
    ]))
);
snapshot!(all_of_none, events().filter(Filter::all([])));
snapshot!(any_of_none, events().filter(Filter::any([])));
snapshot!(
    several_filters,
    events().filter(Events::HOOK_NAME.eq("a")).filter(Events::HOOK_NAME.ne("b"))
);
snapshot!(order, events().order_by(Events::TIMESTAMP.desc()));
snapshot!(
    order_with_nulls,
    Sessions::query().order_by(Sessions::END_TIME.asc()).order_by(Sessions::UPDATED_AT.desc())
);
snapshot!(order_by_key, events().order_by(Events::ID.desc()).order_by(Events::TIMESTAMP.asc()));
snapshot!(limit, events().limit(100));
snapshot!(limit_and_offset, events().limit(10).offset(20));
snapshot!(offset, events().offset(20));
snapshot!(after, {
    let cursor: Cursor =
        r#"[["timestamp","desc","2026-01-02T03:04:05.5+00:00"],["id","desc","00000000-0000-0000-0000-000000000009"]]"#
            .parse()
            .unwrap();
    events().order_by(Events::TIMESTAMP.desc()).after(cursor).limit(50)
});
snapshot!(after_null, {
    let cursor: Cursor =
        r#"[["end_time","asc",null],["id","asc","00000000-0000-0000-0000-000000000009"]]"#.parse().unwrap();
    Sessions::query().order_by(Sessions::END_TIME.asc()).after(cursor)
});
snapshot!(after_with_nullable_order, {
    let cursor: Cursor =
        r#"[["end_time","desc","2026-01-02T03:04:05+00:00"],["id","desc","00000000-0000-0000-0000-000000000009"]]"#
            .parse()
            .unwrap();
    Sessions::query().order_by(Sessions::END_TIME.desc()).after(cursor)
});

#[test]
fn what_no_database_can_hold_is_refused_by_both() {
    let refused: [EventQuery; 5] = [
        events().filter(Events::HOOK_NAME.eq("a\0b")),
        events().filter(Events::HOOK_NAME.is_in(["a", "\0"])),
        events().filter(Events::HOOK_NAME.contains("\0")),
        events().filter(Events::DATA.key("a\"b").eq("c")),
        events().after(r#"[["timestamp","asc","2026-01-02T03:04:05Z"]]"#.parse().unwrap()),
    ];
    for query in refused {
        assert_eq!(query.to_sql().unwrap_err().kind(), ErrorKind::InvalidInput);
        assert_eq!(query.to_request().unwrap_err().kind(), ErrorKind::InvalidInput);
    }
    let infinite = ToolEvents::query().filter(ToolEvents::EXECUTION_TIME.lt(f64::INFINITY));
    assert_eq!(infinite.to_sql().unwrap_err().kind(), ErrorKind::InvalidInput);
    let _: Query<tool_event::Model> = infinite;
}

mod line {
    use chronicle::Repository;
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel, Repository)]
    #[sea_orm(table_name = "lines")]
    #[repository(name = "Line")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub order_id: Uuid,
        #[sea_orm(primary_key, auto_increment = false)]
        pub number: i32,
        pub price: Decimal,
        pub weight: f32,
        pub opens: Time,
        pub tags: Option<Vec<String>>,
        pub parts: Vec<Uuid>,
        pub prices: Vec<Decimal>,
        pub address: Option<chronicle::Opaque>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

use line::Lines;
use sea_orm::prelude::Decimal;

fn lines() -> Query<line::Model> {
    Lines::query()
}

snapshot!(decimal, lines().filter(Lines::PRICE.gt(Decimal::new(-1990, 2))));
snapshot!(
    decimals,
    lines().filter(Lines::PRICE.is_in([Decimal::new(10, 1), Decimal::new(250, 2)]))
);
snapshot!(single, lines().filter(Lines::WEIGHT.eq(0.1)));
snapshot!(
    time_of_day,
    lines().filter(Lines::OPENS.lt("08:30:00.5".parse::<chrono::NaiveTime>().unwrap()))
);
snapshot!(has_text, lines().filter(Lines::TAGS.has("a,\"b\\ {c}")));
snapshot!(has_not, lines().filter(!Lines::PARTS.has(Uuid::from_u128(7))));
snapshot!(
    has_decimal,
    lines().filter(Lines::PRICES.has(Decimal::new(150, 2)).or(Lines::NUMBER.eq(1)))
);
snapshot!(opaque_is_null, lines().filter(Lines::ADDRESS.is_null()));
snapshot!(order_by_one_part_of_the_key, lines().order_by(Lines::NUMBER.desc()));
snapshot!(after_a_key_of_two_columns, {
    let key = Uuid::from_u128(7);
    let cursor: Cursor =
        format!(r#"[["order_id","asc","{key}"],["number","asc",3]]"#).parse().unwrap();
    lines().after(cursor)
});

#[derive(chronicle::Selected)]
#[repository(of = "Events")]
#[allow(dead_code, reason = "its columns are looked at, not its rows")]
struct Stopped {
    timestamp: DateTime<Utc>,
    hook_name: Option<String>,
}

snapshot!(some_columns, events().order_by(Events::CREATED_AT.desc()).select::<Stopped>());
snapshot!(beside_a_parent, {
    let open = Sessions::STATUS.eq(session::SessionStatus::Active);
    events().filter(Events::HOOK_NAME.eq("Stop")).filter(Events::SESSION.is(open))
});
snapshot!(without_a_parent_of_a_kind, {
    let main = Sessions::GIT_BRANCH.is_in(["main", "a,b"]);
    events().filter(!Events::SESSION.is(main.or(Sessions::USER_ID.is_null())))
});
snapshot!(beside_children, {
    let failed = ToolEvents::TOOL_NAME.eq("Edit").and(ToolEvents::EXECUTION_TIME.gt(5.0));
    Sessions::query().filter(Sessions::TOOL_EVENTS.any(failed).or(!Sessions::EVENTS.exists()))
});
snapshot!(beside_children_behind_an_offset, {
    Sessions::query().filter(Sessions::EVENTS.exists()).offset(20)
});
snapshot!(beside_children_of_a_parent, {
    let beside = Sessions::EVENTS.any(Events::HOOK_NAME.eq("Stop"));
    Query::<tool_event::Model>::new().filter(ToolEvents::SESSION.is(beside))
});

mod folder {
    use chronicle::Repository;
    use sea_orm::entity::prelude::*;

    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, DeriveEntityModel, Repository)]
    #[sea_orm(table_name = "folders")]
    #[repository(name = "Folder", soft_delete = "removed_at")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: i64,
        pub name: String,
        pub removed_at: Option<DateTimeUtc>,
        #[sea_orm(has_many)]
        pub memos: HasMany<super::memo::Entity>,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

mod memo {
    use chronicle::Repository;
    use sea_orm::entity::prelude::*;

    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, DeriveEntityModel, Repository)]
    #[sea_orm(table_name = "memos")]
    #[repository(name = "Memo")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: i64,
        pub folder_id: i64,
        #[repository(soft_delete)]
        pub deleted_at: Option<DateTimeUtc>,
        #[sea_orm(belongs_to, from = "folder_id", to = "id")]
        pub folder: HasOne<super::folder::Entity>,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

use {folder::Folders, memo::Memos};

snapshot!(without_deleted, Memos::query());
snapshot!(without_deleted_of_some, {
    let some = Folders::NAME.eq("a").or(Folders::NAME.eq("b"));
    Folders::query()
        .filter(some)
        .order_by(Folders::ID.desc())
        .after(r#"[["id","desc",7]]"#.parse().unwrap())
});
snapshot!(with_deleted, Memos::query().with_deleted().filter(Memos::DELETED_AT.is_not_null()));
snapshot!(beside_what_is_not_deleted, {
    let of_folder = Memos::FOLDER.is(Folders::NAME.eq("a"));
    Memos::query().filter(of_folder)
});
snapshot!(without_children_that_are_not_deleted, Folders::query().filter(!Folders::MEMOS.exists()));

snapshot!(contains_any_case, events().filter(Events::HOOK_NAME.contains_any_case("Stop*[é]")));
snapshot!(
    is_any_case,
    events().filter(Events::HOOK_NAME.eq_any_case("σ.").or(Events::HOOK_NAME.is_null()))
);
snapshot!(
    json_starts_with_any_case,
    events().filter(!Events::DATA.key("cwd").starts_with_any_case("/Home"))
);

macro_rules! summary {
    ($name:ident, $table:ident, $summary:expr) => {
        #[tokio::test]
        async fn $name() {
            let $table = $table(&Sqlite::memory().await.unwrap());
            let summary = $summary;
            let sql = summary.to_sql().unwrap();
            let mut text = sql.sql;
            for value in sql.values.unwrap().0 {
                let _ = write!(text, "\n    {value:?}");
            }
            insta::assert_snapshot!(format!("{text}\n{}", summary.to_request().unwrap()));
        }
    };
}

fn tool_events(sqlite: &Sqlite) -> Repository<tool_event::Model> {
    Repository::new(sqlite)
}

fn wares(sqlite: &Sqlite) -> Repository<ware::Model> {
    Repository::new(sqlite)
}

mod ware {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel, chronicle::Repository)]
    #[sea_orm(table_name = "wares")]
    #[repository(name = "Ware")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub price: Decimal,
        pub weight: f32,
        pub sold: Option<bool>,
        #[repository(collate = "C")]
        pub name: Option<String>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}
    impl ActiveModelBehavior for ActiveModel {}
}
use ware::Wares;

summary!(counted_and_summed, tool_events, {
    let edits = tool_events.find().filter(ToolEvents::TOOL_NAME.eq("Edit"));
    edits.aggregate((count(), ToolEvents::EXECUTION_TIME.sum(), ToolEvents::CREATED_AT.max()))
});
summary!(group_by_group, tool_events, {
    let times = (ToolEvents::EXECUTION_TIME.count(), ToolEvents::ID.min());
    tool_events.find().aggregate(times).group_by((ToolEvents::TOOL_NAME, ToolEvents::CREATED_AT))
});
summary!(sums_beside_a_parent, tool_events, {
    let active = Sessions::STATUS.eq(session::SessionStatus::Active);
    let find = tool_events.find().filter(ToolEvents::SESSION.is(active));
    find.aggregate(count()).group_by(ToolEvents::TOOL_NAME)
});
summary!(sums_of_exact_numbers, wares, {
    let made = (Wares::PRICE.sum(), Wares::PRICE.min(), Wares::WEIGHT.sum(), Wares::SOLD.max());
    wares.find().filter(Wares::ID.ne(Uuid::from_u128(7))).aggregate(made).group_by(Wares::SOLD)
});
snapshot!(nulls_first_and_last, {
    let query = Wares::query().order_by(Wares::SOLD.asc().nulls_last());
    query.order_by(Wares::PRICE.asc().nulls_last()).order_by(Wares::NAME.desc().nulls_first())
});
snapshot!(behind_nulls, {
    let key = Uuid::from_u128(7);
    let cursor = format!(
        r#"[["sold","desc.nullsfirst",null],["name","asc.nullslast","m"],["id","asc","{key}"]]"#
    );
    let query = Wares::query().order_by(Wares::SOLD.desc().nulls_first());
    query.order_by(Wares::NAME.asc().nulls_last()).after(cursor.parse::<Cursor>().unwrap())
});
snapshot!(text_by_its_bytes, {
    let query = Wares::query().filter(Wares::NAME.between("B", "a").or(Wares::NAME.gt("z")));
    query.order_by(Wares::NAME.asc())
});

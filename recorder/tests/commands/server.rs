//! Commands that ask a server, on genuine ones.

mod world;

use serde_json::json;
use world::{SESSION, World, record};

#[test]
fn a_hook_asks_for_no_key_and_makes_no_request() {
    let world = World::new();
    world.record_some();
    assert_eq!((world.asked(), world.gateway.requests().len()), (0, 0));
    assert!(world.waiting() >= 5);
    // Looking needs neither.
    for command in [&["outbox", "list"][..], &["letters", "list"], &["sessions"], &["show", "last"]]
    {
        world.ok(command);
    }
    assert_eq!((world.asked(), world.gateway.requests().len()), (0, 0));

    // Where the program fails, nothing is lost.
    world.home.write("print-key", "echo 'the key ring is locked' >&2; exit 3");
    world.record("Stop", json!({}));
    world.record("SessionEnd", json!({}));
    let unread = world.json(&["status"])["unread"].clone();
    assert_eq!(unread, 0, "kept as events");
    let said = world.run(&["flush"]);
    assert_eq!(said.code, Some(1));
    assert!(said.err.contains("the key ring is locked"), "its own words: {said:?}");
    assert!(said.err.contains("`key_command` failed (exit status: 3)"), "{said:?}");
}

#[test]
fn flush_sends_what_waits() {
    let world = World::new();
    world.record_some();
    let waiting = world.waiting();
    let said = world.ok(&["flush"]);
    assert_eq!(said, format!("{waiting} writes sent\n"));
    assert_eq!(world.asked(), 1);
    assert_eq!(["sessions", "events", "tool_events"].map(|table| world.count(table)), [1, 3, 1]);
    assert_eq!(world.ok(&["flush"]), "0 writes sent\n");
    assert_eq!(world.ok(&["outbox", "list"]), "nothing waits for the server\n");
    let info = world.json(&["status"])["outbox"].clone();
    assert_eq!((&info["status"], &info["waiting"]), (&json!("healthy"), &json!(0)), "{info}");
    assert!(info["last_success"].is_string(), "{info}");
    world.record("Stop", json!({}));
    let sent = world.json(&["flush"]);
    assert_eq!(
        (&sent["sent"], &sent["waiting"], &sent["letters"]),
        (&json!(1), &json!(0), &json!(0))
    );
}

#[test]
fn the_end_of_a_session_sends_what_waits() {
    let world = World::new();
    world.record_some();
    world.record("SessionEnd", json!({ "reason": "exit" }));
    assert_eq!(world.waiting(), 0, "{:?}", world.run(&["status"]));
    assert_eq!(world.count("events"), 4);
    assert_eq!(world.asked(), 1);
}

#[test]
fn what_waits_is_listed_and_shown() {
    let world = World::new();
    world.record_some();
    let list = world.json(&["outbox", "list"]);
    let entries = list.as_array().unwrap();
    let (session, event) = (&entries[0], &entries[1]);
    assert_eq!((&session["table"], &session["key"]), (&json!("sessions"), &json!(SESSION)));
    assert_eq!(event["waits_for"], session["id"], "{list:#}");
    let id = session["id"].to_string();
    let shown = world.json(&["outbox", "show", &id]);
    assert_eq!(shown["values"]["project_path"], "/home/dev/shop", "{shown:#}");
    let table = world.ok(&["outbox", "list"]);
    assert!(table.contains("BEHIND") && table.contains(SESSION), "{table}");
    assert!(world.home.error(&["outbox", "show", "999"]).contains("`chronicle outbox list`"));
}

#[test]
fn a_server_that_is_out_of_reach_is_told() {
    let world = World::new();
    world.refuse();
    world.record_some();
    let said = world.run(&["flush", "--timeout", "1"]);
    assert_eq!(said.code, Some(1));
    assert!(said.err.contains("still") && said.err.contains("cannot connect"), "{said:?}");
    let doctor = world.run(&["doctor"]).out;
    assert!(
        doctor.contains("cannot be reached") && doctor.contains("waits in the file"),
        "{doctor}"
    );
    let said = world.run(&["pull"]);
    assert_eq!(said.code, Some(1));
    assert!(said.err.contains("cannot connect"), "{said:?}");

    world.heal();
    let said = world.ok(&["flush"]);
    assert!(said.ends_with("writes sent\n"), "{said}");
    assert_eq!(world.count("events"), 3);
    let doctor = world.run(&["doctor"]).out;
    assert!(doctor.contains("can be reached") && doctor.contains("0 writes wait"), "{doctor}");
}

#[test]
fn a_key_that_the_server_does_not_take_is_told() {
    let world = World::new();
    world.record_some();
    world.home.write("key", "sb_secret_of_somebody_else");
    let said = world.run(&["flush", "--timeout", "2"]);
    assert_eq!(said.code, Some(1));
    assert!(said.err.contains("Invalid API key"), "{said:?}");
    let doctor = world.run(&["doctor"]);
    assert_eq!(doctor.code, Some(1));
    assert!(doctor.out.contains("Invalid API key"), "{doctor:?}");
    for said in [said, doctor] {
        assert!(!format!("{said:?}").contains("somebody_else"), "{said:?}");
    }
    world.home.write("key", chronicle_test_servers::SECRET_KEY);
    world.ok(&["flush"]);
    assert_eq!(world.count("events"), 3);
}

#[test]
fn pull_fetches_the_sessions_of_other_machines() {
    let world = World::new();
    let laptop = world.other_home();
    let other = "1f0a6a52-77b1-4a55-9d1c-5b0a3d6c2f22";
    record(&laptop, other, "UserPromptSubmit", json!({ "prompt": "from the laptop" }));
    laptop.ok(&["flush"]);
    world.record_some();
    let said = world.ok(&["pull"]);
    assert_eq!(
        said,
        "sessions: 1 fetched\nevents: 1 fetched\ntool_events: 0 fetched\nunread_payloads: 0 fetched\n"
    );
    let shown = world.json(&["show", other]);
    assert_eq!(shown["host"], "laptop", "{shown:#}");
    assert_eq!(world.json(&["sessions"]).as_array().map(Vec::len), Some(2));
    world.ok(&["flush"]);
    assert_eq!(world.count("sessions"), 2);
    // What another machine has deleted at the server goes here as well.
    world.sql(&format!("delete from sessions where id = '{other}'"));
    let pulled = world.json(&["pull"]);
    assert_eq!(pulled[0], json!({ "table": "sessions", "pulled": 1, "removed": 1 }), "{pulled:#}");
    assert_eq!(world.json(&["sessions"]).as_array().map(Vec::len), Some(1));
}

#[test]
fn letters_are_listed_shown_sent_again_and_dropped() {
    let world = World::new();
    world.sql("alter table events add check (event_type <> 'stop')");
    world.record_some();
    world.record("Stop", json!({}));
    let said = world.ok(&["flush"]);
    assert!(said.contains("1 write was refused: see `chronicle letters list`"), "{said}");
    let doctor = world.run(&["doctor"]);
    assert!(doctor.out.contains("1 write refused by the server"), "{doctor:?}");
    assert!(world.ok(&["status"]).contains("1 write: see `chronicle letters list`"));

    let list = world.json(&["letters", "list"]);
    let letter = &list[0];
    assert_eq!((&letter["table"], &letter["reason"]), (&json!("events"), &json!("refused")));
    assert_eq!(
        (&letter["code"], &letter["operation"]),
        (&json!("23514"), &json!("insert_if_absent"))
    );
    let id = letter["id"].to_string();
    assert_eq!(&world.json(&["letters", "show", &id]), letter);
    assert!(world.ok(&["letters", "list"]).contains("23514"));
    let none = world.home.error(&["letters", "show", "999"]);
    assert!(none.contains("no letter has the number 999"), "{none}");
    let reason = world.home.error(&["letters", "list", "--reason", "spite"]);
    assert!(
        reason.contains("refused, conflict, missing_row, parent_missing, unanswerable"),
        "{reason}"
    );
    let of = |arguments: &[&str]| {
        world.json(&[&["letters", "list"], arguments].concat()).as_array().map(Vec::len)
    };
    assert_eq!(of(&["--table", "events", "--reason", "refused"]), Some(1));
    assert_eq!((of(&["--table", "sessions"]), of(&["--reason", "conflict"])), (Some(0), Some(0)));

    // It is refused again, and then taken.
    assert_eq!(world.ok(&["letters", "retry", &id]), "1 write goes again\n");
    world.ok(&["flush"]);
    assert_eq!(of(&[]), Some(1));
    world.sql("alter table events drop constraint events_event_type_check");
    assert_eq!(world.ok(&["letters", "retry", "--table", "events"]), "1 write goes again\n");
    world.ok(&["flush"]);
    assert_eq!((of(&[]), world.count("events")), (Some(0), 4));

    world.sql("alter table events add check (event_type <> 'notification') not valid");
    world.record("Notification", json!({ "message": "look" }));
    world.ok(&["flush"]);
    assert_eq!(of(&[]), Some(1));
    assert!(world.home.error(&["letters", "drop"]).contains("which?"));
    assert_eq!(world.ok(&["letters", "drop", "--reason", "refused"]), "1 write is forgotten\n");
    assert_eq!((of(&[]), world.count("events")), (Some(0), 4));
    assert_eq!(world.ok(&["flush"]), "0 writes sent\n");
}

#[test]
fn a_right_that_is_missing_is_told() {
    let world = World::new();
    world.sql("revoke insert on events from service_role");
    world.record_some();
    let said = world.run(&["flush", "--timeout", "2"]);
    assert_eq!(said.code, Some(1));
    assert!(said.err.contains("permission denied for table events"), "{said:?}");
    let doctor = world.run(&["doctor"]);
    assert!(doctor.out.contains("the table events stands still"), "{doctor:?}");
    world.sql("grant insert on events to service_role");
    // It is tried at once: whoever flushes has mended it.
    world.ok(&["flush", "--timeout", "10"]);
    assert_eq!(world.count("events"), 3);
}

#[test]
fn prune_leaves_the_server_what_it_has_and_what_waits() {
    let world = World::new();
    world.record_some();
    world.ok(&["flush"]);
    let new = "2f0a6a52-77b1-4a55-9d1c-5b0a3d6c2f33";
    record(&world.home, new, "UserPromptSubmit", json!({ "prompt": "waits" }));
    std::thread::sleep(std::time::Duration::from_millis(1_100));
    let said = world.ok(&["prune", "--older-than", "1s"]);
    assert!(said.starts_with("1 session from before"), "{said}");
    assert!(said.contains("the server keeps what it has"), "{said}");
    let left = world.json(&["sessions"]);
    assert_eq!((left.as_array().map(Vec::len), &left[0]["id"]), (Some(1), &json!(new)));
    world.ok(&["flush"]);
    assert_eq!((world.count("sessions"), world.count("events")), (2, 4));
    world.ok(&["pull"]);
    assert_eq!(world.json(&["sessions"]).as_array().map(Vec::len), Some(2));
}

#[test]
fn migrate_leaves_a_file_that_is_sent_as_it_is() {
    let world = World::new();
    world.record_some();
    let waiting = world.waiting();
    assert!(world.ok(&["migrate"]).ends_with("is up to date\n"));
    assert_eq!(world.waiting(), waiting);
    world.ok(&["flush"]);
    assert_eq!(world.count("events"), 3);
}

#[test]
fn what_was_recorded_before_there_was_a_server_is_sent() {
    let world = World::new();
    let config = world.home.read("config/chronicle/config.toml");
    world.home.write("config/chronicle/config.toml", "");
    world.record_some();
    assert!(world.home.error(&["flush"]).contains("no server is configured"));
    assert_eq!(world.ok(&["outbox", "list"]), "nothing waits for the server\n");
    world.home.write("config/chronicle/config.toml", &config);
    world.ok(&["flush"]);
    assert_eq!(["sessions", "events", "tool_events"].map(|table| world.count(table)), [1, 3, 1]);
    // And without it again, what comes is kept beside the file.
    world.home.write("config/chronicle/config.toml", "");
    assert!(world.home.error(&["outbox", "list"]).contains("no server is configured"));
}

#[test]
fn a_file_is_given_to_another_server() {
    let old = World::new();
    let new = World::new();
    old.record_some();
    let waiting = old.waiting();
    let config = old.home.read("config/chronicle/config.toml");
    old.home.write(
        "config/chronicle/config.toml",
        &config.replace(&old.gateway.url(), &new.gateway.url()),
    );
    let doctor = old.run(&["doctor"]);
    assert_eq!(doctor.code, Some(1));
    assert!(doctor.out.contains("the file is bound to"), "{doctor:?}");
    assert!(doctor.out.contains("`chronicle rebind`"), "{doctor:?}");
    assert!(old.home.error(&["flush"]).contains("the file is bound to"));
    // What comes meanwhile is kept beside the file.
    old.record("Stop", json!({}));
    assert_eq!(
        old.ok(&["rebind"]),
        format!("the file belongs to {} now; {waiting} writes wait\n", new.gateway.url())
    );
    assert_eq!(old.json(&["rebind"])["waiting"], waiting, "again it changes nothing");
    old.ok(&["flush"]);
    assert_eq!((old.count("events"), new.count("events")), (0, 3));
    // And back: what the new one has is not sent again.
    old.home.write("config/chronicle/config.toml", &config);
    old.ok(&["rebind"]);
    old.ok(&["flush"]);
    assert_eq!((old.count("events"), new.count("events")), (0, 3));
}

#[test]
fn what_waits_stays_its_servers_once_some_was_sent() {
    let (old, new) = (World::new(), World::new());
    old.record_some();
    old.ok(&["flush"]);
    old.record("Stop", json!({}));
    let config = old.home.read("config/chronicle/config.toml");
    old.home.write(
        "config/chronicle/config.toml",
        &config.replace(&old.gateway.url(), &new.gateway.url()),
    );
    let said = old.home.error(&["rebind"]);
    assert!(said.contains("may have some of them") && said.contains("flush"), "{said}");
}

//! A home folder whose configuration names a genuine server.

use crate::home::{Home, Said};
use chronicle_migration::{Migrator, MigratorTrait};
use chronicle_test_servers::{Gateway, Postgres, Postgrest, SECRET_KEY};
use serde_json::{Value, json};
use std::io::Write;
use std::process::Stdio;
use tokio::runtime::Runtime;

pub(super) const SESSION: &str = "0f0a6a52-77b1-4a55-9d1c-5b0a3d6c2f11";

pub(super) struct World {
    pub(super) home: Home,
    pub(super) gateway: Gateway,
    server: Postgrest,
    runtime: Runtime,
}

impl World {
    pub(super) fn new() -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let (server, gateway) = runtime.block_on(async {
            let postgres = Postgres::shared().await.unwrap();
            let database = postgres.create_database().await.unwrap();
            let connection = sea_orm::Database::connect(database.url()).await.unwrap();
            Migrator::up(&connection, None).await.unwrap();
            connection.close().await.unwrap();
            let server = Postgrest::start(&database).await.unwrap();
            let gateway = Gateway::supabase(&server).await.unwrap();
            (server, gateway)
        });
        let world = Self { home: Home::new(), gateway, server, runtime };
        world.configure(&world.home, "desk");
        world
    }

    /// Another machine of the same user's.
    pub(super) fn other_home(&self) -> Home {
        let home = Home::new();
        self.configure(&home, "laptop");
        home
    }

    /// The key is printed by a program, which notes that it was run.
    fn configure(&self, home: &Home, host: &str) {
        let asked = home.path("asked").display().to_string();
        home.write("key", SECRET_KEY);
        home.write(
            "print-key",
            &format!("echo asked >> '{asked}'; cat '{}'\n", home.path("key").display()),
        );
        home.write(
            "config/chronicle/config.toml",
            &format!(
                "host = \"{}\"\n[server]\nsupabase_url = \"{}\"\nkey_command = \"sh '{}'\"\n",
                host,
                self.gateway.url(),
                home.path("print-key").display()
            ),
        );
    }

    /// How often the key was asked for.
    pub(super) fn asked(&self) -> usize {
        std::fs::read_to_string(self.home.path("asked")).unwrap_or_default().lines().count()
    }

    pub(super) fn refuse(&self) {
        self.runtime.block_on(self.gateway.refuse()).unwrap();
    }

    pub(super) fn heal(&self) {
        self.runtime.block_on(self.gateway.heal()).unwrap();
    }

    pub(super) fn sql(&self, script: &str) {
        self.runtime.block_on(self.server.database().execute(script)).unwrap();
    }

    /// What the server holds.
    pub(super) fn count(&self, table: &str) -> u64 {
        let query = format!("select count(*) from {table}");
        let rows = self.runtime.block_on(self.server.database().query(&query)).unwrap();
        rows[0][0].as_ref().unwrap().parse().unwrap()
    }

    pub(super) fn record(&self, hook: &str, more: Value) {
        record(&self.home, SESSION, hook, more);
    }

    /// A prompt, a call and its answer.
    pub(super) fn record_some(&self) {
        self.record("UserPromptSubmit", json!({ "prompt": "hello" }));
        let call =
            json!({ "tool_name": "Bash", "tool_use_id": "t1", "tool_input": { "command": "ls" } });
        self.record("PreToolUse", call.clone());
        self.record("PostToolUse", call);
    }

    pub(super) fn ok(&self, arguments: &[&str]) -> String {
        self.home.ok(arguments)
    }

    pub(super) fn json(&self, arguments: &[&str]) -> Value {
        serde_json::from_str(&self.ok(&[arguments, &["--json"]].concat())).unwrap()
    }

    /// What the command says and how it ends, whichever that is.
    pub(super) fn run(&self, arguments: &[&str]) -> Said {
        self.home.run(arguments)
    }

    /// How many writes wait for the server.
    pub(super) fn waiting(&self) -> u64 {
        self.json(&["status"])["outbox"]["waiting"].as_u64().unwrap()
    }
}

/// Records a payload as a hook does: it says nothing, and always succeeds.
pub(super) fn record(home: &Home, session: &str, hook: &str, more: Value) {
    let mut payload =
        json!({ "session_id": session, "cwd": "/home/dev/shop", "hook_event_name": hook });
    payload.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    let mut command = home.command(&["record", "--agent", "claude-code"]);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    child.stdin.take().unwrap().write_all(payload.to_string().as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(
        output.status.success() && output.stdout.is_empty() && output.stderr.is_empty(),
        "{output:?}"
    );
}

//! The program, as a user runs it.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use chronicle_test_servers::{Gateway, Postgrest, SECRET_KEY};

use crate::specimen;

fn command(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_chronicle-generate"));
    command.args(arguments).current_dir(folder).env_remove("DATABASE_URL");
    for name in ["SERVICE_ROLE", "SECRET", "ANON", "PUBLISHABLE"] {
        command.env_remove(format!("SUPABASE_{name}_KEY"));
    }
    command
}

fn printed(output: Output) -> String {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

fn failure(output: Output) -> String {
    assert!(!output.status.success());
    String::from_utf8(output.stderr).unwrap()
}

#[tokio::test]
async fn a_database_is_written_and_what_is_left_out_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let database = specimen().await;
    let arguments = ["--output", "src/entity", "--tables", "given,keyless"];
    let output =
        command(folder.path(), &arguments).env("DATABASE_URL", database.url()).output().unwrap();
    insta::assert_snapshot!(printed(output), @r"
    2 tables are written to src/entity.rs and the folder beside it
    public.keyless: without a key its rows can only be read, and not one by one
    public.keyless.message: it stands for the key that SeaORM asks for, and is taken as never NULL
    ");
    assert!(
        fs::read_to_string(folder.path().join("src/entity.rs")).unwrap().contains("pub mod given;")
    );
}

#[tokio::test]
async fn schemas_are_modules() {
    let folder = tempfile::tempdir().unwrap();
    let database = specimen().await;
    let arguments = ["-u", &database.url(), "-o", "entity", "--schema", "shop", "--schema", "auth"];
    printed(command(folder.path(), &arguments).output().unwrap());
    assert!(folder.path().join("entity/auth/users.rs").exists());
    let text = fs::read_to_string(folder.path().join("entity/shop/product_groups.rs")).unwrap();
    assert!(text.contains(r#"schema_name = "shop""#));
}

#[tokio::test]
async fn keys_come_from_the_environment() {
    let folder = tempfile::tempdir().unwrap();
    let database = specimen().await;
    database
        .execute("grant usage on schema public to service_role; grant all on given to service_role")
        .await
        .unwrap();
    let server = Postgrest::start(&database).await.unwrap();
    let gateway = Gateway::supabase(&server).await.unwrap();
    let arguments = ["--postgrest", &gateway.url(), "-o", "entity", "--tables", "given"];
    let output =
        command(folder.path(), &arguments).env("SUPABASE_SECRET_KEY", SECRET_KEY).output().unwrap();
    assert!(printed(output).starts_with("1 tables are written to entity.rs"));

    let arguments = [arguments.as_slice(), &["--key-env", "MY_KEY"]].concat();
    let output = command(folder.path(), &arguments).env("MY_KEY", SECRET_KEY).output().unwrap();
    printed(output);
    let output = command(folder.path(), &arguments).output().unwrap();
    assert_eq!(failure(output), "error: MY_KEY: environment variable not found\n");
}

#[test]
fn something_to_read_is_needed() {
    let folder = tempfile::tempdir().unwrap();
    let error = failure(command(folder.path(), &["-o", "entity"]).output().unwrap());
    assert_eq!(
        error,
        "error: nothing to read is given: set DATABASE_URL, or give --database-url or --postgrest\n"
    );
}

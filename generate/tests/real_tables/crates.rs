//! The crates that are made of the entities, and of [`round_trip`](../round_trip/lib.rs), which takes their rows through.

use std::collections::BTreeMap;
use std::error::Error;
use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

use chronicle_generate::Generated;

/// Two processors build two of them at a time.
const CRATES: usize = 6;

/// An entity, and whether its rows can be written.
struct Entity {
    path: String,
    is_writable: bool,
}

/// Writes a workspace, whose package `runner` is the program.
pub(crate) fn write(folder: &Path, generated: &Generated) -> Result<(), Box<dyn Error>> {
    let mut modules: BTreeMap<String, Vec<(&PathBuf, &String)>> = BTreeMap::new();
    for (path, text) in &generated.files {
        let first = path.components().next().ok_or("a file without a name")?;
        let first = Path::new(&first).with_extension("");
        modules.entry(first.display().to_string()).or_default().push((path, text));
    }
    // The schemas of one application refer to each other.
    let mut applications: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for module in modules.keys() {
        let mut parts = module.splitn(3, '_');
        let application = [parts.next(), parts.next()].into_iter().flatten().collect::<Vec<_>>();
        applications.entry(application.join("_")).or_default().push(module.clone());
    }
    let mut sizes = [0; CRATES];
    let mut crates: Vec<Vec<String>> = vec![Vec::new(); CRATES];
    for (application, members) in &applications {
        let smallest = (0..CRATES).min_by_key(|at| sizes[*at]).unwrap_or_default();
        let lines = members.iter().flat_map(|module| &modules[module]);
        sizes[smallest] += lines.map(|(_, text)| text.lines().count()).sum::<usize>();
        crates[smallest].push(application.clone());
    }

    for (number, members) in crates.iter().enumerate() {
        let mut library = String::from("use cases::{Application, Case};\n\n");
        let mut list = String::from("pub fn applications() -> Vec<Application> {\n    vec![\n");
        for application in members {
            writeln!(list, "        Application {{ name: {application:?}, cases: vec![")?;
            for module in &applications[application] {
                writeln!(library, "pub mod {module};")?;
                for (path, text) in &modules[module] {
                    put(&folder.join(format!("tables_{number}/src")).join(path), text)?;
                    if let Some(entity) = entity(path, text) {
                        let kind = if entity.is_writable { "of" } else { "read_only" };
                        writeln!(
                            list,
                            "            Case::{kind}::<crate::{}::Model>(),",
                            entity.path
                        )?;
                    }
                }
            }
            list.push_str("        ] },\n");
        }
        list.push_str("    ]\n}\n");
        put(&folder.join(format!("tables_{number}/src/lib.rs")), &(library + "\n" + &list))?;
        put(
            &folder.join(format!("tables_{number}/Cargo.toml")),
            &package(
                &format!("tables_{number}"),
                "
cases = { path = \"../cases\" }",
            ),
        )?;
    }

    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let cases = here.join("tests/real_tables/cases.rs");
    put(
        &folder.join("cases/Cargo.toml"),
        &package("cases", &format!("\n\n[lib]\npath = {cases:?}")),
    )?;
    let source = here.join("tests/real_tables/round_trip/lib.rs");
    let servers = here.join("../tests/servers");
    put(
        &folder.join("round_trip/Cargo.toml"),
        &package(
            "round_trip",
            &format!(
                "
cases = {{ path = \"../cases\" }}
chronicle-test-servers = {{ path = {servers:?} }}
chrono = {{ version = \"0.4\", default-features = false }}
futures-util = {{ version = \"0.3\", default-features = false, features = [\"std\"] }}
serde = {{ version = \"1\", features = [\"derive\"] }}
serde_json = \"1\"
tempfile = \"3\"
tokio = {{ version = \"1\", features = [\"time\"] }}

[lib]
path = {source:?}"
            ),
        ),
    )?;
    let mut main =
        String::from("#[tokio::main]\nasync fn main() {\n    let mut all = Vec::new();\n");
    let mut needs = String::from(
        "\nround_trip = { path = \"../round_trip\" }\ntokio = { version = \"1\", features = [\"macros\", \"rt-multi-thread\"] }",
    );
    for number in 0..CRATES {
        writeln!(main, "    all.extend(tables_{number}::applications());")?;
        write!(needs, "\ntables_{number} = {{ path = \"../tables_{number}\" }}")?;
    }
    main.push_str("    round_trip::run(all).await;\n}\n");
    put(&folder.join("runner/src/main.rs"), &main)?;
    put(&folder.join("runner/Cargo.toml"), &package("runner", &needs))?;

    let mut workspace = String::from(
        "[workspace]\nresolver = \"3\"\nmembers = [\"cases\", \"round_trip\", \"runner\"",
    );
    for number in 0..CRATES {
        write!(workspace, ", \"tables_{number}\"")?;
    }
    workspace.push_str("]\n");
    for number in 0..CRATES {
        // Nobody looks into them with a debugger.
        write!(workspace, "\n[profile.dev.package.tables_{number}]\ndebug = false\n")?;
    }
    put(&folder.join("Cargo.toml"), &workspace)?;
    fs::copy(here.join("../Cargo.lock"), folder.join("Cargo.lock"))?;
    Ok(())
}

fn package(name: &str, needs: &str) -> String {
    let chronicle = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    format!(
        "[package]
name = {name:?}
version = \"0.0.0\"
edition = \"2024\"

[dependencies]
chronicle = {{ package = \"chronicle-orm\", path = {chronicle:?} }}
sea-orm = {{ version = \"2\", default-features = false, features = [\"macros\", \"serde\", \"with-chrono\", \"with-json\", \"with-uuid\"] }}{needs}
"
    )
}

/// The entity that a file holds, if it holds one.
fn entity(path: &Path, text: &str) -> Option<Entity> {
    if !text.contains("DeriveEntityModel") {
        return None;
    }
    let parts: Vec<String> = path
        .with_extension("")
        .components()
        .map(|part| part.as_os_str().to_string_lossy().into_owned())
        .map(|part| if is_keyword(&part) { format!("r#{part}") } else { part })
        .collect();
    let is_writable = !text.contains(", no_key)]") && !text.contains(", read_only)]");
    Some(Entity { path: parts.join("::"), is_writable })
}

fn is_keyword(name: &str) -> bool {
    ["type", "match", "move", "use", "ref", "where", "loop", "box", "final", "override", "async"]
        .contains(&name)
}

/// Writes a file unless it is there as it is: what has not changed is not compiled again.
fn put(path: &Path, text: &str) -> Result<(), Box<dyn Error>> {
    if fs::read_to_string(path).is_ok_and(|known| known == text) {
        return Ok(());
    }
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    fs::write(path, text)?;
    Ok(())
}

//! What the command line offers, and doing it.

use std::env;
use std::error::Error;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use chronicle_generate::{Generated, Options, from_database, from_postgrest};
use clap::Parser;

/// Where a key is looked for unless `--key-env` names another place: a trusted one first.
const KEYS: [&str; 4] = [
    "SUPABASE_SERVICE_ROLE_KEY",
    "SUPABASE_SECRET_KEY",
    "SUPABASE_ANON_KEY",
    "SUPABASE_PUBLISHABLE_KEY",
];

/// Writes an entity of Chronicle for each table, from a Postgres database or from a PostgREST server.
///
/// The database itself tells more than the server, so take it where it can be reached.
#[derive(Debug, Parser)]
#[command(version)]
pub(crate) struct Arguments {
    /// The database: postgres://user:password@host/database
    #[arg(short = 'u', long, env = "DATABASE_URL", hide_env_values = true)]
    database_url: Option<String>,

    /// A PostgREST server instead, such as https://project.supabase.co/rest/v1
    #[arg(long, value_name = "URL")]
    postgrest: Option<String>,

    /// The environment variable with the key for it [default: the first of SUPABASE_SERVICE_ROLE_KEY,
    /// SUPABASE_SECRET_KEY, SUPABASE_ANON_KEY and SUPABASE_PUBLISHABLE_KEY that is set]
    #[arg(long, value_name = "VARIABLE", requires = "postgrest")]
    key_env: Option<String>,

    /// A schema; may be given several times, each is a module of its own then
    #[arg(long, value_name = "NAME", default_value = "public")]
    schema: Vec<String>,

    /// The schema that entities need not name: the first one that the PostgREST server serves
    #[arg(long, value_name = "NAME", default_value = "public")]
    default_schema: String,

    /// Only these tables, with commas between them [default: all]
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    tables: Option<Vec<String>>,

    /// The module: src/entity is the file src/entity.rs and those in the folder src/entity
    #[arg(short, long, value_name = "PATH")]
    output: PathBuf,
}

impl Arguments {
    pub(crate) async fn run(self) -> Result<(), Box<dyn Error>> {
        let (folder, module) = self.place()?;
        let mut options = Options::new().default_schema(&self.default_schema);
        match self.schema.as_slice() {
            [schema] => options = options.module(schema, module),
            schemas => {
                for schema in schemas {
                    options = options.module(schema, format!("{module}::{schema}"));
                }
            }
        }
        if let Some(tables) = &self.tables {
            options = options.tables(tables);
        }
        let generated = match (&self.postgrest, &self.database_url) {
            (Some(url), _) => from_postgrest(url, self.key()?.as_deref(), &options).await?,
            (None, Some(url)) => from_database(url, &options).await?,
            (None, None) => {
                return Err("nothing to read is given: set DATABASE_URL, or give --database-url or --postgrest".into());
            }
        };
        generated.write_to(folder)?;
        self.tell(&generated)
    }

    /// The folder that the module belongs into, and the module.
    fn place(&self) -> Result<(&Path, &str), Box<dyn Error>> {
        let module = self.output.file_name().and_then(|name| name.to_str());
        let module = module.ok_or_else(|| {
            format!("{} does not end in the name of a module", self.output.display())
        })?;
        Ok((self.output.parent().unwrap_or(Path::new("")), module))
    }

    fn key(&self) -> Result<Option<String>, Box<dyn Error>> {
        match &self.key_env {
            Some(name) => {
                env::var(name).map(Some).map_err(|error| format!("{name}: {error}").into())
            }
            None => Ok(KEYS.into_iter().find_map(|name| env::var(name).ok())),
        }
    }

    fn tell(&self, generated: &Generated) -> Result<(), Box<dyn Error>> {
        let mut output = io::stdout();
        let tables = generated.report.tables;
        writeln!(
            output,
            "{tables} tables are written to {}.rs and the folder beside it",
            self.output.display()
        )?;
        write!(output, "{}", generated.report)?;
        Ok(output.flush()?)
    }
}

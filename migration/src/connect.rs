//! Opens the database that a URL names.

use std::{error::Error, fs, path::Path, time::Duration};

use chronicle_migration::Dialect;
use sea_orm_migration::sea_orm::{ConnectOptions, Database, DatabaseConnection};

/// How long a server may take to answer: SeaORM tries again meanwhile.
const PATIENCE: Duration = Duration::from_secs(10);

/// Opens the database. The folder of a SQLite file that is to be made is made as well.
///
/// Errors never repeat the URL of a server, which may hold a password.
pub(crate) async fn connect(url: Option<&str>) -> Result<DatabaseConnection, Box<dyn Error>> {
    let Some(url) = url else {
        return Err("no database is given: set DATABASE_URL or give -u URL (sqlite:chronicle.db?mode=rwc or \
                    postgres://user:password@host/database)"
            .into());
    };
    let dialect = Dialect::of_url(url)?;
    let mut options = ConnectOptions::new(url);
    options.max_connections(1).sqlx_logging(false).acquire_timeout(PATIENCE);
    match dialect {
        // Where the list of migrations stands, whatever the role's own setting is.
        Dialect::Postgres => {
            options.set_schema_search_path("public");
        }
        Dialect::Sqlite => make_folder(url)?,
    }
    Database::connect(options).await.map_err(|error| match dialect {
        Dialect::Postgres => format!(
            "cannot connect to the Postgres server: {error} (is the host right, does the server run, is it reachable \
             from here?)"
        )
        .into(),
        Dialect::Sqlite => {
            format!("cannot open {url}: {error} (a URL that ends in ?mode=rwc makes a missing file)").into()
        }
    })
}

fn make_folder(url: &str) -> Result<(), Box<dyn Error>> {
    let Some((file, "mode=rwc")) =
        url.trim_start_matches("sqlite:").trim_start_matches("//").split_once('?')
    else {
        return Ok(());
    };
    let Some(folder) = Path::new(file).parent().filter(|folder| !folder.as_os_str().is_empty())
    else {
        return Ok(());
    };
    fs::create_dir_all(folder)
        .map_err(|error| format!("cannot make the folder {}: {error}", folder.display()).into())
}

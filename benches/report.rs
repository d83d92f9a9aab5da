//! The report: `docs/performance.md` and its plots, measured beside the peers in one run.
//!
//! ```sh
//! cargo bench --bench report              # a quarter of an hour; writes docs/performance.md
//! cargo bench --bench report -- --quick   # whether it works: into a temporary folder
//! cargo bench --bench report -- rows      # one part, likewise: rows, outage, tasks
//! CHRONICLE_ORIGINAL_DESIGN=original-design.txt CHRONICLE_PYTHON=venv/bin/python \
//!     cargo bench --bench report
//! ```
//!
//! - `CHRONICLE_ORIGINAL_DESIGN` names the document of the original design, whose code in Python is
//!   run as it stands; `CHRONICLE_PYTHON` names a Python that has `supabase` and `aiosqlite`. Without
//!   the document the original is left out, and the report says so.
//! - Every insert and every read of a number of rows is a process of its own, whose peak of memory is
//!   what the system says (`VmHWM`). The ways are run in turn; figures are medians of the rounds.
//! - How each way is set up stands in the report.

#[allow(dead_code, reason = "shared with the bench of PostgREST")]
#[path = "postgrest/bare.rs"]
mod bare;
#[path = "report/case.rs"]
mod case;
#[path = "report/chart.rs"]
mod chart;
#[path = "report/figures.rs"]
mod figures;
#[allow(dead_code, reason = "shared with the bench of SQLite")]
#[path = "sqlite/file.rs"]
mod file;
#[path = "report/machine.rs"]
mod machine;
#[allow(dead_code, unused_imports, reason = "shared with the other benches")]
mod measure;
#[path = "report/original.rs"]
mod original;
#[path = "report/outage.rs"]
mod outage;
#[path = "report/page.rs"]
mod page;
#[path = "report/postgrest.rs"]
mod postgrest;
#[allow(dead_code, reason = "shared with the bench of SQLite")]
#[path = "sqlite/prepared.rs"]
mod prepared;
#[path = "report/rows.rs"]
mod rows;
#[allow(dead_code, reason = "shared with the bench of the failover store")]
#[path = "failover/servers.rs"]
mod servers;
#[path = "report/sqlite.rs"]
mod sqlite;
#[path = "report/tasks.rs"]
mod tasks;
#[path = "report/way.rs"]
mod way;

use case::Case;
use machine::Load;
use measure::{Options, Result};
use original::Original;
use page::Page;
use std::time::Instant;

fn main() -> Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    match Case::from_environment()? {
        Some(case) => runtime.block_on(case.run()),
        None => runtime.block_on(write_report()),
    }
}

async fn write_report() -> Result<()> {
    let Some(options) = Options::from_arguments()? else { return Ok(()) };
    let start = Instant::now();
    let load = Load::watch()?;
    let original = Original::from_environment()?;
    let mut page = Page::new(options)?;
    let server = rows::serve().await?;
    if options.wants("rows") {
        rows::on_sqlite(options, &mut page, original.as_ref()).await?;
        rows::over_postgrest(options, &mut page, original.as_ref(), &server).await?;
    }
    if options.wants("outage") {
        outage::measure(options, &mut page, original.as_ref()).await?;
    }
    if options.wants("tasks") {
        tasks::on_sqlite(options, &mut page, original.as_ref()).await?;
        tasks::over_postgrest(options, &mut page, original.as_ref(), &server).await?;
    }
    let machine = machine::describe(&server, original.as_ref(), load, start).await?;
    page.write(&machine)
}

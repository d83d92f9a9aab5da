//! The command line: what can be asked, and who answers.

use crate::agent::Agent;
use crate::error::Result;
use crate::{
    doctor, export, flush, import, install, letters, migrate, outbox, prune, pull, rebind, search,
    sessions, show, stats, status, tail,
};
use clap::{Args, CommandFactory, Parser, Subcommand, ValueEnum};
use std::path::PathBuf;

/// Records what coding agents do, and shows it.
#[derive(Debug, Parser)]
#[command(name = "chronicle", version)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) globals: Globals,
    #[command(subcommand)]
    pub(crate) command: Option<Command>,
}

/// What every command takes.
#[derive(Args, Clone, Debug, Default)]
pub(crate) struct Globals {
    /// The SQLite file [default: chronicle.db in the platform's data folder]
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) database: Option<PathBuf>,
    /// The configuration file [default: config.toml in the platform's configuration folder]
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// Answer in JSON
    #[arg(long, global = true)]
    pub(crate) json: bool,
    /// When to use colours
    #[arg(long, global = true, value_enum, default_value_t, value_name = "WHEN")]
    pub(crate) color: Color,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Color {
    /// On a terminal
    #[default]
    Auto,
    Always,
    Never,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Record one hook payload from standard input; always succeeds
    Record(RecordArgs),
    /// Record the payloads in files: JSON of any layout, with anything between
    Import(ImportArgs),
    /// Register the hooks with an agent
    Install(InstallArgs),
    /// Take the hooks away again
    Uninstall(InstallArgs),
    /// Check everything, and say what to do
    Doctor,
    /// What is recorded, and what waits for the server
    Status,
    /// Writes that wait for the server
    Outbox(OutboxArgs),
    /// Writes that the server refused
    Letters(LettersArgs),
    /// Send what waits to the server
    Flush(FlushArgs),
    /// Fetch what the server has
    Pull,
    /// Give the file to the server and the key that are configured now: what waits goes there. Nothing that another
    /// server may have is sent again
    Rebind,
    /// Remove what is old from the file
    Prune(PruneArgs),
    /// Bring the file's tables up to date
    Migrate,
    /// List the sessions, the newest first
    Sessions(SessionsArgs),
    /// Show one session: its prompts, calls and subagents
    Show(ShowArgs),
    /// Show events as they come
    Tail(TailArgs),
    /// Search all that was recorded
    Search(SearchArgs),
    /// Counts by day, project and tool; tokens and cost
    Stats(StatsArgs),
    /// Write sessions out
    Export(ExportArgs),
}

#[derive(Args, Clone, Debug, Default)]
pub(crate) struct RecordArgs {
    /// The agent that sends it [default: told from the payload]
    #[arg(long)]
    pub(crate) agent: Option<Agent>,
    /// The hook's name, where the payload does not have it
    #[arg(long)]
    pub(crate) event: Option<String>,
    /// Store secrets as they are
    #[arg(long)]
    pub(crate) no_redact: bool,
}

#[derive(Args, Debug)]
pub(crate) struct ImportArgs {
    /// The files, or - for standard input
    #[arg(required = true, value_name = "FILE")]
    pub(crate) files: Vec<PathBuf>,
    /// The agent that they are of [default: told from each payload]
    #[arg(long)]
    pub(crate) agent: Option<Agent>,
    /// Store secrets as they are
    #[arg(long)]
    pub(crate) no_redact: bool,
}

#[derive(Args, Debug)]
pub(crate) struct InstallArgs {
    /// The agent
    #[arg(long)]
    pub(crate) agent: Agent,
    /// Whose settings
    #[arg(long, value_enum, default_value_t)]
    pub(crate) scope: Scope,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Scope {
    /// Yours, for all projects
    #[default]
    User,
    /// This project's, shared
    Project,
    /// This project's, yours alone
    Local,
}

#[derive(Args, Debug)]
pub(crate) struct OutboxArgs {
    #[command(subcommand)]
    pub(crate) command: Option<OutboxCommand>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum OutboxCommand {
    /// List them, the oldest first; so does the command alone
    List,
    /// Show one
    Show {
        /// Its number
        id: i64,
    },
}

#[derive(Args, Debug)]
pub(crate) struct LettersArgs {
    #[command(subcommand)]
    pub(crate) command: Option<LettersCommand>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum LettersCommand {
    /// List them; so does the command alone
    List(LetterFilterArgs),
    /// Show one
    Show {
        /// Its number
        id: i64,
    },
    /// Send them again
    Retry(LetterChoiceArgs),
    /// Forget them
    Drop(LetterChoiceArgs),
}

#[derive(Args, Clone, Debug, Default)]
pub(crate) struct LetterFilterArgs {
    /// Those of a table
    #[arg(long)]
    pub(crate) table: Option<String>,
    /// Those refused for a reason
    #[arg(long)]
    pub(crate) reason: Option<String>,
}

#[derive(Args, Debug)]
pub(crate) struct LetterChoiceArgs {
    /// One, by its number
    pub(crate) id: Option<i64>,
    #[command(flatten)]
    pub(crate) filter: LetterFilterArgs,
}

#[derive(Args, Debug)]
pub(crate) struct FlushArgs {
    /// How long at most, in seconds
    #[arg(long, default_value_t = 30, value_name = "SECONDS")]
    pub(crate) timeout: u64,
}

#[derive(Args, Debug)]
pub(crate) struct PruneArgs {
    /// Sessions whose last event is older: 90d, 12h, 4w
    #[arg(long, value_name = "AGE")]
    pub(crate) older_than: String,
}

#[derive(Args, Debug)]
pub(crate) struct SessionsArgs {
    /// Only those that have not ended
    #[arg(long)]
    pub(crate) active: bool,
    /// How many at most
    #[arg(long, default_value_t = 20)]
    pub(crate) limit: u64,
}

#[derive(Args, Debug)]
pub(crate) struct ShowArgs {
    /// The session's id, or its beginning
    pub(crate) session: String,
}

#[derive(Args, Debug)]
pub(crate) struct TailArgs {
    /// Of one session alone
    #[arg(long)]
    pub(crate) session: Option<String>,
}

#[derive(Args, Debug)]
pub(crate) struct SearchArgs {
    /// What to look for
    pub(crate) text: String,
    /// How many at most
    #[arg(long, default_value_t = 20)]
    pub(crate) limit: u64,
}

#[derive(Args, Debug)]
pub(crate) struct StatsArgs {
    /// How far back: 7d, 4w [default: everything]
    #[arg(long, value_name = "AGE")]
    pub(crate) since: Option<String>,
}

#[derive(Args, Debug)]
pub(crate) struct ExportArgs {
    /// As what
    #[arg(long, value_enum)]
    pub(crate) format: ExportFormat,
    /// One session alone [default: all]
    #[arg(long)]
    pub(crate) session: Option<String>,
    /// Where to [default: standard output]
    #[arg(long, short, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ExportFormat {
    Jsonl,
    Json,
    Markdown,
    Html,
    Csv,
}

/// Answers what is asked; help and wrong usage end the program here.
pub(crate) fn run() -> Result<()> {
    let Cli { globals, command } = Cli::parse();
    let Some(command) = command else {
        return crate::output::text(&Cli::command().render_help());
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(Box::pin(answer(&globals, command)))
}

async fn answer(globals: &Globals, command: Command) -> Result<()> {
    match command {
        // Known before the command line is read: see `main`.
        Command::Record(_) => Ok(()),
        Command::Import(args) => import::run(globals, args).await,
        Command::Install(args) => install::install(globals, args).await,
        Command::Uninstall(args) => install::uninstall(globals, args).await,
        Command::Doctor => doctor::run(globals).await,
        Command::Status => status::run(globals).await,
        Command::Outbox(args) => outbox::run(globals, args).await,
        Command::Letters(args) => letters::run(globals, args).await,
        Command::Flush(args) => flush::run(globals, args).await,
        Command::Pull => pull::run(globals).await,
        Command::Rebind => rebind::run(globals).await,
        Command::Prune(args) => prune::run(globals, args).await,
        Command::Migrate => migrate::run(globals).await,
        Command::Sessions(args) => sessions::run(globals, args).await,
        Command::Show(args) => show::run(globals, args).await,
        Command::Tail(args) => tail::run(globals, args).await,
        Command::Search(args) => search::run(globals, args).await,
        Command::Stats(args) => stats::run(globals, args).await,
        Command::Export(args) => export::run(globals, args).await,
    }
}

/// What a command takes.
pub(crate) fn help_of(command: &str) -> Result<String> {
    let mut all = Cli::command();
    all.build();
    let help = all.find_subcommand_mut(command).map(|command| command.render_help().to_string());
    Ok(help.unwrap_or_default())
}

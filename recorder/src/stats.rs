//! `chronicle stats`: counts by day, project and tool; tokens and cost by model.

mod prices;
mod transcript;

use crate::cli::{Globals, StatsArgs};
use crate::config::Config;
use crate::error::Result;
use crate::output::{self, Paint, Progress, Screen, grouped, plural};
use crate::table::{Cell, Column, Table};
use crate::{database, moment};
use chronicle::{RawRow, Store};
use sea_orm::JsonValue;
use serde_json::json;
use std::collections::BTreeSet;
use std::path::PathBuf;
use transcript::Usage;

/// What the file says, as rows of SQL.
struct Counts {
    days: Vec<RawRow>,
    projects: Vec<RawRow>,
    tools: Vec<RawRow>,
}

pub(crate) async fn run(globals: &Globals, args: StatsArgs) -> Result<()> {
    let since = args.since.as_deref().map(moment::before).transpose()?;
    let config = Config::load(globals)?;
    let store = Store::from(database::look(&config).await?);
    // Times are text in the file, and compare as such.
    let text = since.map_or_else(String::new, |time| time.format("%Y-%m-%dT%H:%M:%S").to_string());
    let progress = Progress::new(globals);
    progress.tell("counting");
    let counts = Counts {
        days: ask(&store, DAYS, &text).await?,
        projects: ask(&store, PROJECTS, &text).await?,
        tools: ask(&store, TOOLS, &text).await?,
    };
    let transcripts = ask(&store, TRANSCRIPTS, &text).await?;
    let paths: BTreeSet<PathBuf> =
        transcripts.iter().filter_map(|row| row.get("path")?.as_str()).map(PathBuf::from).collect();
    let usage = Usage::read(paths, since, &progress);
    drop(progress);
    if globals.json {
        return output::json(&to_json(&counts, &usage));
    }
    if counts.days.is_empty() {
        return output::text(&"nothing is recorded in that time\n");
    }
    let screen = Screen::of(globals);
    let titled = |title: &str, table: &Table| {
        format!("{}\n{}\n", screen.paint(Paint::Bold, title), table.render(screen))
    };
    let mut out = titled("By day", &days(&counts.days));
    out += &titled("By project", &projects(&counts.projects));
    if !counts.tools.is_empty() {
        out += &titled("By tool", &tools(&counts.tools));
    }
    out += &models(&usage, &titled);
    output::text(&out)
}

const DAYS: &str = "
    select day, sum(sessions) as sessions, sum(prompts) as prompts, sum(calls) as calls, sum(failures) as failures,
        sum(time) as time
    from (
        select date(coalesce(start_time, created_at), 'localtime') as day, 1 as sessions, 0 as prompts, 0 as calls,
            0 as failures, 0 as time
        from sessions where coalesce(start_time, created_at) >= $1
        union all
        select date(timestamp, 'localtime'), 0, 1, 0, 0, 0
        from events where event_type = 'user_prompt' and timestamp >= $1
        union all
        select date(timestamp, 'localtime'), 0, 0, 1, status = 'error', coalesce(execution_time, 0)
        from tool_events where timestamp >= $1
    )
    group by day order by day";

const PROJECTS: &str = "
    select project, count(distinct session) as sessions, sum(prompts) as prompts, sum(calls) as calls,
        sum(failures) as failures, sum(time) as time
    from (
        select coalesce(project_path, '') as project, id as session, 0 as prompts, 0 as calls, 0 as failures, 0 as time
        from sessions where coalesce(start_time, created_at) >= $1
        union all
        select coalesce(project_path, ''), sessions.id, 1, 0, 0, 0
        from events join sessions on sessions.id = session_id
        where event_type = 'user_prompt' and timestamp >= $1
        union all
        select coalesce(project_path, ''), sessions.id, 0, 1, tool_events.status = 'error', coalesce(execution_time, 0)
        from tool_events join sessions on sessions.id = session_id where timestamp >= $1
    )
    group by project order by calls desc, project";

const TOOLS: &str = "
    select tool_name as tool, count(*) as calls, sum(status = 'error') as failures, sum(status = 'refused') as refused,
        sum(status = 'interrupted') as interrupted, sum(execution_time) as time, avg(execution_time) as average,
        max(execution_time) as longest
    from tool_events where timestamp >= $1
    group by tool_name order by calls desc, tool_name";

const TRANSCRIPTS: &str = "
    select distinct transcript_path as path from sessions
    where transcript_path is not null
        and exists (select 1 from events where session_id = sessions.id and timestamp >= $1)";

async fn ask(store: &Store, sql: &str, since: &str) -> Result<Vec<RawRow>> {
    Ok(store.query_raw(sql, [since.into()]).await?)
}

fn text(row: &RawRow, name: &str) -> String {
    row.get(name).and_then(JsonValue::as_str).unwrap_or_default().to_owned()
}

fn number(row: &RawRow, name: &str) -> String {
    match row.get(name).and_then(JsonValue::as_f64) {
        Some(number) if number > 0.0 => grouped(number as u64),
        _ => String::new(),
    }
}

fn time(row: &RawRow, name: &str) -> String {
    let time = row.get(name).and_then(JsonValue::as_f64).filter(|time| *time > 0.0);
    time.map(moment::took).unwrap_or_default()
}

fn days(rows: &[RawRow]) -> Table {
    totals(Column::text("DAY"), rows, |row| text(row, "day"))
}

fn projects(rows: &[RawRow]) -> Table {
    totals(Column::long("PROJECT"), rows, |row| {
        let project = Some(text(row, "project")).filter(|project| !project.is_empty());
        project.unwrap_or_else(|| "(none)".to_owned())
    })
}

/// What was done in each group of sessions, which the first column names.
fn totals(name: Column, rows: &[RawRow], name_of: fn(&RawRow) -> String) -> Table {
    let mut table = Table::new([
        name,
        Column::number("SESSIONS"),
        Column::number("PROMPTS"),
        Column::number("CALLS"),
        Column::number("FAILED"),
        Column::number("TIME IN TOOLS"),
    ]);
    for row in rows {
        table.row([
            name_of(row).into(),
            number(row, "sessions").into(),
            number(row, "prompts").into(),
            number(row, "calls").into(),
            Cell::painted(number(row, "failures"), Paint::Red),
            time(row, "time").into(),
        ]);
    }
    table
}

fn tools(rows: &[RawRow]) -> Table {
    let mut table = Table::new([
        Column::long("TOOL"),
        Column::number("CALLS"),
        Column::number("FAILED"),
        Column::number("REFUSED"),
        Column::number("INTERRUPTED"),
        Column::number("TIME"),
        Column::number("AVERAGE"),
        Column::number("LONGEST"),
    ]);
    for row in rows {
        table.row([
            text(row, "tool").into(),
            number(row, "calls").into(),
            Cell::painted(number(row, "failures"), Paint::Red),
            number(row, "refused").into(),
            number(row, "interrupted").into(),
            time(row, "time").into(),
            time(row, "average").into(),
            time(row, "longest").into(),
        ]);
    }
    table
}

fn models(usage: &Usage, titled: &dyn Fn(&str, &Table) -> String) -> String {
    let mut out = String::new();
    if !usage.models.is_empty() {
        let mut table = Table::new([
            Column::long("MODEL"),
            Column::number("INPUT"),
            Column::number("CACHE READ"),
            Column::number("CACHE WRITTEN"),
            Column::number("OUTPUT"),
            Column::number("COST"),
        ]);
        for (model, tokens) in &usage.models {
            let cost = prices::cost(model, tokens);
            let some = |count: u64| if count == 0 { String::new() } else { grouped(count) };
            table.row([
                model.clone().into(),
                some(tokens.input).into(),
                some(tokens.cache_read).into(),
                some(tokens.cache_written).into(),
                some(tokens.output).into(),
                cost.map_or_else(|| "?".to_owned(), |cost| format!("${cost:.2}")).into(),
            ]);
        }
        out += &titled("Tokens by model", &table);
        output::add(
            &mut out,
            format_args!(
                "Of {}. The cost is by the list prices of {}, where they are known.\n",
                plural(usage.read, "transcript", "transcripts"),
                prices::AS_OF
            ),
        );
    }
    if usage.missing > 0 {
        let are = plural(usage.missing, "transcript is", "transcripts are");
        output::add(
            &mut out,
            format_args!(
                "{are} not there any more, or on another machine: their tokens are not counted.\n"
            ),
        );
    }
    out
}

fn to_json(counts: &Counts, usage: &Usage) -> JsonValue {
    let models = usage.models.iter().map(|(model, tokens)| {
        json!({
            "model": model,
            "input": tokens.input,
            "cache_read": tokens.cache_read,
            "cache_written": tokens.cache_written,
            "output": tokens.output,
            "dollars": prices::cost(model, tokens),
        })
    });
    json!({
        "days": counts.days,
        "projects": counts.projects,
        "tools": counts.tools,
        "models": models.collect::<Vec<_>>(),
        "prices_as_of": prices::AS_OF,
        "transcripts": { "read": usage.read, "missing": usage.missing },
    })
}

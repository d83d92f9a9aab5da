//! `chronicle letters`: writes that the server refused.

use crate::cli::{Globals, LetterChoiceArgs, LetterFilterArgs, LettersArgs, LettersCommand};
use crate::config::Config;
use crate::database::{self, Sends};
use crate::error::{Error, Result};
use crate::output::{self, Paint, Screen, plural};
use crate::table::{Cell, Column, Table};
use chronicle::Store;
use chronicle::failover::{DeadLetter, DeadLetterReason, Failover, LetterFilter};
use serde_json::{Value, json};

/// How many are listed.
const MOST: u32 = 1_000;

pub(crate) async fn run(globals: &Globals, args: LettersArgs) -> Result<()> {
    let command = args.command.unwrap_or_else(|| LettersCommand::List(LetterFilterArgs::default()));
    let config = Config::load(globals)?;
    if database::has_no_server(&config).await? {
        return match command {
            LettersCommand::List(filter) => chosen(&filter).and_then(|_| list(globals, &[])),
            LettersCommand::Show { id } => Err(none(id)),
            LettersCommand::Retry(choice) | LettersCommand::Drop(choice) => {
                match one_or_all(&choice)? {
                    Some(id) => Err(none(id)),
                    None => Err(Error::Refused(
                        "no server is configured that could refuse a write".to_owned(),
                    )),
                }
            }
        };
    }
    let sends = match command {
        LettersCommand::Retry(_) => Sends::Waiting,
        LettersCommand::List(_) | LettersCommand::Show { .. } | LettersCommand::Drop(_) => {
            Sends::Nothing
        }
    };
    let pair = database::pair(&config, sends).await?;
    let done = answer(globals, &pair, command).await;
    Store::from(&pair).close().await?;
    done
}

async fn answer(globals: &Globals, pair: &Failover, command: LettersCommand) -> Result<()> {
    match command {
        LettersCommand::List(filter) => {
            list(globals, &pair.find_letters(chosen(&filter)?, MOST).await?)
        }
        LettersCommand::Show { id } => {
            let letter = pair.dead_letter(id).await?;
            output::json(&letter.as_ref().map(to_json).ok_or_else(|| none(id))?)
        }
        LettersCommand::Retry(choice) => {
            let count = match one_or_all(&choice)? {
                Some(id) => pair.retry(id).await.map(|()| 1)?,
                None => pair.retry_letters(chosen(&choice.filter)?).await?,
            };
            tell(globals, count, "goes again", "go again")
        }
        LettersCommand::Drop(choice) => {
            let count = match one_or_all(&choice)? {
                Some(id) => pair.drop_letter(id).await?,
                None => pair.drop_letters(chosen(&choice.filter)?).await?,
            };
            tell(globals, count, "is forgotten", "are forgotten")
        }
    }
}

fn tell(globals: &Globals, count: u64, one: &str, many: &str) -> Result<()> {
    if globals.json {
        return output::json(&json!({ "writes": count }));
    }
    let (one, many) = (format!("write {one}"), format!("writes {many}"));
    output::text(&format!("{}\n", plural(count, &one, &many)))
}

/// One by its number; or those of a filter, which has to say something.
fn one_or_all(choice: &LetterChoiceArgs) -> Result<Option<i64>> {
    let has_filter = choice.filter.table.is_some() || choice.filter.reason.is_some();
    match (choice.id, has_filter) {
        (Some(_), true) => {
            Err(Error::Refused("give a number, or --table and --reason; not both".to_owned()))
        }
        (None, false) => Err(Error::Refused(
            "which? Give a number, or --table or --reason for all of them".to_owned(),
        )),
        (id, _) => Ok(id),
    }
}

fn chosen(args: &LetterFilterArgs) -> Result<LetterFilter> {
    let mut filter = LetterFilter::all();
    if let Some(table) = &args.table {
        filter = filter.table(table);
    }
    if let Some(name) = &args.reason {
        let reason = name.parse::<DeadLetterReason>();
        filter = filter.reason(reason.map_err(|error| Error::Refused(error.message().to_owned()))?);
    }
    Ok(filter)
}

fn none(id: i64) -> Error {
    Error::Refused(format!("no letter has the number {id}: `chronicle letters list` has them all"))
}

fn list(globals: &Globals, letters: &[DeadLetter]) -> Result<()> {
    if globals.json {
        return output::json(&letters.iter().map(to_json).collect::<Vec<_>>());
    }
    if letters.is_empty() {
        return output::text(&"the server has refused nothing\n");
    }
    let mut table = Table::new([
        Column::number("NUMBER"),
        Column::text("TABLE"),
        Column::text("WRITE"),
        Column::text("REASON"),
        Column::number("HOLDS"),
        Column::text("CODE"),
        Column::long("THE SERVER SAYS"),
    ]);
    for letter in letters {
        let holds = Some(letter.holds).filter(|holds| *holds > 0);
        table.row([
            letter.id.to_string().into(),
            letter.table.clone().into(),
            letter.operation.clone().into(),
            Cell::painted(letter.reason.name(), Paint::Red),
            holds.map(|holds| holds.to_string()).unwrap_or_default().into(),
            letter.code.clone().unwrap_or_default().into(),
            letter.message.clone().into(),
        ]);
    }
    output::text(&table.render(Screen::of(globals)))
}

fn to_json(letter: &DeadLetter) -> Value {
    json!({
        "id": letter.id,
        "table": letter.table,
        "key": letter.key,
        "operation": letter.operation,
        "values": letter.values,
        "reason": letter.reason.name(),
        "code": letter.code,
        "message": letter.message,
        "may_be_applied": letter.may_be_applied,
        "holds": letter.holds,
    })
}

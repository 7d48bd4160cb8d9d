//! `fonds runs`: what wrote to an archive, when, and how it ended.

use clap::{Args, Subcommand};
use fonds::archive::id::RunId;
use fonds::archive::runs::{Run, RunOutcome};
use fonds::jobs;
use fonds::model::log::{Level, Numbered};

use crate::cli::error::Error;
use crate::cli::exit::Exit;
use crate::cli::session::{Session, complain};
use crate::cli::table::{Column, Table};
use crate::cli::{format, view};

/// List what wrote to the archive, and how it ended
#[derive(Debug, Args)]
pub struct Runs {
    #[command(subcommand)]
    command: Option<RunsCommand>,
}

#[derive(Debug, Subcommand)]
enum RunsCommand {
    /// Show one run with its log
    Show { id: RunId },
}

impl Runs {
    pub fn run(self, session: &mut Session) -> Result<Exit, Error> {
        match self.command {
            None => list(session),
            Some(RunsCommand::Show { id }) => show(id, session),
        }
    }
}

fn list(session: &mut Session) -> Result<Exit, Error> {
    let mut exit = Exit::DONE;
    let mut table = Table::new([
        Column::Right("id"),
        Column::Left("started"),
        Column::Right("took"),
        Column::Left("command"),
        Column::Left("outcome"),
    ]);
    session.out.list("runs")?;
    for run in jobs::runs(&session.archive)? {
        match run {
            Ok(run) => {
                session.out.item(|| view::run(&run))?;
                table.row([
                    run.id.to_string(),
                    format::time(run.started),
                    took(&run),
                    run.command.clone(),
                    outcome(&run.outcome),
                ]);
            }
            Err(error) => exit = complain(&error.into()),
        }
    }
    session.out.print(|out| table.print(out))?;
    Ok(exit)
}

fn show(id: RunId, session: &mut Session) -> Result<Exit, Error> {
    let run = jobs::run(&session.archive, id)?;
    session.out.member("run", &view::run(&run))?;
    session.out.list("log")?;
    let facts = [
        ("command", run.command.clone()),
        ("started", format!("{} by process {} on {}", format::time(run.started), run.process, run.host)),
        ("took", took(&run)),
        ("outcome", outcome(&run.outcome)),
    ];
    session.out.line(format_args!("run {id}"))?;
    for (key, value) in facts {
        session.out.line(format_args!("  {key:<8} {}", format::printable(&value)))?;
    }
    let archive = session.archive.clone();
    jobs::run_log(&archive, id, |Numbered { line, .. }| {
        session.out.item(|| view::line(&line))?;
        let text = format::printable(&line.text);
        let time = if line.at == 0 { String::new() } else { format!("{}  ", format::time(line.at)) };
        match line.level {
            Level::Info => session.out.line(format_args!("{time}{text}"))?,
            level => session.out.line(format_args!("{time}{}: {text}", level.name()))?,
        }
        Ok::<(), Error>(())
    })?;
    Ok(Exit::DONE)
}

fn took(run: &Run) -> String {
    run.ended.map_or_else(String::new, |ended| format::duration(ended.saturating_sub(run.started)))
}

fn outcome(outcome: &RunOutcome) -> String {
    match outcome {
        RunOutcome::Running => "running".to_owned(),
        RunOutcome::Interrupted => "interrupted".to_owned(),
        RunOutcome::Done { snapshot: None } => "done".to_owned(),
        RunOutcome::Done { snapshot: Some(number) } => format!("done: snapshot {number}"),
        RunOutcome::Failed { why } => format!("failed: {why}"),
        RunOutcome::Cancelled => "cancelled".to_owned(),
        RunOutcome::Aside { snapshot, count } => {
            let done = self::outcome(&RunOutcome::Done { snapshot: *snapshot });
            format!("{done}, {} set aside", format::number(*count))
        }
        RunOutcome::Incomplete { why } => format!("incomplete: {why}"),
        RunOutcome::Different { count } => format::count(*count, "difference", "differences"),
    }
}

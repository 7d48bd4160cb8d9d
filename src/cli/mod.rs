//! The command line: reads what is asked for, runs one verb, and tells how it ended. Results go to stdout, all else to
//! stderr; a verb asks the library and words the answer, and decides nothing itself.

mod arguments;
mod error;
mod exit;
mod judgement;

mod format;
mod table;
mod view;

mod confirm;
mod connection;
mod console;
mod log;
mod output;
mod progress;
mod session;
mod signals;
mod spelling;
mod stderr;

mod backup;
mod cat;
mod check;
mod completions;
mod copy;
mod demo;
mod diff;
mod export;
mod find;
mod forget;
mod history;
mod import;
mod instance;
mod list;
mod man;
mod prune;
mod rehearse;
mod rename;
mod restore;
mod runs;
mod salvage;
mod serve;
mod show;
mod stats;
mod tag;
mod verify;

#[cfg(test)]
mod page_lines;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::ExitCode;

use clap::Parser as _;

use crate::cli::arguments::Arguments;
use crate::cli::error::Error;
use crate::cli::exit::Exit;
use crate::cli::output::Output;
use crate::cli::session::Session;

/// Does what the command line asks for. Whatever happens ends here, panics too: as a text, a hint and an exit code.
pub fn run() -> ExitCode {
    let arguments = match Arguments::try_parse_from(spelling::adopted(std::env::args_os())) {
        Ok(arguments) => arguments,
        Err(error) => return misused(&error).into(),
    };
    let prepared = log::start(&arguments.global).and_then(|()| signals::install().map_err(Error::from));
    let mut session = Session::new(arguments.global);
    let ended = prepared.and_then(|()| {
        let run = catch_unwind(AssertUnwindSafe(|| arguments.command.run(&mut session)));
        run.unwrap_or(Err(Error::Panicked))
    });
    session.end(ended).into()
}

/// Tells what is wrong with the command line, or gives the help that was asked for.
fn misused(error: &clap::Error) -> Exit {
    // Where it cannot be printed there is nobody to be told.
    let _ = error.print();
    if error.exit_code() == 0 {
        return Exit::DONE;
    }
    if std::env::args_os().any(|argument| argument == "--json") {
        let text = error.to_string();
        let first = text.lines().next().unwrap_or_default().trim_start_matches("error: ").to_owned();
        let _ = Output::json().fail(&first, "\"fonds --help\" tells what there is", Exit::USAGE);
    }
    Exit::USAGE
}

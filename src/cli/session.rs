//! One execution of the program: where the archive is, where results go, who watches, and how it ends.

use std::io::{self, ErrorKind};
use std::path::PathBuf;
use std::sync::Arc;

use fonds::jobs;
use fonds::model::event::Observer;

use crate::cli::arguments::Global;
use crate::cli::console::Console;
use crate::cli::error::Error;
use crate::cli::exit::Exit;
use crate::cli::judgement::judge;
use crate::cli::output::Output;
use crate::cli::progress::Progress;
use crate::cli::signals;
use crate::cli::stderr::{self, Label};

pub struct Session {
    pub archive: PathBuf,
    pub out: Output,
    pub is_quiet: bool,
    pub is_verbose: bool,
    pub is_network_logged: bool,
    console: Arc<Console>,
}

impl Session {
    pub fn new(global: Global) -> Self {
        let is_plain = global.json || global.quiet || global.verbose || global.no_progress;
        let progress = if is_plain { None } else { Progress::on_terminal() };
        Self {
            archive: global.archive,
            out: if global.json { Output::json() } else { Output::text() },
            is_quiet: global.quiet,
            is_verbose: global.verbose,
            is_network_logged: global.log_network,
            console: Arc::new(Console::new(progress, global.quiet)),
        }
    }

    /// Who hears of what happens.
    pub fn observer(&self) -> Arc<dyn Observer + Send + Sync> {
        self.console.clone()
    }

    /// Runs a job, watched, so that Ctrl-C ends it in order.
    pub fn work<T>(
        &self,
        job: impl FnOnce(&Arc<dyn Observer + Send + Sync>) -> Result<T, jobs::Error>,
    ) -> Result<T, Error> {
        let observer: Arc<dyn Observer + Send + Sync> = self.console.clone();
        signals::interruptible(|| Ok(job(&observer)?))
    }

    /// Tells how it ended.
    pub fn end(mut self, ended: Result<Exit, Error>) -> Exit {
        let warnings = self.console.close();
        let warned = if warnings.is_empty() { Ok(()) } else { self.out.member("warnings", &warnings.into()) };
        let told = match &ended {
            Ok(exit) => warned.and_then(|()| self.out.finish(*exit)),
            Err(Error::Output(_)) => Ok(()),
            Err(error) => {
                let (exit, hint) = judge(error);
                warned.and_then(|()| self.out.fail(&jobs::chain(error), hint, exit))
            }
        };
        match ended.and_then(|exit| told.map(|()| exit).map_err(Error::from)) {
            Ok(exit) => exit,
            // Who reads the results wants no more of them.
            Err(Error::Output(error)) if error.kind() == ErrorKind::BrokenPipe => Exit::DONE,
            Err(error) => {
                let exit = complain(&error);
                stderr::say(Label::Hint, judge(&error).1);
                exit
            }
        }
    }

    /// A line that says what was done, if it is wanted.
    pub fn summary(&mut self, line: &str) -> io::Result<()> {
        tracing::info!("{line}");
        if self.is_quiet { Ok(()) } else { self.out.line(format_args!("{line}")) }
    }
}

/// Tells of a failure, which need not be the end.
pub fn complain(error: &Error) -> Exit {
    let text = jobs::chain(error);
    tracing::error!("{text}");
    stderr::say(Label::Error, &text);
    judge(error).0
}

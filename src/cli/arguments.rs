//! What can be asked for. The flags of a verb stand in its own file.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

use crate::cli::error::Error;
use crate::cli::exit::Exit;
use crate::cli::session::Session;
use crate::cli::{
    backup, cat, check, completions, copy, demo, diff, export, find, forget, history, import, instance, list, man,
    prune, rehearse, rename, restore, runs, salvage, serve, show, stats, tag, verify,
};

const AFTER_HELP: &str = "\
SNAPSHOT is a number (12), a backup name (museum: its newest snapshot), or a
name and how many to go back (museum~1: the one before the newest).

Results go to stdout, everything else to stderr. With --json every command
prints one JSON object on stdout, whether it succeeds or fails. Its last member
is \"exit\"; a failure has \"error\" and \"hint\" before that. Only cat,
completions and man print what they always print.

Exit codes:
  0    done
  1    failed, or check found something; what was kept before is kept
  2    wrong usage or input; nothing was touched
  3    a passing cause, such as a busy archive or a full disk: run it again
  4    finished, but something that was asked for is missing
  5    verify found something missing or different
  6    refused, for something is in the way: nothing was touched
  7    the instance does not let the login in, or does not allow what is asked for
  130  interrupted: the same command continues";

/// Keeps every backup of a fylr or easydb5 instance in one deduplicating file and gives any of them back.
#[derive(Debug, Parser)]
#[command(name = "fonds", version, max_term_width = 120, after_long_help = AFTER_HELP)]
pub struct Arguments {
    #[command(flatten)]
    pub global: Global,
    #[command(subcommand)]
    pub command: Command,
}

#[derive(Debug, Clone, Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of its own")]
#[command(next_help_heading = "Everywhere")]
pub struct Global {
    /// The archive file
    #[arg(long, global = true, env = "FONDS_ARCHIVE", default_value = "fonds.redb", value_name = "PATH")]
    pub archive: PathBuf,
    /// Print one JSON object instead of text
    #[arg(long, global = true)]
    pub json: bool,
    /// Print no progress and no summary, only what was asked for, warnings and errors
    #[arg(long, short, global = true, conflicts_with = "verbose")]
    pub quiet: bool,
    /// Print details
    #[arg(long, short, global = true)]
    pub verbose: bool,
    /// Append a detailed log to FILE
    #[arg(long, global = true, value_name = "FILE")]
    pub log: Option<PathBuf>,
    /// Log every request and every answer as details, with secrets masked
    #[arg(long, short = 'n', global = true)]
    pub log_network: bool,
    /// Show no progress; without a terminal there is none anyway
    #[arg(long, global = true)]
    pub no_progress: bool,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    Backup(Box<backup::Backup>),
    Import(import::Import),
    Export(export::Export),
    List(list::List),
    Show(show::Show),
    Cat(cat::Cat),
    Check(check::Check),
    Diff(diff::Diff),
    Find(find::Find),
    History(history::History),
    Forget(forget::Forget),
    Prune(prune::Prune),
    Tag(tag::Tag),
    Rename(rename::Rename),
    Rehearse(Box<rehearse::Rehearse>),
    Restore(Box<restore::Restore>),
    Copy(copy::Copy),
    Salvage(salvage::Salvage),
    /// Show sizes, and what deduplication and compression saved
    Stats,
    Verify(Box<verify::Verify>),
    Runs(runs::Runs),
    Instance(instance::Instance),
    Serve(serve::Serve),
    /// Show all of it on a made-up museum, in a temporary directory
    ///
    /// A made-up museum has a fylr inside this program. It is backed up on two days; what the second backup cost is shown;
    /// two more instances get it; both are read back and compared. The exit code is 0 if everything arrived. Nothing is
    /// left behind.
    Demo,
    Completions(completions::Completions),
    Man(man::Man),
}

impl Command {
    pub fn run(self, session: &mut Session) -> Result<Exit, Error> {
        match self {
            Self::Backup(verb) => verb.run(session),
            Self::Import(verb) => verb.run(session),
            Self::Export(verb) => verb.run(session),
            Self::List(verb) => verb.run(session),
            Self::Show(verb) => verb.run(session),
            Self::Cat(verb) => verb.run(session),
            Self::Check(verb) => verb.run(session),
            Self::Diff(verb) => verb.run(session),
            Self::Find(verb) => verb.run(session),
            Self::History(verb) => verb.run(session),
            Self::Forget(verb) => verb.run(session),
            Self::Prune(verb) => verb.run(session),
            Self::Tag(verb) => verb.run(session),
            Self::Rename(verb) => verb.run(session),
            Self::Rehearse(verb) => verb.run(session),
            Self::Restore(verb) => verb.run(session),
            Self::Copy(verb) => verb.run(session),
            Self::Salvage(verb) => verb.run(session),
            Self::Stats => stats::run(session),
            Self::Verify(verb) => verb.run(session),
            Self::Runs(verb) => verb.run(session),
            Self::Instance(verb) => verb.run(session),
            Self::Serve(verb) => verb.run(session),
            Self::Demo => demo::run(session),
            Self::Completions(verb) => verb.run(session),
            Self::Man(verb) => verb.run(session),
        }
    }
}

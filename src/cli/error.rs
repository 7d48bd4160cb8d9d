//! Why a command ended early.

use std::io;
use std::path::PathBuf;

use fonds::{archive, jobs, web};

use crate::cli::exit::Exit;

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error(transparent)]
    Job(#[from] jobs::Error),
    #[error(transparent)]
    Page(#[from] web::Error),
    #[error("cannot write the results")]
    Output(#[from] io::Error),
    #[error("cannot write the log {}", .path.display())]
    Log { path: PathBuf, source: io::Error },
    #[error("{} names something that cannot be made", .0.display())]
    Unmade(PathBuf),
    #[error("standard output is a terminal")]
    Terminal,
    #[error("standard input is a terminal")]
    Typed,
    #[error("with --json, standard output is taken")]
    Mixed,
    #[error("{}", .path.display())]
    Source { path: PathBuf, source: Box<Error> },
    #[error("{0}")]
    Connection(String),
    #[error("cannot read {}", .path.display())]
    Config { path: PathBuf, source: io::Error },
    #[error("there is no command {0}")]
    NoCommand(String),
    #[error("\"{pattern}\" is no regular expression: {why}")]
    Pattern { pattern: String, why: String },
    #[error("neither snapshots nor a policy that keeps any are named")]
    NothingToForget,
    #[error("cannot read the password from {}", .path.display())]
    Secret { path: PathBuf, source: io::Error },
    #[error("interrupted")]
    Interrupted(i32),
    #[error("the work ended unexpectedly")]
    Panicked,
    #[error("\"fonds {words}\" ended with exit code {}", .exit.0)]
    Step { words: String, exit: Exit },
    #[error("the demonstration failed in {}", .path.display())]
    Demo { path: PathBuf, source: io::Error },
}

impl From<archive::Error> for Error {
    fn from(error: archive::Error) -> Self {
        Self::Job(error.into())
    }
}

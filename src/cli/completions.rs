//! `fonds completions`: lets a shell complete commands and flags.

use clap::{Args, CommandFactory as _};
use clap_complete::Shell;

use crate::cli::arguments::Arguments;
use crate::cli::error::Error;
use crate::cli::exit::Exit;
use crate::cli::session::Session;

/// Print completions for a shell
#[derive(Debug, Args)]
pub struct Completions {
    shell: Shell,
}

impl Completions {
    pub fn run(self, session: &mut Session) -> Result<Exit, Error> {
        let mut script = Vec::new();
        clap_complete::generate(self.shell, &mut Arguments::command(), "fonds", &mut script);
        session.out.give(&script)?;
        Ok(Exit::DONE)
    }
}

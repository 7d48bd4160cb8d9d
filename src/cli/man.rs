//! `fonds man`: the manual page, of the program or of one command.

use clap::{Args, CommandFactory as _};

use crate::cli::arguments::Arguments;
use crate::cli::error::Error;
use crate::cli::exit::Exit;
use crate::cli::session::Session;

/// Print the manual page
///
/// To read it: fonds man | man -l -
#[derive(Debug, Args)]
pub struct Man {
    /// The page of this command
    command: Option<String>,
}

impl Man {
    pub fn run(self, session: &mut Session) -> Result<Exit, Error> {
        let mut whole = Arguments::command();
        whole.build();
        let command = match &self.command {
            None => &whole,
            Some(name) => whole.find_subcommand(name).ok_or_else(|| Error::NoCommand(name.clone()))?,
        };
        let mut page = Vec::new();
        clap_mangen::Man::new(command.clone()).render(&mut page)?;
        session.out.give(&page)?;
        Ok(Exit::DONE)
    }
}

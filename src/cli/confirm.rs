//! A question before something is destroyed. Only a person is asked: scripts have decided when they were written.

use std::io::{self, IsTerminal as _, Write as _};

use clap::Args;

/// Whether to ask.
#[derive(Debug, Clone, Copy, Args)]
pub struct Confirmation {
    /// Do not ask; without a terminal nobody is asked anyway
    #[arg(long, short)]
    yes: bool,
}

impl Confirmation {
    /// Asks a person at a terminal; everybody else agrees.
    pub fn get(self, question: &str) -> io::Result<bool> {
        if self.yes || !io::stdin().is_terminal() || !io::stderr().is_terminal() {
            return Ok(true);
        }
        write!(io::stderr(), "{question} [y/N] ")?;
        let mut answer = String::new();
        io::stdin().read_line(&mut answer)?;
        Ok(matches!(answer.trim().to_lowercase().as_str(), "y" | "yes" | "j" | "ja"))
    }
}

//! Everything on a target is deleted only after a person has typed its name.

use std::io::{self, IsTerminal as _, Write as _};

use fonds::jobs::restore::Plan;

use crate::cli::error::Error;
use crate::cli::format;
use crate::cli::stderr::{self, Label};

/// A person types the name of each host. Where there is none, nothing is deleted.
pub fn may_purge(plan: &Plan) -> Result<bool, Error> {
    for target in &plan.targets {
        if !io::stdin().is_terminal() || !io::stderr().is_terminal() {
            stderr::say(Label::Error, &format!("a purge of {} needs --yes where nobody can be asked", target.host));
            return Ok(false);
        }
        let count = target.contents.objecttypes.iter().filter_map(|(_, count)| *count).sum::<u64>();
        let records = format::count(count, "record", "records");
        write!(io::stderr(), "Everything on {} will be deleted ({records}). Type its host name: ", target.server)?;
        let mut answer = String::new();
        io::stdin().read_line(&mut answer)?;
        if answer.trim() != target.host {
            stderr::say(Label::Error, "that is another name: nothing was touched");
            return Ok(false);
        }
    }
    Ok(true)
}

//! `fonds demo`: the journey of a backup on a made-up museum. It has a fylr of its own inside this program; so have the
//! two that get the backup. Everything is in a temporary directory, and what is shown as typed is what runs.

mod museum;
mod place;

use std::path::Path;

use clap::Parser as _;
use fonds::rehearsal::Instance;
use serde_json::json;

use crate::cli::arguments::Arguments;
use crate::cli::demo::museum::{CHANGES, change, empty, museum};
use crate::cli::demo::place::Place;
use crate::cli::error::Error;
use crate::cli::exit::Exit;
use crate::cli::output::Output;
use crate::cli::session::Session;
use crate::cli::signals;

/// Both get the backup.
const TARGETS: [&str; 2] = ["test", "training"];
const BACKUP: &str =
    "backup --instance museum --name museum --all-versions --include-deleted --include-files with-versions";
const RESTORE: &str = "restore museum --target test --target training --file-api put --upload-versions --include-password --skip-constraints";

pub fn run(session: &mut Session) -> Result<Exit, Error> {
    if !session.out.is_json() {
        signals::interruptible(|| tell(session))?;
        return Ok(Exit::DONE);
    }
    let out = std::mem::replace(&mut session.out, Output::nowhere());
    let told = signals::interruptible(|| tell(session));
    session.out = out;
    told?;
    session.out.member("demo", &json!({ "snapshots": 2, "verified": TARGETS }))?;
    Ok(Exit::DONE)
}

/// Goes through it all, up to the first command that does not end well.
fn tell(session: &mut Session) -> Result<(), Error> {
    signals::begin();
    let place = Place::enter()?;
    Path::new("fonds.redb").clone_into(&mut session.archive);
    let museum = museum(&place)?;
    let targets = [empty(&place, TARGETS[0])?, empty(&place, TARGETS[1])?];
    introduce(&place, &museum, &targets, session)?;

    session.out.line(format_args!("Monday. The museum is backed up, with all versions and all files:\n"))?;
    type_in(BACKUP, session)?;

    session.out.line(format_args!("Tuesday. Somebody renames a keyword and adds another:\n"))?;
    session.out.line(format_args!("$ curl --json '{CHANGES}' {}/db/schlagwort\n", museum.api_url()))?;
    change(&museum)?;
    type_in(BACKUP, session)?;

    session.out.line(format_args!("Of the second backup only what is new was stored:\n"))?;
    type_in("diff museum~1 museum", session)?;
    type_in("list", session)?;

    session.out.line(format_args!("Both empty fylrs get it, side by side. First comes the plan:\n"))?;
    type_in(RESTORE, session)?;

    session.out.line(format_args!("Both are read back, and compared record by record, file by file:\n"))?;
    for target in TARGETS {
        type_in(&format!("verify museum --target {target} --upload-versions"), session)?;
    }
    session.out.line(format_args!("That is all: everything has arrived. Nothing of this is left behind."))?;
    Ok(())
}

fn introduce(place: &Place, museum: &Instance, targets: &[Instance; 2], session: &mut Session) -> Result<(), Error> {
    let out = &mut session.out;
    out.line(format_args!(
        "A made-up museum has a fylr, and two more that are empty. They run inside this program:\n"
    ))?;
    out.line(format_args!("$ fonds instance --load museum --name museum &       # {}", museum.url()))?;
    for (name, target) in TARGETS.iter().zip(targets) {
        let command = format!("$ fonds instance --name {name} &");
        out.line(format_args!("{command:<53}# {}", target.url()))?;
    }
    let profiles = place.profiles(&[("museum", museum), (TARGETS[0], &targets[0]), (TARGETS[1], &targets[1])])?;
    out.line(format_args!("$ cat fonds.toml\n{profiles}"))?;
    Ok(())
}

fn type_in(words: &str, session: &mut Session) -> Result<(), Error> {
    session.out.line(format_args!("$ fonds {words}"))?;
    let line = std::iter::once("fonds").chain(words.split(' '));
    let arguments = Arguments::try_parse_from(line).map_err(|_| Error::NoCommand(words.to_owned()))?;
    match arguments.command.run(session)? {
        Exit::DONE => Ok(session.out.line(format_args!(""))?),
        exit => Err(Error::Step { words: words.to_owned(), exit }),
    }
}

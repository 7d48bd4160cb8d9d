//! `fonds rehearse`: would it go in? A restore into an instance in this process, and what it would refuse.

use std::path::PathBuf;

use clap::Args;
use fonds::archive::SnapshotName;
use fonds::jobs::restore::RestoreFrom;
use fonds::jobs::verify::{Form, write_report};
use fonds::jobs::{self, Rehearsed};
use fonds::rehearsal::Release;
use serde_json::json;

use crate::cli::error::Error;
use crate::cli::exit::Exit;
use crate::cli::format;
use crate::cli::restore::{Writing, refuse, tell_plan};
use crate::cli::session::Session;
use crate::cli::verify;

/// Restore to an instance inside this program, and say what a real one would refuse
///
/// The instance is as strict as fylr is documented. It is empty, and gone when the command ends; no server is touched. The
/// exit code is 4 when something was set aside, 5 when something is missing or different that nothing explains.
#[derive(Debug, Args)]
pub struct Rehearse {
    /// What to restore
    #[arg(value_name = "SNAPSHOT", required_unless_present = "manifest", conflicts_with = "manifest")]
    snapshot: Option<SnapshotName>,
    /// Rehearse with a plain directory instead: its manifest.json, or the directory
    #[arg(long, short, value_name = "FILE")]
    manifest: Option<PathBuf>,
    /// The release that the target will have
    #[arg(long, value_name = "VERSION", default_value_t = Release::FYLR)]
    release: Release,
    #[command(flatten)]
    writing: Writing,
    /// Write a report of what arrived: .html, .json or .csv
    #[arg(long, value_name = "FILE", value_parser = verify::report)]
    report: Option<PathBuf>,
}

impl Rehearse {
    pub fn run(self, session: &mut Session) -> Result<Exit, Error> {
        let from = match (&self.snapshot, &self.manifest) {
            (Some(snapshot), _) => RestoreFrom::Snapshot(snapshot.clone()),
            (None, path) => RestoreFrom::Directory(path.clone().unwrap_or_default()),
        };
        let job = jobs::Rehearse { restore: self.writing.job(from, Vec::new(), 1), release: self.release };
        let Rehearsed { plan, restored, verified } = session.work(|observer| job.run(&session.archive, observer))?;
        if !session.is_quiet {
            tell_plan(&plan, session)?;
        }
        let (Some(restored), Some(verified)) = (restored, verified) else {
            refuse(&plan);
            return Ok(Exit::REFUSED);
        };
        let aside: Vec<_> =
            restored.aside.iter().map(|aside| json!({ "what": aside.what, "why": aside.why })).collect();
        session.out.member("set_aside", &aside.into())?;
        for aside in &restored.aside {
            session.out.line(format_args!(
                "refused  {}: {}",
                format::printable(&aside.what),
                format::printable(&aside.why)
            ))?;
        }
        if let Some(path) = &self.report
            && let Some(form) = Form::of(path)
        {
            write_report(&verified, form, path)?;
        }
        let told = verify::tell(&verified, session)?;
        // What was refused is missing, too: it counts as refused.
        let is_explained = verified.difference_count <= restored.aside_count;
        Ok(if restored.aside_count > 0 && is_explained { Exit::INCOMPLETE } else { told })
    }
}

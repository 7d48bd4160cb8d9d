//! `fonds restore`: a backup is written to one or many instances.

mod outcome;
mod plan;
mod purge;
mod writing;

use std::fs::File;
use std::io::{BufWriter, Write as _};
use std::path::{Path, PathBuf};

use clap::Args;
use fonds::archive::SnapshotName;
use fonds::jobs::restore::{Planned, Restore as Job, RestoreFrom, RestoreStart, Target, id_map};

use crate::cli::connection::Connection;
use crate::cli::error::Error;
use crate::cli::exit::Exit;
use crate::cli::restore::outcome::tell;
use crate::cli::restore::plan::view_plan;
use crate::cli::restore::purge::may_purge;
use crate::cli::session::Session;

pub use plan::{refuse, tell_plan};
pub use writing::Writing;

/// Write a backup to one or many instances of fylr
///
/// First everything is looked at and the plan is printed: what would be deleted, what goes where, what this version of the
/// target cannot take, what the backup lacks. --dry-run ends there. What speaks against it ends it with exit code 6.
///
/// What a target has got is noted in the archive, so that --continue goes on where anything has ended a restore. What a
/// target refuses is set aside with its own words, and the rest goes in; --retry-failed tries only that again, and files
/// that did not come. A record that went in without its file gets it as its next version, as the API knows no other way.
#[derive(Debug, Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of its own")]
pub struct Restore {
    /// What to restore
    #[arg(value_name = "SNAPSHOT", required_unless_present = "manifest", conflicts_with = "manifest")]
    snapshot: Option<SnapshotName>,
    /// Restore a plain directory instead: its manifest.json, or the directory
    #[arg(long, short, value_name = "FILE")]
    manifest: Option<PathBuf>,
    /// An instance of fonds.toml to write to; several are written side by side
    #[arg(long, value_name = "NAME", conflicts_with_all = ["server", "instance"])]
    target: Vec<String>,
    #[command(flatten)]
    connection: Connection,
    #[command(flatten)]
    writing: Writing,
    /// Delete everything on the target before; asks for its host name
    #[arg(long, conflicts_with_all = ["continue_", "retry_failed"])]
    purge: bool,
    /// Go on with an earlier restore of this backup
    #[arg(long = "continue", conflicts_with_all = ["base_config", "datamodel"])]
    continue_: bool,
    /// Try only what earlier restores have set aside
    #[arg(long, conflicts_with = "continue_")]
    retry_failed: bool,
    /// Do not ask before a purge
    #[arg(long, short)]
    yes: bool,
    /// Restore to the instance that the backup was made of, too, and to one that seems to lack plugins
    #[arg(long)]
    force: bool,
    /// Print the plan and end; with =server the target also looks at every record, and keeps none
    #[arg(long, value_name = "HOW", num_args = 0..=1, require_equals = true, default_missing_value = "plan", value_parser = ["plan", "server"])]
    dry_run: Option<String>,
    /// Write which ids of the target stand for which of the source
    #[arg(long, value_name = "FILE.csv")]
    export_id_map: Option<PathBuf>,
}

impl Restore {
    pub fn run(self, session: &mut Session) -> Result<Exit, Error> {
        let job = self.job(session)?;
        let is_plan_only = self.dry_run.as_deref() == Some("plan");
        let planned = session.work(|observer| job.plan(&session.archive, observer))?;
        session.out.member("plan", &view_plan(&planned.plan))?;
        if is_plan_only || !session.is_quiet {
            tell_plan(&planned.plan, session)?;
        }
        if planned.plan.is_refused() {
            refuse(&planned.plan);
            return Ok(Exit::REFUSED);
        }
        if is_plan_only {
            return Ok(Exit::DONE);
        }
        if self.purge && self.dry_run.is_none() && !self.yes && !may_purge(&planned.plan)? {
            return Ok(Exit::REFUSED);
        }
        execute(planned, self.export_id_map.as_deref(), session)
    }

    /// The job that these flags ask for.
    pub(in crate::cli) fn job(&self, session: &Session) -> Result<Job, Error> {
        let from = match (&self.snapshot, &self.manifest) {
            (Some(snapshot), _) => RestoreFrom::Snapshot(snapshot.clone()),
            (None, Some(path)) => RestoreFrom::Directory(path.clone()),
            (None, None) => return Err(Error::NoCommand("restore of nothing".to_owned())),
        };
        let start = match (self.purge, self.continue_) {
            (true, _) => RestoreStart::Purge,
            (_, true) => RestoreStart::Continue,
            _ => RestoreStart::New,
        };
        let mut job = self.writing.job(from, self.targets(session.is_network_logged)?, self.workers());
        job.start = start;
        job.only_aside = self.retry_failed;
        job.is_forced = self.force;
        job.write.is_dry_run = self.dry_run.as_deref() == Some("server");
        Ok(job)
    }

    /// The instances to write to.
    fn targets(&self, is_logged: bool) -> Result<Vec<Target>, Error> {
        let uploads = self.writing.uploads();
        let options = |name: Option<&String>| -> Result<Target, Error> {
            let mut connection = self.connection.options_of(name, is_logged)?;
            connection.workers = self.workers() + uploads;
            let name = name.or(self.connection.instance.as_ref()).cloned();
            Ok(Target { name: name.unwrap_or_else(|| connection.server.host().to_owned()), connection })
        };
        if self.target.is_empty() {
            return Ok(vec![options(None)?]);
        }
        self.target.iter().map(|name| options(Some(name))).collect()
    }

    fn workers(&self) -> usize {
        match self.connection.max_parallel {
            None => 1,
            Some(_) => self.connection.workers(),
        }
    }
}

fn execute(planned: Planned, map: Option<&Path>, session: &mut Session) -> Result<Exit, Error> {
    let outcomes = session.work(|observer| planned.run(observer))?;
    if let Some(path) = map {
        let failed = |source| Error::Config { path: path.to_owned(), source };
        let mut file = BufWriter::new(File::create(path).map_err(failed)?);
        file.write_all(b"target,kind,source,target_id\n").map_err(failed)?;
        for outcome in outcomes.iter().filter(|outcome| outcome.ended.is_ok()) {
            id_map(&session.archive, &outcome.server, &outcome.target, &mut file)?;
        }
        file.flush().map_err(failed)?;
    }
    tell(outcomes, session)
}

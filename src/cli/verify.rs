//! `fonds verify`: a target is read back and compared with a backup.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use fonds::archive::SnapshotName;
use fonds::fylr::target::Renames;
use fonds::jobs::restore::RestoreFrom;
use fonds::jobs::verify::{FILES_PATIENCE, Form, Verified, Verify as Job, write_report};
use serde_json::json;

use crate::cli::connection::Connection;
use crate::cli::error::Error;
use crate::cli::exit::Exit;
use crate::cli::format;
use crate::cli::session::Session;
use crate::cli::table::{Column, Table};

/// Differences that are printed; a report has more.
const SHOWN: usize = 20;

/// Compare an instance with a backup, record by record, file by file
///
/// The instance is read as for a backup. What a restore changes on purpose makes no difference; the rules for that stand
/// in every report, and what a restore of this archive left behind, as it was told to, is not missed. The exit code is 5
/// when something is missing or different that no rule explains, and 3 when files are still to come.
#[derive(Debug, Args)]
pub struct Verify {
    /// What should be there
    #[arg(value_name = "SNAPSHOT", required_unless_present = "manifest", conflicts_with = "manifest")]
    snapshot: Option<SnapshotName>,
    /// Compare with a plain directory instead: its manifest.json, or the directory
    #[arg(long, short, value_name = "FILE")]
    manifest: Option<PathBuf>,
    /// The instance of fonds.toml that is compared
    #[arg(long, value_name = "NAME", conflicts_with_all = ["server", "instance"])]
    target: Option<String>,
    #[command(flatten)]
    connection: Connection,
    /// Do not compare files, as they did not come along
    #[arg(long)]
    without_files: bool,
    /// Compare renditions, too, as they came along
    #[arg(long, alias = "link-versions", conflicts_with = "without_files")]
    upload_versions: bool,
    /// The new names that renditions have got: video.1920p:1080p,image.small:
    #[arg(long, value_name = "LIST", default_value = "")]
    rename_versions: Renames,
    /// Do not compare events, as they did not come along
    #[arg(long)]
    without_events: bool,
    /// How long to wait for the next file that the instance fetches by itself
    #[arg(long, value_name = "SECONDS", default_value_t = FILES_PATIENCE.as_secs())]
    wait_files: u64,
    /// Write a report: .html, .json or .csv
    #[arg(long, value_name = "FILE", value_parser = report)]
    report: Option<PathBuf>,
}

pub fn report(text: &str) -> Result<PathBuf, String> {
    let path = PathBuf::from(text);
    if Form::of(&path).is_some() { Ok(path) } else { Err("its name ends with .html, .json or .csv".to_owned()) }
}

impl Verify {
    pub fn run(self, session: &mut Session) -> Result<Exit, Error> {
        let from = match (self.snapshot, self.manifest) {
            (Some(snapshot), _) => RestoreFrom::Snapshot(snapshot),
            (None, path) => RestoreFrom::Directory(path.unwrap_or_default()),
        };
        let connection = self.connection.options_of(self.target.as_ref(), session.is_network_logged)?;
        let job = Job {
            from,
            connection,
            without_files: self.without_files,
            renditions: self.upload_versions.then_some(self.rename_versions),
            without_events: self.without_events,
        };
        let patience = Duration::from_secs(self.wait_files);
        let verified = session.work(|observer| job.run_knowing(&session.archive, None, patience, observer))?;
        if let Some(path) = &self.report
            && let Some(form) = Form::of(path)
        {
            write_report(&verified, form, path)?;
        }
        tell(&verified, session)
    }
}

/// Says what was found; the exit code is 5 if it is anything, and 3 if files are still to come.
pub fn tell(verified: &Verified, session: &mut Session) -> Result<Exit, Error> {
    let counts = verified.counts.iter().map(|(kind, compared)| {
        let compared = json!({
            "in_backup": compared.in_backup, "same": compared.same, "different": compared.different,
            "missing": compared.missing, "more": compared.more,
        });
        (kind.clone(), compared)
    });
    let value = json!({
        "server": verified.server,
        "clean": verified.is_clean(),
        "counts": counts.collect::<serde_json::Map<_, _>>(),
        "difference_count": verified.difference_count,
        "differences": verified.differences.iter().map(|found| json!({ "what": found.what, "why": found.why })).collect::<Vec<_>>(),
        "open_links": verified.open_links,
        "files_coming": verified.files_coming,
        "notes": verified.notes,
    });
    session.out.member("verify", &value)?;
    let mut table = Table::new([
        Column::Left("kind"),
        Column::Right("in the backup"),
        Column::Right("same"),
        Column::Right("different"),
        Column::Right("missing"),
        Column::Right("more there"),
    ]);
    for (kind, compared) in &verified.counts {
        table.row([
            kind.clone(),
            format::number(compared.in_backup),
            format::number(compared.same),
            format::number(compared.different),
            format::number(compared.missing),
            format::number(compared.more),
        ]);
    }
    session.out.print(|out| table.print(out))?;
    for found in verified.differences.iter().take(SHOWN) {
        session.out.line(format_args!("{}: {}", format::printable(&found.what), format::printable(&found.why)))?;
    }
    for note in &verified.notes {
        session.out.line(format_args!("note: {}", format::printable(note)))?;
    }
    if verified.is_clean() && verified.files_coming > 0 {
        let count = format::count(verified.files_coming, "file", "files");
        session.summary(&format!("{}: no difference so far, but {count} still to be fetched", verified.server))?;
        return Ok(Exit::PASSING);
    }
    if verified.is_clean() {
        session.summary(&format!("{}: everything of {} is there", verified.server, verified.backup))?;
        return Ok(Exit::DONE);
    }
    let count = format::count(verified.difference_count, "difference", "differences");
    session.summary(&format!("{}: {count}; --report FILE.html lists them", verified.server))?;
    Ok(Exit::DIFFERENT)
}

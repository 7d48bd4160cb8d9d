//! `fonds restore`: a backup is written to one or many instances.

use std::fs::File;
use std::io::{self, BufWriter, IsTerminal as _, Write as _};
use std::path::PathBuf;

use clap::Args;
use fonds::archive::SnapshotName;
use fonds::fylr::source::Events;
use fonds::fylr::target::{FileApi, ORIGINAL, Renames, Restored, UPLOADS, UPLOADS_MAX, WriteOptions};
use fonds::jobs::restore::{
    Document, Outcome, Plan, Planned, Restore as Job, RestoreFrom, RestoreStart, Target, id_map,
};
use secrecy::SecretString;
use serde_json::{Value, json};

use crate::cli::connection::Connection;
use crate::cli::error::Error;
use crate::cli::exit::Exit;
use crate::cli::format;
use crate::cli::judgement::judge;
use crate::cli::session::{Session, complain};
use crate::cli::stderr::{self, Label};

/// Things set aside that are printed for each target; all of them are in the ledger.
const ASIDE_SHOWN: usize = 10;

/// Write a backup to one or many instances of fylr
///
/// First everything is looked at and the plan is printed: what would be deleted, what goes where, what this version of the
/// target cannot take, what the backup lacks. --dry-run ends there. What speaks against it ends it with exit code 6.
///
/// What a target has got is noted in the archive, so that --continue goes on where anything has ended a restore. What a
/// target refuses is set aside with its own words, and the rest goes in; --retry-failed tries only that again.
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
    /// Restore to the instance that the backup was made of, too
    #[arg(long)]
    force: bool,
    /// Print the plan and end; with =server the target also looks at every record, and keeps none
    #[arg(long, value_name = "HOW", num_args = 0..=1, require_equals = true, default_missing_value = "plan", value_parser = ["plan", "server"])]
    dry_run: Option<String>,
    /// Write which ids of the target stand for which of the source
    #[arg(long, value_name = "FILE.csv")]
    export_id_map: Option<PathBuf>,
}

/// How a backup is written; `fonds rehearse` has the same flags.
#[derive(Debug, Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of its own")]
pub struct Writing {
    /// Another base config than that of the backup; - for none
    #[arg(long, value_name = "FILE")]
    base_config: Option<PathBuf>,
    /// Another data model than that of the backup; - for none
    #[arg(long, value_name = "FILE")]
    datamodel: Option<PathBuf>,
    #[arg(long, value_name = "HOW", default_value = "")]
    #[arg(help = "How files get there: put, rput, rput_leave, rput_bulk, rput_bulk_leave; otherwise they stay behind")]
    file_api: FileApi,
    /// The version of each file that becomes the original
    #[arg(long, value_name = "VERSION", default_value = ORIGINAL)]
    file_version: String,
    /// Take the renditions over instead of having them produced
    #[arg(long, alias = "link-versions")]
    upload_versions: bool,
    /// Put this access token of the source into the URLs of files, in the place of their signature
    #[arg(long, value_name = "TOKEN", alias = "file-api-append-to-url-query", hide_short_help = true)]
    file_api_access_token: Option<SecretString>,
    /// Files on their way at a time; 0 for as many as usual
    #[arg(long, value_name = "COUNT", default_value_t = UPLOADS, alias = "upload-parallel")]
    max_parallel_upload_files: usize,
    /// Records whose files cannot be had go in without them
    #[arg(long)]
    upload_ignore_files_with_errors: bool,
    /// New names for versions of files, in files and in rights: video.1920p:1080p,image.small:
    #[arg(long, value_name = "LIST", default_value = "")]
    rename_versions: Renames,
    /// Password hashes, too
    #[arg(long)]
    include_password: bool,
    /// Accept what breaks unique keys and other constraints of the data model
    #[arg(long)]
    skip_constraints: bool,
    /// Keep links to records that are deleted
    #[arg(long)]
    include_deleted_linked: bool,
    /// Do not have the target index everything at the end
    #[arg(long)]
    skip_reindex: bool,
    /// Only events of these types, with commas between them; - for none
    #[arg(long, value_name = "TYPES", default_value = "", allow_hyphen_values = true)]
    include_events: String,
    /// Records of a request, 1 to 1000; otherwise payloads go as they are
    #[arg(long, value_name = "COUNT", alias = "chunk", value_parser = clap::value_parser!(u64).range(1..=1000))]
    chunk_size: Option<u64>,
    /// Leave payloads out whose kind nobody knows
    #[arg(long)]
    skip_unknown: bool,
    /// Of no meaning any more
    #[arg(long, value_name = "COUNT", hide = true)]
    limit: Option<u64>,
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
        if self.purge && self.dry_run.is_none() && !self.may_purge(&planned.plan)? {
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

    /// A person types the name of the host; a script has said --yes.
    fn may_purge(&self, plan: &Plan) -> Result<bool, Error> {
        if self.yes {
            return Ok(true);
        }
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
}

impl Writing {
    fn uploads(&self) -> usize {
        match self.max_parallel_upload_files {
            0 => UPLOADS,
            count => count.min(UPLOADS_MAX),
        }
    }

    /// A restore with these flags.
    pub fn job(&self, from: RestoreFrom, targets: Vec<Target>, workers: usize) -> Job {
        if self.limit.is_some() {
            stderr::say(Label::Warning, "--limit means nothing any more: everything is restored");
        }
        let write = WriteOptions {
            file_api: self.file_api,
            file_version: self.file_version.clone(),
            upload_versions: self.upload_versions,
            file_token: self.file_api_access_token.clone(),
            uploads: self.uploads(),
            ignore_file_errors: self.upload_ignore_files_with_errors,
            renames: self.rename_versions.clone(),
            include_password: self.include_password,
            skip_constraints: self.skip_constraints,
            include_deleted_linked: self.include_deleted_linked,
            skip_reindex: self.skip_reindex,
            events: events(&self.include_events),
            chunk_size: self.chunk_size.map(|size| size as usize),
            workers,
            is_dry_run: false,
        };
        Job {
            from,
            targets,
            start: RestoreStart::New,
            write,
            base_config: document(self.base_config.as_ref()),
            datamodel: document(self.datamodel.as_ref()),
            only_aside: false,
            is_forced: false,
            skips_unknown: self.skip_unknown,
        }
    }
}

fn document(path: Option<&PathBuf>) -> Document {
    match path {
        None => Document::FromBackup,
        Some(path) if path.as_os_str() == "-" => Document::None,
        Some(path) => Document::File(path.clone()),
    }
}

fn events(types: &str) -> Events {
    match types {
        "" => Events::All,
        "-" => Events::None,
        types => Events::Of(types.split(',').map(|name| name.trim().to_owned()).collect()),
    }
}

fn execute(planned: Planned, map: Option<&std::path::Path>, session: &mut Session) -> Result<Exit, Error> {
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

/// Says how it went; the exit code is that of the worst.
pub fn tell(outcomes: Vec<Outcome>, session: &mut Session) -> Result<Exit, Error> {
    session.out.list("targets")?;
    for outcome in &outcomes {
        session.out.item(|| view(outcome))?;
    }
    let is_one = outcomes.len() == 1;
    let mut exit = Exit::DONE;
    for Outcome { target, server, ended, duration } in outcomes {
        match ended {
            Ok(restored) => {
                let nanoseconds = i64::try_from(duration.as_nanos()).unwrap_or(i64::MAX);
                session.summary(&format!("{target}: {} in {}", summary(&restored), format::duration(nanoseconds)))?;
                for aside in restored.aside.iter().take(ASIDE_SHOWN) {
                    session.summary(&format!("  {}: {}", aside.what, aside.why))?;
                }
                if restored.aside_count > 0 {
                    let more = restored.aside_count.saturating_sub(ASIDE_SHOWN as u64);
                    let more = if more > 0 { format!("  and {more} more; ") } else { "  ".to_owned() };
                    session
                        .summary(&format!("{more}--retry-failed tries them again, \"fonds runs show\" lists them"))?;
                    exit = exit.max(Exit::INCOMPLETE);
                }
            }
            Err(error) if is_one => return Err(error.into()),
            Err(error) => {
                let error: Error = error.into();
                stderr::say(Label::Error, &format!("{target} ({server})"));
                exit = worst(exit, complain(&error));
                stderr::say(Label::Hint, judge(&error).1);
            }
        }
    }
    Ok(exit)
}

/// A failure counts more than something set aside.
fn worst(one: Exit, other: Exit) -> Exit {
    if one == Exit::DONE || one == Exit::INCOMPLETE { other } else { one }
}

fn summary(restored: &Restored) -> String {
    let sum = |of: fn(&fonds::fylr::target::Tally) -> u64, wanted: fn(&str) -> bool| {
        restored.tallies.iter().filter(|(kind, _)| wanted(kind)).map(|(_, tally)| of(tally)).sum::<u64>()
    };
    let is_record = |kind: &str| kind.starts_with("db:");
    let is_file = |kind: &str| matches!(kind, "file" | "rendition");
    let is_other = |kind: &str| !kind.starts_with("db:") && !matches!(kind, "file" | "rendition");
    let mut parts = vec![
        format::count(sum(|tally| tally.done, is_record), "record", "records"),
        format::count(sum(|tally| tally.done, is_file), "file", "files"),
        format::count(sum(|tally| tally.done, is_other), "other thing", "other things"),
    ];
    let there = sum(|tally| tally.there, |_| true);
    if there > 0 {
        parts.push(format!("{} there already", format::number(there)));
    }
    if restored.aside_count > 0 {
        parts.push(format!("{} set aside", format::number(restored.aside_count)));
    }
    parts.join(", ")
}

fn view(outcome: &Outcome) -> Value {
    let mut value = json!({
        "target": outcome.target,
        "server": outcome.server,
        "seconds": outcome.duration.as_secs_f64(),
    });
    match &outcome.ended {
        Ok(restored) => {
            let tallies = restored.tallies.iter().map(|(kind, tally)| {
                let tally = json!({
                    "done": tally.done, "there": tally.there, "set_aside": tally.aside, "left_out": tally.skipped,
                });
                (kind.clone(), tally)
            });
            value["counts"] = Value::Object(tallies.collect());
            let aside = restored.aside.iter().map(|aside| json!({ "what": aside.what, "why": aside.why }));
            value["set_aside"] = aside.collect();
            value["set_aside_count"] = restored.aside_count.into();
            value["notes"] = restored.notes.keys().cloned().collect();
        }
        Err(error) => value["error"] = fonds::jobs::chain(error).into(),
    }
    value
}

/// Prints the plan.
pub fn tell_plan(plan: &Plan, session: &mut Session) -> io::Result<()> {
    let out = &mut session.out;
    out.line(format_args!("Restore of {} from {}", plan.backup, plan.source))?;
    let records: Vec<String> =
        plan.counts.iter().map(|(kind, count)| format!("{kind} {}", format::number(*count))).collect();
    out.line(format_args!("  items    {}", records.join(", ")))?;
    let files = &plan.files;
    let how = if plan.file_api == FileApi::None { "not at all".to_owned() } else { plan.file_api.name().to_owned() };
    out.line(format_args!(
        "  files    {} packed ({}), {} by URL ({}), {} stay elsewhere; those by URL go by {how}",
        format::number(files.packed),
        format::bytes(files.packed_bytes),
        format::number(files.remote),
        format::bytes(files.remote_bytes),
        format::number(files.staying)
    ))?;
    for note in &plan.notes {
        out.line(format_args!("  note     {}", format::printable(note)))?;
    }
    for target in &plan.targets {
        let name = if target.instance.is_empty() { &target.name } else { &target.instance };
        out.line(format_args!("To {} ({name}, {})", target.server, target.version))?;
        let there: Vec<String> = target
            .contents
            .objecttypes
            .iter()
            .map(|(name, count)| {
                count.map_or_else(|| name.clone(), |count| format!("{name} {}", format::number(count)))
            })
            .collect();
        let there = if there.is_empty() { "no data model".to_owned() } else { there.join(", ") };
        let verb = if target.is_purged { "DELETES" } else { "there" };
        out.line(format_args!("  {verb:<8} {there}"))?;
        if target.goes_on {
            out.line(format_args!("  goes on  with the restore that was begun there"))?;
        }
        for note in &target.notes {
            out.line(format_args!("  note     {}", format::printable(note)))?;
        }
    }
    Ok(())
}

/// Says what speaks against it.
pub fn refuse(plan: &Plan) {
    for refusal in &plan.refusals {
        stderr::say(Label::Error, refusal);
    }
    for target in &plan.targets {
        for refusal in &target.refusals {
            stderr::say(Label::Error, &format!("{}: {refusal}", target.server));
        }
    }
    stderr::say(Label::Hint, "nothing was touched");
}

fn view_plan(plan: &Plan) -> Value {
    let targets = plan.targets.iter().map(|target| {
        json!({
            "target": target.name,
            "server": target.server,
            "instance": target.instance,
            "version": target.version,
            "purges": target.is_purged,
            "continues": target.goes_on,
            "objecttypes": target.contents.objecttypes.iter().map(|(name, count)| json!({ "name": name, "records": count })).collect::<Vec<_>>(),
            "notes": target.notes,
            "refusals": target.refusals,
        })
    });
    json!({
        "backup": plan.backup,
        "source": plan.source,
        "counts": plan.counts,
        "files": {
            "packed": plan.files.packed,
            "packed_bytes": plan.files.packed_bytes,
            "by_url": plan.files.remote,
            "by_url_bytes": plan.files.remote_bytes,
            "elsewhere": plan.files.staying,
        },
        "notes": plan.notes,
        "refusals": plan.refusals,
        "targets": targets.collect::<Vec<_>>(),
    })
}

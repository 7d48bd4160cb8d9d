//! What an error means to the one who typed the command: the exit code, and what to do.

use std::io::{self, ErrorKind};

use fonds::layout::{Fault, Unfit};
use fonds::{archive, fylr, jobs, layout, web};

use crate::cli::error::Error;
use crate::cli::exit::Exit;

/// An exit code and a hint.
pub type Judgement = (Exit, &'static str);

const AGAIN: &str = "nothing is lost: run the same command again";
const ANOTHER_ARCHIVE: &str = "it was not touched; --archive or $FONDS_ARCHIVE names another";
const ANOTHER_PLACE: &str = "nothing was touched; name a directory that is empty or not there yet";
const BACKUP: &str = "name the directory that holds manifest.json, or a tar of it";
const BACKUP_DIRECTORY: &str = "name the directory that holds manifest.json";

pub fn judge(error: &Error) -> Judgement {
    match error {
        Error::Job(jobs::Error::Archive(error)) => of_archive(error),
        Error::Job(jobs::Error::Layout(error)) => of_layout(error),
        Error::Job(jobs::Error::Fylr(error)) => of_instance(error),
        Error::Job(jobs::Error::Unfinished(_)) => {
            (Exit::REFUSED, "nothing was touched; --continue goes on with it, --purge gives it up and begins anew")
        }
        Error::Job(jobs::Error::OtherBackup { .. }) => {
            (Exit::REFUSED, "nothing was touched; give the same flags as before, or --purge to begin anew")
        }
        Error::Job(jobs::Error::DirectoryInUse(_)) => {
            (Exit::REFUSED, "nothing was touched; name another directory, or replace what is there with --purge")
        }
        Error::Job(jobs::Error::Runtime(source)) => of_io(source),
        Error::Connection(_) => (Exit::USAGE, "\"fonds backup --help\" tells how an instance is reached"),
        Error::Config { source, .. } => of_io(source),
        Error::Job(jobs::Error::Name(_) | jobs::Error::NoName(_)) => {
            (Exit::USAGE, "a backup name looks like museum, museum-test or seedorf.2026")
        }
        Error::Job(jobs::Error::Inside(_)) => (Exit::USAGE, "--archive or $FONDS_ARCHIVE names a place outside of it"),
        Error::Job(jobs::Error::Replaced(_)) => (Exit::REFUSED, ANOTHER_PLACE),
        Error::Job(jobs::Error::EmptyFolder { .. }) => (Exit::USAGE, "\"fonds show -v\" lists the entries"),
        Error::Job(jobs::Error::WasMissing { .. }) => (Exit::USAGE, "only an earlier or later snapshot can have it"),
        Error::Job(jobs::Error::TwoLayouts) => (Exit::USAGE, "\"fonds import\" makes a snapshot of a backup on disk"),
        Error::Job(jobs::Error::Spool(source)) => of_io(source),
        Error::Job(jobs::Error::NoRecord(_)) => {
            (Exit::USAGE, "a system object id, a uuid or a reference is wanted; \"fonds find\" searches for texts")
        }
        Error::Job(jobs::Error::SameArchive(_)) => (Exit::USAGE, "--to names another archive"),
        Error::Job(jobs::Error::NoObjecttype { .. }) => {
            (Exit::USAGE, "nothing was written; --include takes a regular expression")
        }
        Error::Job(jobs::Error::OfTarget { source, .. }) => of_instance(source),
        Error::Job(jobs::Error::Entry { source, .. } | jobs::Error::Document { source, .. }) => of_io(source),
        Error::Job(jobs::Error::NoRecords { .. }) => {
            (Exit::REFUSED, "nothing was touched; mend the payload, or take it out of the manifest")
        }
        Error::Job(jobs::Error::NoLedger(_)) => (Exit::USAGE, "a restore to that target leaves one"),
        Error::Job(jobs::Error::NoBackup(_)) => (Exit::USAGE, "\"fonds list\" lists them"),
        Error::Job(jobs::Error::NameTaken(_)) => (Exit::REFUSED, "nothing was touched; choose another name"),
        Error::Job(jobs::Error::NothingKept(_)) => (
            Exit::REFUSED,
            "nothing was touched; to forget all of it, name the snapshots, or keep one with --keep-last 1",
        ),
        Error::Job(jobs::Error::NoRun(_)) => (Exit::USAGE, "\"fonds runs\" lists them"),
        Error::Job(jobs::Error::Rehearsal(_)) => (Exit::USAGE, "name another address or another place"),
        Error::Job(jobs::Error::LoadLayout(_) | jobs::Error::LoadSnapshot(_)) => {
            (Exit::FAILED, "a real instance would not take it either; -v shows details")
        }
        Error::Page(error) => of_page(error),
        Error::Secret { .. } => (Exit::USAGE, "--password-file names a file that can be read"),
        Error::Output(error) => of_io(error),
        Error::Log { .. } => (Exit::USAGE, "--log names a file that can be written"),
        Error::Unmade(_) => (Exit::USAGE, "name a directory, a .tar, a .tar.gz or a .tar.zst"),
        Error::Terminal => (Exit::USAGE, "name a file, or send it on with > or |"),
        Error::Typed => (Exit::USAGE, "name a file, or send a tar with < or |"),
        Error::Mixed => (Exit::USAGE, "name a file, or leave --json out"),
        Error::Source { source, .. } => judge(source),
        Error::NoCommand(_) => (Exit::USAGE, "\"fonds --help\" lists them"),
        Error::Pattern { .. } => (Exit::USAGE, "a backslash in front makes a sign stand for itself: \\("),
        Error::NothingToForget => (Exit::USAGE, "--keep-last, --keep-daily and the like say what is kept"),
        Error::Interrupted(signal) => (Exit::signal(*signal), AGAIN),
        Error::Panicked => (Exit::FAILED, "\"fonds check\" tells whether the archive is damaged; -v shows details"),
        Error::Step { exit, .. } => (*exit, "-v shows details"),
        Error::Demo { .. } => (Exit::FAILED, "-v shows details"),
    }
}

fn of_archive(error: &archive::Error) -> Judgement {
    match error {
        archive::Error::NotFound(_) => {
            (Exit::USAGE, "\"fonds import\" makes one; --archive or $FONDS_ARCHIVE names another")
        }
        archive::Error::Foreign { .. } => (Exit::REFUSED, ANOTHER_ARCHIVE),
        archive::Error::Newer { .. } => (Exit::REFUSED, "it was not touched; use the newer fonds"),
        archive::Error::Busy { .. } => (Exit::PASSING, "wait until that has ended, then run the same command again"),
        archive::Error::Full(_) => (Exit::PASSING, "make room, then run the same command again: it continues"),
        archive::Error::File { source, .. } => of_io(source),
        archive::Error::Database(source) => match &**source {
            redb::Error::Io(source) => of_io(source),
            _ => (Exit::FAILED, "what was finished is kept; \"fonds check\" tells more"),
        },
        archive::Error::Damaged(_) => {
            (Exit::FAILED, "\"fonds check --read-data\" tells what is hit; everything else can still be exported")
        }
        archive::Error::Exists(_) => (Exit::REFUSED, "it was not touched; name a file that is not there yet"),
        archive::Error::NothingProved(_) => (Exit::FAILED, "nothing was written; an older copy of the archive may do"),
        archive::Error::NoSnapshot(_) => (Exit::USAGE, "\"fonds list\" lists them"),
        archive::Error::NoEntry { .. } => (Exit::USAGE, "\"fonds show -v\" lists the entries"),
        archive::Error::Twice { .. }
        | archive::Error::Both { .. }
        | archive::Error::Folder { .. }
        | archive::Error::Outside { .. } => (Exit::USAGE, "nothing was imported; make the backup anew"),
        archive::Error::Absent { .. } => {
            (Exit::USAGE, "nothing was imported; --allow-missing takes the rest and records what is missing")
        }
        archive::Error::Flawed { .. } => {
            (Exit::FAILED, "nothing was added; without --strict it is kept byte for byte, with a warning")
        }
        archive::Error::Content { source, .. } => match source.get_ref().and_then(|inner| inner.downcast_ref()) {
            Some(error) => of_layout(error),
            None => of_io(source),
        },
        archive::Error::Panicked => judge(&Error::Panicked),
    }
}

fn of_instance(error: &fylr::Error) -> Judgement {
    const LATER: &str = "what was complete is kept: the same command with --continue goes on";
    match error {
        fylr::Error::BadServer { .. } => (Exit::USAGE, "--server looks like https://dam.museum.example/api/v1"),
        fylr::Error::NotAnInstance { .. } => (Exit::USAGE, "check --server; it ends with /api/v1"),
        fylr::Error::Unreachable { .. } => (Exit::PASSING, "check --server, and whether the instance runs"),
        fylr::Error::Certificate { .. } => {
            (Exit::USAGE, "mend the server's certificate, or trust it; --insecure accepts any")
        }
        fylr::Error::Login { .. } => (Exit::AUTHENTICATION, "check --login and the password"),
        fylr::Error::Rights { .. } => (Exit::AUTHENTICATION, "use the login root, or give this login the rights"),
        fylr::Error::Refused { .. } | fylr::Error::Unexpected { .. } | fylr::Error::TooLong { .. } => {
            (Exit::FAILED, "--log-network with --log shows what was asked and answered")
        }
        fylr::Error::GaveUp { .. } | fylr::Error::TooSlow { .. } => (Exit::PASSING, LATER),
        fylr::Error::Redirected { .. } => (Exit::USAGE, "name the server that it leads to with --server"),
        fylr::Error::Options(_) => (Exit::USAGE, "nothing was touched"),
        fylr::Error::Spool(source) => of_io(source),
        fylr::Error::Ledger(_) => {
            (Exit::PASSING, "make sure that the archive can be written, then go on with --continue")
        }
        fylr::Error::Backup(_) => (Exit::FAILED, "\"fonds check --read-data\" tells what is hit"),
        fylr::Error::NotReady(_) => (Exit::PASSING, "look at the target; when it is ready, run the same command again"),
        fylr::Error::Panicked => judge(&Error::Panicked),
    }
}

fn of_page(error: &web::Error) -> Judgement {
    let hint = match error {
        web::Error::Listen { .. } => "--listen names another address; port 0 takes a free one",
        web::Error::Exposed { .. } => "--token-file names a token; --tls-cert and --tls-key, or --behind-proxy",
        web::Error::ShortToken { .. } => "make one with: openssl rand -hex 32",
        web::Error::BadHost { .. } => "--allow-host looks like dam.museum.example",
        web::Error::Read { .. } => "check the path",
        web::Error::NotTls { .. } | web::Error::Tls { .. } => "both are in PEM, and belong together",
        web::Error::Runtime(_) | web::Error::Random(_) => return (Exit::PASSING, AGAIN),
    };
    (Exit::USAGE, hint)
}

fn of_layout(error: &layout::Error) -> Judgement {
    match error {
        layout::Error::NoManifest { .. } | layout::Error::NoDirectory { .. } => (Exit::USAGE, BACKUP_DIRECTORY),
        layout::Error::Manifest(_) | layout::Error::ManifestTooLong => {
            (Exit::USAGE, "nothing was imported; make the backup anew, or mend manifest.json")
        }
        layout::Error::Missing { .. } => {
            (Exit::USAGE, "nothing was imported; --allow-missing takes the rest and records what is missing")
        }
        layout::Error::Tar { fault: Fault::Form(_) | Fault::NoManifest, .. } => (Exit::USAGE, BACKUP),
        layout::Error::Bag { .. } => {
            (Exit::USAGE, "nothing was imported; the bag is damaged or not complete: get it anew")
        }
        layout::Error::Tar { .. } | layout::Error::Member { .. } | layout::Error::SpecialMember { .. } => {
            (Exit::USAGE, "nothing was imported; ask for a tar of the directory as fylr backup made it")
        }
        layout::Error::Special { .. } => (Exit::USAGE, "put the file itself in its place, or take it away"),
        layout::Error::Name { .. } | layout::Error::TooDeep { .. } | layout::Error::Folder { .. } => {
            (Exit::USAGE, "nothing was imported; rename it, or take it away")
        }
        layout::Error::Level(_) => (Exit::USAGE, "--compression takes 0 to 9"),
        layout::Error::Changed { .. } => (Exit::PASSING, "wait until the backup has ended, then run the command again"),
        layout::Error::Gzip { .. } | layout::Error::TooLong { .. } => {
            (Exit::FAILED, "nothing was added; make the backup anew, or take the file away")
        }
        layout::Error::Destination { unfit: Unfit::NotEmpty, .. } => {
            (Exit::REFUSED, "nothing was touched; name another directory, or replace what is there with --force")
        }
        layout::Error::Destination { unfit: Unfit::Exists, .. } => {
            (Exit::REFUSED, "nothing was touched; name another file, or replace this one with --force")
        }
        layout::Error::Unspeakable { .. } => (Exit::USAGE, "export it without --bagit"),
        layout::Error::Destination { .. } => (Exit::REFUSED, ANOTHER_PLACE),
        layout::Error::Taken { .. } => (Exit::FAILED, "export without --compression keeps the names apart"),
        layout::Error::Source { source, .. }
        | layout::Error::Read { source, .. }
        | layout::Error::Stream { source, .. }
        | layout::Error::Spool { source, .. }
        | layout::Error::Output { source, .. }
        | layout::Error::Place { source, .. }
        | layout::Error::Write { source, .. }
        | layout::Error::Content { source, .. } => of_io(source),
    }
}

fn of_io(error: &io::Error) -> Judgement {
    match error.kind() {
        ErrorKind::NotFound | ErrorKind::NotADirectory | ErrorKind::IsADirectory => (Exit::USAGE, "check the path"),
        ErrorKind::PermissionDenied => (Exit::USAGE, "check who may read and write there"),
        ErrorKind::ReadOnlyFilesystem => (Exit::USAGE, "name a place that can be written"),
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded | ErrorKind::FileTooLarge => {
            (Exit::PASSING, "make room, then run the same command again")
        }
        ErrorKind::BrokenPipe => (Exit::FAILED, "who was to read it has ended; nothing else was touched"),
        ErrorKind::Interrupted
        | ErrorKind::TimedOut
        | ErrorKind::ResourceBusy
        | ErrorKind::StaleNetworkFileHandle
        | ErrorKind::NetworkDown
        | ErrorKind::OutOfMemory => (Exit::PASSING, AGAIN),
        _ => (Exit::FAILED, "check the disk; what was finished before is kept"),
    }
}

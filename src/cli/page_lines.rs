//! The command lines that the migration page shows: the program accepts them, and they amount to what the forms do.

use std::fs;
use std::path::Path;

use clap::Parser as _;
use fonds::fylr;
use fonds::jobs::restore::Restore;
use fonds::jobs::{self};
use fonds::web::forms::{BackupForm, CommandLine, Fields, Place, RestoreForm};
use fonds::web::words::Language;
use secrecy::ExposeSecret as _;

use crate::cli::arguments::{Arguments, Command};
use crate::cli::connection::ProfileFile;
use crate::cli::session::Session;

const TYPED: &str = "server=https://a.example/sub&login=J%C3%BCrgen+it%27s&password=pw";
const FIELDS_OF_BOTH: [&str; 5] = [
    "insecure=true",
    "max-parallel=0",
    "max-parallel=7",
    "oauth2=true&client-id=web+client",
    "oauth2=true&client-id=x&client-secret=%24CLIENT_SECRET",
];

fn of_connection(connection: &fylr::Options) -> String {
    let fylr::Options { server, credentials, certificates, timeout, retry, workers, is_logged } = connection;
    let secret = credentials.client_secret.as_ref().map(|secret| secret.expose_secret().to_owned());
    format!(
        "{server} {} {} {} {secret:?} {certificates:?} {timeout:?} {retry:?} {workers} {is_logged}",
        credentials.login,
        credentials.password.expose_secret(),
        credentials.client_id,
    )
}

fn of_backup(job: &jobs::Backup) -> String {
    let directory = job.directory.is_some();
    let (connection, start) = (of_connection(&job.connection), job.start);
    format!("{connection} {:?} {start:?} {} {directory} {:?}", job.name, job.verify, job.read)
}

fn of_restore(job: &Restore, at: usize) -> String {
    let Restore {
        from,
        targets,
        start,
        write,
        base_config,
        datamodel,
        only_aside,
        is_forced,
        skips_unknown,
        checks_first,
    } = job;
    let target = &targets[at];
    let token = write.file_token.as_ref().map(|token| token.expose_secret().to_owned());
    format!(
        "{} {} {from:?} {start:?} {base_config:?} {datamodel:?} {only_aside} {is_forced} {skips_unknown} {checks_first} {token:?} {write:?}",
        target.name,
        of_connection(&target.connection),
    )
}

/// What the program makes of a line, to which the password is added as whoever runs it would type it.
fn parsed(line: &CommandLine, is_typed: bool) -> (Command, Session) {
    let mut words = line.words();
    if is_typed {
        words.extend(["--password".to_owned(), "pw".to_owned()]);
    }
    let Arguments { global, command } =
        Arguments::try_parse_from(&words).unwrap_or_else(|error| panic!("{words:?}: {error}"));
    assert_eq!(global.archive, Path::new("/some where/x.redb"));
    (command, Session::new(global))
}

/// A file with two instances, and the page's view of it.
fn profiles(folder: &Path) -> ProfileFile {
    fs::write(folder.join("pw"), "pw-of-file\n").unwrap();
    let instance = |name: &str| {
        format!("[instance.{name}]\nserver = \"https://{name}.example\"\nlogin = \"root\"\npassword_file = \"pw\"\n")
    };
    let path = folder.join("instances.toml");
    fs::write(&path, instance("museum") + &instance("clone")).unwrap();
    ProfileFile::new(Some(path), false)
}

#[test]
fn the_line_of_a_backup_is_accepted_and_does_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let profiles = profiles(folder.path());
    let archive = Path::new("/some where/x.redb");
    let place = Place { archive, profiles: &profiles, allows_any_server: true, language: Language::German };
    let own = [
        "",
        "name=museum",
        "chunk-size=1000",
        "all-versions=true",
        "include-deleted=true",
        "include-events=true",
        "include-files=original",
        "include-files=with-versions",
        "start=purge",
        "start=continue",
    ];
    for access in [TYPED, "instance=museum"] {
        for field in own.iter().chain(&FIELDS_OF_BOTH) {
            let body = format!("{access}&{field}");
            let (form, complaints) = BackupForm::read(Fields::of_form(body.as_bytes()), Language::German);
            assert!(complaints.is_empty(), "{body}: {}", complaints.line());
            let job = form.job(&place).unwrap_or_else(|wrong| panic!("{body}: {}", wrong.line()));
            let (command, session) = parsed(&form.command(&place), access == TYPED);
            let Command::Backup(verb) = command else { panic!("{body}: another command") };
            assert_eq!(of_backup(&verb.job(&session).unwrap()), of_backup(&job), "{body}");
        }
    }
}

#[test]
fn the_lines_of_a_restore_are_accepted_and_do_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let profiles = profiles(folder.path());
    let archive = Path::new("/some where/x.redb");
    let place = Place { archive, profiles: &profiles, allows_any_server: true, language: Language::English };
    let own = [
        "",
        "file-api=put",
        "file-api=rput_bulk_leave",
        "file-version=preview",
        "upload-versions=true",
        "rename-versions=video.1920p:1080p,image.small:",
        "file-api-access-token=%24FILE_TOKEN",
        "chunk-size=25",
        "include-password=true",
        "include-events=true",
        "include-deleted-linked=true",
        "start=purge",
        "start=continue",
        "start=no-purge",
        "start=retry-failed",
    ];
    let second = format!("{TYPED}&server=https://b.example&login=root&password=pw&target=clone&target=museum");
    for (access, lines) in [(TYPED, 1), ("target=museum", 1), ("target=museum&target=clone", 1), (&second, 3)] {
        for field in own.iter().chain(&FIELDS_OF_BOTH) {
            let body = format!("snapshot=museum~1&{access}&{field}");
            let (form, complaints) = RestoreForm::read(Fields::of_form(body.as_bytes()), Language::English);
            assert!(complaints.is_empty(), "{body}: {}", complaints.line());
            let job = form.job(&place).unwrap_or_else(|wrong| panic!("{body}: {}", wrong.line()));
            let commands = form.commands(&place);
            assert_eq!(commands.len(), lines, "{body}");
            let mut at = 0;
            for line in &commands {
                let is_typed = !line.words().contains(&"--target".to_owned());
                let (command, session) = parsed(line, is_typed);
                let Command::Restore(verb) = command else { panic!("{body}: another command") };
                let typed = verb.job(&session).unwrap();
                for of_line in 0..typed.targets.len() {
                    assert_eq!(of_restore(&typed, of_line), of_restore(&job, at), "{body}");
                    at += 1;
                }
            }
            assert_eq!(at, job.targets.len(), "{body}");
        }
    }
}

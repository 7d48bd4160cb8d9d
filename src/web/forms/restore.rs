//! The form that restores a backup to one or several instances.

use std::time::Duration;

use secrecy::SecretString;
use serde_json::{Value, json};

use crate::archive::SnapshotName;
use crate::fylr::source::Events;
use crate::fylr::target::{FileApi, ORIGINAL, WriteOptions};
use crate::jobs::restore::{Document, Restore, RestoreFrom, RestoreStart, Target};
use crate::web::forms::backup::{CHUNK_MAX, PARALLEL_MAX};
use crate::web::forms::command::CommandLine;
use crate::web::forms::complaint::Complaints;
use crate::web::forms::connection::{Access, Manner, Names, Place, workers};
use crate::web::forms::fields::Fields;
use crate::web::forms::reading::{Reading, secret};
use crate::web::forms::renames::RenameRow;
use crate::web::words::{Language, forms};

/// Files on their way at a time, as the original page has it.
const UPLOADS: usize = 4;
/// How long one request may take, as the original page has it.
const TIMEOUT_MINUTES: u64 = 15;
/// More instances are not written side by side.
pub const TARGETS_MAX: usize = 16;
const NAMES: Names = Names { instance: "target", server: "server", login: "login", password: "password" };

/// What to do about what is on the target.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// It is empty.
    New,
    Purge,
    Continue,
    /// Data model and base config stay as they are.
    NoPurge,
    /// Only what was set aside before.
    RetryFailed,
}

/// Ways by their value in the form.
pub const WAYS: [(&str, Way); 5] = [
    ("new", Way::New),
    ("purge", Way::Purge),
    ("continue", Way::Continue),
    ("no-purge", Way::NoPurge),
    ("retry-failed", Way::RetryFailed),
];
/// Modes of files by their value in the form.
pub const FILE_APIS: [(&str, FileApi); 6] = [
    ("", FileApi::None),
    ("put", FileApi::Put),
    ("rput", FileApi::Rput),
    ("rput_leave", FileApi::RputLeave),
    ("rput_bulk", FileApi::RputBulk),
    ("rput_bulk_leave", FileApi::RputBulkLeave),
];

/// What was asked for.
#[derive(Debug, Clone)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of its own")]
pub struct RestoreForm {
    pub snapshot: String,
    pub targets: Vec<Access>,
    pub manner: Manner,
    pub file_api: FileApi,
    pub file_version: String,
    pub upload_versions: bool,
    pub renames: Vec<RenameRow>,
    pub file_token: Option<SecretString>,
    /// `None`: payloads as they are.
    pub chunk_size: Option<u64>,
    pub include_password: bool,
    pub include_events: bool,
    pub include_deleted_linked: bool,
    /// `None`: one payload at a time.
    pub max_parallel: Option<u64>,
    pub way: Way,
}

impl Default for RestoreForm {
    fn default() -> Self {
        Self {
            snapshot: String::new(),
            targets: Vec::new(),
            manner: Manner::default(),
            file_api: FileApi::None,
            file_version: ORIGINAL.to_owned(),
            upload_versions: false,
            renames: Vec::new(),
            file_token: None,
            chunk_size: None,
            include_password: false,
            include_events: false,
            include_deleted_linked: false,
            max_parallel: None,
            way: Way::New,
        }
    }
}

impl RestoreForm {
    /// Reads what was sent. What is wrong is told beside the form, which holds what could be read.
    #[must_use]
    pub fn read(fields: Fields, language: Language) -> (Self, Complaints) {
        let mut reading = Reading::new(fields, language);
        let targets = targets(&mut reading);
        let file_version = reading.text("file-version");
        let form = Self {
            snapshot: reading.text("snapshot"),
            targets,
            manner: Manner::read(&mut reading),
            file_api: reading.choice("file-api", &FILE_APIS),
            file_version: if file_version.is_empty() { ORIGINAL.to_owned() } else { file_version },
            upload_versions: reading.flag("upload-versions", false),
            renames: renames(&mut reading),
            file_token: reading.secret("file-api-access-token"),
            chunk_size: reading.number("chunk-size", 1..=CHUNK_MAX),
            include_password: reading.flag("include-password", false),
            include_events: reading.flag("include-events", false),
            include_deleted_linked: reading.flag("include-deleted-linked", false),
            max_parallel: reading.number("max-parallel", 0..=PARALLEL_MAX),
            way: reading.choice("start", &WAYS),
        };
        if form.snapshot.parse::<SnapshotName>().is_err() {
            reading.complaints.add("snapshot", language.say(forms::E_NO_SNAPSHOT));
        }
        if let Err(why) = RenameRow::list(&form.renames) {
            reading.complaints.add("rename-versions", language.fill(forms::E_BAD, &[&why]));
        }
        if form.targets.is_empty() {
            reading.complaints.add(NAMES.server, language.say(forms::E_NO_SERVER));
        }
        if form.targets.len() > TARGETS_MAX {
            let max = TARGETS_MAX.to_string();
            reading.complaints.add(NAMES.server, language.fill(forms::E_RANGE, &["1", &max]));
        }
        (form, reading.finish())
    }

    /// The job that does it.
    ///
    /// # Errors
    /// What speaks against it, field by field.
    pub fn job(&self, place: &Place<'_>) -> Result<Restore, Complaints> {
        let mut complaints = Complaints::default();
        let language = place.language;
        let workers = workers(self.max_parallel.unwrap_or(1));
        let timeout = Duration::from_mins(TIMEOUT_MINUTES);
        let mut targets: Vec<Target> = Vec::new();
        for access in &self.targets {
            let found = access.options(&self.manner, (timeout, workers + UPLOADS), place, &NAMES, &mut complaints);
            let Some(connection) = found else { continue };
            if targets.iter().any(|other| other.connection.server.to_string() == connection.server.to_string()) {
                let of_profile = !access.instance.is_empty();
                let field = if of_profile { NAMES.instance } else { NAMES.server };
                complaints.add(field, language.say(forms::E_SAME_TARGET));
            }
            let name = Some(&access.instance).filter(|name| !name.is_empty()).cloned();
            // Several on one machine differ by more than its name.
            let host = connection.server.host().to_owned();
            let is_taken = targets.iter().any(|other| other.name == host);
            let name = name.unwrap_or_else(|| if is_taken { connection.server.to_string() } else { host });
            targets.push(Target { name, connection });
        }
        let snapshot = self.snapshot.parse::<SnapshotName>();
        let renames = RenameRow::list(&self.renames).ok().and_then(|list| list.parse().ok());
        let (Ok(snapshot), Some(renames)) = (snapshot, renames) else {
            complaints.add("snapshot", language.say(forms::E_NO_SNAPSHOT));
            return Err(complaints);
        };
        let write = WriteOptions {
            file_api: self.file_api,
            file_version: self.file_version.clone(),
            upload_versions: self.upload_versions,
            file_token: self.file_token.clone(),
            uploads: UPLOADS,
            ignore_file_errors: true,
            renames,
            include_password: self.include_password,
            skip_constraints: true,
            include_deleted_linked: self.include_deleted_linked,
            skip_reindex: false,
            events: if self.include_events { Events::All } else { Events::None },
            chunk_size: self.chunk_size.map(|size| size as usize),
            workers,
            is_dry_run: false,
        };
        let document = || if self.way == Way::NoPurge { Document::None } else { Document::FromBackup };
        complaints.or(Restore {
            from: RestoreFrom::Snapshot(snapshot),
            targets,
            start: match self.way {
                Way::Purge => RestoreStart::Purge,
                Way::Continue => RestoreStart::Continue,
                Way::New | Way::NoPurge | Way::RetryFailed => RestoreStart::New,
            },
            write,
            base_config: document(),
            datamodel: document(),
            only_aside: self.way == Way::RetryFailed,
            is_forced: false,
            skips_unknown: false,
            checks_first: false,
        })
    }

    /// The same on the command line: one line for all instances of `fonds.toml`, and one for each that was typed.
    #[must_use]
    pub fn commands(&self, place: &Place<'_>) -> Vec<CommandLine> {
        let profiles: Vec<&Access> = self.targets.iter().filter(|access| !access.instance.is_empty()).collect();
        let typed = self.targets.iter().filter(|access| access.instance.is_empty());
        let mut groups: Vec<Vec<&Access>> = typed.map(|access| vec![access]).collect();
        if !profiles.is_empty() {
            groups.insert(0, profiles);
        }
        groups.into_iter().map(|group| self.command(place, &group)).collect()
    }

    fn command(&self, place: &Place<'_>, targets: &[&Access]) -> CommandLine {
        let mut line = CommandLine::new(place.archive, "restore");
        line.word(&self.snapshot);
        for access in targets {
            access.words("--target", &mut line);
        }
        line.config(place.profiles.config().filter(|_| targets.iter().any(|access| !access.instance.is_empty())));
        self.manner.words(&mut line);
        line.value("--file-api", self.file_api.name());
        line.value("--file-version", if self.file_version == ORIGINAL { "" } else { &self.file_version });
        line.flag("--upload-versions", self.upload_versions);
        line.value("--rename-versions", RenameRow::list(&self.renames).unwrap_or_default());
        line.secret("--file-api-access-token", "FILE_TOKEN", self.file_token.is_some());
        line.value("--chunk-size", self.chunk_size.map(|size| size.to_string()).unwrap_or_default());
        line.flag("--include-password", self.include_password);
        line.value("--include-events", if self.include_events { "" } else { "-" });
        line.flag("--include-deleted-linked", self.include_deleted_linked);
        line.value("--max-parallel", self.max_parallel.map(|count| count.to_string()).unwrap_or_default());
        line.flag("--purge", self.way == Way::Purge);
        line.flag("--continue", self.way == Way::Continue);
        line.flag("--retry-failed", self.way == Way::RetryFailed);
        if self.way == Way::NoPurge {
            line.value("--base-config", "-");
            line.value("--datamodel", "-");
        }
        line.flag("--skip-constraints", true);
        line.value("--max-parallel-upload-files", UPLOADS.to_string());
        line.flag("--upload-ignore-files-with-errors", true);
        line.value("--timeout-min", TIMEOUT_MINUTES.to_string());
        line
    }

    /// What is kept of it: everything but secrets, under the names of the fields.
    #[must_use]
    pub fn request(&self) -> Value {
        let typed = || self.targets.iter().filter(|access| access.instance.is_empty());
        let profiles = self.targets.iter().filter(|access| !access.instance.is_empty());
        let mut request = json!({
            "form": "restore",
            "snapshot": self.snapshot,
            "target": profiles.map(|access| access.instance.clone()).collect::<Vec<_>>(),
            "server": typed().map(Access::server_shown).collect::<Vec<_>>(),
            "login": typed().map(|access| access.login.clone()).collect::<Vec<_>>(),
            "file-api": self.file_api.name(),
            "file-version": self.file_version,
            "upload-versions": self.upload_versions,
            "rename-versions": RenameRow::list(&self.renames).unwrap_or_default(),
            "chunk-size": self.chunk_size,
            "include-password": self.include_password,
            "include-events": self.include_events,
            "include-deleted-linked": self.include_deleted_linked,
            "max-parallel": self.max_parallel,
            "start": WAYS.iter().find(|(_, way)| *way == self.way).map(|(value, _)| *value),
        });
        self.manner.keep(&mut request);
        request
    }
}

/// Profiles, then what was typed; what stands at the same place of the lists belongs together.
fn targets(reading: &mut Reading) -> Vec<Access> {
    let profiles = reading.all(NAMES.instance).into_iter().filter(|name| !name.is_empty());
    let mut targets: Vec<Access> = profiles.map(|instance| Access { instance, ..Access::default() }).collect();
    let (servers, logins, passwords) =
        (reading.all(NAMES.server), reading.all(NAMES.login), reading.all(NAMES.password));
    let count = servers.len().max(logins.len()).max(passwords.len());
    let mut passwords = passwords.into_iter();
    for at in 0..count {
        let text = |values: &[String]| values.get(at).map(|value| value.trim().to_owned()).unwrap_or_default();
        let access = Access {
            instance: String::new(),
            server: text(&servers),
            login: text(&logins),
            password: passwords.next().and_then(secret),
        };
        targets.extend((!access.is_blank()).then_some(access));
    }
    targets
}

/// The rows of the table, or a list as the flag takes it.
fn renames(reading: &mut Reading) -> Vec<RenameRow> {
    let list = reading.text("rename-versions");
    let [classes, sources, targets] = ["rename-class", "rename-source", "rename-target"].map(|name| reading.all(name));
    let mut rows = RenameRow::rows(&list);
    // What is no list must not be taken for an empty one.
    if RenameRow::list(&rows).ok() != Some(list.replace(", ", ",")) {
        let what = reading.language.fill(forms::E_BAD, &[&list]);
        reading.complaints.add("rename-versions", what);
    }
    let text = |values: &[String], at: usize| values.get(at).map(|value| value.trim().to_owned()).unwrap_or_default();
    let count = classes.len().max(sources.len()).max(targets.len());
    rows.extend((0..count).map(|at| RenameRow {
        class: text(&classes, at),
        source: text(&sources, at),
        target: text(&targets, at),
    }));
    rows.retain(|row| !row.class.is_empty() && !row.source.is_empty());
    rows
}

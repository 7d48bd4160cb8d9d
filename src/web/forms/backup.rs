//! The form that creates a backup.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::archive::snapshot::backup_name;
use crate::fylr::source::{CHECKPOINT_EVERY, Events, Files, ReadOptions, URL_DAYS};
use crate::fylr::target::TIMEOUT;
use crate::jobs::{Backup, Start};
use crate::web::forms::command::CommandLine;
use crate::web::forms::complaint::Complaints;
use crate::web::forms::connection::{Access, Manner, Names, Place, workers};
use crate::web::forms::fields::Fields;
use crate::web::forms::reading::Reading;
use crate::web::words::{Language, forms};

/// Items of a page if nothing is said.
const CHUNK_SIZE: u64 = 100;
/// What the form offers; scripts may send any number of the range.
pub const CHUNK_SIZES: [u64; 6] = [10, 25, 50, 100, 500, 1000];
/// The most items that a server gives at once.
pub const CHUNK_MAX: u64 = 1000;
/// Payloads of the page are always compressed, as those of the original.
const COMPRESSION: u32 = 9;
/// More requests at a time are no use to anybody.
pub const PARALLEL_MAX: u64 = 256;
const NAMES: Names = Names { instance: "instance", server: "server", login: "login", password: "password" };

/// How a backup begins, by its value in the form.
pub const STARTS: [(&str, Start); 3] = [("new", Start::New), ("purge", Start::Purge), ("continue", Start::Continue)];
/// Which files come along, by their value in the form.
pub const FILES: [(&str, Files); 3] =
    [("", Files::Urls), ("original", Files::Originals), ("with-versions", Files::WithVersions)];

/// What was asked for.
#[derive(Debug, Clone)]
pub struct BackupForm {
    pub name: String,
    pub access: Access,
    pub manner: Manner,
    pub chunk_size: u64,
    pub all_versions: bool,
    pub include_deleted: bool,
    pub include_events: bool,
    pub include_files: Files,
    /// `None`: one request per CPU.
    pub max_parallel: Option<u64>,
    pub start: Start,
}

impl Default for BackupForm {
    fn default() -> Self {
        Self {
            name: String::new(),
            access: Access::default(),
            manner: Manner::default(),
            chunk_size: CHUNK_SIZE,
            all_versions: true,
            include_deleted: false,
            include_events: false,
            include_files: Files::Urls,
            max_parallel: None,
            start: Start::New,
        }
    }
}

impl BackupForm {
    /// Reads what was sent. What is wrong is told beside the form, which holds what could be read.
    #[must_use]
    pub fn read(fields: Fields, language: Language) -> (Self, Complaints) {
        let mut reading = Reading::new(fields, language);
        let name = reading.text("name");
        if !name.is_empty()
            && let Err(error) = backup_name(&name)
        {
            reading.complaints.add("name", language.fill(forms::E_BAD, &[&error.to_string()]));
        }
        let form = Self {
            name,
            access: Access {
                instance: reading.text(NAMES.instance),
                server: reading.text(NAMES.server),
                login: reading.text(NAMES.login),
                password: reading.secret(NAMES.password),
            },
            manner: Manner::read(&mut reading),
            chunk_size: reading.number("chunk-size", 1..=CHUNK_MAX).unwrap_or(CHUNK_SIZE),
            all_versions: reading.flag("all-versions", true),
            include_deleted: reading.flag("include-deleted", false),
            include_events: reading.flag("include-events", false),
            include_files: reading.choice("include-files", &FILES),
            max_parallel: reading.number("max-parallel", 0..=PARALLEL_MAX),
            start: reading.choice("start", &STARTS),
        };
        (form, reading.finish())
    }

    /// The job that does it.
    ///
    /// # Errors
    /// What speaks against it, field by field.
    pub fn job(&self, place: &Place<'_>) -> Result<Backup, Complaints> {
        let mut complaints = Complaints::default();
        let workers = workers(self.max_parallel.unwrap_or(0));
        let connection = self.access.options(&self.manner, (TIMEOUT, workers), place, &NAMES, &mut complaints);
        let Some(connection) = connection else { return Err(complaints) };
        let read = ReadOptions {
            all_versions: self.all_versions,
            include_deleted: self.include_deleted,
            include: None,
            events: if self.include_events { Events::All } else { Events::None },
            files: self.include_files,
            maximum_count: None,
            chunk_size: self.chunk_size,
            url_days: Some(URL_DAYS),
            is_pretty: false,
            is_compressed: COMPRESSION > 0,
            workers,
            checkpoint_every: CHECKPOINT_EVERY,
            folder: folder_of(place.archive),
        };
        let name = [&self.name, &self.access.instance].into_iter().find(|name| !name.is_empty()).cloned();
        complaints.or(Backup { connection, read, name, start: self.start, verify: false, directory: None })
    }

    /// The same on the command line.
    #[must_use]
    pub fn command(&self, place: &Place<'_>) -> CommandLine {
        let mut line = CommandLine::new(place.archive, "backup");
        self.access.words("--instance", &mut line);
        line.config(place.profiles.config().filter(|_| !self.access.instance.is_empty()));
        self.manner.words(&mut line);
        line.value("--name", &self.name);
        line.flag("--all-versions", self.all_versions);
        line.flag("--include-deleted", self.include_deleted);
        line.value("--include-events", if self.include_events { "" } else { "-" });
        line.value("--include-files", self.include_files.name());
        line.value("--chunk-size", self.chunk_size.to_string());
        line.value("--max-parallel", self.max_parallel.map(|count| count.to_string()).unwrap_or_default());
        line.flag("--purge", self.start == Start::Purge);
        line.flag("--continue", self.start == Start::Continue);
        line.value("--compression", COMPRESSION.to_string());
        line
    }

    /// What is kept of it: everything but secrets, under the names of the fields.
    #[must_use]
    pub fn request(&self) -> Value {
        let mut request = json!({
            "form": "backup",
            "name": self.name,
            "instance": self.access.instance,
            "server": self.access.server_shown(),
            "login": self.access.login,
            "chunk-size": self.chunk_size,
            "all-versions": self.all_versions,
            "include-deleted": self.include_deleted,
            "include-events": self.include_events,
            "include-files": self.include_files.name(),
            "max-parallel": self.max_parallel,
            "start": STARTS.iter().find(|(_, start)| *start == self.start).map(|(value, _)| *value),
        });
        self.manner.keep(&mut request);
        request
    }
}

impl Manner {
    pub(super) fn read(reading: &mut Reading) -> Self {
        Self {
            is_insecure: reading.flag("insecure", false),
            is_oauth2: reading.flag("oauth2", false),
            client_id: reading.text("client-id"),
            client_secret: reading.secret("client-secret"),
        }
    }

    pub(super) fn words(&self, line: &mut CommandLine) {
        if self.is_oauth2 {
            line.value("--client-id", &self.client_id);
            line.secret("--client-secret", "CLIENT_SECRET", self.client_secret.is_some());
        }
        line.flag("--insecure", self.is_insecure);
    }

    pub(super) fn keep(&self, request: &mut Value) {
        request["insecure"] = self.is_insecure.into();
        request["oauth2"] = self.is_oauth2.into();
        request["client-id"] = self.client_id.as_str().into();
    }
}

/// The folder of the archive: there is room where it grows.
fn folder_of(archive: &Path) -> PathBuf {
    match archive.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder.to_owned(),
        _ => PathBuf::from("."),
    }
}

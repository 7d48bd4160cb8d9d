//! Rehearsal instances, and backups of them.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use fonds::archive::{Archive, SnapshotName, SnapshotReader, snapshot};
use fonds::fylr::source::{Events, Files, ReadOptions};
use fonds::fylr::{Certificates, Credentials, Options, RetryPolicy, Server};
use fonds::jobs::{self, BackedUp, Backup, LoadSource, Start};
use fonds::rehearsal::{self, Instance, Kind};

use crate::support::archives;

/// An instance with the sample museum in it.
pub fn museum(kind: Kind) -> Instance {
    filled(rehearsal::Options { kind, ..rehearsal::Options::default() })
}

/// The same, otherwise set up.
pub fn filled(options: rehearsal::Options) -> Instance {
    let museum = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/museum");
    let (instance, _) =
        jobs::instance(options, Some(&LoadSource::Layout(museum)), Path::new("none"), &archives::silent())
            .expect("the museum is legal");
    instance
}

/// How an instance is reached.
pub fn connection(instance: &Instance) -> Options {
    connection_to(&instance.api_url())
}

/// The same, by its URL.
pub fn connection_to(url: &str) -> Options {
    Options {
        server: Server::parse(url, None).expect("an URL"),
        credentials: Credentials {
            login: "root".to_owned(),
            password: "admin".into(),
            client_id: String::new(),
            client_secret: None,
        },
        certificates: Certificates::Verified,
        timeout: Duration::from_secs(20),
        retry: RetryPolicy { count_max: 5, sleep_between: Duration::from_millis(5) },
        workers: 3,
        is_logged: false,
    }
}

/// Everything there is, a few records a page.
pub fn everything(archive: &Path) -> ReadOptions {
    ReadOptions {
        all_versions: true,
        include_deleted: true,
        include: None,
        events: Events::All,
        files: Files::WithVersions,
        maximum_count: None,
        chunk_size: 3,
        url_days: None,
        is_pretty: false,
        is_compressed: false,
        workers: 3,
        checkpoint_every: Duration::ZERO,
        folder: archive.parent().expect("a folder").to_owned(),
    }
}

/// A backup of everything under the name `museum`, changed as a test wants it.
pub fn backup(instance: &Instance, archive: &Path, change: impl FnOnce(&mut Backup)) -> Result<BackedUp, jobs::Error> {
    let mut backup = Backup {
        connection: connection(instance),
        read: everything(archive),
        name: Some("museum".to_owned()),
        start: Start::New,
        verify: true,
        directory: None,
    };
    change(&mut backup);
    backup.run(archive, &archives::silent())
}

/// The entries of the newest snapshot but the manifest; what is another thing in every answer is taken out.
pub fn entries(archive: &Path) -> BTreeMap<String, Vec<u8>> {
    entries_of(archive, "museum")
}

/// The same of a backup of another name.
pub fn entries_of(archive: &Path, name: &str) -> BTreeMap<String, Vec<u8>> {
    let archive = Archive::open(archive).expect("an archive");
    let name: SnapshotName = name.parse().expect("a name");
    let snapshot = snapshot::find(&archive.read().expect("a view"), &name).expect("a snapshot");
    let mut files = archives::read(&archive, snapshot).expect("all entries");
    files.remove("manifest.json");
    let text = |bytes: Vec<u8>| match String::from_utf8(bytes) {
        Ok(text) => unsigned(&text).into_bytes(),
        Err(error) => error.into_bytes(),
    };
    files.into_iter().map(|(path, bytes)| (path, text(bytes))).collect()
}

/// The manifest of the newest snapshot.
pub fn manifest(archive: &Path) -> serde_json::Value {
    let archive = Archive::open(archive).expect("an archive");
    let name: SnapshotName = "museum".parse().expect("a name");
    let snapshot = snapshot::find(&archive.read().expect("a view"), &name).expect("a snapshot");
    let files = archives::read(&archive, snapshot).expect("all entries");
    serde_json::from_slice(&files["manifest.json"]).expect("JSON")
}

/// The text without the signatures of URLs.
fn unsigned(text: &str) -> String {
    let mut parts = text.split("x-fylr-signature=");
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |text, part| {
        let end = part.find(['"', '&']).unwrap_or(part.len());
        text + "x-fylr-signature=" + &part[end..]
    })
}

/// An instance of its own with the newest snapshot in it: everything has gone in through a strict API.
pub fn restored(archive: &Path) -> Instance {
    let instance = Instance::start(rehearsal::Options::default()).expect("an instance");
    let opened = Archive::open(archive).expect("an archive");
    let name: SnapshotName = "museum".parse().expect("a name");
    let snapshot = snapshot::find(&opened.read().expect("a view"), &name).expect("a snapshot");
    let reader = SnapshotReader::open(&opened, snapshot).expect("a snapshot");
    rehearsal::load(&instance, &reader).expect("a target takes all of it");
    instance
}

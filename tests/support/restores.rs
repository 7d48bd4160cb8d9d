//! Restores into rehearsal instances.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use fonds::archive::SnapshotName;
use fonds::fylr::source::{Events, Files, ReadOptions};
use fonds::fylr::target::{FileApi, Restored, WriteOptions};
use fonds::fylr::{Certificates, Client, Credentials, Options, Request, RetryPolicy, Server};
use fonds::jobs::restore::{Document, Outcome, Planned, Restore, RestoreFrom, RestoreStart, Target};
use fonds::jobs::{Backup, Start};
use fonds::model::event::Silent;
use fonds::rehearsal::{self, Instance};

/// The sample museum.
pub fn museum() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/museum")
}

/// An empty fylr.
pub fn target() -> Instance {
    Instance::start(rehearsal::Options::default()).expect("an instance")
}

/// How an instance is reached, without much patience.
pub fn connection(instance: &Instance) -> Options {
    Options {
        server: Server::parse(&instance.api_url(), None).expect("an URL"),
        credentials: Credentials {
            login: "root".to_owned(),
            password: "admin".into(),
            client_id: String::new(),
            client_secret: None,
        },
        certificates: Certificates::Verified,
        timeout: Duration::from_secs(20),
        retry: RetryPolicy { count_max: 6, sleep_between: Duration::from_millis(4) },
        workers: 4,
        is_logged: false,
    }
}

/// A restore of everything that the museum has, to these instances.
pub fn restore(from: RestoreFrom, instances: &[&Instance]) -> Restore {
    let targets = instances.iter().enumerate();
    let targets = targets.map(|(at, instance)| Target { name: format!("t{at}"), connection: connection(instance) });
    Restore {
        from,
        targets: targets.collect(),
        start: RestoreStart::New,
        write: WriteOptions {
            file_api: FileApi::Put,
            skip_constraints: true,
            include_password: true,
            upload_versions: true,
            ..WriteOptions::default()
        },
        base_config: Document::FromBackup,
        datamodel: Document::FromBackup,
        only_aside: false,
        is_forced: false,
        skips_unknown: false,
        checks_first: false,
    }
}

/// The sample museum as a directory.
pub fn directory() -> RestoreFrom {
    RestoreFrom::Directory(museum())
}

/// The newest snapshot of a backup.
pub fn snapshot(name: &str) -> RestoreFrom {
    let name: SnapshotName = name.parse().expect("a name");
    RestoreFrom::Snapshot(name)
}

pub fn planned(restore: Restore, archive: &Path) -> Planned {
    restore.plan(archive, &(Arc::new(Silent) as _)).expect("a plan")
}

/// Plans and runs.
pub fn run(restore: Restore, archive: &Path) -> Vec<Outcome> {
    let planned = planned(restore, archive);
    assert!(!planned.plan.is_refused(), "{:?} {:?}", planned.plan.refusals, planned.plan.targets);
    planned.run(&(Arc::new(Silent) as _)).expect("an archive")
}

/// How it went on the only target.
#[track_caller]
pub fn one(restore: Restore, archive: &Path) -> Restored {
    run(restore, archive).remove(0).ended.unwrap_or_else(|error| panic!("{}", fonds::jobs::chain(&error)))
}

/// What an instance holds, without what every instance counts by itself: versions of its data model, and events that
/// it has written while it was filled.
pub fn content(instance: &Instance) -> serde_json::Value {
    let mut dump: serde_json::Value = serde_json::from_str(&instance.dump()).expect("JSON");
    let dump = dump.as_object_mut().expect("an object");
    dump.remove("datamodel");
    if let Some(events) = dump.get_mut("events").and_then(serde_json::Value::as_array_mut) {
        events.retain(|event| event["timestamp"].as_str().is_some_and(|time| time < "2026"));
    }
    // The versions of records are those of the backup.
    let base_types = dump.iter_mut().filter(|(kind, _)| !kind.starts_with("db_"));
    base_types.for_each(|(_, items)| without_versions(items));
    dump.clone().into()
}

/// Base types are counted up with every round and every second try.
fn without_versions(value: &mut serde_json::Value) {
    match value {
        serde_json::Value::Array(items) => items.iter_mut().for_each(without_versions),
        serde_json::Value::Object(members) => {
            members.remove("_version");
            members.values_mut().for_each(without_versions);
        }
        _ => {}
    }
}

/// A kind of things out of what an instance holds.
pub fn part(instance: &Instance, name: &str) -> Vec<serde_json::Value> {
    content(instance)[name].as_array().cloned().unwrap_or_default()
}

/// What an instance is known by.
pub fn instance_id(instance: &Instance) -> String {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let client = runtime.block_on(Client::connect(connection(instance), Arc::new(Silent))).expect("a login");
    client.instance().id.clone()
}

/// What an instance answers to a request.
pub fn asked(instance: &Instance, request: &Request) -> serde_json::Value {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let answer = runtime.block_on(async {
        Client::connect(connection(instance), Arc::new(Silent)).await.expect("a login").ask(request).await
    });
    serde_json::from_slice(&answer.unwrap_or_else(|error| panic!("{}", fonds::jobs::chain(&error)))).expect("JSON")
}

/// A backup of an instance under the name `museum`.
pub fn back_up(instance: &Instance, archive: &Path, all_versions: bool, files: Files) {
    let read = ReadOptions {
        all_versions,
        include_deleted: all_versions,
        include: None,
        events: Events::All,
        files,
        maximum_count: None,
        chunk_size: 7,
        url_days: None,
        is_pretty: false,
        is_compressed: false,
        workers: 2,
        checkpoint_every: Duration::ZERO,
        folder: archive.parent().expect("a folder").to_owned(),
    };
    let backup = Backup {
        connection: connection(instance),
        read,
        name: Some("museum".to_owned()),
        start: Start::New,
        verify: false,
        directory: None,
    };
    backup.run(archive, &(Arc::new(Silent) as _)).expect("a backup");
}

/// Lets something go wrong.
pub fn fault(instance: &Instance, rule: &str) {
    instance.faults().add(rule.parse().expect("a rule"));
}

/// A copy of the museum of which files were changed.
pub fn changed(changes: &[(&str, &dyn Fn(&mut serde_json::Value))]) -> tempfile::TempDir {
    let dir = tempfile::tempdir().expect("a directory");
    copy(&museum(), dir.path());
    for (name, change) in changes {
        let path = dir.path().join(name);
        let mut json: serde_json::Value = serde_json::from_slice(&std::fs::read(&path).expect(name)).expect("JSON");
        change(&mut json);
        std::fs::write(&path, json.to_string()).expect("a file");
    }
    dir
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).expect("a folder");
    for entry in std::fs::read_dir(from).expect("a folder") {
        let path = entry.expect("a name").path();
        let target = to.join(path.file_name().expect("a name"));
        if path.is_dir() {
            copy(&path, &target);
        } else {
            std::fs::copy(&path, &target).expect("a copy");
        }
    }
}

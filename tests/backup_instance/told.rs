//! What is told while a backup runs adds up, and what the manifest tells is true.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

use fonds::fylr::source::Files;
use fonds::jobs::{Backup, Start};
use fonds::model::event::{Event, Observer};
use fonds::rehearsal::Kind;
use serde_json::Value;

use crate::support::http::Http;
use crate::support::instances::{backup, connection, entries, everything, manifest, museum};

/// Sums of what was told.
#[derive(Default)]
struct Sums(Mutex<(u64, u64, u64, Vec<String>)>);

impl Observer for Sums {
    fn observe(&self, event: Event) {
        let mut sums = self.0.lock().expect("nobody panicked");
        match event {
            Event::Started { verb: "backup", entries, .. } => sums.0 += entries,
            Event::Counted { records } => sums.1 += records,
            Event::Stored { bytes } => sums.2 += bytes,
            Event::Phase { name, .. } => sums.3.push(name),
            _ => {}
        }
    }
}

#[test]
fn progress_adds_up() {
    for (kind, most) in [(Kind::Fylr, None), (Kind::Easydb5, None), (Kind::Fylr, Some(2))] {
        let source = museum(kind);
        let folder = tempfile::tempdir().expect("a folder");
        let archive = folder.path().join("a.redb");
        let sums = Arc::new(Sums::default());
        let observer: Arc<dyn Observer + Send + Sync> = sums.clone();
        let mut read = everything(&archive);
        (read.files, read.maximum_count, read.include_deleted) = (Files::Originals, most, false);
        let name = Some("museum".to_owned());
        let job =
            Backup { connection: connection(&source), read, name, start: Start::New, verify: true, directory: None };
        let done = job.run(&archive, &observer).expect("a backup");
        let (total, counted, stored, phases) = sums.0.lock().expect("nobody panicked").clone();
        let unique: u64 = done.report.records.values().sum();
        assert_eq!((total, counted), (unique, unique), "{kind:?}: each record counts once, whatever its versions");
        assert!(done.snapshot.counts.records > unique || most.is_some());
        assert_eq!(stored, done.snapshot.added.bytes_stored, "{kind:?}");
        let expected = ["base types", "ort", "objekt", "collections", "events", "reading back"];
        assert!(expected.iter().all(|name| phases.iter().any(|phase| phase == name)), "{phases:?}");
    }
}

#[test]
fn the_manifest_tells_the_reference_of_every_id() {
    for kind in [Kind::Fylr, Kind::Easydb5] {
        let source = museum(kind);
        let folder = tempfile::tempdir().expect("a folder");
        let archive = folder.path().join("a.redb");
        backup(&source, &archive, |_| {}).expect("a backup");
        let ids: BTreeMap<String, BTreeMap<u64, String>> =
            serde_json::from_value(manifest(&archive)["x-fonds"]["ids"].clone()).expect("ids by base type");
        let http = if kind == Kind::Fylr { Http::fylr(&source) } else { Http::easydb5(&source) };
        let entries = entries(&archive);
        for (base, path, list) in [
            ("user", "user", "users"),
            ("group", "group", "groups"),
            ("pool", "pool", "pools"),
            ("collection", "collection/list", "collections"),
            ("message", "message", "messages"),
        ] {
            let found = http.get(&format!("/{path}?limit=1000")).ok();
            let found = found.as_array().expect("a list").iter().map(|item| item[base]["_id"].as_u64().expect("an id"));
            let found: BTreeSet<u64> = found.collect();
            let told: BTreeSet<u64> = ids[base].keys().copied().collect();
            assert_eq!(told, found, "{kind:?}: {base}");
            // What is in a payload is there under a reference that is told.
            let payloads = entries.iter().filter(|(name, _)| name.starts_with("basetype-"));
            for (name, bytes) in payloads {
                let payload: Value = serde_json::from_slice(bytes).expect("JSON");
                for item in payload[list].as_array().into_iter().flatten() {
                    let reference = item[base]["reference"].as_str().expect("a reference");
                    assert!(ids[base].values().any(|told| told == reference), "{name}: {reference}");
                }
            }
        }
    }
}
